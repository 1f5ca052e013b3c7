"""Ask venues that do not answer, and stop those that stay silent.

A venue owes an answer to each child that is sent to it, to each cancel, and to each question about
a child. What it has not answered within the policy's `ack_within` is asked again by the child's id:
a cancel is repeated, and of anything else the child's state is asked for. Each further question has
twice the time of the one before. After `asks_max` of them the silence is a break, and the venue
gets no more children, of any instrument, until it has answered for all of them or a person lifts
that. The same holds of a venue that refuses to cancel a child after so many refusals: only the
child's end is an answer then. Nothing is taken back meanwhile: a child without an answer stays
exposure, and its quantity is sent nowhere else. It returns by the venue's word, or when a person
settles the break.

The answer to a question is an ordinary report of the child's end, or one of two of its own. STATUS:
the venue has the child, with its own count of it. UNKNOWN_ORDER: it has no such child, which
returns the quantity of a child that it has never acknowledged; of another one it is no answer.

A close carries the break. What the venue says on a later day of a child that is carried too, an
execution or its end, closes it.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from engine.core.controls import risk
from engine.core.events import (
    BreakClosed,
    BreakFlagged,
    BreakReason,
    BreakResolution,
    CancelFailed,
    ChildAcknowledged,
    ChildCancelRequested,
    ChildClosed,
    ChildDoubted,
    ChildFateUnknown,
    ChildRouted,
    ChildStatusRequested,
    CloseReason,
    ControlScope,
    ExecutionReported,
    FillBooked,
    SendStarted,
    SessionStatusObserved,
    StageEvent,
    SuspensionEnded,
    SuspensionLifted,
    SuspensionSet,
)
from engine.core.execution import children, reconciliation
from engine.core.execution.breaks import once
from engine.core.execution.children import closed, contradicted
from engine.core.routing import cancels
from engine.core.state import awaited
from engine.core.state.eviction import child_of
from engine.core.state.model import NOT_AWAITED_NS, Child, Parent
from engine.core.state.state import SILENT, State
from engine.core.units import NS_PER_MS

# -------------------------------------------------------------------------------- plan


def ask_again(state: State, parent: Parent, now_ns: int) -> tuple[StageEvent, ...]:
    """The next question on each child of the parent whose answer is late, or its break."""
    if not state.touched.get(parent.parent_id, 0) & SILENT:
        return ()
    asks_max = risk.policy_of(state).asks_max
    asked: list[StageEvent] = []
    stopped: dict[str, None] = {}
    for child in late_children(state, parent, now_ns):
        if child.asked < asks_max:
            asked.append(question(child))
            continue
        asked += silent(child, now_ns)
        venue = child.terms.venue
        if not risk.is_venue_silent(state, venue) and venue not in stopped:
            stopped[venue] = None
            asked.append(stop_of(child, now_ns))
    return tuple(asked)


def late_children(state: State, parent: Parent, now_ns: int) -> Iterator[Child]:
    for child_id in state.late.get(parent.parent_id, ()):
        child = parent.children.get(child_id)
        if child is not None and awaited.is_late(child, now_ns):
            yield child


def question(child: Child) -> StageEvent:
    """The cancel once more, or the question what became of the child."""
    if child.is_cancelling:
        return cancels.repeated(child)
    return status_request(child, child.asked + 1, child.unanswered_since_ns)


def status_request(child: Child, number: int, since_ns: int) -> ChildStatusRequested:
    return ChildStatusRequested(
        child_id=child.child_id,
        parent_id=child.terms.parent_id,
        venue=child.terms.venue,
        number=number,
        unanswered_since_ns=since_ns,
    )


def silent(child: Child, now_ns: int) -> Iterator[StageEvent]:
    """The break of a child whose venue has not answered; one that is open already goes on."""
    text = f"{unanswered(child, now_ns)}; it stays exposure"
    if not child.is_silent:
        yield flagged(child, text)
    yield ChildFateUnknown(child_id=child.child_id, parent_id=child.terms.parent_id, text=text)


def unanswered(child: Child, now_ns: int) -> str:
    what = "cancel" if child.is_cancelling else "state"
    for_ms = (now_ns - child.unanswered_since_ns) // NS_PER_MS
    return (
        f"{child.terms.venue} has not answered for {for_ms} ms, and the {what} of child "
        f"{child.child_id} was asked for {child.asked} times more"
    )


def flagged(child: Child, text: str) -> BreakFlagged:
    return BreakFlagged(
        reason=BreakReason.NO_ANSWER,
        venue=child.terms.venue,
        child_id=child.child_id,
        exec_id="",
        break_qty=child.leaves_qty,
        break_px=child.terms.limit_px,
        text=text,
    )


def stop_of(child: Child, now_ns: int) -> SuspensionSet:
    until = "no more go there until it has, or a person lifts it"
    return stopped(child.terms.venue, f"{unanswered(child, now_ns)}; {until}")


def stopped(venue: str, text: str) -> SuspensionSet:
    return SuspensionSet(
        scope=ControlScope.VENUE,
        scope_id=risk.venue_for(venue, risk.EVERY),
        source_number=-1,
        text=text,
    )


def refused(state: State, child: Child) -> Iterator[StageEvent]:
    """The break of a child that its venue will not cancel; nothing asks for that any more."""
    venue = child.terms.venue
    what = f"{venue} has refused {child.refused + 1} times to cancel child {child.child_id}"
    if not child.is_silent:
        yield flagged(child, f"{what}; it stays exposure")
    if not child.is_unknown or child.answer_by_ns != NOT_AWAITED_NS:
        yield ChildFateUnknown(child_id=child.child_id, parent_id=child.terms.parent_id, text=what)
    if not risk.is_venue_silent(state, venue):
        yield stopped(venue, f"{what}; no more go there until that ends, or a person lifts it")


def at_close(child: Child, now_ns: int) -> tuple[StageEvent, ...]:
    """The break of a child that a close cuts off while its venue is silent."""
    is_asked = child.asked > 0 or awaited.is_late(child, now_ns)
    if not is_asked or child.is_silent:
        return ()
    return (flagged(child, f"{unanswered(child, now_ns)}; the day closed before it has"),)


# ------------------------------------------------------------------------------ decide


def decide_working(
    state: State, child: Child, report: ExecutionReported, _: int
) -> tuple[StageEvent, ...]:
    """NEW or STATUS: the venue has the child. Its count may say that an execution is missing."""
    return (*acknowledged(child), *reconciliation.counted(state, child, report))


def acknowledged(child: Child) -> tuple[StageEvent, ...]:
    awaits_it = child.is_live and not child.is_cancelling and is_unanswered(child)
    is_news = not child.is_acknowledged or child.is_unknown or awaits_it
    if not is_news:
        return ()
    return (ChildAcknowledged(child_id=child.child_id, parent_id=child.terms.parent_id),)


def is_unanswered(child: Child) -> bool:
    return child.is_silent or child.answer_by_ns != NOT_AWAITED_NS


def decide_unknown_order(
    state: State, child: Child, report: ExecutionReported, _: int
) -> tuple[StageEvent, ...]:
    """The venue has no such child. Of one that it has acknowledged this is no answer."""
    if not child.is_live:
        return reconciliation.counted(state, child, report)
    if child.is_acknowledged:
        said = once(state, contradicted(child, "the venue says that it has no such order"))
        return (*said, *reconciliation.counted(state, child, report))
    reason = CloseReason.NOT_SENT
    found, ends = reconciliation.after_the_end(state, child, report, reason)
    return (*found, closed(child, reason, report.text)) if ends else found


def decide_unknown(
    state: State, child: Child, report: ExecutionReported, _: int
) -> tuple[StageEvent, ...]:
    """A gateway does not know what became of the child; what it counts was reported to it."""
    counted = reconciliation.counted(state, child, report)
    if not child.is_live or child.is_unknown:
        return counted
    terms = child.terms
    unknown = ChildFateUnknown(child_id=child.child_id, parent_id=terms.parent_id, text=report.text)
    return (unknown, *counted)


def decide_ended(
    state: State, child: Child, report: ExecutionReported, now_ns: int
) -> tuple[StageEvent, ...]:
    """The end of a child; of one that a close cut off it is the answer that was missing."""
    found = children.decide_closed(state, child, report, now_ns)
    return found if child.is_live else (*found, *answered(state, child))


Answer = ChildAcknowledged | FillBooked | ChildClosed | ChildDoubted | CancelFailed


def decide_answered(state: State, event: Answer, _: int) -> tuple[StageEvent, ...]:
    """The end of a silence that was a break, and of the venue's stop with the last of them."""
    child = state.children[event.child_id]
    return answered(state, child) if is_answer(child, event) else ()


def answered(state: State, child: Child) -> tuple[StageEvent, ...]:
    if not child.is_silent:
        return ()
    venue = child.terms.venue
    ended: list[StageEvent] = []
    is_last = True
    for break_id, found in state.breaks.items():
        if found.reason is not BreakReason.NO_ANSWER or found.venue != venue:
            continue
        if found.child_id == child.child_id:
            ended.append(break_closed(break_id, child))
        else:
            is_last &= not is_awaited(state, found.child_id)
    if is_last and risk.is_venue_silent(state, venue):
        scope_id = risk.venue_for(venue, risk.EVERY)
        ended.append(SuspensionEnded(scope=ControlScope.VENUE, scope_id=scope_id))
    return tuple(ended)


def is_awaited(state: State, child_id: str) -> bool:
    """Whether the answer of a silent child can still come: it is at work, or carried."""
    child = child_of(state, child_id)
    return child is not None and child.is_silent


def is_answer(child: Child, event: Answer) -> bool:
    """Whether the event answers what its venue was asked; of a cancel only its end does.

    A close is no answer, and neither is a person's settlement of a quantity that is missing.
    """
    if isinstance(event, ChildClosed):
        return event.reason not in (CloseReason.DAY_CLOSED, CloseReason.OTHER)
    return not child.is_live or not child.is_cancelling or isinstance(event, ChildDoubted)


def break_closed(break_id: str, child: Child) -> BreakClosed:
    return BreakClosed(
        break_id=break_id,
        child_id=child.child_id,
        resolution=BreakResolution.REPORTED,
        set_by="",
        text=f"{child.terms.venue} has answered",
    )


DECIDE: Mapping[type, Callable[[State, Any, int], tuple[StageEvent, ...]]] = {
    FillBooked: decide_answered,
    ChildAcknowledged: decide_answered,
    ChildClosed: decide_answered,
    ChildDoubted: decide_answered,
    CancelFailed: decide_answered,
}


# ------------------------------------------------------------------------------ evolve


def on_child_routed(state: State, event: ChildRouted) -> None:
    """Until its gateway says that it sends the child, it may do so at any time up to the last."""
    child = state.children[state.event_id(event.seq)]
    awaited.wait(state, child, event.send_before_ns)
    child.unanswered_since_ns = event.at_ns


def on_send_started(state: State, report: SendStarted) -> None:
    child = state.children.get(report.child_id)
    if child is None or child.is_acknowledged or child.is_cancelling or not child.is_live:
        return
    if child.asked or child.is_unknown or child.terms.venue != report.venue:
        return
    # A gateway's clock may be wrong, but it sends nothing before the route or after its last time.
    sent_ns = min(max(report.started_ns, child.routed_ns), child.terms.send_before_ns)
    awaited.wait(state, child, sent_ns)


def on_answer(state: State, event: Answer) -> None:
    child = state.children[event.child_id]
    if is_answer(child, event):
        awaited.stop(child)


def on_cancel_failed(state: State, event: CancelFailed) -> None:
    """The cancel is answered; a child without an acknowledgement is waited for as before."""
    child = state.children[event.child_id]
    child.refused += 1
    awaited.stop(child)
    if not child.is_acknowledged:
        awaited.wait(state, child, event.at_ns)


def on_cancel_requested(state: State, event: ChildCancelRequested) -> None:
    """A new cancel does not make up for a question that its venue has left unanswered."""
    child = state.children[event.child_id]
    awaited.wait(state, child, event.at_ns, max(event.repeats, child.asked))


def on_status_requested(state: State, event: ChildStatusRequested) -> None:
    child = state.children[event.child_id]
    child.unanswered_since_ns = event.unanswered_since_ns
    awaited.wait(state, child, event.at_ns, event.number)


def on_fate_unknown(state: State, event: ChildFateUnknown) -> None:
    """A gateway asks for what it does not know itself; after a break nothing is asked any more."""
    child = state.children[event.child_id]
    awaited.stop(child)
    if not child.is_silent:
        awaited.wait(state, child, event.at_ns)


def after_close(state: State) -> None:
    """The next day goes on waiting for the silent children that the close has carried."""
    for found in state.breaks.values():
        child = state.children.get(found.child_id)
        if found.reason is BreakReason.NO_ANSWER and child is not None:
            child.is_silent = True


def on_break_flagged(state: State, event: BreakFlagged) -> None:
    if event.reason is BreakReason.NO_ANSWER:
        state.children[event.child_id].is_silent = True


EVOLVE: Mapping[type, Callable[[State, Any], None]] = {
    ChildRouted: on_child_routed,
    FillBooked: on_answer,
    ChildAcknowledged: on_answer,
    ChildClosed: on_answer,
    ChildDoubted: on_answer,
    CancelFailed: on_cancel_failed,
    ChildCancelRequested: on_cancel_requested,
    ChildStatusRequested: on_status_requested,
    ChildFateUnknown: on_fate_unknown,
    BreakFlagged: on_break_flagged,
}


def on_session_status_observed(state: State, status: SessionStatusObserved) -> None:
    if status.up and status.venue in state.sessions_down:  # This is folded before they change.
        state.sessions_up[status.venue] = status.received_ns


def on_suspension_lifted(state: State, control: SuspensionLifted) -> None:
    """A person lets the venue go on: its silent children are asked for once more."""
    venue, _, instrument_id = control.scope_id.partition(risk.FOR)
    if control.scope is not ControlScope.VENUE or instrument_id != risk.EVERY:
        return
    for found in state.breaks.values():
        child = state.children.get(found.child_id)
        is_silence = found.reason is BreakReason.NO_ANSWER and found.venue == venue
        if is_silence and child is not None and child.is_live:
            awaited.due(state, child, 0)


FACTS: Mapping[type, Callable[[State, Any], None]] = {
    SendStarted: on_send_started,
    SessionStatusObserved: on_session_status_observed,
    SuspensionLifted: on_suspension_lifted,
}
