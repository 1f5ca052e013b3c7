"""What a schedule by a curve has seen of the day, and what its slices say of it."""

from typing import Any

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

from engine.core.events import PlanAdopted, SliceReleased, Strategy
from engine.core.strategy import bands, plans, schedules, volume_so_far
from engine.core.strategy.schedules import Seen

FLAT = (0, 13 * HOUR // 2), (6_500_000,)
USUAL_QTY = 6_500_000  # A million an hour.


def working(*before: Any, **said: Any) -> World:  # noqa: ANN401
    """A parent of 60,000 by the curve with an hour to go, an hour after the open."""
    rules = policy(strategy=Strategy.VWAP, **said)
    world = trading(instrument(adv_qty=USUAL_QTY), curve(*FLAT), rules, *before)
    return world.given(order(order_qty=60_000, end_ns=NOW_NS + HOUR))


def seen(world: World, minutes: int) -> Seen:
    parent = world.parent()
    found = world.state.reference.curves[INSTRUMENT]
    return volume_so_far.of(world.state, parent, found, NOW_NS + minutes * MINUTE)


def target_at(world: World, minutes: int) -> int:
    return bands.of(world.state, world.parent(), NOW_NS + minutes * MINUTE).target_qty


def test_volume_is_told_apart_by_the_window_and_the_day() -> None:
    world = working(trade(900_000, received_ns=OPEN_NS)).given(trade(400_000))

    assert seen(world, 0) == Seen(400_000, 1_300_000, 153_846_153, 6_500_000)  # 1 of 6.5 hours.
    assert seen(world, 30).day_share_e9 == 230_769_230


def test_a_schedule_follows_the_volume_and_what_the_curve_still_expects() -> None:
    world = working(trade(1_000_000, received_ns=OPEN_NS)).given(trade(1_000_000))

    # Half an hour to go: 0.65 + 2 million over 0.65 + 1.5 million is the level, half of it comes.
    assert target_at(world, 30) == 60_000 * 2_150_000 // (2_150_000 + 2_650_000 // 2)
    assert target_at(world, 60) == 60_000


def test_the_quantity_of_the_next_interval_is_what_the_curve_expects_in_it() -> None:
    world = working(trade(1_000_000, received_ns=OPEN_NS)).given(trade(500_000))
    parent, at_ns = world.parent(), NOW_NS + 30 * MINUTE
    (found,) = plans.scheduled(parent)

    ahead = plans.target_of(world.state, parent, *found, at_ns + MINUTE, at_ns)

    assert (target_at(world, 30), ahead) == (29_999, 31_000)


def test_volume_is_expected_from_the_first_print_on() -> None:
    world = working()  # No print of the first hour was seen.
    assert seen(world, 30) == Seen(0, 0, 230_769_230, 6_500_000)

    world.given(trade(500_000))

    assert seen(world, 30) == Seen(500_000, 500_000, 76_923_077, 6_500_000)
    assert target_at(world, 30) == 29_999  # A level of one, not of a third.


def test_a_first_print_before_the_open_counts_from_the_open() -> None:
    world = working(trade(5, received_ns=OPEN_NS - HOUR))
    assert seen(world, 0).day_share_e9 == 153_846_153


def test_a_silent_tape_counts_as_the_usual_volume() -> None:
    before = trade(1_000_000, received_ns=OPEN_NS), trade(100, received_ns=NOW_NS)
    world = working(*before, tape_silent_ns=5 * MINUTE)

    assert seen(world, 5)[:2] == (0, 1_000_100)
    assert seen(world, 30)[:2] == (500_000, 1_500_100)
    assert 29_990 < target_at(world, 30) < 30_000


def test_the_windows_volume_is_a_part_of_the_days() -> None:
    world = working(trade(1_000)).given(trade(3_000))
    world.state.settings.tape_includes_own = True
    world.state.book(INSTRUMENT).own_filled_qty = 3_500  # Our fills came before their prints.
    world.parent().base = world.parent().base._replace(volume_qty=0, own_filled_qty=1_000)

    assert seen(world, 1)[:2] == (1_500, 1_500)


def test_own_fills_are_not_others_volume() -> None:
    world = working(trade(1_000)).given(trade(3_000))
    world.state.settings.tape_includes_own = True
    world.state.book(INSTRUMENT).own_filled_qty = 500

    assert seen(world, 1)[:2] == (2_500, 3_500)


def test_a_slice_says_which_volume_its_target_is_of() -> None:
    before = trade(900_000, received_ns=OPEN_NS)
    world = trading(
        instrument(adv_qty=USUAL_QTY), curve(*FLAT), before, policy(strategy=Strategy.VWAP)
    )
    world.when(order(order_qty=60_000, end_ns=NOW_NS + HOUR))
    (first,) = world.all_of(SliceReleased)
    world.given(trade(400_000))
    world.at(NOW_NS + MINUTE)
    (second,) = world.all_of(SliceReleased)

    assert said(first) == (0, 900_000, 153_846_153)
    assert said(second) == (400_000, 1_300_000, 156_410_256)
    assert second.target_qty == target_at(world, 1)


def test_a_target_is_computed_again_from_the_events_and_the_curve_alone() -> None:
    before = trade(900_000, received_ns=OPEN_NS)
    world = trading(
        instrument(adv_qty=USUAL_QTY), curve(*FLAT), before, policy(strategy=Strategy.VWAP)
    )
    world.when(order(order_qty=60_000, end_ns=NOW_NS + HOUR))
    (plan,) = world.all_of(PlanAdopted)
    for minutes, volume_qty in ((1, 400_000), (7, 5_000), (20, 90_000)):
        world.given(trade(volume_qty, received_ns=NOW_NS + minutes * MINUTE))
        world.at(NOW_NS + minutes * MINUTE)
        for found in world.all_of(SliceReleased):
            start_ns, end_ns, now_ns = (
                at_ns - OPEN_NS for at_ns in (plan.start_ns, plan.end_ns, found.at_ns)
            )
            seen = Seen(*said(found), plan.adv_qty)
            spread_qty = plan.plan_qty - plan.carry_qty
            target_qty = schedules.updated_part(*FLAT, start_ns, end_ns, now_ns, now_ns, seen).qty(
                spread_qty
            )
            assert found.target_qty == plan.carry_qty + target_qty > 0


def test_a_slice_of_another_strategy_or_without_a_curve_says_no_volume() -> None:
    for strategy, known in ((Strategy.TWAP, (curve(*FLAT),)), (Strategy.VWAP, ())):
        world = trading(*known, trade(9_000), policy(strategy=strategy))
        world.when(order(order_qty=60_000, end_ns=NOW_NS + HOUR))
        (found,) = world.all_of(SliceReleased)
        assert said(found) == (0, 0, 0)


def said(event: SliceReleased) -> tuple[int, int, int]:
    return event.window_volume_qty, event.day_volume_qty, event.day_share_e9
