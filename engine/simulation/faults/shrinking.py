"""Make a failing run smaller: leave out faults and messages as long as it still fails.

Halves are left out first, then quarters, down to single ones. What stays is named by its numbers in
the seed's plan, so the small run is replayed by the seed and these.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from engine.simulation.faults import checks, plan
from engine.simulation.faults.plan import Plan
from engine.simulation.faults.world import World

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
        """What replays it."""
        said = f"python -m engine.simulation.faults --seed {self.seed}"
        if self.faults is not None:
            said += f" --faults {','.join(map(str, self.faults)) or 'none'}"
        if self.arrivals is not None:
            said += f" --arrivals {','.join(map(str, self.arrivals)) or 'none'}"
        return said

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
    """The same failure, or another that is left of it, from less."""
    whole = plan.of_seed(found.seed)
    tries = _Tries(whole)
    faults, arrivals = range(len(whole.faults)), range(len(whole.arrivals))
    kept_faults = less(tuple(faults), lambda some: tries.fails(arrivals, some))
    kept_arrivals = less(tuple(arrivals), lambda some: tries.fails(some, kept_faults))
    problems = fails(whole.only(kept_arrivals, kept_faults))
    return Found(found.seed, tuple(problems), kept_faults, kept_arrivals)


class _Tries:
    """Runs of parts of one plan, in bounds."""

    def __init__(self, whole: Plan) -> None:
        self._whole = whole
        self._left = TRIES_MAX

    def fails(self, arrivals: Sequence[int], faults: Sequence[int]) -> bool:
        self._left -= 1
        return self._left >= 0 and bool(fails(self._whole.only(arrivals, faults)))


def less(
    numbers: tuple[int, ...], still_fails: Callable[[tuple[int, ...]], bool]
) -> tuple[int, ...]:
    """The numbers without what the failure does not need."""
    size = len(numbers)
    while size:
        start = 0
        while start < len(numbers):
            rest = numbers[:start] + numbers[start + size :]
            if still_fails(rest):
                numbers = rest
            else:
                start += size
        size //= 2
    return numbers
