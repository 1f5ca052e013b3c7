"""Breaks from their flag to their settlement, and a flood of them."""

from typing import Any

import pytest
from reported import resting
from world import (
    CLOSE_NS,
    DAY,
    HOUR,
    OPEN_NS,
    World,
    an,
    break_settled,
    cancel,
    day_closed,
    day_opened,
    fill_report,
    px,
    report,
)

from engine.core.events import (
    BreakCarried,
    BreakClosed,
    BreakFlagged,
    BreakReason,
    BreakResolution,
    ChildClosed,
    ChildDoubted,
    ControlApplied,
    ErrorBooked,
    ExecType,
    InputRejected,
)
from engine.core.execution import breaks


def unknown(world: World, number: int) -> object:
    """A fill of a child that was never routed."""
    return fill_report(world.child(), 7, f"U{number}", child_id="0-999999")


def flooded(count: int) -> World:
    world = resting()
    for first in range(0, count, 500):
        many = range(first, min(count, first + 500))
        world.given(*(unknown(world, number) for number in many))
    return world


def test_a_person_settles_a_break_once() -> None:
    world = resting()
    world.given(unknown(world, 1))
    (break_id,) = world.state.breaks
    world.when(break_settled(break_id)).then(
        an(ControlApplied, control="BreakSettled", scope_id=break_id),
        an(BreakClosed, break_id=break_id, resolution=BreakResolution.SETTLED, set_by="desk"),
    )
    assert not world.state.breaks
    world.when(break_settled(break_id)).then(ControlApplied)


def test_a_settlement_books_a_position_to_the_error_account() -> None:
    world = resting()
    world.given(unknown(world, 1))
    (break_id,) = world.state.breaks
    said = {"error_qty": -7, "error_px": px(99.95), "instrument_id": "AAPL"}
    world.when(break_settled(break_id, **said)).then(
        ControlApplied,
        an(ErrorBooked, break_id=break_id, set_by="desk", **said),
        BreakClosed,
    )
    world.when(break_settled(break_id, **said)).then(ControlApplied)  # Booked once.
    assert world.folded().state == world.state


@pytest.mark.parametrize("missing", [{"error_px": 0}, {"instrument_id": ""}])
def test_a_position_without_a_price_or_an_instrument_is_rejected(missing: dict[str, Any]) -> None:
    world = resting()
    world.given(unknown(world, 1))
    (break_id,) = world.state.breaks
    said = {"error_qty": 7, "error_px": px(99.95), "instrument_id": "AAPL", **missing}
    world.when(break_settled(break_id, **said)).then_some(InputRejected)
    assert world.state.breaks


def test_of_two_gaps_each_settlement_returns_its_own_quantity() -> None:
    world = resting()
    child = world.child()
    world.given(fill_report(child, 100, "E1", cum_qty=150))
    world.given(report(child, ExecType.CANCELED, cum_qty=250))
    first, second = world.state.breaks
    world.when(break_settled(first)).then_some(
        BreakClosed, an(ChildDoubted, returned_qty=50, doubt_qty=100)
    )
    world.when(break_settled(second)).then_some(BreakClosed, an(ChildClosed, returned_qty=100))


def test_a_gap_of_a_child_that_works_on_is_settled_without_its_end() -> None:
    world = resting()
    world.given(fill_report(world.child(), 100, "E1", cum_qty=150))
    (break_id,) = world.state.breaks
    world.when(break_settled(break_id)).then(ControlApplied, BreakClosed)
    assert (world.child().missing_qty, world.child().leaves_qty) == (0, 400)


def test_a_quantity_in_doubt_is_not_cancelled_for_a_client() -> None:
    world = resting()
    child = world.child()
    world.given(report(child, ExecType.CANCELED, cum_qty=500))
    world.when(cancel()).then_no(ChildClosed)
    assert not world.child().is_cancelling


def test_a_flood_of_wrong_reports_costs_no_more_memory() -> None:
    world = flooded(3 * breaks.BREAKS_MAX)
    state = world.state
    assert len(state.breaks) == breaks.BREAKS_MAX
    ((key, more),) = state.more_breaks.items()
    assert key == ("N", BreakReason.UNKNOWN_CHILD)
    assert (more.break_count, more.break_qty) == (2 * breaks.BREAKS_MAX, 14 * breaks.BREAKS_MAX)
    world.when(fill_report(world.child(), 100, "E1")).then_no(BreakFlagged)
    assert world.order().allocated_qty == 100


def test_the_newest_resends_are_recognised_and_the_oldest_forgotten() -> None:
    world = flooded(breaks.FLAGGED_MAX + 1)
    assert len(world.state.flagged) == breaks.FLAGGED_MAX
    world.when(unknown(world, breaks.FLAGGED_MAX)).then()
    world.when(unknown(world, 0)).then(BreakFlagged)


def test_a_flood_of_gaps_and_of_names_is_bounded_too() -> None:
    world = resting()
    child = world.child()
    world.given(report(child, ExecType.CANCELED))
    ends = [
        report(child, ExecType.CANCELED, f"X{n}", cum_qty=n)
        for n in range(1, breaks.BREAKS_MAX + 3)
    ]
    world.given(*ends).given(
        *(fill_report(child, 7, f"V{n}", venue=f"V{n}", child_id="0-999999") for n in range(50))
    )
    state = world.state
    assert len(state.breaks) == breaks.BREAKS_MAX
    assert {key: more.break_count for key, more in state.more_breaks.items()} == {
        (child.terms.venue, BreakReason.CUM_QTY_GAP): 2,
        ("", BreakReason.UNKNOWN_CHILD): 50,
    }
    last = list(state.more_breaks.values())[-1]
    world.when(break_settled(last.break_id)).then_some(BreakClosed)
    assert len(state.more_breaks) == 1


def test_breaks_beyond_the_bound_are_carried_as_one_and_settled_as_one() -> None:
    world = flooded(breaks.BREAKS_MAX + 5)
    world.at(CLOSE_NS, day_closed()).then_some(an(BreakCarried, break_count=5, break_qty=35))
    world.at(OPEN_NS + 24 * HOUR, day_opened(DAY + 1, OPEN_NS + 24 * HOUR))
    (more,) = world.state.more_breaks.values()
    assert len(world.state.breaks) == breaks.BREAKS_MAX
    world.when(break_settled(more.break_id)).then_some(an(BreakClosed, child_id=""))
    assert not world.state.more_breaks
    assert world.folded().state == world.state
