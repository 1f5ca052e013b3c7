"""Reference data as last defined, and the rules of price and size that follow from it.

Every record is dated. The day's loader publishes the definitions in force before the open, so the
last definition of each name applies.
"""

from collections.abc import Callable, Mapping
from typing import Any

from engine.core.events import (
    CalendarDefined,
    FeeScheduleDefined,
    InstrumentDefined,
    Liquidity,
    Side,
    TickTableDefined,
    VenueDefined,
    VolumeCurveDefined,
)
from engine.core.state import due_index
from engine.core.state.state import State


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


def fee_px(state: State, venue: str, liquidity: Liquidity) -> int:
    """Fee for each smallest increment, 1e-9 currency units; a rebate is negative."""
    schedule = state.reference.fees.get(venue)
    if schedule is None:
        return 0
    if liquidity is Liquidity.ADDED:
        return schedule.maker_fee_px
    if liquidity is Liquidity.MIDPOINT:
        return schedule.midpoint_fee_px
    return schedule.taker_fee_px


def on_instrument_defined(state: State, fact: InstrumentDefined) -> None:
    state.reference.instruments[fact.instrument_id] = fact
    state.views.pop(fact.instrument_id, None)  # Its round lot decides which quotes make the best.


def on_tick_table_defined(state: State, fact: TickTableDefined) -> None:
    state.reference.ticks[fact.instrument_id] = fact


def on_venue_defined(state: State, fact: VenueDefined) -> None:
    known = {**state.reference.venues, fact.venue: fact}
    state.reference.venues = dict(sorted(known.items()))  # Routing walks venues by code.


def on_fee_schedule_defined(state: State, fact: FeeScheduleDefined) -> None:
    state.reference.fees[fact.venue] = fact


def on_calendar_defined(state: State, fact: CalendarDefined) -> None:
    if state.day is not None and fact.day == state.day.day:
        due_index.review_all(state)  # Parents at work may have to stop, or to go on.
    state.reference.calendars[fact.calendar_id, fact.day] = fact


def on_volume_curve_defined(state: State, fact: VolumeCurveDefined) -> None:
    state.reference.curves[fact.instrument_id] = fact


FACTS: Mapping[type, Callable[[State, Any], None]] = {
    InstrumentDefined: on_instrument_defined,
    TickTableDefined: on_tick_table_defined,
    VenueDefined: on_venue_defined,
    FeeScheduleDefined: on_fee_schedule_defined,
    CalendarDefined: on_calendar_defined,
    VolumeCurveDefined: on_volume_curve_defined,
}
