"""Kill a test's processes when the test has ended: `python -m pipeline.guard`, pids on stdin.

One pid a line; a minus before a pid takes it from the list, as its process has ended. The end of
stdin is the end of the test, whatever its reason.
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
