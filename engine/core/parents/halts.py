"""Return orders to their clients while their instrument is halted, where policy or order says so.

By default a halt keeps an order: its children are cancelled, and it goes on when a person lifts the
halt. A policy with `on_halt = "RETURN"`, or an order with `return_on_halt` (FIX tag 18, K), has
the order withdrawn as soon as no child covers its quantity, so that its client can act elsewhere. A
pending change takes effect first: every request has its own answer.
"""

from engine.core.controls import risk
from engine.core.events import (
    HaltAction,
    LeaveReason,
    OrderCancelled,
    StageEvent,
    WithdrawReason,
)
from engine.core.parents import membership
from engine.core.state.model import Member, Parent
from engine.core.state.state import State


def return_members(state: State, parent: Parent, _: int) -> tuple[StageEvent, ...]:
    """Take out the members that a halt returns, as far as no claim covers their quantity."""
    if not risk.is_halted(state, parent.terms.instrument_id):
        return ()
    returns_all = risk.policy_of(state).on_halt is HaltAction.RETURN
    free = {number: x.pool_qty for number, x in parent.tranches.items()}
    leaving: list[tuple[Member, LeaveReason]] = []
    for member in parent.active_members():
        order, qty = member.order, member.open_qty
        is_returned = qty > 0 and (returns_all or order.terms.return_on_halt)
        if is_returned and qty <= free[member.tranche] and order.pending is None:
            free[member.tranche] -= qty
            leaving.append((member, LeaveReason.WITHDRAWN))
    left = membership.departures(parent, leaving)
    return (*left, *(returned(member) for member, _ in leaving))


def returned(member: Member) -> OrderCancelled:
    order = member.order
    return OrderCancelled(
        order_id=order.order_id,
        cl_ord_id="",
        withdrawn_qty=order.open_qty,
        reason=WithdrawReason.HALT,
        text=f"{order.terms.instrument_id} is halted; {order.open_qty} is returned",
    )
