"""An order file's rows: how one is written, and the market that its writer sees.

A row is an order, an amend or a cancel. The file is CSV with the columns of a ticket
(`gateways/orders/tickets.py`, which reads it) or JSON lines with these keys; an empty value means
none. Values are for people: prices and parts of one are decimals, times ISO 8601 in UTC, venue
codes are joined by semicolons.

A writer of orders sees the quotes up to each row's own time and none later.
"""

import csv
import heapq
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from engine.core.events import QuoteObserved, Side
from engine.core.market import consolidated, reference
from engine.core.state.state import State
from engine.gateways.orders.tickets import COLUMNS
from engine.log.port import EngineError
from engine.simulation.chance import Draw
from engine.simulation.market.data import MarketData
from engine.simulation.market.reference import reference_of_folders
from engine.simulation.order_mistakes import Row

NS = 1_000_000_000  # Nanoseconds a second, and price units a currency unit.
MS_NS = 1_000_000
MINUTE_NS = 60 * NS

SUBMIT, AMEND, CANCEL = "submit", "amend", "cancel"
NO_MARKET_PX = 100 * NS  # Limits are near this price until there is a quote.
UNKNOWN_PPM = 50_000  # Of changes name an order that was never sent.


class OrderFileError(EngineError):
    """An order file cannot be written as asked."""


class Moment(NamedTuple):
    """A row to come: its time, its order and its action."""

    at_ns: int
    order: int  # Number of the order, count.
    action: str


class SeenMarket:
    """The market as a writer of orders sees it: the quotes up to a time, never a later one."""

    def __init__(self, markets: Sequence[MarketData]) -> None:
        self._state = State(shard=0)
        for event in reference_of_folders([data.facts for data in markets]):
            reference.FACTS[type(event)](self._state, event)
        self._quotes = heapq.merge(*(data.quotes() for data in markets), key=_received_ns)
        self._next = next(self._quotes, None)
        self._now_ns = 0

    def until(self, at_ns: int) -> None:
        """See the quotes up to and with this time; times must not go back."""
        while self._next is not None and self._next.received_ns <= at_ns:
            consolidated.on_quote_observed(self._state, self._next)
            self._next = next(self._quotes, None)
        self._now_ns = at_ns

    def limit_px(self, name: str, side: Side, ticks: int) -> int:
        """So many ticks beyond the near side of the best prices, on the tick."""
        near_px, tick_px = self.near_px(name, side)
        sign = 1 if side is Side.BUY else -1
        return self.on_tick_px(name, side, near_px + sign * ticks * tick_px)

    def on_tick_px(self, name: str, side: Side, px: int) -> int:
        """The price on the tick, never worse for the client than `px`; at least one tick."""
        _, tick_px = self.near_px(name, side)
        return max(tick_px, reference.on_tick_px(self._state, name, side, px))

    def near_px(self, name: str, side: Side) -> tuple[int, int]:
        """The near side of the best prices, and the tick there."""
        view = consolidated.view(self._state, name, self._now_ns)
        near_px = view.near_px(side) or NO_MARKET_PX
        return near_px, reference.tick_px(self._state, name, near_px)

    def mid_px(self, name: str, ticks: int) -> int | None:
        """So many ticks above the midpoint, and at least a tick; None without a midpoint."""
        mid_px = consolidated.view(self._state, name, self._now_ns).mid_px
        if mid_px is None:
            return None
        tick_px = reference.tick_px(self._state, name, mid_px)
        return max(tick_px, mid_px + ticks * tick_px)


def change_row(seen: SeenMarket, order: Row, lot_qty: int, moment: Moment, draw: Draw) -> Row:
    """The amend or cancel of an order; a few name an order that does not exist."""
    is_unknown = draw.happens(UNKNOWN_PPM, "unknown order")
    row = dict.fromkeys(COLUMNS, "")
    row |= {
        "ts": iso(moment.at_ns),
        "action": moment.action,
        "source": order["source"],
        "cl_ord_id": f"{order['cl_ord_id']}-{moment.action[0].upper()}",
        "orig_cl_ord_id": "NO-SUCH-ORDER" if is_unknown else order["cl_ord_id"],
        "instrument_id": order["instrument_id"],
    }
    if moment.action == AMEND and order["limit_px"] and draw.below(2, "amend limit"):
        ticks = draw.below(16, "new limit") - 5
        side = Side(order["side"])
        row["limit_px"] = decimal(seen.limit_px(order["instrument_id"], side, ticks))
    elif moment.action == AMEND:
        qty = int(order["order_qty"])
        less_qty = max(1, qty // 2)  # Floor: an order for one cannot be halved.
        row["order_qty"] = str(less_qty if draw.below(2, "amend down") else qty + lot_qty)
    return row


def write_rows(path: Path, rows: Iterable[Row]) -> None:
    """Write an order file, CSV or JSON lines by its suffix. Raises OrderFileError."""
    if path.suffix == ".csv":
        with path.open("w", encoding="utf-8", newline="") as file:
            table = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            table.writeheader()
            table.writerows(rows)
    elif path.suffix == ".jsonl":
        with path.open("w", encoding="utf-8", newline="\n") as file:
            for row in rows:
                file.write(json.dumps({name: text for name, text in row.items() if text}) + "\n")
    else:
        raise OrderFileError(f"{path}: an order file ends in .csv or .jsonl; choose one")


def decimal(px: int) -> str:
    """A price for people: 157250000000 is 157.25."""
    whole, fraction = divmod(px, NS)
    return f"{whole}.{fraction:09}".rstrip("0").rstrip(".")


def iso(at_ns: int) -> str:
    """A time for people, to the millisecond, rounded down."""
    moment = datetime.fromtimestamp(at_ns // NS, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{at_ns % NS // MS_NS:03}Z"


def in_time(moments: Iterable[Moment]) -> list[Moment]:
    """The moments in order of time; of one time as they come, so an order before its change."""
    return sorted(moments, key=_at_ns)


def _at_ns(moment: Moment) -> int:
    return moment.at_ns


def _received_ns(quote: QuoteObserved) -> int:
    return quote.received_ns
