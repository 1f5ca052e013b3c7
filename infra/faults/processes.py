"""Processes that take turns: one runs, all others are stopped, and time is an agenda.

A process is a thread that runs only while it has the baton. It passes the baton on where it waits:
then the next entry of the agenda runs, a process or an action of the world, and time jumps to its
moment. So the code of a process is the code of production, and a run is the same each time.

A process dies like one that is killed: `Killed` is raised in its present call and in every later
call to its surroundings, so its clean-up code has no effect on any other process.
"""

import heapq
import threading
from collections.abc import Callable
from itertools import count

from engine.core.units import NS_PER_S

CLOCK_READ_NS = 1_000  # Reading the clock takes a microsecond, so that a busy wait ends.


class Killed(BaseException):
    """The process was killed."""


class Seat:
    """A thread's place among those that pass the baton."""

    def __init__(self) -> None:
        self.ticket = 0  # Of its last wait; an agenda entry of an earlier one is void.
        self.baton = threading.Lock()
        self.baton.acquire()


class Agenda:
    """The time of a simulation, and its future entries: processes and actions."""

    def __init__(self, now_ns: int) -> None:
        self.now_ns = now_ns
        self.is_over = False
        self.failure: BaseException | None = None  # Of an action: a mistake of the simulation.
        self._main = Seat()
        self._number = count()
        self._due: list[tuple[int, int, Seat | Callable[[], None], int]] = []

    def at(self, at_ns: int, action: Callable[[], None]) -> None:
        heapq.heappush(self._due, (at_ns, next(self._number), action, 0))

    def run_until(self, until_ns: int) -> None:
        """Run all entries until then. Raises the exception of an action."""
        self.sleep_until(self._main, until_ns)
        if self.failure is not None:
            raise self.failure

    def sleep_until(self, seat: Seat, until_ns: int) -> None:
        """Let other threads run until then, or until a call of `wake`."""
        seat.ticket += 1
        self.wake(seat, until_ns)
        other = self._next()
        if other is not seat:
            other.baton.release()
            seat.baton.acquire()

    def wake(self, seat: Seat, at_ns: int) -> None:
        """End the seat's present wait at that time, unless it has ended before."""
        heapq.heappush(self._due, (at_ns, next(self._number), seat, seat.ticket))

    def leave(self, seat: Seat) -> None:
        """Pass the baton on for good."""
        seat.ticket += 1
        if not self.is_over:
            self._next().baton.release()

    def _next(self) -> Seat:
        while self.failure is None:
            at_ns, _, due, ticket = heapq.heappop(self._due)
            if isinstance(due, Seat):
                if ticket == due.ticket:
                    self.now_ns = max(self.now_ns, at_ns)
                    return due
                continue
            self.now_ns = max(self.now_ns, at_ns)
            try:
                due()
            except BaseException as error:  # noqa: BLE001  `run_until` raises it.
                self.failure = error
        return self._main


class Process(threading.Thread):
    """Code that runs as if it were alone, with a clock of its own.

    It is itself an `engine.runtime.clock.Clock`. `skew_ns` is the error of its wall clock.
    """

    def __init__(
        self,
        agenda: Agenda,
        name: str,
        body: Callable[["Process"], None],
        on_end: Callable[["Process"], None],
    ) -> None:
        super().__init__(name=name, daemon=True)
        self.seat = Seat()
        self.skew_ns = 0
        self.is_killed = False
        self.has_ended = False
        self.failure: BaseException | None = None
        self._agenda = agenda
        self._body = body
        self._on_end = on_end

    def run(self) -> None:
        self.seat.baton.acquire()
        try:
            self._body(self)
        except Killed:
            pass
        except BaseException as error:  # noqa: BLE001  `on_end` judges it.
            self.failure = error
        self.has_ended = True
        if not self._agenda.is_over:
            self._on_end(self)
        self._agenda.leave(self.seat)

    def launch(self) -> None:
        """Start the thread; the process runs when its agenda entry is due."""
        self.start()
        self._agenda.wake(self.seat, self._agenda.now_ns)

    def kill(self) -> None:
        """Kill the process. Only its own thread may call this; it raises Killed."""
        self.is_killed = True
        self.check_alive()

    def check_alive(self) -> None:
        """Raises Killed if the process was killed or the run is over."""
        if self.is_killed or self._agenda.is_over:
            raise Killed

    def sleep_until(self, until_ns: int) -> None:
        self.check_alive()
        self._agenda.sleep_until(self.seat, until_ns)
        self.check_alive()

    # The clock.

    def time_ns(self) -> int:
        return self._agenda.now_ns + self.skew_ns

    def monotonic(self) -> float:
        self._agenda.now_ns += CLOCK_READ_NS
        return self._agenda.now_ns / NS_PER_S

    def sleep(self, seconds: float, /) -> None:
        self.sleep_until(self._agenda.now_ns + int(seconds * NS_PER_S))


def end(agenda: Agenda, processes: list[Process]) -> None:
    """Kill all processes that still run, and wait until their threads have ended."""
    agenda.is_over = True
    for process in processes:
        if not process.has_ended:
            process.seat.baton.release()
        process.join()
