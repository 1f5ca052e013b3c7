"""Breaks are listed with their state and age, and the error account with what it holds."""

import json
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from projection_world import World, at, projected, reference, rows

from engine.cli.application import execute
from engine.cli.exits import Exit
from engine.core import events as e

PX = 100_000_000_000


def write(world: World) -> None:
    """An open break, an explained one, a settled one, and one of the log before this one."""
    reference(world, [("Q", "NASDAQ", e.VenueKind.LIT)])
    said = {"venue": "Q", "child_id": "0-1", "break_px": PX}
    former = {"break_id": "3-7", "break_count": 4, "reason": e.BreakReason.CUM_QTY_GAP}
    world.emit("opening:", e.BreakCarried, **said, **former, break_qty=9)
    cause = "venue-reports:0"
    ids = [
        world.emit(cause, e.BreakFlagged, **said, exec_id=f"E{n}", break_qty=n) for n in (1, 2, 3)
    ]
    world.seal(at("10:00:00"))
    _, explained, settled = ids
    closed = {"child_id": "0-1", "resolution": e.BreakResolution.REPORTED}
    world.emit(cause, e.BreakClosed, break_id=explained, **closed)
    booked = {"break_id": settled, "instrument_id": "AAPL", "set_by": "desk"}
    world.emit(cause, e.ErrorBooked, **booked, error_qty=-3, error_px=PX)
    closed = {"child_id": "0-1", "resolution": e.BreakResolution.SETTLED, "set_by": "desk"}
    world.emit(cause, e.BreakClosed, break_id=settled, **closed)
    world.seal(at("10:00:05"))
    world.seal(at("10:01:00"))


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with projected(tmp_path, write) as found:
        yield found


def test_each_break_has_a_state_an_age_and_its_settlement(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    query = (
        "select status, break_qty, break_count, age_s, error_qty, settled_by from blotter_breaks"
    )
    found = [tuple(row.values()) for row in rows(connection, query)]
    assert found == [
        ("OPEN", 9, 4, 60, 0, None),
        ("OPEN", 1, 1, 60, 0, None),
        ("EXPLAINED", 2, 1, 5, 0, ""),
        ("SETTLED", 3, 1, 5, -3, "desk"),
    ]


def test_a_booked_settlement_is_a_position_of_the_error_account(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    assert rows(connection, "from error_account") == [
        {
            "instrument_id": "AAPL",
            "position_qty": -3,
            "paid_notional": -3 * PX,
            "bookings": 1,
        }
    ]


@pytest.mark.parametrize(
    ("line", "quantities"),
    [
        ([], [9, 1]),
        (["open", "--limit", "1"], [9]),
        (["explained"], [2]),
        (["settled"], [3]),
        (["all", "--limit", "0"], [9, 1, 2, 3]),
    ],
)
def test_the_command_lists_breaks_by_their_state(
    line: list[str], quantities: list[int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with projected(tmp_path, write):
        path = str(tmp_path / "p.duckdb")
    assert execute(["breaks", *line, "--projection", path, "-o", "json"]) == Exit.OK
    assert [row["break_qty"] for row in json.loads(capsys.readouterr().out)] == quantities
