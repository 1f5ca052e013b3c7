"""Targets never fall, stay within the plan, and are the real-valued ones rounded down."""

from fractions import Fraction
from itertools import pairwise
from math import floor

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st
from models.schedules import pov_of_total, twap_target, vwap_target

from engine.core.strategy.schedules import (
    curve_volume_qty,
    pov_target_qty,
    twap_part,
    vwap_part,
)

QTY = st.integers(0, 10**12)
TIME = st.integers(-50, 250)
TIMES = st.lists(TIME, min_size=1, max_size=12).map(sorted)
BUCKETS = st.lists(
    st.tuples(st.integers(1, 40), st.integers(0, 10**9)), min_size=1, max_size=8
)  # Length and volume of each.


def curve_of(buckets: list[tuple[int, int]]) -> tuple[list[int], list[int]]:
    edges = [0]
    for length, _ in buckets:
        edges.append(edges[-1] + length)
    return edges, [volume for _, volume in buckets]


def naive_volume(edges: list[int], volumes: list[int], start: int, end: int) -> Fraction:
    """Volume of a curve within an interval: the part of each bucket inside it."""
    volume = Fraction(0)
    for (left, right), bucket in zip(pairwise(edges), volumes, strict=True):
        inside = max(0, min(right, end) - max(left, start))
        volume += Fraction(bucket * inside, right - left)
    return volume


@for_all(QTY, TIME, TIME, TIMES)
def test_twap_is_the_straight_line_rounded_down(
    plan_qty: int, start_ns: int, end_ns: int, times: list[int]
) -> None:
    targets = [twap_part(start_ns, end_ns, at_ns).qty(plan_qty) for at_ns in times]
    assert targets == sorted(targets)
    assert targets == [floor(twap_target(plan_qty, start_ns, end_ns, at)) for at in times]
    assert twap_part(start_ns, end_ns, end_ns).qty(plan_qty) == plan_qty
    if start_ns < end_ns:
        assert twap_part(start_ns, end_ns, start_ns).qty(plan_qty) == 0


@for_all(QTY, BUCKETS, TIME, TIME, TIMES)
def test_vwap_never_falls_and_stays_within_the_plan(
    plan_qty: int, buckets: list[tuple[int, int]], start_ns: int, end_ns: int, times: list[int]
) -> None:
    edges, volumes = curve_of(buckets)
    targets = [vwap_part(edges, volumes, start_ns, end_ns, at).qty(plan_qty) for at in times]
    assert targets == sorted(targets)
    assert all(0 <= target <= plan_qty for target in targets)
    assert vwap_part(edges, volumes, start_ns, end_ns, end_ns).qty(plan_qty) == plan_qty


@for_all(QTY, BUCKETS, TIME, TIME, TIME)
def test_vwap_is_the_share_of_the_orders_part_of_the_curve(
    plan_qty: int, buckets: list[tuple[int, int]], start_ns: int, end_ns: int, at_ns: int
) -> None:
    edges, volumes = curve_of(buckets)
    got = vwap_part(edges, volumes, start_ns, end_ns, at_ns).qty(plan_qty)
    over = naive_volume(edges, volumes, start_ns, end_ns)
    if over and start_ns <= at_ns <= end_ns:
        assert got == floor(plan_qty * naive_volume(edges, volumes, start_ns, at_ns) / over)
    else:
        assert got == twap_part(start_ns, end_ns, at_ns).qty(plan_qty)


@for_all(QTY, BUCKETS.filter(lambda buckets: any(volume for _, volume in buckets)), TIME)
def test_vwap_over_the_whole_curve_is_the_real_one(
    plan_qty: int, buckets: list[tuple[int, int]], at_ns: int
) -> None:
    edges, volumes = curve_of(buckets)
    got = vwap_part(edges, volumes, edges[0], edges[-1], at_ns).qty(plan_qty)
    assert got == floor(vwap_target(plan_qty, edges, volumes, at_ns))


@for_all(BUCKETS, TIME, TIME)
def test_the_volume_of_an_interval_is_the_sum_over_its_buckets(
    buckets: list[tuple[int, int]], start_ns: int, end_ns: int
) -> None:
    edges, volumes = curve_of(buckets)
    expected = floor(naive_volume(edges, volumes, start_ns, end_ns))
    assert curve_volume_qty(edges, volumes, start_ns, end_ns) == expected


def test_an_interval_without_volume_follows_the_clock() -> None:
    edges, volumes = [0, 10, 20, 30], [500, 0, 500]
    assert vwap_part(edges, volumes, 10, 20, 15).qty(100) == 50
    assert vwap_part(edges, volumes, 30, 50, 35).qty(100) == 25


def test_an_order_that_starts_late_still_finishes() -> None:
    edges, volumes = [0, 10, 20], [900, 100]
    assert vwap_part(edges, volumes, 10, 20, 10).qty(1_000) == 0
    assert vwap_part(edges, volumes, 10, 20, 15).qty(1_000) == 500
    assert vwap_part(edges, volumes, 5, 20, 10).qty(1_000) == 818  # 450 of 550.


def test_a_curve_needs_one_edge_more_than_volumes() -> None:
    with pytest.raises(ValueError, match="2 edges and 2 volumes"):
        vwap_part([0, 10], [1, 1], 0, 10, 5).qty(100)
    with pytest.raises(ValueError, match="2 edges and 2 volumes"):
        curve_volume_qty([0, 10], [1, 1], 0, 10)


@for_all(QTY, st.integers(0, 999_999), st.lists(QTY, min_size=1).map(sorted))
def test_pov_is_never_above_its_rate(plan_qty: int, rate_ppm: int, volumes: list[int]) -> None:
    rate = Fraction(rate_ppm, 1_000_000)
    targets = [pov_target_qty(plan_qty, rate_ppm, volume) for volume in volumes]
    assert targets == sorted(targets)
    for target, volume in zip(targets, volumes, strict=True):
        assert target == floor(pov_of_total(plan_qty, rate, volume)) <= plan_qty
        assert target <= rate * (target + volume)


def test_a_rate_that_cannot_be_is_refused() -> None:
    for rate_ppm in (-1, 1_000_000):
        with pytest.raises(ValueError, match=f"rate_ppm {rate_ppm}"):
            pov_target_qty(100, rate_ppm, 100)
