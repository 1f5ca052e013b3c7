"""The loop over a batch, and its uses: live, simulation and verification decide; recovery folds.

A batch is a pure function of the state, the inputs in their fixed order, and one `now_ns`. Each
input is admitted (decoded and checked), folded if it is a fact, and decided on; every event is
stamped, folded at once, and may make the next stage react. Then every touched or due parent is
planned. `step` obtains the events from the `decide` functions, `fold` from the log, by cause;
both change the state by the same functions in the same order, so both end in the same state.

A round that brought only market data and touched no parent stays open: it is sealed with the next
one that does, or when it is old or large enough.
"""

import logging
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from engine import seal as seals
from engine import topology
from engine.core import day, risk, scorecard
from engine.core.events import (
    TOPIC_OF,
    BatchSealed,
    BreakCarried,
    ConfigurationAdopted,
    DayClosed,
    HaltReason,
    InputRange,
    InputReason,
    InstrumentHalted,
    OrderCarried,
    OutputDigest,
    ResumeOffset,
    ScorecardCarried,
    SealKind,
    StageEvent,
    SuspensionSet,
    stamp,
)
from engine.core.intake import Unreadable
from engine.core.state import Parent, State
from engine.log import codec
from engine.log.partition import partition_of
from engine.log.port import (
    BEGINNING,
    DLQ,
    INPUT_TOPICS,
    JOURNAL,
    SHARED_TOPICS,
    STAGE_TOPICS,
    CorruptLogError,
    NewRecord,
    Record,
    Start,
)

NS_PER_MS = 1_000_000
CONFIG_CAUSE = "config:"
PLAN_CAUSE = "plan:"
HALTED_CAUSE = "halted:"  # Names the planning of a parent whose instrument is halted.
UNKNOWN_NUMBER = -1
NUMBER_DIGITS_MAX = 18  # Of a sender's own number; more than any event could hold is unknown.

Batch = Mapping[str, Sequence[Record]]
CARRIED = (OrderCarried, ScorecardCarried, BreakCarried, SuspensionSet, InstrumentHalted)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rules:
    """What the loop needs of the configuration."""

    settings_text: str  # Canonical JSON of what decides; adopted by an event.
    release: str
    python: str
    partitions: int = 8
    open_batch_ns: int = 250_000_000
    open_batch_records: int = 5_000
    seal_every_ns: int = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Sealed:
    """A batch ready to commit: all records of all topics, its events and its seal."""

    seal: BatchSealed
    events: tuple[StageEvent, ...]
    records: Mapping[str, Sequence[NewRecord]]


@dataclass(slots=True)
class _Consumed:
    """What the open batch has taken of one input topic."""

    first_position: int
    next_position: int
    next_offset: int
    digest: seals.Hash


@dataclass(slots=True)
class _Open:
    """The batch that is not sealed yet."""

    first_seq: int
    inputs: dict[str, _Consumed] = field(default_factory=dict)
    input_count: int = 0
    since_ns: int = -1  # Time of its first round with an input.
    events: list[StageEvent] = field(default_factory=list)
    records: dict[str, list[NewRecord]] = field(default_factory=dict)
    digests: dict[str, seals.Hash] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    is_closing: bool = False


class Shard:
    """One shard: its state, its place in the log, and the loop."""

    def __init__(self, number: int, rules: Rules) -> None:
        self.number = number
        self.rules = rules
        self.state = State(shard=number)
        self.next_batch = 0
        self.chain = seals.GENESIS
        self.at = ""  # Cause in hand: names what raised, if something does.
        self._resume: dict[str, Start] = dict.fromkeys(INPUT_TOPICS, BEGINNING)
        self._open = _Open(first_seq=0)
        self._stepped_ns = 0  # Time of the last round; only says when to come back.
        self._partition_of_key: dict[bytes, int] = {}

    # ------------------------------------------------------------------- decide and fold

    def step(
        self,
        batch: Batch,
        now_ns: int,
        *,
        faulted: frozenset[str] = frozenset(),
        must_seal: bool = False,
    ) -> Sealed | None:
        """Take a round of inputs. Returns the sealed batch, or None while it stays open.

        `faulted` names causes that raised before: they are recorded as rejections instead of
        being decided on. Inputs after a DayClosed are not taken: see `resume`. Whatever raises
        leaves the state half changed: rebuild it, and add `at` to `faulted`.
        """
        state = self.state
        now_ns = max(now_ns, state.sealed_ns)
        self._stepped_ns = now_ns
        if not self._open.input_count:
            self._open.since_ns = now_ns
        if state.settings_text != self.rules.settings_text:
            adopted = ConfigurationAdopted(text=self.rules.settings_text)
            self._emit((adopted,), CONFIG_CAUSE, None, now_ns)
        for topic in INPUT_TOPICS:
            for record in batch.get(topic, ()):
                self._take(topic, record, now_ns, faulted)
                if self._open.is_closing:
                    return self._seal(now_ns)
        self._plan(now_ns, faulted)
        self.at = ""
        return self._seal(now_ns) if must_seal or self._is_ripe(now_ns) else None

    def _is_ripe(self, now_ns: int) -> bool:
        """Whether the open batch is to be sealed now."""
        batch = self._open
        if batch.events or batch.input_count >= self.rules.open_batch_records:
            return True
        if self.state.touched:
            return True  # Planned to no effect: not to be planned again by the next quote.
        if any(topic != "market-data" for topic in batch.inputs):
            return True  # Whoever sent a request learns that it was decided on.
        if batch.input_count and now_ns - batch.since_ns >= self.rules.open_batch_ns:
            return True
        is_due = now_ns - self.state.sealed_ns >= self.rules.seal_every_ns
        return is_due and any(parent.children for parent in self.state.parents.values())

    def _take(self, topic: str, record: Record, now_ns: int, faulted: frozenset[str]) -> None:
        self._consume(topic, record)
        found = self._admit(topic, record)
        kind = type(found)
        is_quiet = not faulted and kind not in topology.DECIDE
        if is_quiet:  # Most market data: a fact that nobody reacts to.
            for fold in topology.FACT[kind]:
                fold(self.state, found)
            return
        cause = self.at = f"{topic}:{record.position}"
        if cause in faulted:
            text = f"a stage raised on it; release {self.rules.release}; see the worker's log"
            found = rejected(topic, record, InputReason.FAULT, text)
            self._open.faults.append(cause)
        if isinstance(found, Unreadable):
            self._to_dlq(found, record, now_ns)
        elif topic == "orders" and self.state.suspended:
            source, number = sender(record)
            resumed = risk.resume_source(self.state, source, number)
            self._emit(resumed, cause, record.key, now_ns)
        is_close = isinstance(found, DayClosed) and day.is_of_today(self.state, found)
        for fold in topology.FACT.get(type(found), ()):
            fold(self.state, found)
        self._react(found, cause, record.key, now_ns)
        self._open.is_closing = is_close

    def _admit(self, topic: str, record: Record) -> Any:  # noqa: ANN401  Any of the inputs.
        """The event in a record, or why it cannot be taken."""
        try:
            event = codec.decode(topic, record.value)
        except codec.UnreadableError as error:
            return rejected(topic, record, error.reason, str(error))
        if topic in SHARED_TOPICS:
            return event
        key = record.key
        instrument_id = getattr(event, "instrument_id", None)
        if instrument_id is None:
            return event  # A status record, written once to every partition.
        if key is None or key != instrument_id.encode():
            text = f"the key is {key!r:.80}, expected the instrument_id {instrument_id!r:.80}"
            return rejected(topic, record, InputReason.WRONG_KEY, text)
        partition = self._partition_of_key.get(key)
        if partition is None:
            partition = partition_of(key, self.rules.partitions)
            if len(self._partition_of_key) < 100_000:  # A bound; hostile keys are not kept.
                self._partition_of_key[key] = partition
        if partition != self.number:
            text = (
                f"partition {self.number}, expected {partition}: murmur2 of the key "
                f"modulo {self.rules.partitions}; see docs/upstream.md"
            )
            return rejected(topic, record, InputReason.WRONG_PARTITION, text)
        return event

    def _react(self, found: Any, cause: str, key: bytes | None, now_ns: int) -> None:  # noqa: ANN401
        """Decide on an input or event, and on what that leads to, until nobody reacts."""
        decide = topology.DECIDE
        if type(found) not in decide:
            return
        waiting = [found]
        for item in waiting:  # It grows while it is walked.
            for stage in decide[type(item)]:
                events = stage(self.state, item, now_ns)
                if events:
                    self._record(events, cause, key, now_ns)
                    waiting += [event for event in events if type(event) in decide]

    def _emit(
        self, events: Sequence[StageEvent], cause: str, key: bytes | None, now_ns: int
    ) -> None:
        """Record events that were decided outside of a reaction, and react to each."""
        if not events:
            return
        self._record(events, cause, key, now_ns)
        for event in events:
            self._react(event, cause, key, now_ns)

    def _record(
        self, events: Sequence[StageEvent], cause: str, key: bytes | None, now_ns: int
    ) -> None:
        """Stamp, fold and write events."""
        state, batch = self.state, self._open
        timestamp_ms = now_ns // NS_PER_MS
        for event in events:
            seq = state.next_seq
            stamp(event, seq, now_ns, cause)
            for fold in topology.EVOLVE[type(event)]:
                fold(state, event)
            state.next_seq = seq + 1
            batch.events.append(event)
            record_key = key if key is not None else self._key_of(event)
            record = NewRecord(self.number, timestamp_ms, record_key, (), codec.encode(event))
            self._write(TOPIC_OF[type(event)], seq, record)

    def _key_of(self, event: Any) -> bytes | None:  # noqa: ANN401  Any stage event.
        """The instrument of an event whose cause belongs to none."""
        instrument_id = getattr(event, "instrument_id", None)
        if instrument_id is None:
            parent_id = getattr(event, "parent_id", None) or getattr(event, "buy_parent_id", None)
            order = self.state.orders.get(getattr(event, "order_id", ""))
            if parent_id is not None:
                instrument_id = self.state.parent(parent_id).terms.instrument_id
            elif order is not None:
                instrument_id = order.terms.instrument_id
        return None if instrument_id is None else instrument_id.encode()

    # ----------------------------------------------------------------------------- plan

    def _plan(self, now_ns: int, faulted: frozenset[str]) -> None:
        state = self.state
        self.at = PLAN_CAUSE  # Not the last input's: that was decided on.
        while state.unplaced and PLAN_CAUSE not in faulted:
            placed = day.place_carried(state, now_ns)
            if not placed:
                break
            self._emit(placed, PLAN_CAUSE, None, now_ns)
        day.mark_due(state, now_ns)
        if state.touched:
            gathered: set[str] = set()
            while fresh := [x for x in self._touched() if x.parent_id not in gathered]:
                for parent in fresh:  # Who was crossed with looks for more before it goes out.
                    gathered.add(parent.parent_id)
                    self._plan_one(parent, topology.GATHER, now_ns, faulted)
            for parent in self._touched():
                self._plan_one(parent, topology.WORK, now_ns, faulted)
        self.at = PLAN_CAUSE
        if PLAN_CAUSE in faulted:
            self._open.faults.append(PLAN_CAUSE)
        else:
            self._emit(scorecard.update(state), PLAN_CAUSE, None, now_ns)

    def _touched(self) -> list[Parent]:
        """Touched parents that have not ended, in ascending id."""
        parents = self.state.parents
        found = [parents[parent_id] for parent_id in self.state.touched if parent_id in parents]
        return sorted(found, key=lambda parent: parent.seq)

    def _plan_one(
        self,
        parent: Parent,
        steps: tuple[topology.Plan, ...],
        now_ns: int,
        faulted: frozenset[str],
    ) -> None:
        cause = self.at = PLAN_CAUSE + parent.parent_id
        key = parent.terms.instrument_id.encode()
        instrument_id = parent.terms.instrument_id
        if cause in faulted and not risk.is_halted(self.state, instrument_id):
            self._open.faults.append(cause)
            text = f"planning {parent.parent_id} raised; see the worker's log"
            halted = InstrumentHalted(
                instrument_id=instrument_id, reason=HaltReason.FAULT, text=text
            )
            self._emit((halted,), cause, key, now_ns)
        is_halted = risk.is_halted(self.state, instrument_id)
        if is_halted:
            self.at = HALTED_CAUSE + parent.parent_id
            if self.at in faulted:  # Even what a halt leaves to do raises: leave it to a person.
                if self.at not in self._open.faults:
                    self._open.faults.append(self.at)
                return
        for step in steps:
            if is_halted and step not in topology.WHILE_HALTED:
                continue
            while not parent.is_ended:
                events = step(self.state, parent, now_ns)
                self._emit(events, cause, key, now_ns)
                if not events or step not in topology.REPEATED:
                    break

    # ----------------------------------------------------------------------------- seal

    def _consume(self, topic: str, record: Record) -> None:
        batch = self._open
        taken = batch.inputs.get(topic)
        position = record.position
        if taken is None:
            expected = self._resume[topic].position
            taken = batch.inputs[topic] = _Consumed(expected, expected, 0, seals.new_hash())
        if position != taken.next_position:
            raise CorruptLogError(
                f"shard {self.number}: {topic} gave position {position}, expected "
                f"{taken.next_position}. Nothing was written; read again from the last seal."
            )
        taken.next_position = position + 1
        taken.next_offset = record.offset + 1
        taken.digest.update(seals.frame(position, *record[2:]))
        batch.input_count += 1

    def _write(self, topic: str, number: int, record: NewRecord) -> None:
        batch = self._open
        written = batch.records.get(topic)
        if written is None:
            written = batch.records[topic] = []
            batch.digests[topic] = seals.new_hash()
        written.append(record)
        batch.digests[topic].update(seals.frame(number, *record[1:]))

    def _to_dlq(self, found: Unreadable, record: Record, now_ns: int) -> None:
        headers = (
            ("topic", found.topic.encode()),
            ("position", str(found.position).encode()),
            ("reason", found.reason.value.encode()),
            ("source", found.source.encode()),
        )
        dead = NewRecord(self.number, now_ns // NS_PER_MS, record.key, headers, record.value)
        self._write(DLQ, 0, dead)

    def _seal(self, now_ns: int) -> Sealed:
        batch, state = self._open, self.state
        for topic, taken in batch.inputs.items():
            self._resume[topic] = Start(taken.next_offset, taken.next_position)
        unsealed = BatchSealed(
            batch=self.next_batch,
            kind=SealKind.CLOSE if batch.is_closing else SealKind.NORMAL,
            now_ns=now_ns,
            inputs=tuple(
                InputRange(
                    topic=topic,
                    first_position=batch.inputs[topic].first_position,
                    next_position=batch.inputs[topic].next_position,
                    digest=batch.inputs[topic].digest.digest(),
                )
                for topic in INPUT_TOPICS
                if topic in batch.inputs
            ),
            first_seq=batch.first_seq,
            next_seq=state.next_seq,
            outputs=tuple(
                OutputDigest(
                    topic=topic,
                    record_count=len(batch.records[topic]),
                    digest=batch.digests[topic].digest(),
                )
                for topic in (*STAGE_TOPICS, DLQ)
                if topic in batch.records
            ),
            faults=tuple(batch.faults),
            release=self.rules.release,
            python=self.rules.python,
            previous_chain=self.chain,
            chain=b"",
            resume=tuple(
                ResumeOffset(topic=topic, next_offset=self._resume[topic].offset)
                for topic in INPUT_TOPICS
            ),
        )
        seal = replace(unsealed, chain=seals.chain(unsealed))
        sealed_record = NewRecord(self.number, now_ns // NS_PER_MS, None, (), codec.encode(seal))
        records = {**batch.records, JOURNAL: [sealed_record]}
        self._advance(seal)
        return Sealed(seal, tuple(batch.events), records)

    def _advance(self, seal: BatchSealed) -> None:
        """Fold the seal: the batch is over."""
        day.on_sealed(self.state, seal.now_ns)
        if seal.kind is SealKind.CLOSE:
            self.state = day.after_close(self.state)
        self.next_batch = seal.batch + 1
        self.chain = seal.chain
        self._open = _Open(first_seq=seal.next_seq)
        self.at = ""

    def resume(self, topic: str) -> Start:
        """Where the input goes on after the last seal, and after what the open batch took."""
        taken = self._open.inputs.get(topic)
        if taken is None:
            return self._resume[topic]
        return Start(taken.next_offset, taken.next_position)

    def next_due_ns(self) -> int | None:
        """The next time at which something is to be planned, if the market brings nothing.

        What was due in the last round and came to nothing is not asked for again at once.
        """
        if not self.state.parents:
            return None
        dues = [parent.due_ns for parent in self.state.parents.values()]
        return min((due for due in dues if due > self._stepped_ns), default=None)

    # -------------------------------------------------------------------------- recover

    def fold(self, seal: BatchSealed, batch: Batch, events: Iterable[StageEvent]) -> None:
        """Take a recorded batch: facts from its inputs, everything else from its events.

        Raises CorruptLogError if the seal does not follow the last one or its inputs do not have
        its digests.
        """
        self._check(seal)
        waiting = deque(events)
        self._fold_while(waiting, CONFIG_CAUSE)
        for topic in INPUT_TOPICS:
            for record in batch.get(topic, ()):
                self._consume(topic, record)
                cause = f"{topic}:{record.position}"
                found = None if cause in seal.faults else self._admit(topic, record)
                for apply in topology.FACT.get(type(found), ()):
                    apply(self.state, found)
                self._fold_while(waiting, cause)
        while waiting:
            self._fold_while(waiting, waiting[0].cause)
        self._check_inputs(seal, INPUT_TOPICS)
        for entry in seal.resume:
            position = self.resume(entry.topic).position
            self._resume[entry.topic] = Start(entry.next_offset, position)
        self._advance(seal)

    def skip(self, seal: BatchSealed, shared: Batch, events: Iterable[StageEvent]) -> None:
        """Take a batch up to the last close: its controls and reference, and what it carried.

        Nothing else of a closed day matters to the next; `events` are those of a CLOSE batch, of
        which the close's own are taken: it states again what was set or lifted before it.
        """
        self._check(seal)
        cause = ""
        for topic in INPUT_TOPICS:
            if topic not in SHARED_TOPICS:
                continue
            for record in shared.get(topic, ()):
                self._consume(topic, record)
                cause = f"{topic}:{record.position}"
                if cause not in seal.faults:
                    found = self._admit(topic, record)
                    for apply in topology.FACT.get(type(found), ()):
                        apply(self.state, found)
        for event in events:
            if event.cause == cause and isinstance(event, CARRIED):
                for apply in topology.EVOLVE[type(event)]:
                    apply(self.state, event)
        self.state.next_seq = seal.next_seq
        self._check_inputs(seal, SHARED_TOPICS)
        taken = {entry.topic: entry.next_position for entry in seal.inputs}
        for entry in seal.resume:
            position = taken.get(entry.topic, self._resume[entry.topic].position)
            self._resume[entry.topic] = Start(entry.next_offset, position)
        self._advance(seal)

    def _fold_while(self, waiting: deque[StageEvent], cause: str) -> None:
        while waiting and waiting[0].cause == cause:
            event = waiting.popleft()
            if event.seq != self.state.next_seq:
                raise CorruptLogError(
                    f"shard {self.number}: seq {event.seq} follows {self.state.next_seq - 1}. "
                    "Nothing was written; the log has lost or gained an event."
                )
            for apply in topology.EVOLVE[type(event)]:
                apply(self.state, event)
            self.state.next_seq = event.seq + 1

    def check_follows(self, seal: BatchSealed) -> None:
        """Raise CorruptLogError if the seal is not that of the next batch."""
        state = self.state
        expected = (self.next_batch, state.next_seq, self.chain)
        if (seal.batch, seal.first_seq, seal.previous_chain) != expected:
            raise CorruptLogError(
                f"shard {self.number}: seal {seal.batch} begins at seq {seal.first_seq} after "
                f"chain {seal.previous_chain.hex()[:16]}, expected batch {expected[0]} at seq "
                f"{expected[1]} after {expected[2].hex()[:16]}. Nothing was written."
            )

    def _check(self, seal: BatchSealed) -> None:
        self.check_follows(seal)
        if seals.chain(seal) != seal.chain:
            raise CorruptLogError(
                f"shard {self.number}: seal {seal.batch} does not have the chain it states. "
                "It was changed after it was written; nothing was written now."
            )

    def _check_inputs(self, seal: BatchSealed, topics: tuple[str, ...]) -> None:
        found = {
            topic: (taken.first_position, taken.next_position, taken.digest.digest())
            for topic, taken in self._open.inputs.items()
        }
        sealed = {
            entry.topic: (entry.first_position, entry.next_position, entry.digest)
            for entry in seal.inputs
            if entry.topic in topics
        }
        if found == sealed and self.state.next_seq == seal.next_seq:
            return
        differing = [t for t in topics if found.get(t) != sealed.get(t)] or ["events"]
        raise CorruptLogError(
            f"shard {self.number}: batch {seal.batch} consumed something else of "
            f"{', '.join(differing)} than its seal says. Nothing was written; the records were "
            "changed, lost or added after the decision."
        )


def rejected(topic: str, record: Record, reason: InputReason, text: str) -> Unreadable:
    """Why a record is not taken, and who sent it as far as its headers say."""
    source, number = sender(record)
    # The key of a control is no instrument: a fault there suspends all routes.
    key = b"" if topic in SHARED_TOPICS else record.key or b""
    return Unreadable(
        topic=topic,
        position=record.position,
        source=source,
        number=number,
        instrument_id=key.decode(errors="replace")[:200],
        reason=reason,
        text=text,
    )


def sender(record: Record) -> tuple[str, int]:
    """Writer and its own number from the headers; ("", -1) where they do not say."""
    named = dict(record.headers)
    source = (named.get("source") or named.get("venue") or b"").decode(errors="replace")[:200]
    number = (named.get("number") or b"").decode(errors="replace")
    is_known = number.isascii() and number.isdigit() and len(number) <= NUMBER_DIGITS_MAX
    return source, int(number) if is_known else UNKNOWN_NUMBER
