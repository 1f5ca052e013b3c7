"""The bound of a schedule: a part of every print of an order's window, at the print's price.

The wanted quantity follows the day's true volumes, so it has the average price of the others'
eligible prints of continuous trading within the order's limit. It is no way to trade: it knows the
day, pays no spread and no fee, and is there for every print.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import TypeGuard

from engine.audit.experiment.parts import PRINT, Execution, Result, Terms
from engine.audit.experiment.touch import MarketWalk, Observed
from engine.core.events import TradeObserved
from engine.core.market import reference
from engine.simulation.market.conditions import AUCTION_CODES

TRUE_VOLUMES = "true volumes (bound)"


class Prints:
    """The eligible prints of an instrument's continuous trading, with sums up to each."""

    def __init__(self) -> None:
        self.times_ns: list[int] = []
        self.prints: list[tuple[int, int, float]] = []  # Price, quantity, midpoint then.
        self._sums: list[tuple[float, float, float]] = [(0.0, 0.0, 0.0)]

    def add(self, at_ns: int, px: int, qty: int, mid_px: float) -> None:
        self.times_ns.append(at_ns)
        self.prints.append((px, qty, mid_px))
        volume, notional, mids = self._sums[-1]
        self._sums.append((volume + qty, notional + qty * px, mids + qty * mid_px))

    def averages(self, terms: Terms) -> tuple[float, float] | None:
        """Average price and midpoint of the window's prints within the limit; None without any."""
        first = bisect_left(self.times_ns, terms.start_ns)
        after = bisect_left(self.times_ns, terms.end_ns)
        if terms.limit_px is None:
            pairs = zip(self._sums[after], self._sums[first], strict=True)
            volume, notional, mids = (upto - since for upto, since in pairs)
        else:
            within = [
                (px, qty, mid_px)
                for px, qty, mid_px in self.prints[first:after]
                if reference.is_within_limit(terms.side, px, terms.limit_px)
            ]
            volume = sum(qty for _, qty, _ in within)
            notional = sum(qty * px for px, qty, _ in within)
            mids = sum(qty * mid_px for _, qty, mid_px in within)
        return (notional / volume, mids / volume) if volume else None


def at_prints(
    orders: Sequence[Terms],
    wanted: Mapping[str, int],
    walk: MarketWalk,
    market: Sequence[Observed],
) -> list[Result]:
    """The wanted quantity at the average of the prints of its window.

    `wanted` is what each order wanted in the first run; an order without a print in its window and
    within its limit is swept.
    """
    by_instrument: dict[str, Prints] = {}
    for event in market:
        if is_continuous(event):
            best = walk.best(event.instrument_id, event.received_ns)
            if best is not None:
                prints = by_instrument.setdefault(event.instrument_id, Prints())
                mid_px = (best.bid_px + best.ask_px) / 2
                prints.add(event.event_ns, event.last_px, event.last_qty, mid_px)
        walk.fold(event)
    found = []
    for terms in orders:
        qty = wanted[terms.name]
        prints = by_instrument.get(terms.instrument_id, Prints())
        averages = prints.averages(terms) if qty > 0 else None
        executions = [] if averages is None else [Execution(PRINT, qty, *averages)]
        found.append(Result(terms, qty, executions, whole_qty=qty))
    return found


def is_continuous(event: Observed) -> TypeGuard[TradeObserved]:
    """Whether it is a print that counts and came of continuous trading."""
    if not isinstance(event, TradeObserved):
        return False
    return event.eligible and AUCTION_CODES.isdisjoint(event.conditions)
