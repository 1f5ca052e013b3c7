"""A recorded market day: a folder of quotes and prints becomes observations in time order.

A folder holds `quotes.csv` and `trades.csv`, either of them gzipped (`.gz`), with a header line:

    quotes: ts,exchange,bid,bid_size,ask,ask_size     trades: ts,exchange,price,size,cond,corr

Times are ISO 8601 with an offset, prices decimals, sizes of quotes round lots, sizes of prints
smallest increments. `instrument.toml` may stand beside them and say what is traded and when
(`instrument.py`). The feed is raw: zero, crossed and stale quotes and rows outside the session
are facts and pass unchanged; what cannot be read is a `BadRow` with its line, never a silent loss.

A side of a quote without a price or without a size is missing and becomes 0 in both. Rows are
put in time order, however the files have them; at one time prints come before quotes, as the
quote already shows what the print left, and otherwise the file's order stands.

**Which prints count** (`eligible`) follows the sale conditions of the CTA plan, tapes A and B
(CTS Pillar output specification, "Sale Conditions"). Not counted for volume and VWAP are prints
that repeat another (M market centre official close, Q official open, 9 corrected consolidated
close), prints whose price was agreed elsewhere or at another time (B average price, W average
price on tape C, 4 derivatively priced, 7 qualified contingent, V contingent, H price variation,
P prior reference price), prints out of their time (Z sold out of sequence, L sold last, G bunched
sold, U extended hours out of sequence, T extended hours), other settlement (C cash, N next day,
R seller), and prints that were later cancelled or were errors (`corr` other than 0, 1, 2, as in
NYSE TAQ). Odd lots (I), sweeps (F) and auction prints (O, 5, 6) count.
"""

import csv
import gzip
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import IO, NamedTuple

from engine.core.events import QuoteObserved, TradeObserved
from engine.log.port import EngineError
from engine.simulation.instrument import Instrument, read_instrument

NS = 1_000_000_000  # Nanoseconds a second, and price units a currency unit.
MAX_LONG = 2**63 - 1  # Largest number that an event can hold.
OFF_EXCHANGE = "D"  # The tape's code for prints away from the exchanges.

EXCLUDED_CONDITIONS = frozenset("MQ9BW47VHPZLGUTCNR")
AUCTION_CONDITIONS = frozenset("O56")  # They count, but nobody's resting child met them.
STANDING_CORRECTIONS = frozenset(("0", "1", "2"))  # As traded, or as corrected.

QUOTE_COLUMNS = ("ts", "exchange", "bid", "bid_size", "ask", "ask_size")
TRADE_COLUMNS = ("ts", "exchange", "price", "size", "cond", "corr")

TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])(\d\d):(\d\d))",
    re.ASCII,
)
DECIMAL = re.compile(r"(\d{1,19})(?:\.(\d{0,9})0*)?", re.ASCII)
WHOLE = re.compile(r"(\d{1,19})(?:\.0*)?", re.ASCII)
VENUE = re.compile(r"[A-Za-z0-9]{1,8}", re.ASCII)
MISSING = ("", "NA")  # What R and others write where there is no value.


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


class BadFieldError(ValueError):
    """A field of the row in hand is wrong."""

    def __init__(self, field: str, found: str, expected: str) -> None:
        super().__init__(field, found, expected)
        self.field, self.found, self.expected = field, found, expected


Observed = QuoteObserved | TradeObserved


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderFacts:
    """What is known of a folder before any simulation; counts of rows are complete."""

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
    disordered_count: int  # Rows that stood after a later one in their file.
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
        raise MarketDataError(f"{folder} is not a folder; expected one with quotes and trades")
    instrument = read_instrument(folder)
    trades = _File(_find(folder, "trades"), TRADE_COLUMNS, strict=strict)
    quotes = _File(_find(folder, "quotes"), QUOTE_COLUMNS, strict=strict)
    trades.read(lambda row: _trade(instrument.instrument_id, row))
    quotes.read(lambda row: _quote(instrument.instrument_id, instrument.lot_qty, row))
    if not trades.events and not quotes.events:
        raise MarketDataError(_nothing_readable(folder, (*trades.bad_rows, *quotes.bad_rows)))
    day = instrument.day or _most_frequent_day((*trades.rows(), *quotes.rows()), instrument)
    trades.keep_day(day, instrument)
    quotes.keep_day(day, instrument)
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

    def keep_day(self, day: date, instrument: Instrument) -> None:
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
                elif row != [""]:  # An empty line says nothing.
                    yield line, [text.rstrip()]
    except (OSError, EOFError, zlib.error) as error:  # gzip raises all three on damaged files.
        raise MarketDataError(f"{path} cannot be read: {error}. Fetch the file again.") from error


def _split(text: str) -> list[str]:
    """One line's fields. Each line stands alone, so a stray quotation mark costs one row."""
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


# ------------------------------------------------------------------------------ rows


def _quote(instrument_id: str, lot_qty: int, row: Sequence[str]) -> QuoteObserved:
    at_ns = read_time("ts", row[0])
    bid_px, bid_qty = _side("bid", row[2], row[3], lot_qty)
    ask_px, ask_qty = _side("ask", row[4], row[5], lot_qty)
    return QuoteObserved(
        venue=_venue(row[1]),
        instrument_id=instrument_id,
        bid_px=bid_px,
        bid_qty=bid_qty,
        ask_px=ask_px,
        ask_qty=ask_qty,
        event_ns=at_ns,
        received_ns=at_ns,
    )


def _side(name: str, px_text: str, size_text: str, lot_qty: int) -> tuple[int, int]:
    """Price and quantity of a side; a side that lacks one has neither."""
    px = read_px(name, px_text)
    qty = _bounded(f"{name}_size", size_text, _whole(f"{name}_size", size_text) * lot_qty)
    return (px, qty) if px and qty else (0, 0)


def _trade(instrument_id: str, row: Sequence[str]) -> TradeObserved:
    at_ns = read_time("ts", row[0])
    conditions = row[4]
    return TradeObserved(
        venue=_venue(row[1]),
        instrument_id=instrument_id,
        last_px=_positive("price", row[2], read_px("price", row[2])),
        last_qty=_positive("size", row[3], _whole("size", row[3])),
        eligible=is_eligible(conditions, row[5]),
        conditions=conditions,
        event_ns=at_ns,
        received_ns=at_ns,
    )


def is_eligible(conditions: str, correction: str) -> bool:
    """Whether a print counts for volume and VWAP; the module says which do not, and whose rule."""
    if EXCLUDED_CONDITIONS.isdisjoint(conditions):
        return (correction.lstrip("0") or "0") in STANDING_CORRECTIONS
    return False


def read_time(field: str, text: str) -> int:
    """ISO 8601 with an offset to ns since 1970 UTC. Raises BadFieldError."""
    match = TIME.fullmatch(text)
    if match:
        day, hours, minutes, seconds, fraction, sign, offset_hours, offset_minutes = match.groups()
        second = _second_of_day(int(hours), int(minutes), int(seconds))
        start = _epoch_second(day)
        if start is not None and second is not None:
            offset = int(offset_hours or 0) * 3_600 + int(offset_minutes or 0) * 60
            at = start + second + (offset if sign == "-" else -offset)
            at_ns = at * NS + int((fraction or "").ljust(9, "0"))
            if 0 <= at_ns <= MAX_LONG:
                return at_ns
    raise BadFieldError(field, text, "a time such as 2018-01-02T14:30:00.123Z")


@lru_cache(maxsize=64)
def _epoch_second(day: str) -> int | None:
    try:
        return (date.fromisoformat(day) - date(1970, 1, 1)).days * 86_400
    except ValueError:
        return None


def _second_of_day(hours: int, minutes: int, seconds: int) -> int | None:
    if hours < 24 and minutes < 60 and seconds < 60:
        return hours * 3_600 + minutes * 60 + seconds
    return None


def read_px(field: str, text: str) -> int:
    """A decimal to 1e-9 currency units, exactly; a missing one is 0. Raises BadFieldError."""
    if text in MISSING:
        return 0
    match = DECIMAL.fullmatch(text)
    if not match:
        raise BadFieldError(field, text, "a decimal of at most 9 places, not negative")
    whole, fraction = match.groups()
    return _bounded(field, text, int(whole) * NS + int((fraction or "").ljust(9, "0")))


def _whole(field: str, text: str) -> int:
    if text in MISSING:
        return 0
    match = WHOLE.fullmatch(text)
    if not match:
        raise BadFieldError(field, text, "a whole number, not negative")
    return _bounded(field, text, int(match[1]))


def _bounded(field: str, text: str, number: int) -> int:
    if number > MAX_LONG:
        raise BadFieldError(field, text, f"no more than {MAX_LONG} units")
    return number


def _positive(field: str, text: str, number: int) -> int:
    if number == 0:
        raise BadFieldError(field, text, "more than zero")
    return number


def _venue(text: str) -> str:
    if not VENUE.fullmatch(text):
        raise BadFieldError("exchange", text, "an exchange code of 1 to 8 letters and digits")
    return text
