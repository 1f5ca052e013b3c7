"""The simulator of faults finds planted bugs, each by the seed that found it first.

`python -m infra.campaigns.planted_bugs` looks for the first seed that shows each; where a change of
the simulator moves them, it prints the new ones.
"""

import logging
from collections.abc import Iterator

import pytest

from infra.campaigns.planted_bugs import BUGS, Bug, planted
from infra.faults import shrinking

FOUND_BY = {
    "skip a fence": 2,
    "commit before the seal": 8,
    "drop a dedupe": 172,
    "reuse an id": 3,
    "read uncommitted": 2,
    "fold twice": 0,
    "forget a schedule point": 0,
    "lose a cancel race": 1,
    "wrong epoch": 46,
    "report when superseded": 0,
    "inputs in another order": 3,
}


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name.replace(" ", "_"))
def test_a_planted_bug_is_found_by_its_seed(bug: Bug) -> None:
    seed = FOUND_BY[bug.name]
    assert shrinking.tried(seed) is None
    with planted(bug):
        assert shrinking.tried(seed) is not None


def test_a_found_bug_is_shrunk_and_replayed() -> None:
    """The smaller run fails in the same way."""
    bug = next(bug for bug in BUGS if bug.name == "reuse an id")
    with planted(bug):
        found = shrinking.tried(FOUND_BY[bug.name])
        assert found is not None
        small = shrinking.shrunk(found)
        assert small.faults is not None
        assert len(small.faults) <= 3  # It takes one crash of a gateway.
        assert shrinking.kinds(small.problems) & shrinking.kinds(found.problems)
        assert shrinking.fails(small.plan) == list(small.problems)
    assert f"--seed {small.seed} --faults" in small.command
