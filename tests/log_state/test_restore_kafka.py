"""A copy becomes a Kafka log: the same chain and id, and the engine goes on in it."""

import itertools
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pipeline import desk, fresh_log, in_process, proof

from engine.audit import backup
from engine.cli.application import execute
from engine.cli.exits import Exit
from engine.core.events import BatchSealed, OrderAccepted
from engine.core.partition import partition_of
from engine.log import codec, open_log
from engine.log.kafka import restoring, topics
from engine.log.kafka.client import Cluster
from engine.log.kafka.writer import Appender
from engine.log.port import ALL_TOPICS, JOURNAL, SHARED_TOPICS, EngineError, Log, NewRecord

pytestmark = pytest.mark.kafka
SHARDS = 2
INSTRUMENTS = tuple(
    next(f"I{n}" for n in range(1_000) if partition_of(f"I{n}".encode(), SHARDS) == shard)
    for shard in range(SHARDS)
)
names = itertools.count(time.time_ns())


@pytest.fixture(params=fresh_log.EITHER)
def url(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("METAORDER_PARTITIONS", str(SHARDS))
    return fresh_log.url(request, tmp_path, request.param, SHARDS)


@pytest.fixture
def target(kafka_bootstrap: str) -> str:
    return f"kafka:{kafka_bootstrap}/restored-{next(names)}"


@pytest.fixture
def log(url: str) -> Iterator[Log]:
    with open_log(url, partitions=SHARDS) as opened:
        yield opened


def accepted(log: Log) -> set[str]:
    found = (r for n in range(SHARDS) for r in proof.read_all(log, "ingest", n))
    events = (codec.decode("ingest", r.value) for r in found if codec.is_a(OrderAccepted, r.value))
    return {event.cl_ord_id for event in events}


def order_each(publisher: desk.Publisher, name: str) -> set[str]:
    found = [f"{name}{shard}" for shard in range(SHARDS)]
    publisher.send(*map(desk.order, found, INSTRUMENTS))
    return set(found)


def traded(url: str, log: Log, copy: Path, *how: str) -> set[str]:
    """A log at work of which a copy is made; the orders that it had taken by then."""
    publisher = desk.Publisher(log, desk.OMS)
    desk.open_day(publisher, INSTRUMENTS)
    with in_process.worker(in_process.opener(url, SHARDS)) as running:
        known: set[str] = set()
        for turn in range(3):
            known |= order_each(publisher, f"A{turn}-")
            in_process.until(lambda: accepted(log) == known, "orders", running)  # noqa: B023  At once.
        assert execute(["log", "backup", "--to", str(copy), "--log", url, *how]) == Exit.OK
        later = known | order_each(publisher, "late")
        in_process.until(lambda: accepted(log) == later, "the load behind the copy", running)
    return known


def bodies(log: Log, topic: str, partition: int) -> list[tuple[Any, ...]]:
    """All records of a topic; of a seal all but the offsets at which inputs go on."""
    found = []
    for record in proof.read_all(log, topic, partition):
        value: Any = record.value
        if topic == JOURNAL:
            seal = codec.decode(topic, record.value)
            assert isinstance(seal, BatchSealed)
            value = (seal.batch, seal.previous_chain, seal.chain, seal.outputs, seal.inputs)
        found.append((record.position, *record[2:5], value))
    return found


def test_a_copy_of_a_log_at_work_is_restored_to_kafka_with_an_equal_chain_and_goes_on(
    url: str, log: Log, target: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "copy"
    known = traded(url, log, copy, "--sealed")
    capsys.readouterr()
    assert execute(["verify", "--log", f"archive:{copy}", "-o", "json"]) == Exit.OK
    held = json.loads(capsys.readouterr().out)

    asked = ["log", "restore", "--from", str(copy), "--log", target, "-o", "json"]
    assert execute(asked) == Exit.OK
    made = json.loads(capsys.readouterr().out)
    assert (made["chain"], made["log_id"]) == (held["chain"], log.identity.log_id)
    assert execute(["verify", "--log", target, "-o", "json"]) == Exit.OK
    assert json.loads(capsys.readouterr().out)["chain"] == held["chain"]

    with (
        open_log(target, partitions=SHARDS) as there,
        open_log(f"archive:{copy}", partitions=SHARDS) as archive,
    ):
        for topic in ALL_TOPICS:
            for number in range(1 if topic in SHARED_TOPICS else SHARDS):
                assert bodies(there, topic, number) == bodies(archive, topic, number), topic
        assert accepted(there) >= known
        with in_process.worker(in_process.opener(target, SHARDS)) as running:
            wanted = known | order_each(desk.Publisher(there, desk.OMS), "new")
            in_process.until(lambda: accepted(there) >= wanted, "it goes on", running)
    assert execute(["verify", "--log", target]) == Exit.OK
    assert execute(asked) == Exit.ERROR
    assert "give a prefix that no log has used" in capsys.readouterr().err


def test_a_notary_goes_on_in_the_restored_log_and_names_what_it_lacks(
    url: str, log: Log, target: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy, key = tmp_path / "copy", tmp_path / "key"
    traded(url, log, copy, "--sealed")
    assert execute(["notary", "keygen", "--key", str(key)]) == Exit.OK

    def signed(where: str, name: str) -> int:
        words = ["notary", "run", "--once", "--key", str(key), "--log", where]
        return execute([*words, "--anchors", str(tmp_path / name)])

    assert signed(f"archive:{copy}", "anchors") == Exit.OK
    assert signed(url, "later") == Exit.OK
    assert execute(["log", "restore", "--from", str(copy), "--log", target]) == Exit.OK
    capsys.readouterr()
    assert signed(target, "anchors") == Exit.OK
    assert capsys.readouterr().out == "0 heads signed\n", "it knows them by their numbers"
    with (
        open_log(target, partitions=SHARDS) as there,
        in_process.worker(in_process.opener(target, SHARDS)) as running,
    ):
        wanted = accepted(there) | order_each(desk.Publisher(there, desk.OMS), "new")
        in_process.until(lambda: accepted(there) >= wanted, "it goes on", running)
    assert signed(target, "anchors") == Exit.OK
    assert capsys.readouterr().out == f"{SHARDS} heads signed\n"
    proof = ["verify", "--anchors", str(tmp_path / "anchors"), "--key", f"{key}.pub"]
    assert execute([*proof, "--log", target]) == Exit.OK
    capsys.readouterr()
    assert signed(target, "later") == Exit.ERROR, "of orders that came after the copy"
    assert "the log has no such seal: it was cut or replaced" in capsys.readouterr().err


def test_a_log_file_as_it_is_becomes_a_kafka_log(
    target: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("METAORDER_PARTITIONS", str(SHARDS))
    url, copy = f"sqlite:{tmp_path / 'log.db'}", tmp_path / "copy.db"
    with open_log(url, partitions=SHARDS) as log:
        known = traded(url, log, copy)
    before = copy.read_bytes()
    capsys.readouterr()
    asked = ["log", "restore", "--from", str(copy), "--log", target, "-o", "json"]
    assert execute(asked) == Exit.OK
    made = json.loads(capsys.readouterr().out)
    assert copy.read_bytes() == before, "the copy is only read"
    assert execute(["verify", "--log", f"sqlite:{copy}", "-o", "json"]) == Exit.OK
    assert json.loads(capsys.readouterr().out)["chain"] == made["chain"]
    with open_log(target, partitions=SHARDS) as there:
        assert accepted(there) >= known


def test_a_restore_that_was_cut_short_is_no_log_and_says_so(
    url: str, log: Log, target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    traded(url, log, tmp_path / "copy", "--sealed")
    bootstrap, _, prefix = target.removeprefix("kafka:").partition("/")
    place = restoring.Place(bootstrap, prefix, SHARDS)
    write = restoring.Making.write

    def write_or_stop(making: restoring.Making, topic: str, number: int, records: Any) -> None:  # noqa: ANN401  As its base.
        if topic == JOURNAL:
            raise KeyboardInterrupt
        write(making, topic, number, records)

    monkeypatch.setattr(restoring.Making, "write", write_or_stop)
    with pytest.raises(KeyboardInterrupt):
        backup.restore_to_kafka(tmp_path / "copy", place)
    monkeypatch.undo()
    monkeypatch.setenv("METAORDER_PARTITIONS", str(SHARDS))
    with pytest.raises(EngineError, match="cut short"):  # A part of a log gets no id.
        topics.create(bootstrap, prefix, SHARDS)
    with open_log(target, partitions=SHARDS) as there:
        with pytest.raises(EngineError, match="cut short: a part of its records is missing"):
            _ = there.identity
        with pytest.raises(EngineError, match="cut short: a part of its records is missing"):
            desk.Publisher(there, desk.OMS).send(desk.policy())
    assert execute(["worker", "--log", target]) == Exit.ERROR
    with pytest.raises(EngineError, match="give a prefix that no log has used"):
        backup.restore_to_kafka(tmp_path / "copy", place)


@pytest.mark.parametrize("spoilt", ["controls", "dlq"])  # The copy has none of dlq.
def test_a_record_of_another_program_in_between_is_noticed(
    url: str, log: Log, target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spoilt: str
) -> None:
    traded(url, log, tmp_path / "copy", "--sealed")
    bootstrap, _, prefix = target.removeprefix("kafka:").partition("/")
    write = restoring.Making.write

    def write_beside(making: restoring.Making, topic: str, number: int, records: Any) -> None:  # noqa: ANN401  As its base.
        write(making, topic, number, records)
        if topic == spoilt and number == 0:
            stranger = Appender(Cluster(bootstrap, prefix))
            stranger.append(spoilt, [NewRecord(0, 1, None, (), b"stray")])
            stranger.close()

    monkeypatch.setattr(restoring.Making, "write", write_beside)
    with pytest.raises(EngineError, match="another program wrote into it"):
        backup.restore_to_kafka(tmp_path / "copy", restoring.Place(bootstrap, prefix, SHARDS))
