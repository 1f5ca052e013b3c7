"""A request that was sent again is answered with the state of its order, and changes nothing."""

from typing import Any

import pytest
from world import (
    HOUR,
    MINUTE,
    World,
    amend,
    an,
    at_once,
    cancel,
    correction,
    fill_report,
    order,
    policy,
    px,
    report,
    trading,
)

from engine.core import events as e

REST = px(99.95)
ONE_VENUE = policy(router=e.Router.SEQUENTIAL)


def status(world: World, **said: Any) -> e.OrderStatusReported:  # noqa: ANN401
    """The answer to a resend, which is the only event."""
    world.when(at_once(poss_resend=True, **{"limit_px": REST, **said}))
    world.then(e.OrderStatusReported)
    return world.the(e.OrderStatusReported)


def test_each_state_of_an_order_has_its_word() -> None:
    world = trading(ONE_VENUE).given(at_once(limit_px=REST))
    child = world.child()
    found = status(world)
    assert (found.ord_status, found.leaves_qty, found.avg_px) == (e.OrdStatus.NEW, 500, 0)
    world.given(fill_report(child, 200)).given(correction(child, 100, last_px=REST - px(1)))
    found = status(world)
    assert (found.ord_status, found.cum_qty) == (e.OrdStatus.PARTIALLY_FILLED, 100)
    assert found.avg_px == REST - px(1)
    world.given(amend(order_qty=450))
    assert status(world).ord_status is e.OrdStatus.PENDING_REPLACE
    world.given(cancel())
    found = status(world)
    assert (found.ord_status, found.pending_cl_ord_id) == (e.OrdStatus.PENDING_CANCEL, "o1x")
    world.given(*(report(x, e.ExecType.CANCELED) for x in world.children()))
    found = status(world)
    assert (found.ord_status, found.cum_qty, found.leaves_qty) == (e.OrdStatus.CANCELED, 100, 0)


def test_a_filled_and_an_expired_order_say_so_also_from_the_finished_store() -> None:
    world = trading(ONE_VENUE).given(at_once(limit_px=REST))
    world.given(fill_report(world.child(), 500)).given(cancel("none"), after_ns=HOUR)
    assert world.order().order_id not in world.state.orders
    assert status(world).ord_status is e.OrdStatus.FILLED
    world = trading(ONE_VENUE).given(at_once(limit_px=REST))
    world.given(after_ns=MINUTE).given(report(world.child(), e.ExecType.CANCELED))
    assert status(world).ord_status is e.OrdStatus.EXPIRED


def test_an_unknown_order_is_a_new_one_also_when_others_are_stored() -> None:
    world = trading(ONE_VENUE).given(at_once("first", limit_px=REST))
    world.given(fill_report(world.child(), 500)).given(cancel("none"), after_ns=HOUR)
    assert world.state.store_totals.orders == 1
    world.when(order("o1", poss_resend=True)).then_some(e.OrderAccepted)


@pytest.mark.parametrize(
    "said", [{"order_qty": 400}, {"limit_px": px(99.90)}, {"side": e.Side.SELL}, {"account": "X"}]
)
def test_other_content_under_a_known_id_is_a_duplicate(said: dict[str, Any]) -> None:
    world = trading(ONE_VENUE).given(at_once(limit_px=REST))
    world.when(at_once(**{"limit_px": REST, "poss_resend": True, **said})).then(
        an(e.OrderRejected, reason=e.RejectReason.DUPLICATE_ORDER)
    )


def test_an_amended_order_is_known_by_what_no_amend_changes() -> None:
    world = trading(ONE_VENUE).given(order(limit_px=REST), amend(display_qty=200))
    world.when(order(limit_px=REST, poss_resend=True)).then(e.OrderStatusReported)
    world.when(order(limit_px=REST, poss_resend=True, account="X")).then(e.OrderRejected)


def test_a_resent_amend_or_cancel_is_answered_too() -> None:
    world = trading(ONE_VENUE).given(at_once(limit_px=REST)).given(amend(order_qty=400))
    world.when(amend(order_qty=400, poss_resend=True)).then(
        an(e.OrderStatusReported, cl_ord_id="o1a", pending_cl_ord_id="o1a")
    )
    world.given(cancel()).when(cancel(poss_resend=True)).then(
        an(e.OrderStatusReported, cl_ord_id="o1x")
    )
    world.when(cancel("o9", poss_resend=True)).then(
        an(e.OrderChangeRejected, reason=e.RejectReason.UNKNOWN_ORDER)
    )
