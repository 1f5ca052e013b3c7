"""Send a slice where it is likely to fill best, and record why.

Three routers share the candidates, which are the venues fit for the slice in order of score.
SEQUENTIAL gives the slice to one venue. PARALLEL gives several venues parts of it at once, never
more than the slice in all. LIQUIDITY_SEEKING pegs most of it at midpoints in the dark and sends the
remainder to the best lit venue. A taking child never asks for more than the venue displays, never
trades through a better protected quote, and never goes through the limit. A parent sends at most so
many children in a time: the rest of its slice is held, and no other slice leaves before.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from engine.core.controls import rates, risk
from engine.core.events import (
    Candidate,
    ChildRouted,
    ChildTimeInForce,
    ChildType,
    Immediacy,
    RouteDeferred,
    Router,
    RouteReason,
    RouteReasonCount,
    SliceReleased,
    StageEvent,
    Style,
)
from engine.core.market import venue_rules
from engine.core.routing.candidates import (
    PEG,
    POST,
    TAKE,
    Rated,
    Rating,
    Search,
    limit_for,
    rate,
    reaches_best,
    search_for,
)
from engine.core.state.model import Parent
from engine.core.state.state import State

CLIENTS_MAX = (
    64  # That a route names, count; guess: a parent seldom has more, and routes stay small.
)
PARALLEL_POSTS_MAX = 3  # Venues that a posted slice is spread over.


# ----------------------------------------------------------------------------- routers


class Part(NamedTuple):
    """A quantity for a candidate."""

    rated: Rated
    qty: int


def fitted_qty(search: Search, venue: str, qty: int) -> int:
    """The most of `qty` that the venue's rules take."""
    return venue_rules.fitted_qty(search.state.reference.venues[venue], qty, search.lot_qty)


def in_turn(search: Search, candidates: list[Rated], qty: int, part_qty: int) -> list[Part]:
    """Give each candidate, in order of score, at most `part_qty` or its displayed quantity."""
    parts: list[Part] = []
    left_qty = qty
    for rated in candidates:
        most_qty = min(left_qty, part_qty)
        if rated.tactic is TAKE and rated.venue_qty < most_qty:
            odd_qty = rated.venue_qty % search.lot_qty
            # Only the last is an odd lot, but where a venue shows no more than one.
            most_qty = rated.venue_qty - odd_qty or odd_qty
        if rated.tactic is POST:
            most_qty = min(most_qty, showable_qty(search, rated.venue, most_qty))
        fit_qty = fitted_qty(search, rated.venue, most_qty)
        if fit_qty:
            parts.append(Part(rated, fit_qty))
            left_qty -= fit_qty
    return parts


def showable_qty(search: Search, venue: str, qty: int) -> int:
    """The part of `qty` that may be posted at a venue beside what the parent shows there."""
    display_qty = search.parent.terms.display_qty
    if not display_qty:
        return qty
    shown_qty = sum(
        child.leaves_qty
        for child in search.parent.children.values()
        if child.terms.venue == venue and child.terms.child_type is ChildType.LIMIT
    )
    return max(0, min(qty, display_qty - shown_qty))


def sequential(search: Search, slice_: SliceReleased) -> tuple[list[Part], Rating]:
    rating = rate(search, tactic_of(search, slice_), slice_.slice_qty)
    parts = in_turn(search, rating.candidates, slice_.slice_qty, slice_.slice_qty)
    return parts[:1], rating


def parallel(search: Search, slice_: SliceReleased) -> tuple[list[Part], Rating]:
    tactic, qty = tactic_of(search, slice_), slice_.slice_qty
    rating = rate(search, tactic, qty)
    if tactic is TAKE:
        return in_turn(search, rating.candidates, qty, qty), rating
    venues = rating.candidates[:PARALLEL_POSTS_MAX]
    part_qty = qty
    if venues:
        lots = -(-qty // (search.lot_qty * len(venues)))  # Ceiling: the parts cover all of it.
        part_qty = lots * search.lot_qty
    return in_turn(search, venues, qty, part_qty), rating


def liquidity_seeking(search: Search, slice_: SliceReleased) -> tuple[list[Part], Rating]:
    """Equal parts at all midpoints, and the remainder at the best lit venue."""
    qty = slice_.slice_qty
    hidden = rate(search, PEG, qty)
    lit = rate(search, tactic_of(search, slice_), qty)
    venue_count = len(hidden.candidates) + 1
    lots = max(1, qty // (search.lot_qty * venue_count))
    parts = in_turn(search, hidden.candidates, qty, lots * search.lot_qty)
    left_qty = qty - sum(part.qty for part in parts)
    if left_qty:
        parts += in_turn(search, lit.candidates, left_qty, left_qty)[:1]
    return parts, merged(hidden, lit)


def at_once(search: Search, slice_: SliceReleased) -> tuple[list[Part], Rating]:
    """Takes of the displayed best price; of an IOC order pegs at all midpoints for the rest."""
    qty = slice_.slice_qty
    parts, shown = displayed_parts(search, qty)
    left_qty = qty - sum(part.qty for part in parts)
    if not left_qty or search.parent.terms.immediacy is Immediacy.FOK:
        return parts, shown
    hidden = rate(search, PEG, left_qty)
    lots = max(1, -(-left_qty // (search.lot_qty * max(1, len(hidden.candidates)))))  # Ceiling.
    parts += in_turn(search, hidden.candidates, left_qty, lots * search.lot_qty)
    return parts, merged(hidden, shown)


def displayed_parts(search: Search, qty: int) -> tuple[list[Part], Rating]:
    """Parts of a quantity for the venues that display the best price, and why not for others."""
    rating = rate(search, TAKE, qty)
    return in_turn(search, rating.candidates, qty, qty), rating


def merged(hidden: Rating, lit: Rating) -> Rating:
    """Each venue once: with its better tactic, or with the reason against its use as a lit one."""
    best: dict[str, Rated] = {}
    for rated in sorted([*hidden.candidates, *lit.candidates]):
        best.setdefault(rated.venue, rated)
    reasons = {**hidden.reasons, **lit.reasons}
    refused = {venue: reason for venue, reason in reasons.items() if venue not in best}
    return Rating([*best.values()], refused)


ROUTERS: Mapping[Router, Callable[[Search, SliceReleased], tuple[list[Part], Rating]]] = {
    Router.SEQUENTIAL: sequential,
    Router.PARALLEL: parallel,
    Router.LIQUIDITY_SEEKING: liquidity_seeking,
}


def tactic_of(search: Search, slice_: SliceReleased) -> str:
    """Take if the style asks for it and a quote can be taken; else post."""
    if slice_.style is Style.PASSIVE:
        return POST
    return TAKE if reaches_best(search) else POST


# ------------------------------------------------------------------------------ decide


def decide_slice(state: State, slice_: SliceReleased, now_ns: int) -> tuple[StageEvent, ...]:
    parent = state.parents[slice_.parent_id]
    slice_id = state.event_id(slice_.seq)
    if risk.is_routing_suspended(state):
        reasons = dict.fromkeys(state.reference.venues, RouteReason.SUSPENDED)
        return (deferred(slice_id, parent, slice_.slice_qty, reasons),)
    search = search_for(state, parent, now_ns)
    is_immediate = parent.terms.immediacy is not Immediacy.NONE
    wanted, rating = (at_once if is_immediate else ROUTERS[slice_.router])(search, slice_)
    parts = wanted[: rates.room(state, rates.of_parent(state, parent.parent_id), now_ns)]
    routed: list[StageEvent] = [child(search, slice_id, part, rating) for part in parts]
    unrouted_qty = slice_.slice_qty - sum(part.qty for part in parts)
    assert unrouted_qty >= 0, "the parts of a slice are at most the slice"
    if unrouted_qty:
        too_many = {part.rated.venue: RouteReason.RATE_LIMIT for part in wanted[len(parts) :]}
        reasons = {**rating.reasons, **too_many}
        is_outside = RouteReason.PX_BAND in reasons.values()
        held = Held(
            reference_px=search.reference_px,
            wanted_px=limit_for(search, tactic_of(search, slice_)) if is_outside else 0,
            until_ns=held_until_ns(search, reasons, len(parts), is_parents=bool(too_many)),
        )
        routed.append(deferred(slice_id, parent, unrouted_qty, reasons, held))
    return tuple(routed)


def held_until_ns(
    search: Search, reasons: Mapping[str, RouteReason], sent: int, *, is_parents: bool
) -> int:
    """The time from which the rates permit the parent's next child; 0 if no rate held one."""
    state, now_ns = search.state, search.now_ns
    if is_parents:
        return rates.free_ns(state, rates.of_parent(state, search.parent.parent_id), now_ns, sent)
    full = [venue for venue, reason in reasons.items() if reason is RouteReason.RATE_LIMIT]
    free_ns = [rates.free_ns(state, rates.of_venue(state, venue), now_ns) for venue in full]
    return min(free_ns, default=0)


def child(search: Search, slice_id: str, part: Part, rating: Rating) -> ChildRouted:
    terms, rated, best = search.parent.terms, part.rated, search.best
    others = [r for r in rating.candidates if r.venue != rated.venue]
    lower = dict.fromkeys((r.venue for r in others[2:]), RouteReason.LOWER_SCORE)
    quote = search.book.quotes.get(rated.venue)
    quote_age_ns = best.age_ns(search.now_ns)
    if rated.tactic is TAKE and quote is not None:
        quote_age_ns = search.now_ns - quote.received_ns
    elif not best.is_two_sided:
        quote_age_ns = search.now_ns - max(best.bid_received_ns, best.ask_received_ns)
    return ChildRouted(
        slice_id=slice_id,
        parent_id=search.parent.parent_id,
        instrument_id=terms.instrument_id,
        side=terms.side,
        venue=rated.venue,
        child_qty=part.qty,
        child_type=ChildType.MIDPOINT_PEG if rated.tactic is PEG else ChildType.LIMIT,
        limit_px=rated.limit_px,
        time_in_force=time_in_force_of(search, rated),
        min_qty=least_qty(search, part),
        send_before_ns=search.now_ns + risk.policy_of(search.state).send_within_ns,
        bid_px=best.bid_px,
        ask_px=best.ask_px,
        quote_age_ns=quote_age_ns,
        venue_qty=rated.venue_qty,
        scorecard_version=rated.version,
        score_millibps=rated.score_millibps,
        runners_up=tuple(
            Candidate(venue=r.venue, score_millibps=r.score_millibps) for r in others[:2]
        ),
        rejected_by_reason=counts({**rating.reasons, **lower}),
        reference_px=search.reference_px,
        good_px=search.near.good_px,
        band_px=search.near.band_px,
        client_ids=client_ids(search.parent),
        sale_marking=terms.sale_marking,
        settl_date=terms.settl_date,
    )


def client_ids(parent: Parent) -> tuple[str, ...]:
    """The clients that a child works for; none where a route would have to name too many.

    A gateway holds back what a client's kill switch stops. Of a child that names none the shard
    alone does that.
    """
    return tuple(sorted(parent.clients)) if len(parent.clients) <= CLIENTS_MAX else ()


def time_in_force_of(search: Search, rated: Rated) -> ChildTimeInForce:
    """A take ends at once, and so does every child of an order that trades at once."""
    is_immediate = search.parent.terms.immediacy is not Immediacy.NONE
    ends_at_once = rated.tactic is TAKE or is_immediate
    return ChildTimeInForce.IOC if ends_at_once else ChildTimeInForce.DAY


def least_qty(search: Search, part: Part) -> int:
    """Smallest acceptable execution: the pool's minimum; all of a FOK order that one child is."""
    parent, venue = search.parent, part.rated.venue
    if parent.terms.immediacy is Immediacy.FOK:
        (member,) = parent.active_members()
        return part.qty if part.qty == member.order.order_qty else 0
    return search.state.reference.venues[venue].min_qty if part.rated.tactic is PEG else 0


def counts(reasons: Mapping[str, RouteReason]) -> tuple[RouteReasonCount, ...]:
    """The number of venues that each reason ruled out."""
    found = Counter(reasons.values())
    return tuple(
        RouteReasonCount(reason=reason, venue_count=found[reason]) for reason in sorted(found)
    )


class Held(NamedTuple):
    """The numbers of what the band of prices or a rate held back; zeros if neither did."""

    reference_px: int = 0
    wanted_px: int = 0
    until_ns: int = 0


NOT_HELD = Held()


def deferred(
    slice_id: str,
    parent: Parent,
    qty: int,
    reasons: Mapping[str, RouteReason],
    held: Held = NOT_HELD,
) -> RouteDeferred:
    return RouteDeferred(
        slice_id=slice_id,
        parent_id=parent.parent_id,
        unrouted_qty=qty,
        rejected_by_reason=counts(reasons),
        reference_px=held.reference_px,
        wanted_px=held.wanted_px,
        held_until_ns=held.until_ns,
    )


DECIDE: Mapping[type, Callable[[State, Any, int], tuple[StageEvent, ...]]] = {
    SliceReleased: decide_slice,
}


# ------------------------------------------------------------------------------ evolve


def on_route_deferred(state: State, event: RouteDeferred) -> None:
    """The quantity never left the parent's pool; a rate holds the parent's next slice back."""
    if event.held_until_ns:
        state.parents[event.parent_id].held_until_ns = event.held_until_ns


EVOLVE: Mapping[type, Callable[[State, Any], None]] = {RouteDeferred: on_route_deferred}
