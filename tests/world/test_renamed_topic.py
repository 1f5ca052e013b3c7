"""The embedded log's own tables say what the engine says of its records, or it is not opened."""

import sqlite3
from pathlib import Path

import pytest

from engine.cli.application import execute
from engine.cli.exits import Exit
from engine.log import open_log
from engine.log.port import CorruptLogError

SWAP = """update topic set name = iif(name = 'orders', 'controls', 'orders')
    where name in ('orders', 'controls')"""
CHANGES = [
    ("a topic is renamed", "update topic set name = 'order' where name = 'orders'"),
    ("two topics change places", SWAP),
    ("a topic is taken away", "delete from topic where name = 'fills'"),
]


@pytest.mark.parametrize(("name", "sql"), CHANGES)
def test_a_changed_table_of_topics_is_noticed(
    tmp_path: Path, name: str, sql: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "log.db"
    open_log(f"sqlite:{path}").close()
    with sqlite3.connect(path) as connection:
        connection.execute(sql)
    connection.close()
    with pytest.raises(CorruptLogError, match="the table of topics was changed"):
        open_log(f"sqlite:{path}")
    assert execute(["verify", "--log", f"sqlite:{path}"]) != Exit.OK, name
    assert "the table of topics was changed" in " ".join(capsys.readouterr().err.split())


def test_a_topic_of_a_later_release_is_none_of_ours(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    open_log(f"sqlite:{path}").close()
    with sqlite3.connect(path) as connection:
        connection.execute("insert into topic values (99, 'later')")
    connection.close()
    open_log(f"sqlite:{path}").close()
