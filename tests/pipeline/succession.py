"""A day that is closed, the next one in another log, and what must hold between both."""

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

from pipeline import desk, in_process, live, proof, short_day

from engine.audit import repartition, verification
from engine.core import events as e
from engine.core.events import Input
from engine.log import codec, open_log
from engine.log.port import Log
from engine.runtime.recovery.recovery import recover
from engine.runtime.shard import Rules, Shard

NAMES = [f"I{n:02}" for n in range(12)]
HALTED = NAMES[0]
S = desk.S
RESTS_PX, MEETS_PX = 90 * S, 110 * S  # The market trades at 100.
LATE_QTY = 50
FILLED_QTY = 1  # Of each order, in the old log.
ORDER_QTY = 100
ALLOTTED_CUR = 1_000_001
NEXT_DAY = desk.DAY + 1


class Day(NamedTuple):
    """A log whose day is over."""

    url: str
    partitions: int


def rules(partitions: int) -> Rules:
    return short_day.rules(partitions)


# ---------------------------------------------------------------------------------- a day


def gtc(name: str) -> e.OrderSubmitted:
    return desk.order(
        f"g-{name}",
        name,
        time_in_force=e.TimeInForce.GTC,
        limit_px=RESTS_PX,
        order_qty=ORDER_QTY,
    )


def allotment(shard: int) -> e.LimitAllotted:
    return e.LimitAllotted(
        scope=e.ControlScope.FIRM,
        scope_id="",
        currency="USD",
        shard=shard,
        allotted_notional_cur=ALLOTTED_CUR,
        set_ns=1,
    )


def close_day(log: Log, publisher: desk.Publisher, running: Any, day: int) -> None:  # noqa: ANN401
    publisher.send(e.DayClosed(day=day, set_ns=time.time_ns()))
    position = len(proof.read_all(log, "controls", 0))

    def is_closed() -> bool:
        taken = [in_process.taken(log, "controls", shard) for shard in range(log.partitions)]
        return min(taken) == position

    in_process.until(is_closed, "the close", running)


def first_fill(child: e.ChildRouted, child_id: str) -> e.ExecutionReported:
    now_ns = time.time_ns()
    return e.ExecutionReported(
        venue=child.venue,
        instrument_id=child.instrument_id,
        child_id=child_id,
        exec_id=f"{child_id}/1",
        exec_type=e.ExecType.TRADE,
        exec_ref_id=None,
        last_qty=FILLED_QTY,
        last_px=child.limit_px,
        cum_qty=FILLED_QTY,
        leaves_qty=child.child_qty - FILLED_QTY,
        liquidity=e.Liquidity.ADDED,
        text="",
        session_day=desk.DAY,
        transact_ns=now_ns,
        received_ns=now_ns,
    )


def closed(url: str, partitions: int) -> Day:
    """A closed day with an order in each instrument that is filled in part and carried."""
    with open_log(url, partitions=partitions) as log:
        publisher = desk.Publisher(log, desk.OMS)
        desk.open_day(publisher, NAMES)
        publisher.send(*map(allotment, range(partitions)), *map(gtc, NAMES))
        with in_process.worker(in_process.opener(url, partitions)) as running:
            routed: dict[str, e.ChildRouted] = {}

            def all_are_routed() -> bool:
                for shard in range(partitions):
                    for child in in_process.events(log, "routes", e.ChildRouted, shard):
                        if child.child_qty >= FILLED_QTY:
                            routed.setdefault(child.instrument_id, child)
                            ids.setdefault(child.instrument_id, f"{shard}-{child.seq}")
                return len(routed) == len(NAMES)

            ids: dict[str, str] = {}
            in_process.until(all_are_routed, "a child of each", running)
            publisher.send(*(first_fill(child, ids[name]) for name, child in routed.items()))
            in_process.until(
                lambda: len(in_process.events(log, "allocations", e.FillAllocated)) == len(NAMES),
                "a fill of each",
                running,
            )
            halt = e.InstrumentHaltSet(instrument_id=HALTED, text="news", set_by="desk", set_ns=1)
            publisher.send(halt)
            close_day(log, publisher, running, desk.DAY)
    return Day(url, partitions)


def reopened(day: Day, url: str, partitions: int) -> repartition.NewLog:
    with (
        open_log(day.url, partitions=day.partitions) as old,
        open_log(url, partitions=partitions) as new,
    ):
        return repartition.repartition(old, new, rules(partitions))


def carried(url: str, partitions: int) -> dict[str, e.OrderCarried]:
    """The carried orders, by the client's id."""
    with open_log(url, partitions=partitions) as log:
        return {x.cl_ord_id: x for x in in_process.events(log, "ingest", e.OrderCarried)}


def amend(name: str) -> e.OrderAmendRequested:
    return e.OrderAmendRequested(
        source=desk.OMS,
        cl_ord_id=f"a-{name}",
        orig_cl_ord_id=f"g-{name}",
        instrument_id=name,
        order_qty=ORDER_QTY,
        limit_px=MEETS_PX,
        received_ns=time.time_ns(),
    )


class Filling(live.Venue):
    """Fills each child whole at once."""

    def _routed(self, child: live.Resting) -> Iterator[Input]:
        self._children[child.child_id] = child
        yield self._report(child, e.ExecType.TRADE, child.leaves_qty)


def after_the_close(child: e.ChildCarried, kind: e.ExecType, qty: int) -> e.ExecutionReported:
    """A report of the next day on a child of the old log."""
    now_ns = time.time_ns()
    is_bust = kind is e.ExecType.TRADE_CANCEL
    return e.ExecutionReported(
        venue=child.venue,
        instrument_id=child.instrument_id,
        child_id=child.child_id,
        exec_id=f"{child.child_id}/2",
        exec_type=kind,
        exec_ref_id=f"{child.child_id}/1" if is_bust else None,
        last_qty=qty,
        last_px=child.limit_px,
        cum_qty=0,
        leaves_qty=0,
        liquidity=e.Liquidity.ADDED,
        text="",
        session_day=NEXT_DAY,
        transact_ns=now_ns,
        received_ns=now_ns,
    )


def late_reports(log: Log) -> list[e.ExecutionReported]:
    """A bust of the first instrument's fill of yesterday, and a late fill of the second's child."""
    filled = {
        x.instrument_id: x for x in in_process.events(log, "fills", e.ChildCarried) if x.fills
    }
    busted, late = (filled[name] for name in NAMES[:2])
    return [
        after_the_close(busted, e.ExecType.TRADE_CANCEL, FILLED_QTY),
        after_the_close(late, e.ExecType.TRADE, LATE_QTY),
    ]


def next_day(url: str, partitions: int) -> None:
    """The next day, in the new log: resends are duplicates, limits are amended, all fill."""
    lifted = e.SuspensionLifted(
        scope=e.ControlScope.INSTRUMENT, scope_id=HALTED, set_by="desk", text="", set_ns=1
    )
    venue = Filling(url, partitions)
    venue.start()
    with open_log(url, partitions=partitions) as log:
        publisher = desk.Publisher(log, desk.OMS)

        def quotes() -> list[Any]:
            now_ns = time.time_ns()
            seen = [desk.quote(name, v, now_ns) for name in NAMES for v in desk.VENUES]
            return [*seen, *(printed(name, now_ns) for name in NAMES)]

        publisher.send(replace(desk.day_opened(time.time_ns()), day=NEXT_DAY), lifted, *quotes())
        with in_process.worker(in_process.opener(url, partitions)) as running:
            in_process.until(
                lambda: len(in_process.events(log, "ingest", e.OrderResumed)) == len(NAMES),
                "all resume",
                running,
            )
            publisher.send(*late_reports(log))
            in_process.until(
                lambda: in_process.events(log, "allocations", e.FillReallocated), "a bust", running
            )
            publisher.send(*map(gtc, NAMES), *map(amend, NAMES))

            def all_are_done() -> bool:
                publisher.send(*quotes())
                time.sleep(0.1)
                return allocated_qty(log) == len(NAMES) * (ORDER_QTY - FILLED_QTY) + FILLED_QTY

            in_process.until(all_are_done, "the rest of each", running)
            close_day(log, publisher, running, NEXT_DAY)
    venue.finish()


def printed(name: str, now_ns: int) -> e.TradeObserved:
    """Enough printed volume for the orders to take part in."""
    return e.TradeObserved(
        venue=desk.VENUES[0],
        instrument_id=name,
        last_px=desk.MID_PX,
        last_qty=10_000,
        eligible=True,
        conditions="",
        event_ns=now_ns,
        received_ns=now_ns,
    )


def allocated_qty(log: Log) -> int:
    return sum(
        sum(event.shares_qty) + sum(event.other_shares_qty)
        for event in in_process.events(log, "allocations", e.FillAllocated)
    )


# -------------------------------------------------------------------------------- the proof


def proved(url: str, partitions: int) -> list[verification.Proof]:
    found = []
    with open_log(url, partitions=partitions) as log:
        for number in range(partitions):
            steps = verification.verify(log, number, rules(partitions))
            while True:
                try:
                    next(steps)
                except StopIteration as done:
                    found.append(done.value)
                    break
    return found


def recovered(log: Log, number: int) -> Shard:
    steps = recover(log, number, rules(log.partitions))
    while True:
        try:
            next(steps)
        except StopIteration as done:
            shard: Shard = done.value
            return shard


def holds(day: Day, url: str, partitions: int) -> None:
    """The new log begins with what the old one carried, and passes verification."""
    with (
        open_log(day.url, partitions=day.partitions) as old,
        open_log(url, partitions=partitions) as new,
    ):
        assert repartition.problems(new, old, rules(partitions)) == []
        shards = [recovered(new, number) for number in range(partitions)]
        highest = max(seal.next_seq for seal in map(last, shards_of(old), [old] * old.partitions))
        assert all(shard.state.next_seq > highest for shard in shards)
    assert [found.difference for found in proved(url, partitions)] == [None] * partitions
    before, after = carried(day.url, day.partitions), carried(url, partitions)
    assert before.keys() == after.keys()
    for cl_ord_id, order in before.items():
        then = after[cl_ord_id]
        assert replace(then, seq=0, at_ns=0, cause="") == replace(order, seq=0, at_ns=0, cause="")
        assert then.allocated_qty == FILLED_QTY


def shards_of(log: Log) -> range:
    return range(log.partitions)


def last(number: int, log: Log) -> e.BatchSealed:
    record = log.last("journal", number)
    assert record is not None
    seal: e.BatchSealed = codec.decode("journal", record.value)
    return seal
