"""The table of roles in docs/operators.md is the one that `topics create --acl` writes."""

import re
from pathlib import Path

from engine.config import Config
from engine.log.kafka import access
from engine.log.port import ALL_TOPICS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "operators.md"
ROW = re.compile(r"^\| `([a-z-]+)` \|([^|]*)\|([^|]*)\|[^|]*\|$", re.MULTILINE)


def topics_of(cell: str) -> set[str]:
    said = cell.strip()
    return set(ALL_TOPICS) if said == "everything" else {x.strip() for x in said.split(",") if x}


def test_the_page_says_what_each_role_writes_and_reads() -> None:
    told = {
        role: (topics_of(writes) - {""}, topics_of(reads) - {""})
        for role, writes, reads in ROW.findall(PAGE.read_text())
    }
    granted = {}
    for role, grants in access.roles(2).items():
        own = [g for g in grants if g.kind == access.TOPIC and g.name in ALL_TOPICS]
        granted[role] = tuple(
            {g.name for g in own if g.operation == operation}
            for operation in (access.WRITE, access.READ)
        )
    assert told == granted


def test_the_page_names_every_setting() -> None:
    text = PAGE.read_text()
    settings = [name for name in Config.__slots__ if name.startswith("kafka_")]
    assert [name for name in settings if name not in text] == []
