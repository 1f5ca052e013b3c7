"""The log lines of a process: one a record, of one format, never wrapped, none over and over.

    2026-11-29T09:48:10.123Z WARNING engine.runtime.worker: shard 3: ...

The time is UTC with milliseconds. A line break inside a record is escaped, so a traceback is one
line too. An equal warning or error is only counted for a minute; then it is said once more with its
count. A full disk or a broker that is away made a thousand equal lines in two
minutes, among which nothing else was seen.
"""

import logging
import sys
import time

AGAIN_S = 60.0  # An equal warning is only counted for so long.
KEPT_MAX = 1_000  # Different texts that are remembered.


class Lines(logging.Formatter):
    """The format of every line."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: ARG002, N802  The library's.
        at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        return f"{at}.{int(record.msecs):03}Z"

    def format(self, record: logging.LogRecord) -> str:
        return super().format(record).replace("\r", "").replace("\n", "\\n")


class Counted(logging.Filter):
    """Lets the same warning pass once in AGAIN_S, with the number of those that it held back."""

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[tuple[str, int, str], tuple[float, int]] = {}  # When last, held since.

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno < logging.WARNING:
            return True
        text = record.getMessage()
        key = (record.name, record.levelno, text)
        now_s = time.monotonic()
        said_s, held = self._said.get(key, (now_s - AGAIN_S, 0))
        if now_s - said_s < AGAIN_S:
            self._said[key] = (said_s, held + 1)
            return False
        if key not in self._said and len(self._said) >= KEPT_MAX:
            self._said.clear()
        self._said[key] = (now_s, 0)
        if held:
            record.msg = f"{text} (said {held} times more in the last {now_s - said_s:.0f} s)"
            record.args = None
        return True


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
