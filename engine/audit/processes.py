"""Do independent work in several processes, and hear how far each is.

Work is a function of a module, and what it is given and gives back can be pickled. Every process
opens the log for itself: a fork would share the connection of the one that started it.
"""

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from queue import Empty
from typing import Any, TypeVar

from engine.log.port import EngineError

LISTEN_S = 0.1

Item = TypeVar("Item")
Found = TypeVar("Found")
Tell = Callable[[Any], None]  # Says how far the work is, in its own words.

_told: Any = None  # The queue of a process of the pool, to say how far it is.


def run(
    work: Callable[[Item, Tell], Found], items: Sequence[Item], jobs: int, hear: Tell
) -> list[Found]:
    """What the work gives for each item, in their order; the first are begun first.

    With one job all of it happens in this process. Raises what the work raises, and EngineError
    where a process was ended from outside.
    """
    if jobs <= 1 or len(items) <= 1:
        return [work(item, hear) for item in items]
    context = multiprocessing.get_context("spawn")
    told = context.Queue()
    count = min(jobs, len(items))
    with ProcessPoolExecutor(count, context, _listen_to, (told,)) as pool:
        futures: list[Future[Found]] = [pool.submit(_apart, work, item) for item in items]
        running = set(futures)
        while running:
            running = wait(running, timeout=LISTEN_S).not_done
            _drain(told, hear)
        try:
            return [future.result() for future in futures]
        except BrokenProcessPool as error:
            raise EngineError(
                "a process of the work was ended from outside; run it again with --jobs 1 to see "
                "whether memory is short."
            ) from error


def _listen_to(told: Any) -> None:  # noqa: ANN401  A queue of the context.
    global _told  # noqa: PLW0603  One a process of the pool, set as it starts.
    _told = told


def _apart(work: Callable[[Item, Tell], Found], item: Item) -> Found:
    return work(item, _told.put)


def _drain(told: Any, hear: Tell) -> None:  # noqa: ANN401  A queue of the context.
    while True:
        try:
            hear(told.get_nowait())
        except Empty:
            return
