"""Scorecards: each venue's fill rate, speed and cost, learned from our own reports alone.

A resting child that ends gives a sample of the filled part and of the time to the first fill. A
taking child gives a sample of the cost against the midpoint, fees included. The two are kept apart:
an immediate fill says nothing about the wait of a post, and the gain of a post nothing about the
cost of a take. Each figure is smoothed exponentially in integers, with a weight of one eighth for
the newest sample; the first cost is taken as it is. A version counts the updates, and every route
names the version that it relied on.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from engine.core.events import ChildTimeInForce, ScorecardCarried, ScorecardUpdated, VenueKind
from engine.core.state.model import Child, Lesson, Scorecard
from engine.core.state.state import State
from engine.core.units import PPM

WEIGHT = 8  # One part in eight for the newest sample; guess.
FILL_PRIOR_PPM = {VenueKind.LIT: 500_000, VenueKind.ATS: 300_000, VenueKind.DARK: 200_000}  # Guess.
SPEED_PRIOR_NS = 10_000_000_000  # Ten seconds; guess.


def smoothed(old: int, new: int) -> int:
    """Exponential smoothing in integers; rounds down."""
    return old + (new - old) // WEIGHT


class Estimate(NamedTuple):
    """Expected fill rate, speed and cost at a venue."""

    version: int
    fill_ppm: int
    speed_ns: int
    cost_millibps: int | None  # None before the first take.


def estimate(state: State, venue: str) -> Estimate:
    """The estimate from a venue's scorecard; without samples the prior of its kind."""
    found = state.scorecards.get(venue)
    if found is None or not found.version:
        return Estimate(0, FILL_PRIOR_PPM[state.reference.venues[venue].kind], SPEED_PRIOR_NS, None)
    cost = found.cost_millibps if found.take_samples else None
    return Estimate(found.version, found.fill_ppm, found.speed_ns, cost)


def lesson(child: Child) -> Lesson | None:
    """The sample of a child that ended; None for a take that was not filled."""
    if child.terms.time_in_force is ChildTimeInForce.IOC:
        qty = child.costed_qty
        return Lesson(cost_millibps=child.cost_millibps_qty // qty) if qty else None
    filled_qty = child.filled_qty
    return Lesson(
        fill_ppm=min(PPM, filled_qty * PPM // child.terms.child_qty),
        speed_ns=child.first_fill_ns - child.routed_ns if filled_qty else None,
    )


def update(state: State) -> tuple[ScorecardUpdated, ...]:
    """One update for each venue, of all children that ended since its last one."""
    return tuple(
        updated(state, venue, state.scorecards[venue])
        for venue in sorted(state.scorecards)
        if state.scorecards[venue].fresh
    )


def updated(state: State, venue: str, found: Scorecard) -> ScorecardUpdated:
    _, fill_ppm, speed_ns, cost = estimate(state, venue)
    for sample in found.fresh:
        if sample.fill_ppm is not None:
            fill_ppm = smoothed(fill_ppm, sample.fill_ppm)
        if sample.speed_ns is not None:
            speed_ns = smoothed(speed_ns, sample.speed_ns)
        if sample.cost_millibps is not None:
            cost = sample.cost_millibps if cost is None else smoothed(cost, sample.cost_millibps)
    return ScorecardUpdated(
        venue=venue,
        version=found.version + 1,
        samples=found.samples + len(found.fresh),
        fill_ppm=fill_ppm,
        speed_ns=speed_ns,
        cost_millibps=cost or 0,
        take_samples=found.take_samples
        + sum(sample.cost_millibps is not None for sample in found.fresh),
    )


def on_updated(state: State, event: ScorecardUpdated) -> None:
    state.scorecards[event.venue] = scorecard_of(event)


def on_carried(state: State, event: ScorecardCarried) -> None:
    state.carried.scorecards[event.venue] = scorecard_of(event)


def scorecard_of(event: ScorecardUpdated | ScorecardCarried) -> Scorecard:
    return Scorecard(
        event.version,
        event.samples,
        event.fill_ppm,
        event.speed_ns,
        event.cost_millibps,
        event.take_samples,
    )


EVOLVE: Mapping[type, Callable[[State, Any], None]] = {
    ScorecardUpdated: on_updated,
    ScorecardCarried: on_carried,
}
