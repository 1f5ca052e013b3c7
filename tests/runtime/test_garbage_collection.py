"""The garbage collector's thresholds belong to the process; a run only borrows them."""

import gc
import weakref

import pytest

from engine.runtime.garbage_collection import (
    THRESHOLDS,
    YOUNGEST,
    collected_rarely,
    quiet_collector,
    set_heap_aside,
)


def test_a_run_gives_the_thresholds_back() -> None:
    before = gc.get_threshold()
    with collected_rarely():
        assert gc.get_threshold() == THRESHOLDS
    assert gc.get_threshold() == before


def test_a_run_that_fails_gives_them_back_too() -> None:
    before = gc.get_threshold()
    with pytest.raises(RuntimeError, match="a run"), collected_rarely():
        raise RuntimeError("a run that fails")
    assert gc.get_threshold() == before


def test_a_worker_looks_at_each_object_once() -> None:
    quiet_collector()  # What it changed is undone after each test.
    gc.collect()
    kept = [[number] for number in range(10 * YOUNGEST)]

    assert gc.get_freeze_count() >= 9 * YOUNGEST
    assert len(gc.get_objects()) < 2 * YOUNGEST
    assert len(kept) == 10 * YOUNGEST


def test_a_rebuilt_heap_is_cleared_of_cycles_that_were_set_aside() -> None:
    quiet_collector()

    class Cycle:
        def __init__(self) -> None:
            self.own = self

    found = Cycle()
    gc.collect()
    seen = weakref.ref(found)
    del found
    gc.collect()
    assert seen() is not None

    set_heap_aside()

    assert seen() is None
