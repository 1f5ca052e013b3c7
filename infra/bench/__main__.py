"""`python -m infra.bench [--quick] [--json FILE] [--no-kafka]`: every figure, in one run.

A broker is the one that KAFKA_BOOTSTRAP names, or a local one of infra/kafka/local.py, which is
started for the run and stopped after it.
"""

import argparse
import json
import os
import platform
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from engine.log import open_log
from engine.log.kafka import topics
from infra.bench import (
    growth,
    guarantees,
    latency,
    player,
    profiling,
    projecting,
    report,
    throughput,
    world,
)
from infra.kafka import local

SCRATCH = Path("out")  # A local disk: /tmp may be memory, and a commit must reach a disk.


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """Counts of a measurement."""

    shape: world.Shape
    quotes: int
    latency_orders: int
    window_orders: int
    children: int
    heap_orders: int


FULL = Size(
    shape=world.Shape(),
    quotes=200_000,
    latency_orders=1_000,
    window_orders=1_000,
    children=100_000,
    heap_orders=500,
)
QUICK = Size(
    shape=world.Shape(
        instruments=16,
        orders=2_000,
        orders_per_round=40,
        window_ns=30 * world.SECOND_NS,
        horizon_ns=60 * world.SECOND_NS,
    ),
    quotes=20_000,
    latency_orders=100,
    window_orders=20,
    children=3_000,
    heap_orders=50,
)


@contextmanager
def pinned() -> Iterator[bool]:
    """Keep this process to one core where the system can; True if it does."""
    if not hasattr(os, "sched_setaffinity"):
        yield False
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    try:
        yield True
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def broker(folder: Path, *, wanted: bool) -> Iterator[str | None]:
    """HOST:PORT of a real Kafka, or None where there is none."""
    named = os.environ.get("KAFKA_BOOTSTRAP")
    if named or not wanted:
        yield named if wanted else None
        return
    try:
        bootstrap = local.start(folder, local.free_port())
    except local.LocalKafkaError as error:
        print(f"no Kafka: {error}", file=sys.stderr)  # noqa: T201  A command's own words.
        yield None
        return
    try:
        yield bootstrap
    finally:
        local.stop(folder)


def embedded_url(folder: Path) -> Callable[[str], str]:
    return lambda name: f"sqlite:{folder / name}.db"


def kafka_url(bootstrap: str) -> Callable[[str], str]:
    """Every log of a run gets topics of its own; they are made here, as an operator would."""
    run = uuid.uuid4().hex[:8]

    def url(name: str) -> str:
        prefix = f"bench-{run}-{name}"
        topics.create(bootstrap, prefix, 1)
        return f"kafka:{bootstrap}/{prefix}"

    return url


def opener(url: Callable[[str], str]) -> throughput.OpenLog:
    return lambda name: open_log(url(name), partitions=1)


# -------------------------------------------------------------------------------- the run


class Run:
    """One run: each figure goes into `found`, in the form of the JSON."""

    def __init__(self, size: Size, folder: Path, say: Callable[[str], None]) -> None:
        self._size = size
        self._folder = folder
        self._say = say
        self._scripts: tuple[player.Script, player.Script] | None = None
        self.found: dict[str, Any] = {"throughput": [], "latency": [], "not_run": []}

    def embedded(self) -> None:
        url = embedded_url(self._folder)
        self.throughput("embedded", url)
        self._say("recovery, proof and projection")
        rows = guarantees.guarantees(url("orders-engine"), lambda: self.rebuild(url), pinned)
        self.found["guarantees"] = [row.as_json() for row in rows]
        self._say("profile")
        with open_log(url("profile"), partitions=1) as log:
            stages = profiling.profile(self._orders_script, log)
        self.found["profile"] = {stage: round(share, 4) for stage, share in stages.items()}

    def rebuild(self, url: Callable[[str], str]) -> float:
        """Make the projection of the small orders; returns the seconds that it took."""
        with open_log(url("orders-engine"), partitions=1) as log:
            made = projecting.projecting(log, self._folder / "projection.duckdb")
        self.found["projector"] = made.as_json()
        return made.seconds

    def throughput(self, name: str, url: Callable[[str], str]) -> None:
        """Orders and quotes a second."""
        with pinned() as is_pinned:
            self.found.setdefault("pinned", is_pinned)
            self._say(f"orders a second, {name} log")
            found = throughput.orders(self._orders_script, name, opener(url))
            self.found["throughput"].append(found.as_json())
            self._say(f"quotes a second, {name} log")
            count = self._size.quotes
            found = throughput.quotes(self._quotes_script, count, name, opener(url))
            self.found["throughput"].append(found.as_json())

    def latency(self, name: str, url: Callable[[str], str]) -> None:
        """Order to route, beside the bare transaction, on one log of its own each."""
        self._say(f"latency, {name} log")
        size = self._size
        bare = latency.transaction(url("bare"), size.latency_orders)
        rows = [
            ("bare transaction", bare),
            ("no engine between", latency.answered(url("answered"), size.latency_orders)),
        ]
        for what, window_ns, count in (
            ("order to route, window 0", 0, size.latency_orders),
            ("order to route, window 5 s", latency.DEFAULT_WINDOW_NS, size.window_orders),
        ):
            made = latency.order_to_route(url(f"window-{window_ns}"), name, window_ns, count)
            rows.append((what, made.route))
        self.found["latency"] += [
            {
                "log": name,
                "what": what,
                "ms": found.as_json(),
                "p50_to_bare": round(found.p50_ms / bare.p50_ms, 3),
            }
            for what, found in rows
        ]

    def kafka(self, *, wanted: bool) -> None:
        self._say("a Kafka broker")
        with broker(self._folder / "kafka", wanted=wanted) as bootstrap:
            if bootstrap is None:
                self.found["not_run"].append("Kafka: no broker; set KAFKA_BOOTSTRAP=HOST:PORT")
                return
            url = kafka_url(bootstrap)
            self.throughput("kafka", url)
            self.latency("kafka", url)

    def growth(self) -> None:
        self._say("cost of a child")
        with pinned():
            self.found["child_cost"] = growth.child_cost(self._size.children).as_json()
            self._say("live heap")
            self.found["heap"] = growth.heap(self._size.heap_orders).as_json()

    @property
    def _orders_script(self) -> player.Script:
        return self._played[0]

    @property
    def _quotes_script(self) -> player.Script:
        return self._played[1]

    @property
    def _played(self) -> tuple[player.Script, player.Script]:
        if self._scripts is None:
            self._say("playing the script")
            shape = self._size.shape
            self._scripts = (player.play(shape), player.quotes(shape, self._size.quotes))
        return self._scripts


def measured(
    size: Size, folder: Path, say: Callable[[str], None], *, kafka: bool
) -> dict[str, Any]:
    """Every figure of a run."""
    started = time.perf_counter()
    run = Run(size, folder, say)
    run.embedded()
    run.latency("embedded", embedded_url(folder))
    run.kafka(wanted=kafka)
    run.found["peak_rss_bytes"] = growth.peak_rss_bytes()
    run.growth()
    found = run.found
    found["machine"] = {
        "cpu_count": os.cpu_count(),
        "pinned": found.pop("pinned"),
        "load": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "system": platform.platform(),
    }
    found["seconds"] = round(time.perf_counter() - started, 1)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="less of everything, under a minute")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--no-kafka", action="store_true", help="leave Kafka out")
    arguments = parser.parse_args()
    SCRATCH.mkdir(exist_ok=True)
    console, errors = Console(), Console(stderr=True)
    with (
        tempfile.TemporaryDirectory(prefix="bench-", dir=SCRATCH) as folder,
        errors.status("starting") as status,
    ):
        found = measured(
            QUICK if arguments.quick else FULL,
            Path(folder).resolve(),
            status.update,
            kafka=not arguments.no_kafka,
        )
    report.show(found, console)
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
