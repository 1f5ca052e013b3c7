"""Columns as a person reads them: the end of a column's name says its unit.

`_px` becomes a decimal price, `_millibps` basis points, `_age_ns` seconds, any other `_ns` the
time of day at the exchange, with milliseconds. Quantities are plain numbers already.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from engine.cli.render import Rows

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
PRICE_DIGITS_MIN = 2

Shown = Callable[[int], object]


class Clock:
    """The clock of the exchange; it shows the date too where the moments span several days."""

    def __init__(self, zone: str, moments_ns: list[int]) -> None:
        self.zone = zone
        self._zone = ZoneInfo(zone)
        self._moments_ns = moments_ns
        self._days = {self._local(moment).date() for moment in moments_ns}

    @property
    def note(self) -> str:
        """Sentence about the times: their zone, and the day if all are of one."""
        if len(self._days) == 1:
            return f"Times are of {next(iter(self._days))}, {self.zone}."
        return f"Times are in {self.zone}."

    def time(self, moment_ns: int) -> str:
        local = self._local(moment_ns)
        date = f"{local:%Y-%m-%d} " if len(self._days) > 1 else ""
        return f"{date}{local:%H:%M:%S}.{local.microsecond // 1000:03}"

    def _local(self, moment_ns: int) -> datetime:
        # Nanoseconds exceed a float's digits: whole microseconds first.
        return (EPOCH + timedelta(microseconds=moment_ns // 1000)).astimezone(self._zone)


def moments(rows: Rows) -> list[int]:
    """Every moment in the rows, ns since 1970 UTC."""
    columns = [n for n, name in enumerate(rows.columns) if _is_moment(name)]
    return [row[n] for row in rows.rows for n in columns if row[n] is not None]


def for_people(rows: Rows, clock: Clock) -> Rows:
    """The same rows in the units that people read."""
    units = [_unit(name, clock) for name in rows.columns]
    return Rows(
        tuple(name for name, _ in units),
        [
            tuple(
                value if value is None or shown is None else shown(value)
                for value, (_, shown) in zip(row, units, strict=True)
            )
            for row in rows.rows
        ],
    )


def price(value_px: int) -> Decimal:
    """A price of 1e-9 currency units with all its digits, two at least."""
    exact = Decimal(value_px).scaleb(-9)
    cents = exact.quantize(Decimal(1).scaleb(-PRICE_DIGITS_MIN))
    return cents if cents == exact else exact.normalize()


def moment(at_ns: int) -> str:
    """A time in UTC with its fraction, as far as it has one."""
    text = f"{EPOCH + timedelta(microseconds=at_ns // 1000):%Y-%m-%dT%H:%M:%S}"
    fraction = f"{at_ns % 10**9:09}".rstrip("0")
    return f"{text}{'.' * bool(fraction)}{fraction}Z"


def _unit(name: str, clock: Clock) -> tuple[str, Shown | None]:
    """The heading of a column, and how its values are shown; None leaves them as they are."""
    if name.endswith("_px"):
        return f"{name.removesuffix('_px')}_price", price
    if name.endswith("_millibps"):
        return f"{name.removesuffix('_millibps')}_bps", lambda value: Decimal(value).scaleb(-3)
    if name.endswith("_age_ns"):
        return f"{name.removesuffix('_ns')}_s", lambda value: Decimal(value // 10**6).scaleb(-3)
    if _is_moment(name):
        return f"{name.removesuffix('_ns')}", clock.time
    return name, None


def _is_moment(name: str) -> bool:
    return name.endswith("_ns") and not name.endswith("_age_ns")
