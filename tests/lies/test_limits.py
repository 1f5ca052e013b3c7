"""Lies about limits: none at all, another currency's, and limits that bound nothing."""

from typing import Any, NamedTuple

import pytest
from world import (
    CLOSE_NS,
    OPEN_NS,
    SECOND,
    World,
    amend,
    an,
    at_once,
    bust,
    cancel,
    children,
    day_closed,
    day_opened,
    fill_report,
    given,
    instrument,
    market,
    order,
    policy,
    px,
    quote,
    report,
    risk_limit,
    tick_table,
    trading,
)

from engine.core import events as e
from engine.core.controls import limits
from engine.core.events import ControlScope, RejectReason

EUR = (
    instrument("SAP", currency="EUR"),
    tick_table((0, 10**7), instrument_id="SAP"),
    quote(instrument_id="SAP"),
)
UNLIMITED = tuple(x for x in market() if not isinstance(x, e.RiskLimitSet))


def in_eur(cl_ord_id: str = "o1", qty: int = 500, **said: Any) -> e.OrderSubmitted:  # noqa: ANN401
    return order(cl_ord_id, qty, instrument_id="SAP", **said)


def of_client(name: str = "c1", **said: Any) -> e.RiskLimitSet:  # noqa: ANN401
    return risk_limit(ControlScope.CLIENT, name, **said)


def of_instrument(name: str) -> e.RiskLimitSet:
    return risk_limit(ControlScope.INSTRUMENT, name)


class Lie(NamedTuple):
    """Limits in force, and the answer to an order under them."""

    sentence: str
    limits: tuple[Any, ...]
    order: e.OrderSubmitted
    refused: RejectReason | None

    def __str__(self) -> str:
        return self.sentence


NONE = RejectReason.NO_LIMITS
DAY: dict[str, Any] = {"max_order_qty": None, "max_day_notional_cur": 50_000}
UNBOUND: dict[str, Any] = {"max_order_qty": None, "collar_ppm": 50_000}
LIES = (
    Lie("without a limit nothing trades", (), order(), NONE),
    Lie("the firm's limit is enough", (risk_limit(),), order(), None),
    Lie("a client's own limit is enough", (of_client(),), order(), None),
    Lie("another client's limit is not", (of_client("c2"),), order(), NONE),
    Lie("an instrument's limit says nothing of credit", (of_instrument("AAPL"),), order(), NONE),
    Lie("a collar alone bounds no order", (risk_limit(**UNBOUND),), order(), NONE),
    Lie("a limit of nothing bounds no order", (risk_limit(max_order_qty=None),), order(), NONE),
    Lie("a limit of the day bounds an order", (risk_limit(**DAY),), order(limit_px=px(100)), None),
    Lie("a limit ends, and trading", (risk_limit(), risk_limit(**UNBOUND)), order(), NONE),
    Lie("the firm's dollars do not cover euros", (risk_limit(),), in_eur(), NONE),
    Lie("the firm's euros do", (risk_limit(), risk_limit(currency="EUR")), in_eur(), None),
    Lie("a client's limit holds in every currency", (of_client(),), in_eur(), None),
    Lie(
        "a limit in dollars does not bind euros",
        (risk_limit(max_order_qty=100), risk_limit(currency="EUR")),
        in_eur(),
        None,
    ),
    Lie(
        "a limit in euros binds euros",
        (risk_limit(), risk_limit(currency="EUR", max_order_notional_cur=49_999)),
        in_eur(limit_px=px(100)),
        RejectReason.NOTIONAL_ABOVE_LIMIT,
    ),
)  # fmt: skip


@pytest.mark.parametrize("lie", LIES, ids=str)
def test_an_order_needs_a_limit(lie: Lie) -> None:
    world = World().given(*UNLIMITED, *EUR).given(*lie.limits).when(lie.order)
    if lie.refused is None:
        world.then_some(e.OrderAccepted)
    else:
        world.then(an(e.OrderRejected, reason=lie.refused))
    assert world.folded().state == world.state


NO_CURRENCY = (
    (
        risk_limit(currency=""),
        "currency of RiskLimitSet is '', expected a code of 3 to 8 capital letters or digits",
    ),
    (
        risk_limit(currency="usd"),
        "currency of RiskLimitSet is 'usd', expected a code of 3 to 8 capital letters or digits",
    ),
    (of_client(currency="USD"), "currency of RiskLimitSet is 'USD', expected nothing"),
    (
        e.LimitAllotted(
            scope=ControlScope.FIRM, scope_id="", shard=0, allotted_notional_cur=5, set_ns=0
        ),
        "currency of LimitAllotted is '', expected a code of 3 to 8 capital letters or digits",
    ),
)


@pytest.mark.parametrize(("control", "text"), NO_CURRENCY, ids=lambda x: str(x)[:60])
def test_a_shard_refuses_a_limit_of_the_firm_without_a_currency(control: Any, text: str) -> None:  # noqa: ANN401
    world = World().given(*UNLIMITED).when(control)
    assert world.the(e.InputRejected).text.startswith(text)
    world.when(order()).then_some(e.OrderRejected)


def test_amounts_in_two_currencies_are_never_summed() -> None:
    world = World().given(*UNLIMITED, *EUR, of_client(max_day_notional_cur=60_000))
    world.when(order("a", limit_px=px(100))).then_some(e.OrderAccepted)  # 50,000 USD.
    world.when(in_eur("b", limit_px=px(100))).then_some(e.OrderAccepted)  # 50,000 EUR.
    exhausted = an(e.OrderRejected, reason=RejectReason.ALLOTMENT_EXHAUSTED, asked_currency="EUR")
    world.when(in_eur("c", limit_px=px(100))).then(exhausted)
    limit = of_client(max_day_notional_cur=70_000)
    world.when(limit).then(an(e.ControlApplied, spent_notional_cur=50_000))


def test_an_order_at_work_stops_when_its_last_limit_ends() -> None:
    world = trading().given(at_once(limit_px=px(100)))
    cancelled = an(e.ChildCancelRequested, reason=e.CancelReason.RISK_LIMIT)
    world.when(risk_limit(**UNBOUND)).then_some(*[cancelled] * len(world.children()))
    world.when(amend(order_qty=600)).then(an(e.OrderChangeRejected, reason=NONE))
    world.when(amend(cl_ord_id="cut", order_qty=400)).then_some(e.OrderChangePending)


def test_a_carried_order_waits_for_a_limit() -> None:
    """An earlier release may have carried it without one."""
    world = trading().given(order(limit_px=px(99), time_in_force=e.TimeInForce.GTC))
    world.given(risk_limit(**UNBOUND)).at(CLOSE_NS, day_closed())
    next_ns = OPEN_NS + 24 * 3_600 * SECOND
    world.at(next_ns, day_opened(20180103, next_ns), quote(received_ns=next_ns))
    world.then_no(e.OrderResumed, e.OrderCancelled)
    world.when(risk_limit()).then_some(e.OrderResumed)


def test_a_limit_of_an_early_release_binds_until_one_names_its_currency() -> None:
    """Those logs have limits of the firm for all currencies."""
    early = risk_limit(currency="", max_order_qty=100)
    scene = given(*UNLIMITED, *EUR, early)
    assert list(scene.state.controls.limits) == [(ControlScope.FIRM, "")]
    scene.given(risk_limit())
    assert list(scene.state.controls.limits) == [(ControlScope.FIRM, "USD")]


# ---------------------------------------------------------------------------- positions

MOST = risk_limit(ControlScope.CLIENT, "c1", max_position_qty=1_000)
ABOVE = RejectReason.POSITION_ABOVE_LIMIT


def buys(name: str, qty: int, **said: Any) -> e.OrderSubmitted:  # noqa: ANN401
    return at_once(name, qty, limit_px=px(100.02), **said)


def sells(name: str, qty: int, **said: Any) -> e.OrderSubmitted:  # noqa: ANN401
    return at_once(name, qty, side=e.Side.SELL, limit_px=px(100), **said)


def filled(world: World) -> World:
    for child in world.children():
        world.when(fill_report(child, child.leaves_qty, exec_id=child.child_id))
    return world


def refuses(world: World, asked: e.OrderSubmitted) -> bool:
    refused = [x.reason for x in world.when(asked).all_of(e.OrderRejected)]
    assert refused in ([], [ABOVE])
    assert world.folded().state == world.state
    return bool(refused)


def test_open_orders_of_all_parents_count_for_a_position() -> None:
    world = trading(MOST).given(buys("a", 600), order("b", 300, limit_px=px(99)))
    assert refuses(world, order("c", 101, limit_px=px(98)))
    assert not refuses(world, order("d", 100, limit_px=px(98)))
    assert not refuses(world, buys("e", 5_000, client_id="c2"))


def test_a_fill_on_its_own_side_changes_nothing() -> None:
    world = filled(trading(MOST).given(buys("a", 600)))
    assert refuses(world, buys("b", 401))
    assert not refuses(world, buys("c", 400))


def test_what_was_sold_may_be_bought_again() -> None:
    world = filled(trading(MOST).given(buys("a", 1_000)))
    world = world.given(sells("s", 700))
    assert refuses(world, buys("b", 1))  # Nothing of the sale is executed yet.
    assert not refuses(filled(world), buys("c", 700))
    assert refuses(world, sells("t", 1_301))  # 1,300 more would be 1,000 short.


def test_a_cancel_and_a_cut_give_the_room_back() -> None:
    world = trading(MOST).given(order("a", 600, limit_px=px(99)), order("b", 400, limit_px=px(98)))
    world.given(cancel("a")).given(amend("b", order_qty=100))
    assert refuses(world, order("c", 901, limit_px=px(97)))
    world.when(amend("b", cl_ord_id="b2", order_qty=1_001)).then(
        an(e.OrderChangeRejected, reason=ABOVE)
    )
    assert not refuses(world, order("d", 900, limit_px=px(97)))


def test_a_bust_takes_the_position_back() -> None:
    world = filled(trading(MOST).given(sells("s", 500)))
    (child,) = (x for x in children(world.state).values() if x.filled_qty)
    assert not refuses(world, buys("b", 1_500))
    world.given(bust(child, child.child_id))
    assert refuses(world, buys("c", 1))


def test_the_firms_and_the_instruments_positions_are_of_all_clients() -> None:
    for scope, name in ((ControlScope.FIRM, ""), (ControlScope.INSTRUMENT, "AAPL")):
        world = trading(risk_limit(scope, name, max_position_qty=1_000))
        world.given(buys("a", 600)).given(*EUR, risk_limit(currency="EUR"))
        assert refuses(world, buys("b", 401, client_id="c2"))
        assert not refuses(world, in_eur("c", 2_000, limit_px=px(99)))


def test_a_position_limit_that_comes_later_counts_what_is_open() -> None:
    world = filled(trading().given(buys("a", 600))).given(order("b", 300, limit_px=px(99)))
    world.given(MOST)
    assert refuses(world, buys("c", 701))
    world.given(risk_limit(ControlScope.CLIENT, "c1"))
    assert not refuses(world, buys("d", 5_000))


def test_another_number_counts_what_was_counted_once() -> None:
    world = trading(MOST).given(buys("a", 600))
    world.given(risk_limit(ControlScope.CLIENT, "c1", max_position_qty=2_000))
    assert refuses(world, buys("b", 1_401))
    assert not refuses(world, buys("c", 1_400))


def test_a_position_limit_counts_no_other_clients_orders() -> None:
    world = trading().given(buys("a", 600, client_id="c2")).given(MOST)
    assert refuses(world, buys("b", 1_001))
    assert not refuses(world, buys("c", 1_000))


def test_a_cross_counts_for_both_positions() -> None:
    world = trading(MOST).given(buys("a", 600), sells("s", 600, client_id="c2"))
    world.then_some(e.OrdersCrossed)
    assert refuses(world, buys("b", 401))
    assert not refuses(world, sells("t", 1_600))  # From 600 long to 1,000 short.


def test_a_late_fill_of_a_carried_order_counts_before_it_is_resumed() -> None:
    world = trading(MOST).given(buys("g", 600, end_ns=None, time_in_force=e.TimeInForce.GTC))
    later_ns = world.now_ns + 1_800 * SECOND
    world.when(quote(received_ns=later_ns), after_ns=1_800 * SECOND)
    child, *_ = world.children()
    world.at(CLOSE_NS, day_closed())
    world.when(fill_report(child, 100)).then_some(e.FillAllocated)
    next_ns = OPEN_NS + 24 * 3_600 * SECOND
    world.at(next_ns, day_opened(20180103, next_ns), quote(received_ns=next_ns))
    assert refuses(world, order("b", 401, limit_px=px(98)))  # 100 bought, 500 wanted.
    assert not refuses(world, order("c", 400, limit_px=px(98)))


def test_a_bust_of_an_order_that_ended_yesterday_is_no_position_of_today() -> None:
    gtc = {"time_in_force": e.TimeInForce.GTC}
    both = (buys("o", 500), buys("g", 500, **gtc))
    world = trading(policy(router=e.Router.SEQUENTIAL), MOST).given(*both)
    child, *_ = world.children()
    world.given(fill_report(child, 300)).at(CLOSE_NS, day_closed())
    world.when(bust(child)).then_some(e.FillBusted)
    assert world.folded().state == world.state


LESS = risk_limit(ControlScope.CLIENT, "c1", max_position_qty=500)


def stops(world: World) -> dict[str, set[str]]:
    """What a round did to orders: whose children it cancelled, and what it sent for whom."""
    names = {order_id: order.cl_ord_id for order_id, order in world.state.orders.items()}
    asked: dict[str, set[str]] = {"cancelled": set(), "sent": set()}
    found = [(x.parent_id, "cancelled") for x in world.all_of(e.ChildCancelRequested)]
    found += [(x.parent_id, "sent") for x in world.all_of(e.ChildRouted)]
    for parent_id, name in found:
        asked[name] |= {names[x] for x in world.state.parent(parent_id).members}
    return asked


def test_a_lower_position_limit_stops_the_side_that_is_above_it() -> None:
    """The cancels go out in the batch of the control; the other side works on."""
    world = trading(MOST).given(buys("a", 600), buys("b", 300)).given(sells("s", 400))
    world.when(LESS)
    assert stops(world) == {"cancelled": {"a", "b"}, "sent": set()}
    reasons = {x.reason for x in world.all_of(e.ChildCancelRequested)}
    assert reasons == {e.CancelReason.RISK_LIMIT}
    assert world.folded().state == world.state


def test_another_clients_order_and_one_below_the_limit_go_on() -> None:
    world = trading(MOST, quote(ask_qty=2_000)).given(buys("a", 500))
    world.given(buys("x", 800, client_id="c2")).when(LESS)
    assert stops(world) == {"cancelled": set(), "sent": set()}


def test_an_order_within_the_lower_limit_again_goes_on() -> None:
    """A cancel of another order, or an execution on the other side, gives the room back."""
    world = trading(MOST).given(order("a", 400, limit_px=px(100)), sells("s", 300))
    world.given(order("b", 300, limit_px=px(100))).given(LESS)
    later = quote(received_ns=world.now_ns + 60 * SECOND)
    world.when(later, after_ns=60 * SECOND)
    assert "a" not in stops(world)["sent"]
    for child in world.children():
        world.given(report(child, e.ExecType.CANCELED, text="asked for"))
    world.given(cancel("b"))
    for _ in range(60):
        later = quote(received_ns=world.now_ns + 60 * SECOND)
        world.given(later, after_ns=60 * SECOND)
    routed = [x for x in world.history() if isinstance(x, e.ChildRouted)]
    parents = {world.parent("a").parent_id}
    assert routed[-1].parent_id in parents


def test_a_new_position_limit_binds_what_is_open_and_what_is_executed_from_then_on() -> None:
    """It stands beside a limit that had none."""
    world = trading().given(buys("a", 600))
    world.when(LESS)
    assert stops(world)["cancelled"] == {"a"}


@pytest.mark.parametrize("scope", [ControlScope.FIRM, ControlScope.INSTRUMENT])
def test_a_lower_position_limit_of_all_clients_stops_all_of_them(scope: ControlScope) -> None:
    name = "" if scope is ControlScope.FIRM else "AAPL"
    world = trading(risk_limit(scope, name, max_position_qty=2_000))
    world.given(buys("a", 600), buys("x", 600, client_id="c2"))
    world.when(risk_limit(scope, name, max_position_qty=1_000))
    assert stops(world)["cancelled"] == {"a", "x"}


def test_a_shard_without_a_limit_says_so() -> None:
    assert "NO_LIMITS" in limits.missing(given(*UNLIMITED).state)
    assert not limits.missing(trading().state)


def test_a_carried_order_above_the_position_limit_of_today_waits_for_room() -> None:
    world = trading(MOST).given(order("g", 600, limit_px=px(99), time_in_force=e.TimeInForce.GTC))
    world.at(CLOSE_NS, day_closed())
    next_ns = OPEN_NS + 24 * 3_600 * SECOND
    world.when(LESS)
    world.at(next_ns, day_opened(20180103, next_ns), quote(received_ns=next_ns))
    world.then_some(an(e.OrderHeld, reason=ABOVE))
    assert not world.all_of(e.OrderResumed)
    world.when(MOST).then_some(e.OrderResumed)
    assert world.folded().state == world.state


def test_a_carried_order_counts_from_its_resumption() -> None:
    world = trading(MOST).given(order("g", 600, limit_px=px(99), time_in_force=e.TimeInForce.GTC))
    world.at(CLOSE_NS, day_closed())
    next_ns = OPEN_NS + 24 * 3_600 * SECOND
    world.at(next_ns, day_opened(20180103, next_ns), quote(received_ns=next_ns))
    world.then_some(e.OrderResumed)
    assert refuses(world, order("b", 401, limit_px=px(98)))
    assert not refuses(world, order("c", 400, limit_px=px(98)))
