"""`metaorder archive`: closed days as files."""

from pathlib import Path
from typing import Annotated

import typer

from engine.audit import archiving
from engine.cli.options import ConfigOption, LogOption, configured_log, existing, loaded

app = typer.Typer(help="Closed days as files, readable as the log `archive:DIR`.")


@app.callback()
def archive() -> None:
    """Closed days as files, readable as the log `archive:DIR`."""


@app.command()
def write(
    *,
    out: Annotated[Path, typer.Option(metavar="DIR", help="The archive; made if it is missing.")],
    day: Annotated[
        int | None, typer.Option(metavar="YYYYMMDD", help="The last day to write; default all.")
    ] = None,
    log_url: LogOption = None,
    config: ConfigOption = None,
) -> None:
    """Write every closed day that the archive lacks, with its records unchanged.

    Nothing is deleted from the log. Run `verify --log archive:DIR` before you delete anything.
    """
    settings = loaded(config, log_url=log_url)
    existing(settings)
    with configured_log(settings) as log:
        count = archiving.archive(log, out, day, typer.echo)
    typer.echo(f"{count} days written")
