"""Published ways to divide a whole quantity, to compare the engine's own rule with.

Largest remainder is right for a final quantity. The quota method is the engine's rule one unit at
a time. The divisor methods and exchange pro rata leave the exact share. All arithmetic is on
integers: remainders tie exactly more often than one expects. Ties go to the earlier claimant.
"""

from collections.abc import Callable, Sequence


def _descending(values: Sequence[int]) -> list[int]:
    """Indices by falling value; the sort is stable in reverse too, so ties keep their order."""
    return sorted(range(len(values)), key=values.__getitem__, reverse=True)


def largest_remainder(weights: Sequence[int], total: int) -> list[int]:
    """Round shares down, then give the rest to the largest remainders (Hamilton, Hare).

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
    """Unit by unit to the largest weight / (2 * held + 1); favours neither large nor small weights.

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
    """Shares rounded down, 0 when below `pro_rata_min`, and the quantity left over.

    A quantity above the sum of the sizes fills every size; the excess is unallocated. Raises
    ValueError if a size or the quantity is negative.
    """
    weight = _checked_weight(sizes, 0)
    if quantity < 0:
        raise ValueError(f"quantity {quantity} must not be negative")
    divided = min(quantity, weight)
    floors = [divided * size // weight if weight else 0 for size in sizes]
    allocation = [share if share >= pro_rata_min else 0 for share in floors]
    return allocation, quantity - sum(allocation)
