"""Group compatible small orders into a parent, and keep the group true while the parent works.

Two orders are compatible if a trader would work them as one: `compatibility` says so in one
tuple. A parent gathers members for a window, which closes by time, by size or by count; then its
residual goes to market. Orders may still join a working parent in the first part of its horizon;
every change of membership begins a new epoch, and a member shares only in fills of its time.

How a member's cancel or amend takes effect stands in `membership`.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from engine.core.controls import risk
from engine.core.events import (
    ControlScope,
    EndReason,
    LeaveReason,
    MemberAmended,
    MemberJoined,
    MemberLeft,
    OrderAccepted,
    OrderAmended,
    OrderResumed,
    ParentEnded,
    ParentOpened,
    ParentReleased,
    ReleaseReason,
    Side,
    StageEvent,
)
from engine.core.market import consolidated
from engine.core.state.model import Book, Member, Order, Parent
from engine.core.state.state import MEMBERS, NEVER_NS, State

PPM = 1_000_000
WINDOW_PPM_MAX = 500_000  # Of the time an order has; the other half is left to work. A guess.
# Who ever joined; FillAllocated and ParentReconciled name each, and a broker takes a megabyte.
MEMBERS_MAX = 10_000

Key = tuple[object, ...]


def compatibility(order: Order, limit_band_px: int) -> Key:
    """Orders with an equal key may share a parent."""
    terms = order.terms
    return (
        terms.instrument_id,
        terms.side,
        terms.currency,
        terms.urgency,
        terms.benchmark,
        limit_band(order.limit_px, limit_band_px),
        terms.capacity,
        terms.settlement,
        terms.no_dark,
        terms.excluded_venues,
        terms.must_complete,
        terms.max_participation_ppm,
        order.start_ns,
        order.end_ns,
    )


def limit_band(limit_px: int | None, limit_band_px: int) -> int:
    """Price sensitivity: 0 without a limit, else the band of prices that the limit lies in.

    One limit holds for all of a parent, so only limits near each other may share one.
    """
    return 0 if limit_px is None else 1 + limit_px // limit_band_px


def key_of_parent(terms: ParentOpened) -> Key:
    return (
        terms.instrument_id,
        terms.side,
        terms.currency,
        terms.urgency,
        terms.benchmark,
        terms.limit_band,
        terms.capacity,
        terms.settlement,
        terms.no_dark,
        terms.excluded_venues,
        terms.must_complete,
        terms.max_participation_ppm,
        terms.start_ns,
        terms.end_ns,
    )


def tightest_px(side: Side, limits: Iterable[int | None]) -> int | None:
    """The limit that respects every member's: the lowest of buys, the highest of sells."""
    known = [px for px in limits if px is not None]
    if not known:
        return None
    return min(known) if side is Side.BUY else max(known)


# ------------------------------------------------------------------------------ decide


def decide_accepted(state: State, event: OrderAccepted, now_ns: int) -> tuple[StageEvent, ...]:
    return (join_or_open(state, state.orders[state.event_id(event.seq)], now_ns),)


def join_or_open(state: State, order: Order, now_ns: int) -> StageEvent:
    """Join the newest parent that still takes members, or open one.

    Whom a kill switch stops and whom it does not are never put together.
    """
    key = compatibility(order, state.settings.limit_band_px)
    for parent in reversed(state.joinable.get(key, [])):
        if (
            takes_members(state, parent, now_ns)
            and respects(parent, order.limit_px)
            and are_as_free(state, parent, order)
        ):
            return member_joined(parent, order)
    return parent_opened(state, order, now_ns)


def respects(parent: Parent, limit_px: int | None) -> bool:
    """Whether every child that is out, and may fill at its limit, is within this limit."""
    if limit_px is None:
        return True
    if parent.terms.side is Side.BUY:
        return all(child.terms.limit_px <= limit_px for child in parent.children.values())
    return all(child.terms.limit_px >= limit_px for child in parent.children.values())


def takes_members(state: State, parent: Parent, now_ns: int) -> bool:
    """A gathering parent does; a working one in the first part of its horizon."""
    if len(parent.members) >= MEMBERS_MAX:
        return False
    if not parent.is_released:
        return True
    span_ns = parent.terms.end_ns - parent.released_ns
    return (now_ns - parent.released_ns) * PPM <= span_ns * risk.policy_of(state).join_until_ppm


def member_joined(parent: Parent, order: Order) -> MemberJoined:
    return MemberJoined(
        parent_id=parent.parent_id,
        order_id=order.order_id,
        member_qty=order.open_qty,
        epoch=parent.epoch + 1,
        parent_qty=parent.open_qty + order.open_qty,
        parent_limit_px=tightest_px(parent.terms.side, (parent.limit_px, order.limit_px)),
    )


def parent_opened(state: State, order: Order, now_ns: int) -> ParentOpened:
    policy = risk.policy_of(state)
    terms = order.terms
    return ParentOpened(
        instrument_id=terms.instrument_id,
        side=terms.side,
        currency=terms.currency,
        urgency=terms.urgency,
        benchmark=terms.benchmark,
        limit_band=limit_band(order.limit_px, state.settings.limit_band_px),
        capacity=terms.capacity,
        settlement=terms.settlement,
        no_dark=terms.no_dark,
        excluded_venues=terms.excluded_venues,
        must_complete=terms.must_complete,
        max_participation_ppm=terms.max_participation_ppm,
        start_ns=order.start_ns,
        end_ns=order.end_ns,
        window_end_ns=window_end_ns(order, policy.window_ns, now_ns),
        policy_id=policy.policy_id,
        allocation_rule=policy.allocation_rule,
        first_order_id=order.order_id,
    )


def window_end_ns(order: Order, window_ns: int, now_ns: int) -> int:
    """When the window closes by time: after the policy's span, but not with the order's own.

    An order that starts later is released as it starts, if the window is over by then.
    """
    begin_ns = max(now_ns, order.start_ns)
    latest_ns = begin_ns + (order.end_ns - begin_ns) * WINDOW_PPM_MAX // PPM  # Floor: earlier.
    return max(min(now_ns + window_ns, latest_ns), order.start_ns)


def decide_opened(state: State, event: ParentOpened, _: int) -> tuple[StageEvent, ...]:
    parent = state.parents[state.event_id(event.seq)]
    return (member_joined(parent, state.orders[event.first_order_id]),)


def decide_amended(state: State, event: OrderAmended, now_ns: int) -> tuple[StageEvent, ...]:
    """An order whose amend took it out of its parent looks for another.

    Planning of this batch may have passed by a parent that it opens, so its window closes after.
    """
    order = state.orders[event.order_id]
    is_between_days = now_ns >= order.end_ns  # A carried order has no window before the open.
    if order.parent_id or not order.open_qty or is_between_days:
        return ()
    return (join_or_open(state, order, now_ns + 1),)


def decide_left(state: State, event: MemberLeft, now_ns: int) -> tuple[StageEvent, ...]:
    """Whom a kill switch took out waits in a parent of such members, until it is lifted."""
    if event.reason is not LeaveReason.KILL_SWITCH:
        return ()  # The change that took it out says what becomes of it.
    return (
        join_or_open(state, state.orders[event.order_id], now_ns + 1),
    )  # As for an amended one.


def decide_resumed(state: State, event: OrderResumed, now_ns: int) -> tuple[StageEvent, ...]:
    return (join_or_open(state, state.orders[event.order_id], now_ns),)


DECIDE: Mapping[type, Callable[[State, Any, int], tuple[StageEvent, ...]]] = {
    OrderAccepted: decide_accepted,
    MemberLeft: decide_left,
    ParentOpened: decide_opened,
    OrderAmended: decide_amended,
    OrderResumed: decide_resumed,
}


# -------------------------------------------------------------------------------- plan


def window_closed_by(state: State, parent: Parent, now_ns: int) -> ReleaseReason | None:
    """What closes the aggregation window now, if anything does."""
    terms = parent.terms
    if parent.is_released or not terms.start_ns <= now_ns < terms.end_ns:
        return None
    if not may_trade(state, parent):
        return None
    if now_ns >= terms.window_end_ns:
        return ReleaseReason.TIME
    policy = risk.policy_of(state)
    if parent.member_count >= policy.window_members:
        return ReleaseReason.MEMBERS
    px = consolidated.view(state, terms.instrument_id, now_ns).mid_px or parent.limit_px or 0
    if px * parent.open_qty >= policy.window_notional_cur * risk.UNIT_PX:
        return ReleaseReason.SIZE
    return None


def may_trade(state: State, parent: Parent) -> bool:
    """Neither killed, as a whole or for one of its members, nor halted."""
    instrument_id = parent.terms.instrument_id
    return not (
        risk.is_killed(state, instrument_id=instrument_id)
        or risk.is_halted(state, instrument_id)
        or has_killed_member(state, parent)
    )


def has_killed_member(state: State, parent: Parent) -> bool:
    """Whether a kill switch stops a member that wants something: a child is never its alone."""
    return has_stopped_client(state, parent) and any(
        member.open_qty and is_held(state, member.order) for member in parent.active_members()
    )


def are_as_free(state: State, parent: Parent, order: Order) -> bool:
    """Whether kill switches stop all members if they stop this order's client, else none."""
    if not state.controls.killed:
        return True
    if is_held(state, order):
        return all(risk.is_killed(state, client_id=name) for name in parent.clients)
    return not has_stopped_client(state, parent)


def has_stopped_client(state: State, parent: Parent) -> bool:
    """Whether a kill switch stops one of its clients; asked for each new order, so by few names."""
    killed = state.controls.killed
    return bool(killed) and any(
        scope == ControlScope.FIRM or (scope == ControlScope.CLIENT and name in parent.clients)
        for scope, name in killed
    )


def is_held(state: State, order: Order) -> bool:
    """Whether a kill switch stops its client, or the whole firm."""
    return risk.is_killed(state, client_id=order.terms.client_id)


def release(state: State, parent: Parent, now_ns: int) -> tuple[StageEvent, ...]:
    """Send the residual to market once the window has closed; what crossed stays inside."""
    reason = window_closed_by(state, parent, now_ns)
    if reason is None or not parent.open_qty:
        return ()
    return (
        ParentReleased(
            parent_id=parent.parent_id,
            reason=reason,
            release_qty=parent.open_qty,
            crossed_qty=parent.crossed_qty,
            member_count=parent.member_count,
            arrival_mid_px=consolidated.view(state, parent.terms.instrument_id, now_ns).mid_px,
            market_volume_qty=state.book(parent.terms.instrument_id).volume_qty,
        ),
    )


def finish(_: State, parent: Parent, now_ns: int) -> tuple[StageEvent, ...]:
    """End a parent that has nothing open, or whose time is over, once no child is out."""
    if parent.exposure_qty:
        return ()
    if not parent.open_qty:
        done = parent.done_qty or parent.error_qty
        return (parent_ended(parent, EndReason.COMPLETED if done else EndReason.EMPTIED),)
    if now_ns >= parent.terms.end_ns:
        return (parent_ended(parent, EndReason.WINDOW_ENDED),)
    return ()


def parent_ended(parent: Parent, reason: EndReason) -> ParentEnded:
    return ParentEnded(
        parent_id=parent.parent_id,
        reason=reason,
        filled_qty=parent.filled_qty,
        crossed_qty=parent.crossed_qty,
        returned_qty=parent.open_qty,
    )


# ------------------------------------------------------------------------------ evolve


def on_parent_opened(state: State, event: ParentOpened) -> None:
    parent_id = state.event_id(event.seq)
    parent = Parent(parent_id=parent_id, seq=event.seq, terms=event, due_ns=event.window_end_ns)
    state.parents[parent_id] = parent
    state.joinable.setdefault(key_of_parent(event), []).append(parent)
    state.by_side.setdefault((event.instrument_id, event.side), {})[parent_id] = parent


def on_member_joined(state: State, event: MemberJoined) -> None:
    parent = state.parents[event.parent_id]
    order = state.orders[event.order_id]
    former = parent.members.get(event.order_id)
    if former is None:
        member = parent.members[event.order_id] = Member(order, event.member_qty)
        order.homes += 1
        if order.terms.crossing_consent:
            parent.consenting[event.order_id] = member
    else:  # It left by an amend and came back by another.
        former.member_qty += event.member_qty
        former.is_active = True
    order.parent_id = event.parent_id
    state.unplaced.pop(event.order_id, None)
    client_id = order.terms.client_id
    parent.clients[client_id] = parent.clients.get(client_id, 0) + 1
    parent.member_count += 1
    parent.open_qty += event.member_qty
    on_epoch(state, parent, event)


def on_member_amended(state: State, event: MemberAmended) -> None:
    parent = state.parents[event.parent_id]
    parent.members[event.order_id].member_qty += event.change_qty
    parent.open_qty += event.change_qty
    on_epoch(state, parent, event)


def on_member_left(state: State, event: MemberLeft) -> None:
    parent = state.parents[event.parent_id]
    member = parent.members[event.order_id]
    member.left_qty += event.left_qty
    member.is_active = False
    member.order.parent_id = ""
    parent.pending.pop(event.order_id, None)
    client_id = member.order.terms.client_id
    parent.clients[client_id] -= 1
    if not parent.clients[client_id]:
        del parent.clients[client_id]
    parent.member_count -= 1
    parent.open_qty -= event.left_qty
    on_epoch(state, parent, event)


def on_epoch(
    state: State, parent: Parent, event: MemberJoined | MemberAmended | MemberLeft
) -> None:
    assert parent.open_qty == event.parent_qty, (parent.open_qty, event)
    parent.epoch = event.epoch
    parent.limit_px = event.parent_limit_px
    parent.basis = None
    state.touch(parent.parent_id, MEMBERS)
    if parent.is_released:
        watch_limit(state, parent)


def watch_limit(state: State, parent: Parent) -> None:
    """Have the market touch a working parent when it crosses the parent's limit."""
    book = state.books.setdefault(parent.terms.instrument_id, Book())
    if parent.limit_px is None or parent.is_ended:
        book.limited.pop(parent.parent_id, None)
    else:
        book.limited[parent.parent_id] = parent


def on_parent_released(state: State, event: ParentReleased) -> None:
    parent = state.parents[event.parent_id]
    book = state.books.setdefault(parent.terms.instrument_id, Book())
    parent.is_released = True
    parent.released_ns = event.at_ns
    parent.arrival_mid_px = event.arrival_mid_px
    parent.base = consolidated.tape(book, event.at_ns)
    watch_limit(state, parent)


def on_parent_ended(state: State, event: ParentEnded) -> None:
    parent = state.parents.pop(event.parent_id)
    assert not parent.children, f"{event.parent_id} ends with children out"
    state.parents_ended[event.parent_id] = parent
    parent.is_ended = True
    parent.due_ns = NEVER_NS
    parent.basis = None  # It can give nobody anything more, and nobody of it crosses.
    parent.consenting.clear()
    state.ended[event.parent_id] = event.at_ns + state.evict_after_ns
    for member in parent.active_members():
        member.order.parent_id = ""
    key = key_of_parent(parent.terms)
    state.joinable[key].remove(parent)
    if not state.joinable[key]:
        del state.joinable[key]
    del state.by_side[(parent.terms.instrument_id, parent.terms.side)][event.parent_id]
    watch_limit(state, parent)


EVOLVE: Mapping[type, Callable[[State, Any], None]] = {
    MemberJoined: on_member_joined,
    ParentOpened: on_parent_opened,
    MemberAmended: on_member_amended,
    MemberLeft: on_member_left,
    ParentReleased: on_parent_released,
    ParentEnded: on_parent_ended,
}
