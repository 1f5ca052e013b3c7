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
from engine.runtime.recovery import last_close as closing
from engine.runtime.recovery import snapshot
from engine.runtime.recovery.finished_file import DiskShelf
from engine.runtime.recovery.state_codec import UnusableError
from engine.runtime.replica import WRITTEN, Follower
from engine.runtime.shard import Rules, Shard
from engine.runtime.shard_log import Recording, Sealing, events_of, last_seal

TOLD_EVERY_S = 5.0  # How far a long recovery is.

_log = logging.getLogger(__name__)


class Progress(NamedTuple):
    """Batches folded or passed over, of all in the journal; counts."""

    done: int
    total: int


class Opened(NamedTuple):
    """The log from where folding begins, and what that is, for people."""

    recording: Recording
    origin: str


def recover(
    log: Log, number: int, rules: Rules, snapshots: Path | None = None
) -> Generator[Progress, None, Shard]:
    """Yield progress; return the shard as its last seal left it.

    `snapshots` is the folder of this log's snapshots. Raises CorruptLogError where the log
    contradicts its journal, LogUnavailableError.
    """
    shard = Shard(number, rules, DiskShelf())
    newest = last_seal(log, number)
    total = 0 if newest is None else newest.batch + 1
    try:
        recording, origin = begun(log, shard, snapshots)
        with recording:
            if newest is None:
                _check_empty(recording)
            first, told_s = shard.next_batch, time.monotonic()
            _log.info("shard %s: %s; %s batches to fold", number, origin, max(0, total - first))
            for sealing in folded(log, shard, recording, snapshots):
                done = sealing.seal.batch + 1
                yield Progress(done, max(done, total))
                if time.monotonic() - told_s > TOLD_EVERY_S:
                    told_s = time.monotonic()
                    _log.info("shard %s: %s of %s batches", number, done - first, total - first)
            _check_ends(recording, shard)
    except BaseException:
        shard.state.shelf.close()
        raise
    return shard


def opened(
    log: Log, follower: Follower, snapshots: Path | None, failed: Collection[int] = ()
) -> Recording:
    """The log from where folding begins, where the follower stands then too.

    It begins at no snapshot of the batches that `failed`.
    """
    return begun(log, follower, snapshots, failed).recording


def begun(
    log: Log, follower: Follower, snapshots: Path | None, failed: Collection[int] = ()
) -> Opened:
    """The same, and what it begins at."""
    number = follower.number
    recording = None if snapshots is None else _at_snapshot(log, follower, snapshots, failed)
    try:
        close = closing.last_close(log, number, follower.next_batch - 1)
        if close is not None:
            if recording is not None:
                recording.close()
            recording = closing.begun_at(log, follower, close)
            if snapshots is not None:
                keep(snapshots, follower, recording, close.sealing)
            return Opened(recording, f"close of batch {close.sealing.seal.batch}")
        if recording is not None:
            return Opened(recording, f"snapshot of batch {follower.next_batch - 1}")
        return Opened(Recording(log, number), "from the log's beginning")
    except BaseException:
        if recording is not None:
            recording.close()
        raise


def _at_snapshot(
    log: Log, follower: Follower, snapshots: Path, failed: Collection[int]
) -> Recording | None:
    """The log from the newest usable snapshot on."""
    number = follower.number
    for path in snapshot.paths(snapshots, number):
        recording = Recording(log, number)
        try:
            snapshot.restore(follower, recording, path, failed)
        except UnusableError as error:
            recording.close()
            _log.warning("shard %s: snapshot %s is passed by: %s", number, path.name, error)
        except BaseException:
            recording.close()
            raise
        else:
            return recording
    return None


def folded(
    log: Log, follower: Follower, recording: Recording, snapshots: Path | None = None
) -> Iterator[Sealing]:
    """Take every batch that the journal has by now; of closed days what matters.

    A snapshot is left behind of what a close leaves. Raises CorruptLogError.
    """
    opening = 0 if follower.next_batch else opening_batch(log, follower.number)
    for sealing in recording.seals():
        seal = sealing.seal
        follower.check_follows(seal)  # First: a lost seal is not to be taken for lost records.
        if seal.batch >= opening:
            fold(follower, recording, seal)
        else:
            pass_over(follower, recording, seal)
            if seal.batch == opening - 1:
                start_day(follower, recording)
        is_close = seal.kind is SealKind.CLOSE and seal.batch >= opening - 1
        if is_close and snapshots is not None:
            keep(snapshots, follower, recording, sealing)
        yield sealing


def keep(folder: Path, follower: Follower, recording: Recording, sealing: Sealing) -> None:
    """Write a snapshot; a folder that can't take it costs a later start its time and no more."""
    place = snapshot.Place.of(follower, recording, sealing)
    try:
        path = snapshot.write(folder, place, follower.state)
    except OSError as error:
        _log.warning("shard %s: no snapshot of batch %s: %s", place.shard, place.batch, error)
    else:
        _log.info("shard %s: wrote %s", place.shard, path.name)


def opening_batch(log: Log, number: int) -> int:
    """The first batch after the last CLOSE; 0 where no day was closed."""
    with Recording(log, number) as recording:
        closes = (
            batch
            for batch, (seal, _) in enumerate(recording.seals(), start=1)
            if seal.kind is SealKind.CLOSE
        )
        return max(closes, default=0)


def pass_over(shard: Follower, recording: Recording, seal: BatchSealed) -> None:
    """Take a batch of a closed day: of a CLOSE what it carries too."""
    outputs = recording.outputs(seal)
    inputs = recording.inputs(seal, SHARED_TOPICS)
    is_needed = seal.kind is SealKind.CLOSE or any(inputs.values())  # Some may be rejected.
    shard.skip(seal, inputs, events_of(seal, outputs, shard.number) if is_needed else ())


def start_day(shard: Follower, recording: Recording) -> None:
    """Read the instruments' inputs from where the close left them."""
    for topic in INPUT_TOPICS:
        if topic not in SHARED_TOPICS:
            recording.start(topic, shard.resume(topic))


def fold(shard: Follower, recording: Recording, seal: BatchSealed) -> None:
    """Take a batch of the day whole, by its recorded events."""
    inputs = recording.inputs(seal, INPUT_TOPICS)
    shard.fold(seal, inputs, events_of(seal, recording.outputs(seal), shard.number))


def _check_empty(recording: Recording) -> None:
    """A shard starts empty only where nothing was ever written for it."""
    for topic in WRITTEN:
        if recording.source(topic).has_more():
            raise CorruptLogError(
                f"shard {recording.number}: {topic} holds records but the journal has no seal. "
                "Nothing was written; restore the journal, or use another log or prefix."
            )


def _check_ends(recording: Recording, shard: Shard) -> None:
    for topic in WRITTEN:
        if recording.source(topic).has_more():
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
