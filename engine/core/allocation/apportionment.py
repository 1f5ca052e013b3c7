"""Divide a whole quantity among claimants in proportion to their weights.

A fill of a parent belongs to its members, in proportion to their quantities. The exact
share of a member is a fraction, the member gets whole units, and fills come one by one. What
must hold at every fill: the parts sum to the fill, no member is above its own order, no member
hands a unit back, no member is far from its exact share, and the work grows with the members,
not with the quantity.

No published method holds all of it. Largest remainder on the running total takes units back
(600/600/200 get 4/4/2 of 10 and 5/5/1 of 11); it is right for a quantity that is final. The divisor
methods (D'Hondt, Sainte-Lague) take nothing back, but drift from the exact share with one large and
many small weights. The quota method (Balinski, Young) stays within one unit, but works one unit at
a time. Exchange pro rata serves time priority, which members of a parent do not have, and leaves
the exact share by design. The tests have all five, to compare with. Whole deficits in order of
deficit, then one unit each, is fast and monotone too, but members that were rounded up earlier
leave too little for the members that come last in that order: 39 members of 2 units and six of 181,
181, 183, 181, 181, 181 are nearly three units off after fills of 488 and 15.

`shares` is the quota method in one jump. With total weight W a member of weight w is owed its
j-th unit when the total reaches j * W / w: the unit is then due. It may be given as soon as the
exact share passes j - 1. A fill goes to the units that are due first among those that
may be given: every member is raised to its exact share rounded down, and the remaining units go
one each to the members whose next unit is due first. Serving the earliest due date first leaves
the fewest units due by any later total, so if some order of units keeps all due dates, this one
does. The quota method has such an order, one unit at a time. So after each fill every member that
started from nothing has its exact share rounded down or up, for fills of any sizes. For fills of
one unit the two are the same.

Holdings with another history (a bust took a fill back) may leave more units due than the fill has.
The same rule holds then: the units due first, so the members furthest behind in proportion catch
up first.

All arithmetic is on integers: due dates and remainders tie exactly more often than one expects,
and a float would break such ties at random. Ties go to the earlier claimant.
"""

from bisect import bisect_right
from collections.abc import Sequence
from operator import gt, sub


def shares(held: Sequence[int], fill_qty: int, member_qtys: Sequence[int]) -> list[int]:
    """Each member's part of a fill, from the members' holdings; the parts sum to `fill_qty`.

    `held` and `member_qtys` follow the same order of members, and `held` counts only fills that
    these members shared. Raises ValueError if the fill is negative or exceeds what
    the members have open, or if a member holds a negative quantity or more than its order.
    """
    if min(held, default=0) < 0 or any(map(gt, held, member_qtys)):
        pairs = zip(held, member_qtys, strict=True)
        held_qty, member_qty = next(pair for pair in pairs if not 0 <= pair[0] <= pair[1])
        raise ValueError(f"a member holds {held_qty}, expected 0 to {member_qty}")
    total_qty = sum(held) + fill_qty
    weight = sum(member_qtys)
    if fill_qty < 0 or total_qty > weight:
        open_qty = weight - total_qty + fill_qty
        raise ValueError(
            f"fill_qty {fill_qty}: expected 0 to {open_qty}, the members' open quantity"
        )
    if fill_qty == 0:
        return [0] * len(member_qtys)
    owed = _owed_qtys(held, member_qtys, total_qty, weight)
    left_qty = total_qty - sum(owed)
    if left_qty < 0:  # More is due than the fill has: take the last total whose dues it covers.
        due_qty = bisect_right(
            range(total_qty),
            total_qty,
            key=lambda earlier_qty: sum(_owed_qtys(held, member_qtys, earlier_qty, weight)),
        )
        owed = _owed_qtys(held, member_qtys, due_qty - 1, weight)
        left_qty = total_qty - sum(owed)
    if left_qty:
        # (owed + 1) * weight / member_qty is when the next unit is due; counted from the total on
        # the numbers stay small. Two that differ do so by 1 / weight at least, so scaled by that
        # they compare as integers.
        next_due = {
            index: (owed_qty * weight + weight - exact) * weight // member_qty
            for index, (owed_qty, member_qty) in enumerate(zip(owed, member_qtys, strict=True))
            if owed_qty * weight < (exact := total_qty * member_qty)  # Below the exact share.
        }
        for index in sorted(next_due, key=next_due.__getitem__)[:left_qty]:  # Ties: the earlier.
            owed[index] += 1
    return list(map(sub, owed, held))


def _owed_qtys(
    held: Sequence[int], member_qtys: Sequence[int], total_qty: int, weight: int
) -> list[int]:
    """The exact shares of a total rounded down, or the holding where that is more."""
    return [
        share_qty if (share_qty := total_qty * member_qty // weight) > held_qty else held_qty
        for held_qty, member_qty in zip(held, member_qtys, strict=True)
    ]
