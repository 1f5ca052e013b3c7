"""The page of the architecture shows the code as it is: its drawings are printed from the imports.

    make drawings

writes the drawings and the table of the stages into the page anew.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import pytest
import test_dependencies as dependencies
import test_glossary as glossary

from engine import topology

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "architecture.md"
AGAIN = "run `make drawings`, which writes it into the page anew"
COLUMNS = 80
FOLDERS = "engine|projections|schemas|infra|tests|examples|docs"
TASKS = "## I want to change"

# ------------------------------------------------------------------------------------- floors


def floors(arrows: Mapping[str, set[str]]) -> dict[str, int]:
    """The floor of each name: one above the highest that it imports; 0 imports nothing."""
    found: dict[str, int] = {}

    def floor(name: str) -> int:
        if name not in found:
            found[name] = max((floor(to) + 1 for to in arrows.get(name, ())), default=0)
        return found[name]

    for name in arrows:
        floor(name)
    return found


def drawing(arrows: Mapping[str, set[str]]) -> str:
    """The names by floor, the highest first, and a line from each to those that it imports.

    A row's line runs right and has a dot in the column of each name that it imports. A column runs
    down from its dots to the row of its name. The arrows must have no circle.
    """
    floor = floors(arrows)
    names = sorted(floor, key=lambda name: (-floor[name], name))
    width = max(map(len, names))
    lines = []
    for number, name in enumerate(names):
        is_first = number == 0 or floor[name] < floor[names[number - 1]]
        label = str(floor[name]) if is_first else ""
        lines.append(f"{label:>2}  {_row(number, names, arrows, width)}")
    return "\n".join(lines)


def _row(number: int, names: Sequence[str], arrows: Mapping[str, set[str]], width: int) -> str:
    """A name, the end of its own column, and its dots in the columns of the names below."""
    name = names[number]
    above, below = names[:number], names[number + 1 :]
    is_known = any(name in arrows[other] for other in above)
    entry = "◄" + "──" * number + "┘" if is_known else "  " * (number + 1)
    last = max((names.index(to) for to in arrows[name]), default=-1)
    cells = ""
    for column, target in enumerate(below, start=number + 1):
        is_open = any(target in arrows[other] for other in above)
        if target in arrows[name]:
            cells += "●─" if column < last else "● "
        elif column < last:
            cells += "┼─" if is_open else "──"
        else:
            cells += "│ " if is_open else "  "
    return f"{name:<{width}} {entry} {cells}".rstrip()


@cache
def imports() -> Mapping[str, set[str]]:
    return dependencies.read()


def rooms() -> dict[str, set[str]]:
    """Each room, without `engine.` before it, and the rooms that its modules import."""
    found: dict[str, set[str]] = {}
    for module, targets in imports().items():
        room = dependencies.room_of(module)
        if room is not None:
            others = {dependencies.room_of(target) for target in targets} - {room, None}
            found.setdefault(_short(room), set()).update(_short(x) for x in others if x)
    return found


def stages() -> dict[str, set[str]]:
    """Each part of the core, and the parts that it imports."""
    core = "engine.core."
    modules = {
        module: {target for target in targets if target.startswith(core)}
        for module, targets in imports().items()
        if module.startswith(core)
    }
    parts = dependencies.by_package(modules, 3)
    return {
        part.removeprefix(core): {to.removeprefix(core) for to in targets}
        for part, targets in parts.items()
    }


def _short(room: str) -> str:
    return room.removeprefix("engine.")


# -------------------------------------------------------------------------------------- page


def printed() -> dict[str, str]:
    """What stands between the markers of the page, by the name of the marker."""
    return {
        "rooms": f"```text\n{drawing(rooms())}\n```",
        "core": f"```text\n{drawing(stages())}\n```",
        "topology": topology.picture(),
    }


def between(marker: str) -> re.Pattern[str]:
    start, end = f"<!-- {marker} -->\n\n", f"\n\n<!-- /{marker} -->"
    return re.compile(f"({re.escape(start)})(.*?)({re.escape(end)})", re.DOTALL)


def pasted(page: str) -> str:
    """The page with everything between its markers printed anew."""
    for marker, text in printed().items():
        found = between(marker).search(page)
        assert found, f"the page has no markers <!-- {marker} --> and <!-- /{marker} -->"
        page = page[: found.start(2)] + text + page[found.end(2) :]
    return page


@pytest.mark.parametrize("marker", ["rooms", "core", "topology"])
def test_the_page_shows_what_the_code_says(marker: str) -> None:
    found = between(marker).search(PAGE.read_text())
    assert found, f"the page has no markers <!-- {marker} --> and <!-- /{marker} -->"
    assert found[2] == printed()[marker], f"{marker} is out of date: {AGAIN}"


def test_a_drawing_out_of_date_is_replaced_and_nothing_else() -> None:
    page = PAGE.read_text()
    stale = between("core").sub(r"\1an old drawing\3", page)
    assert stale != page
    assert pasted(stale) == page


def test_a_drawing_fits_a_terminal() -> None:
    for arrows in (rooms(), stages()):
        assert max(map(len, drawing(arrows).splitlines())) <= COLUMNS


def test_a_drawing_has_every_arrow_and_no_other() -> None:
    arrows = {
        "top": {"middle", "ground"},
        "middle": {"ground"},
        "side": {"ground"},
        "ground": set(),
    }
    assert floors(arrows) == {"top": 2, "middle": 1, "side": 1, "ground": 0}
    assert drawing(arrows).splitlines() == [
        " 2  top       ●───●",
        " 1  middle ◄──┘ ──●",
        "    side          ●",
        " 0  ground ◄──────┘",
    ]


# --------------------------------------------------------------------------- paths and tasks


def pages() -> list[Path]:
    """The pages for people that speak of the code as it is now."""
    found = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("examples/**/*.md")]
    found += [*ROOT.glob(".github/*.md"), *ROOT.glob("engine/**/*.md")]
    return sorted(path for path in found if path.name != "CHANGELOG.md")


def missing_paths(text: str) -> list[str]:
    """Files and folders of the project that a text names and that are not there.

    A decision may be named by its number alone; NNNN is any number.
    """
    named = re.findall(rf"`((?:{FOLDERS})/[\w./-]*)`", text)
    return [
        path
        for path in dict.fromkeys(named)
        if "NNNN" not in path and not any(ROOT.glob(f"{path.rstrip('/')}*"))
    ]


@pytest.mark.parametrize("path", pages(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_path_that_a_page_names_is_there(path: Path) -> None:
    assert missing_paths(path.read_text()) == []


def test_every_path_that_the_code_names_is_there() -> None:
    texts = (*glossary.texts_of_code(), *glossary.texts_of_tests())
    found = [
        f"{text.place}: {path}"
        for text in texts
        for path in re.findall(rf"\b(?:{FOLDERS})/[\w./-]*\w", text.words)
        if not any(ROOT.glob(f"{path}*"))
    ]
    assert found == []


def test_a_path_that_is_gone_is_found() -> None:
    assert missing_paths("see `engine/core/market.py` and `engine/topology.py`") == [
        "engine/core/market.py"
    ]


def test_every_part_of_the_engine_is_in_the_map_by_task() -> None:
    """A newcomer who looks for a part by what it does meets each of them."""
    text = PAGE.read_text().partition(TASKS)[2].partition("\n## ")[0]
    named = re.findall(rf"`((?:{FOLDERS})/[\w./-]*)`", text)
    parts = [path.parent for path in ROOT.glob("engine/core/*/__init__.py")]
    parts += [
        path.parent for path in ROOT.glob("engine/*/__init__.py") if path.parent.name != "core"
    ]
    parts += [ROOT / "projections", ROOT / "schemas", ROOT / "infra"]
    for part in parts:
        name = str(part.relative_to(ROOT))
        assert any(path == name or path.startswith(f"{name}/") for path in named), name


if __name__ == "__main__":
    PAGE.write_text(pasted(PAGE.read_text()))
