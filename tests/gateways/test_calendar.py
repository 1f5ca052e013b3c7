"""The calendar opens and closes days by reference data, whichever process does it and when."""

from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from world import policy

from engine.core.events import CalendarDefined, DayClosed, DayOpened, WriterKeySet
from engine.gateways.calendar.run import Calendar
from engine.gateways.calendar.timetable import Timetable
from engine.gateways.input_records import shared_records
from engine.gateways.venues.run import SupersededError
from engine.log import codec, signatures
from engine.log.embedded import EmbeddedLog
from engine.log.port import Log
from engine.log.signatures import SignedLog

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


class Waits:
    """A steady clock that the test sets."""

    seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float, /) -> None:
        self.seconds += seconds


def load(log: Log, *rows: CalendarDefined) -> None:
    log.append("reference", shared_records([("US", x) for x in rows], sender="desk", at_ns=1))


def controls_of(log: Log) -> list[Any]:
    """The controls."""
    reader = log.reader("controls", 0)
    events: list[Any] = [codec.decode("controls", x.value) for x in reader.read(99)]
    reader.close()
    return events


def written(log: Log) -> list[tuple[str, int]]:
    return [(type(event).__name__, event.day) for event in controls_of(log)]


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


# --------------------------------------------------------------- what the shards refuse

DESK, CALENDAR, FORGER = (Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in range(3))
CLOSED = DayClosed(day=FIRST, set_ns=1)


def says(
    log: Log,
    *events: Any,  # noqa: ANN401
    writer: str = "desk",
    key: Ed25519PrivateKey | None = None,
    at_ns: int = 1,
) -> None:
    """Records of a writer, signed if it has a key."""
    for number, event in enumerate(events):
        made = shared_records([("", event)], sender=writer, at_ns=at_ns + number * 1_000_000)
        topic = codec.topic_of(event)
        log.append(topic, made if key is None else [signatures.signed(topic, made[0], key)])


def keys() -> list[WriterKeySet]:
    return [
        WriterKeySet(
            writer=writer,
            topics=("controls", "reference"),
            public_key=key.public_key().public_bytes_raw().hex(),
            from_day=0,
            revoked=False,
            set_by="desk",
            set_ns=1,
        )
        for writer, key in (("desk", DESK), ("calendar", CALENDAR))
    ]


def wants_signed(*topics: str) -> Any:  # noqa: ANN401
    return policy(signed_topics=topics, set_by="desk")


def own(log: Log, key: Ed25519PrivateKey | None, hands: Hands) -> Calendar:
    return Calendar(log if key is None else SignedLog(log, key), Timetable(), hands)


REFUSED: tuple[Any, ...] = (
    pytest.param(CLOSED, "desk", None, id="a close that is not signed"),
    pytest.param(CLOSED, "calendar", FORGER, id="a close in the calendar's name"),
    pytest.param(row(FIRST, 14, 15, effective=FIRST), "desk", None, id="a row without a signature"),
    pytest.param(wants_signed(), "desk", None, id="a policy that wants nothing signed"),
)


@pytest.mark.parametrize(("forged", "writer", "key"), REFUSED)
def test_a_strangers_record_moves_no_day_and_neither_does_it_after_a_restart(
    tmp_path: Path,
    forged: Any,  # noqa: ANN401
    writer: str,
    key: Ed25519PrivateKey | None,
) -> None:
    hands = Hands()
    with EmbeddedLog(tmp_path / "log.db", 1) as log:
        says(log, row(FIRST, 14, 21))  # Before the policy: it need not be signed.
        says(log, *keys(), wants_signed("controls", "reference"), at_ns=at(1))
        says(log, row(FIRST + 1, 14, 21), key=DESK, at_ns=at(2))
        with own(log, CALENDAR, hands) as job:
            hands.now_ns = at(14)
            assert isinstance(job.turn(), DayOpened)
            says(log, forged, CLOSED, writer=writer, key=key, at_ns=at(15))
            says(log, CLOSED, at_ns=at(15.5))
            hands.now_ns = at(20)
            assert job.turn() is None
        with own(log, CALENDAR, hands) as again:
            assert again.turn() is None
            hands.now_ns = at(22)
            assert again.turn() == DayClosed(day=FIRST, set_ns=at(22))
            hands.now_ns = at(38)
            assert isinstance(again.turn(), DayOpened)


def test_reference_data_with_a_false_time_is_judged_by_its_place(tmp_path: Path) -> None:
    hands = Hands()
    hands.now_ns = at(14)
    with EmbeddedLog(tmp_path / "log.db", 1) as log:
        says(log, *keys(), wants_signed("reference"), at_ns=at(1))
        says(log, row(FIRST, 14, 21), key=DESK, at_ns=at(2))
        says(log, row(FIRST, 14, 15, effective=FIRST), at_ns=1)
        with own(log, None, hands) as job:
            found = job.turn()
            assert isinstance(found, DayOpened)
            assert found.close_ns == at(21)


IMPOSSIBLE = (
    (DayOpened(day=99_999_999, open_ns=at(1), close_ns=at(2), seed=1, set_ns=1), "no such day"),
    (DayOpened(day=FIRST + 1, open_ns=at(2), close_ns=at(1), seed=1, set_ns=1), "no such hours"),
)


@pytest.mark.parametrize(("control", "why"), IMPOSSIBLE)
def test_a_flawed_control_opens_no_day(tmp_path: Path, control: DayOpened, why: str) -> None:
    hands = Hands()
    hands.now_ns = at(14)
    with EmbeddedLog(tmp_path / "log.db", 1) as log:
        load(log, row(FIRST, 14, 21))
        says(log, control)
        with own(log, None, hands) as job:
            assert isinstance(job.turn(), DayOpened), why


def test_a_control_that_was_sent_again_closes_no_day(tmp_path: Path) -> None:
    hands = Hands()
    hands.now_ns = at(14)
    with EmbeddedLog(tmp_path / "log.db", 1) as log:
        load(log, row(FIRST, 14, 21))
        says(log, CLOSED, at_ns=at(1))  # Of no day, as none is open.
        with own(log, None, hands) as job:
            assert isinstance(job.turn(), DayOpened)
            says(log, CLOSED, at_ns=at(1))
            assert job.turn() is None
            hands.now_ns = at(22)
            assert isinstance(job.turn(), DayClosed)


def test_a_calendar_without_a_key_says_so_and_tries_again_after_a_minute(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    hands, waits = Hands(), Waits()
    hands.now_ns = at(14)
    with EmbeddedLog(tmp_path / "log.db", 1) as log:
        load(log, row(FIRST, 14, 21))
        says(log, *keys(), wants_signed("controls"), at_ns=at(1))
        before = len(controls_of(log))
        with Calendar(log, Timetable(), hands, waits) as job:
            for _ in range(100):
                assert job.turn() is None
            assert len(controls_of(log)) == before + 1
            assert "this process needs the key of the writer 'calendar'" in caplog.text
            waits.seconds += 60
            assert job.turn() is None
            assert len(controls_of(log)) == before + 2
