"""One row of a recorded market: its fields, and whether a print counts.

Times are ISO 8601 with an offset, prices decimals. Sizes are whole numbers of the unit that the
folder's `instrument.toml` names: round lots or shares (smallest increments). A side of a quote
without a price or without a size is missing and becomes 0 in both. A field that cannot be read, or
that the engine would refuse, raises BadFieldError, which names it and what was expected.

A print counts for volume and VWAP unless its sale conditions (`conditions.py`) or its correction
code say otherwise. The correction codes are those of NYSE TAQ: 0 as traded, 1 and 2 as corrected;
7 and 8 cancelled or an error, 10 to 12 the records of a correction, which repeat a print.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from engine.core.controls.input_limits import PX_MAX, QTY_MAX
from engine.core.events import QuoteObserved, TradeObserved
from engine.simulation.market import conditions as sale_conditions
from engine.simulation.market.conditions import Conditions

NS = 1_000_000_000  # Nanoseconds a second, and price units a currency unit.
MAX_LONG = 2**63 - 1  # Largest number that an event can hold.
OFF_EXCHANGE = "D"  # The tape's code for prints away from the exchanges.

VALID_CORRECTIONS = frozenset(("0", "1", "2"))  # As traded, or as corrected.
INVALID_CORRECTIONS = frozenset(("7", "8", "10", "11", "12"))  # They repeat a print or undo it.

TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])(\d\d):(\d\d))",
    re.ASCII,
)
DECIMAL = re.compile(r"(\d{1,19})(?:\.(\d{0,9})0*)?", re.ASCII)
WHOLE = re.compile(r"(\d{1,19})(?:\.0*)?", re.ASCII)
VENUE = re.compile(r"[A-Za-z0-9]{1,8}", re.ASCII)
ID_CHARS_MAX = 64  # A day holds millions of prints, so an id stays short.
TRADE_FIELDS = ("ts", "exchange", "price", "size", "cond", "corr")
PX_FIELDS = frozenset(("bid", "ask", "price"))
QTY_FIELDS = frozenset(("bid_size", "ask_size", "size"))
MISSING = ("", "NA")  # What R and others write where there is no value.


class BadFieldError(ValueError):
    """A field of the row in hand is wrong."""

    def __init__(self, field: str, found: str, expected: str) -> None:
        super().__init__(field, found, expected)
        self.field, self.found, self.expected = field, found, expected


@dataclass(slots=True)
class Codes:
    """The vocabulary of a folder's sale conditions, and the codes met that it lacks."""

    vocabulary: Conditions = Conditions.CTA
    unknown: Counter[str] = field(default_factory=Counter)  # Prints by code.

    def read(self, conditions: str, correction: str) -> tuple[str, bool]:
        """The letters that are known, and whether the print counts."""
        said = sale_conditions.read(self.vocabulary, conditions)
        self.unknown.update(said.unknown)
        code = correction.lstrip("0") or "0"
        if code not in VALID_CORRECTIONS and code not in INVALID_CORRECTIONS:
            self.unknown[f"corr {correction}"] += 1
        return said.letters, said.counts and code in VALID_CORRECTIONS


def in_increments(
    names: Sequence[str], row: Sequence[str], scale: Decimal, increment: Decimal
) -> list[str]:
    """A row with prices of one increment and sizes counted in increments, as texts again.

    `scale` is the price of one increment for a price of one. Raises BadFieldError for a value that
    is not exact then.
    """
    found = list(row)
    for place, (name, text) in enumerate(zip(names, row, strict=False)):
        if text in MISSING or name not in PX_FIELDS | QTY_FIELDS:
            continue
        try:
            number = Decimal(text)
        except InvalidOperation:
            continue  # It is refused below, as what it is.
        value = number * scale if name in PX_FIELDS else number / increment
        places = 9 if name in PX_FIELDS else 0
        if not value.is_finite() or value != round(value, places):
            what = f"nine decimals in {scale}" if places else f"a multiple of {increment}"
            raise BadFieldError(name, text, what)
        found[place] = f"{value:f}"
    return found


def quote(instrument_id: str, unit_qty: int, row: Sequence[str]) -> QuoteObserved:
    """`unit_qty` is the unit of the sizes, smallest increments."""
    at_ns = read_time("ts", row[0])
    bid_px, bid_qty = _side("bid", row[2], row[3], unit_qty)
    ask_px, ask_qty = _side("ask", row[4], row[5], unit_qty)
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


def _side(name: str, px_text: str, size_text: str, unit_qty: int) -> tuple[int, int]:
    """Price and quantity of a side; a side that lacks one has neither."""
    px = read_px(name, px_text)
    qty = _qty(f"{name}_size", size_text, unit_qty)
    return (px, qty) if px and qty else (0, 0)


def trade(
    instrument_id: str, row: Sequence[str], unit_qty: int = 1, codes: Codes | None = None
) -> TradeObserved:
    """A print; its id may follow the six fields that every file has.

    `unit_qty` is the unit of the size, smallest increments; without `codes` they are the CTA's.
    """
    at_ns = read_time("ts", row[0])
    px = _positive("price", row[2], read_px("price", row[2]))
    qty = _positive("size", row[3], _qty("size", row[3], unit_qty))
    letters, counts = (codes or Codes()).read(row[4], row[5])
    return TradeObserved(
        venue=_venue(row[1]),
        instrument_id=instrument_id,
        last_px=px,
        last_qty=qty,
        eligible=counts,
        conditions=letters,
        event_ns=at_ns,
        received_ns=at_ns,
        trade_id=_id("id", row[6]) if len(row) > len(TRADE_FIELDS) else "",
    )


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
    px = int(whole) * NS + int((fraction or "").ljust(9, "0"))
    if px > PX_MAX:
        most = f"no more than {PX_MAX // NS:,} for one increment, as the engine takes"
        raise BadFieldError(field, text, f"{most}; say a smaller increment in instrument.toml")
    return px


def _qty(field: str, text: str, unit_qty: int) -> int:
    """A whole number of units, as smallest increments; a missing one is 0."""
    if text in MISSING:
        return 0
    match = WHOLE.fullmatch(text)
    if not match:
        raise BadFieldError(field, text, "a whole number, not negative")
    qty = int(match[1]) * unit_qty
    if qty > QTY_MAX:
        raise BadFieldError(field, text, f"no more than {QTY_MAX // unit_qty}, as the engine takes")
    return qty


def _id(field: str, text: str) -> str:
    if len(text) > ID_CHARS_MAX:
        raise BadFieldError(field, text, f"{ID_CHARS_MAX} characters at most")
    return text


def _positive(field: str, text: str, number: int) -> int:
    if number == 0:
        raise BadFieldError(field, text, "more than zero")
    return number


def _venue(text: str) -> str:
    if not VENUE.fullmatch(text):
        raise BadFieldError("exchange", text, "an exchange code of 1 to 8 letters and digits")
    return text
