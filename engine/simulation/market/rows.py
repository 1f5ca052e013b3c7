"""One row of a recorded market: its fields, and whether a print counts.

Times are ISO 8601 with an offset, prices decimals, sizes of quotes round lots, sizes of prints
smallest increments. A side of a quote without a price or without a size is missing and becomes 0 in
both. A field that cannot be read raises BadFieldError, which names it and what was expected.

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

import re
from collections.abc import Sequence
from datetime import date
from functools import lru_cache

from engine.core.events import QuoteObserved, TradeObserved

NS = 1_000_000_000  # Nanoseconds a second, and price units a currency unit.
MAX_LONG = 2**63 - 1  # Largest number that an event can hold.
OFF_EXCHANGE = "D"  # The tape's code for prints away from the exchanges.

EXCLUDED_CONDITIONS = frozenset("MQ9BW47VHPZLGUTCNR")
AUCTION_CONDITIONS = frozenset("O56")  # They count, but met no resting child.
VALID_CORRECTIONS = frozenset(("0", "1", "2"))  # As traded, or as corrected.

TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])(\d\d):(\d\d))",
    re.ASCII,
)
DECIMAL = re.compile(r"(\d{1,19})(?:\.(\d{0,9})0*)?", re.ASCII)
WHOLE = re.compile(r"(\d{1,19})(?:\.0*)?", re.ASCII)
VENUE = re.compile(r"[A-Za-z0-9]{1,8}", re.ASCII)
MISSING = ("", "NA")  # What R and others write where there is no value.


class BadFieldError(ValueError):
    """A field of the row in hand is wrong."""

    def __init__(self, field: str, found: str, expected: str) -> None:
        super().__init__(field, found, expected)
        self.field, self.found, self.expected = field, found, expected


def quote(instrument_id: str, lot_qty: int, row: Sequence[str]) -> QuoteObserved:
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


def trade(instrument_id: str, row: Sequence[str]) -> TradeObserved:
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
    """Whether a print counts for volume and VWAP; the module's text has the rule."""
    if EXCLUDED_CONDITIONS.isdisjoint(conditions):
        return (correction.lstrip("0") or "0") in VALID_CORRECTIONS
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
