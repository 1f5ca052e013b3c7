"""An embedded log of eight shards on which the day is open."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from log_state.eight_shards import INSTRUMENTS, SHARDS
from pipeline import desk

from engine.log import open_log
from engine.log.port import Log


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "engine.db"


@pytest.fixture
def url(path: Path) -> str:
    return f"sqlite:{path}"


@pytest.fixture
def log(url: str) -> Iterator[Log]:
    with open_log(url, partitions=SHARDS) as made:
        yield made


@pytest.fixture
def publisher(log: Log) -> desk.Publisher:
    found = desk.Publisher(log, desk.OMS)
    desk.open_day(found, INSTRUMENTS)
    return found
