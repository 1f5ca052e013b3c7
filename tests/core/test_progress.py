"""A venue that takes children without progress is stopped in the instrument, by an event."""

from typing import Any

import pytest
from routed import reasons
from world import (
    INSTRUMENT,
    LIT,
    NOW_NS,
    OTHER_LIT,
    SECOND,
    World,
    an,
    at_once,
    cancel,
    fill_report,
    lift,
    not_sent,
    policy,
    px,
    quote,
    report,
    trading,
    venue_status,
)

from engine.core.events import (
    ChildRouted,
    ControlScope,
    ExecType,
    FillAllocated,
    FillBooked,
    OrderSubmitted,
    RouteDeferred,
    Router,
    RouteReason,
    SuspensionSet,
    VenueStatus,
)

MS = SECOND // 1_000
RULES = policy(router=Router.SEQUENTIAL, interval_ns=600 * MS, fruitless_max=3)
NO_OTHER = venue_status(OTHER_LIT, VenueStatus.HALTED)
STOPPED = an(SuspensionSet, scope=ControlScope.VENUE, scope_id=f"{LIT}/{INSTRUMENT}")


def soon(cl_ord_id: str = "o1", order_qty: int = 500, **said: Any) -> OrderSubmitted:  # noqa: ANN401
    """An order all of which goes out at once, and again at each of five points."""
    return at_once(cl_ord_id, order_qty, **{"end_ns": NOW_NS + 550 * MS, **said})


def storm(world: World, kind: ExecType, rounds: int, filled_qty: int = 0) -> int:
    """Let the venues end each child 2 ms after it came; returns how many children they got."""
    for number in range(rounds):
        said = []
        for child in world.children():
            if filled_qty:
                said.append(fill_report(child, filled_qty, f"E{child.child_id}"))
            said.append(report(child, kind, f"{child.child_id}/{number}"))
        world.when(*said, after_ns=2 * MS)
        world.when(after_ns=98 * MS)
    return sum(isinstance(event, ChildRouted) for event in world.history())


@pytest.mark.parametrize("kind", [ExecType.CANCELED, ExecType.EXPIRED, ExecType.REJECTED])
@pytest.mark.parametrize("filled_qty", [0, 1])
@pytest.mark.parametrize("limit_px", [None, px(99.95)], ids=["takes", "rests"])
def test_a_venue_that_ends_every_child_is_stopped(
    kind: ExecType, filled_qty: int, limit_px: int | None
) -> None:
    world = trading(RULES, quote(ask_qty=100_000)).given(soon(order_qty=50_000, limit_px=limit_px))

    count = storm(world, kind, 5, filled_qty)

    stops = [x for x in world.history() if isinstance(x, SuspensionSet)]
    assert "3 children of AAPL in a row" in stops[0].text
    assert count <= 6  # Three at each of the two venues at most.
    assert world.folded().state == world.state


def test_a_stop_holds_the_instrument_alone_and_a_person_lifts_it() -> None:
    world = trading(RULES, NO_OTHER).given(soon(limit_px=px(99.95)))
    storm(world, ExecType.EXPIRED, 3)
    world.when(soon("o2", limit_px=px(99.95)))
    world.then_some(RouteDeferred).then_no(ChildRouted)
    assert reasons(world.the(RouteDeferred))[RouteReason.NO_PROGRESS] == 1

    world.when(lift(ControlScope.VENUE, f"{LIT}/{INSTRUMENT}"))

    world.then_some(an(ChildRouted, venue=LIT))


def test_progress_starts_the_count_again() -> None:
    world = trading(RULES, NO_OTHER).given(soon(limit_px=px(99.95)))
    storm(world, ExecType.EXPIRED, 2)
    assert world.book().fruitless[LIT].ends == 2

    world.when(fill_report(world.child(), 50))  # A tenth.

    assert LIT not in world.book().fruitless


def test_children_that_were_sent_before_an_end_are_no_repetition() -> None:
    world = trading(RULES)
    for number in range(8):
        world.given(soon(f"o{number}", 100, limit_px=px(99.95 - number / 100)), after_ns=1)
    many = world.children()
    assert len(many) == 8

    world.when(*(report(child, ExecType.CANCELED) for child in many), after_ns=MS)

    world.then_no(SuspensionSet)
    assert world.book().fruitless[LIT].ends == 1


@pytest.mark.parametrize("asked", [True, False])
def test_an_end_that_the_engine_or_its_gateway_made_says_nothing_of_the_venue(
    *, asked: bool
) -> None:
    world = trading(RULES).given(soon(limit_px=px(99.95)))
    child = world.child()
    if asked:
        world.given(cancel())
    world.when(report(child, ExecType.CANCELED) if asked else not_sent(child))
    assert world.book().fruitless == {}


def test_an_end_of_a_child_from_before_the_stop_does_not_count() -> None:
    world = trading(RULES).given(soon("early", 100, limit_px=px(99.90)))
    world.given(soon(order_qty=500, limit_px=px(99.95)))
    early, late = world.children()
    world.given(fill_report(late, 501), after_ns=MS)

    world.when(report(early, ExecType.EXPIRED), after_ns=MS)

    world.then_no(SuspensionSet)
    assert world.book().fruitless == {}


def test_a_venue_that_overfills_is_stopped_at_once_after_its_fill_is_shared() -> None:
    world = trading(RULES).given(soon(limit_px=px(99.95)))

    world.when(fill_report(world.child(), 50_000))

    world.then_some(FillBooked, FillAllocated, STOPPED)
    assert "49500 too many" in world.the(SuspensionSet).text
    world.when(soon("o2", limit_px=px(99.95))).then_some(an(ChildRouted, venue=OTHER_LIT))
    more = fill_report(world.child(), 1_000, "E2")
    world.when(more).then_some(an(SuspensionSet, scope_id=f"{OTHER_LIT}/{INSTRUMENT}"))
    world.when(fill_report(world.state.children[more.child_id], 9, "E3")).then_no(SuspensionSet)
