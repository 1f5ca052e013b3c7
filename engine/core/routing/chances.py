"""Chances of a fill at a venue, estimated from the counts of scorecards.

One venue's children are few, so an estimate is shrunk. A cell's hazards in a kind of venue lean on
all resting children of the tactic, and these on a guess, each like so many more children. A venue
has one factor on the hazards of its kind: (filled + m) / (expected + m), what was filled against
what the kind's hazards expect of the same children at rest, the posterior mean of a gamma-Poisson
model (Clayton and Kaldor 1987). So a venue is not blamed for being asked in harder states. The hit
rate of a venue leans on all venues' in the same cell. A venue with few samples gets a small bonus
in its score, the budget of exploration.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from engine.core.events import VenueKind
from engine.core.routing import cells, survival
from engine.core.routing.survival import CHILD_MILLI, Ends, Fills
from engine.core.state.model import Cell, Pools, Scorecard
from engine.core.state.state import State
from engine.core.units import PPM

SPEED_PRIOR_NS = 10_000_000_000  # Ten seconds; guess.
# Chance of a fill in each span of `survival` for a child that still rests; guess, until 20 or so
# children have rested.
PRIOR_PPM: Mapping[str, tuple[int, ...]] = {
    cells.POST: (
        20_000,
        30_000,
        60_000,
        90_000,
        100_000,
        120_000,
        200_000,
        250_000,
        250_000,
        250_000,
    ),
    cells.PEG: (
        10_000,
        20_000,
        40_000,
        70_000,
        80_000,
        100_000,
        150_000,
        200_000,
        200_000,
        200_000,
    ),
}
# Of those that enter a span, the part that is taken back in it; guess: at the second point.
CANCEL_PRIOR_PPM: tuple[int, ...] = (10_000, 10_000, 20_000, *((300_000,) * 7))
TAKE_PRIOR_PPM: Mapping[str, int] = {  # Part of a take that is hit; guess.
    "take:fresh": 800_000,
    "take:again": 600_000,
    "take:used": 100_000,
    cells.MIDPOINT_NOW: 100_000,
}
ROOT_MILLI = 2 * CHILD_MILLI  # Weight of a guess; guess.
KIND_MILLI = 4 * CHILD_MILLI  # Weight of all cells in a cell of a kind; guess.
# Weight of the kind in a venue's factor, expected fills; guess: children that rest at the same time
# share their fate, so a venue has far fewer independent samples than children.
FACTOR_MILLI = 20 * CHILD_MILLI
TAKE_MILLI = 10 * CHILD_MILLI  # Weight of all venues in a venue's hit rate; guess.
HAZARD_MAX_PPM = 950_000  # No fill is certain; guess.
EXPLORE_PPM = 50_000  # Bonus on the chance of a venue without samples; guess: 5 points.
EXPLORE_MILLI = 4 * CHILD_MILLI  # Samples that halve it; guess.

NO_REST = Cell(*((0,) * len(survival.SPANS),) * 3)
NO_TAKE = Cell((0,), (0,), (0,))


class Estimate(NamedTuple):
    """Expectation of a child at a venue."""

    version: int
    fill_ppm: int  # Part that is filled: within a time at rest, or at once.
    ends_filled_ppm: int  # Part that is filled before it is taken back; of a take the same.
    bonus_ppm: int  # On top of it in a score, for a venue with few samples.
    speed_ns: int
    cost_millibps: int | None  # Of a take; None before the first one.


class OfKind(NamedTuple):
    """Chances that the venues of a kind share in a cell of resting children, ppm by span.

    The hazard of a fill while a child rests, and of those that enter a span the parts that are
    filled and taken back in it.
    """

    hazards_ppm: tuple[int, ...]
    fills_ppm: tuple[int, ...]
    cancels_ppm: tuple[int, ...]


class Resting(NamedTuple):
    """The chances of a resting child of a venue."""

    fills: Fills
    ends: Ends


class Known(NamedTuple):
    """An estimate but for the times that it is asked for."""

    version: int
    bonus_ppm: int
    speed_ns: int
    cost_millibps: int | None
    hit_ppm: int  # Of a take; -1 of a resting child.
    resting: Resting | None  # None of a take.


def estimate(
    state: State, venue: str, cell: str, within_ns: int, left_ns: int, memo: dict[Any, Any]
) -> Estimate:
    """Estimate a child in a cell: a resting one within a time, a take at once.

    `left_ns` is the time after which a resting child is taken back in any case. `memo` keeps what
    is known of venues and their kinds, for as long as no scorecard changes. Raises KeyError for a
    venue that reference data does not know.
    """
    key = (state.reference.venues[venue].kind, venue, cell)
    found: Known | None = memo.get(key)
    if found is None:
        found = memo[key] = known(state, *key, memo)
    version, bonus_ppm, speed_ns, cost_millibps, chance_ppm, resting = found
    ends_ppm = chance_ppm
    if resting is not None:
        chance_ppm = resting.fills.within_ppm(within_ns)
        ends_ppm = resting.ends.filled_ppm(left_ns)
    return Estimate(version, chance_ppm, ends_ppm, bonus_ppm, speed_ns, cost_millibps)


def known(state: State, kind: VenueKind, venue: str, cell: str, memo: dict[Any, Any]) -> Known:
    """Estimate a child of a venue in a cell, but for the times."""
    card = state.scorecards.get(venue) or Scorecard()
    is_take = cells.is_take(cell)
    if not is_take and (kind, cell) not in memo:
        memo[kind, cell] = of_kind(state.pools, kind, cell)
    own = card.cells.get(cell)
    tries_milli = own.at_risk_milli[0] if own is not None else 0
    return Known(
        version=card.version,
        bonus_ppm=EXPLORE_PPM * EXPLORE_MILLI // (EXPLORE_MILLI + tries_milli),
        speed_ns=card.speed_ns if card.version else SPEED_PRIOR_NS,
        cost_millibps=card.cost_millibps if card.take_samples else None,
        hit_ppm=hit_ppm(state, venue, cell) if is_take else -1,
        resting=None if is_take else resting_at(memo[kind, cell], card),
    )


def hit_ppm(state: State, venue: str, cell: str) -> int:
    """Expected part of a take that is filled at once, ppm; rounds down."""
    card, pooled = state.scorecards.get(venue), state.pools.roots.get(cell)
    (rate,) = survival.hazards_ppm(*(pooled or NO_TAKE)[:2], (TAKE_PRIOR_PPM[cell],), ROOT_MILLI)
    own = None if card is None else card.cells.get(cell)
    (rate,) = survival.hazards_ppm(*(own or NO_TAKE)[:2], (rate,), TAKE_MILLI)
    return rate


def rest_ppm(found: OfKind, card: Scorecard, within_ns: int, left_ns: int) -> tuple[int, int]:
    """Part of a resting child of a venue that is filled within a time, and before it ends, ppm.

    It ends when it is taken back, as children used to be, or after `left_ns`.
    """
    resting = resting_at(found, card)
    return resting.fills.within_ppm(within_ns), resting.ends.filled_ppm(left_ns)


def resting_at(found: OfKind, card: Scorecard) -> Resting:
    """The chances of a kind by the factor of a venue."""
    factor_ppm = factor_of(card)
    hazards = survival.scaled_ppm(found.hazards_ppm, factor_ppm, HAZARD_MAX_PPM)
    fills = survival.scaled_ppm(found.fills_ppm, factor_ppm, HAZARD_MAX_PPM)
    return Resting(survival.fills(hazards), survival.ends(fills, found.cancels_ppm))


def factor_of(card: Scorecard) -> int:
    """A venue's hazards against its kind's for the same children at rest, ppm; rounds down."""
    expected_milli = sum(card.expected_milli.values())
    return (card.filled_milli + FACTOR_MILLI) * PPM // (expected_milli + FACTOR_MILLI)


def of_kind(pools: Pools, kind: VenueKind, cell: str) -> OfKind:
    """The chances of a cell in all venues of a kind."""
    tactic = cells.tactic_of(cell)
    fills_ppm, cancels_ppm = PRIOR_PPM[tactic], CANCEL_PRIOR_PPM
    for counts, weight in (
        (pools.roots.get(tactic, NO_REST), ROOT_MILLI),
        (pools.kinds.get((kind, cell), NO_REST), KIND_MILLI),
    ):
        filled, cancelled = counts.filled_milli, counts.cancelled_milli
        entered = survival.entered_milli(filled, cancelled)
        fills_ppm = survival.hazards_ppm(entered, filled, fills_ppm, weight)
        cancels_ppm = survival.hazards_ppm(entered, cancelled, cancels_ppm, weight)
    return OfKind(kind_hazards(pools, kind, cell), fills_ppm, cancels_ppm)


def kind_hazards(pools: Pools, kind: VenueKind, cell: str) -> tuple[int, ...]:
    """Hazards of a fill in a cell of all venues of a kind, ppm by span."""
    pooled = pools.kinds.get((kind, cell), NO_REST)
    root = root_hazards(pools, cells.tactic_of(cell))
    return survival.hazards_ppm(*pooled[:2], root, KIND_MILLI)


def root_hazards(pools: Pools, tactic: str) -> tuple[int, ...]:
    """Hazards of a fill of all resting children of a tactic, ppm by span."""
    pooled = pools.roots.get(tactic, NO_REST)
    return survival.hazards_ppm(*pooled[:2], PRIOR_PPM[tactic], ROOT_MILLI)
