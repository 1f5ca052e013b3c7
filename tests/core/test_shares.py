"""The members' shares of fills and crosses, and their changes by busts and corrections."""

from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st
from world import (
    CENT,
    NOW_NS,
    SOON_NS,
    World,
    amend,
    an,
    at_once,
    bust,
    cancel,
    correction,
    day_closed,
    fill_report,
    policy,
    px,
    report,
    trading,
)

from engine.core.allocation import shares as allocation
from engine.core.allocation.apportionment import shares
from engine.core.events import (
    BreakFlagged,
    BreakReason,
    ChildCancelRequested,
    ExecType,
    FillAllocated,
    FillBooked,
    FillBusted,
    FillCorrected,
    FillReallocated,
    MemberAmended,
    MemberJoined,
    MemberResult,
    OrderCancelled,
    OrderChangeRejected,
    OrderReopened,
    OrderRestated,
    ParentEnded,
    ParentOpened,
    ParentReconciled,
    RejectReason,
    Router,
    ScheduleRecalibrated,
    Share,
    SuspensionSet,
    WithdrawReason,
)
from engine.core.state.model import Fill

LIMIT_PX = px(99.95)


def working(*qtys: int, router: Router = Router.SEQUENTIAL, **said: Any) -> World:  # noqa: ANN401
    """One parent of so many orders, all of it in children that rest at 99.95."""
    orders = (at_once(f"o{n}", qty, limit_px=LIMIT_PX) for n, qty in enumerate(qtys, 1))
    return trading(policy(router=router, **said)).given(*orders)


def share(world: World, name: str, qty: int) -> Share:
    return Share(order_id=world.order(name).order_id, share_qty=qty)


def fill(world: World) -> Fill:
    """The last fill."""
    return list(world.state.fills.values())[-1]


def allocated(world: World, *names: str) -> list[int]:
    return [world.order(name).allocated_qty for name in names]


def canceled(world: World) -> Any:  # noqa: ANN401
    return report(world.child(), ExecType.CANCELED)


# -------------------------------------------------------------------------------- fills


def test_a_fill_is_shared_in_proportion() -> None:
    world = working(300, 200)
    world.given(fill_report(world.child(), 100))
    found = world.the(FillAllocated)
    assert found.order_ids == (world.order("o1").order_id, world.order("o2").order_id)
    assert found.shares_qty == (60, 40)
    assert (found.last_qty, found.last_px, found.error_qty) == (100, LIMIT_PX, 0)


def test_a_member_whose_part_is_nothing_is_not_named() -> None:
    world = working(300, 200)
    world.given(fill_report(world.child(), 1))
    found = world.the(FillAllocated)
    assert (found.order_ids, found.shares_qty) == ((world.order("o1").order_id,), (1,))


@settings(deadline=None, max_examples=40)  # A whole shard runs in each.
@for_all(
    st.lists(st.integers(1, 60), min_size=1, max_size=4),
    st.lists(st.integers(1, 80), min_size=1, max_size=5),
)
def test_shares_of_one_epoch_follow_the_rule_on_what_was_held(
    qtys: list[int], fills: list[int]
) -> None:
    world = working(*qtys)
    names = [f"o{n}" for n in range(1, len(qtys) + 1)]
    held = [0] * len(qtys)
    child = world.child()
    for n, wanted_qty in enumerate(fills):
        last_qty = min(wanted_qty, sum(qtys) - sum(held))
        if not last_qty:
            break
        parts = shares(held, last_qty, qtys)
        held = [a + b for a, b in zip(held, parts, strict=True)]
        world.given(fill_report(child, last_qty, f"E{n}"))
        assert allocated(world, *names) == held


def test_quantity_beyond_the_members_goes_to_the_error_account() -> None:
    world = working(300, 200)
    world.when(fill_report(world.child(), 520)).then_some(
        an(FillBooked, overfill_qty=20),
        an(BreakFlagged, reason=BreakReason.VENUE_OVERFILL, break_qty=20),
        an(FillAllocated, error_qty=20, last_qty=520),
        ParentEnded,
        an(ParentReconciled, filled_qty=520, error_qty=20),
    )
    assert allocated(world, "o1", "o2") == [300, 200]


def test_a_fill_after_a_confirmed_cancel_is_the_clients() -> None:
    world = working(300)
    child = world.child()
    world.given(cancel("o1")).given(canceled(world))
    order_id = world.order("o1").order_id
    world.when(fill_report(child, 50)).then(
        an(FillBooked, late=True, overfill_qty=0),
        an(OrderRestated, order_id=order_id, previous_withdrawn_qty=300, withdrawn_qty=250),
        an(FillAllocated, other_order_ids=(order_id,), other_shares_qty=(50,), error_qty=0),
    )
    found = world.order("o1")
    assert (found.cum_qty, found.open_qty, found.withdrawn_qty) == (50, 0, 250)


def test_a_late_fill_beyond_what_its_orders_wanted_is_error_and_a_break() -> None:
    world = working(300)
    child = world.child()
    world.given(fill_report(child, 100)).given(cancel("o1")).given(canceled(world))
    world.when(fill_report(child, 250, "E2")).then(
        an(FillBooked, late=True, overfill_qty=50),
        an(BreakFlagged, reason=BreakReason.VENUE_OVERFILL, break_qty=50),
        an(OrderRestated, restated_qty=200, withdrawn_qty=0),
        an(FillAllocated, other_shares_qty=(200,), error_qty=50),
        an(BreakFlagged, reason=BreakReason.ERROR_ACCOUNT, break_qty=50),
        SuspensionSet,
    )


def test_a_late_fill_is_first_of_those_that_still_want_it() -> None:
    world = working(300, 200)
    child = world.child()
    world.given(cancel("o2")).given(canceled(world))
    world.given(fill_report(child, 400))
    assert allocated(world, "o1", "o2") == [300, 100]
    assert world.order("o2").withdrawn_qty == 100


def test_a_late_fill_of_an_order_that_has_moved_is_taken_from_its_new_parent() -> None:
    world = working(300, 200, join_until_ppm=0)
    child = world.child()
    for name in ("o1", "o2"):
        world.given(amend(name, limit_px=LIMIT_PX - 20 * CENT), after_ns=1)
    world.given(canceled(world))
    moved = world.parent("o1")
    assert moved is world.parent("o2")
    world.given(after_ns=1)
    assert moved.open_qty == moved.exposure_qty == 500
    world.when(fill_report(child, 450)).then_some(
        an(FillAllocated, other_shares_qty=(270, 180), error_qty=0),
        an(MemberAmended, change_qty=-270, parent_qty=230),
        an(MemberAmended, change_qty=-180, parent_qty=50),
        ChildCancelRequested,
    )
    assert (moved.open_qty, world.order("o1").open_qty) == (50, 30)
    world.given(cancel("o1a", cl_ord_id="x"))
    world.when(fill_report(child, 50, "E2")).then_some(
        an(OrderChangeRejected, cl_ord_id="x", reason=RejectReason.ORDER_ENDED)
    )
    world.when(bust(child, "E1")).then_some(
        an(MemberAmended, change_qty=270), an(MemberAmended, change_qty=180)
    )
    assert world.order("o1").open_qty + world.order("o2").open_qty == moved.open_qty == 450
    assert world.folded().state == world.state


def test_an_order_that_came_back_shares_in_the_fills_of_its_first_stay() -> None:
    world = working(300, 200)
    child = world.child()
    for step in (20, 0):
        world.given(amend("o2" if step else "o2a", limit_px=LIMIT_PX - step * CENT))
        for live in world.children():
            world.given(report(live, ExecType.CANCELED))
    world.given(fill_report(child, 100))
    assert allocated(world, "o1", "o2") == [60, 40]
    assert world.folded().state == world.state


def older_and_newer() -> World:
    """Three members and two children: the first one was sent for the first two of them."""
    world = trading(policy(router=Router.SEQUENTIAL, join_until_ppm=1_000_000))
    world.given(*(at_once(f"o{n}", qty, limit_px=LIMIT_PX) for n, qty in ((1, 300), (2, 200))))
    return world.given(at_once("o3", 500, limit_px=LIMIT_PX))


def test_fills_of_older_and_newer_children_share_by_turns() -> None:
    world = older_and_newer()
    older, newer = world.children()
    for n in range(40):
        world.given(fill_report(older, 5, f"A{n}")).given(fill_report(newer, 10, f"B{n}"))
    assert world.order("o3").allocated_qty + sum(allocated(world, "o1", "o2")) == 600
    got = allocated(world, "o1", "o2", "o3")
    assert abs(got[0] * 2 - got[1] * 3) <= 10, got
    world.when(fill_report(newer, 100, "B")).then_some(an(FillAllocated, error_qty=0))
    open_qty = sum(world.order(name).open_qty for name in ("o1", "o2"))
    world.when(fill_report(older, 300, "A")).then_some(
        an(
            FillAllocated,
            other_order_ids=(world.order("o3").order_id,),
            other_shares_qty=(300 - open_qty,),
            error_qty=0,
        )
    )
    assert world.folded().state == world.state


def test_a_late_fill_of_an_older_child_is_not_of_those_that_joined_later() -> None:
    world = older_and_newer()
    older, newer = world.children()
    world.given(report(older, ExecType.CANCELED))
    world.given(fill_report(newer, 500, "B"))
    left_qty = world.order("o1").open_qty + world.order("o2").open_qty
    world.when(fill_report(older, 500, "A")).then_some(
        an(FillAllocated, other_order_ids=(), error_qty=500 - left_qty),
        an(BreakFlagged, reason=BreakReason.ERROR_ACCOUNT),
    )
    assert allocated(world, "o1", "o2") == [300, 200]


def test_an_ended_parent_states_what_every_member_got() -> None:
    world = working(300, 200)
    child = world.child()
    world.given(fill_report(child, 100)).given(cancel("o2"))
    world.given(report(child, ExecType.CANCELED)).given(after_ns=SOON_NS - NOW_NS)
    world.given(canceled(world))
    found = world.the(ParentReconciled)
    ids = [world.order(name).order_id for name in ("o1", "o2")]
    assert [(m.order_id, m.member_qty, m.allocated_qty, m.left_qty) for m in found.members] == [
        (ids[0], 300, 60, 240),
        (ids[1], 200, 40, 160),
    ]
    assert isinstance(found.members[0], MemberResult)


# -------------------------------------------------------------------------------- busts


def test_a_bust_takes_back_every_share_of_the_fill() -> None:
    world = working(300, 200)
    child = world.child()
    world.given(fill_report(child, 100, "E1")).given(fill_report(child, 50, "E2"))
    world.when(bust(child, "E1")).then_some(
        an(FillBusted, last_qty=100, exec_id="E1b"),
        an(
            FillReallocated,
            before=(share(world, "o1", 60), share(world, "o2", 40)),
            after=(),
            error_qty=0,
        ),
        ScheduleRecalibrated,
    )
    assert allocated(world, "o1", "o2") == [30, 20]
    parent = world.parent("o1")
    assert (parent.filled_qty, parent.open_qty) == (50, 450)
    assert parent.notional == LIMIT_PX * 50


def test_a_bust_may_be_sent_again_or_twice() -> None:
    world = working(300)
    child = world.child()
    world.given(fill_report(child, 100)).given(bust(child))
    world.resend().then()
    world.when(bust(child, exec_id="again")).then(
        an(BreakFlagged, reason=BreakReason.UNKNOWN_EXECUTION)
    )
    assert allocated(world, "o1") == [0]


def test_a_bust_gives_the_error_account_back_too() -> None:
    world = working(300, router=Router.PARALLEL)
    first, second = world.children()
    world.given(fill_report(first, 350))
    assert world.parent("o1").error_qty == 50
    world.when(bust(first)).then_some(an(FillReallocated, error_qty=0))
    assert world.parent("o1").error_qty == 0
    assert second.is_live


def test_what_a_bust_takes_from_a_leaver_is_withdrawn() -> None:
    world = working(300, 200)
    child = world.child()
    world.given(fill_report(child, 100)).given(cancel("o2"))
    world.given(report(child, ExecType.CANCELED))
    world.when(bust(child)).then_some(
        FillReallocated,
        an(OrderCancelled, withdrawn_qty=40, reason=WithdrawReason.BUSTED),
    )
    world.then_no(BreakFlagged)
    leaver = world.parent("o1").members[world.order("o2").order_id]
    assert (leaver.allocated_qty, leaver.left_qty, leaver.open_qty) == (0, 200, 0)
    assert world.parent("o1").open_qty == world.order("o1").open_qty == 300


def test_a_bust_after_the_parents_end_is_a_break_and_reopens_the_order() -> None:
    world = working(300)
    child = world.child()
    world.given(fill_report(child, 300))
    ended = world.parent("o1")
    world.when(bust(child)).then_some(
        FillBusted,
        an(FillReallocated, after=()),
        an(BreakFlagged, reason=BreakReason.BUST_AFTER_END, break_qty=300),
        an(OrderReopened, reopened_qty=300, open_qty=300),
        ParentOpened,
        an(MemberJoined, member_qty=300),
    )
    assert ended.is_ended
    assert world.parent("o1").open_qty == 300


def test_orders_that_one_bust_reopens_share_a_parent() -> None:
    world = working(300, 200)
    child = world.child()
    world.given(fill_report(child, 500))
    world.when(bust(child)).then_some(OrderReopened, OrderReopened, MemberJoined, MemberJoined)
    assert world.parent("o1") is world.parent("o2")
    assert world.parent("o1").open_qty == 500


def test_a_bust_after_the_orders_end_is_withdrawn() -> None:
    world = working(300)
    child = world.child()
    world.given(fill_report(child, 300)).given(after_ns=SOON_NS - NOW_NS)
    world.when(bust(child)).then_some(
        an(OrderCancelled, withdrawn_qty=300, reason=WithdrawReason.BUSTED)
    )
    assert (world.order("o1").cum_qty, world.order("o1").open_qty) == (0, 0)


def test_a_bust_of_a_late_fill_leaves_the_order_cancelled() -> None:
    world = working(300)
    child = world.child()
    world.given(cancel("o1")).given(canceled(world)).given(fill_report(child, 300))
    assert world.order("o1").withdrawn_qty == 0
    world.when(bust(child)).then_some(
        an(OrderCancelled, withdrawn_qty=300, reason=WithdrawReason.BUSTED)
    )
    assert world.order("o1").withdrawn_qty == 300


def test_a_bust_after_the_close_is_a_break() -> None:
    world = working(300)
    child = world.child()
    world.given(fill_report(child, 300)).given(day_closed()).given()
    world.when(bust(child)).then(an(BreakFlagged, reason=BreakReason.UNKNOWN_CHILD))


# -------------------------------------------------------------------------- corrections


def test_a_corrected_price_moves_no_quantity() -> None:
    world = working(300, 200)
    child = world.child()
    world.given(fill_report(child, 100))
    better_px = LIMIT_PX - CENT
    before = (share(world, "o1", 60), share(world, "o2", 40))
    world.when(correction(child, 100, last_px=better_px)).then_some(
        an(FillCorrected, previous_px=LIMIT_PX, last_px=better_px),
        an(FillReallocated, previous_px=LIMIT_PX, last_px=better_px, before=before, after=before),
    )
    assert world.parent("o1").notional == better_px * 100
    assert world.book().own_notional == LIMIT_PX * 100  # The print on the tape is what it was.


def test_a_correction_downwards_cuts_the_shares_in_proportion() -> None:
    world = working(300, 200)
    child = world.child()
    world.given(fill_report(child, 100))
    world.when(correction(child, 50)).then_some(
        an(FillReallocated, after=(share(world, "o1", 30), share(world, "o2", 20)))
    )
    world.then_no(BreakFlagged)
    assert world.parent("o1").open_qty == 450


def test_a_correction_downwards_empties_the_error_account_first() -> None:
    world = working(300, router=Router.PARALLEL)
    child, _ = world.children()
    world.given(fill_report(child, 350))
    world.when(correction(child, 320)).then_some(an(FillReallocated, error_qty=20))
    assert allocated(world, "o1") == [300]
    world.when(correction(child, 290, exec_id="c2")).then_some(an(FillReallocated, error_qty=0))
    assert allocated(world, "o1") == [290]


def test_a_correction_of_a_fill_in_error_leaves_no_member_a_share() -> None:
    world = working(300)
    child = world.child()
    world.given(fill_report(child, 300)).given(fill_report(child, 50, "E2"))
    world.when(correction(child, 20, "E2")).then(
        FillCorrected,
        an(FillReallocated, before=(), after=(), error_qty=20),
        an(BreakFlagged, reason=BreakReason.BUST_AFTER_END, break_qty=30),
    )


def test_a_correction_of_a_late_fill_restates_the_order_both_ways() -> None:
    world = working(300)
    child = world.child()
    world.given(cancel("o1")).given(canceled(world)).given(fill_report(child, 50))
    world.when(correction(child, 80)).then_some(
        an(OrderRestated, restated_qty=30, withdrawn_qty=220), an(FillReallocated, error_qty=0)
    )
    world.when(correction(child, 20, exec_id="c2")).then_some(
        FillReallocated, an(OrderCancelled, withdrawn_qty=60, reason=WithdrawReason.BUSTED)
    )
    assert (world.order("o1").cum_qty, world.order("o1").withdrawn_qty) == (20, 280)


def test_a_correction_upwards_is_shared_among_the_open_members() -> None:
    world = working(300, 200)
    child = world.child()
    world.given(fill_report(child, 100))
    world.when(correction(child, 150)).then_some(
        an(FillReallocated, after=(share(world, "o1", 90), share(world, "o2", 60)))
    )
    world.then_no(BreakFlagged)
    parent = world.parent("o1")
    assert (parent.open_qty, parent.exposure_qty, child.leaves_qty) == (350, 350, 350)


def test_a_correction_upwards_beyond_the_parent_is_error_and_a_break() -> None:
    world = working(300, router=Router.PARALLEL)
    child, other = world.children()
    world.given(fill_report(child, 100))
    world.when(correction(child, 350)).then_some(
        FillCorrected,
        an(BreakFlagged, reason=BreakReason.VENUE_OVERFILL),
        an(FillReallocated, error_qty=50),
    )
    assert allocated(world, "o1") == [300]
    assert other.is_cancelling


def test_a_correction_upwards_after_the_end_is_all_error() -> None:
    world = working(300)
    child = world.child()
    world.given(fill_report(child, 300))
    world.when(correction(child, 310)).then(
        FillCorrected,
        an(FillReallocated, error_qty=10),
        an(BreakFlagged, reason=BreakReason.BUST_AFTER_END, break_qty=10),
        an(BreakFlagged, reason=BreakReason.ERROR_ACCOUNT, break_qty=10),
        an(SuspensionSet, scope_id="N/AAPL"),
    )


def test_a_correction_upwards_without_open_members_is_error() -> None:
    world = working(200, router=Router.PARALLEL)
    child, other = world.children()
    world.given(fill_report(child, 200))
    assert world.parent("o1").open_qty == 0
    assert other.is_live
    world.when(correction(child, 210)).then_some(an(FillReallocated, error_qty=10))


def test_shares_after_a_bust_begin_a_new_basis() -> None:
    world = working(300, 200)
    child = world.child()
    world.given(fill_report(child, 99, "E1")).given(fill_report(child, 1, "E2"))
    world.given(bust(child, "E1"))
    world.given(fill_report(child, 399, "E3"))
    assert sum(allocated(world, "o1", "o2")) == 400
    weights = [world.order(n).order_qty for n in ("o1", "o2")]
    for has, weight in zip(allocated(world, "o1", "o2"), weights, strict=True):
        assert abs(has - 400 * weight / 500) <= 1


@pytest.mark.parametrize("name", ["decide_busted", "decide_corrected"])
def test_deciding_leaves_the_state_as_it_found_it(name: str) -> None:
    world = working(300)
    child = world.child()
    world.given(fill_report(child, 100)).given(
        bust(child) if name == "decide_busted" else correction(child, 50)
    )
    kind = FillBusted if name == "decide_busted" else FillCorrected
    event = world.the(kind)
    before = repr(world.state)
    getattr(allocation, name)(world.state, event, NOW_NS)
    assert repr(world.state) == before
