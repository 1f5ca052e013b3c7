"""Bars of a minute or another span, as prints that have the bar's prices and its volume.

A bar does not say in which order its prices came, nor how the volume lay among them. It becomes up
to four prints: the open at its start, the close at its end, low and high at a third and two thirds
between them (the low first where the bar rose, the high first where it fell), each with a quarter
of the volume, the rest of the division at the close. So volume and last price of each bar are true,
and everything inside a bar is a guess.

Columns of the format `bars`: a time (`ts`, `time`, `timestamp`, `date` or `datetime`, the start of
the bar), `open`, `high`, `low`, `close`, `volume`, in any order and case.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from engine.gateways.imports import source, values
from engine.gateways.imports.port import (
    Account,
    BadFieldError,
    ImportFailedError,
    Observation,
    Print,
    Reader,
)

PRICES = ("open", "high", "low", "close")
TIMES = ("ts", "time", "timestamp", "datetime", "date", "ts_event", "open_time")
VOLUMES = ("volume", "vol")
SPANS_S = {"1s": 1, "1m": 60, "3m": 180, "5m": 300, "15m": 900, "30m": 1_800, "1h": 3_600}
GUESS = "every print was made from a bar; the order and size of prices inside a bar are a guess"


class Bar(NamedTuple):
    """A bar; `at_ns` is its start, `volume` a whole number."""

    at_ns: int
    venue: str
    prices: tuple[str, ...]  # Open, high, low, close.
    volume: str


def prints(bar: Bar, span_ns: int, account: Account) -> Iterator[Print]:
    """The prints that stand for a bar; none for a bar without volume."""
    first, high, low, last = bar.prices
    volume = int(bar.volume)
    if not all(bar.prices):
        raise BadFieldError("bar", ",".join(bar.prices), "four prices")
    if not Decimal(low) <= min(Decimal(first), Decimal(last)) <= Decimal(high) or (
        max(Decimal(first), Decimal(last)) > Decimal(high)
    ):
        raise BadFieldError("bar", ",".join(bar.prices), "low <= open and close <= high")
    if volume == 0:
        account.leave_out("bar without volume")
        return
    rose = Decimal(last) >= Decimal(first)
    path = [first, low, high, last] if rose else [first, high, low, last]
    part, rest = divmod(volume, len(path))
    for n, price in enumerate(path):
        size = part + (rest if n == len(path) - 1 else 0)
        if size:
            offset_ns = (span_ns - 1) * n // (len(path) - 1)  # The last one is still in the bar.
            yield Print(bar.at_ns + offset_ns, bar.venue, price, str(size))


class Bars(Reader):
    """A table of bars; `--schema` is their span, a minute without it."""

    def read(self, paths: Sequence[Path]) -> Iterator[Observation]:
        span_ns = span_of(self.request.schema or "1m")
        units = values.Units(self.request.increment)
        self.account.note(GUESS)
        for path in paths:
            header, rows = source.table(path)
            wanted = {"ts": TIMES, **{name: (name,) for name in PRICES}, "volume": VOLUMES}
            names = source.columns(path, header, wanted)
            for line, cells in rows:
                self.account.line_count += 1
                try:
                    row = source.by_name(header, cells)
                    yield from prints(self._bar(units, names, row), span_ns, self.account)
                except BadFieldError as error:
                    self.account.refuse(path, line, error)

    def instrument(self) -> Mapping[str, str | int]:
        return {"quote_size_unit": "shares", "trade_size_unit": "shares", "conditions": "none"}

    def _bar(self, units: values.Units, names: Mapping[str, str], row: Mapping[str, str]) -> Bar:
        return Bar(
            values.any_ns("ts", row[names["ts"]], self.request.zone),
            self.request.venue or "BARS",
            tuple(units.px(name, row[names[name]]) for name in PRICES),
            units.size("volume", row[names["volume"]]),
        )


def span_of(text: str) -> int:
    """The span of a bar by its name, ns. Raises ImportFailedError."""
    if text in SPANS_S:
        return SPANS_S[text] * values.NS
    raise ImportFailedError(f"--schema is {text!r}, expected a bar's span: {', '.join(SPANS_S)}")
