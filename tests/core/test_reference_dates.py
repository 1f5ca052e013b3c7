"""Dated reference data: the newest record that the day has reached is in force, however it came."""

from itertools import permutations
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
    LIT,
    OPEN_NS,
    World,
    calendar,
    curve,
    day_closed,
    day_opened,
    fees,
    instrument,
    make,
    order,
    tick_table,
    trading,
    venue,
)

from engine.core import events as e
from engine.core.market import reference
from engine.core.state.state import Reference

NAMES = ("instruments", "ticks", "venues", "fees", "calendars", "curves")


def record(kind: type, number: int, effective_day: int) -> Any:  # noqa: ANN401  Any record.
    """A record of one name in each kind; the number is in one of its fields."""
    builders: dict[type, Any] = {
        e.InstrumentDefined: lambda: instrument(lot_qty=number),
        e.TickTableDefined: lambda: tick_table((0, number)),
        e.VenueDefined: lambda: venue(LIT, min_qty=number),
        e.FeeScheduleDefined: lambda: fees(LIT, taker=number),
        e.CalendarDefined: lambda: calendar(time_zone=str(number)),
        e.VolumeCurveDefined: lambda: curve((0, number), (1,)),
    }
    build = builders[kind]()
    said = {name: getattr(build, name) for name in build.__dataclass_fields__}
    return make(kind, **{**said, "effective_day": effective_day})


def in_force(held: Reference) -> list[dict[Any, Any]]:
    return [getattr(held, name) for name in NAMES]


@pytest.mark.parametrize("kind", reference.PLACES)
def test_the_newest_record_of_the_day_is_in_force_in_every_order(kind: type) -> None:
    old, now, later = (record(kind, n, DAY + n - 2) for n in (1, 2, 3))
    found = []
    for rows in permutations((old, now, later)):
        held = Reference()
        for row in rows:
            reference.add(held, row, DAY)
        found.append(held)

    assert all(held == found[0] for held in found)
    index, name_of = reference.PLACES[kind]
    assert getattr(found[0], index) == {name_of(now): now}
    assert found[0].waiting == {(index, name_of(now)): (later,)}


Rows = st.lists(
    st.tuples(st.sampled_from(list(reference.PLACES)), st.integers(0, 8)), unique=True, max_size=12
)


@for_all(Rows.flatmap(lambda rows: st.tuples(st.just(rows), st.permutations(rows))), st.data())
def test_no_order_of_loading_and_opening_changes_what_is_in_force(
    both: tuple[list[tuple[type, int]], list[tuple[type, int]]], data: st.DataObject
) -> None:
    """The records may come before the first day, in it, or between two days."""
    loaded, shuffled = both
    oracle: dict[type, Any] = {}
    for kind, day in sorted(loaded, key=lambda row: row[1]):
        if day <= 6:
            oracle[kind] = record(kind, day + 1, day)
    held, today = Reference(), 0
    opens = sorted(data.draw(st.lists(st.integers(0, len(shuffled)), min_size=2, max_size=2)))
    for number, (kind, day) in enumerate([*shuffled, (type(None), 0)]):
        for opened, at in zip((4, 6), opens, strict=True):
            if at == number:
                reference.choose_all(held, opened)
                today = opened
        if kind in reference.PLACES:
            reference.add(held, record(kind, day + 1, day), today)

    found = [row for index in in_force(held) for row in index.values()]
    assert {type(row): row for row in found} == oracle


def test_of_two_records_of_a_day_the_last_loaded_corrects_the_other() -> None:
    held = Reference()
    for number in (1, 2):
        reference.add(held, record(e.VenueDefined, number, DAY), DAY)
        reference.add(held, record(e.VenueDefined, number + 7, DAY + 1), DAY)

    assert held.venues[LIT].min_qty == 2
    assert [row.min_qty for row in held.waiting["venues", LIT]] == [9]


def test_a_record_of_tomorrow_waits_over_the_close() -> None:
    world = trading(tick_table((0, CENT)))
    world.given(make_tick(5 * CENT, DAY + 1), make_tick(2 * CENT, DAY - 1), make_tick(CENT, DAY))
    world.when(order(limit_px=10_001 * CENT)).then_some(e.OrderAccepted)
    assert waiting(world) == [DAY + 1]

    world.at(CLOSE_NS, day_closed())
    carried = world.all_of(e.TickTableCarried)
    assert [(x.effective_day, x.bands[0].tick_px) for x in carried] == [
        (DAY, CENT),
        (DAY + 1, 5 * CENT),
    ]
    assert world.state.reference.ticks[INSTRUMENT].effective_day == DAY
    world.at(OPEN_NS + 24 * HOUR, day_opened(DAY + 1, OPEN_NS + 24 * HOUR))
    assert world.state.reference.ticks[INSTRUMENT].effective_day == DAY + 1
    assert waiting(world) == []
    world.when(order("o2", limit_px=10_001 * CENT)).then_some(
        an_off_tick := e.OrderRejected,
    )
    assert world.the(an_off_tick).reason is e.RejectReason.LIMIT_PX_OFF_TICK


def make_tick(tick_px: int, effective_day: int) -> e.TickTableDefined:
    found: e.TickTableDefined = make(
        e.TickTableDefined,
        instrument_id=INSTRUMENT,
        bands=(e.TickBand(from_px=0, tick_px=tick_px),),
        effective_day=effective_day,
    )
    return found


def waiting(world: World) -> list[int]:
    rows = world.state.reference.waiting.values()
    return [row.effective_day for name in rows for row in name]


def test_an_instrument_of_a_later_day_is_not_known_before() -> None:
    world = trading(instrument("NEW", effective_day=DAY + 1))

    world.when(order(instrument_id="NEW")).then_some(
        e.OrderRejected,
    )
    assert world.the(e.OrderRejected).reason is e.RejectReason.UNKNOWN_INSTRUMENT


def test_a_day_opens_with_what_was_loaded_for_it_alone() -> None:
    """Seen: a record of the week after was in force at once, because it was loaded last."""
    world = World().given(instrument(lot_qty=7, effective_day=DAY))
    world.given(instrument(lot_qty=9, effective_day=DAY + 5))
    assert world.state.reference.instruments[INSTRUMENT].lot_qty == 9  # No day is known yet.

    world.given(day_opened())
    assert world.state.reference.instruments[INSTRUMENT].lot_qty == 7
    assert waiting(world) == [DAY + 5]


def test_a_venue_of_a_later_day_is_not_routed_to() -> None:
    world = trading(venue("A", effective_day=DAY + 1), fees("A", taker=-5))

    assert "A" not in world.state.reference.venues


def test_a_calendar_forgets_the_days_that_are_over() -> None:
    days = [calendar(day=DAY + n) for n in (-1, 0, 1)]
    world = trading(*days).at(CLOSE_NS, day_closed())

    assert [x.day for x in world.all_of(e.CalendarCarried)] == [DAY, DAY + 1]
