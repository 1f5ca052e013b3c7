"""Corporate actions: a carried order is adjusted by the ratio, or held, before it works again."""

from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st
from world import (
    CENT,
    CLOSE_NS,
    DAY,
    HOUR,
    INSTRUMENT,
    MINUTE,
    OPEN_NS,
    SECOND,
    World,
    amend,
    an,
    bust,
    calendar,
    cancel,
    correction,
    day_closed,
    day_opened,
    fill_report,
    instrument,
    make,
    order,
    policy,
    px,
    quote,
    report,
    risk_limit,
    tick_table,
    trading,
    venue,
)

from engine.core import events as e

NEXT_NS = OPEN_NS + 24 * HOUR
GTC: dict[str, Any] = {"time_in_force": e.TimeInForce.GTC}
ADJUST, HOLD = e.CorporateActionPolicy.ADJUST, e.CorporateActionPolicy.HOLD


def split(new_qty: int, old_qty: int, action_id: str = "A1", **said: Any) -> Any:  # noqa: ANN401
    base = {"kind": e.CorporateActionKind.SPLIT, "effective_day": DAY + 1}
    base |= {"instrument_id": INSTRUMENT, "new_qty": new_qty, "old_qty": old_qty}
    return make(e.CorporateActionDefined, action_id=action_id, **{**base, **said})


def overnight(*orders: Any, between: tuple[Any, ...] = ()) -> World:  # noqa: ANN401
    world = trading().given(*orders).at(CLOSE_NS + MINUTE, day_closed())
    return world.given(*between)


def opened(world: World, bid: float, *inputs: Any, days: int = 1) -> World:  # noqa: ANN401
    """The next day, with a quote around the new price, and the orders judged."""
    now_ns = OPEN_NS + days * 24 * HOUR
    world.at(
        now_ns,
        day_opened(DAY + days, now_ns),
        quote(bid=bid, ask=bid + 0.02, received_ns=now_ns),
        *inputs,
    )
    for _ in range(3):  # An order is judged again in the batch after an action.
        events = world.events
        world.when(quote(bid=bid, ask=bid + 0.02, received_ns=now_ns), after_ns=SECOND)
        world.events = (*events, *world.events)
    return world


def test_a_sale_is_adjusted_at_a_reverse_split() -> None:
    """Seen: a sale of 100 limit 41 went out at 400 after a 1-for-10."""
    sale = order(order_qty=100, side=e.Side.SELL, limit_px=px(41), **GTC)
    world = opened(overnight(sale, split(1, 10)), 400)

    met = world.the(e.CorporateActionApplied)
    assert (met.handling, met.previous_qty, met.open_qty) == (ADJUST, 100, 10)
    assert (met.previous_px, met.limit_px) == (px(41), px(410))
    amended = world.the(e.OrderAmended)
    assert (amended.order_qty, amended.limit_px, amended.cl_ord_id) == (10, px(410), "o1")
    world.then_some(e.CorporateActionApplied, e.OrderAmended, e.OrderResumed)
    assert all(x.limit_px >= px(410) for x in world.all_of(e.ChildRouted))
    assert world.folded().state == world.state


def test_an_order_is_adjusted_once() -> None:
    world = opened(overnight(order(limit_px=px(99), **GTC), split(2, 1)), 50)
    world.given(split(2, 1)).at(NEXT_NS + 6 * HOUR, day_closed(DAY + 1))
    opened(world, 50, days=2).then_no(e.CorporateActionApplied)

    assert world.order().order_qty == 1_000
    assert world.order().limit_px == px(49.50)


@for_all(
    st.integers(1, 20), st.integers(1, 20), st.integers(1, 5_000), st.integers(1, 50_000),
    st.sampled_from([e.Side.BUY, e.Side.SELL]),
)  # fmt: skip
def test_rounding_never_gives_more_than_the_client_has(
    new_qty: int, old_qty: int, order_qty: int, cents: int, side: e.Side
) -> None:
    """Quantity down, a buy's limit down, a sale's limit up, by less than a unit and a tick."""
    entered = order(order_qty=order_qty, side=side, limit_px=cents * CENT, **GTC)
    world = overnight(entered, split(new_qty, old_qty))
    world.at(NEXT_NS, day_opened(DAY + 1, NEXT_NS))

    met = world.the(e.CorporateActionApplied)
    assert met.limit_px is not None
    assert 0 <= order_qty * new_qty - met.open_qty * old_qty < old_qty
    off = met.limit_px * new_qty - cents * CENT * old_qty
    assert met.limit_px % CENT == 0  # A buy of less than a tick has no price, and is returned.
    assert (-CENT * new_qty < off <= 0) if side is e.Side.BUY else (0 <= off < CENT * new_qty)


def resting(*more: Any, **said: Any) -> World:  # noqa: ANN401
    """An order that has worked for hours, with a child at a venue."""
    rules = policy(router=e.Router.SEQUENTIAL, strategy=e.Strategy.TWAP)
    entered = order(order_qty=1_000, limit_px=px(99.95), no_dark=True, **{**GTC, **said})
    now_ns = OPEN_NS + 4 * HOUR
    return trading(rules, entered, *more).at(now_ns, quote(received_ns=now_ns))


def ended(world: World) -> World:
    """The close of the day, after the venues' answers."""
    world.given(*(report(c, e.ExecType.CANCELED) for c in world.children()))
    return world.at(CLOSE_NS + MINUTE, day_closed())


def test_what_was_executed_stays_in_its_units() -> None:
    world = resting(split(2, 1))
    world.given(fill_report(world.children()[0], 200))
    opened(ended(world), 50)

    found = world.order()
    assert (found.cum_qty, found.open_qty, found.order_qty) == (200, 1_600, 1_800)


@pytest.mark.parametrize("is_placed", [True, False])
def test_a_bust_of_before_gives_nothing_back_in_other_units(*, is_placed: bool) -> None:
    """A fill of 200 old shares is 20 new ones: it is not 200 to buy."""
    world = resting(split(1, 10))
    child = world.children()[0]
    world.given(fill_report(child, 200))
    ended(world)
    if not is_placed:
        world.given(instrument(calendar_id="US"))  # It has no session, so the order waits.
    opened(world, 1_000).when(bust(child))

    taken = world.the(e.OrderCancelled)
    assert (taken.withdrawn_qty, taken.reason) == (200, e.WithdrawReason.BUSTED)
    assert "before a corporate action" in taken.text
    assert world.order().open_qty == 80
    assert world.folded().state == world.state


def of_units(world: World) -> list[e.BreakFlagged]:
    flags = world.all_of(e.BreakFlagged)
    return [flag for flag in flags if flag.reason is e.BreakReason.UNITS_CHANGED]


@pytest.mark.parametrize("is_placed", [True, False])
def test_a_late_fill_of_before_is_a_break_of_units(*, is_placed: bool) -> None:
    world = resting(split(1, 10))
    child = world.children()[0]
    ended(world)
    if not is_placed:
        world.given(instrument(calendar_id="US"))  # It has no session, so the order waits.
    opened(world, 1_000).when(fill_report(child, 50))

    (found,) = of_units(world)
    assert (found.break_qty, found.exec_id) == (50, "E1")
    assert world.order().order_id in found.text
    assert (world.order().cum_qty, world.order().open_qty) == (50, 50)
    assert world.folded().state == world.state


def test_a_correction_upwards_of_a_fill_of_before_is_a_break_of_units() -> None:
    world = resting(split(1, 10))
    child = world.children()[0]
    world.given(fill_report(child, 200))
    opened(ended(world), 1_000).when(correction(child, 230))

    (found,) = of_units(world)
    assert found.break_qty == 30


def test_a_late_fill_in_the_same_units_is_no_break_of_units() -> None:
    world = resting(split(1, 10, instrument_id="OTHER"))
    child = world.children()[0]
    opened(ended(world), 100).when(fill_report(child, 50))

    assert world.order().cum_qty == 50
    assert not of_units(world)


def test_a_bust_of_after_gives_back_as_ever() -> None:
    world = opened(ended(resting(split(2, 1))), 49.97)
    now_ns = world.now_ns + 3 * HOUR
    world.at(now_ns, quote(bid=49.97, ask=49.99, received_ns=now_ns))
    child = world.children()[0]
    world.given(fill_report(child, 100))
    world.when(bust(child)).then_no(e.OrderCancelled)

    assert world.order().open_qty == 2_000


def test_a_bust_of_before_a_second_day_is_known_by_its_child() -> None:
    world = resting(split(1, 10))
    child = world.children()[0]
    world.given(fill_report(child, 200))
    opened(ended(world), 1_000).at(NEXT_NS + 6 * HOUR, day_closed(DAY + 1))
    opened(world, 1_000, days=2).when(bust(child)).then_some(e.OrderCancelled)

    assert world.order().open_qty == 80


def test_a_bust_of_before_gives_nothing_back_to_an_order_that_its_client_restated() -> None:
    world = resting(split(10, 1), policy(on_corporate_action=HOLD))
    child = world.children()[0]
    world.given(fill_report(child, 200))
    opened(ended(world), 10).given(amend(order_qty=10_200, limit_px=px(9.99)))
    world.when(bust(child)).then_some(an(e.OrderCancelled, withdrawn_qty=200))

    assert world.order().open_qty == 10_000
    assert world.folded().state == world.state


def test_the_shown_part_follows_the_ratio() -> None:
    world = overnight(order(order_qty=1_000, limit_px=px(99), display_qty=300, **GTC), split(1, 2))
    opened(world, 200)

    assert world.order().terms.display_qty == 150
    assert world.order().limit_px == px(198)


def test_an_order_of_which_nothing_is_left_is_returned() -> None:
    world = opened(overnight(order(order_qty=5, limit_px=px(99), **GTC), split(1, 10)), 1_000)

    found = world.the(e.OrderCancelled)
    assert (found.reason, found.withdrawn_qty) == (e.WithdrawReason.REFUSED, 5)
    assert "nothing is left of 5" in found.text
    world.then_no(e.OrderResumed)


def test_without_a_tick_table_the_price_is_exact_and_the_order_returned() -> None:
    world = overnight(order(limit_px=px(99), **GTC), split(3, 1))
    del world.state.reference.ticks[INSTRUMENT]
    opened(world, 33)

    assert world.the(e.CorporateActionApplied).limit_px == 33_000_000_000
    assert "TICK_TABLE_MISSING" in world.the(e.OrderCancelled).text


def test_a_market_order_has_no_limit_to_adjust() -> None:
    world = opened(overnight(order(**GTC), split(2, 1)), 50)

    assert world.the(e.CorporateActionApplied).limit_px is None
    assert world.order().order_qty == 1_000


HELD = (
    (policy(on_corporate_action=HOLD), split(2, 1), "the policy holds orders"),
    (policy(), split(1, 1, kind=e.CorporateActionKind.DIVIDEND), "not adjusted at a DIVIDEND"),
    (policy(), split(2, 1, effective_day=DAY), "became known after that day"),
)


@pytest.mark.parametrize(("rule", "action", "why"), HELD)
def test_what_is_not_adjusted_is_held_until_its_client_amends_it(
    rule: Any,  # noqa: ANN401
    action: Any,  # noqa: ANN401
    why: str,
) -> None:
    world = opened(overnight(order(limit_px=px(99), **GTC), between=(rule, action)), 50)

    met = world.the(e.CorporateActionApplied)
    assert (met.handling, met.open_qty, met.limit_px) == (HOLD, 500, px(99))
    assert why in met.text
    held = world.the(e.OrderHeld)
    assert held.reason is e.RejectReason.CORPORATE_ACTION
    assert "'A1'" in held.text
    world.then_no(e.OrderResumed, e.ChildRouted)

    world.at(NEXT_NS + 6 * HOUR, day_closed(DAY + 1))
    opened(world, 50, days=2).then_no(e.OrderResumed, e.CorporateActionApplied)
    assert world.folded().state == world.state
    world.when(amend(order_qty=1_000, limit_px=px(49.50)))
    world.then_some(e.OrderAmended, e.OrderResumed)


def test_a_client_may_say_that_a_held_order_is_right_as_it_is() -> None:
    dividend = split(1, 1, kind=e.CorporateActionKind.DIVIDEND)
    world = opened(overnight(order(limit_px=px(99), **GTC), dividend), 100)

    world.when(amend(order_qty=500, limit_px=px(99))).then_some(e.OrderAmended, e.OrderResumed)
    world.when(amend("o1a", order_qty=500, limit_px=px(99)))
    world.then_some(an(e.OrderChangeRejected, reason=e.RejectReason.NOTHING_TO_CHANGE))


def test_a_quote_does_not_judge_a_held_order_again() -> None:
    """Seen: each quote of its instrument sealed a batch."""
    dividend = split(1, 1, kind=e.CorporateActionKind.DIVIDEND)
    world = opened(overnight(order(limit_px=px(99), **GTC), dividend), 100)

    assert not world.state.unpriced
    assert not world.state.unjudged


def test_a_held_order_meets_a_split_that_becomes_known_on_its_day() -> None:
    dividend = split(1, 1, kind=e.CorporateActionKind.DIVIDEND)
    orders = (order(limit_px=px(99), **GTC), order("B", limit_px=px(99), **GTC))
    world = opened(overnight(*orders, dividend), 100)

    world.when(split(2, 1, "A2")).then_some(e.CorporateActionApplied, e.OrderAmended)


def test_a_held_order_may_be_cancelled() -> None:
    world = overnight(
        order(limit_px=px(99), **GTC), between=(policy(on_corporate_action=HOLD), split(2, 1))
    )
    opened(world, 50).when(cancel()).then_some(e.OrderCancelled)


def test_an_action_of_another_day_or_instrument_concerns_no_order() -> None:
    others = (split(2, 1, effective_day=DAY + 2), split(2, 1, "A2", instrument_id="MSFT"))
    world = opened(overnight(order(limit_px=px(99), **GTC), *others), 100)

    world.then_no(e.CorporateActionApplied).then_some(e.OrderResumed)
    world.at(NEXT_NS + 6 * HOUR, day_closed(DAY + 1))
    opened(world, 50, days=2).then_some(e.CorporateActionApplied, e.OrderResumed)


def test_a_day_that_opens_and_closes_unseen_holds_what_its_action_concerns() -> None:
    """Seen: the workers were down on the day, and the sale of 100 limit 41 went out at 400."""
    sale = order(order_qty=100, side=e.Side.SELL, limit_px=px(41), **GTC)
    world = overnight(sale, split(1, 10))
    world.at(NEXT_NS + 12 * HOUR, day_opened(DAY + 1, NEXT_NS), day_closed(DAY + 1))
    assert world.the(e.OrderCarried).held_action_id == "A1"

    opened(world, 400, days=2).then_some(
        an(e.OrderHeld, reason=e.RejectReason.CORPORATE_ACTION)
    ).then_no(e.CorporateActionApplied, e.OrderResumed)
    assert world.folded().state == world.state


def test_an_order_at_work_in_old_units_is_held_from_the_close_on() -> None:
    world = opened(overnight(order(limit_px=px(99), **GTC)), 100, order("new", **GTC))
    world.given(split(1, 10)).when(day_closed(DAY + 1), after_ns=6 * HOUR)

    held = {x.cl_ord_id: x.held_action_id for x in world.all_of(e.OrderCarried)}
    assert held == {"o1": "A1", "new": ""}  # An order of the day knows its units.


@pytest.mark.parametrize("at_work", [True, False])
def test_an_action_that_is_loaded_again_concerns_no_order(*, at_work: bool) -> None:
    """Seen: it held every carried order, also those of later days, and halted the instrument."""
    world = opened(overnight(order(limit_px=px(99), **GTC), split(2, 1)), 50)
    world.at(NEXT_NS + 6 * HOUR, day_closed(DAY + 1))
    if not at_work:
        world.given(split(2, 1))
    opened(world, 50, days=2)
    if at_work:
        world.when(split(2, 1))

    world.then_no(e.CorporateActionApplied, e.InstrumentHalted, e.OrderHeld)
    assert world.folded().state == world.state


def test_an_action_is_known_for_a_year() -> None:
    world = overnight(order(limit_px=px(99), **GTC), split(2, 1, effective_day=DAY))
    for day in (DAY + 9_999, DAY + 10_000):
        assert world.state.reference.settled
        world.at(NEXT_NS, day_opened(day, NEXT_NS), day_closed(day))
    assert not world.state.reference.settled

    world.given(split(2, 1, effective_day=DAY))
    assert not world.state.reference.actions


def test_two_actions_of_a_day_are_met_in_order() -> None:
    both = (split(3, 1, "B"), split(2, 1, "A"))
    world = opened(overnight(order(limit_px=px(90), **GTC), *both), 15)

    assert [x.action_id for x in world.all_of(e.CorporateActionApplied)] == ["A", "B"]
    assert (world.order().order_qty, world.order().limit_px) == (3_000, px(15))


def test_a_hold_outlives_the_adjustment_of_another_action() -> None:
    both = (split(1, 1, "A", kind=e.CorporateActionKind.SPIN_OFF), split(2, 1, "B"))
    world = opened(overnight(order(limit_px=px(90), **GTC), *both), 45)

    assert world.order().order_qty == 1_000
    assert world.order().held_action_id == "A"
    world.then_no(e.OrderResumed)


def test_an_action_that_comes_when_orders_are_at_work_halts_the_instrument() -> None:
    world = opened(overnight(order(limit_px=px(99), **GTC)), 100)
    world.when(split(1, 10))

    halted = world.the(e.InstrumentHalted)
    assert halted.reason is e.HaltReason.CORPORATE_ACTION
    assert "1 orders of earlier days were at work" in halted.text


LATE_AND_HARMLESS = (
    split(2, 1, effective_day=DAY + 9),  # It waits.
    split(2, 1, instrument_id="MSFT"),
)


@pytest.mark.parametrize("action", LATE_AND_HARMLESS)
def test_an_action_that_concerns_no_order_at_work_halts_nothing(action: Any) -> None:  # noqa: ANN401
    world = opened(overnight(order(limit_px=px(99), **GTC)), 100)

    world.when(action).then_no(e.InstrumentHalted)


def test_orders_of_the_day_know_its_units() -> None:
    world = opened(overnight(), 100, order("new", limit_px=px(99)))

    world.when(split(2, 1)).then_no(e.InstrumentHalted, e.CorporateActionApplied)


def test_between_two_days_an_action_halts_nothing() -> None:
    overnight(order(limit_px=px(99), **GTC)).when(split(2, 1)).then_no(e.InstrumentHalted)


def test_a_position_limit_counts_the_adjusted_quantity() -> None:
    limit = risk_limit(max_position_qty=600)
    world = opened(overnight(order(limit_px=px(99), **GTC), limit, split(2, 1)), 50)

    assert world.the(e.OrderHeld).reason is e.RejectReason.POSITION_ABOVE_LIMIT


# ------------------------------------------------------------------- the checks of the day


def test_a_carried_limit_that_is_off_todays_tick_is_returned() -> None:
    world = overnight(order(limit_px=px(99.01), **GTC), between=(tick_table((0, 5 * CENT)),))

    assert "LIMIT_PX_OFF_TICK" in opened(world, 100).the(e.OrderCancelled).text


def test_a_carried_limit_far_through_todays_market_waits_for_it() -> None:
    known = (risk_limit(collar_ppm=100_000), instrument(previous_close_px=px(400)))
    world = overnight(order(side=e.Side.SELL, limit_px=px(41), **GTC), between=known)
    opened(world, 400).then_some(an(e.OrderHeld, reason=e.RejectReason.LIMIT_PX_OUTSIDE_COLLAR))

    fallen = [quote(bid=41, ask=41.02, venue=x, received_ns=world.now_ns) for x in ("N", "Q")]
    world.when(*fallen, after_ns=SECOND).then_some(e.OrderResumed)


def test_a_carried_order_in_another_currency_is_returned() -> None:
    other = (instrument(currency="EUR"), risk_limit(currency="EUR"))
    world = overnight(order(limit_px=px(99), **GTC), between=other)

    assert "CURRENCY_MISMATCH" in opened(world, 100).the(e.OrderCancelled).text


def test_a_carried_order_that_shows_more_than_it_has_left_goes_on() -> None:
    world = resting(display_qty=900)
    world.given(fill_report(world.children()[0], 200))

    opened(ended(world), 100).then_some(e.OrderResumed)


def test_a_carried_order_waits_for_a_lot_that_suits_what_it_shows() -> None:
    shown = order(order_qty=1_000, limit_px=px(99), display_qty=100, **GTC)
    world = overnight(shown, between=(instrument(lot_qty=500),))

    assert "DISPLAY_QTY_INVALID" in opened(world, 100).the(e.OrderCancelled).text


def test_a_carried_order_that_excludes_a_venue_nobody_knows_is_returned() -> None:
    world = overnight(venue("X"), order(limit_px=px(99), excluded_venues=("X",), **GTC))
    del world.state.reference.venues["X"]

    assert "UNKNOWN_VENUE" in opened(world, 100).the(e.OrderCancelled).text


def test_a_calendar_that_comes_later_lets_a_held_order_go_on() -> None:
    world = overnight(order(limit_px=px(99), **GTC), between=(instrument(calendar_id="US"),))
    opened(world, 100).then_some(an(e.OrderHeld, reason=e.RejectReason.SESSION_CLOSED))

    world.when(calendar(day=DAY + 1, open_ns=NEXT_NS, close_ns=NEXT_NS + HOUR))
    world.then_some(e.OrderResumed)
