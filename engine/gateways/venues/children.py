"""The children of the day, as the log and this process know them.

A child is known from its route or from a report on it, whichever is read first. A report is folded
when it is written or read; folding it twice changes nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from engine.core.events import (
    CancelRejected,
    ChildRouted,
    ExecType,
    ExecutionReported,
    NotSent,
    SendStarted,
)

ENDS = (
    *(ExecType.CANCELED, ExecType.EXPIRED, ExecType.REJECTED, ExecType.DONE_FOR_DAY),
    ExecType.UNKNOWN_ORDER,
)

OfChild = SendStarted | NotSent | ExecutionReported | CancelRejected


@dataclass(slots=True)
class Child:
    """One child order on its way to its venue, there, or ended."""

    child_id: str
    routed: ChildRouted | None = None  # None while only its reports were read.
    is_starting: bool = False  # This run has appended its SendStarted.
    is_started: bool = False  # A SendStarted that counts was read.
    is_at_venue: bool = False  # This process's venues have it.
    is_cancelling: bool = False
    is_ended: bool = False
    was_not_sent: bool = False
    cum_qty: int = 0

    @property
    def terms(self) -> ChildRouted:
        """The route, of a child whose route was read."""
        assert self.routed is not None, f"{self.child_id} has no route yet"
        return self.routed

    @property
    def leaves_qty(self) -> int:
        """0: a report of the gateway's own ends its child."""
        return 0

    def fold(self, event: OfChild) -> None:
        if isinstance(event, NotSent):
            self.is_ended = self.was_not_sent = True
        elif isinstance(event, ExecutionReported):
            self.cum_qty = event.cum_qty
            is_filled = event.exec_type is ExecType.TRADE and not event.leaves_qty
            self.is_ended |= is_filled or event.exec_type in ENDS


class Children:
    """The day's children by id, in order of coming."""

    def __init__(self) -> None:
        self._known: dict[str, Child] = {}

    def __iter__(self) -> Iterator[Child]:
        return iter(list(self._known.values()))

    def get(self, child_id: str) -> Child | None:
        return self._known.get(child_id)

    def of_shard(self, number: int, child_id: str) -> Child | None:
        """The child, made if it is new; None if the id is not one of this shard's children."""
        child = self._known.get(child_id)
        if child is None:
            shard, _, seq = child_id.partition("-")
            if shard == str(number) and seq.isascii() and seq.isdigit():
                child = self._known[child_id] = Child(child_id)
        return child

    def unresolved(self) -> list[Child]:
        """Children that an older run began to send and of which no end was reported."""
        return [x for x in self if x.routed is not None and x.is_started and not x.is_ended]

    def open_of_shard(self, number: int) -> list[Child]:
        prefix = f"{number}-"
        return [child for child in self.open() if child.child_id.startswith(prefix)]

    def open(self) -> list[Child]:
        """Children at their venues of which no cancel was requested."""
        return [
            child
            for child in self
            if child.is_at_venue and not child.is_ended and not child.is_cancelling
        ]

    def keep_open(self) -> None:
        """Forget those that have ended, or never went out; a new day begins."""
        self._known = {x.child_id: x for x in self if x.is_at_venue and not x.is_ended}
