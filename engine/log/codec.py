"""Events to bytes and back: Confluent wire format, ids from the checked-in catalogue.

A value is a zero byte, the schema id as four bytes, big-endian, and the Avro body. Avro libraries
are not safe on hostile bytes, so the size is capped before, any error becomes `UnreadableError`,
and a body must be consumed to its last byte. What the values mean is the core's business.
"""

import struct
from collections.abc import Callable
from io import BytesIO
from typing import Any, NamedTuple

import fastavro

import schemas
from engine.core import events
from engine.core.events import InputReason
from engine.log.port import INPUT_TOPICS, EngineError
from engine.log.shapes import FROM_AVRO, TO_TEXT

VALUE_BYTES_MAX = 65_536  # The largest real input is a volume curve of some 4 kB.
PREFIX_BYTES = 5
BYTES = "latin-1"  # Characters 0 to 255 are the bytes 0 to 255.


class UnreadableError(EngineError):
    """Bytes that are no event of their topic."""

    def __init__(self, reason: InputReason, text: str) -> None:
        super().__init__(text)
        self.reason = reason


class _Subject(NamedTuple):
    topic: str
    name: str
    schema: Any
    from_avro: Callable[[dict[str, Any]], Any]


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
        parsed = fastavro.parse_schema(schemas.schema(subject))
        by_id[schema_id] = _Subject(topic, name, parsed, FROM_AVRO[kind])
        prefix = struct.pack(">bI", 0, schema_id).decode(BYTES)
        by_type[kind] = _Writer(topic, prefix, TO_TEXT[kind])
    return by_id, by_type


_BY_ID, _BY_TYPE = _subjects()


def topic_of(event: object) -> str:
    """The topic an event belongs on."""
    return _BY_TYPE[type(event)].topic


def is_a(kind: type, value: bytes) -> bool:
    """Whether the value names this event's schema; what follows it is not looked at."""
    return value[:PREFIX_BYTES] == _BY_TYPE[kind].prefix.encode(BYTES)


def encode(event: object) -> bytes:
    """The wire bytes of an event of the catalogue."""
    _, prefix, to_text = _BY_TYPE[type(event)]
    return (prefix + to_text(event)).encode(BYTES)


def decode(topic: str, value: bytes) -> Any:  # noqa: ANN401  One of the catalogue's events.
    """The event in `value`. Raises UnreadableError, never anything else."""
    subject, fields = _read(topic, value)
    return subject.from_avro(fields)


def decode_dict(topic: str, value: bytes) -> tuple[str, dict[str, Any]]:
    """The name of the event in `value` and its fields as plain values; enums as their symbols.

    For readers that need columns and not events. Raises UnreadableError, never anything else.
    """
    subject, fields = _read(topic, value)
    return subject.name, fields


def _read(topic: str, value: bytes) -> tuple[_Subject, dict[str, Any]]:
    size = len(value)
    if size > VALUE_BYTES_MAX and topic in INPUT_TOPICS:  # What we wrote ourselves is read back.
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
    if subject is None or subject.topic != topic:
        raise UnreadableError(
            InputReason.UNKNOWN_SCHEMA,
            f"schema id {schema_id} is not of topic {topic}; use an id of schemas/catalogue.json",
        )
    body = BytesIO(value)
    body.seek(PREFIX_BYTES)
    try:
        fields: Any = fastavro.schemaless_reader(body, subject.schema, None)
    except Exception as error:  # Hostile bytes make the reader raise anything.
        raise UnreadableError(
            InputReason.UNREADABLE, f"no Avro body of schema id {schema_id}: {error!r:.200}"
        ) from error
    if body.tell() != size:
        raise UnreadableError(
            InputReason.UNREADABLE, f"{size - body.tell()} bytes after the Avro body; send one"
        )
    return subject, fields
