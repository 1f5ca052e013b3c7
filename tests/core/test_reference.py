"""The price grid, lots and fees as reference data last defined them."""

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st
from world import (
    CENT,
    INSTRUMENT,
    LIT,
    calendar,
    curve,
    fees,
    given,
    instrument,
    make,
    tick_table,
    venue,
)

from engine.core.events import FeeScheduleDefined, Liquidity, Side
from engine.core.market import reference

UNIT_PX = 100 * CENT
BANDS = ((0, CENT // 100), (UNIT_PX, CENT), (50 * UNIT_PX, 5 * CENT))


@pytest.mark.parametrize(
    ("price_px", "tick_px"),
    [
        (UNIT_PX - 1, CENT // 100),
        (UNIT_PX, CENT),
        (50 * UNIT_PX - 1, CENT),
        (50 * UNIT_PX, 5 * CENT),
        (10**15, 5 * CENT),
    ],
)
def test_a_tick_is_that_of_the_last_band_that_begins_at_or_below_the_price(
    price_px: int, tick_px: int
) -> None:
    state = given(tick_table(*BANDS)).state

    assert reference.tick_px(state, INSTRUMENT, price_px) == tick_px


def test_without_a_table_or_below_its_first_band_there_is_no_tick_and_no_price() -> None:
    state = given(tick_table((UNIT_PX, 5 * CENT))).state

    for name, price_px in (("MSFT", 3 * UNIT_PX), (INSTRUMENT, UNIT_PX - 1)):
        assert reference.tick_px(state, name, price_px) == 0
        assert reference.on_tick_px(state, name, Side.BUY, price_px) == 0


@for_all(st.sampled_from(Side), st.integers(0, 60 * UNIT_PX))
def test_rounding_to_the_tick_favours_the_client_by_less_than_a_tick(
    side: Side, price_px: int
) -> None:
    state = given(tick_table(*BANDS)).state
    tick_px = reference.tick_px(state, INSTRUMENT, price_px)

    rounded_px = reference.on_tick_px(state, INSTRUMENT, side, price_px)

    gain_px = price_px - rounded_px if side is Side.BUY else rounded_px - price_px
    assert 0 <= gain_px < tick_px
    assert rounded_px % reference.tick_px(state, INSTRUMENT, rounded_px) == 0


@pytest.mark.parametrize(("defined_qty", "lot_qty"), [(100, 100), (1, 1), (0, 1)])
def test_a_lot_is_at_least_one(defined_qty: int, lot_qty: int) -> None:
    state = given(instrument(lot_qty=defined_qty)).state

    assert reference.lot_qty(state, INSTRUMENT) == lot_qty


@pytest.mark.parametrize(
    ("liquidity", "fee_px"),
    [
        (Liquidity.REMOVED, 30),
        (Liquidity.ADDED, -20),
        (Liquidity.MIDPOINT, 10),
        (Liquidity.UNDISCLOSED, 30),
    ],
)
def test_a_fee_goes_by_liquidity_and_what_is_not_disclosed_pays_the_takers(
    liquidity: Liquidity, fee_px: int
) -> None:
    state = given(fees(LIT, taker=30, maker=-20, midpoint=10)).state

    assert reference.fee_px(state, LIT, liquidity, CENT) == fee_px
    assert reference.fee_px(state, "nobody", liquidity, CENT) == 0


@pytest.mark.parametrize(
    ("liquidity", "fee_px"),
    [
        (Liquidity.REMOVED, 101),  # 0.1 % of 100,001, rounded up.
        (Liquidity.ADDED, -10),  # A rebate of 0.01 % of it, which is 10.0001.
        (Liquidity.MIDPOINT, 7 + 51),
    ],
)
def test_a_fee_by_value_follows_the_price(liquidity: Liquidity, fee_px: int) -> None:
    parts = {"taker_fee_ppm": 1_000, "maker_fee_ppm": -100, "midpoint_fee_ppm": 500}
    schedule = make(FeeScheduleDefined, venue=LIT, midpoint_fee_px=7, **parts)
    state = given(schedule).state

    assert reference.fee_px(state, LIT, liquidity, 100_001) == fee_px


def test_the_last_definition_applies() -> None:
    scene = given(instrument(lot_qty=100), calendar(day=1), curve((0, 1), (5,)), venue(LIT))
    scene.given(instrument(lot_qty=10), calendar(day=2), curve((0, 1), (6,)), venue(LIT, min_qty=7))

    known = scene.state.reference
    assert known.instruments[INSTRUMENT].lot_qty == 10
    assert [*known.calendars] == [("US", 1), ("US", 2)]
    assert known.curves[INSTRUMENT].volumes_qty == (6,)
    assert known.venues[LIT].min_qty == 7


def test_venues_stand_in_the_order_of_their_codes() -> None:
    assert list(given(venue("Z"), venue("A"), venue("K")).state.reference.venues) == ["A", "K", "Z"]
