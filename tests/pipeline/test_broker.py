"""The broker dies under a streaming engine, killed or out of disk, and comes back."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import kafka_broker
import pytest
from log.topics_created import create
from pipeline import desk, live, proof, whole_log

from engine.log import open_log

PARTITIONS = 2
PREFIX = "outage"
RESTARTS = 2
BACK_MAX_S = 300.0  # From the broker's return until everything is decided; it takes a few.
DISK_MB = 96
ROOM_LEFT_KB = 512  # A stream fills it within seconds.
NOTICE_MAX_S = 180.0  # The worker's own calls give up after CALL_MAX_S, 10 s.

pytestmark = [pytest.mark.kafka, pytest.mark.slow]


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[kafka_broker.Private]:
    with kafka_broker.private(tmp_path / "kafka") as found:
        yield found


def streaming(broker: kafka_broker.Private) -> str:
    """A started broker with the topics of a log: its URL."""
    broker.start()
    create(broker.bootstrap, PREFIX, PARTITIONS)
    return f"kafka:{broker.bootstrap}/{PREFIX}"


def check(engine: live.Engine, folder: Path) -> None:
    """Everything is decided once, by one worker that only its client's own abort may end."""
    engine.drain(BACK_MAX_S, revived=["one"])
    engine.workers.stop()
    assert "Traceback" not in engine.workers.said("one")
    whole_log.check(engine, folder)


def test_an_error_without_a_reader_is_no_failure_of_the_next_reader(
    broker: kafka_broker.Private,
) -> None:
    with open_log(streaming(broker), partitions=PARTITIONS) as log:
        desk.Publisher(log, desk.OMS).send(*desk.reference(["I00"]))
        assert len(proof.read_all(log, "reference", 0)) == 4
        broker.kill()
        time.sleep(1)  # The reader's client notices.
        broker.start()
        assert len(proof.read_all(log, "reference", 0)) == 4


def test_a_broker_killed_in_mid_stream_loses_nothing_and_doubles_nothing(
    broker: kafka_broker.Private, tmp_path: Path
) -> None:
    with live.engine(streaming(broker), PARTITIONS, tmp_path, seed=1, rounds_per_s=15) as engine:
        engine.begin(["one"])
        engine.await_owners()
        for _ in range(RESTARTS):
            time.sleep(2)
            broker.kill()
            broker.start()
        time.sleep(2)
        check(engine, tmp_path)


def fill(disk: Path) -> Path:
    """Fill the disk but for a little; returns the file that fills it."""
    ballast = disk / "ballast"
    left_kb = shutil.disk_usage(disk).free // 1024 - ROOM_LEFT_KB
    with ballast.open("wb") as file:
        for _ in range(left_kb):
            file.write(bytes(1024))
    return ballast


def await_notice(engine: live.Engine, *words: str) -> None:
    """Wait until the running worker logs that it cannot reach its log."""
    deadline_s = time.monotonic() + NOTICE_MAX_S
    while not all(word in engine.workers.said("one") for word in words):
        engine.workers.assert_alive("one")
        assert time.monotonic() < deadline_s, engine.workers.said("one")
        time.sleep(0.1)


def test_a_full_disk_under_kafka_stops_deciding_and_room_lets_it_go_on(
    broker: kafka_broker.Private, tmp_path: Path
) -> None:
    with (
        kafka_broker.small_disk(broker.data, DISK_MB),
        live.engine(streaming(broker), PARTITIONS, tmp_path, seed=2, rounds_per_s=15) as engine,
    ):
        engine.begin(["one"])
        engine.await_owners()
        time.sleep(2)
        ballast = fill(broker.data)
        broker.await_end()  # Kafka ends with its last log folder.
        said = (broker.folder / "node-1" / "kafka.log").read_text()
        assert "No space left on device" in said
        await_notice(engine, "it is rebuilt", "Connection refused")
        ballast.unlink()
        broker.start()
        time.sleep(2)
        check(engine, tmp_path)
        broker.stop()
