"""The gateway's own check before each send.

The gateway reads the controls itself, and refuses without asking a shard. A route names the
clients that it works for; of one that works for too many, and of one of an early release, the shard
alone holds back what a client's kill switch stops. The kill file (`kill_file`) refuses everything
without any log.
"""

import logging
from collections.abc import Mapping

from engine.core.controls import risk
from engine.core.events import (
    ChildRouted,
    ControlScope,
    DayClosed,
    DayOpened,
    Input,
    KillSwitchSet,
    SuspensionLifted,
)
from engine.core.state.state import State
from engine.gateways.venues.children import Child
from engine.gateways.venues.kill_file import KillFile

_log = logging.getLogger(__name__)


class Permission:
    """The controls as a gateway has applied them."""

    def __init__(self, kill_file: KillFile) -> None:
        self.day: DayOpened | None = None
        self.kill_file = kill_file
        self.position = -1  # Of the last control applied; -1 before the first.
        self._is_lost = False  # A control could not be read.
        self._switches = State(shard=0)  # Kill switches, folded as the engine folds them.

    def restore(
        self, killed: Mapping[tuple[str, str], str], position: int, *, is_lost: bool
    ) -> None:
        """Start from the controls up to a position, as closes carried them; no day is open then.

        `killed` is every kill switch that is engaged, (scope, id) to its text. `is_lost` says that
        a control up to there could not be read.
        """
        self.position = position
        self._is_lost = is_lost
        for (scope, scope_id), text in killed.items():
            self._switches.controls.killed[scope, scope_id] = text
            _log.warning("kill switch engaged: %s %s", scope, scope_id)

    def apply(self, control: Input | None, position: int) -> None:
        """Take the next control; None is one that could not be read."""
        self.position = position
        if control is None:
            self._is_lost = True  # It may have been a kill switch.
        elif isinstance(control, KillSwitchSet):
            risk.FACTS[KillSwitchSet](self._switches, control)
            state = "engaged" if control.engaged else "released"
            _log.warning("kill switch %s: %s %s", state, control.scope, control.scope_id)
        elif isinstance(control, SuspensionLifted) and control.scope is ControlScope.CONTROLS:
            self._is_lost = False
        elif isinstance(control, DayOpened):
            self.day = control
        elif isinstance(control, DayClosed):
            self.day = None

    def refusal(self, child: Child, now_ns: int) -> str:
        """Why the child must not go out now; empty if it may."""
        terms = child.terms
        if self.day is None:
            return "no trading day is open"
        if self._is_lost:
            return "a control could not be read; it may have been a kill switch"
        if self.kill_file.is_there():
            return f"the kill file {self.kill_file.path} is there"
        if self._is_killed(terms):
            return "the kill switch is engaged"
        if child.is_cancelling:
            return "cancelled before it was sent"
        if now_ns > terms.send_before_ns:
            return f"too late by {now_ns - terms.send_before_ns} ns"
        return ""

    def _is_killed(self, terms: ChildRouted) -> bool:
        switches = self._switches
        return risk.is_killed(
            switches, instrument_id=terms.instrument_id, venue=terms.venue
        ) or any(risk.is_killed(switches, client_id=client_id) for client_id in terms.client_ids)
