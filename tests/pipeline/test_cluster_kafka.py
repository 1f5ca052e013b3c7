"""Three brokers under a streaming engine: one dies, two die, all are restarted in turn."""

import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import kafka_cluster
import pytest
from kafka_cluster import NODES, Cluster
from pipeline import live, whole_log
from pipeline.workers import Workers

from engine.log import codec
from engine.log.kafka import topics
from engine.log.port import JOURNAL, Log, Reader

PARTITIONS = 2
PREFIX = "cluster"
AGAIN_MAX_S = 300.0  # 15 s are promised of a machine of its own; here many share two cores.
SETTLED_S = 6.0  # Nothing new for so long: records that were being written have arrived.
WITHOUT_S = 8.0
NOTICE_MAX_S = 180.0  # Its clients repeat themselves in its log once a minute.
BACK_MAX_S = 300.0
ABORTS_MAX = 3  # Rarely, the client ends the worker when brokers die; then all is done again.

pytestmark = [pytest.mark.kafka, pytest.mark.slow]


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with kafka_cluster.cluster(tmp_path / "kafka") as found:
        yield found


class Journals:
    """The journals of all shards, read."""

    def __init__(self, log: Log) -> None:
        self._readers: list[Reader] = [log.reader(JOURNAL, n) for n in range(log.partitions)]
        self.batches = [-1] * log.partitions

    def look(self) -> list[int]:
        """The newest batch of each shard, now."""
        for number, reader in enumerate(self._readers):
            while records := live.read(reader):
                self.batches[number] = codec.decode(JOURNAL, records[-1].value).batch
        return list(self.batches)

    def after(self, wait_s: float) -> list[int]:
        """The newest batches after so long; a single read may meet a client's error instead."""
        until_s = time.monotonic() + wait_s
        while time.monotonic() < until_s:
            self.look()
            time.sleep(0.05)
        return self.look()

    def settled(self) -> list[int]:
        """The newest batches once nothing new comes; a reader may be behind when it is asked."""
        deadline_s = time.monotonic() + BACK_MAX_S
        before = self.look()
        while (now := self.after(SETTLED_S)) != before:
            assert time.monotonic() < deadline_s, f"still deciding: {before}, then {now}"
            before = now
        return now

    def await_more(self, than: list[int], workers: Workers, max_s: float) -> None:
        """Until every shard has sealed something after these; no worker ends but by its client."""
        deadline_s = time.monotonic() + max_s
        while any(now <= was for now, was in zip(self.look(), than, strict=True)):
            workers.revive("one")
            assert time.monotonic() < deadline_s, f"nothing is sealed after {than}"
            time.sleep(0.05)


def test_any_broker_may_die_and_two_may_and_nothing_is_lost_or_doubled(
    cluster: Cluster, tmp_path: Path
) -> None:
    live.answered(partial(topics.create, cluster.bootstrap, PREFIX, PARTITIONS, replication=3))
    url = f"kafka:{cluster.bootstrap}/{PREFIX}"
    with (
        live.engine(url, PARTITIONS, tmp_path, seed=1, rounds_per_s=10) as engine,
        live.opened(url, PARTITIONS) as log,
    ):
        engine.begin(["one"])
        engine.await_owners()
        journals = Journals(log)
        journals.await_more([-1] * PARTITIONS, engine.workers, BACK_MAX_S)
        for node in NODES:
            commits_again_after_the_death_of(node, cluster, engine, journals)
        waits_without_two(cluster, engine, journals)
        for node in NODES:
            cluster.stop(node)
            cluster.start(node)
            cluster.await_whole()
            engine.workers.revive("one")
        journals.await_more(journals.look(), engine.workers, BACK_MAX_S)
        engine.drain(BACK_MAX_S, revived=["one"])
        engine.workers.stop()
        assert "Traceback" not in engine.workers.said("one")
        whole_log.check(engine, tmp_path)  # Each acknowledged order and report has one answer.


def commits_again_after_the_death_of(
    node: int, cluster: Cluster, engine: live.Engine, journals: Journals
) -> None:
    cluster.kill(node)
    died_s = time.monotonic()
    time.sleep(0.2)  # Records that were being written have arrived.
    journals.await_more(journals.look(), engine.workers, AGAIN_MAX_S)
    print(f"broker {node} killed: sealed again after {time.monotonic() - died_s:.1f} s")  # noqa: T201  Shown by pytest -s.
    engine.workers.revive("one")
    cluster.start(node)
    cluster.await_whole()


def waits_without_two(cluster: Cluster, engine: live.Engine, journals: Journals) -> None:
    """Nothing is decided without two copies; the worker logs it, runs on and then decides again."""
    for _ in range(ABORTS_MAX):
        if has_waited_without_two(cluster, engine, journals):
            return
    pytest.fail("the worker's client aborted in each outage, so none shows that it waits")


def has_waited_without_two(cluster: Cluster, engine: live.Engine, journals: Journals) -> bool:
    """Whether the worker ran all the while: one whose client has aborted decides nothing anyway."""
    said = len(engine.workers.said("one"))
    for node in NODES[:2]:
        cluster.kill(node)
    before = journals.settled()
    after = journals.after(WITHOUT_S)
    assert after == before, "something was decided without its copies"
    is_alive = has_noticed(engine.workers, said)
    for node in NODES[:2]:
        cluster.start(node)
    back_s = time.monotonic()
    journals.await_more(before, engine.workers, BACK_MAX_S)
    print(f"two brokers back: sealed again after {time.monotonic() - back_s:.1f} s")  # noqa: T201  Shown by pytest -s.
    cluster.await_whole()
    return is_alive


def has_noticed(workers: Workers, since: int) -> bool:
    """True once the worker has logged the outage and runs on, False if its client has aborted."""
    deadline_s = time.monotonic() + NOTICE_MAX_S
    while not workers.has_aborted("one"):
        workers.assert_alive("one")
        outage = workers.said("one")[since:]  # Its client tells it of one broker, or of all.
        if "Connection refused" in outage or "brokers are down" in outage:
            return True
        assert time.monotonic() < deadline_s, outage
        time.sleep(0.1)
    return False
