"""Cancel the children that should not be live any more.

A control that stops the parent or bars the venue (`controls.stops`, `controls.instructions`), a
tighter limit, the end of a session and the end of the window cancel at once. At a schedule point
the engine also cancels a post that the touch has left by more than a spread: nearer ones are mostly
reached again, and are filled more often than those that follow each touch with two messages. Of a
parent below its band, or that completes now, whose children cover what it could take, it cancels
the newest resting ones too, then and when a quote has woken it, so that the next slice can take: as
many as could be taken instead, where others wait for that too its part. The others keep their place
in the queue.
"""

from collections.abc import Callable, Mapping

from engine.core.controls import instructions, risk, stops
from engine.core.events import (
    CancelReason,
    ChildCancelRequested,
    ChildTimeInForce,
    ChildType,
    Side,
    StageEvent,
    Style,
)
from engine.core.market import consolidated, displayed, hours, reference
from engine.core.parents import membership
from engine.core.routing.candidates import (
    Search,
    can_take,
    search_for,
    takeable_qty,
    within_limit_px,
)
from engine.core.state.model import Child, Parent, loosest_px
from engine.core.state.state import DUE, MARKET, State
from engine.core.strategy import participation, slicing
from engine.core.strategy.slicing import Group


def cancel_stale_children(state: State, parent: Parent, now_ns: int) -> tuple[StageEvent, ...]:
    """A cancel request for each child that should not be live any more."""
    if not parent.children:
        return ()
    search, bits = None, state.touched.get(parent.parent_id, 0)
    if bits & (DUE | MARKET):
        search = search_for(state, parent, now_ns, waits=False)
    everything = reason_for_all(state, parent, now_ns)
    stopped = stopped_tranches(state, parent, now_ns)
    gone: dict[str, CancelReason] = {}
    for name, resting in parent.children.items():
        if resting.is_cancelling or resting.is_in_doubt:
            continue
        of_tranches = [stopped[x.tranche] for x in resting.covers if x.tranche in stopped]
        reason = CancelReason.WINDOW_ENDED if CancelReason.WINDOW_ENDED in of_tranches else None
        reason = reason or everything or next(iter(of_tranches), None)
        reason = reason or reason_for_one(state, parent, resting)
        if reason is None and search is not None and bits & DUE:
            reason = reason_at_point(search, resting)
        if reason is not None:
            gone[name] = reason
    if search is not None and not everything:
        is_completing = instructions.is_completing(parent)
        reason = CancelReason.COMPLETE_NOW if is_completing else CancelReason.BEHIND_SCHEDULE
        gone |= dict.fromkeys(replaced_by_takes(search, gone), reason)
    return tuple(
        cancel(parent.children[name], gone[name]) for name in parent.children if name in gone
    )


def cancel_above_participation(state: State, parent: Parent, now_ns: int) -> tuple[StageEvent, ...]:
    """Cancel requests for the newest children above the rate of a mandate that became narrower."""
    plan = parent.plan
    if not state.narrowed or plan is None or not parent.children:
        return ()
    short: dict[int, int] = {}
    is_bound = False
    for group in slicing.groups(state, parent, plan, now_ns):
        allowed_qtys = slicing.allowed_qtys(state, parent, group, now_ns)
        for tranche in group.tranches:
            short[tranche.number] = -allowed_qtys[tranche.number]
            is_bound |= not slicing.is_exempt(parent, tranche, group.style)
    found = newest_of_tranches(parent, short)
    if is_bound:
        above_qty = participation.excess_qty(state, parent, now_ns)
        found |= newest(parent.children, lambda child: child.leaves_qty, above_qty)
    return requested(found, CancelReason.MANDATE)


def reason_for_all(state: State, parent: Parent, now_ns: int) -> CancelReason | None:
    instrument_id = parent.terms.instrument_id
    if not hours.is_open(state, instrument_id, now_ns):
        return CancelReason.SESSION_BREAK
    return stops.of_parent(state, parent)


def stopped_tranches(state: State, parent: Parent, now_ns: int) -> dict[int, CancelReason]:
    """The tranches for which nothing may be live any more, and why."""
    found: dict[int, CancelReason] = {}
    for number, tranche in parent.tranches.items():
        if now_ns >= tranche.terms.end_ns:
            found[number] = CancelReason.WINDOW_ENDED
        elif (reason := stops.of_members(state, tranche)) is not None:
            found[number] = reason
    return found


def reason_for_one(state: State, parent: Parent, resting: Child) -> CancelReason | None:
    """Why a child is cancelled because of its venue, or of the bounds of a tranche of its."""
    terms = resting.terms
    if risk.is_killed(state, venue=terms.venue):
        return CancelReason.KILL_SWITCH
    if instructions.bars(parent, terms.venue):
        return CancelReason.EXCLUDED_BY_DESK
    defined = state.reference.venues[terms.venue]
    for tranche in parent.covered(resting):
        if state.narrowed and stops.bounds_of(state, tranche).forbids(defined):
            return CancelReason.MANDATE
        if not reference.is_within_limit(terms.side, terms.limit_px, tranche.limit_px):
            return CancelReason.LIMIT_CHANGED
    return None


def reason_at_point(search: Search, resting: Child) -> CancelReason | None:
    """At a schedule point: why a resting child is cancelled; None if it may stay."""
    terms = resting.terms
    if terms.time_in_force is ChildTimeInForce.IOC:
        return None
    limits = (tranche.limit_px for tranche in search.parent.covered(resting))
    limit_px = loosest_px(terms.side, limits)
    touch_px = within_limit_px(search, search.best.near_px(terms.side), limit_px)
    if terms.child_type is not ChildType.LIMIT or not touch_px:
        return None
    behind_px = touch_px - terms.limit_px if terms.side is Side.BUY else terms.limit_px - touch_px
    spread_px = search.best.ask_px - search.best.bid_px if search.best.is_two_sided else 0
    return CancelReason.AWAY_FROM_TOUCH if behind_px > spread_px else None


def replaced_by_takes(search: Search, gone: Mapping[str, CancelReason]) -> list[str]:
    """The newest resting children of a parent below its band, as far as takes need their quantity.

    Takes first use what no child covers and a cap allows, so that what waits keeps waiting. Those
    that are cancelled already are of this number. One that its own venue's quote has come to is
    executed where it is; a better quote elsewhere executes nothing there.
    """
    state, parent = search.state, search.parent
    groups = behind(search) if can_take(search) else []
    late = {tranche.number for group in groups for tranche in group.tranches}
    if not late:
        return []
    rivals = len(search.book.takers.get(parent.terms.side, ()))
    wanted_qty = max(search.lot_qty, takeable_qty(search) // max(1, rivals))
    for group in groups:
        allowed_qtys = slicing.allowed_qtys(state, parent, group, search.now_ns)
        for tranche in group.tranches:
            free_qty = slicing.free_qty(state, parent, tranche)
            wanted_qty -= max(0, min(free_qty, allowed_qtys[tranche.number]))
    found: list[str] = []
    for name, resting in reversed(parent.children.items()):
        if wanted_qty <= 0:
            break
        terms = resting.terms
        is_resting = terms.time_in_force is ChildTimeInForce.DAY
        is_late = any(cover.tranche in late for cover in resting.covers)
        if resting.is_in_doubt or not is_resting or is_met(search, resting) or not is_late:
            continue
        if name not in gone and not resting.is_cancelling:
            found.append(name)
        wanted_qty -= resting.leaves_qty
    return found


def is_met(search: Search, resting: Child) -> bool:
    """Whether the quote of a post's own venue has come to its limit, and is no old one."""
    terms, quote = resting.terms, search.book.quotes.get(resting.terms.venue)
    if terms.child_type is not ChildType.LIMIT or quote is None:
        return False
    if not consolidated.is_fresh(search.state, quote, search.now_ns):
        return False
    far_px, _ = displayed.shown(quote, terms.side)
    return far_px > 0 and reference.is_within_limit(terms.side, far_px, terms.limit_px)


def behind(search: Search) -> list[Group]:
    """The tranches whose next slice would take.

    One whose limit the far side does not reach can take nothing, and keeps its place.
    """
    state, parent, plan = search.state, search.parent, search.parent.plan
    if plan is None:
        return []
    side = parent.terms.side
    far_px = search.best.far_px(side)
    found: list[Group] = []
    for style, tranches in slicing.groups(state, parent, plan, search.now_ns):
        inside = [x for x in tranches if reference.is_within_limit(side, far_px, x.limit_px)]
        if style is not Style.PASSIVE:
            found.append(Group(style, inside))
    return found


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

    The same after a venue's overfill: exposure may not exceed the open quantity.
    """
    short = {
        number: membership.pending_qty(state, parent, tranche) - tranche.pool_qty
        for number, tranche in parent.tranches.items()
    }
    return requested(newest_of_tranches(parent, short), CancelReason.MEMBER_CHANGE)


def newest_of_tranches(parent: Parent, short: Mapping[int, int]) -> dict[str, Child]:
    """The newest children of each tranche, until so much of it is free or about to be."""
    found: dict[str, Child] = {}
    for number, short_qty in short.items():
        if short_qty > 0:

            def part_qty(child: Child, number: int = number) -> int:
                return sum(x.leaves_qty for x in child.covers if x.tranche == number)

            found |= newest(parent.children, part_qty, short_qty)
    return found


def newest(
    children: Mapping[str, Child], part_qty: Callable[[Child], int], short_qty: int
) -> dict[str, Child]:
    """The newest children that together have so much open; `part_qty` is what counts of each."""
    found: dict[str, Child] = {}
    for child_id in reversed(list(children)):
        if short_qty <= 0:
            break
        qty = part_qty(children[child_id])
        if qty:
            short_qty -= qty
            found[child_id] = children[child_id]
    return found


def requested(found: Mapping[str, Child], reason: CancelReason) -> tuple[StageEvent, ...]:
    """A cancel request for each child that is not asked already and has something to cancel."""
    return tuple(
        cancel(child, reason)
        for child in found.values()
        if not child.is_cancelling and not child.is_in_doubt
    )
