"""The venues as a gateway trades with them: simulated ones, or a session in their own language.

Every call returns reports, each with the time at which it is due at the gateway. A session with a
real venue returns what has come from it by then in `advance`.
"""

from collections.abc import Sequence
from typing import Protocol

from engine.core.events import ChildRouted, Input
from engine.gateways.venues.reports import Due, Reported


class VenueSessions(Protocol):
    """All venues of one run of a gateway.

    `log_out` is called on an orderly stop only, and a message from a venue is seen within the
    gateway's idle wait of 50 ms.
    """

    @property
    def next_ns(self) -> int | None:
        """When `advance` has something to do next; None if only an input can cause it."""

    def advance(self, now_ns: int) -> Sequence[Due]:
        """The reports that are due up to and including now."""

    def observe(self, event: Input) -> Sequence[Due]:
        """Take market data, reference data or the day; other inputs change nothing here."""

    def on_route(self, child: ChildRouted, child_id: str, now_ns: int) -> Sequence[Due]:
        """Send a child to its venue. Raises ValueError for one that was sent before."""

    def on_cancel(self, child_id: str, now_ns: int) -> Sequence[Due]:
        """Ask a venue to cancel a child. Raises ValueError for one that it does not know."""

    def on_status_request(self, child_id: str, now_ns: int) -> Sequence[Due]:
        """Ask a venue what became of a child; FIX's order status request by its ClOrdID.

        The answer is the child's end, again if need be, STATUS with the venue's count of a child
        that works or is filled, or UNKNOWN_ORDER. The last one is final, so it may be said only if
        the order cannot be on its way any more: the question went out behind it on the same
        session, and nothing sends the order again. Where no answer comes, the engine asks once
        more, and then makes a break of it. Raises ValueError for a child that is not known.
        """

    def is_known(self, child_id: str) -> bool:
        """Whether the child was sent in this run, or its venue is known to have it."""

    def resolve(self, children: Sequence[Reported], now_ns: int) -> Sequence[Due]:
        """Find out what became of children that an earlier run began to send.

        None of them has an end in the log, and none was sent in this run or will be. Called once
        before anything is sent, and again for a child that the engine asks for. A venue that
        remembers its orders is asked for each by its id, and the answers come in `advance`; one
        that does not has its children ended here.
        """

    def log_out(self, children: Sequence[Reported], now_ns: int) -> Sequence[Due]:
        """End the sessions in order; `children` are open at their venues, as far as is known.

        The last call. What a venue does with them, cancel them or keep them, is in the answer.
        """
