"""Tickets: orders, amends and cancels as people and order files write them.

A ticket is a row of a CSV file, a JSON object, or the flags of a command. It is parsed once, here,
and becomes an event. The edge refuses only what an event cannot say: not a number, beyond 64 bits,
a word outside its list, an empty id. Everything else passes and is the engine's to judge, so that
the log holds it and its refusal: a negative quantity, a limit off tick, an unknown instrument.

Order files have the columns of `COLUMNS`; an empty cell is an absent value.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, ValidationError

from engine.core.events import (
    Benchmark,
    Capacity,
    OrderAmendRequested,
    OrderCancelRequested,
    OrderSubmitted,
    OrderType,
    Side,
    TimeInForce,
    Urgency,
)
from engine.gateways.values import Code, Codes, Ns, Ppm, Px, Qty, Text, Truth, Word, explain
from engine.log.port import EngineError

REGULAR = "REGULAR"  # Settlement terms where a ticket names none.


class TicketError(EngineError):
    """What was written cannot be said in an event; names each field, found and expected."""


class _Ticket(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    action: ClassVar[str]

    ts: Ns | None = None  # When it comes in a simulated day; a live edge stamps its own time.
    source: Code
    cl_ord_id: Code
    instrument_id: Code


class OrderTicket(_Ticket):
    action = "submit"

    client_id: Code
    side: Word[Side]
    order_qty: Qty
    order_type: Word[OrderType] | None = None  # Absent: LIMIT where there is a limit.
    limit_px: Px | None = None
    time_in_force: Word[TimeInForce] = TimeInForce.DAY
    urgency: Word[Urgency] = Urgency.NORMAL
    benchmark: Word[Benchmark] = Benchmark.ARRIVAL
    start: Ns | None = None
    end: Ns | None = None
    max_participation: Ppm | None = None
    no_dark: Truth = False
    excluded_venues: Codes = ()
    crossing_consent: Truth | None = None
    must_complete: Truth = False
    capacity: Word[Capacity] = Capacity.AGENCY
    settlement: Text = REGULAR
    currency: Text | None = None
    decision_px: Px | None = None

    def to_event(self, received_ns: int) -> OrderSubmitted:
        """The request as it reached the edge at `received_ns`."""
        by_limit = OrderType.MARKET if self.limit_px is None else OrderType.LIMIT
        return OrderSubmitted(
            source=self.source,
            cl_ord_id=self.cl_ord_id,
            client_id=self.client_id,
            instrument_id=self.instrument_id,
            side=self.side,
            order_qty=self.order_qty,
            order_type=self.order_type or by_limit,
            limit_px=self.limit_px,
            time_in_force=self.time_in_force,
            urgency=self.urgency,
            benchmark=self.benchmark,
            start_ns=self.start,
            end_ns=self.end,
            max_participation_ppm=self.max_participation,
            no_dark=self.no_dark,
            excluded_venues=self.excluded_venues,
            crossing_consent=self.crossing_consent,
            must_complete=self.must_complete,
            capacity=self.capacity,
            settlement=self.settlement,
            currency=self.currency,
            decision_px=self.decision_px,
            received_ns=received_ns,
        )


class AmendTicket(_Ticket):
    action = "amend"

    orig_cl_ord_id: Code
    order_qty: Qty | None = None
    limit_px: Px | None = None

    def to_event(self, received_ns: int) -> OrderAmendRequested:
        """The request as it reached the edge at `received_ns`."""
        return OrderAmendRequested(
            source=self.source,
            cl_ord_id=self.cl_ord_id,
            orig_cl_ord_id=self.orig_cl_ord_id,
            instrument_id=self.instrument_id,
            order_qty=self.order_qty,
            limit_px=self.limit_px,
            received_ns=received_ns,
        )


class CancelTicket(_Ticket):
    action = "cancel"

    orig_cl_ord_id: Code

    def to_event(self, received_ns: int) -> OrderCancelRequested:
        """The request as it reached the edge at `received_ns`."""
        return OrderCancelRequested(
            source=self.source,
            cl_ord_id=self.cl_ord_id,
            orig_cl_ord_id=self.orig_cl_ord_id,
            instrument_id=self.instrument_id,
            received_ns=received_ns,
        )


Ticket = OrderTicket | AmendTicket | CancelTicket
TicketEvent = OrderSubmitted | OrderAmendRequested | OrderCancelRequested
ACTIONS: Mapping[str, type[OrderTicket] | type[AmendTicket] | type[CancelTicket]] = {
    kind.action: kind for kind in (OrderTicket, AmendTicket, CancelTicket)
}
COLUMNS = (
    "ts",
    "action",
    "source",
    "cl_ord_id",
    "orig_cl_ord_id",
    *(x for x in OrderTicket.model_fields if x not in ("ts", "source", "cl_ord_id")),
)


def parse(row: Mapping[str, Any]) -> Ticket:
    """The ticket in a row or JSON object; empty values are absent, no action is a submit.

    Raises TicketError.
    """
    given = {name: value for name, value in row.items() if value not in ("", None)}
    action = given.pop("action", OrderTicket.action)
    kind = ACTIONS.get(action.strip().lower()) if isinstance(action, str) else None
    if kind is None:
        raise TicketError(f"action: found {action!r:.60}, expected one of {', '.join(ACTIONS)}")
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        raise TicketError(explain(error)) from None
