"""Bring a shard to where its log ends, by folding; no decision is taken again.

The journal says what each batch consumed and wrote. Batches up to the last CLOSE are passed over:
of a closed day only its controls, its reference data and what it carried matter. The batches after
it are folded whole. A new release recovers an old release's day, because only facts and events
change the state. What is folded has the digests that the seals state, or recovery stops.

`recover` is a generator: a worker that owns other shards gives it a slice of time between their
batches. Each step yields how far it is.
"""

from collections.abc import Generator
from typing import NamedTuple

from engine.core.events import BatchSealed, SealKind, StageEvent
from engine.log.port import (
    DLQ,
    INPUT_TOPICS,
    SHARED_TOPICS,
    STAGE_TOPICS,
    CorruptLogError,
    Log,
)
from engine.recording import Recording, Records, event_of, last_seal
from engine.seal import frame, new_hash
from engine.shard import Rules, Shard

WRITTEN = (*STAGE_TOPICS, DLQ)


class Progress(NamedTuple):
    """Batches folded or passed over, of all in the journal; counts."""

    done: int
    total: int


def recover(log: Log, number: int, rules: Rules) -> Generator[Progress, None, Shard]:
    """Yield progress; return the shard as its last seal left it.

    Raises CorruptLogError where the log contradicts its journal, LogUnavailableError.
    """
    shard = Shard(number, rules)
    newest = last_seal(log, number)
    total = 0 if newest is None else newest.batch + 1
    with Recording(log, number) as recording:
        if newest is None:
            _check_empty(recording)
        opening = opening_batch(log, number)
        for done, (seal, _) in enumerate(recording.seals(), start=1):
            shard.check_follows(seal)  # First, so that a lost seal is not taken for lost records.
            if seal.batch < opening:
                pass_over(shard, recording, seal)
                if seal.batch == opening - 1:
                    start_day(shard, recording)
            else:
                fold(shard, recording, seal)
            yield Progress(done, max(done, total))
        _check_ends(recording, shard)
    return shard


def opening_batch(log: Log, number: int) -> int:
    """The first batch after the last CLOSE; 0 where no day was closed."""
    with Recording(log, number) as recording:
        closes = (
            batch
            for batch, (seal, _) in enumerate(recording.seals(), start=1)
            if seal.kind is SealKind.CLOSE
        )
        return max(closes, default=0)


def pass_over(shard: Shard, recording: Recording, seal: BatchSealed) -> None:
    """Take a batch of a closed day: of a CLOSE what it carries too."""
    outputs = recording.outputs(seal)
    inputs = recording.inputs(seal, SHARED_TOPICS)
    is_needed = seal.kind is SealKind.CLOSE or any(inputs.values())  # Some may be rejected.
    shard.skip(seal, inputs, events_of(seal, outputs, shard.number) if is_needed else ())


def start_day(shard: Shard, recording: Recording) -> None:
    """Read the instruments' inputs from where the close left them."""
    for topic in INPUT_TOPICS:
        if topic not in SHARED_TOPICS:
            recording.start(topic, shard.resume(topic))


def fold(shard: Shard, recording: Recording, seal: BatchSealed) -> None:
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
