"""Divide what venues have left to take among the slices of a batch that want it.

Parents of equal terms are due in the same batch, and a quote is soon used up. Served one after the
other, the oldest would take all of it in every batch. So each slice says what it would take and
where. What each venue has left is divided in proportion to that by the rule that divides fills
among members (`allocation.apportionment`), in whole lots, the best venue first. What a slice gets
there it wants no more at the next, so nothing stays that one of them could take. Lots that do not
come out even go to the parents that have less of their quantity done; among equals to the older. Of
less than a lot the first of them takes what it wants.

A FILL OR KILL order has a use for all of its quantity or for none: those come first, in order of
age, as their quotes were counted before anything else of the batch asked for them.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from engine.core.allocation import apportionment
from engine.core.events import Side
from engine.core.routing.candidates import Rated, Share, Shares


class Demand(NamedTuple):
    """The quantity that a slice would take, and the venues."""

    parent_id: str
    side: tuple[str, Side]  # With its instrument.
    place: tuple[int, int]  # Done part of its parent, ppm, and age: the lowest goes first.
    wanted_qty: int
    lot_qty: int
    venues: tuple[Rated, ...]  # Best first, with what is left there; none if it takes nothing.
    venues_max: int  # That it would use at once.
    is_whole: bool  # All of it or nothing.


def divided(demands: Iterable[Demand]) -> dict[str, Shares]:
    """The shares of each parent that has a demand, by venue; they depend on no order of demands."""
    found: dict[str, dict[str, Share]] = {}
    sides: dict[tuple[str, Side], list[Demand]] = {}
    for demand in demands:
        found[demand.parent_id] = {}
        sides.setdefault(demand.side, []).append(demand)
    for rivals in sides.values():
        _divide(sorted(rivals, key=lambda demand: demand.place), found)
    return {**found}


def _divide(rivals: Sequence[Demand], found: dict[str, dict[str, Share]]) -> None:
    """Divide what venues have left for one side of an instrument."""
    rated = {(x.score_millibps, x.venue): x.left_qty for demand in rivals for x in demand.venues}
    lefts = {venue: rated[score, venue] for score, venue in sorted(rated)}
    wants = {demand.parent_id: demand.wanted_qty for demand in rivals}
    free = dict(lefts)
    for demand in rivals:
        if demand.is_whole:
            _take_whole(demand, wants, free, found)
    for venue, left_qty in lefts.items():
        claims = [
            demand
            for demand in rivals
            if not demand.is_whole
            and wants[demand.parent_id]
            and len(found[demand.parent_id]) < demand.venues_max
            and any(x.venue == venue for x in demand.venues)
        ]
        asked = [wants[demand.parent_id] for demand in claims]
        whole_qty = left_qty - free[venue]  # For orders that need all of it.
        lot_qty = claims[0].lot_qty if claims else 1
        for demand, qty in zip(claims, parts(free[venue], lot_qty, asked), strict=True):
            if qty:
                share = Share(qty, left_qty, whole_qty + sum(asked))
                found[demand.parent_id][venue] = share
                wants[demand.parent_id] -= qty


def _take_whole(
    demand: Demand,
    wants: dict[str, int],
    free: dict[str, int],
    found: dict[str, dict[str, Share]],
) -> None:
    """Give a demand all that it wants, at the best venues; nothing if there is less."""
    if sum(free[x.venue] for x in demand.venues) < demand.wanted_qty:
        return
    for rated in demand.venues:
        qty = min(wants[demand.parent_id], free[rated.venue])
        if qty:
            found[demand.parent_id][rated.venue] = Share(qty, rated.left_qty, qty)
            free[rated.venue] -= qty
            wants[demand.parent_id] -= qty


def parts(left_qty: int, lot_qty: int, wanted: Sequence[int]) -> list[int]:
    """The part of each, at most what it wants; the first come first where it is uneven."""
    if sum(wanted) <= left_qty:
        return [*wanted]
    if left_qty < lot_qty:
        return [min(left_qty, wanted[0]), *[0] * (len(wanted) - 1)]
    lots = [-(-qty // lot_qty) for qty in wanted]  # Ceiling: an odd lot is a lot here.
    shares = apportionment.shares([0] * len(lots), left_qty // lot_qty, lots)
    return [min(qty, lot_qty * share) for qty, share in zip(wanted, shares, strict=True)]
