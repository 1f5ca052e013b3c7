"""The life of a child order: routed, acknowledged, cancelled, ended, or of unknown fate."""

import pytest
from reported import canceled, exposure, resting
from world import (
    LIT,
    OTHER_LIT,
    World,
    an,
    at_once,
    cancel,
    cancel_rejected,
    fill_report,
    not_sent,
    policy,
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
    ChildTimeInForce,
    CloseReason,
    ExecType,
    FillBooked,
    OrderCancelled,
    OrderChangeRejected,
    RejectReason,
    Router,
    Side,
    SliceReleased,
)

CLOSING = {
    ExecType.CANCELED: CloseReason.CANCELED,
    ExecType.EXPIRED: CloseReason.EXPIRED,
    ExecType.REJECTED: CloseReason.REJECTED,
    ExecType.DONE_FOR_DAY: CloseReason.DONE_FOR_DAY,
}


def test_a_routed_child_is_exposure_from_its_route_on() -> None:
    world = resting()
    assert exposure(world) == 500
    child = world.child()
    world.when(send_started(child)).then()
    assert [*world.book().own[LIT, Side.BUY].places] == [child.child_id]


def test_an_acknowledgement_is_noted_once() -> None:
    world = resting()
    child = world.child()
    world.when(report(child)).then(an(ChildAcknowledged, child_id=child.child_id))
    world.when(report(child, exec_id="again")).then()
    world.resend().then()


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
    # A venue that ends a child unasked gets no other one before the next schedule point.
    assert exposure(world) == 0


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
    world.when(not_sent(child, child_id="nobody")).then(
        an(BreakFlagged, reason=BreakReason.UNKNOWN_CHILD, child_id="nobody")
    )


def test_a_refused_cancel_leaves_the_child_at_work_and_may_be_asked_again() -> None:
    world = resting()
    child = world.child()
    world.when(cancel_rejected(child)).then()
    world.given(cancel())
    world.when(cancel_rejected(child, text="too late")).then(
        an(CancelFailed, text="too late"),
        an(OrderChangeRejected, cl_ord_id="o1x", reason=RejectReason.VENUE_REFUSED),
    )
    assert not child.is_cancelling
    world.when(fill_report(child, 100)).then_no(ChildCancelRequested)
    world.when(cancel(cl_ord_id="o1y")).then_some(ChildCancelRequested)
    world.given(canceled(world))
    world.when(cancel_rejected(child)).then()
    world.when(cancel_rejected(child, child_id="nobody")).then(
        an(BreakFlagged, reason=BreakReason.UNKNOWN_CHILD, child_id="nobody")
    )
    world.resend().then()


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


def test_a_child_that_its_venue_acknowledged_was_sent_despite_a_not_sent() -> None:
    world = resting()
    child = world.child()
    world.given(report(child))

    world.when(not_sent(child)).then(an(BreakFlagged, reason=BreakReason.INVALID_REPORT))

    assert (child.is_live, exposure(world)) == (True, 500)
    world.resend().then()


# ------------------------------------------------- order states of FIX 4.4, appendix D


def cum_and_leaves_qty(world: World) -> tuple[int, int]:
    """The client's CumQty and LeavesQty."""
    held = world.order()
    return held.allocated_qty, held.open_qty


def test_an_order_that_fills_while_its_cancel_is_pending_is_filled() -> None:
    """B.1.c: the venue's "too late" comes after the fill that it was too late for."""
    world = resting()
    child = world.child()
    world.given(fill_report(child, 200)).given(cancel())
    assert child.is_cancelling

    world.when(fill_report(child, 300, "E2")).then_some(an(FillBooked, late=True, leaves_qty=0))
    world.when(cancel_rejected(child, text="too late")).then()

    assert cum_and_leaves_qty(world) == (500, 0)


def test_a_cancel_may_overtake_the_acknowledgement() -> None:
    """B.1.d and B.1.e."""
    world = resting()
    child = world.child()
    world.when(cancel()).then_some(ChildCancelRequested)

    world.when(report(child)).then(ChildAcknowledged)
    assert child.is_cancelling
    world.when(canceled(world)).then_some(an(ChildClosed, unsolicited=False), OrderCancelled)

    assert cum_and_leaves_qty(world) == (0, 0)


def test_an_order_at_two_venues_is_cancelled_when_both_have_answered() -> None:
    """X.cancel-two-children: one child is gone, the other fills in part before it goes."""
    world = resting(order_qty=800, router=Router.PARALLEL)
    first, second = world.children()
    world.given(fill_report(first, 100))
    asked = world.when(cancel()).all_of(ChildCancelRequested)
    assert {one.child_id for one in asked} == {first.child_id, second.child_id}

    world.when(report(first, ExecType.CANCELED)).then_no(OrderCancelled)
    world.when(fill_report(second, 50, "E2")).then_no(OrderCancelled)
    world.when(report(second, ExecType.CANCELED)).then_some(an(OrderCancelled, withdrawn_qty=650))

    assert cum_and_leaves_qty(world) == (150, 0)


def test_a_sweep_over_two_venues_fills_what_each_shows() -> None:
    """X.ioc-sweep: one child fills, the other is killed, and neither is a refusal."""
    world = trading(quote(ask_qty=300), quote(OTHER_LIT, ask_qty=200)).given(at_once())
    first, second = world.children()

    world.given(fill_report(first, 300))
    world.when(report(second, ExecType.CANCELED)).then_some(
        an(ChildClosed, reason=CloseReason.CANCELED, unsolicited=False)
    )

    assert cum_and_leaves_qty(world) == (300, 200)
