"""Benchmarks of the cost tables, and the sums of their parts."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest
from projection_world import (
    World,
    at,
    fill,
    projected,
    px,
    reference,
    route,
    rows,
    share,
    trade,
    work_order,
)

from engine.core import events as e

LIT = [("Q", "NASDAQ", e.VenueKind.LIT)]


def one_child(world: World, parent: str, small: str, **more: Any) -> None:  # noqa: ANN401
    """100 shares at 100.01, routed at ten, filled a second later."""
    child = route(world, parent, "Q", 100, 100.01, **more)
    world.seal(at("10:00:00"))
    done = {"cum_qty": 100, "transact_ns": at("10:00:01"), "parts": (share(small, 100),)}
    fill(world, parent, child, "Q", 100, 100.01, **done, fee_px=px(0.002))
    world.seal(at("10:00:01"))


def benchmark(folder: Path, write: Callable[[World], None]) -> tuple[str, float]:
    query = "select benchmark_source, benchmark_vwap::double from tca_child"
    with projected(folder, write) as connection:
        found: tuple[str, float] | None = connection.execute(query).fetchone()
    assert found
    return found


def test_without_a_print_a_child_is_measured_against_the_midpoint_it_saw(tmp_path: Path) -> None:
    def write(world: World) -> None:
        reference(world, LIT)
        small, parent = work_order(world, e.Side.BUY, 100)
        one_child(world, parent, small)

    assert benchmark(tmp_path, write) == ("MIDPOINT_AT_ROUTE", 100.0)


def test_without_a_midpoint_it_is_measured_against_the_last_print(tmp_path: Path) -> None:
    def write(world: World) -> None:
        reference(world, LIT)
        small, parent = work_order(world, e.Side.BUY, 100)
        trade(world, "09:59:00", 99.5)
        one_child(world, parent, small, bid_px=0)

    assert benchmark(tmp_path, write) == ("LAST_TRADE", 99.5)


def test_our_own_fills_are_taken_out_of_a_tape_that_shows_them(tmp_path: Path) -> None:
    def write(world: World) -> None:
        reference(world, LIT, own_on_tape=True)
        small, parent = work_order(world, e.Side.BUY, 300)
        child = route(world, parent, "Q", 300, 100.01)
        world.seal(at("10:00:00"))
        trade(world, "10:00:01", 100.01, 200)  # Ours.
        trade(world, "10:00:01", 101.0, 50)
        for exec_id, qty, clock in (("E1", 200, "10:00:01"), ("E2", 100, "10:00:05")):
            done = {"transact_ns": at(clock), "parts": (share(small, qty),), "exec_id": exec_id}
            fill(world, parent, child, "Q", qty, 100.01, leaves_qty=300 - qty, **done)
        world.seal(at("10:00:05"))

    assert benchmark(tmp_path, write) == ("VWAP", 101.0)


def test_of_prints_at_one_time_the_last_of_the_log_is_the_last(tmp_path: Path) -> None:
    def write(world: World) -> None:
        reference(world, LIT)
        for price in (99.5, 101.0, 98.0, 100.5, 99.0):
            trade(world, "09:59:00", price)
        world.seal(at("10:00:00"))

    query = "select last_px from market_tape"
    with projected(tmp_path, write) as connection:
        assert connection.execute(query).fetchall() == [(px(99.0),)]
    with closing(duckdb.connect(str(tmp_path / "p.duckdb"))) as connection:
        turn = "create or replace table trade_observed as from trade_observed order by {}"
        for order in ("position desc", "last_px", "last_px desc"):
            connection.execute(turn.format(order))
            assert connection.execute(query).fetchall() == [(px(99.0),)]


def test_our_own_fill_is_no_print_of_a_tape_that_shows_it(tmp_path: Path) -> None:
    def write(world: World) -> None:
        reference(world, LIT, own_on_tape=True)
        trade(world, "09:59:00", 99.5)
        small, parent = work_order(world, e.Side.BUY, 100)
        one_child(world, parent, small)

    with projected(tmp_path, write) as connection:
        found = connection.execute("select last_px from market_tape order by event_ns").fetchall()
    assert found == [(px(99.5),), (px(99.5),)]


def test_a_sale_that_cost_nothing_cost_zero_and_not_minus_zero(tmp_path: Path) -> None:
    def write(world: World) -> None:
        reference(world, LIT)
        common = {"decision_px": px(100.0), "arrival_mid_px": px(100.0)}
        small, parent = work_order(world, e.Side.SELL, 100, **common)
        child = route(world, parent, "Q", 100, 100.0, side=e.Side.SELL, slice_px=px(99.0))
        world.seal(at("10:00:00"))
        done = {"cum_qty": 100, "transact_ns": at("10:00:01"), "parts": (share(small, 100),)}
        fill(world, parent, child, "Q", 100, 100.0, side=e.Side.SELL, **done)
        world.seal(at("10:00:01"))

    with projected(tmp_path, write) as connection:
        for view in ("tca_child", "tca_parent", "tca_order"):
            (row,) = rows(connection, f"from {view}")
            zeros = {name: x for name, x in row.items() if isinstance(x, float) and not x}
            assert len(zeros) >= 3
            assert {str(x) for x in zeros.values()} == {"0.0"}


def test_an_orders_shortfall_is_the_sum_of_its_parts(tmp_path: Path) -> None:
    def write(world: World) -> None:
        reference(world, LIT)
        decided = {"decision_px": px(99.8), "arrival_mid_px": px(99.9)}
        small, parent = work_order(world, e.Side.BUY, 400, **decided)
        one_child(world, parent, small)
        trade(world, "10:30:00", 100.5)
        gone = {"order_id": small, "withdrawn_qty": 300, "reason": e.WithdrawReason.DAY_CLOSED}
        world.emit("close:", e.ParentEnded, parent_id=parent, filled_qty=100, returned_qty=300)
        world.emit("close:", e.OrderExpired, **gone)
        world.seal(at("16:00:00"))

    with projected(tmp_path, write) as connection:
        small = rows(connection, "select * from tca_order")[0]
        parent = rows(connection, "select * from tca_parent")[0]
    base = 400 * 99.8
    for row in (small, parent):  # The only member: its parts are the parent's.
        assert row["is_delay_bps"] == pytest.approx(400 * 0.1 / base * 1e4)
        assert row["is_aggregation_bps"] == pytest.approx(400 * 0.1 / base * 1e4)
        assert row["is_trading_bps"] == pytest.approx(100 * 0.01 / base * 1e4)
        assert row["is_opportunity_bps"] == pytest.approx(300 * 0.5 / base * 1e4)
        assert row["is_fees_bps"] == pytest.approx(100 * 0.002 / base * 1e4)
        total = 100 * 100.01 + 300 * 100.5 - 400 * 99.8 + 100 * 0.002
        assert row["is_bps"] == pytest.approx(total / base * 1e4)
