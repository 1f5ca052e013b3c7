"""The event catalogue: one folder a topic, one .avsc an event, one id a shape.

The .avsc files are the only source of truth for what an event holds. `types/` holds each enum, and
each record that several events contain; an event names it as its field's type. This module
returns each schema whole, with the definition in place of the first name, as an Avro library, a
registry and a reader in another language expect it.

`catalogue.json` gives each subject (`<topic>-<record name>`) the schema id it is written with; ids
are never reused and never depend on a registry. `python -m schemas --write` generates the schemas
of carried facts, the ids of new shapes and the Python that mirrors the schemas; `python -m schemas
--check` fails when one of them is not current.

A subject whose shape changes after a release takes the next free id. Records that were written
under its earlier ids stay readable: `released/<version>/` keeps the schema and the id of each
release.
"""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

Schema = dict[str, Any]
CATALOGUE = "catalogue.json"
RELEASED = "released"
TYPES = "types"
PRIMITIVES = ("null", "boolean", "int", "long", "float", "double", "bytes", "string")
COMPLEX = ("record", "enum", "fixed", "array", "map")


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
    """A subject's schema with every type defined in it. Raises ValueError for an unknown type."""
    topic, name = topic_and_name(subject)
    written = json.loads(files(__name__).joinpath(topic, f"{name}.avsc").read_text())
    return json.dumps(resolved(written, subject), indent=2) + "\n"


def schema(subject: str) -> Schema:
    """A fresh parse of a subject's schema, every type defined in it, that a caller may change."""
    parsed: Schema = json.loads(schema_text(subject))
    return parsed


def export(folder: Path) -> None:
    """Write the catalogue into a new folder, each schema whole, for readers of single files.

    Raises FileExistsError if there is such a folder.
    """
    folder.mkdir(parents=True)
    (folder / CATALOGUE).write_text(json.dumps(catalogue(), indent=2) + "\n")
    for subject in catalogue():
        topic, name = topic_and_name(subject)
        (folder / topic).mkdir(exist_ok=True)
        (folder / topic / f"{name}.avsc").write_text(schema_text(subject))


# ---------------------------------------------------------------------------------- types


@cache
def types() -> Mapping[str, str]:
    """The text of each .avsc in `types/`, by the name of its type."""
    written = [x for x in files(__name__).joinpath(TYPES).iterdir() if x.name.endswith(".avsc")]
    return {x.name.removesuffix(".avsc"): x.read_text() for x in written}


def resolved(written: Schema, subject: str) -> Schema:
    """A schema with the definition of each type that it names. Raises ValueError."""
    whole: Schema = _resolved(written, set(), subject)
    return whole


def _resolved(node: Any, defined: set[str], subject: str) -> Any:  # noqa: ANN401  Any JSON.
    """A type in which each name is defined at its first use; `defined` collects those names.

    Avro lets a schema define a name once, and refer to it by name from there on.
    """
    if isinstance(node, list):
        return [_resolved(part, defined, subject) for part in node]
    if isinstance(node, str):
        if node in PRIMITIVES or node in defined:
            return node
        if node not in types():
            raise ValueError(
                f"{subject}: found type {node}, expected an Avro primitive or one of "
                f"schemas/{TYPES}/; write schemas/{TYPES}/{node}.avsc or correct the name"
            )
        return _resolved(json.loads(types()[node]), defined, subject)
    whole = dict(node)
    if "name" in whole:
        defined.add(whole["name"])
    if whole["type"] not in COMPLEX:
        whole["type"] = _resolved(whole["type"], defined, subject)
    for part in ("items", "values"):
        if part in whole:
            whole[part] = _resolved(whole[part], defined, subject)
    if "fields" in whole:
        whole["fields"] = [
            {**field, "type": _resolved(field["type"], defined, subject)}
            for field in whole["fields"]
        ]
    return whole


# ---------------------------------------------------------------------- released versions


class Earlier(NamedTuple):
    """The subject and the release that an id was for, where no event is written with it now."""

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
