"""Values of vendors' files: times, prices and sizes, exactly, with what was expected instead.

A price stays a decimal text, so nothing is rounded on the way; one that has another scale is moved
by its power of ten. A time is ns since 1970 UTC.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from zoneinfo import ZoneInfo

from engine.gateways.imports.port import BadFieldError, ImportFailedError

NS = 1_000_000_000
PX_PLACES = 9
TIME_NS_MAX = 2**62  # The year 2116; what the engine takes.
WHOLE = re.compile(r"\d{1,19}", re.ASCII)
DECIMAL = re.compile(r"-?\d{1,19}(?:\.\d{1,18})?", re.ASCII)
ISO = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)?", re.ASCII
)
# An epoch number tells its unit by its length: seconds have ten digits from 2001 to 2286.
UNITS_NS = {10: NS, 13: 1_000_000, 16: 1_000, 19: 1}


def whole(name: str, text: str) -> int:
    if WHOLE.fullmatch(text):
        return int(text)
    raise BadFieldError(name, text, "a whole number, not negative")


def decimal(name: str, text: str) -> Decimal:
    if DECIMAL.fullmatch(text):
        return Decimal(text)
    raise BadFieldError(name, text, "a decimal number")


def plain(number: Decimal) -> str:
    """A decimal without an exponent and without zeros at its end."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@lru_cache(maxsize=65_536)  # The prices of a day are few, and each comes many times.
def fixed(name: str, text: str, places: int) -> str:
    """A whole number with an implied decimal point, as a decimal text."""
    if not re.fullmatch(r"-?\d{1,19}", text, re.ASCII):
        raise BadFieldError(name, text, f"a whole number of 1e-{places} currency units")
    return plain(Decimal(text).scaleb(-places))


class Units:
    """The quantities of an instrument: whole, or fractional and counted in increments.

    The engine counts quantities in whole smallest increments, and a price is that of one of them.
    So a price of 61,837.64 for a whole coin with increments of 0.00001 becomes 0.6183764, and no
    notional changes.
    """

    def __init__(self, increment: str) -> None:
        """Raises ImportFailedError."""
        try:
            self.increment = Decimal(increment or "1")
        except InvalidOperation:
            self.increment = Decimal(0)
        if not (self.increment.is_finite() and self.increment > 0):
            raise ImportFailedError(
                f"--increment is {increment!r}, expected a positive decimal such as 0.00001"
            )

    def px(self, name: str, text: str) -> str:
        """The price of one increment, as a decimal text of nine places at most."""
        px = decimal(name, text) * self.increment
        units_px = px.scaleb(PX_PLACES)
        if units_px != units_px.to_integral_value():
            raise BadFieldError(
                name, text, f"{PX_PLACES} places at most times --increment {plain(self.increment)}"
            )
        return plain(px)

    def size(self, name: str, text: str) -> str:
        """A whole number of increments, exactly."""
        count = decimal(name, text) / self.increment
        if count == count.to_integral_value() and count >= 0:
            return str(int(count))
        is_whole = self.increment == 1
        way_out = "; say --increment for fractions" if is_whole else ""
        raise BadFieldError(name, text, f"a multiple of {plain(self.increment)}{way_out}")


# ------------------------------------------------------------------------------- times


def epoch_ns(name: str, text: str) -> int:
    """An epoch number of seconds, ms, us or ns, by its length, to ns."""
    unit_ns = UNITS_NS.get(len(text))
    if unit_ns and WHOLE.fullmatch(text):
        return _bounded(name, text, int(text) * unit_ns)
    raise BadFieldError(name, text, "an epoch number of 10, 13, 16 or 19 digits")


def iso_ns(name: str, text: str, zone: str = "") -> int:
    """ISO 8601 to ns; a time without an offset is one of `zone`, or refused without one."""
    match = ISO.fullmatch(text)
    if match:
        day, clock, fraction, offset = match.groups()
        if offset or zone:
            seconds = _second(day, clock, offset or "", zone)
            if seconds is not None:
                return _bounded(name, text, seconds * NS + int((fraction or "").ljust(9, "0")))
    expected = "a time such as 2018-01-02T14:30:00.123Z"
    raise BadFieldError(name, text, f"{expected}, with its offset" if not zone else expected)


def any_ns(name: str, text: str, zone: str) -> int:
    """An epoch number or ISO 8601 to ns."""
    return epoch_ns(name, text) if text.isdigit() else iso_ns(name, text, zone)


@lru_cache(maxsize=65_536)
def _second(day: str, clock: str, offset: str, zone: str) -> int | None:
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}{offset.replace('Z', '+00:00')}")
    except ValueError:
        return None
    if not offset:
        moment = moment.replace(tzinfo=ZoneInfo(zone))
    return int(moment.timestamp())


def clock_ns(day: date, zone: str, since_midnight_ns: int) -> int:
    """A local clock reading to ns since 1970 UTC; exact on the days on which the clock is moved."""
    return _hour_ns(day, zone, since_midnight_ns // (3_600 * NS)) + since_midnight_ns % (3_600 * NS)


@lru_cache(maxsize=1_024)
def _hour_ns(day: date, zone: str, hour: int) -> int:
    local = datetime.combine(day, time(0)) + timedelta(hours=hour)
    return int(local.replace(tzinfo=ZoneInfo(zone)).timestamp()) * NS


def _bounded(name: str, text: str, at_ns: int) -> int:
    if 0 <= at_ns <= TIME_NS_MAX:
        return at_ns
    raise BadFieldError(name, text, "a time from 1970 to 2116")


@lru_cache(maxsize=1_024)
def _second_text(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def stamp(at_ns: int) -> str:
    """A time as the folder writes it."""
    second, rest_ns = divmod(at_ns, NS)
    return f"{_second_text(second)}.{rest_ns:09}Z"
