"""Finished parents are evicted, and later inputs find, book and reload them as any other."""

from collections.abc import Callable
from typing import Any

import pytest
from world import (
    LIT,
    SECOND,
    World,
    amend,
    an,
    at_once,
    bust,
    cancel,
    children,
    correction,
    day_closed,
    fill_report,
    fills,
    order,
    orders,
    policy,
    px,
    quote,
    report,
    trading,
)

from engine.core.events import (
    BreakFlagged,
    BreakReason,
    ChildAcknowledged,
    ExecType,
    FillAllocated,
    FillBooked,
    FillBusted,
    FillReallocated,
    MemberAmended,
    OrderAmended,
    OrderCancelled,
    OrderCarried,
    OrderChangeRejected,
    OrderRejected,
    OrderReopened,
    RejectReason,
    Router,
    Share,
    TimeInForce,
)
from engine.core.parents import tranches
from engine.core.state import eviction
from engine.core.state.finished_store import FinishedStore, MemoryStore, StoreTotals
from engine.core.state.model import Child
from engine.core.state.state import EVICT_AFTER_NS

BEHIND_PX = px(99.98)


@pytest.fixture
def store() -> Callable[[], FinishedStore]:
    """The kind of store; tests/runtime runs the same tests with a store on disk."""
    return MemoryStore


def quick(store: Callable[[], FinishedStore], evict_after_ns: int = 0) -> World:
    """A world that routes one child at a time, and evicts finished parents."""
    sequential = policy(router=Router.SEQUENTIAL)
    return trading(sequential, evict_after_ns=evict_after_ns, store=store)


def done(store: Callable[[], FinishedStore], *more: Any, qty: int = 500) -> tuple[World, Child]:  # noqa: ANN401
    """A world with an order that was filled and evicted, and the child that filled it."""
    world = quick(store)
    world.given(at_once("o1", qty, limit_px=BEHIND_PX), *more)
    child = world.child()
    world.given(fill_report(child, child.leaves_qty))
    assert not world.state.parents_ended
    return world, child


def totals(world: World) -> tuple[int, ...]:
    found = world.state.store_totals
    return (found.parents, found.orders, found.children, found.fills, found.executions)


def test_what_is_finished_leaves_the_indices(store: Callable[[], FinishedStore]) -> None:
    world, child = done(store)
    state = world.state

    indices = (state.orders, state.order_ids, state.children, state.fills, state.executions)
    assert not any(indices)
    assert totals(world) == (1, 1, 1, 1, 1)
    assert (state.store_totals.allocated_qty, state.store_totals.notional) == (
        500,
        500 * child.terms.limit_px,
    )
    assert orders(state)[world.order().order_id].allocated_qty == 500


def test_it_stays_for_a_while(store: Callable[[], FinishedStore]) -> None:
    world = quick(store, EVICT_AFTER_NS)
    world.given(at_once("o1", limit_px=BEHIND_PX))
    world.given(fill_report(world.child(), 500))
    world.given(quote(), order("later"), after_ns=EVICT_AFTER_NS - 1)
    assert len(world.state.parents_ended) == 1

    world.given(cancel("later"), after_ns=1)

    assert totals(world)[:2] == (1, 1)


def test_a_resend_of_an_evicted_order_is_a_duplicate(
    store: Callable[[], FinishedStore],
) -> None:
    world, _ = done(store)
    order_id = world.order().order_id

    world.when(at_once("o1"))

    assert world.the(OrderRejected).reason is RejectReason.DUPLICATE_ORDER
    assert f"is order {order_id}" in world.the(OrderRejected).text
    assert world.state.refused == {}


def test_a_change_of_it_comes_too_late(store: Callable[[], FinishedStore]) -> None:
    world, _ = done(store)

    for asked in (cancel("o1"), amend("o1", order_qty=900)):
        world.when(asked)
        assert world.the(OrderChangeRejected).reason is RejectReason.ORDER_ENDED


def test_no_change_takes_its_id(store: Callable[[], FinishedStore]) -> None:
    world, _ = done(store)
    world.given(order("o2"))

    world.when(amend("o2", cl_ord_id="o1", order_qty=900))

    assert world.the(OrderChangeRejected).reason is RejectReason.DUPLICATE_ORDER


def test_the_id_of_a_change_is_used_up_with_it(store: Callable[[], FinishedStore]) -> None:
    world = quick(store).given(order("o1", limit_px=BEHIND_PX))
    world.given(cancel("o1", cl_ord_id="x1"))
    assert world.state.store_totals.order_ids == 2

    world.when(order("x1"))

    assert world.the(OrderRejected).reason is RejectReason.DUPLICATE_ORDER


def test_a_resent_execution_changes_nothing(store: Callable[[], FinishedStore]) -> None:
    world, child = done(store)

    world.when(fill_report(child, 500)).then()

    assert totals(world) == (1, 1, 1, 1, 1)


def test_a_resent_report_changes_nothing(store: Callable[[], FinishedStore]) -> None:
    world, child = done(store)

    for kind in (ExecType.NEW, ExecType.CANCELED, ExecType.UNKNOWN):
        world.when(report(child, kind, f"R{kind}")).then()


def test_an_unknown_child_is_a_break_still(store: Callable[[], FinishedStore]) -> None:
    world, child = done(store)

    world.when(fill_report(child, 10, "E9", child_id="nobody"))

    assert world.the(BreakFlagged).reason is BreakReason.UNKNOWN_CHILD


def test_a_late_fill_is_booked_and_its_parent_evicted_again(
    store: Callable[[], FinishedStore],
) -> None:
    world, child = done(store)

    world.when(fill_report(child, 40, "E2")).then_some(
        an(FillBooked, last_qty=40, cum_qty=540, overfill_qty=40, late=True),
        an(FillAllocated, error_qty=40, order_ids=()),
    )

    assert totals(world) == (1, 1, 1, 2, 2)
    assert world.state.store_totals.filled_qty == 540
    world.when(fill_report(child, 40, "E2")).then()


def test_a_bust_is_reallocated_with_before_and_after(
    store: Callable[[], FinishedStore],
) -> None:
    world, child = done(store)
    order_id = world.order().order_id

    world.when(bust(child)).then_some(
        an(FillBusted, last_qty=500),
        an(FillReallocated, before=(Share(order_id=order_id, share_qty=500),), after=()),
        an(OrderReopened, order_id=order_id, reopened_qty=500),
    )

    assert world.state.store_totals == StoreTotals(*(1, 0, 0, 1, 1, 2))
    world.when(bust(child)).then()  # A resend.
    world.when(bust(child, exec_id="B2"))
    assert world.the(BreakFlagged).reason is BreakReason.UNKNOWN_EXECUTION


def test_a_correction_may_name_the_last_one(store: Callable[[], FinishedStore]) -> None:
    world, child = done(store)
    world.given(correction(child, 300, exec_ref_id="E1", exec_id="C1"))

    world.when(correction(child, 200, exec_ref_id="C1", exec_id="C2"))

    assert world.the(FillReallocated).last_px == child.terms.limit_px
    (fill,) = fills(world.state).values()
    assert (fill.last_qty, len(fill.executions)) == (200, 3)


def test_a_correction_of_nothing_is_a_break(store: Callable[[], FinishedStore]) -> None:
    world, child = done(store)

    world.when(correction(child, 200, exec_ref_id="E7", exec_id="C2"))

    assert world.the(BreakFlagged).reason is BreakReason.UNKNOWN_EXECUTION


def test_a_late_acknowledgement_is_noted(store: Callable[[], FinishedStore]) -> None:
    world = quick(store).given(at_once("o1", limit_px=BEHIND_PX))
    child = world.child()
    world.given(report(child, ExecType.REJECTED, "R1"), cancel("o1"))
    assert totals(world)[:3] == (1, 1, 1)

    world.when(report(child, ExecType.NEW, "R2")).then(ChildAcknowledged)

    assert children(world.state)[child.child_id].is_acknowledged
    assert totals(world)[:3] == (1, 1, 1)


# ---------------------------------------------------------------------------- several parents


def moved(store: Callable[[], FinishedStore]) -> World:
    """An order that was filled in part and moved to another parent by an amend."""
    world = quick(store).given(policy(router=Router.SEQUENTIAL, join_until_ppm=0))
    world.given(at_once("o1", limit_px=BEHIND_PX))
    first = world.child()
    world.given(fill_report(first, 200, "E1"), after_ns=1)  # Now its parent takes no more.
    world.given(amend("o1", limit_px=px(99.50)))
    world.given(report(first, ExecType.CANCELED, "R1"))
    assert world.the(OrderAmended).limit_px == px(99.50)
    return world


def test_a_parent_is_evicted_without_the_order_that_left_it(
    store: Callable[[], FinishedStore],
) -> None:
    world = moved(store)

    assert totals(world)[:2] == (1, 0)
    assert world.order().is_shared
    assert world.order("o1") is world.state.orders[world.order().order_id]
    (stored,) = world.state.finished.parents(world.state.orders)
    assert stored.members[world.order().order_id].order is world.order()


def test_a_bust_of_the_former_parent_reaches_the_order_at_work(
    store: Callable[[], FinishedStore],
) -> None:
    world = moved(store)
    (fill,) = fills(world.state).values()
    before = world.order()

    world.when(bust(fill.child))

    assert world.the(MemberAmended).change_qty == 200
    assert (before.allocated_qty, before.withdrawn_qty, before.open_qty) == (0, 0, 500)
    assert world.order() is before
    assert totals(world)[:2] == (1, 0)


def test_a_shared_order_follows_its_last_parent(store: Callable[[], FinishedStore]) -> None:
    world = moved(store)
    (fill,) = fills(world.state).values()

    world.given(*(report(c, ExecType.CANCELED, "R2") for c in world.children()), cancel("o1a"))
    world.given(*(report(c, ExecType.CANCELED, "R3") for c in world.children()))

    assert not world.state.orders
    assert totals(world)[:2] == (2, 1)
    world.when(bust(fill.child)).then_some(an(OrderCancelled, withdrawn_qty=200))
    assert totals(world)[:2] == (2, 1)
    assert world.order().withdrawn_qty == 500
    assert {
        member.order.withdrawn_qty
        for x in world.state.parents_of_day()
        for member in x.members.values()
    } == {500}


def test_a_stored_parent_shows_the_present_state_of_a_shared_order(
    store: Callable[[], FinishedStore],
) -> None:
    world = moved(store)
    state, order_id = world.state, world.order().order_id
    (fill,) = fills(state).values()
    (former_id,) = (stored.parent_id for stored in state.finished.parents(state.orders))

    def seen() -> int:
        return state.parent(former_id).members[order_id].order.withdrawn_qty

    assert seen() == 0
    world.given(*(report(c, ExecType.CANCELED, "R2") for c in world.children()), cancel("o1a"))
    world.given(*(report(c, ExecType.CANCELED, "R3") for c in world.children()))
    assert seen() == 300
    world.given(bust(fill.child))
    assert seen() == 500


# ---------------------------------------------------------------------------------- the rule


def test_an_order_that_outlives_the_session_keeps_its_parent_in_the_indices(
    store: Callable[[], FinishedStore],
) -> None:
    gtc: dict[str, Any] = {"time_in_force": TimeInForce.GTC}
    world = quick(store).given(order("o1", limit_px=BEHIND_PX, **gtc))
    assert world.state.day is not None
    world.at(world.state.day.close_ns, quote())
    world.given(*(report(c, ExecType.CANCELED) for c in world.children()))
    assert (len(world.state.parents), len(world.state.parents_ended)) == (0, 1)

    world.given(quote(received_ns=world.now_ns), after_ns=SECOND)
    assert totals(world)[:2] == (0, 0)
    world.when(day_closed())

    assert world.the(OrderCarried).order_id == world.order().order_id


def test_the_close_clears_it(store: Callable[[], FinishedStore]) -> None:
    world, _ = done(store)

    world.given(day_closed())

    assert world.state.store_totals == StoreTotals()
    assert not [*world.state.parents_of_day()]
    assert world.state.order_id_of("oms", "o1") is None


def test_a_seal_evicts_no_more_than_its_batch_allows(
    store: Callable[[], FinishedStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(eviction, "EVICT_MIN", 1)
    monkeypatch.setattr(tranches, "TRANCHES_MAX", 1)
    world = trading(store=store)
    limits = [px(90 + n / 4) for n in range(20)]  # Each in a band of its own.
    world.given(*(order(f"o{n}", limit_px=limit) for n, limit in enumerate(limits)))
    world.given(*(cancel(f"o{n}") for n in range(len(limits))))
    assert len(world.state.parents_ended) == len(limits)
    written = world.state.next_seq

    world.given(order("next"), after_ns=EVICT_AFTER_NS)

    most = 1 + world.state.next_seq - written
    assert world.state.store_totals.parents == most < len(limits)


def test_what_a_parent_has_done_counts_as_well(
    store: Callable[[], FinishedStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two parents of a member, each with a child that was filled ten times."""
    world = quick(store, EVICT_AFTER_NS)
    for limit_px in (px(99.98), px(99.50)):
        name = f"o{limit_px}"
        world.given(at_once(name, 500, limit_px=limit_px))
        child = world.child()
        world.given(*(fill_report(child, 50, f"{name}{n}") for n in range(10)))
    assert len(world.state.parents_ended) == 2
    monkeypatch.setattr(eviction, "EVICT_MIN", 2)

    world.given(cancel("nothing"), after_ns=EVICT_AFTER_NS)

    assert totals(world) == (1, 1, 1, 10, 10)
    world.given(cancel("nothing more"))
    assert totals(world) == (2, 2, 2, 20, 20)


@pytest.mark.parametrize("venue", ["", LIT])
def test_a_day_folds_to_the_same_store(store: Callable[[], FinishedStore], venue: str) -> None:
    world = moved(store)
    (fill,) = fills(world.state).values()
    world.given(bust(fill.child)) if venue else world.given(cancel("o1a"))

    folded = world.folded()

    assert folded.state == world.state
    assert fills(folded.state) == fills(world.state)
    assert orders(folded.state) == orders(world.state)
