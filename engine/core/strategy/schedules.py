"""Schedules: TWAP, VWAP and POV as cumulative targets.

A target is a function of time or volume alone, never of earlier targets, so a parent that was
amended, paused or recovered returns to the same line. A straight line (TWAP) follows the clock, a
volume curve (VWAP) the market's usual day, linear inside a bucket; a step at a bucket's edge would
be another strategy. POV follows the volume that others really trade.

POV has two definitions in use. `pov_of_total` is `rate` of everything traded, ourselves
included, so own = rate / (1 - rate) * other; our strategies use this one.
`pov_of_other` is `rate` of what others trade: 20 % gives 2,500 or 2,000 for each 10,000
of others. In both, our own executions must be taken out of the tape first; otherwise the second
silently becomes the first.

Real-valued targets are exact fractions. The `_qty` functions, which the stages use, are the same
targets in integers, rounded down: never ahead of the schedule. Units and lots are rounded on the
cumulative target, so rounding cannot drift.
"""

from bisect import bisect_right
from collections.abc import Sequence
from fractions import Fraction

from engine.core.units import PPM

Rational = int | Fraction


def twap_target(quantity: Rational, start: Rational, end: Rational, at: Rational) -> Fraction:
    """The straight line from 0 at `start` to `quantity` at `end`, flat outside."""
    if at >= end:
        return Fraction(quantity)
    if at <= start:
        return Fraction(0)
    return quantity * Fraction(at - start) / (end - start)


def twap_target_qty(plan_qty: int, start_ns: int, end_ns: int, at_ns: int) -> int:
    """`twap_target` in whole units, rounded down."""
    if at_ns >= end_ns:
        return plan_qty
    if at_ns <= start_ns:
        return 0
    return plan_qty * (at_ns - start_ns) // (end_ns - start_ns)


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


def vwap_target_qty(
    plan_qty: int,
    edges_ns: Sequence[int],
    volumes_qty: Sequence[int],
    start_ns: int,
    end_ns: int,
    at_ns: int,
) -> int:
    """Share of the curve between start and end that lies before `at_ns`; rounded down.

    The order works on its part of the curve only. Where that part holds no volume (the curve
    ends early, or its buckets are empty) the clock decides: a straight line. Raises ValueError
    if the edges are not one more than the volumes.
    """
    if at_ns >= end_ns:
        return plan_qty
    if at_ns <= start_ns:
        return 0
    _check_curve(edges_ns, volumes_qty)
    start_volume, start_length = _volume_before(edges_ns, volumes_qty, start_ns)
    end_volume, end_length = _volume_before(edges_ns, volumes_qty, end_ns)
    over = end_volume * start_length - start_volume * end_length
    if over == 0:
        return twap_target_qty(plan_qty, start_ns, end_ns, at_ns)
    at_volume, at_length = _volume_before(edges_ns, volumes_qty, at_ns)
    before = at_volume * start_length - start_volume * at_length
    return plan_qty * before * end_length // (over * at_length)


def curve_volume_qty(
    edges_ns: Sequence[int], volumes_qty: Sequence[int], start_ns: int, end_ns: int
) -> int:
    """Volume that the curve expects from start to end; rounded down, 0 if the end comes first.

    Raises ValueError if the edges are not one more than the volumes.
    """
    _check_curve(edges_ns, volumes_qty)
    if end_ns <= start_ns:
        return 0
    start_volume, start_length = _volume_before(edges_ns, volumes_qty, start_ns)
    end_volume, end_length = _volume_before(edges_ns, volumes_qty, end_ns)
    over = end_volume * start_length - start_volume * end_length
    return over // (start_length * end_length)


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


def pov_target_qty(plan_qty: int, rate_ppm: int, other_volume_qty: int) -> int:
    """`pov_of_total` in whole units, rounded down: never above the rate."""
    if not 0 <= rate_ppm < PPM:
        raise ValueError(f"rate_ppm {rate_ppm} of all volume: expected 0 to {PPM - 1}")
    return min(plan_qty, rate_ppm * other_volume_qty // (PPM - rate_ppm))


def pov_of_other_target_qty(plan_qty: int, rate_ppm: int, other_volume_qty: int) -> int:
    """`pov_of_other` in whole units, rounded down: never above the rate."""
    if rate_ppm < 0:
        raise ValueError(f"rate_ppm {rate_ppm} of others' volume must not be negative")
    return min(plan_qty, rate_ppm * other_volume_qty // PPM)


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


def _volume_before(
    edges_ns: Sequence[int], volumes_qty: Sequence[int], at_ns: int
) -> tuple[int, int]:
    """Cumulative volume at a moment as numerator and denominator, the bucket's length."""
    if at_ns <= edges_ns[0]:
        return 0, 1
    if at_ns >= edges_ns[-1]:
        return sum(volumes_qty), 1
    bucket = bisect_right(edges_ns, at_ns) - 1
    length_ns = edges_ns[bucket + 1] - edges_ns[bucket]
    inside = volumes_qty[bucket] * (at_ns - edges_ns[bucket])
    return sum(volumes_qty[:bucket]) * length_ns + inside, length_ns
