"""Thousands of bad inputs in a row between good ones: they only take time."""

import re
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from pipeline import desk, fresh_log, in_process, live, proof
from pipeline.workers import Workers, workers

from engine import config
from engine.cli.rules import rules_of
from engine.core import events as e
from engine.core.events import Input
from engine.core.partition import partition_of
from engine.log import open_log
from engine.log.port import Log

PARTITIONS = 2
GOOD = "I00"
HOME = partition_of(GOOD.encode(), PARTITIONS)
WAVES = 5
OF_A_KIND = 400  # Of each of four kinds in a wave; 8,000 in all.
STORM_MAX_S = 120.0
GROWTH_MAX_KB = 64 * 1024  # For 8,000 refusals; a worker itself has 150 MB.

pytestmark = pytest.mark.slow


def wrong_orders(wave: int) -> Iterator[Input]:
    """Each is refused for a reason of its own."""
    for number in range(OF_A_KIND):
        name = f"W{wave}-{number}"
        yield (
            desk.order(name, GOOD, source="STORM", order_qty=-1),
            desk.order(name, GOOD, source="STORM", limit_px=desk.MID_PX + 1),
            desk.order("O0", GOOD),  # The id of a good one.
            desk.order(name, GOOD, source="STORM", client_id="C" * 1_000),
        )[number % 4]


def wrong_reports(wave: int) -> Iterator[Input]:
    """Fills of children that were never routed."""
    for number in range(OF_A_KIND):
        yield e.ExecutionReported(
            venue="A",
            instrument_id=GOOD,
            child_id=f"{HOME}-{10**9 + number}",
            exec_id=f"{wave}-{number}",
            exec_type=e.ExecType.TRADE,
            exec_ref_id=None,
            last_qty=100,
            last_px=desk.MID_PX,
            cum_qty=100,
            leaves_qty=0,
            liquidity=e.Liquidity.REMOVED,
            text="",
            session_day=desk.DAY,
            transact_ns=time.time_ns(),
            received_ns=time.time_ns(),
        )


def peak_kb(started: Workers, owner: str) -> int:
    """Its peak memory; on Linux only."""
    status = Path(f"/proc/{started.pid(owner)}/status")
    if not status.exists():
        pytest.skip("no /proc here to read a worker's memory from")
    found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text())
    assert found
    return int(found[1])


def await_sealed(progress: list[live.Progress], started: Workers) -> None:
    deadline_s = time.monotonic() + STORM_MAX_S
    while missing := [found for shard in progress if (found := shard.missing())]:
        started.assert_alive("one")
        assert time.monotonic() < deadline_s, f"not taken: {missing}"
        time.sleep(0.05)


@pytest.mark.parametrize("kind", fresh_log.EITHER)
def test_a_storm_of_bad_inputs_costs_no_good_one_and_no_memory(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str
) -> None:
    url = fresh_log.url(request, tmp_path, kind, PARTITIONS)
    with (
        open_log(url, partitions=PARTITIONS) as log,
        workers(url, PARTITIONS, tmp_path) as started,
    ):
        oms, storm = desk.Publisher(log, desk.OMS), desk.Publisher(log, "STORM")
        stranger = desk.Publisher(log, "STRANGER")
        progress = [live.Progress(log, number) for number in range(PARTITIONS)]
        desk.open_day(oms, [GOOD])
        started.start("one")
        oms.send(desk.order("O0", GOOD))
        await_sealed(progress, started)
        before_kb = peak_kb(started, "one")
        for wave in range(WAVES):
            storm.send(*wrong_orders(wave), *wrong_reports(wave))
            for topic in ("orders", "venue-reports"):
                stranger.send_bytes(topic, b"?" * 100, HOME, GOOD.encode(), count=OF_A_KIND)
            oms.send(desk.order(f"O{wave + 1}", GOOD))
        await_sealed(progress, started)
        growth_kb = peak_kb(started, "one") - before_kb
        started.stop()
        assert growth_kb < GROWTH_MAX_KB, f"{growth_kb} kB for {4 * WAVES * OF_A_KIND} bad inputs"
        check(log)


def check(log: Log) -> None:
    accepted = [x.cl_ord_id for x in in_process.events(log, "ingest", e.OrderAccepted)]
    assert accepted == [f"O{number}" for number in range(WAVES + 1)]
    unreadable = Counter(x.topic for x in in_process.events(log, "ingest", e.InputRejected))
    assert unreadable == dict.fromkeys(("orders", "venue-reports"), WAVES * OF_A_KIND)
    assert len(in_process.events(log, "ingest", e.OrderRejected)) == WAVES * OF_A_KIND
    assert len(in_process.events(log, "fills", e.BreakFlagged)) == WAVES * OF_A_KIND
    rules = rules_of(config.load(partitions=PARTITIONS))
    for number in range(PARTITIONS):
        partition = proof.partition_of(log, number)
        proof.whole(partition)
        decided = proof.decides_the_same(partition, rules)
        assert proof.same_state(proof.recovered(log, number, rules), decided)
