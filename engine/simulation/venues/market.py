"""The recorded market as our children meet it: the books of all venues.

Quotes and prints are folded as the engine folds them. A print at an exchange belongs to that
exchange's queue, and what displayed children leave of one between its displayed prices to its pegs;
an off-exchange print belongs to one hidden venue or to none, by chance.
"""

from engine.core.events import (
    ChildRouted,
    ChildType,
    DayOpened,
    DepthObserved,
    Input,
    QuoteObserved,
    TradeObserved,
    VenueKind,
    VenueStatus,
    VenueStatusObserved,
)
from engine.core.market import consolidated, hours, reference
from engine.core.state.state import Settings, State
from engine.simulation.chance import PPM, below
from engine.simulation.market.conditions import AUCTION_CODES
from engine.simulation.market.rows import OFF_EXCHANGE
from engine.simulation.venues.behaviour import Behaviour
from engine.simulation.venues.book import Fill, LitBook, View, best_of
from engine.simulation.venues.dark import Allowance, HiddenBook, venue_of


class VenueMarket:
    """The books of all venues and instruments, with the reference data of both."""

    def __init__(self, seed: int, behaviour: Behaviour, quote_age_max_ns: int | None) -> None:
        self.known = State(shard=0)  # Reference and quotes, folded as the engine folds them.
        if quote_age_max_ns is not None:
            self.known.settings = Settings(quote_age_max_ns=quote_age_max_ns)
        self._seed = seed
        self._behaviour = behaviour
        self._books: dict[tuple[str, str], LitBook | HiddenBook] = {}
        self._pegs: dict[tuple[str, str], HiddenBook] = {}  # Of exchanges.
        self._dark: dict[str, Allowance] = {}  # Of all pools, by instrument.
        self._print_counts: dict[tuple[str, str], int] = {}  # By venue and instrument.

    def learn(self, event: Input) -> None:
        """Take reference data; other events change nothing here."""
        if type(event) in reference.FACTS:
            reference.FACTS[type(event)](self.known, event)

    def open_day(self, opened: DayOpened) -> None:
        """Begin a day: what was printed and met before it counts no more."""
        reference.FACTS[DayOpened](self.known, opened)
        self.known.day = opened
        for allowance in (*self._dark.values(), *(pegs.allowance for pegs in self._pegs.values())):
            allowance.printed_qty = allowance.used_qty = 0

    def close_day(self) -> None:
        if self.known.day is not None:
            self.known.controls.closed_day = self.known.day.day
        self.known.day = None

    def is_in_session(self, instrument_id: str, now_ns: int) -> bool:
        """Whether venues trade the instrument now; they do not in its breaks."""
        day = self.known.day
        is_of_day = day is not None and day.open_ns <= now_ns < day.close_ns
        return is_of_day and hours.is_open(self.known, instrument_id, now_ns)

    def observe(
        self,
        event: QuoteObserved | TradeObserved | DepthObserved | VenueStatusObserved,
        now_ns: int,
    ) -> list[Fill]:
        """Fold market data; the fills of our children that follow, before any is reported."""
        consolidated.FACTS[type(event)](self.known, event)
        if isinstance(event, QuoteObserved):
            return self._quote_fills(event, now_ns)
        if isinstance(event, DepthObserved):
            return self._quote_fills(best_of(event), now_ns)
        if isinstance(event, TradeObserved) and is_continuous(event):
            in_session = self.is_in_session(event.instrument_id, now_ns)
            return self._print_fills(event, now_ns) if in_session else []
        return []

    def book(self, venue: str, instrument_id: str) -> LitBook | HiddenBook:
        """The venue's book; a venue that reference does not know is an exchange."""
        book = self._books.get((venue, instrument_id))
        if book is None:
            defined = self.known.reference.venues.get(venue)
            is_lit = defined is None or defined.kind is VenueKind.LIT
            book = (
                LitBook(self._behaviour.queue, self._behaviour.ahead_ppm)
                if is_lit
                else HiddenBook(self._dark_allowance(instrument_id))
            )
            self._books[venue, instrument_id] = book
        return book

    def book_of(self, child: ChildRouted) -> LitBook | HiddenBook:
        """The book that a child works in: a peg at an exchange rests beside the displayed one."""
        book = self.book(child.venue, child.instrument_id)
        if isinstance(book, LitBook) and child.child_type is ChildType.MIDPOINT_PEG:
            return self._pegs_at(child.venue, child.instrument_id)
        return book

    def view(self, venue: str, instrument_id: str, now_ns: int) -> View:
        quote = self.known.book(instrument_id).quotes.get(venue)
        is_alive = quote is not None and consolidated.is_fresh(self.known, quote, now_ns)
        return View(now_ns, consolidated.view(self.known, instrument_id, now_ns), is_alive)

    def _pegs_at(self, venue: str, instrument_id: str) -> HiddenBook:
        pegs = self._pegs.get((venue, instrument_id))
        if pegs is None:
            allowance = Allowance(self._behaviour.peg_most_ppm)
            pegs = self._pegs[venue, instrument_id] = HiddenBook(allowance)
        return pegs

    def _dark_allowance(self, instrument_id: str) -> Allowance:
        return self._dark.setdefault(instrument_id, Allowance(self._behaviour.dark_most_ppm))

    def _quote_fills(self, quote: QuoteObserved, now_ns: int) -> list[Fill]:
        """The fills of children whose limit a quote has reached."""
        venue, instrument_id = quote.venue, quote.instrument_id
        book = self.book(venue, instrument_id)
        if not isinstance(book, LitBook):
            return []
        book.observe_quote(quote)
        if not book.resting or not self._is_open(venue):
            return []
        if not self.is_in_session(instrument_id, now_ns):
            return []
        return list(book.meet_quote(self.view(venue, instrument_id, now_ns)))

    def _print_fills(self, trade: TradeObserved, now_ns: int) -> list[Fill]:
        """The fills that the print supports."""
        self._dark_allowance(trade.instrument_id).printed_qty += trade.last_qty
        if trade.venue == OFF_EXCHANGE:
            return self._off_exchange_fills(trade, now_ns)
        pegs = self._pegs_at(trade.venue, trade.instrument_id)
        pegs.allowance.printed_qty += trade.last_qty
        book = self.book(trade.venue, trade.instrument_id)
        if not isinstance(book, LitBook) or not self._is_open(trade.venue):
            return []
        fills = list(book.observe_print(trade.last_px, trade.last_qty))
        if book.is_inside(trade.last_px):
            left_qty = trade.last_qty - sum(fill.last_qty for fill in fills)
            hidden_qty = min(left_qty, self._hidden_qty(trade, self._name(trade)))
            view = self.view(trade.venue, trade.instrument_id, now_ns)
            fills += pegs.observe_print(trade.last_px, hidden_qty, view)
        return fills

    def _off_exchange_fills(self, trade: TradeObserved, now_ns: int) -> list[Fill]:
        """An off-exchange print belongs to one hidden venue or to none."""
        name = self._name(trade)
        venue = venue_of(self._behaviour.hidden_share_ppm, below(PPM, self._seed, *name))
        book = self.book(venue, trade.instrument_id) if venue else None
        if venue is None or not isinstance(book, HiddenBook) or not self._is_open(venue):
            return []
        view = self.view(venue, trade.instrument_id, now_ns)
        return list(book.observe_print(trade.last_px, self._hidden_qty(trade, name), view))

    def _name(self, trade: TradeObserved) -> tuple[str | int, ...]:
        """The print's own name for chance: its time, and a count at its venue."""
        key = (trade.venue, trade.instrument_id)
        count = self._print_counts[key] = self._print_counts.get(key, 0) + 1
        return ("print", *key, trade.event_ns, count)

    def _hidden_qty(self, trade: TradeObserved, name: tuple[str | int, ...]) -> int:
        """The part of a print that could have been ours; it grows with `most_hidden_ppm`."""
        drawn_ppm = below(PPM + 1, self._seed, *name, "part")
        part_ppm = self._behaviour.most_hidden_ppm * drawn_ppm // PPM
        return trade.last_qty * part_ppm // PPM  # Floor: never more than the part.

    def _is_open(self, venue: str) -> bool:
        return self.known.venue_status.get(venue, VenueStatus.OPEN) is VenueStatus.OPEN


def is_continuous(trade: TradeObserved) -> bool:
    """Whether a print counts and came of continuous trading."""
    return trade.eligible and AUCTION_CODES.isdisjoint(trade.conditions)
