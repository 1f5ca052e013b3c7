"""Lies about a mandate's participation: many parents of one client that each keep to it alone."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from world import (
    CLOSE_NS,
    HOUR,
    MINUTE,
    OPEN_NS,
    SECOND,
    SOON_NS,
    World,
    an,
    bust,
    cancel,
    children,
    day_closed,
    day_opened,
    fill_report,
    mandate,
    order,
    policy,
    quote,
    report,
    risk_limit,
    trade,
    trading,
)

from engine.core import events as e
from engine.core.events import ControlScope
from engine.core.state.model import Child

RATE_PPM = 100_000  # A tenth.
PRINT_QTY = 1_000  # Others', each half minute.
LOT_QTY = 100
EAGER = policy(participation_ppm=900_000, router=e.Router.SEQUENTIAL)


def desk(*more: Any) -> World:  # noqa: ANN401
    """Clients with mandates of a tenth, and an engine that would take nearly all."""
    tenth = [mandate(name, max_participation_ppm=RATE_PPM) for name in ("c1", "c2")]
    return trading(EAGER, *tenth, *more)


def pov(number: int, qty: int = 20_000, **said: Any) -> e.OrderSubmitted:  # noqa: ANN401
    """An order that shares no parent with the others, as no other one settles as it does."""
    said = {"settlement": f"T{number}", "benchmark": e.Benchmark.POV, **said}
    return order(f"o{number}", qty, **said)


def fill_all(world: World) -> Counter[str]:
    """Fill every live child; what each parent got."""
    found: Counter[str] = Counter()
    for child in world.children():
        qty = child.leaves_qty
        world.when(fill_report(child, qty, exec_id=child.child_id))
        found[child.terms.parent_id] += qty
    return found


Fill = Callable[[World], Counter[str]]


def work(world: World, rounds: int, fill: Fill = fill_all) -> Counter[str]:
    """Half a minute a round, with a print of others in each."""
    found: Counter[str] = Counter()
    for _ in range(rounds):
        now_ns = world.now_ns + 30 * SECOND
        shown = quote(received_ns=now_ns, ask_qty=50_000, bid_qty=50_000)
        world.when(trade(PRINT_QTY), shown, after_ns=30 * SECOND)
        found += fill(world)
    return found


def cap_qty(rounds: int, rate_ppm: int = RATE_PPM) -> int:
    """What a client may have after so many prints, the lot for a start included."""
    return rate_ppm * rounds * PRINT_QTY // (1_000_000 - rate_ppm) + LOT_QTY


def is_folded(world: World) -> bool:
    return world.folded().state == world.state


def test_five_parents_of_one_mandate_stay_at_its_rate() -> None:
    world = desk().given(*map(pov, range(5)))
    taken = work(world, 60)
    assert len(taken) == 5
    assert cap_qty(60) - 2 * LOT_QTY < taken.total() <= cap_qty(60)
    assert is_folded(world)


def test_one_parent_alone_has_all_of_the_rate() -> None:
    world = desk().given(pov(0))
    assert work(world, 60).total() > cap_qty(60) - 3 * LOT_QTY
    assert not [x for x in world.history() if isinstance(x, e.SliceHeld) and x.client_id]


def test_each_parent_gets_its_turn() -> None:
    taken = work(desk().given(*map(pov, range(5))), 200)
    fifth = taken.total() // 5
    assert all(abs(qty - fifth) <= fifth // 3 for qty in taken.values())


def test_parents_in_a_row_get_no_lot_for_each_start() -> None:
    """Each begins after the last has ended, in a market in which others trade nothing."""
    world = desk()
    for number in range(5):
        hurried = pov(number, 100, benchmark=e.Benchmark.ARRIVAL, urgency=e.Urgency.HIGH)
        world.given(hurried)
        for _ in range(5):
            now_ns = world.now_ns + MINUTE
            world.given(quote(received_ns=now_ns, ask_qty=50_000), after_ns=MINUTE)
            fill_all(world)
        world.given(cancel(f"o{number}"))
    taken = sum(x.last_qty for x in world.history() if isinstance(x, e.FillBooked))
    assert taken == LOT_QTY


def test_a_pause_gives_nothing() -> None:
    """An hour of others' volume before the parents came is not theirs to catch up on."""
    world = desk().given(pov(9, 100))
    work(world, 3)
    world.given(*[trade(100_000)] * 9, after_ns=MINUTE)
    world.given(*map(pov, range(5)))
    assert work(world, 20).total() <= cap_qty(20)


def test_a_hold_is_told_with_its_numbers() -> None:
    world = desk().given(pov(0), pov(1))
    work(world, 2, lambda _: Counter())
    held = [x for x in world.history() if isinstance(x, e.SliceHeld)]
    one = held[-1]
    assert (one.client_id, one.max_participation_ppm, one.cap_qty) == ("c1", RATE_PPM, 222)
    assert one.used_qty + one.wanted_qty > one.cap_qty + LOT_QTY
    assert one.slice_qty < one.wanted_qty


def test_a_parent_that_waits_is_told_of_once_in_an_interval() -> None:
    world = desk().given(pov(0), pov(1), pov(2))
    work(world, 40, lambda _: Counter())
    told = Counter(
        (x.parent_id, x.at_ns // MINUTE)
        for x in world.history()
        if isinstance(x, e.SliceHeld) and not x.slice_qty
    )
    assert told
    assert max(told.values()) == 1


def test_other_clients_and_instruments_have_their_own_rate() -> None:
    world = desk().given(pov(0), pov(1), pov(2, client_id="c2"), pov(3, client_id="c2"))
    assert work(world, 60).total() > 2 * (cap_qty(60) - 3 * LOT_QTY)


def test_a_shared_child_counts_for_each_client_by_its_part() -> None:
    """Half of one parent is another client's."""
    world = desk()
    world.given(pov(0, 10_000), replace(pov(0, 10_000, client_id="c2"), cl_ord_id="x"))
    assert len(world.parent("o0").clients) == 2
    world.given(pov(1))
    taken = work(world, 60)
    shared = taken[world.parent("o0").parent_id]
    alone = taken.total() - shared
    assert shared // 2 + alone <= cap_qty(60) + 60  # Each child's part is rounded up.
    assert shared // 2 + alone > cap_qty(60) - 4 * LOT_QTY
    assert is_folded(world)


def test_what_must_complete_does_and_counts() -> None:
    world = desk().given(pov(0, 2_000, must_complete=True, end_ns=SOON_NS))
    world.given(pov(1))
    taken = fill_all(world)
    assert taken[world.parent("o0").parent_id] == 2_000 or world.parent("o0").exposure_qty
    rest = work(world, 10)
    assert rest[world.parent("o1").parent_id] == 0


def test_what_a_venue_returns_may_be_tried_again() -> None:
    world = desk().given(pov(0), pov(1))

    def end(world: World) -> Counter[str]:
        for child in world.children():
            world.when(report(child, e.ExecType.CANCELED, text="no"), after_ns=SECOND)
        return Counter()

    work(world, 4, end)
    used = world.state.dealings["c1", "AAPL"].used_qty
    assert used == sum(child.leaves_qty for child in world.children())


def test_a_bust_gives_the_room_back() -> None:
    world = desk().given(pov(0))
    work(world, 2, lambda _: Counter())
    (child,) = world.children()
    world.given(fill_report(child, child.leaves_qty, "E1"))
    dealing = world.state.dealings["c1", "AAPL"]
    assert dealing.used_qty == child.filled_qty + sum(x.leaves_qty for x in world.children())
    world.given(bust(child, "E1"))
    assert dealing.used_qty == sum(x.leaves_qty for x in world.children())
    assert is_folded(world)


def test_a_narrower_mandate_takes_back_from_all_parents_together() -> None:
    world = desk(mandate("c1", max_participation_ppm=800_000)).given(*map(pov, range(3)))
    work(world, 6, lambda _: Counter())
    exposed = sum(child.leaves_qty for child in world.children())
    assert exposed > 2 * cap_qty(6)
    world.when(mandate("c1", max_participation_ppm=RATE_PPM))
    asked = {x.child_id for x in world.all_of(e.ChildCancelRequested)}
    stays = [x for x in world.children() if x.child_id not in asked and not x.is_cancelling]
    assert sum(child.leaves_qty for child in stays) <= cap_qty(6)
    world.then_some(an(e.ChildCancelRequested, reason=e.CancelReason.MANDATE))


@pytest.mark.parametrize("stop", ["kill", "end"])
def test_a_parent_that_asks_no_more_loses_its_place(stop: str) -> None:
    world = desk().given(*map(pov, range(3)))
    work(world, 3)
    if stop == "end":
        world.given(cancel("o1"))
    else:  # Too large now, so it waits until the limit is lifted.
        world.given(pov(7, 50_000)).given(risk_limit(ControlScope.FIRM, max_order_qty=30_000))
    taken = work(world, 60)
    assert taken.total() > cap_qty(60) - 6 * LOT_QTY


def carried_over(world: World) -> World:
    """The next day, with a child of the last one that its venue has not ended."""
    world.given(pov(0, 20_000, end_ns=None, time_in_force=e.TimeInForce.GTC))
    work(world, 3, lambda _: Counter())
    next_ns = OPEN_NS + 24 * HOUR
    world.at(CLOSE_NS, day_closed()).at(next_ns, day_opened(20180103, next_ns))
    return world.given(quote(received_ns=next_ns))


def late_fill(child: Child, qty: int, exec_id: str = "late") -> e.ExecutionReported:
    return fill_report(child, qty, exec_id=exec_id, session_day=20180103)


def test_a_late_fill_of_yesterdays_child_counts_for_its_client() -> None:
    world = carried_over(desk())
    child, *_ = children(world.state).values()
    world.given(late_fill(child, 100))
    assert world.state.dealings["c1", "AAPL"].used_qty >= 100
    assert 100 + work(world, 20).total() <= cap_qty(20)
    assert is_folded(world)


def test_a_bust_of_todays_late_fill_gives_the_room_back() -> None:
    world = carried_over(desk())
    child, *_ = children(world.state).values()
    world.given(late_fill(child, 100))
    used = world.state.dealings["c1", "AAPL"].used_qty
    world.given(bust(child, "late", session_day=20180103))
    assert world.state.dealings["c1", "AAPL"].used_qty == used - 100
    assert is_folded(world)


def test_a_bust_of_yesterdays_fill_is_no_room_of_today() -> None:
    world = desk()
    world.given(pov(0, 20_000, end_ns=None, time_in_force=e.TimeInForce.GTC))
    work(world, 3)
    (booked, *_) = (x for x in world.history() if isinstance(x, e.FillBooked))
    next_ns = OPEN_NS + 24 * HOUR
    world.at(CLOSE_NS, day_closed()).at(next_ns, day_opened(20180103, next_ns))
    world.given(quote(received_ns=next_ns))
    taken = work(world, 5).total()
    child = children(world.state)[booked.child_id]
    world.given(bust(child, booked.exec_id, session_day=booked.session_day))
    used = world.state.dealings["c1", "AAPL"].used_qty
    assert used == taken + sum(x.leaves_qty for x in world.children())
    assert is_folded(world)


def test_an_ended_orders_share_of_a_late_fill_is_no_clients_at_work() -> None:
    """Its part of the fill is the error account's, and a firm has no mandate."""
    world = desk()
    gone = replace(pov(0, 10_000, client_id="c2"), cl_ord_id="day")
    world.given(pov(0, 10_000, time_in_force=e.TimeInForce.GTC), gone)
    work(world, 3, lambda _: Counter())
    next_ns = OPEN_NS + 24 * HOUR
    world.at(CLOSE_NS, day_closed()).at(next_ns, day_opened(20180103, next_ns))
    child, *_ = children(world.state).values()
    world.given(quote(received_ns=next_ns)).given(late_fill(child, 100))
    assert ("c2", "AAPL") not in world.state.dealings
    assert is_folded(world)
