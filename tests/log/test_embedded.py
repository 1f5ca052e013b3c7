"""The embedded log's own promises: kills, full disks, wrong files, leases of dead processes."""

import itertools
import multiprocessing
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

import apsw
import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from engine.core.units import NS_PER_S
from engine.log import LogUrlError, open_log
from engine.log.embedded import EmbeddedLog, file
from engine.log.embedded import leases as embedded_lease
from engine.log.embedded.file import Database, PartitionsError, pack_headers, unpack_headers
from engine.log.port import (
    JOURNAL,
    STAGE_TOPICS,
    CorruptLogError,
    Lease,
    LeaseChange,
    LeaseLostError,
    Leases,
    LogUnavailableError,
    NewRecord,
    Start,
)

PARTITIONS = 4
PATIENCE_S = 90.0
ENDLESS_MS = 600_000  # A lease that no test waits for.
APPENDS = 300
SPAWN = multiprocessing.get_context("spawn")


class Child(NamedTuple):
    """A worker in another process, and the numbers that it sends."""

    process: multiprocessing.context.SpawnProcess
    pipe: Connection

    def kill(self) -> None:
        self.process.kill()
        self.process.join(PATIENCE_S)

    def said(self) -> list[int]:
        """All numbers that it sent before it died."""
        numbers = []
        while self.pipe.poll():
            try:
                numbers.append(self.pipe.recv())
            except EOFError:
                break
        return numbers


StartChild = Callable[..., Child]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.db"


@pytest.fixture
def log(path: Path) -> Iterator[EmbeddedLog]:
    with EmbeddedLog(path, PARTITIONS) as opened:
        yield opened


@pytest.fixture
def other(path: Path, log: EmbeddedLog) -> Iterator[EmbeddedLog]:
    """A second handle, as another worker has one."""
    with EmbeddedLog(path, log.partitions) as opened:
        yield opened


@pytest.fixture
def start(path: Path) -> Iterator[StartChild]:
    """Starts another process on the log; none outlives its test."""
    children: list[Child] = []

    def started(body: Callable[..., None], *args: object) -> Child:
        here, there = SPAWN.Pipe()
        process = SPAWN.Process(target=body, args=(path, there, *args), daemon=True)
        process.start()
        there.close()
        children.append(Child(process, here))
        return children[-1]

    yield started
    for child in children:
        child.kill()
        child.pipe.close()


def new(value: bytes, partition: int = 0) -> NewRecord:
    return NewRecord(partition, 1_514_912_400_000, b"AAPL", (), value)


def batch(number: int) -> dict[str, list[NewRecord]]:
    """Batch n holds n % 7 + 1 events in each stage, so that half a batch would show."""
    events = [new(b"%d" % number)] * (number % 7 + 1)
    return {**dict.fromkeys(STAGE_TOPICS, events), JOURNAL: [new(b"%d" % number)]}


def values(log: EmbeddedLog, topic: str) -> list[bytes]:
    return [record.value for record in log.reader(topic, 0).read(1_000_000)]


def hold(log: EmbeddedLog, owner: str = "a", shard: int = 0) -> tuple[Leases, Lease]:
    leases = log.leases(owner, [shard])
    (lease,) = leases.poll(0.0).gained
    return leases, lease


def shards_of(change: LeaseChange) -> list[int]:
    return [lease.shard for lease in change.gained]


def commit_until_killed(path: Path, pipe: Connection, owner: str) -> None:
    """The body of a worker: go on after the last batch; send each number once it is committed."""
    log = EmbeddedLog(path, PARTITIONS)
    _, lease = hold(log, owner)
    writer = log.writer(lease)
    last = log.last(JOURNAL, 0)
    for number in itertools.count(0 if last is None else int(last.value) + 1):
        writer.commit(batch(number))
        pipe.send(number)


def commit_when_told(path: Path, pipe: Connection, owner: str) -> None:
    log = EmbeddedLog(path, PARTITIONS)
    _, lease = hold(log, owner)
    writer = log.writer(lease)
    writer.commit(batch(0))
    pipe.send(0)
    pipe.recv()
    try:
        writer.commit(batch(1))
    except LeaseLostError as error:
        pipe.send(str(error))


def hold_until_killed(path: Path, pipe: Connection, owner: str, shards: list[int] | None) -> None:
    log = EmbeddedLog(path, PARTITIONS, session_timeout_ms=ENDLESS_MS)
    leases = log.leases(owner, shards)
    pipe.send(len(leases.poll(0.0).gained))
    while True:
        leases.poll(1.0)


class SetClock:
    """The machine's monotonic clock, moved by a test: a lease ends when the test says so."""

    def __init__(self) -> None:
        self.now_ns = time.monotonic_ns()

    def go(self, ns: int) -> None:
        self.now_ns += ns

    def sleep(self, seconds: float) -> None:
        self.go(int(seconds * NS_PER_S))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SetClock:
    found = SetClock()
    monkeypatch.setattr(time, "monotonic_ns", lambda: found.now_ns)
    monkeypatch.setattr(time, "monotonic", lambda: found.now_ns / NS_PER_S)
    monkeypatch.setattr(time, "sleep", found.sleep)
    return found


@pytest.mark.parametrize("seed", range(5))
def test_a_kill_in_mid_commit_leaves_whole_batches_and_every_acknowledged_one(
    path: Path, start: StartChild, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311  A moment, no secret.
    acknowledged = 0
    for owner in ("a", "b"):  # The second one takes the shard from a dead process, at once.
        child = start(commit_until_killed, owner)
        assert child.pipe.poll(PATIENCE_S)
        time.sleep(chance.uniform(0.0, 0.05))
        child.kill()
        said = child.said()
        assert said == list(range(acknowledged, acknowledged + len(said)))
        with EmbeddedLog(path, PARTITIONS) as log:
            seals = values(log, JOURNAL)
            found = {topic: values(log, topic) for topic in STAGE_TOPICS}
        assert seals == [b"%d" % number for number in range(len(seals))]
        assert len(seals) - (acknowledged + len(said)) in (0, 1)  # The last answer may be lost.
        for events in found.values():
            assert events == [b"%d" % n for n in range(len(seals)) for _ in range(n % 7 + 1)]
        acknowledged = len(seals)


def test_appends_and_commits_of_several_processes_interleave(
    start: StartChild, log: EmbeddedLog
) -> None:
    child = start(commit_until_killed, "a")
    assert child.pipe.poll(PATIENCE_S)
    before = len(values(log, JOURNAL))
    deadline_s = time.monotonic() + PATIENCE_S
    count = 0
    while count < APPENDS or len(values(log, JOURNAL)) == before:
        assert time.monotonic() < deadline_s, "the child commits nothing"
        log.append("orders", [new(b"%d" % count)])
        count += 1
        child.said()  # A full pipe would hold the child up.
    child.kill()
    assert values(log, "orders") == [b"%d" % number for number in range(count)]


def test_a_dead_owners_shard_is_taken_at_once(start: StartChild, log: EmbeddedLog) -> None:
    child = start(hold_until_killed, "a", [0, 1])
    assert child.pipe.poll(PATIENCE_S)
    with pytest.raises(LeaseLostError, match=r"shard 0 .* worker a"):
        log.leases("b", [0])
    child.kill()
    assert shards_of(log.leases("b", [0]).poll(0.0)) == [0]


def test_a_competitor_takes_over_from_a_killed_worker_at_once(
    start: StartChild, path: Path
) -> None:
    child = start(hold_until_killed, "a", None)
    assert child.pipe.poll(PATIENCE_S)
    assert child.pipe.recv() == PARTITIONS
    with EmbeddedLog(path, PARTITIONS, session_timeout_ms=ENDLESS_MS) as log:
        leases = log.leases("b")  # Its renewal is due in two minutes.
        assert shards_of(leases.poll(0.0)) == []
        child.kill()
        assert shards_of(leases.poll(PATIENCE_S)) == [0, 1, 2, 3]


def test_the_same_worker_comes_back_at_once_and_fences_its_former_self(
    start: StartChild, log: EmbeddedLog
) -> None:
    child = start(hold_until_killed, "a", None)
    assert child.pipe.poll(PATIENCE_S)
    with pytest.raises(LeaseLostError, match=r"worker a already runs as process \d+"):
        log.leases("a")
    child.kill()
    leases = log.leases("a")
    assert leases.poll(0.0).gained == tuple(Lease(shard, "a", 2) for shard in range(PARTITIONS))


def test_a_new_start_in_the_same_process_supersedes_the_old_one(
    log: EmbeddedLog, other: EmbeddedLog
) -> None:
    old, old_lease = hold(log)
    writer = log.writer(old_lease)
    _, lease = hold(other)
    assert lease.epoch == old_lease.epoch + 1
    with pytest.raises(LeaseLostError, match="epoch 2"):
        writer.commit(batch(0))
    assert not old.is_held(0)
    assert old.poll(0.1).lost == (0,)
    with pytest.raises(LeaseLostError, match="another name"):
        old.poll(0.1)
    assert values(log, JOURNAL) == []


def test_a_silent_owner_loses_its_shard_after_the_time_out(
    log: EmbeddedLog, other: EmbeddedLog, clock: SetClock
) -> None:
    silent, lease = hold(log, "a")
    writer = log.writer(lease)
    writer.commit(batch(0))
    clock.go(embedded_lease.LEASE_TIMEOUT_NS - 1)
    with pytest.raises(LeaseLostError):
        other.leases("b", [0])
    clock.go(1)
    writer.commit(batch(1))  # It is still its own: the epoch decides, not the clock.
    assert silent.is_held(0)
    _, new_lease = hold(other, "b")
    assert new_lease.epoch == lease.epoch + 1
    with pytest.raises(LeaseLostError, match="held by b in epoch 2, not by a in epoch 1"):
        writer.commit(batch(2))
    assert silent.poll(0.1).lost == (0,)
    other.writer(new_lease).commit(batch(2))
    assert values(log, JOURNAL) == [b"0", b"1", b"2"]


def test_a_stopped_process_loses_its_shard_and_says_so(
    start: StartChild, log: EmbeddedLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    child = start(commit_when_told, "a")
    assert child.pipe.poll(PATIENCE_S)
    assert child.process.pid is not None
    os.kill(child.process.pid, signal.SIGSTOP)
    with pytest.raises(LeaseLostError, match="held by worker a"):
        log.leases("b", [0])
    later_ns = time.monotonic_ns() + embedded_lease.LEASE_TIMEOUT_NS
    with monkeypatch.context() as patch:
        patch.setattr(time, "monotonic_ns", lambda: later_ns)
        _, lease = hold(log, "b")
    os.kill(child.process.pid, signal.SIGCONT)
    child.pipe.send("commit")
    assert child.pipe.recv() == 0  # Sent before it was stopped.
    assert child.pipe.poll(PATIENCE_S)
    assert "held by b in epoch 2, not by a in epoch 1" in child.pipe.recv()
    log.writer(lease).commit(batch(1))
    assert values(log, JOURNAL) == [b"0", b"1"]


@pytest.mark.parametrize("jump_s", [86_400, -3_600], ids=["a day ahead", "an hour back"])
def test_a_jump_of_the_wall_clock_moves_no_lease_and_no_name(
    log: EmbeddedLog, other: EmbeddedLog, monkeypatch: pytest.MonkeyPatch, jump_s: int
) -> None:
    first, second = log.leases("a"), other.leases("b")
    first.poll(0.0)
    with closing(log.take_over("gateway.N", "a")) as appender:
        wall_ns = time.time_ns
        monkeypatch.setattr(time, "time_ns", lambda: wall_ns() + jump_s * 1_000_000_000)
        assert first.poll(0.1) == LeaseChange(revoked=(2, 3)), "b has come, which is no jump"
        first.release(2)
        first.release(3)
        assert shards_of(second.poll(0.1)) + shards_of(second.poll(0.1)) == [2, 3]
        for _ in range(5):
            assert first.poll(0.03) == second.poll(0.03) == LeaseChange()
        assert other.owners() == {0: "a", 1: "a", 2: "b", 3: "b"}
        assert other.holder("gateway.N") == "a"
        appender.renew()
    third = log.leases("c")
    assert third.poll(0.05) == LeaseChange(), "no lease has ended"


@pytest.mark.parametrize("jump_s", [86_400, -3_600], ids=["a day ahead", "an hour back"])
def test_a_worker_that_hangs_loses_its_shard_in_time_whatever_the_wall_clock_does(
    log: EmbeddedLog,
    other: EmbeddedLog,
    clock: SetClock,
    monkeypatch: pytest.MonkeyPatch,
    jump_s: int,
) -> None:
    _, lease = hold(log, "a")
    wall_ns = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: wall_ns() + jump_s * 1_000_000_000)
    with pytest.raises(LeaseLostError, match="held by worker a"):
        other.leases("b", [0])
    clock.go(embedded_lease.LEASE_TIMEOUT_NS)
    assert other.owners() == {}
    _, new_lease = hold(other, "b")
    assert new_lease.epoch == lease.epoch + 1


def test_what_held_a_lease_before_the_machine_started_anew_is_gone(
    path: Path, log: EmbeddedLog
) -> None:
    """The monotonic clock begins anew, so the old expiry says nothing."""
    former = embedded_lease.this_process()
    node, boot, space = former[0].rsplit(" ", 2)
    hold(log, "a")
    with closing(log.take_over("gateway.N", "a")), closing(Database(path, None)) as database:
        with database.transaction() as connection:
            for table in ("worker", "name"):
                connection.execute(
                    f"update {table} set host = ?, expires_ns = expires_ns + 10000000000000",  # noqa: S608  Ours.
                    (f"{node} {boot[::-1]} {space}",),
                )
        assert log.owners() == {}
        assert log.holder("gateway.N") is None
        _, lease = hold(log, "b")
        assert lease.epoch == 2


def test_two_workers_share_and_hand_over(log: EmbeddedLog, other: EmbeddedLog) -> None:
    first = log.leases("a")
    assert shards_of(first.poll(0.0)) == [0, 1, 2, 3]
    second = other.leases("b")
    assert second.poll(0.0) == LeaseChange()
    assert first.poll(0.1) == LeaseChange(revoked=(2, 3))
    assert first.poll(0.1) == LeaseChange()  # Reported once.
    first.release(2)
    assert shards_of(second.poll(0.1)) == [2]
    first.release(3)
    assert shards_of(second.poll(0.1)) == [3]
    assert first.poll(0.1) == LeaseChange()
    second.close()
    back: list[int] = []
    while len(back) < 2:  # Other workers came first for a second; there were none.
        gained = shards_of(first.poll(PATIENCE_S))
        assert gained
        back += gained
    assert back == [2, 3]


def test_five_workers_leave_only_the_last_without_a_share(path: Path, log: EmbeddedLog) -> None:
    """Four shards: the fifth worker has none until another one ends."""
    with ExitStack() as stack:
        logs = [stack.enter_context(EmbeddedLog(path, log.partitions)) for _ in range(5)]
        workers = [handle.leases(f"w{n}") for n, handle in enumerate(logs)]
        held: list[set[int]] = [set() for _ in workers]

        def turns() -> None:
            for _ in range(10):
                for worker, shards in zip(workers, held, strict=True):
                    change = worker.poll(0.025)
                    shards.update(shards_of(change))
                    for shard in change.revoked:
                        worker.release(shard)
                        shards.remove(shard)

        turns()
        assert sorted(len(shards) for shards in held) == [0, 1, 1, 1, 1]
        gone = next(n for n, shards in enumerate(held) if shards)
        workers.pop(gone).close()
        held.pop(gone)
        turns()
        assert [len(shards) for shards in held] == [1, 1, 1, 1]


def test_a_pinned_shard_is_no_part_of_the_share(log: EmbeddedLog, other: EmbeddedLog) -> None:
    hold(log, "pinned", shard=1)
    competing = other.leases("b")
    assert shards_of(competing.poll(0.0)) == [0, 2, 3]
    assert competing.poll(0.1) == LeaseChange()


def test_a_released_pinned_shard_is_not_taken_again(log: EmbeddedLog) -> None:
    leases, _ = hold(log)
    leases.release(0)
    leases.release(0)
    assert leases.poll(0.1) == LeaseChange()


def test_renewal_keeps_a_lease_alive(log: EmbeddedLog, other: EmbeddedLog, clock: SetClock) -> None:
    leases, _ = hold(log)
    for _ in range(6):
        clock.go(embedded_lease.LEASE_TIMEOUT_NS // 2)
        assert leases.poll(0.0) == LeaseChange()
        with pytest.raises(LeaseLostError):
            other.leases("b", [0])


@pytest.mark.parametrize("by", ["append", "commit"])
def test_a_full_disk_takes_nothing_and_says_what_to_do(path: Path, by: str) -> None:
    EmbeddedLog(path, PARTITIONS).close()
    with EmbeddedLog(path, max_pages=200) as log:
        _, lease = hold(log)
        writer = log.writer(lease)
        topic = "orders" if by == "append" else JOURNAL
        written = 0

        def write(number: int, count: int = 20) -> None:
            records = [new(b"%d" % number + b" " * 1_000)] * count
            if by == "append":
                log.append(topic, records)
            else:
                writer.commit({"slices": records, JOURNAL: records})

        def fill() -> None:
            nonlocal written
            while True:
                write(written)
                written += 1

        with pytest.raises(LogUnavailableError, match=r"disk is full.*Nothing was written; free"):
            fill()
        assert 0 < written < 200
        assert len(values(log, topic)) == 20 * written
        assert len(values(log, "slices")) == (0 if by == "append" else 20 * written)
    with EmbeddedLog(path) as log:  # Space was made: the same handle kind, without the bound.
        _, lease = hold(log)
        writer = log.writer(lease)
        write(written)
        records = log.reader(topic, 0).read(1_000_000)
        assert [record.position for record in records] == list(range(20 * written + 20))


def test_another_number_of_partitions_is_refused(path: Path, log: EmbeddedLog) -> None:
    assert log.partitions == PARTITIONS
    with pytest.raises(PartitionsError, match="has 4 partitions, the configuration asks for 8"):
        EmbeddedLog(path, 8)
    with EmbeddedLog(path) as same:
        assert same.partitions == PARTITIONS
    with pytest.raises(ValueError, match="partitions 0"):
        EmbeddedLog(path, 0)


def test_a_new_file_has_eight_partitions_unless_told(tmp_path: Path) -> None:
    with EmbeddedLog(tmp_path / "log.db") as log:
        assert log.partitions == 8


def test_a_file_that_is_no_log_is_refused_and_left_alone(path: Path) -> None:
    path.write_bytes(b"parent,child\n" * 500)
    with pytest.raises(CorruptLogError, match="damaged or no log"):
        EmbeddedLog(path)
    assert path.read_bytes() == b"parent,child\n" * 500


def test_a_foreign_database_is_refused_and_left_alone(path: Path) -> None:
    with apsw.Connection(str(path)) as connection:
        connection.execute("create table customer (name text)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(CorruptLogError, match="no log of this engine"):
        EmbeddedLog(path)
    assert path.read_bytes() == before


def test_a_later_format_is_refused(path: Path) -> None:
    EmbeddedLog(path).close()
    connection = apsw.Connection(str(path))
    connection.execute("pragma user_version = 2")
    connection.close()
    with pytest.raises(CorruptLogError, match="format 2, expected 1"):
        EmbeddedLog(path)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(LogUnavailableError, match=r"nowhere.*folder must exist"):
        EmbeddedLog(tmp_path / "nowhere" / "log.db")


def test_a_damaged_page_is_found(path: Path, log: EmbeddedLog) -> None:
    log.append("orders", [new(b"x" * 1_000)] * 100)
    log.close()
    pages = bytearray(path.read_bytes())
    pages[8_192:] = b"\xaa" * (len(pages) - 8_192)
    path.write_bytes(pages)
    with (
        pytest.raises(CorruptLogError, match="restore it from a backup"),
        EmbeddedLog(path) as damaged,
    ):
        damaged.reader("orders", 0).read(1_000)


def test_a_missing_record_is_found(path: Path, log: EmbeddedLog) -> None:
    log.append("orders", [new(b"%d" % n) for n in range(5)])
    with apsw.Connection(str(path)) as connection:
        connection.execute("delete from record where position = 2")
    connection.close()
    with pytest.raises(CorruptLogError, match="has position 3 at offset 3, expected 2"):
        log.reader("orders", 0).read(10)


def test_a_reader_may_open_while_the_first_record_comes(path: Path) -> None:
    """It reads a record and the end; a record that is written in between contradicts neither."""
    count = 256
    with EmbeddedLog(path, count) as log, EmbeddedLog(path, count) as read:
        for number in range(count):
            record = NewRecord(number, 1, None, (), b"x")
            appending = threading.Thread(target=log.append, args=("orders", [record]))
            appending.start()
            while appending.is_alive():
                read.reader("orders", number).close()
            appending.join()


@pytest.mark.parametrize("wrong", [Start(0, 1), Start(2, 1), Start(3, 0), Start(-1, -1)])
def test_a_start_whose_position_is_not_the_offsets_is_refused(
    log: EmbeddedLog, wrong: Start
) -> None:
    log.append("orders", [new(b"%d" % n) for n in range(5)])
    with pytest.raises(CorruptLogError, match=f"offset {wrong.offset}, position {wrong.position}"):
        log.reader("orders", 0, wrong)


@pytest.mark.parametrize(
    ("topic", "partition", "text"),
    [
        ("order", 0, "topic 'order'"),
        ("orders", PARTITIONS, "partition 4 of orders: expected 0 to 3"),
        ("orders", -1, "partition -1 of orders"),
        ("controls", 1, "partition 1 of controls: expected 0 to 0"),
        (JOURNAL, 0, "topic 'journal': inputs are appended to"),
    ],
)
def test_an_append_to_a_wrong_place_is_refused(
    log: EmbeddedLog, topic: str, partition: int, text: str
) -> None:
    with pytest.raises(ValueError, match=text):
        log.append(topic, [new(b"good"), new(b"bad", partition)])
    assert values(log, "orders") == []


def test_a_commit_to_a_wrong_place_writes_nothing(log: EmbeddedLog) -> None:
    _, lease = hold(log)
    writer = log.writer(lease)
    with pytest.raises(ValueError, match="partition 1 of routes: expected 0"):
        writer.commit({"slices": [new(b"good")], "routes": [new(b"bad", 1)]})
    with pytest.raises(ValueError, match="topic 'orders'"):
        writer.commit({"slices": [new(b"good")], "orders": [new(b"bad")]})
    assert values(log, "slices") == []
    writer.commit({"slices": []})
    writer.commit({"slices": [new(b"good")], "dlq": []})
    assert values(log, "slices") == [b"good"]


def test_a_writer_waits_for_the_lock_and_then_gives_up(
    path: Path, log: EmbeddedLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file, "BUSY_TIMEOUT_S", 0.1)
    blocker = apsw.Connection(str(path))
    blocker.execute("begin immediate")
    with pytest.raises(LogUnavailableError, match="held the write lock"):
        log.append("orders", [new(b"late")])
    assert log.reader("orders", 0).read(1) == []  # Readers are not delayed.
    blocker.execute("rollback")
    blocker.close()
    log.append("orders", [new(b"in time")])
    assert values(log, "orders") == [b"in time"]


def test_the_wal_stays_bounded_while_the_engine_runs(
    path: Path, log: EmbeddedLog, other: EmbeddedLog
) -> None:
    reader = other.reader("slices", 0)
    _, lease = hold(log)
    writer = log.writer(lease)
    for number in range(40):
        writer.commit({"slices": [new(b"%d" % number + b"x" * 10_000)] * 100})
        assert len(reader.read(1_000)) == 100
    wal_bytes = path.with_name("log.db-wal").stat().st_size
    assert path.stat().st_size > 20_000_000
    assert wal_bytes < 2 * file.CHECKPOINT_PAGES * 4_096


@for_all(st.lists(st.tuples(st.text(), st.binary())).map(tuple))
def test_headers_survive_packing(headers: tuple[tuple[str, bytes], ...]) -> None:
    assert unpack_headers(pack_headers(headers)) == headers


@pytest.mark.parametrize(
    "url",
    ["", "sqlite", "sqlite:", "kafka:", "kafka:host", "kafka:host:port", "log.db", "http://x"],
)
def test_a_text_that_names_no_log_is_refused(url: str) -> None:
    with pytest.raises(LogUrlError, match="expected sqlite:PATH or kafka:HOST:PORT"):
        open_log(url)
