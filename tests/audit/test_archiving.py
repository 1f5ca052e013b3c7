"""Closed days as files: the same records, proved and projected like the log they came from."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from pipeline import short_day

from engine.audit import archiving, verification
from engine.audit.verification import Proof
from engine.cli import rules
from engine.cli.application import execute
from engine.cli.exits import Exit
from engine.config import load
from engine.log import open_log
from engine.log.archive import ArchiveError, ArchiveLog
from engine.log.embedded import EmbeddedLog
from engine.log.port import (
    ALL_TOPICS,
    INPUT_TOPICS,
    SHARED_TOPICS,
    CorruptLogError,
    Lease,
    Log,
    LogUnavailableError,
    NewRecord,
    Record,
)
from engine.runtime.recovery.recovery import rebuilt
from engine.simulation.driver import Simulation
from engine.simulation.script import of_folder

SEED = 7
AFTER_THE_DAY = NewRecord(0, 1, b"AAPL", (), b"not consumed by the day")


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed day, and an order that came after it."""
    folder = tmp_path_factory.mktemp("archived")
    made = short_day.make(folder / "day", rows=60, order_count=10)
    settings = load()
    with EmbeddedLog(folder / "log.db", settings.partitions) as log:
        script = of_folder(made.data, made.inputs, made.controls, SEED)
        Simulation(log, rules.rules_of(settings), script, seed=SEED).run()
        log.append("orders", [AFTER_THE_DAY])
    return folder / "log.db"


@pytest.fixture
def log(stored: Path) -> Iterator[Log]:
    with open_log(f"sqlite:{stored}") as found:
        yield found


def contents(log: Log, topic: str, partition: int) -> list[Record]:
    reader = log.reader(topic, partition)
    found: list[Record] = []
    while records := reader.read(100):
        found += records
    return found


def verified(log: Log, number: int) -> Proof:
    steps = verification.verify(log, number, rules.rules_of(load()))
    while True:
        try:
            next(steps)
        except StopIteration as done:
            proof: Proof = done.value
            return proof


def test_a_day_is_kept_record_by_record_and_only_what_it_consumed(log: Log, tmp_path: Path) -> None:
    assert archiving.archive(log, tmp_path) == 1

    kept = ArchiveLog(tmp_path)
    for topic in ALL_TOPICS:
        for partition in range(1 if topic in SHARED_TOPICS else log.partitions):
            expected = contents(log, topic, partition)
            if topic == "orders":
                expected = [r for r in expected if r.value != AFTER_THE_DAY.value]
            assert contents(kept, topic, partition) == expected


def test_a_day_is_written_once(log: Log, tmp_path: Path) -> None:
    archiving.archive(log, tmp_path)
    before = sorted(str(path) for path in tmp_path.rglob("*"))

    assert archiving.archive(log, tmp_path) == 0
    assert sorted(str(path) for path in tmp_path.rglob("*")) == before
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_a_day_after_the_wanted_one_is_left(log: Log, tmp_path: Path) -> None:
    assert archiving.archive(log, tmp_path, until=20180101) == 0
    assert archiving.archive(log, tmp_path, until=20180102) == 1


def test_an_archive_is_proved_like_its_log(log: Log, tmp_path: Path) -> None:
    archiving.archive(log, tmp_path)

    for number in range(log.partitions):
        proof = verified(ArchiveLog(tmp_path), number)
        assert proof.difference is None
        assert proof.decided == proof.batches
        assert proof.chain == verified(log, number).chain


def test_a_shard_can_be_rebuilt_from_its_archive(log: Log, tmp_path: Path) -> None:
    archiving.archive(log, tmp_path)
    ours = rules.rules_of(load())

    found, expected = rebuilt(ArchiveLog(tmp_path), 0, ours), rebuilt(log, 0, ours)

    assert found.state == expected.state
    assert all(found.resume(topic) == expected.resume(topic) for topic in INPUT_TOPICS)


def test_a_changed_byte_is_found_before_anything_of_the_file_is_believed(
    log: Log, tmp_path: Path
) -> None:
    archiving.archive(log, tmp_path)
    path = next(p for p in sorted(tmp_path.rglob("journal.records")) if p.stat().st_size)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    number = int(path.parent.name.removeprefix("shard-"))

    with pytest.raises(CorruptLogError, match=r"journal.records: its digest is"):
        ArchiveLog(tmp_path).reader("journal", number)


@pytest.mark.parametrize("name", ["manifest.json", "orders.records"])
def test_a_missing_file_is_found(name: str, log: Log, tmp_path: Path) -> None:
    archiving.archive(log, tmp_path)
    orders = next(p for p in tmp_path.rglob("shard-*/orders.records") if p.stat().st_size)
    (orders.parent / name).unlink()

    with pytest.raises(CorruptLogError, match=name):
        ArchiveLog(tmp_path).reader("orders", int(orders.parent.name.removeprefix("shard-")))


def test_a_missing_day_is_found(log: Log, tmp_path: Path) -> None:
    archiving.archive(log, tmp_path)
    (day,) = ArchiveLog(tmp_path).days()
    day.rename(tmp_path / "000001-20180102")

    with pytest.raises(CorruptLogError, match="A day is missing"):
        ArchiveLog(tmp_path).reader("orders", 0)


def test_nothing_is_written_to_an_archive(log: Log, tmp_path: Path) -> None:
    archiving.archive(log, tmp_path)
    kept = ArchiveLog(tmp_path)

    for write in (
        lambda: kept.append("orders", [AFTER_THE_DAY]),
        lambda: kept.leases("worker"),
        lambda: kept.writer(Lease(0, "worker", 1)),
    ):
        with pytest.raises(ArchiveError, match="read and never written"):
            write()


def test_another_number_of_partitions_is_refused(log: Log, tmp_path: Path) -> None:
    archiving.archive(log, tmp_path)

    with pytest.raises(ArchiveError, match="an archive of 8 partitions, expected 3"):
        open_log(f"archive:{tmp_path}", partitions=3)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"format": "x", "partitions": 1}'])
def test_a_folder_that_is_no_archive_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "archive.json").write_text(text)

    with pytest.raises(LogUnavailableError, match="no archive"):
        ArchiveLog(tmp_path)


def test_a_later_format_is_refused(tmp_path: Path) -> None:
    (tmp_path / "archive.json").write_text(json.dumps({"format": 2, "partitions": 1}))

    with pytest.raises(ArchiveError, match="format 2, expected 1"):
        ArchiveLog(tmp_path)


def test_the_commands_write_prove_and_project_an_archive(
    stored: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"archive:{tmp_path / 'days'}"

    out = ["--out", str(tmp_path / "days")]
    assert execute(["archive", "write", "--log", f"sqlite:{stored}", *out]) == Exit.OK
    assert "000000-20180102\n1 days written" in capsys.readouterr().out
    assert execute(["verify", "--log", url, "--jobs", "1", "-o", "json"]) == Exit.OK
    assert json.loads(capsys.readouterr().out)["verified"] is True
    projection = ["--projection", str(tmp_path / "it.duckdb")]
    assert execute(["projections", "rebuild", "--log", url, *projection, "-o", "json"]) == Exit.OK
    assert json.loads(capsys.readouterr().out)["rows"] > 0
