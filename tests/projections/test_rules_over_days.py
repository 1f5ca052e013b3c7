"""The rules on what one simple day does not show: an earlier parent's bust, a second day."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pytest
from projection_world import (
    DAY,
    World,
    at,
    fill,
    make,
    px,
    reference,
    report,
    route,
    share,
    work_order,
)

import projections
from engine.core import events as e
from engine.log.embedded import EmbeddedLog

LIT = [("Q", "NASDAQ", e.VenueKind.LIT)]


@contextmanager
def projected(
    folder: Path, write: Callable[[World], Any]
) -> Iterator[tuple[duckdb.DuckDBPyConnection, Any]]:
    """The projection of a log, and what its writer returned."""
    with EmbeddedLog(folder / "log.db", 1) as log:
        world = World(log)
        written = write(world)
        world.close()
        projections.rebuild(log, folder / "p.duckdb")
    with closing(duckdb.connect(str(folder / "p.duckdb"))) as connection:
        yield connection, written


def violated(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    return dict(
        connection.execute(
            "select name, violations from invariants where violations > 0"
        ).fetchall()
    )


def bust_of_an_earlier_parent(world: World) -> str:
    """An order moves to another parent by an amend; then a fill of the first one is busted."""
    reference(world, LIT)
    small, first = work_order(world, e.Side.BUY, 500)
    child = route(world, first, "Q", 100, 100.01)
    world.seal(at("10:00:00"))
    parts = (share(small, 100),)
    more = {"cum_qty": 100, "transact_ns": at("10:00:01")}
    booked = fill(world, first, child, "Q", 100, 100.01, parts=parts, **more)
    asked = world.input(make(e.OrderAmendRequested, source="oms", cl_ord_id="a", limit_px=px(99.0)))
    changed = {"order_id": small, "cl_ord_id": "a", "order_qty": 500, "limit_px": px(99.0)}
    world.emit(asked, e.OrderChangePending, **changed, change=e.Change.AMEND)
    plan = f"plan:{first}"
    gone = {"parent_id": first, "order_id": small, "left_qty": 400, "parent_qty": 0}
    world.emit(plan, e.MemberLeft, **gone)
    world.emit(plan, e.OrderAmended, **changed, previous_qty=500)
    common = {"instrument_id": "AAPL", "side": e.Side.BUY, "policy_id": "P1"}
    second = world.emit(plan, e.ParentOpened, **common, first_order_id=small)
    there = {"parent_id": second, "order_id": small, "member_qty": 400, "parent_qty": 400}
    world.emit(plan, e.MemberJoined, **there, parent_limit_px=px(99.0))
    done = {"parent_id": first, "filled_qty": 100}
    world.emit(plan, e.ParentEnded, **done)
    result = e.MemberResult(
        order_id=small, member_qty=500, crossed_qty=0, allocated_qty=100, left_qty=400
    )
    world.emit(plan, e.ParentReconciled, **done, members=(result,))
    world.seal(at("10:00:02"))
    kind = e.ExecType.TRADE_CANCEL
    cause = report(world, "Q", child, "B1", exec_type=kind, exec_ref_id="E1")
    busted = {"fill_id": booked, "parent_id": first, "last_px": px(100.01)}
    named = {"child_id": child, "exec_id": "B1", "session_day": DAY}
    world.emit(cause, e.FillBusted, **busted, **named, last_qty=100)
    world.emit(cause, e.FillReallocated, **busted, previous_px=px(100.01), before=parts)
    back = {"withdrawn_qty": 100, "reason": e.WithdrawReason.OTHER}
    world.emit(cause, e.OrderCancelled, order_id=small, **back)
    world.seal(at("10:00:03"))
    return small


def test_what_a_bust_reopens_of_an_earlier_parent_is_withdrawn_while_the_order_works_on(
    tmp_path: Path,
) -> None:
    with projected(tmp_path, bust_of_an_earlier_parent) as (connection, _):
        assert violated(connection) == {}
        query = "select status, open_qty, withdrawn_qty, ended_ns from order_state"
        assert connection.execute(query).fetchall() == [("WORKING", 400, 100, None)]


@pytest.mark.parametrize("withdrawn_qty", [99, 101])
def test_a_bust_that_reopens_more_or_less_than_is_withdrawn_breaks_conservation(
    tmp_path: Path, withdrawn_qty: int
) -> None:
    with projected(tmp_path, bust_of_an_earlier_parent) as (connection, _):
        connection.execute("update order_cancelled set withdrawn_qty = ?", [withdrawn_qty])
        assert violated(connection)["order_conservation"] == 1


def two_days(world: World) -> None:
    """A day ends with the venue halted and its session down; on the next a child goes there."""
    reference(world, LIT)
    world.input(make(e.VenueStatusObserved, venue="Q", status=e.VenueStatus.HALTED))
    world.input(make(e.SessionStatusObserved, venue="Q", up=False))
    world.seal(at("15:00:00"))
    cause = world.input(make(e.DayClosed, day=DAY))
    world.emit(cause, e.ControlApplied, control="DayClosed")
    world.seal(at("16:00:00"), e.SealKind.CLOSE)
    cause = world.input(make(e.DayOpened, day=DAY + 1))
    world.emit(cause, e.ControlApplied, control="DayOpened")
    world.seal(at("16:30:00"))
    _, parent = work_order(world, e.Side.BUY, 500, "16:45:00")
    route(world, parent, "Q", 100, 100.01)
    world.seal(at("17:00:00"))


def test_a_day_begins_with_every_venue_open_and_connected(tmp_path: Path) -> None:
    with projected(tmp_path, two_days) as (connection, _):
        assert violated(connection) == {}
        connection.execute("update batch_sealed set kind = 'NORMAL'")
        assert set(violated(connection)) == {"venue_halted", "venue_disconnected"}


def halted_before_the_first_event_of_a_day(world: World) -> None:
    reference(world, LIT)
    cause = world.input(make(e.DayClosed, day=DAY))
    world.emit(cause, e.ControlApplied, control="DayClosed")
    world.seal(at("16:00:00"), e.SealKind.CLOSE)
    world.input(make(e.VenueStatusObserved, venue="Q", status=e.VenueStatus.HALTED))
    world.seal(at("16:20:00"))
    cause = world.input(make(e.DayOpened, day=DAY + 1))
    world.emit(cause, e.ControlApplied, control="DayOpened")
    world.seal(at("16:30:00"))
    _, parent = work_order(world, e.Side.BUY, 500, "16:45:00")
    route(world, parent, "Q", 100, 100.01)
    world.seal(at("17:00:00"))


def test_a_status_of_the_new_day_counts_from_its_first_batch(tmp_path: Path) -> None:
    with projected(tmp_path, halted_before_the_first_event_of_a_day) as (connection, _):
        assert violated(connection) == {"venue_halted": 1}


def open_at_the_close(world: World, *, is_carried: bool) -> None:
    reference(world, LIT)
    small, parent = work_order(world, e.Side.BUY, 500)
    cause = world.input(make(e.DayClosed, day=DAY))
    world.emit(cause, e.ControlApplied, control="DayClosed")
    world.emit(cause, e.ParentEnded, parent_id=parent, returned_qty=500)
    result = e.MemberResult(
        order_id=small, member_qty=500, crossed_qty=0, allocated_qty=0, left_qty=500
    )
    world.emit(cause, e.ParentReconciled, parent_id=parent, members=(result,))
    if is_carried:
        world.emit(cause, e.OrderCarried, order_id=small, order_qty=500)
    world.seal(at("16:00:00"), e.SealKind.CLOSE)


@pytest.mark.parametrize(("is_carried", "expected"), [(True, {}), (False, {"order_settled": 1})])
def test_only_an_order_that_is_carried_may_be_open_after_a_close(
    tmp_path: Path, *, is_carried: bool, expected: dict[str, int]
) -> None:
    write = partial(open_at_the_close, is_carried=is_carried)
    with projected(tmp_path, write) as (connection, _):
        assert violated(connection) == expected


def test_an_instrument_is_as_its_record_in_force_says(tmp_path: Path) -> None:
    loaded = (
        "insert into instrument_defined by name select ? as position, 'AAPL' as instrument_id, "
        "? as lot_qty, ? as effective_day"
    )
    found = "select lot_qty from instruments"
    with projected(tmp_path, two_days) as (connection, _):
        connection.execute(loaded, [900, 10, DAY + 1])
        connection.execute(loaded, [901, 20, DAY + 2])
        connection.execute(loaded, [902, 30, DAY])
        assert connection.execute(found).fetchall() == [(10,)], "dated the newest day that opened"
        connection.execute(loaded, [903, 40, DAY + 1])
        assert connection.execute(found).fetchall() == [(40,)], "the last loaded of one date"
        connection.execute("delete from day_opened")
        assert connection.execute(found).fetchall() == [(20,)], "the newest, before any day"
