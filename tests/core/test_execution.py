"""What venues report on our children, in whatever order it comes, and what is booked of it."""

from typing import Any

import pytest
from world import (
    CENT,
    DAY,
    LIT,
    OTHER_LIT,
    World,
    amend,
    an,
    at_once,
    bust,
    cancel,
    cancel_rejected,
    correction,
    dark_venue,
    fees,
    fill_report,
    not_sent,
    policy,
    px,
    quote,
    report,
    send_started,
    trading,
)

from engine.core.events import (
    BreakFlagged,
    BreakReason,
    CancelFailed,
    ChildAcknowledged,
    ChildCancelRequested,
    ChildClosed,
    ChildFateUnknown,
    ChildRouted,
    ChildTimeInForce,
    CloseReason,
    ExecType,
    FillAllocated,
    FillBooked,
    FillBusted,
    FillCorrected,
    FillReallocated,
    Liquidity,
    OrderCancelled,
    ParentEnded,
    Router,
    ScheduleRecalibrated,
    Side,
    SliceReleased,
)

LIMIT_PX = px(99.95)
CLOSING = {
    ExecType.CANCELED: CloseReason.CANCELED,
    ExecType.EXPIRED: CloseReason.EXPIRED,
    ExecType.REJECTED: CloseReason.REJECTED,
    ExecType.DONE_FOR_DAY: CloseReason.DONE_FOR_DAY,
}


def resting(*more: Any, order_qty: int = 500, router: Router = Router.SEQUENTIAL) -> World:  # noqa: ANN401
    """One order, all of it out and resting at 99.95."""
    world = trading(policy(router=router), *more)
    return world.given(at_once(order_qty=order_qty, limit_px=LIMIT_PX))


def canceled(world: World, **said: Any) -> Any:  # noqa: ANN401
    return report(world.child(), ExecType.CANCELED, **said)


def exposure(world: World) -> int:
    """What the parent has out, which is what its live children have open."""
    parent = world.parent()
    assert parent.exposure_qty == sum(child.leaves_qty for child in parent.children.values())
    return parent.exposure_qty


# --------------------------------------------------------------------------- the usual way


def test_a_routed_child_is_exposure_from_its_route_on() -> None:
    world = resting()
    assert exposure(world) == 500
    child = world.child()
    world.when(send_started(child)).then()
    assert world.book().own[LIT] == {child.child_id: child}


def test_an_acknowledgement_is_noted_once() -> None:
    world = resting()
    child = world.child()
    world.when(report(child)).then(an(ChildAcknowledged, child_id=child.child_id))
    world.when(report(child, exec_id="again")).then()
    world.resend().then()


def test_a_partial_fill_is_booked_and_the_rest_stays_out() -> None:
    world = resting(fees(LIT, taker=3_000_000, maker=-2_000_000))
    child = world.child()
    said: dict[str, Any] = {"last_px": px(99.94), "liquidity": Liquidity.ADDED, "transact_ns": 5}
    world.when(fill_report(child, 200, **said)).then_some(
        an(
            FillBooked,
            exec_id="E1",
            session_day=DAY,
            last_qty=200,
            last_px=px(99.94),
            cum_qty=200,
            leaves_qty=300,
            overfill_qty=0,
            liquidity=Liquidity.ADDED,
            fee_px=-2_000_000,
            mid_px=px(100.01),
            late=False,
            transact_ns=5,
        ),
        FillAllocated,
        ScheduleRecalibrated,
    )
    assert exposure(world) == 300
    assert child.is_acknowledged
    assert (world.book().own_filled_qty, world.book().own_notional) == (200, px(99.94) * 200)


def test_a_full_fill_ends_the_child_and_teaches_of_its_venue() -> None:
    world = resting(fees(LIT, maker=-2_000_000))
    child = world.child()
    world.given(fill_report(child, 500, liquidity=Liquidity.ADDED), after_ns=7)
    assert not child.is_live
    assert not world.book().own[LIT]
    assert world.state.scorecards[LIT].samples == 1
    assert child.first_fill_ns - child.routed_ns == 7
    assert child.cost_millibps_qty == -6_199 * 500  # 6.2 cents below the mid of 100.01.


def test_a_sell_pays_its_fee_from_the_price() -> None:
    world = trading(fees(LIT, taker=CENT), policy(router=Router.SEQUENTIAL))
    world.given(at_once(side=Side.SELL))
    child = world.child()
    world.given(fill_report(child, 500, last_px=px(100.01)))
    assert child.cost_millibps_qty == 1_000 * 500


def test_without_a_market_a_fill_has_no_cost() -> None:
    world = resting()
    world.given(quote(bid=0, ask=0))
    child = world.child()
    world.when(fill_report(child, 500)).then_some(an(FillBooked, mid_px=None))
    assert child.cost_millibps_qty == 0


def test_a_partial_fills_remainder_is_routed_again() -> None:
    world = resting()
    child = world.child()
    world.given(fill_report(child, 200))
    world.when(canceled(world)).then_some(
        an(ChildClosed, returned_qty=300, unsolicited=True),
        an(SliceReleased, slice_qty=300),
        an(ChildRouted, child_qty=300),
    )
    assert exposure(world) == 300


# ------------------------------------------------------------------------------ endings


@pytest.mark.parametrize("kind", list(CLOSING))
def test_what_ends_a_child_returns_its_quantity_once(kind: ExecType) -> None:
    world = resting()
    child = world.child()
    world.when(report(child, kind, text="why")).then_some(
        an(ChildClosed, reason=CLOSING[kind], returned_qty=500, unsolicited=True, text="why")
    )
    assert child.child_id not in world.state.parents[child.terms.parent_id].children
    for again in CLOSING:
        world.when(report(child, again, "other")).then()
    # The next child; a venue that refuses is not asked again before the next schedule point.
    assert exposure(world) == (0 if kind is ExecType.REJECTED else 500)


def test_a_cancel_that_was_asked_for_is_not_unsolicited() -> None:
    world = resting().given(cancel())
    world.when(canceled(world)).then_some(an(ChildClosed, unsolicited=False), OrderCancelled)
    world = resting().given(cancel())
    world.when(report(world.child(), ExecType.EXPIRED)).then_some(an(ChildClosed, unsolicited=True))


def test_an_unfilled_ioc_waits_for_the_next_schedule_point() -> None:
    world = trading(policy(router=Router.SEQUENTIAL)).given(at_once())
    child = world.child()
    assert child.terms.time_in_force is ChildTimeInForce.IOC
    world.when(canceled(world)).then_some(an(ChildClosed, unsolicited=False))
    world.then_no(SliceReleased)


def test_a_filled_ioc_asks_for_the_next_slice_at_once() -> None:
    world = trading(policy(router=Router.SEQUENTIAL)).given(at_once())
    world.given(fill_report(world.child(), 100))
    world.when(canceled(world)).then_some(an(ChildClosed, returned_qty=400), SliceReleased)


def test_a_child_that_was_never_sent_returns() -> None:
    world = resting()
    child = world.child()
    world.when(not_sent(child, text="too late")).then_some(
        an(ChildClosed, reason=CloseReason.NOT_SENT, returned_qty=500, text="too late")
    )
    world.resend().then()
    world.when(not_sent(child, child_id="nobody")).then()


# -------------------------------------------------------------------------------- races


def test_a_fill_during_a_cancel_is_booked_and_late() -> None:
    world = resting().given(cancel())
    world.when(fill_report(world.child(), 200)).then_some(
        an(FillBooked, late=True, leaves_qty=300), FillAllocated
    )
    world.when(canceled(world)).then_some(an(OrderCancelled, withdrawn_qty=300))


def test_a_fill_after_the_end_is_booked_and_the_members_own_while_they_want_it() -> None:
    world = resting(order_qty=500)
    child = world.child()
    world.given(amend(order_qty=400))
    world.given(canceled(world))
    late = world.children()[0]
    world.given(report(late, ExecType.REJECTED))
    world.when(fill_report(child, 100)).then_some(an(FillBooked, late=True, overfill_qty=0))
    assert world.order().allocated_qty == 100


def test_a_late_fill_of_what_was_sent_again_is_a_break_and_is_called_back() -> None:
    world = resting()
    child = world.child()
    world.given(canceled(world))
    assert exposure(world) == 500
    world.when(fill_report(child, 200)).then_some(
        an(FillBooked, late=True, overfill_qty=0, leaves_qty=0),
        an(BreakFlagged, reason=BreakReason.VENUE_OVERFILL, break_qty=200),
        an(FillAllocated, error_qty=0),
        ChildCancelRequested,
    )
    world.when(fill_report(world.child(), 500, "E2")).then_some(
        an(FillBooked, overfill_qty=0),
        an(FillAllocated, error_qty=200),
    )
    world.then_no(BreakFlagged)  # The 200 were flagged when they came.


def test_an_overfill_is_booked_flagged_and_held() -> None:
    world = resting()
    child = world.child()
    world.given(fill_report(child, 300))
    world.when(fill_report(child, 250, "E2")).then_some(
        an(FillBooked, cum_qty=550, leaves_qty=0, overfill_qty=50),
        an(BreakFlagged, reason=BreakReason.VENUE_OVERFILL, break_qty=50, exec_id="E2"),
        an(FillAllocated, error_qty=50),
        ParentEnded,
    )
    world.when(fill_report(child, 10, "E3")).then_some(
        an(FillBooked, overfill_qty=10), an(BreakFlagged, break_qty=10)
    )


def test_an_overfill_that_others_want_is_theirs_and_still_a_break() -> None:
    world = trading(policy(router=Router.SEQUENTIAL)).given(
        at_once(order_qty=100, limit_px=LIMIT_PX)
    )
    child = world.child()
    world.given(quote(bid=0, ask=0)).given(at_once("o2", 100, limit_px=LIMIT_PX))
    assert world.parent().pool_qty == 100
    world.when(fill_report(child, 150)).then_some(
        an(FillBooked, overfill_qty=50),
        an(BreakFlagged, reason=BreakReason.VENUE_OVERFILL, break_qty=50),
        an(FillAllocated, error_qty=0),
    )


def test_after_a_bust_a_child_has_no_more_open_than_before() -> None:
    world = resting()
    child = world.child()
    world.given(fill_report(child, 200)).given(bust(child))
    assert (child.leaves_qty, exposure(world)) == (300, 500)  # The rest was sent again.
    world.when(fill_report(child, 400, "E2")).then_some(an(FillBooked, overfill_qty=100))


def test_a_refused_cancel_leaves_the_child_at_work_and_may_be_asked_again() -> None:
    world = resting()
    child = world.child()
    world.when(cancel_rejected(child)).then()
    world.given(cancel())
    world.when(cancel_rejected(child, text="too late")).then(an(CancelFailed, text="too late"))
    assert not child.is_cancelling
    world.when(fill_report(child, 100)).then_some(ChildCancelRequested)
    world.given(canceled(world))
    world.when(cancel_rejected(child)).then()
    world.when(cancel_rejected(child, child_id="nobody")).then()


def test_another_venue_speaks_for_nobody() -> None:
    world = resting().given(cancel())
    child = world.child()
    world.when(not_sent(child, venue=OTHER_LIT)).then()
    world.when(cancel_rejected(child, venue=OTHER_LIT)).then()
    unknown = an(BreakFlagged, reason=BreakReason.UNKNOWN_CHILD)
    world.when(fill_report(child, 100, venue=OTHER_LIT)).then(unknown)
    assert exposure(world) == 500


# ------------------------------------------------------------------------- unknown fates


def test_a_child_with_an_unknown_fate_is_exposure_until_its_venue_answers() -> None:
    world = resting()
    child = world.child()
    world.when(report(child, ExecType.UNKNOWN, text="no answer")).then(
        an(ChildFateUnknown, text="no answer")
    )
    world.when(report(child, ExecType.UNKNOWN, "U2")).then()
    assert (exposure(world), child.is_unknown) == (500, True)
    world.when(fill_report(child, 100)).then_some(an(FillBooked, leaves_qty=400))
    assert (exposure(world), child.is_unknown) == (400, False)


def test_an_answer_makes_a_fate_known_even_of_a_child_that_was_acknowledged() -> None:
    world = resting()
    child = world.child()
    world.given(report(child)).given(report(child, ExecType.UNKNOWN))
    world.when(report(child, exec_id="N2")).then(ChildAcknowledged)
    assert not child.is_unknown


def test_of_a_child_that_ended_nothing_is_unknown() -> None:
    world = resting()
    child = world.child()
    world.given(fill_report(child, 500))
    world.when(report(child, ExecType.UNKNOWN)).then()


# ------------------------------------------------------------------------------- resends


def test_a_resent_report_changes_nothing() -> None:
    world = resting()
    child = world.child()
    for one in (
        report(child),
        fill_report(child, 100),
        fill_report(child, 50, "E2"),
        correction(child, 60),
        bust(child, "E2"),
        fill_report(child, 0, "bad"),
        report(child, ExecType.OTHER),
        fill_report(child, 7, "lost", child_id="nobody"),
        bust(child, "unheard"),
        correction(child, -1, exec_id="bad c"),
        cancel_rejected(child),
        report(child, ExecType.CANCELED),
    ):
        world.given(one)
        before = repr((world.state.parents, world.state.orders, world.state.breaks))
        world.resend().then()
        assert repr((world.state.parents, world.state.orders, world.state.breaks)) == before


def test_the_same_id_is_another_report_on_another_day_or_venue_or_of_another_type() -> None:
    world = resting()
    child = world.child()
    world.given(fill_report(child, 100, "E1"))
    world.when(fill_report(child, 100, "E1", session_day=DAY + 1)).then_some(FillBooked)
    world.when(bust(child, "E1", exec_id="E1")).then_some(FillBusted)
    world.when(fill_report(child, 100, "E1")).then()


# --------------------------------------------------------------------- what does not agree


@pytest.mark.parametrize(
    "said", [{"last_qty": 0}, {"last_qty": -1}, {"last_qty": 2**60}, {"last_px": 0}]
)
def test_a_trade_that_makes_no_sense_is_a_break(said: dict[str, Any]) -> None:
    world = resting()
    bad = fill_report(world.child(), **{"last_qty": 100, **said})
    world.when(bad).then(an(BreakFlagged, reason=BreakReason.INVALID_REPORT))
    good = correction(world.child(), **{"last_qty": 100, **said})
    world.given(fill_report(world.child(), 100))
    world.when(good).then(an(BreakFlagged, reason=BreakReason.CORRECTION_REFUSED))


def test_a_type_that_is_not_known_is_a_break() -> None:
    world = resting()
    world.when(report(world.child(), ExecType.OTHER)).then(
        an(BreakFlagged, reason=BreakReason.INVALID_REPORT)
    )


def test_a_fill_of_a_child_that_we_do_not_know_is_a_break() -> None:
    world = resting()
    world.when(fill_report(world.child(), 70, child_id="0-999")).then(
        an(
            BreakFlagged,
            reason=BreakReason.UNKNOWN_CHILD,
            child_id="0-999",
            break_qty=70,
            break_px=LIMIT_PX,
        )
    )
    assert world.state.fills == {}


@pytest.mark.parametrize(("side", "limit", "bad"), [("BUY", 99.95, 99.96), ("SELL", 100.1, 100.0)])
def test_a_price_through_the_limit_is_booked_and_a_break(
    side: str, limit: float, bad: float
) -> None:
    world = trading(policy(router=Router.SEQUENTIAL))
    world.given(at_once(side=Side(side), limit_px=px(limit)))
    child = world.child()
    through = an(BreakFlagged, reason=BreakReason.PX_THROUGH_LIMIT, break_px=px(bad))
    world.when(fill_report(child, 100, last_px=px(bad))).then_some(FillBooked, through)
    world.given(fill_report(child, 100, "E2"))
    world.when(correction(child, 100, "E2", last_px=px(bad))).then_some(FillCorrected, through)


def test_a_bust_or_correction_of_nothing_that_stands_is_a_break() -> None:
    world = resting()
    child = world.child()
    unknown = an(BreakFlagged, reason=BreakReason.UNKNOWN_EXECUTION)
    world.when(bust(child, "E9")).then(unknown)
    world.when(correction(child, 10, "E9")).then(unknown)
    world.when(report(child, ExecType.TRADE_CANCEL, "b")).then(unknown)
    world.given(fill_report(child, 100)).given(canceled(world))
    world.when(bust(world.child(), "E1", exec_id="b2")).then(unknown)  # Of another child.


def test_a_bust_that_overtook_its_fill_is_booked_when_it_is_sent_again() -> None:
    world = resting()
    child = world.child()
    world.given(bust(child)).given(fill_report(child, 100))
    world.when(bust(child)).then_some(FillBusted, FillReallocated)


# --------------------------------------------------------------------------- corrections


def test_a_correction_upwards_is_less_open_at_the_venue() -> None:
    world = resting()
    child = world.child()
    world.given(fill_report(child, 200))
    world.when(correction(child, 300)).then_some(FillCorrected).then_no(BreakFlagged)
    assert (exposure(world), child.leaves_qty, child.filled_qty) == (200, 200, 300)
    world.when(fill_report(child, 200, "E2")).then_some(
        an(FillBooked, leaves_qty=0, overfill_qty=0), ParentEnded
    )


def test_a_correction_that_fills_all_that_was_open_ends_the_child() -> None:
    world = resting()
    child = world.child()
    world.given(fill_report(child, 200))
    world.when(correction(child, 500)).then_some(
        FillCorrected, an(ChildClosed, reason=CloseReason.OTHER, returned_qty=0), ParentEnded
    )
    assert not child.is_live


def test_a_correction_beyond_what_was_sent_is_a_break() -> None:
    world = resting()
    child = world.child()
    world.given(fill_report(child, 200))
    world.when(correction(child, 540)).then_some(
        an(BreakFlagged, reason=BreakReason.VENUE_OVERFILL, break_qty=40),
        an(FillReallocated, error_qty=40),
    )


def test_a_correction_of_a_child_that_ended_may_call_back_what_was_sent_again() -> None:
    world = resting()
    child = world.child()
    world.given(fill_report(child, 200)).given(canceled(world))
    world.when(correction(child, 250)).then_some(
        an(BreakFlagged, reason=BreakReason.VENUE_OVERFILL, break_qty=50), ChildCancelRequested
    )


def test_a_correction_downwards_opens_the_members_and_not_the_child() -> None:
    world = resting()
    child = world.child()
    world.given(fill_report(child, 200))
    world.when(correction(child, 150)).then_some(FillCorrected, SliceReleased)
    assert child.leaves_qty == 300
    assert exposure(world) == 350


def test_a_midpoint_fill_pays_the_midpoint_fee() -> None:
    seeking = policy(router=Router.LIQUIDITY_SEEKING)
    world = trading(seeking, dark_venue(), fees("DP", midpoint=4)).given(at_once(order_qty=400))
    child = next(child for child in world.children() if child.terms.venue == "DP")
    world.when(fill_report(child, 100, liquidity=Liquidity.MIDPOINT)).then_some(
        an(FillBooked, fee_px=4)
    )
