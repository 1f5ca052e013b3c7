"""The routes of each router, and the rules that no child breaks."""

from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st
from routed import ATS, LIVE, PLENTY, parent_search, reasons, resting, seeking
from world import (
    DARK,
    HOUR,
    INSTRUMENT,
    LIT,
    NOW_NS,
    OTHER_LIT,
    SECOND,
    SOON_NS,
    amend,
    an,
    at_once,
    dark_venue,
    event,
    fees,
    order,
    policy,
    px,
    quote,
    session,
    tick_table,
    trade,
    trading,
    venue,
)

from engine.core.events import (
    ChildRouted,
    ChildTimeInForce,
    ChildType,
    Immediacy,
    RouteDeferred,
    Router,
    RouteReason,
    Side,
    SliceReleased,
    Strategy,
    Style,
    Urgency,
    VenueKind,
)
from engine.core.market import consolidated
from engine.core.routing import dark_split, scorecard, survival
from engine.core.routing.cells import MIDPOINT_NOW, PEG, POST, TAKE
from engine.core.routing.routers import ROUTERS, client_ids
from engine.core.state.model import Cell, Scorecard

# ----------------------------------------------------------------------------------- take


def test_a_taking_child_is_an_ioc_at_the_far_side_for_what_is_shown() -> None:
    world = trading(quote(ask_qty=300)).when(at_once())

    world.then_some(
        an(
            ChildRouted,
            venue=LIT,
            child_qty=300,
            child_type=ChildType.LIMIT,
            limit_px=px(100.02),
            time_in_force=ChildTimeInForce.IOC,
            min_qty=0,
            send_before_ns=NOW_NS + 5 * SECOND,
            bid_px=px(100.00),
            ask_px=px(100.02),
            quote_age_ns=0,
            venue_qty=300,
            scorecard_version=0,
        ),
        an(RouteDeferred, unrouted_qty=200),
    )


def test_a_sell_takes_at_the_bid() -> None:
    world = trading().when(at_once(side=Side.SELL))

    world.then_some(an(ChildRouted, side=Side.SELL, limit_px=px(100.00), venue_qty=1_000))


def test_the_age_of_a_taken_quote_is_the_venues_own() -> None:
    old = quote(LIT, bid=99.99, ask=100.02, received_ns=NOW_NS - 9 * SECOND)
    world = trading(old, quote(OTHER_LIT, 100.00, 100.03)).when(at_once())

    world.then_some(an(ChildRouted, venue=LIT, quote_age_ns=9 * SECOND))


def test_several_venues_at_the_best_are_taken_in_order_of_score() -> None:
    world = trading(*LIVE, fees(LIT, taker=3_000_000), fees(OTHER_LIT, taker=2_000_000))
    world.when(at_once(order_qty=1_500))

    routed = world.all_of(ChildRouted)
    assert [(c.venue, c.child_qty) for c in routed] == [(OTHER_LIT, 1_000), (LIT, 500)]
    (lost,) = [x for x in routed[0].runners_up if x.tactic == TAKE]
    assert (lost.venue, lost.tactic) == (LIT, routed[1].tactic)
    assert (lost.score_millibps, lost.fill_ppm) == (routed[1].score_millibps, routed[1].fill_ppm)
    assert lost.filled_millibps == routed[1].filled_millibps > routed[0].filled_millibps
    assert lost.missed_millibps == routed[1].missed_millibps


def test_a_tie_in_score_goes_to_the_venues_code() -> None:
    world = trading(*LIVE).when(at_once())

    assert world.the(ChildRouted).venue == min(LIT, OTHER_LIT)


# ----------------------------------------------------------------------------------- post


def test_a_posting_child_rests_at_the_near_side() -> None:
    world = resting()

    assert world.child().terms == world.the(ChildRouted)
    world.then_some(
        an(
            ChildRouted,
            child_type=ChildType.LIMIT,
            limit_px=px(100.00),
            time_in_force=ChildTimeInForce.DAY,
            venue_qty=0,
        )
    )


def test_a_slice_whose_limit_does_not_reach_the_far_side_posts_at_the_limit() -> None:
    world = trading().when(at_once(order_qty=100, limit_px=px(99.95)))

    world.then_some(
        an(ChildRouted, limit_px=px(99.95), time_in_force=ChildTimeInForce.DAY, child_qty=100)
    )


def test_a_market_parent_with_one_side_posts_where_there_is_a_near_one() -> None:
    only_bid = quote(ask=0.0, received_ns=NOW_NS - SECOND)
    world = trading(only_bid, trade()).when(at_once(order_qty=100))

    world.then_some(an(ChildRouted, limit_px=px(100.00), bid_px=px(100.00), ask_px=0))
    assert world.the(ChildRouted).quote_age_ns == SECOND


def test_a_market_parent_takes_from_a_market_that_has_only_the_far_side() -> None:
    world = trading(quote(bid=0.0), trade()).when(at_once())

    world.then_some(an(ChildRouted, limit_px=px(100.02), time_in_force=ChildTimeInForce.IOC))


def test_without_any_quote_the_slice_is_deferred_and_asked_for_again() -> None:
    world = trading(quote(bid=0.0, ask=0.0)).when(at_once())

    world.then_some(an(RouteDeferred, unrouted_qty=500)).then_no(ChildRouted)
    assert reasons(world.the(RouteDeferred)) == {RouteReason.NO_QUOTE: 2}
    assert world.parent().pool_qty == 500


def test_a_posted_slice_is_spread_over_three_venues_in_lots() -> None:
    more = [venue(code) for code in ("A", "B", "C")]
    seen = [trade(venue=code, eligible=False) for code in ("A", "B", "C")]
    world = trading(*more, *seen, policy(router=Router.PARALLEL))
    world.when(at_once(order_qty=800, limit_px=px(99.95)))

    routed = world.all_of(ChildRouted)
    assert [(c.venue, c.child_qty) for c in routed] == [("A", 300), ("B", 300), ("C", 200)]
    assert routed[0].runners_up[0].venue == "B"
    assert reasons(routed[0]) == {RouteReason.LOWER_SCORE: 2}


def test_a_parallel_slice_that_finds_no_venue_is_deferred_whole() -> None:
    world = trading(
        venue(LIT, posts=False),
        venue(OTHER_LIT, posts=False),
        policy(router=Router.PARALLEL, strategy=Strategy.TWAP),
        trade(PLENTY),
    ).when(order(order_qty=6_000, end_ns=NOW_NS + HOUR))

    world.then_some(an(RouteDeferred, unrouted_qty=100))
    assert reasons(world.the(RouteDeferred)) == {RouteReason.NO_QUOTE: 2}


# ----------------------------------------------------------------------- limit and market


def caught_up(
    *more: Any,  # noqa: ANN401
    qty: int = 800,
    style: Style = Style.AGGRESSIVE,
    posts: int = 60,
) -> list[tuple[str, str, int]]:
    """(venue, tactic, quantity) of a parallel slice where 300 are shown and posts did well."""
    world = trading(quote(LIT, ask_qty=300, bid_qty=200), quote(OTHER_LIT, ask=100.03), *more)
    world.given(order(order_qty=6_000, end_ns=NOW_NS + HOUR))
    children = survival.counts_of(SECOND, SECOND, 1_000_000)
    counts = Cell(*(tuple(posts * x for x in part) for part in children))
    cells = {f"post:wide:touch:{ahead}": counts for ahead in ("short", "long")}
    for code in (LIT, OTHER_LIT):
        filled_milli = scorecard.filled_at_rest_milli(cells)
        card = Scorecard(version=1, cells=dict(cells), filled_milli=filled_milli)
        world.state.scorecards[code] = card
    world.state.pools = scorecard.pooled(world.state.scorecards)
    world.state.chances.clear()
    slice_ = event(SliceReleased, slice_qty=qty, style=style, router=Router.PARALLEL)

    search = parent_search(world)
    parts, rating = ROUTERS[Router.PARALLEL](search._replace(wants={0: qty}), slice_)
    assert RouteReason.NOT_AT_BEST in rating.reasons.values()
    return [(part.rated.venue, part.rated.tactic, part.qty) for part in parts]


def test_what_a_late_slice_finds_nothing_for_is_posted_where_posts_are_filled() -> None:
    take, *posted = caught_up()

    assert take == (LIT, TAKE, 300)
    assert {(venue, tactic) for venue, tactic, _ in posted} == {(LIT, POST), (OTHER_LIT, POST)}
    assert 0 < sum(qty for _, _, qty in posted) <= 500


def test_a_late_slice_waits_for_the_next_quote_where_posts_are_seldom_filled() -> None:
    assert caught_up(posts=0) == [(LIT, TAKE, 300)]


def test_a_late_slice_that_finds_all_it_wants_posts_nothing() -> None:
    assert caught_up(qty=300) == [(LIT, TAKE, 300)]


def test_the_last_slice_of_a_window_posts_nothing_beside_its_takes() -> None:
    assert caught_up(style=Style.CLEANUP) == [(LIT, TAKE, 300)]


# -------------------------------------------------------------------------------- seeking


def test_seeking_rests_equal_parts_at_every_midpoint_and_the_remainder_lit() -> None:
    world = seeking(dark_venue(ATS, kind=VenueKind.ATS, min_qty=50))

    routed = {c.venue: c for c in world.all_of(ChildRouted)}
    assert {code: c.child_qty for code, c in routed.items()} == {DARK: 200, ATS: 200, LIT: 400}
    assert routed[ATS].child_type is ChildType.MIDPOINT_PEG
    assert routed[ATS].limit_px == px(100.01)
    assert (routed[ATS].min_qty, routed[DARK].min_qty, routed[LIT].min_qty) == (50, 1, 0)
    assert routed[ATS].time_in_force is ChildTimeInForce.DAY
    assert routed[LIT].child_type is ChildType.LIMIT


def test_seeking_gives_each_next_lot_to_the_venue_most_likely_to_have_it() -> None:
    world = trading(
        dark_venue(), dark_venue(ATS, kind=VenueKind.ATS), policy(router=Router.LIQUIDITY_SEEKING)
    )
    for code, kind, filled in ((DARK, VenueKind.DARK, 5), (ATS, VenueKind.ATS, 1)):
        sizes = {PEG: dark_split.counts_of(9, filled)}
        for _ in range(20):
            sizes[PEG] = sizes[PEG].plus(dark_split.counts_of(9, filled))
        world.state.scorecards[code] = Scorecard(version=1, kind=kind, sizes=sizes)
    world.state.pools = scorecard.pooled(world.state.scorecards)

    world.when(at_once(order_qty=900, limit_px=px(100.01)))

    routed = {c.venue: c for c in world.all_of(ChildRouted)}
    assert {code: c.child_qty for code, c in routed.items()} == {DARK: 500, ATS: 100, LIT: 300}
    assert 800_000 < routed[DARK].tail_ppm < routed[ATS].tail_ppm <= 1_000_000
    assert routed[LIT].tail_ppm == 0


def test_what_ends_at_once_is_divided_by_what_was_hidden_from_such_children() -> None:
    world = trading(dark_venue(), dark_venue("POOL"))
    found = dark_split.counts_of(9, 0).plus(dark_split.counts_of(9, 0))
    cards = {"POOL": Scorecard(version=1, kind=VenueKind.DARK, sizes={MIDPOINT_NOW: found})}
    world.state.scorecards.update(cards)
    world.state.pools = scorecard.pooled(world.state.scorecards)

    world.when(order(order_qty=1_300, limit_px=px(100.02), immediacy=Immediacy.IOC))

    routed = {c.venue: c.child_qty for c in world.all_of(ChildRouted)}
    assert routed == {LIT: 1_000, DARK: 200, "POOL": 100}


def test_a_venue_that_pegs_and_posts_is_named_once_among_the_others() -> None:
    world = seeking(venue(LIT, midpoint=True), venue(OTHER_LIT, midpoint=True))

    for routed in world.all_of(ChildRouted):
        codes = [other.venue for other in routed.runners_up]
        assert len({*codes, routed.venue}) == 3
        assert reasons(routed) == {}


def test_a_lot_alone_seeks_in_one_pool_and_leaves_nothing_for_the_lit() -> None:
    ruled = policy(router=Router.LIQUIDITY_SEEKING, strategy=Strategy.TWAP)
    world = trading(dark_venue(), ruled, trade(PLENTY))
    world.when(order(order_qty=6_000, end_ns=NOW_NS + HOUR))

    assert world.the(ChildRouted).venue == DARK


def test_a_peg_needs_two_sides() -> None:
    for side, one in ((Side.SELL, quote(ask=0.0)), (Side.BUY, quote(bid=0.0))):
        world = seeking(one, side=side)
        assert not [c for c in world.all_of(ChildRouted) if c.child_type is ChildType.MIDPOINT_PEG]


@pytest.mark.parametrize(
    ("side", "limit", "pegged_at"),
    [
        (Side.BUY, 100.00, []),
        (Side.BUY, 100.01, [px(100.01)]),
        (Side.SELL, 100.02, []),
        (Side.SELL, 100.01, [px(100.01)]),
    ],
)
def test_a_peg_needs_a_limit_that_the_midpoint_respects(
    side: Side, limit: float, pegged_at: list[int]
) -> None:
    world = seeking(side=side, limit_px=px(limit))

    pegs = [c for c in world.all_of(ChildRouted) if c.child_type is ChildType.MIDPOINT_PEG]
    assert [c.limit_px for c in pegs] == pegged_at


# --------------------------------------------------------------------------------- limits


def test_our_own_price_is_rounded_to_the_tick_in_the_clients_favour() -> None:
    world = trading(tick_table((0, 5 * px(0.01))), quote(LIT, 100.01, 100.07))

    world.when(at_once(), at_once("s1", side=Side.SELL, client_id="c2", crossing_consent=False))

    prices = {c.side: c.limit_px for c in world.all_of(ChildRouted)}
    assert prices == {Side.BUY: px(100.00), Side.SELL: px(100.10)}  # The market is off our tick.


def test_an_odd_lot_goes_only_where_it_is_welcome() -> None:
    world = trading(*LIVE, venue(LIT, odd_lots=False)).when(at_once(order_qty=1_250))

    routed = {c.venue: c.child_qty for c in world.all_of(ChildRouted)}
    assert routed == {LIT: 1_000, OTHER_LIT: 250}


def test_a_part_below_a_venues_minimum_goes_to_the_next() -> None:
    world = trading(*LIVE, venue(OTHER_LIT, min_qty=400)).when(at_once(order_qty=1_200))

    assert {c.venue: c.child_qty for c in world.all_of(ChildRouted)} == {LIT: 1_000}
    assert world.the(RouteDeferred).unrouted_qty == 200


@settings(deadline=None)
@for_all(
    st.sampled_from(list(Side)),
    st.sampled_from([Router.SEQUENTIAL, Router.PARALLEL, Router.LIQUIDITY_SEEKING]),
    st.sampled_from([Urgency.LOW, Urgency.HIGH]),
    st.integers(1, 2_500),
    st.none() | st.integers(-6, 6),
    st.lists(
        st.tuples(st.integers(-4, 4), st.integers(1, 5), st.integers(0, 9), st.integers(0, 40)),
        min_size=4,
        max_size=4,
    ),
    st.sampled_from([SOON_NS, NOW_NS + HOUR]),
)
def test_no_route_breaks_a_rule_whatever_the_market(
    side: Side,
    router: Router,
    urgency: Urgency,
    qty: int,
    limit_ticks: int | None,
    quotes: list[tuple[int, int, int, int]],
    end_ns: int,
) -> None:
    cent, codes = px(0.01), ("A", "B", LIT, OTHER_LIT)
    told = [
        quote(
            code,
            bid_px=px(100.00) + low * cent,
            ask_px=px(100.00) + (low + width) * cent,
            bid_qty=100 * lots,
            ask_qty=70 * lots,
            received_ns=NOW_NS - age * SECOND,
        )
        for code, (low, width, lots, age) in zip(codes, quotes, strict=True)
    ]
    world = trading(
        dark_venue(),
        venue("A", odd_lots=False, midpoint=True),
        venue("B", min_qty=150),
        session("B", up=False) if qty % 2 else session("B"),
        policy(router=router),
        *told,
    )
    limit_px = None if limit_ticks is None else px(100.00) + limit_ticks * cent
    asked: dict[str, Any] = {"side": side, "urgency": urgency, "limit_px": limit_px}
    asked["end_ns"] = end_ns
    world.when(order(order_qty=qty, must_complete=end_ns == SOON_NS, **asked))

    routed = world.all_of(ChildRouted)
    best = consolidated.view(world.state, INSTRUMENT, NOW_NS)
    slice_qty = sum(s.slice_qty for s in world.all_of(SliceReleased))
    unrouted_qty = sum(d.unrouted_qty for d in world.all_of(RouteDeferred))
    assert sum(c.child_qty for c in routed) + unrouted_qty == slice_qty <= qty
    for child in routed:
        defined = world.state.reference.venues[child.venue]
        shown = world.book().quotes.get(child.venue)
        better = min if side is Side.BUY else max
        assert child.child_qty >= max(1, defined.min_qty)
        assert defined.odd_lots or child.child_qty % 100 == 0
        assert child.venue != "B" or not qty % 2  # Never where the session is down.
        assert limit_px is None or better(child.limit_px, limit_px) == child.limit_px
        assert child.limit_px % cent == 0
        if child.time_in_force is ChildTimeInForce.IOC:
            assert shown is not None
            far_px, far_qty = (
                (shown.ask_px, shown.ask_qty) if side is Side.BUY else (shown.bid_px, shown.bid_qty)
            )
            assert child.limit_px == best.far_px(side)
            assert better(far_px, child.limit_px) == far_px  # An odd lot may be shown beyond it.
            assert far_px == child.limit_px or far_qty < 100
            assert child.child_qty <= far_qty
            assert NOW_NS - shown.received_ns <= 30 * SECOND
        elif child.child_type is ChildType.LIMIT:
            assert better(child.limit_px, best.near_px(side)) == child.limit_px
        listed = 1 + len(child.runners_up) + sum(reasons(child).values())
        assert listed == len(world.state.reference.venues)


def test_a_deferred_slice_leaves_the_quantity_in_the_pool() -> None:
    world = trading(quote(bid=0.0, ask=0.0), trade(PLENTY)).given(at_once())

    world.when(quote(), amend(order_qty=600)).then_some(an(ChildRouted, child_qty=600))


# -------------------------------------------------------------------------------- clients


@pytest.mark.parametrize(("clients", "named"), [(2, 2), (64, 64), (65, 0)])
def test_a_route_names_the_clients_of_its_parent_unless_they_are_too_many(
    clients: int, named: int
) -> None:
    world = trading(quote(ask_qty=300)).when(at_once())
    (parent,) = world.state.parents.values()
    world.then_some(an(ChildRouted, client_ids=(*parent.clients,)))
    parent.tranches[0].clients = {f"C{n:02}": 1 for n in reversed(range(clients))}
    assert client_ids(parent, {0: 100}) == tuple(f"C{n:02}" for n in range(named))
