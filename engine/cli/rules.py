"""The settings and the release that decide, from the configuration of a process."""

import sys
from importlib.metadata import version

from engine.config import Config
from engine.runtime.shard import Rules


def rules_of(
    settings: Config, *, open_batch_ns: int | None = None, seal_every_ns: int | None = None
) -> Rules:
    """The rules of this process."""
    return Rules(
        settings_text=settings.decision_text(),
        release=version("metaorder"),
        python=f"{sys.version_info.major}.{sys.version_info.minor}",
        partitions=settings.partitions,
        open_batch_ns=open_batch_ns or settings.open_batch_ns,
        open_batch_records=settings.open_batch_records,
        seal_every_ns=seal_every_ns or settings.seal_every_ns,
    )
