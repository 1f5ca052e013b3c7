"""Builders of the records of `venue-reports`, from a child and a time."""

from typing import NamedTuple, Protocol

from engine.core.events import (
    CancelRejected,
    ChildRouted,
    ExecType,
    ExecutionReported,
    Liquidity,
    NotSent,
    SendStarted,
    SessionStatusObserved,
)

NO_POSITION = -1  # A venue knows nothing of our controls.

Report = SendStarted | NotSent | ExecutionReported | CancelRejected | SessionStatusObserved


class Reported(Protocol):
    """A child as the side that reports on it knows it."""

    @property
    def child_id(self) -> str: ...

    @property
    def terms(self) -> ChildRouted: ...

    @property
    def cum_qty(self) -> int:
        """Executed so far."""
        ...

    @property
    def leaves_qty(self) -> int:
        """The quantity that may still be executed."""
        ...


class Due(NamedTuple):
    """A record for `venue-reports`, and when the gateway has it."""

    due_ns: int
    event: Report


class Execution(NamedTuple):
    """An event of a child at its venue; quantity and price are 0 where nothing traded."""

    exec_type: ExecType
    text: str
    last_qty: int = 0
    last_px: int = 0
    liquidity: Liquidity = Liquidity.UNDISCLOSED
    exec_ref_id: str | None = None


def send_started(child: Reported, started_ns: int) -> SendStarted:
    return SendStarted(
        venue=child.terms.venue,
        instrument_id=child.terms.instrument_id,
        child_id=child.child_id,
        started_ns=started_ns,
    )


def not_sent(child: Reported, text: str, received_ns: int) -> NotSent:
    return NotSent(
        venue=child.terms.venue,
        instrument_id=child.terms.instrument_id,
        child_id=child.child_id,
        text=text,
        received_ns=received_ns,
    )


def cancel_rejected(child: Reported, text: str, received_ns: int) -> CancelRejected:
    return CancelRejected(
        venue=child.terms.venue,
        instrument_id=child.terms.instrument_id,
        child_id=child.child_id,
        text=text,
        received_ns=received_ns,
    )


def execution_reported(
    child: Reported, execution: Execution, exec_id: str, day: int, at_ns: int, received_ns: int
) -> ExecutionReported:
    """The report of an execution; `child` has the quantities after it."""
    return ExecutionReported(
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


def session_status(
    venue: str, day: int, controls_position: int, received_ns: int, *, up: bool
) -> SessionStatusObserved:
    """`controls_position` is NO_POSITION in the status of a venue."""
    return SessionStatusObserved(
        venue=venue,
        up=up,
        session_day=day,
        controls_position=controls_position,
        received_ns=received_ns,
    )
