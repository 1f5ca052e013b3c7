"""Part what the shards of a log carried over a close among another number of shards.

Orders, halts, instruments, ticks and curves go to the shard of their instrument; orders wait there
by the time they were received. What belongs to no instrument follows these rules:

- a control or a definition that every shard reads stands in each, and must be the same in all;
- the parts of an allotted limit are added up and divided anew, what does not divide going to the
  first shards: their sum, which never exceeds the limit, stays what it was;
- of a venue's scorecards the one with the most samples is everybody's, so no estimate is made up;
- a venue is as far from open as any shard knew, and its session down since the earliest time;
- what is suspended anywhere is suspended everywhere, as what could not be read may have been about
  any instrument; where two shards wait for different numbers, only a person can end it;
- two orders of one source and id, which no shard could see, are refused where they would meet;
- a break stays with the number of its shard, modulo the new count: it is for people to settle.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from engine.core.events import LimitAllotted, VenueStatus
from engine.core.partition import partition_of
from engine.core.state.model import Order, Scorecard
from engine.core.state.state import Controls, Reference, State

UNKNOWN_NUMBER = -1  # Of a record that nobody can name.
SHARED = (
    *("reference.venues", "reference.fees", "reference.calendars", "controls.killed"),
    *("controls.limits", "controls.mandates", "controls.restricted", "controls.policy"),
)
V = TypeVar("V")
Key = tuple[str, str]


class DifferError(ValueError):
    """Shards that must know the same do not."""


def parted(states: Sequence[State], partitions: int) -> list[State]:
    """What each of so many new shards begins with, of the states that a close left.

    Raises DifferError where a shard has another control or definition than the rest, and where
    two orders that one source gave the same id would share a shard.
    """
    for name in SHARED:
        group, _, inner = name.partition(".")
        found = [getattr(getattr(state, group), inner) for state in states]
        differing = [
            state.shard for state, one in zip(states, found, strict=True) if one != found[0]
        ]
        if differing:
            raise DifferError(
                f"shards {differing} have other {inner} than shard {states[0].shard}: one of them "
                "could not take a record that the others took"
            )
    allotments = divided(states, partitions)
    made = [_shard(states, number, partitions, allotments[number]) for number in range(partitions)]
    for state in made:
        _require_own_ids(state)
    return made


def _require_own_ids(state: State) -> None:
    """Sources number orders as they like, and no shard knows what another one took."""
    known: dict[Key, Order] = {}
    for order in state.orders.values():
        other = known.setdefault((order.terms.source, order.cl_ord_id), order)
        if other is not order:
            raise DifferError(
                f"orders {other.order_id} in {other.terms.instrument_id} and {order.order_id} in "
                f"{order.terms.instrument_id} both have cl_ord_id {order.cl_ord_id!r:.80} of "
                f"{order.terms.source!r:.80}, and would share shard {state.shard}: cancel one of "
                "them"
            )


def _shard(
    states: Sequence[State], number: int, partitions: int, allotments: dict[Key, LimitAllotted]
) -> State:
    first = states[0]

    def own(indices: Iterable[Mapping[str, V]]) -> dict[str, V]:
        return {
            name: found
            for index in indices
            for name, found in index.items()
            if partition_of(name.encode(), partitions) == number
        }

    orders = [
        order
        for state in states
        for order in state.orders.values()
        if partition_of(order.terms.instrument_id.encode(), partitions) == number
    ]
    orders.sort(key=lambda order: order.terms.received_ns)  # Of one time: as they came.
    return State(
        shard=number,
        reference=replace(
            first.reference,
            instruments=own(state.reference.instruments for state in states),
            ticks=own(state.reference.ticks for state in states),
            curves=own(state.reference.curves for state in states),
        ),
        controls=replace(first.controls, allotments=allotments),
        halted=own(state.halted for state in states),
        suspended=suspended(states),
        venue_status=venue_status(states),
        sessions_down=sessions_down(states),
        orders={order.order_id: order for order in orders},
        scorecards=scorecards(states),
        breaks={
            break_id: found
            for state in states
            if state.shard % partitions == number
            for break_id, found in state.breaks.items()
        },
    )


def divided(states: Sequence[State], partitions: int) -> list[dict[Key, LimitAllotted]]:
    """The parts of each limit for each new shard."""
    made: list[dict[Key, LimitAllotted]] = [{} for _ in range(partitions)]
    keys = dict.fromkeys(key for state in states for key in state.controls.allotments)
    for key in keys:
        parts = [
            state.controls.allotments[key] for state in states if key in state.controls.allotments
        ]
        each, left = divmod(sum(part.allotted_notional_cur for part in parts), partitions)
        for number in range(partitions):
            made[number][key] = LimitAllotted(
                scope=parts[0].scope,
                scope_id=parts[0].scope_id,
                shard=number,
                allotted_notional_cur=each + (number < left),
                set_ns=max(part.set_ns for part in parts),
            )
    return made


def scorecards(states: Sequence[State]) -> dict[str, Scorecard]:
    """Of each venue the card with the most samples; of equal ones the lowest shard's."""
    best: dict[str, Scorecard] = {}
    for state in states:
        for venue, card in state.scorecards.items():
            if venue not in best or card.samples > best[venue].samples:
                best[venue] = card
    return best


def venue_status(states: Sequence[State]) -> dict[str, VenueStatus]:
    """Of each venue what is furthest from open."""
    order = tuple(VenueStatus)
    worst: dict[str, VenueStatus] = {}
    for state in states:
        for venue, status in state.venue_status.items():
            worst[venue] = max(worst.get(venue, status), status, key=order.index)
    return worst


def sessions_down(states: Sequence[State]) -> dict[str, int]:
    """Since when each venue's session is down; the earliest time that a shard knew, ns."""
    since: dict[str, int] = {}
    for state in states:
        for venue, since_ns in state.sessions_down.items():
            since[venue] = min(since.get(venue, since_ns), since_ns)
    return since


def suspended(states: Sequence[State]) -> dict[Key, int]:
    """What waits, and for which number of its sender."""
    found: dict[Key, int] = {}
    for state in states:
        for key, number in state.suspended.items():
            found[key] = number if found.get(key, number) == number else UNKNOWN_NUMBER
    return found


def facts(states: Sequence[State]) -> tuple[Reference, Controls]:
    """All that stands in some shard, for the topics that every shard reads."""
    reference = replace(states[0].reference, instruments={}, ticks={}, curves={})
    for state in states:
        reference.instruments |= state.reference.instruments
        reference.ticks |= state.reference.ticks
        reference.curves |= state.reference.curves
    return reference, replace(states[0].controls, allotments={})
