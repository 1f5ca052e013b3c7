"""Where a slice goes: each way, each reason against a venue, and what no child ever does."""

from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st
from world import (
    DARK,
    HOUR,
    INSTRUMENT,
    LIT,
    MINUTE,
    NOW_NS,
    OTHER_LIT,
    SECOND,
    SOON_NS,
    Raw,
    World,
    amend,
    an,
    at_once,
    cancel_rejected,
    dark_venue,
    fees,
    fill_report,
    halt,
    kill,
    make,
    mandate,
    order,
    policy,
    px,
    quote,
    report,
    session,
    tick_table,
    trade,
    trading,
    venue,
    venue_status,
)

from engine.core import market, routing
from engine.core.events import (
    CancelReason,
    Candidate,
    ChildCancelRequested,
    ChildRouted,
    ChildTimeInForce,
    ChildType,
    ControlScope,
    ExecType,
    ParentEnded,
    RouteDeferred,
    Router,
    RouteReason,
    RouteReasonCount,
    ScorecardUpdated,
    Side,
    SliceReleased,
    Strategy,
    Urgency,
    VenueKind,
    VenueStatus,
)
from engine.core.routing import PEG, POST, TAKE, Search
from engine.core.state import Scorecard

ATS = "ATS"
PLENTY = 10_000_000
LIVE = (quote(LIT), quote(OTHER_LIT))


def reasons(event: ChildRouted | RouteDeferred) -> dict[RouteReason, int]:
    return {found.reason: found.venue_count for found in event.rejected_by_reason}


def resting(*more: Any, **said: Any) -> World:  # noqa: ANN401
    """A TWAP of 6,000 over an hour, of which a first child rests at the bid."""
    ruled = {"strategy": Strategy.TWAP, "router": Router.SEQUENTIAL, **said}
    return trading(policy(**ruled), trade(PLENTY), *more).given(
        order(order_qty=6_000, end_ns=NOW_NS + HOUR)
    )


def on(world: World, minutes: float, *inputs: Any) -> World:  # noqa: ANN401
    now_ns = NOW_NS + round(minutes * MINUTE)
    return world.at(now_ns, quote(received_ns=now_ns), *inputs)


def parent_search(world: World) -> Search:
    """What routing would look at for the order's parent now."""
    best = market.view(world.state, INSTRUMENT, world.now_ns)
    mid_px = best.mid_px or best.bid_px or best.ask_px
    return Search(world.state, world.parent(), best, mid_px, 100, world.now_ns)


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
    assert routed[0].runners_up == (Candidate(venue=LIT, score_millibps=routed[1].score_millibps),)


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
    world = trading(quote(ask=0.0, received_ns=NOW_NS - SECOND)).when(at_once(order_qty=100))

    world.then_some(an(ChildRouted, limit_px=px(100.00), bid_px=px(100.00), ask_px=0))
    assert world.the(ChildRouted).quote_age_ns == SECOND


def test_a_market_parent_takes_from_a_market_that_has_only_the_far_side() -> None:
    world = trading(quote(bid=0.0)).when(at_once())

    world.then_some(an(ChildRouted, limit_px=px(100.02), time_in_force=ChildTimeInForce.IOC))


def test_without_any_quote_the_slice_is_deferred_and_asked_for_again() -> None:
    world = trading(quote(bid=0.0, ask=0.0)).when(at_once())

    world.then_some(an(RouteDeferred, unrouted_qty=500)).then_no(ChildRouted)
    assert reasons(world.the(RouteDeferred)) == {RouteReason.NO_QUOTE: 2}
    assert world.parent().pool_qty == 500


def test_a_posted_slice_is_spread_over_three_venues_in_lots() -> None:
    more = [venue(code) for code in ("A", "B", "C")]
    world = trading(*more).when(at_once(order_qty=800, limit_px=px(99.95)))

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


# -------------------------------------------------------------------------------- seeking


def seeking(*more: Any, **said: Any) -> World:  # noqa: ANN401
    """One slice of 800 with a limit at the midpoint, which looks in the dark."""
    world = trading(dark_venue(), policy(router=Router.LIQUIDITY_SEEKING), *more)
    return world.when(at_once(order_qty=800, **{"limit_px": px(100.01), **said}))


def test_seeking_rests_equal_parts_at_every_midpoint_and_the_remainder_lit() -> None:
    world = seeking(dark_venue(ATS, kind=VenueKind.ATS, min_qty=50))

    routed = {c.venue: c for c in world.all_of(ChildRouted)}
    assert {code: c.child_qty for code, c in routed.items()} == {DARK: 200, ATS: 200, LIT: 400}
    assert routed[ATS].child_type is ChildType.MIDPOINT_PEG
    assert routed[ATS].limit_px == px(100.01)
    assert (routed[ATS].min_qty, routed[DARK].min_qty, routed[LIT].min_qty) == (50, 1, 0)
    assert routed[ATS].time_in_force is ChildTimeInForce.DAY
    assert routed[LIT].child_type is ChildType.LIMIT


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


# -------------------------------------------------------------------------------- reasons


@pytest.mark.parametrize(
    ("given", "said", "reason"),
    [
        ((), {"excluded_venues": (LIT,)}, RouteReason.EXCLUDED_BY_CLIENT),
        (
            (venue(LIT, kind=VenueKind.ATS),),
            {"no_dark": True},
            RouteReason.DARK_FORBIDDEN,
        ),
        ((session(LIT, up=False),), {}, RouteReason.DISCONNECTED),
        ((venue_status(LIT, VenueStatus.HALTED),), {}, RouteReason.HALTED),
        ((venue_status(LIT, VenueStatus.CLOSED),), {}, RouteReason.HALTED),
        ((Raw("venue-reports", source=LIT),), {}, RouteReason.SUSPENDED),
        ((kill(ControlScope.VENUE, LIT),), {}, RouteReason.KILL_SWITCH),
        ((quote(LIT, 0.0, 0.0),), {}, RouteReason.NO_QUOTE),
        ((quote(LIT, ask=0.0),), {}, RouteReason.NO_QUOTE),
        (
            (quote(LIT, received_ns=NOW_NS - 30 * SECOND - 1),),
            {},
            RouteReason.STALE_QUOTE,
        ),
        ((quote(LIT, 100.00, 100.03),), {}, RouteReason.NOT_AT_BEST),
        ((venue(LIT, min_qty=1_000),), {}, RouteReason.BELOW_MINIMUM),
        ((venue(LIT, odd_lots=False),), {"order_qty": 99}, RouteReason.ODD_LOT),
    ],
)
def test_a_venue_that_may_not_be_taken_has_one_reason(
    given: tuple[Any, ...], said: dict[str, Any], reason: RouteReason
) -> None:
    world = trading(*LIVE, *given).when(at_once(**said))

    routed = world.the(ChildRouted)
    assert routed.venue == OTHER_LIT
    assert routed.runners_up == ()
    assert routed.rejected_by_reason == (RouteReasonCount(reason=reason, venue_count=1),)


def test_a_venue_without_midpoints_says_so_where_only_pegs_are_sought() -> None:
    rating = routing.rate(parent_search(resting()), PEG, 100)

    assert rating.candidates == []
    assert rating.reasons == dict.fromkeys((LIT, OTHER_LIT), RouteReason.NO_MIDPOINT)


@pytest.mark.parametrize(
    ("shown", "reason"),
    [({"posts": False}, RouteReason.NO_QUOTE), ({"kind": VenueKind.ATS}, RouteReason.NO_QUOTE)],
)
def test_children_rest_on_lit_venues_that_take_them(
    shown: dict[str, Any], reason: RouteReason
) -> None:
    world = resting(venue(LIT, **shown), quote(OTHER_LIT))

    routed = world.the(ChildRouted)
    assert (routed.venue, reasons(routed)) == (OTHER_LIT, {reason: 1})


@pytest.mark.parametrize("side", list(Side))
def test_a_post_never_locks_the_market_that_it_joins(side: Side) -> None:
    world = resting()
    parent = world.parent()
    parent.terms = make(type(parent.terms), **{**_fields(parent.terms), "side": side})
    locked = parent_search(world)._replace(
        best=market.Nbbo(px(100.02), LIT, NOW_NS, px(100.02), LIT, NOW_NS)
    )

    rating = routing.rate(locked, POST, 100)

    assert rating.candidates == []
    assert set(rating.reasons.values()) == {RouteReason.NOT_AT_BEST}


def _fields(terms: object) -> dict[str, Any]:
    names = getattr(terms, "__slots__", ())
    return {n: getattr(terms, n) for n in names if n not in ("seq", "at_ns", "cause")}


def test_an_unreadable_control_stops_all_routing() -> None:
    world = trading(*LIVE, Raw("controls", key=None)).when(at_once())

    world.then_some(an(RouteDeferred, unrouted_qty=500)).then_no(ChildRouted)
    assert reasons(world.the(RouteDeferred)) == {RouteReason.SUSPENDED: 2}


# ----------------------------------------------------------------------------- self trade


def opposite(*more: Any, **said: Any) -> World:  # noqa: ANN401
    """A sell that rests at 100.02 on the only venue that shows a price; it never crosses."""
    world = trading(
        mandate("c1", crossing_consent=False),
        policy(strategy=Strategy.TWAP, router=Router.SEQUENTIAL),
        trade(PLENTY),
        *more,
    )
    world.given(order("s1", 6_000, side=Side.SELL, end_ns=NOW_NS + HOUR, **said))
    assert world.child().terms.side is Side.SELL
    return world


def test_nothing_is_taken_where_our_own_other_side_rests() -> None:
    world = opposite(quote(OTHER_LIT)).when(at_once("b1", 100))
    routed = world.the(ChildRouted)
    assert (routed.venue, reasons(routed)) == (OTHER_LIT, {RouteReason.SELF_TRADE: 1})


def test_where_only_our_own_other_side_is_shown_nothing_goes_out() -> None:
    world = opposite().when(at_once("b1", 100))

    world.then_some(an(RouteDeferred, unrouted_qty=100)).then_no(ChildRouted)
    assert reasons(world.the(RouteDeferred)) == {
        RouteReason.SELF_TRADE: 1,
        RouteReason.NO_QUOTE: 1,
    }


def test_our_own_other_side_out_of_reach_is_no_self_trade() -> None:
    world = opposite().when(at_once("b1", 100, limit_px=px(100.01)))

    assert world.the(ChildRouted).venue == LIT


def test_a_sell_meets_our_own_buy_at_or_above_it() -> None:
    world = resting(mandate("c1", crossing_consent=False))
    for limit, is_out in ((100.00, False), (100.01, True)):
        world.when(at_once(f"s{limit}", 100, side=Side.SELL, limit_px=px(limit)))
        assert bool([c for c in world.all_of(ChildRouted) if c.venue == LIT]) == is_out


@pytest.mark.parametrize("way", [PEG, TAKE, POST])
def test_a_midpoint_of_ours_may_meet_anything(way: str) -> None:
    world = seeking(venue(DARK, midpoint=True), mandate("c1", crossing_consent=False))
    mine = next(c for c in world.children() if c.terms.child_type is ChildType.MIDPOINT_PEG)

    assert routing.overlaps(mine, Side.SELL, way, px(500.00))
    assert routing.overlaps(world.children()[-1], Side.SELL, PEG, px(500.00))


def test_our_own_same_side_is_no_self_trade() -> None:
    world = resting().when(order("o2", order_qty=6_000, urgency=Urgency.LOW, end_ns=NOW_NS + HOUR))

    assert world.the(ChildRouted).venue == LIT


# --------------------------------------------------------------------------------- scores


def score(world: World, how: str, code: str = LIT) -> int:
    return routing.score_of(parent_search(world), code, how)[0]


def test_a_score_is_half_the_spread_fees_and_the_price_of_waiting() -> None:
    world = trading(fees(LIT, taker=3_000_000, maker=-2_000_000, midpoint=1_000_000))
    world.given(order())

    assert score(world, TAKE) == 999 + 299  # A cent and 0.3 cents of 100.01, in 1e-3 bps.
    # Half fills: earns the half spread and the rebate or pays the half spread; ten seconds.
    assert score(world, POST) == ((-999 - 200) * 500_000 + 999 * 500_000) // PPM + 10
    assert score(world, PEG) == (99 * 500_000 + 999 * 500_000) // PPM + 10


PPM = 1_000_000


def test_what_was_seen_of_a_venue_counts_for_half_of_its_taking_score() -> None:
    world = trading().given(order())
    world.state.scorecards[LIT] = Scorecard(3, 9, 900_000, 100 * SECOND, 2_001)

    assert routing.score_of(parent_search(world), LIT, TAKE) == ((999 + 2_001) // 2, 3)
    assert score(world, PEG) == 99 + 60  # A tenth of the half spread; waiting counts a minute.


def test_without_two_sides_only_fees_tell_venues_apart() -> None:
    world = trading(quote(bid=0.0), fees(LIT, taker=3_000_000)).given(order())

    assert score(world, TAKE) == 3_000_000 * routing.MILLIBPS // px(100.02)
    assert score(world, TAKE, OTHER_LIT) == 0


def test_a_child_names_the_scorecard_that_it_relied_on() -> None:
    world = trading().given(at_once())
    world.given(fill_report(world.child(), 500))
    assert world.the(ScorecardUpdated).version == 1

    assert world.when(at_once("o2")).the(ChildRouted).scorecard_version == 1


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
    best = market.view(world.state, INSTRUMENT, NOW_NS)
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
            assert child.limit_px == far_px == best.far_px(side)
            assert child.child_qty <= far_qty
            assert NOW_NS - shown.received_ns <= 30 * SECOND
        elif child.child_type is ChildType.LIMIT:
            assert better(child.limit_px, best.near_px(side)) == child.limit_px
        listed = 1 + len(child.runners_up) + sum(reasons(child).values())
        assert listed == len(world.state.reference.venues)


# --------------------------------------------------------------------------------- recall


def test_a_child_away_from_the_touch_comes_back_at_the_next_point_and_not_before() -> None:
    world = resting()
    child = world.child()

    world.when(quote(LIT, 100.01, 100.03), after_ns=SECOND).then_no(ChildCancelRequested)
    world.at(NOW_NS + MINUTE, quote(LIT, 100.01, 100.03, received_ns=NOW_NS + MINUTE))

    world.then_some(
        an(ChildCancelRequested, child_id=child.child_id, reason=CancelReason.AWAY_FROM_TOUCH)
    )


def test_a_child_at_the_touch_keeps_its_place() -> None:
    on(resting(), 1).then_no(ChildCancelRequested)


def test_a_child_at_the_parents_limit_keeps_its_place_when_the_market_runs_away() -> None:
    world = trading(policy(strategy=Strategy.TWAP, router=Router.SEQUENTIAL), trade(PLENTY))
    world.given(order(order_qty=6_000, end_ns=NOW_NS + HOUR, limit_px=px(100.00)))

    for minute in (1, 2):
        now_ns = NOW_NS + minute * MINUTE
        world.at(now_ns, quote(LIT, 100.05, 100.07, received_ns=now_ns))
        world.then_no(ChildCancelRequested)


def test_without_a_near_side_a_child_keeps_its_place() -> None:
    world = resting()

    world.at(NOW_NS + MINUTE).then_no(ChildCancelRequested)


def test_what_rests_comes_back_when_the_parent_is_behind_and_could_take() -> None:
    world = resting()
    child = world.child()

    on(world, 3).then_some(
        an(ChildCancelRequested, child_id=child.child_id, reason=CancelReason.BEHIND_SCHEDULE)
    )
    on(world, 4)  # Asked once, not again while the venue has not answered.
    asked = [c.child_id for c in world.all_of(ChildCancelRequested)]
    assert child.child_id not in asked


def test_a_refused_cancel_is_asked_for_again_at_the_next_point() -> None:
    world = on(resting(), 3)
    child = world.children()[0]
    world.given(cancel_rejected(child))

    on(world, 4).then_some(an(ChildCancelRequested, child_id=child.child_id))


def test_what_rests_keeps_its_place_while_nothing_could_be_taken_instead() -> None:
    world = trading(policy(strategy=Strategy.TWAP, router=Router.SEQUENTIAL), trade(PLENTY))
    world.given(
        order(order_qty=6_000, end_ns=NOW_NS + HOUR, limit_px=px(100.00), urgency=Urgency.HIGH)
    )

    for minute in (5, 30, 59):
        on(world, minute).then_no(ChildCancelRequested)


def test_a_taking_child_is_never_recalled_for_its_price() -> None:
    world = trading(trade(PLENTY)).given(
        order(order_qty=6_000, urgency=Urgency.HIGH, end_ns=NOW_NS + HOUR)
    )
    assert world.children()[0].terms.time_in_force is ChildTimeInForce.IOC

    on(world, 5).then_no(ChildCancelRequested)


def test_a_peg_comes_back_when_behind_but_never_for_the_touch() -> None:
    ruled = policy(router=Router.LIQUIDITY_SEEKING, strategy=Strategy.TWAP)
    world = trading(dark_venue(), ruled, trade(PLENTY))
    world.given(order(order_qty=6_000, end_ns=NOW_NS + HOUR))

    on(world, 1, quote(LIT, 100.01, 100.03)).then_no(ChildCancelRequested)
    on(world, 3).then_some(an(ChildCancelRequested, reason=CancelReason.BEHIND_SCHEDULE))


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        (halt(), CancelReason.HALT),
        (kill(), CancelReason.KILL_SWITCH),
        (kill(ControlScope.VENUE, LIT), CancelReason.KILL_SWITCH),
    ],
)
def test_what_a_person_forbids_comes_back_at_once(told: Any, reason: CancelReason) -> None:  # noqa: ANN401
    world = resting().when(told)

    world.then_some(an(ChildCancelRequested, reason=reason))


@pytest.mark.parametrize(("side", "tighter"), [(Side.BUY, 99.90), (Side.SELL, 100.10)])
def test_a_child_beyond_a_tighter_limit_comes_back_at_once(side: Side, tighter: float) -> None:
    loose = px(100.00) if side is Side.BUY else px(100.02)
    world = trading(policy(strategy=Strategy.TWAP, router=Router.SEQUENTIAL), trade(PLENTY))
    world.given(order(order_qty=6_000, end_ns=NOW_NS + HOUR, limit_px=loose, side=side))
    child = world.child()
    parent = world.parent()
    assert routing.recall_one(world.state, parent, child) is None

    parent.limit_px = px(tighter)

    assert routing.recall_one(world.state, parent, child) is CancelReason.LIMIT_CHANGED


def test_at_the_end_of_the_window_everything_comes_back_until_it_has() -> None:
    world = resting()
    child = world.child()

    world.when(after_ns=HOUR).then_some(an(ChildCancelRequested, reason=CancelReason.WINDOW_ENDED))
    world.when(cancel_rejected(child), after_ns=SECOND).then_no(ChildCancelRequested)
    world.when(after_ns=2 * MINUTE).then_some(an(ChildCancelRequested, child_id=child.child_id))
    world.when(report(child, ExecType.CANCELED)).then_some(ParentEnded)


def test_a_parent_without_a_plan_is_not_behind() -> None:
    world = trading(policy(window_ns=MINUTE)).given(order())

    assert not routing.is_behind(world.state, world.parent(), NOW_NS)
    assert routing.recall(world.state, world.parent(), NOW_NS) == ()


def test_a_deferred_slice_leaves_the_quantity_in_the_pool() -> None:
    world = trading(quote(bid=0.0, ask=0.0), trade(PLENTY)).given(at_once())

    world.when(quote(), amend(order_qty=600)).then_some(an(ChildRouted, child_qty=600))
