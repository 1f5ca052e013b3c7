"""`metaorder log doctor`: what is wrong with a log, and what a person may do."""

import os
import shutil
from collections.abc import Sequence
from typing import Annotated

import typer

from engine.audit import doctor as examining
from engine.audit.doctor import SOUND, Finding
from engine.cli.exits import Exit
from engine.cli.layout import wrapped
from engine.cli.options import (
    ConfigOption,
    LogOption,
    OutputOption,
    configured_log,
    existing,
    loaded,
    shards_of,
)
from engine.cli.render import Output, progress, render_dicts
from engine.cli.rules import rules_of

INDENT = "  "


def doctor(
    *,
    shard: Annotated[
        list[int] | None, typer.Option(help="Examine these shards; default all of them.")
    ] = None,
    log_url: LogOption = None,
    config: ConfigOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Say what is wrong with each shard's log, and what a person may do; change nothing.

    The open day of each shard is folded, as a worker does that gains it. Exit code 3 if a shard is
    not sound. `verify` proves closed days and every decision besides.
    """
    settings = loaded(config, log_url=log_url)
    existing(settings)
    numbers = shards_of(shard, settings)
    rules = rules_of(settings)
    found: list[Finding] = []
    with configured_log(settings) as log, progress("examining") as bar:
        for number in numbers:
            found.append(examining.examined(log, number, rules))
            bar.at(len(found), len(numbers), "shards")
    if output is Output.TEXT:
        show(found)
    else:
        render_dicts([finding._asdict() for finding in found], output)
    if any(finding.state != SOUND for finding in found):
        raise typer.Exit(Exit.MISMATCH)


def show(found: Sequence[Finding]) -> None:
    """Print a line a shard; for one that is not sound what is wrong, and what may be done."""
    width = shutil.get_terminal_size((80, 24)).columns
    for finding in found:
        head = f"shard {finding.shard}: {finding.state}"
        if finding.topic:
            head += f", {finding.topic}, {finding.place}"
        typer.echo(head)
        lines = ([finding.text] if finding.text else []) + [
            f"{number}. {text}" for number, text in enumerate(finding.may, start=1)
        ]
        for line in lines:
            folded = wrapped(line, width - len(INDENT))
            typer.echo(os.linesep.join(INDENT + part for part in folded))
