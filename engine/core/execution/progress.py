"""Stop a venue in an instrument where execution repeats without progress, until a person says so.

A venue that rejects, cancels or expires each child as it comes, or fills a crumb of each, would get
the whole parent in children of one instant. Such ends are counted in a row for each venue and
instrument; a child that is filled in part, as the policy measures it, starts the count again. Only
a child that was sent after the last such end counts: a venue that cancels a hundred children at
once when its session drops has refused once, not a hundred times. A venue that fills a child beyond
its quantity is stopped at once, for what it says cannot be relied on. The stop is a suspension of
the venue for the instrument alone; only a person's SuspensionLifted ends it, also after a close.
"""

from collections.abc import Callable, Mapping
from typing import Any

from engine.core.controls import risk
from engine.core.events import (
    ChildClosed,
    ChildRouted,
    ChildTimeInForce,
    ControlScope,
    FillBooked,
    FillCorrected,
    StageEvent,
    SuspensionSet,
)
from engine.core.execution.children import BY_VENUE
from engine.core.state.model import Child, Fruitless
from engine.core.state.state import State
from engine.core.units import PPM

# ------------------------------------------------------------------------------ decide


def decide_closed(state: State, event: ChildClosed, _: int) -> tuple[StageEvent, ...]:
    """The stop of a venue whose ends without progress have become too many in a row."""
    terms = state.children[event.child_id].terms
    found = state.books[terms.instrument_id].fruitless.get(terms.venue)
    if found is None or found.ends < risk.policy_of(state).fruitless_max:
        return ()
    text = (
        f"{terms.venue} ended {found.ends} children of {terms.instrument_id} in a row with less "
        f"than {risk.policy_of(state).progress_ppm} ppm filled, the last {event.child_id} "
        f"of {terms.child_qty} as {event.reason}; no more go there until a person lifts it"
    )
    return stopped(state, terms, text)


def decide_filled(state: State, event: FillBooked, _: int) -> tuple[StageEvent, ...]:
    """The stop of a venue that has filled more than it was sent."""
    if not event.overfill_qty:
        return ()
    return overfilled(state, event.child_id, event.cum_qty, event.overfill_qty)


def decide_corrected(state: State, event: FillCorrected, _: int) -> tuple[StageEvent, ...]:
    """The stop of a venue whose correction makes a fill more than it was sent."""
    child = state.children[event.child_id]
    more_qty = event.last_qty - event.previous_qty
    overfill_qty = min(more_qty, child.filled_qty - child.terms.child_qty)
    if overfill_qty <= 0:
        return ()
    return overfilled(state, event.child_id, child.filled_qty, overfill_qty)


def overfilled(
    state: State, child_id: str, filled_qty: int, overfill_qty: int
) -> tuple[StageEvent, ...]:
    terms = state.children[child_id].terms
    text = (
        f"{terms.venue} filled {filled_qty} of child {child_id} of {terms.child_qty} in "
        f"{terms.instrument_id}, {overfill_qty} too many; no more go there until a person lifts it"
    )
    return stopped(state, terms, text)


def stopped(state: State, terms: ChildRouted, text: str) -> tuple[StageEvent, ...]:
    scope_id = risk.venue_for(terms.venue, terms.instrument_id)
    if (ControlScope.VENUE, scope_id) in state.suspended:
        return ()
    return (
        SuspensionSet(scope=ControlScope.VENUE, scope_id=scope_id, source_number=-1, text=text),
    )


DECIDE: Mapping[type, Callable[[State, Any, int], tuple[StageEvent, ...]]] = {
    ChildClosed: decide_closed,
    FillBooked: decide_filled,
    FillCorrected: decide_corrected,
}


# ------------------------------------------------------------------------------ evolve


def has_progress(state: State, child: Child) -> bool:
    return child.filled_qty * PPM >= child.terms.child_qty * risk.policy_of(state).progress_ppm


def on_child_closed(state: State, event: ChildClosed) -> None:
    child = state.children[event.child_id]
    if event.reason not in BY_VENUE or has_progress(state, child):
        return
    if not event.unsolicited and child.terms.time_in_force is not ChildTimeInForce.IOC:
        return  # It was asked for.
    if risk.is_venue_stopped(state, child.terms.venue, child.terms.instrument_id):
        return  # It was sent before the stop.
    fruitless = state.books[child.terms.instrument_id].fruitless
    found = fruitless.get(child.terms.venue, Fruitless(0, 0))
    if child.routed_ns >= found.ended_ns:
        fruitless[child.terms.venue] = Fruitless(found.ends + 1, event.at_ns)


def on_fill_booked(state: State, event: FillBooked) -> None:
    if has_progress(state, state.children[event.child_id]):
        state.book(event.instrument_id).fruitless.pop(event.venue, None)


def on_suspension_set(state: State, event: SuspensionSet) -> None:
    """Once it is lifted, the venue starts anew."""
    venue, _, instrument_id = event.scope_id.partition(risk.FOR)
    if instrument_id in state.books:
        state.books[instrument_id].fruitless.pop(venue, None)


EVOLVE: Mapping[type, Callable[[State, Any], None]] = {
    ChildClosed: on_child_closed,
    FillBooked: on_fill_booked,
    SuspensionSet: on_suspension_set,
}
