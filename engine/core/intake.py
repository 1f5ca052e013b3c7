"""Take a client's request: check it, put it in normal form, or refuse it with one reason.

The checks stand in one table, in the order of their precedence: the first that applies is the
reason, so the same request is refused for the same reason on every replay. A request that passes
becomes OrderAccepted with every field filled, from the request, else from the client's mandate,
else from the session. A cancel or amend is only noted here; it takes effect in `aggregation` when
no child covers the quantity.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from engine.core import market, reference, risk
from engine.core.events import (
    Change,
    ControlScope,
    EndReason,
    FillReallocated,
    HaltReason,
    InputReason,
    InputRejected,
    InstrumentHalted,
    OrderAccepted,
    OrderAmended,
    OrderAmendRequested,
    OrderCancelled,
    OrderCancelRequested,
    OrderChangePending,
    OrderChangeRejected,
    OrderExpired,
    OrderRejected,
    OrderSubmitted,
    OrderType,
    ParentEnded,
    RejectReason,
    Side,
    StageEvent,
    SuspensionSet,
    TimeInForce,
    WithdrawReason,
)
from engine.core.state import MEMBERS, Order, Parent, PendingChange, State

QTY_MAX = 10**12  # A trillion increments; sums over a day stay far below 2**63.
PX_MAX = 10**15  # A million currency units; no listed share comes near.
PPM = 1_000_000

Refusal = tuple[RejectReason, str] | None


class Asked(Protocol):
    """What the forbidding checks read: a new order, or the terms of an accepted one."""

    @property
    def source(self) -> str: ...
    @property
    def client_id(self) -> str: ...
    @property
    def instrument_id(self) -> str: ...


class Priced(Asked, Protocol):
    """What the checks of value read: a new order, or an accepted one as an amend would have it."""

    @property
    def side(self) -> Side: ...
    @property
    def order_qty(self) -> int: ...
    @property
    def limit_px(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An input that could not be taken, and what its headers say of its sender."""

    topic: str
    position: int
    source: str  # Writer or venue; empty if the headers do not say.
    number: int  # The sender's own number; -1 if unknown.
    instrument_id: str  # From the key; empty if unknown.
    reason: InputReason
    text: str


# ------------------------------------------------------------------------------ checks


def check_kill_switch(state: State, order: Asked, _: int) -> Refusal:
    if not risk.is_killed(state, client_id=order.client_id, instrument_id=order.instrument_id):
        return None
    return RejectReason.KILL_SWITCH, "a kill switch is engaged; wait until it is released"


def check_session(state: State, _: OrderSubmitted, now_ns: int) -> Refusal:
    day = state.day
    if day is not None and now_ns < day.close_ns:
        return None
    found = "no trading day is open" if day is None else f"the session ended at {day.close_ns} ns"
    return RejectReason.SESSION_CLOSED, f"{found}; submit for an open session"


def check_policy(state: State, _: OrderSubmitted, __: int) -> Refusal:
    if state.controls.policy is not None:
        return None
    return (
        RejectReason.NO_POLICY,
        "no policy is in force; apply one with `metaorder controls apply`",
    )


def check_instrument(state: State, order: OrderSubmitted, _: int) -> Refusal:
    if order.instrument_id in state.reference.instruments:
        return None
    return (
        RejectReason.UNKNOWN_INSTRUMENT,
        f"instrument_id {order.instrument_id!r:.80} is not in reference data; load it first",
    )


def check_client(state: State, order: OrderSubmitted, _: int) -> Refusal:
    mandate = state.controls.mandates.get(order.client_id)
    if mandate is not None and mandate.active:
        return None
    return (
        RejectReason.UNKNOWN_CLIENT,
        f"client_id {order.client_id!r:.80} has no active mandate; apply one first",
    )


def check_duplicate(state: State, order: OrderSubmitted, _: int) -> Refusal:
    earlier = state.order_ids.get((order.source, order.cl_ord_id))
    if earlier is None:
        return None
    return (
        RejectReason.DUPLICATE_ORDER,
        (
            f"cl_ord_id {order.cl_ord_id!r:.80} of {order.source!r:.80} is order {earlier}; "
            "nothing was changed; use a new id for a new order"
        ),
    )


def check_source(state: State, order: Asked, _: int) -> Refusal:
    if not risk.is_source_suspended(state, order.source):
        return None
    return (
        RejectReason.SOURCE_SUSPENDED,
        f"a record of {order.source!r:.80} could not be read; send it again under its own number",
    )


def check_restricted(state: State, order: Asked, _: int) -> Refusal:
    if order.instrument_id not in state.controls.restricted:
        return None
    return RejectReason.RESTRICTED, f"{order.instrument_id} is on the restricted list"


def check_halted(state: State, order: Asked, _: int) -> Refusal:
    if not risk.is_halted(state, order.instrument_id):
        return None
    return (
        RejectReason.INSTRUMENT_HALTED,
        f"{order.instrument_id} is halted until a person lifts it",
    )


def check_qty(state: State, order: OrderSubmitted, _: int) -> Refusal:
    qty = order.order_qty
    if qty <= 0:
        return RejectReason.QTY_MUST_BE_POSITIVE, f"order_qty is {qty}, expected more than 0"
    if qty > QTY_MAX:
        return RejectReason.QTY_OUT_OF_RANGE, f"order_qty is {qty}, expected {QTY_MAX} at most"
    for limit in limits_of(state, order.client_id, order.instrument_id):
        if limit.max_order_qty is not None and qty > limit.max_order_qty:
            return (
                RejectReason.QTY_ABOVE_LIMIT,
                (
                    f"order_qty is {qty}, the limit of {limit.scope} {limit.scope_id} is "
                    f"{limit.max_order_qty}; split the order or have the limit raised"
                ),
            )
    return None


def check_limit_px(state: State, order: OrderSubmitted, _: int) -> Refusal:
    px = order.limit_px
    if order.order_type is OrderType.MARKET:
        if px is None:
            return None
        return RejectReason.LIMIT_PX_NOT_ALLOWED, "limit_px is set on a MARKET order; leave it out"
    if px is None:
        return RejectReason.LIMIT_PX_MISSING, "limit_px is missing on a LIMIT order"
    return check_px_grid(state, order.instrument_id, px)


def check_px_grid(state: State, instrument_id: str, px: int) -> Refusal:
    if px <= 0:
        return RejectReason.LIMIT_PX_MUST_BE_POSITIVE, f"limit_px is {px}, expected more than 0"
    if px > PX_MAX:
        return RejectReason.LIMIT_PX_OUT_OF_RANGE, f"limit_px is {px}, expected {PX_MAX} at most"
    tick = reference.tick_px(state, instrument_id, px)
    if px % tick:
        return (
            RejectReason.LIMIT_PX_OFF_TICK,
            f"limit_px is {px}, expected a multiple of the tick {tick}",
        )
    return None


def check_collar(state: State, order: Priced, now_ns: int) -> Refusal:
    """A limit far through the market is a slip of the finger. Without a quote nothing is known."""
    px = order.limit_px
    far_px = market.view(state, order.instrument_id, now_ns).far_px(order.side)
    if px is None or not far_px:
        return None
    through_px = px - far_px if order.side is Side.BUY else far_px - px
    for limit in limits_of(state, order.client_id, order.instrument_id):
        if limit.collar_ppm is not None and through_px * PPM > limit.collar_ppm * far_px:
            return (
                RejectReason.LIMIT_PX_OUTSIDE_COLLAR,
                (
                    f"limit_px is {px}, {through_px} through the market at {far_px}; "
                    f"the collar is {limit.collar_ppm} ppm"
                ),
            )
    return None


def check_notional(state: State, order: Priced, now_ns: int, spent: int = 0) -> Refusal:
    """`spent` is what the order has taken of the allotments already, 1e-9 currency units."""
    px = order.limit_px or market.view(state, order.instrument_id, now_ns).far_px(order.side)
    px = px or state.book(order.instrument_id).last_px  # The best guess without a quote.
    value = px * order.order_qty
    for limit in limits_of(state, order.client_id, order.instrument_id):
        most = limit.max_order_notional_cur
        if most is not None and value > most * risk.UNIT_PX:
            return (
                RejectReason.NOTIONAL_ABOVE_LIMIT,
                (
                    f"the order's value is {value // risk.UNIT_PX}, the limit of {limit.scope} "
                    f"{limit.scope_id} is {most}; split the order or have the limit raised"
                ),
            )
    for key in risk.allotment_keys(state, order.client_id):
        allotted = state.controls.allotments[key]
        left = allotted.allotted_notional_cur * risk.UNIT_PX - state.spent_notional.get(key, 0)
        asked = value - spent
        if asked > left:
            return (
                RejectReason.ALLOTMENT_EXHAUSTED,
                (
                    f"the order's value is {asked // risk.UNIT_PX}, shard {state.shard} has "
                    f"{left // risk.UNIT_PX} left of {allotted.scope} {allotted.scope_id}"
                ),
            )
    return None


def check_currency(state: State, order: OrderSubmitted, _: int) -> Refusal:
    expected = state.reference.instruments[order.instrument_id].currency
    if order.currency is None or order.currency == expected:
        return None
    return (
        RejectReason.CURRENCY_MISMATCH,
        f"currency is {order.currency!r:.20}, {order.instrument_id} trades in {expected}",
    )


def check_window(state: State, order: OrderSubmitted, now_ns: int) -> Refusal:
    """Some of the order's window must lie in what is left of the session."""
    start_ns, end_ns = window(state, order)
    if max(start_ns, now_ns) < end_ns:
        return None
    return (
        RejectReason.WINDOW_INVALID,
        (
            f"start_ns {order.start_ns} and end_ns {order.end_ns} leave {start_ns} to {end_ns} "
            f"of the session, now is {now_ns}; the end comes after the start and after now"
        ),
    )


def window(state: State, order: OrderSubmitted) -> tuple[int, int]:
    """Start and end within the session, ns."""
    day = state.day
    assert day is not None, "check_session passed"
    end_ns = day.close_ns if order.end_ns is None else min(order.end_ns, day.close_ns)
    return max(day.open_ns, order.start_ns or 0), end_ns


def check_participation(_: State, order: OrderSubmitted, __: int) -> Refusal:
    ppm = order.max_participation_ppm
    if ppm is None or 0 < ppm < PPM:
        return None
    return (
        RejectReason.PARTICIPATION_INVALID,
        f"max_participation_ppm is {ppm}, expected more than 0 and less than {PPM}",
    )


def check_venues(state: State, order: OrderSubmitted, _: int) -> Refusal:
    unknown = [v for v in order.excluded_venues if v not in state.reference.venues]
    if not unknown:
        return None
    return (
        RejectReason.UNKNOWN_VENUE,
        f"excluded_venues names {unknown[0]!r:.40}, which is not in reference data",
    )


CHECKS: tuple[Callable[[State, OrderSubmitted, int], Refusal], ...] = (
    check_kill_switch,
    check_session,
    check_policy,
    check_instrument,
    check_client,
    check_duplicate,
    check_source,
    check_restricted,
    check_halted,
    check_qty,
    check_limit_px,
    check_collar,
    check_notional,
    check_currency,
    check_window,
    check_participation,
    check_venues,
)


def limits_of(state: State, client_id: str, instrument_id: str) -> list[Any]:
    """The risk limits that apply, the firm's first."""
    limits = state.controls.limits
    if not limits:
        return []
    keys = (
        (ControlScope.FIRM, ""),
        (ControlScope.CLIENT, client_id),
        (ControlScope.INSTRUMENT, instrument_id),
    )
    return [limits[key] for key in keys if key in limits]


# ------------------------------------------------------------------------------ decide


def decide_submitted(state: State, order: OrderSubmitted, now_ns: int) -> tuple[StageEvent, ...]:
    for check in CHECKS:
        refusal = check(state, order, now_ns)
        if refusal is not None:
            reason, text = refusal
            return (
                OrderRejected(
                    source=order.source,
                    cl_ord_id=order.cl_ord_id,
                    client_id=order.client_id,
                    instrument_id=order.instrument_id,
                    reason=reason,
                    text=text,
                ),
            )
    return (normalised(state, order, now_ns),)


def normalised(state: State, order: OrderSubmitted, now_ns: int) -> OrderAccepted:
    """The order with every field filled: its own, else the mandate's, else the session's."""
    mandate = state.controls.mandates[order.client_id]
    consent = order.crossing_consent
    start_ns, end_ns = window(state, order)
    return OrderAccepted(
        source=order.source,
        cl_ord_id=order.cl_ord_id,
        client_id=order.client_id,
        instrument_id=order.instrument_id,
        side=order.side,
        order_qty=order.order_qty,
        order_type=order.order_type,
        limit_px=order.limit_px,
        time_in_force=order.time_in_force,
        urgency=order.urgency,
        benchmark=order.benchmark,
        start_ns=start_ns,
        end_ns=end_ns,
        max_participation_ppm=min(
            order.max_participation_ppm or mandate.max_participation_ppm,
            mandate.max_participation_ppm,
            PPM - 1,  # Nobody can be all of the volume, whatever a mandate says.
        ),
        no_dark=order.no_dark or not mandate.dark_allowed,
        excluded_venues=tuple(sorted({*order.excluded_venues, *mandate.excluded_venues})),
        crossing_consent=mandate.crossing_consent if consent is None else consent,
        must_complete=order.must_complete,
        capacity=order.capacity,
        settlement=order.settlement,
        currency=state.reference.instruments[order.instrument_id].currency,
        decision_px=order.decision_px,
        arrival_mid_px=market.view(state, order.instrument_id, now_ns).mid_px,
        received_ns=order.received_ns,
    )


def decide_amend(state: State, request: OrderAmendRequested, now_ns: int) -> tuple[StageEvent, ...]:
    order, refusal = changeable(state, request)
    if order is None:
        return refusal
    qty = order.order_qty if request.order_qty is None else request.order_qty
    limit_px = order.limit_px if request.limit_px is None else request.limit_px
    reason = check_amend(state, order, qty, limit_px) or check_more(
        state, order, qty, limit_px, now_ns
    )
    if reason is not None:
        return (change_rejected(request, Change.AMEND, *reason),)
    noted = pending(order, request.cl_ord_id, Change.AMEND, qty, limit_px)
    if order.parent_id:
        return (noted,)
    amended = OrderAmended(  # Between two days no child stands in the way.
        order_id=order.order_id,
        cl_ord_id=request.cl_ord_id,
        previous_qty=order.order_qty,
        order_qty=max(qty, order.order_qty - order.open_qty),
        limit_px=limit_px,
    )
    return (noted, amended)


def check_amend(state: State, order: Order, qty: int, limit_px: int | None) -> Refusal:
    if (qty, limit_px) == (order.order_qty, order.limit_px):
        return RejectReason.NOTHING_TO_CHANGE, "neither order_qty nor limit_px differs"
    if qty <= 0:
        return RejectReason.QTY_MUST_BE_POSITIVE, f"order_qty is {qty}, expected more than 0"
    if qty > QTY_MAX:
        return RejectReason.QTY_OUT_OF_RANGE, f"order_qty is {qty}, expected {QTY_MAX} at most"
    terms = order.terms
    for limit in limits_of(state, terms.client_id, terms.instrument_id):
        if limit.max_order_qty is not None and qty > max(limit.max_order_qty, order.order_qty):
            return (
                RejectReason.QTY_ABOVE_LIMIT,
                (
                    f"order_qty is {qty}, the limit of {limit.scope} {limit.scope_id} is "
                    f"{limit.max_order_qty}"
                ),
            )
    if limit_px is None:
        return None
    if terms.order_type is OrderType.MARKET:
        return RejectReason.LIMIT_PX_NOT_ALLOWED, "limit_px is set on a MARKET order; leave it out"
    return check_px_grid(state, terms.instrument_id, limit_px)


def check_more(state: State, order: Order, qty: int, limit_px: int | None, now_ns: int) -> Refusal:
    """Who asks for more than was granted passes what a new order would have to."""
    sign = 1 if order.terms.side is Side.BUY else -1
    is_dearer = (limit_px or 0) * sign > (order.limit_px or 0) * sign
    if qty <= order.order_qty and not is_dearer:
        return None
    for check in FORBIDS:
        refusal = check(state, order.terms, now_ns)
        if refusal is not None:
            return refusal
    wanted = replace(order.terms, order_qty=qty, limit_px=limit_px)
    spent = risk.notional_of(order.terms, order.order_qty, order.limit_px)
    refusal = check_collar(state, wanted, now_ns) if is_dearer else None
    return refusal or check_notional(state, wanted, now_ns, spent)


FORBIDS: tuple[Callable[[State, Asked, int], Refusal], ...] = (
    check_kill_switch,
    check_source,
    check_restricted,
    check_halted,
)


def decide_cancel(state: State, request: OrderCancelRequested, _: int) -> tuple[StageEvent, ...]:
    order, refusal = changeable(state, request)
    if order is None:
        return refusal
    done_qty = order.order_qty - order.open_qty
    noted = pending(order, request.cl_ord_id, Change.CANCEL, done_qty, order.limit_px)
    if order.parent_id:
        return (noted,)
    return (noted, cancelled(order, request.cl_ord_id, WithdrawReason.CLIENT))


def changeable(
    state: State, request: OrderAmendRequested | OrderCancelRequested
) -> tuple[Order | None, tuple[StageEvent, ...]]:
    """The order that a request names, or the refusal.

    A cancel outranks a pending amend; anything else waits its turn.
    """
    change = Change.AMEND if isinstance(request, OrderAmendRequested) else Change.CANCEL
    taken = state.order_ids.get((request.source, request.cl_ord_id))
    if taken is not None:
        text = f"cl_ord_id {request.cl_ord_id!r:.80} is order {taken} already; use a new one"
        return None, (change_rejected(request, change, RejectReason.DUPLICATE_ORDER, text),)
    order_id = state.order_ids.get((request.source, request.orig_cl_ord_id))
    if order_id is None:
        text = (
            f"orig_cl_ord_id {request.orig_cl_ord_id!r:.80} of {request.source!r:.80} is no order"
        )
        return None, (change_rejected(request, change, RejectReason.UNKNOWN_ORDER, text),)
    order = state.orders[order_id]
    if not order.open_qty:
        text = f"order {order_id} has nothing open"
        return None, (change_rejected(request, change, RejectReason.ORDER_ENDED, text),)
    waiting = order.pending
    if waiting is not None and (change is Change.AMEND or waiting.change is Change.CANCEL):
        text = f"request {waiting.cl_ord_id!r:.80} of order {order_id} is not done yet"
        return None, (change_rejected(request, change, RejectReason.CHANGE_PENDING, text),)
    return order, ()


def change_rejected(
    request: OrderAmendRequested | OrderCancelRequested,
    change: Change,
    reason: RejectReason,
    text: str,
) -> OrderChangeRejected:
    return OrderChangeRejected(
        source=request.source,
        cl_ord_id=request.cl_ord_id,
        orig_cl_ord_id=request.orig_cl_ord_id,
        change=change,
        reason=reason,
        text=text,
    )


def pending(
    order: Order, cl_ord_id: str, change: Change, order_qty: int, limit_px: int | None
) -> OrderChangePending:
    return OrderChangePending(
        order_id=order.order_id,
        cl_ord_id=cl_ord_id,
        change=change,
        order_qty=order_qty,
        limit_px=limit_px,
    )


def decide_parent_ended(state: State, event: ParentEnded, _: int) -> tuple[StageEvent, ...]:
    """End the members that the parent could not fill; a GTC order outlives the day's end."""
    parent = state.parents_ended[event.parent_id]
    by_day = event.reason is EndReason.DAY_CLOSED
    session_over = by_day or (state.day is not None and parent.terms.end_ns >= state.day.close_ns)
    why = WithdrawReason.DAY_CLOSED if by_day else WithdrawReason.WINDOW_ENDED
    ended: list[StageEvent] = []
    for member in parent.members.values():
        order = member.order
        if not member.is_active or not order.open_qty:
            continue
        waiting = order.pending
        if waiting is not None and waiting.change is Change.CANCEL:
            ended.append(cancelled(order, waiting.cl_ord_id, WithdrawReason.CLIENT))
        elif not (session_over and order.terms.time_in_force is TimeInForce.GTC):
            ended.append(
                OrderExpired(order_id=order.order_id, withdrawn_qty=order.open_qty, reason=why)
            )
    return tuple(ended)


def cancelled(order: Order, cl_ord_id: str, reason: WithdrawReason) -> OrderCancelled:
    return OrderCancelled(
        order_id=order.order_id,
        cl_ord_id=cl_ord_id,
        withdrawn_qty=order.open_qty,
        reason=reason,
    )


def decide_fill_reallocated(state: State, event: FillReallocated, _: int) -> tuple[StageEvent, ...]:
    """What a bust opens of a member that is no longer at work is withdrawn; a person decides.

    A GTC order that waits for the next day has it open again.
    """
    parent = state.parent(event.parent_id)
    after = {share.order_id: share.share_qty for share in event.after}
    reopened: list[StageEvent] = []
    for share in event.before:
        member = parent.members[share.order_id]
        back_qty = share.share_qty - after.get(share.order_id, 0)
        is_at_work = member.is_active and not parent.is_ended
        if back_qty > 0 and not is_at_work and not waits(member.order, back_qty):
            reopened.append(
                OrderCancelled(
                    order_id=share.order_id,
                    cl_ord_id="",
                    withdrawn_qty=back_qty,
                    reason=WithdrawReason.OTHER,
                )
            )
    return tuple(reopened)


def waits(order: Order, back_qty: int) -> bool:
    """Whether a GTC order is between two days, with more open than a bust gives back."""
    is_gtc = order.terms.time_in_force is TimeInForce.GTC
    return is_gtc and not order.parent_id and order.open_qty > back_qty


def decide_unreadable(state: State, found: Unreadable, _: int) -> tuple[StageEvent, ...]:
    """Record what could not be taken, and stop what it might have forbidden."""
    rejected = InputRejected(
        topic=found.topic,
        position=found.position,
        source=found.source,
        reason=found.reason,
        text=found.text,
    )
    if found.reason is InputReason.FAULT and found.instrument_id:
        return (rejected, halted(found))
    if found.reason in (InputReason.WRONG_PARTITION, InputReason.WRONG_KEY):
        return (rejected,)  # It was read, and belongs elsewhere: nothing of this shard is missing.
    scope = SUSPENDS.get(found.topic)
    if scope is None:
        return (rejected,)
    scope_id = "" if scope is ControlScope.CONTROLS else found.source
    if (scope, scope_id) in state.suspended:
        return (rejected,)
    return (
        rejected,
        SuspensionSet(scope=scope, scope_id=scope_id, source_number=found.number, text=found.text),
    )


SUSPENDS: Mapping[str, ControlScope] = {
    "orders": ControlScope.SOURCE,
    "venue-reports": ControlScope.VENUE,
    "controls": ControlScope.CONTROLS,
}


def halted(found: Unreadable) -> InstrumentHalted:
    return InstrumentHalted(
        instrument_id=found.instrument_id, reason=HaltReason.FAULT, text=found.text
    )


DECIDE: Mapping[type, Callable[[State, Any, int], tuple[StageEvent, ...]]] = {
    OrderSubmitted: decide_submitted,
    OrderAmendRequested: decide_amend,
    OrderCancelRequested: decide_cancel,
    ParentEnded: decide_parent_ended,
    FillReallocated: decide_fill_reallocated,
    Unreadable: decide_unreadable,
}


# ------------------------------------------------------------------------------ evolve


def on_order_accepted(state: State, event: OrderAccepted) -> None:
    order_id = state.event_id(event.seq)
    state.orders[order_id] = Order(
        order_id=order_id,
        terms=event,
        cl_ord_id=event.cl_ord_id,
        order_qty=event.order_qty,
        limit_px=event.limit_px,
        start_ns=event.start_ns,
        end_ns=event.end_ns,
    )
    state.order_ids[(event.source, event.cl_ord_id)] = order_id


def on_change_pending(state: State, event: OrderChangePending) -> None:
    order = state.orders[event.order_id]
    order.pending = PendingChange(event.cl_ord_id, event.change, event.order_qty, event.limit_px)
    state.order_ids[(order.terms.source, event.cl_ord_id)] = event.order_id
    parent: Parent | None = state.parents.get(order.parent_id)
    if parent is not None:
        parent.pending[event.order_id] = order
        state.touch(parent.parent_id, MEMBERS)


def on_order_amended(state: State, event: OrderAmended) -> None:
    order = state.orders[event.order_id]
    order.order_qty = event.order_qty
    order.limit_px = event.limit_px
    order.cl_ord_id = event.cl_ord_id
    clear_pending(state, order)
    forget_done(state, order)


def on_withdrawn(state: State, event: OrderCancelled | OrderExpired) -> None:
    order = state.orders[event.order_id]
    order.withdrawn_qty += event.withdrawn_qty
    if not order.open_qty:  # Else a bust took back what it had of an earlier parent.
        clear_pending(state, order)
    forget_done(state, order)


def forget_done(state: State, order: Order) -> None:
    """A carried order with nothing open waits for no parent."""
    if not order.open_qty:
        state.unplaced.pop(order.order_id, None)


def clear_pending(state: State, order: Order) -> None:
    order.pending = None
    parent = state.parents.get(order.parent_id)
    if parent is not None:
        parent.pending.pop(order.order_id, None)


def on_refused(_: State, __: OrderRejected | OrderChangeRejected) -> None:
    """A refusal changes nothing."""


def on_input_rejected(state: State, event: InputRejected) -> None:
    """A venue whose quote could not be read shows nothing that may be relied on."""
    if event.topic == "market-data" and event.reason is not InputReason.WRONG_PARTITION:
        market.drop_quotes(state, event.source)


EVOLVE: Mapping[type, Callable[[State, Any], None]] = {
    OrderAccepted: on_order_accepted,
    OrderChangePending: on_change_pending,
    OrderAmended: on_order_amended,
    OrderCancelled: on_withdrawn,
    OrderExpired: on_withdrawn,
    OrderRejected: on_refused,
    OrderChangeRejected: on_refused,
    InputRejected: on_input_rejected,
}
