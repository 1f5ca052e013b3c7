"""Time until the shards and the gateway apply a kill switch behind a heap of quotes.

    python -m infra.campaigns.kill_switch [--log embedded|kafka] [--quotes 100000] [--shards 1]

A worker process and a gateway process run as they do in production. The quotes are written, then
the switch; each time runs from the moment at which a reader here has the switch in hand to that at
which it has the answer: ControlApplied of every shard, the gateway's status on every partition. So
it includes the answer's own way through the log. A line of JSON.
"""

import argparse
import json
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pipeline import desk

from engine import config
from engine.cli.rules import rules_of
from engine.core import events as e
from engine.core.units import NS_PER_MS
from engine.log import codec, open_log
from engine.log.kafka import topics
from engine.log.port import Log, Reader
from engine.runtime.garbage_collection import quiet_collector
from engine.runtime.worker import Worker
from engine.simulation.paper import PAPER, paper_gateway
from infra.kafka import local

INSTRUMENTS = tuple(f"I{number:02}" for number in range(16))
CHUNK = 2_000
UP_MAX_S = 60.0
ANSWER_MAX_S = 60.0


def work(url: str, shards: int) -> None:
    quiet_collector()
    with open_log(url, partitions=shards) as log:
        Worker(log, rules_of(config.load(partitions=shards)), "one").run()


def trade(url: str, shards: int) -> None:
    quiet_collector()
    with open_log(url, partitions=shards) as log:
        paper_gateway(log, seed=7).run()


class Watch:
    """Waits for an event on each of some partitions, and returns when it came."""

    def __init__(self, log: Log, topic: str, numbers: Sequence[int]) -> None:
        self._topic = topic
        self._readers: dict[int, Reader] = {n: log.reader(topic, n) for n in numbers}

    def seen_ns(self, is_it: Callable[[object], bool]) -> int:
        """When it had come on the last partition. Raises TimeoutError."""
        waiting = dict(self._readers)
        deadline_s = time.monotonic() + ANSWER_MAX_S
        while waiting:
            for number, reader in list(waiting.items()):
                found = [codec.decode(self._topic, r.value) for r in reader.read(CHUNK)]
                if any(is_it(event) for event in found):
                    del waiting[number]
            if time.monotonic() > deadline_s:
                raise TimeoutError(f"{self._topic}: not on partitions {list(waiting)}")
            time.sleep(0.001)
        return time.monotonic_ns()


def measured(url: str, quotes: int, shards: int) -> dict[str, float]:
    """Milliseconds from the switch's being readable to its being applied everywhere."""
    with open_log(url, partitions=shards) as log:
        publisher = desk.Publisher(log, desk.OMS)
        desk.open_day(publisher, INSTRUMENTS)
        applied = Watch(log, "ingest", range(shards))
        answered = Watch(log, "venue-reports", range(shards))
        with running(work, url, shards), running(trade, url, shards):
            applied.seen_ns(lambda event: isinstance(event, e.ConfigurationAdopted))
            answered.seen_ns(lambda event: getattr(event, "venue", "") == PAPER)
            for first in range(0, quotes, CHUNK):
                publisher.send(
                    *(
                        desk.quote(INSTRUMENTS[n % len(INSTRUMENTS)], "A", time.time_ns(), n % 5)
                        for n in range(first, min(quotes, first + CHUNK))
                    )
                )
            controls = log.reader("controls", 0)
            while not controls.at_end():
                controls.read(CHUNK)
            publisher.send(
                e.KillSwitchSet(
                    scope=e.ControlScope.FIRM,
                    scope_id="",
                    engaged=True,
                    set_by="desk",
                    text="",
                    set_ns=time.time_ns(),
                )
            )
            while not (found := controls.read(1)):
                log.wait(0.001)
            position, readable_ns = found[0].position, time.monotonic_ns()
            cause = f"controls:{position}"
            shard_ns = applied.seen_ns(lambda event: getattr(event, "cause", "") == cause)
            gateway_ns = answered.seen_ns(
                lambda event: getattr(event, "controls_position", -1) >= position
            )
    return {
        "shards_ms": (shard_ns - readable_ns) / NS_PER_MS,
        "gateway_ms": (gateway_ns - readable_ns) / NS_PER_MS,
    }


@contextmanager
def running(run: Callable[[str, int], None], url: str, shards: int) -> Iterator[None]:
    process = multiprocessing.get_context("spawn").Process(target=run, args=(url, shards))
    process.start()
    try:
        yield
    finally:
        process.kill()
        process.join()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.campaigns.kill_switch")
    parser.add_argument("--log", choices=("embedded", "kafka"), default="embedded")
    parser.add_argument("--quotes", type=int, default=100_000)
    parser.add_argument("--shards", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        url = f"sqlite:{folder / 'log.db'}"
        if given.log == "kafka":
            bootstrap = local.start(folder / "kafka", local.free_port())
            topics.create(bootstrap, "switch", given.shards)
            url = f"kafka:{bootstrap}/switch"
        try:
            found = measured(url, given.quotes, given.shards)
        finally:
            local.stop(folder / "kafka")
    shape = {"log": given.log, "quotes": given.quotes, "shards": given.shards}
    sys.stdout.write(f"{json.dumps({**shape, **found})}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
