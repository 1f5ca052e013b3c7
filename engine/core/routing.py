"""Send a slice where it is likely to fill best, and say why there.

Every venue is a candidate or has a reason not to be. A candidate's score is what a fill there is
expected to cost against the midpoint, in 1e-3 bps: half the spread for taking, minus half for
posting and crossing later if it does not fill, nothing at the midpoint; plus fees, plus a price
for the time it usually takes, mixed with what the venue's scorecard has seen. Lower is better;
ties go to the venue's code.

Three routers share the candidates. SEQUENTIAL gives one venue the slice. PARALLEL gives several
venues parts of it at once, never more than the slice in all. LIQUIDITY_SEEKING rests most of it at
midpoints in the dark and the remainder on the best lit venue. A taking child never asks for more
than the venue shows, never at a price behind a better protected quote, never through the limit.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from engine.core import aggregation, market, reference, risk, scorecard, slicing
from engine.core.events import (
    CancelReason,
    Candidate,
    ChildRouted,
    ChildTimeInForce,
    ChildType,
    Liquidity,
    RouteDeferred,
    Router,
    RouteReason,
    RouteReasonCount,
    Side,
    SliceReleased,
    StageEvent,
    Style,
    VenueDefined,
    VenueKind,
    VenueStatus,
)
from engine.core.market import Nbbo
from engine.core.state import DUE, Child, Parent, State

PPM = 1_000_000
MILLIBPS = 10_000_000  # 1e-3 bps in one.
WAIT_MILLIBPS_PER_SECOND = 1  # Price of waiting; guess.
WAIT_SECONDS_MAX = 60
PARALLEL_POSTS_MAX = 3  # Venues that a posted slice is spread over.

TAKE, POST, PEG = "take", "post", "peg"
LIQUIDITY_OF = {TAKE: Liquidity.REMOVED, POST: Liquidity.ADDED, PEG: Liquidity.MIDPOINT}


class Rated(NamedTuple):
    """A venue that could take some of a slice in one way."""

    score_millibps: int
    venue: str
    how: str
    limit_px: int
    venue_qty: int  # Displayed on the side it takes; 0 where nothing is shown.
    version: int


class Search(NamedTuple):
    """What a slice is routed by."""

    state: State
    parent: Parent
    best: Nbbo
    mid_px: int
    lot_qty: int
    now_ns: int


class Rating(NamedTuple):
    """All venues for one way: the candidates, best first, and the others by reason."""

    candidates: list[Rated]
    reasons: dict[str, RouteReason]  # By venue.


# ------------------------------------------------------------------------------ rating


def rate(search: Search, how: str, qty: int) -> Rating:
    """Every venue, judged for one way of seeking a fill of at most `qty`."""
    candidates: list[Rated] = []
    reasons: dict[str, RouteReason] = {}
    limit_px = limit_for(search, how)
    for venue, defined in search.state.reference.venues.items():
        reason = forbidden(search, defined) or unfit(search, defined, how, qty, limit_px)
        if reason is not None:
            reasons[venue] = reason
            continue
        quote = search.state.book(search.parent.terms.instrument_id).quotes.get(venue)
        shown_qty = 0
        if how is TAKE and quote is not None:
            is_buy = search.parent.terms.side is Side.BUY
            shown_qty = quote.ask_qty if is_buy else quote.bid_qty
        score, version = score_of(search, venue, how)
        candidates.append(Rated(score, venue, how, limit_px, shown_qty, version))
    candidates.sort()
    return Rating(candidates, reasons)


def limit_for(search: Search, how: str) -> int:
    """The child's limit on the tick; 0 if there is no price for it."""
    side, best = search.parent.terms.side, search.best
    wanted_px = best.near_px(side) if how is POST else best.far_px(side)
    return within_limit_px(search.state, search.parent, wanted_px)


def within_limit_px(state: State, parent: Parent, wanted_px: int) -> int:
    """A price no worse than the parent's limit, on the tick; 0 stays 0."""
    side, limit_px = parent.terms.side, parent.limit_px
    if wanted_px and limit_px is not None:
        wanted_px = min(wanted_px, limit_px) if side is Side.BUY else max(wanted_px, limit_px)
    return reference.on_tick_px(state, parent.terms.instrument_id, side, wanted_px)


def can_take(state: State, parent: Parent, best: Nbbo) -> bool:
    """Whether the parent's limit reaches the consolidated best of the far side."""
    far_px = best.far_px(parent.terms.side)
    return far_px > 0 and within_limit_px(state, parent, far_px) == far_px


def forbidden(search: Search, defined: VenueDefined) -> RouteReason | None:
    """Why the client, a person or the venue's state rules it out."""
    state, terms, venue = search.state, search.parent.terms, defined.venue
    if venue in terms.excluded_venues:
        return RouteReason.EXCLUDED_BY_CLIENT
    if terms.no_dark and defined.kind is not VenueKind.LIT:
        return RouteReason.DARK_FORBIDDEN
    if venue in state.sessions_down:
        return RouteReason.DISCONNECTED
    if state.venue_status.get(venue, VenueStatus.OPEN) is not VenueStatus.OPEN:
        return RouteReason.HALTED
    if risk.is_venue_suspended(state, venue):
        return RouteReason.SUSPENDED
    if risk.is_killed(state, venue=venue):
        return RouteReason.KILL_SWITCH
    return None


def unfit(
    search: Search, defined: VenueDefined, how: str, qty: int, limit_px: int
) -> RouteReason | None:
    """Why this way of seeking a fill can't be tried there now."""
    reason = WAYS[how](search, defined, limit_px)
    if reason is not None:
        return reason
    if qty < defined.min_qty:
        return RouteReason.BELOW_MINIMUM
    if qty < search.lot_qty and not defined.odd_lots:
        return RouteReason.ODD_LOT
    if meets_own(search, defined.venue, how, limit_px):
        return RouteReason.SELF_TRADE
    return None


def unfit_to_take(search: Search, defined: VenueDefined, limit_px: int) -> RouteReason | None:
    """Only the best price may be taken, and only if it is shown and fresh."""
    terms, state = search.parent.terms, search.state
    quote = state.book(terms.instrument_id).quotes.get(defined.venue)
    px = 0 if quote is None else (quote.ask_px if terms.side is Side.BUY else quote.bid_px)
    if quote is None or not px:
        return RouteReason.NO_QUOTE
    if search.now_ns - quote.received_ns > state.settings.quote_age_max_ns:
        return RouteReason.STALE_QUOTE
    if px != search.best.far_px(terms.side) or px != limit_px:
        return RouteReason.NOT_AT_BEST
    return None


def unfit_to_post(search: Search, defined: VenueDefined, limit_px: int) -> RouteReason | None:
    """Children rest on lit venues, in front of a market that has the side they join."""
    if defined.kind is not VenueKind.LIT or not defined.posts or not limit_px:
        return RouteReason.NO_QUOTE
    far_px = search.best.far_px(search.parent.terms.side)
    is_buy = search.parent.terms.side is Side.BUY
    if far_px and (limit_px >= far_px if is_buy else limit_px <= far_px):
        return RouteReason.NOT_AT_BEST  # It would lock or cross the market it joins.
    return None


def unfit_to_peg(search: Search, defined: VenueDefined, limit_px: int) -> RouteReason | None:
    """A midpoint needs two sides, and a limit that the midpoint respects."""
    if not defined.midpoint:
        return RouteReason.NO_MIDPOINT
    if not search.best.is_two_sided:
        return RouteReason.NO_QUOTE
    is_buy = search.parent.terms.side is Side.BUY
    if limit_px < search.mid_px if is_buy else limit_px > search.mid_px:
        return RouteReason.NOT_AT_BEST
    return None


WAYS: Mapping[str, Callable[[Search, VenueDefined, int], RouteReason | None]] = {
    TAKE: unfit_to_take,
    POST: unfit_to_post,
    PEG: unfit_to_peg,
}


def meets_own(search: Search, venue: str, how: str, limit_px: int) -> bool:
    """Whether a child of ours on the other side could trade with this one there."""
    terms = search.parent.terms
    own = search.state.book(terms.instrument_id).own.get(venue)
    if not own:
        return False
    return any(
        child.terms.side is not terms.side and overlaps(child, terms.side, how, limit_px)
        for child in own.values()
    )


def overlaps(child: Child, side: Side, how: str, limit_px: int) -> bool:
    if how is PEG or child.terms.child_type is ChildType.MIDPOINT_PEG:
        return True  # A midpoint may come to lie anywhere.
    other_px = child.terms.limit_px
    return limit_px >= other_px if side is Side.BUY else limit_px <= other_px


def score_of(search: Search, venue: str, how: str) -> tuple[int, int]:
    """(expected cost in 1e-3 bps, scorecard version); rounds down."""
    state, mid_px = search.state, max(1, search.mid_px)
    version, fill_ppm, speed_ns, seen_millibps = scorecard.card(state, venue)
    best = search.best
    half = (best.ask_px - best.bid_px) * MILLIBPS // (2 * mid_px) if best.is_two_sided else 0
    fee = reference.fee_px(state, venue, LIQUIDITY_OF[how]) * MILLIBPS // mid_px
    if how is TAKE:
        expected = half + fee
        return (expected + seen_millibps) // 2 if version else expected, version
    gained = -half if how is POST else 0
    wait = min(WAIT_SECONDS_MAX, speed_ns // 1_000_000_000) * WAIT_MILLIBPS_PER_SECOND
    return ((gained + fee) * fill_ppm + half * (PPM - fill_ppm)) // PPM + wait, version


# ----------------------------------------------------------------------------- routers


class Part(NamedTuple):
    """A quantity for a candidate."""

    rated: Rated
    qty: int


def fitted_qty(search: Search, venue: str, qty: int) -> int:
    """The most of `qty` that the venue's rules take: whole lots unless odd lots are welcome."""
    defined = search.state.reference.venues[venue]
    if not defined.odd_lots:
        qty -= qty % search.lot_qty
    return qty if qty >= max(1, defined.min_qty) else 0


def in_turn(search: Search, candidates: list[Rated], qty: int, part_qty: int) -> list[Part]:
    """Serve the candidates in order of score, at most `part_qty` or what is shown to each."""
    parts: list[Part] = []
    left_qty = qty
    for rated in candidates:
        most_qty = min(left_qty, part_qty)
        if rated.how is TAKE and rated.venue_qty < most_qty:
            most_qty = rated.venue_qty - rated.venue_qty % search.lot_qty  # Only the last is odd.
        fit_qty = fitted_qty(search, rated.venue, most_qty)
        if fit_qty:
            parts.append(Part(rated, fit_qty))
            left_qty -= fit_qty
    return parts


def sequential(search: Search, slice_: SliceReleased) -> tuple[list[Part], Rating]:
    rating = rate(search, way_of(search, slice_), slice_.slice_qty)
    parts = in_turn(search, rating.candidates, slice_.slice_qty, slice_.slice_qty)
    return parts[:1], rating


def parallel(search: Search, slice_: SliceReleased) -> tuple[list[Part], Rating]:
    how, qty = way_of(search, slice_), slice_.slice_qty
    rating = rate(search, how, qty)
    if how is TAKE:
        return in_turn(search, rating.candidates, qty, qty), rating
    venues = rating.candidates[:PARALLEL_POSTS_MAX]
    part_qty = qty
    if venues:
        lots = -(-qty // (search.lot_qty * len(venues)))  # Ceiling: all of it finds a place.
        part_qty = lots * search.lot_qty
    return in_turn(search, venues, qty, part_qty), rating


def liquidity_seeking(search: Search, slice_: SliceReleased) -> tuple[list[Part], Rating]:
    """Equal parts at every midpoint and one more for the best lit venue."""
    qty = slice_.slice_qty
    hidden = rate(search, PEG, qty)
    lit = rate(search, way_of(search, slice_), qty)
    places = len(hidden.candidates) + 1
    lots = max(1, qty // (search.lot_qty * places))
    parts = in_turn(search, hidden.candidates, qty, lots * search.lot_qty)
    left_qty = qty - sum(part.qty for part in parts)
    if left_qty:
        parts += in_turn(search, lit.candidates, left_qty, left_qty)[:1]
    return parts, merged(hidden, lit)


def merged(hidden: Rating, lit: Rating) -> Rating:
    """Each venue once: by its better way, or by why it can't even be a lit one."""
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


def way_of(search: Search, slice_: SliceReleased) -> str:
    """Take if the style asks for it and the limit reaches the far side; else post."""
    if slice_.style is Style.PASSIVE:
        return POST
    return TAKE if can_take(search.state, search.parent, search.best) else POST


# ------------------------------------------------------------------------------ decide


def decide_slice(state: State, slice_: SliceReleased, now_ns: int) -> tuple[StageEvent, ...]:
    parent = state.parents[slice_.parent_id]
    slice_id = state.event_id(slice_.seq)
    if risk.is_routing_suspended(state):
        reasons = dict.fromkeys(state.reference.venues, RouteReason.SUSPENDED)
        return (deferred(slice_id, parent, slice_.slice_qty, reasons),)
    best = market.view(state, parent.terms.instrument_id, now_ns)
    search = Search(
        state=state,
        parent=parent,
        best=best,
        mid_px=best.mid_px or best.bid_px or best.ask_px,
        lot_qty=reference.lot_qty(state, parent.terms.instrument_id),
        now_ns=now_ns,
    )
    parts, rating = ROUTERS[slice_.router](search, slice_)
    routed: list[StageEvent] = [child(search, slice_id, part, rating) for part in parts]
    unrouted_qty = slice_.slice_qty - sum(part.qty for part in parts)
    assert unrouted_qty >= 0, "the parts of a slice are at most the slice"
    if unrouted_qty:
        routed.append(deferred(slice_id, parent, unrouted_qty, rating.reasons))
    return tuple(routed)


def child(search: Search, slice_id: str, part: Part, rating: Rating) -> ChildRouted:
    terms, rated, best = search.parent.terms, part.rated, search.best
    others = [r for r in rating.candidates if r.venue != rated.venue]
    lower = dict.fromkeys((r.venue for r in others[2:]), RouteReason.LOWER_SCORE)
    quote = search.state.book(terms.instrument_id).quotes.get(rated.venue)
    quote_age_ns = best.age_ns(search.now_ns)
    if rated.how is TAKE and quote is not None:
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
        child_type=ChildType.MIDPOINT_PEG if rated.how is PEG else ChildType.LIMIT,
        limit_px=rated.limit_px,
        time_in_force=ChildTimeInForce.IOC if rated.how is TAKE else ChildTimeInForce.DAY,
        min_qty=search.state.reference.venues[rated.venue].min_qty if rated.how is PEG else 0,
        send_before_ns=search.now_ns + aggregation.policy_of(search.state).send_within_ns,
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
    )


def counts(reasons: Mapping[str, RouteReason]) -> tuple[RouteReasonCount, ...]:
    """How many venues each reason ruled out."""
    found = Counter(reasons.values())
    return tuple(
        RouteReasonCount(reason=reason, venue_count=found[reason]) for reason in sorted(found)
    )


def deferred(
    slice_id: str, parent: Parent, qty: int, reasons: Mapping[str, RouteReason]
) -> RouteDeferred:
    return RouteDeferred(
        slice_id=slice_id,
        parent_id=parent.parent_id,
        unrouted_qty=qty,
        rejected_by_reason=counts(reasons),
    )


DECIDE: Mapping[type, Callable[[State, Any, int], tuple[StageEvent, ...]]] = {
    SliceReleased: decide_slice,
}


# -------------------------------------------------------------------------------- plan


def recall(state: State, parent: Parent, now_ns: int) -> tuple[StageEvent, ...]:
    """Ask back the children that should not be out any more."""
    if not parent.children:
        return ()
    best = market.view(state, parent.terms.instrument_id, now_ns)
    is_due = bool(state.touched.get(parent.parent_id, 0) & DUE)
    everything = recall_all(state, parent, now_ns)
    asked: list[StageEvent] = []
    for resting in parent.children.values():
        if resting.is_cancelling:
            continue
        reason = everything or recall_one(state, parent, resting)
        if reason is None and is_due:
            reason = recall_due(state, parent, resting, best, now_ns)
        if reason is not None:
            asked.append(aggregation.cancel(resting, reason))
    return tuple(asked)


def recall_all(state: State, parent: Parent, now_ns: int) -> CancelReason | None:
    if now_ns >= parent.terms.end_ns:
        return CancelReason.WINDOW_ENDED
    if risk.is_halted(state, parent.terms.instrument_id):
        return CancelReason.HALT
    if not aggregation.may_trade(state, parent):
        return CancelReason.KILL_SWITCH
    return None


def recall_one(state: State, parent: Parent, resting: Child) -> CancelReason | None:
    limit_px, terms = parent.limit_px, resting.terms
    if risk.is_killed(state, venue=terms.venue):
        return CancelReason.KILL_SWITCH
    if limit_px is None:
        return None
    is_through = terms.limit_px > limit_px if terms.side is Side.BUY else terms.limit_px < limit_px
    return CancelReason.LIMIT_CHANGED if is_through else None


def recall_due(
    state: State, parent: Parent, resting: Child, best: Nbbo, now_ns: int
) -> CancelReason | None:
    """At a schedule point: what no longer stands at the touch, or is too slow for the schedule.

    What rests keeps its place where nothing could be taken instead.
    """
    terms = resting.terms
    if terms.time_in_force is ChildTimeInForce.IOC:
        return None
    if can_take(state, parent, best) and is_behind(state, parent, now_ns):
        return CancelReason.BEHIND_SCHEDULE
    touch_px = within_limit_px(state, parent, best.near_px(terms.side))
    if terms.child_type is ChildType.LIMIT and touch_px and terms.limit_px != touch_px:
        return CancelReason.AWAY_FROM_TOUCH
    return None


def is_behind(state: State, parent: Parent, now_ns: int) -> bool:
    """Whether the next slice would take, so that what rests has to come back first."""
    plan = parent.plan
    if plan is None:
        return False
    return slicing.style_of(state, parent, plan, now_ns) is not Style.PASSIVE


def on_route_deferred(_: State, __: RouteDeferred) -> None:
    """The quantity never left the pool."""


EVOLVE: Mapping[type, Callable[[State, Any], None]] = {RouteDeferred: on_route_deferred}
