"""The arrows of the design: the imports that each room may have.

Each room is built on the ones below it, and an arrow goes down only:

    cli | audit | simulation | gateways | runtime | topology, config | log | core

core imports the standard library alone; projections read the log and never core; infra is above
all. Every module has a row here, and none is in a circle of imports. No function or class of core
serves tests alone, and its tests import nothing that has a disk, a network or an adapter in it.
"""

import ast
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
OURS = ("engine", "projections", "schemas", "infra")

# Each room, and what it may import besides itself. There is no row for all the rest.
MAY_IMPORT: Mapping[str, tuple[str, ...]] = {
    "engine.core": (),
    "engine.log": ("engine.core", "schemas"),
    "engine.topology": ("engine.core",),
    "engine.config": ("engine.log.port", "engine.log.security"),
    "engine.runtime": ("engine.core", "engine.log", "engine.topology"),
    "engine.gateways": (
        *("engine.core", "engine.log", "engine.config", "engine.runtime", "schemas"),
    ),
    "engine.simulation": (
        *("engine.core", "engine.log", "engine.topology", "engine.config", "engine.runtime"),
        *("engine.gateways", "schemas"),
    ),
    "engine.audit": (
        *("engine.core", "engine.log", "engine.topology", "engine.config", "engine.runtime"),
        *("engine.gateways", "engine.simulation", "projections", "schemas"),
    ),
    "engine.cli": ("engine", "projections", "schemas"),
    "projections": ("engine.log", "schemas"),
    "schemas": (),
    "infra": ("engine", "projections", "schemas"),
}
GENERATED = "engine.core.events"  # Its names are those of the log, by the schemas.
PROSE = ("engine",)  # A module that imports nothing: its theory of operation.
STANDARD_LIBRARY_ONLY = ("engine.core",)
# What the tests of core may import besides tests/core itself and the standard library: a shard that
# runs in memory, the codec for its records, and no more.
CORE_TESTS_MAY_IMPORT = (
    *("engine.core", "engine.topology", "engine.runtime.shard", "engine.log.codec"),
    *("engine.log.port", "models", "pytest", "hypothesis"),  # tests/reference/models: oracles.
)
NOT_IN_CORE_TESTS = (
    *("os", "io", "pathlib", "tempfile", "shutil", "sqlite3", "dbm", "shelve"),
    *("socket", "subprocess", "threading", "multiprocessing", "asyncio", "time"),
)
WAY_OUT = {
    "engine.core": "the core gets plain values: pass it in as an argument from the runtime",
    "engine.log": "an adapter knows bytes and the vocabulary: meaning belongs in core or a gateway",
    "projections": "read events as dicts with engine.log.codec.decode_dict; names are in schemas",
}


def sources(*folders: str) -> list[Path]:
    return [x for folder in folders for x in sorted((ROOT / folder).rglob("*.py"))]


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(module: str, tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and full name of everything that is imported."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                package = module.split(".")[: -node.level]
                base = ".".join([*package, base] if base else package)
            yield from ((node.lineno, f"{base}.{name.name}") for name in node.names)


def lies_in(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


# ------------------------------------------------------------------------------------ arrows


def room_of(module: str) -> str | None:
    """The row that a module stands in; None if it has none."""
    return next((room for room in MAY_IMPORT if lies_in(module, room)), None)


def wrong_arrows(module: str, text: str) -> list[str]:
    """The imports that a module may not have, each with the way out."""
    room = room_of(module)
    if room is None and module not in PROSE:
        return [f"{module} stands in no room of MAY_IMPORT; put it in one, or make a row for it"]
    may = () if room is None else (room, *MAY_IMPORT[room])
    found = []
    for line, name in imports(module, ast.parse(text)):
        top = name.split(".")[0]
        is_ours, is_pure = top in OURS, room in STANDARD_LIBRARY_ONLY
        if is_ours and not any(lies_in(name, x) for x in may):
            expected = f"expected only {', '.join(may)}"
        elif not is_ours and is_pure and top not in sys.stdlib_module_names:
            expected = "expected the standard library only"
        else:
            continue
        advice = WAY_OUT.get(room or "", "turn the arrow: pass it in as an argument")
        found.append(f"{module}:{line} imports {name}, {expected}; {advice}")
    return found


@pytest.mark.parametrize("path", sources(*OURS), ids=lambda x: str(x.relative_to(ROOT)))
def test_every_import_follows_an_arrow_of_the_design(path: Path) -> None:
    assert wrong_arrows(module_of(path), path.read_text()) == []


def test_there_is_something_to_read() -> None:
    assert len(sources("engine/core")) > 1


def test_every_room_has_a_module_and_no_two_rows_hold_the_same() -> None:
    modules = [module_of(path) for path in sources(*OURS)]
    for room in MAY_IMPORT:
        assert any(lies_in(module, room) for module in modules), room
        assert [x for x in MAY_IMPORT if lies_in(room, x)] == [room]


def test_the_engine_has_at_most_eight_rooms() -> None:
    inside = [path for path in (ROOT / "engine").iterdir() if path.name != "__pycache__"]
    rooms = [path.name for path in inside if path.is_dir()]
    assert len(rooms) <= 8, rooms
    assert {path.name for path in inside if not path.is_dir()} == {
        *("__init__.py", "topology.py", "config.py")
    }


@pytest.mark.parametrize(
    ("module", "text", "words"),
    [
        ("engine.core.orders.intake", "import orjson", "standard library only; the core gets"),
        ("engine.core.orders.intake", "from engine.log import port", "expected only engine.core"),
        ("engine.core.orders.intake", "def f():\n    import duckdb", "intake:2 imports duckdb"),
        ("engine.core.orders.intake", "from ...log import port", "imports engine.log.port"),
        ("engine.core.orders.intake", "import schemas", "expected only engine.core"),
        ("engine.log.kafka", "from engine.runtime.worker import Worker", "meaning belongs in"),
        ("engine.log.kafka", "from engine import config", "imports engine.config"),
        ("engine.runtime.shard", "from engine.gateways import sending", "turn the arrow"),
        ("engine.gateways.venues.run", "import engine.simulation.paper", "turn the arrow"),
        ("engine.simulation.driver", "from engine.audit import days", "engine.audit.days"),
        ("engine.theory", "import os", "stands in no room"),
        ("engine", "from engine.cli import main", "imports engine.cli.main"),
        ("projections.loader", "from engine.core import events", "decode_dict"),
        ("projections.loader", "from engine import simulation", "expected only projections"),
        ("schemas.generator", "import engine", "expected only schemas"),
    ],
)
def test_a_wrong_arrow_is_found_and_the_way_out_named(module: str, text: str, words: str) -> None:
    (found,) = wrong_arrows(module, text)
    assert words in found


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("engine.core.orders.intake", "import heapq\nfrom engine.core.events import Side"),
        ("engine.core.orders.intake", "from . import changes"),
        ("engine.log.codec", "import fastavro, schemas\nfrom engine.core import events"),
        ("projections.loader", "from engine.log.port import Log\nimport duckdb"),
        ("engine.cli.sql", "import projections"),
    ],
)
def test_a_right_arrow_passes(module: str, text: str) -> None:
    assert wrong_arrows(module, text) == []


# ---------------------------------------------------------------------------- tests of core


def impure_imports(name: str, text: str, own: Iterable[str]) -> list[str]:
    """The imports that a test of core may not have, each with the way out."""
    found = []
    for line, imported in imports(name, ast.parse(text)):
        top = imported.split(".")[0]
        is_standard = top in sys.stdlib_module_names and top not in NOT_IN_CORE_TESTS
        is_listed = any(lies_in(imported, x) for x in (*CORE_TESTS_MAY_IMPORT, *own))
        if not is_standard and not is_listed:
            found.append(
                f"tests/core/{name}.py:{line} imports {imported}, expected only tests/core, the "
                f"standard library without files, and {', '.join(CORE_TESTS_MAY_IMPORT)}; "
                "move the test to tests/runtime, tests/simulation or tests/pipeline"
            )
    return found


@pytest.mark.parametrize("path", sources("tests/core"), ids=lambda x: x.stem)
def test_the_tests_of_core_are_pure(path: Path) -> None:
    own = [x.stem for x in sources("tests/core")]
    assert impure_imports(path.stem, path.read_text(), own) == []


@pytest.mark.parametrize(
    "text",
    [
        "from pathlib import Path",
        "import tempfile",
        "import sqlite3",
        "import apsw",
        "from engine.log.embedded import EmbeddedLog",
        "from engine.log import kafka",
        "from engine import config",
        "from engine.audit import tally",
        "from engine.simulation.market.data import load",
        "from engine.gateways.orders import tickets",
        "from engine.cli import main",
        "from engine.runtime.recovery.finished_file import DiskStore",
        "from engine.runtime import worker",
        "def test_it():\n    import logged",
    ],
)
def test_an_impure_test_of_core_is_found_and_the_way_out_named(text: str) -> None:
    (found,) = impure_imports("test_sample", text, ["world"])
    assert "tests/core/test_sample.py" in found
    assert "move the test to tests/runtime" in found


def test_a_pure_test_of_core_passes() -> None:
    text = (
        "import json, pickle, pytest\nfrom hypothesis import strategies\n"
        "from world import given\nfrom engine import topology\nfrom engine.core import events\n"
        "from engine.log import codec\nfrom engine.runtime.shard import Shard\n"
    )
    assert impure_imports("test_sample", text, ["world"]) == []


# ----------------------------------------------------------------------------------- circles


def graph(texts: Mapping[str, str]) -> dict[str, set[str]]:
    """Each module, and those of the others that it imports, wherever in its code."""
    found: dict[str, set[str]] = {}
    for module, text in texts.items():
        found[module] = set()
        for _, name in imports(module, ast.parse(text)):
            target = name
            while target and target not in texts:
                target = target.rpartition(".")[0]
            if target and target != module:
                found[module].add(target)
    return found


def by_package(modules: Mapping[str, set[str]], depth: int) -> dict[str, set[str]]:
    """The same arrows between packages, their names cut to so many parts."""

    def package(name: str) -> str:
        return ".".join(name.split(".")[:depth])

    found: dict[str, set[str]] = {}
    for module, targets in modules.items():
        others = {package(target) for target in targets} - {package(module)}
        found.setdefault(package(module), set()).update(others)
    return found


def circle(arrows: Mapping[str, set[str]]) -> list[str]:
    """Some circle of imports, its first member again at the end; empty if there is none."""
    done: set[str] = set()
    path: list[str] = []

    def walk(name: str) -> list[str]:
        if name in path:
            return [*path[path.index(name) :], name]
        if name in done:
            return []
        path.append(name)
        for target in sorted(arrows.get(name, ())):
            if found := walk(target):
                return found
        done.add(path.pop())
        return []

    return next((found for name in sorted(arrows) if (found := walk(name))), [])


def read() -> dict[str, set[str]]:
    return graph({module_of(path): path.read_text() for path in sources(*OURS)})


def test_no_module_is_in_a_circle_of_imports() -> None:
    assert circle(read()) == []


@pytest.mark.parametrize("depth", [2, 3])
def test_no_package_of_the_engine_is_in_a_circle_of_imports(depth: int) -> None:
    arrows = {name: to for name, to in read().items() if name.startswith("engine.")}
    assert circle(by_package(arrows, depth)) == []


def test_a_circle_is_found_and_named() -> None:
    texts = {
        "a": "from b import x",
        "b": "def f():\n    import c.d",
        "c.d": "import a",
        "e": "import a",
    }
    assert circle(graph(texts)) == ["a", "b", "c.d", "a"]
    assert circle(graph({"a": "import b", "b": ""})) == []


# ------------------------------------------------------------------------------- unused names


def bound(module: str, tree: ast.Module) -> dict[str, str]:
    """Each name that the module imports from another, and the full name behind it."""
    return {
        alias.asname or alias.name: full
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias, (_, full) in zip(node.names, imports(module, node), strict=True)
    }


def defined(statement: ast.stmt) -> set[str]:
    """The names that a statement at the top of a module defines."""
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return {statement.name}
    if not isinstance(statement, ast.Assign | ast.AnnAssign):
        return set()
    names = (node for node in ast.walk(statement) if isinstance(node, ast.Name))
    return {name.id for name in names if isinstance(name.ctx, ast.Store)}


def used(module: str, statement: ast.stmt, full: Mapping[str, str]) -> Iterator[str]:
    """Full names of the names and of the attributes of modules that a statement reads."""
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            yield full.get(node.id, f"{module}.{node.id}")
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield f"{full.get(node.value.id)}.{node.attr}"


def unused_names(texts: Mapping[str, str], room: str) -> list[str]:
    """Functions, classes and constants of a room that no code reads, directly or through others.

    The roots are all code outside the room, and its own statements that define no name.
    """
    arrows: dict[str, set[str]] = {}
    names: set[str] = set()
    for module, text in texts.items():
        tree = ast.parse(text)
        full = bound(module, tree)
        for statement in tree.body:
            owners = {f"{module}.{x}" for x in defined(statement) if lies_in(module, room)}
            names |= owners
            for owner in owners or {module}:
                arrows.setdefault(owner, set()).update(used(module, statement, full))
    waiting = sorted(arrows.keys() - names)
    seen = set(waiting)
    for name in waiting:  # It grows as it is walked.
        new = arrows.get(name, set()) - seen
        seen |= new
        waiting += sorted(new)
    return sorted(names - seen)


def test_no_name_of_core_serves_tests_alone() -> None:
    texts = {module_of(path): path.read_text() for path in sources(*OURS)}
    found = [x for x in unused_names(texts, "engine.core") if not lies_in(x, GENERATED)]
    assert found == [], f"no code of {', '.join(OURS)} reads {found}: move them to tests"


def test_a_name_that_serves_tests_alone_is_found() -> None:
    texts = {
        "engine.core.plans": (
            "LIMIT: int = 3\nSTEPS = 100\n"
            "def target(x):\n    return min(x.cost, LIMIT)\n"
            "class Cost:\n    steps = STEPS\n"
            "def cost(x):\n    return cost(x - 1) or Cost()\n"
            "def by_module(): ...\ndef by_table(): ...\n"
            "TABLE = {1: by_table}\n"
        ),
        "engine.runtime.shard": (
            "from engine.core import plans as p\n"
            "from engine.core.plans import TABLE, cost, target as goal\n"
            "x = other.cost(goal(p.by_module(TABLE)))\n"
        ),
    }
    assert unused_names(texts, "engine.core") == [
        *("engine.core.plans.Cost", "engine.core.plans.STEPS", "engine.core.plans.cost")
    ]
    texts["infra.run"] = "from engine.core.plans import cost\ncost(1)"
    assert unused_names(texts, "engine.core") == []
