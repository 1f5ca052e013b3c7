"""A type is written once, and every reader still sees each schema whole."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import avro.schema
import fastavro
import pytest

import schemas
from schemas import Schema, compatibility

ROOT = Path(__file__).resolve().parent.parent / "schemas"
SUBJECTS = tuple(schemas.catalogue())
RELEASED = schemas.released()[-1]
UNCHANGED = [
    subject
    for subject, number in schemas.released_ids(RELEASED).items()
    if schemas.catalogue()[subject] == number
]


def definitions(node: Any) -> Iterator[Schema]:  # noqa: ANN401  A schema is any JSON.
    """Every enum and record that is defined inside of a schema."""
    if isinstance(node, list):
        for part in node:
            yield from definitions(part)
    elif isinstance(node, dict):
        for part in node.values():
            yield from definitions(part)
        if node.get("type") in ("enum", "record"):
            yield node


def without_docs(node: Any) -> Any:  # noqa: ANN401  A schema is any JSON.
    if isinstance(node, list):
        return [without_docs(part) for part in node]
    if isinstance(node, dict):
        return {name: without_docs(part) for name, part in node.items() if name != "doc"}
    return node


@pytest.mark.parametrize("subject", SUBJECTS)
def test_an_enum_is_defined_in_types_alone(subject: str) -> None:
    topic, name = schemas.topic_and_name(subject)
    written = json.loads((ROOT / topic / f"{name}.avsc").read_text())
    inside = [x for x in definitions(written["fields"]) if x["type"] == "enum"]
    assert inside == [], f"move it to schemas/types/{inside[0]['name']}.avsc and name it here"


def test_a_record_inside_of_several_events_is_defined_in_types_alone() -> None:
    names = [
        inner["name"]
        for file in ROOT.glob("*/*.avsc")
        for inner in definitions(json.loads(file.read_text()))
    ]
    assert [name for name in names if names.count(name) > 1] == []


@pytest.mark.parametrize("name", schemas.types())
def test_a_type_is_named_as_its_file_and_used(name: str) -> None:
    assert json.loads(schemas.types()[name])["name"] == name
    assert any(f'"name": "{name}"' in schemas.schema_text(x) for x in SUBJECTS)


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_schema_is_whole_for_two_other_libraries(subject: str) -> None:
    text = schemas.schema_text(subject)
    fastavro.parse_schema(json.loads(text))
    assert isinstance(avro.schema.parse(text), avro.schema.RecordSchema)


@pytest.mark.parametrize("subject", UNCHANGED)
def test_a_schema_under_a_released_id_is_the_released_one_but_for_docs(subject: str) -> None:
    old = schemas.released_schema(RELEASED, subject)
    assert without_docs(schemas.schema(subject)) == without_docs(old)


def test_a_name_is_defined_at_its_first_use_and_referred_to_after_it() -> None:
    twice = {"type": "record", "name": "R", "fields": [{"name": x, "type": "Side"} for x in "ab"]}
    first, second = schemas.resolved(twice, "a-R")["fields"]
    assert (first["type"]["symbols"], second["type"]) == (["BUY", "SELL"], "Side")


@pytest.mark.parametrize(
    "avro_type",
    ["Sides", ["null", "Sides"], {"type": "array", "items": "Sides"}, {"type": "Sides"}],
)
def test_an_unknown_type_is_refused_with_the_place_for_it(avro_type: object) -> None:
    wrong = {"type": "record", "name": "R", "fields": [{"name": "a", "type": avro_type}]}
    with pytest.raises(ValueError, match=r"a-R: found type Sides.*write schemas/types/Sides.avsc"):
        schemas.resolved(wrong, "a-R")


def test_an_exported_folder_needs_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "whole"
    schemas.export(folder)
    assert json.loads((folder / schemas.CATALOGUE).read_text()) == dict(schemas.catalogue())
    for subject in SUBJECTS:
        topic, name = schemas.topic_and_name(subject)
        assert (folder / topic / f"{name}.avsc").read_text() == schemas.schema_text(subject)
    with pytest.raises(FileExistsError):
        schemas.export(folder)


def test_an_archive_is_whole(tmp_path: Path) -> None:
    folder = compatibility.archive("9.9.9", tmp_path)
    assert '"symbols"' in (folder / "orders" / "OrderSubmitted.avsc").read_text()
