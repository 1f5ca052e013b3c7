"""Bring a shard to where its log ends, by folding; no decision is taken again.

The journal says what each batch consumed and wrote. Where the newest usable snapshot stands, or the
beginning if there is none, is where folding begins. Without a snapshot the batches up to the last
CLOSE are passed over: of a closed day only its controls, its reference data and what it carried
matter. The batches after it are folded whole. A new release recovers an old release's day, because
only facts and events change the state. What is folded has the digests that the seals state, and
comes to the state that they state, or recovery stops.

What lies before a snapshot is not read. So that a log of many closed days is passed over once and
not at each start, recovery leaves a snapshot of what the last close left, if it has a folder: that
is little, and nobody waits for it yet.

`recover` is a generator: a worker that owns other shards gives it a slice of time between their
batches. Each step yields how far it is.
"""

import logging
import time
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import NamedTuple

from engine import snapshot
from engine.core.events import BatchSealed, SealKind, StageEvent
from engine.follower import Follower
from engine.log.port import (
    DLQ,
    INPUT_TOPICS,
    SHARED_TOPICS,
    STAGE_TOPICS,
    CorruptLogError,
    Log,
)
from engine.objects import UnusableError
from engine.recording import Recording, Records, Sealing, event_of, last_seal
from engine.seal import frame, new_hash
from engine.shard import Rules, Shard
from engine.shelf import DiskShelf

WRITTEN = (*STAGE_TOPICS, DLQ)
TOLD_EVERY_S = 5.0  # How far a long recovery is.

_log = logging.getLogger(__name__)


class Progress(NamedTuple):
    """Batches folded or passed over, of all in the journal; counts."""

    done: int
    total: int


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
        with opened(log, shard, snapshots) as recording:
            if newest is None:
                _check_empty(recording)
            first, told_s = shard.next_batch, time.monotonic()
            origin = f"snapshot of batch {first - 1}" if first else "from the log's beginning"
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


def opened(log: Log, follower: Follower, snapshots: Path | None) -> Recording:
    """The log from the newest usable snapshot on, where the follower stands then too."""
    number = follower.number
    for path in [] if snapshots is None else snapshot.paths(snapshots, number):
        recording = Recording(log, number)
        try:
            snapshot.restore(follower, recording, path)
        except UnusableError as error:
            recording.close()
            _log.warning("shard %s: snapshot %s is passed by: %s", number, path.name, error)
        except BaseException:
            recording.close()
            raise
        else:
            return recording
    return Recording(log, number)


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


def events_of(seal: BatchSealed, outputs: Records, number: int) -> list[StageEvent]:
    """A batch's events over all stage topics, by seq.

    Raises CorruptLogError if the records do not have the seal's digests.
    """
    found: list[StageEvent] = []
    for entry in seal.outputs:
        records = outputs[entry.topic]
        events: list[StageEvent] = []
        if entry.topic != DLQ:  # A stage topic holds stage events.
            events = [event_of(entry.topic, number, record) for record in records]  # type: ignore[misc]
        numbers = [event.seq for event in events] or [0] * len(records)  # The dlq has no seq.
        digest = new_hash()
        for own, record in zip(numbers, records, strict=True):
            digest.update(frame(own, *record[2:]))
        if digest.digest() != entry.digest:
            raise CorruptLogError(
                f"partition {number} of {entry.topic}: the records of batch {seal.batch} do not "
                "have the digest that its seal states. They were changed, lost or added after "
                "it; nothing was written."
            )
        found += events
    found.sort(key=_seq_of)
    return found


def _seq_of(event: StageEvent) -> int:
    return event.seq


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
