"""An instrument's usual volume and volatility from past days."""

from collections.abc import Sequence
from dataclasses import replace
from math import log, sqrt
from pathlib import Path

import pytest

from engine.core.controls import input_limits
from engine.core.events import InstrumentDefined, TickTableDefined, TradeObserved
from engine.gateways.files import reference_file
from engine.simulation.market import estimates
from engine.simulation.market.data import MarketData
from engine.simulation.market.estimates import DayPrices
from engine.simulation.market.volume_curves import DayVolume, curve

MINUTE_NS = 60_000_000_000
PX = 10**9
DAY_NS = 390 * MINUTE_NS
CURVE = curve(
    [DayVolume(20180102, "XXX", DAY_NS, (30, 10)), DayVolume(20180103, "XXX", DAY_NS, (1, 1))]
)


def printed(data: MarketData, prints: Sequence[tuple[float, int, str]]) -> MarketData:
    """The folder with these prints alone: minutes from the open, price, conditions."""
    trades = [
        TradeObserved(
            venue="N",
            instrument_id="XXX",
            last_px=px * PX,
            last_qty=100,
            eligible=True,
            conditions=conditions,
            event_ns=data.facts.open_ns + round(minutes * MINUTE_NS),
            received_ns=data.facts.open_ns + round(minutes * MINUTE_NS),
        )
        for minutes, px, conditions in prints
    ]
    return MarketData(data.facts, trades)


def test_the_variance_is_that_of_the_last_prints_of_five_minutes(equity_day: MarketData) -> None:
    prints = [
        (0, 100, ""),
        (1, 50, ""),
        (4.9, 102, ""),
        (7, 101, ""),
        (16, 104, ""),
        (389, 103, ""),
    ]
    found = estimates.day_prices(printed(equity_day, prints))

    returns = [102 / 100, 101 / 102, 104 / 101, 103 / 104]
    assert found.variance == pytest.approx(sum(log(each) ** 2 for each in returns))
    assert found.close_px == 103 * PX


def test_auctions_are_no_prices_of_the_day(equity_day: MarketData) -> None:
    prints = [(0, 90, "O"), (1, 100, ""), (300, 110, ""), (389.99, 500, "6")]
    found = estimates.day_prices(printed(equity_day, prints))

    assert found.variance == pytest.approx(log(1.1) ** 2)
    assert found.close_px == 110 * PX


def test_a_day_without_prints_has_no_variance(equity_day: MarketData) -> None:
    assert estimates.day_prices(printed(equity_day, ()))[1:] == (0, 0)


def test_an_instrument_is_as_in_its_last_folder_with_the_figures_of_all(
    equity_day: MarketData,
) -> None:
    later = replace(
        equity_day.facts,
        day=20180103,
        instrument=replace(equity_day.facts.instrument, lot_qty=10),
    )
    days = [DayPrices(later, 0.0004, 101 * PX), DayPrices(equity_day.facts, 0.0002, 99 * PX)]

    defined, ticks = estimates.instrument(days, CURVE)

    assert defined.lot_qty == 10
    assert defined.adv_qty == sum(CURVE.volumes_qty) == 21
    assert defined.daily_volatility_ppm == round(1e6 * sqrt(0.0003))
    assert defined.previous_close_px == 101 * PX
    assert defined.effective_day == ticks.effective_day == CURVE.effective_day == 20180104


def test_the_tables_of_an_instrument_load_as_they_were_made(
    equity_day: MarketData, tmp_path: Path
) -> None:
    made = estimates.instrument([estimates.day_prices(equity_day)], CURVE)
    file = tmp_path / "instrument.toml"
    file.write_text(estimates.as_toml(*made))

    loaded = [table.to_event() for table in reference_file.read(file)]

    assert tuple(loaded) == made
    assert [type(each) for each in loaded] == [InstrumentDefined, TickTableDefined]
    assert all(input_limits.first_flaw(each) is None for each in made)
