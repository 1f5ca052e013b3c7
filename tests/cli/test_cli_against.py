"""`metaorder verify --against`: two releases, really installed, each deciding the other's day.

The other release gives a child one nanosecond more until it has to be sent; nothing else differs.
"""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from audit import other_release
from audit.other_release import Change, OtherRelease
from audit.stored_log import Stored
from pipeline import short_day

from engine.cli import rules
from engine.cli.application import execute
from engine.cli.exits import Exit
from engine.config import load
from engine.log import open_log
from engine.simulation import order_generator, order_rows
from engine.simulation.driver import Simulation
from engine.simulation.script import of_folder

SEED = 7
OTHER = "0.2.0"
DECIDES = Change(
    "engine/core/routing/routers.py",
    "send_before_ns=search.now_ns + ",
    "send_before_ns=1 + search.now_ns + ",
)
SLICES = Change(
    "engine/core/strategy/slicing.py", "qty -= qty % lot_qty", "qty -= qty % (2 * lot_qty)"
)
RAISES = Change(
    "engine/core/strategy/slicing.py",
    "    claims = sliced(state, parent, plan, group, now_ns, most)\n",
    '    raise ArithmeticError("no slice")\n',
)
REMARK = {"name": "remark", "type": "string", "default": "", "doc": "a free remark; empty if none"}
REMARKS = Change(
    "engine/core/parents/aggregation.py",
    "    return ParentEnded(\n",
    '    return ParentEnded(\n        remark="new",\n',
)


class Days(NamedTuple):
    """One market and its orders, decided by both releases."""

    market: Path
    orders: Path
    ours: Path
    others: Path


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> OtherRelease:
    return other_release.installed(tmp_path_factory.mktemp("other"), OTHER, DECIDES)


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory, other: OtherRelease) -> Days:
    folder = tmp_path_factory.mktemp("days")
    market, tickets = folder / "market", folder / "orders.csv"
    made = short_day.make(market, rows=500, order_count=40)
    order_rows.write_rows(tickets, order_generator.generate(made.data, 40, SEED))
    words = ["simulate", "--market", str(market), "--orders", str(tickets), "-o", "json", "--out"]
    assert execute([*words, str(folder / "ours")]) == Exit.OK
    assert other.run(*words, str(folder / "others")).returncode == Exit.OK
    return Days(market, tickets, folder / "ours" / "log.db", folder / "others" / "log.db")


@pytest.fixture
def log(days: Days, tmp_path: Path) -> Path:
    shutil.copy(days.ours, tmp_path / "log.db")
    return tmp_path / "log.db"


def reported(
    log: Path, release: Path | str, capfd: pytest.CaptureFixture[str], *words: str
) -> tuple[int, dict[str, Any]]:
    """Exit code and report. Another release writes to the process's own streams."""
    capfd.readouterr()
    line = ["verify", "--log", f"sqlite:{log}", "--against", str(release), "-o", "json", *words]
    code = execute(line)
    found: dict[str, Any] = json.loads(capfd.readouterr().out)
    return code, found


def only_the_deadline_departs(report: dict[str, Any], more_ns: int) -> None:
    """Every routed child differs in this one field, by so much, and nothing else differs."""
    (event,) = [row for row in report["events"] if row["batches"]]
    (field,) = report["fields"]
    assert (event["event"], field["event"]) == ("ChildRouted", "ChildRouted")
    assert event["changed"] == event["recorded"] == event["decided"] == field["events"] > 0
    assert field["field"] == "send_before_ns"
    assert field["batches"] == report["batches"]["different"] < report["batches"]["decided"]
    assert len(report["departures"]) == report["departures_total"] == event["changed"]
    for departure in report["departures"]:
        (change,) = departure["fields"]
        assert int(change["decided"]) - int(change["recorded"]) == more_ns
        assert departure["seq"] == departure["decided_seq"]
        assert departure["input"].startswith("plan:")


# ------------------------------------------------------------------------ both directions


def test_what_another_release_would_decide_otherwise_is_reported(
    days: Days, other: OtherRelease, capfd: pytest.CaptureFixture[str]
) -> None:
    code, found = reported(days.ours, other.folder, capfd, "--show", "100000", "--jobs", "1")

    report = found["against"]
    assert (code, found["verified"], report["is_same"]) == (Exit.DIFFERENT, True, False)
    assert report["release"] == OTHER
    assert [name.partition(" ")[0] for name in report["recorded_by"]] == [ours()]
    only_the_deadline_departs(report, 1)


def test_this_release_reports_on_what_another_recorded(
    days: Days, capfd: pytest.CaptureFixture[str]
) -> None:
    code, found = reported(days.others, "this", capfd, "--show", "100000")

    report = found["against"]
    assert (code, found["verified"], report["is_same"]) == (Exit.DIFFERENT, True, False)
    assert report["release"] == ours()
    assert [name.partition(" ")[0] for name in report["recorded_by"]] == [OTHER]
    only_the_deadline_departs(report, -1)


def alone(report: dict[str, Any], side: str, event: str) -> set[tuple[int, int, str]]:
    """The plans, by shard and batch, with such an event on that side only."""
    return {
        (x["shard"], x["batch"], x["input"])
        for x in report["departures"]
        if (x["event"], x["kind"]) == (event, f"only {side}")
    }


def test_a_departure_stands_for_itself(
    days: Days, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Slices that are not cut leave no echo: the next one is cut from what was recorded.

    Within their batch they leave their client's participation to a parent that it held back.
    """
    slicing = other_release.installed(tmp_path, "0.5.0", SLICES)

    code, found = reported(days.ours, slicing.folder, capfd, "--jobs", "1", "--show", "100000")

    report = found["against"]
    assert code == Exit.DIFFERENT
    events = {row["event"]: row for row in report["events"] if row["batches"]}
    assert set(events) <= {"SliceReleased", "SliceHeld", "ChildRouted", "RouteDeferred"}
    assert events["SliceReleased"]["only_recorded"] > 0
    assert alone(report, "decided", "SliceReleased") <= alone(report, "recorded", "SliceHeld")
    assert {row["field"] for row in report["fields"] if row["event"] == "SliceReleased"} <= {
        "slice_qty",
        "claims",
    }
    gone = [x for x in report["departures"] if x["kind"] == "only recorded"]
    assert all(x["recorded"].startswith(f"{x['event']}(seq={x['seq']}, ") for x in gone)


def test_the_counts_add_up(days: Days, capfd: pytest.CaptureFixture[str]) -> None:
    _, found = reported(days.others, "this", capfd, "--show", "2")

    report = found["against"]
    assert report["batches"]["decided"] == sum(row["decided"] for row in found["shards"])
    assert report["batches"]["different"] == sum(row["different"] for row in found["shards"])
    for row in report["events"]:
        assert row["recorded"] == row["same"] + row["changed"] + row["only_recorded"]
        assert row["decided"] == row["same"] + row["changed"] + row["only_decided"]
    odd = sum(x["changed"] + x["only_recorded"] + x["only_decided"] for x in report["events"])
    assert report["departures_total"] == odd > 2 == len(report["departures"])
    assert sum(row["recorded"] for row in report["events"]) == sum(
        row["events"] for row in found["shards"]
    )


def test_one_core_says_the_same_as_two(days: Days, capfd: pytest.CaptureFixture[str]) -> None:
    one = reported(days.others, "this", capfd, "--jobs", "1")
    two = reported(days.others, "this", capfd, "--jobs", "2")

    assert one == two


def test_people_read_the_first_departures_with_what_led_to_them(
    days: Days, capfd: pytest.CaptureFixture[str]
) -> None:
    code = execute(["verify", "--log", f"sqlite:{days.others}", "--against", "this", "--show", "1"])

    shown = capfd.readouterr().out
    assert code == Exit.DIFFERENT
    assert "send_before_ns" in shown
    assert "Each was decided from the state recorded before it" in shown
    assert "departures are shown in full; --show N shows more." in shown
    assert "  input     plan:" in shown


def test_rows_for_machines_have_a_field_each(days: Days, capfd: pytest.CaptureFixture[str]) -> None:
    words = ["verify", "--log", f"sqlite:{days.others}", "--against", "this", "-o", "jsonl"]

    assert execute(words) == Exit.DIFFERENT

    rows = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert {"shard", "batch", "seq", "event", "field", "recorded", "decided", "input"} <= set(
        rows[0]
    )


# ---------------------------------------------------------------------------- no difference


def ours() -> str:
    return rules.rules_of(load()).release


def test_the_same_code_under_another_version_and_configuration_decides_the_same(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    made = short_day.make(tmp_path / "day", rows=40, order_count=8)
    script = of_folder(made.data, made.inputs, made.controls, SEED)
    path = tmp_path / "log.db"
    recorded = load(quote_age_max_ns=5_000_000_000)  # Not what this process is configured with.
    settings = replace(rules.rules_of(recorded), release="0.0.9")
    with open_log(f"sqlite:{path}", partitions=settings.partitions) as log:
        Simulation(log, settings, script, seed=SEED).run()

    code, found = reported(path, "this", capfd)

    assert code == Exit.OK
    assert found["against"]["is_same"] is True
    assert found["against"]["departures"] == found["against"]["fields"] == []
    assert found["against"]["batches"]["same"] == found["against"]["batches"]["decided"] > 0


def test_bounds_say_what_is_decided(days: Days, capfd: pytest.CaptureFixture[str]) -> None:
    _, found = reported(days.others, "this", capfd, "--shard", "7", "--from", "3", "--to", "5")

    assert [row["shard"] for row in found["shards"]] == [7]
    assert found["against"]["batches"]["decided"] == 3
    line = ["verify", "--log", f"sqlite:{days.others}", "--against", "this", "--day", "20200101"]
    assert execute(line) == Exit.USAGE


def test_anchors_are_held_against_the_log_by_the_other_release_too(
    days: Days, other: OtherRelease, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    key, anchors = str(tmp_path / "n.key"), str(tmp_path / "anchors.jsonl")
    url = f"sqlite:{days.ours}"
    assert execute(["notary", "keygen", "--key", key]) == Exit.OK
    signing = ["notary", "run", "--once", "--log", url, "--anchors", anchors, "--key", key]
    assert execute(signing) == Exit.OK

    words = ("--anchors", anchors, "--key", f"{key}.pub", "--shard", "7", "--jobs", "1")
    _, found = reported(days.ours, other.folder, capfd, *words)

    (row,) = found["shards"]
    assert row["anchored"] == row["batches"] - 1


def test_a_changed_log_is_still_3(log: Path, capfd: pytest.CaptureFixture[str]) -> None:
    stored = Stored(log)
    row = next(row for row in stored.rows() if row.topic == "slices")
    with stored.connection:
        sql = "update record set timestamp_ms = timestamp_ms + 1 where id = ?"
        stored.connection.execute(sql, (row.id,))

    code, found = reported(log, "this", capfd)

    assert (code, found["verified"]) == (Exit.MISMATCH, False)


# ------------------------------------------------------------------------- what cannot be


def test_a_release_that_raises_is_reported_with_the_input(
    days: Days, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    broken = other_release.installed(tmp_path, "0.3.0", RAISES)

    code, found = reported(days.ours, broken.python, capfd, "--jobs", "1", "--show", "1")

    report = found["against"]
    assert code == Exit.DIFFERENT
    assert report["batches"]["raised"] == report["batches"]["different"] > 0
    (departure,) = report["departures"]
    assert (departure["kind"], departure["decided"]) == ("raised", "ArithmeticError('no slice')")
    assert departure["input"].startswith("plan:")


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> OtherRelease:
    """A release whose events have a field more."""
    release = other_release.installed(tmp_path_factory.mktemp("grown"), "0.4.0", REMARKS)
    other_release.grow(release.tree, {"aggregation-ParentEnded": REMARK})
    return release


def test_a_field_that_one_release_does_not_know_is_named_once(
    days: Days, grown: OtherRelease, capfd: pytest.CaptureFixture[str]
) -> None:
    code, found = reported(days.ours, grown.folder, capfd, "--jobs", "1")

    report = found["against"]
    assert (code, report["is_same"]) == (Exit.OK, True)
    assert report["unknown_fields"] == [
        {"field": "ParentEnded.remark", "known_by": "the deciding release"}
    ]


def test_a_log_with_schemas_of_a_later_release_is_an_error_and_not_called_changed(
    days: Days, grown: OtherRelease, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    words = ["simulate", "--market", str(days.market), "--orders", str(days.orders), "--out"]
    assert grown.run(*words, str(tmp_path / "out")).returncode == Exit.OK
    log = tmp_path / "out" / "log.db"
    for against in ((), ("--against", "this")):
        capfd.readouterr()
        assert execute(["verify", "--log", f"sqlite:{log}", "--jobs", "1", *against]) == Exit.ERROR
        said = " ".join(capfd.readouterr().err.split())
        assert f"release {ours()} does not know a schema that release 0.4.0 wrote with" in said
        assert "Read this log with release 0.4.0 or a later one" in said


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda folder: folder / "none", "no such file or folder"),
        (lambda folder: folder, "a folder without bin/python is no virtual environment"),
        (lambda folder: written(folder / "text", "no program"), "cannot be run"),
        (lambda folder: program(folder / "echo", "#!/bin/sh\necho hello\n"), "is no Python"),
        (lambda folder: program(folder / "metaorder", "#!/bin/sh\n"), "no python beside"),
        (lambda folder: other_release.empty(folder / "venv"), "has no metaorder installed"),
    ],
)
def test_what_is_no_release_is_explained(
    days: Days,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    make: Callable[[Path], Path],
    reason: str,
) -> None:
    place = make(tmp_path)

    code = execute(["verify", "--log", f"sqlite:{days.ours}", "--against", str(place)])

    said = " ".join(capfd.readouterr().err.split())
    assert code == Exit.ERROR
    assert f"--against {place}" in said
    assert reason in said
    assert "Give `this`, or the virtual environment of another release" in said


def test_a_release_from_before_is_told_to_be_too_old(
    days: Days, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    old = other_release.installed(tmp_path, "0.0.1")
    (old.tree / "engine" / "audit" / "reconsideration.py").unlink()

    code = execute(["verify", "--log", f"sqlite:{days.ours}", "--against", str(old.folder)])

    said = " ".join(capfd.readouterr().err.split())
    assert code == Exit.ERROR
    assert "release 0.0.1 is too old to know `verify --against`" in said


def test_a_command_stands_for_its_release_whatever_folder_and_settings_we_have(
    days: Days,
    other: OtherRelease,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    command = program(other.folder / "bin" / "metaorder", "#!/bin/sh\n")
    link = tmp_path / "metaorder"
    link.symlink_to(command)
    monkeypatch.chdir(other_release.ROOT)  # Its own `engine` must not be taken for the other's.
    monkeypatch.setenv("PYTHONPATH", str(other_release.ROOT))
    monkeypatch.setenv("METAORDER_WORKER", "w1")

    _, found = reported(days.ours, link, capfd, "--shard", "7", "--to", "0")

    assert found["against"]["release"] == OTHER


def program(path: Path, text: str) -> Path:
    written(path, text).chmod(0o755)
    return path


def written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path
