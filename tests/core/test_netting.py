"""Opposite interest crosses inside before either side is routed; no client meets itself."""

from typing import Any

import pytest
from world import (
    HOUR,
    LIT,
    MINUTE,
    NOW_NS,
    OTHER_LIT,
    SECOND,
    World,
    an,
    at_once,
    cancel,
    halt,
    kill,
    lift,
    order,
    policy,
    px,
    quote,
    report,
    trading,
)

from engine.core.events import (
    Capacity,
    ChildRouted,
    CrossAllocated,
    ExecType,
    OrdersCrossed,
    OrderSubmitted,
    ParentEnded,
    ParentReleased,
    Router,
    Share,
    Side,
    Strategy,
    Urgency,
)
from engine.core.parents import netting


def sell(cl_ord_id: str = "s1", order_qty: int = 200, **said: Any) -> OrderSubmitted:  # noqa: ANN401
    return order(cl_ord_id, order_qty, **{"side": Side.SELL, "client_id": "c2", **said})


def crossed(*inputs: Any) -> World:  # noqa: ANN401
    return trading().when(*inputs)


def test_500_to_buy_against_200_to_sell_leaves_300_to_buy() -> None:
    world = crossed(order("b1", 500), sell("s1", 200))
    world.then_some(
        an(
            OrdersCrossed,
            cross_qty=200,
            cross_px=px(100.01),
            bid_px=px(100.00),
            bid_venue=LIT,
            ask_px=px(100.02),
            ask_venue=LIT,
            quote_age_ns=0,
            buy_consenting_qty=500,
            sell_consenting_qty=200,
            excluded_clients=(),
        ),
        an(CrossAllocated, side=Side.BUY, cross_qty=200),
        an(CrossAllocated, side=Side.SELL, cross_qty=200),
        an(ParentReleased, release_qty=300, crossed_qty=200),
        an(ParentEnded, crossed_qty=200, returned_qty=0),
    )
    assert (world.order("b1").crossed_qty, world.order("b1").open_qty) == (200, 300)
    assert (world.order("s1").crossed_qty, world.order("s1").open_qty) == (200, 0)


def test_both_sides_share_a_cross_pro_rata() -> None:
    buys = [order("b1", 300), order("b2", 100, client_id="c3")]
    world = crossed(*buys, sell("s1", 40), sell("s2", 60, client_id="c2"))
    bought, sold = world.all_of(CrossAllocated)
    ids = {name: world.order(name).order_id for name in ("b1", "b2", "s1", "s2")}
    assert bought.shares == (
        Share(order_id=ids["b1"], share_qty=75),
        Share(order_id=ids["b2"], share_qty=25),
    )
    assert sold.shares == (
        Share(order_id=ids["s1"], share_qty=40),
        Share(order_id=ids["s2"], share_qty=60),
    )


def test_the_side_whose_window_closes_meets_the_one_that_still_gathers() -> None:
    world = trading(policy(window_ns=MINUTE), order("b1"))
    world.given(sell(), after_ns=30 * SECOND)
    fresh = quote(received_ns=NOW_NS + MINUTE)
    world.when(fresh, after_ns=30 * SECOND).then_some(an(OrdersCrossed, cross_qty=200))
    assert not world.order("s1").open_qty


def test_a_working_parent_meets_what_comes_later() -> None:
    world = trading().given(order("b1", 500))
    world.when(sell()).then_some(an(OrdersCrossed, cross_qty=200))


def test_one_parent_meets_several_and_the_oldest_first() -> None:
    world = trading(policy(window_ns=MINUTE))
    world.given(sell("s1", 100), sell("s2", 100, capacity=Capacity.PRINCIPAL))
    world.given(sell("s3", 100, settlement="LATER"), sell("s4", 50, urgency="HIGH"))
    world.given(order("b1", 500, start_ns=NOW_NS + 1), after_ns=SECOND)
    world.when(quote(received_ns=NOW_NS + MINUTE), after_ns=MINUTE)
    assert [x.cross_qty for x in world.all_of(OrdersCrossed)] == [100, 50]


def test_without_consent_nothing_crosses() -> None:
    crossed(order("b1", crossing_consent=False), sell()).then_no(OrdersCrossed)
    crossed(order("b1"), sell(crossing_consent=False)).then_no(OrdersCrossed)


def test_only_consenting_members_share() -> None:
    world = crossed(order("b1", 500, crossing_consent=False), order("b2", 50), sell())
    world.then_some(an(OrdersCrossed, cross_qty=50, buy_consenting_qty=50))
    assert (world.order("b1").crossed_qty, world.order("b2").crossed_qty) == (0, 50)


@pytest.mark.parametrize("bought_qty", [100, 300])
def test_a_client_on_both_sides_is_kept_out_of_the_smaller(bought_qty: int) -> None:
    world = crossed(
        order("b1", bought_qty, client_id="c1"),
        order("b2", 50, client_id="c2"),
        sell("s1", 200, client_id="c1"),
        sell("s2", 70, client_id="c3"),
    )
    found = world.all_of(OrdersCrossed)
    assert found[0].excluded_clients == ("c1",)
    out, stays = ("b1", "s1") if bought_qty < 200 else ("s1", "b1")
    assert world.order(out).crossed_qty == 0
    assert world.order(stays).crossed_qty > 0


def test_no_client_trades_with_itself() -> None:
    crossed(order("b1"), sell(client_id="c1")).then_no(OrdersCrossed)


@pytest.mark.parametrize(("age_ns", "is_crossed"), [(5 * SECOND, True), (5 * SECOND + 1, False)])
def test_a_cross_needs_a_fresh_quote(age_ns: int, *, is_crossed: bool) -> None:
    world = trading().when(order("b1"), sell(), after_ns=age_ns)
    assert bool(world.all_of(OrdersCrossed)) is is_crossed


def test_the_age_is_that_of_the_older_side() -> None:
    world = trading(quote(OTHER_LIT, 100.01, 100.03, received_ns=NOW_NS + 4 * SECOND))
    world.when(order("b1"), sell(), after_ns=6 * SECOND).then_no(OrdersCrossed)
    fresh = quote(LIT, received_ns=NOW_NS + 5 * SECOND)
    world.when(fresh, order("b2")).then_some(an(OrdersCrossed, quote_age_ns=2 * SECOND))


def test_a_side_of_a_clock_that_runs_ahead_is_no_fresher() -> None:
    ahead = [quote(venue, received_ns=NOW_NS + 20 * SECOND) for venue in (LIT, OTHER_LIT)]
    world = trading(*ahead)
    world.when(order("b1"), sell(), after_ns=SECOND).then_no(OrdersCrossed)
    world.when(quote(LIT, received_ns=NOW_NS + SECOND), after_ns=0).then_no(OrdersCrossed)


def test_a_cross_needs_two_sides() -> None:
    trading(quote(ask=0)).when(order("b1"), sell()).then_no(OrdersCrossed)


@pytest.mark.parametrize(
    ("buy_limit", "sell_limit", "is_crossed"),
    [
        (100.01, 100.01, True),
        (100.00, None, False),
        (None, 100.02, False),
        (100.02, 100.00, True),
    ],
)
def test_a_cross_respects_both_limits(
    buy_limit: float | None, sell_limit: float | None, *, is_crossed: bool
) -> None:
    world = crossed(
        order("b1", limit_px=None if buy_limit is None else px(buy_limit)),
        sell(limit_px=None if sell_limit is None else px(sell_limit)),
    )
    assert bool(world.all_of(OrdersCrossed)) is is_crossed


def test_an_order_whose_limit_the_midpoint_is_beyond_finds_no_partner() -> None:
    world = trading(policy(window_ns=MINUTE), sell(), order("b1", limit_px=px(100.00)))
    fresh = quote(received_ns=NOW_NS + MINUTE)
    world.when(fresh, after_ns=MINUTE).then_no(OrdersCrossed)
    buyer, seller = world.parent("b1"), world.parent("s1")
    assert not [*netting.partners(world.state, buyer, NOW_NS + MINUTE)]
    assert not [*netting.partners(world.state, seller, NOW_NS + MINUTE)]
    assert buyer.consenting
    assert seller.consenting


def test_what_a_child_covers_does_not_cross() -> None:
    world = trading(policy(router=Router.SEQUENTIAL)).given(at_once("b1", 500))
    world.when(sell()).then_no(OrdersCrossed)
    world.given(report(world.children()[0], ExecType.CANCELED))
    assert world.order("b1").crossed_qty == 200


def test_what_is_about_to_leave_does_not_cross() -> None:
    world = trading(policy(router=Router.SEQUENTIAL)).given(
        at_once("b1", 300, limit_px=px(100.01)), at_once("b2", 200, limit_px=px(100.01))
    )
    child = world.child()
    world.given(cancel("b2"))
    world.when(report(child, ExecType.CANCELED), sell("s1", 400)).then_some(
        an(OrdersCrossed, cross_qty=300, buy_consenting_qty=300)
    )
    assert world.order("b2").crossed_qty == 0


def test_a_member_with_a_pending_change_is_not_willing() -> None:
    world = trading(policy(router=Router.SEQUENTIAL)).given(at_once("b1", limit_px=px(99.95)))
    parent = world.parent("b1")
    assert [m.order for m in netting.willing(parent, parent.tranches, set())] == [world.order("b1")]
    world.given(cancel("b1"))
    assert netting.willing(parent, parent.tranches, set()) == []


@pytest.mark.parametrize("stop", [kill(), halt()])
def test_nothing_crosses_while_trading_is_stopped(stop: Any) -> None:  # noqa: ANN401
    world = trading(policy(window_ns=MINUTE), order("b1"), sell()).given(stop)
    fresh = quote(received_ns=NOW_NS + MINUTE)
    world.when(fresh, after_ns=MINUTE).then_no(OrdersCrossed)
    world.when(lift(), kill(engaged=False)).then_some(OrdersCrossed)


@pytest.mark.parametrize(("stop", "release"), [(kill(), kill(engaged=False)), (halt(), lift())])
def test_a_parent_that_works_does_not_cross_while_trading_is_stopped(
    stop: Any,  # noqa: ANN401
    release: Any,  # noqa: ANN401
) -> None:
    """The midpoint comes within both limits after the stop, so nothing else holds them apart."""
    limits = {"limit_px": px(100.00), "end_ns": NOW_NS + HOUR}
    world = trading(policy(strategy=Strategy.TWAP), order("b1", 6_000, **limits))
    world.given(sell("s1", 6_000, **limits)).given(stop)
    later_ns = NOW_NS + MINUTE
    world.when(quote(bid=99.99, ask=100.01, received_ns=later_ns), after_ns=MINUTE)
    world.then_no(OrdersCrossed, ChildRouted)
    buyer = world.parent("b1")
    assert buyer.is_released
    assert not [*netting.partners(world.state, buyer, later_ns)]
    world.when(release).then_some(OrdersCrossed)


def test_an_order_that_may_not_start_yet_does_not_cross() -> None:
    world = crossed(order("b1"), sell(start_ns=NOW_NS + MINUTE))
    world.then_no(OrdersCrossed)
    fresh = quote(received_ns=NOW_NS + MINUTE)
    world.when(fresh, after_ns=MINUTE).then_some(OrdersCrossed)


def test_a_parent_that_another_crossed_with_seeks_more_before_it_is_released() -> None:
    world = trading(policy(window_ns=10 * SECOND)).given(sell("s1", 700))
    fresh = quote(received_ns=NOW_NS + 25 * SECOND)
    world.given(quote(), after_ns=10 * SECOND)
    world.given(order("b1", 100), after_ns=5 * SECOND)
    world.given(order("b2", 300, urgency=Urgency.HIGH, client_id="c3"), after_ns=5 * SECOND)
    assert world.parent("s1").is_released
    world.when(fresh, after_ns=5 * SECOND)
    crosses = world.all_of(OrdersCrossed)
    assert [cross.cross_qty for cross in crosses] == [100, 300]
    gone_out = [child.seq for child in world.all_of(ChildRouted)]
    assert all(seq > crosses[-1].seq for seq in gone_out)
