"""The venues as a gateway trades with them: simulated ones, or a session in their own language.

Every call answers with reports and when each is due at the gateway. Whoever speaks to a real venue
answers what has come from it by then, in `advance`.
"""

from collections.abc import Sequence
from typing import Protocol

from engine.core.events import ChildRouted, Input
from engine.gateways.venues.reports import Due


class VenueSessions(Protocol):
    """All venues of one run of a gateway."""

    @property
    def next_ns(self) -> int | None:
        """When `advance` has something to do next; None if only an input can cause it."""

    def advance(self, now_ns: int) -> Sequence[Due]:
        """What has happened up to now, this moment included."""

    def observe(self, event: Input) -> Sequence[Due]:
        """See market data, reference data or the day; other inputs say nothing here."""

    def on_route(self, child: ChildRouted, child_id: str, now_ns: int) -> Sequence[Due]:
        """Send a child to its venue. Raises ValueError for one that was sent before."""

    def on_cancel(self, child_id: str, now_ns: int) -> Sequence[Due]:
        """Ask a venue to cancel a child. Raises ValueError for one that was never sent."""

    def is_known(self, child_id: str) -> bool:
        """Whether the child was sent in this run."""
