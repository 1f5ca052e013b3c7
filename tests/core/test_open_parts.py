"""What a parent's clients have open is added up anew with every change of a member."""

from world import MINUTE, NOW_NS, World, at_once, cancel, order, policy, px, quote, trade, trading

from engine.core.events import OrderSubmitted
from engine.core.parents import open_parts
from engine.core.strategy import participation

FAR_PX = px(99.00)  # A child at this limit rests.


def resting(cl_ord_id: str, client_id: str) -> OrderSubmitted:
    return at_once(cl_ord_id, 300, client_id=client_id, limit_px=FAR_PX)


def gathering(*orders: OrderSubmitted) -> World:
    return trading(policy(window_ns=MINUTE)).when(*orders)


def parts(world: World, name: str) -> dict[int, dict[str, int]]:
    """What each tranche's clients have open."""
    state, parent = world.state, world.parent(name)
    return {
        number: dict(open_parts.open_by_client(state, parent, tranche))
        for number, tranche in parent.tranches.items()
    }


def willing(world: World, name: str) -> dict[int, dict[str, int]]:
    """What each tranche's clients may cross."""
    state, parent = world.state, world.parent(name)
    return {
        number: dict(open_parts.willing_by_client(state, parent, {number: tranche}))
        for number, tranche in parent.tranches.items()
    }


def test_a_member_that_left_counts_no_more() -> None:
    world = gathering(order("o1", 500), order("o2", 200, client_id="c2"), order("o3", 100))
    assert parts(world, "o1") == willing(world, "o1") == {0: {"c1": 600, "c2": 200}}

    world.when(cancel("o3"))

    assert parts(world, "o1") == willing(world, "o1") == {0: {"c1": 500, "c2": 200}}


def test_each_tranche_has_its_own_members() -> None:
    world = gathering(order("o1", 500), order("o2", 200, no_dark=True), order("o3", 100))
    state, parent = world.state, world.parent("o1")

    assert parts(world, "o1") == {0: {"c1": 600}, 1: {"c1": 200}}
    assert willing(world, "o1") == {0: {"c1": 600}, 1: {"c1": 200}}
    assert open_parts.willing_by_client(state, parent, parent.tranches) == {"c1": 800}
    assert open_parts.willing_by_client(state, parent, {1: parent.tranches[1]}) == {"c1": 200}


def test_a_member_whose_cancel_waits_for_its_child_is_open_and_not_willing() -> None:
    world = trading(policy(window_members=2)).when(resting("o1", "c1"), resting("o2", "c2"))
    assert willing(world, "o1") == {0: {"c1": 300, "c2": 300}}

    world.when(cancel("o1"))

    assert world.parent("o1").pending
    assert parts(world, "o1") == {0: {"c1": 300, "c2": 300}}
    assert willing(world, "o1") == {0: {"c2": 300}}


def test_nothing_is_measured_of_a_parent_that_gathers() -> None:
    world = gathering(order("o1", 500), order("o2", 200, client_id="c2"))
    world.given(quote(received_ns=NOW_NS), trade(1_000))
    state, parent = world.state, world.parent("o1")

    assert participation.room_of(state, parent, {0: 100}, world.now_ns) == (None, {})
