"""Choose the ways to fill a slice by their expected cost.

A slice that must trade now takes what is left at the best price. Any other one takes only where
that is expected to cost clearly less than waiting, as when the touch leans away. The rest waits at
the venues, cut piece by piece: the next piece goes to the way and venue that is expected to save
most against taking it later. A further piece at a venue is filled less likely than the first, so a
slice of some size spreads over midpoints, posts and steps ahead, and a small one goes to the best
of them. A venue has room for some pieces of a parent; what finds no room waits here, but for the
last of a window. A new child must save more than its messages are worth. So the sequential, the
parallel and the liquidity-seeking way to route are what comes out, each where it is cheapest.
"""

from typing import NamedTuple

from engine.core.controls import risk
from engine.core.events import ChildType, RouteReason, SliceReleased, Style
from engine.core.routing.candidates import (
    STEP,
    Rated,
    Rating,
    Search,
    can_take,
    rate,
    reaches_best,
)
from engine.core.routing.cells import PEG, POST, TAKE
from engine.core.routing.parts import Part, dark_parts, in_turn, limit_parts
from engine.core.units import PPM

# A take before it is needed must save so much, as what waits can still be taken; guess.
EARLY_MILLIBPS = 300
MESSAGE_MILLIBPS = 50  # Of a lot: what another child must save; guess.
# Children of a slice that wait; guess: a few show what we want, and what is hidden shows nothing.
SHOWN_MAX = 3
PEGS_MAX = 5
# Pieces at one venue, with those of the parent that wait there; guess: displayed sizes are one to
# three lots, and what is beyond them is filled only when the market moves through it.
PIECES_MAX = 5
NO_ROOM = -PPM * PPM  # Less than any gain.


class Ways(NamedTuple):
    """The candidates of all ways to fill a slice, the cheapest first."""

    takes: Rating
    resting: list[Rated]  # Pegs, posts and steps.
    reasons: dict[str, RouteReason]  # By venue where nothing can rest.


def ways(search: Search, qty: int) -> Ways:
    pegs, posts, steps = (rate(search, tactic, qty) for tactic in (PEG, POST, STEP))
    takes = rate(search, TAKE, qty)
    if not can_take(search):  # What is not shown at the best may not be traded through to.
        takes = takes._replace(candidates=[])
    resting = sorted([*pegs.candidates, *posts.candidates, *steps.candidates])
    return Ways(takes, resting, merged(pegs, posts).reasons)


def by_cost(search: Search, slice_: SliceReleased) -> tuple[list[Part], Rating]:
    """Parts that are taken now, or else wait in the cheapest ways.

    Of what a late slice finds nothing left to take for, that part is posted which is expected to
    cost less so; the rest waits for the next quote.
    """
    qty = slice_.slice_qty
    takes, resting, reasons = ways(search, qty)
    compared = Rating(sorted([*resting, *takes.candidates]), reasons)
    if slice_.style is not Style.PASSIVE and reaches_best(search):
        parts = in_turn(search, takes.candidates, qty, qty)
        left_qty = min(qty - sum(part.qty for part in parts), room_qty(search, slice_))
        if left_qty and slice_.style is Style.AGGRESSIVE:
            posts = [rated for rated in resting if rated.tactic is POST]
            parts += limit_parts(search, takes.candidates, posts, left_qty)
        return parts, compared._replace(reasons=takes.reasons)
    parts = []
    if is_early(takes, resting):
        parts = in_turn(search, takes.candidates, qty, qty)
    left_qty = min(qty - sum(part.qty for part in parts), room_qty(search, slice_))
    parts += waiting_parts(search, resting, left_qty, is_last=slice_.style is Style.CLEANUP)
    return parts, compared


def waiting_parts(search: Search, resting: list[Rated], qty: int, *, is_last: bool) -> list[Part]:
    """Parts of a quantity that wait; of what goes to midpoints each gets what it likely hides.

    What there is no room for waits here, but for the last of a window: that is displayed too.
    """
    apart = one_a_venue(resting)
    given = spread(search, apart, qty)
    if is_last:
        given = with_rest(search, apart, given, qty)
    pegs = [rated for rated, _ in given if rated.tactic is PEG]
    peg_qty = min(qty, sum(part_qty for rated, part_qty in given if rated.tactic is PEG))
    parts = dark_parts(search, pegs, peg_qty)
    left_qty = qty - sum(part.qty for part in parts)
    for rated, part_qty in given:
        if rated.tactic is not PEG:
            sent = in_turn(search, [rated], min(part_qty, left_qty), part_qty)
            left_qty -= sum(part.qty for part in sent)
            parts += sent
    if left_qty and not parts:  # No part fits its venue: another one with room.
        roomy, most_qty = apart, left_qty
        if not is_last:
            before = zip(apart, before_them(search, apart), strict=True)
            roomy = [rated for rated, pieces in before if pieces < PIECES_MAX]
            most_qty = min(left_qty, PIECES_MAX * piece_qty(search))
        parts = in_turn(search, roomy, most_qty, most_qty)[:1]
    return parts


def one_a_venue(resting: list[Rated]) -> list[Rated]:
    """The better displayed way of each venue, and its peg."""
    found: dict[tuple[str, bool], Rated] = {}
    for rated in resting:
        found.setdefault((rated.venue, rated.tactic is PEG), rated)
    return [*found.values()]


def with_rest(
    search: Search, resting: list[Rated], given: list[tuple[Rated, int]], qty: int
) -> list[tuple[Rated, int]]:
    """The quantities with what is given to none, in equal parts at the best displayed ways."""
    lots = -(-(qty - sum(part_qty for _, part_qty in given)) // search.lot_qty)  # Ceiling.
    shown = [rated for rated in resting if rated.tactic is not PEG][:SHOWN_MAX] or resting[:1]
    if lots <= 0 or not shown:
        return given
    part_qty = -(-lots // len(shown)) * search.lot_qty  # Ceiling: the parts cover all of it.
    had = dict(given)
    return [
        (rated, had.get(rated, 0) + (part_qty if rated in shown else 0))
        for rated in resting
        if rated in had or rated in shown
    ]


def room_qty(search: Search, slice_: SliceReleased) -> int:
    """The most of a slice that may wait; a late one has what is displayed already as a part."""
    if slice_.style is not Style.AGGRESSIVE:
        return slice_.slice_qty
    shown_qty = sum(
        child.leaves_qty
        for child in search.parent.children.values()
        if child.terms.child_type is ChildType.LIMIT
    )
    return max(0, slice_.slice_qty - shown_qty)


def is_early(takes: Rating, resting: list[Rated]) -> bool:
    """Whether the best take costs so much less than waiting that it is not waited for."""
    if not takes.candidates or not resting:
        return False
    saved = resting[0].score_millibps - takes.candidates[0].score_millibps
    return saved > EARLY_MILLIBPS


def spread(search: Search, resting: list[Rated], qty: int) -> list[tuple[Rated, int]]:
    """The quantity for each candidate, in whole pieces, the best candidate first.

    What is more than the candidates have room for is in none of them.
    """
    pieces = -(-qty // piece_qty(search))  # Ceiling: the odd rest is a piece here.
    before = before_them(search, resting)
    found = [0] * len(resting)
    for _ in range(min(pieces, (SHOWN_MAX + PEGS_MAX) * PIECES_MAX)):
        pegs = [n for n, x in enumerate(found) if x and resting[n].tactic is PEG]
        is_full = (sum(map(bool, found)) - len(pegs) >= SHOWN_MAX, len(pegs) >= PEGS_MAX)
        gains = [
            next_gain(
                rated,
                before[n] + found[n],
                is_new=not found[n],
                is_full=is_full[rated.tactic is PEG],
            )
            for n, rated in enumerate(resting)
        ]
        if max(gains, default=NO_ROOM) == NO_ROOM:
            break
        found[gains.index(max(gains))] += 1
    part_qty = piece_qty(search)
    return [(rated, x * part_qty) for rated, x in zip(resting, found, strict=True) if x]


def before_them(search: Search, resting: list[Rated]) -> list[int]:
    """The pieces that wait already where each of these would."""
    there = resting_pieces(search)
    return [there.get((rated.venue, rated.tactic is PEG), 0) for rated in resting]


def resting_pieces(search: Search) -> dict[tuple[str, bool], int]:
    """The pieces of the parent that wait, by venue and whether they peg; a part counts as one."""
    found: dict[tuple[str, bool], int] = {}
    unit_qty = piece_qty(search)
    for child in search.parent.children.values():
        is_peg = child.terms.child_type is ChildType.MIDPOINT_PEG
        key, pieces = (child.terms.venue, is_peg), -(-child.leaves_qty // unit_qty)  # Ceiling.
        found[key] = found.get(key, 0) + pieces
    return found


def piece_qty(search: Search) -> int:
    """The unit of a venue's room: the least slice of the policy, in whole lots."""
    least_qty = risk.policy_of(search.state).min_slice_qty
    return max(1, -(-least_qty // search.lot_qty)) * search.lot_qty  # Ceiling.


def next_gain(rated: Rated, pieces: int, *, is_new: bool, is_full: bool) -> int:
    """The saving of the next piece at a candidate against taking it later, 1e-3 bps; rounds down.

    The chance that a venue fills n pieces falls as 1/n, the tail of a power law of sizes with an
    exponent of two (Ganchev, Nevmyvaka, Kearns and Vaughan 2010 fit such laws).
    """
    if pieces >= PIECES_MAX or (is_new and is_full):
        return NO_ROOM
    cost = rated.cost
    saved = cost.missed_millibps - cost.filled_millibps - cost.adverse_millibps
    gain = saved * rated.chances.fill_ppm // (PPM * (pieces + 1))
    return gain - MESSAGE_MILLIBPS if is_new else gain


def merged(hidden: Rating, lit: Rating) -> Rating:
    """Each venue once: with its better tactic, or with the reason against its use as a lit one."""
    best: dict[str, Rated] = {}
    for rated in sorted([*hidden.candidates, *lit.candidates]):
        best.setdefault(rated.venue, rated)
    reasons = {**hidden.reasons, **lit.reasons}
    refused = {venue: reason for venue, reason in reasons.items() if venue not in best}
    return Rating([*best.values()], refused)
