"""Apply each control once, and open each day once.

A control says what is in force from now on, so a control that comes a second time may undo a newer
one: a resent "resume" would release the kill switch that was engaged after it. Its sender numbers
its controls upwards. A control whose number is not above its sender's last applied one was sent
again, and has no effect. Without a number a control cannot be told from a resend, and is applied.
Where the policy wants controls signed it is refused (`runtime.admission`): a signature holds for
ever.

A part of a limit is bound to that limit (see `allotments`): one of another limit has no effect.

Days have an order of their own: a day opens once, above the last one that closed, and a close names
the open day. The close carries the numbers and the day forward, so that neither begins anew with
the next day.
"""

from collections.abc import Callable, Mapping
from typing import Any

from engine.core.controls import allotments, instructions
from engine.core.events import (
    ControlIgnored,
    DayClosed,
    DayOpened,
    IgnoreReason,
    StageEvent,
)
from engine.core.state.state import State

UNKNOWN_NUMBER = -1
SENDERS_MAX = 1_000  # Remembered; beyond, the one that was silent for longest is forgotten.


# ------------------------------------------------------------------------------ decide


def refused(state: State, control: object, source: str, number: int) -> tuple[StageEvent, ...]:
    """As `ignored`, in a shard, which knows its parents as well."""
    found = ignored(state, control, source, number)
    reason = None if found else instructions.refusal(state, control)
    return found if reason is None else (receipt(state, control, reason, source, number),)


def ignored(state: State, control: object, source: str, number: int) -> tuple[StageEvent, ...]:
    """The receipt of a control that has no effect anywhere; () for one that is to be applied."""
    last_number = state.controls.numbers.get(source, UNKNOWN_NUMBER)
    if UNKNOWN_NUMBER < number <= last_number:
        reason: IgnoreReason | None = IgnoreReason.RESENT
    elif allotments.is_of_other_limit(state, control):
        reason = IgnoreReason.OTHER_LIMIT
    else:
        reason = day_reason(state, control)
    return () if reason is None else (receipt(state, control, reason, source, number),)


def receipt(
    state: State, control: object, reason: IgnoreReason, source: str, number: int
) -> ControlIgnored:
    return ControlIgnored(
        control=type(control).__name__,
        reason=reason,
        source=source,
        number=number,
        last_number=state.controls.numbers.get(source, UNKNOWN_NUMBER),
        day=getattr(control, "day", 0),
        last_day=state.controls.closed_day if state.day is None else state.day.day,
    )


def day_reason(state: State, control: object) -> IgnoreReason | None:
    """Why a day may not open or close now; None of any other control."""
    day = state.day
    if isinstance(control, DayOpened):
        if day is not None:
            return IgnoreReason.DAY_OPEN
        return IgnoreReason.DAY_CLOSED if control.day <= state.controls.closed_day else None
    if isinstance(control, DayClosed) and day is not None and control.day != day.day:
        return IgnoreReason.OTHER_DAY_OPEN
    return None


# ------------------------------------------------------------------------------ evolve


def on_control(state: State, source: str, number: int) -> None:
    """Remember the number of a control that was applied."""
    if number == UNKNOWN_NUMBER:
        return
    numbers = state.controls.numbers
    numbers[source] = max(number, numbers.pop(source, UNKNOWN_NUMBER))  # The newest goes last.
    if len(numbers) > SENDERS_MAX:
        del numbers[next(iter(numbers))]


def on_control_ignored(_: State, __: ControlIgnored) -> None:
    """The control itself is not folded."""


EVOLVE: Mapping[type, Callable[[State, Any], None]] = {ControlIgnored: on_control_ignored}
