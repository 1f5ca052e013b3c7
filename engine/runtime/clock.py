"""The clocks of a process, as arguments: a simulation passes its own.

`Clock` is the one by which a process waits. The module `time` is a `Clock`, and every process but a
simulated one uses it.

`Wall` is the one from which decisions take their time. A wall clock may jump: a day ahead for two
seconds would expire a day's orders, and the time of a seal never goes back. So it is believed only
as far as the other clock, which cannot jump, confirms it. After a jump nothing is decided until the
wall clock is back where it should be. A gateway cannot hold: a day ahead, every shard would look
silent and all children be cancelled, so it counts on without the jump. A small jump that stands is
a correction, and is believed after a while; a large one is believed by no process that saw it: a
person looks at the clock, and either sets it right or starts the process anew.
"""

import logging
import time
from collections.abc import Callable
from typing import Protocol

from engine.core.units import NS_PER_S
from engine.log.port import EngineError

TOLERANCE_NS = NS_PER_S // 2  # Between two readings; more than a slewing clock ever moves.
CORRECTION_MAX_NS = 60 * NS_PER_S  # A larger jump is no correction of the network's time.
STANDS_S = 10.0  # A correction is believed after this.

_log = logging.getLogger(__name__)


class ClockJumpedError(EngineError):
    """The wall clock is not believed now: decide nothing, ask again."""


class Clock(Protocol):
    """A clock that never goes backwards, and a way to wait."""

    def monotonic(self) -> float:
        """Seconds since some moment."""
        ...

    def sleep(self, seconds: float, /) -> None:
        """Return after so many seconds, or later."""
        ...


def since_boot_s() -> float:
    """Seconds since some moment, those included in which the machine slept, where it tells them."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


class Wall:
    """A wall clock that is asked often, at least once a second where there is work."""

    def __init__(
        self,
        clock_ns: Callable[[], int] = time.time_ns,
        steady_s: Callable[[], float] = since_boot_s,
    ) -> None:
        """`steady_s` never jumps; both are read together."""
        self._clock_ns = clock_ns
        self._steady_s = steady_s
        self._believed_ns, self._at_s = clock_ns(), steady_s()
        self._off_ns: int | None = None  # How far a jump went; None while the clock is believed.
        self._jumped_s = 0.0

    def now_ns(self) -> int:
        """The time, ns UTC. Raises ClockJumpedError while the clock is not believed."""
        now_ns, now_s = self._clock_ns(), self._steady_s()
        expected_ns = self._believed_ns + int((now_s - self._at_s) * NS_PER_S)
        off_ns = now_ns - expected_ns
        if abs(off_ns) > TOLERANCE_NS and not self._has_stood(off_ns, now_s):
            raise ClockJumpedError(said(off_ns))
        if self._off_ns is not None:
            what = "right again" if abs(off_ns) <= TOLERANCE_NS else "believed as it is now"
            held_s = now_s - self._jumped_s
            _log.warning("the clock is %s after %.1f s", what, held_s)
            self._off_ns = None
        self._believed_ns, self._at_s = now_ns, now_s
        return now_ns

    def steady_ns(self) -> int:
        """The time, ns UTC, for what cannot hold: counted on from before a jump."""
        try:
            return self.now_ns()
        except ClockJumpedError:
            return self._believed_ns + int((self._steady_s() - self._at_s) * NS_PER_S)

    def _has_stood(self, off_ns: int, now_s: float) -> bool:
        """Whether a jump is a small one that has stood for long; a new jump is said."""
        before = self._off_ns
        if before is None or abs(off_ns - before) > TOLERANCE_NS:
            self._off_ns, self._jumped_s = off_ns, now_s
            _log.error("%s", said(off_ns))
        return abs(off_ns) <= CORRECTION_MAX_NS and now_s - self._jumped_s >= STANDS_S


def said(off_ns: int) -> str:
    way = "ahead" if off_ns > 0 else "back"
    out = f"believed if it stands for {STANDS_S:.0f} s"
    if abs(off_ns) > CORRECTION_MAX_NS:
        out = "not believed: set the clock right, or if it is right now start this process anew"
    return (
        f"the clock of this machine jumped {way} by {abs(off_ns) / NS_PER_S:,.1f} s. Nothing is "
        "decided at that time and nothing is lost: shards hold, gateways count on without the "
        f"jump. They go on once it is back; this time is {out}"
    )
