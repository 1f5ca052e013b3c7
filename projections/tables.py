"""One DuckDB table an event type, its columns made from the event's Avro schema.

A row is the record's position in the log (`shard`, `position`, `log_offset`, `timestamp_ms`), the
event's fields, and what the envelope adds: `event_id` for a stage event, the `sender` and its own
number (`sender_number`) from the headers for an input. `instrument_id` comes from the record's key
where the event has no such field. Shared inputs (controls, reference) have one row, under shard 0.
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any, Final, NamedTuple

import pyarrow as pa

import schemas
from engine.log.port import DLQ, INPUT_TOPICS, STAGE_TOPICS

PRIMITIVES: Final[Mapping[str, pa.DataType]] = {
    "boolean": pa.bool_(),
    "bytes": pa.binary(),
    "int": pa.int32(),
    "long": pa.int64(),
    "string": pa.string(),
}
POSITION: Final = (
    ("shard", pa.int32()),  # Partition; 0 for the topics that every shard reads.
    ("position", pa.int64()),  # Dense, from 0.
    ("log_offset", pa.int64()),  # The log's own number; jumps.
    ("timestamp_ms", pa.int64()),  # ms since 1970 UTC.
)
SENDER: Final = (
    ("sender", pa.string()),  # Header `source`, or `venue`.
    ("sender_number", pa.int64()),  # Header `number`: the sender's own count.
)
RESUBMITS: Final = (
    (
        "resubmits",
        pa.string(),
    ),  # topic:partition:position of the rejected record, or null.
)
# Fields whose name is already a column of POSITION.
RENAMED: Final[Mapping[tuple[str, str], str]] = {
    ("InputRejected", "position"): "input_position",
    ("LimitAllotted", "shard"): "allotted_shard",
    ("AllotmentCarried", "shard"): "allotted_shard",
}


class Table(NamedTuple):
    """A table of the projection and the record it holds."""

    name: str
    topic: str
    event: str  # Record name; empty for the dlq.
    columns: pa.StructType
    renamed: tuple[tuple[str, str], ...]  # Fields that go by another name here.
    has_instrument: bool  # True if the event itself names its instrument.

    def empty(self) -> pa.Table:
        """No rows, all columns: what the table is created from."""
        return pa.table({field.name: pa.array([], field.type) for field in self.columns})

    def batch(self, rows: list[dict[str, Any]]) -> pa.RecordBatch:
        """Rows to columns in one conversion; a key that is no column is ignored."""
        columns = pa.array(rows, type=self.columns)
        assert isinstance(columns, pa.StructArray)
        return pa.RecordBatch.from_struct_array(columns)


def snake(name: str) -> str:
    """`FillBooked` to `fill_booked`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


@cache
def tables() -> Mapping[str, Table]:
    """The table of each event name, in order of the catalogue; "" is the dlq's."""
    found = {}
    for subject in schemas.catalogue():
        topic, name = schemas.topic_and_name(subject)
        found[name] = _table(topic, name, schemas.schema(subject))
    found[""] = Table(DLQ, DLQ, "", _dlq_columns(), (), has_instrument=False)
    return found


def _table(topic: str, name: str, schema: schemas.Schema) -> Table:
    known: dict[str, pa.DataType] = {}
    fields = []
    renamed = []
    for entry in schema["fields"]:
        column = RENAMED.get((name, entry["name"]), entry["name"])
        if column != entry["name"]:
            renamed.append((entry["name"], column))
        fields.append((column, arrow_type(entry["type"], known)))
    has_instrument = any(column == "instrument_id" for column, _ in fields)
    columns = [
        *POSITION,
        *(() if has_instrument else (("instrument_id", pa.string()),)),
        *((("event_id", pa.string()),) if topic in STAGE_TOPICS else ()),
        *fields,
        *((*SENDER, *RESUBMITS) if topic in INPUT_TOPICS else ()),
    ]
    names = [column for column, _ in columns]
    assert len(set(names)) == len(names), f"{name}: two columns share a name; add it to RENAMED"
    return Table(snake(name), topic, name, pa.struct(columns), tuple(renamed), has_instrument)


def _dlq_columns() -> pa.StructType:
    return pa.struct(
        [
            *POSITION,
            ("instrument_id", pa.string()),
            ("topic", pa.string()),  # Input topic the bytes came from.
            ("input_position", pa.int64()),  # Dense position there.
            ("reason", pa.string()),  # Why they could not be read.
            *SENDER,
            ("raw", pa.binary()),  # The bytes as they came.
        ]
    )


def arrow_type(avro: Any, known: dict[str, pa.DataType]) -> pa.DataType:  # noqa: ANN401  JSON.
    """The Arrow type of an Avro type; `known` collects the named types of one schema."""
    if isinstance(avro, list):
        assert avro[0] == "null", "a union is null and one other type"
        return arrow_type(avro[1], known)  # Every Arrow column may be null.
    if isinstance(avro, str):
        return known.get(avro) or PRIMITIVES[avro]
    kind = avro["type"]
    if kind == "array":
        return pa.list_(arrow_type(avro["items"], known))
    if kind == "enum":
        return known.setdefault(avro["name"], pa.string())
    if kind == "record":
        inner = [(entry["name"], arrow_type(entry["type"], known)) for entry in avro["fields"]]
        return known.setdefault(avro["name"], pa.struct(inner))
    return arrow_type(kind, known)
