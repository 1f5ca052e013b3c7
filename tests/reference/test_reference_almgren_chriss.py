"""The published example and exact solutions of Almgren and Chriss (data/almgren_chriss.json)."""

from dataclasses import asdict
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from models.almgren_chriss import (
    ExecutionProblem,
    efficient_strategy,
    liquidity_adjusted_risk,
)
from reference_cases import cases, check


@pytest.mark.parametrize("case", cases("almgren_chriss", "efficient_strategy"))
def test_efficient_strategy(case: dict[str, Any]) -> None:
    inputs = case["inputs"]
    got = efficient_strategy(problem_of(inputs), decimal(inputs["risk_aversion"]))
    check(case, asdict(got) | {"continuous_kappa": continuous_kappa(inputs)})


@pytest.mark.parametrize("case", cases("almgren_chriss", "efficient_strategy"))
def test_kappa_is_not_the_continuous_one(case: dict[str, Any]) -> None:
    inputs = case["inputs"]
    got = efficient_strategy(problem_of(inputs), decimal(inputs["risk_aversion"]))
    if inputs["risk_aversion"]:
        assert got.kappa != continuous_kappa(inputs)


@pytest.mark.parametrize("case", cases("almgren_chriss", "lvar"))
def test_liquidity_adjusted_risk(case: dict[str, Any]) -> None:
    got = liquidity_adjusted_risk(problem_of(case["inputs"]), decimal(case["inputs"]["lambda_v"]))
    check(case, asdict(got) | {"lambda_star": got.risk_aversion})


def problem_of(inputs: dict[str, Any]) -> ExecutionProblem:
    named = {"quantity": inputs["X"], "horizon": inputs["T"], "periods": inputs["N"]}
    rest = {name: inputs[name] for name in ("sigma", "gamma", "eta", "epsilon", "alpha")}
    amounts = {name: decimal(value) for name, value in (named | rest).items()}
    return ExecutionProblem(**amounts | {"periods": inputs["N"]})


def decimal(value: int | Fraction) -> Decimal:
    """A fraction that was read from a decimal, exactly as far as the context goes."""
    return Decimal(value.numerator) / Decimal(value.denominator)


def continuous_kappa(inputs: dict[str, Any]) -> Decimal:
    """The wrong value that many implementations use."""
    variance = decimal(inputs["sigma"] * inputs["sigma"])
    return (decimal(inputs["risk_aversion"]) * variance / decimal(inputs["eta"])).sqrt()
