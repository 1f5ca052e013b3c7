"""Bring a shard to where its log ends, by folding; no decision is taken again.

The journal says what each batch consumed and wrote. Batches up to the last CLOSE are passed over:
of a closed day only its controls, its reference data and what it carried matter. The batches after
it are folded whole. A new release recovers an old release's day, because only facts and events
change the state. What is folded has the digests that the seals state, or recovery stops.

`recover` is a generator: a worker that owns other shards gives it a slice of time between their
batches. Each step yields how far it is.
"""

from collections.abc import Generator, Iterator, Sequence
from typing import NamedTuple

from engine.batch import Batch
from engine.core.events import BatchSealed, SealKind, StageEvent
from engine.log import codec
from engine.log.port import (
    BEGINNING,
    DLQ,
    INPUT_TOPICS,
    JOURNAL,
    SHARED_TOPICS,
    STAGE_TOPICS,
    CorruptLogError,
    Log,
    Reader,
    Record,
    Start,
)
from engine.seal import frame, new_hash
from engine.shard import Rules, Shard

READ_RECORDS = 2_000  # One bounded read.


class Progress(NamedTuple):
    """Batches folded or passed over, of all in the journal; counts."""

    done: int
    total: int


def recover(log: Log, number: int, rules: Rules) -> Generator[Progress, None, Shard]:
    """Yield progress; return the shard as its last seal left it.

    Raises CorruptLogError where the log contradicts its journal, LogUnavailableError.
    """
    shard = Shard(number, rules)
    seals = read_seals(log, number)
    last_close = max((n for n, s in enumerate(seals) if s.kind is SealKind.CLOSE), default=-1)
    stages = {topic: _Source(log, topic, number, BEGINNING) for topic in (*STAGE_TOPICS, DLQ)}
    inputs: dict[str, _Source] = {
        topic: _Source(log, topic, 0, BEGINNING) for topic in SHARED_TOPICS
    }
    if not seals:
        _check_empty(stages, number)
    try:
        for done, seal in enumerate(seals):
            shard.check_follows(seal)  # First, so that a lost seal is not taken for lost records.
            is_past = done <= last_close
            if done == last_close + 1:
                inputs |= _keyed(log, shard)
            batch = _inputs_of(seal, inputs)
            if is_past:
                decode = done == last_close or any(batch.values())  # Some may be rejected.
                shard.skip(seal, batch, _events_of(seal, stages, decode=decode))
            else:
                shard.fold(seal, batch, _events_of(seal, stages, decode=True))
            yield Progress(done + 1, len(seals))
        _check_ends(stages, shard)
    finally:
        for source in (*stages.values(), *inputs.values()):
            source.close()
    return shard


def read_seals(log: Log, number: int) -> list[BatchSealed]:
    """All seals of a shard, in order. Raises CorruptLogError for one that cannot be read."""
    reader = log.reader(JOURNAL, number)
    try:
        return [decoded(JOURNAL, number, record) for record in _all(reader)]
    finally:
        reader.close()


def last_seal(log: Log, number: int) -> BatchSealed | None:
    """The newest seal of a shard, or None before its first batch."""
    record = log.last(JOURNAL, number)
    return None if record is None else decoded(JOURNAL, number, record)


def decoded(topic: str, number: int, record: Record) -> BatchSealed:
    event = _decode(topic, number, record)
    assert isinstance(event, BatchSealed), "the journal holds seals"
    return event


def _decode(topic: str, number: int, record: Record) -> object:
    try:
        found: object = codec.decode(topic, record.value)
    except codec.UnreadableError as error:
        raise CorruptLogError(
            f"shard {number}: {topic} at offset {record.offset} cannot be read ({error}). "
            "The engine wrote it, so the log was changed; nothing was written now."
        ) from error
    return found


def _all(reader: Reader) -> Iterator[Record]:
    while True:
        records = reader.read(READ_RECORDS)
        if not records and reader.at_end():
            return
        yield from records


def _keyed(log: Log, shard: Shard) -> dict[str, "_Source"]:
    """The instrument's inputs, from where the last close left them."""
    return {
        topic: _Source(log, topic, shard.number, shard.resume(topic))
        for topic in INPUT_TOPICS
        if topic not in SHARED_TOPICS
    }


def _inputs_of(seal: BatchSealed, sources: dict[str, "_Source"]) -> Batch:
    """The records that a batch consumed, of the topics that are being read."""
    return {
        entry.topic: sources[entry.topic].take(entry.next_position - entry.first_position)
        for entry in seal.inputs
        if entry.topic in sources
    }


def _events_of(
    seal: BatchSealed, sources: dict[str, "_Source"], *, decode: bool
) -> list[StageEvent]:
    """A batch's events over all stage topics, by seq; passed over and empty without `decode`.

    Raises CorruptLogError if a topic ends before, or its records do not have the seal's digest.
    """
    found: list[StageEvent] = []
    for entry in seal.outputs:
        source = sources[entry.topic]
        records = source.take(entry.record_count)
        if not decode:
            continue
        events = [] if entry.topic == DLQ else source.events(records)
        numbers = [event.seq for event in events] or [0] * len(records)  # The dlq has no seq.
        digest = new_hash()
        for number, record in zip(numbers, records, strict=True):
            digest.update(frame(number, *record[2:]))
        if digest.digest() != entry.digest:
            raise CorruptLogError(
                f"{source}: the records of batch {seal.batch} do not have the digest that its "
                "seal states. They were changed, lost or added after it; nothing was written."
            )
        found += events
    found.sort(key=_seq_of)
    return found


def _seq_of(event: StageEvent) -> int:
    return event.seq


def _check_empty(stages: dict[str, "_Source"], number: int) -> None:
    """A shard starts empty only where nothing was ever written for it."""
    for topic, source in stages.items():
        if source.has_more():
            raise CorruptLogError(
                f"shard {number}: {topic} holds records but the journal has no seal. Nothing was "
                "written; restore the journal, or use another log or prefix."
            )


def _check_ends(stages: dict[str, "_Source"], shard: Shard) -> None:
    for topic, source in stages.items():
        if source.has_more():
            raise CorruptLogError(
                f"shard {shard.number}: {topic} holds records after the last seal, batch "
                f"{shard.next_batch - 1}. The journal was cut; nothing was written."
            )


class _Source:
    """A partition read in pieces of the size that a seal says."""

    def __init__(self, log: Log, topic: str, partition: int, start: Start) -> None:
        self._topic = topic
        self._partition = partition
        self._reader = log.reader(topic, partition, start)
        self._held: list[Record] = []
        self._at = 0

    def __str__(self) -> str:
        """Where it reads, for people."""
        return f"partition {self._partition} of {self._topic}"

    def take(self, count: int) -> Sequence[Record]:
        """The next `count` records. Raises CorruptLogError if the partition ends before."""
        while len(self._held) - self._at < count:
            if not self._more():
                missing = count - len(self._held) + self._at
                raise CorruptLogError(
                    f"{self}: ends {missing} records short of what a seal says. Records were "
                    "lost; nothing was written."
                )
        taken = self._held[self._at : self._at + count]
        self._at += count
        return taken

    def events(self, records: Sequence[Record]) -> list[StageEvent]:
        return [_decode(self._topic, self._partition, record) for record in records]  # type: ignore[misc]  # A stage topic holds stage events.

    def has_more(self) -> bool:
        return self._at < len(self._held) or self._more()

    def _more(self) -> bool:
        """Read on; False at the end."""
        del self._held[: self._at]
        self._at = 0
        while True:
            records = self._reader.read(READ_RECORDS)
            if records:
                self._held += records
                return True
            if self._reader.at_end():
                return False

    def close(self) -> None:
        self._reader.close()
