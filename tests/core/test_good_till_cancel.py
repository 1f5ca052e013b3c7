"""A carried order is judged again at the open, before it is placed."""

from typing import Any

import pytest
from world import (
    CLOSE_NS,
    DAY,
    HOUR,
    INSTRUMENT,
    LIT,
    MINUTE,
    NOW_NS,
    OPEN_NS,
    OTHER_LIT,
    SECOND,
    World,
    allotment,
    amend,
    an,
    at_once,
    day_closed,
    day_opened,
    instrument,
    kill,
    mandate,
    order,
    px,
    quote,
    restriction,
    risk_limit,
    session,
    trade,
    trading,
    venue_status,
)

from engine.core.events import (
    ChildRouted,
    ControlScope,
    InstrumentDefined,
    MemberJoined,
    OrderAccepted,
    OrderAmended,
    OrderCancelled,
    OrderHeld,
    OrderRejected,
    OrderResumed,
    OrderType,
    ParentOpened,
    ParentReleased,
    RejectReason,
    RouteDeferred,
    TimeInForce,
    VenueStatus,
    VenueStatusCarried,
    WithdrawReason,
)
from engine.core.orders import pretrade
from engine.core.state.model import Order
from engine.core.state.state import State

NEXT_NS = OPEN_NS + 24 * HOUR
SECOND_DAY_NS = OPEN_NS + 48 * HOUR
GTC: dict[str, Any] = {"time_in_force": TimeInForce.GTC}


def overnight(*orders: Any, controls: tuple[Any, ...] = ()) -> World:  # noqa: ANN401
    """Orders that live on, and what was set between the days."""
    world = trading().given(*orders).at(CLOSE_NS + MINUTE, day_closed())
    return world.at(NEXT_NS - HOUR, *controls) if controls else world


def opened(world: World, *inputs: Any) -> World:  # noqa: ANN401
    return world.at(NEXT_NS, day_opened(DAY + 1, NEXT_NS), *inputs)


def same_when_folded(world: World) -> None:
    assert world.folded().state == world.state
    assert repr(world.folded().state) == repr(world.state)


REFUSED: tuple[tuple[Any, RejectReason], ...] = (
    (restriction(), RejectReason.RESTRICTED),
    (mandate(active=False), RejectReason.UNKNOWN_CLIENT),
    (risk_limit(max_order_qty=499), RejectReason.QTY_ABOVE_LIMIT),
    (risk_limit(max_order_notional_cur=49_000), RejectReason.NOTIONAL_ABOVE_LIMIT),
)


@pytest.mark.parametrize(("control", "reason"), REFUSED)
def test_a_carried_order_that_is_forbidden_today_ends_with_the_reason(
    control: Any,  # noqa: ANN401
    reason: RejectReason,
) -> None:
    world = overnight(order(limit_px=px(99), **GTC), controls=(control,))
    opened(world, quote(received_ns=NEXT_NS)).then_no(ParentOpened, OrderResumed, ChildRouted)

    found = world.the(OrderCancelled)
    assert (found.reason, found.withdrawn_qty) == (WithdrawReason.REFUSED, 500)
    assert found.text.startswith(f"{reason}: ")
    assert not world.state.unplaced
    same_when_folded(world)


def test_a_carried_order_resumes_within_todays_mandate() -> None:
    tighter = mandate(
        dark_allowed=False, excluded_venues=(OTHER_LIT,), max_participation_ppm=50_000
    )
    world = overnight(order(limit_px=px(99), excluded_venues=(LIT,), **GTC), controls=(tighter,))
    opened(world).then_some(
        an(
            OrderResumed,
            no_dark=True,
            excluded_venues=(LIT, OTHER_LIT),
            max_participation_ppm=50_000,
            start_ns=NEXT_NS,
            end_ns=NEXT_NS + CLOSE_NS - OPEN_NS,
        ),
        an(ParentOpened, no_dark=True, excluded_venues=(LIT, OTHER_LIT)),
        MemberJoined,
    )
    same_when_folded(world)


def test_what_is_open_of_a_carried_order_is_spent_of_the_new_days_allotment() -> None:
    world = overnight(
        order("g1", limit_px=px(99), **GTC),
        order("g2", limit_px=px(99), **GTC),
        controls=(allotment(60_000),),
    )
    opened(world)

    assert world.the(OrderResumed).order_id == world.order("g1").order_id
    assert world.the(OrderHeld).order_id == world.order("g2").order_id
    world.when(order("new", 100, limit_px=px(105))).then_some(OrderAccepted)
    spent = world.state.spent_notional[(ControlScope.FIRM, "USD", "USD")]
    assert spent == 500 * px(99) + 100 * px(105)


def test_an_amend_between_the_days_is_spent_once_with_its_order() -> None:
    world = overnight(order(limit_px=px(99), **GTC), controls=(allotment(60_000),))
    world.when(amend(order_qty=600)).then_some(OrderAmended)
    assert not world.state.spent_notional
    opened(world).then_some(OrderResumed)

    assert world.state.spent_notional[(ControlScope.FIRM, "USD", "USD")] == 600 * px(99)


def test_an_amend_on_the_open_does_not_pass_by_the_checks() -> None:
    world = overnight(order(limit_px=px(99), **GTC), controls=(restriction(),))
    opened(world, amend(order_qty=400)).then_some(
        an(OrderAmended, order_qty=400), an(OrderCancelled, reason=WithdrawReason.REFUSED)
    ).then_no(ParentOpened)


def test_a_carried_market_order_of_limited_value_waits_for_its_first_price() -> None:
    limited = risk_limit(max_order_notional_cur=51_000)
    world = overnight(order("market", **GTC), order("limit", limit_px=px(99), **GTC))
    opened(world, limited)
    assert world.the(OrderResumed).order_id == world.order("limit").order_id
    world.then_no(OrderCancelled)

    world.when(quote(received_ns=NEXT_NS)).then_some(
        an(OrderResumed, order_id=world.order("market").order_id, value_px=px(100.02))
    )
    assert not world.state.unplaced
    same_when_folded(world)


def test_the_carried_orders_are_placed_in_bounded_batches_the_first_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("engine.core.orders.good_till_cancel.JUDGED_MAX", 2)
    world = overnight(*(order(f"g{n}", limit_px=px(99), **GTC) for n in range(5)))
    placed = [x.order_id for x in opened(world).all_of(OrderResumed)]
    assert world.shard.next_due_ns() == world.now_ns  # The rest is due at once.
    placed += [x.order_id for x in world.when().all_of(OrderResumed)]
    placed += [x.order_id for x in world.when().all_of(OrderResumed)]

    assert placed == [world.order(f"g{n}").order_id for n in range(5)]
    assert world.shard.next_due_ns() != world.now_ns
    same_when_folded(world)


@pytest.mark.parametrize(
    "told", [amend(limit_px=px(101), order_type=OrderType.LIMIT), mandate(active=False), trade()]
)
def test_an_order_that_waits_is_judged_again_only_when_its_answer_may_be_another(
    told: Any,  # noqa: ANN401
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []
    former = pretrade.recheck

    def recheck(state: State, found: Order, now_ns: int) -> Any:  # noqa: ANN401
        asked.append(found.order_id)
        return former(state, found, now_ns)

    monkeypatch.setattr(pretrade, "recheck", recheck)
    world = overnight(order(**GTC), controls=(risk_limit(max_order_notional_cur=51_000),))
    opened(world)
    others = (instrument("MSFT"), quote(instrument_id="MSFT", received_ns=NEXT_NS))
    for other in (*others, session(), trade(instrument_id="MSFT")):
        before = len(asked)
        world.when(other, after_ns=SECOND)
        assert len(asked) - before == isinstance(other, InstrumentDefined)
    before = len(asked)
    world.when(told)

    assert len(asked) == before + 1
    assert not world.state.unplaced
    same_when_folded(world)


def test_a_kill_switch_holds_a_carried_order_up_and_does_not_end_it() -> None:
    world = overnight(order(limit_px=px(101), **GTC), controls=(kill(),))
    opened(world, quote(received_ns=NEXT_NS)).then_some(OrderResumed, MemberJoined)
    world.then_no(ParentReleased, OrderCancelled)
    world.when(kill(engaged=False)).then_some(ParentReleased)


# -------------------------------------------------------------------------------- venues


def test_a_venue_that_was_halted_or_down_is_so_on_the_next_day() -> None:
    world = trading(
        quote(OTHER_LIT), venue_status(OTHER_LIT, VenueStatus.HALTED), session(LIT, up=False)
    )
    world.given(venue_status("X", VenueStatus.HALTED), venue_status("X", VenueStatus.OPEN))
    world.at(CLOSE_NS, day_closed()).then_some(
        an(VenueStatusCarried, venue=LIT, status=VenueStatus.OPEN, down_since_ns=NOW_NS),
        an(VenueStatusCarried, venue=OTHER_LIT, status=VenueStatus.HALTED, down_since_ns=None),
    )
    assert len(world.all_of(VenueStatusCarried)) == 2

    fresh = [quote(v, received_ns=NEXT_NS) for v in (LIT, OTHER_LIT)]
    opened(world, *fresh, at_once(end_ns=NEXT_NS + MINUTE)).then_some(RouteDeferred)
    world.then_no(ChildRouted)
    same_when_folded(world)
    up = (session(LIT), venue_status(OTHER_LIT, VenueStatus.OPEN))
    world.given(*up).when(quote(OTHER_LIT, received_ns=NEXT_NS)).then_some(ChildRouted)
    end_ns = NEXT_NS + CLOSE_NS - OPEN_NS
    world.at(end_ns, day_closed(DAY + 1)).then_no(VenueStatusCarried)


def test_what_is_carried_of_a_venue_is_carried_on_until_its_next_status() -> None:
    world = trading(session(LIT, up=False)).at(CLOSE_NS, day_closed())
    opened(world).at(CLOSE_NS + 24 * HOUR, day_closed(DAY + 1)).then_some(
        an(VenueStatusCarried, venue=LIT)
    )
    assert list(world.state.sessions_down) == [LIT]


def test_the_night_belongs_to_the_day_that_comes() -> None:
    """An id that was refused after the close is used up until the next close."""
    world = overnight().given(order("late"))
    duplicate = an(OrderRejected, reason=RejectReason.DUPLICATE_ORDER)
    opened(world, order("late")).then_some(duplicate)
    world.at(CLOSE_NS + 24 * HOUR, day_closed(DAY + 1))
    world.at(SECOND_DAY_NS, day_opened(DAY + 2, SECOND_DAY_NS), order("late")).then_some(
        an(OrderAccepted, cl_ord_id="late", instrument_id=INSTRUMENT)
    )
