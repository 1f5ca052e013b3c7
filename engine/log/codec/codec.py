"""Events to bytes and back: Confluent wire format, ids from the checked-in catalogue.

A value is a zero byte, the schema id as four bytes, big-endian, and the Avro body. Avro libraries
are not safe on hostile bytes, so the size is capped before, any error becomes `UnreadableError`,
and a body must be consumed to its last byte. They are also lenient: of a number of more than 64
bits, of the index of an enum or union, of a boolean, of a block's size. So an event of more than
texts and small numbers is encoded again. If the bytes are the same, they are exactly Avro; any
others, such as an array in several blocks, are checked by `strict`. The core judges what the values
mean.

Each subject is written under one id. Ids of earlier releases are read as well: by the schema that
was released with the id, with the present schema's defaults for new fields.
"""

import re
import struct
from collections.abc import Callable, Mapping
from functools import cache
from io import BytesIO
from typing import Any, NamedTuple

import fastavro
import fastavro.validation

import schemas
from engine.core import events
from engine.core.events import InputReason
from engine.log.codec import strict
from engine.log.codec.shapes import FROM_AVRO, TO_TEXT
from engine.log.port import INPUT_TOPICS, EngineError

VALUE_BYTES_MAX = 65_536  # The largest real input is a volume curve of some 4 kB.
PREFIX_BYTES = 5
BYTES = "latin-1"  # Characters 0 to 255 are the bytes 0 to 255.
STRICTLY_READ = ("string", "bytes", "long")  # The library is strict here if numbers are short.
LONG_NUMBER = re.compile(rb"[\x80-\xff]{9}")  # In a number: it has ten bytes or more.


class UnreadableError(EngineError):
    """Bytes that are no event of their topic."""

    def __init__(self, reason: InputReason, text: str) -> None:
        super().__init__(text)
        self.reason = reason


class _Subject(NamedTuple):
    """The schemas by which the records of one id are read."""

    topic: str
    name: str
    schema: Any  # That of the writer.
    reader: Any  # The present one; None where it is the writer's.
    is_exact: bool  # The library reads it strictly, as long as its numbers are short.
    from_avro: Callable[[dict[str, Any]], Any]
    prefix: str
    to_text: Callable[[Any], str]


class _Writer(NamedTuple):
    topic: str
    prefix: str
    to_text: Callable[[Any], str]


def _subjects() -> tuple[dict[int, _Subject], dict[type, _Writer]]:
    by_id: dict[int, _Subject] = {}
    by_type: dict[type, _Writer] = {}
    for subject, schema_id in schemas.catalogue().items():
        topic, name = schemas.topic_and_name(subject)
        kind = getattr(events, name)
        schema = schemas.schema(subject)
        is_exact = all(field["type"] in STRICTLY_READ for field in schema["fields"])
        parsed = fastavro.parse_schema(schema)
        writer = by_type[kind] = _Writer(topic, _prefix(schema_id).decode(BYTES), TO_TEXT[kind])
        by_id[schema_id] = _Subject(
            topic, name, parsed, None, is_exact, FROM_AVRO[kind], writer.prefix, writer.to_text
        )
    return by_id, by_type


def _prefix(schema_id: int) -> bytes:
    return struct.pack(">bI", 0, schema_id)


def _prefixes() -> dict[type, frozenset[bytes]]:
    """Each event's possible prefixes: its present id, and those of earlier releases."""
    ids = {
        schemas.topic_and_name(subject)[1]: [schema_id]
        for subject, schema_id in schemas.catalogue().items()
    }
    for schema_id, released in schemas.earlier().items():
        ids[schemas.topic_and_name(released.subject)[1]].append(schema_id)
    return {getattr(events, name): frozenset(map(_prefix, found)) for name, found in ids.items()}


_BY_ID, _BY_TYPE = _subjects()
_PREFIXES = _prefixes()


@cache  # Bounded by the released ids: others raise KeyError.
def _earlier(schema_id: int) -> _Subject:
    """The subject of an id of an earlier release. Raises KeyError for any other id."""
    subject, version = schemas.earlier()[schema_id]
    present = _BY_ID[schemas.catalogue()[subject]]
    written = fastavro.parse_schema(schemas.released_schema(version, subject))
    return present._replace(schema=written, reader=present.schema, is_exact=False)


@cache
def _checker(schema_id: int) -> Callable[[bytes], None]:
    """A function that raises NotAvroError unless a body is exactly Avro of this id's schema."""
    if schema_id in _BY_ID:
        subjects = {number: subject for subject, number in schemas.catalogue().items()}
        return strict.checker(schemas.schema(subjects[schema_id]))
    subject, version = schemas.earlier()[schema_id]
    return strict.checker(schemas.released_schema(version, subject))


def topic_of(event: object) -> str:
    """The topic an event belongs on."""
    return _BY_TYPE[type(event)].topic


def is_a(kind: type, value: bytes) -> bool:
    """Whether the value names this event's schema; its body is not read."""
    return value[:PREFIX_BYTES] in _PREFIXES[kind]


def encode(event: object) -> bytes:
    """The wire bytes of an event of the catalogue."""
    _, prefix, to_text = _BY_TYPE[type(event)]
    return (prefix + to_text(event)).encode(BYTES)


def decode(topic: str, value: bytes) -> Any:  # noqa: ANN401  One of the catalogue's events.
    """The event in `value`. Raises UnreadableError, never anything else."""
    subject, fields = _read(topic, value)
    event = subject.from_avro(fields)
    if not (subject.is_exact and LONG_NUMBER.search(value) is None):
        _require_exact(subject, event, value)
    return event


def decode_sealed(topic: str, value: bytes) -> Any:  # noqa: ANN401  One of the catalogue's events.
    """The event in a value whose digest is in a seal: one that the engine wrote or decided on.

    Quicker, as it does not check again whether the value is exactly Avro. Raises UnreadableError.
    """
    subject, fields = _read(topic, value)
    return subject.from_avro(fields)


def decode_dict(topic: str, value: bytes) -> tuple[str, dict[str, Any]]:
    """The name of the event in `value` and its fields as plain values; enums as their symbols.

    For readers that need columns and not events. Raises UnreadableError, never anything else.
    """
    subject, fields = _read(topic, value)
    if not (subject.is_exact and LONG_NUMBER.search(value) is None):
        _require_exact(subject, subject.from_avro(fields), value)
    return subject.name, fields


def decode_partly(topic: str, value: bytes) -> tuple[str, dict[str, Any]]:
    """For people: the event that a value's schema id names, and its fields up to the first bad one.

    The name is empty where the schema id is unknown or of another topic.
    """
    schema_id = int.from_bytes(value[1:PREFIX_BYTES], "big")
    found = {number: subject for subject, number in schemas.catalogue().items()}.get(schema_id)
    if found is None or len(value) < PREFIX_BYTES or _BY_ID[schema_id].topic != topic:
        return "", {}
    schema = schemas.schema(found)
    fields: list[Any] = schema["fields"]
    schema["fields"] = []
    read: dict[str, Any] = {}
    body = value[PREFIX_BYTES:]
    for field in fields:
        schema["fields"].append(field)
        try:
            strict.end_of(schema, body)
        except strict.NotAvroError:
            break
        parsed = fastavro.parse_schema(schema)
        whole: Any = fastavro.schemaless_reader(BytesIO(body), parsed, None)
        read = whole
    return _BY_ID[schema_id].name, read


def encode_dict(name: str, fields: Mapping[str, Any]) -> bytes:
    """The wire bytes of plain values, as `decode_dict` gives them.

    Raises UnreadableError with every field that is missing, unknown or of another type.
    """
    writer = _BY_TYPE.get(getattr(events, name, object))
    if writer is None:
        raise UnreadableError(InputReason.UNKNOWN_SCHEMA, f"{name} is no event of the catalogue")
    schema = schemas.schema(f"{writer.topic}-{name}")
    try:
        fastavro.validation.validate(fields, schema, raise_errors=True, strict=True)
    except fastavro.validation.ValidationError as error:
        raise UnreadableError(InputReason.UNREADABLE, f"no {name}: {error}") from error
    return encode(FROM_AVRO[getattr(events, name)](dict(fields)))


def _read(topic: str, value: bytes) -> tuple[_Subject, dict[str, Any]]:
    size = len(value)
    if size > VALUE_BYTES_MAX and topic in INPUT_TOPICS:  # The engine's own events have no limit.
        raise UnreadableError(
            InputReason.TOO_LARGE, f"{size} bytes, expected {VALUE_BYTES_MAX} at most; split it"
        )
    if size < PREFIX_BYTES or value[0] != 0:
        raise UnreadableError(
            InputReason.UNREADABLE,
            "expected a zero byte and a 4-byte schema id; publish in the Confluent wire format",
        )
    schema_id = int.from_bytes(value[1:PREFIX_BYTES], "big")
    subject = _BY_ID.get(schema_id)
    if subject is None and schema_id in schemas.earlier():
        subject = _earlier(schema_id)
    if subject is None or subject.topic != topic:
        raise UnreadableError(
            InputReason.UNKNOWN_SCHEMA,
            f"schema id {schema_id} is not of topic {topic}; use an id of schemas/catalogue.json",
        )
    body = BytesIO(value)
    body.seek(PREFIX_BYTES)
    try:
        fields: Any = fastavro.schemaless_reader(body, subject.schema, subject.reader)
    except Exception as error:  # Hostile bytes make the reader raise anything.
        raise UnreadableError(
            InputReason.UNREADABLE,
            f"no Avro body of schema id {schema_id}: {_flaw(schema_id, value, error)}",
        ) from error
    if body.tell() != size:
        raise UnreadableError(
            InputReason.UNREADABLE, f"{size - body.tell()} bytes after the Avro body; send one"
        )
    return subject, fields


def _flaw(schema_id: int, value: bytes, error: Exception) -> str:
    """The error in a body, in our own words: the library's contain memory addresses.

    The text goes into an event, which must be the same whenever it is decided again.
    """
    try:
        _checker(schema_id)(value[PREFIX_BYTES:])
    except strict.NotAvroError as found:
        return str(found)
    return f"{type(error).__name__} where it does not fit the present schema"


def _require_exact(subject: _Subject, event: object, value: bytes) -> None:
    """Raise UnreadableError where the library accepted a body that is not exactly Avro."""
    if subject.reader is None and _is_ours(subject, event, value):
        return
    schema_id = int.from_bytes(value[1:PREFIX_BYTES], "big")
    try:
        _checker(schema_id)(value[PREFIX_BYTES:])
    except strict.NotAvroError as error:
        raise UnreadableError(
            InputReason.UNREADABLE, f"no Avro body of schema id {schema_id}: {error}"
        ) from error


def _is_ours(subject: _Subject, event: object, value: bytes) -> bool:
    """Whether `encode` gives this value for the event."""
    try:
        return (subject.prefix + subject.to_text(event)).encode(BYTES) == value
    except OverflowError:  # A number that the library read beyond its bits.
        return False
