"""The allotter counts the receipts that a seal covers, and no stranger's."""

import logging
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import apsw
import duckdb
import pytest
from pipeline import desk, in_process
from pipeline.test_allotter_process import LIMIT, LIMIT_CUR, NAMES, SHARDS, Desk

import projections
from engine.core import events as e
from engine.gateways.allotter.run import Allotter
from engine.gateways.venues.provenance import SEAL_WAIT_NS
from engine.log import codec
from engine.log.port import CorruptLogError, Log


@contextmanager
def divided(tmp_path: Path) -> Iterator[tuple[Log, Desk]]:
    """Real shards under a limit of the day, and the desk that sends them orders."""
    opened = in_process.opener(f"sqlite:{tmp_path / 'log.db'}", SHARDS)
    with opened() as log, in_process.worker(opened):
        people = Desk(log)
        desk.open_day(people.publisher, NAMES)
        people.publisher.send(LIMIT)
        yield log, people


def turns(allotter: Allotter, count: int = 20) -> Allotter:
    for _ in range(count):
        allotter.turn()
        time.sleep(0.02)
    return allotter


def given(allotter: Allotter) -> int | None:
    (row,) = allotter.ledger.rows()
    found: int | None = row["given"]
    return found


def forge(folder: Path, log: Log) -> None:
    """Write what no shard wrote: a receipt by which shard 1 has nothing, and spent nothing."""
    last = log.last("controls", 0)
    assert last is not None
    receipt = e.ControlApplied(
        seq=10**9,
        at_ns=1,
        cause=f"controls:{last.position + 1_000}",  # The newest answer, whatever comes.
        control="LimitAllotted",
        scope=e.ControlScope.FIRM,
        scope_id="USD",
        allotted_notional_cur=0,
        spent_notional_cur=0,
    )
    with closing(apsw.Connection(str(folder / "log.db"))) as file:
        file.set_busy_timeout(10_000)
        file.execute(
            "insert into record "
            "select id + 1, position + 1, 0, key, headers, ? from record "
            "where id >> 40 = ((select topic_id from topic where name = 'ingest') << 16) + 1 "
            "order by id desc limit 1",
            (codec.encode(receipt),),
        )
        assert file.changes() == 1


def test_a_strangers_receipt_frees_nothing_for_another_shard(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    now_ns = [time.time_ns()]
    with (
        divided(tmp_path) as (log, people),
        Allotter(log, clock_ns=lambda: now_ns[0]) as allotter,
    ):
        in_process.until(lambda: given(turns(allotter, 1)) == LIMIT_CUR, "the parts")
        assert people.is_accepted(1, 4_000)
        forge(tmp_path, log)
        for _ in range(5):
            assert not people.is_accepted(0, 6_500)
            turns(allotter)
        in_process.until(lambda: turns(allotter, 5) and people.is_accepted(0, 6_000), "the rest")
        with caplog.at_level(logging.WARNING):
            now_ns[0] += SEAL_WAIT_NS + 1
            turns(allotter)
        assert "no seal covers ControlApplied" in caplog.text


def test_what_came_before_the_start_is_no_strangers(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    now_ns = [time.time_ns()]
    with divided(tmp_path) as (log, people):
        for shard in range(SHARDS):  # The receipt is forged behind an answer of the last one.
            people.is_accepted(shard, 1)
        forge(tmp_path, log)
        with (
            caplog.at_level(logging.WARNING),
            Allotter(log, clock_ns=lambda: now_ns[0]) as allotter,
        ):
            in_process.until(lambda: given(turns(allotter, 1)) == LIMIT_CUR, "the parts")
            assert people.is_accepted(0, 100)
            turns(allotter)
    assert caplog.text.count("no seal covers") == 1  # The forged one.


def test_answers_that_were_changed_stop_the_allotter(tmp_path: Path) -> None:
    """The seal of a batch is there, and not what it states."""
    now_ns = [time.time_ns()]
    with divided(tmp_path) as (log, people):
        people.is_accepted(0, 1)
        with Allotter(log, clock_ns=lambda: now_ns[0]) as allotter:
            turns(allotter, 3)
            tail = allotter._answers[0]._ingest  # noqa: SLF001  Records are lost on the way.
            people.is_accepted(0, 1)
            tail.fresh()
            turns(allotter, 1)
            now_ns[0] += SEAL_WAIT_NS + 1
            with pytest.raises(CorruptLogError, match="nothing more is allotted"):
                turns(allotter, 3)


def test_the_parts_that_a_run_gives_violate_no_rule(tmp_path: Path) -> None:
    """The limit is lowered and raised beside spending shards; then a part is planted."""
    with divided(tmp_path) as (log, people), Allotter(log) as allotter:
        in_process.until(lambda: given(turns(allotter, 1)) == LIMIT_CUR, "the parts")
        assert people.is_accepted(1, 3_000)
        people.publisher.send(replace(LIMIT, max_day_notional_cur=LIMIT_CUR // 2))
        turns(allotter)
        in_process.until(lambda: turns(allotter, 2) and people.is_accepted(0, 1_000), "a part")
        people.publisher.send(LIMIT)
        in_process.until(lambda: turns(allotter, 2) and people.is_accepted(0, 4_000), "the rest")
        projections.rebuild(log, tmp_path / "p.duckdb")
    with closing(duckdb.connect(str(tmp_path / "p.duckdb"))) as connection:
        rule = "select violations from rule_allotments where name = 'allotment_sum'"
        assert connection.execute("from rule_allotments where violations > 0").fetchall() == []
        connection.execute(
            "update control_applied set allotted_notional_cur = 900000 where shard = 0 "
            "and control = 'LimitAllotted'"
        )
        assert connection.execute(rule).fetchall() != [(0,)]
