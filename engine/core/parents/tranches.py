"""The tranches of a parent: members with equal constraints.

What a parent's members have in common is the thing and the intent. Window, limit, participation
cap, dark and venue permissions, must-complete, display and the schedule that the benchmark names
are each member's own; members that have these in common too are a tranche. A parent's demand is the
sum of its tranches', and a child is sent for those whose constraints it respects. So a tight limit,
a short window or a narrow permission holds up the members that have it, and no others.
"""

from collections.abc import Iterator
from operator import attrgetter

from engine.core.controls import stops
from engine.core.events import Benchmark, Side
from engine.core.market import consolidated
from engine.core.state.model import Book, Child, Order, Parent, Tranche
from engine.core.state.state import State

# The fields that an order's terms and its tranche's terms have in common.
CONSTRAINTS = (
    "no_dark",
    "excluded_venues",
    "must_complete",
    "max_participation_ppm",
    "display_qty",
)
# Of these the ones that an amend may change.
AMENDABLE_CONSTRAINTS = ("end_ns", "display_qty", "must_complete", "max_participation_ppm")
TRANCHES_MAX = 200  # Of a parent; each plan states the schedule of each. A guess.
_constraints = attrgetter(*CONSTRAINTS)

# Members of one family may share a parent: they want a price, or their part of the market or of the
# clock by a schedule.
FAMILIES = {
    Benchmark.ARRIVAL: "PRICE",
    Benchmark.VWAP: "SCHEDULE",
    Benchmark.TWAP: "SCHEDULE",
    Benchmark.POV: "SCHEDULE",
}

# Constraints, benchmark, limit band, start, end.
Key = tuple[tuple[object, ...], Benchmark, int, int, int]


def limit_band(limit_px: int | None, limit_band_px: int) -> int:
    """Price sensitivity: 0 without a limit, else the number of the price band of the limit.

    One limit holds for all of a tranche, so only limits near each other may share one.
    """
    return 0 if limit_px is None else 1 + limit_px // limit_band_px


def key_of_order(state: State, order: Order, now_ns: int) -> Key:
    """Orders with an equal key may share a tranche."""
    band = limit_band(order.limit_px, state.settings.limit_band_px)
    start_ns = begun(order.start_ns, now_ns)
    return _constraints(order.terms), order.terms.benchmark, band, start_ns, order.end_ns


def key_of_tranche(tranche: Tranche, now_ns: int) -> Key:
    terms = tranche.terms
    start_ns = begun(terms.start_ns, now_ns)
    return _constraints(terms), tranche.benchmark, terms.limit_band, start_ns, terms.end_ns


def begun(start_ns: int, now_ns: int) -> int:
    """A start that is still to come; 0 for all that are over, which tell nothing apart."""
    return start_ns if start_ns > now_ns else 0


def fitting(state: State, parent: Parent, order: Order, now_ns: int) -> Tranche | None:
    """The tranche that an order joins; None if the parent has none for it.

    An order that a control stops never joins orders that it does not stop.
    """
    key = key_of_order(state, order, now_ns)
    for tranche in parent.tranches.values():
        if (
            key_of_tranche(tranche, now_ns) == key
            and children_respect(parent, tranche, order.limit_px)
            and stops.are_stopped_alike(state, tranche, order)
        ):
            return tranche
    return None


def children_respect(parent: Parent, tranche: Tranche, limit_px: int | None) -> bool:
    """Whether every live child for the tranche, which may fill at its limit, is within this one."""
    if limit_px is None or not tranche.exposure_qty:
        return True
    pxs = (child.terms.limit_px for child in children_for(parent, tranche))
    if parent.terms.side is Side.BUY:
        return all(px <= limit_px for px in pxs)
    return all(px >= limit_px for px in pxs)


def children_for(parent: Parent, tranche: Tranche) -> Iterator[Child]:
    """The live children on which a tranche has a claim."""
    number = tranche.number
    for child in parent.children.values():
        if any(cover.tranche == number for cover in child.covers):
            yield child


def begin_all(state: State, parent: Parent, at_ns: int) -> None:
    """Release the tranches of a working parent whose start has come."""
    for tranche in parent.tranches.values():
        if tranche.released_ns < 0 and tranche.terms.start_ns <= at_ns:
            book = state.books.setdefault(parent.terms.instrument_id, Book())
            tranche.released_ns = at_ns
            tranche.base = consolidated.tape(book, at_ns)
