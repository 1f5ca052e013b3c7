"""`metaorder log`: operations on a whole log."""

from pathlib import Path
from typing import Annotated

import typer

from engine.audit import repartition as repartitioning
from engine.cli.backup import backup, restore
from engine.cli.doctor import doctor
from engine.cli.options import (
    ConfigOption,
    LogOption,
    OutputOption,
    configured_log,
    existing,
    loaded,
)
from engine.cli.render import Output, progress, render_one
from engine.cli.rules import rules_of
from engine.cli.topics import create_missing
from engine.log.port import EngineError

app = typer.Typer(help="Operations on a whole log.")
app.command()(doctor)
app.command()(backup)
app.command()(restore)


@app.callback()
def log() -> None:
    """Operations on a whole log."""


@app.command()
def repartition(
    *,
    to: Annotated[
        str, typer.Option(metavar="URL", help="The new log: a file or topic prefix of its own.")
    ],
    partitions: Annotated[int, typer.Option(min=1, max=1_024, help="Shards of the new log.")],
    log_url: LogOption = None,
    config: ConfigOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Begin a new log with another number of shards where the old one was closed.

    The old log is only read. Its workers must be stopped, its last day closed in every shard, and
    no input may wait in it. Open orders and facts in force go to the new shards. A command that
    was killed can be run again. Then set `partitions`, give every process the new URL, and open
    the day there.
    """
    old = loaded(config, log_url=log_url)
    new = loaded(config, log_url=to, partitions=partitions)
    if location_of(old.log_url) == location_of(new.log_url):
        raise typer.BadParameter("--to names the old log", param_hint="--to")
    existing(old)
    with configured_log(old) as source:  # Checked first, so that a refusal leaves no empty log.
        repartitioning.require_closed(source, rules_of(new), is_proved=False)
    create_missing(new)
    with configured_log(old) as source, configured_log(new) as target, progress("proving") as bar:
        total = source.partitions
        new_log = repartitioning.repartition(
            source, target, rules_of(new), lambda shard: bar.at(shard + 1, total, "shards")
        )
    result = {
        "log": new.log_url,
        "partitions": partitions,
        "written": new_log.is_new,
        "events": sum(seal.next_seq - seal.first_seq for seal in new_log.seals),
        "first_seq": new_log.seals[0].first_seq,
    }
    render_one(result, output)


def location_of(log_url: str) -> str:
    """The location of a log, however the path of its file is written."""
    kind, _, path = log_url.partition(":")
    return str(Path(path).resolve()) if kind == "sqlite" else log_url


def first_batch_problems(
    new_url: str, old_url: str, config: Path | None, partitions: int
) -> list[str]:
    """Every difference between the start of the new log and the end of the old one.

    The new log states the number of partitions of the old one.
    """
    new = loaded(config, log_url=new_url, partitions=partitions)
    with configured_log(new) as target:
        head = repartitioning.first_batch(target, 0)
        if head is None:
            raise EngineError(f"{new_url} goes on from no other log.")
        old = loaded(config, log_url=old_url, partitions=head.named.partitions)
        existing(old)
        with configured_log(old) as source:
            return repartitioning.problems(target, source, rules_of(new))
