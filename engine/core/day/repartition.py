"""Redistribute the carried state of a log's shards among another number of shards.

Orders, with their carried children, halts, instruments, ticks and curves go to the shard of their
instrument; there the orders are sorted by the time at which they were received. State of no
instrument follows these rules:

- a control or definition that every shard reads goes to each, and must be equal in all;
- of the numbers of each sender's controls, and of the closed days, the highest is in force;
- the allotments of a limit are added up and divided again, and the remainder goes to the first
  shards: their sum, which never exceeds the limit, does not change;
- every shard gets the scorecard of a venue with the most samples, so no estimate is invented;
- a venue has the status furthest from open of all shards, and its session is down since the
  earliest time;
- a suspension of one shard holds in all, as the unreadable input may concern any instrument; where
  two shards wait for different record numbers, only an operator can end it;
- two orders with one source and cl_ord_id, which no former shard could see, are an error where they
  would share a shard;
- a break goes to its shard's number modulo the new count, as it is for people to settle.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from engine.core.events import BreakReason, CorporateActionDefined, LimitAllotted, VenueStatus
from engine.core.partition import partition_of
from engine.core.routing import scorecard
from engine.core.state.model import MoreBreaks, Order, Scorecard
from engine.core.state.state import Controls, Reference, ReferenceName, State

OF_INSTRUMENTS = ("instruments", "ticks", "curves")  # Indices of what one shard alone carries.
UNKNOWN_NUMBER = -1  # Of a record without a sender's number: only an operator ends its suspension.
SHARED = (
    *("reference.venues", "reference.fees", "reference.calendars", "controls.killed"),
    *("controls.limits", "controls.mandates", "controls.restricted", "controls.policy"),
    "controls.writer_keys",
)
V = TypeVar("V")
Key = tuple[str, str]


class ShardsDifferError(ValueError):
    """The states of the shards contradict each other."""


def repartitioned(states: Sequence[State], partitions: int) -> list[State]:
    """The first state of each new shard, from the states after a close.

    Raises ShardsDifferError if a shard has another control or definition than the others, or if two
    orders with one source and cl_ord_id would share a shard.
    """
    for name in SHARED:
        group, _, inner = name.partition(".")
        found = [getattr(getattr(state, group), inner) for state in states]
        differing = [
            state.shard for state, one in zip(states, found, strict=True) if one != found[0]
        ]
        if differing:
            raise ShardsDifferError(
                f"shards {differing} have other {inner} than shard {states[0].shard}, expected the "
                "same in all: one of them rejected a record that the others accepted"
            )
    allotments = split_allotments(states, partitions)
    made = [_shard(states, number, partitions, allotments[number]) for number in range(partitions)]
    for state in made:
        _require_unique_ids(state)
    return made


def _require_unique_ids(state: State) -> None:
    """Raise ShardsDifferError if two orders have one source and cl_ord_id.

    Sources choose their ids, and no shard knows the orders of another one.
    """
    known: dict[Key, Order] = {}
    for order in state.orders.values():
        other = known.setdefault((order.terms.source, order.cl_ord_id), order)
        if other is not order:
            raise ShardsDifferError(
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
    orders.sort(key=lambda order: order.terms.received_ns)  # Stable: ties keep their order.
    cards = scorecards(states)
    return State(
        shard=number,
        reference=replace(
            first.reference,
            instruments=own(state.reference.instruments for state in states),
            ticks=own(state.reference.ticks for state in states),
            curves=own(state.reference.curves for state in states),
            waiting=waiting_of(states, number, partitions),
            actions=actions_of((state.reference.actions for state in states), number, partitions),
            settled=actions_of((state.reference.settled for state in states), number, partitions),
        ),
        controls=replace(
            first.controls,
            allotments=allotments,
            numbers=numbers(states),
            closed_day=max(state.controls.closed_day for state in states),
        ),
        halted=own(state.halted for state in states),
        suspended=suspended(states),
        venue_status=venue_status(states),
        sessions_down=sessions_down(states),
        orders={order.order_id: order for order in orders},
        unplaced={order.order_id: order for order in orders},
        parents_ended={
            parent_id: parent
            for state in states
            for parent_id, parent in state.parents_ended.items()
            if partition_of(parent.terms.instrument_id.encode(), partitions) == number
        },
        scorecards=cards,
        pools=scorecard.pooled(cards),
        breaks={
            break_id: found
            for state in states
            if state.shard % partitions == number
            for break_id, found in state.breaks.items()
        },
        more_breaks=more_breaks([state for state in states if state.shard % partitions == number]),
    )


def more_breaks(states: Sequence[State]) -> dict[tuple[str, BreakReason], MoreBreaks]:
    """The counted breaks of several shards; each kind keeps the id of its first."""
    found: dict[tuple[str, BreakReason], MoreBreaks] = {}
    for state in states:
        for key, more in state.more_breaks.items():
            known = found.get(key, MoreBreaks(more.break_id, 0, 0))
            found[key] = MoreBreaks(
                known.break_id,
                known.break_count + more.break_count,
                known.break_qty + more.break_qty,
            )
    return found


def numbers(states: Sequence[State]) -> dict[str, int]:
    """The highest number of each sender of controls."""
    highest: dict[str, int] = {}
    for state in states:
        for source, number in state.controls.numbers.items():
            highest[source] = max(number, highest.get(source, number))
    return highest


def split_allotments(states: Sequence[State], partitions: int) -> list[dict[Key, LimitAllotted]]:
    """The allotments of each new shard, by limit."""
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
                limit_notional_cur=parts[0].limit_notional_cur,
                currency=parts[0].currency,
            )
    return made


def scorecards(states: Sequence[State]) -> dict[str, Scorecard]:
    """The scorecard of each venue with the most samples; of equal ones the lowest shard's."""
    best: dict[str, Scorecard] = {}
    for state in states:
        for venue, card in state.scorecards.items():
            if venue not in best or card.samples > best[venue].samples:
                best[venue] = replace(card)  # Each shard goes on with its own.
    return best


def venue_status(states: Sequence[State]) -> dict[str, VenueStatus]:
    """The status of each venue that is furthest from open."""
    order = tuple(VenueStatus)
    worst: dict[str, VenueStatus] = {}
    for state in states:
        for venue, status in state.venue_status.items():
            worst[venue] = max(worst.get(venue, status), status, key=order.index)
    return worst


def waiting_of(
    states: Sequence[State], number: int, partitions: int
) -> dict[tuple[str, ReferenceName], tuple[Any, ...]]:
    """The records that wait for their day, shared ones and those of the shard's instruments."""
    found = dict(states[0].reference.waiting)
    for state in states:
        found |= state.reference.waiting
    return {
        (index, name): rows
        for (index, name), rows in sorted(found.items(), key=str)
        if index not in OF_INSTRUMENTS or partition_of(str(name).encode(), partitions) == number
    }


def actions_of(
    indices: Iterable[Mapping[str, CorporateActionDefined]], number: int, partitions: int
) -> dict[str, CorporateActionDefined]:
    """The corporate actions of the shard's instruments, which other shards may know too."""
    return {
        name: action
        for index in indices
        for name, action in index.items()
        if partition_of(action.instrument_id.encode(), partitions) == number
    }


def sessions_down(states: Sequence[State]) -> dict[str, int]:
    """The start of each venue's session outage in ns, the earliest of all shards."""
    since: dict[str, int] = {}
    for state in states:
        for venue, since_ns in state.sessions_down.items():
            since[venue] = min(since.get(venue, since_ns), since_ns)
    return since


def suspended(states: Sequence[State]) -> dict[Key, int]:
    """The suspensions of all shards, with the record number that ends each."""
    found: dict[Key, int] = {}
    for state in states:
        for key, number in state.suspended.items():
            found[key] = number if found.get(key, number) == number else UNKNOWN_NUMBER
    return found


def shared_facts(states: Sequence[State]) -> tuple[Reference, Controls]:
    """The facts of all shards, for the topics that every shard reads."""
    reference = replace(
        states[0].reference,
        **{
            name: {} for name in ("instruments", "ticks", "curves", "waiting", "actions", "settled")
        },
    )
    for state in states:
        reference.instruments |= state.reference.instruments
        reference.ticks |= state.reference.ticks
        reference.curves |= state.reference.curves
        reference.waiting |= state.reference.waiting
        reference.actions |= state.reference.actions
    return reference, replace(states[0].controls, allotments={})
