"""Plays a scripted day through a shard without a log, with a venue that acknowledges and fills."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from engine.core.events import (
    TOPIC_OF,
    ChildRouted,
    ChildTimeInForce,
    DayClosed,
    ExecType,
    ExecutionReported,
    Input,
    Liquidity,
    StageEvent,
)
from engine.core.units import NS_PER_MS
from engine.log import codec
from engine.log.port import NewRecord, Record
from engine.runtime.recovery.finished_file import DiskStore
from engine.runtime.shard import Sealed, Shard
from infra.bench.world import (
    DAY,
    LIT,
    OPEN_NS,
    RULES,
    SECOND_NS,
    Shape,
    before_open,
    first_quotes,
    market,
    orders_of,
    quote,
)


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
        self.round(OPEN_NS - SECOND_NS, before_open(self.shape))
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
