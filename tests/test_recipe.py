"""The recipes of docs/architecture.md: at most four files each, and the first three made here.

A copy of the tree gets a new field of an order, by the files that the recipe lists and by no other.
A process of that tree then trades two days with it. Another copy gets a venue rule and a strategy.
"""

import filecmp
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from audit import other_release

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "architecture.md"
PROGRAM = ROOT / "tests" / "new_field.py"
RULE_PROGRAM = ROOT / "tests" / "new_rule_and_strategy.py"
FILES_MAX = 4
RECIPES = (
    "Add an order field",
    "Add a venue rule",
    "Add a strategy",
    "Add a view",
    "Add a venue session",
)

FIELD = "trader"
IN_SCHEMA = {
    "name": FIELD,
    "type": "string",
    "default": "",
    "doc": "Code of the trader that sends it; empty if there is none.",
}
IN_TICKET = f'    {FIELD}: Text = Field(default="", description="Code of the trader.")\n'
BEFORE = "\n    def to_event(self, received_ns: int) -> OrderSubmitted:"


class Recipe(NamedTuple):
    """The page's files for one thing to add."""

    files: tuple[str, ...]  # That a person writes; <name> stands for a name of one's own.
    generated: tuple[str, ...]


def recipes() -> dict[str, Recipe]:
    _, chapter = PAGE.read_text().split("\n# How to add\n")
    parts = re.split(r"^## (.+)\n", chapter, flags=re.MULTILINE)[1:]
    return {title: _read(text) for title, text in zip(parts[::2], parts[1::2], strict=True)}


def _read(text: str) -> Recipe:
    files, _, after = text.partition("\nGenerated:")
    return Recipe(_listed(files), _listed(after.partition("\nSteps:")[0]))


def _listed(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r"^- `([^`]+)`", text, re.MULTILINE))


def test_the_page_has_the_five_recipes() -> None:
    assert tuple(recipes()) == RECIPES


@pytest.mark.parametrize("title", RECIPES)
def test_a_recipe_takes_at_most_four_files(title: str) -> None:
    assert 1 <= len(recipes()[title].files) <= FILES_MAX


@pytest.mark.parametrize("title", RECIPES)
def test_the_files_of_a_recipe_are_there_and_the_folders_of_new_ones(title: str) -> None:
    recipe = recipes()[title]
    for name in (*recipe.files, *recipe.generated):
        path = ROOT / name
        assert path.parent.is_dir() if "<" in name else path.is_file(), name


def test_no_file_is_both_written_and_generated() -> None:
    for recipe in recipes().values():
        assert not set(recipe.files) & set(recipe.generated)


# ------------------------------------------------------------------------------ an order field


def copied(folder: Path) -> Path:
    for name in other_release.COPIED:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    return folder


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tree with one more field of an order, made by the steps of the page."""
    folder = copied(tmp_path_factory.mktemp("grown"))
    for name in recipes()["Add an order field"].files:
        if name.endswith(".avsc"):
            append(folder / name, IN_SCHEMA)
        else:
            put(folder / name, IN_TICKET, BEFORE)
    other_release.generate(folder)
    return folder


def append(avsc: Path, field: dict[str, Any]) -> None:
    schema = json.loads(avsc.read_text())
    schema["fields"].append(field)
    avsc.write_text(json.dumps(schema, indent=2) + "\n")


def put(file: Path, text: str, before: str) -> None:
    """Write a text before another one, which the file has once."""
    was = file.read_text()
    assert was.count(before) == 1, before
    file.write_text(was.replace(before, text + before))


def changed(tree: Path) -> Iterator[str]:
    for name in other_release.COPIED:
        for file in sorted((tree / name).rglob("*")):
            if file.is_dir() or "__pycache__" in file.parts:
                continue
            path = file.relative_to(tree)
            if not (ROOT / path).exists() or not filecmp.cmp(file, ROOT / path, shallow=False):
                yield str(path)


def python(tree: Path, *words: str) -> str:
    """Output of a program of that tree."""
    path = os.pathsep.join(map(str, (tree, ROOT / "tests", ROOT / "tests" / "core")))
    ran = subprocess.run(  # noqa: S603  Our own code.
        [sys.executable, *words],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": path, "METAORDER_PARTITIONS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_a_field_changes_the_listed_files_and_the_generated_ones_alone(tree: Path) -> None:
    recipe = recipes()["Add an order field"]
    found, listed = set(changed(tree)), {*recipe.files, *recipe.generated}
    # A shape that has no released id yet keeps the one it has.
    assert found | {"schemas/catalogue.json"} == listed
    python(tree, "-m", "schemas", "--check")


def test_each_shape_has_one_new_id_and_no_other_changes(tree: Path) -> None:
    old: dict[str, int] = json.loads((ROOT / "schemas" / "catalogue.json").read_text())
    new: dict[str, int] = json.loads((tree / "schemas" / "catalogue.json").read_text())
    moved = {subject for subject in new if new[subject] != old[subject]}
    files = recipes()["Add an order field"].files
    grown = {x.removesuffix(".avsc").split("/", 1)[1].replace("/", "-") for x in files[:3]}
    assert moved <= grown  # One that has an unreleased id already keeps it.
    assert len(set(new.values())) == len(new)


def test_the_field_goes_through_two_days_to_the_projection(tree: Path, tmp_path: Path) -> None:
    printed = python(tree, str(PROGRAM), str(tmp_path), FIELD)
    found: dict[str, Any] = json.loads(printed.splitlines()[-1])
    each = [["CSV", "by column"], ["FLAG", "by flag"], ["JSON", "by key"], ["UNAWARE", ""]]
    assert found["accepted"] == each
    first, second = found["carried"][:4], found["carried"][4:]
    assert (sorted(first), sorted(second)) == (each, each)
    assert found["resumed"] == [[4]]
    assert found["violated"] == []


def test_the_flag_of_the_field_is_in_the_help(tree: Path) -> None:
    shown = python(tree, "-m", "engine.cli", "orders", "submit", "--help")
    assert f"--{FIELD}" in shown
    assert "Code of the trader." in shown


# --------------------------------------------------------------- a venue rule and a strategy

MAX_QTY = {
    "name": "max_qty",
    "type": "long",
    "default": 0,
    "doc": "Largest child that the venue takes, smallest increments; 0 if there is no limit.",
}
MAXIMUM = """def maximum(venue: VenueDefined, qty: int, _: int) -> int:
    return min(qty, venue.max_qty) if venue.max_qty else qty


"""
MAXIMUM_ROW = """    QtyRule(
        RouteReason.OTHER,
        maximum,
        "quantity {qty} is above the maximum of {venue.max_qty}",
    ),
"""
MAXIMUM_SQL = """select
    'child_maximum' as name,
    count(*) as violations,
    'No child is larger than its venue takes.' as question
from child_routed as child
join venue_defined as venue on venue.venue = child.venue
where venue.max_qty > 0 and child.child_qty > venue.max_qty
union all
"""
LATE = '''"""Nothing before the end of the window, then all of it."""

from engine.core.strategy.schedules import Asked


def late_schedule(asked: Asked, qty: int, at_ns: int) -> int:
    return qty if at_ns >= asked.plan.end_ns else 0
'''


@pytest.fixture(scope="module")
def other_tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tree with a largest child of a venue and with the strategy LATE."""
    folder = copied(tmp_path_factory.mktemp("ruled"))
    defined, rules, sql = (folder / x for x in recipes()["Add a venue rule"].files[:3])
    append(defined, MAX_QTY)
    put(rules, MAXIMUM, "# In the order of their precedence")
    put(rules, MAXIMUM_ROW, ")\n\n\ndef unfit_qty")
    put(sql, MAXIMUM_SQL, "select\n    'child_outlives_parent'")
    enum, module, table, _ = recipes()["Add a strategy"].files
    schema = json.loads((folder / enum).read_text())
    schema["symbols"].append("LATE")
    (folder / enum).write_text(json.dumps(schema))
    (folder / module.replace("<strategy>", "late")).write_text(LATE)
    put(folder / table, "    Strategy.LATE: Method(late_schedule),\n", "}\nNAMED_BY")
    put(
        folder / table,
        "from engine.core.strategy.late import late_schedule\n",
        "from engine.core.strategy.schedules import (",
    )
    other_release.generate(folder)
    return folder


def test_a_venue_rule_and_a_strategy_change_the_listed_files_alone(other_tree: Path) -> None:
    two = [recipes()[title] for title in ("Add a venue rule", "Add a strategy")]
    listed = {name for recipe in two for name in (*recipe.files, *recipe.generated)}
    tests = {name for name in listed if name.startswith("tests/")}
    made = {name.replace("<strategy>", "late") for name in listed - tests}
    assert set(changed(other_tree)) == made
    python(other_tree, "-m", "schemas", "--check")


def test_a_venue_rule_and_a_strategy_are_at_work(other_tree: Path, tmp_path: Path) -> None:
    printed = python(other_tree, str(RULE_PROGRAM), str(tmp_path), str(ROOT))
    assert json.loads(printed.splitlines()[-1]) == {
        "fitted": [300, 500],
        "wrong": "quantity 400 is above the maximum of 300",
        "carried": True,
        "has_invariant": True,
        "strategy": "LATE",
    }
