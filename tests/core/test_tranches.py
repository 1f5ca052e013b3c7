"""Orders of one intent share a parent, and each keeps its own words: limit, window, cap, venues."""

from typing import Any

import pytest
from world import (
    CLOSE_NS,
    HOUR,
    LIT,
    MINUTE,
    NOW_NS,
    OTHER_LIT,
    SECOND,
    SOON_NS,
    World,
    amend,
    an,
    at_once,
    bust,
    cancel,
    correction,
    dark_venue,
    day_closed,
    day_opened,
    fill_report,
    kill,
    order,
    policy,
    px,
    quote,
    report,
    trade,
    trading,
    venue,
)

from engine.core import events as e
from engine.core.parents import tranches
from engine.core.routing.candidates import eligible, search_for
from engine.core.strategy import slicing

PLENTY = 10_000_000
ONE_CHILD = policy(router=e.Router.SEQUENTIAL)
GTC: dict[str, Any] = {"time_in_force": e.TimeInForce.GTC}


def two(*more: Any, **said: Any) -> World:  # noqa: ANN401
    """Two orders that end at different times, with a post for both at the near side."""
    world = trading(ONE_CHILD, trade(PLENTY))
    first = at_once("o1", 600, **said)
    return world.given(first, at_once("o2", 400, end_ns=SOON_NS - SECOND, **said), *more)


def claims_of(routed: e.ChildRouted) -> dict[int, int]:
    return {claim.tranche: claim.claim_qty for claim in routed.claims}


def resting(world: World) -> World:
    """A post of both orders, as nothing is shown on the far side."""
    return world.given(
        quote(ask=0.0),
        quote(OTHER_LIT, ask=0.0),
        at_once("o1", 600),
        at_once("o2", 400, no_dark=True),
    )


# ---------------------------------------------------------------------------------- claims


def test_a_child_for_two_tranches_says_for_whom_it_is_and_fills_go_to_the_claims() -> None:
    world = resting(trading(ONE_CHILD, trade(PLENTY)))
    (child,) = world.children()
    assert claims_of(child.terms) == {0: 600, 1: 400}

    world.when(fill_report(child, 500)).then_some(an(e.FillAllocated, shares_qty=(300, 200)))

    assert [world.order(name).cum_qty for name in ("o1", "o2")] == [300, 200]
    assert [world.tranche(name).exposure_qty for name in ("o1", "o2")] == [300, 200]
    assert world.folded().state == world.state


def test_a_bust_and_corrections_follow_the_claims() -> None:
    world = resting(trading(ONE_CHILD, trade(PLENTY)))
    (child,) = world.children()
    world.given(fill_report(child, 500))
    world.given(correction(child, 250))
    assert [world.tranche(name).filled_qty for name in ("o1", "o2")] == [150, 100]
    assert [world.order(name).cum_qty for name in ("o1", "o2")] == [150, 100]
    world.given(correction(child, 300, exec_id="E1d"))
    assert [world.tranche(name).filled_qty for name in ("o1", "o2")] == [180, 120]
    world.given(bust(child))
    assert [world.order(name).cum_qty for name in ("o1", "o2")] == [0, 0]
    assert world.folded().state == world.state


def test_what_one_tranche_cannot_take_of_a_fill_another_takes_before_the_error_account() -> None:
    world = resting(trading(ONE_CHILD, trade(PLENTY)))
    (child,) = world.children()
    world.given(cancel("o2"), report(child, e.ExecType.CANCELED))
    assert world.order("o2").open_qty == 0
    newer = world.child()

    world.when(fill_report(newer, 600)).when(fill_report(child, 100, "L"))

    given = world.the(e.FillAllocated)
    assert given.other_order_ids  # A late fill of before: its orders have left, and get it.
    assert given.error_qty == 0
    assert world.folded().state == world.state


def test_an_overfill_of_one_claim_goes_to_the_orders_of_the_other() -> None:
    world = resting(trading(ONE_CHILD, trade(PLENTY)))
    (child,) = world.children()
    world.given(at_once("o3", 300, no_dark=True))  # The second tranche has more open now.
    world.when(fill_report(child, 1_200))

    given = world.the(e.FillAllocated)
    assert given.error_qty == 0
    assert world.order("o1").cum_qty == 600
    assert world.order("o2").cum_qty + world.order("o3").cum_qty == 600


# ---------------------------------------------------------------------------------- limits


def test_a_tight_limit_holds_nobody_up() -> None:
    world = trading(ONE_CHILD, trade(PLENTY))
    world.given(at_once("tight", 500, limit_px=px(99.00)), at_once("o2", 300))
    taken = [child for child in world.children() if child.terms.limit_px == px(100.02)]
    assert [claims_of(child.terms) for child in taken] == [{1: 300}]


def test_what_no_limit_reaches_rests_at_its_own() -> None:
    world = trading(ONE_CHILD, trade(PLENTY))
    world.given(at_once("far", 500, limit_px=px(98.00)), at_once("near", 300, limit_px=px(99.00)))
    world.given(after_ns=10 * SECOND)
    found = {child.terms.limit_px: claims_of(child.terms) for child in world.children()}
    assert found == {px(99.00): {1: 300}, px(98.00): {0: 500}}


def test_a_quote_wakes_the_tranche_whose_limit_it_reaches() -> None:
    rules = policy(strategy=e.Strategy.TWAP, router=e.Router.SEQUENTIAL)
    world = trading(rules).given(
        order("o1", 6_000, limit_px=px(99.90), end_ns=NOW_NS + HOUR),
        order("o2", 6_000, limit_px=px(99.60), end_ns=NOW_NS + HOUR),
    )
    parent_id = world.parent().parent_id
    assert [*world.book().limited[e.Side.BUY].places] == [parent_id, f"{parent_id}/1"]
    world.given(trade(PLENTY))
    now_ns = NOW_NS + MINUTE + SECOND  # No point of the grid.
    world.at(now_ns, *(quote(code, 99.58, 99.60, received_ns=now_ns) for code in (LIT, OTHER_LIT)))
    assert world.tranche("o2").exposure_qty > 0


PLENTY_EACH = (PLENTY, PLENTY)


@pytest.mark.parametrize(
    ("rests", "dues", "most", "wants"),
    [
        (100, (100, 100), PLENTY_EACH, [0, 100]),  # Half of what is due rests.
        (100, (100, 99), PLENTY_EACH, [0, 0]),
        (100, (150, 50), PLENTY_EACH, [50, 50]),
        (100, (30, 50), PLENTY_EACH, [0, 50]),  # Of what rests for the first 30 count.
        (100, (-40, 50), PLENTY_EACH, [0, 50]),
        (300, (300, 100), PLENTY_EACH, [0, 100]),  # Nothing rests for the second one.
        (100, (900, 99), (20, PLENTY), [20, 99]),
        (100, (900, 60), (20, PLENTY), [0, 0]),  # The first may have no more, whatever it wants.
    ],
)
def test_patient_tranches_ask_together_once_half_of_what_is_due_rests(
    rests: int, dues: tuple[int, int], most: tuple[int, int], wants: list[int]
) -> None:
    world = two(limit_px=px(99.00))
    resting, idle = world.tranche("o1"), world.tranche("o2")
    resting.exposure_qty, idle.exposure_qty = rests, 0

    assert slicing.waited_for([resting, idle], dues, [0, 0], most, 100) == wants


# --------------------------------------------------------------------------------- windows


def test_a_short_window_ends_for_its_own_orders_alone() -> None:
    world = two(limit_px=px(99.00))
    world.given(after_ns=10 * SECOND)
    assert world.parent("o1") is world.parent("o2")
    end_ns = world.tranche("o2").terms.end_ns
    world.at(end_ns).then_some(an(e.ChildCancelRequested, reason=e.CancelReason.WINDOW_ENDED))
    gone = [c for c in world.children() if c.is_cancelling]
    world.when(*(report(child, e.ExecType.CANCELED) for child in gone))

    world.then_some(
        an(e.MemberLeft, reason=e.LeaveReason.EXPIRED, left_qty=400, tranche=1, parent_qty=600),
        an(e.OrderExpired, withdrawn_qty=400, reason=e.WithdrawReason.WINDOW_ENDED),
    ).then_no(e.ParentEnded)
    assert world.order("o1").open_qty == 600
    assert world.folded().state == world.state


def test_an_order_that_starts_later_waits_for_its_start_and_no_other_does() -> None:
    world = trading(ONE_CHILD, trade(PLENTY)).given(
        order("o1", 6_000, end_ns=NOW_NS + HOUR),
        order("later", 6_000, start_ns=NOW_NS + 10 * MINUTE, end_ns=NOW_NS + HOUR),
    )
    assert world.parent("later") is world.parent("o1")
    assert world.parent().is_released
    assert world.tranche("later").released_ns == -1
    world.given(quote(received_ns=NOW_NS + 9 * MINUTE), after_ns=9 * MINUTE)
    assert world.tranche("later").exposure_qty == 0
    world.when(quote(received_ns=NOW_NS + 10 * MINUTE), after_ns=MINUTE)
    plan = world.the(e.PlanAdopted)
    assert plan.reason is e.PlanReason.TRANCHE_BEGAN
    assert [(x.tranche, x.start_ns) for x in plan.tranches][1] == (1, NOW_NS + 10 * MINUTE)
    assert world.tranche("later").released_ns == NOW_NS + 10 * MINUTE


def test_a_short_window_ends_the_gathering_sooner() -> None:
    world = trading(policy(window_ns=10 * MINUTE), order("o1"))
    world.given(order("o2", end_ns=NOW_NS + 2 * MINUTE))
    assert world.parent().window_end_ns == NOW_NS + MINUTE
    world.when(after_ns=MINUTE).then_some(an(e.ParentReleased, member_count=2))


# ----------------------------------------------------------------------- venues and display


def test_a_child_in_the_dark_is_for_those_who_may_hide() -> None:
    world = trading(dark_venue(), policy(router=e.Router.LIQUIDITY_SEEKING), trade(PLENTY))
    world.given(quote(ask=100.02), at_once("o1", 400), at_once("lit", 400, no_dark=True))
    hidden = [x for x in world.children() if x.terms.child_type is e.ChildType.MIDPOINT_PEG]
    assert hidden
    assert all(set(claims_of(child.terms)) == {0} for child in hidden)


def test_a_venue_that_one_order_excludes_gets_the_other_s_part() -> None:
    world = trading(ONE_CHILD, trade(PLENTY), quote(OTHER_LIT, 99.90, 100.10))
    world.given(at_once("o1", 400), at_once("o2", 400, excluded_venues=(LIT,)))
    at_lit = [child for child in world.children() if child.terms.venue == LIT]
    assert all(set(claims_of(child.terms)) == {0} for child in at_lit)


def test_a_venue_at_which_no_order_may_trade_at_this_price_is_not_eligible() -> None:
    world = trading(ONE_CHILD, trade(PLENTY), venue(OTHER_LIT), quote(OTHER_LIT, 99.90, 100.10))
    world.when(at_once("o1", 400, excluded_venues=(LIT,)), at_once("o2", 400, limit_px=px(100.02)))
    routed = world.all_of(e.ChildRouted)
    for child in routed:
        assert child.venue != LIT or set(claims_of(child)) <= {1}


# ------------------------------------------------------------------------------------ caps


def test_each_keeps_its_own_cap() -> None:
    rules = policy(strategy=e.Strategy.TWAP, router=e.Router.SEQUENTIAL)
    world = trading(rules).given(
        order("o1", 60_000, end_ns=NOW_NS + HOUR, max_participation_ppm=300_000),
        order("o2", 60_000, end_ns=NOW_NS + HOUR, max_participation_ppm=100_000),
    )
    world.at(NOW_NS + MINUTE, quote(received_ns=NOW_NS + MINUTE), trade(900))
    world.at(NOW_NS + 2 * MINUTE, quote(received_ns=NOW_NS + 2 * MINUTE))
    wide, narrow = world.tranche("o1"), world.tranche("o2")
    assert narrow.exposure_qty + narrow.filled_qty <= 100 + 100  # A ninth of 900, and a lot.
    assert wide.exposure_qty + wide.filled_qty > 200


# -------------------------------------------------------------------- changes and controls


def test_an_amended_limit_moves_an_order_within_its_parent_and_the_others_work_on() -> None:
    world = resting(trading(ONE_CHILD, trade(PLENTY)))
    before = world.parent("o1")
    to_limit = {"order_type": e.OrderType.LIMIT, "limit_px": px(99.00)}
    world.given(amend("o2", **to_limit))
    (child,) = [x for x in world.children() if x.is_cancelling]
    world.when(report(child, e.ExecType.CANCELED)).then_some(
        an(e.MemberLeft, reason=e.LeaveReason.AMENDED, tranche=1),
        an(e.TrancheOpened, tranche=2),
        an(e.MemberJoined, tranche=2, member_qty=400),
    )
    assert world.parent("o2") is before
    assert world.order("o1").parent_id == before.parent_id
    assert world.folded().state == world.state


def test_a_kill_switch_stops_the_tranche_of_its_client_alone() -> None:
    world = resting(trading(ONE_CHILD, trade(PLENTY)))
    world.given(at_once("o3", 300, client_id="c2", max_participation_ppm=50_000))
    world.when(kill(e.ControlScope.CLIENT, "c1"))
    asked = {x.child_id for x in world.all_of(e.ChildCancelRequested)}
    for child in world.children():
        of_c1 = {0, 1} & {cover.tranche for cover in child.covers}
        assert (child.child_id in asked) == bool(of_c1)


def test_a_parent_has_so_many_tranches_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tranches, "TRANCHES_MAX", 2)
    world = trading(policy(window_ns=MINUTE))
    world.given(*(order(f"o{n}", limit_px=px(99 - n)) for n in range(3)))
    assert world.parent("o0") is world.parent("o1") is not world.parent("o2")


# ------------------------------------------------------------------------------------ cross


def test_a_cross_is_for_the_orders_whose_limit_and_window_allow_it() -> None:
    world = trading(policy(window_ns=MINUTE)).given(
        order("tight", 300, limit_px=px(99.00)),
        order("later", 300, start_ns=NOW_NS + HOUR),
        order("open", 200),
        order("sell", 1_000, side=e.Side.SELL, client_id="c2"),
    )
    world.given(quote(received_ns=NOW_NS + MINUTE), after_ns=MINUTE)
    crossed = [world.order(name).crossed_qty for name in ("tight", "later", "open", "sell")]
    assert crossed == [0, 0, 200, 200]
    assert world.folded().state == world.state


# ------------------------------------------------------------------------------------ close


def test_a_late_fill_of_a_closed_day_goes_to_the_orders_that_its_child_was_sent_for() -> None:
    now_ns = CLOSE_NS - 30 * SECOND
    shown = [quote(code, ask=0.0, received_ns=now_ns) for code in (LIT, OTHER_LIT)]
    world = trading(ONE_CHILD, trade(PLENTY)).at(now_ns, *shown)
    world.given(
        at_once("o1", 600, **GTC, end_ns=CLOSE_NS),
        at_once("o2", 400, no_dark=True, **GTC, end_ns=CLOSE_NS),
    )
    (child,) = world.children()
    world.given(report(child, e.ExecType.CANCELED)).at(CLOSE_NS + MINUTE, day_closed())
    (carried,) = world.all_of(e.ChildCarried)
    assert {claim.tranche: claim.claim_qty for claim in carried.claims} == {0: 600, 1: 400}
    next_ns = NOW_NS + 24 * HOUR
    world.at(next_ns, day_opened(20180103, next_ns))
    world.when(fill_report(child, 100))
    assert [world.order(name).cum_qty for name in ("o1", "o2")] == [60, 40]
    assert world.folded().state == world.state


def test_a_search_for_all_that_is_open_knows_whose_limit_allows_a_price() -> None:
    world = trading(policy(window_ns=MINUTE)).given(
        order("o1", 600, limit_px=px(99.00)), order("o2", 400, limit_px=px(101.00))
    )
    search = search_for(world.state, world.parent(), NOW_NS)
    assert [*eligible(search, LIT, px(100.02))] == [1]
    assert [*eligible(search, LIT, px(98.00))] == [0, 1]


def test_a_client_with_nothing_open_in_a_tranche_leaves_its_room_to_the_others() -> None:
    rules = policy(window_ns=MINUTE, strategy=e.Strategy.TWAP, router=e.Router.SEQUENTIAL)
    world = trading(rules).given(
        order("o1", 400, end_ns=NOW_NS + HOUR),
        order("o2", 6_000, client_id="c2", crossing_consent=False, end_ns=NOW_NS + HOUR),
        order("s", 400, side=e.Side.SELL, client_id="c3"),
    )
    world.given(quote(received_ns=NOW_NS + MINUTE), after_ns=MINUTE)
    assert (world.order("o1").open_qty, world.tranche("o1")) == (0, world.tranche("o2"))
    now_ns = world.now_ns + 5 * MINUTE
    world.at(now_ns, trade(PLENTY), quote(received_ns=now_ns))
    assert world.tranche("o2").exposure_qty > 0
    assert all(dict(child.holders).keys() == {"c2"} for child in world.children())
