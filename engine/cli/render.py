"""Rows for people as a table, for machines as JSON, JSON lines or CSV.

Numbers stay exact: decimals and integers beyond 64 bits are written with all their digits. A table
that does not fit the terminal is shown as one block a row, so nothing is cut at any width. Texts
are `harmless` in each form.
"""

import csv
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO

import orjson
from rich.console import Console
from rich.measure import Measurement
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from engine.cli.harmless import plain, plain_cell, plain_json, plain_line
from engine.core.units import INT64_MAX

if TYPE_CHECKING:
    import duckdb  # It takes as long to import as all else of a worker.

NUMBERS = (int, float, Decimal)


class Output(StrEnum):
    """Format of a result."""

    TEXT = "text"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"


class Rows(NamedTuple):
    """A result: its columns and its rows."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]

    def dicts(self) -> Iterator[dict[str, Any]]:
        for row in self.rows:
            yield dict(zip(self.columns, row, strict=True))


def fetched(result: "duckdb.DuckDBPyConnection") -> Rows:
    """The result of a query."""
    description = result.description or []
    return Rows(tuple(str(x[0]) for x in description), result.fetchall())


def from_dicts(dicts: Sequence[Mapping[str, Any]]) -> Rows:
    columns = tuple(dict.fromkeys(name for found in dicts for name in found))
    return Rows(columns, [tuple(found.get(name) for name in columns) for found in dicts])


def render(found: Rows, output: Output, title: str = "", out: TextIO | None = None) -> None:
    """Write a result to stdout."""
    target = out or sys.stdout
    if output is Output.TEXT:
        _table(found, title, Console(file=target))
    elif output is Output.CSV:
        writer = csv.writer(target, lineterminator="\n")
        writer.writerow([plain_cell(name) for name in found.columns])
        writer.writerows([_csv_cell(x) for x in row] for row in found.rows)
    elif output is Output.JSONL:
        for row in found.dicts():
            target.write(json_text(row))
    else:
        target.write(json_text(list(found.dicts())))


def render_dicts(found: Sequence[Mapping[str, Any]], output: Output) -> None:
    """Write rows of several shapes to stdout, in JSON each with its own names only."""
    if output is Output.JSON:
        sys.stdout.write(json_text(list(found)))
    elif output is Output.JSONL:
        sys.stdout.writelines(json_text(row) for row in found)
    else:
        render(from_dicts(found), output)


def render_one(found: Mapping[str, Any], output: Output, title: str = "") -> None:
    """Write one object: a block of names and values, or one JSON object."""
    if output is Output.TEXT:
        _blocks(from_dicts([found]), title, Console())
    elif output is Output.CSV:
        render(from_dicts([found]), output)
    else:
        sys.stdout.write(json_text(found))


def json_text(value: object) -> str:
    """One line of JSON with exact numbers."""
    exact = orjson.dumps(_exact(value), option=orjson.OPT_NON_STR_KEYS).decode()
    return plain_json(exact) + "\n"


def _exact(value: Any) -> Any:  # noqa: ANN401  Whatever a query returns.
    if isinstance(value, Decimal):
        return orjson.Fragment(f"{value:f}") if value.is_finite() else None
    if isinstance(value, bool):
        return value
    if isinstance(value, float):
        return _plain(value)
    if isinstance(value, int) and abs(value) > INT64_MAX:
        return orjson.Fragment(str(value))
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Mapping):
        return {str(name): _exact(x) for name, x in value.items()}
    if isinstance(value, list | tuple):
        return [_exact(x) for x in value]
    if value is None or isinstance(value, str | int | datetime | date | time):
        return value
    return str(value)


def _plain(value: float) -> float:
    """The value without the sign of a negative zero, which comes of rounding a small cost."""
    return value + 0.0


def cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return str(_plain(value))
    if isinstance(value, str):
        return value
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list | tuple | Mapping):
        return json_text(value).strip()
    return str(value)


def _csv_cell(value: object) -> str:
    return plain_cell(value) if isinstance(value, str) else cell(value)


def _shown(value: object) -> Text:
    if isinstance(value, int) and not isinstance(value, bool):
        return Text(str(value))
    if isinstance(value, float):
        return Text(f"{_plain(value):.6g}")
    return Text(plain_line(cell(value)))


def _table(found: Rows, title: str, console: Console) -> None:
    if not found.columns:
        return
    table = Table(title=plain_line(title) or None, title_justify="left")
    for n, name in enumerate(found.columns):
        sample = next((row[n] for row in found.rows if row[n] is not None), None)
        is_number = isinstance(sample, NUMBERS) and not isinstance(sample, bool)
        table.add_column(
            Text(plain_line(name)), justify="right" if is_number else "left", no_wrap=True
        )
    for row in found.rows:
        table.add_row(*(_shown(x) for x in row))
    unbounded = console.options.update(max_width=100_000)
    if Measurement.get(console, unbounded, table).maximum <= console.width:
        console.print(table)
    else:
        _blocks(found, title, console)
    if not found.rows:
        console.print("no rows", style="dim")


def _blocks(found: Rows, title: str, console: Console) -> None:
    if title:
        console.print(Text(plain_line(title), style="bold"))
    width = max((len(name) for name in found.columns), default=0)
    for number, row in enumerate(found.rows):
        if number:
            console.print()
        for name, value in zip(found.columns, row, strict=True):
            line = Text(f"{plain_line(name):<{width}}  ", style="dim")
            line.append(_shown(value))
            console.print(line, overflow="fold")


def say(text: str = "") -> None:
    """Write lines of a result for people to stdout."""
    sys.stdout.write(plain(text) + "\n")


class Notices(Console):
    """A console whose texts do nothing to the terminal but what rich does."""

    def print(self, *objects: Any, **options: Any) -> None:  # noqa: ANN401  As rich has it.
        """Print objects; texts are made plain."""
        super().print(*(plain(x) if isinstance(x, str) else x for x in objects), **options)


def errors() -> Console:
    """The console for everything but the result: progress, notices, reasons."""
    return Notices(stderr=True, highlight=False)


@contextmanager
def progress(text: str, total: float | None = None) -> Iterator["Bar"]:
    """A progress bar on stderr; silent where stderr is no terminal."""
    console = errors()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,.0f}"),
        TextColumn("{task.fields[unit]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as bars:
        yield Bar(bars, text, total)


class Bar:
    """One job's progress."""

    def __init__(self, bars: Progress, text: str, total: float | None) -> None:
        self._bars = bars
        self._task = bars.add_task(text, total=total, unit="")

    def at(self, completed: float, total: float | None = None, unit: str = "") -> None:
        self._bars.update(self._task, completed=completed, total=total, unit=unit)
