"""The broker of the log in memory, with Kafka's rules and a switch for each of its failures.

One `Broker` holds the records; each process of a simulation opens a `MemoryLog` on it. It keeps
those rules of Kafka on which an engine can fail:

- a commit's records are written first and become readable when the marker of their transaction
  reaches their partition, which may be later in one partition than in another;
- aborted records and markers take offsets, and readers skip them;
- a new writer of a shard fences the one before (by its epoch) and ends the transaction that it left
  open: committed if that was decided, else aborted;
- a worker that does not poll for longer than its session loses its shards, and learns it when it
  polls again;
- a name that another process takes over is lost to the one before, whose appends are refused;
- the outcome of a commit may be unknown to its caller.

`Broker.fate`, which a simulation sets, decides which calls fail and how. Time is the simulation's
clock, and the simulation decides what happens while a process waits. Nothing here is random: the
same calls give the same log.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

from engine.log.port import (
    ALL_TOPICS,
    SHARED_TOPICS,
    Lease,
    LeaseChange,
    LeaseLostError,
    NewRecord,
)

SESSION_NS = 6_000_000_000


class Fate(Enum):
    """The outcome of a call to the log."""

    WELL = auto()
    UNAVAILABLE = auto()  # Nothing happened, and the caller knows.
    LOST = auto()  # A commit: nothing happened, and the caller does not know.
    UNANSWERED = auto()  # A commit: it happened, and the caller does not know.
    DELAYED = auto()  # A commit: it happened; its markers wait for `deliver_one_marker`.


class Outcome(Enum):
    OPEN = auto()
    COMMITTED = auto()
    ABORTED = auto()


@dataclass(slots=True)
class Transaction:
    """Records of several partitions with one outcome."""

    shard: int
    partitions: list["Partition"]
    outcome: Outcome = Outcome.OPEN


@dataclass(slots=True)
class Entry:
    """A record or marker, each at its own offset; a marker has no record."""

    record: NewRecord | None
    transaction: Transaction | None


@dataclass(slots=True)
class Partition:
    entries: list[Entry] = field(default_factory=list)
    open: list[tuple[int, Transaction]] = field(default_factory=list)  # First offset of each.

    @property
    def stable_end(self) -> int:
        """The last stable offset: all transactions before it have ended."""
        return self.open[0][0] if self.open else len(self.entries)

    def mark(self, transaction: Transaction) -> None:
        """Write the transaction's marker here."""
        self.open = [each for each in self.open if each[1] is not transaction]
        self.entries.append(Entry(None, transaction))


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


@dataclass(slots=True)
class _Name:
    """The last holder of a name."""

    owner: str
    epoch: int
    seen_ns: int | None  # None: it was given back.


def always_well(_: str, __: str) -> Fate:
    return Fate.WELL


def pass_no_time(_: str, __: float) -> None:
    """Return at once: without other processes nothing can come meanwhile."""


def ignore_news() -> None:
    """For callers that poll."""


class Broker:
    """The records, transactions and leases that all processes of a simulation share."""

    def __init__(
        self,
        partitions: int,
        clock_ns: Callable[[], int],
        *,
        fate: Callable[[str, str], Fate] = always_well,
        waiting: Callable[[str, float], None] = pass_no_time,
        on_news: Callable[[], None] = ignore_news,
        session_ns: int = SESSION_NS,
    ) -> None:
        """`fate` decides the outcome of each call, from the process's name and the call's.

        `waiting` is called when a process waits for so many seconds, `on_news` when a record may
        have become readable or a shard free.
        """
        self.partitions = partitions
        self.clock_ns = clock_ns
        self.fate = fate
        self.waiting = waiting
        self.on_news = on_news
        self.session_ns = session_ns
        self.topics: dict[tuple[str, int], Partition] = {
            (topic, part): Partition()
            for topic in ALL_TOPICS
            for part in range(1 if topic in SHARED_TOPICS else partitions)
        }
        self._undecided: dict[int, Transaction] = {}  # The last transaction of each shard.
        self._unmarked: list[Transaction] = []  # Decided, markers still to come.
        self._writers = dict.fromkeys(range(partitions), 0)  # Epoch of the newest writer.
        self._members: dict[str, _Member] = {}
        self._joins: dict[str, int] = {}  # By owner: only the last of a name is a member.
        self._held = {shard: _Held() for shard in range(partitions)}
        self._names: dict[str, _Name] = {}

    # ---------------------------------------------------------------------- transactions

    def open_writer(self, shard: int) -> int:
        """Fence the shard's writer and end its transaction; returns the new writer's epoch."""
        self._writers[shard] += 1
        left = self._undecided.pop(shard, None)
        if left is not None and left.outcome is Outcome.OPEN:
            self.decide(left, Outcome.ABORTED)
        self.deliver_markers(shard)
        return self._writers[shard]

    def is_newest(self, shard: int, epoch: int) -> bool:
        return self._writers[shard] == epoch

    def begin(self, shard: int, records: Mapping[str, Sequence[NewRecord]]) -> Transaction:
        """Write the records of a transaction; no reader sees them yet."""
        self.deliver_markers(shard)  # A shard's transactions follow each other.
        transaction = Transaction(shard, [])
        for topic, batch in records.items():
            if not batch:
                continue
            partition = self.topics[topic, shard]
            partition.open.append((len(partition.entries), transaction))
            partition.entries += [Entry(record, transaction) for record in batch]
            transaction.partitions.append(partition)
        self._undecided[shard] = transaction
        return transaction

    def decide(self, transaction: Transaction, outcome: Outcome) -> None:
        """Decide the outcome, once; its markers are delivered later."""
        assert transaction.outcome is Outcome.OPEN, "an outcome is final"
        transaction.outcome = outcome
        self._undecided.pop(transaction.shard, None)
        self._unmarked.append(transaction)

    def commit(self, transaction: Transaction) -> None:
        self.decide(transaction, Outcome.COMMITTED)

    def deliver_markers(self, shard: int | None = None) -> None:
        """Write the markers of a shard's decided transactions, or of all, to their partitions."""
        kept: list[Transaction] = []
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
        """Write the oldest waiting marker to its partition, and no other."""
        if self._unmarked:
            transaction = self._unmarked[0]
            transaction.partitions.pop(0).mark(transaction)
            if not transaction.partitions:
                self._unmarked.pop(0)
            self.on_news()

    # ---------------------------------------------------------------------------- leases

    def join(self, owner: str, shards: Sequence[int] | None) -> int:
        """Add a member; one of the same name is replaced, as after a restart.

        Returns the number of this join of the name; the one before is no member any more.
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
        """The changes for a member that knows of the leases `known`, epoch by shard."""
        self._expire()
        member = self._members.get(owner)
        if member is None:  # Expelled: it joins as a new one.
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
        """Take a member's shards away, as a pause longer than its session does."""
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
        index = sharing.index(member.owner)
        return tuple(shard for n, shard in enumerate(free) if n % len(sharing) == index)

    # ----------------------------------------------------------------------------- names

    def take_name(self, name: str, owner: str) -> int:
        """Fence the name's holder; returns the epoch of the new one."""
        former = self._names.get(name)
        epoch = 1 if former is None else former.epoch + 1
        self._names[name] = _Name(owner, epoch, self.clock_ns())
        return epoch

    def is_name_held(self, name: str, epoch: int) -> bool:
        return self._names[name].epoch == epoch

    def renew_name(self, name: str) -> None:
        self._names[name].seen_ns = self.clock_ns()

    def free_name(self, name: str, epoch: int) -> None:
        if self.is_name_held(name, epoch):
            self._names[name].seen_ns = None

    def holder(self, name: str) -> str | None:
        found = self._names.get(name)
        if found is None or found.seen_ns is None:
            return None
        return found.owner if self.clock_ns() - found.seen_ns <= self.session_ns else None


def committed(entry: Entry) -> NewRecord | None:
    """The record that a reader gets of an entry before the last stable offset, if any."""
    if entry.transaction is None or entry.record is None:
        return entry.record
    return entry.record if entry.transaction.outcome is Outcome.COMMITTED else None
