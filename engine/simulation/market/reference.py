"""Reference data for a recorded day, as it must be in the log before the first quote.

Nothing here is learned from the day itself but the exchange codes that appear in it. Fees are the
published prices of early 2018 for a member without volume tiers, as remembered and rounded, so:
guesses of the right size and sign, which is what routing needs (inverted venues pay takers).
Volume over the session is the usual U of a US stock, a guess too. The dark pools and the ATS do
not exist; `venues/dark.py` describes where their liquidity comes from.

Nearly every exchange takes midpoint pegs; here those do whose fee for one that rests was found
published: Nasdaq BX and PSX (Equity Trader Alert 2015-138: 0.0015 charged, 0.0023 paid), IEX (its
fee schedule, code MI: 0.0009) and Cboe BYX (code MM until 30 September 2020: 0.0005).
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple

from engine.core.controls import input_limits
from engine.core.events import (
    CalendarDefined,
    FeeScheduleDefined,
    Input,
    InstrumentDefined,
    TickBand,
    TickTableDefined,
    TradingSession,
    VenueDefined,
    VenueKind,
    VolumeCurveDefined,
)
from engine.core.market import reference
from engine.simulation.market.data import FolderFacts
from engine.simulation.market.instrument import FILE, InstrumentError
from engine.simulation.market.rows import OFF_EXCHANGE

NS = 1_000_000_000  # Nanoseconds a second, and price units a currency unit.
CENT_PX = 10_000_000
RULE_612 = (TickBand(from_px=0, tick_px=100_000), TickBand(from_px=NS, tick_px=CENT_PX))

# Guess: share of a session's volume by half-hour of a US stock, ppm, auctions left out.
U_SHAPE_PPM = (
    135_000, 85_000, 72_000, 65_000, 60_000, 55_000, 52_000,
    52_000, 55_000, 60_000, 68_000, 84_000, 157_000,
)  # fmt: skip


class Fees(NamedTuple):
    """USD a share as people write them; a rebate is negative."""

    taker: str
    maker: str
    midpoint: str


class Rules(NamedTuple):
    """A simulated venue: what it accepts, and its fees."""

    name: str
    kind: VenueKind
    min_qty: int
    fees: Fees


# Guesses after the price lists of January 2018, base tier.
EXCHANGES: dict[str, tuple[str, Fees]] = {
    "A": ("NYSE American", Fees("0.0002", "0.0002", "0.0002")),  # Flat after July 2017.
    "B": ("Nasdaq BX", Fees("-0.0006", "0.0020", "0.0015")),  # Inverted.
    "J": ("Cboe EDGA", Fees("-0.0002", "0.0005", "0.0005")),  # Inverted.
    "K": ("Cboe EDGX", Fees("0.0030", "-0.0020", "0.0010")),
    "M": ("Chicago Stock Exchange", Fees("0.0030", "-0.0020", "0.0010")),
    "N": ("New York Stock Exchange", Fees("0.00275", "-0.0012", "0.0010")),
    "P": ("NYSE Arca", Fees("0.0030", "-0.0020", "0.0010")),
    "Q": ("Nasdaq (tape C)", Fees("0.0030", "-0.0020", "0.0010")),
    "T": ("Nasdaq", Fees("0.0030", "-0.0020", "0.0010")),
    "V": ("IEX", Fees("0.0003", "0.0003", "0.0009")),
    "X": ("Nasdaq PSX", Fees("0.0029", "-0.0020", "-0.0023")),
    "Y": ("Cboe BYX", Fees("-0.0005", "0.0018", "0.0005")),  # Inverted.
    "Z": ("Cboe BZX", Fees("0.0030", "-0.0020", "0.0010")),
}
TAKES_PEGS = frozenset("BVXY")
UNKNOWN_FEES = Fees("0.0030", "-0.0020", "0.0010")  # Guess for a code that the table lacks.

HIDDEN: dict[str, Rules] = {
    "ATS1": Rules("Simulated ATS 1", VenueKind.ATS, 1, Fees("0.0012", "0.0008", "0.0010")),
    "DPX1": Rules("Simulated pool 1", VenueKind.DARK, 100, Fees("0.001", "0.001", "0.001")),
    "DPX2": Rules("Simulated pool 2", VenueKind.DARK, 500, Fees("0.0005", "0.0005", "0.0005")),
}


def reference_events(facts: FolderFacts) -> list[Input]:
    """Reference data of the day: the instrument, its session, the venues.

    Raises InstrumentError for what the engine would refuse: a day whose instrument is unknown to it
    would refuse every order.
    """
    events = [*instrument_events(facts), *venue_events(facts.day, facts.venues)]
    for event in events:
        flaw = input_limits.first_flaw(event)
        if flaw is not None:
            raise InstrumentError(
                f"{facts.folder / FILE}: {flaw.field} is {flaw.found!r:.60}, expected "
                f"{flaw.expected}, or the engine refuses {type(event).__name__}"
            )
    return events


def reference_of_folders(every: Sequence[FolderFacts]) -> list[Input]:
    """Reference data of a day of several folders: a record of one name once. Raises as above."""
    found: dict[tuple[type, object], Input] = {}
    for facts in every:
        for event in reference_events(facts):
            found.setdefault((type(event), name_of(event)), event)
    return [*found.values()]


def name_of(event: Input) -> object:
    """The name by which the engine tells a record of reference data from others."""
    return reference.PLACES[type(event)][1](event)


def instrument_events(facts: FolderFacts) -> list[Input]:
    """The instrument, its ticks, its session and its expected volume."""
    instrument = facts.instrument
    bands: tuple[TickBand, ...] = RULE_612
    if instrument.tick_px is not None:
        bands = (TickBand(from_px=0, tick_px=instrument.tick_px),)
    return [
        InstrumentDefined(
            instrument_id=instrument.instrument_id,
            symbol=instrument.symbol,
            currency=instrument.currency,
            lot_qty=instrument.lot_qty,
            adv_qty=instrument.adv_qty,
            daily_volatility_ppm=instrument.daily_volatility_ppm,
            previous_close_px=instrument.previous_close_px,
            effective_day=facts.day,
            calendar_id=instrument.calendar_id,
        ),
        TickTableDefined(
            instrument_id=instrument.instrument_id, bands=bands, effective_day=facts.day
        ),
        CalendarDefined(
            calendar_id=instrument.calendar_id,
            time_zone=instrument.time_zone,
            day=facts.day,
            open_ns=facts.open_ns,
            close_ns=facts.close_ns,
            effective_day=facts.day,
            sessions=listed(facts.sessions),
        ),
        volume_curve(facts),
    ]


def listed(sessions: Sequence[tuple[int, int]]) -> tuple[TradingSession, ...]:
    """The sessions of a day with breaks; a day of one session needs no list."""
    if len(sessions) == 1:
        return ()
    return tuple(TradingSession(open_ns=first, close_ns=last) for first, last in sessions)


def volume_curve(facts: FolderFacts) -> VolumeCurveDefined:
    """The U over the trading time of the day, in thirteen equal buckets whatever its length."""
    buckets = len(U_SHAPE_PPM)
    session_ns = sum(last - first for first, last in facts.sessions)
    adv_qty = facts.instrument.adv_qty
    return VolumeCurveDefined(
        instrument_id=facts.instrument.instrument_id,
        edges_ns=tuple(session_ns * edge // buckets for edge in range(buckets + 1)),
        # At least 1: a small volume must not empty a bucket.
        volumes_qty=tuple(max(1, adv_qty * share // 1_000_000) for share in U_SHAPE_PPM),
        effective_day=facts.day,
    )


def venue_events(day: int, codes: Iterable[str] = ()) -> list[Input]:
    """Every known exchange, the unknown ones among `codes`, and the simulated pools."""
    unknown = sorted(set(codes) - EXCHANGES.keys() - HIDDEN.keys() - {OFF_EXCHANGE})
    exchanges = {**EXCHANGES, **{code: (f"Exchange {code}", UNKNOWN_FEES) for code in unknown}}
    events: list[Input] = []
    for code, (name, fees) in sorted(exchanges.items()):
        events += (_exchange(code, name, day), _fees(code, fees, day))
    for code, rules in HIDDEN.items():
        events += (_hidden(code, rules, day), _fees(code, rules.fees, day))
    return events


def _exchange(code: str, name: str, day: int) -> VenueDefined:
    return VenueDefined(
        venue=code,
        name=name,
        kind=VenueKind.LIT,
        protected=True,
        posts=True,
        midpoint=code in TAKES_PEGS,
        min_qty=1,
        odd_lots=True,
        effective_day=day,
    )


def _hidden(code: str, rules: Rules, day: int) -> VenueDefined:
    return VenueDefined(
        venue=code,
        name=rules.name,
        kind=rules.kind,
        protected=False,
        posts=True,
        midpoint=True,
        min_qty=rules.min_qty,
        odd_lots=rules.kind is VenueKind.ATS,
        effective_day=day,
    )


def _fees(code: str, fees: Fees, day: int) -> FeeScheduleDefined:
    taker_px, maker_px, midpoint_px = (int(Decimal(fee) * NS) for fee in fees)
    return FeeScheduleDefined(
        venue=code,
        taker_fee_px=taker_px,
        maker_fee_px=maker_px,
        midpoint_fee_px=midpoint_px,
        effective_day=day,
    )
