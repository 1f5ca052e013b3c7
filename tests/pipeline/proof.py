"""Prove a log from its bytes alone: nothing lost, nothing twice, digests and chain as stated.

`whole` only reads, `reexecuted` obtains each batch anew from `Shard.step`, `folded` from its
events. A difference raises AssertionError.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from engine.core.events import BatchSealed
from engine.log import codec
from engine.log.port import (
    DLQ,
    INPUT_TOPICS,
    JOURNAL,
    OUTPUT_TOPICS,
    SHARED_TOPICS,
    STAGE_TOPICS,
    Log,
    Record,
)
from engine.runtime import hash_chain
from engine.runtime.recovery.recovery import recover
from engine.runtime.shard import Rules, Sealed, Shard


class Partition(NamedTuple):
    """All records of one shard, by topic."""

    number: int
    records: dict[str, list[Record]]

    @property
    def seals(self) -> list[BatchSealed]:
        return [codec.decode(JOURNAL, record.value) for record in self.records[JOURNAL]]


class Batch(NamedTuple):
    """A recorded batch: its seal, its inputs and its outputs."""

    seal: BatchSealed
    inputs: dict[str, Sequence[Record]]
    outputs: dict[str, Sequence[Record]]


def read_all(log: Log, topic: str, partition: int) -> list[Record]:
    reader = log.reader(topic, partition)
    found: list[Record] = []
    while True:
        is_end = reader.at_end()
        records = reader.read(5_000)
        found += records
        if is_end and not records:
            reader.close()
            return found


def partition_of(log: Log, number: int) -> Partition:
    topics = (*INPUT_TOPICS, *OUTPUT_TOPICS)
    return Partition(
        number,
        {topic: read_all(log, topic, 0 if topic in SHARED_TOPICS else number) for topic in topics},
    )


def batches(partition: Partition) -> Iterator[Batch]:
    """Cut the records as the seals state; each input and event is in exactly one batch."""
    written = dict.fromkeys((*STAGE_TOPICS, DLQ), 0)
    taken = dict.fromkeys(INPUT_TOPICS, 0)
    for seal in partition.seals:
        inputs: dict[str, Sequence[Record]] = {}
        for entry in seal.inputs:
            assert entry.first_position == taken[entry.topic], "taken twice, or never"
            taken[entry.topic] = entry.next_position
            inputs[entry.topic] = partition.records[entry.topic][
                entry.first_position : entry.next_position
            ]
        outputs: dict[str, Sequence[Record]] = {}
        for output in seal.outputs:
            first = written[output.topic]
            written[output.topic] = first + output.record_count
            outputs[output.topic] = partition.records[output.topic][first : written[output.topic]]
        yield Batch(seal, inputs, outputs)
    for topic, count in written.items():
        assert count == len(partition.records[topic]), f"{topic} holds what no seal counts"


def whole(partition: Partition, *, is_all_taken: bool = True) -> bytes:
    """Check seals, seqs, digests and chain; returns the shard's chain."""
    chain, next_seq, now_ns = hash_chain.GENESIS, 0, 0
    taken = dict.fromkeys(INPUT_TOPICS, 0)
    for number, (seal, inputs, outputs) in enumerate(batches(partition)):
        assert (seal.batch, seal.first_seq, seal.previous_chain) == (number, next_seq, chain)
        assert seal.now_ns >= now_ns
        assert hash_chain.chain(seal) == seal.chain
        for entry in seal.inputs:
            records = inputs[entry.topic]
            assert [r.position for r in records] == [
                *range(entry.first_position, entry.next_position)
            ]
            assert digest(records, [r.position for r in records]) == entry.digest
            taken[entry.topic] = entry.next_position
        seqs: list[int] = []
        for output in seal.outputs:
            records = outputs[output.topic]
            own = [0] * len(records)
            if output.topic != DLQ:
                own = [codec.decode(output.topic, record.value).seq for record in records]
                assert own == sorted(own), "one topic alone is in order"
                seqs += own
            assert digest(records, own) == output.digest
        assert sorted(seqs) == [*range(seal.first_seq, seal.next_seq)], "a gap in seq"
        chain, next_seq, now_ns = seal.chain, seal.next_seq, seal.now_ns
    if is_all_taken:
        assert taken == {topic: len(partition.records[topic]) for topic in INPUT_TOPICS}
    return chain


def digest(records: Sequence[Record], numbers: Sequence[int]) -> bytes:
    found = hash_chain.new_hash()
    for number, record in zip(numbers, records, strict=True):
        found.update(hash_chain.frame(number, *record[2:]))
    return found.digest()


def reexecuted(partition: Partition, rules: Rules) -> Iterator[tuple[Batch, Sealed, Shard]]:
    """Each batch again, from its inputs and its time; the shard has its state after it."""
    shard = Shard(partition.number, rules)
    for batch in batches(partition):
        seal = batch.seal
        again = shard.step(
            batch.inputs, seal.now_ns, faulted=frozenset(seal.faults), must_seal=True
        )
        assert again is not None
        yield batch, again, shard


def decides_the_same(partition: Partition, rules: Rules) -> Shard:
    """Re-execution gives the bytes of the log; returns the shard at its end."""
    shard = Shard(partition.number, rules)
    for batch, again, behind in reexecuted(partition, rules):
        found = {topic: [r.value for r in records] for topic, records in again.records.items()}
        assert found.pop(JOURNAL) == [codec.encode(batch.seal)]
        expected = {topic: [r.value for r in records] for topic, records in batch.outputs.items()}
        assert found == expected, f"batch {batch.seal.batch} decides otherwise"
        shard = behind
    return shard


def folded(partition: Partition, rules: Rules) -> Iterator[Shard]:
    """The shard after each batch, from its recorded events; nothing is decided."""
    shard = Shard(partition.number, rules)
    for seal, inputs, outputs in batches(partition):
        events = [
            codec.decode(topic, record.value)
            for topic, records in outputs.items()
            if topic != DLQ
            for record in records
        ]
        shard.fold(seal, inputs, sorted(events, key=lambda event: event.seq))
        yield shard


def recovered(log: Log, number: int, rules: Rules) -> Shard:
    steps = recover(log, number, rules)
    while True:
        try:
            next(steps)
        except StopIteration as done:
            found: Shard = done.value
            return found


def same_state(one: Shard, other: Shard) -> bool:
    """Equal to the last field, and in the same order wherever there is one."""
    places = [(s.number, s.next_batch, s.chain) for s in (one, other)]
    return (
        places[0] == places[1] and one.state == other.state and repr(one.state) == repr(other.state)
    )
