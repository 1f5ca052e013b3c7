"""Judge every venue for a slice: a candidate with a score, or a reason why not.

There are three tactics: take a displayed quote, post a limit order, or peg to the midpoint in the
dark. A score is the expected cost of a fill against the midpoint, in 1e-3 bps: plus half the spread
for a take; minus half for a post, which crosses the spread later if it does not fill; nothing at
the midpoint. Fees come on top, a price for the usual waiting time, and the costs in the venue's
scorecard. Lower is better; ties go to the venue's code. A take only ever goes to the consolidated
best, or to an odd lot that is shown at it or at a better price, and never asks a quote again at
which a child found nothing; a post never locks the market that it joins, and a peg needs a market
with two sides. No child is priced further than the policy's band through the reference price, which
`prices` chooses.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from engine.core.controls import rates, risk, stops
from engine.core.controls.stops import Bounds
from engine.core.events import (
    Liquidity,
    RouteReason,
    Side,
    VenueDefined,
    VenueKind,
    VenueStatus,
)
from engine.core.market import belief, consolidated, reference, venue_rules
from engine.core.market.belief import Band
from engine.core.market.consolidated import Nbbo
from engine.core.routing import prices, scorecard
from engine.core.state.model import Book, Parent, Quote
from engine.core.state.state import State
from engine.core.units import MILLIBPS, PPM

WAIT_MILLIBPS_PER_SECOND = 1  # Price of waiting; guess.
WAIT_SECONDS_MAX = 60

TAKE, POST, PEG = "take", "post", "peg"
LIQUIDITY_OF = {TAKE: Liquidity.REMOVED, POST: Liquidity.ADDED, PEG: Liquidity.MIDPOINT}


class Rated(NamedTuple):
    """A venue that fits a slice by one tactic, with its score."""

    score_millibps: int
    venue: str
    tactic: str
    limit_px: int
    venue_qty: int  # Displayed on the side it takes; 0 where nothing is shown.
    version: int


class Search(NamedTuple):
    """Inputs of the routing of one slice, computed once for all venues and tactics."""

    state: State
    parent: Parent
    book: Book
    best: Nbbo
    mid_px: int
    half_spread_millibps: int  # Rounded down; 0 without two sides.
    lot_qty: int
    reference_px: int  # Of the band of prices; 0 if there is none.
    near: Band  # The band in which quotes are believed.
    barred: Mapping[str, RouteReason]  # Venues that this parent may not use now.
    now_ns: int


class Rating(NamedTuple):
    """All venues for one tactic: the candidates, best first, and why the others are none."""

    candidates: list[Rated]
    reasons: dict[str, RouteReason]  # By venue.


def search_for(state: State, parent: Parent, now_ns: int) -> Search:
    instrument_id = parent.terms.instrument_id
    best = consolidated.view(state, instrument_id, now_ns)
    mid_px = best.mid_px or best.bid_px or best.ask_px
    half = (best.ask_px - best.bid_px) * MILLIBPS // (2 * mid_px) if best.is_two_sided else 0
    return Search(
        state=state,
        parent=parent,
        book=state.book(instrument_id),
        best=best,
        mid_px=mid_px,
        half_spread_millibps=half,
        lot_qty=reference.lot_qty(state, instrument_id),
        reference_px=prices.reference_px(state, parent, best),
        near=belief.band(state, instrument_id, state.book(instrument_id), now_ns),
        barred=barred_venues(state, parent, now_ns),
        now_ns=now_ns,
    )


def rate(search: Search, tactic: str, qty: int) -> Rating:
    """Judge every venue for one tactic and a quantity of at most `qty`."""
    candidates: list[Rated] = []
    reasons: dict[str, RouteReason] = {}
    limit_px = limit_for(search, tactic)
    quotes, barred = search.book.quotes, search.barred
    is_buy = search.parent.terms.side is Side.BUY
    outside = RouteReason.PX_BAND if is_outside_band(search, limit_px) else None
    for venue, defined in search.state.reference.venues.items():
        reason = barred.get(venue) or unfit(search, defined, tactic, qty, limit_px) or outside
        if reason is not None:
            reasons[venue] = reason
            continue
        shown_qty = 0
        if tactic is TAKE:
            quote = quotes[venue]
            shown_qty = quote.ask_qty if is_buy else quote.bid_qty
        score, version = score_of(search, venue, tactic)
        candidates.append(Rated(score, venue, tactic, limit_px, shown_qty, version))
    candidates.sort()
    return Rating(candidates, reasons)


# ------------------------------------------------------------------------------- price


def limit_for(search: Search, tactic: str) -> int:
    """The child's limit on the tick; 0 if there is no price for it."""
    side, best = search.parent.terms.side, search.best
    wanted_px = best.near_px(side) if tactic is POST else best.far_px(side)
    return within_limit_px(search.state, search.parent, wanted_px)


def within_limit_px(state: State, parent: Parent, wanted_px: int) -> int:
    """A price no worse than the parent's limit, on the tick; 0 stays 0."""
    side, limit_px = parent.terms.side, parent.limit_px
    if wanted_px and limit_px is not None:
        wanted_px = min(wanted_px, limit_px) if side is Side.BUY else max(wanted_px, limit_px)
    return reference.on_tick_px(state, parent.terms.instrument_id, side, wanted_px)


def is_outside_band(search: Search, limit_px: int) -> bool:
    side, band_ppm = search.parent.terms.side, risk.policy_of(search.state).px_band_ppm
    return prices.is_outside_band(side, limit_px, search.reference_px, band_ppm)


def is_missed(book: Book, venue: str, quote: Quote, side: Side) -> bool:
    """Whether a child has found nothing at this quote; the venue's next one is another."""
    return quote.received_ns <= book.missed.get((venue, side), -1)


def can_take(search: Search) -> bool:
    """Whether the best price of the far side is reached, and is within the band of prices."""
    far_px = search.best.far_px(search.parent.terms.side)
    return reaches_best(search) and not is_outside_band(search, far_px)


def reaches_best(search: Search) -> bool:
    """Whether the limit reaches the best price of the far side, at a venue that is not barred.

    A better quote of a barred venue, or one at which a child found nothing, may not be traded
    through, so nothing can be taken until that quote is gone.
    """
    side, state = search.parent.terms.side, search.state
    far_px = search.best.far_px(side)
    if not far_px or within_limit_px(state, search.parent, far_px) != far_px:
        return False
    return any(
        venue in state.reference.venues
        and venue not in search.barred
        and consolidated.is_fresh(state, quote, search.now_ns)
        and (quote.ask_px if side is Side.BUY else quote.bid_px) == far_px
        and not is_missed(search.book, venue, quote, side)
        for venue, quote in search.book.quotes.items()
    )


# ------------------------------------------------------------------------------ reasons


def barred_venues(state: State, parent: Parent, now_ns: int) -> dict[str, RouteReason]:
    """The venues that the client, an operator, their status or their conduct rules out, and why."""
    found: dict[str, RouteReason] = {}
    bounds = stops.bounds_of(state, parent)
    for venue, defined in state.reference.venues.items():
        reason = forbidden(state, bounds, defined) or braked(state, parent, venue, now_ns)
        if reason is not None:
            found[venue] = reason
    return found


def forbidden(state: State, bounds: Bounds, defined: VenueDefined) -> RouteReason | None:
    """The rule of client, operator or venue status that bars the venue; None if nothing does."""
    venue = defined.venue
    if venue in bounds.excluded_venues:
        return RouteReason.EXCLUDED_BY_CLIENT
    if bounds.no_dark and defined.kind is not VenueKind.LIT:
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
    reason = venue_rules.unfit_qty(defined, qty, search.lot_qty)
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
    if is_missed(search.book, defined.venue, quote, side):
        return RouteReason.QUOTE_MISSED
    return None


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


def score_of(search: Search, venue: str, tactic: str) -> tuple[int, int]:
    """(expected cost in 1e-3 bps, scorecard version); rounds down."""
    state, mid_px, half = search.state, max(1, search.mid_px), search.half_spread_millibps
    version, fill_ppm, speed_ns, cost_millibps = scorecard.estimate(state, venue)
    fee_px = reference.fee_px(state, venue, LIQUIDITY_OF[tactic], search.mid_px)
    fee = fee_px * MILLIBPS // mid_px
    if tactic is TAKE:
        expected = half + fee - better_millibps(search, venue)
        return expected if cost_millibps is None else (expected + cost_millibps) // 2, version
    gained = -half if tactic is POST else 0
    wait = min(WAIT_SECONDS_MAX, speed_ns // 1_000_000_000) * WAIT_MILLIBPS_PER_SECOND
    return ((gained + fee) * fill_ppm + half * (PPM - fill_ppm)) // PPM + wait, version


def better_millibps(search: Search, venue: str) -> int:
    """By how much an odd lot is shown better than the best, 1e-3 bps; rounds down."""
    side, quote = search.parent.terms.side, search.book.quotes.get(venue)
    if quote is None:
        return 0
    far_px = search.best.far_px(side)
    better_px = far_px - quote.ask_px if side is Side.BUY else quote.bid_px - far_px
    return better_px * MILLIBPS // max(1, search.mid_px)
