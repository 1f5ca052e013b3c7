"""Two runs of one day are compared parent by parent, though their ids differ."""

import re
from contextlib import closing
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import apsw
import pytest
from pipeline import short_day
from pipeline.short_day import ShortDay

from engine.log import open_log
from infra.campaigns import day_differences
from infra.campaigns.day_differences import Day, first_differences, in_order

SEED = 11
MOVED = 5  # Events more before all others.


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> ShortDay:
    folder = tmp_path_factory.mktemp("compared")
    return short_day.make(folder / "day", rows=400, order_count=80)


@pytest.fixture(scope="module")
def url(day: ShortDay, tmp_path_factory: pytest.TempPathFactory) -> str:
    return run(day, tmp_path_factory.mktemp("run") / "log.db", SEED)


def run(day: ShortDay, path: Path, seed: int) -> str:
    url = f"sqlite:{path}"
    with open_log(url, partitions=day_differences.PARTITIONS) as log:
        short_day.simulation(log, day, seed).run()
    return url


def moved(value: Any) -> Any:  # noqa: ANN401  A field's.
    """A value as it is in a log with more events before all others."""
    if isinstance(value, str):
        return re.sub(
            r"(?<![\w-])(\d+)-(\d+)(?![\w-])", lambda x: f"{x[1]}-{int(x[2]) + MOVED}", value
        )
    if isinstance(value, tuple):
        return tuple(map(moved, value))
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{x.name: moved(getattr(value, x.name)) for x in fields(value)})
    return value


def test_other_ids_are_no_difference(url: str) -> None:
    former, day = Day(frozenset()), Day(frozenset())
    with open_log(url, partitions=day_differences.PARTITIONS) as log:
        for shard in range(day_differences.PARTITIONS):
            for event in in_order(log, shard):
                former.add(shard, event)
                day.add(shard, replace(moved(event), seq=event.seq + MOVED))

    assert len(former.by_parent) >= 10
    assert not first_differences(former, day)


def test_the_same_day_has_no_difference(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert day_differences.main([url, url]) == 0
    assert "parents are the same" in capsys.readouterr().out


def test_other_decisions_are_differences_by_their_fields(
    day: ShortDay, url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = run(day, tmp_path / "log.db", SEED + 1)

    assert day_differences.main([url, other]) == 1
    assert "parents  ChildAcknowledged: at_ns" in capsys.readouterr().out

    assert day_differences.main([url, other, "--ignore", "ChildAcknowledged"]) == 1
    assert "ChildAcknowledged" not in capsys.readouterr().out


def test_a_log_of_unknown_schemas_is_named_with_the_way_out(
    day: ShortDay, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A commit between two releases gave an id that this tree gave to nothing."""
    url = run(day, tmp_path / "log.db", SEED)
    with closing(apsw.Connection(str(tmp_path / "log.db"))) as file:
        ((number, value),) = file.execute(
            "select id, value from record where id >> 56 = "
            "(select topic_id from topic where name = 'routes') order by id limit 1"
        )
        assert isinstance(value, bytes)
        unknown = value[:1] + (65_535).to_bytes(4, "big") + value[5:]
        file.execute("update record set value = ? where id = ?", (unknown, number))
        assert file.changes() == 1

    assert day_differences.main([url, url]) == 2

    said = capsys.readouterr().err
    assert said.startswith("routes, shard ")
    assert "65535" in said
    assert "cannot be compared. Switch the rule in question off" in said
