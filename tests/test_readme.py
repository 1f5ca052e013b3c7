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


def test_its_parts_come_in_the_order_of_a_newcomers_questions() -> None:
    headings = re.findall(r"^## (.*)$", README.read_text(), re.MULTILINE)
    assert headings == [
        "Two commands",
        "The picture",
        "A first query",
        "Prove a day",
        "What it guarantees, and what it does not",
        "Map of the code",
        "Commands",
    ]


def commands_of(heading: str) -> tuple[list[list[str]], str]:
    """The commands of a part, and the table and the line after it that one of them prints."""
    part = README.read_text().split(f"## {heading}")[1].split("\n## ")[0]
    block = "\n".join(x[4:] for x in part.splitlines() if x.startswith("    "))
    commands = re.findall(r"^metaorder ((?:[^\n\"]|\"[^\"]*\")*)", block, re.MULTILINE)
    table = re.findall(r"^(?:[┏┃┡│└]|shard).*$", block, re.MULTILINE)
    return [shlex.split(x, comments=True) for x in commands], "\n".join(table) + "\n"


@pytest.mark.slow
def test_the_demo_runs_and_what_the_first_query_prints_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = README.parent
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("METAORDER_PROJECTION", "out/demo/projection.duckdb")
    (tmp_path / "examples").symlink_to(root / "examples")
    assert execute(["demo"]) == 0
    shown = capsys.readouterr().out
    assert "0 violations" in shown
    assert "performance_bps_1dp" in shown
    commands, table = commands_of("A first query")
    assert [x[0] for x in commands] == ["sql", "blotter", "audit", "tca", "sql"]
    for command in commands:
        assert execute(command) == 0, command
        printed = capsys.readouterr().out
        assert printed
        if command is commands[0]:
            assert printed == table, "paste what the demo's first query prints anew"
    commands, proof = commands_of("Prove a day")
    assert [x[0] for x in commands] == ["notary", "notary", "verify"]
    for command in commands:
        capsys.readouterr()
        assert execute(command) == 0, command
    chain = re.compile(r"\b[0-9a-f]{8}\b")  # It names the Python that decided.
    shown = chain.sub("", capsys.readouterr().out)
    assert shown == chain.sub("", proof), "paste what verify prints of the demo anew"
