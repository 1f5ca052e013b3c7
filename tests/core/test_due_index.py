"""A batch plans a bounded number of parents, and leaves the rest for the next one."""

from typing import Any

import pytest
from world import (
    INSTRUMENT,
    MINUTE,
    World,
    an,
    at_once,
    cancel,
    halt,
    kill,
    mandate,
    order,
    policy,
    px,
    quote,
    report,
    trading,
)

from engine.core import events as e
from engine.core.state import due_index
from engine.core.state.state import NEVER_NS


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(due_index, "DUE_MAX", 2)
    monkeypatch.setattr(due_index, "REVIEWED_MAX", 2)


def alone(number: int, **said: Any) -> e.OrderSubmitted:  # noqa: ANN401
    """An order that shares no parent: no other one has its terms."""
    said = {"settlement": f"T{number}", **said}
    return at_once(f"o{number}", 100, limit_px=px(99.00 - number / 2), **said)


def five() -> World:
    """Five parents; the last three have a child at a venue, the first two wait for a market."""
    world = trading(policy(router=e.Router.SEQUENTIAL), kill())
    world.given(kill(engaged=False)).given(*map(alone, range(5)))
    assert len(world.state.parents) == len(world.children()) == 5
    for child in world.children()[:2]:
        world.given(report(child, e.ExecType.REJECTED))
    assert len(world.children()) == 3
    return world


def reasons(world: World) -> list[e.CancelReason]:
    return [x.reason for x in world.all_of(e.ChildCancelRequested)]


def test_cancels_of_a_kill_go_out_in_bounded_batches_and_no_route_follows() -> None:
    world = five()
    oldest, second, third = (child.child_id for child in world.children())
    world.when(kill()).then(
        an(e.ControlApplied, control="KillSwitchSet"),
        an(e.ChildCancelRequested, child_id=oldest, reason=e.CancelReason.KILL_SWITCH),
        an(e.ChildCancelRequested, child_id=second, reason=e.CancelReason.KILL_SWITCH),
    )
    assert world.shard.next_due_ns() == world.now_ns  # The rest is due at once.
    world.when().then(an(e.ChildCancelRequested, child_id=third))
    world.when().when()
    assert not due_index.is_reviewing(world.state)
    assert world.shard.next_due_ns() != world.now_ns
    assert not any(isinstance(x, e.ChildRouted) for x in world.history()[-6:])
    assert world.folded().state == world.state
    assert [x.seal.chain for x in world.stepped_again()] == [
        x.sealed.seal.chain for x in world.batches
    ]


def test_a_parent_whose_last_child_ends_meanwhile_is_planned_with_it() -> None:
    world = five()
    *_, last = world.children()
    world.when(kill())
    world.when(report(last, e.ExecType.CANCELED)).then_no(e.ChildRouted)
    assert last.terms.parent_id in world.state.idle
    assert world.folded().state == world.state


def test_a_second_control_begins_the_review_anew() -> None:
    world = five().given(kill()).given(halt())
    for _ in range(4):
        world.given()
    assert not due_index.is_reviewing(world.state)
    assert all(child.is_cancelling for child in world.children())
    assert world.folded().state == world.state


def test_a_release_of_the_switch_sends_in_bounded_batches() -> None:
    world = five().given(kill())
    for _ in range(3):
        world.given()
    world.given(*(report(c, e.ExecType.CANCELED) for c in world.children()))
    counts = [len(world.when(kill(engaged=False)).all_of(e.ChildRouted))]
    counts += [len(world.when().all_of(e.ChildRouted)) for _ in range(3)]
    assert counts == [2, 2, 1, 0]


def test_a_quote_that_reaches_many_limits_has_them_planned_in_bounded_batches(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(due_index, "REACHED_MAX", 1)
    world = five()
    last = world.parent("o0").parent_id  # Its limit is the furthest from the price.
    world.when(quote(bid=95.99, ask=96.00))
    waiting = [len(world.state.reached)]
    assert world.shard.next_due_ns() == world.now_ns  # The rest is due at once.
    waiting.append(len(world.when(cancel("o0")).state.reached))
    assert last not in world.state.parents
    waiting.append(len(world.when().state.reached))

    assert waiting == [3, 1, 0]
    assert not due_index.is_behind(world.state)
    assert world.folded().state == world.state
    assert [x.seal.chain for x in world.stepped_again()] == [
        x.sealed.seal.chain for x in world.batches
    ]


def test_parents_that_are_due_together_are_planned_the_oldest_first() -> None:
    world = trading(policy(window_ns=MINUTE))
    world.given(*(order(f"o{n}", 100, settlement=f"T{n}") for n in range(5)))
    first = [parent.parent_id for parent in world.state.parents.values()]
    released = [x.parent_id for x in world.when(after_ns=MINUTE).all_of(e.ParentReleased)]
    assert released == first[:2]
    assert world.shard.next_due_ns() == world.now_ns
    released += [x.parent_id for x in world.when().all_of(e.ParentReleased)]
    released += [x.parent_id for x in world.when().all_of(e.ParentReleased)]
    assert released == first
    assert world.folded().state == world.state


def test_a_time_that_is_given_twice_is_one_time() -> None:
    world = trading(order("o1"), order("o2", settlement="T2"), order("o3", settlement="T3"))
    state = world.state
    first, *others = state.parents.values()
    due_ns = first.due_ns
    due_index.set_due(state, first, due_ns + MINUTE)
    due_index.set_due(state, first, due_ns)
    due_index.touch_due(state, due_ns)
    assert [*state.touched] == [first.parent_id, others[0].parent_id]


def test_an_order_tries_the_newest_parents_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.core.parents.aggregation.PARENTS_TRIED_MAX", 1)
    monkeypatch.setattr("engine.core.parents.tranches.TRANCHES_MAX", 1)
    world = trading(mandate("c2", active=True), order("o1", 100))
    stopped = kill(e.ControlScope.CLIENT, "c2")
    world.given(order("o2", 100, client_id="c2")).given(stopped)
    assert world.parent("o2") is not world.parent("o1")
    world.when(order("o3", 100))
    assert world.parent("o3") not in (world.parent("o1"), world.parent("o2"))
    assert world.order("o3").terms.instrument_id == INSTRUMENT


def test_a_time_that_never_comes_is_in_no_index() -> None:
    world = trading(order("o1"))
    parent, before = world.parent("o1"), len(world.state.dues)
    due_index.set_due(world.state, parent, parent.due_ns)
    due_index.set_due(world.state, parent, NEVER_NS)
    assert len(world.state.dues) == before
    assert due_index.first_due_ns(world.state) is None
