"""Kafka's rules that the log in memory follows, beyond the contract of all logs."""

import pytest

from engine.log.port import JOURNAL, LeaseLostError, NewRecord
from infra.faults.broker import Broker, Fate
from infra.faults.memory_log import MemoryLog

RECORDS = {JOURNAL: [NewRecord(0, 0, None, (), b"seal")]}


def test_a_commit_that_a_newer_writer_overtakes_before_its_decision_is_aborted() -> None:
    broker = Broker(1, lambda: 0)
    log = MemoryLog(broker, "older")
    lease = log.leases("worker").poll(0).gained[0]
    writer = log.writer(lease)

    def overtaken(_: str, call: str) -> Fate:
        if call == "decide":
            broker.open_writer(0)
        return Fate.WELL

    broker.fate = overtaken
    with pytest.raises(LeaseLostError):
        writer.commit(RECORDS)
    assert log.last(JOURNAL, 0) is None


def test_only_the_last_process_of_a_name_is_a_member() -> None:
    broker = Broker(1, lambda: 0)
    older = MemoryLog(broker, "older").leases("worker")
    assert [lease.shard for lease in older.poll(0).gained] == [0]
    newer = MemoryLog(broker, "newer").leases("worker")
    assert not older.is_held(0)
    with pytest.raises(LeaseLostError, match="another process has this worker's name"):
        older.poll(0)
    assert [lease.shard for lease in newer.poll(0).gained] == [0]
    older.close()
    assert newer.is_held(0)


def test_who_waits_for_the_log_is_the_simulations_to_hold() -> None:
    waits: list[tuple[str, float]] = []
    broker = Broker(1, lambda: 0, waiting=lambda name, wait_s: waits.append((name, wait_s)))
    MemoryLog(broker, "worker").wait(0.05)
    assert waits == [("worker", 0.05)]
