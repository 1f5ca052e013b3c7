"""The store of a day's finished parents, until the close.

A parent is stored whole: with its members' orders, its children, its fills, and every key by which
a later input may refer to one of them. It can be read in place; to change, it is reloaded first
(see `eviction`). The core knows the store as a protocol: in memory here, in a file where the
runtime provides one.

An order of several parents belongs to none of them. It stays in the state's indices as long as one
of its parents does; then it is stored beside them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import NamedTuple, Protocol

from engine.core.state.model import ExecutionKey, Order, Parent

_change_ids, _order_qty = attrgetter("change_ids"), attrgetter("order_qty")
_crossed_qty, _allocated_qty = attrgetter("crossed_qty"), attrgetter("allocated_qty")
_withdrawn_qty = attrgetter("withdrawn_qty")


class StoreEntry(NamedTuple):
    """The object that a key of the store names."""

    name: str  # Id of the order, child or fill.
    parent_id: str  # The parent that it is stored with.


class SharedOrder(NamedTuple):
    """A reference in place of an order that several parents share, in a stored parent."""

    order_id: str


class StoreMark(NamedTuple):
    """Reference of a snapshot to its store's file."""

    file: str  # Its name in the snapshots' folder; empty for an empty store.
    at: int  # Additions and removals up to this moment count.
    known: bytes  # Bloom filter of the keys.


@dataclass(slots=True)
class StoreTotals:
    """Running totals of the stored parents, by which states are compared."""

    parents: int = 0
    orders: int = 0
    order_ids: int = 0
    children: int = 0
    fills: int = 0
    executions: int = 0
    order_qty: int = 0
    crossed_qty: int = 0
    allocated_qty: int = 0
    withdrawn_qty: int = 0
    filled_qty: int = 0
    notional: int = 0  # Sum of px * qty of the fills, after busts and corrections.

    def count(self, parent: Parent, orders: Sequence[Order], sign: int) -> None:
        """Add a stored parent and its orders, or subtract them with a sign of -1."""
        self.parents += sign
        self.orders += sign * len(orders)
        self.order_ids += sign * (len(orders) + sum(map(len, map(_change_ids, orders))))
        self.order_qty += sign * sum(map(_order_qty, orders))
        self.crossed_qty += sign * sum(map(_crossed_qty, orders))
        self.allocated_qty += sign * sum(map(_allocated_qty, orders))
        self.withdrawn_qty += sign * sum(map(_withdrawn_qty, orders))
        self.children += sign * len(parent.ended_children)
        self.fills += sign * len(parent.fills)
        self.executions += sign * sum(len(fill.executions) for fill in parent.fills)
        self.filled_qty += sign * parent.filled_qty
        self.notional += sign * parent.notional


class FinishedStore(Protocol):
    """Interface of a store, for eviction and `decide`. `orders` are those in the indices, by id.

    `at` orders the changes: it grows with each seal, and within a batch reloads come before
    evictions.
    """

    def add(
        self, parent: Parent, shared: Sequence[Order], names: Mapping[str, str], at: int
    ) -> None:
        """Store a parent, and the shared orders that have no other parent in the indices.

        `names` maps each key of the parent's objects to the id of the object.
        """

    def remove(self, parent_id: str, orders: Mapping[str, Order], at: int) -> Parent:
        """Take a parent out of the store, with its shared orders that are not in the indices."""

    def peek(self, parent_id: str, orders: Mapping[str, Order]) -> Parent:
        """A stored parent; read only."""

    def knows(self, parent_id: str, orders: Mapping[str, Order]) -> bool:
        """Whether a parent of this id is stored."""

    def find(self, key: str) -> StoreEntry | None:
        """The object with this key; callers look in the state's indices first."""

    def parents(self, orders: Mapping[str, Order]) -> Iterator[Parent]:
        """All stored parents, in no order; for comparisons."""

    def clear(self) -> None:
        """Remove everything, at the close of a day."""

    def retain(self) -> None:
        """Keep the present content readable for a recovery from a snapshot.

        Raises OSError where that fails.
        """

    def close(self) -> None:
        """Release its resources; nothing is called after it."""


@dataclass(slots=True)
class MemoryStore:
    """A store in memory: for short days, and for tests."""

    stored: dict[str, Parent] = field(default_factory=dict)
    shared: dict[str, Order] = field(default_factory=dict)
    names: dict[str, StoreEntry] = field(default_factory=dict)

    def add(
        self, parent: Parent, shared: Sequence[Order], names: Mapping[str, str], _: int
    ) -> None:
        self.stored[parent.parent_id] = parent
        self.shared |= {order.order_id: order for order in shared}
        self.names |= {key: StoreEntry(name, parent.parent_id) for key, name in names.items()}

    def remove(self, parent_id: str, orders: Mapping[str, Order], _: int) -> Parent:
        parent = self.stored.pop(parent_id)
        for order_id in parent.members:
            if order_id not in orders:
                self.shared.pop(order_id, None)
        return parent

    def peek(self, parent_id: str, _: Mapping[str, Order]) -> Parent:
        return self.stored[parent_id]

    def knows(self, parent_id: str, _: Mapping[str, Order]) -> bool:
        return parent_id in self.stored

    def find(self, key: str) -> StoreEntry | None:
        return self.names.get(key)

    def parents(self, _: Mapping[str, Order]) -> Iterator[Parent]:
        return iter(self.stored.values())

    def clear(self) -> None:
        self.stored, self.shared, self.names = {}, {}, {}

    def retain(self) -> None:
        """A snapshot contains all of it."""

    def close(self) -> None:
        """There is nothing to release."""


def order_key(source: str, cl_ord_id: str) -> str:
    return f"o{len(source)} {source}{cl_ord_id}"  # The length keeps two texts apart.


def child_key(child_id: str) -> str:
    return f"c{child_id}"


def execution_key(key: ExecutionKey) -> str:
    venue, session_day, exec_id, exec_type = key
    return f"x{session_day} {exec_type} {len(venue)} {venue}{exec_id}"
