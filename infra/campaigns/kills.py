"""Kill workers with -9 at random moments under load, and prove after each batch that nothing shows.

    python -m infra.campaigns.kills --log embedded|kafka [--kills 1000] [--batch 50] [--seed 1]
        [--backlog 20000]

A batch has a log of its own, two workers, a desk that streams orders, a venue that answers and a
projector that follows. Some kills come while so many orders wait in one shard, more than a reader
holds, and the other worker takes that shard over. When every input is decided: no input is lost or
decided twice, seq has no gap, re-execution gives the same bytes, folding gives the same state,
every invariant holds, `metaorder verify` exits 0, and the followed projection equals one made anew.
A line of JSON a batch; a batch that fails leaves its folder behind and prints how to run it again.
"""

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from pipeline import live, whole_log
from pipeline.workers import METAORDER

from engine.core.partition import partition_of
from engine.log import open_log
from engine.log.kafka import topics
from engine.log.port import Log
from infra.kafka import local
from projections import projector
from projections.file import connect

PARTITIONS = 4
OWNERS = ("one", "two")
ROUNDS_PER_S = 20
SETTLE_S = 2.0
PAUSE_MAX_S = 0.8  # Between two kills, at most.
AT_WORK = 0.7  # Of the kills wait until their victim is at work; the others hit it anywhere.
BACKLOGGED = 0.04  # Of the kills hit a worker with a backlog; that in the middle of a batch does.
AWAIT_TIMES = 4  # A start of a worker takes long on a machine that has much else to do.
DRAIN_MAX_S = 600.0
VERIFY_MAX_S = 1_200


class Projector(live.Loop):
    """Follows the log into a projection, as `metaorder projections follow` does."""

    def __init__(self, url: str, partitions: int, path: Path) -> None:
        super().__init__(url, partitions)
        self._path = path

    def work(self, log: Log) -> None:
        projector.follow(log, self._path, stop=self._ends.is_set)


def killed(engine: live.Engine, kills: int, seed: int, backlog: int) -> Counter[str]:
    """Kill and start again so many times; counts the kills that hit a worker at work."""
    chance = random.Random(seed)  # noqa: S311  No secret: a campaign repeats.
    figures = Counter({"kills": kills})
    time.sleep(SETTLE_S)
    for number in range(kills):
        if backlog and (number == kills // 2 or chance.random() < BACKLOGGED):
            take_over(engine, chance.choice(live.INSTRUMENTS), backlog)
            figures += Counter({"kills at work": 1, "backlogs taken over": 1})
        else:
            figures["kills at work"] += kill(engine, chance)
    return figures


def kill(engine: live.Engine, chance: random.Random) -> bool:
    """Kill a worker and start it again; True if it was at work."""
    owner, workers = chance.choice(OWNERS), engine.workers
    for _ in range(AWAIT_TIMES if chance.random() < AT_WORK else 0):
        workers.await_work(owner)
    time.sleep(chance.uniform(0, PAUSE_MAX_S))
    assert engine.feeder.is_alive(), f"the stream ended: {engine.feeder.failure!r}"
    is_hit = workers.kill(owner)
    workers.start(owner)
    return is_hit


def take_over(engine: live.Engine, instrument_id: str, backlog: int) -> None:
    """Kill the worker with so many orders waiting; start it again when the other has its shard."""
    workers = engine.workers
    shard = partition_of(instrument_id.encode(), PARTITIONS)
    workers.await_owner(shard)
    engine.feeder.pile_up([instrument_id], backlog)
    owner = workers.await_owner(shard)
    workers.kill(owner)
    workers.await_owner(shard)
    workers.start(owner)


def verified(url: str) -> Mapping[str, object]:
    """The result of `metaorder verify`; asserts that it exits 0."""
    environ = {**os.environ, "METAORDER_PARTITIONS": str(PARTITIONS)}
    done = subprocess.run(  # noqa: S603  Our own command.
        [METAORDER, "verify", "--log", url, "--jobs", "1", "-o", "json"],
        env=environ,
        capture_output=True,
        text=True,
        timeout=VERIFY_MAX_S,
        check=False,
    )
    assert done.returncode == 0, f"verify exits {done.returncode}: {done.stdout}{done.stderr}"
    found: Mapping[str, object] = json.loads(done.stdout)
    return found


def compare(url: str, followed: Path, anew: Path) -> int:
    """Assert that the followed projection has the tables of one made anew; returns their number."""
    with open_log(url, partitions=PARTITIONS) as log:
        projector.follow(log, followed, stop=lambda: True)  # Records that came after its stop.
        projector.rebuild(log, anew)
    tables = []
    for path in (followed, anew):
        with closing(connect(path)) as connection:
            tables.append(projector.fingerprints(connection))
    one, other = tables
    wrong = [name for name, digest in one.items() if other[name] != digest]
    assert not wrong, f"the followed projection has other rows in {wrong}"
    return len(one)


def batch(url: str, folder: Path, kills: int, seed: int, backlog: int) -> Counter[str]:
    """One batch; its figures. Raises AssertionError if a record was lost, doubled or changed."""
    follows = Projector(url, PARTITIONS, folder / "followed.duckdb")
    with live.engine(url, PARTITIONS, folder, seed=seed, rounds_per_s=ROUNDS_PER_S) as engine:
        engine.begin(OWNERS)
        follows.start()
        try:
            counts = killed(engine, kills, seed, backlog)
            engine.drain(DRAIN_MAX_S)
            engine.workers.stop()
        finally:
            follows.finish()
        figures = whole_log.check(engine, folder) + counts
    proved = verified(url)
    assert proved["verified"] is True
    figures["tables equal"] = compare(url, folder / "followed.duckdb", folder / "anew.duckdb")
    return figures


@contextmanager
def log_urls(kind: str, folder: Path) -> Iterator[Iterator[str]]:
    """Empty logs of a kind, one after the other; Kafka is started for the campaign alone."""
    if kind == "embedded":
        yield (f"sqlite:{folder / f'log-{number}.db'}" for number in range(sys.maxsize))
        return
    kafka = folder / "kafka"
    bootstrap = local.start(kafka, local.free_port())

    def created() -> Iterator[str]:
        for number in range(sys.maxsize):
            topics.create(bootstrap, f"kills-{number}", PARTITIONS)
            yield f"kafka:{bootstrap}/kills-{number}"

    try:
        yield created()
    finally:
        local.stop(kafka)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.campaigns.kills", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--log", choices=("embedded", "kafka"), default="embedded")
    parser.add_argument("--kills", type=int, default=1_000)
    parser.add_argument("--batch", type=int, default=50, help="kills of one log")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--backlog", type=int, default=20_000, help="orders; 0 for no take-overs")
    parser.add_argument("--dir", type=Path, default=Path("out/kills"))
    given = parser.parse_args()
    total: Counter[str] = Counter()
    folder = given.dir.resolve() / f"{given.log}-{time.time_ns()}"
    with log_urls(given.log, folder) as urls:
        for number, first in enumerate(range(0, given.kills, given.batch)):
            seed = given.seed + number
            home = folder / f"batch-{number}"
            home.mkdir(parents=True)
            kills = min(given.batch, given.kills - first)
            began_s = time.monotonic()
            try:
                figures = batch(next(urls), home, kills, seed, given.backlog)
            except BaseException:
                sys.stderr.write(
                    f"failed, see {home}; again: python -m infra.campaigns.kills "
                    f"--log {given.log} --kills {kills} --batch {kills} --seed {seed} "
                    f"--backlog {given.backlog}\n"
                )
                raise
            figures["seconds"] = round(time.monotonic() - began_s)
            total += figures
            say({"batch": number, "seed": seed, **figures})
            shutil.rmtree(home)
    say({"log": given.log, "batches": number + 1, **total})
    shutil.rmtree(folder)
    return 0


def say(figures: Mapping[str, object]) -> None:
    sys.stdout.write(f"{json.dumps(figures)}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
