"""The log port over one SQLite file; its guarantees and their reasons are in the package."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import apsw

from engine.log.embedded import identity, names, search
from engine.log.embedded.appending import INSERT, Batches, append_inputs, insertable
from engine.log.embedded.file import (
    TOPIC_IDS,
    Database,
    End,
    Rows,
    Span,
    end_of,
    open_file,
    span_of,
    unpack_headers,
)
from engine.log.embedded.leases import HELD, EmbeddedLeases, View, is_held, lost
from engine.log.embedded.names import EmbeddedAppender
from engine.log.port import (
    ALL_TOPICS,
    BEGINNING,
    INPUT_TOPICS,
    OUTPUT_TOPICS,
    SHARED_TOPICS,
    Closeable,
    CommitUnknownError,
    CorruptLogError,
    FirstRecords,
    Identity,
    Lease,
    LeaseLostError,
    NewRecord,
    NotEmptyError,
    Reader,
    Record,
    Start,
)

PARTITIONS_MAX = 4_096
WAIT_SLEEP_MIN_S = 0.000_05
WAIT_SLEEP_MAX_S = 0.001
READ_STEP_RECORDS = 2_048  # One read transaction; readers never hold the WAL for long.

ANY = "select 1 from record limit 1"
READ = """
select id - ?, position, timestamp_ms, key, headers, value
from record
where id between ? and ?
order by id
limit ?
"""
FIRST = "select position from record where id between ? and ? order by id limit 1"


class EmbeddedLog(Closeable):
    """The log port on one SQLite file."""

    def __init__(
        self,
        path: Path,
        partitions: int | None = None,
        max_pages: int | None = None,
        *,
        session_timeout_ms: int | None = None,
    ) -> None:
        """Open the file, or create it with `partitions` (8 if None).

        `max_pages` bounds the file, 4,096 bytes a page. Raises LogUnavailableError if the file
        cannot be opened, PartitionsError if it has another number, CorruptLogError if it is no log.
        """
        if partitions is not None and not 1 <= partitions <= PARTITIONS_MAX:
            raise ValueError(f"partitions {partitions}: expected 1 to {PARTITIONS_MAX}")
        self._database = Database(path, max_pages)
        try:
            self._partitions = open_file(self._database, partitions)
        except BaseException:
            self._database.close()
            raise
        self._session_timeout_ms = session_timeout_ms
        self._is_copy = bool(self._database.rows(identity.ORIGIN)[0][0])
        self._waited_for = self._database.version()
        self._changed_s = time.monotonic()

    @property
    def partitions(self) -> int:
        return self._partitions

    @property
    def identity(self) -> Identity:
        return Identity(*self._database.rows(identity.READ)[0])

    def leave(self, for_id: str) -> None:
        with self._database.transaction() as connection:
            identity.leave(connection, str(self._database.path), for_id)

    def append(self, topic: str, records: Sequence[NewRecord]) -> None:
        """All records or none, on the disk when this returns.

        Raises ValueError for a topic or partition that inputs do not have.
        """
        append_inputs(self._database, self._batches(topic, records))

    def _batches(self, topic: str, records: Sequence[NewRecord]) -> Batches:
        """The records by partition. Raises ValueError for one that inputs do not have."""
        if topic not in INPUT_TOPICS:
            raise ValueError(f"topic {topic!r}: inputs are appended to {', '.join(INPUT_TOPICS)}")
        by_partition: dict[int, list[NewRecord]] = {}
        for record in records:
            by_partition.setdefault(record.partition, []).append(record)
        return [(self._span(topic, number), batch) for number, batch in by_partition.items()]

    def initialize(self, make: FirstRecords) -> None:
        rows: Rows = []
        for topic, batch in make(dict.fromkeys(SHARED_TOPICS, 0)).items():
            by_partition: dict[int, list[NewRecord]] = {}
            for record in batch:
                by_partition.setdefault(record.partition, []).append(record)
            for partition, own in by_partition.items():
                rows += insertable(self._span(topic, partition), End(0, 0), own)
        with self._database.transaction() as connection:
            if connection.execute(ANY).fetchall():
                raise NotEmptyError(
                    f"{self._database.path} holds records already. Nothing was written; give the "
                    "path of a file that does not exist yet."
                )
            connection.executemany(INSERT, rows)

    def reader(self, topic: str, partition: int, start: Start = BEGINNING) -> "EmbeddedReader":
        return EmbeddedReader(self._database, self._span(topic, partition), start)

    def at_ends(self, readers: Sequence[Reader]) -> bool:
        return all(reader.at_end() for reader in readers)

    def last(self, topic: str, partition: int) -> Record | None:
        found = self.records_before(topic, partition, None, 1)
        return found[-1] if found else None

    def records_before(
        self, topic: str, partition: int, offset: int | None, count: int
    ) -> Sequence[Record]:
        return search.before(self._database, self._span(topic, partition), offset, count)

    def offset_since(self, topic: str, partition: int, timestamp_ms: int) -> int:
        return search.since(self._database, self._span(topic, partition), timestamp_ms)

    def offset_after(self, topic: str, offset: int) -> int | None:
        """The next offset; a commit's marker takes one in between.

        A copy of a log of another kind has that log's offsets.
        """
        if self._is_copy:
            return None
        return offset + (2 if topic in OUTPUT_TOPICS else 1)

    def wait(self, timeout_s: float) -> None:
        """Return when any process has written since the last wait, or after the time.

        Checks shared memory, the more rarely the longer nothing comes: a record that comes after
        a quiet time t is noticed within t/128, and within a millisecond.
        """
        now_s = time.monotonic()
        deadline_s = now_s + timeout_s
        while (version := self._database.version()) == self._waited_for:
            if now_s >= deadline_s:
                return
            quiet_s = now_s - self._changed_s
            sleep_s = min(max(quiet_s / 128, WAIT_SLEEP_MIN_S), WAIT_SLEEP_MAX_S)
            time.sleep(min(sleep_s, deadline_s - now_s))
            now_s = time.monotonic()
        self._waited_for = version
        self._changed_s = now_s

    def leases(self, owner: str, shards: Sequence[int] | None = None) -> EmbeddedLeases:
        for shard in shards or ():
            self._span("journal", shard)
        return EmbeddedLeases(
            self._database, self._partitions, owner, shards, self._session_timeout_ms
        )

    def owners(self) -> Mapping[int, str]:
        view = View.read(self._database)
        now_ns = time.monotonic_ns()
        alive = {name for name, worker in view.workers.items() if worker.is_alive(now_ns)}
        return {n: name for n, name in view.owners.items() if name is not None and name in alive}

    def writer(self, lease: Lease) -> "EmbeddedWriter":
        writer = EmbeddedWriter(self._database, lease)
        self._database.checkpoint()
        return writer

    def take_over(self, name: str, owner: str) -> EmbeddedAppender:
        return EmbeddedAppender(
            self._database, name, owner, self._batches, self._session_timeout_ms
        )

    def holder(self, name: str) -> str | None:
        return names.holder(self._database, name)

    def close(self) -> None:
        self._database.close()

    def _span(self, topic: str, partition: int) -> Span:
        if topic not in TOPIC_IDS:
            raise ValueError(f"topic {topic!r}: expected one of {', '.join(ALL_TOPICS)}")
        partitions = 1 if topic in SHARED_TOPICS else self._partitions
        if not 0 <= partition < partitions:
            raise ValueError(f"partition {partition} of {topic}: expected 0 to {partitions - 1}")
        return span_of(topic, partition)


class EmbeddedReader:
    """Reads one partition; keeps an offset and a position, and no transaction."""

    def __init__(self, database: Database, span: Span, start: Start) -> None:
        self._database = database
        self._span = span
        self._offset, self._position = start
        self._quiet_at: tuple[int, int] | None = None  # The version at which all was read.
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
                self._advance(records, len(rows))
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
        """Does nothing: a reader holds no statement between calls."""

    def _advance(self, records: Sequence[Record], count: int) -> None:
        """Check that the last `count` records follow those before them, and count them as read."""
        last = records[-1]
        first_position = records[-count].position
        if (first_position, last.position) != (self._position, self._position + count - 1):
            expected = range(self._position, self._position + count)
            found = zip(records[-count:], expected, strict=True)
            wrong, position = next((r, n) for r, n in found if r.position != n)
            raise CorruptLogError(
                f"{self._database.path}: {self._span.name} has position {wrong.position} at "
                f"offset {wrong.offset}, expected {position}: records are missing, or were moved. "
                "Stop the workers; restore the file from a backup."
            )
        self._offset = last.offset + 1
        self._position += count

    def _check_start(self) -> None:
        """Raise CorruptLogError unless the first record at the start has the start's position."""
        span = self._span
        found = None
        if self._offset >= 0:
            # The end first: a record that is written after that is found by its own position.
            end = end_of(self._database, span, marker=span.topic in OUTPUT_TOPICS)
            rows = self._database.rows(FIRST, (span.first + self._offset, span.last))
            if rows:
                found = rows[0][0]
            elif self._offset <= end.offset:
                found = end.position
        if found != self._position:
            there = "lies outside the log" if found is None else f"has position {found} there"
            raise CorruptLogError(
                f"{self._database.path}: start at offset {self._offset}, position "
                f"{self._position} of {span.name} {there}. Nothing was read: this is another log "
                "than the one that the start came from, or an older copy of it."
            )


class EmbeddedWriter:
    """Writes a shard's stage topics, dlq and journal under a lease."""

    def __init__(self, database: Database, lease: Lease) -> None:
        self._database = database
        self._lease = lease
        self._ends: dict[str, End] = {}  # Of its partitions, which no other writer moves.
        if not is_held(database, lease):
            raise lost(database, lease)

    def commit(self, records: Mapping[str, Sequence[NewRecord]]) -> None:
        """Raises ValueError for a topic or a partition that is not the shard's."""
        rows: list[tuple[Any, ...]] = []
        ends: dict[str, End] = {}
        for topic, batch in records.items():
            if batch:
                span, end = self._end(topic, batch)
                rows += insertable(span, end, batch)
                count = len(batch)
                ends[topic] = End(end.offset + count + 1, end.position + count)
        if not rows:
            return
        try:
            with self._database.transaction() as connection:
                if not connection.execute(HELD, self._lease_row).fetchall():
                    raise lost(self._database, self._lease)
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
        """Does nothing: the lease is the worker's."""

    @property
    def _lease_row(self) -> tuple[int, str, int]:
        return (self._lease.shard, self._lease.owner, self._lease.epoch)

    def _end(self, topic: str, batch: Sequence[NewRecord]) -> tuple[Span, End]:
        shard = self._lease.shard
        if topic not in OUTPUT_TOPICS:
            raise ValueError(f"topic {topic!r}: a shard commits to {', '.join(OUTPUT_TOPICS)}")
        for record in batch:
            if record.partition != shard:
                raise ValueError(f"partition {record.partition} of {topic}: expected {shard}")
        span = span_of(topic, shard)
        end = self._ends.get(topic)
        if end is None:
            end = self._ends[topic] = end_of(self._database, span, marker=True)
        return span, end
