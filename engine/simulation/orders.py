"""An order file, and a generator of one: small orders as a firm's systems would send them.

A row is an order, an amend or a cancel; the file is CSV with these columns or JSON lines with
these keys, an empty value meaning none:

    ts, action (submit | amend | cancel), source, cl_ord_id, orig_cl_ord_id, client_id,
    instrument_id, side, order_qty, order_type, limit_px, time_in_force, urgency, benchmark,
    start, end, max_participation, no_dark, excluded_venues, crossing_consent, must_complete,
    capacity, settlement, currency, decision_px

Values are for people: prices and parts of one are decimals, times ISO 8601 in UTC, venue codes
are joined by semicolons. `gateways/tickets.py` reads it.

The generator imitates a morning's work: programs of a few dozen orders that arrive within
seconds and share side, urgency and benchmark, and single orders between them, more at the open
and at the close. A few rows are wrong on purpose (`order_mistakes.py`). It is a function of the folder's
facts and the seed; of the market it uses the quotes up to each order's own time, for limits and
decision prices.
"""

import csv
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

from engine.core import market, reference
from engine.core.events import Side
from engine.core.state import State
from engine.simulation.chance import below, happens
from engine.simulation.market_data import FolderFacts, MarketData
from engine.simulation.reference import U_SHAPE_PPM, reference_events

NS = 1_000_000_000  # Nanoseconds a second, and price units a currency unit.
MS_NS = 1_000_000
SECOND_NS = NS
MINUTE_NS = 60 * NS
PROGRAM_NS = 4 * NS  # Orders of a program arrive within this.

COLUMNS = (
    "ts", "action", "source", "cl_ord_id", "orig_cl_ord_id", "client_id", "instrument_id", "side",
    "order_qty", "order_type", "limit_px", "time_in_force", "urgency", "benchmark", "start", "end",
    "max_participation", "no_dark", "excluded_venues", "crossing_consent", "must_complete",
    "capacity", "settlement", "currency", "decision_px",
)  # fmt: skip
SOURCES = ("OMS-1", "FIX-7", "PM-ALPHA", "ALGO-3")
CLIENTS = tuple(f"C{number:02}" for number in range(1, 13))

CHANGE_PPM = 40_000  # Amends, and as many cancels, for each order.
MISTAKE_PPM = 20_000  # Of orders.
PROGRAM_PPM = 650_000  # Of orders arrive in a program.
PROGRAM_ORDERS = 24  # In a program, on average.
LIMIT_PPM = 250_000  # Of orders have a limit.
QTY_ADV = 5_000_000  # The volume a day that the quantities below suit; others are scaled.

Row = dict[str, str]
Weights = Sequence[tuple[str, int]]

# Guesses: what share of orders is like this, in percent.
QTYS: Weights = (("odd", 25), ("100", 35), ("200", 20), ("300", 10), ("500", 7), ("1000", 3))
URGENCIES: Weights = (("LOW", 30), ("NORMAL", 50), ("HIGH", 20))
BENCHMARKS: Weights = (("ARRIVAL", 40), ("VWAP", 35), ("TWAP", 15), ("POV", 10))
PARTICIPATIONS: Weights = (("", 60), ("0.05", 10), ("0.1", 15), ("0.2", 10), ("0.3", 5))
CONSENTS: Weights = (("", 60), ("true", 32), ("false", 8))
EXCLUSIONS: Weights = (("", 94), ("M;X", 3), ("J", 3))
CAPACITIES: Weights = (("AGENCY", 95), ("RISKLESS_PRINCIPAL", 4), ("PRINCIPAL", 1))



class Draw(NamedTuple):
    """The chance of one subject: a draw depends on seed, subject and its own name alone."""

    seed: int
    subject: str
    number: int

    def below(self, limit: int, name: str) -> int:
        return below(limit, self.seed, self.subject, self.number, name)

    def happens(self, chance_ppm: int, name: str) -> bool:
        return happens(chance_ppm, self.seed, self.subject, self.number, name)

    def pick(self, options: Sequence[str], name: str) -> str:
        return options[self.below(len(options), name)]

    def weigh(self, options: Weights, name: str) -> str:
        """One of the options, by weight."""
        edges = list(accumulate(weight for _, weight in options))
        drawn = self.below(edges[-1], name)
        return next(text for (text, _), edge in zip(options, edges, strict=True) if drawn < edge)


class Moment(NamedTuple):
    """A row to come: when, about which order, and whether it submits or changes it."""

    at_ns: int
    order: int  # Number of the order, count.
    action: str


def generate(
    data: MarketData, count: int, seed: int, *, instrument_id: str | None = None
) -> list[Row]:
    """An order file's rows in order of time: `count` orders, and amends and cancels of some.

    Raises ValueError for a count below 1.
    """
    if count < 1:
        raise ValueError(f"count is {count}, expected at least 1")
    facts = data.facts
    name = instrument_id or facts.instrument.instrument_id
    writer = Writer(facts, name, seed)
    quotes = data.quotes()
    quote = next(quotes, None)
    rows: list[Row] = []
    for moment in moments(facts, count, seed):
        while quote is not None and quote.received_ns <= moment.at_ns:
            market.on_quote_observed(writer.book, quote)
            quote = next(quotes, None)
        rows.append(writer.write(moment))
    return rows


def moments(facts: FolderFacts, count: int, seed: int) -> list[Moment]:
    """Every row's time, in order; changes come seconds to minutes after their order."""
    last_ns = facts.close_ns - SECOND_NS
    found = []
    for order in range(count):
        draw = Draw(seed, "order", order)
        at_ns = order_ns(facts, count, draw)
        mistake = mistakes.of_order(draw)
        found.append(Moment(mistakes.moved_ns(mistake, facts, at_ns, draw), order, SUBMIT))
        drawn = draw.below(PPM, "change")
        if mistake or drawn >= 2 * CHANGE_PPM:
            continue
        later_ns = at_ns + (2_000 + draw.below(600_000, "change after")) * MS_NS
        action = AMEND if drawn < CHANGE_PPM else CANCEL
        found.append(Moment(max(at_ns, min(later_ns, last_ns)), order, action))
    return sorted(found, key=lambda moment: moment.at_ns)  # Stable: an order before its change.


def order_ns(facts: FolderFacts, count: int, draw: Draw) -> int:
    """When an order is sent, on a whole millisecond of the session."""
    subject = program_of(count, draw)
    at_ns = facts.open_ns + SECOND_NS + session_offset_ns(facts, subject)
    if subject is not draw:
        at_ns += draw.below(PROGRAM_NS, "in program")
    at_ns = min(at_ns, facts.close_ns - MINUTE_NS)
    return max(facts.open_ns, at_ns // MS_NS * MS_NS)


def program_of(count: int, draw: Draw) -> Draw:
    """The program an order belongs to, or the order itself."""
    if not draw.happens(PROGRAM_PPM, "program"):
        return draw
    programs = max(1, count * PROGRAM_PPM // PPM // PROGRAM_ORDERS)
    return Draw(draw.seed, "program", draw.below(programs, "which program"))


def session_offset_ns(facts: FolderFacts, draw: Draw) -> int:
    """A time since the open, more often near the open and the close."""
    bucket_ns = (facts.close_ns - facts.open_ns) // len(U_SHAPE_PPM)
    buckets = [(str(number), weight) for number, weight in enumerate(U_SHAPE_PPM)]
    bucket = int(draw.weigh(buckets, "half-hour"))
    return bucket * bucket_ns + draw.below(bucket_ns, "in half-hour")


class Writer:
    """Writes rows one after the other; `book` is the market up to the row in hand."""

    def __init__(self, facts: FolderFacts, instrument_id: str, seed: int) -> None:
        self.book = State(shard=0)
        for event in reference_events(facts):
            reference.FACTS[type(event)](self.book, event)
        self._facts = facts
        self._instrument_id = instrument_id
        self._seed = seed
        self._orders: dict[int, Row] = {}
        self._last_good: Row | None = None  # What a duplicate repeats.

    def write(self, moment: Moment) -> Row:
        draw = Draw(self._seed, "order", moment.order)
        if moment.action != SUBMIT:
            return self._change(moment, draw)
        row = self._submit(moment, draw)
        mistake = mistakes.of_order(draw)
        if mistake:
            tick_px = self._tick_px(self._mid_px(moment.at_ns))
            return mistakes.spoil(mistake, row, self._last_good, decimal(tick_px // 2))
        self._last_good = self._orders[moment.order] = row
        return row

    def _submit(self, moment: Moment, draw: Draw) -> Row:
        program = program_of(PROGRAM_ORDERS, draw) if False else draw
        raise NotImplementedError
