"""The arrows of the design, read from the imports: who may know whom.

core -> the standard library       shard, worker -> core, the log
log  -> core, schemas              projections -> schemas, the log, never core
only cli, worker, gateways, simulation and audit wire things together
"""

import ast
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
OURS = ("engine", "projections", "schemas", "infra")

# Each part of the project, longest prefix first, and the parts of the project it may import.
MAY_IMPORT: Mapping[str, tuple[str, ...]] = {
    "engine.core": ("engine.core",),
    "engine.log": ("engine.core", "engine.log", "schemas"),
    "engine.topology": ("engine.core",),
    "engine.seal": ("engine.core", "engine.log", "schemas"),
    "engine.admission": ("engine.core", "engine.log"),
    "engine.batch": ("engine.core", "engine.log", "engine.seal"),
    "engine.follower": (
        *("engine.core", "engine.log", "engine.topology", "engine.seal"),
        *("engine.batch", "engine.follower"),
    ),
    "engine.shard": (
        *("engine.core", "engine.log", "engine.topology", "engine.seal"),
        *("engine.admission", "engine.batch", "engine.follower", "engine.shard"),
    ),
    "engine.config": ("engine.log.port",),
    "engine.worker": ("engine",),
    "engine.gateways": ("engine", "schemas"),
    "engine.simulation": ("engine", "schemas"),
    "engine.audit": ("engine", "schemas", "projections"),
    "engine.cli": ("engine", "schemas", "projections", "infra"),
    "engine.web": ("engine", "projections"),
    "engine": ("engine",),
    "projections": ("projections", "schemas", "engine.log"),
    "schemas": ("schemas",),
    "infra": OURS,
}
# What wires things together is imported by what wires, and by nothing below it.
WIRING = ("engine.cli", "engine.worker", "engine.gateways", "engine.simulation", "engine.audit")
WIRED_BY = (*WIRING, "engine.web", "infra")
STANDARD_LIBRARY_ONLY = ("engine.core",)
WAY_OUT = {
    "engine.core": "the core gets plain values: pass it in as an argument from shard or worker",
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


def part_of(module: str) -> str:
    return next(x for x in sorted(MAY_IMPORT, key=len, reverse=True) if lies_in(module, x))


def wrong_arrows(module: str, text: str) -> list[str]:
    """What a module may not import, each with the way out."""
    part = part_of(module)
    found = []
    for line, name in imports(module, ast.parse(text)):
        top = name.split(".")[0]
        ours = top in OURS
        allowed = any(lies_in(name, x) for x in MAY_IMPORT[part])
        if ours and not allowed:
            expected = f"expected only {', '.join(MAY_IMPORT[part])}"
        elif ours and any(lies_in(name, x) for x in WIRING) and part not in WIRED_BY:
            expected = f"only {', '.join(WIRED_BY)} wire things together"
        elif not ours and part in STANDARD_LIBRARY_ONLY and top not in sys.stdlib_module_names:
            expected = "expected the standard library only"
        else:
            continue
        advice = WAY_OUT.get(part, "turn the arrow: pass it in as an argument")
        found.append(f"{module}:{line} imports {name}, {expected}; {advice}")
    return found


@pytest.mark.parametrize("path", sources(*OURS), ids=lambda x: str(x.relative_to(ROOT)))
def test_every_import_follows_an_arrow_of_the_design(path: Path) -> None:
    assert wrong_arrows(module_of(path), path.read_text()) == []


def test_there_is_something_to_read() -> None:
    assert len(sources("engine/core")) > 1


@pytest.mark.parametrize(
    ("module", "text", "words"),
    [
        (
            "engine.core.intake",
            "import orjson",
            "expected the standard library only; the core gets",
        ),
        ("engine.core.intake", "from engine.log import port", "expected only engine.core"),
        (
            "engine.core.intake",
            "def f():\n    import duckdb",
            "engine.core.intake:2 imports duckdb",
        ),
        ("engine.core.intake", "from ..log import port", "imports engine.log.port"),
        ("engine.core.intake", "import schemas", "expected only engine.core"),
        (
            "engine.log.kafka",
            "from engine.worker import Worker",
            "expected only engine.core, engine",
        ),
        ("engine.log.kafka", "from engine import config", "imports engine.config"),
        ("engine.shard", "from engine.gateways import tickets", "imports engine.gateways.tickets"),
        ("engine.theory", "from engine.cli import main", "wire things together"),
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
        ("engine.core.intake", "import heapq\nfrom engine.core.events import Side"),
        ("engine.core.intake", "from . import events"),
        ("engine.log.codec", "import fastavro, schemas\nfrom engine.core import events"),
        ("projections.loader", "from engine.log.port import Log\nimport duckdb"),
        ("engine.cli.sql", "import projections"),
    ],
)
def test_a_right_arrow_passes(module: str, text: str) -> None:
    assert wrong_arrows(module, text) == []
