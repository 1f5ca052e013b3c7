"""Instruments that are no share: read in their own units, or refused by name."""

from pathlib import Path

import pytest

from engine.core.events import TickTableDefined
from engine.gateways.files import reference_file
from engine.gateways.files.tables import TableFileError
from engine.simulation.market.data import MarketData, MarketDataError, load
from engine.simulation.market.instrument import InstrumentError
from engine.simulation.market.reference import reference_events

NS = 1_000_000_000
COIN = 'currency = "USDT"\ntick = "0.01"\nincrement = "0.00001"\nconditions = "none"\n'
FUTURE = 'tick = "0.25"\nlot_qty = 1\nmultiplier = 50\nconditions = "none"\n'


def market(folder: Path, toml: str, quote: str, trade: str) -> MarketData:
    """A folder of one quote and one print: bid, size, ask, size; price, size."""
    folder.mkdir()
    (folder / "instrument.toml").write_text(toml)
    at = "2025-11-28T15:00:00Z"
    (folder / "quotes.csv").write_text(f"ts,exchange,bid,bid_size,ask,ask_size\n{at},N,{quote}\n")
    (folder / "trades.csv").write_text(f"ts,exchange,price,size,cond,corr\n{at},N,{trade},,\n")
    return load(folder)


def test_fractions_are_counted_in_increments_at_the_price_of_one(tmp_path: Path) -> None:
    data = market(tmp_path / "m", COIN, "61837.64,0.5,61837.65,1.25", "61837.64,0.00001")
    (quote,), (trade,) = data.quotes(), data.trades()

    assert (quote.bid_px, quote.bid_qty) == (618_376_400, 50_000)  # 0.6183764 for 0.00001.
    assert (quote.ask_px, quote.ask_qty) == (618_376_500, 125_000)
    assert (trade.last_px, trade.last_qty) == (618_376_400, 1)
    (ticks,) = [x for x in reference_events(data.facts) if isinstance(x, TickTableDefined)]
    assert ticks.bands[0].tick_px == 100  # 0.01 of a coin.


def test_a_multiplier_makes_the_price_that_of_a_contract(tmp_path: Path) -> None:
    data = market(tmp_path / "m", FUTURE, "6800.25,3,6800.50,4", "6800.25,2")
    (quote,), (trade,) = data.quotes(), data.trades()

    assert (quote.bid_px, quote.bid_qty) == (340_012_500_000_000, 3)  # 50 times 6,800.25.
    assert (trade.last_px, trade.last_qty) == (340_012_500_000_000, 2)
    (ticks,) = [x for x in reference_events(data.facts) if isinstance(x, TickTableDefined)]
    assert ticks.bands[0].tick_px == 12_500_000_000


def test_a_price_above_a_million_is_read_by_a_smaller_increment(tmp_path: Path) -> None:
    toml = 'currency = "KRW"\ntick = "1000"\nincrement = "0.0001"\nconditions = "none"\n'
    data = market(tmp_path / "m", toml, "130000000,0.5,130001000,1", "130000000,0.1")

    assert next(data.quotes()).bid_px == 13_000 * NS


ROWS = [
    ("", "1000000.01,1,1000000.02,1", "1,1", "bid", "no more than 1,000,000 for one increment"),
    ("", "-37.63,1,-37.60,1", "1,1", "bid", "not negative"),
    ("", "1,1,2,1", "-37.63,1", "price", "not negative"),
    ("", "1,0.5,2,1", "1,1", "bid_size", "a whole number, not negative"),
    (COIN, "1.00,0.000001,2,1", "1,1", "bid_size", "a multiple of 0.00001"),
    (COIN, "1.00001,1,2,1", "1,1", "bid", "nine decimals in 0.00001"),
    (COIN, "NaN,1,2,1", "1,1", "bid", "nine decimals in 0.00001"),
    (COIN, "1.00,1,two,1", "1,1", "ask", "not negative"),
    (COIN, "-1.00,1,2,1", "1,1", "bid", "not negative"),
]


@pytest.mark.parametrize(("toml", "quote", "trade", "field", "expected"), ROWS)
def test_a_value_that_no_event_can_hold_is_refused_by_name(
    tmp_path: Path, toml: str, quote: str, trade: str, field: str, expected: str
) -> None:
    facts = market(tmp_path / "m", toml, quote, trade).facts

    (bad,) = facts.bad_rows
    assert (bad.field, bad.line) == (field, 2)
    assert expected in bad.expected


def test_a_folder_of_negative_prices_says_so_before_it_starts(tmp_path: Path) -> None:
    with pytest.raises(MarketDataError, match=r"none of 2 rows can be read; .* not negative"):
        market(tmp_path / "m", "", "-37.63,1,-37.60,1", "-37.63,1")


FILES = [
    ('increment = "2"', "increment is '2', expected a positive decimal of at most 1"),
    ('increment = "0"', "increment is '0'"),
    ("multiplier = 0.5", "multiplier is '0.5', expected a positive whole number"),
    ('increment = "0.001"', "without a tick, expected the tick of the files' prices"),
    ('increment = "0.00000001"\ntick = "0.01"', "nine decimals at most; choose a larger increment"),
    ('increment = "0.1"\ntick = "0.1"\nquote_size_unit = "lots"', "quote_size_unit is lots"),
    ('tick = "-0.01"', "tick is '-0.01', expected a positive decimal"),
    ('fees = "0.1%"', "unknown field fees"),
]


@pytest.mark.parametrize(("toml", "message"), FILES)
def test_an_instrument_that_cannot_be_is_refused_by_name(
    tmp_path: Path, toml: str, message: str
) -> None:
    with pytest.raises(InstrumentError) as refused:
        market(tmp_path / "m", toml, "1,1,2,1", "1,1")
    assert message in str(refused.value)


# ------------------------------------------------------------------------------ reference

HEAD = 'effective_day = 2025-11-28\n[[fee]]\nvenue = "N"\n'
INSTRUMENT = 'effective_day = 2025-11-28\n[[instrument]]\ninstrument_id = "X"\nadv_qty = 1\n'


def test_fees_are_for_each_increment_or_by_value(tmp_path: Path) -> None:
    path = tmp_path / "reference.toml"
    path.write_text(HEAD + 'taker_rate = "0.1%"\nmaker_rate = -0.0002\nmidpoint = 0.001\n')
    (table,) = reference_file.read(path)
    fee = table.to_event()

    assert (fee.taker_fee_ppm, fee.maker_fee_ppm, fee.midpoint_fee_px) == (1_000, -200, 1_000_000)  # type: ignore[union-attr]


WRONG = [
    (HEAD + "taker = 0.003\n", "found no taker and maker"),
    (HEAD + 'taker_rate = "20%"\nmaker_rate = 0\n', "taker_rate"),
    (HEAD + "taker_bps = 10\n", "taker_bps"),
    (INSTRUMENT + 'daily_volatility = "1%"\nlot_qty = 0.001\n', "lot_qty"),
    (INSTRUMENT + 'daily_volatility = "1%"\nmultiplier = 50\n', "multiplier"),
]


@pytest.mark.parametrize(("text", "message"), WRONG)
def test_reference_data_that_cannot_be_is_refused_by_name(
    tmp_path: Path, text: str, message: str
) -> None:
    path = tmp_path / "reference.toml"
    path.write_text(text)

    with pytest.raises(TableFileError) as refused:
        reference_file.read(path)
    assert message in str(refused.value)
