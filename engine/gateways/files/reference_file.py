"""Reference data from a TOML file: instruments, tick tables, venues, fees, calendars, curves.

    effective_day = 2018-01-02          [[venue]]
                                        venue = "Z"
    [[instrument]]                      name = "Cboe BZX"
    instrument_id = "XXX"               kind = "LIT"
    adv_qty = 4000000
    daily_volatility = "1.5%"           [[fee]]
                                        venue = "Z"
    [[tick_table]]                      taker = 0.0030
    instrument_id = "XXX"               maker = -0.0020
    bands = [{ from = 0, tick = 0.01 }]

All reference data is dated: a table has its `effective_day`, or the file has one for all. An
instrument and its tick table are in one file, because nothing trades without a tick.
"""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime, time
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, BeforeValidator, Field, create_model, model_validator

from engine.core.controls.input_limits import DAYS_MAX, FEE_PPM_MAX
from engine.core.events import (
    CalendarDefined,
    CorporateActionDefined,
    CorporateActionKind,
    FeeScheduleDefined,
    InstrumentDefined,
    TickBand,
    TickTableDefined,
    TradingSession,
    VenueDefined,
    VenueKind,
    VolumeCurveDefined,
)
from engine.gateways.files import session_times
from engine.gateways.files.session_times import LocalMoment, LocalSession
from engine.gateways.files.tables import Table, TableFileError, implausible, tables_of, validated
from engine.gateways.input_records import shared_records
from engine.gateways.values import Code, Day, DurationNs, Ppm, Px, Qty, Text, Truth, Word
from engine.log.port import NewRecord

Reference = (
    InstrumentDefined
    | TickTableDefined
    | VenueDefined
    | FeeScheduleDefined
    | CalendarDefined
    | VolumeCurveDefined
    | CorporateActionDefined
)
DAY = "effective_day"
CURVE_BUCKETS_MAX = 1_000


def _zone(name: object) -> object:
    try:
        ZoneInfo(name if isinstance(name, str) else "")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("expected an IANA time zone, as in America/New_York") from None
    return name


def _clock(value: object) -> object:
    try:
        return value if isinstance(value, time) else time.fromisoformat(str(value))
    except ValueError:
        raise ValueError("expected a venue-local time, as in 09:30") from None


Zone = Annotated[str, BeforeValidator(_zone)]
Clock = Annotated[time, BeforeValidator(_clock)]
FeeRate = Annotated[Ppm, Field(ge=-FEE_PPM_MAX, le=FEE_PPM_MAX)]
Sessions = Annotated[tuple[LocalSession, ...], BeforeValidator(session_times.read_sessions)]


class ReferenceTable(Table):
    """A table of a reference file."""

    effective_day: Day

    @abstractmethod
    def to_event(self) -> Reference: ...


class Instrument(ReferenceTable):
    instrument_id: Code
    symbol: Text = ""  # Absent: the id.
    currency: Code = "USD"
    lot_qty: Qty = 100
    adv_qty: Qty
    daily_volatility: Ppm
    previous_close: Px = 0
    calendar_id: Text = ""  # Absent: it trades from the open to the close of the day.

    def key(self) -> str:
        return self.instrument_id

    def to_event(self) -> InstrumentDefined:
        return InstrumentDefined(
            instrument_id=self.instrument_id,
            symbol=self.symbol or self.instrument_id,
            currency=self.currency,
            lot_qty=self.lot_qty,
            adv_qty=self.adv_qty,
            daily_volatility_ppm=self.daily_volatility,
            previous_close_px=self.previous_close,
            effective_day=self.effective_day,
            calendar_id=self.calendar_id,
        )


class Band(Table):
    """A tick size from a price on; a table inside a tick table."""

    from_px: Px = Field(alias="from")
    tick_px: Px = Field(alias="tick")

    def key(self) -> str:
        return str(self.from_px)


class TickTable(ReferenceTable):
    instrument_id: Code
    bands: tuple[Band, ...] = Field(min_length=1, max_length=100)

    def key(self) -> str:
        return self.instrument_id

    def to_event(self) -> TickTableDefined:
        return TickTableDefined(
            instrument_id=self.instrument_id,
            bands=tuple(TickBand(from_px=x.from_px, tick_px=x.tick_px) for x in self.bands),
            effective_day=self.effective_day,
        )


class VenueTable(ReferenceTable):
    """The fields of a venue that a file may leave out although the event states them."""

    venue: Code
    name: Text = ""  # Absent: the code.
    kind: Word[VenueKind] = VenueKind.LIT
    protected: Truth | None = None  # Absent: a displayed exchange is.
    posts: Truth = True
    midpoint: Truth = False
    min_qty: Qty = 1
    odd_lots: Truth = True

    def key(self) -> str:
        return self.venue

    def to_event(self) -> VenueDefined:
        stated = dict(self)
        stated["name"] = self.name or self.venue
        if self.protected is None:
            stated["protected"] = self.kind is VenueKind.LIT
        return VenueDefined(**stated)


def further_fields(event: type[Any], table: type[BaseModel]) -> dict[str, Any]:
    """The keys that an event has and a table does not state, each with its type and default.

    So a field that is added to a schema, where it has a default, is a key of the file. Its type
    follows from the unit in its name.
    """
    return {
        field.name: (_typed(field.name, field.type), field.default)
        for field in fields(event)
        if field.name not in table.model_fields
    }


def _typed(name: str, kind: Any) -> Any:  # noqa: ANN401  An annotation is any object.
    """The type of a cell that holds a field of an event."""
    if kind is bool:
        return Truth
    if kind is str:
        return Text
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        word_of: Any = Word  # A type checker applies it to written types only.
        return word_of[kind]
    unit = next((unit for unit in UNITS if name.endswith(unit)), None)
    if kind is int and unit:
        return UNITS[unit]
    expected = f"bool, str, an enum, or int with a name that ends in {', '.join(UNITS)}"
    raise TypeError(f"{name}: found {kind}, expected {expected}; state the field in its table")


UNITS: Mapping[str, Any] = {"_px": Px, "_qty": Qty, "_ns": DurationNs, "_ppm": Ppm, "_day": Day}
Venue = create_model("Venue", __base__=VenueTable, **further_fields(VenueDefined, VenueTable))


class Fee(ReferenceTable):
    """Currency units for each smallest increment; a rebate is negative."""

    venue: Code
    taker: Px = 0
    maker: Px = 0
    midpoint: Px = 0
    taker_rate: FeeRate = 0  # A part of the value, as in "0.1%", besides that of each increment.
    maker_rate: FeeRate = 0
    midpoint_rate: FeeRate = 0

    @model_validator(mode="after")
    def _has_fees(self) -> Self:
        if {"taker", "maker"} <= self.model_fields_set or (
            {"taker_rate", "maker_rate"} <= self.model_fields_set
        ):
            return self
        raise ValueError(
            "found no taker and maker, expected both for each increment, or taker_rate and "
            "maker_rate as parts of the value"
        )

    def key(self) -> str:
        return self.venue

    def to_event(self) -> FeeScheduleDefined:
        return FeeScheduleDefined(
            venue=self.venue,
            taker_fee_px=self.taker,
            maker_fee_px=self.maker,
            midpoint_fee_px=self.midpoint,
            taker_fee_ppm=self.taker_rate,
            maker_fee_ppm=self.maker_rate,
            midpoint_fee_ppm=self.midpoint_rate,
            effective_day=self.effective_day,
        )


class Calendar(ReferenceTable):
    """A trading day of a calendar in venue-local time: `open` and `close`, or `sessions`."""

    calendar_id: Code
    time_zone: Zone
    day: Day
    open: Clock | None = None
    close: Clock | None = None
    sessions: Sessions = ()

    @model_validator(mode="after")
    def _has_times(self) -> Self:
        one = self.open is not None and self.close is not None
        if one != bool(self.sessions) and (self.open is None) == (self.close is None):
            return self
        raise ValueError("found no sessions, or some twice; expected open and close, or sessions")

    def key(self) -> str:
        return self.calendar_id

    def to_event(self) -> CalendarDefined:
        day = datetime.strptime(str(self.day), "%Y%m%d").date()  # noqa: DTZ007  A date alone.
        spans = [session.span_ns(day, self.time_zone) for session in self._sessions()]
        listed = tuple(TradingSession(open_ns=first, close_ns=last) for first, last in spans)
        return CalendarDefined(
            calendar_id=self.calendar_id,
            time_zone=self.time_zone,
            day=self.day,
            open_ns=spans[0][0],
            close_ns=spans[-1][1],
            effective_day=self.effective_day,
            sessions=listed if len(listed) > 1 else (),
        )

    def _sessions(self) -> tuple[LocalSession, ...]:
        if self.open is None or self.close is None:
            return self.sessions
        return (LocalSession(LocalMoment(0, self.open), LocalMoment(0, self.close)),)


class VolumeCurve(ReferenceTable):
    """Buckets from the open; `edges` are one more than `volumes`, `errors` as many or none."""

    instrument_id: Code
    edges: tuple[DurationNs, ...] = Field(min_length=2, max_length=CURVE_BUCKETS_MAX)
    volumes: tuple[Qty, ...] = Field(min_length=1, max_length=CURVE_BUCKETS_MAX)
    observed_days: tuple[Day, ...] = Field(default=(), max_length=DAYS_MAX)
    errors: tuple[Ppm, ...] = Field(default=(), max_length=CURVE_BUCKETS_MAX)

    def key(self) -> str:
        return self.instrument_id

    def to_event(self) -> VolumeCurveDefined:
        return VolumeCurveDefined(
            instrument_id=self.instrument_id,
            edges_ns=self.edges,
            volumes_qty=self.volumes,
            observed_days=self.observed_days,
            effective_day=self.effective_day,
            errors_ppm=self.errors,
        )


class CorporateAction(ReferenceTable):
    """A split or another corporate action; `effective_day` is its ex-day."""

    action_id: Code
    instrument_id: Code
    kind: Word[CorporateActionKind]
    new: Qty = 1
    old: Qty = 1
    text: Text = ""

    def key(self) -> str:
        return self.instrument_id

    def to_event(self) -> CorporateActionDefined:
        return CorporateActionDefined(
            action_id=self.action_id,
            instrument_id=self.instrument_id,
            kind=self.kind,
            new_qty=self.new,
            old_qty=self.old,
            text=self.text,
            effective_day=self.effective_day,
        )


TABLES: Mapping[str, type[ReferenceTable]] = {
    "calendar": Calendar,
    "instrument": Instrument,  # Before the tables that refer to it.
    "tick_table": TickTable,
    "venue": Venue,
    "fee": Fee,
    "volume_curve": VolumeCurve,
    "corporate_action": CorporateAction,
}


def read(path: Path) -> list[ReferenceTable]:
    """The tables of a file, in the order of `TABLES`. Raises TableFileError naming all errors."""
    found = tables_of(path, (DAY, *TABLES))
    day = [value for name, value in found if name == DAY]
    tables = [(name, _dated(table, day)) for name, table in found if name != DAY]
    if not tables:
        raise TableFileError(f"{path}: no tables, expected some of {', '.join(TABLES)}")
    found_tables = validated(path, tables, TABLES, judge=lambda x: implausible(x, x.to_event()))
    _require_ticks(path, found_tables)
    return found_tables


def _require_ticks(path: Path, tables: Sequence[ReferenceTable]) -> None:
    """Raise TableFileError for instruments without a tick table: no order of theirs could trade."""
    ticked = {table.key() for table in tables if isinstance(table, TickTable)}
    bare = [x.key() for x in tables if isinstance(x, Instrument) and x.key() not in ticked]
    if bare:
        raise TableFileError(
            f"{path}: found no tick table of {', '.join(bare)}, expected one for each instrument; "
            'add [[tick_table]] with instrument_id = "..." and bands = [{ from = 0, tick = 0.01 }]'
        )


def _dated(table: Any, day: Sequence[Any]) -> Any:  # noqa: ANN401  Whatever TOML holds.
    return {DAY: day[0], **table} if day and isinstance(table, dict) else table


def records(tables: Sequence[ReferenceTable], *, sender: str, at_ns: int) -> list[NewRecord]:
    """The records of `reference`, in order."""
    return shared_records([(x.key(), x.to_event()) for x in tables], sender=sender, at_ns=at_ns)
