"""The loop over a batch, and its uses: live, simulation and verification decide; recovery folds.

A batch is a pure function of the state, the inputs in their fixed order, and one `now_ns`. Each
input is admitted (decoded and checked), folded if it is a fact, and decided on; every event is
stamped, folded at once, and may make the next stage react. Then every touched or due parent is
planned. `step` obtains the events from the `decide` functions, `fold` from the log, by cause;
both change the state by the same functions in the same order, so both end in the same state.

A batch of market data alone that touched no parent stays open: it is sealed with the next round
that touches one, or when it is old or large enough.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import islice
from typing import Any

from engine import topology
from engine.core.controls import resends, risk
from engine.core.controls.rejected_input import RejectedInput
from engine.core.day import trading_day
from engine.core.events import (
    BatchSealed,
    ConfigurationAdopted,
    DayClosed,
    HaltReason,
    InputReason,
    InstrumentHalted,
    SealKind,
    Side,
    StageEvent,
    stamp,
)
from engine.core.orders import good_till_cancel
from engine.core.routing import division, routers, scorecard
from engine.core.state import due_index
from engine.core.state.finished_store import FinishedStore
from engine.core.state.model import Parent
from engine.core.state.state import EVICT_AFTER_NS
from engine.core.units import NS_PER_MS
from engine.log.headers import Rejection, rejection_headers, sender_headers, sender_of
from engine.log.port import DLQ, INPUT_TOPICS, JOURNAL, NewRecord, Record, Start
from engine.runtime.admission import Admission, rejected
from engine.runtime.open_batch import Batch, seal_record
from engine.runtime.replica import CONFIG_CAUSE, CONTROLS, Replica

PLAN_CAUSE = "plan:"
CLOSE_CAUSE = "close:"
HALTED_CAUSE = "halted:"  # Names the planning of a parent whose instrument is halted.


@dataclass(frozen=True, slots=True)
class Rules:
    """The part of the configuration that the loop uses."""

    settings_text: str  # Canonical JSON of the settings that decide; an event adopts them.
    release: str
    python: str
    partitions: int = 8
    open_batch_ns: int = 250_000_000
    open_batch_records: int = 5_000
    seal_every_ns: int = 1_000_000_000
    evict_after_ns: int = EVICT_AFTER_NS  # Hashes of the state compare where it is the same.


@dataclass(frozen=True, slots=True)
class Sealed:
    """A batch ready to commit: all records of all topics, its events and its seal."""

    seal: BatchSealed
    events: tuple[StageEvent, ...]
    records: Mapping[str, Sequence[NewRecord]]


class Shard(Replica):
    """One shard: its state, its positions in the log, and the loop."""

    def __init__(self, number: int, rules: Rules, store: FinishedStore | None = None) -> None:
        super().__init__(number, rules.release, rules.python, store, rules.evict_after_ns)
        self.rules = rules
        self.at = ""  # The present cause: names what raised, if something does.
        self._admission = Admission(number, rules.partitions)
        self._stepped_ns = 0  # Time of the last round, for `next_due_ns` alone.

    # ---------------------------------------------------------------------------- decide

    def step(
        self,
        batch: Batch,
        now_ns: int,
        *,
        faulted: frozenset[str] = frozenset(),
        must_seal: bool = False,
    ) -> Sealed | None:
        """Decide on a round of inputs. Returns the sealed batch, or None while it stays open.

        `faulted` names causes that raised before: they are recorded as rejections instead of
        being decided on. Inputs after a DayClosed are not consumed before the close has ended: see
        `resume`. An exception leaves the state half changed: rebuild it, and add `at` to `faulted`.
        """
        state = self.state
        now_ns = max(now_ns, state.sealed_ns)
        self._stepped_ns = now_ns
        if not self._open.input_count:
            self._open.since_ns = now_ns
        if state.is_closing:
            return self._close_further(now_ns)
        if state.settings_text != self.rules.settings_text:
            adopted = ConfigurationAdopted(text=self.rules.settings_text)
            self._emit((adopted,), CONFIG_CAUSE, None, now_ns)
        for topic in INPUT_TOPICS:
            for record in batch.get(topic, ()):
                self._take(topic, record, now_ns, faulted)
                if self._open.is_closing or state.is_closing:
                    return self._seal(now_ns)
        self._plan(now_ns, faulted)
        self.at = ""
        return self._seal(now_ns) if must_seal or self._is_ripe(now_ns) else None

    def _is_ripe(self, now_ns: int) -> bool:
        """Whether the open batch is to be sealed now."""
        batch = self._open
        if batch.events or batch.input_count >= self.rules.open_batch_records:
            return True
        if self.state.touched or self.state.judging:
            return True  # Planned without effect: the next quote must not plan it again.
        if any(topic != "market-data" for topic in batch.inputs):
            return True  # The sender of a request learns that it was decided on.
        if batch.input_count and now_ns - batch.since_ns >= self.rules.open_batch_ns:
            return True
        is_due = now_ns - self.state.sealed_ns >= self.rules.seal_every_ns
        return is_due and bool(self.state.exposed)

    def _take(self, topic: str, record: Record, now_ns: int, faulted: frozenset[str]) -> None:
        self._open.consume(topic, record, self._resume[topic])
        found = self._admission.admit(topic, record, self.state)
        kind = type(found)
        is_quiet = not faulted and kind not in topology.DECIDE
        if is_quiet:  # Most market data: a fact to which no stage reacts.
            for fold in topology.FACT[kind]:
                fold(self.state, found)
            return
        cause = self.at = f"{topic}:{record.position}"
        if cause in faulted:
            text = f"a stage raised on it; release {self.rules.release}; see the worker's log"
            found = rejected(topic, record, InputReason.FAULT, text)
            self._open.faults.append(cause)
        if isinstance(found, RejectedInput):
            self._to_dlq(found, record, now_ns)
        elif topic == "orders" and self.state.suspended:
            source, number = sender_of(record.headers)
            resumed = risk.resume_source(self.state, source, number)
            self._emit(resumed, cause, record.key, now_ns)
        elif topic == CONTROLS:
            ignored = resends.refused(self.state, found, *sender_of(record.headers))
            if ignored:
                self._emit(ignored, cause, record.key, now_ns)
                return
        if not isinstance(found, RejectedInput):
            self._apply(topic, record, found)
        self._react(found, cause, record.key, now_ns)
        self._open.is_closing = isinstance(found, DayClosed) and not self.state.is_closing
        if self._open.is_closing:
            self._carry_positions(cause, now_ns)

    def _close_further(self, now_ns: int) -> Sealed:
        """End more of a day that had too much open for one batch."""
        self.at = CLOSE_CAUSE
        self._open.is_closing = trading_day.is_last_of_close(self.state)
        closing = trading_day.closing_events(self.state, now_ns, self.state.next_seq)
        self._emit(closing, CLOSE_CAUSE, None, now_ns)
        if self._open.is_closing:
            self._carry_positions(CLOSE_CAUSE, now_ns)
        return self._seal(now_ns)

    def _carry_positions(self, cause: str, now_ns: int) -> None:
        """End a close with PositionsCarried, so that recovery can start after it."""
        self._record((self._positions(),), cause, None, now_ns)

    def _react(self, found: Any, cause: str, key: bytes | None, now_ns: int) -> None:  # noqa: ANN401
        """Decide on an input or event, and on the events that follow, until no stage reacts."""
        decide = topology.DECIDE
        if type(found) not in decide:
            return
        waiting = [found]
        for item in waiting:  # It grows in the loop.
            for stage in decide[type(item)]:
                events = stage(self.state, item, now_ns)
                if events:
                    self._record(events, cause, key, now_ns)
                    waiting += [event for event in events if type(event) in decide]

    def _emit(
        self, events: Sequence[StageEvent], cause: str, key: bytes | None, now_ns: int
    ) -> None:
        """Record events that were not decided in a reaction, and react to each."""
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
        for event in events:
            seq = state.next_seq
            stamp(event, seq, now_ns, cause)
            for fold in topology.EVOLVE[type(event)]:
                fold(state, event)
            state.next_seq = seq + 1
            batch.write_event(event, key if key is not None else self._key_of(event))

    def _key_of(self, event: Any) -> bytes | None:  # noqa: ANN401  Any stage event.
        """The instrument of an event whose cause has none, as bytes."""
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
        self.at = PLAN_CAUSE  # No longer the last input's: that was decided on.
        trading_day.mark_due(state, now_ns)
        if state.judging and PLAN_CAUSE not in faulted:
            for order_id in tuple(state.judging):
                placed = good_till_cancel.resume_or_cancel(state, order_id, now_ns)
                self._emit(placed, PLAN_CAUSE, None, now_ns)
        if state.touched:
            halted: list[str] = []
            gathered: set[str] = set()
            while fresh := [x for x in self._touched() if x.parent_id not in gathered]:
                for (
                    parent
                ) in fresh:  # A parent that was crossed with gathers again before it is worked.
                    gathered.add(parent.parent_id)
                    halted += self._plan_one(parent, topology.GATHER, now_ns, faulted)
            worked = self._touched()
            for parent in worked:
                halted += self._plan_one(parent, topology.WORK, now_ns, faulted)
            self._route(now_ns, faulted)
            for parent in worked:
                halted += self._plan_one(parent, topology.END, now_ns, faulted)
            self._plan_halted(halted, now_ns, faulted)
        self.at = PLAN_CAUSE
        if PLAN_CAUSE in faulted:
            self._open.faults.append(PLAN_CAUSE)
        else:
            self._emit(scorecard.update(state), PLAN_CAUSE, None, now_ns)

    def _route(self, now_ns: int, faulted: frozenset[str]) -> None:
        """Route the slices of the batch; what several of them would take is divided first."""
        state, demands = self.state, []
        for slice_ in routers.contested(state):
            self.at = PLAN_CAUSE + slice_.parent_id
            demands.append(routers.demand(state, slice_, now_ns))
        self.at = PLAN_CAUSE
        shares = {} if PLAN_CAUSE in faulted else division.divided(demands)
        for slice_ in routers.waiting(state):
            cause = self.at = PLAN_CAUSE + slice_.parent_id
            events = routers.route(state, slice_, shares.get(slice_.parent_id), now_ns)
            key = state.parents[slice_.parent_id].terms.instrument_id.encode()
            self._emit(events, cause, key, now_ns)

    def _touched(self) -> list[Parent]:
        """Touched parents that have not ended, in ascending id."""
        parents = self.state.parents
        found = [parents[parent_id] for parent_id in self.state.touched if parent_id in parents]
        return sorted(found, key=lambda parent: parent.seq)

    def _plan_halted(
        self, instrument_ids: Sequence[str], now_ns: int, faulted: frozenset[str]
    ) -> None:
        """Plan parents of the instruments that this planning halted, as far as a halt allows.

        Some of them were not touched, and some were worked before the fault appeared. The oldest
        are planned here; the halt has all reviewed, so the others have their turn in later batches.
        """
        steps = (*topology.GATHER, *topology.WORK, *topology.END)
        for instrument_id in dict.fromkeys(instrument_ids):
            sides = (self.state.by_side.get((instrument_id, side), ()) for side in Side)
            oldest = islice(merge(*sides), due_index.REVIEWED_MAX)
            for parent in [self.state.parents[parent_id] for _, parent_id in oldest]:
                self._plan_one(parent, steps, now_ns, faulted)

    def _plan_one(
        self,
        parent: Parent,
        steps: tuple[topology.Plan, ...],
        now_ns: int,
        faulted: frozenset[str],
    ) -> tuple[str, ...]:
        """Plan a parent. Returns its instrument if it was halted because planning had raised."""
        halts: tuple[str, ...] = ()
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
            halts = (instrument_id,)
        is_halted = risk.is_halted(self.state, instrument_id)
        if is_halted:
            self.at = HALTED_CAUSE + parent.parent_id
            if self.at in faulted:  # Even a halted parent's planning raises: leave it to a person.
                if self.at not in self._open.faults:
                    self._open.faults.append(self.at)
                return halts
        for step in steps:
            if is_halted and step not in topology.WHILE_HALTED:
                continue
            while not parent.is_ended:
                events = step(self.state, parent, now_ns)
                if not events:
                    break
                self._emit(events, cause, key, now_ns)
                if step not in topology.REPEATED:
                    break
        return halts

    # ----------------------------------------------------------------------------- seal

    def _to_dlq(self, found: RejectedInput, record: Record, now_ns: int) -> None:
        rejection = Rejection(found.topic, found.position, found.reason.value)
        headers = (
            *rejection_headers(rejection),
            *sender_headers(found.source, found.number),
        )
        dead = NewRecord(self.number, now_ns // NS_PER_MS, record.key, headers, record.value)
        self._open.write(DLQ, 0, dead)

    def _seal(self, now_ns: int) -> Sealed:
        batch = self._open
        for topic, taken in batch.inputs.items():
            self._resume[topic] = Start(taken.next_offset, taken.next_position)
        kind = SealKind.CLOSE if batch.is_closing else SealKind.NORMAL
        self._end_batch(kind, now_ns)
        seal = batch.seal(
            self.next_batch,
            kind,
            now_ns,
            by=(self.rules.release, self.rules.python),
            previous_chain=self.chain,
            next_offsets={topic: self._resume[topic].offset for topic in INPUT_TOPICS},
            state_hash=self._hash(kind),
        )
        records = {**batch.records, JOURNAL: [seal_record(self.number, seal)]}
        self._advance(seal)
        self.at = ""
        return Sealed(seal, tuple(batch.events), records)

    @property
    def awaits_cancels(self) -> bool:
        """Whether a close should wait a moment for the venues."""
        return trading_day.awaits_cancels(self.state)

    def next_due_ns(self) -> int | None:
        """The next time at which a parent is to be planned or an answer of a venue is late.

        A batch plans a bounded number; it is the past while more of them wait.
        """
        state = self.state
        carried_wait = good_till_cancel.is_behind(state, self._stepped_ns)
        if state.is_closing or carried_wait or due_index.is_behind(state):
            return self._stepped_ns
        due_ns = trading_day.first_due_ns(state)
        return due_ns if due_ns is None else max(due_ns, self._stepped_ns)
