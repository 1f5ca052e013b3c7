"""Impossible inputs are rejected by a field, and every possible input passes."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st
from world import (
    CENT,
    CLOSE_NS,
    DAY,
    OPEN_NS,
    allotment,
    at_once,
    calendar,
    cancel_rejected,
    curve,
    day_closed,
    day_opened,
    depth,
    fees,
    fill_report,
    halt,
    instructed,
    instrument,
    kill,
    lift,
    make,
    mandate,
    market,
    not_sent,
    order,
    policy,
    quote,
    report,
    restriction,
    risk_limit,
    send_started,
    session,
    tick_table,
    trade,
    trading,
    venue,
    venue_status,
)

from engine import topology
from engine.core.controls import input_limits
from engine.core.controls.input_limits import ID_CHARS_MAX, PX_MAX, QTY_MAX, TIME_NS_MAX, flaw
from engine.core.events import (
    CalendarDefined,
    ControlScope,
    CorporateActionDefined,
    Level,
    ParentAction,
    TradingSession,
    Urgency,
)

LONG = "x" * (ID_CHARS_MAX + 1)


def sessions(*spans: tuple[int, int]) -> CalendarDefined:
    listed = tuple(TradingSession(open_ns=first, close_ns=last) for first, last in spans)
    found: CalendarDefined = calendar(sessions=listed)
    return found


def split(**said: Any) -> CorporateActionDefined:  # noqa: ANN401
    base = {"action_id": "A1", "instrument_id": "AAPL", "new_qty": 2, "old_qty": 1}
    found: CorporateActionDefined = make(CorporateActionDefined, **{**base, **said})
    return found


CHILD = trading().given(at_once()).children()[0]
PLAIN: tuple[Any, ...] = (
    *market(),
    depth(),
    depth(bids=((100, 1), (99, 2)), asks=()),
    trade(),
    trade(0, 0),
    venue_status(),
    session(),
    send_started(CHILD),
    not_sent(CHILD),
    cancel_rejected(CHILD),
    report(CHILD),
    fill_report(CHILD, -5),  # It becomes a break with a reason.
    replace(report(CHILD), exec_id=""),
    kill(),
    kill(ControlScope.CLIENT, "c1"),
    risk_limit(max_order_qty=0, collar_ppm=0),
    allotment(0),
    mandate(max_participation_ppm=1_000_000),
    restriction(),
    halt(),
    lift(),
    lift(ControlScope.SOURCE, ""),
    lift(ControlScope.VENUE, ""),
    lift(ControlScope.CONTROLS, ""),
    instructed("0-1", ParentAction.PAUSE),
    instructed("0-1", ParentAction.URGENCY, urgency=Urgency.LOW),
    instructed("0-1", ParentAction.EXCLUDE_VENUE, venue="N"),
    day_closed(),
    tick_table((0, CENT // 100), (100 * CENT, CENT)),
    fees(taker=30, maker=-20),
    calendar(),
    sessions((OPEN_NS, OPEN_NS + 5), (OPEN_NS + 6, CLOSE_NS)),
    split(),
    curve((0, 1, 2), (0, 5)),
    replace(curve((0, 1, 2), (0, 5)), errors_ppm=(0, 100_000_000)),
    replace(curve((0, 1), (1,), observed_days=(20170102, 20170103)), effective_day=DAY),
    order(order_qty=-1, settlement=LONG),  # It is refused with a reason.
)


@pytest.mark.parametrize("fact", PLAIN, ids=lambda fact: type(fact).__name__)
def test_what_can_be_is_let_through(fact: Any) -> None:  # noqa: ANN401
    assert flaw(fact) == ""


FLAWED: tuple[tuple[Any, str], ...] = (
    (quote(bid_qty=-1), "bid_qty"),
    (quote(ask_qty=QTY_MAX + 1), "ask_qty"),
    (quote(bid=-1), "bid_px"),
    (replace(quote(), ask_px=PX_MAX + 1), "ask_px"),
    (quote(""), "venue"),
    (quote(LONG), "venue"),
    (quote(received_ns=-1), "received_ns"),
    (trade(2**62), "last_qty"),
    (trade(-1), "last_qty"),
    (replace(trade(), last_px=2**62), "last_px"),
    (depth(bids=((100, -1),)), "bids"),
    (depth(bids=((99, 1), (100, 1))), "bids"),
    (depth(asks=((100, 1), (99, 1))), "asks"),
    (replace(depth(), asks=(Level(px=2**62, level_qty=1),)), "asks"),
    (venue_status(LONG), "venue"),
    (session(""), "venue"),
    (send_started(CHILD, child_id=LONG), "child_id"),
    (report(CHILD, exec_id=LONG), "exec_id"),
    (replace(fill_report(CHILD, 1), exec_id=""), "exec_id"),
    (kill(ControlScope.CONTROLS), "scope"),
    (kill(ControlScope.FIRM, "x"), "scope_id"),
    (kill(ControlScope.VENUE, ""), "scope_id"),
    (risk_limit(ControlScope.VENUE, "N"), "scope"),
    (risk_limit(max_order_qty=-1), "max_order_qty"),
    (risk_limit(max_order_notional_cur=-1), "max_order_notional_cur"),
    (risk_limit(collar_ppm=-1), "collar_ppm"),
    (allotment(-1), "allotted_notional_cur"),
    (allotment(1, shard=-1), "shard"),
    (mandate(max_participation_ppm=-1), "max_participation_ppm"),
    (mandate(max_participation_ppm=1_000_001), "max_participation_ppm"),
    (mandate(excluded_venues=("",)), "excluded_venues"),
    (mandate(""), "client_id"),
    (policy(window_ns=-1), "window_ns"),
    (policy(interval_ns=0), "interval_ns"),
    (policy(interval_ns=2**62), "interval_ns"),
    (policy(max_slice_ppm=0), "max_slice_ppm"),
    (policy(policy_id=LONG), "policy_id"),
    (restriction(""), "instrument_id"),
    (halt(""), "instrument_id"),
    (lift(ControlScope.INSTRUMENT, ""), "scope_id"),
    (lift(ControlScope.CLIENT, "c1"), "scope"),
    (instructed("", ParentAction.PAUSE), "parent_id"),
    (instructed("0", ParentAction.PAUSE), "parent_id"),
    (instructed("0-1x", ParentAction.PAUSE), "parent_id"),
    (instructed("0-1", ParentAction.OTHER), "action"),
    (instructed("0-1", ParentAction.URGENCY), "urgency"),
    (instructed("0-1", ParentAction.PAUSE, urgency=Urgency.LOW), "urgency"),
    (instructed("0-1", ParentAction.INCLUDE_VENUE), "venue"),
    (instructed("0-1", ParentAction.RESUME, venue="N"), "venue"),
    (instructed("0-1", ParentAction.PAUSE, text="x" * 2_001), "text"),
    (day_opened(close_ns=OPEN_NS), "close_ns"),
    (day_opened(close_ns=2**62), "close_ns"),
    (day_opened(0), "day"),
    (day_closed(-DAY), "day"),
    (instrument(lot_qty=0), "lot_qty"),
    (instrument(adv_qty=-1), "adv_qty"),
    (instrument(currency="usd"), "currency"),
    (instrument(daily_volatility_ppm=-1), "daily_volatility_ppm"),
    (instrument(symbol="x" * 2_001), "symbol"),
    (tick_table(), "bands"),
    (tick_table((0, 0)), "bands"),
    (tick_table((0, CENT), (0, CENT)), "bands"),
    (venue(min_qty=-1), "min_qty"),
    (fees(taker=2**60), "taker_fee_px"),
    (fees(midpoint=-(2**60)), "midpoint_fee_px"),
    (calendar(close_ns=0), "close_ns"),
    (calendar(effective_day=-1), "effective_day"),
    (sessions((OPEN_NS, OPEN_NS + 5)), "sessions"),  # It ends before the day does.
    (sessions((OPEN_NS - 1, CLOSE_NS)), "sessions"),
    (sessions((OPEN_NS, OPEN_NS), (OPEN_NS + 5, CLOSE_NS)), "sessions"),
    (sessions((OPEN_NS, OPEN_NS + 5), (OPEN_NS + 5, CLOSE_NS)), "sessions"),  # No break between.
    (sessions(*((OPEN_NS + 2 * n, OPEN_NS + 2 * n + 1) for n in range(101))), "sessions"),
    (replace(fees(), taker_fee_ppm=100_001), "taker_fee_ppm"),
    (instrument(calendar_id="x" * 2_001), "calendar_id"),
    (split(new_qty=0), "new_qty"),
    (split(old_qty=10**6 + 1), "old_qty"),
    (split(action_id=""), "action_id"),
    (curve((0, 1), (1, 2)), "edges_ns"),
    (curve((0, 1, 1), (1, 2)), "edges_ns"),
    (curve((-1, 1), (1,)), "edges_ns"),
    (curve((0, 1), (0,)), "volumes_qty"),
    (curve((0,), ()), "volumes_qty"),
    (curve((0, 1, 2), (1, -1)), "volumes_qty"),
    (replace(curve((0, 1, 2), (1, 1)), errors_ppm=(5,)), "errors_ppm"),
    (replace(curve((0, 1), (1,)), errors_ppm=(-1,)), "errors_ppm"),
    (replace(curve((0, 1), (1,)), errors_ppm=(100_000_001,)), "errors_ppm"),
    (replace(curve((0, 1), (1,), observed_days=(DAY,)), effective_day=DAY), "observed_days"),
    (
        replace(curve((0, 1), (1,), observed_days=(20170103, 20170102)), effective_day=DAY),
        "observed_days",
    ),
    (
        replace(curve((0, 1), (1,), observed_days=(20170103, 20170103)), effective_day=DAY),
        "observed_days",
    ),
    (
        replace(curve((0, 1), (1,), observed_days=range(101, 1_102)), effective_day=DAY),
        "observed_days",
    ),
)


@pytest.mark.parametrize(
    ("fact", "field"), FLAWED, ids=lambda x: x if isinstance(x, str) else type(x).__name__
)
def test_what_cannot_be_is_named_with_what_was_found_and_expected(
    fact: Any,  # noqa: ANN401
    field: str,
) -> None:
    text = flaw(fact)
    assert text.startswith(f"{field} of {type(fact).__name__} is ")
    assert ", expected " in text


def test_every_fact_has_its_rules() -> None:
    assert set(topology.FACT) <= set(input_limits.RULES)
    assert set(input_limits.FORBIDDING) <= set(input_limits.RULES)


BOUNDS = (-1, 0, 1, QTY_MAX, QTY_MAX + 1, PX_MAX, PX_MAX + 1, TIME_NS_MAX, TIME_NS_MAX + 1)
NUMBERS = st.sampled_from(BOUNDS)


@for_all(NUMBERS, NUMBERS, NUMBERS, NUMBERS, NUMBERS, st.sampled_from(("", "N", LONG)))
def test_a_quotes_short_way_is_its_rules(
    bid_px: int, bid_qty: int, ask_px: int, ask_qty: int, received_ns: int, code: str
) -> None:
    said: dict[str, Any] = {
        "bid_px": bid_px,
        "bid_qty": bid_qty,
        "ask_px": ask_px,
        "ask_qty": ask_qty,
    }
    seen = replace(quote(code), **said, received_ns=received_ns)

    assert input_limits.is_plain_quote(seen) == (flaw(seen) == "")
