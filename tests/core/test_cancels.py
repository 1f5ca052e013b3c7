"""Cancels of children: at once, at a schedule point, or not at all."""

from typing import Any

import pytest
from routed import PLENTY, covered, on, resting
from world import (
    HOUR,
    LIT,
    MINUTE,
    NOW_NS,
    OTHER_LIT,
    SECOND,
    an,
    cancel_rejected,
    dark_venue,
    halt,
    kill,
    order,
    policy,
    px,
    quote,
    report,
    trade,
    trading,
)

from engine.core.events import (
    CancelReason,
    ChildCancelRequested,
    ChildRouted,
    ChildTimeInForce,
    ControlScope,
    ExecType,
    ParentEnded,
    Router,
    Side,
    Strategy,
    Urgency,
)
from engine.core.routing import cancels
from engine.core.routing.candidates import search_for


def test_a_child_away_from_the_touch_is_cancelled_at_the_next_point_and_not_before() -> None:
    world = resting()
    child = world.child()

    world.when(quote(LIT, 100.03, 100.05), after_ns=SECOND).then_no(ChildCancelRequested)
    world.at(NOW_NS + MINUTE, quote(LIT, 100.03, 100.05, received_ns=NOW_NS + MINUTE))

    world.then_some(
        an(ChildCancelRequested, child_id=child.child_id, reason=CancelReason.AWAY_FROM_TOUCH)
    )


@pytest.mark.parametrize("bid", [99.98, 100.01, 100.02])
def test_a_child_within_a_spread_of_the_touch_or_ahead_of_it_keeps_its_place(bid: float) -> None:
    shown = quote(LIT, bid, bid + 0.02, received_ns=NOW_NS + MINUTE)
    resting().at(NOW_NS + MINUTE, shown).then_no(ChildCancelRequested)


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


def test_resting_children_are_cancelled_when_the_parent_is_behind_and_could_take() -> None:
    world = covered()
    child = world.children()[-1]

    on(world, 30).then_some(
        an(ChildCancelRequested, child_id=child.child_id, reason=CancelReason.BEHIND_SCHEDULE)
    )
    on(world, 31)  # Asked once, not again while the venue has not answered.
    asked = [c.child_id for c in world.all_of(ChildCancelRequested)]
    assert child.child_id not in asked


def test_takes_use_what_no_child_covers_before_they_need_what_waits() -> None:
    world = on(resting(), 30, trade(PLENTY))
    world.then_some(an(ChildRouted, tactic="take")).then_no(ChildCancelRequested)


def test_a_refused_cancel_is_asked_for_again_at_the_next_point() -> None:
    world = on(covered(), 30)
    child = world.children()[-1]
    world.given(cancel_rejected(child))

    on(world, 31).then_some(an(ChildCancelRequested, child_id=child.child_id))


def test_a_resting_child_keeps_its_queue_position_while_nothing_could_be_taken() -> None:
    world = trading(policy(strategy=Strategy.TWAP, router=Router.SEQUENTIAL), trade(PLENTY))
    world.given(
        order(order_qty=6_000, end_ns=NOW_NS + HOUR, limit_px=px(100.00), urgency=Urgency.HIGH)
    )

    for minute in (5, 30, 59):
        on(world, minute).then_no(ChildCancelRequested)


def test_a_taking_child_is_never_cancelled_for_its_price() -> None:
    world = trading(trade(PLENTY)).given(
        order(order_qty=6_000, urgency=Urgency.HIGH, end_ns=NOW_NS + HOUR)
    )
    assert world.children()[0].terms.time_in_force is ChildTimeInForce.IOC

    on(world, 5).then_no(ChildCancelRequested)


def test_a_peg_is_cancelled_when_behind_but_never_for_the_touch() -> None:
    world = covered(dark_venue(), router=Router.LIQUIDITY_SEEKING)
    assert {child.terms.tactic for child in world.children()} >= {"peg"}

    on(world, 2, quote(LIT, 100.05, 100.07)).then_no(ChildCancelRequested)
    on(world, 30).then_some(an(ChildCancelRequested, reason=CancelReason.BEHIND_SCHEDULE))


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        (halt(), CancelReason.HALT),
        (kill(), CancelReason.KILL_SWITCH),
        (kill(ControlScope.VENUE, LIT), CancelReason.KILL_SWITCH),
    ],
)
def test_a_control_cancels_children_at_once(told: Any, reason: CancelReason) -> None:  # noqa: ANN401
    world = resting().when(told)

    world.then_some(an(ChildCancelRequested, reason=reason))


@pytest.mark.parametrize(("side", "tighter"), [(Side.BUY, 99.90), (Side.SELL, 100.10)])
def test_a_child_beyond_a_tighter_limit_is_cancelled_at_once(side: Side, tighter: float) -> None:
    loose = px(100.00) if side is Side.BUY else px(100.02)
    world = trading(policy(strategy=Strategy.TWAP, router=Router.SEQUENTIAL), trade(PLENTY))
    world.given(order(order_qty=6_000, end_ns=NOW_NS + HOUR, limit_px=loose, side=side))
    child = world.child()
    parent = world.parent()
    assert cancels.reason_for_one(world.state, parent, child) is None

    parent.tranches[0].limit_px = px(tighter)

    assert cancels.reason_for_one(world.state, parent, child) is CancelReason.LIMIT_CHANGED


def test_at_the_end_of_the_window_every_child_is_cancelled_until_it_has_ended() -> None:
    world = resting()
    child = world.child()

    world.when(after_ns=HOUR).then_some(an(ChildCancelRequested, reason=CancelReason.WINDOW_ENDED))
    world.when(cancel_rejected(child), after_ns=SECOND).then_no(ChildCancelRequested)
    world.when(after_ns=2 * MINUTE).then_some(an(ChildCancelRequested, child_id=child.child_id))
    world.when(report(child, ExecType.CANCELED)).then_some(ParentEnded)


def test_a_parent_without_a_plan_is_not_behind() -> None:
    world = trading(policy(window_ns=MINUTE)).given(order())

    assert not cancels.behind(search_for(world.state, world.parent(), NOW_NS))
    assert cancels.cancel_stale_children(world.state, world.parent(), NOW_NS) == ()


def test_a_resting_child_keeps_its_queue_position_while_only_a_barred_venue_could_be_taken() -> (
    None
):
    world = covered(excluded_venues=(LIT,))

    for minute in (30, 31):
        now_ns = NOW_NS + minute * MINUTE
        world.at(
            now_ns, quote(received_ns=now_ns), quote(OTHER_LIT, ask=100.03, received_ns=now_ns)
        )
        world.then_no(ChildCancelRequested)

    now_ns = NOW_NS + 32 * MINUTE
    world.at(now_ns, quote(received_ns=now_ns), quote(OTHER_LIT, received_ns=now_ns))
    world.then_some(an(ChildCancelRequested, reason=CancelReason.BEHIND_SCHEDULE))


def test_only_as_much_is_cancelled_as_takes_could_replace_the_newest_first() -> None:
    world = covered()
    newest = world.children()[-1]
    now_ns = NOW_NS + 30 * MINUTE
    # An odd lot is no best, so nothing could be taken.
    world.at(now_ns, quote(ask_qty=40, received_ns=now_ns)).then_no(ChildCancelRequested)

    now_ns += MINUTE
    world.at(now_ns, quote(ask_qty=100, received_ns=now_ns))
    assert [x.child_id for x in world.all_of(ChildCancelRequested)] == [newest.child_id]

    now_ns += MINUTE  # It is on its way back still, and nothing more is shown.
    world.at(now_ns, quote(ask_qty=100, received_ns=now_ns)).then_no(ChildCancelRequested)


@pytest.mark.parametrize(
    ("codes", "age_ns", "is_taken_back"),
    [
        ((LIT,), 0, False),
        ((OTHER_LIT,), 0, True),  # It executes nothing where the child waits.
        ((LIT, OTHER_LIT), HOUR, True),  # Its venue's quote is an old one.
    ],
)
def test_a_child_that_its_own_venue_has_come_to_is_not_taken_back(
    codes: tuple[str, ...], age_ns: int, *, is_taken_back: bool
) -> None:
    world = covered()
    resting = {(child.terms.venue, child.terms.limit_px) for child in world.children()}
    assert resting == {(LIT, px(100.00))}
    now_ns = NOW_NS + 30 * MINUTE
    for code in codes:
        received_ns = now_ns - age_ns if code == codes[0] else now_ns
        world.at(now_ns, quote(code, 99.99, 100.00, received_ns=received_ns))

    reasons = {x.reason for x in world.all_of(ChildCancelRequested)}
    assert (CancelReason.BEHIND_SCHEDULE in reasons) == is_taken_back
