"""Say whose a fill is: the orders that its child was sent for.

A child has claims of tranches (`claims`), and a fill has a part for each. A part is of
the orders that were members of the tranche when the child was sent. Those that are still members,
with open quantity, share it first; a member that joined later has no part. What they cannot take of
a child that its venue has not ended goes to the members that joined later: the child was left at
work for them, as theirs was the quantity that it covered. What they cannot take of a child that its
venue had ended was bought or sold for orders that are members no more: the venue filled after it
had confirmed a cancel, or after the parent's end. It goes to those whose quantity is open
elsewhere, then to those whose quantity was withdrawn, each up to what it took out of the parent. A
cancelled order stays cancelled, and has the fill. Only what exceeds all of that goes to the error
account.

A basis of allocation is of one set of members. Most fills are of children sent since the last
member joined, and share one basis. The fills of older children have a basis each; as a member's
open quantity is one, what it gets on one basis is no longer its claim on the others.

An order that ended on an earlier day and was not carried is final, as its client was told. What a
bust or a correction would change of its share is the error account's, which may so owe a quantity.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import NamedTuple

from engine.core.allocation import claims
from engine.core.allocation.apportionment import shares
from engine.core.state.model import Basis, Child, Fill, Member, Parent, Tranche


class Division(NamedTuple):
    """The parts of a fill, which sum to it."""

    order_ids: list[str]  # The members of each claim's basis, claim after claim.
    parts: list[int]  # Of each of them.
    others: dict[str, int]  # Of orders beside these members, by id; none is zero.
    restated: dict[str, int]  # The part of `others` that had been withdrawn.
    error_qty: int


NO_BASIS = Basis([], [], [], [])


def is_current(tranche: Tranche, epoch: int) -> bool:
    """Whether every member of now was one in this epoch, or the epoch is of an early release."""
    return epoch < 0 or epoch >= tranche.join_epoch


def basis_of(tranche: Tranche, epoch: int) -> Basis:
    """The members that share in a fill of a child sent in this epoch, by their open quantity."""
    if is_current(tranche, epoch):
        known = tranche.basis
        members = [] if known else [m for m in tranche.active_members() if m.open_qty > 0]
    else:
        known = tranche.older.get(epoch)
        members = [] if known else list(claimants(tranche, epoch))
    if known is not None:
        return known
    return Basis(
        members,
        [member.order.order_id for member in members],
        [member.open_qty for member in members],
        [0] * len(members),
    )


def claimants(tranche: Tranche, epoch: int) -> Iterator[Member]:
    """The members with open quantity that were members in an epoch."""
    for member in tranche.active_members():
        if member.open_qty > 0 and member.was_in(tranche.number, epoch):
            yield member


def basis_qty(parent: Parent, tranche: Tranche, epoch: int) -> int:
    """Open quantity of the members that share in a fill of a child sent in this epoch."""
    if parent.is_ended:
        return 0
    if is_current(tranche, epoch):
        return tranche.open_qty
    return sum(member.open_qty for member in claimants(tranche, epoch))


def taken(parent: Parent, child: Child, fill_qty: int) -> tuple[int, int]:
    """The quantity that the members take from the parent's open one, and that no order takes.

    A member that has moved to another tranche of the parent takes it from there.
    """
    tranches = list(parent.covered(child))
    if child.is_closed:
        open_qty = sum(basis_qty(parent, tranche, child.epoch) for tranche in tranches)
    else:
        open_qty = sum(tranche.open_qty for tranche in tranches)
    working_qty = 0 if parent.is_ended else min(fill_qty, open_qty)
    if working_qty == fill_qty:
        return working_qty, 0
    division = divided(parent, child, claims.parts_of(child, fill_qty))
    active = (part for name, part in division.others.items() if parent.members[name].is_active)
    return sum(division.parts) + sum(active), division.error_qty


def divided(parent: Parent, child: Child, claimed: Sequence[int]) -> Division:
    """The division of a quantity that the child was filled; `claimed` is the part of each claim."""
    epoch, tranches = child.epoch, list(parent.covered(child))
    working = working_qtys(parent, tranches, epoch, claimed)
    order_ids: list[str] = []
    parts: list[int] = []
    for tranche, qty in zip(tranches, working, strict=True):
        basis = basis_of(tranche, epoch) if qty else NO_BASIS
        order_ids += basis.order_ids
        parts += shares(basis.held, qty, basis.qtys)
    rest_qty = sum(claimed) - sum(working)
    if not rest_qty:
        return Division(order_ids, parts, {}, {}, 0)
    others: dict[str, int] = {}
    if not (child.is_closed or parent.is_ended):
        later = [m for tranche in tranches for m in later_members(tranche, epoch)]
        others = pro_rata(later, rest_qty, attrgetter("open_qty"))
    left = left_members(parent, tranches, epoch)
    others |= pro_rata(left, rest_qty - sum(others.values()), open_elsewhere_qty)
    restated = pro_rata(left, rest_qty - sum(others.values()), withdrawn_qty)
    others |= restated
    return Division(order_ids, parts, others, restated, rest_qty - sum(others.values()))


def working_qtys(
    parent: Parent, tranches: Sequence[Tranche], epoch: int, claimed: Sequence[int]
) -> list[int]:
    """The take of each claim's members: its part, and of the rest as much as they have room for."""
    most = [basis_qty(parent, tranche, epoch) for tranche in tranches]
    working = [min(part, qty) for part, qty in zip(claimed, most, strict=True)]
    rest_qty = sum(claimed) - sum(working)
    if rest_qty and len(tranches) > 1:
        room = [qty - part for qty, part in zip(most, working, strict=True)]
        more = shares([0] * len(room), min(rest_qty, sum(room)), room)
        working = [part + one for part, one in zip(working, more, strict=True)]
    return working


def later_members(tranche: Tranche, epoch: int) -> list[Member]:
    """The members of now that were none yet in an epoch."""
    if is_current(tranche, epoch):
        return []
    return [m for m in tranche.active_members() if not m.was_in(tranche.number, epoch)]


def left_members(parent: Parent, tranches: Sequence[Tranche], epoch: int) -> list[Member]:
    """The members of an epoch that are at work in the child's tranches no more, each once."""
    found: dict[str, Member] = {}
    for tranche in tranches:
        for order_id, member in tranche.members.items():
            is_here = member.is_active and member.tranche == tranche.number
            if (parent.is_ended or not is_here) and member.was_in(tranche.number, epoch):
                found.setdefault(order_id, member)
    return list(found.values())


def pro_rata(
    members: Sequence[Member], most_qty: int, claim_qty: Callable[[Member], int]
) -> dict[str, int]:
    """Up to this quantity for the members, in proportion to their claims; by order id."""
    qtys = [claim_qty(member) for member in members]
    parts = shares([0] * len(qtys), min(most_qty, sum(qtys)), qtys)
    return {m.order.order_id: part for m, part in zip(members, parts, strict=True) if part}


def open_elsewhere_qty(member: Member) -> int:
    """Open quantity that the order took out of this parent and has not been filled since."""
    return min(member.order.open_qty, taken_qty(member))


def withdrawn_qty(member: Member) -> int:
    """Withdrawn quantity that the order once had in this parent; none while it is open."""
    return 0 if member.order.open_qty else min(member.order.withdrawn_qty, taken_qty(member))


def taken_qty(member: Member) -> int:
    """Quantity that the member brought into the parent and did not get there."""
    return member.left_qty + member.open_qty


def kept(
    parent: Parent, fill: Fill, after: Mapping[str, int], error_qty: int
) -> tuple[dict[str, int], int]:
    """The shares after a bust or correction, with those that are final; and the error account's.

    The error account has the difference, and a negative quantity where it owes one.
    """
    shares_qty = dict(after)
    for order_id in final_in(parent, fill):
        was_qty = fill.shares[order_id]
        error_qty += shares_qty.get(order_id, 0) - was_qty
        shares_qty[order_id] = was_qty
    return shares_qty, error_qty


def final_in(parent: Parent, fill: Fill) -> list[str]:
    """The orders with a share of a fill that ended on an earlier day, and are not carried."""
    if not parent.is_former:
        return []
    return [order_id for order_id in fill.order_ids if order_id not in parent.members]
