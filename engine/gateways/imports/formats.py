"""The formats that can be imported, and what each cannot know."""

from collections.abc import Mapping

from engine.gateways.imports.bars import Bars
from engine.gateways.imports.binance import Binance
from engine.gateways.imports.databento import Databento
from engine.gateways.imports.lobster import Lobster
from engine.gateways.imports.port import Format
from engine.gateways.imports.taq import Taq
from engine.gateways.imports.trades import Trades

FORMATS: Mapping[str, Format] = {
    found.name: found
    for found in (
        Format(
            "databento",
            Databento,
            "Databento CSV: mbp-1, mbp-10, tbbo, bbo, trades, ohlcv",
            "sale conditions and trade ids; venues outside the dataset; with tbbo the quotes "
            "between trades; with trades or ohlcv any quote",
        ),
        Format(
            "taq",
            Taq,
            "NYSE Daily TAQ: trades and quotes, separated by |",
            "sizes behind the best; how long after the venue's time a quote reached us; hidden "
            "liquidity",
        ),
        Format(
            "lobster",
            Lobster,
            "LOBSTER: pairs of message and orderbook files",
            "every venue but Nasdaq and everything off-exchange; trades outside 09:30 to 16:00; "
            "trade ids",
        ),
        Format(
            "binance",
            Binance,
            "Binance: recorded websocket messages, CSV of trades, aggTrades, klines, bookTicker",
            "other exchanges; in CSV of trades or klines any quote; COIN-M contracts",
        ),
        Format(
            "bars",
            Bars,
            "a table of bars: time, open, high, low, close, volume",
            "quotes, venues, single trades; the order and sizes of prices inside a bar",
        ),
        Format(
            "trades",
            Trades,
            "a table of trades: time, price, size; venue, conditions and id if there",
            "quotes, and so spreads and sizes; corrections that came later",
        ),
    )
}
