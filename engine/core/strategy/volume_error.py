"""The error of a volume curve, as the width of the band around a schedule that follows it.

A curve's target is the share of the window's volume so far, traded / (traded + to come). What has
traded is known. What is to come has a relative error, so the share f has the standard error
f x (1 - f) x that error, to the first order. It is nothing at the start and at the end, where the
share is known, and widest at a half to two thirds of the volume. Within it a deviation from the
target says nothing about the day's true share: Markov, Mazur and Saltz (2011), "Design and
implementation of schedule-based trading strategies based on uncertainty bands", wait there.

The error of what is to come has two parts. The buckets are independent, each with the relative
error that its curve states, estimated from its days; a part of a bucket has its part of the
variance. What all of them have in common is the level of the day, which the schedule learns
(`volume_so_far`): its variance after a part of a usual day is that of the prior, times the prior's
weight over that of prior and day. A curve that states no errors has those of large US stocks. In
the days of six stocks the true share lay within one width in 53 to 65 of 100 cases, not in 68: the
buckets of a day are not quite independent, and a surge has no normal size (docs/volume.md).
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate
from math import isqrt
from typing import NamedTuple

from engine.core.events import Strategy, TranchePlan, VolumeCurveDefined
from engine.core.market import hours
from engine.core.state.model import Tranche
from engine.core.strategy.schedules import E9, LEVEL_PRIOR_PPM, Line
from engine.core.units import PPM

# Quarter-hours of six US stocks in 2019 had 0.24 to 0.38, half-hours 0.23 to 0.32 (docs/volume.md).
USUAL_ERROR_PPM = 300_000
LEVEL_ERROR_PPM = (
    400_000  # Of a day against the median of twenty before it; those had 0.30 to 0.56.
)


class Rest(NamedTuple):
    """The volume that a curve still expects, and its variance by buckets; 1e-6 of its units."""

    volume: int
    variance: int


def half_width_qty(
    line: Line, found: Sequence[tuple[Tranche, TranchePlan]], targets: Sequence[int]
) -> int:
    """A standard error of the schedules' targets together, rounded down; 0 without a curve.

    Tranches of an instrument have the same volume, so their errors add up; those that do not follow
    the curve have none.
    """
    spans = line.spans
    curve = line.state.reference.curves.get(line.parent.terms.instrument_id)
    if curve is None:
        return 0
    at_ns = hours.elapsed_ns(spans, line.now_ns)
    level_ppm2 = level_variance_ppm2(line.seen.day_share_e9)
    known: dict[int, tuple[int, int]] = {}  # Most tranches end at the same time.
    width_qty = 0
    for (_, part), target_qty in zip(found, targets, strict=True):
        if part.strategy is not Strategy.VWAP:
            continue
        spread_qty, done_qty = part.plan_qty - part.carry_qty, target_qty - part.carry_qty
        if part.end_ns not in known:
            rest = rest_of(curve, at_ns, hours.elapsed_ns(spans, part.end_ns))
            known[part.end_ns] = rest.volume, error_of(rest, level_ppm2)
        volume, error = known[part.end_ns]
        if volume and spread_qty:
            width_qty += done_qty * (spread_qty - done_qty) * error // (spread_qty * volume)
    return width_qty


def error_of(rest: Rest, level_ppm2: int) -> int:
    """The standard error of what is to come, in its units, rounded down."""
    return isqrt(rest.variance + rest.volume * rest.volume * level_ppm2 // (PPM * PPM))


def rest_of(curve: VolumeCurveDefined, start_ns: int, end_ns: int) -> Rest:
    """Volume and variance from start to end, ns since the open; nothing if the end is first."""
    edges_ns, volumes_qty = curve.edges_ns, curve.volumes_qty
    errors_ppm = curve.errors_ppm or (USUAL_ERROR_PPM,) * len(volumes_qty)
    first = max(0, bisect_right(edges_ns, start_ns) - 1)
    last = min(bisect_left(edges_ns, end_ns), len(volumes_qty)) - 1
    if last < first or end_ns <= start_ns:
        return Rest(0, 0)
    volumes, variances = sums_of(volumes_qty, errors_ppm)
    volume = variance = 0
    if last > first:  # Whole buckets between them.
        volume = volumes[last] - volumes[first + 1]
        variance = variances[last] - variances[first + 1]
    for bucket in {first: None, last: None}:
        from_ns, until_ns = edges_ns[bucket], edges_ns[bucket + 1]
        inside_ns, length_ns = min(end_ns, until_ns) - max(start_ns, from_ns), until_ns - from_ns
        volume += (volumes[bucket + 1] - volumes[bucket]) * inside_ns // length_ns
        variance += (variances[bucket + 1] - variances[bucket]) * inside_ns // length_ns
    return Rest(volume, variance)


@lru_cache(maxsize=64)  # A curve lasts for a day, and each band asks for it.
def sums_of(
    volumes_qty: tuple[int, ...], errors_ppm: tuple[int, ...]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Volume and variance of all buckets before each edge."""
    volumes = accumulate((qty * PPM for qty in volumes_qty), initial=0)
    errors = (x * x * e * e for x, e in zip(volumes_qty, errors_ppm, strict=True))
    return tuple(volumes), tuple(accumulate(errors, initial=0))


def level_variance_ppm2(day_share_e9: int) -> int:
    """The variance of the day's level, 1e-12, after a part of a usual day; rounded down."""
    weight = LEVEL_PRIOR_PPM * E9
    return LEVEL_ERROR_PPM * LEVEL_ERROR_PPM * weight // (weight + day_share_e9 * PPM)
