"""Orders that trade at once: immediate or cancel, fill or kill.

Such an order has a parent of its own, which no other order joins. It crosses inside what it can,
and makes one pass over the venues in the batch that takes it: IOC children for what they display at
the best price, and, of an IOC order, IOC pegs at midpoints for the rest. When the children are
answered, the rest is withdrawn; at the end of its window, the policy's `send_within` after it came,
those that are not answered are cancelled. No child is priced through a better quote, so deeper
prices are not swept.

FILL OR KILL is judged before anything is done: what crosses inside and what fresh quotes display
at the best price must cover all of it, else all of it is withdrawn. Where one venue displays all,
its child asks for that quantity or none. Where several do, or a part has crossed inside, a venue
that then fills less than it displayed leaves a part executed. That part is the client's, as it was
traded for it; the withdrawal of the rest says so.
"""

from engine.core.controls import risk
from engine.core.events import (
    Immediacy,
    LeaveReason,
    OrderCancelled,
    StageEvent,
    WithdrawReason,
)
from engine.core.parents import aggregation, membership, netting
from engine.core.routing import routers
from engine.core.routing.candidates import search_for
from engine.core.state.model import Order, Parent
from engine.core.state.state import State

REASON_OF = {
    Immediacy.IOC: WithdrawReason.IMMEDIATE_OR_CANCEL,
    Immediacy.FOK: WithdrawReason.FILL_OR_KILL,
}


def kill_unfillable(state: State, parent: Parent, now_ns: int) -> tuple[StageEvent, ...]:
    """Withdraw a FILL OR KILL order of which not all is there."""
    if parent.terms.immediacy is not Immediacy.FOK or parent.is_released or not parent.open_qty:
        return ()
    if aggregation.window_closed_by(state, parent, now_ns) is None:
        return withdrawn(parent, "nothing may trade now")
    inside_qty = netting.inside_qty(state, parent, now_ns)
    rest_qty = parent.open_qty - inside_qty
    shown_qty = 0
    if rest_qty and not risk.is_routing_suspended(state):
        search = search_for(state, parent, now_ns)
        shown_qty = sum(part.qty for part in routers.displayed_parts(search, rest_qty)[0])
    if shown_qty == rest_qty:
        return ()
    text = f"{inside_qty} would cross inside, and {shown_qty} of the other {rest_qty} is displayed"
    return withdrawn(parent, text)


def withdraw_rest(_: State, parent: Parent, __: int) -> tuple[StageEvent, ...]:
    """Withdraw what an immediate order did not find, once none of its children is at work."""
    is_immediate = parent.terms.immediacy is not Immediacy.NONE
    if not is_immediate or parent.exposure_qty or not parent.open_qty:
        return ()
    return withdrawn(parent, f"{parent.done_qty} was found at once")


def withdrawn(parent: Parent, text: str) -> tuple[StageEvent, ...]:
    """The end of the parent's only member."""
    order: Order = next(parent.active_members()).order
    return (
        membership.departure(parent, order, LeaveReason.WITHDRAWN),
        OrderCancelled(
            order_id=order.order_id,
            cl_ord_id="",
            withdrawn_qty=order.open_qty,
            reason=REASON_OF[order.terms.immediacy],
            text=text,
        ),
    )
