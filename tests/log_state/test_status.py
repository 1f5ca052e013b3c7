"""The state of a log is seen on one screen, and what a process logs can be read."""

import json
import logging
import re
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest
from log_state.eight_shards import INSTRUMENTS, SHARDS, Stranger, accepted, order_each, workers
from pipeline import desk, in_process, short_day

from engine.audit.status import Health, status
from engine.cli.application import execute
from engine.cli.exits import Exit
from engine.cli.lines import Counted, Lines
from engine.core import events as e
from engine.log.kafka.client import Cluster
from engine.log.port import CorruptLogError, Log, LogUnavailableError
from engine.simulation.paper import paper_gateway

RULES = short_day.rules(SHARDS)
HOUR_NS = 3_600 * desk.S


def test_a_log_at_work_fits_a_screen_and_ends_with_0(
    url: str, log: Log, publisher: desk.Publisher, capsys: pytest.CaptureFixture[str]
) -> None:
    with workers(url, 2):
        first = order_each(publisher, "A")
        in_process.until(lambda: accepted(log) == first, "the orders")
        in_process.until(lambda: is_halved(log), "each its half")
        in_process.until(lambda: status(log, RULES, time.time_ns()).worst is Health.WELL, "rest")
        assert execute(["status", "--log", url]) == Exit.OK
        said = capsys.readouterr().out.splitlines()
        assert execute(["status", "--log", url, "-o", "json"]) == Exit.OK
        found = json.loads(capsys.readouterr().out)
    assert len(said) <= 24
    assert max(map(len, said)) <= 80
    assert {shard["owner"] for shard in found["shards"]} == {"worker-0", "worker-1"}
    assert {shard["health"] for shard in found["shards"]} == {"well"}
    assert found["log_id"] == log.identity.log_id
    assert {part["name"] for part in found["parts"]} >= {"clock", "disk"}


def is_halved(log: Log) -> bool:
    """Whether each of two workers has its half: the first may decide all before the other comes."""
    return sorted(Counter(log.owners().values()).values()) == [SHARDS // 2, SHARDS // 2]


def test_a_shard_without_a_worker_is_silent_and_says_what_waits(
    url: str, log: Log, publisher: desk.Publisher, capsys: pytest.CaptureFixture[str]
) -> None:
    order_each(publisher, "A")
    assert execute(["status", "--log", url, "-o", "json"]) == Exit.SILENT
    found = json.loads(capsys.readouterr().out)
    assert found["worst"] == "silent"
    assert all(shard["owner"] == "" and shard["waits"] > 0 for shard in found["shards"])
    assert log.owners() == {}


def test_a_worker_that_hangs_is_late(url: str, log: Log, publisher: desk.Publisher) -> None:
    with workers(url, 1):
        first = order_each(publisher, "A")
        in_process.until(lambda: accepted(log) == first, "the orders")
    leases = log.leases("hangs")
    try:
        order_each(publisher, "B")
        in_process.until(lambda: leases.poll(0).gained or len(log.owners()) == SHARDS, "leases")
        found = status(log, RULES, time.time_ns() + 6 * desk.S)
    finally:
        leases.close()
    assert {shard.health for shard in found.shards} == {Health.LATE}


def test_a_broken_shard_is_the_worst(
    url: str, log: Log, publisher: desk.Publisher, capsys: pytest.CaptureFixture[str]
) -> None:
    with workers(url, 1):
        first = order_each(publisher, "A")
        in_process.until(lambda: accepted(log) == first, "the orders")
    with closing(Stranger(Path(url.removeprefix("sqlite:")))) as stranger:
        stranger.write("fills", 3, b"stray")
    assert execute(["status", "--log", url]) == Exit.MISMATCH
    said = capsys.readouterr().out
    assert re.search(r"^ +3 .* broken$", said, re.MULTILINE)
    assert "metaorder log doctor" in said
    assert execute(["status", "--quick", "--log", url]) == Exit.SILENT  # Nothing was folded.


def test_what_is_stopped_and_suspended_is_said_with_its_shards(
    url: str, log: Log, publisher: desk.Publisher, capsys: pytest.CaptureFixture[str]
) -> None:
    halt = e.InstrumentHaltSet(instrument_id=INSTRUMENTS[2], text="news", set_by="desk", set_ns=1)
    kill = e.KillSwitchSet(
        scope=e.ControlScope.CLIENT, scope_id="C1", engaged=True, set_by="desk", text="", set_ns=1
    )
    with workers(url, 1):
        publisher.send(halt, kill)
        publisher.send_bytes("orders", b"unreadable", partition=5)
        in_process.until(lambda: len(in_process.events(log, "ingest", e.SuspensionSet)) > 0, "it")

        def is_stopped() -> bool:
            """Whether every shard has applied the kill switch, and comes on."""
            found = status(log, RULES, time.time_ns())
            kills = [stop for stop in found.stops if stop.kind == "kill"]
            is_everywhere = any(len(stop.shards) == SHARDS for stop in kills)
            return is_everywhere and found.worst is Health.STOPPED

        in_process.until(is_stopped, "all stops")
        assert execute(["status", "--log", url]) == Exit.REFUSED
    said = capsys.readouterr().out
    assert "kill CLIENT C1, shards all" in said
    assert f"halt INSTRUMENT {INSTRUMENTS[2]}, shards " in said
    assert "suspension SOURCE OMS, shards 5" in said


def test_a_gateway_that_died_without_a_word_is_silent(log: Log, publisher: desk.Publisher) -> None:
    lost = paper_gateway(log, seed=7, settle_s=0)
    lost.start()
    publisher.send(desk.policy())
    (gateway, _) = status(log, RULES, time.time_ns()).parts
    assert (gateway.name, gateway.health) == ("gateway PAPER", Health.SILENT)
    assert gateway.text.startswith("has applied controls up to")


def test_a_clock_that_was_ahead_is_said(url: str, log: Log, publisher: desk.Publisher) -> None:
    with workers(url, 1):
        first = order_each(publisher, "A")
        in_process.until(lambda: accepted(log) == first, "the orders")
    found = status(log, RULES, time.time_ns() - HOUR_NS)
    (clock,) = (part for part in found.parts if part.name == "clock")
    assert clock.health is Health.WRONG
    assert "3,6" in clock.text or "3,5" in clock.text


def test_a_log_that_is_not_there_ends_with_5(tmp_path: Path) -> None:
    assert execute(["status", "--log", f"sqlite:{tmp_path / 'none.db'}"]) == Exit.MISSING


# -------------------------------------------------------------------------------- the lines


def record(text: str, level: int = logging.WARNING) -> logging.LogRecord:
    return logging.LogRecord("engine.runtime", level, "x.py", 1, text, None, None)


def test_a_line_has_its_zone_and_milliseconds_and_no_break() -> None:
    said = Lines().format(record("disk full\r\nsecond " + "x" * 500))
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z WARNING engine.runtime: disk", said)
    assert "\n" not in said
    assert "\\nsecond" in said


def test_a_thousand_equal_warnings_are_said_once_and_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now_s = 0.0
    monkeypatch.setattr(time, "monotonic", lambda: now_s)
    counted = Counted()
    said = []
    for turn in range(1_152):
        now_s = turn * 120 / 1_152
        own = record("shard 3: the disk is full")
        if counted.filter(own):
            said.append(own.getMessage())
    assert said == [
        "shard 3: the disk is full",
        "shard 3: the disk is full (said 575 times more in the last 60 s)",
    ]
    assert all(counted.filter(record("shard 3 at work", logging.INFO)) for _ in range(3))


TOPICS = ("out.orders", "out.controls", "out.reference", "out.market-data", "out.venue-reports")


def test_a_log_that_is_away_is_one_thing_for_all_shards_and_topics(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """An outage of a minute made 80 lines in two seconds: a line a shard, topic and count."""
    away = Cluster("127.0.0.1:9092", "out").unavailable
    said = logging.getLogger("engine.test.away")
    said.addFilter(Counted())
    for shard in range(SHARDS):
        for topic in TOPICS:
            for cause in ("0/2 brokers are down", "1/1 brokers are down"):
                said.warning("shard %s: %s", shard, away(f"reading {topic}", cause))
        said.warning("shard %s: %s; it is rebuilt", shard, CorruptLogError(f"seq {shard} is gone"))
    said.warning("leases: %s", LogUnavailableError("/a/log.db: The disk is full. Free space."))
    texts = [each.getMessage() for each in caplog.records]
    assert len([text for text in texts if "Kafka at 127.0.0.1:9092" in text]) == 1
    assert len([text for text in texts if "is gone; it is rebuilt" in text]) == SHARDS
    assert texts[-1].startswith("leases: /a/log.db: The disk is full")


def test_the_warnings_of_every_command_have_the_one_format(url: str, log: Log) -> None:  # noqa: ARG001  It makes the file.
    program = (
        "import logging, sys; from engine.cli import application; "
        "application.execute = lambda words: logging.getLogger('engine.x').warning('a\\nb') or 0; "
        "application.main()"
    )
    done = subprocess.run(  # noqa: S603  Ours.
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert re.fullmatch(r"\S+T\S+\.\d{3}Z WARNING engine\.x: a\\nb\n", done.stderr)


def test_the_level_is_a_setting(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("METAORDER_LOG_LEVEL", "LOUD")
    assert execute(["worker", "--log", url]) == Exit.ERROR
