"""When a day opens and closes, by the calendars and by the days that have been.

A pure fold of `reference` and `controls`, and a question: what is due now. A day lasts from the
first open of the calendars that have it to the last close, so a half day is a row with an earlier
close. A day that is open is never opened again, one that has closed is over, and one whose last
close has passed before it was opened is left out: its orders were never taken. A correction that
shortens the open day closes it earlier; the day's instruments stop by their calendar.
"""

from typing import NamedTuple

from engine.core.events import CalendarDefined, DayClosed, DayOpened

LEAD_NS = 300_000_000_000  # Five minutes in which orders gather before the open; a guess.
SETTLE_NS = 60_000_000_000  # A minute for the venues' last reports, as in a simulation.


class Planned(NamedTuple):
    """A day of the calendars, ns since 1970 UTC."""

    day: int
    open_ns: int
    close_ns: int


class Timetable:
    """The days to come, the one that is open, and the last that has closed."""

    def __init__(
        self, calendar_ids: tuple[str, ...] = (), lead_ns: int = LEAD_NS, settle_ns: int = SETTLE_NS
    ) -> None:
        """Without `calendar_ids` every calendar counts."""
        self._calendar_ids = calendar_ids
        self._lead_ns = lead_ns
        self._settle_ns = settle_ns
        self._rows: dict[tuple[str, int], list[CalendarDefined]] = {}  # By calendar and day.
        self.opened: DayOpened | None = None
        self.closed_day = 0

    # ------------------------------------------------------------------------------ fold

    def follow(self, event: object) -> None:
        """Take the next record of `reference` or `controls`, as the shards do."""
        if isinstance(event, CalendarDefined):
            if not self._calendar_ids or event.calendar_id in self._calendar_ids:
                self._rows.setdefault((event.calendar_id, event.day), []).append(event)
        elif isinstance(event, DayOpened):
            if self.opened is None and event.day > self.closed_day:
                self.opened = event
        elif isinstance(event, DayClosed):
            self._close(event)

    def _close(self, closed: DayClosed) -> None:
        if self.opened is not None and closed.day == self.opened.day:
            self.closed_day, self.opened = closed.day, None

    # -------------------------------------------------------------------------- question

    def due(self, now_ns: int) -> DayOpened | DayClosed | None:
        """The control that the calendars want now; None if there is none."""
        opened = self.opened
        if opened is None:
            found = self.next_day(now_ns)
            if found is None or now_ns < found.open_ns - self._lead_ns:
                return None
            return DayOpened(
                day=found.day,
                open_ns=found.open_ns,
                close_ns=found.close_ns,
                seed=found.day,  # The same from whichever process opens it.
                set_ns=now_ns,
            )
        if now_ns < self.close_ns(opened) + self._settle_ns:
            return None
        return DayClosed(day=opened.day, set_ns=now_ns)

    def close_ns(self, opened: DayOpened) -> int:
        """The end of an open day: the earlier of the one it was opened with and the calendars'."""
        planned = self._planned(opened.day)
        return opened.close_ns if planned is None else min(planned.close_ns, opened.close_ns)

    def next_day(self, now_ns: int) -> Planned | None:
        """The first day to come, or the one whose time it is; days that are over are left out."""
        days = sorted({day for _, day in self._rows if day > self.closed_day})
        planned = (self._planned(day) for day in days)
        return next((x for x in planned if x is not None and now_ns < x.close_ns), None)

    def _planned(self, day: int) -> Planned | None:
        """A day by each calendar's newest row that the day has reached."""
        found = [
            max(reached, key=lambda row: row.effective_day)  # Of equals the last loaded one.
            for (_, of_day), rows in self._rows.items()
            if of_day == day and (reached := [x for x in reversed(rows) if x.effective_day <= day])
        ]
        if not found:
            return None
        return Planned(day, min(x.open_ns for x in found), max(x.close_ns for x in found))
