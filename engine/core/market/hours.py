"""The trading hours of an instrument today: its sessions, and the time that counts in them.

An instrument trades in the sessions that its calendar states for the day, within the day's open and
close; one that names no calendar trades from the open to the close. A calendar that says nothing of
the day has no session on it. Between two sessions is a break: nothing is crossed or routed, no
aggregation window closes and a schedule stands still, because schedules run over trading time.

Trading time is the clock with the breaks taken out. Before the first open and after the last close
it goes on as the clock does, so that for one session it differs from the clock by a constant alone.
"""

from functools import lru_cache
from typing import NamedTuple

from engine.core.events import CalendarDefined, DayOpened
from engine.core.state.state import State


class Span(NamedTuple):
    """A session, ns since 1970 UTC; nothing trades at its end any more."""

    open_ns: int
    close_ns: int


Spans = tuple[Span, ...]


def of_instrument(state: State, instrument_id: str) -> Spans:
    """The sessions of today in order of time; empty if there is none."""
    day = state.day
    if day is None:
        return ()
    instrument = state.reference.instruments.get(instrument_id)
    if instrument is None or not instrument.calendar_id:
        return whole_day(day.open_ns, day.close_ns)
    calendar = state.reference.calendars.get((instrument.calendar_id, day.day))
    if calendar is None:
        return ()
    kept: Kept | None = state.sessions.get(instrument_id)
    if kept is None or kept.calendar is not calendar or kept.day is not day:
        spans = within_day(calendar, day.open_ns, day.close_ns)
        kept = state.sessions[instrument_id] = Kept(calendar, day, spans)
    return kept.spans


class Kept(NamedTuple):
    """The sessions of an instrument, and the records that they follow from.

    Every schedule asks for them, many times a batch, and a record in force is never changed.
    """

    calendar: CalendarDefined
    day: DayOpened
    spans: Spans


def within_day(calendar: CalendarDefined, open_ns: int, close_ns: int) -> Spans:
    """The sessions of a calendar as far as they are inside the engine's day."""
    within = (
        Span(max(span.open_ns, open_ns), min(span.close_ns, close_ns))
        for span in of_calendar(calendar)
    )
    return tuple(span for span in within if span.open_ns < span.close_ns)


@lru_cache(maxsize=8)  # One day's, for nearly every instrument and each of its orders.
def whole_day(open_ns: int, close_ns: int) -> Spans:
    """The only session of an instrument without a calendar."""
    return (Span(open_ns, close_ns),)


def of_calendar(calendar: CalendarDefined) -> Spans:
    """The sessions of a calendar's day; one from its open to its close if it lists none."""
    listed = tuple(Span(x.open_ns, x.close_ns) for x in calendar.sessions)
    return listed or (Span(calendar.open_ns, calendar.close_ns),)


def close_ns(state: State, instrument_id: str) -> int:
    """The end of the last session of today; 0 if there is none."""
    spans = of_instrument(state, instrument_id)
    return spans[-1].close_ns if spans else 0


# -------------------------------------------------------------------------- the moment


def is_open(state: State, instrument_id: str, at_ns: int) -> bool:
    """Whether it is a time to trade; without a calendar an order's own window says it."""
    instrument = state.reference.instruments.get(instrument_id)
    if instrument is None or not instrument.calendar_id:
        return True
    spans = of_instrument(state, instrument_id)
    return any(span.open_ns <= at_ns < span.close_ns for span in spans)


def next_open_ns(state: State, instrument_id: str, at_ns: int) -> int:
    """The begin of the next session of today after a moment; 0 if there is none."""
    spans = of_instrument(state, instrument_id)
    return next((span.open_ns for span in spans if span.open_ns > at_ns), 0)


def opens_from(spans: Spans, at_ns: int) -> int:
    """The first time to trade from a moment on; the moment itself after the last close."""
    for span in spans:
        if at_ns < span.close_ns:
            return max(at_ns, span.open_ns)
    return at_ns


def closes_by(spans: Spans, at_ns: int) -> int:
    """The end of trading by a moment: in a break the close before; the moment before the first."""
    for span in reversed(spans):
        if at_ns > span.open_ns:
            return min(at_ns, span.close_ns)
    return at_ns


def planned_ns(state: State, instrument_id: str, now_ns: int, due_ns: int) -> int:
    """When what is due is planned: no later than the end of the session in which it is now."""
    for span in of_instrument(state, instrument_id):
        if span.open_ns <= now_ns < span.close_ns:
            return min(due_ns, span.close_ns)
    return due_ns


# ----------------------------------------------------------------------- trading time


def elapsed_ns(spans: Spans, at_ns: int) -> int:
    """Trading time from the first open to a moment, ns; negative before it."""
    if len(spans) == 1:  # No break: nearly every instrument.
        return at_ns - spans[0].open_ns
    passed_ns = 0
    for number, span in enumerate(spans, start=1):
        if at_ns < span.open_ns and number > 1:
            return passed_ns
        if at_ns < span.close_ns or number == len(spans):
            return passed_ns + at_ns - span.open_ns
        passed_ns += span.close_ns - span.open_ns
    return at_ns


def after_ns(spans: Spans, at_ns: int, trading_ns: int) -> int:
    """The moment at which so much trading time has passed since another one."""
    left_ns = elapsed_ns(spans, at_ns) + trading_ns
    for span in spans[:-1]:
        length_ns = span.close_ns - span.open_ns
        if left_ns <= length_ns:
            return span.open_ns + left_ns
        left_ns -= length_ns
    return (spans[-1].open_ns if spans else 0) + left_ns


def between_ns(state: State, instrument_id: str, start_ns: int, end_ns: int) -> int:
    """Trading time from a moment to a later one."""
    instrument = state.reference.instruments.get(instrument_id)
    if instrument is None or not instrument.calendar_id:
        return end_ns - start_ns  # Without a calendar there is no break.
    spans = of_instrument(state, instrument_id)
    return elapsed_ns(spans, end_ns) - elapsed_ns(spans, start_ns)


def length_ns(state: State, instrument_id: str) -> int:
    """Trading time of today; at least 1, so that a rate by it is defined."""
    spans = of_instrument(state, instrument_id)
    return max(1, sum(span.close_ns - span.open_ns for span in spans))
