"""A halt keeps orders or returns them, by policy or by what the order asks."""

import pytest
from world import (
    SECOND,
    Expected,
    World,
    an,
    at_once,
    cancel,
    fill_report,
    halt,
    lift,
    policy,
    px,
    report,
    trading,
)

from engine.core import events as e

REST = px(99.95)
KEEPS = policy(router=e.Router.SEQUENTIAL)
RETURNS = policy(router=e.Router.SEQUENTIAL, on_halt=e.HaltAction.RETURN)


def returned(withdrawn_qty: int) -> Expected:
    return an(
        e.OrderCancelled,
        cl_ord_id="",
        reason=e.WithdrawReason.HALT,
        withdrawn_qty=withdrawn_qty,
        text=f"AAPL is halted; {withdrawn_qty} is returned",
    )


def halted(world: World) -> World:
    """The halt, and the answer of every venue."""
    children = world.children()
    world.given(halt())
    return world.when(*(report(child, e.ExecType.CANCELED) for child in children))


def test_by_default_a_halt_keeps_the_orders() -> None:
    world = halted(trading(KEEPS).given(at_once(limit_px=REST)))
    world.then_no(e.OrderCancelled)
    world.given(lift()).when(after_ns=SECOND)
    assert len(world.children()) == 1


@pytest.mark.parametrize("is_asked_by_the_order", [True, False])
def test_a_halt_returns_an_order_once_no_child_covers_it(is_asked_by_the_order: bool) -> None:  # noqa: FBT001
    world = trading(KEEPS) if is_asked_by_the_order else trading(RETURNS)
    world.given(at_once(limit_px=REST, return_on_halt=is_asked_by_the_order))
    child = world.child()
    world.given(fill_report(child, 100))
    world.when(halt()).then_some(e.ChildCancelRequested).then_no(e.OrderCancelled)
    world.when(report(child, e.ExecType.CANCELED)).then_some(
        an(e.MemberLeft, reason=e.LeaveReason.WITHDRAWN), returned(400), e.ParentEnded
    )


def test_all_members_are_returned_and_what_is_filled_stays_filled() -> None:
    world = trading(RETURNS, at_once("first", limit_px=REST)).given(at_once("late", limit_px=REST))
    world.given(fill_report(world.children()[0], 300))
    halted(world)
    assert [world.order(name).open_qty for name in ("first", "late")] == [0, 0]
    assert sum(world.order(name).cum_qty for name in ("first", "late")) == 300


def test_orders_that_do_not_ask_stay_when_another_one_is_returned() -> None:
    world = trading(KEEPS)
    world.given(at_once(limit_px=REST, return_on_halt=True), at_once("o2", limit_px=REST))
    halted(world).then_some(returned(500))
    assert world.order("o2").open_qty == 500


def test_a_pending_cancel_is_answered_by_itself() -> None:
    world = halted(trading(RETURNS).given(at_once(limit_px=REST)).given(cancel()))
    assert world.the(e.OrderCancelled).reason is e.WithdrawReason.CLIENT
