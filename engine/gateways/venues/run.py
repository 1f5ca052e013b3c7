"""One start of a gateway: its lease, its number, its turn in the log's order, and what it writes.

A run writes under the lease of its gateway's name, which it takes before it reads anything. From
then on no older run can write, however long it was held up, so all that older runs have written is
read at the start. Each record carries the run's number in the header `run`, so that every reader
knows which run wrote it.
"""

import os
import platform
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from engine.core.events import SessionStatusObserved
from engine.core.partition import partition_of
from engine.core.units import NS_PER_MS
from engine.gateways.input_records import first_number
from engine.gateways.sending import append_until_taken
from engine.gateways.venues.reading import REPORTS
from engine.gateways.venues.reports import Report
from engine.log import codec
from engine.log.headers import VENUE, sender_headers
from engine.log.port import (
    EngineError,
    Headers,
    LeasedAppender,
    LeaseLostError,
    Log,
    LogUnavailableError,
    NewRecord,
    Record,
)
from engine.runtime.clock import Clock

RUN_HEADER = "run"
ANNOUNCED_MAX_S = 30.0
IDLE_WAIT_S = 0.05
RENEW_S = 1.0
RUN_DIGITS_MAX = 20  # Of a run number: ns since 1970 UTC, or a little more.


class SupersededError(EngineError):
    """A newer gateway runs on this log; this one has stopped."""


class Run:
    """A run of a gateway, and the runs before and after it."""

    def __init__(
        self,
        log: Log,
        gateway: str,
        clock_ns: Callable[[], int],
        is_stopping: Callable[[], bool],
        clock: Clock,
        owner: str = "",
    ) -> None:
        """`gateway` is the venue that a run announces itself by; no child goes there.

        `owner` names the process to people; empty is its machine and number.
        """
        self.gateway = gateway
        self.number = 0  # Until it has begun.
        self.on_refused: Callable[[], None] = lambda: None  # Called while the log takes no report.
        self._log = log
        self._owner = owner or this_process()
        self._appender: LeasedAppender  # Since the sessions were taken.
        self._renew_s = 0.0
        self._clock_ns = clock_ns
        self._is_stopping = is_stopping
        self._clock = clock
        self._record_number = first_number(clock_ns())
        self._announced = [0] * log.partitions  # The highest run announced so far.
        self._last = 0  # The highest run in any header.

    def take_sessions(self) -> None:
        """Fence every older run: it writes nothing more. Raises LogUnavailableError."""
        self._appender = self._log.take_over(lease_of(self.gateway), self._owner)

    def renew(self) -> None:
        """Prove the lease once a second. Raises SupersededError, LogUnavailableError."""
        now_s = self._clock.monotonic()
        if now_s >= self._renew_s:
            self._renew_s = now_s + RENEW_S
            with superseded(f"{self.gateway} gateway"):
                self._appender.renew()

    def give_back(self) -> None:
        """End in order, so that the next run need not wait. Raises LogUnavailableError."""
        self._appender.close()

    def begin_after(self, last: int) -> None:
        """Take a number above `last` and above all that were read."""
        self.number = max(self._clock_ns(), self._last + 1, last + 1)

    @property
    def is_announced(self) -> bool:
        """Whether its announcement was read back from every partition."""
        return min(self._announced) >= self.number

    def read_back(self, read: Callable[[], object]) -> None:
        """Read until the announcement has come. Raises LogUnavailableError if it never does."""
        until_s = self._clock.monotonic() + ANNOUNCED_MAX_S
        while not self.is_announced:
            if self._clock.monotonic() > until_s:
                raise LogUnavailableError(
                    f"the announcement of run {self.number:x} cannot be read back after "
                    f"{ANNOUNCED_MAX_S:g} s; is a transaction of another program open?"
                )
            self._log.wait(IDLE_WAIT_S)
            read()

    def follow(self, number: int, record: Record, event: object) -> int | None:
        """Take a report of partition `number` and return its run, None if no gateway wrote it.

        Raises SupersededError at the announcement of a newer run.
        """
        run = run_of(record)
        self._last = max(self._last, run or 0)
        is_announcement = isinstance(event, SessionStatusObserved) and event.venue == self.gateway
        if is_announcement and run is not None:
            if self.number and run > self.number:
                raise SupersededError(
                    f"{self.gateway} gateway {run:x} has taken the sessions over from "
                    f"{self.number:x}, which has stopped. One gateway trades on a log: stop one "
                    "of the two."
                )
            self._announced[number] = max(self._announced[number], run)
        return run

    def is_void(self, number: int, run: int | None) -> bool:
        """Whether a SendStarted of that run lies behind the announcement of a newer one."""
        return run is not None and run < self._announced[number]

    def append(self, events: Sequence[Report]) -> None:
        """Write to `venue-reports`, until the log takes it; a status goes to every partition.

        Raises SupersededError if a newer run has the sessions: nothing was written.
        """
        records = [record for event in events for record in self._records(event)]
        with superseded(f"{self.gateway} gateway"):
            append_until_taken(
                self._appender, REPORTS, records, self._is_stopping, self._clock, self.on_refused
            )

    def _records(self, event: Report) -> Iterator[NewRecord]:
        instrument_id = getattr(event, "instrument_id", None)
        key = None if instrument_id is None else instrument_id.encode()
        every = range(self._log.partitions)
        numbers = every if key is None else (partition_of(key, self._log.partitions),)
        timestamp_ms = self._clock_ns() // NS_PER_MS
        value = codec.encode(event)
        for number in numbers:
            self._record_number += 1
            yield NewRecord(number, timestamp_ms, key, self._headers(event.venue), value)

    def _headers(self, venue: str) -> Headers:
        return (
            *sender_headers(venue, self._record_number, header=VENUE),
            (RUN_HEADER, str(self.number).encode()),
        )


def lease_of(gateway: str) -> str:
    """The name of a gateway's lease."""
    return f"gateway.{gateway}"


def this_process() -> str:
    """The name of this process for people: its machine and number."""
    return f"process {os.getpid()} of {platform.node()}"


@contextmanager
def superseded(process: str) -> Iterator[None]:
    """Have a lost lease end a process as one whose place another has taken."""
    try:
        yield
    except LeaseLostError as error:
        raise SupersededError(
            f"another {process} has taken over from this one, which has stopped. One runs on a "
            f"log: stop one of the two. {error}"
        ) from error


def run_of(record: Record) -> int | None:
    """The run that wrote a report; None if no gateway did."""
    text = dict(record.headers).get(RUN_HEADER, b"").decode(errors="replace")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= RUN_DIGITS_MAX else None
