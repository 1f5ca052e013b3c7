"""What each venue was like, learned from our own reports alone.

A child that ends teaches three things: how much of it was filled, how soon, and at what cost
against the midpoint, fees included. Each is smoothed with a weight of one eighth for the newest,
in integers. A version counts the updates, and every route names the version it relied on.
"""

from collections.abc import Callable, Mapping
from typing import Any

from engine.core.events import ScorecardCarried, ScorecardUpdated, VenueKind
from engine.core.state import Scorecard, State

WEIGHT = 8  # One part in eight for the newest observation; guess.
FILL_PRIOR_PPM = {VenueKind.LIT: 500_000, VenueKind.ATS: 300_000, VenueKind.DARK: 200_000}  # Guess.
SPEED_PRIOR_NS = 10_000_000_000  # Ten seconds; guess.


def smoothed(old: int, new: int) -> int:
    """Exponential smoothing in integers; rounds down."""
    return old + (new - old) // WEIGHT


def card(state: State, venue: str) -> tuple[int, int, int, int]:
    """(version, fill ppm, speed ns, cost in 1e-3 bps) of a venue, the prior if nothing is known."""
    found = state.scorecards.get(venue)
    if found is None or not found.version:
        return 0, FILL_PRIOR_PPM[state.reference.venues[venue].kind], SPEED_PRIOR_NS, 0
    return found.version, found.fill_ppm, found.speed_ns, found.cost_millibps


def update(state: State) -> tuple[ScorecardUpdated, ...]:
    """One update a venue for all children that ended since the last one."""
    return tuple(
        updated(state, venue, state.scorecards[venue])
        for venue in sorted(state.scorecards)
        if state.scorecards[venue].fresh
    )


def updated(state: State, venue: str, found: Scorecard) -> ScorecardUpdated:
    _, fill_ppm, speed_ns, cost = card(state, venue)
    for fresh_fill_ppm, fresh_speed_ns, fresh_cost in found.fresh:
        fill_ppm = smoothed(fill_ppm, fresh_fill_ppm)
        if fresh_speed_ns >= 0:
            speed_ns = smoothed(speed_ns, fresh_speed_ns)
        if fresh_cost is not None:
            cost = smoothed(cost, fresh_cost)
    return ScorecardUpdated(
        venue=venue,
        version=found.version + 1,
        samples=found.samples + len(found.fresh),
        fill_ppm=fill_ppm,
        speed_ns=speed_ns,
        cost_millibps=cost,
    )


def on_updated(state: State, event: ScorecardUpdated) -> None:
    state.scorecards[event.venue] = taken(event)


def on_carried(state: State, event: ScorecardCarried) -> None:
    state.carried.scorecards[event.venue] = taken(event)


def taken(event: ScorecardUpdated | ScorecardCarried) -> Scorecard:
    return Scorecard(
        event.version, event.samples, event.fill_ppm, event.speed_ns, event.cost_millibps
    )


EVOLVE: Mapping[type, Callable[[State, Any], None]] = {
    ScorecardUpdated: on_updated,
    ScorecardCarried: on_carried,
}
