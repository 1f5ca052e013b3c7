"""A venue's session with us, and what the venue answers when it is asked for a child."""

from dataclasses import dataclass

from engine.core.events import ExecType
from engine.gateways.venues.reports import Execution
from engine.simulation.venues.book import Working


@dataclass(slots=True)
class Session:
    """One venue's session with us: both directions keep their order."""

    is_up: bool = True
    arrives_ns: int = 0  # When the last message sent is at the venue.
    reported_ns: int = 0  # When the last report is here.
    report_count: int = 0


def state_of(child: Working) -> Execution:
    """The state of the child, or its end. Its order came before the question, if ever."""
    if child.ended_by is not None:
        return Execution(child.ended_by, child.ended_as)
    if child.is_open or child.ended_as:
        return Execution(ExecType.STATUS, child.ended_as or "working")
    return Execution(ExecType.UNKNOWN_ORDER, "there is no such order")
