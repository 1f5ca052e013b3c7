"""Bring a shard to where its log ends, by folding; no decision is taken again.

The journal says what each batch consumed and wrote. Folding begins at the newest usable snapshot or
at the last CLOSE, whichever is newer, and the batches after it are folded whole: a close says all
that the next day starts from, so what lies before is not read. A new release recovers an old
release's day, because only facts and events change the state. What is folded has the digests that
the seals state, and comes to the state that they state, or recovery stops.

Where the last close is an earlier release's, which did not say the controls and reference data in
force, the batches up to it are passed over for these and for what it carried. Of what the last
close left recovery leaves a snapshot, if it has a folder: that is little, and nobody waits for it.

`recover` is a generator: a worker that owns other shards gives it a slice of time between their
batches. Each step yields how far it is.
"""

import logging
import time
from collections.abc import Collection, Generator, Iterator
from pathlib import Path
from typing import NamedTuple

from engine.core.events import BatchSealed, SealKind
from engine.log.port import (
    INPUT_TOPICS,
    SHARED_TOPICS,
    CorruptLogError,
    Log,
)
from engine.runtime.recovery import last_close, snapshot
from engine.runtime.recovery.finished_file import DiskStore
from engine.runtime.recovery.state_codec import UnusableError
from engine.runtime.replica import WRITTEN, Replica
from engine.runtime.shard import Rules, Shard
from engine.runtime.shard_log import SealRecord, ShardLog, events_of, last_seal

TOLD_EVERY_S = 5.0  # How far a long recovery is.

_log = logging.getLogger(__name__)


class Progress(NamedTuple):
    """Batches folded or passed over, of all in the journal; counts."""

    done: int
    total: int


class Started(NamedTuple):
    """The log from where folding begins, and what that is, for people."""

    shard_log: ShardLog
    origin: str


def recover(
    log: Log, number: int, rules: Rules, snapshots: Path | None = None
) -> Generator[Progress, None, Shard]:
    """Yield progress; return the shard as its last seal left it.

    `snapshots` is the folder of this log's snapshots. Raises CorruptLogError where the log
    contradicts its journal, LogUnavailableError.
    """
    shard = Shard(number, rules, DiskStore())
    newest = last_seal(log, number)
    total = 0 if newest is None else newest.batch + 1
    try:
        shard_log, origin = started(log, shard, snapshots)
        with shard_log:
            if newest is None:
                _check_empty(shard_log)
            first, told_s = shard.next_batch, time.monotonic()
            _log.info("shard %s: %s; %s batches to fold", number, origin, max(0, total - first))
            for seal_record in folded(log, shard, shard_log, snapshots):
                done = seal_record.seal.batch + 1
                yield Progress(done, max(done, total))
                if time.monotonic() - told_s > TOLD_EVERY_S:
                    told_s = time.monotonic()
                    _log.info("shard %s: %s of %s batches", number, done - first, total - first)
            _check_ends(shard_log, shard)
    except BaseException:
        shard.state.finished.close()
        raise
    return shard


def started(
    log: Log, replica: Replica, snapshots: Path | None, failed: Collection[int] = ()
) -> Started:
    """The log from where folding begins, where the replica stands then too, and what that is.

    No snapshot of the batches that `failed` is taken.
    """
    number = replica.number
    shard_log = None if snapshots is None else _at_snapshot(log, replica, snapshots, failed)
    try:
        close = last_close.last_close(log, number, replica.next_batch - 1)
        if close is not None:
            if shard_log is not None:
                shard_log.close()
            shard_log = last_close.started_after(log, replica, close)
            if snapshots is not None:
                write_snapshot(snapshots, replica, shard_log, close.seal_record)
            return Started(shard_log, f"close of batch {close.seal_record.seal.batch}")
        if shard_log is not None:
            return Started(shard_log, f"snapshot of batch {replica.next_batch - 1}")
        return Started(ShardLog(log, number), "from the log's beginning")
    except BaseException:
        if shard_log is not None:
            shard_log.close()
        raise


def _at_snapshot(
    log: Log, replica: Replica, snapshots: Path, failed: Collection[int]
) -> ShardLog | None:
    """The log from the newest usable snapshot on."""
    number = replica.number
    for path in snapshot.paths(snapshots, number):
        shard_log = ShardLog(log, number)
        try:
            snapshot.restore(replica, shard_log, path, failed)
        except UnusableError as error:
            shard_log.close()
            _log.warning("shard %s: snapshot %s is passed by: %s", number, path.name, error)
        except BaseException:
            shard_log.close()
            raise
        else:
            return shard_log
    return None


def folded(
    log: Log, replica: Replica, shard_log: ShardLog, snapshots: Path | None = None
) -> Iterator[SealRecord]:
    """Take every batch that the journal has by now; of closed days what matters.

    A snapshot is left behind of what a close leaves. Raises CorruptLogError.
    """
    opening = 0 if replica.next_batch else batch_after_last_close(log, replica.number)
    for seal_record in shard_log.seals():
        seal = seal_record.seal
        replica.check_follows(seal)  # First: a lost seal is not to be taken for lost records.
        if seal.batch >= opening:
            fold(replica, shard_log, seal)
        else:
            pass_over(replica, shard_log, seal)
            if seal.batch == opening - 1:
                start_day(replica, shard_log)
        is_close = seal.kind is SealKind.CLOSE and seal.batch >= opening - 1
        if is_close and snapshots is not None:
            write_snapshot(snapshots, replica, shard_log, seal_record)
        yield seal_record


def write_snapshot(
    folder: Path, replica: Replica, shard_log: ShardLog, seal_record: SealRecord
) -> None:
    """Write a snapshot; a folder that can't take it costs a later start its time and no more."""
    place = snapshot.SnapshotHeader.of(replica, shard_log, seal_record)
    try:
        path = snapshot.write(folder, place, replica.state)
    except OSError as error:
        _log.warning("shard %s: no snapshot of batch %s: %s", place.shard, place.batch, error)
    else:
        _log.info("shard %s: wrote %s", place.shard, path.name)


def batch_after_last_close(log: Log, number: int) -> int:
    """The first batch after the last CLOSE; 0 where no day was closed."""
    with ShardLog(log, number) as shard_log:
        closes = (
            batch
            for batch, (seal, _) in enumerate(shard_log.seals(), start=1)
            if seal.kind is SealKind.CLOSE
        )
        return max(closes, default=0)


def pass_over(shard: Replica, shard_log: ShardLog, seal: BatchSealed) -> None:
    """Take a batch of a closed day: of a CLOSE what it carries too."""
    outputs = shard_log.outputs(seal)
    inputs = shard_log.inputs(seal, SHARED_TOPICS)
    is_needed = seal.kind is SealKind.CLOSE or any(inputs.values())  # Some may be rejected.
    shard.skip(seal, inputs, events_of(seal, outputs, shard.number) if is_needed else ())


def start_day(shard: Replica, shard_log: ShardLog) -> None:
    """Read the instruments' inputs from where the close left them."""
    for topic in INPUT_TOPICS:
        if topic not in SHARED_TOPICS:
            shard_log.start(topic, shard.resume(topic))


def fold(shard: Replica, shard_log: ShardLog, seal: BatchSealed) -> None:
    """Take a batch of the day whole, by its recorded events."""
    inputs = shard_log.inputs(seal, INPUT_TOPICS)
    shard.fold(seal, inputs, events_of(seal, shard_log.outputs(seal), shard.number))


def _check_empty(shard_log: ShardLog) -> None:
    """A shard starts empty only where nothing was ever written for it."""
    for topic in WRITTEN:
        if shard_log.cursor(topic).has_more():
            raise CorruptLogError(
                f"shard {shard_log.number}: {topic} holds records but the journal has no seal. "
                "Nothing was written; restore the journal, or use another log or prefix."
            )


def _check_ends(shard_log: ShardLog, shard: Shard) -> None:
    for topic in WRITTEN:
        if shard_log.cursor(topic).has_more():
            raise CorruptLogError(
                f"shard {shard.number}: {topic} holds records after the last seal, batch "
                f"{shard.next_batch - 1}. The journal was cut; nothing was written."
            )


def rebuilt(log: Log, number: int, rules: Rules) -> Shard:
    """The shard as its last seal left it, in one go."""
    steps = recover(log, number, rules)
    while True:
        try:
            next(steps)
        except StopIteration as done:
            shard: Shard = done.value
            return shard
