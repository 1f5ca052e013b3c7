"""The controls in force, shard by shard: a person's question before the next one is set.

Each shard's log is folded as a recovery folds it, so the answer is what the shard itself would
start with: a control that it rejected or passed over is not in force. The author and
the time of a control are in its record in `controls`; what the engine set by itself has no such
record.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import fields
from typing import Any, NamedTuple

from engine.core.controls.instructions import PACE_OF
from engine.core.events import (
    ControlScope,
    HaltReason,
    InstrumentHalted,
    InstrumentHaltSet,
    KillSwitchSet,
    Pace,
    ParentAction,
    ParentInstructed,
    RestrictionSet,
    SuspensionSet,
)
from engine.core.state.model import Parent
from engine.core.state.state import State
from engine.gateways.controls.known import every
from engine.log import codec
from engine.log.port import Log
from engine.runtime.recovery.recovery import recover
from engine.runtime.shard import Rules

INGEST = "ingest"
PIECE_RECORDS = 2_000
TITLE_FIELDS = {
    *("scope", "scope_id", "currency", "client_id", "policy_id", "set_by", "set_ns", "shard"),
    *("writer", "revoked"),
}

Setters = dict[tuple[str, ...], tuple[str, int]]  # Author and time, by the kind and id.


class InForce(NamedTuple):
    """A control that is in force, with the shards that hold it."""

    kind: str
    scope: str
    scope_id: str
    value: str
    set_by: str  # Empty for what the engine set, and for what a close carried from another log.
    set_ns: int  # ns since 1970 UTC; 0 if unknown.
    shards: str  # `all`, or their numbers.


def rows(log: Log, rules: Rules, on_shard: Callable[[int], None]) -> list[InForce]:
    """Raises CorruptLogError where a log contradicts its journal, LogUnavailableError."""
    setters = _setters(log)
    held: dict[InForce, list[int]] = {}
    for number in range(log.partitions):
        state = recovered(log, number, rules)
        instructed = (row for x in state.parents.values() for row in _instructed(x, setters))
        for row in (*_of_shard(state, setters), *instructed, *_stopped(log, state, setters)):
            held.setdefault(row, []).append(number)
        on_shard(number + 1)
    everywhere = [*range(log.partitions)]
    return [
        row._replace(shards="all" if shards == everywhere else ",".join(map(str, shards)))
        for row, shards in sorted(held.items())
    ]


def recovered(log: Log, number: int, rules: Rules) -> State:
    """The shard's state after its last seal, by folding alone."""
    steps = recover(log, number, rules)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            state: State = end.value.state
            state.finished.close()
            return state


def _setters(log: Log) -> Setters:
    """The author and the time of each switch, restriction, halt and instruction, the last ones."""
    found: Setters = {}
    for _, event in every(log, "controls"):
        if isinstance(event, KillSwitchSet) and event.engaged:
            found["kill", event.scope, event.scope_id] = (event.set_by, event.set_ns)
        elif isinstance(event, RestrictionSet) and event.restricted:
            found["restriction", event.instrument_id] = (event.set_by, event.set_ns)
        elif isinstance(event, InstrumentHaltSet):
            found["halt", event.instrument_id] = (event.set_by, event.set_ns)
        elif isinstance(event, ParentInstructed):
            found["parent", event.parent_id, _aspect(event)] = (event.set_by, event.set_ns)
    return found


def _aspect(control: ParentInstructed) -> str:
    """The part of a parent's instructions that one of them sets: the last one of each counts."""
    if control.action in PACE_OF:
        return "pace"
    return "urgency" if control.action is ParentAction.URGENCY else control.venue


def _instructed(parent: Parent, setters: Setters) -> Iterator[InForce]:
    """A row for each instruction of the desk that is in force for a parent."""
    held = parent.instructions
    found = {"pace": str(held.pace)} if held.pace is not Pace.PLANNED else {}
    if held.urgency is not None:
        found["urgency"] = f"urgency={held.urgency}"
    found |= {venue: f"excluded_venue={venue}" for venue in held.excluded_venues}
    for aspect, value in found.items():
        by = setters.get(("parent", parent.parent_id, aspect), ("", 0))
        yield InForce("parent", "PARENT", parent.parent_id, value, *by, "")


def _of_shard(state: State, setters: Setters) -> Iterator[InForce]:
    held = state.controls
    for (scope, name), text in held.killed.items():
        by = setters.get(("kill", scope, name), ("", 0))
        yield InForce("kill", scope, name, text, *by, "")
    for (scope, name), limit in held.limits.items():
        yield _fact("limit", scope, name, limit)
    for (scope, name), allotment in held.allotments.items():
        yield _fact("allotment", scope, name, allotment)
    for name, mandate in held.mandates.items():
        yield _fact("mandate", ControlScope.CLIENT, name, mandate)
    for name in held.restricted:
        by = setters.get(("restriction", name), ("", 0))
        yield InForce("restriction", ControlScope.INSTRUMENT, name, "", *by, "")
    for name, keys in held.writer_keys.items():
        for key in keys:
            yield _fact("writer_key", ControlScope.SOURCE, name, key)
    if held.policy is not None:
        yield _fact("policy", ControlScope.FIRM, held.policy.policy_id, held.policy)


def _stopped(log: Log, state: State, setters: Setters) -> Iterator[InForce]:
    """Halts and suspensions, most of which the engine has set by itself."""
    wanted = [
        *(("halt", str(ControlScope.INSTRUMENT), name) for name in state.halted),
        *(("suspension", scope, name) for scope, name in state.suspended),
    ]
    found = _last_events(log, state.shard, wanted)
    for kind, scope, name in sorted(wanted):
        event = found.get((kind, scope, name))
        at_ns, text = (0, "") if event is None else (event.at_ns, event.text)
        by = "engine"
        if isinstance(event, InstrumentHalted) and event.reason is HaltReason.OPERATOR:
            by = setters.get(("halt", name), ("", 0))[0]
        yield InForce(kind, scope, name, text, by, at_ns, "")


def _last_events(
    log: Log, number: int, wanted: Collection[tuple[str, str, str]]
) -> dict[tuple[str, str, str], InstrumentHalted | SuspensionSet]:
    """The newest event of each halt and suspension, found from the end of `ingest` back."""
    found: dict[tuple[str, str, str], InstrumentHalted | SuspensionSet] = {}
    before: int | None = None
    while len(found) < len(wanted):
        piece = log.records_before(INGEST, number, before, PIECE_RECORDS)
        for record in reversed(piece):
            if not any(
                codec.is_a(kind, record.value) for kind in (InstrumentHalted, SuspensionSet)
            ):
                continue
            event = codec.decode_sealed(INGEST, record.value)
            key = _key_of(event)
            if key in wanted:
                found.setdefault(key, event)
        if not piece:
            break
        before = piece[0].offset
    return found


def _key_of(event: InstrumentHalted | SuspensionSet) -> tuple[str, str, str]:
    if isinstance(event, InstrumentHalted):
        return "halt", ControlScope.INSTRUMENT, event.instrument_id
    return "suspension", event.scope, event.scope_id


def _fact(kind: str, scope: str, name: str, fact: Any) -> InForce:  # noqa: ANN401  A control.
    values = ((x.name, getattr(fact, x.name)) for x in fields(fact) if x.name not in TITLE_FIELDS)
    value = " ".join(f"{key}={x}" for key, x in values if x is not None)
    return InForce(kind, scope, name, value, getattr(fact, "set_by", ""), fact.set_ns, "")
