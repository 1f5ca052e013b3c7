"""`metaorder audit`: the causal chain of one order."""

from typing import Annotated

import typer

import projections as project
from engine.cli.exits import Exit
from engine.cli.options import ConfigOption, OutputOption, ProjectionOption, loaded, readable
from engine.cli.render import Output, errors, fetched, render


def audit(
    order_id: Annotated[str, typer.Argument(help="Id of an order, as in 3-17.")],
    *,
    projection: ProjectionOption = None,
    config: ConfigOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Show everything that happened to one small order, from ingest to its last allocation."""
    settings = loaded(config, projection=projection)
    with project.connect(readable(settings.projection)) as connection:
        found = fetched(
            connection.execute("from audit_trail where order_id = ? order by step", [order_id])
        )
    render(found, output, f"order {order_id}")
    if not found.rows:
        errors().print(f"no order {order_id}; `metaorder blotter orders` lists them")
        raise typer.Exit(Exit.ERROR)
