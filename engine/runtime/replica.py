"""The half of the loop that folds: from the log's seals, inputs and events to a shard's state.

Nothing is decided or judged here: a fact is folded unless the log says that it was not taken, and
everything else comes from the recorded events, by cause. `Shard` adds the other half, which obtains
the events by deciding; both change the state by the same functions in the same order.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence

from engine import topology
from engine.core.controls import resends
from engine.core.day import carry_forward, trading_day
from engine.core.events import (
    TOPIC_OF,
    BatchSealed,
    BreakCarried,
    ChildCarried,
    ControlIgnored,
    InputRejected,
    InstrumentHalted,
    OrderCarried,
    PositionsCarried,
    ScorecardCarried,
    SealKind,
    StageEvent,
    SuspensionSet,
    TopicPlace,
    VenueStatusCarried,
)
from engine.core.state import eviction, fingerprint
from engine.core.state.finished_store import FinishedStore, MemoryStore
from engine.core.state.state import EVICT_AFTER_NS, State
from engine.log import codec
from engine.log.headers import sender_of
from engine.log.port import (
    BEGINNING,
    DLQ,
    INPUT_TOPICS,
    SHARED_TOPICS,
    STAGE_TOPICS,
    CorruptLogError,
    Record,
    Start,
)
from engine.runtime import hash_chain
from engine.runtime.open_batch import Batch, OpenBatch

CONFIG_CAUSE = "config:"
CONTROLS = "controls"
WRITTEN = (*STAGE_TOPICS, DLQ)
CLOSE_EVENTS = (
    ChildCarried,
    OrderCarried,
    ScorecardCarried,
    BreakCarried,
    SuspensionSet,
    InstrumentHalted,
    VenueStatusCarried,
    *carry_forward.EVOLVE,
)
UNFOLDED = (InputRejected, ControlIgnored)  # Their input changed nothing.
FACT_TOPICS = frozenset(TOPIC_OF[kind] for kind in topology.FACT)  # Others hold requests alone.


class StateDiffersError(CorruptLogError):
    """Folding came to another state than the shard had when it decided."""


class Replica:
    """A shard's state and its positions in the log, moved on by the log's own records."""

    def __init__(
        self,
        number: int,
        release: str,
        python: str,
        store: FinishedStore | None = None,
        evict_after_ns: int = EVICT_AFTER_NS,
    ) -> None:
        """`release` and `python` are this process's: only its own hashes can be compared.

        Without a `store`, finished orders are kept in memory.
        """
        self.number = number
        self.release = release
        self.python = python
        store = store or MemoryStore()
        self.state = State(shard=number, finished=store, evict_after_ns=evict_after_ns)
        self.next_batch = 0
        self.chain = hash_chain.GENESIS
        self._resume: dict[str, Start] = dict.fromkeys(INPUT_TOPICS, BEGINNING)
        self._open = OpenBatch(number, first_seq=0)
        self._written = dict.fromkeys(WRITTEN, 0)  # Records of the batches before the open one.

    def start_from(
        self, batch: int, chain: bytes, resume: Mapping[str, Start], state: State
    ) -> None:
        """Start after a batch, from the state that another process or replica folded up to it."""
        self.state = state
        self.next_batch = batch + 1
        self.chain = chain
        self._resume = {topic: resume[topic] for topic in INPUT_TOPICS}
        self._written = {topic: resume[topic].position for topic in WRITTEN}
        self._open = OpenBatch(self.number, first_seq=state.next_seq)

    def start_at_close(self, seal: BatchSealed, events: Sequence[StageEvent]) -> None:
        """Start after a close, from its own events and nothing before them.

        Raises CorruptLogError if the seal is not as it was written, or states another state, and
        where an event is missing.
        """
        positions = positions_in(events)
        check_chain(self.number, seal)
        seqs = [event.seq for event in events]
        if positions is None or seqs != [*range(seal.first_seq, seal.next_seq)]:
            raise CorruptLogError(
                f"shard {self.number}: the close of batch {seal.batch} does not hold the events of "
                f"seqs {seal.first_seq} to {seal.next_seq - 1}, or none that carries the positions "
                "of all topics. Events were removed or added; nothing was written."
            )
        self.next_batch = seal.batch
        self._fold_carried(events, positions.cause)
        self.state.next_seq = seal.next_seq
        next_positions = {entry.topic: entry.next_position for entry in positions.inputs}
        for entry in seal.resume:
            self._resume[entry.topic] = Start(entry.next_offset, next_positions[entry.topic])
        self._written |= {entry.topic: entry.next_position for entry in positions.outputs}
        self._end_batch(seal.kind, seal.now_ns)
        self._check_hash(seal)
        self._advance(seal)

    def fold(self, seal: BatchSealed, batch: Batch, events: Iterable[StageEvent]) -> None:
        """Fold a recorded batch: facts from its inputs, everything else from its events.

        Raises CorruptLogError if the seal does not follow the last one or its inputs do not have
        its digests.
        """
        self._check(seal)
        waiting = deque(events)
        self._fold_while(waiting, CONFIG_CAUSE)
        for topic in INPUT_TOPICS:
            for record in batch.get(topic, ()):
                self._open.consume(topic, record, self._resume[topic])
                cause = f"{topic}:{record.position}"
                if is_folded(waiting, cause):
                    self._fold_fact(topic, record)
                self._fold_while(waiting, cause)
        # A close ends all parents before any is planned.
        if seal.kind is not SealKind.CLOSE and not self.state.is_closing:
            trading_day.mark_due(self.state, seal.now_ns)
        while waiting:
            self._fold_while(waiting, waiting[0].cause)
        self._check_inputs(seal, INPUT_TOPICS)
        for entry in seal.resume:
            position = self.resume(entry.topic).position
            self._resume[entry.topic] = Start(entry.next_offset, position)
        self._end_batch(seal.kind, seal.now_ns)
        self._check_hash(seal)
        self._advance(seal)

    def skip(self, seal: BatchSealed, shared: Batch, events: Iterable[StageEvent]) -> None:
        """Fold of a closed day's batch the controls, reference data and carried events alone.

        Nothing else of a closed day matters to the next. Of a CLOSE batch the close's own events
        are folded, as they state again what was set or lifted before them. Of others `events`
        name the shared inputs that were not folded, and may be left out where there are none.
        """
        self._check(seal)
        events = list(events)
        unfolded = {event.cause for event in events if isinstance(event, UNFOLDED)}
        cause = ""
        for topic in INPUT_TOPICS:
            if topic not in SHARED_TOPICS:
                continue
            for record in shared.get(topic, ()):
                self._open.consume(topic, record, self._resume[topic])
                cause = f"{topic}:{record.position}"
                if cause not in unfolded:
                    self._fold_fact(topic, record)
        if seal.kind is SealKind.CLOSE:
            self._fold_carried(events, cause)
        self.state.next_seq = seal.next_seq
        self._check_inputs(seal, SHARED_TOPICS)
        consumed = {entry.topic: entry.next_position for entry in seal.inputs}
        for entry in seal.resume:
            position = consumed.get(entry.topic, self._resume[entry.topic].position)
            self._resume[entry.topic] = Start(entry.next_offset, position)
        self._end_batch(seal.kind, seal.now_ns)
        if seal.kind is SealKind.CLOSE:  # Between closes the state is not that of the day.
            self._check_hash(seal)
        self._advance(seal)

    def _fold_carried(self, events: Sequence[StageEvent], cause: str) -> None:
        """Fold what a close carries; where it carries the whole state, nothing before it counts.

        `cause` is that of a close of an early release, which carries no positions.
        """
        positions = positions_in(events)
        if positions is not None:
            cause = positions.cause  # No input's, where several batches closed the day.
            former = self.state
            self.state = State(
                shard=self.number, finished=former.finished, evict_after_ns=former.evict_after_ns
            )
        for event in events:
            if event.cause == cause and isinstance(event, CLOSE_EVENTS):
                for apply in topology.EVOLVE[type(event)]:
                    apply(self.state, event)

    def resume(self, topic: str) -> Start:
        """The start of the input's next record, after the last seal and the open batch."""
        consumed = self._open.inputs.get(topic)
        if consumed is None:
            return self._resume[topic]
        return Start(consumed.next_offset, consumed.next_position)

    def next_starts(self) -> dict[str, Start]:
        """The start of every topic's next record; of an output only the position counts."""
        found = {topic: self.resume(topic) for topic in INPUT_TOPICS}
        return found | {topic: Start(-1, count) for topic, count in self._written.items()}

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

    def _fold_fact(self, topic: str, record: Record) -> None:
        if topic not in FACT_TOPICS:
            return
        try:
            found = codec.decode_sealed(topic, record.value)
        except codec.UnreadableError as error:
            raise CorruptLogError(
                f"shard {self.number}: {topic} at position {record.position} cannot be read "
                f"({error}), but its batch folded it. Nothing was written; recover with the "
                "release that the seal names."
            ) from error
        self._apply(topic, record, found)

    def _apply(self, topic: str, record: Record, found: object) -> None:
        """Fold a fact; of a control its sender's number too."""
        for apply in topology.FACT.get(type(found), ()):
            apply(self.state, found)
        if topic == CONTROLS:
            resends.on_control(self.state, *sender_of(record.headers))

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

    def _end_batch(self, kind: SealKind, now_ns: int) -> None:
        """Fold the seal itself: the batch has ended, and with a close the day."""
        trading_day.on_sealed(self.state, now_ns)
        if kind is not SealKind.CLOSE:
            eviction.evict_finished(self.state, now_ns)
        if kind is SealKind.CLOSE:
            self.state = trading_day.after_close(self.state)

    def _hash(self, kind: SealKind) -> bytes:
        """The hash of the state after this batch that its seal has to state; empty if none."""
        is_close = kind is SealKind.CLOSE
        if not is_close and not fingerprint.is_due(self.next_batch):
            return b""
        return fingerprint.fingerprint(self.state, self.next_batch, whole=is_close)

    def _check_hash(self, seal: BatchSealed) -> None:
        """Raise StateDiffersError if the seal states the hash of another state."""
        if not seal.state_hash or (self.release, self.python) != (seal.release, seal.python):
            return
        found = self._hash(seal.kind)
        if found == seal.state_hash:
            return
        where = "what the day leaves"
        if seal.kind is not SealKind.CLOSE:
            where = f"{fingerprint.sample(self.state, seal.batch)}, or the newest of an index"
        raise StateDiffersError(
            f"shard {self.number}: after batch {seal.batch} the folded state differs from the one "
            f"that decided, in {where}. Its seal states hash {seal.state_hash.hex()[:16]}, folding "
            f"gives {found.hex()[:16]}. The log's bytes are sound; in this release folding and "
            "deciding give different states. Nothing was written. Keep a copy of the log, report "
            f"it, and run `metaorder verify --shard {self.number}`; another release may recover "
            "this one."
        )

    def _advance(self, seal: BatchSealed) -> None:
        """Start the next batch."""
        self.next_batch = seal.batch + 1
        self.chain = seal.chain
        for entry in seal.outputs:
            self._written[entry.topic] += entry.record_count
        self._open = OpenBatch(self.number, first_seq=seal.next_seq)

    def _positions(self) -> PositionsCarried:
        """The positions of all topics, for a close to carry."""
        return PositionsCarried(
            inputs=tuple(
                TopicPlace(topic=t, next_position=self.resume(t).position) for t in INPUT_TOPICS
            ),
            outputs=tuple(TopicPlace(topic=t, next_position=n) for t, n in self._written.items()),
        )

    def _check(self, seal: BatchSealed) -> None:
        self.check_follows(seal)
        check_chain(self.number, seal)

    def _check_inputs(self, seal: BatchSealed, topics: tuple[str, ...]) -> None:
        found = {
            topic: (consumed.first_position, consumed.next_position, consumed.digest.digest())
            for topic, consumed in self._open.inputs.items()
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
            f"shard {self.number}: batch {seal.batch} consumed other "
            f"{', '.join(differing)} than its seal states. Nothing was written; the records were "
            "changed, lost or added after the decision."
        )


def is_folded(waiting: deque[StageEvent], cause: str) -> bool:
    """Whether the input of this cause was taken; else its first event says why it was not."""
    is_answered = bool(waiting) and waiting[0].cause == cause
    return not (is_answered and isinstance(waiting[0], UNFOLDED))


def positions_in(events: Iterable[StageEvent]) -> PositionsCarried | None:
    """The positions that a close carries; None of a close before which the day must be read."""
    return next((event for event in events if isinstance(event, PositionsCarried)), None)


def check_chain(number: int, seal: BatchSealed) -> None:
    """Raise CorruptLogError if the seal is not as it was written."""
    if hash_chain.chain(seal) != seal.chain:
        raise CorruptLogError(
            f"shard {number}: seal {seal.batch} does not have the chain it states. "
            "It was changed after it was written; nothing was written now."
        )
