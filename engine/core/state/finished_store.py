"""Where a day's finished parents wait for its close, out of the way of what is at work.

A parent goes there whole: with its members' orders, its children, its fills, and every name by
which somebody may still ask for one of them. It is looked at there without being moved; what has to
change is taken down first (see `shelving`). The core knows what a shelf does, not where it is: in
memory here, on the disk where the shell gives one.

An order that was in several parents belongs to none of them. It stays at work as long as one of
them does, then lies beside them.
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
    """What a key on the shelf stands for."""

    name: str  # Id of the order, child or fill.
    parent_id: str  # With whom it lies.


class SharedOrder(NamedTuple):
    """Stands for an order that several parents share where one of them is written."""

    order_id: str


class StoreMark(NamedTuple):
    """What a snapshot says of a shelf that lies in a file beside it."""

    file: str  # Its name in the snapshots' folder; empty if nothing is on the shelf.
    at: int  # What was put there and taken down up to here counts.
    known: bytes  # Filter of the names.


@dataclass(slots=True)
class StoreTotals:
    """Running totals of what is on the shelf, by which states are compared."""

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
    notional: int = 0  # Sum of px * qty of the fills that stand.

    def count(self, parent: Parent, orders: Sequence[Order], sign: int) -> None:
        """Count what lies there now, or with -1 what does no more."""
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
    """What `shelving` and `decide` ask of a shelf. `orders` are those at work, by id.

    `at` grows with each seal, and between two of them from what is taken to what is put.
    """

    def add(
        self, parent: Parent, shared: Sequence[Order], names: Mapping[str, str], at: int
    ) -> None:
        """Lay a parent there, and beside it what it was the last to share.

        `names` says by which keys it is asked for, and the id that each stands for.
        """

    def remove(self, parent_id: str, orders: Mapping[str, Order], at: int) -> Parent:
        """Take a parent down, with the orders it shared that are not at work."""

    def peek(self, parent_id: str, orders: Mapping[str, Order]) -> Parent:
        """A parent that lies there; not to be changed."""

    def find(self, key: str) -> StoreEntry | None:
        """What lies there under a key. Not asked for what is at work."""

    def parents(self, orders: Mapping[str, Order]) -> Iterator[Parent]:
        """All that lies there, in no order; for who compares."""

    def clear(self) -> None:
        """The day is over."""

    def retain(self) -> None:
        """Have what lies there now stay readable for who comes from a snapshot.

        Raises OSError where it can't be.
        """

    def close(self) -> None:
        """Give back what it holds; it is asked for nothing more."""


@dataclass(slots=True)
class MemoryStore:
    """A shelf in memory: for short days, and for tests."""

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

    def find(self, key: str) -> StoreEntry | None:
        return self.names.get(key)

    def parents(self, _: Mapping[str, Order]) -> Iterator[Parent]:
        return iter(self.stored.values())

    def clear(self) -> None:
        self.stored, self.shared, self.names = {}, {}, {}

    def retain(self) -> None:
        """A snapshot holds it whole."""

    def close(self) -> None:
        """Nothing is held."""


def order_key(source: str, cl_ord_id: str) -> str:
    return f"o{len(source)} {source}{cl_ord_id}"  # The length keeps two texts apart.


def child_key(child_id: str) -> str:
    return f"c{child_id}"


def execution_key(key: ExecutionKey) -> str:
    venue, session_day, exec_id, exec_type = key
    return f"x{session_day} {exec_type} {len(venue)} {venue}{exec_id}"
