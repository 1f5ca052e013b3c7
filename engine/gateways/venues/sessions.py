"""What is said of the sessions with the venues, and through them of the gateway itself.

A status belongs to no instrument and goes to every partition. The gateway's own names the position
in `controls` up to which it has applied them: a person who has set a kill switch sees by it that
the gateway holds it too.
"""

from collections.abc import Callable

from engine.core.events import SessionStatusObserved
from engine.gateways.venues import reports
from engine.gateways.venues.permission import Permission
from engine.gateways.venues.run import GATEWAY, Run


class Sessions:
    """The venues' sessions as they were last said to be."""

    def __init__(self, run: Run, permission: Permission, clock_ns: Callable[[], int]) -> None:
        self._run = run
        self._permission = permission
        self._clock_ns = clock_ns
        self._defined: list[str] = []  # Venues that reference knows, in order of coming.
        self._is_up: dict[str, bool] = {}  # What was last said.
        self._doubted: list[str] = []  # Venues of which a report could not be read since.
        self._answered_position: int | None = None  # Of the last control that was answered.

    def define(self, venue: str) -> None:
        if venue not in self._defined:
            self._defined.append(venue)

    def doubt(self, venue: str) -> None:
        """A report of it could not be read: its shard sends nothing there until it is up again."""
        if venue not in self._doubted:
            self._doubted.append(venue)

    def hear(self, status: SessionStatusObserved) -> None:
        """Remember what a venue says of its session."""
        self._is_up[status.venue] = status.up

    def announce(self) -> None:
        """Say that this run is there, and how far it has applied the controls."""
        self._answered_position = self._permission.position
        self._run.append([self._status(GATEWAY, self._clock_ns(), up=True)])

    def answer_controls(self) -> None:
        """The same after each control that came."""
        if self._permission.position != self._answered_position:
            self.announce()

    def bring_up(self) -> None:
        """Say what sessions are up: of new venues, and again where a report was unreadable.

        The gateway knows all of its children, so nothing is in doubt for longer than this.
        """
        fresh = [venue for venue in self._defined if venue not in self._is_up]
        again = [venue for venue in self._doubted if self._is_up.get(venue)]
        self._doubted.clear()
        now_ns = self._clock_ns()
        self._run.append([self._status(venue, now_ns, up=True) for venue in (*fresh, *again)])

    def take_down(self) -> None:
        now_ns = self._clock_ns()
        self._run.append([self._status(venue, now_ns, up=False) for venue in [*self._is_up]])

    def _status(self, venue: str, now_ns: int, *, up: bool) -> SessionStatusObserved:
        if venue != GATEWAY:
            self._is_up[venue] = up
        day = self._permission.day
        return reports.session_status(
            venue,
            0 if day is None else day.day,
            self._permission.position if venue == GATEWAY else -1,
            now_ns,
            up=up,
        )
