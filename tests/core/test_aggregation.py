"""Compatibility of orders, the aggregation window, and changes of a working parent's members."""

from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st
from world import (
    CENT,
    LIT,
    MINUTE,
    NOW_NS,
    SECOND,
    SOON_NS,
    World,
    amend,
    an,
    at_once,
    cancel,
    event,
    fill_report,
    halt,
    instrument,
    lift,
    order,
    policy,
    px,
    quote,
    report,
    trading,
)

from engine.core.events import (
    Benchmark,
    CancelReason,
    Capacity,
    ChildCancelRequested,
    ChildClosed,
    ChildRouted,
    EndReason,
    ExecType,
    FillAllocated,
    LeaveReason,
    MemberAmended,
    MemberJoined,
    MemberLeft,
    OrderAccepted,
    OrderAmended,
    OrderCancelled,
    OrderExpired,
    ParentEnded,
    ParentOpened,
    ParentReleased,
    ReleaseReason,
    Router,
    SaleMarking,
    Side,
    SliceReleased,
    TimeInForce,
    TrancheOpened,
    Urgency,
)
from engine.core.parents import aggregation, membership, tranches
from engine.core.routing import cancels
from engine.core.state.model import Order

BAND_PX = 10 * CENT
ONE_CHILD = policy(router=Router.SEQUENTIAL)


def accepted(**said: Any) -> Order:  # noqa: ANN401
    """An accepted order as aggregation reads it."""
    terms = event(OrderAccepted, order_qty=100, **said)
    return Order("0-0", terms, "o1", 100, terms.limit_px, terms.start_ns, terms.end_ns)


def gathering(*more: Any) -> World:  # noqa: ANN401
    return trading(policy(window_ns=MINUTE, router=Router.SEQUENTIAL), *more)


def resting(**said: Any) -> World:  # noqa: ANN401
    """One order of 500 at 99.95, all of it in one child that rests there."""
    return trading(ONE_CHILD).given(at_once(limit_px=px(99.95), **said))


def canceled(world: World) -> Any:  # noqa: ANN401
    return report(world.child(), ExecType.CANCELED)


# ------------------------------------------------------------------------- compatibility


@pytest.mark.parametrize(
    "said",
    [
        {"instrument_id": "MSFT"},
        {"side": Side.SELL},
        {"currency": "EUR"},
        {"urgency": Urgency.HIGH},
        {"benchmark": Benchmark.TWAP},
        {"capacity": Capacity.PRINCIPAL},
        {"settlement": "NEXT_DAY"},
        {"sale_marking": SaleMarking.SHORT},
        {"settl_date": 20180105},
    ],
)
def test_orders_that_a_trader_would_not_work_as_one_have_different_keys(
    said: dict[str, Any],
) -> None:
    assert aggregation.key_of(accepted(**said).terms) != aggregation.key_of(accepted().terms)


@pytest.mark.parametrize(
    "said",
    [
        {"limit_px": px(100)},
        {"no_dark": True},
        {"excluded_venues": (LIT,)},
        {"must_complete": True},
        {"max_participation_ppm": 7},
        {"display_qty": 100},
        {"start_ns": NOW_NS + 7},
        {"end_ns": 7},
    ],
)
def test_what_an_order_wants_for_itself_tells_tranches_apart_and_no_parents(
    said: dict[str, Any],
) -> None:
    one, other, state = accepted(), accepted(**said), trading().state
    keys = [tranches.key_of_order(state, x, NOW_NS) for x in (one, other)]
    assert keys[0] != keys[1]
    assert aggregation.key_of(one.terms) == aggregation.key_of(other.terms)


def test_who_asks_and_when_does_not_matter() -> None:
    said = {"client_id": "c9", "source": "x", "cl_ord_id": "y", "received_ns": 5}
    one, other = accepted(start_ns=NOW_NS), accepted(crossing_consent=True, **said)
    state = trading().state
    assert aggregation.key_of(one.terms) == aggregation.key_of(other.terms)
    assert tranches.key_of_order(state, one, NOW_NS) == tranches.key_of_order(state, other, NOW_NS)


def test_a_parents_key_is_that_of_its_first_order() -> None:
    world = gathering(order(limit_px=px(100.05)))
    state, found = world.state, world.parent()
    assert aggregation.key_of(found.terms) == aggregation.key_of(world.order().terms)
    key = tranches.key_of_order(state, world.order(), NOW_NS)
    assert tranches.key_of_tranche(found.tranches[0], NOW_NS) == key


@for_all(st.integers(1, 10**12), st.integers(1, 10**12))
def test_only_limits_within_a_band_share_a_tranche(first_px: int, second_px: int) -> None:
    bands = {tranches.limit_band(limit_px, BAND_PX) for limit_px in (first_px, second_px)}
    if len(bands) == 1:
        assert abs(first_px - second_px) < BAND_PX
    assert 0 not in bands
    assert tranches.limit_band(None, BAND_PX) == 0


@for_all(st.lists(st.none() | st.integers(1, 99)))
def test_the_parents_limit_respects_every_members(limits: list[int | None]) -> None:
    lowest = aggregation.tightest_px(Side.BUY, limits)
    highest = aggregation.tightest_px(Side.SELL, limits)
    known = [limit for limit in limits if limit is not None]
    assert (lowest in known and highest in known) if known else lowest is highest is None
    for limit in known:
        assert lowest is not None
        assert lowest <= limit
        assert highest is not None
        assert highest >= limit


# ------------------------------------------------------------------------------- window


def test_compatible_orders_gather_in_one_parent_and_incompatible_ones_do_not() -> None:
    world = gathering(instrument("MSFT"))
    world.when(order("o1"), order("o2", 300, client_id="c2")).then_some(
        ParentOpened,
        an(MemberJoined, member_qty=500, epoch=1, parent_qty=500),
        an(MemberJoined, member_qty=300, epoch=2, parent_qty=800),
    )
    world.when(order("o3", urgency=Urgency.HIGH)).then(OrderAccepted, ParentOpened, MemberJoined)
    assert world.parent("o1") is world.parent("o2") is not world.parent("o3")


def test_the_window_closes_by_time() -> None:
    world = gathering(order())
    world.when(after_ns=MINUTE - 1).then()
    world.when(after_ns=1).then_some(
        an(ParentReleased, reason=ReleaseReason.TIME, release_qty=500, member_count=1)
    )


def test_the_window_closes_by_members() -> None:
    world = trading(policy(window_ns=MINUTE, window_members=2), order("o1"))
    world.when(order("o2")).then_some(an(ParentReleased, reason=ReleaseReason.MEMBERS))


def test_the_window_closes_by_size() -> None:
    world = trading(policy(window_ns=MINUTE, window_notional_cur=60_000), order("o1"))
    assert not world.parent().is_released
    world.when(order("o2")).then_some(an(ParentReleased, reason=ReleaseReason.SIZE))


@pytest.mark.parametrize(("limit", "is_released"), [(100.0, True), (99.9, False)])
def test_without_a_quote_a_size_counts_at_the_limit(limit: float, *, is_released: bool) -> None:
    world = trading(policy(window_ns=MINUTE, window_notional_cur=50_000), quote(bid=0, ask=0))
    world.given(order("o1", limit_px=px(limit)))
    assert world.parent().is_released is is_released


def test_without_quote_or_limit_a_size_is_not_known() -> None:
    world = trading(policy(window_ns=MINUTE, window_notional_cur=1), quote(bid=0, ask=0))
    assert not world.given(order()).parent().is_released


def test_a_parent_waits_for_the_start_of_its_orders() -> None:
    world = trading(order(start_ns=NOW_NS + MINUTE))
    assert not world.parent().is_released
    world.when(after_ns=MINUTE).then_some(an(ParentReleased, reason=ReleaseReason.TIME))


def test_a_window_longer_than_the_orders_time_leaves_half_of_it_to_work() -> None:
    world = gathering(order(end_ns=NOW_NS + 40 * SECOND))
    assert world.parent().terms.window_end_ns == NOW_NS + 20 * SECOND
    world.when(after_ns=20 * SECOND - 1).then()
    world.when(after_ns=1).then_some(an(ParentReleased, reason=ReleaseReason.TIME), ChildRouted)


def test_the_half_counts_from_the_start_of_an_order_that_comes_before_it() -> None:
    soon: dict[str, Any] = {"start_ns": NOW_NS + 30 * SECOND, "end_ns": NOW_NS + 50 * SECOND}
    world = gathering(order(**soon))
    assert world.parent().terms.window_end_ns == NOW_NS + 40 * SECOND


@for_all(st.integers(0, 10**6), st.integers(-100, 10**6), st.integers(1, 10**6))
def test_a_window_closes_while_there_is_time_left(
    window_ns: int, start_ns: int, span_ns: int
) -> None:
    waiting = accepted(start_ns=NOW_NS + start_ns, end_ns=NOW_NS + max(start_ns, 0) + span_ns)
    closes_ns = aggregation.window_end_ns(waiting, window_ns, NOW_NS)
    assert max(waiting.start_ns, NOW_NS) <= closes_ns < waiting.end_ns


def test_nothing_is_released_while_its_instrument_is_halted() -> None:
    world = gathering(order()).given(halt())
    world.when(after_ns=MINUTE).then_no(ParentReleased)
    world.when(lift()).then_some(ParentReleased)


# ------------------------------------------------------------------------ joining late


def test_a_parent_that_has_named_all_the_orders_it_may_takes_no_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(aggregation, "MEMBERS_MAX", 2)
    world = gathering(order("o1"), order("o2"))
    assert world.parent("o1") is world.parent("o2")
    world.when(order("o3")).then_some(ParentOpened, an(MemberJoined, epoch=1))
    world.when(cancel("o1")).then_some(MemberLeft)  # It stays in the parent's account.
    world.when(order("o4")).then_some(an(MemberJoined, parent_id=world.parent("o3").parent_id))


def test_an_order_joins_a_working_parent_early_and_opens_another_late() -> None:
    world = trading(policy(join_until_ppm=500_000), order("o1", end_ns=NOW_NS + 100 * SECOND))
    assert world.parent().is_released
    late: dict[str, Any] = {"end_ns": NOW_NS + 100 * SECOND, "client_id": "c2"}
    world.when(order("o2", **late), after_ns=50 * SECOND).then_some(
        an(MemberJoined, parent_id=world.parent().parent_id, epoch=2)
    )
    world.when(order("o3", **late), after_ns=1).then_some(ParentOpened)


def test_a_late_joiner_shares_only_in_the_children_sent_after_it_joined() -> None:
    world = trading(ONE_CHILD).given(at_once("o1", 100, limit_px=px(99.95)))
    child = world.child()
    world.given(fill_report(child, 40, "E1"))
    world.when(at_once("o2", 120, limit_px=px(99.95))).then_some(MemberJoined)
    given = world.when(fill_report(child, 60, "E2")).the(FillAllocated)
    assert (given.order_ids, given.shares_qty) == ((world.order("o1").order_id,), (60,))
    newer = world.child()
    world.given(fill_report(newer, 120, "E3"))
    assert [world.order(name).allocated_qty for name in ("o1", "o2")] == [100, 120]


@pytest.mark.parametrize(
    ("side", "first", "tighter", "looser"),
    [(Side.BUY, 99.95, 99.94, 99.96), (Side.SELL, 100.15, 100.16, 100.14)],
)
def test_no_order_joins_a_tranche_with_a_child_beyond_its_limit(
    side: Side, first: float, tighter: float, looser: float
) -> None:
    world = trading(ONE_CHILD).given(at_once("o1", limit_px=px(first), side=side))
    before = world.tranche("o1")
    world.given(at_once("o2", limit_px=px(looser), side=side))
    assert world.tranche("o2") is before
    world.given(at_once("o3", limit_px=px(tighter), side=side))
    assert world.tranche("o3") is not before
    assert world.parent("o3") is world.parent("o1")
    assert before.limit_px == px(first)


# ------------------------------------------------------------------------------ leaving


def test_a_leaver_keeps_what_it_got_and_the_parent_works_on_for_the_others() -> None:
    world = trading(ONE_CHILD).given(
        at_once("o1", 300, limit_px=px(99.95)), at_once("o2", 200, limit_px=px(99.94))
    )
    child = world.child()
    assert child.terms.limit_px == px(99.94)
    world.given(fill_report(child, 100))
    world.when(cancel("o2")).then_some(an(ChildCancelRequested, reason=CancelReason.MEMBER_CHANGE))
    world.when(canceled(world)).then_some(
        an(ChildClosed, returned_qty=400),
        an(MemberLeft, left_qty=160, reason=LeaveReason.CANCELLED, parent_qty=240),
        an(OrderCancelled, withdrawn_qty=160),
        an(SliceReleased, slice_qty=240),
        ChildRouted,
    )
    assert world.order("o2").allocated_qty == 40
    assert world.parent("o1").limit_px == px(99.95)


def test_a_cancel_of_what_no_child_covers_takes_effect_at_once() -> None:
    world = trading(order("o1", limit_px=px(99.95)), order("o2", limit_px=px(99.95)))
    assert not world.children()
    world.when(cancel("o2")).then_some(MemberLeft, OrderCancelled).then_no(ChildCancelRequested)


def test_only_as_many_children_are_cancelled_as_a_change_needs() -> None:
    world = trading(policy(router=Router.PARALLEL)).given(at_once("o1", 500, limit_px=px(99.95)))
    first, second = world.children()
    asked = world.when(amend("o1", order_qty=400)).the(ChildCancelRequested)
    assert asked.child_id == second.child_id
    more = world.when(cancel("o1")).the(ChildCancelRequested)
    assert more.child_id == first.child_id
    world.when(report(second, ExecType.CANCELED)).then_no(OrderCancelled, ChildRouted)
    world.when(report(first, ExecType.CANCELED)).then_some(
        OrderCancelled, an(ParentEnded, reason=EndReason.EMPTIED)
    )


# ----------------------------------------------------------------------------- amending


def test_an_amend_within_the_band_changes_the_member_and_the_limit() -> None:
    world = gathering(order("o1", limit_px=px(99.95)), order("o2", limit_px=px(99.94)))
    world.when(amend("o1", order_qty=700, limit_px=px(99.92))).then_some(
        an(OrderAmended, previous_qty=500, order_qty=700, limit_px=px(99.92)),
        an(MemberAmended, change_qty=200, parent_qty=1200, parent_limit_px=px(99.92)),
    )
    world.when(cancel("o1a", cl_ord_id="x")).then_some(an(MemberLeft, parent_limit_px=px(99.94)))


def test_an_amend_out_of_the_band_moves_the_order_to_another_tranche() -> None:
    world = gathering(order("o1", limit_px=px(99.95)), order("o2", limit_px=px(99.95)))
    before = world.parent()
    world.when(amend("o1", limit_px=px(98))).then_some(
        an(MemberLeft, reason=LeaveReason.AMENDED, parent_qty=500, tranche=0),
        an(OrderAmended, limit_px=px(98)),
        an(TrancheOpened, tranche=1, window_end_ns=NOW_NS + MINUTE + 1),
        an(MemberJoined, member_qty=500, parent_limit_px=px(98), tranche=1, parent_qty=1000),
    )
    assert world.parent() is before
    assert [x.open_qty for x in before.tranches.values()] == [500, 500]


def test_a_parent_opened_by_an_amend_is_released_in_the_next_batch() -> None:
    """Without a window, planning once skipped it until its end."""
    world = trading(policy(router=Router.SEQUENTIAL, join_until_ppm=0))
    world.given(at_once(limit_px=px(99.95)), after_ns=SECOND).given(after_ns=SECOND)
    world.given(amend(limit_px=px(98)))
    world.when(canceled(world)).then_some(ParentOpened).then_no(ParentReleased)
    assert world.shard.next_due_ns() == world.now_ns + 1
    world.when(after_ns=1).then_some(ParentReleased, an(ChildRouted, limit_px=px(98)))


def test_an_order_may_return_to_the_parent_that_it_left() -> None:
    world = gathering(order("o1", limit_px=px(99.95)), order("o2", limit_px=px(99.95)))
    parent = world.parent("o2")
    world.given(amend("o1", limit_px=px(98)))
    world.when(amend("o1a", cl_ord_id="a2", limit_px=px(99.94))).then_some(
        an(MemberJoined, parent_id=parent.parent_id, parent_qty=1000)
    )
    member = parent.members[world.order("o1").order_id]
    assert (member.member_qty, member.left_qty, member.open_qty) == (1500, 1000, 500)
    assert member.is_active


def test_a_tighter_limit_takes_effect_when_no_child_is_out_beyond_it() -> None:
    world = resting()
    child = world.child()
    world.when(amend(limit_px=px(99.93))).then_some(ChildCancelRequested).then_no(OrderAmended)
    world.when(fill_report(child, 100)).then_some(FillAllocated).then_no(OrderAmended)
    world.when(canceled(world)).then_some(OrderAmended, an(MemberAmended, change_qty=0))
    assert world.child().terms.limit_px == px(99.93)


def test_a_tighter_limit_leaves_a_tranche_that_others_keep_out() -> None:
    world = trading(ONE_CHILD).given(at_once("o1", 100, limit_px=px(99.95)))
    world.given(quote(bid=0, ask=0)).given(at_once("o2", 200, limit_px=px(99.96)))
    assert world.tranche("o1") is world.tranche("o2")
    assert world.parent("o1").pool_qty == 200
    world.when(amend("o1", limit_px=px(99.93))).then_some(
        an(MemberLeft, reason=LeaveReason.AMENDED), OrderAmended, TrancheOpened
    )
    world.when(fill_report(world.children()[0], 100)).then_some(
        an(FillAllocated, order_ids=(), other_order_ids=(world.order("o2").order_id,))
    )  # Its child was left at work for the other one, and the leaver has its answer.


def test_a_looser_limit_takes_effect_at_once() -> None:
    world = resting()
    world.when(amend(limit_px=px(99.97))).then_some(
        OrderAmended, an(MemberAmended, change_qty=0, parent_limit_px=px(99.97))
    )


def test_more_quantity_takes_effect_at_once() -> None:
    world = resting()
    world.when(amend(order_qty=800)).then_some(
        an(OrderAmended, order_qty=800), an(MemberAmended, change_qty=300), SliceReleased
    )


@pytest.mark.parametrize("force", list(TimeInForce))
def test_an_amend_that_comes_through_at_the_end_is_answered_and_the_order_expires(
    force: TimeInForce,
) -> None:
    """It once left its parent for another one that was never opened, and was lost."""
    world = resting(time_in_force=force).given(amend(limit_px=px(98)))
    world.given(after_ns=SOON_NS - NOW_NS)
    world.when(canceled(world)).then_some(
        an(OrderAmended, limit_px=px(98)),
        MemberAmended,
        ParentEnded,
        an(OrderExpired, withdrawn_qty=500),
    )
    assert world.order().open_qty == 0


def test_an_amend_to_nothing_open_leaves_the_parent_for_good() -> None:
    world = resting().given(fill_report_200())
    world.given(amend(order_qty=200, limit_px=px(98)))
    world.when(canceled(world)).then_some(
        an(MemberLeft, left_qty=300), an(OrderAmended, order_qty=200)
    )
    world.then_no(ParentOpened, MemberJoined)
    assert world.order().open_qty == 0


def fill_report_200() -> Any:  # noqa: ANN401
    """A fill of the child of `resting`, whose ids are always the same."""
    return fill_report(resting().child(), 200)


# ------------------------------------------------------------------------------- ending


def test_a_parent_ends_completed_emptied_or_with_its_window() -> None:
    world = resting()
    world.when(fill_report(world.child(), 500)).then_some(
        an(ParentEnded, reason=EndReason.COMPLETED, filled_qty=500, returned_qty=0)
    )
    gathering(order()).when(cancel()).then_some(an(ParentEnded, reason=EndReason.EMPTIED))
    world = resting()
    world.when(after_ns=SOON_NS - NOW_NS).then_some(
        an(ChildCancelRequested, reason=CancelReason.WINDOW_ENDED)
    ).then_no(ParentEnded)
    world.when(canceled(world)).then_some(
        an(ParentEnded, reason=EndReason.WINDOW_ENDED, returned_qty=500)
    )
    assert not world.state.parents
    assert not world.state.joinable
    assert not any(map(len, world.book().limited.values()))


def test_a_key_is_joinable_as_long_as_a_parent_has_it() -> None:
    world = trading(policy(join_until_ppm=0), order("o1"))
    world.given(order("o2"), after_ns=SECOND)
    assert world.parent("o1") is not world.parent("o2")
    world.given(cancel("o1"))
    left = world.parent("o2")
    assert list(world.state.joinable.values()) == [{left.parent_id: left}]


def test_after_an_overfill_the_exposure_is_cancelled() -> None:
    world = trading(policy(router=Router.PARALLEL)).given(at_once(limit_px=px(99.95)))
    first, second = world.children()
    world.when(fill_report(first, first.terms.child_qty + 100)).then_some(
        an(ChildCancelRequested, child_id=second.child_id, reason=CancelReason.MEMBER_CHANGE)
    )
    assert world.parent().pool_qty == -100
    world.when(fill_report(second, 50, "E2")).then_no(ChildCancelRequested)


def test_settling_leaves_the_state_as_it_found_it() -> None:
    world = gathering(order())
    before = repr(world.state)
    parent = world.parent()
    for step in (membership.apply_pending_change, cancels.cancel_for_changes, aggregation.release):
        step(world.state, parent, NOW_NS + MINUTE)
    aggregation.finish(world.state, parent, NOW_NS + MINUTE)
    assert repr(world.state) == before


# ------------------------------------------------------------------------------- lingering


def crossed_whole(linger_ns: int) -> World:
    """A parent that is done by one cross, and the parent that it met."""
    world = trading(policy(linger_ns=linger_ns, window_ns=0))
    world.given(order("b1", 200))
    world.given(order("s1", 200, side=Side.SELL, client_id="c2"))
    return world


def test_a_parent_that_is_done_ends_where_none_lingers() -> None:
    world = crossed_whole(0)
    assert not world.state.parents


def test_a_parent_that_is_done_takes_in_orders_of_its_intent_for_a_time() -> None:
    world = crossed_whole(5 * MINUTE)
    buyer = world.parent("b1")
    assert not buyer.open_qty
    fresh = quote(received_ns=NOW_NS + MINUTE)
    world.when(fresh, order("b2", 300, client_id="c3"), after_ns=MINUTE)
    world.then_some(an(MemberJoined, parent_id=buyer.parent_id)).then_no(ParentOpened)
    assert world.parent("b2") is buyer
    assert world.order("b2").open_qty == 300


def test_a_parent_lingers_since_its_last_order_and_no_longer() -> None:
    world = crossed_whole(5 * MINUTE)
    names = {*world.state.parents}
    world.when(after_ns=5 * MINUTE - 1).then_no(ParentEnded)
    world.when(after_ns=1).then_some(an(ParentEnded, reason=EndReason.COMPLETED))
    assert {x.parent_id for x in world.all_of(ParentEnded)} == names


def test_a_parent_does_not_linger_where_it_takes_in_none_or_did_nothing() -> None:
    world = trading(policy(linger_ns=5 * MINUTE, join_until_ppm=0))
    world.given(order("b1", 200))
    world.given(order("s1", 200, side=Side.SELL, client_id="c2"), after_ns=SECOND)
    assert {x.terms.side for x in world.state.parents.values()} == {Side.SELL}
    world = trading(policy(linger_ns=5 * MINUTE, window_ns=MINUTE)).given(order("b1", 200))
    world.when(cancel("b1")).then_some(an(ParentEnded, reason=EndReason.EMPTIED))
