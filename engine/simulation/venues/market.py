"""The recorded market as our children meet it: the books of all venues.

Quotes and prints are folded as the engine folds them. A print at an exchange belongs to that
exchange's queue; an off-exchange print belongs to one hidden venue or to none, by chance.
"""

from engine.core.events import (
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
from engine.simulation.venues.dark import HiddenBook, venue_of


class VenueMarket:
    """The books of all venues and instruments, with the reference data of both."""

    def __init__(self, seed: int, behaviour: Behaviour, quote_age_max_ns: int | None) -> None:
        self.known = State(shard=0)  # Reference and quotes, folded as the engine folds them.
        if quote_age_max_ns is not None:
            self.known.settings = Settings(quote_age_max_ns=quote_age_max_ns)
        self._seed = seed
        self._behaviour = behaviour
        self._books: dict[tuple[str, str], LitBook | HiddenBook] = {}
        self._print_counts: dict[str, int] = {}  # Off-exchange prints by instrument.

    def learn(self, event: Input) -> None:
        """Take reference data; other events change nothing here."""
        if type(event) in reference.FACTS:
            reference.FACTS[type(event)](self.known, event)

    def open_day(self, opened: DayOpened) -> None:
        reference.FACTS[DayOpened](self.known, opened)
        self.known.day = opened

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
        """Fold market data; the fills of our children that follow."""
        consolidated.FACTS[type(event)](self.known, event)
        if isinstance(event, QuoteObserved):
            self._observe_quote(event)
        elif isinstance(event, DepthObserved):
            self._observe_quote(best_of(event))
        elif isinstance(event, TradeObserved) and is_continuous(event):
            in_session = self.is_in_session(event.instrument_id, now_ns)
            return self._fills(event, now_ns) if in_session else []
        return []

    def book(self, venue: str, instrument_id: str) -> LitBook | HiddenBook:
        """The venue's book; a venue that reference does not know is an exchange."""
        book = self._books.get((venue, instrument_id))
        if book is None:
            defined = self.known.reference.venues.get(venue)
            is_lit = defined is None or defined.kind is VenueKind.LIT
            book = self._books[venue, instrument_id] = LitBook() if is_lit else HiddenBook()
        return book

    def view(self, venue: str, instrument_id: str, now_ns: int) -> View:
        quote = self.known.book(instrument_id).quotes.get(venue)
        is_alive = quote is not None and consolidated.is_fresh(self.known, quote, now_ns)
        return View(now_ns, consolidated.view(self.known, instrument_id, now_ns), is_alive)

    def _observe_quote(self, quote: QuoteObserved) -> None:
        book = self.book(quote.venue, quote.instrument_id)
        if isinstance(book, LitBook):
            book.observe_quote(quote)

    def _fills(self, trade: TradeObserved, now_ns: int) -> list[Fill]:
        """The fills that the print supports; all are known before the first is reported."""
        if trade.venue == OFF_EXCHANGE:
            return self._hidden_fills(trade, now_ns)
        book = self._books.get((trade.venue, trade.instrument_id))
        if not isinstance(book, LitBook) or not self._is_open(trade.venue):
            return []
        return list(book.observe_print(trade.last_px, trade.last_qty))

    def _hidden_fills(self, trade: TradeObserved, now_ns: int) -> list[Fill]:
        """An off-exchange print belongs to one hidden venue or to none."""
        instrument_id = trade.instrument_id
        count = self._print_counts[instrument_id] = self._print_counts.get(instrument_id, 0) + 1
        name = (self._seed, "print", instrument_id, trade.event_ns, count)
        venue = venue_of(self._behaviour.hidden_share_ppm, below(PPM, *name))
        book = self.book(venue, instrument_id) if venue else None
        if venue is None or not isinstance(book, HiddenBook) or not self._is_open(venue):
            return []
        part_ppm = below(self._behaviour.hidden_part_ppm + 1, *name, "part")
        hidden_qty = trade.last_qty * part_ppm // PPM  # Floor: never more than the part.
        view = self.view(venue, instrument_id, now_ns)
        return list(book.observe_print(trade.last_px, hidden_qty, view))

    def _is_open(self, venue: str) -> bool:
        return self.known.venue_status.get(venue, VenueStatus.OPEN) is VenueStatus.OPEN


def is_continuous(trade: TradeObserved) -> bool:
    """Whether a print counts and came of continuous trading."""
    return trade.eligible and AUCTION_CODES.isdisjoint(trade.conditions)
