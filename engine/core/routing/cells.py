"""Name the state of the market in which a child is tried: the cell of the scorecard it belongs to.

What decides whether a child is filled differs by tactic. A post waits in a queue: the cell says how
wide the spread is, how far behind the touch its limit keeps it, and, at the touch, how much is
displayed ahead of it. A peg waits for the other side in the dark; only the spread is known. A take
asks for what is displayed: the cell says whether children have asked the same quote already and
what they left of it, as a venue does not requote for each of them. The route names its cell, so a
lesson needs nothing but the route and the reports.
"""

from typing import NamedTuple

from engine.core.events import Side
from engine.core.market import reference
from engine.core.market.consolidated import Nbbo
from engine.core.state.model import Book
from engine.core.state.state import State
from engine.core.units import MILLIBPS

TAKE, POST, PEG = "take", "post", "peg"
NEAR_MILLIBPS, FAR_MILLIBPS = 3_000, 10_000  # Behind the touch; guess: some ticks, some spreads.
SHORT_LOTS = 3  # Round lots ahead; guess: what one usual print trades away.


class Place(NamedTuple):
    """An instrument's market, as a child would meet it."""

    state: State
    instrument_id: str
    book: Book
    best: Nbbo
    side: Side
    lot_qty: int


def of_post(place: Place, venue: str, limit_px: int) -> str:
    """The cell of a limit order that rests."""
    depth = depth_of(place, limit_px)
    ahead = ahead_of(place, venue, limit_px) if depth == "touch" else "unseen"
    return f"{POST}:{spread_of(place)}:{depth}:{ahead}"


def of_peg(place: Place) -> str:
    """The cell of a midpoint peg that rests."""
    return f"{PEG}:{spread_of(place)}"


def of_take(place: Place, venue: str, qty: int) -> str:
    """The cell of a child that takes what a venue displays, or finds nothing."""
    is_buy, quote = place.side is Side.BUY, place.book.quotes.get(venue)
    if quote is None:
        return f"{TAKE}:fresh"
    shown_qty = quote.ask_qty if is_buy else quote.bid_qty
    quote_ns, asked_qty = place.book.asked.get((venue, place.side), (-1, 0))
    if quote_ns != quote.received_ns or not asked_qty:
        return f"{TAKE}:fresh"
    return f"{TAKE}:again" if shown_qty - asked_qty >= min(qty, shown_qty) else f"{TAKE}:used"


MIDPOINT_NOW = f"{TAKE}:midpoint"  # A peg that ends at once.


def tactic_of(cell: str) -> str:
    """The tactic of a cell."""
    return cell.partition(":")[0]


def hidden_of(cell: str) -> str:
    """The tactic whose hidden quantity a child of the cell meets; empty where it meets a quote."""
    if cell == MIDPOINT_NOW:
        return MIDPOINT_NOW
    return PEG if tactic_of(cell) == PEG else ""


def is_take(cell: str) -> bool:
    """Whether a cell is of children that end at once."""
    return cell.startswith(f"{TAKE}:")


def is_at_touch(cell: str) -> bool:
    """Whether a cell is of posts at the touch, or ahead of it."""
    return cell.startswith(f"{POST}:") and cell.split(":")[2] == "touch"


def spread_of(place: Place) -> str:
    """Whether the spread is one tick, or wider; wide too where there are no two sides."""
    best = place.best
    if not best.is_two_sided:
        return "wide"
    tick_px = reference.tick_px(place.state, place.instrument_id, best.bid_px)
    return "tick" if best.ask_px - best.bid_px <= tick_px else "wide"


def depth_of(place: Place, limit_px: int) -> str:
    """The distance of a limit behind the touch, in classes of bps."""
    near_px = place.best.near_px(place.side)
    behind_px = near_px - limit_px if place.side is Side.BUY else limit_px - near_px
    if not near_px or behind_px <= 0:
        return "touch"
    behind = behind_px * MILLIBPS // near_px
    if behind <= NEAR_MILLIBPS:
        return "near"
    return "far" if behind <= FAR_MILLIBPS else "beyond"


def ahead_of(place: Place, venue: str, limit_px: int) -> str:
    """The queue that a post joins: the round lots that the venue displays at its price."""
    qty = ahead_qty(place.book, place.side, venue, limit_px)
    if not qty:
        return "first"
    return "short" if qty <= SHORT_LOTS * place.lot_qty else "long"


def ahead_qty(book: Book, side: Side, venue: str, limit_px: int) -> int:
    """The quantity that the venue displays at the price of a post."""
    quote = book.quotes.get(venue)
    if quote is None:
        return 0
    is_buy = side is Side.BUY
    shown_px, shown_qty = (quote.bid_px, quote.bid_qty) if is_buy else (quote.ask_px, quote.ask_qty)
    return shown_qty if shown_px == limit_px else 0
