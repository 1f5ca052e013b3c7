"""Follow a log in small transactions until killed.

After each transaction it writes a line to its output, and waits for a line of its input.

`python follower.py LOG PROJECTION`
"""

import sys
from functools import partialmethod
from pathlib import Path

import projections
from engine.log.embedded import EmbeddedLog
from projections import Progress
from projections.loader import Loader

Loader.load = partialmethod(Loader.load, max_rows=50)  # type: ignore[assignment]


def on_transaction(progress: Progress) -> None:
    print(progress, flush=True)  # noqa: T201  Its output.
    sys.stdin.readline()


with EmbeddedLog(Path(sys.argv[1])) as log:
    projections.follow(log, sys.argv[2], progress=on_transaction)
