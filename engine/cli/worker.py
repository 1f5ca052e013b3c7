"""`metaorder worker`: one process of the engine, on whatever log."""

import gc
import logging
import signal
from pathlib import Path
from typing import Annotated

import typer
from rich.logging import RichHandler

from engine.cli import topics
from engine.cli.options import ConfigOption, LogOption, loaded, opened
from engine.cli.render import errors
from engine.cli.rules import rules_of
from engine.worker import Worker

# The collector looks for cycles among all that lives after this many new objects, and what lives
# is the day's orders, which have none: with Python's 700, 10, 10 that search took 15 % of a
# worker's time. What refers to nothing in a circle goes at once, as ever.
GC_THRESHOLDS = (50_000, 20, 50)


def quiet_collector() -> None:
    """Have this process's collector leave alone what the shards hold."""
    gc.set_threshold(*GC_THRESHOLDS)


def set_heap_aside() -> None:
    """Exempt what was rebuilt from every later search; what is garbage by now goes first."""
    gc.unfreeze()  # Of shards that went since the last time.
    gc.collect()
    gc.freeze()


def worker(
    *,
    name: Annotated[
        str | None, typer.Option(help="Slot of this worker; a restart keeps it. Default the host.")
    ] = None,
    shard: Annotated[
        list[int] | None, typer.Option(help="Hold exactly these shards; default a fair share.")
    ] = None,
    snapshots: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder of this log's snapshots; see `follower run`."),
    ] = None,
    log: LogOption = None,
    config: ConfigOption = None,
) -> None:
    """Decide: hold a share of the shards until interrupted. One process a core.

    Workers may come, go or be killed at any moment; each shard has one at a time.
    """
    settings = loaded(config, log_url=log, worker=name)
    handler = RichHandler(console=errors(), show_path=False)
    logging.basicConfig(level=logging.INFO, format="%(message)s", handlers=[handler])
    quiet_collector()
    with opened(settings) as place:
        if settings.log_url.startswith("kafka:"):
            topics.require_fit(settings)
        running = Worker(
            place,
            rules_of(settings),
            settings.worker,
            market_data_batch=settings.market_data_batch,
            shards=shard or None,
            snapshots=snapshots,
            on_rebuilt=set_heap_aside,
        )
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: running.stop())
        running.run()
