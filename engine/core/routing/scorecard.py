"""What each venue was like, learned from our own reports alone.

A resting child that ends teaches how much of it was filled, and how soon; a taking one at what
cost against the midpoint, fees included. A take that fills at once says nothing of how long a post
would wait there, and what a post earned nothing of what a take pays. Each is smoothed with a
weight of one eighth for the newest, in integers; the first cost stands for itself. A version
counts the updates, and every route names the version it relied on.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from engine.core.events import ChildTimeInForce, ScorecardCarried, ScorecardUpdated, VenueKind
from engine.core.state.model import Child, Lesson, Scorecard
from engine.core.state.state import State

PPM = 1_000_000
WEIGHT = 8  # One part in eight for the newest observation; guess.
FILL_PRIOR_PPM = {VenueKind.LIT: 500_000, VenueKind.ATS: 300_000, VenueKind.DARK: 200_000}  # Guess.
SPEED_PRIOR_NS = 10_000_000_000  # Ten seconds; guess.


def smoothed(old: int, new: int) -> int:
    """Exponential smoothing in integers; rounds down."""
    return old + (new - old) // WEIGHT


class Card(NamedTuple):
    """What routing expects of a venue."""

    version: int
    fill_ppm: int
    speed_ns: int
    cost_millibps: int | None  # None before the first take.


def card(state: State, venue: str) -> Card:
    """What is known of a venue; the prior of its kind where nothing is."""
    found = state.scorecards.get(venue)
    if found is None or not found.version:
        return Card(0, FILL_PRIOR_PPM[state.reference.venues[venue].kind], SPEED_PRIOR_NS, None)
    cost = found.cost_millibps if found.take_samples else None
    return Card(found.version, found.fill_ppm, found.speed_ns, cost)


def lesson(child: Child) -> Lesson | None:
    """What a child that ended teaches of its venue; None for a take that was not filled."""
    if child.terms.time_in_force is ChildTimeInForce.IOC:
        qty = child.costed_qty
        return Lesson(cost_millibps=child.cost_millibps_qty // qty) if qty else None
    filled_qty = child.filled_qty
    return Lesson(
        fill_ppm=min(PPM, filled_qty * PPM // child.terms.child_qty),
        speed_ns=child.first_fill_ns - child.routed_ns if filled_qty else None,
    )


def update(state: State) -> tuple[ScorecardUpdated, ...]:
    """One update a venue for all children that ended since the last one."""
    return tuple(
        updated(state, venue, state.scorecards[venue])
        for venue in sorted(state.scorecards)
        if state.scorecards[venue].fresh
    )


def updated(state: State, venue: str, found: Scorecard) -> ScorecardUpdated:
    _, fill_ppm, speed_ns, cost = card(state, venue)
    for taught in found.fresh:
        if taught.fill_ppm is not None:
            fill_ppm = smoothed(fill_ppm, taught.fill_ppm)
        if taught.speed_ns is not None:
            speed_ns = smoothed(speed_ns, taught.speed_ns)
        if taught.cost_millibps is not None:
            cost = taught.cost_millibps if cost is None else smoothed(cost, taught.cost_millibps)
    return ScorecardUpdated(
        venue=venue,
        version=found.version + 1,
        samples=found.samples + len(found.fresh),
        fill_ppm=fill_ppm,
        speed_ns=speed_ns,
        cost_millibps=cost or 0,
        take_samples=found.take_samples
        + sum(taught.cost_millibps is not None for taught in found.fresh),
    )


def on_updated(state: State, event: ScorecardUpdated) -> None:
    state.scorecards[event.venue] = taken(event)


def on_carried(state: State, event: ScorecardCarried) -> None:
    state.carried.scorecards[event.venue] = taken(event)


def taken(event: ScorecardUpdated | ScorecardCarried) -> Scorecard:
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
