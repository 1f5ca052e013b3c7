"""Kill switches, limits, halts and suspensions: the controls that stop orders and routes.

A control is a fact. Each shard answers it with ControlApplied, whose cause is the control's
position in the log, so the operator sees which shard applied it, and when. A suspension comes from
the engine: an input could not be read, and the engine must not act against what it might have
meant.
"""

from collections.abc import Callable, Mapping
from typing import Any

from engine.core.controls import allotments, limits, positions, writers
from engine.core.events import (
    ControlApplied,
    ControlScope,
    HaltReason,
    InstrumentHalted,
    InstrumentHaltSet,
    KillSwitchSet,
    LimitAllotted,
    MandateSet,
    OrderAccepted,
    OrderChangePending,
    OrderResumed,
    PolicySet,
    RestrictionSet,
    RiskLimitSet,
    SessionStatusObserved,
    Side,
    StageEvent,
    SuspensionEnded,
    SuspensionLifted,
    SuspensionSet,
    WriterKeySet,
)
from engine.core.state.due_index import review_all
from engine.core.state.state import State

UNIT_PX = allotments.UNIT_PX


def is_killed(
    state: State, *, client_id: str = "", instrument_id: str = "", venue: str = ""
) -> bool:
    """Whether a kill switch stops this client, instrument or venue, or the whole firm."""
    killed = state.controls.killed
    return bool(killed) and (
        (ControlScope.FIRM, "") in killed
        or (client_id != "" and (ControlScope.CLIENT, client_id) in killed)
        or (instrument_id != "" and (ControlScope.INSTRUMENT, instrument_id) in killed)
        or (venue != "" and (ControlScope.VENUE, venue) in killed)
    )


def is_halted(state: State, instrument_id: str) -> bool:
    return instrument_id in state.halted


def is_routing_suspended(state: State) -> bool:
    """An unreadable control may have been a kill switch."""
    return (ControlScope.CONTROLS, "") in state.suspended


def is_venue_suspended(state: State, venue: str) -> bool:
    """An unreadable report may have been a fill, and one that has not come may be one."""
    suspended = state.suspended
    return bool(suspended) and (
        (ControlScope.VENUE, venue) in suspended
        or (ControlScope.VENUE, "") in suspended
        or is_venue_silent(state, venue)
    )


FOR = "/"  # Between a venue and an instrument, in the name of a suspension of the two.
EVERY = "*"  # In the place of the instrument: a venue that does not answer gets nothing.


def is_venue_silent(state: State, venue: str) -> bool:
    """Whether the venue gets no more children until it answers, or a person lifts that."""
    return (ControlScope.VENUE, venue_for(venue, EVERY)) in state.suspended


def venue_for(venue: str, instrument_id: str) -> str:
    """The scope_id of a suspension of a venue for one instrument; only a person lifts it."""
    return f"{venue}{FOR}{instrument_id}"


def is_venue_stopped(state: State, venue: str, instrument_id: str) -> bool:
    """Whether the venue is stopped for the instrument until a person lifts it."""
    suspended = state.suspended
    return bool(suspended) and (ControlScope.VENUE, venue_for(venue, instrument_id)) in suspended


def is_source_suspended(state: State, source: str) -> bool:
    """An unreadable order may have been the one this order amends."""
    suspended = state.suspended
    return bool(suspended) and (
        (ControlScope.SOURCE, source) in suspended or (ControlScope.SOURCE, "") in suspended
    )


def notional_of(terms: OrderAccepted, order_qty: int, limit_px: int | None) -> int:
    """An order's value at its limit or the market price; 1e-9 currency units."""
    return valued_px(terms.side, limit_px, terms.value_px) * order_qty


def valued_px(side: Side, limit_px: int | None, market_px: int) -> int:
    """A buy pays its limit at most; a sell may get more than its limit; 1e-9 currency units."""
    if side is Side.SELL:
        return max(limit_px or 0, market_px)
    return limit_px or market_px


def resume_source(state: State, source: str, number: int) -> tuple[StageEvent, ...]:
    """End a source's suspension when its record with the missing number arrives readable."""
    missing = state.suspended.get((ControlScope.SOURCE, source))
    if missing is None or missing < 0 or number != missing:
        return ()
    return (SuspensionEnded(scope=ControlScope.SOURCE, scope_id=source),)


# ------------------------------------------------------------------------------ decide


def applied(scope: ControlScope, scope_id: str, control: object) -> tuple[StageEvent, ...]:
    return (
        ControlApplied(
            control=type(control).__name__,
            scope=scope,
            scope_id=scope_id,
            allotted_notional_cur=-1,
            spent_notional_cur=0,
        ),
    )


def decide_scoped(
    _: State, control: KillSwitchSet | SuspensionLifted, __: int
) -> tuple[StageEvent, ...]:
    return applied(control.scope, control.scope_id, control)


def decide_limit(
    state: State, control: RiskLimitSet | LimitAllotted, _: int
) -> tuple[StageEvent, ...]:
    """The receipt says what the shard may accept from here on, and what it has accepted."""
    allotted_cur, spent_cur = allotments.receipt(state, limits.key_of(control))
    return (
        ControlApplied(
            control=type(control).__name__,
            scope=control.scope,
            scope_id=limits.key_of(control)[1],
            allotted_notional_cur=allotted_cur,
            spent_notional_cur=spent_cur,
        ),
    )


def decide_mandate(_: State, control: MandateSet, __: int) -> tuple[StageEvent, ...]:
    return applied(ControlScope.CLIENT, control.client_id, control)


def decide_policy(_: State, control: PolicySet, __: int) -> tuple[StageEvent, ...]:
    return applied(ControlScope.FIRM, control.policy_id, control)


def decide_restriction(_: State, control: RestrictionSet, __: int) -> tuple[StageEvent, ...]:
    return applied(ControlScope.INSTRUMENT, control.instrument_id, control)


def decide_writer_key(_: State, control: WriterKeySet, __: int) -> tuple[StageEvent, ...]:
    return applied(ControlScope.SOURCE, control.writer, control)


def decide_halt(_: State, control: InstrumentHaltSet, __: int) -> tuple[StageEvent, ...]:
    halted = InstrumentHalted(
        instrument_id=control.instrument_id, reason=HaltReason.OPERATOR, text=control.text
    )
    return (halted, *applied(ControlScope.INSTRUMENT, control.instrument_id, control))


def decide_session_status(
    state: State, status: SessionStatusObserved, _: int
) -> tuple[StageEvent, ...]:
    """A session that is up has confirmed its open children, so no lost report matters any more."""
    if not status.up or (ControlScope.VENUE, status.venue) not in state.suspended:
        return ()
    return (SuspensionEnded(scope=ControlScope.VENUE, scope_id=status.venue),)


DECIDE: Mapping[type, Callable[[State, Any, int], tuple[StageEvent, ...]]] = {
    KillSwitchSet: decide_scoped,
    RiskLimitSet: decide_limit,
    LimitAllotted: decide_limit,
    SuspensionLifted: decide_scoped,
    MandateSet: decide_mandate,
    PolicySet: decide_policy,
    RestrictionSet: decide_restriction,
    WriterKeySet: decide_writer_key,
    InstrumentHaltSet: decide_halt,
    SessionStatusObserved: decide_session_status,
}


# ------------------------------------------------------------------------------ evolve


def on_kill_switch_set(state: State, control: KillSwitchSet) -> None:
    key = (control.scope, control.scope_id)
    if control.engaged:
        state.controls.killed[key] = control.text
    else:
        state.controls.killed.pop(key, None)
    review_all(state)


def on_risk_limit_set(state: State, control: RiskLimitSet) -> None:
    key = limits.key_of(control)
    former = state.controls.limits.get(key)
    limits.keep(state, control)
    allotments.on_limit_changed(state, control, former)
    positions.on_limit_changed(state, control, former)
    if state.parents and is_lower(control, former):
        state.lowered[key] = None
    if key in state.lowered:
        review_all(state)


def is_lower(limit: RiskLimitSet, former: RiskLimitSet | None) -> bool:
    """Whether a limit forbids orders that the former one allowed."""
    if former is None or (limits.bounds_size(former) and not limits.bounds_size(limit)):
        return True
    pairs = (
        (limit.max_order_qty, former.max_order_qty),
        (limit.max_order_notional_cur, former.max_order_notional_cur),
        (limit.max_position_qty, former.max_position_qty),
    )
    return any(
        now is not None and (before is None or now < before)  # None is no limit.
        for now, before in pairs
    )


def on_mandate_set(state: State, control: MandateSet) -> None:
    client_id = control.client_id
    former = state.controls.mandates.get(client_id)
    state.controls.mandates[client_id] = control
    if state.parents and former is not None and is_narrower(control, former):
        state.narrowed[client_id] = None
    if client_id in state.narrowed:
        review_all(state)


def is_narrower(mandate: MandateSet, former: MandateSet) -> bool:
    """Whether a mandate forbids something that the former one allowed."""
    return (
        former.active > mandate.active
        or former.dark_allowed > mandate.dark_allowed
        or former.max_participation_ppm > mandate.max_participation_ppm
        or not set(mandate.excluded_venues) <= set(former.excluded_venues)
    )


def on_policy_set(state: State, control: PolicySet) -> None:
    state.controls.policy = control


def on_restriction_set(state: State, control: RestrictionSet) -> None:
    if control.restricted:
        state.controls.restricted[control.instrument_id] = control.set_by
    else:
        state.controls.restricted.pop(control.instrument_id, None)
    review_all(state)


def on_suspension_lifted(state: State, control: SuspensionLifted) -> None:
    if control.scope is ControlScope.INSTRUMENT:
        state.halted.pop(control.scope_id, None)
    state.suspended.pop((control.scope, control.scope_id), None)
    review_all(state)


def on_halt_set(_: State, __: InstrumentHaltSet) -> None:
    """The halt itself is the event InstrumentHalted, as the engine may halt by itself."""


FACTS: Mapping[type, Callable[[State, Any], None]] = {
    KillSwitchSet: on_kill_switch_set,
    RiskLimitSet: on_risk_limit_set,
    LimitAllotted: allotments.on_limit_allotted,
    MandateSet: on_mandate_set,
    PolicySet: on_policy_set,
    RestrictionSet: on_restriction_set,
    WriterKeySet: writers.on_writer_key_set,
    InstrumentHaltSet: on_halt_set,
    SuspensionLifted: on_suspension_lifted,
}


def on_instrument_halted(state: State, event: InstrumentHalted) -> None:
    state.halted[event.instrument_id] = event.text
    review_all(state)


def on_suspension_set(state: State, event: SuspensionSet) -> None:
    state.suspended[(event.scope, event.scope_id)] = event.source_number


def on_suspension_ended(state: State, event: SuspensionEnded) -> None:
    state.suspended.pop((event.scope, event.scope_id), None)
    review_all(state)


def on_order_accepted(state: State, event: OrderAccepted) -> None:
    value = notional_of(event, event.order_qty, event.limit_px)
    allotments.spend(state, event.client_id, event.currency, value)


def on_change_pending(state: State, event: OrderChangePending) -> None:
    """An amend that asks for more spends the difference at once; a cut gives nothing back."""
    order = state.orders[event.order_id]
    if event.order_id in state.unplaced:
        return  # A carried order spends when it joins a parent.
    before = notional_of(order.terms, order.order_qty, order.limit_px)
    after = notional_of(order.terms, event.order_qty, event.limit_px)
    terms = order.terms
    allotments.spend(state, terms.client_id, terms.currency, max(0, after - before))


def on_order_resumed(state: State, event: OrderResumed) -> None:
    """The open quantity of a carried order spends from the new day's allotments."""
    order = state.orders[event.order_id]
    terms = order.terms
    px = valued_px(terms.side, order.limit_px, event.value_px)
    allotments.spend(state, terms.client_id, terms.currency, px * order.open_qty)


def on_control_applied(_: State, __: ControlApplied) -> None:
    """The fact itself changed the state; this event is its receipt."""


EVOLVE: Mapping[type, Callable[[State, Any], None]] = {
    OrderAccepted: on_order_accepted,
    OrderChangePending: on_change_pending,
    OrderResumed: on_order_resumed,
    InstrumentHalted: on_instrument_halted,
    SuspensionSet: on_suspension_set,
    SuspensionEnded: on_suspension_ended,
    ControlApplied: on_control_applied,
}


def policy_of(state: State) -> PolicySet:
    policy = state.controls.policy
    assert policy is not None, "no order is accepted without a policy"
    return policy
