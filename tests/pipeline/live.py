"""A live engine for the kill tests: worker processes, a desk that streams, a venue that answers."""

import queue
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from pipeline import desk, proof
from pipeline.workers import STOP_MAX_S, Workers, workers

from engine.core import events as e
from engine.core.events import ExecType, Input
from engine.log import codec, open_log
from engine.log.port import (
    INPUT_TOPICS,
    JOURNAL,
    SHARED_TOPICS,
    Log,
    LogUnavailableError,
    Reader,
    Record,
)
from engine.runtime.shard import Shard

T = TypeVar("T")

INSTRUMENTS = tuple(f"I{number:02}" for number in range(12))
AT_WORK = 0.7  # Of the kills wait until their victim is at work; the others hit it anywhere.
KILLS_MORE = 3  # At most so many times the kills that a test asks for.
# Only something broken takes longer than these, even where many tests share a core.
DRAIN_MAX_S = 300.0
OUTAGE_MAX_S = 300.0  # Senders and venues try again for so long.
PILED_AT_ONCE = 1_000
QUIET_S = 3.0  # Nothing new for so long: open orders have ended and all processes are up.


class Loop(threading.Thread):
    """A thread that runs beside the test, with a handle on the log of its own."""

    def __init__(self, url: str, partitions: int) -> None:
        super().__init__(daemon=True)
        self.failure: BaseException | None = None
        self._url = url
        self._partitions = partitions
        self._ends = threading.Event()

    def run(self) -> None:
        try:
            with opened(self._url, self._partitions) as log:
                self.work(log)
        except BaseException as error:  # noqa: BLE001  The test's thread raises it again.
            self.failure = error

    def work(self, log: Log) -> None:
        raise NotImplementedError

    def finish(self) -> None:
        self._ends.set()
        self.join(OUTAGE_MAX_S + STOP_MAX_S)
        if self.failure is not None:
            raise self.failure
        assert not self.is_alive(), f"the {type(self).__name__} does not end"


def answered(ask: Callable[[], T], max_s: float = OUTAGE_MAX_S) -> T:
    """What a call says; made again while the broker of a busy machine does not answer in time."""
    deadline_s = time.monotonic() + max_s
    while True:
        try:
            return ask()
        except LogUnavailableError:
            if time.monotonic() > deadline_s:
                raise
        time.sleep(0.1)


def opened(url: str, partitions: int) -> Log:
    return answered(lambda: open_log(url, partitions=partitions))


def read(reader: Reader) -> Sequence[Record]:
    """The records that can be read now; none while the log does not answer."""
    try:
        return reader.read(1_000)
    except LogUnavailableError:
        return ()


class Feeder(Loop):
    """Streams quotes, orders, cancels and now and then a control, until it is stopped."""

    def __init__(self, url: str, partitions: int, seed: int, rounds_per_s: int) -> None:
        super().__init__(url, partitions)
        self.is_feeding = threading.Event()
        self._chance = random.Random(seed)  # noqa: S311  No secret: a test repeats.
        self.rounds_per_s = rounds_per_s
        self._orders: list[tuple[str, str]] = []
        self._backlogs: queue.SimpleQueue[tuple[Sequence[str], int]] = queue.SimpleQueue()
        self._is_piled = threading.Event()

    @property
    def order_count(self) -> int:
        return len(self._orders)

    def work(self, log: Log) -> None:
        publisher = desk.Publisher(log, desk.OMS, OUTAGE_MAX_S)
        desk.open_day(publisher, INSTRUMENTS)
        self.is_feeding.set()
        while not self._ends.wait(1 / self.rounds_per_s):
            publisher.send(*self._round())
            while not self._backlogs.empty():
                for orders in self._pile(*self._backlogs.get()):
                    publisher.send(*orders)
                self._is_piled.set()

    def pile_up(self, instruments: Sequence[str], count: int) -> None:
        """Send so many orders at once, faster than they are decided; returns when they are sent."""
        self._is_piled.clear()
        self._backlogs.put((instruments, count))
        while not self._is_piled.wait(1):
            assert self.is_alive(), f"the stream ended: {self.failure!r}"

    def _pile(self, instruments: Sequence[str], count: int) -> Iterator[list[Input]]:
        for first in range(0, count, PILED_AT_ONCE):
            sent = range(first, min(count, first + PILED_AT_ONCE))
            yield [self._order(self._chance.choice(instruments)) for _ in sent]

    def _round(self) -> Iterator[Input]:
        chance, now_ns = self._chance, time.time_ns()
        for name in chance.sample(INSTRUMENTS, 3):
            yield desk.quote(name, chance.choice(desk.VENUES), now_ns, chance.randrange(-3, 4))
        for _ in range(chance.randrange(3)):
            yield self._order(chance.choice(INSTRUMENTS))
        if self._orders and chance.random() < 0.1:
            yield desk.cancel(*chance.choice(self._orders[-20:]))
        if chance.random() < 0.02:
            yield desk.mandate(chance.choice(desk.CLIENTS))

    def _order(self, instrument_id: str) -> Input:
        chance, cl_ord_id = self._chance, f"O{len(self._orders)}"
        self._orders.append((cl_ord_id, instrument_id))
        limits_px = (None, None, desk.MID_PX + chance.randrange(-4, 5) * desk.CENT_PX)
        return desk.order(
            cl_ord_id,
            instrument_id,
            side=chance.choice((e.Side.BUY, e.Side.SELL)),
            order_qty=chance.randrange(1, 600),
            client_id=chance.choice(desk.CLIENTS),
            limit_px=chance.choice(limits_px),
            end_ns=time.time_ns() + chance.randrange(2, 6) * desk.S,
        )


@dataclass(slots=True)
class Resting:
    """A child as its venue knows it."""

    terms: e.ChildRouted
    child_id: str
    cum_qty: int = 0
    reports: int = 0

    @property
    def leaves_qty(self) -> int:
        return self.terms.child_qty - self.cum_qty


class Venue(Loop):
    """Answers each routed child: fills it wholly, in part, or only cancels it."""

    def __init__(self, url: str, partitions: int) -> None:
        super().__init__(url, partitions)
        self.trades = 0
        self.answered_s = time.monotonic()
        self._children: dict[str, Resting] = {}

    def work(self, log: Log) -> None:
        publisher = desk.Publisher(log, "venues", OUTAGE_MAX_S)
        readers = [log.reader("routes", number) for number in range(log.partitions)]
        while not self._ends.is_set():
            answers: list[Input] = []
            for number, reader in enumerate(readers):
                answers += self._answers(number, reader)
            if answers:
                publisher.send(*answers)
                self.answered_s = time.monotonic()
            else:
                log.wait(0.02)

    def _answers(self, shard: int, reader: Reader) -> Iterator[Input]:
        for record in read(reader):
            event = codec.decode("routes", record.value)
            if isinstance(event, e.ChildRouted):
                yield from self._routed(Resting(event, f"{shard}-{event.seq}"))
            elif isinstance(event, e.ChildCancelRequested):
                yield self._cancelled(self._children[event.child_id])

    def _routed(self, child: Resting) -> Iterator[Input]:
        assert child.child_id not in self._children, "a child is sent once"
        self._children[child.child_id] = child
        now_ns = time.time_ns()
        if now_ns > child.terms.send_before_ns:  # The log did not answer.
            child.cum_qty = child.terms.child_qty
            yield e.NotSent(
                venue=child.terms.venue,
                instrument_id=child.terms.instrument_id,
                child_id=child.child_id,
                text="too late",
                received_ns=now_ns,
            )
            return
        yield e.SendStarted(
            venue=child.terms.venue,
            instrument_id=child.terms.instrument_id,
            child_id=child.child_id,
            started_ns=now_ns,
        )
        yield self._report(child, ExecType.NEW)
        kind = len(self._children) % 4
        if kind == 0:
            return  # It rests.
        while child.leaves_qty:
            yield self._report(child, ExecType.TRADE, max(1, child.leaves_qty // kind))
            if kind == 3:
                return

    def _cancelled(self, child: Resting) -> Input:
        if child.leaves_qty:
            report = self._report(child, ExecType.CANCELED)
            child.cum_qty = child.terms.child_qty
            return report
        return e.CancelRejected(
            venue=child.terms.venue,
            instrument_id=child.terms.instrument_id,
            child_id=child.child_id,
            text="too late: it has ended",
            received_ns=time.time_ns(),
        )

    def _report(self, child: Resting, kind: ExecType, last_qty: int = 0) -> e.ExecutionReported:
        child.cum_qty += last_qty
        child.reports += 1
        self.trades += kind is ExecType.TRADE
        now_ns = time.time_ns()
        return e.ExecutionReported(
            venue=child.terms.venue,
            instrument_id=child.terms.instrument_id,
            child_id=child.child_id,
            exec_id=f"{child.child_id}/{child.reports}",
            exec_type=kind,
            exec_ref_id=None,
            last_qty=last_qty,
            last_px=child.terms.limit_px if last_qty else 0,
            cum_qty=child.cum_qty,
            leaves_qty=0 if kind is ExecType.CANCELED else child.leaves_qty,
            liquidity=e.Liquidity.REMOVED,
            text="",
            session_day=desk.DAY,
            transact_ns=now_ns,
            received_ns=now_ns,
        )


@dataclass(slots=True)
class Engine:
    """The workers, the stream and the venue of a kill test."""

    url: str
    partitions: int
    workers: Workers
    feeder: Feeder
    venue: Venue

    def begin(self, owners: Sequence[str]) -> None:
        """Start all processes, and wait for the first batches."""
        for owner in owners:
            self.workers.start(owner)
        self.feeder.start()
        self.venue.start()
        assert self.feeder.is_feeding.wait(STOP_MAX_S)

    def await_reports(self) -> None:
        """Wait until every shard has an order and a venue's report."""
        with opened(self.url, self.partitions) as log:
            deadline_s = time.monotonic() + STOP_MAX_S
            while not answered(partial(self._is_reported, log), deadline_s - time.monotonic()):
                assert time.monotonic() < deadline_s, "a shard has no order or no report"
                time.sleep(0.1)

    def _is_reported(self, log: Log) -> bool:
        return all(
            log.last(topic, number) is not None
            for topic in ("orders", "venue-reports")
            for number in range(self.partitions)
        )

    def await_owners(self) -> None:
        """Wait until every shard has a worker at work, which from then on waits for its log."""
        for shard in range(self.partitions):
            self.workers.await_owner(shard)

    def drain(self, max_s: float = DRAIN_MAX_S, revived: Sequence[str] = ()) -> None:
        """End the stream, and wait until every input is sealed and no more come.

        Waits so long for what was sent until then, and so long again for the venue's last answers.
        `revived` are workers whose Kafka client may abort until then: see `Workers.revive`.
        """
        self.feeder.finish()
        finished_s = time.monotonic()

        def await_sealed(for_s: float) -> None:
            deadline_s = time.monotonic() + max_s
            while True:
                for owner in revived:
                    self.workers.revive(owner)
                missing = {shard.number: found for shard in progress if (found := shard.missing())}
                quiet_s = time.monotonic() - max(finished_s, self.venue.answered_s)
                if not missing and quiet_s > for_s:
                    return
                assert time.monotonic() < deadline_s, f"not taken: {missing}"
                time.sleep(0.05)

        with opened(self.url, self.partitions) as log:
            numbers = range(self.partitions)
            progress = answered(lambda: [Progress(log, number) for number in numbers])
            await_sealed(QUIET_S)
            self.venue.finish()
            await_sealed(0)  # It may have been held up in a call, with reports that no one saw.


class Progress:
    """How many of its inputs a shard has sealed."""

    def __init__(self, log: Log, number: int) -> None:
        self.number = number
        self._log = log
        self._inputs = {
            topic: log.reader(topic, 0 if topic in SHARED_TOPICS else number)
            for topic in INPUT_TOPICS
        }
        self._journal = log.reader(JOURNAL, number)
        self._taken = dict.fromkeys(INPUT_TOPICS, 0)

    def missing(self) -> dict[str, int]:
        """By topic, the number of inputs that are not sealed, as far as they can be read."""
        for reader in self._inputs.values():
            while read(reader):
                pass
        while records := read(self._journal):
            for record in records:
                for entry in codec.decode(JOURNAL, record.value).inputs:
                    self._taken[entry.topic] = entry.next_position
        counts = {topic: reader.next.position for topic, reader in self._inputs.items()}
        found = {
            topic: count - self._taken[topic]
            for topic, count in counts.items()
            if count > self._taken[topic]
        }
        return found if found or self._is_read() else {"any, not read yet": 1}

    def _is_read(self) -> bool:
        """Whether every input was read; unknown, so not yet, while the log does not answer."""
        try:
            return self._log.at_ends([*self._inputs.values()])
        except LogUnavailableError:
            return False


@contextmanager
def engine(
    url: str, partitions: int, folder: Path, *, seed: int, rounds_per_s: int
) -> Iterator[Engine]:
    """Two workers, a stream and a venue; they end with the context."""
    with workers(url, partitions, folder) as started, ExitStack() as loops:
        feeder = Feeder(url, partitions, seed, rounds_per_s)
        venue = Venue(url, partitions)
        for loop in (venue, feeder):  # The last one ends first.
            loops.callback(_end, loop)
        yield Engine(url, partitions, started, feeder, venue)


def _end(loop: Loop) -> None:
    if loop.is_alive():
        loop.finish()


def kill_at_random(
    live: Engine, owners: Sequence[str], kills: int, seed: int, pause_max_s: float
) -> None:
    """Kill one of the workers and start it again under its name, at so many seeded moments.

    Half of them hit a worker at work; where a machine starts workers slowly, more kills follow.
    """
    hits = made = 0
    chance = random.Random(seed)  # noqa: S311  No secret: a test repeats.
    live.begin(owners)
    time.sleep(2)
    while made < kills or (hits < kills // 2 and made < KILLS_MORE * kills):
        made += 1
        owner = chance.choice(owners)
        if chance.random() < AT_WORK:
            live.workers.await_work(owner)
        time.sleep(chance.uniform(0, pause_max_s))
        assert live.feeder.is_alive(), "the stream ended before the kills"
        hits += live.workers.kill(owner)
        live.workers.start(owner)
    assert hits >= kills // 2, f"only {hits} of {made} kills hit a worker at work"


def holds(shard: Shard) -> None:
    """The invariants of a shard's state."""
    state = shard.state
    parents = [*state.parents_of_day()]
    orders = {name: member.order for x in parents for name, member in x.members.items()}
    for order in (orders | state.orders).values():
        parts = (order.crossed_qty, order.allocated_qty, order.withdrawn_qty, order.open_qty)
        assert min(parts) >= 0, order
        assert sum(parts) == order.order_qty, order
    for parent in parents:
        members = list(parent.members.values())
        assert sum(member.crossed_qty for member in members) == parent.crossed_qty
        allocated_qty = sum(member.allocated_qty for member in members)
        assert allocated_qty + parent.error_qty == parent.filled_qty
        assert sum(member.open_qty for member in members if member.is_active) == parent.open_qty
        live = [child for child in parent.children.values() if child.is_live]
        assert sum(child.leaves_qty for child in live) == parent.exposure_qty
        assert parent.pool_qty >= 0, "open children and fills exceed the parent"
        assert not (parent.is_ended and live), "a child outlives its parent"
    fills = [fill.executions[0] for parent in parents for fill in parent.fills]
    assert len({*fills}) == len(fills), "a fill is booked twice"


def decided_once(partition: proof.Partition) -> Counter[str]:
    """Each order and each fill has exactly one answer, however often it was sent; their counts."""
    answers: Counter[tuple[str, str]] = Counter()
    for topic in ("ingest", "fills"):
        for record in partition.records[topic]:
            event = codec.decode(topic, record.value)
            is_resend = getattr(event, "reason", None) is e.RejectReason.DUPLICATE_ORDER
            answers["resend" if is_resend else type(event).__name__, event.cause] += 1
    orders: Counter[str] = Counter()
    fills: Counter[str] = Counter()
    for topic in ("orders", "venue-reports"):
        for record in partition.records[topic]:
            event, cause = codec.decode(topic, record.value), f"{topic}:{record.position}"
            if isinstance(event, e.OrderSubmitted):
                decided = answers["OrderAccepted", cause] + answers["OrderRejected", cause]
                orders[event.cl_ord_id] += decided
                assert decided + answers["resend", cause] == 1, f"{event.cl_ord_id} has no answer"
            elif isinstance(event, e.ExecutionReported) and event.exec_type is ExecType.TRADE:
                fills[event.exec_id] += answers["FillBooked", cause]
    for what in (orders, fills):
        wrong = {name: count for name, count in what.items() if count != 1}
        assert not wrong, f"decided never or more than once: {wrong}"
    return Counter(orders=len(orders), fills=len(fills))
