"""What venues have left, divided among the slices of a batch that want it."""

from itertools import permutations

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st
from world import (
    LIT,
    OTHER_LIT,
    World,
    an,
    at_once,
    market,
    order,
    policy,
    px,
    quote,
    venue,
)

from engine.core.events import ChildRouted, Immediacy, OrderCancelled, Router, Side
from engine.core.routing.candidates import Chances, Rated
from engine.core.routing.cells import TAKE
from engine.core.routing.division import Demand, divided, parts
from engine.core.routing.expected_cost import Cost

LOT = 100
SIDE = ("AAPL", Side.BUY)


def rated(code: str, left_qty: int, score: int = 0) -> Rated:
    cost = Cost(score, score, 0, 0)
    return Rated(score, code, TAKE, 1, left_qty, "", Chances(0, 0, 0), cost, left_qty, left_qty)


def want(name: str, qty: int, *venues: Rated, place: tuple[int, int] | None = None) -> Demand:
    """A demand of a parent that has done nothing; its name is its age."""
    place = place or (0, int(name))
    return Demand(name, SIDE, place, qty, LOT, venues, len(venues), is_whole=False)


def shares(*demands: Demand) -> dict[str, dict[str, int]]:
    found = divided(demands)
    return {
        name: {code: share.share_qty for code, share in parts_.items()}
        for name, parts_ in found.items()
    }


# ------------------------------------------------------------------------------- the rule


def test_what_all_want_is_divided_in_proportion() -> None:
    here = rated("A", 600)
    assert shares(want("1", 300, here), want("2", 900, here)) == {"1": {"A": 100}, "2": {"A": 500}}


def test_where_there_is_enough_each_gets_what_it_wants() -> None:
    here = rated("A", 600)
    assert shares(want("1", 37, here), want("2", 300, here)) == {"1": {"A": 37}, "2": {"A": 300}}


def test_what_one_gets_at_the_best_venue_it_wants_no_more_at_the_next() -> None:
    venues = (rated("B", 500, 1), rated("A", 500, 2))

    found = divided([want("1", 400, *venues), want("2", 400, *venues)])

    assert {code: share.share_qty for code, share in found["1"].items()} == {"B": 300, "A": 100}
    assert {code: share.share_qty for code, share in found["2"].items()} == {"B": 200, "A": 200}
    assert found["1"]["A"].left_qty == 500
    assert found["1"]["A"].wanted_qty == 300
    assert found["2"]["B"].wanted_qty == 800


def test_who_may_not_use_a_venue_gets_its_part_elsewhere() -> None:
    first, second = rated("A", 500, 1), rated("B", 500, 2)
    found = shares(want("1", 400, second), want("2", 800, first, second))
    assert found == {"1": {"B": 300}, "2": {"A": 500, "B": 200}}


def test_a_slice_for_one_venue_gets_no_part_of_another() -> None:
    venues = (rated("A", 300, 1), rated("B", 300, 2))
    one = want("1", 600, *venues)._replace(venues_max=1)
    assert shares(one, want("2", 300, *venues)) == {"1": {"A": 200}, "2": {"A": 100, "B": 200}}


def test_lots_that_do_not_come_out_even_go_to_those_that_have_less_done() -> None:
    here = rated("A", 100)
    behind, ahead = (0, 9), (200_000, 1)
    found = shares(want("1", 300, here, place=ahead), want("9", 300, here, place=behind))
    assert found == {"1": {}, "9": {"A": 100}}


def test_an_odd_lot_is_for_one() -> None:
    here = rated("A", 40)
    assert shares(want("1", 30, here), want("2", 300, here)) == {"1": {"A": 30}, "2": {}}


def test_nothing_is_divided_where_nothing_is_wanted() -> None:
    assert divided([]) == {}
    assert shares(want("1", 100)) == {"1": {}}


def test_what_needs_all_comes_first_and_gets_all_or_nothing() -> None:
    venues = (rated("A", 300, 1), rated("B", 300, 2))
    first, second = (want(name, 400, *venues)._replace(is_whole=True) for name in "23")

    found = divided([want("1", 900, *venues), first, second])

    assert {code: share.share_qty for code, share in found["2"].items()} == {"A": 300, "B": 100}
    assert found["3"] == {}
    assert {code: share.share_qty for code, share in found["1"].items()} == {"B": 200}
    assert found["1"]["B"].wanted_qty == 1_000


def test_what_needs_all_takes_it_at_the_best_venue() -> None:
    venues = (rated("A", 300, 1), rated("B", 300, 2))
    assert shares(want("1", 200, *venues)._replace(is_whole=True), want("2", 200, *venues)) == {
        "1": {"A": 200},
        "2": {"A": 100, "B": 100},
    }


@for_all(
    st.lists(st.integers(1, 900), min_size=1, max_size=7),
    st.lists(st.integers(0, 1_500), min_size=1, max_size=4),
    st.data(),
)
def test_shares_are_within_what_is_left_and_wanted_and_use_all_of_it(
    wanted: list[int], lefts: list[int], data: st.DataObject
) -> None:
    venues = [rated(chr(65 + n), qty, n) for n, qty in enumerate(lefts)]
    demands = [
        want(str(n), qty, *(v for v in venues if data.draw(st.booleans())))
        for n, qty in enumerate(wanted)
    ]

    found = divided(demands)

    for at in venues:
        given_qty = sum(x[at.venue].share_qty for x in found.values() if at.venue in x)
        assert given_qty <= at.left_qty
        unmet = [
            demand
            for demand in demands
            if at in demand.venues
            and sum(s.share_qty for s in found[demand.parent_id].values()) < demand.wanted_qty
        ]
        assert at.left_qty - given_qty < LOT * (1 + len(demands)) or not unmet
    for demand in demands:
        got_qty = sum(share.share_qty for share in found[demand.parent_id].values())
        assert got_qty <= demand.wanted_qty
        assert set(found[demand.parent_id]) <= {x.venue for x in demand.venues}


@for_all(st.lists(st.integers(1, 30), min_size=1, max_size=8), st.integers(0, 4_000))
def test_each_is_within_a_lot_of_its_exact_part(wanted_lots: list[int], left_qty: int) -> None:
    wanted = [LOT * lots for lots in wanted_lots]
    for qty, got in zip(wanted, parts(left_qty, LOT, wanted), strict=True):
        exact = min(qty, qty * left_qty / sum(wanted))
        assert abs(got - exact) <= LOT


@for_all(st.permutations(range(5)), st.lists(st.integers(1, 900), min_size=5, max_size=5))
def test_the_order_of_the_demands_decides_nothing(order_: list[int], wanted: list[int]) -> None:
    venues = (rated("A", 700, 1), rated("B", 500, 2))
    demands = [want(str(n), qty, *venues) for n, qty in enumerate(wanted)]
    assert divided([demands[n] for n in order_]) == divided(demands)


# ------------------------------------------------------------------------------- a batch


def batch(qtys: tuple[int, ...], ask_qty: int = 1_000) -> World:
    """Buyers whose parents are apart by their end, all taking in one batch."""
    world = World().given(*market(), policy(router=Router.PARALLEL), quote(ask_qty=ask_qty))
    asked = [
        at_once(f"o{n}", order_qty=qty, settlement=f"T{n}", limit_px=px(100.02))
        for n, qty in enumerate(qtys)
    ]
    return world.when(*asked)


def takes(world: World) -> list[int]:
    """The quantity taken for each parent, the oldest first."""
    found = dict.fromkeys((p.parent_id for p in world.state.parents.values()), 0)
    for routed in world.all_of(ChildRouted):
        if routed.venue_qty:
            found[routed.parent_id] += routed.child_qty
    return [*found.values()]


def test_the_oldest_parent_does_not_take_it_all() -> None:
    world = batch((1_000, 1_000, 500))

    assert takes(world) == [400, 400, 200]
    for routed in world.all_of(ChildRouted):
        assert (routed.left_qty, routed.wanted_qty) == (1_000, 2_500)


@pytest.mark.parametrize("qtys", [*permutations((300, 600, 1_100))])
def test_the_order_of_arrival_moves_a_lot_at_most(qtys: tuple[int, ...]) -> None:
    world = batch(qtys, ask_qty=1_000)

    exact = {qty: qty * 1_000 // 2_000 for qty in qtys}
    for qty, got_qty in zip(qtys, takes(world), strict=True):
        assert abs(got_qty - exact[qty]) <= LOT
    assert sum(takes(world)) == 1_000


def test_a_parent_alone_takes_what_is_left() -> None:
    world = batch((1_500,))
    world.then_some(an(ChildRouted, child_qty=1_000, left_qty=1_000, wanted_qty=0))


def test_two_that_must_be_filled_whole_do_not_halve_a_quote() -> None:
    world = World().given(*market(), policy(), quote(ask_qty=1_000))
    world.when(
        *(
            order(name, 600, immediacy=Immediacy.FOK, limit_px=px(100.02))
            for name in ("first", "second")
        )
    )

    world.then_some(an(ChildRouted, child_qty=600, min_qty=600), OrderCancelled)
    assert world.order("second").open_qty == 0
    assert world.order("first").open_qty == 600


def test_a_fold_of_the_batch_comes_to_the_same_state() -> None:
    world = batch((1_000, 1_000, 500))
    assert repr(world.folded().state) == repr(world.state)


def test_pegs_come_off_what_a_seeking_slice_would_take() -> None:
    world = World().given(*market(), venue("DP", kind="DARK", posts=False, midpoint=True))
    world.given(policy(router=Router.LIQUIDITY_SEEKING), quote(OTHER_LIT, ask=100.03))
    asked = [at_once(f"o{n}", 1_000, settlement=f"T{n}", limit_px=px(100.02)) for n in range(2)]
    world.when(*asked)

    lit = [x for x in world.all_of(ChildRouted) if x.venue == LIT]
    assert sum(x.child_qty for x in lit) <= 1_000
    assert {x.wanted_qty for x in lit} == {1_000}
