"""Interest that nothing displays: in a pool, and between the displayed prices of an exchange.

The tape does not name the pool of an off-exchange print. So each eligible print of code
D belongs, by chance, to one of the simulated venues or to none, and a part of it, also by chance,
is interest that we could have met instead. At an exchange a print between its own displayed prices
shows such interest (hidden orders, pegs, and odd lots, which quotes of 2018 left out). A child
meets it only if the print is at its own execution price or better for it: a print at or below the
midpoint shows a seller who would have sold to a buyer's peg.

A midpoint peg executes at the midpoint of the venue's own NBBO, if that is within its limit; a
priced child of an ATS at its limit, or at the far touch where that is better, and never outside
the NBBO. The rest of a print stays for `LINGER_NS`; an immediate-or-cancel child can meet nothing
else.

**The most of it.** However well a strategy waits, what it meets is never more than a named part of
what was printed until then (`Allowance`), because nothing on a tape says how many others waited
there too.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from engine.core.events import Liquidity
from engine.simulation.chance import PPM
from engine.simulation.venues.book import Fill, View, Working, is_peg

LINGER_NS = 250_000_000  # Guess: hidden interest is still there a quarter of a second later.


@dataclass(slots=True)
class Allowance:
    """The hidden quantity that we may still meet: a part of the printed volume, less our fills."""

    most_ppm: int
    printed_qty: int = 0
    used_qty: int = 0

    @property
    def left_qty(self) -> int:
        return self.printed_qty * self.most_ppm // PPM - self.used_qty  # Floor: never above it.


@dataclass(slots=True)
class HiddenBook:
    """One instrument at one dark pool or ATS, or the pegs of one exchange."""

    allowance: Allowance
    resting: dict[str, Working] = field(default_factory=dict)  # In order of arrival.
    print_px: int = 0
    print_left_qty: int = 0  # Of the last print that belongs here.
    print_ns: int = 0

    def observe_print(self, px: int, hidden_qty: int, view: View) -> Iterator[Fill]:
        """Hidden interest shows by a print; children meet it in order of arrival."""
        self.print_px, self.print_left_qty, self.print_ns = px, hidden_qty, view.now_ns
        for child in list(self.resting.values()):
            yield from self.take(child, view)

    def take(self, child: Working, view: View) -> Iterator[Fill]:
        """Meet the rest of the last print, if it is fresh and at a price as good as ours."""
        px = execution_px(child, view)
        if px is None or view.now_ns - self.print_ns > LINGER_NS:
            return
        if child.sign * (px - self.print_px) < 0:
            return
        qty = child.fillable_qty(min(self.print_left_qty, self.allowance.left_qty))
        if qty > 0:
            self.print_left_qty -= qty
            self.allowance.used_qty += qty
            yield Fill(child, qty, px, Liquidity.MIDPOINT if is_peg(child) else Liquidity.ADDED)

    def rest(self, child: Working) -> None:
        self.resting[child.child_id] = child


def execution_px(child: Working, view: View) -> int | None:
    """The price at which the child would execute now; None if at none."""
    mid_px, terms = view.nbbo.mid_px, child.terms
    if mid_px is None:
        return None
    if is_peg(child):
        return mid_px if child.sign * (terms.limit_px - mid_px) >= 0 else None
    near_px, far_px = view.nbbo.near_px(terms.side), view.nbbo.far_px(terms.side)
    if child.sign * (terms.limit_px - near_px) < 0:
        return None  # Worse than the best bid for a buy: the print was not for us.
    return far_px if child.sign * (terms.limit_px - far_px) > 0 else terms.limit_px


def venue_of(shares_ppm: Mapping[str, int], drawn_ppm: int) -> str | None:
    """The venue whose part of 1,000,000 the number falls into, in order of the code."""
    for venue in sorted(shares_ppm):
        drawn_ppm -= shares_ppm[venue]
        if drawn_ppm < 0:
            return venue
    return None
