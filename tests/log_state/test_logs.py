"""A log that another program has written into costs the shard that it wrote into, and no other."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from log_state.eight_shards import INSTRUMENTS, SHARDS, Stranger, accepted, order_each, workers
from pipeline import desk, in_process

from engine.cli.application import execute
from engine.cli.exits import Exit
from engine.log import codec
from engine.log.port import Log
from engine.runtime import worker
from engine.runtime.shard_task import ShardTask

BROKEN = 3


@pytest.fixture
def stranger(url: str, log: Log) -> Iterator[Stranger]:  # noqa: ARG001  The log makes the tables.
    found = Stranger(Path(url.removeprefix("sqlite:")))
    yield found
    found.close()


STRAYS = {
    "garbage": b"\x00\x01\x02",
    "nothing": b"",
    "text": b"DROP TABLE record",
    "an input": codec.encode(desk.order("FORGED", INSTRUMENTS[BROKEN])),
}


@pytest.mark.parametrize("topic", ["ingest", "routes", "fills", "dlq"])
@pytest.mark.parametrize("stray", STRAYS)
def test_a_stray_record_costs_its_shard_and_seven_go_on(
    url: str,
    log: Log,
    publisher: desk.Publisher,
    stranger: Stranger,
    caplog: pytest.LogCaptureFixture,
    topic: str,
    stray: str,
) -> None:
    with workers(url, 1):
        first = order_each(publisher, "A")
        in_process.until(lambda: accepted(log) == first, "the first orders")
    stranger.write(topic, BROKEN, STRAYS[stray])
    with workers(url, 2) as running:
        second = order_each(publisher, "B")
        well = sorted({*first, *second} - {f"B{BROKEN}"})
        in_process.until(lambda: accepted(log) == well, "the orders of seven shards")
        aside = in_process.until(lambda: running[0].aside | running[1].aside, "a shard aside")
        assert all(each.is_alive() for each in running)
    assert list(aside) == [BROKEN]
    said = [r.getMessage() for r in caplog.records if r.levelname == "ERROR"]
    assert len(said) == 1, "it is said once"
    assert f"shard {BROKEN} is set aside" in said[0]
    assert f"{topic} holds records after the last seal" in said[0]


def test_a_shard_comes_back_when_a_person_has_mended_its_log(
    url: str,
    log: Log,
    publisher: desk.Publisher,
    stranger: Stranger,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(worker, "ASIDE_WAIT_S", 0.05)
    with workers(url, 1):
        in_process.until(lambda: len(in_process.events(log, "ingest")) > 0, "a first batch")
        order_each(publisher, "A")
        in_process.until(lambda: len(accepted(log)) == SHARDS, "the first orders")
    stray = stranger.write("routes", BROKEN, b"stray")
    with workers(url, 1) as (running,):
        waiting = order_each(publisher, "B")
        in_process.until(lambda: running.aside, "a shard aside")
        in_process.until(lambda: len(accepted(log)) == 2 * SHARDS - 1, "seven shards")
        stranger.remove(stray)
        in_process.until(lambda: set(waiting) <= set(accepted(log)), "no order is lost")


def test_the_doctor_names_the_record_and_the_ways_out_and_changes_nothing(
    url: str,
    log: Log,
    publisher: desk.Publisher,
    stranger: Stranger,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with workers(url, 1):
        order_each(publisher, "A")
        in_process.until(lambda: len(accepted(log)) == SHARDS, "the orders")
    assert execute(["log", "doctor", "--log", url]) == Exit.OK
    assert capsys.readouterr().out.splitlines()[BROKEN] == f"shard {BROKEN}: sound"
    stranger.write("routes", BROKEN, b"stray")
    before = Path(url.removeprefix("sqlite:")).read_bytes()

    assert execute(["log", "doctor", "--log", url, "-o", "json"]) == Exit.MISMATCH
    found = json.loads(capsys.readouterr().out)
    assert [row["state"] for row in found].count("sound") == SHARDS - 1
    broken = found[BROKEN]
    assert (broken["state"], broken["topic"]) == ("inserted", "routes")
    assert "log backup --sealed" in " ".join(broken["may"])
    assert execute(["log", "doctor", "--log", url, "--shard", str(BROKEN)]) == Exit.MISMATCH
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80
    assert Path(url.removeprefix("sqlite:")).read_bytes() == before


def test_a_fault_of_this_release_in_one_shard_costs_no_other(
    url: str, log: Log, publisher: desk.Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    with workers(url, 1):
        order_each(publisher, "A")
        in_process.until(lambda: len(accepted(log)) == SHARDS, "the first orders")
    fold = ShardTask._rebuild  # noqa: SLF001  A release that cannot fold one shard.

    def fold_or_raise(task: ShardTask) -> object:
        if task.lease.shard == BROKEN:
            raise ZeroDivisionError
        return fold(task)

    monkeypatch.setattr(ShardTask, "_rebuild", fold_or_raise)
    with workers(url, 2) as running:
        order_each(publisher, "B")
        in_process.until(lambda: len(accepted(log)) == 2 * SHARDS - 1, "the other shards")
        aside = in_process.until(lambda: running[0].aside | running[1].aside, "a shard aside")
        assert all(each.is_alive() for each in running)
    assert list(aside) == [BROKEN]
