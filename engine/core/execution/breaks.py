"""Breaks: reports that cannot be reconciled with a venue, from their flag to their settlement.

A break holds the report's quantity and price. A resend of the same report adds no second break. A
break is open until a later report explains it, or a person settles it by a BreakSettled control;
what is open at a close is carried. A shard keeps BREAKS_MAX open breaks one by one. Further ones
are in the log like the others, and the shard keeps their number and quantity by venue and reason,
under the id of the first: a venue that floods the shard with wrong reports costs no more memory.
"""

from collections.abc import Callable, Mapping
from typing import Any

from engine.core.controls import risk
from engine.core.events import (
    BreakCarried,
    BreakClosed,
    BreakFlagged,
    BreakReason,
    BreakResolution,
    BreakSettled,
    ChildClosed,
    ChildDoubted,
    CloseReason,
    ControlScope,
    ErrorBooked,
    ExecutionReported,
    StageEvent,
)
from engine.core.state.eviction import child_of, reload
from engine.core.state.model import Child, MoreBreaks
from engine.core.state.state import State

IN_DOUBT = (BreakReason.CUM_QTY_GAP, BreakReason.NO_ANSWER)  # Their quantity stays exposure.
BREAKS_MAX = 1_000  # Open ones that a shard keeps one by one.
FLAGGED_MAX = 10_000  # Newest reports of breaks by which a resend is recognised.


# ------------------------------------------------------------------------------ decide


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


def closed_by_report(state: State, child: Child) -> tuple[BreakClosed, ...]:
    """The end of a child's breaks of missing executions; none is missing any more."""
    if child.is_live and not child.missing_qty:
        return ()
    return tuple(
        BreakClosed(
            break_id=break_id,
            child_id=child.child_id,
            resolution=BreakResolution.REPORTED,
            set_by="",
            text="the venue's count and its reports agree again",
        )
        for break_id, found in state.breaks.items()
        if found.child_id == child.child_id and found.reason is BreakReason.CUM_QTY_GAP
    )


def decide_settled(state: State, control: BreakSettled, _: int) -> tuple[StageEvent, ...]:
    """Close the break; a quantity that only its venue counted returns to the parent.

    What was executed and is no order's, the person books to the error account.
    """
    receipt = risk.applied(ControlScope.FIRM, control.break_id, control)
    child_id = child_of_break(state, control.break_id)
    if child_id is None:
        return receipt
    settled = BreakClosed(
        break_id=control.break_id,
        child_id=child_id,
        resolution=BreakResolution.SETTLED,
        set_by=control.set_by,
        text=control.text,
    )
    child, found = state.children.get(child_id), state.breaks.get(control.break_id)
    booked = (*receipt, *error_booked(control), settled)
    if child is None or found is None:
        return booked
    return (*booked, *returned(child, found, control.set_by))


def error_booked(control: BreakSettled) -> tuple[ErrorBooked, ...]:
    """The position of the firm that a settlement states, if it states one."""
    if not control.error_qty:
        return ()
    return (
        ErrorBooked(
            break_id=control.break_id,
            instrument_id=control.instrument_id,
            error_qty=control.error_qty,
            error_px=control.error_px,
            set_by=control.set_by,
            text=control.text,
        ),
    )


def returned(
    child: Child, found: BreakFlagged | BreakCarried, set_by: str
) -> tuple[ChildClosed | ChildDoubted, ...]:
    """The return of a quantity in doubt; the child ends with the last of it.

    Of a silent child that is all but what its venue counts as executed.
    """
    if found.reason is BreakReason.NO_ANSWER and child.is_live:
        left_qty = min(child.missing_qty, child.leaves_qty)
    elif found.reason is BreakReason.CUM_QTY_GAP and child.is_in_doubt:
        left_qty = max(0, child.leaves_qty - found.break_qty)
    else:
        return ()
    text = f"{set_by} settled a quantity in doubt"
    if left_qty:
        return (
            ChildDoubted(
                child_id=child.child_id,
                parent_id=child.terms.parent_id,
                reason=CloseReason.OTHER,
                returned_qty=child.leaves_qty - left_qty,
                doubt_qty=left_qty,
                text=text,
            ),
        )
    return (
        ChildClosed(
            child_id=child.child_id,
            parent_id=child.terms.parent_id,
            reason=CloseReason.OTHER,
            returned_qty=child.leaves_qty,
            unsolicited=False,
            text=text,
        ),
    )


def child_of_break(state: State, break_id: str) -> str | None:
    """The child of an open break, empty where it names none; None if no such break is open."""
    found = state.breaks.get(break_id)
    if found is not None:
        return found.child_id
    is_first_of_more = any(more.break_id == break_id for more in state.more_breaks.values())
    return "" if is_first_of_more else None


DECIDE: Mapping[type, Callable[[State, Any, int], tuple[StageEvent, ...]]] = {
    BreakSettled: decide_settled,
}


# ------------------------------------------------------------------------------ evolve


def on_break_flagged(state: State, event: BreakFlagged) -> None:
    break_id = state.event_id(event.seq)
    keep(state, break_id, event)
    state.flagged[flag_key(event)] = break_id
    if len(state.flagged) > FLAGGED_MAX:
        del state.flagged[next(iter(state.flagged))]


def keep(state: State, break_id: str, event: BreakFlagged) -> None:
    """Keep an open break: one by one, or counted with others of its kind.

    One of a quantity in doubt is always kept, as its settlement frees the quantity. Names that no
    reference data defines are counted as one.
    """
    child = state.children.get(event.child_id)
    is_in_doubt = event.reason in IN_DOUBT
    if len(state.breaks) < BREAKS_MAX or (is_in_doubt and child is not None and child.is_live):
        state.breaks[break_id] = event
        return
    key = (event.venue if event.venue in state.reference.venues else "", event.reason)
    more = state.more_breaks.get(key, MoreBreaks(break_id, 0, 0))
    state.more_breaks[key] = MoreBreaks(
        more.break_id, more.break_count + 1, more.break_qty + event.break_qty
    )


def on_break_closed(state: State, event: BreakClosed) -> None:
    found = state.breaks.pop(event.break_id, None)
    for key, more in list(state.more_breaks.items()):
        if more.break_id == event.break_id:
            del state.more_breaks[key]
    if found is not None and found.reason is BreakReason.NO_ANSWER:
        answered(state, event.child_id)
    child = state.children.get(event.child_id)
    if found is not None and child is not None and found.reason is BreakReason.CUM_QTY_GAP:
        settled_qty = min(child.missing_qty, found.break_qty)
        child.missing_qty -= settled_qty
        child.gaps = ()
        if event.resolution is BreakResolution.SETTLED:
            child.disputed_qty += settled_qty


def answered(state: State, child_id: str) -> None:
    """The child's silence is over; it may be one of a closed day, and in the store."""
    child = child_of(state, child_id)
    if child is not None:
        reload(state, child.terms.parent_id)
        state.children[child_id].is_silent = False


def on_error_booked(_: State, __: ErrorBooked) -> None:
    """A position of the firm; no decision depends on it."""


EVOLVE: Mapping[type, Callable[[State, Any], None]] = {
    BreakFlagged: on_break_flagged,
    BreakClosed: on_break_closed,
    ErrorBooked: on_error_booked,
}
