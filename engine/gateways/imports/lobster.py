"""LOBSTER: the pairs of message and orderbook files of one Nasdaq stock on one day.

lobsterdata.com, on the data's structure: a message is time (seconds after midnight in New York),
type, order id, size, price (USD times 10,000) and direction, and the n-th row of the orderbook file
is the book after the n-th message: ask price, ask size, bid price, bid size, level by level. An
unoccupied level has 9999999999 or -9999999999 as its price and 0 as its size. Types: 1 submission,
2 partial cancel, 3 deletion, 4 execution of a visible order, 5 of a hidden one, 6 cross trade, such
as an auction, 7 trading halt (price -1 halted, 0 quoting resumes, 1 trading resumes).

Executions become prints, the first level becomes a quote where it changed, and a halt takes the
quote away until trading resumes. A cross trade is written as the CTA's `X`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

from engine.gateways.imports import source, values
from engine.gateways.imports.port import (
    BadFieldError,
    ImportFailedError,
    Observation,
    Print,
    Quote,
    Reader,
)

NAME = re.compile(r"(.+)_(\d{4}-\d\d-\d\d)_\d+_\d+_message_\d+\.csv(\.\w+)?", re.ASCII)
ZONE = "America/New_York"
PX_PLACES = 4
DUMMY = ("9999999999", "-9999999999")
SUBMISSION, CANCEL, DELETION, VISIBLE, HIDDEN, CROSS, HALT = "1234567"
HALTED, RESUMED = "-1", "1"
TIME = re.compile(r"(\d{1,5})(?:\.(\d{1,12}))?", re.ASCII)
MESSAGE_FIELDS = 6
BOOK_FIELDS_MIN = 4


class Message(NamedTuple):
    """A row of the message file."""

    at_ns: int
    kind: str
    size: str
    price: str


class Lobster(Reader):
    """One stock of one day; the message files are given, or both files of each pair."""

    zone = ZONE
    _is_halted = False

    def read(self, paths: Sequence[Path]) -> Iterator[Observation]:
        for path in paths:
            if "_orderbook_" not in path.name:
                yield from self._pair(path, _book_of(path))

    def instrument(self) -> Mapping[str, str | int]:
        return {
            "quote_size_unit": "shares",
            "trade_size_unit": "shares",
            "conditions": "cta",
            "currency": "USD",
        }

    def _pair(self, messages: Path, books: Path) -> Iterator[Observation]:
        day, venue = _day_of(messages, self.request.day), self.request.venue or "T"
        before: Sequence[str] = ()
        rows = zip_longest(source.lines(messages), source.lines(books))
        for message_line, book_line in rows:
            if message_line is None or book_line is None:
                short, long = (messages, books) if message_line is None else (books, messages)
                raise ImportFailedError(
                    f"{short} ends before {long}: the n-th rows of both belong together. Fetch "
                    "the pair again."
                )
            line, text = message_line
            self.account.line_count += 1
            try:
                message, book = _message(day, text), _book(book_line[1])
                if message.kind in (VISIBLE, HIDDEN, CROSS):
                    yield self._print(message, venue)
                self._note_halt(message)
                now = ("", "", "", "") if self._is_halted else book
                if now == before:
                    self.account.leave_out("message that leaves the best as it is")
                    continue
                before = now
                yield Quote(message.at_ns, venue, *now)
            except BadFieldError as error:
                self.account.refuse(messages, line, error)

    def _print(self, message: Message, venue: str) -> Print:
        price = values.fixed("price", message.price, PX_PLACES)
        conditions = "X" if message.kind == CROSS else ""
        return Print(message.at_ns, venue, price, message.size, conditions)

    def _note_halt(self, message: Message) -> None:
        if message.kind != HALT:
            return
        if message.price == HALTED:
            self._is_halted = True
            self.account.note("trading was halted; the quote is taken away until it resumes")
        elif message.price == RESUMED:
            self._is_halted = False


def _book_of(path: Path) -> Path:
    book = path.with_name(path.name.replace("_message_", "_orderbook_"))
    if book != path and book.exists():
        return book
    raise ImportFailedError(
        f"{path}: found no orderbook file {book.name} beside it, expected LOBSTER's pair "
        "TICKER_DAY_START_END_message_LEVEL.csv and ..._orderbook_LEVEL.csv"
    )


def _day_of(path: Path, day: date | None) -> date:
    match = NAME.fullmatch(path.name)
    if day is not None:
        return day
    if match is None:
        raise ImportFailedError(
            f"{path}: the name does not tell the day, expected "
            "TICKER_2012-06-21_..._message_1.csv; say it with --day 2012-06-21"
        )
    return date.fromisoformat(match[2])


def _message(day: date, text: str) -> Message:
    row = text.split(",")
    if len(row) < MESSAGE_FIELDS:
        raise BadFieldError("row", text, "time, type, order id, size, price, direction")
    match = TIME.fullmatch(row[0])
    if not match:
        raise BadFieldError("time", row[0], "seconds after midnight")
    rest_ns = int((match[2] or "").ljust(9, "0")[:9])
    at_ns = values.clock_ns(day, ZONE, int(match[1]) * values.NS + rest_ns)
    if row[1] not in ("1", "2", "3", "4", "5", "6", "7"):
        raise BadFieldError("type", row[1], "1 to 7")
    return Message(at_ns, row[1], str(values.whole("size", row[3])), row[4])


def _book(text: str) -> tuple[str, str, str, str]:
    """Bid, bid size, ask, ask size of the first level; a side without a quote is empty."""
    row = text.split(",")
    if len(row) < BOOK_FIELDS_MIN:
        raise BadFieldError("orderbook row", text, "ask price, ask size, bid price, bid size")
    ask, ask_size, bid, bid_size = row[:BOOK_FIELDS_MIN]
    return (*_level("bid", bid, bid_size), *_level("ask", ask, ask_size))


def _level(name: str, price: str, size: str) -> tuple[str, str]:
    if price in DUMMY:
        return "", ""
    return values.fixed(name, price, PX_PLACES), str(values.whole(f"{name} size", size))
