"""The consolidated market of a shard, and the market changes for which a parent is planned again.

The national best bid and offer (NBBO) is made of venue quotes younger than the feed's age limit. A
newer quote that locks or crosses an older quote of another venue evicts it: such a profit is taken
at once, so the older quote must be gone. A quote's age counts from the time at which our gateway
received it, never from a venue's clock; a stale one evicts nothing that is newer. No fold reads the
time of a round, so quotes folded in one round or in three lead to the same book. A quote further in
the future than the age limit does not count either: its gateway's clock is wrong, and the quote
would never grow old. A side without a positive price and size shows nothing, whatever the feed
means by it, and a print without quantity is no volume. A side smaller than a round lot makes no
best and evicts none, though it may be taken: that is what the plans of the tapes mean by a
quotation. A print that counts is counted once by its venue and id, as far back as PRINT_IDS_MAX
prints: a feed that reconnects sends some again.

Only venues that reference data knows price anything, and only sides and prints that `belief` finds
near the last good price. What is not believed is kept beside the book until its venue shows another
quote, or the market follows.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, NamedTuple

from engine.core.events import (
    DayOpened,
    DepthObserved,
    InstrumentDefined,
    QuoteObserved,
    SessionStatusObserved,
    Side,
    TradeObserved,
    VenueDefined,
    VenueStatus,
    VenueStatusObserved,
)
from engine.core.market import belief, displayed, markouts
from engine.core.state import due_index
from engine.core.state.model import Book, Evidence, Quote, Tape
from engine.core.state.state import State

PRINT_IDS_MAX = 500  # Of an instrument; bounded, as the state is kept in memory and in snapshots.
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


def nbbo(
    book: Book, now_ns: int, age_max_ns: int, lot_qty: int = 1, near: belief.Band | None = None
) -> Nbbo:
    """Best bid and offer over the quotes younger than the limit, of a round lot at least.

    Ties go to the larger size. A side that the good price has left behind, so that it is outside
    the band by now, is none.
    """
    low_px, high_px = (0, NO_ASK_PX) if near is None else near.bounds
    oldest_ns, newest_ns = now_ns - age_max_ns, now_ns + age_max_ns
    bid_px = bid_qty = bid_ns = ask_px = ask_qty = ask_ns = 0
    bid_venue = ask_venue = ""
    for venue, quote in book.quotes.items():
        if not oldest_ns <= quote.received_ns <= newest_ns:
            continue
        px = quote.bid_px if quote.bid_qty >= lot_qty and low_px <= quote.bid_px <= high_px else 0
        if px > bid_px or (px == bid_px and px and quote.bid_qty > bid_qty):
            bid_px, bid_qty, bid_venue, bid_ns = px, quote.bid_qty, venue, quote.received_ns
        px = quote.ask_px if quote.ask_qty >= lot_qty and low_px <= quote.ask_px <= high_px else 0
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
    book = state.book(instrument_id)
    near = belief.band(state, instrument_id, book, now_ns)
    best = nbbo(book, now_ns, age_max_ns, round_lot_qty(state, instrument_id), near)
    state.views[instrument_id] = View(now_ns, age_max_ns, best)
    return best


def mid_px_of(state: State, instrument_id: str, book: Book, at_ns: int) -> int | None:
    """The midpoint of a book as it is, by the quotes that are fresh at a time; None without two."""
    near = belief.band(state, instrument_id, book, at_ns)
    age_max_ns = state.settings.quote_age_max_ns
    return nbbo(book, at_ns, age_max_ns, round_lot_qty(state, instrument_id), near).mid_px


def round_lot_qty(state: State, instrument_id: str) -> int:
    """The round lot, smallest increments; 1 while the instrument is not defined."""
    defined = state.reference.instruments.get(instrument_id)
    return 1 if defined is None else max(1, defined.lot_qty)


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


def fold_quote(
    state: State, instrument_id: str, venue: str, quote: Quote, *, testifies: bool = True
) -> None:
    """Put what is believed of a venue's quote into the book, and evict what it locks or crosses.

    A quote outside the band is evidence of a jump, unless it was shown before and is judged anew.
    """
    book = state.books.get(instrument_id)
    if book is None:
        book = state.books[instrument_id] = Book()
    if quote.bid_px <= 0 or quote.bid_qty <= 0:
        quote.bid_px = quote.bid_qty = 0
    if quote.ask_px <= 0 or quote.ask_qty <= 0:
        quote.ask_px = quote.ask_qty = 0
    defined = state.reference.venues.get(venue)
    if defined is None:
        keep_unknown(book, venue, quote)
        return
    if quote.received_ns >= book.mark_due_ns:
        mid_px_at = partial(mid_px_of, state, instrument_id, book)
        markouts.measure(state, book, quote.received_ns, mid_px_at)
    state.views.pop(instrument_id, None)
    if book.used:
        displayed.on_quote(state, book, venue, quote)
    quotes = book.quotes
    before, gone = quotes.pop(venue, None), []
    if book.doubted:
        book.doubted.pop(venue, None)
    bid_px, ask_px = quote.bid_px, quote.ask_px
    if before is None and (bid_px or ask_px):
        see(book, venue)
    is_usable = bid_px < ask_px or (bid_px and not ask_px)
    if is_usable and makes_best(state, defined):
        if book.low_px <= bid_px < ask_px <= book.high_px:
            if book.evidence:
                book.evidence.clear()
        else:
            quote = judged(state, instrument_id, book, venue, quote, testifies=testifies)
            bid_px, ask_px = quote.bid_px, quote.ask_px
        lot_qty = round_lot_qty(state, instrument_id)
        bid_px = bid_px if quote.bid_qty >= lot_qty else 0
        ask_px = ask_px if quote.ask_qty >= lot_qty else 0
        evicted = [
            other
            for other, old in quotes.items()
            if (
                (bid_px and old.ask_px and bid_px >= old.ask_px)
                or (ask_px and old.bid_px and ask_px <= old.bid_px)
            )
            and old.received_ns - quote.received_ns <= state.settings.quote_age_max_ns
        ]
        gone = [quotes.pop(other) for other in evicted]
        if quote.bid_px or quote.ask_px:
            # It goes last: a tie in price and size goes to the older quote.
            quotes[venue] = quote
            if book.takers:
                displayed.wake(state, book, venue, before, lot_qty)
            if quote.received_ns >= book.good_due_ns:
                follow(state, instrument_id, book, quote.received_ns)
    if book.limited:
        left = gone if before is None else [before, *gone]
        touch_crossed(state, instrument_id, book, venue, left, quote.received_ns)


def judged(
    state: State, instrument_id: str, book: Book, venue: str, quote: Quote, *, testifies: bool
) -> Quote:
    """The believed part of a quote that is not plainly within the bounds; the rest is noted."""
    near = belief.band(state, instrument_id, book, quote.received_ns)
    believed = belief.mask(near, quote)
    if believed.bid_px or believed.ask_px:
        book.evidence.clear()
    elif testifies and is_round(quote, round_lot_qty(state, instrument_id)):
        jump = belief.jump_of(state, near, book, venue, quote)
        if jump is not None:
            leap(state, instrument_id, book, jump, quote.received_ns)
            near = belief.band(state, instrument_id, book, quote.received_ns)
            believed = belief.mask(near, quote)
    if believed is not quote:
        book.doubted[venue] = quote
    return believed


def is_round(quote: Quote, lot_qty: int) -> bool:
    """Whether no side of a quote is an odd lot, which makes no best and is no evidence."""
    is_bid = not quote.bid_px or quote.bid_qty >= lot_qty
    return is_bid and (not quote.ask_px or quote.ask_qty >= lot_qty)


def leap(state: State, instrument_id: str, book: Book, jump: belief.Jump, at_ns: int) -> None:
    """Believe a price beyond the band, and judge by it what was doubted and what was believed."""
    belief.move(state, book, jump.px, jump.spread_px, at_ns)
    near = belief.band(state, instrument_id, book, at_ns)
    told = [x for (_, is_print), x in book.evidence.items() if is_print and near.covers(x.pxs[0])]
    book.evidence.clear()
    for prints in told:
        count_prints(book, prints)
    judge_anew(state, instrument_id, book)


def judge_anew(state: State, instrument_id: str, book: Book) -> None:
    """Judge by the present band all that venues show."""
    shown = {**book.quotes, **book.doubted}
    for venue in sorted(shown, key=lambda name: shown[name].received_ns):
        fold_quote(state, instrument_id, venue, shown[venue], testifies=False)


def follow(state: State, instrument_id: str, book: Book, at_ns: int) -> None:
    """Let the good price follow the consolidated midpoint."""
    lot_qty = round_lot_qty(state, instrument_id)
    best = nbbo(book, at_ns, state.settings.quote_age_max_ns, lot_qty)
    is_alone = best.bid_venue == best.ask_venue
    belief.follow(state, book, (best.bid_px, best.ask_px), at_ns, alone=is_alone)


def see(book: Book, venue: str) -> None:
    """Note that a venue, also one that is not defined yet, was active in the instrument today."""
    if venue not in book.seen:
        name = venue if len(book.seen) < belief.SEEN_MAX else belief.STRANGER
        book.seen[name] = None


def keep_unknown(book: Book, venue: str, quote: Quote) -> None:
    """Keep the last quote of a venue that may be defined yet; it prices nothing until then."""
    if venue in book.unknown or len(book.unknown) < belief.UNKNOWN_MAX:
        book.unknown[venue] = quote


def makes_best(state: State, venue: VenueDefined) -> bool:
    """Only protected, open venues make the NBBO."""
    if not venue.protected:
        return False
    return state.venue_status.get(venue.venue, VenueStatus.OPEN) is VenueStatus.OPEN


def touch_crossed(
    state: State, instrument_id: str, book: Book, venue: str, left: Iterable[Quote], at_ns: int
) -> None:
    """Touch the parents whose limit the best of the far side crossed, either way.

    `left` are the quotes that the venue's new one has replaced or evicted. Limits between the old
    and the new best reach only one of the two. A quote behind the best changes nothing for them, as
    only the best is taken. A quote that has aged makes no best, neither before nor after.
    """
    lot_qty = round_lot_qty(state, instrument_id)
    others = [
        other
        for name, other in book.quotes.items()
        if name != venue and is_fresh(state, other, at_ns)
    ]
    old = [quote for quote in left if is_fresh(state, quote, at_ns)]
    new = [] if (quote := book.quotes.get(venue)) is None else [quote]
    for side in Side:
        ladder = book.limited.get(side)
        if ladder is None:
            continue
        same = far_pxs(others, side, lot_qty)
        best = min if side is Side.BUY else max
        none_px = NO_ASK_PX if side is Side.BUY else 0
        old_px = best([*same, *far_pxs(old, side, lot_qty)], default=none_px)
        new_px = best([*same, *far_pxs(new, side, lot_qty)], default=none_px)
        low_px, high_px = min(old_px, new_px), max(old_px, new_px)
        if low_px == high_px:
            continue
        reached = (low_px, high_px - 1) if side is Side.BUY else (low_px + 1, high_px)
        for parent_id in ladder.between(*reached):
            due_index.reach(state, parent_id)


def far_pxs(quotes: Iterable[Quote], side: Side, lot_qty: int) -> list[int]:
    """The prices at which orders of a side could take a round lot or more."""
    if side is Side.BUY:
        return [x.ask_px for x in quotes if x.ask_px and x.ask_qty >= lot_qty]
    return [x.bid_px for x in quotes if x.bid_px and x.bid_qty >= lot_qty]


def on_trade_observed(state: State, trade: TradeObserved) -> None:
    """Count an eligible print that is believed; a doubted one counts when it is confirmed."""
    instrument_id, px, at_ns = trade.instrument_id, trade.last_px, trade.received_ns
    book = state.books.get(instrument_id)
    if book is None:
        book = state.books[instrument_id] = Book()
    see(book, trade.venue)
    is_countable = trade.eligible and trade.last_qty > 0 and px > 0
    if not is_countable or not is_new(book, trade):
        return
    venue = trade.venue if trade.venue in state.reference.venues else belief.STRANGER
    told = Evidence((px,), at_ns, at_ns, qty=trade.last_qty, notional=px * trade.last_qty)
    is_plain = book.low_px <= px <= book.high_px
    if is_plain or belief.band(state, instrument_id, book, at_ns).covers(px):
        count_prints(book, told)
        if not belief.is_recent(state, book, at_ns):
            belief.move(state, book, px, book.good_spread_px, at_ns)
        return
    jump = belief.testify(state, book, (venue, True), told)
    if jump is not None:
        state.views.pop(instrument_id, None)
        leap(state, instrument_id, book, jump, at_ns)


def count_prints(book: Book, prints: Evidence) -> None:
    """Add prints to the day's counters; the last one's price is in force from then on."""
    px, at_ns = prints.pxs[0], prints.last_ns
    book.volume_qty += prints.qty
    book.notional += prints.notional
    if not book.last_px:
        book.last_px_ns = at_ns
    elif at_ns > book.last_px_ns:
        held_ns = at_ns - book.last_px_ns
        book.px_ns += book.last_px * held_ns
        book.priced_ns += held_ns
        book.last_px_ns = at_ns
    book.last_px = px


def is_new(book: Book, trade: TradeObserved) -> bool:
    """Whether the print's id was not there yet, which is noted; without an id it is new."""
    if not trade.trade_id:
        return True
    name = (trade.venue, trade.trade_id)
    if name in book.print_ids:
        return False
    book.print_ids[name] = None
    if len(book.print_ids) > PRINT_IDS_MAX:
        del book.print_ids[next(iter(book.print_ids))]
    return True


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
    """Judge its quotes by the row that is in force, which may be another one, or none yet."""
    if venue.venue in state.reference.venues:
        judge_venue(state, state.reference.venues[venue.venue])


def judge_venue(state: State, venue: VenueDefined) -> None:
    """The quotes of an unprotected venue do not count; those of one that was unknown do now."""
    name = venue.venue
    if not venue.protected:
        drop_quotes(state, name)
    for instrument_id, book in state.books.items():
        if name in book.unknown:
            fold_quote(state, instrument_id, name, book.unknown.pop(name))


def on_instrument_defined(state: State, instrument: InstrumentDefined) -> None:
    """Quotes that came before it wait for the close of the day before."""
    book = state.books.get(instrument.instrument_id)
    if book is not None and not book.good_px:
        judge_anew(state, instrument.instrument_id, book)


def on_day_opened(state: State, _: DayOpened) -> None:
    """Rows that waited for the day are in force; quotes from before its open are judged by them."""
    for venue in state.reference.venues.values():
        judge_venue(state, venue)
    for instrument_id, book in state.books.items():
        if not book.good_px:
            judge_anew(state, instrument_id, book)


def drop_quotes(state: State, venue: str) -> None:
    """Drop a venue's quotes as stale; an empty name means every venue."""
    state.views.clear()
    for instrument_id, book in state.books.items():
        for shown in (book.doubted, book.unknown):
            for name in [name for name in shown if venue in ("", name)]:
                del shown[name]
        for witness in [witness for witness in book.evidence if venue in ("", witness[0])]:
            del book.evidence[witness]
        gone = [name for name in book.quotes if venue in ("", name)]
        left = [book.quotes.pop(name) for name in gone]
        at_ns = max((quote.received_ns for quote in [*left, *book.quotes.values()]), default=0)
        if book.limited:
            touch_crossed(state, instrument_id, book, venue, left, at_ns)


FACTS: Mapping[type, Callable[[State, Any], None]] = {
    QuoteObserved: on_quote_observed,
    TradeObserved: on_trade_observed,
    DepthObserved: on_depth_observed,
    VenueStatusObserved: on_venue_status_observed,
    SessionStatusObserved: on_session_status_observed,
    VenueDefined: on_venue_defined,
    InstrumentDefined: on_instrument_defined,
    DayOpened: on_day_opened,
}
