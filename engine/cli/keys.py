"""`metaorder keys`: keys by which writers sign their records."""

from pathlib import Path
from typing import Annotated

import typer

from engine.audit import anchors as anchoring

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
    public = anchoring.public_key(anchoring.make_key(file))
    topics = ", ".join(f'"{name}"' for name in topic)
    lines = (
        "[[writer_key]]",
        f'writer = "{writer}"',
        f"topics = [{topics}]",
        f'public_key = "{public.public_bytes_raw().hex()}"',
        *((f"from_day = {from_day}",) if from_day else ()),
    )
    typer.echo("\n".join(lines))
