"""Steps that raise: a stage of the pipeline fails at a planned moment, as a bug in it would.

The shard then rebuilds its state and takes the batch again, one input at a time. A stage that does
not raise a second time must leave no trace.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from engine import topology
from engine.core.events import StageEvent
from engine.core.state.state import State


class PlantedError(RuntimeError):
    """A stage raised because the plan says so."""


def first(strike: Callable[[], None], _: State, __: Any, ___: int) -> tuple[StageEvent, ...]:  # noqa: ANN401  Any input or event.
    """A stage before the others of its input, which decides nothing."""
    strike()
    return ()


@contextmanager
def raising(strike: Callable[[], None]) -> Iterator[None]:
    """Have `strike` called before the stages that decide on each input and event."""
    before = topology.DECIDE
    topology.DECIDE = {kind: (partial(first, strike), *stages) for kind, stages in before.items()}
    try:
        yield
    finally:
        topology.DECIDE = before
