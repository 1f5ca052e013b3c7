"""The error of a volume curve as the width of a band."""

from dataclasses import replace
from itertools import accumulate
from math import isqrt, sqrt
from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st
from world import (
    HOUR,
    INSTRUMENT,
    MINUTE,
    NOW_NS,
    OPEN_NS,
    World,
    curve,
    instrument,
    order,
    policy,
    trade,
    trading,
)

from engine.core.events import Strategy, TranchePlan, VolumeCurveDefined
from engine.core.state.model import Tranche
from engine.core.strategy import bands, plans, volume_error
from engine.core.strategy.volume_error import Rest

PPM = 1_000_000
QUARTERS = tuple(HOUR // 4 * edge for edge in range(27))


def working(
    strategy: Strategy = Strategy.VWAP,
    error_ppm: int | None = None,
    **said: Any,  # noqa: ANN401
) -> World:
    """A parent of 60,000 with an hour to go, an hour after the open of a usual day."""
    found = curve(QUARTERS, (250_000,) * 26)
    if error_ppm is not None:
        found = replace(found, errors_ppm=(error_ppm,) * 26)
    rules = policy(strategy=strategy, tracking_band_ppm=0, **said)
    day = trade(1_000_000, received_ns=OPEN_NS)
    world = trading(instrument(adv_qty=6_500_000), found, rules, day)
    return world.given(order(order_qty=60_000, end_ns=NOW_NS + HOUR))


def width_qty(world: World, minutes: int) -> int:
    return width_of(world, list(plans.scheduled(world.parent())), minutes)


def width_of(world: World, found: list[tuple[Tranche, TranchePlan]], minutes: int) -> int:
    line = plans.line_of(world.state, world.parent(), NOW_NS + minutes * MINUTE)
    return volume_error.half_width_qty(line, found, plans.targets_of(line, found, line.now_ns))


def test_the_width_is_the_error_of_the_share_so_far() -> None:
    world = working(error_ppm=300_000).given(trade(500_000))

    # Half of the hour is to come: two buckets of 0.3 each, and the level after 1.5 of 6.5 hours.
    bucket, level = 0.3 / sqrt(2), 0.4 * sqrt(0.1 / (0.1 + 1.5 / 6.5))
    expected = 60_000 * 0.25 * sqrt(bucket**2 + level**2)
    assert width_qty(world, 30) == pytest.approx(expected, abs=2)


def test_it_is_nothing_at_the_start_and_at_the_end_and_narrows_towards_the_end() -> None:
    world = working()
    widths = []
    for minutes in range(0, 61, 10):
        widths.append(width_qty(world, minutes))
        world.given(trade(166_667))
    assert widths[0] == widths[-1] == 0
    assert widths[1] < widths[2] < widths[4] > widths[5] > 0


def test_a_surer_curve_has_a_narrower_band() -> None:
    sure, unsure = (working(error_ppm=error).given(trade(500_000)) for error in (0, 600_000))
    assert 0 < width_qty(sure, 30) < width_qty(unsure, 30)


def test_a_curve_that_states_no_error_has_the_usual_one() -> None:
    usual = working().given(trade(500_000))
    stated = working(error_ppm=volume_error.USUAL_ERROR_PPM).given(trade(500_000))
    assert width_qty(usual, 30) == width_qty(stated, 30)


def test_the_width_is_the_bands_where_the_policys_is_narrower() -> None:
    world = working().given(trade(500_000))
    found = bands.of(world.state, world.parent(), NOW_NS + 30 * MINUTE)
    assert found.target_qty - found.lower_qty == width_qty(world, 30) > 4_000


@pytest.mark.parametrize("strategy", [Strategy.TWAP, Strategy.POV])
def test_other_schedules_have_no_error_of_a_curve(strategy: Strategy) -> None:
    assert width_qty(working(strategy).given(trade(500_000)), 30) == 0


def test_without_a_curve_or_a_schedule_by_it_there_is_no_width() -> None:
    world = trading(policy(strategy=Strategy.VWAP)).given(order(end_ns=NOW_NS + HOUR))
    assert width_qty(world, 30) == 0
    assert width_qty(working(Strategy.TWAP), 30) == 0


def test_a_schedule_that_is_all_behind_or_past_its_curve_has_no_width() -> None:
    world = working().given(trade(500_000))
    ((tranche, part),) = plans.scheduled(world.parent())
    behind = replace(part, carry_qty=part.plan_qty)
    assert width_of(world, [(tranche, behind)], 30) == 0
    world.state.reference.curves[INSTRUMENT] = curve((0, HOUR), (1,))
    assert width_qty(world, 30) == 0


def test_the_errors_of_tranches_that_end_together_add_up() -> None:
    world = working().given(trade(500_000))
    found = list(plans.scheduled(world.parent()))
    assert width_of(world, found * 2, 30) == 2 * width_of(world, found, 30) > 0


def a_curve(*errors_ppm: int) -> VolumeCurveDefined:
    return replace(curve((0, 10, 30, 40), (100, 400, 300)), errors_ppm=errors_ppm)


@pytest.mark.parametrize(
    ("start", "end", "volume", "variance"),
    [
        (0, 40, 800, 10**2 + 80**2 + 90**2),
        (-5, 5, 50, 10**2 // 2),
        (20, 35, 350, 80**2 // 2 + 90**2 // 2),
        (10, 30, 400, 80**2),
        (40, 50, 0, 0),
        (20, 20, 0, 0),
        (20, 10, 0, 0),
    ],
)
def test_what_is_to_come_is_the_sum_of_independent_buckets(
    start: int, end: int, volume: int, variance: int
) -> None:
    found = volume_error.rest_of(a_curve(100_000, 200_000, 300_000), start, end)
    assert found == Rest(volume * PPM, variance * PPM**2)


def test_the_level_is_surer_the_more_of_the_day_was_seen() -> None:
    found = [volume_error.level_variance_ppm2(share) for share in (0, 10**8, 10**9)]
    assert [isqrt(x) for x in found] == [400_000, 282_842, 120_604]


@for_all(st.integers(-20, 60), st.integers(0, 60), st.integers(0, 60))
def test_the_parts_of_a_time_have_the_variance_of_the_whole(
    start: int, first: int, second: int
) -> None:
    known = a_curve(100_000, 0, 1_000_000)
    middle, end = start + first, start + first + second
    parts = [volume_error.rest_of(known, *times) for times in ((start, middle), (middle, end))]
    whole = volume_error.rest_of(known, start, end)
    assert abs(parts[0].volume + parts[1].volume - whole.volume) <= 3
    assert abs(parts[0].variance + parts[1].variance - whole.variance) <= 3


def naive_rest(found: VolumeCurveDefined, start_ns: int, end_ns: int) -> Rest:
    """Bucket by bucket."""
    volume = variance = 0
    edges = zip(found.edges_ns, found.edges_ns[1:], strict=False)
    for (from_ns, until_ns), qty, error_ppm in zip(
        edges, found.volumes_qty, found.errors_ppm, strict=True
    ):
        inside_ns = min(end_ns, until_ns) - max(start_ns, from_ns)
        if inside_ns > 0:
            length_ns = until_ns - from_ns
            volume += qty * PPM * inside_ns // length_ns
            variance += (qty * error_ppm) ** 2 * inside_ns // length_ns
    return Rest(volume, variance)


@for_all(st.data())
def test_the_rest_of_a_curve_is_the_sum_of_its_buckets(data: st.DataObject) -> None:
    volumes = data.draw(st.lists(st.integers(0, 9_999), min_size=1, max_size=6))
    errors = [data.draw(st.integers(0, 900_000)) for _ in volumes]
    lengths = [data.draw(st.integers(1, 50)) for _ in volumes]
    edges = tuple(accumulate(lengths, initial=data.draw(st.integers(0, 9))))
    found = replace(curve(edges, tuple(volumes)), errors_ppm=tuple(errors))
    start_ns, end_ns = (data.draw(st.integers(0, edges[-1] + 9)) for _ in range(2))
    assert volume_error.rest_of(found, start_ns, end_ns) == naive_rest(found, start_ns, end_ns)
