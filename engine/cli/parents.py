"""`metaorder parents`: the desk's hand on a working parent.

Each command is one control for one parent, followed until every shard and gateway has answered. The
shard that has the parent judges whether it is open; exit code 4 says that it has refused.
"""

from pathlib import Path
from typing import Annotated

import typer

from engine.cli.control_writing import (
    WAIT_S,
    NoWaitOption,
    Sending,
    TextOption,
    WaitOption,
    switch,
)
from engine.cli.options import (
    ByOption,
    ConfigOption,
    LogOption,
    OutputOption,
    configured_log,
    existing,
    loaded,
)
from engine.cli.render import Output
from engine.core.events import ParentAction, Urgency
from engine.gateways.controls.known import known, unknown_ids
from engine.gateways.files.controls_file import Instruction
from engine.gateways.files.tables import implausible
from engine.log.port import EngineError

HINTS = {"parent_id": "PARENT", "venue": "VENUE", "text": "--text"}

app = typer.Typer(
    help="The desk's hand on a parent: pause, resume, urgency, venues, complete now.",
    no_args_is_help=True,
)

ParentArgument = Annotated[
    str, typer.Argument(metavar="PARENT", help="Id of an open parent, such as 3-17.")
]
VenueArgument = Annotated[str, typer.Argument(metavar="VENUE", help="Code of the venue.")]
UrgencyArgument = Annotated[
    Urgency, typer.Argument(case_sensitive=False, metavar="URGENCY", help="low, normal or high.")
]


@app.command()
def pause(
    parent_id: ParentArgument,
    *,
    text: TextOption = "",
    wait: WaitOption = WAIT_S,
    no_wait: NoWaitOption = False,
    log_url: LogOption = None,
    config: ConfigOption = None,
    by: ByOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Stop a parent: nothing of it is sent or crossed, and what is out is cancelled."""
    table = Instruction(parent_id=parent_id, action=ParentAction.PAUSE, text=text)
    _instruct(table, log_url, config, Sending(by, 0 if no_wait else wait, output))


@app.command()
def resume(
    parent_id: ParentArgument,
    *,
    text: TextOption = "",
    wait: WaitOption = WAIT_S,
    no_wait: NoWaitOption = False,
    log_url: LogOption = None,
    config: ConfigOption = None,
    by: ByOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Work a parent by a new plan, after a pause or instead of completing it now."""
    table = Instruction(parent_id=parent_id, action=ParentAction.RESUME, text=text)
    _instruct(table, log_url, config, Sending(by, 0 if no_wait else wait, output))


@app.command()
def urgency(
    parent_id: ParentArgument,
    level: UrgencyArgument,
    *,
    text: TextOption = "",
    wait: WaitOption = WAIT_S,
    no_wait: NoWaitOption = False,
    log_url: LogOption = None,
    config: ConfigOption = None,
    by: ByOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Work a parent with another urgency than its members', by a new plan."""
    table = Instruction(parent_id=parent_id, action=ParentAction.URGENCY, urgency=level, text=text)
    _instruct(table, log_url, config, Sending(by, 0 if no_wait else wait, output))


@app.command()
def exclude(
    parent_id: ParentArgument,
    venue: VenueArgument,
    *,
    text: TextOption = "",
    wait: WaitOption = WAIT_S,
    no_wait: NoWaitOption = False,
    log_url: LogOption = None,
    config: ConfigOption = None,
    by: ByOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Send nothing of a parent to a venue, and cancel what it has there."""
    table = Instruction(
        parent_id=parent_id, action=ParentAction.EXCLUDE_VENUE, venue=venue, text=text
    )
    _instruct(table, log_url, config, Sending(by, 0 if no_wait else wait, output))


@app.command()
def include(
    parent_id: ParentArgument,
    venue: VenueArgument,
    *,
    text: TextOption = "",
    wait: WaitOption = WAIT_S,
    no_wait: NoWaitOption = False,
    log_url: LogOption = None,
    config: ConfigOption = None,
    by: ByOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Let a parent use a venue again that the desk has excluded."""
    table = Instruction(
        parent_id=parent_id, action=ParentAction.INCLUDE_VENUE, venue=venue, text=text
    )
    _instruct(table, log_url, config, Sending(by, 0 if no_wait else wait, output))


@app.command()
def complete(
    parent_id: ParentArgument,
    *,
    text: TextOption = "",
    wait: WaitOption = WAIT_S,
    no_wait: NoWaitOption = False,
    log_url: LogOption = None,
    config: ConfigOption = None,
    by: ByOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Take all that is left of a parent now, within its members' limits and caps."""
    table = Instruction(parent_id=parent_id, action=ParentAction.COMPLETE_NOW, text=text)
    _instruct(table, log_url, config, Sending(by, 0 if no_wait else wait, output))


def _instruct(
    table: Instruction, log_url: str | None, config: Path | None, sending: Sending
) -> None:
    """Check what can be known before it is written: the form of the ids, the shard, the venue."""
    event = table.to_event("", 0)
    flaw = implausible(table, event)
    if flaw:
        name, _, sentence = flaw.partition(": ")
        raise typer.BadParameter(sentence, param_hint=HINTS[name])
    settings = loaded(config, log_url=log_url)
    existing(settings)
    with configured_log(settings) as log:
        shard = int(table.parent_id.partition("-")[0])
        if shard >= log.partitions:
            raise EngineError(
                f"parent {table.parent_id}: this log has shards 0 to {log.partitions - 1}. Nothing "
                "was written; `metaorder blotter parents` lists the ids."
            )
        if table.venue and (sentences := unknown_ids([event], known(log))):
            raise EngineError(f"{sentences[0]}. Nothing was written; correct the code.")
    switch(table, log_url, config, sending)
