"""A scripted day: instruments, quotes, orders, and a venue that acknowledges and fills.

The script is played once through a shard without a log. As a batch is a pure function, the rounds
that were cut then give the same routes, so the venue's answers are known before and are in the log
like any other input when the time is taken: the engine alone is measured.

Orders of one side and instrument arrive until some hundred have joined a parent; the policy then
cuts the parent into some fifty children, as the design's estimate has it.
"""

import random
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from engine.core.events import (
    TOPIC_OF,
    AllocationRule,
    Benchmark,
    Capacity,
    ChildRouted,
    ChildTimeInForce,
    ControlScope,
    DayClosed,
    DayOpened,
    ExecType,
    ExecutionReported,
    Input,
    InstrumentDefined,
    Liquidity,
    MandateSet,
    OrderSubmitted,
    OrderType,
    PolicySet,
    QuoteObserved,
    RiskLimitSet,
    Router,
    Side,
    StageEvent,
    Strategy,
    TickBand,
    TickTableDefined,
    TimeInForce,
    TradeObserved,
    Urgency,
    VenueDefined,
    VenueKind,
    VolumeCurveDefined,
)
from engine.log import codec
from engine.log.port import NewRecord, Record
from engine.runtime.recovery.finished_file import DiskStore
from engine.runtime.shard import Rules, Sealed, Shard

NS_PER_MS = 1_000_000
SECOND_NS = 1_000_000_000
DAY = 20_260_105
OPEN_NS = 1_767_623_400 * SECOND_NS  # 2026-01-05 14:30 UTC.
SESSION_NS = 23_400 * SECOND_NS
TICK_PX = 10_000_000
LOT_QTY = 100
OPENING_ROUNDS = 2  # Reference data and controls, then the first quotes.
LIT = ("ARCA", "BATS", "EDGX", "NSDQ", "NYSE")
HIDDEN = ("ATS1", "DRK1", "DRK2")
SOURCES = ("oms-1", "oms-2", "fix-1", "pm-1")
BENCHMARKS = (Benchmark.ARRIVAL, Benchmark.VWAP, Benchmark.TWAP)
CLIENTS = tuple(f"client-{n:02}" for n in range(20))
SETTINGS = (
    '{"limit_band_px":100000000,"partitions":1,"quote_age_max_ns":30000000000,'
    '"tape_includes_own":false}'
)
RULES = Rules(settings_text=SETTINGS, release="bench", python="any", partitions=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """The size of a day."""

    instruments: int = 64
    orders: int = 20_000
    orders_per_round: int = 160
    members: int = 104  # Of a parent; its window closes with them.
    min_slice_qty: int = 2_400  # A slice is spread over three or four venues.
    horizon_ns: int = 130 * SECOND_NS  # End of every order's window, after the open.
    window_ns: int = 65 * SECOND_NS  # Of aggregation.
    round_ns: int = SECOND_NS // 2
    interval_ns: int = SECOND_NS  # Between two schedule points.
    join_until_ppm: int = 1_000  # Of a working parent's horizon.
    must_complete: bool = False
    sells: bool = True  # One order of three sells; else all buy.
    seed: int = 7


@dataclass(slots=True)
class Round:
    """The inputs of one step; counts of records by topic, and its time."""

    now_ns: int
    counts: dict[str, int]


@dataclass(slots=True)
class Script:
    """A day that was played: all inputs, their rounds, and the outputs."""

    inputs: dict[str, list[NewRecord]] = field(default_factory=dict)
    rounds: list[Round] = field(default_factory=list)
    outputs: list[Mapping[str, Sequence[NewRecord]] | None] = field(default_factory=list)
    chain: bytes = b""
    orders: int = 0
    children: int = 0
    fills: int = 0
    parents: int = 0
    events: int = 0

    @property
    def input_count(self) -> int:
        return sum(len(records) for records in self.inputs.values())


class Timed(NamedTuple):
    """A report that becomes readable at a time."""

    due_ns: int
    report: ExecutionReported


# --------------------------------------------------------------------------------- inputs


def instrument(number: int) -> str:
    return f"US{number:04}"


def opening(shape: Shape, open_ns: int = OPEN_NS) -> list[Input]:
    """Reference data, controls and the open of the day."""
    before_ns = open_ns - SECOND_NS
    events: list[Input] = []
    for number in range(shape.instruments):
        events += (
            InstrumentDefined(
                instrument_id=instrument(number),
                symbol=instrument(number),
                currency="USD",
                lot_qty=LOT_QTY,
                adv_qty=50_000_000,
                daily_volatility_ppm=15_000,
                effective_day=DAY,
            ),
            TickTableDefined(
                instrument_id=instrument(number),
                bands=(TickBand(from_px=0, tick_px=TICK_PX),),
                effective_day=DAY,
            ),
            VolumeCurveDefined(
                instrument_id=instrument(number),
                edges_ns=tuple(SESSION_NS * edge // 13 for edge in range(14)),
                volumes_qty=tuple(1_000_000 + 100_000 * abs(6 - edge) for edge in range(13)),
                effective_day=DAY,
            ),
        )
    events += [
        VenueDefined(
            venue=venue,
            name=venue,
            kind=VenueKind.LIT if venue in LIT else VenueKind.DARK,
            protected=venue in LIT,
            posts=True,
            midpoint=venue in HIDDEN,
            min_qty=1,
            odd_lots=True,
            effective_day=DAY,
        )
        for venue in (*LIT, *HIDDEN)
    ]
    events += [
        MandateSet(
            client_id=client,
            active=True,
            dark_allowed=True,
            excluded_venues=(),
            crossing_consent=number % 5 == 0,
            max_participation_ppm=900_000,
            set_by="bench",
            set_ns=before_ns,
        )
        for number, client in enumerate(CLIENTS)
    ]
    events += [
        RiskLimitSet(
            scope=ControlScope.FIRM,
            scope_id="",
            max_order_qty=10_000_000,
            max_order_notional_cur=1_000_000_000,
            collar_ppm=100_000,
            set_by="bench",
            set_ns=before_ns,
        ),
        policy(shape),
        DayOpened(
            day=DAY, open_ns=open_ns, close_ns=open_ns + SESSION_NS, seed=7, set_ns=before_ns
        ),
    ]
    return events


def policy(shape: Shape) -> PolicySet:
    return PolicySet(
        policy_id="bench",
        window_ns=shape.window_ns,
        window_members=shape.members,
        window_notional_cur=10**12,
        join_until_ppm=shape.join_until_ppm,
        cross_quote_age_ns=30 * SECOND_NS,
        strategy=Strategy.AUTO,
        router=Router.AUTO,
        allocation_rule=AllocationRule.QUOTA,
        interval_ns=shape.interval_ns,
        tracking_band_ppm=50_000,
        min_slice_qty=shape.min_slice_qty,
        max_slice_ppm=100_000,
        participation_ppm=800_000,
        horizon_high_ns=60 * SECOND_NS,
        horizon_normal_ns=60 * SECOND_NS,
        risk_aversion_e12=1_000_000,
        send_within_ns=SECOND_NS,
        set_by="bench",
        set_ns=OPEN_NS - SECOND_NS,
    )


def quote(number: int, venue: str, step: int, at_ns: int) -> QuoteObserved:
    """A quote of the instrument; its price moves by a tick now and then."""
    mid_px = (50 + number) * 1_000_000_000 + (step // 16 % 5) * TICK_PX
    return QuoteObserved(
        venue=venue,
        instrument_id=instrument(number),
        bid_px=mid_px - TICK_PX,
        bid_qty=5_000 + step % 7 * LOT_QTY,
        ask_px=mid_px + TICK_PX,
        ask_qty=5_000 + step % 5 * LOT_QTY,
        event_ns=at_ns - 50_000,
        received_ns=at_ns,
    )


def orders_of(shape: Shape, numbers: range, end_ns: int) -> Iterator[OrderSubmitted]:
    """An instrument's orders share a benchmark, so those of one side share a parent."""
    chance = random.Random(shape.seed)  # noqa: S311  A seeded script, no secret.
    for n in numbers:
        number = n % shape.instruments
        is_sell = shape.sells and n // shape.instruments % 3 == 2
        yield OrderSubmitted(
            source=SOURCES[n % len(SOURCES)],
            cl_ord_id=f"C{n:08}",
            client_id=CLIENTS[chance.randrange(len(CLIENTS))],
            instrument_id=instrument(number),
            side=Side.SELL if is_sell else Side.BUY,
            order_qty=LOT_QTY * chance.randint(1, 9),
            order_type=OrderType.MARKET,
            limit_px=None,
            time_in_force=TimeInForce.DAY,
            urgency=Urgency.NORMAL,
            benchmark=BENCHMARKS[number % len(BENCHMARKS)],
            start_ns=None,
            end_ns=end_ns,
            max_participation_ppm=None,
            no_dark=False,
            excluded_venues=(),
            crossing_consent=None,
            must_complete=shape.must_complete,
            capacity=Capacity.AGENCY,
            settlement="REGULAR",
            currency="USD",
            decision_px=None,
            received_ns=OPEN_NS,
        )


def trade(number: int, at_ns: int) -> TradeObserved:
    """A print so large that the cap on participation binds no order."""
    return TradeObserved(
        venue=LIT[number % len(LIT)],
        instrument_id=instrument(number),
        last_px=(50 + number) * 1_000_000_000,
        last_qty=50_000,
        eligible=True,
        conditions="",
        event_ns=at_ns - 50_000,
        received_ns=at_ns,
    )


def market(shape: Shape, step: int, now_ns: int) -> Iterator[Input]:
    """A quote for half of the instruments, a print for a quarter of them; each in its turn."""
    for number in range(step % 2, shape.instruments, 2):
        yield quote(number, LIT[step // 2 % len(LIT)], step, now_ns)
    for number in range(step % 4, shape.instruments, 4):
        yield trade(number, now_ns)


def first_quotes(shape: Shape, at_ns: int) -> Iterator[Input]:
    """Every instrument at every lit venue."""
    return (quote(number, venue, 0, at_ns) for number in range(shape.instruments) for venue in LIT)


# ---------------------------------------------------------------------------------- venue


class Venue:
    """Acknowledges every child, then fills it; one child in ten only by half, which ends it.

    Times are functions of the report's number, so the same routes get the same answers. Every
    child ends within two rounds, so a cancel comes too late and is not answered.
    """

    def __init__(self) -> None:
        self._reports: list[Timed] = []
        self._count = 0

    def on_events(self, events: Iterable[StageEvent], shard: int, now_ns: int) -> None:
        for event in events:
            if isinstance(event, ChildRouted):
                self._on_route(event, f"{shard}-{event.seq}", now_ns)

    def due(self, now_ns: int) -> list[Input]:
        """Reports up to a time, in the order in which they were made."""
        found = [timed.report for timed in self._reports if timed.due_ns <= now_ns]
        self._reports = [timed for timed in self._reports if timed.due_ns > now_ns]
        return list(found)

    @property
    def is_quiet(self) -> bool:
        return not self._reports

    def _on_route(self, child: ChildRouted, child_id: str, now_ns: int) -> None:
        number = self._count
        self._say(child, child_id, ExecType.NEW, 0, 0, now_ns + 100 * NS_PER_MS)
        is_whole = number % 10 != 9
        qty = child.child_qty if is_whole else child.child_qty // 2
        fill_ns = now_ns + (300 if number % 2 else 700) * NS_PER_MS
        if qty:
            self._say(child, child_id, ExecType.TRADE, qty, qty, fill_ns)
        if not is_whole:
            self._say(child, child_id, ExecType.EXPIRED, 0, qty, fill_ns + NS_PER_MS)

    def _say(
        self,
        child: ChildRouted,
        child_id: str,
        exec_type: ExecType,
        last_qty: int,
        cum_qty: int,
        due_ns: int,
    ) -> None:
        self._count += 1
        is_taking = child.time_in_force is ChildTimeInForce.IOC
        report = ExecutionReported(
            venue=child.venue,
            instrument_id=child.instrument_id,
            child_id=child_id,
            exec_id=f"{child.venue}-{self._count}",
            exec_type=exec_type,
            exec_ref_id=None,
            last_qty=last_qty,
            last_px=child.limit_px if last_qty else 0,
            cum_qty=cum_qty,
            leaves_qty=child.child_qty - cum_qty if exec_type is not ExecType.EXPIRED else 0,
            liquidity=Liquidity.REMOVED if is_taking else Liquidity.ADDED,
            text="",
            session_day=DAY,
            transact_ns=due_ns - 50_000,
            received_ns=due_ns,
        )
        self._reports.append(Timed(due_ns, report))


# ---------------------------------------------------------------------------------- play


class Player:
    """Plays rounds through a shard and records its inputs and outputs."""

    def __init__(self, shape: Shape, *, keeps: bool = True) -> None:
        self.shape = shape
        self.shard = Shard(0, RULES, DiskStore())
        self.engine_s = 0.0  # Seconds inside the engine.
        self._keeps = keeps
        self.venue = Venue()
        self.script = Script()
        end_ns = OPEN_NS + shape.horizon_ns
        self._orders = orders_of(shape, range(shape.orders), end_ns)
        self._step = 0
        self._positions: dict[str, int] = {}

    def open(self) -> None:
        """Reference data, controls and a quote everywhere."""
        self.round(OPEN_NS - SECOND_NS, opening(self.shape))
        self.round(OPEN_NS, [*first_quotes(self.shape, OPEN_NS)])

    def day(self) -> None:
        """All orders, and rounds until no parent is at work."""
        is_over = False
        while not is_over:
            is_over = self.advance() == 0 and self.venue.is_quiet and not self.shard.state.parents

    def wave(self, orders: int) -> None:
        """So many orders at once, and rounds until no parent is at work."""
        end_ns = OPEN_NS + self._step * self.shape.round_ns + self.shape.horizon_ns
        numbers = range(self.script.orders, self.script.orders + orders)
        self._orders = orders_of(self.shape, numbers, end_ns)
        self.day()

    def evict(self) -> None:
        """Rounds of market data until every finished parent is evicted."""
        while self.shard.state.ended:
            self.advance()

    def advance(self) -> int:
        """One round of orders, reports and market data; the orders in it, count."""
        self._step += 1
        now_ns = OPEN_NS + self._step * self.shape.round_ns
        coming = [
            order
            for _, order in zip(range(self.shape.orders_per_round), self._orders, strict=False)
        ]
        self.script.orders += len(coming)
        reports = self.venue.due(now_ns)
        self.round(now_ns, [*market(self.shape, self._step, now_ns), *reports, *coming])
        return len(coming)

    def close(self) -> None:
        now_ns = OPEN_NS + (self._step + 1) * self.shape.round_ns
        self.round(now_ns, [DayClosed(day=DAY, set_ns=now_ns)])

    def round(self, now_ns: int, events: Sequence[Input]) -> None:
        script = self.script
        batch: dict[str, list[Record]] = {}
        for event in events:
            topic, new = recorded(event, now_ns)
            position = self._positions.get(topic, 0)
            self._positions[topic] = position + 1
            if self._keeps:
                script.inputs.setdefault(topic, []).append(new)
            batch.setdefault(topic, []).append(Record(position, position, *new[1:]))
        started = time.perf_counter()
        sealed = self.shard.step(batch, now_ns)
        self.engine_s += time.perf_counter() - started
        counts = {topic: len(records) for topic, records in batch.items()}
        if self._keeps:
            script.rounds.append(Round(now_ns, counts))
            script.outputs.append(None if sealed is None else sealed.records)
        script.chain = self.shard.chain
        if sealed is not None:
            self.venue.on_events(sealed.events, 0, now_ns)
            count(script, sealed)


def recorded(event: Input, now_ns: int) -> tuple[str, NewRecord]:
    """An input's topic and its record."""
    instrument_id: str | None = getattr(event, "instrument_id", None)
    key = None if instrument_id is None else instrument_id.encode()
    source = getattr(event, "source", None) or getattr(event, "venue", "bench")
    headers = (("source", str(source).encode()),)
    value = codec.encode(event)
    return TOPIC_OF[type(event)], NewRecord(0, now_ns // NS_PER_MS, key, headers, value)


def count(script: Script, sealed: Sealed) -> None:
    script.events += len(sealed.events)
    for event in sealed.events:
        name = type(event).__name__
        script.children += name == "ChildRouted"
        script.fills += name == "FillBooked"
        script.parents += name == "ParentOpened"


def play(shape: Shape) -> Script:
    """The whole day but its close."""
    player = Player(shape)
    player.open()
    player.day()
    return player.script


def quotes(shape: Shape, total: int, per_round: int = 2_000) -> Script:
    """Nothing but quotes, in rounds as large as a worker's."""
    player = Player(shape)
    player.open()
    for first in range(0, total, per_round):
        now_ns = OPEN_NS + (first // per_round + 1) * 25 * NS_PER_MS
        player.round(
            now_ns,
            [
                quote(n % shape.instruments, LIT[n // shape.instruments % len(LIT)], n, now_ns)
                for n in range(first, min(total, first + per_round))
            ],
        )
    return player.script
