"""The Kafka clients' log messages and waits, without a broker."""

import logging
import time
from dataclasses import dataclass, field

import pytest

from engine.log.kafka.client import alike
from engine.log.kafka.writer import MARKERS_SHARE, REFUSED_S, Pace
from engine.log.repeats import AGAIN_S, Repeats


def complaint(client: int, wait_ms: int, port: int = 9092) -> logging.LogRecord:
    text = f"FAIL [x#consumer-{client}] [thrd:main]: :{port} refused (after {wait_ms}ms)"
    return logging.LogRecord("kafka", logging.ERROR, "", 0, text, None, None)


def test_a_complaint_of_every_client_is_heard_once_and_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now_s = 5.0
    monkeypatch.setattr(time, "monotonic", lambda: now_s)
    repeats = Repeats(alike)
    assert repeats.filter(complaint(1, 0))
    assert not any(repeats.filter(complaint(client, 10)) for client in range(50))
    assert repeats.filter(complaint(1, 0, port=9093))
    now_s += AGAIN_S
    later = complaint(7, 90)
    assert repeats.filter(later)
    assert later.getMessage().endswith("(said 50 times more in the last 60 s)")


@dataclass
class Hand:
    """A clock that a test moves, and the pauses that were asked for."""

    now_s: float = 5.0
    slept_s: list[float] = field(default_factory=list)


@pytest.fixture
def hand(monkeypatch: pytest.MonkeyPatch) -> Hand:
    found = Hand()
    monkeypatch.setattr(time, "monotonic", lambda: found.now_s)
    monkeypatch.setattr(time, "sleep", found.slept_s.append)
    return found


def test_a_transaction_begins_once_the_markers_of_the_last_had_their_time(hand: Hand) -> None:
    pace = Pace()
    pace.wait()  # The first has nothing to wait for.
    assert hand.slept_s == []
    for _ in range(100):
        pace.done(hand.now_s - REFUSED_S / 2)
    pace.wait()
    assert hand.slept_s == pytest.approx([REFUSED_S / 2 * MARKERS_SHARE], rel=0.01)
    hand.now_s += REFUSED_S / 2 * MARKERS_SHARE
    pace.wait()  # They had their time meanwhile.
    assert len(hand.slept_s) == 1


def test_one_slow_transaction_does_not_slow_the_next_down(hand: Hand) -> None:
    pace = Pace()
    pace.done(hand.now_s - 60)
    pace.wait()
    assert sum(hand.slept_s) < REFUSED_S
