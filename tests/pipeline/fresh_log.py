"""An empty log of either kind for a test, by its URL."""

import itertools
import time
from pathlib import Path

import pytest
from log.topics_created import create

EMBEDDED, KAFKA = "embedded", "kafka"
EITHER = [EMBEDDED, pytest.param(KAFKA, marks=pytest.mark.kafka)]

_names = itertools.count(time.time_ns())


def url(request: pytest.FixtureRequest, folder: Path, kind: str, partitions: int) -> str:
    """The URL of an unused log; on Kafka its topics are created."""
    name = f"pipeline-{next(_names)}"
    if kind == EMBEDDED:
        return f"sqlite:{folder / name}.db"
    bootstrap = request.getfixturevalue("kafka_bootstrap")
    create(bootstrap, name, partitions)
    return f"kafka:{bootstrap}/{name}"
