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

A clock that is wrong when a process starts has not jumped. `Started` believes it if something in
the log has that time too: a seal, or the newest input of a topic, whose times come from other
processes' clocks. Else it waits for an input that does.
"""

import logging
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Protocol

from engine.core.units import NS_PER_S
from engine.log.port import EngineError, LogUnavailableError

TOLERANCE_NS = NS_PER_S // 2  # Between two readings; more than a slewing clock ever moves.
CORRECTION_MAX_NS = 60 * NS_PER_S  # A larger jump is no correction of the network's time.
STANDS_S = 10.0  # A correction is believed after this.
ASK_EVERY_S = 1.0  # For an input that has the time of a clock that nothing has confirmed yet.
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

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


class Started:
    """A wall clock that is not believed before something else has had its time."""

    def __init__(
        self,
        clock_ns: Callable[[], int],
        witnessed_ns: Callable[[], Iterable[int]],
        steady_s: Callable[[], float] = since_boot_s,
    ) -> None:
        """`witnessed_ns` gives the newest times in the log; none where it has decided nothing."""
        self._clock_ns = clock_ns
        self._witnessed_ns = witnessed_ns
        self._steady_s = steady_s
        self._is_confirmed = False
        self._is_said = False
        self._ask_s = 0.0  # When the witnesses are asked again.

    def now_ns(self) -> int:
        """The time, ns UTC. Raises ClockJumpedError while the clock is not believed."""
        now_ns = self._clock_ns()
        if not self._is_confirmed:
            self._confirm(now_ns, self._steady_s())
        return now_ns

    def _confirm(self, now_ns: int, now_s: float) -> None:
        if now_s < self._ask_s:
            raise ClockJumpedError(unconfirmed(now_ns))
        self._ask_s = now_s + ASK_EVERY_S
        newest_ns = None
        try:
            for at_ns in self._witnessed_ns():
                if abs(now_ns - at_ns) <= CORRECTION_MAX_NS:
                    newest_ns = None
                    break
                newest_ns = max(at_ns, newest_ns or at_ns)
        except LogUnavailableError as error:
            _log.warning("the clock is not confirmed: %s; trying again", error)
            raise ClockJumpedError(f"the clock is not confirmed: {error}") from error
        if newest_ns is None:
            self._is_confirmed = True
            if self._is_said:
                _log.warning("the clock is confirmed: %s", shown(now_ns))
            return
        if not self._is_said:
            _log.error(
                "%s The newest time in the log is %s.", unconfirmed(now_ns), shown(newest_ns)
            )
            self._is_said = True
        raise ClockJumpedError(unconfirmed(now_ns))


def unconfirmed(now_ns: int) -> str:
    most_s = CORRECTION_MAX_NS // NS_PER_S
    return (
        f"the clock of this machine says {shown(now_ns)}, and nothing in the log is of that time, "
        f"to {most_s} s. Nothing is decided and nothing is lost: this process holds until an input "
        "of that time comes. If the clock is wrong, set it right; if it is right, the next order, "
        "quote or control will do."
    )


def shown(at_ns: int) -> str:
    return f"{EPOCH + timedelta(microseconds=at_ns // 1_000):%Y-%m-%d %H:%M:%S} UTC"


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
