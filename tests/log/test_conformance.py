"""The contract of every log, tested through the port alone: the embedded log and a real Kafka.

A second handle on the same log acts as another process; where it matters it is one. The tests do
not know which log they have, so times are bounds and not measurements: a broker hands a shard over
in seconds.
"""

import itertools
import multiprocessing
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as for_all
from hypothesis import strategies as st
from log.archived import ArchivedLog
from log.claims import claimed_after_a_release
from log.topics_created import create

from engine.log import open_log
from engine.log.kafka import ends
from engine.log.port import (
    BEGINNING,
    JOURNAL,
    OUTPUT_TOPICS,
    CommitUnknownError,
    CorruptLogError,
    Lease,
    LeaseLostError,
    Leases,
    Log,
    NewRecord,
    NotEmptyError,
    Reader,
    Record,
    Start,
)
from infra.faults.broker import Broker
from infra.faults.memory_log import MemoryLog

PARTITIONS = 2
PATIENCE_S = 90.0  # No wait below takes longer unless something is broken.
NOON_MS = 1_514_912_400_000

_prefixes = itertools.count(time.time_ns())


class LogFactory:
    """Opens handles on one fresh log, and closes those that a test left open."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session_timeout_ms: int | None = None  # Of the handles opened next.
        self._opened: list[Log] = []

    def __call__(self) -> Log:
        log = self._open()
        self._opened.append(log)
        return log

    def _open(self) -> Log:
        return open_log(self.url, partitions=PARTITIONS, session_timeout_ms=self.session_timeout_ms)

    def close(self) -> None:
        for log in self._opened:
            log.close()


class MemoryFactory(LogFactory):
    """Handles of one process on the simulation's log."""

    def __init__(self) -> None:
        super().__init__("")
        self._broker = Broker(PARTITIONS, time.monotonic_ns)

    def _open(self) -> Log:
        return MemoryLog(self._broker)


class ArchivedFactory(LogFactory):
    """Handles that read the written records from an archive of them."""

    def _open(self) -> Log:
        return ArchivedLog(Path(self.url), PARTITIONS)


KAFKA = pytest.param("kafka", marks=pytest.mark.kafka)


@pytest.fixture(params=["embedded", KAFKA, "memory"])
def log_factory(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LogFactory]:
    yield from opened(request, tmp_path)


@pytest.fixture(params=["embedded", KAFKA, "memory", "archive"])
def read_log_factory(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LogFactory]:
    """Handles on a log, or on an archive of it, for tests that read after they have written."""
    yield from opened(request, tmp_path)


@pytest.fixture(params=["embedded", KAFKA])
def shared_log_factory(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LogFactory]:
    """Of a log that other threads and processes reach too."""
    yield from opened(request, tmp_path)


def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LogFactory]:
    if request.param == "memory":
        factory: LogFactory = MemoryFactory()
    elif request.param == "archive":
        factory = ArchivedFactory(str(tmp_path / "log.db"))
    elif request.param == "kafka":
        bootstrap, prefix = request.getfixturevalue("kafka_bootstrap"), f"test-{next(_prefixes)}"
        create(bootstrap, prefix, PARTITIONS)
        # A test reads what it has committed, however late the markers come.
        request.getfixturevalue("monkeypatch").setattr(ends, "SETTLE_MAX_S", PATIENCE_S)
        factory = LogFactory(f"kafka:{bootstrap}/{prefix}")
    else:
        factory = LogFactory(f"sqlite:{tmp_path / 'log.db'}")
    yield factory
    factory.close()


class Holder(NamedTuple):
    """A worker that holds one shard."""

    leases: Leases
    lease: Lease


def new(value: bytes, partition: int = 0, timestamp_ms: int = NOON_MS) -> NewRecord:
    return NewRecord(partition, timestamp_ms, b"AAPL", (("source", b"oms"),), value)


def batch(number: int) -> dict[str, list[NewRecord]]:
    """Three topics; the journal's record closes the batch."""
    seq = number * 2
    return {
        "slices": [new(b"%d" % seq)],
        "routes": [new(b"%d" % seq), new(b"%d" % (seq + 1))],
        JOURNAL: [new(b"%d" % number)],
    }


def until(condition: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline_s, "waited too long"
        time.sleep(0.001)


def drain(log: Log, reader: Reader) -> list[Record]:
    """Everything committed so far that the reader has not returned yet."""
    records: list[Record] = []
    deadline_s = time.monotonic() + PATIENCE_S
    while not reader.at_end():
        assert time.monotonic() < deadline_s, f"no end after {len(records)} records"
        found = reader.read(500)
        records += found
        if not found:
            log.wait(0.01)
    return records


def next_values(log: Log, reader: Reader, count: int) -> list[bytes]:
    """Exactly the next `count` values, as soon as they can be read."""
    found: list[bytes] = []
    deadline_s = time.monotonic() + PATIENCE_S
    while len(found) < count:
        assert time.monotonic() < deadline_s, f"{len(found)} of {count} records came"
        found += [record.value for record in reader.read(count - len(found))]
        if len(found) < count:
            log.wait(0.01)
    return found


def contents(log: Log, topic: str, partition: int = 0, start: Start = BEGINNING) -> list[Record]:
    reader = log.reader(topic, partition, start)
    records = drain(log, reader)
    reader.close()
    return records


def values(log: Log, topic: str, partition: int = 0) -> list[bytes]:
    return [record.value for record in contents(log, topic, partition)]


def everything(log: Log) -> dict[str, list[bytes]]:
    """All values of shard 0."""
    return {topic: found for topic in OUTPUT_TOPICS if (found := values(log, topic))}


def gain(leases: Leases, *others: Leases) -> Lease:
    """The next lease that is gained; the other workers go on polling meanwhile."""
    gained: list[Lease] = []

    def polled() -> bool:
        for other in others:
            other.poll(0.0)
        gained.extend(leases.poll(0.05).gained)
        return bool(gained)

    until(polled)
    assert len(gained) == 1
    return gained[0]


def hold(log: Log, owner: str = "a", shard: int = 0) -> Holder:
    leases = log.leases(owner, [shard])
    return Holder(leases, gain(leases))


def hold_released(factory: LogFactory, log: Log, owner: str) -> Holder:
    """Hold a shard that is free at once; on Kafka, once the broker has heard of the release."""
    if not factory.url.startswith("kafka:"):
        return hold(log, owner)
    leases = claimed_after_a_release(log, owner)
    return Holder(leases, gain(leases))


def test_records_keep_their_order_and_get_dense_positions(read_log_factory: LogFactory) -> None:
    log = read_log_factory()
    log.append("orders", [new(b"%d" % n) for n in range(10)])
    log.append("orders", [new(b"%d" % n) for n in range(10, 12)])
    records = contents(read_log_factory(), "orders")
    assert [record.value for record in records] == [b"%d" % n for n in range(12)]
    assert [record.position for record in records] == list(range(12))
    offsets = [record.offset for record in records]
    assert offsets == sorted(set(offsets))


def test_partitions_and_topics_do_not_mix(read_log_factory: LogFactory) -> None:
    log = read_log_factory()
    log.append("orders", [new(b"p1", partition=1), new(b"p0"), new(b"p1 too", partition=1)])
    log.append("controls", [new(b"halt")])
    assert log.partitions == PARTITIONS
    assert values(log, "orders") == [b"p0"]
    assert values(log, "orders", 1) == [b"p1", b"p1 too"]
    assert values(log, "controls") == [b"halt"]
    assert values(log, "venue-reports") == []


@pytest.mark.parametrize("key", [None, b"", b"AAPL", bytes(range(256))])
@pytest.mark.parametrize(
    "headers",
    [(), (("source", b"oms"), ("number", b"")), (("x", b"\0\xff" * 300), ("x", b"again"))],
)
def test_a_record_comes_back_as_it_was_written(
    read_log_factory: LogFactory, key: bytes | None, headers: tuple[tuple[str, bytes], ...]
) -> None:
    log = read_log_factory()
    written = [NewRecord(0, NOON_MS - n, key, headers, b"\0" * n) for n in range(3)]
    log.append("orders", written)
    read = [NewRecord(0, *record[2:]) for record in contents(log, "orders")]
    assert read == written


def test_a_commit_reaches_all_its_topics(read_log_factory: LogFactory) -> None:
    log, other = read_log_factory(), read_log_factory()
    writer = log.writer(hold(log).lease)
    assert everything(other) == {}
    writer.commit(batch(0))
    writer.commit(batch(1))
    assert everything(other) == {
        "slices": [b"0", b"2"],
        "routes": [b"0", b"1", b"2", b"3"],
        JOURNAL: [b"0", b"1"],
    }


def test_a_reader_beside_the_writer_sees_whole_batches_in_order(
    shared_log_factory: LogFactory,
) -> None:
    """A seal may be readable a moment before its events, which follow by themselves."""
    count = 30
    log = shared_log_factory()
    writer = log.writer(hold(log).lease)
    seen: list[tuple[bytes, list[bytes]]] = []

    def follow() -> None:
        with open_log(shared_log_factory.url, partitions=PARTITIONS) as other:
            seals, routes = other.reader(JOURNAL, 0), other.reader("routes", 0)
            for _ in range(count):
                (seal,) = next_values(other, seals, 1)
                seen.append((seal, next_values(other, routes, 2)))

    thread = threading.Thread(target=follow)
    thread.start()
    for number in range(count):
        writer.commit(batch(number))
    thread.join(PATIENCE_S)
    assert seen == [(b"%d" % n, [b"%d" % (2 * n), b"%d" % (2 * n + 1)]) for n in range(count)]


def test_offsets_jump_and_positions_do_not(read_log_factory: LogFactory) -> None:
    log = read_log_factory()
    writer = log.writer(hold(log).lease)
    for number in range(4):
        writer.commit(batch(number))
    records = contents(log, "routes")
    assert [record.position for record in records] == list(range(8))
    offsets = [record.offset for record in records]
    assert offsets == sorted(set(offsets))
    assert offsets[-1] >= 7 + 3  # Three commits came before the last record's.


def test_a_reader_resumes_anywhere(read_log_factory: LogFactory) -> None:
    log = read_log_factory()
    writer = log.writer(hold(log).lease)
    for number in range(3):
        writer.commit(batch(number))
    whole = contents(log, "routes")
    reader = log.reader("routes", 0)
    starts = [reader.next]
    for _ in whole:
        until(lambda: bool(reader.read(1)))
        starts.append(reader.next)
    for count, start in enumerate(starts):
        assert start.position == count
        assert contents(read_log_factory(), "routes", 0, start) == whole[count:]


def test_a_reader_at_the_end_goes_on_when_more_comes(log_factory: LogFactory) -> None:
    log, other = log_factory(), log_factory()
    writer = log.writer(hold(log).lease)
    reader = other.reader(JOURNAL, 0)
    assert reader.at_end()
    assert reader.read(10) == []
    for number in range(3):
        writer.commit(batch(number))
        until(lambda: not reader.at_end())
        assert [record.value for record in drain(other, reader)] == [b"%d" % number]
        assert reader.at_end()
        assert reader.next.position == number + 1


def test_several_readers_are_at_their_ends_when_the_last_of_them_is(
    log_factory: LogFactory,
) -> None:
    log, other = log_factory(), log_factory()
    readers = [other.reader("controls", 0), other.reader("reference", 0)]
    assert other.at_ends(readers)
    for reader, topic in zip(readers, ("controls", "reference"), strict=True):
        log.append(topic, [new(b"0")])
        assert not other.at_ends(readers)  # At once: a first answer may not be late.
        assert [record.value for record in drain(other, reader)] == [b"0"]
        assert other.at_ends(readers)


def test_a_start_beyond_the_end_is_refused(read_log_factory: LogFactory) -> None:
    log = read_log_factory()
    with pytest.raises(CorruptLogError, match="orders"):
        log.reader("orders", 0, Start(5, 5))
    log.append("orders", [new(b"one")])
    assert contents(log, "orders", 0, Start(1, 1)) == []
    with pytest.raises(CorruptLogError, match="orders"):
        log.reader("orders", 0, Start(1_000, 1_000))


def test_the_last_record_needs_no_full_read(read_log_factory: LogFactory) -> None:
    log = read_log_factory()
    assert log.last("orders", 0) is None
    assert log.last(JOURNAL, 0) is None
    log.append("orders", [new(b"first"), new(b"second", timestamp_ms=NOON_MS + 1)])
    writer = log.writer(hold(log).lease)
    for number in range(3):
        writer.commit(batch(number))
    for topic, value in (("orders", b"second"), (JOURNAL, b"2")):
        last = read_log_factory().last(topic, 0)
        whole = contents(log, topic)
        assert last == whole[-1]._replace(position=-1)
        assert last.value == value
    assert log.last("orders", 1) is None


def test_what_lies_before_is_read_from_the_end_back(read_log_factory: LogFactory) -> None:
    log = read_log_factory()
    assert log.records_before(JOURNAL, 0, None, 5) == []
    writer = log.writer(hold(log).lease)
    for number in range(7):
        writer.commit(batch(number))

    whole = [record._replace(position=-1) for record in contents(log, JOURNAL)]
    found: list[Record] = []
    at = None
    while pieces := log.records_before(JOURNAL, 0, at, 3):
        found = [*pieces, *found]
        at = pieces[0].offset

    assert found == whole
    assert log.records_before(JOURNAL, 0, whole[2].offset, 1)[-1] == whole[1]
    assert log.records_before(JOURNAL, 0, whole[0].offset, 5) == []
    assert log.records_before(JOURNAL, 1, None, 5) == []


def test_the_first_records_of_a_log_are_one_transaction(log_factory: LogFactory) -> None:
    log = log_factory()
    first = {
        "controls": [new(b"c0"), new(b"c1")],
        "ingest": [NewRecord(n, NOON_MS, None, (), b"e%d" % n) for n in range(PARTITIONS)],
        JOURNAL: [NewRecord(n, NOON_MS, None, (), b"s%d" % n) for n in range(PARTITIONS)],
    }
    told: list[Mapping[str, int]] = []

    def make(ends: Mapping[str, int]) -> Mapping[str, Sequence[NewRecord]]:
        told.append(ends)
        return first

    log.initialize(make)
    with pytest.raises(NotEmptyError):
        log_factory().initialize(make)

    assert contents(log, "controls")[0].offset == told[0]["controls"]

    assert [record.value for record in contents(log, "controls")] == [b"c0", b"c1"]
    for number in range(PARTITIONS):
        assert [r.value for r in contents(log, "ingest", number)] == [b"e%d" % number]
        last = log.last(JOURNAL, number)
        assert last is not None
        assert last.value == b"s%d" % number
    log.append("controls", [new(b"c2")])
    writer = log.writer(hold(log).lease)
    writer.commit(batch(7))
    assert [r.position for r in contents(log, JOURNAL)] == [0, 1]
    assert contents(log, "controls")[-1].position == 2


def test_what_was_written_since_a_time_is_found(read_log_factory: LogFactory) -> None:
    log = read_log_factory()
    assert log.offset_since(JOURNAL, 0, 0) == 0
    writer = log.writer(hold(log).lease)
    for number in (0, 10, 10, 11, 20):
        records = [NewRecord(0, NOON_MS + number + n, None, (), b"") for n in (0, 0, 0)]
        writer.commit({JOURNAL: records})

    whole = contents(log, JOURNAL)
    for late_ms in range(-1, 23):
        at = log.offset_since(JOURNAL, 0, NOON_MS + late_ms)
        expected = [r for r in whole if r.timestamp_ms >= NOON_MS + late_ms]
        assert [r for r in whole if r.offset >= at] == expected
        assert contents(log, JOURNAL, 0, Start(at, len(whole) - len(expected))) == expected


def test_large_batches_are_whole(read_log_factory: LogFactory) -> None:
    log = read_log_factory()
    writer = log.writer(hold(log).lease)
    many = [new(b"%0400d" % n) for n in range(5_000)]  # 2 MB.
    wide = [new(bytes([n]) * 60_000) for n in range(40)]  # 2.4 MB.
    writer.commit({"slices": many, "fills": wide, JOURNAL: [new(b"0")]})
    log.append("market-data", many)
    other = read_log_factory()
    assert values(other, "slices") == [record.value for record in many]
    assert values(other, "fills") == [record.value for record in wide]
    assert values(other, JOURNAL) == [b"0"]
    assert values(other, "market-data") == [record.value for record in many]


def test_everything_is_there_after_a_restart(read_log_factory: LogFactory) -> None:
    log = read_log_factory()
    log.append("orders", [new(b"order")])
    holder = hold(log)
    log.writer(holder.lease).commit(batch(0))
    holder.leases.close()
    log.close()
    again = read_log_factory()
    holder_again = hold(again)
    assert holder_again.lease.epoch > holder.lease.epoch
    again.writer(holder_again.lease).commit(batch(1))
    again.append("orders", [new(b"another")])
    assert values(again, "orders") == [b"order", b"another"]
    records = contents(again, "routes")
    assert [record.value for record in records] == [b"0", b"1", b"2", b"3"]
    assert [record.position for record in records] == [0, 1, 2, 3]


def test_wait_returns_when_another_handle_writes(shared_log_factory: LogFactory) -> None:
    log, other = shared_log_factory(), shared_log_factory()
    reader = log.reader("orders", 0)
    assert reader.read(1) == []
    log.wait(0.0)

    def write_later() -> None:
        time.sleep(0.2)
        with open_log(shared_log_factory.url, partitions=PARTITIONS) as late:
            late.append("orders", [new(b"late")])

    del other
    thread = threading.Thread(target=write_later)
    began_s = time.monotonic()
    thread.start()
    records: list[Record] = []
    while not records and time.monotonic() - began_s < PATIENCE_S:
        log.wait(PATIENCE_S)
        records += reader.read(1)
    thread.join()
    assert [record.value for record in records] == [b"late"]
    assert time.monotonic() - began_s < PATIENCE_S / 2


def test_wait_ends_after_its_time(shared_log_factory: LogFactory) -> None:
    log = shared_log_factory()
    log.wait(0.0)
    began_s = time.monotonic()
    log.wait(0.05)
    assert time.monotonic() - began_s < 30  # Milliseconds taken for seconds would be 50 s.


def test_a_held_shard_is_refused_to_others(log_factory: LogFactory) -> None:
    log, other = log_factory(), log_factory()
    holder = hold(log, "a")
    with pytest.raises(LeaseLostError, match=r"shard 0.*\ba\b"):
        other.leases("b", [0]).poll(0.0)
    assert holder.leases.is_held(0)
    assert hold(other, "b", shard=1).lease.shard == 1


def test_a_lease_can_be_proved(log_factory: LogFactory) -> None:
    log = log_factory()
    holder = hold(log)
    assert holder.leases.is_held(0)
    assert not holder.leases.is_held(1)
    holder.leases.release(0)
    assert not holder.leases.is_held(0)


def test_a_released_shard_goes_to_another_worker_at_once(log_factory: LogFactory) -> None:
    log, other = log_factory(), log_factory()
    first = hold(log, "a")
    log.writer(first.lease).commit(batch(0))
    first.leases.release(0)
    second = hold_released(log_factory, other, "b")
    assert second.lease.epoch > first.lease.epoch
    assert second.leases.is_held(0)
    assert not first.leases.is_held(0)
    other.writer(second.lease).commit(batch(1))
    assert values(log, JOURNAL) == [b"0", b"1"]


def test_the_old_owner_can_commit_nothing_more(log_factory: LogFactory) -> None:
    log, other = log_factory(), log_factory()
    first = hold(log, "a")
    old_writer = log.writer(first.lease)
    old_writer.commit(batch(0))
    first.leases.release(0)
    second = hold_released(log_factory, other, "b")
    with pytest.raises(LeaseLostError):
        old_writer.commit(batch(1))
    new_writer = other.writer(second.lease)
    with pytest.raises(LeaseLostError):
        old_writer.commit(batch(2))
    with pytest.raises(LeaseLostError):
        log.writer(first.lease)
    new_writer.commit(batch(3))
    assert everything(other) == {
        "slices": [b"0", b"6"],
        "routes": [b"0", b"1", b"6", b"7"],
        JOURNAL: [b"0", b"3"],
    }
    assert [record.position for record in contents(other, "routes")] == [0, 1, 2, 3]


@pytest.mark.parametrize("was_committed", [True, False])
def test_an_unknown_outcome_is_settled_by_the_last_seal(
    log_factory: LogFactory, *, was_committed: bool
) -> None:
    """Committed or not: prove the lease, open a writer, read the journal's end."""
    log = log_factory()
    holder = hold(log)
    writer = log.writer(holder.lease)
    writer.commit(batch(0))
    if was_committed:
        writer.commit(batch(1))  # And its answer is lost.
    assert holder.leases.is_held(0)
    new_writer = log.writer(holder.lease)
    last = log.last(JOURNAL, 0)
    assert last is not None
    assert last.value == (b"1" if was_committed else b"0")
    if not was_committed:
        new_writer.commit(batch(1))
    new_writer.commit(batch(2))
    with pytest.raises((LeaseLostError, CommitUnknownError)):
        writer.commit(batch(1))  # The old process wakes up.
    assert everything(log_factory()) == {
        "slices": [b"0", b"2", b"4"],
        "routes": [b"0", b"1", b"2", b"3", b"4", b"5"],
        JOURNAL: [b"0", b"1", b"2"],
    }


def test_two_workers_share_the_shards(log_factory: LogFactory) -> None:
    log, other = log_factory(), log_factory()
    first = log.leases("a")
    held: dict[str, set[int]] = {"a": set(), "b": set()}

    def turn(owner: str, leases: Leases) -> None:
        change = leases.poll(0.02)
        held[owner].update(lease.shard for lease in change.gained)
        for shard in change.revoked:
            held[owner].discard(shard)
            leases.release(shard)
        assert not change.lost

    def first_has_all() -> bool:
        turn("a", first)
        return held["a"] == {0, 1}

    until(first_has_all)
    second = other.leases("b")

    def each_has_one() -> bool:
        turn("a", first)
        turn("b", second)
        return len(held["a"]) == len(held["b"]) == 1

    until(each_has_one)
    assert held["a"] | held["b"] == {0, 1}
    (mine,) = held["b"]
    assert second.is_held(mine)
    assert not first.is_held(mine)
    second.close()

    def first_has_all_again() -> bool:
        turn("a", first)
        return held["a"] == {0, 1}

    until(first_has_all_again)


def append_numbers(url: str, name: str, count: int) -> None:
    """The body of another process."""
    with open_log(url, partitions=PARTITIONS) as log:
        for n in range(0, count, 5):
            log.append("orders", [new(b"%s %d" % (name.encode(), m)) for m in range(n, n + 5)])


def test_two_processes_append_at_once(shared_log_factory: LogFactory) -> None:
    log = shared_log_factory()
    count = 200
    context = multiprocessing.get_context("spawn")
    processes = [
        context.Process(target=append_numbers, args=(shared_log_factory.url, name, count))
        for name in ("x", "y")
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(PATIENCE_S)
        assert process.exitcode == 0
    records = contents(log, "orders")
    assert [record.position for record in records] == list(range(2 * count))
    for name in (b"x", b"y"):
        mine = [record.value for record in records if record.value.startswith(name)]
        assert mine == [b"%s %d" % (name, n) for n in range(count)]


class Append(NamedTuple):
    topic: str
    records: list[NewRecord]


class Commit(NamedTuple):
    records: dict[str, list[NewRecord]]


header_names = st.text("abcxyz-", min_size=1, max_size=8)
new_records = st.builds(
    NewRecord,
    partition=st.just(0),
    timestamp_ms=st.integers(1, 1 << 41),
    key=st.none() | st.binary(max_size=20),
    headers=st.lists(st.tuples(header_names, st.binary(max_size=20)), max_size=3).map(tuple),
    value=st.binary(max_size=200),
)
batches = st.lists(new_records, max_size=4)
appends = st.builds(Append, st.sampled_from(["orders", "controls"]), batches)
commits = st.builds(Commit, st.dictionaries(st.sampled_from(["slices", "fills", JOURNAL]), batches))


class Model:
    """The naive twin: a list a topic."""

    def __init__(self) -> None:
        self.records: dict[str, list[NewRecord]] = {}
        self.starts: dict[str, Start] = {}

    def add(self, topic: str, records: Sequence[NewRecord]) -> None:
        self.records.setdefault(topic, []).extend(records)

    def check(self, log: Log) -> None:
        """The records since the last check are read exactly, from where it ended."""
        for topic, expected in self.records.items():
            start = self.starts.get(topic, BEGINNING)
            reader = log.reader(topic, 0, start)
            found = drain(log, reader)
            assert [NewRecord(0, *record[2:]) for record in found] == expected[start.position :]
            assert [record.position for record in found] == list(
                range(start.position, len(expected))
            )
            self.starts[topic] = reader.next
            reader.close()


def test_any_sequence_of_writes_reads_back_exactly(read_log_factory: LogFactory) -> None:
    """One log for all examples: a fresh one each would take a broker minutes."""
    log, other = read_log_factory(), read_log_factory()
    writer = log.writer(hold(log).lease)
    model = Model()

    @settings(
        max_examples=40,
        deadline=None,
        derandomize=True,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @for_all(st.lists(appends | commits, min_size=1, max_size=6))
    def write_and_read(steps: Sequence[Append | Commit]) -> None:
        for step in steps:
            if isinstance(step, Append):
                log.append(step.topic, step.records)
                model.add(step.topic, step.records)
            else:
                writer.commit(step.records)
                for topic, records in step.records.items():
                    model.add(topic, records)
        model.check(other)

    write_and_read()
