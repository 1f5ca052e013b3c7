"""Survival of resting children: Kaplan-Meier, its discrete form, and intervals."""

import math
from collections.abc import Sequence

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st
from models import kaplan_meier

from engine.core.routing import survival
from engine.core.routing.survival import CHILD_MILLI, SPAN_ENDS_NS, Counts
from engine.core.units import NS_PER_S, PPM

NO_PRIOR = (0,) * len(survival.SPANS)
CHILDREN = st.lists(
    st.tuples(st.sampled_from(SPAN_ENDS_NS[:-1]), st.booleans()), min_size=1, max_size=40
)


def together(children: list[tuple[int, bool]]) -> Counts:
    """The counts of children that were filled, or taken back, at these times."""
    each = [survival.counts_of(t if f else None, t, PPM if f else 0) for t, f in children]
    return Counts(*(tuple(map(sum, zip(*(x[n] for x in each), strict=True))) for n in range(3)))


@for_all(CHILDREN)
def test_spans_that_end_with_events_are_kaplan_and_meiers_product(
    children: list[tuple[int, bool]],
) -> None:
    counts = together(children)
    hazards = [
        filled * PPM // max(1, at_risk)
        for at_risk, filled in zip(counts.at_risk_milli, counts.filled_milli, strict=True)
    ]

    for point in kaplan_meier.kaplan_meier(*map(list, zip(*children, strict=True))):
        found = survival.filled_within_ppm(hazards, point.time)
        assert abs(found - (1 - point.survival) * PPM) <= len(survival.SPANS) + 1


@for_all(CHILDREN)
def test_the_filled_part_of_all_is_what_is_filled_before_it_is_taken_back(
    children: list[tuple[int, bool]],
) -> None:
    counts = together(children)
    entered = survival.entered_milli(counts.filled_milli, counts.cancelled_milli)
    fills, cancels = (
        survival.hazards_ppm([max(1, n) for n in entered], leaves, NO_PRIOR, 0)
        for leaves in (counts.filled_milli, counts.cancelled_milli)
    )

    found = survival.ends(fills, cancels).filled_ppm(SPAN_ENDS_NS[-1])

    assert found == pytest.approx(PPM * sum(f for _, f in children) / len(children), abs=40)


def test_a_child_that_was_filled_in_part_counts_in_parts() -> None:
    counts = survival.counts_of(2 * NS_PER_S, 20 * NS_PER_S, 250_000)

    assert counts.filled_milli[:4] == (0, 250, 0, 0)
    assert counts.cancelled_milli[:4] == (0, 0, 0, 750)
    assert counts.at_risk_milli[:5] == (1_000, 1_000, 750, 375, 0)  # Half of the fourth span.
    assert sum(counts.filled_milli) + sum(counts.cancelled_milli) == CHILD_MILLI


@pytest.mark.parametrize("rest_ns", [0, 1, 10**18])
def test_a_child_of_any_time_at_rest_leaves_once(rest_ns: int) -> None:
    for counts in (
        survival.counts_of(rest_ns, rest_ns, PPM),
        survival.counts_of(None, rest_ns, 0),
    ):
        assert sum(counts.filled_milli) + sum(counts.cancelled_milli) == CHILD_MILLI


def test_nothing_more_is_expected_beyond_the_last_span() -> None:
    hazards = (100_000,) * len(survival.SPANS)

    assert survival.filled_within_ppm(hazards, 0) == 0
    assert survival.filled_within_ppm(hazards, NS_PER_S // 2) == 50_000
    assert survival.filled_within_ppm(hazards, 10**18) == survival.filled_within_ppm(
        hazards, SPAN_ENDS_NS[-1]
    )


def test_a_time_that_is_over_fills_nothing_more() -> None:
    parts = (500_000,) * len(survival.SPANS)
    ends = survival.ends(parts, parts)

    assert ends.filled_ppm(0) == 0
    assert ends.filled_ppm(NS_PER_S) == 500_000
    assert ends.filled_ppm(10**18) == 500_000  # All have left at once.


def within_span_by_span(hazards: Sequence[int], within_ns: int) -> int:
    """The naive twin of `survival.Fills`."""
    left = survival.FINE
    for (first_ns, last_ns), hazard in zip(survival.SPANS, hazards, strict=True):
        if within_ns <= first_ns:
            break
        part_ns = min(within_ns, last_ns) - first_ns
        left -= left * hazard * part_ns // (PPM * (last_ns - first_ns))
    return (survival.FINE - left) * PPM // survival.FINE


def ends_span_by_span(fills: Sequence[int], cancels: Sequence[int], left_ns: int) -> int:
    """The naive twin of `survival.Ends`."""
    rests, found = survival.FINE, 0
    for (first_ns, last_ns), fill, cancel in zip(survival.SPANS, fills, cancels, strict=True):
        if left_ns <= first_ns:
            break
        part_ns, span_ns = min(left_ns, last_ns) - first_ns, last_ns - first_ns
        filled = rests * fill * part_ns // (PPM * span_ns)
        found += filled
        rests -= filled + min(rests - filled, rests * cancel * part_ns // (PPM * span_ns))
    return found * PPM // survival.FINE


PPMS = st.lists(st.integers(0, PPM), min_size=len(survival.SPANS), max_size=len(survival.SPANS))
TIMES_NS = st.one_of(
    st.integers(-NS_PER_S, 2 * SPAN_ENDS_NS[-1]), st.sampled_from((0, *SPAN_ENDS_NS))
)


@for_all(PPMS, PPMS, TIMES_NS)
def test_sums_to_the_start_of_each_span_are_the_walk_over_the_spans(
    fills: list[int], cancels: list[int], at_ns: int
) -> None:
    assert survival.fills(fills).within_ppm(at_ns) == within_span_by_span(fills, at_ns)
    assert survival.ends(fills, cancels).filled_ppm(at_ns) == ends_span_by_span(
        fills, cancels, at_ns
    )


def test_hazards_are_shrunk_to_a_prior_and_bounded() -> None:
    assert survival.hazards_ppm((2_000,), (1_000,), (100_000,), 2_000) == (300_000,)
    assert survival.hazards_ppm((0,), (0,), (100_000,), 2_000) == (100_000,)
    assert survival.scaled_ppm((400_000, 10), 3_000_000, 950_000) == (950_000, 30)


# ---------------------------------------------------------------------------- intervals


@pytest.mark.parametrize(
    ("hits", "tries", "low", "high"),
    [  # Wilson's interval with z = 1.96, to four digits; the first is Newcombe (1998), table I.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilsons_interval_is_newcombes_published_one(
    hits: int, tries: int, low: float, high: float
) -> None:
    found = survival.wilson_ppm(hits * CHILD_MILLI, tries * CHILD_MILLI)

    assert found == pytest.approx((low * PPM, high * PPM), abs=60)


def test_without_a_try_everything_is_possible() -> None:
    assert survival.wilson_ppm(0, 0) == (0, PPM)
    assert survival.interval_ppm(Counts(NO_PRIOR, NO_PRIOR, NO_PRIOR), NS_PER_S) == (0, PPM)


@for_all(CHILDREN, st.sampled_from(SPAN_ENDS_NS))
def test_an_interval_holds_its_estimate_and_is_wilsons_without_censoring(
    children: list[tuple[int, bool]], within_ns: int
) -> None:
    counts = together(children)
    low, high = survival.interval_ppm(counts, within_ns)
    times, observed = map(list, zip(*children, strict=True))
    points = [x for x in kaplan_meier.kaplan_meier(times, observed) if x.time <= within_ns]
    chance = PPM * (1 - points[-1].survival) if points else 0

    assert 0 <= low <= high <= PPM
    if any(t >= within_ns for t in times):
        assert low - 60 <= chance <= high + 60
    if all(f or t >= within_ns for t, f in children):  # Then the estimate is a plain rate.
        plain = survival.wilson_ppm(
            sum(f and t <= within_ns for t, f in children) * CHILD_MILLI,
            len(children) * CHILD_MILLI,
        )
        if chance < PPM:
            assert (low, high) == pytest.approx(plain, abs=1_500)


def test_greenwoods_variance_is_none_where_nothing_survives() -> None:
    (first, last) = kaplan_meier.kaplan_meier([1, 2], [True, True])

    assert first.variance is not None
    assert math.isclose(first.variance, 0.125)
    assert last.variance is None
