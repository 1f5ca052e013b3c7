"""The map cannot lie: every event that the pipeline writes is in the table, and the reverse."""

from collections import Counter
from collections.abc import Callable
from typing import Any, get_args

import pytest
from world import (
    CLOSE_NS,
    HOUR,
    LIT,
    MINUTE,
    NOW_NS,
    OPEN_NS,
    OTHER_LIT,
    SECOND,
    Raw,
    World,
    allotment,
    amend,
    at_once,
    break_settled,
    bust,
    calendar,
    cancel,
    cancel_rejected,
    correction,
    curve,
    dark_venue,
    day_closed,
    day_opened,
    fees,
    fill_report,
    halt,
    instructed,
    instrument,
    kill,
    lift,
    make,
    not_sent,
    order,
    policy,
    px,
    quote,
    report,
    restriction,
    risk_limit,
    session,
    tick_table,
    trade,
    trading,
    writer_key,
)

from engine import topology
from engine.core import events as e
from engine.core.controls import risk
from engine.core.controls.rejected_input import RejectedInput
from engine.core.orders import good_till_cancel
from engine.core.routing import scorecard

STAGE_EVENTS = get_args(e.StageEvent)
GTC: dict[str, Any] = {"time_in_force": e.TimeInForce.GTC}


# ------------------------------------------------------------------------ the whole table


@pytest.mark.parametrize("kind", STAGE_EVENTS, ids=lambda kind: kind.__name__)
def test_every_stage_event_is_folded_and_written_by_a_row_of_its_topic(kind: type) -> None:
    rows = [row for row in topology.TABLE if kind in row.events]

    assert topology.EVOLVE[kind]
    assert {row.topic for row in rows} == {e.TOPIC_OF[kind]}


def test_every_row_lists_events_of_its_own_topic_and_reacts_to_events_that_are_sent() -> None:
    loops = (topology.PLAN, topology.UPKEEP, topology.ADOPT, topology.CONTINUATION)
    told = {*e.TOPIC_OF, RejectedInput, *loops}
    for row in topology.TABLE:
        assert {e.TOPIC_OF[kind] for kind in row.events} == {row.topic}
        assert set(row.reacts_to) <= told


def test_every_type_that_a_module_decides_on_is_in_its_rows() -> None:
    for kind, stages in topology.DECIDE.items():
        for stage in stages:
            rows = [row for row in topology.TABLE if row.module.__name__ == stage.__module__]
            assert any(kind in row.reacts_to for row in rows), stage


def test_every_input_is_folded_or_decided_on() -> None:
    inputs = {kind for kind, topic in e.TOPIC_OF.items() if kind not in STAGE_EVENTS}
    inputs.discard(e.BatchSealed)

    assert inputs <= {*topology.FACT, *topology.DECIDE}


def test_no_request_is_a_fact() -> None:
    requests = {kind for kind, topic in e.TOPIC_OF.items() if topic == "orders"}
    reports = {e.ExecutionReported, e.NotSent, e.CancelRejected}

    assert not set(topology.FACT) & (requests | reports)


def test_a_type_that_two_modules_fold_is_folded_in_the_order_of_the_tables() -> None:
    found = topology.joined([{int: abs, str: min}, {int: max}])

    assert found == {int: (abs, max), str: (min,)}


def test_an_ended_parent_is_reconciled_before_its_orders_end() -> None:
    modules = [stage.__module__ for stage in topology.DECIDE[e.ParentEnded]]

    assert modules == ["engine.core.allocation.shares", "engine.core.orders.intake"]


def test_the_picture_has_a_line_for_every_row() -> None:
    lines = topology.picture().splitlines()

    assert len(lines) == 2 + len(topology.TABLE)
    assert "| `slices` | strategy.slicing | planning | SliceHeld, SliceReleased |" in lines


# ------------------------------------------------------------------- the pipeline watched

Written = Counter[tuple[str, type | str, type]]


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Written:
    """Counts (module, what it reacted to, event) of everything that any module answers."""
    found: Written = Counter()

    def watched(function: Callable[..., Any], trigger: type | str) -> Callable[..., Any]:
        def call(*args: Any) -> Any:  # noqa: ANN401  As the function.
            events = function(*args)
            found.update((function.__module__, trigger, type(event)) for event in events)
            return events

        return call

    steps = {
        step: watched(step, topology.PLAN)
        for step in (*topology.GATHER, *topology.WORK, *topology.END)
    }
    decide = {
        kind: tuple(watched(stage, kind) for stage in stages)
        for kind, stages in topology.DECIDE.items()
    }
    monkeypatch.setattr(topology, "DECIDE", decide)
    for name in ("GATHER", "WORK", "END"):
        monkeypatch.setattr(topology, name, tuple(steps[s] for s in getattr(topology, name)))
    for name in ("WHILE_HALTED", "REPEATED"):
        monkeypatch.setattr(topology, name, frozenset(steps[s] for s in getattr(topology, name)))
    monkeypatch.setattr(
        good_till_cancel,
        "resume_or_cancel",
        watched(good_till_cancel.resume_or_cancel, topology.PLAN),
    )
    monkeypatch.setattr(scorecard, "update", watched(scorecard.update, topology.UPKEEP))
    monkeypatch.setattr(risk, "resume_source", watched(risk.resume_source, e.OrderSubmitted))
    return found


def play() -> World:
    """Two days in which every kind of event is written at least once."""
    world = trading(dark_venue(), quote(OTHER_LIT), policy(strategy=e.Strategy.TWAP))
    _held(world)
    _orders(world)
    _reports(world)
    _silence(world)
    _trouble(world)
    _paused(world)
    world.given(Raw("orders", source="lost", number=7)).given(halt("MSFT")).resend()
    world.given(order("k", 5_000, client_id="c2", limit_px=px(99.95), no_dark=True, **GTC))
    later_ns = world.now_ns + 5 * MINUTE
    world.given(quote(received_ns=later_ns), after_ns=5 * MINUTE)
    world.given(order("gtc", limit_px=px(99.00), **GTC))
    world.at(CLOSE_NS, quote(received_ns=CLOSE_NS))
    world.given(order("never", order_qty=100), session(OTHER_LIT, up=False))
    _carried(world)
    world.at(CLOSE_NS + MINUTE, day_closed())
    open_ns = OPEN_NS + 24 * HOUR
    begin = (allotment(1), day_opened(20180103, open_ns), quote(received_ns=open_ns))
    world.at(open_ns, *begin).when(after_ns=SECOND)  # Carried orders meet the split, then wait.
    return world.given(allotment(1_000_000_000))


def _paused(world: World) -> None:
    """An order in the break of its calendar."""
    edges = ((OPEN_NS, OPEN_NS + MINUTE), (CLOSE_NS - HOUR, CLOSE_NS))
    listed = tuple(e.TradingSession(open_ns=first, close_ns=last) for first, last in edges)
    world.given(instrument("PAUSED", calendar_id="US"), calendar(sessions=listed))
    world.given(tick_table((0, 10_000_000), instrument_id="PAUSED"))
    world.given(order("p", 100, instrument_id="PAUSED"))
    world.given(cancel("p", instrument_id="PAUSED"))


def _held(world: World) -> None:
    """Two parents of one mandate, whose second one waits."""
    ends = (NOW_NS + 30 * MINUTE, NOW_NS + 31 * MINUTE)
    for number, end_ns in enumerate(ends):
        world.given(order(f"h{number}", 5_000, client_id="c3", end_ns=end_ns))
    world.given(cancel("h0"), cancel("h1"))


def _carried(world: World) -> None:
    """Facts that a close carries."""
    world.given(tick_table((0, 10_000_000)), fees(), kill(), restriction("MSFT"))
    world.given(writer_key())
    split = {"action_id": "A1", "instrument_id": "AAPL", "new_qty": 1, "old_qty": 2}
    world.given(make(e.CorporateActionDefined, effective_day=20180103, **split))
    world.given(
        risk_limit(max_order_qty=1_000_000), allotment(1_000_000_000), curve((0, HOUR), (1,))
    )


def _orders(world: World) -> None:
    """Accepted, refused, crossed, amended in and out of the parent, cancelled, expired."""
    end_ns = NOW_NS + HOUR
    world.given(order("a", 6_000, end_ns=end_ns), order("b", 50, end_ns=end_ns), order("bad", 0))
    world.given(order("s", 500, side=e.Side.SELL, client_id="c2", end_ns=end_ns))
    world.given(order("g", 6_000, limit_px=px(99.95), client_id="c3", **GTC))
    world.given(amend("b", order_qty=40), amend("b", order_qty=30))
    world.given(amend("a", order_qty=5_000))
    world.given(order("l", 40, limit_px=px(99.00), end_ns=end_ns))
    world.given(instructed(world.parent("l"), e.ParentAction.EXCLUDE_VENUE, venue=LIT))
    world.given(amend("l", limit_px=px(98.00)), cancel("a"), cancel("unknown"))
    world.given(*(report(c, e.ExecType.CANCELED) for c in world.children()))
    world.given(order("a", 6_000, end_ns=end_ns, poss_resend=True))
    world.given(cancel("l")).when(after_ns=HOUR)


def _reports(world: World) -> None:
    """Every kind of report, on children that post, take, are busted and corrected."""
    now_ns = world.now_ns
    fresh = quote(received_ns=now_ns)
    said: dict[str, Any] = {"end_ns": now_ns + 50 * SECOND, "limit_px": px(99.95), "order_qty": 400}
    world.given(fresh, at_once("r", **said))
    first, *rest = world.children()
    world.given(report(first), report(first, e.ExecType.UNKNOWN), cancel("r"))
    world.given(cancel_rejected(first), fill_report(first, 50), fill_report(first, 20, "E2"))
    world.given(bust(first), correction(first, 10, "E2"), fill_report(first, 9_000, "E3"))
    world.given(*(not_sent(c) for c in rest), bust(first, "nothing"))
    world.given(*(report(c, e.ExecType.EXPIRED) for c in world.children()))
    _late_bust(world)


def _late_bust(world: World) -> None:
    """A bust of a parent that had ended, and a fill after the order was cancelled."""
    now_ns = world.now_ns
    world.given(at_once("t", 100, end_ns=now_ns + 50 * SECOND, settlement="T"))
    child = world.children()[-1]
    world.given(report(child, cum_qty=100), fill_report(child, 100, "T1", cum_qty=100))
    world.given(bust(child, "T1"))
    again = world.children()[-1]
    world.given(cancel("t")).given(report(again, e.ExecType.CANCELED))
    world.given(fill_report(again, 10, "T2"))
    world.given(at_once("u", 100, limit_px=px(99.95), end_ns=now_ns + 50 * SECOND))
    child = world.children()[-1]
    world.given(report(child, e.ExecType.CANCELED, cum_qty=50))
    booked = {"error_qty": 10, "error_px": px(99.95), "instrument_id": "AAPL"}
    world.given(break_settled(list(world.state.breaks)[-1], **booked))


def _silence(world: World) -> None:
    """A venue that says nothing to a child and to the first questions."""
    end_ns = world.now_ns + 50 * SECOND
    world.given(policy(strategy=e.Strategy.TWAP, ack_within_ns=SECOND))
    world.given(at_once("v", 100, limit_px=px(99.95), end_ns=end_ns))
    child = world.children()[-1]
    for after_ns in (6 * SECOND, 2 * SECOND, 4 * SECOND):
        world.when(after_ns=after_ns)
    world.given(fill_report(child, 100, "V1"), policy(strategy=e.Strategy.TWAP))


def _trouble(world: World) -> None:
    """Suspensions that begin and end, a kill switch, a halt, a slice with nowhere to go."""
    now_ns = world.now_ns
    world.given(Raw("venue-reports", source=LIT), Raw("orders", source="x", number=3))
    world.given(session(LIT))
    record = order("again", source="x", client_id="nobody")
    world.given(Raw("orders", world._encoded("orders", record).value, source="x", number=3))  # noqa: SLF001
    world.given(session(LIT, up=False), session(OTHER_LIT, up=False), quote(received_ns=now_ns))
    world.given(at_once("nowhere", 100, end_ns=now_ns + 50 * SECOND))
    world.given(session(LIT), session(OTHER_LIT), kill(), kill(engaged=False), halt(), lift())
    world.given(trade(10_000), after_ns=MINUTE)


def test_all_that_the_pipeline_writes_stands_in_the_row_of_who_wrote_it(written: Written) -> None:
    play()

    for (module, trigger, kind), count in written.items():
        rows = [
            row
            for row in topology.TABLE
            if row.module.__name__ == module and kind in row.events and trigger in row.reacts_to
        ]
        assert rows, f"{module} answered {trigger} with {kind.__name__}, {count} times"


def test_every_stage_event_is_written_somewhere_in_two_eventful_days() -> None:
    told = {type(event) for event in play().history()}

    elsewhere = {
        e.LogContinued
    }  # By a log's first batches; see tests/pipeline/test_repartition.py.
    assert {kind.__name__ for kind in set(STAGE_EVENTS) - told} == {x.__name__ for x in elsewhere}


def test_the_two_days_fold_to_the_same_state() -> None:
    world = play()

    assert world.folded().state == world.state
