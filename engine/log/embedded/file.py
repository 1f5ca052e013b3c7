"""The embedded log's file: one SQLite connection that raises the port's errors, and the tables.

A record is a row whose id is its topic, its partition and its offset in one integer, so that a
partition is a range of ids and its end is the last row of that range. A writer takes SQLite's
write lock with `BEGIN IMMEDIATE` and a short retry of its own, because SQLite's busy handler
sleeps up to 100 ms at a time. Statements are run to their end at once, so no read transaction
outlives its call and the WAL can always be restarted.
"""

import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import apsw

from engine.log.embedded import identity
from engine.log.port import (
    ALL_TOPICS,
    CommitUnknownError,
    CorruptLogError,
    EngineError,
    Headers,
    LogUnavailableError,
)

PARTITIONS_DEFAULT = 8
BUSY_TIMEOUT_S = 10.0  # Longer than any checkpoint of another process.
BUSY_SLEEP_S = 0.000_2
CHECKPOINT_PAGES = 4_000  # 16 MB of WAL; a checkpoint then takes some 10 ms.
WAL_KEPT_BYTES = 67_108_864  # The file is cut to this when it is restarted.
CACHE_KIB = 16_384

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
    expires_ns integer not null  -- By the monotonic clock of the machine.
) without rowid;
create table lease (shard integer primary key, owner text, epoch integer not null);
"""
END = "select id - ?, position from record where id between ? and ? order by id desc limit 1"

Rows = list[tuple[Any, ...]]
_HEADER = struct.Struct(">HI")  # Bytes of the name, bytes of the value.


class PartitionsError(EngineError):
    """The file has another number of partitions than the configuration."""


class Span(NamedTuple):
    """The ids of one partition, both ends included."""

    topic: str
    partition: int
    first: int
    last: int

    @property
    def name(self) -> str:
        return f"{self.topic} partition {self.partition}"


class End(NamedTuple):
    """Offset and position of a partition's next record."""

    offset: int
    position: int


class Database:
    """One connection that retries while others write, and raises the port's errors."""

    def __init__(self, path: Path, max_pages: int | None) -> None:
        self.path = path
        self._own_commits = 0  # PRAGMA data_version leaves out this connection's own.
        self._checkpoints = False
        self._had_no_wal = not self._wal.exists()  # Before SQLite makes one.
        self._file: tuple[int, int] | None = None  # Device and inode of a log that is open.
        try:
            self._connection = apsw.Connection(str(path))
        except apsw.Error as error:
            self._raise_ours(error)
        try:
            self._configure(max_pages)
        except BaseException:
            self._connection.close()
            raise

    def rows(self, sql: str, bindings: tuple[Any, ...] = ()) -> Rows:
        """All rows; the statement is run to its end, so no read transaction stays open."""
        deadline_s = 0.0
        while True:
            try:
                return self._connection.execute(sql, bindings).fetchall()
            except apsw.BusyError as error:  # Another process recovers or removes the WAL.
                deadline_s = self._sleep_busy(deadline_s, error)
            except apsw.Error as error:
                self._raise_ours(error)

    def version(self) -> tuple[int, int]:
        """Differs from an earlier one if any connection has committed since."""
        return self.rows("pragma data_version")[0][0], self._own_commits

    @contextmanager
    def transaction(self) -> Iterator[apsw.Connection]:
        """Hold the write lock; commit at the end, roll back on any exception.

        Raises CommitUnknownError if the disk failed in the commit itself: its frames may be
        complete in the WAL, and the next recovery would then apply them.
        """
        try:
            self._begin()
            is_first = self._file is not None and self._note_wal()
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
        if is_first:
            self._bring_in()

    def checkpoint(self) -> None:
        """Checkpoint the WAL now, and from now on whenever a commit makes it long."""
        if not self._checkpoints:
            self._checkpoints = True
            self._connection.wal_autocheckpoint(CHECKPOINT_PAGES)
        self._bring_in()

    def opened(self) -> None:
        """Note that the file is a log with an identity, whose path must go on to name it.

        Raises CorruptLogError if its WAL is missing.
        """
        has_wal = bool(self.rows(identity.HAS_WAL)[0][0])
        if has_wal and self._had_no_wal and not self._wal.stat().st_size:
            raise CorruptLogError(
                f"{self.path} belongs to a WAL, {self._wal.name}, which is not beside it: the file "
                "was copied without it, or lost it, and with it its newest records. Nothing was "
                "read. Copy both files, or use `metaorder log backup`, which needs no stop. If "
                "SQLite's own backup made the file, or another SQLite tool closed it, it is whole: "
                f"`metaorder log restore --from {self.path}` makes a log of what it holds, and "
                "says how much that is."
            )
        found = self.path.stat()
        self._file = (found.st_dev, found.st_ino)

    def close(self) -> None:
        try:
            if self._file is not None:
                self._note_whole()
                self._file = None
            self._connection.close()
        except apsw.Error as error:
            self._raise_ours(error)

    def _configure(self, max_pages: int | None) -> None:
        self._connection.wal_autocheckpoint(0)
        # In this order: another process may be making the tables now, all in one transaction.
        tables = self.rows("select count(*) from sqlite_schema")[0][0]
        application_id = self.rows("pragma application_id")[0][0]
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

    @property
    def _wal(self) -> Path:
        return self.path.with_name(self.path.name + "-wal")

    def _note_wal(self) -> bool:
        """Note in the open transaction that records may be in the WAL alone; True if it is new.

        Raises LogUnavailableError if the path names this file no more.
        """
        self.require_there()
        if self._connection.execute(identity.HAS_WAL).fetchall()[0][0]:
            return False
        self._connection.execute("update identity set has_wal = 1")
        return True

    def require_there(self) -> None:
        """Raise LogUnavailableError if the open file or its WAL is not at its path any more."""
        gone = ""
        try:
            found = self.path.stat()
            if self._file is not None and (found.st_dev, found.st_ino) != self._file:
                gone = f"another file is at {self.path} than this process has open"
            elif not self._wal.exists():
                gone = f"{self._wal} was deleted while the log is open"
        except FileNotFoundError:
            gone = f"{self.path} was deleted while this process has it open"
        if gone:
            raise LogUnavailableError(
                f"{gone}. Nothing was written: no other process would ever see it. Put the file "
                "back, with its -wal, or stop this process and restore a backup."
            )

    def _note_whole(self) -> None:
        """Have the file say that it is whole; where it cannot, closing leaves the WAL beside it."""
        try:
            self._connection.execute("begin immediate")
            self._connection.execute("update identity set has_wal = 0 where has_wal = 1")
            self._connection.execute("commit")
        except apsw.Error:
            self._roll_back()
            self._connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)

    def _bring_in(self) -> None:
        # Busy: another process does it. A disk that fails: the WAL is whole, the next write raises.
        with suppress(apsw.BusyError, apsw.FullError, apsw.IOError):
            self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)

    def _sleep_busy(self, deadline_s: float, error: apsw.BusyError) -> float:
        """Sleep once; returns the deadline, which the first call sets. Pass 0.0 to that one."""
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
        """Raise the port's error for SQLite's; any other one is a bug and raised as is."""
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


def open_file(database: Database, partitions: int | None) -> int:
    """The file's number of partitions; creates the tables in an empty file."""
    if not database.rows("select 1 from sqlite_schema where name = 'log'"):
        create(database, partitions or PARTITIONS_DEFAULT, identity.new_id())
    version = database.rows("pragma user_version")[0][0]
    if version != FORMAT:
        raise CorruptLogError(
            f"{database.path}: format {version}, expected {FORMAT}. Nothing was read; use the "
            "release that wrote it."
        )
    _require_topics(database)
    if not database.rows(identity.IS_MADE):  # The file of an early release.
        with database.transaction() as connection:
            identity.make(connection, identity.new_id())
    database.opened()
    found: int = database.rows("select partitions from log")[0][0]
    if partitions is not None and partitions != found:
        raise PartitionsError(
            f"{database.path} has {found} partitions, the configuration asks for {partitions}. "
            f"Nothing was written; set partitions to {found}, or take a new file."
        )
    return found


def _require_topics(database: Database) -> None:
    """The names of the topics are for people, and must say of each record what the engine says.

    Records hold the topic's number; in a file with another name for it, a reader that goes by names
    would take one topic for another, with every digest right. Raises CorruptLogError.
    """
    names: dict[int, str] = dict(database.rows("select topic_id, name from topic"))
    wrong = [
        f"{names.get(n)!r} for {topic!r}" for topic, n in TOPIC_IDS.items() if names.get(n) != topic
    ]
    if wrong:
        raise CorruptLogError(
            f"{database.path}: the table of topics was changed, found {', '.join(wrong)}. Stop the "
            "workers; restore the file from a backup."
        )


def create(database: Database, partitions: int, log_id: str, origin: str = "") -> None:
    """Make the tables of a log. `origin` is the kind of log that it copies, if it does."""
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
        identity.make(connection, log_id, origin)


def span_of(topic: str, partition: int) -> Span:
    first = (TOPIC_IDS[topic] << PARTITION_BITS | partition) << OFFSET_BITS
    return Span(topic, partition, first, first + (1 << OFFSET_BITS) - 1)


def end_of(database: Database, span: Span, *, marker: bool) -> End:
    """The next record's offset and position; with `marker`, the last commit's took one offset."""
    rows = database.rows(END, (span.first, span.first, span.last))
    if not rows:
        return End(0, 0)
    offset, position = rows[0]
    return End(offset + 1 + marker, position + 1)


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
    """Raises CorruptLogError if the bytes are not what `pack_headers` writes."""
    if not packed:
        return ()
    headers = []
    at = 0
    size = len(packed)
    try:
        while at < size:
            name_size, value_size = _HEADER.unpack_from(packed, at)
            value_at = at + _HEADER.size + name_size
            end = value_at + value_size
            headers.append((packed[at + _HEADER.size : value_at].decode(), packed[value_at:end]))
            at = end
    except (struct.error, UnicodeDecodeError) as error:
        raise damaged_headers(packed) from error
    if at != size:  # The last slice was cut short.
        raise damaged_headers(packed)
    return tuple(headers)


def damaged_headers(packed: bytes) -> CorruptLogError:
    return CorruptLogError(
        f"a record's headers cannot be read ({packed.hex():.80}). The file was changed after it "
        "was written; restore it from a backup."
    )
