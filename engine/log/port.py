"""What the engine asks of a log, and what each adapter promises.

A log holds topics of numbered partitions. A record has two numbers. Its *offset* is the log's own
and jumps: transaction markers and aborted records take offsets. Its *position* is dense, counted
by the port from 0 over the records a reader sees, so that it is the same on every log; digests,
causes and seals speak of positions. Only `Start` joins the two.

There are two kinds of writer. Anyone may `append` input records, durably and in order. A stage
topic, the journal and the dlq have one writer a shard: whoever holds the shard's lease commits
records to several topics at once, all or none, and nobody sees any of them before.

Who lost its lease can commit nothing more. What a commit came to may be unknown: then the caller
proves its lease, opens a new writer and reads the last record of the journal; never from the
exception.
"""

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
    """The log cannot be reached or cannot take the write; nothing was written, try again."""


class LeaseLostError(EngineError):
    """Somebody else holds the shard, or nobody: drop its state without committing."""


class CommitUnknownError(EngineError):
    """The commit may or may not have happened: prove the lease and read the last seal."""


class NotEmptyError(EngineError):
    """A log that should be empty holds records: nothing was written."""


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
    """Where a reader begins: the offset to seek to, and the position of the first record there."""

    offset: int
    position: int


BEGINNING = Start(0, 0)

First = Callable[[Mapping[str, int]], Mapping[str, Sequence[NewRecord]]]
"""Makes a log's first records of the offsets at which its shared topics end."""


class Reader(Protocol):
    """Reads one partition in order, committed records only."""

    @property
    def next(self) -> Start:
        """Where a new reader would go on after the last record returned."""
        ...

    def read(self, max_records: int) -> Sequence[Record]:
        """The next records that are there now, at most `max_records`; empty if there are none.

        Never waits. Raises LogUnavailableError.
        """
        ...

    def at_end(self) -> bool:
        """True if every record that was committed when this was called has been returned."""
        ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write a shard. `epoch` grows with every owner."""

    shard: int
    owner: str
    epoch: int


@dataclass(frozen=True, slots=True)
class LeaseChange:
    """What a poll of the leases brought."""

    gained: tuple[Lease, ...] = ()
    revoked: tuple[int, ...] = ()  # Finish what is running, then `release`.
    lost: tuple[int, ...] = ()  # Drop at once; commits would fail.


class Leases(Protocol):
    """The shards that one worker holds. One object a worker process."""

    def poll(self, timeout_s: float) -> LeaseChange:
        """Keep the leases alive and learn what changed. Call at least every second."""
        ...

    def release(self, shard: int) -> None:
        """Give a shard back so that another worker can have it at once."""
        ...

    def is_held(self, shard: int) -> bool:
        """Prove the lease against the log itself. Raises LogUnavailableError if it can't say."""
        ...

    def close(self) -> None:
        """Release everything."""
        ...


class ShardWriter(Protocol):
    """The one writer of a shard's stage topics, dlq and journal."""

    def commit(self, records: Mapping[str, Sequence[NewRecord]]) -> None:
        """Write all records of all topics in one transaction, or none.

        Records of one topic keep their order. Raises LeaseLostError, LogUnavailableError (nothing
        was written) or CommitUnknownError.
        """
        ...

    def close(self) -> None: ...


class Log(Protocol):
    """One log: `with open_log(url) as log`."""

    @property
    def partitions(self) -> int:
        """Number of shards, and of partitions of every topic but the shared ones."""
        ...

    def append(self, topic: str, records: Sequence[NewRecord]) -> None:
        """Append input records durably, in order. Raises LogUnavailableError."""
        ...

    def reader(self, topic: str, partition: int, start: Start = BEGINNING) -> Reader:
        """Raises CorruptLogError if the start lies outside the log."""
        ...

    def at_ends(self, readers: Sequence[Reader]) -> bool:
        """True if `at_end` is true of each of these, of what was committed when this was called.

        One question to the log for all of them. Raises LogUnavailableError.
        """
        ...

    def last(self, topic: str, partition: int) -> Record | None:
        """The last committed record, or None. Its position is -1: unknown without a full read."""
        ...

    def begin(self, make: First) -> None:
        """Write the first records of an empty log, inputs and outputs, in one transaction.

        An empty log's topics may end behind offset 0: an earlier attempt that came to nothing
        leaves its traces. So the records are made once that is over; the first one of a shared
        topic then has the offset that `make` was told. What `make` raises is passed on, and
        nothing was written. For who holds every lease, so that no worker has begun. Raises
        NotEmptyError, LogUnavailableError (nothing was written) or CommitUnknownError.
        """
        ...

    def before(
        self, topic: str, partition: int, offset: int | None, count: int
    ) -> Sequence[Record]:
        """The records that end before an offset, or the log's end where it is None, in order.

        At least one where there is any, and about `count`; their positions are -1: unknown.
        Raises LogUnavailableError.
        """
        ...

    def since(self, topic: str, partition: int, timestamp_ms: int) -> int:
        """Where the records begin that are not older; the log's end where there are none.

        For topics whose timestamps never go back, as those that a shard writes.
        Raises LogUnavailableError.
        """
        ...

    def offset_after(self, topic: str, offset: int) -> int | None:
        """Where the first record lies that was written after the one at `offset`, by another call.

        None where the log leaves that open: it may be any later one.
        """
        ...

    def wait(self, timeout_s: float) -> None:
        """Return when something may have become readable, or after the time."""
        ...

    def leases(self, owner: str, shards: Sequence[int] | None = None) -> Leases:
        """Compete for all shards, or for exactly these.

        Raises LeaseLostError if one of `shards` is held by another owner.
        """
        ...

    def writer(self, lease: Lease) -> ShardWriter:
        """Raises LeaseLostError if the lease is no longer the shard's."""
        ...

    def close(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...
