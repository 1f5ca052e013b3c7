"""A GTC order over the close, and on the next day.

The close states what survives (OrderCarried), after an amend that waited for its children. On the
next day the order is judged again, once a day and a policy are there: what was allowed yesterday
may be restricted, above a limit or without a mandate today. OrderResumed places it within today's
mandate, OrderCancelled with a reason ends it; one whose value is limited waits for its first price.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from engine.core.events import (
    Change,
    OrderAccepted,
    OrderAmended,
    OrderCancelled,
    OrderCarried,
    OrderResumed,
    RejectReason,
    StageEvent,
    TimeInForce,
    WithdrawReason,
)
from engine.core.orders import pretrade
from engine.core.state.model import Order, amended_qty
from engine.core.state.state import State

# --------------------------------------------------------------------------- the close


def is_carried(order: Order) -> bool:
    is_leaving = order.pending is not None and order.pending.change is Change.CANCEL
    is_gtc = order.terms.time_in_force is TimeInForce.GTC
    return is_gtc and order.open_qty > 0 and not is_leaving


def carry_forward(order: Order) -> tuple[StageEvent, ...]:
    """The order's record for the next day, after an amend that waited for its children."""
    change = order.pending
    if change is None:
        return (carried_order(order, order.cl_ord_id, order.order_qty, order.limit_px),)
    qty = amended_qty(order)
    amended = OrderAmended(
        order_id=order.order_id,
        cl_ord_id=change.cl_ord_id,
        previous_qty=order.order_qty,
        order_qty=qty,
        limit_px=change.limit_px,
    )
    if qty == order.order_qty - order.open_qty:
        return (amended,)  # Cut to what is done.
    return (amended, carried_order(order, change.cl_ord_id, qty, change.limit_px))


def carried_order(
    order: Order, cl_ord_id: str, order_qty: int, limit_px: int | None
) -> OrderCarried:
    terms = order.terms
    return OrderCarried(
        order_id=order.order_id,
        source=terms.source,
        cl_ord_id=cl_ord_id,
        client_id=terms.client_id,
        instrument_id=terms.instrument_id,
        side=terms.side,
        order_qty=order_qty - order.withdrawn_qty,
        order_type=terms.order_type,
        limit_px=limit_px,
        time_in_force=terms.time_in_force,
        urgency=terms.urgency,
        benchmark=terms.benchmark,
        max_participation_ppm=terms.max_participation_ppm,
        no_dark=terms.no_dark,
        excluded_venues=terms.excluded_venues,
        crossing_consent=terms.crossing_consent,
        must_complete=terms.must_complete,
        capacity=terms.capacity,
        settlement=terms.settlement,
        currency=terms.currency,
        decision_px=terms.decision_px,
        arrival_mid_px=terms.arrival_mid_px,
        received_ns=terms.received_ns,
        crossed_qty=order.crossed_qty,
        allocated_qty=order.allocated_qty,
    )


# ---------------------------------------------------------------------------- the open


def to_be_resumed(state: State, now_ns: int) -> tuple[str, ...]:
    """The carried orders that may be placed now: once a day and a policy are there."""
    if state.day is None or state.controls.policy is None or now_ns >= state.day.close_ns:
        return ()
    return tuple(state.unplaced)


def resume_or_cancel(state: State, order_id: str, now_ns: int) -> tuple[StageEvent, ...]:
    """Judge a carried order by today's rules: it resumes, or it ends with the reason."""
    order = state.unplaced[order_id]
    refusal = pretrade.recheck(state, order, now_ns)
    if refusal is None:
        return (resumed(state, order, now_ns),)
    reason, text = refusal
    if reason is RejectReason.NO_REFERENCE_PX:
        return ()  # The first quote or print of the day says more.
    return (
        OrderCancelled(
            order_id=order_id,
            cl_ord_id="",
            withdrawn_qty=order.open_qty,
            reason=WithdrawReason.REFUSED,
            text=f"{reason}: {text}",
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
    """The order as the next day will know it; its window is set when it resumes."""
    terms = OrderAccepted(
        source=event.source,
        cl_ord_id=event.cl_ord_id,
        client_id=event.client_id,
        instrument_id=event.instrument_id,
        side=event.side,
        order_qty=event.order_qty,
        order_type=event.order_type,
        limit_px=event.limit_px,
        time_in_force=event.time_in_force,
        urgency=event.urgency,
        benchmark=event.benchmark,
        start_ns=0,
        end_ns=0,
        max_participation_ppm=event.max_participation_ppm,
        no_dark=event.no_dark,
        excluded_venues=event.excluded_venues,
        crossing_consent=event.crossing_consent,
        must_complete=event.must_complete,
        capacity=event.capacity,
        settlement=event.settlement,
        currency=event.currency,
        decision_px=event.decision_px,
        arrival_mid_px=event.arrival_mid_px,
        received_ns=event.received_ns,
        value_px=0,
    )
    state.carried.orders[event.order_id] = Order(
        order_id=event.order_id,
        terms=terms,
        cl_ord_id=event.cl_ord_id,
        order_qty=event.order_qty,
        limit_px=event.limit_px,
        start_ns=0,
        end_ns=0,
        crossed_qty=event.crossed_qty,
        allocated_qty=event.allocated_qty,
    )


def on_order_resumed(state: State, event: OrderResumed) -> None:
    order = state.orders[event.order_id]
    order.start_ns, order.end_ns = event.start_ns, event.end_ns
    order.terms = replace(
        order.terms,
        start_ns=event.start_ns,
        end_ns=event.end_ns,
        max_participation_ppm=event.max_participation_ppm,
        no_dark=event.no_dark,
        excluded_venues=event.excluded_venues,
        value_px=event.value_px,
    )


EVOLVE: Mapping[type, Callable[[State, Any], None]] = {
    OrderCarried: on_order_carried,
    OrderResumed: on_order_resumed,
}
