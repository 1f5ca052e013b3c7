"""The log port on a `Broker`: each process of a simulation has a `MemoryLog` of its own."""

from collections.abc import Mapping, Sequence

from engine.log.port import (
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
    LeaseChange,
    LeaseLostError,
    LogUnavailableError,
    NewRecord,
    NotEmptyError,
    Reader,
    Record,
    Start,
)
from infra.faults.broker import Broker, Entry, Fate, Outcome, Partition, committed


class MemoryLog(Closeable):
    """One process's handle on a broker; the log port."""

    def __init__(self, broker: Broker, name: str = "") -> None:
        self._broker = broker
        self._name = name
        self.released_epochs: dict[int, int] = {}  # Of the last lease released, by shard.

    @property
    def partitions(self) -> int:
        return self._broker.partitions

    @property
    def identity(self) -> Identity:
        return Identity("memory")

    def owners(self) -> Mapping[int, str]:
        return {}

    def leave(self, for_id: str) -> None:
        """Does nothing: no simulation goes on in another log."""

    def append(self, topic: str, records: Sequence[NewRecord]) -> None:
        if topic not in INPUT_TOPICS:
            raise ValueError(f"topic {topic!r}: inputs are appended to {', '.join(INPUT_TOPICS)}")
        self._ask("append")
        self._write(topic, records)

    def _write(self, topic: str, records: Sequence[NewRecord]) -> None:
        for record in records:
            self._partition(topic, record.partition).entries.append(Entry(record, None))
        self._broker.on_news()

    def initialize(self, make: FirstRecords) -> None:
        self._ask("append")
        if any(partition.entries for partition in self._broker.topics.values()):
            raise NotEmptyError("the log holds records already; nothing was written")
        for topic, batch in make(dict.fromkeys(SHARED_TOPICS, 0)).items():
            for record in batch:
                self._partition(topic, record.partition).entries.append(Entry(record, None))
        self._broker.on_news()

    def reader(self, topic: str, partition: int, start: Start = BEGINNING) -> "MemoryReader":
        found = self._partition(topic, partition)
        if not 0 <= start.offset <= len(found.entries):
            raise CorruptLogError(
                f"start at offset {start.offset} of {topic} partition {partition} lies outside "
                f"the log, offsets 0 to {len(found.entries)}."
            )
        return MemoryReader(self, found, start)

    def at_ends(self, readers: Sequence[Reader]) -> bool:
        return all(reader.at_end() for reader in readers)

    def last(self, topic: str, partition: int) -> Record | None:
        found = self.records_before(topic, partition, None, 1)
        return found[-1] if found else None

    def records_before(
        self, topic: str, partition: int, offset: int | None, count: int
    ) -> Sequence[Record]:
        self._ask("read")
        stable_end = self._partition(topic, partition).stable_end
        entries = self._partition(topic, partition).entries
        end = stable_end if offset is None else min(offset, stable_end)
        found: list[Record] = []
        while end and len(found) < count:
            end -= 1
            record = committed(entries[end])
            if record is not None:
                found.append(Record(end, -1, *record[1:]))
        return found[::-1]

    def offset_since(self, topic: str, partition: int, timestamp_ms: int) -> int:
        self._ask("read")
        found = self._partition(topic, partition)
        for offset in range(found.stable_end):
            record = committed(found.entries[offset])
            if record is not None and record.timestamp_ms >= timestamp_ms:
                return offset
        return found.stable_end

    def offset_after(self, topic: str, offset: int) -> int | None:  # noqa: ARG002  The port's.
        """Left open: any number of markers and aborted records may follow."""
        return None

    def wait(self, timeout_s: float) -> None:
        """Let the simulation's time pass."""
        self._ask("wait")
        self._broker.waiting(self._name, timeout_s)

    def leases(self, owner: str, shards: Sequence[int] | None = None) -> "MemoryLeases":
        self._ask("join")
        return MemoryLeases(self, owner, shards)

    def writer(self, lease: Lease) -> "MemoryWriter":
        self._ask("fence")
        if not self._broker.is_held(lease.shard, lease.owner, lease.epoch):
            raise LeaseLostError(f"shard {lease.shard} is no longer {lease.owner}'s.")
        return MemoryWriter(self, lease, self._broker.open_writer(lease.shard))

    def take_over(self, name: str, owner: str) -> "MemoryAppender":
        self._ask("take")
        return MemoryAppender(self, name, owner, self._broker.take_name(name, owner))

    def holder(self, name: str) -> str | None:
        self._ask("read")
        return self._broker.holder(name)

    def close(self) -> None:
        """Does nothing: a MemoryLog holds no resource."""

    @property
    def broker(self) -> Broker:
        return self._broker

    def _ask(self, what: str) -> Fate:
        """The fate of a call. Raises LogUnavailableError where that is its fate."""
        fate = self._broker.fate(self._name, what)
        if fate is Fate.UNAVAILABLE:
            raise LogUnavailableError(f"{what}: no answer. Nothing was written; try again.")
        return fate

    def _partition(self, topic: str, partition: int) -> Partition:
        found = self._broker.topics.get((topic, partition))
        if found is None:
            raise ValueError(f"{topic!r} has no partition {partition}")
        return found


class MemoryReader:
    """Reads one partition up to its last stable offset."""

    def __init__(self, log: MemoryLog, partition: Partition, start: Start) -> None:
        self._log = log
        self._partition = partition
        self._offset, self._position = start

    @property
    def next(self) -> Start:
        return Start(self._offset, self._position)

    def read(self, max_records: int) -> Sequence[Record]:
        self._log._ask("read")  # noqa: SLF001  One module, one client.
        end = self._partition.stable_end
        if self._offset >= end:
            return []
        found: list[Record] = []
        while self._offset < end and len(found) < max_records:
            record = committed(self._partition.entries[self._offset])
            if record is not None:
                found.append(Record(self._offset, self._position, *record[1:]))
                self._position += 1
            self._offset += 1
        return found

    def at_end(self) -> bool:
        self._log._ask("read")  # noqa: SLF001
        entries, end = self._partition.entries, self._partition.stable_end
        return all(committed(entries[offset]) is None for offset in range(self._offset, end))

    def close(self) -> None:
        """Does nothing: a reader holds no resource."""


class MemoryLeases:
    """The shards of one worker."""

    def __init__(self, log: MemoryLog, owner: str, shards: Sequence[int] | None) -> None:
        self._log = log
        self._owner = owner
        self._epochs: dict[int, int] = {}
        self._join = log.broker.join(owner, shards)

    def poll(self, timeout_s: float) -> LeaseChange:  # noqa: ARG002  It never waits.
        """Raises LogUnavailableError; LeaseLostError if another process has taken the name."""
        self._log._ask("poll")  # noqa: SLF001
        if not self._is_member:
            raise LeaseLostError(f"{self._owner}: another process has this worker's name.")
        change = self._log.broker.poll(self._owner, self._epochs)
        for shard in change.lost:
            self._epochs.pop(shard, None)
        self._epochs |= {lease.shard: lease.epoch for lease in change.gained}
        return change

    def release(self, shard: int) -> None:
        self._log._ask("release")  # noqa: SLF001
        self._log.released_epochs[shard] = self._epochs.pop(shard, -1)
        if self._is_member:
            self._log.broker.release(self._owner, shard)

    def is_held(self, shard: int) -> bool:
        self._log._ask("prove")  # noqa: SLF001
        epoch = self._epochs.get(shard) if self._is_member else None
        return epoch is not None and self._log.broker.is_held(shard, self._owner, epoch)

    def close(self) -> None:
        self._log._ask("leave")  # noqa: SLF001
        if self._is_member:
            self._log.broker.leave(self._owner)

    @property
    def _is_member(self) -> bool:
        return self._log.broker.is_last_join(self._owner, self._join)


class MemoryWriter:
    """Writes a shard's stage topics, dlq and journal; fenced by the next writer."""

    def __init__(self, log: MemoryLog, lease: Lease, epoch: int) -> None:
        self._log = log
        self._lease = lease
        self._epoch = epoch

    def commit(self, records: Mapping[str, Sequence[NewRecord]]) -> None:
        for topic, batch in records.items():
            if topic not in OUTPUT_TOPICS:
                raise ValueError(f"topic {topic!r}: a shard commits to {', '.join(OUTPUT_TOPICS)}")
            for record in batch:
                if record.partition != self._lease.shard:
                    raise ValueError(
                        f"partition {record.partition} of {topic}: expected {self._lease.shard}"
                    )
        if not any(records.values()):
            return
        broker, shard = self._log.broker, self._lease.shard
        fate = self._log._ask("commit")  # noqa: SLF001
        if self._log.released_epochs.get(shard) == self._lease.epoch:
            raise LeaseLostError(f"shard {shard} was released; this writer cannot commit.")
        if not broker.is_newest(shard, self._epoch):
            raise LeaseLostError(f"shard {shard}: a newer writer has fenced this one.")
        transaction = broker.begin(shard, records)
        if fate is Fate.LOST:  # It stays open until the next writer, as after a time-out.
            raise CommitUnknownError(f"shard {shard}: no answer to a commit.")
        self._log._ask("decide")  # noqa: SLF001  A crash between the records and the decision.
        if transaction.outcome is not Outcome.OPEN:
            raise LeaseLostError(f"shard {shard}: a newer writer has ended this transaction.")
        broker.commit(transaction)
        if fate is not Fate.DELAYED:
            broker.deliver_markers(shard)
        if fate is Fate.UNANSWERED:
            raise CommitUnknownError(f"shard {shard}: no answer to a commit.")

    def close(self) -> None:
        """Does nothing: the next writer fences this one."""


class MemoryAppender:
    """The holder of a name; fenced by the next one."""

    def __init__(self, log: MemoryLog, name: str, owner: str, epoch: int) -> None:
        self._log = log
        self._name = name
        self._owner = owner
        self._epoch = epoch

    def append(self, topic: str, records: Sequence[NewRecord]) -> None:
        """The call takes its time before the lease is looked at: the caller may be paused there."""
        if topic not in INPUT_TOPICS:
            raise ValueError(f"topic {topic!r}: inputs are appended to {', '.join(INPUT_TOPICS)}")
        self._log._ask("append")  # noqa: SLF001  One module, one client.
        self._check()
        self._log._write(topic, records)  # noqa: SLF001

    def renew(self) -> None:
        self._log._ask("prove")  # noqa: SLF001
        self._check()
        self._log.broker.renew_name(self._name)

    def close(self) -> None:
        self._log._ask("leave")  # noqa: SLF001
        self._log.broker.free_name(self._name, self._epoch)

    def _check(self) -> None:
        if not self._log.broker.is_name_held(self._name, self._epoch):
            raise LeaseLostError(
                f"{self._name} was taken over from {self._owner}. Nothing was written."
            )
