"""The log port: the guarantees that the engine needs and each adapter gives.

A log holds topics of numbered partitions. A record has two numbers. Its *offset* is the log's own
and jumps: transaction markers and aborted records take offsets. Its *position* is dense, counted
by the port from 0 over the records a reader sees, so that it is the same on every log; digests,
causes and seals speak of positions. Only `Start` joins the two.

There are two kinds of writer. Any process may `append` input records, durably and in order. The
stage topics, the journal and the dlq have one writer a shard: the holder of the shard's lease
commits records to several topics at once, all or none, and no reader sees any of them before.
An edge of which there must be one, such as a gateway, appends its input records under a lease by
name: once another process has taken the name over, nothing more of it reaches the topic.

A worker that has lost its lease can commit nothing more. The outcome of a commit may be unknown.
Then the caller proves its lease, opens a new writer and reads the last record of the journal; it
never infers the outcome from the exception.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import NamedTuple, Protocol, Self

INPUT_TOPICS = ("market-data", "reference", "controls", "venue-reports", "orders")  # Batch order.
SHARED_TOPICS = ("controls", "reference")  # One partition, which every shard reads.
STAGE_TOPICS = ("ingest", "aggregation", "slices", "routes", "fills", "allocations")
JOURNAL = "journal"
DLQ = "dlq"
OUTPUT_TOPICS = (*STAGE_TOPICS, DLQ, JOURNAL)  # Written under the lease, sealed by the journal.
ALL_TOPICS = (*INPUT_TOPICS, *OUTPUT_TOPICS)

Headers = tuple[tuple[str, bytes], ...]


class EngineError(Exception):
    """Base of every error that this project raises on purpose."""


class CorruptLogError(EngineError):
    """The log contradicts itself or its journal: stop, write nothing."""


class LogUnavailableError(EngineError):
    """The log cannot be reached or cannot take the write: try again.

    Nothing was written, unless it was an `append`; see there.
    """


class RefusedByBrokerError(LogUnavailableError):
    """The brokers know this process and do not allow what it asks, or do not know it.

    It may be tried again: the right may be given, or the secret changed, at any moment.
    """


class LeaseLostError(EngineError):
    """The caller does not hold the shard any more: drop its state without committing."""


class CommitUnknownError(EngineError):
    """The commit may or may not have happened: prove the lease and read the last seal."""


class NotEmptyError(EngineError):
    """A log that should be empty holds records: nothing was written."""


class LogLeftError(EngineError):
    """Another log goes on from this one: it is read, and never written again."""


class OtherLogError(EngineError):
    """The log is another one than the caller, its settings or its files expect."""


class Identity(NamedTuple):
    """The identity of a log, kept beside its records: never in a record, a seal or the chain."""

    log_id: str  # 32 hexadecimal characters, made with the log; empty for one that has none.
    left_for: str = ""  # The id of the log that goes on from this one; empty while it is at work.

    def require_at_work(self, name: str) -> None:
        """Raise LogLeftError if another log goes on from this one."""
        if self.left_for:
            raise LogLeftError(
                f"{name} was left for log {self.left_for}, which goes on from its close; whatever "
                "it resumed would be resumed twice. Nothing was written. Give every process the "
                "URL of that log; this one is for reading alone."
            )


class NewRecord(NamedTuple):
    """A record to write. Bytes only: what they mean is the codec's business."""

    partition: int
    timestamp_ms: int  # ms since 1970 UTC, given by the writer, kept by the log.
    key: bytes | None
    headers: Headers
    value: bytes


class Record(NamedTuple):
    """A record as read."""

    offset: int  # The log's own number; jumps.
    position: int  # Dense number, from 0; the same on every log.
    timestamp_ms: int
    key: bytes | None
    headers: Headers
    value: bytes


class Start(NamedTuple):
    """The start of a reader: the offset to seek to, and the position of the first record there."""

    offset: int
    position: int


BEGINNING = Start(0, 0)

FirstRecords = Callable[[Mapping[str, int]], Mapping[str, Sequence[NewRecord]]]
"""Makes a log's first records, by topic, from the offsets at which its shared topics end."""


class Closeable(ABC):
    """An object that is closed at the end of its `with`."""

    @abstractmethod
    def close(self) -> None:
        """Give back the files, connections and threads that it holds."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class Reader(Protocol):
    """Reads one partition in order, committed records only."""

    @property
    def next(self) -> Start:
        """The start with which a new reader would go on after the last record returned."""
        ...

    def read(self, max_records: int) -> Sequence[Record]:
        """The next records, at most `max_records`; empty if none can be read now.

        Never waits, so an empty answer is not the end: see `at_end`. Raises LogUnavailableError,
        and CorruptLogError if a record is missing or damaged.
        """
        ...

    def at_end(self) -> bool:
        """True if `read` has returned every record that was committed before this call.

        Raises LogUnavailableError.
        """
        ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write a shard. `epoch` is higher than that of every lease of it before."""

    shard: int
    owner: str
    epoch: int


@dataclass(frozen=True, slots=True)
class LeaseChange:
    """The changes since the last poll of the leases, by shard."""

    gained: tuple[Lease, ...] = ()
    revoked: tuple[int, ...] = ()  # Finish the running batch, then `release`.
    lost: tuple[int, ...] = ()  # Drop at once; commits would fail.


class Leases(Protocol):
    """The shards that one worker holds. A worker process has one such object."""

    def poll(self, timeout_s: float) -> LeaseChange:
        """Renew the leases; return what changed, at the latest after `timeout_s`.

        Call it at least once a second. Raises LogUnavailableError: poll again; LeaseLostError if
        another process runs under this owner's name.
        """
        ...

    def release(self, shard: int) -> None:
        """Give a shard back, so that another worker can gain it at once.

        A shard that is not held is ignored. Raises LogUnavailableError: the shard is still held.
        """
        ...

    def is_held(self, shard: int) -> bool:
        """Whether the lease is still held, proved against the log itself.

        Raises LogUnavailableError if the log does not answer: then it is unknown.
        """
        ...

    def close(self) -> None:
        """Release every shard. Raises LogUnavailableError: then the leases time out."""
        ...


class ShardWriter(Protocol):
    """The one writer of a shard's stage topics, dlq and journal."""

    def commit(self, records: Mapping[str, Sequence[NewRecord]]) -> None:
        """Write all records of all topics in one transaction, or none.

        Records of one topic keep their order. Without a record nothing is written. Raises
        LeaseLostError and LogUnavailableError, after which nothing was written, and
        CommitUnknownError, after which this writer is to be closed.
        """
        ...

    def close(self) -> None: ...


class Appending(Protocol):
    """Takes input records: a log, or the appender of a lease by name."""

    def append(self, topic: str, records: Sequence[NewRecord]) -> None:
        """Append records to an input topic, durably and in order."""
        ...


class LeasedAppender(Appending, Protocol):
    """Appends input records for the one process that holds a name."""

    def append(self, topic: str, records: Sequence[NewRecord]) -> None:
        """Append records to an input topic, all or none, durably and in order.

        Raises LeaseLostError if another process has taken the name over: nothing was written, and
        nothing will be. Raises LogUnavailableError; then all of them or none were written. Append
        all of them again: readers know an input by its source and number.
        """
        ...

    def renew(self) -> None:
        """Prove the lease, and show that its holder lives. Call it at least once a second.

        Raises LeaseLostError if another process has taken the name over, LogUnavailableError.
        """
        ...

    def close(self) -> None:
        """Give the name back. Raises LogUnavailableError: then it is free after a while."""
        ...


class Log(Protocol):
    """One log: `with open_log(url) as log`."""

    @property
    def partitions(self) -> int:
        """Number of shards, and of partitions of every topic but the shared ones."""
        ...

    @property
    def identity(self) -> Identity:
        """The log's identity as it is now. Raises LogUnavailableError."""
        ...

    def leave(self, for_id: str) -> None:
        """Note that the log of this id goes on from this one; inputs are refused from then on.

        Raises LogUnavailableError, and LogLeftError if it was left for another one before.
        """
        ...

    def append(self, topic: str, records: Sequence[NewRecord]) -> None:
        """Append records to an input topic, durably and in order.

        Raises LogLeftError, and LogUnavailableError: then some of the records may have been
        written. Append all of them again: readers know an input by its source and number.
        """
        ...

    def reader(self, topic: str, partition: int, start: Start = BEGINNING) -> Reader:
        """A reader of one partition from `start` on.

        Raises CorruptLogError if the start lies outside the log, LogUnavailableError.
        """
        ...

    def at_ends(self, readers: Sequence[Reader]) -> bool:
        """Whether `at_end` is true of each of these readers, which are of this log.

        The log is asked once for all of them. Raises LogUnavailableError.
        """
        ...

    def last(self, topic: str, partition: int) -> Record | None:
        """The last committed record, or None if the partition has none.

        Its position is -1: unknown without a full read. Raises LogUnavailableError.
        """
        ...

    def initialize(self, make: FirstRecords) -> None:
        """Write the first records of an empty log, inputs and outputs, in one transaction.

        An empty log's topics may end after offset 0: an earlier attempt that failed leaves markers
        and aborted records. So `make` is called once that attempt is over, and the first record of
        a shared topic has the offset that `make` was given. An exception of `make` is passed on,
        and nothing was written. The caller holds every lease, so that no worker has started.
        Raises NotEmptyError and LogUnavailableError, after which nothing was written, and
        CommitUnknownError.
        """
        ...

    def records_before(
        self, topic: str, partition: int, offset: int | None, count: int
    ) -> Sequence[Record]:
        """The last records before an offset, in order; before the end if it is None.

        About `count` of them, and at least one if there is any; none is left out in between. Their
        positions are -1: unknown. Raises LogUnavailableError.
        """
        ...

    def offset_since(self, topic: str, partition: int, timestamp_ms: int) -> int:
        """The offset from which on no record is older than the time; the end if all are.

        For topics whose timestamps never go back, as those that a shard writes.
        Raises LogUnavailableError.
        """
        ...

    def offset_after(self, topic: str, offset: int) -> int | None:
        """The offset of a record that was written right after the one at `offset`, by another call.

        None where the log does not fix it: it may be any later one.
        """
        ...

    def wait(self, timeout_s: float) -> None:
        """Return when a record may have become readable, at the latest after `timeout_s`.

        Raises LogUnavailableError.
        """
        ...

    def leases(self, owner: str, shards: Sequence[int] | None = None) -> Leases:
        """Compete for all shards, or claim exactly `shards`; `poll` brings them.

        Raises LeaseLostError if another owner holds one of `shards`, or another process runs under
        this owner's name; LogUnavailableError.
        """
        ...

    def owners(self) -> Mapping[int, str]:
        """The worker that holds each shard, as far as the log knows; without those that none holds.

        Raises LogUnavailableError.
        """
        ...

    def writer(self, lease: Lease) -> ShardWriter:
        """The writer of a shard; after this no writer of an older lease of it can commit.

        Raises LeaseLostError if the lease is not held any more, LogUnavailableError.
        """
        ...

    def take_over(self, name: str, owner: str) -> LeasedAppender:
        """Take a name, also from a process that lives; no older appender of it can append then.

        What the older ones have appended lies before all that this one will append. `owner` names
        the process, for people. Raises LogUnavailableError.
        """
        ...

    def holder(self, name: str) -> str | None:
        """The owner that has a name and lives; None if it is free, or its holder has died.

        Raises LogUnavailableError.
        """
        ...

    def close(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...
