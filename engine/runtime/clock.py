"""The time that a process waits by, as an argument: a simulation gives it its own.

The wall clock, which decisions get as `clock_ns`, is another: it may jump. The module `time` is a
`Clock`, and every process but a simulated one has it.
"""

from typing import Protocol


class Clock(Protocol):
    """Time that never goes backwards, and how to let some of it pass."""

    def monotonic(self) -> float:
        """Seconds since some moment."""
        ...

    def sleep(self, seconds: float, /) -> None:
        """Return after so many seconds, or later."""
        ...
