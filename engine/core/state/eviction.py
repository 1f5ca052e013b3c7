"""Evict finished parents to the store, and reload a parent that has to change again.

A parent is finished some time after its end, when each of its orders has nothing open or works in
another parent. No stage works on it any more, but inputs may still refer to it until the close: a
resend of one of its orders or executions is a duplicate, a cancel comes too late, and a late fill,
a bust or a correction is booked and allocated anew. A day has far more finished parents than
working ones, so the finished ones live in the store and not in the state's indices.

Live operation, verification and recovery evict the same parents at the same seals. `decide` reads
a parent in the store; an `evolve` reloads the parent that it changes, and a later seal evicts it
again. No decision depends on where a parent is. A seal evicts in proportion to what its batch
wrote, so no batch waits long for it.
"""

from engine.core.state.finished_store import child_key, execution_key, order_key
from engine.core.state.model import Child, ExecutionKey, Fill, Order, Parent
from engine.core.state.state import State

EVICT_MIN = 500  # Members, children and fills that every seal may evict, at the least.


# ------------------------------------------------------------------------------ decide


def child_of(state: State, child_id: str) -> Child | None:
    """A child of the day, live or ended; read only."""
    child = state.children.get(child_id)
    if child is not None or not state.store_totals.children:
        return child
    found = state.finished.find(child_key(child_id))
    if found is None:
        return None
    children = state.parent(found.parent_id).ended_children
    return next(child for child in children if child.child_id == child_id)


def order_of(state: State, source: str, cl_ord_id: str) -> Order | None:
    """The order of the day with an id of its source, its own or a change's; read only."""
    order_id = state.order_ids.get((source, cl_ord_id))
    if order_id is not None or not state.store_totals.orders:
        return None if order_id is None else state.orders[order_id]
    found = state.finished.find(order_key(source, cl_ord_id))
    return None if found is None else state.parent(found.parent_id).members[found.name].order


def fill_of(state: State, key: ExecutionKey) -> Fill | None:
    """The fill that an execution booked, corrected or busted; read only."""
    fill_id = state.executions.get(key)
    if fill_id is not None:
        return state.fills[fill_id]
    found = state.finished.find(execution_key(key)) if state.store_totals.executions else None
    if found is None:
        return None
    return next(x for x in state.parent(found.parent_id).fills if x.fill_id == found.name)


# ------------------------------------------------------------------------------ evolve


def evict_finished(state: State, now_ns: int) -> None:
    """At a seal: evict the parents that are finished; check the others again later."""
    left = EVICT_MIN + state.next_seq - state.sealed_seq
    state.sealed_seq = state.next_seq
    state.seals += 1
    ended = state.ended
    for _ in range(len(ended)):
        parent_id, due_ns = next(iter(ended.items()))
        if due_ns > now_ns or left <= 0:
            return
        del ended[parent_id]
        parent = state.parents_ended[parent_id]
        left -= len(parent.members)
        if is_finished(parent):  # Each child and fill had events of its own, which paid for it.
            left -= len(parent.ended_children) + len(parent.fills)
            evict(state, parent)
        else:
            ended[parent_id] = now_ns + state.evict_after_ns


def is_finished(parent: Parent) -> bool:
    """Whether no order that is open or has a pending change would lose its last parent."""
    for member in parent.members.values():
        order = member.order
        if (order.open_qty or order.pending is not None) and order.homes == 1:
            return False
    return True


def evict(state: State, parent: Parent) -> None:
    """Move a parent to the store, with each order that has no other parent in the indices."""
    parent_id = parent.parent_id
    del state.parents_ended[parent_id]
    orders, order_ids = state.orders, state.order_ids
    names: dict[str, str] = {}  # Key to id.
    own: list[Order] = []
    for order_id, member in parent.members.items():
        order = member.order
        order.homes -= 1
        if order.homes:
            order.is_shared = True
            continue
        own.append(order)
        del orders[order_id]
        source = order.terms.source
        for cl_ord_id in (order.terms.cl_ord_id, *order.change_ids):
            del order_ids[(source, cl_ord_id)]
            names[order_key(source, cl_ord_id)] = order_id
    for child in parent.ended_children:
        del state.children[child.child_id]
        names[child_key(child.child_id)] = child.child_id
    for fill in parent.fills:
        del state.fills[fill.fill_id]
        for key in fill.executions:
            del state.executions[key]
            names[execution_key(key)] = fill.fill_id
    state.store_totals.count(parent, own, 1)
    shared = [order for order in own if order.is_shared]
    # Odd: after the reloads of this batch, before those of the next one.
    state.finished.add(parent, shared, names, 2 * state.seals + 1)


def reload(state: State, parent_id: str) -> Parent:
    """A parent in the state's indices, with its orders, children and fills; reloaded if evicted."""
    parent = state.parents.get(parent_id) or state.parents_ended.get(parent_id)
    if parent is not None:
        return parent
    parent = state.finished.remove(parent_id, state.orders, 2 * state.seals + 2)
    own: list[Order] = []
    for order_id, member in parent.members.items():
        order = member.order
        order.homes += 1
        if order_id in state.orders:
            continue
        own.append(order)
        state.orders[order_id] = order
        for cl_ord_id in (order.terms.cl_ord_id, *order.change_ids):
            state.order_ids[(order.terms.source, cl_ord_id)] = order_id
    state.store_totals.count(parent, own, -1)
    add_ended(state, parent)
    return parent


def add_ended(state: State, parent: Parent) -> None:
    """Put an ended parent into the indices, with its children and fills."""
    for child in parent.ended_children:
        state.children[child.child_id] = child
    for fill in parent.fills:
        state.fills[fill.fill_id] = fill
        state.executions |= dict.fromkeys(fill.executions, fill.fill_id)
    state.parents_ended[parent.parent_id] = parent
    state.ended[parent.parent_id] = state.sealed_ns + state.evict_after_ns
