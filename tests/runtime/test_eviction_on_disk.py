"""Every test of eviction in tests/core again, with the finished parents in a file."""

from collections.abc import Callable

import pytest
import test_eviction

from engine.core.state.finished_store import FinishedStore
from engine.runtime.recovery.finished_file import DiskStore

globals().update({name: x for name, x in vars(test_eviction).items() if name.startswith("test_")})


@pytest.fixture
def store() -> Callable[[], FinishedStore]:
    return DiskStore
