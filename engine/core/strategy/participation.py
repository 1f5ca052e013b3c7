"""Keep all parents of a client in an instrument within the participation of its mandate.

A parent's own cap is measured since its own release, so five parents of one client could be five
times the rate together. The mandate is the client's: what all its parents took and have at venues
is bounded by its rate of others' volume, plus one lot, so that a start is possible. The measurement
begins when the client's first parent is released and goes on while one of them works. When the next
one starts after a pause, the volume of the pause gives nothing, and what was taken above the rate
still counts.

A child works for all members of its parent, and counts for each client in proportion to what its
members had open when the child was sent, rounded up. A child of a closed day counts by the shares
that its late fills give to the client: they are executions of today, as the others are.

A parent that finds no room waits, and is told with its numbers (SliceHeld). The room goes to those
that wait, in turn: each leaves a lot to those that have waited longer, and while others wait
a parent takes an equal part of the room at most. One that asks no more, because it was stopped or
its price is gone, loses its place after two intervals.

What must complete, or trades at once, is sent even above the rate, and counts.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from engine.core.controls import risk
from engine.core.events import (
    ChildClosed,
    ChildDoubted,
    ChildRouted,
    FillAllocated,
    FillBooked,
    FillBusted,
    FillCorrected,
    FillReallocated,
    MemberJoined,
    MemberLeft,
    ParentEnded,
    ParentReleased,
    SliceHeld,
    SliceReleased,
)
from engine.core.market import consolidated, reference
from engine.core.state.model import Child, Dealing, Parent
from engine.core.state.state import State, seq_of
from engine.core.strategy import usual_volume
from engine.core.units import PPM

WAITS_INTERVALS = 2  # As long a parent keeps its place without asking again.


class Room(NamedTuple):
    """The part of a parent that the participation of a client still permits, and why."""

    room_qty: int
    client_id: str
    used_qty: int  # Taken and at venues, of all the client's parents.
    cap_qty: int  # By the mandate, and others' volume.
    volume_qty: int
    rate_ppm: int


def room_of(state: State, parent: Parent, now_ns: int) -> Room | None:
    """The client of the parent with the least room; None before any of them is measured."""
    parts = open_by_client(parent)
    found = [
        room_for(state, parent, dealing, client_id, now_ns, open_qty)
        for client_id, open_qty in parts.items()
        if open_qty > 0 and (dealing := dealing_of(state, client_id, parent)) is not None
    ]
    return min(found, default=None)


def room_for(
    state: State, parent: Parent, dealing: Dealing, client_id: str, now_ns: int, open_qty: int
) -> Room:
    """The room for a parent by one of its clients, which has so much of it open."""
    lot_qty = reference.lot_qty(state, parent.terms.instrument_id)
    rate_ppm, volume_qty, cap_qty = measured(state, dealing, client_id, parent, now_ns)
    free_qty = cap_qty + lot_qty - dealing.used_qty
    free_qty = turn_qty(state, dealing, parent, free_qty, lot_qty, now_ns)
    room_qty = free_qty * parent.open_qty // open_qty  # Floor: the client's part is within.
    return Room(room_qty, client_id, dealing.used_qty, cap_qty, volume_qty, rate_ppm)


def turn_qty(
    state: State, dealing: Dealing, parent: Parent, free_qty: int, lot_qty: int, now_ns: int
) -> int:
    """The part of a client's free quantity that one parent may take, where others wait for it."""
    waiting = dealing.waiting
    others = len(waiting) - (parent.parent_id in waiting)
    if not others:
        return free_qty
    part_qty = max(lot_qty, free_qty // (others + 1))
    for parent_id, asked_ns in waiting.items():
        if parent_id == parent.parent_id or free_qty < lot_qty:
            break  # It comes next, or there is nothing left for it.
        if not is_late(state, asked_ns, now_ns):
            free_qty -= lot_qty
    return min(part_qty, free_qty)


def is_late(state: State, asked_ns: int, now_ns: int) -> bool:
    """Whether a parent that waits has not asked again for too long."""
    return now_ns - asked_ns > WAITS_INTERVALS * risk.policy_of(state).interval_ns


def measured(
    state: State, dealing: Dealing, client_id: str, parent: Parent, now_ns: int
) -> tuple[int, int, int]:
    """A client's rate, others' volume since the measurement began, and what it permits.

    While the tape is silent the usual volume counts, from the first release of what works now.
    """
    instrument_id = parent.terms.instrument_id
    rate_ppm = min(state.controls.mandates[client_id].max_participation_ppm, PPM - 1)
    volume_qty = consolidated.others_volume_qty(state, state.book(instrument_id), dealing.base)
    if usual_volume.is_silent(state, instrument_id, now_ns):
        released_ns = (state.parents[name].released_ns for name in dealing.working)
        since_ns = min(released_ns, default=now_ns)
        volume_qty += usual_volume.unseen_qty(state, instrument_id, since_ns, now_ns)
    return rate_ppm, volume_qty, rate_ppm * volume_qty // (PPM - rate_ppm)


def excess_qty(state: State, parent: Parent, now_ns: int) -> int:
    """The parent's part of what its clients' parents have above their mandates' rates."""
    lot_qty = reference.lot_qty(state, parent.terms.instrument_id)
    most_qty = 0
    for client_id in parent.clients:
        dealing = dealing_of(state, client_id, parent)
        assert dealing is not None, "a client is measured while a parent of its works"
        cap_qty = measured(state, dealing, client_id, parent, now_ns)[2]
        above_qty = dealing.used_qty - cap_qty - lot_qty
        most_qty = max(most_qty, -(-above_qty // len(dealing.working)))  # Ceiling: enough.
    return most_qty


def held(
    state: State, parent: Parent, room: Room, wanted_qty: int, slice_qty: int, now_ns: int
) -> Iterator[SliceHeld]:
    """The hold of a slice, or of a part; told again when the parent has waited for an interval."""
    dealing = dealing_of(state, room.client_id, parent)
    assert dealing is not None, "it has the least room"
    told_ns = dealing.waiting.get(parent.parent_id)
    is_told = told_ns is not None and now_ns - told_ns < risk.policy_of(state).interval_ns
    if slice_qty or not is_told:
        yield SliceHeld(
            parent_id=parent.parent_id,
            client_id=room.client_id,
            wanted_qty=wanted_qty,
            slice_qty=slice_qty,
            used_qty=room.used_qty,
            cap_qty=room.cap_qty,
            market_volume_qty=room.volume_qty,
            max_participation_ppm=room.rate_ppm,
            waiting_count=len(dealing.waiting),
        )


def dealing_of(state: State, client_id: str, parent: Parent) -> Dealing | None:
    return state.dealings.get((client_id, parent.terms.instrument_id))


def open_by_client(parent: Parent) -> dict[str, int]:
    """The quantity that each client has open in a parent."""
    if len(parent.clients) == 1:
        return dict.fromkeys(parent.clients, parent.open_qty)
    found = dict.fromkeys(parent.clients, 0)
    for member in parent.active_members():
        found[member.order.terms.client_id] += member.open_qty
    return found


# ------------------------------------------------------------------------------ evolve


def begin(state: State, parent: Parent, client_id: str, at_ns: int) -> None:
    """Count a parent among those at work; the first one begins the measurement."""
    instrument_id = parent.terms.instrument_id
    dealing = state.dealings.setdefault((client_id, instrument_id), Dealing())
    if not dealing.working:
        cap_qty = measured(state, dealing, client_id, parent, at_ns)[2]
        dealing.used_qty = max(0, dealing.used_qty - cap_qty)
        dealing.base = consolidated.tape(state.book(instrument_id), at_ns)
    dealing.working[parent.parent_id] = None


def end(state: State, parent: Parent, client_id: str) -> None:
    dealing = dealing_of(state, client_id, parent)
    if dealing is not None:
        dealing.working.pop(parent.parent_id, None)
        dealing.waiting.pop(parent.parent_id, None)


def on_parent_released(state: State, event: ParentReleased) -> None:
    parent = state.parents[event.parent_id]
    for client_id in parent.clients:
        begin(state, parent, client_id, event.at_ns)


def on_member_joined(state: State, event: MemberJoined) -> None:
    parent = state.parents[event.parent_id]
    if parent.is_released:
        begin(state, parent, state.orders[event.order_id].terms.client_id, event.at_ns)


def on_member_left(state: State, event: MemberLeft) -> None:
    parent = state.parents[event.parent_id]
    client_id = parent.members[event.order_id].order.terms.client_id
    if client_id not in parent.clients:
        end(state, parent, client_id)


def on_parent_ended(state: State, event: ParentEnded) -> None:
    parent = state.parents_ended[event.parent_id]
    for client_id in parent.clients:
        end(state, parent, client_id)


def on_slice_held(state: State, event: SliceHeld) -> None:
    """Take a place among those that wait, or keep it; one that asks no more loses its own.

    What a silent tape holds waits for no other parent.
    """
    parent = state.parents[event.parent_id]
    if not event.client_id:
        parent.is_told_silent = True
        return
    dealing = dealing_of(state, event.client_id, parent)
    assert dealing is not None, "the event tells its numbers"
    waiting = dealing.waiting
    waiting[event.parent_id] = event.at_ns
    while is_late(state, next(iter(waiting.values())), event.at_ns):
        del waiting[next(iter(waiting))]


def on_slice_released(state: State, event: SliceReleased) -> None:
    """It had its turn."""
    parent = state.parents[event.parent_id]
    for client_id in parent.clients:
        dealing = dealing_of(state, client_id, parent)
        assert dealing is not None, "a client is measured while a parent of its works"
        dealing.waiting.pop(event.parent_id, None)


def on_child_routed(state: State, event: ChildRouted) -> None:
    parent = state.parents[event.parent_id]
    child = state.children[state.event_id(event.seq)]
    total_qty = parent.open_qty
    child.holders = tuple(
        (client_id, -(-event.child_qty * open_qty // total_qty))  # Ceiling: never understated.
        for client_id, open_qty in open_by_client(parent).items()
        if open_qty > 0
    )
    count(state, child)


def on_child_changed(
    state: State, event: FillBooked | FillBusted | FillCorrected | ChildClosed | ChildDoubted
) -> None:
    count(state, state.children[event.child_id])


def count(state: State, child: Child) -> None:
    """Count what a child has taken and may still take for each of its clients."""
    terms, before_qty = child.terms, child.counted_qty
    now_qty = child.counted_qty = child.filled_qty + child.leaves_qty
    if now_qty == before_qty:
        return  # Most fills: what was open is taken.
    for client_id, part_qty in child.holders:
        dealing = state.dealings.setdefault((client_id, terms.instrument_id), Dealing())
        change_qty = part_of(now_qty, part_qty, child) - part_of(before_qty, part_qty, child)
        dealing.used_qty = max(0, dealing.used_qty + change_qty)


def on_fill_allocated(state: State, event: FillAllocated) -> None:
    former = state.parents_ended.get(event.parent_id)
    if former is not None and former.is_former:
        count_shares(state, former, zip(event.order_ids, event.shares_qty, strict=True))
        count_shares(state, former, zip(event.other_order_ids, event.other_shares_qty, strict=True))


def on_fill_reallocated(state: State, event: FillReallocated) -> None:
    """A bust or a correction of an earlier day's fill changes nothing that counts today."""
    former = state.parents_ended.get(event.parent_id)
    if former is not None and former.is_former and seq_of(event.fill_id) >= state.day_seq:
        count_shares(state, former, ((x.order_id, -x.share_qty) for x in event.before))
        count_shares(state, former, ((x.order_id, x.share_qty) for x in event.after))


def count_shares(state: State, former: Parent, shares: Iterable[tuple[str, int]]) -> None:
    """Count shares of a fill of today; it is shared among carried orders alone."""
    for order_id, share_qty in shares:
        client_id = former.members[order_id].order.terms.client_id
        name = (client_id, former.terms.instrument_id)
        dealing = state.dealings.setdefault(name, Dealing())
        dealing.used_qty = max(0, dealing.used_qty + share_qty)


def part_of(qty: int, part_qty: int, child: Child) -> int:
    return -(-qty * part_qty // child.terms.child_qty)  # Ceiling.


EVOLVE: Mapping[type, Callable[[State, Any], None]] = {
    FillBooked: on_child_changed,
    ChildRouted: on_child_routed,
    ChildClosed: on_child_changed,
    SliceReleased: on_slice_released,
    SliceHeld: on_slice_held,
    ParentReleased: on_parent_released,
    MemberJoined: on_member_joined,
    MemberLeft: on_member_left,
    ParentEnded: on_parent_ended,
    FillBusted: on_child_changed,
    FillCorrected: on_child_changed,
    ChildDoubted: on_child_changed,
    FillAllocated: on_fill_allocated,
    FillReallocated: on_fill_reallocated,
}
