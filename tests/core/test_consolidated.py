"""The consolidated market: its rules one by one, and the parents that a change touches."""

import json
import pickle
from math import floor
from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st
from models import benchmarks
from world import (
    CENT,
    HOUR,
    INSTRUMENT,
    LIT,
    NOW_NS,
    OTHER_LIT,
    SECOND,
    SETTINGS,
    Scene,
    World,
    an,
    at_once,
    depth,
    event,
    given,
    instrument,
    order,
    px,
    quote,
    session,
    trade,
    trading,
    venue,
    venue_status,
)

from engine.core.events import (
    ConfigurationAdopted,
    ParentReleased,
    QuoteObserved,
    Side,
    VenueStatus,
)
from engine.core.market import consolidated
from engine.core.parents import aggregation
from engine.core.state.model import NO_TAPE, Book, Quote
from engine.core.state.state import MARKET, State

AGE_MAX_NS = 30 * SECOND


CODES = ("A", "B", "C", "D", LIT, OTHER_LIT)


def shown(*facts: Any, close_px: int = px(100)) -> Scene:  # noqa: ANN401
    """A market of six venues in round lots of one, that has seen these facts."""
    names = (INSTRUMENT, "MSFT", "X")
    defined = [instrument(x, lot_qty=1, previous_close_px=close_px) for x in names]
    return given(*defined, *map(venue, CODES), *facts)


# ------------------------------------------------------------------------------- the best


SIDES = st.sampled_from((0, *(px(100) + n for n in range(1, 7))))  # Without a price, or near 100.
QUOTES = st.lists(
    st.builds(
        Quote,
        bid_px=SIDES,
        bid_qty=st.integers(0, 3),
        ask_px=SIDES,
        ask_qty=st.integers(0, 3),
        received_ns=st.integers(0, 80),
    ),
    max_size=12,
)


def naive_nbbo(book: Book, now_ns: int, age_max_ns: int) -> tuple[int, str, int, str]:
    """Sort all quotes: by price, then size, then age."""
    ages = ((venue, q, abs(now_ns - q.received_ns)) for venue, q in book.quotes.items())
    fresh = [(venue, q) for venue, q, age_ns in ages if age_ns <= age_max_ns]
    bids = sorted((-q.bid_px, -q.bid_qty, n, v) for n, (v, q) in enumerate(fresh) if q.bid_px)
    asks = sorted((q.ask_px, -q.ask_qty, n, v) for n, (v, q) in enumerate(fresh) if q.ask_px)
    bid_px, bid_venue = (-bids[0][0], bids[0][3]) if bids else (0, "")
    ask_px, ask_venue = (asks[0][0], asks[0][3]) if asks else (0, "")
    return bid_px, bid_venue, ask_px, ask_venue


@for_all(st.lists(st.tuples(st.sampled_from("ABCD"), QUOTES.map(lambda q: q[:1]))), QUOTES)
def test_the_book_never_locks_and_its_best_is_that_of_a_naive_sort(
    named: list[tuple[str, list[Quote]]], more: list[Quote]
) -> None:
    state = shown().state
    told = [(venue, quote) for venue, quotes in named for quote in quotes]
    told += [("ABCD"[n % 4], quote) for n, quote in enumerate(more)]
    for code, seen in told:
        consolidated.fold_quote(state, "X", code, seen)

        book = state.book("X")
        best = consolidated.nbbo(book, 40, 30)
        assert best[:2] + best[3:5] == naive_nbbo(book, 40, 30)
        assert not best.bid_px or not best.ask_px or best.bid_px < best.ask_px
        assert best.is_two_sided == bool(best.bid_px and best.ask_px)
        assert all(q.bid_px or q.ask_px for q in book.quotes.values())


def test_a_tie_goes_to_the_larger_size_then_to_the_older_quote() -> None:
    scene = shown(
        quote("A", bid_qty=100, ask_qty=300),
        quote("B", bid_qty=300, ask_qty=100),
        quote("C", bid_qty=300, ask_qty=300),
    )

    best = consolidated.view(scene.state, INSTRUMENT, NOW_NS)

    assert (best.bid_venue, best.ask_venue) == ("B", "A")


def test_a_quote_counts_up_to_the_age_limit_and_not_beyond() -> None:
    scene = shown(quote("A"), quote("B", bid=99.99, ask=100.03, received_ns=NOW_NS + 1))

    at_limit = consolidated.view(scene.state, INSTRUMENT, NOW_NS + AGE_MAX_NS)
    beyond = consolidated.view(scene.state, INSTRUMENT, NOW_NS + AGE_MAX_NS + 1)

    assert (at_limit.bid_px, at_limit.bid_venue) == (px(100.00), "A")
    assert at_limit.age_ns(NOW_NS + AGE_MAX_NS) == AGE_MAX_NS
    assert (beyond.bid_px, beyond.bid_venue) == (px(99.99), "B")


def test_a_quote_of_a_clock_that_runs_ahead_counts_no_sooner_than_the_age_limit_allows() -> None:
    ahead_ns = 10 * AGE_MAX_NS
    scene = shown(quote("A"), quote("B", bid=100.01, ask=100.03, received_ns=NOW_NS + ahead_ns))

    now, then = (
        consolidated.view(scene.state, INSTRUMENT, NOW_NS + after_ns)
        for after_ns in (0, ahead_ns - AGE_MAX_NS)
    )

    assert (now.bid_px, now.bid_venue) == (px(100.00), "A")
    assert (then.bid_px, then.bid_venue) == (px(100.01), "B")


def test_the_near_side_is_where_one_posts_and_the_far_side_where_one_takes() -> None:
    best = consolidated.view(shown(quote(bid=100.00, ask=100.03)).state, INSTRUMENT, NOW_NS)

    assert best.near_px(Side.BUY) == best.far_px(Side.SELL) == px(100.00)
    assert best.far_px(Side.BUY) == best.near_px(Side.SELL) == px(100.03)
    assert best.mid_px == px(100.015)


def test_a_midpoint_rounds_down_and_needs_two_sides() -> None:
    two_sided = shown(quote(bid_px=100, ask_px=103), close_px=100).state
    one_sided = shown(quote(bid=100.00, ask=0.0)).state

    assert consolidated.view(two_sided, INSTRUMENT, NOW_NS).mid_px == 101
    assert consolidated.view(one_sided, INSTRUMENT, NOW_NS).mid_px is None
    assert consolidated.view(State(shard=0), INSTRUMENT, NOW_NS) == (0, "", 0, 0, "", 0)


TOLD = st.one_of(
    st.builds(
        quote,
        st.sampled_from([LIT, OTHER_LIT]),
        bid_px=SIDES,
        ask_px=SIDES,
        received_ns=st.integers(NOW_NS, NOW_NS + 3),
        instrument_id=st.sampled_from([INSTRUMENT, "MSFT"]),
    ),
    st.builds(venue_status, st.just(LIT), st.sampled_from(list(VenueStatus))),
    st.integers(0, 3).map(lambda age: configuration(quote_age_max_ns=age)),
)


def configuration(**said: object) -> ConfigurationAdopted:
    text = json.dumps({**SETTINGS, **said})
    adopted: ConfigurationAdopted = event(ConfigurationAdopted, text=text)
    return adopted


@for_all(st.lists(st.tuples(TOLD, st.integers(0, 2)), max_size=12))
def test_the_view_is_that_of_the_book_whatever_came_between_two_looks(
    told: list[tuple[Any, int]],
) -> None:
    scene, now_ns = shown(), NOW_NS
    for fact, after_ns in told:
        now_ns += after_ns
        scene.fold(fact)
        state = scene.state
        for instrument_id in (INSTRUMENT, "MSFT", INSTRUMENT):
            expected = consolidated.nbbo(
                state.book(instrument_id), now_ns, state.settings.quote_age_max_ns
            )
            assert consolidated.view(state, instrument_id, now_ns) == expected


def test_a_state_does_not_depend_on_the_cache_of_the_market_view() -> None:
    seen, unseen = shown(quote()).state, shown(quote()).state

    consolidated.view(seen, INSTRUMENT, NOW_NS)

    assert seen == unseen
    assert repr(seen) == repr(unseen)
    assert pickle.dumps(seen) == pickle.dumps(unseen)
    assert pickle.loads(pickle.dumps(seen)) == seen  # noqa: S301  Our own bytes.


# ------------------------------------------------------------------------------- the book


@pytest.mark.parametrize(("bid", "ask"), [(100.02, 100.04), (100.03, 0.0)])
def test_a_newer_bid_that_locks_or_crosses_an_older_ask_evicts_its_quote(
    bid: float, ask: float
) -> None:
    scene = shown(quote("A", 100.00, 100.02), quote("B", bid, ask))

    assert list(scene.state.book(INSTRUMENT).quotes) == ["B"]


@pytest.mark.parametrize(("bid", "ask"), [(99.98, 100.00), (0.0, 99.99)])
def test_a_newer_ask_that_locks_or_crosses_an_older_bid_evicts_its_quote(
    bid: float, ask: float
) -> None:
    scene = shown(quote("A", 100.00, 100.02), quote("B", bid, ask))

    assert list(scene.state.book(INSTRUMENT).quotes) == ["B"]


def test_a_quote_that_locks_itself_is_no_quote_and_evicts_none() -> None:
    scene = shown(quote("A"), quote("B"), quote("B", 100.05, 100.05))

    assert list(scene.state.book(INSTRUMENT).quotes) == ["A"]


def test_an_empty_quote_takes_back_the_venues_last_one() -> None:
    scene = shown(quote("A"), quote("A", 0.0, 0.0))

    assert not scene.state.book(INSTRUMENT).quotes


@pytest.mark.parametrize("said", [{"ask_px": -CENT}, {"ask_qty": 0}, {"ask_qty": -5}])
def test_a_side_without_a_positive_price_and_size_shows_nothing(said: dict[str, int]) -> None:
    scene = shown(quote("A"), quote("B", bid=99.99, **said))

    best = consolidated.view(scene.state, INSTRUMENT, NOW_NS)
    assert (best.bid_venue, best.ask_px, best.ask_venue) == ("A", px(100.02), "A")
    assert scene.state.book(INSTRUMENT).quotes["B"].ask_px == 0


@pytest.mark.parametrize("said", [{"bid_px": -CENT}, {"bid_qty": 0}])
def test_a_bid_without_a_positive_price_and_size_shows_nothing(said: dict[str, int]) -> None:
    scene = shown(quote("A", ask=100.04, **said))

    assert scene.state.book(INSTRUMENT).quotes["A"].bid_px == 0


def test_depth_counts_with_its_best_level() -> None:
    scene = shown(depth(LIT, [(99.99, 200), (99.98, 900)], [(100.03, 300)]), depth("B", (), ()))

    assert scene.state.book(INSTRUMENT).quotes == {
        LIT: Quote(px(99.99), 200, px(100.03), 300, NOW_NS)
    }


def test_only_protected_and_open_venues_make_the_best() -> None:
    scene = shown(
        venue("A", protected=False),
        venue("B"),
        venue_status("B", VenueStatus.HALTED),
        quote("A", 100.01, 100.02),
        quote("B", 100.01, 100.02),
        quote("C", 100.00, 100.03),
    )

    assert list(scene.state.book(INSTRUMENT).quotes) == ["C"]


def test_a_venue_that_halts_shows_nothing_until_it_opens_and_quotes_again() -> None:
    scene = shown(quote(LIT), quote(OTHER_LIT), venue_status(LIT, VenueStatus.HALTED))
    assert list(scene.state.book(INSTRUMENT).quotes) == [OTHER_LIT]

    scene.given(venue_status(LIT, VenueStatus.OPEN))
    assert list(scene.state.book(INSTRUMENT).quotes) == [OTHER_LIT]

    scene.given(quote(LIT))
    assert list(scene.state.book(INSTRUMENT).quotes) == [OTHER_LIT, LIT]


def test_dropping_the_quotes_of_an_unnamed_venue_drops_them_all() -> None:
    scene = shown(quote("A"), quote("B"), quote("A", instrument_id="MSFT"))

    consolidated.drop_quotes(scene.state, "A")
    assert [[*book.quotes] for book in scene.state.books.values()] == [["B"], []]

    consolidated.drop_quotes(scene.state, "")
    assert [[*book.quotes] for book in scene.state.books.values()] == [[], []]


def test_eligible_prints_count_for_volume_and_nothing_else_does() -> None:
    scene = shown(
        trade(100, 10.00),
        trade(200, 10.10, eligible=False),
        trade(-5, 10.10),
        trade(5, -10.10),
        trade(300, 10.20),
        close_px=px(10),
    )

    book = scene.state.book(INSTRUMENT)
    assert (book.volume_qty, book.last_px) == (400, px(10.20))
    assert book.notional == 100 * px(10.00) + 300 * px(10.20)


def test_the_volume_of_others_is_the_tape_without_our_own_and_never_negative() -> None:
    state = shown(trade(1_000, 10.00), close_px=px(10)).state
    book = state.book(INSTRUMENT)
    base = NO_TAPE._replace(volume_qty=300, notional=300 * px(10.00))
    book.own_filled_qty, book.own_notional = 200, 200 * px(5.00)

    assert consolidated.others_volume_qty(state, book, base) == 700
    assert consolidated.others_vwap_px(state, book, base) == px(10.00)
    state.settings.tape_includes_own = True
    assert consolidated.others_volume_qty(state, book, base) == 500
    assert consolidated.others_vwap_px(state, book, base) == px(12.00)
    ahead = base._replace(volume_qty=900)
    assert consolidated.others_volume_qty(state, book, ahead) == 0
    assert consolidated.others_vwap_px(state, book, ahead) is None


def test_a_value_is_the_midpoint_else_the_last_print_else_unknown() -> None:
    scene = shown()
    assert consolidated.reference_px(scene.state, INSTRUMENT, NOW_NS) is None

    scene.given(trade(100, 99.00))
    assert consolidated.reference_px(scene.state, INSTRUMENT, NOW_NS) == px(99.00)

    scene.given(quote())
    assert consolidated.reference_px(scene.state, INSTRUMENT, NOW_NS) == px(100.01)


TICKS = st.lists(st.tuples(st.integers(0, 50), st.integers(1_001, 1_009)), min_size=1, max_size=8)


@for_all(TICKS, st.integers(0, 50), st.integers(0, 60))
def test_the_time_weighted_price_is_that_of_the_exact_model(
    ticks: list[tuple[int, int]], released: int, after: int
) -> None:
    """Prints in order of time; the interval may begin before the first of them."""
    scene, end, base = shown(close_px=1_000), 50 + after, None
    for at, price in sorted(ticks):
        if base is None and at > released:
            base = consolidated.tape(scene.state.book(INSTRUMENT), released)
        scene.given(trade(1, last_px=price, received_ns=at))
    book = scene.state.book(INSTRUMENT)
    base = base or consolidated.tape(book, released)
    ordered = sorted(ticks)
    start = max(released, ordered[0][0])

    found = consolidated.twap_px(book, base, end)

    expected = floor(benchmarks.twap(ordered, start, end)) if start < end else ordered[-1][1]
    assert found == expected


def test_a_print_that_comes_late_moves_no_price_in_force_back() -> None:
    scene = shown(
        trade(1, last_px=1_004, received_ns=10),
        trade(1, last_px=1_008, received_ns=5),
        close_px=1_000,
    )

    assert consolidated.twap_px(scene.state.book(INSTRUMENT), NO_TAPE, 20) == 1_008


def test_a_session_is_down_from_one_report_to_the_next() -> None:
    scene = shown(session(LIT, up=False, received_ns=5), session(OTHER_LIT, up=True))
    assert scene.state.sessions_down == {LIT: 5}

    scene.given(session(LIT, up=True))
    assert not scene.state.sessions_down


# ---------------------------------------------------------------------- what it touches


@pytest.mark.parametrize(
    ("side", "limit", "through", "back"),
    [
        (Side.BUY, 100.02, (99.98, 100.01), (100.00, 100.03)),
        (Side.SELL, 100.02, (100.02, 100.04), (100.00, 100.04)),
    ],
)
def test_a_parent_is_touched_when_the_market_crosses_its_limit_either_way(
    side: Side, limit: float, through: tuple[float, float], back: tuple[float, float]
) -> None:
    world = trading(quote(LIT, 99.99, 100.04), quote(OTHER_LIT, 0.0, 0.0))
    world.when(order(side=side, limit_px=px(limit))).then_some(an(ParentReleased))
    parent_id = world.parent().parent_id

    for bid, ask in (through, back):
        consolidated.on_quote_observed(world.state, quote(LIT, bid, ask))
        assert world.state.touched == {parent_id: MARKET}
        world.state.touched.clear()
        consolidated.on_quote_observed(world.state, quote(LIT, bid, ask))
        assert world.state.touched == {}


def limited(*more: Any, limit: float = 100.02) -> World:  # noqa: ANN401
    """A released buy within reach of the bid side alone: the market asks 100.04 at two venues."""
    world = trading(quote(LIT, 99.99, 100.04), quote(OTHER_LIT, 99.98, 100.04), *more)
    world.when(order(limit_px=px(limit))).then_some(an(ParentReleased))
    return world


@pytest.mark.parametrize(
    "hidden", [venue(OTHER_LIT, protected=False), venue_status(OTHER_LIT, VenueStatus.HALTED)]
)
def test_a_quote_that_does_not_count_touches_no_parent(hidden: Any) -> None:  # noqa: ANN401
    world = limited(hidden)

    consolidated.on_quote_observed(world.state, quote(OTHER_LIT, 99.98, 100.01))

    assert world.state.touched == {}


@pytest.mark.parametrize(
    ("told", "touches"),
    [
        (quote(OTHER_LIT, 99.98, 100.09), False),  # From 100.05 over the limit, behind the best.
        (quote(OTHER_LIT, 99.98, 100.03), False),  # The best, and before it was within reach too.
        (quote(LIT, 99.99, 100.09), False),  # The best goes, and the next is within reach too.
        (quote(LIT, 99.99, 100.03, received_ns=NOW_NS + HOUR), True),  # What was shown has aged.
        (quote(LIT, 99.99, 100.09, received_ns=NOW_NS + HOUR), False),
    ],
)
def test_a_quote_touches_a_parent_where_the_best_crosses_its_limit(
    told: QuoteObserved, *, touches: bool
) -> None:
    world = limited(quote(OTHER_LIT, 99.98, 100.05), limit=100.06)
    world.state.touched.clear()

    consolidated.on_quote_observed(world.state, told)

    assert bool(world.state.touched) == touches


def test_an_odd_lot_makes_no_best_and_touches_no_parent() -> None:
    world = limited()

    consolidated.on_quote_observed(world.state, quote(OTHER_LIT, 99.98, 100.01, ask_qty=99))

    assert world.state.touched == {}


def test_a_quote_that_locks_itself_touches_the_parents_in_reach_of_the_last_one() -> None:
    world = limited(quote(OTHER_LIT, 99.98, 100.02))

    consolidated.on_quote_observed(world.state, quote(OTHER_LIT, 100.01, 100.01))

    assert world.state.touched == {world.parent().parent_id: MARKET}


def test_a_parent_is_touched_when_the_quote_within_its_limit_is_evicted() -> None:
    world = limited(quote(OTHER_LIT, 99.98, 100.02))

    consolidated.on_quote_observed(world.state, quote(LIT, 100.03, 100.05))

    assert list(world.book().quotes) == [LIT]
    assert world.state.touched == {world.parent().parent_id: MARKET}


@pytest.mark.parametrize(
    "told", [venue_status(OTHER_LIT, VenueStatus.HALTED), venue(OTHER_LIT, protected=False)]
)
def test_a_venue_that_stops_quoting_touches_the_parents_in_its_reach(told: Any) -> None:  # noqa: ANN401
    world = limited(quote(OTHER_LIT, 99.98, 100.02))

    scene = Scene(world.state).given(told)

    assert list(world.book().quotes) == [LIT]
    assert scene.state.touched == {world.parent().parent_id: MARKET}


def test_a_venue_that_is_protected_still_keeps_its_quote() -> None:
    scene = shown(quote(LIT)).given(venue(LIT, odd_lots=False))

    assert list(scene.state.book(INSTRUMENT).quotes) == [LIT]


NAMES = "ABC"
SEEN = st.builds(
    Quote,
    bid_px=SIDES,
    bid_qty=st.just(1),
    ask_px=SIDES,
    ask_qty=st.just(1),
    received_ns=st.just(NOW_NS),
)


@settings(deadline=None)
@for_all(
    st.sampled_from(list(Side)),
    st.integers(px(100) + 1, px(100) + 6),
    st.lists(st.tuples(st.sampled_from(NAMES), SEEN), max_size=8),
)
def test_whenever_the_best_crosses_a_parents_limit_the_parent_is_touched(
    side: Side, limit_px: int, told: list[tuple[str, Quote]]
) -> None:
    defined = (venue("A"), venue("B"), venue("C", protected=False))
    world = trading(*defined).given(order(side=side, limit_px=px(100.00)))
    parent, state = world.parent(), world.state
    consolidated.drop_quotes(state, "")
    parent.tranches[0].limit_px = limit_px
    aggregation.watch_limit(state, parent, parent.tranches[0])

    def reaches() -> bool:
        far_px = consolidated.view(state, INSTRUMENT, NOW_NS).far_px(side)
        return far_px > 0 and (far_px <= limit_px if side is Side.BUY else far_px >= limit_px)

    for code, seen in told:
        state.touched.clear()
        before, kept = reaches(), {**world.book().quotes}
        consolidated.fold_quote(state, INSTRUMENT, code, seen)
        if reaches() != before:
            assert parent.parent_id in state.touched
        if world.book().quotes == kept:
            assert not state.touched


def test_a_parent_without_a_limit_is_not_touched_by_quotes() -> None:
    world = trading().given(at_once(order_qty=100))

    consolidated.on_quote_observed(world.state, quote(LIT, 90.00, 91.00))

    assert world.state.touched == {}
