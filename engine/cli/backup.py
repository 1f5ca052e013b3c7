"""`metaorder log backup` and `log restore`: a copy of a log, and a log of the copy."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from engine.audit import backup as copies
from engine.cli.exits import Exit
from engine.cli.options import (
    ConfigOption,
    LogOption,
    OutputOption,
    configured_log,
    existing,
    loaded,
)
from engine.cli.render import Output, errors, render_one
from engine.cli.rules import rules_of
from engine.config import Config

SQLITE, KAFKA = "sqlite", "kafka"


def backup(
    *,
    to: Annotated[
        Path, typer.Option(metavar="PATH", help="The copy: a new file, or a new folder if sealed.")
    ],
    is_sealed: Annotated[
        bool,
        typer.Option(
            "--sealed",
            help="Copy what the seals cover, and waiting inputs, as a folder; always on Kafka.",
        ),
    ] = False,
    log_url: LogOption = None,
    config: ConfigOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Copy a log while it is at work, and prove the copy: seals, digests, chain and the open day.

    A log file is copied to a file, with `--sealed` or from Kafka to a folder, which reads as the
    log `archive:DIR`. Exit code 3 if the copy is not sound: it is kept, as the evidence.
    """
    settings = loaded(config, log_url=log_url)
    existing(settings)
    kind, _, address = settings.log_url.partition(":")
    with configured_log(settings) as log:
        if kind == SQLITE and not is_sealed:
            from engine.log.embedded import copying  # noqa: PLC0415  Kafka needs no SQLite.

            copying.copy(Path(address), to)
            url = f"sqlite:{to}"
        else:
            copies.copy_sealed(log, to)
            url = f"archive:{to}"
    show(settings, url, output)


def restore(
    *,
    source: Annotated[
        Path, typer.Option("--from", metavar="PATH", help="What `log backup` made, or a log file.")
    ],
    log_url: LogOption = None,
    config: ConfigOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Make a log of a copy, at a new path or Kafka prefix, and prove it; the copy is only read.

    The new log has the id of the log that was copied, and goes on where the copy ends. A log file
    that lost its WAL is taken as it is: compare its batches and chain with an anchor or a backup.
    """
    settings = loaded(config, log_url=log_url)
    kind, _, address = settings.log_url.partition(":")
    if kind == SQLITE:
        copies.restore(source, Path(address))
    elif kind == KAFKA:
        from engine.log.kafka import PREFIX  # noqa: PLC0415  SQLite needs no librdkafka.
        from engine.log.kafka.restoring import Place  # noqa: PLC0415  As above.

        bootstrap, _, prefix = address.partition("/")
        place = Place(
            bootstrap,
            prefix or PREFIX,
            settings.partitions,
            settings.replication,
            settings.security(),
        )
        copies.restore_to_kafka(source, place)
    else:
        raise typer.BadParameter(
            "a copy becomes a log file or a Kafka log; give sqlite:PATH or kafka:HOST:PORT/PREFIX",
            param_hint="--log",
        )
    show(settings, settings.log_url, output)


def show(settings: Config, url: str, output: Output) -> None:
    """Prove the log at the URL and print what it holds; exit with 3 if it is not sound."""
    own = replace(settings, log_url=url)
    with configured_log(own) as log:
        found = copies.proven(log, rules_of(own))
    render_one({"log": url, **found._asdict(), "broken": [f.text for f in found.broken]}, output)
    for finding in found.broken:
        errors().print(escape(finding.text), soft_wrap=True)
    if found.broken:
        raise typer.Exit(Exit.MISMATCH)
