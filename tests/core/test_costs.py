"""The engine's cost of an execution: signs, rounding, and integers against exact fractions."""

from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st
from models.amounts import cost_bps

from engine.core.costs import cost
from engine.core.events import Side

PX = st.integers(1, 10**13)
QTY = st.integers(1, 10**9)
SIDES = st.sampled_from(Side)


@for_all(SIDES, PX, st.lists(st.tuples(QTY, PX), min_size=1, max_size=6))
def test_a_cost_is_exact_but_for_rounding_up(
    side: Side, benchmark_px: int, fills: list[tuple[int, int]]
) -> None:
    notional_px = sum(qty * px for qty, px in fills)
    cum_qty = sum(qty for qty, _ in fills)
    got = cost.cost_millibps(side, benchmark_px, notional_px, cum_qty)
    assert got == ceil(cost_bps(side, Fraction(notional_px, cum_qty), benchmark_px) * 1_000)


def test_a_cost_is_positive_for_a_dear_buy_and_a_cheap_sale() -> None:
    assert cost.cost_millibps(Side.BUY, 100, 101 * 5, 5) == 100_000
    assert cost.cost_millibps(Side.SELL, 100, 101 * 5, 5) == -100_000
    assert cost.cost_millibps(Side.BUY, 3_000_000_000, 3_000_000_001, 1) == 1  # Up from 0.0033.
    assert cost.cost_millibps(Side.SELL, 3_000_000_000, 3_000_000_001, 1) == 0


@pytest.mark.parametrize(("benchmark_px", "cum_qty"), [(0, 1), (-1, 1), (1, 0)])
def test_a_cost_needs_a_benchmark_and_an_execution(benchmark_px: int, cum_qty: int) -> None:
    found = f"benchmark_px {benchmark_px} and cum_qty {cum_qty}"
    with pytest.raises(ValueError, match=found):
        cost.cost_millibps(Side.BUY, benchmark_px, 100, cum_qty)
