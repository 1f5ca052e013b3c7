"""What a close carries of a fact holds all of its fields, because the fact's schema makes it."""

import json

import schemas
from engine.core.day import carry_forward
from schemas import carried


def test_the_carried_schemas_are_current() -> None:
    assert {path: path.read_text() for path in carried.texts()} == carried.texts()


def test_the_engine_carries_the_same_facts() -> None:
    names = {
        schemas.topic_and_name(subject)[1]: schemas.topic_and_name(fact)[1]
        for subject, fact in carried.FACT_OF.items()
    }
    assert names == {x.__name__: fact.__name__ for x, fact in carry_forward.FACT_OF.items()}


def test_the_fields_before_those_of_the_fact_are_the_envelope() -> None:
    for path, text in carried.texts().items():
        names = [field["name"] for field in json.loads(text)["fields"]]
        assert names[: carried.ENVELOPE_FIELDS] == ["seq", "at_ns", "cause"], path
