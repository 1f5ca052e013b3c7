"""Time of a batch of one order, and of the kill switch, in a shard with many open parents.

    python -m infra.campaigns.open_parents [--parents 200000] [--orders 500]

One process steps a shard and commits each batch to a log in a file, as a worker does. Each parent
has one member and one child at a venue, the worst case of a kill switch. The time of the inputs
stands still, so that no parent is due. Then single orders come, each in a batch of its own, and
then the kill switch of the firm: its time runs from the append of the switch to the moment at which
a reader of the log has ControlApplied. A line of JSON; exit 1 if a child was routed after the
switch, if one was not cancelled, or if a bound is broken. On a machine with other work the times on
the wall are theirs too; the figures of `cpu` are of this process alone.
"""

import argparse
import gc
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pipeline import desk

from engine.core import events as e
from engine.core.units import NS_PER_MS
from engine.log import codec
from engine.log.embedded import EmbeddedLog
from engine.log.port import INPUT_TOPICS
from engine.runtime.garbage_collection import collected_rarely
from engine.runtime.shard import Sealed, Shard
from infra.bench.replay import Ends
from infra.bench.world import RULES

INSTRUMENTS = tuple(f"I{number:02}" for number in range(64))
LOADED = 1_000  # Orders of a batch while the parents are opened.
LIMIT_PX = 99 * desk.S  # A currency unit below the market: the children rest.
KILL_MS_MAX = 250
ORDER_MS_MAX = 5
READ_RECORDS = 100_000


class Desk:
    """A shard, the log that it commits to, and its inputs; the time stands still."""

    def __init__(self, log: EmbeddedLog) -> None:
        self.log = log
        self.publisher = desk.Publisher(log, desk.OMS)
        self.shard = Shard(0, RULES)
        self.now_ns = time.time_ns()
        self._ends = Ends.claim(log, INPUT_TOPICS, "one")
        self._sent = 0
        quotes = [desk.quote(name, "A", self.now_ns) for name in INSTRUMENTS]
        policy = desk.policy(window_ns=0, interval_ns=60 * desk.S)
        mandates = map(desk.mandate, desk.CLIENTS)
        opened = desk.day_opened(self.now_ns)
        known = (*desk.reference(INSTRUMENTS), policy, desk.limit(), *mandates)
        self.publisher.send(*known, opened, *quotes)
        self.step()

    def order(self) -> e.OrderSubmitted:
        """An order that shares no parent, as no other one has its end."""
        self._sent += 1
        name = INSTRUMENTS[self._sent % len(INSTRUMENTS)]
        end_ns = self.now_ns + 3_600 * desk.S + self._sent
        return desk.order(f"o{self._sent}", name, limit_px=LIMIT_PX, end_ns=end_ns)

    def step(self) -> Sealed | None:
        """Take what is in the log, and commit."""
        readers = self._ends.readers
        batch = {topic: readers[topic].read(READ_RECORDS) for topic in INPUT_TOPICS}
        sealed = self.shard.step(batch, self.now_ns)
        if sealed is not None:
            self._ends.writer.commit(sealed.records)
        self._ends.keep_alive()
        return sealed

    def timed_order(self) -> tuple[float, float]:
        """Milliseconds of a batch of one order with its commit: on the wall, of this process."""
        self.publisher.send(self.order())
        cpu_ns, wall_ns = time.process_time_ns(), time.perf_counter_ns()
        self.step()
        wall_ns, cpu_ns = time.perf_counter_ns() - wall_ns, time.process_time_ns() - cpu_ns
        return wall_ns / NS_PER_MS, cpu_ns / NS_PER_MS

    def close(self) -> None:
        self._ends.close()


def killed(found: Desk) -> dict[str, float]:
    """The kill switch of the firm: its time, and the batches of its cancels."""
    reader = found.log.reader("ingest", 0)
    while not reader.at_end():
        reader.read(READ_RECORDS)
    switch = e.KillSwitchSet(
        scope=e.ControlScope.FIRM, scope_id="", engaged=True, set_by="desk", text="", set_ns=0
    )
    started_ns = time.perf_counter_ns()
    found.publisher.send(switch)
    sealed = found.step()
    receipts = [codec.decode("ingest", record.value) for record in reader.read(READ_RECORDS)]
    applied_ns = time.perf_counter_ns()
    assert any(isinstance(event, e.ControlApplied) for event in receipts), "no receipt"
    cancels, routes, batches, most, slowest_ns = 0, 0, 0, 0, 0
    while sealed is not None:
        batches += 1
        most = max(most, len(sealed.events))
        cancels += sum(isinstance(event, e.ChildCancelRequested) for event in sealed.events)
        routes += sum(isinstance(event, e.ChildRouted) for event in sealed.events)
        begun_ns = time.perf_counter_ns()
        sealed = found.step()
        slowest_ns = max(slowest_ns, time.perf_counter_ns() - begun_ns)
    return {
        "kill_ms": (applied_ns - started_ns) / NS_PER_MS,
        "cancels": cancels,
        "routes_after": routes,
        "cancel_batches": batches,
        "events_of_a_batch_max": most,
        "cancel_batch_ms_max": slowest_ns / NS_PER_MS,
        "all_cancelled_s": (time.perf_counter_ns() - started_ns) / desk.S,
    }


@contextmanager
def opened(parents: int) -> Iterator[Desk]:
    """A desk with so many open parents, each with a child at a venue."""
    with (
        tempfile.TemporaryDirectory() as folder,
        EmbeddedLog(Path(folder) / "log.db", 1) as log,
        collected_rarely(),
    ):
        found = Desk(log)
        for first in range(0, parents, LOADED):
            found.publisher.send(*(found.order() for _ in range(min(LOADED, parents - first))))
            found.step()
        assert len(found.shard.state.exposed) == parents, "a parent has no child"
        gc.collect()
        gc.freeze()  # As a worker does after a recovery.
        try:
            yield found
        finally:
            gc.unfreeze()
            found.close()


def measured(parents: int, orders: int) -> dict[str, float]:
    with opened(parents) as found:
        both = [found.timed_order() for _ in range(orders)]
        times, cpu = sorted(wall for wall, _ in both), sorted(own for _, own in both)
        result = {
            "parents": parents,
            "order_ms_p50": times[len(times) // 2],
            "order_ms_p99": times[len(times) * 99 // 100],
            "order_ms_max": times[-1],
            "order_cpu_ms_p50": cpu[len(cpu) // 2],
            "order_cpu_ms_max": cpu[-1],
            **killed(found),
        }
    return {name: round(value, 3) for name, value in result.items()}


def is_good(result: dict[str, float]) -> bool:
    return (
        result["kill_ms"] <= KILL_MS_MAX
        and result["order_ms_p99"] <= ORDER_MS_MAX
        and not result["routes_after"]
        and result["cancels"] >= result["parents"]
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """0 where every bound holds."""
    parser = argparse.ArgumentParser(prog="python -m infra.campaigns.open_parents")
    parser.add_argument("--parents", type=int, default=200_000)
    parser.add_argument("--orders", type=int, default=500)
    said = parser.parse_args(arguments)
    result = measured(said.parents, said.orders)
    sys.stdout.write(json.dumps(result) + "\n")
    return 0 if is_good(result) else 1


if __name__ == "__main__":
    sys.exit(main())
