"""A close carries the children of orders that live on, within a bound."""

from typing import Any

import pytest
from world import (
    CLOSE_NS,
    DAY,
    HOUR,
    OPEN_NS,
    World,
    at_once,
    bust,
    children,
    day_closed,
    day_opened,
    event,
    fill_report,
    policy,
    px,
    quote,
    report,
    trading,
)

from engine.core.day import carried_children, repartition
from engine.core.events import (
    BreakFlagged,
    BreakReason,
    ChildCarried,
    ExecType,
    FillBusted,
    OrderCarried,
    Router,
    TimeInForce,
)
from engine.core.partition import partition_of

GTC: dict[str, Any] = {"time_in_force": TimeInForce.GTC, "limit_px": px(99.95)}


def two_children() -> World:
    """A carried order of 1,000 that got 300 of its first child and 200 of its second."""
    world = trading(policy(router=Router.SEQUENTIAL)).given(at_once("g", 1_000, **GTC))
    world.given(fill_report(world.child(), 300, "E1"))
    world.given(report(world.child(), ExecType.CANCELED))
    world.given(quote(received_ns=world.now_ns), after_ns=HOUR // 360)
    return world.given(fill_report(world.child(), 200, "E2"))


def closed(world: World, day: int = 0) -> World:
    return world.at(CLOSE_NS + 24 * HOUR * day, day_closed(DAY + day))


def opened(world: World, day: int = 1) -> World:
    return world.at(OPEN_NS + 24 * HOUR * day, day_opened(DAY + day, OPEN_NS + 24 * HOUR * day))


def test_a_child_is_carried_with_its_fills_and_the_order_with_its_part() -> None:
    world = closed(two_children())

    first, second = world.all_of(ChildCarried)
    assert [x.fills[0].executions[0].exec_id for x in (first, second)] == ["E1", "E2"]
    assert [x.fills[0].shares_qty for x in (first, second)] == [(300,), (200,)]
    found = world.the(OrderCarried)
    assert found.left_out_qty == 0
    (part,) = found.memberships
    assert (part.parent_id, part.allocated_qty, part.taken_qty) == (first.parent_id, 500, 500)


def test_an_order_without_children_carries_nothing_more() -> None:
    world = closed(trading().given(at_once("g", 1_000, **GTC, start_ns=OPEN_NS + 6 * HOUR)))

    assert not world.all_of(ChildCarried)


@pytest.mark.parametrize(("most", "kept", "left_out_qty"), [(4, 2, 0), (3, 1, 300), (1, 0, 500)])
def test_the_newest_children_are_carried_up_to_a_bound(
    most: int, kept: int, left_out_qty: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carried_children, "CARRIED_MAX", most)
    world = closed(two_children())

    assert len(world.all_of(ChildCarried)) == kept
    assert world.the(OrderCarried).left_out_qty == left_out_qty


def test_a_bust_beyond_the_bound_is_a_break_that_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    world = two_children()
    first = next(child for child in children(world.state).values() if not child.is_live)
    monkeypatch.setattr(carried_children, "CARRIED_MAX", 3)
    opened(closed(world))

    world.given(bust(first))

    found = world.the(BreakFlagged)
    assert (found.reason, found.child_id, found.exec_id) == (
        BreakReason.UNKNOWN_CHILD,
        first.child_id,
        "E1b",
    )
    assert not world.all_of(FillBusted)


def test_an_order_keeps_its_newest_parents_up_to_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    world = opened(closed(two_children()))
    world.given(quote(received_ns=world.now_ns))
    end_ns = CLOSE_NS + 24 * HOUR
    world.at(end_ns - HOUR // 120, quote(received_ns=end_ns - HOUR // 120))
    world.given(fill_report(world.children()[0], 50, "E3", session_day=DAY + 1))
    monkeypatch.setattr(carried_children, "CARRIED_MAX", 4)

    closed(world, day=1)

    found = world.the(OrderCarried)
    assert found.left_out_qty == 500
    (part,) = found.memberships
    assert {x.parent_id for x in world.all_of(ChildCarried)} == {part.parent_id}


def test_a_child_without_an_execution_is_carried_for_two_days() -> None:
    world = trading(policy(router=Router.SEQUENTIAL)).given(at_once("g", 1_000, **GTC))
    child_id = world.child().child_id
    for day, is_carried in ((0, True), (1, True), (3, False)):
        if day:
            opened(world, day)
        closed(world, day)
        carried = {x.child_id for x in world.all_of(ChildCarried)}
        assert (child_id in carried) is is_carried, day


def test_a_close_of_an_early_release_carried_no_children() -> None:
    world = trading()
    carried_children.on_child_carried(world.state, event(ChildCarried, parent_id="0-1", fills=()))
    found = event(OrderCarried, order_id="0-5", order_qty=100)
    world.state.carried.orders["0-5"] = world.given(at_once("g", 100, **GTC)).order("g")

    carried_children.on_order_carried(world.state, found)

    assert not world.state.carried.parents["0-1"].members


def test_carried_children_go_to_the_shard_of_their_instrument() -> None:
    world = closed(two_children())

    found = repartition.repartitioned([world.state], 8)

    own = partition_of(b"AAPL", 8)
    for number, state in enumerate(found):
        assert (state.parents_ended == world.state.parents_ended) is (number == own)
    again, past = carried_children.past_of(found[own], list(found[own].orders.values()))
    first = [x for x in world.events if isinstance(x, ChildCarried)]
    assert [x.fills for x in again] == [x.fills for x in first]
    assert [x.shared_qty for x in past.values()] == [500]


def test_a_fill_of_a_closed_day_is_on_no_tape_of_today() -> None:
    world = opened(closed(two_children()))
    late = next(x for x in children(world.state).values() if x.terms.child_qty - x.filled_qty > 0)

    world.given(fill_report(late, 100, "E9"))

    assert world.state.book("AAPL").own_filled_qty == 0
    assert world.order("g").allocated_qty == 600
