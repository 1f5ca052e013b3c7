"""Prove a shard's log: the recorded decisions follow from the recorded inputs, byte for byte.

Every batch is decided again: from the same inputs, at the same time, with the same configuration
and the same recorded faults, `Shard.step` gives events and a seal, which must be the recorded
bytes. The seal has the digests of the consumed and the written records, the seq, the chain of all
seals before it and the offsets of the next inputs. So equal seals prove everything; only where they
differ are the records compared. The offsets of a batch's records must follow the log's own rule,
where it has one.

Equal bytes are promised for the release and the Python that decided. The batches of another release
are folded: seals, digests and chain are proved, the decisions are not. On request this release
decides all of them again, and the events are compared by their values: see `reconsideration`.

No chain can prove that the newest batches were not cut off, or that the log was not written anew by
a writer that has this code. Only a chain head that is stored elsewhere can; see `anchors`.
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from engine.audit.continuity import Continuity
from engine.audit.days import BATCHES_MAX, Segment, segments
from engine.audit.departures import DepartureCounts
from engine.audit.diagnosis import Diagnosis, DifferenceError
from engine.audit.difference import Difference, Kind
from engine.audit.reconsideration import Reconsideration, UnfitError
from engine.core.events import BatchSealed, InputReason, StageEvent
from engine.core.state.finished_store import MemoryStore
from engine.log import codec
from engine.log.port import (
    DLQ,
    INPUT_TOPICS,
    JOURNAL,
    SHARED_TOPICS,
    STAGE_TOPICS,
    CorruptLogError,
    EngineError,
    Log,
    LogUnavailableError,
)
from engine.runtime import first_batches, hash_chain
from engine.runtime.recovery import recovery
from engine.runtime.recovery.finished_file import DiskStore
from engine.runtime.shard import Rules, Shard
from engine.runtime.shard_log import (
    Records,
    SealRecord,
    ShardLog,
    events_of,
    last_seal,
    rules_of_batch,
)


class Bounds(NamedTuple):
    """Selection of batches to decide again: by number, and of one day if it is given (YYYYMMDD)."""

    first: int = 0
    last: int = BATCHES_MAX
    day: int | None = None


class Progress(NamedTuple):
    """The progress in one shard, in counts."""

    batches: int
    batches_total: int
    events: int


@dataclass(slots=True)
class Proof:
    """Result of the proof of a shard."""

    shard: int
    batches: int = 0  # All whose seal, digests and chain were proved.
    asked: int = 0  # Those within the bounds.
    decided: int = (
        0  # Those of them that were decided again, to the byte unless departures are counted.
    )
    events: int = 0
    inputs: int = 0  # Records consumed by them.
    head: int = -1  # The newest batch.
    head_ns: int = 0
    chain: bytes = hash_chain.GENESIS
    anchored: int = -1  # The newest batch whose chain an anchor states as well.
    anchored_ns: int = 0
    unsealed: dict[str, int] = field(
        default_factory=dict
    )  # Inputs that no batch has consumed, by topic.
    foreign: dict[str, int] = field(
        default_factory=dict
    )  # Batches within the bounds, by the other release that decided them.
    difference: Difference | None = None
    departures: DepartureCounts | None = None  # Of this release's decisions, on request.
    is_continued: bool = (
        False  # It begins where another log ended; see `engine.runtime.first_batches`.
    )


def verify(
    log: Log,
    number: int,
    rules: Rules,
    bounds: Bounds | None = None,
    anchors: Mapping[int, bytes] | None = None,
    in_full: int | None = None,
) -> Generator[Progress, None, Proof]:
    """Yield the progress; return the proof, up to the first difference.

    `anchors` gives chains by batch, already checked to be signed. With `in_full` no decision is
    proved by its bytes: this release decides every batch, whatever release sealed it, and the
    departures of the proof say where it differs, the first `in_full` of them in full. Raises
    LogUnavailableError, and UnfitError where this release cannot read or fold a sound log.
    """
    second = None if in_full is None else Reconsideration(number, rules, in_full)
    proving = _Verification(log, number, rules, bounds or Bounds(), anchors or {}, second)
    return (yield from proving.run())


class _Verification:
    """One pass over one shard."""

    def __init__(
        self,
        log: Log,
        number: int,
        rules: Rules,
        bounds: Bounds,
        anchors: Mapping[int, bytes],
        second: Reconsideration | None,
    ) -> None:
        self._log = log
        self._rules = rules
        self._bounds = bounds
        self._anchors = anchors
        # A reconsideration copies the state where it departs, and a copy is all in memory.
        store = DiskStore() if second is None else MemoryStore()
        self._shard = Shard(number, rules, store)
        self._second = second
        self._proof = Proof(number, departures=None if second is None else second.departures)
        self._diagnosis = Diagnosis(number)
        self._continuity = Continuity(log, self._shard, self._diagnosis)
        self._is_behind = False  # The instruments' inputs of a day were passed over and not read.

    def run(self) -> Generator[Progress, None, Proof]:
        proof = self._proof
        try:
            with ShardLog(self._log, proof.shard) as shard_log:
                yield from self._all(shard_log)
        except DifferenceError as error:
            proof.difference = error.difference
        except CorruptLogError as error:
            proof.difference = self._diagnosis.damaged(error)
        return proof

    def _all(self, shard_log: ShardLog) -> Generator[Progress, None, None]:
        newest = newest_seal(self._log, self._proof.shard)
        total = 0 if newest is None else newest.batch + 1
        parts = iter(segments(self._log, self._proof.shard))
        part = next(parts)
        while True:
            for seal_record in shard_log.seals():
                self._diagnosis.seal = seal_record.seal
                while seal_record.seal.batch >= part.next:
                    part = next(parts, Segment(part.next, BATCHES_MAX, None))
                self._take(shard_log, seal_record, part)
                done = self._proof.batches
                yield Progress(done, max(done, total), self._proof.events)
            if self._has_ended(shard_log):
                return

    # --------------------------------------------------------------------------- a batch

    def _take(self, shard_log: ShardLog, seal_record: SealRecord, part: Segment) -> None:
        seal, bounds = seal_record.seal, self._bounds
        if first_batches.is_continued(seal) and self._shard.next_batch == 0:
            self._open(shard_log, seal_record)
            return
        self._continuity.check_seal(seal_record)
        is_wanted = bounds.day is None or bounds.day == part.day
        is_before = part.next <= bounds.first or not is_wanted
        is_asked = is_wanted and bounds.first <= seal.batch <= bounds.last
        ours = (seal.release, seal.python) == (self._rules.release, self._rules.python)
        is_decided = is_asked and (ours or self._second is not None)
        proof = self._proof
        proof.asked += is_asked
        if self._second is not None and not is_asked:
            self._second.leave()
        if is_before and part.next < BATCHES_MAX:  # A closed day outside the bounds.
            recovery.skip(self._shard, shard_log, seal)
            self._is_behind = True
        else:
            self._catch_up(shard_log)
            inputs = shard_log.inputs(seal, INPUT_TOPICS)
            outputs = shard_log.outputs(seal)
            self._continuity.check_records(inputs)
            if is_decided and self._second is None:
                self._decide(shard_log, seal_record, inputs, outputs)
            else:
                self._continuity.check_resume(seal_record, inputs)
                self._fold(shard_log, seal, inputs, outputs, self._second if is_asked else None)
            proof.decided += is_decided
            # After the contents: a missing event shows there as the event after it.
            self._continuity.check_records({**outputs, JOURNAL: (seal_record.record,)})
            proof.inputs += sum(len(records) for records in inputs.values())
        self._check_anchor(seal)
        proof.batches += 1
        proof.events += seal.next_seq - seal.first_seq
        proof.head, proof.head_ns, proof.chain = seal.batch, seal.now_ns, seal.chain
        if is_asked and not is_decided:
            by = f"{seal.release} on Python {seal.python}"
            proof.foreign[by] = proof.foreign.get(by, 0) + 1

    def _open(self, shard_log: ShardLog, seal_record: SealRecord) -> None:
        """The log goes on from another one: prove that its first batch is as it was sealed."""
        seal, number = seal_record.seal, self._shard.number
        inputs, outputs = shard_log.inputs(seal, INPUT_TOPICS), shard_log.outputs(seal)
        self._continuity.check_records(inputs)
        self._check_inputs(shard_log, seal, inputs)
        events = events_of(seal, outputs, number)
        first_batches.continued_from(number, seal, events)
        self._continuity.check_resume(seal_record, inputs)
        self._shard.start_at_close(seal, events)
        self._continuity.check_records({**outputs, JOURNAL: (seal_record.record,)})
        self._check_anchor(seal)
        proof = self._proof
        proof.is_continued = True
        proof.asked += self._bounds.day is None and self._bounds.first == 0
        proof.batches += 1
        proof.inputs += sum(len(records) for records in inputs.values())
        proof.events += seal.next_seq - seal.first_seq
        proof.head, proof.head_ns, proof.chain = seal.batch, seal.now_ns, seal.chain

    def _catch_up(self, shard_log: ShardLog) -> None:
        """Move to the instruments' inputs after the days that were passed over."""
        if not self._is_behind:
            return
        self._is_behind = False
        for topic in INPUT_TOPICS:
            if topic not in SHARED_TOPICS:
                shard_log.seek(topic, self._shard.resume(topic))
        self._continuity.skip()

    def _decide(
        self, shard_log: ShardLog, seal_record: SealRecord, inputs: Records, outputs: Records
    ) -> None:
        """Decide the batch again and compare the bytes."""
        seal, shard = seal_record.seal, self._shard
        shard.rules = rules_of_batch(shard, seal, outputs)
        try:
            again = shard.step(inputs, seal.now_ns, faulted=frozenset(seal.faults), must_seal=True)
        except (CorruptLogError, LogUnavailableError):
            raise
        except Exception as error:
            self._check_inputs(shard_log, seal, inputs)
            text = f"{shard.at or 'the step'} raised {error!r:.200}, and no fault was recorded"
            found = self._diagnosis.at(JOURNAL, Kind.DECIDED, f"batch {seal.batch}", text=text)
            raise DifferenceError(found) from error
        assert again is not None, "must_seal gives a seal"
        recorded: Records = {**outputs, JOURNAL: (seal_record.record,)}
        if all(
            len(recorded.get(topic, ())) == len(records)
            and all(was[2:] == new[1:] for was, new in zip(recorded[topic], records, strict=True))
            for topic, records in again.records.items()
        ) and len(recorded) == len(again.records):
            return
        self._check_inputs(shard_log, seal, inputs)
        raise DifferenceError(self._diagnosis.decided_otherwise(again, recorded, inputs))

    def _fold(
        self,
        shard_log: ShardLog,
        seal: BatchSealed,
        inputs: Records,
        outputs: Records,
        second: Reconsideration | None,
    ) -> None:
        """Prove the digests and fold the recorded events; first decide them, if reconsidered."""
        self._check_inputs(shard_log, seal, inputs)
        events = self._events_of(seal, outputs)
        if second is not None:
            second.decide(self._shard, seal, inputs, outputs, events)
        try:
            self._shard.fold(seal, inputs, events)
        except EngineError as error:
            if is_of_later_release(error):  # Its digests were proved above.
                raise self._unknown_schema(seal, error) from error
            raise
        except Exception as error:
            raise UnfitError(
                f"shard {self._shard.number}: release {self._rules.release} cannot fold batch "
                f"{seal.batch} of release {seal.release} ({error!r:.200}). The log's bytes are "
                "sound, but workers of this release could not be recovered. Do not upgrade to it; "
                "report it with a copy of the log."
            ) from error
        if second is not None:
            second.follow(self._shard, seal)

    def _events_of(self, seal: BatchSealed, outputs: Records) -> list[StageEvent]:
        try:
            return events_of(seal, outputs, self._shard.number)
        except CorruptLogError as error:
            if is_of_later_release(error) and self._diagnosis.are_as_sealed(outputs):
                raise self._unknown_schema(seal, error) from error
            raise

    def _unknown_schema(self, seal: BatchSealed, error: EngineError) -> UnfitError:
        return UnfitError(
            f"shard {self._shard.number}, batch {seal.batch}: release {self._rules.release} does "
            f"not know a schema that release {seal.release} wrote with ({error.__cause__}). The "
            f"bytes are as they were sealed. Read this log with release {seal.release} or a later "
            "one; an earlier release cannot decide it."
        )

    def _check_anchor(self, seal: BatchSealed) -> None:
        anchor = self._anchors.get(seal.batch)
        if anchor is None:
            return
        if anchor != seal.chain:
            raise DifferenceError(self._diagnosis.unlike_anchor(seal, anchor))
        self._proof.anchored, self._proof.anchored_ns = seal.batch, seal.now_ns

    def _check_inputs(self, shard_log: ShardLog, seal: BatchSealed, inputs: Records) -> None:
        found = self._diagnosis.in_inputs(shard_log, seal, inputs)
        if found is not None:
            raise DifferenceError(found)

    # -------------------------------------------------------------------------------- end

    def _has_ended(self, shard_log: ShardLog) -> bool:
        """Check what the log has after the last seal; False where a worker has sealed meanwhile."""
        leftover = [t for t in (*STAGE_TOPICS, DLQ) if shard_log.cursor(t).has_more()]
        journal = shard_log.cursor(JOURNAL)
        if journal.has_more():
            return False
        head = self._proof.head
        if leftover:
            firsts = {topic: shard_log.cursor(topic).peek(1)[0] for topic in leftover}
            found = self._diagnosis.leftover(firsts, self._shard.state.next_seq, head)
            what = (
                f"{', '.join(leftover)} hold records after the last seal, batch {head}: the "
                "journal's end was cut off, or another writer wrote them"
            )
            raise DifferenceError(found or self._diagnosis.cut(head, what))
        beyond = [batch for batch in self._anchors if batch > head]
        if beyond:
            what = (
                f"a signed anchor states batch {max(beyond)}, the log ends with {head}: its end "
                "was cut off"
            )
            raise DifferenceError(self._diagnosis.cut(head, what))
        for topic in INPUT_TOPICS:
            count = shard_log.cursor(topic).count()
            if count:
                self._proof.unsealed[topic] = count
        return True


def is_of_later_release(error: EngineError) -> bool:
    """Whether a record could not be read because this release does not know its schema."""
    cause = error.__cause__
    return isinstance(cause, codec.UnreadableError) and cause.reason is InputReason.UNKNOWN_SCHEMA


def newest_seal(log: Log, number: int) -> BatchSealed | None:
    """The newest seal; None too where the journal is damaged: the proof will find the place."""
    try:
        return last_seal(log, number)
    except CorruptLogError:
        return None
