"""Accept a client's order in normal form, or refuse it with one reason.

A request that passes the checks of `pretrade` becomes OrderAccepted with every field filled, from
the request, else from the client's mandate, else from the session. Orders also end here, with the
quantity that their parent could not fill.

An id of a source names one request a day, from close to close, accepted or refused: a resend of a
refused request is refused again and never judged anew. There are two exceptions. A request that was
refused because its source was suspended may be sent again under its id, as the refusal asks for;
so may a refused cancel, because a cancel can only reduce the risk. A request that says that it may
have been sent before is answered with the state of its order (`resends`).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from engine.core.controls import limits, risk
from engine.core.events import (
    Change,
    EndReason,
    FillAllocated,
    FillReallocated,
    Immediacy,
    OrderAccepted,
    OrderCancelled,
    OrderChangeRejected,
    OrderExpired,
    OrderRejected,
    OrderReopened,
    OrderRestated,
    OrderSubmitted,
    ParentEnded,
    RejectReason,
    StageEvent,
    TimeInForce,
    WithdrawReason,
)
from engine.core.field_copy import copier
from engine.core.market import consolidated, hours
from engine.core.orders import possible_resends, pretrade
from engine.core.state.model import Order, PendingChange
from engine.core.state.state import State

REFUSED_IDS_MAX = (
    100_000  # Remembered at a time in a shard; a source that floods the shard costs 30 MB.
)
# A refusal for one of these does not use the id up.
REUSABLE = (RejectReason.ID_INVALID, RejectReason.DUPLICATE_ORDER, RejectReason.SOURCE_SUSPENDED)
# A request is accepted as it came, but for these fields.
ACCEPTED = copier(
    OrderSubmitted,
    OrderAccepted,
    *("start_ns", "end_ns", "max_participation_ppm", "no_dark", "excluded_venues"),
    *("crossing_consent", "currency", "arrival_mid_px", "value_px"),
)

# ------------------------------------------------------------------------------ decide


def decide_submitted(state: State, order: OrderSubmitted, now_ns: int) -> tuple[StageEvent, ...]:
    known = possible_resends.status_of_resent(state, order)
    if known:
        return known
    for check in pretrade.CHECKS:
        refusal = check(state, order, now_ns)
        if refusal is not None:
            reason, text = refusal
            asked_cur = pretrade.asked_cur(state, order, now_ns, reason)
            return (
                OrderRejected(
                    source=order.source,
                    cl_ord_id=order.cl_ord_id,
                    client_id=order.client_id,
                    instrument_id=order.instrument_id,
                    reason=reason,
                    text=text,
                    asked_notional_cur=asked_cur,
                    asked_currency=limits.currency_of(state, order.instrument_id)
                    if asked_cur
                    else "",
                ),
            )
    return (normalised(state, order, now_ns),)


def normalised(state: State, order: OrderSubmitted, now_ns: int) -> OrderAccepted:
    """The order with every field filled: its own, else the mandate's, else the session's."""
    mandate = state.controls.mandates[order.client_id]
    consent = order.crossing_consent
    start_ns, end_ns = pretrade.window(state, order)
    if order.immediacy is not Immediacy.NONE:  # Its children are answered by then.
        end_ns = min(end_ns, now_ns + max(1, risk.policy_of(state).send_within_ns))
    return ACCEPTED(
        order,
        start_ns=start_ns,
        end_ns=end_ns,
        max_participation_ppm=pretrade.mandated_participation_ppm(
            mandate, order.max_participation_ppm
        ),
        no_dark=order.no_dark or not mandate.dark_allowed,
        excluded_venues=pretrade.mandated_venues(mandate, order.excluded_venues),
        crossing_consent=mandate.crossing_consent if consent is None else consent,
        currency=state.reference.instruments[order.instrument_id].currency,
        arrival_mid_px=consolidated.view(state, order.instrument_id, now_ns).mid_px,
        value_px=pretrade.value_px(state, order, now_ns),
    )


def decide_parent_ended(state: State, event: ParentEnded, _: int) -> tuple[StageEvent, ...]:
    """End the members that the parent could not fill; a GTC order outlives the day's end."""
    parent = state.parents_ended[event.parent_id]
    by_day = event.reason is EndReason.DAY_CLOSED
    ended: list[StageEvent] = []
    for member in parent.members.values():
        if member.is_active and member.order.open_qty:
            end_ns = parent.tranches[member.tranche].terms.end_ns
            ended += unfilled(state, member.order, end_ns, by_day=by_day)
    return tuple(ended)


def unfilled(state: State, order: Order, end_ns: int, *, by_day: bool) -> Iterator[StageEvent]:
    """The end of an order whose time in its parent is over."""
    session_over = by_day or (
        state.day is not None and end_ns >= hours.close_ns(state, order.terms.instrument_id)
    )
    waiting = order.pending
    if waiting is not None and waiting.change is Change.CANCEL:
        yield cancelled(order, waiting.cl_ord_id, WithdrawReason.CLIENT)
    elif not (session_over and order.terms.time_in_force is TimeInForce.GTC):
        why = WithdrawReason.DAY_CLOSED if by_day else WithdrawReason.WINDOW_ENDED
        yield OrderExpired(order_id=order.order_id, withdrawn_qty=order.open_qty, reason=why)
        if waiting is not None:
            text = f"order {order.order_id} expired before it took effect"
            yield pending_rejected(order, waiting, RejectReason.ORDER_ENDED, text)


def decide_allocated(
    state: State, event: FillAllocated | FillReallocated, _: int
) -> tuple[StageEvent, ...]:
    """Refuse a pending change of an order that has just been filled; it comes too late.

    Only a fill or a correction can do that: a member whose change is pending does not cross.
    """
    return too_late(state.parent(event.parent_id).pending.values())


def too_late(orders: Iterable[Order]) -> tuple[StageEvent, ...]:
    """The refusals of the pending changes of the orders that have nothing open."""
    refused: list[StageEvent] = []
    for order in orders:
        if order.pending is not None and not order.open_qty:
            text = f"order {order.order_id} was filled before it took effect"
            reason = RejectReason.ORDER_ENDED
            refused.append(pending_rejected(order, order.pending, reason, text))
    return tuple(refused)


def pending_rejected(
    order: Order, waiting: PendingChange, reason: RejectReason, text: str
) -> OrderChangeRejected:
    """The final answer to a noted change that can no longer take effect."""
    return OrderChangeRejected(
        source=order.terms.source,
        cl_ord_id=waiting.cl_ord_id,
        orig_cl_ord_id=order.cl_ord_id,
        change=waiting.change,
        reason=reason,
        text=text,
        asked_notional_cur=0,
        asked_currency="",
        client_id="",
    )


def cancelled(order: Order, cl_ord_id: str, reason: WithdrawReason) -> OrderCancelled:
    return OrderCancelled(
        order_id=order.order_id,
        cl_ord_id=cl_ord_id,
        withdrawn_qty=order.open_qty,
        reason=reason,
        text="",
    )


DECIDE: Mapping[type, Callable[[State, Any, int], tuple[StageEvent, ...]]] = {
    OrderSubmitted: decide_submitted,
    ParentEnded: decide_parent_ended,
    FillAllocated: decide_allocated,
    FillReallocated: decide_allocated,
}


# ------------------------------------------------------------------------------ evolve


def on_order_accepted(state: State, event: OrderAccepted) -> None:
    order_id = state.event_id(event.seq)
    state.orders[order_id] = Order(
        order_id=order_id,
        terms=event,
        cl_ord_id=event.cl_ord_id,
        order_qty=event.order_qty,
        limit_px=event.limit_px,
        start_ns=event.start_ns,
        end_ns=event.end_ns,
    )
    state.order_ids[(event.source, event.cl_ord_id)] = order_id


def on_withdrawn(state: State, event: OrderCancelled | OrderExpired) -> None:
    order = state.orders[event.order_id]
    order.withdrawn_qty += event.withdrawn_qty
    if not order.is_over:  # Else a bust took back a fill, and the order stays ended as it was.
        order.is_expired = isinstance(event, OrderExpired)
    if not order.open_qty:  # Else an early release withdrew what a bust gave back.
        order.is_over = True
        clear_pending(state, order)
    forget_done(state, order)


def on_order_restated(state: State, event: OrderRestated) -> None:
    state.orders[event.order_id].withdrawn_qty = event.withdrawn_qty


def on_order_reopened(_: State, __: OrderReopened) -> None:
    """Its quantity is open since the reallocation; it joins a parent next."""


def forget_done(state: State, order: Order) -> None:
    """A carried order with nothing open waits for no parent."""
    if not order.open_qty and state.place(order.order_id):
        order.homes -= 1


def clear_pending(state: State, order: Order) -> None:
    order.pending = None
    parent = state.parents.get(order.parent_id)
    if parent is not None:
        parent.pending.pop(order.order_id, None)
        parent.tranche_of(order.order_id).pending.pop(order.order_id, None)


def on_order_rejected(state: State, event: OrderRejected) -> None:
    remember_refused(state, event.source, event.cl_ord_id, event.reason)


def remember_refused(state: State, source: str, cl_ord_id: str, reason: RejectReason) -> None:
    """Keep the newest ids that were used up by a refusal."""
    key = (source, cl_ord_id)
    if reason in REUSABLE or state.order_id_of(*key) is not None:
        return
    state.refused[key] = reason
    if len(state.refused) > REFUSED_IDS_MAX:
        state.refused.popitem(last=False)


EVOLVE: Mapping[type, Callable[[State, Any], None]] = {
    OrderAccepted: on_order_accepted,
    OrderCancelled: on_withdrawn,
    OrderExpired: on_withdrawn,
    OrderRestated: on_order_restated,
    OrderReopened: on_order_reopened,
    OrderRejected: on_order_rejected,
}
