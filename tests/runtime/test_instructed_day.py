"""A day on which the desk steers its parents: it is recovered, and breaks no rule of the view."""

from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest
from logged import Live, recovered
from world import (
    HOUR,
    LIT,
    MINUTE,
    NOW_NS,
    OTHER_LIT,
    amend,
    day_closed,
    fill_report,
    instructed,
    market,
    order,
    policy,
    px,
    quote,
    report,
    trade,
)

import projections
from engine.core import events as e
from engine.core.state import fingerprint
from engine.core.state.model import Parent
from engine.log.embedded import EmbeddedLog

END_NS = NOW_NS + HOUR
PLENTY = 10_000_000


class Desk:
    """The live shard, and what the desk and the venues say to it."""

    def __init__(self, live: Live) -> None:
        self.live = live
        self.filled = 0

    def parent(self, cl_ord_id: str) -> Parent:
        state = self.live.shard.state
        order_id = state.order_ids["oms", cl_ord_id]
        return state.parents[state.orders[order_id].parent_id]

    def tell(self, cl_ord_id: str, action: e.ParentAction, **said: Any) -> None:  # noqa: ANN401
        self.live.when(instructed(self.parent(cl_ord_id), action, **said))

    def answered(self, part: int = 0) -> None:
        """Venues fill a part of what they have to cancel, and confirm."""
        for child in self.live.children():
            if child.is_cancelling:
                self.filled += 1
                fills = [fill_report(child, part, f"E{self.filled}")] if part else []
                self.live.when(*fills, report(child, e.ExecType.CANCELED, f"X{self.filled}"))

    def later(self, minutes: int) -> None:
        live = self.live
        now_ns = live.now_ns + minutes * MINUTE
        fresh = [quote(venue, received_ns=now_ns) for venue in (LIT, OTHER_LIT)]
        live.when(*fresh, trade(PLENTY, received_ns=now_ns), after_ns=minutes * MINUTE)


def play(live: Live) -> None:
    desk, action = Desk(live), e.ParentAction
    ruled = policy(strategy=e.Strategy.TWAP, router=e.Router.SEQUENTIAL)
    live.when(*market(), ruled, trade(PLENTY))
    live.when(order("b1", 6_000, end_ns=END_NS), order("b2", 30_000, end_ns=END_NS, client_id="c3"))
    desk.tell("b1", action.PAUSE)
    desk.answered(part=40)
    sells = {"side": e.Side.SELL, "client_id": "c2", "end_ns": END_NS}
    live.when(order("s1", 900, **sells), order("b3", 500, end_ns=END_NS))
    desk.later(2)
    live.when(amend("b1", limit_px=px(100.05), order_type=e.OrderType.LIMIT))
    desk.later(2)
    desk.tell("b1a", action.RESUME)
    desk.later(1)
    for child in live.children():
        live.when(fill_report(child, child.leaves_qty // 2 or 1, f"F{child.child_id}"))
    desk.tell("b1a", action.EXCLUDE_VENUE, venue=LIT)
    desk.answered(part=10)
    desk.later(1)
    desk.tell("b2", action.COMPLETE_NOW)
    desk.answered()
    for child in live.children():
        live.when(fill_report(child, child.leaves_qty // 2, f"G{child.child_id}"))
    desk.tell("b2", action.RESUME)
    desk.tell("b2", action.INCLUDE_VENUE, venue=LIT)
    desk.tell("b2", action.URGENCY, urgency=e.Urgency.HIGH)
    desk.later(1)


@pytest.fixture(autouse=True)
def every_seal_states_a_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fingerprint, "HASH_EVERY_BATCHES", 1)


def test_a_day_with_instructions_is_recovered_and_keeps_every_rule(tmp_path: Path) -> None:
    with EmbeddedLog(tmp_path / "log.db", 1) as log:
        live = Live(log)
        play(live)
        assert repr(recovered(log).state) == repr(live.shard.state)
        live.when(day_closed())
        assert recovered(log).chain == live.shard.chain
        live.close()
        projections.rebuild(log, tmp_path / "p.duckdb")
    with closing(duckdb.connect(str(tmp_path / "p.duckdb"))) as connection:
        broken = "select name, violations from invariants where violations > 0"
        assert connection.execute(broken).fetchall() == []
        found = dict(
            connection.execute(
                "select reason, count(*) from child_cancel_requested group by reason"
            ).fetchall()
        )
        assert {"PAUSED_BY_DESK", "EXCLUDED_BY_DESK"} <= set(found)
        crossed = "select sum(cross_qty) from orders_crossed"
        assert connection.execute(crossed).fetchone() != (None,)
        plans = "select count(*) from plan_adopted where reason = 'INSTRUCTED'"
        assert connection.execute(plans).fetchone() == (3,)
