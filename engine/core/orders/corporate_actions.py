"""A carried order at a corporate action of its instrument: adjusted by its ratio, or held.

A split changes what one increment is. An order of before counts the old ones, so before it may work
again its open quantity and its limit follow the ratio, or it waits for its client: by the policy,
and at every action that is no split. What was executed stays in the units in which it was traded.
The quantity is rounded down, so that no order sells what its client does not have; the limit is
rounded to the tick in the client's favour. Nothing is adjusted that the engine is not sure of: an
action that becomes known after its day holds the orders that were carried, because some of them may
have been given on that day, and halts the instrument where such an order is at work.

By a close every carried order has met the actions up to its day, or is held at the first that it
has not met, because the day was too short to judge it or the order was at work. So the close
settles those actions: one that is loaded again concerns no order. It keeps them for a year, and an
action that is older when it becomes known concerns no order either.
"""

from collections.abc import Callable, Mapping
from typing import Any

from engine.core.controls import risk
from engine.core.events import (
    CorporateActionApplied,
    CorporateActionDefined,
    CorporateActionKind,
    CorporateActionPolicy,
    HaltReason,
    InstrumentHalted,
    OrderAmended,
    OrderCancelled,
    Side,
    StageEvent,
    WithdrawReason,
)
from engine.core.market import reference
from engine.core.state.model import Order
from engine.core.state.state import Reference, State, seq_of

YEAR_DAYS = 10_000  # A year in the count yyyymmdd.

# ------------------------------------------------------------------------------ decide


def decide_defined(state: State, action: CorporateActionDefined, _: int) -> tuple[StageEvent, ...]:
    """Halt the instrument if an order of an earlier day is at work in the wrong units."""
    if state.day is None or action.effective_day > state.day.day or is_settled(state, action):
        return ()
    at_work = [
        order
        for order in state.orders_by_age()
        if order.terms.instrument_id == action.instrument_id
        and order.open_qty
        and order.order_id not in state.unplaced
        and is_of_earlier_day(state, order)
        and action.action_id not in order.action_ids
    ]
    if not at_work:
        return ()
    text = (
        f"corporate action {action.action_id!r:.80} of {action.effective_day} was loaded when "
        f"{len(at_work)} orders of earlier days were at work, the first is {at_work[0].order_id}; "
        "cancel them, then lift the halt"
    )
    return (
        InstrumentHalted(
            instrument_id=action.instrument_id, reason=HaltReason.CORPORATE_ACTION, text=text
        ),
    )


def is_of_earlier_day(state: State, order: Order) -> bool:
    return order.order_id in state.unplaced or seq_of(order.order_id) < state.day_seq


def is_settled(state: State, action: CorporateActionDefined) -> bool:
    """Whether a close has settled the action, or it is too old to concern an order."""
    is_old = action.effective_day <= state.controls.closed_day - YEAR_DAYS
    return is_old or action.action_id in state.reference.settled


DECIDE: Mapping[type, Callable[[State, Any, int], tuple[StageEvent, ...]]] = {
    CorporateActionDefined: decide_defined,
}

# -------------------------------------------------------------------------------- plan


def due(state: State, order: Order) -> CorporateActionDefined | None:
    """The first action that the day has reached and the order has not met."""
    assert state.day is not None, "carried orders are judged within a day"
    return first_unmet(state, order, state.day.day)


def unmet_at_close(state: State, order: Order) -> str:
    """Id of the first action up to the closed day that a carried order has not met; empty if none.

    An order of that day knows its units.
    """
    if not is_of_earlier_day(state, order):
        return ""
    action = first_unmet(state, order, state.controls.closed_day)
    return "" if action is None else action.action_id


def first_unmet(state: State, order: Order, day: int) -> CorporateActionDefined | None:
    found = [
        action
        for action in state.reference.actions.values()
        if action.instrument_id == order.terms.instrument_id
        and action.effective_day <= day
        and action.action_id not in order.action_ids
    ]
    return min(found, key=lambda x: (x.effective_day, x.action_id), default=None)


def applied(state: State, order: Order, action: CorporateActionDefined) -> tuple[StageEvent, ...]:
    """The evidence that an order met an action, and its new terms if it is adjusted."""
    why = held_because(state, action)
    qty, limit_px = order.open_qty, order.limit_px
    if not why:
        qty = qty * action.new_qty // action.old_qty  # Floor: never more than the client has.
        if limit_px is not None:
            limit_px = adjusted_px(state, order, limit_px, action)
    met = CorporateActionApplied(
        order_id=order.order_id,
        client_id=order.terms.client_id,
        action_id=action.action_id,
        instrument_id=action.instrument_id,
        kind=action.kind,
        handling=CorporateActionPolicy.HOLD if why else CorporateActionPolicy.ADJUST,
        new_qty=action.new_qty,
        old_qty=action.old_qty,
        previous_qty=order.open_qty,
        open_qty=qty,
        previous_px=order.limit_px,
        limit_px=limit_px,
        text=why,
    )
    if why:
        return (met,)
    if not qty:
        return (met, returned(order, action))
    return (met, adjusted(order, action, qty, limit_px))


def held_because(state: State, action: CorporateActionDefined) -> str:
    """Why the orders of an action wait for their clients; empty if they are adjusted."""
    if action.kind is not CorporateActionKind.SPLIT:
        return f"orders are not adjusted at a {action.kind}"
    if action.effective_day <= state.controls.closed_day:
        return f"the action was of {action.effective_day} and became known after that day"
    if risk.policy_of(state).on_corporate_action is not CorporateActionPolicy.ADJUST:
        return "the policy holds orders at a corporate action"
    return ""


def adjusted_px(state: State, order: Order, px: int, action: CorporateActionDefined) -> int:
    """A price by the ratio, on the tick in the client's favour; as it is without a tick table."""
    scaled, side = px * action.old_qty, order.terms.side
    # Floor for a buy, ceiling for a sale.
    exact = scaled // action.new_qty if side is Side.BUY else -(-scaled // action.new_qty)
    if not reference.tick_px(state, action.instrument_id, exact):
        return exact
    return reference.on_tick_px(state, action.instrument_id, side, exact)


def adjusted(
    order: Order, action: CorporateActionDefined, open_qty: int, limit_px: int | None
) -> OrderAmended:
    shown_qty = order.terms.display_qty * action.new_qty // action.old_qty
    return OrderAmended(
        order_id=order.order_id,
        cl_ord_id=order.cl_ord_id,
        previous_qty=order.order_qty,
        order_qty=order.order_qty - order.open_qty + open_qty,
        limit_px=limit_px,
        display_qty=min(max(1, shown_qty), open_qty) if order.terms.display_qty else None,
        order_type=None,
        time_in_force=None,
        end_ns=None,
        must_complete=None,
        max_participation_ppm=None,
    )


def returned(order: Order, action: CorporateActionDefined) -> OrderCancelled:
    return OrderCancelled(
        order_id=order.order_id,
        cl_ord_id="",
        withdrawn_qty=order.open_qty,
        reason=WithdrawReason.REFUSED,
        text=(
            f"corporate action {action.action_id!r:.80} makes {action.new_qty} of "
            f"{action.old_qty}; nothing is left of {order.open_qty}"
        ),
    )


# ------------------------------------------------------------------------------ evolve


def on_defined(state: State, action: CorporateActionDefined) -> None:
    if not is_settled(state, action):
        state.reference.actions[action.action_id] = action


def settle(reference: Reference, closed_day: int) -> None:
    """Move the actions up to a closed day out of the way of orders, and forget the oldest."""
    past = {k: x for k, x in reference.actions.items() if x.effective_day <= closed_day}
    for action_id in past:
        del reference.actions[action_id]
    reference.settled = {
        action_id: action
        for action_id, action in (reference.settled | past).items()
        if action.effective_day > closed_day - YEAR_DAYS
    }


FACTS: Mapping[type, Callable[[State, Any], None]] = {CorporateActionDefined: on_defined}


def on_applied(state: State, event: CorporateActionApplied) -> None:
    order = state.orders[event.order_id]
    order.action_ids = (*order.action_ids, event.action_id)
    if event.handling is CorporateActionPolicy.ADJUST:
        order.adjusted_ns = event.at_ns
    else:
        order.held_action_id = event.action_id


def on_order_amended(state: State, event: OrderAmended) -> None:
    """A client that amends a held order has seen it; an adjustment keeps the order's id.

    Its units may be new ones from then on.
    """
    order = state.orders[event.order_id]
    if order.held_action_id and event.cl_ord_id != order.cl_ord_id:
        order.held_action_id, order.adjusted_ns = "", event.at_ns


EVOLVE: Mapping[type, Callable[[State, Any], None]] = {
    CorporateActionApplied: on_applied,
    OrderAmended: on_order_amended,
}
