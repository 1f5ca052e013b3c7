"""The log lines of a process: one a record, of one format, never wrapped, none over and over.

    2026-11-29T09:48:10.123Z WARNING engine.runtime.worker: shard 3: ...

The time is UTC with milliseconds. A line break inside a record is escaped, so a traceback is one
line too. An equal warning or error is only counted for a minute; then it is said once more with its
count (`engine/log/repeats.py`). That the log is away is one thing, whichever shard met it, and in
whatever topic.
"""

import logging
import re
import sys
import time
from collections.abc import Hashable

from engine.log.port import LogUnavailableError
from engine.log.repeats import Repeats

# Of the sentence of a log that is away: what was tried, and figures and causes in brackets.
OF_THE_TRY = re.compile(r"^.*?(?=Kafka at )|\([^)]*\)|\d+")


class Lines(logging.Formatter):
    """The format of every line."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: ARG002, N802  The library's.
        at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        return f"{at}.{int(record.msecs):03}Z"

    def format(self, record: logging.LogRecord) -> str:
        return super().format(record).replace("\r", "").replace("\n", "\\n")


class Counted(Repeats):
    """Lets the same warning pass once in a while, with the number of those that it held back."""

    def __init__(self) -> None:
        super().__init__(alike, logging.WARNING)


def alike(record: logging.LogRecord) -> Hashable:
    """The text of a record; of one about a log that is away, why it is."""
    values = record.args if isinstance(record.args, tuple) else ()
    for value in values:
        if isinstance(value, LogUnavailableError):
            return OF_THE_TRY.sub("", str(value))
    return record.name, record.levelno, record.getMessage()


class ToStderr(logging.Handler):
    """Writes each line to what stderr is at that moment."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(Lines())
        self.addFilter(Counted())

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(self.format(record) + "\n")
            sys.stderr.flush()
        except OSError:  # Its reader is gone: the process goes on, as logging's own handlers do.
            self.handleError(record)


def to_stderr(level: str) -> None:
    """Have this process log from `level` on to stderr."""
    root = logging.getLogger()
    if not any(isinstance(handler, ToStderr) for handler in root.handlers):
        root.addHandler(ToStderr())
    root.setLevel(level)
