"""Divide a whole quantity among claimants in proportion to their weights.

A fill of a parent belongs to its members, in proportion to their quantities. The exact
share of a member is a fraction; what it gets is whole units, and fills come one by one. What
must hold at every fill: the parts sum to the fill, nobody is above the own order, nobody hands
a unit back, nobody is far from the exact share, and the work grows with the members, not
with the quantity.

No published method holds all of it. Largest remainder on the running total takes units back
(600/600/200 get 4/4/2 of 10 and 5/5/1 of 11). The divisor methods (D'Hondt, Sainte-Lague) never
do, but drift from the exact share with one large and many small weights. The quota method
(Balinski, Young) stays within one unit, but works one unit at a time. Exchange pro rata serves
time priority, which members of a parent do not have, and leaves the exact share by design. These
five are here to be compared with; largest remainder is right for a quantity that is final. Whole
deficits in order of deficit, then one unit each, is fast and monotone too, but members that
were rounded up earlier leave too little for those who come last in that order: 39 members of 2
units and six of 181, 181, 183, 181, 181, 181 are nearly three units off after fills of 488 and 15.

`shares` is the quota method in one jump. With total weight W a member of weight w is owed its
j-th unit when the total reaches j * W / w: the unit is then due. It may be given as soon as the
exact share passes j - 1. A fill goes to the units that are due first among those that
may be given, that is: everybody is raised to the exact share rounded down, and what is left goes
one unit each to the members whose next unit is due first. Serving the earliest due date first
leaves the fewest units due by any later total, so if anybody could keep all due dates, this does.
With the quota method somebody can, one unit at a time; so after each fill everybody who
started from nothing has the exact share rounded down or up, for fills of any sizes. For fills
of one unit the two are the same.

Holdings that did not come about this way (a bust took a fill back) may leave more units due than
the fill has. The same rule holds then: those due first, so the members furthest behind in
proportion catch up first.

All arithmetic is on integers: due dates and remainders tie exactly more often than one expects,
and a float would break such ties at random. Ties go to the earlier claimant.
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from operator import sub


def shares(held: Sequence[int], fill_qty: int, member_qtys: Sequence[int]) -> list[int]:
    """What each member gets of a fill, given what it holds; sums to `fill_qty` exactly.

    `held` and `member_qtys` follow the same order of members, and `held` counts only fills that
    these members shared. Raises ValueError if the fill is negative or exceeds what the members
    still want, or if a member holds a negative quantity or more than its order.
    """
    for held_qty, member_qty in zip(held, member_qtys, strict=True):
        if not 0 <= held_qty <= member_qty:
            raise ValueError(f"a member holds {held_qty}, expected 0 to {member_qty}")
    total_qty = sum(held) + fill_qty
    weight = sum(member_qtys)
    if fill_qty < 0 or total_qty > weight:
        open_qty = weight - total_qty + fill_qty
        raise ValueError(f"fill_qty {fill_qty}: expected 0 to {open_qty}, what members still want")
    if fill_qty == 0:
        return [0] * len(member_qtys)
    owed = _owed_qtys(held, member_qtys, total_qty, weight)
    left_qty = total_qty - sum(owed)
    if left_qty < 0:  # More is due than the fill has: go back to what was due earlier.
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
    """The exact shares of a total rounded down, or what is held where that is more."""
    return [
        share_qty if (share_qty := total_qty * member_qty // weight) > held_qty else held_qty
        for held_qty, member_qty in zip(held, member_qtys, strict=True)
    ]


def _descending(values: Sequence[int]) -> list[int]:
    """Indices by falling value; the sort is stable in reverse too, so ties keep their order."""
    return sorted(range(len(values)), key=values.__getitem__, reverse=True)


def largest_remainder(weights: Sequence[int], total: int) -> list[int]:
    """Round shares down, then give what is left to the largest remainders (Hamilton, Hare).

    Right for a final quantity only: on a growing total it takes units back. Raises ValueError
    if a weight or the total is negative, or if there is a total but no weight.
    """
    weight = _checked_weight(weights, total)
    if total == 0:
        return [0] * len(weights)
    allocation = [total * w // weight for w in weights]
    remainders = [total * w % weight for w in weights]
    for index in _descending(remainders)[: total - sum(allocation)]:
        allocation[index] += 1
    return allocation


def quota_method(weights: Sequence[int], total: int) -> list[int]:
    """Unit by unit to the largest weight / (held + 1) among those below their upper quota.

    House-monotone and within one unit of the exact share, in time that grows with the total.
    Raises ValueError like `largest_remainder`. Source: Balinski, Young 1975.
    """
    weight = _checked_weight(weights, total)
    allocation = [0] * len(weights)
    for house in range(1, total + 1):
        below_quota = [i for i, w in enumerate(weights) if allocation[i] * weight < house * w]
        allocation[_largest_quotient(weights, allocation, below_quota, _dhondt_divisor)] += 1
    return allocation


def dhondt(weights: Sequence[int], total: int) -> list[int]:
    """Unit by unit to the largest weight / (held + 1); favours large weights.

    House-monotone, but may exceed the exact share by more than one unit. Raises ValueError like
    `largest_remainder`.
    """
    return _by_divisor(weights, total, _dhondt_divisor)


def sainte_lague(weights: Sequence[int], total: int) -> list[int]:
    """Unit by unit to the largest weight / (2 * held + 1); favours nobody.

    House-monotone, but may leave the exact share by more than one unit on both sides. Raises
    ValueError like `largest_remainder`.
    """
    return _by_divisor(weights, total, _sainte_lague_divisor)


def _dhondt_divisor(held: int) -> int:
    return held + 1


def _sainte_lague_divisor(held: int) -> int:
    return 2 * held + 1


def _by_divisor(weights: Sequence[int], total: int, divisor: Callable[[int], int]) -> list[int]:
    _checked_weight(weights, total)
    allocation = [0] * len(weights)
    for _ in range(total):
        allocation[_largest_quotient(weights, allocation, range(len(weights)), divisor)] += 1
    return allocation


def _largest_quotient(
    weights: Sequence[int],
    allocation: Sequence[int],
    candidates: Sequence[int],
    divisor: Callable[[int], int],
) -> int:
    """The candidate with the largest weight / divisor(held), compared crosswise, so exactly."""
    best = candidates[0]
    for index in candidates[1:]:
        ours = weights[index] * divisor(allocation[best])
        if ours > weights[best] * divisor(allocation[index]):
            best = index
    return best


def _checked_weight(weights: Sequence[int], total: int) -> int:
    """The sum of the weights, once the question has an answer."""
    if total < 0 or any(w < 0 for w in weights):
        raise ValueError(f"total {total} and weights {list(weights)} must not be negative")
    weight = sum(weights)
    if weight == 0 < total:
        raise ValueError(f"total {total} cannot be divided: the weights sum to 0")
    return weight


def pro_rata(
    sizes: Sequence[int],
    quantity: int,
    *,
    pro_rata_min: int,
    top: bool,
    top_min: int,
    top_max: int | None,
) -> list[int]:
    """Exchange pro rata: the top order, then rounded-down shares, then first in, first out.

    `sizes` are in time priority. With `top` the first order comes first if it has at least
    `top_min`, and up to `top_max` (None: no cap). A share below `pro_rata_min` counts 0. Raises
    ValueError if a size or the quantity is negative. Source: CME Globex notice 2005-02-07.
    """
    _checked_weight(sizes, 0)
    if quantity < 0:
        raise ValueError(f"quantity {quantity} must not be negative")
    if sum(sizes) <= quantity:
        return list(sizes)
    allocation = [0] * len(sizes)
    if top and sizes[0] >= top_min:
        allocation[0] = min(sizes[0], quantity, sizes[0] if top_max is None else top_max)
    rest = [size - got for size, got in zip(sizes, allocation, strict=True)]
    by_share, left = pro_rata_floor(rest, quantity - allocation[0], pro_rata_min=pro_rata_min)
    for index, share in enumerate(by_share):
        by_time = min(rest[index] - share, left)
        allocation[index] += share + by_time
        left -= by_time
    return allocation


def pro_rata_floor(
    sizes: Sequence[int], quantity: int, *, pro_rata_min: int
) -> tuple[list[int], int]:
    """Shares rounded down, 0 when below `pro_rata_min`, and what nobody got.

    A quantity above the sum of the sizes fills everybody; what is over is unallocated. Raises
    ValueError if a size or the quantity is negative.
    """
    weight = _checked_weight(sizes, 0)
    if quantity < 0:
        raise ValueError(f"quantity {quantity} must not be negative")
    divided = min(quantity, weight)
    floors = [divided * size // weight if weight else 0 for size in sizes]
    allocation = [share if share >= pro_rata_min else 0 for share in floors]
    return allocation, quantity - sum(allocation)
