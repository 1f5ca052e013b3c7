"""Writes the Python that mirrors the .avsc files.

Two files come out. `engine/core/events.py` holds the frozen dataclasses and enums and needs
nothing but the standard library. `engine/log/shapes.py` holds the conversions between them and
the dicts that an Avro library reads and writes, spelled out field by field because a generic walk
costs several times as much for each event.
"""

import re
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import schemas
from schemas import Schema

STAGES = ("ingest", "aggregation", "slices", "routes", "fills", "allocations")
ENVELOPE = ("seq", "at_ns", "cause")
PRIMITIVES = {"long": "int", "int": "int", "string": "str", "boolean": "bool", "bytes": "bytes"}
UNIT_SUFFIXES = (
    *("_px", "_qty", "_ns", "_ppm", "_millibps", "_cur", "_e9", "_e12", "_day", "day"),
    *("seq", "position", "epoch", "count", "batch", "version", "samples", "revision", "band"),
    *("shard", "number", "members", "seed", "offset"),
)


@dataclass
class Catalogue:
    """Every type that the schemas name, each once, in order of first appearance."""

    enums: dict[str, Schema] = field(default_factory=dict)
    nested: dict[str, Schema] = field(default_factory=dict)
    records: dict[str, tuple[str, Schema]] = field(default_factory=dict)


def read() -> Catalogue:
    """Collect all types. Raises ValueError where two schemas define one name differently."""
    found = Catalogue()
    for subject in schemas.catalogue():
        topic, name = schemas.topic_and_name(subject)
        schema = schemas.schema(subject)
        if schema["name"] != name:
            raise ValueError(f"{subject}: the record is named {schema['name']}, expected {name}")
        found.records[name] = (topic, schema)
        for inner in _named_types(schema["fields"]):
            _add(found.enums if inner["type"] == "enum" else found.nested, inner, subject)
    return found


def _add(known: dict[str, Schema], schema: Schema, subject: str) -> None:
    earlier = known.setdefault(schema["name"], schema)
    if earlier != schema:
        raise ValueError(f"{subject}: {schema['name']} differs from its earlier definition")


def _named_types(node: Any) -> Iterator[Schema]:  # noqa: ANN401  A schema is any JSON.
    if isinstance(node, list):
        for item in node:
            yield from _named_types(item)
    elif isinstance(node, dict):
        for value in node.values():
            yield from _named_types(value)
        if node.get("type") in ("enum", "record"):
            yield node


def annotation(avro_type: Any) -> str:  # noqa: ANN401  A schema is any JSON.
    """The Python annotation of an Avro type."""
    if isinstance(avro_type, str):
        return PRIMITIVES.get(avro_type, avro_type)
    if isinstance(avro_type, list):
        assert avro_type[0] == "null", "a union is null and one other type"
        return f"{annotation(avro_type[1])} | None"
    if avro_type["type"] == "array":
        return f"tuple[{annotation(avro_type['items'])}, ...]"
    return str(avro_type["name"])


def without_unit(schema: Schema) -> list[str]:
    """Number fields whose name and doc both fail to state a unit."""
    spoken = ("count", "ns", "1e-9", "smallest increments", "parts per million", "bps", "yyyymmdd")
    return [
        f"{schema['name']}.{entry['name']}"
        for entry in schema["fields"]
        if re.fullmatch(r"(tuple\[)?int(, \.\.\.\])?( \| None)?", annotation(entry["type"]))
        and not entry["name"].endswith(UNIT_SUFFIXES)
        and not any(word in entry["doc"] for word in spoken)
    ]


# ---------------------------------------------------------------------------- events.py


def events_module(found: Catalogue) -> str:
    """The text of engine/core/events.py."""
    parts = [
        (
            '"""GENERATED from schemas/*.avsc by `python -m schemas --write`; edit the schemas.\n\n'
            "The vocabulary of the engine: requests say what someone wants, observations what was\n"
            "seen, events what happened. Stage events carry `seq`, `at_ns` and `cause`, which the\n"
            'shard stamps; until then they are unstamped.\n"""\n\n'
            "from dataclasses import dataclass\nfrom enum import StrEnum\nfrom typing import Final\n\n"
            "UNSTAMPED: Final = -1  # The seq of an event that the shard has not stamped yet.\n"
        ),
        *(_enum(schema) for schema in found.enums.values()),
        *(_record(schema, stage=False) for schema in found.nested.values()),
        *(_record(schema, stage=topic in STAGES) for topic, schema in found.records.values()),
        _unions(found),
        _topics(found),
        _stamp(),
    ]
    return "\n\n".join(parts) + "\n"


def _doc(text: str, indent: str) -> str:
    one = f'{indent}"""{text}"""'
    if len(one) <= 100:
        return one
    first, _, rest = text.partition(". ")
    if not rest or len(first) > 92:
        head, tail = text, ""
        while len(head) > 92 and " " in head:
            head, _, word = head.rpartition(" ")
            tail = f"{word} {tail}"
        body = "\n".join(indent + line for line in textwrap.wrap(tail, 100 - len(indent)))
        return f'{indent}"""{head}\n\n{body}\n{indent}"""'
    body = "\n".join(indent + line for line in textwrap.wrap(rest, 100 - len(indent)))
    return f'{indent}"""{first}.\n\n{body}\n{indent}"""'


def _enum(schema: Schema) -> str:
    members = "\n".join(f'    {symbol} = "{symbol}"' for symbol in schema["symbols"])
    return f"class {schema['name']}(StrEnum):\n{_doc(schema['doc'], '    ')}\n\n{members}\n"


def _record(schema: Schema, *, stage: bool) -> str:
    lines = []
    for entry in schema["fields"]:
        default = ""
        if stage and entry["name"] in ENVELOPE:
            default = ' = ""' if entry["name"] == "cause" else " = UNSTAMPED"
        line = f"    {entry['name']}: {annotation(entry['type'])}{default}"
        note = f"  # {entry['doc']}"
        if len(line + note) > 100:
            lines += [f"    # {part}" for part in textwrap.wrap(entry["doc"], 94)]
            note = ""
        lines.append(line + note)
    body = "\n".join(lines)
    return (
        "@dataclass(frozen=True, slots=True, kw_only=True)\n"
        f"class {schema['name']}:\n{_doc(schema['doc'], '    ')}\n\n{body}\n"
    )


def _unions(found: Catalogue) -> str:
    def union(name: str, topics: Iterable[str]) -> str:
        members = [n for n, (topic, _) in found.records.items() if topic in topics]
        return (
            f"type_{name}"
            if not members
            else f"{name} = (\n    " + "\n    | ".join(members) + "\n)"
        )

    inputs = ("orders", "market-data", "venue-reports", "controls", "reference")
    return "\n".join([union("Input", inputs), union("StageEvent", STAGES)]) + "\n"


def _topics(found: Catalogue) -> str:
    rows = "\n".join(f'    {name}: "{topic}",' for name, (topic, _) in found.records.items())
    return f"TOPIC_OF: Final[dict[type, str]] = {{\n{rows}\n}}\n"


def _stamp() -> str:
    return (
        "def stamp(event: StageEvent, seq: int, at_ns: int, cause: str) -> None:\n"
        '    """Give a fresh event its place; the shard alone calls this, once an event."""\n'
        "    assert event.seq == UNSTAMPED, event\n"
        "    put = object.__setattr__  # Frozen to everyone else.\n"
        '    put(event, "seq", seq)\n'
        '    put(event, "at_ns", at_ns)\n'
        '    put(event, "cause", cause)\n'
    )


# ---------------------------------------------------------------------------- shapes.py


def shapes_module(found: Catalogue) -> str:
    """The text of engine/log/shapes.py."""
    parts = [
        (
            '"""GENERATED from schemas/*.avsc by `python -m schemas --write`; edit the schemas.\n\n'
            "Conversions between events and the dicts that an Avro library reads and writes, spelled\n"
            'out because a generic walk costs several times as much for each event.\n"""\n\n'
            "# mypy: disable-error-code=no-any-return\n"
            "from collections.abc import Callable\nfrom typing import Any, Final\n\n"
            "from engine.core import events as e\n\n"
            "Avro = dict[str, Any]\n"
        ),
        *(_to_avro(schema) for schema in _all_records(found)),
        *(_from_avro(schema) for schema in _all_records(found)),
        _table("TO_AVRO", "type, Callable[[Any], Avro]", "e.{name}: to_{snake}", found),
        _table("FROM_AVRO", "type, Callable[[Avro], Any]", "e.{name}: from_{snake}", found),
    ]
    return "\n\n".join(parts) + "\n"


def _all_records(found: Catalogue) -> list[Schema]:
    return [*found.nested.values(), *(schema for _, schema in found.records.values())]


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def _to_avro(schema: Schema) -> str:
    rows = "\n".join(
        f'        "{entry["name"]}": {_out(entry["type"], "x." + entry["name"])},'
        for entry in schema["fields"]
    )
    return (
        f"def to_{_snake(schema['name'])}(x: e.{schema['name']}) -> Avro:\n"
        f"    return {{\n{rows}\n    }}\n"
    )


def _out(avro_type: Any, value: str) -> str:  # noqa: ANN401  A schema is any JSON.
    if isinstance(avro_type, dict) and avro_type["type"] == "array":
        item = annotation(avro_type["items"])
        if item not in PRIMITIVES.values():
            return f"[to_{_snake(item)}(item) for item in {value}]"
    return value


def _from_avro(schema: Schema) -> str:
    name = schema["name"]
    lines = []
    for entry in schema["fields"]:
        converted = _in(entry["type"], f'd["{entry["name"]}"]')
        if converted:
            lines.append(f'    d["{entry["name"]}"] = {converted}')
    body = "\n".join([*lines, f"    return e.{name}(**d)"])
    return f"def from_{_snake(name)}(d: Avro) -> e.{name}:\n{body}\n"


def _in(avro_type: Any, value: str) -> str:  # noqa: ANN401  A schema is any JSON.
    if isinstance(avro_type, dict) and avro_type["type"] == "array":
        item = annotation(avro_type["items"])
        if item in PRIMITIVES.values():
            return f"tuple({value})"
        return f"tuple(from_{_snake(item)}(item) for item in {value})"
    name = annotation(avro_type)
    if isinstance(avro_type, dict) and avro_type["type"] == "enum":
        return f"e.{name}({value})"
    known_enum = isinstance(avro_type, str) and avro_type not in PRIMITIVES
    return f"e.{name}({value})" if known_enum else ""


def _table(name: str, types: str, row: str, found: Catalogue) -> str:
    rows = "\n".join(
        "    " + row.format(name=record, snake=_snake(record)) + "," for record in found.records
    )
    return f"{name}: Final[dict[{types}]] = {{\n{rows}\n}}\n"
