"""The life of a child order at its venue, from its route to its end.

A child is exposure from its route on. It ends once, by a report of its venue or gateway, and its
open quantity returns to the parent's pool; a second end changes nothing. A child whose fate is
unknown stays exposure until its venue answers. After a refused cancel the child stays live, and the
engine asks again.
"""

from collections.abc import Callable, Mapping
from typing import Any

from engine.core.events import (
    BreakFlagged,
    BreakReason,
    CancelFailed,
    CancelRejected,
    ChildAcknowledged,
    ChildCancelRequested,
    ChildClosed,
    ChildFateUnknown,
    ChildRouted,
    ChildTimeInForce,
    CloseReason,
    ExecType,
    ExecutionReported,
    NotSent,
    SendStarted,
    StageEvent,
)
from engine.core.execution.breaks import once
from engine.core.routing import scorecard
from engine.core.state.eviction import reload
from engine.core.state.model import Book, Child, Scorecard
from engine.core.state.state import RETURNED, State

CLOSED_BY = {
    ExecType.CANCELED: CloseReason.CANCELED,
    ExecType.EXPIRED: CloseReason.EXPIRED,
    ExecType.REJECTED: CloseReason.REJECTED,
    ExecType.DONE_FOR_DAY: CloseReason.DONE_FOR_DAY,
}


# ------------------------------------------------------------------------------ decide


def decide_new(_: State, child: Child, __: ExecutionReported, ___: int) -> tuple[StageEvent, ...]:
    if child.is_acknowledged and not child.is_unknown:
        return ()
    return (ChildAcknowledged(child_id=child.child_id, parent_id=child.terms.parent_id),)


def decide_closed(
    _: State, child: Child, report: ExecutionReported, __: int
) -> tuple[StageEvent, ...]:
    if not child.is_live:
        return ()
    return (closed(child, CLOSED_BY[report.exec_type], report.text),)


def closed(
    child: Child, reason: CloseReason, text: str, returned_qty: int | None = None
) -> ChildClosed:
    asked_for = child.is_cancelling and reason is CloseReason.CANCELED
    is_ioc = child.terms.time_in_force is ChildTimeInForce.IOC
    return ChildClosed(
        child_id=child.child_id,
        parent_id=child.terms.parent_id,
        reason=reason,
        returned_qty=child.leaves_qty if returned_qty is None else returned_qty,
        unsolicited=not asked_for and not is_ioc,
        text=text,
    )


def decide_unknown(
    _: State, child: Child, report: ExecutionReported, __: int
) -> tuple[StageEvent, ...]:
    if not child.is_live or child.is_unknown:
        return ()
    return (
        ChildFateUnknown(
            child_id=child.child_id, parent_id=child.terms.parent_id, text=report.text
        ),
    )


def decide_not_sent(state: State, report: NotSent, _: int) -> tuple[StageEvent, ...]:
    """Close a child that its gateway never sent; a break if its venue has acknowledged it."""
    child = addressed(state, report)
    if child is None:
        return ()
    if child.is_acknowledged:
        return once(state, contradicted(child))
    return (closed(child, CloseReason.NOT_SENT, report.text),)


def contradicted(child: Child) -> BreakFlagged:
    return BreakFlagged(
        reason=BreakReason.INVALID_REPORT,
        venue=child.terms.venue,
        child_id=child.child_id,
        exec_id="",
        break_qty=child.leaves_qty,
        break_px=child.terms.limit_px,
        text="the gateway says it was never sent, but its venue has answered; it stays exposure",
    )


def decide_cancel_rejected(state: State, report: CancelRejected, _: int) -> tuple[StageEvent, ...]:
    child = addressed(state, report)
    if child is None or not child.is_cancelling:
        return ()
    return (
        CancelFailed(child_id=child.child_id, parent_id=child.terms.parent_id, text=report.text),
    )


def addressed(state: State, report: NotSent | CancelRejected) -> Child | None:
    """The live child that a gateway's report names, if it was routed to that gateway's venue."""
    child = state.children.get(report.child_id)  # A live child is never evicted.
    if child is None or not child.is_live or child.terms.venue != report.venue:
        return None
    return child


def decide_send_started(_: State, __: SendStarted, ___: int) -> tuple[StageEvent, ...]:
    """The record is for the gateway's own recovery; a child is exposure from its route on."""
    return ()


DECIDE: Mapping[type, Callable[[State, Any, int], tuple[StageEvent, ...]]] = {
    SendStarted: decide_send_started,
    NotSent: decide_not_sent,
    CancelRejected: decide_cancel_rejected,
}


# ------------------------------------------------------------------------------ evolve


def on_child_routed(state: State, event: ChildRouted) -> None:
    child_id = state.event_id(event.seq)
    parent = state.parents[event.parent_id]
    child = Child(child_id, event, event.at_ns, event.child_qty, parent.epoch)
    state.children[child_id] = child
    parent.children[child_id] = child
    parent.exposure_qty += event.child_qty
    book = state.books.setdefault(event.instrument_id, Book())
    book.own.setdefault(event.venue, {})[child_id] = child


def on_child_acknowledged(state: State, event: ChildAcknowledged) -> None:
    reload(state, event.parent_id)  # Some venues acknowledge last.
    child = state.children[event.child_id]
    child.is_acknowledged = True
    child.is_unknown = False


def on_cancel_requested(state: State, event: ChildCancelRequested) -> None:
    state.children[event.child_id].is_cancelling = True


def on_cancel_failed(state: State, event: CancelFailed) -> None:
    state.children[event.child_id].is_cancelling = False


def on_fate_unknown(state: State, event: ChildFateUnknown) -> None:
    state.children[event.child_id].is_unknown = True


def on_child_closed(state: State, event: ChildClosed) -> None:
    child = state.children[event.child_id]
    parent = state.parents[event.parent_id]
    parent.exposure_qty -= child.leaves_qty
    child.leaves_qty = 0
    child.is_closed = True
    retire(state, child)
    # After an unfilled IOC or a rejection no new slice goes out before the next schedule point: the
    # quote was gone or the venue rejects our orders, and an immediate retry would meet the same.
    is_ioc = child.terms.time_in_force is ChildTimeInForce.IOC
    is_refused = event.reason in (CloseReason.REJECTED, CloseReason.NOT_SENT)
    is_miss = not child.filled_qty and (is_ioc or is_refused)
    state.touch(event.parent_id, 0 if is_miss else RETURNED)


def retire(state: State, child: Child) -> None:
    """End a child, and keep its lesson for its venue's scorecard."""
    terms = child.terms
    child.is_live = False
    parent = state.parents[terms.parent_id]
    del parent.children[child.child_id]
    parent.ended_children.append(child)
    del state.books[terms.instrument_id].own[terms.venue][child.child_id]
    taught = scorecard.lesson(child)
    if taught is not None:
        state.scorecards.setdefault(terms.venue, Scorecard()).fresh.append(taught)


EVOLVE: Mapping[type, Callable[[State, Any], None]] = {
    ChildRouted: on_child_routed,
    ChildAcknowledged: on_child_acknowledged,
    ChildClosed: on_child_closed,
    ChildCancelRequested: on_cancel_requested,
    CancelFailed: on_cancel_failed,
    ChildFateUnknown: on_fate_unknown,
}
