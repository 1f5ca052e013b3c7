"""Let a member's cancel or amend take effect, once no child covers the quantity that it gives up.

Live children may still fill, and those fills belong to the members of the tranches with a claim on
them. So a change waits until what its tranche has beyond its claims covers the quantity that it
gives up. While it waits, no new slice takes that quantity, and cancels go out for the newest
children of the tranche until it is free. An amend that changes the price band or another
constraint, or sets a limit that a live child's price would break, takes the order out of its
tranche; the order then joins or opens another one, of this parent or of another.

No claim belongs to one member alone, so a control that stops one client or order stops all of a
tranche while it is a member (`controls.stops`). As soon as the tranche covers its open quantity, at
once or after its children are cancelled, it leaves and waits in a tranche of such members. The
other members go on.
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
from engine.core.orders.intake import unfilled
from engine.core.parents.aggregation import tightest_px
from engine.core.parents.tranches import AMENDABLE_CONSTRAINTS, children_respect, limit_band
from engine.core.state.model import (
    Member,
    Order,
    Parent,
    PendingChange,
    Tranche,
    amended_qty,
    changed_terms,
    order_amended,
)
from engine.core.state.state import State


def apply_pending_change(state: State, parent: Parent, now_ns: int) -> tuple[StageEvent, ...]:
    """Let the first pending change take effect whose quantity no claim covers."""
    for order in parent.pending.values():
        tranche = parent.tranche_of(order.order_id)
        if given_up_qty(state, parent, order) <= tranche.pool_qty:
            return change_applied(state, parent, order, now_ns)
    return ()


def given_up_qty(state: State, parent: Parent, order: Order) -> int:
    """Part of the open quantity that a pending change removes from the order's tranche."""
    change = order.pending
    assert change is not None, "only orders with a pending change are in parent.pending"
    if change.change is Change.CANCEL or needs_new_tranche(state, parent, order):
        return order.open_qty
    return max(0, order.cum_qty + order.open_qty - amended_qty(order, change))


def needs_new_tranche(state: State, parent: Parent, order: Order) -> bool:
    """Whether the tranche's terms are not the amended ones, or a live child is beyond its limit."""
    change, tranche = order.pending, parent.tranche_of(order.order_id)
    assert change is not None
    band = limit_band(change.limit_px, state.settings.limit_band_px)
    return (
        band != tranche.terms.limit_band
        or not children_respect(parent, tranche, change.limit_px)
        or has_other_terms(tranche, change)
    )


def has_other_terms(tranche: Tranche, change: PendingChange) -> bool:
    """Whether an amend states a constraint that differs from the tranche's."""
    stated = changed_terms(change, AMENDABLE_CONSTRAINTS)
    return any(
        value is not None and value != getattr(tranche.terms, name)
        for name, value in stated.items()
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
    tranche = parent.tranche_of(order.order_id)
    # No other tranche could take it; it ends with this one.
    is_over = now_ns >= (change.end_ns or tranche.terms.end_ns)
    if needs_new_tranche(state, parent, order) and not is_over:
        return (departure(parent, order, LeaveReason.AMENDED), amended)
    change_qty = amended.order_qty - order.cum_qty - order.open_qty
    limits = (*limits_without(tranche, order), change.limit_px)
    stays = MemberAmended(
        parent_id=parent.parent_id,
        order_id=order.order_id,
        change_qty=change_qty,
        epoch=parent.epoch + 1,
        parent_qty=parent.open_qty + change_qty,
        parent_limit_px=tightest_px(parent.terms.side, limits),
        fill_id="",
        tranche=tranche.number,
    )
    return (amended, stays)


LEAVES_FOR = {
    CancelReason.KILL_SWITCH: LeaveReason.KILL_SWITCH,
    CancelReason.MANDATE: LeaveReason.MANDATE,
    CancelReason.RISK_LIMIT: LeaveReason.RISK_LIMIT,
}


def remove_stopped_members(state: State, parent: Parent, now_ns: int) -> tuple[StageEvent, ...]:
    """Take out the members that controls stop, as far as no claim covers their quantity.

    A tranche in which every member is stopped waits as it is.
    """
    leaving: list[tuple[Member, LeaveReason]] = []
    for tranche in parent.open_tranches():
        if now_ns < tranche.terms.end_ns and stops.of_members(state, tranche) is not None:
            leaving += stopped_members(state, tranche)
    return departures(parent, leaving)


def stopped_members(state: State, tranche: Tranche) -> list[tuple[Member, LeaveReason]]:
    free_qty = tranche.pool_qty
    leaving: list[tuple[Member, LeaveReason]] = []
    has_free = False
    for member in tranche.active_members():
        qty = member.open_qty
        reason = stops.of_order(state, member.order) if qty > 0 else None
        has_free |= qty > 0 and reason is None
        if reason and qty <= free_qty and member.order.pending is None:
            free_qty -= qty  # A member with a pending change leaves by that change.
            leaving.append((member, LEAVES_FOR[reason]))
    return leaving if has_free else []


def departures(
    parent: Parent, leaving: Sequence[tuple[Member, LeaveReason]]
) -> tuple[StageEvent, ...]:
    """One MemberLeft for each, in order, with the quantity and limit that are then left."""
    limits = limits_after(parent, [member for member, _ in leaving])
    epoch, parent_qty, events = parent.epoch, parent.open_qty, []
    for (member, reason), limit_px in zip(leaving, limits, strict=True):
        epoch, parent_qty = epoch + 1, parent_qty - member.open_qty
        events.append(member_left(parent, member, reason, epoch, parent_qty, limit_px))
    return tuple(events)


def limits_after(parent: Parent, leaving: Sequence[Member]) -> list[int | None]:
    """The limit of the tranche of each member after it and those before it have left.

    One pass computes all limits of a tranche, so the work does not grow with the square of the
    members.
    """
    side, gone = parent.terms.side, {member.order.order_id for member in leaving}
    after: dict[int, int | None] = {}  # By tranche.
    limits: list[int | None] = []  # After each departure, the last one first.
    for member in reversed(leaving):
        number = member.tranche
        if number not in after:
            members = parent.tranches[number].active_members()
            stays = (m.order.limit_px for m in members if m.order.order_id not in gone)
            after[number] = tightest_px(side, stays)
        limits.append(after[number])
        after[number] = tightest_px(side, (after[number], member.order.limit_px))
    return limits[::-1]


def remove_expired_members(state: State, parent: Parent, now_ns: int) -> tuple[StageEvent, ...]:
    """Take out the members whose window is over while others of the parent go on.

    They leave together, once no claim covers what their tranche has open.
    """
    over = {
        tranche.number: tranche
        for tranche in parent.open_tranches()
        if now_ns >= tranche.terms.end_ns and not tranche.exposure_qty
    }
    if not over or sum(x.open_qty for x in over.values()) == parent.open_qty:
        return ()  # `aggregation.finish` ends the parent.
    leaving = [m for m in parent.active_members() if m.tranche in over and m.open_qty]
    left = departures(parent, [(member, LeaveReason.EXPIRED) for member in leaving])
    ended = (
        event
        for member in leaving
        for event in unfilled(state, member.order, over[member.tranche].terms.end_ns, by_day=False)
    )
    return (*left, *ended)


def limits_without(tranche: Tranche, order: Order) -> Iterator[int | None]:
    """The limits of the other active members."""
    return (m.order.limit_px for m in tranche.active_members() if m.order is not order)


def departure(parent: Parent, order: Order, reason: LeaveReason) -> MemberLeft:
    """The MemberLeft of one member that leaves alone."""
    member = parent.members[order.order_id]
    limits = limits_without(parent.tranches[member.tranche], order)
    limit_px = tightest_px(parent.terms.side, limits)
    parent_qty = parent.open_qty - order.open_qty
    return member_left(parent, member, reason, parent.epoch + 1, parent_qty, limit_px)


def member_left(
    parent: Parent,
    member: Member,
    reason: LeaveReason,
    epoch: int,
    parent_qty: int,
    parent_limit_px: int | None,
) -> MemberLeft:
    return MemberLeft(
        parent_id=parent.parent_id,
        order_id=member.order.order_id,
        left_qty=member.order.open_qty,
        reason=reason,
        epoch=epoch,
        parent_qty=parent_qty,
        parent_limit_px=parent_limit_px,
        tranche=member.tranche,
    )


def pending_qty(state: State, parent: Parent, tranche: Tranche) -> int:
    """Open quantity that pending changes will take out of a tranche; no slice may take it."""
    return sum(given_up_qty(state, parent, order) for order in tranche.pending.values())
