"""Kaplan-Meier, hidden liquidity and its split, by the code that routes (data/dark_pool.json).

Where a case counts shares, a lot is one share. A tail depends on the order of the sizes alone, so a
case of other times is a case of sizes: an event at the n-th time at which there is one is a child
that found n lots and no more.
"""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from models import kaplan_meier
from reference_cases import cases, check

from engine.core.routing import dark_split
from engine.core.routing.dark_split import LOTS_MAX, NO_SIZES, Pool, PowerLaw
from engine.core.routing.survival import CHILD_MILLI, FINE
from engine.core.state.model import Sizes

NO_LAW = (0,) * LOTS_MAX


def counted(submissions: Sequence[tuple[int, int]]) -> Sizes:
    """The counts that a scorecard keeps of children, as (sent, filled)."""
    found = NO_SIZES
    for sent, filled in submissions:
        found = found.plus(dark_split.counts_of(sent, filled))
    return found


def tail(submissions: Sequence[tuple[int, int]]) -> list[Fraction]:
    """P(S >= s) for s = 0 to the most that was sent, as the router has it without a law."""
    most = max(sent for sent, _ in submissions)
    found = dark_split.tail_fine(counted(submissions), NO_LAW, 0, most)
    return [Fraction(1), *(Fraction(x, FINE) for x in found)]


def by_rank(times: Sequence[int], observed: Sequence[bool]) -> list[tuple[int, int]]:
    """Each time as a child: one that found as many lots as there are events before it, or more."""
    events = sorted({time for time, is_event in zip(times, observed, strict=True) if is_event})
    children = []
    for time, is_event in zip(times, observed, strict=True):
        reached = sum(event < time for event in events)
        lots = reached if is_event else reached + (time in events)
        children.append((len(events) if is_event else lots, lots))
    return children


@pytest.mark.parametrize("case", cases("dark_pool", "kaplan_meier"))
def test_kaplan_meier(case: dict[str, Any]) -> None:
    given = case["inputs"]
    children = by_rank(given["times"], given["observed"])
    _, *survival = tail(children)
    variances, log_variance = [], Fraction(0)
    for at_risk, ended in list(zip(*counted(children), strict=True))[: len(survival)]:
        if ended < at_risk:
            log_variance += dark_split.greenwood(ended, at_risk)
        variances.append(None if ended == at_risk else log_variance)

    points = kaplan_meier.kaplan_meier(given["times"], given["observed"])
    errors = [
        None if x is None else decimal(s * s * x).sqrt()
        for s, x in zip(survival, variances, strict=True)
    ]
    got = {"survival": survival, "standard_error": errors}
    expected = {name: x for name, x in case["expected"].items() if name in got}
    check(case | {"expected": expected}, got)
    assert [point.time for point in points] == case["expected"]["event_times"]
    assert survival == pytest.approx([float(point.survival) for point in points], rel=1e-11)


@pytest.mark.parametrize("case", cases("dark_pool", "kaplan_meier_fills"))
def test_kaplan_meier_of_censored_fills(case: dict[str, Any]) -> None:
    check(case, {"tail": tail(case["inputs"]["submissions"])})


@pytest.mark.parametrize("case", cases("dark_pool", "zero_bin_power_law"))
def test_zero_bin_power_law(case: dict[str, Any]) -> None:
    given = case["inputs"]
    law = PowerLaw(float(given["p0"]), float(given["beta"]), given["s_max"])
    found = dark_split.tail_of(law)
    got = {
        "pmf": [here - after for here, after in pairwise([*found, 0.0])],
        "tail": found,
        "mean": sum(found[1:]),
        "log_likelihood": log_likelihood(law, given["submissions"]),
    }
    check(case, got)


@pytest.mark.parametrize("case", cases("dark_pool", "zero_bin_power_law"))
def test_the_hazards_that_venues_lean_on_have_the_tail_of_the_law(case: dict[str, Any]) -> None:
    given = case["inputs"]
    law = PowerLaw(float(given["p0"]), float(given["beta"]), given["s_max"])

    found = dark_split.tail_fine(NO_SIZES, dark_split.hazards_of(law), CHILD_MILLI, law.lots_max)

    want = [float(x) for x in case["expected"]["tail"][1:]]
    assert [x / FINE for x in found] == pytest.approx(want, abs=1e-8)  # Hazards are in 1e-9.


@pytest.mark.parametrize("case", cases("dark_pool", "zero_bin_fit"))
def test_zero_bin_fit(case: dict[str, Any]) -> None:
    given = case["inputs"]
    law = dark_split.fit(counted(given["submissions"]), given["s_max"])
    likelihood = log_likelihood(law, given["submissions"])
    check(case, {"p0": law.p0, "beta": law.beta, "log_likelihood": likelihood})


@pytest.mark.parametrize("case", cases("dark_pool", "greedy_allocation"))
def test_greedy_allocation(case: dict[str, Any]) -> None:
    quantity = case["inputs"]["quantity"]
    tails = {
        f"V{number}": [int(Fraction(chance) * FINE) for chance in tail]
        for number, tail in enumerate(case["inputs"]["tails"])
    }
    pools = [Pool(venue, tail, 1, quantity) for venue, tail in tails.items()]

    given = dark_split.greedy(pools, quantity)

    allocation = [given[venue].lots if venue in given else 0 for venue in tails]
    expected = sum(sum(tail[:lots]) for tail, lots in zip(tails.values(), allocation, strict=True))
    check(case, {"allocation": allocation, "expected_fill": Fraction(expected, FINE)})


def log_likelihood(law: PowerLaw, submissions: Sequence[tuple[int, int]]) -> Decimal:
    """Sum of ln P(S = r) where less than was sent was filled, of ln P(S >= v) elsewhere."""
    found = [*dark_split.tail_of(law), 0.0]
    chances = [
        found[filled] - found[filled + 1] if filled < sent else found[sent]
        for sent, filled in submissions
    ]
    return sum((Decimal(chance).ln() for chance in chances), Decimal(0))


def decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)
