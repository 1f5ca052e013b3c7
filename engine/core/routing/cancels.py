"""Cancel the children that should not be live any more.

A control that stops the parent or bars the venue (`controls.stops`), a tighter limit, the end of a
session and the end of the window cancel at once. At a schedule point the engine also cancels a
posted child whose price is no longer the touch, and every resting child of a parent that is behind
its schedule, so that the next slice can take. Where nothing could be taken instead, a resting child
keeps its queue position.
"""

from engine.core.controls import risk, stops
from engine.core.events import (
    CancelReason,
    ChildCancelRequested,
    ChildTimeInForce,
    ChildType,
    StageEvent,
    Style,
)
from engine.core.market import hours, reference
from engine.core.parents import membership
from engine.core.routing.candidates import Search, can_take, search_for, within_limit_px
from engine.core.state.model import Child, Parent
from engine.core.state.state import DUE, State
from engine.core.strategy import participation, slicing


def cancel_stale_children(state: State, parent: Parent, now_ns: int) -> tuple[StageEvent, ...]:
    """A cancel request for each child that should not be live any more."""
    if not parent.children:
        return ()
    search = None
    if state.touched.get(parent.parent_id, 0) & DUE:
        search = search_for(state, parent, now_ns)
    everything = reason_for_all(state, parent, now_ns)
    requests: list[StageEvent] = []
    for resting in parent.children.values():
        if resting.is_cancelling or resting.is_in_doubt:
            continue
        reason = everything or reason_for_one(state, parent, resting)
        if reason is None and search is not None:
            reason = reason_at_point(search, resting)
        if reason is not None:
            requests.append(cancel(resting, reason))
    return tuple(requests)


def cancel_above_participation(state: State, parent: Parent, now_ns: int) -> tuple[StageEvent, ...]:
    """Cancel requests for the newest children above the rate of a mandate that became narrower."""
    plan = parent.plan
    if not state.narrowed or plan is None or not parent.children:
        return ()
    style = slicing.style_of(state, parent, plan, now_ns)
    above_qty = -slicing.allowed_qty(state, parent, style, now_ns)
    if not slicing.is_exempt(parent, style):
        above_qty = max(above_qty, participation.excess_qty(state, parent, now_ns))
    return newest_cancelled(parent, above_qty, CancelReason.MANDATE)


def reason_for_all(state: State, parent: Parent, now_ns: int) -> CancelReason | None:
    if now_ns >= parent.terms.end_ns:
        return CancelReason.WINDOW_ENDED
    if not hours.is_open(state, parent.terms.instrument_id, now_ns):
        return CancelReason.SESSION_BREAK
    return stops.of_parent(state, parent)


def reason_for_one(state: State, parent: Parent, resting: Child) -> CancelReason | None:
    limit_px, terms = parent.limit_px, resting.terms
    if risk.is_killed(state, venue=terms.venue):
        return CancelReason.KILL_SWITCH
    if state.narrowed and stops.bounds_of(state, parent).forbids(
        state.reference.venues[terms.venue]
    ):
        return CancelReason.MANDATE
    is_within = reference.is_within_limit(terms.side, terms.limit_px, limit_px)
    return None if is_within else CancelReason.LIMIT_CHANGED


def reason_at_point(search: Search, resting: Child) -> CancelReason | None:
    """At a schedule point: why a resting child is cancelled; None if it may stay."""
    terms = resting.terms
    if terms.time_in_force is ChildTimeInForce.IOC:
        return None
    state, parent = search.state, search.parent
    if can_take(search) and is_behind(state, parent, search.now_ns):
        return CancelReason.BEHIND_SCHEDULE
    touch_px = within_limit_px(state, parent, search.best.near_px(terms.side))
    if terms.child_type is ChildType.LIMIT and touch_px and terms.limit_px != touch_px:
        return CancelReason.AWAY_FROM_TOUCH
    return None


def is_behind(state: State, parent: Parent, now_ns: int) -> bool:
    """Whether the next slice would take, so that resting children must be cancelled first."""
    plan = parent.plan
    if plan is None:
        return False
    return slicing.style_of(state, parent, plan, now_ns) is not Style.PASSIVE


def cancel(child: Child, reason: CancelReason, repeats: int = 0) -> ChildCancelRequested:
    return ChildCancelRequested(
        child_id=child.child_id,
        parent_id=child.terms.parent_id,
        venue=child.terms.venue,
        reason=reason,
        repeats=repeats,
    )


def repeated(child: Child) -> ChildCancelRequested:
    """The request once more that its venue has not answered."""
    return cancel(child, CancelReason.NO_ANSWER, child.asked + 1)


def cancel_for_changes(state: State, parent: Parent, _: int) -> tuple[StageEvent, ...]:
    """Cancel requests for the newest children, until the pending changes can take effect.

    The same after a venue's overfill: exposure may not exceed the parent's open quantity.
    """
    short_qty = membership.pending_qty(state, parent) - parent.pool_qty
    return newest_cancelled(parent, short_qty, CancelReason.MEMBER_CHANGE)


def newest_cancelled(
    parent: Parent, short_qty: int, reason: CancelReason
) -> tuple[StageEvent, ...]:
    """Cancel requests for the newest children, until so much is free or about to be."""
    requests: list[StageEvent] = []
    for child in reversed(parent.children.values()):
        if short_qty <= 0:
            break
        short_qty -= child.leaves_qty
        if not child.is_cancelling and not child.is_in_doubt:
            requests.append(cancel(child, reason))
    return tuple(requests)
