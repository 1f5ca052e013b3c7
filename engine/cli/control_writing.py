"""Write controls from a command, and tell which shards and gateways have taken them."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from engine.cli.exits import Exit
from engine.cli.options import configured_log, existing, loaded, user
from engine.cli.render import Output, errors, progress, render_one
from engine.cli.sentences import for_person
from engine.gateways.controls import writing
from engine.gateways.controls.known import known, unknown_ids
from engine.gateways.controls.receipts import APPLIED, REFUSED, SILENT, Receipt
from engine.gateways.controls.writing import Written
from engine.gateways.files.controls_file import Control, ControlTable
from engine.gateways.input_records import shared_records
from engine.log.port import EngineError, Log

WAIT_S = 10.0  # A worker answers within its open batch, 250 ms; a fail-over takes seconds.

TextOption = Annotated[str, typer.Option("--text", help="Reason, in words.")]
WaitOption = Annotated[
    float, typer.Option("--wait", min=0, metavar="SECONDS", help="Longest wait for the answers.")
]
NoWaitOption = Annotated[bool, typer.Option("--no-wait", help="Write, and wait for no answer.")]


@dataclass(frozen=True, slots=True)
class Sending:
    """The author of a control, the longest wait for its answers, and the form of the result."""

    by: str | None
    wait_s: float
    output: Output


def switch(table: ControlTable, log_url: str | None, config: Path | None, sending: Sending) -> None:
    """Write a control to a log that exists: a wrong path must not look like a stop."""
    settings = loaded(config, log_url=log_url)
    existing(settings)
    with configured_log(settings) as log:
        written = send(log, [table], sending)
    code = code_of(written.receipts if sending.wait_s else ())
    if written.unknown and code is Exit.OK:
        code = Exit.ERROR
    if code is not Exit.OK:
        raise typer.Exit(code)


def send(log: Log, tables: list[ControlTable], sending: Sending) -> Written:
    """Write controls, and show their answers. Raises LogUnavailableError."""
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


def require_known(log: Log, controls: list[Control]) -> None:
    """Raise EngineError if these name an id that the log does not know."""
    sentences = unknown_ids(controls, known(log))
    if sentences:
        wrong = "\n".join(sentences)
        raise EngineError(
            f"{wrong}\nNothing was written. Correct the ids, load the reference data first, "
            "or say --allow-unknown."
        )


def _warn(text: str) -> None:
    errors().print(escape(text), soft_wrap=True)
