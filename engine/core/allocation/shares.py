"""Give each member of a parent its share of every fill and every cross.

Shares follow the quota method of `apportionment`: the shares of a fill sum to it exactly, no member
loses a share as fills grow, and every member stays within one unit of its exact share. A fill goes
to the claims of its child first, and by the same rule to the members of each. The basis of the rule
is the open quantity of each member when the epoch began; a change of membership of its tranche, a
cross or a bust begins a new basis. `entitlement` says who these members are, and whose a fill is
that comes when they are gone. Quantity that no order has a claim to goes to the error account and
is flagged, never dropped.
"""

from collections.abc import Callable, Iterator, Mapping
from itertools import compress
from typing import Any

from engine.core.allocation import claims
from engine.core.allocation.apportionment import shares
from engine.core.allocation.entitlement import (
    Division,
    basis_of,
    divided,
    final_in,
    is_current,
    kept,
)
from engine.core.events import (
    BreakFlagged,
    BreakReason,
    CrossAllocated,
    FillAllocated,
    FillBooked,
    FillBusted,
    FillCorrected,
    FillReallocated,
    MemberResult,
    OrderRestated,
    OrdersCrossed,
    ParentEnded,
    ParentReconciled,
    Share,
    Side,
    StageEvent,
)
from engine.core.parents import netting
from engine.core.state.eviction import reload
from engine.core.state.model import Basis, Child, Fill, Member, Parent, Tranche
from engine.core.state.state import BUST, CROSS, State


def as_shares(parts: Mapping[str, int]) -> tuple[Share, ...]:
    """The parts that are not zero, by order id."""
    return tuple([Share(order_id=name, share_qty=part) for name, part in parts.items() if part])


# ------------------------------------------------------------------------------ decide


def decide_fill(state: State, fill: FillBooked, _: int) -> tuple[StageEvent, ...]:
    parent, child = state.parent(fill.parent_id), state.children[fill.child_id]
    fill_id = state.event_id(fill.seq)
    division = divided(parent, child, state.fills[fill_id].parts_qty)
    order_ids, parts = division.order_ids, division.parts
    allocated = FillAllocated(
        fill_id=fill_id,
        parent_id=fill.parent_id,
        epoch=parent.epoch,
        last_qty=fill.last_qty,
        last_px=fill.last_px,
        order_ids=tuple(compress(order_ids, parts)),
        shares_qty=tuple(compress(parts, parts)),
        error_qty=division.error_qty,
        child_epoch=child.epoch,
        other_order_ids=tuple(division.others),
        other_shares_qty=tuple(division.others.values()),
    )
    return (
        *restatements(parent, fill_id, division),
        allocated,
        *in_error(child, fill.exec_id, allocated, division.error_qty),
        *in_old_units(parent, child, fill.exec_id, allocated, division),
    )


def restatements(parent: Parent, fill_id: str, division: Division) -> Iterator[OrderRestated]:
    """Open what had been withdrawn, for the moment until it is allocated."""
    for order_id, part in division.restated.items():
        before_qty = parent.members[order_id].order.withdrawn_qty
        yield OrderRestated(
            order_id=order_id,
            fill_id=fill_id,
            restated_qty=part,
            previous_withdrawn_qty=before_qty,
            withdrawn_qty=before_qty - part,
        )


def in_error(
    child: Child, exec_id: str, part: FillAllocated | FillReallocated, error_qty: int
) -> tuple[StageEvent, ...]:
    """The flag of quantity that has come to the error account: a position of the firm."""
    if error_qty <= 0:
        return ()
    return (
        BreakFlagged(
            reason=BreakReason.ERROR_ACCOUNT,
            venue=child.terms.venue,
            child_id=child.child_id,
            exec_id=exec_id,
            break_qty=error_qty,
            break_px=part.last_px,
            text=f"{error_qty} of fill {part.fill_id} is no order's; the error account holds it",
        ),
    )


def in_old_units(
    parent: Parent,
    child: Child,
    exec_id: str,
    part: FillAllocated | FillReallocated,
    division: Division,
) -> tuple[StageEvent, ...]:
    """The flag of quantity that counts against orders whose units changed after the child was sent.

    Before that moment such an order left the child's parent, so its part is one of `others`.
    """
    parts = {
        order_id: qty
        for order_id, qty in division.others.items()
        if child.routed_ns < parent.members[order_id].order.adjusted_ns
    }
    if not parts:
        return ()
    return (
        BreakFlagged(
            reason=BreakReason.UNITS_CHANGED,
            venue=child.terms.venue,
            child_id=child.child_id,
            exec_id=exec_id,
            break_qty=sum(parts.values()),
            break_px=part.last_px,
            text=(
                f"fill {part.fill_id} is of before a corporate action, and counts in its own units "
                f"against {len(parts)} orders in new ones, the first is {next(iter(parts))}; "
                "amend or cancel what they have open by the action's ratio, then settle this"
            ),
        ),
    )


def decide_cross(state: State, cross: OrdersCrossed, _: int) -> tuple[StageEvent, ...]:
    buy, sell = state.parents[cross.buy_parent_id], state.parents[cross.sell_parent_id]
    at = (cross.cross_px, cross.at_ns)
    consent = netting.consenting(
        netting.offer_of(state, buy, *at), netting.offer_of(state, sell, *at)
    )
    return tuple(
        CrossAllocated(
            cross_id=state.event_id(cross.seq),
            parent_id=parent.parent_id,
            side=side,
            cross_qty=cross.cross_qty,
            cross_px=cross.cross_px,
            shares=crossed_shares(state, parent, members, cross.cross_qty),
        )
        for parent, side, members in (
            (buy, Side.BUY, consent.buyers),
            (sell, Side.SELL, consent.sellers),
        )
    )


def crossed_shares(
    state: State, parent: Parent, members: list[Member], qty: int
) -> tuple[Share, ...]:
    """Pro rata to what each tranche may cross, and in it to what its members have open."""
    most = netting.crossable_qtys(state, parent, members)
    of_tranches = shares([0] * len(most), qty, [*most.values()])
    found: dict[str, int] = {}
    for number, part in zip(most, of_tranches, strict=True):
        inside = [member for member in members if member.tranche == number]
        parts = shares([0] * len(inside), part, [member.open_qty for member in inside])
        found |= zip((member.order.order_id for member in inside), parts, strict=True)
    return as_shares(found)


def decide_busted(state: State, event: FillBusted, _: int) -> tuple[StageEvent, ...]:
    """Every member returns its share of the fill."""
    fill = state.fills[event.fill_id]
    return reallocated(state, fill, event, event.last_px, {}, 0)


def decide_corrected(state: State, event: FillCorrected, _: int) -> tuple[StageEvent, ...]:
    """Cut the shares pro rata, or allocate the surplus; a new price alone changes no quantity."""
    fill = state.fills[event.fill_id]
    more_qty = event.last_qty - event.previous_qty
    if more_qty > 0:
        return surplus_allocated(state, fill, event, more_qty)
    after, error_qty = fill.shares, fill.error_qty
    if more_qty < 0:
        # From the error account first: no member loses a share.
        from_error_qty = min(max(0, error_qty), -more_qty)
        error_qty -= from_error_qty
        keep_qty = sum(after.values()) + more_qty + from_error_qty
        held_qtys = list(after.values())
        left = shares([0] * len(held_qtys), keep_qty, held_qtys) if keep_qty else []
        after = dict(zip(after, left, strict=False))
    return reallocated(state, fill, event, event.previous_px, after, error_qty)


def surplus_allocated(
    state: State, fill: Fill, event: FillCorrected, more_qty: int
) -> tuple[StageEvent, ...]:
    """Allocate what a correction added, as a fill of the same child."""
    parent, child = state.parent(event.parent_id), fill.child
    owed_qty = min(more_qty, max(0, -fill.error_qty))  # The error account's before any order's.
    division = divided(parent, child, claims.parts_of(child, more_qty - owed_qty))
    after = fill.shares
    added = zip(division.order_ids, division.parts, strict=True)
    for order_id, part in (*added, *division.others.items()):
        after[order_id] = after.get(order_id, 0) + part
    error_qty = fill.error_qty + owed_qty + division.error_qty
    changed = reallocated(state, fill, event, event.previous_px, after, error_qty)
    assert isinstance(changed[0], FillReallocated)
    restated = restatements(parent, fill.fill_id, division)
    in_account = in_error(child, event.exec_id, changed[0], division.error_qty)
    in_units = in_old_units(parent, child, event.exec_id, changed[0], division)
    return (*restated, *changed, *in_account, *in_units)


def reallocated(
    state: State,
    fill: Fill,
    cause: FillBusted | FillCorrected,
    previous_px: int,
    after: Mapping[str, int],
    error_qty: int,
) -> tuple[StageEvent, ...]:
    terms = fill.child.terms
    parent = state.parent(terms.parent_id)
    after, kept_error_qty = kept(parent, fill, after, error_qty)
    event = FillReallocated(
        fill_id=fill.fill_id,
        parent_id=terms.parent_id,
        previous_px=previous_px,
        last_px=cause.last_px,
        before=as_shares(fill.shares),
        after=as_shares(after),
        error_qty=kept_error_qty,
    )
    if not parent.is_ended:
        return (event,)
    before_qty = sum(fill.shares_qty) + fill.error_qty
    after_qty = sum(after.values()) + kept_error_qty
    flag = BreakFlagged(
        reason=BreakReason.BUST_AFTER_END,
        venue=terms.venue,
        child_id=fill.child.child_id,
        exec_id="",
        break_qty=abs(after_qty - before_qty),
        break_px=cause.last_px,
        text=f"fill {fill.fill_id} changed after its parent had ended; its orders are restated",
    )
    return (event, flag, *of_ended(parent, fill, cause, event))


def of_ended(
    parent: Parent, fill: Fill, cause: FillBusted | FillCorrected, event: FillReallocated
) -> tuple[StageEvent, ...]:
    """The flag of a change that orders of earlier days had a part in; it is the firm's."""
    final_qty = sum(fill.shares[order_id] for order_id in final_in(parent, fill))
    is_repriced = event.previous_px != event.last_px
    if not final_qty or (event.error_qty == fill.error_qty and not is_repriced):
        return ()
    return (
        BreakFlagged(
            reason=BreakReason.ERROR_ACCOUNT,
            venue=fill.child.terms.venue,
            child_id=fill.child.child_id,
            exec_id=cause.exec_id,
            break_qty=final_qty if is_repriced else abs(event.error_qty - fill.error_qty),
            break_px=event.last_px,
            text=(
                f"{final_qty} of fill {fill.fill_id} are of orders that ended on an earlier day, "
                f"who keep them at {event.previous_px}; the error account holds {event.error_qty}"
            ),
        ),
    )


def decide_ended(state: State, event: ParentEnded, _: int) -> tuple[StageEvent, ...]:
    parent = state.parents_ended[event.parent_id]
    results = tuple(
        MemberResult(
            order_id=order_id,
            member_qty=member.member_qty,
            crossed_qty=member.crossed_qty,
            allocated_qty=member.allocated_qty,
            left_qty=member.left_qty + member.open_qty,
        )
        for order_id, member in parent.members.items()
    )
    allocated_qty = sum(result.allocated_qty for result in results)
    assert allocated_qty + parent.error_qty == parent.filled_qty, event
    assert sum(result.crossed_qty for result in results) == parent.crossed_qty, event
    return (
        ParentReconciled(
            parent_id=event.parent_id,
            filled_qty=parent.filled_qty,
            crossed_qty=parent.crossed_qty,
            error_qty=parent.error_qty,
            members=results,
        ),
    )


DECIDE: Mapping[type, Callable[[State, Any, int], tuple[StageEvent, ...]]] = {
    FillBooked: decide_fill,
    OrdersCrossed: decide_cross,
    FillBusted: decide_busted,
    FillCorrected: decide_corrected,
    ParentEnded: decide_ended,
}


# ------------------------------------------------------------------------------ evolve


def on_fill_allocated(state: State, event: FillAllocated) -> None:
    parent = reload(state, event.parent_id)
    fill = state.fills[event.fill_id]
    if event.order_ids:
        allocate_on_bases(parent, fill.child, event)
    for order_id, part in zip(event.other_order_ids, event.other_shares_qty, strict=True):
        change_share(parent, parent.members[order_id], part, part * event.last_px)
    if event.other_order_ids:
        for tranche in parent.tranches.values():
            tranche.end_basis()
    parent.error_qty += event.error_qty
    fill.order_ids = event.order_ids + event.other_order_ids
    fill.shares_qty = event.shares_qty + event.other_shares_qty
    fill.error_qty = event.error_qty


def allocate_on_bases(parent: Parent, child: Child, event: FillAllocated) -> None:
    """Give the shares to the members of the claims' bases; both follow the order of claims."""
    parts = dict(zip(event.order_ids, event.shares_qty, strict=True))
    for tranche in parent.covered(child):
        if parts:
            allocate_on_basis(parent, tranche, parts, event)
    assert not parts, event


def allocate_on_basis(
    parent: Parent, tranche: Tranche, parts: dict[str, int], event: FillAllocated
) -> None:
    """Take the shares of a basis out of `parts`; a zero part is left out there."""
    basis = basis_of(tranche, event.child_epoch)
    members, order_ids, qtys, held = basis
    given: dict[str, int] = {}
    for at, order_id in enumerate(order_ids):
        part = parts.pop(order_id, 0)
        if not part:
            continue
        given[order_id] = part
        held[at] += part
        assert held[at] <= qtys[at], event
        member = members[at]
        member.allocated_qty += part
        member.order.allocated_qty += part
        member.order.notional += part * event.last_px
    if not given:
        return
    for one in (parent, tranche):
        one.open_qty -= sum(given.values())
    if is_current(tranche, event.child_epoch):
        tranche.basis = basis
    else:
        tranche.older[event.child_epoch] = basis
    if tranche.older:
        take_from_others(tranche, basis, given)


def take_from_others(tranche: Tranche, basis: Basis, given: Mapping[str, int]) -> None:
    """Lower the claims on other bases by the parts that were given on this one."""
    for other in (tranche.basis, *tranche.older.values()):
        if other is None or other is basis:
            continue
        for at, order_id in enumerate(other.order_ids):
            other.qtys[at] -= given.get(order_id, 0)


def change_share(parent: Parent, member: Member, change_qty: int, notional: int) -> None:
    """Give a member more or less of a fill, outside a basis; its open quantity here follows.

    `notional` is the change of the sum of px * qty.
    """
    member.allocated_qty += change_qty
    member.order.allocated_qty += change_qty
    member.order.notional += notional
    if member.is_active:
        for one in (parent, parent.tranches[member.tranche]):
            one.open_qty -= change_qty
    else:
        member.left_qty -= change_qty


def on_cross_allocated(state: State, event: CrossAllocated) -> None:
    parent = state.parents[event.parent_id]
    for share in event.shares:
        member = parent.members[share.order_id]
        member.crossed_qty += share.share_qty
        member.order.crossed_qty += share.share_qty
        member.order.notional += share.share_qty * event.cross_px
        assert member.order.open_qty >= 0, event
        tranche = parent.tranches[member.tranche]
        tranche.open_qty -= share.share_qty
        tranche.crossed_qty += share.share_qty
        tranche.end_basis()
    parent.open_qty -= event.cross_qty
    parent.crossed_qty += event.cross_qty
    state.touch(event.parent_id, CROSS)


def on_fill_reallocated(state: State, event: FillReallocated) -> None:
    """Restate each member's share of the fill; an active member's lost share is open again."""
    parent = reload(state, event.parent_id)
    before, after = (
        {share.order_id: share.share_qty for share in parts}
        for parts in (event.before, event.after)
    )
    for order_id in {**before, **after}:  # A dict, as a set has no order.
        if order_id not in parent.members:
            continue  # It ended on an earlier day; its share is final.
        was_qty, now_qty = before.get(order_id, 0), after.get(order_id, 0)
        notional = now_qty * event.last_px - was_qty * event.previous_px
        change_share(parent, parent.members[order_id], now_qty - was_qty, notional)
        if order_id in state.unplaced:
            state.unjudged[order_id] = None
    fill = state.fills[event.fill_id]
    parent.error_qty += event.error_qty - fill.error_qty
    fill.order_ids, fill.shares_qty = tuple(after), tuple(after.values())
    fill.error_qty = event.error_qty
    for tranche in parent.tranches.values():
        tranche.end_basis()
    if not parent.is_ended:
        state.touch(event.parent_id, BUST)


def on_parent_reconciled(_: State, __: ParentReconciled) -> None:
    """A statement about the parent; it changes nothing."""


EVOLVE: Mapping[type, Callable[[State, Any], None]] = {
    FillAllocated: on_fill_allocated,
    CrossAllocated: on_cross_allocated,
    FillReallocated: on_fill_reallocated,
    ParentReconciled: on_parent_reconciled,
}
