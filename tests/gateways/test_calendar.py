"""The calendar opens and closes days by reference data, whichever process does it and when."""

from pathlib import Path
from typing import Any

import pytest

from engine.core.events import CalendarDefined, DayClosed, DayOpened
from engine.gateways.calendar.run import Calendar
from engine.gateways.calendar.timetable import Timetable
from engine.gateways.input_records import shared_records
from engine.gateways.venues.run import SupersededError
from engine.log import codec
from engine.log.embedded import EmbeddedLog
from engine.log.port import Log

HOUR = 3_600_000_000_000
MINUTE = HOUR // 60
DAY_NS = 24 * HOUR
FIRST = 20251127
MIDNIGHT = 1_764_201_600_000_000_000  # 2025-11-27 in UTC.
LEAD, SETTLE = 5 * MINUTE, MINUTE


def row(day: int, opens: int, closes: int, calendar_id: str = "US", effective: int = 0) -> Any:  # noqa: ANN401
    """A day by its hours, counted from the first one's midnight."""
    begin = MIDNIGHT + (day - FIRST) * DAY_NS
    return CalendarDefined(
        calendar_id=calendar_id,
        time_zone="UTC",
        day=day,
        open_ns=begin + opens * HOUR,
        close_ns=begin + closes * HOUR,
        effective_day=effective,
    )


def timetable(*events: Any, **said: Any) -> Timetable:  # noqa: ANN401
    found = Timetable(lead_ns=LEAD, settle_ns=SETTLE, **said)
    for event in events:
        found.follow(event)
    return found


def opened(day: int, opens: int, closes: int) -> DayOpened:
    found = row(day, opens, closes)
    return DayOpened(day=day, open_ns=found.open_ns, close_ns=found.close_ns, seed=day, set_ns=1)


def at(hours: float) -> int:
    return MIDNIGHT + round(hours * 60) * MINUTE


def controls(table: Timetable, first: float, last: float) -> list[tuple[float, str, int]]:
    """What is due in every minute, folded as it is written: hour, control and day."""
    found = []
    for minute in range(round(first * 60), round(last * 60)):
        control = table.due(MIDNIGHT + minute * MINUTE)
        if control is not None:
            found.append((minute / 60, type(control).__name__, control.day))
            table.follow(control)
    return found


def test_days_open_before_their_first_session_and_close_after_their_last() -> None:
    whole, half = row(FIRST, 14, 21), row(FIRST + 1, 14, 18)

    assert controls(timetable(whole, half), 0, 72) == [
        (14 - 5 / 60, "DayOpened", FIRST),
        (21 + 1 / 60, "DayClosed", FIRST),
        (38 - 5 / 60, "DayOpened", FIRST + 1),
        (42 + 1 / 60, "DayClosed", FIRST + 1),
    ]


def test_a_day_round_the_clock_follows_the_other_at_once() -> None:
    days = [row(FIRST + n, 0, 24, "CRYPTO") for n in range(2)]

    assert [x[1:] for x in controls(timetable(*days), 0, 49)] == [
        ("DayOpened", FIRST),
        ("DayClosed", FIRST),
        ("DayOpened", FIRST + 1),
        ("DayClosed", FIRST + 1),
    ]


def test_a_day_lasts_over_the_sessions_of_all_its_calendars_or_of_the_named_ones() -> None:
    rows = (row(FIRST, 14, 21), row(FIRST, 8, 16, "EU"), row(FIRST, 0, 6, "JP"))
    every, two = timetable(*rows), timetable(*rows, calendar_ids=("US", "EU"))

    assert (every.next_day(at(0)), two.next_day(at(0))) == (
        (FIRST, at(0), at(21)),
        (FIRST, at(8), at(21)),
    )


def test_a_day_that_is_over_is_left_out_and_one_in_progress_opens_late() -> None:
    table = timetable(row(FIRST, 14, 21), row(FIRST + 1, 14, 21))

    assert controls(table, 40, 41) == [(40, "DayOpened", FIRST + 1)]


def test_the_newest_row_that_the_day_has_reached_counts() -> None:
    early = row(FIRST, 14, 17, effective=FIRST)
    rows = (early, row(FIRST, 14, 21, effective=FIRST - 1), row(FIRST, 1, 2, effective=FIRST + 1))

    assert timetable(*rows).next_day(at(0)) == (FIRST, at(14), at(17))
    corrected = timetable(*rows, row(FIRST, 14, 18, effective=FIRST))
    assert corrected.next_day(at(0)) == (FIRST, at(14), at(18))


def test_a_day_that_is_shortened_while_it_is_open_closes_early() -> None:
    table = timetable(row(FIRST, 14, 21), opened(FIRST, 14, 21))
    table.follow(row(FIRST, 14, 18, effective=FIRST))

    assert controls(table, 14, 22) == [(18 + 1 / 60, "DayClosed", FIRST)]


def test_a_day_that_no_calendar_has_closes_when_it_was_to() -> None:
    table = timetable(opened(FIRST, 14, 21))

    assert controls(table, 20, 48) == [(21 + 1 / 60, "DayClosed", FIRST)]


IGNORED = (
    (opened(FIRST + 1, 14, 21), "a second opening"),
    (DayClosed(day=FIRST - 1, set_ns=1), "the close of another day"),
)


@pytest.mark.parametrize(("control", "why"), IGNORED)
def test_what_the_shards_ignore_the_calendar_ignores(control: Any, why: str) -> None:  # noqa: ANN401
    table = timetable(row(FIRST, 14, 21), opened(FIRST, 14, 21), control)

    assert controls(table, 20, 22) == [(21 + 1 / 60, "DayClosed", FIRST)], why


def test_a_day_that_has_closed_is_never_opened_again() -> None:
    table = timetable(
        row(FIRST, 14, 21), opened(FIRST, 14, 21), DayClosed(day=FIRST, set_ns=1),
        opened(FIRST, 14, 21),
    )  # fmt: skip

    assert controls(table, 15, 24) == []
    assert controls(timetable(DayClosed(day=FIRST, set_ns=1), row(FIRST, 14, 21)), 15, 16) == [
        (15, "DayOpened", FIRST)  # That close was of no day.
    ]


# ------------------------------------------------------------------------------ the process


class Hands:
    """A clock that the test sets."""

    now_ns = at(0)

    def __call__(self) -> int:
        return self.now_ns


def load(log: Log, *rows: CalendarDefined) -> None:
    log.append("reference", shared_records([("US", x) for x in rows], sender="desk", at_ns=1))


def written(log: Log) -> list[tuple[str, int]]:
    reader = log.reader("controls", 0)
    events: list[Any] = [codec.decode("controls", x.value) for x in reader.read(99)]
    reader.close()
    return [(type(event).__name__, event.day) for event in events]


def test_a_run_writes_each_control_once_and_its_successor_goes_on(tmp_path: Path) -> None:
    hands = Hands()
    with EmbeddedLog(tmp_path / "log.db", 1) as log:
        load(log, row(FIRST, 14, 21))
        with Calendar(log, Timetable(), hands) as first:
            hands.now_ns = at(14)
            assert isinstance(first.turn(), DayOpened)
            assert first.turn() is None
            with Calendar(log, Timetable(), hands) as second:
                assert second.turn() is None
                hands.now_ns = at(22)
                assert isinstance(second.turn(), DayClosed)
                with pytest.raises(SupersededError, match="another calendar has taken over"):
                    first.turn()
        assert written(log) == [("DayOpened", FIRST), ("DayClosed", FIRST)]


def test_a_run_reads_the_days_that_are_loaded_while_it_waits(tmp_path: Path) -> None:
    hands = Hands()
    hands.now_ns = at(15)
    with EmbeddedLog(tmp_path / "log.db", 1) as log, Calendar(log, Timetable(), hands) as job:
        assert job.turn() is None
        load(log, row(FIRST, 14, 21))
        told: list[Any] = []

        def stop(control: Any) -> None:  # noqa: ANN401
            told.append(control)
            job.stop()

        job.run(stop)
        assert [x.day for x in told] == [FIRST]
