"""The common part of all readers of vendors' market data.

A reader goes through a vendor's files line by line and yields quotes and prints in the folder's
terms. It drops nothing in silence: a row that is not for the folder is counted by its reason, a row
that makes no sense is a `BadRow` with file, line, field, found and expected, and what the reader
had to assume is noted. Memory is bounded by the book, never by the length of the file.
"""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import NamedTuple

from engine.log.port import EngineError

BAD_ROWS_KEPT = 20  # Shown with their lines; the others are counted by field.


class ImportFailedError(EngineError):
    """A vendor's file cannot be imported; names file, line, field, found, expected, way out."""


class BadFieldError(ValueError):
    """A field of the row in hand is wrong."""

    def __init__(self, field_name: str, found: str, expected: str) -> None:
        super().__init__(field_name, found, expected)
        self.field, self.found, self.expected = field_name, found, expected


class Quote(NamedTuple):
    """A venue's best bid and ask; a side without a quote is empty text in both."""

    at_ns: int
    venue: str
    bid: str  # Decimals, as the folder writes them.
    bid_size: str
    ask: str
    ask_size: str


class Print(NamedTuple):
    """A print; `trade_id` is the vendor's, empty if there is none."""

    at_ns: int
    venue: str
    price: str
    size: str
    conditions: str = ""
    correction: str = ""
    trade_id: str = ""


Observation = Quote | Print


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The person's statements; one that a format knows by itself may be left out."""

    symbol: str
    day: date | None = None
    zone: str = ""  # IANA time zone of times without an offset, and of the trading day.
    venue: str = ""  # Code for the venue of a format that does not name one.
    schema: str = ""  # The vendor's own name of the files' layout, where the files don't say it.
    conditions: str = ""  # Vocabulary of sale conditions, where the format has no own.
    quote_size_unit: str = ""  # lots or shares, where the vendor changed it.
    quotes_from: str = ""  # bookTicker or depth.
    increment: str = ""  # Smallest quantity of a fractional instrument, such as 0.00001.


@dataclass(slots=True)
class Account:
    """The fate of every line that was read."""

    line_count: int = 0
    quote_count: int = 0
    print_count: int = 0
    left_out: Counter[str] = field(default_factory=Counter)  # Rows by reason.
    bad_rows: list[str] = field(default_factory=list)  # The first ones.
    bad_row_count: int = 0
    notes: dict[str, None] = field(default_factory=dict)  # Each once, in order.

    def leave_out(self, reason: str) -> None:
        self.left_out[reason] += 1

    def note(self, text: str) -> None:
        self.notes[text] = None

    def refuse(self, path: Path, line: int, error: BadFieldError) -> None:
        self.bad_row_count += 1
        self.left_out[f"{error.field} not as documented"] += 1
        if len(self.bad_rows) < BAD_ROWS_KEPT:
            found = f"{error.field} is {error.found[:60]!r}, expected {error.expected}"
            self.bad_rows.append(f"{path}, line {line}: {found}")


class Reader(ABC):
    """A vendor's format."""

    zone = ""  # IANA time zone of the vendor's trading day, where it has one.

    def __init__(self, request: Request, account: Account) -> None:
        self.request = request
        self.account = account

    @abstractmethod
    def read(self, paths: Sequence[Path]) -> Iterator[Observation]:
        """The quotes and prints of the files. Raises ImportFailedError."""

    @abstractmethod
    def instrument(self) -> Mapping[str, str | int]:
        """The fields of `instrument.toml` that the format knows; asked after the last row."""


class Format(NamedTuple):
    """A format: its reader, what a file of it looks like, and what it cannot know."""

    name: str
    reader: type[Reader]
    reads: str  # One line for people.
    cannot_know: str
