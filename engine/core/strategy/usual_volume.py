"""The usual volume of a day by reference data, which stands for a tape that is silent.

A participation follows the prints of others. A feed without prints, or one whose prints have
stopped, would hold such a schedule for ever, and the cap of every other. So after the policy's time
without a print the usual volume of that time counts as the others': the schedule goes by the clock,
at the rate that the client allowed of a usual day. The next print ends it, and what was observed
alone counts again. An instrument whose average volume is not known has no usual volume.
"""

from engine.core.events import InstrumentDefined
from engine.core.market import belief
from engine.core.state.state import State
from engine.core.strategy.schedules import curve_volume_qty


def curve(state: State, instrument_id: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The expected volume curve of today as (edges in ns UTC, volumes); empty if unknown."""
    found, day = state.reference.curves.get(instrument_id), state.day
    if found is None or day is None:
        return (), ()
    return tuple(day.open_ns + edge for edge in found.edges_ns), found.volumes_qty


def expected_volume_qty(state: State, instrument: InstrumentDefined, start: int, end: int) -> int:
    """Volume of a usual day from start to end (ns), by the curve or evenly."""
    day = state.day
    assert day is not None, "a parent works within a day"
    edges_ns, volumes_qty = curve(state, instrument.instrument_id)
    total_qty = sum(volumes_qty)  # Integers.
    if total_qty:
        part_qty = curve_volume_qty(edges_ns, volumes_qty, start, end)
        return instrument.adv_qty * part_qty // total_qty
    return instrument.adv_qty * max(0, end - start) // (day.close_ns - day.open_ns)


def silent_since_ns(state: State, instrument_id: str) -> int:
    """The time of the last believed print of the session, or its open."""
    day = state.day
    assert day is not None, "a parent works within a day"
    return max(day.open_ns, state.book(instrument_id).last_px_ns)


def unseen_qty(state: State, instrument_id: str, since_ns: int, now_ns: int) -> int:
    """The usual volume from a time on, while the tape is silent; else 0."""
    silent_ns = silent_since_ns(state, instrument_id)
    if now_ns - silent_ns <= belief.setting(state, "tape_silent_ns"):
        return 0
    instrument = state.reference.instruments[instrument_id]
    return expected_volume_qty(state, instrument, max(since_ns, silent_ns), now_ns)
