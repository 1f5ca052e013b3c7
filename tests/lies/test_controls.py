"""Controls bind what is at work, each counts once, and a day opens once."""

from typing import Any

import pytest
from lies.play import Lie, check
from world import (
    CLIENT,
    CLOSE_NS,
    DARK,
    DAY,
    INSTRUMENT,
    LIT,
    MINUTE,
    OTHER_LIT,
    SECOND,
    Raw,
    World,
    an,
    at_once,
    cancel,
    dark_venue,
    day_closed,
    day_opened,
    kill,
    mandate,
    order,
    policy,
    quote,
    report,
    restriction,
    risk_limit,
    trade,
    trading,
)

from engine.core import events as e
from engine.log import codec

STOPS = (
    Lie(
        "a restriction cancels what is out and sends nothing more",
        """
        order A buy 500 limit=99.95
        mark
        restrict
        canceled
        quote N 99.90 99.92
        """,
        """
        A cum=0 leaves=500 status=NEW
        ChildCancelRequested=1 ChildRouted=0 exposure=0
        """,
    ),
    Lie(
        "an order goes on when its instrument is no longer restricted",
        """
        order A buy 500 limit=99.95
        restrict
        canceled
        mark
        unrestrict
        """,
        "ChildRouted=1 exposure=500",
    ),
    Lie(
        "a fill that crosses the cancel of a restriction is the client's",
        """
        order A buy 500 limit=99.95
        restrict
        fill 200
        canceled
        """,
        "A cum=200 leaves=300 status=PARTIALLY_FILLED",
    ),
    Lie(
        "a withdrawn mandate cancels what is out and sends nothing more",
        """
        order A buy 500 limit=99.95
        mark
        withdraw_mandate c1
        canceled
        quote N 99.90 99.92
        """,
        """
        A cum=0 leaves=500 status=NEW
        ChildCancelRequested=1 ChildRouted=0 exposure=0
        """,
    ),
    Lie(
        "a withdrawn mandate stops one client, and the other one's order goes on alone",
        """
        order A buy 500 limit=99.95
        & order B buy 300 limit=99.95 client=c2
        mark
        withdraw_mandate c1
        canceled
        """,
        "MemberLeft=1 ChildRouted=1 exposure=300",
    ),
    Lie(
        "an order of a withdrawn mandate can be cancelled",
        """
        order A buy 500 limit=99.95
        withdraw_mandate c1
        canceled
        cancel A
        """,
        "A leaves=0 status=CANCELED",
    ),
    Lie(
        "an order of a withdrawn mandate cannot ask for more",
        """
        order A buy 500 limit=99.95
        withdraw_mandate c1
        canceled
        amend A qty=900
        """,
        "A qty=500 leaves=500",
    ),
)


@pytest.mark.parametrize("lie", STOPS, ids=str)
def test_a_control_binds_what_is_at_work(lie: Lie) -> None:
    check(lie)


def working(*more: Any, **said: Any) -> World:  # noqa: ANN401
    """An order of 500 with one child that rests behind the market."""
    world = trading(policy(router=e.Router.SEQUENTIAL), *more)
    return world.given(at_once("A", limit_px=99_950_000_000, **said))


LIMITS = [
    risk_limit(max_order_qty=400),
    risk_limit(max_order_notional_cur=40_000),
    risk_limit(e.ControlScope.CLIENT, CLIENT, max_order_qty=400),
    risk_limit(e.ControlScope.INSTRUMENT, INSTRUMENT, max_order_qty=400),
]


@pytest.mark.parametrize("lower", LIMITS, ids=str)
def test_a_lower_limit_cancels_an_order_above_it_until_it_is_raised(
    lower: e.RiskLimitSet,
) -> None:
    world = working()
    world.when(lower).then_some(
        e.ControlApplied, an(e.ChildCancelRequested, reason=e.CancelReason.RISK_LIMIT)
    )
    world.when(report(world.child(), e.ExecType.CANCELED)).then_no(e.ChildRouted)
    higher = risk_limit(lower.scope, lower.scope_id, max_order_qty=10_000)
    world.when(higher).then_some(an(e.ChildRouted, child_qty=500))
    assert world.folded().state == world.state


@pytest.mark.parametrize(
    "other",
    [
        risk_limit(max_order_qty=500),
        risk_limit(collar_ppm=1),
        risk_limit(e.ControlScope.CLIENT, "c2", max_order_qty=1),
        risk_limit(e.ControlScope.INSTRUMENT, "MSFT", max_order_qty=1),
    ],
    ids=str,
)
def test_a_limit_that_an_order_is_within_leaves_it_alone(other: e.RiskLimitSet) -> None:
    working().when(other).then_no(e.ChildCancelRequested, e.ChildRouted)


def test_an_order_above_a_lower_limit_leaves_those_that_are_within_it() -> None:
    world = working()
    world = trading(policy(router=e.Router.SEQUENTIAL))
    world.given(
        at_once("big", limit_px=99_950_000_000), at_once("small", 100, limit_px=99_950_000_000)
    )
    world.given(risk_limit(max_order_qty=400), report(world.child(), e.ExecType.CANCELED))
    assert world.tranche("big") is not world.tranche("small")
    assert [child.terms.child_qty for child in world.children()] == [100]
    world.when(at_once("more", 50, limit_px=99_950_000_000))
    assert world.tranche("more") is not world.tranche("big")


def test_an_order_that_its_client_cuts_to_the_limit_goes_on() -> None:
    world = working().given(risk_limit(max_order_qty=400))
    world.given(report(world.child(), e.ExecType.CANCELED))
    amended = e.OrderAmendRequested(
        source="oms",
        cl_ord_id="A2",
        orig_cl_ord_id="A",
        instrument_id=INSTRUMENT,
        order_qty=300,
        limit_px=None,
        received_ns=1,
    )
    world.when(amended).then_some(an(e.ChildRouted, child_qty=300))


def test_a_venue_that_a_mandate_excludes_is_left_at_once() -> None:
    world = working()
    gone = world.child().terms.venue
    other = OTHER_LIT if gone == LIT else LIT
    world.when(mandate(excluded_venues=(gone,))).then_some(
        an(e.ChildCancelRequested, reason=e.CancelReason.MANDATE)
    )
    world.when(report(world.child(), e.ExecType.CANCELED)).then_some(an(e.ChildRouted, venue=other))
    assert world.folded().state == world.state


def test_a_dark_child_is_cancelled_when_its_mandate_forbids_the_dark() -> None:
    world = trading(dark_venue(), quote(OTHER_LIT), policy(router=e.Router.LIQUIDITY_SEEKING))
    world.given(at_once("A", 500, must_complete=False), trade(100))
    world.given(*(report(c, e.ExecType.CANCELED) for c in world.children()))
    dark = [child for child in world.children() if child.terms.venue == DARK]
    world.when(mandate(dark_allowed=False))
    cancels = {x.child_id: x.reason for x in world.all_of(e.ChildCancelRequested)}
    assert all(cancels[child.child_id] is e.CancelReason.MANDATE for child in dark)
    assert not any(x.venue == DARK for x in world.all_of(e.ChildRouted))


def test_a_lower_participation_cancels_what_is_out_above_it() -> None:
    world = working(must_complete=False).given(trade(100_000))
    world.given(after_ns=10 * SECOND)
    first, second = world.children()
    assert (first.terms.child_qty, second.terms.child_qty) == (100, 400)
    world.when(mandate(max_participation_ppm=1)).then(
        e.ControlApplied,
        an(e.ChildCancelRequested, child_id=second.child_id, reason=e.CancelReason.MANDATE),
    )
    world.when(report(second, e.ExecType.CANCELED)).then_no(e.ChildRouted)
    world.when(mandate(max_participation_ppm=300_000)).then_some(e.ChildRouted)


def test_a_mandate_of_another_client_binds_nothing() -> None:
    working().when(mandate("c2", active=False), mandate("c3", excluded_venues=(LIT,))).then(
        e.ControlApplied, e.ControlApplied
    )


def numbered(control: Any, number: int, source: str = "desk") -> Raw:  # noqa: ANN401
    return Raw("controls", codec.encode(control), None, source, number)


def test_a_resent_resume_does_not_release_a_newer_kill() -> None:
    world = working()
    world.given(numbered(kill(), 1)).given(numbered(kill(engaged=False), 2))
    world.given(numbered(kill(), 3))
    world.when(numbered(kill(engaged=False), 2)).then(
        an(
            e.ControlIgnored,
            control="KillSwitchSet",
            reason=e.IgnoreReason.RESENT,
            source="desk",
            number=2,
            last_number=3,
        )
    )
    assert world.state.controls.killed
    world.when(numbered(kill(engaged=False), 2, "other")).then_some(e.ControlApplied)
    assert world.folded().state == world.state


def test_an_older_value_that_is_sent_again_has_no_effect() -> None:
    world = trading().given(numbered(risk_limit(max_order_qty=900), 7))
    world.given(numbered(risk_limit(max_order_qty=100), 8))
    world.when(numbered(risk_limit(max_order_qty=900), 7)).then(e.ControlIgnored)
    world.when(order("A", 500)).then(an(e.OrderRejected, reason=e.RejectReason.QTY_ABOVE_LIMIT))


def test_a_control_without_a_number_is_applied() -> None:
    lift = Raw("controls", codec.encode(restriction(restricted=False)), None, None)
    world = trading(restriction())
    world.when(lift).then_some(e.ControlApplied)
    assert not world.state.controls.restricted


def test_a_resend_is_known_after_a_close_and_a_recovery_from_it() -> None:
    world = trading(numbered(restriction("MSFT"), 5), numbered(restriction("IBM"), 6))
    world.at(CLOSE_NS + MINUTE, day_closed())
    world.when(numbered(restriction("MSFT"), 5)).then_some(e.ControlIgnored)
    world.when(numbered(restriction("GE"), 7)).then_some(e.ControlApplied)
    assert world.folded().state == world.state


def test_a_day_that_has_closed_does_not_open_again_and_no_id_is_accepted_twice() -> None:
    world = trading(order("A")).at(CLOSE_NS + MINUTE, day_closed())
    late = day_opened(DAY, CLOSE_NS)
    world.when(late).then_some(an(e.ControlIgnored, reason=e.IgnoreReason.DAY_CLOSED, day=DAY))
    world.when(order("A")).then(an(e.OrderRejected, reason=e.RejectReason.SESSION_CLOSED))
    world.when(day_opened(DAY - 1, CLOSE_NS)).then(e.ControlIgnored)
    world.when(day_opened(DAY + 1, CLOSE_NS)).then_some(e.ControlApplied)
    assert world.folded().state == world.state


def test_a_resent_close_does_not_end_the_next_day() -> None:
    world = trading().at(CLOSE_NS + MINUTE, numbered(day_closed(), 9))
    world.given(day_opened(DAY + 1, CLOSE_NS))
    world.when(numbered(day_closed(), 9)).then(e.ControlIgnored)
    world.when(numbered(day_closed(), 10)).then(
        an(e.ControlIgnored, reason=e.IgnoreReason.OTHER_DAY_OPEN, last_day=DAY + 1)
    )
    assert world.state.day is not None


def test_a_cancel_passes_while_everything_is_stopped() -> None:
    world = working(dark_venue()).given(kill(), restriction(), mandate(active=False))
    world.given(report(world.child(), e.ExecType.CANCELED))
    world.when(cancel("A")).then_some(e.OrderCancelled)
