"""What an order states of itself is honoured, or refused with the first reason that applies."""

from collections import Counter
from typing import Any

import pytest
from world import (
    CENT,
    CLOSE_NS,
    DAY,
    HOUR,
    INSTRUMENT,
    LIT,
    NOW_NS,
    OPEN_NS,
    OTHER_LIT,
    SECOND,
    World,
    an,
    at_once,
    day_closed,
    day_opened,
    fill_report,
    instrument,
    order,
    px,
    quote,
    tick_table,
    trading,
)

from engine.core import events as e
from engine.core.orders import terms

SHORT: dict[str, Any] = {"side": e.Side.SELL, "sale_marking": e.SaleMarking.SHORT}
IOC: dict[str, Any] = {"immediacy": e.Immediacy.IOC}


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({**SHORT, "side": e.Side.BUY}, e.RejectReason.SALE_MARKING_INVALID),
        ({"sale_marking": e.SaleMarking.OTHER}, e.RejectReason.SALE_MARKING_INVALID),
        (SHORT, e.RejectReason.LOCATE_MISSING),
        ({"account": "?" * 201}, e.RejectReason.ID_INVALID),
        ({"locate_id": "?" * 201}, e.RejectReason.ID_INVALID),
        ({"display_qty": 99}, e.RejectReason.DISPLAY_QTY_INVALID),
        ({"display_qty": 501}, e.RejectReason.DISPLAY_QTY_INVALID),
        ({"display_qty": -1}, e.RejectReason.DISPLAY_QTY_INVALID),
        ({"settl_date": DAY - 1}, e.RejectReason.SETTL_DATE_INVALID),
        ({"settl_date": 20180229}, e.RejectReason.SETTL_DATE_INVALID),
        ({"settl_date": 20181301}, e.RejectReason.SETTL_DATE_INVALID),
        ({"settl_date": -1}, e.RejectReason.SETTL_DATE_INVALID),
        ({"immediacy": e.Immediacy.OTHER}, e.RejectReason.TIME_IN_FORCE_INVALID),
        ({**IOC, "time_in_force": e.TimeInForce.GTC}, e.RejectReason.TIME_IN_FORCE_INVALID),
        ({**IOC, "start_ns": NOW_NS + 1}, e.RejectReason.TIME_IN_FORCE_INVALID),
        ({**IOC, "max_participation_ppm": 1}, e.RejectReason.TIME_IN_FORCE_INVALID),
        ({**IOC, "display_qty": 100}, e.RejectReason.TIME_IN_FORCE_INVALID),
    ],
)
def test_a_term_that_cannot_be_honoured_is_refused(
    said: dict[str, Any], reason: e.RejectReason
) -> None:
    trading().when(order(**said)).then(an(e.OrderRejected, reason=reason))


def test_the_terms_of_a_short_sale_reach_its_children() -> None:
    world = trading()
    world.when(at_once(**SHORT, locate_id="L1", account="X", settl_date=20180105))
    routed = world.the(e.ChildRouted)
    assert (routed.sale_marking, routed.settl_date) == (e.SaleMarking.SHORT, 20180105)
    assert world.order().terms.account == "X"


@pytest.mark.parametrize(
    "said",
    [{**SHORT, "locate_id": "L1"}, {"settl_date": 20180105}],
    ids=lambda said: next(iter(said)),
)
def test_orders_with_other_shared_terms_have_other_parents(said: dict[str, Any]) -> None:
    plain = {"side": said.get("side", e.Side.BUY)}
    world = trading().given(order(**plain)).when(order("o2", **said))
    assert len(world.all_of(e.ParentOpened)) == 1
    world.when(order("o3", **said)).then_no(e.ParentOpened)


def test_an_order_that_shows_less_has_a_tranche_of_its_own() -> None:
    world = trading().given(order()).when(order("o2", display_qty=100))
    world.then_some(an(e.TrancheOpened, display_qty=100)).then_no(e.ParentOpened)
    world.when(order("o3", display_qty=100)).then_no(e.TrancheOpened)


def test_a_small_order_may_show_all_of_itself() -> None:
    trading().when(order(order_qty=40, display_qty=40)).then_some(e.OrderAccepted)


@pytest.mark.parametrize(
    ("day", "is_day"),
    [
        (20200229, True),
        (21000229, False),
        (20000229, True),
        (20190229, False),
        (20190228, True),
        (20190431, False),
        (20191231, True),
        (20191200, False),
        (20190031, False),
        (0, False),
        (100_000_101, False),
    ],
)
def test_a_day_is_one_of_the_calendar(day: int, is_day: bool) -> None:  # noqa: FBT001  A case.
    assert terms.is_day(day) is is_day


def test_without_a_day_any_date_of_the_calendar_may_be_a_settlement_date() -> None:
    state = World().state
    assert terms.check_settl_date(state, order(settl_date=20000101), 0) is None


# ------------------------------------------------------------------------------ the tick table


def test_an_order_of_an_instrument_without_a_tick_table_names_the_way_out() -> None:
    world = trading(instrument("MSFT"), quote(OTHER_LIT, instrument_id="MSFT"))
    for name, limit_px in (("limit", px(99.95)), ("market", None)):
        world.when(order(name, instrument_id="MSFT", limit_px=limit_px))
        refusal = world.the(e.OrderRejected)
        assert refusal.reason is e.RejectReason.TICK_TABLE_MISSING
        assert "load a [[tick_table]] of it with `metaorder reference load`" in refusal.text


def test_a_limit_below_the_first_band_of_the_tick_table_is_off_tick() -> None:
    world = trading(tick_table((px(1), CENT)))
    world.when(order(limit_px=px(0.5))).then(
        an(e.OrderRejected, reason=e.RejectReason.LIMIT_PX_OFF_TICK)
    )


def test_a_carried_order_whose_settlement_date_has_passed_ends() -> None:
    said: dict[str, Any] = {"time_in_force": e.TimeInForce.GTC, "limit_px": px(99)}
    world = trading().given(order(settl_date=DAY, **said)).at(CLOSE_NS, day_closed())
    open_ns = OPEN_NS + 24 * HOUR
    world.at(open_ns, day_opened(DAY + 1, open_ns), quote(received_ns=open_ns))
    cancelled = world.the(e.OrderCancelled)
    assert cancelled.reason is e.WithdrawReason.REFUSED
    assert cancelled.text.startswith("SETTL_DATE_INVALID")


# ------------------------------------------------------------------------------ what is shown


def resting(world: World) -> list[tuple[str, int]]:
    return [(x.terms.venue, x.leaves_qty) for x in world.children()]


def test_no_more_than_the_display_quantity_rests_at_a_venue() -> None:
    world = trading().given(at_once(order_qty=1_000, limit_px=px(99.95), display_qty=200))
    assert resting(world) == [(LIT, 200), (OTHER_LIT, 200)]
    world.given(fill_report(world.children()[0], 150)).given(after_ns=10 * SECOND)
    shown: Counter[str] = Counter()
    for venue, leaves_qty in resting(world):
        shown[venue] += leaves_qty
    assert shown == {LIT: 200, OTHER_LIT: 200}


def test_a_child_that_takes_shows_nothing() -> None:
    world = trading().given(at_once(order_qty=1_000, display_qty=200))
    assert [qty for _, qty in resting(world)] == [1_000]
    assert world.order().terms.instrument_id == INSTRUMENT
