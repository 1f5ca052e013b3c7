"""One import: a reader's observations become a market folder, and every line is accounted for."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from engine.gateways.imports.folder import Folder
from engine.gateways.imports.made_quotes import Made, around
from engine.gateways.imports.port import Account, Format, Observation, Request

Fields = Mapping[str, str | int]


class Task(NamedTuple):
    """The source of an import and its target."""

    chosen: Format
    paths: Sequence[Path]
    out: Path
    request: Request
    said: Fields  # Fields of instrument.toml that the person says; they win over the format's.
    zone: str  # Of the trading day, where neither person nor format says one.
    made: Made | None = None  # Quotes to make around prints.


def run(
    task: Task, check: Callable[[Fields], None], progress: Callable[[int], None] | None = None
) -> Account:
    """Write the folder. `check` raises for fields that the engine refuses.

    Raises ImportFailedError and what `check` raises; then no folder is written.
    """
    account = Account()
    reader = task.chosen.reader(task.request, account)
    folder = Folder(task.out, account)
    observations: Iterator[Observation] = reader.read(task.paths)
    if task.made is not None:
        observations = around(observations, task.made, account)
    zone = task.request.zone or reader.zone or task.zone
    day = task.request.day.isoformat() if task.request.day else ""
    try:
        folder.write(observations, zone, day, progress)
        named = {"instrument_id": task.request.symbol, "time_zone": zone, "day": folder.day}
        fields = {**named, **reader.instrument(), **task.said}
        check(fields)
        folder.finish(fields, _comments(task, account))
    finally:
        folder.abandon()
    return account


def _comments(task: Task, account: Account) -> Iterator[str]:
    yield f"Format {task.chosen.name}: {', '.join(path.name for path in task.paths)}"
    yield f"It cannot know: {task.chosen.cannot_know}."
    yield from account.notes
