"""`metaorder blotter`: the state of all orders, parents or children, and what was refused."""

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


class Level(StrEnum):
    """Kind of row of the blotter."""

    ORDERS = "orders"
    PARENTS = "parents"
    CHILDREN = "children"
    REFUSALS = "refusals"  # Of orders, amends and cancels.


def blotter(
    level: Annotated[Level, typer.Argument(help="What to list.")] = Level.PARENTS,
    *,
    limit: LimitOption = 50,
    projection: ProjectionOption = None,
    config: ConfigOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Show orders, parents or children with the state of each, or what was refused and why."""
    settings = loaded(config, projection=projection)
    bound = f" limit {limit}" if limit else ""
    with project.connect(readable(settings.projection)) as connection:
        found = fetched(connection.execute(f"from blotter_{level.value}{bound}"))
    render(rows_told(found, output), output, level.value)
