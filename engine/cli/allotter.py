"""`metaorder allotter`: divide the limits of a day among the shards."""

from collections.abc import Callable
from typing import Any

from engine.cli import lines
from engine.cli.gateway import TakeoverOption, is_free, stopped_by_signals
from engine.cli.options import (
    ConfigOption,
    LogOption,
    OutputOption,
    configured_log,
    existing,
    loaded,
)
from engine.cli.render import Output, errors, from_dicts, render
from engine.gateways.allotter.ledger import SENDER, Ledger
from engine.gateways.allotter.run import Allotter


def allotter(
    *,
    takeover: TakeoverOption = True,
    log_url: LogOption = None,
    config: ConfigOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Divide each limit's `max_day_notional` among the shards, until SIGINT or SIGTERM.

    One allotter runs on a log: a second one takes over, and the first stops with exit code 1. All
    that it knows is in the log, so it may be killed and started again at any time. With
    --no-takeover it stands by until the other has ended or died. Prints the limits at the end.
    """
    settings = loaded(config, log_url=log_url)
    existing(settings)
    lines.to_stderr(settings.log_level)
    with configured_log(settings) as log:
        if takeover or is_free(log, SENDER):
            with Allotter(log) as job, stopped_by_signals(job.stop):
                job.run(_teller())
                render(from_dicts(list(job.ledger.rows())), output, "limits of a day")


def _teller() -> Callable[[Ledger], None]:
    """Says on stderr that the allotter runs, and each limit whose shards have all answered."""
    told: dict[tuple[Any, Any], Any] = {}

    def tell(ledger: Ledger) -> None:
        if not told:
            told["", ""] = None
            errors().print(f"allotter {ledger.run[:8]} is up")
        for row in ledger.rows():
            key = row["scope"], row["scope_id"]
            if row["given"] is not None and told.get(key) != row["limit"]:
                told[key] = row["limit"]
                name = " ".join(filter(None, key))
                errors().print(f"limit of {name}: {row['limit']} a day, all shards have answered")

    return tell
