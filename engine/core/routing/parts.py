"""Cut a slice into parts for venues, each for the tranches that its price and venue respect.

A part carries its claims, and what it gets its tranches want no more. It is at most what the venue
has left to take, what its tranches may show there, and what the venue's rules take.
"""

from collections.abc import Mapping
from typing import NamedTuple

from engine.core.allocation.apportionment import shares
from engine.core.events import ChildType
from engine.core.market import reference, venue_rules
from engine.core.routing import cells, dark_split, limit_market
from engine.core.routing.candidates import (
    LIQUIDITY_OF,
    STEP,
    Rated,
    Search,
    eligible,
    eligible_qty,
)
from engine.core.routing.cells import POST, TAKE
from engine.core.routing.expected_cost import MISSED_SPREADS, fee_millibps

POSTED = (POST, STEP)


class Part(NamedTuple):
    """A quantity for a candidate, and what it is for, by tranche."""

    rated: Rated
    qty: int
    claims: dict[int, int]


def fitted_qty(search: Search, venue: str, qty: int) -> int:
    """The most of `qty` that the venue's rules take."""
    return venue_rules.fitted_qty(search.state.reference.venues[venue], qty, search.lot_qty)


def in_turn(search: Search, candidates: list[Rated], qty: int, part_qty: int) -> list[Part]:
    """Give each candidate, in order of score, at most `part_qty` or what it has left to take.

    What a candidate gets is taken out of what the tranches want.
    """
    parts: list[Part] = []
    left_qty = qty
    for rated in candidates:
        most_qty = min(left_qty, part_qty)
        if rated.tactic is TAKE and rated.most_qty < most_qty:
            odd_qty = rated.most_qty % search.lot_qty
            # Only the last is an odd lot, but where a venue has no more than one left.
            most_qty = rated.most_qty - odd_qty or odd_qty
        room = room_at(search, rated, most_qty)
        room_qty = sum(room.values())
        if room_qty < most_qty:  # An odd lot is for the last of what all tranches want.
            is_last = rated.tactic in POSTED and len(room) == len(search.wants)
            most_qty = room_qty if is_last else room_qty - room_qty % search.lot_qty
        fit_qty = fitted_qty(search, rated.venue, most_qty)
        if fit_qty:
            parts.append(Part(rated, fit_qty, claim(search, room, fit_qty)))
            left_qty -= fit_qty
    return parts


def room_at(search: Search, rated: Rated, qty: int) -> dict[int, int]:
    """The want of each tranche that a child may be for; of a post as much as may be shown there."""
    room = {
        number: search.wants[number] for number in eligible(search, rated.venue, rated.limit_px)
    }
    if rated.tactic in POSTED:
        room = {number: showable_qty(search, rated.venue, number, x) for number, x in room.items()}
    return {number: min(x, qty) for number, x in room.items() if x > 0}


def claim(search: Search, room: Mapping[int, int], qty: int) -> dict[int, int]:
    """The claims of a child, in proportion to the room; they are wanted no more."""
    parts = dict(zip(room, shares([0] * len(room), qty, [*room.values()]), strict=True))
    for number, part in parts.items():
        search.wants[number] -= part
    return {number: part for number, part in parts.items() if part}


def showable_qty(search: Search, venue: str, number: int, qty: int) -> int:
    """The part of `qty` that may be posted at a venue beside what the tranche shows there."""
    display_qty = search.parent.tranches[number].terms.display_qty
    if not display_qty:
        return qty
    shown_qty = sum(
        cover.leaves_qty
        for child in search.parent.children.values()
        if child.terms.venue == venue and child.terms.child_type is ChildType.LIMIT
        for cover in child.covers
        if cover.tranche == number
    )
    return max(0, min(qty, display_qty - shown_qty))


def dark_parts(search: Search, candidates: list[Rated], qty: int) -> list[Part]:
    """Parts of a quantity for venues that show nothing, by what they hid from earlier children."""
    if not candidates:
        return []
    state, lot_qty = search.state, search.lot_qty
    rooms = {
        x.venue: dark_split.Room(
            state.reference.venues[x.venue].min_qty, eligible_qty(search, x.venue, x.limit_px)
        )
        for x in candidates
    }
    tactic = cells.hidden_of(candidates[0].cell)
    given = dark_split.divided(state, tactic, rooms, qty, lot_qty)
    parts, left_qty = [], qty
    for rated in candidates:
        if rated.venue in given:
            lots, tail_ppm = given[rated.venue]
            part_qty = min(left_qty, lots * lot_qty)  # The last one has the odd lot.
            parts += in_turn(search, [rated._replace(tail_ppm=tail_ppm)], part_qty, part_qty)
            left_qty -= part_qty
    return parts


def limit_parts(search: Search, takes: list[Rated], posts: list[Rated], qty: int) -> list[Part]:
    """Posts for the part of a quantity that is better posted until the next schedule point.

    What a post misses costs a take, and the move that a missed take is charged too.
    """
    half, side = search.half_spread_millibps, search.parent.terms.side
    fee = search.impact_millibps + sum(fee_of(search, rated) for rated in takes[:1])
    costs = limit_market.Costs(half, fee, half + fee + MISSED_SPREADS * 2 * half)
    offers = [
        limit_market.Post(
            rated.venue,
            cells.ahead_qty(search.book, side, rated.venue, rated.limit_px),
            rated.chances.fill_ppm,
            -fee_of(search, rated),
        )
        for rated in posts
    ]
    given = limit_market.limit_qtys(qty, search.lot_qty, costs, offers)
    parts: list[Part] = []
    for rated in posts:
        part_qty = given.get(rated.venue, 0)
        parts += in_turn(search, [rated], part_qty, part_qty)
    return parts


def fee_of(search: Search, rated: Rated) -> int:
    """The fee of a candidate, 1e-3 bps; below zero for a rebate."""
    liquidity = LIQUIDITY_OF[rated.tactic]
    fee_px = reference.fee_px(search.state, rated.venue, liquidity, search.mid_px)
    return fee_millibps(fee_px, search.mid_px)
