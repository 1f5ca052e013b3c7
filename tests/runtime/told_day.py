"""A random day whose clients are told everything: the list of fix_order_state/README.md.

The checks do not use the reader's own records. They keep each order's executions as the reports
tell them, and compare the sums with the reports and with the shard's state.
"""

from collections import Counter

from hypothesis.stateful import invariant
from random_day import RandomDay
from world import orders

from engine.core.events import PositionsCarried
from engine.gateways.orders.execution_reports import ExecutionReports, Report
from engine.gateways.orders.fix_codes import ExecType
from engine.gateways.orders.order_status import OrdStatus

OVER = (OrdStatus.CANCELED, OrdStatus.EXPIRED)
PENDING = {
    ExecType.PENDING_CANCEL: OrdStatus.PENDING_CANCEL,
    ExecType.PENDING_REPLACE: OrdStatus.PENDING_REPLACE,
}


class Told:
    """One order, as its reports alone have told it."""

    def __init__(self, first: Report) -> None:
        assert first.exec_type is ExecType.NEW
        self.last = first
        self.standing: dict[str, tuple[int, int]] = {}  # Quantity and price by ExecID.

    def check(self, report: Report) -> None:
        self.check_executions(report)
        if report.exec_type is ExecType.ORDER_STATUS:
            assert report.leaves_qty == self.last.leaves_qty, report
            return
        self.check_ids(report)
        is_left = report.leaves_qty == max(0, report.order_qty - report.cum_qty)
        is_over = report.leaves_qty == 0 and (report.ord_status in OVER or self.waits(report))
        assert is_left or is_over, report
        assert report.day_order_qty == report.order_qty - (report.cum_qty - report.day_cum_qty)
        kind = report.exec_type
        assert kind not in PENDING or report.ord_status is PENDING[kind], report
        if report.ord_status is OrdStatus.FILLED:
            assert report.cum_qty >= report.order_qty, report
        if report.ord_status is OrdStatus.NEW:
            assert not report.cum_qty, report
        if kind not in (ExecType.REPLACED, ExecType.RESTATED):
            assert report.order_qty == self.last.order_qty, report
        self.last = report

    @staticmethod
    def waits(report: Report) -> bool:
        """A request that waits outranks the end of its order."""
        return report.ord_status in PENDING.values()

    def check_executions(self, report: Report) -> None:
        """CumQty moves with executions alone, and is the sum of those that stand."""
        kind = report.exec_type
        if kind in (ExecType.TRADE_CANCEL, ExecType.TRADE_CORRECT):
            del self.standing[report.exec_ref_id]
        if kind in (ExecType.TRADE, ExecType.TRADE_CORRECT):
            assert report.last_qty > 0
            assert report.last_px is not None
            self.standing[report.exec_id] = (report.last_qty, report.last_px)
        assert report.cum_qty == sum(qty for qty, _ in self.standing.values()), report
        notional = sum(qty * px for qty, px in self.standing.values())
        error = report.avg_px * report.cum_qty - notional
        assert abs(error) * 2 <= 10 * report.cum_qty, report

    def check_ids(self, report: Report) -> None:
        """An id takes over with its Replaced report; only a request's own reports name it."""
        former, kind = self.last.cl_ord_id, report.exec_type
        if self.last.orig_cl_ord_id and self.last.exec_type is not ExecType.REPLACED:
            former = self.last.orig_cl_ord_id
        if kind is ExecType.REPLACED or kind in PENDING:
            assert report.orig_cl_ord_id == former, report
        elif report.orig_cl_ord_id:
            assert (kind, report.orig_cl_ord_id) == (ExecType.CANCELED, former), report
        else:
            assert report.cl_ord_id == former, report


class ToldDay(RandomDay):
    """A random day whose every event is told to the clients."""

    def __init__(self) -> None:
        super().__init__()
        self.reader = ExecutionReports(shard=0)
        self.read = 0
        self.told: dict[str, Told] = {}
        self.exec_ids: Counter[str] = Counter()

    @invariant()
    def what_clients_are_told_holds(self) -> None:
        if not hasattr(self, "world"):
            return
        history = self.world.history()
        for event in history[self.read :]:
            for report in self.reader.take(event):
                self.hears(report)
            if isinstance(event, PositionsCarried):
                self.told = {x: y for x, y in self.told.items() if y.last.leaves_qty}
                assert len(self.reader) == len(self.told)
        self.read = len(history)
        self.check_state()

    def hears(self, report: Report) -> None:
        self.exec_ids[report.exec_id] += 1
        assert self.exec_ids[report.exec_id] == 1, f"ExecID twice: {report}"
        if report.msg_type == "9" or report.ord_status is OrdStatus.REJECTED:
            return
        if report.order_id not in self.told:
            self.told[report.order_id] = Told(report)
        self.told[report.order_id].check(report)

    def check_state(self) -> None:
        """What clients were told is what the shard holds."""
        for order_id, found in orders(self.world.state).items():
            told = self.told[order_id].last
            assert told.cum_qty == found.crossed_qty + found.allocated_qty, told
            assert told.leaves_qty == found.open_qty, told
            waits = self.reader.orders[order_id].pending is not None
            assert waits == (found.pending is not None), told
