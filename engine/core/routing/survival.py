"""Estimate the wait of a resting child for its fill from children that were mostly taken back.

A child that was taken back after half a minute says nothing of the second minute: it is censored,
not a failure. Kaplan and Meier (1958) multiply over the times t_i of events

    S(t) = prod over t_i <= t of (1 - d_i / n_i)

with d_i fills at t_i and n_i children that still rested then, one censored at t_i among them;
Greenwood (1926) gives the variance S(t)^2 * sum of d_i / (n_i * (n_i - d_i)). That needs every
child's time. A scorecard keeps the discrete form: spans of time at rest, and in each the children
that were at risk of a fill and the part of them that was filled, in thousandths of a child. A child
that is taken back within a span was at risk in the part of it that it rested. With spans so fine
that each begins after one event and ends with the next, and with nothing censored inside one, both
are the same product. Within a span the hazard is spread evenly.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import pairwise
from math import isqrt
from typing import NamedTuple

from engine.core.units import NS_PER_S, PPM

CHILD_MILLI = 1_000  # Thousandths of a child in a child.
SPAN_ENDS_NS = tuple(s * NS_PER_S for s in (1, 3, 10, 30, 60, 120, 300, 900, 3_600, 30_000))
# Guess: a few spans for each order of magnitude; the last one holds the rest of a day.
SPANS = tuple(pairwise((0, *SPAN_ENDS_NS)))
FINE = 10**12  # Scale of products of hazards, so that nine roundings stay far below one ppm.
Z95_MILLI = 1_960  # 1.96 standard errors to either side hold 95 % of a normal distribution.


class Counts(NamedTuple):
    """Children at risk, what was filled and what was taken back by span, 1e-3 of a child."""

    at_risk_milli: tuple[int, ...]
    filled_milli: tuple[int, ...]
    cancelled_milli: tuple[int, ...]


def counts_of(fill_ns: int | None, end_ns: int, filled_ppm: int) -> Counts:
    """Count one child: its filled part after `fill_ns`, and the rest taken back at the end.

    Both are times at rest; `fill_ns` is that of its first fill, None without one. The filled part
    is at risk to the end of the span of the fill, the rest as long as it rested; rounds down.
    """
    filled = 0 if fill_ns is None else CHILD_MILLI * filled_ppm // PPM
    last_end_ns = SPAN_ENDS_NS[-1]
    fill_ns, ended_ns = (min(max(1, x), last_end_ns) for x in (fill_ns or 0, end_ns))
    at_risk, fills, cancels = [], [], []
    for first_ns, last_ns in SPANS:
        rested_ns = min(max(0, end_ns - first_ns), last_ns - first_ns)
        milli = (CHILD_MILLI - filled) * rested_ns // (last_ns - first_ns)
        at_risk.append(milli + (filled if fill_ns > first_ns else 0))
        fills.append(filled if first_ns < fill_ns <= last_ns else 0)
        cancels.append(CHILD_MILLI - filled if first_ns < ended_ns <= last_ns else 0)
    return Counts(tuple(at_risk), tuple(fills), tuple(cancels))


def entered_milli(filled_milli: Sequence[int], cancelled_milli: Sequence[int]) -> tuple[int, ...]:
    """Of children that have all ended, those that still rested at the start of each span."""
    left, found = sum(filled_milli) + sum(cancelled_milli), []
    for filled, cancelled in zip(filled_milli, cancelled_milli, strict=True):
        found.append(left)
        left -= filled + cancelled
    return tuple(found)


class Ends(NamedTuple):
    """The two ways in which a child leaves, added up to the start of each span and after the last.

    `fills_ppm` and `cancels_ppm` are the parts of those that enter a span that leave it either way;
    `rests` and `filled` are parts of all, 1e-12.
    """

    fills_ppm: Sequence[int]
    cancels_ppm: Sequence[int]
    rests: tuple[int, ...]
    filled: tuple[int, ...]

    def filled_ppm(self, left_ns: int) -> int:
        """Part that is filled before it is taken back or this time is over, ppm; rounds down."""
        if left_ns <= 0:
            return 0
        at = bisect_left(SPAN_ENDS_NS, left_ns)
        found = self.filled[at]
        if at < len(SPANS):
            first_ns, last_ns = SPANS[at]
            part_ns, span_ns = left_ns - first_ns, last_ns - first_ns
            found += self.rests[at] * self.fills_ppm[at] * part_ns // (PPM * span_ns)
        return found * PPM // FINE


def ends(fills_ppm: Sequence[int], cancels_ppm: Sequence[int]) -> Ends:
    """Competing risks: what is filled is the cumulative incidence of fills.

    Source: Aalen and Johansen (1978).
    """
    rests, found = [FINE], [0]
    for fill, cancel in zip(fills_ppm, cancels_ppm, strict=True):
        left = rests[-1]
        filled = left * fill // PPM
        found.append(found[-1] + filled)
        rests.append(left - filled - min(left - filled, left * cancel // PPM))
    return Ends(fills_ppm, cancels_ppm, tuple(rests), tuple(found))


def hazards_ppm(
    at_risk_milli: Iterable[int],
    filled_milli: Iterable[int],
    prior_ppm: Iterable[int],
    prior_milli: int,
) -> tuple[int, ...]:
    """Probability of a fill in each span for a child that still rests, shrunk to a prior, ppm.

    The prior counts like so many thousandths of a child: (filled + prior_milli * prior) /
    (at_risk + prior_milli), the mean of a beta distribution; rounds down.
    """
    return tuple(
        [
            (filled * PPM + prior_milli * prior) // (at_risk + prior_milli)
            for at_risk, filled, prior in zip(at_risk_milli, filled_milli, prior_ppm, strict=True)
        ]
    )


class Fills(NamedTuple):
    """The hazard of each span, and the part that still rests at its start and after the last."""

    hazards_ppm: Sequence[int]
    rests: tuple[int, ...]  # 1e-12.

    def within_ppm(self, within_ns: int) -> int:
        """Probability of a fill within a time at rest, ppm; rounds down.

        Beyond the last span nothing more is expected, for nothing is known of it.
        """
        if within_ns <= 0:
            return 0
        at = bisect_left(SPAN_ENDS_NS, within_ns)
        left = self.rests[at]
        if at < len(SPANS):
            first_ns, last_ns = SPANS[at]
            part_ns, span_ns = within_ns - first_ns, last_ns - first_ns
            left -= left * self.hazards_ppm[at] * part_ns // (PPM * span_ns)
        return (FINE - left) * PPM // FINE


def fills(hazards_ppm: Sequence[int]) -> Fills:
    """Chances of a fill by time at rest, from the hazard of each span."""
    rests = [FINE]
    for hazard in hazards_ppm:
        rests.append(rests[-1] - rests[-1] * hazard // PPM)
    return Fills(hazards_ppm, tuple(rests))


def filled_within_ppm(hazards: Sequence[int], within_ns: int) -> int:
    """Probability of a fill within a time at rest, from the hazard of each span, ppm."""
    return fills(hazards).within_ppm(within_ns)


def scaled_ppm(hazards: Sequence[int], factor_ppm: int, most_ppm: int) -> tuple[int, ...]:
    """Hazards times a factor, none above `most_ppm`; rounds down."""
    return tuple([min(most_ppm, hazard * factor_ppm // PPM) for hazard in hazards])


def wilson_ppm(hits_milli: int, tries_milli: int) -> tuple[int, int]:
    """The 95 % interval of a rate, ppm; rounds outwards; everything is possible without a try.

    Source: Wilson (1927), with z = 1.96.
    """
    if tries_milli <= 0:
        return 0, PPM
    # In thousandths of a child: z squared counts like 3.8416 children.
    z2 = Z95_MILLI * Z95_MILLI  # 1e-6 children.
    n = tries_milli * 1_000
    x = hits_milli * 1_000
    wide = n + z2
    middle = x + z2 // 2
    spread = isqrt(z2 * (4 * x * (n - x) // n + z2)) // 2 + 1
    low_ppm, high_ppm = (middle - spread) * PPM // wide, -((-middle - spread) * PPM // wide)
    return max(0, low_ppm), min(PPM, high_ppm)


def interval_ppm(counts: Counts, within_ns: int) -> tuple[int, int]:
    """The 95 % interval of the probability of a fill within a time, from the counts alone, ppm.

    Wilson's interval for as many tries as would give a plain rate Greenwood's variance (Dorey and
    Korn 1987). Where nothing was filled the tries are the children at risk in the last span that
    the time reaches.
    """
    spread, left, least = Fraction(0), Fraction(1), 0
    for (first_ns, last_ns), at_risk, filled in zip(SPANS, *counts[:2], strict=True):
        if within_ns <= first_ns:
            break
        least = at_risk
        part = Fraction(min(within_ns, last_ns) - first_ns, last_ns - first_ns)
        if filled and at_risk:
            left *= 1 - part * Fraction(filled, at_risk)
        if filled < at_risk:
            spread += part * Fraction(filled * CHILD_MILLI, at_risk * (at_risk - filled))
    tries = int(CHILD_MILLI * (1 - left) / (left * spread)) if left and spread else least
    return wilson_ppm(int(tries * (1 - left)), tries)
