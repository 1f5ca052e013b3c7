"""The README shows what is there: its map is the topology's, its first query has an answer."""

import re
import shlex
from pathlib import Path

import pytest

from engine import topology
from engine.cli.application import command_names, execute

README = Path(__file__).parent.parent / "README.md"


def test_the_map_is_printed_from_the_topology() -> None:
    assert topology.picture() in README.read_text(), "paste `engine.topology.picture()` anew"


def test_every_command_in_the_table_exists() -> None:
    commands = README.read_text().split("## Commands")[1].split("##")[0]
    rows = [line for line in commands.splitlines() if line.startswith("| `")]
    named = {name for row in rows for name in re.findall(r"`([a-z]+)", row.rpartition("` |")[0])}
    assert "worker" in named
    assert named <= {name.split()[0] for name in command_names()}


@pytest.mark.slow
def test_the_demo_runs_and_the_first_query_has_an_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = README.parent
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "examples").symlink_to(root / "examples")
    assert execute(["demo"]) == 0
    shown = capsys.readouterr().out
    assert "0 violations" in shown
    assert "performance_bps_1dp" in shown
    query = re.search(r"\.venv/bin/metaorder (sql[^\n]*\\\n[^\n]*)", README.read_text())
    assert query is not None
    assert execute(shlex.split(query[1].replace("\\\n", " "))) == 0
    assert "fills" in capsys.readouterr().out
