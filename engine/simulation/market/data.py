"""A recorded market day: a folder of quotes and prints becomes observations in time order.

A folder holds `quotes.csv` and `trades.csv`, either of them gzipped (`.gz`), with a header line:

    quotes: ts,exchange,bid,bid_size,ask,ask_size     trades: ts,exchange,price,size,cond,corr

Times are ISO 8601 with an offset, prices decimals, sizes of quotes round lots, sizes of prints
smallest increments. `instrument.toml` beside them may name the instrument and its session
(`instrument.py`); `rows.py` reads a row. The feed is raw: zero, crossed and stale quotes and rows
outside the session are facts and pass unchanged; a row that cannot be read is a `BadRow` with its
line, never a silent loss.

Rows are put in time order, however the files have them; at one time prints come before quotes, as
the quote already shows what the print left, and otherwise in the order of the file.
"""

import csv
import gzip
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO, NamedTuple

from engine.core.events import QuoteObserved, TradeObserved
from engine.log.port import EngineError
from engine.simulation.market import rows as market_rows
from engine.simulation.market.instrument import Instrument, read_instrument
from engine.simulation.market.rows import BadFieldError

NS = 1_000_000_000  # Nanoseconds a second.

QUOTE_COLUMNS = ("ts", "exchange", "bid", "bid_size", "ask", "ask_size")
TRADE_COLUMNS = ("ts", "exchange", "price", "size", "cond", "corr")


class MarketDataError(EngineError):
    """A market data folder cannot be used; the message names the file and the way out."""


class BadRow(NamedTuple):
    """A row that could not be read, and why."""

    path: Path
    line: int  # Line of the file, count from 1 with the header.
    field: str
    found: str
    expected: str

    def __str__(self) -> str:
        """One line for people."""
        where = f"{self.path}, line {self.line}"
        return f"{where}: {self.field} is {self.found[:60]!r}, expected {self.expected}"


Observed = QuoteObserved | TradeObserved


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderFacts:
    """Facts of a folder before any simulation; counts of rows are complete."""

    folder: Path
    instrument: Instrument
    day: int  # Trading day, yyyymmdd count.
    open_ns: int  # Start of the session, ns since 1970 UTC.
    close_ns: int  # End of the session, ns since 1970 UTC.
    venues: tuple[str, ...]  # Codes seen, in order of the code; the off-exchange code too.
    quote_count: int
    trade_count: int
    session_quote_count: int  # Rows from the open until before the close.
    session_trade_count: int
    disordered_count: int  # Rows behind a later one in their file.
    bad_rows: tuple[BadRow, ...]  # Rows that were left out.


@dataclass(frozen=True, slots=True)
class MarketData:
    """A folder in memory; `events` are in time order."""

    facts: FolderFacts
    events: Sequence[Observed]

    def __iter__(self) -> Iterator[Observed]:
        """The observations in time order."""
        return iter(self.events)

    def __len__(self) -> int:
        """Number of observations."""
        return len(self.events)

    def trades(self) -> Iterator[TradeObserved]:
        return (event for event in self.events if isinstance(event, TradeObserved))

    def quotes(self) -> Iterator[QuoteObserved]:
        return (event for event in self.events if isinstance(event, QuoteObserved))

    def in_session(self, event: Observed) -> bool:
        return self.facts.open_ns <= event.received_ns < self.facts.close_ns


def load(folder: Path, *, strict: bool = False) -> MarketData:
    """Read a folder; with `strict` the first bad row raises instead of being collected.

    Raises MarketDataError for a folder without the two files, a file without its columns, one
    that does not unpack, and a folder without a single readable row; InstrumentError for an
    `instrument.toml` that makes no sense.
    """
    if not folder.is_dir():
        raise MarketDataError(
            f"{folder} is not a folder; give one with quotes.csv and trades.csv, such as "
            "examples/us-equity-2018-01-02 in the project's folder"
        )
    instrument = read_instrument(folder)
    trades = _File(_find(folder, "trades"), TRADE_COLUMNS, strict=strict)
    quotes = _File(_find(folder, "quotes"), QUOTE_COLUMNS, strict=strict)
    trades.read(lambda row: market_rows.trade(instrument.instrument_id, row))
    quotes.read(lambda row: market_rows.quote(instrument.instrument_id, instrument.lot_qty, row))
    if not trades.events and not quotes.events:
        raise MarketDataError(_nothing_readable(folder, (*trades.bad_rows, *quotes.bad_rows)))
    day = instrument.day or _most_frequent_day((*trades.rows(), *quotes.rows()), instrument)
    trades.refuse_other_days(day, instrument)
    quotes.refuse_other_days(day, instrument)
    events = sorted((*trades.rows(), *quotes.rows()), key=_received_ns)  # Stable: prints first.
    open_ns, close_ns = instrument.session_ns(day)
    facts = FolderFacts(
        folder=folder,
        instrument=instrument,
        day=int(day.strftime("%Y%m%d")),
        open_ns=open_ns,
        close_ns=close_ns,
        venues=tuple(sorted({event.venue for event in events})),
        quote_count=len(quotes.events),
        trade_count=len(trades.events),
        session_quote_count=quotes.count_between(open_ns, close_ns),
        session_trade_count=trades.count_between(open_ns, close_ns),
        disordered_count=trades.disordered_count + quotes.disordered_count,
        bad_rows=(*trades.bad_rows, *quotes.bad_rows),
    )
    return MarketData(facts, events)


class _File:
    """One file of a folder: its observations in file order, and its bad rows."""

    def __init__(self, path: Path, columns: tuple[str, ...], *, strict: bool) -> None:
        self.path = path
        self.columns = columns
        self.strict = strict
        self.events: list[tuple[int, Observed]] = []  # Line and observation.
        self.bad_rows: list[BadRow] = []
        self.disordered_count = 0

    def read(self, observe: Callable[[Sequence[str]], Observed]) -> None:
        latest_ns = 0
        for line, row in _rows(self.path, self.columns):
            try:
                event = observe(_checked_width(row, self.columns))
            except BadFieldError as error:
                self._refuse(line, error)
                continue
            self.events.append((line, event))
            self.disordered_count += event.received_ns < latest_ns
            latest_ns = max(latest_ns, event.received_ns)

    def rows(self) -> Iterator[Observed]:
        return (event for _, event in self.events)

    def count_between(self, first_ns: int, next_ns: int) -> int:
        return len([1 for _, event in self.events if first_ns <= event.received_ns < next_ns])

    def refuse_other_days(self, day: date, instrument: Instrument) -> None:
        """Refuse the rows of other days: a folder is one trading day."""
        first_ns, next_ns = instrument.day_ns(day)
        kept = []
        for line, event in self.events:
            if first_ns <= event.received_ns < next_ns:
                kept.append((line, event))
            else:
                found = datetime.fromtimestamp(event.received_ns // NS, UTC).isoformat()
                expected = f"a time on {day} in {instrument.time_zone}: one folder is one day"
                self._refuse(line, BadFieldError("ts", found, expected))
        self.events = kept

    def _refuse(self, line: int, error: BadFieldError) -> None:
        bad = BadRow(self.path, line, error.field, error.found, error.expected)
        if self.strict:
            raise MarketDataError(f"{bad}. Correct the row, or read without strict to skip it.")
        self.bad_rows.append(bad)


def _received_ns(event: Observed) -> int:
    return event.received_ns


def _nothing_readable(folder: Path, bad_rows: tuple[BadRow, ...]) -> str:
    if not bad_rows:
        return f"{folder} holds no rows; expected quotes or trades below the header lines"
    return f"{folder}: none of {len(bad_rows)} rows can be read; the first is {bad_rows[0]}"


def _most_frequent_day(events: Sequence[Observed], instrument: Instrument) -> date:
    """The local day of most rows; of equals the earlier one."""
    hours = Counter(event.received_ns // (3_600 * NS) for event in events)
    days: Counter[date] = Counter()
    for hour, count in sorted(hours.items()):
        days[instrument.local_day(hour * 3_600 * NS)] += count
    return min(days, key=lambda day: (-days[day], day))


# ------------------------------------------------------------------------------ files


def _find(folder: Path, name: str) -> Path:
    found = [path for path in (folder / f"{name}.csv", folder / f"{name}.csv.gz") if path.exists()]
    if len(found) == 1:
        return found[0]
    if found:
        raise MarketDataError(f"{folder} holds {name}.csv and {name}.csv.gz; remove one of them")
    raise MarketDataError(f"{folder} holds neither {name}.csv nor {name}.csv.gz")


def _open(path: Path) -> IO[str]:
    """A text file; bytes that are no UTF-8 are replaced, so that they cost their row alone."""
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", errors="replace", newline="\n")
    return path.open(encoding="utf-8-sig", errors="replace", newline="\n")


def _rows(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[int, list[str]]]:
    """The data lines with their numbers, their fields in the order of `columns`.

    A row of another width than the header's comes as it is.
    """
    try:
        with _open(path) as file:
            header = _split(file.readline())
            missing = [name for name in columns if name not in header]
            if missing:
                raise MarketDataError(
                    f"{path}, line 1: no column {', '.join(missing)}; expected {','.join(columns)}"
                )
            places = [header.index(name) for name in columns]
            for line, text in enumerate(file, 2):
                row = _split(text)
                if len(row) == len(header):
                    yield line, [row[place] for place in places]
                elif row != [""]:  # An empty line is no row.
                    yield line, [text.rstrip()]
    except (OSError, EOFError, zlib.error) as error:  # gzip raises all three on damaged files.
        raise MarketDataError(f"{path} cannot be read: {error}. Fetch the file again.") from error


def _split(text: str) -> list[str]:
    """One line's fields. Each line is split by itself, so a stray quotation mark costs one row."""
    text = text.rstrip("\r\n")
    if '"' not in text:
        return text.split(",")
    try:
        return next(csv.reader([text], strict=True))
    except csv.Error:
        return []


def _checked_width(row: Sequence[str], columns: tuple[str, ...]) -> Sequence[str]:
    if len(row) == len(columns):
        return row
    raise BadFieldError("row", ",".join(row), f"as many fields as the header: {','.join(columns)}")
