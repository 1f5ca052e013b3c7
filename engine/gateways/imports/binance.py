"""Binance: recorded websocket messages, and the CSV files of data.binance.vision.

**Messages**, one a line: the recorder's time in ns, a blank, and the JSON as it came
(`{"stream": ..., "data": ...}`, or a depth snapshot of the REST interface). Streams:
developers.binance.com, on websocket streams: `bookTicker` (u, b, B, a, A), `trade` and `aggTrade`
(t or a, p, q), `depth` (U, u, on futures pu, b, a). The folder's time is the recorder's. The best
comes from `bookTicker`, or with `--quotes-from depth` from a book (`depth_book.py`). A futures
trade that is not of type MARKET (X) is no trade of the market and is left out.

**CSV**, github.com/binance/binance-public-data: `trades` (id, price, qty, quoteQty, time, ...),
`aggTrades` (id, price, qty, first id, last id, time, ...), klines (open time, open, high, low,
close, volume, ...), with a header line or without one, and futures' `bookTicker` with one. The
file's name tells which, or `--schema`. Times are ms, of spot data from 2025 on us.

Quantities are fractions: `--increment` is the step of a quantity (LOT_SIZE), and the folder's
prices are those of one increment (`values.Units`). COIN-M contracts are not read: their quantity is
in USD, not in coins.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from engine.gateways.imports import bars, source, values
from engine.gateways.imports.depth_book import DepthBook
from engine.gateways.imports.port import (
    BadFieldError,
    ImportFailedError,
    Observation,
    Print,
    Quote,
    Reader,
)

MESSAGE = re.compile(r"(\d{19}) (\{.*)", re.ASCII)
KIND = re.compile(r"-(trades|aggTrades|bookTicker)-", re.ASCII)
KLINES = re.compile(rf"-({'|'.join(bars.SPANS_S)})-\d{{4}}", re.ASCII)
TIME_AT = {"trades": 4, "aggTrades": 5}
KLINE_FIELDS = 6
TICKER = (
    *("best_bid_price", "best_bid_qty", "best_ask_price", "best_ask_qty", "transaction_time"),
)
QUOTES_FROM = ("bookTicker", "depth")


class Binance(Reader):
    """One symbol of spot or USD-M futures."""

    zone = "UTC"

    def read(self, paths: Sequence[Path]) -> Iterator[Observation]:
        if not self.request.increment:
            raise ImportFailedError(
                "--increment is missing: quantities are fractions; say their step (stepSize of the "
                "filter LOT_SIZE in exchangeInfo), 0.00001 for BTCUSDT on spot, 0.001 on futures"
            )
        self._units = values.Units(self.request.increment)
        self._venue = self.request.venue or "BINANCE"
        self._quotes_from = self.request.quotes_from or QUOTES_FROM[0]
        if self._quotes_from not in QUOTES_FROM:
            raise ImportFailedError(
                f"--quotes-from is {self._quotes_from!r}, expected {' or '.join(QUOTES_FROM)}"
            )
        for path in paths:
            rows = source.lines(path)
            first = next(rows, None)
            if first is None:
                raise ImportFailedError(f"{path} is empty; expected messages or rows")
            if MESSAGE.fullmatch(first[1]):
                yield from self._messages(path)
            else:
                yield from self._table(path, first[1])

    def instrument(self) -> Mapping[str, str | int]:
        return {
            "quote_size_unit": "shares",
            "trade_size_unit": "shares",
            "conditions": "none",
            "lot_qty": 1,
            "open": "00:00",  # The exchange never closes; the day is that of UTC.
            "close": "24:00",
        }

    # ------------------------------------------------------------------------ messages

    def _messages(self, path: Path) -> Iterator[Observation]:
        book = DepthBook(self._units, self._venue, self.account)
        self._behind_ms = 0
        for line, text in source.lines(path):
            self.account.line_count += 1
            try:
                yield from self._message(*_parsed(text), book)
            except BadFieldError as error:
                self.account.refuse(path, line, error)
        if self._behind_ms > 0:
            self.account.note(
                f"the recorder's clock was up to {self._behind_ms:,} ms behind the exchange's; "
                "the recorder's time was taken"
            )

    def _message(
        self, at_ns: int, message: Mapping[str, Any], book: DepthBook
    ) -> Iterator[Observation]:
        if "lastUpdateId" in message:
            yield from self._of_book(book.on_snapshot(at_ns, message), "depth snapshot")
            return
        stream, data = str(message.get("stream", "")), message.get("data")
        if not isinstance(data, dict):
            raise BadFieldError("message", str(message), "a stream and its data")
        if str(data.get("s", "")) != self.request.symbol:
            self.account.leave_out("another symbol")
            return
        event_ms = data.get("E")
        if isinstance(event_ms, int):
            self._behind_ms = max(self._behind_ms, event_ms - at_ns // 1_000_000)
        kind = stream.partition("@")[2].partition("@")[0]
        if kind == "bookTicker":
            if self._quotes_from == kind:
                yield self._quote(at_ns, *(_text(data, name) for name in "bBaA"))
            else:
                self.account.leave_out("bookTicker, as the best comes from depth")
        elif kind in ("trade", "aggTrade"):
            yield from self._trade(at_ns, data, "t" if kind == "trade" else "a")
        elif kind == "depth":
            yield from self._of_book(book.on_change(at_ns, data), "depth")
        else:
            self.account.leave_out(f"stream {kind or stream}"[:60])

    def _of_book(self, quotes: Iterator[Quote], what: str) -> Iterator[Quote]:
        if self._quotes_from == "depth":
            yield from quotes
        else:
            self.account.leave_out(f"{what}, as the best comes from bookTicker")

    def _quote(self, at_ns: int, bid: str, bid_qty: str, ask: str, ask_qty: str) -> Quote:
        units = self._units
        return Quote(
            at_ns,
            self._venue,
            units.px("bid", bid),
            units.size("bid quantity", bid_qty),
            units.px("ask", ask),
            units.size("ask quantity", ask_qty),
        )

    def _trade(self, at_ns: int, data: Mapping[str, Any], id_name: str) -> Iterator[Print]:
        kind = data.get("X", "MARKET")
        if kind != "MARKET":
            self.account.leave_out(f"trade of type {kind}"[:60])
            return
        number = data.get(id_name)
        trade_id = str(number) if isinstance(number, int) else ""
        yield self._print(at_ns, _text(data, "p"), _text(data, "q"), trade_id)

    def _print(self, at_ns: int, price: str, qty: str, trade_id: str) -> Print:
        px, size = self._units.px("price", price), self._units.size("quantity", qty)
        return Print(at_ns, self._venue, px, size, trade_id=trade_id)

    # ----------------------------------------------------------------------------- CSV

    def _table(self, path: Path, first: str) -> Iterator[Observation]:
        kind = self.request.schema or _kind_of(path)
        if kind == "bookTicker":
            yield from self._tickers(path, first)
            return
        span_ns = 0 if kind in TIME_AT else bars.span_of(kind)
        if span_ns:
            self.account.note(bars.GUESS)
        for line, text in source.lines(path):
            row = source.fields(text)
            if line == 1 and not row[0].isdigit():
                continue  # A header line; files of some years have one.
            self.account.line_count += 1
            try:
                if kind in TIME_AT:
                    yield self._row(row, TIME_AT[kind])
                else:
                    yield from bars.prints(self._kline(row), span_ns, self.account)
            except BadFieldError as error:
                self.account.refuse(path, line, error)

    def _row(self, row: Sequence[str], time_at: int) -> Print:
        if len(row) <= time_at:
            raise BadFieldError("row", ",".join(row), f"{time_at + 1} fields at least")
        at_ns = values.epoch_ns("time", row[time_at])
        return self._print(at_ns, row[1], row[2], str(values.whole("id", row[0])))

    def _kline(self, row: Sequence[str]) -> bars.Bar:
        if len(row) < KLINE_FIELDS:
            raise BadFieldError("row", ",".join(row), f"{KLINE_FIELDS} fields at least")
        prices = (self._units.px(x, y) for x, y in zip(bars.PRICES, row[1:5], strict=True))
        volume = self._units.size("volume", row[5])
        return bars.Bar(values.epoch_ns("open time", row[0]), self._venue, tuple(prices), volume)

    def _tickers(self, path: Path, first: str) -> Iterator[Observation]:
        source.require(path, source.fields(first), TICKER)
        header, rows = source.table(path)
        for line, cells in rows:
            self.account.line_count += 1
            try:
                row = source.by_name(header, cells)
                at_ns = values.epoch_ns(TICKER[4], row[TICKER[4]])
                yield self._quote(at_ns, *(row[name] for name in TICKER[:4]))
            except BadFieldError as error:
                self.account.refuse(path, line, error)


def _kind_of(path: Path) -> str:
    match = KIND.search(path.name) or KLINES.search(path.name)
    if match:
        return match[1]
    raise ImportFailedError(
        f"{path}: neither messages nor a name that tells what the rows are, such as "
        "BTCUSDT-trades-2024-08-08.csv, ...-aggTrades-..., ...-1m-... or ...-bookTicker-...; say "
        "it with --schema trades, aggTrades, bookTicker or a span such as 1m"
    )


def _parsed(text: str) -> tuple[int, Mapping[str, Any]]:
    """The recorder's time and the message of a line."""
    match = MESSAGE.fullmatch(text)
    if match:
        try:
            found = orjson.loads(match[2])
        except orjson.JSONDecodeError:
            found = None
        if isinstance(found, dict):
            return values.epoch_ns("time", match[1]), found
    raise BadFieldError("line", text, "a time in ns, a blank and a JSON object")


def _text(data: Mapping[str, Any], name: str) -> str:
    found = data.get(name)
    if isinstance(found, str):
        return found
    raise BadFieldError(name, str(found), "a decimal as text")
