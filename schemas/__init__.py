"""The event catalogue: one folder a topic, one .avsc an event, one id a shape.

The .avsc files are the only source of truth for what an event holds. `catalogue.json` gives
each subject (`<topic>-<record name>`) the schema id it is written with; ids are never reused and
never depend on a registry. `python -m schemas --write` generates the Python that mirrors them, and
`python -m schemas --check` fails when it is not current.

A subject whose shape changes after a release takes the next free id. What was written under its
earlier ids stays readable: `released/<version>/` keeps the schema and the id of each release.
"""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

Schema = dict[str, Any]
CATALOGUE = "catalogue.json"
RELEASED = "released"


@cache
def catalogue() -> Mapping[str, int]:
    """Schema id of each subject `<topic>-<record name>`, in order of id."""
    text = files(__name__).joinpath(CATALOGUE).read_text()
    ids: dict[str, int] = json.loads(text)
    return dict(sorted(ids.items(), key=lambda item: item[1]))


@cache
def topics() -> tuple[str, ...]:
    """Topics that hold Avro records, in the order of the catalogue."""
    return tuple(dict.fromkeys(topic_and_name(subject)[0] for subject in catalogue()))


def topic_and_name(subject: str) -> tuple[str, str]:
    """Split a subject at its last dash: a topic may have one, a record name has none."""
    topic, _, name = subject.rpartition("-")
    return topic, name


@cache
def schema_text(subject: str) -> str:
    """The .avsc of a subject, as it lies in the package."""
    topic, name = topic_and_name(subject)
    return files(__name__).joinpath(topic, f"{name}.avsc").read_text()


def schema(subject: str) -> Schema:
    """A fresh parse of a subject's .avsc, so that a caller may change it."""
    parsed: Schema = json.loads(schema_text(subject))
    return parsed


# ---------------------------------------------------------------------------- released versions


class Earlier(NamedTuple):
    """What an id that is no longer written with was released for."""

    subject: str
    version: str


@cache
def released() -> tuple[str, ...]:
    """The versions that were released, in order."""
    folder = files(__name__).joinpath(RELEASED)
    found = [x.name for x in folder.iterdir() if x.is_dir()]
    return tuple(sorted(found, key=lambda x: tuple(map(int, x.split(".")))))


def released_ids(version: str) -> dict[str, int]:
    """Schema id of each subject in a released version."""
    text = files(__name__).joinpath(RELEASED, version, CATALOGUE).read_text()
    ids: dict[str, int] = json.loads(text)
    return ids


def released_schema(version: str, subject: str) -> Schema:
    topic, name = topic_and_name(subject)
    file = files(__name__).joinpath(RELEASED, version, topic, f"{name}.avsc")
    found: Schema = json.loads(file.read_text())
    return found


@cache
def earlier() -> Mapping[int, Earlier]:
    """The ids of earlier releases that nothing is written with any more, and what they mean."""
    present = set(catalogue().values())
    return {
        number: Earlier(subject, version)
        for version in released()
        for subject, number in released_ids(version).items()
        if number not in present
    }
