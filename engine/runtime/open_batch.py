"""The batch that is not sealed yet: what it took, and what it wrote, with the digests of both."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from engine.core.events import InputRange, OutputDigest, StageEvent
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
    """What the open batch has taken of one input topic."""

    first_position: int
    next_position: int
    next_offset: int
    digest: hash_chain.Hash


@dataclass(slots=True)
class OpenBatch:
    """All that a seal will say of its batch."""

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
        """Take a record; `start` is where the batches before left off.

        Raises CorruptLogError if the record is not the topic's next one.
        """
        taken = self.inputs.get(topic)
        position = record.position
        if taken is None:
            taken = Consumed(start.position, start.position, 0, hash_chain.new_hash())
            self.inputs[topic] = taken
        if position != taken.next_position:
            raise CorruptLogError(
                f"shard {self.shard}: {topic} gave position {position}, expected "
                f"{taken.next_position}. Nothing was written; read again from the last seal."
            )
        taken.next_position = position + 1
        taken.next_offset = record.offset + 1
        taken.digest.update(hash_chain.frame(position, *record[2:]))
        self.input_count += 1

    def write(self, topic: str, number: int, record: NewRecord) -> None:
        written = self.records.get(topic)
        if written is None:
            written = self.records[topic] = []
            self.digests[topic] = hash_chain.new_hash()
        written.append(record)
        self.digests[topic].update(hash_chain.frame(number, *record[1:]))

    def input_ranges(self) -> tuple[InputRange, ...]:
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

    def output_digests(self) -> tuple[OutputDigest, ...]:
        return tuple(
            OutputDigest(
                topic=topic,
                record_count=len(self.records[topic]),
                digest=self.digests[topic].digest(),
            )
            for topic in (*STAGE_TOPICS, DLQ)
            if topic in self.records
        )
