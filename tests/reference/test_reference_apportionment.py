"""Published and derived divisions of a whole quantity (data/apportionment.json)."""

from itertools import pairwise
from typing import Any

import pytest
from models import apportionment
from reference_cases import cases, check

from engine.core.allocation.apportionment import shares


@pytest.mark.parametrize("case", cases("apportionment", "largest_remainder"))
def test_largest_remainder(case: dict[str, Any]) -> None:
    check(case, {"allocation": apportionment.largest_remainder(**case["inputs"])})


@pytest.mark.parametrize("case", cases("apportionment", "quota_method"))
def test_quota_method(case: dict[str, Any]) -> None:
    check(case, {"allocation": apportionment.quota_method(**case["inputs"])})


@pytest.mark.parametrize("case", cases("apportionment", "dhondt"))
def test_dhondt(case: dict[str, Any]) -> None:
    check(case, {"allocation": apportionment.dhondt(**case["inputs"])})


@pytest.mark.parametrize("case", cases("apportionment", "sainte_lague"))
def test_sainte_lague(case: dict[str, Any]) -> None:
    check(case, {"allocation": apportionment.sainte_lague(**case["inputs"])})


@pytest.mark.parametrize("case", cases("apportionment", "pro_rata"))
def test_pro_rata(case: dict[str, Any]) -> None:
    check(case, {"allocation": apportionment.pro_rata(**case["inputs"])})


@pytest.mark.parametrize("case", cases("apportionment", "pro_rata_floor"))
def test_pro_rata_floor(case: dict[str, Any]) -> None:
    allocation, unallocated = apportionment.pro_rata_floor(**case["inputs"])
    check(case, {"allocation": allocation, "unallocated": unallocated})


@pytest.mark.parametrize("case", cases("apportionment", "monotonicity_counterexample"))
def test_largest_remainder_takes_units_back(case: dict[str, Any]) -> None:
    weights, total = case["inputs"]["weights"], case["inputs"]["total"]
    allocation = apportionment.largest_remainder(weights, total)
    allocation_next = apportionment.largest_remainder(weights, total + 1)
    decreased = decreases(allocation, allocation_next)
    check(
        case,
        {"allocation": allocation, "allocation_next": allocation_next, "decreased": decreased},
    )


@pytest.mark.parametrize("jump", [1, 2, 7, 60, 1_000])
@pytest.mark.parametrize("case", cases("apportionment", "house_monotone"))
def test_our_shares_hold_what_largest_remainder_does_not(case: dict[str, Any], jump: int) -> None:
    weights: list[int] = case["inputs"]["weights"]
    weight = sum(weights)
    rows = growing_shares(weights, jump)
    quotas = [
        (got, sum(row) * w, weight) for row in rows for got, w in zip(row, weights, strict=True)
    ]
    hamilton = [apportionment.largest_remainder(weights, total) for total in range(weight + 1)]
    totals = [*range(0, weight, jump), weight]
    check(
        case,
        {
            "sum_equals_total": [sum(row) for row in rows] == totals,
            "non_decreasing": not any(decreases(old, new) for old, new in pairwise(rows)),
            "never_above_weight": all(not decreases(row, weights) for row in rows),
            "within_two_units": all(abs(got * of - exact) < 2 * of for got, exact, of in quotas),
            "exact_at_full": rows[-1] == weights,
            "largest_remainder_decreasing_steps": sum(
                bool(decreases(old, new)) for old, new in pairwise(hamilton)
            ),
        },
    )


def growing_shares(weights: list[int], jump: int) -> list[list[int]]:
    """Shares after every fill, from nothing to everything, in fills of one size."""
    rows = [[0] * len(weights)]
    while (left := sum(weights) - sum(rows[-1])) > 0:
        given = shares(rows[-1], min(jump, left), weights)
        rows.append([held + part for held, part in zip(rows[-1], given, strict=True)])
    return rows


def decreases(old: list[int], new: list[int]) -> list[int]:
    return [index for index, (a, b) in enumerate(zip(old, new, strict=True)) if b < a]
