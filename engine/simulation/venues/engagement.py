"""Rules of engagement: what a venue accepts by its definition; a violation is rejected."""

from engine.core.events import (
    ChildRouted,
    ChildTimeInForce,
    ChildType,
    VenueDefined,
    VenueKind,
    VenueStatus,
)
from engine.core.market import reference
from engine.core.state.state import State


def violation(market: State, child: ChildRouted) -> str | None:
    """Why the child's venue rejects it, in the venue's words; None if it does not."""
    venue = market.reference.venues[child.venue]
    instrument = market.reference.instruments.get(child.instrument_id)
    if instrument is None:
        return f"unknown instrument {child.instrument_id}"
    if market.venue_status.get(venue.venue, VenueStatus.OPEN) is not VenueStatus.OPEN:
        return "the venue is not open"
    return (
        _wrong_qty(venue, child, max(1, instrument.lot_qty))
        or _wrong_type(venue, child)
        or _wrong_px(market, child)
    )


def _wrong_qty(venue: VenueDefined, child: ChildRouted, lot_qty: int) -> str | None:
    least_qty = max(1, venue.min_qty)
    if child.child_qty < least_qty:
        return f"quantity {child.child_qty} is below the minimum of {least_qty}"
    if not venue.odd_lots and child.child_qty % lot_qty:
        return f"quantity {child.child_qty} is not a multiple of the round lot {lot_qty}"
    if child.min_qty > child.child_qty:
        return f"smallest execution {child.min_qty} is above the quantity {child.child_qty}"
    return None


def _wrong_type(venue: VenueDefined, child: ChildRouted) -> str | None:
    is_peg = child.child_type is ChildType.MIDPOINT_PEG
    if is_peg and not venue.midpoint:
        return "midpoint pegs are not taken here"
    if not is_peg and venue.kind is VenueKind.DARK:
        return "only midpoint pegs are taken here"
    if child.time_in_force is ChildTimeInForce.DAY and not venue.posts:
        return "nothing may rest here"
    return None


def _wrong_px(market: State, child: ChildRouted) -> str | None:
    if child.limit_px <= 0:
        return f"limit {child.limit_px} is not positive"
    tick_px = reference.tick_px(market, child.instrument_id, child.limit_px)
    if child.child_type is ChildType.LIMIT and child.limit_px % tick_px:
        return f"limit {child.limit_px} is off the tick of {tick_px}"
    return None
