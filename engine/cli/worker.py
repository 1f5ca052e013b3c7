"""`metaorder worker`: one process of the engine, on any log."""

import signal
from pathlib import Path
from typing import Annotated

import typer

from engine.cli import lines, topics
from engine.cli.options import ConfigOption, LogOption, configured_log, loaded, shards_of
from engine.cli.rules import rules_of
from engine.runtime.garbage_collection import quiet_collector, set_heap_aside
from engine.runtime.worker import Worker


def worker(
    *,
    name: Annotated[
        str | None,
        typer.Option(help="Name of this worker, the same after a restart. Default the host."),
    ] = None,
    shard: Annotated[
        list[int] | None, typer.Option(help="Hold exactly these shards; default a fair share.")
    ] = None,
    snapshots: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder of this log's snapshots; see `follower run`."),
    ] = None,
    log_url: LogOption = None,
    config: ConfigOption = None,
) -> None:
    """Decide for a share of the shards until interrupted. Run one process a core.

    Workers may start, stop or be killed at any moment; each shard has one at a time.
    """
    settings = loaded(config, log_url=log_url, worker=name)
    shards = shards_of(shard, settings) if shard else None
    lines.to_stderr(settings.log_level)
    quiet_collector()
    with configured_log(settings) as log:
        if settings.log_url.startswith("kafka:"):
            topics.require_fit(settings)
        running = Worker(
            log,
            rules_of(settings),
            settings.worker,
            market_data_batch=settings.market_data_batch,
            shards=shards,
            snapshots=snapshots,
            on_rebuilt=set_heap_aside,
        )
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: running.stop())
        running.run()
