"""Prove a shard's log: what it says was decided is what its inputs lead to, byte for byte.

Every batch is taken again: from the same inputs, at the same time, with the same configuration and
the same recorded faults, `Shard.step` gives events and a seal, which must be the recorded bytes.
The seal holds the digests of what was consumed and written, the seq, the chain of all seals before
and where the log keeps the next inputs, so its bytes alone stand for everything; only where they
differ is the place looked for. Offsets between a batch's records must be what the log's own rule
says, where it has one.

Bytes are promised for the release and the Python that decided. Another's batches are folded: seals,
digests and chain are proved, decisions are not taken again.

What no chain can prove: that the newest batches have not been cut off, or the whole log written
anew by whoever has this code. Only a chain head that was kept elsewhere can; see `anchors`.
"""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from engine import recovery
from engine import seal as seals
from engine.audit import difference as differences
from engine.audit.difference import Difference, Kind, Later
from engine.core.events import BatchSealed, ConfigurationAdopted, DayOpened, SealKind, StageEvent
from engine.log import codec
from engine.log.port import (
    DLQ,
    INPUT_TOPICS,
    JOURNAL,
    SHARED_TOPICS,
    STAGE_TOPICS,
    CorruptLogError,
    Log,
    LogUnavailableError,
    Record,
)
from engine.recording import DamagedError, Recording, Records, Sealing, last_seal
from engine.shard import Rules, Sealed, Shard
from engine.shelf import DiskShelf

LOOK_AHEAD_RECORDS = 5_000  # Of a topic whose input was changed, to see by how much it moved.
BATCHES_MAX = 2**62  # Beyond every batch.


class Bounds(NamedTuple):
    """Which batches are decided again: by number, and of one day if it is given (YYYYMMDD)."""

    first: int = 0
    last: int = BATCHES_MAX
    day: int | None = None


class Progress(NamedTuple):
    """How far a shard is; counts."""

    batches: int
    batches_total: int
    events: int


@dataclass(slots=True)
class Proof:
    """What was proved of one shard."""

    shard: int
    batches: int = 0  # All whose seal, digests and chain were seen.
    asked: int = 0  # Those within the bounds.
    decided: int = 0  # Those of them that were decided again and gave the same bytes.
    events: int = 0
    inputs: int = 0  # Records consumed by them.
    head: int = -1  # The newest batch.
    head_ns: int = 0
    chain: bytes = seals.GENESIS
    anchored: int = -1  # The newest batch whose chain an anchor states too.
    anchored_ns: int = 0
    unsealed: dict[str, int] = field(default_factory=dict)  # Inputs that no batch has taken yet.
    foreign: dict[str, int] = field(default_factory=dict)  # Asked for, by other releases.
    difference: Difference | None = None


class Segment(NamedTuple):
    """The batches from one close to the next."""

    first: int
    next: int
    day: int | None  # None where no day was opened.


class _FoundError(Exception):
    """The proof ends here."""

    def __init__(self, found: Difference) -> None:
        super().__init__(found.text)
        self.found = found


def verify(
    log: Log,
    number: int,
    rules: Rules,
    bounds: Bounds | None = None,
    anchors: Mapping[int, bytes] | None = None,
) -> Generator[Progress, None, Proof]:
    """Yield progress; return what was proved, up to the first difference.

    `anchors` gives chains by batch, already checked to be signed. Raises LogUnavailableError.
    """
    return (yield from _Verification(log, number, rules, bounds or Bounds(), anchors or {}).run())


class _Verification:
    """One pass over one shard."""

    def __init__(
        self, log: Log, number: int, rules: Rules, bounds: Bounds, anchors: Mapping[int, bytes]
    ) -> None:
        self._log = log
        self._rules = rules
        self._bounds = bounds
        self._anchors = anchors
        self._shard = Shard(number, rules, DiskShelf())
        self._proof = Proof(number)
        self._lasts: dict[str, Record] = {}  # The last record taken, by topic.
        self._seal: BatchSealed | None = None  # In hand, for what raises.

    def run(self) -> Generator[Progress, None, Proof]:
        proof = self._proof
        try:
            with Recording(self._log, proof.shard) as recording:
                yield from self._all(recording)
        except _FoundError as error:
            proof.difference = error.found
        except DamagedError as error:
            kind = Kind.REMOVED if error.is_missing else Kind.UNKNOWN
            proof.difference = self._at(error.topic, kind, error.place, text=str(error))
        except CorruptLogError as error:
            proof.difference = self._at(JOURNAL, Kind.CHANGED, "its seal", text=str(error))
        return proof

    def _all(self, recording: Recording) -> Generator[Progress, None, None]:
        newest = newest_seal(self._log, self._proof.shard)
        total = 0 if newest is None else newest.batch + 1
        parts = iter(segments(self._log, self._proof.shard))
        part = next(parts)
        while True:
            for sealing in recording.seals():
                self._seal = sealing.seal
                while sealing.seal.batch >= part.next:
                    part = next(parts, Segment(part.next, BATCHES_MAX, None))
                self._take(recording, sealing, part)
                done = self._proof.batches
                yield Progress(done, max(done, total), self._proof.events)
            if self._has_ended(recording):
                return

    # --------------------------------------------------------------------------- a batch

    def _take(self, recording: Recording, sealing: Sealing, part: Segment) -> None:
        seal, bounds = sealing.seal, self._bounds
        self._check_place(sealing)
        is_wanted = bounds.day is None or bounds.day == part.day
        is_before = part.next <= bounds.first or not is_wanted
        is_asked = is_wanted and bounds.first <= seal.batch <= bounds.last
        ours = (seal.release, seal.python) == (self._rules.release, self._rules.python)
        proof = self._proof
        proof.asked += is_asked
        if is_before and part.next < BATCHES_MAX:  # A closed day that nobody asked for.
            recovery.pass_over(self._shard, recording, seal)
        else:
            inputs = recording.inputs(seal, INPUT_TOPICS)
            outputs = recording.outputs(seal)
            self._check_places(inputs)
            if ours and is_asked:
                self._decide(recording, sealing, inputs, outputs)
                proof.decided += 1
            else:
                self._fold(recording, seal, inputs, outputs)
            # After the contents: where an event is missing, the next one lies in its place.
            self._check_places({**outputs, JOURNAL: (sealing.record,)})
            proof.inputs += sum(len(records) for records in inputs.values())
        self._check_anchor(seal)
        proof.batches += 1
        proof.events += seal.next_seq - seal.first_seq
        proof.head, proof.head_ns, proof.chain = seal.batch, seal.now_ns, seal.chain
        if is_asked and not ours:
            by = f"{seal.release} on Python {seal.python}"
            proof.foreign[by] = proof.foreign.get(by, 0) + 1

    def _check_place(self, sealing: Sealing) -> None:
        """The seal is the next one, and no time went backwards."""
        seal, shard = sealing.seal, self._shard
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
                raise _FoundError(self._of_seal(sealing, kind, name, recorded, expected))
        chain = seals.chain(seal)
        if chain != seal.chain:
            raise _FoundError(self._of_seal(sealing, Kind.CHANGED, "chain", seal.chain, chain))
        if seal.now_ns < state.sealed_ns:
            found = self._of_seal(sealing, Kind.CHANGED, "now_ns", seal.now_ns, state.sealed_ns)
            raise _FoundError(found)

    def _check_places(self, found: Records) -> None:
        """Positions are dense; offsets follow the log's own rule, a commit's lie side by side."""
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
            raise _FoundError(self._misplaced(topic, record, "position", last.position + 1))
        expected: int | None = last.offset + 1
        if is_first or topic in INPUT_TOPICS:  # Written by another call than the one before.
            expected = self._log.offset_after(topic, last.offset)
        if expected is not None and record.offset != expected:
            raise _FoundError(self._misplaced(topic, record, "offset", expected))

    def _decide(
        self, recording: Recording, sealing: Sealing, inputs: Records, outputs: Records
    ) -> None:
        """Take the batch again and compare the bytes."""
        seal, shard = sealing.seal, self._shard
        shard.rules = replace(
            shard.rules, settings_text=adopted(seal, outputs) or shard.state.settings_text
        )
        try:
            again = shard.step(inputs, seal.now_ns, faulted=frozenset(seal.faults), must_seal=True)
        except (CorruptLogError, LogUnavailableError):
            raise
        except Exception as error:
            self._check_inputs(recording, seal, inputs)
            text = f"{shard.at or 'the step'} raised {error!r:.200}, and no fault was recorded"
            found = self._at(JOURNAL, Kind.DECIDED, f"batch {seal.batch}", text=text)
            raise _FoundError(found) from error
        assert again is not None, "must_seal gives a seal"
        recorded: Records = {**outputs, JOURNAL: (sealing.record,)}
        if all(
            len(recorded.get(topic, ())) == len(records)
            and all(was[2:] == new[1:] for was, new in zip(recorded[topic], records, strict=True))
            for topic, records in again.records.items()
        ) and len(recorded) == len(again.records):
            return
        self._check_inputs(recording, seal, inputs)
        raise _FoundError(self._decided_otherwise(again, recorded, inputs))

    def _fold(
        self, recording: Recording, seal: BatchSealed, inputs: Records, outputs: Records
    ) -> None:
        """Prove seal and digests, take the events as they are."""
        self._check_inputs(recording, seal, inputs)
        self._shard.fold(seal, inputs, recovery.events_of(seal, outputs, self._shard.number))

    def _check_anchor(self, seal: BatchSealed) -> None:
        anchor = self._anchors.get(seal.batch)
        if anchor is None:
            return
        if anchor != seal.chain:
            text = (
                f"a signed anchor states another chain for batch {seal.batch}: the log was "
                "written anew after it was signed"
            )
            raise _FoundError(
                self._at(
                    JOURNAL,
                    Kind.CHANGED,
                    f"batch {seal.batch} or before",
                    field="chain",
                    recorded=seal.chain.hex(),
                    expected=anchor.hex(),
                    text=text,
                )
            )
        self._proof.anchored, self._proof.anchored_ns = seal.batch, seal.now_ns

    # ------------------------------------------------------------------------- what differs

    def _check_inputs(self, recording: Recording, seal: BatchSealed, inputs: Records) -> None:
        """Raise for the first input topic whose records are not those that were sealed."""
        for entry in seal.inputs:
            records = inputs[entry.topic]
            if differences.digest_of(records, entry.first_position) == entry.digest:
                continue
            later = self._later(recording, entry.topic, entry.next_position, records)
            kind, place = differences.in_inputs(entry, records, later)
            text = (
                f"shard {self._shard.number}, batch {seal.batch}: the inputs of {entry.topic} are "
                f"not those that were decided on: {kind.value}, {place}"
            )
            raise _FoundError(self._at(entry.topic, kind, place, text=text))

    def _later(
        self, recording: Recording, topic: str, position: int, records: Sequence[Record]
    ) -> Later | None:
        """The next seal that took of the topic, and what the log holds around there."""
        source = recording.source(topic)
        for sealing in recording.ahead():
            for entry in sealing.seal.inputs:
                if entry.topic == topic:
                    count = entry.next_position - position + max(differences.SHIFTS)
                    found = (*records, *source.peek(min(count, LOOK_AHEAD_RECORDS)))
                    first = position - len(records)
                    return Later(entry, dict(enumerate(found, start=first)))
        return None

    def _decided_otherwise(self, again: Sealed, recorded: Records, inputs: Records) -> Difference:
        """The first event or seal that is not the one decided again."""
        found = differences.in_outputs(recorded, again.records, again.events)
        assert found is not None, "some record differs"
        topic, wrong, event = found
        seal = again.seal
        records = recorded.get(topic, ())
        place = f"batch {seal.batch}"
        if wrong.at < len(records):
            place += f", offset {records[wrong.at].offset}"
        is_sealed = event is None or self._has_sealed_digest(topic, recorded)
        kind = wrong.kind
        if event is not None and is_sealed:
            kind = Kind.DECIDED  # The log is as it was sealed: the decision itself is another.
        what = topic if event is None else f"seq {event.seq}, {type(event).__name__}"
        return self._at(
            topic,
            kind,
            place,
            seq=None if event is None else event.seq,
            field=wrong.field,
            recorded=wrong.recorded,
            expected=wrong.expected,
            inputs=() if event is None else (differences.cause_of(event.cause, inputs),),
            text=(
                f"shard {self._shard.number}, {what}: {kind.value}"
                f"{f' in {wrong.field}' if wrong.field else ''}; recorded {wrong.recorded}, "
                f"decided again {wrong.expected}"
            ),
        )

    def _has_sealed_digest(self, topic: str, recorded: Records) -> bool:
        """Whether the records of an output are those that were sealed."""
        assert self._seal is not None
        if topic == JOURNAL:
            return True
        digest = seals.new_hash()
        for record in recorded.get(topic, ()):
            try:
                event = codec.decode(topic, record.value) if topic != DLQ else None
            except codec.UnreadableError:
                return False
            digest.update(seals.frame(0 if event is None else event.seq, *record[2:]))
        return any(
            entry.topic == topic and entry.digest == digest.digest() for entry in self._seal.outputs
        )

    def _of_seal(
        self, sealing: Sealing, kind: Kind, name: str, recorded: object, expected: object
    ) -> Difference:
        return self._at(
            JOURNAL,
            kind,
            f"offset {sealing.record.offset}",
            field=name,
            recorded=differences.shown(recorded),
            expected=differences.shown(expected),
            text=(
                f"shard {self._shard.number}: the seal at offset {sealing.record.offset} states "
                f"{name} {differences.shown(recorded)}, expected {differences.shown(expected)}"
            ),
        )

    def _misplaced(self, topic: str, record: Record, name: str, expected: int) -> Difference:
        recorded = getattr(record, name)
        return self._at(
            topic,
            Kind.CHANGED,
            f"offset {record.offset}, position {record.position}",
            field=name,
            recorded=str(recorded),
            expected=str(expected),
            text=(
                f"shard {self._shard.number}: a record of {topic} has {name} {recorded}, expected "
                f"{expected}: it was moved, or one before it removed"
            ),
        )

    def _at(
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
            shard=self._shard.number,
            batch=self._shard.next_batch if self._seal is None else self._seal.batch,
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

    # -------------------------------------------------------------------------------- end

    def _has_ended(self, recording: Recording) -> bool:
        """Check what lies behind the last seal; False where a worker has sealed meanwhile."""
        leftover = [t for t in (*STAGE_TOPICS, DLQ) if recording.source(t).has_more()]
        journal = recording.source(JOURNAL)
        if journal.has_more():
            return False
        if leftover:
            self._check_leftover(recording, leftover)
            text = (
                f"shard {self._shard.number}: {', '.join(leftover)} hold records after the last "
                f"seal, batch {self._proof.head}: the journal's end was cut off, or another "
                "writer was here"
            )
            raise _FoundError(
                self._at(JOURNAL, Kind.TRUNCATED, f"after batch {self._proof.head}", text=text)
            )
        beyond = [batch for batch in self._anchors if batch > self._proof.head]
        if beyond:
            text = (
                f"shard {self._shard.number}: a signed anchor states batch {max(beyond)}, the log "
                f"ends with {self._proof.head}: its end was cut off"
            )
            raise _FoundError(
                self._at(JOURNAL, Kind.TRUNCATED, f"after batch {self._proof.head}", text=text)
            )
        for topic in INPUT_TOPICS:
            count = recording.source(topic).count()
            if count:
                self._proof.unsealed[topic] = count
        return True

    def _check_leftover(self, recording: Recording, topics: Sequence[str]) -> None:
        """Raise unless the records after the last seal begin as the next batch would have."""
        firsts = {topic: recording.source(topic).peek(1)[0] for topic in topics}
        seqs = {t: differences.number_of(t, record.value) for t, record in firsts.items()}
        next_seq = self._shard.state.next_seq
        if next_seq in seqs.values():
            return
        topic, record = next(iter(firsts.items()))
        text = (
            f"shard {self._shard.number}: {topic} holds a record at offset {record.offset} after "
            f"the last seal, batch {self._proof.head}, that does not begin with seq {next_seq}: "
            "another writer was here"
        )
        found = self._at(
            topic, Kind.INSERTED, f"offset {record.offset}", seq=seqs[topic], text=text
        )
        raise _FoundError(found)


def newest_seal(log: Log, number: int) -> BatchSealed | None:
    """How long the work will be; None too where it cannot be read: the proof comes there."""
    try:
        return last_seal(log, number)
    except CorruptLogError:
        return None


def adopted(seal: BatchSealed, outputs: Records) -> str | None:
    """The configuration that a batch begins with, if it adopted one."""
    for record in outputs.get("ingest", ())[:1]:
        if codec.is_a(ConfigurationAdopted, record.value):
            event: StageEvent = codec.decode("ingest", record.value)
            if isinstance(event, ConfigurationAdopted) and event.seq == seal.first_seq:
                return event.text
    return None


def segments(log: Log, number: int) -> list[Segment]:
    """The days of a shard by their batches, the last one open; at least one.

    Reads the journal and what the batches consumed of `controls`.
    """
    found: list[Segment] = []
    first, day = 0, None
    try:
        with Recording(log, number) as recording:
            for batch, (seal, _) in enumerate(recording.seals()):
                if seal.batch != batch:
                    break
                for record in recording.inputs(seal, SHARED_TOPICS).get("controls", ()):
                    if codec.is_a(DayOpened, record.value):
                        day = opened_day(record) or day
                if seal.kind is SealKind.CLOSE:
                    found.append(Segment(first, seal.batch + 1, day))
                    first, day = seal.batch + 1, None
    except CorruptLogError:  # The proof comes to the same place and names it.
        pass
    return [*found, Segment(first, BATCHES_MAX, day)]


def opened_day(record: Record) -> int | None:
    """The day in a DayOpened record; None if it can't be read, as then it opened nothing."""
    try:
        event = codec.decode("controls", record.value)
    except codec.UnreadableError:
        return None
    day: int = event.day
    return day
