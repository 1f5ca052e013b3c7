"""`metaorder reference`: load a file."""

import time
from pathlib import Path
from typing import Annotated

import typer

from engine.cli.options import (
    ByOption,
    ConfigOption,
    LogOption,
    OutputOption,
    configured_log,
    loaded,
    user,
)
from engine.cli.render import Output, render_one
from engine.gateways.files import reference_file

app = typer.Typer(help="Instruments, venues, fees, calendars, curves.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Instruments, venues, fees, calendars, volume curves."""


@app.command()
def load(
    file: Annotated[Path, typer.Argument(help="TOML file of reference tables.")],
    *,
    log_url: LogOption = None,
    config: ConfigOption = None,
    by: ByOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Write the reference data of a file to the log, all or none of it."""
    tables = reference_file.read(file)
    records = reference_file.records(tables, sender=user(by), at_ns=time.time_ns())
    with configured_log(loaded(config, log_url=log_url)) as log:
        log.append("reference", records)
    render_one({"written": len(records), "topic": "reference"}, output)
