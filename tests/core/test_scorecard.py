"""Scorecards: smoothed in integers, from our own reports alone."""

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st
from world import (
    DARK,
    LIT,
    OTHER_LIT,
    SECOND,
    at_once,
    dark_venue,
    event,
    fill_report,
    given,
    policy,
    px,
    quote,
    report,
    trading,
    venue,
)

from engine.core.events import (
    ChildRouted,
    ExecType,
    Router,
    ScorecardCarried,
    ScorecardUpdated,
    Side,
    VenueKind,
)
from engine.core.routing import scorecard
from engine.core.state.model import Lesson, Scorecard

LARGE = st.integers(-(10**15), 10**15)


def test_a_venue_that_taught_nothing_has_the_prior_of_its_kind() -> None:
    state = given(venue(LIT), venue("ATS", kind=VenueKind.ATS), dark_venue(DARK)).state
    state.scorecards[LIT] = Scorecard(fresh=[Lesson(0)])

    cards = [scorecard.estimate(state, code) for code in (LIT, "ATS", DARK)]

    assert cards == [(0, ppm, 10 * SECOND, None) for ppm in (500_000, 300_000, 200_000)]


def test_children_that_ended_move_fill_speed_and_cost_by_an_eighth_each() -> None:
    state = given(venue(LIT)).state
    state.scorecards[LIT] = Scorecard(
        version=2,
        samples=5,
        fill_ppm=800_000,
        speed_ns=8_000,
        cost_millibps=80,
        take_samples=1,
        fresh=[Lesson(0), Lesson(400_000, 16_000), Lesson(cost_millibps=0)],
    )

    (updated,) = scorecard.update(state)

    assert updated == ScorecardUpdated(
        venue=LIT,
        version=3,
        samples=8,
        fill_ppm=662_500,  # 800,000 to 700,000 to 662,500.
        speed_ns=9_000,  # A child without a fill says nothing of speed.
        cost_millibps=70,
        take_samples=2,
    )


def test_a_venues_first_posts_start_from_the_prior_and_its_first_cost_is_kept_as_it_is() -> None:
    state = given(venue(LIT)).state
    state.scorecards[LIT] = Scorecard(
        fresh=[Lesson(1_000_000, 2 * SECOND), Lesson(cost_millibps=800)]
    )

    (updated,) = scorecard.update(state)

    assert (updated.version, updated.samples, updated.take_samples) == (1, 2, 1)
    assert (updated.fill_ppm, updated.speed_ns) == (562_500, 9 * SECOND)
    assert updated.cost_millibps == 800


def test_a_post_teaches_no_cost_and_a_take_neither_fill_nor_speed() -> None:
    world = trading(policy(router=Router.SEQUENTIAL))
    world.given(at_once(limit_px=px(99.95)), at_once("s1", 400, side=Side.SELL))
    post, take = world.children()
    world.given(fill_report(take, 400), after_ns=SECOND)
    assert scorecard.estimate(world.state, LIT) == (1, 500_000, 10 * SECOND, 1_000)

    world.when(fill_report(post, 500, "E2"), after_ns=SECOND)

    assert scorecard.estimate(world.state, LIT) == (2, 562_500, 9 * SECOND, 1_000)


@pytest.mark.parametrize("side", [0.0, 100.00])
def test_a_take_that_found_nothing_or_no_market_to_measure_by_teaches_nothing(side: float) -> None:
    world = trading().given(at_once())
    child = world.child()
    world.given(quote(bid=side, ask=0.0))
    if side:
        world.when(report(child, ExecType.CANCELED))
    else:
        world.when(fill_report(child, 500))

    world.then_no(ScorecardUpdated)


def test_only_venues_with_news_are_updated_in_the_order_of_their_codes() -> None:
    state = given(venue("A"), venue("B"), venue("C")).state
    state.scorecards["C"] = Scorecard(fresh=[Lesson(0)])
    state.scorecards["B"] = Scorecard(version=4)
    state.scorecards["A"] = Scorecard(fresh=[Lesson(0)])

    assert [updated.venue for updated in scorecard.update(state)] == ["A", "C"]


def test_an_update_takes_the_fresh_children_in_and_counts_a_version() -> None:
    said = {"venue": LIT, "version": 3, "samples": 9, "fill_ppm": 5, "speed_ns": 6}
    scene = given(venue(LIT), event(ScorecardUpdated, **said, cost_millibps=-7, take_samples=1))

    assert scene.state.scorecards == {LIT: Scorecard(3, 9, 5, 6, -7, 1)}
    assert scorecard.estimate(scene.state, LIT) == (3, 5, 6, -7)
    assert scorecard.update(scene.state) == ()


def test_a_carried_card_waits_for_the_next_day() -> None:
    said = {"venue": LIT, "version": 3, "samples": 9, "fill_ppm": 5, "speed_ns": 6}
    scene = given(event(ScorecardCarried, **said, cost_millibps=-7, take_samples=1))

    assert not scene.state.scorecards
    assert scene.state.carried.scorecards == {LIT: Scorecard(3, 9, 5, 6, -7, 1)}


def test_one_batch_updates_a_venue_once_and_the_next_route_names_the_version() -> None:
    world = trading(quote(OTHER_LIT)).given(at_once(order_qty=600, limit_px=px(99.95)))
    first, second = world.children()

    world.when(fill_report(first, 300), report(second, ExecType.CANCELED))
    updates = world.all_of(ScorecardUpdated)
    assert [(u.venue, u.version, u.samples) for u in updates] == [(LIT, 1, 1), (OTHER_LIT, 1, 1)]
    assert updates[0].fill_ppm > 500_000 > updates[1].fill_ppm

    world.when(quote(LIT), after_ns=SECOND).given(at_once("o2"))
    assert {routed.scorecard_version for routed in world.all_of(ChildRouted)} == {1}


@for_all(LARGE, LARGE)
def test_smoothing_goes_towards_the_new_value_and_never_beyond_it(old: int, new: int) -> None:
    found = scorecard.smoothed(old, new)

    assert min(old, new) <= found <= max(old, new)
    assert found == new or abs(new - found) <= abs(new - old)
    if new <= old - 1:
        assert found < old  # Rounds down: bad news always counts.
