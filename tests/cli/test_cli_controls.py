"""Controls by the command line: checked before they are written, followed until all have answered.

A shard's worker and a paper gateway run in threads, on the log that the command writes to.
"""

import json
import os
import resource
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import typer
from lies.controls_files import IMPOSSIBLE, UNKNOWN
from pipeline import desk, in_process, short_day

from engine.cli import controls, parents
from engine.cli.application import execute
from engine.cli.control_writing import code_of
from engine.cli.exits import Exit
from engine.core import events as e
from engine.gateways.controls import writing
from engine.gateways.controls.receipts import REFUSED
from engine.gateways.input_records import shared_records
from engine.log import codec, open_log
from engine.log.port import Log, NewRecord
from engine.runtime.worker import Worker
from engine.simulation.paper import paper_gateway

ROOT = Path(__file__).resolve().parents[2]
SHARDS = 2
XXX = "I00"
PATIENT = ("--wait", "90")  # It ends with the last answer; a worker is often only starting.


@pytest.fixture(autouse=True)
def url(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    monkeypatch.chdir(tmp_path)
    found = f"sqlite:{tmp_path / 'log.db'}"
    monkeypatch.setenv("METAORDER_LOG_URL", found)
    monkeypatch.setenv("METAORDER_PARTITIONS", str(SHARDS))
    monkeypatch.setenv("COLUMNS", "200")
    return found


@pytest.fixture
def log(url: str) -> Iterator[Log]:
    """A log whose day is open."""
    with open_log(url, partitions=SHARDS) as made:
        desk.open_day(desk.Publisher(made, desk.OMS), [XXX])
        yield made


@contextmanager
def running(job: Any, *arguments: object) -> Iterator[None]:  # noqa: ANN401  Has run and stop.
    thread = threading.Thread(target=job.run, args=arguments)
    thread.start()
    try:
        yield
    finally:
        job.stop()
        thread.join()


@contextmanager
def worker(url: str) -> Iterator[None]:
    with (
        open_log(url, partitions=SHARDS) as own,
        running(Worker(own, short_day.rules(SHARDS), "one")),
    ):
        yield


@contextmanager
def gateway(url: str) -> Iterator[None]:
    with open_log(url, partitions=SHARDS) as own, running(paper_gateway(own, seed=7, settle_s=0)):
        yield


def controls_in(log: Log) -> list[Any]:
    return [codec.decode("controls", x.value) for x in log.reader("controls", 0).read(1_000)]


def written(tmp_path: Path, text: str) -> str:
    file = tmp_path / "controls.toml"
    file.write_text(text)
    return str(file)


@pytest.mark.parametrize(("text", "words"), IMPOSSIBLE)
def test_an_impossible_control_is_named_and_nothing_is_written(
    log: Log, tmp_path: Path, text: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = len(controls_in(log))
    assert execute(["controls", "apply", written(tmp_path, text)]) == Exit.ERROR
    assert words in capsys.readouterr().err
    assert len(controls_in(log)) == before


@pytest.mark.parametrize(("text", "words"), UNKNOWN)
def test_an_id_that_the_log_does_not_know_is_refused_with_the_way_out(
    log: Log, tmp_path: Path, text: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = len(controls_in(log))
    line = ["controls", "apply", written(tmp_path, text), "--no-wait"]
    assert execute(line) == Exit.ERROR
    said = capsys.readouterr().err
    assert words in said
    assert "--allow-unknown" in said
    assert len(controls_in(log)) == before
    assert execute([*line, "--allow-unknown"]) == Exit.OK
    assert len(controls_in(log)) == before + 1


def test_a_slip_of_the_pen_is_pointed_out(log: Log, capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["controls", "kill", "--scope", "client", "--id", "C11", "--no-wait"]) == 1
    assert "did you mean C1?" in capsys.readouterr().err
    assert controls_in(log)[-1].scope_id == "C11"  # A stop is never refused.


def test_a_key_of_a_coming_day_signs_no_topic_until_that_day_is_open(
    log: Log, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A policy that relied on it would take no control, and so no opening of that day."""
    key = e.WriterKeySet(
        writer="desk",
        topics=("controls",),
        public_key="ab" * 32,
        from_day=desk.DAY + 1,
        revoked=False,
        set_by="desk",
        set_ns=1,
    )
    coming = f"""[[writer_key]]
        writer = "desk"
        topics = ["controls"]
        public_key = "{key.public_key}"
        from_day = {key.from_day}
    """
    policy = '[policy]\npolicy_id = "p"\nsigned_topics = ["controls"]\n'
    publisher = desk.Publisher(log, "desk")
    publisher.send(key)
    for text in (policy, policy + coming):
        before = len(controls_in(log))
        line = ["controls", "apply", written(tmp_path, text), "--no-wait"]
        assert execute(line) == Exit.ERROR
        assert "signed topic controls: no writer key in force" in capsys.readouterr().err
        assert len(controls_in(log)) == before
    publisher.send(e.DayClosed(day=desk.DAY, set_ns=1))
    publisher.send(replace(desk.day_opened(1), day=desk.DAY + 1))
    assert execute(["controls", "apply", written(tmp_path, policy), "--no-wait"]) == Exit.OK


def test_every_command_waits_for_its_answers_as_long_as_the_page_says() -> None:
    page = " ".join((ROOT / "docs" / "operators.md").read_text().split())
    assert "waits for the answers, ten seconds unless `--wait` says otherwise" in page
    waits = [
        (app.info.help, command.name, option.default)
        for app in (controls.app, parents.app)
        for command in typer.main.get_group(app).commands.values()
        for option in command.params
        if option.name == "wait"
    ]
    assert {app for app, _, _ in waits} == {controls.app.info.help, parents.app.info.help}
    assert [found for found in waits if found[2] != 10.0] == []


def test_every_shard_and_the_gateway_answer(
    log: Log, url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path, f'[[limit]]\nscope = "instrument"\nscope_id = "{XXX}"\n')
    with worker(url), gateway(url):
        in_process.until(lambda: answered(log), "the gateway")
        assert execute(["controls", "apply", file, *PATIENT, "-o", "json"]) == Exit.OK
    shown = json.loads(capsys.readouterr().out)
    assert (shown["written"], shown["applied"], shown["unknown"]) == (1, SHARDS + 1, [])
    assert [x["who"] for x in shown["answers"]] == ["shard 0", "shard 1", "gateway PAPER"]


def answered(log: Log) -> bool:
    """Whether the gateway is up and has read the controls of the day."""
    reader = log.reader("venue-reports", 0)
    events = [codec.decode("venue-reports", x.value) for x in reader.read(1_000)]
    return any(getattr(x, "controls_position", -1) > 0 for x in events)


def test_a_shard_without_a_worker_is_named(log: Log, capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["controls", "kill", "--wait", "0.2"]) == Exit.SILENT
    said = capsys.readouterr().err
    assert "shard 0: silent" in said
    assert "shard 1: silent" in said
    assert controls_in(log)[-1].engaged


def test_a_gateway_that_died_without_a_word_is_named(
    log: Log, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    lost = paper_gateway(log, seed=7, settle_s=0)
    lost.start()
    with worker(url):
        assert execute(["controls", "kill", "--wait", "1"]) == Exit.SILENT
    assert "gateway PAPER: silent" in capsys.readouterr().err


def test_a_gateway_that_went_down_in_order_is_not_waited_for(log: Log, url: str) -> None:
    with gateway(url):
        in_process.until(lambda: answered(log), "the gateway")
    with worker(url):
        assert execute(["controls", "kill", *PATIENT]) == Exit.OK


def test_what_a_shard_refuses_is_told(log: Log, url: str) -> None:
    """The edge of another release may let something pass."""
    limit = e.RiskLimitSet(
        scope=e.ControlScope.FIRM,
        scope_id="",
        max_order_qty=-5,
        max_order_notional_cur=None,
        collar_ppm=None,
        set_by="ann",
        set_ns=1,
    )
    records = shared_records([("FIRM:", limit)], sender="ann", at_ns=desk.S)
    with worker(url):
        receipts = writing.write(log, [limit], records, in_process.PATIENCE_S).receipts
    assert {(x.status, x.reason) for x in receipts} == {
        (REFUSED, "INVALID: max_order_qty of RiskLimitSet is -5, expected 0 to 9223372036854775807")
    }
    assert code_of(receipts) is Exit.REFUSED


def test_a_stop_without_a_key_is_applied_by_neither_shards_nor_gateway(
    log: Log, url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = f'[[writer_key]]\nwriter = "ann"\ntopics = ["controls"]\npublic_key = "{"ab" * 32}"\n'
    policy = '[policy]\npolicy_id = "p"\nsigned_topics = ["controls"]\n'
    with worker(url), gateway(url):
        in_process.until(lambda: answered(log), "the gateway")
        line = ["controls", "apply", written(tmp_path, key + policy), *PATIENT]
        assert execute(line) == Exit.OK
        capsys.readouterr()
        assert execute(["controls", "kill", *PATIENT, "-o", "json"]) == Exit.REFUSED
    answers = json.loads(capsys.readouterr().out)["answers"]
    assert [x["who"] for x in answers] == ["shard 0", "shard 1", "gateway PAPER"]
    assert {x["status"] for x in answers} == {REFUSED}
    assert "passed by controls at" in answers[-1]["reason"]


@pytest.mark.parametrize("line", [["kill"], ["resume"], ["lift", "--scope", "controls"], ["list"]])
def test_a_wrong_path_is_an_error_and_makes_no_log(
    line: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = tmp_path / "wrong.db"
    assert execute(["controls", *line, "--log", f"sqlite:{wrong}"]) == Exit.MISSING
    assert "no such log" in capsys.readouterr().err
    assert not wrong.exists()
    empty = tmp_path / "empty.db"
    empty.touch()
    assert execute(["controls", *line, "--log", f"sqlite:{empty}"]) == Exit.MISSING
    assert empty.stat().st_size == 0


def test_a_full_disk_is_an_error_that_names_the_other_way(log: Log) -> None:
    """A limit on the size of files stands for a full disk: the log's file cannot grow."""
    log.append("controls", [NewRecord(0, 0, b"", (), b"x" * 5_000_000)])  # Its files are made.

    def fill() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4_096, 4_096))

    done = subprocess.run(
        [sys.executable, "-m", "engine.cli", "controls", "kill", "--no-wait"],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=fill,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == Exit.MISSING, done.stderr
    assert "controls kill --file PATH" in done.stderr


def test_a_kill_file_is_made_and_taken_away(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "kill"
    assert execute(["controls", "kill", "--file", str(path), "--text", "drill"]) == Exit.OK
    assert "drill" in path.read_text()
    assert execute(["controls", "resume", "--file", str(path)]) == Exit.OK
    assert not path.exists()
    assert execute(["controls", "resume", "--file", str(path)]) == Exit.ERROR
    assert execute(["controls", "kill", "--file", "/dev/full/kill"]) == Exit.ERROR
    assert "Nothing was stopped" in capsys.readouterr().err


def test_what_is_in_force_has_its_author_and_its_shards(
    log: Log, url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(
        tmp_path,
        f'[[kill]]\nscope = "client"\nscope_id = "C1"\ntext = "drill"\n'
        f'[[halt]]\ninstrument_id = "{XXX}"\ntext = "news"\n'
        f'[[restriction]]\ninstrument_id = "{XXX}"\n',
    )
    log.append("controls", [NewRecord(0, 0, b"", (), b"\xff\xff")])
    with worker(url):
        assert execute(["controls", "apply", file, "--by", "ann", *PATIENT]) == Exit.OK
        capsys.readouterr()
        assert execute(["controls", "list", "-o", "json"]) == Exit.OK
        rows = json.loads(capsys.readouterr().out)
        venue = f"{desk.VENUES[0]}/*"  # It is known, although no venue has this code.
        for line in (
            ["lift", "--scope", "instrument", "--id", XXX],
            ["lift", "--scope", "controls"],
            ["lift", "--scope", "venue", "--id", venue],
            ["resume", "--scope", "client", "--id", "C1"],
        ):
            assert execute(["controls", *line, *PATIENT]) == Exit.OK
        capsys.readouterr()
        assert execute(["controls", "list", "-o", "json"]) == Exit.OK
        after = json.loads(capsys.readouterr().out)
    by_kind = {row["kind"]: row for row in rows}
    assert (by_kind["kill"]["scope_id"], by_kind["kill"]["set_by"]) == ("C1", "ann")
    assert (by_kind["halt"]["value"], by_kind["halt"]["set_by"]) == ("news", "ann")
    assert by_kind["suspension"]["set_by"] == "engine"
    assert by_kind["restriction"]["set_by"] == "ann"
    assert by_kind["policy"]["shards"] == "all"
    assert all(row["set_ns"] for row in rows)
    left = {row["kind"] for row in after}
    assert "restriction" in left
    assert not left & {"kill", "halt", "suspension"}


def test_the_kill_switch_is_said_by_whom_and_why(log: Log) -> None:
    line = ["controls", "kill", "--text", "drill", "--by", "ann", "--no-wait"]
    assert execute(line) == Exit.OK
    assert execute(["controls", "resume", "--scope", "client", "--id", "C1", "--no-wait"]) == 0
    *_, stop, go = controls_in(log)
    assert isinstance(stop, e.KillSwitchSet)
    assert (stop.engaged, stop.text, stop.set_by) == (True, "drill", "ann")
    assert (go.engaged, go.scope_id) == (False, "C1")
