"""The venues' reports until they are due, and a count of those that were written."""

import heapq
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from engine.core.events import (
    CancelRejected,
    ExecType,
    ExecutionReported,
    NotSent,
    SendStarted,
    SessionStatusObserved,
)
from engine.gateways.venues.reports import Due

Answer = NotSent | ExecutionReported | CancelRejected | SessionStatusObserved


class Outbox:
    """A heap of (due, n, report); of equals the earlier one goes first."""

    def __init__(self) -> None:
        self._waiting: list[tuple[int, int, Answer]] = []
        self._count = 0

    @property
    def next_ns(self) -> int | None:
        return self._waiting[0][0] if self._waiting else None

    def put(self, dues: Iterable[Due]) -> None:
        for due in dues:
            if not isinstance(due.event, SendStarted):  # The gateway writes its own, before.
                self._count += 1
                heapq.heappush(self._waiting, (due.due_ns, self._count, due.event))

    def due(self, now_ns: int) -> list[Answer]:
        found: list[Answer] = []
        while self._waiting and self._waiting[0][0] <= now_ns:
            found.append(heapq.heappop(self._waiting)[2])
        return found

    def drain(self, now_ns: int) -> list[Answer]:
        """Every report on its way, as if it came now; later statuses of sessions are dropped."""
        found: list[Answer] = [
            replace(event, received_ns=now_ns)
            for _, _, event in sorted(self._waiting)
            if not isinstance(event, SessionStatusObserved)
        ]
        self._waiting.clear()
        return found


def count(tally: Counter[str], event: Answer) -> None:
    if isinstance(event, NotSent):
        tally["not_sent"] += 1
    elif isinstance(event, CancelRejected):
        tally["cancels_rejected"] += 1
    elif isinstance(event, ExecutionReported):
        tally["reports"] += 1
        if event.exec_type is ExecType.TRADE:
            tally["fills"] += 1
            tally["filled_qty"] += event.last_qty
