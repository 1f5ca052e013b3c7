"""Stops and bounds: the effect of the controls in force on what is at work.

A control binds the orders that were accepted before it as it binds the next one. Each stop has its
reason:

- a halt, a kill switch or a restriction of the instrument stops all of its parents;
- a kill switch or a withdrawn mandate of a client stops the client's orders;
- a limit that became lower stops the orders whose open quantity or value is above it, those of a
  side whose position would be, and those that no limit bounds any more;
- a pause by the desk stops one parent (`instructions`).

A stopped order waits: nothing more is sent for it, its children are cancelled, and it goes on when
the stop is lifted, until its window ends. The client may cancel it, or cut it to the limit. No
claim on a child belongs to one member alone, so a stopped member stops its tranche until it can
leave (`parents.membership`).

A mandate that became narrower stops no order. Its venues and its participation bind the tranches of
the client from then on, besides what the order itself asked for.

Nothing here is computed unless a control changed during the day: orders were checked against the
older ones when they were accepted.
"""

from typing import NamedTuple

from engine.core.controls import instructions, limits, positions, risk
from engine.core.events import CancelReason, ControlScope, RiskLimitSet, VenueDefined, VenueKind
from engine.core.state.model import Order, Parent, Tranche
from engine.core.state.state import State


def of_instrument(state: State, instrument_id: str) -> CancelReason | None:
    """The stop of an instrument, or of the whole firm."""
    if risk.is_halted(state, instrument_id):
        return CancelReason.HALT
    if risk.is_killed(state, instrument_id=instrument_id):
        return CancelReason.KILL_SWITCH
    if instrument_id in state.controls.restricted:
        return CancelReason.RESTRICTED
    return None


def of_parent(state: State, parent: Parent) -> CancelReason | None:
    """The stop of all of a parent: of its instrument, or by the desk."""
    found = of_instrument(state, parent.terms.instrument_id)
    return found or instructions.stop_of(parent)


def of_client(state: State, client_id: str) -> CancelReason | None:
    """The stop of a client, or of the whole firm."""
    if risk.is_killed(state, client_id=client_id):
        return CancelReason.KILL_SWITCH
    if client_id in state.narrowed and not state.controls.mandates[client_id].active:
        return CancelReason.MANDATE
    return None


def of_order(state: State, order: Order) -> CancelReason | None:
    """The stop of one order, apart from that of its instrument."""
    reason = of_client(state, order.terms.client_id)
    if reason is None and state.lowered:
        terms = order.terms
        if not limits.is_limited(state, terms.client_id, terms.currency):
            return CancelReason.RISK_LIMIT
        lowered = limits.lowered(state, terms.client_id, terms.instrument_id)
        if any(is_above(x, order) or positions.is_above(state, x, order) for x in lowered):
            return CancelReason.RISK_LIMIT
    return reason


def of_members(state: State, tranche: Tranche) -> CancelReason | None:
    """The stop of a member with open quantity, the first one's."""
    if not may_stop_members(state):
        return None  # Nearly always; planning asks several times.
    if not has_stopped_client(state, tranche) and not state.lowered:
        return None
    for member in tranche.active_members():
        if member.open_qty and (reason := of_order(state, member.order)):
            return reason
    return None


def may_stop_members(state: State) -> bool:
    """Whether a control of the day stops members of some tranche."""
    return bool(state.controls.killed or state.narrowed or state.lowered)


def may_trade(state: State, parent: Parent) -> bool:
    """Whether something may be sent for a tranche of the parent now."""
    if of_parent(state, parent) is not None:
        return False
    return any(of_members(state, tranche) is None for tranche in parent.open_tranches())


def has_stopped_client(state: State, tranche: Tranche) -> bool:
    """Whether a client of the tranche is stopped.

    Each new order asks, so this goes over the stops, which are fewer than the members.
    """
    killed, narrowed = state.controls.killed, state.narrowed
    if not killed and not narrowed:
        return False
    return any(
        scope == ControlScope.FIRM or (scope == ControlScope.CLIENT and name in tranche.clients)
        for scope, name in killed
    ) or any(
        name in tranche.clients and not state.controls.mandates[name].active for name in narrowed
    )


def are_stopped_alike(state: State, tranche: Tranche, order: Order) -> bool:
    """Whether an order that joins a tranche would neither stop it nor be stopped by it.

    An order above a limit waits alone.
    """
    reason = of_order(state, order)
    if reason is CancelReason.RISK_LIMIT:
        return False
    if reason is None:
        return not has_stopped_client(state, tranche)
    return all(of_client(state, name) for name in tranche.clients)


# ------------------------------------------------------------------------------ limits


def is_above(limit: RiskLimitSet, order: Order) -> bool:
    """Whether what an order still has open is more than a limit allows one order.

    It is valued as at its acceptance, so that the market does not stop an order.
    """
    most_qty, most_cur = limit.max_order_qty, limit.max_order_notional_cur
    if most_qty is not None and order.open_qty > most_qty:
        return True
    value = risk.notional_of(order.terms, order.open_qty, order.limit_px)
    return most_cur is not None and value > most_cur * risk.UNIT_PX


# ----------------------------------------------------------------------------- mandates


class Bounds(NamedTuple):
    """The venues and the participation that a tranche keeps to."""

    no_dark: bool
    excluded_venues: tuple[str, ...]
    max_participation_ppm: int

    def forbids(self, defined: VenueDefined) -> bool:
        is_dark = defined.kind is not VenueKind.LIT
        return defined.venue in self.excluded_venues or (self.no_dark and is_dark)


def bounds_of(state: State, tranche: Tranche) -> Bounds:
    """The tranche's own bounds, within those of each client's mandate that became narrower."""
    terms = tranche.terms
    found = Bounds(terms.no_dark, terms.excluded_venues, terms.max_participation_ppm)
    for client_id in state.narrowed:
        if client_id in tranche.clients:
            mandate = state.controls.mandates[client_id]
            found = Bounds(
                found.no_dark or not mandate.dark_allowed,
                (*found.excluded_venues, *mandate.excluded_venues),
                min(found.max_participation_ppm, mandate.max_participation_ppm),
            )
    return found
