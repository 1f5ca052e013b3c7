"""Time that a venue gateway takes to start, by the number of closed days in its log.

    python -m infra.campaigns.gateway_start [--log embedded|kafka] [--days 1 10] [--orders 400]

For each number of days a log of its own is made: every shard and a paper gateway trade in this
process, close each day, and leave the next one open with children at their venues, as a gateway
that was killed. Then gateways are started on these logs in turn, so that whatever else the machine
does falls on all of them. A line of JSON for each log: the median, least and most seconds of a
start on the wall, the median of this process's processor time, and the records of each topic that
it read; last the ratio of both medians, most days to fewest. What a start takes must not grow with
the closed days.
"""

import argparse
import json
import logging
import shutil
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple, cast

from engine.core.events import DayClosed, Input
from engine.core.partition import partition_of
from engine.gateways.venues import VenueGateway
from engine.log import open_log
from engine.log.kafka import topics
from engine.log.port import BEGINNING, INPUT_TOPICS, SHARED_TOPICS, Log, Reader, Record, Start
from engine.runtime.shard import Rules, Shard
from engine.simulation.paper import paper_gateway
from engine.simulation.venues.behaviour import FAULTLESS
from infra.bench.player import recorded
from infra.bench.world import (
    DAY,
    OPEN_NS,
    SECOND_NS,
    SETTINGS,
    Shape,
    before_open,
    first_quotes,
    market,
    orders_of,
)
from infra.kafka import local

PARTITIONS = 2
DAYS = (1, 10)
ORDERS = 400  # Of a day; some three routes each.
STARTS = 9
DAY_NS = 86_400 * SECOND_NS
OPENING_ROUNDS = 4  # Of the day that is left open.
READ_RECORDS = 5_000
SHAPE = Shape(
    instruments=8,
    orders=ORDERS,
    members=2,
    min_slice_qty=100,
    horizon_ns=20 * SECOND_NS,
    sells=False,
)
RULES = Rules(
    settings_text=SETTINGS.replace('"partitions":1', f'"partitions":{PARTITIONS}'),
    release="campaign",
    python="any",
    partitions=PARTITIONS,
)


class ShardOnLog:
    """A shard that reads its inputs from a log and commits its batches there."""

    def __init__(self, log: Log, shard: Shard, writer: Any) -> None:  # noqa: ANN401  The port's.
        self.shard = shard
        self._writer = writer
        self._readers = {
            topic: log.reader(topic, 0 if topic in SHARED_TOPICS else shard.number)
            for topic in INPUT_TOPICS
        }
        self._waiting: dict[str, list[Record]] = {topic: [] for topic in INPUT_TOPICS}

    def round(self, now_ns: int) -> int:
        """Decide on everything that the log has now; the number of children routed."""
        for topic, reader in self._readers.items():
            while not reader.at_end():
                self._waiting[topic] += reader.read(READ_RECORDS)
        routes = 0
        while any(self._waiting.values()):
            sealed = self.shard.step(self._waiting, now_ns)
            routes += self._committed(sealed)
            for topic, records in self._waiting.items():
                next_position = self.shard.resume(topic).position
                records[:] = [x for x in records if x.position >= next_position]
        return routes + self._committed(self.shard.step({}, now_ns))

    def _committed(self, sealed: Any) -> int:  # noqa: ANN401  A sealed batch or None.
        if sealed is None:
            return 0
        self._writer.commit(sealed.records)
        return sum(type(event).__name__ == "ChildRouted" for event in sealed.events)


class Days:
    """Trading days on a log: every shard and a paper gateway, by a clock of their own."""

    def __init__(self, log: Log, shape: Shape = SHAPE) -> None:
        self.now_ns = OPEN_NS - SECOND_NS
        self._log = log
        self._shape = shape
        self._order_count = 0
        self._day_count = 0
        self._step = 0
        self._routes = 0
        self._leases = log.leases("campaign")
        leases: dict[int, Any] = {}
        while len(leases) < log.partitions:
            leases |= {lease.shard: lease for lease in self._leases.poll(1.0).gained}
        self.shards = [
            ShardOnLog(log, Shard(number, RULES), log.writer(leases[number]))
            for number in range(log.partitions)
        ]
        self._gateway = paper_gateway(
            log, seed=7, behaviour=FAULTLESS, clock_ns=self.clock_ns, settle_s=0
        )
        self._gateway.start()

    def clock_ns(self) -> int:
        return self.now_ns

    def day(self) -> None:
        """A whole day, from its reference data to its close."""
        self.open()
        self.trade()
        self.close()

    def open(self) -> None:
        """The beginning of a day, its orders at work."""
        shape = self._shape
        self.now_ns = max(self.now_ns, OPEN_NS + self._day_count * DAY_NS - SECOND_NS)
        self._day_count += 1
        open_ns = self.now_ns + SECOND_NS
        self.round(before_open(shape, open_ns))
        self.now_ns = open_ns
        self.round([*first_quotes(shape, open_ns)])
        numbers = range(self._order_count, self._order_count + shape.orders)
        self._order_count += shape.orders
        orders = orders_of(shape, numbers, open_ns + shape.horizon_ns)
        self._advance([replace(order, received_ns=self.now_ns) for order in orders])
        for _ in range(OPENING_ROUNDS):
            self._advance([])

    def trade(self) -> None:
        """Until no parent is at work."""
        while any(each.shard.state.parents for each in self.shards):
            self._advance([])

    def close(self) -> None:
        self.round([DayClosed(day=DAY, set_ns=self.now_ns)])

    def _advance(self, orders: Iterable[Input]) -> None:
        """A round of market data, and these orders."""
        self._step += 1
        self.now_ns += self._shape.round_ns
        self.round([*market(self._shape, self._step, self.now_ns), *orders])

    def round(self, events: Sequence[Input]) -> None:
        """Append these inputs, and let the shards decide and the gateway trade."""
        by_topic: dict[str, list[Any]] = {}
        for event in events:
            topic, record = recorded(event, self.now_ns)
            number = 0
            if topic not in SHARED_TOPICS:
                assert record.key is not None
                number = partition_of(record.key, self._log.partitions)
            by_topic.setdefault(topic, []).append(record._replace(partition=number))
        for topic, records in by_topic.items():
            self._log.append(topic, records)
        self._leases.poll(0)
        self._routes += sum(each.round(self.now_ns) for each in self.shards)
        self._trade()

    def _trade(self) -> None:
        """Turns of the gateway until every child has gone out."""
        tally = self._gateway.tally
        while (
            self._gateway.turn()
            or tally["routes"] < self._routes
            or tally["sent"] + tally["not_sent"] < self._routes
        ):
            self._log.wait(0.01)


class Counted:
    """A log that counts the records that are read of each topic."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self.counts: Counter[str] = Counter()

    def reader(self, topic: str, partition: int, start: Start = BEGINNING) -> Reader:
        reader = self._log.reader(topic, partition, start)
        return cast("Reader", CountedReader(reader, topic, self.counts))

    def records_before(
        self, topic: str, partition: int, offset: int | None, count: int
    ) -> Sequence[Record]:
        records = self._log.records_before(topic, partition, offset, count)
        self.counts[topic] += len(records)
        return records

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  The rest of the port.
        return getattr(self._log, name)


class CountedReader:
    """A reader of a counted log."""

    def __init__(self, reader: Reader, topic: str, counts: Counter[str]) -> None:
        self._reader = reader
        self._topic = topic
        self._counts = counts

    def read(self, max_records: int) -> Sequence[Record]:
        records = self._reader.read(max_records)
        self._counts[self._topic] += len(records)
        return records

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  The rest of the port.
        return getattr(self._reader, name)


def records_read(log: Log, now_ns: int) -> Counter[str]:
    """Records of each topic that the start of a paper gateway reads."""
    counted = Counted(log)
    started(cast("Log", counted), now_ns)
    return counted.counts


def started(log: Log, now_ns: int) -> VenueGateway:
    gateway = paper_gateway(log, seed=7, clock_ns=lambda: now_ns, settle_s=0)
    gateway.start()
    return gateway


# ------------------------------------------------------------------------------ campaign


@contextmanager
def logs(kind: str, folder: Path, days: Sequence[int]) -> Iterator[dict[int, str]]:
    """The URL of an empty log for each number of days."""
    if kind == "embedded":
        yield {count: f"sqlite:{folder / f'{count}.db'}" for count in days}
        return
    try:
        bootstrap = local.start(folder / "kafka", local.free_port())
        for count in days:
            topics.create(bootstrap, f"days-{count}", PARTITIONS)
        yield {count: f"kafka:{bootstrap}/days-{count}" for count in days}
    finally:
        local.stop(folder / "kafka")


def made(url: str, days: int, orders: int) -> int:
    """Make a log of so many closed days and one that is open; the time of its end, ns UTC."""
    with open_log(url, partitions=PARTITIONS) as log:
        engine = Days(log, replace(SHAPE, orders=orders))
        for _ in range(days):
            engine.day()
        engine.open()
        return engine.now_ns + SECOND_NS


class Took(NamedTuple):
    """Seconds of a start, on the wall and of the processor."""

    wall_s: float
    cpu_s: float


def timed(url: str, now_ns: int) -> Took:
    with open_log(url, partitions=PARTITIONS) as log:
        began_s, began_cpu_s = time.perf_counter(), time.process_time()
        started(log, now_ns)
        return Took(time.perf_counter() - began_s, time.process_time() - began_cpu_s)


def measured(urls: dict[int, str], orders: int, starts: int) -> Iterator[dict[str, object]]:
    now_ns = {days: made(url, days, orders) for days, url in urls.items()}
    took: dict[int, list[Took]] = {days: [] for days in urls}
    for days, url in urls.items():
        timed(url, now_ns[days])  # It resolves what was left; the measured ones find none.
    for _ in range(starts):
        for days, url in urls.items():
            took[days].append(timed(url, now_ns[days]))
    medians = {
        days: Took(
            statistics.median(x.wall_s for x in each), statistics.median(x.cpu_s for x in each)
        )
        for days, each in took.items()
    }
    for days, url in urls.items():
        with open_log(url, partitions=PARTITIONS) as log:
            read = records_read(log, now_ns[days])
        yield {
            "days": days,
            "median_s": round(medians[days].wall_s, 4),
            "least_s": round(min(x.wall_s for x in took[days]), 4),
            "most_s": round(max(x.wall_s for x in took[days]), 4),
            "median_cpu_s": round(medians[days].cpu_s, 4),
            "records_read": {topic: count for topic, count in sorted(read.items()) if count},
        }
    most, fewest = medians[max(urls)], medians[min(urls)]
    yield {
        "days": [min(urls), max(urls)],
        "ratio": round(most.wall_s / fewest.wall_s, 3),
        "ratio_cpu": round(most.cpu_s / fewest.cpu_s, 3),
    }


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m infra.campaigns.gateway_start",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--log", choices=("embedded", "kafka"), default="embedded")
    parser.add_argument("--days", type=int, nargs="+", default=list(DAYS))
    parser.add_argument("--orders", type=int, default=ORDERS)
    parser.add_argument("--starts", type=int, default=STARTS)
    parser.add_argument("--dir", type=Path, default=Path("out/gateway-start"))
    given = parser.parse_args()
    logging.basicConfig(level=logging.ERROR)
    folder = given.dir.resolve() / f"{given.log}-{time.time_ns()}"
    folder.mkdir(parents=True)
    with logs(given.log, folder, given.days) as urls:
        for line in measured(urls, given.orders, given.starts):
            sys.stdout.write(f"{json.dumps({'log': given.log, **line})}\n")
            sys.stdout.flush()
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
