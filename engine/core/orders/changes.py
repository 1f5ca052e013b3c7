"""Accept or refuse a client's change of an order: an amend or a cancel.

A change is only noted here. It takes effect in `aggregation` when no child covers the quantity, or
at once where there is no parent. If the order ends before that, the change is refused as too late,
so that every request has one final answer. A cancel outranks an amend that waits. An amend that
asks for more than was granted passes the checks of a new order; a cancel always passes.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from engine.core.controls import risk
from engine.core.events import (
    Change,
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
from engine.core.orders import intake, pretrade
from engine.core.orders.pretrade import Asked, Refusal
from engine.core.state.model import Order, Parent, PendingChange, order_amended
from engine.core.state.state import MEMBERS, State

# ------------------------------------------------------------------------------ checks


def check_change_ids(request: OrderAmendRequested | OrderCancelRequested) -> Refusal:
    return pretrade.bad_name(
        source=request.source, cl_ord_id=request.cl_ord_id, orig_cl_ord_id=request.orig_cl_ord_id
    )


def check_amend(state: State, order: Order, qty: int, limit_px: int | None) -> Refusal:
    if (qty, limit_px) == (order.order_qty, order.limit_px):
        return RejectReason.NOTHING_TO_CHANGE, "neither order_qty nor limit_px differs"
    terms = order.terms
    refusal = pretrade.bad_qty(state, terms, qty, granted_qty=order.order_qty, advice="")
    if refusal is not None or limit_px is None:
        return refusal
    if terms.order_type is OrderType.MARKET:
        return RejectReason.LIMIT_PX_NOT_ALLOWED, "limit_px is set on a MARKET order; leave it out"
    return pretrade.check_px_grid(state, terms.instrument_id, limit_px)


def check_more(state: State, order: Order, qty: int, limit_px: int | None, now_ns: int) -> Refusal:
    """The refusal of an amend that asks for more than was granted, by the checks of a new order."""
    sign = 1 if order.terms.side is Side.BUY else -1
    is_dearer = (limit_px or 0) * sign > (order.limit_px or 0) * sign
    if qty <= order.order_qty and not is_dearer:
        return None
    for check in FORBIDS:
        refusal = check(state, order.terms, now_ns)
        if refusal is not None:
            return refusal
    wanted = replace(order.terms, order_qty=qty, limit_px=limit_px)
    was_carried = order.order_id in state.unplaced  # It has spent nothing of today's allotments.
    spent = 0 if was_carried else risk.notional_of(order.terms, order.order_qty, order.limit_px)
    refusal = pretrade.check_collar(state, wanted, now_ns) if is_dearer else None
    return refusal or pretrade.check_notional(state, wanted, now_ns, spent)


FORBIDS: tuple[Callable[[State, Asked, int], Refusal], ...] = (
    pretrade.check_kill_switch,
    pretrade.check_source,
    pretrade.check_restricted,
    pretrade.check_halted,
)


# ------------------------------------------------------------------------------ decide


def decide_amend(state: State, request: OrderAmendRequested, now_ns: int) -> tuple[StageEvent, ...]:
    order, refusal = changeable(state, request)
    if order is None:
        return refusal
    qty = order.order_qty if request.order_qty is None else request.order_qty
    limit_px = order.limit_px if request.limit_px is None else request.limit_px
    reason = check_amend(state, order, qty, limit_px) or check_more(
        state, order, qty, limit_px, now_ns
    )
    if reason is not None:
        return (change_rejected(request, Change.AMEND, *reason),)
    noted = pending(order, request.cl_ord_id, Change.AMEND, qty, limit_px)
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
    noted.append(pending(order, request.cl_ord_id, Change.CANCEL, order.cum_qty, order.limit_px))
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
    )


def pending(
    order: Order, cl_ord_id: str, change: Change, order_qty: int, limit_px: int | None
) -> OrderChangePending:
    return OrderChangePending(
        order_id=order.order_id,
        cl_ord_id=cl_ord_id,
        change=change,
        order_qty=order_qty,
        limit_px=limit_px,
    )


DECIDE: Mapping[type, Callable[[State, Any, int], tuple[StageEvent, ...]]] = {
    OrderAmendRequested: decide_amend,
    OrderCancelRequested: decide_cancel,
}


# ------------------------------------------------------------------------------ evolve


def on_change_pending(state: State, event: OrderChangePending) -> None:
    order = state.orders[event.order_id]
    order.pending = PendingChange(event.cl_ord_id, event.change, event.order_qty, event.limit_px)
    state.order_ids[(order.terms.source, event.cl_ord_id)] = event.order_id
    order.change_ids = (*order.change_ids, event.cl_ord_id)
    parent: Parent | None = state.parents.get(order.parent_id)
    if parent is not None:
        parent.pending[event.order_id] = order
        state.touch(parent.parent_id, MEMBERS)


def on_order_amended(state: State, event: OrderAmended) -> None:
    order = state.orders[event.order_id]
    order.order_qty = event.order_qty
    order.withdrawn_qty = min(order.withdrawn_qty, event.order_qty - order.cum_qty)
    order.limit_px = event.limit_px
    order.cl_ord_id = event.cl_ord_id
    intake.clear_pending(state, order)
    intake.forget_done(state, order)


def on_change_rejected(state: State, event: OrderChangeRejected) -> None:
    """A noted change is over; an amend that was never noted has used its id up."""
    order_id = state.order_ids.get((event.source, event.orig_cl_ord_id), "")
    order = state.orders.get(order_id)  # An evicted order has no pending change.
    waiting = None if order is None else order.pending
    if order is not None and waiting is not None and waiting.cl_ord_id == event.cl_ord_id:
        if not order.open_qty:  # Else it is a resend of a change that still waits.
            intake.clear_pending(state, order)
    elif event.change is Change.AMEND:
        intake.remember_refused(state, event.source, event.cl_ord_id, event.reason)


EVOLVE: Mapping[type, Callable[[State, Any], None]] = {
    OrderChangePending: on_change_pending,
    OrderAmended: on_order_amended,
    OrderChangeRejected: on_change_rejected,
}
