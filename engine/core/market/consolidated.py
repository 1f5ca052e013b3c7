"""The consolidated market of a shard, and the market changes for which a parent is planned again.

The national best bid and offer (NBBO) is made of venue quotes younger than the feed's age limit. A
newer quote that locks or crosses an older quote of another venue evicts it: such a profit is taken
at once, so the older quote must be gone. A quote's age counts from the time at which our gateway
received it, never from a venue's clock. No fold reads the time of a round, so quotes folded in one
round or in three lead to the same book. A quote further in the future than the age limit does not
count either: its gateway's clock is wrong, and the quote would never grow old. A side without a
positive price and size shows nothing, whatever the feed means by it, and a print without quantity
is no volume.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from engine.core.events import (
    DepthObserved,
    QuoteObserved,
    SessionStatusObserved,
    Side,
    TradeObserved,
    VenueDefined,
    VenueStatus,
    VenueStatusObserved,
)
from engine.core.state import due_index
from engine.core.state.model import Book, Quote, Tape
from engine.core.state.state import State

NO_ASK_PX = 2**63  # Stands for the price of a missing ask: above every price.


class Nbbo(NamedTuple):
    """The consolidated best; a side without a usable quote has px 0."""

    bid_px: int
    bid_venue: str
    bid_received_ns: int
    ask_px: int
    ask_venue: str
    ask_received_ns: int

    @property
    def is_two_sided(self) -> bool:
        return 0 < self.bid_px < self.ask_px

    @property
    def mid_px(self) -> int | None:
        """Midpoint rounded down; None without two sides or from a locked or crossed market."""
        return (self.bid_px + self.ask_px) // 2 if self.is_two_sided else None

    def age_ns(self, now_ns: int) -> int:
        """Age of the older of the two sides."""
        return now_ns - min(self.bid_received_ns, self.ask_received_ns)

    def apart_ns(self, now_ns: int) -> int:
        """Distance from now of the further side, in ns: a clock may also run ahead."""
        received_ns = (self.bid_received_ns, self.ask_received_ns)
        return max(now_ns - min(received_ns), max(received_ns) - now_ns)

    def near_px(self, side: Side) -> int:
        return self.bid_px if side is Side.BUY else self.ask_px

    def far_px(self, side: Side) -> int:
        return self.ask_px if side is Side.BUY else self.bid_px


class View(NamedTuple):
    """A cached NBBO, with the time and age limit that it was computed for."""

    now_ns: int
    age_max_ns: int
    best: Nbbo


class QuoteChange(NamedTuple):
    """A venue's quote in the book before a change, and after it."""

    before: Quote | None
    after: Quote | None


def nbbo(book: Book, now_ns: int, age_max_ns: int) -> Nbbo:
    """Best bid and offer over the quotes younger than the limit; ties go to the larger size."""
    oldest_ns, newest_ns = now_ns - age_max_ns, now_ns + age_max_ns
    bid_px = bid_qty = bid_ns = ask_px = ask_qty = ask_ns = 0
    bid_venue = ask_venue = ""
    for venue, quote in book.quotes.items():
        if not oldest_ns <= quote.received_ns <= newest_ns:
            continue
        px = quote.bid_px
        if px > bid_px or (px == bid_px and px and quote.bid_qty > bid_qty):
            bid_px, bid_qty, bid_venue, bid_ns = px, quote.bid_qty, venue, quote.received_ns
        px = quote.ask_px
        if px and (px < ask_px or not ask_px or (px == ask_px and quote.ask_qty > ask_qty)):
            ask_px, ask_qty, ask_venue, ask_ns = px, quote.ask_qty, venue, quote.received_ns
    return Nbbo(bid_px, bid_venue, bid_ns, ask_px, ask_venue, ask_ns)


def is_fresh(state: State, quote: Quote, now_ns: int) -> bool:
    """Whether a quote is within the adopted age limit of now, either way."""
    return abs(now_ns - quote.received_ns) <= state.settings.quote_age_max_ns


def view(state: State, instrument_id: str, now_ns: int) -> Nbbo:
    """The instrument's NBBO under the adopted age limit.

    One round needs it many times, so it is cached until the book's quotes or the time change.
    """
    age_max_ns = state.settings.quote_age_max_ns
    cached: View | None = state.views.get(instrument_id)
    if cached is not None and cached.now_ns == now_ns and cached.age_max_ns == age_max_ns:
        return cached.best
    best = nbbo(state.book(instrument_id), now_ns, age_max_ns)
    state.views[instrument_id] = View(now_ns, age_max_ns, best)
    return best


def reference_px(state: State, instrument_id: str, now_ns: int) -> int | None:
    """The value of one unit now: the midpoint, else the last print's price; None if unknown."""
    return view(state, instrument_id, now_ns).mid_px or state.book(instrument_id).last_px or None


# -------------------------------------------------------------------------------- tape


def tape(book: Book, at_ns: int) -> Tape:
    """The instrument's counters at a time, with the last price counted up to it."""
    held_ns = max(0, at_ns - book.last_px_ns) if book.last_px else 0
    return Tape(
        volume_qty=book.volume_qty,
        notional=book.notional,
        own_filled_qty=book.own_filled_qty,
        own_notional=book.own_notional,
        px_ns=book.px_ns + book.last_px * held_ns,
        priced_ns=book.priced_ns + held_ns,
    )


def others_volume_qty(state: State, book: Book, base: Tape) -> int:
    """Volume of the other participants since a baseline; prints may lag our reports, so at least 0.

    Where the tape includes our own fills, those of all our parents are subtracted.
    """
    volume_qty = book.volume_qty - base.volume_qty
    if state.settings.tape_includes_own:
        volume_qty -= book.own_filled_qty - base.own_filled_qty
    return max(0, volume_qty)


def others_vwap_px(state: State, book: Book, base: Tape) -> int | None:
    """Average price of the others' volume since a baseline, rounded down; None without volume."""
    volume_qty = others_volume_qty(state, book, base)
    notional = book.notional - base.notional
    if state.settings.tape_includes_own:
        notional -= book.own_notional - base.own_notional
    return notional // volume_qty if volume_qty > 0 and notional > 0 else None


def twap_px(book: Book, base: Tape, at_ns: int) -> int | None:
    """Mean of the prices in force since a baseline, weighted by time, rounded down.

    A print's price holds until the next one. None before the first print.
    Source: conventions.md, "TWAP as a benchmark".
    """
    found = tape(book, at_ns)
    elapsed_ns = found.priced_ns - base.priced_ns
    if elapsed_ns <= 0:
        return book.last_px or None
    return (found.px_ns - base.px_ns) // elapsed_ns


# ------------------------------------------------------------------------------ evolve


def on_quote_observed(state: State, quote: QuoteObserved) -> None:
    fold_quote(
        state,
        quote.instrument_id,
        quote.venue,
        Quote(quote.bid_px, quote.bid_qty, quote.ask_px, quote.ask_qty, quote.received_ns),
    )


def on_depth_observed(state: State, depth: DepthObserved) -> None:
    """Only the best level counts; no decision uses deeper ones yet."""
    bid = depth.bids[0] if depth.bids else None
    ask = depth.asks[0] if depth.asks else None
    fold_quote(
        state,
        depth.instrument_id,
        depth.venue,
        Quote(
            bid.px if bid else 0,
            bid.level_qty if bid else 0,
            ask.px if ask else 0,
            ask.level_qty if ask else 0,
            depth.received_ns,
        ),
    )


def fold_quote(state: State, instrument_id: str, venue: str, quote: Quote) -> None:
    """Put a venue's new quote into the book and evict the quotes that it locks or crosses."""
    book = state.books.get(instrument_id)
    if book is None:
        book = state.books[instrument_id] = Book()
    if quote.bid_px <= 0 or quote.bid_qty <= 0:
        quote.bid_px = quote.bid_qty = 0
    if quote.ask_px <= 0 or quote.ask_qty <= 0:
        quote.ask_px = quote.ask_qty = 0
    state.views.pop(instrument_id, None)
    quotes = book.quotes
    before, after, gone = quotes.pop(venue, None), None, []
    bid_px, ask_px = quote.bid_px, quote.ask_px
    is_usable = not (bid_px and ask_px and bid_px >= ask_px)
    if is_usable and (bid_px or ask_px) and is_protected(state, venue):
        evicted = [
            other
            for other, old in quotes.items()
            if (bid_px and old.ask_px and bid_px >= old.ask_px)
            or (ask_px and old.bid_px and ask_px <= old.bid_px)
        ]
        gone = [QuoteChange(quotes.pop(other), None) for other in evicted]
        # It goes last: a tie in price and size goes to the older quote.
        quotes[venue] = after = quote
    if book.limited:
        touch_crossed(state, book, [QuoteChange(before, after), *gone])


def is_protected(state: State, venue: str) -> bool:
    """Only protected, open venues make the NBBO; a venue that is not defined counts."""
    defined = state.reference.venues.get(venue)
    if defined is not None and not defined.protected:
        return False
    return state.venue_status.get(venue, VenueStatus.OPEN) is VenueStatus.OPEN


def touch_crossed(state: State, book: Book, changes: Iterable[QuoteChange]) -> None:
    """Touch the parents whose limit the far side of a quote crossed, either way.

    Limits between the old and the new price of the far side reach only one of the two.
    """
    asks, bids = [], []
    for before, after in changes:
        old_px = before.ask_px or NO_ASK_PX if before else NO_ASK_PX
        new_px = after.ask_px or NO_ASK_PX if after else NO_ASK_PX
        if old_px != new_px:
            asks.append((old_px, new_px - 1) if old_px < new_px else (new_px, old_px - 1))
        old_px = before.bid_px if before else 0
        new_px = after.bid_px if after else 0
        if old_px != new_px:
            bids.append((old_px + 1, new_px) if old_px < new_px else (new_px + 1, old_px))
    for side, ranges in ((Side.BUY, asks), (Side.SELL, bids)):
        ladder = book.limited.get(side)
        if ladder is None:
            continue
        for least_px, most_px in ranges:
            for parent_id in ladder.between(least_px, most_px):
                due_index.reach(state, parent_id)


def on_trade_observed(state: State, trade: TradeObserved) -> None:
    book = state.books.get(trade.instrument_id)
    if book is None:
        book = state.books[trade.instrument_id] = Book()
    if trade.eligible and trade.last_qty > 0 and trade.last_px > 0:
        book.volume_qty += trade.last_qty
        book.notional += trade.last_px * trade.last_qty
        if not book.last_px:
            book.last_px_ns = trade.received_ns
        elif trade.received_ns > book.last_px_ns:
            held_ns = trade.received_ns - book.last_px_ns
            book.px_ns += book.last_px * held_ns
            book.priced_ns += held_ns
            book.last_px_ns = trade.received_ns
        book.last_px = trade.last_px


def on_venue_status_observed(state: State, status: VenueStatusObserved) -> None:
    state.venue_status[status.venue] = status.status
    if status.status is not VenueStatus.OPEN:
        drop_quotes(state, status.venue)


def on_session_status_observed(state: State, status: SessionStatusObserved) -> None:
    if status.up:
        state.sessions_down.pop(status.venue, None)
    else:
        state.sessions_down[status.venue] = status.received_ns


def on_venue_defined(state: State, venue: VenueDefined) -> None:
    """The quotes of an unprotected venue do not count, not even its earlier ones."""
    if not venue.protected:
        drop_quotes(state, venue.venue)


def drop_quotes(state: State, venue: str) -> None:
    """Drop a venue's quotes as stale; an empty name means every venue."""
    state.views.clear()
    for book in state.books.values():
        gone = [name for name in book.quotes if venue in ("", name)]
        touch_crossed(state, book, [QuoteChange(book.quotes.pop(name), None) for name in gone])


FACTS: Mapping[type, Callable[[State, Any], None]] = {
    QuoteObserved: on_quote_observed,
    TradeObserved: on_trade_observed,
    DepthObserved: on_depth_observed,
    VenueStatusObserved: on_venue_status_observed,
    SessionStatusObserved: on_session_status_observed,
    VenueDefined: on_venue_defined,
}
