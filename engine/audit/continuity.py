"""Whether each seal and record of a shard follows the one before: numbers, times, offsets.

Digests prove what a record contains. Its place in the log is proved here: positions are dense, and
offsets follow the rule of the log, where it has one.
"""

from engine.audit.diagnosis import Diagnosis, DifferenceError
from engine.audit.difference import Kind
from engine.log.port import INPUT_TOPICS, Log, Record
from engine.runtime import hash_chain
from engine.runtime.shard import Shard
from engine.runtime.shard_log import Records, SealRecord


class Continuity:
    """The last record read of each topic. The checks raise DifferenceError."""

    def __init__(self, log: Log, shard: Shard, diagnosis: Diagnosis) -> None:
        self._log = log
        self._shard = shard
        self._diagnosis = diagnosis
        self._lasts: dict[str, Record] = {}  # By topic.

    def skip(self) -> None:
        """Records were passed over: the next of each topic has none to follow."""
        self._lasts.clear()

    def check_seal(self, seal_record: SealRecord) -> None:
        """The seal is the next one, and time does not go backwards."""
        seal, shard = seal_record.seal, self._shard
        state = shard.state
        for name, recorded, expected in (
            ("batch", seal.batch, shard.next_batch),
            ("first_seq", seal.first_seq, state.next_seq),
            ("previous_chain", seal.previous_chain, shard.chain),
        ):
            if recorded != expected:
                kind = Kind.CHANGED
                if name == "batch":
                    kind = Kind.REMOVED if seal.batch > shard.next_batch else Kind.INSERTED
                raise DifferenceError(
                    self._diagnosis.of_seal(seal_record, kind, name, recorded, expected)
                )
        chain = hash_chain.chain(seal)
        if chain != seal.chain:
            raise DifferenceError(
                self._diagnosis.of_seal(seal_record, Kind.CHANGED, "chain", seal.chain, chain)
            )
        if seal.now_ns < state.sealed_ns:
            found = self._diagnosis.of_seal(
                seal_record, Kind.CHANGED, "now_ns", seal.now_ns, state.sealed_ns
            )
            raise DifferenceError(found)

    def check_records(self, found: Records) -> None:
        """Positions are dense; offsets follow the log's rule, those of one commit without a gap."""
        for topic, records in found.items():
            last = self._lasts.get(topic)
            for record in records:
                if last is not None:
                    self._check_follows(topic, last, record, is_first=record is records[0])
                last = record
            if last is not None:
                self._lasts[topic] = last

    def _check_follows(self, topic: str, last: Record, record: Record, *, is_first: bool) -> None:
        if record.position != last.position + 1:
            raise DifferenceError(
                self._diagnosis.misplaced(topic, record, "position", last.position + 1)
            )
        expected: int | None = last.offset + 1
        if is_first or topic in INPUT_TOPICS:  # Not of the same commit as the last.
            expected = self._log.offset_after(topic, last.offset)
        if expected is not None and record.offset != expected:
            raise DifferenceError(self._diagnosis.misplaced(topic, record, "offset", expected))

    def check_resume(self, seal_record: SealRecord, inputs: Records) -> None:
        """The next input is read right after the last one that was consumed.

        No digest covers that; a batch that is decided again states it again.
        """
        for entry in seal_record.seal.resume:
            taken = inputs.get(entry.topic)
            expected = taken[-1].offset + 1 if taken else self._shard.resume(entry.topic).offset
            if entry.next_offset != expected:
                name = f"resume of {entry.topic}"
                raise DifferenceError(
                    self._diagnosis.of_seal(
                        seal_record, Kind.CHANGED, name, entry.next_offset, expected
                    )
                )
