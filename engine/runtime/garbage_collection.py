"""Have Python look for garbage cycles rarely while an engine works.

A day makes millions of events, orders and fills that stay until its close and are in no cycle;
reference counts free the rest. With Python's own thresholds the collector walks what stays again
and again and finds nothing, which took about a seventh of the time of a day of small orders. Memory
stays flat all the same: a shard drops its day at the close, and cycles are still collected.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

# New objects between two looks at the youngest, and how many such looks before the next older
# generation has its turn; Python's own are 700, 10, 10.
THRESHOLDS = (50_000, 20, 50)


def quiet_collector() -> None:
    """For as long as this process lives; a worker's is the engine's alone."""
    gc.set_threshold(*THRESHOLDS)


def set_heap_aside() -> None:
    """Exempt what was rebuilt from every later search; what is garbage by now goes first."""
    gc.unfreeze()  # Of shards that went since the last time.
    gc.collect()
    gc.freeze()


@contextmanager
def collected_rarely() -> Iterator[None]:
    """For as long as a run lasts; the process's own thresholds are back after it."""
    before = gc.get_threshold()
    gc.set_threshold(*THRESHOLDS)
    try:
        yield
    finally:
        gc.set_threshold(*before)


@contextmanager
def not_collected() -> Iterator[None]:
    """While many objects are made at once, none of which is garbage."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
