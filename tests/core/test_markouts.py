"""Markouts: the midpoint's move after a fill, by the market seen by then."""

from world import (
    HOUR,
    INSTRUMENT,
    LIT,
    MINUTE,
    NOW_NS,
    SECOND,
    World,
    at_once,
    fill_report,
    order,
    policy,
    px,
    quote,
    trading,
)

from engine.core.events import Router, ScorecardUpdated, Side, Strategy
from engine.core.market import markouts
from engine.core.state.model import NEVER_MARKED_NS


def filled(side: Side = Side.BUY) -> World:
    """A take that was filled now, at a midpoint of 100.01."""
    world = trading().given(at_once(side=side))
    return world.given(fill_report(world.child(), 500))


def seen(world: World, after_s: float, bid: float, ask: float) -> World:
    at_ns = NOW_NS + round(after_s * SECOND)
    return world.at(at_ns, quote(bid=bid, ask=ask, received_ns=at_ns))


def marked(world: World) -> list[tuple[str, int, int]]:
    return world.state.scorecards[LIT].marked


def test_the_midpoint_of_a_horizon_is_the_one_before_the_first_quote_after_it() -> None:
    world = seen(filled(), 0.5, 100.01, 100.03)  # A cent up, in time.

    seen(world, 1.0, 100.11, 100.13)  # Not of the first second any more.

    assert marked(world) == [("take", 1, 999)]
    assert world.state.books[INSTRUMENT].mark_due_ns == NOW_NS + 10 * SECOND


def test_a_move_down_is_our_way_after_a_sale() -> None:
    world = seen(filled(Side.SELL), 0.5, 99.99, 100.01)

    seen(world, 1.0, 99.99, 100.01)

    assert marked(world) == [("take", 1, 999)]


def test_a_quote_that_comes_much_later_measures_only_what_is_near() -> None:
    world = seen(filled(), 61.0, 100.00, 100.02)

    assert [horizon_s for _, horizon_s, _ in marked(world)] == []  # The old quote is stale then.
    assert world.state.books[INSTRUMENT].mark_due_ns == NEVER_MARKED_NS


def test_a_late_quote_measures_nothing() -> None:
    world = seen(filled(), 0.5, 100.00, 100.02)

    seen(world, 13.0, 100.00, 100.02)

    assert [horizon_s for _, horizon_s, _ in marked(world)] == [10]


def test_a_fill_without_a_midpoint_waits_for_nothing() -> None:
    world = trading().given(at_once())
    world.given(quote(bid=0.0, ask=0.0))

    world.given(fill_report(world.child(), 500))

    assert not world.state.books[INSTRUMENT].marks


def test_a_venues_next_update_states_its_markouts() -> None:
    world = seen(filled(), 0.5, 100.01, 100.03)
    seen(world, 1.0, 100.01, 100.03)
    world.given(at_once("o2"))
    assert marked(world)

    world.when(fill_report(world.child(), 500, "E2"), after_ns=SECOND)

    (found,) = world.the(ScorecardUpdated).markouts
    assert (found.tactic, found.horizon_s) == ("take", 1)
    assert (found.fills_milli, found.sum_millibps) == (1_000, 999)
    assert not marked(world)


def test_the_fills_that_wait_are_bounded() -> None:
    world = filled()
    book = world.state.books[INSTRUMENT]
    (mark,) = book.marks[60]
    book.marks[60] = [mark] * markouts.MARKS_MAX

    world.given(at_once("o2"), after_ns=MINUTE // 60)
    world.given(fill_report(world.child(), 500, "E2"))

    assert len(book.marks[60]) == markouts.MARKS_MAX


def rested(side: Side, bid: float) -> World:
    """A post that is filled half a minute later, with the bid there and a spread of two cents."""
    world = trading(policy(strategy=Strategy.TWAP, router=Router.SEQUENTIAL))
    world.given(order(order_qty=6_000, end_ns=NOW_NS + HOUR, side=side))
    child, at_ns = world.child(), NOW_NS + 30 * SECOND
    world.at(at_ns, quote(bid=bid, ask=bid + 0.02, received_ns=at_ns))
    return world.given(fill_report(child, 60))


def test_the_move_from_its_route_to_its_fill_counts_for_a_post_at_the_touch() -> None:
    before = ("post", markouts.BEFORE_S, -1_000)
    assert marked(rested(Side.BUY, 99.99)) == [before]
    assert marked(rested(Side.SELL, 100.01)) == [before]


def test_a_post_behind_the_touch_and_a_fill_without_a_midpoint_measure_no_way_to_it() -> None:
    world = trading(policy(strategy=Strategy.TWAP, router=Router.SEQUENTIAL))
    world.given(order(order_qty=6_000, end_ns=NOW_NS + HOUR, limit_px=px(99.99)))
    world.given(fill_report(world.child(), 60), after_ns=SECOND)
    assert LIT not in world.state.scorecards
    world = trading(policy(strategy=Strategy.TWAP, router=Router.SEQUENTIAL))
    world.given(order(order_qty=6_000, end_ns=NOW_NS + HOUR))
    child = world.child()
    world.given(quote(ask=0.0))
    world.given(fill_report(child, 60))
    assert LIT not in world.state.scorecards
