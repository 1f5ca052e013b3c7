"""TOML files whose tables become events: the code that controls and reference files share.

`[policy]` and `[[policy]]` mean the same. Every wrong table of a file is named in one error, and
a file with an error becomes no event at all.
"""

import tomllib
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from engine.core.controls import input_limits
from engine.gateways.values import explain
from engine.log.port import EngineError


class TableFileError(EngineError):
    """A TOML file cannot be read as events; names table, field, found and expected."""


class Table(BaseModel, ABC):
    """A table of a file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @abstractmethod
    def key(self) -> str:
        """The key of its record."""


T = TypeVar("T", bound=Table)


def implausible(table: Table, event: object) -> str:
    """The flaw for which shards would reject a table's event, in the file's terms; empty if none.

    The rules are the shards' own (`input_limits`), so that edge and core cannot differ. A field
    of the event is named as in the table, with its unit beside the value.
    """
    found = input_limits.first_flaw(event)
    if found is None:
        return ""
    names = [x for x in type(table).model_fields if f"{found.field}_".startswith(f"{x}_")]
    name = max(names, key=len, default=found.field)
    unit = found.field[len(name) + 1 :]
    return f"{name}: found {found.found!r:.80}{' ' * bool(unit)}{unit}, expected {found.expected}"


def parsed(path: Path) -> dict[str, Any]:
    """A TOML file with exact decimals. Raises TableFileError."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except OSError as error:
        raise TableFileError(
            f"{path}: cannot be read ({error.strerror}); give the path of a TOML file."
        ) from None
    except ValueError as error:
        raise TableFileError(f"{path}: not TOML: {error}") from None


def tables_of(path: Path, known: Sequence[str]) -> list[tuple[str, Any]]:
    """The (name, table) pairs of a TOML file, in the order of `known`.

    Raises TableFileError if it is no TOML, holds another table or none.
    """
    found = parsed(path)
    unknown = sorted(set(found) - set(known))
    if unknown or not found:
        raise TableFileError(
            f"{path}: found {', '.join(unknown) or 'nothing'}, expected tables {', '.join(known)}"
        )
    return [
        (name, table)
        for name in known
        if name in found
        for table in (found[name] if isinstance(found[name], list) else [found[name]])
    ]


def validated(
    path: Path,
    tables: Sequence[tuple[str, Any]],
    models: Mapping[str, type[T]],
    judge: Callable[[T], str] = lambda _: "",
) -> list[T]:
    """Each table as its model. Raises TableFileError naming every wrong one.

    `judge` says what is wrong with a table whose fields are well formed; empty if nothing is.
    """
    good: list[T] = []
    wrong: list[str] = []
    counts: dict[str, int] = {}
    for name, table in tables:
        counts[name] = counts.get(name, 0) + 1
        try:
            made = models[name].model_validate(table)
        except ValidationError as error:
            wrong.append(f"{path}, {name} {counts[name]}: {explain(error)}")
            continue
        good.append(made)
        flaw = judge(made)
        if flaw:
            wrong.append(f"{path}, {name} {counts[name]}: {flaw}")
    if wrong:
        raise TableFileError("\n".join(wrong))
    return good
