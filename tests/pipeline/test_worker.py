"""The worker on a log that fails: nothing is decided twice or lost, and no thread spins.

`Flaky` is the embedded log with failures drawn from a seed at every call that may fail, before and
after a commit took effect, which is what a real log does to its users.
"""

import gc
import random
import resource
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pipeline import desk, fresh_log, in_process, proof, short_day

from engine.core import events as e
from engine.log import codec, open_log
from engine.log.embedded import EmbeddedLog
from engine.log.port import (
    BEGINNING,
    SHARED_TOPICS,
    CommitUnknownError,
    Lease,
    LeaseChange,
    LeaseLostError,
    Leases,
    Log,
    LogUnavailableError,
    NewRecord,
    Reader,
    Record,
    ShardWriter,
    Start,
)
from engine.runtime import shard_task, worker
from engine.runtime.garbage_collection import set_heap_aside

PARTITIONS = 4
RULES = short_day.rules(PARTITIONS)
INSTRUMENTS = tuple(f"I{number:02}" for number in range(8))
ORDERS = 120  # At least; more until each kind of failure was drawn.
ORDERS_MAX = 3_000
DRAWN_MAX_S = 300.0  # Only something broken takes longer until each kind was drawn.
RARELY, OFTEN = 1, 15  # Percent of the calls that fail; what is called less fails more.


TRIED = {
    "commit refused",
    "commit unknown, not done",
    "commit unknown, done",
    "lease doubted",
    "is_held",
    "last",
    "writer",
    "read",
    "poll",
}


class Failures:
    """Decides which calls fail, and counts them."""

    def __init__(self, seed: int) -> None:
        self.counts: Counter[str] = Counter()
        self.is_on = threading.Event()
        self._chance = random.Random(seed)  # noqa: S311  No secret: a test repeats.

    def maybe(
        self, what: str, kind: type[Exception] = LogUnavailableError, percent: int = RARELY
    ) -> None:
        if self.is_on.is_set() and self._chance.randrange(100) < percent:
            self.counts[what] += 1
            raise kind(f"{what}: made to fail")


class FlakyReader:
    def __init__(self, reader: Reader, failures: Failures) -> None:
        self._reader = reader
        self._failures = failures

    @property
    def next(self) -> Start:
        return self._reader.next

    def read(self, max_records: int) -> Sequence[Record]:
        self._failures.maybe("read")
        return self._reader.read(max_records)

    def at_end(self) -> bool:
        self._failures.maybe("at_end")
        return self._reader.at_end()

    def close(self) -> None:
        self._reader.close()


class FlakyWriter:
    def __init__(self, writer: ShardWriter, failures: Failures) -> None:
        self._writer = writer
        self._failures = failures

    def commit(self, records: Mapping[str, Sequence[NewRecord]]) -> None:
        self._failures.maybe("commit refused", percent=OFTEN)
        self._failures.maybe("commit unknown, not done", CommitUnknownError, OFTEN)
        self._writer.commit(records)
        self._failures.maybe("commit unknown, done", CommitUnknownError, OFTEN)

    def close(self) -> None:
        self._writer.close()


class FlakyLeases:
    def __init__(self, leases: Leases, failures: Failures) -> None:
        self._leases = leases
        self._failures = failures

    def poll(self, timeout_s: float) -> LeaseChange:
        self._failures.maybe("poll")
        return self._leases.poll(timeout_s)

    def release(self, shard: int) -> None:
        self._failures.maybe("release")
        self._leases.release(shard)

    def is_held(self, shard: int) -> bool:
        self._failures.maybe("is_held", percent=OFTEN)
        return self._leases.is_held(shard)

    def close(self) -> None:
        self._leases.close()


class Flaky(EmbeddedLog):
    """An embedded log whose every answer may be a failure."""

    def __init__(self, path: Path, failures: Failures) -> None:
        super().__init__(path, PARTITIONS)
        self._failures = failures

    def reader(self, topic: str, partition: int, start: Start = BEGINNING) -> Any:  # noqa: ANN401
        self._failures.maybe("reader")
        return FlakyReader(super().reader(topic, partition, start), self._failures)

    def last(self, topic: str, partition: int) -> Record | None:
        self._failures.maybe("last", percent=OFTEN)
        return super().last(topic, partition)

    def wait(self, timeout_s: float) -> None:
        self._failures.maybe("wait")
        super().wait(timeout_s)

    def leases(self, owner: str, shards: Sequence[int] | None = None) -> Any:  # noqa: ANN401
        return FlakyLeases(super().leases(owner, shards), self._failures)

    def writer(self, lease: Lease) -> Any:  # noqa: ANN401
        self._failures.maybe("writer", percent=OFTEN)
        self._failures.maybe("lease doubted", LeaseLostError, OFTEN)
        return FlakyWriter(super().writer(lease), self._failures)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[tuple[Path, Log]]:
    path = tmp_path / "log.db"
    with open_log(f"sqlite:{path}", partitions=PARTITIONS) as log:
        yield path, log


def accepted(log: Log) -> list[str]:
    return [event.cl_ord_id for event in in_process.events(log, "ingest", e.OrderAccepted)]


def is_accepted(log: Log, cl_ord_id: str) -> bool:
    return cl_ord_id in accepted(log)


class Accepted:
    """The orders that are accepted, each read once."""

    def __init__(self, log: Log) -> None:
        self._readers = [log.reader("ingest", shard) for shard in range(log.partitions)]
        self._found: set[str] = set()

    def has(self, cl_ord_ids: Iterable[str]) -> bool:
        for reader in self._readers:
            while records := reader.read(1_000):
                events = [codec.decode("ingest", record.value) for record in records]
                self._found |= {x.cl_ord_id for x in events if isinstance(x, e.OrderAccepted)}
        return self._found.issuperset(cl_ord_ids)


def check(log: Log, *, is_all_taken: bool = True) -> None:
    for shard in range(PARTITIONS):
        partition = proof.partition_of(log, shard)
        proof.whole(partition, is_all_taken=is_all_taken)
        decided = proof.decides_the_same(partition, RULES)
        assert proof.same_state(proof.recovered(log, shard, RULES), decided)


@pytest.mark.parametrize("seed", range(3))
def test_a_log_that_fails_everywhere_costs_time_and_nothing_else(
    opened: tuple[Path, Log], seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shard_task, "RETRY_WAIT_S", 0.01)
    monkeypatch.setattr(worker, "RETRY_WAIT_S", 0.01)
    path, log = opened
    failures = Failures(seed)
    publisher = desk.Publisher(log, desk.OMS)
    desk.open_day(publisher, INSTRUMENTS)
    with in_process.worker(lambda: Flaky(path, failures)) as running:
        failures.is_on.set()
        sent: list[str] = []
        answers = Accepted(log)
        deadline_s = time.monotonic() + DRAWN_MAX_S
        while len(sent) < ORDERS or not failures.counts.keys() >= TRIED:
            number = len(sent)
            assert number < ORDERS_MAX, failures.counts
            assert time.monotonic() < deadline_s, failures.counts
            sent.append(f"O{number}")
            name = INSTRUMENTS[number % len(INSTRUMENTS)]
            publisher.send(desk.order(f"O{number}", name))
            if number % 3 == 0:
                in_process.until(partial(answers.has, [f"O{number}"]), "an order", running)
        in_process.until(partial(answers.has, sent), "all orders", running)
        failures.is_on.clear()
    assert sorted(accepted(log)) == sorted(sent)
    check(log, is_all_taken=False)


def test_workers_come_and_go_and_each_stop_hands_over(opened: tuple[Path, Log]) -> None:
    path, log = opened
    publisher = desk.Publisher(log, desk.OMS)
    desk.open_day(publisher, INSTRUMENTS)
    reopen = in_process.opener(f"sqlite:{path}", PARTITIONS)
    with in_process.worker(reopen, "stays") as running:
        for turn in range(4):
            with in_process.worker(reopen, f"guest-{turn}"):
                for number in range(10):
                    name = INSTRUMENTS[number % len(INSTRUMENTS)]
                    publisher.send(desk.order(f"O{turn}-{number}", name))
                in_process.until(partial(is_accepted, log, f"O{turn}-9"), "all", running)
        publisher.send(desk.order("LAST", INSTRUMENTS[0]))
        in_process.until(lambda: "LAST" in accepted(log), "the last order", running)
    check(log, is_all_taken=False)


def test_what_the_shards_recovered_is_no_longer_searched_for_cycles(
    opened: tuple[Path, Log],
) -> None:
    """`on_rebuilt` is called once, after the last of them."""
    _, log = opened
    desk.open_day(desk.Publisher(log, desk.OMS), INSTRUMENTS)
    frozen: list[int] = []

    def rebuilt() -> None:
        set_heap_aside()
        frozen.append(gc.get_freeze_count())
        running.stop()

    running = worker.Worker(log, RULES, "worker", on_rebuilt=rebuilt)
    try:
        running.run()
        assert len(frozen) == 1
        assert frozen[0] > 0
    finally:
        gc.unfreeze()


def cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_THREAD)
    return used.ru_utime + used.ru_stime


IDLE_S = 3.0  # At least; until so many waits were noted.
IDLE_WAITS = 10
IDLE_SHARE_MAX = 0.15  # Of a core; about 0.04 on a quiet machine.


@pytest.mark.parametrize("kind", fresh_log.EITHER)
@pytest.mark.parametrize("shards", [None, []], ids=["all shards", "no shard"])
def test_an_idle_worker_leaves_the_machine_alone(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    shards: list[int] | None,
) -> None:
    url = fresh_log.url(request, tmp_path, kind, PARTITIONS)
    noted_s: list[tuple[float, float]] = []  # Time, and CPU time of the worker, at each wait.

    def watched() -> Log:
        log = open_log(url, partitions=PARTITIONS)
        wait = log.wait

        def noted(timeout_s: float) -> None:
            noted_s.append((time.monotonic(), cpu_s()))
            wait(timeout_s)

        monkeypatch.setattr(log, "wait", noted)
        return log

    with open_log(url, partitions=PARTITIONS) as log:
        publisher = desk.Publisher(log, desk.OMS)
        desk.open_day(publisher, INSTRUMENTS)
        with in_process.worker(watched, "idle", shards) as running:
            for shard in range(PARTITIONS) if shards is None else ():
                in_process.until(partial(is_all_taken, log, publisher, shard), "the day", running)
            started = len(noted_s)
            time.sleep(IDLE_S)
            in_process.until(
                lambda: len(noted_s) > started + IDLE_WAITS, "a worker that waits", running
            )
            (began_s, used_before_s), (ended_s, used_s) = noted_s[started], noted_s[-1]
    assert used_s - used_before_s < IDLE_SHARE_MAX * (ended_s - began_s)


def is_all_taken(log: Log, publisher: desk.Publisher, shard: int) -> bool:
    return all(
        in_process.taken(log, topic, shard) == count
        for (topic, number), count in publisher.sent.items()
        if topic in SHARED_TOPICS or number == shard
    )
