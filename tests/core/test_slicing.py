"""The size of a slice: by done and open quantity, within band, cap, lots and minimum."""

from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st
from world import (
    CLOSE_NS,
    HOUR,
    LIT,
    MINUTE,
    NOW_NS,
    SECOND,
    World,
    an,
    at_once,
    cancel,
    fill_report,
    halt,
    instrument,
    kill,
    lift,
    mandate,
    order,
    policy,
    px,
    quote,
    report,
    trade,
    trading,
    venue,
)

from engine.core.events import (
    ChildCancelRequested,
    ChildRouted,
    ExecType,
    OrderCancelled,
    ParentEnded,
    Router,
    SliceReleased,
    Strategy,
    Style,
    Urgency,
)
from engine.core.strategy import slicing

PLENTY = 10_000_000  # Of the others' volume, so that the cap on participation is far.


def working(order_qty: int = 6_000, tape_qty: int = PLENTY, **said: Any) -> World:  # noqa: ANN401
    """A TWAP over an hour with a point a minute, posting on one venue."""
    ruled = {"strategy": Strategy.TWAP, "router": Router.SEQUENTIAL, **said}
    world = trading(policy(**ruled))
    world.when(order(order_qty=order_qty, end_ns=NOW_NS + HOUR))
    released = [*world.events]
    if tape_qty:
        world.given(trade(tape_qty), after_ns=0)
    world.events = tuple(released)
    return world


def on(world: World, minutes: float, *inputs: Any) -> World:  # noqa: ANN401
    """So many minutes after the start, with a fresh quote."""
    now_ns = NOW_NS + round(minutes * MINUTE)
    return world.at(now_ns, quote(received_ns=now_ns), *inputs)


# ------------------------------------------------------------------------ filled and open


def test_a_slice_brings_done_and_open_up_to_the_next_point() -> None:
    working().then_some(
        an(
            SliceReleased,
            slice_qty=100,
            style=Style.PASSIVE,
            router=Router.SEQUENTIAL,
            limit_px=None,
            target_qty=0,
            done_qty=0,
            open_qty=0,
            parent_qty=6_000,
            market_volume_qty=0,
            policy_id="p1",
        )
    )


def test_a_slice_that_rests_is_not_asked_for_again() -> None:
    world = on(working(), 1)

    world.then_some(an(SliceReleased, slice_qty=100, target_qty=100, done_qty=0, open_qty=100))
    assert world.parent().exposure_qty == 200


def test_what_was_released_and_came_back_unfilled_is_not_done() -> None:
    world = working()

    world.when(report(world.child(), ExecType.EXPIRED), after_ns=SECOND).then_no(SliceReleased)
    on(world, 1)

    world.then_some(an(SliceReleased, slice_qty=200, done_qty=0, open_qty=0))


def test_the_rest_of_a_cancelled_child_returns_to_the_pool() -> None:
    world = working()
    child = world.child()
    world.given(fill_report(child, 40))

    on(world, 40 / 60, report(child, ExecType.CANCELED))

    # At 1:40 of 60 minutes 166 should be done; 40 are, so one lot and not two goes out.
    world.then_some(an(SliceReleased, slice_qty=100, done_qty=40, open_qty=0))
    assert world.parent().pool_qty == 6_000 - 40 - 100


def test_a_fill_alone_releases_only_what_the_schedule_asks_for() -> None:
    world = working()

    world.when(fill_report(world.child(), 100), after_ns=SECOND).then_no(SliceReleased)


def test_between_points_nothing_is_released_unasked() -> None:
    world = working().given(kill(), kill(engaged=False))

    world.when(trade(5), after_ns=30 * SECOND).then()


# ---------------------------------------------------------------------------------- style


def style_at(world: World, now_ns: int) -> Style:
    parent = world.parent()
    assert parent.plan is not None
    (group,) = slicing.groups(world.state, parent, parent.plan, now_ns)
    return group.style


def test_within_the_tracking_band_a_slice_posts_and_behind_it_takes() -> None:
    world = working()  # The band is what arrives in two minutes, 200.
    world.given(report(world.child(), ExecType.EXPIRED, "X"))

    styles = [style_at(world, NOW_NS + s * SECOND) for s in (120, 121, 3_539)]

    assert styles == [Style.PASSIVE, Style.AGGRESSIVE, Style.AGGRESSIVE]


def test_a_slice_names_the_band_that_it_was_judged_by() -> None:
    on(working(), 30).then_some(
        an(
            SliceReleased,
            style=Style.AGGRESSIVE,
            lower_qty=2_800,
            target_qty=3_000,
            upper_qty=3_200,
        )
    )


def test_the_last_interval_cleans_up() -> None:
    assert style_at(working(), NOW_NS + 59 * MINUTE) is Style.CLEANUP


@pytest.mark.parametrize(("ppm", "style"), [(499_999, Style.PASSIVE), (500_000, Style.AGGRESSIVE)])
def test_an_aggressive_parent_takes_even_on_schedule(ppm: int, style: Style) -> None:
    world = working()
    world.parent().aggressiveness_ppm = ppm

    assert style_at(world, NOW_NS) is style


def test_high_urgency_takes_from_the_start() -> None:
    world = trading(trade(PLENTY)).when(order(urgency=Urgency.HIGH))

    assert world.the(SliceReleased).style is Style.AGGRESSIVE


# --------------------------------------------------------------------------------- router


@pytest.mark.parametrize(
    ("said", "routed"),
    [
        (Router.SEQUENTIAL, Router.SEQUENTIAL),
        (Router.PARALLEL, Router.PARALLEL),
        (Router.LIQUIDITY_SEEKING, Router.LIQUIDITY_SEEKING),
        (Router.AUTO, Router.AUTO),
        (Router.OTHER, Router.AUTO),
    ],
)
def test_the_router_is_the_policys_if_it_names_one(said: Router, routed: Router) -> None:
    parent = working(router=said).parent()
    assert parent.plan is not None
    assert slicing.router_of(parent, parent.plan) is routed


# ----------------------------------------------------------------- minimum, lots, maximum


def test_a_slice_is_whole_lots_and_never_ahead_of_the_schedule() -> None:
    world = working(order_qty=9_000)  # 150 a minute.

    assert world.the(SliceReleased).slice_qty == 100


def test_a_slice_below_the_minimum_waits() -> None:
    world = working(min_slice_qty=300)
    world.then_no(SliceReleased)

    on(world, 1).then_no(SliceReleased)
    assert on(world, 2).the(SliceReleased).slice_qty == 300


def test_a_minimum_above_the_largest_slice_does_not_keep_a_parent_waiting() -> None:
    world = working(order_qty=1_000, max_slice_ppm=100_000, min_slice_qty=300)

    assert on(world, 20).the(SliceReleased).slice_qty == 300


def test_a_slice_is_never_above_the_policys_part_of_the_parent() -> None:
    world = working(max_slice_ppm=50_000)

    assert on(world, 30).the(SliceReleased).slice_qty == 300


def test_the_largest_slice_is_a_lot_at_least() -> None:
    world = working(order_qty=500, max_slice_ppm=1)

    assert on(world, 30).the(SliceReleased).slice_qty == 100


def test_the_odd_rest_goes_with_the_last_slice() -> None:
    world = working(order_qty=150, tape_qty=0)
    world.then_no(SliceReleased)

    on(world, 39, trade(PLENTY)).then_some(an(SliceReleased, slice_qty=100))
    world.given(fill_report(world.child(), 100))
    on(world, 59).then_some(an(SliceReleased, slice_qty=50, style=Style.CLEANUP))


def test_a_remainder_below_the_minimum_is_released_when_it_is_all_there_is() -> None:
    world = working(order_qty=250, min_slice_qty=200)
    on(world, 49).then_some(an(SliceReleased, slice_qty=200))
    world.given(fill_report(world.child(), 200))

    on(world, 59).then_some(an(SliceReleased, slice_qty=50))


def test_a_pending_cancel_is_never_sliced() -> None:
    world = trading(policy(strategy=Strategy.TWAP, router=Router.SEQUENTIAL), trade(PLENTY))
    world.given(order(order_qty=3_000, end_ns=NOW_NS + HOUR))
    world.given(order("o2", order_qty=100, end_ns=NOW_NS + HOUR))
    world.given(trade(PLENTY))
    on(world, 59)
    live = [*world.children()]
    world.when(cancel("o2"), *(report(c, ExecType.EXPIRED) for c in live))

    assert sum(s.slice_qty for s in world.all_of(SliceReleased)) <= 3_000
    world.then_some(OrderCancelled)


# ------------------------------------------------------------------------------------ cap


def test_the_cap_on_participation_leaves_a_lot_to_start_with() -> None:
    world = trading(policy(strategy=Strategy.TWAP, router=Router.SEQUENTIAL))
    world.when(order(order_qty=60_000, end_ns=NOW_NS + HOUR))
    assert world.the(SliceReleased).slice_qty == 100  # The schedule asks for 1,000.

    on(world, 1, trade(700)).then_some(an(SliceReleased, slice_qty=300, open_qty=100))
    assert world.parent().exposure_qty == 400  # 0.3 / 0.7 x 700, and a lot.


def test_filled_quantity_and_exposure_both_use_the_cap() -> None:
    world = working(order_qty=60_000, tape_qty=0)
    world.given(fill_report(world.child(), 100))

    on(world, 1).then_no(SliceReleased)
    on(world, 2, trade(233)).then_no(SliceReleased)  # Worth 99 more.
    on(world, 3, trade(1)).then_some(an(SliceReleased, slice_qty=100))


def test_a_clean_up_respects_the_cap() -> None:
    world = working(tape_qty=0).given()

    on(world, 59).then_no(SliceReleased)


def test_who_must_complete_completes_above_the_cap() -> None:
    world = trading().when(at_once(order_qty=60_000))

    assert world.the(SliceReleased).slice_qty == 60_000


# ------------------------------------------------------------------- what stops a release


def test_nothing_is_released_once_the_window_is_over() -> None:
    world = working()

    world.when(report(world.child(), ExecType.EXPIRED), after_ns=HOUR)

    world.then_some(ParentEnded).then_no(SliceReleased)


@pytest.mark.parametrize("said", [halt(), kill()])
def test_nothing_is_released_while_trading_is_forbidden(said: Any) -> None:  # noqa: ANN401
    world = working()

    world.when(said).then_some(ChildCancelRequested)
    world.when(report(world.child(), ExecType.CANCELED), after_ns=MINUTE).then_no(SliceReleased)
    world.when(lift(), kill(engaged=False), quote(received_ns=world.now_ns)).then_some(
        SliceReleased
    )


def test_nothing_is_released_before_there_is_a_plan() -> None:
    world = trading(policy(window_ns=MINUTE)).given(order())

    assert slicing.release(world.state, world.parent(), NOW_NS) == ()


def test_an_unfilled_ioc_asks_again_at_the_next_point_and_not_at_once() -> None:
    world = trading(trade(PLENTY)).given(
        order(urgency=Urgency.HIGH, order_qty=30_000, end_ns=NOW_NS + HOUR)
    )
    live = world.children()

    world.when(*(report(c, ExecType.CANCELED) for c in live), after_ns=SECOND)
    world.then_no(SliceReleased)
    on(world, 1).then_some(SliceReleased)


def test_a_limit_goes_with_the_slice() -> None:
    world = trading(trade(PLENTY)).when(at_once(limit_px=px(100.01)))

    assert world.the(SliceReleased).limit_px == px(100.01)


# --------------------------------------------------------------------------- over the day


@settings(deadline=None)  # A whole parent's life an example.
@for_all(
    st.sampled_from([Strategy.TWAP, Strategy.VWAP, Strategy.IS, Strategy.POV]),
    st.integers(1, 2_000),
    st.sampled_from([1, 10, 100]),
    st.lists(st.tuples(st.integers(5, 400), st.integers(0, 100), st.integers(0, 900)), max_size=12),
)
def test_open_and_filled_never_exceed_the_parent_whatever_happens(
    strategy: Strategy, qty: int, lot_qty: int, rounds: list[tuple[int, int, int]]
) -> None:
    world = trading(
        instrument(lot_qty=lot_qty),
        venue(LIT),
        mandate(max_participation_ppm=900_000),
        policy(strategy=strategy),
        trade(1_000),
    )
    world.given(order(order_qty=qty, end_ns=min(CLOSE_NS, NOW_NS + 30 * MINUTE)))
    for number, (seconds, fill_percent, tape_qty) in enumerate(rounds):
        world.now_ns += seconds * SECOND
        reports = []
        for child in world.children():
            part = child.leaves_qty * fill_percent // 100
            if part:
                reports.append(fill_report(child, part, f"E{number}"))
            if child.is_cancelling:
                reports.append(report(child, ExecType.CANCELED))
        told = [quote(received_ns=world.now_ns)]
        told += [trade(tape_qty)] if tape_qty else []  # type: ignore[list-item]  # Inputs alike.
        world.when(*told, *reports)
        parent = world.parent()
        assert parent.filled_qty + parent.exposure_qty <= qty
        assert parent.exposure_qty == sum(c.leaves_qty for c in parent.children.values())
        for slice_ in world.all_of(SliceReleased):
            routed = [
                c for c in world.all_of(ChildRouted) if slice_id_of(world, slice_) in c.slice_id
            ]
            assert sum(c.child_qty for c in routed) <= slice_.slice_qty


def slice_id_of(world: World, slice_: SliceReleased) -> str:
    return world.state.event_id(slice_.seq)
