"""The log in one SQLite file: nothing to install, nothing to run, several processes at once.

A record is a row whose id is its topic, its partition and its offset in one integer, so that a
partition is a range of ids and its end is the last row of that range. Offsets jump as Kafka's do:
a commit takes one more offset in each partition it touched, for a marker that nobody stores. The
row also keeps the position, so a start that does not match the log is found at once.

Durability: WAL with synchronous=FULL, so each commit and each append is on the disk (one fsync)
before it returns. A power cut leaves a prefix of the transactions.

Concurrency: a writer takes SQLite's write lock with `BEGIN IMMEDIATE` and its own short retry,
because SQLite's busy handler sleeps up to 100 ms at a time. Readers read in bounded steps and
keep no transaction open, or the WAL could never be restarted; they learn of news by `PRAGMA
data_version`, which reads shared memory and no page. Only a connection that has opened a
ShardWriter checkpoints: when one is opened, and whenever a commit leaves CHECKPOINT_PAGES or more
in the WAL (passively: nobody waits for it). Where no engine runs, the WAL grows until one does or
the last connection is closed.

Leases: a worker is a row that it renews in `poll`, with the identity of its process; a lease
names a worker and an epoch. It may be taken over when its worker has not renewed for
LEASE_TIMEOUT_NS, or at once when the worker was a process of this machine that is gone. The clock
only says when a take-over may be tried. What keeps two owners apart is the epoch, which each
commit checks in its own transaction.

An EmbeddedLog has one connection and belongs to one thread of one process: open another for
another thread, and open it after a fork, never before.
"""

import os
import platform
import secrets
import struct
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, NoReturn, Self

import apsw

from engine.log.port import (
    ALL_TOPICS,
    BEGINNING,
    INPUT_TOPICS,
    OUTPUT_TOPICS,
    SHARED_TOPICS,
    CommitUnknownError,
    CorruptLogError,
    EngineError,
    Headers,
    Lease,
    LeaseChange,
    LeaseLostError,
    LogUnavailableError,
    NewRecord,
    Record,
    Start,
)

PARTITIONS_DEFAULT = 8
PARTITIONS_MAX = 4_096
LEASE_TIMEOUT_NS = 10_000_000_000  # Ten seconds; the fail-over time if a whole machine is gone.
RENEW_EVERY_S = 2.0  # Four renewals may fail before the lease does.
LOOK_EVERY_S = 0.02  # A poll looks at the leases this often; between looks it costs nothing.
RELEASED_REST_S = 1.0  # Others come first for a shard that this worker has just released.
BUSY_TIMEOUT_S = 10.0  # Longer than any checkpoint of another process.
BUSY_SLEEP_S = 0.000_2
WAIT_SLEEP_MIN_S = 0.000_05
WAIT_SLEEP_MAX_S = 0.001
CHECKPOINT_PAGES = 4_000  # 16 MB of WAL; a checkpoint then takes some 10 ms.
WAL_KEPT_BYTES = 67_108_864  # The file is cut to this when it is restarted.
CACHE_KIB = 16_384
READ_STEP_RECORDS = 2_048  # One read transaction; readers never hold the WAL for long.

APPLICATION_ID = 0x6D6F7264  # "mord"
FORMAT = 1  # Of the tables below; PRAGMA user_version.
OFFSET_BITS = 40
PARTITION_BITS = 16
TOPIC_IDS = {topic: n for n, topic in enumerate(ALL_TOPICS)}  # Part of the format: append only.

TABLES = """
create table log (partitions integer not null);
create table topic (topic_id integer primary key, name text not null);
create table record (  -- id = topic_id << 56 | partition << 40 | offset
    id integer primary key,
    position integer not null,
    timestamp_ms integer not null,
    key blob,
    headers blob,
    value blob not null
);
create table worker (
    owner text primary key,
    session text not null,
    competes integer not null,
    host text not null,
    pid integer not null,
    started text not null,
    expires_ns integer not null
) without rowid;
create table lease (shard integer primary key, owner text, epoch integer not null);
"""
INSERT = "insert into record values (?, ?, ?, ?, ?, ?)"
READ = """
select id - ?, position, timestamp_ms, key, headers, value
from record
where id between ? and ?
order by id
limit ?
"""
LAST = """
select id - ?, position, timestamp_ms, key, headers, value
from record
where id between ? and ?
order by id desc
limit 1
"""
END = "select id - ?, position from record where id between ? and ? order by id desc limit 1"
FIRST = "select position from record where id between ? and ? order by id limit 1"
HELD = "select 1 from lease where shard = ? and owner = ? and epoch = ?"
WORKERS = "select owner, session, competes, host, pid, started, expires_ns from worker"

_HEADER = struct.Struct(">HI")  # Bytes of the name, bytes of the value.
_Rows = list[tuple[Any, ...]]


class PartitionsError(EngineError):
    """The file has another number of partitions than the configuration."""


class EmbeddedLog:
    """The log port on one SQLite file."""

    def __init__(
        self, path: Path, partitions: int | None = None, max_pages: int | None = None
    ) -> None:
        """Open the file, or create it with `partitions` (8 if None).

        `max_pages` bounds the file, 4,096 bytes a page. Raises LogUnavailableError if the file
        cannot be opened, PartitionsError if it has another number, CorruptLogError if it is no log.
        """
        if partitions is not None and not 1 <= partitions <= PARTITIONS_MAX:
            raise ValueError(f"partitions {partitions}: expected 1 to {PARTITIONS_MAX}")
        self._database = _Database(path, max_pages)
        try:
            self._partitions = _open(self._database, partitions)
        except BaseException:
            self._database.close()
            raise
        self._waited_for = self._database.version()
        self._changed_s = time.monotonic()

    @property
    def partitions(self) -> int:
        return self._partitions

    def append(self, topic: str, records: Sequence[NewRecord]) -> None:
        """All records or none, on the disk when this returns.

        Raises ValueError for a topic or partition that inputs do not have.
        """
        if topic not in INPUT_TOPICS:
            raise ValueError(f"topic {topic!r}: inputs are appended to {', '.join(INPUT_TOPICS)}")
        by_partition: dict[int, list[NewRecord]] = {}
        for record in records:
            by_partition.setdefault(record.partition, []).append(record)
        spans = [
            (self._span(topic, partition), by_partition[partition]) for partition in by_partition
        ]
        try:
            with self._database.transaction() as connection:
                for span, batch in spans:
                    end = _end(self._database, span, marker=False)
                    connection.executemany(INSERT, _insertable(span, end, batch))
        except CommitUnknownError as error:
            raise LogUnavailableError(
                f"{error} Append the same records again: the engine drops duplicates."
            ) from error

    def reader(self, topic: str, partition: int, start: Start = BEGINNING) -> "EmbeddedReader":
        return EmbeddedReader(self._database, self._span(topic, partition), start)

    def last(self, topic: str, partition: int) -> Record | None:
        span = self._span(topic, partition)
        for offset, _, timestamp_ms, key, headers, value in self._database.rows(
            LAST, (span.first, span.first, span.last)
        ):
            return Record(offset, -1, timestamp_ms, key, unpack_headers(headers), value)
        return None

    def wait(self, timeout_s: float) -> None:
        """Return when any process has written since the last wait, or after the time.

        Looks at shared memory, ever more rarely the longer nothing comes: what comes after a
        quiet time t is seen within t/32, and within a millisecond.
        """
        now_s = time.monotonic()
        deadline_s = now_s + timeout_s
        while (version := self._database.version()) == self._waited_for:
            if now_s >= deadline_s:
                return
            quiet_s = now_s - self._changed_s
            sleep_s = min(max(quiet_s / 32, WAIT_SLEEP_MIN_S), WAIT_SLEEP_MAX_S)
            time.sleep(min(sleep_s, deadline_s - now_s))
            now_s = time.monotonic()
        self._waited_for = version
        self._changed_s = now_s

    def leases(self, owner: str, shards: Sequence[int] | None = None) -> "EmbeddedLeases":
        for shard in shards or ():
            self._span("journal", shard)
        return EmbeddedLeases(self._database, self._partitions, owner, shards)

    def writer(self, lease: Lease) -> "EmbeddedWriter":
        writer = EmbeddedWriter(self._database, lease)
        self._database.checkpoint()
        return writer

    def close(self) -> None:
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _span(self, topic: str, partition: int) -> "_Span":
        if topic not in TOPIC_IDS:
            raise ValueError(f"topic {topic!r}: expected one of {', '.join(ALL_TOPICS)}")
        partitions = 1 if topic in SHARED_TOPICS else self._partitions
        if not 0 <= partition < partitions:
            raise ValueError(f"partition {partition} of {topic}: expected 0 to {partitions - 1}")
        return _span(topic, partition)


class EmbeddedReader:
    """Reads one partition; keeps its place, and no transaction."""

    def __init__(self, database: "_Database", span: "_Span", start: Start) -> None:
        self._database = database
        self._span = span
        self._offset, self._position = start
        self._quiet_at: tuple[int, int] | None = None  # The version at which nothing was left.
        self._check_start()

    @property
    def next(self) -> Start:
        return Start(self._offset, self._position)

    def read(self, max_records: int) -> Sequence[Record]:
        """Raises CorruptLogError if a record is missing."""
        records: list[Record] = []
        version = self._database.version()
        while version != self._quiet_at and len(records) < max_records:
            step = min(max_records - len(records), READ_STEP_RECORDS)
            first = self._span.first
            rows = self._database.rows(READ, (first, first + self._offset, self._span.last, step))
            if len(rows) < step:
                self._quiet_at = version
            if rows:
                records += [
                    Record(offset, position, at_ms, key, unpack_headers(headers), value)
                    if headers
                    else Record(offset, position, at_ms, key, (), value)
                    for offset, position, at_ms, key, headers, value in rows
                ]
                self._advance(records[-len(rows)], records[-1], len(rows))
        return records

    def at_end(self) -> bool:
        version = self._database.version()
        if version == self._quiet_at:
            return True
        ids = (self._span.first + self._offset, self._span.last)
        if self._database.rows(FIRST, ids):
            return False
        self._quiet_at = version
        return True

    def close(self) -> None:
        """Nothing to give back: a reader holds no statement between calls."""

    def _advance(self, first: Record, last: Record, count: int) -> None:
        if (first.position, last.position) != (self._position, self._position + count - 1):
            raise CorruptLogError(
                f"{self._database.path}: {self._span.name} holds positions {first.position} to "
                f"{last.position} in {count} records after offset {self._offset}, expected "
                f"{self._position} to {self._position + count - 1}. Stop the workers; restore the "
                "file from a backup."
            )
        self._offset = last.offset + 1
        self._position += count

    def _check_start(self) -> None:
        """The first record there must have the start's position; behind the end there is none."""
        span = self._span
        found = None
        if self._offset >= 0:
            ids = (span.first + self._offset, span.last)
            rows = self._database.rows(FIRST, ids)
            if rows:
                found = rows[0][0]
            else:
                end = _end(self._database, span, marker=span.topic in OUTPUT_TOPICS)
                found = end.position if self._offset <= end.offset else None
        if found != self._position:
            there = "lies outside the log" if found is None else f"has position {found} there"
            raise CorruptLogError(
                f"{self._database.path}: start at offset {self._offset}, position "
                f"{self._position} of {span.name} {there}. Nothing was read: this is another log "
                "than the one that the start came from, or an older copy of it."
            )


class EmbeddedWriter:
    """Writes a shard's stage topics, dlq and journal under a lease."""

    def __init__(self, database: "_Database", lease: Lease) -> None:
        self._database = database
        self._lease = lease
        self._ends: dict[str, _End] = {}  # The one writer knows where its partitions end.
        if not _is_held(database, lease):
            raise _lost(database, lease)

    def commit(self, records: Mapping[str, Sequence[NewRecord]]) -> None:
        """Raises ValueError for a topic or a partition that is not the shard's."""
        rows: list[tuple[Any, ...]] = []
        ends: dict[str, _End] = {}
        for topic, batch in records.items():
            if batch:
                span, end = self._place(topic, batch)
                rows += _insertable(span, end, batch)
                count = len(batch)
                ends[topic] = _End(end.offset + count + 1, end.position + count)
        if not rows:
            return
        try:
            with self._database.transaction() as connection:
                if not connection.execute(HELD, self._lease_row).fetchall():
                    raise _lost(self._database, self._lease)
                connection.executemany(INSERT, rows)
        except CommitUnknownError:
            self._ends.clear()
            raise
        except apsw.ConstraintError as error:
            raise LeaseLostError(
                f"{self._database.path}: a newer writer of shard {self._lease.shard} has written. "
                "Nothing was written; drop this writer."
            ) from error
        self._ends.update(ends)

    def close(self) -> None:
        """Nothing to give back: the lease is the worker's."""

    @property
    def _lease_row(self) -> tuple[int, str, int]:
        return (self._lease.shard, self._lease.owner, self._lease.epoch)

    def _place(self, topic: str, batch: Sequence[NewRecord]) -> "tuple[_Span, _End]":
        shard = self._lease.shard
        if topic not in OUTPUT_TOPICS:
            raise ValueError(f"topic {topic!r}: a shard commits to {', '.join(OUTPUT_TOPICS)}")
        for record in batch:
            if record.partition != shard:
                raise ValueError(f"partition {record.partition} of {topic}: expected {shard}")
        span = _span(topic, shard)
        end = self._ends.get(topic)
        if end is None:
            end = self._ends[topic] = _end(self._database, span, marker=True)
        return span, end


class EmbeddedLeases:
    """The shards of one worker: rows of `lease` that name it."""

    def __init__(
        self,
        database: "_Database",
        partitions: int,
        owner: str,
        shards: Sequence[int] | None,
    ) -> None:
        self._database = database
        self._partitions = partitions
        self._owner = owner
        self._wanted = None if shards is None else set(shards)
        self._session = secrets.token_hex(8)
        self._held: dict[int, Lease] = {}
        self._unreported: list[Lease] = []
        self._revoked: set[int] = set()
        self._rest_until_s: dict[int, float] = {}
        self._superseded = False
        self._renew_s = 0.0
        self._look_s = 0.0
        self._enter()

    def poll(self, timeout_s: float) -> LeaseChange:
        """Raises LogUnavailableError if the log cannot take the renewal: poll again.

        Raises LeaseLostError if another process has this worker's name now; what it held was
        reported as lost before.
        """
        deadline_s = time.monotonic() + timeout_s
        while True:
            change = self._turn()
            left_s = deadline_s - time.monotonic()
            if change != LeaseChange() or left_s <= 0:
                return change
            time.sleep(min(left_s, LOOK_EVERY_S))

    def release(self, shard: int) -> None:
        lease = self._held.get(shard)
        if lease is None:
            return
        with self._database.transaction() as connection:
            _free(connection, lease)
        self._forget(shard)
        self._rest_until_s[shard] = time.monotonic() + RELEASED_REST_S
        if self._wanted is not None:
            self._wanted.discard(shard)

    def is_held(self, shard: int) -> bool:
        lease = self._held.get(shard)
        return lease is not None and _is_held(self._database, lease)

    def close(self) -> None:
        with self._database.transaction() as connection:
            for lease in self._held.values():
                _free(connection, lease)
            connection.execute("delete from worker where session = ?", (self._session,))
        self._held.clear()
        self._unreported.clear()

    def _enter(self) -> None:
        """Take this worker's name, then shards: those it had under this name come first."""
        with self._database.transaction() as connection:
            view = _View.read(self._database)
            former = view.workers.get(self._owner)
            if former is not None and not former.is_here and former.is_alive(time.time_ns()):
                raise LeaseLostError(
                    f"worker {self._owner} already runs as process {former.pid} on "
                    f"{self._database.path}. Stop it, or start this one under another name."
                )
            had = {shard for shard, owner in view.owners.items() if owner == self._owner}
            connection.execute("update lease set owner = null where owner = ?", (self._owner,))
            self._renew(connection)
            gained = self._take(connection, had)
            for shard in sorted((self._wanted or set()) - {lease.shard for lease in gained}):
                raise LeaseLostError(
                    f"shard {shard} of {self._database.path} is held by worker "
                    f"{view.owners[shard]}. Stop that worker or choose another shard; if its "
                    "machine is gone, its lease ends "
                    f"{LEASE_TIMEOUT_NS // 1_000_000_000} s after its last sign of life."
                )
        self._renewed(gained)

    def _turn(self) -> LeaseChange:
        now_s = time.monotonic()
        if self._unreported:
            gained, self._unreported = tuple(self._unreported), []
            return LeaseChange(gained=gained)
        if now_s < self._look_s:
            return LeaseChange()
        self._look_s = now_s + LOOK_EVERY_S
        view = _View.read(self._database)
        self._check_name(view)
        lost = tuple(
            shard
            for shard, lease in self._held.items()
            if self._superseded or not view.is_held(lease)
        )
        for shard in lost:
            self._forget(shard)
        if lost:
            return LeaseChange(lost=lost)
        takes, surplus = self._plan(view, frozenset())
        gained = ()
        if takes or now_s >= self._renew_s:
            with self._database.transaction() as connection:
                self._renew(connection)
                taken = self._take(connection, frozenset())
            self._renewed(taken)
            gained, self._unreported = tuple(taken), []
        revoked = tuple(shard for shard in surplus if shard not in self._revoked)
        self._revoked.update(revoked)
        return LeaseChange(gained=gained, revoked=revoked)

    def _check_name(self, view: "_View") -> None:
        if self._superseded:
            raise LeaseLostError(
                f"another process runs as worker {self._owner} on {self._database.path}. Stop "
                "one of the two, or start it under another name."
            )
        worker = view.workers.get(self._owner)
        self._superseded = worker is not None and worker.session != self._session

    def _plan(self, view: "_View", first: Iterable[int]) -> tuple[list[int], list[int]]:
        """The shards to take now, and those held beyond this worker's share."""
        now_ns = time.time_ns()
        now_s = time.monotonic()
        alive = {owner for owner, worker in view.workers.items() if worker.is_alive(now_ns)}
        alive.add(self._owner)
        free = [
            shard
            for shard, owner in view.owners.items()
            if owner not in alive and shard not in self._held  # Lost ones are reported first.
        ]
        if self._wanted is not None:
            return [shard for shard in free if shard in self._wanted], []
        target = view.share(self._owner, alive)
        held = sorted(shard for shard, owner in view.owners.items() if owner == self._owner)
        takes = sorted(
            (shard for shard in free if self._rest_until_s.get(shard, 0.0) <= now_s),
            key=lambda shard: (shard not in first, shard),
        )
        return takes[: max(0, target - len(held))], held[target:]

    def _take(self, connection: apsw.Connection, first: Iterable[int]) -> list[Lease]:
        view = _View.read(self._database)
        takes, _ = self._plan(view, first)
        gained = [Lease(shard, self._owner, view.epochs[shard] + 1) for shard in takes]
        connection.executemany(
            "update lease set owner = ?, epoch = ? where shard = ?",
            [(lease.owner, lease.epoch, lease.shard) for lease in gained],
        )
        return gained

    def _renew(self, connection: apsw.Connection) -> None:
        """A sign of life; also forgets workers that gave none, whose leases are free then."""
        connection.execute("delete from worker where expires_ns <= ?", (time.time_ns(),))
        connection.execute(
            "insert or replace into worker values (?, ?, ?, ?, ?, ?, ?)",
            (
                self._owner,
                self._session,
                self._wanted is None,
                *_process(),
                time.time_ns() + LEASE_TIMEOUT_NS,
            ),
        )

    def _renewed(self, gained: Iterable[Lease]) -> None:
        self._renew_s = time.monotonic() + RENEW_EVERY_S
        for lease in gained:
            self._held[lease.shard] = lease
            self._unreported.append(lease)

    def _forget(self, shard: int) -> None:
        self._revoked.discard(shard)
        self._unreported = [lease for lease in self._unreported if lease.shard != shard]
        self._held.pop(shard, None)


@dataclass(frozen=True, slots=True)
class _Worker:
    """A row of `worker`: who renews, and which process it is."""

    owner: str
    session: str
    competes: int
    host: str
    pid: int
    started: str
    expires_ns: int

    @property
    def is_here(self) -> bool:
        """True if this very process is the worker."""
        return (self.host, self.pid, self.started) == _process()

    def is_alive(self, now_ns: int) -> bool:
        if self.expires_ns <= now_ns:
            return False
        return self.host != _host() or not _is_gone(self.pid, self.started)


@dataclass(frozen=True, slots=True)
class _View:
    """Leases and workers as they stand."""

    owners: dict[int, str | None]
    epochs: dict[int, int]
    workers: dict[str, _Worker]

    @classmethod
    def read(cls, database: "_Database") -> Self:
        leases = database.rows("select shard, owner, epoch from lease order by shard")
        workers = (_Worker(*row) for row in database.rows(WORKERS))
        return cls(
            owners={shard: owner for shard, owner, _ in leases},
            epochs={shard: epoch for shard, _, epoch in leases},
            workers={worker.owner: worker for worker in workers},
        )

    def is_held(self, lease: Lease) -> bool:
        found = (self.owners.get(lease.shard), self.epochs.get(lease.shard))
        return found == (lease.owner, lease.epoch)

    def share(self, owner: str, alive: set[str]) -> int:
        """How many shards a competing worker should hold.

        Shares differ by one at most and sum to the shards that compete; the larger ones go to
        those that hold most, so that the fewest shards move.
        """
        pinned = {
            name for name in alive if name in self.workers and not self.workers[name].competes
        }
        held = dict.fromkeys(alive - pinned | {owner}, 0)
        shared = 0
        for holder in self.owners.values():
            shared += holder not in pinned
            if holder in held:
                held[holder] += 1
        ranked = sorted(held, key=lambda name: (-held[name], name))
        small, larger = divmod(shared, len(ranked))
        return small + (ranked.index(owner) < larger)


class _Span(NamedTuple):
    """The ids of one partition, both ends included."""

    topic: str
    partition: int
    first: int
    last: int

    @property
    def name(self) -> str:
        return f"{self.topic} partition {self.partition}"


class _End(NamedTuple):
    """What the next record of a partition gets."""

    offset: int
    position: int


class _Database:
    """One connection that retries while others write, and speaks the port's errors."""

    def __init__(self, path: Path, max_pages: int | None) -> None:
        self.path = path
        self._own_commits = 0  # PRAGMA data_version leaves out what this connection wrote.
        self._checkpoints = False
        try:
            self._connection = apsw.Connection(str(path))
        except apsw.Error as error:
            self._raise_ours(error)
        try:
            self._configure(max_pages)
        except BaseException:
            self._connection.close()
            raise

    def rows(self, sql: str, bindings: tuple[Any, ...] = ()) -> _Rows:
        """All rows; the statement is done, so no read transaction stays open."""
        deadline_s = 0.0
        while True:
            try:
                return self._connection.execute(sql, bindings).fetchall()
            except apsw.BusyError as error:  # Another process recovers or removes the WAL.
                deadline_s = self._sleep_busy(deadline_s, error)
            except apsw.Error as error:
                self._raise_ours(error)

    def version(self) -> tuple[int, int]:
        """Differs from an earlier one if anybody has committed since."""
        return self.rows("pragma data_version")[0][0], self._own_commits

    @contextmanager
    def transaction(self) -> Iterator[apsw.Connection]:
        """Hold the write lock; commit at the end, roll back on any exception.

        Raises CommitUnknownError if the disk failed in the commit itself: its frames may be
        whole in the WAL, and the next recovery would count them.
        """
        try:
            self._begin()
            yield self._connection
        except BaseException as error:
            self._roll_back()
            if isinstance(error, apsw.Error):
                self._raise_ours(error)
            raise
        try:
            self._connection.execute("commit")
        except apsw.FullError as error:  # The frame that commits comes last and did not fit.
            self._roll_back()
            self._raise_ours(error)
        except apsw.Error as error:
            self._roll_back()
            raise CommitUnknownError(
                f"{self.path}: the disk failed in a commit ({error}); whether it was written is "
                "unknown. Check the disk."
            ) from error
        self._own_commits += 1

    def checkpoint(self) -> None:
        """Move the WAL into the file now, and from now on whenever a commit finds it long."""
        if not self._checkpoints:
            self._checkpoints = True
            self._connection.wal_autocheckpoint(CHECKPOINT_PAGES)
        # Busy: somebody else does it. A disk that fails: the WAL has all, the next write will tell.
        with suppress(apsw.BusyError, apsw.FullError, apsw.IOError):
            self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)

    def close(self) -> None:
        try:
            self._connection.close()
        except apsw.Error as error:
            self._raise_ours(error)

    def _configure(self, max_pages: int | None) -> None:
        self._connection.wal_autocheckpoint(0)
        application_id = self.rows("pragma application_id")[0][0]
        tables = self.rows("select count(*) from sqlite_schema")[0][0]
        if tables and application_id != APPLICATION_ID:
            raise CorruptLogError(
                f"{self.path} is an SQLite database, but no log of this engine. Give the path of "
                "a log, or of a file that does not exist yet."
            )
        mode = self.rows("pragma journal_mode = wal")[0][0]
        if mode != "wal":
            raise LogUnavailableError(
                f"{self.path}: journal mode {mode}, expected wal. Put the log on a local disk."
            )
        self.rows("pragma synchronous = full")
        self.rows(f"pragma journal_size_limit = {WAL_KEPT_BYTES}")
        self.rows(f"pragma cache_size = -{CACHE_KIB}")
        if max_pages is not None:
            self.rows(f"pragma max_page_count = {max_pages}")

    def _begin(self) -> None:
        deadline_s = 0.0
        while True:
            try:
                self._connection.execute("begin immediate")
            except apsw.BusyError as error:
                deadline_s = self._sleep_busy(deadline_s, error)
            else:
                return

    def _sleep_busy(self, deadline_s: float, error: apsw.BusyError) -> float:
        """Sleep once; the deadline counts from the first time, 0.0 means this is it."""
        now_s = time.monotonic()
        deadline_s = deadline_s or now_s + BUSY_TIMEOUT_S
        if now_s >= deadline_s:
            raise LogUnavailableError(
                f"{self.path}: another process has held the write lock for {BUSY_TIMEOUT_S:.0f} s. "
                "Nothing was written; try again, and look for a stopped process or an open "
                "transaction in another tool."
            ) from error
        time.sleep(BUSY_SLEEP_S)
        return deadline_s

    def _roll_back(self) -> None:
        with suppress(apsw.Error):  # SQLite has rolled back by itself, or closing will.
            if self._connection.in_transaction:
                self._connection.execute("rollback")

    def _raise_ours(self, error: apsw.Error) -> NoReturn:
        """Raise the port's error for SQLite's; a bug stays what it is."""
        for kinds, ours, advice in _ADVICE:
            if isinstance(error, kinds):
                raise ours(f"{self.path}: {error}. {advice}") from error
        raise error


_ADVICE: tuple[tuple[tuple[type[apsw.Error], ...], type[EngineError], str], ...] = (
    (
        (apsw.FullError,),
        LogUnavailableError,
        (
            "The disk is full, or the log has reached its largest size. Nothing was written; free "
            "space or raise the limit, then try again."
        ),
    ),
    (
        (apsw.CorruptError, apsw.NotADBError),
        CorruptLogError,
        (
            "The file is damaged or no log. Stop the workers; restore it from a backup, or give "
            "the path of a log."
        ),
    ),
    (
        (apsw.CantOpenError, apsw.PermissionsError, apsw.ReadOnlyError),
        LogUnavailableError,
        (
            "Nothing was written. The log's folder must exist, and this user must be able to write "
            "to it and to the file."
        ),
    ),
    (
        (apsw.IOError, apsw.ProtocolError, apsw.BusyError),
        LogUnavailableError,
        "Nothing was written; check the disk, then try again.",
    ),
)


def pack_headers(headers: Headers) -> bytes | None:
    """Each header as both lengths, name and value; None for no headers."""
    if not headers:
        return None
    parts: list[bytes] = []
    for name, value in headers:
        encoded = name.encode()
        parts += (_HEADER.pack(len(encoded), len(value)), encoded, value)
    return b"".join(parts)


def unpack_headers(packed: bytes | None) -> Headers:
    if not packed:
        return ()
    headers = []
    at = 0
    size = len(packed)
    while at < size:
        name_size, value_size = _HEADER.unpack_from(packed, at)
        value_at = at + _HEADER.size + name_size
        end = value_at + value_size
        headers.append((packed[at + _HEADER.size : value_at].decode(), packed[value_at:end]))
        at = end
    return tuple(headers)


def _open(database: _Database, partitions: int | None) -> int:
    """The file's number of partitions; creates the tables in an empty file."""
    if not database.rows("select 1 from sqlite_schema where name = 'log'"):
        _create(database, partitions or PARTITIONS_DEFAULT)
    version = database.rows("pragma user_version")[0][0]
    if version != FORMAT:
        raise CorruptLogError(
            f"{database.path}: format {version}, expected {FORMAT}. Nothing was read; use the "
            "release that wrote it."
        )
    found: int = database.rows("select partitions from log")[0][0]
    if partitions is not None and partitions != found:
        raise PartitionsError(
            f"{database.path} has {found} partitions, the configuration asks for {partitions}. "
            f"Nothing was written; set partitions to {found}, or take a new file."
        )
    return found


def _create(database: _Database, partitions: int) -> None:
    with database.transaction() as connection:
        if connection.execute("select 1 from sqlite_schema where name = 'log'").fetchall():
            return  # Another process was first.
        connection.execute(TABLES)
        connection.execute(f"pragma application_id = {APPLICATION_ID}")
        connection.execute(f"pragma user_version = {FORMAT}")
        connection.execute("insert into log values (?)", (partitions,))
        connection.executemany(
            "insert into topic values (?, ?)", [(n, topic) for topic, n in TOPIC_IDS.items()]
        )
        connection.executemany(
            "insert into lease values (?, null, 0)", [(shard,) for shard in range(partitions)]
        )


def _span(topic: str, partition: int) -> _Span:
    first = (TOPIC_IDS[topic] << PARTITION_BITS | partition) << OFFSET_BITS
    return _Span(topic, partition, first, first + (1 << OFFSET_BITS) - 1)


def _end(database: _Database, span: _Span, *, marker: bool) -> _End:
    """Where the next record goes; after a commit one offset belongs to its marker."""
    rows = database.rows(END, (span.first, span.first, span.last))
    if not rows:
        return _End(0, 0)
    offset, position = rows[0]
    return _End(offset + 1 + marker, position + 1)


def _insertable(span: _Span, end: _End, batch: Sequence[NewRecord]) -> _Rows:
    record_id, position = span.first + end.offset, end.position
    return [
        (record_id + n, position + n, at_ms, key, pack_headers(headers), value)
        for n, (_, at_ms, key, headers, value) in enumerate(batch)
    ]


def _is_held(database: _Database, lease: Lease) -> bool:
    return bool(database.rows(HELD, (lease.shard, lease.owner, lease.epoch)))


def _lost(database: _Database, lease: Lease) -> LeaseLostError:
    rows = database.rows("select owner, epoch from lease where shard = ?", (lease.shard,))
    owner, epoch = rows[0] if rows else (None, 0)
    return LeaseLostError(
        f"shard {lease.shard} of {database.path}: held by {owner or 'nobody'} in epoch {epoch}, "
        f"not by {lease.owner} in epoch {lease.epoch}. Nothing was written; drop the shard."
    )


def _free(connection: apsw.Connection, lease: Lease) -> None:
    connection.execute(
        "update lease set owner = null where shard = ? and owner = ? and epoch = ?",
        (lease.shard, lease.owner, lease.epoch),
    )


def _process() -> tuple[str, int, str]:
    """What tells this process from every other: machine, pid, start time."""
    pid = os.getpid()
    return _host(), pid, _started(pid)[1]


@cache
def _host() -> str:
    """The machine, its boot and its pid namespace: where a pid means what it means here."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{platform.node()} {boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return platform.node()


def _started(pid: int) -> tuple[str, str]:
    """State and start time of a process as /proc has them; empty where there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return "", ""
    fields = stat.rpartition(")")[2].split()  # The name before may hold anything.
    return fields[0], fields[19]


def _is_gone(pid: int, started: str) -> bool:
    """True only if that process of this machine has certainly ended."""
    if os.name != "posix":
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    state, started_now = _started(pid)
    return state in {"Z", "X"} or (bool(started_now) and started_now != started)
