"""The published methods beyond the reference cases: monotone or not, how far off, and refusals."""

from collections.abc import Callable

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st
from models.apportionment import (
    dhondt,
    largest_remainder,
    pro_rata,
    pro_rata_floor,
    quota_method,
    sainte_lague,
)

QTYS = st.lists(st.integers(0, 60), min_size=1, max_size=9)


@for_all(QTYS.filter(any), st.integers(0, 80))
def test_the_quota_method_is_monotone_and_within_one_unit(weights: list[int], total: int) -> None:
    weight = sum(weights)
    before, after = quota_method(weights, total), quota_method(weights, total + 1)
    assert sum(before) == total
    assert all(old <= new for old, new in zip(before, after, strict=True))
    for got, w in zip(before, weights, strict=True):
        assert abs(got * weight - total * w) < weight


@for_all(QTYS.filter(any), st.integers(0, 80))
def test_divisor_methods_are_monotone(weights: list[int], total: int) -> None:
    for method in (dhondt, sainte_lague):
        before, after = method(weights, total), method(weights, total + 1)
        assert sum(before) == total
        assert all(old <= new for old, new in zip(before, after, strict=True))


@for_all(QTYS.filter(any), st.integers(0, 80))
def test_largest_remainder_is_within_one_unit(weights: list[int], total: int) -> None:
    weight = sum(weights)
    allocation = largest_remainder(weights, total)
    assert sum(allocation) == total
    for got, w in zip(allocation, weights, strict=True):
        assert abs(got * weight - total * w) < weight


@pytest.mark.parametrize("method", [largest_remainder, quota_method, dhondt, sainte_lague])
def test_a_total_needs_weights_and_neither_is_negative(
    method: Callable[[list[int], int], list[int]],
) -> None:
    assert method([0, 0], 0) == [0, 0]
    with pytest.raises(ValueError, match="weights sum to 0"):
        method([0, 0], 1)
    with pytest.raises(ValueError, match="must not be negative"):
        method([1, -1], 1)
    with pytest.raises(ValueError, match="must not be negative"):
        method([1, 1], -1)


@for_all(
    st.lists(st.integers(0, 60), max_size=8),
    st.integers(0, 300),
    st.integers(0, 5),
    st.booleans(),
    st.integers(0, 40),
    st.none() | st.integers(0, 40),
)
def test_exchange_pro_rata_uses_the_whole_quantity(
    sizes: list[int],
    quantity: int,
    pro_rata_min: int,
    top: bool,  # noqa: FBT001 - hypothesis draws it.
    top_min: int,
    top_max: int | None,
) -> None:
    allocation = pro_rata(
        sizes, quantity, pro_rata_min=pro_rata_min, top=top, top_min=top_min, top_max=top_max
    )
    assert sum(allocation) == min(quantity, sum(sizes))
    assert all(0 <= got <= size for got, size in zip(allocation, sizes, strict=True))


def test_pro_rata_rounded_down_returns_the_quantity_left_over() -> None:
    assert pro_rata_floor([3, 3], 5, pro_rata_min=0) == ([2, 2], 1)
    assert pro_rata_floor([3, 3], 9, pro_rata_min=0) == ([3, 3], 3)
    assert pro_rata_floor([0, 0], 4, pro_rata_min=0) == ([0, 0], 4)


def test_pro_rata_of_a_negative_quantity_is_refused() -> None:
    with pytest.raises(ValueError, match="quantity -1"):
        pro_rata([1], -1, pro_rata_min=0, top=False, top_min=0, top_max=None)
    with pytest.raises(ValueError, match="quantity -1"):
        pro_rata_floor([1], -1, pro_rata_min=0)
