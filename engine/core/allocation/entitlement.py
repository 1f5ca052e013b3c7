"""Say whose a fill is: the orders that were members of its parent when its child was sent.

Those that are still members, with open quantity, share it first; a member that joined later has no
part. What they cannot take of a child that its venue has not ended goes to the members that joined
later: the child was left at work for them, as theirs was the quantity that it covered. What they
cannot take of a child that its venue had ended was bought or sold for orders that are members no
more: the venue filled after it had confirmed a cancel, or after the parent's end. It goes to those
whose quantity is open elsewhere, then to those whose quantity was withdrawn, each up to what it
took out of the parent. A cancelled order stays cancelled, and has the fill. Only what exceeds all
of that goes to the error account.

A basis of allocation is of one set of members. Most fills are of children sent since the last
member joined, and share one basis. The fills of older children have a basis each; as a member's
open quantity is one, what it gets on one basis is no longer its claim on the others.

An order that ended on an earlier day and was not carried is final, as its client was told. What a
bust or a correction would change of its share is the error account's, which may so owe a quantity.
"""

from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import NamedTuple

from engine.core.allocation.apportionment import shares
from engine.core.state.model import Basis, Child, Fill, Member, Parent


class Division(NamedTuple):
    """The parts of a fill, which sum to it."""

    basis: Basis
    parts: list[int]  # Of the members of the basis, in their order.
    others: dict[str, int]  # Of orders beside these members, by id; none is zero.
    restated: dict[str, int]  # The part of `others` that had been withdrawn.
    error_qty: int


def is_current(parent: Parent, epoch: int) -> bool:
    """Whether every member of now was one in this epoch, or the epoch is of an early release."""
    return epoch < 0 or epoch >= parent.join_epoch


def basis_of(parent: Parent, epoch: int) -> Basis:
    """The members that share in a fill of a child sent in this epoch, by their open quantity."""
    if is_current(parent, epoch):
        known = parent.basis
        members = [] if known else [m for m in parent.active_members() if m.open_qty > 0]
    else:
        known = parent.older.get(epoch)
        members = [] if known else [m for m in parent.active_members() if has_claim(m, epoch)]
    if known is not None:
        return known
    return Basis(
        members,
        [member.order.order_id for member in members],
        [member.open_qty for member in members],
        [0] * len(members),
    )


def has_claim(member: Member, epoch: int) -> bool:
    return member.open_qty > 0 and member.was_in(epoch)


def basis_qty(parent: Parent, epoch: int) -> int:
    """Open quantity of the members that share in a fill of a child sent in this epoch."""
    if parent.is_ended:
        return 0
    if is_current(parent, epoch):
        return parent.open_qty
    return sum(m.open_qty for m in parent.active_members() if has_claim(m, epoch))


def taken(parent: Parent, child: Child, fill_qty: int) -> tuple[int, int]:
    """The quantity that the members take from the parent's open one, and that no order takes."""
    open_qty = basis_qty(parent, child.epoch) if child.is_closed else parent.open_qty
    working_qty = 0 if parent.is_ended else min(fill_qty, open_qty)
    if working_qty == fill_qty:
        return working_qty, 0
    return working_qty, divided(parent, child, fill_qty).error_qty


def divided(parent: Parent, child: Child, fill_qty: int) -> Division:
    """The parts of a quantity that the child was filled."""
    epoch = child.epoch
    working_qty = min(fill_qty, basis_qty(parent, epoch))
    basis = basis_of(parent, epoch) if working_qty else Basis([], [], [], [])
    parts = shares(basis.held, working_qty, basis.qtys)
    assert sum(parts) == working_qty, "the parts of a fill sum to it"
    rest_qty = fill_qty - working_qty
    if not rest_qty:
        return Division(basis, parts, {}, {}, 0)
    others: dict[str, int] = {}
    if not (child.is_closed or parent.is_ended or is_current(parent, epoch)):
        later = [m for m in parent.active_members() if not m.was_in(epoch)]
        others = pro_rata(later, rest_qty, attrgetter("open_qty"))
    left = [member for member in parent.members.values() if has_left(parent, member, epoch)]
    others |= pro_rata(left, rest_qty - sum(others.values()), open_elsewhere_qty)
    restated = pro_rata(left, rest_qty - sum(others.values()), withdrawn_qty)
    others |= restated
    return Division(basis, parts, others, restated, rest_qty - sum(others.values()))


def has_left(parent: Parent, member: Member, epoch: int) -> bool:
    """Whether it was a member in this epoch and is at work here no more."""
    return (parent.is_ended or not member.is_active) and member.was_in(epoch)


def pro_rata(
    members: Sequence[Member], most_qty: int, claim_qty: Callable[[Member], int]
) -> dict[str, int]:
    """Up to this quantity for the members, in proportion to their claims; by order id."""
    claims = [claim_qty(member) for member in members]
    parts = shares([0] * len(claims), min(most_qty, sum(claims)), claims)
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
