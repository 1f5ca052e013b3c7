"""Group compatible small orders into a parent, and keep the group true while the parent works.

Two orders are compatible if a trader would work them as one: the same thing, the same side and the
same intent. What else an order wants is its own; `tranches` says how a parent respects it. A parent
gathers members for an aggregation window, which closes by time, by size or by count; then its
residual goes to market. Orders may still join a working parent in the first part of its horizon.
Every change of membership begins a new epoch, and a member shares only in the fills of its own
epochs.

`membership` says how a member's cancel or amend takes effect.
"""

from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from operator import attrgetter
from typing import Any

from engine.core.controls import instructions, risk, stops
from engine.core.events import (
    EndReason,
    Immediacy,
    LeaveReason,
    MemberAmended,
    MemberJoined,
    MemberLeft,
    OrderAccepted,
    OrderAmended,
    OrderReopened,
    OrderResumed,
    ParentEnded,
    ParentOpened,
    ParentReleased,
    ReleaseReason,
    Side,
    StageEvent,
    TrancheOpened,
)
from engine.core.market import consolidated, hours
from engine.core.parents import tranches
from engine.core.state import due_index
from engine.core.state.limit_ladder import LimitLadder, Place, SortedKeys
from engine.core.state.model import Book, Member, Order, Parent, Tranche
from engine.core.state.state import MEMBERS, State
from engine.core.units import PPM

WINDOW_PPM_MAX = 500_000  # Of the time an order has; the other half is left to work. A guess.
# All that ever joined: FillAllocated and ParentReconciled name each, and a broker takes records of
# a megabyte at most.
MEMBERS_MAX = 10_000
PARENTS_TRIED_MAX = 100  # Newest ones that an order may join; older ones have less time left.

# What opposite parents must have in common to cross: the same thing on the same terms.
CROSSING_TERMS = ("currency", "capacity", "settlement")
# The fields of which all members of a parent have the same value.
SHARED_TERMS = (
    *("instrument_id", "side", *CROSSING_TERMS, "urgency"),
    *("sale_marking", "settl_date"),
)
_shared_terms = attrgetter(*SHARED_TERMS)
_constraints = attrgetter(*tranches.CONSTRAINTS)
# A member leaves for one of these when a control stops it.
STOPPED = (LeaveReason.KILL_SWITCH, LeaveReason.MANDATE, LeaveReason.RISK_LIMIT)


def key_of(terms: OrderAccepted | ParentOpened) -> tuple[object, ...]:
    """Orders with an equal key may share a parent."""
    return (*_shared_terms(terms), tranches.FAMILIES[terms.benchmark])


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
    """Join the newest parent that still accepts members, or open one."""
    if order.terms.immediacy is not Immediacy.NONE:
        return parent_opened(state, order, now_ns)
    home = instructions.home_of(state, order)
    if home is not None and (placed := placed_in(state, home, order, now_ns)):
        return placed
    newest = reversed(state.joinable.get(key_of(order.terms), {}).values())
    for parent in islice(newest, PARENTS_TRIED_MAX):
        if accepts_members(state, parent, now_ns):
            placed = placed_in(state, parent, order, now_ns)
            if placed is not None:
                return placed
    return parent_opened(state, order, now_ns)


def placed_in(state: State, parent: Parent, order: Order, now_ns: int) -> StageEvent | None:
    """The order's place in a tranche of a parent, or in a new one; None if there is none."""
    tranche = tranches.fitting(state, parent, order, now_ns)
    if tranche is not None:
        return member_joined(parent, tranche, order)
    if len(parent.tranches) < tranches.TRANCHES_MAX:
        return tranche_opened(state, parent, order, now_ns)
    return None


def accepts_members(state: State, parent: Parent, now_ns: int) -> bool:
    """A gathering parent does; a working parent does in the first part of its horizon.

    That goes to the end of the last window in it, so members with later ends keep it open.

    The parent of an order that trades at once does not, nor one under instruction of the desk.
    """
    if instructions.is_instructed(parent):
        return False
    if len(parent.members) >= MEMBERS_MAX or parent.terms.immediacy is not Immediacy.NONE:
        return False
    if not parent.is_released:
        return True
    span_ns = parent.end_ns - parent.released_ns
    return (now_ns - parent.released_ns) * PPM <= span_ns * risk.policy_of(state).join_until_ppm


def member_joined(parent: Parent, tranche: Tranche, order: Order) -> MemberJoined:
    return MemberJoined(
        parent_id=parent.parent_id,
        order_id=order.order_id,
        member_qty=order.open_qty,
        epoch=parent.epoch + 1,
        parent_qty=parent.open_qty + order.open_qty,
        parent_limit_px=tightest_px(parent.terms.side, (tranche.limit_px, order.limit_px)),
        tranche=tranche.number,
    )


def tranche_opened(state: State, parent: Parent, order: Order, now_ns: int) -> TrancheOpened:
    return TrancheOpened(
        **dict(zip(tranches.CONSTRAINTS, _constraints(order.terms), strict=True)),
        parent_id=parent.parent_id,
        tranche=len(parent.tranches),
        benchmark=order.terms.benchmark,
        limit_band=tranches.limit_band(order.limit_px, state.settings.limit_band_px),
        start_ns=order.start_ns,
        end_ns=order.end_ns,
        window_end_ns=window_end_ns(order, risk.policy_of(state).window_ns, now_ns),
        first_order_id=order.order_id,
    )


def parent_opened(state: State, order: Order, now_ns: int) -> ParentOpened:
    policy, immediacy = risk.policy_of(state), order.terms.immediacy
    return ParentOpened(
        **dict(zip(SHARED_TERMS, _shared_terms(order.terms), strict=True)),
        **dict(zip(tranches.CONSTRAINTS, _constraints(order.terms), strict=True)),
        immediacy=immediacy,
        benchmark=order.terms.benchmark,
        limit_band=tranches.limit_band(order.limit_px, state.settings.limit_band_px),
        start_ns=order.start_ns,
        end_ns=order.end_ns,
        window_end_ns=window_end_ns(
            order, policy.window_ns if immediacy is Immediacy.NONE else 0, now_ns
        ),
        policy_id=policy.policy_id,
        allocation_rule=policy.allocation_rule,
        first_order_id=order.order_id,
    )


def window_end_ns(order: Order, window_ns: int, now_ns: int) -> int:
    """The end of the window in ns: after the policy's span, with time left to work the order.

    An order that starts later is released at its start, if the window is over by then.
    """
    begin_ns = max(now_ns, order.start_ns)
    latest_ns = begin_ns + (order.end_ns - begin_ns) * WINDOW_PPM_MAX // PPM  # Floor: earlier.
    return max(min(now_ns + window_ns, latest_ns), order.start_ns)


def decide_opened(state: State, event: ParentOpened, _: int) -> tuple[StageEvent, ...]:
    parent = state.parents[state.event_id(event.seq)]
    return (member_joined(parent, parent.tranches[0], state.orders[event.first_order_id]),)


def decide_tranche_opened(state: State, event: TrancheOpened, _: int) -> tuple[StageEvent, ...]:
    parent = state.parents[event.parent_id]
    tranche = parent.tranches[event.tranche]
    return (member_joined(parent, tranche, state.orders[event.first_order_id]),)


def decide_amended(state: State, event: OrderAmended, now_ns: int) -> tuple[StageEvent, ...]:
    """Place an order whose amend took it out of its parent.

    Planning of this batch may have gone past the place of a parent that it opens, so the window of
    that parent closes one nanosecond later, in the next batch.
    """
    order = state.orders[event.order_id]
    # A carried order has no session before the open, and after a close there is none.
    is_between_days = state.day is None or now_ns >= order.end_ns
    if order.parent_id or not order.open_qty or is_between_days:
        return ()
    return (join_or_open(state, order, now_ns + 1),)


def decide_left(state: State, event: MemberLeft, now_ns: int) -> tuple[StageEvent, ...]:
    """Place a member that a control took out: it waits in a parent of such members."""
    if event.reason not in STOPPED:
        return ()  # After a cancel it has ended; after an amend `decide_amended` places it.
    # The window closes in the next batch, as in `decide_amended`.
    return (join_or_open(state, state.orders[event.order_id], now_ns + 1),)


def decide_resumed(state: State, event: OrderResumed, now_ns: int) -> tuple[StageEvent, ...]:
    return (join_or_open(state, state.orders[event.order_id], now_ns),)


def decide_reopened(state: State, event: OrderReopened, now_ns: int) -> tuple[StageEvent, ...]:
    return (join_or_open(state, state.orders[event.order_id], now_ns),)


DECIDE: Mapping[type, Callable[[State, Any, int], tuple[StageEvent, ...]]] = {
    OrderAccepted: decide_accepted,
    OrderReopened: decide_reopened,
    MemberLeft: decide_left,
    ParentOpened: decide_opened,
    TrancheOpened: decide_tranche_opened,
    OrderAmended: decide_amended,
    OrderResumed: decide_resumed,
}


# -------------------------------------------------------------------------------- plan


def window_closed_by(state: State, parent: Parent, now_ns: int) -> ReleaseReason | None:
    """The reason for which the aggregation window closes now; None if it stays open."""
    terms = parent.terms
    if parent.is_released or not any(
        x.terms.start_ns <= now_ns < x.terms.end_ns for x in parent.open_tranches()
    ):
        return None
    if not stops.may_trade(state, parent):
        return None
    if not hours.is_open(state, terms.instrument_id, now_ns):
        return None  # It gathers until the next session.
    if now_ns >= parent.window_end_ns:
        return ReleaseReason.TIME
    if instructions.is_completing(parent):
        return ReleaseReason.INSTRUCTED
    policy = risk.policy_of(state)
    if parent.member_count >= policy.window_members:
        return ReleaseReason.MEMBERS
    px = consolidated.view(state, terms.instrument_id, now_ns).mid_px or parent.limit_px or 0
    if px * parent.open_qty >= policy.window_notional_cur * risk.UNIT_PX:
        return ReleaseReason.SIZE
    return None


def release(state: State, parent: Parent, now_ns: int) -> tuple[StageEvent, ...]:
    """Send the residual to market once the window has closed; crossed quantity stays inside."""
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


def lingers_until_ns(state: State, parent: Parent) -> int:
    """The time until which a parent that is done stays open for more orders of its intent, ns.

    So orders of a program that come one by one, each of which crosses at once, are one parent's.
    """
    return parent.joined_ns + risk.policy_of(state).linger_ns


def lingers(state: State, parent: Parent, now_ns: int) -> bool:
    is_open = now_ns < lingers_until_ns(state, parent) and accepts_members(state, parent, now_ns)
    return is_open and bool(parent.done_qty)


def finish(state: State, parent: Parent, now_ns: int) -> tuple[StageEvent, ...]:
    """End a parent that has nothing open, or whose time is over, once it has no live child."""
    if parent.exposure_qty:
        return ()
    if not parent.open_qty:
        if lingers(state, parent, now_ns):
            return ()
        done = parent.done_qty or parent.error_qty
        return (parent_ended(parent, EndReason.COMPLETED if done else EndReason.EMPTIED),)
    if all(now_ns >= tranche.terms.end_ns for tranche in parent.open_tranches()):
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
    parent = Parent(
        parent_id=parent_id,
        seq=event.seq,
        terms=event,
        due_ns=event.window_end_ns,
        window_end_ns=event.window_end_ns,
        end_ns=event.end_ns,
        tranches={0: Tranche(0, event, event.benchmark)},
    )
    state.parents[parent_id] = parent
    state.joinable.setdefault(key_of(event), {})[parent_id] = parent
    due_index.on_opened(state, parent)
    side = (event.instrument_id, event.side)
    if side not in state.by_side:
        state.by_side[side] = SortedKeys()
    state.by_side[side].add((parent.seq, parent_id))


def on_tranche_opened(state: State, event: TrancheOpened) -> None:
    parent = state.parents[event.parent_id]
    benchmark = event.benchmark or parent.terms.benchmark
    parent.tranches[event.tranche] = Tranche(event.tranche, event, benchmark)
    parent.end_ns = max(parent.end_ns, event.end_ns)
    if parent.is_released:
        tranches.begin_all(state, parent, event.at_ns)
    else:  # A short window gathers for a shorter time.
        parent.window_end_ns = min(parent.window_end_ns, event.window_end_ns)


def on_member_joined(state: State, event: MemberJoined) -> None:
    parent = state.parents[event.parent_id]
    tranche = parent.tranches[event.tranche]
    order = state.orders[event.order_id]
    member = parent.members.get(event.order_id)
    if member is None:
        member = parent.members[event.order_id] = Member(order, event.member_qty)
        order.homes += 1
        order.parent_ids = (*order.parent_ids, event.parent_id)
        if order.terms.crossing_consent:
            parent.consenting[event.order_id] = member
    else:  # It left by one amend and came back by another.
        member.member_qty += event.member_qty
        member.is_active = True
        stay = (member.joined_epoch, member.left_epoch, member.tranche)
        member.stays = (*member.stays, stay)
    member.tranche = event.tranche
    member.joined_epoch, member.left_epoch = event.epoch, -1
    tranche.members[event.order_id] = member
    order.parent_id = event.parent_id
    parent.joined_ns = event.at_ns
    if state.place(event.order_id):
        order.homes -= 1
    client_id = order.terms.client_id
    for one in (parent, tranche):
        one.clients[client_id] = one.clients.get(client_id, 0) + 1
        one.member_count += 1
        one.open_qty += event.member_qty
    tranche.join_epoch = event.epoch
    on_epoch(state, parent, event)


def on_member_amended(state: State, event: MemberAmended) -> None:
    parent = state.parents[event.parent_id]
    parent.members[event.order_id].member_qty += event.change_qty
    for one in (parent, parent.tranches[event.tranche]):
        one.open_qty += event.change_qty
    on_epoch(state, parent, event)


def on_member_left(state: State, event: MemberLeft) -> None:
    parent = state.parents[event.parent_id]
    member = parent.members[event.order_id]
    member.left_qty += event.left_qty
    member.left_epoch = event.epoch
    member.is_active = False
    member.order.parent_id = ""
    client_id = member.order.terms.client_id
    for one in (parent, parent.tranches[event.tranche]):
        one.pending.pop(event.order_id, None)
        one.clients[client_id] -= 1
        if not one.clients[client_id]:
            del one.clients[client_id]
        one.member_count -= 1
        one.open_qty -= event.left_qty
    on_epoch(state, parent, event)


def on_epoch(
    state: State, parent: Parent, event: MemberJoined | MemberAmended | MemberLeft
) -> None:
    assert parent.open_qty == event.parent_qty, (parent.open_qty, event)
    tranche = parent.tranches[event.tranche]
    parent.epoch = event.epoch
    tranche.limit_px = event.parent_limit_px
    tranche.end_basis()
    state.touch(parent.parent_id, MEMBERS)
    if parent.is_released:
        watch_limit(state, parent, tranche)


def watch_limit(state: State, parent: Parent, tranche: Tranche) -> None:
    """Have the market touch a working parent when it crosses the limit of a tranche."""
    book = state.books.setdefault(parent.terms.instrument_id, Book())
    ladder = book.limited.get(parent.terms.side)
    name = watched_name(parent, tranche)
    if tranche.limit_px is not None and not parent.is_ended:
        if ladder is None:
            ladder = book.limited[parent.terms.side] = LimitLadder()
        ladder.put(name, Place(tranche.limit_px, "", parent.seq))
    elif ladder is not None:
        ladder.remove(name)


def watched_name(parent: Parent, tranche: Tranche) -> str:
    """The parent's id, before the number of a further tranche."""
    if not tranche.number:
        return parent.parent_id
    return f"{parent.parent_id}{due_index.OF_PARENT}{tranche.number}"


def on_parent_released(state: State, event: ParentReleased) -> None:
    parent = state.parents[event.parent_id]
    book = state.books.setdefault(parent.terms.instrument_id, Book())
    parent.is_released = True
    parent.released_ns = event.at_ns
    parent.arrival_mid_px = event.arrival_mid_px
    parent.base = consolidated.tape(book, event.at_ns)
    tranches.begin_all(state, parent, event.at_ns)
    for tranche in parent.tranches.values():
        watch_limit(state, parent, tranche)


def on_parent_ended(state: State, event: ParentEnded) -> None:
    parent = state.parents.pop(event.parent_id)
    assert not parent.children, f"{event.parent_id} ends with live children"
    state.parents_ended[event.parent_id] = parent
    parent.is_ended = True
    due_index.on_ended(state, parent)
    parent.consenting.clear()  # Its members cross no more.
    state.ended[event.parent_id] = event.at_ns + state.evict_after_ns
    for member in parent.active_members():
        member.order.parent_id = ""
    key = key_of(parent.terms)
    del state.joinable[key][event.parent_id]
    if not state.joinable[key]:
        del state.joinable[key]
    side = (parent.terms.instrument_id, parent.terms.side)
    state.by_side[side].remove((parent.seq, event.parent_id))
    for tranche in parent.tranches.values():
        tranche.end_basis()
        watch_limit(state, parent, tranche)


EVOLVE: Mapping[type, Callable[[State, Any], None]] = {
    MemberJoined: on_member_joined,
    ParentOpened: on_parent_opened,
    TrancheOpened: on_tranche_opened,
    MemberAmended: on_member_amended,
    MemberLeft: on_member_left,
    ParentReleased: on_parent_released,
    ParentEnded: on_parent_ended,
}
