"""A broker that is down for longer than a session: work goes on by itself when it is back.

How soon depends on the machine. So what is counted is what once made it slow: a question to a
client from before the outage, which waits ten seconds in vain, and a reader's errors from before it
was made, each of which makes a recovery start over.
"""

import os
import re
import signal
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import kafka_broker
import pytest
from confluent_kafka.admin import AdminClient
from log.topics_created import create
from pipeline import desk, in_process, proof, short_day

from engine.core import events as e
from engine.log import open_log
from engine.log.kafka import leases
from engine.log.kafka.client import Cluster
from engine.log.port import Log, LogUnavailableError
from infra.kafka import local

pytestmark = pytest.mark.kafka

PARTITIONS = 2
RULES = short_day.rules(PARTITIONS)
INSTRUMENTS = ("I00", "I01", "I02", "I03")
SESSION_MS = 2_000
OUTAGE_S = 3 * SESSION_MS / 1_000
UNREAD = re.compile(r"shard \d+: reading outage\.([\w-]+):")
UNREAD_MAX = 5  # Topics; 13 if each reader gets the errors from before it, else 0 to a busy few.


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

    def start(self) -> None:
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


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[AdminClient]:
    """The clients, in order, that were asked who else claims a shard."""
    found: list[AdminClient] = []
    members_of = leases.members_of

    def noted(cluster: Cluster, admin: AdminClient, groups: Sequence[str]) -> dict[str, set[str]]:
        found.append(admin)
        return members_of(cluster, admin, groups)

    monkeypatch.setattr(leases, "members_of", noted)
    return found


def unread(caplog: pytest.LogCaptureFixture) -> set[str]:
    """The topics of which a shard could not read, so that it began again."""
    matches = (UNREAD.match(record.getMessage()) for record in caplog.records)
    return {match[1] for match in matches if match}


def test_after_an_outage_longer_than_the_session_work_goes_on_by_itself(
    broker: Broker, asked: list[AdminClient], caplog: pytest.LogCaptureFixture
) -> None:
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
        time.sleep(OUTAGE_S)
        asked_before = len(asked)
        caplog.clear()
        broker.start()
        with opened() as fresh:
            publisher = desk.Publisher(fresh, "OMS-2")
            orders = [desk.order(f"AFTER-{name}", name, source="OMS-2") for name in INSTRUMENTS]
            in_process.until(partial(is_sent, publisher, orders), "a broker that answers")
            in_process.until(partial(has, fresh, *after), "the orders after", running)
            assert len(asked) > asked_before > 0
            old = {*map(id, asked[:asked_before])}
            assert old.isdisjoint(map(id, asked[asked_before:])), "it gets no answer for 10 s"
            assert len(failed := unread(caplog)) <= UNREAD_MAX, failed
            running.finish()
            assert sorted(accepted(fresh)) == sorted(before + after)
            for shard in range(PARTITIONS):
                partition = proof.partition_of(fresh, shard)
                proof.whole(partition, is_all_taken=False)
                decided = proof.decides_the_same(partition, RULES)
                assert proof.same_state(proof.recovered(fresh, shard, RULES), decided)
