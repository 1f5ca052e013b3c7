"""Send a slice where it is likely to fill best, and record why.

The routers share the candidates, which are the venues fit for the slice in order of score. AUTO
compares all ways to fill the slice by their expected cost and goes the cheapest (`tactics`).
SEQUENTIAL gives the slice to one venue. PARALLEL gives several venues parts of it at once, never
more than the slice in all; of what a parent behind its schedule finds nothing left to take for, it
posts the part that is expected to cost less so than to take it at the next quotes
(`limit_market`). LIQUIDITY_SEEKING pegs most of it at midpoints in the dark, divided by what the
venues hid from earlier children (`dark_split`), and sends the remainder to the best lit venue. A
child is for those tranches of the slice whose limit, venues and display allow it, and carries their
claims. A taking child never asks for more than is left of what the venue displays, or for more than
its parent's share of that, where other slices of the batch want it too (`division`); it never
trades through a better protected quote, and never goes through the limit. A parent sends at most so
many children in a time: the rest of its slice is held, and no other slice leaves before.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from engine.core.allocation.claims import as_stated, stated
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
    Side,
    SliceReleased,
    StageEvent,
    Style,
)
from engine.core.routing import cells, tactics
from engine.core.routing.candidates import (
    Rated,
    Rating,
    Search,
    Share,
    Shares,
    can_take,
    limit_for,
    rate,
    reaches_best,
    search_for,
)
from engine.core.routing.cells import PEG, POST, TAKE
from engine.core.routing.division import Demand
from engine.core.routing.parts import Part, dark_parts, in_turn, limit_parts
from engine.core.state.model import Parent
from engine.core.state.state import State
from engine.core.units import PPM

CLIENTS_MAX = (
    64  # That a route names, count; guess: a parent seldom has more, and routes stay small.
)
PARALLEL_POSTS_MAX = 3  # Venues that a posted slice is spread over.


# ----------------------------------------------------------------------------- routers


def sequential(search: Search, slice_: SliceReleased) -> tuple[list[Part], Rating]:
    rating = rate(search, tactic_of(search, slice_), slice_.slice_qty)
    parts = in_turn(search, rating.candidates, slice_.slice_qty, slice_.slice_qty)
    return parts[:1], rating


def parallel(search: Search, slice_: SliceReleased) -> tuple[list[Part], Rating]:
    tactic, qty = tactic_of(search, slice_), slice_.slice_qty
    rating = rate(search, tactic, qty)
    if tactic is TAKE:
        parts = in_turn(search, rating.candidates, qty, qty)
        left_qty = qty - sum(part.qty for part in parts)
        if left_qty and slice_.style is Style.AGGRESSIVE:
            posts = rate(search, POST, left_qty)
            parts += limit_parts(search, rating.candidates, posts.candidates, left_qty)
            rating = Rating(tactics.merged(posts, rating).candidates, rating.reasons)
        return parts, rating
    venues = rating.candidates[:PARALLEL_POSTS_MAX]
    part_qty = qty
    if venues:
        lots = -(-qty // (search.lot_qty * len(venues)))  # Ceiling: the parts cover all of it.
        part_qty = lots * search.lot_qty
    return in_turn(search, venues, qty, part_qty), rating


def liquidity_seeking(search: Search, slice_: SliceReleased) -> tuple[list[Part], Rating]:
    """Parts at midpoints, and the remainder at the best lit venue."""
    qty = slice_.slice_qty
    parts, hidden = hidden_parts(search, qty)
    lit = rate(search, tactic_of(search, slice_), qty)
    left_qty = qty - sum(part.qty for part in parts)
    if left_qty:
        parts += in_turn(search, lit.candidates, left_qty, left_qty)[:1]
    return parts, tactics.merged(hidden, lit)


def hidden_parts(search: Search, qty: int) -> tuple[list[Part], Rating]:
    """Parts at midpoints, of a quantity of which an equal part is left out for a lit venue."""
    hidden = rate(search, PEG, qty)
    venue_count = len(hidden.candidates)
    lots = max(1, qty // (search.lot_qty * (venue_count + 1)))
    hidden_qty = min(qty, lots * search.lot_qty * venue_count)
    return dark_parts(search, hidden.candidates, hidden_qty), hidden


def at_once(search: Search, slice_: SliceReleased) -> tuple[list[Part], Rating]:
    """Takes of what is left at the best price; of an IOC order pegs at midpoints for the rest."""
    qty = slice_.slice_qty
    parts, shown = displayed_parts(search, qty)
    left_qty = qty - sum(part.qty for part in parts)
    if not left_qty or search.parent.terms.immediacy is Immediacy.FOK:
        return parts, shown
    hidden = rate(search, PEG, left_qty)
    parts += dark_parts(search, hidden.candidates, left_qty)
    return parts, tactics.merged(hidden, shown)


def displayed_parts(search: Search, qty: int) -> tuple[list[Part], Rating]:
    """Parts for the venues that have something left at the best price, and why not for others."""
    rating = rate(search, TAKE, qty)
    return in_turn(search, rating.candidates, qty, qty), rating


ROUTERS: Mapping[Router, Callable[[Search, SliceReleased], tuple[list[Part], Rating]]] = {
    Router.AUTO: tactics.by_cost,
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


def contested(state: State) -> list[SliceReleased]:
    """The slices of the batch that would take where another one would too, oldest parent first."""
    found: dict[tuple[str, Side], list[SliceReleased]] = {}
    for slice_ in waiting(state):
        terms = state.parents[slice_.parent_id].terms
        if slice_.style is not Style.PASSIVE or slice_.router is Router.AUTO:
            found.setdefault((terms.instrument_id, terms.side), []).append(slice_)
    return [slice_ for several in found.values() if len(several) > 1 for slice_ in several]


def waiting(state: State) -> list[SliceReleased]:
    """The slices of the batch, oldest parent first."""
    return sorted(state.slices.values(), key=lambda slice_: state.parents[slice_.parent_id].seq)


def demand(state: State, slice_: SliceReleased, now_ns: int) -> Demand:
    """The quantity that a slice would take, and the venues, if no other one wanted it."""
    parent, qty = state.parents[slice_.parent_id], slice_.slice_qty
    immediacy = parent.terms.immediacy
    is_immediate = immediacy is not Immediacy.NONE
    venues: tuple[Rated, ...] = ()
    search = search_for(state, parent, now_ns, as_stated(slice_.claims, qty))
    if not risk.is_routing_suspended(state) and (is_immediate or would_take(search, slice_)):
        venues = tuple(rate(search, TAKE, qty).candidates)
    if slice_.router is Router.LIQUIDITY_SEEKING:
        qty -= sum(part.qty for part in hidden_parts(search, qty)[0])
    return Demand(
        parent_id=parent.parent_id,
        side=(parent.terms.instrument_id, parent.terms.side),
        place=(parent.done_qty * PPM // (parent.done_qty + parent.open_qty), parent.seq),
        wanted_qty=qty,
        lot_qty=search.lot_qty,
        venues=venues,
        venues_max=len(venues) if slice_.router in (Router.AUTO, Router.PARALLEL) else 1,
        is_whole=immediacy is Immediacy.FOK,
    )


def would_take(search: Search, slice_: SliceReleased) -> bool:
    """Whether a slice takes what is displayed, as it must or before it must."""
    if slice_.router is not Router.AUTO:
        return tactic_of(search, slice_) is TAKE
    if slice_.style is not Style.PASSIVE:
        return can_take(search)
    takes, resting = tactics.ways(search, slice_.slice_qty)[:2]
    return tactics.is_early(takes, resting)


def route(
    state: State, slice_: SliceReleased, shares: Shares | None, now_ns: int
) -> tuple[StageEvent, ...]:
    """The children of a slice, and what of it stays here and why.

    `shares` is its part of what venues have left to take; None where no other slice wants to take.
    """
    parent = state.parents[slice_.parent_id]
    slice_id = state.event_id(slice_.seq)
    if risk.is_routing_suspended(state):
        reasons = dict.fromkeys(state.reference.venues, RouteReason.SUSPENDED)
        return (deferred(slice_id, parent, slice_.slice_qty, reasons),)
    wants = as_stated(slice_.claims, slice_.slice_qty)
    search = search_for(state, parent, now_ns, wants, shares)
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
    others = losers(rating, rated)
    listed = {rated.venue, *(r.venue for r in others)}
    lower = {r.venue: RouteReason.LOWER_SCORE for r in rating.candidates if r.venue not in listed}
    quote = search.book.quotes.get(rated.venue)
    assert rated.tactic is not TAKE or part.qty <= rated.left_qty, "a take asks for what is left"
    shares = {} if search.shares is None or rated.tactic is not TAKE else search.shares
    share = shares.get(rated.venue, Share(part.qty, rated.left_qty, 0))
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
        scorecard_version=rated.chances.version,
        cell=rated.cell,
        fill_ppm=rated.chances.fill_ppm,
        fill_within_ns=0 if cells.is_take(rated.cell) else search.patience_ns,
        ends_filled_ppm=rated.chances.ends_filled_ppm,
        score_millibps=rated.score_millibps,
        runners_up=tuple(candidate(r) for r in others),
        rejected_by_reason=counts({**rating.reasons, **lower}),
        reference_px=search.reference_px,
        good_px=search.near.good_px,
        band_px=search.near.band_px,
        client_ids=client_ids(search.parent, part.claims),
        sale_marking=terms.sale_marking,
        settl_date=terms.settl_date,
        left_qty=share.left_qty,
        wanted_qty=share.wanted_qty,
        claims=stated(search.parent, part.claims),
        tactic=rated.tactic,
        filled_millibps=rated.cost.filled_millibps,
        adverse_millibps=rated.cost.adverse_millibps,
        missed_millibps=rated.cost.missed_millibps,
        tail_ppm=rated.tail_ppm,
    )


def candidate(rated: Rated) -> Candidate:
    return Candidate(
        venue=rated.venue,
        score_millibps=rated.score_millibps,
        tactic=rated.tactic,
        fill_ppm=rated.chances.fill_ppm,
        filled_millibps=rated.cost.filled_millibps,
        adverse_millibps=rated.cost.adverse_millibps,
        missed_millibps=rated.cost.missed_millibps,
    )


def losers(rating: Rating, chosen: Rated) -> list[Rated]:
    """The two best other venues, and the best of each way that these are not."""
    others = [r for r in rating.candidates if r.venue != chosen.venue]
    found = others[:2]
    ways = {r.tactic for r in found}
    same = [r for r in others if r.tactic == chosen.tactic]
    for rated in [*same, *(r for r in rating.candidates if r.tactic != chosen.tactic)]:
        if rated.tactic not in ways:
            found.append(rated)
            ways.add(rated.tactic)
    return sorted(found)


def client_ids(parent: Parent, claims: Mapping[int, int]) -> tuple[str, ...]:
    """The clients that a child works for; none where a route would have to name too many.

    A gateway holds back what a client's kill switch stops. Of a child that names none the shard
    alone does that.
    """
    found = {name for number in claims for name in parent.tranches[number].clients}
    return tuple(sorted(found)) if len(found) <= CLIENTS_MAX else ()


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
    found: dict[RouteReason, int] = {}
    for reason in reasons.values():
        found[reason] = found.get(reason, 0) + 1
    return tuple(
        [RouteReasonCount(reason=reason, venue_count=found[reason]) for reason in sorted(found)]
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


# ------------------------------------------------------------------------------ evolve


def on_route_deferred(state: State, event: RouteDeferred) -> None:
    """The quantity never left the parent's pool; a rate holds the parent's next slice back."""
    if event.held_until_ns:
        state.parents[event.parent_id].held_until_ns = event.held_until_ns


EVOLVE: Mapping[type, Callable[[State, Any], None]] = {RouteDeferred: on_route_deferred}
