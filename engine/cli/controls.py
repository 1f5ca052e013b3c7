"""`metaorder controls`: apply a file, kill, resume, lift, list what is in force.

A control is checked before it is written and followed after it: exit code 0 says that every shard
and every gateway of the day has taken it. A kill switch is the exception to the first half: it is
written at once, and a doubt about its id is told afterwards.
"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from engine.cli import kill_file
from engine.cli.control_writing import (
    WAIT_S,
    NoWaitOption,
    Sending,
    TextOption,
    WaitOption,
    code_of,
    require_known,
    send,
    switch,
)
from engine.cli.exits import Exit
from engine.cli.options import (
    ByOption,
    ConfigOption,
    LogOption,
    OutputOption,
    configured_log,
    existing,
    loaded,
    user,
)
from engine.cli.render import Output, from_dicts, progress, render, render_one
from engine.cli.rules import rules_of
from engine.cli.sentences import rows_told
from engine.core.events import ControlScope
from engine.gateways.controls import in_force
from engine.gateways.files import controls_file
from engine.gateways.files.controls_file import Kill, Lift
from engine.gateways.files.tables import implausible
from engine.log.port import LogUnavailableError

app = typer.Typer(help="Kill switch, limits, mandates, policies, the day.", no_args_is_help=True)


class KillScope(StrEnum):
    """Scope of a kill switch."""

    FIRM = "firm"
    CLIENT = "client"
    INSTRUMENT = "instrument"
    VENUE = "venue"


class LiftScope(StrEnum):
    """Scope of a halt or suspension."""

    INSTRUMENT = "instrument"
    VENUE = "venue"
    SOURCE = "source"
    CONTROLS = "controls"


ScopeOption = Annotated[
    KillScope,
    typer.Option(case_sensitive=False, metavar="SCOPE", help="firm, client, instrument or venue."),
]
LiftScopeOption = Annotated[
    LiftScope,
    typer.Option(
        case_sensitive=False, metavar="SCOPE", help="instrument, venue, source or controls."
    ),
]
IdOption = Annotated[str, typer.Option("--id", help="Id of the client, instrument or venue.")]
UnknownOption = Annotated[
    bool, typer.Option("--allow-unknown", help="Write ids too that the log does not know.")
]
FileOption = Annotated[
    Path | None,
    typer.Option("--file", metavar="PATH", help="The gateways' kill file, instead of a log."),
]


@app.command()
def apply(
    file: Annotated[Path, typer.Argument(help="TOML file; its tables become controls.")],
    *,
    wait: WaitOption = WAIT_S,
    no_wait: NoWaitOption = False,
    allow_unknown: UnknownOption = False,
    log_url: LogOption = None,
    config: ConfigOption = None,
    by: ByOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Check the controls of a file, write all or none of them, and wait for every answer."""
    tables = controls_file.read(file)
    with configured_log(loaded(config, log_url=log_url)) as log:
        if not allow_unknown:
            require_known(log, [table.to_event("", 0) for table in tables])
        written = send(log, tables, Sending(by, 0 if no_wait else wait, output))
    code = Exit.OK if no_wait else code_of(written.receipts)
    if code is not Exit.OK:
        raise typer.Exit(code)


@app.command()
def kill(
    *,
    scope: ScopeOption = KillScope.FIRM,
    scope_id: IdOption = "",
    text: TextOption = "",
    file: FileOption = None,
    wait: WaitOption = WAIT_S,
    no_wait: NoWaitOption = False,
    log_url: LogOption = None,
    config: ConfigOption = None,
    by: ByOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Engage the kill switch: nothing more goes out in this scope, and what is out is cancelled.

    With --file it needs no log: every gateway that watches this file stops.
    """
    table = _kill(scope, scope_id, text, engaged=True)
    if file is not None:
        _only_firm(scope)
        render_one(kill_file.engage(file, user(by), text), output)
        return
    try:
        switch(table, log_url, config, Sending(by, 0 if no_wait else wait, output))
    except LogUnavailableError as error:
        raise LogUnavailableError(
            f"{error} To stop without the log run `metaorder controls kill --file PATH` with the "
            "kill file of the gateways."
        ) from error


@app.command()
def resume(
    *,
    scope: ScopeOption = KillScope.FIRM,
    scope_id: IdOption = "",
    text: TextOption = "",
    file: FileOption = None,
    wait: WaitOption = WAIT_S,
    no_wait: NoWaitOption = False,
    log_url: LogOption = None,
    config: ConfigOption = None,
    by: ByOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Release the kill switch of this scope; with --file, take the gateways' kill file away."""
    table = _kill(scope, scope_id, text, engaged=False)
    if file is not None:
        _only_firm(scope)
        render_one(kill_file.release(file), output)
        return
    switch(table, log_url, config, Sending(by, 0 if no_wait else wait, output))


@app.command()
def lift(
    *,
    scope: LiftScopeOption,
    scope_id: IdOption = "",
    text: TextOption = "",
    wait: WaitOption = WAIT_S,
    no_wait: NoWaitOption = False,
    log_url: LogOption = None,
    config: ConfigOption = None,
    by: ByOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Lift a halt of an instrument, or a suspension of a venue, a source or the controls.

    Without --id it lifts the suspension of every venue, or of every source.
    """
    table = Lift(scope=ControlScope(scope.name), scope_id=scope_id, text=text)
    flaw = implausible(table, table.to_event("", 0))
    if flaw:
        raise typer.BadParameter(flaw, param_hint="--id")
    switch(table, log_url, config, Sending(by, 0 if no_wait else wait, output))


@app.command("list")
def listed(
    *,
    log_url: LogOption = None,
    config: ConfigOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """List what is in force in each shard, its time and its author, folded as recovery folds."""
    settings = loaded(config, log_url=log_url)
    existing(settings)
    with configured_log(settings) as log, progress("folding", log.partitions) as bar:
        rules = rules_of(settings)
        rows = in_force.rows(log, rules, lambda done: bar.at(done, log.partitions, "shards"))
    found = from_dicts([row._asdict() for row in rows])
    render(rows_told(found, output), output, "in force")


def _kill(scope: KillScope, scope_id: str, text: str, *, engaged: bool) -> Kill:
    if scope is KillScope.FIRM and scope_id:
        raise typer.BadParameter(
            f"found {scope_id!r}, but the firm has none; leave it out, or give a --scope",
            param_hint="--id",
        )
    if scope is not KillScope.FIRM and not scope_id:
        raise typer.BadParameter(f"missing; say which {scope.value}", param_hint="--id")
    return Kill(scope=ControlScope(scope.name), scope_id=scope_id, engaged=engaged, text=text)


def _only_firm(scope: KillScope) -> None:
    if scope is not KillScope.FIRM:
        raise typer.BadParameter("a kill file stops everything; leave it out", param_hint="--scope")
