"""The division among venues that show nothing: counts, tails, the law, and the greedy."""

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import pairwise, product

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st
from world import DARK, LIT, Scene, dark_venue, event, given, venue

from engine.core.events import ScorecardSize, ScorecardUpdated, VenueKind
from engine.core.routing import cells, dark_split
from engine.core.routing.chances import EXPLORE_PPM
from engine.core.routing.dark_split import LOTS_MAX, NO_SIZES, Part, Pool, PowerLaw, Room
from engine.core.routing.survival import CHILD_MILLI, FINE, wilson_ppm
from engine.core.state.model import Sizes
from engine.core.units import PPM

NO_LAW = (0,) * LOTS_MAX
EXACT = 10  # Lots up to which a class is one lot.
SENT = st.integers(0, EXACT).flatmap(lambda sent: st.tuples(st.just(sent), st.integers(0, sent)))
SUBMISSIONS = st.lists(SENT, max_size=12)
ANY_SENT = st.integers(1, 300).flatmap(lambda sent: st.tuples(st.just(sent), st.integers(0, sent)))
TAILS = st.lists(
    st.lists(st.integers(0, 10), max_size=4).map(
        lambda found: [x * FINE // 10 for x in sorted(found, reverse=True)]
    ),
    min_size=1,
    max_size=3,
)
PEG = cells.PEG


def counted(submissions: Sequence[tuple[int, int]]) -> Sizes:
    found = NO_SIZES
    for sent, filled in submissions:
        found = found.plus(dark_split.counts_of(sent, filled))
    return found


def own_tail(submissions: Sequence[tuple[int, int]], lots: int) -> list[Fraction]:
    found = dark_split.tail_fine(counted(submissions), NO_LAW, 0, lots)
    return [Fraction(x, FINE) for x in found]


# ------------------------------------------------------------------------------ counts


@pytest.mark.parametrize(
    ("sent_qty", "filled_qty", "lots"),
    [
        (500, 500, (5, 5)),
        (450, 450, (5, 5)),  # All was there: what lies beyond it is unknown.
        (450, 449, (5, 4)),
        (500, 99, (5, 0)),
        (40, 0, (1, 0)),
        (500, -100, (5, 0)),  # After a bust.
        (500, 700, (5, 5)),  # More than was sent.
    ],
)
def test_a_child_counts_in_whole_lots(
    sent_qty: int, filled_qty: int, lots: tuple[int, int]
) -> None:
    assert dark_split.lots_of(sent_qty, filled_qty, 100) == lots


def test_a_filled_child_says_nothing_of_what_lies_beyond_it() -> None:
    found = dark_split.counts_of(3, 3)

    assert found.at_risk_milli == (1_000, 1_000, 1_000, *[0] * 13)
    assert not any(found.ended_milli)


def test_a_child_that_got_less_ends_in_the_class_of_what_it_got() -> None:
    found = dark_split.counts_of(40, 17)  # 10 to 14, 15 to 19.

    assert found.at_risk_milli == (*[1_000] * 10, 5_000, 3_000, *[0] * 4)
    assert found.ended_milli == (*[0] * 11, 1_000, *[0] * 4)


def test_a_child_that_was_taken_back_early_is_a_part_of_a_trial_by_what_it_did_not_get() -> None:
    found = dark_split.counts_of(3, 1, waited_milli=250)

    assert found.at_risk_milli[:3] == (1_000, 250, 0)
    assert found.ended_milli[:3] == (0, 250, 0)
    waits = [dark_split.waited_milli(s * 1_000_000_000) for s in (0, 15, 60, 600)]
    assert waits == [0, 250, 1_000, 1_000]


def test_lots_beyond_the_last_class_are_not_counted() -> None:
    assert dark_split.counts_of(500, 300) == dark_split.counts_of(LOTS_MAX, LOTS_MAX)


@for_all(st.lists(ANY_SENT, max_size=6))
def test_no_class_ends_more_children_than_were_at_risk(submissions: list[tuple[int, int]]) -> None:
    found = counted(submissions)

    assert all(0 <= e <= n for n, e in zip(found.at_risk_milli, found.ended_milli, strict=True))
    assert found.at_risk_milli[0] == CHILD_MILLI * len(submissions)


# ------------------------------------------------------------------------------- tails


@for_all(SUBMISSIONS, st.randoms())
def test_a_tail_is_kaplan_and_meiers_product_in_any_order(
    submissions: list[tuple[int, int]], chance: object
) -> None:
    found = own_tail(submissions, EXACT)

    left, naive = Fraction(1), []
    for size in range(EXACT):
        at_risk = [(v, r) for v, r in submissions if r >= size and v > size]
        ends = sum(r == size for _, r in at_risk)
        left *= 1 - Fraction(ends, len(at_risk) or 1)
        naive.append(left)
    assert found == pytest.approx([float(x) for x in naive], abs=2e-11)
    chance.shuffle(submissions)  # type: ignore[attr-defined]
    assert own_tail(submissions, EXACT) == found


@for_all(st.lists(ANY_SENT, max_size=8), st.integers(0, 8_000), st.integers(1, 300))
def test_a_tail_does_not_increase(
    submissions: list[tuple[int, int]], law_milli: int, lots: int
) -> None:
    hazards = dark_split.hazards_of_kind(NO_SIZES)
    found = dark_split.tail_fine(counted(submissions), hazards, law_milli, lots)

    assert len(found) == min(lots, LOTS_MAX)
    assert found[0] <= FINE
    assert all(here >= after >= 0 for here, after in pairwise(found))


def test_within_a_class_one_hazard_holds_for_each_lot() -> None:
    found = own_tail([(14, 12)] * 2 + [(15, 15)] * 2, 15)  # Of 16 lots at risk from 10 on 2 ended.

    assert found[9] == 1
    hazard = Fraction(2, 2 * 3 + 2 * 5)
    for number in range(1, 6):
        assert float(found[9 + number]) == pytest.approx(float((1 - hazard) ** number))


def test_a_venues_own_counts_prevail_over_the_law_when_there_are_many() -> None:
    hazards = dark_split.hazards_of_kind(NO_SIZES)
    law, few, many = (
        dark_split.tail_fine(counted([(3, 3)] * n), hazards, 4_000, 3) for n in (0, 4, 4_000)
    )

    assert law[0] == pytest.approx(0.2 * FINE, rel=0.001)
    assert all(x < y < z for x, y, z in zip(law, few, many, strict=True))
    assert many[2] > 0.99 * FINE


@pytest.mark.parametrize("lots", [1, 3, 12])
def test_an_interval_without_a_venue_that_ended_is_that_of_a_plain_rate(lots: int) -> None:
    assert dark_split.interval_ppm(counted([(15, 15)] * 7), lots) == wilson_ppm(7_000, 7_000)
    assert dark_split.interval_ppm(NO_SIZES, lots) == (0, PPM)


def test_an_interval_reaches_to_the_last_class() -> None:
    filled = counted([(LOTS_MAX, LOTS_MAX)] * 7)

    assert dark_split.interval_ppm(filled, LOTS_MAX) == wilson_ppm(7_000, 7_000)


def test_an_interval_is_that_of_a_rate_with_greenwoods_variance() -> None:
    plain = counted([(1, 1)] * 6 + [(1, 0)] * 14)
    censored = counted([(2, 2)] * 5 + [(2, 1)] * 5 + [(1, 1)] * 5 + [(1, 0)] * 5)

    assert dark_split.interval_ppm(plain, 1) == pytest.approx(wilson_ppm(6_000, 20_000), abs=100)
    low, high = dark_split.interval_ppm(censored, 2)
    assert low < 375_000 < high  # Three quarters, and half of these.
    variance = Fraction(5, 20 * 15) + Fraction(5, 10 * 5)
    tries = (1 - Fraction(3, 8)) / (Fraction(3, 8) * variance)
    want = wilson_ppm(int(375 * tries), int(1_000 * tries))
    assert (low, high) == pytest.approx(want, abs=500)


def test_where_nothing_was_left_the_tail_is_nothing_and_its_interval_is_of_the_last_tries() -> None:
    all_ended = counted([(1, 0)] * 9)

    assert own_tail([(1, 0)] * 9, 2) == [0, 0]
    assert dark_split.interval_ppm(all_ended, 1) == wilson_ppm(0, 9_000)


# --------------------------------------------------------------------------------- law


LAWS = st.builds(
    PowerLaw,
    st.floats(0, 1),
    st.integers(-(2**15), 2**15).map(lambda n: n / 2**14),
    st.integers(1, 60),
)


@for_all(LAWS)
def test_a_law_is_its_definition(law: PowerLaw) -> None:
    found = dark_split.tail_of(law)

    masses = [k**-law.beta for k in range(1, law.lots_max + 1)]
    total = math.fsum(masses)
    want = [(1 - law.p0) * math.fsum(masses[n:]) / total for n in range(law.lots_max)]
    assert found == pytest.approx([1.0, *want], rel=1e-11)


@for_all(LAWS)
def test_the_product_of_a_laws_hazards_is_its_tail(law: PowerLaw) -> None:
    found = dark_split.tail_fine(NO_SIZES, dark_split.hazards_of(law), 1, law.lots_max)

    want = dark_split.tail_of(law)[1:]
    assert [x / FINE for x in found] == pytest.approx(want, abs=1e-7)


@pytest.mark.parametrize(("p0", "lots_max"), [(-0.1, 5), (1.1, 5), (0.5, 0)])
def test_a_law_outside_its_domain_is_refused(p0: float, lots_max: int) -> None:
    with pytest.raises(ValueError, match="must be in"):
        dark_split.tail_of(PowerLaw(p0, 1.0, lots_max))


def likelihood(law: PowerLaw, submissions: Sequence[tuple[int, int]]) -> float:
    found = [*dark_split.tail_of(law), 0.0]
    return math.fsum(
        math.log(found[r] - found[r + 1] if r < v else found[v]) for v, r in submissions
    )


@for_all(
    st.lists(
        st.sampled_from([(3, 0), (3, 1), (3, 2), (5, 4), (2, 2), (1, 1)]), min_size=3, max_size=9
    )
)
def test_no_law_near_the_fitted_one_is_likelier(submissions: list[tuple[int, int]]) -> None:
    found = dark_split.fit(counted(submissions), 6)

    best = likelihood(found, submissions)
    for step in (-0.1, -0.001, 0.001, 0.1):
        near = found._replace(beta=found.beta + step)
        if abs(near.beta) < 8:  # Beyond, all that is hidden is one lot, or all of it.
            assert likelihood(near, submissions) <= best + 1e-7
        p0 = min(1.0, max(0.0, found.p0 + step))
        if all((p0 > 0 or r > 0) and (p0 < 1 or r == 0) for _, r in submissions):
            assert likelihood(found._replace(p0=p0), submissions) <= best + 1e-12


def test_a_fit_finds_the_law_that_counts_were_made_from() -> None:
    law = PowerLaw(0.7, 0.875, LOTS_MAX)
    tail = dark_split.tail_of(law)
    at_risk, ended = [], []
    for first, after in dark_split.CLASSES:
        at_risk.append(round(10**9 * sum(tail[first:after])))
        ended.append(round(10**9 * (tail[first] - tail[after])))

    found = dark_split.fit(Sizes(tuple(at_risk), tuple(ended)), LOTS_MAX)

    assert found.p0 == pytest.approx(0.7, abs=1e-6)
    assert found.beta == pytest.approx(0.875, abs=0.02)  # Classes are a little coarser.


def test_without_a_fill_nothing_is_known_of_the_power() -> None:
    assert dark_split.fit(counted([(5, 0), (3, 0)]), 10) == PowerLaw(1.0, 0.0, 10)


@pytest.mark.parametrize("submissions", [[], [(9, 9)]])
def test_a_fit_needs_children_within_its_sizes(submissions: list[tuple[int, int]]) -> None:
    with pytest.raises(ValueError, match="expected some and none"):
        dark_split.fit(counted(submissions), 5)


@pytest.mark.parametrize(("submission", "sign"), [((5, 1), 1), ((9, 9), -1)])
def test_a_likelihood_that_only_rises_ends_at_the_bound(
    submission: tuple[int, int], sign: int
) -> None:
    assert dark_split.fit(counted([submission]), 9).beta == pytest.approx(8 * sign, abs=1e-3)


def test_the_law_of_a_kind_without_a_child_is_the_guess() -> None:
    want = dark_split.hazards_of(dark_split.GUESS)

    assert dark_split.hazards_of_kind(NO_SIZES) == pytest.approx(want, rel=0.02)


# ------------------------------------------------------------------------------- greedy


def pools_of(tails: Sequence[Sequence[int]], most: int) -> list[Pool]:
    return [Pool(f"V{number}", tail, 1, most) for number, tail in enumerate(tails)]


def expected(tails: Sequence[Sequence[int]], lots: Sequence[int]) -> int:
    return sum(sum(tail[:n]) for tail, n in zip(tails, lots, strict=True))


@for_all(TAILS, st.integers(0, 6), st.integers(1, 6))
def test_no_division_has_a_higher_expected_fill_than_the_greedy_one(
    tails: list[list[int]], lots: int, most: int
) -> None:
    given = dark_split.greedy(pools_of(tails, most), lots)

    found = [given[f"V{n}"].lots if f"V{n}" in given else 0 for n in range(len(tails))]
    total = min(lots, most * len(tails))
    every = product(range(min(lots, most) + 1), repeat=len(tails))
    best = max(expected(tails, some) for some in every if sum(some) == total)
    assert expected(tails, found) == best
    assert sum(found) == total


@for_all(TAILS, st.integers(0, 12), st.lists(st.integers(1, 4), min_size=3, max_size=3))
def test_a_venue_gets_at_least_its_least_and_the_order_of_venues_changes_nothing(
    tails: list[list[int]], lots: int, least: list[int]
) -> None:
    pools = [x._replace(least_lots=n) for x, n in zip(pools_of(tails, 5), least, strict=False)]

    given = dark_split.greedy(pools, lots)

    assert given == dark_split.greedy(pools[::-1], lots)
    assert sum(part.lots for part in given.values()) <= lots
    for pool in pools:
        assert pool.venue not in given or pool.least_lots <= given[pool.venue].lots <= 5


def test_a_tie_goes_to_the_lower_code() -> None:
    tails = [[FINE // 2] * 3] * 2

    assert dark_split.greedy(pools_of(tails, 9)[::-1], 3) == {"V0": Part(3, 500_000)}


def test_what_a_venue_is_given_less_than_its_least_of_goes_to_the_others() -> None:
    tails = [[FINE // 2, FINE // 4], [FINE // 3, FINE // 5], [FINE // 3, FINE // 5]]
    pools = [pool._replace(least_lots=2 if n else 1) for n, pool in enumerate(pools_of(tails, 9))]

    assert dark_split.greedy(pools, 4) == {"V0": Part(2, 250_000), "V1": Part(2, 200_000)}
    assert dark_split.greedy([x._replace(least_lots=5) for x in pools], 4) == {}
    assert dark_split.greedy([], 4) == {}


def test_a_large_quantity_goes_in_steps_of_several_lots() -> None:
    tails = [[FINE // 2] * 3_000, [FINE // 3] * 3_000]

    given = dark_split.greedy(pools_of(tails, 2_001), 3_500)

    assert given == {"V0": Part(2_001, 500_000), "V1": Part(1_499, 333_333)}


@for_all(st.lists(st.lists(ANY_SENT, max_size=6), min_size=2, max_size=4), st.integers(1, 60))
def test_a_venue_that_hid_more_is_given_no_less(
    children: list[list[tuple[int, int]]], lots: int
) -> None:
    hazards = dark_split.hazards_of_kind(NO_SIZES)

    def given(more: int) -> Mapping[str, Part]:
        all_sent = [[*children[0], *[(20, 20)] * more], *children[1:]]
        tails = [dark_split.tail_fine(counted(x), hazards, 4_000, lots) for x in all_sent]
        return dark_split.greedy(pools_of(tails, lots), lots)

    before, after = given(0), given(3)
    assert sum(part.lots for part in after.values()) == lots
    if lots <= 20:
        nothing = Part(0, 0)
        assert after.get("V0", nothing).lots >= before.get("V0", nothing).lots


# ------------------------------------------------------------------------------- state


def learned(**children: Sequence[tuple[int, int]]) -> Scene:
    """Pools, and a scorecard of each by children (sent, filled)."""
    kinds = {"lit": VenueKind.LIT}
    world = given(
        *(dark_venue(code, kind=kinds.get(code[:3], VenueKind.DARK)) for code in children)
    )
    for code, submissions in children.items():
        if submissions:
            at_risk, ended = counted(submissions)
            size = ScorecardSize(tactic=PEG, at_risk_milli=at_risk, ended_milli=ended)
            said = {"venue": code, "version": 1, "samples": 9, "kind": VenueKind.DARK}
            world = world.given(event(ScorecardUpdated, **said, sizes=(size,)))
    return world


def test_a_quantity_goes_where_earlier_children_found_more() -> None:
    world = learned(A=[(9, 0)] * 30, B=[(9, 9)] * 30, C=[(9, 3)] * 30)
    rooms = dict.fromkeys("ABC", Room(1, 10_000))

    found = dark_split.divided(world.state, PEG, rooms, 1_000, 100)

    assert {code: part.lots for code, part in found.items()} == {"B": 7, "C": 3}
    turned = dict.fromkeys("CBA", Room(1, 10_000))
    assert dark_split.divided(world.state, PEG, turned, 1_000, 100) == found


def test_a_venue_has_room_for_some_and_a_minimum() -> None:
    world = learned(A=[], B=[(9, 9)] * 30)

    rooms = {"A": Room(500, 10_000), "B": Room(1, 650)}
    found = dark_split.divided(world.state, PEG, rooms, 1_000, 100)
    assert {code: part.lots for code, part in found.items()} == {"B": 6}
    rooms = {"A": Room(500, 10_000), "B": Room(1, 50)}
    found = dark_split.divided(world.state, PEG, rooms, 1_000, 100)
    assert {code: part.lots for code, part in found.items()} == {"A": 9, "B": 1}


def test_the_first_lot_of_a_venue_with_few_samples_has_a_bonus() -> None:
    world = learned(A=[], B=[(1, 1)] * 4)
    bare = [
        dark_split.tail_fine(own, dark_split.hazards_of_kind(counted([(1, 1)] * 4)), 4_000, 2)
        for own in (NO_SIZES, counted([(1, 1)] * 4))
    ]

    tails = [dark_split.tail_at(world.state, code, PEG, 2) for code in "AB"]

    unit = FINE // PPM
    assert [tail[0] - was[0] for tail, was in zip(tails, bare, strict=True)] == [
        EXPLORE_PPM * unit,
        EXPLORE_PPM // 2 * unit,
    ]
    assert [tail[1] for tail in tails] == [was[1] for was in bare]


def test_a_chance_with_its_bonus_is_at_most_one() -> None:
    world = learned(A=[(1, 1)] * 10_000)

    assert dark_split.tail_at(world.state, "A", PEG, 1) == [FINE]


def test_a_venue_leans_on_those_of_its_kind() -> None:
    world = learned(A=[], B=[(5, 5)] * 50, lit=[])

    chances = {x: dark_split.tail_at(world.state, x, PEG, 5)[4] for x in ("A", "B", "lit")}

    assert chances["B"] > chances["A"] > 5 * chances["lit"]


def test_what_ends_at_once_meets_another_quantity_than_what_rests() -> None:
    assert cells.hidden_of("peg:wide") == PEG
    assert cells.hidden_of(cells.MIDPOINT_NOW) == cells.MIDPOINT_NOW
    assert {cells.hidden_of(x) for x in ("post:wide:touch:first", "take:fresh", "")} == {""}
    world = learned(A=[(5, 5)] * 50)

    resting, now = (
        dark_split.tail_at(world.state, "A", x, 5)[4] for x in (PEG, cells.MIDPOINT_NOW)
    )
    assert resting > now


def test_a_venue_that_shows_and_pegs_is_a_pool_too() -> None:
    world = given(venue(LIT, midpoint=True), dark_venue(DARK))

    found = dark_split.divided(world.state, PEG, dict.fromkeys((LIT, DARK), Room(1, 400)), 400, 100)

    assert sorted(part.lots for part in found.values()) == [2, 2]
