"""The index of docs/ has every page, and every link between the pages leads somewhere."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
INDEX = ROOT / "docs" / "README.md"
PAGES = [
    ROOT / "README.md",
    *sorted(ROOT.glob("docs/*.md")),
    *sorted(ROOT.glob(".github/*.md")),
    *sorted(ROOT.glob("examples/**/README.md")),
]
ROW_COLUMNS = 3


def links(page: Path) -> list[str]:
    """What a page links to, without other sites and without the part after #."""
    found = re.findall(r"\]\(([^)\s]+)\)", page.read_text())
    files = (target.partition("#")[0] for target in found if "://" not in target)
    return [target for target in dict.fromkeys(files) if target]


def dead(page: Path) -> list[str]:
    return [target for target in links(page) if not (page.parent / target).exists()]


def test_every_page_is_in_the_index_on_one_line() -> None:
    rows = [line for line in INDEX.read_text().splitlines() if line.startswith("| ")][1:]
    listed = [name for row in rows for name in re.findall(r"\]\(([\w-]+\.md)\)", row)]
    there = [path.name for path in ROOT.glob("docs/*.md") if path != INDEX]
    assert sorted(listed) == sorted(set(listed))
    assert set(there) <= set(listed), "give the page a line in docs/README.md: for whom, and what"
    assert all(row.count(" | ") == ROW_COLUMNS - 1 for row in rows)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    assert dead(page) == []


def test_a_dead_link_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("[here](page.md#a) [there](gone.md) [away](https://example.org/x.md)")
    assert dead(page) == ["gone.md"]
