"""Avro bodies read the slow way, word for word as the specification has it; the codec's twin.

It shares nothing with the codec and its checker. Source: Apache Avro 1.12 specification, "Binary
Encoding"; an int has five bytes at most and a long ten, as in the reference implementation.
"""

from typing import Any

from schemas import Schema

Names = dict[str, Schema]


class RefusedError(Exception):
    """The bytes are no value of the schema."""


class Cursor:
    """Bytes that are read from the front, never beyond their end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0

    def take(self, count: int) -> bytes:
        if count < 0 or self.at + count > len(self._data):
            raise RefusedError(f"{count} bytes wanted at {self.at} of {len(self._data)}")
        taken = self._data[self.at : self.at + count]
        self.at += count
        return taken

    def number(self, bits: int) -> int:
        octets = [self.take(1)[0]]
        while octets[-1] & 0x80:
            octets.append(self.take(1)[0])
        if len(octets) > {32: 5, 64: 10}[bits]:
            raise RefusedError(f"a number of {len(octets)} bytes")
        unsigned: int = sum((octet & 0x7F) * 128**place for place, octet in enumerate(octets))
        if unsigned >= 2**bits:
            raise RefusedError(f"{unsigned} does not fit {bits} bits")
        return unsigned // 2 if unsigned % 2 == 0 else -(unsigned + 1) // 2

    @property
    def is_at_end(self) -> bool:
        return self.at == len(self._data)


def named(node: Any) -> Names:  # noqa: ANN401  A schema is any JSON.
    """Every named type of a schema: a name may come where its definition was in no value."""
    found: Names = {}
    if isinstance(node, list):
        for part in node:
            found |= named(part)
    elif isinstance(node, dict):
        if node.get("type") in ("record", "enum"):
            found[node["name"]] = node
        for name in ("type", "items", "fields"):
            found |= named(node.get(name))
    return found


def read(schema: Schema, names: Names, body: bytes) -> Any:  # noqa: ANN401  Any plain value.
    """The value of a whole body; enums as their symbols. Raises RefusedError.

    `names` are the schema's named types.
    """
    cursor = Cursor(body)
    value = _read(schema, cursor, names)
    if not cursor.is_at_end:
        raise RefusedError(f"the value ends at {cursor.at} of {len(body)}")
    return value


def _read(schema: Any, cursor: Cursor, names: Names) -> Any:  # noqa: ANN401  JSON in, plain out.
    if isinstance(schema, list):
        index = cursor.number(64)
        if not 0 <= index < len(schema):
            raise RefusedError(f"branch {index}")
        return _read(schema[index], cursor, names)
    if isinstance(schema, dict):
        return _complex(schema, cursor, names)
    if schema in names:
        return _complex(names[schema], cursor, names)
    return _primitive(schema, cursor)


def _complex(schema: Schema, cursor: Cursor, names: Names) -> Any:  # noqa: ANN401  Plain.
    kind = schema["type"]
    if kind == "record":
        return {field["name"]: _read(field["type"], cursor, names) for field in schema["fields"]}
    if kind == "enum":
        index = cursor.number(32)
        if not 0 <= index < len(schema["symbols"]):
            raise RefusedError(f"symbol {index}")
        return schema["symbols"][index]
    if kind == "array":
        return _array(schema["items"], cursor, names)
    return _read(kind, cursor, names)


def _array(items: Any, cursor: Cursor, names: Names) -> list[Any]:  # noqa: ANN401  JSON.
    found: list[Any] = []
    while (count := cursor.number(64)) != 0:
        if count > 0:
            found += _block(items, cursor, names, count)
            continue
        size = cursor.number(64)
        start = cursor.at
        found += _block(items, cursor, names, -count)
        if cursor.at - start != size:
            raise RefusedError(f"a block of {cursor.at - start} bytes claims {size}")
    return found


def _block(items: Any, cursor: Cursor, names: Names, count: int) -> list[Any]:  # noqa: ANN401  JSON.
    found: list[Any] = []
    while len(found) < count:  # Every item has bytes, so a claim of billions meets the end.
        found.append(_read(items, cursor, names))
    return found


def _primitive(kind: str, cursor: Cursor) -> Any:  # noqa: ANN401  Plain.
    if kind == "null":
        return None
    if kind == "boolean":
        octet = cursor.take(1)[0]
        if octet not in (0, 1):
            raise RefusedError(f"boolean {octet}")
        return octet == 1
    if kind in ("int", "long"):
        return cursor.number({"int": 32, "long": 64}[kind])
    octets = cursor.take(cursor.number(64))
    if kind == "bytes":
        return octets
    try:
        return octets.decode("utf-8", "strict")
    except UnicodeDecodeError as error:
        raise RefusedError("no UTF-8") from error
