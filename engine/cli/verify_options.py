"""The options of `metaorder verify`."""

from pathlib import Path
from typing import Annotated

import typer

DayOption = Annotated[
    int | None,
    typer.Option("--day", metavar="YYYYMMDD", help="Decide this day again; default all."),
]
ShardOption = Annotated[
    list[int] | None, typer.Option("--shard", help="These shards; default all.")
]
FirstOption = Annotated[
    int, typer.Option("--from", min=0, metavar="BATCH", help="First batch to decide again.")
]
LastOption = Annotated[
    int,
    typer.Option(
        "--to",
        min=0,
        metavar="BATCH",
        show_default="the newest",
        help="Last batch to decide again.",
    ),
]
AgainstOption = Annotated[
    str | None,
    typer.Option(
        "--against",
        metavar="RELEASE",
        help="Report what RELEASE decides otherwise than was recorded: `this`, or the virtual "
        "environment, python or metaorder of another release.",
    ),
]
ShowOption = Annotated[
    int, typer.Option("--show", min=0, metavar="N", help="With --against: departures in full.")
]
AnchorsOption = Annotated[
    Path | None,
    typer.Option("--anchors", metavar="FILE", help="Signed chain heads, from the notary."),
]
KeyOption = Annotated[
    list[Path] | None, typer.Option("--key", metavar="FILE", help="Public key of the notary.")
]
OpenedFromOption = Annotated[
    str | None,
    typer.Option(
        "--opened-from", metavar="URL", help="The log that this one continues, to compare both."
    ),
]
JobsOption = Annotated[
    int | None, typer.Option("--jobs", min=1, help="Shards at a time; default one a core.")
]
