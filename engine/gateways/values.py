"""Turn values that people write into the integers of an event, exactly.

A price of "157.25" becomes 157250000000, a rate of "10%" becomes 100000 ppm, a time of
"2018-01-02T09:30:00-05:00" becomes nanoseconds UTC. Nothing is rounded: a
value with more decimals than its unit holds, or one beyond 64 bits, fits no event and is refused
here with an error text. Whether a value makes sense as business is not checked here: a negative
quantity passes, and the engine refuses it with an event.
"""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, ValidationError

from engine.core.units import INT64_MAX, INT64_MIN

TEXT_MAX = 200  # Longest id or code, characters; far below what a record may hold.
NS = 1_000_000_000

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
NUMBER_MAX = 100  # Longest number, characters.
TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,9}))?(Z|z|[+-]\d\d:?\d\d)", re.ASCII
)
DURATION = re.compile(r"(.+?)\s*(ns|us|ms|s|min|h)", re.ASCII)
DURATION_NS = {
    "ns": 1,
    "us": 1_000,
    "ms": 1_000_000,
    "s": NS,
    "min": 60 * NS,
    "h": 3_600 * NS,
}
SINCE_EPOCH = re.compile(r"(\d{1,20})\s*(ns|us|ms|s)", re.ASCII)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TRUE, FALSE = ("true", "yes", "y", "1"), ("false", "no", "n", "0")


def scaled(value: object, decimals: int, expected: str) -> int:
    """`value` times 10**decimals, exactly. Raises ValueError saying what was `expected`."""
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        raise ValueError(f"expected {expected}")  # noqa: TRY004  pydantic reads ValueError.
    text = str(value).strip()
    if len(text) > NUMBER_MAX or not NUMBER.fullmatch(text):
        raise ValueError(f"expected {expected}")
    sign, digits, exponent = Decimal(text).as_tuple()
    assert isinstance(exponent, int)  # The pattern lets no NaN or infinity in.
    whole: int = int("".join(map(str, digits)))
    power = exponent + decimals
    if power >= 0:
        whole *= int(10**power)
    else:
        whole, rest = divmod(whole, int(10**-power))
        if rest:
            raise ValueError(f"expected {expected}")
    if sign:
        whole = -whole
    if not INT64_MIN <= whole <= INT64_MAX:
        most = Decimal(INT64_MAX).scaleb(-decimals)
        raise ValueError(f"expected at most {most:f} either way; a larger one fits no event")
    return whole


def px(value: object) -> int:
    return scaled(value, 9, "a price in currency units with nine decimals at most, as in 157.25")


def qty(value: object) -> int:
    return scaled(value, 0, "a whole number of smallest increments, as in 500")


def whole(value: object) -> int:
    return scaled(value, 0, "a whole number")


def ppm(value: object) -> int:
    """A part of one: 0.1 or 10%, parts per million."""
    expected = "a part of one with six decimals at most, as in 0.1 or 10%"
    if isinstance(value, str) and value.strip().endswith("%"):
        return scaled(value.strip()[:-1], 4, expected)
    return scaled(value, 6, expected)


def ns(value: object) -> int:
    """A moment, ns since 1970 UTC; a number of a clock names its unit, as it says nothing of it."""
    expected = "a time with its zone, as in 2018-01-02T09:30:00-05:00 or 2018-01-02T14:30:00.5Z"
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(f"expected {expected}")
        return _within_64_bits(_since_epoch(value))
    if (isinstance(value, int) and not isinstance(value, bool)) or (
        isinstance(value, str) and value.strip().isdecimal()
    ):
        raise ValueError(
            "expected a number with its unit, as in 1514903400s, 1514903400000ms or "
            f"1514903400000000000ns, or {expected}"
        )
    since_epoch = SINCE_EPOCH.fullmatch(value.strip()) if isinstance(value, str) else None
    if since_epoch is not None:
        return _within_64_bits(int(since_epoch[1]) * DURATION_NS[since_epoch[2]])
    match = TIME.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"expected {expected}")
    day, clock, fraction, zone = match.groups()
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}{zone.upper()}")
    except ValueError:
        raise ValueError(f"expected {expected}") from None
    return _within_64_bits(_since_epoch(moment) + int((fraction or "").ljust(9, "0")))


def _within_64_bits(at_ns: int) -> int:
    if INT64_MIN <= at_ns <= INT64_MAX:
        return at_ns
    raise ValueError("expected a time of 1678 to 2261; another one fits no event")


def _since_epoch(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1) * 1_000


def duration_ns(value: object) -> int:
    """A length of time with its unit: 250ms, 5s, 30min, ns."""
    expected = "a length of time with its unit (ns, us, ms, s, min, h), as in 250ms or 30min"
    match = DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"expected {expected}")
    thousandths = scaled(match[1], 3, expected) * DURATION_NS[match[2]]
    if thousandths % 1_000 or abs(thousandths) > INT64_MAX * 1_000:
        raise ValueError(f"expected {expected}, whole ns that fit 64 bits")
    return thousandths // 1_000


def day(value: object) -> int:
    """A trading day as yyyymmdd."""
    expected = "a day, as in 2018-01-02 or 20180102"
    if isinstance(value, datetime) or not isinstance(value, date | int | str):
        raise ValueError(f"expected {expected}")  # noqa: TRY004  As above.
    text = value.isoformat() if isinstance(value, date) else str(value).strip()
    try:
        return int(date.fromisoformat(text).strftime("%Y%m%d"))
    except ValueError:
        raise ValueError(f"expected {expected}") from None


def truth(value: object) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word in TRUE:
        return True
    if word in FALSE:
        return False
    raise ValueError("expected true or false")


def text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("expected text")  # noqa: TRY004  pydantic reads ValueError.
    if len(value) > TEXT_MAX:
        raise ValueError(f"expected {TEXT_MAX} characters at most")
    if not value.isprintable():
        raise ValueError("expected printable characters only")
    return value.strip()


def code(value: object) -> str:
    found = text(value)
    if not found:
        raise ValueError("expected a code, not blanks")
    return found


def codes(value: object) -> tuple[str, ...]:
    """Codes in a list, or in one text with semicolons or commas between."""
    parts = re.split("[;,]", value) if isinstance(value, str) else value
    if not isinstance(parts, list | tuple):
        raise ValueError("expected codes, as in DPX1;DPX2")  # noqa: TRY004  As above.
    if len(parts) > TEXT_MAX:
        raise ValueError(f"expected {TEXT_MAX} codes at most")
    return tuple(found for found in (text(part) for part in parts) if found)


def _word(value: object) -> object:
    return value.strip().upper() if isinstance(value, str) else value


Px = Annotated[int, BeforeValidator(px)]
Qty = Annotated[int, BeforeValidator(qty)]
Whole = Annotated[int, BeforeValidator(whole)]
Ppm = Annotated[int, BeforeValidator(ppm)]
Ns = Annotated[int, BeforeValidator(ns)]
DurationNs = Annotated[int, BeforeValidator(duration_ns)]
Day = Annotated[int, BeforeValidator(day)]
Truth = Annotated[bool, BeforeValidator(truth)]
Text = Annotated[str, BeforeValidator(text)]
Code = Annotated[str, BeforeValidator(code)]
Codes = Annotated[tuple[str, ...], BeforeValidator(codes)]

E = TypeVar("E", bound=StrEnum)
Word = Annotated[E, BeforeValidator(_word)]  # Word[Side]: buy, Buy or BUY.


def explain(error: ValidationError) -> str:
    """Every wrong field: its name, what was found, what was expected."""
    return "; ".join(_one(dict(x)) for x in error.errors(include_url=False))


def _one(found: dict[str, Any]) -> str:
    field = ".".join(map(str, found["loc"]))
    if found["type"] == "missing":
        return f"{field}: missing, expected a value"
    if found["type"] == "extra_forbidden":
        return f"{field}: not a field here; remove it or correct its name"
    words: str = found["msg"].removeprefix("Value error, ").replace("Input should be", "expected")
    words = words.replace("Tuple should have", "expected")
    if not field:
        return words  # Of the table as a whole.
    return f"{field}: found {_short(found['input'])}, {words}"


def _short(value: object) -> str:
    shown = str(value) if isinstance(value, Decimal) else repr(value)
    return shown if len(shown) <= 60 else f"{shown[:60]}…"
