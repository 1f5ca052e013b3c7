"""A recorded market day: a folder of quotes and prints becomes observations in time order.

A folder holds `quotes.csv`, `trades.csv` or both, either of them gzipped (`.gz`), with a header:

    quotes: ts,exchange,bid,bid_size,ask,ask_size     trades: ts,exchange,price,size,cond,corr

Prints may have an `id`; a second print that counts, of the same exchange and id, is left out.
`instrument.toml` beside the files may name the instrument, its session, the units of sizes and the
vocabulary of the sale conditions (`instrument.py`); `rows.py` reads a row. The feed is raw: zero,
crossed and stale quotes and rows outside the session are facts and pass unchanged; a row that
cannot be read is a `BadRow` with its line, never a silent loss. `gaps.py` says what a folder lacks.

Rows are put in time order, however the files have them; at one time prints come before quotes, as
the quote already shows what the print left, and otherwise in the order of the file.
"""

import csv
import io
import zlib
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

from engine.core.events import QuoteObserved, TradeObserved
from engine.gateways.files.unpacking import GZIP, UnpackingError, gunzipped
from engine.log.port import EngineError
from engine.simulation.market import rows as market_rows
from engine.simulation.market.instrument import Instrument, read_instrument
from engine.simulation.market.rows import BadFieldError

NS = 1_000_000_000  # Nanoseconds a second.

QUOTE_COLUMNS = ("ts", "exchange", "bid", "bid_size", "ask", "ask_size")
TRADE_COLUMNS = market_rows.TRADE_FIELDS
TRADE_ID_COLUMN = "id"  # A file may lack it.


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
Row = TypeVar("Row", QuoteObserved, TradeObserved)


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderFacts:
    """Facts of a folder before any simulation; counts of rows are complete."""

    folder: Path
    instrument: Instrument
    day: int  # Trading day, yyyymmdd count.
    open_ns: int  # Start of the first session, ns since 1970 UTC.
    close_ns: int  # End of the last session, ns since 1970 UTC.
    sessions: tuple[tuple[int, int], ...]  # Open and close of each, ns since 1970 UTC.
    venues: tuple[str, ...]  # Codes seen, in order of the code; the off-exchange code too.
    quote_count: int
    trade_count: int
    session_quote_count: int  # Rows within the sessions.
    session_trade_count: int
    disordered_count: int  # Rows behind a later one in their file.
    bad_rows: tuple[BadRow, ...]  # Rows that were left out.
    duplicate_count: int = 0  # Prints left out, because their id was there already.
    eligible_count: int = 0  # Prints that count for volume and VWAP.
    unknown_codes: tuple[tuple[str, int], ...] = ()  # Codes that the vocabulary lacks, and prints.


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
        return any(first <= event.received_ns < last for first, last in self.facts.sessions)


def load(folder: Path, *, strict: bool = False) -> MarketData:
    """Read a folder; with `strict` the first bad row raises instead of being collected.

    Raises MarketDataError for a folder without one of the two files, a file without its columns,
    one that does not unpack, and a folder without a single readable row; InstrumentError for an
    `instrument.toml` that makes no sense.
    """
    paths = _files_of(folder)
    instrument = read_instrument(folder)
    codes = market_rows.Codes(instrument.conditions)
    trades = _Prints(paths["trades"], instrument, codes, strict=strict)
    quotes = _Quotes(paths["quotes"], instrument, strict=strict)
    trades.read()
    quotes.read()
    if not trades.events and not quotes.events:
        raise MarketDataError(_nothing_readable(folder, (*trades.bad_rows, *quotes.bad_rows)))
    day = instrument.day or _most_frequent_day([*trades.rows(), *quotes.rows()], instrument)
    trades.refuse_other_days(day, instrument)
    quotes.refuse_other_days(day, instrument)
    rows: list[Observed] = [*trades.rows(), *quotes.rows()]
    events = sorted(rows, key=_received_ns)  # Stable: prints first.
    sessions = instrument.sessions_ns(day)
    open_ns, close_ns = sessions[0][0], sessions[-1][1]
    facts = FolderFacts(
        folder=folder,
        instrument=instrument,
        day=int(day.strftime("%Y%m%d")),
        open_ns=open_ns,
        close_ns=close_ns,
        sessions=sessions,
        venues=tuple(sorted({event.venue for event in events})),
        quote_count=len(quotes.events),
        trade_count=len(trades.events),
        session_quote_count=sum(quotes.count_between(*session) for session in sessions),
        session_trade_count=sum(trades.count_between(*session) for session in sessions),
        disordered_count=trades.disordered_count + quotes.disordered_count,
        bad_rows=(*trades.bad_rows, *quotes.bad_rows),
        duplicate_count=trades.duplicate_count,
        eligible_count=sum(event.eligible for event in trades.rows()),
        unknown_codes=tuple(codes.unknown.most_common()),
    )
    return MarketData(facts, events)


class _File(ABC, Generic[Row]):
    """One file of a folder: its observations in file order, and its bad rows."""

    columns: tuple[str, ...]
    optional: tuple[str, ...] = ()

    def __init__(self, path: Path | None, instrument: Instrument, *, strict: bool) -> None:
        self.path = path
        self.instrument = instrument
        self.strict = strict
        self.events: list[tuple[int, Row]] = []  # Line and observation.
        self.bad_rows: list[BadRow] = []
        self.disordered_count = 0

    @abstractmethod
    def observe(self, row: Sequence[str]) -> Row | None:
        """The observation of a row; None if it repeats another. Raises BadFieldError."""

    def read(self) -> None:
        """Read the rows of the file; a folder may lack it."""
        if self.path is None:
            return
        latest_ns = 0
        for line, row in _rows(self.path, self.columns, self.optional):
            try:
                event = self.observe(_checked_width(row, self.columns + self.optional))
            except BadFieldError as error:
                self._refuse(line, error)
                continue
            if event is None:
                continue
            self.events.append((line, event))
            self.disordered_count += event.received_ns < latest_ns
            latest_ns = max(latest_ns, event.received_ns)

    def rows(self) -> Iterator[Row]:
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
                expected = (
                    f"a time of trading day {day} in {instrument.time_zone}: one folder is one"
                )
                self._refuse(line, BadFieldError("ts", found, expected))
        self.events = kept

    def _refuse(self, line: int, error: BadFieldError) -> None:
        assert self.path is not None, "a file that is not there has no rows"
        bad = BadRow(self.path, line, error.field, error.found, error.expected)
        if self.strict:
            raise MarketDataError(f"{bad}. Correct the row, or read without strict to skip it.")
        self.bad_rows.append(bad)


class _Quotes(_File[QuoteObserved]):
    columns = QUOTE_COLUMNS

    def observe(self, row: Sequence[str]) -> QuoteObserved:
        instrument = self.instrument
        if instrument.is_scaled:
            row = market_rows.in_increments(
                QUOTE_COLUMNS, row, instrument.scale, instrument.increment
            )
        unit_qty = instrument.unit_qty(instrument.quote_size_unit)
        return market_rows.quote(instrument.instrument_id, unit_qty, row)


class _Prints(_File[TradeObserved]):
    columns = TRADE_COLUMNS
    optional = (TRADE_ID_COLUMN,)

    def __init__(
        self,
        path: Path | None,
        instrument: Instrument,
        codes: market_rows.Codes,
        *,
        strict: bool,
    ) -> None:
        super().__init__(path, instrument, strict=strict)
        self._codes = codes
        self._counted: set[tuple[str, str]] = set()  # Exchange and id.
        self.duplicate_count = 0

    def observe(self, row: Sequence[str]) -> TradeObserved | None:
        instrument = self.instrument
        if instrument.is_scaled:
            row = market_rows.in_increments(
                TRADE_COLUMNS, row, instrument.scale, instrument.increment
            )
        unit_qty = instrument.unit_qty(instrument.trade_size_unit)
        trade = market_rows.trade(instrument.instrument_id, row, unit_qty, self._codes)
        if trade.trade_id and trade.eligible:
            name = (trade.venue, trade.trade_id)
            if name in self._counted:
                self.duplicate_count += 1
                return None
            self._counted.add(name)
        return trade


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


def _files_of(folder: Path) -> dict[str, Path | None]:
    """The two files of a folder; one of them may be missing."""
    if not folder.is_dir():
        raise MarketDataError(
            f"{folder} is not a folder; give one with quotes.csv and trades.csv, such as "
            "examples/us-equity-2018-01-02 in the project's folder"
        )
    paths = {name: _find(folder, name) for name in ("quotes", "trades")}
    if any(paths.values()):
        return paths
    raise MarketDataError(
        f"{folder} holds neither quotes.csv nor trades.csv, nor one of them with .gz; "
        "`metaorder market import` makes them from the files of a vendor"
    )


def _find(folder: Path, name: str) -> Path | None:
    found = [path for path in (folder / f"{name}.csv", folder / f"{name}.csv.gz") if path.exists()]
    if len(found) == 2:
        raise MarketDataError(f"{folder} holds {name}.csv and {name}.csv.gz; remove one of them")
    return found[0] if found else None


@contextmanager
def _opened(path: Path) -> Iterator[io.TextIOWrapper]:
    """A text file; bytes that are no UTF-8 are replaced, so that they cost their row alone."""
    with path.open("rb") as file:
        is_packed = path.suffix == ".gz" or file.peek(len(GZIP)).startswith(GZIP)
        plain = io.BufferedReader(gunzipped(str(path), file)) if is_packed else file
        with io.TextIOWrapper(plain, "utf-8-sig", errors="replace", newline="\n") as text:
            yield text


def _rows(
    path: Path, columns: tuple[str, ...], optional: tuple[str, ...]
) -> Iterator[tuple[int, list[str]]]:
    """The data lines with their numbers, their fields in the order of `columns` and `optional`.

    A row of another width than the header's comes as it is.
    """
    try:
        with _opened(path) as file:
            header = _split(file.readline())
            missing = [name for name in columns if name not in header]
            if missing:
                raise MarketDataError(
                    f"{path}, line 1: no column {', '.join(missing)}; expected {','.join(columns)}"
                )
            places = [header.index(name) for name in columns]
            more = [header.index(name) if name in header else None for name in optional]
            for line, text in enumerate(file, 2):
                row = _split(text)
                if len(row) == len(header):
                    found = [row[place] for place in places]
                    yield line, found + ["" if place is None else row[place] for place in more]
                elif row != [""]:  # An empty line is no row.
                    yield line, [text.rstrip()]
    except (OSError, EOFError, zlib.error) as error:  # gzip raises all three on damaged files.
        raise MarketDataError(f"{path} cannot be read: {error}. Fetch the file again.") from error
    except UnpackingError as error:
        raise MarketDataError(str(error)) from error


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
