"""From the append of an order to its first route, beside one transaction of one record.

A worker process holds the shard, as in production; this process is the order's source, the venue's
gateway and the reader of the routes. An order's time begins before its append and ends when a
reader has its first route in hand. The bare transaction is the same way without an engine: an
order appended, and read by another process, which commits one record for each that it reads; its
time ends when a reader has that record. The transaction alone (append to its return) stands beside.
"""

import multiprocessing
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing.synchronize import Event as Flag

from engine.core.events import ChildRouted, MemberJoined, OrderAccepted
from engine.log import codec, open_log
from engine.log.port import Log, NewRecord, Reader
from engine.worker import Worker
from infra.bench.replay import Ends
from infra.bench.world import (
    LIT,
    RULES,
    Shape,
    Venue,
    instrument,
    opening,
    orders_of,
    quote,
    recorded,
)

NS_PER_S = 1_000_000_000
ORDERS_PER_S = 100
START_MAX_S = 60.0
PATIENCE_S = 20.0  # For the routes of the last orders.
WORK = Shape(members=1_000_000, min_slice_qty=1)
DEFAULT_WINDOW_NS = 5 * NS_PER_S  # Of a policy that says nothing else: gateways/controls_file.py.


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
    """What one run of orders saw."""

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


def work(url: str, stop: Flag) -> None:
    """A worker until told to stop."""
    with open_log(url, partitions=1) as log:
        worker = Worker(log, RULES, "bench-worker", on_sealed=lambda _: stop_if(stop, worker))
        worker.run()


def stop_if(stop: Flag, worker: Worker) -> None:
    if stop.is_set():
        worker.stop()


def echo(url: str, stop: Flag) -> None:
    """No engine: one record committed for each order read."""
    with open_log(url, partitions=1) as log:
        ends = Ends.claim(log, ("orders",), "bench-echo")
        reader = ends.readers["orders"]
        while not stop.is_set():
            found = reader.read(100)
            for record in found:
                ends.writer.commit({"routes": [NewRecord(0, *record[2:])]})
            ends.keep_alive()
            if not found:
                log.wait(0.05)
        ends.close()


# ------------------------------------------------------------------------------- this process


def transaction(url: str, name: str, count: int) -> Latency:
    """An order appended until the record that answers it is readable."""
    with beside(echo, url), open_log(url, partitions=1) as log:
        routes = log.reader("routes", 0)
        orders = orders_of(WORK, range(count), 0)
        took: list[float] = []
        for number, order in enumerate(orders):
            started = time.perf_counter()
            log.append("orders", [recorded(order, time.time_ns())[1]])
            wait_for(log, routes, 1)
            if number:  # The first waits for the other process to start.
                took.append(time.perf_counter() - started)
            time.sleep(max(0.0, 1 / ORDERS_PER_S - (time.perf_counter() - started)))
    del name
    return Latency.of(took)
