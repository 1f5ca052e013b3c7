"""The quantity that each client has open in a tranche, of all its members and of those that cross.

A slice, each of its children and each search for a cross need it, and adding up members is most of
the work of a parent that waits. So it is kept until an event changes the quantity of a member. What
is kept is no part of the state: it follows from the members, and any of it may be dropped.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from engine.core.events import (
    CrossAllocated,
    FillAllocated,
    FillReallocated,
    MemberAmended,
    MemberJoined,
    MemberLeft,
    ParentEnded,
)
from engine.core.state.model import Parent, Tranche
from engine.core.state.state import State


def open_by_client(state: State, parent: Parent, tranche: Tranche) -> Mapping[str, int]:
    """Open quantity of the active members, by client; also of those that have none."""
    kept: dict[int, dict[str, int]] = state.open_parts.setdefault(parent.parent_id, {})
    found = kept.get(tranche.number)
    if found is None:
        found = kept[tranche.number] = added_up(tranche)
    return found


def willing_by_client(
    state: State, parent: Parent, tranches: Mapping[int, Tranche]
) -> Mapping[str, int]:
    """Open quantity of the members with consent and no pending change, by client; none is zero.

    Of some tranches together, which are kept too: a parent meets each opposite one with the same.
    """
    if any(tranche.pending for tranche in tranches.values()):
        return together([_willing(state, parent, tranche) for tranche in tranches.values()])
    numbers = tuple(tranches)
    kept: dict[tuple[int, ...], Mapping[str, int]]
    kept = state.willing_parts.setdefault(parent.parent_id, {})
    found = kept.get(numbers)
    if found is None:
        parts = [_willing(state, parent, tranche) for tranche in tranches.values()]
        found = kept[numbers] = together(parts)
    return found


def _willing(state: State, parent: Parent, tranche: Tranche) -> Mapping[str, int]:
    if tranche.pending:  # A change that comes or goes is no event of the parent.
        return added_up_willing(parent, tranche)
    kept: dict[tuple[int, ...], Mapping[str, int]]
    kept = state.willing_parts.setdefault(parent.parent_id, {})
    found = kept.get((tranche.number,))
    if found is None:
        found = kept[tranche.number,] = added_up_willing(parent, tranche)
    return found


def together(parts: Sequence[Mapping[str, int]]) -> Mapping[str, int]:
    """The quantities of several tranches, by client."""
    if len(parts) == 1:
        return parts[0]
    found: dict[str, int] = {}
    for part in parts:
        for name, qty in part.items():
            found[name] = found.get(name, 0) + qty
    return found


def added_up(tranche: Tranche) -> dict[str, int]:
    if len(tranche.clients) == 1:
        return dict.fromkeys(tranche.clients, tranche.open_qty)
    number = tranche.number
    found = dict.fromkeys(tranche.clients, 0)
    for member in tranche.members.values():
        if member.is_active and member.tranche == number:
            # As `open_qty`, which costs a call for each member.
            open_qty = member.member_qty - member.crossed_qty - member.allocated_qty
            found[member.order.terms.client_id] += open_qty - member.left_qty
    return found


def added_up_willing(parent: Parent, tranche: Tranche) -> dict[str, int]:
    number = tranche.number
    found: dict[str, int] = {}
    for member in parent.consenting.values():
        is_free = member.is_active and member.tranche == number and member.order.pending is None
        if is_free and (qty := member.open_qty):
            name = member.order.terms.client_id
            found[name] = found.get(name, 0) + qty
    return found


# ------------------------------------------------------------------------------ evolve


def forget(state: State, event: Any) -> None:  # noqa: ANN401  Any event of a parent.
    """Add up anew: the quantity of a member has changed, or the parent has ended."""
    state.open_parts.pop(event.parent_id, None)
    state.willing_parts.pop(event.parent_id, None)


EVOLVE: Mapping[type, Callable[[State, Any], None]] = dict.fromkeys(
    (
        *(MemberJoined, MemberAmended, MemberLeft, CrossAllocated, FillAllocated, FillReallocated),
        ParentEnded,
    ),
    forget,
)
