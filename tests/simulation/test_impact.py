"""Our own impact is that of Almgren et al. (2005), and it decays; without it nothing moves."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st
from venue_day import CENT_PX, CLOSE_NS, DAY, OPEN_NS, SECOND_NS

from engine.core.events import (
    DayOpened,
    DepthObserved,
    InstrumentDefined,
    Level,
    QuoteObserved,
    Side,
    TickBand,
    TickTableDefined,
    TradeObserved,
)
from engine.simulation.venues.impact import HALF_LIFE_NS, Impact

PX = 100 * 100 * CENT_PX
DAY_NS = CLOSE_NS - OPEN_NS
# The paper's worked examples, with the decimals of its formulas.
IBM = {"adv_qty": 6_561_000, "daily_volatility_ppm": 15_700}
DRI = {"adv_qty": 1_929_000, "daily_volatility_ppm": 22_600}


def impact_of(
    *, adv_qty: int = 1_000_000, daily_volatility_ppm: int = 20_000, turnover: str = "200"
) -> Impact:
    impact = Impact(inverse_turnover=Decimal(turnover))
    for event in (
        InstrumentDefined(
            instrument_id="XXX",
            symbol="XXX",
            currency="USD",
            lot_qty=100,
            adv_qty=adv_qty,
            daily_volatility_ppm=daily_volatility_ppm,
            previous_close_px=PX,
            effective_day=DAY,
        ),
        TickTableDefined(
            instrument_id="XXX",
            bands=(TickBand(from_px=0, tick_px=CENT_PX),),
            effective_day=DAY,
        ),
        DayOpened(day=DAY, open_ns=OPEN_NS, close_ns=CLOSE_NS, seed=1, set_ns=OPEN_NS - 1),
    ):
        impact.learn(event)
    return impact


def trade_evenly(impact: Impact, qty: int, for_ns: int, parts: int = 1_000) -> int:
    """Buy in equal parts at one price; returns the time of the last."""
    at_ns = OPEN_NS
    for part in range(1, parts + 1):
        at_ns = OPEN_NS + for_ns * part // parts
        impact.on_fill("XXX", Side.BUY, qty * part // parts - qty * (part - 1) // parts, PX, at_ns)
    return at_ns


def bps(impact: Impact, at_ns: int) -> float:
    return float(impact.shift_px("XXX", at_ns)) / PX * 10_000


@pytest.mark.parametrize(
    ("stock", "turnover", "part_of_day", "permanent_bps", "temporary_bps"),
    [
        (IBM, "263.374", 0.1, 19.86, 22.294),
        (IBM, "263.374", 0.2, 19.86, 14.709),
        (IBM, "263.374", 0.5, 19.86, 8.488),
        (DRI, "87.092", 0.1, 21.679, 32.092),
    ],
)
def test_a_tenth_of_the_volume_moves_the_price_as_in_the_paper(
    stock: dict[str, int],
    turnover: str,
    part_of_day: float,
    permanent_bps: float,
    temporary_bps: float,
) -> None:
    impact = impact_of(**stock, turnover=turnover)
    end_ns = trade_evenly(impact, stock["adv_qty"] // 10, int(DAY_NS * part_of_day))
    after_bps = bps(impact, end_ns + 40 * HALF_LIFE_NS)

    assert after_bps == pytest.approx(permanent_bps, abs=0.02)
    # The average ends 0.4 % below the constant rate after 39 minutes, above it after a large fill.
    assert bps(impact, end_ns) - after_bps == pytest.approx(temporary_bps, rel=0.01)


def test_half_an_hour_after_the_last_fill_a_twelfth_of_the_temporary_part_is_left() -> None:
    impact = impact_of()
    end_ns = trade_evenly(impact, 50_000, DAY_NS // 10)
    lasting = bps(impact, end_ns + 100 * HALF_LIFE_NS)
    at_end, later = bps(impact, end_ns) - lasting, bps(impact, end_ns + 6 * HALF_LIFE_NS) - lasting

    assert later / at_end == pytest.approx(2**-3.6, rel=1e-6)


@for_all(st.lists(st.integers(1, 5_000), min_size=1, max_size=8))
def test_the_lasting_part_is_that_of_the_sum_however_it_is_cut(qtys: list[int]) -> None:
    cut, whole = impact_of(), impact_of()
    for number, qty in enumerate(qtys):
        cut.on_fill("XXX", Side.SELL, qty, PX, OPEN_NS + number)
    whole.on_fill("XXX", Side.SELL, sum(qtys), PX, OPEN_NS)
    far_ns = OPEN_NS + 200 * HALF_LIFE_NS

    assert bps(cut, far_ns) == pytest.approx(bps(whole, far_ns), rel=1e-9)
    assert bps(cut, far_ns) < 0


@for_all(st.integers(1, 100_000), st.integers(0, DAY_NS))
def test_a_buy_never_lowers_a_price_and_a_sell_never_raises_it(qty: int, later_ns: int) -> None:
    bought, sold = impact_of(), impact_of()
    bought.on_fill("XXX", Side.BUY, qty, PX, OPEN_NS)
    sold.on_fill("XXX", Side.SELL, qty, PX, OPEN_NS)

    at_ns = OPEN_NS + later_ns
    assert bought.shift_px("XXX", at_ns) == sold.shift_px("XXX", at_ns).copy_negate() > 0
    assert bought.shift_px("XXX", at_ns) <= bought.shift_px("XXX", OPEN_NS)


# ------------------------------------------------------------------------------ what is shown


def quote(venue: str, bid: int, ask: int, at_s: int = 0) -> QuoteObserved:
    at_ns = OPEN_NS + at_s * SECOND_NS
    return QuoteObserved(
        venue=venue,
        instrument_id="XXX",
        bid_px=bid * CENT_PX,
        bid_qty=300,
        ask_px=ask * CENT_PX,
        ask_qty=200,
        event_ns=at_ns,
        received_ns=at_ns,
    )


def trade(cents: int, at_s: int) -> TradeObserved:
    at_ns = OPEN_NS + at_s * SECOND_NS
    return TradeObserved(
        venue="N",
        instrument_id="XXX",
        last_px=cents * CENT_PX,
        last_qty=100,
        eligible=True,
        conditions="",
        event_ns=at_ns,
        received_ns=at_ns,
    )


def seconds(at_s: int) -> int:
    return OPEN_NS + at_s * SECOND_NS


def test_without_a_fill_the_market_is_as_recorded() -> None:
    impact, seen = impact_of(), quote("N", 9_999, 10_001)

    assert impact.moved(seen, seconds(0)) == [seen]
    assert impact.shift_px("YYY", seconds(0)) == 0


def test_a_move_shows_at_every_venue_in_the_order_of_its_quotes_before_the_next_record() -> None:
    impact = impact_of()
    for seen in (quote("P", 9_998, 10_002), quote("N", 9_999, 10_001, 1), quote("Z", 9_990, 0, 2)):
        impact.moved(seen, seen.received_ns)
    impact.on_fill("XXX", Side.BUY, 20_000, PX, seconds(3))
    found = impact.moved(trade(10_000, 4), seconds(4))
    up = found[-1].last_px // CENT_PX - 10_000  # type: ignore[union-attr]

    assert up > 0
    assert found[:-1] == [
        replace(seen, bid_px=(bid + up) * CENT_PX, ask_px=(ask + up) * CENT_PX if ask else 0)
        for seen, bid, ask in (
            (quote("P", 0, 0, 4), 9_998, 10_002),
            (quote("N", 0, 0, 4), 9_999, 10_001),
            (quote("Z", 0, 0, 4), 9_990, 0),
        )
    ]
    assert impact.moved(trade(10_000, 4), seconds(4)) == found[-1:]  # Once.


def test_an_old_quote_and_the_one_that_is_replaced_do_not_come_again() -> None:
    impact = impact_of()
    for seen in (quote("P", 9_998, 10_002), quote("N", 9_999, 10_001, 20)):
        impact.moved(seen, seen.received_ns)
    impact.on_fill("XXX", Side.SELL, 20_000, PX, seconds(31))
    (found,) = impact.moved(quote("N", 9_999, 10_001, 32), seconds(32))

    assert isinstance(found, QuoteObserved)
    assert found.ask_px - found.bid_px == 2 * CENT_PX
    assert found.bid_px < 9_999 * CENT_PX


def test_depth_moves_level_by_level_and_no_price_falls_below_a_tick() -> None:
    impact = impact_of()
    impact.on_fill("XXX", Side.SELL, 20_000, PX, seconds(1))
    depth = DepthObserved(
        venue="N",
        instrument_id="XXX",
        bids=(Level(px=2 * CENT_PX, level_qty=5),),
        asks=(Level(px=PX, level_qty=7),),
        event_ns=seconds(2),
        received_ns=seconds(2),
    )
    (found,) = impact.moved(depth, seconds(2))

    assert isinstance(found, DepthObserved)
    assert found.bids == (Level(px=CENT_PX, level_qty=5),)
    assert found.asks[0].px < PX
    assert found.asks[0].level_qty == 7


def test_an_instrument_without_a_daily_volume_does_not_move() -> None:
    impact = impact_of(adv_qty=0)
    impact.on_fill("XXX", Side.BUY, 20_000, PX, seconds(1))

    assert impact.moved(trade(10_000, 2), seconds(2)) == [trade(10_000, 2)]
