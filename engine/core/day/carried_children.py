"""Carry the children of an order that lives on, with their fills and shares, over a close.

A venue may report a fill late, bust it or correct it days after. So a close writes, for every order
that it carries, the children that were sent while the order was in one of their tranches, each with
its fills and all their shares, and the order's parts in their parents. The next day has these
parents as ended ones in which only carried orders are members. What a venue then says of such a
child is judged like a report on any other ended parent: it is booked, shared out anew and told. A
share of an order that ended and was not carried stays as its client was told; the difference is the
error account's.

What is carried has a bound. A parent carries its newest children, up to CARRIED_MAX of them and of
the reports on them. An order keeps its newest parents as long as they are no more than that
together. A child without any execution is carried for EMPTY_CARRIED_NS, as a venue reports late
within a day or two or never. A report on a child that is not carried is a break, but for one that
it was never sent.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from engine.core.allocation import claims
from engine.core.events import (
    AllocationRule,
    Benchmark,
    Capacity,
    CarriedExecution,
    CarriedFill,
    ChildCarried,
    ChildRouted,
    ChildTimeInForce,
    ChildType,
    Claim,
    ExecType,
    Immediacy,
    Membership,
    OrderCarried,
    ParentOpened,
    SaleMarking,
    Stay,
    Urgency,
)
from engine.core.state.model import Child, Fill, Member, Order, Parent, Tranche
from engine.core.state.state import State, seq_of

CARRIED_MAX = 1_000  # Children and reports on them, of a parent and of an order; a guess.
EMPTY_CARRIED_NS = 2 * 86_400 * 10**9


class Past(NamedTuple):
    """The part of an order's closed days that a close carries."""

    memberships: tuple[Membership, ...]
    shared_qty: int  # Its shares in the carried fills.


NO_PAST = Past((), 0)

# ------------------------------------------------------------------------------ decide


def past_of(state: State, orders: Sequence[Order]) -> tuple[list[ChildCarried], dict[str, Past]]:
    """The children to carry for these orders, and each order's part in them, by order id."""
    of_parent: dict[str, list[Order]] = {}
    for order in orders:
        for parent_id in order.parent_ids:
            of_parent.setdefault(parent_id, []).append(order)
    children: list[ChildCarried] = []
    used: Counter[str] = Counter()  # By order.
    past: dict[str, Past] = {}
    for parent_id in sorted(of_parent, key=seq_of, reverse=True):
        parent = state.parent(parent_id)
        kept, size = kept_children(state, parent, of_parent[parent_id])
        keepers = [x for x in of_parent[parent_id] if used[x.order_id] + size <= CARRIED_MAX]
        if not kept or not keepers:
            continue
        children += kept
        shared_qty = shares_in(kept)
        for order in keepers:
            used[order.order_id] += size
            before = past.get(order.order_id, NO_PAST)
            past[order.order_id] = Past(
                (*before.memberships, membership(parent, order)),
                before.shared_qty + shared_qty[order.order_id],
            )
    return children, past


def kept_children(
    state: State, parent: Parent, orders: Sequence[Order]
) -> tuple[list[ChildCarried], int]:
    """The parent's children that were sent for these orders, the oldest first.

    Beside them their number, with that of the reports on them.
    """
    members = [parent.members[order.order_id] for order in orders]
    fills: dict[str, list[Fill]] = {}
    for fill in parent.fills:
        fills.setdefault(fill.child.child_id, []).append(fill)
    kept: list[ChildCarried] = []
    size = 0
    for child in newest_first(parent):
        of_child = fills.get(child.child_id, [])
        is_old = state.sealed_ns - child.routed_ns >= EMPTY_CARRIED_NS
        if not is_for(child, members) or (is_old and not of_child):
            continue
        more = 1 + sum(len(fill.executions) for fill in of_child)
        if size + more <= CARRIED_MAX:
            size += more
            kept.append(carried_child(parent, child, of_child))
    return kept[::-1], size


def newest_first(parent: Parent) -> Iterator[Child]:
    yield from reversed(parent.children.values())
    yield from reversed(parent.ended_children)


def is_for(child: Child, members: Sequence[Member]) -> bool:
    """Whether one of these was in a tranche with a claim on the child when it was sent."""
    numbers = [cover.tranche for cover in child.covers]
    return any(member.was_in(number, child.epoch) for member in members for number in numbers)


def carried_child(parent: Parent, child: Child, fills: Sequence[Fill]) -> ChildCarried:
    terms = child.terms
    return ChildCarried(
        child_id=child.child_id,
        parent_id=terms.parent_id,
        instrument_id=terms.instrument_id,
        side=terms.side,
        venue=terms.venue,
        child_qty=terms.child_qty,
        limit_px=terms.limit_px,
        epoch=child.epoch,
        routed_ns=child.routed_ns,
        disputed_qty=child.disputed_qty,
        claims=tuple(
            Claim(tranche=cover.tranche, claim_qty=cover.claim_qty) for cover in child.covers
        )
        if len(parent.tranches) > 1
        else (),
        fills=tuple(
            CarriedFill(
                fill_id=fill.fill_id,
                last_qty=fill.last_qty,
                last_px=fill.last_px,
                order_ids=fill.order_ids,
                shares_qty=fill.shares_qty,
                error_qty=fill.error_qty,
                executions=tuple(
                    CarriedExecution(session_day=day, exec_id=exec_id, exec_type=ExecType(kind))
                    for _, day, exec_id, kind in fill.executions
                ),
            )
            for fill in fills
        ),
    )


def shares_in(children: Sequence[ChildCarried]) -> Counter[str]:
    """The sum of each order's shares."""
    found: Counter[str] = Counter()
    for child in children:
        for fill in child.fills:
            for order_id, share_qty in zip(fill.order_ids, fill.shares_qty, strict=True):
                found[order_id] += share_qty
    return found


def membership(parent: Parent, order: Order) -> Membership:
    """The order's part in a parent; one that is a member at the close leaves with it."""
    member = parent.members[order.order_id]
    left_epoch = parent.epoch + 1 if member.is_active else member.left_epoch
    stays = (*member.stays, (member.joined_epoch, left_epoch, member.tranche))
    return Membership(
        parent_id=parent.parent_id,
        allocated_qty=member.allocated_qty,
        taken_qty=member.left_qty + member.open_qty,
        stays=tuple(
            Stay(joined_epoch=joined, left_epoch=left, tranche=number)
            for joined, left, number in stays
        ),
    )


# ------------------------------------------------------------------------------ evolve


def on_child_carried(state: State, event: ChildCarried) -> None:
    """Add a child and its fills to its parent, as the next day has it."""
    known = state.carried.parents
    parent = known.get(event.parent_id)
    if parent is None:
        parent = known[event.parent_id] = former_parent(event)
    child = Child(
        child_id=event.child_id,
        terms=former_route(event),
        routed_ns=event.routed_ns,
        leaves_qty=0,
        epoch=event.epoch,
        is_acknowledged=True,
        is_live=False,
        is_closed=True,
        disputed_qty=event.disputed_qty,
        covers=claims.covers_of(event),
    )
    for cover in child.covers:
        of_former(parent, cover.tranche)
    parent.ended_children.append(child)
    for carried in event.fills:
        child.filled_qty += carried.last_qty
        child.notional += carried.last_qty * carried.last_px
        parent.error_qty += carried.error_qty
        fill = former_fill(child, carried)
        claims.set_parts(parent, fill, claims.parts_of(child, fill.last_qty))
        parent.fills.append(fill)
    parent.filled_qty += child.filled_qty
    parent.notional += child.notional


def former_fill(child: Child, carried: CarriedFill) -> Fill:
    return Fill(
        fill_id=carried.fill_id,
        child=child,
        last_qty=carried.last_qty,
        last_px=carried.last_px,
        order_ids=carried.order_ids,
        shares_qty=carried.shares_qty,
        error_qty=carried.error_qty,
        executions=tuple(
            (child.terms.venue, x.session_day, x.exec_id, x.exec_type) for x in carried.executions
        ),
    )


def former_parent(event: ChildCarried) -> Parent:
    """The ended parent of a carried child; its members are the carried orders alone."""
    terms = ParentOpened(
        instrument_id=event.instrument_id,
        side=event.side,
        currency="",
        urgency=Urgency.LOW,
        benchmark=Benchmark.ARRIVAL,
        limit_band=0,
        capacity=Capacity.AGENCY,
        settlement="",
        no_dark=False,
        excluded_venues=(),
        must_complete=False,
        max_participation_ppm=0,
        start_ns=0,
        end_ns=0,
        window_end_ns=0,
        policy_id="",
        allocation_rule=AllocationRule.OTHER,
        first_order_id="",
        sale_marking=SaleMarking.LONG,
        display_qty=0,
        settl_date=0,
        immediacy=Immediacy.NONE,
    )
    seq = seq_of(event.parent_id)
    found = Parent(parent_id=event.parent_id, seq=seq, terms=terms, due_ns=0)
    found.is_ended = found.is_released = found.is_former = True
    of_former(found, 0)
    return found


def of_former(parent: Parent, number: int) -> Tranche:
    """A tranche of a former parent, of which the constraints bind nothing any more."""
    return parent.tranches.setdefault(number, Tranche(number, parent.terms, parent.terms.benchmark))


def former_route(event: ChildCarried) -> ChildRouted:
    """The route of a carried child, without the evidence that its decision had."""
    return ChildRouted(
        slice_id="",
        parent_id=event.parent_id,
        instrument_id=event.instrument_id,
        side=event.side,
        venue=event.venue,
        child_qty=event.child_qty,
        child_type=ChildType.LIMIT,
        limit_px=event.limit_px,
        time_in_force=ChildTimeInForce.DAY,
        min_qty=0,
        send_before_ns=0,
        bid_px=0,
        ask_px=0,
        quote_age_ns=0,
        venue_qty=0,
        scorecard_version=0,
        cell="",
        fill_ppm=0,
        fill_within_ns=0,
        ends_filled_ppm=0,
        tail_ppm=0,
        score_millibps=0,
        runners_up=(),
        rejected_by_reason=(),
        reference_px=0,
        good_px=0,
        band_px=0,
        client_ids=(),
        sale_marking=SaleMarking.LONG,
        settl_date=0,
        left_qty=0,
        wanted_qty=0,
        tactic="",
        filled_millibps=0,
        adverse_millibps=0,
        missed_millibps=0,
        claims=event.claims,
    )


def on_order_carried(state: State, event: OrderCarried) -> None:
    """Make the carried order a member of the parents of its carried children."""
    order = state.carried.orders[event.order_id]
    for part in event.memberships:
        parent = state.carried.parents[part.parent_id]
        *earlier, last = [(x.joined_epoch, x.left_epoch, x.tranche) for x in part.stays]
        member = parent.members[event.order_id] = Member(
            order=order,
            member_qty=part.allocated_qty + part.taken_qty,
            allocated_qty=part.allocated_qty,
            left_qty=part.taken_qty,
            is_active=False,
            joined_epoch=last[0],
            left_epoch=last[1],
            tranche=last[2],
            stays=tuple(earlier),
        )
        for number in {stay.tranche: None for stay in part.stays}:
            of_former(parent, number).members[event.order_id] = member
        order.parent_ids = (*order.parent_ids, part.parent_id)
        order.homes += 1


EVOLVE: Mapping[type, Callable[[State, Any], None]] = {
    ChildCarried: on_child_carried,
    OrderCarried: on_order_carried,
}
