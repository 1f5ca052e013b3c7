"""A log is known by its id: one that was deleted, swapped, cut short or left is named."""

import json
import shutil
import time
from contextlib import closing
from pathlib import Path

import apsw
import pytest
from log_state.eight_shards import INSTRUMENTS, SHARDS, Stranger, accepted, order_each, workers
from pipeline import desk, in_process, short_day

import projections
from engine.audit.notary import Notary
from engine.cli.application import execute
from engine.cli.exits import Exit
from engine.log import open_log
from engine.log.port import CorruptLogError, Identity, Log, LogUnavailableError, OtherLogError
from engine.runtime.worker import Worker

RULES = short_day.rules(SHARDS)


def decide(url: str, log: Log, publisher: desk.Publisher) -> None:
    """An order of each shard is decided; the worker stops."""
    with workers(url, 1):
        count = len(accepted(log))
        order_each(publisher, f"O{count}-")
        in_process.until(lambda: len(accepted(log)) == count + SHARDS, "the orders")


def id_of(url: str) -> str:
    with open_log(url, partitions=SHARDS) as log:
        return log.identity.log_id


# ----------------------------------------------------------------------------------- the id


def test_a_log_keeps_the_id_it_was_made_with_and_no_two_have_the_same(tmp_path: Path) -> None:
    urls = [f"sqlite:{tmp_path / name}.db" for name in "ab"]
    assert id_of(urls[0]) == id_of(urls[0]) != id_of(urls[1])
    assert len(id_of(urls[0])) == 32


def test_the_log_of_an_early_release_gets_an_id_when_it_is_opened(path: Path, url: str) -> None:
    id_of(url)
    with closing(apsw.Connection(str(path))) as early:
        early.execute("drop table identity")
    assert id_of(url) == id_of(url) != ""


def test_an_archive_of_an_early_release_has_none_and_is_read(tmp_path: Path) -> None:
    (tmp_path / "archive.json").write_text('{"format": 1, "partitions": 8}')
    with open_log(f"archive:{tmp_path}", partitions=SHARDS) as log:
        assert log.identity == Identity("")


# -------------------------------------------------------------------- under running processes


def test_a_log_deleted_under_its_processes_is_named_and_goes_on_when_put_back(
    path: Path, url: str, log: Log, publisher: desk.Publisher, tmp_path: Path
) -> None:
    aside = tmp_path / "aside"
    aside.mkdir()
    names = [path.name, f"{path.name}-wal", f"{path.name}-shm"]
    with workers(url, 1) as (running,):
        first = order_each(publisher, "A")
        in_process.until(lambda: accepted(log) == first, "the first orders", running)
        for name in names:
            (path.parent / name).rename(aside / name)
        with pytest.raises(LogUnavailableError, match="was deleted while this process has it"):
            order_each(publisher, "B")
        for name in names:
            (aside / name).rename(path.parent / name)
        second = order_each(publisher, "B")
        in_process.until(lambda: accepted(log) == first + second, "no order is lost", running)


def test_another_file_at_the_path_is_named(path: Path, publisher: desk.Publisher) -> None:
    with open_log(f"sqlite:{path}.other", partitions=SHARDS):
        pass
    Path(f"{path}.other").replace(path)
    with pytest.raises(LogUnavailableError, match="another file is at"):
        order_each(publisher, "A")


def test_a_wal_deleted_under_its_processes_is_named(path: Path, publisher: desk.Publisher) -> None:
    path.with_name(path.name + "-wal").unlink()
    with pytest.raises(LogUnavailableError, match="-wal was deleted while the log is open"):
        order_each(publisher, "A")


# ------------------------------------------------------------------------------ at the start


def test_a_file_copied_without_its_wal_is_named_and_taken_as_it_is_on_request(
    path: Path,
    url: str,
    log: Log,
    publisher: desk.Publisher,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    decide(url, log, publisher)
    order_each(publisher, "WAITS")  # The log is at work while it is copied.
    copy = tmp_path / "copy.db"
    shutil.copy(path, copy)
    for _ in range(2):
        with pytest.raises(CorruptLogError, match="copied without it"):
            open_log(f"sqlite:{copy}", partitions=SHARDS)
    assert execute(["verify", "--log", f"sqlite:{copy}"]) == Exit.ERROR
    assert "copy.db-wal, which is not beside it" in capsys.readouterr().err

    shutil.copy(path, tmp_path / "both.db")
    shutil.copy(f"{path}-wal", tmp_path / "both.db-wal")
    assert id_of(f"sqlite:{tmp_path / 'both.db'}") == log.identity.log_id

    asked = ["log", "restore", "--from", str(copy), "--log", f"sqlite:{tmp_path / 'kept.db'}"]
    execute([*asked, "-o", "json"])
    held = json.loads(capsys.readouterr().out)
    assert held["log_id"] == log.identity.log_id


def test_a_log_that_was_closed_is_whole_without_a_wal(path: Path, url: str, tmp_path: Path) -> None:
    with open_log(url, partitions=SHARDS) as log:
        publisher = desk.Publisher(log, desk.OMS)
        desk.open_day(publisher, INSTRUMENTS)
        made = log.identity
    assert not path.with_name(path.name + "-wal").exists()
    shutil.copy(path, tmp_path / "copy.db")
    with open_log(f"sqlite:{tmp_path / 'copy.db'}", partitions=SHARDS) as copy:
        assert copy.identity == made
        assert len(copy.reader("controls", 0).read(100)) > 0


def test_snapshots_of_another_log_stop_the_worker_at_its_start(
    path: Path, url: str, tmp_path: Path
) -> None:
    folder = tmp_path / "snapshots"
    with open_log(url, partitions=SHARDS) as log:
        publisher = desk.Publisher(log, desk.OMS)
        desk.open_day(publisher, INSTRUMENTS)
        decide(url, log, publisher)
        former = log.identity.log_id
    followed = ["follower", "run", "--snapshots", str(folder), "--once", "--log", url]
    assert execute(followed) == Exit.OK
    path.unlink()
    with open_log(url, partitions=SHARDS) as log:
        running = Worker(log, RULES, "worker", snapshots=folder)
        with pytest.raises(OtherLogError, match=former):
            running.run()


def test_the_configured_id_refuses_every_other_log(
    path: Path, url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    former = id_of(url)
    monkeypatch.setenv("METAORDER_LOG_ID", former)
    assert execute(["verify", "--log", url]) == Exit.OK
    path.unlink()
    now = id_of(url)
    for command in (["verify"], ["log", "doctor"], ["dlq", "list"], ["worker"]):
        assert execute([*command, "--log", url]) == Exit.ERROR
        said = capsys.readouterr().err
        assert now in said
        assert former in said


def test_anchors_of_another_log_are_named_by_the_notary_and_by_verify(
    path: Path, url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key, anchors = tmp_path / "key", tmp_path / "anchors.jsonl"
    assert execute(["notary", "keygen", "--key", str(key)]) == Exit.OK
    signed = ["notary", "run", "--once", "--key", str(key), "--anchors", str(anchors)]
    with open_log(url, partitions=SHARDS) as log:
        publisher = desk.Publisher(log, desk.OMS)
        desk.open_day(publisher, INSTRUMENTS)
        decide(url, log, publisher)
    assert execute([*signed, "--log", url]) == Exit.OK
    proof = ["verify", "--anchors", str(anchors), "--key", f"{key}.pub", "--log", url]
    assert execute(proof) == Exit.OK
    path.unlink()
    id_of(url)
    for command in (proof, [*signed, "--log", url]):
        assert execute(command) == Exit.ERROR
        assert "the anchors are of log" in capsys.readouterr().err
    assert Notary.__doc__


def test_a_projection_of_another_log_at_the_same_url_is_made_anew(
    path: Path, url: str, tmp_path: Path
) -> None:
    told: list[str] = []
    for _ in range(2):
        with open_log(url, partitions=SHARDS) as log:
            projections.follow(
                log, tmp_path / "p.duckdb", stop=lambda: True, notice=told.append, log_url=url
            )
        path.unlink()
    assert len(told) == 1
    assert "was made with log_id" in told[0]


def test_an_archive_takes_no_day_of_another_log(
    path: Path, url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written = ["archive", "write", "--out", str(tmp_path / "archive"), "--log", url]
    former = id_of(url)
    assert execute(written) == Exit.OK
    path.unlink()
    id_of(url)
    assert execute(written) == Exit.ERROR
    assert f"an archive of log {former}" in capsys.readouterr().err


# ----------------------------------------------------------------------- backup and restore


@pytest.mark.parametrize("how", [[], ["--sealed"]], ids=["pages", "sealed"])
def test_a_backup_under_load_restored_elsewhere_is_sound_with_an_equal_chain(
    url: str,
    log: Log,
    publisher: desk.Publisher,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    how: list[str],
) -> None:
    copy, restored = tmp_path / "copy", f"sqlite:{tmp_path / 'there.db'}"
    with workers(url, 2):
        for turn in range(4):
            order_each(publisher, f"A{turn}-")
        in_process.until(lambda: accepted(log), "a first batch")
        assert execute(["log", "backup", "--to", str(copy), "--log", url, *how]) == Exit.OK
        capsys.readouterr()
        for turn in range(4):
            order_each(publisher, f"B{turn}-")
        in_process.until(lambda: len(accepted(log)) == 8 * SHARDS, "all orders")
    kind = "archive" if how else "sqlite"
    assert execute(["verify", "--log", f"{kind}:{copy}"]) == Exit.OK
    capsys.readouterr()
    asked = ["log", "restore", "--from", str(copy), "--log", restored, "-o", "json"]
    assert execute(asked) == Exit.OK
    held = json.loads(capsys.readouterr().out)
    assert execute(["verify", "--log", restored, "-o", "json"]) == Exit.OK
    proved = json.loads(capsys.readouterr().out)
    assert (held["chain"], held["log_id"]) == (proved["chain"], log.identity.log_id)
    assert held["batches"] > 0

    with open_log(restored, partitions=SHARDS) as there:
        known = accepted(there)
        assert set(known) <= set(accepted(log))
        order_each(desk.Publisher(there, desk.OMS), "C")  # The copy may be old: it tells the time.
        with workers(restored, 1):
            in_process.until(
                lambda: len(accepted(there)) >= 5 * SHARDS, "what was sent before, and new orders"
            )
    assert execute(["verify", "--log", restored]) == Exit.OK
    assert execute(asked) == Exit.ERROR  # Nothing is overwritten.


def test_a_sealed_backup_leaves_a_stray_record_out_and_the_shard_goes_on(
    path: Path,
    url: str,
    log: Log,
    publisher: desk.Publisher,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    decide(url, log, publisher)
    with closing(Stranger(path)) as stranger:
        stranger.write("routes", 3, b"stray")
    waiting = order_each(publisher, "W")
    whole = ["log", "backup", "--to", str(tmp_path / "whole.db"), "--log", url]
    assert execute(whole) == Exit.MISMATCH  # It is kept, as the evidence.
    assert "routes holds a record" in capsys.readouterr().err
    copy, restored = tmp_path / "copy", f"sqlite:{tmp_path / 'there.db'}"
    assert execute(["log", "backup", "--sealed", "--to", str(copy), "--log", url]) == Exit.OK
    assert execute(["log", "restore", "--from", str(copy), "--log", restored]) == Exit.OK
    with open_log(restored, partitions=SHARDS) as there, workers(restored, 1, time.time_ns):
        in_process.until(lambda: set(waiting) <= set(accepted(there)), "no order is lost")
