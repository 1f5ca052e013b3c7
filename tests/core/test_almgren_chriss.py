"""Optimal holdings in integers: the formula rounded, monotone, and kappa from market figures."""

from decimal import Context, Decimal, localcontext
from math import ceil, floor

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st
from models.almgren_chriss import ExecutionProblem, efficient_strategy

from engine.core.strategy.almgren_chriss import (
    kappa_per_second_e9,
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
