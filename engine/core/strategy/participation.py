"""Keep all parents of a client in an instrument within the participation of its mandate.

A parent's own cap is measured since its own release, so five parents of one client could be five
times the rate together. The mandate is the client's: what all its parents took and have at venues
is bounded by its rate of others' volume, plus one lot, so that a start is possible. The measurement
begins when the client's first parent is released and goes on while one of them works. When the next
one starts after a pause, the volume of the pause gives nothing, and what was taken above the rate
still counts.

A child works for the members of the tranches with a claim on it, and counts for each client in
proportion to what its members had open in each when the child was sent, rounded up. A child of a
closed day counts by the shares that its late fills give to the client: they are executions of
today, as the others are.

A parent that finds no room waits, and is told with its numbers (SliceHeld). The room goes to those
that wait, in turn: each leaves a lot to those that have waited longer, and while others wait a
parent takes an equal part of the room at most. One that asks no more, because it was stopped or its
price is gone, loses its place after two intervals.

What must complete, or trades at once, is sent even above the rate, and counts.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from engine.core.allocation.claims import as_stated
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
from engine.core.parents.open_parts import open_by_client
from engine.core.state.model import Book, Child, Dealing, Parent
from engine.core.state.state import State, seq_of
from engine.core.strategy import usual_volume
from engine.core.units import PPM

WAITS_INTERVALS = 2  # As long a parent keeps its place without asking again.


class Room(NamedTuple):
    """The part of a slice that the participation of a client still permits, and why."""

    room_qty: int
    client_id: str
    used_qty: int  # Taken and at venues, of all the client's parents.
    cap_qty: int  # By the mandate, and others' volume.
    volume_qty: int
    rate_ppm: int


def room_of(
    state: State, parent: Parent, claims: Mapping[int, int], now_ns: int
) -> tuple[Room | None, dict[int, int]]:
    """The client that leaves a slice the least room, and the most that each claim may then be.

    None and nothing if every client permits the slice, or none of them is measured yet.
    """
    rooms: list[Room] = []
    most: dict[int, int] = {}
    tape = tape_of(state, parent.terms.instrument_id, now_ns)
    for client_id, asked in asked_by_client(state, parent, claims).items():
        dealing = dealing_of(state, client_id, parent)
        if dealing is None:
            continue
        rate_ppm, volume_qty, cap_qty = measured(state, dealing, client_id, tape)
        # The slices of this batch come before it.
        used_qty = dealing.used_qty + state.sliced.get((client_id, tape.instrument_id), 0)
        free_qty = free_for(state, dealing, parent, cap_qty - used_qty, now_ns)
        asked_qty = sum([qty for _, qty, _ in asked])
        if asked_qty <= free_qty:
            continue
        for number, qty, open_qty in asked:
            # Floor: the client's part is within.
            room_qty = free_qty * qty // asked_qty * parent.tranches[number].open_qty // open_qty
            most[number] = min(most.get(number, room_qty), room_qty)
        rooms.append(Room(free_qty, client_id, used_qty, cap_qty, volume_qty, rate_ppm))
    return min(rooms, default=None), most


def asked_by_client(
    state: State, parent: Parent, claims: Mapping[int, int]
) -> dict[str, list[tuple[int, int, int]]]:
    """Each client's parts of claims: the tranche, its part, rounded up, and what it has open."""
    found: dict[str, list[tuple[int, int, int]]] = {}
    for number, qty in claims.items():
        tranche = parent.tranches[number]
        all_qty = tranche.open_qty
        for client_id, open_qty in open_by_client(state, parent, tranche).items():
            if open_qty > 0:
                part = (number, -(-qty * open_qty // all_qty), open_qty)
                found.setdefault(client_id, []).append(part)
    return found


def free_for(state: State, dealing: Dealing, parent: Parent, left_qty: int, now_ns: int) -> int:
    """The quantity that a client still permits a parent: the rest of its cap, and a lot."""
    lot_qty = reference.lot_qty(state, parent.terms.instrument_id)
    free_qty = left_qty + lot_qty
    if not dealing.waiting:
        return free_qty
    return turn_qty(state, dealing, parent, free_qty, lot_qty, now_ns)


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


class Moment(NamedTuple):
    """The tape of an instrument at a time; one for all clients of a parent."""

    instrument_id: str
    book: Book
    is_silent: bool
    now_ns: int


def tape_of(state: State, instrument_id: str, now_ns: int) -> Moment:
    is_silent = usual_volume.is_silent(state, instrument_id, now_ns)
    return Moment(instrument_id, state.book(instrument_id), is_silent, now_ns)


def measured(state: State, dealing: Dealing, client_id: str, tape: Moment) -> tuple[int, int, int]:
    """A client's rate, others' volume since the measurement began, and what it permits.

    While the tape is silent the usual volume counts, from the first release of what works now.
    """
    rate_ppm = min(state.controls.mandates[client_id].max_participation_ppm, PPM - 1)
    volume_qty = consolidated.others_volume_qty(state, tape.book, dealing.base)
    if tape.is_silent:
        released_ns = (state.parents[name].released_ns for name in dealing.working)
        since_ns = min(released_ns, default=tape.now_ns)
        volume_qty += usual_volume.unseen_qty(state, tape.instrument_id, since_ns, tape.now_ns)
    return rate_ppm, volume_qty, rate_ppm * volume_qty // (PPM - rate_ppm)


def excess_qty(state: State, parent: Parent, now_ns: int) -> int:
    """The parent's part of what its clients' parents have above their mandates' rates."""
    lot_qty = reference.lot_qty(state, parent.terms.instrument_id)
    tape = tape_of(state, parent.terms.instrument_id, now_ns)
    most_qty = 0
    for client_id in parent.clients:
        dealing = dealing_of(state, client_id, parent)
        assert dealing is not None, "a client is measured while a parent of its works"
        cap_qty = measured(state, dealing, client_id, tape)[2]
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


# ------------------------------------------------------------------------------ evolve


def begin(state: State, parent: Parent, client_id: str, at_ns: int) -> None:
    """Count a parent among those at work; the first one begins the measurement."""
    instrument_id = parent.terms.instrument_id
    dealing = state.dealings.setdefault((client_id, instrument_id), Dealing())
    if not dealing.working:
        tape = tape_of(state, instrument_id, at_ns)
        cap_qty = measured(state, dealing, client_id, tape)[2]
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
    """It had its turn, and what it may send leaves less room for the others of the batch."""
    parent = state.parents[event.parent_id]
    for client_id in parent.clients:
        dealing = dealing_of(state, client_id, parent)
        assert dealing is not None, "a client is measured while a parent of its works"
        dealing.waiting.pop(event.parent_id, None)
    claims = as_stated(event.claims, event.slice_qty)
    for client_id, part_qty in parts_of(state, parent, claims).items():
        name = (client_id, parent.terms.instrument_id)
        state.sliced[name] = state.sliced.get(name, 0) + part_qty


def parts_of(state: State, parent: Parent, claims: Mapping[int, int]) -> dict[str, int]:
    """The part of claims that counts for each client, rounded up: never understated."""
    asked = asked_by_client(state, parent, claims).items()
    return {client_id: sum([qty for _, qty, _ in parts]) for client_id, parts in asked}


def on_child_routed(state: State, event: ChildRouted) -> None:
    parent = state.parents[event.parent_id]
    child = state.children[state.event_id(event.seq)]
    claims = {cover.tranche: cover.claim_qty for cover in child.covers}
    child.holders = tuple(parts_of(state, parent, claims).items())
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
    dealings, instrument_id, child_qty = state.dealings, terms.instrument_id, terms.child_qty
    for client_id, part_qty in child.holders:
        dealing = dealings[client_id, instrument_id]  # Measured since the parent's release.
        # Ceilings, as of each part at each time.
        change_qty = -(-now_qty * part_qty // child_qty) + (-before_qty * part_qty // child_qty)
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
