"""What scorecards know of venues, as of an event, and how good their forecasts were."""

import json
import math
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from projection_world import World, at, fill, later, make, reference, route, share, work_order

import projections
from engine.audit import scorecards
from engine.audit.scorecards import Before
from engine.cli.application import execute
from engine.cli.exits import Exit
from engine.core import events as e
from engine.core.routing import dark_split, survival
from engine.log.embedded import EmbeddedLog

POST = "post:wide:touch:first"
S = 1_000_000_000


def counts(cell: str, *children: tuple[int | None, int]) -> e.ScorecardCell:
    """A cell of children that were filled after some seconds, or taken back after others."""
    each = [
        survival.counts_of(None if f is None else f * S, end * S, 0 if f is None else 1_000_000)
        for f, end in children
    ]
    summed = [tuple(map(sum, zip(*(x[n] for x in each), strict=True))) for n in range(3)]
    return e.ScorecardCell(
        cell=cell, at_risk_milli=summed[0], filled_milli=summed[1], cancelled_milli=summed[2]
    )


def hits(asked: int, hit: int) -> e.ScorecardCell:
    missed = (1_000 * (asked - hit),)
    return e.ScorecardCell(
        cell="take:fresh",
        at_risk_milli=(1_000 * asked,),
        filled_milli=(1_000 * hit,),
        cancelled_milli=missed,
    )


def updated(world: World, version: int, *cells: e.ScorecardCell, **more: Any) -> str:  # noqa: ANN401
    said = {"venue": "Q", "version": version, "samples": 9, "kind": e.VenueKind.LIT, **more}
    return world.emit("plan:", e.ScorecardUpdated, **said, cells=cells)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A morning of which the first half taught, and an afternoon of which each child came out."""
    folder = tmp_path_factory.mktemp("scorecards")
    with EmbeddedLog(folder / "log.db", 1) as log:
        world = World(log)
        reference(world, [("Q", "NASDAQ", e.VenueKind.LIT)])
        small, parent = work_order(world, e.Side.BUY, 100_000, end_ns=at("16:00:00"))
        routed(world, parent, "09:35:00", filled_s=5, small=small)
        marks = (
            e.ScorecardMarkout(tactic="post", horizon_s=1, fills_milli=2_000, sum_millibps=-600),
        )
        updated(
            world,
            1,
            counts(POST, *[(5, 5)] * 10, *[(None, 30)] * 10),
            hits(20, 15),
            acks_milli=2_000,
            acks_ns=3_000_000,
            markouts=marks,
        )
        world.seal(at("09:36:00"))
        for number in range(4):
            filled_s = 5 if number % 2 else None
            routed(world, parent, later("10:00:00", 60 * number), filled_s=filled_s, small=small)
        routed(world, parent, "10:10:00", filled_s=1, small=small, cell="take:fresh")
        routed(world, parent, "10:11:00", filled_s=None, small=small, cell="take:fresh")
        updated(world, 2, hits(22, 16), acks_milli=2_000, acks_ns=3_000_000)
        world.seal(at("10:12:00"))
        world.close()
        projections.rebuild(log, folder / "p.duckdb")
    return folder / "p.duckdb"


def routed(
    world: World,
    parent: str,
    clock: str,
    *,
    filled_s: int | None,
    small: str,
    cell: str = POST,
) -> None:
    """A child that expects a half within 30 s, and is filled or taken back after 40 s."""
    is_take = cell.startswith("take")
    chances = {"fill_ppm": 500_000, "ends_filled_ppm": 500_000}
    within_ns = 0 if is_take else 30 * S
    child = route(world, parent, "Q", 100, 100.0, cell=cell, fill_within_ns=within_ns, **chances)
    world.seal(at(clock))
    if filled_s is None:
        ended = {"child_id": child, "parent_id": parent, "returned_qty": 100}
        world.emit("plan:", e.ChildClosed, **ended, reason=e.CloseReason.CANCELED)
        world.seal(at(later(clock, 40)))
        return
    done = at(later(clock, filled_s))
    parts = (share(small, 100),)
    more = {"parts": parts, "exec_id": f"E{child}", "transact_ns": done}
    fill(world, parent, child, "Q", 100, 100.0, **more)
    world.seal(done)


def answer(path: Path, capsys: pytest.CaptureFixture[str], *line: str) -> list[dict[str, Any]]:
    assert execute(["venues", "--projection", str(path), *line, "-o", "json"]) == Exit.OK
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return found


def test_venues_show_samples_chances_and_intervals(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    post, take = answer(path, capsys)

    assert (post["venue"], post["kind"], post["tactic"], post["samples"]) == (
        "Q",
        "LIT",
        "post",
        20,
    )
    assert post["fill_10s_ppm"] == 500_000
    assert (post["fill_10s_low_ppm"], post["fill_10s_high_ppm"]) == pytest.approx(
        survival.wilson_ppm(10_000, 20_000), abs=10
    )
    assert post["fill_60s_ppm"] is None  # None rested longer than half a minute.
    assert (post["markout_1s_bps"], post["markout_10s_bps"]) == (-0.3, None)
    assert (post["ack_ms"], post["take_ms"]) == (1.5, None)
    assert take["hit_ppm"] == 16 * 1_000_000 // 22
    assert (take["hit_low_ppm"], take["hit_high_ppm"]) == survival.wilson_ppm(16_000, 22_000)


def test_the_cards_of_a_decision_are_those_before_it(path: Path) -> None:
    query = "select max(seq) from scorecard_updated"
    with closing(projections.connect(path)) as connection:
        ((last_seq,),) = connection.execute(query).fetchall()
        before = scorecards.rows(scorecards.cards_of(connection, Before(0, last_seq)))
        none = scorecards.rows(scorecards.cards_of(connection, Before(0, 0)))

    assert [row["hit_ppm"] for row in before] == [None, 750_000]
    assert none == []


PEGS = [(9, 9), (9, 4), (3, 3), (30, 22), (9, 0), (5, 5), (40, 40)]


@pytest.fixture(scope="module")
def hidden(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pool whose card counts pegs, after one of which less was known."""
    folder = tmp_path_factory.mktemp("hidden")
    with EmbeddedLog(folder / "log.db", 1) as log:
        world = World(log)
        reference(world, [("Q", "POOL", e.VenueKind.DARK)])
        pegs = counts("peg:wide", (5, 5), (None, 90))
        known = dark_split.NO_SIZES
        for version, (sent, filled) in enumerate(PEGS, start=1):
            known = known.plus(dark_split.counts_of(sent, filled))
            at_risk, ended = known
            size = e.ScorecardSize(tactic="peg", at_risk_milli=at_risk, ended_milli=ended)
            updated(world, version, pegs, kind=e.VenueKind.DARK, sizes=(size,))
        world.seal(at("09:36:00"))
        world.close()
        projections.rebuild(log, folder / "p.duckdb")
    return folder / "p.duckdb"


def test_venues_show_what_was_hidden_with_its_interval(
    hidden: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (peg,) = answer(hidden, capsys)

    own = dark_split.NO_SIZES
    for child in PEGS:
        own = own.plus(dark_split.counts_of(*child))
    assert peg["tactic"] == "peg"
    assert peg["lots_1_ppm"] == 6 * 1_000_000 // 7
    assert peg["lots_5_ppm"] == 6 * 4 * 1_000_000 // (7 * 5)
    for lots in (1, 5, 20):
        interval = (peg[f"lots_{lots}_low_ppm"], peg[f"lots_{lots}_high_ppm"])
        assert interval == dark_split.interval_ppm(own, lots)
        assert interval[0] < peg[f"lots_{lots}_ppm"] < interval[1]
    with closing(projections.connect(hidden)) as connection:
        query = "select max(seq) from scorecard_updated"
        ((last_seq,),) = connection.execute(query).fetchall()
        before = scorecards.cards_of(connection, Before(0, last_seq))
    assert before[0].scorecards["Q"].sizes["peg"].at_risk_milli[0] < own.at_risk_milli[0]


def test_lots_that_no_child_was_sent_have_no_chance(path: Path) -> None:
    own = dark_split.counts_of(9, 3)

    assert scorecards.tail_ppm(own, 3)[0] == 1_000_000
    assert scorecards.tail_ppm(own, 5)[0] is None
    with closing(projections.connect(path)) as connection:
        post, take = scorecards.rows(scorecards.cards_of(connection))
    assert post["lots_1_ppm"] is take["lots_1_low_ppm"] is None


def test_the_view_of_tails_is_what_the_router_has_before_it_leans_on_others(hidden: Path) -> None:
    with closing(projections.connect(hidden)) as connection:
        found = connection.execute(
            "select lots, at_risk_milli, ended_milli, tail from venue_tails order by lots"
        ).fetchall()

    own = dark_split.NO_SIZES
    for child in PEGS:
        own = own.plus(dark_split.counts_of(*child))
    assert [row[0] for row in found] == [after for _, after in dark_split.CLASSES]
    assert [row[1:3] for row in found] == [*zip(*own, strict=True)]
    for lots, at_risk, _, tail in found:
        chance, _ = scorecards.tail_ppm(own, lots)
        assert (tail is None) == (chance is None) == (not at_risk)
        if chance is not None:
            assert tail == pytest.approx(chance / 1_000_000, abs=2e-6)


def test_people_read_a_chance_with_its_interval_in_percent(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute(["venues", "--projection", str(path)]) == Exit.OK
    text = capsys.readouterr().out

    assert "73 [52, 87]" in text
    assert "? [" in text


def test_forecasts_of_the_second_half_are_judged_as_stated_and_from_the_middle(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    within, ends, takes, *deciles = answer(path, capsys, "--judge")

    assert [x["question"] for x in (within, ends, takes)] == list(scorecards.QUESTIONS)
    assert [x["children"] for x in (within, ends, takes)] == [4, 4, 2]
    half = pytest.approx(math.log(2))
    for found in (within, ends, takes):
        assert (found["came"], found["expected"]) == (0.5, 0.5)
        assert found["log_loss"] == found["log_loss_base_rate"] == half
        assert found["log_loss_frozen"] > math.log(2)  # More was learned than a half.
    assert sum(row["takes"] for row in deciles) == 2


def test_people_read_the_judgement_as_two_tables(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute(["venues", "--judge", "--projection", str(path)]) == Exit.OK
    assert "0.693" in capsys.readouterr().out


def test_a_text_that_is_no_event_is_a_usage_error(path: Path) -> None:
    line = ["venues", "--as-of", "yesterday", "--projection", str(path)]
    assert execute(line) == Exit.USAGE


def test_a_log_without_a_scorecard_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with EmbeddedLog(tmp_path / "log.db", 1) as log:
        world = World(log)
        world.input(make(e.DayOpened, day=20180102))
        world.seal(at("09:30:00"))
        world.close()
        projections.rebuild(log, tmp_path / "p.duckdb")
    line = ["--projection", str(tmp_path / "p.duckdb")]

    assert execute(["venues", *line]) == Exit.ERROR
    assert "no scorecard yet" in capsys.readouterr().err
    assert execute(["venues", "--judge", *line, "-o", "json"]) == Exit.OK
