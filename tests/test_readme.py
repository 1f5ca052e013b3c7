"""The README shows what is there: every command runs, and prints what the page says."""

import re
import shlex
from pathlib import Path

import pytest

from engine.cli.application import command_names, execute

README = Path(__file__).parent.parent / "README.md"
PROSE_COLUMNS = 100
DEMO_COLUMNS = 80
BLOCKS = ("Two commands", "What you see", "The picture", "A first query", "Prove a day")
CHAIN = re.compile(r"\b[0-9a-f]{8}\b")


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
        "What you see",
        "The picture",
        "A first query",
        "Prove a day",
        "What it guarantees, and what it does not",
        "Map of the code",
        "Commands",
    ]


def part(heading: str) -> str:
    return README.read_text().split(f"## {heading}")[1].split("\n## ")[0]


def block_of(heading: str) -> str:
    """The indented lines of a part, with the empty ones between them."""
    lines = part(heading).splitlines()
    indented = [number for number, line in enumerate(lines) if line.startswith("    ")]
    block = lines[indented[0] : indented[-1] + 1]
    return "\n".join(line[4:] for line in block if not line or line.startswith("    "))


def commands_of(heading: str) -> tuple[list[list[str]], str]:
    """The commands of a part, and the table and the line after it that one of them prints."""
    block = block_of(heading)
    commands = re.findall(r"^metaorder ((?:[^\n\"]|\"[^\"]*\")*)", block, re.MULTILINE)
    table = re.findall(r"^(?:[┏┃┡│└]|shard).*$", block, re.MULTILINE)
    return [shlex.split(x, comments=True) for x in commands], "\n".join(table) + "\n"


def without_chain(text: str) -> str:
    """A chain names the Python that decided, so it differs between Pythons."""
    lines = CHAIN.sub("", text).splitlines()
    return "\n".join(line.rstrip() for line in lines)


def test_it_has_three_sentences_first() -> None:
    first = README.read_text().partition("\n## ")[0].partition("\n\n")[2]
    assert len(re.findall(r"\.(?:\s|$)", first)) == 3


def test_its_lines_fit_a_terminal() -> None:
    lines = [line for line in README.read_text().splitlines() if not line.startswith(("|", "    "))]
    assert max(map(len, lines)) <= PROSE_COLUMNS
    blocks = [block_of(heading).splitlines() for heading in BLOCKS]
    shown = [line for block in blocks for line in block if not line.startswith("shard 4: ")]
    assert max(map(len, shown)) <= DEMO_COLUMNS


@pytest.mark.slow
def test_the_demo_runs_and_what_the_first_query_prints_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = README.parent
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", str(DEMO_COLUMNS))
    monkeypatch.setenv("METAORDER_PROJECTION", "out/demo/projection.duckdb")
    (tmp_path / "examples").symlink_to(root / "examples")
    assert execute(["demo"]) == 0
    shown = without_chain(capsys.readouterr().out)
    assert shown == without_chain(block_of("What you see")), "paste what the demo prints anew"
    monkeypatch.setenv("COLUMNS", "200")
    commands, table = commands_of("A first query")
    assert [x[0] for x in commands] == ["sql", "blotter", "audit", "tca", "sql"]
    for command in commands:
        assert execute(command) == 0, command
        printed = capsys.readouterr().out
        assert printed
        if command is commands[0]:
            assert printed == table, "paste what the demo's first query prints anew"
    monkeypatch.setenv("METAORDER_LOG_URL", "sqlite:out/demo/log.db")
    commands, proof = commands_of("Prove a day")
    assert [x[0] for x in commands] == ["notary", "notary", "verify"]
    for command in commands:
        capsys.readouterr()
        assert execute(command) == 0, command
    verified = without_chain(capsys.readouterr().out)
    assert verified == without_chain(proof), "paste what verify prints of the demo anew"
