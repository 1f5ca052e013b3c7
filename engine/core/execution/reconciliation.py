"""Compare a venue's own count of a child with the executions that it has reported.

A report holds the venue's total of the child, `cum_qty`. Where the total is more than what was
reported and this report, an execution is missing: its report was lost or is late. The missing
quantity is a break and stays exposure of the child, also after the venue has ended it, so it is
never sent again. An acknowledgement, a bust and a correction are compared like an execution. The
place of a missing execution in the count is kept, so that an execution that was reported before is
not taken for it. It ends as a late report brings it, when the venue takes it back in another final
report, or when a person settles the break. An execution that leaves the total as it was is none: it
came before under another id. A total of 0 beside an execution is one that the venue does not give.
"""

from typing import NamedTuple

from engine.core.controls import risk
from engine.core.events import (
    BreakFlagged,
    BreakReason,
    ChildDoubted,
    CloseReason,
    ExecutionReported,
    ExecutionsMissing,
    ReportedSide,
    StageEvent,
)
from engine.core.execution.breaks import closed_by_report, flagged, once
from engine.core.state.model import Child
from engine.core.state.state import State

AVG_PX_TOLERANCE_PX = 100_000  # Venues round an average to four places, or more.


class Count(NamedTuple):
    """An execution in its venue's count of the child."""

    missing_qty: int  # Executed by that count and not reported, after this execution.
    flags: tuple[BreakFlagged, ...] = ()
    is_repeated: bool = False  # It is no execution.


def count_of(child: Child, report: ExecutionReported) -> Count:
    """The place of a reported execution in its venue's count."""
    if not report.cum_qty:
        return Count(child.missing_qty)
    cum_qty, last_qty = report.cum_qty - child.disputed_qty, report.last_qty
    known_qty = child.filled_qty + child.missing_qty
    more_qty = cum_qty - known_qty - last_qty
    if not more_qty:
        return Count(child.missing_qty)
    if more_qty > 0:
        missing_qty = child.missing_qty + more_qty
        return Count(missing_qty, (gap(report, known_qty + last_qty, more_qty),))
    if last_qty <= child.missing_qty and cum_qty <= known_qty:
        if child.gaps and not is_in_a_gap(child, cum_qty - last_qty, cum_qty):
            return Count(child.missing_qty, is_repeated=True)
        return Count(child.missing_qty - last_qty)  # The late report of a missing execution.
    if cum_qty == known_qty:  # A settled quantity may have been executed after all.
        return Count(child.missing_qty, is_repeated=last_qty > child.disputed_qty)
    left_qty = max(0, min(child.missing_qty, cum_qty - child.filled_qty - last_qty))
    return Count(left_qty, (below(report, known_qty + last_qty),))


def is_in_a_gap(child: Child, start_qty: int, end_qty: int) -> bool:
    """Whether a place in the venue's count is one of which no execution was reported."""
    return any(start <= start_qty and end_qty <= end for start, end in child.gaps)


def gaps_after(child: Child, start_qty: int, end_qty: int) -> tuple[tuple[int, int], ...]:
    """The gaps once an execution at this place is known; the child is as it was before."""
    known_qty = child.filled_qty + child.missing_qty
    if start_qty > known_qty:
        return (*child.gaps, (known_qty, start_qty))
    parts = [
        part
        for start, end in child.gaps
        for part in ((start, min(end, start_qty)), (max(start, end_qty), end))
    ]
    return tuple((start, end) for start, end in parts if start < end)


def gap(report: ExecutionReported, known_qty: int, missing_qty: int) -> BreakFlagged:
    text = (
        f"the venue counts {report.cum_qty} executed, {known_qty} were reported; {missing_qty} "
        "are missing and stay exposure"
    )
    return flagged(report, BreakReason.CUM_QTY_GAP, text, missing_qty)


def below(report: ExecutionReported, known_qty: int) -> BreakFlagged:
    text = f"the venue counts {report.cum_qty} executed, {known_qty} were reported"
    return flagged(report, BreakReason.CUM_QTY_BELOW, text, known_qty - report.cum_qty)


def after_the_end(
    state: State, child: Child, report: ExecutionReported, reason: CloseReason
) -> tuple[tuple[StageEvent, ...], bool]:
    """The events of a final report's count, and whether the child ends with it.

    It does not while an execution is missing: ChildDoubted then returns the rest.
    """
    if not report.cum_qty:
        missing_qty = child.missing_qty
    else:
        missing_qty = max(0, report.cum_qty - child.disputed_qty - child.filled_qty)
    flags: list[StageEvent] = []
    known_qty = child.filled_qty + child.missing_qty
    if missing_qty > child.missing_qty:
        flags.append(gap(report, known_qty, missing_qty - child.missing_qty))
    elif 0 < report.cum_qty < child.filled_qty:
        flags.append(below(report, child.filled_qty))
    if not missing_qty:
        return (*flags, *closed_by_report(state, child)), True
    doubt_qty = min(missing_qty, child.leaves_qty)
    if child.is_in_doubt and doubt_qty == child.leaves_qty:
        return tuple(flags), False  # The same end again.
    doubted = ChildDoubted(
        child_id=child.child_id,
        parent_id=child.terms.parent_id,
        reason=reason,
        returned_qty=child.leaves_qty - doubt_qty,
        doubt_qty=doubt_qty,
        text=report.text,
    )
    return (*flags, doubted), False


def again_after_the_end(
    state: State, child: Child, report: ExecutionReported
) -> tuple[StageEvent, ...]:
    """The events of the count in a further final report, of a child that has ended.

    It may have been closed without the first one. What it counts more is missing, and once it
    counts what was reported, nothing is.
    """
    if not report.cum_qty:
        return ()
    missing_qty = report.cum_qty - child.disputed_qty - child.filled_qty
    if missing_qty > 0:
        return once(state, gap(report, child.filled_qty, missing_qty))
    if report.cum_qty < child.filled_qty:
        return once(state, below(report, child.filled_qty))
    return closed_by_report(state, child)


def counted(
    state: State, child: Child, report: ExecutionReported, change: tuple[int, int] = (0, 0)
) -> tuple[StageEvent, ...]:
    """The events of the count in a report that is no execution and no end.

    `change` is what the report itself changes of the filled quantity and its notional.
    """
    if not report.cum_qty:
        return ()
    filled_qty, notional = child.filled_qty + change[0], child.notional + change[1]
    known_qty = filled_qty + child.missing_qty
    more_qty = report.cum_qty - child.disputed_qty - known_qty
    flags: list[StageEvent] = []
    if more_qty > 0:
        flags.append(gap(report, known_qty, more_qty))
        # A correction fills what is open, and a child of which nothing is left has ended by it.
        leaves_qty = child.leaves_qty - min(child.leaves_qty, max(0, change[0]))
        if leaves_qty:
            flags.append(missing(child, report, more_qty, filled_qty, leaves_qty))
    elif report.cum_qty < filled_qty:
        flags.append(below(report, filled_qty))
    new = [x for x in flags if not isinstance(x, BreakFlagged) or once(state, x)]
    return (*new, *stated(child, report, filled_qty, notional))


def missing(
    child: Child, report: ExecutionReported, more_qty: int, filled_qty: int, leaves_qty: int
) -> ExecutionsMissing:
    """The doubt of a child at work.

    A bust opens its quantity again in the parent, and not in the child. Where the venue counts it
    as executed all the same, it is no part of what is open, and adds to it.
    """
    counted_qty = report.cum_qty - child.disputed_qty + report.leaves_qty
    leaves_qty += min(more_qty, max(0, counted_qty - filled_qty - leaves_qty))
    return ExecutionsMissing(
        child_id=child.child_id,
        parent_id=child.terms.parent_id,
        missing_qty=min(child.missing_qty + more_qty, leaves_qty),
        leaves_qty=leaves_qty,
    )


def stated(
    child: Child, report: ExecutionReported, filled_qty: int, notional: int
) -> tuple[BreakFlagged, ...]:
    """Breaks of the open quantity and the average that a report states, beside its count."""
    found: list[BreakFlagged] = []
    terms = child.terms
    if report.cum_qty and report.leaves_qty > max(0, terms.child_qty - report.cum_qty):
        text = f"{report.leaves_qty} open and {report.cum_qty} executed of {terms.child_qty}"
        found.append(flagged(report, BreakReason.LEAVES_QTY, text, report.leaves_qty))
    is_comparable = report.avg_px and report.cum_qty == filled_qty
    error = abs(report.avg_px * filled_qty - notional)
    if is_comparable and error > AVG_PX_TOLERANCE_PX * filled_qty:
        text = f"the venue's average is {report.avg_px}, ours {notional // filled_qty}"
        found.append(flagged(report, BreakReason.AVG_PX, text))
    return tuple(found)


def contradictions(
    state: State, child: Child, report: ExecutionReported, mid_px: int | None
) -> tuple[BreakFlagged, ...]:
    """Breaks of an execution that is booked all the same."""
    notional = child.notional + report.last_qty * report.last_px
    found = stated(child, report, child.filled_qty + report.last_qty, notional)
    return (*found, *impossible(state, child, report, mid_px))


def impossible(
    state: State, child: Child, report: ExecutionReported, mid_px: int | None
) -> tuple[BreakFlagged, ...]:
    """Breaks of an execution that cannot be the child's as it was sent."""
    terms = child.terms
    found: list[BreakFlagged] = []
    if report.instrument_id != terms.instrument_id:
        text = f"reported in {report.instrument_id!r:.80}, sent in {terms.instrument_id}"
        found.append(flagged(report, BreakReason.WRONG_INSTRUMENT, text))
    if report.side is not ReportedSide.NOT_GIVEN and report.side.value != terms.side.value:
        text = f"reported as {report.side}, sent as {terms.side}"
        found.append(flagged(report, BreakReason.WRONG_SIDE, text))
    market_px, times = mid_px or terms.limit_px, risk.policy_of(state).impossible_px_times
    px = report.last_px
    if px > market_px * times or px * times < market_px:
        text = f"executed at {px} in a market of {market_px}"
        found.append(flagged(report, BreakReason.IMPOSSIBLE_PX, text))
    return tuple(found)
