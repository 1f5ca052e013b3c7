"""Rules of engagement: a simulated venue rejects a child that breaks one, in words."""

from engine.core.events import ChildRouted, ChildTimeInForce, ChildType, VenueDefined, VenueStatus
from engine.core.market import reference, venue_rules
from engine.core.state.state import State


def violation(market: State, child: ChildRouted) -> str | None:
    """Why the child's venue rejects it, in the venue's words; None if it does not."""
    venue = market.reference.venues[child.venue]
    if child.instrument_id not in market.reference.instruments:
        return f"unknown instrument {child.instrument_id}"
    if market.venue_status.get(venue.venue, VenueStatus.OPEN) is not VenueStatus.OPEN:
        return "the venue is not open"
    return (
        venue_rules.wrong_qty(
            venue, child.child_qty, reference.lot_qty(market, child.instrument_id)
        )
        or _wrong_minimum(child)
        or _wrong_type(venue, child)
        or _wrong_px(market, child)
    )


def _wrong_minimum(child: ChildRouted) -> str | None:
    if child.min_qty > child.child_qty:
        return f"smallest execution {child.min_qty} is above the quantity {child.child_qty}"
    return None


def _wrong_type(venue: VenueDefined, child: ChildRouted) -> str | None:
    is_peg = child.child_type is ChildType.MIDPOINT_PEG
    if is_peg and not venue_rules.takes_midpoint_pegs(venue):
        return "midpoint pegs are not taken here"
    if not is_peg and not venue_rules.takes_limits(venue):
        return "only midpoint pegs are taken here"
    if child.time_in_force is ChildTimeInForce.DAY and not venue_rules.lets_rest(venue):
        return "nothing may rest here"
    return None


def _wrong_px(market: State, child: ChildRouted) -> str | None:
    if child.limit_px <= 0:
        return f"limit {child.limit_px} is not positive"
    tick_px = reference.tick_px(market, child.instrument_id, child.limit_px)
    if not tick_px:
        return f"{child.instrument_id} has no tick at {child.limit_px}"
    if child.child_type is ChildType.LIMIT and child.limit_px % tick_px:
        return f"limit {child.limit_px} is off the tick of {tick_px}"
    return None
