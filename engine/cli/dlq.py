"""`metaorder dlq`: refused inputs, the reasons, and the way to send them again."""

import json
import time
from collections import deque
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from engine.cli.options import (
    ConfigOption,
    LogOption,
    OutputOption,
    configured_log,
    existing,
    loaded,
)
from engine.cli.render import Output, errors, from_dicts, render, render_one
from engine.cli.sentences import for_person, told
from engine.core.events import InputReason
from engine.gateways import dead_letters
from engine.gateways.dead_letters import DeadLetterError, Letter
from engine.log import codec
from engine.log.port import INPUT_TOPICS, Log

app = typer.Typer(help="Inputs that the engine refused.", no_args_is_help=True)

LetterIdArgument = Annotated[
    str, typer.Argument(metavar="PARTITION:POSITION", help="As `dlq list` shows it.")
]


@app.command("list")
def list_letters(
    *,
    topic: Annotated[str | None, typer.Option(help="Of this input topic.")] = None,
    source: Annotated[str | None, typer.Option(help="Of this sender or venue.")] = None,
    reason: Annotated[str | None, typer.Option(help="Refused for this reason.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="The newest of each shard.")] = 1_000,
    log_url: LogOption = None,
    config: ConfigOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """List the refused inputs, by shard and in order."""
    if topic is not None and topic not in INPUT_TOPICS:
        raise typer.BadParameter(f"expected one of {', '.join(INPUT_TOPICS)}", param_hint="--topic")
    if reason is not None:
        reason = reason.upper()
        if reason not in InputReason.__members__:
            known = ", ".join(InputReason.__members__)
            raise typer.BadParameter(f"expected one of {known}", param_hint="--reason")
    settings = loaded(config, log_url=log_url)
    existing(settings)
    rows: list[dict[str, Any]] = []
    with configured_log(settings) as log:
        for shard in range(log.partitions):
            wanted = (
                _row(letter)
                for letter in dead_letters.letters(log, shard)
                if topic in (None, letter.topic)
                and source in (None, letter.source)
                and reason in (None, letter.reason)
            )
            rows += deque(wanted, maxlen=limit)
    render(from_dicts(rows), output, "dead letters" if rows else "")


@app.command()
def show(
    letter_id: LetterIdArgument,
    *,
    log_url: LogOption = None,
    config: ConfigOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Show one input: its sender, the reason of its refusal, and its bytes, decoded if possible."""
    settings = loaded(config, log_url=log_url)
    existing(settings)
    with configured_log(settings) as opened_log:
        letter = _found(opened_log, letter_id)
        why = dead_letters.why(opened_log, letter)
    event, fields = codec.decode_partly(letter.topic, letter.value)
    shown = {
        **_row(letter),
        "key": None if letter.key is None else letter.key.decode(errors="backslashreplace"),
        "number": letter.number,
        "why": told(why, output),
        "event": event,
        "fields": fields,
        "hex": letter.value.hex(),
    }
    render_one(shown, output)


@app.command()
def resubmit(
    letter_id: LetterIdArgument,
    *,
    value: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Other bytes, in the wire format.")
    ] = None,
    mended: Annotated[
        Path | None,
        typer.Option("--json", metavar="FILE", help="Other fields: event and fields of `show`."),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Send it although it would be refused again.")
    ] = False,
    log_url: LogOption = None,
    config: ConfigOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Send one input to its topic again, unchanged or corrected.

    It has the same sender and number as before, so that a source that waits for it can go on.
    """
    if value is not None and mended is not None:
        raise typer.BadParameter("give --value or --json, not both", param_hint="--json")
    settings = loaded(config, log_url=log_url)
    existing(settings)
    with configured_log(settings) as opened_log:
        letter = _found(opened_log, letter_id)
        sent = letter.value
        if value is not None:
            sent = value.read_bytes()
        elif mended is not None:
            sent = _from_json(mended, letter)
        again = dead_letters.resubmission(letter, sent, opened_log.partitions, time.time_ns())
        if again.refused is not None and not force:
            raise DeadLetterError(
                f"{letter_id} would be refused again, {again.refused.reason}: "
                f"{for_person(again.refused.text)}. Nothing was sent. "
                "Correct it with --json or --value, or send it with --force."
            )
        opened_log.append(letter.topic, [again.record])
    if again.refused is not None:
        errors().print(
            escape(f"sent although it will be refused: {for_person(again.refused.text)}"),
            soft_wrap=True,
        )
    render_one(
        {
            "resubmitted": letter_id,
            "topic": letter.topic,
            "partition": again.record.partition,
            "source": letter.source,
            "number": letter.number,
            "bytes": len(sent),
        },
        output,
    )


def _row(letter: Letter) -> dict[str, Any]:
    return {
        "letter": f"{letter.shard}:{letter.position}",
        "topic": letter.topic,
        "position": letter.input_position,
        "source": letter.source,
        "reason": letter.reason,
        "bytes": len(letter.value),
        "refused_at": datetime.fromtimestamp(letter.at_ms / 1_000, UTC).isoformat(),
    }


def _found(log: Log, letter_id: str) -> Letter:
    shard, _, position = letter_id.partition(":")
    if not (shard.isdecimal() and position.isdecimal()):
        raise typer.BadParameter(
            f"found {letter_id!r}, expected two numbers such as 3:0",
            param_hint="PARTITION:POSITION",
        )
    return dead_letters.find(log, int(shard), int(position))


def _from_json(file: Path, letter: Letter) -> bytes:
    """The bytes of an event that a file has as JSON."""
    try:
        found = json.loads(file.read_text())
        event, fields = found["event"], found["fields"]
        return codec.encode_dict(event, fields)
    except (ValueError, KeyError, TypeError) as error:
        raise DeadLetterError(
            f"{file}: {error!r}; expected an object with `event` and `fields`, as "
            f"`metaorder dlq show {letter.shard}:{letter.position} -o json` gives"
        ) from error
    except codec.UnreadableError as error:
        raise DeadLetterError(f"{file}: {error}") from error
