"""The open parents by the time at which each is due, and those that a control or quote concerns.

A batch does not go over all open parents, however many they are. It plans what an input touched,
and in bounded numbers what is due, what a control concerns and what the market reached; the rest is
for the next batch, which is due at once. Of those that a control concerns the ones with children at
a venue come first, then the oldest.

`dues` is a heap with an entry for each time that a parent was given; an entry that its parent has
left counts no more. The rosters hold each open parent with the number of the last control that it
was planned after. Both are the same functions of the same events when a log is folded.
"""

from heapq import heappop, heappush

from engine.core.state.model import Parent
from engine.core.state.state import CONTROL, DUE, MARKET, NEVER_NS, State

DUE_MAX = 500  # Due parents that a batch plans.
REVIEWED_MAX = 500  # Parents that a batch plans because of a control.
OF_PARENT = "/"  # Between a parent's id and the number of a tranche whose limit is watched.
REACHED_MAX = 500  # Touched parents of a batch to which a price adds no more; the queue adds more.


def set_due(state: State, parent: Parent, due_ns: int) -> None:
    """Give a parent its next time, ns."""
    if due_ns != parent.due_ns:
        parent.due_ns = due_ns
        add_due(state, parent)


def add_due(state: State, parent: Parent) -> None:
    if parent.due_ns < NEVER_NS:
        heappush(state.dues, (parent.due_ns, parent.seq, parent.parent_id))


def first_due_ns(state: State) -> int | None:
    """The earliest time at which a parent is due; None if none ever is."""
    dues = state.dues
    while dues:
        due_ns, _, parent_id = dues[0]
        parent = state.parents.get(parent_id)
        if parent is not None and parent.due_ns == due_ns:
            return due_ns
        heappop(dues)
    return None


def touch_due(state: State, now_ns: int) -> None:
    """Touch the parents that are due, the earliest first; the next seal gives each a new time."""
    left = DUE_MAX
    while left and (due_ns := first_due_ns(state)) is not None and due_ns <= now_ns:
        parent_id = heappop(state.dues)[2]
        left -= not state.touched.get(parent_id, 0) & DUE  # It may have two equal entries.
        state.touch(parent_id, DUE)


# -------------------------------------------------------------------------- the market


def reach(state: State, name: str) -> None:
    """Have a parent planned because of a price: in this batch, or in a later one if it is full.

    `name` is its id, and of a further tranche its id before the tranche's number.
    """
    parent_id, _, _ = name.partition(OF_PARENT)
    if len(state.touched) < REACHED_MAX or parent_id in state.touched:
        state.touch(parent_id, MARKET)
    else:
        state.reached[parent_id] = None


def touch_reached(state: State) -> None:
    """Touch parents that there was no room for, a bounded number of them."""
    left = REACHED_MAX
    while state.reached and left:
        parent_id, _ = state.reached.popitem(last=False)
        state.touch(parent_id, MARKET)
        left -= 1


# -------------------------------------------------------------------------- the review


def review_all(state: State) -> None:
    """Have every open parent planned again: a control changed what may go out."""
    state.review += 1


def is_behind(state: State) -> bool:
    """Whether parents wait that a batch had no room for, besides those that are due."""
    return bool(state.reached) or is_reviewing(state)


def is_reviewing(state: State) -> bool:
    exposed, idle, review = state.exposed, state.idle, state.review
    if exposed and next(iter(exposed.values())) < review:
        return True
    return bool(idle) and next(iter(idle.values())) < review


def touch_reviewed(state: State) -> None:
    """Touch the parents that were not planned since the last control, a bounded number of them."""
    left = REVIEWED_MAX
    for roster in (state.exposed, state.idle):
        while roster and left:
            parent_id, number = next(iter(roster.items()))
            if number == state.review:
                break
            roster.move_to_end(parent_id)
            roster[parent_id] = state.review
            state.touch(parent_id, CONTROL)
            left -= 1


def on_opened(state: State, parent: Parent) -> None:
    add_due(state, parent)
    state.idle[parent.parent_id] = state.review


def on_ended(state: State, parent: Parent) -> None:
    parent.due_ns = NEVER_NS
    state.reached.pop(parent.parent_id, None)
    del state.idle[parent.parent_id]


def on_exposed(state: State, parent_id: str) -> None:
    """A child was routed, so the parent was planned by all controls that are in force."""
    if parent_id not in state.exposed:
        del state.idle[parent_id]
        state.exposed[parent_id] = state.review


def on_covered(state: State, parent_id: str) -> None:
    """The last child has ended."""
    number = state.exposed.pop(parent_id)
    state.idle[parent_id] = state.review
    if number < state.review:
        state.touch(parent_id, CONTROL)
