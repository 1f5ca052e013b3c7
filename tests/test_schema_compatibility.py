"""Released records stay readable, both ways, and no id is ever used twice."""

from collections.abc import Callable
from copy import deepcopy
from io import BytesIO
from typing import Any

import fastavro
import pytest

import schemas
from schemas import Schema, compatibility
from schemas.compatibility import both_ways, id_problems, problems, shape_problems

FILL = "fills-FillBooked"
RELEASED = [
    (version, subject)
    for version in schemas.released()
    for subject in schemas.released_ids(version)
]


def test_something_was_released() -> None:
    assert schemas.released()


@pytest.mark.parametrize(("version", "subject"), RELEASED)
def test_the_present_schema_and_a_released_one_read_each_other(version: str, subject: str) -> None:
    old = schemas.released_schema(version, subject)
    assert both_ways(old, schemas.schema(subject)) == []


@pytest.mark.parametrize(("version", "subject"), RELEASED)
def test_the_shape_under_a_released_id_never_changes(version: str, subject: str) -> None:
    if schemas.released_ids(version)[subject] == schemas.catalogue()[subject]:
        old = schemas.released_schema(version, subject)
        assert shape_problems(subject, old, schemas.schema(subject)) == []


@pytest.mark.parametrize("version", schemas.released())
def test_no_id_is_used_twice_and_none_is_gone(version: str) -> None:
    assert id_problems(schemas.released_ids(version), schemas.catalogue()) == []


def changed(change: Callable[[Schema], object]) -> Schema:
    schema = schemas.schema(FILL)
    change(schema)
    return schema


def field(schema: Schema, name: str) -> Any:  # noqa: ANN401  A field of a schema.
    return next(x for x in schema["fields"] if x["name"] == name)


def add(schema: Schema, **more: object) -> None:
    schema["fields"].append({"name": "new_qty", "type": "long", **more})


def remove(schema: Schema, name: str) -> None:
    schema["fields"].remove(field(schema, name))


def retype(schema: Schema, name: str, avro: object) -> None:
    field(schema, name)["type"] = avro


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (add, "new reads old: FillBooked.new_qty: was not written and has no default"),
        (lambda x: remove(x, "last_qty"), "old reads new: FillBooked.last_qty: was not written"),
        (
            lambda x: retype(x, "last_qty", "int"),
            "new reads old: FillBooked.last_qty: int does not",
        ),
        (lambda x: retype(x, "last_qty", "string"), "FillBooked.last_qty: string does not read"),
        (lambda x: retype(x, "exec_id", ["null", "string"]), "old reads new: FillBooked.exec_id"),
        (lambda x: x.update(name="FillTaken"), "record FillTaken does not read record FillBooked"),
        (
            lambda x: field(x, "side")["type"]["symbols"].append("SHORT"),
            "old reads new: FillBooked.side: no symbol SHORT and no default symbol",
        ),
        (
            lambda x: field(x, "side")["type"]["symbols"].remove("SELL"),
            "new reads old: FillBooked.side: no symbol SELL and no default symbol",
        ),
        (lambda x: retype(x, "side", {"type": "array", "items": "string"}), "does not read enum"),
    ],
)
def test_a_change_that_breaks_readers_is_found(
    change: Callable[[Schema], object], words: str
) -> None:
    found = both_ways(schemas.schema(FILL), changed(change))
    assert any(words in x for x in found), found


def with_default(schema: Schema) -> Schema:
    enum = field(schema, "liquidity")["type"]
    enum["default"] = "UNDISCLOSED"
    return schema


@pytest.mark.parametrize(
    "change",
    [
        lambda x: add(x, default=0),
        lambda x: field(x, "last_qty").update(doc="Other words."),
        lambda x: x["fields"].reverse(),
    ],
)
def test_a_change_that_readers_survive_passes(change: Callable[[Schema], object]) -> None:
    assert both_ways(schemas.schema(FILL), changed(change)) == []


def test_a_set_with_a_default_may_grow() -> None:
    old = with_default(schemas.schema(FILL))
    new = deepcopy(old)
    field(new, "liquidity")["type"]["symbols"].append("AUCTION")
    assert both_ways(old, new) == []


def record(avro: object) -> Schema:
    return {"type": "record", "name": "R", "fields": [{"name": "a", "type": avro}]}


INNER = {"type": "record", "name": "Inner", "fields": [{"name": "b", "type": "long"}]}


@pytest.mark.parametrize(
    ("writer", "reader", "readable"),
    [
        ("int", "long", True),
        ("long", "int", False),
        ("long", "double", True),
        ("string", "bytes", True),
        ("long", ["null", "long"], True),
        (["null", "long"], "long", False),
        (["null", "long"], ["null", "long", "string"], True),
        ({"type": "array", "items": "int"}, {"type": "array", "items": "long"}, True),
        ({"type": "array", "items": "long"}, {"type": "array", "items": "int"}, False),
        ({"type": "map", "values": "int"}, {"type": "map", "values": "long"}, True),
        ({"type": "map", "values": "int"}, {"type": "array", "items": "int"}, False),
        (
            {"type": "fixed", "name": "F", "size": 4},
            {"type": "fixed", "name": "F", "size": 8},
            False,
        ),
        ({"type": "long", "logicalType": "x"}, "long", True),
        (INNER, {**INNER, "name": "Outer"}, False),
        (INNER, {**INNER, "name": "Outer", "aliases": ["Inner"]}, True),
    ],
)
def test_the_rules_agree_with_a_real_reader(
    writer: object, reader: object, readable: object
) -> None:
    assert (problems(reader=record(reader), writer=record(writer)) == []) is readable
    if readable:
        value = {
            "int": 1,
            "long": 1,
            "string": "x",
            "null": None,
            "array": [1],
            "map": {"k": 1},
            "record": {"b": 1},
        }
        kind = writer[0] if isinstance(writer, list) else writer
        kind = kind["type"] if isinstance(kind, dict) else kind
        body = BytesIO()
        fastavro.schemaless_writer(body, record(writer), {"a": value[str(kind)]})
        body.seek(0)
        fastavro.schemaless_reader(body, record(writer), record(reader))


def test_a_name_that_is_used_twice_means_its_definition() -> None:
    twice = {**INNER, "fields": [{"name": "x", "type": INNER}, {"name": "y", "type": "Inner"}]}
    wrapped = {**twice, "name": "Twice"}
    other = deepcopy(wrapped)
    other["fields"][0]["type"]["fields"][0]["type"] = "string"  # type: ignore[index]
    assert len(problems(reader=wrapped, writer=other)) == 2


@pytest.mark.parametrize(
    ("new", "words"),
    [
        ({"a-A": 1}, "a-B: is gone"),
        ({"a-A": 1, "a-C": 2}, "a-C: id 2 belongs to a-B"),
        ({"a-A": 1, "a-B": 2, "a-C": 3, "a-D": 3}, "id 3 is given twice"),
    ],
)
def test_a_reused_id_is_found(new: dict[str, int], words: str) -> None:
    assert any(words in x for x in id_problems({"a-A": 1, "a-B": 2}, new))


def test_a_subject_of_another_shape_takes_a_new_id() -> None:
    assert id_problems({"a-A": 1, "a-B": 2}, {"a-A": 1, "a-B": 3}) == []


def test_the_seal_keeps_its_id_for_ever() -> None:
    (found,) = id_problems({"journal-BatchSealed": 1}, {"journal-BatchSealed": 2})
    assert "the chain of seals is over its bytes" in found


@pytest.mark.parametrize(
    ("change", "is_another"),
    [
        (lambda x: add(x, default=0), True),
        (lambda x: x["fields"].reverse(), True),
        (lambda x: field(x, "liquidity")["type"]["symbols"].append("AUCTION"), True),
        (lambda x: field(x, "last_qty").update(doc="Other words."), False),
        (lambda x: field(x, "liquidity")["type"].update(default="UNDISCLOSED"), False),
        (lambda x: x.update(namespace="elsewhere"), False),
    ],
)
def test_an_id_means_one_shape(change: Callable[[Schema], object], is_another: object) -> None:
    found = shape_problems(FILL, schemas.schema(FILL), changed(change))
    assert bool(found) is is_another


def test_a_new_subject_takes_a_new_id() -> None:
    assert id_problems({"a-A": 1}, {"a-A": 1, "a-B": 2}) == []


def test_a_released_schema_is_never_edited() -> None:
    with pytest.raises(FileExistsError):
        compatibility.archive(schemas.released()[0])
