"""The band around a schedule's target within which a parent is patient.

A schedule is no point: its volume is a guess, and a passive fill comes when it comes. So a parent
has a lower, a target and an upper quantity at each time (Markov, Mazur, Saltz 2011, "Design and
implementation of schedule-based trading strategies based on uncertainty bands"). Between the lower
and the target it waits at the near side; it takes once the tranches whose limits reach the far side
are below theirs (`is_late`).

The width is the policy's part of the plan, less with the trading time that remains, so that a
parent comes in at its end. Around a schedule by a volume curve it is the target's own error at
least (`volume_error`). It is never less than a lot, which is the least that can be sent, nor than
what arrives on the schedule in two intervals. Nor is it less than what arrives in the time that a
parent of its urgency waits for a passive fill, as far as that can be made up by the end at a third
above the schedule's pace. From the most patient to one that takes at once that time falls in
proportion to aggressiveness.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from engine.core.controls import risk
from engine.core.events import Strategy, TranchePlan
from engine.core.market import consolidated, hours, reference
from engine.core.state.model import Parent, Tranche
from engine.core.state.state import State
from engine.core.strategy import plans, volume_error
from engine.core.strategy.schedules import Line, pov_target_qty
from engine.core.strategy.usual_volume import expected_volume_qty

PATIENT_INTERVALS = 2
# A patient parent may be behind by one part in so many of what is left; guess: 4/3 of the pace.
MADE_UP_PARTS = 3
TAKES_FROM_PPM = 500_000  # The least aggressiveness of a parent that takes even on schedule.
Scheduled = Sequence[tuple[Tranche, TranchePlan]]


class Band(NamedTuple):
    """Quantities since the plan's base, smallest increments; lower <= target <= upper."""

    lower_qty: int
    target_qty: int
    upper_qty: int


class Kept(NamedTuple):
    """Bands of a parent by the numbers of tranches, and what all of them follow from."""

    follows_from: tuple[object, ...]
    bands: dict[tuple[int, ...] | None, Band]


def of(
    state: State, parent: Parent, now_ns: int, tranches: Sequence[Tranche] | None = None
) -> Band:
    """The band of a parent, or of some of its tranches, at a time.

    The lower is 0 at least, the upper the quantity of the schedules at most. One batch asks for it
    several times, so it is kept with all that it follows from; but where a tranche is by POV, which
    also goes by the tranche's own volume.
    """
    line = plans.line_of(state, parent, now_ns)
    numbers = None if tranches is None else tuple([tranche.number for tranche in tranches])
    whole, instrument_id = line.parent.plan, parent.terms.instrument_id
    if whole is None or parent.follows(Strategy.POV):
        return computed(line, numbers)
    known = state.reference
    follows_from = (
        *(now_ns, line.seen, line.spans, whole, parent.aggressiveness_ppm, risk.policy_of(state)),
        *(known.instruments[instrument_id], known.curves.get(instrument_id)),
    )
    kept: Kept | None = state.bands.get(parent.parent_id)
    if kept is None or kept.follows_from != follows_from:
        kept = state.bands[parent.parent_id] = Kept(follows_from, {})
    found = kept.bands.get(numbers)
    if found is None:
        found = kept.bands[numbers] = computed(line, numbers)
    return found


def computed(line: Line, numbers: Collection[int] | None) -> Band:
    """The band of a parent's tranches of these numbers; of all without."""
    found = [*plans.scheduled(line.parent)]
    if numbers is not None:
        wanted = {*numbers}
        found = [(tranche, plan) for tranche, plan in found if tranche.number in wanted]
    targets = plans.targets_of(line, found, line.now_ns)
    target_qty, plan_qty = sum(targets), sum(plan.plan_qty for _, plan in found)
    half_qty = half_width_qty(line, found, targets)
    upper_qty = min(target_qty + half_qty, max(target_qty, plan_qty))
    return Band(max(0, target_qty - half_qty), target_qty, upper_qty)


def half_width_qty(line: Line, found: Scheduled, targets: Sequence[int]) -> int:
    """The distance of either edge from the targets together."""
    return max(
        reference.lot_qty(line.state, line.parent.terms.instrument_id),
        arriving_qty(line, found, sum(targets)),
        narrowed_qty(line, found, targets),
    )


def is_late(state: State, parent: Parent, now_ns: int, tranches: Sequence[Tranche]) -> bool:
    """Whether less is done than the lower, of the tranches that reach the far side.

    One that the market has left behind its limit waits for it, and makes no other one hurry.
    """
    found = reaching(state, parent, now_ns, tranches)
    if not found:
        return False
    done_qty = sum(plans.done_of(x, x.plan) for x in found if x.plan is not None)
    return done_qty < of(state, parent, now_ns, found).lower_qty


def reaching(
    state: State, parent: Parent, now_ns: int, tranches: Iterable[Tranche]
) -> list[Tranche]:
    """The tranches whose limits reach the far side; all where it has no quote."""
    side = parent.terms.side
    far_px = consolidated.view(state, parent.terms.instrument_id, now_ns).far_px(side)
    return [
        x for x in tranches if not far_px or reference.is_within_limit(side, far_px, x.limit_px)
    ]


def takes_at_once(parent: Parent) -> bool:
    """Whether a parent takes even on schedule."""
    return parent.aggressiveness_ppm >= TAKES_FROM_PPM


def wait_ns(state: State, parent: Parent) -> int:
    """The time for which a passive slice of a parent waits, ns."""
    return wait_at_ns(state, parent, parent.aggressiveness_ppm)


def wait_at_ns(state: State, parent: Parent, aggressiveness_ppm: int) -> int:
    """The time that a slice waits at a level of aggressiveness, ns: an interval at least."""
    whole = parent.plan
    assert whole is not None, "only a plan has a band"
    patient_ppm = max(0, TAKES_FROM_PPM - aggressiveness_ppm)
    patience_ns = risk.policy_of(state).patience_ns
    return max(whole.interval_ns, patience_ns * patient_ppm // TAKES_FROM_PPM)


def patience_ns(state: State, parent: Parent, now_ns: int) -> int:
    """The time until the parent takes if nothing more is filled, ns.

    That is at the first schedule point at which what is done is below a band as wide as now, or at
    the end of the time that it waits, which may be over before. As in `is_late`, tranches beyond
    their limit do not count.
    """
    whole = parent.plan
    assert whole is not None, "only a plan has a band"
    counted = {
        x.number for x in reaching(state, parent, now_ns, (x for x, _ in plans.scheduled(parent)))
    }
    found = [(x, plan) for x, plan in plans.scheduled(parent) if x.number in counted]
    line = plans.line_of(state, parent, now_ns)
    targets = plans.targets_of(line, found, now_ns)
    done_qty = sum(plans.done_of(x, plan) for x, plan in found)
    late_from_qty = done_qty + half_width_qty(line, found, targets)
    interval_ns = max(1, whole.interval_ns)
    first_ns = interval_ns - (now_ns - parent.released_ns) % interval_ns
    after_ns = wait_ns(state, parent) - first_ns
    low, high = 0, max(0, -(-after_ns // interval_ns))  # Ceiling: a point.
    while low < high:  # A target never falls, so halving finds the point.
        middle = (low + high) // 2
        at_ns = min(now_ns + first_ns + middle * interval_ns, whole.end_ns)
        if sum(plans.targets_of(line, found, at_ns)) > late_from_qty:
            high = middle
        else:
            low = middle + 1
    return max(1, min(first_ns + low * interval_ns, whole.end_ns - now_ns))


def arriving_qty(line: Line, found: Scheduled, target_qty: int) -> int:
    """The quantity due while it waits, as far as it can be made up; in two intervals at least."""
    least_ns = two_intervals_ns(line.parent)
    waits_ns = max(wait_ns(line.state, line.parent), least_ns)
    due_qty = due_within_qty(line, found, target_qty, waits_ns)
    remaining_qty = sum(plan.plan_qty for _, plan in found) - target_qty
    if due_qty * MADE_UP_PARTS <= remaining_qty or waits_ns == least_ns:
        return due_qty  # As below, mostly: without the due quantity of another time.
    least_qty = due_within_qty(line, found, target_qty, least_ns)
    return max(least_qty, min(due_qty, remaining_qty // MADE_UP_PARTS))


def slack_qty(line: Line, tranches: Sequence[Tranche]) -> int:
    """By how much a late parent may stay behind its target: half of what its patience adds.

    It comes back into its band by takes, and not to the target, as what waits is filled meanwhile.
    """
    numbers = {tranche.number for tranche in tranches}
    found = [(x, plan) for x, plan in plans.scheduled(line.parent) if x.number in numbers]
    target_qty = sum(plans.targets_of(line, found, line.now_ns))
    least_qty = due_within_qty(line, found, target_qty, two_intervals_ns(line.parent))
    return (arriving_qty(line, found, target_qty) - least_qty) // 2  # Floor.


def two_intervals_ns(parent: Parent) -> int:
    assert parent.plan is not None, "only a plan has a band"
    return PATIENT_INTERVALS * parent.plan.interval_ns


def due_within_qty(line: Line, found: Scheduled, target_qty: int, waits_ns: int) -> int:
    """The quantity due within a time; of POV by the usual volume, as the true one is to come."""
    state, whole, now_ns = line.state, line.parent.plan, line.now_ns
    assert whole is not None, "only a plan has a band"
    until_ns = min(whole.end_ns, now_ns + waits_ns)
    by_volume = [(x, plan) for x, plan in found if plan.strategy is Strategy.POV]
    if not by_volume:
        return sum(plans.targets_of(line, found, until_ns)) - target_qty
    by_time = [(x, plan) for x, plan in found if plan.strategy is not Strategy.POV]
    done_qty = sum(plans.targets_of(line, by_volume, now_ns))
    due_qty = sum(plans.targets_of(line, by_time, until_ns)) - (target_qty - done_qty)
    instrument = state.reference.instruments[line.parent.terms.instrument_id]
    volume_qty = expected_volume_qty(state, instrument, now_ns, until_ns)
    left_qty = max(0, sum(plan.plan_qty for _, plan in by_volume) - done_qty)
    rate_ppm = max(plan.participation_ppm for _, plan in by_volume)
    return due_qty + pov_target_qty(left_qty, rate_ppm, volume_qty)


def narrowed_qty(line: Line, found: Scheduled, targets: Sequence[int]) -> int:
    """The plan's band by the part of its trading time that remains, or the targets' error.

    Rounded down. Some tranches have their part of the band, by what their schedules spread.
    """
    whole, spans = line.parent.plan, line.spans
    assert whole is not None, "only a plan has a band"
    start_ns, end_ns = (hours.elapsed_ns(spans, x) for x in (whole.start_ns, whole.end_ns))
    remaining_ns = max(0, end_ns - max(start_ns, hours.elapsed_ns(spans, line.now_ns)))
    band_qty = whole.tracking_band_qty * remaining_ns // max(1, end_ns - start_ns)
    part_qty = band_qty * sum(plan.plan_qty for _, plan in found) // max(1, whole.plan_qty)
    return max(part_qty, volume_error.half_width_qty(line, found, targets))
