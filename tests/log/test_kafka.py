"""Kafka's own behaviour, against a real broker; the contract of all logs is in test_conformance."""

import itertools
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # They miss in its __all__.
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    NewTopic,
)
from log.claims import claimed_after_a_release
from log.topics_created import create

from engine.log.kafka import KafkaLog, ends
from engine.log.kafka import membership as kafka_membership
from engine.log.kafka import stall as kafka_stall
from engine.log.kafka import topics as kafka_topics
from engine.log.kafka.client import Cluster
from engine.log.kafka.reader import QUEUE_MAX_RECORDS, KafkaReader
from engine.log.port import (
    JOURNAL,
    CommitUnknownError,
    CorruptLogError,
    EngineError,
    Lease,
    LeaseLostError,
    Leases,
    LogUnavailableError,
    NewRecord,
    NotEmptyError,
    Reader,
    Record,
    Start,
)

pytestmark = pytest.mark.kafka

ROOT = Path(__file__).parents[2]
PARTITIONS = 2
SESSION_MS = 15_000  # A writer's transactions have a second less; a broker allows no more.
SHORT_SESSION_MS = 3_000  # Of a worker whose session has to run out.
DEFAULT_SESSION_S = 45.0  # Of a client that is told none (librdkafka 2.16).
ENDLESS_SESSION_MS = 120_000  # Beyond all patience: what comes did not wait for its end.
PATIENCE_S = 90.0
NOON_MS = 1_514_912_400_000
PIECE_RECORDS = 5_000  # A slow broker acknowledges so many in one call's time.

_prefixes = itertools.count(time.time_ns())


@pytest.fixture(autouse=True)
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test reads what it has committed, however late the markers come."""
    monkeypatch.setattr(ends, "SETTLE_MAX_S", PATIENCE_S)


@pytest.fixture
def prefix(kafka_bootstrap: str) -> str:
    name = f"kafka-{next(_prefixes)}"
    create(kafka_bootstrap, name, PARTITIONS)
    return name


@pytest.fixture
def opened(kafka_bootstrap: str, prefix: str) -> Iterator[Callable[..., KafkaLog]]:
    """Opens handles on one log, with a session of any length; each acts as a process."""
    logs: list[KafkaLog] = []

    def new_log(session_ms: int = SESSION_MS) -> KafkaLog:
        logs.append(KafkaLog(kafka_bootstrap, prefix, PARTITIONS, session_ms))
        return logs[-1]

    yield new_log
    for log in logs:
        log.close()


@pytest.fixture
def log(opened: Callable[[], KafkaLog]) -> KafkaLog:
    return opened()


def new(value: bytes, partition: int = 0) -> NewRecord:
    return NewRecord(partition, NOON_MS, b"AAPL", (), value)


def seal(value: bytes) -> dict[str, list[NewRecord]]:
    return {"slices": [new(value)], JOURNAL: [new(value)]}


def append(log: KafkaLog, topic: str, records: Sequence[NewRecord]) -> None:
    for at in range(0, len(records), PIECE_RECORDS):
        log.append(topic, records[at : at + PIECE_RECORDS])


def stranger(bootstrap: str, transactional_id: str) -> Producer:
    """A producer of another program, inside an open transaction."""
    producer = Producer(
        {
            "bootstrap.servers": bootstrap,
            "transactional.id": transactional_id,
            "transaction.timeout.ms": 15_000,  # A broker allows no more.
            "retry.backoff.ms": 1,
            "log_level": 0,
        }
    )
    producer.init_transactions(PATIENCE_S)
    producer.begin_transaction()
    return producer


def until(condition: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline_s, "waited too long"
        time.sleep(0.01)


def drained(log: KafkaLog, reader: Reader) -> list[Record]:
    records: list[Record] = []
    deadline_s = time.monotonic() + PATIENCE_S
    while not reader.at_end():
        assert time.monotonic() < deadline_s, f"no end after {len(records)} records"
        records += reader.read(1_000)
        log.wait(0.01)
    return records


def values(log: KafkaLog, topic: str) -> list[bytes]:
    reader = log.reader(topic, 0)
    found = [record.value for record in drained(log, reader)]
    reader.close()
    return found


def gained(leases: Leases, count: int) -> list[Lease]:
    found: list[Lease] = []
    deadline_s = time.monotonic() + PATIENCE_S
    while len(found) < count:
        assert time.monotonic() < deadline_s, f"{len(found)} of {count} shards came"
        found += leases.poll(0.1).gained
    return found


def hold(log: KafkaLog, owner: str = "a") -> Lease:
    return gained(log.leases(owner, [0]), 1)[0]


def test_a_second_producer_with_the_same_id_fences_the_first(
    log: KafkaLog, kafka_bootstrap: str, prefix: str
) -> None:
    """The lease is still held, so the first must not raise LeaseLostError."""
    lease = hold(log)
    writer = log.writer(lease)
    writer.commit(seal(b"0"))
    stranger(kafka_bootstrap, f"{prefix}.0").abort_transaction(PATIENCE_S)
    with pytest.raises(CommitUnknownError, match="open a new writer"):
        writer.commit(seal(b"1"))
    with pytest.raises(CommitUnknownError):
        writer.commit(seal(b"1"))  # It is not gained again by itself.
    again = log.writer(lease)
    last = log.last(JOURNAL, 0)
    assert last is not None
    assert last.value == b"0"
    again.commit(seal(b"1"))
    assert values(log, JOURNAL) == [b"0", b"1"]


def test_a_fenced_writer_without_its_lease_has_lost_it(
    opened: Callable[[], KafkaLog], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process with the same owner name has started elsewhere: the old one is fenced for good."""
    # It lives, and is no ghost: a proof that is asked meanwhile is answered when that is decided.
    monkeypatch.setattr(kafka_membership, "GHOST_SESSIONS", 0.2)
    old, young = opened(), opened()
    leases = old.leases("a", [0])
    writer = old.writer(gained(leases, 1)[0])
    writer.commit(seal(b"0"))
    lease = gained(young.leases("a", [0]), 1)[0]
    new_writer = young.writer(lease)
    with pytest.raises(LeaseLostError):
        writer.commit(seal(b"lost"))
    assert not leases.is_held(0)
    new_writer.commit(seal(b"1"))
    assert values(young, JOURNAL) == [b"0", b"1"]


def test_what_a_dead_owner_left_open_is_gone_before_the_new_one_reads(
    log: KafkaLog, kafka_bootstrap: str, prefix: str
) -> None:
    lease = hold(log)
    dead = stranger(kafka_bootstrap, f"{prefix}.0")
    dead.produce(f"{prefix}.{JOURNAL}", b"never", partition=0)
    dead.flush(PATIENCE_S)
    log.writer(lease)
    assert log.last(JOURNAL, 0) is None
    assert values(log, JOURNAL) == []


def test_a_record_too_large_is_refused_and_the_writer_goes_on(log: KafkaLog) -> None:
    writer = log.writer(hold(log))
    huge = new(bytes(9 * 1024 * 1024))
    with pytest.raises(LogUnavailableError, match="nothing was written"):
        writer.commit({"slices": [new(b"before")], "routes": [huge]})
    writer.commit(seal(b"0"))
    assert values(log, "slices") == [b"0"]
    with pytest.raises(ValueError, match="exceeds the limit"):
        log.append("orders", [new(b"before"), huge])
    assert values(log, "orders") == []


def test_a_proof_in_the_middle_of_a_rebalance_waits_and_holds(
    opened: Callable[[], KafkaLog],
) -> None:
    """The group answers ILLEGAL_GENERATION or REBALANCE_IN_PROGRESS to the owner too."""
    first_log, second_log = opened(), opened()
    first = first_log.leases("a")
    kept = {lease.shard for lease in gained(first, 2)}
    second = second_log.leases("b")
    won: set[int] = set()
    deadline_s = time.monotonic() + PATIENCE_S
    while not won:
        assert time.monotonic() < deadline_s
        for shard in first.poll(0).revoked:
            assert first.is_held(shard)  # Until it is released, it is ours.
            first.release(shard)
            kept.discard(shard)
            assert not first.is_held(shard)
        assert all(first.is_held(shard) for shard in kept)
        won.update(lease.shard for lease in second.poll(0).gained)
    assert kept | won == {0, 1}
    assert len(kept) == 1


def test_an_explicit_claim_and_competing_workers_exclude_each_other(
    opened: Callable[[], KafkaLog],
) -> None:
    log, other = opened(), opened()
    claim = log.leases("a", [0])
    competing = other.leases("b")
    assert [lease.shard for lease in gained(competing, 1)] == [1]
    assert competing.poll(0.5).gained == ()  # Shard 0 waits for the claim's end.
    with pytest.raises(LeaseLostError, match="compete for all shards"):
        opened().leases("c", [1])
    claim.close()
    assert [lease.shard for lease in gained(competing, 1)] == [0]


def test_the_end_is_the_last_stable_offset(
    log: KafkaLog, kafka_bootstrap: str, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another program's open transaction hides the records after it, and is not the log's end."""
    writer = log.writer(hold(log))
    writer.commit(seal(b"0"))
    foreign = stranger(kafka_bootstrap, f"{prefix}.stranger")
    foreign.produce(f"{prefix}.slices", b"open", partition=0)
    foreign.flush(PATIENCE_S)
    writer.commit(seal(b"1"))
    reader = log.reader("slices", 0)
    with monkeypatch.context() as impatient:
        impatient.setattr(ends, "SETTLE_MAX_S", 0.05)  # The foreign transaction lives for seconds.
        assert [record.value for record in drained(log, reader)] == [b"0"]
        last = log.last("slices", 0)
        assert last is not None
        assert last.value == b"0"
    foreign.abort_transaction(PATIENCE_S)
    (record,) = drained(log, reader)
    assert (record.value, record.position) == (b"1", 1)


def abort(bootstrap: str, prefix: str, times: int) -> None:
    producer = stranger(bootstrap, f"{prefix}.aborter")
    for time_left in reversed(range(times)):
        producer.produce(f"{prefix}.{JOURNAL}", b"aborted", partition=0)
        producer.flush(PATIENCE_S)
        producer.abort_transaction(PATIENCE_S)
        if time_left:
            producer.begin_transaction()


def test_the_last_record_is_found_below_forty_aborted_batches(
    log: KafkaLog, kafka_bootstrap: str, prefix: str
) -> None:
    log.writer(hold(log)).commit(seal(b"0"))
    abort(kafka_bootstrap, prefix, 40)
    last = log.last(JOURNAL, 0)
    assert last is not None
    assert (last.value, last.position) == (b"0", -1)
    assert log.last("fills", 0) is None


def test_a_log_whose_tail_was_aborted_has_an_end(
    log: KafkaLog, kafka_bootstrap: str, prefix: str
) -> None:
    log.writer(hold(log)).commit(seal(b"0"))
    reader = log.reader(JOURNAL, 0)
    assert len(drained(log, reader)) == 1
    abort(kafka_bootstrap, prefix, 3)
    assert drained(log, reader) == []
    assert reader.next.position == 1
    again = log.reader(JOURNAL, 0, reader.next)
    assert drained(log, again) == []


def test_where_only_aborted_records_lie_every_time_is_at_the_end(
    log: KafkaLog, kafka_bootstrap: str, prefix: str
) -> None:
    abort(kafka_bootstrap, prefix, 3)
    end = log.offset_since(JOURNAL, 0, NOON_MS)
    assert end == 6  # A record and its marker each.
    log.writer(hold(log)).commit(seal(b"0"))
    (record,) = drained(log, log.reader(JOURNAL, 0, Start(end, 0)))
    assert (record.value, record.offset) == (b"0", end)
    abort(kafka_bootstrap, prefix, 1)
    assert log.offset_since(JOURNAL, 0, NOON_MS) == end
    assert log.offset_since(JOURNAL, 0, NOON_MS + 1) == end + 4


def test_the_first_records_lie_where_their_writer_was_told_after_an_attempt_that_died(
    log: KafkaLog, kafka_bootstrap: str, prefix: str
) -> None:
    """Its transaction is open when the next attempt starts, which ends it by a marker."""
    dead = stranger(kafka_bootstrap, f"{prefix}.opening")
    for topic in ("controls", JOURNAL):
        dead.produce(f"{prefix}.{topic}", b"never", partition=0)
    dead.flush(PATIENCE_S)
    told: list[Mapping[str, int]] = []

    def make(ends: Mapping[str, int]) -> Mapping[str, Sequence[NewRecord]]:
        told.append(ends)
        if len(told) == 1:
            raise LookupError
        return {"controls": [new(b"c0"), new(b"c1")], JOURNAL: [new(b"0")]}

    with pytest.raises(LookupError):
        log.initialize(make)
    log.initialize(make)

    assert told[1] == {"controls": 2, "reference": 0}
    reader = log.reader("controls", 0)
    found = drained(log, reader)
    assert [(record.offset, record.value) for record in found] == [(2, b"c0"), (3, b"c1")]
    with pytest.raises(NotEmptyError):
        log.initialize(make)
    assert len(told) == 2


def test_readers_of_one_partition_do_not_hold_each_other_back(log: KafkaLog) -> None:
    """One sleeps, one reads, one starts in the middle; there is one consumer for all three."""
    count = 3 * QUEUE_MAX_RECORDS
    append(log, "controls", [new(b"%d" % n) for n in range(count)])
    sleeper, quick = log.reader("controls", 0), log.reader("controls", 0)
    expected = [b"%d" % n for n in range(count)]
    assert [record.value for record in drained(log, quick)] == expected
    middle = log.reader("controls", 0, sleeper.next)
    assert len(drained(log, middle)) == count
    assert [record.value for record in drained(log, sleeper)] == expected
    log.append("controls", [new(b"last")])
    for reader in (quick, sleeper, middle):
        (record,) = drained(log, reader)
        assert (record.value, record.position) == (b"last", count)


def test_a_reader_that_is_not_read_is_bounded(log: KafkaLog) -> None:
    append(log, "orders", [new(b"%d" % n, n % 2) for n in range(8 * QUEUE_MAX_RECORDS)])
    idle, busy = log.reader("orders", 1), log.reader("orders", 0)
    assert len(drained(log, busy)) == 4 * QUEUE_MAX_RECORDS
    assert len(idle.queue) < 2 * QUEUE_MAX_RECORDS
    assert len(drained(log, idle)) == 4 * QUEUE_MAX_RECORDS


def paused(log: KafkaLog, topic: str) -> KafkaReader:
    """A reader of a paused partition: its queue is full."""
    reader = log.reader(topic, 0)
    until(lambda: bool(reader.read(1)))
    until(lambda: has_filled(log, reader))
    return reader


def has_filled(log: KafkaLog, reader: KafkaReader) -> bool:
    log.wait(0.01)
    return len(reader.queue) >= QUEUE_MAX_RECORDS


def test_a_reader_after_one_that_was_closed_while_full_reads_to_the_end(
    log: KafkaLog,
) -> None:
    """As a shard's recovery does: it reads `orders` a little way, and most is fetched ahead."""
    count = 3 * QUEUE_MAX_RECORDS
    append(log, "orders", [new(b"%d" % n) for n in range(count)])
    first = paused(log, "orders")
    resumed = first.next
    first.close()
    records = drained(log, log.reader("orders", 0, resumed))
    assert [record.value for record in records] == [b"%d" % n for n in range(1, count)]


def test_who_comes_earlier_beside_a_full_reader_reads_to_the_end(log: KafkaLog) -> None:
    count = 3 * QUEUE_MAX_RECORDS
    append(log, "controls", [new(b"%d" % n) for n in range(count)])
    full = paused(log, "controls")
    expected = [b"%d" % n for n in range(count)]
    assert [record.value for record in drained(log, log.reader("controls", 0))] == expected
    assert [record.value for record in drained(log, full)] == expected[1:]


def stop_fetching(log: KafkaLog, topic: str) -> None:
    """Stop partition 0 behind the feed's back, as a defect of the client would."""
    feed = log._feeds[topic]  # noqa: SLF001  The port has no way to break a client.
    feed._consumer.pause([TopicPartition(feed._name, 0)])  # noqa: SLF001


def read_until(log: KafkaLog, reader: Reader, count: int) -> list[bytes]:
    """So many records, by `read` alone, without `at_end`."""
    found: list[bytes] = []
    deadline_s = time.monotonic() + PATIENCE_S
    while len(found) < count:
        assert time.monotonic() < deadline_s, f"{len(found)} of {count} records came"
        found += [record.value for record in reader.read(1_000)]
        log.wait(0.01)
    return found


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask the broker about a silence at once, also where the client has signalled the end."""
    monkeypatch.setattr(kafka_stall, "STALL_S", 0.2)
    monkeypatch.setattr(kafka_stall, "STALL_MAX_S", 0.2)


@pytest.mark.usefixtures("impatient")
def test_a_reader_whose_client_has_stopped_says_so_and_reads_on(
    log: KafkaLog, caplog: pytest.LogCaptureFixture, prefix: str
) -> None:
    log.append("orders", [new(b"%d" % n) for n in range(100)])
    reader = log.reader("orders", 0)
    stop_fetching(log, "orders")
    until(lambda: not reader.read(1) and "fetched anew" in caplog.text)
    said = rf"{prefix}\.orders partition 0: nothing came from offset 0 on for \d+\.\d s"
    assert re.search(said, caplog.text)
    assert "stable to offset 100" in caplog.text
    began_s = time.monotonic()
    log.wait(PATIENCE_S)  # A record that comes then ends the wait.
    assert time.monotonic() - began_s < PATIENCE_S / 2
    assert read_until(log, reader, 100) == [b"%d" % n for n in range(100)]


@pytest.mark.usefixtures("impatient")
def test_a_client_that_stops_at_the_end_is_found_when_more_is_there(
    log: KafkaLog, caplog: pytest.LogCaptureFixture
) -> None:
    log.append("orders", [new(b"0")])
    reader = log.reader("orders", 0)
    assert read_until(log, reader, 1) == [b"0"]
    stop_fetching(log, "orders")
    log.append("orders", [new(b"1")])
    assert read_until(log, reader, 1) == [b"1"]
    assert "nothing came from offset 1 on" in caplog.text


def test_who_asks_for_the_end_finds_a_client_that_stopped_there_soon(
    log: KafkaLog, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka_stall, "STALL_S", 0.2)
    monkeypatch.setattr(kafka_stall, "STALL_MAX_S", 10 * PATIENCE_S)
    log.append("orders", [new(b"0")])
    reader = log.reader("orders", 0)
    assert len(drained(log, reader)) == 1
    stop_fetching(log, "orders")
    log.append("orders", [new(b"1")])
    (record,) = drained(log, reader)
    assert record.value == b"1"
    assert "nothing came from offset 1 on" in caplog.text


@pytest.mark.usefixtures("impatient")
def test_what_is_fetched_anew_comes_to_every_reader_once(log: KafkaLog) -> None:
    """One reader is in the middle of the records that the other has read."""
    count = 2 * QUEUE_MAX_RECORDS
    expected = [b"%d" % n for n in range(count)]
    append(log, "controls", [new(value) for value in expected])
    early = log.reader("controls", 0)
    assert [record.value for record in drained(log, early)] == expected
    late = log.reader("controls", 0)
    stop_fetching(log, "controls")
    log.append("controls", [new(b"last")])
    assert read_until(log, early, 1) == [b"last"]
    assert read_until(log, late, count + 1) == [*expected, b"last"]


@pytest.mark.usefixtures("impatient")
def test_a_reader_that_has_all_there_is_stays_quiet(
    log: KafkaLog, kafka_bootstrap: str, prefix: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A record in an open transaction cannot be read yet."""
    log.writer(hold(log)).commit(seal(b"0"))
    foreign = stranger(kafka_bootstrap, f"{prefix}.stranger")
    foreign.produce(f"{prefix}.slices", b"open", partition=0)
    foreign.flush(PATIENCE_S)
    readers = [log.reader("slices", number) for number in range(PARTITIONS)]
    assert read_until(log, readers[0], 1) == [b"0"]
    until(lambda: not readers[0].read(1) and readers[0].accepted == 2)  # Behind the marker too.
    caplog.clear()  # A new client may take its time, and that is told.
    until_s = time.monotonic() + 2.0
    while time.monotonic() < until_s:
        assert not any(reader.read(1) for reader in readers)
        log.wait(0.01)
    assert "nothing came" not in caplog.text
    foreign.abort_transaction(PATIENCE_S)


def test_a_start_outside_the_log_is_refused(
    log: KafkaLog, kafka_bootstrap: str, prefix: str
) -> None:
    log.append("orders", [new(b"%d" % n) for n in range(10)])
    admin = AdminClient({"bootstrap.servers": kafka_bootstrap})
    cut = [TopicPartition(f"{prefix}.orders", 0, 5)]
    for answer in admin.delete_records(cut).values():
        answer.result(PATIENCE_S)
    with pytest.raises(CorruptLogError, match="offsets 5 to 10"):
        log.reader("orders", 0)


def test_a_missing_broker_is_named_within_bounded_time() -> None:
    began_s = time.monotonic()
    with pytest.raises(LogUnavailableError, match=r"127\.0\.0\.1:1 .*make kafka"):
        KafkaLog("127.0.0.1:1")
    assert time.monotonic() - began_s < 45  # One request has ten seconds.


def test_missing_topics_say_how_to_create_them(kafka_bootstrap: str) -> None:
    with pytest.raises(EngineError, match="metaorder topics create"):
        KafkaLog(kafka_bootstrap, f"unused-{next(_prefixes)}")


def test_topics_that_the_brokers_never_know_are_named(
    kafka_bootstrap: str, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka_topics, "KNOWN_MAX_S", 0.5)
    cluster = Cluster(kafka_bootstrap, prefix)
    known = cluster.topic("orders")
    admin = kafka_topics.admin_of(cluster)
    kafka_topics.await_topics(cluster, admin, [known])
    unknown = f"{prefix}.unknown"
    with pytest.raises(LogUnavailableError, match=rf"1 of 2 yet, {unknown} first.*run it again"):
        kafka_topics.await_topics(cluster, admin, [known, unknown])


def test_topics_that_fit_have_no_problems(kafka_bootstrap: str, prefix: str) -> None:
    assert kafka_topics.check(kafka_bootstrap, prefix, PARTITIONS) == []
    assert kafka_topics.create(kafka_bootstrap, prefix, PARTITIONS) == []


def test_a_wrong_partition_count_stops_the_start(kafka_bootstrap: str, prefix: str) -> None:
    admin = AdminClient({"bootstrap.servers": kafka_bootstrap})
    for answer in admin.create_partitions([NewPartitions(f"{prefix}.controls", 3)]).values():
        answer.result(PATIENCE_S)
    until(lambda: kafka_topics.check(kafka_bootstrap, prefix, PARTITIONS) != [])
    (problem,) = kafka_topics.check(kafka_bootstrap, prefix, PARTITIONS)
    assert "controls has 3" in problem
    found = rf"{prefix}\.controls has 3 partition\(s\), expected 1"
    with pytest.raises(CorruptLogError, match=found):
        KafkaLog(kafka_bootstrap, prefix, PARTITIONS)


@pytest.mark.parametrize(
    ("topic", "setting", "value"),
    [
        ("orders", "retention.ms", "1000"),
        ("orders", "cleanup.policy", "compact"),
        ("identity", "retention.ms", "1000"),
    ],
)
def test_a_topic_that_forgets_stops_the_start(
    kafka_bootstrap: str, prefix: str, topic: str, setting: str, value: str
) -> None:
    admin = AdminClient({"bootstrap.servers": kafka_bootstrap})
    entry = ConfigEntry(setting, value, incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(
        ConfigResource.Type.TOPIC, f"{prefix}.{topic}", incremental_configs=[entry]
    )
    for answer in admin.incremental_alter_configs([resource]).values():
        answer.result(PATIENCE_S)
    until(lambda: kafka_topics.check(kafka_bootstrap, prefix, PARTITIONS) != [])
    with pytest.raises(CorruptLogError, match=rf"{topic} has {setting}={value}, expected"):
        KafkaLog(kafka_bootstrap, prefix, PARTITIONS)


def test_what_is_less_durable_than_wanted_is_a_problem(kafka_bootstrap: str) -> None:
    prefix = f"kafka-{next(_prefixes)}"
    admin = AdminClient({"bootstrap.servers": kafka_bootstrap})
    loose_config = {"unclean.leader.election.enable": "true", "min.insync.replicas": "1"}
    topics = [
        NewTopic(name, num_partitions=count, replication_factor=1, config=loose_config)
        for name, count in kafka_topics.layout(prefix, PARTITIONS).items()
        if not name.endswith(".dlq")
    ]
    for answer in admin.create_topics(topics).values():
        answer.result(PATIENCE_S)

    def found() -> str:
        return "\n".join(kafka_topics.check(kafka_bootstrap, prefix, PARTITIONS, replication=3))

    until(lambda: found().count("is missing") == 1)
    text = found()
    assert f"{prefix}.dlq is missing" in text
    assert f"{prefix}.journal has 1 replica(s), expected 3" in text
    assert f"{prefix}.journal has min.insync.replicas=1, expected at least 2" in text
    assert f"{prefix}.journal has unclean.leader.election.enable=true" in text


WORKER = """
import sys, time
from engine.log.kafka import KafkaLog
bootstrap, prefix, owner, session_ms = sys.argv[1:]
log = KafkaLog(bootstrap, prefix, 2, int(session_ms))
leases = log.leases(owner)
held = 0
while True:
    held += len(leases.poll(0.05).gained)
    if held == 2:
        print("held", flush=True)
        held = 3
    elif held == 3 and not leases.is_held(0):
        print("refused", flush=True)
        held = 4
"""


def started(bootstrap: str, prefix: str, session_ms: int) -> "subprocess.Popen[str]":
    """The process of worker `slot-1`; returns when it holds both shards."""
    worker = subprocess.Popen(  # noqa: S603 (our own text)
        [sys.executable, "-c", WORKER, bootstrap, prefix, "slot-1", str(session_ms)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert worker.stdout is not None
    assert worker.stdout.readline() == "held\n"
    return worker


def killed(worker: "subprocess.Popen[str]") -> None:
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait(PATIENCE_S)
    assert worker.stdout is not None
    worker.stdout.close()


def test_a_killed_worker_that_comes_back_has_its_shards_at_once(
    kafka_bootstrap: str, prefix: str, opened: Callable[[int], KafkaLog]
) -> None:
    killed(started(kafka_bootstrap, prefix, ENDLESS_SESSION_MS))
    gained(opened(ENDLESS_SESSION_MS).leases("slot-1"), 2)


def test_a_killed_worker_is_replaced_after_its_session(
    kafka_bootstrap: str, prefix: str, log: KafkaLog
) -> None:
    worker = started(kafka_bootstrap, prefix, SHORT_SESSION_MS)
    began_s = time.monotonic()
    killed(worker)
    gained(log.leases("slot-2"), 2)
    assert time.monotonic() - began_s < DEFAULT_SESSION_S - 5, "it had another session's time"


def test_a_planned_stop_hands_over_at_once(opened: Callable[[int], KafkaLog]) -> None:
    old, young = opened(ENDLESS_SESSION_MS), opened(ENDLESS_SESSION_MS)
    leases = old.leases("slot-1")
    gained(leases, 2)
    leases.close()
    gained(young.leases("slot-2"), 2)


def test_a_claim_that_is_released_is_free_at_once(opened: Callable[[int], KafkaLog]) -> None:
    old, young = opened(ENDLESS_SESSION_MS), opened(ENDLESS_SESSION_MS)
    leases = old.leases("slot-1", [0])
    gained(leases, 1)
    leases.release(0)
    gained(claimed_after_a_release(young, "slot-2"), 1)


def test_a_stalled_worker_can_prove_nothing(
    kafka_bootstrap: str, prefix: str, log: KafkaLog
) -> None:
    """A process that is stopped past its session and wakes up has lost its shards."""
    worker = started(kafka_bootstrap, prefix, SHORT_SESSION_MS)
    try:
        os.kill(worker.pid, signal.SIGSTOP)
        lease = next(found for found in gained(log.leases("slot-2"), 2) if found.shard == 0)
        writer = log.writer(lease)
        os.kill(worker.pid, signal.SIGCONT)
        assert worker.stdout is not None
        assert worker.stdout.readline() == "refused\n"
        writer.commit(seal(b"0"))
        assert values(log, JOURNAL) == [b"0"]
    finally:
        killed(worker)
