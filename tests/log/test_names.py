"""The contract of leases by name, on every log: one process at a time appends under a name."""

import itertools
import multiprocessing
import os
import signal
import time
from multiprocessing.synchronize import Event

import pytest
from log.test_conformance import (
    NOON_MS,
    PATIENCE_S,
    LogFactory,
    log_factory,
    new,
    shared_log_factory,
    until,
)

from engine.log import open_log
from engine.log.kafka import names
from engine.log.port import JOURNAL, LeaseLostError, Log, LogUnavailableError

REPORTS = "venue-reports"
GATEWAY = "gateway.PAPER"

__all__ = ["log_factory", "shared_log_factory"]  # Fixtures.
ENDLESS_MS = 200_000  # A session that no test waits for.
PAUSE_S = 0.1  # Mostly stopped in it: with the file's lock, each try to take over lasts 10 s.
TRANSACTION_MS = 14_000  # A slow broker may need longer than a gateway would give it.


def values(log: Log, count: int = 0, partition: int = 0) -> list[bytes]:
    """All values, once `count` can be read: an append may return before its markers are there."""
    reader = log.reader(REPORTS, partition)
    found: list[bytes] = []
    deadline_s = time.monotonic() + PATIENCE_S
    while len(found) < count or not reader.at_end():
        assert time.monotonic() < deadline_s, f"{len(found)} of {count} records came"
        found += [record.value for record in reader.read(1_000)]
    reader.close()
    return found


@pytest.fixture(autouse=True)
def slow_transactions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "TRANSACTION_MS", TRANSACTION_MS)


def test_the_holder_of_a_name_appends_to_every_partition(log_factory: LogFactory) -> None:
    appender = log_factory().take_over(GATEWAY, "first")
    appender.append(REPORTS, [new(b"a"), new(b"b", partition=1), new(b"c")])
    appender.append(REPORTS, [])
    appender.append(REPORTS, [new(b"d")])
    appender.renew()

    log = log_factory()
    assert values(log, 3) == [b"a", b"c", b"d"]
    assert values(log, 1, partition=1) == [b"b"]


def test_a_record_comes_back_as_its_holder_wrote_it(log_factory: LogFactory) -> None:
    log = log_factory()
    written = new(b"a", timestamp_ms=NOON_MS + 1)
    log.take_over(GATEWAY, "first").append(REPORTS, [written])
    deadline_s = time.monotonic() + PATIENCE_S
    while (found := log.last(REPORTS, 0)) is None:
        assert time.monotonic() < deadline_s, "the record was never settled"
        time.sleep(0.01)
    assert found[2:] == written[1:]


def test_a_name_that_was_taken_over_writes_nothing_more(log_factory: LogFactory) -> None:
    older = log_factory().take_over(GATEWAY, "first")
    older.append(REPORTS, [new(b"before")])
    newer = log_factory().take_over(GATEWAY, "second")

    for _ in range(2):  # It does not win the name back.
        with pytest.raises(LeaseLostError):
            older.append(REPORTS, [new(b"late"), new(b"late", partition=1)])
        with pytest.raises(LeaseLostError):
            older.renew()
        newer.append(REPORTS, [new(b"after")])

    log = log_factory()
    assert values(log, 3) == [b"before", b"after", b"after"]
    assert values(log, partition=1) == []


def test_an_older_holder_that_closes_takes_nothing_from_the_newer_one(
    log_factory: LogFactory,
) -> None:
    log = log_factory()
    older = log.take_over(GATEWAY, "first")
    newer = log.take_over(GATEWAY, "second")
    older.close()
    newer.append(REPORTS, [new(b"after")])
    newer.renew()


def test_what_was_appended_before_is_readable_once_the_name_is_taken(
    log_factory: LogFactory,
) -> None:
    log = log_factory()
    for number in itertools.count(1):
        appender = log_factory().take_over(GATEWAY, str(number))
        assert len(values(log)) == number - 1
        if number > 5:
            break
        appender.append(REPORTS, [new(b"%d" % number)])


def test_names_do_not_disturb_each_other_nor_other_appends(log_factory: LogFactory) -> None:
    log = log_factory()
    gateway = log.take_over(GATEWAY, "one")
    other = log.take_over("other", "one")
    gateway.append(REPORTS, [new(b"a")])
    other.append(REPORTS, [new(b"b")])
    log.append(REPORTS, [new(b"c")])
    gateway.renew()
    assert values(log, 3) == [b"a", b"b", b"c"]


def test_a_name_is_appended_under_to_inputs_alone(log_factory: LogFactory) -> None:
    appender = log_factory().take_over(GATEWAY, "first")
    with pytest.raises(ValueError, match="inputs are appended to"):
        appender.append(JOURNAL, [new(b"a")])


def test_a_holder_is_known_until_it_gives_its_name_back(log_factory: LogFactory) -> None:
    log_factory.session_timeout_ms = ENDLESS_MS
    log = log_factory()
    assert log.holder(GATEWAY) is None
    appender = log_factory().take_over(GATEWAY, "first")

    def is_known() -> bool:
        appender.renew()
        return log.holder(GATEWAY) == "first"

    until(is_known)
    appender.close()
    until(lambda: log.holder(GATEWAY) is None)


def write_on(url: str, is_up: Event) -> None:
    """Append for as long as it may, in a process of its own; exit code 3 when it may no more."""
    names.TRANSACTION_MS = TRANSACTION_MS
    with open_log(url, partitions=2) as log:
        appender = log.take_over(GATEWAY, "child")
        try:
            for number in itertools.count():
                appender.append(REPORTS, [new(b"old %d" % number)])
                is_up.set()
                time.sleep(PAUSE_S)
        except LeaseLostError:
            os._exit(3)


def test_a_stopped_process_writes_nothing_once_it_goes_on(shared_log_factory: LogFactory) -> None:
    started = multiprocessing.get_context("spawn")
    is_up = started.Event()
    child = started.Process(target=write_on, args=(shared_log_factory.url, is_up))
    child.start()
    assert child.pid is not None
    assert is_up.wait(PATIENCE_S)
    log = shared_log_factory()
    os.kill(child.pid, signal.SIGSTOP)
    while True:  # It may have been stopped while it held the file's lock.
        try:
            newer = log.take_over(GATEWAY, "newer")
            break
        except LogUnavailableError:
            os.kill(child.pid, signal.SIGCONT)
            time.sleep(0.05)  # It gives the lock back.
            os.kill(child.pid, signal.SIGSTOP)
    newer.append(REPORTS, [new(b"new")])
    os.kill(child.pid, signal.SIGCONT)
    child.join(PATIENCE_S)

    assert child.exitcode == 3
    until(lambda: b"new" in values(log))
    assert values(log)[-1] == b"new"
