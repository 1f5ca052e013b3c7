"""The log in memory, with Kafka's rules and a switch for each of its failures.

One `Broker` holds the records; each process of a simulation opens a `MemoryLog` on it. What it
keeps of Kafka is what an engine can trip over:

- a commit's records are written first and become readable when the marker of their transaction
  reaches their partition, which may be later in one partition than in another;
- aborted records and markers take offsets, and readers pass them by;
- a new writer of a shard shuts out the one before (its epoch is fenced) and ends what that left
  open: committed where the decision had fallen, aborted where it had not;
- a worker that is silent for longer than its session loses its shards, and learns it when it asks;
- the outcome of a commit may be unknown to whoever asked for it.

What goes wrong, and when, says `Broker.fate`, which a simulation sets; time is its clock's, and so
is what a process does while it waits. Nothing here is random: the same calls give the same log.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

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

SESSION_NS = 6_000_000_000


class Fate(Enum):
    """What becomes of a call."""

    WELL = auto()
    UNAVAILABLE = auto()  # Nothing happened, and the caller knows.
    LOST = auto()  # A commit: nothing happened, and the caller does not know.
    UNANSWERED = auto()  # A commit: it happened, and the caller does not know.
    DELAYED = auto()  # A commit: it happened; its markers come when the broker is told to.


class _Outcome(Enum):
    OPEN = auto()
    COMMITTED = auto()
    ABORTED = auto()


@dataclass(slots=True)
class _Transaction:
    """Records of several partitions with one outcome."""

    shard: int
    partitions: list["_Partition"]
    outcome: _Outcome = _Outcome.OPEN


@dataclass(slots=True)
class _Entry:
    """What takes an offset; a marker has no record."""

    record: NewRecord | None
    transaction: _Transaction | None


@dataclass(slots=True)
class _Partition:
    entries: list[_Entry] = field(default_factory=list)
    open: list[tuple[int, _Transaction]] = field(default_factory=list)  # First offset of each.

    @property
    def stable_end(self) -> int:
        """The last stable offset: what lies before is committed or aborted for good."""
        return self.open[0][0] if self.open else len(self.entries)

    def mark(self, transaction: _Transaction) -> None:
        """Write the transaction's marker here."""
        self.open = [each for each in self.open if each[1] is not transaction]
        self.entries.append(_Entry(None, transaction))


@dataclass(slots=True)
class _Member:
    """A worker that holds leases."""

    owner: str
    shards: tuple[int, ...] | None  # Exactly these, or None for a fair share.
    seen_ns: int
    revoked: set[int] = field(default_factory=set)


@dataclass(slots=True)
class _Held:
    owner: str = ""
    epoch: int = 0


def always_well(_: str, __: str) -> Fate:
    return Fate.WELL


def pass_no_time(_: str, __: float) -> None:
    """Nothing comes by waiting where nobody else runs."""


def tell_nobody() -> None:
    """Who polls needs no news."""


class Broker:
    """What all processes of a simulation share."""

    def __init__(
        self,
        partitions: int,
        clock_ns: Callable[[], int],
        *,
        fate: Callable[[str, str], Fate] = always_well,
        waiting: Callable[[str, float], None] = pass_no_time,
        on_news: Callable[[], None] = tell_nobody,
        session_ns: int = SESSION_NS,
    ) -> None:
        """`fate` gets the process's name and what it asks for, `waiting` for how many seconds.

        `on_news` is called when something may have become readable or free.
        """
        self.partitions = partitions
        self.clock_ns = clock_ns
        self.fate = fate
        self.waiting = waiting
        self.on_news = on_news
        self.session_ns = session_ns
        self.topics: dict[tuple[str, int], _Partition] = {
            (topic, part): _Partition()
            for topic in ALL_TOPICS
            for part in range(1 if topic in SHARED_TOPICS else partitions)
        }
        self._undecided: dict[int, _Transaction] = {}  # The last transaction of each shard.
        self._unmarked: list[_Transaction] = []  # Decided, markers still to come.
        self._writers = dict.fromkeys(range(partitions), 0)  # Epoch of the newest writer.
        self._members: dict[str, _Member] = {}
        self._joins: dict[str, int] = {}  # By owner: only the last of a name is a member.
        self._held = {shard: _Held() for shard in range(partitions)}

    # ---------------------------------------------------------------------- transactions

    def open_writer(self, shard: int) -> int:
        """Fence the writer before, and end what it left; the new epoch."""
        self._writers[shard] += 1
        left = self._undecided.pop(shard, None)
        if left is not None and left.outcome is _Outcome.OPEN:
            self.decide(left, _Outcome.ABORTED)
        self.deliver_markers(shard)
        return self._writers[shard]

    def is_newest(self, shard: int, epoch: int) -> bool:
        return self._writers[shard] == epoch

    def begin(self, shard: int, records: Mapping[str, Sequence[NewRecord]]) -> _Transaction:
        """Write the records; nobody sees them yet."""
        self.deliver_markers(shard)  # A shard's transactions follow each other.
        transaction = _Transaction(shard, [])
        for topic, batch in records.items():
            if not batch:
                continue
            partition = self.topics[topic, shard]
            partition.open.append((len(partition.entries), transaction))
            partition.entries += [_Entry(record, transaction) for record in batch]
            transaction.partitions.append(partition)
        self._undecided[shard] = transaction
        return transaction

    def decide(self, transaction: _Transaction, outcome: _Outcome) -> None:
        """The outcome is fixed once; the markers are on their way."""
        assert transaction.outcome is _Outcome.OPEN, "an outcome stands"
        transaction.outcome = outcome
        self._undecided.pop(transaction.shard, None)
        self._unmarked.append(transaction)

    def commit(self, transaction: _Transaction) -> None:
        self.decide(transaction, _Outcome.COMMITTED)

    def deliver_markers(self, shard: int | None = None) -> None:
        """Let the markers of a shard's decided transactions, or of all, reach their partitions."""
        kept: list[_Transaction] = []
        for transaction in self._unmarked:
            if shard is not None and transaction.shard != shard:
                kept.append(transaction)
                continue
            for partition in transaction.partitions:
                partition.mark(transaction)
        self._unmarked = kept
        self.on_news()

    @property
    def has_markers_to_come(self) -> bool:
        return bool(self._unmarked)

    def deliver_one_marker(self) -> None:
        """Let the oldest marker that is on its way reach its partition, and no other."""
        if self._unmarked:
            transaction = self._unmarked[0]
            transaction.partitions.pop(0).mark(transaction)
            if not transaction.partitions:
                self._unmarked.pop(0)
            self.on_news()

    # ---------------------------------------------------------------------------- leases

    def join(self, owner: str, shards: Sequence[int] | None) -> int:
        """A process of the same name takes its own place, as after a restart.

        Returns the number of this join of the name: the one before is no member any more.
        """
        self._expire()
        for shard in shards or ():
            holder = self._held[shard].owner
            if holder and holder != owner:
                raise LeaseLostError(f"shard {shard} is held by {holder}; stop it, or wait.")
        for held in self._held.values():
            if held.owner == owner:
                held.owner = ""
        wanted = None if shards is None else tuple(shards)
        self._members[owner] = _Member(owner, wanted, self.clock_ns())
        self._joins[owner] = self._joins.get(owner, 0) + 1
        return self._joins[owner]

    def is_last_join(self, owner: str, number: int) -> bool:
        return self._joins[owner] == number

    def leave(self, owner: str) -> None:
        self._members.pop(owner, None)
        for held in self._held.values():
            if held.owner == owner:
                held.owner = ""
        self.on_news()

    def poll(self, owner: str, known: Mapping[int, int]) -> LeaseChange:
        """What changed for a member since it knew `known`, shard to epoch."""
        self._expire()
        member = self._members.get(owner)
        if member is None:  # Expelled: it comes back as a new one.
            lost = tuple(known)
            self._members[owner] = _Member(owner, None, self.clock_ns())
            return LeaseChange(lost=lost)
        member.seen_ns = self.clock_ns()
        target = self._share_of(member)
        lost = tuple(
            shard for shard, epoch in known.items() if not self.is_held(shard, owner, epoch)
        )
        revoked: list[int] = []
        for shard in known:
            if shard not in lost and shard not in target and shard not in member.revoked:
                member.revoked.add(shard)
                revoked.append(shard)
        gained = [self._take(shard, owner) for shard in target if not self._held[shard].owner]
        return LeaseChange(gained=tuple(gained), revoked=tuple(revoked), lost=lost)

    def release(self, owner: str, shard: int) -> None:
        if self._held[shard].owner == owner:
            self._held[shard].owner = ""
        if owner in self._members:
            self._members[owner].revoked.discard(shard)
        self.on_news()

    def is_held(self, shard: int, owner: str, epoch: int) -> bool:
        self._expire()
        held = self._held[shard]
        return held.owner == owner and held.epoch == epoch

    def expel(self, owner: str) -> None:
        """The group takes a member's shards away: what a pause past the session does."""
        self.leave(owner)

    def _expire(self) -> None:
        now_ns = self.clock_ns()
        for member in list(self._members.values()):
            if now_ns - member.seen_ns > self.session_ns:
                self.leave(member.owner)

    def _take(self, shard: int, owner: str) -> Lease:
        held = self._held[shard]
        held.owner, held.epoch = owner, held.epoch + 1
        return Lease(shard, owner, held.epoch)

    def _share_of(self, member: _Member) -> tuple[int, ...]:
        """The shards that a member should hold now."""
        if member.shards is not None:
            return tuple(n for n in member.shards if self._held[n].owner in ("", member.owner))
        pinned = {n for each in self._members.values() for n in each.shards or ()}
        free = [shard for shard in self._held if shard not in pinned]
        sharing = sorted(each.owner for each in self._members.values() if each.shards is None)
        place = sharing.index(member.owner)
        return tuple(shard for n, shard in enumerate(free) if n % len(sharing) == place)


class MemoryLog(Closeable):
    """One process's handle on a broker; the log port."""

    def __init__(self, broker: Broker, name: str = "") -> None:
        self._broker = broker
        self._name = name
        self.given_back: dict[int, int] = {}  # Epoch of the last lease released, by shard.

    @property
    def partitions(self) -> int:
        return self._broker.partitions

    def append(self, topic: str, records: Sequence[NewRecord]) -> None:
        if topic not in INPUT_TOPICS:
            raise ValueError(f"topic {topic!r}: inputs are appended to {', '.join(INPUT_TOPICS)}")
        self._ask("append")
        for record in records:
            self._partition(topic, record.partition).entries.append(_Entry(record, None))
        self._broker.on_news()

    def initialize(self, make: FirstRecords) -> None:
        self._ask("append")
        if any(place.entries for place in self._broker.topics.values()):
            raise NotEmptyError("the log holds records already; nothing was written")
        for topic, batch in make(dict.fromkeys(SHARED_TOPICS, 0)).items():
            for record in batch:
                self._partition(topic, record.partition).entries.append(_Entry(record, None))
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
        place = self._partition(topic, partition)
        end = place.stable_end if offset is None else min(offset, place.stable_end)
        found: list[Record] = []
        while end and len(found) < count:
            end -= 1
            record = committed(place.entries[end])
            if record is not None:
                found.append(Record(end, -1, *record[1:]))
        return found[::-1]

    def offset_since(self, topic: str, partition: int, timestamp_ms: int) -> int:
        self._ask("read")
        place = self._partition(topic, partition)
        for offset in range(place.stable_end):
            record = committed(place.entries[offset])
            if record is not None and record.timestamp_ms >= timestamp_ms:
                return offset
        return place.stable_end

    def offset_after(self, topic: str, offset: int) -> int | None:  # noqa: ARG002  The port's.
        """Markers and aborted records take as many as they take."""
        return None

    def wait(self, timeout_s: float) -> None:
        """Time is the simulation's."""
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

    def close(self) -> None:
        """Nothing is held."""

    @property
    def broker(self) -> Broker:
        return self._broker

    def _ask(self, what: str) -> Fate:
        """What becomes of a call. Raises LogUnavailableError where that is its fate."""
        fate = self._broker.fate(self._name, what)
        if fate is Fate.UNAVAILABLE:
            raise LogUnavailableError(f"{what}: no answer. Nothing was written; try again.")
        return fate

    def _partition(self, topic: str, partition: int) -> _Partition:
        found = self._broker.topics.get((topic, partition))
        if found is None:
            raise ValueError(f"{topic!r} has no partition {partition}")
        return found


class MemoryReader:
    """Reads one partition up to its last stable offset."""

    def __init__(self, log: MemoryLog, partition: _Partition, start: Start) -> None:
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
        """Nothing is held."""


class MemoryLeases:
    """The shards of one worker."""

    def __init__(self, log: MemoryLog, owner: str, shards: Sequence[int] | None) -> None:
        self._log = log
        self._owner = owner
        self._epochs: dict[int, int] = {}
        self._join = log.broker.join(owner, shards)

    def poll(self, timeout_s: float) -> LeaseChange:  # noqa: ARG002  Nothing comes by waiting.
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
        self._log.given_back[shard] = self._epochs.pop(shard, -1)
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
        if self._log.given_back.get(shard) == self._lease.epoch:
            raise LeaseLostError(f"shard {shard} was given back; this writer is over.")
        if not broker.is_newest(shard, self._epoch):
            raise LeaseLostError(f"shard {shard}: a newer writer has shut this one out.")
        transaction = broker.begin(shard, records)
        if fate is Fate.LOST:  # It stays open until the next writer, as after a time-out.
            raise CommitUnknownError(f"shard {shard}: no answer to a commit.")
        self._log._ask("decide")  # noqa: SLF001  A crash between the records and the decision.
        if transaction.outcome is not _Outcome.OPEN:
            raise LeaseLostError(f"shard {shard}: a newer writer has ended this transaction.")
        broker.commit(transaction)
        if fate is not Fate.DELAYED:
            broker.deliver_markers(shard)
        if fate is Fate.UNANSWERED:
            raise CommitUnknownError(f"shard {shard}: no answer to a commit.")

    def close(self) -> None:
        """The next writer shuts this one out."""


def committed(entry: _Entry) -> NewRecord | None:
    """What a reader of committed records gets of an entry before the last stable offset."""
    if entry.transaction is None or entry.record is None:
        return entry.record
    return entry.record if entry.transaction.outcome is _Outcome.COMMITTED else None
