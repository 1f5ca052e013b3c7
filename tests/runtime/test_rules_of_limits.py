"""The rules on limits, positions, participation and holds, on what a real shard has decided."""

from collections.abc import Callable
from pathlib import Path

import pytest
from lies.test_limits import LESS, MOST, buys, filled, sells
from lies.test_participation import carried_over, desk, late_fill, pov, work
from projected import projected, violated
from world import (
    CLOSE_NS,
    HOUR,
    OPEN_NS,
    SECOND,
    World,
    amend,
    at_once,
    cancel,
    children,
    day_closed,
    day_opened,
    fill_report,
    order,
    px,
    quote,
    risk_limit,
    trading,
)

from engine.core import events as e

pytestmark = pytest.mark.slow
NEXT_NS = OPEN_NS + 24 * HOUR
GTC = {"time_in_force": e.TimeInForce.GTC}


def next_day(world: World) -> World:
    world.at(CLOSE_NS, day_closed()).at(NEXT_NS, day_opened(20180103, NEXT_NS))
    return world.given(quote(received_ns=NEXT_NS))


def positions() -> World:
    """Bought, sold, cut, lowered during the day, carried and resumed beside a lower limit."""
    world = filled(trading(MOST).given(buys("a", 300)))
    world = filled(world.given(sells("s", 200)))
    world.given(order("g", 400, limit_px=px(99), **GTC), order("b", 300, limit_px=px(98)))
    world.given(amend("b", order_qty=100)).given(LESS)
    later = quote(received_ns=world.now_ns + 60 * SECOND)
    world.given(later, after_ns=60 * SECOND).given(cancel("b"))
    next_day(world).given(order("c", 100, limit_px=px(98)))
    return world


def shared_rate() -> World:
    world = desk().given(*map(pov, range(4)))
    work(world, 30)
    world.given(at_once("o9", 500, limit_px=px(101)))
    work(world, 5)
    return world


def late() -> World:
    world = carried_over(desk())
    child, *_ = children(world.state).values()
    world.given(late_fill(child, 100)).given(pov(7))
    work(world, 20)
    return world


def held() -> World:
    """A carried order waits for room in a position, and gets it."""
    world = trading(MOST).given(order("g", 600, limit_px=px(99), **GTC))
    world.at(CLOSE_NS, day_closed()).given(LESS)
    world.at(NEXT_NS, day_opened(20180103, NEXT_NS), quote(received_ns=NEXT_NS))
    return world.given(MOST).given(quote(received_ns=NEXT_NS))


def lowered() -> World:
    """Limits of one order that become lower while it works, and of the day."""
    world = trading(risk_limit(max_order_qty=1_000, max_day_notional_cur=200_000))
    world.given(at_once("a", 900, limit_px=px(100.02)), order("b", 300, limit_px=px(99)))
    world.given(risk_limit(max_order_qty=500, max_day_notional_cur=100_000))
    later = quote(received_ns=world.now_ns + 60 * SECOND)
    world.given(later, after_ns=60 * SECOND).given(order("c", 200, limit_px=px(99)))
    return world


def kept_waiting() -> World:
    """A carried order waits a whole day for room, gets it on the next one, and fills it."""
    world = trading(MOST).given(order("g", 600, limit_px=px(99), **GTC))
    world.at(CLOSE_NS, day_closed()).given(LESS)
    for day, open_ns in ((20180103, NEXT_NS), (20180104, NEXT_NS + 24 * HOUR)):
        world.at(open_ns, day_opened(day, open_ns), quote(received_ns=open_ns))
        if day == 20180103:
            world.at(open_ns + CLOSE_NS - OPEN_NS, day_closed(day))
    return world.given(MOST).given(quote(received_ns=world.now_ns))


def filled_late() -> World:
    """A fill of yesterday comes before its carried order has resumed."""
    world = trading(MOST).given(buys("g", 600, end_ns=None, **GTC))
    later_ns = world.now_ns + 1_800 * SECOND
    world.given(quote(received_ns=later_ns), after_ns=1_800 * SECOND)
    child, *_ = world.children()
    world.at(CLOSE_NS, day_closed()).given(fill_report(child, 100))
    world.at(NEXT_NS, day_opened(20180103, NEXT_NS), quote(received_ns=NEXT_NS))
    return world.given(order("c", 400, limit_px=px(98)))


def respent() -> World:
    """A part of a day limit is spent by an amend, and by a carried order that resumes."""
    world = trading(risk_limit(max_day_notional_cur=45_000))
    world.given(order("a", 100, limit_px=px(99))).given(amend("a", order_qty=300))
    world.given(order("g", 100, limit_px=px(98), **GTC)).given(cancel("a"))
    world.at(CLOSE_NS, day_closed()).given(amend("g", order_qty=400))
    return world.at(NEXT_NS, day_opened(20180103, NEXT_NS), quote(received_ns=NEXT_NS))


WORLDS = (
    *(positions, shared_rate, late, held, lowered),
    *(kept_waiting, filled_late, respent),
)
# The two orders have spent 19,700, the amend 19,800; the order that resumes spends 39,200.
SPENT_AMENDING = (
    "delete from order_resumed; update control_applied set allotted_notional_cur = 39300"
)
SPENT_RESUMING = (
    "delete from order_change_pending; update control_applied set allotted_notional_cur = 39100"
)
# What a shard that did not keep the rule would have left, and the rule that sees it.
PLANTED = (
    (positions, "update risk_limit_set set max_position_qty = 100", "position_limit"),
    (shared_rate, "update mandate_set set max_participation_ppm = 1", "mandate_participation"),
    (late, "update mandate_set set max_participation_ppm = 1", "mandate_participation"),
    (shared_rate, "update slice_held set slice_qty = -1", "slice_held"),
    (lowered, "update risk_limit_set set max_order_qty = 10", "limit_order"),
    (lowered, "update control_applied set allotted_notional_cur = 1", "allotment_spent"),
    (filled_late, "update risk_limit_carried set max_position_qty = 950", "position_limit"),
    (respent, SPENT_AMENDING, "allotment_spent"),
    (respent, SPENT_RESUMING, "allotment_spent"),
)


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.__name__)
def test_what_a_shard_decides_violates_nothing(world: Callable[[], World], tmp_path: Path) -> None:
    with projected(world(), tmp_path) as connection:
        assert violated(connection) == {}


@pytest.mark.parametrize(("world", "change", "rule"), PLANTED)
def test_a_planted_violation_of_a_real_day_is_seen(
    world: Callable[[], World], change: str, rule: str, tmp_path: Path
) -> None:
    with projected(world(), tmp_path) as connection:
        connection.execute(change)
        assert rule in violated(connection)


def test_the_worlds_hold_and_carry_what_the_rules_speak_of() -> None:
    told = [type(x) for world in WORLDS for x in world().history()]
    assert {e.SliceHeld, e.OrderHeld, e.OrderResumed, e.OrderRejected} <= set(told)
