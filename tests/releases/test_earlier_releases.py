"""The drill of an upgrade with real logs: each earlier release's wheel, and a log that it wrote.

The present release recovers, continues and projects the log; the old release verifies it byte by
byte; and what the present release would decide on it is the same, but for what decisions name.
"""

import json
import lzma
import os
import subprocess
import sys
import time
import zipfile
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pipeline import desk, in_process

from engine.audit.departures import DepartureCounts
from engine.audit.departures import Kind as Differs
from engine.audit.reconsideration import Reconsideration
from engine.cli.application import execute
from engine.cli.exits import Exit
from engine.cli.rules import rules_of
from engine.config import load
from engine.core import events as e
from engine.core.controls import limits
from engine.core.state.state import State
from engine.log import codec, open_log
from engine.log.port import INPUT_TOPICS, STAGE_TOPICS, Log, Record
from engine.runtime.recovery.recovery import rebuilt
from engine.runtime.replica import Replica
from engine.runtime.shard_log import ShardLog, events_of, last_seal
from projections import projector
from projections.file import connect

HERE = Path(__file__).parent
RELEASES = sorted(path.name for path in HERE.iterdir() if (path / "log.db.xz").exists())
PARTITIONS = 2
REPORTS = "venue-reports"
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


# What this release asks for and the kept log does not have. Its drill wrote the reports of both
# venues under one name, counted no bust, had no limit, and a policy without rates. No gateway that
# came with a release did so; with all that, the old decisions are compared, and not refused.
LIMIT = e.RiskLimitSet(
    scope=e.ControlScope.FIRM,
    scope_id="",
    currency="USD",
    max_order_qty=10**12,
    set_by="drill",
    set_ns=0,
)
ANY_RATE = 1_000_000


class Venues:
    """The reports of a shard as true venues would have written them."""

    def __init__(self) -> None:
        self._filled: dict[tuple[str, str], int] = {}  # By child and ExecID.
        self._busted: Counter[str] = Counter()  # By child.

    def corrected(self, inputs: Mapping[str, Sequence[Record]]) -> dict[str, Sequence[Record]]:
        reports = [self._corrected(record) for record in inputs.get(REPORTS, ())]
        return {**inputs, REPORTS: reports} if reports else dict(inputs)

    def _corrected(self, record: Record) -> Record:
        """The record with its own venue's name, and a count that is lower after each bust."""
        event = codec.decode(REPORTS, record.value)
        headers = (("venue", event.venue.encode()), *record.headers[1:])
        if isinstance(event, e.ExecutionReported):
            if event.exec_type is e.ExecType.TRADE:
                self._filled[event.child_id, event.exec_id] = event.last_qty
            elif event.exec_type is e.ExecType.TRADE_CANCEL:
                key = (event.child_id, event.exec_ref_id or "")
                self._busted[event.child_id] += self._filled.pop(key, 0)
            event = replace(event, cum_qty=event.cum_qty - self._busted[event.child_id])
        return record._replace(headers=headers, value=codec.encode(event))


def have_limits(state: State) -> None:
    """Put a limit in force, and rates that hold nothing back, as far as a close left none."""
    controls = state.controls
    if limits.key_of(LIMIT) not in controls.limits:
        limits.keep(state, LIMIT)
    if controls.policy is not None:
        controls.policy = replace(
            controls.policy, parent_routes_max=ANY_RATE, venue_routes_max=ANY_RATE
        )


def departures(log: Log, number: int) -> DepartureCounts:
    """Where this release departs on a shard, with what it asks for."""
    second, venues = Reconsideration(number, rules_of(load()), in_full=100_000), Venues()
    recorded = Replica(number, release="", python="")  # It compares no hash of a state.
    with ShardLog(log, number) as shard_log:
        for seal, _ in shard_log.seals():
            inputs, outputs = shard_log.inputs(seal, INPUT_TOPICS), shard_log.outputs(seal)
            told = events_of(seal, outputs, number)
            have_limits(recorded.state)
            second.decide(recorded, seal, venues.corrected(inputs), outputs, told)
            recorded.fold(seal, inputs, told)
            second.follow(recorded, seal)
    assert second.departures.total == len(second.departures.first)
    return second.departures


RESTRICTED = "a restriction stops what is at work (0022)"
STANDS = "after a miss a quote has to stand, and only the best wakes a parent (0061)"
CLOSED = "a close carries the children of orders that live on (0029)"
SHARED = "all parents of a client together keep its mandate's participation (0031)"
SILENT = "a silent tape counts its usual volume, and a parent that waits for it says so (0039)"
MISSED = "a quote that a child missed is not asked again (0021)"
ORDER = "a batch routes once all its slices are there (0051): the place in the batch alone"
BAND = "a slice is patient within its band (0051)"
COUNTED = "a scorecard counts survival, hits and misses (0052)"
POOLED = "orders of one intent share a parent (0054)"
LEFT = "a take sees what is left, and a quote wakes those that wait for it (0051)"
WAYS = "a slice goes the way that costs least, and what is beyond its limit waits (0059)"
LATE = "a tranche that the market left behind its limit makes nobody late (0060)"
# Every departure on the kept log: the event, how it differs, how often, and the decision by which.
DEPARTURES = {
    ("ParentOpened", Differs.RECORDED): (21, f"{POOLED}: they join as tranches"),
    ("TrancheOpened", Differs.DECIDED): (21, POOLED),
    ("MemberJoined", Differs.CHANGED): (23, f"{POOLED}: its parent and tranche, 21; {ORDER}: 2"),
    ("PlanAdopted", Differs.DECIDED): (12, f"{POOLED}: of the parents that they join"),
    ("OrdersCrossed", Differs.DECIDED): (3, f"{POOLED}, also when they cross"),
    ("CrossAllocated", Differs.DECIDED): (6, "of these crosses"),
    ("ScheduleRecalibrated", Differs.DECIDED): (2, "of these crosses"),
    ("ParentEnded", Differs.DECIDED): (1, "of these crosses"),
    ("ParentReconciled", Differs.DECIDED): (1, "of these crosses"),
    ("ChildCancelRequested", Differs.DECIDED): (1852, f"{RESTRICTED}; a close asks for all"),
    ("ChildCancelRequested", Differs.CHANGED): (6, f"{RESTRICTED}: the reason, 5; {ORDER}: 5"),
    ("ChildClosed", Differs.CHANGED): (132, f"{CLOSED}: its text"),
    ("ChildCarried", Differs.DECIDED): (291, CLOSED),
    ("ControlNumbersCarried", Differs.DECIDED): (2, "a control counts once (0022)"),
    ("RiskLimitCarried", Differs.DECIDED): (2, "the limit that the drill did not have"),
    ("PlanAdopted", Differs.CHANGED): (7, ORDER),
    ("ScheduleRecalibrated", Differs.CHANGED): (
        336,
        f"{BAND}; {WAYS}: the step; {LATE}: 78; {ORDER}",
    ),
    ("SliceHeld", Differs.DECIDED): (
        109,
        f"{SHARED}; the others: {SILENT}; {LEFT}; {POOLED}; {STANDS}: 1",
    ),
    ("SliceReleased", Differs.RECORDED): (310, f"{WAYS}; {SHARED}; {RESTRICTED}; {LEFT}"),
    ("SliceReleased", Differs.DECIDED): (30, f"{SILENT}; {LEFT}; {POOLED}: 7; {STANDS}: 1"),
    ("SliceReleased", Differs.CHANGED): (
        201,
        f"{SILENT}: the volume, 1; {ORDER}; {WAYS}: the style and the router",
    ),
    ("RouteDeferred", Differs.RECORDED): (4, "of these slices"),
    ("RouteDeferred", Differs.DECIDED): (37, f"{WAYS}: of these slices; {STANDS}: 3"),
    ("RouteDeferred", Differs.CHANGED): (5, f"{LEFT}: the reason; {ORDER}; {WAYS}"),
    ("ChildRouted", Differs.RECORDED): (
        589,
        f"{WAYS}: parts at other venues, and slices that wait; {RESTRICTED}; {POOLED}; {STANDS}: 2",
    ),
    ("ChildRouted", Differs.DECIDED): (
        38,
        f"{SILENT}; {MISSED}; {LEFT}; {POOLED}: 6; {WAYS}; {STANDS}: 2",
    ),
    ("ChildRouted", Differs.CHANGED): (183, f"{COUNTED}: the score; {WAYS}; {ORDER}"),
    ("ScorecardUpdated", Differs.CHANGED): (368, f"{COUNTED}: what it states"),
    ("ScorecardUpdated", Differs.DECIDED): (94, f"{COUNTED}: a miss teaches too"),
    ("ParentEnded", Differs.CHANGED): (1, ORDER),
    ("ParentReconciled", Differs.CHANGED): (1, ORDER),
    ("OrderExpired", Differs.CHANGED): (1, ORDER),
    ("ChildCancelRequested", Differs.RECORDED): (14, f"{WAYS}: a take uses what no child covers"),
}


def test_this_release_decides_otherwise_where_a_decision_says_so(url: str) -> None:
    found: Counter[tuple[str, Differs]] = Counter()
    same = different = 0
    with open_log(url, partitions=PARTITIONS) as log:
        for number in range(PARTITIONS):
            counts = departures(log, number)
            assert counts.raised == 0
            same, different = same + counts.same, different + counts.different
            found.update((one.event, one.kind) for one in counts.first)
    assert found == {key: count for key, (count, _) in DEPARTURES.items()}
    assert (same, different) == (78, 471)


def test_as_it_is_the_log_is_refused_for_its_headers_and_its_lack_of_a_limit(
    url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute(["verify", "--log", url, "--against", "this", "-o", "json"]) == Exit.DIFFERENT
    said = json.loads(capsys.readouterr().out)["against"]
    assert said["batches"]["raised"] == 0
    decided = {one["event"]: one["only_decided"] for one in said["events"]}
    assert decided["InputRejected"] == 2_831  # Every report.


def test_what_the_release_wrote_is_read_under_its_own_schema_ids(release: str, url: str) -> None:
    with open_log(url, partitions=PARTITIONS) as log:
        reader = log.reader("routes", 0)
        records = reader.read(10)
    assert records, release
    assert all(codec.decode("routes", record.value) for record in records)
