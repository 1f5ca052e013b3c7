"""Is a body exactly Avro of a schema?

The library that reads bodies is lenient: it takes a negative index of an enum or a union from the
end, any byte that is not 0 for true, a number of more than 64 bits modulo 2^64, and does not look
at the size that follows a negative block count. Another reader of the same log refuses such bytes
or reads other values from them. The codec writes none of these, so it asks here only about bytes
that differ from what it would have written, and about those of an earlier release.

A checker is a function of the body and an index in it; it returns the index at which the value ends
and raises NotAvroError. Source: Apache Avro 1.12 specification, "Binary Encoding".
"""

from collections.abc import Callable
from typing import Any

from schemas import Schema

LONG_BYTES_MAX, LONG_BITS = 10, 64
INT_BYTES_MAX, INT_BITS = 5, 32

Check = Callable[[bytes, int], int]


class NotAvroError(Exception):
    """Bytes that a reader of the specification refuses."""


def checker(schema: Schema) -> Callable[[bytes], None]:
    """A function that raises NotAvroError unless a body is one value of the schema, whole."""
    check = _check_of(schema, {})

    def whole(body: bytes) -> None:
        end = check(body, 0)
        if end != len(body):
            raise NotAvroError(f"{len(body) - end} bytes after the Avro body; send one")

    return whole


def end_of(schema: Schema, body: bytes) -> int:
    """The index at which a value of the schema at the start of the body ends.

    Raises NotAvroError.
    """
    return _check_of(schema, {})(body, 0)


def _number(body: bytes, at: int, bytes_max: int, bits: int) -> tuple[int, int]:
    """A number, and the index at which it ends."""
    zigzag = 0
    for n, octet in enumerate(body[at : at + bytes_max]):
        zigzag |= (octet & 0x7F) << 7 * n
        if octet < 0x80:
            if zigzag >> bits:
                raise NotAvroError(f"a number of more than {bits} bits at byte {at}")
            return (zigzag >> 1) ^ -(zigzag & 1), at + n + 1
    raise NotAvroError(f"a number without an end in {bytes_max} bytes at byte {at}")


def _long(body: bytes, at: int) -> tuple[int, int]:
    return _number(body, at, LONG_BYTES_MAX, LONG_BITS)


def _null(_: bytes, at: int) -> int:
    return at


def _boolean(body: bytes, at: int) -> int:
    if body[at : at + 1] not in (b"\0", b"\1"):
        raise NotAvroError(f"no boolean at byte {at}: found {body[at : at + 1]!r}, expected 0 or 1")
    return at + 1


def _int_end(body: bytes, at: int) -> int:
    return _number(body, at, INT_BYTES_MAX, INT_BITS)[1]


def _long_end(body: bytes, at: int) -> int:
    return _long(body, at)[1]


def _octets(body: bytes, at: int) -> int:
    size, start = _long(body, at)
    if not 0 <= size <= len(body) - start:
        raise NotAvroError(f"{size} bytes claimed at byte {at}, {len(body) - start} are there")
    return start + size


def _string(body: bytes, at: int) -> int:
    end = _octets(body, at)
    try:
        body[_long_end(body, at) : end].decode()
    except UnicodeDecodeError as error:
        raise NotAvroError(f"no UTF-8 at byte {at}: {error.reason}") from error
    return end


PRIMITIVES: dict[str, Check] = {
    "null": _null,
    "boolean": _boolean,
    "int": _int_end,
    "long": _long_end,
    "bytes": _octets,
    "string": _string,
}


def _check_of(schema: Any, named: dict[str, Check]) -> Check:  # noqa: ANN401  A schema is any JSON.
    """The checker of a schema; `named` collects those of the named types."""
    if isinstance(schema, list):
        return _union([_check_of(branch, named) for branch in schema])
    if isinstance(schema, str):
        return PRIMITIVES.get(schema) or named[schema]
    kind = schema["type"]
    if kind == "array":
        return _array(_check_of(schema["items"], named))
    if kind == "enum":
        check = named[schema["name"]] = _enum(len(schema["symbols"]))
    elif kind == "record":
        fields = [_check_of(field["type"], named) for field in schema["fields"]]
        check = named[schema["name"]] = _record(fields)
    else:
        check = _check_of(kind, named)
    return check


def _union(branches: list[Check]) -> Check:
    def check(body: bytes, at: int) -> int:
        index, start = _long(body, at)
        if not 0 <= index < len(branches):
            raise NotAvroError(f"branch {index} of {len(branches)} at byte {at}")
        return branches[index](body, start)

    return check


def _enum(count: int) -> Check:
    def check(body: bytes, at: int) -> int:
        index, end = _number(body, at, INT_BYTES_MAX, INT_BITS)
        if not 0 <= index < count:
            raise NotAvroError(f"symbol {index} of {count} at byte {at}")
        return end

    return check


def _record(fields: list[Check]) -> Check:
    def check(body: bytes, at: int) -> int:
        for field in fields:
            at = field(body, at)
        return at

    return check


def _array(item: Check) -> Check:
    def check(body: bytes, at: int) -> int:
        while True:
            count, start = _long(body, at)
            size = None
            if count < 0:  # Then the size of the block in bytes follows.
                size, start = _long(body, start)
            end = start
            for _ in range(abs(count)):  # It ends with the body: no item is empty.
                end = item(body, end)
            if size is not None and end - start != size:
                raise NotAvroError(f"a block of {end - start} bytes at byte {at} claims {size}")
            at = end
            if count == 0:
                return at

    return check
