"""The codec: every event survives it, and hostile bytes raise UnreadableError and nothing else."""

import gc
import time
import tracemalloc
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as for_all
from hypothesis import strategies as st

import schemas
from engine.core import events
from engine.core.events import InputReason
from engine.log.codec.codec import (
    PREFIX_BYTES,
    VALUE_BYTES_MAX,
    UnreadableError,
    decode,
    decode_dict,
    encode,
    topic_of,
)
from engine.log.codec.shapes import FROM_AVRO

SUBJECTS = list(schemas.catalogue())
LONG = 1 << 63
INT = 1 << 31

PRIMITIVES: Mapping[str, st.SearchStrategy[Any]] = {
    "null": st.none(),
    "boolean": st.booleans(),
    "int": st.integers(-INT, INT - 1),
    "long": st.integers(-LONG, LONG - 1),
    "string": st.text(max_size=12),
    "bytes": st.binary(max_size=12),
}


def avro_values(schema: Any, named: dict[str, Any]) -> st.SearchStrategy[Any]:  # noqa: ANN401  JSON.
    """Any value of a schema as an Avro library gives it; `named` collects the named types."""
    if isinstance(schema, list):
        return st.one_of([avro_values(branch, named) for branch in schema])
    if isinstance(schema, str):
        return PRIMITIVES[schema] if schema in PRIMITIVES else avro_values(named[schema], named)
    kind = schema["type"]
    if "name" in schema:
        named[schema["name"]] = schema
    if kind == "record":
        fields = {field["name"]: avro_values(field["type"], named) for field in schema["fields"]}
        return st.fixed_dictionaries(fields)
    if kind == "enum":
        return st.sampled_from(schema["symbols"])
    if kind == "array":
        return st.lists(avro_values(schema["items"], named), max_size=3)
    return avro_values(kind, named)


def events_of(subject: str) -> st.SearchStrategy[Any]:
    _, name = schemas.topic_and_name(subject)
    to_event = FROM_AVRO[getattr(events, name)]
    return avro_values(schemas.schema(subject), {}).map(to_event)


any_event = st.sampled_from(SUBJECTS).flatmap(events_of)


def zeros_of(schema: Any) -> bytes:  # noqa: ANN401  JSON.
    """The shortest body of a schema: zeros are an empty text, an empty array, the first symbol."""
    if isinstance(schema, list):
        return b"\0" + zeros_of(schema[0])
    if isinstance(schema, dict) and schema["type"] == "record":
        return b"".join(zeros_of(field["type"]) for field in schema["fields"])
    return b"" if schema == "null" else b"\0"


def arrays() -> Iterator[tuple[str, bytes]]:
    """Each array of an event, with a body up to its block count."""
    for subject in SUBJECTS:
        fields = schemas.schema(subject)["fields"]
        for n, field in enumerate(fields):
            if isinstance(field["type"], dict) and field["type"]["type"] == "array":
                yield subject, b"".join(zeros_of(before["type"]) for before in fields[:n])


def array_items(schema: Any) -> Iterator[Any]:  # noqa: ANN401  JSON.
    if isinstance(schema, dict):
        if schema["type"] == "array":
            yield schema["items"]
        for part in schema.values():
            yield from array_items(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from array_items(part)


def prefix_of(subject: str) -> bytes:
    return b"\0" + schemas.catalogue()[subject].to_bytes(4, "big")


def zigzag(number: int) -> bytes:
    """Avro's long."""
    rest = (number << 1) ^ (number >> 63)
    out = bytearray()
    while rest > 0x7F:
        out.append(rest & 0x7F | 0x80)
        rest >>= 7
    return bytes([*out, rest])


@pytest.mark.parametrize("subject", SUBJECTS)
def test_every_event_survives(subject: str) -> None:
    topic, name = schemas.topic_and_name(subject)

    @settings(max_examples=25, derandomize=True, deadline=None)
    @for_all(events_of(subject))
    def survive(event: object) -> None:
        value = encode(event)
        assert value.startswith(prefix_of(subject))
        assert decode(topic, value) == event
        assert type(decode(topic, value)) is getattr(events, name)
        assert encode(decode(topic, value)) == value
        assert decode_dict(topic, value)[0] == name
        assert topic_of(event) == topic

    survive()


@settings(derandomize=True, deadline=None)
@for_all(any_event, st.data())
def test_truncated_bytes_are_unreadable(event: object, data: st.DataObject) -> None:
    value = encode(event)
    size = data.draw(st.integers(0, len(value) - 1))
    with pytest.raises(UnreadableError) as caught:
        decode(topic_of(event), value[:size])
    assert caught.value.reason is InputReason.UNREADABLE


@settings(derandomize=True, deadline=None)
@for_all(any_event, st.binary(min_size=1, max_size=9))
def test_bytes_after_the_body_are_unreadable(event: object, tail: bytes) -> None:
    with pytest.raises(UnreadableError, match=f"{len(tail)} bytes after"):
        decode(topic_of(event), encode(event) + tail)


@settings(
    max_examples=500, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
@for_all(st.sampled_from(SUBJECTS), st.binary(max_size=300))
def test_random_bytes_are_an_event_or_unreadable(subject: str, body: bytes) -> None:
    """Some bodies are events by chance: then they must come from one that encodes."""
    topic, _ = schemas.topic_and_name(subject)
    try:
        event = decode(topic, prefix_of(subject) + body)
    except UnreadableError as error:
        assert error.reason is InputReason.UNREADABLE  # noqa: PT017  Either way is right.
    else:
        assert decode(topic, encode(event)) == event


@settings(max_examples=300, derandomize=True, deadline=None)
@for_all(any_event, st.data())
def test_a_flipped_byte_is_an_event_or_unreadable(event: object, data: st.DataObject) -> None:
    value = bytearray(encode(event))
    at = data.draw(st.integers(0, len(value) - 1))
    value[at] ^= data.draw(st.integers(1, 255))
    try:
        decode(topic_of(event), bytes(value))
    except UnreadableError as error:
        assert str(error)  # noqa: PT017  Either way is right.


@for_all(st.binary(max_size=PREFIX_BYTES - 1) | st.binary(min_size=5).filter(lambda b: b[0] != 0))
def test_bytes_without_the_wire_format_say_what_to_publish(value: bytes) -> None:
    with pytest.raises(UnreadableError, match="publish in the Confluent wire format") as caught:
        decode("orders", value)
    assert caught.value.reason is InputReason.UNREADABLE


@pytest.mark.parametrize("schema_id", [0, max(schemas.catalogue().values()) + 1, 0xFFFFFFFF])
def test_an_unknown_schema_id_is_named(schema_id: int) -> None:
    with pytest.raises(UnreadableError, match=f"schema id {schema_id} is not of topic") as caught:
        decode("orders", b"\0" + schema_id.to_bytes(4, "big"))
    assert caught.value.reason is InputReason.UNKNOWN_SCHEMA


@settings(derandomize=True, deadline=None)
@for_all(any_event, st.sampled_from(schemas.topics()))
def test_an_event_of_another_topic_is_refused(event: object, topic: str) -> None:
    if topic == topic_of(event):
        return
    with pytest.raises(UnreadableError, match=f"is not of topic {topic}") as caught:
        decode(topic, encode(event))
    assert caught.value.reason is InputReason.UNKNOWN_SCHEMA


def test_a_value_too_large_is_refused_unread() -> None:
    value = prefix_of("orders-OrderSubmitted") + bytes(VALUE_BYTES_MAX)
    with pytest.raises(UnreadableError, match=f"expected {VALUE_BYTES_MAX} at most") as caught:
        decode("orders", value)
    assert caught.value.reason is InputReason.TOO_LARGE


@pytest.mark.parametrize("count", [1 << 20, 1 << 31, 1 << 40, LONG - 1, -(1 << 40), -LONG])
@pytest.mark.parametrize(("subject", "before"), list(arrays()))
def test_an_array_bomb_is_unreadable_at_once(subject: str, before: bytes, count: int) -> None:
    """A block count of billions in a few bytes, with and without some items behind it."""
    topic, _ = schemas.topic_and_name(subject)
    began_s = time.monotonic()
    for items in (b"", bytes(64), bytes(4_096)):
        with pytest.raises(UnreadableError):
            decode(topic, prefix_of(subject) + before + zigzag(count) + items)
    assert time.monotonic() - began_s < 1.0


@pytest.mark.parametrize("subject", SUBJECTS)
def test_no_array_can_hold_items_of_no_bytes(subject: str) -> None:
    """Such an array is the bomb that a size limit does not stop: billions of items in 5 bytes."""
    for items in array_items(schemas.schema(subject)):
        assert zeros_of(items), f"{subject} has an array whose items can be empty"


def test_nothing_of_a_fill_is_kept_once_it_is_written() -> None:
    """Its parent may have any number of members, so their ids are bounded by no count of fills."""

    def live_bytes(first: int, fills: int) -> int:
        for number in range(first, first + fills):
            ids = tuple(f"0-{number * 1_000 + at}" for at in range(100))
            encode(FROM_AVRO[events.FillAllocated](allocated(ids)))
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        once = live_bytes(0, 10)
        assert live_bytes(10, 100) - once < 10_000
    finally:
        tracemalloc.stop()


def allocated(order_ids: tuple[str, ...]) -> dict[str, Any]:
    """A fill of one each, as an Avro library gives it."""
    return {
        "seq": 1,
        "at_ns": 2,
        "cause": "venue-reports:3",
        "fill_id": "0-1",
        "parent_id": "0-0",
        "epoch": 4,
        "last_qty": len(order_ids),
        "last_px": 5,
        "order_ids": order_ids,
        "shares_qty": (1,) * len(order_ids),
        "error_qty": 0,
        "child_epoch": 4,
        "other_order_ids": (),
        "other_shares_qty": (),
    }
