"""The size that venues display: common property of all our parents, as far as it is left.

A quote knows nothing of our children that are on their way, and of what they took or missed only
once its venue quotes anew. So the book keeps, by venue and side, what is gone of the last quote and
what live takes may still have of it; the rest is left, and no take asks for more. A take on its way
counts against every quote that its limit reaches until it has ended, as it meets the one that is
shown when it arrives.

A quote that shows a side as before, price and size, frees nothing: feeds repeat quotes on
reconnects and as heartbeats, and what was gone of them is gone still. A change of price frees all
of it. Whether another size at the same price does depends on the feed. Where it has our executions
(`tape_includes_own`), the new size is what they left, so nothing more is taken off. Where it does
not (recorded and paper markets go on as if we had not traded), what is gone stays gone at that
price, and only what is shown beyond it is new.

A take that ends unfilled at an unchanged quote has found out that nothing is there: all of it is
gone. If the side has changed since the take was priced, it may have met the one or the other, so it
says nothing of what is shown now.

After a miss the venue's quotes are taken once they have stood for a moment, until a take there is
filled: quotes that flicker are missed again and again. A miss so sends the next try elsewhere.

A parent that would take more than was left need not wait for its next schedule point: a quote that
shows something at the best price has as many such parents planned as it has lots, in turn.
"""

from collections.abc import Iterable
from itertools import islice

from engine.core.events import (
    ChildRouted,
    ChildTimeInForce,
    ChildType,
    FillBooked,
    Liquidity,
    Side,
)
from engine.core.state import due_index
from engine.core.state.model import Book, Child, OnWay, Quote, Used
from engine.core.state.state import State
from engine.core.units import NS_PER_MS

# After a miss; guess. On the example's day half of the takes of younger quotes were missed again.
STANDS_NS = 100 * NS_PER_MS


def shown(quote: Quote, side: Side) -> tuple[int, int]:
    """Price and quantity that a quote shows to children of this side; zeros if none."""
    if side is Side.BUY:
        return quote.ask_px, quote.ask_qty
    return quote.bid_px, quote.bid_qty


def left_qty(book: Book, venue: str, side: Side, quote: Quote) -> int:
    """The part of a venue's quote that children of this side may still take, increments."""
    px, shown_qty = shown(quote, side)
    used = book.used.get((venue, side))
    if used is None:
        return shown_qty
    coming_qty = sum(
        leaves_qty
        for leaves_qty, limit_px in used.on_way.values()
        if (px <= limit_px if side is Side.BUY else px >= limit_px)
    )
    return max(0, shown_qty - used.gone_qty - coming_qty)


def is_missed(book: Book, venue: str, side: Side) -> bool:
    """Whether a child has found nothing at what the venue shows to this side."""
    used = book.used.get((venue, side))
    return used is not None and used.is_missed


def may_be_gone(book: Book, venue: str, side: Side, quote: Quote, now_ns: int) -> bool:
    """Whether a quote is as young as the one that the last take there did not meet any more."""
    return (venue, side) in book.missed and now_ns - quote.received_ns < STANDS_NS


def is_taking(terms: ChildRouted) -> bool:
    """Whether a child takes what is displayed or ends."""
    is_ioc = terms.time_in_force is ChildTimeInForce.IOC
    return is_ioc and terms.child_type is ChildType.LIMIT


# ------------------------------------------------------------------------------ evolve


def on_quote(state: State, book: Book, venue: str, quote: Quote) -> None:
    """Free what the venue's next quote shows anew."""
    for side in Side:
        used = book.used.get((venue, side))
        px, qty = shown(quote, side)
        if used is None or (used.px, used.shown_qty) == (px, qty):
            continue
        is_kept = px == used.px and not state.settings.tape_includes_own
        used.gone_qty = min(used.gone_qty, qty) if is_kept else 0
        used.is_missed = used.is_missed and used.gone_qty == qty > 0
        used.px, used.shown_qty, used.since_ns = px, qty, quote.received_ns
        forget_unused(book, venue, side, used)


def wake(state: State, book: Book, venue: str, former: Quote | None, lot_qty: int) -> None:
    """Have parents that wait for it planned, if a venue's quote has something new at the best.

    Also where the quote went away from a best that was used up, so that the next best is one now.
    Every quote of the book counts for the best, whatever its age: an old one is none to take.
    """
    quote = book.quotes[venue]
    for side, takers in book.takers.items():
        px, qty = shown(quote, side)
        before_px, before_qty = (0, 0) if former is None else shown(former, side)
        if not takers or (before_px, before_qty) == (px, qty):
            continue
        best_px = best_of((shown(other, side)[0] for other in book.quotes.values()), side)
        if px == best_px and qty:
            at_best = [venue]
        elif best_px and before_px and best_of((before_px, best_px), side) != best_px:
            at_best = [x for x, other in book.quotes.items() if shown(other, side)[0] == best_px]
        else:
            continue
        left = sum(left_qty(book, name, side, book.quotes[name]) for name in at_best)
        for parent_id in [*islice(takers, -(-left // lot_qty))]:  # Ceiling: an odd lot is for one.
            del takers[parent_id]
            takers[parent_id] = None  # It has had its turn.
            due_index.reach(state, parent_id)


def best_of(pxs: Iterable[int], side: Side) -> int:
    """The best price for children of a side to take; 0 where nothing is shown."""
    found = [px for px in pxs if px]
    return (min if side is Side.BUY else max)(found, default=0)


def note_taker(book: Book, side: Side, parent_id: str, *, takes: bool) -> None:
    """Keep a parent among those that wait for something to take, or drop it from them."""
    if takes:
        book.takers.setdefault(side, {}).setdefault(parent_id, None)
    elif side in book.takers:
        book.takers[side].pop(parent_id, None)


def follow(book: Book, child: Child) -> None:
    """Count what a child may still take; a child without leaves is on its way no more."""
    terms = child.terms
    if not is_taking(terms):
        return
    used = used_of(book, terms.venue, terms.side)
    if child.leaves_qty:
        used.on_way[child.child_id] = OnWay(child.leaves_qty, terms.limit_px)
    else:
        used.on_way.pop(child.child_id, None)
        forget_unused(book, terms.venue, terms.side, used)


def on_fill(state: State, child: Child, fill: FillBooked) -> None:
    """Count what a child took, if the venue still shows that price as before."""
    terms, book = child.terms, state.books.get(child.terms.instrument_id)
    if book is None:
        return  # A late fill of a closed day.
    if is_taking(terms) or fill.liquidity is Liquidity.REMOVED:
        book.missed.pop((terms.venue, terms.side), None)
        used = used_of(book, terms.venue, terms.side)
        is_shown = used.px == fill.last_px
        if state.settings.tape_includes_own:
            is_shown = is_shown and is_as_priced(used, terms)
        if is_shown:
            used.gone_qty = min(used.shown_qty, used.gone_qty + fill.last_qty)
        forget_unused(book, terms.venue, terms.side, used)
    follow(book, child)


def miss(book: Book, child: Child) -> None:
    """Count all of the quote as gone at which a child found less than it asked for."""
    terms = child.terms
    used = used_of(book, terms.venue, terms.side)
    if is_taking(terms) and not child.filled_qty:
        book.missed[terms.venue, terms.side] = None
    if is_taking(terms) and is_as_priced(used, terms):
        used.gone_qty, used.is_missed = used.shown_qty, True
    forget_unused(book, terms.venue, terms.side, used)


def is_as_priced(used: Used, terms: ChildRouted) -> bool:
    """Whether the side has not changed since the quote that the child was priced from."""
    return used.since_ns <= terms.at_ns - terms.quote_age_ns


def used_of(book: Book, venue: str, side: Side) -> Used:
    """The record of what is shown now; a new one where nothing of it was used."""
    used = book.used.get((venue, side))
    if used is None:
        quote = book.quotes.get(venue)
        px, qty = (0, 0) if quote is None else shown(quote, side)
        since_ns = 0 if quote is None else quote.received_ns
        used = book.used[venue, side] = Used(px, qty, since_ns)
    return used


def forget_unused(book: Book, venue: str, side: Side, used: Used) -> None:
    """Drop a record that says nothing, so that only what we use is kept."""
    if not used.gone_qty and not used.on_way:
        del book.used[venue, side]
