"""The engine's requests on children that were routed: cancels, and questions about their state.

A request on a child that is not at its venue needs no venue: a child that waits is judged before
anything else, and of one that has ended the log has the answer.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterable

from engine.core.events import CancelRejected
from engine.gateways.venues import reports
from engine.gateways.venues.children import Children
from engine.gateways.venues.reports import Due
from engine.gateways.venues.session import VenueSessions

_log = logging.getLogger(__name__)


class Requests:
    """Takes requests to the venues of one run."""

    def __init__(
        self,
        children: Children,
        venues: VenueSessions,
        clock_ns: Callable[[], int],
        *,
        queue: Callable[[Iterable[Due]], None],
        refuse: Callable[[CancelRejected], None],
        tally: Counter[str],
    ) -> None:
        """`queue` takes the venues' answers, `refuse` the gateway's own."""
        self._children = children
        self._venues = venues
        self._clock_ns = clock_ns
        self._queue = queue
        self._refuse = refuse
        self._tally = tally

    def cancel(self, child_id: str) -> None:
        child = self._children.get(child_id)
        if child is None or child.routed is None:
            return  # Of a closed day.
        child.is_cancelling = True
        now_ns = self._clock_ns()
        if child.is_at_venue:
            if self._venues.is_known(child_id):
                self._queue(self._venues.on_cancel(child_id, now_ns))
        elif child.is_ended and not child.was_not_sent:  # That was its answer.
            self._refuse(reports.cancel_rejected(child, "too late: it had ended", now_ns))

    def ask(self, child_id: str) -> None:
        """Find out what became of a child that is at its venue, or that an older run sent."""
        child = self._children.get(child_id)
        now_ns = self._clock_ns()
        if child is None or child.routed is None:
            return  # Of a closed day.
        if child.is_at_venue and self._venues.is_known(child_id):
            self._tally["asked"] += 1
            self._queue(self._venues.on_status_request(child_id, now_ns))
        elif child.is_started and not child.is_starting and not child.is_ended:
            self._queue(self._venues.resolve([child], now_ns))

    def cancel_of_silent_shard(self, number: int) -> None:
        for child in self._children.open_of_shard(number):
            _log.warning("shard %s is silent; cancelling %s", number, child.child_id)
            self.cancel(child.child_id)

    def cancel_open(self) -> int:
        """Ask for the cancel of every child that is there; it needs no log. Returns the count."""
        children = self._children.open()
        for child in children:
            self.cancel(child.child_id)
        return len(children)
