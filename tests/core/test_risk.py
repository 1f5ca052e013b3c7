"""Kill switches, limits, halts and suspensions, and the receipt of every control."""

from typing import Any

import pytest
from world import (
    HOUR,
    INSTRUMENT,
    LIT,
    MINUTE,
    OTHER_LIT,
    Raw,
    allotment,
    amend,
    an,
    at_once,
    cancel,
    event,
    fill_report,
    given,
    halt,
    kill,
    lift,
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
    trading,
)

from engine.core.controls import rejected_input, risk, stops
from engine.core.events import (
    CancelReason,
    ChildCancelRequested,
    ChildRouted,
    Claim,
    ControlApplied,
    ControlScope,
    ExecType,
    FillAllocated,
    HaltReason,
    InstrumentHalted,
    LeaveReason,
    MemberAmended,
    MemberLeft,
    OrderAccepted,
    OrderAmended,
    OrderCancelled,
    OrderExpired,
    OrderRejected,
    ParentReleased,
    RejectReason,
    Router,
    Side,
    SliceReleased,
    SuspensionEnded,
    SuspensionSet,
    TrancheOpened,
)
from engine.core.parents import membership


@pytest.mark.parametrize(
    ("control", "scope", "scope_id"),
    [
        (kill(), ControlScope.FIRM, ""),
        (kill(ControlScope.VENUE, LIT, engaged=False), ControlScope.VENUE, LIT),
        (risk_limit(ControlScope.CLIENT, "c1"), ControlScope.CLIENT, "c1"),
        (allotment(5), ControlScope.FIRM, "USD"),
        (allotment(5, shard=3), ControlScope.FIRM, "USD"),
        (mandate("c7"), ControlScope.CLIENT, "c7"),
        (policy(policy_id="p2"), ControlScope.FIRM, "p2"),
        (restriction(), ControlScope.INSTRUMENT, INSTRUMENT),
        (restriction(restricted=False), ControlScope.INSTRUMENT, INSTRUMENT),
        (lift(ControlScope.SOURCE, "oms"), ControlScope.SOURCE, "oms"),
    ],
)
def test_every_control_is_answered_with_a_receipt(
    control: Any,  # noqa: ANN401
    scope: ControlScope,
    scope_id: str,
) -> None:
    name = type(control).__name__
    trading().when(control).then(
        an(ControlApplied, control=name, scope=scope, scope_id=scope_id, cause="controls:6")
    )


def test_a_halt_is_an_event_of_its_own() -> None:
    given(*market()).when(risk.decide_halt, halt()).then(
        an(InstrumentHalted, instrument_id=INSTRUMENT, reason=HaltReason.OPERATOR),
        an(ControlApplied, control="InstrumentHaltSet"),
    )


@pytest.mark.parametrize(
    ("scope", "scope_id", "client", "instrument", "venue"),
    [
        (ControlScope.FIRM, "", True, True, True),
        (ControlScope.CLIENT, "c1", True, False, False),
        (ControlScope.INSTRUMENT, INSTRUMENT, False, True, False),
        (ControlScope.VENUE, LIT, False, False, True),
        (ControlScope.CLIENT, "c2", False, False, False),
        (ControlScope.SOURCE, "", False, False, False),
    ],
)
def test_a_kill_switch_stops_its_scope_alone(
    scope: ControlScope, scope_id: str, *, client: bool, instrument: bool, venue: bool
) -> None:
    state = given(kill(scope, scope_id)).state
    assert risk.is_killed(state, client_id="c1") is client
    assert risk.is_killed(state, instrument_id=INSTRUMENT) is instrument
    assert risk.is_killed(state, venue=LIT) is venue
    assert not risk.is_killed(
        given(kill(scope, scope_id), kill(scope, scope_id, engaged=False)).state
    )


RESTING_TWO = (
    at_once("o1", 400, limit_px=px(99.95)),
    at_once("o2", 600, limit_px=px(99.95), client_id="c2"),
)
WORKING = (policy(router=Router.SEQUENTIAL), at_once(limit_px=px(99.95)))


@pytest.mark.parametrize(
    ("control", "release", "reason"),
    [
        (kill(), kill(engaged=False), CancelReason.KILL_SWITCH),
        (
            kill(ControlScope.INSTRUMENT, INSTRUMENT),
            kill(ControlScope.INSTRUMENT, INSTRUMENT, engaged=False),
            CancelReason.KILL_SWITCH,
        ),
        (
            kill(ControlScope.CLIENT, "c1"),
            kill(ControlScope.CLIENT, "c1", engaged=False),
            CancelReason.KILL_SWITCH,
        ),
        (halt(), lift(), CancelReason.HALT),
    ],
)
def test_live_children_are_cancelled_and_routed_again_when_it_is_lifted(
    control: Any,  # noqa: ANN401
    release: Any,  # noqa: ANN401
    reason: CancelReason,
) -> None:
    world = trading(*WORKING)
    world.when(control).then_some(an(ChildCancelRequested, reason=reason))
    world.when(report(world.child(), ExecType.CANCELED)).then_no(SliceReleased, ChildRouted)
    world.when(release).then_some(SliceReleased, ChildRouted)


def test_the_children_at_a_killed_venue_are_cancelled_and_routed_to_another() -> None:
    world = trading(*WORKING)
    world.when(kill(ControlScope.VENUE, LIT)).then_some(
        an(ChildCancelRequested, venue=LIT, reason=CancelReason.KILL_SWITCH)
    )
    world.when(report(world.child(), ExecType.CANCELED)).then_some(an(ChildRouted, venue=OTHER_LIT))


def test_the_kill_switch_of_one_client_leaves_the_others_working() -> None:
    world = trading(policy(router=Router.SEQUENTIAL), kill(ControlScope.CLIENT, "c2"))
    world.when(at_once()).then_some(ChildRouted)
    world.when(at_once("o2", client_id="c2")).then(
        an(OrderRejected, reason=RejectReason.KILL_SWITCH)
    )


def test_a_parent_of_killed_clients_alone_does_not_close_its_window() -> None:
    world = trading(policy(window_ns=MINUTE), order("o1")).given(kill(ControlScope.CLIENT, "c1"))
    world.given(quote(received_ns=world.now_ns + MINUTE), after_ns=MINUTE)
    assert not world.parent("o1").is_released
    world.when(kill(ControlScope.CLIENT, "c1", engaged=False)).then_some(ParentReleased)


def test_a_tranche_with_a_killed_client_neither_crosses_nor_routes() -> None:
    world = trading(policy(window_ns=MINUTE), order("o1")).given(kill(ControlScope.CLIENT, "c1"))
    world.when(order("o2", client_id="c2")).then_some(OrderAccepted)
    assert world.tranche("o1") is not world.tranche("o2")
    assert world.parent("o1") is world.parent("o2")
    world.given(quote(received_ns=world.now_ns + MINUTE), after_ns=MINUTE)
    assert world.parent("o2").is_released
    assert world.tranche("o1").exposure_qty == 0
    sell = order("s", side=Side.SELL, client_id="c3")
    world.given(sell).when(quote(received_ns=world.now_ns + MINUTE), after_ns=MINUTE)
    assert world.order("o1").crossed_qty == 0
    assert world.order("s").crossed_qty == 500
    lifted = kill(ControlScope.CLIENT, "c1", engaged=False)
    world.given(lifted, quote(received_ns=world.now_ns + HOUR), after_ns=HOUR)
    assert world.tranche("o1").exposure_qty > 0


ALONE: dict[str, Any] = {"crossing_consent": False}
TWO = (order("o1", 400), order("o2", 600, client_id="c2"))
KILL_C1 = kill(ControlScope.CLIENT, "c1")
LIFT_C1 = kill(ControlScope.CLIENT, "c1", engaged=False)


def test_a_stopped_client_leaves_the_others_at_once_where_no_child_covers_it() -> None:
    world = trading(policy(window_ns=MINUTE), *TWO)
    both = world.tranche("o1")

    world.when(KILL_C1).then_some(
        an(MemberLeft, left_qty=400, parent_qty=600, reason=LeaveReason.KILL_SWITCH),
        TrancheOpened,
    )
    alone = world.tranche("o1")
    assert alone is not both is world.tranche("o2")
    assert both.open_qty == 600
    world.given(after_ns=MINUTE).given(quote(received_ns=world.now_ns + HOUR), after_ns=HOUR)
    assert both.exposure_qty > alone.exposure_qty == 0

    world.when(LIFT_C1, after_ns=1).then_some(
        an(ChildRouted, claims=(Claim(tranche=1, claim_qty=100),))
    )


def test_the_children_that_cover_a_stopped_client_are_cancelled_before_it_leaves() -> None:
    world = trading(policy(router=Router.SEQUENTIAL), *RESTING_TWO)
    both, child = world.parent("o1"), world.child()
    assert both is world.parent("o2")
    assert both.pool_qty < 400

    world.when(KILL_C1).then_some(
        an(ChildCancelRequested, reason=CancelReason.KILL_SWITCH)
    ).then_no(MemberLeft)
    late = fill_report(child, 100)
    world.when(late).then_some(FillAllocated).then_no(MemberLeft)
    assert world.order("o1").allocated_qty == 40  # It was a member when the venue filled it.

    world.when(report(child, ExecType.CANCELED)).then_some(
        an(MemberLeft, left_qty=360, reason=LeaveReason.KILL_SWITCH),
        TrancheOpened,
        an(ChildRouted, parent_id=both.parent_id, child_qty=540),
    )
    world.when(LIFT_C1, after_ns=1).then_some(an(ChildRouted, child_qty=360))


def test_however_many_a_switch_stops_they_leave_in_one_step() -> None:
    mine = [order(f"o{n}", 100, limit_px=px(100 + n % 10 / 100)) for n in range(40)]
    theirs = [order(f"p{n}", 100, limit_px=px(100.01), client_id="c2") for n in range(2)]
    world = trading(policy(window_ns=MINUTE), *mine[:20], *theirs, *mine[20:])
    parent = world.parent("p0")
    world.state.controls.killed[(ControlScope.CLIENT, "c1")] = ""

    found = membership.remove_stopped_members(world.state, parent, world.now_ns)

    left = [event for event in found if isinstance(event, MemberLeft)]
    assert len(left) == len(found) == 40
    assert [event.parent_qty for event in left] == [*range(4_100, 100, -100)]
    assert [event.epoch - parent.epoch for event in left] == [*range(1, 41)]
    assert [event.parent_limit_px for event in left] == [px(100)] * 30 + [px(100.01)] * 10
    assert parent.limit_px == px(100)
    assert not membership.remove_stopped_members(world.state, parent, parent.terms.end_ns)


def test_a_stopped_member_without_open_quantity_stops_no_parent() -> None:
    consents = order("o1", 400)
    world = trading(policy(window_ns=MINUTE), consents, order("o2", 600, client_id="c2", **ALONE))
    sell = order("s", 400, side=Side.SELL, client_id="c3")
    world.given(sell).given(quote(received_ns=world.now_ns + MINUTE), after_ns=MINUTE)
    assert (world.order("o1").open_qty, world.order("o2").open_qty) == (0, 600)

    world.given(KILL_C1).when(quote(received_ns=world.now_ns + MINUTE), after_ns=MINUTE)

    assert stops.may_trade(world.state, world.parent("o2"))
    assert world.parent("o1") is world.parent("o2")


def test_two_stopped_clients_wait_together_and_part_when_one_may_go_on() -> None:
    world = trading(policy(window_ns=MINUTE), *TWO, order("o3", 100, client_id="c3"))
    world.given(KILL_C1, kill(ControlScope.CLIENT, "c2"))
    assert world.tranche("o1") is world.tranche("o2") is not world.tranche("o3")

    world.when(LIFT_C1).then_some(an(MemberLeft, order_id=world.order("o2").order_id))

    assert world.tranche("o1") is not world.tranche("o2")
    world.given(after_ns=MINUTE).given(quote(received_ns=world.now_ns + HOUR), after_ns=HOUR)
    assert world.tranche("o1").exposure_qty > world.tranche("o2").exposure_qty == 0


def test_a_stopped_client_may_cancel_and_its_orders_end_with_their_time() -> None:
    world = trading(policy(window_ns=MINUTE), *TWO, order("o3", 100))
    world.given(KILL_C1)
    world.when(cancel("o1")).then_some(an(OrderCancelled, withdrawn_qty=400))
    world.when(after_ns=HOUR * 7).then_some(
        an(OrderExpired, order_id=world.order("o3").order_id, withdrawn_qty=100)
    )


def test_an_amend_that_waits_for_its_children_goes_before_the_kill_switch() -> None:
    world = trading(policy(router=Router.SEQUENTIAL), *RESTING_TWO)
    world.given(amend("o1", order_qty=300), KILL_C1)
    world.when(report(world.child(), ExecType.CANCELED)).then_some(
        an(OrderAmended, order_qty=300), MemberAmended, an(MemberLeft, left_qty=300)
    )


def test_the_firms_kill_switch_separates_no_members() -> None:
    world = trading(policy(window_ns=MINUTE), *TWO)
    world.when(kill()).then_no(MemberLeft)


def test_a_restriction_refuses_new_orders() -> None:
    world = trading().given(restriction())
    world.when(order("o2")).then(an(OrderRejected, reason=RejectReason.RESTRICTED))


def test_a_source_resumes_with_the_number_that_was_missing_and_no_other() -> None:
    state = given(
        event(SuspensionSet, scope=ControlScope.SOURCE, scope_id="a", source_number=3),
        event(SuspensionSet, scope=ControlScope.SOURCE, scope_id="b", source_number=-1),
    ).state
    assert risk.resume_source(state, "a", 4) == ()
    assert risk.resume_source(state, "b", -1) == ()
    assert risk.resume_source(state, "c", 3) == ()
    assert [type(x) for x in risk.resume_source(state, "a", 3)] == [SuspensionEnded]


def test_too_many_senders_suspend_everybody_of_their_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rejected_input, "SUSPENDED_MAX", 0)
    world = trading(Raw("venue-reports", source="V9"), Raw("orders", source="S9"))
    assert risk.is_venue_suspended(world.state, LIT)
    assert risk.is_source_suspended(world.state, "anybody")
    world.when(session(LIT)).then()
    world.given(lift(ControlScope.VENUE, ""), lift(ControlScope.SOURCE, ""))
    assert not risk.is_venue_suspended(world.state, LIT)
    assert not risk.is_source_suspended(world.state, "anybody")
