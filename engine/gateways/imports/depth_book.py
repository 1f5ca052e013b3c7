"""The best of a book that is kept from a depth snapshot and its changes, as Binance documents it.

"How to manage a local order book correctly" (developers.binance.com): changes up to the snapshot's
`lastUpdateId` are dropped, the first one after it must follow it, and each further one must follow
the one before: on spot U is the former u plus one, on futures pu is the former u. Where a change is
missing the book is unknown: the venue has no quote until the next snapshot.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from heapq import heappop, heappush
from typing import Any

from engine.gateways.imports.port import Account, BadFieldError, Quote
from engine.gateways.imports.values import Units, decimal

WAITING_MAX = 10_000  # Changes kept for a snapshot that has not come yet.


class _Side:
    """One side: quantity by price, and its best price by a heap with late deletion."""

    def __init__(self, sign: int) -> None:
        self._sign = sign  # -1 for bids: the heap's least is the best.
        self._qtys: dict[Decimal, str] = {}
        self._heap: list[Decimal] = []

    def put(self, px: Decimal, qty: str) -> None:
        if not decimal("quantity", qty):
            self._qtys.pop(px, None)
            return
        if px not in self._qtys:
            heappush(self._heap, self._sign * px)
        self._qtys[px] = qty

    def best(self) -> tuple[Decimal, str] | None:
        while self._heap:
            px = self._sign * self._heap[0]
            if px in self._qtys:
                return px, self._qtys[px]
            heappop(self._heap)
        return None


class DepthBook:
    """One symbol's book at the venue."""

    def __init__(self, units: Units, venue: str, account: Account) -> None:
        self._units = units
        self._venue = venue
        self._account = account
        self._bids, self._asks = _Side(-1), _Side(1)
        self._last_id: int | None = None  # None while the book is unknown.
        self._is_first = False  # The next change is the first after a snapshot.
        self._waiting: list[tuple[int, Mapping[str, Any]]] = []
        self._shown: tuple[str, ...] = ()

    def on_snapshot(self, at_ns: int, snapshot: Mapping[str, Any]) -> Iterator[Quote]:
        self._bids, self._asks = _Side(-1), _Side(1)
        self._put(snapshot, "bids", "asks")
        self._last_id, self._is_first = _number(snapshot, "lastUpdateId"), True
        waiting, self._waiting = self._waiting, []
        for _, change in waiting:
            self._apply(change)
        yield from self._changed(at_ns)

    def on_change(self, at_ns: int, change: Mapping[str, Any]) -> Iterator[Quote]:
        if self._last_id is None:
            self._account.leave_out("depth before a snapshot")
            if len(self._waiting) < WAITING_MAX:
                self._waiting.append((at_ns, change))
            return
        self._apply(change)
        yield from self._changed(at_ns)

    def _apply(self, change: Mapping[str, Any]) -> None:
        first, last = _number(change, "U"), _number(change, "u")
        if self._last_id is None or last <= self._last_id:
            return
        before = change.get("pu")
        if self._is_first:
            follows = first <= self._last_id + 1
        elif before is None:
            follows = first == self._last_id + 1
        else:
            follows = before == self._last_id
        if not follows:
            self._last_id = None
            self._account.leave_out("depth after a gap")
            self._account.note("depth has a gap: no quote stands until the next snapshot")
            return
        self._last_id, self._is_first = last, False
        self._put(change, "b", "a")

    def _put(self, levels: Mapping[str, Any], bids: str, asks: str) -> None:
        for side, name in ((self._bids, bids), (self._asks, asks)):
            found = levels.get(name)
            if not isinstance(found, list) or not all(map(_is_level, found)):
                raise BadFieldError(name, str(found), "a list of price and quantity")
            for px, qty in found:
                side.put(decimal(name, px), qty)

    def _changed(self, at_ns: int) -> Iterator[Quote]:
        bid = None if self._last_id is None else self._bids.best()
        ask = None if self._last_id is None else self._asks.best()
        now = (*self._text("bid", bid), *self._text("ask", ask))
        if now != self._shown:
            self._shown = now
            yield Quote(at_ns, self._venue, *now)

    def _text(self, name: str, level: tuple[Decimal, str] | None) -> tuple[str, str]:
        if level is None:
            return "", ""
        px, qty = level
        return self._units.px(name, f"{px:f}"), self._units.size(f"{name} quantity", qty)


def _is_level(found: object) -> bool:
    return isinstance(found, list) and len(found) == 2 and all(isinstance(x, str) for x in found)


def _number(found: Mapping[str, Any], name: str) -> int:
    number = found.get(name)
    if isinstance(number, int):
        return number
    raise BadFieldError(name, str(number), "a whole number")
