"""Orders whose terms are drawn one by one: the first order file of the example's day.

Bursts of a few dozen orders arrive within seconds and share side, urgency and benchmark; single
orders come between them, more at the open and at the close. Everything else of an order is its own:
client, limit, participation, permissions. So the orders of one client contradict each other, and
few orders of a burst are alike. `program_rows.py` writes orders as firms send them; this mix stays
as a harder day for grouping, and because past figures were measured on it.

It is a function of the folder's facts and the seed; of the market it uses the quotes up to each
order's own time. A few rows are wrong on purpose (`order_mistakes.py`).
"""

from engine.core.events import Side
from engine.gateways.orders.tickets import COLUMNS
from engine.simulation.chance import PPM, Draw, Weights
from engine.simulation.market.data import FolderFacts, MarketData
from engine.simulation.market.reference import U_SHAPE_PPM
from engine.simulation.order_mistakes import Row, mistake_of, moved_ns, spoiled
from engine.simulation.order_rows import (
    AMEND,
    CANCEL,
    MINUTE_NS,
    MS_NS,
    NS,
    SUBMIT,
    Moment,
    SeenMarket,
    change_row,
    decimal,
    in_time,
    iso,
)

SOURCES = ("OMS-1", "FIX-7", "PM-ALPHA", "ALGO-3")
CLIENTS = tuple(f"C{number:02}" for number in range(1, 13))

CHANGE_PPM = 40_000  # Amends, and as many cancels, for each order.
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


def generate(data: MarketData, count: int, seed: int) -> list[Row]:
    """An order file's rows in order of time: `count` orders, and amends and cancels of some.

    Raises ValueError for a count below 1.
    """
    if count < 1:
        raise ValueError(f"count is {count}, expected at least 1")
    writer = Writer(data, count)
    return [
        writer.write(moment, Draw(seed, "order", moment.order))
        for moment in moments(data.facts, count, seed)
    ]


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
    return in_time(found)


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
    """Writes rows in order of time."""

    def __init__(self, data: MarketData, count: int) -> None:
        self._seen = SeenMarket([data])
        self._facts = data.facts
        self._instrument = data.facts.instrument
        self._count = count
        self._orders: dict[int, Row] = {}
        self._last_good: Row | None = None  # The row that a duplicate repeats.

    def write(self, moment: Moment, draw: Draw) -> Row:
        self._seen.until(moment.at_ns)
        if moment.action != SUBMIT:
            order = self._orders[moment.order]
            return change_row(self._seen, order, self._instrument.lot_qty, moment, draw)
        row = self._submit(moment, draw)
        mistake = mistake_of(draw)
        if mistake:
            on_px = self._seen.limit_px(self._instrument.instrument_id, Side.BUY, 0)
            _, tick_px = self._seen.near_px(self._instrument.instrument_id, Side.BUY)
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
            "instrument_id": self._instrument.instrument_id,
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
            "currency": draw.pick(("", self._instrument.currency), "currency"),
        }
        if row["order_type"] == "LIMIT":
            ticks = draw.below(16, "limit") - 5  # Five ticks behind the near side to ten beyond.
            row["limit_px"] = decimal(self._seen.limit_px(row["instrument_id"], side, ticks))
        row["start"], row["end"] = self._window(moment.at_ns, program)
        row["decision_px"] = self._decision(draw)
        return row

    def _qty(self, draw: Draw) -> int:
        """Quantity that suits the instrument's volume; round lots stay round, rounded down."""
        text = draw.weigh(QTYS, "quantity")
        qty = 1 + draw.below(99, "odd quantity") if text == "odd" else int(text)
        qty = max(1, qty * self._instrument.adv_qty // QTY_ADV)
        lot_qty = self._instrument.lot_qty
        return qty if qty < lot_qty or text == "odd" else qty // lot_qty * lot_qty

    def _window(self, at_ns: int, program: Draw) -> tuple[str, str]:
        """Start and end that a program's orders share; most have none."""
        base = base_ns(self._facts, program) // MINUTE_NS
        start_ns = (base + 1 + program.below(20, "start after")) * MINUTE_NS
        end_ns = (base + 30 + program.below(120, "end after")) * MINUTE_NS
        end_ns = min(end_ns, self._facts.close_ns)
        has_start = program.below(100, "starts later") < 8 and at_ns < start_ns < end_ns
        has_end = program.below(100, "ends") < 35 and end_ns > at_ns
        return iso(start_ns) if has_start else "", iso(end_ns) if has_end else ""

    def _decision(self, draw: Draw) -> str:
        """The price that a manager saw, a few ticks from the midpoint; some give none."""
        if draw.below(100, "decision") < 30:
            return ""
        ticks = draw.below(7, "decision ticks") - 3
        px = self._seen.mid_px(self._instrument.instrument_id, ticks)
        return "" if px is None else decimal(px)
