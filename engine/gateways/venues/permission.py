"""The gateway's own check before each send.

The gateway reads the controls itself, and refuses without asking a shard. A route names the
clients that it works for; of one that works for too many, and of one of an early release, the shard
alone holds back what a client's kill switch stops. The kill file (`kill_file`) refuses everything
without any log.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from engine.core.controls import input_limits, resends, risk
from engine.core.day import trading_day
from engine.core.events import (
    ChildRouted,
    ControlScope,
    DayClosed,
    DayOpened,
    Input,
    KillSwitchSet,
    PolicySet,
    SuspensionLifted,
    WriterKeySet,
)
from engine.core.state.state import State
from engine.gateways.venues.children import Child
from engine.gateways.venues.kill_file import KillFile
from engine.gateways.venues.reading import CONTROLS
from engine.gateways.venues.start import InForce
from engine.log.headers import Sender, sender_of
from engine.log.port import Record
from engine.runtime.admission import is_of_stranger

WHOSE = (PolicySet, WriterKeySet)  # They say whose controls count.
# Folded as the engine folds them.
FOLDED: Mapping[type, Callable[[State, Any], None]] = {
    KillSwitchSet: risk.FACTS[KillSwitchSet],
    DayOpened: trading_day.FACTS[DayOpened],
    DayClosed: trading_day.FACTS[DayClosed],
    **{kind: risk.FACTS[kind] for kind in WHOSE},
}

_log = logging.getLogger(__name__)


class Permission:
    """The controls as a gateway has applied them."""

    def __init__(self, kill_file: KillFile) -> None:
        self.kill_file = kill_file
        self.position = -1  # Of the last control applied; -1 before the first.
        self._is_lost = False  # A control could not be read.
        self._controls = State(shard=0)  # Kill switches, the day and the senders' numbers.

    @property
    def day(self) -> DayOpened | None:
        """The open day."""
        return self._controls.day

    def restore(self, in_force: InForce) -> None:
        """Start from the controls as closes carried them; no day is open then."""
        self.position = in_force.controls_position
        self._is_lost = in_force.is_control_lost
        controls = self._controls.controls
        controls.numbers = dict(in_force.numbers)
        controls.closed_day = in_force.closed_day
        controls.policy = in_force.policy
        controls.writer_keys = dict(in_force.writer_keys)
        for (scope, scope_id), text in in_force.killed.items():
            controls.killed[scope, scope_id] = text
            _log.warning("kill switch engaged: %s %s", scope, scope_id)

    def is_of_stranger(self, record: Record, control: Input | None) -> bool:
        """Whether the shards refuse the next control for its signature; then it has no effect."""
        if not is_of_stranger(self._controls, CONTROLS, record, control):
            return False
        self.position = record.position
        _log.error(
            "controls position %d is not signed by its writer %r: passed by",
            record.position,
            sender_of(record.headers).name,
        )
        return True

    def apply(self, control: Input | None, position: int, sender: Sender) -> bool:
        """Take the next control; None is one that could not be read.

        False if it was sent again, or opens a day that has been: the shards ignore it too.
        """
        self.position = position
        if control is None:
            self._is_lost = True  # It may have been a kill switch.
            return True
        if resends.ignored(self._controls, control, sender.name, sender.number):
            _log.warning("%s of %s ignored: sent again", type(control).__name__, sender.name)
            return False
        resends.on_control(self._controls, sender.name, sender.number)
        fold = FOLDED.get(type(control))
        is_sound = not isinstance(control, WHOSE) or not input_limits.flaw(control)
        if fold is not None and is_sound:
            fold(self._controls, control)
        if isinstance(control, KillSwitchSet):
            state = "engaged" if control.engaged else "released"
            _log.warning("kill switch %s: %s %s", state, control.scope, control.scope_id)
        elif isinstance(control, SuspensionLifted) and control.scope is ControlScope.CONTROLS:
            self._is_lost = False
        return True

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
        switches = self._controls
        return risk.is_killed(
            switches, instrument_id=terms.instrument_id, venue=terms.venue
        ) or any(risk.is_killed(switches, client_id=client_id) for client_id in terms.client_ids)
