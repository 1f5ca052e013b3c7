"""Accept or refuse a client's change of an order: an amend or a cancel.

A change is only noted here. It takes effect in `aggregation` when no child covers the quantity, or
at once where there is no parent. If the order ends before that, the change is refused as too late,
and if the venue will not let go of the only child, as refused by it, so that every request has one
final answer. A cancel outranks an amend that waits. An amend that
asks for more than was granted passes the checks of a new order; a cancel always passes.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from engine.core.controls import rates, risk
from engine.core.events import (
    Change,
    Immediacy,
    OrderAccepted,
    OrderAmended,
    OrderAmendRequested,
    OrderCancelRequested,
    OrderChangePending,
    OrderChangeRejected,
    OrderType,
    RejectReason,
    Side,
    StageEvent,
    WithdrawReason,
)
from engine.core.market import hours
from engine.core.orders import intake, possible_resends, pretrade
from engine.core.orders.pretrade import Asked
from engine.core.orders.terms import Refusal, check_display_qty
from engine.core.state.model import (
    AMENDABLE,
    Order,
    Parent,
    PendingChange,
    changed_terms,
    order_amended,
    terms_after,
)
from engine.core.state.state import MEMBERS, State

# The terms that a request may state, as FIX's OrderCancelReplaceRequest does, and not change.
FIXED = ("client_id", "side", "account", "sale_marking", "settl_date", "immediacy")

# ------------------------------------------------------------------------------ checks


def check_change_ids(request: OrderAmendRequested | OrderCancelRequested) -> Refusal:
    return pretrade.bad_name(
        source=request.source, cl_ord_id=request.cl_ord_id, orig_cl_ord_id=request.orig_cl_ord_id
    )


class Wanted(NamedTuple):
    """An order as an amend would leave it."""

    order: Order  # As it is.
    terms: OrderAccepted
    order_qty: int
    limit_px: int | None


def wanted_by(order: Order, request: OrderAmendRequested) -> Wanted:
    """The order with what the request states; MARKET takes the limit away."""
    terms = terms_after(order.terms, request)
    limit_px = order.limit_px if request.limit_px is None else request.limit_px
    if request.order_type is OrderType.MARKET:
        limit_px = request.limit_px
    qty = order.order_qty if request.order_qty is None else request.order_qty
    return Wanted(order, terms, qty, limit_px)


def check_fixed(order: Order, request: OrderAmendRequested) -> Refusal:
    """The refusal of a request that states another value of a term that no amend changes."""
    for name in FIXED:
        asked, kept = getattr(request, name), getattr(order.terms, name)
        if asked is not None and asked != kept:
            text = f"{name} of order {order.order_id} is {kept!r:.80}, and no amend changes it"
            return RejectReason.CHANGE_NOT_ALLOWED, f"{text}; cancel it and send a new order"
    immediacy = order.terms.immediacy
    if immediacy is not Immediacy.NONE:
        text = f"immediacy of order {order.order_id} is {immediacy}; it trades at once or not"
        return RejectReason.CHANGE_NOT_ALLOWED, text
    return None


def check_amend(state: State, wanted: Wanted) -> Refusal:
    order, terms, qty, limit_px = wanted
    is_same = (qty, limit_px, terms) == (order.order_qty, order.limit_px, order.terms)
    if is_same and not order.held_action_id:  # A client may say that a held order is right.
        return RejectReason.NOTHING_TO_CHANGE, "the request states nothing that differs"
    refusal = pretrade.bad_qty(state, terms, qty, granted_qty=order.order_qty, advice="")
    if refusal is not None:
        return refusal
    if terms.order_type is OrderType.MARKET and limit_px is not None:
        return RejectReason.LIMIT_PX_NOT_ALLOWED, "limit_px is set on a MARKET order; leave it out"
    if terms.order_type is OrderType.LIMIT and limit_px is None:
        return RejectReason.LIMIT_PX_MISSING, "limit_px is missing on a LIMIT order"
    return (
        None if limit_px is None else pretrade.check_px_grid(state, terms.instrument_id, limit_px)
    )


def check_terms(state: State, wanted: Wanted, request: OrderAmendRequested, now_ns: int) -> Refusal:
    """The refusal of the further terms that a request states."""
    if request.display_qty is not None:
        shown = replace(wanted.terms, order_qty=wanted.order_qty)
        refusal = check_display_qty(state, shown, now_ns)
        if refusal is not None:
            return refusal
    refusal = pretrade.bad_participation(request.max_participation_ppm)
    return refusal or check_lifetime(state, wanted.order, request, now_ns)


def check_lifetime(
    state: State, order: Order, request: OrderAmendRequested, now_ns: int
) -> Refusal:
    """The end is in what is left of the session; between two days there is no session."""
    end_ns = request.end_ns
    if end_ns is None and request.time_in_force is None:
        return None
    if state.day is None or order.order_id in state.unplaced:
        text = "end_ns and time_in_force are changed within a day, after the order has resumed"
        return RejectReason.CHANGE_NOT_ALLOWED, text
    close_ns = hours.close_ns(state, order.terms.instrument_id)
    if end_ns is not None and not max(now_ns, order.start_ns) < end_ns <= close_ns:
        text = f"end_ns is {end_ns}, expected a time after now and up to the close {close_ns}"
        return RejectReason.WINDOW_INVALID, text
    return None


def is_dearer(side: Side, limit_px: int | None, former_px: int | None) -> bool:
    """Whether a limit lets an order pay more, or sell for less, than the former one."""
    if limit_px is None or former_px is None:
        return limit_px is None and former_px is not None
    return limit_px > former_px if side is Side.BUY else limit_px < former_px


def check_more(state: State, asked: Wanted, now_ns: int) -> Refusal:
    """The refusal of an amend that asks for more than was granted, by the checks of a new order.

    A sale with a higher limit asks for nothing more, but it is worth more.
    """
    order, terms, qty, limit_px = asked
    is_dear = is_dearer(terms.side, limit_px, order.limit_px)
    if qty <= order.order_qty and not is_dear:
        if is_worth_more(order, qty, limit_px):
            wanted = replace(terms, order_qty=qty, limit_px=limit_px)
            return pretrade.check_notional(state, wanted, now_ns, spent_by(state, order))
        return None
    for check in FORBIDS:
        refusal = check(state, terms, now_ns)
        if refusal is not None:
            return refusal
    wanted = replace(terms, order_qty=qty, limit_px=limit_px)
    refusal = pretrade.check_position(state, wanted, now_ns, order.order_qty)
    if refusal is None and is_dear:
        refusal = pretrade.check_collar(state, wanted, now_ns)
    return refusal or pretrade.check_notional(state, wanted, now_ns, spent_by(state, order))


def is_worth_more(order: Order, qty: int, limit_px: int | None) -> bool:
    """Whether the amended order spends more of the allotments than it has."""
    former = risk.notional_of(order.terms, order.order_qty, order.limit_px)
    return risk.notional_of(order.terms, qty, limit_px) > former


def spent_by(state: State, order: Order) -> int:
    """The part of today's allotments that an order has used, 1e-9 currency units."""
    if order.order_id in state.unplaced:
        return 0  # It was carried, and spends when it joins a parent.
    return risk.notional_of(order.terms, order.order_qty, order.limit_px)


FORBIDS: tuple[Callable[[State, Asked, int], Refusal], ...] = (
    pretrade.check_kill_switch,
    pretrade.check_client,
    pretrade.check_source,
    pretrade.check_restricted,
    pretrade.check_halted,
    pretrade.check_limits,
)


# ------------------------------------------------------------------------------ decide


def decide_amend(state: State, request: OrderAmendRequested, now_ns: int) -> tuple[StageEvent, ...]:
    order, refusal = changeable(state, request)
    if order is None:
        return refusal
    wanted = wanted_by(order, request)
    reason = (
        check_fixed(order, request)
        or check_amend(state, wanted)
        or check_terms(state, wanted, request, now_ns)
        or check_more(state, wanted, now_ns)
        or rates.check_changes(state, order.terms, now_ns)
    )
    if reason is not None:
        return (amend_rejected(state, wanted, request, reason, now_ns),)
    noted = amend_pending(state, wanted, request)
    if order.parent_id:
        return (noted,)
    return (noted, order_amended(order, noted))  # Between two days no child covers the quantity.


def decide_cancel(state: State, request: OrderCancelRequested, _: int) -> tuple[StageEvent, ...]:
    order, refusal = changeable(state, request)
    if order is None:
        return refusal
    noted: list[StageEvent] = []
    if order.pending is not None:
        text = f"a cancel of order {order.order_id} came before it took effect"
        noted.append(
            intake.pending_rejected(order, order.pending, RejectReason.CHANGE_PENDING, text)
        )
    noted.append(cancel_pending(order, request.cl_ord_id, order.cum_qty))
    if not order.parent_id:
        noted.append(intake.cancelled(order, request.cl_ord_id, WithdrawReason.CLIENT))
    return tuple(noted)


def changeable(
    state: State, request: OrderAmendRequested | OrderCancelRequested
) -> tuple[Order | None, tuple[StageEvent, ...]]:
    """The order that a request names, or the refusal.

    A cancel outranks a pending amend; any other change is refused while one is pending.
    """
    change = Change.AMEND if isinstance(request, OrderAmendRequested) else Change.CANCEL
    bad_id = check_change_ids(request)
    if bad_id is not None:
        return None, (change_rejected(request, change, *bad_id),)
    known = possible_resends.status_of_resent(state, request)
    if known:
        return None, known
    key = (request.source, request.cl_ord_id)
    taken = state.order_id_of(*key)
    if taken is not None:
        text = f"cl_ord_id {request.cl_ord_id!r:.80} is order {taken} already; use a new one"
        return None, (change_rejected(request, change, RejectReason.DUPLICATE_ORDER, text),)
    if change is Change.AMEND and key in state.refused:
        text = (
            f"cl_ord_id {request.cl_ord_id!r:.80} was refused before ({state.refused[key]}); "
            "use a new one"
        )
        return None, (change_rejected(request, change, RejectReason.DUPLICATE_ORDER, text),)
    order_id = state.order_id_of(request.source, request.orig_cl_ord_id)
    if order_id is None:
        text = (
            f"orig_cl_ord_id {request.orig_cl_ord_id!r:.80} of {request.source!r:.80} is no order"
        )
        return None, (change_rejected(request, change, RejectReason.UNKNOWN_ORDER, text),)
    order = state.orders.get(order_id)
    if order is not None and request.instrument_id not in ("", order.terms.instrument_id):
        text = f"order {order_id} is in {order.terms.instrument_id}, not in what the request names"
        return None, (change_rejected(request, change, RejectReason.UNKNOWN_ORDER, text),)
    if order is None or not order.open_qty:  # None: it is finished, and evicted.
        text = f"order {order_id} has nothing open"
        return None, (change_rejected(request, change, RejectReason.ORDER_ENDED, text),)
    waiting = order.pending
    if waiting is not None and (change is Change.AMEND or waiting.change is Change.CANCEL):
        text = f"request {waiting.cl_ord_id!r:.80} of order {order_id} is not done yet"
        return None, (change_rejected(request, change, RejectReason.CHANGE_PENDING, text),)
    return order, ()


def change_rejected(
    request: OrderAmendRequested | OrderCancelRequested,
    change: Change,
    reason: RejectReason,
    text: str,
) -> OrderChangeRejected:
    return OrderChangeRejected(
        source=request.source,
        cl_ord_id=request.cl_ord_id,
        orig_cl_ord_id=request.orig_cl_ord_id,
        change=change,
        reason=reason,
        text=text,
        asked_notional_cur=0,
        asked_currency="",
        client_id="",
    )


def amend_rejected(
    state: State,
    wanted: Wanted,
    request: OrderAmendRequested,
    refusal: tuple[RejectReason, str],
    now_ns: int,
) -> OrderChangeRejected:
    """The refusal of an amend; for want of an allotment it says how much of whose."""
    rejected = change_rejected(request, Change.AMEND, *refusal)
    if rejected.reason is not RejectReason.ALLOTMENT_EXHAUSTED:
        return rejected
    more = replace(wanted.terms, order_qty=wanted.order_qty, limit_px=wanted.limit_px)
    spent = spent_by(state, wanted.order)
    asked_cur = pretrade.asked_cur(state, more, now_ns, rejected.reason, spent)
    return replace(
        rejected,
        asked_notional_cur=asked_cur,
        asked_currency=wanted.terms.currency,
        client_id=wanted.terms.client_id,
    )


def amend_pending(state: State, wanted: Wanted, request: OrderAmendRequested) -> OrderChangePending:
    """The change as it will take effect: the participation within the client's mandate."""
    stated = changed_terms(request, AMENDABLE)
    if request.max_participation_ppm is not None:
        mandate = state.controls.mandates[wanted.terms.client_id]
        stated["max_participation_ppm"] = pretrade.mandated_participation_ppm(
            mandate, request.max_participation_ppm
        )
    return OrderChangePending(
        order_id=wanted.order.order_id,
        cl_ord_id=request.cl_ord_id,
        change=Change.AMEND,
        order_qty=wanted.order_qty,
        limit_px=wanted.limit_px,
        **stated,
    )


def cancel_pending(order: Order, cl_ord_id: str, order_qty: int) -> OrderChangePending:
    return OrderChangePending(
        order_id=order.order_id,
        cl_ord_id=cl_ord_id,
        change=Change.CANCEL,
        order_qty=order_qty,
        limit_px=order.limit_px,
        order_type=None,
        time_in_force=None,
        end_ns=None,
        display_qty=None,
        must_complete=None,
        max_participation_ppm=None,
    )


DECIDE: Mapping[type, Callable[[State, Any, int], tuple[StageEvent, ...]]] = {
    OrderAmendRequested: decide_amend,
    OrderCancelRequested: decide_cancel,
}


# ------------------------------------------------------------------------------ evolve


def on_change_pending(state: State, event: OrderChangePending) -> None:
    order = state.orders[event.order_id]
    order.pending = PendingChange(
        event.cl_ord_id,
        event.change,
        event.order_qty,
        event.limit_px,
        **changed_terms(event, AMENDABLE),
    )
    state.order_ids[(order.terms.source, event.cl_ord_id)] = event.order_id
    order.change_ids = (*order.change_ids, event.cl_ord_id)
    parent: Parent | None = state.parents.get(order.parent_id)
    if parent is not None:
        parent.pending[event.order_id] = order
        parent.tranche_of(event.order_id).pending[event.order_id] = order
        state.touch(parent.parent_id, MEMBERS)


def on_order_amended(state: State, event: OrderAmended) -> None:
    order = state.orders[event.order_id]
    order.order_qty = event.order_qty
    order.withdrawn_qty = min(order.withdrawn_qty, event.order_qty - order.cum_qty)
    order.limit_px = event.limit_px
    order.terms = terms_after(order.terms, event)
    if event.end_ns is not None:
        order.end_ns = event.end_ns
    order.cl_ord_id = event.cl_ord_id
    intake.clear_pending(state, order)
    intake.forget_done(state, order)


def on_change_rejected(state: State, event: OrderChangeRejected) -> None:
    """A noted change is over; an amend that was never noted has used its id up."""
    order_id = state.order_ids.get((event.source, event.orig_cl_ord_id), "")
    order = state.orders.get(order_id)  # An evicted order has no pending change.
    waiting = None if order is None else order.pending
    if order is not None and waiting is not None and waiting.cl_ord_id == event.cl_ord_id:
        # Else it is a resend of a change that still waits, or another change takes its place.
        if not order.open_qty or event.reason is RejectReason.VENUE_REFUSED:
            intake.clear_pending(state, order)
    elif event.change is Change.AMEND:
        intake.remember_refused(state, event.source, event.cl_ord_id, event.reason)


EVOLVE: Mapping[type, Callable[[State, Any], None]] = {
    OrderChangePending: on_change_pending,
    OrderAmended: on_order_amended,
    OrderChangeRejected: on_change_rejected,
}
