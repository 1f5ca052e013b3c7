"""Time from kill -9 to the first new decision, late in a busy day.

    python -m infra.campaigns.failover --log embedded|kafka [--events 100000] [--kills 20]

Orders stream to `metaorder worker`, whose snapshots a `metaorder follower run` writes, until the
day has so many events; then they stream on, slower. Time and again the worker is killed: first the
same one is started at once, then another, which waited from the start, takes its shard over when
its session is out. Each time runs from the kill to the moment at which a reader here has the first
order that was decided after it: process start, lease, recovery and the log's own way are in it.
Two lines of JSON, seconds.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pipeline import live
from pipeline.workers import METAORDER, STOP_MAX_S

from engine.core import events as e
from engine.log import codec, open_log
from engine.log.kafka import topics
from engine.log.port import Log
from infra.kafka import local

PARTITIONS = 1
FILLING_PER_S = 150  # Rounds of the stream until the day is full,
STREAMING_PER_S = 20  # and after it.
FULL_MAX_S = 900.0
AGAIN_MAX_S = 60.0
QUIET_S = 0.05  # Without an event: the dead worker's records have all come.
CALM_S = 5.0  # Between two kills: backlogs are worked off, snapshots written.
READ_RECORDS = 5_000


class Watch:
    """Follows the decisions of the shard, as any reader."""

    def __init__(self, log: Log) -> None:
        self._reader = log.reader("ingest", 0)
        self.next_seq = 0

    def poll(self) -> int:
        """Read all new events; the number of orders accepted in them."""
        orders = 0
        for record in live.read(self._reader):
            event = codec.decode("ingest", record.value)
            self.next_seq = event.seq + 1
            orders += isinstance(event, e.OrderAccepted)
        return orders

    def settle(self) -> None:
        """Until there was no new event for a moment."""
        quiet_s = time.monotonic() + QUIET_S
        while time.monotonic() < quiet_s:
            if self.poll():
                quiet_s = time.monotonic() + QUIET_S

    def await_order(self, max_s: float = AGAIN_MAX_S) -> None:
        """Until a new order is accepted. Raises TimeoutError."""
        until_s = time.monotonic() + max_s
        while not self.poll():
            if time.monotonic() > until_s:
                raise TimeoutError(f"no order was decided in {max_s:g} s")
            time.sleep(0.001)


def filled(engine: live.Engine, watch: Watch, events: int) -> None:
    """Until the day has so many events."""
    until_s = time.monotonic() + FULL_MAX_S
    while watch.next_seq < events:
        watch.poll()
        assert engine.feeder.is_alive(), f"the stream ended: {engine.feeder.failure!r}"
        assert time.monotonic() < until_s, f"{watch.next_seq} events in {FULL_MAX_S:g} s"
        time.sleep(0.005)
    engine.feeder.rounds_per_s = STREAMING_PER_S


def times(engine: live.Engine, watch: Watch, kills: int, kill: Callable[[], None]) -> list[float]:
    """Seconds from each kill to the first order after it."""
    found = []
    for _ in range(kills):
        calm_s = time.monotonic() + CALM_S
        while time.monotonic() < calm_s:
            watch.poll()
            time.sleep(0.01)
        watch.await_order()
        kill()
        killed_s = time.monotonic()
        watch.settle()
        watch.await_order()
        found.append(time.monotonic() - killed_s)
        assert engine.feeder.is_alive(), f"the stream ended: {engine.feeder.failure!r}"
    return found


def measured(url: str, folder: Path, events: int, kills: int) -> Iterator[dict[str, object]]:
    snapshots = ("--snapshots", str(folder / "snapshots"))
    with (
        live.engine(url, PARTITIONS, folder, seed=11, rounds_per_s=FILLING_PER_S) as engine,
        open_log(url, partitions=PARTITIONS) as log,
    ):
        workers, watch = engine.workers, Watch(log)
        workers.start("one", *snapshots)
        workers.await_work("one")
        engine.begin([])
        with following(url, folder, snapshots):
            filled(engine, watch, events)
            shape: dict[str, object] = {"events": watch.next_seq, "kills": kills}

            def kill_and_start() -> None:
                workers.kill("one")
                workers.start("one", *snapshots)

            found = times(engine, watch, kills, kill_and_start)
            yield {"what": "the same worker again", **shape, **figures(found)}
            names = ["one", "two"]
            workers.start("two", *snapshots)

            def kill_for_good() -> None:
                workers.kill(names[0])

            found = []
            for _ in range(kills):
                found += times(engine, watch, 1, kill_for_good)
                workers.start(names[0], *snapshots)  # Waits for a shard from now on.
                names.reverse()
            yield {"what": "another worker", **shape, **figures(found)}


def figures(found: Sequence[float]) -> dict[str, float]:
    return {
        "median_s": round(statistics.median(found), 3),
        "least_s": round(min(found), 3),
        "most_s": round(max(found), 3),
    }


@contextmanager
def following(url: str, folder: Path, snapshots: Sequence[str]) -> Iterator[None]:
    """A follower beside the workers."""
    with (folder / "follower.log").open("ab") as output:
        process = subprocess.Popen(  # noqa: S603  Our own command.
            [METAORDER, "follower", "run", "--log", url, *snapshots],
            env={**os.environ, "METAORDER_PARTITIONS": str(PARTITIONS)},
            stdout=output,
            stderr=output,
        )
    try:
        yield
        assert process.poll() is None, "the follower ended by itself"
    finally:
        process.kill()
        process.wait(STOP_MAX_S)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m infra.campaigns.failover",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--log", choices=("embedded", "kafka"), default="embedded")
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--dir", type=Path, default=Path("out/failover"))
    given = parser.parse_args()
    folder = given.dir.resolve() / f"{given.log}-{time.time_ns()}"
    folder.mkdir(parents=True)
    url = f"sqlite:{folder / 'log.db'}"
    try:
        if given.log == "kafka":
            bootstrap = local.start(folder / "kafka", local.free_port())
            topics.create(bootstrap, "failover", PARTITIONS)
            url = f"kafka:{bootstrap}/failover"
        for found in measured(url, folder, given.events, given.kills):
            sys.stdout.write(f"{json.dumps({'log': given.log, **found})}\n")
            sys.stdout.flush()
    finally:
        local.stop(folder / "kafka")
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
