"""Recalibration after a fill, a cross or a bust, against each benchmark."""

from typing import Any

import pytest
from world import (
    HOUR,
    MINUTE,
    NOW_NS,
    SECOND,
    SETTINGS,
    World,
    an,
    bust,
    fill_report,
    order,
    policy,
    px,
    quote,
    trade,
    trading,
)

from engine.core.events import (
    Benchmark,
    NextSlice,
    OrdersCrossed,
    PlanAdopted,
    RecalibrationReason,
    Router,
    ScheduleRecalibrated,
    Side,
    SliceReleased,
    Strategy,
)
from engine.core.strategy import plans, recalibration

PPM = 1_000_000
OWN_ON_TAPE = {**SETTINGS, "tape_includes_own": True}


def working(strategy_: Strategy = Strategy.TWAP, **said: Any) -> World:  # noqa: ANN401
    """A parent of 6,000 with a forced strategy, an hour to go and one point a minute."""
    said = {"order_qty": 6_000, "end_ns": NOW_NS + HOUR, **said}
    return trading(policy(strategy=strategy_, router=Router.SEQUENTIAL)).given(order(**said))


def measured(benchmark: Benchmark, *more: Any, **said: Any) -> World:  # noqa: ANN401
    """A released parent whose client measures against this benchmark."""
    ruled = policy(strategy=Strategy.TWAP, router=Router.SEQUENTIAL)
    world = trading(ruled, *more, **said)
    return world.given(order(order_qty=6_000, end_ns=NOW_NS + HOUR, benchmark=benchmark))


def benchmark_of(world: World, cl_ord_id: str = "o1") -> int | None:
    return recalibration.benchmark_px(world.state, world.parent(cl_ord_id), world.now_ns)


def test_a_fill_recalibrates_against_arrival_with_its_numbers() -> None:
    world = working(Strategy.TWAP)
    world.given(trade(700), after_ns=10 * SECOND)
    world.when(fill_report(world.child(), 60, last_px=px(100.00)), after_ns=20 * SECOND)

    world.then_some(
        an(
            ScheduleRecalibrated,
            reason=RecalibrationReason.FILL,
            done_qty=60,
            open_qty=40,
            target_qty=50,  # Half a minute of 6,000 an hour.
            parent_qty=5_940,
            market_volume_qty=700,
            avg_px=px(100.00),
            benchmark_px=px(100.01),
            slippage_millibps=-999,  # A cent below 100.01: -0.9999 bps, rounded up.
            aggressiveness_ppm=200_000,
        )
    )


@pytest.mark.parametrize("benchmark", [Benchmark.VWAP, Benchmark.POV])
def test_vwap_and_pov_are_measured_against_the_vwap_of_the_others_since_the_release(
    benchmark: Benchmark,
) -> None:
    world = measured(benchmark, trade(500, 90.00))
    assert benchmark_of(world) is None

    world.given(trade(100, 100.00), trade(300, 100.04))

    assert benchmark_of(world) == px(100.03)


def test_a_twap_is_measured_against_the_prices_in_force_by_their_time() -> None:
    world = measured(Benchmark.TWAP)
    assert benchmark_of(world) is None

    world.given(trade(9_000, 100.00))
    assert benchmark_of(world) == px(100.00)  # In force from this moment on.

    later_ns = NOW_NS + 30 * SECOND
    world.at(later_ns, trade(100, 100.04, received_ns=later_ns)).at(later_ns + 10 * SECOND)

    assert benchmark_of(world) == px(100.01)  # Three quarters of the time at 100.00.


def test_the_price_in_force_at_the_release_counts_from_the_release() -> None:
    world = trading(policy(strategy=Strategy.TWAP), trade(100, 90.00), trade(100, 100.00))
    world.at(NOW_NS + MINUTE, order(benchmark=Benchmark.TWAP))

    world.when(after_ns=MINUTE)

    assert benchmark_of(world) == px(100.00)


def test_a_tape_that_shows_our_own_fills_is_cleaned_of_them() -> None:
    world = measured(Benchmark.VWAP, settings=OWN_ON_TAPE)
    world.given(trade(300, 100.04), trade(100, 100.00))
    world.given(fill_report(world.child(), 100, last_px=px(100.00)))

    assert plans.others_qty(world.state, world.parent()) == 300
    assert benchmark_of(world) == px(100.04)


def test_the_fills_of_our_other_parents_are_not_the_volume_of_the_others() -> None:
    world = measured(Benchmark.VWAP, settings=OWN_ON_TAPE)
    first = world.child()
    world.given(fill_report(first, 40), trade(40, 100.00))  # Before the other's release.
    world.given(order("o2", 6_000, end_ns=NOW_NS + HOUR, benchmark=Benchmark.VWAP, settlement="T1"))
    assert world.parent("o2") is not world.parent()

    world.given(trade(300, 100.04), trade(60, 100.00), fill_report(first, 60, "E2"))

    for name in ("o1", "o2"):
        assert plans.others_qty(world.state, world.parent(name)) == 300
        assert benchmark_of(world, name) == px(100.04)


def test_a_busted_fill_stays_on_the_tape_and_is_still_our_own() -> None:
    world = measured(Benchmark.VWAP, settings=OWN_ON_TAPE)
    child = world.child()
    world.given(trade(300, 100.04), trade(60, 100.00), fill_report(child, 60))

    world.given(bust(child))

    assert plans.others_qty(world.state, world.parent()) == 300


def test_without_a_benchmark_there_is_no_slippage() -> None:
    world = trading(quote(bid=0.0, ask=0.0), policy(strategy=Strategy.TWAP))
    world.given(order(order_qty=6_000, end_ns=NOW_NS + HOUR))
    world.given(quote(received_ns=NOW_NS + MINUTE), after_ns=MINUTE)
    world.when(fill_report(world.child(), 10))

    found = world.the(ScheduleRecalibrated)
    assert (found.benchmark_px, found.slippage_millibps) == (None, None)
    assert found.avg_px is not None


def test_each_fill_behind_the_band_makes_a_step_more_aggressive_and_on_schedule_one_back() -> None:
    world = working(Strategy.TWAP).given(after_ns=30 * MINUTE)
    steps = []
    for number in range(5):
        world.given(quote(received_ns=world.now_ns))
        live = world.children()[0]
        world.when(fill_report(live, 10, f"E{number}"))
        steps.append(world.all_of(ScheduleRecalibrated)[0].aggressiveness_ppm)
    assert steps == [300_000, 400_000, 500_000, 600_000, 700_000]

    plan, parent = world.parent().plan, world.parent()
    assert plan is not None
    assert recalibration.adapted_ppm(parent, plan, is_behind=False) == 600_000
    parent.aggressiveness_ppm = 300_000
    assert (
        recalibration.adapted_ppm(parent, plan, is_behind=False) == 200_000
    )  # Never below the plan's own.


def test_a_cross_recalibrates_once_the_plan_is_there() -> None:
    world = working(Strategy.TWAP)
    world.when(order("s1", side=Side.SELL, client_id="c2"), after_ns=SECOND).then_some(
        OrdersCrossed, an(ScheduleRecalibrated, reason=RecalibrationReason.CROSS, done_qty=500)
    )
    found = world.the(ScheduleRecalibrated)
    assert (found.avg_px, found.slippage_millibps) == (None, None)


def test_a_cross_before_the_first_plan_is_in_the_plan() -> None:
    world = trading(policy(strategy=Strategy.TWAP))
    world.when(order(order_qty=6_000), order("s1", side=Side.SELL, client_id="c2"))

    world.then_some(OrdersCrossed, an(PlanAdopted, base_qty=500)).then_no(ScheduleRecalibrated)


def test_a_bust_says_that_it_was_one() -> None:
    world = working(Strategy.TWAP)
    child = world.child()
    world.given(fill_report(child, 100))

    world.when(bust(child), after_ns=SECOND).then_some(
        an(ScheduleRecalibrated, reason=RecalibrationReason.BUST, done_qty=0)
    )


def test_what_touches_a_parent_without_a_fill_recalibrates_nothing() -> None:
    working(Strategy.TWAP).given(trade(9_000)).when(after_ns=MINUTE).then_some(
        SliceReleased
    ).then_no(ScheduleRecalibrated)


# ----------------------------------------------------------------------------- the next slice


def patient(**said: Any) -> World:  # noqa: ANN401
    """A parent of normal urgency that waits for three minutes of its client's five."""
    ruled = policy(strategy=Strategy.TWAP, router=Router.SEQUENTIAL, patience_ns=5 * MINUTE, **said)
    return trading(ruled).given(order(order_qty=6_000, end_ns=NOW_NS + HOUR))


def test_a_fill_on_schedule_changes_nothing_of_the_next_slice() -> None:
    world = patient()
    world.when(fill_report(world.child(), 60), after_ns=20 * SECOND)
    found = world.the(ScheduleRecalibrated)
    assert (found.next_slice, found.wait_ns) == (NextSlice.SAME, 3 * MINUTE)


@pytest.mark.parametrize(
    ("level_ppm", "waited_ns", "minutes", "expected", "wait_ns"),
    [
        (200_000, 3 * MINUTE, 30, NextSlice.TAKES, 0),
        (400_000, MINUTE, 1, NextSlice.WAITS_LONGER, 2 * MINUTE),
        (200_000, 4 * MINUTE, 1, NextSlice.WAITS_LESS, 3 * MINUTE),
        (400_000, 0, 1, NextSlice.WAITS, 2 * MINUTE),
        (550_000, 3 * MINUTE, 1, NextSlice.WAITS_LESS, MINUTE),
    ],
)
def test_a_recalibration_names_what_the_next_slice_does_differently(
    level_ppm: int, waited_ns: int, minutes: int, expected: NextSlice, wait_ns: int
) -> None:
    world = patient()
    parent, child = world.parent(), world.child()
    parent.aggressiveness_ppm, parent.waited_ns = level_ppm, waited_ns
    world.when(fill_report(child, 60), after_ns=minutes * MINUTE)
    found = world.the(ScheduleRecalibrated)
    assert (found.next_slice, found.wait_ns) == (expected, wait_ns)
    assert parent.recalibration_id in {world.state.event_id(found.seq), ""}


def test_the_slice_names_the_recalibration_that_changed_it_and_the_next_one_does_not() -> None:
    world = patient()
    parent, child = world.parent(), world.child()
    world.given(trade(10_000_000))
    parent.waited_ns = 4 * MINUTE
    world.when(fill_report(child, 60), after_ns=20 * SECOND)
    changed = world.state.event_id(world.the(ScheduleRecalibrated).seq)
    slices = [*world.all_of(SliceReleased)]
    for minute in (1, 2, 3, 4):
        now_ns = NOW_NS + minute * MINUTE
        world.at(now_ns, quote(received_ns=now_ns))
        slices += world.all_of(SliceReleased)
    first, *others = slices
    assert first.recalibration_id == changed
    assert changed not in {x.recalibration_id for x in others}


def test_without_a_slice_or_with_nothing_left_there_is_no_next_one_to_change() -> None:
    parent = patient().parent()
    parent.waited_ns = None
    assert recalibration.next_slice(parent, MINUTE) is NextSlice.SAME
    parent.waited_ns, parent.open_qty = 0, 0
    assert recalibration.next_slice(parent, MINUTE) is NextSlice.SAME
