"""An exchange as far as its tape shows it: displayed size to take, a queue to wait in.

**Taking.** A child takes what the venue displays at its best price within the child's limit, at
the displayed price. Size that we took is gone until the price changes: until then only newly
displayed size is free again.

**Resting.** A child that joins a displayed price queues behind all size displayed there; one that
betters it is first; one deeper in the book has an unknown queue until the best price comes down to
it. A print at the price shortens the queue and its volume beyond the queue fills us; a print
through the price fills us, as the queue must have gone before. A quote that shrinks by more than
was printed shows cancels; `queue.py` says whose. A quote of the other side that reaches the child's
limit would have met it: it fills the child at that limit, up to its size, which is then taken. A
print's volume is used once over all our children, best price first, then in order of arrival.

**Pegging.** A midpoint peg rests unseen. What meets it is `dark.py`'s, from the prints of this
exchange inside its own displayed prices.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from engine.core.events import (
    ChildRouted,
    ChildType,
    DepthObserved,
    ExecType,
    Liquidity,
    QuoteObserved,
    Side,
)
from engine.core.market.consolidated import Nbbo
from engine.simulation.chance import PPM
from engine.simulation.venues import queue
from engine.simulation.venues.queue import Queue


@dataclass(slots=True)
class Working:
    """A child as its venue knows it."""

    child_id: str
    terms: ChildRouted
    leaves_qty: int
    rank: int = -1  # Place in the order of arrival; -1 before.
    cum_qty: int = 0
    fill_count: int = 0
    queue_qty: int | None = None  # Displayed ahead of it; None is unknown.
    is_open: bool = False  # At the venue and not ended.
    ended_as: str = ""  # In the venue's words; empty before the end.
    ended_by: ExecType | None = None  # The report of its end; None before, and of a filled one.

    @property
    def sign(self) -> int:
        return 1 if self.terms.side is Side.BUY else -1

    def fillable_qty(self, available_qty: int) -> int:
        """The part of an available quantity that it takes, given its smallest execution."""
        qty = min(self.leaves_qty, available_qty)
        return qty if qty >= min(max(1, self.terms.min_qty), self.leaves_qty) else 0


class Fill(NamedTuple):
    """An execution of a child."""

    child: Working
    last_qty: int
    last_px: int
    liquidity: Liquidity


class View(NamedTuple):
    """The market at one moment, as a venue sees it."""

    now_ns: int
    nbbo: Nbbo
    is_quote_alive: bool  # The venue's own quote is part of the consolidated market.


@dataclass(slots=True)
class Displayed:
    """One side of a venue's best price, what was printed at it, and what we took of it."""

    px: int = 0
    shown_qty: int = 0
    taken_qty: int = 0
    printed_qty: int = 0  # At this price since the quote.
    left_qty: int = 0  # What prints had left of the last quote of the same price; 0 for a new one.
    gone_qty: int = 0  # Of that, cancelled by this quote.

    @property
    def free_qty(self) -> int:
        return self.shown_qty - self.taken_qty

    def update(self, px: int, shown_qty: int) -> None:
        is_same = px == self.px
        self.left_qty = max(0, self.shown_qty - self.printed_qty) if is_same else 0
        self.gone_qty = max(0, self.left_qty - shown_qty)
        self.taken_qty = min(self.taken_qty, shown_qty) if is_same else 0
        self.px, self.shown_qty, self.printed_qty = px, shown_qty, 0


@dataclass(slots=True)
class LitBook:
    """One instrument on one exchange."""

    assumed: Queue = Queue.BASE
    ahead_ppm: int = PPM  # Part of a displayed size that is ahead of a child that joins it.
    bid: Displayed = field(default_factory=Displayed)
    ask: Displayed = field(default_factory=Displayed)
    resting: dict[str, Working] = field(default_factory=dict)  # In order of arrival.

    def observe_quote(self, quote: QuoteObserved) -> None:
        self.bid.update(quote.bid_px, quote.bid_qty)
        self.ask.update(quote.ask_px, quote.ask_qty)
        for child in self.resting.values():
            child.queue_qty = queue_after_quote(self.assumed, child, self._own(child))

    def meet_quote(self, view: View) -> Iterator[Fill]:
        """Fill the children whose limit the other side's quote has reached, each share once."""
        if not view.is_quote_alive:
            return
        for child in sorted(self.resting.values(), key=_priority):
            far = self._far(child)
            qty = child.fillable_qty(far.free_qty) if is_within(child, far) else 0
            if qty:
                far.taken_qty += qty
                yield Fill(child, qty, child.terms.limit_px, Liquidity.ADDED)

    def take(self, child: Working, view: View) -> Iterator[Fill]:
        """Take the displayed size within the child's limit; a dead quote has none."""
        far = self._far(child)
        is_alive = view.is_quote_alive and is_within(child, far)
        qty = child.fillable_qty(far.free_qty) if is_alive else 0
        if qty:
            far.taken_qty += qty
            yield Fill(child, qty, far.px, Liquidity.REMOVED)

    def rest(self, child: Working) -> None:
        child.queue_qty = queue_on_arrival(child, self._own(child), self.ahead_ppm)
        self.resting[child.child_id] = child

    def observe_print(self, px: int, print_qty: int) -> Iterator[Fill]:
        """Give a print's volume to our children, each share of it once."""
        for shown in (self.bid, self.ask):
            if px == shown.px:
                shown.printed_qty += print_qty
        used_qty = 0
        for child in sorted(self.resting.values(), key=_priority):
            qty = child.fillable_qty(met_by_print(child, px, print_qty) - used_qty)
            if qty > 0:
                used_qty += qty
                yield Fill(child, qty, child.terms.limit_px, Liquidity.ADDED)

    def is_inside(self, px: int) -> bool:
        """Whether a print was between the displayed prices: what it met was not displayed."""
        return 0 < self.bid.px < px < self.ask.px

    def _own(self, child: Working) -> Displayed:
        return self.bid if child.terms.side is Side.BUY else self.ask

    def _far(self, child: Working) -> Displayed:
        return self.ask if child.terms.side is Side.BUY else self.bid


def _priority(child: Working) -> tuple[bool, int, int]:
    """Buys before sells, the better price before the worse, then in order of arrival."""
    return child.terms.side is Side.SELL, -child.sign * child.terms.limit_px, child.rank


def is_within(child: Working, far: Displayed) -> bool:
    """Whether a displayed price of the other side is within the child's limit."""
    return far.px > 0 and child.sign * (child.terms.limit_px - far.px) >= 0


def queue_on_arrival(child: Working, own: Displayed, ahead_ppm: int) -> int | None:
    """Displayed size ahead of a child that starts to rest beside this best price."""
    better_by = child.sign * (child.terms.limit_px - own.px)
    if own.px == 0 or better_by > 0:
        return 0
    return own.shown_qty * ahead_ppm // PPM if better_by == 0 else None


def queue_after_quote(assumed: Queue, child: Working, own: Displayed) -> int | None:
    """The queue once the venue's best price on the child's side is this."""
    better_by = child.sign * (child.terms.limit_px - own.px)
    if own.px == 0 or better_by < 0:
        return child.queue_qty  # Nothing is known of our price.
    if better_by > 0:
        return 0  # No size is displayed at our price any more.
    if child.queue_qty is None:
        return queue.found(assumed, own.shown_qty)
    return queue.after_cancels(
        assumed,
        child.queue_qty,
        left_qty=own.left_qty,
        gone_qty=own.gone_qty,
        shown_qty=own.shown_qty,
    )


def met_by_print(child: Working, px: int, print_qty: int) -> int:
    """The volume of a print that could have met the child; shortens its queue."""
    through_by = child.sign * (child.terms.limit_px - px)
    if through_by < 0:
        return 0
    if through_by > 0:
        child.queue_qty = 0
        return print_qty
    if child.queue_qty is None:
        return 0
    beyond_qty = max(0, print_qty - child.queue_qty)
    child.queue_qty = max(0, child.queue_qty - print_qty)
    return beyond_qty


def is_peg(child: Working) -> bool:
    return child.terms.child_type is ChildType.MIDPOINT_PEG


def best_of(depth: DepthObserved) -> QuoteObserved:
    """The best level alone: deeper ones are not modelled."""
    bid = depth.bids[0] if depth.bids else None
    ask = depth.asks[0] if depth.asks else None
    return QuoteObserved(
        venue=depth.venue,
        instrument_id=depth.instrument_id,
        bid_px=bid.px if bid else 0,
        bid_qty=bid.level_qty if bid else 0,
        ask_px=ask.px if ask else 0,
        ask_qty=ask.level_qty if ask else 0,
        event_ns=depth.event_ns,
        received_ns=depth.received_ns,
    )
