"""`keys new`: a key is made for words that `controls apply` takes, and the table is TOML."""

from pathlib import Path

import pytest

from engine.cli.application import execute
from engine.cli.exits import Exit
from engine.gateways.files import controls_file


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--writer", "OMS1", "--topic", "fills"], "topics: found ('fills',)"),
        (["--writer", "OMS1", "--topic", "orders", "--topic", "orders"], "each once"),
        (["--writer", " ", "--topic", "orders"], "writer: found ' '"),
        (["--writer", "OMS1", "--topic", "orders", "--from-day", "20261332"], "found 20261332"),
    ],
)
def test_no_key_is_made_for_words_that_are_refused(
    words: list[str], reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute(["keys", "new", str(tmp_path / "own.key"), *words]) == Exit.USAGE

    said = capsys.readouterr()
    assert reason in said.err
    assert not said.out
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("writer", ['a"b', "a\\b", "José 1", "OMS1"])
def test_the_table_that_is_printed_adopts_the_writer(
    writer: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--writer", writer, "--topic", "orders", "--topic", "controls"]

    assert execute(["keys", "new", str(tmp_path / "own.key"), *words]) == Exit.OK

    file = tmp_path / "own.toml"
    file.write_text(capsys.readouterr().out)
    (table,) = controls_file.read(file)
    assert isinstance(table, controls_file.WriterKey)
    assert (table.writer, table.topics) == (writer, ("orders", "controls"))
