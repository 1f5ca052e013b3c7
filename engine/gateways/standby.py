"""Wait for a name instead of taking it over: a second process that is there when the first dies.

A start takes over at once unless it is told to stand by. The order of two that stand by is left to
chance: the later one to take the name has it, and the other ends.
"""

import time
from collections.abc import Callable

from engine.log.port import Log
from engine.runtime.clock import Clock

LOOK_S = 0.5


class Standby:
    """A process that waits until no other one holds a name and lives."""

    def __init__(self, log: Log, name: str, clock: Clock = time) -> None:
        self._log = log
        self._name = name
        self._clock = clock
        self._is_stopping = False

    def stop(self) -> None:
        """End `wait`; callable from a signal handler."""
        self._is_stopping = True

    def wait(self, on_holder: Callable[[str], None]) -> bool:
        """True once the name is free, False if it was stopped. Raises LogUnavailableError.

        `on_holder` is called with each holder that it waits for.
        """
        told = ""
        while not self._is_stopping:
            holder = self._log.holder(self._name)
            if holder is None:
                return True
            if holder != told:
                told = holder
                on_holder(holder)
            self._clock.sleep(LOOK_S)
        return False
