"""From the append of an order to its first route, beside one transaction of one record.

A worker process holds the shard, as in production; this process is the order's source, the venue's
gateway and the reader of the routes. An order's time begins before its append and ends when a
reader has its first route in hand. The bare transaction is the commit of one record by a shard's
writer. Between the two is the same way without an engine: an order appended, read by another
process, answered by one committed record, and that record read here.
"""

import multiprocessing
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing.process import BaseProcess

from engine.core.events import ChildRouted, MemberJoined, OrderAccepted
from engine.core.units import NS_PER_S
from engine.log import codec, open_log
from engine.log.port import Log, NewRecord, Reader
from engine.runtime.garbage_collection import quiet_collector, set_heap_aside
from engine.runtime.worker import Worker
from infra.bench.player import Venue, recorded
from infra.bench.replay import Ends
from infra.bench.world import RULES, Shape, before_open, first_quotes, orders_of

ORDERS_PER_S = 100
START_MAX_S = 60.0
PATIENCE_S = 90.0  # For the routes of the last orders.
# The interval is beyond the orders' end, so all of a parent goes to market with its release.
WORK = Shape(
    members=1_000_000,
    min_slice_qty=1,
    interval_ns=3_600 * NS_PER_S,
    must_complete=True,
    sells=False,
)
DEFAULT_WINDOW_NS = 5 * NS_PER_S  # Of a policy without a window: gateways/files/controls_file.py.


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds: median and 99th percentile."""

    count: int
    p50_ms: float
    p99_ms: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> "Latency":
        ranked = sorted(seconds)
        assert ranked, "something was measured"
        return cls(
            len(ranked), ranked[len(ranked) // 2] * 1e3, ranked[len(ranked) * 99 // 100] * 1e3
        )

    def as_json(self) -> dict[str, object]:
        return {
            "count": self.count,
            "p50_ms": round(self.p50_ms, 3),
            "p99_ms": round(self.p99_ms, 3),
        }


@dataclass(frozen=True, slots=True)
class OrderToRoute:
    """The times of one run of orders."""

    log: str
    window_ns: int
    route: Latency
    transaction: Latency  # Append to its return, of the same orders.

    def as_json(self) -> dict[str, object]:
        return {
            "log": self.log,
            "window_ns": self.window_ns,
            "order_to_route": self.route.as_json(),
            "append": self.transaction.as_json(),
        }


# --------------------------------------------------------------------- in a process of its own


def work(url: str) -> None:
    """A worker until it is terminated, as the engine may be at any moment."""
    quiet_collector()
    with open_log(url, partitions=1) as log:
        Worker(log, RULES, "bench-worker", on_rebuilt=set_heap_aside).run()


def echo(url: str) -> None:
    """No engine: one record committed for each order, all waiting ones at once."""
    with open_log(url, partitions=1) as log:
        ends = Ends.claim(log, ("orders",), "bench-echo")
        reader = ends.readers["orders"]
        while True:
            found = reader.read(100)
            if found:
                ends.writer.commit({"routes": [NewRecord(0, *record[2:]) for record in found]})
            else:
                log.wait(0.05)
            ends.keep_alive()


@contextmanager
def beside(target: Callable[[str], None], url: str) -> Iterator[BaseProcess]:
    """Another process at work on the same log."""
    process = multiprocessing.get_context("spawn").Process(target=target, args=(url,), daemon=True)
    process.start()
    try:
        yield process
    finally:
        process.terminate()
        process.join()


# ------------------------------------------------------------------------------- this process


class Pace:
    """Sleeps until the next of so many a second is due."""

    def __init__(self) -> None:
        self._next_s = time.perf_counter()

    def due(self) -> bool:
        if time.perf_counter() < self._next_s:
            return False
        self._next_s += 1 / ORDERS_PER_S
        return True

    @property
    def left_s(self) -> float:
        return max(0.0, self._next_s - time.perf_counter())


def transaction(url: str, count: int) -> Latency:
    """The bare transaction: one record committed by a shard's writer, at the same pace."""
    took: list[float] = []
    with open_log(url, partitions=1) as log:
        ends = Ends.claim(log, (), "bench-bare")
        pace = Pace()
        for order in orders_of(WORK, range(count), 0):
            time.sleep(pace.left_s)
            pace.due()
            record = recorded(order, time.time_ns())[1]
            started = time.perf_counter()
            ends.writer.commit({"routes": [record]})
            took.append(time.perf_counter() - started)
        ends.close()
    return Latency.of(took)


def answered(url: str, count: int) -> Latency:
    """No engine between: an order appended until another process's one record is readable."""
    sent: list[float] = []
    took: list[float] = []
    with open_log(url, partitions=1) as log:
        routes = log.reader("routes", 0)
        first = next(iter(orders_of(WORK, range(1), 0)))
        log.append("orders", [recorded(first, time.time_ns())[1]])
        with beside(echo, url) as process:
            await_records(log, routes, process)
            pace = Pace()
            orders = orders_of(WORK, range(1, count + 1), 0)
            while len(took) < count:
                if len(sent) < count and pace.due():
                    record = recorded(next(orders), time.time_ns())[1]
                    sent.append(time.perf_counter())
                    log.append("orders", [record])
                for _ in routes.read(1_000):
                    took.append(time.perf_counter() - sent[len(took)])
                if len(took) == len(sent) or not sent:
                    time.sleep(pace.left_s if len(sent) < count else 0)
                else:
                    log.wait(min(pace.left_s, 0.05))
    return Latency.of(took)


def await_records(log: Log, reader: Reader, process: BaseProcess) -> None:
    """Until the other process has answered for the first time."""
    deadline_s = time.monotonic() + START_MAX_S
    while not reader.read(1_000):
        assert process.is_alive(), "the other process has ended; its output has the reason"
        assert time.monotonic() < deadline_s, "the other process does not answer"
        log.wait(0.05)


class Routes:
    """Reads the engine's stages and knows when an order's first route was there.

    No order joins a parent that has a route, so a parent's first route is its members' too.
    Topics are read apart, and one may lag behind another: records are joined last.
    """

    def __init__(self, log: Log) -> None:
        topics = ("routes", "aggregation", "ingest")
        self._readers = {topic: log.reader(topic, 0) for topic in topics}
        self._order_of: dict[str, str] = {}  # Order id to cl_ord_id.
        self._parent_of: dict[str, str] = {}  # Order id to parent id, of orders without a route.
        self._routed: dict[str, float] = {}  # Parent id to the time of its first route.
        self.found: dict[str, float] = {}  # cl_ord_id to the time of its first route.

    def read(self) -> list[ChildRouted]:
        """The routes that are there now."""
        children = []
        for topic, reader in self._readers.items():
            records = reader.read(1_000)
            at_s = time.perf_counter()
            for record in records:
                event = codec.decode(topic, record.value)
                if isinstance(event, ChildRouted):
                    children.append(event)
                    self._routed.setdefault(event.parent_id, at_s)
                elif isinstance(event, MemberJoined):
                    self._parent_of[event.order_id] = event.parent_id
                elif isinstance(event, OrderAccepted):
                    self._order_of[f"0-{event.seq}"] = event.cl_ord_id
        self._join()
        return children

    def _join(self) -> None:
        for order_id, parent_id in list(self._parent_of.items()):
            if parent_id in self._routed and order_id in self._order_of:
                self.found[self._order_of[order_id]] = self._routed[parent_id]
                del self._parent_of[order_id]


def order_to_route(url: str, name: str, window_ns: int, count: int) -> OrderToRoute:
    """Orders at a steady pace through a worker; the venue fills every child."""
    shape = replace(WORK, window_ns=window_ns)
    sent: dict[str, float] = {}
    appends: list[float] = []
    venue = Venue()
    with open_log(url, partitions=1) as log:
        now_ns = time.time_ns()
        open_day(log, shape, now_ns)
        routes = Routes(log)
        with beside(work, url) as process:
            await_records(log, log.reader("journal", 0), process)
            pace = Pace()
            orders = orders_of(shape, range(count), now_ns + 3_600 * NS_PER_S)
            deadline_s = time.monotonic() + count / ORDERS_PER_S + window_ns / NS_PER_S + PATIENCE_S
            while len(routes.found) < count:
                assert time.monotonic() < deadline_s, f"{count - len(routes.found)} without a route"
                if len(sent) < count and pace.due():
                    order = next(orders)
                    record = recorded(order, time.time_ns())[1]
                    sent[order.cl_ord_id] = time.perf_counter()
                    log.append("orders", [record])
                    appends.append(time.perf_counter() - sent[order.cl_ord_id])
                children = routes.read()
                if children:
                    reply(log, venue, children)
                elif len(routes.found) == len(sent) < count:
                    time.sleep(pace.left_s)
                else:
                    log.wait(min(pace.left_s, 0.05) if len(sent) < count else 0.05)
    took = [routes.found[cl_ord_id] - at_s for cl_ord_id, at_s in sent.items()]
    return OrderToRoute(name, window_ns, Latency.of(took), Latency.of(appends))


def open_day(log: Log, shape: Shape, now_ns: int) -> None:
    """Reference data, controls, and quotes that stay fresh long enough."""
    by_topic: dict[str, list[NewRecord]] = {}
    events = [*before_open(shape, now_ns), *first_quotes(shape, now_ns)]
    for event in events:
        topic, record = recorded(event, now_ns)
        by_topic.setdefault(topic, []).append(record)
    for topic, records in by_topic.items():
        log.append(topic, records)


def reply(log: Log, venue: Venue, children: Sequence[ChildRouted]) -> None:
    """The gateway's part: every routed child is filled at once."""
    now_ns = time.time_ns()
    venue.on_events(children, 0, now_ns)
    reports = [recorded(report, now_ns)[1] for report in venue.due(now_ns + NS_PER_S)]
    log.append("venue-reports", reports)
