"""What clients are told of their orders, beside the scenarios of FIX's order states."""

from dataclasses import replace
from typing import Any

from world import (
    CLOSE_NS,
    DAY,
    HOUR,
    OPEN_NS,
    SOURCE,
    World,
    amend,
    at_once,
    bust,
    cancel,
    children,
    correction,
    day_closed,
    day_opened,
    event,
    fill_report,
    order,
    policy,
    px,
    quote,
    report,
    trading,
)

from engine.core import events as e
from engine.core.state.model import Child
from engine.gateways.orders.execution_reports import (
    REQUESTS_MAX,
    ExecutionReports,
    Report,
)
from engine.gateways.orders.fix_codes import NO_ORDER, ExecType
from engine.gateways.orders.order_status import OrdStatus


def told(world: World) -> list[Report]:
    """All reports since the world began."""
    reader = ExecutionReports(shard=0)
    return [report for event in world.history() for report in reader.take(event)]


def last(world: World, cl_ord_id: str = "o1") -> Report:
    return [report for report in told(world) if report.cl_ord_id == cl_ord_id][-1]


def kinds(world: World) -> list[str | None]:
    return [report.exec_type for report in told(world)]


def two_at_rest() -> World:
    """Two orders of 500 in one child of 1,000."""
    said = {"limit_px": px(100.00)}
    both = (at_once("o1", **said), at_once("o2", client_id="c2", **said))
    return trading(policy(router=e.Router.SEQUENTIAL)).given(*both)


def test_each_order_of_one_fill_has_a_report_with_an_id_of_its_own() -> None:
    world = two_at_rest()
    world.given(fill_report(world.child(), 300))
    fill = world.the(e.FillAllocated)

    of_the_fill = told(world)[-2:]

    assert [x.cl_ord_id for x in of_the_fill] == ["o1", "o2"]
    assert [x.exec_id for x in of_the_fill] == [f"0-{fill.seq}", f"0-{fill.seq}.1"]
    assert [(x.last_qty, x.cum_qty, x.leaves_qty) for x in of_the_fill] == [(150, 150, 350)] * 2
    assert of_the_fill[0].transact_ns == world.now_ns


def test_a_childs_end_is_not_told() -> None:
    world = two_at_rest()

    world.given(report(world.child(), e.ExecType.CANCELED))

    assert kinds(world) == [ExecType.NEW, ExecType.NEW]


def test_a_cross_is_a_trade_for_both_sides() -> None:
    world = trading().given(at_once("b", 400), at_once("s", 400, side=e.Side.SELL, client_id="c2"))
    cross = world.the(e.OrdersCrossed)

    for name in ("b", "s"):
        found = last(world, name)
        assert (found.exec_type, found.ord_status) == (ExecType.TRADE, OrdStatus.FILLED)
        assert (found.last_qty, found.last_px) == (400, cross.cross_px)


def test_a_correction_tells_only_the_orders_whose_share_or_price_it_changes() -> None:
    world = two_at_rest()
    child = world.child()
    world.given(fill_report(child, 301))
    first, second = (last(world, name).exec_id for name in ("o1", "o2"))

    world.given(correction(child, 300))
    corrected = told(world)[-1]
    world.given(bust(child))
    busts = told(world)[-2:]

    assert corrected.exec_type is ExecType.TRADE_CORRECT
    assert (corrected.cl_ord_id, corrected.exec_ref_id, corrected.last_qty) == ("o2", second, 149)
    assert [x.exec_type for x in busts] == [ExecType.TRADE_CANCEL] * 2
    assert [x.exec_ref_id for x in busts] == [first, corrected.exec_id]
    assert [(x.ord_status, x.cum_qty, x.avg_px) for x in busts] == [(OrdStatus.NEW, 0, 0)] * 2


def test_a_correction_that_gives_an_order_its_first_share_is_a_trade() -> None:
    world = two_at_rest()
    child = world.child()
    world.given(fill_report(child, 1))
    assert kinds(world)[2:] == [ExecType.TRADE]

    world.given(correction(child, 101))

    assert kinds(world)[3:] == [ExecType.TRADE_CORRECT, ExecType.TRADE]
    assert [last(world, name).cum_qty for name in ("o1", "o2")] == [51, 50]


def test_a_fill_that_comes_after_the_cancel_is_told_and_the_order_stays_canceled() -> None:
    world = trading(policy(router=e.Router.SEQUENTIAL)).given(at_once(limit_px=px(100.00)))
    child = world.child()
    world.given(cancel()).given(report(child, e.ExecType.CANCELED))

    world.given(fill_report(child, 200))

    found = last(world)
    assert (found.exec_type, found.ord_status) == (ExecType.TRADE, OrdStatus.CANCELED)
    assert (found.last_qty, found.cum_qty, found.leaves_qty) == (200, 200, 0)


def test_a_day_order_expires_at_the_close_and_a_carried_one_is_told_nothing() -> None:
    world = trading().given(order("d"), order("g", time_in_force=e.TimeInForce.GTC))

    closed(world)

    found = last(world, "d")
    assert (found.exec_type, found.ord_status) == (ExecType.EXPIRED, OrdStatus.EXPIRED)
    assert (found.order_qty, found.leaves_qty) == (500, 0)
    assert last(world, "g").exec_type is ExecType.NEW


def test_the_close_forgets_the_orders_that_ended() -> None:
    world = trading().given(order("d"), order("g", time_in_force=e.TimeInForce.GTC))
    world.given(cancel("d"))
    reader = ExecutionReports(shard=0)
    for found in world.history():
        reader.take(found)
    count_at_noon = len(reader)

    for found in closed(world).events:
        reader.take(found)

    assert (count_at_noon, len(reader)) == (2, 1)


def closed(world: World) -> World:
    return world.given(day_closed(), after_ns=CLOSE_NS - world.now_ns)


def after_a_night() -> World:
    """A carried order of 500 with 200 at 100.00 of yesterday, and 100 at 99.90 of today."""
    world = trading(policy(router=e.Router.SEQUENTIAL, interval_ns=24 * HOUR))
    resting = {"limit_px": px(100.00), "must_complete": True}
    world.given(order("g", time_in_force=e.TimeInForce.GTC, **resting))
    world.given(fill_report(world.child(), 200))
    closed(world)
    now_ns = OPEN_NS + 25 * HOUR
    world.at(now_ns, day_opened(DAY + 1, OPEN_NS + 24 * HOUR), quote(received_ns=now_ns))
    world.given(after_ns=HOUR // 60)
    said = {"session_day": DAY + 1, "last_px": px(99.90)}
    return world.given(fill_report(world.child(), 100, "E2", **said))


def test_a_carried_order_counts_the_new_days_part() -> None:
    found = last(after_a_night(), "g")

    assert (found.cum_qty, found.leaves_qty) == (300, 200)
    assert (found.day_order_qty, found.day_cum_qty) == (300, 100)


def of_yesterday(world: World) -> Child:
    return next(child for child in children(world.state).values() if not child.is_live)


def test_the_day_has_an_average_of_its_own_beside_that_of_the_whole_life() -> None:
    found = last(after_a_night(), "g")

    assert (found.avg_px, found.day_avg_px) == (99_966_666_670, px(99.90))


def test_a_bust_of_yesterdays_fill_leaves_the_days_part_alone() -> None:
    world = after_a_night()
    world.given(bust(of_yesterday(world)))

    found = last(world, "g")

    assert (found.exec_type, found.cum_qty, found.leaves_qty) == (ExecType.TRADE_CANCEL, 100, 400)
    assert (found.day_order_qty, found.day_cum_qty) == (500, 100)
    assert (found.avg_px, found.day_avg_px) == (px(99.90), px(99.90))


def test_a_late_fill_of_yesterdays_child_counts_for_yesterday() -> None:
    world = after_a_night()
    world.given(fill_report(of_yesterday(world), 50, "E3"))

    found = last(world, "g")

    assert (found.exec_type, found.cum_qty, found.leaves_qty) == (ExecType.TRADE, 350, 150)
    assert (found.day_order_qty, found.day_cum_qty) == (250, 100)


def test_an_order_that_ended_yesterday_is_told_nothing_of_a_bust() -> None:
    limited: dict[str, Any] = {"limit_px": px(100.00)}
    both = (at_once("o1", **limited), at_once("g", time_in_force=e.TimeInForce.GTC, **limited))
    world = trading(policy(router=e.Router.SEQUENTIAL)).given(*both)
    world.given(fill_report(world.child(), 300))
    closed(world)
    count = len(told(world))
    world.given(bust(of_yesterday(world)))

    assert {report.cl_ord_id for report in told(world)[count:]} == {"g"}


def test_a_refused_order_is_told_with_what_was_asked() -> None:
    request = order("o1", 700, side=e.Side.SELL, client_id="stranger")
    refused = trading().when(request).the(e.OrderRejected)
    reader = ExecutionReports(shard=0)

    reader.requested(request)
    (found,) = reader.take(refused)
    (unknown,) = ExecutionReports(shard=0).take(refused)

    assert (found.exec_type, found.ord_status) == (ExecType.REJECTED, OrdStatus.REJECTED)
    assert (found.order_qty, found.side, found.ord_rej_reason) == (700, e.Side.SELL, 15)
    assert (unknown.order_qty, unknown.ord_rej_reason) == (0, 15)


def test_requests_without_an_answer_are_bounded() -> None:
    reader = ExecutionReports(shard=0)

    for number in range(REQUESTS_MAX + 1):
        reader.requested(order(f"o{number}"))

    assert len(reader.requests) == REQUESTS_MAX
    assert (SOURCE, "o0") not in reader.requests


def test_a_refused_change_of_no_order_names_none() -> None:
    found = told(trading().given(cancel("never")))[-1]

    assert (found.msg_type, found.order_id, found.cxl_rej_reason) == ("9", NO_ORDER, 1)
    assert (found.ord_status, found.source) == (OrdStatus.REJECTED, SOURCE)


def test_a_resent_change_is_refused_and_the_first_one_stays_pending() -> None:
    world = two_at_rest().given(cancel()).given(cancel())

    found = told(world)[-1]

    assert (found.msg_type, found.cxl_rej_reason) == ("9", 6)
    assert found.ord_status is OrdStatus.PENDING_CANCEL


def test_a_request_that_may_have_been_sent_before_is_answered_with_the_orders_state() -> None:
    request = order(limit_px=px(99.00))
    world = trading().given(request)
    world.given(replace(request, poss_resend=True))

    found = told(world)[-1]

    assert (found.exec_type, found.cl_ord_id) == (ExecType.ORDER_STATUS, "o1")
    assert (found.ord_status, found.leaves_qty) == (OrdStatus.NEW, 500)


def test_a_cancel_outranks_an_amend_that_waits() -> None:
    world = two_at_rest().given(amend(order_qty=300)).given(cancel())

    refused, pending = told(world)[-2:]

    assert (refused.msg_type, refused.cxl_rej_response_to, refused.cxl_rej_reason) == ("9", "2", 3)
    assert (pending.exec_type, pending.cl_ord_id) == (ExecType.PENDING_CANCEL, "o1x")


def test_a_raise_of_the_quantity_alone_is_replaced_at_once() -> None:
    world = two_at_rest().given(amend(order_qty=800))

    pending, replaced = told(world)[-2:]

    assert (pending.exec_type, pending.order_qty) == (ExecType.PENDING_REPLACE, 500)
    assert (replaced.exec_type, replaced.ord_status) == (ExecType.REPLACED, OrdStatus.NEW)
    assert (replaced.order_qty, replaced.cl_ord_id, replaced.orig_cl_ord_id) == (800, "o1a", "o1")


# Events that the shard writes after long stories; the fold takes them as they are.


def accepted(**said: Any) -> e.OrderAccepted:  # noqa: ANN401
    found: e.OrderAccepted = event(
        e.OrderAccepted, seq=0, source=SOURCE, cl_ord_id="o1", order_qty=500, **said
    )
    return found


def take(*events: Any) -> list[Report]:  # noqa: ANN401
    """The reports of the last event."""
    reader = ExecutionReports(shard=0)
    found: list[Report] = []
    for one in events:
        found = [*reader.take(one)]
    return found


def withdrawn(qty: int, seq: int = 2, **said: Any) -> e.OrderCancelled:  # noqa: ANN401
    found: e.OrderCancelled = event(
        e.OrderCancelled, seq=seq, order_id="0-0", withdrawn_qty=qty, **said
    )
    return found


def test_a_part_that_is_given_back_restates_the_order() -> None:
    reason = e.WithdrawReason.OTHER
    (found,) = take(accepted(), withdrawn(200, reason=reason))

    assert (found.exec_type, found.exec_restatement_reason) == (ExecType.RESTATED, 5)
    assert (found.order_qty, found.leaves_qty, found.ord_status) == (300, 300, OrdStatus.NEW)


def test_an_amend_after_a_part_was_given_back_counts_without_it() -> None:
    amended = event(
        e.OrderAmended, seq=3, order_id="0-0", cl_ord_id="o2", previous_qty=500, order_qty=600
    )
    (found,) = take(accepted(), withdrawn(200), amended)

    assert (found.order_qty, found.leaves_qty) == (400, 400)


def test_an_adjustment_for_a_corporate_action_restates_the_order() -> None:
    adjusted = event(
        e.OrderAmended, seq=3, order_id="0-0", cl_ord_id="o1", previous_qty=500, order_qty=50
    )
    (found,) = take(accepted(), adjusted)

    assert (found.exec_type, found.exec_restatement_reason) == (ExecType.RESTATED, 0)
    assert (found.order_qty, found.leaves_qty, found.orig_cl_ord_id) == (50, 50, "")


def test_a_cancel_that_no_client_asked_for_says_why() -> None:
    for reason, code in (
        (e.WithdrawReason.HALT, 6),
        (e.WithdrawReason.REFUSED, 99),
        (e.WithdrawReason.CLIENT, None),
    ):
        (found,) = take(accepted(), withdrawn(500, reason=reason))
        assert (found.exec_type, found.exec_restatement_reason) == (ExecType.CANCELED, code)
        assert (found.cl_ord_id, found.orig_cl_ord_id) == ("o1", "")


def test_what_a_bust_gives_back_after_the_end_is_told_by_the_bust_alone() -> None:
    assert take(accepted(), withdrawn(500), withdrawn(100, seq=3)) == []


def test_a_log_that_continues_another_one_begins_with_its_carried_orders() -> None:
    carried = event(
        e.OrderCarried,
        seq=0,
        order_id="3-77",
        source=SOURCE,
        cl_ord_id="g",
        order_qty=500,
        allocated_qty=200,
        avg_px=px(4),
    )
    filled = event(
        e.FillAllocated,
        seq=5,
        fill_id="0-4",
        parent_id="0-3",
        order_ids=("3-77",),
        shares_qty=(100,),
        last_px=px(1),
    )

    (found,) = take(carried, filled)

    assert (found.order_id, found.cum_qty, found.leaves_qty) == ("3-77", 300, 200)
    assert (found.day_cum_qty, found.avg_px) == (100, px(3))


def test_a_bust_in_a_log_that_continues_another_one_names_the_fill() -> None:
    carried = event(
        e.OrderCarried, seq=90, order_id="3-77", source=SOURCE, order_qty=500, allocated_qty=200
    )
    share = e.Share(order_id="3-77", share_qty=200)
    busted = event(e.FillReallocated, seq=95, fill_id="3-60", parent_id="3-50", before=(share,))

    (found,) = take(carried, busted)

    assert (found.exec_type, found.exec_ref_id) == (ExecType.TRADE_CANCEL, "3-60")
    assert (found.cum_qty, found.day_cum_qty, found.day_order_qty) == (0, 0, 500)


def test_an_event_that_changes_no_order_is_not_told() -> None:
    assert take(event(e.SliceReleased, seq=1)) == []
