"""The audit tells the story of every id: how it came about, why so, and which order got what."""

import csv
import io
import json
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import duckdb
import pytest
from projection_world import Day, World, at, fill, make, order, reference, route, share, work_order

import projections
from engine.cli.application import execute
from engine.cli.exits import Exit
from engine.core import events as e
from engine.log.embedded import EmbeddedLog

WIDTHS = (80, 120, 200)


@dataclass(frozen=True)
class Told:
    """A day and its projection."""

    day: Day
    path: Path
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


def set_times(path: Path, clock: str) -> None:
    """Give the inputs and the routes the times that the world leaves out."""
    updates = (
        "update order_submitted set received_ns = ?",
        "update execution_reported set received_ns = ?",
        "update send_started set started_ns = ?",
        "update child_routed set send_before_ns = ?",
    )
    with duckdb.connect(str(path)) as connection:
        for update in updates:
            connection.execute(update, [at(clock)])


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    folder = tmp_path_factory.mktemp("told")
    with EmbeddedLog(folder / "log.db", 1) as log:
        world = World(log)
        day = Day(world)
        world.close()
        projections.rebuild(log, folder / "p.duckdb")
    set_times(folder / "p.duckdb", "10:00:03")
    with closing(projections.connect(folder / "p.duckdb")) as connection:
        yield Told(day, folder / "p.duckdb", connection)


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


def test_the_release_and_the_plan_are_told_in_words(told: Told) -> None:
    texts = {event: text for _, event, text in told.trail(told.day.one)}
    assert ", because the parent was released; expected cost " in texts["PlanAdopted"]
    assert re.search(r"; (1 member|[02-9] members), ", texts["ParentReleased"])


def test_each_reason_of_a_plan_has_its_words() -> None:
    view = (files("projections") / "sql/audit/audit_parent.sql").read_text()
    words = dict(re.findall(r"when '(\w+)' then '([^']+)'", view))
    assert set(words) == {reason.name for reason in e.PlanReason} - {"OTHER"}


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


# ---------------------------------------------------------------------------- the command


@dataclass(frozen=True)
class Routed:
    """A parent of one order, two children, a fill; two orders of one name, and a refused one."""

    path: Path
    small: str
    parent: str
    slice: str
    child: str
    second: str
    fill: str
    allocation: str
    refused: str


def lost_to(score_millibps: int) -> e.Candidate:
    """A post at B that was not chosen."""
    return e.Candidate(
        venue="B",
        score_millibps=score_millibps,
        tactic="post",
        fill_ppm=400_000,
        filled_millibps=-1_000,
        adverse_millibps=500,
        missed_millibps=1_100,
    )


@pytest.fixture(scope="module")
def routed(tmp_path_factory: pytest.TempPathFactory) -> Routed:
    folder = tmp_path_factory.mktemp("routed")
    with EmbeddedLog(folder / "log.db", 1) as log:
        world = World(log)
        lit = e.VenueKind.LIT
        reference(
            world, [("Q", "NASDAQ", lit), ("B", "BATS", lit), ("X", "Dark", e.VenueKind.DARK)]
        )
        small, parent = work_order(world, e.Side.BUY, 500)
        scored = {"quote_age_ns": 298_000_000, "score_millibps": 4119, "venue_qty": 800}
        lost = (lost_to(5643),)
        out = (e.RouteReasonCount(reason=e.RouteReason.DARK_FORBIDDEN, venue_count=1),)
        volumes = {"window_volume_qty": 700, "day_volume_qty": 9_000, "day_share_e9": 123_456_789}
        child = route(
            world,
            parent,
            "Q",
            200,
            100.01,
            sliced=volumes,
            runners_up=lost,
            rejected_by_reason=out,
            **scored,
        )
        better = (lost_to(1000),)
        second = route(world, parent, "Q", 100, 100.01, runners_up=better, **scored)
        world.seal(at("09:35:00") + 123_456_789)
        fill_id = fill(
            world, parent, child, "Q", 200, 100.005, parts=(share(small, 200),), leaves_qty=0
        )
        world.seal(at("09:35:01"))
        named = {"source": "oms", "cl_ord_id": "o9", "client_id": "c9", "instrument_id": "AAPL"}
        cause = world.input(make(e.OrderSubmitted, **named, order_qty=7))
        text = "client c9 has no mandate"
        refused = world.emit(
            cause, e.OrderRejected, **named, reason=e.RejectReason.UNKNOWN_CLIENT, text=text
        )
        for _ in range(2):
            order(world, 5, "c1", e.Side.BUY, 10)
        world.seal(at("09:36:00"))
        world.close()
        projections.rebuild(log, folder / "p.duckdb")
    set_times(folder / "p.duckdb", "09:35:01")
    shard, _, seq = child.partition("-")
    allocation = f"{shard}-{int(fill_id.partition('-')[2]) + 1}"
    slice_id = f"{shard}-{int(seq) - 1}"
    path = folder / "p.duckdb"
    return Routed(path, small, parent, slice_id, child, second, fill_id, allocation, refused)


class Asked:
    """Runs the command; every line it prints fits the terminal."""

    def __init__(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self._capsys = capsys
        self._monkeypatch = monkeypatch

    def lines(self, path: Path, name: str, width: int) -> list[str]:
        self._monkeypatch.setenv("COLUMNS", str(width))
        assert execute(["audit", name, "--projection", str(path)]) == Exit.OK
        lines = self._capsys.readouterr().out.splitlines()
        assert [line for line in lines if len(line) > width] == []
        return lines

    def text(self, path: Path, name: str, width: int) -> str:
        """All words, whatever line they are on."""
        return " ".join(" ".join(self.lines(path, name, width)).split())

    def machine(self, path: Path, name: str, output: str) -> str:
        assert execute(["audit", name, "--projection", str(path), "-o", output]) == Exit.OK
        return self._capsys.readouterr().out

    def reason(self, path: Path, name: str) -> str:
        assert execute(["audit", name, "--projection", str(path)]) == Exit.ERROR
        shown = self._capsys.readouterr()
        assert shown.out == ""
        return " ".join(shown.err.split())


@pytest.fixture
def asked(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Asked:
    return Asked(capsys, monkeypatch)


@pytest.mark.parametrize("width", WIDTHS)
def test_an_order_is_told_by_its_id_and_by_its_clients_id(
    told: Told, asked: Asked, width: int
) -> None:
    text = asked.text(told.path, told.day.one, width)
    assert text.startswith(
        f"Order {told.day.one} (oms/o1 of client c1): buy 500 AAPL at market. "
        "EXPIRED: 125 crossed, 166 allocated of fills, average price 100.003574, "
        f"209 withdrawn, 0 open; parent {told.day.buy}. Times are "
    )
    assert f"62 of the 100 of fill {told.day.first}" in text
    assert asked.text(told.path, "o1", width) == text
    assert asked.text(told.path, "oms/o1", width) == text


@pytest.mark.parametrize("width", WIDTHS)
def test_a_parent_is_told_with_its_members(told: Told, asked: Asked, width: int) -> None:
    text = asked.text(told.path, told.day.buy, width)
    assert text.startswith(f"Parent {told.day.buy}: buy 850 AAPL for 3 orders by VWAP.")
    lines = asked.lines(told.path, told.day.buy, 200)
    (four,) = [line.split() for line in lines if line.startswith(f"{told.day.four} ")]
    joined, left = "10:00:03.000", "10:00:05.000"
    assert four == [told.day.four, "c1", joined, "100", "0", "34", left, "oms", "o4"]


LOST = "LOST B post 5.643 40 -1.000 0.500 1.100 LOWER_SCORE 1 BATS"
LOST_IN_A_BLOCK = (
    "verdict LOST venue B tactic post score_bps 5.643 fill_pct 40 filled_bps -1.000 "
    "adverse_bps 0.500 missed_bps 1.100 reason LOWER_SCORE"
)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_child_is_told_with_its_quote_the_losers_and_its_way(
    routed: Routed, asked: Asked, width: int
) -> None:
    text = asked.text(routed.path, routed.child, width)
    assert text.startswith(
        f"Child {routed.child} of slice {routed.slice}, parent {routed.parent}: buy 200 AAPL at "
        "NASDAQ, LIMIT 100.01 DAY. FILLED: 200 filled, average price 100.005. Why there: the best "
        "score, 4.119 bps; next BATS with 5.643 bps; ruled out: DARK_FORBIDDEN 1. "
        "Times are of 2018-01-02, America/New_York."
    )
    for words in (
        LOST if width > 80 else LOST_IN_A_BLOCK,
        "REJECTED DARK_FORBIDDEN 1" if width > 80 else "reason DARK_FORBIDDEN venues 1",
        f"{routed.small} c1 09:34:00.000 500 500 200",
        f"09:34:00.000 ParentOpened {routed.parent} orders:0",
        f"09:35:00.123 SliceReleased {routed.slice} plan:{routed.parent}",
        "curve updated by 700 traded since the plan, 9000 today at 12 % of a usual day",
        f"09:35:00.123 ChildRouted {routed.child} plan:{routed.parent}",
        "saw 99.99 / 100.01, 0.298 s old, score 4.119 bps",
        "fill " + routed.fill + " of 200 shared among 1 order",
    ):
        assert words in text
    quote = asked.lines(routed.path, routed.child, 80)
    assert "bid_price          99.99" in quote
    assert "quote_age_s        0.298" in quote


def test_a_child_says_why_a_better_score_did_not_get_it(routed: Routed, asked: Asked) -> None:
    text = asked.text(routed.path, routed.second, 120)
    assert "Why there: score 4.119 bps; BATS with 1.000 bps could take no part." in text


def test_an_order_that_joined_after_the_route_is_behind_the_child_by_its_share(
    told: Told, asked: Asked
) -> None:
    lines = asked.lines(told.path, told.day.child, 200)
    (four,) = [line.split() for line in lines if line.startswith(f"{told.day.four} ")]
    assert four == [told.day.four, "c1", "10:00:03.000", "100", "34", "oms", "o4"]


@pytest.mark.parametrize("width", WIDTHS)
def test_a_fill_is_told_with_its_report_and_its_shares(
    told: Told, asked: Asked, width: int
) -> None:
    day = told.day
    text = asked.text(told.path, day.first, width)
    assert text.startswith(
        f"Fill {day.first} of child {day.child}, parent {day.buy}: buy 100 AAPL at 100.01 on "
        "NASDAQ (ADDED, report E1), taken back by the venue. Shared among 2 orders."
    )
    assert f"{day.one} c1 BUY 62 0 oms o1" in text
    assert "Q reports TRADE E1: 100 at 100.01" in text
    assert "E2" not in text


@pytest.mark.parametrize("width", WIDTHS)
def test_an_allocation_is_told_with_its_fill_and_its_members(
    routed: Routed, asked: Asked, width: int
) -> None:
    text = asked.text(routed.path, routed.allocation, width)
    assert text.startswith(
        f"Allocation {routed.allocation} of fill {routed.fill}, parent {routed.parent}: "
        "200 at 100.005 shared among 1 order."
    )
    assert f"{routed.small} c1 BUY 200 200 oms o1" in text
    assert f"FillBooked {routed.fill}" in text


def test_a_cross_and_its_allocations_are_told(told: Told, asked: Asked) -> None:
    query = "select event_id, cross_id from cross_allocated order by seq limit 1"
    allocation, cross = told.connection.execute(query).fetchall()[0]
    text = asked.text(told.path, cross, 80)
    assert text.startswith(f"Cross {cross}: 200 AAPL at 100.00 between the buying parent")
    assert f"{told.day.three} c3 BUY 75 75 oms o3" in text
    assert f"{told.day.two} c2 SELL 200 200 oms o2" in text
    assert asked.text(told.path, allocation, 80).startswith(f"Allocation {allocation} of cross")


def test_a_refused_order_is_told_with_its_reason(routed: Routed, asked: Asked) -> None:
    text = asked.text(routed.path, "o9", 80)
    assert text.startswith(f"Order {routed.refused} (oms/o9 of client c9) was refused, UNKNOWN")
    assert "client c9 has no mandate" in text
    assert "OrderSubmitted" in text


@pytest.mark.parametrize("width", WIDTHS)
def test_an_unknown_id_is_1_with_a_sentence(
    routed: Routed, asked: Asked, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    reason = asked.reason(routed.path, "0-999")
    assert reason.startswith("no order, parent, child, fill, cross or allocation is named 0-999;")


def test_an_event_in_the_middle_of_a_story_names_its_parent(routed: Routed, asked: Asked) -> None:
    reason = asked.reason(routed.path, routed.slice)
    expected = f"{routed.slice} is a SliceReleased of parent {routed.parent}"
    assert reason.startswith(expected)
    assert f"metaorder audit {routed.parent}" in reason


def test_a_name_of_several_orders_lists_them(routed: Routed, asked: Asked) -> None:
    reason = asked.reason(routed.path, "o5")
    assert reason.startswith("o5 names 2 orders")
    assert reason.count("(oms/o5 of client c1)") == 2


def test_machines_get_the_raw_columns(routed: Routed, asked: Asked) -> None:
    found = json.loads(asked.machine(routed.path, routed.child, "json"))
    sections = list(dict.fromkeys(row["section"] for row in found))
    assert sections == ["quote", "venues", "members", "steps"]
    assert found[0]["limit_px"] == 100_010_000_000
    assert found[0]["quote_age_ns"] == 298_000_000
    steps = [row for row in found if row["section"] == "steps"]
    assert list(steps[0]) == [
        *("section", "child_id", "step", "seq", "at_ns", "event", "event_id", "cause", "summary"),
    ]
    lines = asked.machine(routed.path, routed.child, "jsonl").splitlines()
    assert [json.loads(line) for line in lines] == found
    rows = list(csv.DictReader(io.StringIO(asked.machine(routed.path, routed.child, "csv"))))
    assert [row["section"] for row in rows] == [row["section"] for row in found]
    assert rows[-1]["at_ns"] == str(found[-1]["at_ns"])


def test_a_story_of_several_days_shows_the_date_at_each_time(
    routed: Routed, asked: Asked, tmp_path: Path
) -> None:
    path = tmp_path / "p.duckdb"
    path.write_bytes(routed.path.read_bytes())
    with duckdb.connect(str(path)) as connection:
        connection.execute("update fill_booked set at_ns = at_ns + 86400000000000")
    lines = asked.lines(path, routed.fill, 80)
    assert "Times are in America/New_York." in lines
    assert any(line.startswith("2018-01-03 09:35:01.000  FillBooked") for line in lines)


def test_a_narrow_terminal_gets_blocks(routed: Routed, asked: Asked) -> None:
    lines = asked.lines(routed.path, routed.child, 40)
    assert "score_bps    5.643" in lines
