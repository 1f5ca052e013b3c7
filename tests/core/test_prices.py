"""The band of a child's price, beside its clients' limits."""

import pytest
from routed import reasons
from world import (
    LIT,
    NOW_NS,
    OTHER_LIT,
    SECOND,
    SOON_NS,
    an,
    at_once,
    policy,
    px,
    quote,
    trade,
    trading,
)

from engine.core.events import ChildRouted, RouteDeferred, Router, RouteReason, Side
from engine.core.routing import prices


@pytest.mark.parametrize(
    ("side", "limit_px", "outside"),
    [
        (Side.BUY, 105_000, False),
        (Side.BUY, 105_001, True),
        (Side.BUY, 1, False),  # It rests behind, as far as its clients wish.
        (Side.SELL, 95_000, False),
        (Side.SELL, 94_999, True),
        (Side.SELL, 10**9, False),
    ],
)
def test_a_price_may_be_so_far_through_the_reference(
    side: Side, limit_px: int, *, outside: bool
) -> None:
    assert prices.is_outside_band(side, limit_px, 100_000, 50_000) is outside


def test_without_a_reference_every_price_is_outside() -> None:
    assert prices.is_outside_band(Side.BUY, 1, 0, 50_000)


@pytest.mark.parametrize(
    ("side", "bid", "ask"), [(Side.BUY, 9_999.0, 10_000.0), (Side.SELL, 1.0, 1.01)]
)
def test_a_working_market_order_does_not_follow_a_runaway_quote(
    side: Side, bid: float, ask: float
) -> None:
    world = trading(policy(router=Router.SEQUENTIAL), trade(price=100.01))
    world.given(at_once(side=side, order_qty=5_000, end_ns=SOON_NS))
    now_ns = NOW_NS + 10 * SECOND
    wild = [quote(code, bid, ask, received_ns=now_ns) for code in (LIT, OTHER_LIT)]

    world.at(now_ns, *wild)

    held = world.then_no(ChildRouted).the(RouteDeferred)
    assert reasons(held) == {RouteReason.PX_BAND: 2}
    assert held.reference_px == px(100.01)
    assert held.wanted_px == px(ask if side is Side.BUY else bid)
    print_ns = now_ns + 10 * SECOND
    calm = [quote(received_ns=print_ns), quote(OTHER_LIT, received_ns=print_ns)]
    world.at(print_ns, *calm).then_some(an(ChildRouted, reference_px=px(100.01)))


def test_before_the_first_print_the_midpoint_of_the_release_counts() -> None:
    world = trading(policy(router=Router.SEQUENTIAL)).given(at_once(order_qty=5_000))
    assert world.parent().arrival_mid_px == px(100.01)
    now_ns = NOW_NS + 10 * SECOND
    world.at(now_ns, quote(ask=10_000.0, bid=9_000.0, received_ns=now_ns)).then_no(ChildRouted)
    assert world.the(RouteDeferred).reference_px == px(100.01)


def test_a_parent_that_was_released_without_a_midpoint_waits_for_one() -> None:
    world = trading(quote(bid=0.0)).when(at_once())
    held = world.then_no(ChildRouted).the(RouteDeferred)
    assert (held.reference_px, held.wanted_px) == (0, px(100.02))
    assert reasons(held) == {RouteReason.NO_QUOTE: 1, RouteReason.PX_BAND: 1}

    now_ns = NOW_NS + 10 * SECOND
    world.at(now_ns, quote(received_ns=now_ns)).then_some(an(ChildRouted, reference_px=px(100.01)))
