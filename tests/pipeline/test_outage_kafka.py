"""A broker that is down for longer than a session: work goes on by itself when it is back."""

import os
import signal
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import kafka_broker
import pytest
from log.topics_created import create
from pipeline import desk, in_process, proof, short_day

from engine.core import events as e
from engine.log import open_log
from engine.log.port import Log, LogUnavailableError
from infra.kafka import local

pytestmark = pytest.mark.kafka

PARTITIONS = 2
RULES = short_day.rules(PARTITIONS)
INSTRUMENTS = ("I00", "I01", "I02", "I03")
SESSION_MS = 2_000
OUTAGE_S = 3 * SESSION_MS / 1_000


class Broker:
    """A broker of this test's own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = local.free_port()
        self.bootstrap = local.start(folder, self._port)

    @property
    def _pid(self) -> int:
        return local.running(self._folder)[1]

    def crash(self) -> None:
        pid = self._pid
        os.kill(pid, signal.SIGKILL)
        local.LAUNCHED[pid].wait()
        time.sleep(OUTAGE_S)
        local.start(self._folder, self._port)

    def stop(self) -> None:
        local.stop(self._folder)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    if not kafka_broker.has_way_by_jars():
        kafka_broker.refuse("this test stops its broker, so it needs java and the local jars")
    made = Broker(tmp_path / "kafka")
    yield made
    made.stop()


def accepted(log: Log) -> list[str]:
    return [event.cl_ord_id for event in in_process.events(log, "ingest", e.OrderAccepted)]


def has(log: Log, *cl_ord_ids: str) -> bool:
    try:
        return set(accepted(log)) >= set(cl_ord_ids)
    except LogUnavailableError:
        return False  # This handle reconnects in its own time.


def is_sent(publisher: desk.Publisher, orders: Sequence[e.OrderSubmitted]) -> bool:
    """Sending again is harmless: an order is known by its source and its id."""
    try:
        publisher.send(*orders)
    except LogUnavailableError:
        return False
    return True


def test_after_an_outage_longer_than_the_session_work_goes_on_by_itself(broker: Broker) -> None:
    create(broker.bootstrap, "outage", PARTITIONS)
    url = f"kafka:{broker.bootstrap}/outage"
    opened = partial(open_log, url, partitions=PARTITIONS, session_timeout_ms=SESSION_MS)
    before = [f"BEFORE-{name}" for name in INSTRUMENTS]
    after = [f"AFTER-{name}" for name in INSTRUMENTS]
    with opened() as log, in_process.worker(opened) as running:
        publisher = desk.Publisher(log, desk.OMS, in_process.PATIENCE_S)
        desk.open_day(publisher, INSTRUMENTS)
        publisher.send(*(desk.order(f"BEFORE-{name}", name) for name in INSTRUMENTS))
        in_process.until(partial(has, log, *before), "the orders before", running)
        broker.crash()
        with opened() as fresh:
            publisher = desk.Publisher(fresh, "OMS-2")
            orders = [desk.order(f"AFTER-{name}", name, source="OMS-2") for name in INSTRUMENTS]
            in_process.until(partial(is_sent, publisher, orders), "a broker that answers")
            in_process.until(partial(has, fresh, *after), "the orders after", running)
            running.finish()
            assert sorted(accepted(fresh)) == sorted(before + after)
            for shard in range(PARTITIONS):
                partition = proof.partition_of(fresh, shard)
                proof.whole(partition, is_all_taken=False)
                decided = proof.decides_the_same(partition, RULES)
                assert proof.same_state(proof.recovered(fresh, shard, RULES), decided)
