"""A venue refuses to cancel a child, and with it a client's change that waits for that child.

A change waits until no child covers the quantity that it gives up. If the venue refuses to cancel
the only child, and nothing of the parent is in our hands, the order lies in the market as it did
before the request. So the change is refused at once: its client knows, and may ask again. Where the
pool or another child has a part of the quantity, the change goes on waiting instead. That part is
held back for it, which serves the client better than a refusal that would send it out again; the
refused child is asked once more, and the close gives the final answer at the latest.

A refusal after a silence says little: the first cancel may have been carried out, and its answer
lost. So the child's state is asked for, and the changes wait for that answer.

A venue that refuses again and again is asked as often as one that stays silent: after `asks_max`
refusals of a child the next one, of a cancel that is still wanted, is a break as a silence is
(`silence.refused`).
"""

from collections.abc import Callable, Mapping
from typing import Any

from engine.core.controls import risk
from engine.core.events import CancelFailed, CancelRejected, RejectReason, StageEvent
from engine.core.execution import silence
from engine.core.execution.children import addressed, stranger
from engine.core.orders import intake
from engine.core.state.model import Child, Parent
from engine.core.state.state import State


def decide_cancel_rejected(
    state: State, report: CancelRejected, now_ns: int
) -> tuple[StageEvent, ...]:
    child = addressed(state, report)
    if child is None:
        return stranger(state, report)
    if not child.is_live or not child.is_cancelling:
        return ()
    parent = state.parents[child.terms.parent_id]
    answers = () if child.asked else refused_changes(parent, child)
    if not answers and child.refused >= risk.policy_of(state).asks_max:
        return tuple(silence.refused(state, child))
    failed = CancelFailed(
        child_id=child.child_id, parent_id=child.terms.parent_id, text=report.text
    )
    if child.asked:
        return (failed, silence.status_request(child, 1, now_ns))
    return (failed, *answers)


def refused_changes(parent: Parent, child: Child) -> tuple[StageEvent, ...]:
    """The refusals of the changes that wait for this child alone."""
    if parent.pool_qty > 0 or parent.exposure_qty > child.leaves_qty:
        return ()
    text = f"{child.terms.venue} will not cancel child {child.child_id}; the order works on"
    return tuple(
        intake.pending_rejected(order, order.pending, RejectReason.VENUE_REFUSED, text)
        for order in parent.pending.values()
        if order.pending is not None
    )


DECIDE: Mapping[type, Callable[[State, Any, int], tuple[StageEvent, ...]]] = {
    CancelRejected: decide_cancel_rejected,
}
