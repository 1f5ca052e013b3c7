"""The expected cost of a way: price, fee, adverse move, and what the rest costs later."""

from hypothesis import given as for_all
from hypothesis import strategies as st

from engine.core.routing import expected_cost
from engine.core.routing.cells import PEG, POST
from engine.core.routing.expected_cost import (
    Cost,
    adverse_millibps,
    lean_millibps,
    of_rest,
    of_take,
)
from engine.core.state.model import Markout, Scorecard
from engine.core.units import NS_PER_S, PPM

HALF = 900  # Half a spread of 1.8 bps.
COSTS = st.integers(-10_000, 10_000)
CHANCES = st.integers(0, PPM)


def test_a_take_that_is_sure_costs_what_it_pays() -> None:
    sure = of_take(HALF + 150, None, 300, 2 * HALF, PPM)
    assert sure == Cost(1_350, 1_350, 0, 1_350 + 2 * HALF)


def test_a_take_leans_half_on_what_takes_there_cost() -> None:
    assert of_take(1_000, 2_000, 0, 3_000, PPM).filled_millibps == 1_500


def test_a_take_that_may_miss_asks_again_for_more() -> None:
    assert of_take(1_000, None, 0, 2_000, PPM * 9 // 10).score_millibps == 1_200


def test_a_post_earns_half_the_spread_where_it_is_filled_and_pays_it_where_not() -> None:
    even = of_rest(-HALF, 0, HALF, PPM // 2, 0)
    assert even == Cost(0, -HALF, 0, HALF)
    assert of_rest(-HALF, 400, HALF, PPM // 2, 0).score_millibps == 200


def test_the_price_of_waiting_is_that_of_the_usual_time_up_to_a_minute() -> None:
    sooner, later, latest = (
        of_rest(0, 0, HALF, 0, seconds * NS_PER_S).score_millibps for seconds in (0, 10, 600)
    )
    assert (sooner, later, latest) == (HALF, HALF + 10, HALF + 60)


@for_all(COSTS, COSTS, COSTS, CHANCES, CHANCES)
def test_a_fill_that_is_likelier_moves_the_cost_to_that_of_a_fill(
    price: int, adverse: int, missed: int, one_ppm: int, other_ppm: int
) -> None:
    low, high = sorted((one_ppm, other_ppm))
    less = of_rest(price, adverse, missed, low, 0).score_millibps
    more = of_rest(price, adverse, missed, high, 0).score_millibps
    assert less >= more if price + adverse <= missed else less <= more + 1
    assert min(price + adverse, missed) <= less <= max(price + adverse, missed)


# ------------------------------------------------------------------------------------ lean


def test_more_on_the_bid_leans_against_a_buyer_and_for_a_seller() -> None:
    assert lean_millibps(300, 100, HALF, is_buy=True) == HALF // 2
    assert lean_millibps(300, 100, HALF, is_buy=False) == -HALF // 2
    assert lean_millibps(100, 100, HALF, is_buy=True) == 0
    assert lean_millibps(0, 0, HALF, is_buy=True) == 0


@for_all(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**5))
def test_the_lean_stays_within_the_spread(bid_qty: int, ask_qty: int, half: int) -> None:
    for is_buy in (True, False):
        assert -half <= lean_millibps(bid_qty, ask_qty, half, is_buy=is_buy) <= half


# ---------------------------------------------------------------------------- adverse moves


def test_before_any_fill_the_adverse_move_is_the_measured_guess() -> None:
    assert adverse_millibps({}, None, POST) == 490
    assert adverse_millibps({}, None, PEG) == 180


def test_fills_of_all_venues_teach_the_move_and_those_of_one_correct_it() -> None:
    pooled = {(PEG, 60): Markout(fills_milli=20_000, sum_millibps=-20 * 580)}
    assert adverse_millibps(pooled, Scorecard(), PEG) == 380  # Half of it is the guess.
    own = Scorecard(markouts={(PEG, 60): Markout(fills_milli=50_000, sum_millibps=-50 * 580)})
    assert adverse_millibps(pooled, own, PEG) == 480  # Half of it is that of all venues.


def test_the_way_to_a_fill_counts_for_a_post_and_not_for_a_peg() -> None:
    markouts = {(how, 0): Markout(20_000, -20 * 1_000) for how in (POST, PEG)}
    assert adverse_millibps(markouts, None, POST) == 490 + 500
    assert adverse_millibps(markouts, None, PEG) == 180


def test_a_fee_is_a_part_of_the_price() -> None:
    assert expected_cost.fee_millibps(3_000_000, 100_000_000_000) == 300
    assert expected_cost.fee_millibps(3_000_000, 0) == 3_000_000 * 10_000_000


def test_the_impact_is_that_of_a_hundredth_of_the_volume() -> None:
    # Almgren et al. 2005: 0.142 x 1.5 % x 0.01^0.6 is 1.344 bps.
    exact = 0.142 * 150 * 0.01**0.6 * 1_000
    assert expected_cost.impact_millibps(15_000) == 1_344
    assert abs(exact - 1_344) < 1
