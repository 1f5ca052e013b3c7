"""Schedules: TWAP, VWAP and POV as cumulative targets.

A target is a function of time or volume alone, never of earlier targets, so a parent that was
amended, paused or recovered returns to the same line. A straight line (TWAP) follows the clock, a
volume curve (VWAP) the market's usual day, linear inside a bucket; a step at a bucket's edge would
be another strategy. POV follows the volume that others really trade.

The usual day is not today. So a volume curve is updated by the volume so far (`updated_part`,
`volume_so_far`): the window's volume is what has traded in it, which is known, and what the curve
still expects times the level of the day.

POV has two definitions in use: a rate of everything traded, ourselves included, or of what others
trade. 20 % gives 2,500 or 2,000 for each 10,000 of others. The strategies use the first, so
own = rate / (1 - rate) * other. Our own executions must be taken out of the tape first; otherwise
the second definition silently becomes the first.

Targets are integers, rounded down: never ahead of the schedule. The cumulative target is rounded,
not the slices, so rounding cannot drift.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

from engine.core.events import TranchePlan, VolumeCurveDefined
from engine.core.market.hours import Spans
from engine.core.state.model import Parent, Tranche
from engine.core.state.state import State
from engine.core.units import PPM

E9 = 10**9
LEVEL_PRIOR_PPM = 100_000  # Of a usual day; see `volume_so_far`.
SHARES_MAX = 4_096  # Times of which a curve's shares are kept; bounded, as a day has many.


class Seen(NamedTuple):
    """The volume so far, by which a curve is updated; others', smallest increments."""

    window_qty: int  # Since the schedule's start.
    day_qty: int  # Of the day so far; the window's is part of it.
    day_share_e9: int  # The part of a usual day that the curve expects in that time, 1e-9.
    usual_qty: int  # Of a usual day; 0 if it is not known.


class Line(NamedTuple):
    """The part that the schedules of a parent's tranches share: computed once for all of them."""

    state: State
    parent: Parent
    kappa_e9: int
    spans: Spans
    now_ns: int  # Up to here the volume was seen; a target may be asked for a later time.
    seen: Seen  # That volume; zeros without a curve.
    shares: "Shares | None"  # Of the volume curve; None without one.


class Asked(NamedTuple):
    """The schedule that is asked for a target."""

    line: Line
    tranche: Tranche
    plan: TranchePlan


class Part(NamedTuple):
    """The part of a quantity that is due: `due` of every `of`; 0 <= due <= of, and of > 0."""

    due: int
    of: int

    def qty(self, whole_qty: int) -> int:
        """This part of a quantity, rounded down."""
        return whole_qty * self.due // self.of


NONE, ALL = Part(0, 1), Part(1, 1)


def twap_part(start_ns: int, end_ns: int, at_ns: int) -> Part:
    """The straight line from nothing at the start to all at the end."""
    if at_ns >= end_ns:
        return ALL
    return NONE if at_ns <= start_ns else Part(at_ns - start_ns, end_ns - start_ns)


def vwap_part(
    edges_ns: Sequence[int], volumes_qty: Sequence[int], start_ns: int, end_ns: int, at_ns: int
) -> Part:
    """Share of the curve between start and end that lies before `at_ns`.

    The order works on its part of the curve only. Where that part holds no volume (the curve
    ends early, or its buckets are empty) the clock decides: a straight line. Raises ValueError
    if the edges are not one more than the volumes.
    """
    if at_ns >= end_ns:
        return ALL
    if at_ns <= start_ns:
        return NONE
    _check_curve(edges_ns, volumes_qty)
    start_volume, start_length = _volume_before(edges_ns, volumes_qty, start_ns)
    end_volume, end_length = _volume_before(edges_ns, volumes_qty, end_ns)
    over = end_volume * start_length - start_volume * end_length
    if over == 0:
        return twap_part(start_ns, end_ns, at_ns)
    at_volume, at_length = _volume_before(edges_ns, volumes_qty, at_ns)
    before = at_volume * start_length - start_volume * at_length
    return Part(before * end_length, over * at_length)


def updated_part(
    edges_ns: Sequence[int],
    volumes_qty: Sequence[int],
    start_ns: int,
    end_ns: int,
    at_ns: int,
    now_ns: int,
    seen: Seen,
    shares: Mapping[int, int] | None = None,
) -> Part:
    """The part of the window's volume that lies before `at_ns`, by the volume up to `now_ns`.

    What is to come is the curve's part of a usual day times the day's level, (prior + volume) /
    (prior + expected). A window without volume so far, or without a curve, follows
    the plain curve; from the first volume on, the target of the present moment never falls.
    `shares` are those of the curve, where they are kept. Raises ValueError if the edges are not one
    more than the volumes.
    """
    if at_ns >= end_ns:
        return ALL
    if at_ns <= start_ns:
        return NONE
    _check_curve(edges_ns, volumes_qty)
    e9 = Shares(edges_ns, volumes_qty) if shares is None else shares
    volume_qty, expected_e9 = level(seen)
    traded = seen.window_qty * expected_e9
    if traded == 0 or e9[start_ns] == e9[end_ns]:
        return vwap_part(edges_ns, volumes_qty, start_ns, end_ns, at_ns)
    a_day = volume_qty * (seen.usual_qty or 1)
    to_come = a_day * (e9[at_ns] - e9[now_ns])
    return Part(traded + to_come, traded + a_day * (e9[end_ns] - e9[now_ns]))


def level(seen: Seen) -> tuple[int, int]:
    """Today's volume over the usual one's: prior and volume, over prior and expected in 1e-9.

    Where the usual volume is not known there is no prior, and the level is in whole curves.
    """
    prior_qty = seen.usual_qty * LEVEL_PRIOR_PPM // PPM
    expected_e9 = (seen.usual_qty or 1) * seen.day_share_e9
    return prior_qty + seen.day_qty, prior_qty * E9 + expected_e9


def share_e9(edges_ns: Sequence[int], volumes_qty: Sequence[int], at_ns: int) -> int:
    """The part of the curve that lies before a time, 1e-9, rounded down; 0 of an empty curve."""
    sums = cumulative(tuple(volumes_qty))
    if at_ns <= edges_ns[0] or not sums[-1]:
        return 0
    if at_ns >= edges_ns[-1]:
        return E9
    bucket = bisect_right(edges_ns, at_ns) - 1
    length_ns = edges_ns[bucket + 1] - edges_ns[bucket]
    inside = volumes_qty[bucket] * (at_ns - edges_ns[bucket])
    return E9 * (sums[bucket] * length_ns + inside) // (length_ns * sums[-1])


@lru_cache(maxsize=256)  # A curve is asked several times for each target, and lasts for a day.
def cumulative(volumes_qty: tuple[int, ...]) -> tuple[int, ...]:
    """The volume before each edge of a curve."""
    return tuple(accumulate(volumes_qty, initial=0))


class Shares(dict[int, int]):
    """The shares of a curve by time, each computed once: the edges of windows are asked for often.

    They follow from the curve alone, which never changes.
    """

    def __init__(self, edges_ns: Sequence[int], volumes_qty: Sequence[int]) -> None:
        super().__init__()
        self.edges_ns = edges_ns
        self.volumes_qty = volumes_qty

    def __missing__(self, at_ns: int) -> int:
        if len(self) >= SHARES_MAX:
            self.clear()
        found = self[at_ns] = share_e9(self.edges_ns, self.volumes_qty, at_ns)
        return found


def shares_of(state: State, curve: VolumeCurveDefined) -> Shares:
    """The shares of a curve in force."""
    kept: tuple[VolumeCurveDefined, Shares] | None = state.curve_shares.get(curve.instrument_id)
    if kept is None or kept[0] is not curve:
        kept = (curve, Shares(curve.edges_ns, curve.volumes_qty))
        state.curve_shares[curve.instrument_id] = kept
    return kept[1]


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
