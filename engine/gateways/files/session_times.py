"""The sessions of a trading day as people write them: local times, in a time zone.

    sessions = [{ open = "09:00", close = "11:30" }, { open = "12:30", close = "15:30" }]
    sessions = [{ open = "18:00", open_day = -1, close = "17:00" }]     # From the evening before.
    sessions = [{ open = "00:00", close = "24:00" }]                    # Round the clock.

`open_day` and `close_day` are days from the trading day: -1 the day before, 1 the day after.
Between two sessions is a break. A time that the clocks skip or repeat is the earlier one, as it is
before the change.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

MIDNIGHT = "24:00"
DAYS = (-1, 0, 1)
FIELDS = ("open", "close", "open_day", "close_day")
EXPECTED = (
    'a list of tables such as { open = "09:00", close = "11:30" }, with open_day = -1 for the day '
    "before and close_day = 1 for the day after"
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class LocalMoment(NamedTuple):
    """A local time, and the days from the trading day to its date."""

    day: int
    clock: time

    def __str__(self) -> str:
        """The time as people write it, and its day where it is another one."""
        shown = self.clock.isoformat().removesuffix(":00")
        return shown if not self.day else f"{shown} (day {self.day:+d})"

    def at_ns(self, day: date, zone: str) -> int:
        """The moment on a trading day, ns since 1970 UTC."""
        local = datetime.combine(day + timedelta(days=self.day), self.clock, ZoneInfo(zone))
        return (local - EPOCH) // timedelta(microseconds=1) * 1_000


class LocalSession(NamedTuple):
    """A session of a trading day, in local time."""

    open: LocalMoment
    close: LocalMoment

    def span_ns(self, day: date, zone: str) -> tuple[int, int]:
        return self.open.at_ns(day, zone), self.close.at_ns(day, zone)


def read_sessions(found: object) -> tuple[LocalSession, ...]:
    """The sessions of a list of tables. Raises ValueError that says what is wrong."""
    if not isinstance(found, list) or not found:
        raise ValueError(f"found {found!r:.60}, expected {EXPECTED}")
    sessions = tuple(_session(number, table) for number, table in enumerate(found, start=1))
    for number, session in enumerate(sessions, start=1):
        if session.open >= session.close:
            raise ValueError(
                f"session {number} opens at {session.open} and closes at {session.close}, expected "
                "the close after the open; over midnight say open_day = -1 or close_day = 1"
            )
    for number, (one, other) in enumerate(pairwise(sessions), start=2):
        if one.close >= other.open:
            raise ValueError(
                f"session {number} opens at {other.open} and the one before closes at {one.close}, "
                "expected a break between them; put them in order, or make them one"
            )
    first, last = sessions[0].open, sessions[-1].close
    if _length(first, last) > timedelta(days=1):
        raise ValueError(
            f"the day lasts from {first} to {last}, expected 24 hours at most: what "
            "is later is the next trading day's"
        )
    return sessions


def _length(first: LocalMoment, last: LocalMoment) -> timedelta:
    any_day = date(2000, 1, 1)
    begin, end = (datetime.combine(any_day, x.clock) for x in (first, last))
    return end - begin + timedelta(days=last.day - first.day)


def _session(number: int, table: object) -> LocalSession:
    if not isinstance(table, Mapping):
        raise ValueError(  # noqa: TRY004  A file's flaw, as the others.
            f"session {number} is {table!r:.60}, expected {EXPECTED}"
        )
    unknown = [name for name in table if name not in FIELDS]
    if unknown:
        raise ValueError(
            f"session {number} has {unknown[0]!r:.60}, expected some of {', '.join(FIELDS)}"
        )
    return LocalSession(
        _moment(number, table, "open", "open_day"), _moment(number, table, "close", "close_day")
    )


def _moment(number: int, table: Mapping[str, object], name: str, day_name: str) -> LocalMoment:
    day, found = table.get(day_name, 0), table.get(name)
    if isinstance(day, bool) or not isinstance(day, int) or day not in DAYS:
        raise ValueError(f"{day_name} of session {number} is {day!r:.60}, expected -1, 0 or 1")
    if found == MIDNIGHT and name == "close":
        return LocalMoment(day + 1, time(0))
    try:
        clock = found if isinstance(found, time) else time.fromisoformat(str(found))
    except ValueError:
        clock = None
    if clock is None or clock.tzinfo is not None:
        raise ValueError(
            f"{name} of session {number} is {str(found)!r:.60}, expected a local time such as 09:30"
        )
    return LocalMoment(day, clock)
