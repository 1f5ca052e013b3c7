"""Take a closed log over into a new one with another number of partitions, and prove that it was.

The old log is only read. It must be at rest: every shard is closed, after the same controls and
reference data, has taken nothing since, its proof finds no difference, and no input waits. The
first batches of all new shards are one transaction, so that the new log is whole or empty however
the command ends; run again, it finds that it was done. Both logs' leases are held meanwhile, so no
worker is at work in either.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import NamedTuple

from engine.audit import verification
from engine.audit.verification import Bounds
from engine.core.events import BatchSealed, LogContinued, ShardClosed
from engine.core.state.state import State
from engine.log.port import (
    SHARED_TOPICS,
    EngineError,
    LeaseLostError,
    Leases,
    Log,
    NewRecord,
    NotEmptyError,
)
from engine.runtime import hash_chain
from engine.runtime.closed_log import (
    closed_log,
    closed_log_named,
    closed_shard,
    why_not_closed,
)
from engine.runtime.first_batches import (
    FirstBatches,
    as_new,
    continued_from,
    first_batches,
    is_continued,
)
from engine.runtime.shard import Rules
from engine.runtime.shard_log import SealRecord, ShardLog, events_of, last_seal

OWNER = "repartition"
LEASES_MAX_S = 30.0  # A group of the broker takes seconds to settle.
OnShard = Callable[[int], None]


def nothing() -> None:
    """Where nobody's lease has to be kept."""


class NotAtRestError(EngineError):
    """The old log is not closed, or not to its end; the message says every reason."""


class Taken(NamedTuple):
    """What the new log begins with."""

    seals: list[BatchSealed]
    is_new: bool  # Else it was there already.


def repartition(old: Log, new: Log, rules: Rules, on_shard: OnShard | None = None) -> Taken:
    """Begin `new` where `old` was closed. `on_shard` hears of each old shard that is proved.

    Raises NotAtRestError, NotEmptyError where the new log holds anything else, LeaseLostError
    where a worker is at work, CorruptLogError, LogUnavailableError, CommitUnknownError.
    """
    with all_leases(old) as of_old, all_leases(new) as of_new:

        def keep() -> None:
            of_old.keep()
            of_new.keep()

        closes = require_rest(old, rules, on_shard, keep)
        source = closed_log(old, rules.release, rules.python, closes)
        made: list[BatchSealed] = []

        def first(ends: Mapping[str, int]) -> Mapping[str, Sequence[NewRecord]]:
            found = first_batches(source, new.partitions, rules.release, rules.python, ends)
            made[:] = found.seals
            of_old.prove()  # No worker has decided since the first look.
            of_new.prove()
            return found.records

        try:
            new.initialize(first)
        except NotEmptyError:
            if last_seal(new, 0) is None or problems(new, old, rules):
                raise
            heads = [first_batch(new, number) for number in range(new.partitions)]
            return Taken(
                [head.seal_record.seal for head in heads if head is not None], is_new=False
            )
    return Taken(made, is_new=True)


class Held:
    """Every shard of a log, for as long as somebody says so at least every second."""

    def __init__(self, leases: Leases, shards: Sequence[int]) -> None:
        self._leases = leases
        self._shards = shards

    def keep(self) -> None:
        """Raises LeaseLostError where one of them is not ours any more."""
        change = self._leases.poll(0)
        gone = sorted({*change.lost, *change.revoked})
        if gone or change.gained:  # Gained: lost before, and whoever had it meanwhile is gone.
            raise _lost(gone or [lease.shard for lease in change.gained])

    def prove(self) -> None:
        """The same, by asking the log itself."""
        self.keep()
        gone = [shard for shard in self._shards if not self._leases.is_held(shard)]
        if gone:
            raise _lost(gone)


def _lost(shards: Sequence[int]) -> LeaseLostError:
    return LeaseLostError(
        f"the leases of shards {[*shards]} were lost while the log was proved: a worker may have "
        "decided meanwhile. Nothing was written. Stop the workers and run the command again."
    )


@contextmanager
def all_leases(log: Log) -> Iterator[Held]:
    """Hold every shard. Raises LeaseLostError where another owner does not give one up."""
    wanted = list(range(log.partitions))
    leases = log.leases(OWNER, wanted)
    try:
        held: set[int] = set()
        deadline_s = time.monotonic() + LEASES_MAX_S
        while len(held) < len(wanted):
            if time.monotonic() > deadline_s:
                left = sorted(set(wanted) - held)
                raise LeaseLostError(f"shards {left} are held by others; stop the workers.")
            held |= {lease.shard for lease in leases.poll(0.2).gained}
        yield Held(leases, wanted)
    finally:
        leases.close()


# --------------------------------------------------------------------------------- the old


def require_rest(
    log: Log,
    rules: Rules,
    on_shard: OnShard | None = None,
    keep: Callable[[], None] = nothing,
    *,
    is_proved: bool = True,
) -> list[ShardClosed]:
    """The last closes, proved unless only a quick look is asked for; `keep` is called all along.

    Raises NotAtRestError with everything that still has to be done with the log.
    """
    found: list[str] = []
    closes: list[ShardClosed] = []
    read: dict[tuple[int, ...], list[int]] = {}
    for number in range(log.partitions):
        keep()
        rest = closed_shard(log, number, rules.release, rules.python)
        if rest is None:
            found.append(f"shard {number} was not closed, or by a release that carried no facts")
            continue
        found += why_not_closed(number, rest)
        read.setdefault(rest.shared_positions, []).append(number)
        closes.append(rest.closed)
        own = replace(rules, partitions=log.partitions)
        if is_proved:
            found += unproved(log, number, own, rest.closed.batch, keep)
        if on_shard is not None:
            on_shard(number)
    keep()
    if not found and len(read) > 1:
        found.append(f"shards took different controls or reference data: {[*read.values()]}")
    if found:
        raise NotAtRestError(
            f"the log is not at rest: {'; '.join(found)}. Nothing was written. Stop who sends, let "
            "the workers take what waits, close the day (a second DayClosed closes what came after "
            "the first), then stop the workers."
        )
    return closes


def unproved(
    log: Log, number: int, rules: Rules, closed: int, keep: Callable[[], None]
) -> Iterator[str]:
    """What differs in a shard, its last close decided again and all before it proved as sealed."""
    steps = verification.verify(log, number, rules, Bounds(first=closed))
    while True:
        keep()
        try:
            next(steps)
        except StopIteration as done:
            proof: verification.Proof = done.value
            if proof.difference is not None:
                yield proof.difference.text
            return


# ----------------------------------------------------------------------------------- proof


def problems(new: Log, old: Log, rules: Rules) -> list[str]:
    """Why the new log's first batches are not what the old one carried; empty if they are.

    Each is made again of the closes that it names, and every byte of it compared. Raises
    CorruptLogError where either log contradicts itself.
    """
    heads = [first_batch(new, number) for number in range(new.partitions)]
    found = [
        f"shard {number} begins a log of its own: it goes on from no other"
        for number, head in enumerate(heads)
        if head is None
    ]
    if found:
        return found
    whole = [head for head in heads if head is not None]
    named = whole[0].named
    if named.partitions != old.partitions:
        return [
            f"it goes on from a log of {named.partitions} shards, that one has {old.partitions}"
        ]
    seal = whole[0].seal_record.seal
    source = closed_log_named(old, rules.release, rules.python, named, seal.first_seq)
    ends = {entry.topic: entry.next_offset for entry in seal.resume}
    counts = {entry.topic: entry.next_position for entry in seal.inputs}
    begins = {topic: ends[topic] - counts.get(topic, 0) for topic in SHARED_TOPICS}
    stated = {number: head.seal_record.seal.state_hash for number, head in enumerate(whole)}
    by = (seal.release, seal.python)
    is_ours = by == (rules.release, rules.python)

    def as_stated(state: State) -> bytes:  # Another release's hash is its own affair.
        return stated[state.shard]

    again = first_batches(source, new.partitions, *by, begins, None if is_ours else as_stated)
    return [*differing(again, whole, new.partitions), *other_closes(named, source.closes)]


def other_closes(named: LogContinued, closes: Sequence[object]) -> Iterator[str]:
    for said, is_ in zip(named.closes, closes, strict=False):
        if said != is_:
            yield f"it goes on from another close of shard {said.shard} than the old log has"


class Head(NamedTuple):
    """The first batch of a shard, and all its records."""

    named: LogContinued
    seal_record: SealRecord
    records: dict[str, list[NewRecord]]


def first_batch(log: Log, number: int) -> Head | None:
    """What a shard that goes on from another log begins with."""
    with ShardLog(log, number) as shard_log:
        seal_record = next(shard_log.seals(), None)
        if seal_record is None or not is_continued(seal_record.seal):
            return None
        seal = seal_record.seal
        inputs, outputs = shard_log.inputs(seal, SHARED_TOPICS), shard_log.outputs(seal)
        named = continued_from(number, seal, events_of(seal, outputs, number))
    records = {topic: [as_new(r, number) for r in found] for topic, found in outputs.items()}
    records |= {topic: [as_new(r, 0) for r in found] for topic, found in inputs.items()}
    return Head(named, seal_record, records)


def differing(again: FirstBatches, heads: Sequence[Head], partitions: int) -> Iterator[str]:
    """Each shard and topic whose records are not those that follow from the old log."""
    for number in range(partitions):
        head, seal = heads[number], again.seals[number]
        if head.seal_record.seal.resume != heads[0].seal_record.seal.resume:
            yield f"shard {number}: its first seal goes on elsewhere in the inputs than shard 0's"
        if replace(head.seal_record.seal, resume=()) != replace(seal, resume=()):
            yield f"shard {number}: its first seal is not that which follows from the old log"
        if hash_chain.chain(head.seal_record.seal) != head.seal_record.seal.chain:
            yield f"shard {number}: its first seal does not have the chain it states"
        topics = sorted({*again.records, *head.records} - {"journal"})
        for topic in topics:
            owner = 0 if topic in SHARED_TOPICS else number
            expected = [r for r in again.records.get(topic, ()) if r.partition == owner]
            if head.records.get(topic, []) != expected:
                yield f"shard {number}: {topic} does not begin with what the old log carried"
