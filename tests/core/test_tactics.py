"""The ways to fill a slice by expected cost: what is taken early, and where the rest waits."""

from dataclasses import replace
from typing import Any

from hypothesis import given as for_all
from hypothesis import strategies as st
from routed import PLENTY, on, parent_search
from world import (
    DARK,
    HOUR,
    INSTRUMENT,
    LIT,
    MINUTE,
    NOW_NS,
    OTHER_LIT,
    World,
    an,
    at_once,
    dark_venue,
    order,
    policy,
    px,
    quote,
    trade,
    trading,
    venue,
)

from engine.core.events import ChildRouted, RouteDeferred, SliceReleased, Strategy, Style
from engine.core.routing import tactics
from engine.core.routing.candidates import STEP, Chances, Rated, Rating, rate
from engine.core.routing.cells import PEG, POST, TAKE
from engine.core.routing.expected_cost import Cost
from engine.core.routing.tactics import Ways
from engine.core.state.model import Markout
from engine.core.units import PPM

LOT = 100


def patient(*more: Any, order_qty: int = 6_000, **said: Any) -> World:  # noqa: ANN401
    """A parent of an hour that waits for a passive fill for minutes."""
    world = trading(policy(patience_ns=5 * MINUTE, strategy=Strategy.TWAP), *more)
    world.given(order(order_qty=order_qty, end_ns=NOW_NS + HOUR, **said))
    return on(world, 1, trade(PLENTY))


def waiting(code: str, how: str, chance_ppm: int, filled: int = 0, missed: int = 1_000) -> Rated:
    cost = Cost(0, filled, 0, missed)
    return Rated(0, code, how, 1, 0, "", Chances(chance_ppm, chance_ppm, 0), cost)


def spread(world: World, resting: list[Rated], qty: int) -> dict[tuple[str, str], int]:
    found = tactics.spread(parent_search(world), resting, qty)
    return {(rated.venue, rated.tactic): part_qty for rated, part_qty in found}


# ------------------------------------------------------------------------------------ waiting


def test_a_slice_within_its_band_waits_where_it_is_expected_to_cost_least() -> None:
    world = patient(dark_venue())
    slice_ = world.the(SliceReleased)
    assert slice_.style is Style.PASSIVE
    assert slice_.wait_ns == 3 * MINUTE
    routed = world.all_of(ChildRouted)
    assert sum(child.child_qty for child in routed) == slice_.slice_qty
    assert {child.tactic for child in routed} <= {POST, PEG, STEP}
    chosen = {child.score_millibps for child in routed}
    lost = {x.score_millibps for child in routed for x in child.runners_up}
    assert min(chosen | lost) in chosen


def test_a_route_names_the_parts_of_its_cost_and_the_best_of_each_other_way() -> None:
    child = patient(dark_venue()).all_of(ChildRouted)[0]
    assert child.missed_millibps > child.filled_millibps + child.adverse_millibps
    assert {child.tactic, *(x.tactic for x in child.runners_up)} == {TAKE, POST, STEP, PEG} - (
        {STEP} if child.bid_px + px(0.01) >= child.ask_px else set()
    )


def test_of_a_lot_all_goes_to_the_best_way() -> None:
    world = patient(order_qty=200)
    assert spread(world, [waiting("A", POST, 400_000), waiting("B", PEG, 300_000)], LOT) == {
        ("A", POST): LOT
    }


def test_a_larger_slice_spreads_as_further_lots_are_filled_less_likely() -> None:
    world = patient()
    ways = [waiting("A", POST, 400_000), waiting("B", PEG, 300_000), waiting("C", PEG, 40_000)]
    assert spread(world, ways, 5 * LOT) == {("A", POST): 3 * LOT, ("B", PEG): 2 * LOT}


def test_a_child_that_saves_less_than_its_messages_is_not_sent() -> None:
    world = patient()
    ways = [waiting("A", POST, 500_000), waiting("B", PEG, 40_000)]
    assert spread(world, ways, 3 * LOT) == {("A", POST): 3 * LOT}


def test_a_slice_has_so_many_children_at_most() -> None:
    world = patient()
    ways = [waiting(f"V{n}", how, 500_000) for n in range(9) for how in (PEG, POST)]
    parts = spread(world, ways, 90 * LOT)
    assert [*parts.values()] == [tactics.PIECES_MAX * LOT] * (tactics.PEGS_MAX + tactics.SHOWN_MAX)
    assert [how for _, how in parts].count(POST) == tactics.SHOWN_MAX
    assert spread(world, [], 9 * LOT) == {}
    assert spread(world, ways, 0) == {}


@for_all(
    st.lists(st.tuples(st.integers(0, PPM), st.integers(-2_000, 2_000)), min_size=1, max_size=9),
    st.integers(1, 20_000),
)
def test_a_spread_covers_the_slice_as_far_as_there_is_room(
    ways: list[tuple[int, int]], qty: int
) -> None:
    world = SPREADING
    rated = [waiting(f"V{n}", PEG, chance, filled) for n, (chance, filled) in enumerate(ways)]
    parts = spread(world, rated, qty)
    room_qty = min(len(ways), tactics.PEGS_MAX) * tactics.PIECES_MAX * LOT
    assert min(qty, room_qty) <= sum(parts.values()) < qty + LOT
    assert all(x % LOT == 0 and x <= tactics.PIECES_MAX * LOT for x in parts.values())
    assert len(parts) <= tactics.PEGS_MAX


def test_a_venue_is_shown_so_much_and_no_more() -> None:
    world = patient()
    child = world.children()[0]
    child.leaves_qty = tactics.PIECES_MAX * LOT
    full, other = (waiting(code, POST, 500_000) for code in (child.terms.venue, "V"))

    assert spread(world, [full], 3 * LOT) == {}
    assert tactics.waiting_parts(parent_search(world), [full], 3 * LOT, is_last=False) == []
    assert spread(world, [full, other], 3 * LOT) == {("V", POST): 3 * LOT}


def test_what_fits_no_venue_with_room_is_shown_at_no_full_one() -> None:
    world = patient(venue(OTHER_LIT, min_qty=9_000))
    child = world.children()[0]
    assert child.terms.venue == LIT
    child.leaves_qty = tactics.PIECES_MAX * LOT
    ways = [waiting(code, POST, 500_000) for code in (LIT, OTHER_LIT)]

    assert tactics.waiting_parts(parent_search(world), ways, 3 * LOT, is_last=False) == []
    assert tactics.waiting_parts(parent_search(world), ways, 3 * LOT, is_last=True)


def test_a_piece_is_the_least_slice_where_a_lot_is_one_increment() -> None:
    world = patient()
    found = world.state.reference.instruments
    found[INSTRUMENT] = replace(found[INSTRUMENT], lot_qty=1)
    world.state.controls.policy = policy(min_slice_qty=LOT)
    search = parent_search(world)
    assert search.lot_qty == 1
    assert tactics.piece_qty(search) == LOT


SPREADING = patient()


def test_a_venue_has_one_displayed_child_of_a_slice_and_its_peg() -> None:
    ways = [
        waiting("A", STEP, 1),
        waiting("A", POST, 2),
        waiting("A", PEG, 3),
        waiting("B", POST, 4),
    ]
    found = tactics.one_a_venue(ways)
    assert [(x.venue, x.tactic) for x in found] == [("A", STEP), ("A", PEG), ("B", POST)]


def test_what_fits_no_chosen_venue_goes_to_the_next() -> None:
    world = trading(
        policy(patience_ns=5 * MINUTE), venue(LIT, min_qty=300), quote(OTHER_LIT), trade(PLENTY)
    )
    world.given(order(order_qty=100, end_ns=NOW_NS + HOUR))
    on(world, 30, quote(OTHER_LIT, received_ns=NOW_NS + 30 * MINUTE))
    assert world.the(ChildRouted).venue == OTHER_LIT


# ------------------------------------------------------------------------------------- taking


def rating(*scores: int) -> Rating:
    cost = Cost(0, 0, 0, 0)
    return Rating([Rated(x, LIT, TAKE, 1, 0, "", Chances(0, 0, 0), cost) for x in scores], {})


def test_a_take_is_early_if_it_costs_clearly_less_than_waiting() -> None:
    early = tactics.EARLY_MILLIBPS
    resting = rating(1_000 + early).candidates
    assert not tactics.is_early(rating(1_000), resting)
    assert tactics.is_early(rating(999), resting)
    assert not tactics.is_early(rating(), resting)
    assert not tactics.is_early(rating(0), [])


def test_a_slice_takes_early_where_fills_at_rest_have_been_dear() -> None:
    world = trading(policy(patience_ns=5 * MINUTE))
    world.given(order(order_qty=6_000, end_ns=NOW_NS + HOUR))
    dear = Markout(1_000_000, -1_000 * 9_000)
    world.state.pools.markouts = {(how, 60): dear for how in (POST, PEG)}
    on(world, 1, trade(PLENTY))
    assert world.the(SliceReleased).style is Style.PASSIVE
    assert world.all_of(ChildRouted)[0].tactic == TAKE


def test_a_slice_that_is_late_takes_and_does_not_rest_beside_it() -> None:
    world = patient(order_qty=60_000)
    on(world, 30)
    assert world.the(SliceReleased).style is Style.AGGRESSIVE
    assert {child.tactic for child in world.all_of(ChildRouted)} == {TAKE}
    world.then_some(an(RouteDeferred))


def test_a_late_slice_with_nothing_to_take_waits_up_to_its_band() -> None:
    world = patient(order_qty=6_000)
    on(world, 30, quote(LIT, ask_qty=40, received_ns=NOW_NS + 30 * MINUTE))
    slice_ = world.the(SliceReleased)
    ahead_qty = slice_.upper_qty - slice_.done_qty - slice_.open_qty
    routed = sum(child.child_qty for child in world.all_of(ChildRouted))
    assert 0 < routed <= ahead_qty < slice_.slice_qty


def test_a_last_slice_rests_whole_where_nothing_is_shown() -> None:
    world = trading(trade(), quote(ask_qty=40)).when(at_once())
    assert world.the(SliceReleased).style is Style.CLEANUP
    assert sum(child.child_qty for child in world.all_of(ChildRouted)) == 500


def test_a_pool_is_a_way_of_its_own() -> None:
    world = patient(dark_venue())
    search = parent_search(world)
    found = tactics.ways(search, LOT)
    assert isinstance(found, Ways)
    assert DARK in {rated.venue for rated in found.resting if rated.tactic is PEG}
    assert found.resting == sorted(found.resting)
    assert {x.venue for x in rate(search, TAKE, LOT).candidates} == {
        x.venue for x in found.takes.candidates
    }


def test_the_rest_of_a_last_slice_is_displayed_in_equal_parts() -> None:
    search = parent_search(patient())
    shown = [waiting(f"V{n}", POST, 1) for n in range(5)]
    peg = waiting("A", PEG, 1)
    parts = tactics.with_rest(search, [peg, *shown], [(peg, 2 * LOT)], 10 * LOT)
    assert [(x.venue, qty) for x, qty in parts] == [
        ("A", 2 * LOT),
        *((f"V{n}", 3 * LOT) for n in range(tactics.SHOWN_MAX)),
    ]
    assert tactics.with_rest(search, [peg], [], 3 * LOT) == [(peg, 3 * LOT)]
    assert tactics.with_rest(search, [], [], 3 * LOT) == []
    assert tactics.with_rest(search, shown, [(shown[0], LOT)], LOT) == [(shown[0], LOT)]
