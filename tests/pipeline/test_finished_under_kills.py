"""A worker is killed with -9; the next messages are for an order that was evicted before."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pipeline import desk, live, proof
from pipeline.workers import Workers, workers

from engine import config
from engine.audit.follower import Follower
from engine.audit.verification import Proof, verify
from engine.cli.rules import rules_of
from engine.core import events as e
from engine.log import codec, open_log
from engine.log.port import Log

OWNER = "one"
INSTRUMENT = "I00"
WAIT_MAX_S = 180.0

pytestmark = pytest.mark.slow


def awaited(what: str, found: Callable[[], Any]) -> Any:  # noqa: ANN401
    deadline_s = time.monotonic() + WAIT_MAX_S
    while not (it := found()):
        assert time.monotonic() < deadline_s, f"waited in vain for {what}"
        time.sleep(0.05)
    return it


def events(log: Log, topic: str, kind: type) -> list[Any]:
    found = [codec.decode(topic, x.value) for x in log.reader(topic, 0).read(100_000)]
    return [event for event in found if isinstance(event, kind)]


def bust(fill: e.FillBooked) -> e.ExecutionReported:
    return e.ExecutionReported(
        venue=fill.venue,
        instrument_id=fill.instrument_id,
        child_id=fill.child_id,
        exec_id="bust",
        exec_type=e.ExecType.TRADE_CANCEL,
        exec_ref_id=fill.exec_id,
        last_qty=0,
        last_px=0,
        cum_qty=0,
        leaves_qty=0,
        liquidity=e.Liquidity.REMOVED,
        text="",
        session_day=fill.session_day,
        transact_ns=time.time_ns(),
        received_ns=time.time_ns(),
    )


def trade_until_evicted(log: Log, publisher: desk.Publisher, follower: Follower) -> e.FillBooked:
    """Work an order, cancel the rest, and go on until it is evicted; returns its first fill."""
    publisher.send(desk.order("O1", INSTRUMENT, order_qty=400))

    def is_filled() -> bool:
        publisher.send(*(desk.quote(INSTRUMENT, x, time.time_ns()) for x in desk.VENUES))
        return bool(events(log, "fills", e.FillBooked))

    awaited("a fill", is_filled)
    publisher.send(replace(desk.cancel("O1", INSTRUMENT), cl_ord_id="O1-rest"))

    def is_evicted() -> bool:
        publisher.send(*(desk.quote(INSTRUMENT, x, time.time_ns()) for x in desk.VENUES))
        follower.fold_new()
        return follower.state.store_totals.parents > 0

    awaited("the eviction of the order", is_evicted)
    follower.write_snapshot()
    fill: e.FillBooked = events(log, "fills", e.FillBooked)[0]
    return fill


def verified(log: Log) -> Proof:
    steps = verify(log, 0, rules_of(config.load(partitions=1)))
    while True:
        try:
            next(steps)
        except StopIteration as done:
            proved: Proof = done.value
            return proved


def check_whole(log: Log, folder: Path) -> None:
    rules = rules_of(config.load(partitions=1))
    proved = verified(log)
    assert proved.difference is None, proved.difference
    by_folding = proof.recovered(log, 0, rules)
    live.holds(by_folding)
    follower = Follower(log, 0, rules, folder)
    while follower.fold_new() or follower.must_restart:
        pass
    assert follower.state == by_folding.state
    follower.close()


def kill_and_start(started: Workers, folder: Path) -> None:
    started.kill(OWNER)
    started.start(OWNER, "--snapshots", str(folder))
    awaited("the worker", lambda: started.is_at_work(OWNER))


def test_a_bust_after_a_kill_is_for_an_order_that_was_evicted_before_it(tmp_path: Path) -> None:
    url, folder = f"sqlite:{tmp_path / 'log.db'}", tmp_path / "snapshots"
    with open_log(url, partitions=1) as log, workers(url, 1, tmp_path) as started:
        started.start(OWNER, "--snapshots", str(folder))
        awaited("the worker", lambda: started.is_at_work(OWNER))
        publisher = desk.Publisher(log, desk.OMS)
        desk.open_day(publisher, [INSTRUMENT])
        venue = live.Venue(url, 1)
        venue.start()
        follower = Follower(log, 0, rules_of(config.load(partitions=1)), folder)
        fill = trade_until_evicted(log, publisher, follower)
        follower.close()
        venue.finish()

        kill_and_start(started, folder)
        assert "snapshot of batch" in started.said(OWNER)
        publisher.send(bust(fill), desk.cancel("O1", INSTRUMENT), desk.order("O1", INSTRUMENT))

        (again,) = awaited("the bust", lambda: events(log, "allocations", e.FillReallocated))
        assert sum(share.share_qty for share in again.before) == fill.last_qty
        assert again.after == ()
        (late,) = awaited("the cancel", lambda: events(log, "ingest", e.OrderChangeRejected))
        assert late.reason is e.RejectReason.ORDER_ENDED
        (resent,) = awaited("the resend", lambda: events(log, "ingest", e.OrderRejected))
        assert resent.reason is e.RejectReason.DUPLICATE_ORDER
        kill_and_start(started, folder)  # The reloaded parent is in the log alone.
        publisher.send(bust(fill))
        started.stop()
        assert len(events(log, "fills", e.FillBusted)) == 1
        check_whole(log, folder)
