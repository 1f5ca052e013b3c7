"""Spoil a real record: blindly, byte by byte, or knowingly, by the fields of its schema.

Blind changes find what a decoder does with noise. Knowing ones get past its first field: the record
is written again by its schema, and some of its values are written as no honest writer would: an
enum's index from the end, a number of ten bytes that has room in one, a block with a negative
count, a text that is no UTF-8.
"""

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from infra.campaigns.plain_avro import named
from schemas import Schema

PREFIX_BYTES = 5  # Confluent wire format: a zero byte and a 4-byte schema id.
LONG_BITS = 64
HUGE = (1 << 20, 1 << 31, 1 << 40, (1 << 63) - 1, -1, -2, -(1 << 31), -(1 << 63))
NOT_UTF8 = (b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\xe2\x82", b"\x80")
RATE = 0.08  # Of the values of a record that are written otherwise.

Blind = Callable[[Random, bytes, Sequence[bytes]], bytes]


def zigzag(number: int) -> int:
    return (number << 1) ^ (number >> (LONG_BITS - 1))


def varint(unsigned: int, padding: int = 0) -> bytes:
    """Seven bits a byte, low bits first, with so many bytes more than are needed."""
    out = bytearray()
    while unsigned > 0x7F:
        out.append(unsigned & 0x7F | 0x80)
        unsigned >>= 7
    out.append(unsigned)
    for _ in range(padding):
        out[-1] |= 0x80
        out.append(0)
    return bytes(out)


# ------------------------------------------------------------------------------ blind


def flip_bits(chance: Random, value: bytes, _: Sequence[bytes]) -> bytes:
    out = bytearray(value)
    for _bit in range(chance.choice((1, 1, 1, 2, 8))):
        out[chance.randrange(len(out))] ^= 1 << chance.randrange(8)
    return bytes(out)


def truncate(chance: Random, value: bytes, _: Sequence[bytes]) -> bytes:
    return value[: chance.randrange(len(value))]


def insert(chance: Random, value: bytes, _: Sequence[bytes]) -> bytes:
    at = chance.randrange(len(value) + 1)
    return value[:at] + chance.randbytes(chance.choice((1, 1, 2, 9))) + value[at:]


def remove(chance: Random, value: bytes, _: Sequence[bytes]) -> bytes:
    at = chance.randrange(len(value))
    return value[:at] + value[at + chance.choice((1, 1, 2, 9)) :]


def overwrite(chance: Random, value: bytes, _: Sequence[bytes]) -> bytes:
    """Write a number over other bytes: a count, a length, an index."""
    at = chance.randrange(PREFIX_BYTES, len(value) + 1)
    number = zigzag(chance.choice((*HUGE, chance.randrange(-9, 9))))
    return value[:at] + varint(number, chance.choice((0, 0, 1, 9, 60))) + value[at + 1 :]


def swap_id(chance: Random, value: bytes, others: Sequence[bytes]) -> bytes:
    return chance.choice(others)[:PREFIX_BYTES] + value[PREFIX_BYTES:]


def splice(chance: Random, value: bytes, others: Sequence[bytes]) -> bytes:
    """The head of this record and the tail of another."""
    other = chance.choice(others)
    return value[: chance.randrange(len(value))] + other[chance.randrange(len(other)) :]


def repeat(chance: Random, value: bytes, _: Sequence[bytes]) -> bytes:
    at = chance.randrange(len(value))
    piece = value[at : at + chance.randrange(1, 32)]
    return value[:at] + piece * chance.choice((2, 3, 50)) + value[at:]


BLIND: tuple[Blind, ...] = (
    flip_bits,
    flip_bits,
    truncate,
    insert,
    remove,
    overwrite,
    overwrite,
    swap_id,
    splice,
    repeat,
)


# ------------------------------------------------------------------------------ knowing


class Forger:
    """Writes values by their schema, some of them as no honest writer would."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance

    def body(self, schema: Schema, value: Any) -> bytes:  # noqa: ANN401  A plain value.
        return self._write(schema, value, named(schema))

    def _is_time(self) -> bool:
        return self._chance.random() < RATE

    def _write(self, schema: Any, value: Any, names: dict[str, Schema]) -> bytes:  # noqa: ANN401
        if isinstance(schema, list):
            index = 0 if value is None else 1  # A union is null and one other type.
            forged = self._index(index, len(schema))
            return forged + self._write(schema[index], value, names)
        schema = names.get(schema, schema) if isinstance(schema, str) else schema
        kind = schema["type"] if isinstance(schema, dict) else schema
        if kind == "record":
            fields = schema["fields"]
            return b"".join(self._write(x["type"], value[x["name"]], names) for x in fields)
        if kind == "enum":
            return self._index(schema["symbols"].index(value), len(schema["symbols"]))
        if kind == "array":
            return self._array(schema["items"], value, names)
        return self._primitive(kind, value) if isinstance(kind, str) else b""

    def _number(self, number: int) -> bytes:
        chance = self._chance
        if not self._is_time():
            return varint(zigzag(number))
        forged = chance.choice((number, number, chance.choice(HUGE), number + (1 << 64)))
        return varint(abs(zigzag(forged)), chance.choice((0, 1, 4, 8, 9, 30)))

    def _index(self, index: int, count: int) -> bytes:
        if not self._is_time():
            return varint(zigzag(index))
        forged = self._chance.choice(
            (index - count, -1, count, count + 7, index, index + (1 << 31))
        )
        return varint(zigzag(forged), self._chance.choice((0, 0, 1, 4, 9)))

    def _octets(self, octets: bytes) -> bytes:
        if not self._is_time():
            return varint(zigzag(len(octets))) + octets
        size = self._chance.choice((len(octets), -1, -len(octets), len(octets) + 1, *HUGE))
        return varint(zigzag(size), self._chance.choice((0, 0, 1, 9))) + octets

    def _primitive(self, kind: str, value: Any) -> bytes:  # noqa: ANN401  A plain value.
        if kind == "null":
            return b""
        if kind == "boolean":
            forged = self._chance.choice((2, 128, 255)) if self._is_time() else int(value)
            return bytes([forged])
        if kind == "string":
            spoiled = self._chance.choice(NOT_UTF8) if self._is_time() else b""
            return self._octets(value.encode() + spoiled)
        return self._octets(value) if kind == "bytes" else self._number(value)

    def _array(self, items: Any, values: list[Any], names: dict[str, Schema]) -> bytes:  # noqa: ANN401
        written = [self._write(items, value, names) for value in values]
        if not self._is_time():
            return (varint(zigzag(len(written))) if written else b"") + b"".join(written) + b"\0"
        chance = self._chance
        cut = chance.randrange(len(written) + 1)
        parts = [part for part in (written[:cut], written[cut:]) if part]
        return b"".join(map(self._block, parts)) + chance.choice((b"\0", b"\0", b"\x80\0", b""))

    def _block(self, part: list[bytes]) -> bytes:
        chance, whole = self._chance, b"".join(part)
        count = chance.choice((len(part), len(part), -len(part), *HUGE))
        size = varint(zigzag(chance.choice((len(whole), len(whole), 0, -1, 1 << 40))))
        return varint(zigzag(count)) + (size if count < 0 else b"") + whole
