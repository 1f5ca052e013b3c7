"""The garbage collector's thresholds belong to the process; a run only borrows them."""

import gc

import pytest

from engine.runtime.garbage_collection import THRESHOLDS, collected_rarely


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
