"""Kill what a test started when the test is gone: `python -m pipeline.guard`, pids on stdin.

One pid a line; with a minus before it, it was waited for and is nobody's any more. The end of
stdin is the end of the test, however it came.
"""

import contextlib
import os
import signal
import sys


def main() -> None:
    alive: dict[int, None] = {}
    for line in sys.stdin:
        pid = int(line)
        if pid > 0:
            alive[pid] = None
        else:
            del alive[-pid]
    for pid in alive:
        with contextlib.suppress(ProcessLookupError):  # It ended by itself.
            os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
