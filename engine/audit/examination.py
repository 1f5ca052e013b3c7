"""Prove a whole log: its shards side by side, a process each as far as there are cores.

Shards share nothing, so their proofs do not either. Every process opens the log for itself; the
longest journals go first, so that no core is left with one at the end.
"""

import multiprocessing
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from queue import Empty
from typing import Any

from engine import seal as seals
from engine.audit import verification
from engine.audit.verification import Bounds, Progress, Proof
from engine.garbage import collected_rarely
from engine.log import open_log
from engine.log.port import EngineError
from engine.shard import Rules

REPORT_EVERY_BATCHES = 50
LISTEN_S = 0.1

OnProgress = Callable[[Progress], None]

_told: Any = None  # The queue of a process of the pool, to say how far it is.


@dataclass(frozen=True, slots=True)
class Task:
    """What one process proves."""

    url: str
    partitions: int
    shard: int
    rules: Rules
    bounds: Bounds
    anchors: Mapping[int, bytes]


def examine(tasks: Sequence[Task], jobs: int, on_progress: OnProgress | None = None) -> list[Proof]:
    """The proofs of all shards, by shard. Raises what opening and reading the log raises."""
    hear = on_progress or (lambda _: None)
    if jobs <= 1 or len(tasks) <= 1:
        reached: dict[int, Progress] = {}
        return [_proved(task, _Teller(reached, hear).tell) for task in tasks]
    return _side_by_side(tasks, jobs, hear)


def run_chain(proofs: Sequence[Proof]) -> bytes:
    """The chain of the run; only where the shards are all of them."""
    return seals.run_chain([proof.chain for proof in proofs])


class _Teller:
    """Adds up how far the shards are."""

    def __init__(self, reached: dict[int, Progress], hear: OnProgress) -> None:
        self._reached = reached
        self._hear = hear

    def tell(self, shard: int, progress: Progress) -> None:
        self._reached[shard] = progress
        self._hear(Progress(*(sum(each) for each in zip(*self._reached.values(), strict=True))))


def _proved(task: Task, tell: Callable[[int, Progress], None]) -> Proof:
    with open_log(task.url, partitions=task.partitions) as log, collected_rarely():
        steps = verification.verify(log, task.shard, task.rules, task.bounds, task.anchors)
        while True:
            try:
                progress = next(steps)
            except StopIteration as done:
                proof: Proof = done.value
                return proof
            if progress.batches % REPORT_EVERY_BATCHES == 0:
                tell(task.shard, progress)


def _side_by_side(tasks: Sequence[Task], jobs: int, hear: OnProgress) -> list[Proof]:
    context = multiprocessing.get_context("spawn")  # A fork would share the log's connection.
    told = context.Queue()
    teller = _Teller({}, hear)
    with ProcessPoolExecutor(jobs, context, _listen_to, (told,)) as pool:
        waiting: set[Future[Proof]] = {
            pool.submit(_proved_apart, task) for task in longest_first(tasks)
        }
        running = set(waiting)
        while running:
            running = wait(running, timeout=LISTEN_S).not_done
            _drain(told, teller)
        try:
            proofs = [future.result() for future in waiting]
        except BrokenProcessPool as error:
            raise EngineError(
                "a process of the proof was ended from outside; run it again with --jobs 1 to see "
                "whether memory is short."
            ) from error
    return sorted(proofs, key=lambda proof: proof.shard)


def longest_first(tasks: Sequence[Task]) -> list[Task]:
    with open_log(tasks[0].url, partitions=tasks[0].partitions) as log:
        heads = {task.shard: verification.newest_seal(log, task.shard) for task in tasks}
    sizes = {shard: 0 if seal is None else seal.next_seq for shard, seal in heads.items()}
    return sorted(tasks, key=lambda task: (-sizes[task.shard], task.shard))


def _listen_to(told: Any) -> None:  # noqa: ANN401  A queue of the context.
    global _told  # noqa: PLW0603  One a process of the pool, set as it starts.
    _told = told


def _proved_apart(task: Task) -> Proof:
    return _proved(task, lambda shard, progress: _told.put((shard, progress)))


def _drain(told: Any, teller: _Teller) -> None:  # noqa: ANN401  A queue of the context.
    while True:
        try:
            teller.tell(*told.get_nowait())
        except Empty:
            return
