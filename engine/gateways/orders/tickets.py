"""Tickets: orders, amends and cancels as people and order files write them.

A ticket is a row of a CSV file, a JSON object, or the flags of a command. One model states its
fields: the columns, the keys and the flags are made from it. A field has the name of the event's
field, or an alias where people write another unit: a time for `start_ns`, a part of one for
`max_participation_ppm`.

A ticket is parsed once, here, and becomes an event. The edge refuses only what an event cannot
hold: text that is no number, a number beyond 64 bits, a word outside its list, an empty id.
Everything else passes and is the engine's to judge, so that the log holds both the request and its
refusal: a negative quantity, a limit off tick, an unknown instrument.

Order files have the columns of `COLUMNS`; an empty cell is an absent value.
"""

from collections.abc import Mapping
from dataclasses import fields
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo

from engine.core.events import (
    Benchmark,
    Capacity,
    Immediacy,
    OrderAmendRequested,
    OrderCancelRequested,
    OrderSubmitted,
    OrderType,
    SaleMarking,
    Side,
    TimeInForce,
    Urgency,
)
from engine.gateways.values import Code, Codes, Day, Ns, Ppm, Px, Qty, Text, Truth, Word, explain
from engine.log.port import EngineError

REGULAR = "REGULAR"  # Settlement terms where a ticket names none.


class TicketError(EngineError):
    """A ticket that no event can hold; names each field, what was found and what was expected."""


class Lifetime(StrEnum):
    """Time in force as FIX and people state it; the events hold it in two fields."""

    DAY = "DAY"
    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"


def lifetime_of(stated: Lifetime) -> dict[str, Any]:
    """The two fields: an order that trades at once is of the day."""
    if stated in (Lifetime.DAY, Lifetime.GTC):
        return {"time_in_force": TimeInForce(stated), "immediacy": Immediacy.NONE}
    return {"time_in_force": TimeInForce.DAY, "immediacy": Immediacy(stated)}


# FIX's codes of the same words: Side (54), OrdType (40), TimeInForce (59).
SIDE_CODES = {"B": "BUY", "1": "BUY", "S": "SELL", "2": "SELL"}
SHORT_SALE_CODES = ("5", "6", "SS", "SSE")
TYPE_CODES = {"1": "MARKET", "2": "LIMIT"}
LIFETIME_CODES = {"0": "DAY", "1": "GTC", "3": "IOC", "4": "FOK"}


def coded(codes: Mapping[str, str]) -> BeforeValidator:
    """Read a code as its word, and any other text as it is."""
    return BeforeValidator(
        lambda value: (
            codes.get(str(value).strip().upper(), value) if isinstance(value, str | int) else value
        )
    )


def _no_short_sale(value: object) -> object:
    if str(value).strip().upper() in SHORT_SALE_CODES:
        raise ValueError("expected sell, with short or short_exempt in sale_marking")
    return value


SideWord = Annotated[Word[Side], coded(SIDE_CODES), BeforeValidator(_no_short_sale)]
TypeWord = Annotated[Word[OrderType], coded(TYPE_CODES)]
LifetimeWord = Annotated[Word[Lifetime], coded(LIFETIME_CODES)]


class _Ticket(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    action: ClassVar[str]

    ts: Ns | None = Field(
        default=None, description="Time in a simulated day; a live edge stamps its own."
    )
    source: Code = Field(description="System that sends the request.")
    cl_ord_id: Code = Field(description="The source's id of the request.")
    instrument_id: Code = Field(description="Id of the instrument.")
    poss_resend: Truth = Field(
        default=False, description="It may have been sent before: a known one gets its state."
    )

    def fields_of_event(self) -> dict[str, Any]:
        return {name: value for name, value in self if name != "ts"}


class OrderTicket(_Ticket):
    """An order; its fields are those of OrderSubmitted."""

    action = "submit"

    client_id: Code = Field(description="Code of the client.")
    side: SideWord = Field(description="buy or sell.")
    order_qty: Qty = Field(description="Quantity, smallest increments.")
    order_type: TypeWord | None = Field(
        default=None, description="market or limit; absent: limit if there is a limit price."
    )
    limit_px: Px | None = Field(default=None, description="Worst price, as in 157.25.")
    time_in_force: LifetimeWord = Field(default=Lifetime.DAY, description="day, gtc, ioc or fok.")
    urgency: Word[Urgency] = Field(default=Urgency.NORMAL, description="low, normal or high.")
    benchmark: Word[Benchmark] = Field(
        default=Benchmark.ARRIVAL, description="arrival, vwap, twap or pov."
    )
    start_ns: Ns | None = Field(
        default=None, alias="start", description="Earliest start, ISO time with zone."
    )
    end_ns: Ns | None = Field(
        default=None, alias="end", description="Latest end, ISO time with zone."
    )
    max_participation_ppm: Ppm | None = Field(
        default=None,
        alias="max_participation",
        description="Highest part of all volume, as in 10%.",
    )
    no_dark: Truth = Field(default=False, description="No dark venues.")
    excluded_venues: Codes = Field(default=(), description="Venue codes, as in DPX1;DPX2.")
    crossing_consent: Truth | None = Field(
        default=None,
        description="yes or no: may it cross with another client? Absent: as in the mandate.",
    )
    must_complete: Truth = Field(default=False, description="Completion before cost.")
    capacity: Word[Capacity] = Field(
        default=Capacity.AGENCY, description="agency, principal or riskless_principal."
    )
    settlement: Text = Field(default=REGULAR, description="Settlement terms; absent: REGULAR.")
    currency: Text | None = Field(
        default=None, description="ISO 4217 code; absent: the instrument's."
    )
    decision_px: Px | None = Field(
        default=None, description="Market price when the order was decided on."
    )
    account: Text = Field(default="", description="Account at the client.")
    sale_marking: Word[SaleMarking] = Field(
        default=SaleMarking.LONG, description="long, short or short_exempt, of a sale."
    )
    locate_id: Text = Field(default="", description="Reference of a short sale's locate.")
    display_qty: Qty = Field(
        default=0, description="Most that rests at one venue at a time; absent: all."
    )
    settl_date: Day | None = Field(
        default=None, description="Settlement date, as in 2018-01-05; absent: the regular one."
    )
    return_on_halt: Truth = Field(
        default=False, description="A halt of the instrument returns the order."
    )

    def to_event(self, received_ns: int) -> OrderSubmitted:
        """The request as it reached the edge at `received_ns`."""
        stated = self.fields_of_event()
        by_limit = OrderType.MARKET if self.limit_px is None else OrderType.LIMIT
        stated["order_type"] = self.order_type or by_limit
        stated["settl_date"] = self.settl_date or 0
        stated |= lifetime_of(self.time_in_force)
        return OrderSubmitted(**stated, received_ns=received_ns)


class AmendTicket(_Ticket):
    """New terms for an order; an absent one stays.

    It may state who and what the order is for; the engine refuses another value than the order's.
    """

    action = "amend"

    orig_cl_ord_id: Code
    order_qty: Qty | None = None
    limit_px: Px | None = None
    order_type: TypeWord | None = None
    time_in_force: LifetimeWord | None = None
    end_ns: Ns | None = Field(default=None, alias="end")
    display_qty: Qty | None = None
    must_complete: Truth | None = None
    max_participation_ppm: Ppm | None = Field(default=None, alias="max_participation")
    client_id: Code | None = None
    side: SideWord | None = None
    account: Text | None = None
    sale_marking: Word[SaleMarking] | None = None
    settl_date: Day | None = None

    def to_event(self, received_ns: int) -> OrderAmendRequested:
        """The request as it reached the edge at `received_ns`."""
        stated = {"immediacy": None, **self.fields_of_event()}
        if self.time_in_force is not None:
            stated |= lifetime_of(self.time_in_force)
        return OrderAmendRequested(**stated, received_ns=received_ns)


class CancelTicket(_Ticket):
    """A request to withdraw the open quantity of an order.

    It may repeat the order's other terms, as FIX's cancel request does. They are not read: all that
    is open is withdrawn, and a slip in a term is no reason to let an order go on.
    """

    action = "cancel"

    orig_cl_ord_id: Code

    def to_event(self, received_ns: int) -> OrderCancelRequested:
        """The request as it reached the edge at `received_ns`."""
        return OrderCancelRequested(**self.fields_of_event(), received_ns=received_ns)


Ticket = OrderTicket | AmendTicket | CancelTicket
TicketEvent = OrderSubmitted | OrderAmendRequested | OrderCancelRequested
ACTIONS: Mapping[str, type[OrderTicket] | type[AmendTicket] | type[CancelTicket]] = {
    kind.action: kind for kind in (OrderTicket, AmendTicket, CancelTicket)
}


def _order_fields() -> dict[str, FieldInfo]:
    """An order's fields by column, in the order of the event."""
    known = OrderTicket.model_fields
    names = [field.name for field in fields(OrderSubmitted) if field.name in known]
    return {known[name].alias or name: known[name] for name in names}


ORDER_FIELDS: Mapping[str, FieldInfo] = _order_fields()
IDS = ("source", "cl_ord_id")
REPEATED = frozenset(ORDER_FIELDS) - frozenset(CancelTicket.model_fields)  # Of a cancel.
COLUMNS = ("ts", "action", *IDS, "orig_cl_ord_id", *(x for x in ORDER_FIELDS if x not in IDS))


def parse(row: Mapping[str, Any]) -> Ticket:
    """The ticket in a row or JSON object; empty values are absent, no action is a submit.

    Raises TicketError.
    """
    given = {name: value for name, value in row.items() if value not in ("", None)}
    action = given.pop("action", OrderTicket.action)
    kind = ACTIONS.get(action.strip().lower()) if isinstance(action, str) else None
    if kind is None:
        raise TicketError(f"action: found {action!r:.60}, expected one of {', '.join(ACTIONS)}")
    if kind is CancelTicket:
        given = {x: value for x, value in given.items() if x not in REPEATED}
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        raise TicketError(explain(error)) from None
