"""Have Python look for garbage cycles rarely while an engine works.

A day makes millions of events, orders and fills that live until its close and are in no cycle;
reference counts free the rest. With Python's own thresholds the collector walks these again and
again and finds nothing, which took about a seventh of the time of a day of small orders. Memory
stays flat all the same: a shard drops its day at the close, and cycles are still collected.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

# New objects between two collections of the youngest generation, and how many of these come before
# one of the next older generation; Python's own are 700, 10, 10.
THRESHOLDS = (50_000, 20, 50)


def quiet_collector() -> None:
    """Collect rarely as long as this process lives; a worker's process is the engine's alone."""
    gc.set_threshold(*THRESHOLDS)


def set_heap_aside() -> None:
    """Exempt rebuilt state from every later collection, after collecting what is garbage by now."""
    gc.unfreeze()  # The state of shards that were lost since the last time.
    gc.collect()
    gc.freeze()


@contextmanager
def collected_rarely() -> Iterator[None]:
    """Collect rarely inside the `with`; then the process's own thresholds are back."""
    before = gc.get_threshold()
    gc.set_threshold(*THRESHOLDS)
    try:
        yield
    finally:
        gc.set_threshold(*before)


@contextmanager
def not_collected() -> Iterator[None]:
    """Do not collect inside the `with`, where many objects are made and none is garbage."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
