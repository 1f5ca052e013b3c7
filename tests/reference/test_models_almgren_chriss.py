"""The oracle's trajectories: optimal indeed, and refused without a solution."""

from dataclasses import replace
from decimal import Decimal
from itertools import pairwise, product

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st
from models.almgren_chriss import (
    ExecutionProblem,
    efficient_strategy,
    liquidity_adjusted_risk,
)

PAPER = ExecutionProblem(
    quantity=Decimal(1_000_000),
    horizon=Decimal(5),
    periods=5,
    sigma=Decimal("0.95"),
    gamma=Decimal("2.5e-7"),
    eta=Decimal("2.5e-6"),
    epsilon=Decimal("0.0625"),
    alpha=Decimal(0),
)


def cost_of(problem: ExecutionProblem, holdings: list[Decimal], risk_aversion: Decimal) -> Decimal:
    """Utility of any trajectory, straight from the definition."""
    tau = problem.horizon / problem.periods
    trades = [before - after for before, after in pairwise(holdings)]
    later = sum(holdings[1:])
    impact = problem.gamma * problem.quantity**2 / 2 + (
        problem.eta - problem.gamma * tau / 2
    ) / tau * sum(trade * trade for trade in trades)
    fixed = problem.epsilon * sum(abs(trade) for trade in trades)
    variance = problem.sigma**2 * tau * sum(x * x for x in holdings[1:])
    return impact + fixed - problem.alpha * tau * later + risk_aversion * variance


def test_periods_too_long_for_the_impact_are_refused() -> None:
    with pytest.raises(ValueError, match=r"eta_tilde .* must be positive"):
        efficient_strategy(replace(PAPER, gamma=Decimal("5e-6")), Decimal("1e-6"))
    with pytest.raises(ValueError, match=r"eta_tilde .* must be positive"):
        liquidity_adjusted_risk(replace(PAPER, gamma=Decimal("6e-6")), Decimal(1))


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"periods": 0}, "periods 0"),
        ({"horizon": Decimal(0)}, "horizon 0"),
        ({"sigma": Decimal(-1)}, "sigma -1"),
    ],
)
def test_a_problem_without_sense_is_refused(changes: dict[str, Decimal], found: str) -> None:
    with pytest.raises(ValueError, match=found):
        efficient_strategy(replace(PAPER, **changes), Decimal("1e-6"))  # type: ignore[arg-type]


def test_negative_preferences_are_refused() -> None:
    with pytest.raises(ValueError, match="risk_aversion -1"):
        efficient_strategy(PAPER, Decimal(-1))
    with pytest.raises(ValueError, match="risk_multiple -1"):
        liquidity_adjusted_risk(PAPER, Decimal(-1))


@for_all(
    st.sampled_from(["0", "0.02", "-0.03"]),
    st.sampled_from(["1e-9", "1e-6", "4e-5"]),
    st.lists(st.integers(-20_000, 20_000), min_size=4, max_size=4),
)
def test_no_other_trajectory_is_better(alpha: str, risk: str, moves: list[int]) -> None:
    risk_aversion = Decimal(risk)
    problem = replace(PAPER, alpha=Decimal(alpha), epsilon=Decimal(0))
    best = efficient_strategy(problem, risk_aversion)
    moved = [x + move for x, move in zip(best.holdings, [0, *moves, 0], strict=True)]
    at_best = cost_of(problem, list(best.holdings), risk_aversion)
    assert abs(at_best - best.utility) < Decimal("1e-10")
    assert cost_of(problem, moved, risk_aversion) >= at_best - Decimal("1e-10")


def test_the_parts_of_the_cost_sum_to_it() -> None:
    problem = replace(PAPER, alpha=Decimal("0.02"))
    got = efficient_strategy(problem, Decimal("1e-6"))
    drift = problem.alpha * sum(got.holdings[1:])
    assert abs(got.permanent_cost + got.temporary_cost - drift - got.expected_cost) < 1e-20
    assert got.cumulative_expected_cost[-1] == got.expected_cost
    assert got.cumulative_variance[-1] == got.variance
    assert abs(got.half_life * got.kappa - 1) < 1e-20


@pytest.mark.parametrize("risk_aversion", [Decimal("1e-25"), Decimal("1e-40")])
def test_a_tiny_risk_aversion_is_nearly_none(risk_aversion: Decimal) -> None:
    got = efficient_strategy(PAPER, risk_aversion)
    neutral = efficient_strategy(PAPER, Decimal(0))
    assert got.kappa > 0
    for x, straight in zip(got.holdings, neutral.holdings, strict=True):
        assert abs(x - straight) < Decimal("1e-10")


def test_without_risk_the_trades_are_equal_whatever_the_drift() -> None:
    for alpha, residual in [("0", "0"), ("0.02", "Infinity"), ("-0.02", "-Infinity")]:
        got = efficient_strategy(replace(PAPER, alpha=Decimal(alpha)), Decimal(0))
        assert set(got.trades) == {200_000}
        assert got.half_life == Decimal("Infinity")
        assert got.residual_holdings == Decimal(residual)
    calm = replace(PAPER, sigma=Decimal(0))
    assert set(efficient_strategy(calm, Decimal("1e-6")).trades) == {200_000}


@pytest.mark.parametrize("alpha", ["0", "0.02"])
@pytest.mark.parametrize("multiple", ["0.000001", "0.5", "1.64", "3"])
def test_no_other_trajectory_has_less_cost_and_risk(multiple: str, alpha: str) -> None:
    risk_multiple = Decimal(multiple)
    problem = replace(PAPER, alpha=Decimal(alpha), epsilon=Decimal(0))
    best = liquidity_adjusted_risk(problem, risk_multiple)
    assert abs(best.risk_aversion * 2 * best.variance.sqrt() - risk_multiple) < Decimal("1e-20")
    for moves in product((-5_000, 0, 1), repeat=4):
        moved = [x + move for x, move in zip(best.holdings, [0, *moves, 0], strict=True)]
        assert objective_of(problem, moved, risk_multiple) >= best.objective - Decimal("1e-10")


def objective_of(
    problem: ExecutionProblem, holdings: list[Decimal], risk_multiple: Decimal
) -> Decimal:
    tau = problem.horizon / problem.periods
    variance = problem.sigma**2 * tau * sum(x * x for x in holdings[1:])
    return cost_of(problem, holdings, Decimal(0)) + risk_multiple * variance.sqrt()


def decimals(*amounts: int) -> tuple[Decimal, ...]:
    return tuple(Decimal(amount) for amount in amounts)


def test_the_risk_aversion_is_found_in_any_unit() -> None:
    in_millions = replace(
        PAPER,
        quantity=Decimal(1),
        gamma=PAPER.gamma * 10**12,
        eta=PAPER.eta * 10**12,
        epsilon=PAPER.epsilon * 10**6,
        sigma=PAPER.sigma * 10**6,
    )
    got = liquidity_adjusted_risk(in_millions, Decimal("1.64"))
    expected = liquidity_adjusted_risk(PAPER, Decimal("1.64"))
    assert abs(got.objective - expected.objective) < Decimal("1e-10")
    in_lots = replace(
        PAPER,
        quantity=PAPER.quantity / 10**7,
        gamma=PAPER.gamma * 10**7,
        eta=PAPER.eta * 10**7,
    )
    got = liquidity_adjusted_risk(in_lots, Decimal("1.64"))
    assert got.risk_aversion > 8
    for x, paper_x in zip(got.holdings, expected.holdings, strict=True):
        assert abs(x * 10**7 - paper_x) < Decimal("1e-10")


def test_enough_fear_of_risk_trades_everything_at_once() -> None:
    got = liquidity_adjusted_risk(PAPER, Decimal(6))
    assert got.holdings == decimals(1_000_000, 0, 0, 0, 0, 0)
    assert got.risk_aversion == Decimal("Infinity")
    assert got.variance == 0
    assert got.objective == got.expected_cost == 2_562_500
    nearly = liquidity_adjusted_risk(PAPER, Decimal(4))
    assert 0 < nearly.holdings[1] < nearly.holdings[0] / 4
    assert got.expected_cost > nearly.expected_cost


def test_a_single_period_leaves_nothing_to_choose() -> None:
    problem = replace(PAPER, periods=1, horizon=Decimal(1))
    assert liquidity_adjusted_risk(problem, Decimal(1)).holdings == decimals(1_000_000, 0)
    assert efficient_strategy(problem, Decimal("1e-6")).holdings == decimals(1_000_000, 0)


def test_without_fear_or_risk_the_line_is_straight() -> None:
    got = liquidity_adjusted_risk(PAPER, Decimal(0))
    assert got.holdings == efficient_strategy(PAPER, Decimal(0)).holdings
    assert got.objective == got.expected_cost == 662_500
    calm = liquidity_adjusted_risk(replace(PAPER, sigma=Decimal(0)), Decimal(1))
    assert calm.holdings == got.holdings
