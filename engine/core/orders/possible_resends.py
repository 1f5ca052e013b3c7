"""Answer a request that was sent again with the present state of its order.

FIX calls it a possible resend (97): the sender does not know whether its first message arrived. A
known request is answered with OrderStatusReported and changes nothing; an unknown one is a request
like any other. The flag alone is not believed: an order with other content under a known id is the
duplicate that it would be without the flag. A request without the flag that has a known id is
refused as a duplicate. Source: FIX 4.4 Volume 2, "Possible resends".
"""

from collections.abc import Callable, Mapping
from typing import Any

from engine.core.events import (
    Change,
    OrderAccepted,
    OrderAmendRequested,
    OrderCancelRequested,
    OrderStatusReported,
    OrderSubmitted,
    OrdStatus,
)
from engine.core.field_copy import field_names
from engine.core.state.eviction import order_of
from engine.core.state.model import AMENDABLE, Order
from engine.core.state.state import State

# An amend may change these, and acceptance or a new day's mandate decides the others.
CHANGING = (*AMENDABLE, "order_qty", "limit_px")
DECIDED = (
    *("start_ns", "no_dark", "excluded_venues", "crossing_consent", "currency"),
    *("arrival_mid_px", "value_px", "received_ns", "end_ns", "max_participation_ppm"),
)
COMPARED = tuple(name for name in field_names(OrderAccepted) if name not in DECIDED)
KEPT = tuple(name for name in COMPARED if name not in CHANGING)

# ------------------------------------------------------------------------------ decide


def status_of_resent(
    state: State, request: OrderSubmitted | OrderAmendRequested | OrderCancelRequested
) -> tuple[OrderStatusReported, ...]:
    """The answer to a request that may have been sent before; () if it is to be judged."""
    if not request.poss_resend:
        return ()
    order = order_of(state, request.source, request.cl_ord_id)
    if order is None:
        return ()
    if isinstance(request, OrderSubmitted) and not has_content_of(order, request):
        return ()
    return (status_reported(order, request.cl_ord_id),)


def has_content_of(order: Order, request: OrderSubmitted) -> bool:
    """Whether a request states what the order was accepted with, as far as amends have left it."""
    names = KEPT if order.change_ids else COMPARED
    return all(getattr(order.terms, name) == getattr(request, name) for name in names)


def status_reported(order: Order, cl_ord_id: str) -> OrderStatusReported:
    return OrderStatusReported(
        order_id=order.order_id,
        source=order.terms.source,
        cl_ord_id=cl_ord_id,
        ord_status=status_of(order),
        order_qty=order.order_qty,
        limit_px=order.limit_px,
        cum_qty=order.cum_qty,
        leaves_qty=order.open_qty,
        avg_px=order.avg_px,
        pending_cl_ord_id="" if order.pending is None else order.pending.cl_ord_id,
    )


def status_of(order: Order) -> OrdStatus:
    """The highest of the states that hold, by FIX's order of precedence."""
    if order.pending is not None:
        is_cancel = order.pending.change is Change.CANCEL
        return OrdStatus.PENDING_CANCEL if is_cancel else OrdStatus.PENDING_REPLACE
    if order.open_qty:
        return OrdStatus.PARTIALLY_FILLED if order.cum_qty else OrdStatus.NEW
    if not order.withdrawn_qty:
        return OrdStatus.FILLED
    return OrdStatus.EXPIRED if order.is_expired else OrdStatus.CANCELED


# ------------------------------------------------------------------------------ evolve


def on_status_reported(_: State, __: OrderStatusReported) -> None:
    """An answer; it changes nothing."""


EVOLVE: Mapping[type, Callable[[State, Any], None]] = {OrderStatusReported: on_status_reported}
