"""Process venues' execution reports on our children, in whatever order they arrive.

A report counts once, by (venue, session day, ExecID, ExecType); a resend changes nothing. A report
on a child that was never routed to that venue is a break. The other reports go by their type to
`children` or `fills`.
"""

from collections.abc import Callable, Mapping
from typing import Any

from engine.core.events import (
    BreakReason,
    ExecType,
    ExecutionReported,
    StageEvent,
)
from engine.core.execution import children, fills
from engine.core.execution.breaks import broken
from engine.core.state.eviction import child_of, is_booked
from engine.core.state.model import Child, ExecutionKey
from engine.core.state.state import State


def decide_report(state: State, report: ExecutionReported, now_ns: int) -> tuple[StageEvent, ...]:
    if is_booked(state, key_of(report)):
        return ()  # A resend.
    child = child_of(state, report.child_id)
    if child is None or child.terms.venue != report.venue:
        text = f"no child {report.child_id!r:.80} was routed to {report.venue!r:.40} today"
        return broken(state, report, BreakReason.UNKNOWN_CHILD, text)
    return REPORTS[report.exec_type](state, child, report, now_ns)


def key_of(report: ExecutionReported) -> ExecutionKey:
    return (report.venue, report.session_day, report.exec_id, report.exec_type)


def decide_other(
    state: State, _: Child, report: ExecutionReported, __: int
) -> tuple[StageEvent, ...]:
    text = "an execution type that this release does not know; nothing was booked"
    return broken(state, report, BreakReason.INVALID_REPORT, text)


REPORTS: Mapping[ExecType, Callable[[State, Child, ExecutionReported, int], tuple[StageEvent, ...]]]
REPORTS = {
    ExecType.NEW: children.decide_new,
    ExecType.TRADE: fills.decide_trade,
    ExecType.CANCELED: children.decide_closed,
    ExecType.EXPIRED: children.decide_closed,
    ExecType.REJECTED: children.decide_closed,
    ExecType.DONE_FOR_DAY: children.decide_closed,
    ExecType.TRADE_CANCEL: fills.decide_bust,
    ExecType.TRADE_CORRECT: fills.decide_correct,
    ExecType.UNKNOWN: children.decide_unknown,
    ExecType.OTHER: decide_other,
}

DECIDE: Mapping[type, Callable[[State, Any, int], tuple[StageEvent, ...]]] = {
    ExecutionReported: decide_report,
}
