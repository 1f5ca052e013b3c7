"""The life of a child order at its venue, from its route to its end.

A child is exposure from its route on. It ends once, by a report of its venue or gateway, and its
open quantity returns to the parent's pool; a second end changes nothing. A child whose fate is
unknown stays exposure until its venue answers. After a refused cancel the child stays live, and the
engine asks again as long as something wants it gone.
"""

from collections.abc import Callable, Mapping
from typing import Any

from engine.core.allocation import claims
from engine.core.controls.input_limits import EVENT_ID
from engine.core.events import (
    BreakFlagged,
    BreakReason,
    CancelFailed,
    CancelRejected,
    ChildAcknowledged,
    ChildCancelRequested,
    ChildClosed,
    ChildDoubted,
    ChildFateUnknown,
    ChildRouted,
    ChildTimeInForce,
    ChildType,
    CloseReason,
    ExecType,
    ExecutionReported,
    ExecutionsMissing,
    NotSent,
    SendStarted,
    Side,
    StageEvent,
)
from engine.core.execution import reconciliation
from engine.core.execution.breaks import once
from engine.core.market import displayed, reference
from engine.core.routing import candidates, scorecard
from engine.core.state import due_index
from engine.core.state.eviction import child_of, reload
from engine.core.state.limit_ladder import ABOVE_ALL_PX, LimitLadder, Place
from engine.core.state.model import Book, Child, Parent, Scorecard
from engine.core.state.state import RETURNED, State, seq_of

CLOSED_BY = {
    ExecType.CANCELED: CloseReason.CANCELED,
    ExecType.EXPIRED: CloseReason.EXPIRED,
    ExecType.REJECTED: CloseReason.REJECTED,
    ExecType.DONE_FOR_DAY: CloseReason.DONE_FOR_DAY,
}
# Ends that say something of the venue or its quote; a venue's end of the day says nothing.
BY_VENUE = (CloseReason.CANCELED, CloseReason.EXPIRED, CloseReason.REJECTED)


# ------------------------------------------------------------------------------ decide


def decide_closed(
    state: State, child: Child, report: ExecutionReported, __: int
) -> tuple[StageEvent, ...]:
    if not child.is_live:
        return reconciliation.again_after_the_end(state, child, report)
    reason = CLOSED_BY[report.exec_type]
    found, ends = reconciliation.after_the_end(state, child, report, reason)
    return (*found, closed(child, reason, report.text)) if ends else found


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


def decide_not_sent(state: State, report: NotSent, _: int) -> tuple[StageEvent, ...]:
    """Close a child that its gateway never sent; a break if its venue has acknowledged it."""
    child = addressed(state, report)
    if child is None:
        return () if is_of_a_closed_day(state, report) else stranger(state, report)
    if not child.is_live:
        return ()
    if child.is_acknowledged:
        return once(state, contradicted(child, "the gateway says it was never sent"))
    return (closed(child, CloseReason.NOT_SENT, report.text),)


def contradicted(child: Child, said: str) -> BreakFlagged:
    return BreakFlagged(
        reason=BreakReason.INVALID_REPORT,
        venue=child.terms.venue,
        child_id=child.child_id,
        exec_id="",
        break_qty=child.leaves_qty,
        break_px=child.terms.limit_px,
        text=f"{said}, but its venue has acknowledged it; it stays exposure",
    )


def addressed(state: State, report: NotSent | CancelRejected) -> Child | None:
    """The child that a gateway's report names, if it was routed to that gateway's venue."""
    child = child_of(state, report.child_id)
    return None if child is None or child.terms.venue != report.venue else child


def is_of_a_closed_day(state: State, report: NotSent) -> bool:
    """Whether the close has ended the child: then the report says the same, that nothing traded."""
    if child_of(state, report.child_id) is not None or not EVENT_ID.fullmatch(report.child_id):
        return False
    shard = report.child_id.partition("-")[0]
    return shard == str(state.shard) and seq_of(report.child_id) < state.day_seq


def stranger(state: State, report: NotSent | CancelRejected) -> tuple[StageEvent, ...]:
    """The break of a report on a child that was not routed to its venue today."""
    return once(
        state,
        BreakFlagged(
            reason=BreakReason.UNKNOWN_CHILD,
            venue=report.venue,
            child_id=report.child_id,
            exec_id="",
            break_qty=0,
            break_px=0,
            text=(
                f"{type(report).__name__}: no child {report.child_id!r:.80} was routed to "
                f"{report.venue!r:.40} today; {report.text:.200}"
            ),
        ),
    )


def decide_send_started(_: State, __: SendStarted, ___: int) -> tuple[StageEvent, ...]:
    """The record is for the gateway's own recovery; a child is exposure from its route on."""
    return ()


DECIDE: Mapping[type, Callable[[State, Any, int], tuple[StageEvent, ...]]] = {
    SendStarted: decide_send_started,
    NotSent: decide_not_sent,
}


# ------------------------------------------------------------------------------ evolve


def on_child_routed(state: State, event: ChildRouted) -> None:
    child_id = state.event_id(event.seq)
    parent = state.parents[event.parent_id]
    covers = claims.covers_of(event)
    child = Child(child_id, event, event.at_ns, 0, parent.epoch, covers=covers)
    state.children[child_id] = child
    parent.children[child_id] = child
    claims.set_leaves(parent, child, event.child_qty)
    due_index.on_exposed(state, event.parent_id)
    book = state.books.setdefault(event.instrument_id, Book())
    key = (event.venue, event.side)
    if key not in book.own:
        book.own[key] = LimitLadder()
    book.own[key].put(child_id, Place(reached_px(event), "", event.seq))
    displayed.follow(book, child)
    if event.venue_qty:
        note_asked(book, event)


def note_asked(book: Book, event: ChildRouted) -> None:
    """Remember what was asked of a displayed quote, until its venue shows another."""
    key, quote_ns = (event.venue, event.side), event.at_ns - event.quote_age_ns
    last_ns, asked_qty = book.asked.get(key, (quote_ns, 0))
    before_qty = asked_qty if last_ns == quote_ns else 0
    book.asked[key] = (quote_ns, before_qty + event.child_qty)


def reached_px(terms: ChildRouted) -> int:
    """The price up to which a child may trade; a peg's midpoint may move anywhere."""
    if terms.child_type is not ChildType.MIDPOINT_PEG:
        return terms.limit_px
    return ABOVE_ALL_PX if terms.side is Side.BUY else 0


def on_child_acknowledged(state: State, event: ChildAcknowledged) -> None:
    reload(state, event.parent_id)  # Some venues acknowledge last.
    child = state.children[event.child_id]
    if not child.is_acknowledged:
        child.acknowledged_ns = event.at_ns
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
    claims.set_leaves(parent, child, 0)
    child.missing_qty = 0
    child.gaps = ()
    child.is_closed = True
    retire(state, child, event.at_ns, event.reason)
    is_ioc = child.terms.time_in_force is ChildTimeInForce.IOC
    may_ask_another = is_ioc and event.reason in BY_VENUE
    book = state.books[child.terms.instrument_id]
    if may_ask_another and event.returned_qty:
        displayed.miss(book, child)
    displayed.follow(book, child)
    # After an end without a fill that the engine did not ask for, no new slice goes out before the
    # next schedule point, for an immediate retry would meet the same: the quote was gone, or the
    # venue rejects, cancels or expires our orders. Only another venue at the best is asked at once.
    is_miss = not child.filled_qty and (is_ioc or event.unsolicited)
    is_over = is_miss and not (may_ask_another and finds_another(state, parent, event.at_ns))
    state.touch(event.parent_id, 0 if is_over else RETURNED)


def finds_another(state: State, parent: Parent, now_ns: int) -> bool:
    """Whether a venue at the best has something left of its quote."""
    return candidates.can_take(candidates.search_for(state, parent, now_ns))


def on_child_doubted(state: State, event: ChildDoubted) -> None:
    child = state.children[event.child_id]
    parent = state.parents[event.parent_id]
    claims.set_leaves(parent, child, child.leaves_qty - event.returned_qty)
    known_qty = child.filled_qty + child.missing_qty
    if event.doubt_qty > child.missing_qty:
        child.gaps = (*child.gaps, (known_qty, child.filled_qty + event.doubt_qty))
    child.missing_qty = event.doubt_qty
    displayed.follow(state.books[child.terms.instrument_id], child)
    state.touch(event.parent_id, 0)  # The rest goes out at the next schedule point.


def on_executions_missing(state: State, event: ExecutionsMissing) -> None:
    child = state.children[event.child_id]
    claims.set_leaves(state.parents[event.parent_id], child, event.leaves_qty)
    known_qty = child.filled_qty + child.missing_qty
    child.gaps = (*child.gaps, (known_qty, child.filled_qty + event.missing_qty))
    child.missing_qty = event.missing_qty
    displayed.follow(state.books[child.terms.instrument_id], child)
    state.touch(event.parent_id, 0)


def retire(state: State, child: Child, at_ns: int, reason: CloseReason | None = None) -> None:
    """End a child, and keep its lesson for its venue's scorecard."""
    terms = child.terms
    child.is_live = False
    parent = state.parents[terms.parent_id]
    del parent.children[child.child_id]
    parent.ended_children.append(child)
    if not parent.children:
        due_index.on_covered(state, terms.parent_id)
    state.books[terms.instrument_id].own[terms.venue, terms.side].remove(child.child_id)
    lot_qty = reference.lot_qty(state, terms.instrument_id)
    taught = scorecard.lesson(child, reason, at_ns, lot_qty)
    if taught is not None:
        state.scorecards.setdefault(terms.venue, Scorecard()).fresh.append(taught)


EVOLVE: Mapping[type, Callable[[State, Any], None]] = {
    ChildRouted: on_child_routed,
    ChildAcknowledged: on_child_acknowledged,
    ChildClosed: on_child_closed,
    ChildCancelRequested: on_cancel_requested,
    CancelFailed: on_cancel_failed,
    ChildFateUnknown: on_fate_unknown,
    ChildDoubted: on_child_doubted,
    ExecutionsMissing: on_executions_missing,
}
