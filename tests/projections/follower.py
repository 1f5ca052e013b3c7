"""Follow a log in small transactions until killed, with a line for each.

`python follower.py LOG PROJECTION`
"""

import sys
from functools import partialmethod
from pathlib import Path

import projections
from engine.log.embedded import EmbeddedLog
from projections.loader import Loader

Loader.load = partialmethod(Loader.load, max_rows=50)  # type: ignore[assignment]

with EmbeddedLog(Path(sys.argv[1])) as log:
    projections.follow(log, sys.argv[2], progress=lambda seen: print(seen, flush=True))  # noqa: T201  Its output.
