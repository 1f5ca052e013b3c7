"""Candidates for a slice: each reason against a venue, and the parts of a score."""

from typing import Any

import pytest
from routed import LIVE, PLENTY, parent_search, reasons, resting, seeking
from world import (
    HOUR,
    INSTRUMENT,
    LIT,
    NOW_NS,
    OTHER_LIT,
    SECOND,
    SOON_NS,
    Raw,
    World,
    an,
    at_once,
    dark_venue,
    fees,
    fill_report,
    kill,
    make,
    mandate,
    order,
    policy,
    px,
    quote,
    report,
    session,
    trade,
    trading,
    venue,
    venue_status,
)

from engine.core.events import (
    ChildRouted,
    ChildTimeInForce,
    ChildType,
    ControlScope,
    ExecType,
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
from engine.core.market import consolidated
from engine.core.routing import candidates, chances
from engine.core.routing.candidates import STEP
from engine.core.routing.cells import PEG, POST, TAKE
from engine.core.routing.expected_cost import Cost
from engine.core.state.model import Scorecard
from engine.core.units import MILLIBPS

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
        (
            (quote(LIT, received_ns=NOW_NS + 30 * SECOND + 1),),
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
    assert LIT not in {x.venue for x in routed.runners_up if x.tactic == TAKE}
    assert routed.rejected_by_reason == (RouteReasonCount(reason=reason, venue_count=1),)


def test_a_venue_without_midpoints_says_so_where_only_pegs_are_sought() -> None:
    rating = candidates.rate(parent_search(resting()), PEG, 100)

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
        best=consolidated.Nbbo(px(100.02), LIT, NOW_NS, px(100.02), LIT, NOW_NS)
    )

    rating = candidates.rate(locked, POST, 100)

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


def test_where_only_our_own_other_side_is_shown_nothing_is_routed() -> None:
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


def sale_search(world: World) -> candidates.Search:
    """Of a sale that has not begun."""
    world.given(order("s1", 100, side=Side.SELL, start_ns=world.now_ns + HOUR))
    return candidates.search_for(world.state, world.parent("s1"), world.now_ns)


@pytest.mark.parametrize("way", [PEG, TAKE, POST])
def test_a_midpoint_of_ours_may_meet_anything(way: str) -> None:
    world = seeking(dark_venue(), mandate("c1", crossing_consent=False))
    mine = next(c for c in world.children() if c.terms.child_type is ChildType.MIDPOINT_PEG)

    search = sale_search(world)

    assert candidates.would_self_trade(search, mine.terms.venue, way, px(500.00))


def test_a_new_midpoint_may_meet_any_child_of_ours() -> None:
    search = sale_search(resting(mandate("c1", crossing_consent=False)))

    assert candidates.would_self_trade(search, LIT, PEG, px(500.00))
    assert not candidates.would_self_trade(search, LIT, POST, px(500.00))


def test_our_own_same_side_is_no_self_trade() -> None:
    world = resting().when(
        order("o2", order_qty=6_000, client_id="c2", urgency=Urgency.LOW, end_ns=NOW_NS + HOUR)
    )

    assert world.the(ChildRouted).venue == LIT


# --------------------------------------------------------------------------------- scores


def cost(world: World, how: str, code: str = LIT) -> Cost:
    search = parent_search(world)
    limit_px = candidates.limit_for(search, how)
    cell = candidates.cell_of(search, code, how, limit_px, 100)
    return candidates.cost_of(search, code, how, cell, limit_px)[0]


def chance(world: World, how: str, code: str = LIT) -> int:
    """The chance that a score counts with: what is expected, and the bonus of a new venue."""
    search = parent_search(world)
    cell = candidates.cell_of(search, code, how, candidates.limit_for(search, how), 100)
    left_ns = search.parent.terms.end_ns - search.now_ns
    found = chances.estimate(world.state, code, cell, search.patience_ns, left_ns, {})
    return found.fill_ppm + found.bonus_ppm


PPM = 1_000_000


def mixed(filled: int, missed: int, chance_ppm: int) -> int:
    return (filled * chance_ppm + missed * (PPM - chance_ppm)) // PPM


def test_a_cost_is_half_the_spread_fees_the_adverse_move_and_what_is_missed() -> None:
    world = trading(fees(LIT, taker=3_000_000, maker=-2_000_000, midpoint=1_000_000))
    world.given(order())

    # A cent and 0.3 cents of 100.01, in 1e-3 bps; what a take misses costs a spread more.
    take, filled = chance(world, TAKE), 999 + 299 + IMPACT
    assert take == 850_000
    again = filled + 2 * 999
    assert cost(world, TAKE) == Cost(mixed(filled, again, take), filled, 0, again)
    # What rests and is missed is taken: with the mean fee of two venues, and as sizes lean.
    missed = 999 + 149 + IMPACT + 0
    post, peg = chance(world, POST), chance(world, PEG)
    assert cost(world, POST) == Cost(mixed(-1_199 + 490, missed, post) + 10, -1_199, 490, missed)
    assert cost(world, PEG) == Cost(mixed(99 + 180, missed, peg) + 10, 99, 180, missed)


IMPACT = 1_344  # At a daily volatility of 1.5 %; see test_expected_cost.


def test_a_step_ahead_of_the_touch_gives_up_a_tick_for_its_place() -> None:
    world = trading(quote(bid=100.00, ask=100.04)).given(order())
    search = parent_search(world)
    assert candidates.limit_for(search, STEP) == px(100.01)
    touch, step = (candidates.cell_of(search, LIT, how, px(x), 100) for how, x in STEPPED)
    assert touch == "post:wide:touch:long"
    assert step == "post:wide:touch:first"
    assert cost(world, STEP).filled_millibps - cost(world, POST).filled_millibps == 999


STEPPED = ((POST, 100.00), (STEP, 100.01))


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        (quote(bid=100.00, ask=100.01), {}),  # The next tick is the other side.
        (quote(bid=0.0, ask=100.04), {}),
        (quote(bid=100.00, ask=100.04), {"limit_px": px(100.00)}),
    ],
)
def test_there_is_no_step_without_room(shown: Any, said: dict[str, Any]) -> None:  # noqa: ANN401
    world = trading(shown, quote(OTHER_LIT, 0.0, 0.0)).given(order(**said))
    assert candidates.limit_for(parent_search(world), STEP) == 0


def test_the_sizes_at_the_touch_lean_against_the_side_that_waits() -> None:
    even = trading().given(order())
    bid = trading(quote(bid_qty=3_000), quote(OTHER_LIT, 0.0, 0.0)).given(order())
    ask = trading(quote(ask_qty=3_000), quote(OTHER_LIT, 0.0, 0.0)).given(order())
    missed = [parent_search(world).missed_millibps for world in (ask, even, bid)]
    assert missed == sorted(set(missed))


def test_what_was_seen_of_a_venue_counts_for_half_of_its_taking_cost() -> None:
    world = trading().given(order())
    world.state.scorecards[LIT] = Scorecard(3, 9, 900_000, 100 * SECOND, 2_001, take_samples=1)

    assert cost(world, TAKE).filled_millibps == (999 + 2_001) // 2 + IMPACT
    peg = chance(world, PEG)
    assert (
        cost(world, PEG).score_millibps == mixed(180, 999 + IMPACT, peg) + 60
    )  # Waiting: a minute.


def test_without_two_sides_only_fees_tell_venues_apart() -> None:
    world = trading(quote(bid=0.0), fees(LIT, taker=3_000_000)).given(order())

    assert cost(world, TAKE).filled_millibps == 3_000_000 * MILLIBPS // px(100.02) + IMPACT
    assert cost(world, TAKE, OTHER_LIT).filled_millibps == IMPACT


def test_a_child_names_the_scorecard_that_it_relied_on() -> None:
    world = trading().given(at_once())
    world.given(fill_report(world.child(), 500))
    assert world.the(ScorecardUpdated).version == 1

    assert world.when(at_once("o2")).the(ChildRouted).scorecard_version == 1


# ------------------------------------------------------------------------- barred venues


BARRED = [
    ((), {"excluded_venues": (LIT,)}),
    ((venue(LIT, kind=VenueKind.ATS),), {"no_dark": True}),
    ((session(LIT, up=False),), {}),
    ((Raw("venue-reports", source=LIT),), {}),
    ((kill(ControlScope.VENUE, LIT),), {}),
]


@pytest.mark.parametrize(("given", "said"), BARRED)
def test_a_slice_rests_where_it_may_while_only_a_barred_venue_shows_the_best(
    given: tuple[Any, ...], said: dict[str, Any]
) -> None:
    world = trading(quote(OTHER_LIT, 100.00, 100.03), *given).when(at_once(**said))

    world.then_some(
        an(
            ChildRouted,
            venue=OTHER_LIT,
            child_qty=500,
            limit_px=px(100.00),
            time_in_force=ChildTimeInForce.DAY,
        )
    ).then_no(RouteDeferred)


@pytest.mark.parametrize("side", list(Side))
def test_a_better_quote_of_a_barred_venue_is_never_traded_through(side: Side) -> None:
    behind = quote(OTHER_LIT, 99.99, 100.03)
    world = trading(behind).when(at_once(side=side, excluded_venues=(LIT,)))

    best = consolidated.view(world.state, INSTRUMENT, NOW_NS)
    routed = world.the(ChildRouted)
    assert (routed.venue, routed.limit_px) == (OTHER_LIT, best.near_px(side))


def test_what_an_allowed_venue_shows_at_the_best_is_taken_beside_a_barred_one() -> None:
    world = trading(quote(OTHER_LIT, ask_qty=300)).when(at_once(excluded_venues=(LIT,)))

    world.then_some(
        an(ChildRouted, venue=OTHER_LIT, child_qty=300, time_in_force=ChildTimeInForce.IOC),
        an(RouteDeferred, unrouted_qty=200),
    )


def test_once_an_allowed_venue_shows_the_best_too_there_is_something_to_take() -> None:
    world = trading(quote(OTHER_LIT, 100.00, 100.03), session(LIT, up=False))
    world.given(order(order_qty=500, end_ns=SOON_NS, must_complete=True))
    child = world.child()
    later = [quote(code, 100.00, 100.03) for code in (LIT, OTHER_LIT)]
    world.given(*later)

    search = parent_search(world)

    assert candidates.can_take(search)
    assert child.is_live


# ------------------------------------------------------------------------------- misses


def missed(asks: float = 100.02) -> World:
    """A taker with an IOC at the first venue's quote."""
    world = trading(policy(router=Router.SEQUENTIAL), quote(OTHER_LIT, ask=asks))
    return world.given(at_once(limit_px=px(100.05)))


@pytest.mark.parametrize("filled_qty", [0, 100])
def test_after_a_miss_another_venue_at_the_best_is_asked_at_once(filled_qty: int) -> None:
    world = missed()
    child = world.child()
    said = [fill_report(child, filled_qty)] if filled_qty else []

    world.when(*said, report(child, ExecType.EXPIRED), after_ns=SECOND // 500)

    other = LIT if child.terms.venue == OTHER_LIT else OTHER_LIT
    world.then_some(an(ChildRouted, venue=other, child_qty=500 - filled_qty))
    assert reasons(world.the(ChildRouted))[RouteReason.QUOTE_MISSED] == 1
    world.when(report(world.child(), ExecType.EXPIRED), after_ns=SECOND // 500)
    world.then_no(ChildRouted)  # Neither quote is asked again.


def test_a_quote_that_was_missed_is_not_asked_again_until_its_venue_quotes_anew() -> None:
    world = missed(asks=100.04)
    assert world.child().terms.venue == LIT
    world.when(report(world.child(), ExecType.EXPIRED), after_ns=SECOND)
    world.then_no(SliceReleased)

    world.at(NOW_NS + 10 * SECOND, at_once("o2", limit_px=px(100.05)))
    world.then_no(an(ChildRouted, venue=LIT, time_in_force=ChildTimeInForce.IOC))

    world = missed(asks=100.04)
    world.when(report(world.child(), ExecType.EXPIRED), after_ns=SECOND)
    again = quote(received_ns=NOW_NS + 5 * SECOND)
    world.at(NOW_NS + 10 * SECOND, again)  # The same once more is no other quote.
    world.then_no(an(ChildRouted, venue=LIT, time_in_force=ChildTimeInForce.IOC))

    world = missed(asks=100.04)
    world.when(report(world.child(), ExecType.EXPIRED), after_ns=SECOND)
    more = quote(ask_qty=1_200, received_ns=NOW_NS + 5 * SECOND)
    world.at(NOW_NS + 10 * SECOND, more)
    world.then_some(
        an(ChildRouted, venue=LIT, child_qty=200, venue_qty=1_200, left_qty=200, wanted_qty=0)
    )


def test_a_miss_on_one_side_says_nothing_of_the_other() -> None:
    world = missed(asks=100.04)
    world.when(report(world.child(), ExecType.EXPIRED), after_ns=SECOND)
    assert [*world.book().used] == [(LIT, Side.BUY)]
