"""Brakes: at most so many in a window for each name, told by an event."""

import pytest
from routed import reasons
from world import (
    LIT,
    OTHER_LIT,
    SECOND,
    World,
    amend,
    an,
    at_once,
    cancel,
    order,
    policy,
    px,
    quote,
    report,
    trading,
    venue,
)

from engine.core.controls import rates
from engine.core.controls.rates import Rate
from engine.core.events import (
    ChildRouted,
    ExecType,
    OrderAccepted,
    OrderCancelled,
    OrderChangePending,
    OrderChangeRejected,
    OrderRejected,
    RejectReason,
    RouteDeferred,
    Router,
    RouteReason,
    SliceReleased,
)
from engine.core.state.state import State

RATE = Rate(("name",), 10, 1_000)  # Five at once, then one each 200 ns.


def counted(at: list[int], rate: Rate = RATE) -> State:
    state = State(shard=0)
    for at_ns in at:
        rates.count(state, rate, at_ns)
    return state


@pytest.mark.parametrize(
    ("at", "now_ns", "room"),
    [
        ([], 0, 5),
        ([0], 0, 4),
        ([0] * 5, 0, 0),
        ([0] * 5, 199, 0),
        ([0] * 5, 200, 1),
        ([0] * 5, 1_000, 5),
        ([0] * 50, 1_000, 5),  # Cancels beyond the most hold for a window at most.
        ([0, 100], 100, 3),
    ],
)
def test_half_of_the_most_may_come_at_once_and_the_rest_in_the_window(
    at: list[int], now_ns: int, room: int
) -> None:
    state = counted(at)
    assert rates.room(state, RATE, now_ns) == room
    assert (rates.free_ns(state, RATE, now_ns) <= now_ns) == (room > 0)


def test_no_window_holds_more_than_the_most() -> None:
    state, sent = State(shard=0), []
    for now_ns in range(1_000, 10_000, 7):
        if rates.room(state, RATE, now_ns):
            rates.count(state, RATE, now_ns)
            sent.append(now_ns)
    most = max(sum(start <= at < start + 1_000 for at in sent) for start in sent)
    assert 5 <= most <= 10


def test_names_are_forgotten_once_their_time_has_passed() -> None:
    state = State(shard=0)
    for number in range(10_000):
        rates.count(state, Rate((str(number),), 10, 1_000), number * 10)
    assert len(state.rates) <= 21


@pytest.mark.parametrize("most", [0, 1, 2, 3])
def test_a_rate_permits_at_least_one(most: int) -> None:
    assert rates.room(State(shard=0), Rate((), most, 0), 0) == 1


CODES = ("A", "B", "C", "D", "E", "F")


def parallel(**said: int) -> World:
    """A taker of all eight venues at the best."""
    shown = [quote(code, ask_qty=100) for code in (LIT, OTHER_LIT, *CODES)]
    rules = policy(router=Router.PARALLEL, **said)
    return trading(rules, *map(venue, CODES), *shown).when(at_once(order_qty=800))


def test_a_parent_sends_what_its_rate_permits_and_the_rest_later() -> None:
    world = parallel(parent_routes_max=6)
    assert len(world.all_of(ChildRouted)) == 3
    held = world.the(RouteDeferred)
    assert reasons(held)[RouteReason.RATE_LIMIT] == 5
    assert held.held_until_ns == world.now_ns + 10 * SECOND // 3
    assert held.unrouted_qty == 500

    again = [quote(code, ask_qty=100, received_ns=world.now_ns) for code in CODES]
    world.when(*again, at_once("o2", order_qty=100), after_ns=SECOND)
    world.then_no(RouteDeferred)  # It is told once.
    world.at(held.held_until_ns)

    assert len(world.all_of(ChildRouted)) == 1
    assert world.folded().state == world.state


def test_a_parent_with_a_rate_is_planned_when_the_rate_lets_it_go_on() -> None:
    world = parallel(parent_routes_max=6)
    held = world.the(RouteDeferred)
    world.when(after_ns=1)
    assert world.shard.next_due_ns() == held.held_until_ns


def test_a_venue_that_got_its_most_is_passed_by() -> None:
    world = trading(policy(router=Router.SEQUENTIAL, venue_routes_max=2))
    world.when(at_once("o1", limit_px=px(99.95))).then_some(an(ChildRouted, venue=LIT))
    world.when(at_once("o2", limit_px=px(99.90))).then_some(an(ChildRouted, venue=OTHER_LIT))

    world.when(at_once("o3", limit_px=px(99.85))).then_some(SliceReleased).then_no(ChildRouted)

    held = world.the(RouteDeferred)
    assert reasons(held) == {RouteReason.RATE_LIMIT: 2}
    assert held.held_until_ns == world.now_ns + 10 * SECOND
    world.at(held.held_until_ns).then_some(ChildRouted)


def test_a_client_that_orders_and_cancels_in_a_loop_is_refused_and_may_cancel() -> None:
    world = trading()
    for number in range(100):
        name = f"o{number}"
        world.when(at_once(name, limit_px=px(99.95)), after_ns=1).when(cancel(name))
        for child in world.children():
            world.when(report(child, ExecType.CANCELED))

    history = world.history()
    routed = [x for x in history if isinstance(x, ChildRouted)]
    refused = [x for x in history if isinstance(x, OrderRejected)]
    assert 10 <= len(routed) <= 20
    assert {x.reason for x in refused} == {RejectReason.RATE_LIMIT}
    assert "40 amends, cancels and cancelled children in AAPL" in refused[0].text
    world.when(at_once("other", client_id="c2", limit_px=px(99.95))).then_some(ChildRouted)
    world.when(at_once("later"), after_ns=10 * SECOND).then_some(OrderAccepted)
    assert world.folded().state == world.state


def test_a_client_that_amends_in_a_loop_is_refused_and_may_cancel() -> None:
    world = trading().given(order("o1", 500, limit_px=px(99.95)))
    for number in range(40):
        change = amend("o1", cl_ord_id=f"a{number}", order_qty=500 + number + 1)
        world.when(change, after_ns=1)

    world.then(an(OrderChangeRejected, reason=RejectReason.RATE_LIMIT))
    world.when(cancel("o1"), after_ns=1).then_some(OrderChangePending)
    for child in world.children():
        world.when(report(child, ExecType.CANCELED)).then_some(OrderCancelled)


def test_a_client_that_sends_too_many_orders_is_refused() -> None:
    world = trading(policy(client_orders_max=4))
    world.when(*(order(f"o{number}") for number in range(3)))

    world.then_some(OrderAccepted, OrderAccepted, an(OrderRejected, cl_ord_id="o2"))
    assert "4 orders of a client in 10000000000 ns" in world.the(OrderRejected).text
