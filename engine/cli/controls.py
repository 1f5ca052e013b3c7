"""`metaorder controls`: apply a file, kill, resume, lift, list what is in force.

A control is checked before it is written and followed after it: exit code 0 says that every shard
and every gateway of the day has taken it. A kill switch is the exception to the first half: it is
written at once, and a doubt about its id is told afterwards.
"""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from engine.cli import kill_file
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
from engine.cli.render import Output, errors, from_dicts, progress, render, render_one
from engine.cli.rules import rules_of
from engine.cli.sentences import for_person, rows_told
from engine.core.events import ControlScope
from engine.gateways.controls import in_force, writing
from engine.gateways.controls.known import known, unknown_ids
from engine.gateways.controls.receipts import APPLIED, REFUSED, SILENT, Receipt
from engine.gateways.controls.writing import Written
from engine.gateways.files import controls_file
from engine.gateways.files.controls_file import Control, ControlTable, Kill, Lift
from engine.gateways.files.tables import implausible
from engine.gateways.input_records import shared_records
from engine.log.port import EngineError, Log, LogUnavailableError

WAIT_S = 10.0  # A worker answers within its open batch, 250 ms; a fail-over takes seconds.

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
TextOption = Annotated[str, typer.Option("--text", help="Reason, in words.")]
WaitOption = Annotated[
    float, typer.Option("--wait", min=0, metavar="SECONDS", help="Longest wait for the answers.")
]
NoWaitOption = Annotated[bool, typer.Option("--no-wait", help="Write, and wait for no answer.")]
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
            _require_known(log, [table.to_event("", 0) for table in tables])
        written = _send(log, tables, Sending(by, 0 if no_wait else wait, output))
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
        _switch(table, log_url, config, Sending(by, 0 if no_wait else wait, output))
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
    _switch(table, log_url, config, Sending(by, 0 if no_wait else wait, output))


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
    _switch(table, log_url, config, Sending(by, 0 if no_wait else wait, output))


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


@dataclass(frozen=True, slots=True)
class Sending:
    """The author of a control, the longest wait for its answers, and the form of the result."""

    by: str | None
    wait_s: float
    output: Output


def _switch(
    table: ControlTable, log_url: str | None, config: Path | None, sending: Sending
) -> None:
    """Write a control to a log that exists: a wrong path must not look like a stop."""
    settings = loaded(config, log_url=log_url)
    existing(settings)
    with configured_log(settings) as log:
        written = _send(log, [table], sending)
    code = code_of(written.receipts if sending.wait_s else ())
    if written.unknown and code is Exit.OK:
        code = Exit.ERROR
    if code is not Exit.OK:
        raise typer.Exit(code)


def _send(log: Log, tables: list[ControlTable], sending: Sending) -> Written:
    sender, now_ns = user(sending.by), time.time_ns()
    keyed = [(table.key(), table.to_event(sender, now_ns)) for table in tables]
    records = shared_records(keyed, sender=sender, at_ns=now_ns)
    with progress("waiting for shards and gateways"):
        written = writing.write(log, [event for _, event in keyed], records, sending.wait_s)
    shown: dict[str, object] = {"written": len(records), "topic": "controls"}
    receipts = [receipt._asdict() for receipt in written.receipts] if sending.wait_s else []
    if sending.wait_s:
        shown |= Counter(receipt.status for receipt in written.receipts)
    if sending.output is not Output.TEXT:
        shown |= {"answers": receipts, "unknown": written.unknown}
    render_one(shown, sending.output)
    for receipt in receipts:
        if receipt["status"] != APPLIED:
            reason = for_person(str(receipt["reason"]))
            _warn(f"{receipt['who']}: {receipt['status']}: {reason}")
    for sentence in written.unknown:
        _warn(f"{sentence}. It was written, and binds nothing that is known.")
    return written


def code_of(receipts: Sequence[Receipt]) -> Exit:
    """The exit code for some answers: a refusal is worse than a silence."""
    statuses = {receipt.status for receipt in receipts}
    if REFUSED in statuses:
        return Exit.REFUSED
    return Exit.SILENT if SILENT in statuses else Exit.OK


def _require_known(log: Log, controls: list[Control]) -> None:
    sentences = unknown_ids(controls, known(log))
    if sentences:
        wrong = "\n".join(sentences)
        raise EngineError(
            f"{wrong}\nNothing was written. Correct the ids, load the reference data first, "
            "or say --allow-unknown."
        )


def _warn(text: str) -> None:
    errors().print(escape(text), soft_wrap=True)
