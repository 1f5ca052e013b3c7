"""The README shows what is there; that its commands print what it says is in test_wheel.py."""

import re
import shlex
from pathlib import Path

from engine.cli.application import command_names

README = Path(__file__).parent.parent / "README.md"
PROSE_COLUMNS = 100
DEMO_COLUMNS = 80
BLOCKS = ("Two commands", "What you see", "The picture", "A first query", "Prove a day")
CHAIN = re.compile(r"\b[0-9a-f]{8}\b")


def test_the_table_has_every_command_and_no_other() -> None:
    commands = README.read_text().split("## Commands")[1].split("##")[0]
    rows = [line for line in commands.splitlines() if line.startswith("| `")]
    named = {name for row in rows for name in re.findall(r"`([a-z]+)", row.rpartition("` |")[0])}
    assert named == {name.split()[0] for name in command_names()}


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
