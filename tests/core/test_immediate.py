"""IOC and FOK orders trade what is there at once, and the rest is withdrawn with its reason."""

from typing import Any

import pytest
from world import (
    CLOSE_NS,
    LIT,
    OPEN_NS,
    OTHER_LIT,
    SECOND,
    Expected,
    Raw,
    World,
    amend,
    an,
    bust,
    calendar,
    cancel,
    dark_venue,
    day_opened,
    fill_report,
    halt,
    instrument,
    mandate,
    order,
    policy,
    px,
    quote,
    report,
    risk_limit,
    tick_table,
    trading,
    venue,
)

from engine.core import events as e

Cancelled = e.WithdrawReason
SELL: dict[str, Any] = {"side": e.Side.SELL, "client_id": "c2", "crossing_consent": True}


def ioc(cl_ord_id: str = "o1", order_qty: int = 500, **said: Any) -> e.OrderSubmitted:  # noqa: ANN401
    said = {"limit_px": px(100.05), "immediacy": e.Immediacy.IOC, **said}
    return order(cl_ord_id, order_qty, crossing_consent=True, **said)


def fok(cl_ord_id: str = "o1", order_qty: int = 500, **said: Any) -> e.OrderSubmitted:  # noqa: ANN401
    return ioc(cl_ord_id, order_qty, **{"immediacy": e.Immediacy.FOK, **said})


def ended(reason: e.WithdrawReason, withdrawn_qty: int) -> Expected:
    return an(e.OrderCancelled, cl_ord_id="", reason=reason, withdrawn_qty=withdrawn_qty)


IOC_END, FOK_END = Cancelled.IMMEDIATE_OR_CANCEL, Cancelled.FILL_OR_KILL


def test_the_rest_of_an_ioc_order_is_withdrawn_when_its_children_are_answered() -> None:
    world = trading().given(ioc())
    child = world.child()
    assert child.terms.time_in_force is e.ChildTimeInForce.IOC
    world.given(fill_report(child, 200))
    world.when(report(child, e.ExecType.CANCELED)).then_some(
        e.ChildClosed,
        an(e.MemberLeft, reason=e.LeaveReason.WITHDRAWN),
        ended(IOC_END, 300),
        e.ParentEnded,
    )


def test_a_filled_ioc_order_withdraws_nothing() -> None:
    world = trading().given(ioc())
    world.when(fill_report(world.child(), 500)).then_no(e.OrderCancelled).then_some(e.ParentEnded)


def test_an_ioc_order_that_finds_nothing_ends_in_the_batch_that_takes_it() -> None:
    trading().when(ioc(limit_px=px(100.01))).then_some(
        e.OrderAccepted, e.ParentOpened, e.RouteDeferred, ended(IOC_END, 500), e.ParentEnded
    )


def test_an_ioc_order_before_the_open_ends_at_once() -> None:
    world = World(now_ns=OPEN_NS - SECOND)
    facts = (instrument(), tick_table((0, 10**7)), venue(), calendar(), day_opened(), policy())
    world.given(*facts, risk_limit(), mandate(), quote(received_ns=world.now_ns))
    world.when(ioc()).then_no(e.ChildRouted).then_some(ended(IOC_END, 500))
    world.when(fok("o2")).then_no(e.ChildRouted).then_some(ended(FOK_END, 500))


def test_an_ioc_order_makes_one_pass() -> None:
    world = trading().given(ioc(order_qty=3_000))
    world.when(fill_report(world.child(), 1_000)).then_no(e.SliceReleased).then_some(
        ended(IOC_END, 2_000)
    )
    world = trading(quote(OTHER_LIT)).given(ioc(order_qty=3_000))
    first, _ = world.children()
    world.when(fill_report(first, 1_000)).then_no(e.SliceReleased, e.OrderCancelled)


def test_an_ioc_order_pegs_in_the_dark_what_is_not_displayed() -> None:
    world = trading(dark_venue("D1"), dark_venue("D2")).given(ioc(order_qty=2_000))
    children = [(x.terms.venue, x.terms.child_qty, x.terms.child_type) for x in world.children()]
    peg = e.ChildType.MIDPOINT_PEG
    assert children == [
        (LIT, 1_000, e.ChildType.LIMIT),
        ("D1", 500, peg),
        ("D2", 500, peg),
    ]
    assert {x.terms.time_in_force for x in world.children()} == {e.ChildTimeInForce.IOC}


def test_what_no_venue_answers_is_cancelled_at_the_end_of_the_window() -> None:
    world = trading(policy(send_within_ns=0)).given(ioc())
    child = world.child()
    world.when(after_ns=SECOND).then_some(
        an(e.ChildCancelRequested, reason=e.CancelReason.WINDOW_ENDED)
    )
    world.when(report(child, e.ExecType.CANCELED)).then_some(ended(IOC_END, 500))


def test_no_order_joins_an_immediate_one() -> None:
    world = trading().given(ioc())
    world.when(order("o2", limit_px=px(100.05), end_ns=world.order().end_ns)).then_some(
        e.ParentOpened
    )


def test_an_ioc_order_crosses_before_it_goes_out() -> None:
    world = trading().given(order("s", 300, **SELL))
    world.when(ioc()).then_some(
        an(e.OrdersCrossed, cross_qty=300), an(e.ChildRouted, child_qty=200)
    )


def test_a_bust_is_withdrawn_and_not_sent_again() -> None:
    world = trading(quote(OTHER_LIT)).given(ioc(order_qty=2_000))
    first, second = world.children()
    world.given(fill_report(first, 1_000), fill_report(second, 400, "E2"))
    world.given(bust(first), report(second, e.ExecType.CANCELED))
    assert world.order().open_qty == 0
    assert sum(isinstance(x, e.ChildRouted) for x in world.history()) == 2


def test_a_halt_and_a_cancel_end_an_immediate_order_once() -> None:
    world = trading().given(ioc()).given(halt())
    world.when(report(world.child(), e.ExecType.CANCELED)).then_some(ended(IOC_END, 500))
    world = trading().given(ioc()).given(cancel())
    world.when(report(world.child(), e.ExecType.CANCELED))
    assert world.the(e.OrderCancelled).reason is Cancelled.CLIENT


def test_an_immediate_order_is_not_amended() -> None:
    trading().given(ioc()).when(amend(order_qty=600)).then(
        an(e.OrderChangeRejected, reason=e.RejectReason.CHANGE_NOT_ALLOWED)
    )


# ------------------------------------------------------------------------------ fill or kill


def test_one_venue_that_displays_all_of_a_fok_order_fills_all_or_nothing() -> None:
    trading().when(fok(order_qty=1_000)).then_some(
        an(e.ChildRouted, child_qty=1_000, min_qty=1_000)
    )


def test_a_fok_order_over_two_venues_asks_for_no_minimum() -> None:
    world = trading(quote(OTHER_LIT)).when(fok(order_qty=1_500))
    assert [x.min_qty for x in world.all_of(e.ChildRouted)] == [0, 0]
    first, second = world.children()
    world.given(fill_report(first, 1_000))
    world.when(report(second, e.ExecType.CANCELED)).then_some(ended(FOK_END, 500))
    assert world.the(e.OrderCancelled).text == "1000 was found at once"


@pytest.mark.parametrize("dark", [(), (dark_venue(),)])
def test_a_fok_order_that_is_not_displayed_ends_untouched(dark: tuple[Any, ...]) -> None:
    world = trading(*dark, order("s", 300, **SELL)).when(fok(order_qty=1_500))
    world.then_no(e.OrdersCrossed, e.ChildRouted).then_some(ended(FOK_END, 1_500))
    text = "300 would cross inside, and 1000 of the other 1200 is displayed"
    assert world.the(e.OrderCancelled).text == text


def test_a_fok_order_crosses_inside_and_takes_the_rest() -> None:
    world = trading(order("s", 300, **SELL)).when(fok(order_qty=1_300))
    world.then_some(an(e.OrdersCrossed, cross_qty=300), an(e.ChildRouted, child_qty=1_000))


def test_a_fok_order_that_crosses_wholly_sends_nothing() -> None:
    trading(order("s", 900, **SELL)).when(fok()).then_some(
        an(e.OrdersCrossed, cross_qty=500), e.ParentEnded
    ).then_no(e.ChildRouted, e.OrderCancelled)


def test_nothing_of_a_fok_order_goes_out_while_a_control_is_unread() -> None:
    world = trading().given(Raw("controls", source="ops", number=1, key=None))
    world.when(fok()).then_no(e.ChildRouted).then_some(ended(FOK_END, 500))


@pytest.mark.parametrize(
    ("side", "own_qty", "crosses"),
    [
        (e.Side.BUY, 600, False),  # The larger interest of the client stays, and it is the other.
        (e.Side.BUY, 500, True),
        (e.Side.SELL, 500, False),
        (e.Side.SELL, 400, True),
    ],
)
def test_a_client_on_both_sides_is_counted_as_it_crosses(
    side: e.Side,
    own_qty: int,
    crosses: bool,  # noqa: FBT001  A case.
) -> None:
    other = e.Side.SELL if side is e.Side.BUY else e.Side.BUY
    said: dict[str, Any] = {"side": other, "crossing_consent": True}
    world = trading(quote(bid_qty=100, ask_qty=100))
    world.given(order("own", own_qty, **said), order("s", 500, **{**said, "client_id": "c2"}))
    limit_px = px(100.05) if side is e.Side.BUY else px(99.95)
    world.when(fok(side=side, limit_px=limit_px))
    assert world.order().crossed_qty == (500 if crosses else 0)
    assert world.order().open_qty == 0


def test_a_fok_order_that_waits_in_the_batch_is_no_other_side() -> None:
    world = trading().when(order("s", 300, **SELL), fok(order_qty=1_500))
    world.then_no(e.OrdersCrossed).then_some(ended(FOK_END, 1_500))
    assert world.order("s").open_qty == 300
    assert world.now_ns < CLOSE_NS
