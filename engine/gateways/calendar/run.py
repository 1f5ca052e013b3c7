"""One start of the calendar process: read what is known of the days, write what is due, and wait.

A run has the lease of the calendar's name and proves it before it writes, so one that was held up
and superseded ends with that. All that it knows is in the log: it may be killed at any time, and
the next one goes on with the day that is open. A control that two runs wrote is applied once: each
shard ignores a second opening and the close of a day that has closed, with an event. A control that
the shards refuse, for example because it is not signed, is written again after a minute.

A clock that is wrong at the start would open a day too early or close one that is at work, so it is
believed once something in the log has its time, as a worker's is. A later jump is not followed.
"""

import logging
import time
from collections.abc import Callable

from engine.core.events import DayClosed, DayOpened
from engine.gateways.calendar.admitted import Admitted
from engine.gateways.calendar.timetable import Timetable
from engine.gateways.input_records import shared_records
from engine.gateways.sending import append_until_taken
from engine.gateways.venues.reading import CONTROLS, REFERENCE, read_all
from engine.gateways.venues.run import superseded, this_process
from engine.log.port import Closeable, Log
from engine.runtime.clock import Clock, ClockJumpedError, Started, Wall
from engine.runtime.witnesses import newest_ns

SENDER = "calendar"
IDLE_WAIT_S = 0.2
REFUSED_WAIT_S = 60.0  # Before a refused control is written again.

Control = DayOpened | DayClosed

_log = logging.getLogger(__name__)


class Calendar(Closeable):
    """Use it in a `with`, or close it."""

    def __init__(
        self,
        log: Log,
        timetable: Timetable,
        clock_ns: Callable[[], int] | None = None,
        clock: Clock = time,
    ) -> None:
        self._log = log
        self.timetable = timetable
        self._clock_ns = clock_ns or Started(Wall().steady_ns, lambda: newest_ns(log)).now_ns
        self._clock = clock
        self._is_stopping = False
        self._lease = log.take_over(SENDER, this_process())
        self._admitted = Admitted()
        self._refused_s: float | None = None  # When a control was last refused.
        self._readers = {topic: log.reader(topic, 0) for topic in (REFERENCE, CONTROLS)}

    def run(self, on_control: Callable[[Control], None] = lambda _: None) -> None:
        """Open and close days until stopped.

        Raises SupersededError when another calendar has taken over, LogUnavailableError.
        """
        while not self._is_stopping:
            control = self.turn()
            if control is not None:
                on_control(control)
            self._log.wait(IDLE_WAIT_S)

    def turn(self) -> Control | None:
        """Read to the ends, and write the control that is due.

        None if none is, if it is refused, or while the clock is not believed.
        Raises SupersededError, LogUnavailableError.
        """
        self._read()
        with superseded(SENDER):
            self._lease.renew()
        try:
            now_ns = self._clock_ns()
        except ClockJumpedError:  # Said by the clock; the next turn asks it again.
            return None
        control = self.timetable.due(now_ns)
        if control is None or self._is_refused_lately():
            return None
        records = shared_records([(str(control.day), control)], sender=SENDER, at_ns=now_ns)
        append_until_taken(self._log, CONTROLS, records, lambda: self._is_stopping, self._clock)
        self._read()  # It is due no more.
        if self.timetable.due(now_ns) == control:
            self._on_refused(control)
            return None
        self._refused_s = None
        return control

    def _is_refused_lately(self) -> bool:
        return (
            self._refused_s is not None
            and self._clock.monotonic() - self._refused_s < REFUSED_WAIT_S
        )

    def _on_refused(self, control: Control) -> None:
        self._refused_s = self._clock.monotonic()
        _log.error(
            "the shards refuse %s of day %d: if controls are signed, this process needs the key of "
            "the writer %r (signing_key_file); it is written again in %.0f s",
            *(type(control).__name__, control.day, SENDER, REFUSED_WAIT_S),
        )

    def _read(self) -> None:
        records = (read_all(self._readers[topic]) for topic in (CONTROLS, REFERENCE))
        for event in self._admitted.of(*records):
            self.timetable.follow(event)

    def stop(self) -> None:
        """End `run` after its turn; callable from a signal handler."""
        self._is_stopping = True

    def close(self) -> None:
        for reader in self._readers.values():
            reader.close()
        self._lease.close()
