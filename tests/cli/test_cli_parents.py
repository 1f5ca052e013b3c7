"""The desk's hand on a parent by the command line: each command, its answers, and the views."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pipeline import desk, in_process

from engine.cli.application import execute
from engine.cli.exits import Exit
from engine.core import events as e
from engine.core.partition import partition_of
from engine.log import codec, open_log
from engine.log.port import Log

SHARDS = 2
XXX = "I00"
PATIENT = ("--wait", "90")  # It ends with the last answer.
SHARD = partition_of(XXX.encode(), SHARDS)


@pytest.fixture(autouse=True)
def url(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    monkeypatch.chdir(tmp_path)
    found = f"sqlite:{tmp_path / 'log.db'}"
    monkeypatch.setenv("METAORDER_LOG_URL", found)
    monkeypatch.setenv("METAORDER_PARTITIONS", str(SHARDS))
    monkeypatch.setenv("COLUMNS", "200")
    return found


@pytest.fixture
def log(url: str) -> Iterator[Log]:
    """A log whose day is open."""
    with open_log(url, partitions=SHARDS) as made:
        publisher = desk.Publisher(made, desk.OMS)
        desk.open_day(publisher, [XXX])
        # No venue answers: within the test, no cancel is asked for again and none is suspended.
        publisher.send(desk.policy(ack_within_ns=600 * desk.S))
        yield made


@pytest.fixture
def parent(log: Log, url: str) -> Iterator[str]:
    """A parent at work, whose worker runs."""
    limit_px = desk.MID_PX - 100 * desk.CENT_PX
    with in_process.worker(in_process.opener(url, SHARDS)):
        desk.Publisher(log, desk.OMS).send(desk.order("o1", XXX, limit_px=limit_px))
        in_process.until(lambda: bool(stage(log, "routes", e.ChildRouted)), "the child")
        yield f"{SHARD}-{stage(log, 'aggregation', e.ParentOpened)[0].seq}"


def stage(log: Log, topic: str, kind: type, shard: int = SHARD) -> list[Any]:
    """The inputs or events of a kind."""
    found = [codec.decode(topic, x.value) for x in log.reader(topic, shard).read(1_000)]
    return [x for x in found if isinstance(x, kind)]


def children(log: Log) -> list[str]:
    """The ids of all children, in the order of their routes."""
    return [f"{SHARD}-{x.seq}" for x in stage(log, "routes", e.ChildRouted)]


def controls_in(log: Log) -> list[Any]:
    return stage(log, "controls", object, 0)


def told(capsys: pytest.CaptureFixture[str], *line: str, code: Exit = Exit.OK) -> Any:  # noqa: ANN401
    """What a command says in JSON."""
    capsys.readouterr()
    assert execute([*line, "-o", "json"]) == code
    return json.loads(capsys.readouterr().out)


def instructed(capsys: pytest.CaptureFixture[str], *line: str, code: Exit = Exit.OK) -> Any:  # noqa: ANN401
    """What is said of controls once every shard has answered."""
    return told(capsys, *line, *PATIENT, code=code)


def test_each_instruction_is_answered_by_every_shard_and_is_in_force(
    log: Log, parent: str, capsys: pytest.CaptureFixture[str]
) -> None:
    venue = desk.VENUES[0]
    shown = instructed(capsys, "parents", "pause", parent, "--by", "ann", "--text", "news")
    assert (shown["written"], shown["applied"]) == (1, SHARDS)
    asked = stage(log, "routes", e.ChildCancelRequested)
    assert {x.reason for x in asked} == {e.CancelReason.PAUSED_BY_DESK}
    assert [x.child_id for x in asked] == children(log)
    stops = told(capsys, "status", code=Exit.REFUSED)["stops"]
    assert [(x["kind"], x["scope_id"]) for x in stops] == [("pause", parent)]
    instructed(capsys, "parents", "exclude", parent, venue, "--by", "bob")
    instructed(capsys, "parents", "urgency", parent, "low", "--by", "cy")
    rows = [x for x in told(capsys, "controls", "list") if x["kind"] == "parent"]
    found = {(x["value"], x["set_by"], x["shards"]) for x in rows}
    assert found == {
        ("PAUSED", "ann", str(SHARD)),
        (f"excluded_venue={venue}", "bob", str(SHARD)),
        ("urgency=LOW", "cy", str(SHARD)),
    }
    assert all(x["set_ns"] and x["scope_id"] == parent for x in rows)

    instructed(capsys, "parents", "resume", parent)
    instructed(capsys, "parents", "include", parent, venue)
    instructed(capsys, "parents", "complete", parent)
    rows = [x for x in told(capsys, "controls", "list") if x["kind"] == "parent"]
    assert {x["value"] for x in rows} == {"COMPLETING", "urgency=LOW"}
    first = next(x for x in controls_in(log) if isinstance(x, e.ParentInstructed))
    assert (first.parent_id, first.set_by, first.text) == (parent, "ann", "news")


def test_a_file_of_tables_instructs_parents(
    log: Log, parent: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "desk.toml"
    file.write_text(
        f'[[parent]]\nparent_id = "{parent}"\naction = "pause"\n'
        f'[[parent]]\nparent_id = "{parent}"\naction = "urgency"\nurgency = "low"\n'
    )

    assert instructed(capsys, "controls", "apply", str(file))["applied"] == SHARDS
    adopted = stage(log, "slices", e.InstructionAdopted)
    assert [(x.pace, x.urgency) for x in adopted] == [
        (e.Pace.PAUSED, None),
        (e.Pace.PAUSED, e.Urgency.LOW),
    ]


def test_the_projection_shows_what_the_desk_said_and_the_day_verifies(
    log: Log, parent: str, capsys: pytest.CaptureFixture[str]
) -> None:
    venue = desk.VENUES[1]  # The first child is at the other one, whose code comes first.
    instructed(capsys, "parents", "exclude", parent, venue, "--by", "ann", "--text", "slow")
    instructed(capsys, "parents", "pause", parent, "--by", "ann", "--text", "news")
    child = children(log)[0]
    instructed(capsys, "parents", "pause", f"{SHARD}-0", code=Exit.REFUSED)
    told(capsys, "projections", "rebuild")

    (row,) = told(capsys, "blotter", "parents")
    assert (row["pace"], row["urgency"], row["excluded_by_desk"]) == ("paused", "high", venue)
    for name in (parent, child):
        steps = [x for x in told(capsys, "audit", name) if x.get("event") == "InstructionAdopted"]
        assert len(steps) == 2
        assert "ann says PAUSE (news)" in steps[-1]["summary"]
        assert steps[-1]["cause"].startswith("controls:")
    rules = told(capsys, "sql", "from invariants")
    assert {x["name"] for x in rules if x["violations"]} == set()
    assert told(capsys, "verify")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (["pause", "17"], "found '17', expected an id as the engine gives it, such as 3-17"),
        (["urgency", "0-1", "soon"], "'soon' is not one of"),
        (["exclude", "0-1", ""], "found ''"),
    ],
)
def test_a_wrong_word_is_a_usage_error(
    log: Log, line: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = len(controls_in(log))
    assert execute(["parents", *line]) == Exit.USAGE
    assert words in " ".join(capsys.readouterr().err.replace("│", "").split())
    assert len(controls_in(log)) == before


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (["exclude", "0-1", "AA"], "venue AA: no reference data of this log knows it"),
        (["pause", "7-1"], "parent 7-1: this log has shards 0 to 1"),
    ],
)
def test_what_the_log_does_not_know_is_told_and_nothing_is_written(
    log: Log, line: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = len(controls_in(log))
    assert execute(["parents", *line]) == Exit.ERROR
    said = capsys.readouterr().err
    assert words in said
    assert "Nothing was written" in said
    assert len(controls_in(log)) == before


def test_a_refusal_names_its_reason_and_the_way_out(
    log: Log, parent: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute(["parents", "pause", f"{SHARD}-0", *PATIENT]) == Exit.REFUSED
    said = capsys.readouterr().err
    assert f"shard {SHARD}: refused: PARENT_UNKNOWN" in said
    assert "metaorder blotter parents" in said

    desk.Publisher(log, desk.OMS).send(desk.cancel("o1", XXX))
    in_process.until(lambda: bool(stage(log, "routes", e.ChildCancelRequested)), "the cancel")
    for routed, child_id in zip(stage(log, "routes", e.ChildRouted), children(log), strict=True):
        ended = e.ExecutionReported(
            venue=routed.venue,
            instrument_id=XXX,
            child_id=child_id,
            exec_id=f"X{child_id}",
            exec_ref_id="",
            exec_type=e.ExecType.CANCELED,
            last_qty=0,
            last_px=0,
            cum_qty=0,
            leaves_qty=0,
            liquidity=e.Liquidity.UNDISCLOSED,
            session_day=desk.DAY,
            text="",
            transact_ns=1,
            received_ns=1,
        )
        desk.Publisher(log, routed.venue).send(ended)
    in_process.until(lambda: bool(stage(log, "aggregation", e.ParentEnded)), "the end")
    assert execute(["parents", "pause", parent, *PATIENT]) == Exit.REFUSED
    assert "PARENT_ENDED" in capsys.readouterr().err


def test_a_wrong_path_makes_no_log(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = tmp_path / "wrong.db"
    assert execute(["parents", "pause", "0-1", "--log", f"sqlite:{wrong}"]) == Exit.MISSING
    assert "no such log" in capsys.readouterr().err
    assert not wrong.exists()
