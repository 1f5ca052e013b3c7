"""The recipes of docs/adding.md: each takes at most four files, and the first one is made here.

A copy of the tree gets a new field of an order, by the files that the recipe lists and by no other.
A process of that tree then trades two days with it.
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
PAGE = ROOT / "docs" / "adding.md"
PROGRAM = ROOT / "tests" / "new_field.py"
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
    """What the page says of one thing to add."""

    files: tuple[str, ...]  # That a person writes; <name> stands for a name of one's own.
    generated: tuple[str, ...]


def recipes() -> dict[str, Recipe]:
    parts = re.split(r"^## (.+)\n", PAGE.read_text(), flags=re.MULTILINE)[1:]
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


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tree with one more field of an order, as a developer makes it who follows the page."""
    folder = tmp_path_factory.mktemp("grown")
    for name in other_release.COPIED:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    for name in recipes()["Add an order field"].files:
        _edit(folder / name)
    other_release.generate(folder)
    return folder


def _edit(file: Path) -> None:
    text = file.read_text()
    if file.suffix == ".avsc":
        schema = json.loads(text)
        schema["fields"].append(IN_SCHEMA)
        file.write_text(json.dumps(schema, indent=2) + "\n")
    else:
        assert text.count(BEFORE) == 1
        file.write_text(text.replace(BEFORE, IN_TICKET + BEFORE))


def changed(tree: Path) -> Iterator[str]:
    for name in other_release.COPIED:
        for file in sorted((tree / name).rglob("*")):
            if file.is_dir() or "__pycache__" in file.parts:
                continue
            path = file.relative_to(tree)
            if not (ROOT / path).exists() or not filecmp.cmp(file, ROOT / path, shallow=False):
                yield str(path)


def python(tree: Path, *words: str) -> str:
    """What a program of that tree prints."""
    path = f"{tree}{os.pathsep}{ROOT / 'tests'}"
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
    assert sorted(changed(tree)) == sorted((*recipe.files, *recipe.generated))
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
