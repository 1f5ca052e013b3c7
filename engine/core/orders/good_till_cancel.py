"""A GTC order over the close, and on the next day.

The close writes an OrderCarried for the order, after an amend that waited for its children. On the
next day the order is judged again as soon as the day is open and a policy is in force, because an
order of yesterday may be restricted, above a limit or without a mandate today. OrderResumed places
it within today's mandate; OrderCancelled ends it, with the reason. OrderHeld says that it waits: an
order whose value is limited for the first price of the day, one without a limit for a limit, and
one that its shard's allotment does not cover for a larger part.

A batch judges a bounded number of them. An order that waits is not judged again before there is a
price in its instrument, it is amended, or a rule changes that it is judged by; one that is held for
a corporate action not before its client amends it, or another action becomes known.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from engine.core.controls import risk
from engine.core.events import (
    CalendarDefined,
    Change,
    CorporateActionApplied,
    CorporateActionDefined,
    DepthObserved,
    FillReallocated,
    InstrumentDefined,
    LimitAllotted,
    MandateSet,
    Membership,
    OrderAccepted,
    OrderAmended,
    OrderCancelled,
    OrderCarried,
    OrderHeld,
    OrderResumed,
    QuoteObserved,
    RejectReason,
    RestrictionSet,
    RiskLimitSet,
    StageEvent,
    TickTableDefined,
    TimeInForce,
    TradeObserved,
    WithdrawReason,
)
from engine.core.field_copy import copier, field_names
from engine.core.market import hours
from engine.core.orders import corporate_actions, pretrade
from engine.core.orders.terms import Refusal
from engine.core.state.model import Order, order_amended, terms_after
from engine.core.state.state import State

JUDGED_MAX = 500  # Carried orders that a batch judges.

# The terms of an order are carried as they are, but for these fields.
AS_CARRIED = copier(
    OrderAccepted,
    OrderCarried,
    *("order_id", "cl_ord_id", "order_qty", "limit_px", "crossed_qty", "allocated_qty"),
    *("avg_px", "beyond_avg_px", "memberships", "left_out_qty", "held_action_id", "adjusted_ns"),
)
TERMS = copier(OrderCarried, OrderAccepted, "start_ns", "end_ns", "value_px")
# A carried order waits for a session, the first quote or print, a limit, an allotment, room in a
# position, a market near its own limit, and its client.
WAITS_FOR = (
    RejectReason.POSITION_ABOVE_LIMIT,
    RejectReason.SESSION_CLOSED,
    RejectReason.NO_REFERENCE_PX,
    RejectReason.NO_LIMITS,
    RejectReason.ALLOTMENT_EXHAUSTED,
    RejectReason.LIMIT_PX_OUTSIDE_COLLAR,
    RejectReason.CORPORATE_ACTION,
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


def carry_forward(
    state: State, order: Order, memberships: tuple[Membership, ...], shared_qty: int
) -> tuple[StageEvent, ...]:
    """The order's record for the next day, after an amend that waited for its children.

    `shared_qty` is the sum of its shares in the carried fills.
    """
    past: dict[str, Any] = {
        "memberships": memberships,
        "left_out_qty": order.allocated_qty - shared_qty,
        "held_action_id": corporate_actions.unmet_at_close(state, order) or order.held_action_id,
    }
    change = order.pending
    if change is None:
        same = (order.terms, order.cl_ord_id, order.order_qty, order.limit_px)
        return (carried_order(order, *same, **past),)
    amended, terms = order_amended(order, change), terms_after(order.terms, change)
    qty = amended.order_qty
    if qty == order.cum_qty or terms.time_in_force is not TimeInForce.GTC:
        return (amended,)  # It cuts the order to what is done, or to this day: then it expires.
    return (amended, carried_order(order, terms, change.cl_ord_id, qty, change.limit_px, **past))


def carried_order(
    order: Order,
    terms: OrderAccepted,
    cl_ord_id: str,
    order_qty: int,
    limit_px: int | None,
    **past: Any,  # noqa: ANN401  Fields of any type.
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
        beyond_avg_px=order.notional - order.avg_px * order.cum_qty,
        adjusted_ns=order.adjusted_ns,
        **past,
    )


# ---------------------------------------------------------------------------- the open


def may_judge(state: State, now_ns: int) -> bool:
    """Whether carried orders may be placed now: a day is open and a policy is in force."""
    day = state.day
    return day is not None and state.controls.policy is not None and now_ns < day.close_ns


def is_behind(state: State, now_ns: int) -> bool:
    """Whether carried orders wait that a batch had no room for."""
    return bool(state.unjudged) and may_judge(state, now_ns)


def resume_or_cancel(state: State, order_id: str, now_ns: int) -> tuple[StageEvent, ...]:
    """Judge a carried order by today's rules: it resumes, ends with a reason, or waits."""
    order = state.unplaced[order_id]
    if not order.open_qty:
        return ()  # A late fill of yesterday filled it; a bust may open it again.
    action = corporate_actions.due(state, order)
    if action is not None:
        return corporate_actions.applied(state, order, action)  # It is judged again next.
    refusal = held_for_action(order) or pretrade.recheck(state, order, now_ns)
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


def held_for_action(order: Order) -> Refusal:
    if not order.held_action_id:
        return None
    return (
        RejectReason.CORPORATE_ACTION,
        (
            f"held at corporate action {order.held_action_id!r:.80}; amend the order to what it is "
            "meant to be now, or cancel it"
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
    terms = order.terms
    spans = hours.of_instrument(state, terms.instrument_id)
    assert spans, "only a day in progress takes carried orders"
    mandate = state.controls.mandates[terms.client_id]
    asked = replace(terms, limit_px=order.limit_px)
    return OrderResumed(
        order_id=order.order_id,
        start_ns=spans[0].open_ns,
        end_ns=spans[-1].close_ns,
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
        notional=event.avg_px * (event.crossed_qty + event.allocated_qty) + event.beyond_avg_px,
        homes=1,
        held_action_id=event.held_action_id,
        adjusted_ns=event.adjusted_ns,
    )


def on_order_held(state: State, event: OrderHeld) -> None:
    order = state.orders[event.order_id]
    order.held_ns, order.held_for = event.at_ns, event.reason


def take_unjudged(state: State, now_ns: int) -> None:
    """Choose the orders that this batch judges."""
    while state.unjudged and len(state.judging) < JUDGED_MAX and may_judge(state, now_ns):
        order_id, _ = state.unjudged.popitem(last=False)
        state.judging[order_id] = None


def on_sealed(state: State) -> None:
    """The orders that were judged and are still there wait for a price, or for their clients."""
    for order_id in state.judging:
        order = state.unplaced.get(order_id)
        if order is not None and not order.held_action_id:
            state.unpriced.setdefault(order.terms.instrument_id, {})[order_id] = None
    state.judging.clear()


def on_priced(state: State, seen: QuoteObserved | DepthObserved | TradeObserved) -> None:
    if state.unpriced:
        judge_again(state, state.unpriced.pop(seen.instrument_id, {}))


def on_rule_changed(state: State, _: object) -> None:
    for waiting in state.unpriced.values():
        judge_again(state, waiting)
    state.unpriced.clear()


def on_action_defined(state: State, action: CorporateActionDefined) -> None:
    """Orders meet it before their clients amend them, also those that are held for another one."""
    of_instrument = [
        order_id
        for order_id, order in state.unplaced.items()
        if order.terms.instrument_id == action.instrument_id
    ]
    judge_again(state, of_instrument)
    state.unpriced.pop(action.instrument_id, None)


def judge_again(state: State, waiting: Iterable[str]) -> None:
    """Those of the orders that are still without a parent."""
    for order_id in waiting:
        if order_id in state.unplaced:
            state.unjudged[order_id] = None


FACTS: Mapping[type, Callable[[State, Any], None]] = {
    **dict.fromkeys((QuoteObserved, DepthObserved, TradeObserved), on_priced),
    **dict.fromkeys(
        (
            *(MandateSet, RiskLimitSet, LimitAllotted, RestrictionSet),
            *(InstrumentDefined, TickTableDefined, CalendarDefined),
        ),
        on_rule_changed,
    ),
    CorporateActionDefined: on_action_defined,
}


def on_order_amended(state: State, event: OrderAmended) -> None:
    """It may have a price of its own now."""
    if event.order_id in state.unplaced:
        state.unjudged[event.order_id] = None


def on_corporate_action_applied(state: State, event: CorporateActionApplied) -> None:
    """It is judged again in its new units, or for what it is held."""
    state.unjudged[event.order_id] = None


def on_fill_reallocated(state: State, event: FillReallocated) -> None:
    """A bust of a fill of yesterday may open it again."""
    judge_again(state, [share.order_id for share in event.before])


def on_order_resumed(state: State, event: OrderResumed) -> None:
    order = state.orders[event.order_id]
    order.start_ns, order.end_ns = event.start_ns, event.end_ns
    order.terms = replace(order.terms, **{name: getattr(event, name) for name in RESUMED_TERMS})


EVOLVE: Mapping[type, Callable[[State, Any], None]] = {
    OrderCarried: on_order_carried,
    OrderAmended: on_order_amended,
    CorporateActionApplied: on_corporate_action_applied,
    FillReallocated: on_fill_reallocated,
    OrderResumed: on_order_resumed,
    OrderHeld: on_order_held,
}
