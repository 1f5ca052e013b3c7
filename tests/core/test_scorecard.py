"""Scorecards: survival, hits, markouts and latencies, from our own reports alone."""

from fractions import Fraction

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st
from routed import parent_search
from world import (
    DARK,
    HOUR,
    INSTRUMENT,
    LIT,
    NOW_NS,
    OTHER_LIT,
    SECOND,
    World,
    at_once,
    dark_venue,
    event,
    fees,
    fill_report,
    given,
    order,
    policy,
    px,
    quote,
    report,
    trading,
    venue,
)

from engine.core.day import repartition
from engine.core.events import (
    ChildClosed,
    ChildRouted,
    CloseReason,
    ExecType,
    FillBooked,
    Immediacy,
    Router,
    ScorecardCarried,
    ScorecardCell,
    ScorecardMarkout,
    ScorecardUpdated,
    Side,
    VenueKind,
)
from engine.core.routing import candidates, cells, chances, dark_split, scorecard, survival
from engine.core.routing.chances import NO_REST
from engine.core.state.model import Cell, Lesson, Markout, Pools, Scorecard, Sizes
from engine.core.state.state import State
from engine.core.units import PPM

LARGE = st.integers(-(10**15), 10**15)
POST_CELL = "post:wide:touch:short"
FRESH = "take:fresh"


def rested(fill_s: int | None, end_s: int, part_ppm: int = PPM, cell: str = POST_CELL) -> Lesson:
    """The lesson of a child that rested, filled after a time or taken back."""
    fill_ns = None if fill_s is None else fill_s * SECOND
    counts = survival.counts_of(fill_ns, end_s * SECOND, part_ppm if fill_s is not None else 0)
    return Lesson(cell, *counts, speed_ns=fill_ns)


def took(hit_milli: int, cell: str = FRESH) -> Lesson:
    return Lesson(cell, (1_000,), (hit_milli,), (1_000 - hit_milli,))


def pegged(sent_lots: int, filled_lots: int, waited_milli: int = 1_000) -> Lesson:
    """The lesson of a peg, of what its venue hid alone."""
    return Lesson(
        hidden=cells.PEG,
        sent_lots=sent_lots,
        filled_lots=filled_lots,
        waited_milli=waited_milli,
    )


def taught(state: State, code: str, *lessons: Lesson) -> None:
    """Teach a venue, as the shard does at the end of a batch."""
    state.scorecards.setdefault(code, Scorecard()).fresh += lessons
    for found in scorecard.update(state):
        scorecard.on_updated(state, found)


def minute(state: State, code: str, cell: str = POST_CELL) -> int:
    return chances.estimate(state, code, cell, 60 * SECOND, HOUR, {}).fill_ppm


# --------------------------------------------------------------------------- estimates


def test_a_venue_that_taught_nothing_has_the_guess_of_its_tactic() -> None:
    state = given(venue(LIT), dark_venue(DARK)).state

    post = chances.estimate(state, LIT, POST_CELL, 60 * SECOND, HOUR, {})
    peg = chances.estimate(state, DARK, "peg:wide", 60 * SECOND, HOUR, {})
    take = chances.estimate(state, LIT, FRESH, 0, HOUR, {})

    assert (post.version, post.speed_ns, post.cost_millibps) == (0, 10 * SECOND, None)
    assert 0 < peg.fill_ppm < post.fill_ppm < PPM
    assert take.fill_ppm == take.ends_filled_ppm == 800_000
    assert {x.bonus_ppm for x in (post, peg, take)} == {50_000}


def test_a_child_that_was_taken_back_says_nothing_of_the_time_after() -> None:
    state = given(venue(LIT), venue(OTHER_LIT)).state
    before = chances.kind_hazards(state.pools, VenueKind.LIT, POST_CELL)

    taught(state, LIT, *[rested(None, 30)] * 40)

    after = chances.kind_hazards(state.pools, VenueKind.LIT, POST_CELL)
    assert [new < old for new, old in zip(after, before, strict=True)] == [True] * 4 + [False] * 6
    assert after[4:] == before[4:]


def test_a_post_that_was_filled_raises_the_chance_and_a_cancelled_one_lowers_it() -> None:
    state = given(venue(LIT)).state
    before = minute(state, LIT)

    taught(state, LIT, rested(8, 8))
    filled = minute(state, LIT)
    taught(state, LIT, rested(None, 60))

    assert filled > before
    assert minute(state, LIT) < filled


def test_a_venue_is_compared_with_its_kind_over_the_same_states() -> None:
    state = given(venue(LIT), venue(OTHER_LIT)).state
    hard = "post:wide:beyond:unseen"
    taught(state, OTHER_LIT, *[rested(5, 5), rested(None, 60, cell=hard)] * 30)

    taught(state, LIT, *[rested(None, 60, cell=hard)] * 30)  # Asked in the hard state alone.

    assert chances.factor_of(state.scorecards[LIT]) > 950_000
    assert minute(state, LIT) > 850_000
    assert minute(state, LIT, hard) < 200_000


def test_a_venue_that_fills_less_than_its_kind_has_a_lower_chance() -> None:
    state = given(venue(LIT), venue(OTHER_LIT)).state
    taught(state, OTHER_LIT, *[rested(20, 20)] * 40)
    taught(state, LIT, *[rested(None, 60)] * 40)

    assert minute(state, LIT) < minute(state, OTHER_LIT)
    assert chances.factor_of(state.scorecards[LIT]) < PPM


def test_what_a_dark_venue_teaches_reaches_a_lit_one_only_through_the_tactic() -> None:
    state = given(venue(LIT), dark_venue(DARK)).state
    taught(state, DARK, *[rested(5, 5, cell="peg:wide")] * 100)

    dark, lit = minute(state, DARK, "peg:wide"), minute(state, LIT, "peg:wide")
    assert min(lit, dark) > 900_000
    assert minute(state, LIT) == minute(given(venue(LIT)).state, LIT)
    assert (VenueKind.DARK, "peg:wide") in state.pools.kinds


def test_a_miss_counts_as_nothing_hit() -> None:
    state = given(venue(LIT), venue(OTHER_LIT)).state

    taught(state, LIT, took(0), took(0))
    taught(state, OTHER_LIT, took(1_000), took(500))

    low, high = chances.hit_ppm(state, LIT, FRESH), chances.hit_ppm(state, OTHER_LIT, FRESH)
    assert low < 450_000
    assert high > 550_000
    pooled = Fraction(1_500 + 2 * 800, 4_000 + 2_000)
    assert low == int(pooled * PPM) * 10_000 // 12_000


def test_samples_use_up_the_bonus_of_exploration() -> None:
    state = given(venue(LIT)).state
    bonuses = []
    for _ in range(3):
        bonuses.append(chances.estimate(state, LIT, FRESH, 0, 0, {}).bonus_ppm)
        taught(state, LIT, took(1_000), took(1_000))

    assert bonuses == [50_000, 33_333, 25_000]


def test_the_end_of_its_time_bounds_what_is_filled_before_a_child_is_taken_back() -> None:
    state = given(venue(LIT)).state
    taught(state, LIT, *[rested(40, 40), rested(None, 50)] * 50)

    def ends(left_s: int) -> int:
        found = chances.of_kind(state.pools, VenueKind.LIT, POST_CELL)
        return chances.rest_ppm(found, state.scorecards[LIT], 0, left_s * SECOND)[1]

    assert ends(0) == 0
    assert ends(20) < 30_000 < ends(45) < ends(60) <= ends(3_600)
    assert abs(ends(3_600) - 500_000) < 30_000  # Half of all were filled.


# ----------------------------------------------------------------------------- lessons


def test_an_update_states_the_cells_that_changed_and_what_they_count_now() -> None:
    state = given(venue(LIT)).state
    taught(state, LIT, rested(2, 2), took(1_000))
    state.scorecards[LIT].fresh += [rested(None, 30)]
    state.scorecards[LIT].marked += [("post", 1, -7), ("post", 1, 3)]

    (found,) = scorecard.update(state)

    assert (found.version, found.samples, found.kind) == (2, 3, VenueKind.LIT)
    assert found.cells == (
        ScorecardCell(
            cell=POST_CELL,
            at_risk_milli=(2_000, 2_000, 1_000, 1_000, *[0] * 6),
            filled_milli=(0, 1_000, *[0] * 8),
            cancelled_milli=(*[0] * 3, 1_000, *[0] * 6),
        ),
    )
    assert [*found.markouts] == [
        ScorecardMarkout(tactic="post", horizon_s=1, fills_milli=2_000, sum_millibps=-4),
    ]
    assert 0 < found.fill_ppm < PPM


def test_speed_and_cost_move_by_an_eighth_for_each_child() -> None:
    state = given(venue(LIT)).state
    state.scorecards[LIT] = Scorecard(
        version=2,
        samples=5,
        speed_ns=8_000,
        cost_millibps=80,
        take_samples=1,
        fresh=[Lesson(), Lesson(speed_ns=16_000), Lesson(cost_millibps=0), Lesson(ack_ns=9)],
    )

    (found,) = scorecard.update(state)

    assert (found.version, found.samples, found.take_samples) == (3, 9, 2)
    assert (found.speed_ns, found.cost_millibps) == (9_000, 70)
    assert (found.acks_milli, found.acks_ns) == (1_000, 9)
    assert not found.cells
    assert not found.markouts


def test_a_venues_first_speed_starts_from_a_guess_and_its_first_cost_is_kept_as_it_is() -> None:
    state = given(venue(LIT)).state
    state.scorecards[LIT] = Scorecard(
        fresh=[Lesson(speed_ns=2 * SECOND), Lesson(cost_millibps=800, take_ns=5)]
    )

    (found,) = scorecard.update(state)

    assert (found.speed_ns, found.cost_millibps) == (9 * SECOND, 800)
    assert (found.takes_milli, found.takes_ns) == (1_000, 5)


def test_a_post_teaches_survival_and_a_take_its_hit_cost_and_latency() -> None:
    world = trading(policy(router=Router.SEQUENTIAL))
    world.given(at_once(limit_px=px(99.95)), at_once("s1", 400, side=Side.SELL))
    post, take = world.children()
    world.given(fill_report(take, 400), after_ns=SECOND)
    card = world.state.scorecards[LIT]
    assert (card.cost_millibps, card.take_samples, card.version) == (1_000, 1, 1)
    assert (card.takes_milli, card.takes_ns) == (1_000, SECOND)
    assert card.cells == {FRESH: Cell((1_000,), (1_000,), (0,))}

    world.when(fill_report(post, 500, "E2"), after_ns=SECOND)

    card = world.state.scorecards[LIT]
    assert (card.cost_millibps, card.take_samples, card.version) == (1_000, 1, 2)
    assert card.speed_ns == 9 * SECOND
    (cell,) = [cell for cell in card.cells if cell != FRESH]
    assert cell == post.terms.cell
    assert card.cells[cell].filled_milli == (0, 1_000, *[0] * 8)
    assert scorecard.markout_millibps(world.state, LIT, "take", 1) is None


def test_a_take_that_found_nothing_teaches_a_miss() -> None:
    world = trading().given(at_once())
    child = world.child()

    world.when(report(child, ExecType.CANCELED))

    assert world.the(ScorecardUpdated).cells == (
        ScorecardCell(
            cell=FRESH, at_risk_milli=(1_000,), filled_milli=(0,), cancelled_milli=(1_000,)
        ),
    )


def test_a_fill_without_a_market_to_measure_by_teaches_no_cost() -> None:
    world = trading().given(at_once())
    child = world.child()
    world.given(quote(bid=0.0, ask=0.0))

    world.when(fill_report(child, 500))

    assert world.the(ScorecardUpdated).take_samples == 0


def test_a_child_that_never_was_at_its_venue_teaches_nothing() -> None:
    world = trading().given(at_once())

    assert scorecard.lesson(world.child(), CloseReason.NOT_SENT, NOW_NS, 100) is None


def test_a_route_of_an_earlier_release_teaches_no_chance() -> None:
    world = trading().given(at_once(limit_px=px(99.95)))
    child = world.children()[0]
    child.terms = make(child.terms)

    found = scorecard.lesson(child, CloseReason.CANCELED, NOW_NS, 100)

    assert found is not None
    assert (found.cell, found.at_risk_milli) == ("", ())


def make(terms: ChildRouted) -> ChildRouted:
    """The route without a cell."""
    fields = {name: getattr(terms, name) for name in ChildRouted.__dataclass_fields__}
    return ChildRouted(**{n: x for n, x in fields.items() if n not in STAMPED} | {"cell": ""})


STAMPED = ("seq", "at_ns", "cause")


def test_only_venues_with_news_are_updated_in_the_order_of_their_codes() -> None:
    state = given(venue("A"), venue("B"), venue("C")).state
    state.scorecards["C"] = Scorecard(fresh=[took(0)])
    state.scorecards["B"] = Scorecard(version=4, marked=[("take", 1, 5)])
    state.scorecards["A"] = Scorecard(fresh=[took(0)])

    assert [found.venue for found in scorecard.update(state)] == ["A", "C"]


def test_a_venue_that_reference_data_has_lost_keeps_its_kind() -> None:
    state = given(venue(LIT)).state
    state.scorecards["GONE"] = Scorecard(kind=VenueKind.ATS, fresh=[took(0)])

    assert [found.kind for found in scorecard.update(state)] == [VenueKind.ATS]


# --------------------------------------------------------------------- hidden quantity


def test_a_peg_teaches_what_its_venue_hid_and_a_post_does_not() -> None:
    world = trading(dark_venue(), policy(router=Router.LIQUIDITY_SEEKING))
    world.given(at_once(order_qty=800, limit_px=px(100.01)))
    pegs = {child.terms.venue: child for child in world.children()}

    world.given(fill_report(pegs[DARK], 250), after_ns=SECOND)
    world.when(report(pegs[DARK], ExecType.CANCELED, cum_qty=250), after_ns=14 * SECOND)
    world.given(report(pegs[LIT], ExecType.CANCELED))

    (found,) = world.state.scorecards[DARK].sizes.items()
    assert pegs[DARK].terms.child_qty == 400
    assert found == (cells.PEG, dark_split.counts_of(4, 2, 250))  # A quarter of a minute.
    assert not world.state.scorecards[LIT].sizes
    assert world.state.pools.sizes == {(VenueKind.DARK, cells.PEG): found[1]}


def test_a_midpoint_child_that_ends_at_once_is_a_whole_trial() -> None:
    world = trading(dark_venue())
    world.given(order(order_qty=1_300, limit_px=px(100.02), immediacy=Immediacy.IOC))
    _, child = world.children()

    world.when(report(child, ExecType.CANCELED))

    want = {cells.MIDPOINT_NOW: dark_split.counts_of(3, 0)}
    assert world.state.scorecards[DARK].sizes == want


def test_an_update_states_what_a_venue_hid_in_all() -> None:
    state = given(dark_venue(DARK)).state
    taught(state, DARK, pegged(3, 3), pegged(5, 2))
    taught(state, DARK, took(0))
    state.scorecards[DARK].fresh += [pegged(1, 0, 500)]

    (found,) = scorecard.update(state)

    (size,) = found.sizes
    want = dark_split.counts_of(3, 3).plus(dark_split.counts_of(5, 2))
    want = want.plus(dark_split.counts_of(1, 0, 500))
    assert (size.tactic, Sizes(size.at_risk_milli, size.ended_milli)) == (cells.PEG, want)


def test_a_close_forgets_a_part_of_what_a_venue_hid() -> None:
    state = given(dark_venue(DARK)).state
    taught(state, DARK, *[pegged(5, 2)] * 100)
    scorecard.on_carried(state, scorecard.carried(DARK, state.scorecards[DARK]))

    found = state.carried.scorecards[DARK].sizes[cells.PEG]

    assert found.at_risk_milli[:4] == (87_055, 87_055, 87_055, 0)
    assert found.ended_milli[:4] == (0, 0, 87_055, 0)


def test_the_counts_are_those_of_the_children_in_the_log() -> None:
    world = trading(dark_venue(), dark_venue("POOL"), policy(router=Router.LIQUIDITY_SEEKING))
    routed: dict[str, ChildRouted] = {}
    filled: dict[str, int] = {}
    ended: dict[str, int] = {}

    def read() -> None:
        for found in world.events:
            if isinstance(found, ChildRouted) and found.cell.startswith(cells.PEG):
                routed[world.state.event_id(found.seq)] = found
            elif isinstance(found, FillBooked):
                filled[found.child_id] = filled.get(found.child_id, 0) + found.last_qty
                if not found.leaves_qty:
                    ended[found.child_id] = found.at_ns
            elif isinstance(found, ChildClosed):
                ended[found.child_id] = found.at_ns

    for number in range(8):
        now_ns = world.now_ns + SECOND
        world.at(now_ns, *(quote(code, received_ns=now_ns) for code in (LIT, OTHER_LIT)))
        world.given(at_once(f"o{number}", 900, limit_px=px(100.01)))
        read()
        live = [x for x in world.children() if x.is_live]
        for place, child in enumerate(live):
            qty = min(child.leaves_qty, (0, 100, 1_000)[(number + place) % 3])
            if qty:
                world.when(fill_report(child, qty, f"E{number}-{place}"), after_ns=7 * SECOND)
                read()
            if child.is_live:
                world.when(report(child, ExecType.CANCELED, cum_qty=qty), after_ns=number * SECOND)
                read()

    assert len(routed) >= 8
    again: dict[str, Sizes] = {}
    for child_id in ended.keys() & routed.keys():
        terms = routed[child_id]
        lots = dark_split.lots_of(terms.child_qty, filled.get(child_id, 0), 100)
        waited = dark_split.waited_milli(ended[child_id] - terms.at_ns)
        counted = dark_split.counts_of(*lots, waited)
        again[terms.venue] = again.get(terms.venue, dark_split.NO_SIZES).plus(counted)
    assert {DARK, "POOL"} == again.keys()
    for code, sizes in again.items():
        assert world.state.scorecards[code].sizes == {cells.PEG: sizes}
    assert world.state.pools.sizes == {(VenueKind.DARK, cells.PEG): again[DARK].plus(again["POOL"])}
    assert world.folded().state == world.state


# ------------------------------------------------------------------------------- folds


def test_a_venue_that_changes_its_kind_takes_its_counts_along() -> None:
    state = given(venue(LIT)).state
    taught(state, LIT, rested(2, 2), took(1_000), pegged(2, 1))
    state.reference.venues[LIT] = venue(LIT, kind=VenueKind.ATS)

    taught(state, LIT, rested(2, 2))

    assert {kind for kind, _ in state.pools.kinds} == {VenueKind.ATS}
    assert {kind for kind, _ in state.pools.sizes} == {VenueKind.ATS}
    assert state.pools == scorecard.pooled(state.scorecards)


def test_an_update_of_an_earlier_release_is_folded() -> None:
    said = {"venue": LIT, "version": 3, "samples": 9, "fill_ppm": 5, "speed_ns": 6}
    scene = given(venue(LIT), event(ScorecardUpdated, **said, cost_millibps=-7, take_samples=1))

    assert scene.state.scorecards == {LIT: Scorecard(3, 9, 5, 6, -7, 1)}
    found = chances.estimate(scene.state, LIT, POST_CELL, SECOND, HOUR, {})
    assert (found.version, found.speed_ns, found.cost_millibps) == (3, 6, -7)
    assert scorecard.update(scene.state) == ()


def test_a_carried_card_waits_for_the_next_day() -> None:
    said = {"venue": LIT, "version": 3, "samples": 9, "fill_ppm": 5, "speed_ns": 6}
    scene = given(event(ScorecardCarried, **said, cost_millibps=-7, take_samples=1))

    assert not scene.state.scorecards
    assert scene.state.carried.scorecards == {LIT: Scorecard(3, 9, 5, 6, -7, 1)}


def test_a_close_forgets_half_of_every_count_in_five_days() -> None:
    card = Scorecard(
        version=1,
        cells={FRESH: Cell((1_000_000,), (400_000,), (600_000,))},
        markouts={("take", 1): Markout(1_000_000, -3_000_000)},
        acks_milli=1_000_000,
        acks_ns=2_000_000,
    )
    state = State(shard=0)
    for _ in range(5):
        scorecard.on_carried(state, scorecard.carried(LIT, card))
        card = state.carried.scorecards[LIT]

    assert card.cells[FRESH].at_risk_milli[0] == pytest.approx(500_000, abs=5)
    assert card.cells[FRESH].filled_milli[0] == pytest.approx(200_000, abs=5)
    assert card.markouts["take", 1].sum_millibps == pytest.approx(-1_500_000, abs=10)
    assert (card.acks_milli, card.acks_ns) == pytest.approx((500_000, 1_000_000), abs=5)
    assert card.version == 1


def test_the_mean_of_a_markout_is_over_its_fills() -> None:
    state = given(venue(LIT)).state
    assert scorecard.markout_millibps(state, LIT, "post", 60) is None
    state.scorecards[LIT] = Scorecard(markouts={("post", 60): Markout(2_000, -5)})

    assert scorecard.markout_millibps(state, LIT, "post", 60) == -3
    state.scorecards[LIT].markouts["post", 60] = Markout()
    assert scorecard.markout_millibps(state, LIT, "post", 60) is None


def test_each_new_shard_gets_the_card_of_a_venue_and_its_pools() -> None:
    state = given(venue(LIT)).state
    taught(state, LIT, rested(2, 2), took(0))

    cards = repartition.scorecards([state])

    assert scorecard.pooled(cards) == state.pools
    assert cards[LIT] is not state.scorecards[LIT]


LESSONS = st.lists(
    st.tuples(
        st.sampled_from((LIT, OTHER_LIT, DARK)),
        st.sampled_from((POST_CELL, "post:tick:near:unseen", "peg:wide", FRESH)),
        st.integers(0, 5_000),
        st.booleans(),
    ),
    max_size=30,
)


@for_all(LESSONS)
def test_pools_are_the_sum_of_the_cards_and_chances_lie_between_nothing_and_one(
    lessons: list[tuple[str, str, int, bool]],
) -> None:
    state = given(venue(LIT), venue(OTHER_LIT), dark_venue(DARK)).state
    for code, cell, end_s, is_filled in lessons:
        is_take = cells.is_take(cell)
        hit = took(1_000 * is_filled, cell)
        other = rested(end_s if is_filled else None, end_s, cell=cell)
        more = pegged(1 + end_s // 20, end_s // 20 * is_filled, 500)
        taught(state, code, hit if is_take else other, more)

    summed: Pools = scorecard.pooled(
        {
            code: Scorecard(kind=card.kind, cells=card.cells, sizes=card.sizes)
            for code, card in state.scorecards.items()
        }
    )
    assert (state.pools.kinds, state.pools.roots) == (summed.kinds, summed.roots)
    assert state.pools.sizes == summed.sizes
    for code in (LIT, OTHER_LIT, DARK):
        for cell in (POST_CELL, "peg:wide", FRESH):
            found = chances.estimate(state, code, cell, 60 * SECOND, HOUR, {})
            assert 0 <= found.fill_ppm < PPM
            assert 0 <= found.ends_filled_ppm < PPM


def test_one_batch_updates_a_venue_once_and_the_next_route_names_the_version() -> None:
    world = trading(quote(OTHER_LIT)).given(at_once(order_qty=600, limit_px=px(99.95)))
    first, second = world.children()

    world.when(fill_report(first, 300), report(second, ExecType.CANCELED))
    updates = world.all_of(ScorecardUpdated)
    assert [(u.venue, u.version, u.samples) for u in updates] == [(LIT, 1, 1), (OTHER_LIT, 1, 1)]
    assert updates[0].fill_ppm > updates[1].fill_ppm

    world.when(quote(LIT), after_ns=SECOND).given(at_once("o2"))
    assert {routed.scorecard_version for routed in world.all_of(ChildRouted)} == {1}


@for_all(LARGE, LARGE)
def test_smoothing_goes_towards_the_new_value_and_never_beyond_it(old: int, new: int) -> None:
    found = scorecard.smoothed(old, new)

    assert min(old, new) <= found <= max(old, new)
    assert found == new or abs(new - found) <= abs(new - old)
    if new <= old - 1:
        assert found < old  # Rounds down: bad news always counts.


# -------------------------------------------------------------------------- exploration


@pytest.mark.parametrize("taker", [0, 2_000_000])
def test_a_venue_that_shows_size_and_never_fills_gets_few_of_the_tries(taker: int) -> None:
    world = trading(
        policy(router=Router.SEQUENTIAL),
        quote(OTHER_LIT),
        fees(OTHER_LIT, taker=taker),  # A lower fee of the liar does not save it.
    )
    tries: dict[str, int] = {}
    for number in range(25):
        tick = number % 2 / 100  # A new price each time: all that is shown is left to take.
        now = {"received_ns": NOW_NS + (number + 1) * SECOND}
        shown = (quote(code, 100 + tick, 100.02 + tick, **now) for code in (LIT, OTHER_LIT))
        world.given(*shown, after_ns=SECOND)
        world.given(at_once(f"o{number}", 100))
        child = world.child()
        tries[child.terms.venue] = tries.get(child.terms.venue, 0) + 1
        if child.terms.venue == LIT:
            world.given(report(child, ExecType.CANCELED))
            again = [x for x in world.state.children.values() if x.is_live]
            for other in again:
                tries[other.terms.venue] = tries.get(other.terms.venue, 0) + 1
                world.given(fill_report(other, other.leaves_qty, f"again{number}"))
        else:
            world.given(fill_report(child, 100, f"E{number}"))

    assert tries[LIT] <= 3
    assert tries[OTHER_LIT] >= 22


def test_the_route_names_its_cell_its_chances_and_their_horizons() -> None:
    world: World = trading().given(order(limit_px=px(99.95)))
    search = parent_search(world)

    (best, *_) = candidates.rate(search, cells.POST, 100).candidates

    assert best.cell.startswith("post:")
    assert best.chances.fill_ppm
    assert best.chances.ends_filled_ppm
    assert search.patience_ns == 60 * SECOND  # A whole interval of its plan.
    assert search.parent.terms.instrument_id == INSTRUMENT
    assert NO_REST.plus(NO_REST) == NO_REST
