"""Run a recorded day through the engine: one queue of (time, kind, n), and time is an input.

The driver owns the clock. It merges the recorded market, an order file, controls and the answers
of the simulated venues, cuts rounds by event time, appends each round's inputs to the log and
calls the same step that a worker calls. A batch is committed before its routes reach a venue, as
gateways read the log. Everything decides from the inputs and the seed, so the same run twice, on
whatever log, has the same chain.
"""

import heapq
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.core.events import (
    TOPIC_OF,
    ChildCancelRequested,
    ChildRouted,
    ChildStatusRequested,
    DayClosed,
    ExecutionReported,
    FillAllocated,
    FillBooked,
    FillBusted,
    FillCorrected,
    FillReallocated,
    Input,
    OrdersCrossed,
    OrderSubmitted,
    SessionStatusObserved,
    StageEvent,
    VenueStatusObserved,
)
from engine.core.partition import partition_of
from engine.core.units import NS_PER_MS
from engine.gateways.venues.reports import Due
from engine.log import codec
from engine.log.headers import sender_headers, sender_of
from engine.log.port import (
    INPUT_TOPICS,
    SHARED_TOPICS,
    EngineError,
    Lease,
    Log,
    NewRecord,
    Record,
    ShardWriter,
)
from engine.runtime import hash_chain
from engine.runtime.garbage_collection import collected_rarely
from engine.runtime.open_batch import Batch
from engine.runtime.recovery.finished_file import DiskStore
from engine.runtime.recovery.recovery import rebuilt
from engine.runtime.shard import Rules, Sealed, Shard
from engine.simulation.feed import BLOCK_INPUTS, Feed, MovedFeed, Played
from engine.simulation.script import OWNER, Script, Stood, TimedInput
from engine.simulation.venues.venues import Venues

CLAIM_WAIT_S = 30.0
LEASE_POLL_ROUNDS = 200  # Seals between two polls of the leases.
EVERY_PARTITION = -1  # Of an input for every shard.
SETTLE_NS = 60_000_000_000  # Venues answer for every open child within this after the close.

_log = logging.getLogger(__name__)


class SimulationError(EngineError):
    """A simulation can't start: its log is not empty, or its inputs make no day."""


class Tally(Counter[str]):
    """Figures of the run by name; counts and smallest increments."""


@dataclass(slots=True)
class _Running:
    """One shard of the simulation."""

    shard: Shard
    writer: ShardWriter
    lease: Lease
    unsealed: dict[str, list[Record]] = field(default_factory=dict)


class Simulation:
    """One day, from its open to its close."""

    def __init__(
        self,
        log: Log,
        rules: Rules,
        script: Script,
        *,
        seed: int,
        venues: Venues | None = None,
        on_sealed: Callable[[Sealed], None] | None = None,
    ) -> None:
        """`seed` is that of the venues' chance; default are the base venues without impact."""
        self._log = log
        self._rules = rules
        self._script = script
        self._venues = venues or Venues(seed)
        self._on_sealed = on_sealed
        self._reports: list[tuple[int, int, Any]] = []  # A heap of (due, n, event).
        self._report_count = 0
        self._positions: dict[tuple[str, int], int] = {}
        self._numbers: Counter[str] = Counter()
        self._running: list[_Running] = []
        self._seals_since_poll = 0
        self._last_ns = script.last_ns + SETTLE_NS
        self.tally = Tally()

    # ------------------------------------------------------------------------------ run

    def run(self, progress: Callable[[int, int], None] | None = None) -> bytes:
        """Play the day; returns the chain of the run.

        `progress` is called with (inputs played, inputs known). Raises SimulationError, and the
        errors of the log.
        """
        with collected_rarely():
            return self._run(progress)

    def _run(self, progress: Callable[[int, int], None] | None) -> bytes:
        self._refuse_used_log()
        leases = self._log.leases(OWNER)
        try:
            self._claim(leases)
            self._open_day()
            self._play(leases, progress)
            closing = DayClosed(day=self._script.day, set_ns=self._last_ns)
            self._observe(closing)
            played = self._write([TimedInput(self._last_ns, closing, OWNER)])
            self._round(self._last_ns, played, must_seal=True)
            while any(running.shard.state.is_closing for running in self._running):
                self._round(self._last_ns, ())
            for running in self._running:
                running.writer.close()
        finally:
            leases.close()
        return hash_chain.run_chain([running.shard.chain for running in self._running])

    def _refuse_used_log(self) -> None:
        for topic in INPUT_TOPICS:
            parts = 1 if topic in SHARED_TOPICS else self._log.partitions
            if any(self._log.last(topic, partition) is not None for partition in range(parts)):
                raise SimulationError(
                    f"the log already holds records of {topic}; a simulation needs an empty one. "
                    "Give another --out, --log or topic prefix."
                )

    def _claim(self, leases: Any) -> None:  # noqa: ANN401  The port's Leases.
        held: dict[int, Lease] = {}
        waited_s = 0.0
        while len(held) < self._log.partitions:
            change = leases.poll(0.05)
            held |= {lease.shard: lease for lease in change.gained}
            for number in (*change.lost, *change.revoked):
                held.pop(number, None)
            waited_s += 0.05
            if waited_s > CLAIM_WAIT_S:
                raise SimulationError(
                    f"only {len(held)} of {self._log.partitions} shards could be had; another "
                    "worker holds the others. Stop it or give another log."
                )
        for number in sorted(held):
            writer = self._log.writer(held[number])
            self._running.append(
                _Running(Shard(number, self._rules, DiskStore()), writer, held[number])
            )

    def _open_day(self) -> None:
        """Reference data, controls and the open, before anything else."""
        script = self._script
        for timed in script.before_open:
            self._observe(timed.event)
        self._round(script.before_ns, self._write(script.before_open))

    def _play(self, leases: Any, progress: Callable[[int, int], None] | None) -> None:  # noqa: ANN401
        """Round after round, each at the time of the earliest input, answer or due parent."""
        script = self._script
        impact, orders = self._venues.impact, Feed(self._write, script.orders)
        market = Feed(self._write, script.market, 1 if script.is_moved else BLOCK_INPUTS)
        if impact is not None:
            market = MovedFeed(self._write, script.market, impact)
        while True:
            now_ns = self._next_ns(market.next_ns, orders.next_ns)
            if now_ns is None:
                return
            found = market.take(now_ns)
            for played in found:
                self._observe(played.event)
            self._due(self._venues.advance(now_ns))
            found += self._reported(now_ns)
            found += orders.take(now_ns)
            self._round(now_ns, found)
            if self._seals_since_poll >= LEASE_POLL_ROUNDS:
                self._seals_since_poll = 0
                leases.poll(0)
            if progress is not None:
                progress(market.taken + orders.taken, len(script))

    def _reported(self, now_ns: int) -> list[Played]:
        """The venues' answers up to now, written to the log."""
        due: list[TimedInput] = []
        while self._reports and self._reports[0][0] <= now_ns:
            report = heapq.heappop(self._reports)[2]
            due.append(TimedInput(now_ns, report, report.venue))
        return self._write(due)

    def _next_ns(self, market_ns: int | None, order_ns: int | None) -> int | None:
        """The time of the earliest next round; None when there is none."""
        last_ns = self._last_ns
        dues = (running.shard.next_due_ns() for running in self._running)
        planned = (due for due in dues if due is not None and due <= last_ns)
        report_ns = self._reports[0][0] if self._reports else None
        times = (market_ns, order_ns, report_ns, self._venues.next_ns, *planned)
        return min((at for at in times if at is not None), default=None)

    def _observe(self, event: Input | None) -> None:
        if event is not None:
            self._due(self._venues.observe(event))

    def _due(self, dues: Iterable[Due]) -> None:
        for due in dues:
            self._report_count += 1
            heapq.heappush(self._reports, (due.due_ns, self._report_count, due.event))

    # ---------------------------------------------------------------------------- round

    def _round(self, now_ns: int, found: Sequence[Played], *, must_seal: bool = False) -> None:
        """Give each shard its inputs, and step those that have some or are due."""
        batches: list[dict[str, list[Record]]] = [{} for _ in self._running]
        for played in found:
            for part, record in zip(played.parts, played.records, strict=True):
                batches[part].setdefault(played.topic, []).append(record)
        for running, batch in zip(self._running, batches, strict=True):
            due_ns = None if batch or must_seal else running.shard.next_due_ns()
            if batch or must_seal or (due_ns is not None and due_ns <= now_ns):
                self._step(running, batch, now_ns, must_seal=must_seal)

    def _write(self, inputs: Sequence[TimedInput]) -> list[Played]:
        """Append inputs to the log, and return them as the log holds them.

        The log was empty and the driver is its only writer, so offset and position are counted.
        """
        waiting: dict[str, list[NewRecord]] = {}
        found = [self._played(timed, waiting) for timed in inputs]
        for topic, records in waiting.items():
            self._log.append(topic, records)
        return found

    def _played(self, timed: TimedInput, waiting: dict[str, list[NewRecord]]) -> Played:
        """One record, or one a shard where the input concerns all of them."""
        if timed.stood is None:
            stood = self._stated(timed)
        else:
            stood = timed.stood
            self._numbers[source_of(stood)] += 1
        self.tally[f"input:{type(timed.event).__name__}"] += 1
        every = range(len(self._running))
        is_shared = stood.topic in SHARED_TOPICS
        is_for_all = stood.partition == EVERY_PARTITION
        parts = every if is_for_all and not is_shared else (stood.partition,)
        records: list[Record] = []
        for part in (0,) if is_shared else parts:
            position = self._positions.get((stood.topic, part), 0)
            self._positions[stood.topic, part] = position + 1
            waiting.setdefault(stood.topic, []).append(NewRecord(part, *stood[2:]))
            records.append(Record(position, position, *stood[2:]))
        if is_shared:
            return Played(timed.event, stood.topic, every, records * len(every))
        return Played(timed.event, stood.topic, parts, records)

    def _stated(self, timed: TimedInput) -> Stood:
        """The record of an input that no log has held yet."""
        event, source = timed.event, timed.source
        assert event is not None, "only an input from a log may be unreadable"
        self._numbers[source] += 1
        headers = sender_headers(source, self._numbers[source])
        key = keyed(event)
        part = EVERY_PARTITION if key is None else partition_of(key, self._log.partitions)
        at_ms = timed.at_ns // NS_PER_MS
        return Stood(TOPIC_OF[type(event)], part, at_ms, key, headers, codec.encode(event))

    def _step(self, running: _Running, batch: Batch, now_ns: int, *, must_seal: bool) -> None:
        sealed = self._decided(running, batch, now_ns, must_seal=must_seal)
        if sealed is None:
            for topic, records in batch.items():
                running.unsealed.setdefault(topic, []).extend(records)
            return
        running.unsealed = {}
        running.writer.commit(sealed.records)
        self._seals_since_poll += 1
        self.tally["seals"] += 1
        for event in sealed.events:
            self._count(event)
            if isinstance(event, ChildRouted):
                child_id = f"{running.shard.number}-{event.seq}"
                self._due(self._venues.on_route(event, child_id, now_ns))
            elif isinstance(event, ChildCancelRequested):
                self._due(self._venues.on_cancel(event.child_id, now_ns))
            elif isinstance(event, ChildStatusRequested):
                self._due(self._venues.on_status_request(event.child_id, now_ns))
        if self._on_sealed is not None:
            self._on_sealed(sealed)

    def _decided(
        self, running: _Running, batch: Batch, now_ns: int, *, must_seal: bool
    ) -> Sealed | None:
        """Step as a worker does: an input that raises is rejected after a rebuild."""
        faulted: frozenset[str] = frozenset()
        inputs = batch
        while True:
            shard = running.shard
            try:
                return shard.step(inputs, now_ns, faulted=faulted, must_seal=must_seal)
            except EngineError:
                raise
            except Exception:
                if not shard.at or shard.at in faulted:
                    raise
                _log.exception("shard %s: %s raised; it is rejected", shard.number, shard.at)
                faulted |= {shard.at}
                inputs = {
                    topic: [*running.unsealed.get(topic, ()), *batch.get(topic, ())]
                    for topic in INPUT_TOPICS
                }
                running.unsealed = {}
                running.shard = rebuilt(self._log, shard.number, self._rules)

    # ---------------------------------------------------------------------------- tally

    def _count(self, event: StageEvent) -> None:
        tally = self.tally
        tally["events"] += 1
        tally[type(event).__name__] += 1
        if isinstance(event, OrdersCrossed):
            tally["crossed_qty"] += event.cross_qty
        elif isinstance(event, FillBooked):
            tally["filled_qty"] += event.last_qty
        elif isinstance(event, FillBusted):
            tally["filled_qty"] -= event.last_qty
        elif isinstance(event, FillCorrected):
            tally["filled_qty"] += event.last_qty - event.previous_qty
        elif isinstance(event, FillAllocated):
            tally["allocated_qty"] += event.last_qty - event.error_qty
        elif isinstance(event, FillReallocated):
            before = sum(share.share_qty for share in event.before)
            tally["allocated_qty"] += sum(share.share_qty for share in event.after) - before

    def summary(self) -> dict[str, int]:
        """The figures of the run; quantities in smallest increments."""
        tally = self.tally
        return {
            "orders": tally[f"input:{OrderSubmitted.__name__}"],
            "rejected": tally["OrderRejected"],
            "parents": tally["ParentOpened"],
            "crossed_qty": tally["crossed_qty"],
            "children": tally["ChildRouted"],
            "fills": tally["FillBooked"],
            "filled_qty": tally["filled_qty"],
            "allocated_qty": tally["allocated_qty"],
            "events": tally["events"],
            "reports": tally[f"input:{ExecutionReported.__name__}"],
            "seals": tally["seals"],
        }


def source_of(stood: Stood) -> str:
    """The sender of an input from a log; its numbers go on from there."""
    return sender_of(stood.headers).name


def keyed(event: Input) -> bytes | None:
    """The record's key: the instrument; None for what concerns every shard."""
    if isinstance(event, SessionStatusObserved | VenueStatusObserved):
        return None
    instrument_id = getattr(event, "instrument_id", None)
    return None if instrument_id is None else instrument_id.encode()
