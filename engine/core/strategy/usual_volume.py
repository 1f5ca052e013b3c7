"""The usual volume of a day by reference data, which stands for a tape that is silent.

A participation follows the prints of others. A feed without prints, or one whose prints have
stopped, would hold such a schedule for ever, and the cap of every other. So after the policy's time
without a print the usual volume of that time counts as the others': the schedule goes by the clock,
at the rate that the client allowed of a usual day. The next print ends it, and what was observed
alone counts again. An instrument whose average volume is not known has no usual volume.
"""

from engine.core.events import InstrumentDefined
from engine.core.market import belief, hours
from engine.core.state.state import State
from engine.core.strategy.schedules import curve_volume_qty


def expected_volume_qty(state: State, instrument: InstrumentDefined, start: int, end: int) -> int:
    """Volume of a usual day from start to end (ns), by the curve or evenly."""
    spans = hours.of_instrument(state, instrument.instrument_id)
    start_ns, end_ns = hours.elapsed_ns(spans, start), hours.elapsed_ns(spans, end)
    found = state.reference.curves.get(instrument.instrument_id)
    total_qty = 0 if found is None else sum(found.volumes_qty)  # Integers.
    if found is not None and total_qty:
        part_qty = curve_volume_qty(found.edges_ns, found.volumes_qty, start_ns, end_ns)
        return instrument.adv_qty * part_qty // total_qty
    day_ns = hours.length_ns(state, instrument.instrument_id)
    return instrument.adv_qty * max(0, end_ns - start_ns) // day_ns


def silent_since_ns(state: State, instrument_id: str) -> int:
    """The time of the last believed print of today, or of the first session's open."""
    spans = hours.of_instrument(state, instrument_id)
    open_ns = spans[0].open_ns if spans else 0
    return max(open_ns, state.book(instrument_id).last_px_ns)


def silence_ns(state: State, instrument_id: str, since_ns: int, now_ns: int) -> int:
    """Trading time without a print up to now, from `since_ns` at the earliest.

    A break has no prints and is no silence.
    """
    start_ns = max(since_ns, silent_since_ns(state, instrument_id))
    return hours.between_ns(state, instrument_id, start_ns, now_ns)


def is_silent(state: State, instrument_id: str, now_ns: int) -> bool:
    """Whether the tape has had no print for the policy's time."""
    most_ns = int(belief.setting(state, "tape_silent_ns"))
    if now_ns - state.book(instrument_id).last_px_ns <= most_ns:
        return False  # By the clock; trading time is never more.
    return silence_ns(state, instrument_id, 0, now_ns) > most_ns


def unseen_qty(state: State, instrument_id: str, since_ns: int, now_ns: int) -> int:
    """The usual volume from a time on, while the tape is silent; else 0."""
    if not is_silent(state, instrument_id, now_ns):
        return 0
    instrument = state.reference.instruments[instrument_id]
    start_ns = max(since_ns, silent_since_ns(state, instrument_id))
    return expected_volume_qty(state, instrument, start_ns, now_ns)
