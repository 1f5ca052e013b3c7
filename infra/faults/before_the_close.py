"""The invariants of a shard's state, folded from its log before the day's close."""

from collections import Counter
from collections.abc import Iterator

from engine.core.controls import stops
from engine.core.state.model import Parent
from engine.runtime.shard import Shard
from infra.faults.market import S

LATE_NS = 2 * S  # A schedule point that is so long past was forgotten.


def of_state(shard: Shard) -> Iterator[str]:
    """Violated invariants of a shard's state."""
    state = shard.state
    parents = [*state.parents_of_day()]
    orders = {name: member.order for x in parents for name, member in x.members.items()}
    for order in (orders | state.orders).values():
        parts = (order.crossed_qty, order.allocated_qty, order.withdrawn_qty, order.open_qty)
        if min(parts) < 0 or sum(parts) != order.order_qty:
            yield f"order {order.order_id} of {order.order_qty} is {parts}"
    for parent in parents:
        name, members = parent.parent_id, list(parent.members.values())
        live = [child for child in parent.children.values() if child.is_live]
        if sum(member.crossed_qty for member in members) != parent.crossed_qty:
            yield f"parent {name}: its members' crosses are not its own"
        allocated_qty = sum(member.allocated_qty for member in members) + final_qty(parent)
        if allocated_qty + parent.error_qty != parent.filled_qty:
            yield f"parent {name}: {parent.filled_qty} filled, {allocated_qty} allocated"
        for order_id, qty in shares_of_members(parent).items():
            if parent.members[order_id].allocated_qty != qty:
                yield f"parent {name}: order {order_id} is not allocated its {qty}"
        if sum(member.open_qty for member in members if member.is_active) != parent.open_qty:
            yield f"parent {name}: its members' open quantities are not its own"
        if sum(child.leaves_qty for child in live) != parent.exposure_qty:
            yield f"parent {name}: its children's open quantities are not its exposure"
        if parent.is_ended and live:
            yield f"parent {name} has ended before its children"


def final_qty(parent: Parent) -> int:
    """The shares of orders that ended on an earlier day: members of its own day alone."""
    if not parent.is_former:
        return 0
    return sum(shares_in(parent).values()) - sum(shares_of_members(parent).values())


def shares_of_members(parent: Parent) -> dict[str, int]:
    shares = shares_in(parent)
    return {order_id: shares[order_id] for order_id in parent.members}


def shares_in(parent: Parent) -> Counter[str]:
    """Each order's part of the parent's fills, as they are now."""
    found: Counter[str] = Counter()
    for fill in parent.fills:
        found.update(dict(zip(fill.order_ids, fill.shares_qty, strict=True)))
    return found


def forgotten(shard: Shard, now_ns: int) -> Iterator[str]:
    """Schedule points that were missed."""
    state = shard.state
    for parent in state.parents.values():
        terms = parent.terms
        if parent.due_ns < now_ns - LATE_NS:
            yield f"parent {parent.parent_id} was due at {parent.due_ns}, and it is {now_ns}"
        is_open = terms.window_end_ns < now_ns - LATE_NS and now_ns < terms.end_ns
        if not is_open or parent.is_released or not parent.open_qty:
            continue
        if stops.may_trade(state, parent):
            yield f"parent {parent.parent_id} was not released when its window ended"
