"""The life of client orders as FIX 4.4 execution reports, told from the engine's events alone.

The fold reads `ingest` and `allocations` of one shard in order of `seq`, and each event that
changes an order for its client becomes a report. What happens to one child at a venue shows in no
report unless it changes the order: one order has one voice. ExecID is the event's id, so a reader
that starts anew tells the same reports under the same ids; of an event that tells several orders
something, each further report has its place in the event after a dot.

The events do not repeat all that a client asked for, so a request that is refused outright is
reported with what `requested` was told of it.

Memory holds the open orders, and until the close the ended ones, because a venue may still bust a
fill of them or report another one.
"""

from collections.abc import Callable, Mapping
from itertools import chain
from typing import Any, NamedTuple

from engine.core.events import (
    CrossAllocated,
    FillAllocated,
    FillReallocated,
    OrderAccepted,
    OrderAmended,
    OrderCancelled,
    OrderCarried,
    OrderChangePending,
    OrderChangeRejected,
    OrderExpired,
    OrderRejected,
    OrderStatusReported,
    OrderSubmitted,
    PositionsCarried,
    RejectReason,
    Side,
    StageEvent,
)
from engine.gateways.orders.fix_codes import (
    BROKER_OPTION,
    CORPORATE_ACTION,
    CXL_REJ_REASONS,
    CXL_REJ_RESPONSE_TO,
    EXECUTION_REPORT,
    NO_ORDER,
    ORD_REJ_REASONS,
    ORDER_CANCEL_REJECT,
    PARTIAL_DECLINE,
    PENDING_TYPES,
    REFUSED_BY_US,
    RESTATEMENTS,
    ExecType,
)
from engine.gateways.orders.order_status import OrdStatus, ToldOrder, told_order

REQUESTS_MAX = 10_000  # Remembered at a time; one that no shard could read is never answered.


class Report(NamedTuple):
    """An execution report, or a refused change, which has the status alone."""

    msg_type: str
    exec_id: str
    transact_ns: int
    order_id: str
    source: str
    cl_ord_id: str
    ord_status: OrdStatus
    instrument_id: str = ""
    side: Side = Side.BUY
    orig_cl_ord_id: str = ""  # Empty on a report that answers no change.
    exec_type: ExecType | None = None
    order_qty: int = 0
    cum_qty: int = 0
    leaves_qty: int = 0
    last_qty: int = 0
    last_px: int | None = None
    avg_px: int = 0  # Rounded to eight places.
    day_order_qty: int = 0
    day_cum_qty: int = 0
    day_avg_px: int = 0
    exec_ref_id: str = ""
    ord_rej_reason: int | None = None
    cxl_rej_reason: int | None = None
    cxl_rej_response_to: str = ""
    exec_restatement_reason: int | None = None
    text: str = ""


class ExecutionReports:
    """The reports of one shard's orders."""

    def __init__(self, shard: int) -> None:
        self.shard = shard
        self.orders: dict[str, ToldOrder] = {}
        self.order_of: dict[tuple[str, str], ToldOrder] = {}  # By source and any ClOrdID.
        self.requests: dict[tuple[str, str], OrderSubmitted] = {}  # Not answered yet.

    def __len__(self) -> int:
        """Orders in memory."""
        return len(self.orders)

    def requested(self, request: OrderSubmitted) -> None:
        """Remember what a client asked for, until the engine has accepted or refused it."""
        self.requests[request.source, request.cl_ord_id] = request
        if len(self.requests) > REQUESTS_MAX:
            del self.requests[next(iter(self.requests))]

    def take(self, event: StageEvent) -> tuple[Report, ...]:
        """Fold one event; returns the reports that it makes, most often none."""
        tell = TELL.get(type(event))
        return () if tell is None else tell(self, event)

    def event_id(self, seq: int, place: int = 0) -> str:
        return f"{self.shard}-{seq}.{place}" if place else f"{self.shard}-{seq}"


# ------------------------------------------------------------------- the order and its end


def accepted(told: ExecutionReports, event: OrderAccepted) -> tuple[Report, ...]:
    order = told_order(told.event_id(event.seq), event)
    told.orders[order.order_id] = order
    told.order_of[order.source, order.cl_ord_id] = order
    told.requests.pop((event.source, event.cl_ord_id), None)
    return (report(told, event, order, ExecType.NEW),)


def rejected(told: ExecutionReports, event: OrderRejected) -> tuple[Report, ...]:
    """A refusal of a known id shows the state of the order that has it."""
    key = (event.source, event.cl_ord_id)
    asked, order = told.requests.pop(key, None), told.order_of.get(key)
    said: dict[str, Any] = {
        "ord_rej_reason": ORD_REJ_REASONS.get(event.reason, REFUSED_BY_US),
        "text": event.text,
    }
    if order is not None:
        return (report(told, event, order, ExecType.REJECTED, **said),)
    refused = Report(
        msg_type=EXECUTION_REPORT,
        exec_id=told.event_id(event.seq),
        transact_ns=event.at_ns,
        order_id=told.event_id(event.seq),
        source=event.source,
        cl_ord_id=event.cl_ord_id,
        ord_status=OrdStatus.REJECTED,
        instrument_id=event.instrument_id,
        exec_type=ExecType.REJECTED,
        **said,
    )
    return (refused if asked is None else of_request(refused, asked),)


def withdrawn(told: ExecutionReports, event: OrderCancelled | OrderExpired) -> tuple[Report, ...]:
    """All that is open ends the order; a part of it restates the order's quantity."""
    order = told.orders[event.order_id]
    if order.ended is not None:
        return ()  # A bust gave it back after the end; the bust's report has told it.
    if event.withdrawn_qty < order.leaves_qty:
        order.cut_qty += event.withdrawn_qty
        order.order_qty -= event.withdrawn_qty
        reason = PARTIAL_DECLINE
        return (report(told, event, order, ExecType.RESTATED, exec_restatement_reason=reason),)
    said: dict[str, Any] = {}
    if isinstance(event, OrderExpired):
        order.ended, kind = OrdStatus.EXPIRED, ExecType.EXPIRED
    else:
        order.ended, kind = OrdStatus.CANCELED, ExecType.CANCELED
        said["text"] = event.text
        if event.cl_ord_id:
            order.pending = None
            said |= {"cl_ord_id": event.cl_ord_id, "orig_cl_ord_id": order.cl_ord_id}
        else:
            said["exec_restatement_reason"] = RESTATEMENTS.get(event.reason)
    return (report(told, event, order, kind, **said),)


def resent(told: ExecutionReports, event: OrderStatusReported) -> tuple[Report, ...]:
    """The state of an order whose request was sent again, under that request's id."""
    told.requests.pop((event.source, event.cl_ord_id), None)
    order = told.orders[event.order_id]
    return (report(told, event, order, ExecType.ORDER_STATUS, cl_ord_id=event.cl_ord_id),)


# -------------------------------------------------------------------------------- changes


def change_pending(told: ExecutionReports, event: OrderChangePending) -> tuple[Report, ...]:
    order = told.orders[event.order_id]
    order.pending = (event.change, event.cl_ord_id)
    told.order_of[order.source, event.cl_ord_id] = order
    order.cl_ord_ids.append(event.cl_ord_id)
    ids = {"cl_ord_id": event.cl_ord_id, "orig_cl_ord_id": order.cl_ord_id}
    return (report(told, event, order, PENDING_TYPES[event.change], **ids),)


def amended(told: ExecutionReports, event: OrderAmended) -> tuple[Report, ...]:
    """A client's amend; under the order's own id a corporate action, which restates it."""
    order = told.orders[event.order_id]
    orig_cl_ord_id, order.cl_ord_id = order.cl_ord_id, event.cl_ord_id
    order.cut_qty = min(order.cut_qty, event.order_qty - order.cum_qty)
    order.order_qty = event.order_qty - order.cut_qty
    if orig_cl_ord_id == event.cl_ord_id:
        why = CORPORATE_ACTION
        return (report(told, event, order, ExecType.RESTATED, exec_restatement_reason=why),)
    order.pending = None
    return (report(told, event, order, ExecType.REPLACED, orig_cl_ord_id=orig_cl_ord_id),)


def change_rejected(told: ExecutionReports, event: OrderChangeRejected) -> tuple[Report, ...]:
    order = told.order_of.get((event.source, event.orig_cl_ord_id))
    is_resend = event.reason is RejectReason.DUPLICATE_ORDER  # What was sent first waits on.
    is_pending = order is not None and order.pending == (event.change, event.cl_ord_id)
    if order is not None and is_pending and not is_resend:
        order.pending = None
    refused = Report(
        msg_type=ORDER_CANCEL_REJECT,
        exec_id=told.event_id(event.seq),
        transact_ns=event.at_ns,
        order_id=NO_ORDER if order is None else order.order_id,
        source=event.source,
        cl_ord_id=event.cl_ord_id,
        ord_status=OrdStatus.REJECTED if order is None else order.status,
        orig_cl_ord_id=event.orig_cl_ord_id,
        cxl_rej_reason=CXL_REJ_REASONS.get(event.reason, BROKER_OPTION),
        cxl_rej_response_to=CXL_REJ_RESPONSE_TO.get(event.change, ""),
        text=event.text,
    )
    return (refused,)


# ----------------------------------------------------------------------------- executions


def crossed(told: ExecutionReports, event: CrossAllocated) -> tuple[Report, ...]:
    parts = [(share.order_id, share.share_qty) for share in event.shares]
    return tuple(
        traded(told, event, place, order_id, event.cross_id, qty, event.cross_px)
        for place, (order_id, qty) in enumerate(parts)
    )


def allocated(told: ExecutionReports, event: FillAllocated) -> tuple[Report, ...]:
    order_ids = event.order_ids + event.other_order_ids
    parts = zip(order_ids, event.shares_qty + event.other_shares_qty, strict=True)
    return tuple(
        traded(told, event, place, order_id, event.fill_id, qty, event.last_px)
        for place, (order_id, qty) in enumerate(parts)
    )


def traded(
    told: ExecutionReports,
    event: CrossAllocated | FillAllocated | FillReallocated,
    place: int,
    order_id: str,
    fill_id: str,
    qty: int,
    px: int,
) -> Report:
    order = told.orders[order_id]
    order.count(event.parent_id, qty, qty * px)
    exec_id = order.exec_ids[fill_id] = told.event_id(event.seq, place)
    return report(told, event, order, ExecType.TRADE, exec_id=exec_id, last_qty=qty, last_px=px)


def reallocated(told: ExecutionReports, event: FillReallocated) -> tuple[Report, ...]:
    """A share that is gone is a trade cancel, one that differs a trade correction."""
    before = {share.order_id: share.share_qty for share in event.before}
    after = {share.order_id: share.share_qty for share in event.after}
    reports: list[Report] = []
    for place, order_id in enumerate({**before, **after}):
        if order_id not in told.orders:
            continue  # It ended on an earlier day, and its share is final.
        was, now = (before.get(order_id, 0), event.previous_px), after.get(order_id, 0)
        if not was[0]:
            last_px = event.last_px
            reports.append(traded(told, event, place, order_id, event.fill_id, now, last_px))
        elif was != (now, event.last_px) or not now:
            reports.append(restated(told, event, place, order_id, was, now))
    return tuple(reports)


def restated(
    told: ExecutionReports,
    event: FillReallocated,
    place: int,
    order_id: str,
    was: tuple[int, int],
    qty: int,
) -> Report:
    order = told.orders[order_id]
    was_qty, was_px = was
    order.count(event.parent_id, qty - was_qty, qty * event.last_px - was_qty * was_px)
    # A log that goes on from another one has not told the fill; then the fill's id names it.
    exec_ref_id = order.exec_ids.get(event.fill_id, event.fill_id)
    exec_id = order.exec_ids[event.fill_id] = told.event_id(event.seq, place)
    said: dict[str, Any] = {"exec_id": exec_id, "exec_ref_id": exec_ref_id}
    if not qty:
        return report(told, event, order, ExecType.TRADE_CANCEL, **said)
    said |= {"last_qty": qty, "last_px": event.last_px}
    return report(told, event, order, ExecType.TRADE_CORRECT, **said)


# ------------------------------------------------------------------------------ the close


def carried(told: ExecutionReports, event: OrderCarried) -> tuple[Report, ...]:
    """The order's next day begins; an order of another log is new here."""
    order = told.orders.get(event.order_id)
    if order is None:
        order = told.orders[event.order_id] = told_order(event.order_id, event)
        order.cum_qty = event.crossed_qty + event.allocated_qty
        order.notional = event.avg_px * order.cum_qty + event.beyond_avg_px
        told.order_of[order.source, order.cl_ord_id] = order
    order.order_qty, order.cut_qty = event.order_qty, 0
    order.former_cum_qty, order.former_notional = order.cum_qty, order.notional
    order.carried_seq = event.seq
    return ()


def closed(told: ExecutionReports, _: PositionsCarried) -> tuple[Report, ...]:
    """Forget the orders that ended."""
    ended = [order for order in told.orders.values() if not order.is_open]
    for order in ended:
        del told.orders[order.order_id]
        for cl_ord_id in order.cl_ord_ids:
            del told.order_of[order.source, cl_ord_id]
    return ()


# -------------------------------------------------------------------------------- reports


def report(
    told: ExecutionReports,
    event: Any,  # noqa: ANN401  Any event that has an id.
    order: ToldOrder,
    kind: ExecType,
    **said: Any,  # noqa: ANN401
) -> Report:
    """A report with the order's state after the event."""
    base = {
        "msg_type": EXECUTION_REPORT,
        "exec_id": told.event_id(event.seq),
        "transact_ns": event.at_ns,
        "order_id": order.order_id,
        "source": order.source,
        "cl_ord_id": order.cl_ord_id,
        "ord_status": order.status,
        "instrument_id": order.instrument_id,
        "side": order.side,
        "exec_type": kind,
        "order_qty": order.order_qty,
        "cum_qty": order.cum_qty,
        "leaves_qty": order.leaves_qty,
        "avg_px": order.avg_px,
        "day_order_qty": order.order_qty - order.former_cum_qty,
        "day_cum_qty": order.cum_qty - order.former_cum_qty,
        "day_avg_px": order.day_avg_px,
    }
    return Report(**dict(chain(base.items(), said.items())))


def of_request(refused: Report, asked: OrderSubmitted) -> Report:
    return refused._replace(side=asked.side, order_qty=asked.order_qty)


TELL: Mapping[type, Callable[[ExecutionReports, Any], tuple[Report, ...]]] = {
    FillAllocated: allocated,  # The commonest first.
    CrossAllocated: crossed,
    OrderAccepted: accepted,
    OrderRejected: rejected,
    OrderCancelled: withdrawn,
    OrderExpired: withdrawn,
    OrderChangePending: change_pending,
    OrderAmended: amended,
    OrderChangeRejected: change_rejected,
    OrderStatusReported: resent,
    FillReallocated: reallocated,
    OrderCarried: carried,
    PositionsCarried: closed,
}
