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
from engine.log import codec, open_log
from engine.log.port import Log
from engine.runtime import clock
from engine.runtime.clock import ClockJumpedError, Wall
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
    tmp_path: Path, off_ns: int
) -> None:
    url, turned = f"sqlite:{tmp_path / 'engine.db'}", Turned()
    with open_log(url, partitions=SHARDS) as log:
        publisher = desk.Publisher(log, desk.OMS)
        desk.open_day(publisher, INSTRUMENTS)
        with worker(url, turned):
            publisher.send(desk.order("A", INSTRUMENTS[0]))
            in_process.until(lambda: accepted(log) == ["A"], "the first order")
            turned.off_ns = off_ns
            time.sleep(0.5)  # A round that read the time before the jump has ended.
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
