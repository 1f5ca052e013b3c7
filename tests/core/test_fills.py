"""Fills, busts and corrections, in whatever order they arrive."""

from typing import Any

import pytest
from reported import LIMIT_PX, canceled, exposure, resting
from world import (
    CENT,
    DAY,
    LIT,
    SECOND,
    amend,
    an,
    at_once,
    bust,
    cancel,
    correction,
    dark_venue,
    fees,
    fill_report,
    policy,
    px,
    quote,
    report,
    trading,
)

from engine.core.events import (
    BreakFlagged,
    BreakReason,
    ChildCancelRequested,
    ChildClosed,
    ChildRouted,
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
    assert not world.book().own[LIT, Side.BUY]
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
    world.given(canceled(world)).given(after_ns=10 * SECOND)
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
        an(BreakFlagged, reason=BreakReason.ERROR_ACCOUNT, break_qty=200),
    )
    world.then_no(an(BreakFlagged, reason=BreakReason.VENUE_OVERFILL))  # Flagged when it came.


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


def test_a_bust_or_correction_of_no_booked_fill_is_a_break() -> None:
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


def test_a_fill_is_taken_back_and_another_is_corrected_twice() -> None:
    """X.bust-while-working: the second correction names the first, not the fill."""
    world = resting()
    child = world.child()
    held = world.order()
    world.given(fill_report(child, 200, "P")).given(bust(child, "P"))
    assert held.allocated_qty == 0
    world.given(fill_report(child, 200, "R")).given(fill_report(child, 50, "S"))

    world.when(correction(child, 100, "R", exec_id="U")).then_some(
        an(FillCorrected, previous_qty=200, last_qty=100)
    )
    world.when(correction(child, 80, "U", exec_id="V")).then_some(
        an(FillCorrected, previous_qty=100, last_qty=80)
    )

    assert (held.allocated_qty, held.open_qty) == (130, 370)
