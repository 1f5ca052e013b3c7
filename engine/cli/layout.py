"""Rows for people, readable at any width: a table, or a table with the details on a second line.

The details are columns that a line can lose without losing its sense. A single one at the end may
be a sentence: it wraps between words while it has room enough. Nothing is ever cut; where even the
columns that matter do not fit, each row becomes a block of names and values.
"""

import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from engine.cli.harmless import plain_line
from engine.cli.render import NUMBERS, Output, Rows, cell, render, say

GAP = "  "
INDENT = "    "
SENTENCE_MIN_CHARS = 56  # A narrower column breaks most sentences into three lines and more.


def print_rows(rows: Rows, detail_names: Sequence[str], width: int) -> None:
    """Print rows to stdout in lines of at most `width` characters."""
    table = _Table(rows)
    main = [n for n, name in enumerate(rows.columns) if name not in detail_names]
    details = [n for n, name in enumerate(rows.columns) if name in detail_names]
    if table.width([*main, *details]) <= width:
        lines = table.lines([*main, *details])
    elif len(details) == 1 and width - table.width(main) - len(GAP) >= SENTENCE_MIN_CHARS:
        lines = table.lines_with_sentence(main, details[0], width)
    elif details and table.width(main) <= width:
        lines = table.lines_with_details(main, details, width)
    else:
        render(rows, Output.TEXT)
        return
    for line in lines:
        say(line.rstrip())


def wrapped(text: str, width: int) -> list[str]:
    """The lines of a text, broken between words; only a word longer than a line is cut in two."""
    return textwrap.wrap(text, width, break_on_hyphens=False)


class _Table:
    """Cells as text, and the width of each column."""

    def __init__(self, rows: Rows) -> None:
        self._names = rows.columns
        self._cells = [[plain_line(cell(value)) for value in row] for row in rows.rows]
        self._is_number = [_is_number(rows, n) for n in range(len(rows.columns))]
        self._widths = [
            max([len(name), *(len(row[n]) for row in self._cells)])
            for n, name in enumerate(rows.columns)
        ]

    def width(self, columns: Sequence[int]) -> int:
        return sum(self._widths[n] for n in columns) + len(GAP) * (len(columns) - 1)

    def lines(self, columns: Sequence[int]) -> Iterator[str]:
        yield self._line(self._names, columns)
        for row in self._cells:
            yield self._line(row, columns)

    def lines_with_sentence(self, main: Sequence[int], sentence: int, width: int) -> Iterator[str]:
        yield self._line(self._names, [*main, sentence])
        margin = " " * (self.width(main) + len(GAP))
        for row in self._cells:
            first, *more = wrapped(row[sentence], width - len(margin)) or [""]
            yield self._line(row, main) + GAP + first
            yield from (margin + line for line in more)

    def lines_with_details(
        self, main: Sequence[int], details: Sequence[int], width: int
    ) -> Iterator[str]:
        yield self._line(self._names, main)
        for row in self._cells:
            yield self._line(row, main)
            yield from (INDENT + line for line in self._details(row, details, width))

    def _details(self, row: Sequence[str], details: Sequence[int], width: int) -> list[str]:
        """The details of a row: a single one is plain, several have their names before them."""
        shown = [n for n in details if row[n]]
        parts = [row[n] if len(details) == 1 else f"{self._names[n]} {row[n]}" for n in shown]
        return wrapped(GAP.join(parts), width - len(INDENT))

    def _line(self, texts: Sequence[str], columns: Sequence[int]) -> str:
        return GAP.join(
            texts[n].rjust(self._widths[n])
            if self._is_number[n]
            else texts[n].ljust(self._widths[n])
            for n in columns
        )


def _is_number(rows: Rows, column: int) -> bool:
    values: list[Any] = [row[column] for row in rows.rows if row[column] is not None]
    return bool(values) and all(isinstance(value, NUMBERS) for value in values)
