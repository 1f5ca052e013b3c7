"""Judge every venue for a slice: a candidate with its expected cost, or a reason why not.

There are four tactics: take a displayed quote; post a limit order at the touch; step ahead of it by
a tick, where the spread leaves room; peg to the midpoint, in a pool or at an exchange. A score is
the expected cost against the midpoint (`expected_cost`), with a bonus for a venue of which little
is known. Lower is better; ties go to the venue's code. A take only ever goes to the consolidated
best, or to an odd lot that is shown at it or at a better price. It asks for what our children have
left of that (`market.displayed`), or for the parent's share where other slices of the batch want it
too (`division`). A post never locks the market that it joins, and a peg needs a market with two
sides. No child is priced further than the policy's band through the reference price, which `prices`
chooses.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import NamedTuple

from engine.core.controls import instructions, rates, risk, stops
from engine.core.controls.stops import Bounds
from engine.core.events import (
    Immediacy,
    Liquidity,
    RouteReason,
    Side,
    VenueDefined,
    VenueKind,
    VenueStatus,
)
from engine.core.market import belief, consolidated, displayed, reference, venue_rules
from engine.core.market.belief import Band
from engine.core.market.consolidated import Nbbo
from engine.core.routing import cells, chances, expected_cost, prices
from engine.core.routing.cells import PEG, POST, TAKE
from engine.core.routing.expected_cost import Cost, fee_millibps
from engine.core.state.model import Book, Parent, Quote, loosest_px
from engine.core.state.state import State
from engine.core.strategy import bands
from engine.core.units import MILLIBPS, NS_PER_S, PPM

REST_NS = 30 * NS_PER_S  # Until a resting child of a parent without a plan is judged again; guess.
STEP = "step"  # A post one tick ahead of the touch; a scorecard counts it as one.
LIQUIDITY_OF = {
    TAKE: Liquidity.REMOVED,
    POST: Liquidity.ADDED,
    STEP: Liquidity.ADDED,
    PEG: Liquidity.MIDPOINT,
}


class Chances(NamedTuple):
    """The expectations of a scorecard; see ChildRouted."""

    fill_ppm: int
    ends_filled_ppm: int
    version: int


class Rated(NamedTuple):
    """A venue that fits a slice by one tactic, with its score."""

    score_millibps: int
    venue: str
    tactic: str
    limit_px: int
    venue_qty: int  # Displayed on the side it takes; 0 where nothing is shown.
    cell: str  # Of the venue's scorecard.
    chances: Chances
    cost: Cost
    left_qty: int = 0  # Of that, for all our children.
    most_qty: int = 0  # Of that, for this parent.
    tail_ppm: int = 0  # See ChildRouted.


class Share(NamedTuple):
    """A parent's part of what is left of a venue's quote."""

    share_qty: int
    left_qty: int
    wanted_qty: int  # By all slices of the batch.


Shares = Mapping[str, Share]  # Of one parent, by venue.


class Search(NamedTuple):
    """Inputs of the routing of one slice, computed once for all venues and tactics."""

    state: State
    parent: Parent
    wants: dict[int, int]  # By tranche: what is not given to a venue yet.
    limit_px: int | None  # The loosest limit of these tranches.
    bounds: dict[int, Bounds]  # Of these tranches.
    book: Book
    best: Nbbo
    mid_px: int
    half_spread_millibps: int  # Rounded down; 0 without two sides.
    impact_millibps: int  # Of a take.
    missed_millibps: int  # The later cost of what a resting child misses.
    patience_ns: int  # The time that a resting child has.
    lot_qty: int
    reference_px: int  # Of the band of prices; 0 if there is none.
    near: Band  # The band in which quotes are believed.
    barred: Mapping[str, RouteReason]  # Venues that none of these tranches may use now.
    now_ns: int
    shares: Shares | None = None  # None where no other slice of the batch wants to take.


class Rating(NamedTuple):
    """All venues for one tactic: the candidates, best first, and why the others are none."""

    candidates: list[Rated]
    reasons: dict[str, RouteReason]  # By venue.


def search_for(
    state: State,
    parent: Parent,
    now_ns: int,
    wants: Mapping[int, int] | None = None,
    shares: Shares | None = None,
    *,
    waits: bool = True,
) -> Search:
    """The search for these quantities, by tranche; for all that is open where none are given.

    Without `waits` only for what can be taken, which has no use for the time that a child has.
    """
    instrument_id = parent.terms.instrument_id
    best = consolidated.view(state, instrument_id, now_ns)
    mid_px = best.mid_px or best.bid_px or best.ask_px
    half = (best.ask_px - best.bid_px) * MILLIBPS // (2 * mid_px) if best.is_two_sided else 0
    impact = expected_cost.impact_millibps(
        state.reference.instruments[instrument_id].daily_volatility_ppm
    )
    lean, taking = lean_of(state, parent, best, now_ns, half), taker_fee_millibps(state, mid_px)
    if wants is None:
        wants = {tranche.number: tranche.open_qty for tranche in parent.open_tranches()}
    wanting = [parent.tranches[number] for number in wants]
    bounds = {tranche.number: stops.bounds_of(state, tranche) for tranche in wanting}
    return Search(
        state=state,
        parent=parent,
        wants=dict(wants),
        limit_px=loosest_px(parent.terms.side, (tranche.limit_px for tranche in wanting)),
        bounds=bounds,
        book=state.book(instrument_id),
        best=best,
        mid_px=mid_px,
        half_spread_millibps=half,
        impact_millibps=impact,
        missed_millibps=half + taking + impact + lean,
        patience_ns=patience_of(state, parent, now_ns) if waits else 0,
        lot_qty=reference.lot_qty(state, instrument_id),
        reference_px=prices.reference_px(state, parent, best),
        near=belief.band(state, instrument_id, state.book(instrument_id), now_ns),
        barred=barred_venues(state, parent, bounds.values(), now_ns),
        now_ns=now_ns,
        shares=shares,
    )


def eligible(search: Search, venue: str, limit_px: int) -> Iterator[int]:
    """The tranches that a child at this venue with this limit may be for."""
    defined, side = search.state.reference.venues[venue], search.parent.terms.side
    for number in search.wants:
        tranche = search.parent.tranches[number]
        if search.bounds[number].forbids(defined):
            continue
        if reference.is_within_limit(side, limit_px, tranche.limit_px):
            yield number


def rate(search: Search, tactic: str, qty: int) -> Rating:
    """Judge every venue for one tactic and a quantity of at most `qty`."""
    candidates: list[Rated] = []
    reasons: dict[str, RouteReason] = {}
    limit_px = limit_for(search, tactic)
    quotes, barred, side = search.book.quotes, search.barred, search.parent.terms.side
    outside = RouteReason.PX_BAND if is_outside_band(search, limit_px) else None
    for venue, defined in search.state.reference.venues.items():
        reason = barred.get(venue) or unfit(search, defined, tactic, qty, limit_px) or outside
        if reason is not None:
            reasons[venue] = reason
            continue
        shown_qty = 0
        left_qty = most_qty = 0
        if tactic is TAKE:
            shown_qty = displayed.shown(quotes[venue], side)[1]
            left_qty = left_for(search, venue, quotes[venue])
            most_qty = most_of(search, venue, left_qty)
        cell = cell_of(search, venue, tactic, limit_px, qty)
        cost, expects = cost_of(search, venue, tactic, cell, limit_px)
        rated = Rated(
            cost.score_millibps,
            venue,
            tactic,
            limit_px,
            shown_qty,
            cell,
            expects,
            cost,
            left_qty,
            most_qty,
        )
        candidates.append(rated)
    candidates.sort()
    return Rating(candidates, reasons)


def eligible_qty(search: Search, venue: str, limit_px: int) -> int:
    """The quantity that a child at this venue with this limit may be for."""
    wants = search.wants
    return sum([wants[number] for number in eligible(search, venue, limit_px)])


# ------------------------------------------------------------------------------- price


def limit_for(search: Search, tactic: str) -> int:
    """The child's limit on the tick; 0 if there is no price for it."""
    side, best = search.parent.terms.side, search.best
    if tactic is STEP:
        return step_px(search)
    wanted_px = best.near_px(side) if tactic is POST else best.far_px(side)
    return within_limit_px(search, wanted_px, search.limit_px)


def step_px(search: Search) -> int:
    """One tick ahead of the touch; 0 where the spread or the limit leaves no room for it."""
    terms, best = search.parent.terms, search.best
    if not best.is_two_sided:
        return 0
    near_px = best.near_px(terms.side)
    tick_px = reference.tick_px(search.state, terms.instrument_id, near_px)
    ahead_px = near_px + (tick_px if terms.side is Side.BUY else -tick_px)
    if within_limit_px(search, ahead_px, search.limit_px) != ahead_px:
        return 0
    return ahead_px if best.bid_px < ahead_px < best.ask_px else 0


def within_limit_px(search: Search, wanted_px: int, limit_px: int | None) -> int:
    """A price no worse than a limit, on the tick; 0 stays 0."""
    terms = search.parent.terms
    if wanted_px and limit_px is not None:
        is_buy = terms.side is Side.BUY
        wanted_px = min(wanted_px, limit_px) if is_buy else max(wanted_px, limit_px)
    return reference.on_tick_px(search.state, terms.instrument_id, terms.side, wanted_px)


def is_outside_band(search: Search, limit_px: int) -> bool:
    side, band_ppm = search.parent.terms.side, risk.policy_of(search.state).px_band_ppm
    return prices.is_outside_band(side, limit_px, search.reference_px, band_ppm)


def most_of(search: Search, venue: str, left_qty: int) -> int:
    """The most of what is left at a venue that the parent may take."""
    if search.shares is None or not left_qty:
        return left_qty
    share = search.shares.get(venue)
    return 0 if share is None else min(left_qty, share.share_qty)


def may_take(search: Search, venue: str, quote: Quote) -> bool:
    """Whether something of a venue's quote is left for the parent."""
    return most_of(search, venue, left_for(search, venue, quote)) > 0


def left_for(search: Search, venue: str, quote: Quote) -> int:
    """The part of a venue's quote that is left to take; none while it may be gone already."""
    if is_waited_for(search, venue, quote):
        return 0
    return displayed.left_qty(search.book, venue, search.parent.terms.side, quote)


def is_waited_for(search: Search, venue: str, quote: Quote) -> bool:
    """Whether a quote has to stand for a moment first; an order that trades at once cannot wait."""
    terms = search.parent.terms
    if terms.immediacy is not Immediacy.NONE:
        return False
    return displayed.may_be_gone(search.book, venue, terms.side, quote, search.now_ns)


def can_take(search: Search) -> bool:
    """Whether the best price of the far side is reached, and is within the band of prices."""
    far_px = search.best.far_px(search.parent.terms.side)
    return reaches_best(search) and not is_outside_band(search, far_px)


def reaches_best(search: Search) -> bool:
    """Whether something is left to take at the best price of the far side."""
    return takeable_qty(search) > 0


def takeable_qty(search: Search) -> int:
    """The quantity left at the best price of the far side, within the limit, at venues not barred.

    A better quote of a barred venue, or one of which nothing is left, may not be traded through, so
    nothing can be taken until that quote is gone.
    """
    side, state = search.parent.terms.side, search.state
    far_px = search.best.far_px(side)
    if not far_px or within_limit_px(search, far_px, search.limit_px) != far_px:
        return 0
    return sum(
        most_of(search, venue, left_for(search, venue, quote))
        for venue, quote in search.book.quotes.items()
        if venue in state.reference.venues
        and venue not in search.barred
        and consolidated.is_fresh(state, quote, search.now_ns)
        and displayed.shown(quote, side)[0] == far_px
    )


# ------------------------------------------------------------------------------ reasons


def barred_venues(
    state: State, parent: Parent, bounds: Collection[Bounds], now_ns: int
) -> dict[str, RouteReason]:
    """The venues that all clients, an operator, their status or their conduct rule out, and why."""
    found: dict[str, RouteReason] = {}
    for venue, defined in state.reference.venues.items():
        reason = forbidden(bounds, defined) or instructions.bars(parent, venue)
        reason = reason or closed(state, venue)
        reason = reason or braked(state, parent, venue, now_ns)
        if reason is not None:
            found[venue] = reason
    return found


def forbidden(bounds: Collection[Bounds], defined: VenueDefined) -> RouteReason | None:
    """The rule of the first client that bars the venue; None if one client lets it be used."""
    if not all(one.forbids(defined) for one in bounds):
        return None
    is_named = defined.venue in next(iter(bounds)).excluded_venues
    return RouteReason.EXCLUDED_BY_CLIENT if is_named else RouteReason.DARK_FORBIDDEN


def closed(state: State, venue: str) -> RouteReason | None:
    """The rule of an operator or the status that bars the venue; None if nothing does."""
    if venue in state.sessions_down:
        return RouteReason.DISCONNECTED
    if state.venue_status.get(venue, VenueStatus.OPEN) is not VenueStatus.OPEN:
        return RouteReason.HALTED
    if risk.is_venue_suspended(state, venue):
        return RouteReason.SUSPENDED
    if risk.is_killed(state, venue=venue):
        return RouteReason.KILL_SWITCH
    return None


def braked(state: State, parent: Parent, venue: str, now_ns: int) -> RouteReason | None:
    """Whether the venue was stopped for the instrument, or has its most children for now."""
    if risk.is_venue_stopped(state, venue, parent.terms.instrument_id):
        return RouteReason.NO_PROGRESS
    if not rates.room(state, rates.of_venue(state, venue), now_ns):
        return RouteReason.RATE_LIMIT
    return None


def unfit(
    search: Search, defined: VenueDefined, tactic: str, qty: int, limit_px: int
) -> RouteReason | None:
    """The reason for which this tactic does not fit the venue now; None if it fits."""
    reason = UNFIT_FOR[tactic](search, defined, limit_px)
    if reason is not None:
        return reason
    most_qty = eligible_qty(search, defined.venue, limit_px)
    if not most_qty:
        return RouteReason.NOT_ELIGIBLE
    reason = venue_rules.unfit_qty(defined, min(qty, most_qty), search.lot_qty)
    if reason is not None:
        return reason
    if would_self_trade(search, defined.venue, tactic, limit_px):
        return RouteReason.SELF_TRADE
    return None


def unfit_to_take(search: Search, defined: VenueDefined, limit_px: int) -> RouteReason | None:
    """Only a fresh quote at the best price, or an odd lot at a better one, may be taken."""
    side = search.parent.terms.side
    quote = search.book.quotes.get(defined.venue)
    px = 0 if quote is None else (quote.ask_px if side is Side.BUY else quote.bid_px)
    if quote is None or not px:
        return missing(search, defined.venue)
    if not consolidated.is_fresh(search.state, quote, search.now_ns):
        return RouteReason.STALE_QUOTE
    if not is_at_best(search, px) or limit_px != search.best.far_px(side):
        return RouteReason.NOT_AT_BEST
    if may_take(search, defined.venue, quote):
        return None
    is_missed = displayed.is_missed(search.book, defined.venue, side)
    is_missed = is_missed or is_waited_for(search, defined.venue, quote)
    return RouteReason.QUOTE_MISSED if is_missed else RouteReason.QUOTE_USED_UP


def missing(search: Search, venue: str) -> RouteReason:
    """Why there is no price to trade at a venue: what it shows is not believed, or is too old.

    A venue that shows nothing itself is priced by the others, so their quotes are asked.
    """
    book = search.book
    if venue in book.doubted:
        return RouteReason.QUOTE_DOUBTED
    own = book.quotes.get(venue)
    if own is not None:
        is_old = not consolidated.is_fresh(search.state, own, search.now_ns)
        return RouteReason.STALE_QUOTE if is_old else RouteReason.NO_QUOTE
    if search.best.bid_px or search.best.ask_px:
        return RouteReason.NO_QUOTE
    if book.doubted:
        return RouteReason.QUOTE_DOUBTED
    return RouteReason.STALE_QUOTE if book.quotes else RouteReason.NO_QUOTE


def is_at_best(search: Search, px: int) -> bool:
    """Whether a venue's far side is at the best or better, as only an odd lot can be."""
    far_px = search.best.far_px(search.parent.terms.side)
    return px <= far_px if search.parent.terms.side is Side.BUY else px >= far_px > 0


def unfit_to_post(search: Search, defined: VenueDefined, limit_px: int) -> RouteReason | None:
    """Children are posted on lit venues that accept posts, without locking or crossing."""
    is_lit = defined.kind is VenueKind.LIT
    if not is_lit or not venue_rules.lets_rest(defined):
        return RouteReason.NO_QUOTE
    if not limit_px:
        return missing(search, defined.venue)
    if defined.venue not in search.book.seen:
        return RouteReason.VENUE_UNSEEN
    far_px = search.best.far_px(search.parent.terms.side)
    is_buy = search.parent.terms.side is Side.BUY
    if far_px and (limit_px >= far_px if is_buy else limit_px <= far_px):
        return RouteReason.NOT_AT_BEST  # It would lock or cross the market it joins.
    return None


def unfit_to_peg(search: Search, defined: VenueDefined, limit_px: int) -> RouteReason | None:
    """A peg needs two sides and a midpoint within the limit."""
    if not venue_rules.takes_midpoint_pegs(defined):
        return RouteReason.NO_MIDPOINT
    if defined.kind is VenueKind.LIT and defined.venue not in search.book.seen:
        return RouteReason.VENUE_UNSEEN
    if not search.best.is_two_sided:
        return missing(search, defined.venue)
    if not reference.is_within_limit(search.parent.terms.side, search.mid_px, limit_px):
        return RouteReason.NOT_AT_BEST
    return None


UNFIT_FOR: Mapping[str, Callable[[Search, VenueDefined, int], RouteReason | None]] = {
    TAKE: unfit_to_take,
    POST: unfit_to_post,
    STEP: unfit_to_post,
    PEG: unfit_to_peg,
}


def would_self_trade(search: Search, venue: str, tactic: str, limit_px: int) -> bool:
    """Whether a live child of ours on the other side could trade with this one there."""
    is_buy = search.parent.terms.side is Side.BUY
    others = search.book.own.get((venue, Side.SELL if is_buy else Side.BUY))
    if not others:
        return False
    if tactic is PEG:
        return True  # The midpoint may move anywhere.
    return limit_px >= others.lowest_px if is_buy else limit_px <= others.highest_px


# ------------------------------------------------------------------------------- score


def cell_of(search: Search, venue: str, tactic: str, limit_px: int, qty: int) -> str:
    """The cell of the venue's scorecard that a child is tried in."""
    parent = search.parent
    if tactic is PEG and parent.terms.immediacy is not Immediacy.NONE:
        return cells.MIDPOINT_NOW
    instrument_id, side = parent.terms.instrument_id, parent.terms.side
    place = cells.Place(search.state, instrument_id, search.book, search.best, side, search.lot_qty)
    if tactic is TAKE:
        return cells.of_take(place, venue, qty)
    return cells.of_peg(place) if tactic is PEG else cells.of_post(place, venue, limit_px)


def patience_of(state: State, parent: Parent, now_ns: int) -> int:
    """The time that a resting child of the parent has until it is cancelled or judged again."""
    return REST_NS if parent.plan is None else bands.patience_ns(state, parent, now_ns)


def lean_of(state: State, parent: Parent, best: Nbbo, now_ns: int, half_millibps: int) -> int:
    """The move of the midpoint against us that the sizes at the touch forecast, 1e-3 bps."""
    bid_qty = ask_qty = 0
    for quote in state.book(parent.terms.instrument_id).quotes.values():
        if consolidated.is_fresh(state, quote, now_ns):
            bid_qty += quote.bid_qty if quote.bid_px == best.bid_px else 0
            ask_qty += quote.ask_qty if quote.ask_px == best.ask_px else 0
    is_buy = parent.terms.side is Side.BUY
    return expected_cost.lean_millibps(bid_qty, ask_qty, half_millibps, is_buy=is_buy)


def taker_fee_millibps(state: State, mid_px: int) -> int:
    """The mean fee of a take at the venues that display quotes; rounds down."""
    fees = [
        reference.fee_px(state, venue, Liquidity.REMOVED, mid_px)
        for venue, defined in state.reference.venues.items()
        if defined.kind is VenueKind.LIT
    ]
    return fee_millibps(sum(fees) // max(1, len(fees)), mid_px)


def cost_of(
    search: Search, venue: str, tactic: str, cell: str, limit_px: int
) -> tuple[Cost, Chances]:
    """The expected cost of a tactic at a venue, and what the scorecard expects."""
    state, half = search.state, search.half_spread_millibps
    left_ns = max(0, search.parent.terms.end_ns - search.now_ns)
    found = chances.estimate(state, venue, cell, search.patience_ns, left_ns, state.chances)
    expects = Chances(found.fill_ppm, found.ends_filled_ppm, found.version)
    fee_px = reference.fee_px(state, venue, LIQUIDITY_OF[tactic], search.mid_px)
    fee = fee_millibps(fee_px, search.mid_px)
    chance_ppm = min(PPM, found.fill_ppm + found.bonus_ppm)
    if tactic is TAKE:
        price, impact = half + fee - better_millibps(search, venue), search.impact_millibps
        take = expected_cost.of_take(price, found.cost_millibps, impact, 2 * half, chance_ppm)
        return take, expects
    # A post behind the touch is filled once the market has come to it, so that move is no gain.
    price = 0 if tactic is PEG else max(-half, beyond_millibps(search, limit_px))
    card, learned = state.scorecards.get(venue), PEG if tactic is PEG else POST
    adverse = expected_cost.adverse_millibps(state.pools.markouts, card, learned)
    cost = expected_cost.of_rest(
        price + fee, adverse, search.missed_millibps, chance_ppm, found.speed_ns
    )
    return cost, expects


def beyond_millibps(search: Search, limit_px: int) -> int:
    """The distance of a limit from the midpoint, 1e-3 bps, below zero on our side of it; floor."""
    beyond_px = limit_px - search.mid_px
    if search.parent.terms.side is not Side.BUY:
        beyond_px = -beyond_px
    return beyond_px * MILLIBPS // max(1, search.mid_px)


def better_millibps(search: Search, venue: str) -> int:
    """By how much an odd lot is shown better than the best, 1e-3 bps; rounds down."""
    side, quote = search.parent.terms.side, search.book.quotes.get(venue)
    if quote is None:
        return 0
    far_px = search.best.far_px(side)
    better_px = far_px - quote.ask_px if side is Side.BUY else quote.bid_px - far_px
    return better_px * MILLIBPS // max(1, search.mid_px)
