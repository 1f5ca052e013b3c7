"""The band around the schedule: never less than a lot, narrower towards the end."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st
from world import (
    CLOSE_NS,
    DAY,
    HOUR,
    INSTRUMENT,
    MINUTE,
    NOW_NS,
    OPEN_NS,
    World,
    calendar,
    curve,
    instrument,
    order,
    policy,
    trade,
    trading,
)

from engine.core.events import PlanAdopted, Strategy, TradingSession, Urgency
from engine.core.strategy import bands
from engine.core.strategy.bands import Band

PLENTY = 10_000_000


def working(order_qty: int, strategy: Strategy = Strategy.TWAP, **said: Any) -> World:  # noqa: ANN401
    """An hour's parent, with a point a minute."""
    world = trading(policy(strategy=strategy, **said), curve((OPEN_NS, CLOSE_NS), (1_000_000,)))
    return world.given(order(order_qty=order_qty, end_ns=NOW_NS + HOUR, urgency=Urgency.LOW))


def plan_of(world: World) -> PlanAdopted:
    plan = world.parent().plan
    assert plan is not None
    return plan


def band(world: World, minutes: float) -> Band:
    at_ns = NOW_NS + round(minutes * MINUTE)
    return bands.of(world.state, world.parent(), at_ns)


def test_a_parent_of_a_lot_is_never_behind() -> None:
    world = working(100)
    assert {band(world, minutes).lower_qty for minutes in range(61)} == {0}


def test_what_arrives_in_two_intervals_is_within_the_band() -> None:
    assert band(working(6_000), 30) == Band(2_800, 3_000, 3_200)


def test_a_wide_band_narrows_towards_the_end() -> None:
    world = working(60_000, tracking_band_ppm=100_000)
    assert plan_of(world).tracking_band_qty == 6_000
    assert band(world, 0) == Band(0, 0, 6_000)
    assert band(world, 30) == Band(27_000, 30_000, 33_000)
    assert band(world, 57) == Band(55_000, 57_000, 59_000)  # Two intervals.
    assert band(world, 60) == Band(59_900, 60_000, 60_000)  # A lot.


def test_what_arrives_while_a_parent_waits_is_within_the_band_as_far_as_it_can_be_made_up() -> None:
    """A third of what is left: at a third above the schedule's pace it is made up by the end."""
    world = working(6_000, tracking_band_ppm=0, patience_ns=10 * MINUTE)
    assert band(world, 20) == Band(1_000, 2_000, 3_000)  # What arrives in ten minutes.
    assert band(world, 42) == Band(3_600, 4_200, 4_800)  # Of 1,800 to come 600 may be late.
    assert band(world, 48) == Band(4_400, 4_800, 5_200)
    assert band(world, 57) == Band(5_500, 5_700, 5_900)  # Two intervals.


def test_a_participation_arrives_by_the_usual_volume() -> None:
    world = working(6_000, Strategy.POV, tracking_band_ppm=0).given(trade(9_000))
    plan = plan_of(world)

    found = band(world, 1)

    # A ninth of others' volume is a tenth of all; the usual day has 2,564 a minute.
    assert plan.participation_ppm == 100_000
    assert found.target_qty == 1_000
    assert found.lower_qty == 1_000 - found.upper_qty + 1_000
    assert 500 < found.upper_qty - 1_000 < 700
    world.given(trade(PLENTY))
    assert band(world, 1) == Band(5_900, 6_000, 6_000)


@pytest.mark.parametrize("strategy", [Strategy.TWAP, Strategy.VWAP, Strategy.POV, Strategy.IS])
@for_all(qty=st.integers(1, 50_000), minutes=st.floats(0, 61), volume=st.integers(0, 10**6))
def test_a_band_holds_its_target_and_a_lot(
    strategy: Strategy, qty: int, minutes: float, volume: int
) -> None:
    world = working(qty, strategy)
    if volume:
        world.given(trade(volume))
    found = band(world, minutes)

    assert 0 <= found.lower_qty <= found.target_qty <= found.upper_qty
    assert found.upper_qty <= max(found.target_qty, plan_of(world).plan_qty)
    assert found.lower_qty <= max(0, found.target_qty - 100)


def anew(world: World, minutes: float) -> Band:
    """The band as it is without what is kept."""
    world.state.bands.clear()
    return band(world, minutes)


def on_curve(strategy: Strategy = Strategy.VWAP) -> World:
    """A parent an hour before its end, on a day of which something has traded."""
    defined = instrument(calendar_id="US", adv_qty=6_500_000, lot_qty=100)
    rules = policy(strategy=strategy, tracking_band_ppm=0, patience_ns=10 * MINUTE)
    world = trading(rules, calendar(), defined, curve((0, CLOSE_NS - OPEN_NS), (6_500_000,)))
    world.given(trade(1_000_000))
    world.given(order(order_qty=60_000, end_ns=NOW_NS + HOUR, urgency=Urgency.LOW))
    world.given(trade(100_000))
    return world


def more_trades(world: World) -> None:
    world.state.books[INSTRUMENT].volume_qty += 300_000


def a_longer_session(world: World) -> None:
    first = TradingSession(open_ns=OPEN_NS - HOUR, close_ns=NOW_NS + 10 * MINUTE)
    last = TradingSession(open_ns=NOW_NS + 20 * MINUTE, close_ns=CLOSE_NS)
    world.state.reference.calendars["US", DAY] = calendar(sessions=(first, last))


def another_plan(world: World) -> None:
    parent, plan = world.parent(), replace(plan_of(world), tracking_band_qty=50_000)
    parent.plan = plan


def less_patience(world: World) -> None:
    world.parent().aggressiveness_ppm += 400_000


def another_policy(world: World) -> None:
    world.state.controls.policy = policy(strategy=Strategy.VWAP, patience_ns=15 * MINUTE)


def larger_lots(world: World) -> None:
    found = world.state.reference.instruments
    found[INSTRUMENT] = replace(found[INSTRUMENT], lot_qty=50_000)


def a_wider_curve(world: World) -> None:
    found = world.state.reference.curves
    found[INSTRUMENT] = replace(found[INSTRUMENT], errors_ppm=(30_000_000,))


@pytest.mark.parametrize(
    "change",
    [
        more_trades,
        a_longer_session,
        another_plan,
        less_patience,
        another_policy,
        larger_lots,
        a_wider_curve,
    ],
)
def test_a_band_is_kept_until_something_that_it_follows_from_changes(
    change: Callable[[World], None],
) -> None:
    world = on_curve()
    before = band(world, 1)
    assert band(world, 1) is before

    change(world)

    assert band(world, 1) == anew(world, 1) != before


def test_a_band_is_of_its_time_and_of_its_tranches() -> None:
    world = on_curve()
    bands_of = [band(world, minutes) for minutes in (1, 30)]
    assert bands_of == [anew(world, minutes) for minutes in (1, 30)]
    assert bands.of(world.state, world.parent(), NOW_NS + 30 * MINUTE, []).target_qty == 0


def test_no_band_is_kept_of_a_participation_or_after_a_seal() -> None:
    world = on_curve(Strategy.POV)
    band(world, 1)
    assert not world.state.bands
    world = on_curve()
    band(world, 1)
    assert world.at(NOW_NS + 2 * MINUTE).state.bands == {}
