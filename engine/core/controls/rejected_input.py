"""What could not be taken, and what it might have forbidden.

An input that cannot be read, that means nothing, or that made a stage raise is an event, and its
bytes are in the dlq. Nobody may act against what it might have said: its source's new orders wait,
nothing more is routed to its venue, nothing at all after a control, and the quotes of its venue are
stale. A record that was read and only belongs elsewhere hides nothing from this shard; neither does
a control that means nothing and could only have steered, as a policy does: the one before stands.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.core.events import (
    ControlScope,
    HaltReason,
    InputReason,
    InputRejected,
    InstrumentHalted,
    StageEvent,
    SuspensionSet,
)
from engine.core.market import consolidated
from engine.core.state.state import State


@dataclass(frozen=True, slots=True)
class RejectedInput:
    """An input that could not be taken, and what its headers say of its sender."""

    topic: str
    position: int
    source: str  # Writer or venue; empty if the headers do not say.
    number: int  # The sender's own number; -1 if unknown.
    instrument_id: str  # From the key; empty if unknown.
    reason: InputReason
    text: str
    is_harmless: bool = False  # It was read, and could have stopped nothing.


SUSPENDED_MAX = 1_000  # Senders by name; beyond, everybody of their kind waits.


# ------------------------------------------------------------------------------ decide


def decide_rejected(state: State, found: RejectedInput, _: int) -> tuple[StageEvent, ...]:
    """Record what could not be taken, and stop what it might have forbidden."""
    rejected = InputRejected(
        topic=found.topic,
        position=found.position,
        source=found.source,
        reason=found.reason,
        text=found.text,
    )
    if found.reason is InputReason.FAULT and found.instrument_id:
        return (rejected, halted(found))
    if found.reason in (InputReason.WRONG_PARTITION, InputReason.WRONG_KEY):
        return (rejected,)  # It was read, and belongs elsewhere: nothing of this shard is missing.
    if found.is_harmless:
        return (rejected,)
    scope = SUSPENDS.get(found.topic)
    if scope is None:
        return (rejected,)
    is_known = scope is not ControlScope.CONTROLS and len(state.suspended) < SUSPENDED_MAX
    scope_id = found.source if is_known else ""
    if (scope, scope_id) in state.suspended:
        return (rejected,)
    return (
        rejected,
        SuspensionSet(scope=scope, scope_id=scope_id, source_number=found.number, text=found.text),
    )


SUSPENDS: Mapping[str, ControlScope] = {
    "orders": ControlScope.SOURCE,
    "venue-reports": ControlScope.VENUE,
    "controls": ControlScope.CONTROLS,
}


def halted(found: RejectedInput) -> InstrumentHalted:
    return InstrumentHalted(
        instrument_id=found.instrument_id, reason=HaltReason.FAULT, text=found.text
    )


DECIDE: Mapping[type, Callable[[State, Any, int], tuple[StageEvent, ...]]] = {
    RejectedInput: decide_rejected,
}


# ------------------------------------------------------------------------------ evolve


def on_input_rejected(state: State, event: InputRejected) -> None:
    """A venue whose quote could not be read shows nothing that may be relied on."""
    if event.topic == "market-data" and event.reason is not InputReason.WRONG_PARTITION:
        consolidated.drop_quotes(state, event.source)


EVOLVE: Mapping[type, Callable[[State, Any], None]] = {InputRejected: on_input_rejected}
