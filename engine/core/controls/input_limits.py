"""Whether an input makes sense: its numbers in range, its parts in agreement.

The codec checks that bytes are an event. This module checks that the event describes something
possible: a tick is above zero, a volume curve has one edge more than volumes, a day closes after it
opens. An impossible fact is not folded: later it would divide by zero in planning, or overflow the
64 bits of an event, and halt its instrument. No check knows a state or a time, so the same record
gets the same verdict in every batch.

Of a venue's report only the identifiers are checked here, of a request only when it came. A
report's quantities are for `execution`, which flags a break, and an order's fields for `pretrade`,
which refuses it with a reason. Both use the upper bounds of this module.
"""

import re
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any, NamedTuple

from engine.core.events import (
    TOPIC_OF,
    BreakSettled,
    CalendarDefined,
    CancelRejected,
    ControlScope,
    CorporateActionDefined,
    DayClosed,
    DayOpened,
    DepthObserved,
    ExecType,
    ExecutionReported,
    FeeScheduleDefined,
    InstrumentDefined,
    InstrumentHaltSet,
    KillSwitchSet,
    LimitAllotted,
    MandateSet,
    NotSent,
    OrderAmendRequested,
    OrderCancelRequested,
    OrderSubmitted,
    ParentAction,
    ParentInstructed,
    PolicySet,
    QuoteObserved,
    RestrictionSet,
    RiskLimitSet,
    SendStarted,
    SessionStatusObserved,
    SuspensionLifted,
    TickTableDefined,
    TradeObserved,
    TradingSession,
    Urgency,
    VenueDefined,
    VenueStatusObserved,
    VolumeCurveDefined,
    WriterKeySet,
)
from engine.core.units import PPM

QTY_MAX = 10**12  # A trillion increments; sums over a day stay far below 2**63.
PX_MAX = 10**15  # A million currency units; no listed share comes near.
FEE_PX_MAX = 10**12  # A thousand currency units for each increment, as a fee or a rebate.
FEE_PPM_MAX = PPM // 10  # A tenth of the value.
NOTIONAL_CUR_MAX = 10**15  # Whole currency units, above all that is listed in the world.
ERROR_PPM_MAX = 100 * PPM  # Of a bucket of a volume curve: a hundred times its volume.
VOLATILITY_PPM_MAX = 100 * PPM  # A share that moves by a hundred times its price in a day.
SPAN_NS_MAX = 366 * 86_400 * 10**9  # A year; a time and a span add up to less than 2**63.
PUBLIC_KEY_CHARS = 64
PUBLIC_KEY = re.compile(f"[0-9a-f]{{{PUBLIC_KEY_CHARS}}}")
EVENT_ID = re.compile("[0-9]{1,9}-[0-9]{1,18}")
TIME_NS_MAX = 2**62  # The year 2116.
AVERSION_E12_MAX = 10**15
DAY_MIN, DAY_MAX = 1_01_01, 9999_12_31
ID_CHARS_MAX = 200  # Of any identifier that the state keeps.
CURRENCY_CHARS_MIN, CURRENCY_CHARS_MAX = 3, 8
TEXT_CHARS_MAX = 2_000  # Of free text in a fact.
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
VENUES_MAX = 1_000
PX_TIMES_MAX = 1_000  # Beyond it the comparison of prices says nothing.
SPREADS_MAX = 1_000
SESSIONS_MAX = 100  # Of a day.
DAYS_MAX = 1_000  # Of which a volume curve is made; four years.
RATIO_MAX = 10**6  # Of each side of a split; the largest known are a few thousand.
ASKS_MAX = 10  # Each doubles the time: with a second for the first, the last has 17 minutes.

# What is expected of a field that is wrong, else ""; called with the field and the whole fact.
Check = Callable[[Any, Any], str]


def within(least: int, most: int) -> Check:
    expected = f"{least} to {most}"
    return lambda value, _: "" if least <= value <= most else expected


def maybe(check: Check) -> Check:
    return lambda value, fact: "" if value is None else check(value, fact)


def is_id(text: str) -> bool:
    """Whether a text can be an identifier that the state keeps."""
    if not 0 < len(text) <= ID_CHARS_MAX:
        return False
    return text.isprintable() if text.isascii() else is_shown(text)


def is_shown(text: str) -> bool:
    """Whether a text has no control character: not by Unicode's tables, which change."""
    return text.isprintable() if text.isascii() else CONTROL.search(text) is None


def named(value: str, _: object) -> str:
    return "" if is_id(value) else f"1 to {ID_CHARS_MAX} characters, none of them a control"


def short(value: str, _: object) -> str:
    return "" if len(value) <= TEXT_CHARS_MAX else f"{TEXT_CHARS_MAX} characters at most"


def venues(value: tuple[str, ...], _: object) -> str:
    is_plain = len(value) <= VENUES_MAX and all(map(is_id, value))
    return "" if is_plain else f"{VENUES_MAX} codes at most of 1 to {ID_CHARS_MAX} characters"


def currency(value: str, _: object) -> str:
    """An ISO 4217 code; coins that are no state's money, such as USDT, have longer ones."""
    is_plain = value.isascii() and value.isalnum() and value == value.upper()
    is_code = is_plain and CURRENCY_CHARS_MIN <= len(value) <= CURRENCY_CHARS_MAX
    return "" if is_code else f"a code of 3 to {CURRENCY_CHARS_MAX} capital letters or digits"


def after_open(value: int, fact: DayOpened | CalendarDefined) -> str:
    is_after = fact.open_ns < value <= fact.open_ns + SPAN_NS_MAX
    return "" if is_after else f"a time after open_ns {fact.open_ns}, within a year"


def input_topics(value: tuple[str, ...], _: object) -> str:
    is_known = all(topic in SIGNABLE for topic in value) and len(set(value)) == len(value)
    return "" if is_known else f"some of {', '.join(SIGNABLE)}, each once"


def public_key(value: str, _: object) -> str:
    expected = f"{PUBLIC_KEY_CHARS} lower-case hexadecimal digits of an Ed25519 public key"
    return "" if PUBLIC_KEY.fullmatch(value) else expected


def day_or_none(value: int, _: object) -> str:
    return "" if value == 0 or DAY_MIN <= value <= DAY_MAX else "a day as yyyymmdd, or 0"


def sessions(value: tuple[TradingSession, ...], fact: CalendarDefined) -> str:
    """Sessions lie behind each other, the first from the open on and the last up to the close."""
    if not value:
        return ""
    is_whole = (value[0].open_ns, value[-1].close_ns) == (fact.open_ns, fact.close_ns)
    is_ordered = all(a.close_ns < b.open_ns for a, b in pairwise(value))
    are_spans = all(session.open_ns < session.close_ns for session in value)
    if len(value) <= SESSIONS_MAX and is_whole and is_ordered and are_spans:
        return ""
    return (
        f"{SESSIONS_MAX} sessions at most in order of time with a break between them, the first "
        f"from open_ns {fact.open_ns}, the last to close_ns {fact.close_ns}"
    )


def one_of(*scopes: ControlScope) -> Check:
    expected = f"one of {', '.join(scopes)}"
    return lambda value, _: "" if value in scopes else expected


def of_all_shards(value: int | None, fact: RiskLimitSet) -> str:
    """An instrument lives in one shard, so no limit of one is divided."""
    if value is None:
        return ""
    if fact.scope is ControlScope.INSTRUMENT:
        return "nothing for scope INSTRUMENT"
    return NOTIONAL(value, fact)


def of_firm(value: str, fact: RiskLimitSet | LimitAllotted) -> str:
    """A limit of the firm names its currency: amounts in several currencies have no sum."""
    if fact.scope is ControlScope.FIRM:
        return currency(value, fact)
    return f"nothing for scope {fact.scope}" if value else ""


def of_scope(value: str, fact: Any) -> str:  # noqa: ANN401  Any control with a scope.
    """The firm and the controls are one each and have no id; any other scope needs one."""
    scope = fact.scope
    if scope in (ControlScope.FIRM, ControlScope.CONTROLS):
        return f"nothing for scope {scope}" if value else ""
    is_every = not value and isinstance(fact, SuspensionLifted)
    if is_every and scope in (ControlScope.SOURCE, ControlScope.VENUE):
        return ""  # A suspension without a sender holds for every sender.
    return named(value, fact)


def event_id(value: str, _: object) -> str:
    return "" if EVENT_ID.fullmatch(value) else "an id as the engine gives it, such as 3-17"


def parent_action(value: ParentAction, _: object) -> str:
    """A set that grows: a later release may know more of them."""
    known = [action for action in ParentAction if action is not ParentAction.OTHER]
    return "" if value in known else f"one of {', '.join(known)}"


def of_urgency(value: Urgency | None, fact: ParentInstructed) -> str:
    if fact.action is ParentAction.URGENCY:
        return f"one of {', '.join(Urgency)}" if value is None else ""
    return "" if value is None else f"nothing for action {fact.action}"


def of_venue(value: str, fact: ParentInstructed) -> str:
    if fact.action in (ParentAction.EXCLUDE_VENUE, ParentAction.INCLUDE_VENUE):
        return named(value, fact)
    return f"nothing for action {fact.action}" if value else ""


def best_first(sign: int) -> Check:
    """Levels in range, the best price first; the sign is 1 for bids, -1 for asks."""

    def check(levels: tuple[Any, ...], _: object) -> str:
        last_px = PX_MAX
        for level in levels:
            if not (0 <= level.px <= PX_MAX and 0 <= level.level_qty <= QTY_MAX):
                return f"px 0 to {PX_MAX} and level_qty 0 to {QTY_MAX} in each level"
            if level.px * sign > last_px:
                return "the best level first"
            last_px = level.px * sign
        return ""

    return check


def tick_bands(bands: tuple[Any, ...], _: object) -> str:
    expected = f"bands of rising from_px from 0 on, each with a tick_px of 1 to {PX_MAX}"
    last_px = -1
    for band in bands:
        if not (last_px < band.from_px <= PX_MAX and 1 <= band.tick_px <= PX_MAX):
            return expected
        last_px = band.from_px
    return "" if bands else expected


def edges(value: tuple[int, ...], fact: VolumeCurveDefined) -> str:
    if len(value) != len(fact.volumes_qty) + 1:
        return f"{len(fact.volumes_qty) + 1} edges, one more than volumes_qty"
    is_rising = all(a < b for a, b in pairwise(value))
    is_rising &= value[0] >= 0 and value[-1] <= SPAN_NS_MAX
    return "" if is_rising else "edges that rise strictly, from 0 on, within a year"


def volumes(value: tuple[int, ...], _: object) -> str:
    is_curve = any(value) and all(0 <= qty <= QTY_MAX for qty in value)
    return "" if is_curve else f"volumes of 0 to {QTY_MAX}, one of them more than 0"


def errors(value: tuple[int, ...], fact: VolumeCurveDefined) -> str:
    is_each = len(value) in (0, len(fact.volumes_qty))
    if is_each and all(0 <= error <= ERROR_PPM_MAX for error in value):
        return ""
    return f"none, or one for each of volumes_qty, of 0 to {ERROR_PPM_MAX}"


def observed_days(value: tuple[int, ...], fact: VolumeCurveDefined) -> str:
    """A curve in force on a day that it was made from would know that day's volume beforehand."""
    is_past = all(DAY_MIN <= day < fact.effective_day for day in value)
    is_past &= len(value) <= DAYS_MAX and all(a < b for a, b in pairwise(value))
    return "" if is_past else f"{DAYS_MAX} days at most, in order, before effective_day"


def exec_id(value: str, report: ExecutionReported) -> str:
    """An execution without its own id would count as a resend of another one."""
    if not value and report.exec_type not in BOOKED:
        return ""
    return named(value, report)


def error_px(value: int, control: BreakSettled) -> str:
    """A position of the error account has a price."""
    least = 1 if control.error_qty else 0
    return within(least, PX_MAX)(value, control)


def error_instrument(value: str, control: BreakSettled) -> str:
    return named(value, control) if control.error_qty else short(value, control)


BOOKED = (ExecType.TRADE, ExecType.TRADE_CANCEL, ExecType.TRADE_CORRECT)

PX, QTY = within(0, PX_MAX), within(0, QTY_MAX)
COUNT = within(1, 2**31 - 1)
PART, SPAN, TIME = within(0, PPM), within(0, SPAN_NS_MAX), within(1, TIME_NS_MAX)
DAY, FEE = within(DAY_MIN, DAY_MAX), within(-FEE_PX_MAX, FEE_PX_MAX)
FEE_PART = within(-FEE_PPM_MAX, FEE_PPM_MAX)
NOTIONAL = within(0, NOTIONAL_CUR_MAX)
SET_BY = (("set_by", short),)
DATED = (("effective_day", within(0, DAY_MAX)),)  # 0 is a record that was always in force.
OF_REQUEST = (("received_ns", TIME),)
OF_CHILD = (("venue", named), ("child_id", named))

# The checks of each kind of input, by field.
RULES: Mapping[type, tuple[tuple[str, Check], ...]] = {
    QuoteObserved: (
        ("venue", named),
        ("bid_px", PX),
        ("bid_qty", QTY),
        ("ask_px", PX),
        ("ask_qty", QTY),
        ("received_ns", TIME),
    ),
    TradeObserved: (("venue", named), ("last_px", PX), ("last_qty", QTY)),
    DepthObserved: (
        ("venue", named),
        ("bids", best_first(1)),
        ("asks", best_first(-1)),
        ("received_ns", TIME),
    ),
    VenueStatusObserved: (("venue", named), ("received_ns", TIME)),
    SessionStatusObserved: (("venue", named), ("received_ns", TIME)),
    OrderSubmitted: OF_REQUEST,
    OrderAmendRequested: OF_REQUEST,
    OrderCancelRequested: OF_REQUEST,
    SendStarted: OF_CHILD,
    NotSent: OF_CHILD,
    CancelRejected: OF_CHILD,
    ExecutionReported: (*OF_CHILD, ("exec_id", exec_id)),
    KillSwitchSet: (
        (
            "scope",
            one_of(
                ControlScope.FIRM, ControlScope.CLIENT, ControlScope.INSTRUMENT, ControlScope.VENUE
            ),
        ),
        ("scope_id", of_scope),
        ("text", short),
        *SET_BY,
    ),
    RiskLimitSet: (
        ("scope", one_of(ControlScope.FIRM, ControlScope.CLIENT, ControlScope.INSTRUMENT)),
        ("scope_id", of_scope),
        ("max_order_qty", maybe(within(0, 2**63 - 1))),
        ("max_order_notional_cur", maybe(within(0, 2**63 - 1))),
        ("collar_ppm", maybe(within(0, 2**63 - 1))),
        ("max_day_notional_cur", of_all_shards),
        ("currency", of_firm),
        ("max_position_qty", maybe(within(0, 2**63 - 1))),
        *SET_BY,
    ),
    LimitAllotted: (
        ("scope", one_of(ControlScope.FIRM, ControlScope.CLIENT)),
        ("scope_id", of_scope),
        ("shard", within(0, 2**31)),
        ("allotted_notional_cur", NOTIONAL),
        ("limit_notional_cur", maybe(NOTIONAL)),
        ("currency", of_firm),
    ),
    MandateSet: (
        ("client_id", named),
        ("excluded_venues", venues),
        ("max_participation_ppm", PART),
        *SET_BY,
    ),
    PolicySet: (
        ("policy_id", named),
        ("window_ns", SPAN),
        ("window_members", within(1, 2**31)),
        ("window_notional_cur", NOTIONAL),
        ("join_until_ppm", PART),
        ("linger_ns", SPAN),
        ("patience_ns", SPAN),
        ("cross_quote_age_ns", SPAN),
        ("interval_ns", within(1, SPAN_NS_MAX)),
        ("tracking_band_ppm", PART),
        ("min_slice_qty", QTY),
        ("max_slice_ppm", within(1, PPM)),
        ("participation_ppm", PART),
        ("horizon_high_ns", within(1, SPAN_NS_MAX)),
        ("horizon_normal_ns", within(1, SPAN_NS_MAX)),
        ("risk_aversion_e12", within(0, AVERSION_E12_MAX)),
        ("send_within_ns", SPAN),
        ("px_band_ppm", within(0, PPM)),
        ("quote_band_ppm", within(0, PPM)),
        ("quote_band_spreads", within(0, SPREADS_MAX)),
        ("quote_band_growth_ppm", within(0, PPM)),
        ("quote_alone_ns", SPAN),
        ("tape_silent_ns", within(1, SPAN_NS_MAX)),
        ("rate_window_ns", within(1, SPAN_NS_MAX)),
        ("parent_routes_max", COUNT),
        ("venue_routes_max", COUNT),
        ("client_orders_max", COUNT),
        ("client_changes_max", COUNT),
        ("fruitless_max", COUNT),
        ("progress_ppm", PART),
        ("ack_within_ns", within(1, SPAN_NS_MAX)),
        ("asks_max", within(1, ASKS_MAX)),
        ("impossible_px_times", within(2, PX_TIMES_MAX)),
        ("signed_topics", input_topics),
        *SET_BY,
    ),
    RestrictionSet: (("instrument_id", named), *SET_BY),
    WriterKeySet: (
        ("writer", named),
        ("topics", input_topics),
        ("public_key", public_key),
        ("from_day", day_or_none),
        *SET_BY,
    ),
    InstrumentHaltSet: (("instrument_id", named), ("text", short), *SET_BY),
    SuspensionLifted: (
        (
            "scope",
            one_of(
                ControlScope.INSTRUMENT,
                ControlScope.VENUE,
                ControlScope.SOURCE,
                ControlScope.CONTROLS,
            ),
        ),
        ("scope_id", of_scope),
        *SET_BY,
    ),
    BreakSettled: (
        ("break_id", named),
        ("text", short),
        ("error_qty", within(-QTY_MAX, QTY_MAX)),
        ("error_px", error_px),
        ("instrument_id", error_instrument),
        *SET_BY,
    ),
    ParentInstructed: (
        ("parent_id", event_id),
        ("action", parent_action),
        ("urgency", of_urgency),
        ("venue", of_venue),
        ("text", short),
        *SET_BY,
    ),
    DayOpened: (("day", DAY), ("open_ns", TIME), ("close_ns", after_open)),
    DayClosed: (("day", DAY),),
    InstrumentDefined: (
        ("instrument_id", named),
        ("symbol", short),
        ("currency", currency),
        ("lot_qty", within(1, QTY_MAX)),
        ("adv_qty", QTY),
        ("daily_volatility_ppm", within(0, VOLATILITY_PPM_MAX)),
        ("previous_close_px", PX),
        ("calendar_id", short),
        *DATED,
    ),
    TickTableDefined: (("instrument_id", named), ("bands", tick_bands), *DATED),
    VenueDefined: (("venue", named), ("name", short), ("min_qty", QTY), *DATED),
    FeeScheduleDefined: (
        ("venue", named),
        ("taker_fee_px", FEE),
        ("maker_fee_px", FEE),
        ("midpoint_fee_px", FEE),
        ("taker_fee_ppm", FEE_PART),
        ("maker_fee_ppm", FEE_PART),
        ("midpoint_fee_ppm", FEE_PART),
        *DATED,
    ),
    CalendarDefined: (
        ("calendar_id", named),
        ("time_zone", named),
        ("day", DAY),
        ("open_ns", TIME),
        ("close_ns", after_open),
        ("sessions", sessions),
        *DATED,
    ),
    CorporateActionDefined: (
        ("action_id", named),
        ("instrument_id", named),
        ("new_qty", within(1, RATIO_MAX)),
        ("old_qty", within(1, RATIO_MAX)),
        ("text", short),
        *DATED,
    ),
    VolumeCurveDefined: (
        ("instrument_id", named),
        ("edges_ns", edges),
        ("volumes_qty", volumes),
        ("observed_days", observed_days),
        ("errors_ppm", errors),
        *DATED,
    ),
}

SIGNABLE = tuple(dict.fromkeys(TOPIC_OF[kind] for kind in RULES))  # The input topics.

# A control of these kinds may stop trading, so no order may trade against a lost one. The other
# kinds steer, and their last valid record stays in force.
FORBIDDING = (
    KillSwitchSet,
    RiskLimitSet,
    LimitAllotted,
    MandateSet,
    RestrictionSet,
    InstrumentHaltSet,
)


def is_plain_trade(last_qty: int, last_px: int) -> bool:
    """Whether the quantity and price of a reported execution are positive and in range."""
    return 0 < last_qty <= QTY_MAX and 0 < last_px <= PX_MAX


def is_plain_quote(quote: QuoteObserved) -> bool:
    """All checks of a quote in one expression: quotes are most inputs, and nearly all pass."""
    return (
        0 <= quote.bid_px <= PX_MAX
        and 0 <= quote.ask_px <= PX_MAX
        and 0 <= quote.bid_qty <= QTY_MAX
        and 0 <= quote.ask_qty <= QTY_MAX
        and 0 < quote.received_ns <= TIME_NS_MAX
        and is_id(quote.venue)
    )


class Flaw(NamedTuple):
    """The first field of a fact that is out of range."""

    field: str
    found: object
    expected: str


def first_flaw(fact: Any) -> Flaw | None:  # noqa: ANN401  Any input.
    """The flaw that makes the fact impossible; None if it makes sense."""
    for name, check in RULES.get(type(fact), ()):
        value = getattr(fact, name)
        expected = check(value, fact)
        if expected:
            return Flaw(name, value, expected)
    return None


def flaw(fact: Any) -> str:  # noqa: ANN401  Any input.
    """The first field that is out of range, with its value and the expected one; "" if none is."""
    kind = type(fact)
    if kind is QuoteObserved and is_plain_quote(fact):
        return ""
    found = first_flaw(fact)
    if found is None:
        return ""
    return f"{found.field} of {kind.__name__} is {found.found!r:.80}, expected {found.expected}"
