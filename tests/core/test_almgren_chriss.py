"""Optimal trajectories: optimal indeed, monotone in integers, and refused without a solution."""

from dataclasses import replace
from decimal import Context, Decimal, localcontext
from itertools import pairwise, product
from math import ceil, floor

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from engine.core.strategy.almgren_chriss import (
    ExecutionProblem,
    efficient_strategy,
    kappa_per_second_e9,
    liquidity_adjusted_risk,
    target_qty,
)

SECOND_NS = 1_000_000_000
DAY_NS = 23_400 * SECOND_NS
WIDE = Context(prec=150, Emin=-999_999, Emax=999_999)

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

HORIZONS_NS = st.integers(1, 30_000 * SECOND_NS)
KAPPAS_E9 = st.integers(0, 10**6) | st.integers(0, 10**15)
QTYS = st.integers(0, 10**12)


def naive_target_qty(plan_qty: int, elapsed_ns: int, horizon_ns: int, kappa_e9: int) -> int:
    """The formula as it is written, with many digits."""
    with localcontext(WIDE):
        whole = Decimal(kappa_e9 * horizon_ns).scaleb(-18)
        left = Decimal(kappa_e9 * (horizon_ns - elapsed_ns)).scaleb(-18)
        ratio = (left.exp() - (-left).exp()) / (whole.exp() - (-whole).exp())
        return plan_qty - ceil(plan_qty * ratio)


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


@for_all(QTYS, HORIZONS_NS, KAPPAS_E9, st.lists(st.floats(0, 1), min_size=1, max_size=5))
def test_the_target_never_falls_and_stays_within_the_plan(
    plan_qty: int, horizon_ns: int, kappa_e9: int, moments: list[float]
) -> None:
    times = sorted({int(moment * horizon_ns) + step for moment in moments for step in (0, 1, 2)})
    targets = [target_qty(plan_qty, at_ns, horizon_ns, kappa_e9) for at_ns in times]
    assert targets == sorted(targets)
    assert all(0 <= target <= plan_qty for target in targets)
    assert target_qty(plan_qty, 0, horizon_ns, kappa_e9) == 0
    assert target_qty(plan_qty, horizon_ns, horizon_ns, kappa_e9) == plan_qty


@for_all(QTYS, HORIZONS_NS, st.integers(1, 10**6) | st.integers(1, 10**10), st.data())
def test_the_target_is_the_formula_rounded_down(
    plan_qty: int, horizon_ns: int, kappa_e9: int, data: st.DataObject
) -> None:
    elapsed_ns = data.draw(st.integers(0, horizon_ns))
    expected = naive_target_qty(plan_qty, elapsed_ns, horizon_ns, kappa_e9)
    assert target_qty(plan_qty, elapsed_ns, horizon_ns, kappa_e9) == expected


def test_a_plan_with_next_to_no_urgency_is_not_behind_the_line() -> None:
    assert naive_target_qty(240, 1, 240, 140) == 1
    assert target_qty(240, 1, 240, 140) == 1


def test_a_more_urgent_plan_is_ahead() -> None:
    hour_ns = 3_600 * SECOND_NS
    targets = [target_qty(10_000, hour_ns // 2, hour_ns, kappa) for kappa in (0, 10**5, 10**6)]
    assert targets == [5_000, 5_079, 8_390]


def test_a_plan_without_urgency_is_a_straight_line() -> None:
    assert [target_qty(10, at_ns, 4, 0) for at_ns in range(-1, 6)] == [0, 0, 2, 5, 7, 10, 10]


def test_outside_its_time_a_plan_has_done_nothing_or_all() -> None:
    assert target_qty(10, -5, 4, 7) == 0
    assert target_qty(10, 9, 4, 7) == 10
    assert target_qty(10, 0, 0, 7) == 10
    assert target_qty(0, 2, 4, 7) == 0


@pytest.mark.parametrize("kappa_e9", [10**12, 10**14, 10**16, 10**40])
def test_the_last_unit_waits_for_the_end_however_urgent_the_plan(kappa_e9: int) -> None:
    assert target_qty(50_000, DAY_NS - 1, DAY_NS, kappa_e9) == 49_999


@pytest.mark.parametrize(("plan_qty", "kappa_e9"), [(-1, 0), (1, -1)])
def test_a_negative_plan_is_refused(plan_qty: int, kappa_e9: int) -> None:
    with pytest.raises(ValueError, match=f"plan_qty {plan_qty} and kappa_e9 {kappa_e9}"):
        target_qty(plan_qty, 1, 2, kappa_e9)


def test_kappa_of_the_papers_example() -> None:
    strategy = efficient_strategy(PAPER, Decimal("1e-6"))
    kappa_e9 = paper_kappa_e9()
    assert kappa_e9 == floor(strategy.kappa * 10**9 / 23_400) == 25_943


def paper_kappa_e9(**changes: int) -> int:
    evidence = {
        "risk_aversion_e12": 1_000_000,
        "volatility_px": 950_000_000,
        "spread_px": 125_000_000,
        "day_volume_qty": 5_000_000,
        "interval_ns": DAY_NS,
        "day_ns": DAY_NS,
    }
    return kappa_per_second_e9(**evidence | changes)


def test_kappa_grows_with_risk_and_falls_with_impact() -> None:
    assert paper_kappa_e9(risk_aversion_e12=0) == 0
    assert paper_kappa_e9(volatility_px=0) == 0
    assert paper_kappa_e9(volatility_px=1_900_000_000) > paper_kappa_e9()
    assert paper_kappa_e9(spread_px=250_000_000) < paper_kappa_e9()
    assert paper_kappa_e9(day_volume_qty=10_000_000) > paper_kappa_e9()


@pytest.mark.parametrize(
    "field", ["spread_px", "day_volume_qty", "interval_ns", "day_ns"], ids=lambda field: field
)
def test_kappa_needs_a_market(field: str) -> None:
    with pytest.raises(ValueError, match=f"{field} 0.* must be positive"):
        paper_kappa_e9(**{field: 0})


@pytest.mark.parametrize("field", ["risk_aversion_e12", "volatility_px"])
def test_kappa_needs_risk_that_is_not_negative(field: str) -> None:
    with pytest.raises(ValueError, match=f"{field} -1.* must not be negative"):
        paper_kappa_e9(**{field: -1})


def test_periods_too_long_for_the_impact_are_refused() -> None:
    with pytest.raises(ValueError, match=r"eta_tilde .* must be positive"):
        paper_kappa_e9(interval_ns=20 * DAY_NS)
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
