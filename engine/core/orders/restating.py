"""Follow an order whose share of a fill changed when the fill's parent works it no more.

A late fill, a bust or a correction is of one parent, and the order may have gone on. If another
parent works it, its open quantity there follows. If none does, what a bust gives back is worked
again whenever that is still possible: the order joins or opens a parent. A GTC order between two
days waits for the next one. An order that was cancelled, has expired or is past its end cannot work
again: what it loses is withdrawn.
"""

from collections.abc import Callable, Mapping
from typing import Any

from engine.core.events import (
    FillAllocated,
    FillReallocated,
    MemberAmended,
    OrderCancelled,
    OrderReopened,
    StageEvent,
    TimeInForce,
    WithdrawReason,
)
from engine.core.orders import intake
from engine.core.state.model import Order
from engine.core.state.state import State

# ------------------------------------------------------------------------------ decide


def decide_allocated(state: State, event: FillAllocated, now_ns: int) -> tuple[StageEvent, ...]:
    if not event.other_order_ids:
        return ()
    gained = zip(event.other_order_ids, event.other_shares_qty, strict=True)
    return restated(state, event, {name: -part for name, part in gained}, now_ns)


def decide_reallocated(state: State, event: FillReallocated, now_ns: int) -> tuple[StageEvent, ...]:
    opened = {share.order_id: share.share_qty for share in event.before}
    for share in event.after:
        opened[share.order_id] = opened.get(share.order_id, 0) - share.share_qty
    return restated(state, event, opened, now_ns)


def restated(
    state: State, event: FillAllocated | FillReallocated, opened: Mapping[str, int], now_ns: int
) -> tuple[StageEvent, ...]:
    """The events after these changes of orders' open quantity, outside the fill's parent."""
    parent, fill_id = state.parent(event.parent_id), event.fill_id
    events: list[StageEvent] = []
    amended: dict[str, MemberAmended] = {}  # The last one of each parent.
    for order_id, change_qty in opened.items():
        if not change_qty:
            continue
        order = parent.members[order_id].order
        if order.parent_id == parent.parent_id:
            continue
        if change_qty > 0 and is_of_other_units(state, order, fill_id):
            why = f"fill {fill_id} of before a corporate action was taken back"
            events.append(taken_back(order, change_qty, why))
        elif order.parent_id:
            before = amended.get(order.parent_id)
            amended[order.parent_id] = member_amended(state, order, fill_id, change_qty, before)
            events += [amended[order.parent_id], *intake.too_late((order,))]
        elif change_qty > 0:
            events += given_back(order, fill_id, change_qty, now_ns)
    return tuple(events)


def member_amended(
    state: State, order: Order, fill_id: str, change_qty: int, before: MemberAmended | None
) -> MemberAmended:
    """The order's open quantity in the parent that works it now follows its share elsewhere."""
    parent = state.parents[order.parent_id]
    epoch, parent_qty = (
        (parent.epoch, parent.open_qty) if before is None else (before.epoch, before.parent_qty)
    )
    return MemberAmended(
        parent_id=parent.parent_id,
        order_id=order.order_id,
        change_qty=change_qty,
        epoch=epoch + 1,
        parent_qty=parent_qty + change_qty,
        parent_limit_px=parent.tranche_of(order.order_id).limit_px,
        fill_id=fill_id,
        tranche=parent.members[order.order_id].tranche,
    )


def given_back(order: Order, fill_id: str, back_qty: int, now_ns: int) -> tuple[StageEvent, ...]:
    """Reopen the quantity that an order without a parent lost, or keep or withdraw it."""
    if not order.is_over and now_ns < order.end_ns:
        return (
            OrderReopened(
                order_id=order.order_id,
                fill_id=fill_id,
                reopened_qty=back_qty,
                open_qty=order.open_qty,
            ),
        )
    if not order.is_over and order.terms.time_in_force is TimeInForce.GTC:
        return ()  # The close carries it to the next day.
    why = f"fill {fill_id} was taken back when the order could not work any more"
    return (taken_back(order, back_qty, why),)


def taken_back(order: Order, back_qty: int, why: str) -> OrderCancelled:
    return OrderCancelled(
        order_id=order.order_id,
        cl_ord_id="",
        withdrawn_qty=back_qty,
        reason=WithdrawReason.BUSTED,
        text=why,
    )


def is_of_other_units(state: State, order: Order, fill_id: str) -> bool:
    """Whether a fill was of a child that was sent before the order's units changed."""
    return state.fills[fill_id].child.routed_ns < order.adjusted_ns


DECIDE: Mapping[type, Callable[[State, Any, int], tuple[StageEvent, ...]]] = {
    FillAllocated: decide_allocated,
    FillReallocated: decide_reallocated,
}
