"""Let a member's cancel or amend take effect, once no child stands in the way of it.

Children that are out may still fill, and those fills are the members' own. So a change waits until
no child covers the quantity that it gives up; while it waits, no new slice covers that quantity,
and the newest children are asked back until it is free. An amend that changes the price band, or
forbids what a child is out at, takes the order out of its parent; it looks for another then.

A child is never one member's alone, so a kill switch of one client stops all of a parent while that
client is in it. As soon as no child covers what it wants, at once or when the children that are
asked back have come, it leaves, to wait in a parent of such members; the others go on.
"""

from collections.abc import Sequence

from engine.core.events import (
    Change,
    LeaveReason,
    MemberAmended,
    MemberLeft,
    OrderAmended,
    OrderCancelled,
    StageEvent,
    WithdrawReason,
)
from engine.core.parents import aggregation
from engine.core.parents.aggregation import limit_band, respects, tightest_px
from engine.core.state.model import Member, Order, Parent, amended_qty
from engine.core.state.state import State


def apply_pending_change(state: State, parent: Parent, now_ns: int) -> tuple[StageEvent, ...]:
    """Let the first pending change take effect that no child stands in the way of."""
    for order in parent.pending.values():
        if given_up_qty(state, parent, order) <= parent.pool_qty:
            return change_applied(state, parent, order, now_ns)
    return ()


def given_up_qty(state: State, parent: Parent, order: Order) -> int:
    """How much of its open quantity a pending change takes out of the parent."""
    change = order.pending
    assert change is not None, "only orders with a pending change are in parent.pending"
    if change.change is Change.CANCEL or moves(state, parent, order):
        return order.open_qty
    return max(0, order.order_qty - amended_qty(order))


def moves(state: State, parent: Parent, order: Order) -> bool:
    """Whether the new limit is of another band than the parent's, or a child is out beyond it."""
    assert order.pending is not None
    limit_px = order.pending.limit_px
    band = limit_band(limit_px, state.settings.limit_band_px)
    return band != parent.terms.limit_band or not respects(parent, limit_px)


def change_applied(
    state: State, parent: Parent, order: Order, now_ns: int
) -> tuple[StageEvent, ...]:
    change = order.pending
    assert change is not None
    if change.change is Change.CANCEL:
        return (
            left_alone(parent, order, LeaveReason.CANCELLED),
            OrderCancelled(
                order_id=order.order_id,
                cl_ord_id=change.cl_ord_id,
                withdrawn_qty=order.open_qty,
                reason=WithdrawReason.CLIENT,
                text="",
            ),
        )
    qty = amended_qty(order)
    amended = OrderAmended(
        order_id=order.order_id,
        cl_ord_id=change.cl_ord_id,
        previous_qty=order.order_qty,
        order_qty=qty,
        limit_px=change.limit_px,
    )
    is_over = now_ns >= parent.terms.end_ns  # No other parent could take it; it ends with this.
    if moves(state, parent, order) and not is_over:
        return (left_alone(parent, order, LeaveReason.AMENDED), amended)
    change_qty = qty - order.order_qty
    others = (m.order.limit_px for m in parent.active_members() if m.order is not order)
    stays = MemberAmended(
        parent_id=parent.parent_id,
        order_id=order.order_id,
        change_qty=change_qty,
        epoch=parent.epoch + 1,
        parent_qty=parent.open_qty + change_qty,
        parent_limit_px=tightest_px(parent.terms.side, (*others, change.limit_px)),
    )
    return (amended, stays)


def remove_killed_members(state: State, parent: Parent, now_ns: int) -> tuple[StageEvent, ...]:
    """Let the members that kill switches stop leave the others, as far as no child covers them."""
    if now_ns >= parent.terms.end_ns or not aggregation.has_killed_member(state, parent):
        return ()
    free_qty, leaving = parent.pool_qty, []
    stays: list[Member] = []
    has_free = False
    for member in parent.active_members():
        qty = member.open_qty
        is_held = qty > 0 and aggregation.is_held(state, member.order)
        has_free |= qty > 0 and not is_held
        if is_held and qty <= free_qty and member.order.pending is None:
            free_qty -= qty  # One with a pending change waits for that.
            leaving.append(member)
        else:
            stays.append(member)
    return departures(parent, leaving, stays) if has_free else ()


def departures(
    parent: Parent, leaving: Sequence[Member], stays: Sequence[Member]
) -> tuple[StageEvent, ...]:
    """One after the other, each with what is then left; in one pass, however many they are."""
    side, after = parent.terms.side, tightest_px(parent.terms.side, map(limit_of, stays))
    limits = []  # Without each one and those before it.
    for member in reversed(leaving):
        limits.append(after)
        after = tightest_px(side, (after, limit_of(member)))
    epoch, parent_qty, events = parent.epoch, parent.open_qty, []
    for member, limit_px in zip(leaving, reversed(limits), strict=True):
        epoch, parent_qty = epoch + 1, parent_qty - member.open_qty
        event = left(parent, member.order, LeaveReason.KILL_SWITCH, epoch, parent_qty, limit_px)
        events.append(event)
    return tuple(events)


def limit_of(member: Member) -> int | None:
    return member.order.limit_px


def left_alone(parent: Parent, order: Order, reason: LeaveReason) -> MemberLeft:
    """One member leaves, and nobody before it."""
    others = (m.order.limit_px for m in parent.active_members() if m.order is not order)
    limit_px = tightest_px(parent.terms.side, others)
    return left(parent, order, reason, parent.epoch + 1, parent.open_qty - order.open_qty, limit_px)


def left(
    parent: Parent,
    order: Order,
    reason: LeaveReason,
    epoch: int,
    parent_qty: int,
    parent_limit_px: int | None,
) -> MemberLeft:
    return MemberLeft(
        parent_id=parent.parent_id,
        order_id=order.order_id,
        left_qty=order.open_qty,
        reason=reason,
        epoch=epoch,
        parent_qty=parent_qty,
        parent_limit_px=parent_limit_px,
    )


def pending_qty(state: State, parent: Parent) -> int:
    """Open quantity that pending changes will take out; never to be sliced."""
    return sum(given_up_qty(state, parent, order) for order in parent.pending.values())
