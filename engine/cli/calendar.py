"""`metaorder calendar`: open and close the days at the times that the calendars state."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from engine.cli import lines
from engine.cli.gateway import TakeoverOption, is_free, stopped_by_signals
from engine.cli.options import ConfigOption, LogOption, configured_log, existing, loaded
from engine.cli.render import errors
from engine.core.events import DayOpened
from engine.core.units import NS_PER_S
from engine.gateways.calendar.run import SENDER, Calendar, Control
from engine.gateways.calendar.timetable import LEAD_NS, SETTLE_NS, Timetable


def calendar(
    *,
    calendar_id: Annotated[
        list[str] | None,
        typer.Option(help="Calendar that makes the days; again for more. Default: all."),
    ] = None,
    lead: Annotated[
        int, typer.Option(min=0, help="Open so many seconds before the first session.")
    ] = LEAD_NS // NS_PER_S,
    settle: Annotated[
        int, typer.Option(min=0, help="Close so many seconds after the last session.")
    ] = SETTLE_NS // NS_PER_S,
    takeover: TakeoverOption = True,
    log_url: LogOption = None,
    config: ConfigOption = None,
) -> None:
    """Open and close each day by the [[calendar]] rows of reference data, until SIGINT or SIGTERM.

    One calendar runs on a log: a second one takes over, and the first stops with exit code 1. All
    that it knows is in the log, so it may be killed and started again at any time. With
    --no-takeover it stands by until the other has ended or died. A day stays open when it stops.
    """
    settings = loaded(config, log_url=log_url)
    existing(settings)
    lines.to_stderr(settings.log_level)
    table = Timetable(tuple(calendar_id or ()), lead * NS_PER_S, settle * NS_PER_S)
    with configured_log(settings) as log:
        if takeover or is_free(log, SENDER):
            with Calendar(log, table) as job, stopped_by_signals(job.stop):
                errors().print("calendar is up")
                job.run(_told)


def _told(control: Control) -> None:
    if isinstance(control, DayOpened):
        close = datetime.fromtimestamp(control.close_ns // NS_PER_S, UTC)
        errors().print(f"day {control.day} is open, until {close:%Y-%m-%dT%H:%M:%SZ}")
    else:
        errors().print(f"day {control.day} is closed")
