"""`metaorder breaks`: where a venue and the engine disagree, and what became of it."""

from enum import StrEnum
from typing import Annotated

import typer

import projections as project
from engine.cli.options import (
    ConfigOption,
    LimitOption,
    OutputOption,
    ProjectionOption,
    loaded,
    readable,
)
from engine.cli.render import Output, fetched, render
from engine.cli.sentences import rows_told


class Which(StrEnum):
    """Breaks by their state."""

    OPEN = "open"
    EXPLAINED = "explained"  # By a later report.
    SETTLED = "settled"  # By a person.
    ALL = "all"


def breaks(
    which: Annotated[Which, typer.Argument(help="What to list.")] = Which.OPEN,
    *,
    limit: LimitOption = 50,
    projection: ProjectionOption = None,
    config: ConfigOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """List breaks, the oldest first, each with its age and its settlement."""
    settings = loaded(config, projection=projection)
    wanted = "" if which is Which.ALL else f" where status = '{which.name}'"
    bound = f" limit {limit}" if limit else ""
    with project.connect(readable(settings.projection)) as connection:
        found = fetched(connection.execute(f"from blotter_breaks{wanted}{bound}"))
    render(rows_told(found, output), output, "breaks")
