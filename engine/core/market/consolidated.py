"""The consolidated market as a shard sees it, and what of it touches a parent.

The best bid and offer (NBBO) is made of venue quotes younger than the feed's limit. A newer quote
that locks or crosses an older one of another venue evicts the older: the newer one shows that the
older is gone, as nobody leaves such money lying about. A quote's age counts from the time our
gateway received it, never from a venue's clock, and nothing that folds reads the time of a round,
so folding quotes in one round or in three comes to the same. A quote from as far in the future as
the limit is no fresher than one from the past: its gateway's clock is wrong, and it would never
grow old. A side without a positive price and
size shows nothing, whatever the feed means by it, and a print of nothing is no volume.
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
from engine.core.state.model import Book, Quote, Tape
from engine.core.state.state import MARKET, State

NO_ASK_PX = 2**63  # Above every price: what a side without an ask asks for.


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
        """How far from now the further side is: a clock that runs ahead says no age either."""
        received_ns = (self.bid_received_ns, self.ask_received_ns)
        return max(now_ns - min(received_ns), max(received_ns) - now_ns)

    def near_px(self, side: Side) -> int:
        return self.bid_px if side is Side.BUY else self.ask_px

    def far_px(self, side: Side) -> int:
        return self.ask_px if side is Side.BUY else self.bid_px


class View(NamedTuple):
    """A consolidated best and what it was worked out for."""

    now_ns: int
    age_max_ns: int
    best: Nbbo


class Change(NamedTuple):
    """A venue's quote that counted, and the one that counts now."""

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
    """Whether it is of now, as far as the adopted age limit goes."""
    return abs(now_ns - quote.received_ns) <= state.settings.quote_age_max_ns


def view(state: State, instrument_id: str, now_ns: int) -> Nbbo:
    """The instrument's NBBO under the adopted age limit.

    One round asks for it many times, so it is kept until the book's quotes or the time change.
    """
    age_max_ns = state.settings.quote_age_max_ns
    kept: View | None = state.views.get(instrument_id)
    if kept is not None and kept.now_ns == now_ns and kept.age_max_ns == age_max_ns:
        return kept.best
    best = nbbo(state.book(instrument_id), now_ns, age_max_ns)
    state.views[instrument_id] = View(now_ns, age_max_ns, best)
    return best


def reference_px(state: State, instrument_id: str, now_ns: int) -> int | None:
    """What one unit is worth now: the midpoint, else the last print's price; None if unknown."""
    return view(state, instrument_id, now_ns).mid_px or state.book(instrument_id).last_px or None


# -------------------------------------------------------------------------------- tape


def tape(book: Book, at_ns: int) -> Tape:
    """The instrument's counters, the price in force counted up to a time."""
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
    """Volume of the others since a baseline; never below 0, as prints may lag our reports.

    Where the tape shows our fills, those of every parent of ours are taken out.
    """
    volume_qty = book.volume_qty - base.volume_qty
    if state.settings.tape_includes_own:
        volume_qty -= book.own_filled_qty - base.own_filled_qty
    return max(0, volume_qty)


def others_vwap_px(state: State, book: Book, base: Tape) -> int | None:
    """Average price of the others' volume since a baseline, rounded down; None without any."""
    volume_qty = others_volume_qty(state, book, base)
    notional = book.notional - base.notional
    if state.settings.tape_includes_own:
        notional -= book.own_notional - base.own_notional
    return notional // volume_qty if volume_qty > 0 and notional > 0 else None


def twap_px(book: Book, base: Tape, at_ns: int) -> int | None:
    """Mean of the prices in force since a baseline, each by its time, rounded down.

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
    """Only the best level counts here; deeper ones serve nothing yet."""
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
    """Take a venue's new quote into the book and evict what it contradicts."""
    book = state.books.get(instrument_id)
    if book is None:
        book = state.books[instrument_id] = Book()
    if quote.bid_px <= 0 or quote.bid_qty <= 0:
        quote.bid_px = quote.bid_qty = 0
    if quote.ask_px <= 0 or quote.ask_qty <= 0:
        quote.ask_px = quote.ask_qty = 0
    state.views.pop(instrument_id, None)
    quotes = book.quotes
    before, kept, gone = quotes.pop(venue, None), None, []
    bid_px, ask_px = quote.bid_px, quote.ask_px
    is_usable = not (bid_px and ask_px and bid_px >= ask_px)
    if is_usable and (bid_px or ask_px) and is_protected(state, venue):
        evicted = [
            other
            for other, old in quotes.items()
            if (bid_px and old.ask_px and bid_px >= old.ask_px)
            or (ask_px and old.bid_px and ask_px <= old.bid_px)
        ]
        gone = [Change(quotes.pop(other), None) for other in evicted]
        quotes[venue] = kept = (
            quote  # Put last: a tie in price and size goes to the quote that stood.
        )
    if book.limited:
        touch_crossed(state, book, [Change(before, kept), *gone])


def is_protected(state: State, venue: str) -> bool:
    """Only protected, open venues make the NBBO; one that reference does not know counts."""
    defined = state.reference.venues.get(venue)
    if defined is not None and not defined.protected:
        return False
    return state.venue_status.get(venue, VenueStatus.OPEN) is VenueStatus.OPEN


def touch_crossed(state: State, book: Book, changes: Iterable[Change]) -> None:
    """Touch the parents whose limit the far side of a kept quote crossed, either way.

    Between the old far side and the new one lie the limits that reach one of the two alone.
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
    if not asks and not bids:
        return
    for parent in book.limited.values():
        limit_px = parent.limit_px or 0
        for least_px, most_px in asks if parent.terms.side is Side.BUY else bids:
            if least_px <= limit_px <= most_px:
                state.touch(parent.parent_id, MARKET)
                break


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
    """What an unprotected venue shows does not count, nor does what it showed before."""
    if not venue.protected:
        drop_quotes(state, venue.venue)


def drop_quotes(state: State, venue: str) -> None:
    """Treat a venue's quotes as stale; an empty name is every venue."""
    state.views.clear()
    for book in state.books.values():
        gone = [name for name in book.quotes if venue in ("", name)]
        touch_crossed(state, book, [Change(book.quotes.pop(name), None) for name in gone])


FACTS: Mapping[type, Callable[[State, Any], None]] = {
    QuoteObserved: on_quote_observed,
    TradeObserved: on_trade_observed,
    DepthObserved: on_depth_observed,
    VenueStatusObserved: on_venue_status_observed,
    SessionStatusObserved: on_session_status_observed,
    VenueDefined: on_venue_defined,
}
