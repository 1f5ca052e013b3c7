"""Limit against market orders, by the code that routes (data/cont_kukanov.json)."""

from typing import Any

import pytest
from reference_cases import cases, check

from engine.core.routing import limit_market as split
from engine.core.routing.limit_market import Prices, Queue, Shape


def prices_of(given: dict[str, Any]) -> Prices:
    names = ("h", "f", "lambda_u", "lambda_o", "theta")
    return Prices(given["S"], *(float(given.get(name, 0)) for name in names))


def queue_of(given: dict[str, Any]) -> Queue:
    outflow = given["outflow"]
    return Queue(given["Q"], float(given["r"]), Shape(outflow["type"]), float(outflow["mean"]))


@pytest.mark.parametrize("case", cases("cont_kukanov", "single_venue"))
def test_single_venue(case: dict[str, Any]) -> None:
    got = split.one_venue(prices_of(case["inputs"]), queue_of(case["inputs"]))
    names = ("p_star", "L", "M", "lambda_u_all_limit")
    check(case, dict(zip(names, got, strict=True)))


@pytest.mark.parametrize("case", cases("cont_kukanov", "expected_cost"))
def test_expected_cost(case: dict[str, Any]) -> None:
    given = case["inputs"]
    queues = [queue_of(venue) for venue in given["venues"]]
    got = split.expected(prices_of(given), queues, given["M"], given["L"])
    names = ("expected_cost", "expected_filled", "expected_short", "expected_over")
    check(case, dict(zip(names, got, strict=True)))


@pytest.mark.parametrize("case", cases("cont_kukanov", "optimum"))
def test_optimum(case: dict[str, Any]) -> None:
    given = case["inputs"]
    queues = [queue_of(venue) for venue in given["venues"]]
    found = split.optimum(prices_of(given), queues, may_overbook=True)
    got = {
        "expected_cost": found.cost,
        "M": found.market_qty,
        "L": found.limit_qtys,
        "overbooks": found.market_qty + sum(found.limit_qtys) > given["S"],
    }
    check(case, got)
