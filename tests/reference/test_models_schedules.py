"""The oracle's targets and slices: two definitions of POV, whole lots, refused without sense."""

from fractions import Fraction

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st
from models.schedules import (
    integer_slice,
    integer_slices,
    lot_target_qty,
    pov_of_other,
    pov_of_total,
    vwap_target,
)

QTY = st.integers(0, 10**12)


def test_a_curve_needs_one_edge_more_than_volumes_and_some_volume() -> None:
    with pytest.raises(ValueError, match="2 edges and 2 volumes"):
        vwap_target(100, [0, 10], [1, 1], 5)
    with pytest.raises(ValueError, match="some volume"):
        vwap_target(100, [0, 10, 20], [0, 0], 5)


@for_all(QTY, st.integers(0, 999_999), QTY)
def test_a_rate_of_the_volume_of_others_is_at_most_that_of_all_volume(
    plan_qty: int, rate_ppm: int, volume: int
) -> None:
    rate = Fraction(rate_ppm, 1_000_000)
    assert pov_of_other(plan_qty, rate, volume) <= pov_of_total(plan_qty, rate, volume)


def test_the_two_definitions_of_pov_differ() -> None:
    rate = Fraction(1, 5)
    assert pov_of_total(50_000, rate, 10_000) == 2_500
    assert pov_of_other(50_000, rate, 10_000) == 2_000


def test_a_rate_that_cannot_be_is_refused() -> None:
    for rate in (-1, 1):
        with pytest.raises(ValueError, match=f"rate {rate}"):
            pov_of_total(100, rate, 100)
    with pytest.raises(ValueError, match="rate -1"):
        pov_of_other(100, -1, 100)


@for_all(st.integers(0, 10**6), st.integers(1, 60), st.integers(1, 1_000))
def test_slices_are_lots_but_for_the_last_and_sum_to_the_quantity(
    quantity: int, n: int, lot: int
) -> None:
    slices = integer_slices(quantity, n, lot)
    assert sum(slices) == quantity
    assert min(slices) >= 0
    assert all(size % lot == 0 for size in slices[:-1])
    for k in range(n):
        behind = Fraction(quantity * k, n) - sum(slices[:k])
        assert 0 <= behind < lot


def test_a_cumulative_target_takes_its_odd_lot_at_the_end() -> None:
    assert lot_target_qty(Fraction(2_499, 2), 1_234, 100) == 1_234
    assert lot_target_qty(Fraction(2_467, 2), 1_234, 100) == 1_200


def test_a_slice_that_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="n 0"):
        integer_slices(100, 0, 1)
    with pytest.raises(ValueError, match="lot 0"):
        integer_slices(100, 1, 0)
    for k in (0, 4):
        with pytest.raises(ValueError, match=f"slice {k} of 3"):
            integer_slice(100, 3, 1, k)
