"""Measure what the midpoint did after our fills, by the market seen by then.

A fill at a known midpoint waits for its horizons. The first quote that is received at or after one
says that the time has passed; the midpoint before that quote is the one of the horizon. So no timer
is needed, no event is written for it, and quotes folded in one round or in three measure the same.
A market without two sides then, or a quote that comes much later, measures nothing. A move our way
is positive: up after a buy (conventions.md, "Signs"). The scorecard of the venue takes the figures
in with its next update.

A post stays where it is while the market comes to it, so its fill comes with a move against us that
is over before any horizon begins: the move of the midpoint from the route to the fill. Of posts at
the touch it counts under the horizon `BEFORE_S`; one further away needs a move to be filled at all.
"""

from collections.abc import Callable

from engine.core.events import ChildRouted, FillBooked, Side
from engine.core.state.model import NEVER_MARKED_NS, Book, Mark, Scorecard
from engine.core.state.state import State
from engine.core.units import MILLIBPS, NS_PER_S

BEFORE_S = 0  # Stands for the time from the route to the fill.
HORIZONS_S = (1, 10, 60)
LATE_MAX_NS = 10 * NS_PER_S  # After a horizon; guess: a market that still is what it was then.
MARKS_MAX = 1_000  # Fills of an instrument that wait; bounded, as they are kept in snapshots.


def expect(book: Book, fill: FillBooked, tactic: str) -> None:
    """Let a fill at a known midpoint wait for its horizons."""
    if fill.mid_px is None:
        return
    sign = 1 if fill.side is Side.BUY else -1
    for horizon_s in HORIZONS_S:
        waiting = book.marks.setdefault(horizon_s, [])
        del waiting[: len(waiting) + 1 - MARKS_MAX]
        due_ns = fill.at_ns + horizon_s * NS_PER_S
        waiting.append(Mark(due_ns, fill.venue, tactic, sign, fill.mid_px))
        book.mark_due_ns = min(book.mark_due_ns, due_ns)


def measure_before(state: State, route: ChildRouted, fill: FillBooked, tactic: str) -> None:
    """Measure the move from a route with two sides to its fill.

    At most a spread against us: once the market is beyond a post, the post has been its best price,
    and what of it is filled later says nothing of how a fill comes about.
    """
    if fill.mid_px is None or not 0 < route.bid_px < route.ask_px:
        return
    sign, mid_px = 1 if fill.side is Side.BUY else -1, (route.bid_px + route.ask_px) // 2
    moved_px = max(sign * (fill.mid_px - mid_px), route.bid_px - route.ask_px)
    card = state.scorecards.setdefault(fill.venue, Scorecard())
    card.marked.append((tactic, BEFORE_S, moved_px * MILLIBPS // mid_px))  # Floor.


def measure(
    state: State, book: Book, received_ns: int, mid_px_at: Callable[[int], int | None]
) -> None:
    """Measure what is due when a quote is received, before it changes the book.

    `mid_px_at` is the midpoint of the book as it is, by the quotes that are fresh at a time.
    """
    for horizon_s, waiting in book.marks.items():
        while waiting and waiting[0].due_ns <= received_ns:
            mark = waiting.pop(0)
            is_late = received_ns - mark.due_ns > LATE_MAX_NS
            mid_px = None if is_late else mid_px_at(mark.due_ns)
            if mid_px is not None:
                moved = mark.sign * (mid_px - mark.mid_px) * MILLIBPS // mark.mid_px  # Floor.
                card = state.scorecards.setdefault(mark.venue, Scorecard())
                card.marked.append((mark.tactic, horizon_s, moved))
    heads = [waiting[0].due_ns for waiting in book.marks.values() if waiting]
    book.mark_due_ns = min(heads, default=NEVER_MARKED_NS)
