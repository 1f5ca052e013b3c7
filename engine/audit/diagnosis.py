"""Diagnosis of a log that fails its proof: the first `Difference`, with its place and reason.

Verification finds that a batch is not as it was sealed. Here the first record that differs is
found: in the inputs by trial, in the outputs by comparison with the records decided again.
"""

from collections.abc import Mapping, Sequence

from engine.audit import difference
from engine.audit.difference import Difference, Kind, Later
from engine.core.events import BatchSealed
from engine.log.codec import PREFIX_BYTES
from engine.log.port import DLQ, JOURNAL, CorruptLogError, Record
from engine.runtime import hash_chain
from engine.runtime.replica import StateDiffersError
from engine.runtime.shard import Sealed
from engine.runtime.shard_log import DamagedError, Records, SealRecord, ShardLog

LOOK_AHEAD_RECORDS = 5_000  # Of a topic with a changed input, to find how far the records moved.
LONG_BYTES_MAX = 10  # Of a number of 64 bits in Avro.


class DifferenceError(Exception):
    """A difference was found; the proof ends there."""

    def __init__(self, found: Difference) -> None:
        super().__init__(found.text)
        self.difference = found


class Diagnosis:
    """Describes what is wrong in the batch that a shard's proof is at."""

    def __init__(self, shard: int) -> None:
        self.shard = shard
        self.seal: BatchSealed | None = None  # Of that batch; None before the first.

    def at(
        self,
        topic: str,
        kind: Kind,
        place: str,
        *,
        seq: int | None = None,
        field: str = "",
        recorded: str = "",
        expected: str = "",
        inputs: tuple[str, ...] = (),
        text: str = "",
    ) -> Difference:
        return Difference(
            shard=self.shard,
            batch=0 if self.seal is None else self.seal.batch,
            topic=topic,
            kind=kind,
            place=place,
            seq=seq,
            field=field,
            recorded=recorded,
            expected=expected,
            inputs=inputs,
            text=text,
        )

    def damaged(self, error: CorruptLogError) -> Difference:
        """A topic that cannot be read further, or a journal that contradicts itself."""
        if isinstance(error, DamagedError):
            kind = Kind.REMOVED if error.is_missing else Kind.UNKNOWN
            return self.at(error.topic, kind, error.where, text=str(error))
        if isinstance(error, StateDiffersError):  # The bytes are sound.
            return self.at(JOURNAL, Kind.DECIDED, "its seal", text=str(error))
        return self.at(JOURNAL, Kind.CHANGED, "its seal", text=str(error))

    def of_seal(
        self, seal_record: SealRecord, kind: Kind, name: str, recorded: object, expected: object
    ) -> Difference:
        """A field of a seal that does not follow from the seals before it."""
        return self.at(
            JOURNAL,
            kind,
            f"offset {seal_record.record.offset}",
            field=name,
            recorded=difference.shown(recorded),
            expected=difference.shown(expected),
            text=(
                f"shard {self.shard}: the seal at offset {seal_record.record.offset} states "
                f"{name} {difference.shown(recorded)}, expected {difference.shown(expected)}"
            ),
        )

    def misplaced(self, topic: str, record: Record, name: str, expected: int) -> Difference:
        """A record that does not follow the one before it."""
        recorded = getattr(record, name)
        return self.at(
            topic,
            Kind.CHANGED,
            f"offset {record.offset}, position {record.position}",
            field=name,
            recorded=str(recorded),
            expected=str(expected),
            text=(
                f"shard {self.shard}: a record of {topic} has {name} {recorded}, expected "
                f"{expected}: it was moved, or one before it removed"
            ),
        )

    def unlike_anchor(self, seal: BatchSealed, anchor: bytes) -> Difference:
        """A seal whose chain is not the signed one."""
        text = (
            f"a signed anchor states another chain for batch {seal.batch}: the log was "
            "written anew after it was signed"
        )
        return self.at(
            JOURNAL,
            Kind.CHANGED,
            f"batch {seal.batch} or before",
            field="chain",
            recorded=seal.chain.hex(),
            expected=anchor.hex(),
            text=text,
        )

    def cut(self, head: int, what: str) -> Difference:
        """The journal's end is missing."""
        text = f"shard {self.shard}: {what}"
        return self.at(JOURNAL, Kind.TRUNCATED, f"after batch {head}", text=text)

    def leftover(self, firsts: Mapping[str, Record], next_seq: int, head: int) -> Difference | None:
        """Records after the last seal that do not begin as the next batch would have."""
        seqs = {t: difference.number_of(t, record.value) for t, record in firsts.items()}
        if next_seq in seqs.values():
            return None
        topic, record = next(iter(firsts.items()))
        text = (
            f"shard {self.shard}: {topic} holds a record at offset {record.offset} after "
            f"the last seal, batch {head}, that does not begin with seq {next_seq}: "
            "another writer wrote it"
        )
        place = f"offset {record.offset}"
        return self.at(topic, Kind.INSERTED, place, seq=seqs[topic], text=text)

    # ------------------------------------------------------------------- inputs and outputs

    def in_inputs(
        self, shard_log: ShardLog, seal: BatchSealed, inputs: Records
    ) -> Difference | None:
        """The first input topic whose records are not those that were sealed."""
        for entry in seal.inputs:
            records = inputs[entry.topic]
            if difference.digest_of(records, entry.first_position) == entry.digest:
                continue
            later = later_of(shard_log, entry.topic, entry.next_position, records)
            kind, place = difference.in_inputs(entry, records, later)
            text = (
                f"shard {self.shard}, batch {seal.batch}: the inputs of {entry.topic} are "
                f"not those that were decided on: {kind.value}, {place}"
            )
            return self.at(entry.topic, kind, place, text=text)
        return None

    def decided_otherwise(self, again: Sealed, recorded: Records, inputs: Records) -> Difference:
        """The first event or seal that is not the one decided again."""
        found = difference.in_outputs(recorded, again.records, again.events)
        assert found is not None, "some record differs"
        topic, wrong, event = found
        records = recorded.get(topic, ())
        place = f"batch {again.seal.batch}"
        if wrong.at < len(records):
            place += f", offset {records[wrong.at].offset}"
        is_sealed = event is None or self._has_sealed_digest(topic, recorded)
        kind = wrong.kind
        if event is not None and is_sealed:
            kind = Kind.DECIDED  # The log is as it was sealed: the decision itself is another.
        what = topic if event is None else f"seq {event.seq}, {type(event).__name__}"
        return self.at(
            topic,
            kind,
            place,
            seq=None if event is None else event.seq,
            field=wrong.field,
            recorded=wrong.recorded,
            expected=wrong.expected,
            inputs=() if event is None else (difference.cause_of(event.cause, inputs),),
            text=(
                f"shard {self.shard}, {what}: {kind.value}"
                f"{f' in {wrong.field}' if wrong.field else ''}; recorded {wrong.recorded}, "
                f"decided again {wrong.expected}"
            ),
        )

    def are_as_sealed(self, outputs: Records) -> bool:
        """Whether the records that a batch wrote have the digests of its seal."""
        return all(self._has_sealed_digest(topic, outputs) for topic in outputs)

    def _has_sealed_digest(self, topic: str, recorded: Records) -> bool:
        """Whether the records of an output are those that were sealed."""
        assert self.seal is not None
        if topic == JOURNAL:
            return True
        digest = hash_chain.new_hash()
        for record in recorded.get(topic, ()):
            number = 0 if topic == DLQ else seq_of(record.value)
            digest.update(hash_chain.frame(number, *record[2:]))
        return any(
            entry.topic == topic and entry.digest == digest.digest() for entry in self.seal.outputs
        )


def seq_of(value: bytes) -> int:
    """The seq in a stage event's bytes, which comes first in every schema, known or not."""
    found = 0
    for index, byte in enumerate(value[PREFIX_BYTES : PREFIX_BYTES + LONG_BYTES_MAX]):
        found |= (byte & 0x7F) << 7 * index
        if byte < 0x80:
            break
    found &= 2**64 - 1
    return (found >> 1) ^ -(found & 1)


def later_of(
    shard_log: ShardLog, topic: str, position: int, records: Sequence[Record]
) -> Later | None:
    """The next seal that consumed records of the topic, and the records around them."""
    source = shard_log.cursor(topic)
    for seal_record in shard_log.ahead():
        for entry in seal_record.seal.inputs:
            if entry.topic == topic:
                count = entry.next_position - position + max(difference.SHIFTS)
                found = (*records, *source.peek(min(count, LOOK_AHEAD_RECORDS)))
                first = position - len(records)
                return Later(entry, dict(enumerate(found, start=first)))
    return None
