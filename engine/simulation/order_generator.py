"""An order file, and a generator of one: small orders as a firm's systems would send them.

A row is an order, an amend or a cancel. The file is CSV with the columns of a ticket
(`gateways/orders/tickets.py`, which reads it) or JSON lines with these keys; an empty value means
none.

Values are for people: prices and parts of one are decimals, times ISO 8601 in UTC, venue codes
are joined by semicolons.

The generator imitates a firm's day: programs of a few dozen orders that arrive within seconds and
share side, urgency and benchmark, and single orders between them, more at the open and at the
close. A few rows are wrong on purpose (`order_mistakes.py`). It is a function of the folder's
facts and the seed; of the market it uses the quotes up to each order's own time, for limits and
decision prices.
"""

import csv
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from engine.core.events import Side
from engine.core.market import consolidated, reference
from engine.core.state.state import State
from engine.gateways.orders.tickets import COLUMNS
from engine.log.port import EngineError
from engine.simulation.chance import PPM, Draw, Weights
from engine.simulation.market.data import FolderFacts, MarketData
from engine.simulation.market.reference import U_SHAPE_PPM, reference_events
from engine.simulation.order_mistakes import Row, mistake_of, moved_ns, spoiled

NS = 1_000_000_000  # Nanoseconds a second, and price units a currency unit.
MS_NS = 1_000_000
MINUTE_NS = 60 * NS

SOURCES = ("OMS-1", "FIX-7", "PM-ALPHA", "ALGO-3")
CLIENTS = tuple(f"C{number:02}" for number in range(1, 13))

SUBMIT, AMEND, CANCEL = "submit", "amend", "cancel"
NO_MARKET_PX = 100 * NS  # Limits are near this price until there is a quote.

CHANGE_PPM = 40_000  # Amends, and as many cancels, for each order.
UNKNOWN_PPM = 50_000  # Of changes name an order that was never sent.
PROGRAM_PPM = 650_000  # Of orders arrive in a program.
PROGRAM_ORDERS = 24  # In a program, on average.
PROGRAM_NS = 4 * NS  # A program's orders arrive within this.
QTY_ADV = 5_000_000  # The volume a day that the quantities suit; for others they are scaled.

# Guesses: what share of orders is like this, in percent.
QTYS: Weights = (("odd", 25), ("100", 35), ("200", 20), ("300", 10), ("500", 7), ("1000", 3))
URGENCIES: Weights = (("LOW", 30), ("NORMAL", 50), ("HIGH", 20))
BENCHMARKS: Weights = (("ARRIVAL", 40), ("VWAP", 35), ("TWAP", 15), ("POV", 10))
PARTICIPATIONS: Weights = (("", 60), ("0.05", 10), ("0.1", 15), ("0.2", 10), ("0.3", 5))
CONSENTS: Weights = (("", 60), ("true", 32), ("false", 8))
EXCLUSIONS: Weights = (("", 94), ("M;X", 3), ("J", 3))
ORDER_TYPES: Weights = (("MARKET", 75), ("LIMIT", 25))
TIMES_IN_FORCE: Weights = (("DAY", 97), ("GTC", 3))
NO_DARK: Weights = (("false", 92), ("true", 8))
MUST_COMPLETE: Weights = (("false", 88), ("true", 12))
CAPACITIES: Weights = (("AGENCY", 95), ("RISKLESS_PRINCIPAL", 4), ("PRINCIPAL", 1))


class OrderFileError(EngineError):
    """An order file cannot be written as asked."""


class Moment(NamedTuple):
    """A row to come: its time, its order and its action."""

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
    writer = Writer(data.facts, instrument_id or data.facts.instrument.instrument_id, count)
    quotes = data.quotes()
    quote = next(quotes, None)
    rows: list[Row] = []
    for moment in moments(data.facts, count, seed):
        while quote is not None and quote.received_ns <= moment.at_ns:
            consolidated.on_quote_observed(writer.seen, quote)
            quote = next(quotes, None)
        rows.append(writer.write(moment, Draw(seed, "order", moment.order)))
    return rows


def bad_count(count: int, seed: int) -> int:
    """Number of the orders of a file that are wrong on purpose."""
    draws = (Draw(seed, "order", number) for number in range(count))
    return len([draw for draw in draws if mistake_of(draw)])


def write_rows(path: Path, rows: Iterable[Row]) -> None:
    """Write an order file, CSV or JSON lines by its suffix. Raises OrderFileError."""
    if path.suffix == ".csv":
        with path.open("w", encoding="utf-8", newline="") as file:
            table = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            table.writeheader()
            table.writerows(rows)
    elif path.suffix == ".jsonl":
        with path.open("w", encoding="utf-8", newline="\n") as file:
            for row in rows:
                file.write(json.dumps({name: text for name, text in row.items() if text}) + "\n")
    else:
        raise OrderFileError(f"{path}: an order file ends in .csv or .jsonl; choose one")


# ------------------------------------------------------------------------------ times


def moments(facts: FolderFacts, count: int, seed: int) -> list[Moment]:
    """Every row's time, in order; changes come seconds to minutes after their order."""
    last_ns = facts.close_ns - NS
    found = []
    for order in range(count):
        draw = Draw(seed, "order", order)
        at_ns = order_ns(facts, count, draw)
        mistake = mistake_of(draw)
        found.append(Moment(moved_ns(mistake, facts, at_ns, draw), order, SUBMIT))
        drawn = draw.below(PPM, "change")
        if mistake or drawn >= 2 * CHANGE_PPM:
            continue
        later_ns = at_ns + (2_000 + draw.below(600_000, "change after")) * MS_NS
        action = AMEND if drawn < CHANGE_PPM else CANCEL
        found.append(Moment(max(at_ns, min(later_ns, last_ns)), order, action))
    return sorted(found, key=_at_ns)  # Stable: an order comes before its change.


def _at_ns(moment: Moment) -> int:
    return moment.at_ns


def order_ns(facts: FolderFacts, count: int, draw: Draw) -> int:
    """When an order is sent, on a whole millisecond of the session."""
    program = program_of(count, draw)
    at_ns = base_ns(facts, program)
    if program is not draw:
        at_ns += draw.below(PROGRAM_NS, "in program")
    at_ns = min(at_ns, facts.close_ns - MINUTE_NS)
    return max(facts.open_ns, at_ns // MS_NS * MS_NS)  # Floor, but never before the open.


def program_of(count: int, draw: Draw) -> Draw:
    """The program an order belongs to, or the order itself."""
    if not draw.happens(PROGRAM_PPM, "program"):
        return draw
    programs = max(1, count * PROGRAM_PPM // PPM // PROGRAM_ORDERS)
    return Draw(draw.seed, "program", draw.below(programs, "which program"))


def base_ns(facts: FolderFacts, program: Draw) -> int:
    """When a program or a single order begins, more often near the open and the close."""
    bucket_ns = (facts.close_ns - facts.open_ns) // len(U_SHAPE_PPM)
    buckets = [(str(number), weight) for number, weight in enumerate(U_SHAPE_PPM)]
    bucket = int(program.weigh(buckets, "half-hour"))
    return facts.open_ns + bucket * bucket_ns + program.below(bucket_ns, "in half-hour")


# ------------------------------------------------------------------------------ rows


class Writer:
    """Writes rows in order; `seen` is the market up to the current row."""

    def __init__(self, facts: FolderFacts, instrument_id: str, count: int) -> None:
        self.seen = State(shard=0)
        for event in reference_events(facts):
            reference.FACTS[type(event)](self.seen, event)
        self._facts = facts
        self._instrument_id = instrument_id
        self._count = count
        self._orders: dict[int, Row] = {}
        self._last_good: Row | None = None  # The row that a duplicate repeats.

    def write(self, moment: Moment, draw: Draw) -> Row:
        if moment.action != SUBMIT:
            return self._change(moment, draw)
        row = self._submit(moment, draw)
        mistake = mistake_of(draw)
        if mistake:
            on_px, tick_px = self._limit_px(moment.at_ns, Side.BUY, 0)
            on_tick, off_tick = decimal(on_px), decimal(on_px + tick_px // 2)
            return spoiled(mistake, row, self._last_good, on_tick, off_tick)
        self._last_good = self._orders[moment.order] = row
        return row

    def _submit(self, moment: Moment, draw: Draw) -> Row:
        program = program_of(self._count, draw)
        source = program.pick(SOURCES, "source")
        is_with_program = draw.below(100, "with program") < 85
        side = Side((program if is_with_program else draw).pick(("BUY", "SELL"), "side"))
        row = dict.fromkeys(COLUMNS, "")
        row |= {
            "ts": iso(moment.at_ns),
            "action": SUBMIT,
            "source": source,
            "cl_ord_id": f"{source}-{moment.order + 1:06}",
            "client_id": draw.pick(CLIENTS, "client"),
            "instrument_id": self._instrument_id,
            "side": side.value,
            "order_qty": str(self._qty(draw)),
            "order_type": draw.weigh(ORDER_TYPES, "type"),
            "time_in_force": draw.weigh(TIMES_IN_FORCE, "time in force"),
            "urgency": program.weigh(URGENCIES, "urgency"),
            "benchmark": program.weigh(BENCHMARKS, "benchmark"),
            "max_participation": draw.weigh(PARTICIPATIONS, "participation"),
            "no_dark": draw.weigh(NO_DARK, "no dark"),
            "excluded_venues": draw.weigh(EXCLUSIONS, "excluded"),
            "crossing_consent": draw.weigh(CONSENTS, "consent"),
            "must_complete": draw.weigh(MUST_COMPLETE, "must complete"),
            "capacity": draw.weigh(CAPACITIES, "capacity"),
            "settlement": "REGULAR",
            "currency": draw.pick(("", self._facts.instrument.currency), "currency"),
        }
        if row["order_type"] == "LIMIT":
            ticks = draw.below(16, "limit") - 5  # Five ticks behind the near side to ten beyond.
            row["limit_px"] = decimal(self._limit_px(moment.at_ns, side, ticks)[0])
        row["start"], row["end"] = self._window(moment.at_ns, program)
        row["decision_px"] = self._decision(moment.at_ns, draw)
        return row

    def _change(self, moment: Moment, draw: Draw) -> Row:
        order = self._orders[moment.order]
        is_unknown = draw.happens(UNKNOWN_PPM, "unknown order")
        row = dict.fromkeys(COLUMNS, "")
        row |= {
            "ts": iso(moment.at_ns),
            "action": moment.action,
            "source": order["source"],
            "cl_ord_id": f"{order['cl_ord_id']}-{moment.action[0].upper()}",
            "orig_cl_ord_id": "NO-SUCH-ORDER" if is_unknown else order["cl_ord_id"],
            "instrument_id": order["instrument_id"],
        }
        if moment.action == AMEND and order["limit_px"] and draw.below(2, "amend limit"):
            ticks = draw.below(16, "new limit") - 5
            side = Side(order["side"])
            row["limit_px"] = decimal(self._limit_px(moment.at_ns, side, ticks)[0])
        elif moment.action == AMEND:
            qty, lot_qty = int(order["order_qty"]), self._facts.instrument.lot_qty
            less_qty = max(1, qty // 2)  # Floor: an order for one cannot be halved.
            row["order_qty"] = str(less_qty if draw.below(2, "amend down") else qty + lot_qty)
        return row

    def _qty(self, draw: Draw) -> int:
        """Quantity that suits the instrument's volume; round lots stay round, rounded down."""
        text = draw.weigh(QTYS, "quantity")
        qty = 1 + draw.below(99, "odd quantity") if text == "odd" else int(text)
        qty = max(1, qty * self._facts.instrument.adv_qty // QTY_ADV)
        lot_qty = self._facts.instrument.lot_qty
        return qty if qty < lot_qty or text == "odd" else qty // lot_qty * lot_qty

    def _limit_px(self, at_ns: int, side: Side, ticks: int) -> tuple[int, int]:
        """So many ticks beyond the near side of the best prices, on the tick; and the tick."""
        name = self._facts.instrument.instrument_id
        near_px = consolidated.view(self.seen, name, at_ns).near_px(side) or NO_MARKET_PX
        tick_px = reference.tick_px(self.seen, name, near_px)
        sign = 1 if side is Side.BUY else -1
        px = reference.on_tick_px(self.seen, name, side, near_px + sign * ticks * tick_px)
        return max(tick_px, px), tick_px

    def _window(self, at_ns: int, program: Draw) -> tuple[str, str]:
        """Start and end that a program's orders share; most have none."""
        base = base_ns(self._facts, program) // MINUTE_NS
        start_ns = (base + 1 + program.below(20, "start after")) * MINUTE_NS
        end_ns = (base + 30 + program.below(120, "end after")) * MINUTE_NS
        end_ns = min(end_ns, self._facts.close_ns)
        has_start = program.below(100, "starts later") < 8 and at_ns < start_ns < end_ns
        has_end = program.below(100, "ends") < 35 and end_ns > at_ns
        return iso(start_ns) if has_start else "", iso(end_ns) if has_end else ""

    def _decision(self, at_ns: int, draw: Draw) -> str:
        """The price that a manager saw, a few ticks from the midpoint; some give none."""
        name = self._facts.instrument.instrument_id
        mid_px = consolidated.view(self.seen, name, at_ns).mid_px
        if mid_px is None or draw.below(100, "decision") < 30:
            return ""
        tick_px = reference.tick_px(self.seen, name, mid_px)
        return decimal(max(tick_px, mid_px + (draw.below(7, "decision ticks") - 3) * tick_px))


def decimal(px: int) -> str:
    """A price for people: 157250000000 is 157.25."""
    whole, fraction = divmod(px, NS)
    return f"{whole}.{fraction:09}".rstrip("0").rstrip(".")


def iso(at_ns: int) -> str:
    """A time for people, to the millisecond, rounded down."""
    moment = datetime.fromtimestamp(at_ns // NS, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{at_ns % NS // MS_NS:03}Z"
