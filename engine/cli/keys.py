"""`metaorder keys`: keys by which writers sign their records."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from engine.audit import anchors as anchoring
from engine.gateways.files import controls_file
from engine.gateways.values import explain

app = typer.Typer(help="Keys by which writers sign their records.", no_args_is_help=True)


@app.callback()
def keys() -> None:
    """Keys by which writers sign their records."""


@app.command()
def new(
    file: Annotated[Path, typer.Argument(help="File for the private key; FILE.pub is the other.")],
    *,
    writer: Annotated[
        str, typer.Option(metavar="NAME", help="Source, venue or person that will sign.")
    ],
    topic: Annotated[
        list[str], typer.Option(metavar="TOPIC", help="Input topic to sign for; may be repeated.")
    ],
    from_day: Annotated[
        int, typer.Option(metavar="YYYYMMDD", help="Trading day from which on; 0 is at once.")
    ] = 0,
) -> None:
    """Make a key pair, and print the table that adopts it: `controls apply` takes it.

    The same table with `revoked = true` takes the key away again.
    """
    words = {"writer": writer, "topics": topic, "from_day": from_day}
    checked({**words, "public_key": "0" * 64})  # Before a key is made.
    public = anchoring.public_key(anchoring.make_key(file))
    lines = (
        "[[writer_key]]",
        f"writer = {quoted(writer)}",
        f"topics = [{', '.join(map(quoted, topic))}]",
        f'public_key = "{public.public_bytes_raw().hex()}"',
        *((f"from_day = {from_day}",) if from_day else ()),
    )
    typer.echo("\n".join(lines))


def checked(words: Mapping[str, object]) -> None:
    """Raise BadParameter for what `controls apply` would refuse."""
    try:
        flaw = controls_file.flaw(controls_file.WriterKey.model_validate(words))
    except ValidationError as error:
        flaw = explain(error)
    if flaw:
        raise typer.BadParameter(f"{flaw}. No key was made.")


def quoted(word: str) -> str:
    """A TOML string; JSON writes the same one."""
    return json.dumps(word, ensure_ascii=False)
