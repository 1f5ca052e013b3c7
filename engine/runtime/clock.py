"""The clock by which a process waits, as an argument: a simulation passes its own.

The wall clock, which decisions get as `clock_ns`, is another: it may jump. The module `time` is a
`Clock`, and every process but a simulated one uses it.
"""

from typing import Protocol


class Clock(Protocol):
    """A clock that never goes backwards, and a way to wait."""

    def monotonic(self) -> float:
        """Seconds since some moment."""
        ...

    def sleep(self, seconds: float, /) -> None:
        """Return after so many seconds, or later."""
        ...
