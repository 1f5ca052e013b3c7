"""The event catalogue: one folder a topic, one .avsc an event, one id a subject.

The .avsc files are the only source of truth for what an event holds. `catalogue.json` gives
each subject (`<topic>-<record name>`) its schema id; ids are never reused and never depend on a
registry. `python -m schemas --write` generates the Python that mirrors them, and
`python -m schemas --check` fails when it is not current.
"""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

Schema = dict[str, Any]


@cache
def catalogue() -> Mapping[str, int]:
    """Schema id of each subject `<topic>-<record name>`, in order of id."""
    text = files(__name__).joinpath("catalogue.json").read_text()
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
