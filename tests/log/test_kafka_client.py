"""The Kafka clients' log messages and waits, without a broker."""

import logging
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from queue import SimpleQueue

import pytest
from confluent_kafka import KafkaError, KafkaException

from engine.log.kafka import membership
from engine.log.kafka.client import Cluster, alike
from engine.log.kafka.ends import Ends, Location
from engine.log.kafka.leases import KafkaLeases
from engine.log.kafka.topics import admin_of
from engine.log.kafka.writer import MARKERS_SHARE, REFUSED_S, Pace
from engine.log.port import JOURNAL
from engine.log.repeats import AGAIN_S, Repeats

CLUSTER = Cluster("127.0.0.1:1", "unused")
SESSION_S = 6.0
PATIENCE_S = 90.0


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
class SetClock:
    """A clock that a test moves, and the pauses that were asked for."""

    now_s: float = 5.0
    slept_s: list[float] = field(default_factory=list)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SetClock:
    found = SetClock()
    monkeypatch.setattr(time, "monotonic", lambda: found.now_s)
    monkeypatch.setattr(time, "sleep", found.slept_s.append)
    return found


def test_a_transaction_begins_once_the_markers_of_the_last_had_their_time(clock: SetClock) -> None:
    pace = Pace()
    pace.wait()  # The first has nothing to wait for.
    assert clock.slept_s == []
    for _ in range(100):
        pace.done(clock.now_s - REFUSED_S / 2)
    pace.wait()
    assert clock.slept_s == pytest.approx([REFUSED_S / 2 * MARKERS_SHARE], rel=0.01)
    clock.now_s += REFUSED_S / 2 * MARKERS_SHARE
    pace.wait()  # They had their time meanwhile.
    assert len(clock.slept_s) == 1


def test_one_slow_transaction_does_not_slow_the_next_down(clock: SetClock) -> None:
    pace = Pace()
    pace.done(clock.now_s - 60)
    pace.wait()
    assert sum(clock.slept_s) < REFUSED_S


class LateMarkers(Ends):
    """A partition with one readable record and one whose markers come later."""

    def __init__(self, clock: SetClock, late_s: float) -> None:
        self._cluster = CLUSTER
        self._clock = clock
        self._readable_s = clock.now_s + late_s

    def high(self, locations: Sequence[Location]) -> list[int]:
        return [2] * len(locations)

    def stable(self, locations: Sequence[Location]) -> list[int]:
        self._clock.now_s += 0.1  # Each question takes its time.
        return [2 if self._clock.now_s >= self._readable_s else 1] * len(locations)


@pytest.mark.parametrize(
    ("late_s", "end"),
    [
        pytest.param(0.8, 2, id="a commit has most of a second to become readable"),
        pytest.param(math.inf, 1, id="an open transaction is not waited for"),
    ],
)
def test_an_end_waits_for_late_markers_and_not_for_ever(
    clock: SetClock, late_s: float, end: int
) -> None:
    assert LateMarkers(clock, late_s).settled([Location(JOURNAL, 0)]) == [end]


@pytest.mark.parametrize(
    ("taken_s", "outcome"),
    [
        pytest.param(1.5 * SESSION_S, "joined", id="a ghost is gone after its session"),
        pytest.param(math.inf, "out", id="a successor stays"),
    ],
)
def test_a_fenced_member_waits_for_its_name_longer_than_a_ghost_can_have_it(
    clock: SetClock, monkeypatch: pytest.MonkeyPatch, taken_s: float, outcome: str
) -> None:
    free_s = clock.now_s + taken_s
    said: SimpleQueue[str] = SimpleQueue()

    class Client:
        """It is fenced while another member has its name."""

        def __init__(self, _settings: object, logger: logging.Logger) -> None:
            self.logger = logger

        def subscribe(self, _topics: object, **_callbacks: object) -> None:
            if clock.now_s < free_s:
                raise KafkaException(KafkaError(KafkaError.FENCED_INSTANCE_ID))
            said.put("joined")

        def unsubscribe(self) -> None:
            pass

        def poll(self, _timeout_s: float) -> None:
            pass

        def memberid(self) -> str:
            return ""

        def close(self) -> None:
            pass

    def is_taken(_leases: KafkaLeases, _group: str) -> bool:
        clock.now_s += SESSION_S / 10
        return clock.now_s < free_s

    monkeypatch.setattr(membership, "Consumer", Client)
    monkeypatch.setattr(membership, "FOREIGN_CHECK_S", 0.0)
    monkeypatch.setattr(KafkaLeases, "is_taken", is_taken)
    monkeypatch.setattr(KafkaLeases, "on_fenced", lambda *_: said.put("out"))
    leases = KafkaLeases(CLUSTER, admin_of(CLUSTER), "a", None, int(SESSION_S * 1000), 1)
    try:
        assert said.get(timeout=PATIENCE_S) == outcome
    finally:
        leases.close()
