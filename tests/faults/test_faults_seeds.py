"""A thousand seeds of the simulator of faults, in parts that several processes share.

`make simulate-faults SEEDS=N` runs any number.
"""

import logging
from collections.abc import Iterator

import pytest

from infra.faults import checks, plan, shrinking
from infra.faults.world import World

SEEDS = 1_000
PART = 25
STEPS_MIN = 200


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Faults make warnings all the time."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("first", range(0, SEEDS, PART))
def test_everything_holds_after_any_faults(first: int) -> None:
    for seed in range(first, first + PART):
        run = World(plan.of_seed(seed)).run()
        found = checks.problems(run)
        replay = shrinking.Found(seed, tuple(found)).command
        assert not found, f"{found[:5]}; replay it by: {replay}"
        assert run.steps >= STEPS_MIN, f"seed {seed} is no run"
        assert run.struck.total(), f"seed {seed} is no trial"
