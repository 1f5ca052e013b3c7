"""One start of the calendar process: read what is known of the days, write what is due, and wait.

A run has the lease of the calendar's name and proves it before it writes, so one that was held up
and superseded ends with that. All that it knows is in the log: it may be killed at any time, and
the next one goes on with the day that is open. A control that two runs wrote is applied once: each
shard ignores a second opening and the close of a day that has closed, with an event.
"""

import time
from collections.abc import Callable

from engine.core.events import DayClosed, DayOpened
from engine.gateways.calendar.timetable import Timetable
from engine.gateways.input_records import shared_records
from engine.gateways.sending import append_until_taken
from engine.gateways.venues.reading import CONTROLS, REFERENCE, read_all, read_event
from engine.gateways.venues.run import superseded, this_process
from engine.log.port import Closeable, Log
from engine.runtime.clock import Clock, Wall

SENDER = "calendar"
IDLE_WAIT_S = 0.2

Control = DayOpened | DayClosed


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
        self._clock_ns = clock_ns or Wall().steady_ns
        self._clock = clock
        self._is_stopping = False
        self._lease = log.take_over(SENDER, this_process())
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

        Raises SupersededError, LogUnavailableError.
        """
        self._read()
        with superseded(SENDER):
            self._lease.renew()
        now_ns = self._clock_ns()
        control = self.timetable.due(now_ns)
        if control is not None:
            records = shared_records([(str(control.day), control)], sender=SENDER, at_ns=now_ns)
            append_until_taken(self._log, CONTROLS, records, lambda: self._is_stopping, self._clock)
            self._read()  # It is due no more.
        return control

    def _read(self) -> None:
        for topic, reader in self._readers.items():
            for record in read_all(reader):
                self.timetable.follow(read_event(topic, record))

    def stop(self) -> None:
        """End `run` after its turn; callable from a signal handler."""
        self._is_stopping = True

    def close(self) -> None:
        for reader in self._readers.values():
            reader.close()
        self._lease.close()
