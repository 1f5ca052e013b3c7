"""A close: it waits for the inputs before it, and for the venues' answers to cancels."""

import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pipeline import desk, in_process, proof, short_day

from engine.core import events as e
from engine.log import open_log
from engine.log.embedded import EmbeddedLog
from engine.log.port import BEGINNING, Log, Reader, Record, Start
from engine.runtime import shard_task

PARTITIONS = 1
INSTRUMENT = "I00"
LATE_READS = 20
WINDOW_NS = 2 * desk.S
WINDOWS_MAX = 10


class LateReader:
    """Returns nothing at first, like one whose first fetch is not answered yet."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._late = LATE_READS

    @property
    def next(self) -> Start:
        return self._reader.next

    def read(self, max_records: int) -> Sequence[Record]:
        self._late -= 1
        return () if self._late >= 0 else self._reader.read(max_records)

    def at_end(self) -> bool:
        return self._late < 0 and self._reader.at_end()

    def close(self) -> None:
        self._reader.close()


class LateOrders(EmbeddedLog):
    def reader(self, topic: str, partition: int, start: Start = BEGINNING) -> Any:  # noqa: ANN401
        reader = super().reader(topic, partition, start)
        return LateReader(reader) if topic == "orders" else reader


def test_a_close_waits_for_orders_that_are_in_the_log_and_not_yet_at_hand(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    with open_log(f"sqlite:{path}", partitions=PARTITIONS) as log:
        publisher = desk.Publisher(log, desk.OMS)
        desk.open_day(publisher, [INSTRUMENT])
        publisher.send(desk.order("O1", INSTRUMENT), e.DayClosed(day=desk.DAY, set_ns=1))
        with in_process.worker(lambda: LateOrders(path, PARTITIONS)) as running:
            in_process.until(lambda: in_process.taken(log, "orders", 0) == 1, "the order", running)
            closed = publisher.sent["controls", 0]
            in_process.until(
                lambda: in_process.taken(log, "controls", 0) == closed, "the close", running
            )
        assert not in_process.events(log, "ingest", e.OrderRejected)
        assert [x.cl_ord_id for x in in_process.events(log, "ingest", e.OrderAccepted)] == ["O1"]
        proof.decides_the_same(proof.partition_of(log, 0), short_day.rules(PARTITIONS))


# ------------------------------------------------------------------ the venues' answers


def cancelling(log: Log, running: in_process.Running) -> list[e.ChildRouted]:
    """Trade until the window of an order ends; its resting children, whose cancels are out.

    On a busy machine a window may end before a child is sent, so orders follow until one has some.
    """
    publisher = desk.Publisher(log, desk.OMS)
    desk.open_day(publisher, [INSTRUMENT])
    await_quotes(log, running)  # The worker's start takes nothing of the window.
    resting_px = desk.MID_PX - 10 * desk.CENT_PX
    for number in range(WINDOWS_MAX):
        end_ns = time.time_ns() + WINDOW_NS
        publisher.send(desk.order(f"O{number}", INSTRUMENT, limit_px=resting_px, end_ns=end_ns))
        in_process.until(partial(has_ended, log, number + 1), "a window's end", running)
        if has_cancels(log):
            break
    assert has_cancels(log), "no order had a child before its window ended"
    publisher.send(e.DayClosed(day=desk.DAY, set_ns=time.time_ns()))
    return in_process.events(log, "routes", e.ChildRouted)


def has_cancels(log: Log) -> bool:
    return bool(in_process.events(log, "routes", e.ChildCancelRequested))


def has_ended(log: Log, count: int) -> bool:
    """Whether the windows of so many orders have ended: the last with a child, or all without."""
    found = in_process.events(log, "ingest")
    without = [x for x in found if isinstance(x, e.OrderExpired | e.OrderRejected)]
    return has_cancels(log) or len(without) == count


def await_quotes(log: Log, running: in_process.Running) -> None:
    """Until every quote that is in the log is sealed."""
    quotes = len(proof.read_all(log, "market-data", 0))
    in_process.until(
        lambda: in_process.taken(log, "market-data", 0) == quotes, "the quotes", running
    )


def await_close(log: Log, running: in_process.Running) -> None:
    in_process.until(
        lambda: in_process.events(log, "ingest", e.PositionsCarried), "the close", running
    )


def filled(child: e.ChildRouted) -> e.ExecutionReported:
    """The whole child trades before its cancel comes to the venue."""
    return e.ExecutionReported(
        venue=child.venue,
        instrument_id=INSTRUMENT,
        child_id=f"0-{child.seq}",
        exec_id=f"E{child.seq}",
        exec_type=e.ExecType.TRADE,
        exec_ref_id=None,
        last_qty=child.child_qty,
        last_px=child.limit_px,
        cum_qty=child.child_qty,
        leaves_qty=0,
        liquidity=e.Liquidity.ADDED,
        text="",
        session_day=desk.DAY,
        transact_ns=time.time_ns(),
        received_ns=time.time_ns(),
    )


def test_a_close_waits_for_the_answer_to_a_cancel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shard_task.CLOSE_WAIT_S == 5  # As docs/operators.md says it.
    monkeypatch.setattr(shard_task, "CLOSE_WAIT_S", 600.0)  # Longer than a busy machine's answer.
    path = tmp_path / "log.db"
    with (
        open_log(f"sqlite:{path}", partitions=PARTITIONS) as log,
        in_process.worker(lambda: EmbeddedLog(path, PARTITIONS)) as running,
    ):
        children = cancelling(log, running)
        publisher = desk.Publisher(log, "venues")
        for _ in range(2):  # The first may be of the round that reads the close and holds any.
            publisher.send(desk.quote(INSTRUMENT, desk.VENUES[0], time.time_ns()))
            await_quotes(log, running)
        assert not in_process.events(log, "ingest", e.PositionsCarried)
        publisher.send(*map(filled, children))
        await_close(log, running)
        assert not in_process.events(log, "fills", e.ChildClosed)
        assert not in_process.events(log, "fills", e.BreakFlagged)
        shared = in_process.events(log, "allocations", e.FillAllocated)
        assert sum(sum(x.shares_qty) for x in shared) == sum(x.child_qty for x in children)
        proof.decides_the_same(proof.partition_of(log, 0), short_day.rules(PARTITIONS))


def test_a_close_does_not_wait_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shard_task, "CLOSE_WAIT_S", 0.3)
    path = tmp_path / "log.db"
    with (
        open_log(f"sqlite:{path}", partitions=PARTITIONS) as log,
        in_process.worker(lambda: EmbeddedLog(path, PARTITIONS)) as running,
    ):
        children = cancelling(log, running)
        await_close(log, running)
        ends = in_process.events(log, "fills", e.ChildClosed)
        assert [x.reason for x in ends] == [e.CloseReason.DAY_CLOSED] * len(children)
