"""The lines of the style page that a test can hold; each failure says what to do instead."""

import ast
import subprocess
import sys
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path

import pytest

import schemas
from engine.core import events
from schemas import generator

ROOT = Path(__file__).resolve().parent.parent
CODE = ("engine", "projections", "schemas", "infra", "tests")
VAGUE = ("utils", "util", "helpers", "helper", "common", "misc")
PYDANTIC_HOMES = ("engine/gateways/", "engine/cli/", "engine/config.py")

CLOCKS = ("time", "datetime", "zoneinfo", "sched")
IDS_AND_CHANCE = ("uuid", "random", "secrets")
OUTSIDE = ("os", "io", "socket", "subprocess", "threading", "asyncio", "multiprocessing", "locale")
# These functions of `math` are exact to the last bit everywhere: sqrt by IEEE 754, fsum by its own
# algorithm. All others come out of libm or build on it, and differ between processors.
EXACT_FUNCTIONS = (
    "sqrt", "fsum", "isqrt", "gcd", "lcm", "comb", "perm", "factorial", "prod", "floor", "ceil",
    "trunc", "isfinite", "isnan", "isinf", "copysign", "fabs", "inf", "nan",
)  # fmt: skip
NO_CMATH = ("cmath", "statistics", "numpy")
SALTED = ("hash", "id")
FLOAT_WORDS = ("float", "sqrt", "fsum")


def sources(*folders: str) -> list[Path]:
    return [
        path
        for folder in folders
        for path in sorted((ROOT / folder).rglob("*.py"))
        if "__pycache__" not in path.parts
    ]


# ---------------------------------------------------------------------------- vague names


def vague_names(paths: list[Path]) -> list[str]:
    return [
        f"{path}: a name such as {part} says nothing; name the module by its subject"
        for path in paths
        for part in (*path.parts[:-1], path.stem)
        if part in VAGUE or part.endswith(tuple(f"_{word}" for word in VAGUE))
    ]


def test_modules_are_named_by_their_subject() -> None:
    assert vague_names([x.relative_to(ROOT) for x in sources(*CODE)]) == []


@pytest.mark.parametrize(
    "name", ["engine/utils.py", "engine/common/px.py", "tests/kafka_helpers.py"]
)
def test_a_vague_name_is_found(name: str) -> None:
    (found,) = vague_names([Path(name)])
    assert "name the module by its subject" in found


# ---------------------------------------------------------------------------- a pure core


def impure(text: str) -> list[str]:
    """What in a core module reads a clock, draws chance, or rounds as its processor likes."""
    tree = ast.parse(text)
    found = [*_imported(tree), *_called(tree), *_powers(tree), *_float_sums(tree), *_sets(tree)]
    return [f"line {line}: {words}" for line, words in sorted(found)]


def _imported(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [x.name for x in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
            if node.module == "math":
                yield from (
                    (node.lineno, _libm(x.name))
                    for x in node.names
                    if x.name not in EXACT_FUNCTIONS
                )
        else:
            continue
        for name in names:
            top = name.split(".")[0]
            if top in CLOCKS:
                yield node.lineno, f"{name} reads clocks; take now_ns as an argument"
            elif top in IDS_AND_CHANCE:
                advice = "an id comes from seq, chance from a hash of day seed, parent id, counter"
                yield node.lineno, f"{name} makes ids or chance; {advice}"
            elif top in OUTSIDE:
                yield node.lineno, f"{name} reaches outside; the core gets plain values"
            elif top in NO_CMATH:
                yield node.lineno, _libm(name)


def _libm(name: str) -> str:
    return (
        f"{name} may differ in the last bit between processors; use integers, sqrt, fsum, or the "
        "decimal functions of engine/core/strategy/exact_math.py"
    )


def _called(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.value.id == "math" and node.attr not in EXACT_FUNCTIONS:
                yield node.lineno, _libm(f"math.{node.attr}")
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id in SALTED:
                yield (
                    node.lineno,
                    f"{node.func.id}() differs between processes; key by the value itself",
                )
            elif node.func.id == "pow" and len(node.args) == 2:
                yield node.lineno, _libm("pow()")


def _powers(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """`**` unless base and exponent are visibly integers; 10**9 is, x**2 may be a float's."""
    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
            operands = (node.left, node.right)
        elif isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Pow):
            operands = (node.target, node.value)
        else:
            continue
        if not all(isinstance(x, ast.Constant) and type(x.value) is int for x in operands):
            yield node.lineno, f"{_libm('**')}; a square is x * x"


def _float_sums(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == "sum"
            and any(_looks_float(x) for x in node.args)
        ):
            yield node.lineno, "sum() of floats changed in Python 3.12; use math.fsum"


def _looks_float(node: ast.AST) -> bool:
    for part in ast.walk(node):
        if isinstance(part, ast.Constant) and isinstance(part.value, float):
            return True
        if isinstance(part, ast.BinOp) and isinstance(part.op, ast.Div):
            return True
        if isinstance(part, ast.Name | ast.Attribute):
            name = part.id if isinstance(part, ast.Name) else part.attr
            if name in FLOAT_WORDS:
                return True
    return False


def _sets(tree: ast.AST) -> Iterator[tuple[int, str]]:
    loops = [x.iter for x in ast.walk(tree) if isinstance(x, ast.For | ast.comprehension)]
    for node in loops:
        is_set = isinstance(node, ast.Set | ast.SetComp) or (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in ("set", "frozenset")
        )
        if is_set:
            yield node.lineno, "the order of a set differs between processes; sort it first"


@pytest.mark.parametrize("path", sources("engine/core"), ids=lambda x: x.name)
def test_the_core_is_pure(path: Path) -> None:
    assert impure(path.read_text()) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("import time", "take now_ns as an argument"),
        ("from datetime import datetime", "take now_ns as an argument"),
        ("import uuid", "an id comes from seq"),
        ("import random", "chance from a hash"),
        ("from secrets import token_hex", "an id comes from seq"),
        ("import os", "the core gets plain values"),
        ("import math\nx = math.exp(1)", "line 2: math.exp may differ in the last bit"),
        ("import math\nx = math.log(2)", "engine/core/strategy/exact_math.py"),
        ("import math\nx = math.asinh(2)", "math.asinh"),
        ("from math import sinh", "sinh may differ"),
        ("import statistics", "statistics may differ"),
        ("y = x ** 0.5", "a square is x * x"),
        ("y = x ** n", "a square is x * x"),
        ("y **= 2", "a square is x * x"),
        ("y = pow(x, 0.5)", "pow() may differ"),
        ("y = sum(x / 2 for x in xs)", "use math.fsum"),
        ("y = sum(xs, 0.0)", "use math.fsum"),
        ("y = sum(float(x) for x in xs)", "use math.fsum"),
        ("y = hash(x)", "differs between processes"),
        ("for x in {1, 2}:\n    pass", "sort it first"),
        ("y = [x for x in set(xs)]", "sort it first"),
    ],
)
def test_what_would_make_a_replay_differ_is_found(text: str, words: str) -> None:
    (found,) = impure(text)
    assert words in found


@pytest.mark.parametrize(
    "text",
    [
        "import math\ny = math.sqrt(x) + math.fsum(xs)",
        "PX = 10**9",
        "y = sum(xs)",
        "y = pow(x, -1, p)",
        "for x in sorted({1, 2}):\n    pass",
        "from decimal import Decimal",
    ],
)
def test_what_is_the_same_everywhere_passes(text: str) -> None:
    assert impure(text) == []


# ---------------------------------------------------------------------------- pydantic


def pydantic_strays(path: str, text: str) -> list[str]:
    if path.startswith(PYDANTIC_HOMES):
        return []
    modules = [
        name
        for node in ast.walk(ast.parse(text))
        for name in (
            [x.name for x in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    ]
    return [
        f"{path}: imports {x}; validate at the edge, in a gateway, the CLI or config"
        for x in modules
        if x.split(".")[0] in ("pydantic", "pydantic_settings", "pydantic_core")
    ]


def test_the_homes_and_the_module_that_the_rules_name_are_there() -> None:
    (advice,) = impure("import math\nx = math.exp(1)")
    (module,) = [word for word in advice.split() if word.endswith(".py")]
    for path in (module, *PYDANTIC_HOMES):
        assert (ROOT / path).exists(), path


def test_values_are_validated_at_the_edges_only() -> None:
    paths = sources("engine", "projections", "schemas", "infra")
    found = [pydantic_strays(str(x.relative_to(ROOT)), x.read_text()) for x in paths]
    assert [x for one in found for x in one] == []


def test_pydantic_inside_is_found() -> None:
    (found,) = pydantic_strays("engine/runtime/worker.py", "from pydantic import BaseModel")
    assert "validate at the edge" in found
    assert pydantic_strays("engine/gateways/fix.py", "import pydantic") == []


# ---------------------------------------------------------------------------- events


def floats(schema: schemas.Schema) -> list[str]:
    """Fields of an event, nested ones too, that hold a float."""

    def inside(avro: object) -> bool:
        if isinstance(avro, list):
            return any(inside(x) for x in avro)
        if isinstance(avro, dict):
            return any(inside(avro.get(x)) for x in ("type", "items", "values", "fields"))
        return avro in ("float", "double")

    return [
        f"{schema['name']}.{x['name']} holds a float; round it, say which way, and name its unit"
        for x in schema["fields"]
        if inside(x["type"])
    ]


def records() -> list[schemas.Schema]:
    return [schema for _, schema in generator.read().records.values()]


@pytest.mark.parametrize("check", [floats, generator.without_unit])
def test_events_hold_integers_that_name_their_unit(
    check: Callable[[schemas.Schema], list[str]],
) -> None:
    assert [x for schema in records() for x in check(schema)] == []


def spoiled(field: str, avro: object, doc: str) -> schemas.Schema:
    schema = deepcopy(schemas.schema("fills-FillBooked"))
    schema["fields"].append({"name": field, "type": avro, "doc": doc})
    return schema


@pytest.mark.parametrize(
    "avro", ["double", ["null", "float"], {"type": "array", "items": "double"}]
)
def test_a_float_in_an_event_is_found(avro: object) -> None:
    (found,) = floats(spoiled("alpha_ppm", avro, "Alpha, parts per million."))
    assert found.startswith("FillBooked.alpha_ppm holds a float; round it")


def test_a_number_without_a_unit_is_found() -> None:
    assert generator.without_unit(spoiled("alpha", "long", "Alpha.")) == ["FillBooked.alpha"]


def test_every_stage_event_carries_the_envelope() -> None:
    for subject in schemas.catalogue():
        topic, name = schemas.topic_and_name(subject)
        if topic in generator.STAGES:
            fields = [x["name"] for x in schemas.schema(subject)["fields"]]
            assert tuple(fields[:3]) == generator.ENVELOPE, subject
            assert getattr(events, name).__dataclass_params__.frozen


def test_the_generated_files_are_current() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "schemas", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
