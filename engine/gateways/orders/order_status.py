"""The state of a client's order in FIX's words, as the client was told it.

FIX 4.4, Appendix D, gives an order one status out of all that hold at a time, by precedence: an
order that fills while its cancel waits is pending cancel, and filled once the cancel is refused.
What is left follows from it: nothing of an order that is canceled, rejected or expired, else the
ordered quantity less what is done.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from engine.core.events import Change, OrderAccepted, OrderCarried, Side
from engine.core.state.state import seq_of


class OrdStatus(StrEnum):
    """FIX tag 39, of the highest precedence first."""

    PENDING_CANCEL = "6"
    PENDING_REPLACE = "E"
    FILLED = "2"
    CANCELED = "4"
    EXPIRED = "C"
    PARTIALLY_FILLED = "1"
    NEW = "0"
    REJECTED = "8"


PENDING = {
    Change.CANCEL: OrdStatus.PENDING_CANCEL,
    Change.AMEND: OrdStatus.PENDING_REPLACE,
}


@dataclass(slots=True)
class ToldOrder:
    """An order as its client knows it; prices in 1e-9 currency units."""

    order_id: str
    source: str
    instrument_id: str
    side: Side
    cl_ord_id: str  # The last accepted one.
    order_qty: int
    cum_qty: int = 0
    notional: int = 0  # Sum of px * qty of the executions that stand.
    former_cum_qty: int = 0  # Done in parents of earlier days.
    former_notional: int = 0
    carried_seq: int = -1  # Of its last OrderCarried; parents before it are of earlier days.
    cut_qty: int = 0  # Given back in parts, while the rest was open; not in order_qty.
    ended: OrdStatus | None = None  # CANCELED or EXPIRED.
    pending: tuple[Change, str] | None = None  # The request that waits, and its id.
    cl_ord_ids: list[str] = field(default_factory=list)  # Every id that names it.
    exec_ids: dict[str, str] = field(default_factory=dict)  # The newest report on each fill.

    @property
    def status(self) -> OrdStatus:
        """The highest of all states that hold."""
        if self.pending is not None:
            return PENDING[self.pending[0]]
        if self.cum_qty >= self.order_qty:
            return OrdStatus.FILLED
        if self.ended is not None:
            return self.ended
        return OrdStatus.PARTIALLY_FILLED if self.cum_qty else OrdStatus.NEW

    @property
    def leaves_qty(self) -> int:
        return 0 if self.ended is not None else max(0, self.order_qty - self.cum_qty)

    def count(self, parent_id: str, qty: int, notional: int) -> None:
        """Add an execution in a parent, or subtract it; it counts for the day of the parent."""
        self.cum_qty += qty
        self.notional += notional
        if seq_of(parent_id) < self.carried_seq:
            self.former_cum_qty += qty
            self.former_notional += notional

    @property
    def avg_px(self) -> int:
        """The average price of what is executed, rounded to eight places; 0 without any."""
        return average_px(self.notional, self.cum_qty)

    @property
    def day_avg_px(self) -> int:
        """The same of the day's executions."""
        notional = self.notional - self.former_notional
        return average_px(notional, self.cum_qty - self.former_cum_qty)

    @property
    def is_open(self) -> bool:
        return self.leaves_qty > 0 or self.pending is not None


def average_px(notional: int, qty: int) -> int:
    return (notional + 5 * qty) // (10 * qty) * 10 if qty else 0  # Half up.


def told_order(order_id: str, terms: OrderAccepted | OrderCarried) -> ToldOrder:
    """The order as it was accepted, or as a log that continues another one carries it."""
    return ToldOrder(
        order_id=order_id,
        source=terms.source,
        instrument_id=terms.instrument_id,
        side=terms.side,
        cl_ord_id=terms.cl_ord_id,
        order_qty=terms.order_qty,
        cl_ord_ids=[terms.cl_ord_id],
    )
