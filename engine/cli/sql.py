"""`metaorder sql`: ask the projection."""

import sys
from typing import Annotated

import typer

import projections as project
from engine.cli.options import ConfigOption, OutputOption, ProjectionOption, loaded, readable
from engine.cli.render import Output, fetched, render


def sql(
    query: Annotated[str, typer.Argument(help="A query, or - to read it from standard input.")],
    *,
    projection: ProjectionOption = None,
    config: ConfigOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Run a query on the projection; it can change nothing."""
    text = sys.stdin.read() if query == "-" else query
    settings = loaded(config, projection=projection)
    with project.connect(readable(settings.projection)) as connection:
        render(fetched(connection.execute(text)), output)
