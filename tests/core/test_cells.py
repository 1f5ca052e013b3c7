"""The cell of a scorecard that a child is tried in."""

from typing import Any

import pytest
from routed import parent_search
from world import (
    LIT,
    NOW_NS,
    OTHER_LIT,
    SECOND,
    World,
    at_once,
    dark_venue,
    fill_report,
    order,
    px,
    quote,
    trading,
    venue,
)

from engine.core.events import ChildRouted, Immediacy, Side
from engine.core.routing import candidates, cells


def cell(world: World, tactic: str, limit: float = 0.0, code: str = LIT, qty: int = 100) -> str:
    search = parent_search(world)
    limit_px = px(limit) if limit else candidates.limit_for(search, tactic)
    return candidates.cell_of(search, code, tactic, limit_px, qty)


@pytest.mark.parametrize(
    ("limit", "depth"),
    [(0.0, "touch:long"), (99.99, "near:unseen"), (99.95, "far:unseen"), (99.80, "beyond:unseen")],
)
def test_a_post_is_known_by_its_distance_from_the_touch(limit: float, depth: str) -> None:
    assert cell(trading().given(order()), cells.POST, limit) == f"post:wide:{depth}"


@pytest.mark.parametrize(
    ("shown", "ahead"),
    [
        (quote(bid=100.00, bid_qty=300), "short"),
        (quote(bid=100.00, bid_qty=400), "long"),
        (quote(bid=99.99), "first"),
        (quote(bid=0.0), "first"),
    ],
)
def test_at_the_touch_it_is_known_by_what_is_ahead_of_it(shown: Any, ahead: str) -> None:  # noqa: ANN401
    world = trading(quote(OTHER_LIT), shown).given(order())

    assert cell(world, cells.POST, 100.00) == f"post:wide:touch:{ahead}"


def test_a_sell_is_behind_above_the_ask_and_a_venue_without_a_quote_has_nothing_ahead() -> None:
    world = trading(venue("NEW")).given(order(side=Side.SELL))

    assert cell(world, cells.POST, 100.05).startswith("post:wide:near")
    assert cell(world, cells.POST) == "post:wide:touch:long"
    assert cell(world, cells.POST, code="NEW") == "post:wide:touch:first"


def test_a_spread_of_one_tick_is_another_state_than_a_wider_one() -> None:
    narrow = trading(quote(bid=100.00, ask=100.01)).given(order())
    one_sided = trading(quote(ask=0.0)).given(order())

    assert cell(narrow, cells.PEG) == "peg:tick"
    assert cell(trading().given(order()), cells.PEG) == "peg:wide"
    assert cell(one_sided, cells.PEG) == "peg:wide"


def test_without_a_touch_a_post_is_at_it() -> None:
    world = trading(quote(bid=0.0)).given(order())

    assert cell(world, cells.POST, 99.00).startswith("post:wide:touch")


def test_a_take_is_known_by_what_others_asked_of_the_same_quote() -> None:
    world = trading(quote(ask_qty=500)).given(at_once(order_qty=300))
    child = world.the(ChildRouted)
    assert (child.cell, child.venue_qty) == ("take:fresh", 500)
    assert world.state.books[child.instrument_id].asked == {(LIT, Side.BUY): (NOW_NS, 300)}

    assert cell(world.given(order("o2")), cells.TAKE, qty=200) == "take:again"


def test_what_a_quote_has_left_over_is_used_up_until_its_venue_requotes() -> None:
    world = trading(quote(ask_qty=500)).given(at_once(order_qty=300))
    world.given(fill_report(world.child(), 300))
    world.given(order("o2"))
    search = candidates.search_for(world.state, world.parent("o2"), world.now_ns)

    def taken(qty: int) -> str:
        return candidates.cell_of(search, LIT, cells.TAKE, px(100.02), qty)

    assert (taken(200), taken(201), taken(900)) == ("take:again", "take:used", "take:used")
    assert candidates.cell_of(search, "?", cells.TAKE, px(100.02), 100) == "take:fresh"
    world.given(quote(ask_qty=500, received_ns=NOW_NS + SECOND), after_ns=SECOND)
    assert taken(201) == "take:fresh"


def test_quantities_that_are_asked_of_one_quote_add_up() -> None:
    world = trading(quote(ask_qty=900)).given(at_once(order_qty=300), at_once("o2", 300))

    assert world.state.books["AAPL"].asked[LIT, Side.BUY][1] == 600


def test_a_peg_that_ends_at_once_is_a_take_at_the_midpoint() -> None:
    world = trading(dark_venue(), quote(ask_qty=100))
    world.when(order(order_qty=300, limit_px=px(100.02), immediacy=Immediacy.IOC))

    routed = world.all_of(ChildRouted)
    assert world.parent().terms.immediacy is Immediacy.IOC
    assert [x.cell for x in routed] == ["take:fresh", cells.MIDPOINT_NOW]
    assert {x.fill_within_ns for x in routed} == {0}
