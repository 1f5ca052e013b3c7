"""The sizes and order types that a venue accepts, from its VenueDefined.

One place states these rules for both sides. The router asks before it sends a child, so that the
child is as the venue wants it or goes elsewhere with a reason. The simulated venue asks when the
child arrives, and rejects it in the rule's words. The invariants in SQL check the log by
themselves and do not use this module.

A rule of quantity is one function: the most of a quantity that the venue takes, rounded down, 0 if
it takes none of it. The venue takes a quantity that the function leaves as it is.
"""

from collections.abc import Callable
from typing import NamedTuple

from engine.core.events import RouteReason, VenueDefined, VenueKind


class QtyRule(NamedTuple):
    """A rule of quantity; `lot_qty` is the instrument's round lot, 1 or more."""

    reason: RouteReason  # The router's, for a venue that takes nothing of a quantity.
    fit: Callable[[VenueDefined, int, int], int]  # Of (venue, quantity, lot_qty).
    words: str  # The venue's, of `venue`, `qty` and `lot_qty`.


def minimum(venue: VenueDefined, qty: int, _: int) -> int:
    return qty if qty >= max(1, venue.min_qty) else 0


def round_lots(venue: VenueDefined, qty: int, lot_qty: int) -> int:
    return qty if venue.odd_lots else qty - qty % lot_qty


# In the order of their precedence: the first that leaves nothing is the reason.
QTY_RULES = (
    QtyRule(
        RouteReason.BELOW_MINIMUM,
        minimum,
        "quantity {qty} is below the minimum of {venue.min_qty}",
    ),
    QtyRule(
        RouteReason.ODD_LOT,
        round_lots,
        "quantity {qty} is not a multiple of the round lot {lot_qty}",
    ),
)


def unfit_qty(venue: VenueDefined, qty: int, lot_qty: int) -> RouteReason | None:
    """The reason for which the venue takes nothing of a quantity; None if it takes some."""
    for rule in QTY_RULES:
        if not rule.fit(venue, qty, lot_qty):
            return rule.reason
    return None


def fitted_qty(venue: VenueDefined, qty: int, lot_qty: int) -> int:
    """The most of a quantity that all rules take; 0 if they take none."""
    while True:
        fit_qty = qty
        for rule in QTY_RULES:
            fit_qty = rule.fit(venue, fit_qty, lot_qty)
        if fit_qty == qty:
            return qty
        qty = fit_qty  # What one rule cut off may be too little for another.


def wrong_qty(venue: VenueDefined, qty: int, lot_qty: int) -> str | None:
    """The venue's words to a quantity that it does not take; None if it takes it."""
    for rule in QTY_RULES:
        if rule.fit(venue, qty, lot_qty) != qty or qty <= 0:
            return rule.words.format(venue=venue, qty=qty, lot_qty=lot_qty)
    return None


def takes_midpoint_pegs(venue: VenueDefined) -> bool:
    return venue.midpoint


def takes_limits(venue: VenueDefined) -> bool:
    return venue.kind is not VenueKind.DARK


def lets_rest(venue: VenueDefined) -> bool:
    return venue.posts
