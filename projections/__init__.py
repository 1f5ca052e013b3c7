"""Projections of the log: one DuckDB table an event type, and SQL views on top.

`rebuild` makes one from the whole log, `follow` keeps one current and publishes it, `connect`
reads one. All of them are disposable.
"""

from projections.catalogue import View, views
from projections.file import ProjectionError, connect
from projections.projector import (
    Progress,
    Stats,
    fingerprints,
    follow,
    publish,
    rebuild,
)

__all__ = [
    "Progress",
    "ProjectionError",
    "Stats",
    "View",
    "connect",
    "fingerprints",
    "follow",
    "publish",
    "rebuild",
    "views",
]
