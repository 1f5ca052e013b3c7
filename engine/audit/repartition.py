"""Continue a closed log in a new one with another number of partitions, and prove that it does.

The old log is only read, and left at the end: beside its records it names the new log, after which
it takes no input and no worker starts on it. It must be closed to its end: every shard was closed
after the same controls and reference data, has consumed nothing since, its proof finds no
difference, and no input waits. The first batches of all new shards are one transaction, so that the
new log is whole or empty however the command ends; a second run finds that the first one succeeded.
The command holds the leases of both logs, so that no worker decides in either.
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


def renew_nothing() -> None:
    """Renew no lease."""


class NotClosedError(EngineError):
    """The old log is not closed, or not to its end; the message has every reason."""


class NewLog(NamedTuple):
    """The first seals of the new log."""

    seals: list[BatchSealed]
    is_new: bool  # Else an earlier run wrote it.


def repartition(old: Log, new: Log, rules: Rules, on_shard: OnShard | None = None) -> NewLog:
    """Begin `new` where `old` was closed. `on_shard` is called with each old shard that is proved.

    Raises NotClosedError, LogLeftError where a third log goes on from the old one, NotEmptyError
    where the new log holds anything else, LeaseLostError where a worker is at work,
    CorruptLogError, LogUnavailableError, CommitUnknownError.
    """
    with all_leases(old) as of_old, all_leases(new) as of_new:

        def renew() -> None:
            of_old.renew()
            of_new.renew()

        new_id = new.identity.log_id
        if old.identity.left_for not in ("", new_id):
            old.leave(new_id)  # Raises: another log goes on from it.
        closes = require_closed(old, rules, on_shard, renew)
        source = closed_log(old, rules.release, rules.python, closes)
        made: list[BatchSealed] = []

        def first(ends: Mapping[str, int]) -> Mapping[str, Sequence[NewRecord]]:
            found = first_batches(source, new.partitions, rules.release, rules.python, ends)
            made[:] = found.seals
            of_old.prove()  # No worker has decided meanwhile.
            of_new.prove()
            return found.records

        try:
            new.initialize(first)
        except NotEmptyError:
            if last_seal(new, 0) is None or problems(new, old, rules):
                raise
            old.leave(new_id)
            heads = [first_batch(new, number) for number in range(new.partitions)]
            return NewLog(
                [head.seal_record.seal for head in heads if head is not None], is_new=False
            )
        old.leave(new_id)  # Before its leases are free: no worker resumes its orders once more.
    return NewLog(made, is_new=True)


class HeldLeases:
    """The leases of all shards of a log; `renew` has to be called every second."""

    def __init__(self, leases: Leases, shards: Sequence[int]) -> None:
        self._leases = leases
        self._shards = shards

    def renew(self) -> None:
        """Raises LeaseLostError where one of them was lost."""
        change = self._leases.poll(0)
        gone = sorted({*change.lost, *change.revoked})
        if gone or change.gained:  # Gained: lost before, to an owner that is gone by now.
            raise _lost(gone or [lease.shard for lease in change.gained])

    def prove(self) -> None:
        """Check the same in the log itself."""
        self.renew()
        gone = [shard for shard in self._shards if not self._leases.is_held(shard)]
        if gone:
            raise _lost(gone)


def _lost(shards: Sequence[int]) -> LeaseLostError:
    return LeaseLostError(
        f"the leases of shards {[*shards]} were lost while the log was proved: a worker may have "
        "decided meanwhile. Nothing was written. Stop the workers and run the command again."
    )


@contextmanager
def all_leases(log: Log) -> Iterator[HeldLeases]:
    """Hold the lease of every shard. Raises LeaseLostError where another owner holds one."""
    wanted = list(range(log.partitions))
    leases = log.leases(OWNER, wanted)
    try:
        held: set[int] = set()
        deadline_s = time.monotonic() + LEASES_MAX_S
        while len(held) < len(wanted):
            if time.monotonic() > deadline_s:
                left = sorted(set(wanted) - held)
                raise LeaseLostError(
                    f"other owners hold shards {left}. Stop the workers and run the command again."
                )
            held |= {lease.shard for lease in leases.poll(0.2).gained}
        yield HeldLeases(leases, wanted)
    finally:
        leases.close()


# --------------------------------------------------------------------------------- the old


def require_closed(
    log: Log,
    rules: Rules,
    on_shard: OnShard | None = None,
    renew: Callable[[], None] = renew_nothing,
    *,
    is_proved: bool = True,
) -> list[ShardClosed]:
    """The last closes, proved with `is_proved`. Calls `renew` between the steps.

    Raises NotClosedError with everything that is missing.
    """
    found: list[str] = []
    closes: list[ShardClosed] = []
    read: dict[tuple[int, ...], list[int]] = {}
    for number in range(log.partitions):
        renew()
        closed = closed_shard(log, number, rules.release, rules.python)
        if closed is None:
            found.append(f"shard {number} was not closed, or by a release that carried no facts")
            continue
        found += why_not_closed(number, closed)
        read.setdefault(closed.shared_positions, []).append(number)
        closes.append(closed.closed)
        own = replace(rules, partitions=log.partitions)
        if is_proved:
            found += proof_problems(log, number, own, closed.closed.batch, renew)
        if on_shard is not None:
            on_shard(number)
    renew()
    if not found and len(read) > 1:
        found.append(f"shards took different controls or reference data: {[*read.values()]}")
    if found:
        raise NotClosedError(
            f"the log is not closed to its end: {'; '.join(found)}. Nothing was written. Stop the "
            "senders, let the workers consume the waiting inputs, close the day (a second "
            "DayClosed closes the inputs after the first), then stop the workers."
        )
    return closes


def proof_problems(
    log: Log, number: int, rules: Rules, closed: int, renew: Callable[[], None]
) -> Iterator[str]:
    """The difference in a shard, whose last close is decided again; the seals before are proved."""
    steps = verification.verify(log, number, rules, Bounds(first=closed))
    while True:
        renew()
        try:
            next(steps)
        except StopIteration as done:
            proof: verification.Proof = done.value
            if proof.difference is not None:
                yield proof.difference.text
            return


# ----------------------------------------------------------------------------------- proof


def problems(new: Log, old: Log, rules: Rules) -> list[str]:
    """Why the new log's first batches do not follow from the old log; empty if they do.

    Each is made again from the closes that it names, and every byte of it is compared. Raises
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

    def as_stated(state: State) -> bytes:  # This release cannot compute another's hash.
        return stated[state.shard]

    again = first_batches(source, new.partitions, *by, begins, None if is_ours else as_stated)
    return [*differing(again, whole, new.partitions), *other_closes(named, source.closes)]


def other_closes(named: LogContinued, closes: Sequence[object]) -> Iterator[str]:
    for named_close, close in zip(named.closes, closes, strict=False):
        if named_close != close:
            yield f"it goes on from another close of shard {named_close.shard} than the old log has"


class Head(NamedTuple):
    """The first batch of a shard, and all its records."""

    named: LogContinued
    seal_record: SealRecord
    records: dict[str, list[NewRecord]]


def first_batch(log: Log, number: int) -> Head | None:
    """The first batch of a shard that continues another log; None if the shard has none."""
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
    """Each shard and topic whose records do not follow from the old log."""
    for number in range(partitions):
        head, seal = heads[number], again.seals[number]
        if head.seal_record.seal.resume != heads[0].seal_record.seal.resume:
            yield (
                f"shard {number}: its first seal resumes the inputs at other offsets than shard 0's"
            )
        if replace(head.seal_record.seal, resume=()) != replace(seal, resume=()):
            yield f"shard {number}: its first seal is not that which follows from the old log"
        if hash_chain.chain(head.seal_record.seal) != head.seal_record.seal.chain:
            yield f"shard {number}: its first seal does not have the chain it states"
        topics = sorted({*again.records, *head.records} - {"journal"})
        for topic in topics:
            owner = 0 if topic in SHARED_TOPICS else number
            expected = [r for r in again.records.get(topic, ()) if r.partition == owner]
            if head.records.get(topic, []) != expected:
                yield (
                    f"shard {number}: {topic} does not begin with the facts that the old log's "
                    "closes carried"
                )
