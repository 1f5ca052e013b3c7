"""docs/order-files.md names every column and no other, and its examples are read."""

import re
from pathlib import Path

import pytest

from engine.gateways.files import text_lines, unpacking
from engine.gateways.orders import order_file
from engine.gateways.orders.tickets import COLUMNS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "order-files.md").read_text()
COLUMN_TABLE = PAGE.partition("\n## Columns\n")[2].partition("\n## ")[0]


def described() -> list[str]:
    """The names in the first cells of the table of columns."""
    cells = re.findall(r"^\| (`.+?) \|", COLUMN_TABLE, re.MULTILINE)
    return [name for cell in cells for name in re.findall(r"`(\w+)`", cell)]


def test_the_page_describes_every_column_and_no_other() -> None:
    assert len(described()) == len(set(described()))
    assert set(described()) == set(COLUMNS)


@pytest.mark.parametrize(("kind", "rows"), [("csv", 3), ("jsonl", 1)])
def test_the_examples_of_the_page_are_read(tmp_path: Path, kind: str, rows: int) -> None:
    path = tmp_path / f"orders.{kind}"
    path.write_text(PAGE.partition(f"```{kind}\n")[2].partition("```")[0])
    found = list(order_file.read(path))
    assert [line.error for line in found] == [""] * rows


def test_each_value_in_the_table_is_one_that_its_column_takes(tmp_path: Path) -> None:
    examples = {
        name: example
        for cell, example in re.findall(
            r"^\| (`.+?) \| .* \| `([^`]+)`.* \|$", COLUMN_TABLE, re.MULTILINE
        )
        for name in re.findall(r"`(\w+)`", cell)
    }
    assert set(examples) == set(COLUMNS)
    order = {k: v for k, v in examples.items() if k not in ("action", "orig_cl_ord_id")}
    path = tmp_path / "orders.csv"
    path.write_text(f"{','.join(order)}\n{','.join(order.values())}\n")
    assert [line.error for line in order_file.read(path)] == [""]


def test_the_bounds_of_the_page_are_those_of_the_code() -> None:
    assert f"{text_lines.LINE_BYTES_MAX:,} bytes" in PAGE
    assert unpacking.UNPACKED_RATIO_MAX == 100
    assert unpacking.UNPACKED_BYTES_FREE == 16 * 2**20
