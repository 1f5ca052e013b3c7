"""`metaorder follower`: fold beside the workers, compare, and write their snapshots."""

import signal
import threading
from pathlib import Path
from typing import Annotated

import typer

from engine.audit import follower as following
from engine.audit.follower import EVERY_EVENTS, Follower
from engine.cli import lines
from engine.cli.options import ConfigOption, LogOption, configured_log, existing, loaded, shards_of
from engine.cli.rules import rules_of
from engine.runtime.garbage_collection import collected_rarely

app = typer.Typer(help="Fold the log beside the workers, and write their snapshots.")


@app.callback()
def follower() -> None:
    """Fold the log beside the workers, and write their snapshots."""


@app.command()
def run(
    *,
    snapshots: Annotated[Path, typer.Option(metavar="DIR", help="Folder of this log alone.")],
    every: Annotated[int, typer.Option(min=1, help="Events between two snapshots of a shard.")] = (
        EVERY_EVENTS
    ),
    shard: Annotated[
        list[int] | None, typer.Option(help="Follow these shards; default all of them.")
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Stop at the end of the log.")] = False,
    log_url: LogOption = None,
    config: ConfigOption = None,
) -> None:
    """Follow until interrupted; stop where folding gives another state than was decided.

    Workers with the same folder restart from the snapshots. Read access to the log is enough.
    """
    settings = loaded(config, log_url=log_url)
    existing(settings)
    lines.to_stderr(settings.log_level)
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    rules = rules_of(settings)
    numbers = shards_of(shard, settings)
    with configured_log(settings) as log, collected_rarely():
        followings = [Follower(log, n, rules, snapshots, every) for n in numbers]
        following.run(followings, stopping.wait, once=once)
