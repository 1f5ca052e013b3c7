"""Breaks: reports that cannot be reconciled with a venue are flagged once and never dropped.

A break is for people to settle. It holds the report's quantity and price. A resend of the same
report adds no second break.
"""

from collections.abc import Callable, Mapping
from typing import Any

from engine.core.events import BreakFlagged, BreakReason, ExecutionReported, StageEvent
from engine.core.state.state import State


def broken(
    state: State, report: ExecutionReported, reason: BreakReason, text: str
) -> tuple[StageEvent, ...]:
    """The break of a report that cannot be booked, once however often it is sent."""
    return once(state, flagged(report, reason, text))


def once(state: State, found: BreakFlagged) -> tuple[StageEvent, ...]:
    return () if flag_key(found) in state.flagged else (found,)


def flag_key(found: BreakFlagged) -> tuple[object, ...]:
    """The fields that a resend has in common; a break does not hold its report's type."""
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
