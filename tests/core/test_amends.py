"""An amend changes what it states, once no child covers it; the rest is refused by its name."""

from typing import Any

import pytest
from world import (
    CLOSE_NS,
    DAY,
    HOUR,
    MINUTE,
    NOW_NS,
    OPEN_NS,
    Expected,
    World,
    allotment,
    amend,
    an,
    at_once,
    day_closed,
    day_opened,
    kill,
    mandate,
    order,
    policy,
    px,
    quote,
    report,
    restriction,
    trading,
)

from engine.core import events as e

REST = px(99.95)
ONE_VENUE = policy(router=e.Router.SEQUENTIAL)
GTC, DAY_ONLY = e.TimeInForce.GTC, e.TimeInForce.DAY
Reason = e.RejectReason


def refused(reason: e.RejectReason) -> Expected:
    return an(e.OrderChangeRejected, reason=reason)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({}, Reason.NOTHING_TO_CHANGE),
        ({"must_complete": False, "time_in_force": DAY_ONLY}, Reason.NOTHING_TO_CHANGE),
        ({"order_type": e.OrderType.LIMIT}, Reason.LIMIT_PX_MISSING),
        ({"limit_px": REST}, Reason.LIMIT_PX_NOT_ALLOWED),
        ({"display_qty": 1}, Reason.DISPLAY_QTY_INVALID),
        ({"max_participation_ppm": 0}, Reason.PARTICIPATION_INVALID),
        ({"end_ns": NOW_NS}, Reason.WINDOW_INVALID),
        ({"end_ns": CLOSE_NS + 1}, Reason.WINDOW_INVALID),
        ({"side": e.Side.SELL}, Reason.CHANGE_NOT_ALLOWED),
        ({"client_id": "c2"}, Reason.CHANGE_NOT_ALLOWED),
        ({"account": "X"}, Reason.CHANGE_NOT_ALLOWED),
        ({"settl_date": 20180105}, Reason.CHANGE_NOT_ALLOWED),
        ({"immediacy": e.Immediacy.IOC}, Reason.CHANGE_NOT_ALLOWED),
        ({"sale_marking": e.SaleMarking.SHORT}, Reason.CHANGE_NOT_ALLOWED),
    ],
)
def test_an_amend_that_cannot_be_honoured_is_refused(
    said: dict[str, Any], reason: e.RejectReason
) -> None:
    world = trading(ONE_VENUE).given(order())
    world.when(amend(**said)).then(refused(reason))
    text = world.the(e.OrderChangeRejected).text
    if reason is Reason.CHANGE_NOT_ALLOWED:
        assert text.startswith(next(iter(said)))


def test_the_same_value_of_a_fixed_term_is_no_change_of_it() -> None:
    world = trading(ONE_VENUE).given(order(account="X"))
    world.when(amend(account="X", side=e.Side.BUY, order_qty=400)).then_some(e.OrderAmended)


def test_a_constraint_takes_the_order_out_of_its_tranche_once_it_is_free() -> None:
    world = trading(ONE_VENUE).given(at_once(limit_px=REST))
    child = world.child()
    world.when(amend(display_qty=200)).then_some(e.OrderChangePending).then_no(e.OrderAmended)
    world.when(report(child, e.ExecType.CANCELED)).then_some(
        an(e.MemberLeft, reason=e.LeaveReason.AMENDED),
        an(e.OrderAmended, display_qty=200),
        an(e.TrancheOpened, display_qty=200),
    )


def test_terms_that_members_need_not_share_change_in_place() -> None:
    world = trading(ONE_VENUE).given(order())
    world.when(amend(time_in_force=GTC)).then_some(e.OrderAmended).then_no(e.MemberLeft)
    assert world.order("o1a").terms.time_in_force is GTC


def test_an_amended_end_holds_and_may_be_after_the_parent_s() -> None:
    world = trading(ONE_VENUE).given(order(limit_px=px(90), end_ns=NOW_NS + HOUR))
    world.given(amend(end_ns=NOW_NS + 2 * HOUR))
    world.when(after_ns=HOUR).then_no(e.OrderExpired)
    world.when(after_ns=HOUR).then_some(e.OrderExpired)


def test_an_end_that_has_passed_when_the_children_are_back_ends_the_order() -> None:
    world = trading(ONE_VENUE).given(at_once(limit_px=REST))
    child = world.child()
    world.given(amend(end_ns=NOW_NS + MINUTE, must_complete=False))
    world.given(after_ns=2 * MINUTE)
    world.when(report(child, e.ExecType.CANCELED)).then_some(e.OrderAmended, e.OrderExpired)


def test_the_participation_of_an_amend_keeps_within_the_mandate() -> None:
    world = trading(ONE_VENUE).given(order())
    world.given(amend(max_participation_ppm=900_000, order_qty=400))
    assert world.order("o1a").terms.max_participation_ppm == 300_000


def test_a_market_order_asks_for_more_than_a_limit_order() -> None:
    world = trading(ONE_VENUE).given(order(limit_px=REST)).given(kill())
    to_market: dict[str, Any] = {"order_type": e.OrderType.MARKET}
    world.when(amend(**to_market)).then(refused(Reason.KILL_SWITCH))
    world.given(kill(engaged=False)).when(amend(cl_ord_id="o1b", **to_market))
    world.then_some(e.OrderAmended)
    assert world.order("o1b").limit_px is None


def test_a_limit_asks_for_less_than_the_market() -> None:
    world = trading(ONE_VENUE).given(order()).given(restriction())
    to_limit: dict[str, Any] = {"order_type": e.OrderType.LIMIT, "limit_px": REST}
    world.when(amend(**to_limit)).then_some(e.OrderAmended)


@pytest.mark.parametrize(("side", "limit"), [(e.Side.BUY, 100.5), (e.Side.SELL, 99.5)])
def test_a_dearer_limit_asks_for_more(side: e.Side, limit: float) -> None:
    world = trading(ONE_VENUE).given(order(limit_px=px(100), side=side)).given(restriction())
    world.when(amend(limit_px=px(limit))).then(refused(Reason.RESTRICTED))


def test_a_spent_allotment_bounds_an_amend() -> None:
    world = trading(allotment(60_000)).given(order(limit_px=px(100)))
    world.when(amend(order_qty=700)).then(refused(Reason.ALLOTMENT_EXHAUSTED))


def test_a_higher_limit_of_a_sale_spends_more_of_an_allotment() -> None:
    """Seen: it asks for nothing more, so nothing was checked, and the allotment was overspent."""
    sale = order(side=e.Side.SELL, order_qty=500, limit_px=px(100))
    world = trading(allotment(50_500), sale)
    world.when(amend(order_qty=500, limit_px=px(102))).then(refused(Reason.ALLOTMENT_EXHAUSTED))
    world.when(amend(cl_ord_id="a2", order_qty=500, limit_px=px(100.50))).then_some(e.OrderAmended)
    assert all(spent <= 50_500 * 10**9 for spent in world.state.spent_notional.values())


# ------------------------------------------------------------------------------ over a close


def closed(world: World) -> World:
    return world.at(CLOSE_NS, day_closed())


@pytest.mark.parametrize(
    ("first", "then", "carried"), [(DAY_ONLY, GTC, True), (GTC, DAY_ONLY, False)]
)
def test_a_lifetime_that_waits_for_a_child_takes_effect_at_the_close(
    first: e.TimeInForce,
    then: e.TimeInForce,
    carried: bool,  # noqa: FBT001  A case.
) -> None:
    world = trading(ONE_VENUE).given(at_once(limit_px=REST, time_in_force=first))
    world.given(amend(time_in_force=then, order_qty=400))
    assert world.order().pending is not None
    closed(world).then_some(an(e.OrderAmended, time_in_force=then))
    if carried:
        world.then_some(an(e.OrderCarried, time_in_force=GTC, cl_ord_id="o1a"))
        world.then_no(e.OrderExpired)
    else:
        world.then_some(e.OrderExpired).then_no(e.OrderCarried)


def test_between_two_days_there_is_no_lifetime_to_change() -> None:
    world = closed(trading(ONE_VENUE).given(order(limit_px=px(90), time_in_force=GTC)))
    world.when(amend(time_in_force=DAY_ONLY)).then_some(refused(Reason.CHANGE_NOT_ALLOWED))
    world.when(amend(cl_ord_id="b", end_ns=CLOSE_NS)).then(refused(Reason.CHANGE_NOT_ALLOWED))
    open_ns = OPEN_NS + 24 * HOUR
    world.given(mandate(max_participation_ppm=1)).at(open_ns, day_opened(DAY + 1, open_ns))
    world.when(amend(cl_ord_id="c", order_qty=400)).then_some(e.OrderAmended)
    world.when(quote(received_ns=open_ns))
