"""Prove a whole log: all shards in parallel, a process each as far as there are cores.

Shards share nothing, so neither do their proofs. The longest journals go first, so that no core
works alone at the end.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from engine.audit import processes, verification
from engine.audit.verification import Bounds, Progress, Proof
from engine.log import open_log
from engine.log.port import Log
from engine.log.security import OPEN, Security
from engine.runtime.garbage_collection import collected_rarely
from engine.runtime.shard import Rules

REPORT_EVERY_BATCHES = 50

OnProgress = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Task:
    """Work of one process: the proof of a shard."""

    url: str
    partitions: int
    shard: int
    rules: Rules
    bounds: Bounds
    anchors: Mapping[int, bytes]
    in_full: int | None = None  # Departures shown in full; None to prove the bytes.
    security: Security = OPEN


def verify_all(
    tasks: Sequence[Task], jobs: int, on_progress: OnProgress | None = None
) -> list[Proof]:
    """The proofs of all shards, by shard. Raises what opening and reading the log raises."""
    total = _TotalProgress(on_progress or (lambda _: None))
    if jobs > 1 and len(tasks) > 1:
        tasks = longest_first(tasks)
    return sorted(processes.run(_proved, tasks, jobs, total.update), key=lambda proof: proof.shard)


class _TotalProgress:
    """The progress of all shards together."""

    def __init__(self, on_progress: OnProgress) -> None:
        self._reached: dict[int, Progress] = {}
        self._on_progress = on_progress

    def update(self, shard_progress: tuple[int, Progress]) -> None:
        shard, progress = shard_progress
        self._reached[shard] = progress
        self._on_progress(
            Progress(*(sum(each) for each in zip(*self._reached.values(), strict=True)))
        )


def _proved(task: Task, report: Callable[[tuple[int, Progress]], None]) -> Proof:
    with opened(task) as log, collected_rarely():
        steps = verification.verify(
            log, task.shard, task.rules, task.bounds, task.anchors, task.in_full
        )
        while True:
            try:
                progress = next(steps)
            except StopIteration as done:
                proof: Proof = done.value
                return proof
            if progress.batches % REPORT_EVERY_BATCHES == 0:
                report((task.shard, progress))


def opened(task: Task) -> Log:
    return open_log(task.url, partitions=task.partitions, security=task.security)


def longest_first(tasks: Sequence[Task]) -> list[Task]:
    with opened(tasks[0]) as log:
        heads = {task.shard: verification.newest_seal(log, task.shard) for task in tasks}
    sizes = {shard: 0 if seal is None else seal.next_seq for shard, seal in heads.items()}
    return sorted(tasks, key=lambda task: (-sizes[task.shard], task.shard))
