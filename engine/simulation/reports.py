"""What a gateway writes to `venue-reports`, built from a child and a moment."""

from typing import NamedTuple

from engine.core.events import (
    CancelRejected,
    ExecType,
    ExecutionReported,
    Liquidity,
    NotSent,
    SendStarted,
    SessionStatusObserved,
)
from engine.simulation.book import Working

Report = SendStarted | NotSent | ExecutionReported | CancelRejected | SessionStatusObserved


class Due(NamedTuple):
    """A record for `venue-reports`, and when the gateway has it."""

    due_ns: int
    event: Report


class Execution(NamedTuple):
    """What happened to a child at its venue; quantity and price are 0 where nothing traded."""

    exec_type: ExecType
    text: str
    last_qty: int = 0
    last_px: int = 0
    liquidity: Liquidity = Liquidity.UNDISCLOSED
    exec_ref_id: str | None = None


def send_started(child: Working, started_ns: int) -> Due:
    event = SendStarted(
        venue=child.terms.venue,
        instrument_id=child.terms.instrument_id,
        child_id=child.child_id,
        started_ns=started_ns,
    )
    return Due(started_ns, event)


def not_sent(child: Working, text: str, received_ns: int) -> Due:
    event = NotSent(
        venue=child.terms.venue,
        instrument_id=child.terms.instrument_id,
        child_id=child.child_id,
        text=text,
        received_ns=received_ns,
    )
    return Due(received_ns, event)


def cancel_rejected(child: Working, text: str, received_ns: int) -> Due:
    event = CancelRejected(
        venue=child.terms.venue,
        instrument_id=child.terms.instrument_id,
        child_id=child.child_id,
        text=text,
        received_ns=received_ns,
    )
    return Due(received_ns, event)


def execution_reported(
    child: Working, execution: Execution, exec_id: str, day: int, at_ns: int, received_ns: int
) -> Due:
    """The report as the child stands after the execution."""
    event = ExecutionReported(
        venue=child.terms.venue,
        instrument_id=child.terms.instrument_id,
        child_id=child.child_id,
        exec_id=exec_id,
        exec_type=execution.exec_type,
        exec_ref_id=execution.exec_ref_id,
        last_qty=execution.last_qty,
        last_px=execution.last_px,
        cum_qty=child.cum_qty,
        leaves_qty=child.leaves_qty,
        liquidity=execution.liquidity,
        text=execution.text,
        session_day=day,
        transact_ns=at_ns,
        received_ns=received_ns,
    )
    return Due(received_ns, event)


def session_status(venue: str, day: int, received_ns: int, *, up: bool) -> Due:
    event = SessionStatusObserved(
        venue=venue,
        up=up,
        session_day=day,
        controls_position=-1,  # A venue knows nothing of our controls; a gateway may.
        received_ns=received_ns,
    )
    return Due(received_ns, event)
