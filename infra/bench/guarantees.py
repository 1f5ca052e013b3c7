"""Speed of recovery, proof and projection, each beside decoding the same bytes.

Decoding is every record of the log through `codec.decode`, from memory, and nothing is kept: the
least that any reader of each event pays. A round of it before and after each measurement puts the
other load of the machine on both sides.

On two cores the shard is taken twice side by side, a process each, as two shards of its size would
be: shards share nothing but the log. Starting a process is not timed, but for the proof's own.
"""

import multiprocessing
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass

from engine.audit import all_shards
from engine.audit.all_shards import Task
from engine.audit.verification import Bounds
from engine.log import codec, open_log
from engine.log.port import DLQ, INPUT_TOPICS, JOURNAL, STAGE_TOPICS
from engine.runtime.recovery import recovery
from infra.bench.replay import as_in_a_worker
from infra.bench.world import RULES

READ_RECORDS = 2_000
SHARD = 0
START_S = 0.2  # So long a process of several is held, until the others have started too.

Pinned = Callable[[], AbstractContextManager[object]]


@dataclass(frozen=True, slots=True)
class Counted:
    """The counts of a log."""

    records: int
    events: int  # Inputs and stage events; without the seals.


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarantee:
    """One row: a log gone through on so many cores, as often as there are cores."""

    what: str
    cores: int
    counted: Counted
    seconds: float
    decoding_seconds: float

    def as_json(self) -> dict[str, object]:
        return {
            "what": self.what,
            "cores": self.cores,
            "records": self.cores * self.counted.records,
            "events": self.cores * self.counted.events,
            "events_per_s": round(self.cores * self.counted.events / self.seconds, 1),
            "seconds": round(self.seconds, 3),
            "decoding_seconds": round(self.decoding_seconds, 3),
            "ratio_to_decoding": round(self.decoding_seconds / self.seconds, 3),
        }


def guarantees(url: str, rebuild: Callable[[], float], pinned: Pinned) -> list[Guarantee]:
    """All rows of a log with one shard that decided under the bench's rules.

    `rebuild` makes its projection and returns the seconds it took; one process, whatever the cores.
    """
    counted = count(url)
    found: list[Guarantee] = []

    def add(what: str, cores: int, measured: Callable[[], float]) -> None:
        before_s = side_by_side(decode, url, cores)
        seconds = measured()
        decoding_s = (before_s + side_by_side(decode, url, cores)) / 2
        row = Guarantee(
            what=what, cores=cores, counted=counted, seconds=seconds, decoding_seconds=decoding_s
        )
        found.append(row)

    with pinned(), as_in_a_worker():
        add("recover", 1, lambda: side_by_side(recover, url, 1))
        add("verify", 1, lambda: verify(url, 1))
        add("rebuild", 1, rebuild)
    add("recover", 2, lambda: side_by_side(recover, url, 2))
    add("verify", 2, lambda: verify(url, 2))
    return found


def count(url: str) -> Counted:
    records = seals = 0
    with open_log(url, partitions=1) as log:
        for topic in (*INPUT_TOPICS, *STAGE_TOPICS, DLQ, JOURNAL):
            end = log.reader(topic, SHARD)
            while read := end.read(READ_RECORDS):
                records += len(read)
                seals += len(read) if topic == JOURNAL else 0
            end.close()
    return Counted(records, records - seals)


def side_by_side(work: Callable[[str], float], url: str, cores: int) -> float:
    """Seconds until the last of so many processes was through, from when all had begun."""
    if cores == 1:
        return work(url)
    context = multiprocessing.get_context("spawn")  # A fork would share the log's connection.
    with ProcessPoolExecutor(cores, context) as pool:
        list(pool.map(start, [START_S] * cores))
        return max(pool.map(work, [url] * cores))


def start(seconds: float) -> None:
    """Import the code that is measured, and let the other processes do so."""
    time.sleep(seconds)


def decode(url: str) -> float:
    """Every record of the log; seconds in the codec."""
    seconds = 0.0
    with open_log(url, partitions=1) as log:
        for topic in (*INPUT_TOPICS, *STAGE_TOPICS, JOURNAL):
            reader = log.reader(topic, SHARD)
            while records := reader.read(READ_RECORDS):
                started = time.perf_counter()
                for record in records:
                    codec.decode(topic, record.value)
                seconds += time.perf_counter() - started
            reader.close()
    return seconds


def recover(url: str) -> float:
    """Fold the whole day, as a worker does that starts."""
    started = time.perf_counter()
    with open_log(url, partitions=1) as log:
        for _ in recovery.recover(log, SHARD, RULES):
            pass
    return time.perf_counter() - started


def verify(url: str, jobs: int) -> float:
    """Decide every batch again, as `metaorder verify` does."""
    task = Task(url, 1, SHARD, RULES, Bounds(), {})
    started = time.perf_counter()
    proofs = all_shards.verify_all([task] * jobs, jobs)
    seconds = time.perf_counter() - started
    assert all(proof.difference is None and proof.decided for proof in proofs), proofs
    return seconds
