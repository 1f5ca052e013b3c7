"""On a real broker: the id of a log, a stray record, the owners, and a backup that is restored."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pipeline import desk, fresh_log, in_process, proof, short_day

from engine.audit.status import Health, status
from engine.cli.application import execute
from engine.cli.exits import Exit
from engine.core.events import OrderAccepted
from engine.core.partition import partition_of
from engine.log import codec, open_log
from engine.log.kafka import identity, topics
from engine.log.kafka.client import Cluster
from engine.log.kafka.writer import Appender
from engine.log.port import EngineError, Identity, Log, LogLeftError, NewRecord

pytestmark = pytest.mark.kafka
SHARDS, BROKEN = 3, 1
INSTRUMENTS = tuple(
    next(f"I{n}" for n in range(1_000) if partition_of(f"I{n}".encode(), SHARDS) == shard)
    for shard in range(SHARDS)
)


@pytest.fixture
def url(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("METAORDER_PARTITIONS", str(SHARDS))
    return fresh_log.url(request, tmp_path, fresh_log.KAFKA, SHARDS)


@pytest.fixture
def log(url: str) -> Iterator[Log]:
    with open_log(url, partitions=SHARDS) as opened:
        yield opened


def accepted(log: Log) -> list[str]:
    found = (r for n in range(SHARDS) for r in proof.read_all(log, "ingest", n))
    events = (codec.decode("ingest", r.value) for r in found if codec.is_a(OrderAccepted, r.value))
    return sorted(event.cl_ord_id for event in events)


def order_each(publisher: desk.Publisher, name: str) -> list[str]:
    names = [f"{name}{shard}" for shard in range(SHARDS)]
    publisher.send(*map(desk.order, names, INSTRUMENTS))
    return names


def cluster_of(url: str) -> Cluster:
    bootstrap, _, prefix = url.removeprefix("kafka:").partition("/")
    return Cluster(bootstrap, prefix)


class Aside(in_process.Running):
    """A worker that goes on when a shard is set aside."""

    def __init__(self, url: str) -> None:
        super().__init__(in_process.opener(url, SHARDS), "worker", None)
        self.aside: list[int] = []

    def _set_aside(self, shard: int, error: Exception) -> None:  # noqa: ARG002  As its base.
        self.aside.append(shard)


def test_a_prefix_has_an_id_and_one_of_an_early_release_goes_on_without(url: str, log: Log) -> None:
    cluster = cluster_of(url)
    assert len(log.identity.log_id) == 32
    topics.create(cluster.bootstrap, cluster.prefix, SHARDS)
    with open_log(url, partitions=SHARDS) as again:
        assert again.identity == log.identity

    admin = topics.admin_of(cluster)
    for done in admin.delete_topics([cluster.topic(identity.TOPIC)]).values():
        done.result()
    in_process.until(
        lambda: cluster.topic(identity.TOPIC) not in topics.metadata_of(cluster, admin).topics,
        "the topic is gone",
    )
    with open_log(url, partitions=SHARDS) as early:
        assert early.identity == Identity("")
        desk.Publisher(early, desk.OMS).send(desk.policy())
        with pytest.raises(EngineError, match="topics create"):
            early.leave("0" * 32)


def test_a_prefix_that_was_left_takes_no_order(url: str, log: Log) -> None:
    log.leave("a" * 32)
    log.leave("a" * 32)
    with pytest.raises(LogLeftError, match="one log alone goes on"):
        log.leave("b" * 32)
    with (
        open_log(url, partitions=SHARDS) as opened,
        pytest.raises(LogLeftError, match="resumed twice"),
    ):
        desk.Publisher(opened, desk.OMS).send(desk.policy())


def test_a_stray_record_costs_one_shard_and_a_backup_leaves_it_out(
    url: str, log: Log, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    publisher = desk.Publisher(log, desk.OMS)
    desk.open_day(publisher, INSTRUMENTS)
    with in_process.worker(in_process.opener(url, SHARDS)) as running:
        first = order_each(publisher, "A")
        in_process.until(lambda: accepted(log) == first, "the first orders", running)
        assert set(log.owners().values()) == {"worker"}
        assert sorted(log.owners()) == [*range(SHARDS)]
    now_ms = time.time_ns() // 1_000_000
    stranger = Appender(cluster_of(url))
    stranger.append("routes", [NewRecord(BROKEN, now_ms, None, (), b"stray")])
    stranger.close()

    running = Aside(url)
    running.start()
    try:
        second = order_each(publisher, "B")
        well = sorted({*first, *second} - {f"B{BROKEN}"})
        in_process.until(lambda: accepted(log) == well, "the orders of the others")
        in_process.until(lambda: running.aside, "a shard aside")
        assert running.is_alive()
    finally:
        running.finish()
    assert running.aside == [BROKEN]
    found = status(log, short_day.rules(SHARDS), time.time_ns())
    assert found.worst is Health.BROKEN
    assert execute(["log", "doctor", "--log", url]) == Exit.MISMATCH
    assert f"shard {BROKEN}: inserted, routes" in capsys.readouterr().out

    copy, restored = tmp_path / "copy", f"sqlite:{tmp_path / 'there.db'}"
    asked = ["log", "backup", "--to", str(copy), "--log", url, "-o", "json"]
    assert execute(asked) == Exit.OK
    held = json.loads(capsys.readouterr().out)
    assert execute(["log", "restore", "--from", str(copy), "--log", restored]) == Exit.OK
    capsys.readouterr()
    assert execute(["verify", "--log", restored, "-o", "json"]) == Exit.OK
    proved = json.loads(capsys.readouterr().out)
    assert (held["chain"], held["log_id"]) == (proved["chain"], log.identity.log_id)
    with (
        open_log(restored, partitions=SHARDS) as there,
        in_process.worker(in_process.opener(restored, SHARDS), clock_ns=time.time_ns) as on,
    ):
        in_process.until(lambda: f"B{BROKEN}" in accepted(there), "no order is lost", on)
