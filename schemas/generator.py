"""Write the Python that mirrors the .avsc files.

Two files come out. `engine/core/events.py` holds the frozen dataclasses and enums and needs
nothing but the standard library. `engine/log/codec/shapes.py` writes them as Avro and makes them
from what an Avro library reads.
"""

import re
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import schemas
from schemas import Schema

INPUTS = ("orders", "market-data", "venue-reports", "controls", "reference")
STAGES = ("ingest", "aggregation", "slices", "routes", "fills", "allocations")
ENVELOPE = ("seq", "at_ns", "cause")
PRIMITIVES = {"long": "int", "int": "int", "string": "str", "boolean": "bool", "bytes": "bytes"}
SPELLED_OUT_FIELDS = 4  # From here on the twin is quicker.
WRITERS = {  # Of an Avro type; those of whole arrays below.
    "long": "number",
    "int": "integer",
    "string": "string",
    "bytes": "octets",
    "boolean": "flag",
}
LISTS = {"long": "numbers", "string": "strings"}
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
            "The vocabulary of the engine: requests, observations of the market and the venues,\n"
            "and the engine's own events. Stage events carry `seq`, `at_ns` and `cause`, which\n"
            "the shard stamps; until then they are unstamped.\n\n"
            "A frozen dataclass sets its fields one call each, which took a fifteenth of the\n"
            "engine's time. So where there are many, `__init__` is spelled out: it fills the\n"
            'event as a mutable twin with the same slots, and freezes it.\n"""\n\n'
            "from dataclasses import dataclass\nfrom enum import StrEnum\n"
            "from typing import Any, Final\n\n"
            "UNSTAMPED: Final = -1  # The seq of an event that the shard has not stamped yet.\n"
        ),
        (
            "def twin(kind: type) -> type:\n"
            '    """A mutable class with the slots of an event."""\n'
            '    slots = kind.__dict__["__slots__"]\n'
            '    return type(f"_{kind.__name__}", (), {"__slots__": slots})\n\n\n'
            "put: Final = object.__setattr__  # Every other write is refused.\n"
        ),
        *(_enum(schema) for schema in found.enums.values()),
        *(_record(schema, "", found) for schema in found.nested.values()),
        *(_record(schema, topic, found) for topic, schema in found.records.values()),
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


def _default(entry: Schema, topic: str, found: Catalogue) -> str:
    """The default after a field's annotation; empty where every writer states the field.

    The shard stamps the envelope. An input has the defaults of its schema, as an input of an older
    sender has; an event of the engine states every field, so that a type checker finds one that
    was forgotten.
    """
    if topic in STAGES and entry["name"] in ENVELOPE:
        return ' = ""' if entry["name"] == "cause" else " = UNSTAMPED"
    if topic not in INPUTS or "default" not in entry:
        return ""
    value = entry["default"]
    if isinstance(entry["type"], dict) and entry["type"]["type"] == "array":
        assert value == [], f"{entry['name']}: an array's default is empty"
        return " = ()"
    name = annotation(entry["type"])
    return f" = {name}.{value}" if name in found.enums else f" = {value!r}"


def _record(schema: Schema, topic: str, found: Catalogue) -> str:
    name = schema["name"]
    lines, arguments, puts = [], [], []
    for entry in schema["fields"]:
        default = _default(entry, topic, found)
        line = f"    {entry['name']}: {annotation(entry['type'])}{default}"
        note = f"  # {entry['doc']}"
        if len(line + note) > 100:
            lines += [f"    # {part}" for part in textwrap.wrap(entry["doc"], 94)]
            note = ""
        lines.append(line + note)
        arguments.append(f"    {line},")
        puts.append(f"        x.{entry['name']} = {entry['name']}")
    body = "\n".join(lines)
    is_spelled_out = len(puts) >= SPELLED_OUT_FIELDS
    frozen = "frozen=True, slots=True, kw_only=True" + ", init=False" * is_spelled_out
    text = f"@dataclass({frozen})\nclass {name}:\n{_doc(schema['doc'], '    ')}\n\n{body}\n"
    if not is_spelled_out:
        return text
    taken, given = "\n".join(arguments), "\n".join(puts)
    return text + (
        f"\n    def __init__(\n        self,\n        *,\n{taken}\n    ) -> None:\n"
        f'        x: Any = self\n        put(x, "__class__", _{name})\n{given}\n'
        f"        x.__class__ = {name}\n\n\n"
        f"_{name} = twin({name})\n"
    )


def _unions(found: Catalogue) -> str:
    def union(name: str, topics: Iterable[str]) -> str:
        members = [n for n, (topic, _) in found.records.items() if topic in topics]
        return f"{name} = (\n    " + "\n    | ".join(members) + "\n)"

    return "\n".join([union("Input", INPUTS), union("StageEvent", STAGES)]) + "\n"


def _topics(found: Catalogue) -> str:
    rows = "\n".join(f'    {name}: "{topic}",' for name, (topic, _) in found.records.items())
    return f"TOPIC_OF: Final[dict[type, str]] = {{\n{rows}\n}}\n"


def _stamp() -> str:
    return (
        "def stamp(event: StageEvent, seq: int, at_ns: int, cause: str) -> None:\n"
        '    """Give a fresh event its place; the shard alone calls this, once an event."""\n'
        "    assert event.seq == UNSTAMPED, event\n"
        '    put(event, "seq", seq)\n'
        '    put(event, "at_ns", at_ns)\n'
        '    put(event, "cause", cause)\n'
    )


# ---------------------------------------------------------------------------- shapes.py

SHAPES = '''"""GENERATED from schemas/*.avsc by `python -m schemas --write`; edit the schemas.

Events to Avro and back, spelled out field by field: a generic walk costs several times as much
for each event, and there are a dozen events for each order.

To Avro: `text_of_*` gives the Avro body as text whose characters are the bytes, 0 to 255, so that
one f-string joins a record; the codec encodes it as Latin-1. From Avro: `from_*` takes the dict
that an Avro library read. It fills a mutable twin with the event's own slots and turns that into
the event, because a frozen dataclass pays for each field that it sets.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Final

from engine.core import events as e

Avro = dict[str, Any]

# Zigzag varints are written seven bits a byte, low bits first, all but the last with the top bit.
# ENDS has the last one or two bytes of a varint, MORE two bytes that are not the last.
ENDS: Final = tuple(chr(z) if z < 128 else chr(z & 127 | 128) + chr(z >> 7) for z in range(16_384))
MORE: Final = tuple(chr(z & 127 | 128) + chr(z >> 7 | 128) for z in range(16_384))
NONE: Final = "\\x00"  # Of a union, and of an array.
SOME: Final = "\\x02"


def number(n: int) -> str:
    """A long. Raises OverflowError beyond 64 bits."""
    if 0 <= n < 8_192:
        return ENDS[n << 1]
    if 0 < n < 134_217_728:  # 27 bits, and the sign's.
        return MORE[n << 1 & 16_383] + ENDS[n >> 13]
    return long_number(n)


def integer(n: int) -> str:
    """An int. Raises OverflowError beyond 32 bits."""
    if not -2_147_483_648 <= n < 2_147_483_648:
        raise OverflowError(f"{n} does not fit a 32-bit integer")
    return number(n)


@lru_cache(maxsize=4_096)  # Times and prices, which recur within a batch.
def long_number(n: int) -> str:
    """Any long, in steps of two bytes."""
    z = n << 1 if n >= 0 else ~(n << 1)
    if z >> 64:
        raise OverflowError(f"{n} does not fit a 64-bit integer")
    text = ""
    while z > 16_383:
        text += MORE[z & 16_383]
        z >>= 14
    return text + ENDS[z]


def string(s: str) -> str:
    """A string: the length of its UTF-8, then that."""
    size = len(s)
    if size < 8_192 and s.isascii():
        return ENDS[size << 1] + s
    return octets(s.encode())


def octets(b: bytes) -> str:
    """Bytes: their number, then themselves."""
    return number(len(b)) + b.decode("latin-1")


def flag(is_true: bool) -> str:  # noqa: FBT001  One value, as the others take.
    """A boolean."""
    return "\\x01" if is_true else "\\x00"


def many(items: Sequence[Any], text_of: Callable[[Any], str]) -> str:
    """An array: one block, and an empty one as its end."""
    if not items:
        return NONE
    return number(len(items)) + "".join(map(text_of, items)) + NONE


def numbers(items: Sequence[int]) -> str:
    """An array of longs."""
    if not items:
        return NONE
    texts = [ENDS[n << 1] if 0 <= n < 8_192 else number(n) for n in items]
    return number(len(items)) + "".join(texts) + NONE


def strings(items: Sequence[str]) -> str:
    """An array of strings; one call each costs more than the writing.

    Nothing of it is kept: the members of a parent can be any number.
    """
    if not items:
        return NONE
    texts = [
        ENDS[len(s) << 1] + s if len(s) < 8_192 and s.isascii() else octets(s.encode())
        for s in items
    ]
    return number(len(items)) + "".join(texts) + NONE


def twin(kind: type) -> Any:  # noqa: ANN401  A class that is to become `kind`.
    """A mutable class with the slots of an event."""
    return type(f"_{kind.__name__}", (), {"__slots__": kind.__dict__["__slots__"]})
'''


def shapes_module(found: Catalogue) -> str:
    """The text of engine/log/codec/shapes.py."""
    parts = [
        SHAPES,
        *(_symbols(schema) for schema in found.enums.values()),
        *(_to_text(schema, found) for schema in _all_records(found)),
        *(_from_avro(schema, found) for schema in _all_records(found)),
        _table("TO_TEXT", "type, Callable[[Any], str]", "e.{name}: text_of_{snake}", found),
        _table("FROM_AVRO", "type, Callable[[Avro], Any]", "e.{name}: from_{snake}", found),
    ]
    return "\n\n".join(parts) + "\n"


def _all_records(found: Catalogue) -> list[Schema]:
    return [*found.nested.values(), *(schema for _, schema in found.records.values())]


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def _symbols(schema: Schema) -> str:
    """Tables of an enum: to its Avro index as text, and from its symbol."""
    name, constant = schema["name"], _snake(schema["name"]).upper()
    return (
        f"{constant}_TEXT: Final = {{x: ENDS[n << 1] for n, x in enumerate(e.{name})}}\n"
        f"{constant}: Final = {{x.value: x for x in e.{name}}}\n"
    )


def _to_text(schema: Schema, found: Catalogue) -> str:
    name = schema["name"]
    rows = "\n".join(
        f'        f"{{{_out(entry["type"], "x." + entry["name"], found)}}}"'
        for entry in schema["fields"]
    )
    return f"def text_of_{_snake(name)}(x: e.{name}) -> str:\n    return (\n{rows}\n    )\n"


def _out(avro_type: Any, value: str, found: Catalogue) -> str:  # noqa: ANN401  A schema is any JSON.
    """The expression that writes a value; free of double quotes, for an f-string."""
    if isinstance(avro_type, list):
        return f"NONE if {value} is None else SOME + {_out(avro_type[1], value, found)}"
    if isinstance(avro_type, dict) and avro_type["type"] == "array":
        item = avro_type["items"]
        if isinstance(item, str) and item in LISTS:
            return f"{LISTS[item]}({value})"
        return f"many({value}, {_writer(item, found)})"
    name = annotation(avro_type)
    if name in found.enums:
        return f"{_snake(name).upper()}_TEXT[{value}]"
    return f"{_writer(avro_type, found)}({value})"


def _writer(avro_type: Any, found: Catalogue) -> str:  # noqa: ANN401  A schema is any JSON.
    """The function that writes a primitive, a symbol or a record."""
    if isinstance(avro_type, str) and avro_type in WRITERS:
        return WRITERS[avro_type]
    name = annotation(avro_type)
    if name in found.enums:
        return f"{_snake(name).upper()}_TEXT.__getitem__"
    assert name in found.nested, f"nothing writes {avro_type}"
    return f"text_of_{_snake(name)}"


def _from_avro(schema: Schema, found: Catalogue) -> str:
    name = schema["name"]
    lines = "\n".join(
        f"    x.{entry['name']} = " + _in(entry["type"], f'd["{entry["name"]}"]', found)
        for entry in schema["fields"]
    )
    return (
        f"_{name} = twin(e.{name})\n\n\n"
        f"def from_{_snake(name)}(d: Avro) -> e.{name}:\n    x = _{name}()\n{lines}\n"
        f"    x.__class__ = e.{name}\n    found: e.{name} = x\n    return found\n"
    )


def _in(avro_type: Any, value: str, found: Catalogue) -> str:  # noqa: ANN401  A schema is any JSON.
    """The expression that takes a value over from an Avro library."""
    if isinstance(avro_type, list) and annotation(avro_type[1]) in found.enums:
        return f"None if {value} is None else {_in(avro_type[1], value, found)}"
    if isinstance(avro_type, dict) and avro_type["type"] == "array":
        item = annotation(avro_type["items"])
        if item in PRIMITIVES.values():
            return f"tuple({value})"
        return f"tuple([{_in(avro_type['items'], 'y', found)} for y in {value}])"
    name = annotation(avro_type)
    if name in found.enums:
        return f"{_snake(name).upper()}[{value}]"
    return f"from_{_snake(name)}({value})" if name in found.nested else value


def _table(name: str, types: str, row: str, found: Catalogue) -> str:
    rows = "\n".join(
        "    " + row.format(name=record, snake=_snake(record)) + "," for record in found.records
    )
    return f"{name}: Final[dict[{types}]] = {{\n{rows}\n}}\n"
