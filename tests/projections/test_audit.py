"""The audit views tell how an order came to its allocations, and who got what."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import duckdb
import pytest
from projection_world import Day, World

import projections
from engine.log.embedded import EmbeddedLog


@dataclass(frozen=True)
class Told:
    """A day and its projection."""

    day: Day
    connection: duckdb.DuckDBPyConnection

    def trail(self, order_id: str) -> list[tuple[int, str, str]]:
        query = "select step, event, summary from audit_trail where order_id = ? order by step"
        return self.connection.execute(query, [order_id]).fetchall()

    def status(self, order_id: str) -> tuple[str, int, int, int, int]:
        query = (
            "select status, crossed_qty, allocated_qty, withdrawn_qty, open_qty "
            "from blotter_orders where order_id = ?"
        )
        found: tuple[str, int, int, int, int] = self.connection.execute(
            query, [order_id]
        ).fetchall()[0]
        return found


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    folder = tmp_path_factory.mktemp("told")
    with EmbeddedLog(folder / "log.db", 1) as log:
        world = World(log)
        day = Day(world)
        world.close()
        projections.rebuild(log, folder / "p.duckdb")
    with closing(projections.connect(folder / "p.duckdb")) as connection:
        yield Told(day, connection)


def test_the_trail_goes_from_the_request_to_the_last_allocation(told: Told) -> None:
    trail = told.trail(told.day.one)
    events = [event for _, event, _ in trail]
    assert [step for step, _, _ in trail] == list(range(1, len(trail) + 1))
    assert events[:8] == [
        "OrderSubmitted",
        "OrderAccepted",
        "ParentOpened",
        "MemberJoined",
        "OrdersCrossed",
        "CrossAllocated",
        "ParentReleased",
        "PlanAdopted",
    ]
    assert events[8:17] == [
        "SliceReleased",
        "ChildRouted",
        "SendStarted",
        "ExecutionReported",
        "ChildAcknowledged",
        "ExecutionReported",
        "FillBooked",
        "FillAllocated",
        "ExecutionReported",
    ]
    assert events[-3:] == ["ParentEnded", "ParentReconciled", "OrderExpired"]


def test_a_trail_shows_the_orders_own_share(told: Told) -> None:
    shares = [text for _, event, text in told.trail(told.day.one) if event == "FillAllocated"]
    assert shares[0] == f"62 of the 100 of fill {told.day.first}"


def test_a_trail_shows_the_parent_only_while_the_order_was_in_it(told: Told) -> None:
    events = [event for _, event, _ in told.trail(told.day.four)]
    assert "OrdersCrossed" not in events
    assert events.count("FillBooked") == 1
    assert events[-3:] == ["MemberLeft", "OrderCancelled", "ParentReconciled"]


def test_a_parents_trail_holds_all_of_its_events(told: Told) -> None:
    query = "select event from audit_parent where parent_id = ? order by step"
    events = [row[0] for row in told.connection.execute(query, [told.day.buy]).fetchall()]
    assert events[0] == "ParentOpened"
    assert events.count("MemberJoined") == 3
    assert events.count("FillReallocated") == 2
    assert events[-1] == "ParentReconciled"


def test_the_blotter_knows_what_became_of_each_order(told: Told) -> None:
    day = told.day
    assert told.status(day.one) == ("EXPIRED", 125, 166, 209, 0)
    assert told.status(day.two) == ("FILLED", 200, 0, 0, 0)
    assert told.status(day.three) == ("EXPIRED", 75, 100, 75, 0)
    assert told.status(day.four) == ("CANCELLED", 0, 34, 66, 0)


def test_a_busted_fill_is_nobodys_and_a_corrected_one_has_its_new_price(told: Told) -> None:
    query = (
        "select execution_id, sum(share_qty)::bigint, any_value(px) from allocations "
        "where kind = 'FILL' group by execution_id order by execution_id"
    )
    found = told.connection.execute(query).fetchall()
    assert [(qty, px) for _, qty, px in found] == [(200, 100_010_000_000), (100, 100_000_000_000)]
    assert told.day.first not in {fill_id for fill_id, _, _ in found}
