"""Two days of random orders, changes and reports, and what clients were told of them.

    PYTHONPATH=tests/core .venv/bin/python tests/runtime/two_days.py 20000

Clients submit, amend and cancel; venues acknowledge, fill, end, refuse cancels, fill after the end,
bust and correct. After every step the quantities that clients were told, folded from the events
alone, and the error account are the fills in force, and each order's quantity is what it was told,
withdrawn and open. Only orders that were members when a child was sent share in its fills, apart
from what those could not take while the child was live. Every request has one final answer.
On the second day venues also report late fills, busts and corrections of the first day's children,
and the names of both days' executions again.
"""

import sys
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

from world import (
    CLIENT,
    CLOSE_NS,
    DAY,
    HOUR,
    LIT,
    OPEN_NS,
    OTHER_LIT,
    SECOND,
    World,
    amend,
    bust,
    cancel,
    cancel_rejected,
    children,
    correction,
    day_closed,
    day_opened,
    fill_report,
    fills,
    market,
    order,
    orders,
    policy,
    px,
    quote,
    report,
    tick_table,
)

from engine.core import events as e
from engine.core.state.model import Child
from engine.core.state.state import State
from engine.gateways.orders.execution_reports import ExecutionReports

STEPS = 40  # Of a day.
REQUESTS = (e.OrderSubmitted, e.OrderAmendRequested, e.OrderCancelRequested)
ENDS = (e.ExecType.CANCELED, e.ExecType.CANCELED, e.ExecType.EXPIRED, e.ExecType.REJECTED)


class Told:
    """What clients were told, folded from the events alone."""

    def __init__(self) -> None:
        self.order_qty: Counter[str] = Counter()
        self.cum_qty: Counter[str] = Counter()
        self.withdrawn_qty: Counter[str] = Counter()
        self.crossed_qty = 0
        self.filled_qty = 0  # Of the venues' fills.
        self.error_qty: Counter[str] = Counter()  # By fill.
        self.members: dict[str, set[str]] = {}  # Of each parent, now.
        self.sent_for: dict[str, set[str]] = {}  # By child: the members when it was sent.
        self.child_of: dict[str, str] = {}  # By fill.
        self.closed: set[str] = set()  # Children that their venue has ended.
        self.notional: Counter[str] = Counter()  # Of each order, sum of px * qty.
        self.ended: set[str] = set()  # Orders that a close forgot.
        self.carried: set[str] = set()  # By the close that is being written.
        self.reports = ExecutionReports(shard=0)
        self.asked: Counter[str] = Counter()
        self.answered: Counter[str] = Counter()

    def fold(self, seq_id: str, event: Any) -> None:  # noqa: ANN401  One list.
        self.reports.take(event)
        match event:
            case e.OrderAccepted():
                self.order_qty[seq_id] = event.order_qty
                self.answered[event.cl_ord_id] += 1
            case e.OrderRejected() | e.OrderChangeRejected():
                self.answered[event.cl_ord_id] += 1
            case e.OrderAmended():
                self.order_qty[event.order_id] = event.order_qty
                self.answered[event.cl_ord_id] += 1
            case e.OrderCancelled():
                self.withdrawn_qty[event.order_id] += event.withdrawn_qty
                self.answered[event.cl_ord_id] += bool(event.cl_ord_id)
            case e.OrderExpired():
                self.withdrawn_qty[event.order_id] += event.withdrawn_qty
            case e.OrderRestated():
                self.withdrawn_qty[event.order_id] -= event.restated_qty
                assert self.withdrawn_qty[event.order_id] == event.withdrawn_qty
            case e.MemberJoined():
                self.members.setdefault(event.parent_id, set()).add(event.order_id)
            case e.MemberLeft():
                self.members[event.parent_id].remove(event.order_id)
            case e.ParentEnded():
                self.members[event.parent_id] = set()
            case e.ChildRouted():
                self.sent_for[seq_id] = set(self.members[event.parent_id])
            case e.ChildClosed():
                self.closed.add(event.child_id)
            case e.CrossAllocated():
                for share in event.shares:
                    self.tell(share.order_id, share.share_qty, event.cross_px)
                    self.crossed_qty += share.share_qty
            case e.OrderCarried():
                self.carried.add(event.order_id)
            case e.PositionsCarried():
                self.ended |= self.order_qty.keys() - self.carried
                self.carried.clear()
            case _:
                self.fold_fill(seq_id, event)

    def fold_fill(self, seq_id: str, event: Any) -> None:  # noqa: ANN401
        match event:
            case e.FillBooked():
                self.filled_qty += event.last_qty
                self.child_of[seq_id] = event.child_id
            case e.FillBusted():
                self.filled_qty -= event.last_qty
            case e.FillCorrected():
                self.filled_qty += event.last_qty - event.previous_qty
            case e.FillAllocated():
                others = dict(zip(event.other_order_ids, event.other_shares_qty, strict=True))
                told = dict(zip(event.order_ids, event.shares_qty, strict=True)) | others
                for order_id, qty in told.items():
                    assert order_id not in self.ended, "its client was told that it is over"
                    self.tell(order_id, qty, event.last_px)
                self.error_qty[event.fill_id] = event.error_qty
                child_id = self.child_of[event.fill_id]
                sent_for = self.sent_for[child_id]
                assert set(event.order_ids) <= sent_for
                assert set(others) <= sent_for or child_id not in self.closed
            case e.FillReallocated():
                final = [x for x in event.before if x.order_id in self.ended]
                assert final == [x for x in event.after if x.order_id in self.ended]
                for share in event.before:
                    if share not in final:
                        self.tell(share.order_id, -share.share_qty, event.previous_px)
                for share in event.after:
                    if share not in final:
                        self.tell(share.order_id, share.share_qty, event.last_px)
                self.error_qty[event.fill_id] = event.error_qty

    def tell(self, order_id: str, qty: int, px: int) -> None:
        self.cum_qty[order_id] += qty
        self.notional[order_id] += qty * px

    def check(self, state: State) -> None:
        told_qty = self.cum_qty.total() - self.crossed_qty
        assert told_qty + self.error_qty.total() == self.filled_qty
        waiting: Counter[str] = Counter()
        for order_id, found in orders(state).items():
            cum_qty, withdrawn_qty = self.cum_qty[order_id], self.withdrawn_qty[order_id]
            assert found.cum_qty == cum_qty, found
            assert found.notional == self.notional[order_id], "the average of its whole life"
            assert found.open_qty == self.order_qty[order_id] - cum_qty - withdrawn_qty >= 0, found
            assert min(cum_qty, withdrawn_qty) >= 0, found
            told = self.reports.orders[order_id]
            assert (told.cum_qty, told.notional) == (cum_qty, found.notional), found
            assert told.leaves_qty == found.open_qty, found
            assert 0 <= told.former_cum_qty <= told.cum_qty, "the day's part"
            if found.pending is not None:
                waiting[found.pending.cl_ord_id] += 1
        assert self.asked == self.answered + waiting


class TwoDays:
    """The inputs of one seed, for any shard that takes them."""

    def __init__(self, seed: int, step: Callable[..., State]) -> None:
        self.random = Random(seed)  # noqa: S311  A test's own chance.
        self.step = step
        self.now_ns = OPEN_NS + HOUR
        self.count = 0
        self.day = 0

    def run(self) -> None:
        router = self.random.choice((e.Router.SEQUENTIAL, e.Router.PARALLEL, e.Router.AUTO))
        window_ns = self.random.choice((0, 0, SECOND))
        self.state = self.step(
            *market(),
            tick_table((0, px(0.01))),
            policy(router=router, window_ns=window_ns, join_until_ppm=1_000_000),
        )
        for self.day in (0, 1):
            if self.day:
                self.open()
            for _ in range(STEPS):
                inputs = self.random.choice(self.choices())()
                if inputs:
                    self.state = self.step(*inputs)
            if not self.day:
                self.evening()
            self.state = self.step(day_closed(DAY + self.day))

    def evening(self) -> None:
        """Orders of both kinds share parents that trade at once; the close cuts their children."""
        self.wait(CLOSE_NS - 100 * SECOND - self.now_ns)
        self.state = self.step(*self.fresh())
        self.state = self.step(
            *(self.order(self.random.choice(tuple(e.TimeInForce)), None) for _ in range(4))
        )
        few = [self.fill, self.fill, self.end, self.late_fill, self.bust, self.correct]
        for _ in range(10):
            inputs = self.random.choice(few)()
            if inputs:
                self.state = self.step(*inputs)

    def open(self) -> None:
        open_ns = OPEN_NS + 24 * HOUR * self.day
        self.wait(open_ns + HOUR - self.now_ns)
        self.state = self.step(day_opened(DAY + self.day, open_ns), *self.fresh())

    def wait(self, later_ns: int) -> None:
        self.now_ns += later_ns
        self.state = self.step(after_ns=later_ns)

    def choices(self) -> list[Callable[[], list[Any]]]:
        return [
            *(self.submit, self.submit, self.amend, self.cancel, self.later),
            *(self.fill, self.fill, self.fill, self.end, self.end_cancelling, self.refuse),
            *(self.late_fill, self.late_fill, self.bust, self.bust, self.correct),
            *((self.late_fill, self.bust, self.correct, self.resend) if self.day else ()),
        ]

    def fresh(self) -> list[Any]:
        return [quote(venue, received_ns=self.now_ns) for venue in (LIT, OTHER_LIT)]

    def name(self, kind: str) -> str:
        self.count += 1
        return f"{kind}{self.count}"

    # Clients.

    def submit(self) -> list[Any]:
        soon_ns = (self.now_ns // (100 * SECOND) + 1) * 100 * SECOND
        is_gtc = self.random.random() < 0.4
        kind, end_ns = (e.TimeInForce.GTC, None) if is_gtc else (e.TimeInForce.DAY, soon_ns)
        return [self.order(kind, end_ns) for _ in range(self.random.randint(1, 3))]

    def order(self, time_in_force: e.TimeInForce, end_ns: int | None) -> Any:  # noqa: ANN401
        return order(
            self.name("o"),
            self.random.choice((1, 50, 100, 300, 900)),
            side=self.random.choice((e.Side.BUY, e.Side.BUY, e.Side.SELL)),
            limit_px=self.random.choice((px(99.95), px(99.95), px(99.97), px(100.06))),
            client_id=self.random.choice((CLIENT, "c2", "c3")),
            must_complete=True,
            end_ns=end_ns,
            time_in_force=time_in_force,
            crossing_consent=self.random.random() < 0.3,
        )

    def known(self) -> str | None:
        found = list(orders(self.state).values())
        return self.random.choice(found).cl_ord_id if found else None

    def amend(self) -> list[Any]:
        name = self.known()
        qty = self.random.choice((None, 40, 200, 700))
        limit_px = self.random.choice((None, px(99.95), px(99.75), px(100.06)))
        said = {"cl_ord_id": self.name("a"), "order_qty": qty, "limit_px": limit_px}
        return [] if name is None else [amend(name, **said)]

    def cancel(self) -> list[Any]:
        name = self.known()
        return [] if name is None else [cancel(name, cl_ord_id=self.name("x"))]

    def later(self) -> list[Any]:
        self.wait(self.random.choice((1, SECOND, 20 * SECOND, 100 * SECOND)))
        return self.fresh()

    # Venues.

    def child(self, *, is_live: bool) -> Child | None:
        found = [x for x in children(self.state).values() if x.is_live == is_live]
        return self.random.choice(found) if found else None

    def fill(self) -> list[Any]:
        child = self.child(is_live=True)
        if child is None:
            return []
        qty = self.random.choice((1, child.leaves_qty // 2, child.leaves_qty, child.leaves_qty))
        beyond_qty = self.random.choice((0,) * 15 + (70,))
        return [fill_report(child, max(1, qty) + beyond_qty, self.name("E"), **self.dated())]

    def dated(self) -> dict[str, Any]:
        """The session day, and a price of the two that fills have."""
        return {
            "session_day": DAY + self.day,
            "last_px": self.random.choice((px(99.95), px(99.93))),
        }

    def late_fill(self) -> list[Any]:
        child = self.child(is_live=False)
        if child is None:
            return []
        left_qty = child.terms.child_qty - child.filled_qty
        qty = left_qty if left_qty > 0 else self.random.choice((0, 0, 30))
        return [fill_report(child, qty, self.name("E"), **self.dated())] if qty else []

    def end(self) -> list[Any]:
        child = self.child(is_live=True)
        kind = self.random.choice(ENDS)
        return [] if child is None else [report(child, kind, self.name("R"))]

    def end_cancelling(self) -> list[Any]:
        asked = [x for x in children(self.state).values() if x.is_live and x.is_cancelling]
        return [report(child, e.ExecType.CANCELED, self.name("R")) for child in asked]

    def refuse(self) -> list[Any]:
        asked = [x for x in children(self.state).values() if x.is_live and x.is_cancelling]
        return [cancel_rejected(self.random.choice(asked))] if asked else []

    def bust(self) -> list[Any]:
        return self.revised(lambda fill, said: bust(fill.child, **said))

    def correct(self) -> list[Any]:
        change_qty = self.random.choice((-40, -1, 0, 1, 60))
        return self.revised(
            lambda fill, said: correction(fill.child, max(1, fill.last_qty + change_qty), **said)
        )

    def resend(self) -> list[Any]:
        """The first report of a fill once more."""
        known = [fill for fill in fills(self.state).values() if len(fill.executions) == 1]
        if not known:
            return []
        fill = self.random.choice(known)
        _, day, exec_id, _ = fill.executions[0]
        said = {"session_day": day, "last_px": fill.last_px}
        return [fill_report(fill.child, fill.last_qty, exec_id, **said)]

    def revised(self, build: Callable[[Any, dict[str, Any]], Any]) -> list[Any]:
        in_force = [fill for fill in fills(self.state).values() if fill.last_qty]
        if not in_force:
            return []
        fill = self.random.choice(in_force)
        said: dict[str, Any] = {
            "exec_ref_id": fill.executions[0][2],
            "exec_id": self.name("C"),
        }
        said["session_day"] = self.random.choice((fill.executions[0][1], DAY + self.day))
        return [build(fill, said)]


def run(seed: int) -> tuple[World, Told]:
    """Play a seed and check every step; returns both for more questions."""
    world, told = World(evict_after_ns=(0, 5 * SECOND)[seed % 2]), Told()

    def step(*inputs: Any, after_ns: int = 0) -> State:  # noqa: ANN401
        world.when(*inputs, after_ns=after_ns)
        told.asked.update(x.cl_ord_id for x in inputs if isinstance(x, REQUESTS))
        for event in world.events:
            told.fold(world.state.event_id(event.seq), event)
        told.check(world.state)
        return world.state

    TwoDays(seed, step).run()
    folded = world.folded()
    assert folded.state == world.state, "a recovery comes to another state"
    assert folded.chain == world.shard.chain
    return world, told


def main(seeds: int) -> None:
    for seed in range(seeds):
        try:
            run(seed)
        except AssertionError:
            print(f"seed {seed}")  # noqa: T201  A script.
            raise
        if seed % 500 == 499:
            print(f"{seed + 1} seeds hold", flush=True)  # noqa: T201


if __name__ == "__main__":
    main(int(sys.argv[1]))
