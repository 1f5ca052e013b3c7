"""Make a failing run smaller: leave out faults and messages as long as it still fails.

Halves are left out first, then quarters, down to single ones; never the days themselves. The faults
and messages that are left have numbers in the seed's plan, so the seed and these replay the run.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from engine.log.port import SHARED_TOPICS
from infra.faults import checks, plan
from infra.faults.plan import Plan
from infra.faults.world import World

TRIES_MAX = 400


@dataclass(frozen=True, slots=True)
class Found:
    """A failing seed, as small as it was made."""

    seed: int
    problems: tuple[str, ...]
    faults: tuple[int, ...] | None = None  # Numbers in the plan; None is all.
    arrivals: tuple[int, ...] | None = None

    @property
    def command(self) -> str:
        """The command that replays it."""
        text = f"python -m infra.faults --seed {self.seed}"
        if self.faults is not None:
            text += f" --faults {','.join(map(str, self.faults)) or 'none'}"
        if self.arrivals is not None:
            text += f" --arrivals {','.join(map(str, self.arrivals)) or 'none'}"
        return text

    @property
    def plan(self) -> Plan:
        return plan.of_seed(self.seed).only(self.arrivals, self.faults)


def tried(seed: int) -> Found | None:
    """The seed if it fails."""
    problems = fails(plan.of_seed(seed))
    return Found(seed, tuple(problems)) if problems else None


def fails(made: Plan) -> list[str]:
    return checks.problems(World(made).run())


def shrunk(found: Found) -> Found:
    """The same failure with fewer faults and messages."""
    whole = plan.of_seed(found.seed)
    tries = _Tries(whole, found.problems)
    topics = [arrival.topic for arrival in whole.arrivals]
    days = [number for number, topic in enumerate(topics) if topic in SHARED_TOPICS]
    others = tuple(number for number in range(len(topics)) if number not in days)
    faults = less(tuple(range(len(whole.faults))), lambda some: tries.fails(others, days, some))
    others = less(others, lambda some: tries.fails(some, days, faults))
    arrivals = tuple(sorted((*others, *days)))
    problems = fails(whole.only(arrivals, faults))
    return Found(found.seed, tuple(problems), faults, arrivals)


class _Tries:
    """Runs of parts of one plan, TRIES_MAX at most."""

    def __init__(self, whole: Plan, problems: Sequence[str]) -> None:
        self._whole = whole
        self._wanted = kinds(problems)
        self._left = TRIES_MAX

    def fails(self, others: Sequence[int], days: Sequence[int], faults: Sequence[int]) -> bool:
        self._left -= 1
        if self._left < 0:
            return False
        found = fails(self._whole.only(sorted((*others, *days)), faults))
        return bool(self._wanted & kinds(found))


def kinds(problems: Sequence[str]) -> frozenset[str]:
    """Problems without the numbers that differ from run to run."""
    return frozenset(re.sub(r"[\da-f]*\d[\da-f]*", "", problem) for problem in problems)


def less(
    numbers: tuple[int, ...], still_fails: Callable[[tuple[int, ...]], bool]
) -> tuple[int, ...]:
    """The numbers without those that the failure does not need."""
    size = len(numbers)
    while size:
        start = 0
        while start < len(numbers):
            fewer = numbers[:start] + numbers[start + size :]
            if still_fails(fewer):
                numbers = fewer
            else:
                start += size
        size //= 2
    return numbers
