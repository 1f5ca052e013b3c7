"""Targets of TWAP, VWAP and POV as exact fractions, and equal slices in lots, as oracles.

The engine's targets are these in whole units, rounded down. POV has two definitions in use, and
`engine.core.strategy.schedules` works with the first. `pov_of_total` is `rate` of everything
traded, ourselves included; `pov_of_other` is `rate` of what others trade: 20 % gives 2,500 or 2,000
for each 10,000 of others.
"""

from bisect import bisect_right
from collections.abc import Sequence
from fractions import Fraction

from models.amounts import Rational


def twap_target(quantity: Rational, start: Rational, end: Rational, at: Rational) -> Fraction:
    """The straight line from 0 at `start` to `quantity` at `end`, flat outside."""
    if at >= end:
        return Fraction(quantity)
    if at <= start:
        return Fraction(0)
    return quantity * Fraction(at - start) / (end - start)


def vwap_target(
    quantity: Rational, edges: Sequence[Rational], volumes: Sequence[Rational], at: Rational
) -> Fraction:
    """`quantity` times the share of the curve's volume before `at`, linear inside a bucket.

    `edges` are one more than `volumes`. Raises ValueError if they are not, or for a curve
    without volume.
    """
    _check_curve(edges, volumes)
    total = sum(volumes)
    if total == 0:
        raise ValueError(f"curve over {len(volumes)} buckets: it must hold some volume")
    if at <= edges[0]:
        return Fraction(0)
    if at >= edges[-1]:
        return Fraction(quantity)
    bucket = bisect_right(edges, at) - 1
    length = edges[bucket + 1] - edges[bucket]
    inside = volumes[bucket] * Fraction(at - edges[bucket]) / length
    return quantity * (sum(volumes[:bucket]) + inside) / total


def pov_of_total(quantity: Rational, rate: Rational, other_volume: Rational) -> Fraction:
    """Own volume that makes `rate` of all volume, ours included; at most `quantity`.

    Raises ValueError for a rate outside 0 <= rate < 1: no participant can be all of the volume.
    """
    if not 0 <= rate < 1:
        raise ValueError(f"rate {rate} of all volume: expected 0 <= rate < 1")
    return min(Fraction(quantity), Fraction(rate) / (1 - rate) * other_volume)


def pov_of_other(quantity: Rational, rate: Rational, other_volume: Rational) -> Fraction:
    """Own volume that is `rate` of what others traded; at most `quantity`.

    Raises ValueError for a negative rate.
    """
    if rate < 0:
        raise ValueError(f"rate {rate} of others' volume must not be negative")
    return min(Fraction(quantity), Fraction(rate) * other_volume)


def lot_target_qty(target: Rational, plan_qty: int, lot: int) -> int:
    """A cumulative target in whole lots, rounded down; `plan_qty`, its odd lot too, at the end.

    Slices are differences of these, so they are whole lots but for the last, are never negative
    for a target that never falls, and sum to `plan_qty`. Raises ValueError if the lot is not
    positive.
    """
    if lot <= 0:
        raise ValueError(f"lot {lot} must be positive")
    return plan_qty if target >= plan_qty else int(target // lot) * lot


def integer_slice(quantity: int, n: int, lot: int, k: int) -> int:
    """The k-th of `n` equal slices (1 <= k <= n) of a quantity, in lots."""
    if not 1 <= k <= n:
        raise ValueError(f"slice {k} of {n}: expected 1 to {n}")
    after = lot_target_qty(Fraction(quantity * k, n), quantity, lot)
    return after - lot_target_qty(Fraction(quantity * (k - 1), n), quantity, lot)


def integer_slices(quantity: int, n: int, lot: int) -> list[int]:
    """`n` equal slices of a quantity in lots; the last takes the odd lot.

    Raises ValueError if n or the lot is not positive.
    """
    if n <= 0:
        raise ValueError(f"n {n} must be positive")
    return [integer_slice(quantity, n, lot, k) for k in range(1, n + 1)]


def _check_curve(edges: Sequence[Rational], volumes: Sequence[Rational]) -> None:
    if len(edges) != len(volumes) + 1:
        raise ValueError(
            f"{len(edges)} edges and {len(volumes)} volumes: expected one edge more than volumes"
        )
