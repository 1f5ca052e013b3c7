"""Let a member's cancel or amend take effect, once no child covers the quantity that it gives up.

Live children may still fill, and those fills belong to the members. So a change waits until the
parent's pool covers the quantity that it gives up. While it waits, no new slice takes that
quantity, and cancels go out for the newest children until it is free. An amend that changes the
price band or another term that members have in common, or sets a limit that a live child's price
would break, takes the order out of its parent; the order then joins or opens another one.

No child belongs to one member alone, so a control that stops one client or order stops all of a
parent while it is a member (`controls.stops`). As soon as the pool covers its open quantity, at
once or after its children are cancelled, it leaves and waits in a parent of such members. The other
members go on.
"""

from collections.abc import Iterator, Sequence

from engine.core.controls import stops
from engine.core.events import (
    CancelReason,
    Change,
    LeaveReason,
    MemberAmended,
    MemberLeft,
    OrderCancelled,
    StageEvent,
    WithdrawReason,
)
from engine.core.parents.aggregation import (
    AMENDABLE_SHARED,
    children_respect,
    limit_band,
    tightest_px,
)
from engine.core.state.model import (
    Member,
    Order,
    Parent,
    PendingChange,
    amended_qty,
    changed_terms,
    order_amended,
)
from engine.core.state.state import State


def apply_pending_change(state: State, parent: Parent, now_ns: int) -> tuple[StageEvent, ...]:
    """Let the first pending change take effect whose quantity no child covers."""
    for order in parent.pending.values():
        if given_up_qty(state, parent, order) <= parent.pool_qty:
            return change_applied(state, parent, order, now_ns)
    return ()


def given_up_qty(state: State, parent: Parent, order: Order) -> int:
    """Part of the open quantity that a pending change removes from the parent."""
    change = order.pending
    assert change is not None, "only orders with a pending change are in parent.pending"
    if change.change is Change.CANCEL or needs_new_parent(state, parent, order):
        return order.open_qty
    return max(0, order.cum_qty + order.open_qty - amended_qty(order, change))


def needs_new_parent(state: State, parent: Parent, order: Order) -> bool:
    """Whether the parent's terms are not the amended ones, or a live child is beyond its limit."""
    change = order.pending
    assert change is not None
    band = limit_band(change.limit_px, state.settings.limit_band_px)
    return (
        band != parent.terms.limit_band
        or not children_respect(parent, change.limit_px)
        or has_other_terms(parent, change)
    )


def has_other_terms(parent: Parent, change: PendingChange) -> bool:
    """Whether an amend states a term that all members of a parent have in common, and differs."""
    stated = changed_terms(change, AMENDABLE_SHARED)
    return any(
        value is not None and value != getattr(parent.terms, name) for name, value in stated.items()
    )


def change_applied(
    state: State, parent: Parent, order: Order, now_ns: int
) -> tuple[StageEvent, ...]:
    change = order.pending
    assert change is not None
    if change.change is Change.CANCEL:
        return (
            departure(parent, order, LeaveReason.CANCELLED),
            OrderCancelled(
                order_id=order.order_id,
                cl_ord_id=change.cl_ord_id,
                withdrawn_qty=order.open_qty,
                reason=WithdrawReason.CLIENT,
                text="",
            ),
        )
    amended = order_amended(order, change)
    # No other parent could take it; it ends with this one.
    is_over = now_ns >= (change.end_ns or parent.terms.end_ns)
    if needs_new_parent(state, parent, order) and not is_over:
        return (departure(parent, order, LeaveReason.AMENDED), amended)
    change_qty = amended.order_qty - order.cum_qty - order.open_qty
    limits = (*limits_without(parent, order), change.limit_px)
    stays = MemberAmended(
        parent_id=parent.parent_id,
        order_id=order.order_id,
        change_qty=change_qty,
        epoch=parent.epoch + 1,
        parent_qty=parent.open_qty + change_qty,
        parent_limit_px=tightest_px(parent.terms.side, limits),
        fill_id="",
    )
    return (amended, stays)


LEAVES_FOR = {
    CancelReason.KILL_SWITCH: LeaveReason.KILL_SWITCH,
    CancelReason.MANDATE: LeaveReason.MANDATE,
    CancelReason.RISK_LIMIT: LeaveReason.RISK_LIMIT,
}


def remove_stopped_members(state: State, parent: Parent, now_ns: int) -> tuple[StageEvent, ...]:
    """Take out the members that controls stop, as far as no child covers their quantity."""
    if now_ns >= parent.terms.end_ns or stops.of_members(state, parent) is None:
        return ()
    free_qty = parent.pool_qty
    leaving: list[tuple[Member, LeaveReason]] = []
    stays: list[Member] = []
    has_free = False
    for member in parent.active_members():
        qty = member.open_qty
        reason = stops.of_order(state, member.order) if qty > 0 else None
        has_free |= qty > 0 and reason is None
        if reason and qty <= free_qty and member.order.pending is None:
            free_qty -= qty  # A member with a pending change leaves by that change.
            leaving.append((member, LEAVES_FOR[reason]))
        else:
            stays.append(member)
    return departures(parent, leaving, stays) if has_free else ()


def departures(
    parent: Parent, leaving: Sequence[tuple[Member, LeaveReason]], stays: Sequence[Member]
) -> tuple[StageEvent, ...]:
    """One MemberLeft for each, in order, with the quantity and limit that are then left.

    One pass computes all limits, so the work does not grow with the square of the members.
    """
    side, after = parent.terms.side, tightest_px(parent.terms.side, map(limit_of, stays))
    limits = []  # The parent's limit after each departure, the last one first.
    for member, _ in reversed(leaving):
        limits.append(after)
        after = tightest_px(side, (after, limit_of(member)))
    epoch, parent_qty, events = parent.epoch, parent.open_qty, []
    for (member, reason), limit_px in zip(leaving, reversed(limits), strict=True):
        epoch, parent_qty = epoch + 1, parent_qty - member.open_qty
        events.append(member_left(parent, member.order, reason, epoch, parent_qty, limit_px))
    return tuple(events)


def limit_of(member: Member) -> int | None:
    return member.order.limit_px


def limits_without(parent: Parent, order: Order) -> Iterator[int | None]:
    """The limits of the other active members."""
    return (m.order.limit_px for m in parent.active_members() if m.order is not order)


def departure(parent: Parent, order: Order, reason: LeaveReason) -> MemberLeft:
    """The MemberLeft of one member that leaves alone."""
    limit_px = tightest_px(parent.terms.side, limits_without(parent, order))
    parent_qty = parent.open_qty - order.open_qty
    return member_left(parent, order, reason, parent.epoch + 1, parent_qty, limit_px)


def member_left(
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
    """Open quantity that pending changes will take out of the parent; no slice may take it."""
    return sum(given_up_qty(state, parent, order) for order in parent.pending.values())
