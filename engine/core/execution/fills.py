"""Book the fills, busts and corrections that venues report.

A fill is booked even if its child had ended or a cancel was on its way: the shares are ours. An
overfill, a price through the limit and a bust of an unknown fill are booked as far as possible and
flagged as breaks. A bust or correction restates the fill; it never reopens quantity of the child.
"""

from collections.abc import Callable, Mapping
from typing import Any

from engine.core.allocation import claims, entitlement
from engine.core.controls.input_limits import is_plain_trade
from engine.core.costs.cost import cost_millibps
from engine.core.events import (
    BreakReason,
    CloseReason,
    ExecType,
    ExecutionReported,
    FillBooked,
    FillBusted,
    FillCorrected,
    Side,
    StageEvent,
)
from engine.core.execution import reconciliation
from engine.core.execution.breaks import broken, closed_by_report, flagged
from engine.core.execution.children import closed, retire
from engine.core.market import consolidated, displayed, markouts, reference
from engine.core.routing import cells
from engine.core.state.eviction import fill_of, reload
from engine.core.state.model import Child, Fill
from engine.core.state.state import FILL, State

SESSION_DAYS_MAX = 8  # Of a venue in one trading day; one or two are true.

# ------------------------------------------------------------------------------ decide


def decide_trade(
    state: State, child: Child, report: ExecutionReported, now_ns: int
) -> tuple[StageEvent, ...]:
    if not is_plain_trade(report.last_qty, report.last_px):
        text = "last_qty and last_px of a trade must be positive and in range"
        return broken(state, report, BreakReason.INVALID_REPORT, text)
    count = reconciliation.count_of(child, report)
    if count.is_repeated:
        text = f"the venue counts {report.cum_qty} executed as before; it is no other execution"
        return broken(state, report, BreakReason.REPEATED_FILL, text)
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
        fee_px=reference.fee_px(state, report.venue, report.liquidity, report.last_px),
        mid_px=consolidated.view(state, terms.instrument_id, now_ns).mid_px,
        late=child.is_cancelling or not child.is_live,
        transact_ns=report.transact_ns,
        missing_qty=count.missing_qty,
        venue_cum_qty=report.cum_qty,
    )
    surplus_qty = max(overfill_qty, beyond_parent_qty(state, child, report.last_qty))
    flags: list[StageEvent] = []
    if surplus_qty:
        text = (
            f"child of {terms.child_qty} with {child.leaves_qty} open is filled {cum_qty}; "
            f"{surplus_qty} more than was out or wanted; it is booked"
        )
        flags.append(flagged(report, BreakReason.VENUE_OVERFILL, text, surplus_qty))
    found_all = () if count.missing_qty else closed_by_report(state, child)
    strange = reconciliation.contradictions(state, child, report, fill.mid_px)
    return (fill, *flags, *count.flags, *found_all, *through_limit(child, report), *strange)


def beyond_child_qty(child: Child, last_qty: int) -> int:
    """Quantity of a fill beyond the child's open quantity; for an ended child, beyond its size."""
    if child.is_live:
        return max(0, last_qty - child.leaves_qty)
    return max(0, child.filled_qty + last_qty - max(child.terms.child_qty, child.filled_qty))


def beyond_parent_qty(state: State, child: Child, last_qty: int) -> int:
    """By how much a fill takes live children and fills together beyond the parent's quantity.

    This happens with a late fill of a child whose quantity was sent again since. What orders that
    have left take of it is theirs, and nothing beyond.
    """
    parent = state.parent(child.terms.parent_id)
    working_qty, error_qty = entitlement.taken(parent, child, last_qty)
    if parent.is_ended:
        return error_qty
    open_qty = parent.open_qty - working_qty
    exposure_qty = parent.exposure_qty - min(last_qty, child.leaves_qty)
    before_qty = max(0, parent.exposure_qty - parent.open_qty)
    return max(0, max(0, exposure_qty - open_qty) + error_qty - before_qty)


def through_limit(child: Child, report: ExecutionReported) -> tuple[StageEvent, ...]:
    """The break of an execution price worse than the child's limit."""
    limit_px = child.terms.limit_px
    if reference.is_within_limit(child.terms.side, report.last_px, limit_px):
        return ()
    text = f"filled at {report.last_px} through the limit {limit_px}"
    return (flagged(report, BreakReason.PX_THROUGH_LIMIT, text),)


def decide_bust(
    state: State, child: Child, report: ExecutionReported, _: int
) -> tuple[StageEvent, ...]:
    fill = referenced_fill(state, child, report)
    if fill is None:
        return unknown_execution(state, report)
    busted = FillBusted(
        fill_id=fill.fill_id,
        child_id=child.child_id,
        parent_id=child.terms.parent_id,
        exec_id=report.exec_id,
        session_day=report.session_day,
        last_qty=fill.last_qty,
        last_px=fill.last_px,
    )
    change = (-fill.last_qty, -fill.last_qty * fill.last_px)
    return (busted, *reconciliation.counted(state, child, report, change))


def decide_correct(
    state: State, child: Child, report: ExecutionReported, now_ns: int
) -> tuple[StageEvent, ...]:
    fill = referenced_fill(state, child, report)
    if fill is None:
        return unknown_execution(state, report)
    if not is_plain_trade(report.last_qty, report.last_px):
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
    is_ended = state.parent(child.terms.parent_id).is_ended  # Then `shares` flags it.
    surplus_qty = 0 if is_ended else beyond_parent_qty(state, child, max(0, more_qty))
    if surplus_qty:
        text = f"corrected by {more_qty}, {surplus_qty} more than was out or wanted; it is booked"
        flags.append(flagged(report, BreakReason.VENUE_OVERFILL, text, surplus_qty))
    mid_px = consolidated.view(state, child.terms.instrument_id, now_ns).mid_px
    strange = reconciliation.impossible(state, child, report, mid_px)
    change = (more_qty, report.last_qty * report.last_px - fill.last_qty * fill.last_px)
    found = reconciliation.counted(state, child, report, change)
    return (corrected, *flags, *found, *through_limit(child, report), *strange)


def referenced_fill(state: State, child: Child, report: ExecutionReported) -> Fill | None:
    """The fill that a bust or correction refers to; None if unknown or busted already."""
    execution = (report.venue, report.session_day, report.exec_ref_id or "")
    # A venue may name the fill or its last correction.
    fill = fill_of(state, (*execution, ExecType.TRADE))
    fill = fill or fill_of(state, (*execution, ExecType.TRADE_CORRECT))
    if fill is None:
        fill = former_fill(state, child, report.exec_ref_id or "")
    if fill is None or fill.child.child_id != child.child_id or not fill.last_qty:
        return None
    return fill


def former_fill(state: State, child: Child, exec_id: str) -> Fill | None:
    """A fill of a closed day, which its venue may name under the session day of now."""
    parent = state.parent(child.terms.parent_id)
    found = parent.fills_under(child.child_id, exec_id) if parent.is_former else ()
    return next((fill for fill in found if fill.last_qty), None)


def unknown_execution(state: State, report: ExecutionReported) -> tuple[StageEvent, ...]:
    text = f"exec_ref_id {report.exec_ref_id!r:.80} is no standing fill of {report.child_id!r:.80}"
    return broken(state, report, BreakReason.UNKNOWN_EXECUTION, text)


# ------------------------------------------------------------------------------ evolve


def on_fill_booked(state: State, event: FillBooked) -> None:
    parent = reload(state, event.parent_id)
    child = state.children[event.child_id]
    fill_id = state.event_id(event.seq)
    fill = state.fills[fill_id] = Fill(fill_id, child, event.last_qty, event.last_px)
    claims.set_parts(parent, fill, claims.parts_of(child, event.last_qty))
    parent.fills.append(fill)
    remember_execution(state, fill, event, ExecType.TRADE)
    child.is_acknowledged = True
    child.is_unknown = False
    if child.first_fill_ns < 0:
        child.first_fill_ns = event.at_ns
    if event.venue_cum_qty and (event.missing_qty or child.missing_qty):
        end_qty = event.venue_cum_qty - child.disputed_qty
        child.gaps = reconciliation.gaps_after(child, end_qty - event.last_qty, end_qty)
    child.filled_qty = event.cum_qty
    child.missing_qty = event.missing_qty
    if event.venue_cum_qty and child.disputed_qty:
        beyond_qty = event.venue_cum_qty - child.filled_qty - child.missing_qty
        child.disputed_qty = max(0, min(child.disputed_qty, beyond_qty))
    child.notional += event.last_px * event.last_qty
    parent.filled_qty += event.last_qty
    parent.notional += event.last_px * event.last_qty
    if event.mid_px is not None:
        paid_px = event.last_px + (event.fee_px if event.side is Side.BUY else -event.fee_px)
        paid = paid_px * event.last_qty
        cost = cost_millibps(event.side, event.mid_px, paid, event.last_qty)
        child.cost_millibps_qty += cost * event.last_qty
        child.costed_qty += event.last_qty
    if not parent.is_former:  # Else its print was on the tape of another day.
        book = state.books[event.instrument_id]
        book.own_filled_qty += event.last_qty
        book.own_notional += event.last_px * event.last_qty
        tactic = cells.tactic_of(child.terms.cell)
        if cells.is_at_touch(child.terms.cell):
            markouts.measure_before(state, child.terms, event, tactic)
        markouts.expect(book, event, tactic)
    if child.is_live:
        claims.set_leaves(parent, child, event.leaves_qty)
        if not child.leaves_qty:
            retire(state, child, event.at_ns)
    displayed.on_fill(state, child, event)
    if not parent.is_ended:
        state.touch(event.parent_id, FILL)


def on_fill_busted(state: State, event: FillBusted) -> None:
    reload(state, event.parent_id)
    remember_execution(state, state.fills[event.fill_id], event, ExecType.TRADE_CANCEL)
    restate(state, event.fill_id, 0, 0)


def on_fill_corrected(state: State, event: FillCorrected) -> None:
    reload(state, event.parent_id)
    remember_execution(state, state.fills[event.fill_id], event, ExecType.TRADE_CORRECT)
    child = state.children[event.child_id]
    if child.is_live:  # More filled is less open: the child's size stays as it was.
        more_qty = max(0, event.last_qty - event.previous_qty)
        left_qty = child.leaves_qty - min(child.leaves_qty, more_qty)
        restate(state, event.fill_id, event.last_qty, event.last_px)
        claims.set_leaves(state.parents[event.parent_id], child, left_qty)
        displayed.follow(state.books[child.terms.instrument_id], child)
    else:
        restate(state, event.fill_id, event.last_qty, event.last_px)


def remember_execution(
    state: State, fill: Fill, event: FillBooked | FillBusted | FillCorrected, kind: ExecType
) -> None:
    """Index an execution, so that a resend of it is recognised."""
    key = (fill.child.terms.venue, event.session_day, event.exec_id, kind)
    state.executions[key] = fill.fill_id
    days = state.session_days.get(fill.child.terms.venue, ())
    if event.session_day not in days and len(days) < SESSION_DAYS_MAX:
        state.session_days[fill.child.terms.venue] = (*days, event.session_day)
    fill.executions = (*fill.executions, key)


def restate(state: State, fill_id: str, qty: int, px: int) -> None:
    """Give a fill another quantity and price, and its child and parent the difference."""
    fill = state.fills[fill_id]
    terms = fill.child.terms
    parent = state.parent(terms.parent_id)
    claims.set_parts(parent, fill, claims.parts_after(fill, qty))
    change_qty = qty - fill.last_qty
    change = px * qty - fill.last_px * fill.last_qty
    parent.filled_qty += change_qty
    parent.notional += change
    fill.child.filled_qty += change_qty
    fill.child.notional += change
    fill.child.gaps = ()  # The places in the venue's count have moved.
    fill.last_qty = qty
    fill.last_px = px


EVOLVE: Mapping[type, Callable[[State, Any], None]] = {
    FillBooked: on_fill_booked,
    FillBusted: on_fill_busted,
    FillCorrected: on_fill_corrected,
}
