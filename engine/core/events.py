"""GENERATED from schemas/*.avsc by `python -m schemas --write`; edit the schemas.

The vocabulary of the engine: requests say what someone wants, observations what was
seen, events what happened. Stage events carry `seq`, `at_ns` and `cause`, which the
shard stamps; until then they are unstamped.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

UNSTAMPED: Final = -1  # The seq of an event that the shard has not stamped yet.


class Side(StrEnum):
    """Direction of the client's interest."""

    BUY = "BUY"
    SELL = "SELL"


class OrderType(StrEnum):
    """How an order or child is priced."""

    MARKET = "MARKET"
    LIMIT = "LIMIT"


class TimeInForce(StrEnum):
    """How long a client's order lives."""

    DAY = "DAY"
    GTC = "GTC"


class Urgency(StrEnum):
    """How much market risk the client accepts for less impact."""

    LOW = "LOW"
    NORMAL = "NORMAL"
    HIGH = "HIGH"


class Benchmark(StrEnum):
    """What the client measures the execution against."""

    ARRIVAL = "ARRIVAL"
    VWAP = "VWAP"
    TWAP = "TWAP"
    POV = "POV"


class Capacity(StrEnum):
    """Capacity in which the firm acts."""

    AGENCY = "AGENCY"
    PRINCIPAL = "PRINCIPAL"
    RISKLESS_PRINCIPAL = "RISKLESS_PRINCIPAL"


class VenueStatus(StrEnum):
    """Trading state of a venue."""

    OPEN = "OPEN"
    HALTED = "HALTED"
    CLOSED = "CLOSED"


class ExecType(StrEnum):
    """What a venue's report says; FIX tag 150 in words.

    UNKNOWN: the gateway cannot tell the child's fate.
    """

    NEW = "NEW"
    TRADE = "TRADE"
    CANCELED = "CANCELED"
    EXPIRED = "EXPIRED"
    REJECTED = "REJECTED"
    DONE_FOR_DAY = "DONE_FOR_DAY"
    TRADE_CANCEL = "TRADE_CANCEL"
    TRADE_CORRECT = "TRADE_CORRECT"
    UNKNOWN = "UNKNOWN"
    OTHER = "OTHER"


class Liquidity(StrEnum):
    """Whether a fill added or removed displayed liquidity, or met at the midpoint."""

    ADDED = "ADDED"
    REMOVED = "REMOVED"
    MIDPOINT = "MIDPOINT"
    UNDISCLOSED = "UNDISCLOSED"


class ControlScope(StrEnum):
    """What a control applies to."""

    FIRM = "FIRM"
    CLIENT = "CLIENT"
    INSTRUMENT = "INSTRUMENT"
    VENUE = "VENUE"
    SOURCE = "SOURCE"
    CONTROLS = "CONTROLS"


class Strategy(StrEnum):
    """Execution strategy; AUTO lets the policy choose."""

    AUTO = "AUTO"
    VWAP = "VWAP"
    TWAP = "TWAP"
    POV = "POV"
    IS = "IS"
    OTHER = "OTHER"


class Router(StrEnum):
    """How a slice is spread over venues; AUTO lets the policy choose."""

    AUTO = "AUTO"
    SEQUENTIAL = "SEQUENTIAL"
    PARALLEL = "PARALLEL"
    LIQUIDITY_SEEKING = "LIQUIDITY_SEEKING"
    OTHER = "OTHER"


class AllocationRule(StrEnum):
    """How fills are shared; QUOTA is the quota method of the apportionment module."""

    QUOTA = "QUOTA"
    OTHER = "OTHER"


class VenueKind(StrEnum):
    """Displayed exchange, alternative trading system with a book, or dark pool."""

    LIT = "LIT"
    ATS = "ATS"
    DARK = "DARK"


class RejectReason(StrEnum):
    """Why a request was refused; the first that applies, in this order."""

    ID_INVALID = "ID_INVALID"
    DUPLICATE_ORDER = "DUPLICATE_ORDER"
    KILL_SWITCH = "KILL_SWITCH"
    SESSION_CLOSED = "SESSION_CLOSED"
    NO_POLICY = "NO_POLICY"
    UNKNOWN_INSTRUMENT = "UNKNOWN_INSTRUMENT"
    UNKNOWN_CLIENT = "UNKNOWN_CLIENT"
    SOURCE_SUSPENDED = "SOURCE_SUSPENDED"
    RESTRICTED = "RESTRICTED"
    INSTRUMENT_HALTED = "INSTRUMENT_HALTED"
    QTY_MUST_BE_POSITIVE = "QTY_MUST_BE_POSITIVE"
    QTY_OUT_OF_RANGE = "QTY_OUT_OF_RANGE"
    QTY_ABOVE_LIMIT = "QTY_ABOVE_LIMIT"
    LIMIT_PX_MISSING = "LIMIT_PX_MISSING"
    LIMIT_PX_NOT_ALLOWED = "LIMIT_PX_NOT_ALLOWED"
    LIMIT_PX_MUST_BE_POSITIVE = "LIMIT_PX_MUST_BE_POSITIVE"
    LIMIT_PX_OUT_OF_RANGE = "LIMIT_PX_OUT_OF_RANGE"
    LIMIT_PX_OFF_TICK = "LIMIT_PX_OFF_TICK"
    LIMIT_PX_OUTSIDE_COLLAR = "LIMIT_PX_OUTSIDE_COLLAR"
    NO_REFERENCE_PX = "NO_REFERENCE_PX"
    NOTIONAL_ABOVE_LIMIT = "NOTIONAL_ABOVE_LIMIT"
    ALLOTMENT_EXHAUSTED = "ALLOTMENT_EXHAUSTED"
    CURRENCY_MISMATCH = "CURRENCY_MISMATCH"
    WINDOW_INVALID = "WINDOW_INVALID"
    PARTICIPATION_INVALID = "PARTICIPATION_INVALID"
    UNKNOWN_VENUE = "UNKNOWN_VENUE"
    UNKNOWN_ORDER = "UNKNOWN_ORDER"
    ORDER_ENDED = "ORDER_ENDED"
    CHANGE_PENDING = "CHANGE_PENDING"
    NOTHING_TO_CHANGE = "NOTHING_TO_CHANGE"
    OTHER = "OTHER"


class Change(StrEnum):
    """What a client asked to change."""

    CANCEL = "CANCEL"
    AMEND = "AMEND"


class WithdrawReason(StrEnum):
    """Why an order's open quantity was withdrawn."""

    CLIENT = "CLIENT"
    HALT = "HALT"
    WINDOW_ENDED = "WINDOW_ENDED"
    DAY_CLOSED = "DAY_CLOSED"
    REFUSED = "REFUSED"
    OTHER = "OTHER"


class InputReason(StrEnum):
    """Why an input could not be taken."""

    UNREADABLE = "UNREADABLE"
    UNKNOWN_SCHEMA = "UNKNOWN_SCHEMA"
    TOO_LARGE = "TOO_LARGE"
    WRONG_PARTITION = "WRONG_PARTITION"
    WRONG_KEY = "WRONG_KEY"
    INVALID = "INVALID"
    FAULT = "FAULT"
    OTHER = "OTHER"


class HaltReason(StrEnum):
    """Why an instrument is halted."""

    FAULT = "FAULT"
    OPERATOR = "OPERATOR"
    OTHER = "OTHER"


class LeaveReason(StrEnum):
    """Why a member left its parent."""

    CANCELLED = "CANCELLED"
    AMENDED = "AMENDED"
    EXPIRED = "EXPIRED"
    OTHER = "OTHER"


class ReleaseReason(StrEnum):
    """What closed the aggregation window."""

    TIME = "TIME"
    SIZE = "SIZE"
    MEMBERS = "MEMBERS"
    OTHER = "OTHER"


class EndReason(StrEnum):
    """Why a parent ended."""

    COMPLETED = "COMPLETED"
    EMPTIED = "EMPTIED"
    WINDOW_ENDED = "WINDOW_ENDED"
    DAY_CLOSED = "DAY_CLOSED"
    OTHER = "OTHER"


class PlanReason(StrEnum):
    """Why a plan was adopted or revised."""

    RELEASED = "RELEASED"
    MEMBERS_CHANGED = "MEMBERS_CHANGED"
    BEHIND = "BEHIND"
    COMPLETION_AT_RISK = "COMPLETION_AT_RISK"
    OTHER = "OTHER"


class RecalibrationReason(StrEnum):
    """What moved the schedule."""

    FILL = "FILL"
    CROSS = "CROSS"
    BUST = "BUST"
    OTHER = "OTHER"


class Style(StrEnum):
    """How a slice seeks its fills: posts, takes, or takes all that is left."""

    PASSIVE = "PASSIVE"
    AGGRESSIVE = "AGGRESSIVE"
    CLEANUP = "CLEANUP"
    OTHER = "OTHER"


class ChildType(StrEnum):
    """How a child is priced at its venue."""

    LIMIT = "LIMIT"
    MIDPOINT_PEG = "MIDPOINT_PEG"


class ChildTimeInForce(StrEnum):
    """How long a child lives at its venue."""

    DAY = "DAY"
    IOC = "IOC"


class RouteReason(StrEnum):
    """Why a venue was not chosen."""

    EXCLUDED_BY_CLIENT = "EXCLUDED_BY_CLIENT"
    DARK_FORBIDDEN = "DARK_FORBIDDEN"
    DISCONNECTED = "DISCONNECTED"
    HALTED = "HALTED"
    SUSPENDED = "SUSPENDED"
    NO_QUOTE = "NO_QUOTE"
    STALE_QUOTE = "STALE_QUOTE"
    NOT_AT_BEST = "NOT_AT_BEST"
    BELOW_MINIMUM = "BELOW_MINIMUM"
    ODD_LOT = "ODD_LOT"
    NO_MIDPOINT = "NO_MIDPOINT"
    SELF_TRADE = "SELF_TRADE"
    LOWER_SCORE = "LOWER_SCORE"
    KILL_SWITCH = "KILL_SWITCH"
    OTHER = "OTHER"


class CancelReason(StrEnum):
    """Why a child's cancel was asked for."""

    BEHIND_SCHEDULE = "BEHIND_SCHEDULE"
    AWAY_FROM_TOUCH = "AWAY_FROM_TOUCH"
    OVER_TARGET = "OVER_TARGET"
    LIMIT_CHANGED = "LIMIT_CHANGED"
    MEMBER_CHANGE = "MEMBER_CHANGE"
    WINDOW_ENDED = "WINDOW_ENDED"
    HALT = "HALT"
    KILL_SWITCH = "KILL_SWITCH"
    PARENT_ENDED = "PARENT_ENDED"
    OTHER = "OTHER"


class CloseReason(StrEnum):
    """How a child ended unfilled."""

    CANCELED = "CANCELED"
    EXPIRED = "EXPIRED"
    REJECTED = "REJECTED"
    NOT_SENT = "NOT_SENT"
    DONE_FOR_DAY = "DONE_FOR_DAY"
    DAY_CLOSED = "DAY_CLOSED"
    OTHER = "OTHER"


class BreakReason(StrEnum):
    """What does not agree between us and a venue."""

    VENUE_OVERFILL = "VENUE_OVERFILL"
    UNKNOWN_CHILD = "UNKNOWN_CHILD"
    UNKNOWN_EXECUTION = "UNKNOWN_EXECUTION"
    PX_THROUGH_LIMIT = "PX_THROUGH_LIMIT"
    CORRECTION_REFUSED = "CORRECTION_REFUSED"
    BUST_AFTER_END = "BUST_AFTER_END"
    INVALID_REPORT = "INVALID_REPORT"
    OTHER = "OTHER"


class SealKind(StrEnum):
    """CLOSE ends a trading day: recovery never reads beyond it."""

    NORMAL = "NORMAL"
    CLOSE = "CLOSE"
    OTHER = "OTHER"


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One price level of a book."""

    px: int  # Price, 1e-9 currency units.
    level_qty: int  # Displayed quantity, smallest increments.


@dataclass(frozen=True, slots=True, kw_only=True)
class TickBand:
    """A tick size from a price on."""

    from_px: int  # First price of the band, 1e-9 currency units.
    tick_px: int  # Tick in this band, 1e-9 currency units.


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A venue that lost, and its score."""

    venue: str  # Venue code.
    score_millibps: int  # Expected cost plus the price of waiting, 1e-3 bps; lower is better.


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteReasonCount:
    """How many venues fell out for one reason."""

    reason: RouteReason  # Why.
    venue_count: int  # Number of venues, count.


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """One member's part of a fill or a cross."""

    order_id: str  # The member's order.
    share_qty: int  # Its part, smallest increments.


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberResult:
    """What one member of a parent got, once the parent ended."""

    order_id: str  # The member's order.
    member_qty: int  # All it ever brought to this parent, smallest increments.
    crossed_qty: int  # Got from internal crosses, smallest increments.
    allocated_qty: int  # Got from venue fills, smallest increments.
    # Left unfilled with the member when it left or the parent ended, smallest increments.
    left_qty: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InputRange:
    """What a batch consumed of one input."""

    topic: str  # Input topic.
    first_position: int  # Dense position of the first record, count from 0.
    next_position: int  # One beyond the last, count.
    digest: bytes  # SHA-256 over the framed records.


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputDigest:
    """What a batch wrote to one topic."""

    topic: str  # Stage topic, or dlq.
    record_count: int  # Number of records, count.
    digest: bytes  # SHA-256 over the framed records.


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeOffset:
    """Where the log keeps the next input record; belongs to the log, outside the chain."""

    topic: str  # Input topic.
    next_offset: int  # The log's own offset of the next record to read, count.


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSubmitted:
    """A client's order as its source published it."""

    source: str  # Writer of the request: an OMS, FIX session, portfolio manager or strategy.
    cl_ord_id: str  # The source's id of the order; unique per source and day.
    client_id: str  # Code of the client; names stay in reference data.
    instrument_id: str  # Instrument; also the record's key.
    side: Side  # Direction.
    order_qty: int  # Quantity, smallest increments; must be positive.
    order_type: OrderType  # MARKET or LIMIT.
    limit_px: int | None  # Worst acceptable price, 1e-9 currency units; null for MARKET.
    time_in_force: TimeInForce  # DAY ends with the day, GTC is carried.
    urgency: Urgency  # Urgency class.
    benchmark: Benchmark  # What the execution is measured against.
    start_ns: int | None  # Earliest start, ns since 1970 UTC; null is now.
    end_ns: int | None  # Latest end, ns since 1970 UTC; null is the end of the session.
    # Cap on our part of all volume, parts per million; null is the mandate's.
    max_participation_ppm: int | None
    no_dark: bool  # True forbids dark venues.
    excluded_venues: tuple[str, ...]  # Venue codes never to be used.
    # Whether this order may meet another client's inside; null is the mandate's.
    crossing_consent: bool | None
    must_complete: bool  # True puts completion above cost.
    capacity: Capacity  # Capacity in which the firm acts.
    settlement: str  # Settlement terms, such as REGULAR.
    currency: str | None  # ISO 4217 code; null is the instrument's.
    decision_px: int | None  # Price when the manager decided, 1e-9 currency units.
    received_ns: int  # When our edge received it, ns since 1970 UTC.


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderAmendRequested:
    """A client asks to change an order; null leaves a field as it is."""

    source: str  # Writer of the request.
    cl_ord_id: str  # Id of this request.
    orig_cl_ord_id: str  # Id of the order to change.
    instrument_id: str  # Instrument; also the record's key.
    order_qty: int | None  # New total quantity, smallest increments.
    limit_px: int | None  # New limit, 1e-9 currency units.
    received_ns: int  # When our edge received it, ns since 1970 UTC.


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCancelRequested:
    """A client asks to withdraw what is open of an order."""

    source: str  # Writer of the request.
    cl_ord_id: str  # Id of this request.
    orig_cl_ord_id: str  # Id of the order to cancel.
    instrument_id: str  # Instrument; also the record's key.
    received_ns: int  # When our edge received it, ns since 1970 UTC.


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteObserved:
    """A venue's best bid and ask; a side without a quote is 0."""

    venue: str  # Venue code.
    instrument_id: str  # Instrument; also the record's key.
    bid_px: int  # Best bid, 1e-9 currency units; 0 is none.
    bid_qty: int  # Displayed at the bid, smallest increments.
    ask_px: int  # Best ask, 1e-9 currency units; 0 is none.
    ask_qty: int  # Displayed at the ask, smallest increments.
    event_ns: int  # The venue's time, ns since 1970 UTC.
    received_ns: int  # When our gateway received it, ns since 1970 UTC; ages count from here.


@dataclass(frozen=True, slots=True, kw_only=True)
class DepthObserved:
    """A venue's book, best level first; it replaces the one before."""

    venue: str  # Venue code.
    instrument_id: str  # Instrument; also the record's key.
    bids: tuple[Level, ...]  # Bid levels, best first.
    asks: tuple[Level, ...]  # Ask levels, best first.
    event_ns: int  # The venue's time, ns since 1970 UTC.
    received_ns: int  # When our gateway received it, ns since 1970 UTC.


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeObserved:
    """A print on the tape."""

    venue: str  # Venue code; D is off-exchange.
    instrument_id: str  # Instrument; also the record's key.
    last_px: int  # Price, 1e-9 currency units.
    last_qty: int  # Quantity, smallest increments.
    eligible: bool  # True if the print counts for volume and VWAP.
    conditions: str  # The tape's sale conditions as they came.
    event_ns: int  # The tape's time, ns since 1970 UTC.
    received_ns: int  # When our gateway received it, ns since 1970 UTC.


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueStatusObserved:
    """A venue opened, halted or closed; written once to every partition."""

    venue: str  # Venue code.
    status: VenueStatus  # Its state from now on.
    received_ns: int  # When our gateway received it, ns since 1970 UTC.


@dataclass(frozen=True, slots=True, kw_only=True)
class SendStarted:
    """A gateway is about to send a child; acknowledged by the log before the bytes go out."""

    venue: str  # Venue code.
    instrument_id: str  # Instrument; also the record's key.
    child_id: str  # The child.
    started_ns: int  # When, ns since 1970 UTC.


@dataclass(frozen=True, slots=True, kw_only=True)
class NotSent:
    """A gateway will never send this child."""

    venue: str  # Venue code.
    instrument_id: str  # Instrument; also the record's key.
    child_id: str  # The child.
    text: str  # Why.
    received_ns: int  # When, ns since 1970 UTC.


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionReported:
    """A venue's report on a child."""

    venue: str  # Venue code.
    instrument_id: str  # Instrument; also the record's key.
    child_id: str  # The child, as we named it.
    exec_id: str  # The venue's id of this report; unique per venue and session day with its type.
    exec_type: ExecType  # What happened.
    exec_ref_id: str | None  # The report that a bust or correction refers to.
    last_qty: int  # Quantity of this fill or the corrected quantity, smallest increments; else 0.
    last_px: int  # Price of this fill or the corrected price, 1e-9 currency units; else 0.
    cum_qty: int  # Filled so far as the venue counts, smallest increments.
    leaves_qty: int  # Still working as the venue counts, smallest increments.
    liquidity: Liquidity  # Added, removed or midpoint.
    text: str  # The venue's words.
    session_day: int  # Session day, yyyymmdd count.
    transact_ns: int  # The venue's time, ns since 1970 UTC.
    received_ns: int  # When our gateway received it, ns since 1970 UTC.


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelRejected:
    """A venue refused to cancel a child."""

    venue: str  # Venue code.
    instrument_id: str  # Instrument; also the record's key.
    child_id: str  # The child.
    text: str  # The venue's words.
    received_ns: int  # When our gateway received it, ns since 1970 UTC.


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionStatusObserved:
    """A venue session came up or went down; written once to every partition."""

    venue: str  # Venue code.
    up: bool  # True from when all open children of the session are confirmed.
    session_day: int  # Session day, yyyymmdd count.
    received_ns: int  # When our gateway saw it, ns since 1970 UTC.


@dataclass(frozen=True, slots=True, kw_only=True)
class KillSwitchSet:
    """Nothing more goes out in this scope, or trading resumes."""

    scope: ControlScope  # FIRM, CLIENT, INSTRUMENT or VENUE.
    scope_id: str  # Which; empty for FIRM.
    engaged: bool  # True stops.
    set_by: str  # Who.
    text: str  # Why.
    set_ns: int  # When, ns since 1970 UTC.


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskLimitSet:
    """Pre-trade limits of a scope; null is no limit."""

    scope: ControlScope  # FIRM, CLIENT or INSTRUMENT.
    scope_id: str  # Which; empty for FIRM.
    max_order_qty: int | None  # Largest order, smallest increments.
    max_order_notional_cur: int | None  # Largest order value, whole currency units.
    collar_ppm: int | None  # Furthest limit through the far touch, parts per million of it.
    set_by: str  # Who.
    set_ns: int  # When, ns since 1970 UTC.


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitAllotted:
    """A shard's part of a limit that spans shards."""

    scope: ControlScope  # FIRM or CLIENT.
    scope_id: str  # Which; empty for FIRM.
    shard: int  # The shard, count from 0.
    allotted_notional_cur: int  # Value this shard may accept in a day, whole currency units.
    set_ns: int  # When, ns since 1970 UTC.


@dataclass(frozen=True, slots=True, kw_only=True)
class MandateSet:
    """A client may trade, and how."""

    client_id: str  # Code of the client.
    active: bool  # False refuses its new orders.
    dark_allowed: bool  # False forbids dark venues.
    excluded_venues: tuple[str, ...]  # Venue codes never to be used for this client.
    crossing_consent: bool  # Default consent to internal crossing.
    max_participation_ppm: int  # Default cap on our part of all volume, parts per million.
    set_by: str  # Who.
    set_ns: int  # When, ns since 1970 UTC.


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicySet:
    """How the engine aggregates, plans, routes and allocates from now on."""

    policy_id: str  # Name and version of the policy.
    window_ns: int  # How long a parent gathers members, ns.
    window_members: int  # Members that close the window at once, count.
    window_notional_cur: int  # Value that closes the window at once, whole currency units.
    # Part of a working parent's horizon in which orders may still join, parts per million.
    join_until_ppm: int
    cross_quote_age_ns: int  # Oldest quote a cross may be priced from, ns.
    strategy: Strategy  # Forced strategy, or AUTO.
    router: Router  # Forced router, or AUTO.
    allocation_rule: AllocationRule  # How fills are shared.
    interval_ns: int  # Distance of schedule points, ns.
    # Tolerated distance from the schedule, parts per million of the quantity.
    tracking_band_ppm: int
    min_slice_qty: int  # Smallest slice but for the last, smallest increments.
    max_slice_ppm: int  # Largest slice, parts per million of the parent's quantity.
    participation_ppm: int  # POV rate of all volume, parts per million.
    horizon_high_ns: int  # Horizon of HIGH urgency, ns.
    horizon_normal_ns: int  # Horizon of NORMAL urgency, ns.
    # Almgren-Chriss lambda for NORMAL urgency, 1e-12 per currency unit; HIGH takes ten times, LOW a
    # tenth.
    risk_aversion_e12: int
    send_within_ns: int  # How long a gateway may take to start sending a child, ns.
    set_by: str  # Who.
    set_ns: int  # When, ns since 1970 UTC.


@dataclass(frozen=True, slots=True, kw_only=True)
class RestrictionSet:
    """An instrument is restricted, or free again."""

    instrument_id: str  # Instrument.
    restricted: bool  # True refuses new orders.
    set_by: str  # Who.
    set_ns: int  # When, ns since 1970 UTC.


@dataclass(frozen=True, slots=True, kw_only=True)
class InstrumentHaltSet:
    """A person halts an instrument."""

    instrument_id: str  # Instrument.
    text: str  # Why.
    set_by: str  # Who.
    set_ns: int  # When, ns since 1970 UTC.


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspensionLifted:
    """A person lifts what the engine or a person suspended."""

    scope: ControlScope  # INSTRUMENT, VENUE, SOURCE or CONTROLS.
    scope_id: str  # Which; empty for CONTROLS.
    set_by: str  # Who.
    text: str  # Why.
    set_ns: int  # When, ns since 1970 UTC.


@dataclass(frozen=True, slots=True, kw_only=True)
class DayOpened:
    """A trading day begins."""

    day: int  # Trading day, yyyymmdd count.
    open_ns: int  # Start of the session, ns since 1970 UTC.
    close_ns: int  # End of the session, ns since 1970 UTC.
    seed: int  # Seed of the day's chance, count.
    set_ns: int  # When, ns since 1970 UTC.


@dataclass(frozen=True, slots=True, kw_only=True)
class DayClosed:
    """A trading day ends; DAY orders expire."""

    day: int  # Trading day, yyyymmdd count.
    set_ns: int  # When, ns since 1970 UTC.


@dataclass(frozen=True, slots=True, kw_only=True)
class InstrumentDefined:
    """An instrument from a day on."""

    instrument_id: str  # Instrument.
    symbol: str  # Ticker.
    currency: str  # ISO 4217 code.
    lot_qty: int  # Round lot, smallest increments.
    adv_qty: int  # Average daily volume before this day, smallest increments.
    daily_volatility_ppm: int  # Standard deviation of a day's return, parts per million.
    effective_day: int  # First day, yyyymmdd count.


@dataclass(frozen=True, slots=True, kw_only=True)
class TickTableDefined:
    """Tick sizes of an instrument by price."""

    instrument_id: str  # Instrument.
    bands: tuple[TickBand, ...]  # Bands in ascending order of from_px.
    effective_day: int  # First day, yyyymmdd count.


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueDefined:
    """A venue and its rules of engagement."""

    venue: str  # Venue code.
    name: str  # Name for people.
    kind: VenueKind  # LIT, ATS or DARK.
    protected: bool  # True if its quote may not be traded through.
    posts: bool  # True if children may rest.
    midpoint: bool  # True if midpoint pegs are taken.
    min_qty: int  # Smallest child, smallest increments.
    odd_lots: bool  # True if quantities off the round lot are taken.
    effective_day: int  # First day, yyyymmdd count.


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeScheduleDefined:
    """What a venue charges; a rebate is negative."""

    venue: str  # Venue code.
    taker_fee_px: int  # Fee for removing, 1e-9 currency units for each smallest increment.
    maker_fee_px: int  # Fee for adding, 1e-9 currency units for each smallest increment.
    midpoint_fee_px: int  # Fee at the midpoint, 1e-9 currency units for each smallest increment.
    effective_day: int  # First day, yyyymmdd count.


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarDefined:
    """A session of the deployment's calendar."""

    calendar_id: str  # Calendar.
    time_zone: str  # IANA name of the venue-local time zone.
    day: int  # Trading day, yyyymmdd count.
    open_ns: int  # Start of the session, ns since 1970 UTC.
    close_ns: int  # End of the session, ns since 1970 UTC.
    effective_day: int  # First day, yyyymmdd count.


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeCurveDefined:
    """Expected volume over a session, learned before it."""

    instrument_id: str  # Instrument.
    edges_ns: tuple[int, ...]  # Bucket edges from the open, ns; one more than volumes.
    # Expected volume per bucket, smallest increments; only their proportions matter.
    volumes_qty: tuple[int, ...]
    effective_day: int  # First day, yyyymmdd count.


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderAccepted:
    """A client's order in normal form, enriched from the mandate; its id is this event's."""

    # Place in the shard's one order over all stage topics, count from 0, without gap.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    cause: str = ""  # What led here: topic:position of the input, or plan:parent.
    source: str  # Writer of the request.
    cl_ord_id: str  # The source's id of the order.
    client_id: str  # Code of the client.
    instrument_id: str  # Instrument.
    side: Side  # Direction.
    order_qty: int  # Quantity, smallest increments.
    order_type: OrderType  # MARKET or LIMIT.
    limit_px: int | None  # Worst acceptable price, 1e-9 currency units; null for MARKET.
    time_in_force: TimeInForce  # DAY or GTC.
    urgency: Urgency  # Urgency class.
    benchmark: Benchmark  # What the execution is measured against.
    start_ns: int  # Earliest start, ns since 1970 UTC.
    end_ns: int  # Latest end, ns since 1970 UTC.
    max_participation_ppm: int  # Cap on our part of all volume, parts per million.
    no_dark: bool  # True forbids dark venues.
    # Venue codes never to be used, of the order and the mandate, sorted.
    excluded_venues: tuple[str, ...]
    crossing_consent: bool  # True if it may cross inside.
    must_complete: bool  # True puts completion above cost.
    capacity: Capacity  # Capacity in which the firm acts.
    settlement: str  # Settlement terms.
    currency: str  # ISO 4217 code.
    decision_px: int | None  # Price when the manager decided, 1e-9 currency units.
    # Midpoint when the engine accepted, 1e-9 currency units; null without a fresh two-sided market.
    arrival_mid_px: int | None
    received_ns: int  # When our edge received it, ns since 1970 UTC.
    # Price that its value was checked and spent at, 1e-9 currency units; 0 if none was known.
    value_px: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRejected:
    """A client's order was refused."""

    # Place in the shard's one order over all stage topics, count from 0, without gap.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    cause: str = ""  # What led here: topic:position of the input, or plan:parent.
    source: str  # Writer of the request.
    cl_ord_id: str  # The source's id of the order.
    client_id: str  # Code of the client.
    instrument_id: str  # Instrument as given.
    reason: RejectReason  # The first reason that applies.
    text: str  # What was found, what was expected, the way out.


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderChangePending:
    """A cancel or amend was taken and waits until no child covers the quantity."""

    # Place in the shard's one order over all stage topics, count from 0, without gap.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    cause: str = ""  # What led here: topic:position of the input, or plan:parent.
    order_id: str  # The order.
    cl_ord_id: str  # Id of the request.
    change: Change  # CANCEL or AMEND.
    order_qty: int  # Total quantity once done, smallest increments.
    limit_px: int | None  # Limit once done, 1e-9 currency units.


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderAmended:
    """An amend took effect."""

    # Place in the shard's one order over all stage topics, count from 0, without gap.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    cause: str = ""  # What led here: topic:position of the input, or plan:parent.
    order_id: str  # The order.
    cl_ord_id: str  # Id of the request; the order's id at its source from now on.
    previous_qty: int  # Total quantity before, smallest increments.
    order_qty: int  # Total quantity from now on, smallest increments.
    limit_px: int | None  # Limit from now on, 1e-9 currency units.


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCancelled:
    """What was open of an order is withdrawn."""

    # Place in the shard's one order over all stage topics, count from 0, without gap.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    cause: str = ""  # What led here: topic:position of the input, or plan:parent.
    order_id: str  # The order.
    cl_ord_id: str  # Id of the request; empty if nobody asked.
    withdrawn_qty: int  # Withdrawn, smallest increments.
    reason: WithdrawReason  # Why.
    # Where the order is REFUSED, the RejectReason and what was found and expected; else empty.
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderExpired:
    """An order ended unfilled at its time."""

    # Place in the shard's one order over all stage topics, count from 0, without gap.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    cause: str = ""  # What led here: topic:position of the input, or plan:parent.
    order_id: str  # The order.
    withdrawn_qty: int  # Withdrawn, smallest increments.
    reason: WithdrawReason  # WINDOW_ENDED or DAY_CLOSED.


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderChangeRejected:
    """A cancel or amend was refused."""

    # Place in the shard's one order over all stage topics, count from 0, without gap.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    cause: str = ""  # What led here: topic:position of the input, or plan:parent.
    source: str  # Writer of the request.
    cl_ord_id: str  # Id of the request.
    orig_cl_ord_id: str  # Id of the order it named.
    change: Change  # CANCEL or AMEND.
    reason: RejectReason  # The first reason that applies.
    text: str  # What was found, what was expected, the way out.


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCarried:
    """A GTC order that lives on after the close; the next day starts from it."""

    # Place in the shard's one order over all stage topics, count from 0, without gap.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    cause: str = ""  # What led here: topic:position of the input, or plan:parent.
    order_id: str  # The order's first id.
    source: str  # Writer of the request.
    cl_ord_id: str  # The source's id of the order.
    client_id: str  # Code of the client.
    instrument_id: str  # Instrument.
    side: Side  # Direction.
    order_qty: int  # Total quantity, smallest increments.
    order_type: OrderType  # MARKET or LIMIT.
    limit_px: int | None  # Worst acceptable price, 1e-9 currency units.
    time_in_force: TimeInForce  # GTC.
    urgency: Urgency  # Urgency class.
    benchmark: Benchmark  # What the execution is measured against.
    max_participation_ppm: int  # Cap on our part of all volume, parts per million.
    no_dark: bool  # True forbids dark venues.
    excluded_venues: tuple[str, ...]  # Venue codes never to be used.
    crossing_consent: bool  # True if it may cross inside.
    must_complete: bool  # True puts completion above cost.
    capacity: Capacity  # Capacity in which the firm acts.
    settlement: str  # Settlement terms.
    currency: str  # ISO 4217 code.
    decision_px: int | None  # Price when the manager decided, 1e-9 currency units.
    arrival_mid_px: int | None  # Midpoint when the engine first accepted, 1e-9 currency units.
    received_ns: int  # When our edge received it, ns since 1970 UTC.
    crossed_qty: int  # Crossed so far, smallest increments.
    allocated_qty: int  # Allocated from venue fills so far, smallest increments.


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlApplied:
    """A control is in force in this shard; the position is in the cause."""

    # Place in the shard's one order over all stage topics, count from 0, without gap.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    cause: str = ""  # What led here: topic:position of the input, or plan:parent.
    control: str  # Name of the control's record.
    scope: ControlScope  # What it applies to.
    scope_id: str  # Which; empty where there is one only.


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigurationAdopted:
    """The configuration that decisions depend on, whenever it differs from the last."""

    # Place in the shard's one order over all stage topics, count from 0, without gap.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    cause: str = ""  # What led here: topic:position of the input, or plan:parent.
    text: str  # Whole configuration without secrets, as canonical JSON.


@dataclass(frozen=True, slots=True, kw_only=True)
class InputRejected:
    """An input could not be taken; its bytes are in dlq."""

    # Place in the shard's one order over all stage topics, count from 0, without gap.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    cause: str = ""  # What led here: topic:position of the input, or plan:parent.
    topic: str  # Input topic.
    position: int  # Dense position in this shard's partition, count from 0.
    source: str  # Sender from the headers; empty if unknown.
    reason: InputReason  # Why.
    text: str  # What was found, what was expected, the way out.


@dataclass(frozen=True, slots=True, kw_only=True)
class InstrumentHalted:
    """Children are cancelled and new orders refused until a person lifts it."""

    # Place in the shard's one order over all stage topics, count from 0, without gap.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    cause: str = ""  # What led here: topic:position of the input, or plan:parent.
    instrument_id: str  # Instrument.
    reason: HaltReason  # Why.
    text: str  # In words.


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspensionSet:
    """Requests of a source, routes to a venue or all routes are refused from now on."""

    # Place in the shard's one order over all stage topics, count from 0, without gap.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    cause: str = ""  # What led here: topic:position of the input, or plan:parent.
    scope: ControlScope  # SOURCE, VENUE, INSTRUMENT or CONTROLS.
    scope_id: str  # Which; empty is every one of the shard.
    source_number: int  # Own number of the record that could not be read, count; -1 if unknown.
    text: str  # Why.


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspensionEnded:
    """A suspension ended by itself.

    The source resumed from its gap, or the venue confirmed its children.
    """

    # Place in the shard's one order over all stage topics, count from 0, without gap.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    cause: str = ""  # What led here: topic:position of the input, or plan:parent.
    scope: ControlScope  # SOURCE or VENUE.
    scope_id: str  # Which.


@dataclass(frozen=True, slots=True, kw_only=True)
class ParentOpened:
    """A parent order begins to gather members; its id is this event's."""

    # Place in the shard's one order over all stage topics, count from 0, without gap.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    cause: str = ""  # What led here: topic:position of the input, or plan:parent.
    instrument_id: str  # Instrument.
    side: Side  # Direction.
    currency: str  # ISO 4217 code.
    urgency: Urgency  # Urgency class of all members.
    benchmark: Benchmark  # Benchmark of all members.
    limit_band: int  # Band of the members' limits, count; 0 is no limit.
    capacity: Capacity  # Capacity of all members.
    settlement: str  # Settlement terms of all members.
    no_dark: bool  # True forbids dark venues.
    excluded_venues: tuple[str, ...]  # Venue codes never to be used.
    must_complete: bool  # True puts completion above cost.
    max_participation_ppm: int  # Cap on our part of all volume, parts per million.
    start_ns: int  # Earliest start, ns since 1970 UTC.
    end_ns: int  # Latest end, ns since 1970 UTC.
    window_end_ns: int  # When the aggregation window closes, ns since 1970 UTC.
    policy_id: str  # Policy in force.
    allocation_rule: AllocationRule  # How its fills will be shared.
    first_order_id: str  # The order that opened it.


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberJoined:
    """An order became a member of a parent."""

    # Place in the shard's one order over all stage topics, count from 0, without gap.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    cause: str = ""  # What led here: topic:position of the input, or plan:parent.
    parent_id: str  # The parent.
    order_id: str  # The order.
    member_qty: int  # Quantity it brings, smallest increments.
    epoch: int  # Membership epoch of the parent from now on, count.
    parent_qty: int  # The parent's open quantity from now on, smallest increments.
    parent_limit_px: int | None  # The parent's limit from now on, 1e-9 currency units.


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberAmended:
    """A member's quantity or limit changed while it stays."""

    # Place in the shard's one order over all stage topics, count from 0, without gap.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    cause: str = ""  # What led here: topic:position of the input, or plan:parent.
    parent_id: str  # The parent.
    order_id: str  # The order.
    change_qty: int  # Change of its open quantity, smallest increments; negative is less.
    epoch: int  # Membership epoch from now on, count.
    parent_qty: int  # The parent's open quantity from now on, smallest increments.
    parent_limit_px: int | None  # The parent's limit from now on, 1e-9 currency units.


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberLeft:
    """A member left with what was open of it; it keeps what it got."""

    # Place in the shard's one order over all stage topics, count from 0, without gap.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    cause: str = ""  # What led here: topic:position of the input, or plan:parent.
    parent_id: str  # The parent.
    order_id: str  # The order.
    left_qty: int  # Open quantity that left, smallest increments.
    reason: LeaveReason  # Why.
    epoch: int  # Membership epoch from now on, count.
    parent_qty: int  # The parent's open quantity from now on, smallest increments.
    parent_limit_px: int | None  # The parent's limit from now on, 1e-9 currency units.


@dataclass(frozen=True, slots=True, kw_only=True)
class OrdersCrossed:
    """Opposite interest met inside at the midpoint."""

    # Place in the shard's one order over all stage topics, count from 0, without gap.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    cause: str = ""  # What led here: topic:position of the input, or plan:parent.
    buy_parent_id: str  # The buying parent.
    sell_parent_id: str  # The selling parent.
    cross_qty: int  # Quantity, smallest increments.
    cross_px: int  # Midpoint rounded down, 1e-9 currency units.
    bid_px: int  # Consolidated best bid it was priced from, 1e-9 currency units.
    bid_venue: str  # Whose bid.
    ask_px: int  # Consolidated best ask, 1e-9 currency units.
    ask_venue: str  # Whose ask.
    quote_age_ns: int  # Age of the older of the two quotes, ns.
    # Uncommitted quantity that could cross on the buy side, smallest increments.
    buy_consenting_qty: int
    sell_consenting_qty: int  # The same on the sell side, smallest increments.
    # Clients on both sides, kept out of one side so that nobody trades with themselves.
    excluded_clients: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ParentReleased:
    """The aggregation window closed and the residual goes to market."""

    # Place in the shard's one order over all stage topics, count from 0, without gap.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    cause: str = ""  # What led here: topic:position of the input, or plan:parent.
    parent_id: str  # The parent.
    reason: ReleaseReason  # What closed the window.
    release_qty: int  # Quantity for the market, smallest increments.
    crossed_qty: int  # Crossed before the release, smallest increments.
    member_count: int  # Members at the release, count.
    arrival_mid_px: int | None  # Midpoint at the release, 1e-9 currency units.
    # Eligible volume on the tape so far today: the baseline, smallest increments.
    market_volume_qty: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ParentEnded:
    """A parent is over."""

    # Place in the shard's one order over all stage topics, count from 0, without gap.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    cause: str = ""  # What led here: topic:position of the input, or plan:parent.
    parent_id: str  # The parent.
    reason: EndReason  # Why.
    filled_qty: int  # Filled at venues, smallest increments.
    crossed_qty: int  # Crossed inside, smallest increments.
    returned_qty: int  # Open quantity returned to the members, smallest increments.


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanAdopted:
    """A parent works to this plan from now on."""

    # Place in the shard's one order over all stage topics, count from 0, without gap.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    cause: str = ""  # What led here: topic:position of the input, or plan:parent.
    parent_id: str  # The parent.
    strategy: Strategy  # Chosen strategy.
    router: Router  # Chosen router.
    reason: PlanReason  # Why now.
    revision: int  # Number of this plan of the parent, count from 0.
    start_ns: int  # Start of the schedule, ns since 1970 UTC.
    end_ns: int  # End of the schedule, ns since 1970 UTC.
    interval_ns: int  # Distance of schedule points, ns.
    plan_qty: int  # Quantity the schedule spreads, smallest increments.
    base_qty: int  # Done when the plan began; targets count from here, smallest increments.
    # Behind the schedule before this plan, due at once; the schedule spreads the rest, smallest
    # increments.
    carry_qty: int
    # Others' volume since the release when the plan began, smallest increments.
    base_volume_qty: int
    participation_ppm: int  # POV rate of all volume, parts per million.
    max_participation_ppm: int  # Cap on our part of all volume, parts per million.
    aggressiveness_ppm: int  # 0 only posts, 1000000 only takes; parts per million.
    # Almgren-Chriss urgency of the discrete solution, 1e-9 per second; 0 is a straight line.
    kappa_e9: int
    tracking_band_qty: int  # Tolerated distance from the schedule, smallest increments.
    adv_qty: int  # Evidence: average daily volume, smallest increments.
    horizon_volume_qty: int  # Evidence: expected volume over the schedule, smallest increments.
    size_to_volume_ppm: int  # Evidence: quantity against that volume, parts per million.
    daily_volatility_ppm: int  # Evidence: daily volatility, parts per million.
    spread_px: int | None  # Evidence: consolidated spread, 1e-9 currency units.
    expected_cost_millibps: int  # Evidence: expected cost against arrival, 1e-3 bps.
    cost_risk_millibps: int  # Evidence: standard deviation of that cost, 1e-3 bps.


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleRecalibrated:
    """After fills, crosses and busts, where the parent stands against schedule and benchmark."""

    # Place in the shard's one order over all stage topics, count from 0, without gap.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    cause: str = ""  # What led here: topic:position of the input, or plan:parent.
    parent_id: str  # The parent.
    reason: RecalibrationReason  # What moved it.
    done_qty: int  # Filled and crossed since the plan's base, smallest increments.
    open_qty: int  # With venues, smallest increments.
    target_qty: int  # Where the schedule is now, since the plan's base, smallest increments.
    parent_qty: int  # Open quantity of all members, smallest increments.
    market_volume_qty: int  # Others' eligible volume since the release, smallest increments.
    # Average price of the venue fills, rounded down, 1e-9 currency units; null without fills.
    avg_px: int | None
    # Benchmark so far, 1e-9 currency units: others' VWAP since the release, or the arrival mid for
    # ARRIVAL.
    benchmark_px: int | None
    # Cost of the average against the benchmark, 1e-3 bps, positive is a cost.
    slippage_millibps: int | None
    aggressiveness_ppm: int  # Aggressiveness from now on, parts per million.


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceReleased:
    """Part of a parent goes to the router; its id is this event's."""

    # Place in the shard's one order over all stage topics, count from 0, without gap.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    cause: str = ""  # What led here: topic:position of the input, or plan:parent.
    parent_id: str  # The parent.
    slice_qty: int  # Quantity, smallest increments.
    style: Style  # Posts, takes, or cleans up.
    router: Router  # How it is spread.
    limit_px: int | None  # The parent's limit, 1e-9 currency units.
    target_qty: int  # Schedule now, since the plan's base, smallest increments.
    done_qty: int  # Done since the plan's base, smallest increments.
    open_qty: int  # With venues, smallest increments.
    parent_qty: int  # Open quantity of all members, smallest increments.
    market_volume_qty: int  # Others' eligible volume since the release, smallest increments.
    policy_id: str  # Policy in force.


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildRouted:
    """A child order goes to a venue; its id is this event's.

    The quote and the losers say why there.
    """

    # Place in the shard's one order over all stage topics, count from 0, without gap.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    cause: str = ""  # What led here: topic:position of the input, or plan:parent.
    slice_id: str  # The slice.
    parent_id: str  # The parent.
    instrument_id: str  # Instrument.
    side: Side  # Direction.
    venue: str  # Venue code.
    child_qty: int  # Quantity, smallest increments.
    child_type: ChildType  # LIMIT or MIDPOINT_PEG.
    limit_px: int  # Limit on the tick, 1e-9 currency units; for a peg the worst price.
    time_in_force: ChildTimeInForce  # DAY rests, IOC does not.
    min_qty: int  # Smallest acceptable execution, smallest increments.
    send_before_ns: int  # Not to be sent after this, ns since 1970 UTC.
    bid_px: int  # Consolidated best bid it saw, 1e-9 currency units.
    ask_px: int  # Consolidated best ask it saw, 1e-9 currency units.
    quote_age_ns: int  # Age of the quote it was priced from, ns.
    # What the venue displayed on the side it takes, smallest increments; 0 for hidden.
    venue_qty: int
    scorecard_version: int  # Version of the venue's scorecard, count.
    score_millibps: int  # Score of the winner, 1e-3 bps; lower is better.
    runners_up: tuple[Candidate, ...]  # The best others, two at most.
    rejected_by_reason: tuple[RouteReasonCount, ...]  # The rest, counted.


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteDeferred:
    """No venue could take a slice, or a part of it; the quantity is back in the pool."""

    # Place in the shard's one order over all stage topics, count from 0, without gap.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    cause: str = ""  # What led here: topic:position of the input, or plan:parent.
    slice_id: str  # The slice.
    parent_id: str  # The parent.
    unrouted_qty: int  # Quantity, smallest increments.
    rejected_by_reason: tuple[RouteReasonCount, ...]  # Why, counted.


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildCancelRequested:
    """The venue is asked to cancel a child."""

    # Place in the shard's one order over all stage topics, count from 0, without gap.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    cause: str = ""  # What led here: topic:position of the input, or plan:parent.
    child_id: str  # The child.
    parent_id: str  # The parent.
    venue: str  # Venue code.
    reason: CancelReason  # Why.


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorecardUpdated:
    """What was learned of a venue from our own reports."""

    # Place in the shard's one order over all stage topics, count from 0, without gap.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    cause: str = ""  # What led here: topic:position of the input, or plan:parent.
    venue: str  # Venue code.
    version: int  # Version from now on, count.
    samples: int  # Children behind it, count.
    fill_ppm: int  # Filled part of a resting child, smoothed, parts per million.
    speed_ns: int  # Time from route to first fill, smoothed, ns.
    cost_millibps: int  # Cost against the midpoint at the fill, fees included, smoothed, 1e-3 bps.


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorecardCarried:
    """A scorecard that lives on after the close."""

    # Place in the shard's one order over all stage topics, count from 0, without gap.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    cause: str = ""  # What led here: topic:position of the input, or plan:parent.
    venue: str  # Venue code.
    version: int  # Version, count.
    samples: int  # Children behind it, count.
    fill_ppm: int  # Filled part of a resting child, smoothed, parts per million.
    speed_ns: int  # Time from route to first fill, smoothed, ns.
    cost_millibps: int  # Cost against the midpoint at the fill, fees included, smoothed, 1e-3 bps.


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildAcknowledged:
    """A venue has a child."""

    # Place in the shard's one order over all stage topics, count from 0, without gap.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    cause: str = ""  # What led here: topic:position of the input, or plan:parent.
    child_id: str  # The child.
    parent_id: str  # The parent.


@dataclass(frozen=True, slots=True, kw_only=True)
class FillBooked:
    """A fill, booked once; its id is this event's."""

    # Place in the shard's one order over all stage topics, count from 0, without gap.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    cause: str = ""  # What led here: topic:position of the input, or plan:parent.
    child_id: str  # The child.
    parent_id: str  # The parent.
    instrument_id: str  # Instrument.
    venue: str  # Venue code.
    side: Side  # Direction.
    exec_id: str  # The venue's id of the report.
    session_day: int  # Session day, yyyymmdd count.
    last_qty: int  # Quantity, smallest increments.
    last_px: int  # Price, 1e-9 currency units.
    cum_qty: int  # The child's filled quantity from now on, smallest increments.
    leaves_qty: int  # The child's open quantity from now on, smallest increments.
    overfill_qty: int  # Part beyond what the child had open, smallest increments.
    liquidity: Liquidity  # Added, removed or midpoint.
    fee_px: int  # Fee for each smallest increment, 1e-9 currency units; a rebate is negative.
    mid_px: int | None  # Consolidated midpoint when booked, 1e-9 currency units.
    late: bool  # True if the child had ended or a cancel was on its way.
    transact_ns: int  # The venue's time, ns since 1970 UTC.


@dataclass(frozen=True, slots=True, kw_only=True)
class FillBusted:
    """A booked fill is taken back."""

    # Place in the shard's one order over all stage topics, count from 0, without gap.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    cause: str = ""  # What led here: topic:position of the input, or plan:parent.
    fill_id: str  # The fill.
    child_id: str  # The child.
    parent_id: str  # The parent.
    exec_id: str  # The venue's id of the bust.
    session_day: int  # Session day, yyyymmdd count.
    last_qty: int  # Quantity taken back, smallest increments.
    last_px: int  # Its price, 1e-9 currency units.


@dataclass(frozen=True, slots=True, kw_only=True)
class FillCorrected:
    """A booked fill is changed."""

    # Place in the shard's one order over all stage topics, count from 0, without gap.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    cause: str = ""  # What led here: topic:position of the input, or plan:parent.
    fill_id: str  # The fill.
    child_id: str  # The child.
    parent_id: str  # The parent.
    exec_id: str  # The venue's id of the correction.
    session_day: int  # Session day, yyyymmdd count.
    previous_qty: int  # Quantity before, smallest increments.
    previous_px: int  # Price before, 1e-9 currency units.
    last_qty: int  # Quantity from now on, smallest increments.
    last_px: int  # Price from now on, 1e-9 currency units.


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildClosed:
    """A child ended with a quantity unfilled, which returns to its parent."""

    # Place in the shard's one order over all stage topics, count from 0, without gap.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    cause: str = ""  # What led here: topic:position of the input, or plan:parent.
    child_id: str  # The child.
    parent_id: str  # The parent.
    reason: CloseReason  # How.
    returned_qty: int  # Back in the parent's pool, smallest increments.
    unsolicited: bool  # True if we had not asked for it.
    text: str  # The venue's words.


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildFateUnknown:
    """A child counts as exposure until the venue answers for its id."""

    # Place in the shard's one order over all stage topics, count from 0, without gap.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    cause: str = ""  # What led here: topic:position of the input, or plan:parent.
    child_id: str  # The child.
    parent_id: str  # The parent.
    text: str  # What the gateway knows.


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelFailed:
    """A venue refused a cancel; the child works on."""

    # Place in the shard's one order over all stage topics, count from 0, without gap.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    cause: str = ""  # What led here: topic:position of the input, or plan:parent.
    child_id: str  # The child.
    parent_id: str  # The parent.
    text: str  # The venue's words.


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakFlagged:
    """We and a venue do not agree; held for a person."""

    # Place in the shard's one order over all stage topics, count from 0, without gap.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    cause: str = ""  # What led here: topic:position of the input, or plan:parent.
    reason: BreakReason  # What does not agree.
    venue: str  # Venue code.
    child_id: str  # The child as the venue named it.
    exec_id: str  # The venue's id of the report.
    break_qty: int  # Quantity in question, smallest increments.
    break_px: int  # Price in question, 1e-9 currency units.
    text: str  # What was found and what was expected.


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakCarried:
    """A break that lives on after the close."""

    # Place in the shard's one order over all stage topics, count from 0, without gap.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    cause: str = ""  # What led here: topic:position of the input, or plan:parent.
    break_id: str  # The break's first id.
    reason: BreakReason  # What does not agree.
    venue: str  # Venue code.
    child_id: str  # The child as the venue named it.
    exec_id: str  # The venue's id of the report.
    break_qty: int  # Quantity in question, smallest increments.
    break_px: int  # Price in question, 1e-9 currency units.


@dataclass(frozen=True, slots=True, kw_only=True)
class FillAllocated:
    """A fill shared among the members that were there."""

    # Place in the shard's one order over all stage topics, count from 0, without gap.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    cause: str = ""  # What led here: topic:position of the input, or plan:parent.
    fill_id: str  # The fill.
    parent_id: str  # The parent.
    epoch: int  # Membership epoch it falls in, count.
    last_qty: int  # Quantity of the fill, smallest increments.
    last_px: int  # Price of the fill, 1e-9 currency units.
    shares: tuple[Share, ...]  # Members whose part is not zero.
    error_qty: int  # Part that no member can take: the error account's, smallest increments.


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossAllocated:
    """One side of a cross shared among its consenting members."""

    # Place in the shard's one order over all stage topics, count from 0, without gap.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    cause: str = ""  # What led here: topic:position of the input, or plan:parent.
    cross_id: str  # The cross.
    parent_id: str  # The parent.
    side: Side  # Which side.
    cross_qty: int  # Quantity, smallest increments.
    cross_px: int  # Price, 1e-9 currency units.
    shares: tuple[Share, ...]  # Members whose part is not zero.


@dataclass(frozen=True, slots=True, kw_only=True)
class FillReallocated:
    """A bust or correction changed who has what of a fill."""

    # Place in the shard's one order over all stage topics, count from 0, without gap.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    cause: str = ""  # What led here: topic:position of the input, or plan:parent.
    fill_id: str  # The fill.
    parent_id: str  # The parent.
    previous_px: int  # Price before, 1e-9 currency units.
    last_px: int  # Price from now on, 1e-9 currency units.
    before: tuple[Share, ...]  # Shares before.
    after: tuple[Share, ...]  # Shares from now on.
    error_qty: int  # Part of the error account from now on, smallest increments.


@dataclass(frozen=True, slots=True, kw_only=True)
class ParentReconciled:
    """What every member of an ended parent got, checked against the sums."""

    # Place in the shard's one order over all stage topics, count from 0, without gap.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    cause: str = ""  # What led here: topic:position of the input, or plan:parent.
    parent_id: str  # The parent.
    filled_qty: int  # Filled at venues, smallest increments.
    crossed_qty: int  # Crossed inside, smallest increments.
    error_qty: int  # Held in the error account, smallest increments.
    members: tuple[MemberResult, ...]  # Every member there ever was, in order of joining.


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchSealed:
    """One batch: what it consumed, what it wrote, and the chain."""

    batch: int  # Number of the batch in its shard, count from 0.
    kind: SealKind  # NORMAL or CLOSE.
    now_ns: int  # Time of the batch, ns since 1970 UTC.
    inputs: tuple[InputRange, ...]  # Inputs consumed, in topic order.
    first_seq: int  # First event, count.
    next_seq: int  # One beyond the last event, count.
    outputs: tuple[OutputDigest, ...]  # Records written, in topic order.
    faults: tuple[str, ...]  # Causes whose step raised and was recorded as a rejection.
    release: str  # Version of the engine that decided.
    python: str  # Python minor version it ran on.
    previous_chain: bytes  # Chain of the seal before; 32 zero bytes for the first.
    chain: bytes  # SHA-256 over previous_chain and the canonical bytes of the fields above it.
    resume: tuple[ResumeOffset, ...]  # Where the log keeps the next inputs; outside the chain.


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderResumed:
    """A carried order passed a new day's checks and looks for a parent; its mandate is today's."""

    # Place in the shard's one order over all stage topics, count from 0, without gap.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    cause: str = ""  # What led here: topic:position of the input, or plan:parent.
    order_id: str  # The order's first id.
    start_ns: int  # Earliest start, ns since 1970 UTC.
    end_ns: int  # Latest end, ns since 1970 UTC.
    max_participation_ppm: int  # Cap on our part of all volume, parts per million.
    no_dark: bool  # True forbids dark venues.
    # Venue codes never to be used, of the order and the mandate, sorted.
    excluded_venues: tuple[str, ...]
    # Price that its value was checked and spent at, 1e-9 currency units; 0 if none was known.
    value_px: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueStatusCarried:
    """A venue that was not open, or whose session was down, when the day closed."""

    # Place in the shard's one order over all stage topics, count from 0, without gap.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    cause: str = ""  # What led here: topic:position of the input, or plan:parent.
    venue: str  # Venue code.
    status: VenueStatus  # Its last known state.
    down_since_ns: int | None  # When its session went down, ns since 1970 UTC; null if it is up.


Input = (
    OrderSubmitted
    | OrderAmendRequested
    | OrderCancelRequested
    | QuoteObserved
    | DepthObserved
    | TradeObserved
    | VenueStatusObserved
    | SendStarted
    | NotSent
    | ExecutionReported
    | CancelRejected
    | SessionStatusObserved
    | KillSwitchSet
    | RiskLimitSet
    | LimitAllotted
    | MandateSet
    | PolicySet
    | RestrictionSet
    | InstrumentHaltSet
    | SuspensionLifted
    | DayOpened
    | DayClosed
    | InstrumentDefined
    | TickTableDefined
    | VenueDefined
    | FeeScheduleDefined
    | CalendarDefined
    | VolumeCurveDefined
)
StageEvent = (
    OrderAccepted
    | OrderRejected
    | OrderChangePending
    | OrderAmended
    | OrderCancelled
    | OrderExpired
    | OrderChangeRejected
    | OrderCarried
    | ControlApplied
    | ConfigurationAdopted
    | InputRejected
    | InstrumentHalted
    | SuspensionSet
    | SuspensionEnded
    | ParentOpened
    | MemberJoined
    | MemberAmended
    | MemberLeft
    | OrdersCrossed
    | ParentReleased
    | ParentEnded
    | PlanAdopted
    | ScheduleRecalibrated
    | SliceReleased
    | ChildRouted
    | RouteDeferred
    | ChildCancelRequested
    | ScorecardUpdated
    | ScorecardCarried
    | ChildAcknowledged
    | FillBooked
    | FillBusted
    | FillCorrected
    | ChildClosed
    | ChildFateUnknown
    | CancelFailed
    | BreakFlagged
    | BreakCarried
    | FillAllocated
    | CrossAllocated
    | FillReallocated
    | ParentReconciled
    | OrderResumed
    | VenueStatusCarried
)


TOPIC_OF: Final[dict[type, str]] = {
    OrderSubmitted: "orders",
    OrderAmendRequested: "orders",
    OrderCancelRequested: "orders",
    QuoteObserved: "market-data",
    DepthObserved: "market-data",
    TradeObserved: "market-data",
    VenueStatusObserved: "market-data",
    SendStarted: "venue-reports",
    NotSent: "venue-reports",
    ExecutionReported: "venue-reports",
    CancelRejected: "venue-reports",
    SessionStatusObserved: "venue-reports",
    KillSwitchSet: "controls",
    RiskLimitSet: "controls",
    LimitAllotted: "controls",
    MandateSet: "controls",
    PolicySet: "controls",
    RestrictionSet: "controls",
    InstrumentHaltSet: "controls",
    SuspensionLifted: "controls",
    DayOpened: "controls",
    DayClosed: "controls",
    InstrumentDefined: "reference",
    TickTableDefined: "reference",
    VenueDefined: "reference",
    FeeScheduleDefined: "reference",
    CalendarDefined: "reference",
    VolumeCurveDefined: "reference",
    OrderAccepted: "ingest",
    OrderRejected: "ingest",
    OrderChangePending: "ingest",
    OrderAmended: "ingest",
    OrderCancelled: "ingest",
    OrderExpired: "ingest",
    OrderChangeRejected: "ingest",
    OrderCarried: "ingest",
    ControlApplied: "ingest",
    ConfigurationAdopted: "ingest",
    InputRejected: "ingest",
    InstrumentHalted: "ingest",
    SuspensionSet: "ingest",
    SuspensionEnded: "ingest",
    ParentOpened: "aggregation",
    MemberJoined: "aggregation",
    MemberAmended: "aggregation",
    MemberLeft: "aggregation",
    OrdersCrossed: "aggregation",
    ParentReleased: "aggregation",
    ParentEnded: "aggregation",
    PlanAdopted: "slices",
    ScheduleRecalibrated: "slices",
    SliceReleased: "slices",
    ChildRouted: "routes",
    RouteDeferred: "routes",
    ChildCancelRequested: "routes",
    ScorecardUpdated: "routes",
    ScorecardCarried: "routes",
    ChildAcknowledged: "fills",
    FillBooked: "fills",
    FillBusted: "fills",
    FillCorrected: "fills",
    ChildClosed: "fills",
    ChildFateUnknown: "fills",
    CancelFailed: "fills",
    BreakFlagged: "fills",
    BreakCarried: "fills",
    FillAllocated: "allocations",
    CrossAllocated: "allocations",
    FillReallocated: "allocations",
    ParentReconciled: "allocations",
    BatchSealed: "journal",
    OrderResumed: "ingest",
    VenueStatusCarried: "ingest",
}


def stamp(event: StageEvent, seq: int, at_ns: int, cause: str) -> None:
    """Give a fresh event its place; the shard alone calls this, once an event."""
    assert event.seq == UNSTAMPED, event
    put = object.__setattr__  # Frozen to everyone else.
    put(event, "seq", seq)
    put(event, "at_ns", at_ns)
    put(event, "cause", cause)
