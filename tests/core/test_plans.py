"""The choice of a strategy line by line, and each schedule's line."""

from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st
from world import (
    CENT,
    CLOSE_NS,
    HOUR,
    INSTRUMENT,
    MINUTE,
    NOW_NS,
    OPEN_NS,
    World,
    amend,
    bust,
    calendar,
    cancel,
    curve,
    day_closed,
    day_opened,
    fill_report,
    instrument,
    make,
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
    ParentOpened,
    PlanAdopted,
    PlanReason,
    Router,
    Strategy,
    Urgency,
)
from engine.core.state.model import Parent, Tranche
from engine.core.strategy import almgren_chriss, bands, plans, schedules, usual_volume
from engine.core.strategy.plans import Outlook

PPM = 1_000_000


def working(strategy_: Strategy = Strategy.TWAP, **said: Any) -> World:  # noqa: ANN401
    """A parent of 6,000 with a forced strategy, an hour to go and one point a minute."""
    said = {"order_qty": 6_000, "end_ns": NOW_NS + HOUR, **said}
    return trading(policy(strategy=strategy_, router=Router.SEQUENTIAL)).given(order(**said))


def target_at(world: World, minutes: int) -> int:
    return bands.of(world.state, world.parent(), NOW_NS + minutes * MINUTE).target_qty


# ------------------------------------------------------------------------------- choice


def parent_of(limit_px: int | None = None, **said: Any) -> Parent:  # noqa: ANN401
    base = {"max_participation_ppm": 200_000, "urgency": Urgency.NORMAL}
    terms = make(ParentOpened, **{**base, **said})
    tranche = Tranche(0, terms, terms.benchmark, limit_px=limit_px)
    return Parent(parent_id="0-1", seq=1, terms=terms, due_ns=0, tranches={0: tranche})


def chosen(forced: Strategy = Strategy.AUTO, *, ppm: int = 100_000, **said: Any) -> Strategy:  # noqa: ANN401
    outlook = Outlook(instrument(), 1, ppm, None, 1)
    parent = parent_of(**said)
    return plans.choose(policy(strategy=forced), parent, parent.terms.benchmark, outlook)


@pytest.mark.parametrize("forced", [Strategy.VWAP, Strategy.TWAP, Strategy.POV, Strategy.IS])
def test_a_forced_strategy_outranks_everything(forced: Strategy) -> None:
    assert chosen(forced, benchmark=Benchmark.VWAP, urgency=Urgency.HIGH) is forced


@pytest.mark.parametrize("forced", [Strategy.AUTO, Strategy.OTHER])
def test_a_strategy_that_has_no_schedule_is_not_forced(forced: Strategy) -> None:
    assert chosen(forced, benchmark=Benchmark.TWAP) is Strategy.TWAP


@pytest.mark.parametrize(
    ("benchmark", "expected"),
    [
        (Benchmark.VWAP, Strategy.VWAP),
        (Benchmark.TWAP, Strategy.TWAP),
        (Benchmark.POV, Strategy.POV),
    ],
)
def test_a_benchmark_that_names_a_strategy_is_followed(
    benchmark: Benchmark, expected: Strategy
) -> None:
    assert chosen(benchmark=benchmark, urgency=Urgency.HIGH, ppm=PPM) is expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"must_complete": True, "ppm": 200_001, "urgency": Urgency.HIGH}, Strategy.VWAP),
        ({"must_complete": True, "ppm": 200_000, "urgency": Urgency.HIGH}, Strategy.IS),
        ({"urgency": Urgency.HIGH, "ppm": PPM}, Strategy.IS),
        ({"urgency": Urgency.NORMAL, "ppm": 200_001}, Strategy.POV),
        ({"urgency": Urgency.LOW, "ppm": 200_001}, Strategy.POV),
        ({"urgency": Urgency.LOW, "limit_px": 7}, Strategy.POV),
        ({"urgency": Urgency.LOW, "limit_px": None}, Strategy.VWAP),
        ({"urgency": Urgency.NORMAL}, Strategy.IS),
    ],
)
def test_the_trilemma_line_by_line(said: dict[str, Any], expected: Strategy) -> None:
    assert chosen(**said) is expected


@pytest.mark.parametrize(
    ("urgency", "horizon_ns"),
    [
        (Urgency.HIGH, 5 * MINUTE),
        (Urgency.NORMAL, 30 * MINUTE),
        (Urgency.LOW, HOUR),
    ],
)
def test_shortfall_is_over_sooner_the_more_urgent_it_is(urgency: Urgency, horizon_ns: int) -> None:
    world = working(Strategy.IS, urgency=urgency)

    assert world.the(PlanAdopted).end_ns == NOW_NS + horizon_ns


def test_a_horizon_never_goes_beyond_the_window() -> None:
    world = working(Strategy.IS, end_ns=NOW_NS + 7 * MINUTE)

    assert world.the(PlanAdopted).end_ns == NOW_NS + 7 * MINUTE


def test_a_revision_keeps_the_horizon_that_shortfall_began_with() -> None:
    world = working(Strategy.IS)
    world.when(order("o2", end_ns=NOW_NS + HOUR), after_ns=10 * MINUTE)

    assert world.the(PlanAdopted).end_ns == NOW_NS + 30 * MINUTE


def test_a_revision_after_the_horizon_begins_a_new_one() -> None:
    world = working(Strategy.IS, end_ns=CLOSE_NS)
    world.when(quote(received_ns=NOW_NS + HOUR), amend(order_qty=9_000), after_ns=HOUR)

    assert world.all_of(PlanAdopted)[-1].end_ns == NOW_NS + HOUR + 30 * MINUTE


# ---------------------------------------------------------------------------- schedules


def test_twap_follows_the_clock() -> None:
    world = working(Strategy.TWAP)

    assert [target_at(world, m) for m in (0, 1, 15, 59, 60, 90)] == [
        0,
        100,
        1_500,
        5_900,
        6_000,
        6_000,
    ]


def test_vwap_follows_the_curve_within_its_own_window() -> None:
    half = HOUR + 30 * MINUTE  # The first bucket ends in the middle of the window.
    edges = (0, half, CLOSE_NS - OPEN_NS)
    world = trading(curve(edges, (3_000, 10_000)), policy(strategy=Strategy.VWAP))
    world.given(order(order_qty=6_000, end_ns=NOW_NS + HOUR))

    # 1,000 of the first bucket and 1,000 of the second lie in the window.
    assert [target_at(world, m) for m in (0, 15, 30, 45, 60)] == [0, 1_500, 3_000, 4_500, 6_000]


def test_vwap_without_a_curve_follows_the_clock() -> None:
    assert target_at(working(Strategy.VWAP), 15) == 1_500


def test_pov_follows_the_volume_of_the_others_from_where_the_plan_began() -> None:
    world = trading(trade(9_000), policy(strategy=Strategy.POV, participation_ppm=200_000))
    world.given(order(order_qty=6_000, end_ns=NOW_NS + HOUR))
    assert target_at(world, 0) == target_at(world, 30) == 0

    world.given(trade(10_000), trade(5_000, eligible=False))

    assert target_at(world, 0) == target_at(world, 30) == 2_500  # 0.2 / 0.8 x 10,000.


def test_pov_never_takes_a_falling_tape_for_negative_volume() -> None:
    world = working(Strategy.POV)
    world.state.settings.tape_includes_own = True
    world.state.book(INSTRUMENT).volume_qty = -5

    assert target_at(world, 1) == 0


def test_shortfall_follows_almgren_and_chriss() -> None:
    world = working(Strategy.IS)
    plan = world.the(PlanAdopted)
    assert plan.kappa_e9 > 0

    expected = almgren_chriss.target_qty(6_000, 10 * MINUTE, 30 * MINUTE, plan.kappa_e9)
    assert target_at(world, 10) == expected > 2_000


@for_all(st.sampled_from([Strategy.TWAP, Strategy.VWAP, Strategy.IS]), st.lists(st.integers(0, 70)))
def test_a_schedule_never_falls_and_ends_with_everything(
    strategy_: Strategy, minutes: list[int]
) -> None:
    world = SHARED.setdefault(strategy_, working(strategy_))
    targets = [target_at(world, m) for m in sorted(minutes)]

    assert targets == sorted(targets)
    assert target_at(world, 60) == 6_000


SHARED: dict[Strategy, World] = {}  # Hypothesis only reads them.


# -------------------------------------------------------------------------- first plans


def test_a_plan_states_its_evidence() -> None:
    world = working(Strategy.IS, max_participation_ppm=50_000)
    plan = world.the(PlanAdopted)

    assert plan.reason is PlanReason.RELEASED
    assert (plan.revision, plan.plan_qty, plan.base_qty, plan.carry_qty) == (0, 6_000, 0, 0)
    assert plan.participation_ppm == plan.max_participation_ppm == 50_000
    assert plan.tracking_band_qty == 120  # 2 % of 6,000.
    assert (plan.adv_qty, plan.daily_volatility_ppm) == (1_000_000, 15_000)
    # Half an hour of 6.5, evenly, as there is no curve.
    assert plan.horizon_volume_qty == 76_923
    assert plan.size_to_volume_ppm == 6_000 * PPM // 76_923
    assert plan.spread_px == 2 * CENT
    assert plan.aggressiveness_ppm == 200_000


def test_the_expected_volume_follows_the_curve_where_there_is_one() -> None:
    state = trading(curve((0, 2 * HOUR, 4 * HOUR), (1_000, 3_000))).state
    known = state.reference.instruments[INSTRUMENT]

    def volume_qty(start_ns: int, end_ns: int) -> int:
        return usual_volume.expected_volume_qty(state, known, OPEN_NS + start_ns, OPEN_NS + end_ns)

    assert volume_qty(0, 2 * HOUR) == 250_000
    assert volume_qty(HOUR, 3 * HOUR) == 500_000
    assert volume_qty(3 * HOUR, HOUR) <= 0


def test_without_a_usable_curve_volume_is_expected_evenly() -> None:
    state = trading(curve((0, HOUR), (0,))).state
    known = state.reference.instruments[INSTRUMENT]

    assert usual_volume.expected_volume_qty(state, known, OPEN_NS, CLOSE_NS) == 1_000_000
    assert usual_volume.expected_volume_qty(state, known, CLOSE_NS, OPEN_NS) == 0


def test_without_a_market_the_outlook_falls_back_on_what_is_known() -> None:
    world = trading(quote(bid=0.0, ask=0.0))
    world.when(order(limit_px=px(99.00)))
    plan = world.the(PlanAdopted)

    assert plan.spread_px is None
    assert plan.kappa_e9 == 0  # A straight line where the market shows nothing.


@pytest.mark.parametrize("said", [{"adv_qty": 0}, {"daily_volatility_ppm": 0}])
def test_an_instrument_of_which_little_is_known_gets_a_plan_too(said: dict[str, Any]) -> None:
    world = trading(instrument(**said), policy(strategy=Strategy.IS)).given(order())

    assert world.the(PlanAdopted).kappa_e9 == 0


@pytest.mark.parametrize(
    ("urgency", "aversion_e12"),
    [(Urgency.LOW, 100_000), (Urgency.NORMAL, 1_000_000), (Urgency.HIGH, 10_000_000)],
)
def test_kappa_is_that_of_the_model_with_the_urgencys_risk_aversion(
    urgency: Urgency, aversion_e12: int
) -> None:
    world = working(Strategy.IS, urgency=urgency)

    assert world.the(PlanAdopted).kappa_e9 == almgren_chriss.kappa_per_second_e9(
        risk_aversion_e12=aversion_e12,
        volatility_px=px(100.01) * 15_000 // PPM,
        spread_px=2 * CENT,
        day_volume_qty=1_000_000,
        interval_ns=MINUTE,
        day_ns=CLOSE_NS - OPEN_NS,
    )


def test_the_estimate_is_half_the_spread_and_the_square_root_law_rounded_up() -> None:
    known = instrument(adv_qty=1_000_000, daily_volatility_ppm=20_000)
    outlook = Outlook(known, 1, 1, 2 * CENT, px(100.00))

    cost, risk = plans.estimate_millibps(outlook, 10_000, HOUR, 6 * HOUR)

    assert cost == 1_000 + 20_000 + 1  # 1 bp, and 2 % times the root of a hundredth.
    assert risk == 200_000 * 235_702 // PPM + 1  # 2 % times the root of an eighteenth.


def test_an_estimate_without_a_market_is_impact_alone() -> None:
    outlook = Outlook(instrument(adv_qty=0), 1, 1, None, 0)

    assert plans.estimate_millibps(outlook, 1, 0, 1) == (150_001, 1)


def test_nothing_is_planned_before_the_release_and_after_the_end() -> None:
    world = trading(policy(window_ns=MINUTE)).given(order(end_ns=NOW_NS + HOUR))
    parent = world.parent()

    assert plans.adopt(world.state, parent, NOW_NS) == ()
    world.given(after_ns=MINUTE)
    assert parent.plan is not None
    assert plans.adopt(world.state, parent, NOW_NS + HOUR) == ()
    assert plans.adopt(world.state, parent, NOW_NS + 2 * MINUTE) == ()


# ---------------------------------------------------------------------------- revisions


def test_a_new_member_makes_a_revision_that_carries_what_was_behind() -> None:
    world = working(Strategy.TWAP)
    world.given(quote(received_ns=NOW_NS + 20 * MINUTE), after_ns=20 * MINUTE)
    child = world.children()[0]
    world.given(fill_report(child, 50))

    world.when(order("o2", order_qty=4_000, end_ns=NOW_NS + HOUR))

    plan = world.the(PlanAdopted)
    assert (plan.revision, plan.reason) == (1, PlanReason.MEMBERS_CHANGED)
    assert (plan.base_qty, plan.plan_qty) == (50, 9_950)
    assert plan.carry_qty == 2_000 - 50  # A third of 6,000 was due.
    assert (plan.start_ns, plan.end_ns) == (NOW_NS + 20 * MINUTE, NOW_NS + HOUR)
    assert target_at(world, 20) == 1_950  # Due at once.
    assert target_at(world, 40) == 1_950 + 4_000  # Half of the other 8,000.
    assert target_at(world, 60) == 9_950


def test_being_ahead_of_schedule_carries_nothing() -> None:
    world = working(Strategy.TWAP)
    world.given(fill_report(world.child(), 100))

    world.when(order("o2", order_qty=4_000, end_ns=NOW_NS + HOUR))

    assert world.the(PlanAdopted).carry_qty == 0


def test_a_member_that_leaves_takes_its_part_of_what_was_behind_along() -> None:
    world = working(Strategy.TWAP, order_qty=5_900).given(
        order("o2", order_qty=100, end_ns=NOW_NS + HOUR)
    )
    world.given(after_ns=30 * MINUTE)
    world.given(*(report(c, ExecType.EXPIRED) for c in world.children()))
    world.given(cancel(), quote(received_ns=NOW_NS + 30 * MINUTE))
    world.given(*(report(c, ExecType.CANCELED) for c in world.children()))

    plan = [p for p in world.history() if isinstance(p, PlanAdopted)][-1]
    assert (plan.plan_qty, plan.carry_qty) == (100, 50)


def test_a_pov_that_must_complete_and_would_not_goes_over_to_the_clock() -> None:
    world = working(Strategy.POV, must_complete=True)
    assert world.the(PlanAdopted).strategy is Strategy.POV

    # 40 minutes of expected volume at a tenth of it are enough, 20 are not.
    world.when(after_ns=20 * MINUTE).then_no(PlanAdopted)
    world.when(after_ns=20 * MINUTE)

    plan = world.the(PlanAdopted)
    assert (plan.strategy, plan.reason) == (Strategy.VWAP, PlanReason.COMPLETION_AT_RISK)


def test_a_pov_that_need_not_complete_stays_a_pov() -> None:
    world = working(Strategy.POV)

    world.when(after_ns=59 * MINUTE).then_no(PlanAdopted)


def test_other_strategies_are_not_at_risk() -> None:
    working(Strategy.TWAP, must_complete=True).when(after_ns=59 * MINUTE).then_no(PlanAdopted)


def test_a_bust_makes_a_revision_for_what_is_open_again() -> None:
    world = working(Strategy.TWAP)
    child = world.child()
    world.given(fill_report(child, 100))

    world.when(bust(child), after_ns=MINUTE)

    plan = world.the(PlanAdopted)
    assert (plan.revision, plan.plan_qty, plan.base_qty) == (1, 6_000, 0)


def test_the_rate_of_a_pov_is_of_all_volume_our_own_included() -> None:
    assert schedules.pov_target_qty(10**9, 100_000, 9_000) == 1_000


def test_a_close_ends_the_plan_with_its_parent() -> None:
    world = working(Strategy.TWAP)
    parent = world.parent()
    world.given(day_closed())

    assert parent.is_ended
    assert not world.state.parents


def test_a_tape_is_silent_from_the_instruments_own_open_on() -> None:
    """Seen: in the first second of a session that began an hour after the day's open."""
    own = calendar(open_ns=OPEN_NS + HOUR, close_ns=CLOSE_NS)
    state = World().given(instrument("NEW", calendar_id="US"), own, day_opened()).state
    now_ns = OPEN_NS + HOUR + MINUTE

    assert usual_volume.silence_ns(state, "NEW", 0, now_ns) == MINUTE
    assert not usual_volume.is_silent(state, "NEW", now_ns)
    assert usual_volume.unseen_qty(state, "NEW", 0, now_ns) == 0
    assert usual_volume.is_silent(state, "NEW", now_ns + HOUR)


def test_without_a_session_the_tape_is_silent_since_the_last_print() -> None:
    state = World().given(instrument("NEW", calendar_id="US"), day_opened()).state

    assert usual_volume.silent_since_ns(state, "NEW") == 0
