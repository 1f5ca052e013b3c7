"""A GTC order over the close, and on the next day.

The close writes an OrderCarried for the order, after an amend that waited for its children. On the
next day the order is judged again as soon as the day is open and a policy is in force, because an
order of yesterday may be restricted, above a limit or without a mandate today. OrderResumed places
it within today's mandate; OrderCancelled ends it, with the reason. OrderHeld says that it waits: an
order whose value is limited for the first price of the day, one without a limit for a limit, and
one that its shard's allotment does not cover for a larger part.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from engine.core.controls import risk
from engine.core.events import (
    Change,
    OrderAccepted,
    OrderCancelled,
    OrderCarried,
    OrderHeld,
    OrderResumed,
    RejectReason,
    StageEvent,
    TimeInForce,
    WithdrawReason,
)
from engine.core.field_copy import copier, field_names
from engine.core.orders import pretrade
from engine.core.state.model import Order, order_amended, terms_after
from engine.core.state.state import State

# The terms of an order are carried as they are, but for these fields.
AS_CARRIED = copier(
    OrderAccepted,
    OrderCarried,
    *("order_id", "cl_ord_id", "order_qty", "limit_px", "crossed_qty", "allocated_qty"),
    "avg_px",
)
TERMS = copier(OrderCarried, OrderAccepted, "start_ns", "end_ns", "value_px")
# A carried order waits for the first quote or print of the day, a limit, and an allotment.
WAITS_FOR = (
    RejectReason.NO_REFERENCE_PX,
    RejectReason.NO_LIMITS,
    RejectReason.ALLOTMENT_EXHAUSTED,
)
# The fields that the new day's session and mandate decide.
RESUMED_TERMS = tuple(name for name in field_names(OrderResumed) if name != "order_id")

# --------------------------------------------------------------------------- the close


def is_to_be_carried(order: Order) -> bool:
    """Whether an open order outlives the close, or becomes one that does by a pending amend."""
    change = order.pending
    is_leaving = change is not None and change.change is Change.CANCEL
    is_gtc = order.terms.time_in_force is TimeInForce.GTC
    becomes_gtc = change is not None and change.time_in_force is TimeInForce.GTC
    return (is_gtc or becomes_gtc) and order.open_qty > 0 and not is_leaving


def carry_forward(order: Order) -> tuple[StageEvent, ...]:
    """The order's record for the next day, after an amend that waited for its children."""
    change = order.pending
    if change is None:
        return (
            carried_order(order, order.terms, order.cl_ord_id, order.order_qty, order.limit_px),
        )
    amended, terms = order_amended(order, change), terms_after(order.terms, change)
    qty = amended.order_qty
    if qty == order.cum_qty or terms.time_in_force is not TimeInForce.GTC:
        return (amended,)  # It cuts the order to what is done, or to this day: then it expires.
    return (amended, carried_order(order, terms, change.cl_ord_id, qty, change.limit_px))


def carried_order(
    order: Order, terms: OrderAccepted, cl_ord_id: str, order_qty: int, limit_px: int | None
) -> OrderCarried:
    return AS_CARRIED(
        terms,
        order_id=order.order_id,
        cl_ord_id=cl_ord_id,
        order_qty=order_qty - order.withdrawn_qty,
        limit_px=limit_px,
        crossed_qty=order.crossed_qty,
        allocated_qty=order.allocated_qty,
        avg_px=order.avg_px,
    )


# ---------------------------------------------------------------------------- the open


def to_be_resumed(state: State, now_ns: int) -> tuple[str, ...]:
    """The carried orders that may be placed now: once a day is open and a policy is in force."""
    if state.day is None or state.controls.policy is None or now_ns >= state.day.close_ns:
        return ()
    return tuple(state.unplaced)


def resume_or_cancel(state: State, order_id: str, now_ns: int) -> tuple[StageEvent, ...]:
    """Judge a carried order by today's rules: it resumes, ends with a reason, or waits."""
    order = state.unplaced[order_id]
    refusal = pretrade.recheck(state, order, now_ns)
    if refusal is None:
        return (resumed(state, order, now_ns),)
    reason, text = refusal
    if reason in WAITS_FOR:
        return held(state, order, reason, text, now_ns)
    return (
        OrderCancelled(
            order_id=order_id,
            cl_ord_id="",
            withdrawn_qty=order.open_qty,
            reason=WithdrawReason.REFUSED,
            text=f"{reason}: {text}",
        ),
    )


def held(
    state: State, order: Order, reason: RejectReason, text: str, now_ns: int
) -> tuple[StageEvent, ...]:
    """The hold of a carried order, told once; for want of an allotment again after an interval."""
    is_spent = reason is RejectReason.ALLOTMENT_EXHAUSTED
    again_ns = order.held_ns + risk.policy_of(state).interval_ns
    if order.held_for == reason and not (is_spent and now_ns >= again_ns):
        return ()
    asked = replace(order.terms, order_qty=order.open_qty, limit_px=order.limit_px)
    return (
        OrderHeld(
            order_id=order.order_id,
            client_id=order.terms.client_id,
            reason=reason,
            text=text,
            asked_notional_cur=pretrade.asked_cur(state, asked, now_ns, reason),
            asked_currency=order.terms.currency if is_spent else "",
        ),
    )


def resumed(state: State, order: Order, now_ns: int) -> OrderResumed:
    """The order of today: its window is the session, its terms keep within today's mandate."""
    assert state.day is not None, "only a day in progress takes carried orders"
    terms = order.terms
    mandate = state.controls.mandates[terms.client_id]
    asked = replace(terms, limit_px=order.limit_px)
    return OrderResumed(
        order_id=order.order_id,
        start_ns=state.day.open_ns,
        end_ns=state.day.close_ns,
        max_participation_ppm=pretrade.mandated_participation_ppm(
            mandate, terms.max_participation_ppm
        ),
        no_dark=terms.no_dark or not mandate.dark_allowed,
        excluded_venues=pretrade.mandated_venues(mandate, terms.excluded_venues),
        value_px=pretrade.value_px(state, asked, now_ns),
    )


# ------------------------------------------------------------------------------ evolve


def on_order_carried(state: State, event: OrderCarried) -> None:
    """Keep the order for the next day; its window is set when it resumes."""
    state.carried.orders[event.order_id] = Order(
        order_id=event.order_id,
        terms=TERMS(event, start_ns=0, end_ns=0, value_px=0),
        cl_ord_id=event.cl_ord_id,
        order_qty=event.order_qty,
        limit_px=event.limit_px,
        start_ns=0,
        end_ns=0,
        crossed_qty=event.crossed_qty,
        allocated_qty=event.allocated_qty,
        notional=event.avg_px * (event.crossed_qty + event.allocated_qty),
    )


def on_order_held(state: State, event: OrderHeld) -> None:
    order = state.orders[event.order_id]
    order.held_ns, order.held_for = event.at_ns, event.reason


def on_order_resumed(state: State, event: OrderResumed) -> None:
    order = state.orders[event.order_id]
    order.start_ns, order.end_ns = event.start_ns, event.end_ns
    order.terms = replace(order.terms, **{name: getattr(event, name) for name in RESUMED_TERMS})


EVOLVE: Mapping[type, Callable[[State, Any], None]] = {
    OrderCarried: on_order_carried,
    OrderResumed: on_order_resumed,
    OrderHeld: on_order_held,
}
