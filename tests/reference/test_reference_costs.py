"""Shortfalls, spreads and the sample TCA table (implementation_shortfall, spreads, seed_tca)."""

from dataclasses import asdict
from typing import Any

import pytest
from models import performance, shortfall, spreads
from reference_cases import cases, check

from engine.core.events import Side


@pytest.mark.parametrize("case", cases("implementation_shortfall", "perold"))
def test_perold(case: dict[str, Any]) -> None:
    check(case, shortfall.perold(**sided(case)))


@pytest.mark.parametrize("case", cases("implementation_shortfall", "wagner"))
def test_wagner(case: dict[str, Any]) -> None:
    check(case, shortfall.wagner(**sided(case)))


@pytest.mark.parametrize("case", cases("implementation_shortfall", "cfa"))
def test_cfa(case: dict[str, Any]) -> None:
    check(case, shortfall.cfa(**sided(case)))


@pytest.mark.parametrize("case", cases("implementation_shortfall", "benchmark_performance"))
def test_benchmark_performance(case: dict[str, Any]) -> None:
    check(case, performance.benchmark_performance(**sided(case)))


@pytest.mark.parametrize("case", cases("implementation_shortfall", "wagner"))
def test_three_decompositions_have_one_total(case: dict[str, Any]) -> None:
    inputs = sided(case)
    total_cost = shortfall.wagner(**inputs).total_cost
    assert shortfall.cfa(**inputs).total_cost == total_cost
    inputs.pop("arrival_price")
    perold = shortfall.perold(**inputs)
    assert perold.total_cost == total_cost == perold.paper_pnl - perold.actual_pnl


@pytest.mark.parametrize("case", cases("spreads", "spread"))
def test_spread(case: dict[str, Any]) -> None:
    check(case, spreads.spread(**sided(case)))


@pytest.mark.parametrize("case", cases("spreads", "mean_effective"))
def test_mean_effective(case: dict[str, Any]) -> None:
    trades = [(Side(side.upper()), *rest) for side, *rest in case["inputs"]["trades"]]
    check(case, spreads.effective_spreads(trades))


@pytest.mark.parametrize("case", cases("spreads", "leakage"))
def test_leakage(case: dict[str, Any]) -> None:
    check(case, {"leakage_bps": spreads.leakage_bps(**sided(case))})


@pytest.mark.parametrize("case", cases("seed_tca", "child"))
def test_child_of_the_sample_table(case: dict[str, Any]) -> None:
    inputs = sided(case)
    row = {name: inputs[name] for name in ("side", "quantity", "price", "benchmark_vwap")}
    check(case, performance.child_performance(**row))


@pytest.mark.parametrize("case", cases("seed_tca", "parent"))
def test_parent_of_the_sample_table(case: dict[str, Any]) -> None:
    got = asdict(performance.parent_performance(**sided(case)))
    check(case, got)
    for field, printed in case.get("printed", {}).items():
        if case["expected"][field] != printed:  # The table's own rows do not support it.
            assert got[field] != printed


def sided(case: dict[str, Any]) -> dict[str, Any]:
    inputs: dict[str, Any] = case["inputs"]
    return inputs | {"side": Side(inputs["side"].upper())}
