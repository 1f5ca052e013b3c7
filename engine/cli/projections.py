"""`metaorder projections`: follow and rebuild."""

import signal
import threading
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

import projections as project
from engine.cli import lines
from engine.cli.options import (
    ConfigOption,
    LogOption,
    OutputOption,
    ProjectionOption,
    configured_log,
    loaded,
    published,
)
from engine.cli.render import Bar, Output, errors, progress, render_one
from projections import Progress, Stats

app = typer.Typer(help="DuckDB projections of the log.", no_args_is_help=True)


@app.command()
def rebuild(
    *,
    projection: ProjectionOption = None,
    log_url: LogOption = None,
    config: ConfigOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Make the projection from the whole log."""
    settings = loaded(config, log_url=log_url, projection=projection)
    settings.projection.parent.mkdir(parents=True, exist_ok=True)
    with configured_log(settings) as log, progress("rebuilding") as bar:
        stats = project.rebuild(
            log, settings.projection, lambda now: _at(bar, now), log_url=settings.log_url
        )
    _show(settings.projection, stats, output)


@app.command()
def follow(
    *,
    projection: ProjectionOption = None,
    publish: Annotated[
        Path | None,
        typer.Option(help="Folder for readers; default `published` beside the projection."),
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Stop at the end of the log.")] = False,
    log_url: LogOption = None,
    config: ConfigOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Keep the projection current, and publish it to readers, until interrupted."""
    settings = loaded(config, log_url=log_url, projection=projection)
    settings.projection.parent.mkdir(parents=True, exist_ok=True)
    stopping = threading.Event()
    if once:
        stopping.set()
    else:
        lines.to_stderr(settings.log_level)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    console = errors()
    with configured_log(settings) as log, progress("following") as bar:
        stats = project.follow(
            log,
            settings.projection,
            publish_to=publish or published(settings.projection),
            stop=stopping.is_set,
            progress=lambda now: _at(bar, now),
            notice=lambda text: console.print(escape(text), soft_wrap=True),
            log_url=settings.log_url,
        )
    _show(settings.projection, stats, output)


def _at(bar: Bar, now: Progress) -> None:
    bar.at(now.batches, now.batches_total, f"batches, {now.rows:,} rows")


def _show(path: Path, stats: Stats, output: Output) -> None:
    found = {
        "projection": str(path),
        "rows": stats.rows,
        "batches": stats.batches,
        "seconds": round(stats.seconds, 3),
        "rows_per_s": round(stats.rows_per_s),
    }
    render_one(found, output)
