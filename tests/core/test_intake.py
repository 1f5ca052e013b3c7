"""Orders that a client may submit, the precedence of refusals, and unreadable inputs."""

from typing import Any

import pytest
from world import (
    CENT,
    CLOSE_NS,
    HOUR,
    INSTRUMENT,
    LIT,
    MINUTE,
    NOW_NS,
    OPEN_NS,
    OTHER_LIT,
    SECOND,
    SOURCE,
    Raw,
    Scene,
    World,
    allotment,
    amend,
    an,
    at_once,
    bust,
    calendar,
    cancel,
    correction,
    day_closed,
    day_opened,
    fill_report,
    given,
    halt,
    instrument,
    kill,
    lift,
    make,
    mandate,
    market,
    order,
    policy,
    px,
    quote,
    report,
    restriction,
    risk_limit,
    session,
    tick_table,
    trade,
    trading,
    venue,
)

from engine.core.controls import rejected_input
from engine.core.controls.rejected_input import RejectedInput
from engine.core.events import (
    BreakFlagged,
    Change,
    ChildCancelRequested,
    ChildRouted,
    ControlApplied,
    ControlScope,
    DayOpened,
    ExecType,
    FillBooked,
    FillReallocated,
    InputReason,
    InputRejected,
    InstrumentDefined,
    InstrumentHalted,
    MandateSet,
    MemberAmended,
    MemberJoined,
    OrderAccepted,
    OrderAmended,
    OrderCancelled,
    OrderCarried,
    OrderChangePending,
    OrderChangeRejected,
    OrderExpired,
    OrderRejected,
    OrderReopened,
    OrderType,
    ParentEnded,
    ParentOpened,
    PolicySet,
    RejectReason,
    RouteDeferred,
    Router,
    RouteReason,
    Side,
    SuspensionEnded,
    SuspensionSet,
    TimeInForce,
    WithdrawReason,
)
from engine.core.orders import intake
from engine.log import codec

BEHIND_PX = px(99.95)  # A buy that rests there.


def without(*kinds: type) -> World:
    """A trading day that lacks something."""
    return World().given(*(x for x in market() if type(x) not in kinds))


def resting(*more: Any, **said: Any) -> World:  # noqa: ANN401
    """One order of 500, all of it out in one child that rests."""
    world = trading(policy(router=Router.SEQUENTIAL), *more)
    return world.given(at_once(limit_px=BEHIND_PX, **said))


def canceled(world: World) -> Any:  # noqa: ANN401
    return report(world.child(), ExecType.CANCELED)


# ---------------------------------------------------------------------------- new orders


def test_an_order_is_accepted_with_every_field_filled() -> None:
    world = trading(mandate(excluded_venues=(OTHER_LIT,), dark_allowed=False))
    accepted = world.when(order(excluded_venues=(LIT,))).the(OrderAccepted)
    assert (accepted.start_ns, accepted.end_ns) == (OPEN_NS, CLOSE_NS)
    assert (accepted.max_participation_ppm, accepted.currency) == (300_000, "USD")
    assert accepted.excluded_venues == (LIT, OTHER_LIT)
    assert (accepted.no_dark, accepted.crossing_consent) == (True, True)
    assert accepted.arrival_mid_px == px(100.01)


def test_a_value_of_the_order_comes_before_the_mandate() -> None:
    said: dict[str, Any] = {
        "start_ns": NOW_NS + MINUTE,
        "end_ns": NOW_NS + HOUR,
        "crossing_consent": False,
    }
    accepted = trading().when(order(max_participation_ppm=50_000, **said)).the(OrderAccepted)
    assert (accepted.start_ns, accepted.end_ns) == (NOW_NS + MINUTE, NOW_NS + HOUR)
    assert (accepted.max_participation_ppm, accepted.crossing_consent) == (50_000, False)


@pytest.mark.parametrize(("mandated_ppm", "own_ppm"), [(200_000, 200_000), (1_000_000, 999_999)])
def test_no_order_takes_part_beyond_the_mandate_or_is_all_of_the_volume(
    mandated_ppm: int, own_ppm: int
) -> None:
    world = trading(mandate(max_participation_ppm=mandated_ppm))
    world.when(order(max_participation_ppm=999_999))
    world.then_some(an(OrderAccepted, max_participation_ppm=own_ppm))


def test_an_order_before_the_open_waits_for_it_and_one_beyond_the_close_ends_with_it() -> None:
    world = World(now_ns=OPEN_NS - HOUR).given(*market())
    accepted = world.when(order(end_ns=CLOSE_NS + HOUR)).the(OrderAccepted)
    assert (accepted.start_ns, accepted.end_ns) == (OPEN_NS, CLOSE_NS)


BAD: list[tuple[RejectReason, dict[str, Any]]] = [
    (RejectReason.UNKNOWN_INSTRUMENT, {"instrument_id": "NONE"}),
    (RejectReason.UNKNOWN_CLIENT, {"client_id": "c9"}),
    (RejectReason.QTY_MUST_BE_POSITIVE, {"order_qty": 0}),
    (RejectReason.QTY_MUST_BE_POSITIVE, {"order_qty": -5}),
    (RejectReason.QTY_OUT_OF_RANGE, {"order_qty": 2**62}),
    (RejectReason.LIMIT_PX_MISSING, {"order_type": OrderType.LIMIT}),
    (RejectReason.LIMIT_PX_NOT_ALLOWED, {"order_type": OrderType.MARKET, "limit_px": CENT}),
    (RejectReason.LIMIT_PX_MUST_BE_POSITIVE, {"limit_px": 0}),
    (RejectReason.LIMIT_PX_OUT_OF_RANGE, {"limit_px": 2**62}),
    (RejectReason.LIMIT_PX_OFF_TICK, {"limit_px": px(100.001)}),
    (RejectReason.CURRENCY_MISMATCH, {"currency": "EUR"}),
    (RejectReason.WINDOW_INVALID, {"start_ns": NOW_NS + 2, "end_ns": NOW_NS + 1}),
    (RejectReason.WINDOW_INVALID, {"end_ns": NOW_NS}),
    (RejectReason.WINDOW_INVALID, {"end_ns": 0}),
    (RejectReason.WINDOW_INVALID, {"start_ns": CLOSE_NS}),
    (RejectReason.DECISION_PX_INVALID, {"decision_px": -5}),
    (RejectReason.DECISION_PX_INVALID, {"decision_px": 100}),  # Sent as it is written.
    (RejectReason.DECISION_PX_INVALID, {"decision_px": 10**18}),
    (RejectReason.ID_INVALID, {"account": "a\nb"}),
    (RejectReason.PARTICIPATION_INVALID, {"max_participation_ppm": 0}),
    (RejectReason.PARTICIPATION_INVALID, {"max_participation_ppm": 1_000_000}),
    (RejectReason.UNKNOWN_VENUE, {"excluded_venues": ("NOWHERE",)}),
]


@pytest.mark.parametrize(("reason", "said"), BAD)
def test_a_bad_order_is_refused_with_its_reason(reason: RejectReason, said: dict[str, Any]) -> None:
    world = trading(restriction("NONE", restricted=False)).when(order(**said))
    world.then(an(OrderRejected, reason=reason, source=SOURCE, cl_ord_id="o1"))
    assert not world.state.orders


def test_an_order_is_refused_outside_of_a_session() -> None:
    reason = an(OrderRejected, reason=RejectReason.SESSION_CLOSED)
    without(DayOpened).when(order()).then(reason)
    World(now_ns=CLOSE_NS).given(*market()).when(order()).then(reason)


def test_an_order_before_the_open_that_ends_before_it_is_refused() -> None:
    world = World(now_ns=OPEN_NS - HOUR).given(*market()).when(order(end_ns=OPEN_NS))
    world.then(an(OrderRejected, reason=RejectReason.WINDOW_INVALID))


def test_a_decision_price_is_kept_as_it_was_said() -> None:
    trading().when(order(decision_px=px(99.503))).then_some(
        an(OrderAccepted, decision_px=px(99.503))
    )


def test_limits_of_the_firm_the_client_and_the_instrument_bind() -> None:
    for scope, scope_id in (
        (ControlScope.FIRM, ""),
        (ControlScope.CLIENT, "c1"),
        (ControlScope.INSTRUMENT, INSTRUMENT),
    ):
        tight = risk_limit(scope, scope_id, max_order_qty=100)
        dear = risk_limit(scope, scope_id, max_order_notional_cur=10_002)
        trading(tight).when(order(order_qty=100)).then_some(OrderAccepted)
        above_qty = an(OrderRejected, reason=RejectReason.QTY_ABOVE_LIMIT)
        trading(tight).when(order(order_qty=101)).then(above_qty)
        trading(dear).when(order(order_qty=100)).then_some(OrderAccepted)
        above = an(OrderRejected, reason=RejectReason.NOTIONAL_ABOVE_LIMIT)
        trading(dear).when(order(order_qty=101)).then(above)
    other = risk_limit(ControlScope.CLIENT, "c2", max_order_qty=1)
    trading(other).when(order()).then_some(OrderAccepted)


@pytest.mark.parametrize(
    ("side", "limit", "is_taken"),
    [
        (Side.BUY, 101.02, True),
        (Side.BUY, 101.03, False),
        (Side.SELL, 99.00, True),
        (Side.SELL, 98.99, False),
    ],
)
def test_a_limit_far_through_the_market_is_refused(
    side: Side, limit: float, *, is_taken: bool
) -> None:
    world = trading(risk_limit(collar_ppm=10_000)).when(order(side=side, limit_px=px(limit)))
    refused = an(OrderRejected, reason=RejectReason.LIMIT_PX_OUTSIDE_COLLAR)
    world.then_some(OrderAccepted if is_taken else refused)


def test_without_a_quote_the_collar_knows_nothing() -> None:
    world = trading(risk_limit(collar_ppm=1), quote(bid=0, ask=0))
    world.when(order(limit_px=px(500))).then_some(OrderAccepted)


def test_an_allotment_is_spent_until_it_is_exhausted() -> None:
    world = trading(allotment(15_000), allotment(1, shard=1))
    world.when(order("o1", 100)).then_some(OrderAccepted)
    exhausted = an(OrderRejected, reason=RejectReason.ALLOTMENT_EXHAUSTED)
    world.when(order("o2", 100)).then(exhausted)
    world.when(order("o3", 49)).then_some(OrderAccepted)
    client = allotment(100, ControlScope.CLIENT, "c2")
    world.given(client, allotment(10**6)).when(order("o4", 2, client_id="c2")).then(exhausted)
    world.when(order("o5", 200)).then_some(OrderAccepted)


def test_the_tick_of_the_price_band_counts() -> None:
    world = trading(tick_table((0, CENT // 100), (px(1), CENT)))
    world.when(order("o1", limit_px=px(0.9999))).then_some(OrderAccepted)
    off = an(OrderRejected, reason=RejectReason.LIMIT_PX_OFF_TICK)
    world.when(order("o2", limit_px=px(1.0001))).then(off)


def test_the_first_reason_that_applies_is_the_reason() -> None:
    """Everything is wrong with one order; each cure brings the next reason."""
    world = World().given(kill(), halt(), restriction(), instrument("OTHER"), venue(LIT))
    world.given(calendar(), Raw("orders", number=1, source="bad"), order("used", source="bad"))
    asked: dict[str, Any] = {
        "source": "bad",
        "cl_ord_id": "used",
        "settlement": "?" * 201,
        "order_qty": 0,
        "order_type": OrderType.LIMIT,
        "currency": "EUR",
        "start_ns": CLOSE_NS,
        "max_participation_ppm": 0,
        "excluded_venues": ("NOWHERE",),
    }
    limits: dict[str, Any] = {"max_order_qty": 1_000, "max_order_notional_cur": 1, "collar_ppm": 10}
    cures: list[tuple[RejectReason, tuple[Any, ...], dict[str, Any]]] = [
        (RejectReason.ID_INVALID, (), {"settlement": "REGULAR"}),
        (RejectReason.DUPLICATE_ORDER, (), {"cl_ord_id": "first"}),
        (RejectReason.KILL_SWITCH, (kill(engaged=False),), {}),
        (RejectReason.SESSION_CLOSED, (day_opened(),), {}),
        (RejectReason.NO_POLICY, (policy(),), {}),
        (RejectReason.UNKNOWN_INSTRUMENT, (instrument(), tick_table((0, CENT)), quote()), {}),
        (RejectReason.UNKNOWN_CLIENT, (mandate(),), {}),
        (RejectReason.SOURCE_SUSPENDED, (lift(ControlScope.SOURCE, "bad"),), {}),
        (RejectReason.RESTRICTED, (restriction(restricted=False),), {}),
        (RejectReason.INSTRUMENT_HALTED, (lift(), risk_limit(**limits)), {}),
        (RejectReason.QTY_MUST_BE_POSITIVE, (), {"order_qty": 2**60}),
        (RejectReason.QTY_OUT_OF_RANGE, (), {"order_qty": 2_000}),
        (RejectReason.QTY_ABOVE_LIMIT, (), {"order_qty": 500}),
        (RejectReason.LIMIT_PX_MISSING, (), {"limit_px": -1}),
        (RejectReason.LIMIT_PX_MUST_BE_POSITIVE, (), {"limit_px": 2**60}),
        (RejectReason.LIMIT_PX_OUT_OF_RANGE, (), {"limit_px": px(200) + 1}),
        (RejectReason.LIMIT_PX_OFF_TICK, (), {"limit_px": px(200)}),
        (
            RejectReason.LIMIT_PX_OUTSIDE_COLLAR,
            (quote(bid=0, ask=0),),
            {"limit_px": None, "order_type": OrderType.MARKET},
        ),
        (RejectReason.NO_REFERENCE_PX, (quote(),), {}),
        (RejectReason.NOTIONAL_ABOVE_LIMIT, (risk_limit(), allotment(1)), {}),
        (RejectReason.ALLOTMENT_EXHAUSTED, (allotment(10**9),), {}),
        (RejectReason.CURRENCY_MISMATCH, (), {"currency": "USD"}),
        (RejectReason.WINDOW_INVALID, (), {"start_ns": None}),
        (RejectReason.PARTICIPATION_INVALID, (), {"max_participation_ppm": None}),
        (RejectReason.UNKNOWN_VENUE, (venue("NOWHERE"),), {}),
    ]
    for number, (reason, facts, said) in enumerate(cures):
        world.when(order(**asked)).then(an(OrderRejected, reason=reason))
        world.given(*facts)
        asked |= {"cl_ord_id": "used" if number == 0 else f"try-{number}", **said}
    world.when(order(**asked)).then_some(OrderAccepted)
    world.given(kill()).when(order(**asked)).then(
        an(OrderRejected, reason=RejectReason.DUPLICATE_ORDER)
    )
    found = [reason for reason, _, _ in cures]
    assert found == sorted(found, key=list(RejectReason).index), "the enum's order is the order"


def test_a_resent_order_changes_nothing_and_another_source_may_use_its_id() -> None:
    world = trading().given(order())
    orders = dict(world.state.orders)
    world.resend().then(an(OrderRejected, reason=RejectReason.DUPLICATE_ORDER))
    assert world.state.orders == orders
    world.when(order(source="other")).then_some(OrderAccepted)


def test_without_a_policy_an_instrument_or_a_client_nothing_is_accepted() -> None:
    for kind, reason in (
        (PolicySet, RejectReason.NO_POLICY),
        (InstrumentDefined, RejectReason.UNKNOWN_INSTRUMENT),
        (MandateSet, RejectReason.UNKNOWN_CLIENT),
    ):
        without(kind).when(order()).then(an(OrderRejected, reason=reason))
    inactive = trading(mandate(active=False))
    inactive.when(order()).then(an(OrderRejected, reason=RejectReason.UNKNOWN_CLIENT))


# ------------------------------------------------------------------------------- cancels


def test_a_cancel_while_gathering_takes_effect_at_once() -> None:
    world = trading(policy(window_ns=MINUTE)).given(order())
    world.when(cancel()).then_some(
        an(OrderChangePending, change=Change.CANCEL, order_qty=0),
        an(OrderCancelled, withdrawn_qty=500, cl_ord_id="o1x", reason=WithdrawReason.CLIENT),
    )
    assert world.order().withdrawn_qty == 500


def test_a_cancel_waits_for_the_child_and_a_fill_in_the_race_is_the_clients() -> None:
    world = resting()
    world.when(cancel()).then_some(OrderChangePending, ChildCancelRequested)
    world.then_no(OrderCancelled)
    world.when(fill_report(world.child(), 200)).then_some(an(FillBooked, late=True))
    world.when(canceled(world)).then_some(
        an(OrderCancelled, withdrawn_qty=300, reason=WithdrawReason.CLIENT)
    )
    assert world.order().allocated_qty == 200


def test_a_cancel_that_meets_the_last_fill_is_refused_as_too_late() -> None:
    world = resting().given(cancel())
    world.when(fill_report(world.child(), 500)).then_some(
        an(OrderChangeRejected, reason=RejectReason.ORDER_ENDED, cl_ord_id="o1x"), ParentEnded
    ).then_no(OrderCancelled)
    world.when(cancel(cl_ord_id="x2")).then(
        an(OrderChangeRejected, reason=RejectReason.ORDER_ENDED)
    )


def test_changes_are_refused_with_a_reason() -> None:
    world = resting()
    refused = OrderChangeRejected
    world.when(cancel("nobody")).then(an(refused, reason=RejectReason.UNKNOWN_ORDER))
    world.when(cancel(cl_ord_id="o1")).then(an(refused, reason=RejectReason.DUPLICATE_ORDER))
    world.when(cancel(source="other")).then(an(refused, reason=RejectReason.UNKNOWN_ORDER))
    for number, change in enumerate((cancel, amend)):
        elsewhere = change(cl_ord_id=f"elsewhere{number}", instrument_id="MSFT")
        world.when(elsewhere).then(an(refused, reason=RejectReason.UNKNOWN_ORDER))
    world.given(cancel())
    world.when(cancel(cl_ord_id="x2")).then(an(refused, reason=RejectReason.CHANGE_PENDING))
    world.when(amend(order_qty=600)).then(an(refused, reason=RejectReason.CHANGE_PENDING))


def test_a_resent_cancel_is_a_duplicate_before_and_after_it_took_effect() -> None:
    world = resting().given(cancel())
    duplicate = an(OrderChangeRejected, reason=RejectReason.DUPLICATE_ORDER)
    world.resend().then(duplicate)
    world.given(canceled(world)).when(cancel()).then(duplicate)


def test_a_cancel_outranks_an_amend_that_waits() -> None:
    world = resting().given(amend(order_qty=100))
    world.when(amend(cl_ord_id="a2", order_qty=200)).then(
        an(OrderChangeRejected, reason=RejectReason.CHANGE_PENDING)
    )
    world.when(cancel()).then_some(an(OrderChangePending, change=Change.CANCEL))
    world.when(canceled(world)).then_some(an(OrderCancelled, withdrawn_qty=500))


def test_a_cancel_passes_a_kill_switch_a_halt_and_a_suspension() -> None:
    world = resting().given(kill(), halt(), restriction(), Raw("orders"))
    world.when(cancel()).then_some(an(OrderChangePending, change=Change.CANCEL))


# ------------------------------------------------------------------- one answer, one id


def test_an_amend_that_waits_is_refused_when_a_cancel_outranks_it() -> None:
    world = resting().given(amend(order_qty=100))
    world.when(cancel()).then_some(
        an(OrderChangeRejected, cl_ord_id="o1a", reason=RejectReason.CHANGE_PENDING),
        an(OrderChangePending, cl_ord_id="o1x"),
    )
    world.when(canceled(world)).then_some(an(OrderCancelled, cl_ord_id="o1x"))


@pytest.mark.parametrize("order_qty", [100, 600])
def test_an_amend_that_waits_for_an_order_that_fills_is_refused_as_too_late(order_qty: int) -> None:
    world = resting().given(amend(order_qty=order_qty, limit_px=px(90)))
    assert world.order().pending is not None
    world.when(fill_report(world.child(), 500)).then_some(
        an(OrderChangeRejected, cl_ord_id="o1a", reason=RejectReason.ORDER_ENDED)
    ).then_no(OrderAmended)
    assert world.order().pending is None


def test_an_amend_that_waits_for_an_order_that_a_correction_fills_is_refused() -> None:
    world = resting()
    child = world.child()
    world.given(fill_report(child, 400), amend(order_qty=600, limit_px=px(90)))
    world.when(correction(child, 500)).then_some(
        an(OrderChangeRejected, cl_ord_id="o1a", reason=RejectReason.ORDER_ENDED)
    )
    assert world.order().pending is None


def test_an_amend_that_waits_for_an_order_that_expires_is_refused_as_too_late() -> None:
    world = resting().given(amend(order_qty=100))
    world.when(day_closed()).then_some(
        an(OrderExpired, withdrawn_qty=500),
        an(OrderChangeRejected, cl_ord_id="o1a", reason=RejectReason.ORDER_ENDED),
    )


def test_a_refused_order_is_not_judged_again_when_it_is_resent() -> None:
    world = trading(restriction())
    world.when(order()).then(an(OrderRejected, reason=RejectReason.RESTRICTED))
    world.given(restriction(restricted=False))
    duplicate = an(OrderRejected, reason=RejectReason.DUPLICATE_ORDER)
    world.when(order()).then(duplicate)
    world.when(order()).then(duplicate)
    assert "was refused before (RESTRICTED)" in world.the(OrderRejected).text
    world.when(order(source="other")).then_some(OrderAccepted)


def test_a_refused_amend_is_not_judged_again_and_a_refused_cancel_is() -> None:
    world = resting()
    world.given(amend("later", cl_ord_id="a"), cancel("later", cl_ord_id="x"))
    world.given(order("later", limit_px=BEHIND_PX))
    world.when(amend("later", cl_ord_id="a", order_qty=100)).then(
        an(OrderChangeRejected, reason=RejectReason.DUPLICATE_ORDER)
    )
    world.when(order("a")).then(an(OrderRejected, reason=RejectReason.DUPLICATE_ORDER))
    world.when(cancel("later", cl_ord_id="x")).then_some(OrderChangePending)


def test_who_was_told_to_send_again_may_use_the_id_again() -> None:
    world = trading(Raw("orders"))
    world.when(order()).then(an(OrderRejected, reason=RejectReason.SOURCE_SUSPENDED))
    world.given(lift(ControlScope.SOURCE, SOURCE))
    world.when(order()).then_some(OrderAccepted)


def test_a_resend_of_an_order_at_work_is_a_duplicate_whatever_is_forbidden_since() -> None:
    world = resting().given(kill(), halt(), restriction())
    world.when(order()).then(an(OrderRejected, reason=RejectReason.DUPLICATE_ORDER))


@pytest.mark.parametrize("name", ["source", "cl_ord_id", "client_id"])
@pytest.mark.parametrize("value", ["", "x" * 201])
def test_an_order_that_cannot_be_named_is_refused_and_not_remembered(name: str, value: str) -> None:
    world = trading()
    said: dict[str, Any] = {name: value}
    world.when(order(**said)).then(an(OrderRejected, reason=RejectReason.ID_INVALID))
    assert not world.state.refused


@pytest.mark.parametrize("name", ["source", "cl_ord_id", "orig_cl_ord_id"])
def test_a_change_that_cannot_be_named_is_refused(name: str) -> None:
    refused = an(OrderChangeRejected, reason=RejectReason.ID_INVALID)
    resting().when(cancel(**{"orig_cl_ord_id": "o1", name: "x" * 201})).then(refused)


def test_a_storm_of_refusals_is_remembered_in_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "REFUSED_IDS_MAX", 3)
    world = trading()
    world.given(*(order(f"bad{number}", -1) for number in range(10)))
    assert [cl_ord_id for _, cl_ord_id in world.state.refused] == ["bad7", "bad8", "bad9"]
    world.when(order("bad9")).then(an(OrderRejected, reason=RejectReason.DUPLICATE_ORDER))
    assert world.folded().state == world.state


def test_a_storm_of_unreadable_senders_is_remembered_in_bounds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rejected_input, "SUSPENDED_MAX", 2)
    world = trading().given(*(Raw("orders", source=f"s{number}") for number in range(9)))
    assert [name for _, name in world.state.suspended] == ["s0", "s1", ""]
    world.when(order()).then(an(OrderRejected, reason=RejectReason.SOURCE_SUSPENDED))


# ---------------------------------------------------------------------------- value


@pytest.mark.parametrize(
    "limit", [risk_limit(max_order_notional_cur=10**9), allotment(10**9)], ids=["limit", "allotted"]
)
def test_a_market_order_whose_limited_value_is_unknown_is_refused(limit: Any) -> None:  # noqa: ANN401
    world = trading(limit).given(quote(bid=0, ask=0))
    world.when(order()).then(an(OrderRejected, reason=RejectReason.NO_REFERENCE_PX))
    world.when(order("o2", limit_px=px(100))).then_some(OrderAccepted)
    world.given(trade(price=100))
    world.when(order("o3")).then_some(an(OrderAccepted, value_px=px(100)))


def test_without_a_limit_of_value_a_market_order_needs_no_price() -> None:
    world = trading(risk_limit(max_order_qty=10_000)).given(quote(bid=0, ask=0))
    world.when(order()).then_some(an(OrderAccepted, value_px=0))


def test_what_a_market_order_was_valued_at_is_what_it_spends() -> None:
    world = trading(allotment(10**6)).given(quote(bid=0))
    world.when(order()).then_some(an(OrderAccepted, arrival_mid_px=None, value_px=px(100.02)))
    assert world.state.spent_notional[(ControlScope.FIRM, "USD", "USD")] == 500 * px(100.02)


def test_a_low_limit_does_not_make_a_large_sell_look_small() -> None:
    world = trading(risk_limit(max_order_notional_cur=40_000))
    sell = order(side=Side.SELL, limit_px=px(1))
    world.when(sell).then(an(OrderRejected, reason=RejectReason.NOTIONAL_ABOVE_LIMIT))


# -------------------------------------------------------------------------------- amends


def test_a_bad_amend_is_refused_with_its_reason() -> None:
    world = resting(risk_limit(max_order_qty=1_000))
    bad: list[tuple[RejectReason, dict[str, Any]]] = [
        (RejectReason.ID_INVALID, {"cl_ord_id": ""}),
        (RejectReason.NOTHING_TO_CHANGE, {}),
        (RejectReason.NOTHING_TO_CHANGE, {"order_qty": 500, "limit_px": BEHIND_PX}),
        (RejectReason.QTY_MUST_BE_POSITIVE, {"order_qty": 0}),
        (RejectReason.QTY_OUT_OF_RANGE, {"order_qty": 2**60}),
        (RejectReason.QTY_ABOVE_LIMIT, {"order_qty": 1_001}),
        (RejectReason.LIMIT_PX_MUST_BE_POSITIVE, {"limit_px": -CENT}),
        (RejectReason.LIMIT_PX_OFF_TICK, {"limit_px": CENT + 1}),
    ]
    for number, (reason, said) in enumerate(bad):
        asked = amend(**{"cl_ord_id": f"a{number}", **said})
        world.when(asked).then(an(OrderChangeRejected, reason=reason))
    world = trading().given(order())
    world.when(amend(limit_px=CENT)).then(
        an(OrderChangeRejected, reason=RejectReason.LIMIT_PX_NOT_ALLOWED)
    )
    world.when(amend(cl_ord_id="a2", order_qty=600)).then_some(
        an(OrderAmended, order_qty=600, limit_px=None)
    )


def test_a_limit_that_was_lowered_since_allows_what_the_order_has() -> None:
    world = resting().given(risk_limit(max_order_qty=100))
    world.when(amend(order_qty=501)).then(
        an(OrderChangeRejected, reason=RejectReason.QTY_ABOVE_LIMIT)
    )
    world.when(amend(cl_ord_id="a2", order_qty=400)).then_some(OrderChangePending)


@pytest.mark.parametrize(
    ("control", "reason"),
    [
        (kill(), RejectReason.KILL_SWITCH),
        (kill(ControlScope.CLIENT, "c1"), RejectReason.KILL_SWITCH),
        (Raw("orders"), RejectReason.SOURCE_SUSPENDED),
        (restriction(), RejectReason.RESTRICTED),
        (halt(), RejectReason.INSTRUMENT_HALTED),
        (risk_limit(max_order_notional_cur=50_000), RejectReason.NOTIONAL_ABOVE_LIMIT),
        (allotment(1), RejectReason.ALLOTMENT_EXHAUSTED),
    ],
)
def test_who_amends_to_more_passes_what_a_new_order_would(
    control: Any,  # noqa: ANN401
    reason: RejectReason,
) -> None:
    world = resting().given(control)
    world.when(amend(order_qty=600)).then_some(an(OrderChangeRejected, reason=reason))
    less = amend(cl_ord_id="a2", order_qty=400)
    world.when(less).then_some(an(OrderChangePending, order_qty=400))


@pytest.mark.parametrize(("side", "limit"), [(Side.BUY, 120), (Side.SELL, 80)])
def test_a_dearer_limit_passes_the_collar(side: Side, limit: float) -> None:
    world = trading(risk_limit(collar_ppm=10_000), policy(window_ns=MINUTE))
    world.given(order(side=side, limit_px=px(100)))
    world.when(amend(limit_px=px(limit))).then(
        an(OrderChangeRejected, reason=RejectReason.LIMIT_PX_OUTSIDE_COLLAR)
    )
    world.when(amend(cl_ord_id="a2", limit_px=px(100.01))).then_some(OrderAmended)


def test_an_amend_spends_what_it_adds_and_a_cut_gives_nothing_back() -> None:
    world = trading(allotment(60_000), policy(window_ns=MINUTE)).given(order(limit_px=px(100)))
    spent = (ControlScope.FIRM, "USD", "USD")
    world.when(amend(order_qty=600)).then_some(OrderAmended)
    assert world.state.spent_notional[spent] == px(100) * 600
    world.given(amend(cl_ord_id="a2", order_qty=100))
    assert world.state.spent_notional[spent] == px(100) * 600
    world.when(amend(cl_ord_id="a3", order_qty=101)).then(
        an(OrderChangeRejected, reason=RejectReason.ALLOTMENT_EXHAUSTED)
    )


def test_an_amend_below_what_is_done_leaves_what_is_done() -> None:
    world = resting().given(fill_report_of(200))
    world.when(amend(order_qty=100)).then_some(ChildCancelRequested)
    world.when(canceled(world)).then_some(
        an(OrderAmended, previous_qty=500, order_qty=200), an(MemberAmended, change_qty=-300)
    )
    assert world.order().open_qty == 0


def fill_report_of(qty: int) -> Any:  # noqa: ANN401
    """A fill of the child that `resting` leaves; its ids do not depend on the test."""
    return fill_report(resting().child(), qty)


# ---------------------------------------------------------------------- between two days


def late_gtc() -> World:
    """A GTC order of 500 that rests in one child, in the last minute of a session."""
    world = World(now_ns=CLOSE_NS - 50 * SECOND).given(*market(), policy(router=Router.SEQUENTIAL))
    world.given(quote(received_ns=world.now_ns))
    said: dict[str, Any] = {"time_in_force": TimeInForce.GTC, "end_ns": None}
    return world.given(at_once(limit_px=BEHIND_PX, **said))


def gtc() -> World:
    """A GTC order of which 200 were filled, carried over a close."""
    world = late_gtc()
    return world.given(fill_report(world.child(), 200)).given(day_closed())


def test_a_gtc_order_is_carried_with_what_it_has() -> None:
    world = gtc()
    carried = world.the(OrderCarried)
    assert (carried.order_qty, carried.allocated_qty) == (500, 200)
    world.given(quote(received_ns=world.now_ns + 20 * HOUR), after_ns=20 * HOUR)
    world.when(day_opened(20180103, world.now_ns)).then_some(
        an(MemberJoined, order_id=world.order().order_id, member_qty=300)
    )


def test_a_day_order_expires_at_the_close() -> None:
    world = resting()
    world.when(day_closed()).then_some(
        an(ParentEnded, returned_qty=500),
        an(OrderExpired, withdrawn_qty=500, reason=WithdrawReason.DAY_CLOSED),
    )


def test_an_order_expires_at_the_end_of_its_window_gtc_or_not() -> None:
    for force in TimeInForce:
        world = trading(quote(bid=0, ask=0)).given(
            order(end_ns=NOW_NS + MINUTE, time_in_force=force)
        )
        world.when(after_ns=MINUTE).then_some(
            an(OrderExpired, withdrawn_qty=500, reason=WithdrawReason.WINDOW_ENDED)
        )


def test_a_gtc_order_waits_once_the_session_is_over() -> None:
    world = trading(quote(bid=0, ask=0)).given(order(time_in_force=TimeInForce.GTC))
    world.at(CLOSE_NS).then_some(ParentEnded).then_no(OrderExpired)
    world.when(amend(order_qty=400)).then(an(OrderChangePending), an(OrderAmended, order_qty=400))
    world.when(day_closed()).then_some(an(OrderCarried, order_qty=400))


def test_a_carried_order_is_cancelled_or_amended_at_once() -> None:
    world = gtc().given()
    world.when(amend(order_qty=450)).then(
        an(OrderChangePending, change=Change.AMEND),
        an(OrderAmended, previous_qty=500, order_qty=450),
    )
    world.when(amend(cl_ord_id="a2", order_qty=10)).then_some(an(OrderAmended, order_qty=200))
    assert world.order().open_qty == 0
    gtc().given().when(cancel()).then(
        an(OrderChangePending, change=Change.CANCEL), an(OrderCancelled, withdrawn_qty=300)
    )


def test_a_carried_order_that_was_ended_before_the_open_joins_no_parent() -> None:
    for change in (cancel(), amend(order_qty=1)):
        world = gtc().given(change).given(after_ns=20 * HOUR)
        world.when(day_opened(20180103, world.now_ns)).then(ControlApplied)


def test_a_gtc_order_whose_cancel_waits_at_the_close_is_cancelled() -> None:
    world = resting(time_in_force=TimeInForce.GTC).given(cancel())
    world.when(day_closed()).then_some(
        an(OrderCancelled, withdrawn_qty=500, reason=WithdrawReason.CLIENT)
    )
    world.then_no(OrderCarried, OrderExpired)


def test_a_carried_order_amended_on_the_next_day_finds_a_parent_at_once() -> None:
    world = gtc()
    world.given(after_ns=20 * HOUR)
    world.when(day_opened(20180103, world.now_ns), amend(order_qty=400)).then_some(
        OrderAmended, ParentOpened, an(MemberJoined, member_qty=200)
    )


# ------------------------------------------------------------- busts after a member's time


def test_what_a_bust_opens_of_a_filled_order_is_worked_again() -> None:
    world = resting()
    child = world.child()
    world.given(fill_report(child, 500))
    world.when(bust(child)).then_some(FillReallocated, BreakFlagged, OrderReopened, MemberJoined)
    assert world.order().open_qty == 500


def test_what_a_bust_opens_of_a_filled_gtc_order_past_its_end_waits_for_the_next_day() -> None:
    world = late_gtc()
    child = world.child()
    world.given(fill_report(child, 500)).given(after_ns=50 * SECOND)
    world.when(bust(child)).then_some(FillReallocated).then_no(OrderCancelled, OrderReopened)
    assert world.order().open_qty == 500


def test_an_early_release_withdrew_part_of_an_order_that_worked_on() -> None:
    world = resting()
    found = world.order()
    event = make(OrderCancelled, order_id=found.order_id, withdrawn_qty=100)
    intake.on_withdrawn(world.state, event)
    assert (found.open_qty, found.is_over) == (400, False)


def test_what_a_bust_opens_of_a_gtc_order_between_days_stays_open() -> None:
    world = late_gtc()
    child = world.child()
    world.given(fill_report(child, 200)).given(after_ns=50 * SECOND)
    world.when(canceled(world)).then_some(ParentEnded).then_no(OrderExpired)
    world.when(bust(child)).then_some(FillReallocated).then_no(OrderCancelled)
    assert world.order().open_qty == 500
    world.when(day_closed()).then_some(an(OrderCarried, order_qty=500, allocated_qty=0))


def test_a_bust_of_an_earlier_parent_leaves_a_pending_change_of_the_next() -> None:
    world = trading(policy(router=Router.SEQUENTIAL, window_ns=SECOND, join_until_ppm=0))
    world.given(at_once(limit_px=BEHIND_PX)).given(after_ns=SECOND)
    child = world.child()
    world.given(fill_report(child, 200)).given(amend(limit_px=px(98)), after_ns=1)
    world.when(canceled(world)).then_some(ParentOpened, an(MemberJoined, member_qty=300))
    world.given(after_ns=SECOND + 1).given(cancel(orig_cl_ord_id="o1a", cl_ord_id="x"))
    world.when(bust(child)).then_some(an(MemberAmended, change_qty=200, parent_qty=500))
    assert world.order().open_qty == 500
    world.when(canceled(world)).then_some(an(OrderCancelled, withdrawn_qty=500, cl_ord_id="x"))
    assert world.order().open_qty == 0


# ---------------------------------------------------------------------------- unreadable


def test_an_unreadable_order_suspends_its_source_until_it_resumes_from_the_gap() -> None:
    world = trading().given(order())
    world.when(Raw("orders")).then(
        an(InputRejected, topic="orders", source=SOURCE),
        an(SuspensionSet, scope=ControlScope.SOURCE, scope_id=SOURCE, source_number=2),
    )
    suspended = an(OrderRejected, reason=RejectReason.SOURCE_SUSPENDED)
    world.when(order("o3")).then(suspended)
    world.when(Raw("orders")).then(InputRejected)
    world.when(order("other", source="other")).then_some(OrderAccepted)
    world.when(cancel()).then_some(OrderChangePending)
    again = encoded(order("o2"), number=2)
    world.when(again).then_some(an(SuspensionEnded, scope_id=SOURCE), OrderAccepted)
    world.when(order("o3")).then_some(OrderAccepted)


def encoded(one: Any, **said: Any) -> Raw:  # noqa: ANN401
    """A good record under a number of one's own."""
    return Raw("orders", codec.encode(one), **said)


def test_a_record_that_cannot_be_read_and_names_no_sender_suspends_nobody() -> None:
    world = trading().when(Raw("orders", source=None))
    world.then(an(InputRejected, reason=InputReason.UNATTRIBUTED, source=""))
    world.when(order()).then_some(OrderAccepted)


def test_an_unreadable_report_stops_routes_to_its_venue_until_the_session_is_confirmed() -> None:
    world = trading(Raw("venue-reports", source=LIT))
    routed = world.when(at_once()).the(ChildRouted)
    assert routed.venue == OTHER_LIT
    assert [x.reason for x in routed.rejected_by_reason] == [RouteReason.SUSPENDED]
    world.when(session(LIT, up=False)).then()
    world.when(session(OTHER_LIT)).then()
    world.when(session(LIT)).then_some(an(SuspensionEnded, scope=ControlScope.VENUE))


def test_an_unreadable_control_stops_all_routes() -> None:
    world = trading(Raw("controls", key=None))
    world.when(at_once()).then_some(RouteDeferred)
    world.when(lift(ControlScope.CONTROLS, "")).then_some(ControlApplied)
    assert world.children()


def test_an_unreadable_quote_takes_the_venues_quotes_away() -> None:
    world = trading(quote(OTHER_LIT))
    world.when(Raw("market-data", source=LIT)).then(an(InputRejected, source=LIT))
    assert list(world.book().quotes) == [OTHER_LIT]
    world.given(Raw("market-data", source=None))
    assert list(world.book().quotes) == [OTHER_LIT], "a stranger takes nothing away"


def test_unreadable_reference_data_is_recorded() -> None:
    trading().when(Raw("reference", key=None)).then(an(InputRejected, topic="reference"))


def test_a_record_in_the_wrong_place_is_refused_and_suspends_no_source() -> None:
    world = World(partitions=8, number=0).given(*(x for x in market() if x != quote()))
    world.when(order()).then(an(InputRejected, reason=InputReason.WRONG_PARTITION))
    world.when(quote()).then(an(InputRejected, reason=InputReason.WRONG_PARTITION))
    world = trading()
    world.when(encoded(order(), key=b"ELSE")).then(an(InputRejected, reason=InputReason.WRONG_KEY))
    assert not world.state.suspended


def test_an_input_that_raised_halts_its_instrument() -> None:
    world = resting()
    position = world.shard.resume("orders").position
    world.when(order("o2"), faulted=[f"orders:{position}"]).then_some(
        an(InputRejected, reason=InputReason.FAULT),
        an(InstrumentHalted, instrument_id=INSTRUMENT),
        ChildCancelRequested,
    )
    world.when(order("o3")).then(an(OrderRejected, reason=RejectReason.INSTRUMENT_HALTED))
    world.when(lift()).then_some(ControlApplied)
    world.when(order("o4")).then_some(OrderAccepted)


def test_a_control_that_raised_may_have_been_a_kill_switch() -> None:
    world = trading()
    position = world.shard.resume("controls").position
    world.when(kill(), faulted=[f"controls:{position}"]).then(
        an(InputRejected, reason=InputReason.FAULT),
        an(SuspensionSet, scope=ControlScope.CONTROLS),
    )


def test_deciding_leaves_the_state_as_it_found_it() -> None:
    scene: Scene = given(*market())
    scene.when(intake.decide_submitted, order()).then(OrderAccepted)
    found = make(RejectedInput, topic="orders", reason=InputReason.UNREADABLE)
    scene.when(rejected_input.decide_rejected, found).then(InputRejected, SuspensionSet)
