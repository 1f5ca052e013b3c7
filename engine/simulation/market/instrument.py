"""The instrument of a market data folder, its session, and the facts known before the day.

`instrument.toml` in the folder holds them; every field has a default, which suits a US equity whose
name the source withholds:

    instrument_id = "XXX"             # Also the default of symbol.
    symbol = "XXX"
    currency = "USD"
    lot_qty = 100                     # Round lot, smallest increments.
    increment = "1"                   # Smallest quantity in the files' sizes, such as "0.00001".
    multiplier = 1                    # Units of price in one of the sizes, as of a future.
    tick = "0.01"                     # In USD without it: 0.01 from 1.00, 0.0001 below (rule 612).
    adv_qty = 5_000_000               # Average daily volume of the days before; a guess.
    daily_volatility_ppm = 15_000     # Standard deviation of a day's return; a guess.
    previous_close = "157.40"         # Without it the first price waits for a second venue's.
    calendar_id = "US-EQUITY"
    time_zone = "America/New_York"
    open = "09:30"
    close = "16:00"                   # Earlier on a day that ends early; "24:00" is midnight.
    sessions = [{ open = "09:00", close = "11:30" }, { open = "12:30", close = "15:30" }]
    day = 2018-01-02                  # Without it: the local day of most rows.
    quote_size_unit = "lots"          # Or "shares": smallest increments.
    trade_size_unit = "shares"        # Or "lots".
    conditions = "cta"                # Or "utp", "numeric", "none": whose sale conditions they are.

`sessions` stands instead of `open` and `close` where a day has breaks or begins on another date
(`gateways.files.session_times`). The volume and volatility describe the days before the recorded
one. They are never computed from the folder: a strategy would know the day's volume in the morning.
"""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from engine.gateways.files import session_times
from engine.gateways.files.session_times import LocalMoment, LocalSession
from engine.log.port import EngineError
from engine.simulation.market.conditions import Conditions

FILE = "instrument.toml"
RULE_612_CURRENCY = "USD"
NS = 1_000_000_000  # Nanoseconds a second, and price units a currency unit.
OPEN, CLOSE = LocalMoment(0, time(9, 30)), LocalMoment(0, time(16))
MIDNIGHT, NEXT_MIDNIGHT = LocalMoment(0, time(0)), LocalMoment(1, time(0))


class SizeUnit(StrEnum):
    """The unit of a file's sizes."""

    LOTS = "lots"
    SHARES = "shares"  # Smallest increments.


class InstrumentError(EngineError):
    """An instrument file makes no sense; the message names the field and the way out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """The instrument, its session, and the facts known before the day."""

    instrument_id: str = "XXX"
    symbol: str = "XXX"
    currency: str = "USD"
    lot_qty: int = 100  # Round lot, smallest increments.
    tick_px: int | None = None  # One tick at every price, 1e-9 currency units; None is rule 612.
    increment: Decimal = Decimal(1)  # Of the files' sizes; the engine counts these.
    multiplier: int = 1  # Units of the price in one of the files' sizes.
    adv_qty: int = 5_000_000  # Guess: a large US stock.
    daily_volatility_ppm: int = 15_000  # Guess: 24 % a year.
    previous_close_px: int = 0  # 1e-9 currency units; 0 if it is not known.
    calendar_id: str = "US-EQUITY"
    time_zone: str = "America/New_York"
    sessions: tuple[LocalSession, ...] = (LocalSession(OPEN, CLOSE),)
    day: date | None = None
    quote_size_unit: SizeUnit = SizeUnit.LOTS
    trade_size_unit: SizeUnit = SizeUnit.SHARES
    conditions: Conditions = Conditions.CTA
    given: frozenset[str] = frozenset()  # Fields that the file names.

    @property
    def scale(self) -> Decimal:
        """The price of one increment for a price of one in the files."""
        return self.increment * self.multiplier

    @property
    def is_scaled(self) -> bool:
        """Whether the files count something else than increments, and price something else."""
        return self.increment != 1 or self.multiplier != 1

    def unit_qty(self, unit: SizeUnit) -> int:
        """A unit of sizes, smallest increments."""
        return self.lot_qty if unit is SizeUnit.LOTS else 1

    def sessions_ns(self, day: date) -> tuple[tuple[int, int], ...]:
        """Open and close of each session of the day, ns since 1970 UTC."""
        return tuple(session.span_ns(day, self.time_zone) for session in self.sessions)

    def day_ns(self, day: date) -> tuple[int, int]:
        """The begin and end of the trading day, 24 local hours, ns since 1970 UTC.

        They are those between two midnights, unless a session begins before or ends after them.
        """
        first, last = self.sessions[0].open, self.sessions[-1].close
        begin = MIDNIGHT
        if first < MIDNIGHT:
            begin = first
        elif last > NEXT_MIDNIGHT:
            begin = last._replace(day=last.day - 1)
        end = begin._replace(day=begin.day + 1)
        return begin.at_ns(day, self.time_zone), end.at_ns(day, self.time_zone)

    def local_day(self, at_ns: int) -> date:
        return datetime.fromtimestamp(at_ns // NS, ZoneInfo(self.time_zone)).date()


def read_instrument(folder: Path) -> Instrument:
    """The folder's instrument. Raises InstrumentError."""
    path = folder / FILE
    if not path.exists():
        return Instrument()
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise InstrumentError(f"{path} cannot be read as TOML: {error}") from error
    unknown = [name for name in table if name not in FIELDS]
    if unknown:
        raise InstrumentError(
            f"{path}: unknown field {', '.join(unknown)}; expected some of {', '.join(FIELDS)}"
        )
    values = {
        FIELD_NAMES.get(name, name): _checked(path, name, value) for name, value in table.items()
    }
    plain = {name: value for name, value in values.items() if name not in TIMES}
    instrument = replace(Instrument(), given=frozenset(table), **plain)
    if "symbol" not in table:
        instrument = replace(instrument, symbol=instrument.instrument_id)
    if instrument.tick_px is None and instrument.currency != RULE_612_CURRENCY:
        raise InstrumentError(
            f"{path}: found no tick and currency {instrument.currency}, expected a tick, because "
            f'the tick table of SEC rule 612 is for {RULE_612_CURRENCY}; add tick = "0.01"'
        )
    return _with_sessions(path, _in_increments(path, instrument), values)


def _in_increments(path: Path, instrument: Instrument) -> Instrument:
    """The instrument with the tick of one increment; the files keep their own units."""
    if not instrument.is_scaled:
        return instrument
    if instrument.tick_px is None:
        raise InstrumentError(
            f"{path}: found increment {instrument.increment} and multiplier "
            f"{instrument.multiplier} without a tick, expected the tick of the files' prices; add "
            'tick = "0.01"'
        )
    for name in ("quote_size_unit", "trade_size_unit"):
        if getattr(instrument, name) is SizeUnit.LOTS and name in instrument.given:
            raise InstrumentError(
                f"{path}: {name} is lots, expected shares: with an increment sizes are whole units "
                "and their parts"
            )
    tick_px = instrument.tick_px * instrument.scale
    if tick_px != tick_px.to_integral_value():
        raise InstrumentError(
            f"{path}: tick times increment times multiplier is {tick_px / NS:f}, expected nine "
            "decimals at most; choose a larger increment"
        )
    return replace(
        instrument,
        tick_px=int(tick_px),
        quote_size_unit=SizeUnit.SHARES,
        trade_size_unit=SizeUnit.SHARES,
    )


def _with_sessions(path: Path, instrument: Instrument, values: Mapping[str, Any]) -> Instrument:
    """The instrument with the sessions of the file, by `open` and `close` or by `sessions`."""
    twice = [name for name in TIMES if name in values and "sessions" in values]
    if twice:
        raise InstrumentError(f"{path}: found sessions and {twice[0]}, expected one of them")
    if "sessions" not in values:
        opened, closed = values.get("open", OPEN), values.get("close", CLOSE)
        if opened >= closed:
            raise InstrumentError(
                f"{path}: open {opened} is not before close {closed}; a day over midnight is "
                f'sessions = [{{ open = "{opened}", open_day = -1, close = "{closed}" }}]'
            )
        instrument = replace(instrument, sessions=(LocalSession(opened, closed),))
    first, last = instrument.sessions[0].open, instrument.sessions[-1].close
    if instrument.day is None and (first < MIDNIGHT or last > NEXT_MIDNIGHT):
        raise InstrumentError(
            f"{path}: found no day, expected one such as day = 2018-01-02, because the sessions "
            f"from {first} to {last} lie on two dates"
        )
    return instrument


def _checked(path: Path, name: str, value: object) -> Any:  # noqa: ANN401  One type a field.
    convert, expected = FIELDS[name]
    try:
        return convert(value)
    except (ValueError, TypeError, ArithmeticError, ZoneInfoNotFoundError) as error:
        if name == "sessions":
            raise InstrumentError(f"{path}: sessions: {error}") from error
        found = str(value)[:60]
        raise InstrumentError(f"{path}: {name} is {found!r}, expected {expected}") from error


def _text(value: object) -> str:
    if isinstance(value, str) and value.strip() == value and value:
        return value
    raise ValueError(value)


def _count(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**63:
        return value
    raise ValueError(value)


def _increment(value: object) -> Decimal:
    """A positive decimal that is no more than one."""
    found = Decimal(str(value))
    if found.is_finite() and 0 < found <= 1:
        return found
    raise ValueError(value)


def _px(value: object) -> int:
    """A positive decimal to 1e-9 currency units; more than nine places are refused."""
    px = Decimal(str(value)) * NS
    if not px.is_finite() or px != px.to_integral_value():
        raise ValueError(value)
    return _count(int(px))


def _time(value: object) -> LocalMoment:
    found = value if isinstance(value, time) else time.fromisoformat(_text(value))
    if found.tzinfo is None:
        return LocalMoment(0, found)
    raise ValueError(value)


def _end_time(value: object) -> LocalMoment:
    return NEXT_MIDNIGHT if value == session_times.MIDNIGHT else _time(value)


def _date(value: object) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    return date.fromisoformat(_text(value))


def _zone(value: object) -> str:
    return ZoneInfo(_text(value)).key


def _unit(value: object) -> SizeUnit:
    return SizeUnit(_text(value))


def _conditions(value: object) -> Conditions:
    return Conditions(_text(value))


FIELDS: Mapping[str, tuple[Callable[[object], object], str]] = {
    "instrument_id": (_text, "a text that is not empty"),
    "symbol": (_text, "a text that is not empty"),
    "currency": (_text, "an ISO 4217 code or a coin's, such as USDT"),
    "lot_qty": (_count, "a positive whole number"),
    "increment": (_increment, 'a positive decimal of at most 1 as text, such as "0.00001"'),
    "multiplier": (_count, "a positive whole number, such as 50"),
    "tick": (_px, 'a positive decimal as text, such as "0.01"'),
    "adv_qty": (_count, "a positive whole number"),
    "daily_volatility_ppm": (_count, "a positive whole number of parts per million"),
    "previous_close": (_px, 'a positive decimal as text, such as "157.40"'),
    "calendar_id": (_text, "a text that is not empty"),
    "time_zone": (_zone, "an IANA time zone of this machine, such as America/New_York"),
    "open": (_time, "a local time such as 09:30"),
    "close": (_end_time, "a local time such as 16:00, or 24:00"),
    "sessions": (session_times.read_sessions, session_times.EXPECTED),
    "day": (_date, "a day such as 2018-01-02"),
    "quote_size_unit": (_unit, "lots or shares"),
    "trade_size_unit": (_unit, "lots or shares"),
    "conditions": (_conditions, "cta, utp, numeric or none"),
}
TIMES = ("open", "close")  # They are one session.
FIELD_NAMES = {
    "tick": "tick_px",
    "previous_close": "previous_close_px",
}  # Where the dataclass names the unit.
