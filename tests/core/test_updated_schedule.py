"""A volume curve updated by the volume so far: what it keeps, and what moves it."""

from fractions import Fraction
from itertools import pairwise
from math import floor

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st
from world import curve

from engine.core.state.state import State
from engine.core.strategy.schedules import (
    E9,
    LEVEL_PRIOR_PPM,
    SHARES_MAX,
    Seen,
    Shares,
    level,
    share_e9,
    shares_of,
    twap_part,
    updated_part,
    vwap_part,
)

USUAL_QTY = 10_000_000
U = (300, 200, 100, 150, 250)
HOURS = (0, 100, 200, 300, 400, 500)
VOLUMES = st.lists(st.integers(1, 10**6), min_size=5, max_size=5)
QTY = st.integers(0, 10**9)


def seen_at(now: int, start: int, volumes: tuple[int, ...] = U, times: int = 1) -> Seen:
    """A day that follows the curve, at a level."""
    shares = [share_e9(HOURS, volumes, at) for at in (start, now)]
    window_qty = times * USUAL_QTY * (shares[1] - shares[0]) // E9
    return Seen(window_qty, times * USUAL_QTY * shares[1] // E9, shares[1], USUAL_QTY)


def target(plan_qty: int, start: int, end: int, at: int, now: int, seen: Seen) -> int:
    return updated_part(HOURS, U, start, end, at, now, seen).qty(plan_qty)


@pytest.mark.parametrize(
    ("deaths", "people_1e5", "rate"), [(3, Fraction(2), "0.86"), (30, Fraction(20), "1.32")]
)
def test_the_level_is_the_published_mean_of_a_gamma_posterior(
    deaths: int, people_1e5: Fraction, rate: str
) -> None:
    # Gelman et al. 2013, "Bayesian Data Analysis", 2.6, asthma deaths in one year and in ten: a
    # prior of Gamma(3, 5), so a mean of 0.6 each 100,000 people that weighs as much as 3 deaths.
    prior_mean, usual_qty = Fraction(3, 5), 3 * 1_000_000 // LEVEL_PRIOR_PPM
    expected_e9 = prior_mean * people_1e5 * E9 / usual_qty
    above, below_e9 = level(Seen(0, deaths, int(expected_e9), usual_qty))

    assert f"{float(prior_mean * above * E9 / below_e9):.2f}" == rate


def test_a_day_without_a_usual_volume_has_no_prior() -> None:
    assert level(Seen(5, 60, E9 // 2, 0)) == (60, E9 // 2)


@for_all(QTY, st.integers(0, 499), st.data())
def test_a_day_that_follows_the_curve_has_the_plain_curves_targets(
    plan_qty: int, start: int, data: st.DataObject
) -> None:
    end = data.draw(st.integers(start + 1, 500))
    now = data.draw(st.integers(start, end))
    at = data.draw(st.integers(now, end))
    plain_qty = vwap_part(HOURS, U, start, end, at).qty(plan_qty)

    found_qty = target(plan_qty, start, end, at, now, seen_at(now, start))

    # Shares of 1e-9 of a day; the shortest window has a thousandth of it.
    assert abs(found_qty - plain_qty) <= 1 + plan_qty // 100_000


@for_all(QTY, st.integers(1, 20), st.integers(1, 499), st.integers(0, 500))
def test_without_a_usual_volume_a_busier_day_of_the_same_shape_changes_nothing(
    plan_qty: int, times: int, now: int, start: int
) -> None:
    start = min(start, now)
    once, often = (seen_at(now, start, times=n)._replace(usual_qty=0) for n in (1, times))
    found = [target(plan_qty, start, 500, now, now, seen) for seen in (once, often)]
    assert abs(found[0] - found[1]) <= 1 + plan_qty // 100_000


def test_twice_the_volume_in_proportion_hardly_moves_a_schedule_once_the_day_is_known() -> None:
    plain = vwap_part(HOURS, U, 300, 500, 400).qty(100_000)
    found = target(100_000, 300, 500, 400, 400, seen_at(400, 300, times=2))
    # 0.75 of two days and the prior's 0.1 of one: a level of 1.88 where two is true.
    assert (plain, found) == (37_500, 38_931)


def test_a_surge_moves_the_target_ahead_and_a_lull_back() -> None:
    usual = seen_at(400, 300)
    surge = usual._replace(
        window_qty=usual.window_qty + 1_500_000, day_qty=usual.day_qty + 1_500_000
    )
    lull = usual._replace(window_qty=usual.window_qty // 2, day_qty=usual.day_qty - 750_000)
    found = [target(100_000, 300, 500, 400, 400, seen) for seen in (lull, usual, surge)]
    assert found == [24_757, 37_500, 50_495]


@pytest.mark.parametrize(
    ("at", "expected"), [(-1, 0), (200, 0), (250, 12_500), (300, 25_000), (400, 100_000)]
)
def test_a_window_without_volume_so_far_follows_the_plain_curve(at: int, expected: int) -> None:
    quiet = Seen(0, 4_000_000, 500_000_000, USUAL_QTY)
    volumes = (300, 200, 100, 300, 100)
    found = updated_part(HOURS, volumes, 200, 400, at, max(200, at), quiet).qty(100_000)
    assert found == expected


def test_a_window_of_which_the_curve_knows_nothing_follows_the_clock() -> None:
    volumes = (1, 0, 0, 1, 1)
    found = updated_part(HOURS, volumes, 100, 300, 150, 150, Seen(5, 5, 5, 5)).qty(900)
    assert found == twap_part(100, 300, 150).qty(900) == 225
    empty = updated_part(HOURS, (0,) * 5, 100, 300, 150, 150, Seen(5, 5, 5, 5)).qty(900)
    assert empty == 225


def test_a_curve_needs_one_edge_more_than_volumes() -> None:
    with pytest.raises(ValueError, match="expected one edge more"):
        updated_part((0, 10), (1, 1), 0, 10, 5, 5, Seen(1, 1, 1, 1)).qty(1)


def test_the_shares_are_those_of_the_curve_in_force() -> None:
    state = State(shard=0)
    for volumes, expected_e9 in ((U, 500_000_000), ((1, 1, 1, 1, 1), 400_000_000)):
        shares = shares_of(state, curve(HOURS, volumes))
        assert [shares[200], shares[200]] == [expected_e9] * 2


def test_shares_of_a_bounded_number_of_times_are_kept() -> None:
    shares = Shares((0, E9), (1,))
    for at_ns in range(SHARES_MAX + 1):
        assert shares[at_ns] == at_ns
    assert shares == {SHARES_MAX: SHARES_MAX}


@for_all(
    QTY,
    VOLUMES,
    st.integers(0, 499),
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 10**6)), min_size=2, max_size=9),
    st.sampled_from((0, 1, 10_000, USUAL_QTY)),
)
def test_the_target_of_the_present_never_falls_and_is_the_ratio_rounded_down(
    plan_qty: int, volumes: list[int], start: int, steps: list[tuple[int, int]], usual_qty: int
) -> None:
    end, now, window_qty = 500, start, 0
    before_qty = usual_qty // 7  # Of the day, before the window.
    targets = []
    for passed, traded_qty in steps:
        now, window_qty = min(end, now + passed), window_qty + traded_qty
        seen = Seen(window_qty, before_qty + window_qty, share_e9(HOURS, volumes, now), usual_qty)
        found = updated_part(HOURS, volumes, start, end, now, now, seen).qty(plan_qty)
        assert 0 <= found <= plan_qty
        above, below_e9 = level(seen)
        if window_qty and below_e9 and start < now < end:
            rest_e9 = share_e9(HOURS, volumes, end) - share_e9(HOURS, volumes, now)
            to_come = Fraction(above * (usual_qty or 1) * rest_e9, below_e9)
            assert found == floor(plan_qty * window_qty / (window_qty + to_come))
            targets.append(found)
    assert all(old <= new for old, new in pairwise(targets))


@for_all(QTY, VOLUMES, st.integers(1, 10**9), st.integers(0, 10**9), st.integers(0, 499))
def test_a_later_time_is_never_due_less(
    plan_qty: int, volumes: list[int], window_qty: int, more_qty: int, now: int
) -> None:
    seen = Seen(window_qty, window_qty + more_qty, share_e9(HOURS, volumes, now), USUAL_QTY)
    found = [
        updated_part(HOURS, volumes, 0, 500, at, now, seen).qty(plan_qty)
        for at in range(now, 501, 25)
    ]
    assert found == sorted(found)
