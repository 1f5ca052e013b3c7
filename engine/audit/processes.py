"""Do independent work in several processes, and collect their progress.

The work is a function of a module; its argument and its result can be pickled. Every process opens
the log itself: a fork would share the connection of the process that started it.
"""

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from queue import Empty
from typing import Any, TypeVar

from engine.log.port import EngineError

POLL_S = 0.1

Item = TypeVar("Item")
Found = TypeVar("Found")
OnProgress = Callable[[Any], None]  # Gets the progress, in a form of the work's own.

_progress: Any = None  # The queue to which a process of the pool writes its progress.


def run(
    work: Callable[[Item, OnProgress], Found],
    items: Sequence[Item],
    jobs: int,
    on_progress: OnProgress,
) -> list[Found]:
    """The results of the work for each item, in the order of the items; the first start first.

    With one job all of it runs in this process. Raises the errors of the work, and EngineError
    where a process was killed.
    """
    if jobs <= 1 or len(items) <= 1:
        return [work(item, on_progress) for item in items]
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    count = min(jobs, len(items))
    with ProcessPoolExecutor(count, context, _set_queue, (queue,)) as pool:
        futures: list[Future[Found]] = [pool.submit(_in_process, work, item) for item in items]
        running = set(futures)
        while running:
            running = wait(running, timeout=POLL_S).not_done
            _drain(queue, on_progress)
        try:
            return [future.result() for future in futures]
        except BrokenProcessPool as error:
            raise EngineError(
                "a process of the command was killed. Run it again with --jobs 1; if that "
                "succeeds, memory was short."
            ) from error


def _set_queue(queue: Any) -> None:  # noqa: ANN401  A queue of the context.
    global _progress  # noqa: PLW0603  One a process of the pool, set as it starts.
    _progress = queue


def _in_process(work: Callable[[Item, OnProgress], Found], item: Item) -> Found:
    return work(item, _progress.put)


def _drain(queue: Any, on_progress: OnProgress) -> None:  # noqa: ANN401  A queue of the context.
    while True:
        try:
            on_progress(queue.get_nowait())
        except Empty:
            return
