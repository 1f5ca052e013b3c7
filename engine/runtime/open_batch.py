"""The batch that has no seal yet: the inputs that it consumed and the records that it wrote.

It keeps the digests of both, so that `seal` only puts together what a seal states. The batches of a
shard and the first ones of a log that goes on from another are sealed here alike.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from engine.core.events import (
    TOPIC_OF,
    BatchSealed,
    InputRange,
    OutputDigest,
    ResumeOffset,
    SealKind,
    StageEvent,
)
from engine.core.units import NS_PER_MS
from engine.log import codec
from engine.log.port import (
    DLQ,
    INPUT_TOPICS,
    STAGE_TOPICS,
    CorruptLogError,
    NewRecord,
    Record,
    Start,
)
from engine.runtime import hash_chain

Batch = Mapping[str, Sequence[Record]]  # The records of a round or batch, by topic.


@dataclass(slots=True)
class Consumed:
    """The range of one input topic that the open batch has consumed."""

    first_position: int
    next_position: int
    next_offset: int
    digest: hash_chain.Hash


@dataclass(slots=True)
class OpenBatch:
    """All that the seal will state of its batch."""

    shard: int
    first_seq: int
    inputs: dict[str, Consumed] = field(default_factory=dict)
    input_count: int = 0
    since_ns: int = -1  # Time of its first round with an input.
    events: list[StageEvent] = field(default_factory=list)
    records: dict[str, list[NewRecord]] = field(default_factory=dict)
    digests: dict[str, hash_chain.Hash] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    is_closing: bool = False

    def consume(self, topic: str, record: Record, start: Start) -> None:
        """Count an input record in; `start` is where the batches before this one end.

        Raises CorruptLogError if the record is not the topic's next one.
        """
        consumed = self.inputs.get(topic)
        position = record.position
        if consumed is None:
            consumed = Consumed(start.position, start.position, 0, hash_chain.new_hash())
            self.inputs[topic] = consumed
        if position != consumed.next_position:
            raise CorruptLogError(
                f"shard {self.shard}: {topic} gave position {position}, expected "
                f"{consumed.next_position}. Nothing was written; read again from the last seal."
            )
        consumed.next_position = position + 1
        consumed.next_offset = record.offset + 1
        consumed.digest.update(hash_chain.frame(position, *record[2:]))
        self.input_count += 1

    def write_event(self, event: StageEvent, key: bytes | None) -> None:
        """Write an event that has its seq, time and cause by now."""
        self.events.append(event)
        record = NewRecord(self.shard, event.at_ns // NS_PER_MS, key, (), codec.encode(event))
        self.write(TOPIC_OF[type(event)], event.seq, record)

    def write(self, topic: str, number: int, record: NewRecord) -> None:
        """Write a record; `number` is its number in the digest, see `hash_chain`."""
        written = self.records.get(topic)
        if written is None:
            written = self.records[topic] = []
            self.digests[topic] = hash_chain.new_hash()
        written.append(record)
        self.digests[topic].update(hash_chain.frame(number, *record[1:]))

    def seal(
        self,
        batch: int,
        kind: SealKind,
        now_ns: int,
        *,
        by: tuple[str, str],
        previous_chain: bytes,
        next_offsets: Mapping[str, int],
        state_hash: bytes,
    ) -> BatchSealed:
        """The batch's seal, with its chain.

        `by` is the release and the Python version that decided; `next_offsets` is where each
        input goes on after the batch.
        """
        release, python = by
        unchained = BatchSealed(
            batch=batch,
            kind=kind,
            now_ns=now_ns,
            inputs=self._input_ranges(),
            first_seq=self.first_seq,
            next_seq=self.first_seq + len(self.events),
            outputs=self._output_digests(),
            faults=tuple(self.faults),
            release=release,
            python=python,
            state_hash=state_hash,
            previous_chain=previous_chain,
            chain=b"",
            resume=tuple(
                ResumeOffset(topic=topic, next_offset=next_offsets[topic]) for topic in INPUT_TOPICS
            ),
        )
        return chained(unchained)

    def _input_ranges(self) -> tuple[InputRange, ...]:
        return tuple(
            InputRange(
                topic=topic,
                first_position=self.inputs[topic].first_position,
                next_position=self.inputs[topic].next_position,
                digest=self.inputs[topic].digest.digest(),
            )
            for topic in INPUT_TOPICS
            if topic in self.inputs
        )

    def _output_digests(self) -> tuple[OutputDigest, ...]:
        return tuple(
            OutputDigest(
                topic=topic,
                record_count=len(self.records[topic]),
                digest=self.digests[topic].digest(),
            )
            for topic in (*STAGE_TOPICS, DLQ)
            if topic in self.records
        )


def chained(seal: BatchSealed) -> BatchSealed:
    """The seal with the chain that its other fields give."""
    return replace(seal, chain=hash_chain.chain(seal))


def seal_record(shard: int, seal: BatchSealed) -> NewRecord:
    """The seal's record in the journal."""
    return NewRecord(shard, seal.now_ns // NS_PER_MS, None, (), codec.encode(seal))
