"""Brakes on what comes in and goes out too fast: at most so many in a window, for each name.

A rate needs one number a name: the time up to which its events have used the window up (the generic
cell rate algorithm). Each event moves the time on by a step, and a name whose time is a window
ahead has to wait. Half of the most may come at one moment and the other half in the window after
it, so no window ever holds more than the most. The times are folded from the events that they
count, and a name whose time has passed is forgotten: memory is bounded by what one window holds.

Children count for their parent and for their venue's session, and orders for their client. Amends
and cancels count for their client in the instrument, and so does each child that they make the
engine cancel. A cancel counts, and is never refused: the client that orders and cancels in a loop
can order no more.
Source: ITU-T I.371, generic cell rate algorithm; the limits themselves are guesses, in the policy.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

from engine.core.controls import risk
from engine.core.events import (
    CancelReason,
    ChildCancelRequested,
    ChildRouted,
    OrderAccepted,
    OrderChangePending,
    RejectReason,
)
from engine.core.state.state import State

Key = tuple[str, ...]


class Rate(NamedTuple):
    """At most so many events in a time, for one name."""

    key: Key
    most: int
    window_ns: int

    @property
    def burst(self) -> int:
        """The most at one moment; what the window after it adds is no more than that again."""
        return max(1, self.most // 2)

    @property
    def step_ns(self) -> int:
        return max(1, self.window_ns // self.burst)


def of_parent(state: State, parent_id: str) -> Rate:
    policy = risk.policy_of(state)
    return Rate(("parent", parent_id), policy.parent_routes_max, policy.rate_window_ns)


def of_venue(state: State, venue: str) -> Rate:
    policy = risk.policy_of(state)
    return Rate(("venue", venue), policy.venue_routes_max, policy.rate_window_ns)


def of_orders(state: State, client_id: str) -> Rate:
    policy = risk.policy_of(state)
    return Rate(("client", client_id), policy.client_orders_max, policy.rate_window_ns)


def of_changes(state: State, client_id: str, instrument_id: str) -> Rate:
    policy = risk.policy_of(state)
    key = ("changes", client_id, instrument_id)
    return Rate(key, policy.client_changes_max, policy.rate_window_ns)


def room(state: State, rate: Rate, now_ns: int) -> int:
    """The number of further ones that the rate permits now."""
    used_ns = state.rates.get(rate.key, 0) - now_ns
    if used_ns <= 0:
        return rate.burst
    return max(0, rate.burst - -(-used_ns // rate.step_ns))  # Ceiling: a part of a step is used.


def free_ns(state: State, rate: Rate, now_ns: int, more: int = 0) -> int:
    """The time from which the rate permits one after `more` others; it may have passed."""
    used_ns = max(now_ns, state.rates.get(rate.key, 0))
    return used_ns + (more + 1 - rate.burst) * rate.step_ns


class Asked(Protocol):
    """The fields of a request that name the rate that it counts for."""

    @property
    def client_id(self) -> str: ...
    @property
    def instrument_id(self) -> str: ...


def check_orders(state: State, order: Asked, now_ns: int) -> tuple[RejectReason, str] | None:
    """The refusal of a new order of a client that orders, amends or cancels too fast."""
    rate = of_orders(state, order.client_id)
    if not room(state, rate, now_ns):
        return too_fast(state, rate, now_ns, "orders")
    return check_changes(state, order, now_ns)


def check_changes(state: State, order: Asked, now_ns: int) -> tuple[RejectReason, str] | None:
    """The refusal of an amend, or of an order, after too many amends and cancels."""
    rate = of_changes(state, order.client_id, order.instrument_id)
    if not room(state, rate, now_ns):
        return too_fast(
            state, rate, now_ns, f"amends, cancels and cancelled children in {order.instrument_id}"
        )
    return None


def too_fast(state: State, rate: Rate, now_ns: int, what: str) -> tuple[RejectReason, str]:
    wait_ns = free_ns(state, rate, now_ns) - now_ns
    text = (
        f"{rate.most} {what} of a client in {rate.window_ns} ns are the most, half of them at "
        f"once; wait {wait_ns} ns"
    )
    return RejectReason.RATE_LIMIT, text


# ------------------------------------------------------------------------------ evolve


def count(state: State, rate: Rate, at_ns: int) -> None:
    """Count one more event of a name, and forget the names that were counted long ago."""
    rates = state.rates
    key, step_ns = rate.key, rate.step_ns
    used_ns = max(at_ns, rates.get(key, 0)) + step_ns
    # Cancels are counted beyond the most: however many they are, they hold for a window at most.
    rates[key] = min(used_ns, at_ns + rate.burst * step_ns)
    rates.move_to_end(key)
    while next(iter(rates.values())) <= at_ns:
        rates.popitem(last=False)


def on_child_routed(state: State, event: ChildRouted) -> None:
    count(state, of_parent(state, event.parent_id), event.at_ns)
    count(state, of_venue(state, event.venue), event.at_ns)


def on_order_accepted(state: State, event: OrderAccepted) -> None:
    count(state, of_orders(state, event.client_id), event.at_ns)


def on_change_pending(state: State, event: OrderChangePending) -> None:
    terms = state.orders[event.order_id].terms
    count(state, of_changes(state, terms.client_id, terms.instrument_id), event.at_ns)


def on_cancel_requested(state: State, event: ChildCancelRequested) -> None:
    """A change that costs the venues children counts for each client that waits for it."""
    if event.reason is not CancelReason.MEMBER_CHANGE:
        return  # A cancel that is repeated has a reason of its own.
    parent = state.parents[event.parent_id]
    for client_id in dict.fromkeys(order.terms.client_id for order in parent.pending.values()):
        count(state, of_changes(state, client_id, parent.terms.instrument_id), event.at_ns)


EVOLVE: Mapping[type, Callable[[State, Any], None]] = {
    ChildRouted: on_child_routed,
    OrderAccepted: on_order_accepted,
    OrderChangePending: on_change_pending,
    ChildCancelRequested: on_cancel_requested,
}
