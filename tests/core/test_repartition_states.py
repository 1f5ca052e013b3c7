"""Carried state is redistributed among another number of shards by stated rules."""

from dataclasses import replace
from typing import Any

import pytest
from world import (
    CLOSE_NS,
    DAY,
    INSTRUMENT,
    LIT,
    OTHER_LIT,
    World,
    allotment,
    day_closed,
    halt,
    instrument,
    kill,
    make,
    order,
    px,
    restriction,
    session,
    tick_table,
    trading,
    venue,
    venue_status,
)

from engine.core.day import repartition, trading_day
from engine.core.events import (
    BreakCarried,
    BreakReason,
    ControlScope,
    CorporateActionDefined,
    LimitAllotted,
    OrderCarried,
    TimeInForce,
    VenueStatus,
)
from engine.core.partition import partition_of
from engine.core.state.model import MoreBreaks, Scorecard
from engine.core.state.state import State

FIRM = (ControlScope.FIRM, "USD")
SOURCE = (ControlScope.SOURCE, "oms")


def closed(*inputs: Any) -> World:  # noqa: ANN401
    return trading(*inputs).at(CLOSE_NS, day_closed())


def shards(count: int) -> list[State]:
    """The state after a world's close, in each of so many shards."""
    found = [closed(kill(), restriction("MSFT")).state for _ in range(count)]
    for number, state in enumerate(found):
        state.shard = number
    return found


def test_orders_and_definitions_go_to_the_shard_of_their_instrument() -> None:
    gtc: dict[str, Any] = {"time_in_force": TimeInForce.GTC, "limit_px": px(99)}
    world = trading(order("late", received_ns=7, **gtc), order("early", received_ns=5, **gtc))
    later = (instrument(effective_day=20180104), venue("LATER", effective_day=20180105))
    world.given(halt(), tick_table((0, 10_000_000)), instrument("MSFT"), *later)
    world.at(CLOSE_NS, day_closed())

    found = repartition.repartitioned([world.state], 8)

    own = partition_of(INSTRUMENT.encode(), 8)
    assert [x.cl_ord_id for x in found[own].orders.values()] == ["early", "late"]
    assert list(found[own].halted) == [INSTRUMENT]
    assert list(found[own].reference.ticks) == [INSTRUMENT]
    assert found[own].reference.waiting == world.state.reference.waiting
    for number, state in enumerate(found):
        assert state.shard == number
        assert state.reference.venues == world.state.reference.venues
        assert state.controls == world.state.controls
        for name in state.reference.instruments:
            assert partition_of(name.encode(), 8) == number
        assert number == own or not (state.orders or state.halted or state.reference.ticks)
    reference, controls = repartition.shared_facts(found)
    assert reference == world.state.reference
    assert controls == world.state.controls


def test_an_order_is_held_at_an_action_that_it_had_not_met() -> None:
    """The close of the former log settles the actions up to its day for the new one."""
    ratio = {"new_qty": 2, "old_qty": 1}
    action = {"action_id": "A1", "instrument_id": INSTRUMENT, "effective_day": DAY, **ratio}
    world = closed(order(time_in_force=TimeInForce.GTC, limit_px=px(99)))
    world.given(make(CorporateActionDefined, **action))

    states = repartition.repartitioned([world.state], 2)
    held = [x for state in states for x in trading_day.carried_events(state)]
    assert [x.held_action_id for x in held if isinstance(x, OrderCarried)] == ["A1"]


def test_shards_with_different_shared_facts_are_named() -> None:
    states = shards(3)
    states[1].controls.restricted["TSLA"] = "desk"

    with pytest.raises(repartition.ShardsDifferError, match=r"shards \[1\] have other restricted"):
        repartition.repartitioned(states, 2)


def test_two_orders_of_one_source_and_id_in_one_shard_are_an_error() -> None:
    """In shards of their own neither was a duplicate; in one a cancel would hit either."""
    gtc: dict[str, Any] = {"time_in_force": TimeInForce.GTC, "limit_px": px(99)}
    one, two = (
        trading(
            instrument("MSFT"),
            tick_table((0, px(0.01)), instrument_id="MSFT"),
            order("same", instrument_id=name, **gtc),
        )
        .at(CLOSE_NS, day_closed())
        .state
        for name in (INSTRUMENT, "MSFT")
    )
    two.shard = 1
    ((order_id, found),) = two.orders.items()
    two.orders = {"1-7": replace(found, order_id="1-7")}
    apart = {partition_of(name.encode(), 8) for name in (INSTRUMENT, "MSFT")}

    text = f"orders {order_id} in {INSTRUMENT} and 1-7 in MSFT both have cl_ord_id 'same'"
    with pytest.raises(repartition.ShardsDifferError, match=text):
        repartition.repartitioned([one, two], 1)
    assert len(apart) == 2
    assert sum(len(state.orders) for state in repartition.repartitioned([one, two], 8)) == 2


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_the_parts_of_a_limit_sum_to_what_they_were(count: int) -> None:
    states = shards(3)
    for number, state in enumerate(states[:2]):
        part: LimitAllotted = replace(allotment(10 + number), set_ns=number)
        state.controls.allotments[FIRM] = part

    parts = [state.controls.allotments[FIRM] for state in repartition.repartitioned(states, count)]

    amounts = [part.allotted_notional_cur for part in parts]
    assert sum(amounts) == 21
    assert max(amounts) - min(amounts) <= 1
    assert [(part.shard, part.set_ns) for part in parts] == [(n, 1) for n in range(count)]


def test_every_shard_gets_the_scorecard_with_the_most_samples() -> None:
    states = shards(3)
    for state, samples in zip(states, (4, 9, 9), strict=True):
        state.scorecards[LIT] = Scorecard(version=state.shard, samples=samples)

    for state in repartition.repartitioned(states, 2):
        assert state.scorecards[LIT].version == 1


def test_a_venue_is_as_far_from_open_as_any_shard_knew() -> None:
    halted, down = VenueStatus.HALTED, session(LIT, up=False)
    states = [
        closed(venue_status(LIT, VenueStatus.CLOSED), venue_status(OTHER_LIT, halted)).state,
        closed(venue_status(LIT, halted), down).state,
    ]
    states[0].sessions_down = {LIT: 9}
    states[1].shard, states[1].sessions_down = 1, {LIT: 5, OTHER_LIT: 7}

    (found,) = repartition.repartitioned(states, 1)

    assert found.venue_status == {LIT: VenueStatus.CLOSED, OTHER_LIT: halted}
    assert found.sessions_down == {LIT: 5, OTHER_LIT: 7}


def test_a_suspension_of_one_shard_holds_in_all() -> None:
    states = shards(3)
    states[0].suspended = {SOURCE: 4}
    states[2].suspended = {SOURCE: 4, (ControlScope.VENUE, LIT): 8}
    for found in repartition.repartitioned(states, 2):
        assert found.suspended == {SOURCE: 4, (ControlScope.VENUE, LIT): 8}

    states[1].suspended = {SOURCE: 5}
    for found in repartition.repartitioned(states, 2):
        assert found.suspended[SOURCE] == repartition.UNKNOWN_NUMBER


def test_counted_breaks_of_shards_that_become_one_are_added() -> None:
    states = shards(3)
    key = (LIT, BreakReason.UNKNOWN_CHILD)
    for number, state in enumerate(states):
        state.more_breaks[key] = MoreBreaks(f"{number}-1", number + 1, 10)

    first, second = repartition.repartitioned(states, 2)

    assert first.more_breaks == {key: MoreBreaks("0-1", 4, 20)}
    assert second.more_breaks == {key: MoreBreaks("1-1", 2, 10)}


def test_a_break_stays_with_the_number_of_its_shard() -> None:
    states = shards(3)
    for number, state in enumerate(states):
        state.breaks[f"{number}-1"] = BreakCarried(
            break_id=f"{number}-1",
            reason=BreakReason.VENUE_OVERFILL,
            venue=LIT,
            child_id="",
            exec_id="",
            break_qty=1,
            break_px=1,
            break_count=1,
        )

    assert [list(found.breaks) for found in repartition.repartitioned(states, 2)] == [
        ["0-1", "2-1"],
        ["1-1"],
    ]
    assert [list(found.breaks) for found in repartition.repartitioned(states, 4)][3] == []
