"""The checks of an order's own terms: whether what it asks for can be asked for together.

They know the reference data and the day, not the market. A short sale names its locate, because
Regulation SHO, Rule 203(b)(1), wants one before the order goes out, and a short exempt sale is one
(Rule 200(g)). A price that no tick table judges is not judged at all, so an instrument without one
has no orders.
"""

from typing import Protocol

from engine.core.controls.input_limits import (
    DAY_MAX,
    DAY_MIN,
    ID_CHARS_MAX,
    PX_MAX,
    TIME_NS_MAX,
    is_shown,
)
from engine.core.events import (
    Immediacy,
    OrderSubmitted,
    RejectReason,
    SaleMarking,
    Side,
    TimeInForce,
)
from engine.core.market import reference
from engine.core.state.state import State

Refusal = tuple[RejectReason, str] | None

DAYS_OF_MONTH = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)  # Of a leap year.
FEBRUARY = 2


class Sized(Protocol):
    """The fields that the check of the display quantity reads."""

    @property
    def instrument_id(self) -> str: ...
    @property
    def order_qty(self) -> int: ...
    @property
    def display_qty(self) -> int: ...


class Settled(Protocol):
    """The field that the check of the settlement date reads."""

    @property
    def settl_date(self) -> int: ...


class Ticked(Protocol):
    """The field that the check of the tick table reads."""

    @property
    def instrument_id(self) -> str: ...


def bad_texts(order: OrderSubmitted) -> Refusal:
    """The refusal for a text that the state would keep, and that is too long or cannot be shown."""
    for field in ("settlement", "account", "locate_id"):
        found = getattr(order, field)
        count = len(found)
        if not is_shown(found):
            return RejectReason.ID_INVALID, f"{field} is {found!r:.80}, expected no control in it"
        if count > ID_CHARS_MAX:
            text = f"{field} has {count} characters, expected {ID_CHARS_MAX} at most"
            return RejectReason.ID_INVALID, text
    return None


def check_times(_: State, order: OrderSubmitted, __: int) -> Refusal:
    """A time that a client states is one: 0 is a clock that was not set."""
    for field, at_ns in (("start_ns", order.start_ns), ("end_ns", order.end_ns)):
        if at_ns is not None and not 0 < at_ns <= TIME_NS_MAX:
            text = f"{field} is {at_ns}, expected 1 to {TIME_NS_MAX} ns since 1970, or none"
            return RejectReason.WINDOW_INVALID, text
    return None


def check_decision_px(state: State, order: OrderSubmitted, _: int) -> Refusal:
    """The price that all costs are counted from need not be on the tick; it is at least one."""
    px = order.decision_px
    if px is None:
        return None
    least_px = reference.tick_px(state, order.instrument_id, px) or 1
    if least_px <= px <= PX_MAX:
        return None
    text = f"decision_px is {px}, expected {least_px} to {PX_MAX}{unit_of(px, least_px)}"
    return RejectReason.DECISION_PX_INVALID, text


def unit_of(px: int, tick_px: int) -> str:
    """The unit of prices, for one below a tick: it was probably sent as it is written."""
    return "; prices count 1e-9 currency units, so 1.00 is 1000000000" if 0 < px < tick_px else ""


def check_sale_marking(_: State, order: OrderSubmitted, __: int) -> Refusal:
    marking = order.sale_marking
    if marking is SaleMarking.LONG:
        return None
    if marking is SaleMarking.OTHER:
        text = "sale_marking is OTHER, expected LONG, SHORT or SHORT_EXEMPT"
        return RejectReason.SALE_MARKING_INVALID, text
    if order.side is Side.BUY:
        text = f"sale_marking is {marking} on a buy; only a sale is sold short"
        return RejectReason.SALE_MARKING_INVALID, text
    return None


def check_locate(_: State, order: OrderSubmitted, __: int) -> Refusal:
    marking = order.sale_marking
    if marking is SaleMarking.LONG or order.locate_id:
        return None
    return RejectReason.LOCATE_MISSING, f"locate_id is missing on a sale that is marked {marking}"


def check_display_qty(state: State, order: Sized, _: int) -> Refusal:
    """Part that is shown: children rest in round lots, so a smaller one could never be."""
    shown_qty = order.display_qty
    if not shown_qty:
        return None
    least_qty = min(reference.lot_qty(state, order.instrument_id), order.order_qty)
    if least_qty <= shown_qty <= order.order_qty:
        return None
    return (
        RejectReason.DISPLAY_QTY_INVALID,
        f"display_qty is {shown_qty}, expected {least_qty} to {order.order_qty}, or 0 to show all",
    )


def check_settl_date(state: State, order: Settled, _: int) -> Refusal:
    """A date of settlement is a day of the calendar, and no trade settles before it is made."""
    day = order.settl_date
    today = 0 if state.day is None else state.day.day
    if not day or (is_day(day) and day >= today):
        return None
    return (
        RejectReason.SETTL_DATE_INVALID,
        f"settl_date is {day}, expected a day as yyyymmdd from {today} on, or 0 if it is regular",
    )


def is_day(day: int) -> bool:
    """Whether a number is a day of the calendar, as yyyymmdd."""
    year, month = day // 10_000, day // 100 % 100
    if not (DAY_MIN <= day <= DAY_MAX and 1 <= month <= len(DAYS_OF_MONTH)):
        return False
    is_leap = (year % 4 == 0 and year % 100 != 0) or year % 400 == 0
    days = DAYS_OF_MONTH[month - 1] - (month == FEBRUARY and not is_leap)
    return 1 <= day % 100 <= days


def check_immediacy(_: State, order: OrderSubmitted, now_ns: int) -> Refusal:
    """An order that trades at once starts now, and has no time over which it could be a part."""
    immediacy = order.immediacy
    if immediacy is Immediacy.NONE:
        return None
    wrong = ""
    if immediacy is Immediacy.OTHER:
        wrong = "immediacy is OTHER, expected NONE, IOC or FOK"
    elif order.time_in_force is not TimeInForce.DAY:
        wrong = f"time_in_force is {order.time_in_force} and {immediacy}; leave one of them out"
    elif (order.start_ns or 0) > now_ns:
        wrong = f"start_ns is {order.start_ns}, after now; an {immediacy} order starts at once"
    elif order.max_participation_ppm is not None:
        wrong = f"max_participation_ppm is set; an {immediacy} order is no part of a volume to come"
    elif order.display_qty:
        wrong = f"display_qty is set; nothing of an {immediacy} order rests"
    return (RejectReason.TIME_IN_FORCE_INVALID, wrong) if wrong else None


def check_tick_table(state: State, order: Ticked, _: int) -> Refusal:
    instrument_id = order.instrument_id
    if instrument_id in state.reference.ticks:
        return None
    text = (
        f"{instrument_id} has no tick table, so no price of it can be checked; load a "
        "[[tick_table]] of it with `metaorder reference load`"
    )
    return RejectReason.TICK_TABLE_MISSING, text
