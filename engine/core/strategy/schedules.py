"""Schedules: TWAP, VWAP and POV as cumulative targets.

A target is a function of time or volume alone, never of earlier targets, so a parent that was
amended, paused or recovered returns to the same line. A straight line (TWAP) follows the clock, a
volume curve (VWAP) the market's usual day, linear inside a bucket; a step at a bucket's edge would
be another strategy. POV follows the volume that others really trade.

POV has two definitions in use: a rate of everything traded, ourselves included, or of what others
trade. 20 % gives 2,500 or 2,000 for each 10,000 of others. The strategies use the first, so
own = rate / (1 - rate) * other. Our own executions must be taken out of the tape first; otherwise
the second definition silently becomes the first.

Targets are integers, rounded down: never ahead of the schedule. The cumulative target is rounded,
not the slices, so rounding cannot drift.
"""

from bisect import bisect_right
from collections.abc import Sequence

from engine.core.units import PPM


def twap_target_qty(plan_qty: int, start_ns: int, end_ns: int, at_ns: int) -> int:
    """The straight line from 0 at the start to `plan_qty` at the end, rounded down."""
    if at_ns >= end_ns:
        return plan_qty
    if at_ns <= start_ns:
        return 0
    return plan_qty * (at_ns - start_ns) // (end_ns - start_ns)


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


def pov_target_qty(plan_qty: int, rate_ppm: int, other_volume_qty: int) -> int:
    """Own volume that makes the rate of all volume, rounded down; at most `plan_qty`.

    Raises ValueError for a rate outside 0 <= rate < 1: no participant can be all of the volume.
    """
    if not 0 <= rate_ppm < PPM:
        raise ValueError(f"rate_ppm {rate_ppm} of all volume: expected 0 to {PPM - 1}")
    return min(plan_qty, rate_ppm * other_volume_qty // (PPM - rate_ppm))


def _check_curve(edges: Sequence[int], volumes: Sequence[int]) -> None:
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
