"""Survival from censored times, by the product over the times of events.

The engine's scorecards keep a discrete form of it: `engine/core/routing/survival.py`.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple


class Point(NamedTuple):
    """The survival after the events of one time; exact."""

    time: int
    survival: Fraction
    variance: Fraction | None  # Of the survival, after Greenwood; None where nothing survives.


def kaplan_meier(times: Sequence[int], observed: Sequence[bool]) -> list[Point]:
    """The product-limit estimate at each time of an event, the earliest first.

    `times` are times at rest in any unit, `observed` whether each ended with a fill; the others
    are censored. Raises ValueError if the two differ in length.
    Source: Kaplan and Meier (1958); the variance is Greenwood's (1926).
    """
    survival, spread, points = Fraction(1), Fraction(0), []
    children = list(zip(times, observed, strict=True))
    for time in sorted({time for time, is_filled in children if is_filled}):
        at_risk = sum(other >= time for other, _ in children)
        filled = sum(other == time and is_filled for other, is_filled in children)
        survival *= 1 - Fraction(filled, at_risk)
        if filled < at_risk:
            spread += Fraction(filled, at_risk * (at_risk - filled))
        points.append(Point(time, survival, survival * survival * spread if survival else None))
    return points
