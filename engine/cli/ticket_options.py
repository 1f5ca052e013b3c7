"""The flags of one order, named as its ticket names them."""

from typing import Annotated

import typer

# What an error calls a field of the ticket, where it was given by a flag.
FLAGS = {
    "client_id": "--client",
    "instrument_id": "--instrument",
    "side": "--side",
    "order_qty": "--qty",
    "limit_px": "--limit",
    "time_in_force": "--time-in-force",
    "urgency": "--urgency",
    "benchmark": "--benchmark",
    "start": "--start",
    "end": "--end",
    "max_participation": "--max-participation",
    "excluded_venues": "--excluded-venues",
    "crossing_consent": "--crossing-consent",
    "decision_px": "--decision",
}

Text = str | None

SourceOption = Annotated[str, typer.Option("--source", help="Who writes the request.")]
ClOrdIdOption = Annotated[
    Text, typer.Option("--cl-ord-id", help="The source's id of it; made if absent.")
]
ClientOption = Annotated[Text, typer.Option("--client", help="Code of the client.")]
InstrumentOption = Annotated[Text, typer.Option("--instrument", help="Id of the instrument.")]
SideOption = Annotated[Text, typer.Option("--side", help="buy or sell.")]
QtyOption = Annotated[Text, typer.Option("--qty", help="Quantity, smallest increments.")]
LimitOption = Annotated[Text, typer.Option("--limit", help="Worst price, as in 157.25.")]
TimeInForceOption = Annotated[Text, typer.Option("--time-in-force", help="day or gtc.")]
UrgencyOption = Annotated[Text, typer.Option("--urgency", help="low, normal or high.")]
BenchmarkOption = Annotated[Text, typer.Option("--benchmark", help="arrival, vwap, twap or pov.")]
StartOption = Annotated[Text, typer.Option("--start", help="Earliest start, ISO time with zone.")]
EndOption = Annotated[Text, typer.Option("--end", help="Latest end, ISO time with zone.")]
ParticipationOption = Annotated[
    Text, typer.Option("--max-participation", help="Most of all volume, as in 10%.")
]
NoDarkOption = Annotated[bool, typer.Option("--no-dark", help="No dark venues.")]
ExcludedOption = Annotated[Text, typer.Option("--excluded-venues", help="Codes, as in DPX1;DPX2.")]
ConsentOption = Annotated[
    Text,
    typer.Option("--crossing-consent", help="yes or no: may it cross inside? Else the mandate's."),
]
MustCompleteOption = Annotated[
    bool, typer.Option("--must-complete", help="Completion before cost.")
]
DecisionOption = Annotated[Text, typer.Option("--decision", help="Price when it was decided.")]
