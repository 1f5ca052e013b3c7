"""An order file of programs and baskets: the orders of `order_programs.py` as rows.

What an order says comes from three places. Its program gives side, urgency, benchmark, window,
limit and decision price; its client gives permissions, participation and consent, the same on every
order (`order_clients.py`); the market gives prices, by the quotes up to the row's time and none
later. Only its milliseconds and a change of mind are the order's own. A program may be withdrawn as
a whole. A few rows are wrong on purpose (`order_mistakes.py`).

The rows are a function of the market folders, the count and the seed.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from engine.core.events import Side
from engine.gateways.orders.tickets import COLUMNS
from engine.simulation.chance import Draw, Weights
from engine.simulation.market.data import FolderFacts, MarketData
from engine.simulation.order_clients import clients_of
from engine.simulation.order_mistakes import Row, mistake_of, moved_ns, spoiled
from engine.simulation.order_programs import (
    INDEX_SIDE,
    INTENSITIES,
    LAST_HOUR,
    MIXED,
    NO_WINDOW,
    SINGLE,
    TO_CLOSE,
    WINDOW_MINUTES,
    Slot,
    between,
    slots,
)
from engine.simulation.order_rows import (
    AMEND,
    CANCEL,
    MINUTE_NS,
    MS_NS,
    SUBMIT,
    Moment,
    SeenMarket,
    change_row,
    decimal,
    in_time,
    iso,
)

SIDES = ("BUY", "SELL")
LAST_HOUR_NS = 60 * MINUTE_NS
QTY_ADV = 5_000_000  # The volume a day that the table of single quantities suits.

# Guesses, ppm of orders or programs.
AMEND_PPM = 40_000  # Of orders are amended.
CANCEL_PPM = 20_000  # Of orders are cancelled by themselves.
WITHDRAWN_PPM = 40_000  # Of programs are withdrawn, all their orders within a second.
ROUND_PPM = 500_000  # Of programs are rounded to lots, where a part has one.
GTC_PPM = 50_000  # Of single orders are good till cancelled.
DECIDED_PPM = 700_000  # Of programs name the price at which they were decided.
# Quantities of single orders: a quarter odd lots, the median of O'Hara, Yao and Ye (2014).
QTYS: Weights = (("odd", 25), ("100", 35), ("200", 20), ("300", 10), ("500", 7), ("1000", 3))


def generate(markets: Sequence[MarketData], count: int, seed: int) -> list[Row]:
    """An order file's rows in order of time: `count` orders, and amends and cancels of some.

    `markets` are folders of one day and of an instrument each. Raises ValueError for a count below
    1 or no folder.
    """
    if count < 1 or not markets:
        raise ValueError(f"{count} orders of {len(markets)} folders, expected at least 1 of both")
    every_facts = [data.facts for data in markets]
    venues = [code for facts in every_facts for code in facts.venues]
    spans = [span_ns(facts.sessions) for facts in every_facts]
    plan = list(slots(clients_of(seed, venues), spans, count, seed))
    writer = Writer(markets, plan, seed)
    return [writer.write(moment) for moment in moments(every_facts, plan, seed)]


# ------------------------------------------------------------------------------ times


def span_ns(sessions: Sequence[tuple[int, int]]) -> int:
    """The trading time of a day, ns."""
    return sum(last - first for first, last in sessions)


def clock_ns(sessions: Sequence[tuple[int, int]], trading_ns: int) -> int:
    """The time, ns since 1970 UTC, at which so much trading time of the day has passed.

    A session's end is that session's, not the begin of the next; beyond the day it is the close.
    """
    for first, last in sessions:
        if trading_ns <= last - first:
            return first + max(0, trading_ns)
        trading_ns -= last - first
    return sessions[-1][1]


def moments(every_facts: Sequence[FolderFacts], plan: Sequence[Slot], seed: int) -> list[Moment]:
    """Every row's time, in order; changes come seconds to minutes after their order."""
    found = []
    for slot in plan:
        facts = every_facts[slot.instrument]
        draw = Draw(seed, "order", slot.order)
        sent_ns = order_ns(facts, slot, draw)
        mistake = mistake_of(draw)
        found.append(Moment(moved_ns(mistake, facts, sent_ns, draw), slot.order, SUBMIT))
        if not mistake:
            found += changes(facts, slot, sent_ns, draw)
    return in_time(found)


def order_ns(facts: FolderFacts, slot: Slot, draw: Draw) -> int:
    """When an order is sent, on a whole millisecond of a session and a minute before its end."""
    later_ns = draw.below(slot.program.kind.spread_ms, "in wave") * MS_NS
    last_ns = max(0, span_ns(facts.sessions) - MINUTE_NS)
    at_ns = min(slot.program.waves_ns[slot.wave] + later_ns, last_ns)
    at_ns = clock_ns(facts.sessions, at_ns) // MS_NS * MS_NS  # Floor, but never before the open.
    for first, last in facts.sessions:
        if at_ns < last:
            return max(first, at_ns)
    raise AssertionError("trading time lies in a session")


def changes(facts: FolderFacts, slot: Slot, sent_ns: int, draw: Draw) -> Iterator[Moment]:
    """The amend or cancel of an order, if it has one: its own, or its program's withdrawal."""
    program = slot.program
    last_ns = facts.close_ns - 1_000 * MS_NS
    if program.draw.happens(WITHDRAWN_PPM, "withdrawn"):
        begin_ns = clock_ns(facts.sessions, program.waves_ns[-1])
        after_ms = 30_000 + program.draw.below(1_800_000, "withdrawn after")
        at_ns = begin_ns + (after_ms + draw.below(1_000, "in withdrawal")) * MS_NS
        yield Moment(max(sent_ns, min(at_ns // MS_NS * MS_NS, last_ns)), slot.order, CANCEL)
        return
    action = ""
    if draw.happens(AMEND_PPM, "amended"):
        action = AMEND
    elif draw.happens(CANCEL_PPM, "cancelled"):
        action = CANCEL
    if action:
        at_ns = sent_ns + (2_000 + draw.below(600_000, "change after")) * MS_NS
        yield Moment(max(sent_ns, min(at_ns, last_ns)), slot.order, action)


# ------------------------------------------------------------------------------ rows


class Wave(NamedTuple):
    """A wave of a program in one instrument and side: its orders share a limit."""

    program: int  # First order of the program.
    wave: int
    instrument: int
    side: str


class Writer:
    """Writes rows in order of time, and keeps the prices that a program's orders share."""

    def __init__(self, markets: Sequence[MarketData], plan: Sequence[Slot], seed: int) -> None:
        self._seen = SeenMarket(markets)
        self._facts = [data.facts for data in markets]
        self._slots = {slot.order: slot for slot in plan}
        self._seed = seed
        self._near_px: dict[Wave, int] = {}  # The limits of waves, 1e-9 currency units.
        self._decisions: dict[tuple[int, int], str] = {}  # By program and instrument.
        self._orders: dict[int, Row] = {}
        self._last_good: Row | None = None  # The row that a duplicate repeats.

    def write(self, moment: Moment) -> Row:
        self._seen.until(moment.at_ns)
        slot, draw = self._slots[moment.order], Draw(self._seed, "order", moment.order)
        instrument = self._facts[slot.instrument].instrument
        if moment.action != SUBMIT:
            order = self._orders[moment.order]
            return change_row(self._seen, order, instrument.lot_qty, moment, draw)
        row = self._submit(moment, slot, draw)
        mistake = mistake_of(draw)
        if mistake:
            on_px = self._seen.limit_px(instrument.instrument_id, Side.BUY, 0)
            _, tick_px = self._seen.near_px(instrument.instrument_id, Side.BUY)
            on_tick, off_tick = decimal(on_px), decimal(on_px + tick_px // 2)
            return spoiled(mistake, row, self._last_good, on_tick, off_tick)
        self._last_good = self._orders[moment.order] = row
        return row

    def _submit(self, moment: Moment, slot: Slot, draw: Draw) -> Row:
        program, client = slot.program, slot.client
        kind, instrument = program.kind, self._facts[slot.instrument].instrument
        source = program.draw.pick(kind.sources, "source")
        side = side_of(slot, self._seed)
        row = dict.fromkeys(COLUMNS, "")
        row |= {
            "ts": iso(moment.at_ns),
            "action": SUBMIT,
            "source": source,
            "cl_ord_id": f"{source}-{moment.order + 1:06}",
            "client_id": client.name,
            "instrument_id": instrument.instrument_id,
            "side": side,
            "order_qty": str(qty_of(slot, instrument.adv_qty, instrument.lot_qty, draw)),
            "order_type": "MARKET",
            "time_in_force": "DAY",
            "urgency": program.draw.weigh(kind.urgencies, "urgency"),
            "benchmark": program.draw.weigh(kind.benchmarks, "benchmark"),
            "max_participation": client.max_participation,
            "no_dark": client.no_dark,
            "excluded_venues": client.excluded_venues,
            "crossing_consent": client.crossing_consent,
            "must_complete": _truth(said=program.draw.below(100, "completes") < kind.completes),
            "capacity": program.draw.weigh(kind.capacities, "capacity"),
            "settlement": "REGULAR",
            "currency": instrument.currency if client.names_currency else "",
            "decision_px": self._decision(slot),
        }
        if kind.name == SINGLE and program.draw.happens(GTC_PPM, "good till cancelled"):
            row["time_in_force"] = "GTC"
        if program.draw.below(100, "limited") < kind.limits:
            row["order_type"] = "LIMIT"
            row["limit_px"] = decimal(self._limit_px(slot, side))
        row["start"], row["end"] = window(self._facts[slot.instrument], slot, moment.at_ns)
        return row

    def _limit_px(self, slot: Slot, side: str) -> int:
        """The limit of the wave, by its first order's quotes, and the client's ticks on it."""
        program, name = slot.program, self._facts[slot.instrument].instrument.instrument_id
        wave = Wave(program.first_order, slot.wave, slot.instrument, side)
        sign = 1 if side == "BUY" else -1
        if wave not in self._near_px:
            ticks = program.draw.below(16, "limit") - 5  # Five behind the near side to ten beyond.
            self._near_px[wave] = self._seen.limit_px(name, Side(side), ticks)
        _, tick_px = self._seen.near_px(name, Side(side))
        px = self._near_px[wave] + sign * slot.client.limit_ticks * tick_px
        return self._seen.on_tick_px(name, Side(side), max(tick_px, px))

    def _decision(self, slot: Slot) -> str:
        """The price that the manager saw when the program began; some give none."""
        program, facts = slot.program, self._facts[slot.instrument]
        key = (program.first_order, slot.instrument)
        if key not in self._decisions:
            ticks = program.draw.below(7, "decision ticks") - 3
            px = self._seen.mid_px(facts.instrument.instrument_id, ticks)
            is_given = px is not None and program.draw.happens(DECIDED_PPM, "decided")
            self._decisions[key] = decimal(px) if px is not None and is_given else ""
        return self._decisions[key]


def side_of(slot: Slot, seed: int) -> str:
    """The side of an order: its program's, the index's for the day, or its own of a list."""
    program, sides = slot.program, slot.program.kind.sides
    if sides == INDEX_SIDE:
        return Draw(seed, "index", slot.instrument).pick(SIDES, "side")
    if sides == MIXED:
        name = f"side {slot.wave} {slot.client.name} {slot.instrument} {slot.turn}"
        return program.draw.pick(SIDES, name)
    return program.draw.pick(SIDES, "side")


def qty_of(slot: Slot, adv_qty: int, lot_qty: int, draw: Draw) -> int:
    """The quantity of an order, smallest increments: its part of the program, rounded down.

    Half of the programs round parts of a lot and more to lots; no order is for less than one.
    """
    program = slot.program
    if not program.kind.order_ppm:
        return single_qty(adv_qty, lot_qty, draw)
    intensity = int(program.draw.weigh(INTENSITIES, "intensity"))
    wave_qty_e8 = adv_qty * program.kind.order_ppm * intensity * slot.peers
    qty = max(1, wave_qty_e8 * slot.part_ppm // (100 * 1_000_000 * 1_000_000))
    is_round = program.draw.happens(ROUND_PPM, "round lots") and qty >= lot_qty
    return qty // lot_qty * lot_qty if is_round else qty


def single_qty(adv_qty: int, lot_qty: int, draw: Draw) -> int:
    """A quantity by itself, scaled to the volume; round lots stay round, rounded down."""
    text = draw.weigh(QTYS, "quantity")
    qty = 1 + draw.below(99, "odd quantity") if text == "odd" else int(text)
    qty = max(1, qty * adv_qty // QTY_ADV)
    return qty if qty < lot_qty or text == "odd" else qty // lot_qty * lot_qty


def window(facts: FolderFacts, slot: Slot, at_ns: int) -> tuple[str, str]:
    """Start and end of a wave's orders, on whole minutes; most have no start, some no end."""
    program, sessions = slot.program, facts.sessions
    chosen = program.draw.weigh(program.kind.windows, "window")
    if chosen == NO_WINDOW:
        return "", ""
    all_ns = span_ns(sessions)
    if chosen in (TO_CLOSE, LAST_HOUR):
        start_ns = clock_ns(sessions, all_ns - LAST_HOUR_NS) // MINUTE_NS * MINUTE_NS
        has_start = chosen == LAST_HOUR and at_ns < start_ns
        return iso(start_ns) if has_start else "", iso(facts.close_ns)
    minutes = between(program.draw, WINDOW_MINUTES[chosen], "minutes")
    trading_ns = program.waves_ns[slot.wave] + (minutes + 1) * MINUTE_NS
    end_ns = clock_ns(sessions, min(trading_ns, all_ns)) // MINUTE_NS * MINUTE_NS
    return "", iso(end_ns if end_ns > at_ns else facts.close_ns)


def _truth(*, said: bool) -> str:
    return "true" if said else "false"
