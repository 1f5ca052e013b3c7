"""Refuse a client's change when the venue will not cancel the child that it waits for.

A change waits until no child covers the quantity that it gives up. If the venue refuses to cancel
the only child, and nothing of the parent is in our hands, the order lies in the market as it did
before the request. So the change is refused at once: its client knows, and may ask again. Where the
pool or another child has a part of the quantity, the change goes on waiting instead. That part is
held back for it, which serves the client better than a refusal that would send it out again; the
refused child is asked once more, and the close gives the final answer at the latest.
"""

from engine.core.events import RejectReason, StageEvent
from engine.core.orders import intake
from engine.core.state.model import Child, Parent


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
