"""Process venues' execution reports on our children, in whatever order they arrive.

An execution counts once, by (venue, session day, ExecID, ExecType). A resend with the same content
changes nothing; the same id with another child, quantity or price is a break, and so is the same
execution under another session day. A report on a child that was never routed to that venue is a
break. The other reports go by their type to `fills` or `silence`. A venue whose execution cannot
be the child's, by its instrument, side or price, gets no more children of the instrument until a
person lifts that; the execution is booked as reported.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from engine.core.controls import risk
from engine.core.events import (
    BreakFlagged,
    BreakReason,
    ControlScope,
    ExecType,
    ExecutionReported,
    ReportedSide,
    StageEvent,
    SuspensionSet,
)
from engine.core.execution import fills, silence
from engine.core.execution.breaks import broken
from engine.core.state.eviction import child_of, fill_of
from engine.core.state.model import Child, ExecutionKey, Fill
from engine.core.state.state import State

IMPOSSIBLE = (BreakReason.WRONG_INSTRUMENT, BreakReason.WRONG_SIDE, BreakReason.IMPOSSIBLE_PX)


def decide_report(state: State, report: ExecutionReported, now_ns: int) -> tuple[StageEvent, ...]:
    known = fill_of(state, key_of(report))
    if known is not None:
        return () if is_same(known, report) else conflict(state, known, report)
    child = child_of(state, report.child_id)
    if child is None or child.terms.venue != report.venue:
        text = f"no child {report.child_id!r:.80} was routed to {report.venue!r:.40} today"
        return broken(state, report, BreakReason.UNKNOWN_CHILD, text)
    if report.exec_type is ExecType.TRADE and is_of_another_day(state, child, report):
        text = f"{report.exec_id!r:.80} was booked under another session day"
        return broken(state, report, BreakReason.SESSION_DAY_CONFLICT, text)
    found = REPORTS[report.exec_type](state, child, report, now_ns)
    return (*found, *stops(state, child, report, found))


def is_same(known: Fill, report: ExecutionReported) -> bool:
    """Whether a report under a known id says what was booked under it.

    A fill that was restated since has other figures; then the child alone is compared.
    """
    terms = known.child.terms
    if known.child.child_id != report.child_id or report.instrument_id != terms.instrument_id:
        return False
    if report.side is not ReportedSide.NOT_GIVEN and report.side.value != terms.side.value:
        return False
    if report.exec_type is ExecType.TRADE_CANCEL:  # A bust names the fill, or a correction of it.
        return report.exec_ref_id in {exec_id for _, _, exec_id, _ in known.executions}
    is_newest = known.executions[-1] == key_of(report)
    return not is_newest or (known.last_qty, known.last_px) == (report.last_qty, report.last_px)


def conflict(state: State, known: Fill, report: ExecutionReported) -> tuple[StageEvent, ...]:
    text = (
        f"{report.exec_id!r:.80} was booked as {known.last_qty} at {known.last_px} of "
        f"{known.child.child_id}; this report is not booked"
    )
    return broken(state, report, BreakReason.EXECUTION_CONFLICT, text)


def is_of_another_day(state: State, child: Child, report: ExecutionReported) -> bool:
    """Whether the same execution of the child was booked under another session day.

    The venue's own count may say that it is another one.
    """
    if report.cum_qty == child.filled_qty + child.missing_qty + report.last_qty:
        return False
    return any(
        day != report.session_day and is_same(known, replace(report, session_day=day))
        for day, known in booked_under(state, child, report)
    )


def booked_under(
    state: State, child: Child, report: ExecutionReported
) -> Iterator[tuple[int, Fill]]:
    """The fills with a report's ExecID, each with its session day."""
    parent = state.parent(child.terms.parent_id)
    if parent.is_former:
        for known in parent.fills_under(child.child_id, report.exec_id):
            yield known.executions[0][1], known
        return
    for day in state.session_days.get(report.venue, ()):
        found = fill_of(state, (report.venue, day, report.exec_id, ExecType.TRADE))
        if found is not None:
            yield day, found


def stops(
    state: State, child: Child, report: ExecutionReported, found: Sequence[StageEvent]
) -> tuple[StageEvent, ...]:
    """The stop of a venue for an instrument, if an execution or a count cannot be the child's.

    An execution beyond the child's quantity is stopped by `progress`.
    """
    is_beyond = report.cum_qty > child.terms.child_qty
    reasons = (*IMPOSSIBLE, BreakReason.CUM_QTY_GAP) if is_beyond else IMPOSSIBLE
    flags = [x for x in found if isinstance(x, BreakFlagged) and x.reason in reasons]
    venue, instrument_id = child.terms.venue, child.terms.instrument_id
    if not flags or risk.is_venue_stopped(state, venue, instrument_id):
        return ()
    return (
        SuspensionSet(
            scope=ControlScope.VENUE,
            scope_id=risk.venue_for(venue, instrument_id),
            source_number=-1,
            text=f"{flags[0].text}; no more go there until a person lifts it",
        ),
    )


def key_of(report: ExecutionReported) -> ExecutionKey:
    return (report.venue, report.session_day, report.exec_id, report.exec_type)


def decide_other(
    state: State, _: Child, report: ExecutionReported, __: int
) -> tuple[StageEvent, ...]:
    text = "an execution type that this release does not know; nothing was booked"
    return broken(state, report, BreakReason.INVALID_REPORT, text)


REPORTS: Mapping[ExecType, Callable[[State, Child, ExecutionReported, int], tuple[StageEvent, ...]]]
REPORTS = {
    ExecType.NEW: silence.decide_working,
    ExecType.TRADE: fills.decide_trade,
    ExecType.CANCELED: silence.decide_ended,
    ExecType.EXPIRED: silence.decide_ended,
    ExecType.REJECTED: silence.decide_ended,
    ExecType.DONE_FOR_DAY: silence.decide_ended,
    ExecType.TRADE_CANCEL: fills.decide_bust,
    ExecType.TRADE_CORRECT: fills.decide_correct,
    ExecType.UNKNOWN: silence.decide_unknown,
    ExecType.STATUS: silence.decide_working,
    ExecType.UNKNOWN_ORDER: silence.decide_unknown_order,
    ExecType.OTHER: decide_other,
}

DECIDE: Mapping[type, Callable[[State, Any, int], tuple[StageEvent, ...]]] = {
    ExecutionReported: decide_report,
}
