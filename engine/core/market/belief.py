"""The last good price of an instrument, and the band around it in which quotes are believed.

One row of a feed may be a hundredfold, a cent, or of another instrument. So a side of a quote, and
a print, is believed inside a band around the last good price: the midpoint of believed quotes, or a
believed print. The band is a part of that price plus some spreads, and grows with the trading time
since, up to the band around a close.
A midpoint that one venue makes alone moves the good price only when that is old, or a venue could
walk it away by itself. What lies outside is kept as its venue showed it, and is evidence of a jump
until any venue shows a price inside the band again. Evidence of two venues, or of a venue's quote
and another's print, within a band of each other makes the new good price; whatever it covers is
believed from then on. Evidence of a quote is a tight one: stubs on either side agree on nothing.

Where one venue is all that is seen of the instrument, its quote and its print confirm each other,
and so do two of its quotes, or prints, that are `quote_alone_ns` apart. Before the first good price
of a day the close of the day before stands for it, with a wider band; a close from before a
corporate action, in other units, does not. Without a close the first price waits for its
confirmation; only where reference data knows no second venue it needs none.
Source: the Limit Up-Limit Down plan, 5 % around the recent prints of a liquid stock; the other
numbers are guesses.
"""

from dataclasses import fields
from typing import Any, NamedTuple

from engine.core.events import PolicySet
from engine.core.market import hours
from engine.core.state.model import Book, Evidence, Quote
from engine.core.state.state import State
from engine.core.units import PPM

MOVE_EVERY_NS = 5_000_000_000  # The good price moves once in this time at most; guess.
EVIDENCE_NS = 300_000_000_000  # Evidence of a jump counts so long: the five minutes of LULD.
MINUTE_NS = 60_000_000_000
CLOSE_BANDS = 4  # The band around yesterday's close, in bands of the day; guess.
BAND_MAX_PPM = 500_000  # No band reaches further, so a cent or a hundredfold is never in it; guess.
UNKNOWN_MAX = 16  # Unknown venues of an instrument whose last quote is kept; guess.
SEEN_MAX = 256  # Venues of an instrument that are told apart; guess: no market has as many.
STRANGER = ""  # Stands for every venue that reference data does not know, as a witness.

_defaults = {field.name: field.default for field in fields(PolicySet)}


class Band(NamedTuple):
    """The good price, and the most by which a believed one is away from it; zeros if unknown."""

    good_px: int = 0
    band_px: int = 0

    @property
    def bounds(self) -> tuple[int, int]:
        """The lowest and the highest believed price."""
        return self.good_px - self.band_px, self.good_px + self.band_px

    def covers(self, px: int) -> bool:
        return px > 0 and abs(px - self.good_px) <= self.band_px


class Jump(NamedTuple):
    """A new good price beyond the band, and the spread that it was shown with; 0 of a print."""

    px: int
    spread_px: int


def setting(state: State, name: str) -> Any:  # noqa: ANN401  A number of the policy.
    """A number of the policy in force, or its default before the first policy."""
    policy = state.controls.policy
    return _defaults[name] if policy is None else getattr(policy, name)


def band(state: State, instrument_id: str, book: Book, at_ns: int) -> Band:
    """The band of believed prices at a time."""
    most_ppm = min(BAND_MAX_PPM, setting(state, "quote_band_ppm"))
    if not book.good_px:
        near_px = close_px(state, instrument_id)
        return Band(near_px, near_px * min(BAND_MAX_PPM, CLOSE_BANDS * most_ppm) // PPM)
    age_ns = max(0, hours.between_ns(state, instrument_id, book.good_ns, at_ns))
    grown_ppm = most_ppm + setting(state, "quote_band_growth_ppm") * age_ns // MINUTE_NS
    most_ppm = min(grown_ppm, CLOSE_BANDS * most_ppm)
    spreads_px = setting(state, "quote_band_spreads") * book.good_spread_px
    band_px = book.good_px * most_ppm // PPM + spreads_px
    return Band(book.good_px, min(band_px, book.good_px * BAND_MAX_PPM // PPM))


def close_px(state: State, instrument_id: str) -> int:
    """The close of the day before; 0 if it is not known, or in the units of before an action."""
    defined = state.reference.instruments.get(instrument_id)
    if defined is None:
        return 0
    known = state.reference
    for action in (*known.actions.values(), *known.settled.values()):
        is_later = action.effective_day > defined.effective_day
        is_due = state.day is None or action.effective_day <= state.day.day
        if action.instrument_id == instrument_id and is_later and is_due:
            return 0
    return defined.previous_close_px


def move(state: State, book: Book, px: int, spread_px: int, at_ns: int) -> None:
    """Make a price the good one, with the bounds that nearly every quote is within."""
    book.good_px, book.good_spread_px, book.good_ns = px, spread_px, at_ns
    band_px = px * min(BAND_MAX_PPM, setting(state, "quote_band_ppm")) // PPM
    book.low_px, book.high_px = px - band_px, px + band_px
    book.good_due_ns = at_ns + MOVE_EVERY_NS


def follow(state: State, book: Book, bid_ask: tuple[int, int], at_ns: int, *, alone: bool) -> None:
    """Move the good price to a consolidated midpoint, or put that off if one venue made it."""
    bid_px, ask_px = bid_ask
    book.good_due_ns = at_ns + MOVE_EVERY_NS
    if not 0 < bid_px < ask_px or (alone and is_recent(state, book, at_ns)):
        return
    move(state, book, (bid_px + ask_px) // 2, ask_px - bid_px, at_ns)


def is_recent(state: State, book: Book, at_ns: int) -> bool:
    """Whether the good price is too new for one venue alone to move it."""
    return book.good_px > 0 and at_ns - book.good_ns < setting(state, "quote_alone_ns")


# --------------------------------------------------------------------------- judgement


def mask(near: Band, quote: Quote) -> Quote:
    """The sides of a quote that are believed; the quote itself if all are."""
    is_bid, is_ask = near.covers(quote.bid_px), near.covers(quote.ask_px)
    if is_bid == bool(quote.bid_px) and is_ask == bool(quote.ask_px):
        return quote
    return Quote(
        quote.bid_px if is_bid else 0,
        quote.bid_qty if is_bid else 0,
        quote.ask_px if is_ask else 0,
        quote.ask_qty if is_ask else 0,
        quote.received_ns,
    )


def jump_of(state: State, near: Band, book: Book, venue: str, quote: Quote) -> Jump | None:
    """The new good price that a quote outside the band confirms; None if it is evidence alone."""
    told = evidence_of(state, near, quote)
    if not near.good_px and is_only_one(state):
        spread_px = quote.ask_px - quote.bid_px if quote.bid_px and quote.ask_px else 0
        return Jump(sum(told.pxs) // len(told.pxs), spread_px)
    return testify(state, book, (venue, False), told)


def is_only_one(state: State) -> bool:
    """Whether there is no second venue that could confirm anything."""
    return sum(defined.protected for defined in state.reference.venues.values()) == 1


def evidence_of(state: State, near: Band, quote: Quote) -> Evidence:
    """The evidence of a doubted quote: a midpoint only if it is tight and on one side."""
    bid_px, ask_px, at_ns = quote.bid_px, quote.ask_px, quote.received_ns
    spread_px = ask_px - bid_px if bid_px and ask_px else 0
    is_aside = not near.good_px or (bid_px > near.good_px) == (ask_px > near.good_px)
    is_tight = 2 * spread_px * PPM <= (bid_px + ask_px) * setting(state, "quote_band_ppm")
    if spread_px and is_aside and is_tight:
        return Evidence(((bid_px + ask_px) // 2,), at_ns, at_ns, spread_px)
    sides = tuple(px for px in (bid_px, ask_px) if px)
    return Evidence(sides, at_ns, at_ns, is_loose=True)


def testify(state: State, book: Book, witness: tuple[str, bool], told: Evidence) -> Jump | None:
    """Keep what a witness says; the new good price if that confirms it.

    A witness is a venue, and whether it printed.
    """
    said = book.evidence.pop(witness, None)
    if said is not None and agreed_px(state, book, said, told):
        told = told.after(said)
    book.evidence[witness] = told
    is_alone = len(book.seen) == 1
    waited_ns = told.last_ns - told.first_ns
    if is_alone and not told.is_loose and waited_ns >= setting(state, "quote_alone_ns"):
        return Jump(told.pxs[0], told.spread_px)
    for other, said in book.evidence.items():
        if other[0] != witness[0] or (is_alone and other != witness):
            px = agreed_px(state, book, said, told)
            if px:
                return Jump(px, told.spread_px or said.spread_px)
    return None


def agreed_px(state: State, book: Book, said: Evidence, told: Evidence) -> int:
    """The later of two prices that are near each other and in time; 0 if none are.

    What is loose agrees with prints alone.
    """
    if (said.is_loose and not told.qty) or (told.is_loose and not said.qty):
        return 0
    if book.good_px and abs(told.last_ns - said.last_ns) > EVIDENCE_NS:
        return 0
    most_ppm = setting(state, "quote_band_ppm")
    for px in told.pxs:
        for other_px in said.pxs:
            if abs(px - other_px) * PPM <= most_ppm * min(px, other_px):
                return px
    return 0
