"""`metaorder log`: what is done with a log as a whole."""

from pathlib import Path
from typing import Annotated

import typer

from engine.audit import repartition as repartitioning
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

app = typer.Typer(help="What is done with a log as a whole.")


@app.callback()
def log() -> None:
    """What is done with a log as a whole."""


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

    The old log is read and stays as it is; its workers are stopped, its last day closed in every
    shard, and nothing waits in it. What lives on is parted anew. Killed at any moment, it can be
    run again. Then set `partitions`, give every process the new URL, and open the day there.
    """
    old = loaded(config, log_url=log_url)
    new = loaded(config, log_url=to, partitions=partitions)
    if place_of(old.log_url) == place_of(new.log_url):
        raise typer.BadParameter("--to names the old log", param_hint="--to")
    existing(old)
    with configured_log(old) as source:  # Else a refusal would leave an empty log behind.
        repartitioning.require_closed(source, rules_of(new), is_proved=False)
    create_missing(new)
    with configured_log(old) as source, configured_log(new) as target, progress("proving") as bar:
        total = source.partitions
        taken = repartitioning.repartition(
            source, target, rules_of(new), lambda shard: bar.at(shard + 1, total, "shards")
        )
    said = {
        "log": new.log_url,
        "partitions": partitions,
        "written": taken.is_new,
        "events": sum(seal.next_seq - seal.first_seq for seal in taken.seals),
        "first_seq": taken.seals[0].first_seq,
    }
    render_one(said, output)


def place_of(log_url: str) -> str:
    """The same for every way to write the path of one file."""
    kind, _, path = log_url.partition(":")
    return str(Path(path).resolve()) if kind == "sqlite" else log_url


def opening_problems(new_url: str, old_url: str, config: Path | None, partitions: int) -> list[str]:
    """Everything in which the new log begins otherwise than the old one ended.

    The old log's number of partitions is in the new one.
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
