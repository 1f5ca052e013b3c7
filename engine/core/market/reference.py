"""Reference data in force, and the rules of price and size that follow from it.

Every record is dated. Of the records of one name the newest that is dated no later than the trading
day is in force, whatever was loaded last; of two with one date the last loaded one corrects the
other. A record of a later day waits, over closes too, until a day opens that reaches it. Between
two days the closed one decides. Before the first day no day is known, and the newest record is in
force until one opens.
"""

from collections.abc import Callable, Iterator, Mapping
from operator import attrgetter
from typing import Any

from engine.core.events import (
    CalendarDefined,
    DayOpened,
    FeeScheduleDefined,
    InstrumentDefined,
    Liquidity,
    Side,
    TickTableDefined,
    VenueDefined,
    VolumeCurveDefined,
)
from engine.core.state import due_index
from engine.core.state.state import Reference, ReferenceName, State
from engine.core.units import PPM


def tick_px(state: State, instrument_id: str, px: int) -> int:
    """The tick that applies at a price, 1e-9 currency units; 0 if no table says it."""
    table = state.reference.ticks.get(instrument_id)
    found = 0
    if table is not None:
        for band in table.bands:
            if px < band.from_px:
                break
            found = band.tick_px
    return found


def on_tick_px(state: State, instrument_id: str, side: Side, px: int) -> int:
    """Round a price to the tick in the client's favour: buys down, sells up.

    Without a tick there is no price: 0, at which nothing is routed.
    """
    tick = tick_px(state, instrument_id, px)
    if not tick:
        return 0
    if side is Side.BUY:
        return px // tick * tick  # Floor: never pay above the limit.
    return -(-px // tick) * tick  # Ceiling: never sell below it.


def is_within_limit(side: Side, px: int, limit_px: int | None) -> bool:
    """Whether a price is no worse than a limit; every price is without one."""
    if limit_px is None:
        return True
    return px <= limit_px if side is Side.BUY else px >= limit_px


def lot_qty(state: State, instrument_id: str) -> int:
    """Round lot of an instrument, smallest increments."""
    return max(1, state.reference.instruments[instrument_id].lot_qty)


def fee_px(state: State, venue: str, liquidity: Liquidity, px: int) -> int:
    """Fee for each smallest increment at a price, 1e-9 currency units; a rebate is negative.

    A part of the value is rounded up: a cost is never understated, nor a rebate overstated.
    """
    schedule = state.reference.fees.get(venue)
    if schedule is None:
        return 0
    if liquidity is Liquidity.ADDED:
        each_px, part_ppm = schedule.maker_fee_px, schedule.maker_fee_ppm
    elif liquidity is Liquidity.MIDPOINT:
        each_px, part_ppm = schedule.midpoint_fee_px, schedule.midpoint_fee_ppm
    else:
        each_px, part_ppm = schedule.taker_fee_px, schedule.taker_fee_ppm
    return each_px - (-px * part_ppm // PPM)


# ------------------------------------------------------------------------------- dates

Fact = (
    InstrumentDefined
    | TickTableDefined
    | VenueDefined
    | FeeScheduleDefined
    | CalendarDefined
    | VolumeCurveDefined
)

# The index of each kind of record, and the name in it.
PLACES: Mapping[type, tuple[str, Callable[[Any], ReferenceName]]] = {
    InstrumentDefined: ("instruments", attrgetter("instrument_id")),
    TickTableDefined: ("ticks", attrgetter("instrument_id")),
    VenueDefined: ("venues", attrgetter("venue")),
    FeeScheduleDefined: ("fees", attrgetter("venue")),
    CalendarDefined: ("calendars", attrgetter("calendar_id", "day")),
    VolumeCurveDefined: ("curves", attrgetter("instrument_id")),
}


def day_of(state: State) -> int:
    """The day by which records are in force: the open one, else the last closed one; 0 before."""
    return state.controls.closed_day if state.day is None else state.day.day


def add(reference: Reference, fact: Fact, day: int) -> bool:
    """Add a record; whether another one of its name is in force now."""
    index, name_of = PLACES[type(fact)]
    name = name_of(fact)
    return choose(
        reference, index, name, {**dated(reference, index, name), fact.effective_day: fact}, day
    )


def dated(reference: Reference, index: str, name: ReferenceName) -> dict[int, Any]:
    """The record in force of a name and those that wait, by their day."""
    known = getattr(reference, index).get(name)
    rows = {} if known is None else {known.effective_day: known}
    return rows | {row.effective_day: row for row in reference.waiting.get((index, name), ())}


def choose(
    reference: Reference, index: str, name: ReferenceName, rows: Mapping[int, Any], day: int
) -> bool:
    """Put the record that a day chooses in force, and keep those that may be later."""
    chosen = max((x for x in rows if not day or x <= day), default=None)
    is_later = (lambda x: x != chosen) if chosen is None or not day else chosen.__lt__
    waits = tuple(rows[x] for x in sorted(filter(is_later, rows)))
    reference.waiting.pop((index, name), None)
    if waits:
        reference.waiting[index, name] = waits
    known = getattr(reference, index)
    found = None if chosen is None else rows[chosen]
    if found is known.get(name):
        return False
    if found is None:
        del known[name]
    else:
        known[name] = found
    if index == "venues":
        reference.venues = dict(sorted(known.items()))  # Routing walks them by code.
    return True


def choose_all(reference: Reference, day: int) -> None:
    """Choose again among the records of the names that have several, or one that is too early."""
    early = [
        (index, name)
        for index, _ in PLACES.values()
        for name, row in getattr(reference, index).items()
        if row.effective_day > day
    ]
    for index, name in dict.fromkeys((*reference.waiting, *early)):
        choose(reference, index, name, dated(reference, index, name), day)
    reference.waiting = dict(sorted(reference.waiting.items(), key=str))


def waiting(reference: Reference, kind: type) -> Iterator[Any]:
    """The records of a kind that are not in force yet."""
    index = PLACES[kind][0]
    return (row for (place, _), rows in reference.waiting.items() if place == index for row in rows)


# ------------------------------------------------------------------------------- evolve


def on_defined(state: State, fact: Fact) -> None:
    if not add(state.reference, fact, day_of(state)):
        return
    if isinstance(fact, InstrumentDefined):
        # Its round lot decides which quotes make the best.
        state.views.pop(fact.instrument_id, None)
    if isinstance(fact, CalendarDefined) and state.day is not None:
        due_index.review_all(state)  # Parents at work may have to stop, or to go on.


def on_day_opened(state: State, control: DayOpened) -> None:
    """The records that waited for this day are in force."""
    if state.day is None:
        choose_all(state.reference, control.day)
        state.views.clear()


FACTS: Mapping[type, Callable[[State, Any], None]] = {
    **dict.fromkeys(PLACES, on_defined),
    DayOpened: on_day_opened,
}
