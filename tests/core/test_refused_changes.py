"""A client's change whose child the venue will not cancel: refused, or waiting for more."""

from routed import LIVE, resting
from world import (
    World,
    amend,
    an,
    at_once,
    cancel,
    cancel_rejected,
    fill_report,
    policy,
    px,
    report,
    trading,
)

from engine.core.events import (
    CancelFailed,
    Change,
    ChildCancelRequested,
    ExecType,
    OrderAmended,
    OrderCancelled,
    OrderChangePending,
    OrderChangeRejected,
    RejectReason,
    Router,
)


def at_rest(router: Router = Router.SEQUENTIAL) -> World:
    """An order of 500 that rests as a whole."""
    return trading(policy(router=router), *LIVE).given(at_once(limit_px=px(100.00)))


def test_a_cancel_is_refused_when_the_venue_keeps_the_only_child() -> None:
    world = at_rest().given(cancel())

    world.when(cancel_rejected(world.child())).then(
        CancelFailed,
        an(
            OrderChangeRejected,
            change=Change.CANCEL,
            cl_ord_id="o1x",
            orig_cl_ord_id="o1",
            reason=RejectReason.VENUE_REFUSED,
        ),
    )

    assert world.order().pending is None
    assert not world.parent().pending
    assert world.folded().state == world.state


def test_an_order_whose_cancel_was_refused_takes_another_request() -> None:
    world = at_rest().given(cancel())
    world.given(cancel_rejected(world.child()))

    world.when(cancel(cl_ord_id="again")).then_some(OrderChangePending, ChildCancelRequested)
    world.when(report(world.child(), ExecType.CANCELED)).then_some(
        an(OrderCancelled, cl_ord_id="again", withdrawn_qty=500)
    )


def test_an_amend_is_refused_as_well_and_leaves_the_order_as_it_was() -> None:
    world = at_rest().given(amend(order_qty=300))
    world.when(cancel_rejected(world.child())).then_some(
        an(OrderChangeRejected, change=Change.AMEND, reason=RejectReason.VENUE_REFUSED)
    )

    world.when(fill_report(world.child(), 500)).then_no(OrderAmended)
    assert world.order().allocated_qty == 500


def test_a_change_waits_on_while_another_child_has_a_part_of_its_quantity() -> None:
    world = at_rest(Router.PARALLEL).given(cancel())
    first, second = world.children()

    world.when(cancel_rejected(second)).then(CancelFailed)
    world.when(report(first, ExecType.CANCELED)).then_some(
        an(ChildCancelRequested, child_id=second.child_id)
    )


def test_a_change_waits_on_while_the_pool_holds_a_part_of_its_quantity_back() -> None:
    world = resting().given(cancel())
    child = world.child()
    assert world.parent().pool_qty > 0

    world.when(cancel_rejected(child, text="too late")).then(CancelFailed)
    world.when(fill_report(child, 60)).then_some(an(ChildCancelRequested, child_id=child.child_id))
    world.when(fill_report(child, 40, "E2")).then_some(
        an(OrderCancelled, cl_ord_id="o1x", withdrawn_qty=5_900)
    )
