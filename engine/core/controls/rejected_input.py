"""Inputs that were rejected, and what they might have forbidden.

An input that cannot be read, that makes no sense, or that made a stage raise leads to an event, and
its bytes go to the dead-letter topic (dlq). The shard does not act against what it might have
meant. After a lost order, new orders of its source wait. After a lost report, no child goes to its
venue. After a lost control, no child goes out at all. After a lost quote, its venue's quotes are
stale. A record without a sender stops nothing: it is of none of those who name themselves. Nor does
one that its writer has not signed where it must: it is not of the sender that its headers name. A
readable record of another shard hides nothing from this one. Neither does a readable but impossible
control that only steers, such as a policy: the last valid one stays in force.
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
    """An input that was rejected, and its sender by the headers."""

    topic: str
    position: int
    source: str  # Writer or venue; empty if the headers do not name it.
    number: int  # The sender's own number; -1 if unknown.
    instrument_id: str  # From the key; empty if unknown.
    reason: InputReason
    text: str
    is_harmless: bool = False  # Readable, and of a kind that stops nothing.


SUSPENDED_MAX = 1_000  # Senders by name; beyond, every sender of the kind is suspended.


# ------------------------------------------------------------------------------ decide


def decide_rejected(state: State, found: RejectedInput, _: int) -> tuple[StageEvent, ...]:
    """Record the rejected input, and suspend what it might have forbidden."""
    rejected = InputRejected(
        topic=found.topic,
        position=found.position,
        source=found.source,
        reason=found.reason,
        text=found.text,
    )
    if found.reason is InputReason.FAULT and found.instrument_id:
        return (rejected, halted(found))
    if found.reason in HIDES_NOTHING:
        return (rejected,)
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


# It is a stranger's, whatever name its headers state.
OF_STRANGERS = (InputReason.UNATTRIBUTED, InputReason.UNSIGNED, InputReason.WRONG_SIGNATURE)
# It belongs to another shard, or to a stranger: nothing of this shard's senders is missing.
HIDES_NOTHING = (InputReason.WRONG_PARTITION, InputReason.WRONG_KEY, *OF_STRANGERS)
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
    """After an unreadable quote the venue's earlier quotes are not to be relied on."""
    is_ours = event.reason not in (InputReason.WRONG_PARTITION, *OF_STRANGERS)
    if event.topic == "market-data" and is_ours:
        consolidated.drop_quotes(state, event.source)


EVOLVE: Mapping[type, Callable[[State, Any], None]] = {InputRejected: on_input_rejected}
