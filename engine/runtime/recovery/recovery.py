"""Bring a shard to where its log ends, by folding; no decision is taken again.

The journal states what each batch consumed and wrote. Folding starts at the newest usable snapshot
or at the last CLOSE, whichever is newer, and the batches after it are folded whole: a close carries
all that the next day starts from, so the batches before it are not read. A new release recovers an
old release's day, because only facts and events change the state. The folded records have the
digests that the seals state, and give the states that the seals state, or recovery stops.

An early release's close did not carry the controls and reference data in force. Where the last
close is one of these, the batches up to it are skipped, but for their controls, their reference
data and the carried events. Recovery writes a snapshot of the state that the last close left, if it
has a folder: that state is small, so writing it delays no batch.

`recover` is a generator: a worker that owns other shards gives it a slice of time between their
batches. Each step yields its progress.
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

LOGGED_EVERY_S = 5.0  # The progress of a long recovery.

_log = logging.getLogger(__name__)


class Progress(NamedTuple):
    """Batches folded or skipped, of all in the journal; counts."""

    done: int
    total: int


class Started(NamedTuple):
    """The shard's log, at the batch at which folding starts."""

    shard_log: ShardLog
    origin: str  # A snapshot, a close or the log's beginning; for messages.


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
            first, logged_s = shard.next_batch, time.monotonic()
            _log.info("shard %s: %s; %s batches to fold", number, origin, max(0, total - first))
            for seal_record in folded(log, shard, shard_log, snapshots):
                done = seal_record.seal.batch + 1
                yield Progress(done, max(done, total))
                if time.monotonic() - logged_s > LOGGED_EVERY_S:
                    logged_s = time.monotonic()
                    _log.info("shard %s: %s of %s batches", number, done - first, total - first)
            _check_ends(shard_log, shard)
    except BaseException:
        shard.state.finished.close()
        raise
    return shard


def started(
    log: Log, replica: Replica, snapshots: Path | None, failed: Collection[int] = ()
) -> Started:
    """Start the replica and the shard's log after the newest usable snapshot or close.

    Snapshots of the batches that `failed` are not used.
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
    """Start both at the newest usable snapshot; None if there is none."""
    number = replica.number
    for path in snapshot.paths(snapshots, number):
        shard_log = ShardLog(log, number)
        try:
            snapshot.restore(replica, shard_log, path, failed)
        except UnusableError as error:
            shard_log.close()
            _log.warning("shard %s: snapshot %s is not used: %s", number, path.name, error)
        except BaseException:
            shard_log.close()
            raise
        else:
            return shard_log
    return None


def folded(
    log: Log, replica: Replica, shard_log: ShardLog, snapshots: Path | None = None
) -> Iterator[SealRecord]:
    """Fold every batch that the journal has by now; closed days are skipped.

    The state that a close leaves is written to a snapshot. Raises CorruptLogError.
    """
    first_of_day = 0 if replica.next_batch else batch_after_last_close(log, replica.number)
    for seal_record in shard_log.seals():
        seal = seal_record.seal
        replica.check_follows(seal)  # First, so that a lost seal does not look like lost records.
        if seal.batch >= first_of_day:
            fold(replica, shard_log, seal)
        else:
            skip(replica, shard_log, seal)
            if seal.batch == first_of_day - 1:
                start_day(replica, shard_log)
        is_close = seal.kind is SealKind.CLOSE and seal.batch >= first_of_day - 1
        if is_close and snapshots is not None:
            write_snapshot(snapshots, replica, shard_log, seal_record)
        yield seal_record


def write_snapshot(
    folder: Path, replica: Replica, shard_log: ShardLog, seal_record: SealRecord
) -> None:
    """Write a snapshot; where the folder takes none, only a later start is slower."""
    header = snapshot.SnapshotHeader.of(replica, shard_log, seal_record)
    try:
        path = snapshot.write(folder, header, replica.state)
    except OSError as error:
        _log.warning("shard %s: no snapshot of batch %s: %s", header.shard, header.batch, error)
    else:
        _log.info("shard %s: wrote %s", header.shard, path.name)


def batch_after_last_close(log: Log, number: int) -> int:
    """The first batch after the last CLOSE; 0 where no day was closed."""
    with ShardLog(log, number) as shard_log:
        closes = (
            batch
            for batch, (seal, _) in enumerate(shard_log.seals(), start=1)
            if seal.kind is SealKind.CLOSE
        )
        return max(closes, default=0)


def skip(shard: Replica, shard_log: ShardLog, seal: BatchSealed) -> None:
    """Skip a batch of a closed day, but for controls, reference data and carried events."""
    outputs = shard_log.outputs(seal)
    inputs = shard_log.inputs(seal, SHARED_TOPICS)
    is_needed = seal.kind is SealKind.CLOSE or any(inputs.values())  # Some may be rejected.
    shard.skip(seal, inputs, events_of(seal, outputs, shard.number) if is_needed else ())


def start_day(shard: Replica, shard_log: ShardLog) -> None:
    """Read the instruments' inputs from the close on."""
    for topic in INPUT_TOPICS:
        if topic not in SHARED_TOPICS:
            shard_log.start(topic, shard.resume(topic))


def fold(shard: Replica, shard_log: ShardLog, seal: BatchSealed) -> None:
    """Fold a whole batch, by its recorded events."""
    inputs = shard_log.inputs(seal, INPUT_TOPICS)
    shard.fold(seal, inputs, events_of(seal, shard_log.outputs(seal), shard.number))


def _check_empty(shard_log: ShardLog) -> None:
    """Raise CorruptLogError if anything was ever written for a shard that has no seal."""
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
    """The shard as its last seal left it; `recover` without a pause."""
    steps = recover(log, number, rules)
    while True:
        try:
            next(steps)
        except StopIteration as done:
            shard: Shard = done.value
            return shard
