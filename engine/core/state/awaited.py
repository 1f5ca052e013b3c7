"""The children whose venue owes an answer, by venue and by the time at which it is late.

A child waits for one answer at a time: to its route, to a cancel, or to a question about its state.
`Child.answer_by_ns` is the time that counts. `awaited` has a heap for each venue with an entry for
each time that a child was given; an entry that its child has left counts no more. While a session
is down nothing can be asked there, and after it has come up its venue has the time of one answer
before anything counts as late.

A batch asks a bounded number of children, the latest first; the others are for the next batch,
which is due at once.
"""

from heapq import heappop, heappush

from engine.core.state.model import NOT_AWAITED_NS, Child
from engine.core.state.state import SILENT, State

LATE_MAX = 500  # Children whose silence a batch acts on.


def wait(state: State, child: Child, since_ns: int, asked: int = 0) -> None:
    """Expect an answer of the child's venue, in twice the time after each question."""
    if not asked:
        child.unanswered_since_ns = since_ns
    child.asked = asked
    due(state, child, since_ns + (ack_within_ns(state) << asked))


def ack_within_ns(state: State) -> int:
    policy = state.controls.policy
    assert policy is not None, "no child is routed without a policy"
    return policy.ack_within_ns


def due(state: State, child: Child, answer_by_ns: int) -> None:
    child.answer_by_ns = answer_by_ns
    entry = (answer_by_ns, child.terms.seq, child.child_id)
    heappush(state.awaited.setdefault(child.terms.venue, []), entry)


def stop(child: Child) -> None:
    """Expect nothing more: the answer has come, or a person is to settle its lack."""
    child.answer_by_ns = NOT_AWAITED_NS
    child.asked = 0


def is_late(child: Child, now_ns: int) -> bool:
    return child.is_live and NOT_AWAITED_NS < child.answer_by_ns <= now_ns


def first_late_ns(state: State) -> int | None:
    """The earliest time at which an answer is late; None if none can be."""
    if not state.awaited:
        return None  # Mostly, and every round asks.
    return min((due_ns for due_ns, _ in heads(state)), default=None)


def heads(state: State) -> list[tuple[int, str]]:
    """Of each venue that can be asked: when its first answer is late, and the venue."""
    found: list[tuple[int, str]] = []
    for venue in list(state.awaited):
        first = first_of(state, venue)
        if first is not None and venue not in state.sessions_down:
            found.append((max(first[0], quiet_until_ns(state, venue)), venue))
    return found


def first_of(state: State, venue: str) -> tuple[int, int, str] | None:
    """The venue's first entry that counts; a venue without one is forgotten."""
    heap = state.awaited[venue]
    while heap:
        due_ns, _, child_id = heap[0]
        child = state.children.get(child_id)
        if child is not None and child.is_live and child.answer_by_ns == due_ns:
            return heap[0]
        heappop(heap)
    del state.awaited[venue]
    return None


def quiet_until_ns(state: State, venue: str) -> int:
    """Until when a venue that was away is not asked."""
    up_ns = state.sessions_up.get(venue)
    return 0 if up_ns is None else up_ns + ack_within_ns(state)


def touch_late(state: State, now_ns: int) -> None:
    """Touch the parents of children whose answer is late, the latest ones first."""
    left = LATE_MAX
    for due_ns, venue in sorted(heads(state)):
        if due_ns > now_ns:
            return
        while left and (first := first_of(state, venue)) and first[0] <= now_ns:
            child_id = heappop(state.awaited[venue])[2]
            parent_id = state.children[child_id].terms.parent_id
            late = state.late.setdefault(parent_id, {})
            left -= child_id not in late  # It may have two equal entries.
            late[child_id] = None
            state.touch(parent_id, SILENT)
