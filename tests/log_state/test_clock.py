"""A clock that jumps decides nothing: the shards hold, say so, and go on when it is sane."""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from log_state.eight_shards import INSTRUMENTS, SHARDS, accepted
from pipeline import desk, in_process, proof, short_day

from engine.core import events as e
from engine.gateways.calendar.run import Calendar
from engine.gateways.calendar.timetable import Timetable
from engine.log import codec, open_log
from engine.log.port import Log, LogUnavailableError
from engine.runtime import clock
from engine.runtime.clock import ClockJumpedError, Started, Wall
from engine.runtime.witnesses import newest_ns
from engine.runtime.worker import Worker

RULES = short_day.rules(SHARDS)
S = desk.S
DAY_NS, HOUR_NS = 86_400 * S, 3_600 * S


class Hands:
    """A wall clock and a steady one, moved by a test."""

    def __init__(self) -> None:
        self.wall_ns = 1_000 * S
        self.steady_s = 5.0
        self.wall = Wall(lambda: self.wall_ns, lambda: self.steady_s)

    def go(self, seconds: float, jump_ns: int = 0) -> bool:
        """Let time pass, and the wall clock jump; whether it is believed then."""
        self.steady_s += seconds
        self.wall_ns += int(seconds * S) + jump_ns
        try:
            assert self.wall.now_ns() == self.wall_ns
        except ClockJumpedError:
            return False
        return True


JUMPS = [
    pytest.param([(1, 0)], [True], id="a clock that goes is believed"),
    pytest.param([(1, S // 4)], [True], id="a slew of the network's time is believed"),
    pytest.param([(3_600, 0)], [True], id="a process that was stopped for an hour is right"),
    pytest.param(
        [(0.1, DAY_NS), (2, 0), (0.1, -DAY_NS)],
        [False, False, True],
        id="a day ahead for two seconds",
    ),
    pytest.param([(0.1, -HOUR_NS), (9_999, 0)], [False, False], id="an hour back, and it stays"),
    pytest.param([(0.1, DAY_NS), (9_999, 0)], [False, False], id="a day ahead, and it stays"),
    pytest.param(
        [(0.1, 5 * S), (9, 0), (2, 0), (1, 0)],
        [False, False, True, True],
        id="a correction that stands is believed",
    ),
    pytest.param(
        [(0.1, 5 * S), (9, 0), (2, 5 * S), (9, 0), (2, 0)],
        [False, False, False, False, True],
        id="a clock that goes on jumping is not",
    ),
    pytest.param(
        [(0.1, DAY_NS), (1, -DAY_NS - HOUR_NS), (1, HOUR_NS)],
        [False, False, True],
        id="ahead, then back, then right",
    ),
]


@pytest.mark.parametrize(("moves", "believed"), JUMPS)
def test_a_jump_is_noticed_before_it_is_believed(
    moves: list[tuple[float, int]], believed: list[bool]
) -> None:
    hands = Hands()
    assert [hands.go(*move) for move in moves] == believed


def test_a_jump_and_its_end_are_said_once(caplog: pytest.LogCaptureFixture) -> None:
    hands = Hands()
    with caplog.at_level(logging.WARNING):
        hands.go(0.1, DAY_NS)
        for _ in range(100):
            hands.go(0.02)
        hands.go(0.1, -DAY_NS)
    said = [each.getMessage() for each in caplog.records]
    assert len(said) == 2
    assert "jumped ahead by 86,400.0 s" in said[0]
    assert "set the clock right" in said[0]
    assert said[1] == "the clock is right again after 2.1 s"


def test_a_gateway_counts_on_without_the_jump() -> None:
    hands = Hands()
    before_ns = hands.wall.steady_ns()
    hands.go(0.5, DAY_NS)
    assert hands.wall.steady_ns() == before_ns + S // 2
    hands.go(20)
    assert hands.wall.steady_ns() == before_ns + 20 * S + S // 2
    hands.go(0.5, -DAY_NS)
    assert hands.wall.steady_ns() == hands.wall_ns


def test_the_steady_clock_counts_on() -> None:
    before_s = clock.since_boot_s()
    time.sleep(0.01)
    assert clock.since_boot_s() > before_s


# ---------------------------------------------------------------------------- in a worker


class Turned:
    """This machine's clock with a person at it."""

    off_ns = 0

    def time_ns(self) -> int:
        return time.time_ns() + self.off_ns


@contextmanager
def worker(url: str, turned: Turned) -> Iterator[None]:
    with open_log(url, partitions=SHARDS) as log:
        running = Worker(log, RULES, "worker", clock_ns=Wall(turned.time_ns).now_ns)
        thread = threading.Thread(target=running.run, daemon=True)
        thread.start()
        try:
            yield
        finally:
            running.stop()
            thread.join(in_process.PATIENCE_S)
            assert not thread.is_alive()


def seal_times(log: Log) -> list[int]:
    seals = (r for shard in range(SHARDS) for r in proof.read_all(log, "journal", shard))
    return [codec.decode("journal", record.value).now_ns for record in seals]


@pytest.mark.parametrize("off_ns", [DAY_NS, -HOUR_NS], ids=["a day ahead", "an hour back"])
def test_no_order_is_refused_and_none_is_lost_by_a_clock_that_jumps(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, off_ns: int
) -> None:
    url, turned = f"sqlite:{tmp_path / 'engine.db'}", Turned()
    with open_log(url, partitions=SHARDS) as log:
        publisher = desk.Publisher(log, desk.OMS)
        desk.open_day(publisher, INSTRUMENTS)
        with worker(url, turned):
            publisher.send(desk.order("A", INSTRUMENTS[0]))
            in_process.until(lambda: accepted(log) == ["A"], "the first order")
            turned.off_ns = off_ns
            # Once the jump is noticed, no round goes on that read the time before it.
            in_process.until(lambda: "jumped" in caplog.text, "the jump")
            names = [f"B{shard}" for shard in range(SHARDS)]
            publisher.send(*map(desk.order, names, INSTRUMENTS))
            time.sleep(1.5)
            assert accepted(log) == ["A"], "nothing is decided at a time that is not believed"
            turned.off_ns = 0
            in_process.until(lambda: accepted(log) == ["A", *names], "all orders")
        assert not in_process.events(log, "ingest", e.OrderRejected)
        assert not in_process.events(log, "ingest", e.OrderExpired)
        assert abs(max(seal_times(log)) - time.time_ns()) < 60 * S
        for number in range(SHARDS):  # Every decision is made again at the recorded time.
            proof.decides_the_same(proof.partition_of(log, number), RULES)


# --------------------------------------------------------------- wrong from the beginning


STARTS = [
    pytest.param([], True, id="a log that has decided nothing ends no order"),
    pytest.param([0], True, id="a seal of now"),
    pytest.param([-50 * S], True, id="a worker that was away for a while"),
    pytest.param([-DAY_NS, -9 * S], True, id="a seal of yesterday and an order of now"),
    pytest.param([DAY_NS, 3 * S], True, id="a sender a day ahead and one that is right"),
    pytest.param([-DAY_NS, -DAY_NS - S], False, id="a day ahead of all"),
    pytest.param([HOUR_NS, HOUR_NS + S], False, id="an hour behind all"),
    pytest.param([-61 * S], False, id="a minute and a second"),
]


@pytest.mark.parametrize(("offs_ns", "is_believed"), STARTS)
def test_a_clock_is_believed_at_the_start_if_the_log_has_its_time(
    offs_ns: list[int], *, is_believed: bool
) -> None:
    hands = Hands()
    now_ns = hands.wall_ns = 50 * DAY_NS
    started = Started(
        lambda: hands.wall_ns, lambda: [now_ns + off for off in offs_ns], lambda: hands.steady_s
    )
    if is_believed:
        assert started.now_ns() == now_ns
        return
    with pytest.raises(ClockJumpedError, match="holds until an input of that time comes"):
        started.now_ns()


def test_an_input_of_its_time_confirms_a_clock_and_it_is_asked_no_more(
    caplog: pytest.LogCaptureFixture,
) -> None:
    hands, asked = Hands(), []
    newest = [hands.wall_ns - DAY_NS]

    def witnessed() -> list[int]:
        asked.append(hands.steady_s)
        return newest

    started = Started(lambda: hands.wall_ns, witnessed, lambda: hands.steady_s)
    with caplog.at_level(logging.WARNING):
        for _ in range(100):
            with pytest.raises(ClockJumpedError):
                started.now_ns()
            hands.steady_s += 0.05
        assert len(asked) <= 6, "once a second"
        newest.append(hands.wall_ns)
        hands.steady_s += 1
        assert started.now_ns() == hands.wall_ns
        newest.clear()
        newest.append(0)
        assert started.now_ns() == hands.wall_ns
    said = [each.getMessage() for each in caplog.records]
    assert len(said) == 2, "it is said once, and its end"
    assert "The newest time in the log is 1969-12-31" in said[0]
    assert said[1].startswith("the clock is confirmed: 1970-01-01")


@contextmanager
def started(url: str, turned: Turned) -> Iterator[None]:
    """A worker that starts with that clock."""
    with open_log(url, partitions=SHARDS) as log:
        clock_ns = Started(Wall(turned.time_ns).now_ns, lambda: newest_ns(log)).now_ns
        running = Worker(log, RULES, "worker", clock_ns=clock_ns)
        thread = threading.Thread(target=running.run, daemon=True)
        thread.start()
        try:
            yield
        finally:
            running.stop()
            thread.join(in_process.PATIENCE_S)
            assert not thread.is_alive()


@pytest.mark.parametrize("off_ns", [DAY_NS, -HOUR_NS], ids=["a day ahead", "an hour back"])
def test_a_worker_that_starts_with_a_wrong_clock_decides_nothing_until_it_is_set_right(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, off_ns: int
) -> None:
    url, turned = f"sqlite:{tmp_path / 'engine.db'}", Turned()
    with open_log(url, partitions=SHARDS) as log:
        publisher = desk.Publisher(log, desk.OMS)
        desk.open_day(publisher, INSTRUMENTS)
        with started(url, turned):
            publisher.send(desk.order("A", INSTRUMENTS[0]))
            in_process.until(lambda: accepted(log) == ["A"], "the first order")
        turned.off_ns = off_ns
        names = [f"B{shard}" for shard in range(SHARDS)]
        with started(url, turned):
            publisher.send(*map(desk.order, names, INSTRUMENTS))
            in_process.until(lambda: "says" in caplog.text, "the first doubt")
            time.sleep(1.5)
            assert accepted(log) == ["A"]
            assert caplog.text.count("nothing in the log is of that time") == 1
        turned.off_ns = 0
        with started(url, turned):
            # The orders may be too old by now to tell the time.
            publisher.send(desk.quote(INSTRUMENTS[0], desk.VENUES[0], time.time_ns()))
            in_process.until(lambda: accepted(log) == ["A", *names], "all orders")
        assert not in_process.events(log, "ingest", e.OrderRejected)
        assert not in_process.events(log, "ingest", e.OrderExpired)


def test_a_worker_that_comes_back_after_a_day_goes_on_with_the_first_input_of_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock is right and the log is old: nothing in it can tell that from a wrong clock."""
    url, today_ns = f"sqlite:{tmp_path / 'engine.db'}", time.time_ns
    with open_log(url, partitions=SHARDS) as log:
        with monkeypatch.context() as yesterday:
            yesterday.setattr(time, "time_ns", lambda: today_ns() - DAY_NS)
            desk.open_day(desk.Publisher(log, desk.OMS), INSTRUMENTS)
            with worker(url, Turned()):
                in_process.until(lambda: seal_times(log), "a batch of yesterday")
        before_ns = max(seal_times(log))
        with started(url, Turned()):
            time.sleep(1.0)
            assert max(seal_times(log)) == before_ns
            desk.Publisher(log, "NOW").send(desk.order("B", INSTRUMENTS[1]))
            in_process.until(lambda: max(seal_times(log)) > time.time_ns() - 60 * S, "it goes on")


def test_a_calendar_that_starts_a_day_ahead_of_the_log_closes_no_day_until_an_input_of_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    url, today_ns = f"sqlite:{tmp_path / 'engine.db'}", time.time_ns
    with open_log(url, partitions=SHARDS) as log:
        with monkeypatch.context() as yesterday:
            yesterday.setattr(time, "time_ns", lambda: today_ns() - DAY_NS)
            desk.open_day(desk.Publisher(log, desk.OMS), INSTRUMENTS)
            with worker(url, Turned()):
                in_process.until(lambda: seal_times(log), "a batch of yesterday")
        with Calendar(log, Timetable()) as job:
            assert job.turn() is None
            assert job.turn() is None
            assert isinstance(job.timetable.due(time.time_ns()), e.DayClosed), "by its clock"
            assert caplog.text.count("nothing in the log is of that time") == 1
            desk.Publisher(log, "NOW").send(desk.order("B", INSTRUMENTS[1]))
            time.sleep(clock.ASK_EVERY_S)
            assert isinstance(job.turn(), e.DayClosed)


def test_witnesses_that_cannot_be_asked_confirm_nothing_and_that_is_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def away() -> list[int]:
        raise LogUnavailableError("the journal may not be read")

    with pytest.raises(ClockJumpedError):
        Started(time.time_ns, away).now_ns()
    assert "the clock is not confirmed: the journal may not be read" in caplog.text
