"""The views: one SQL file each, in the folder of the question that a reader asks.

A file begins with a comment: the view's question in plain words, then units and signs. Its name is
the view's name. A view may use the event tables and other views; in which order they are created
follows from the texts, so a new view is a new file and nothing else. What a view shows is always
computed from the events as they are; nothing is stored twice.
"""

import re
from collections.abc import Mapping
from functools import cache
from graphlib import TopologicalSorter
from importlib.resources import files
from types import MappingProxyType
from typing import Final, NamedTuple

import duckdb

FOLDERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "blotter": "What is the result of each order, parent and child?",
        "tca": "What did it cost, and against which price?",
        "audit": "What happened, step by step, and why?",
        "venues": "How good are the venues, and which gateway has applied which control?",
        "rules": "Does every rule hold that must always hold?",
        "state": "How far is each order, parent and child?",
        "base": "What do the other views share?",
    }
)
HEADLINE: Final = re.compile(r"[^?]*\?(?: One row[^.;]*)?")
NOT_CODE: Final = re.compile(r"--.*|'[^']*'")  # Comments and texts name no view.


class View(NamedTuple):
    """A view, the folder of its file, the question that it answers, and its SQL."""

    name: str
    folder: str  # One of FOLDERS.
    question: str  # The comment on top, in one line.
    sql: str

    @property
    def path(self) -> str:
        """The file, below `projections/sql/`."""
        return f"{self.folder}/{self.name}.sql"

    @property
    def headline(self) -> str:
        """The question and what a row is, without units and signs."""
        found = HEADLINE.match(self.question)
        assert found, f"{self.path}: expected a question on top"
        return found[0]


@cache
def views() -> tuple[View, ...]:
    """All views, each after those it uses, and else by name.

    Raises graphlib.CycleError if views use each other in a circle.
    """
    unordered = {view.name: view for folder in FOLDERS for view in _in_folder(folder)}
    uses = {name: sorted(_words(unordered[name]) & unordered.keys()) for name in sorted(unordered)}
    return tuple(unordered[name] for name in TopologicalSorter(uses).static_order())


def _in_folder(folder: str) -> list[View]:
    found = (files(__package__) / "sql" / folder).iterdir()
    return [_view(folder, file.name.removesuffix(".sql"), file.read_text()) for file in found]


def _view(folder: str, name: str, sql: str) -> View:
    comment = []
    for line in sql.splitlines():
        if not line.startswith("--"):
            break
        comment.append(line.removeprefix("--").strip())
    return View(name, folder, " ".join(comment), sql)


def _words(view: View) -> set[str]:
    """Every word of the code but the view's own name."""
    return set(re.findall(r"\w+", NOT_CODE.sub("", view.sql))) - {view.name}


def create(connection: duckdb.DuckDBPyConnection) -> None:
    """Create or replace all views in one transaction."""
    connection.begin()
    for view in views():
        connection.execute(view.sql)
    connection.commit()


def page() -> str:
    """`docs/views.md`: the views by what a reader asks, a line each."""
    lines = [
        "# Views: what the projection answers",
        "",
        "A projection has one table for each event type and the views below. Each view is one file",
        "in `projections/sql/`; its comment on top holds the units and the signs. Prices and money",
        "in columns that end in `_px`, `notional` or `fees` of `state/` and `base/` views count",
        "1e-9 currency units; columns for people, such as `price` or `fees` of a `tca/` view, are",
        "currency units. A `cost` is positive, a `performance` is its opposite. Read a view with",
        '`metaorder sql "from tca_parent"`.',
        "",
        "`python -m projections > docs/views.md` writes this page from the files' comments.",
    ]
    for folder, question in FOLDERS.items():
        lines += ["", f"## {question}", "", "| view | question |", "|---|---|"]
        lines += [_row(view) for view in sorted(views()) if view.folder == folder]
    return "\n".join(lines) + "\n"


def _row(view: View) -> str:
    return f"| [`{view.name}`](../projections/sql/{view.path}) | {view.headline}. |"
