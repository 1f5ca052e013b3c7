"""Orders by different schedules share a parent: each tranche follows its own benchmark."""

from dataclasses import replace
from typing import Any

import pytest
from world import (
    HOUR,
    INSTRUMENT,
    LIT,
    MINUTE,
    NOW_NS,
    SECOND,
    World,
    curve,
    order,
    policy,
    px,
    quote,
    report,
    trade,
    trading,
)

from engine.core.events import (
    Benchmark,
    ExecType,
    PlanAdopted,
    PlanReason,
    Side,
    SliceHeld,
    Strategy,
    Style,
    TrancheOpened,
    Urgency,
)
from engine.core.parents import aggregation, netting, tranches
from engine.core.strategy import bands, plans, recalibration, slicing

SCHEDULED = (Benchmark.VWAP, Benchmark.TWAP, Benchmark.POV)


def pooled(*benchmarks: Benchmark, world: World | None = None, **said: Any) -> World:  # noqa: ANN401
    """A released parent with an order of 6,000 of each benchmark, an hour to go."""
    base = {"order_qty": 6_000, "end_ns": NOW_NS + HOUR, "urgency": Urgency.LOW}
    orders = [
        order(f"o{number}", benchmark=name, **{**base, **said})
        for number, name in enumerate(benchmarks, start=1)
    ]
    begun = world or trading(policy(window_ns=SECOND, participation_ppm=200_000))
    return begun.given(*orders).given(quote(received_ns=NOW_NS + SECOND), after_ns=SECOND)


def at_a_tenth() -> World:
    """A market in which 6,000 a tenth of the volume take 40 minutes."""
    return trading(policy(window_ns=SECOND, participation_ppm=100_000))


def plan_of(world: World) -> PlanAdopted:
    plan = world.parent().plan
    assert plan is not None
    return plan


def targets(world: World, minutes: int) -> list[int]:
    """The target of each tranche, some minutes after the plan's start."""
    parent, at_ns = world.parent(), world.now_ns + minutes * MINUTE
    line = plans.line_of(world.state, parent, at_ns)
    return plans.targets_of(line, plans.scheduled(parent), at_ns)


def test_orders_by_a_schedule_share_a_parent_and_have_tranches_of_their_own() -> None:
    world = pooled(*SCHEDULED)
    parent = world.parent()
    assert {world.order(f"o{number}").parent_id for number in (1, 2, 3)} == {parent.parent_id}
    assert [tranche.benchmark for tranche in parent.tranches.values()] == [*SCHEDULED]
    assert [tranche.terms.benchmark for tranche in parent.tranches.values()] == [*SCHEDULED]


def test_an_order_against_arrival_shares_no_parent_with_one_by_a_schedule() -> None:
    world = pooled(Benchmark.VWAP, Benchmark.ARRIVAL)
    assert world.order("o1").parent_id != world.order("o2").parent_id


def test_each_tranche_follows_its_own_benchmark() -> None:
    edges = (0, HOUR + 30 * MINUTE, 6 * HOUR)  # The first bucket ends in the middle of the hour.
    world = trading(
        curve(edges, (3_000, 18_000)), policy(window_ns=SECOND, participation_ppm=200_000)
    )
    world = pooled(*SCHEDULED, world=world)
    start_ns, end_ns = world.now_ns, NOW_NS + HOUR
    world.given(trade(10_000))

    found = targets(world, 15)

    assert found[1] == 6_000 * 15 * MINUTE // (end_ns - start_ns)  # By the clock.
    assert found[2] == 2_500  # 0.2 / 0.8 x 10,000.
    assert found[0] not in found[1:]  # By the curve, and the volume so far.
    alone = pooled(
        Benchmark.VWAP, world=trading(curve(edges, (3_000, 18_000)), policy(window_ns=SECOND))
    )
    alone.given(trade(10_000))
    assert targets(alone, 15) == found[:1]


def test_a_plan_states_the_strategy_of_each_tranche_and_that_of_most() -> None:
    plan = plan_of(pooled(*SCHEDULED))
    assert [part.strategy for part in plan.tranches] == [Strategy.VWAP, Strategy.TWAP, Strategy.POV]
    assert plan.strategy is Strategy.VWAP  # Equal quantities: the first.

    world = trading(policy(window_ns=SECOND))
    world.given(
        order("o9", 10_000, benchmark=Benchmark.POV, end_ns=NOW_NS + HOUR, urgency=Urgency.LOW)
    )
    assert plan_of(pooled(Benchmark.TWAP, world=world)).strategy is Strategy.POV


def test_a_parent_of_one_tranche_states_its_strategy_once() -> None:
    world = pooled(Benchmark.TWAP)
    plan = plan_of(world)
    assert (plan.strategy, plan.tranches) == (Strategy.TWAP, ())
    assert world.parent().tranches[0].plan == plans.whole(plan)


def test_a_policy_that_names_a_strategy_has_all_follow_it() -> None:
    world = trading(policy(window_ns=SECOND, strategy=Strategy.TWAP))
    plan = plan_of(pooled(*SCHEDULED, world=world))
    assert {part.strategy for part in plan.tranches} == {plan.strategy} == {Strategy.TWAP}


def test_what_must_complete_leaves_the_volume_and_the_others_keep_their_schedule() -> None:
    world = pooled(Benchmark.POV, Benchmark.TWAP, world=at_a_tenth(), must_complete=True)
    assert plan_of(world).reason is PlanReason.RELEASED

    world.given(after_ns=40 * MINUTE)  # 40 minutes of expected volume were enough, 20 are not.

    plan = plan_of(world)
    assert plan.reason is PlanReason.COMPLETION_AT_RISK
    assert [part.strategy for part in plan.tranches] == [Strategy.VWAP, Strategy.TWAP]
    world.given(after_ns=MINUTE)
    assert plan_of(world).revision == plan.revision  # It is not at risk again.


def test_a_second_tranche_at_risk_leaves_the_first_on_the_clock() -> None:
    world = pooled(Benchmark.POV, world=at_a_tenth(), must_complete=True)
    world.given(after_ns=40 * MINUTE)
    parent = world.parent()
    assert plan_of(world).strategy is Strategy.VWAP
    # A tranche by volume beside it, as a later member would have brought.
    later = replace(parent.tranches[0], number=1, benchmark=Benchmark.POV)
    assert parent.tranches[0].plan is not None
    later.plan = replace(parent.tranches[0].plan, tranche=1, strategy=Strategy.POV)
    parent.tranches[1] = later

    found = plans.strategies(world.state, parent, PlanReason.COMPLETION_AT_RISK, world.now_ns)

    assert plans.at_risk(world.state, parent, world.now_ns) == {1}
    assert found == {0: Strategy.VWAP, 1: Strategy.VWAP}


def test_what_arrives_is_the_sum_of_what_each_schedule_brings() -> None:
    mixed = pooled(Benchmark.TWAP, Benchmark.POV)
    parent, at_ns = mixed.parent(), mixed.now_ns + 10 * MINUTE
    line = plans.line_of(mixed.state, parent, at_ns)
    found = [*plans.scheduled(parent)]

    def arriving(part: list[Any]) -> int:
        return bands.arriving_qty(line, part, sum(plans.targets_of(line, part, at_ns)))

    assert arriving(found) == arriving(found[:1]) + arriving(found[1:])
    assert min(arriving(found[:1]), arriving(found[1:])) > 0


def test_no_band_is_kept_where_a_tranche_goes_by_its_own_volume() -> None:
    """Its volume changes within a batch; the plan is named after the tranche of most."""
    world = pooled(Benchmark.TWAP, Benchmark.POV)
    assert plan_of(world).strategy is Strategy.TWAP
    before = bands.of(world.state, world.parent(), world.now_ns)
    assert not world.state.bands
    world.state.book(INSTRUMENT).volume_qty += 10_000
    after = bands.of(world.state, world.parent(), world.now_ns)
    assert after.target_qty == before.target_qty + 2_500


def test_a_tranche_that_the_market_left_behind_its_limit_makes_nobody_hurry() -> None:
    said = {"end_ns": NOW_NS + HOUR, "urgency": Urgency.LOW, "benchmark": Benchmark.TWAP}
    beyond = order("o1", 6_000, limit_px=px(99.50), **said)
    world = trading(policy(window_ns=SECOND, patience_ns=5 * MINUTE)).given(
        beyond, order("o2", 6_000, **said)
    )
    world.given(quote(received_ns=NOW_NS + SECOND), after_ns=SECOND)
    state, parent, at_ns = world.state, world.parent(), world.now_ns + 30 * MINUTE
    waiting, reaching = parent.tranches.values()
    state.books[INSTRUMENT].quotes[LIT] = replace(
        state.books[INSTRUMENT].quotes[LIT], received_ns=at_ns
    )
    assert bands.is_late(
        state, parent, at_ns, [waiting, reaching]
    )  # Of the second nothing is done.
    assert not bands.is_late(state, parent, at_ns, [waiting])

    reaching.filled_qty = 3_000

    assert bands.of(state, parent, at_ns).lower_qty > 3_000  # Both together are behind.
    assert not bands.is_late(state, parent, at_ns, [waiting, reaching])
    patience_ns = bands.patience_ns(state, parent, at_ns)
    assert patience_ns > MINUTE
    del parent.tranches[waiting.number]
    assert bands.patience_ns(state, parent, at_ns) == patience_ns


@pytest.mark.parametrize("side", Side)
def test_where_the_far_side_has_no_quote_every_tranche_counts(side: Side) -> None:
    world = pooled(Benchmark.TWAP, limit_px=px(100.00), side=side)
    state, parent = world.state, world.parent()
    at_ns = world.now_ns + 30 * MINUTE  # All quotes are too old by then.
    assert bands.reaching(state, parent, at_ns, parent.tranches.values()) == [parent.tranches[0]]
    assert bands.is_late(state, parent, at_ns, [parent.tranches[0]])


def test_a_tranche_that_came_while_nothing_was_planned_gets_its_plan_after() -> None:
    world = pooled(Benchmark.TWAP)
    parent = world.parent()
    parent.tranches[0].plan = None  # As one that an amend in a halt opened.

    (plan,) = plans.adopt(world.state, parent, world.now_ns)

    assert isinstance(plan, PlanAdopted)
    assert plan.reason is PlanReason.TRANCHE_BEGAN


def test_a_neighbour_that_joins_moves_no_tranche_back_to_the_volume() -> None:
    world = pooled(Benchmark.POV, world=at_a_tenth(), must_complete=True)
    world.given(after_ns=40 * MINUTE)
    assert plan_of(world).strategy is Strategy.VWAP
    parent = world.parent()

    def chosen(reason: PlanReason) -> Strategy:
        return plans.strategies(world.state, parent, reason, world.now_ns)[0]

    assert chosen(PlanReason.MEMBERS_CHANGED) is Strategy.VWAP
    assert chosen(PlanReason.INSTRUCTED) is Strategy.POV  # The desk has it worked anew.
    parent.tranches[0].open_qty = 100  # So little would complete by its volume.
    assert chosen(PlanReason.MEMBERS_CHANGED) is Strategy.POV


def test_every_benchmark_has_a_family() -> None:
    assert {*tranches.FAMILIES} == {*Benchmark}


def test_a_silent_tape_holds_up_the_tranche_by_volume() -> None:
    world = pooled(Benchmark.TWAP, Benchmark.POV, max_participation_ppm=100_000)
    world.given(quote(received_ns=NOW_NS + 3 * MINUTE), after_ns=3 * MINUTE - SECOND)
    held = world.all_of(SliceHeld)
    assert held
    assert held[0].wanted_qty == 6_000  # All of it, as it would trade in step with the volume.


def test_slippage_is_against_each_benchmark_by_what_is_filled_of_it() -> None:
    world = trading(trade(100, 100.00), policy(window_ns=SECOND))
    world = pooled(Benchmark.VWAP, Benchmark.TWAP, world=world).given(after_ns=MINUTE)
    state, parent = world.state, world.parent()

    def found() -> int | None:
        return recalibration.benchmark_px(state, parent, world.now_ns)

    assert found() is None  # Nothing is filled.
    parent.tranches[0].filled_qty = 100
    assert found() is None  # Of the volume-weighted price nothing is known yet.
    parent.tranches[1].filled_qty = 300
    assert found() is None
    world.given(trade(500, 99.96, received_ns=world.now_ns))
    assert found() == (px(99.96) * 100 + px(100.00) * 300) // 400


def test_tranches_never_take_more_than_their_parent_has_left() -> None:
    """A late fill for members that are done leaves one tranche with less open than its claims."""
    world = pooled(Benchmark.TWAP, Benchmark.VWAP, order_qty=600, crossing_consent=True)
    state, parent = world.state, world.parent()
    plan, members = plan_of(world), [*parent.active_members()]
    for child in [*parent.children.values()]:
        world.given(report(child, ExecType.CANCELED))
    one, other = parent.tranches.values()
    assert (one.open_qty, other.open_qty, parent.exposure_qty) == (600, 600, 0)
    parent.open_qty -= 500  # The first has 100 left and claims 600 of a child.
    one.open_qty, one.exposure_qty, parent.exposure_qty = 100, 600, 600
    group = slicing.Group(Style.CLEANUP, [other])
    most = {other.number: 600}

    claims = slicing.sliced(state, parent, plan, group, world.now_ns, most)

    assert claims == {other.number: 100}
    assert netting.crossable_qty(state, parent, members) == 100
    parent.exposure_qty = 701  # And after an overfill of its venue nothing.
    assert slicing.sliced(state, parent, plan, group, world.now_ns, most) == {}
    assert netting.crossable_qty(state, parent, members) == 0


def test_a_log_of_before_has_the_benchmark_and_the_strategy_of_the_parent() -> None:
    world = pooled(Benchmark.TWAP)
    state, parent = world.state, world.parent()
    terms = parent.terms
    opened = TrancheOpened(
        parent_id=parent.parent_id,
        tranche=1,
        limit_band=0,
        no_dark=False,
        excluded_venues=(),
        must_complete=False,
        max_participation_ppm=terms.max_participation_ppm,
        start_ns=NOW_NS,
        end_ns=terms.end_ns,
        window_end_ns=NOW_NS,
        display_qty=0,
        first_order_id="0-1",
        benchmark=None,
    )
    aggregation.on_tranche_opened(state, opened)
    assert parent.tranches[1].benchmark is Benchmark.TWAP

    plan = plan_of(world)
    part = replace(plans.whole(plan), strategy=None)
    plans.on_plan_adopted(state, replace(plan, tranches=(part,)))
    found = parent.tranches[0].plan
    assert found is not None
    assert found.strategy is Strategy.TWAP
    assert parent.tranches[1].plan is None
