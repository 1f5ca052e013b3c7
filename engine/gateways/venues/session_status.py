"""The statuses that a gateway reports: of the sessions with the venues, and of itself.

A status belongs to no instrument and goes to every partition. The gateway's own names the position
in `controls` up to which it has applied them: a person who has set a kill switch sees by it that
the gateway holds it too.
"""

from collections.abc import Callable

from engine.core.events import SessionStatusObserved
from engine.gateways.venues import reports
from engine.gateways.venues.permission import Permission
from engine.gateways.venues.run import Run


class SessionStatuses:
    """The venues' sessions as they were last reported."""

    def __init__(self, run: Run, permission: Permission, clock_ns: Callable[[], int]) -> None:
        self._run = run
        self._permission = permission
        self._clock_ns = clock_ns
        self._defined: list[str] = []  # Venues that reference knows, in order of coming.
        self._is_up: dict[str, bool] = {}  # As last reported.
        self._doubted: list[str] = []  # Venues of which a report could not be read since.
        self._answered_position: int | None = None  # Of the last control that was answered.

    def define(self, venue: str) -> None:
        if venue not in self._defined:
            self._defined.append(venue)

    def doubt(self, venue: str) -> None:
        """A report of it could not be read: its shard sends nothing there until it is up again."""
        if venue not in self._doubted:
            self._doubted.append(venue)

    def record(self, status: SessionStatusObserved) -> None:
        """Remember a status that a venue gave of its session."""
        self._is_up[status.venue] = status.up

    def announce(self) -> None:
        """Report that this run has begun, and how far it has applied the controls."""
        self._answered_position = self._permission.position
        self._run.append([self._status(self._run.gateway, self._clock_ns(), up=True)])

    def answer_controls(self) -> None:
        """Announce again if a control has come since."""
        if self._permission.position != self._answered_position:
            self.announce()

    def bring_up(self) -> None:
        """Report the sessions of new venues as up, and again those with an unreadable report.

        The gateway knows all of its children, so nothing is in doubt for longer than this.
        """
        fresh = [venue for venue in self._defined if venue not in self._is_up]
        again = [venue for venue in self._doubted if self._is_up.get(venue)]
        self._doubted.clear()
        now_ns = self._clock_ns()
        self._run.append([self._status(venue, now_ns, up=True) for venue in (*fresh, *again)])

    def sign_off(self) -> None:
        """Report that this run ends in order: it answers no control after this."""
        self._run.append([self._status(self._run.gateway, self._clock_ns(), up=False)])
        self._run.give_back()

    def forget(self) -> None:
        """Have every session reported as up again."""
        self._is_up.clear()

    def disconnect_all(self) -> None:
        now_ns = self._clock_ns()
        self._run.append([self._status(venue, now_ns, up=False) for venue in [*self._is_up]])

    def _status(self, venue: str, now_ns: int, *, up: bool) -> SessionStatusObserved:
        is_own = venue == self._run.gateway
        if not is_own:
            self._is_up[venue] = up
        day = self._permission.day
        return reports.session_status(
            venue,
            0 if day is None else day.day,
            self._permission.position if is_own else reports.NO_POSITION,
            now_ns,
            up=up,
        )
