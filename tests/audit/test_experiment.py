"""`metaorder experiment` on a short day: runs are simulations, and others find its figures."""

import csv
import io
import json
import math
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from pipeline import short_day

from engine.audit.experiment import figures
from engine.cli.application import execute
from engine.cli.exits import Exit
from engine.cli.experiment import Dimension
from engine.gateways.files import controls_file, experiment_file
from engine.gateways.files.tables import TableFileError
from engine.simulation import order_generator
from engine.simulation.venues.queue import Queue

ROOT = Path(__file__).resolve().parents[2]
CONTROLS = ROOT / "examples" / "controls.toml"
QUALITY = ROOT.parent / "shared" / "measure" / "quality.py"
TABLE = """
[[policy]]
name = "first"

[[policy]]
name = "same"

[[policy]]
name = "slices"
strategy = "TWAP"
tracking_band = "20%"
"""


class Day:
    """The files of a short day, and what the command made of them."""

    printed = ""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        made = short_day.make(folder / "day", rows=500, order_count=40)
        rows = order_generator.generate(made.data, 40, 7)
        with (folder / "orders.csv").open("w", newline="") as file:
            names = list(dict.fromkeys(name for row in rows for name in row))
            writer = csv.DictWriter(file, names)
            writer.writeheader()
            writer.writerows(rows)
        (folder / "policies.toml").write_text(TABLE)

    @property
    def inputs(self) -> list[str]:
        return ["--market", str(self.folder / "day"), "--orders", str(self.folder / "orders.csv")]

    def run(self, out: str, *more: str) -> int:
        policies = ["--policies", str(self.folder / "policies.toml")]
        where = ["--out", str(self.folder / out), "--controls", str(CONTROLS), "--block", "1min"]
        return execute(["experiment", *self.inputs, *policies, *where, *more])

    def result(self, out: str = "out") -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / out / "experiment.json").read_text())
        return found

    def named(self, name: str, out: str = "out") -> dict[str, Any]:
        (found,) = (run for run in self.result(out)["runs"] if run["name"] == name)
        return dict(found)


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Day:
    found = Day(tmp_path_factory.mktemp("experiment"))
    with redirect_stdout(io.StringIO()) as printed:
        assert found.run("out", "--jobs", "1", "--by", "urgency") == Exit.OK
    found.printed = printed.getvalue()
    return found


def test_a_policy_that_changes_nothing_is_the_day_that_simulate_plays(
    day: Day, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    more = ["--controls", str(CONTROLS), "--out", str(tmp_path), "-o", "json"]
    assert execute(["simulate", *day.inputs, *more]) == Exit.OK

    assert json.loads(capsys.readouterr().out)["chain"] == day.named("first")["chain"]


def test_two_equal_policies_differ_by_nothing_and_another_does(day: Day) -> None:
    first, same, slices = (day.named(name) for name in ("first", "same", "slices"))

    assert first["chain"] == same["chain"] != slices["chain"]
    assert all("difference" not in found for found in first["figures"].values())
    for found in same["figures"].values():
        assert set(found["difference"].values()) <= {0.0, None}
    assert any(found["difference"]["value"] for found in slices["figures"].values())


def test_every_interval_holds_its_figure(day: Day) -> None:
    for run in day.result()["runs"]:
        for found in run["figures"].values():
            if found["low"] is not None:
                assert found["low"] <= found["high"]
    assert day.result()["blocks"] > 2


def test_the_baselines_stand_beside_the_policies(day: Day) -> None:
    kinds = {run["name"]: run["kind"] for run in day.result()["runs"]}

    assert kinds == {
        "first": "policy",
        "same": "policy",
        "slices": "policy",
        "at once": "baseline",
        "equal slices, 60 s": "baseline",
        "equal slices, 10 s": "baseline",
        "true volumes (bound)": "bound",
    }
    assert day.named("at once")["figures"]["take_share"]["value"] > 0.2
    orders = {run["orders"] for run in day.result()["runs"]}
    assert len(orders) == 1


def test_groups_hold_every_order_once(day: Day) -> None:
    whole = day.result()
    orders = day.named("first")["orders"]

    assert set(whole["orders_by_group"]) == {
        *("strategy", "urgency", "benchmark", "size", "window", "pricing")
    }
    for sizes in whole["orders_by_group"].values():
        assert sum(sizes.values()) == orders


def test_the_page_opens_without_a_network_and_is_well_formed(day: Day) -> None:
    page = (day.folder / "out" / "experiment.html").read_text()
    start = page.index("<body>")
    body = ET.fromstring(page[start : page.index("</html>")])  # noqa: S314  Our own page.

    assert "http" not in page
    assert "src=" not in page
    assert "<script" not in page
    assert len(list(body.iter("svg"))) > 10
    assert "NaN" not in page
    assert "None" not in page


def test_processes_side_by_side_find_the_same(day: Day, capsys: pytest.CaptureFixture[str]) -> None:
    assert day.run("again", "--jobs", "2", "--no-baselines", "-o", "csv") == Exit.OK

    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    assert {row["run"] for row in rows} == {"first", "same", "slices"}
    assert {row["dimension"] for row in rows} > {"all", "size", "strategy"}
    one, other = day.named("slices"), day.named("slices", "again")
    assert one["chain"] == other["chain"]
    assert one["figures"] == other["figures"]


def test_people_get_each_main_figure_with_its_difference(day: Day) -> None:
    assert "against the arrival midpoint, bps" in day.printed
    assert "urgency NORMAL (" in day.printed
    assert "Differences are from first" in day.printed


# ---------------------------------------------------------------------- as others measure it


def test_another_measure_of_the_projection_finds_the_same_figures(day: Day) -> None:
    """A measure that lies beside the project and is no part of it."""
    if not QUALITY.exists():
        pytest.skip(f"NOT COMPARED: {QUALITY} is not here")
    run = day.named("slices")
    found = subprocess.run(  # noqa: S603  Our own interpreter.
        [sys.executable, str(QUALITY), run["projection"]],
        capture_output=True,
        text=True,
        check=True,
    )
    other = json.loads(found.stdout)
    fills, routing = other["fill_cost_against_mid"]["all"], other["routing"]
    (windows,) = (x for x in other["orders_own_window"] if x["benchmark"] == "ALL")
    pairs = {
        "executed_fill_bps": fills["effective_half_spread_bps"],
        "executed_half_spreads": fills["in_half_spreads"],
        "executed_fee_bps": fills["fee_bps"],
        "executed_arrival_bps": other["orders_all"]["arrival_cost_bps_crosses_included"],
        "executed_share": other["orders_all"]["executed_share"],
        "executed_tracking_bps": windows["abs_slip_bps"],
        "executed_vwap_bps": windows["slip_bps"],
        "executed_take_share": routing["executed_take_share"],
        "executed_post_share": routing["executed_post_share"],
        "executed_midpoint_share": routing["executed_midpoint_share"],
        "executed_dark_share": routing["executed_dark_ats_share"],
        "messages": other["aggregation"]["messages_per_order"],
    }
    for name, value in pairs.items():
        own = run["figures"][name]["value"]
        assert math.isclose(own, value, rel_tol=1e-9, abs_tol=1e-9), (name, own, value)
    assert run["orders"] == other["aggregation"]["orders"]
    assert run["parents"] == other["aggregation"]["parents"]
    assert run["children"] == other["aggregation"]["children"]


# --------------------------------------------------------------------------------- the table


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[[policy]]\nstrategy = "TWAP"', "name: missing"),
        ('[[policy]]\nname = "a"\nstrategy = "MAGIC"', "policy 1: strategy: found 'MAGIC'"),
        ('[[policy]]\nname = "a"\ncolour = "red"', "colour: not a field here"),
        ('[[policy]]\nname = "a"\n[[policy]]\nname = "a"', "two policies are named a"),
        ('[[policy]]\nname = "../a"', "that name a folder"),
        ('[[policy]]\nname = "a"\nqueue = "MAGIC"', "queue: found 'MAGIC'"),
        ('[[limit]]\nscope = "FIRM"', "found limit, expected tables policy"),
        ("policy = 3", "policy 1: expected a table"),
    ],
)
def test_a_wrong_table_is_named_with_what_is_expected(
    text: str, words: str, tmp_path: Path
) -> None:
    path = tmp_path / "policies.toml"
    path.write_text(text)

    with pytest.raises(TableFileError) as error:
        experiment_file.read(path, CONTROLS)

    assert words in str(error.value)


def test_the_examples_policies_are_read_and_the_first_changes_nothing() -> None:
    first, *others = experiment_file.read(ROOT / "examples" / "experiment.toml", CONTROLS)

    assert list(first.controls) == controls_file.read(CONTROLS)
    assert others
    assert all(other.controls != first.controls for other in others)


def test_each_way_to_group_orders_can_be_printed() -> None:
    assert [dimension.value for dimension in Dimension] == list(figures.GROUPS)


def test_a_table_changes_its_fields_of_the_policy_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "policies.toml"
    path.write_text('[[policy]]\nname = "a"\nseed = 3\ninterval = "5s"\nqueue = "optimistic"')

    (found,) = experiment_file.read(path, CONTROLS)

    assert (found.conditions.seed, found.conditions.queue.value) == (3, "OPTIMISTIC")
    was = controls_file.read(CONTROLS)
    events = [table.to_event("desk", 1) for table in found.controls]
    changed = [x for x in events if x not in [table.to_event("desk", 1) for table in was]]
    assert len(events) == len(was)
    assert [getattr(x, "interval_ns", None) for x in changed] == [5_000_000_000]


def test_controls_without_a_policy_have_nothing_to_change(tmp_path: Path) -> None:
    (tmp_path / "policies.toml").write_text(TABLE)
    (tmp_path / "controls.toml").write_text('[[limit]]\nscope = "FIRM"\ncurrency = "USD"\n')

    with pytest.raises(TableFileError, match="found 0 tables of policy, expected one"):
        experiment_file.read(tmp_path / "policies.toml", tmp_path / "controls.toml")


def test_a_table_knows_the_assumptions_that_the_venues_know() -> None:
    assert [one.value.lower() for one in experiment_file.Queue] == [one.value for one in Queue]


def test_a_wrong_length_of_a_block_is_usage(day: Day, capsys: pytest.CaptureFixture[str]) -> None:
    assert day.run("x", "--block", "soon") == Exit.USAGE
    assert "length of time" in capsys.readouterr().err
