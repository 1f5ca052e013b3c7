"""The allotter as an operator starts it: killed with -9, started again, superseded."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pipeline import desk, fresh_log, in_process
from pipeline.workers import METAORDER

from engine.core import events as e
from engine.core.partition import partition_of
from engine.log import open_log
from engine.log.port import Log

SHARDS = 2
LIMIT_CUR = 1_000_000
NAMES = tuple(
    next(n for n in (f"I{i:02}" for i in range(99)) if partition_of(n.encode(), SHARDS) == shard)
    for shard in range(SHARDS)
)

LIMIT = e.RiskLimitSet(
    scope=e.ControlScope.FIRM,
    scope_id="",
    currency="USD",
    set_by="risk",
    set_ns=1,
    max_day_notional_cur=LIMIT_CUR,
)


@contextmanager
def allotter(url: str, folder: Path, name: str, *more: str) -> Iterator[subprocess.Popen[bytes]]:
    """A running `metaorder allotter`; killed at the end if it has not ended."""
    environ = {x: y for x, y in os.environ.items() if not x.startswith("METAORDER_")}
    with (folder / f"{name}.txt").open("wb") as said:
        process = subprocess.Popen(  # noqa: S603  Our own command.
            [METAORDER, "allotter", "--log", url, "-o", "json", *more],
            cwd=folder,
            env={**environ, "METAORDER_PARTITIONS": str(SHARDS), "COLUMNS": "1000"},
            stdout=said,
            stderr=subprocess.STDOUT,
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def said(folder: Path, name: str) -> str:
    return (folder / f"{name}.txt").read_text()


class Desk:
    """Sends orders at 100 a piece, and knows what became of them."""

    def __init__(self, log: Log) -> None:
        self.publisher = desk.Publisher(log, desk.OMS)
        self._log = log
        self._count = 0

    def is_accepted(self, shard: int, qty: int) -> bool:
        self._count += 1
        name = f"o{self._count}"
        order = desk.order(name, NAMES[shard], order_qty=qty, limit_px=desk.MID_PX)
        self.publisher.send(order)
        answers = (e.OrderAccepted, e.OrderRejected)
        found = in_process.until(
            lambda: [
                event
                for event in in_process.events(self._log, "ingest", shard=shard)
                if isinstance(event, answers) and event.cl_ord_id == name
            ],
            f"an answer to {name}",
        )
        return isinstance(found[0], e.OrderAccepted)

    def finds_value(self, shard: int, qty: int, within_s: float = in_process.PATIENCE_S) -> bool:
        """Whether an order is accepted at last, when it is sent again under new ids."""
        end_s = time.monotonic() + within_s
        while not self.is_accepted(shard, qty):
            if time.monotonic() > end_s:
                return False
            time.sleep(0.1)
        return True

    def accepted_cur(self) -> int:
        orders = in_process.events(self._log, "ingest", e.OrderAccepted)
        qtys: list[int] = [one.order_qty for one in orders]
        return sum(qtys) * 100


@pytest.mark.parametrize("kind", fresh_log.EITHER)
def test_a_killed_allotter_is_replaced_and_gives_nothing_twice(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str
) -> None:
    url = fresh_log.url(request, tmp_path, kind, SHARDS)
    opened = in_process.opener(url, SHARDS)
    with opened() as log, in_process.worker(opened):
        people = Desk(log)
        desk.open_day(people.publisher, NAMES)
        people.publisher.send(LIMIT)
        assert not people.is_accepted(0, 1)
        with allotter(url, tmp_path, "first") as first:
            assert people.finds_value(0, 1_000)
            assert people.finds_value(0, 6_000)  # More than half.
            first.kill()  # -9.
            first.wait()
        with allotter(url, tmp_path, "second"):
            assert people.finds_value(1, 2_500)
            assert not people.finds_value(0, 501, 0.5)
            assert people.finds_value(0, 500)
            assert people.accepted_cur() == LIMIT_CUR


def test_a_second_allotter_takes_over_and_the_first_stops(tmp_path: Path) -> None:
    url = f"sqlite:{tmp_path / 'log.db'}"
    opened = in_process.opener(url, SHARDS)
    with opened() as log, in_process.worker(opened):
        people = Desk(log)
        desk.open_day(people.publisher, NAMES)
        people.publisher.send(LIMIT)
        with allotter(url, tmp_path, "first") as first:
            assert people.finds_value(0, 1_000)
            with allotter(url, tmp_path, "second") as second:
                assert first.wait(in_process.PATIENCE_S) == 1
                assert "another allotter has taken over" in said(tmp_path, "first")
                assert people.finds_value(1, 6_000)
                second.terminate()
                assert second.wait(in_process.PATIENCE_S) == 0
    assert '"given":1000000' in said(tmp_path, "second")


def test_an_allotter_that_stands_by_takes_over_when_the_first_has_died(tmp_path: Path) -> None:
    url = f"sqlite:{tmp_path / 'log.db'}"
    opened = in_process.opener(url, SHARDS)
    with opened() as log, in_process.worker(opened):
        people = Desk(log)
        desk.open_day(people.publisher, NAMES)
        people.publisher.send(LIMIT)
        with allotter(url, tmp_path, "first") as first:
            assert people.finds_value(0, 1_000)
            with allotter(url, tmp_path, "second", "--no-takeover") as second:
                in_process.until(lambda: "waiting:" in said(tmp_path, "second"), "a standby")
                assert f"process {first.pid} of" in said(tmp_path, "second")
                assert people.finds_value(1, 1_000)
                first.kill()
                first.wait()
                assert people.finds_value(1, 5_000)
                second.terminate()
                assert second.wait(in_process.PATIENCE_S) == 0


def test_an_allotter_that_stands_by_ends_when_it_is_told_to(tmp_path: Path) -> None:
    url = f"sqlite:{tmp_path / 'log.db'}"
    long_ms = 600_000  # The name is not renewed, and must not run out before the second is up.
    with open_log(url, partitions=SHARDS, session_timeout_ms=long_ms) as log:
        log.take_over("allotter", "another one")
        with allotter(url, tmp_path, "second", "--no-takeover") as second:
            in_process.until(lambda: "another one holds" in said(tmp_path, "second"), "a standby")
            second.terminate()
            assert second.wait(in_process.PATIENCE_S) == 0


def test_an_allotter_makes_no_log(tmp_path: Path) -> None:
    with allotter(f"sqlite:{tmp_path / 'none.db'}", tmp_path, "lost") as lost:
        assert lost.wait(in_process.PATIENCE_S) == 5
    assert "no such log" in said(tmp_path, "lost")
    assert not (tmp_path / "none.db").exists()
