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
    day_closed,
    day_opened,
    given,
    instrument,
    market,
    order,
    px,
    quote,
    risk_limit,
    tick_table,
    trading,
)

from engine.core import events as e
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


NONE, DAY = RejectReason.NO_LIMITS, {"max_order_qty": None, "max_day_notional_cur": 50_000}
UNBOUND = {"max_order_qty": None, "collar_ppm": 50_000}
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
    (risk_limit(currency=""), "currency of RiskLimitSet is '', expected an ISO 4217 code"),
    (risk_limit(currency="usd"), "currency of RiskLimitSet is 'usd', expected an ISO 4217 code"),
    (of_client(currency="USD"), "currency of RiskLimitSet is 'USD', expected nothing"),
    (
        e.LimitAllotted(
            scope=ControlScope.FIRM, scope_id="", shard=0, allotted_notional_cur=5, set_ns=0
        ),
        "currency of LimitAllotted is '', expected an ISO 4217 code",
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
