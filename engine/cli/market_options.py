"""The options of `metaorder market import`: facts that a vendor's file does not state."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from engine.gateways.imports.formats import FORMATS

FormatArgument = Annotated[
    str,
    typer.Argument(
        metavar="FORMAT", help=f"{', '.join(FORMATS)}; `metaorder market formats` tells of each."
    ),
]
FilesArgument = Annotated[
    list[Path], typer.Argument(help="The vendor's files; packed with gzip, zstd or zip, or not.")
]
OutOption = Annotated[Path, typer.Option(help="Market folder to write.")]
SymbolOption = Annotated[str, typer.Option(help="Symbol in the files, and the instrument's id.")]
DayOption = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], help="Trading day; default that of the first row."),
]
SchemaOption = Annotated[
    str, typer.Option(help="The vendor's word for the layout, where the files do not tell it.")
]
VenueOption = Annotated[str, typer.Option(help="Code of the venue, where the format names none.")]
ConditionsOption = Annotated[
    str, typer.Option(help="Whose sale conditions: cta, utp, numeric, none.")
]
SizeUnitOption = Annotated[str, typer.Option(help="Unit of quote sizes: lots, shares.")]
QuotesFromOption = Annotated[str, typer.Option(help="binance: bookTicker, depth.")]
IncrementOption = Annotated[
    str, typer.Option(help="Step of fractional quantities; prices become those of one step.")
]
HalfSpreadOption = Annotated[
    str, typer.Option(help="Make quotes around prints where there are none, this far away.")
]
MadeSizeOption = Annotated[int, typer.Option(help="Size of each made quote.")]
CurrencyOption = Annotated[str, typer.Option(help="Currency of the prices; default USD.")]
TickOption = Annotated[str, typer.Option(help="Smallest step of a price.")]
LotOption = Annotated[int | None, typer.Option(help="Round lot; default by the format.")]
AdvOption = Annotated[
    int | None, typer.Option(help="Average daily volume of the days before; default a guess.")
]
ZoneOption = Annotated[str, typer.Option(help="IANA zone of the day and of bare times.")]
OpenOption = Annotated[str, typer.Option("--open", help="Start of the session, local.")]
CloseOption = Annotated[str, typer.Option("--close", help="End of the session, local.")]
