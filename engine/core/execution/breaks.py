"""What cannot be reconciled with a venue: flagged once, never dropped.

A break is a fact for people to settle. It holds what the venue said, and a resend of the same
report adds none.
"""

from collections.abc import Callable, Mapping
from typing import Any

from engine.core.events import BreakFlagged, BreakReason, ExecutionReported, StageEvent
from engine.core.state.state import State


def broken(
    state: State, report: ExecutionReported, reason: BreakReason, text: str
) -> tuple[StageEvent, ...]:
    """A report of which nothing can be booked, flagged once however often it is sent."""
    return once(state, flagged(report, reason, text))


def once(state: State, found: BreakFlagged) -> tuple[StageEvent, ...]:
    return () if flag_key(found) in state.flagged else (found,)


def flag_key(found: BreakFlagged) -> tuple[object, ...]:
    """What a resend has in common; a break does not hold the type of its report."""
    quantity = (found.break_qty, found.break_px)
    return (found.reason, found.venue, found.child_id, found.exec_id, *quantity)


def flagged(
    report: ExecutionReported, reason: BreakReason, text: str, qty: int | None = None
) -> BreakFlagged:
    return BreakFlagged(
        reason=reason,
        venue=report.venue,
        child_id=report.child_id,
        exec_id=report.exec_id,
        break_qty=report.last_qty if qty is None else qty,
        break_px=report.last_px,
        text=text,
    )


# ------------------------------------------------------------------------------ evolve


def on_break_flagged(state: State, event: BreakFlagged) -> None:
    break_id = state.event_id(event.seq)
    state.breaks[break_id] = event
    state.flagged[flag_key(event)] = break_id


EVOLVE: Mapping[type, Callable[[State, Any], None]] = {BreakFlagged: on_break_flagged}
