"""`python -m infra.campaigns.restart [EVENTS ...]`: how long a restart takes, late in a day.

For each number of events a day of small orders is played on an embedded log, in waves, until so
many stage events are sealed; a follower beside it writes snapshots, the last one a whole interval
before the end. Then processes of their own restart the shard from the newest snapshot and
by folding the whole day. Printed as JSON, one line each: seconds of the recovery alone, on the wall
and of the processor, seconds from the process's start to its end, batches folded, and the memory
that the shard then takes.

Last comes the live heap: the bytes that Python holds for the shard after a restart from the
snapshot, in a process that counts them (tracemalloc), once no order is at work; for each day, and
the largest beside the smallest. SQLite's page cache is not in it; it is bounded, and `shard_mb`,
which the machine counts, includes it.
"""

import argparse
import gc
import json
import logging
import os
import subprocess
import sys
import tempfile
import time
import tracemalloc
from pathlib import Path
from typing import Any

from engine.audit.follower import EVERY_EVENTS, Follower
from engine.log.embedded import EmbeddedLog
from engine.log.port import NewRecord
from engine.runtime.garbage_collection import quiet_collector
from engine.runtime.recovery import snapshot
from engine.runtime.recovery.finished_file import DiskStore
from engine.runtime.recovery.recovery import recover
from engine.runtime.shard import Sealed, Shard
from infra.bench.player import Player
from infra.bench.world import RULES, Shape

DAYS = (100_000, 1_000_000)
WAVE_ORDERS = 10_000
SCRATCH = Path("out")  # A local disk.
BYTES_PER_MB = 1_000_000


class Committing(Shard):
    """A shard whose inputs and batches go to a log."""

    def __init__(self, log: EmbeddedLog) -> None:
        super().__init__(0, RULES, DiskStore())
        self._log = log
        self._leases = log.leases("restart", [0])
        (lease,) = self._leases.poll(0).gained
        self._writer = log.writer(lease)

    def step(self, batch: Any, now_ns: int, **options: Any) -> Sealed | None:  # noqa: ANN401
        for topic, records in batch.items():
            self._log.append(topic, [NewRecord(0, *record[2:]) for record in records])
        sealed = super().step(batch, now_ns, **options)
        if sealed is not None:
            self._leases.poll(0)
            self._writer.commit(sealed.records)
        return sealed

    def close(self) -> None:
        self._writer.close()
        self._leases.close()


def play(path: Path, folder: Path, events: int) -> dict[str, object]:
    """A day of so many events on a log, and a follower beside it."""
    with EmbeddedLog(path, 1) as log, EmbeddedLog(path, 1) as read:
        player = Player(Shape(orders=0), keeps=False)
        shard = Committing(log)
        player.shard = shard
        follower = Follower(read, 0, RULES, folder)
        began_s = time.monotonic()
        player.open()
        for until in (max(0, events - EVERY_EVENTS), events):
            while player.script.events < until:
                player.wave(min(WAVE_ORDERS, max(500, (until - player.script.events) // 8)))
                if until < events:
                    follower.fold_new()
            if until < events:
                follower.write_snapshot()  # The last one: as old as can be when the day is killed.
        player.evict()  # No order is at work, and the finished ones are evicted.
        follower.close()
        shard.close()
    header = snapshot.read_header(snapshot.paths(folder, 0)[0])
    return {
        "what": "day",
        "orders": player.script.orders,
        "events": player.script.events,
        "batches": player.shard.next_batch,
        "snapshot_batch": header.batch,
        "shelf_mb": round(sum(x.stat().st_size for x in folder.glob("*.shelf")) / BYTES_PER_MB, 1),
        "snapshot_mb": round(snapshot.paths(folder, 0)[0].stat().st_size / BYTES_PER_MB, 1),
        "seconds": round(time.monotonic() - began_s, 1),
    }


def resident_mb() -> float:
    """The memory that this process takes of the machine now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / BYTES_PER_MB


def restart(path: Path, folder: Path | None) -> dict[str, object]:
    """Recover in this process; the figures of it."""
    quiet_collector()
    before_mb = resident_mb()
    with EmbeddedLog(path, 1) as log:
        began_s, began_cpu_s = time.monotonic(), time.process_time()
        steps = recover(log, 0, RULES, folder)
        folded = 0
        while True:
            try:
                next(steps)
            except StopIteration as done:
                shard: Shard = done.value
                break
            folded += 1
        took_s, cpu_s = time.monotonic() - began_s, time.process_time() - began_cpu_s
    gc.collect()
    return {
        "what": "by folding" if folder is None else "from a snapshot",
        "next_batch": shard.next_batch,
        "folded": folded,
        "recovery_s": round(took_s, 3),
        "recovery_cpu_s": round(cpu_s, 3),
        "shard_mb": round(resident_mb() - before_mb, 1),
    }


def heap(path: Path, folder: Path) -> dict[str, object]:
    """Recover in this process, and count the live bytes."""
    with EmbeddedLog(path, 1) as log:
        gc.collect()
        tracemalloc.start()
        shard = recovered(log, folder)
        gc.collect()
        bytes_live = tracemalloc.get_traced_memory()[0]
    orders = len(shard.state.orders)
    return {"what": "live heap", "heap_mb": round(bytes_live / BYTES_PER_MB, 2), "orders": orders}


def recovered(log: EmbeddedLog, folder: Path | None) -> Shard:
    steps = recover(log, 0, RULES, folder)
    while True:
        try:
            next(steps)
        except StopIteration as done:
            shard: Shard = done.value
            return shard


def measured(path: Path, folder: Path | None, *more: str) -> dict[str, object]:
    """A restart in a process of its own."""
    command = [sys.executable, "-m", "infra.campaigns.restart", "--of", str(path), *more]
    if folder is not None:
        command += ["--snapshots", str(folder)]
    began_s = time.monotonic()
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603  Ours.
    found: dict[str, object] = json.loads(done.stdout)
    return {**found, "process_s": round(time.monotonic() - began_s, 3)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("events", type=int, nargs="*", default=list(DAYS))
    parser.add_argument("--of", type=Path, help="Restart this log once, and print the figures.")
    parser.add_argument("--snapshots", type=Path, help="Folder of its snapshots.")
    parser.add_argument("--heap", action="store_true", help="Count the live bytes after it.")
    given = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    if given.of is not None:
        say((heap if given.heap else restart)(given.of, given.snapshots))
        return
    SCRATCH.mkdir(exist_ok=True)
    heaps: dict[int, float] = {}
    for events in given.events:
        with tempfile.TemporaryDirectory(dir=SCRATCH) as scratch:
            path, folder = Path(scratch) / "log.db", Path(scratch) / "snapshots"
            say(play(path, folder, events))
            say(measured(path, folder))
            say(measured(path, None))
            counted = measured(path, folder, "--heap")
            say(counted)
            heaps[events] = float(str(counted["heap_mb"]))
    if len(heaps) > 1:
        say({"what": "heap", "ratio": round(heaps[max(heaps)] / heaps[min(heaps)], 3)})


def say(found: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(found) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
