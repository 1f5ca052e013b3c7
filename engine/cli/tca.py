"""`metaorder tca`: what the execution cost, and against what."""

from enum import StrEnum
from typing import Annotated

import typer

import projections as project
from engine.cli.exits import Exit
from engine.cli.options import (
    ConfigOption,
    LimitOption,
    OutputOption,
    ProjectionOption,
    loaded,
    readable,
)
from engine.cli.render import Output, errors, fetched, render


class By(StrEnum):
    """One row for each of these."""

    PARENT = "parent"
    ORDER = "order"
    CHILD = "child"


def tca(
    parent: Annotated[str | None, typer.Argument(help="A parent's id: its children.")] = None,
    *,
    by: Annotated[By | None, typer.Option(help="One row a parent, order or child.")] = None,
    limit: LimitOption = 50,
    projection: ProjectionOption = None,
    config: ConfigOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Show transaction costs: every parent, or the children of one."""
    settings = loaded(config, projection=projection)
    level = by or (By.CHILD if parent else By.PARENT)
    if parent and level is By.ORDER:
        raise typer.BadParameter("an order may have several parents; leave the parent out")
    where = " where parent_id = ?" if parent else ""
    bound = f" limit {limit}" if limit else ""
    with project.connect(readable(settings.projection)) as connection:
        query = f"from tca_{level.value}{where}{bound}"
        found = fetched(connection.execute(query, [parent] if parent else []))
    render(found, output, f"costs by {level.value}")
    if parent and not found.rows:
        errors().print(f"no parent {parent}; `metaorder blotter parents` lists them")
        raise typer.Exit(Exit.ERROR)
