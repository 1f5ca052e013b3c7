"""Fold what venues report on our children, in whatever order it comes.

A fill is booked once, by (venue, session day, ExecID, ExecType); a resend changes nothing. It is
booked even if the child had ended or a cancel was on its way: the shares are ours. What cannot be
reconciled (a child we never sent, more than was asked, a price through the limit, a bust of a fill
we do not know) is booked as far as it can be and flagged as a break, never dropped. A child whose
fate is unknown counts as exposure until its venue answers.
"""

from collections.abc import Callable, Mapping
from typing import Any

from engine.core import market, reference, scorecard
from engine.core.costs import cost_millibps
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
    FillBooked,
    FillBusted,
    FillCorrected,
    NotSent,
    SendStarted,
    Side,
    StageEvent,
)
from engine.core.state import FILL, RETURNED, Book, Child, Fill, Scorecard, State

QTY_MAX = 10**12
PX_MAX = 10**15

CLOSED_BY = {
    ExecType.CANCELED: CloseReason.CANCELED,
    ExecType.EXPIRED: CloseReason.EXPIRED,
    ExecType.REJECTED: CloseReason.REJECTED,
    ExecType.DONE_FOR_DAY: CloseReason.DONE_FOR_DAY,
}

# ------------------------------------------------------------------------------ decide


def decide_report(state: State, report: ExecutionReported, now_ns: int) -> tuple[StageEvent, ...]:
    if key_of(report) in state.executions:
        return ()  # A resend.
    child = state.children.get(report.child_id)
    if child is None or child.terms.venue != report.venue:
        text = f"no child {report.child_id!r:.80} was routed to {report.venue!r:.40} today"
        return broken(state, report, BreakReason.UNKNOWN_CHILD, text)
    return REPORTS[report.exec_type](state, child, report, now_ns)


def key_of(report: ExecutionReported) -> tuple[str, int, str, str]:
    return (report.venue, report.session_day, report.exec_id, report.exec_type)


def decide_new(_: State, child: Child, __: ExecutionReported, ___: int) -> tuple[StageEvent, ...]:
    if child.is_acknowledged and not child.is_unknown:
        return ()
    return (ChildAcknowledged(child_id=child.child_id, parent_id=child.terms.parent_id),)


def decide_trade(
    state: State, child: Child, report: ExecutionReported, now_ns: int
) -> tuple[StageEvent, ...]:
    if not (0 < report.last_qty <= QTY_MAX and 0 < report.last_px <= PX_MAX):
        text = "last_qty and last_px of a trade must be positive and in range"
        return broken(state, report, BreakReason.INVALID_REPORT, text)
    terms = child.terms
    cum_qty = child.filled_qty + report.last_qty
    overfill_qty = beyond_child_qty(child, report.last_qty)
    fill = FillBooked(
        child_id=child.child_id,
        parent_id=terms.parent_id,
        instrument_id=terms.instrument_id,
        venue=report.venue,
        side=terms.side,
        exec_id=report.exec_id,
        session_day=report.session_day,
        last_qty=report.last_qty,
        last_px=report.last_px,
        cum_qty=cum_qty,
        leaves_qty=max(0, child.leaves_qty - report.last_qty),
        overfill_qty=overfill_qty,
        liquidity=report.liquidity,
        fee_px=reference.fee_px(state, report.venue, report.liquidity),
        mid_px=market.view(state, terms.instrument_id, now_ns).mid_px,
        late=child.is_cancelling or not child.is_live,
        transact_ns=report.transact_ns,
    )
    surplus_qty = max(overfill_qty, beyond_parent_qty(state, child, report.last_qty))
    flags: list[StageEvent] = []
    if surplus_qty:
        text = (
            f"child of {terms.child_qty} with {child.leaves_qty} open is filled {cum_qty}; "
            f"{surplus_qty} more than was out or wanted; it is booked"
        )
        flags.append(flagged(report, BreakReason.VENUE_OVERFILL, text, surplus_qty))
    return (fill, *flags, *through_limit(child, report))


def beyond_child_qty(child: Child, last_qty: int) -> int:
    """What a fill is beyond what the child has open; a child that ended had all of it open."""
    if child.is_live:
        return max(0, last_qty - child.leaves_qty)
    return max(0, child.filled_qty + last_qty - max(child.terms.child_qty, child.filled_qty))


def beyond_parent_qty(state: State, child: Child, last_qty: int) -> int:
    """By how much a fill takes open children and fills beyond what the members want.

    A late fill does, of a child whose quantity was sent again or given up since.
    """
    parent = state.parent(child.terms.parent_id)
    if parent.is_ended:
        return last_qty
    error_qty = max(0, last_qty - parent.open_qty)
    open_qty = parent.open_qty - last_qty + error_qty
    exposure_qty = parent.exposure_qty - min(last_qty, child.leaves_qty)
    before_qty = max(0, parent.exposure_qty - parent.open_qty)
    return max(0, max(0, exposure_qty - open_qty) + error_qty - before_qty)


def through_limit(child: Child, report: ExecutionReported) -> tuple[StageEvent, ...]:
    """The break of a price that the child's limit forbids."""
    limit_px = child.terms.limit_px
    through_px = report.last_px - limit_px
    if (through_px if child.terms.side is Side.BUY else -through_px) <= 0:
        return ()
    text = f"filled at {report.last_px} through the limit {limit_px}"
    return (flagged(report, BreakReason.PX_THROUGH_LIMIT, text),)


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
    return ChildClosed(
        child_id=child.child_id,
        parent_id=child.terms.parent_id,
        reason=reason,
        returned_qty=child.leaves_qty if returned_qty is None else returned_qty,
        unsolicited=not asked_for and child.terms.time_in_force.value != "IOC",
        text=text,
    )


def decide_bust(
    state: State, child: Child, report: ExecutionReported, _: int
) -> tuple[StageEvent, ...]:
    fill = referred(state, report)
    if fill is None:
        return unknown_execution(state, report)
    return (
        FillBusted(
            fill_id=fill.fill_id,
            child_id=child.child_id,
            parent_id=child.terms.parent_id,
            exec_id=report.exec_id,
            session_day=report.session_day,
            last_qty=fill.last_qty,
            last_px=fill.last_px,
        ),
    )


def decide_correct(
    state: State, child: Child, report: ExecutionReported, _: int
) -> tuple[StageEvent, ...]:
    fill = referred(state, report)
    if fill is None:
        return unknown_execution(state, report)
    if not (0 < report.last_qty <= QTY_MAX and 0 < report.last_px <= PX_MAX):
        text = "a correction's last_qty and last_px must be positive and in range"
        return broken(state, report, BreakReason.CORRECTION_REFUSED, text)
    corrected = FillCorrected(
        fill_id=fill.fill_id,
        child_id=child.child_id,
        parent_id=child.terms.parent_id,
        exec_id=report.exec_id,
        session_day=report.session_day,
        previous_qty=fill.last_qty,
        previous_px=fill.last_px,
        last_qty=report.last_qty,
        last_px=report.last_px,
    )
    more_qty = report.last_qty - fill.last_qty
    flags: list[StageEvent] = []
    if child.is_live and more_qty >= child.leaves_qty:
        text = "the correction filled all that was open"
        flags.append(closed(child, CloseReason.OTHER, text, 0))
    is_ended = state.parent(child.terms.parent_id).is_ended  # Then allocation flags it anyway.
    surplus_qty = 0 if is_ended else beyond_parent_qty(state, child, max(0, more_qty))
    if surplus_qty:
        text = f"corrected by {more_qty}, {surplus_qty} more than was out or wanted; it is booked"
        flags.append(flagged(report, BreakReason.VENUE_OVERFILL, text, surplus_qty))
    return (corrected, *flags, *through_limit(child, report))


def referred(state: State, report: ExecutionReported) -> Fill | None:
    """The standing fill that a bust or correction refers to."""
    name = (report.venue, report.session_day, report.exec_ref_id or "")
    executions = state.executions  # A venue may name the fill or its last correction.
    fill_id = executions.get((*name, ExecType.TRADE))
    fill_id = fill_id or executions.get((*name, ExecType.TRADE_CORRECT), "")
    fill = state.fills.get(fill_id)
    if fill is None or fill.child.child_id != report.child_id or not fill.last_qty:
        return None
    return fill


def unknown_execution(state: State, report: ExecutionReported) -> tuple[StageEvent, ...]:
    text = f"exec_ref_id {report.exec_ref_id!r:.80} is no standing fill of {report.child_id!r:.80}"
    return broken(state, report, BreakReason.UNKNOWN_EXECUTION, text)


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


def decide_other(
    state: State, _: Child, report: ExecutionReported, __: int
) -> tuple[StageEvent, ...]:
    text = "an execution type that this release does not know; nothing was booked"
    return broken(state, report, BreakReason.INVALID_REPORT, text)


REPORTS: Mapping[ExecType, Callable[[State, Child, ExecutionReported, int], tuple[StageEvent, ...]]]
REPORTS = {
    ExecType.NEW: decide_new,
    ExecType.TRADE: decide_trade,
    ExecType.CANCELED: decide_closed,
    ExecType.EXPIRED: decide_closed,
    ExecType.REJECTED: decide_closed,
    ExecType.DONE_FOR_DAY: decide_closed,
    ExecType.TRADE_CANCEL: decide_bust,
    ExecType.TRADE_CORRECT: decide_correct,
    ExecType.UNKNOWN: decide_unknown,
    ExecType.OTHER: decide_other,
}


def broken(
    state: State, report: ExecutionReported, reason: BreakReason, text: str
) -> tuple[StageEvent, ...]:
    """A report of which nothing can be booked, flagged once however often it is sent."""
    found = flagged(report, reason, text)
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


def decide_not_sent(state: State, report: NotSent, _: int) -> tuple[StageEvent, ...]:
    child = addressed(state, report)
    if child is None:
        return ()
    return (closed(child, CloseReason.NOT_SENT, report.text),)


def decide_cancel_rejected(state: State, report: CancelRejected, _: int) -> tuple[StageEvent, ...]:
    child = addressed(state, report)
    if child is None or not child.is_cancelling:
        return ()
    return (
        CancelFailed(child_id=child.child_id, parent_id=child.terms.parent_id, text=report.text),
    )


def addressed(state: State, report: NotSent | CancelRejected) -> Child | None:
    """The live child that a gateway speaks of, if it is that gateway's."""
    child = state.children.get(report.child_id)
    if child is None or not child.is_live or child.terms.venue != report.venue:
        return None
    return child


def decide_send_started(_: State, __: SendStarted, ___: int) -> tuple[StageEvent, ...]:
    """The gateway's own memory; a routed child is exposure to us from its route on."""
    return ()


DECIDE: Mapping[type, Callable[[State, Any, int], tuple[StageEvent, ...]]] = {
    ExecutionReported: decide_report,
    SendStarted: decide_send_started,
    NotSent: decide_not_sent,
    CancelRejected: decide_cancel_rejected,
}


# ------------------------------------------------------------------------------ evolve


def on_child_routed(state: State, event: ChildRouted) -> None:
    child_id = state.event_id(event.seq)
    child = Child(child_id=child_id, terms=event, routed_ns=event.at_ns, leaves_qty=event.child_qty)
    state.children[child_id] = child
    parent = state.parents[event.parent_id]
    parent.children[child_id] = child
    parent.exposure_qty += event.child_qty
    book = state.books.setdefault(event.instrument_id, Book())
    book.own.setdefault(event.venue, {})[child_id] = child


def on_child_acknowledged(state: State, event: ChildAcknowledged) -> None:
    child = state.children[event.child_id]
    child.is_acknowledged = True
    child.is_unknown = False


def on_cancel_requested(state: State, event: ChildCancelRequested) -> None:
    state.children[event.child_id].is_cancelling = True


def on_cancel_failed(state: State, event: CancelFailed) -> None:
    state.children[event.child_id].is_cancelling = False


def on_fate_unknown(state: State, event: ChildFateUnknown) -> None:
    state.children[event.child_id].is_unknown = True


def on_fill_booked(state: State, event: FillBooked) -> None:
    child = state.children[event.child_id]
    parent = state.parent(event.parent_id)
    fill_id = state.event_id(event.seq)
    state.fills[fill_id] = Fill(fill_id, child, event.last_qty, event.last_px)
    key = (event.venue, event.session_day, event.exec_id, ExecType.TRADE)
    state.executions[key] = fill_id
    child.is_acknowledged = True
    child.is_unknown = False
    if child.first_fill_ns < 0:
        child.first_fill_ns = event.at_ns
    child.filled_qty = event.cum_qty
    parent.filled_qty += event.last_qty
    parent.notional += event.last_px * event.last_qty
    if event.mid_px is not None:
        paid_px = event.last_px + (event.fee_px if event.side is Side.BUY else -event.fee_px)
        paid = paid_px * event.last_qty
        cost = cost_millibps(event.side, event.mid_px, paid, event.last_qty)
        child.cost_millibps_qty += cost * event.last_qty
        child.costed_qty += event.last_qty
    book = state.books[event.instrument_id]
    book.own_filled_qty += event.last_qty
    book.own_notional += event.last_px * event.last_qty
    if child.is_live:
        parent.exposure_qty -= child.leaves_qty - event.leaves_qty
        child.leaves_qty = event.leaves_qty
        if not child.leaves_qty:
            retire(state, child)
    if not parent.is_ended:
        state.touch(event.parent_id, FILL)


def on_child_closed(state: State, event: ChildClosed) -> None:
    child = state.children[event.child_id]
    parent = state.parents[event.parent_id]
    parent.exposure_qty -= child.leaves_qty
    child.leaves_qty = 0
    retire(state, child)
    # After an unfilled IOC or a refusal no new slice is asked for before the next schedule point:
    # the quote was gone or the venue refuses us, and to ask at once is to ask the same.
    is_ioc = child.terms.time_in_force is ChildTimeInForce.IOC
    is_refused = event.reason in (CloseReason.REJECTED, CloseReason.NOT_SENT)
    is_miss = not child.filled_qty and (is_ioc or is_refused)
    state.touch(event.parent_id, 0 if is_miss else RETURNED)


def retire(state: State, child: Child) -> None:
    """The child is over: note what it taught of its venue."""
    terms = child.terms
    child.is_live = False
    del state.parents[terms.parent_id].children[child.child_id]
    del state.books[terms.instrument_id].own[terms.venue][child.child_id]
    taught = scorecard.lesson(child)
    if taught is not None:
        state.scorecards.setdefault(terms.venue, Scorecard()).fresh.append(taught)


def on_fill_busted(state: State, event: FillBusted) -> None:
    key_exec = (state.children[event.child_id].terms.venue, event.session_day, event.exec_id)
    state.executions[(*key_exec, ExecType.TRADE_CANCEL)] = event.fill_id
    revise(state, event.fill_id, 0, 0)


def on_fill_corrected(state: State, event: FillCorrected) -> None:
    key_exec = (state.children[event.child_id].terms.venue, event.session_day, event.exec_id)
    state.executions[(*key_exec, ExecType.TRADE_CORRECT)] = event.fill_id
    child = state.children[event.child_id]
    if child.is_live:  # More filled is less open: the venue's order is what it was.
        more_qty = max(0, event.last_qty - event.previous_qty)
        taken_qty = min(child.leaves_qty, more_qty)
        child.leaves_qty -= taken_qty
        state.parents[event.parent_id].exposure_qty -= taken_qty
    revise(state, event.fill_id, event.last_qty, event.last_px)


def revise(state: State, fill_id: str, qty: int, px: int) -> None:
    """Let a fill stand at another quantity and price."""
    fill = state.fills[fill_id]
    terms = fill.child.terms
    parent = state.parent(terms.parent_id)
    change_qty = qty - fill.last_qty
    change = px * qty - fill.last_px * fill.last_qty
    parent.filled_qty += change_qty
    parent.notional += change
    fill.child.filled_qty += change_qty
    fill.last_qty = qty
    fill.last_px = px


def on_break_flagged(state: State, event: BreakFlagged) -> None:
    break_id = state.event_id(event.seq)
    state.breaks[break_id] = event
    state.flagged[flag_key(event)] = break_id


EVOLVE: Mapping[type, Callable[[State, Any], None]] = {
    FillBooked: on_fill_booked,
    ChildRouted: on_child_routed,
    ChildAcknowledged: on_child_acknowledged,
    ChildClosed: on_child_closed,
    ChildCancelRequested: on_cancel_requested,
    CancelFailed: on_cancel_failed,
    ChildFateUnknown: on_fate_unknown,
    FillBusted: on_fill_busted,
    FillCorrected: on_fill_corrected,
    BreakFlagged: on_break_flagged,
}
