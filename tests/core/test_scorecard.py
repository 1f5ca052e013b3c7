"""What each venue was like: smoothed in integers, from our own reports alone."""

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
    quote,
    report,
    trading,
    venue,
)

from engine.core import scorecard
from engine.core.events import ChildRouted, ExecType, ScorecardCarried, ScorecardUpdated, VenueKind
from engine.core.state import Scorecard

LARGE = st.integers(-(10**15), 10**15)


def test_a_venue_that_taught_nothing_has_the_prior_of_its_kind() -> None:
    state = given(venue(LIT), venue("ATS", kind=VenueKind.ATS), dark_venue(DARK)).state
    state.scorecards[LIT] = Scorecard(fresh=[(0, -1, None)])

    cards = [scorecard.card(state, code) for code in (LIT, "ATS", DARK)]

    assert cards == [(0, ppm, 10 * SECOND, 0) for ppm in (500_000, 300_000, 200_000)]


def test_children_that_ended_move_fill_speed_and_cost_by_an_eighth_each() -> None:
    state = given(venue(LIT)).state
    state.scorecards[LIT] = Scorecard(
        version=2,
        samples=5,
        fill_ppm=800_000,
        speed_ns=8_000,
        cost_millibps=80,
        fresh=[(0, -1, None), (400_000, 16_000, 0)],
    )

    (updated,) = scorecard.update(state)

    assert updated == ScorecardUpdated(
        venue=LIT,
        version=3,
        samples=7,
        fill_ppm=662_500,  # 800,000 to 700,000 to 662,500.
        speed_ns=9_000,  # A child without a fill says nothing of speed or cost.
        cost_millibps=70,
    )


def test_a_venues_first_children_start_from_the_prior() -> None:
    state = given(venue(LIT)).state
    state.scorecards[LIT] = Scorecard(fresh=[(1_000_000, 2 * SECOND, 800)])

    (updated,) = scorecard.update(state)

    assert (updated.version, updated.samples, updated.fill_ppm) == (1, 1, 562_500)
    assert (updated.speed_ns, updated.cost_millibps) == (9 * SECOND, 100)


def test_only_venues_with_news_are_updated_in_the_order_of_their_codes() -> None:
    state = given(venue("A"), venue("B"), venue("C")).state
    state.scorecards["C"] = Scorecard(fresh=[(0, -1, None)])
    state.scorecards["B"] = Scorecard(version=4)
    state.scorecards["A"] = Scorecard(fresh=[(0, -1, None)])

    assert [updated.venue for updated in scorecard.update(state)] == ["A", "C"]


def test_an_update_takes_the_fresh_children_in_and_counts_a_version() -> None:
    said = {"venue": LIT, "version": 3, "samples": 9, "fill_ppm": 5, "speed_ns": 6}
    scene = given(venue(LIT), event(ScorecardUpdated, **said, cost_millibps=-7))

    assert scene.state.scorecards == {LIT: Scorecard(3, 9, 5, 6, -7)}
    assert scorecard.card(scene.state, LIT) == (3, 5, 6, -7)
    assert scorecard.update(scene.state) == ()


def test_a_carried_card_waits_for_the_next_day() -> None:
    said = {"venue": LIT, "version": 3, "samples": 9, "fill_ppm": 5, "speed_ns": 6}
    scene = given(event(ScorecardCarried, **said, cost_millibps=-7))

    assert not scene.state.scorecards
    assert scene.state.carried.scorecards == {LIT: Scorecard(3, 9, 5, 6, -7)}


def test_one_batch_updates_a_venue_once_and_the_next_route_names_the_version() -> None:
    world = trading(quote(OTHER_LIT)).given(at_once(order_qty=2_500))
    first, second = world.children()

    world.when(fill_report(first, 1_000), report(second, ExecType.CANCELED))
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
