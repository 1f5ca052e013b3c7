"""The drill of an upgrade with real logs: each earlier release's wheel, and a log that it wrote.

The present release recovers, continues and projects the log; the old release verifies it byte by
byte; and what the present release would decide on it is the same.
"""

import json
import lzma
import os
import subprocess
import sys
import time
import zipfile
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from pipeline import desk, in_process

from engine.cli.application import execute
from engine.cli.exits import Exit
from engine.cli.rules import rules_of
from engine.config import load
from engine.core import events as e
from engine.log import codec, open_log
from engine.log.port import STAGE_TOPICS, Log
from engine.runtime.recovery.recovery import rebuilt
from engine.runtime.shard_log import ShardLog, last_seal
from projections import projector
from projections.file import connect

HERE = Path(__file__).parent
RELEASES = sorted(path.name for path in HERE.iterdir() if (path / "log.db.xz").exists())
PARTITIONS = 2
WROTE_ON = "3.11"  # The Python that the kept logs were written on.


@pytest.fixture(params=RELEASES)
def release(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def url(release: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A copy of the release's log."""
    monkeypatch.setenv("METAORDER_PARTITIONS", str(PARTITIONS))
    content = lzma.decompress((HERE / release / "log.db.xz").read_bytes())
    (tmp_path / "log.db").write_bytes(content)
    return f"sqlite:{tmp_path / 'log.db'}"


def events(log: Log) -> Counter[str]:
    return Counter(
        type(event).__name__ for topic in STAGE_TOPICS for event in in_process.events(log, topic)
    )


def test_something_earlier_is_kept() -> None:
    assert "0.1.0" in RELEASES


def test_the_log_was_written_by_the_release_and_holds_a_close_and_a_day_under_way(
    release: str, url: str
) -> None:
    with open_log(url, partitions=PARTITIONS) as log:
        for number in range(PARTITIONS):
            with ShardLog(log, number) as shard_log:
                seals = [seal for seal, _ in shard_log.seals()]
            assert {(seal.release, seal.python) for seal in seals} == {(release, WROTE_ON)}
            kinds = [seal.kind for seal in seals]
            assert kinds.count(e.SealKind.CLOSE) == 1
            assert kinds[-1] is not e.SealKind.CLOSE
        told = events(log)
    assert told["OrdersCrossed"]
    assert told["OrderCarried"]
    assert told["FillBusted"]
    assert told["InputRejected"]


def test_it_is_recovered_and_goes_on(url: str) -> None:
    rules = rules_of(load())
    with open_log(url, partitions=PARTITIONS) as log:
        shards = [rebuilt(log, number, rules) for number in range(PARTITIONS)]
        for shard in shards:
            newest = last_seal(log, shard.number)
            assert newest is not None
            assert (shard.next_batch, shard.chain) == (newest.batch + 1, newest.chain)
        instrument_id = next(iter(shards[0].state.books))
        before = events(log)
        with in_process.worker(in_process.opener(url, PARTITIONS)) as running:
            publisher = desk.Publisher(log, "later")
            now_ns = time.time_ns()
            publisher.send(*(desk.quote(instrument_id, venue, now_ns) for venue in desk.VENUES))
            order = desk.order("later-1", instrument_id, source="later", received_ns=now_ns)
            publisher.send(order)
            in_process.until(lambda: answered(log, "later-1"), "an answer", running)
        after = events(log)
    assert all(after[name] >= count for name, count in before.items())


def answered(log: Log, cl_ord_id: str) -> bool:
    """Whether the order was accepted or refused: the kept log's session may be long over."""
    kinds = (e.OrderAccepted, e.OrderRejected)
    told = (event for kind in kinds for event in in_process.events(log, "ingest", kind))
    return any(event.cl_ord_id == cl_ord_id for event in told)


def test_it_is_projected_and_keeps_every_invariant(url: str, tmp_path: Path) -> None:
    path = tmp_path / "projection.duckdb"
    with open_log(url, partitions=PARTITIONS) as log:
        told = events(log)
        projector.rebuild(log, path)
    with closing(connect(path)) as connection:
        rows = connection.sql("select event, count(*) from stage_events group by event").fetchall()
        broken = connection.sql("select name from invariants where violations > 0").fetchall()
    assert Counter(dict(rows)) == told
    assert broken == [("controls",)]  # 0.1.0 sent children after a restriction.


def test_it_is_verified_byte_by_byte_by_its_own_release(
    release: str, url: str, tmp_path: Path
) -> None:
    (wheel,) = (HERE / release).glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(tmp_path / "release")
    ran = subprocess.run(  # noqa: S603  A wheel of our own.
        [sys.executable, "-m", "engine.cli", "verify", "--log", url, "--jobs", "1", "-o", "json"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "release")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    proved: dict[str, Any] = json.loads(ran.stdout)
    own = f"{sys.version_info.major}.{sys.version_info.minor}" == WROTE_ON
    for shard in proved["shards"]:
        assert shard["difference"] == "none"
        assert shard["decided"] == (shard["batches"] if own else 0)
        assert shard["batches"] > 100


# Events that this release decides otherwise on the kept log, each for a rule that is new since. Its
# drill wrote the reports of both venues under one name, "venues", and without a limit: all 2,831
# reports are refused for their header, and all 35 accepted orders for NO_LIMITS.
NOT_REPORTED = "a report whose header names another sender is refused"
NO_LIMITS = "without a limit no order is accepted"
DIFFERING = {
    "InputRejected": NOT_REPORTED,
    "SuspensionSet": "and a writer of many such reports is suspended",
    **dict.fromkeys(
        (
            "BreakFlagged",
            "ChildAcknowledged",
            "ChildClosed",
            "FillAllocated",
            "FillBooked",
            "FillBusted",
            "FillCorrected",
            "FillReallocated",
            "OrderExpired",
            "ParentEnded",
            "ParentReconciled",
            "ScheduleRecalibrated",
            "ScorecardUpdated",
        ),
        NOT_REPORTED,
    ),
    **dict.fromkeys(
        (
            "MemberAmended",
            "MemberJoined",
            "OrderAccepted",
            "OrderAmended",
            "OrderChangePending",
            "OrderChangeRejected",
            "OrderRejected",
            "ParentOpened",
            "PlanAdopted",
        ),
        NO_LIMITS,
    ),
    "OrderHeld": "a carried order waits for a limit",
    "OrderResumed": "instead of being resumed",
    "ChildCarried": "a child of which the venue has not told the end is carried over the close",
    "ChildCancelRequested": "a restriction and a close cancel what is out, and ask again",
    "ChildRouted": "a stopped venue, a missed quote, a restriction and the price band allow fewer",
    "RouteDeferred": "and say so",
    "SliceHeld": "a client's parents keep the participation of its mandate together",
    "SliceReleased": "so they release less; and a restriction stops what is at work",
    "ControlNumbersCarried": "a control that is sent again after a close is known",
}


def test_this_release_decides_otherwise_where_a_rule_says_so(
    url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute(["verify", "--log", url, "--against", "this", "-o", "json"]) == Exit.DIFFERENT
    said = json.loads(capsys.readouterr().out)["against"]
    assert said["batches"]["raised"] == 0
    assert said["batches"]["decided"] - said["batches"]["same"] == 437
    differing = {x["event"] for x in said["events"] if x["same"] < max(x["recorded"], x["decided"])}
    assert differing == set(DIFFERING)


def test_what_the_release_wrote_is_read_under_its_own_schema_ids(release: str, url: str) -> None:
    with open_log(url, partitions=PARTITIONS) as log:
        reader = log.reader("routes", 0)
        records = reader.read(10)
    assert records, release
    assert all(codec.decode("routes", record.value) for record in records)
