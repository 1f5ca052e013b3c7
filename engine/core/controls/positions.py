"""Bound what the orders of a day may have bought more than sold in an instrument, or sold more.

A position limit looks at the worst case: everything that is wanted on one side is executed, and
nothing more on the other. Of an order that is what it asked for less what was withdrawn, so an
order counts from its acceptance, over all parents, and a fill changes nothing on its own side. An
instrument lives in one shard, with all its orders, so no part of such a limit is divided.

A limit of a client binds its orders in each instrument, a limit of an instrument the orders of all
clients in it, and a limit of the firm the same in each instrument of its currency. Positions of
earlier days are not known here: the limit is of the day. One that is set during the day counts the
orders that are open then, and what is executed afterwards.

A limit that becomes lower than the worst case of a side stops all orders of that side that it binds
(`controls.stops`): which of them the venues would fill first is not known. They go on when cancels,
or executions on the other side, have brought the worst case back within the limit.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from engine.core.controls import limits
from engine.core.controls.limits import Key
from engine.core.events import (
    CrossAllocated,
    FillAllocated,
    FillReallocated,
    OrderAccepted,
    OrderAmended,
    OrderCancelled,
    OrderExpired,
    OrderRestated,
    OrderResumed,
    RiskLimitSet,
    Side,
)
from engine.core.state.model import Order, Position
from engine.core.state.state import State

OTHER = {Side.BUY: Side.SELL, Side.SELL: Side.BUY}


def worst_qty(state: State, key: Key, instrument_id: str, side: Side) -> int:
    """The position if all that is wanted on a side is executed, in that side's direction."""
    held = state.positions.get((*key, instrument_id))
    return 0 if held is None else held.wanted_qty[side] - held.done_qty[OTHER[side]]


def is_bound(state: State, key: Key) -> bool:
    limit = state.controls.limits.get(key)
    return limit is not None and limit.max_position_qty is not None


def is_above(state: State, limit: RiskLimitSet, order: Order) -> bool:
    """Whether the worst case of the order's side is beyond a limit that binds the order."""
    most_qty, terms = limit.max_position_qty, order.terms
    if most_qty is None:
        return False
    return worst_qty(state, limits.key_of(limit), terms.instrument_id, terms.side) > most_qty


# ------------------------------------------------------------------------------ evolve


def positions_of(state: State, terms: OrderAccepted) -> Iterator[Position]:
    """The positions that an order counts for."""
    for key in limits.keys_of_order(terms.client_id, terms.instrument_id, terms.currency):
        if is_bound(state, key):
            yield state.positions.setdefault((*key, terms.instrument_id), Position())


def on_limit_changed(state: State, limit: RiskLimitSet, former: RiskLimitSet | None) -> None:
    """Begin to count for a new position limit; one that has ended is forgotten."""
    key = limits.key_of(limit)
    if limit.max_position_qty is None:
        for name in [name for name in state.positions if name[:2] == key]:
            del state.positions[name]
    elif former is None or former.max_position_qty is None:
        for order in state.orders_by_age():
            terms = order.terms
            names = limits.keys_of_order(terms.client_id, terms.instrument_id, terms.currency)
            if key in names and is_placed(order):
                held = state.positions.setdefault((*key, terms.instrument_id), Position())
                held.wanted_qty[terms.side] += order.open_qty


def is_placed(order: Order) -> bool:
    """Whether an order counts today; a carried one does from its resumption on."""
    return order.end_ns > 0


def want(state: State, order: Order, change_qty: int) -> None:
    if is_placed(order):
        for held in positions_of(state, order.terms):
            held.wanted_qty[order.terms.side] += change_qty


def on_order_accepted(state: State, event: OrderAccepted) -> None:
    want(state, state.orders[state.event_id(event.seq)], event.order_qty)


def on_order_resumed(state: State, event: OrderResumed) -> None:
    order = state.orders[event.order_id]
    want(state, order, order.open_qty)


def on_order_amended(state: State, event: OrderAmended) -> None:
    want(state, state.orders[event.order_id], event.order_qty - event.previous_qty)


def on_withdrawn(state: State, event: OrderCancelled | OrderExpired) -> None:
    want(state, state.orders[event.order_id], -event.withdrawn_qty)


def on_order_restated(state: State, event: OrderRestated) -> None:
    change_qty = event.previous_withdrawn_qty - event.withdrawn_qty
    want(state, state.orders[event.order_id], change_qty)


def may_count(state: State) -> bool:
    """Whether an execution may change a position; on most days there is no limit of one."""
    return bool(state.positions or state.unplaced)


def on_fill_allocated(state: State, event: FillAllocated) -> None:
    if may_count(state):
        done(state, event, zip(event.order_ids, event.shares_qty, strict=True))
        done(state, event, zip(event.other_order_ids, event.other_shares_qty, strict=True))


def on_cross_allocated(state: State, event: CrossAllocated) -> None:
    if may_count(state):
        done(state, event, ((share.order_id, share.share_qty) for share in event.shares))


def on_fill_reallocated(state: State, event: FillReallocated) -> None:
    if may_count(state):
        done(state, event, ((share.order_id, -share.share_qty) for share in event.before))
        done(state, event, ((share.order_id, share.share_qty) for share in event.after))


def done(
    state: State,
    event: FillAllocated | CrossAllocated | FillReallocated,
    parts: Iterable[tuple[str, int]],
) -> None:
    members = state.parent(event.parent_id).members
    for order_id, qty in parts:
        if order_id not in members:
            continue  # It ended on an earlier day, and positions are of one day.
        order = members[order_id].order
        for held in positions_of(state, order.terms):
            held.done_qty[order.terms.side] += qty
            if not is_placed(order):  # A late fill of a carried order, which is not wanted yet.
                held.wanted_qty[order.terms.side] += qty


EVOLVE: Mapping[type, Callable[[State, Any], None]] = {
    FillAllocated: on_fill_allocated,
    OrderAccepted: on_order_accepted,
    OrderCancelled: on_withdrawn,
    OrderExpired: on_withdrawn,
    OrderAmended: on_order_amended,
    OrderResumed: on_order_resumed,
    OrderRestated: on_order_restated,
    CrossAllocated: on_cross_allocated,
    FillReallocated: on_fill_reallocated,
}
