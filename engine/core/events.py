"""GENERATED from schemas/*.avsc by `python -m schemas --write`; edit the schemas.

The vocabulary of the engine: requests, observations of the market and the venues,
and the engine's own events. Stage events carry `seq`, `at_ns` and `cause`, which
the shard stamps; until then they are unstamped.

A frozen dataclass sets its fields one call each, which took a fifteenth of the
engine's time. So where there are many, `__init__` is spelled out: it fills the
event as a mutable twin with the same slots, and freezes it.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

UNSTAMPED: Final = -1  # The seq of an event that the shard has not stamped yet.


def twin(kind: type) -> type:
    """A mutable class with the slots of an event."""
    slots = kind.__dict__["__slots__"]
    return type(f"_{kind.__name__}", (), {"__slots__": slots})


put: Final = object.__setattr__  # Every other write is refused.


class VenueStatus(StrEnum):
    """Trading state of a venue."""

    OPEN = "OPEN"
    HALTED = "HALTED"
    CLOSED = "CLOSED"


class ControlScope(StrEnum):
    """Scope of a control."""

    FIRM = "FIRM"
    CLIENT = "CLIENT"
    INSTRUMENT = "INSTRUMENT"
    VENUE = "VENUE"
    SOURCE = "SOURCE"
    CONTROLS = "CONTROLS"


class VenueKind(StrEnum):
    """Displayed exchange, alternative trading system with a book, or dark pool."""

    LIT = "LIT"
    ATS = "ATS"
    DARK = "DARK"


class EndReason(StrEnum):
    """Why a parent ended."""

    COMPLETED = "COMPLETED"
    EMPTIED = "EMPTIED"
    WINDOW_ENDED = "WINDOW_ENDED"
    DAY_CLOSED = "DAY_CLOSED"
    OTHER = "OTHER"


class CloseReason(StrEnum):
    """Reason for which a child ended unfilled."""

    CANCELED = "CANCELED"
    EXPIRED = "EXPIRED"
    REJECTED = "REJECTED"
    NOT_SENT = "NOT_SENT"
    DONE_FOR_DAY = "DONE_FOR_DAY"
    DAY_CLOSED = "DAY_CLOSED"
    OTHER = "OTHER"


class Side(StrEnum):
    """Direction of the client's interest."""

    BUY = "BUY"
    SELL = "SELL"


class SealKind(StrEnum):
    """CLOSE ends a trading day: recovery never reads beyond it."""

    NORMAL = "NORMAL"
    CLOSE = "CLOSE"
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
    DAY_CLOSED = "DAY_CLOSED"
    OTHER = "OTHER"
    RESTRICTED = "RESTRICTED"
    MANDATE = "MANDATE"
    RISK_LIMIT = "RISK_LIMIT"
    NO_ANSWER = "NO_ANSWER"
    SESSION_BREAK = "SESSION_BREAK"
    PAUSED_BY_DESK = "PAUSED_BY_DESK"
    EXCLUDED_BY_DESK = "EXCLUDED_BY_DESK"
    COMPLETE_NOW = "COMPLETE_NOW"


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
    VENUE_REFUSED = "VENUE_REFUSED"
    RATE_LIMIT = "RATE_LIMIT"
    SALE_MARKING_INVALID = "SALE_MARKING_INVALID"
    LOCATE_MISSING = "LOCATE_MISSING"
    DISPLAY_QTY_INVALID = "DISPLAY_QTY_INVALID"
    SETTL_DATE_INVALID = "SETTL_DATE_INVALID"
    TIME_IN_FORCE_INVALID = "TIME_IN_FORCE_INVALID"
    TICK_TABLE_MISSING = "TICK_TABLE_MISSING"
    CHANGE_NOT_ALLOWED = "CHANGE_NOT_ALLOWED"
    NO_LIMITS = "NO_LIMITS"
    POSITION_ABOVE_LIMIT = "POSITION_ABOVE_LIMIT"
    DECISION_PX_INVALID = "DECISION_PX_INVALID"
    CORPORATE_ACTION = "CORPORATE_ACTION"


class Change(StrEnum):
    """Change that a client requests."""

    CANCEL = "CANCEL"
    AMEND = "AMEND"


class ExecType(StrEnum):
    """Kind of a venue's report; FIX tag 150 in words.

    UNKNOWN: the gateway cannot tell the child's fate. STATUS: the venue has the child, as it says
    when asked. UNKNOWN_ORDER: it has no such child, and none can still come to it.
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
    STATUS = "STATUS"
    UNKNOWN_ORDER = "UNKNOWN_ORDER"


class Liquidity(StrEnum):
    """Whether a fill added or removed displayed liquidity, or met at the midpoint."""

    ADDED = "ADDED"
    REMOVED = "REMOVED"
    MIDPOINT = "MIDPOINT"
    UNDISCLOSED = "UNDISCLOSED"


class ReportedSide(StrEnum):
    """Side that a venue gives of a child."""

    NOT_GIVEN = "NOT_GIVEN"
    BUY = "BUY"
    SELL = "SELL"


class BreakReason(StrEnum):
    """Kind of disagreement between the engine and a venue."""

    VENUE_OVERFILL = "VENUE_OVERFILL"
    UNKNOWN_CHILD = "UNKNOWN_CHILD"
    UNKNOWN_EXECUTION = "UNKNOWN_EXECUTION"
    PX_THROUGH_LIMIT = "PX_THROUGH_LIMIT"
    CORRECTION_REFUSED = "CORRECTION_REFUSED"
    BUST_AFTER_END = "BUST_AFTER_END"
    INVALID_REPORT = "INVALID_REPORT"
    OTHER = "OTHER"
    CUM_QTY_GAP = "CUM_QTY_GAP"
    CUM_QTY_BELOW = "CUM_QTY_BELOW"
    REPEATED_FILL = "REPEATED_FILL"
    LEAVES_QTY = "LEAVES_QTY"
    AVG_PX = "AVG_PX"
    EXECUTION_CONFLICT = "EXECUTION_CONFLICT"
    SESSION_DAY_CONFLICT = "SESSION_DAY_CONFLICT"
    WRONG_INSTRUMENT = "WRONG_INSTRUMENT"
    WRONG_SIDE = "WRONG_SIDE"
    IMPOSSIBLE_PX = "IMPOSSIBLE_PX"
    ERROR_ACCOUNT = "ERROR_ACCOUNT"
    NO_ANSWER = "NO_ANSWER"
    UNITS_CHANGED = "UNITS_CHANGED"


class BreakResolution(StrEnum):
    """Why a break is closed."""

    REPORTED = "REPORTED"
    SETTLED = "SETTLED"
    OTHER = "OTHER"


class Strategy(StrEnum):
    """Execution strategy; AUTO lets the policy choose."""

    AUTO = "AUTO"
    VWAP = "VWAP"
    TWAP = "TWAP"
    POV = "POV"
    IS = "IS"
    OTHER = "OTHER"


class Router(StrEnum):
    """Method that spreads a slice over venues; AUTO lets the policy choose."""

    AUTO = "AUTO"
    SEQUENTIAL = "SEQUENTIAL"
    PARALLEL = "PARALLEL"
    LIQUIDITY_SEEKING = "LIQUIDITY_SEEKING"
    OTHER = "OTHER"


class AllocationRule(StrEnum):
    """Rule by which fills are shared; QUOTA is the quota method of the apportionment module."""

    QUOTA = "QUOTA"
    OTHER = "OTHER"


class HaltAction(StrEnum):
    """What becomes of a client's order when its instrument is halted."""

    KEEP = "KEEP"
    RETURN = "RETURN"
    OTHER = "OTHER"


class CorporateActionPolicy(StrEnum):
    """What becomes of a carried order at a corporate action of its instrument."""

    ADJUST = "ADJUST"
    HOLD = "HOLD"
    OTHER = "OTHER"


class ChildType(StrEnum):
    """Pricing of a child at its venue."""

    LIMIT = "LIMIT"
    MIDPOINT_PEG = "MIDPOINT_PEG"


class ChildTimeInForce(StrEnum):
    """Lifetime of a child at its venue."""

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
    QUOTE_MISSED = "QUOTE_MISSED"
    PX_BAND = "PX_BAND"
    RATE_LIMIT = "RATE_LIMIT"
    NO_PROGRESS = "NO_PROGRESS"
    QUOTE_DOUBTED = "QUOTE_DOUBTED"
    VENUE_UNSEEN = "VENUE_UNSEEN"
    QUOTE_USED_UP = "QUOTE_USED_UP"
    NOT_ELIGIBLE = "NOT_ELIGIBLE"
    EXCLUDED_BY_DESK = "EXCLUDED_BY_DESK"


class SaleMarking(StrEnum):
    """Marking of a sale; a buy has none of SHORT and SHORT_EXEMPT.

    FIX tag 54 tells them by the side.
    """

    LONG = "LONG"
    SHORT = "SHORT"
    SHORT_EXEMPT = "SHORT_EXEMPT"
    OTHER = "OTHER"


class LeaveReason(StrEnum):
    """Why a member left its parent."""

    CANCELLED = "CANCELLED"
    AMENDED = "AMENDED"
    EXPIRED = "EXPIRED"
    KILL_SWITCH = "KILL_SWITCH"
    OTHER = "OTHER"
    MANDATE = "MANDATE"
    RISK_LIMIT = "RISK_LIMIT"
    WITHDRAWN = "WITHDRAWN"


class IgnoreReason(StrEnum):
    """Why a control had no effect."""

    RESENT = "RESENT"
    DAY_CLOSED = "DAY_CLOSED"
    DAY_OPEN = "DAY_OPEN"
    OTHER_DAY_OPEN = "OTHER_DAY_OPEN"
    OTHER = "OTHER"
    OTHER_LIMIT = "OTHER_LIMIT"
    PARENT_UNKNOWN = "PARENT_UNKNOWN"
    PARENT_ENDED = "PARENT_ENDED"
    VENUE_UNKNOWN = "VENUE_UNKNOWN"


class OrderType(StrEnum):
    """Pricing of an order or child."""

    MARKET = "MARKET"
    LIMIT = "LIMIT"


class TimeInForce(StrEnum):
    """Lifetime of a client's order."""

    DAY = "DAY"
    GTC = "GTC"


class Urgency(StrEnum):
    """Market risk that the client accepts for less impact."""

    LOW = "LOW"
    NORMAL = "NORMAL"
    HIGH = "HIGH"


class Benchmark(StrEnum):
    """Benchmark by which the client measures the execution."""

    ARRIVAL = "ARRIVAL"
    VWAP = "VWAP"
    TWAP = "TWAP"
    POV = "POV"


class Capacity(StrEnum):
    """Capacity in which the firm acts."""

    AGENCY = "AGENCY"
    PRINCIPAL = "PRINCIPAL"
    RISKLESS_PRINCIPAL = "RISKLESS_PRINCIPAL"


class Immediacy(StrEnum):
    """Whether an order trades at once: IOC what it finds, FOK all of it or nothing."""

    NONE = "NONE"
    IOC = "IOC"
    FOK = "FOK"
    OTHER = "OTHER"


class WithdrawReason(StrEnum):
    """Why open quantity of an order was withdrawn."""

    CLIENT = "CLIENT"
    HALT = "HALT"
    WINDOW_ENDED = "WINDOW_ENDED"
    DAY_CLOSED = "DAY_CLOSED"
    REFUSED = "REFUSED"
    OTHER = "OTHER"
    IMMEDIATE_OR_CANCEL = "IMMEDIATE_OR_CANCEL"
    FILL_OR_KILL = "FILL_OR_KILL"
    BUSTED = "BUSTED"


class OrdStatus(StrEnum):
    """State of a client's order; FIX tag 39 in words."""

    NEW = "NEW"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    EXPIRED = "EXPIRED"
    PENDING_CANCEL = "PENDING_CANCEL"
    PENDING_REPLACE = "PENDING_REPLACE"
    OTHER = "OTHER"


class InputReason(StrEnum):
    """Why an input could not be taken.

    UNSIGNED: the policy wants its topic signed. WRONG_SIGNATURE: it was signed by no key that its
    writer has in force.
    """

    UNREADABLE = "UNREADABLE"
    UNKNOWN_SCHEMA = "UNKNOWN_SCHEMA"
    TOO_LARGE = "TOO_LARGE"
    WRONG_PARTITION = "WRONG_PARTITION"
    WRONG_KEY = "WRONG_KEY"
    INVALID = "INVALID"
    FAULT = "FAULT"
    OTHER = "OTHER"
    UNATTRIBUTED = "UNATTRIBUTED"
    UNSIGNED = "UNSIGNED"
    WRONG_SIGNATURE = "WRONG_SIGNATURE"


class HaltReason(StrEnum):
    """Why an instrument is halted."""

    FAULT = "FAULT"
    OPERATOR = "OPERATOR"
    OTHER = "OTHER"
    CORPORATE_ACTION = "CORPORATE_ACTION"


class CorporateActionKind(StrEnum):
    """Kind of a corporate action."""

    SPLIT = "SPLIT"
    DIVIDEND = "DIVIDEND"
    SPIN_OFF = "SPIN_OFF"
    MERGER = "MERGER"
    OTHER = "OTHER"


class PauseReason(StrEnum):
    """Why a parent waits."""

    SESSION_BREAK = "SESSION_BREAK"
    OTHER = "OTHER"


class Style(StrEnum):
    """Style in which a slice seeks its fills: posts, takes, or takes all that is left."""

    PASSIVE = "PASSIVE"
    AGGRESSIVE = "AGGRESSIVE"
    CLEANUP = "CLEANUP"
    OTHER = "OTHER"


class PlanReason(StrEnum):
    """Why a plan was adopted or revised."""

    RELEASED = "RELEASED"
    MEMBERS_CHANGED = "MEMBERS_CHANGED"
    BEHIND = "BEHIND"
    COMPLETION_AT_RISK = "COMPLETION_AT_RISK"
    OTHER = "OTHER"
    TRANCHE_BEGAN = "TRANCHE_BEGAN"
    INSTRUCTED = "INSTRUCTED"


class RecalibrationReason(StrEnum):
    """Cause of a change in a parent's progress."""

    FILL = "FILL"
    CROSS = "CROSS"
    BUST = "BUST"
    OTHER = "OTHER"


class NextSlice(StrEnum):
    """What the next slice of a parent does differently from the last one."""

    SAME = "SAME"
    TAKES = "TAKES"
    WAITS = "WAITS"
    WAITS_LESS = "WAITS_LESS"
    WAITS_LONGER = "WAITS_LONGER"
    OTHER = "OTHER"


class ReleaseReason(StrEnum):
    """Cause that closed the aggregation window."""

    TIME = "TIME"
    SIZE = "SIZE"
    MEMBERS = "MEMBERS"
    OTHER = "OTHER"
    INSTRUCTED = "INSTRUCTED"


class ParentAction(StrEnum):
    """What the desk tells a parent to do."""

    PAUSE = "PAUSE"
    RESUME = "RESUME"
    URGENCY = "URGENCY"
    EXCLUDE_VENUE = "EXCLUDE_VENUE"
    INCLUDE_VENUE = "INCLUDE_VENUE"
    COMPLETE_NOW = "COMPLETE_NOW"
    OTHER = "OTHER"


class Pace(StrEnum):
    """How a parent is worked: by its plan, not at all, or all that is left at once."""

    PLANNED = "PLANNED"
    PAUSED = "PAUSED"
    COMPLETING = "COMPLETING"
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
class Share:
    """One member's share of a fill or a cross."""

    order_id: str  # Id of the member's order.
    share_qty: int  # Share of the member, smallest increments.


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class MemberResult:
    """Sums that one member of an ended parent received."""

    order_id: str  # Id of the member's order.
    member_qty: int  # All quantity that it brought to this parent, smallest increments.
    crossed_qty: int  # Received from internal crosses, smallest increments.
    allocated_qty: int  # Received from venue fills, smallest increments.
    left_qty: int  # Unfilled when the member left or the parent ended, smallest increments.

    def __init__(
        self,
        *,
        order_id: str,
        member_qty: int,
        crossed_qty: int,
        allocated_qty: int,
        left_qty: int,
    ) -> None:
        x: Any = self
        put(x, "__class__", _MemberResult)
        x.order_id = order_id
        x.member_qty = member_qty
        x.crossed_qty = crossed_qty
        x.allocated_qty = allocated_qty
        x.left_qty = left_qty
        x.__class__ = MemberResult


_MemberResult = twin(MemberResult)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class InputRange:
    """The records of one input topic that a batch consumed."""

    topic: str  # Input topic.
    first_position: int  # Position of the first record, count from 0, without gaps.
    next_position: int  # Position after that of the last record, count.
    # SHA-256 over the framed records: number, time, key, headers and value, each with its length.
    digest: bytes

    def __init__(
        self,
        *,
        topic: str,
        first_position: int,
        next_position: int,
        digest: bytes,
    ) -> None:
        x: Any = self
        put(x, "__class__", _InputRange)
        x.topic = topic
        x.first_position = first_position
        x.next_position = next_position
        x.digest = digest
        x.__class__ = InputRange


_InputRange = twin(InputRange)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputDigest:
    """The records that a batch wrote to one topic."""

    topic: str  # Stage topic, or dlq.
    record_count: int  # Number of records, count.
    # SHA-256 over the framed records: number, time, key, headers and value, each with its length.
    digest: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeOffset:
    """Offset at which the log keeps the next record of an input. It is not part of the chain."""

    topic: str  # Input topic.
    next_offset: int  # The log's own offset of the next record to read, count.


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicPlace:
    """Position that a topic has reached."""

    topic: str  # Name of the topic.
    next_position: int  # Position of the next record, count from 0, without gaps.


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class ShardClosed:
    """The last close of one shard of the earlier log."""

    shard: int  # Number of the shard, count from 0.
    batch: int  # Number of the batch that closed it, count from 0.
    next_seq: int  # Number after that of the batch's last event, count.
    chain: bytes  # Chain of the batch, SHA-256.

    def __init__(
        self,
        *,
        shard: int,
        batch: int,
        next_seq: int,
        chain: bytes,
    ) -> None:
        x: Any = self
        put(x, "__class__", _ShardClosed)
        x.shard = shard
        x.batch = batch
        x.next_seq = next_seq
        x.chain = chain
        x.__class__ = ShardClosed


_ShardClosed = twin(ShardClosed)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class Candidate:
    """A venue and a way to trade there with a worse score."""

    venue: str  # Code of the venue.
    score_millibps: int  # Expected cost plus the price of waiting, 1e-3 bps; lower is better.
    tactic: str  # Way to trade: take, post, step or peg; empty in older logs.
    fill_ppm: int  # Expected filled part, as in ChildRouted, parts per million; 0 in older logs.
    # Price and fee of what is filled against the midpoint, of a take with its impact, 1e-3 bps,
    # positive is a cost; 0 in older logs.
    filled_millibps: int
    # Expected move of the midpoint against what is filled, 1e-3 bps; 0 for a take and in older
    # logs.
    adverse_millibps: int
    missed_millibps: int  # Expected later cost of what is not filled, 1e-3 bps; 0 in older logs.

    def __init__(
        self,
        *,
        venue: str,
        score_millibps: int,
        tactic: str,
        fill_ppm: int,
        filled_millibps: int,
        adverse_millibps: int,
        missed_millibps: int,
    ) -> None:
        x: Any = self
        put(x, "__class__", _Candidate)
        x.venue = venue
        x.score_millibps = score_millibps
        x.tactic = tactic
        x.fill_ppm = fill_ppm
        x.filled_millibps = filled_millibps
        x.adverse_millibps = adverse_millibps
        x.missed_millibps = missed_millibps
        x.__class__ = Candidate


_Candidate = twin(Candidate)


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteReasonCount:
    """Number of venues that one reason ruled out."""

    reason: RouteReason  # The reason.
    venue_count: int  # Number of venues, count.


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The part of a slice or child that is for one tranche of the parent."""

    tranche: int  # Number of the tranche in its parent, count from 0.
    claim_qty: int  # Its part, smallest increments.


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlNumber:
    """The last control of a sender."""

    source: str  # Sender of controls, by the headers.
    number: int  # Its highest number that was applied, count.


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """A time as a member of a parent, by the parent's membership epochs."""

    joined_epoch: int  # First epoch with the order, count.
    left_epoch: int  # First epoch without it, count.
    tranche: int  # Tranche that it was in.


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class Membership:
    """The order's part in a parent of a closed day of which children are carried."""

    parent_id: str  # Id of the parent.
    allocated_qty: int  # Quantity that the order got there of fills, smallest increments.
    # Quantity that the order brought there and did not get, smallest increments; it has a claim to
    # that much of late fills.
    taken_qty: int
    stays: tuple[Stay, ...]  # When it was a member, the earliest first.

    def __init__(
        self,
        *,
        parent_id: str,
        allocated_qty: int,
        taken_qty: int,
        stays: tuple[Stay, ...],
    ) -> None:
        x: Any = self
        put(x, "__class__", _Membership)
        x.parent_id = parent_id
        x.allocated_qty = allocated_qty
        x.taken_qty = taken_qty
        x.stays = stays
        x.__class__ = Membership


_Membership = twin(Membership)


@dataclass(frozen=True, slots=True, kw_only=True)
class CarriedExecution:
    """A report that booked a fill, corrected or busted it; a resend is known by it."""

    session_day: int  # Day of the venue's session, yyyymmdd count.
    exec_id: str  # The venue's id of the report.
    exec_type: ExecType  # TRADE, TRADE_CORRECT or TRADE_CANCEL.


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class CarriedFill:
    """A fill in its present form, with the shares of it that stand."""

    fill_id: str  # Id of the fill.
    last_qty: int  # Quantity, smallest increments; 0 once it is busted.
    last_px: int  # Price, 1e-9 currency units.
    # Ids of the orders with a share of it, also of those that have ended and are not carried.
    order_ids: tuple[str, ...]
    shares_qty: tuple[int, ...]  # Share of each of them, in the same order, smallest increments.
    # Part that the error account holds, smallest increments; negative where ended orders keep more
    # than the venue gave.
    error_qty: int
    executions: tuple[CarriedExecution, ...]  # The reports on it, the first one first.

    def __init__(
        self,
        *,
        fill_id: str,
        last_qty: int,
        last_px: int,
        order_ids: tuple[str, ...],
        shares_qty: tuple[int, ...],
        error_qty: int,
        executions: tuple[CarriedExecution, ...],
    ) -> None:
        x: Any = self
        put(x, "__class__", _CarriedFill)
        x.fill_id = fill_id
        x.last_qty = last_qty
        x.last_px = last_px
        x.order_ids = order_ids
        x.shares_qty = shares_qty
        x.error_qty = error_qty
        x.executions = executions
        x.__class__ = CarriedFill


_CarriedFill = twin(CarriedFill)


@dataclass(frozen=True, slots=True, kw_only=True)
class TradingSession:
    """A span of a day in which venues trade."""

    open_ns: int  # Start of the session, ns since 1970 UTC.
    close_ns: int  # End of the session, ns since 1970 UTC; nothing trades at it any more.


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class ScorecardCell:
    """What a venue's scorecard counts of one kind of children in one state of the market."""

    # Name of the cell: the tactic, and what was seen when the child was routed, as in
    # post:wide:touch:ahead.
    cell: str
    # Children that a fill could have met, 1e-3 of a child: of resting ones by span of time at rest,
    # of takes in all.
    at_risk_milli: tuple[int, ...]
    filled_milli: tuple[int, ...]  # The filled part of these, 1e-3 of a child, by the same spans.
    # The part that ended without a fill, 1e-3 of a child, by the spans in which it ended.
    cancelled_milli: tuple[int, ...]

    def __init__(
        self,
        *,
        cell: str,
        at_risk_milli: tuple[int, ...],
        filled_milli: tuple[int, ...],
        cancelled_milli: tuple[int, ...],
    ) -> None:
        x: Any = self
        put(x, "__class__", _ScorecardCell)
        x.cell = cell
        x.at_risk_milli = at_risk_milli
        x.filled_milli = filled_milli
        x.cancelled_milli = cancelled_milli
        x.__class__ = ScorecardCell


_ScorecardCell = twin(ScorecardCell)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class ScorecardMarkout:
    """What the midpoint did after the fills of one tactic."""

    tactic: str  # Tactic of the children: take, post or peg.
    horizon_s: int  # Seconds after the fill, s.
    fills_milli: int  # Fills that it was measured after, 1e-3 of a fill.
    # Sum over these of the midpoint's move our way since the fill, 1e-3 bps; negative is a cost.
    sum_millibps: int

    def __init__(
        self,
        *,
        tactic: str,
        horizon_s: int,
        fills_milli: int,
        sum_millibps: int,
    ) -> None:
        x: Any = self
        put(x, "__class__", _ScorecardMarkout)
        x.tactic = tactic
        x.horizon_s = horizon_s
        x.fills_milli = fills_milli
        x.sum_millibps = sum_millibps
        x.__class__ = ScorecardMarkout


_ScorecardMarkout = twin(ScorecardMarkout)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorecardSize:
    """Hidden quantity that met midpoint pegs, as a venue's scorecard counts it."""

    tactic: str  # peg for pegs that rest, take:midpoint for those that end at once.
    # Lots of children that were sent for another lot, 1e-3, by class of the lots that were filled
    # before it: see engine/core/routing/dark_split.py.
    at_risk_milli: tuple[int, ...]
    # Children for which no other lot was there, 1e-3, by the same classes; less than one child
    # where it did not wait for all of its time.
    ended_milli: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class TranchePlan:
    """The schedule of one tranche in its parent's plan."""

    tranche: int  # Number of the tranche in its parent, count from 0.
    start_ns: int  # Start of the schedule, ns since 1970 UTC.
    end_ns: int  # End of the schedule, ns since 1970 UTC.
    plan_qty: int  # Quantity the schedule spreads, smallest increments.
    # Filled and crossed for the tranche when the plan began, smallest increments; targets count
    # from here.
    base_qty: int
    # Quantity that was behind the previous schedule and is due at once, smallest increments; the
    # schedule spreads the rest.
    carry_qty: int
    # Others' volume since the tranche's release when the plan began, smallest increments.
    base_volume_qty: int
    participation_ppm: int  # POV rate of all volume, parts per million.
    # Strategy of the tranche; null is the plan's, in the logs of before 0.3.0.
    strategy: Strategy | None

    def __init__(
        self,
        *,
        tranche: int,
        start_ns: int,
        end_ns: int,
        plan_qty: int,
        base_qty: int,
        carry_qty: int,
        base_volume_qty: int,
        participation_ppm: int,
        strategy: Strategy | None,
    ) -> None:
        x: Any = self
        put(x, "__class__", _TranchePlan)
        x.tranche = tranche
        x.start_ns = start_ns
        x.end_ns = end_ns
        x.plan_qty = plan_qty
        x.base_qty = base_qty
        x.carry_qty = carry_qty
        x.base_volume_qty = base_volume_qty
        x.participation_ppm = participation_ppm
        x.strategy = strategy
        x.__class__ = TranchePlan


_TranchePlan = twin(TranchePlan)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class QuoteObserved:
    """A venue's best bid and ask; a side without a quote is 0."""

    venue: str  # Code of the venue.
    instrument_id: str  # Id of the instrument; also the record's key.
    bid_px: int  # Best bid, 1e-9 currency units; 0 is none.
    bid_qty: int  # Displayed at the bid, smallest increments.
    ask_px: int  # Best ask, 1e-9 currency units; 0 is none.
    ask_qty: int  # Displayed at the ask, smallest increments.
    event_ns: int  # The venue's time, ns since 1970 UTC.
    # Time at which the gateway received it, ns since 1970 UTC; the age of a quote counts from here.
    received_ns: int

    def __init__(
        self,
        *,
        venue: str,
        instrument_id: str,
        bid_px: int,
        bid_qty: int,
        ask_px: int,
        ask_qty: int,
        event_ns: int,
        received_ns: int,
    ) -> None:
        x: Any = self
        put(x, "__class__", _QuoteObserved)
        x.venue = venue
        x.instrument_id = instrument_id
        x.bid_px = bid_px
        x.bid_qty = bid_qty
        x.ask_px = ask_px
        x.ask_qty = ask_qty
        x.event_ns = event_ns
        x.received_ns = received_ns
        x.__class__ = QuoteObserved


_QuoteObserved = twin(QuoteObserved)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class DepthObserved:
    """A venue's book, best level first; it replaces the previous one."""

    venue: str  # Code of the venue.
    instrument_id: str  # Id of the instrument; also the record's key.
    bids: tuple[Level, ...]  # Bid levels, best first.
    asks: tuple[Level, ...]  # Ask levels, best first.
    event_ns: int  # The venue's time, ns since 1970 UTC.
    received_ns: int  # Time at which the gateway received it, ns since 1970 UTC.

    def __init__(
        self,
        *,
        venue: str,
        instrument_id: str,
        bids: tuple[Level, ...],
        asks: tuple[Level, ...],
        event_ns: int,
        received_ns: int,
    ) -> None:
        x: Any = self
        put(x, "__class__", _DepthObserved)
        x.venue = venue
        x.instrument_id = instrument_id
        x.bids = bids
        x.asks = asks
        x.event_ns = event_ns
        x.received_ns = received_ns
        x.__class__ = DepthObserved


_DepthObserved = twin(DepthObserved)


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueStatusObserved:
    """A venue opened, halted or closed; written once to every partition."""

    venue: str  # Code of the venue.
    status: VenueStatus  # State of the venue from now on.
    received_ns: int  # Time at which the gateway received it, ns since 1970 UTC.


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class SendStarted:
    """A gateway is about to send a child.

    The log has acknowledged this record before the child goes out.
    """

    venue: str  # Code of the venue.
    instrument_id: str  # Id of the instrument; also the record's key.
    child_id: str  # Id of the child.
    started_ns: int  # Time at which it was set, ns since 1970 UTC.

    def __init__(
        self,
        *,
        venue: str,
        instrument_id: str,
        child_id: str,
        started_ns: int,
    ) -> None:
        x: Any = self
        put(x, "__class__", _SendStarted)
        x.venue = venue
        x.instrument_id = instrument_id
        x.child_id = child_id
        x.started_ns = started_ns
        x.__class__ = SendStarted


_SendStarted = twin(SendStarted)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class NotSent:
    """A gateway will never send this child."""

    venue: str  # Code of the venue.
    instrument_id: str  # Id of the instrument; also the record's key.
    child_id: str  # Id of the child.
    text: str  # The reason in words.
    received_ns: int  # Time at which it was set, ns since 1970 UTC.

    def __init__(
        self,
        *,
        venue: str,
        instrument_id: str,
        child_id: str,
        text: str,
        received_ns: int,
    ) -> None:
        x: Any = self
        put(x, "__class__", _NotSent)
        x.venue = venue
        x.instrument_id = instrument_id
        x.child_id = child_id
        x.text = text
        x.received_ns = received_ns
        x.__class__ = NotSent


_NotSent = twin(NotSent)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class CancelRejected:
    """A venue refused to cancel a child."""

    venue: str  # Code of the venue.
    instrument_id: str  # Id of the instrument; also the record's key.
    child_id: str  # Id of the child.
    text: str  # The venue's words.
    received_ns: int  # Time at which the gateway received it, ns since 1970 UTC.

    def __init__(
        self,
        *,
        venue: str,
        instrument_id: str,
        child_id: str,
        text: str,
        received_ns: int,
    ) -> None:
        x: Any = self
        put(x, "__class__", _CancelRejected)
        x.venue = venue
        x.instrument_id = instrument_id
        x.child_id = child_id
        x.text = text
        x.received_ns = received_ns
        x.__class__ = CancelRejected


_CancelRejected = twin(CancelRejected)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class SessionStatusObserved:
    """A session with a venue came up or went down; written once to every partition."""

    venue: str  # Code of the venue.
    up: bool  # True once the session is up and all its open children are confirmed.
    session_day: int  # Day of the venue's session, yyyymmdd count.
    # Position in `controls` up to which the gateway has applied them, count; -1 if the gateway does
    # not state it.
    controls_position: int = -1
    received_ns: int  # Time at which the gateway saw it, ns since 1970 UTC.

    def __init__(
        self,
        *,
        venue: str,
        up: bool,
        session_day: int,
        controls_position: int = -1,
        received_ns: int,
    ) -> None:
        x: Any = self
        put(x, "__class__", _SessionStatusObserved)
        x.venue = venue
        x.up = up
        x.session_day = session_day
        x.controls_position = controls_position
        x.received_ns = received_ns
        x.__class__ = SessionStatusObserved


_SessionStatusObserved = twin(SessionStatusObserved)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class KillSwitchSet:
    """A kill switch is engaged, and no child is sent in its scope, or it is released."""

    scope: ControlScope  # FIRM, CLIENT, INSTRUMENT or VENUE.
    scope_id: str  # Id of the client, instrument or venue; empty for FIRM.
    engaged: bool  # True stops trading in the scope, false releases it.
    set_by: str  # Person or system that set it.
    text: str  # The reason in words.
    set_ns: int  # Time at which it was set, ns since 1970 UTC.

    def __init__(
        self,
        *,
        scope: ControlScope,
        scope_id: str,
        engaged: bool,
        set_by: str,
        text: str,
        set_ns: int,
    ) -> None:
        x: Any = self
        put(x, "__class__", _KillSwitchSet)
        x.scope = scope
        x.scope_id = scope_id
        x.engaged = engaged
        x.set_by = set_by
        x.text = text
        x.set_ns = set_ns
        x.__class__ = KillSwitchSet


_KillSwitchSet = twin(KillSwitchSet)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class MandateSet:
    """Permission of a client to trade, with its terms."""

    client_id: str  # Code of the client.
    active: bool  # False refuses its new orders.
    dark_allowed: bool  # False forbids dark venues.
    excluded_venues: tuple[str, ...]  # Codes of venues that must not be used for this client.
    crossing_consent: bool  # Default consent to internal crossing.
    max_participation_ppm: int  # Default cap on our part of all volume, parts per million.
    set_by: str  # Person or system that set it.
    set_ns: int  # Time at which it was set, ns since 1970 UTC.

    def __init__(
        self,
        *,
        client_id: str,
        active: bool,
        dark_allowed: bool,
        excluded_venues: tuple[str, ...],
        crossing_consent: bool,
        max_participation_ppm: int,
        set_by: str,
        set_ns: int,
    ) -> None:
        x: Any = self
        put(x, "__class__", _MandateSet)
        x.client_id = client_id
        x.active = active
        x.dark_allowed = dark_allowed
        x.excluded_venues = excluded_venues
        x.crossing_consent = crossing_consent
        x.max_participation_ppm = max_participation_ppm
        x.set_by = set_by
        x.set_ns = set_ns
        x.__class__ = MandateSet


_MandateSet = twin(MandateSet)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class RestrictionSet:
    """An instrument is put on the restricted list, or taken from it."""

    instrument_id: str  # Id of the instrument.
    restricted: bool  # True refuses new orders.
    set_by: str  # Person or system that set it.
    set_ns: int  # Time at which it was set, ns since 1970 UTC.

    def __init__(
        self,
        *,
        instrument_id: str,
        restricted: bool,
        set_by: str,
        set_ns: int,
    ) -> None:
        x: Any = self
        put(x, "__class__", _RestrictionSet)
        x.instrument_id = instrument_id
        x.restricted = restricted
        x.set_by = set_by
        x.set_ns = set_ns
        x.__class__ = RestrictionSet


_RestrictionSet = twin(RestrictionSet)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class InstrumentHaltSet:
    """A person halts an instrument."""

    instrument_id: str  # Id of the instrument.
    text: str  # The reason in words.
    set_by: str  # Person or system that set it.
    set_ns: int  # Time at which it was set, ns since 1970 UTC.

    def __init__(
        self,
        *,
        instrument_id: str,
        text: str,
        set_by: str,
        set_ns: int,
    ) -> None:
        x: Any = self
        put(x, "__class__", _InstrumentHaltSet)
        x.instrument_id = instrument_id
        x.text = text
        x.set_by = set_by
        x.set_ns = set_ns
        x.__class__ = InstrumentHaltSet


_InstrumentHaltSet = twin(InstrumentHaltSet)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class SuspensionLifted:
    """A person lifts a suspension or halt that the engine or a person has set."""

    scope: ControlScope  # INSTRUMENT, VENUE, SOURCE or CONTROLS.
    scope_id: str  # Id of the instrument, venue or source; empty for CONTROLS.
    set_by: str  # Person or system that set it.
    text: str  # The reason in words.
    set_ns: int  # Time at which it was set, ns since 1970 UTC.

    def __init__(
        self,
        *,
        scope: ControlScope,
        scope_id: str,
        set_by: str,
        text: str,
        set_ns: int,
    ) -> None:
        x: Any = self
        put(x, "__class__", _SuspensionLifted)
        x.scope = scope
        x.scope_id = scope_id
        x.set_by = set_by
        x.text = text
        x.set_ns = set_ns
        x.__class__ = SuspensionLifted


_SuspensionLifted = twin(SuspensionLifted)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class DayOpened:
    """A trading day begins."""

    day: int  # Trading day, yyyymmdd count.
    open_ns: int  # Start of the session, ns since 1970 UTC.
    close_ns: int  # End of the session, ns since 1970 UTC.
    seed: int  # Seed of the day's chance, count.
    set_ns: int  # Time at which it was set, ns since 1970 UTC.

    def __init__(
        self,
        *,
        day: int,
        open_ns: int,
        close_ns: int,
        seed: int,
        set_ns: int,
    ) -> None:
        x: Any = self
        put(x, "__class__", _DayOpened)
        x.day = day
        x.open_ns = open_ns
        x.close_ns = close_ns
        x.seed = seed
        x.set_ns = set_ns
        x.__class__ = DayOpened


_DayOpened = twin(DayOpened)


@dataclass(frozen=True, slots=True, kw_only=True)
class DayClosed:
    """A trading day ends; DAY orders expire."""

    day: int  # Trading day, yyyymmdd count.
    set_ns: int  # Time at which it was set, ns since 1970 UTC.


@dataclass(frozen=True, slots=True, kw_only=True)
class TickTableDefined:
    """Tick sizes of an instrument by price."""

    instrument_id: str  # Id of the instrument.
    bands: tuple[TickBand, ...]  # Bands in ascending order of from_px.
    effective_day: int  # First day on which it is in force, yyyymmdd count.


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class VenueDefined:
    """A venue and its rules for children."""

    venue: str  # Code of the venue.
    name: str  # Name of the venue, for people.
    kind: VenueKind  # LIT, ATS or DARK.
    protected: bool  # True if the venue's quote may not be traded through.
    posts: bool  # True if children may rest at the venue.
    midpoint: bool  # True if the venue takes midpoint pegs.
    min_qty: int  # Smallest child that the venue takes, smallest increments.
    odd_lots: bool  # True if the venue takes quantities that are no multiple of the round lot.
    effective_day: int  # First day on which it is in force, yyyymmdd count.

    def __init__(
        self,
        *,
        venue: str,
        name: str,
        kind: VenueKind,
        protected: bool,
        posts: bool,
        midpoint: bool,
        min_qty: int,
        odd_lots: bool,
        effective_day: int,
    ) -> None:
        x: Any = self
        put(x, "__class__", _VenueDefined)
        x.venue = venue
        x.name = name
        x.kind = kind
        x.protected = protected
        x.posts = posts
        x.midpoint = midpoint
        x.min_qty = min_qty
        x.odd_lots = odd_lots
        x.effective_day = effective_day
        x.__class__ = VenueDefined


_VenueDefined = twin(VenueDefined)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class ConfigurationAdopted:
    """The configuration that decisions depend on; written when it differs from the one before."""

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    text: str  # The whole configuration without secrets, as canonical JSON.

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        text: str,
    ) -> None:
        x: Any = self
        put(x, "__class__", _ConfigurationAdopted)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.text = text
        x.__class__ = ConfigurationAdopted


_ConfigurationAdopted = twin(ConfigurationAdopted)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class SuspensionSet:
    """Requests of a source, routes to a venue or all routes are refused from now on."""

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    scope: ControlScope  # SOURCE, VENUE, INSTRUMENT or CONTROLS.
    scope_id: str  # Id within the scope; empty means all of the shard.
    # The source's number of the record that could not be read, count; -1 if unknown.
    source_number: int
    text: str  # The reason in words.

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        scope: ControlScope,
        scope_id: str,
        source_number: int,
        text: str,
    ) -> None:
        x: Any = self
        put(x, "__class__", _SuspensionSet)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.scope = scope
        x.scope_id = scope_id
        x.source_number = source_number
        x.text = text
        x.__class__ = SuspensionSet


_SuspensionSet = twin(SuspensionSet)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class SuspensionEnded:
    """A suspension ended by itself.

    The source sent the missing record, or the venue confirmed its children.
    """

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    scope: ControlScope  # SOURCE or VENUE.
    scope_id: str  # Id within the scope.

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        scope: ControlScope,
        scope_id: str,
    ) -> None:
        x: Any = self
        put(x, "__class__", _SuspensionEnded)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.scope = scope
        x.scope_id = scope_id
        x.__class__ = SuspensionEnded


_SuspensionEnded = twin(SuspensionEnded)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class ParentEnded:
    """A parent ended."""

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    parent_id: str  # Id of the parent.
    reason: EndReason  # Why the parent ended.
    filled_qty: int  # Filled at venues, smallest increments.
    crossed_qty: int  # Crossed internally, smallest increments.
    returned_qty: int  # Open quantity returned to the members, smallest increments.

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        parent_id: str,
        reason: EndReason,
        filled_qty: int,
        crossed_qty: int,
        returned_qty: int,
    ) -> None:
        x: Any = self
        put(x, "__class__", _ParentEnded)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.parent_id = parent_id
        x.reason = reason
        x.filled_qty = filled_qty
        x.crossed_qty = crossed_qty
        x.returned_qty = returned_qty
        x.__class__ = ParentEnded


_ParentEnded = twin(ParentEnded)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class ChildAcknowledged:
    """A venue has acknowledged a child."""

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    child_id: str  # Id of the child.
    parent_id: str  # Id of the parent.

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        child_id: str,
        parent_id: str,
    ) -> None:
        x: Any = self
        put(x, "__class__", _ChildAcknowledged)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.child_id = child_id
        x.parent_id = parent_id
        x.__class__ = ChildAcknowledged


_ChildAcknowledged = twin(ChildAcknowledged)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class FillBusted:
    """A venue took a booked fill back."""

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    fill_id: str  # Id of the fill.
    child_id: str  # Id of the child.
    parent_id: str  # Id of the parent.
    exec_id: str  # The venue's id of the bust.
    session_day: int  # Day of the venue's session, yyyymmdd count.
    last_qty: int  # Quantity that the venue took back, smallest increments.
    last_px: int  # Price of the fill that was taken back, 1e-9 currency units.

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        fill_id: str,
        child_id: str,
        parent_id: str,
        exec_id: str,
        session_day: int,
        last_qty: int,
        last_px: int,
    ) -> None:
        x: Any = self
        put(x, "__class__", _FillBusted)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.fill_id = fill_id
        x.child_id = child_id
        x.parent_id = parent_id
        x.exec_id = exec_id
        x.session_day = session_day
        x.last_qty = last_qty
        x.last_px = last_px
        x.__class__ = FillBusted


_FillBusted = twin(FillBusted)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class FillCorrected:
    """A venue changed quantity or price of a booked fill."""

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    fill_id: str  # Id of the fill.
    child_id: str  # Id of the child.
    parent_id: str  # Id of the parent.
    exec_id: str  # The venue's id of the correction.
    session_day: int  # Day of the venue's session, yyyymmdd count.
    previous_qty: int  # Quantity before, smallest increments.
    previous_px: int  # Price before, 1e-9 currency units.
    last_qty: int  # Quantity from now on, smallest increments.
    last_px: int  # Price from now on, 1e-9 currency units.

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        fill_id: str,
        child_id: str,
        parent_id: str,
        exec_id: str,
        session_day: int,
        previous_qty: int,
        previous_px: int,
        last_qty: int,
        last_px: int,
    ) -> None:
        x: Any = self
        put(x, "__class__", _FillCorrected)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.fill_id = fill_id
        x.child_id = child_id
        x.parent_id = parent_id
        x.exec_id = exec_id
        x.session_day = session_day
        x.previous_qty = previous_qty
        x.previous_px = previous_px
        x.last_qty = last_qty
        x.last_px = last_px
        x.__class__ = FillCorrected


_FillCorrected = twin(FillCorrected)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class ChildClosed:
    """A child ended; its unfilled quantity returns to its parent."""

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    child_id: str  # Id of the child.
    parent_id: str  # Id of the parent.
    reason: CloseReason  # Reason for which the child ended.
    returned_qty: int  # Unfilled quantity that returns to the parent, smallest increments.
    unsolicited: bool  # True if the engine had not asked for the end of the child.
    text: str  # The venue's words.

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        child_id: str,
        parent_id: str,
        reason: CloseReason,
        returned_qty: int,
        unsolicited: bool,
        text: str,
    ) -> None:
        x: Any = self
        put(x, "__class__", _ChildClosed)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.child_id = child_id
        x.parent_id = parent_id
        x.reason = reason
        x.returned_qty = returned_qty
        x.unsolicited = unsolicited
        x.text = text
        x.__class__ = ChildClosed


_ChildClosed = twin(ChildClosed)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class ChildFateUnknown:
    """The fate of a child is unknown; it counts as exposure until the venue answers for its id."""

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    child_id: str  # Id of the child.
    parent_id: str  # Id of the parent.
    text: str  # The gateway's knowledge of the child, in words.

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        child_id: str,
        parent_id: str,
        text: str,
    ) -> None:
        x: Any = self
        put(x, "__class__", _ChildFateUnknown)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.child_id = child_id
        x.parent_id = parent_id
        x.text = text
        x.__class__ = ChildFateUnknown


_ChildFateUnknown = twin(ChildFateUnknown)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class CancelFailed:
    """A venue refused a cancel; the child stays at the venue."""

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    child_id: str  # Id of the child.
    parent_id: str  # Id of the parent.
    text: str  # The venue's words.

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        child_id: str,
        parent_id: str,
        text: str,
    ) -> None:
        x: Any = self
        put(x, "__class__", _CancelFailed)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.child_id = child_id
        x.parent_id = parent_id
        x.text = text
        x.__class__ = CancelFailed


_CancelFailed = twin(CancelFailed)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class CrossAllocated:
    """One side of a cross was shared among the members that consent to crosses."""

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    cross_id: str  # Id of the cross.
    parent_id: str  # Id of the parent.
    side: Side  # Side of the cross that is shared here.
    cross_qty: int  # Quantity, smallest increments.
    cross_px: int  # Price, 1e-9 currency units.
    shares: tuple[Share, ...]  # Members whose part is not zero.

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        cross_id: str,
        parent_id: str,
        side: Side,
        cross_qty: int,
        cross_px: int,
        shares: tuple[Share, ...],
    ) -> None:
        x: Any = self
        put(x, "__class__", _CrossAllocated)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.cross_id = cross_id
        x.parent_id = parent_id
        x.side = side
        x.cross_qty = cross_qty
        x.cross_px = cross_px
        x.shares = shares
        x.__class__ = CrossAllocated


_CrossAllocated = twin(CrossAllocated)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class FillReallocated:
    """A bust or a correction changed the members' shares of a fill."""

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    fill_id: str  # Id of the fill.
    parent_id: str  # Id of the parent.
    previous_px: int  # Price before, 1e-9 currency units.
    last_px: int  # Price from now on, 1e-9 currency units.
    before: tuple[Share, ...]  # Shares before.
    after: tuple[Share, ...]  # Shares from now on.
    error_qty: int  # Part that the error account holds from now on, smallest increments.

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        fill_id: str,
        parent_id: str,
        previous_px: int,
        last_px: int,
        before: tuple[Share, ...],
        after: tuple[Share, ...],
        error_qty: int,
    ) -> None:
        x: Any = self
        put(x, "__class__", _FillReallocated)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.fill_id = fill_id
        x.parent_id = parent_id
        x.previous_px = previous_px
        x.last_px = last_px
        x.before = before
        x.after = after
        x.error_qty = error_qty
        x.__class__ = FillReallocated


_FillReallocated = twin(FillReallocated)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class ParentReconciled:
    """Sums that each member of an ended parent received.

    The engine has checked them against the parent's sums.
    """

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    parent_id: str  # Id of the parent.
    filled_qty: int  # Filled at venues, smallest increments.
    crossed_qty: int  # Crossed internally, smallest increments.
    error_qty: int  # Held in the error account, smallest increments.
    # Every member that the parent had, in the order in which they joined.
    members: tuple[MemberResult, ...]

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        parent_id: str,
        filled_qty: int,
        crossed_qty: int,
        error_qty: int,
        members: tuple[MemberResult, ...],
    ) -> None:
        x: Any = self
        put(x, "__class__", _ParentReconciled)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.parent_id = parent_id
        x.filled_qty = filled_qty
        x.crossed_qty = crossed_qty
        x.error_qty = error_qty
        x.members = members
        x.__class__ = ParentReconciled


_ParentReconciled = twin(ParentReconciled)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class BatchSealed:
    """One batch of a shard: inputs consumed, records written, and the chain."""

    batch: int  # Number of the batch in its shard, count from 0.
    kind: SealKind  # NORMAL or CLOSE.
    now_ns: int  # Time of the batch, ns since 1970 UTC.
    inputs: tuple[InputRange, ...]  # Inputs consumed, in topic order.
    first_seq: int  # Number of the first event, count.
    next_seq: int  # Number after that of the last event, count.
    outputs: tuple[OutputDigest, ...]  # Records written, in topic order.
    faults: tuple[str, ...]  # Causes whose step raised an error and was recorded as a rejection.
    release: str  # Version of the engine that decided.
    python: str  # Python minor version it ran on.
    state_hash: bytes  # SHA-256 over a part of the state after this batch; empty for most batches.
    previous_chain: bytes  # Chain of the previous seal; 32 zero bytes for the first.
    chain: bytes  # SHA-256 over previous_chain and the canonical bytes of the fields above it.
    # Offsets at which the log keeps the next inputs; not part of the chain.
    resume: tuple[ResumeOffset, ...]

    def __init__(
        self,
        *,
        batch: int,
        kind: SealKind,
        now_ns: int,
        inputs: tuple[InputRange, ...],
        first_seq: int,
        next_seq: int,
        outputs: tuple[OutputDigest, ...],
        faults: tuple[str, ...],
        release: str,
        python: str,
        state_hash: bytes,
        previous_chain: bytes,
        chain: bytes,
        resume: tuple[ResumeOffset, ...],
    ) -> None:
        x: Any = self
        put(x, "__class__", _BatchSealed)
        x.batch = batch
        x.kind = kind
        x.now_ns = now_ns
        x.inputs = inputs
        x.first_seq = first_seq
        x.next_seq = next_seq
        x.outputs = outputs
        x.faults = faults
        x.release = release
        x.python = python
        x.state_hash = state_hash
        x.previous_chain = previous_chain
        x.chain = chain
        x.resume = resume
        x.__class__ = BatchSealed


_BatchSealed = twin(BatchSealed)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class OrderResumed:
    """A carried order may join a parent again: it passed the new day's checks."""

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    order_id: str  # Id of the event that first accepted the order.
    start_ns: int  # Earliest start, ns since 1970 UTC.
    end_ns: int  # Latest end, ns since 1970 UTC.
    max_participation_ppm: int  # Cap on our part of all volume, parts per million.
    no_dark: bool  # True forbids dark venues.
    # Codes of venues that the order or the mandate excludes, sorted.
    excluded_venues: tuple[str, ...]
    # Price that its value was checked and spent at, 1e-9 currency units; 0 if none was known.
    value_px: int

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        order_id: str,
        start_ns: int,
        end_ns: int,
        max_participation_ppm: int,
        no_dark: bool,
        excluded_venues: tuple[str, ...],
        value_px: int,
    ) -> None:
        x: Any = self
        put(x, "__class__", _OrderResumed)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.order_id = order_id
        x.start_ns = start_ns
        x.end_ns = end_ns
        x.max_participation_ppm = max_participation_ppm
        x.no_dark = no_dark
        x.excluded_venues = excluded_venues
        x.value_px = value_px
        x.__class__ = OrderResumed


_OrderResumed = twin(OrderResumed)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class VenueStatusCarried:
    """A venue that was not open, or whose session was down, when the day closed."""

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    venue: str  # Code of the venue.
    status: VenueStatus  # Last known state of the venue.
    down_since_ns: int | None  # When its session went down, ns since 1970 UTC; null if it is up.

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        venue: str,
        status: VenueStatus,
        down_since_ns: int | None,
    ) -> None:
        x: Any = self
        put(x, "__class__", _VenueStatusCarried)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.venue = venue
        x.status = status
        x.down_since_ns = down_since_ns
        x.__class__ = VenueStatusCarried


_VenueStatusCarried = twin(VenueStatusCarried)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class TickTableCarried:
    """Tick sizes of an instrument of this shard, in force when the day closes."""

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    instrument_id: str  # Id of the instrument.
    bands: tuple[TickBand, ...]  # Bands in ascending order of from_px.
    effective_day: int  # First day on which it is in force, yyyymmdd count.

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        instrument_id: str,
        bands: tuple[TickBand, ...],
        effective_day: int,
    ) -> None:
        x: Any = self
        put(x, "__class__", _TickTableCarried)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.instrument_id = instrument_id
        x.bands = bands
        x.effective_day = effective_day
        x.__class__ = TickTableCarried


_TickTableCarried = twin(TickTableCarried)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class VenueCarried:
    """A venue and its rules for children, in force when the day closes."""

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    venue: str  # Code of the venue.
    name: str  # Name of the venue, for people.
    kind: VenueKind  # LIT, ATS or DARK.
    protected: bool  # True if the venue's quote may not be traded through.
    posts: bool  # True if children may rest at the venue.
    midpoint: bool  # True if the venue takes midpoint pegs.
    min_qty: int  # Smallest child that the venue takes, smallest increments.
    odd_lots: bool  # True if the venue takes quantities that are no multiple of the round lot.
    effective_day: int  # First day on which it is in force, yyyymmdd count.

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        venue: str,
        name: str,
        kind: VenueKind,
        protected: bool,
        posts: bool,
        midpoint: bool,
        min_qty: int,
        odd_lots: bool,
        effective_day: int,
    ) -> None:
        x: Any = self
        put(x, "__class__", _VenueCarried)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.venue = venue
        x.name = name
        x.kind = kind
        x.protected = protected
        x.posts = posts
        x.midpoint = midpoint
        x.min_qty = min_qty
        x.odd_lots = odd_lots
        x.effective_day = effective_day
        x.__class__ = VenueCarried


_VenueCarried = twin(VenueCarried)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class KillSwitchCarried:
    """A kill switch that is engaged when the day closes."""

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    scope: ControlScope  # FIRM, CLIENT, INSTRUMENT or VENUE.
    scope_id: str  # Id of the client, instrument or venue; empty for FIRM.
    text: str  # The reason in words.

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        scope: ControlScope,
        scope_id: str,
        text: str,
    ) -> None:
        x: Any = self
        put(x, "__class__", _KillSwitchCarried)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.scope = scope
        x.scope_id = scope_id
        x.text = text
        x.__class__ = KillSwitchCarried


_KillSwitchCarried = twin(KillSwitchCarried)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class MandateCarried:
    """Permission of a client to trade, in force when the day closes."""

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    client_id: str  # Code of the client.
    active: bool  # False refuses its new orders.
    dark_allowed: bool  # False forbids dark venues.
    excluded_venues: tuple[str, ...]  # Codes of venues that must not be used for this client.
    crossing_consent: bool  # Default consent to internal crossing.
    max_participation_ppm: int  # Default cap on our part of all volume, parts per million.
    set_by: str  # Person or system that set it.
    set_ns: int  # Time at which it was set, ns since 1970 UTC.

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        client_id: str,
        active: bool,
        dark_allowed: bool,
        excluded_venues: tuple[str, ...],
        crossing_consent: bool,
        max_participation_ppm: int,
        set_by: str,
        set_ns: int,
    ) -> None:
        x: Any = self
        put(x, "__class__", _MandateCarried)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.client_id = client_id
        x.active = active
        x.dark_allowed = dark_allowed
        x.excluded_venues = excluded_venues
        x.crossing_consent = crossing_consent
        x.max_participation_ppm = max_participation_ppm
        x.set_by = set_by
        x.set_ns = set_ns
        x.__class__ = MandateCarried


_MandateCarried = twin(MandateCarried)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class RestrictionCarried:
    """An instrument that is restricted when the day closes."""

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    instrument_id: str  # Id of the instrument.
    set_by: str  # Person or system that set it.

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        instrument_id: str,
        set_by: str,
    ) -> None:
        x: Any = self
        put(x, "__class__", _RestrictionCarried)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.instrument_id = instrument_id
        x.set_by = set_by
        x.__class__ = RestrictionCarried


_RestrictionCarried = twin(RestrictionCarried)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class PositionsCarried:
    """The close has stated all that the next day starts from; recovery can begin here."""

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    # Position of the next record of each input after this batch, in topic order.
    inputs: tuple[TopicPlace, ...]
    # Position at which this batch begins in each stage topic and the dlq, in topic order.
    outputs: tuple[TopicPlace, ...]

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        inputs: tuple[TopicPlace, ...],
        outputs: tuple[TopicPlace, ...],
    ) -> None:
        x: Any = self
        put(x, "__class__", _PositionsCarried)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.inputs = inputs
        x.outputs = outputs
        x.__class__ = PositionsCarried


_PositionsCarried = twin(PositionsCarried)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class LogContinued:
    """First event of a log that continues one with another number of partitions."""

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    partitions: int  # Shards of the earlier log, count.
    closes: tuple[ShardClosed, ...]  # The last close of every shard of the earlier log, in order.

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        partitions: int,
        closes: tuple[ShardClosed, ...],
    ) -> None:
        x: Any = self
        put(x, "__class__", _LogContinued)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.partitions = partitions
        x.closes = closes
        x.__class__ = LogContinued


_LogContinued = twin(LogContinued)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class ChildCancelRequested:
    """The engine asks a venue to cancel a child."""

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    child_id: str  # Id of the child.
    parent_id: str  # Id of the parent.
    venue: str  # Code of the venue.
    reason: CancelReason  # The reason.
    repeats: int  # Times that this cancel was asked for before without an answer, count.

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        child_id: str,
        parent_id: str,
        venue: str,
        reason: CancelReason,
        repeats: int,
    ) -> None:
        x: Any = self
        put(x, "__class__", _ChildCancelRequested)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.child_id = child_id
        x.parent_id = parent_id
        x.venue = venue
        x.reason = reason
        x.repeats = repeats
        x.__class__ = ChildCancelRequested


_ChildCancelRequested = twin(ChildCancelRequested)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class OrderRejected:
    """A client's order was refused."""

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    source: str  # System that sent the request.
    cl_ord_id: str  # The source's id of the order.
    client_id: str  # Code of the client.
    instrument_id: str  # Id of the instrument, as the request gave it.
    reason: RejectReason  # The first reason that applies.
    text: str  # Value found, value expected, and action to take.
    # Value that no allotment covered, whole currency units, rounded up; 0 of every other reason.
    asked_notional_cur: int
    asked_currency: str  # Currency of asked_notional_cur, ISO 4217; empty where that is 0.

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        source: str,
        cl_ord_id: str,
        client_id: str,
        instrument_id: str,
        reason: RejectReason,
        text: str,
        asked_notional_cur: int,
        asked_currency: str,
    ) -> None:
        x: Any = self
        put(x, "__class__", _OrderRejected)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.source = source
        x.cl_ord_id = cl_ord_id
        x.client_id = client_id
        x.instrument_id = instrument_id
        x.reason = reason
        x.text = text
        x.asked_notional_cur = asked_notional_cur
        x.asked_currency = asked_currency
        x.__class__ = OrderRejected


_OrderRejected = twin(OrderRejected)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class OrderChangeRejected:
    """A cancel or amend was refused."""

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    source: str  # System that sent the request.
    cl_ord_id: str  # Id of the request.
    orig_cl_ord_id: str  # Id of the order that the request named.
    change: Change  # CANCEL or AMEND.
    reason: RejectReason  # The first reason that applies.
    text: str  # Value found, value expected, and action to take.
    # Value that no allotment covered, whole currency units, rounded up; 0 of every other reason.
    asked_notional_cur: int
    # Code of the order's client, where an allotment did not cover the change; else empty.
    client_id: str
    asked_currency: str  # Currency of asked_notional_cur, ISO 4217; empty where that is 0.

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        source: str,
        cl_ord_id: str,
        orig_cl_ord_id: str,
        change: Change,
        reason: RejectReason,
        text: str,
        asked_notional_cur: int,
        client_id: str,
        asked_currency: str,
    ) -> None:
        x: Any = self
        put(x, "__class__", _OrderChangeRejected)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.source = source
        x.cl_ord_id = cl_ord_id
        x.orig_cl_ord_id = orig_cl_ord_id
        x.change = change
        x.reason = reason
        x.text = text
        x.asked_notional_cur = asked_notional_cur
        x.client_id = client_id
        x.asked_currency = asked_currency
        x.__class__ = OrderChangeRejected


_OrderChangeRejected = twin(OrderChangeRejected)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class ExecutionReported:
    """A venue's report on a child."""

    venue: str  # Code of the venue.
    instrument_id: str  # Id of the instrument; also the record's key.
    child_id: str  # Id of the child as the venue returned it.
    exec_id: str  # The venue's id of this report; unique per venue and session day with its type.
    exec_type: ExecType  # Kind of the report.
    # Id of the report that a bust or correction refers to; null for other reports.
    exec_ref_id: str | None = None
    last_qty: int  # Quantity of this fill or the corrected quantity, smallest increments; else 0.
    last_px: int  # Price of this fill or the corrected price, 1e-9 currency units; else 0.
    cum_qty: int  # Filled so far by the venue's count, smallest increments.
    leaves_qty: int  # Open by the venue's count, smallest increments.
    liquidity: Liquidity  # Added, removed or midpoint.
    text: str  # The venue's words.
    session_day: int  # Day of the venue's session, yyyymmdd count.
    transact_ns: int  # The venue's time, ns since 1970 UTC.
    received_ns: int  # Time at which the gateway received it, ns since 1970 UTC.
    # Average price of all executions of the child, 1e-9 currency units; 0 if the venue does not
    # give it.
    avg_px: int = 0
    # Side that the venue gives of the child; NOT_GIVEN if it gives none.
    side: ReportedSide = ReportedSide.NOT_GIVEN

    def __init__(
        self,
        *,
        venue: str,
        instrument_id: str,
        child_id: str,
        exec_id: str,
        exec_type: ExecType,
        exec_ref_id: str | None = None,
        last_qty: int,
        last_px: int,
        cum_qty: int,
        leaves_qty: int,
        liquidity: Liquidity,
        text: str,
        session_day: int,
        transact_ns: int,
        received_ns: int,
        avg_px: int = 0,
        side: ReportedSide = ReportedSide.NOT_GIVEN,
    ) -> None:
        x: Any = self
        put(x, "__class__", _ExecutionReported)
        x.venue = venue
        x.instrument_id = instrument_id
        x.child_id = child_id
        x.exec_id = exec_id
        x.exec_type = exec_type
        x.exec_ref_id = exec_ref_id
        x.last_qty = last_qty
        x.last_px = last_px
        x.cum_qty = cum_qty
        x.leaves_qty = leaves_qty
        x.liquidity = liquidity
        x.text = text
        x.session_day = session_day
        x.transact_ns = transact_ns
        x.received_ns = received_ns
        x.avg_px = avg_px
        x.side = side
        x.__class__ = ExecutionReported


_ExecutionReported = twin(ExecutionReported)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class FillBooked:
    """A fill was booked, once; its id is this event's id."""

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    child_id: str  # Id of the child.
    parent_id: str  # Id of the parent.
    instrument_id: str  # Id of the instrument.
    venue: str  # Code of the venue.
    side: Side  # BUY or SELL.
    exec_id: str  # The venue's id of the report.
    session_day: int  # Day of the venue's session, yyyymmdd count.
    last_qty: int  # Quantity, smallest increments.
    last_px: int  # Price, 1e-9 currency units.
    cum_qty: int  # The child's filled quantity from now on, smallest increments.
    leaves_qty: int  # The child's open quantity from now on, smallest increments.
    overfill_qty: int  # Part beyond what the child had open, smallest increments.
    liquidity: Liquidity  # Added, removed or midpoint.
    fee_px: int  # Fee for each smallest increment, 1e-9 currency units; a rebate is negative.
    # Consolidated midpoint when the fill was booked, 1e-9 currency units; null without a fresh two-
    # sided market.
    mid_px: int | None
    late: bool  # True if the child had ended or a cancel was on its way.
    transact_ns: int  # The venue's time, ns since 1970 UTC.
    # Quantity of the child that its venue counts as executed and has not reported, after this fill,
    # smallest increments; it stays exposure.
    missing_qty: int
    # Executed of the child by its venue's count, smallest increments; 0 if the venue does not give
    # it.
    venue_cum_qty: int

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        child_id: str,
        parent_id: str,
        instrument_id: str,
        venue: str,
        side: Side,
        exec_id: str,
        session_day: int,
        last_qty: int,
        last_px: int,
        cum_qty: int,
        leaves_qty: int,
        overfill_qty: int,
        liquidity: Liquidity,
        fee_px: int,
        mid_px: int | None,
        late: bool,
        transact_ns: int,
        missing_qty: int,
        venue_cum_qty: int,
    ) -> None:
        x: Any = self
        put(x, "__class__", _FillBooked)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.child_id = child_id
        x.parent_id = parent_id
        x.instrument_id = instrument_id
        x.venue = venue
        x.side = side
        x.exec_id = exec_id
        x.session_day = session_day
        x.last_qty = last_qty
        x.last_px = last_px
        x.cum_qty = cum_qty
        x.leaves_qty = leaves_qty
        x.overfill_qty = overfill_qty
        x.liquidity = liquidity
        x.fee_px = fee_px
        x.mid_px = mid_px
        x.late = late
        x.transact_ns = transact_ns
        x.missing_qty = missing_qty
        x.venue_cum_qty = venue_cum_qty
        x.__class__ = FillBooked


_FillBooked = twin(FillBooked)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class BreakFlagged:
    """The engine and a venue do not agree; a person has to settle it."""

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    reason: BreakReason  # Kind of the disagreement.
    venue: str  # Code of the venue.
    child_id: str  # Id of the child as the venue gave it.
    exec_id: str  # The venue's id of the report.
    break_qty: int  # Quantity in question, smallest increments.
    break_px: int  # Price in question, 1e-9 currency units.
    text: str  # Value found and value expected.

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        reason: BreakReason,
        venue: str,
        child_id: str,
        exec_id: str,
        break_qty: int,
        break_px: int,
        text: str,
    ) -> None:
        x: Any = self
        put(x, "__class__", _BreakFlagged)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.reason = reason
        x.venue = venue
        x.child_id = child_id
        x.exec_id = exec_id
        x.break_qty = break_qty
        x.break_px = break_px
        x.text = text
        x.__class__ = BreakFlagged


_BreakFlagged = twin(BreakFlagged)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class BreakCarried:
    """A break that is still open when the day closes."""

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    break_id: str  # Id of the event that first flagged the break.
    reason: BreakReason  # Kind of the disagreement.
    venue: str  # Code of the venue.
    child_id: str  # Id of the child as the venue gave it.
    exec_id: str  # The venue's id of the report.
    break_qty: int  # Quantity in question, smallest increments.
    break_px: int  # Price in question, 1e-9 currency units.
    # Breaks that it stands for, count; more than one is a venue's breaks of a kind beyond those
    # that a shard keeps one by one.
    break_count: int

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        break_id: str,
        reason: BreakReason,
        venue: str,
        child_id: str,
        exec_id: str,
        break_qty: int,
        break_px: int,
        break_count: int,
    ) -> None:
        x: Any = self
        put(x, "__class__", _BreakCarried)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.break_id = break_id
        x.reason = reason
        x.venue = venue
        x.child_id = child_id
        x.exec_id = exec_id
        x.break_qty = break_qty
        x.break_px = break_px
        x.break_count = break_count
        x.__class__ = BreakCarried


_BreakCarried = twin(BreakCarried)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class BreakSettled:
    """A person has explained a break; a quantity in doubt returns to its parent's pool."""

    break_id: str  # Id of the break.
    text: str  # Explanation.
    set_by: str  # Person or system that set it.
    set_ns: int  # Time at which it was set, ns since 1970 UTC.
    # Quantity that the error account takes, smallest increments; positive if it was bought,
    # negative if it was sold, 0 if nothing is booked.
    error_qty: int = 0
    error_px: int = 0  # Its price, 1e-9 currency units.
    instrument_id: str = ""  # Id of its instrument; empty if nothing is booked.

    def __init__(
        self,
        *,
        break_id: str,
        text: str,
        set_by: str,
        set_ns: int,
        error_qty: int = 0,
        error_px: int = 0,
        instrument_id: str = "",
    ) -> None:
        x: Any = self
        put(x, "__class__", _BreakSettled)
        x.break_id = break_id
        x.text = text
        x.set_by = set_by
        x.set_ns = set_ns
        x.error_qty = error_qty
        x.error_px = error_px
        x.instrument_id = instrument_id
        x.__class__ = BreakSettled


_BreakSettled = twin(BreakSettled)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class BreakClosed:
    """A break is settled: a later report explained it, or a person did."""

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    break_id: str  # Id of the break.
    child_id: str  # Id of the break's child; empty if it names none.
    resolution: BreakResolution  # Why it is closed.
    set_by: str  # Code of the person; empty if a report closed it.
    text: str  # Explanation.

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        break_id: str,
        child_id: str,
        resolution: BreakResolution,
        set_by: str,
        text: str,
    ) -> None:
        x: Any = self
        put(x, "__class__", _BreakClosed)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.break_id = break_id
        x.child_id = child_id
        x.resolution = resolution
        x.set_by = set_by
        x.text = text
        x.__class__ = BreakClosed


_BreakClosed = twin(BreakClosed)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class ChildDoubted:
    """A venue ended a child of which executions are missing; their quantity stays exposure."""

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    child_id: str  # Id of the child.
    parent_id: str  # Id of the parent.
    reason: CloseReason  # How the venue ended it.
    returned_qty: int  # Quantity returned to the parent's pool, smallest increments.
    # Quantity that the venue counts as executed and has not reported, smallest increments; it stays
    # exposure.
    doubt_qty: int
    text: str  # The venue's text.

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        child_id: str,
        parent_id: str,
        reason: CloseReason,
        returned_qty: int,
        doubt_qty: int,
        text: str,
    ) -> None:
        x: Any = self
        put(x, "__class__", _ChildDoubted)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.child_id = child_id
        x.parent_id = parent_id
        x.reason = reason
        x.returned_qty = returned_qty
        x.doubt_qty = doubt_qty
        x.text = text
        x.__class__ = ChildDoubted


_ChildDoubted = twin(ChildDoubted)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class PolicySet:
    """Parameters of aggregation, planning, routing and allocation from now on."""

    policy_id: str  # Name and version of the policy.
    window_ns: int  # Time for which a parent gathers members, ns.
    window_members: int  # Members that close the window at once, count.
    window_notional_cur: int  # Value that closes the window at once, whole currency units.
    # Part of a working parent's horizon in which orders may still join, parts per million.
    join_until_ppm: int
    cross_quote_age_ns: int  # Oldest quote a cross may be priced from, ns.
    strategy: Strategy  # Strategy of every plan; AUTO lets the engine choose.
    router: Router  # Router of every slice; AUTO lets the engine choose.
    allocation_rule: AllocationRule  # Rule by which fills are shared.
    interval_ns: int  # Time between two schedule points, ns.
    # Band around a schedule at its start, parts per million of the quantity; a lot and two
    # intervals' quantity at least.
    tracking_band_ppm: int
    min_slice_qty: int  # Smallest slice, the last one apart, smallest increments.
    max_slice_ppm: int  # Largest slice, parts per million of the parent's quantity.
    participation_ppm: int  # POV rate of all volume, parts per million.
    horizon_high_ns: int  # Horizon of HIGH urgency, ns.
    horizon_normal_ns: int  # Horizon of NORMAL urgency, ns.
    # Almgren-Chriss lambda for NORMAL urgency, 1e-12 per currency unit; HIGH takes ten times, LOW a
    # tenth.
    risk_aversion_e12: int
    send_within_ns: int  # Longest time before a gateway starts sending a child, ns.
    set_by: str  # Person or system that set it.
    set_ns: int  # Time at which it was set, ns since 1970 UTC.
    # Most by which a child's limit may be worse than its reference price, parts per million.
    px_band_ppm: int = 50000
    rate_window_ns: int = 10000000000  # Time that the rates below are counted in, ns.
    # Most children of a parent in that time, count; half of them at one moment.
    parent_routes_max: int = 100
    # Most children to a venue in that time, count; half of them at one moment.
    venue_routes_max: int = 4000
    # Most new orders of a client in that time, count; half of them at one moment.
    client_orders_max: int = 100000
    # Most amends and cancels of a client in an instrument in that time, and children that they end,
    # count; half of them at one moment.
    client_changes_max: int = 40
    # Children in a row that a venue ends without progress in an instrument before it gets no more,
    # count.
    fruitless_max: int = 10
    # Least part of a child that counts as progress once it is filled, parts per million.
    progress_ppm: int = 100000
    # What becomes of client orders when their instrument is halted.
    on_halt: HaltAction = HaltAction.KEEP
    # Time in which a venue answers a child or a request on one, before it is asked again, ns; each
    # further time is twice as long.
    ack_within_ns: int = 3000000000
    # Times that a venue is asked again before its silence is a break and it gets no more, count.
    asks_max: int = 2
    # An execution at so many times the market's price, or at that part of it, cannot be true and
    # stops its venue for the instrument, count.
    impossible_px_times: int = 2
    # Most by which a quote or print may be away from the last good price before a second witness
    # confirms it, parts per million.
    quote_band_ppm: int = 50000
    # Spreads of the last good midpoint that the band is wider by, count.
    quote_band_spreads: int = 3
    # Growth of the band in each minute without a good price, parts per million.
    quote_band_growth_ppm: int = 10000
    # Time after which one venue alone moves the good price, or confirms itself where no other is
    # seen, ns.
    quote_alone_ns: int = 10000000000
    # Time without a print after which the usual volume stands for the observed one, ns.
    tape_silent_ns: int = 300000000000
    # Input topics of which only records are taken that a key in force of their writer has signed.
    signed_topics: tuple[str, ...] = ()
    # ADJUST lets the quantity and the limit of carried orders follow a split, HOLD keeps them until
    # their clients amend or cancel them.
    on_corporate_action: CorporateActionPolicy = CorporateActionPolicy.ADJUST
    # Time since the last order joined for which a parent with nothing left to do stays open for
    # more orders of its intent, ns.
    linger_ns: int = 0
    # Time for which a parent without any aggressiveness waits for a passive fill, ns; in proportion
    # less with aggressiveness, and at least an interval.
    patience_ns: int = 0

    def __init__(
        self,
        *,
        policy_id: str,
        window_ns: int,
        window_members: int,
        window_notional_cur: int,
        join_until_ppm: int,
        cross_quote_age_ns: int,
        strategy: Strategy,
        router: Router,
        allocation_rule: AllocationRule,
        interval_ns: int,
        tracking_band_ppm: int,
        min_slice_qty: int,
        max_slice_ppm: int,
        participation_ppm: int,
        horizon_high_ns: int,
        horizon_normal_ns: int,
        risk_aversion_e12: int,
        send_within_ns: int,
        set_by: str,
        set_ns: int,
        px_band_ppm: int = 50000,
        rate_window_ns: int = 10000000000,
        parent_routes_max: int = 100,
        venue_routes_max: int = 4000,
        client_orders_max: int = 100000,
        client_changes_max: int = 40,
        fruitless_max: int = 10,
        progress_ppm: int = 100000,
        on_halt: HaltAction = HaltAction.KEEP,
        ack_within_ns: int = 3000000000,
        asks_max: int = 2,
        impossible_px_times: int = 2,
        quote_band_ppm: int = 50000,
        quote_band_spreads: int = 3,
        quote_band_growth_ppm: int = 10000,
        quote_alone_ns: int = 10000000000,
        tape_silent_ns: int = 300000000000,
        signed_topics: tuple[str, ...] = (),
        on_corporate_action: CorporateActionPolicy = CorporateActionPolicy.ADJUST,
        linger_ns: int = 0,
        patience_ns: int = 0,
    ) -> None:
        x: Any = self
        put(x, "__class__", _PolicySet)
        x.policy_id = policy_id
        x.window_ns = window_ns
        x.window_members = window_members
        x.window_notional_cur = window_notional_cur
        x.join_until_ppm = join_until_ppm
        x.cross_quote_age_ns = cross_quote_age_ns
        x.strategy = strategy
        x.router = router
        x.allocation_rule = allocation_rule
        x.interval_ns = interval_ns
        x.tracking_band_ppm = tracking_band_ppm
        x.min_slice_qty = min_slice_qty
        x.max_slice_ppm = max_slice_ppm
        x.participation_ppm = participation_ppm
        x.horizon_high_ns = horizon_high_ns
        x.horizon_normal_ns = horizon_normal_ns
        x.risk_aversion_e12 = risk_aversion_e12
        x.send_within_ns = send_within_ns
        x.set_by = set_by
        x.set_ns = set_ns
        x.px_band_ppm = px_band_ppm
        x.rate_window_ns = rate_window_ns
        x.parent_routes_max = parent_routes_max
        x.venue_routes_max = venue_routes_max
        x.client_orders_max = client_orders_max
        x.client_changes_max = client_changes_max
        x.fruitless_max = fruitless_max
        x.progress_ppm = progress_ppm
        x.on_halt = on_halt
        x.ack_within_ns = ack_within_ns
        x.asks_max = asks_max
        x.impossible_px_times = impossible_px_times
        x.quote_band_ppm = quote_band_ppm
        x.quote_band_spreads = quote_band_spreads
        x.quote_band_growth_ppm = quote_band_growth_ppm
        x.quote_alone_ns = quote_alone_ns
        x.tape_silent_ns = tape_silent_ns
        x.signed_topics = signed_topics
        x.on_corporate_action = on_corporate_action
        x.linger_ns = linger_ns
        x.patience_ns = patience_ns
        x.__class__ = PolicySet


_PolicySet = twin(PolicySet)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class ChildRouted:
    """A child order goes to a venue; its id is this event's id.

    The quote and the other venues show why it goes there.
    """

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    slice_id: str  # Id of the slice.
    parent_id: str  # Id of the parent.
    instrument_id: str  # Id of the instrument.
    side: Side  # BUY or SELL.
    venue: str  # Code of the venue.
    child_qty: int  # Quantity, smallest increments.
    child_type: ChildType  # LIMIT or MIDPOINT_PEG.
    limit_px: int  # Limit on the tick, 1e-9 currency units; for a peg the worst price.
    time_in_force: ChildTimeInForce  # DAY rests at the venue; IOC fills at once or ends.
    min_qty: int  # Smallest acceptable execution, smallest increments.
    send_before_ns: int  # Latest time at which the child may be sent, ns since 1970 UTC.
    bid_px: int  # Consolidated best bid at the decision, 1e-9 currency units; 0 is none.
    ask_px: int  # Consolidated best ask at the decision, 1e-9 currency units; 0 is none.
    quote_age_ns: int  # Age of the quote that the child was priced from, ns.
    # Quantity that the venue displayed on the side that the child takes, smallest increments; 0 if
    # the child takes none that is displayed.
    venue_qty: int
    scorecard_version: int  # Version of the venue's scorecard, count.
    score_millibps: int  # Score of this venue, 1e-3 bps; lower is better.
    # What was not chosen: the two best other venues, and the best of each way that these are not,
    # by another venue or in another way.
    runners_up: tuple[Candidate, ...]
    # The other venues, counted by the reason against them.
    rejected_by_reason: tuple[RouteReasonCount, ...]
    # Price that the band of the child's price is around, 1e-9 currency units; 0 in older logs.
    reference_px: int
    # Clients of the parent's active members, by which a gateway holds back what a client's kill
    # switch stops; empty if they are more than 64.
    client_ids: tuple[str, ...]
    sale_marking: SaleMarking  # Marking of a sale: LONG, SHORT or SHORT_EXEMPT.
    settl_date: int  # Settlement date, yyyymmdd count; 0 if it is the regular one.
    # Last good price, which the band of believed quotes is around, 1e-9 currency units; 0 in older
    # logs.
    good_px: int
    # Most by which a believed quote may be away from it, 1e-9 currency units; 0 in older logs.
    band_px: int
    # Cell of the scorecard that it relied on, which it also teaches; empty in older logs.
    cell: str
    # Expected filled part: of a resting child within fill_within_ns, of a take at once, parts per
    # million; 0 in older logs.
    fill_ppm: int
    fill_within_ns: int  # Time to the next decision on a resting child, ns; 0 for a take.
    # Expected part of a resting child that is filled before it is taken back, as resting children
    # used to be, parts per million; of a take as fill_ppm; 0 in older logs.
    ends_filled_ppm: int
    # Part of the displayed quantity that no child of ours has taken, missed or is on its way to,
    # smallest increments; 0 if the child takes none that is displayed, and in older logs.
    left_qty: int
    # Quantity that the slices of the batch wanted of it together, this one included, smallest
    # increments; 0 if no other wanted some.
    wanted_qty: int
    # The tranches that the child is for; empty where it is all for tranche 0.
    claims: tuple[Claim, ...]
    # Way to trade: take, post, step (a post a tick ahead of the touch) or peg; empty in older logs.
    tactic: str
    # Price and fee of what is filled against the midpoint of the decision, of a take with its
    # impact, 1e-3 bps, positive is a cost; 0 in older logs.
    filled_millibps: int
    # Expected move of the midpoint against what is filled, 1e-3 bps; 0 for a take and in older
    # logs.
    adverse_millibps: int
    missed_millibps: int  # Expected later cost of what is not filled, 1e-3 bps; 0 in older logs.
    # Where hidden venues share a quantity: the chance that this one has the last lot it was given,
    # with the bonus of a venue with few samples, parts per million; 0 elsewhere and in older logs.
    tail_ppm: int

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        slice_id: str,
        parent_id: str,
        instrument_id: str,
        side: Side,
        venue: str,
        child_qty: int,
        child_type: ChildType,
        limit_px: int,
        time_in_force: ChildTimeInForce,
        min_qty: int,
        send_before_ns: int,
        bid_px: int,
        ask_px: int,
        quote_age_ns: int,
        venue_qty: int,
        scorecard_version: int,
        score_millibps: int,
        runners_up: tuple[Candidate, ...],
        rejected_by_reason: tuple[RouteReasonCount, ...],
        reference_px: int,
        client_ids: tuple[str, ...],
        sale_marking: SaleMarking,
        settl_date: int,
        good_px: int,
        band_px: int,
        cell: str,
        fill_ppm: int,
        fill_within_ns: int,
        ends_filled_ppm: int,
        left_qty: int,
        wanted_qty: int,
        claims: tuple[Claim, ...],
        tactic: str,
        filled_millibps: int,
        adverse_millibps: int,
        missed_millibps: int,
        tail_ppm: int,
    ) -> None:
        x: Any = self
        put(x, "__class__", _ChildRouted)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.slice_id = slice_id
        x.parent_id = parent_id
        x.instrument_id = instrument_id
        x.side = side
        x.venue = venue
        x.child_qty = child_qty
        x.child_type = child_type
        x.limit_px = limit_px
        x.time_in_force = time_in_force
        x.min_qty = min_qty
        x.send_before_ns = send_before_ns
        x.bid_px = bid_px
        x.ask_px = ask_px
        x.quote_age_ns = quote_age_ns
        x.venue_qty = venue_qty
        x.scorecard_version = scorecard_version
        x.score_millibps = score_millibps
        x.runners_up = runners_up
        x.rejected_by_reason = rejected_by_reason
        x.reference_px = reference_px
        x.client_ids = client_ids
        x.sale_marking = sale_marking
        x.settl_date = settl_date
        x.good_px = good_px
        x.band_px = band_px
        x.cell = cell
        x.fill_ppm = fill_ppm
        x.fill_within_ns = fill_within_ns
        x.ends_filled_ppm = ends_filled_ppm
        x.left_qty = left_qty
        x.wanted_qty = wanted_qty
        x.claims = claims
        x.tactic = tactic
        x.filled_millibps = filled_millibps
        x.adverse_millibps = adverse_millibps
        x.missed_millibps = missed_millibps
        x.tail_ppm = tail_ppm
        x.__class__ = ChildRouted


_ChildRouted = twin(ChildRouted)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class RouteDeferred:
    """No venue could take a slice, or a part of it; the quantity returns to the parent."""

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    slice_id: str  # Id of the slice.
    parent_id: str  # Id of the parent.
    unrouted_qty: int  # Quantity, smallest increments.
    # The venues, counted by the reason against them.
    rejected_by_reason: tuple[RouteReasonCount, ...]
    # Price that the band of a child's price is around, 1e-9 currency units; 0 if there is none.
    reference_px: int
    # Price of the child that the band held back, 1e-9 currency units; 0 if it held none.
    wanted_px: int
    # Time from which a rate permits the next child, ns since 1970 UTC; 0 if no rate held one.
    held_until_ns: int

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        slice_id: str,
        parent_id: str,
        unrouted_qty: int,
        rejected_by_reason: tuple[RouteReasonCount, ...],
        reference_px: int,
        wanted_px: int,
        held_until_ns: int,
    ) -> None:
        x: Any = self
        put(x, "__class__", _RouteDeferred)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.slice_id = slice_id
        x.parent_id = parent_id
        x.unrouted_qty = unrouted_qty
        x.rejected_by_reason = rejected_by_reason
        x.reference_px = reference_px
        x.wanted_px = wanted_px
        x.held_until_ns = held_until_ns
        x.__class__ = RouteDeferred


_RouteDeferred = twin(RouteDeferred)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class PolicyCarried:
    """Parameters of aggregation, planning, routing and allocation when the day closes."""

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    policy_id: str  # Name and version of the policy.
    window_ns: int  # Time for which a parent gathers members, ns.
    window_members: int  # Members that close the window at once, count.
    window_notional_cur: int  # Value that closes the window at once, whole currency units.
    # Part of a working parent's horizon in which orders may still join, parts per million.
    join_until_ppm: int
    cross_quote_age_ns: int  # Oldest quote a cross may be priced from, ns.
    strategy: Strategy  # Strategy of every plan; AUTO lets the engine choose.
    router: Router  # Router of every slice; AUTO lets the engine choose.
    allocation_rule: AllocationRule  # Rule by which fills are shared.
    interval_ns: int  # Time between two schedule points, ns.
    # Band around a schedule at its start, parts per million of the quantity; a lot and two
    # intervals' quantity at least.
    tracking_band_ppm: int
    min_slice_qty: int  # Smallest slice, the last one apart, smallest increments.
    max_slice_ppm: int  # Largest slice, parts per million of the parent's quantity.
    participation_ppm: int  # POV rate of all volume, parts per million.
    horizon_high_ns: int  # Horizon of HIGH urgency, ns.
    horizon_normal_ns: int  # Horizon of NORMAL urgency, ns.
    # Almgren-Chriss lambda for NORMAL urgency, 1e-12 per currency unit; HIGH takes ten times, LOW a
    # tenth.
    risk_aversion_e12: int
    send_within_ns: int  # Longest time before a gateway starts sending a child, ns.
    set_by: str  # Person or system that set it.
    set_ns: int  # Time at which it was set, ns since 1970 UTC.
    # Most by which a child's limit may be worse than its reference price, parts per million.
    px_band_ppm: int
    rate_window_ns: int  # Time that the rates below are counted in, ns.
    # Most children of a parent in that time, count; half of them at one moment.
    parent_routes_max: int
    # Most children to a venue in that time, count; half of them at one moment.
    venue_routes_max: int
    # Most new orders of a client in that time, count; half of them at one moment.
    client_orders_max: int
    # Most amends and cancels of a client in an instrument in that time, and children that they end,
    # count; half of them at one moment.
    client_changes_max: int
    # Children in a row that a venue ends without progress in an instrument before it gets no more,
    # count.
    fruitless_max: int
    # Least part of a child that counts as progress once it is filled, parts per million.
    progress_ppm: int
    on_halt: HaltAction  # What becomes of client orders when their instrument is halted.
    # Time in which a venue answers a child or a request on one, before it is asked again, ns; each
    # further time is twice as long.
    ack_within_ns: int
    # Times that a venue is asked again before its silence is a break and it gets no more, count.
    asks_max: int
    # An execution at so many times the market's price, or at that part of it, cannot be true and
    # stops its venue for the instrument, count.
    impossible_px_times: int
    # Most by which a quote or print may be away from the last good price before a second witness
    # confirms it, parts per million.
    quote_band_ppm: int
    quote_band_spreads: int  # Spreads of the last good midpoint that the band is wider by, count.
    # Growth of the band in each minute without a good price, parts per million.
    quote_band_growth_ppm: int
    # Time after which one venue alone moves the good price, or confirms itself where no other is
    # seen, ns.
    quote_alone_ns: int
    # Time without a print after which the usual volume stands for the observed one, ns.
    tape_silent_ns: int
    # Input topics of which only records are taken that a key in force of their writer has signed.
    signed_topics: tuple[str, ...]
    # ADJUST lets the quantity and the limit of carried orders follow a split, HOLD keeps them until
    # their clients amend or cancel them.
    on_corporate_action: CorporateActionPolicy
    # Time since the last order joined for which a parent with nothing left to do stays open for
    # more orders of its intent, ns.
    linger_ns: int
    # Time for which a parent without any aggressiveness waits for a passive fill, ns; in proportion
    # less with aggressiveness, and at least an interval.
    patience_ns: int

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        policy_id: str,
        window_ns: int,
        window_members: int,
        window_notional_cur: int,
        join_until_ppm: int,
        cross_quote_age_ns: int,
        strategy: Strategy,
        router: Router,
        allocation_rule: AllocationRule,
        interval_ns: int,
        tracking_band_ppm: int,
        min_slice_qty: int,
        max_slice_ppm: int,
        participation_ppm: int,
        horizon_high_ns: int,
        horizon_normal_ns: int,
        risk_aversion_e12: int,
        send_within_ns: int,
        set_by: str,
        set_ns: int,
        px_band_ppm: int,
        rate_window_ns: int,
        parent_routes_max: int,
        venue_routes_max: int,
        client_orders_max: int,
        client_changes_max: int,
        fruitless_max: int,
        progress_ppm: int,
        on_halt: HaltAction,
        ack_within_ns: int,
        asks_max: int,
        impossible_px_times: int,
        quote_band_ppm: int,
        quote_band_spreads: int,
        quote_band_growth_ppm: int,
        quote_alone_ns: int,
        tape_silent_ns: int,
        signed_topics: tuple[str, ...],
        on_corporate_action: CorporateActionPolicy,
        linger_ns: int,
        patience_ns: int,
    ) -> None:
        x: Any = self
        put(x, "__class__", _PolicyCarried)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.policy_id = policy_id
        x.window_ns = window_ns
        x.window_members = window_members
        x.window_notional_cur = window_notional_cur
        x.join_until_ppm = join_until_ppm
        x.cross_quote_age_ns = cross_quote_age_ns
        x.strategy = strategy
        x.router = router
        x.allocation_rule = allocation_rule
        x.interval_ns = interval_ns
        x.tracking_band_ppm = tracking_band_ppm
        x.min_slice_qty = min_slice_qty
        x.max_slice_ppm = max_slice_ppm
        x.participation_ppm = participation_ppm
        x.horizon_high_ns = horizon_high_ns
        x.horizon_normal_ns = horizon_normal_ns
        x.risk_aversion_e12 = risk_aversion_e12
        x.send_within_ns = send_within_ns
        x.set_by = set_by
        x.set_ns = set_ns
        x.px_band_ppm = px_band_ppm
        x.rate_window_ns = rate_window_ns
        x.parent_routes_max = parent_routes_max
        x.venue_routes_max = venue_routes_max
        x.client_orders_max = client_orders_max
        x.client_changes_max = client_changes_max
        x.fruitless_max = fruitless_max
        x.progress_ppm = progress_ppm
        x.on_halt = on_halt
        x.ack_within_ns = ack_within_ns
        x.asks_max = asks_max
        x.impossible_px_times = impossible_px_times
        x.quote_band_ppm = quote_band_ppm
        x.quote_band_spreads = quote_band_spreads
        x.quote_band_growth_ppm = quote_band_growth_ppm
        x.quote_alone_ns = quote_alone_ns
        x.tape_silent_ns = tape_silent_ns
        x.signed_topics = signed_topics
        x.on_corporate_action = on_corporate_action
        x.linger_ns = linger_ns
        x.patience_ns = patience_ns
        x.__class__ = PolicyCarried


_PolicyCarried = twin(PolicyCarried)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class MemberLeft:
    """A member left its parent with its open quantity; it keeps what was filled for it."""

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    parent_id: str  # Id of the parent.
    order_id: str  # Id of the order.
    left_qty: int  # Open quantity that left, smallest increments.
    reason: LeaveReason  # Why the member left.
    epoch: int  # Membership epoch from now on, count.
    parent_qty: int  # The parent's open quantity from now on, smallest increments.
    # The tranche's limit from now on, 1e-9 currency units; null if it has none.
    parent_limit_px: int | None
    tranche: int  # Number of the tranche in its parent, count from 0.

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        parent_id: str,
        order_id: str,
        left_qty: int,
        reason: LeaveReason,
        epoch: int,
        parent_qty: int,
        parent_limit_px: int | None,
        tranche: int,
    ) -> None:
        x: Any = self
        put(x, "__class__", _MemberLeft)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.parent_id = parent_id
        x.order_id = order_id
        x.left_qty = left_qty
        x.reason = reason
        x.epoch = epoch
        x.parent_qty = parent_qty
        x.parent_limit_px = parent_limit_px
        x.tranche = tranche
        x.__class__ = MemberLeft


_MemberLeft = twin(MemberLeft)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class ControlIgnored:
    """A control had no effect: it was sent again, or names a day that is over or not open."""

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    control: str  # Name of the control's record.
    reason: IgnoreReason  # Why it had no effect.
    source: str  # Its sender by the headers; empty if they name none.
    number: int  # The sender's own number for it, count; -1 if the headers name none.
    last_number: int  # The last number of this sender that was applied, count; -1 if none was.
    day: int  # The day it names, yyyymmdd count; 0 if it is of no day.
    last_day: int  # The open day, else the last one that closed, yyyymmdd count; 0 if none.

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        control: str,
        reason: IgnoreReason,
        source: str,
        number: int,
        last_number: int,
        day: int,
        last_day: int,
    ) -> None:
        x: Any = self
        put(x, "__class__", _ControlIgnored)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.control = control
        x.reason = reason
        x.source = source
        x.number = number
        x.last_number = last_number
        x.day = day
        x.last_day = last_day
        x.__class__ = ControlIgnored


_ControlIgnored = twin(ControlIgnored)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class ControlNumbersCarried:
    """What tells a control that was sent again from a new one, after the close."""

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    # The last number of each sender, the one that was silent for longest first.
    numbers: tuple[ControlNumber, ...]
    closed_day: int  # The last day that was closed, yyyymmdd count; 0 if none was.

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        numbers: tuple[ControlNumber, ...],
        closed_day: int,
    ) -> None:
        x: Any = self
        put(x, "__class__", _ControlNumbersCarried)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.numbers = numbers
        x.closed_day = closed_day
        x.__class__ = ControlNumbersCarried


_ControlNumbersCarried = twin(ControlNumbersCarried)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class OrderSubmitted:
    """A client's order, as its source sent it."""

    # System that sends the request: an OMS, a FIX session, a portfolio manager's tool or a
    # strategy.
    source: str
    cl_ord_id: str  # The source's id of the order; unique per source and day.
    client_id: str  # Code of the client; names stay in reference data.
    instrument_id: str  # Id of the instrument; also the record's key.
    side: Side  # BUY or SELL.
    order_qty: int  # Quantity, smallest increments; must be positive.
    order_type: OrderType  # MARKET or LIMIT.
    limit_px: int | None = None  # Worst acceptable price, 1e-9 currency units; null for MARKET.
    time_in_force: TimeInForce  # DAY ends with the day, GTC is carried.
    urgency: Urgency  # Market risk that the client accepts for less impact.
    benchmark: Benchmark  # Benchmark of the execution.
    start_ns: int | None = None  # Earliest start, ns since 1970 UTC; null is now.
    end_ns: int | None = None  # Latest end, ns since 1970 UTC; null is the end of the session.
    # Cap on our part of all volume, parts per million; null is the mandate's cap.
    max_participation_ppm: int | None = None
    no_dark: bool  # True forbids dark venues.
    excluded_venues: tuple[str, ...]  # Codes of venues that must not be used.
    # True if the order may cross with another client's; null is the mandate's consent.
    crossing_consent: bool | None = None
    must_complete: bool  # True puts completion above cost.
    capacity: Capacity  # Capacity in which the firm acts: AGENCY, PRINCIPAL or RISKLESS_PRINCIPAL.
    settlement: str  # Settlement terms, such as REGULAR.
    currency: str | None = None  # ISO 4217 code; null is the instrument's currency.
    # Market price when the manager decided, 1e-9 currency units; null if the manager did not state
    # one.
    decision_px: int | None = None
    received_ns: int  # Time at which the engine's edge received the request, ns since 1970 UTC.
    account: str = ""  # Account at the client that the order is for; empty if there is none.
    sale_marking: SaleMarking = SaleMarking.LONG  # Marking of a sale: LONG, SHORT or SHORT_EXEMPT.
    # Reference of the locate of the shares that a short sale borrows; empty if there is none.
    locate_id: str = ""
    # Most that rests at one venue at a time, smallest increments; 0 shows all.
    display_qty: int = 0
    settl_date: int = 0  # Settlement date, yyyymmdd count; 0 if it is the regular one.
    # IOC or FOK if the order trades at once or not at all; NONE if it may work.
    immediacy: Immediacy = Immediacy.NONE
    # True returns the order when its instrument is halted, whatever the policy is.
    return_on_halt: bool = False
    # True if the request may have been sent before: if it has, it is answered with the order's
    # state.
    poss_resend: bool = False

    def __init__(
        self,
        *,
        source: str,
        cl_ord_id: str,
        client_id: str,
        instrument_id: str,
        side: Side,
        order_qty: int,
        order_type: OrderType,
        limit_px: int | None = None,
        time_in_force: TimeInForce,
        urgency: Urgency,
        benchmark: Benchmark,
        start_ns: int | None = None,
        end_ns: int | None = None,
        max_participation_ppm: int | None = None,
        no_dark: bool,
        excluded_venues: tuple[str, ...],
        crossing_consent: bool | None = None,
        must_complete: bool,
        capacity: Capacity,
        settlement: str,
        currency: str | None = None,
        decision_px: int | None = None,
        received_ns: int,
        account: str = "",
        sale_marking: SaleMarking = SaleMarking.LONG,
        locate_id: str = "",
        display_qty: int = 0,
        settl_date: int = 0,
        immediacy: Immediacy = Immediacy.NONE,
        return_on_halt: bool = False,
        poss_resend: bool = False,
    ) -> None:
        x: Any = self
        put(x, "__class__", _OrderSubmitted)
        x.source = source
        x.cl_ord_id = cl_ord_id
        x.client_id = client_id
        x.instrument_id = instrument_id
        x.side = side
        x.order_qty = order_qty
        x.order_type = order_type
        x.limit_px = limit_px
        x.time_in_force = time_in_force
        x.urgency = urgency
        x.benchmark = benchmark
        x.start_ns = start_ns
        x.end_ns = end_ns
        x.max_participation_ppm = max_participation_ppm
        x.no_dark = no_dark
        x.excluded_venues = excluded_venues
        x.crossing_consent = crossing_consent
        x.must_complete = must_complete
        x.capacity = capacity
        x.settlement = settlement
        x.currency = currency
        x.decision_px = decision_px
        x.received_ns = received_ns
        x.account = account
        x.sale_marking = sale_marking
        x.locate_id = locate_id
        x.display_qty = display_qty
        x.settl_date = settl_date
        x.immediacy = immediacy
        x.return_on_halt = return_on_halt
        x.poss_resend = poss_resend
        x.__class__ = OrderSubmitted


_OrderSubmitted = twin(OrderSubmitted)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class OrderAmendRequested:
    """A client asks to change an order."""

    source: str  # System that sent the request.
    cl_ord_id: str  # Id of this request.
    orig_cl_ord_id: str  # Id of the order to change.
    instrument_id: str  # Id of the instrument; also the record's key.
    # New total quantity, smallest increments; null leaves it as it is.
    order_qty: int | None = None
    limit_px: int | None = None  # New limit, 1e-9 currency units; null leaves it as it is.
    received_ns: int  # Time at which the engine's edge received the request, ns since 1970 UTC.
    order_type: OrderType | None = None  # New pricing; null leaves it as it is.
    time_in_force: TimeInForce | None = None  # New lifetime; null leaves it as it is.
    end_ns: int | None = None  # New latest end, ns since 1970 UTC; null leaves it as it is.
    # New quantity to show at most, smallest increments; 0 shows all, null leaves it as it is.
    display_qty: int | None = None
    must_complete: bool | None = None  # True puts completion above cost; null leaves it as it is.
    # New cap on our part of all volume, parts per million; null leaves it as it is.
    max_participation_ppm: int | None = None
    client_id: str | None = None  # Client as the request states it; an order keeps its own.
    side: Side | None = None  # Side as the request states it; an order keeps its own.
    account: str | None = None  # Account as the request states it; an order keeps its own.
    # Marking as the request states it; an order keeps its own.
    sale_marking: SaleMarking | None = None
    # Settlement date as the request states it, yyyymmdd count; an order keeps its own.
    settl_date: int | None = None
    # Immediacy as the request states it; an order keeps its own.
    immediacy: Immediacy | None = None
    # True if the request may have been sent before: if it has, it is answered with the order's
    # state.
    poss_resend: bool = False

    def __init__(
        self,
        *,
        source: str,
        cl_ord_id: str,
        orig_cl_ord_id: str,
        instrument_id: str,
        order_qty: int | None = None,
        limit_px: int | None = None,
        received_ns: int,
        order_type: OrderType | None = None,
        time_in_force: TimeInForce | None = None,
        end_ns: int | None = None,
        display_qty: int | None = None,
        must_complete: bool | None = None,
        max_participation_ppm: int | None = None,
        client_id: str | None = None,
        side: Side | None = None,
        account: str | None = None,
        sale_marking: SaleMarking | None = None,
        settl_date: int | None = None,
        immediacy: Immediacy | None = None,
        poss_resend: bool = False,
    ) -> None:
        x: Any = self
        put(x, "__class__", _OrderAmendRequested)
        x.source = source
        x.cl_ord_id = cl_ord_id
        x.orig_cl_ord_id = orig_cl_ord_id
        x.instrument_id = instrument_id
        x.order_qty = order_qty
        x.limit_px = limit_px
        x.received_ns = received_ns
        x.order_type = order_type
        x.time_in_force = time_in_force
        x.end_ns = end_ns
        x.display_qty = display_qty
        x.must_complete = must_complete
        x.max_participation_ppm = max_participation_ppm
        x.client_id = client_id
        x.side = side
        x.account = account
        x.sale_marking = sale_marking
        x.settl_date = settl_date
        x.immediacy = immediacy
        x.poss_resend = poss_resend
        x.__class__ = OrderAmendRequested


_OrderAmendRequested = twin(OrderAmendRequested)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class OrderCancelRequested:
    """A client asks to withdraw the open quantity of an order."""

    source: str  # System that sent the request.
    cl_ord_id: str  # Id of this request.
    orig_cl_ord_id: str  # Id of the order to cancel.
    instrument_id: str  # Id of the instrument; also the record's key.
    received_ns: int  # Time at which the engine's edge received the request, ns since 1970 UTC.
    # True if the request may have been sent before: if it has, it is answered with the order's
    # state.
    poss_resend: bool = False

    def __init__(
        self,
        *,
        source: str,
        cl_ord_id: str,
        orig_cl_ord_id: str,
        instrument_id: str,
        received_ns: int,
        poss_resend: bool = False,
    ) -> None:
        x: Any = self
        put(x, "__class__", _OrderCancelRequested)
        x.source = source
        x.cl_ord_id = cl_ord_id
        x.orig_cl_ord_id = orig_cl_ord_id
        x.instrument_id = instrument_id
        x.received_ns = received_ns
        x.poss_resend = poss_resend
        x.__class__ = OrderCancelRequested


_OrderCancelRequested = twin(OrderCancelRequested)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class OrderAccepted:
    """A client's order was accepted; what it left open comes from the mandate and the session.

    Its id is this event's id.
    """

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    source: str  # System that sent the request.
    cl_ord_id: str  # The source's id of the order.
    client_id: str  # Code of the client.
    instrument_id: str  # Id of the instrument.
    side: Side  # BUY or SELL.
    order_qty: int  # Quantity, smallest increments.
    order_type: OrderType  # MARKET or LIMIT.
    limit_px: int | None  # Worst acceptable price, 1e-9 currency units; null for MARKET.
    time_in_force: TimeInForce  # DAY or GTC.
    urgency: Urgency  # Market risk that the client accepts for less impact.
    benchmark: Benchmark  # Benchmark of the execution.
    start_ns: int  # Earliest start, ns since 1970 UTC.
    end_ns: int  # Latest end, ns since 1970 UTC.
    max_participation_ppm: int  # Cap on our part of all volume, parts per million.
    no_dark: bool  # True forbids dark venues.
    # Codes of venues that the order or the mandate excludes, sorted.
    excluded_venues: tuple[str, ...]
    crossing_consent: bool  # True if the order may cross with another client's.
    must_complete: bool  # True puts completion above cost.
    capacity: Capacity  # Capacity in which the firm acts: AGENCY, PRINCIPAL or RISKLESS_PRINCIPAL.
    settlement: str  # Settlement terms.
    currency: str  # ISO 4217 code.
    # Market price when the manager decided, 1e-9 currency units; null if the manager did not state
    # one.
    decision_px: int | None
    # Midpoint when the engine accepted, 1e-9 currency units; null without a fresh two-sided market.
    arrival_mid_px: int | None
    received_ns: int  # Time at which the engine's edge received the request, ns since 1970 UTC.
    # Price that its value was checked and spent at, 1e-9 currency units; 0 if none was known.
    value_px: int
    account: str  # Account at the client that the order is for; empty if there is none.
    sale_marking: SaleMarking  # Marking of a sale: LONG, SHORT or SHORT_EXEMPT.
    # Reference of the locate of the shares that a short sale borrows; empty if there is none.
    locate_id: str
    display_qty: int  # Most that rests at one venue at a time, smallest increments; 0 shows all.
    settl_date: int  # Settlement date, yyyymmdd count; 0 if it is the regular one.
    # IOC or FOK if the order trades at once or not at all; NONE if it may work.
    immediacy: Immediacy
    # True returns the order when its instrument is halted, whatever the policy is.
    return_on_halt: bool

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        source: str,
        cl_ord_id: str,
        client_id: str,
        instrument_id: str,
        side: Side,
        order_qty: int,
        order_type: OrderType,
        limit_px: int | None,
        time_in_force: TimeInForce,
        urgency: Urgency,
        benchmark: Benchmark,
        start_ns: int,
        end_ns: int,
        max_participation_ppm: int,
        no_dark: bool,
        excluded_venues: tuple[str, ...],
        crossing_consent: bool,
        must_complete: bool,
        capacity: Capacity,
        settlement: str,
        currency: str,
        decision_px: int | None,
        arrival_mid_px: int | None,
        received_ns: int,
        value_px: int,
        account: str,
        sale_marking: SaleMarking,
        locate_id: str,
        display_qty: int,
        settl_date: int,
        immediacy: Immediacy,
        return_on_halt: bool,
    ) -> None:
        x: Any = self
        put(x, "__class__", _OrderAccepted)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.source = source
        x.cl_ord_id = cl_ord_id
        x.client_id = client_id
        x.instrument_id = instrument_id
        x.side = side
        x.order_qty = order_qty
        x.order_type = order_type
        x.limit_px = limit_px
        x.time_in_force = time_in_force
        x.urgency = urgency
        x.benchmark = benchmark
        x.start_ns = start_ns
        x.end_ns = end_ns
        x.max_participation_ppm = max_participation_ppm
        x.no_dark = no_dark
        x.excluded_venues = excluded_venues
        x.crossing_consent = crossing_consent
        x.must_complete = must_complete
        x.capacity = capacity
        x.settlement = settlement
        x.currency = currency
        x.decision_px = decision_px
        x.arrival_mid_px = arrival_mid_px
        x.received_ns = received_ns
        x.value_px = value_px
        x.account = account
        x.sale_marking = sale_marking
        x.locate_id = locate_id
        x.display_qty = display_qty
        x.settl_date = settl_date
        x.immediacy = immediacy
        x.return_on_halt = return_on_halt
        x.__class__ = OrderAccepted


_OrderAccepted = twin(OrderAccepted)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class OrderChangePending:
    """A cancel or amend was accepted; it waits until no child covers the quantity."""

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    order_id: str  # Id of the order.
    cl_ord_id: str  # Id of the request.
    change: Change  # CANCEL or AMEND.
    order_qty: int  # Total quantity once the change takes effect, smallest increments.
    # Limit once the change takes effect, 1e-9 currency units; null for MARKET.
    limit_px: int | None
    order_type: OrderType | None  # New pricing; null leaves it as it is.
    time_in_force: TimeInForce | None  # New lifetime; null leaves it as it is.
    end_ns: int | None  # New latest end, ns since 1970 UTC; null leaves it as it is.
    # New quantity to show at most, smallest increments; 0 shows all, null leaves it as it is.
    display_qty: int | None
    must_complete: bool | None  # True puts completion above cost; null leaves it as it is.
    # New cap on our part of all volume, parts per million; null leaves it as it is.
    max_participation_ppm: int | None

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        order_id: str,
        cl_ord_id: str,
        change: Change,
        order_qty: int,
        limit_px: int | None,
        order_type: OrderType | None,
        time_in_force: TimeInForce | None,
        end_ns: int | None,
        display_qty: int | None,
        must_complete: bool | None,
        max_participation_ppm: int | None,
    ) -> None:
        x: Any = self
        put(x, "__class__", _OrderChangePending)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.order_id = order_id
        x.cl_ord_id = cl_ord_id
        x.change = change
        x.order_qty = order_qty
        x.limit_px = limit_px
        x.order_type = order_type
        x.time_in_force = time_in_force
        x.end_ns = end_ns
        x.display_qty = display_qty
        x.must_complete = must_complete
        x.max_participation_ppm = max_participation_ppm
        x.__class__ = OrderChangePending


_OrderChangePending = twin(OrderChangePending)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class OrderAmended:
    """An amend took effect, or a corporate action adjusted a carried order."""

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    order_id: str  # Id of the order.
    # Id of the request, the order's id at its source from now on; unchanged at a corporate action.
    cl_ord_id: str
    previous_qty: int  # Total quantity before, smallest increments.
    order_qty: int  # Total quantity from now on, smallest increments.
    limit_px: int | None  # Limit from now on, 1e-9 currency units; null for MARKET.
    order_type: OrderType | None  # New pricing; null leaves it as it is.
    time_in_force: TimeInForce | None  # New lifetime; null leaves it as it is.
    end_ns: int | None  # New latest end, ns since 1970 UTC; null leaves it as it is.
    # New quantity to show at most, smallest increments; 0 shows all, null leaves it as it is.
    display_qty: int | None
    must_complete: bool | None  # True puts completion above cost; null leaves it as it is.
    # New cap on our part of all volume, parts per million; null leaves it as it is.
    max_participation_ppm: int | None

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        order_id: str,
        cl_ord_id: str,
        previous_qty: int,
        order_qty: int,
        limit_px: int | None,
        order_type: OrderType | None,
        time_in_force: TimeInForce | None,
        end_ns: int | None,
        display_qty: int | None,
        must_complete: bool | None,
        max_participation_ppm: int | None,
    ) -> None:
        x: Any = self
        put(x, "__class__", _OrderAmended)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.order_id = order_id
        x.cl_ord_id = cl_ord_id
        x.previous_qty = previous_qty
        x.order_qty = order_qty
        x.limit_px = limit_px
        x.order_type = order_type
        x.time_in_force = time_in_force
        x.end_ns = end_ns
        x.display_qty = display_qty
        x.must_complete = must_complete
        x.max_participation_ppm = max_participation_ppm
        x.__class__ = OrderAmended


_OrderAmended = twin(OrderAmended)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class OrderCancelled:
    """The open quantity of an order, or a part of it, is withdrawn."""

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    order_id: str  # Id of the order.
    cl_ord_id: str  # Id of the request; empty if the client did not ask for it.
    withdrawn_qty: int  # Withdrawn quantity, smallest increments.
    reason: WithdrawReason  # The reason.
    # For reason REFUSED the RejectReason, what was found and what was expected; else empty.
    text: str

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        order_id: str,
        cl_ord_id: str,
        withdrawn_qty: int,
        reason: WithdrawReason,
        text: str,
    ) -> None:
        x: Any = self
        put(x, "__class__", _OrderCancelled)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.order_id = order_id
        x.cl_ord_id = cl_ord_id
        x.withdrawn_qty = withdrawn_qty
        x.reason = reason
        x.text = text
        x.__class__ = OrderCancelled


_OrderCancelled = twin(OrderCancelled)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class OrderExpired:
    """An order's time ended; its open quantity is withdrawn."""

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    order_id: str  # Id of the order.
    withdrawn_qty: int  # Withdrawn quantity, smallest increments.
    reason: WithdrawReason  # WINDOW_ENDED or DAY_CLOSED.

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        order_id: str,
        withdrawn_qty: int,
        reason: WithdrawReason,
    ) -> None:
        x: Any = self
        put(x, "__class__", _OrderExpired)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.order_id = order_id
        x.withdrawn_qty = withdrawn_qty
        x.reason = reason
        x.__class__ = OrderExpired


_OrderExpired = twin(OrderExpired)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class OrderCarried:
    """A GTC order that is carried over the close; the next day starts from it."""

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    order_id: str  # Id of the event that first accepted the order.
    source: str  # System that sent the request.
    cl_ord_id: str  # The source's id of the order.
    client_id: str  # Code of the client.
    instrument_id: str  # Id of the instrument.
    side: Side  # BUY or SELL.
    order_qty: int  # Total quantity, smallest increments.
    order_type: OrderType  # MARKET or LIMIT.
    limit_px: int | None  # Worst acceptable price, 1e-9 currency units; null for MARKET.
    time_in_force: TimeInForce  # Always GTC.
    urgency: Urgency  # Market risk that the client accepts for less impact.
    benchmark: Benchmark  # Benchmark of the execution.
    max_participation_ppm: int  # Cap on our part of all volume, parts per million.
    no_dark: bool  # True forbids dark venues.
    excluded_venues: tuple[str, ...]  # Codes of venues that must not be used.
    crossing_consent: bool  # True if the order may cross with another client's.
    must_complete: bool  # True puts completion above cost.
    capacity: Capacity  # Capacity in which the firm acts: AGENCY, PRINCIPAL or RISKLESS_PRINCIPAL.
    settlement: str  # Settlement terms.
    currency: str  # ISO 4217 code.
    # Market price when the manager decided, 1e-9 currency units; null if the manager did not state
    # one.
    decision_px: int | None
    # Midpoint when the engine first accepted, 1e-9 currency units; null without a fresh two-sided
    # market.
    arrival_mid_px: int | None
    received_ns: int  # Time at which the engine's edge received the request, ns since 1970 UTC.
    crossed_qty: int  # Crossed so far, smallest increments.
    allocated_qty: int  # Allocated from venue fills so far, smallest increments.
    account: str  # Account at the client that the order is for; empty if there is none.
    sale_marking: SaleMarking  # Marking of a sale: LONG, SHORT or SHORT_EXEMPT.
    # Reference of the locate of the shares that a short sale borrows; empty if there is none.
    locate_id: str
    display_qty: int  # Most that rests at one venue at a time, smallest increments; 0 shows all.
    settl_date: int  # Settlement date, yyyymmdd count; 0 if it is the regular one.
    # IOC or FOK if the order trades at once or not at all; NONE if it may work.
    immediacy: Immediacy
    # True returns the order when its instrument is halted, whatever the policy is.
    return_on_halt: bool
    # Average price of what is crossed and allocated, rounded down, 1e-9 currency units.
    avg_px: int
    # Sum of px * qty of what is crossed and allocated, less avg_px times its quantity, 1e-9
    # currency units; the average of the order's whole life is exact by it.
    beyond_avg_px: int
    # Its parts in parents of closed days, the newest first; the shares themselves are in
    # ChildCarried.
    memberships: tuple[Membership, ...]
    # Part of the allocated quantity whose fills are beyond the bound and are not carried, smallest
    # increments; a bust of them is a break.
    left_out_qty: int
    held_action_id: str  # Id of the corporate action that it is held for; empty if none.
    # Time of its last adjustment for a corporate action, ns since 1970 UTC; 0 before the first.
    adjusted_ns: int

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        order_id: str,
        source: str,
        cl_ord_id: str,
        client_id: str,
        instrument_id: str,
        side: Side,
        order_qty: int,
        order_type: OrderType,
        limit_px: int | None,
        time_in_force: TimeInForce,
        urgency: Urgency,
        benchmark: Benchmark,
        max_participation_ppm: int,
        no_dark: bool,
        excluded_venues: tuple[str, ...],
        crossing_consent: bool,
        must_complete: bool,
        capacity: Capacity,
        settlement: str,
        currency: str,
        decision_px: int | None,
        arrival_mid_px: int | None,
        received_ns: int,
        crossed_qty: int,
        allocated_qty: int,
        account: str,
        sale_marking: SaleMarking,
        locate_id: str,
        display_qty: int,
        settl_date: int,
        immediacy: Immediacy,
        return_on_halt: bool,
        avg_px: int,
        beyond_avg_px: int,
        memberships: tuple[Membership, ...],
        left_out_qty: int,
        held_action_id: str,
        adjusted_ns: int,
    ) -> None:
        x: Any = self
        put(x, "__class__", _OrderCarried)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.order_id = order_id
        x.source = source
        x.cl_ord_id = cl_ord_id
        x.client_id = client_id
        x.instrument_id = instrument_id
        x.side = side
        x.order_qty = order_qty
        x.order_type = order_type
        x.limit_px = limit_px
        x.time_in_force = time_in_force
        x.urgency = urgency
        x.benchmark = benchmark
        x.max_participation_ppm = max_participation_ppm
        x.no_dark = no_dark
        x.excluded_venues = excluded_venues
        x.crossing_consent = crossing_consent
        x.must_complete = must_complete
        x.capacity = capacity
        x.settlement = settlement
        x.currency = currency
        x.decision_px = decision_px
        x.arrival_mid_px = arrival_mid_px
        x.received_ns = received_ns
        x.crossed_qty = crossed_qty
        x.allocated_qty = allocated_qty
        x.account = account
        x.sale_marking = sale_marking
        x.locate_id = locate_id
        x.display_qty = display_qty
        x.settl_date = settl_date
        x.immediacy = immediacy
        x.return_on_halt = return_on_halt
        x.avg_px = avg_px
        x.beyond_avg_px = beyond_avg_px
        x.memberships = memberships
        x.left_out_qty = left_out_qty
        x.held_action_id = held_action_id
        x.adjusted_ns = adjusted_ns
        x.__class__ = OrderCarried


_OrderCarried = twin(OrderCarried)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class ParentOpened:
    """A parent begins to gather members; its id is this event's id."""

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    instrument_id: str  # Id of the instrument.
    side: Side  # BUY or SELL.
    currency: str  # ISO 4217 code.
    urgency: Urgency  # Urgency class of all members.
    benchmark: Benchmark  # Benchmark of the first members; the others' are of its family.
    # Number of the price band that the members' limits share, count; 0 if they have no limit.
    limit_band: int
    capacity: Capacity  # Capacity of all members.
    settlement: str  # Settlement terms of all members.
    no_dark: bool  # True forbids dark venues.
    excluded_venues: tuple[str, ...]  # Codes of venues that must not be used.
    must_complete: bool  # True puts completion above cost.
    max_participation_ppm: int  # Cap on our part of all volume, parts per million.
    start_ns: int  # Earliest start, ns since 1970 UTC.
    end_ns: int  # Latest end, ns since 1970 UTC.
    window_end_ns: int  # When the aggregation window closes, ns since 1970 UTC.
    policy_id: str  # Id of the policy in force.
    # Rule by which fills of the parent are shared among its members.
    allocation_rule: AllocationRule
    first_order_id: str  # Id of the order that opened the parent.
    sale_marking: SaleMarking  # Marking of a sale: LONG, SHORT or SHORT_EXEMPT.
    display_qty: int  # Most that rests at one venue at a time, smallest increments; 0 shows all.
    settl_date: int  # Settlement date, yyyymmdd count; 0 if it is the regular one.
    # IOC or FOK if the order trades at once or not at all; NONE if it may work.
    immediacy: Immediacy

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        instrument_id: str,
        side: Side,
        currency: str,
        urgency: Urgency,
        benchmark: Benchmark,
        limit_band: int,
        capacity: Capacity,
        settlement: str,
        no_dark: bool,
        excluded_venues: tuple[str, ...],
        must_complete: bool,
        max_participation_ppm: int,
        start_ns: int,
        end_ns: int,
        window_end_ns: int,
        policy_id: str,
        allocation_rule: AllocationRule,
        first_order_id: str,
        sale_marking: SaleMarking,
        display_qty: int,
        settl_date: int,
        immediacy: Immediacy,
    ) -> None:
        x: Any = self
        put(x, "__class__", _ParentOpened)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.instrument_id = instrument_id
        x.side = side
        x.currency = currency
        x.urgency = urgency
        x.benchmark = benchmark
        x.limit_band = limit_band
        x.capacity = capacity
        x.settlement = settlement
        x.no_dark = no_dark
        x.excluded_venues = excluded_venues
        x.must_complete = must_complete
        x.max_participation_ppm = max_participation_ppm
        x.start_ns = start_ns
        x.end_ns = end_ns
        x.window_end_ns = window_end_ns
        x.policy_id = policy_id
        x.allocation_rule = allocation_rule
        x.first_order_id = first_order_id
        x.sale_marking = sale_marking
        x.display_qty = display_qty
        x.settl_date = settl_date
        x.immediacy = immediacy
        x.__class__ = ParentOpened


_ParentOpened = twin(ParentOpened)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class OrderStatusReported:
    """The answer to a request that was sent again: the order's present state.

    It changes nothing.
    """

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    order_id: str  # Id of the order.
    source: str  # System that sent the request.
    cl_ord_id: str  # Id of the request that was sent again.
    ord_status: OrdStatus  # State of the order; the highest of those that hold, in FIX's order.
    order_qty: int  # Quantity of the order, smallest increments.
    limit_px: int | None  # Limit of the order, 1e-9 currency units; null for MARKET.
    cum_qty: int  # Crossed and allocated, smallest increments.
    leaves_qty: int  # Open quantity, smallest increments.
    # Average price of what is crossed and allocated, rounded down, 1e-9 currency units; 0 if
    # nothing is.
    avg_px: int
    pending_cl_ord_id: str  # Id of the change that is pending; empty if there is none.

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        order_id: str,
        source: str,
        cl_ord_id: str,
        ord_status: OrdStatus,
        order_qty: int,
        limit_px: int | None,
        cum_qty: int,
        leaves_qty: int,
        avg_px: int,
        pending_cl_ord_id: str,
    ) -> None:
        x: Any = self
        put(x, "__class__", _OrderStatusReported)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.order_id = order_id
        x.source = source
        x.cl_ord_id = cl_ord_id
        x.ord_status = ord_status
        x.order_qty = order_qty
        x.limit_px = limit_px
        x.cum_qty = cum_qty
        x.leaves_qty = leaves_qty
        x.avg_px = avg_px
        x.pending_cl_ord_id = pending_cl_ord_id
        x.__class__ = OrderStatusReported


_OrderStatusReported = twin(OrderStatusReported)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class MemberAmended:
    """A member's quantity or limit changed while it stays."""

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    parent_id: str  # Id of the parent.
    order_id: str  # Id of the order.
    change_qty: int  # Change of its open quantity, smallest increments; negative is less.
    epoch: int  # Membership epoch from now on, count.
    parent_qty: int  # The parent's open quantity from now on, smallest increments.
    # The tranche's limit from now on, 1e-9 currency units; null if it has none.
    parent_limit_px: int | None
    # Id of the fill of an earlier parent of the order whose share changed its open quantity; empty
    # after an amend.
    fill_id: str
    tranche: int  # Number of the tranche in its parent, count from 0.

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        parent_id: str,
        order_id: str,
        change_qty: int,
        epoch: int,
        parent_qty: int,
        parent_limit_px: int | None,
        fill_id: str,
        tranche: int,
    ) -> None:
        x: Any = self
        put(x, "__class__", _MemberAmended)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.parent_id = parent_id
        x.order_id = order_id
        x.change_qty = change_qty
        x.epoch = epoch
        x.parent_qty = parent_qty
        x.parent_limit_px = parent_limit_px
        x.fill_id = fill_id
        x.tranche = tranche
        x.__class__ = MemberAmended


_MemberAmended = twin(MemberAmended)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class FillAllocated:
    """A fill was shared among the members of its parent at that time."""

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    fill_id: str  # Id of the fill.
    parent_id: str  # Id of the parent.
    epoch: int  # Membership epoch of the parent at the fill, count.
    last_qty: int  # Quantity of the fill, smallest increments.
    last_px: int  # Price of the fill, 1e-9 currency units.
    # Ids of the members' orders whose share is not zero, in the order in which they joined. Shares
    # are two plain arrays, because records of a hundred members a fill would be most of a day's
    # log.
    order_ids: tuple[str, ...]
    shares_qty: tuple[int, ...]  # Share of each of them, in the same order, smallest increments.
    # Part of an overfill that no member can take and the error account holds, smallest increments.
    error_qty: int
    # Membership epoch of the parent when the child was sent, count: the fill belongs to the members
    # of then, who are in order_ids. -1 in a log of an early release, which shared a fill among the
    # members of its own time.
    child_epoch: int
    # Ids of the orders that got what the members of then had no open quantity for, if their share
    # is not zero: members that joined later while the child was live, else orders that were members
    # then and have left.
    other_order_ids: tuple[str, ...]
    # Share of each of them, in the same order, smallest increments.
    other_shares_qty: tuple[int, ...]

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        fill_id: str,
        parent_id: str,
        epoch: int,
        last_qty: int,
        last_px: int,
        order_ids: tuple[str, ...],
        shares_qty: tuple[int, ...],
        error_qty: int,
        child_epoch: int,
        other_order_ids: tuple[str, ...],
        other_shares_qty: tuple[int, ...],
    ) -> None:
        x: Any = self
        put(x, "__class__", _FillAllocated)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.fill_id = fill_id
        x.parent_id = parent_id
        x.epoch = epoch
        x.last_qty = last_qty
        x.last_px = last_px
        x.order_ids = order_ids
        x.shares_qty = shares_qty
        x.error_qty = error_qty
        x.child_epoch = child_epoch
        x.other_order_ids = other_order_ids
        x.other_shares_qty = other_shares_qty
        x.__class__ = FillAllocated


_FillAllocated = twin(FillAllocated)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class OrderReopened:
    """A bust or correction gave quantity back to an order without a parent that can work again."""

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    order_id: str  # Id of the order.
    fill_id: str  # Id of the fill that was busted or corrected.
    reopened_qty: int  # Quantity that the order lost and may get again, smallest increments.
    open_qty: int  # Open quantity of the order from now on, smallest increments.

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        order_id: str,
        fill_id: str,
        reopened_qty: int,
        open_qty: int,
    ) -> None:
        x: Any = self
        put(x, "__class__", _OrderReopened)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.order_id = order_id
        x.fill_id = fill_id
        x.reopened_qty = reopened_qty
        x.open_qty = open_qty
        x.__class__ = OrderReopened


_OrderReopened = twin(OrderReopened)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class OrderRestated:
    """A late fill took quantity of an order that had been withdrawn. The order stays cancelled."""

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    order_id: str  # Id of the order.
    fill_id: str  # Id of the fill; its allocation follows.
    restated_qty: int  # Quantity that is not withdrawn any more, smallest increments.
    previous_withdrawn_qty: int  # Withdrawn quantity before, smallest increments.
    withdrawn_qty: int  # Withdrawn quantity from now on, smallest increments.

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        order_id: str,
        fill_id: str,
        restated_qty: int,
        previous_withdrawn_qty: int,
        withdrawn_qty: int,
    ) -> None:
        x: Any = self
        put(x, "__class__", _OrderRestated)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.order_id = order_id
        x.fill_id = fill_id
        x.restated_qty = restated_qty
        x.previous_withdrawn_qty = previous_withdrawn_qty
        x.withdrawn_qty = withdrawn_qty
        x.__class__ = OrderRestated


_OrderRestated = twin(OrderRestated)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class RiskLimitSet:
    """Pre-trade limits of a scope."""

    scope: ControlScope  # FIRM, CLIENT or INSTRUMENT.
    scope_id: str  # Id of the client, instrument or venue; empty for FIRM.
    # Largest order, smallest increments; null if there is no limit.
    max_order_qty: int | None = None
    # Largest value of an order, whole currency units; null if there is no limit.
    max_order_notional_cur: int | None = None
    # Largest distance of an order's limit through the opposite side of the market, parts per
    # million of its price; null if there is no limit.
    collar_ppm: int | None = None
    set_by: str  # Person or system that set it.
    set_ns: int  # Time at which it was set, ns since 1970 UTC.
    # Most value that all shards together may accept in a day, FIRM and CLIENT, whole currency
    # units; null if there is no limit.
    max_day_notional_cur: int | None = None
    # Currency of a limit of the firm, which binds the orders in it, ISO 4217; empty for CLIENT and
    # INSTRUMENT, whose numbers hold in each currency by itself.
    currency: str = ""
    # Most that the orders of a day may have bought more than sold, or sold more than bought, in one
    # instrument, with what is open on that side, smallest increments; null if there is no limit.
    max_position_qty: int | None = None

    def __init__(
        self,
        *,
        scope: ControlScope,
        scope_id: str,
        max_order_qty: int | None = None,
        max_order_notional_cur: int | None = None,
        collar_ppm: int | None = None,
        set_by: str,
        set_ns: int,
        max_day_notional_cur: int | None = None,
        currency: str = "",
        max_position_qty: int | None = None,
    ) -> None:
        x: Any = self
        put(x, "__class__", _RiskLimitSet)
        x.scope = scope
        x.scope_id = scope_id
        x.max_order_qty = max_order_qty
        x.max_order_notional_cur = max_order_notional_cur
        x.collar_ppm = collar_ppm
        x.set_by = set_by
        x.set_ns = set_ns
        x.max_day_notional_cur = max_day_notional_cur
        x.currency = currency
        x.max_position_qty = max_position_qty
        x.__class__ = RiskLimitSet


_RiskLimitSet = twin(RiskLimitSet)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class LimitAllotted:
    """A shard's part of a limit that spans shards."""

    scope: ControlScope  # FIRM or CLIENT.
    scope_id: str  # Id of the client, instrument or venue; empty for FIRM.
    # The shard, count from 0; one that the log does not have binds none, and asks each what it has.
    shard: int
    allotted_notional_cur: int  # Value this shard may accept in a day, whole currency units.
    set_ns: int  # Time at which it was set, ns since 1970 UTC.
    # The day's limit that this is a part of, whole currency units; null if there is none, and a
    # person has set the part.
    limit_notional_cur: int | None = None
    # Currency of the firm's limit that this is a part of, ISO 4217; empty for CLIENT.
    currency: str = ""

    def __init__(
        self,
        *,
        scope: ControlScope,
        scope_id: str,
        shard: int,
        allotted_notional_cur: int,
        set_ns: int,
        limit_notional_cur: int | None = None,
        currency: str = "",
    ) -> None:
        x: Any = self
        put(x, "__class__", _LimitAllotted)
        x.scope = scope
        x.scope_id = scope_id
        x.shard = shard
        x.allotted_notional_cur = allotted_notional_cur
        x.set_ns = set_ns
        x.limit_notional_cur = limit_notional_cur
        x.currency = currency
        x.__class__ = LimitAllotted


_LimitAllotted = twin(LimitAllotted)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class ControlApplied:
    """A control is in force in this shard from now on; `cause` has its position."""

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    control: str  # Name of the control's record.
    scope: ControlScope  # Kind of thing that the control applies to.
    scope_id: str  # Id within the scope; empty where the scope has one alone.
    # What this shard may accept in a day after a limit or allotment, whole currency units; -1 if
    # the scope has no allotment here.
    allotted_notional_cur: int
    # What it has accepted of that so far today, whole currency units, rounded up.
    spent_notional_cur: int

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        control: str,
        scope: ControlScope,
        scope_id: str,
        allotted_notional_cur: int,
        spent_notional_cur: int,
    ) -> None:
        x: Any = self
        put(x, "__class__", _ControlApplied)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.control = control
        x.scope = scope
        x.scope_id = scope_id
        x.allotted_notional_cur = allotted_notional_cur
        x.spent_notional_cur = spent_notional_cur
        x.__class__ = ControlApplied


_ControlApplied = twin(ControlApplied)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class RiskLimitCarried:
    """Pre-trade limits of a scope, in force when the day closes."""

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    scope: ControlScope  # FIRM, CLIENT or INSTRUMENT.
    scope_id: str  # Id of the client, instrument or venue; empty for FIRM.
    max_order_qty: int | None  # Largest order, smallest increments; null if there is no limit.
    # Largest value of an order, whole currency units; null if there is no limit.
    max_order_notional_cur: int | None
    # Largest distance of an order's limit through the opposite side of the market, parts per
    # million of its price; null if there is no limit.
    collar_ppm: int | None
    set_by: str  # Person or system that set it.
    set_ns: int  # Time at which it was set, ns since 1970 UTC.
    # Most value that all shards together may accept in a day, FIRM and CLIENT, whole currency
    # units; null if there is no limit.
    max_day_notional_cur: int | None
    # Currency of a limit of the firm, which binds the orders in it, ISO 4217; empty for CLIENT and
    # INSTRUMENT, whose numbers hold in each currency by itself.
    currency: str
    # Most that the orders of a day may have bought more than sold, or sold more than bought, in one
    # instrument, with what is open on that side, smallest increments; null if there is no limit.
    max_position_qty: int | None

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        scope: ControlScope,
        scope_id: str,
        max_order_qty: int | None,
        max_order_notional_cur: int | None,
        collar_ppm: int | None,
        set_by: str,
        set_ns: int,
        max_day_notional_cur: int | None,
        currency: str,
        max_position_qty: int | None,
    ) -> None:
        x: Any = self
        put(x, "__class__", _RiskLimitCarried)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.scope = scope
        x.scope_id = scope_id
        x.max_order_qty = max_order_qty
        x.max_order_notional_cur = max_order_notional_cur
        x.collar_ppm = collar_ppm
        x.set_by = set_by
        x.set_ns = set_ns
        x.max_day_notional_cur = max_day_notional_cur
        x.currency = currency
        x.max_position_qty = max_position_qty
        x.__class__ = RiskLimitCarried


_RiskLimitCarried = twin(RiskLimitCarried)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class AllotmentCarried:
    """This shard's part of a limit that spans shards, in force when the day closes."""

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    scope: ControlScope  # FIRM or CLIENT.
    scope_id: str  # Id of the client, instrument or venue; empty for FIRM.
    # The shard, count from 0; one that the log does not have binds none, and asks each what it has.
    shard: int
    allotted_notional_cur: int  # Value this shard may accept in a day, whole currency units.
    set_ns: int  # Time at which it was set, ns since 1970 UTC.
    # The day's limit that this is a part of, whole currency units; null if there is none, and a
    # person has set the part.
    limit_notional_cur: int | None
    # Currency of the firm's limit that this is a part of, ISO 4217; empty for CLIENT.
    currency: str

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        scope: ControlScope,
        scope_id: str,
        shard: int,
        allotted_notional_cur: int,
        set_ns: int,
        limit_notional_cur: int | None,
        currency: str,
    ) -> None:
        x: Any = self
        put(x, "__class__", _AllotmentCarried)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.scope = scope
        x.scope_id = scope_id
        x.shard = shard
        x.allotted_notional_cur = allotted_notional_cur
        x.set_ns = set_ns
        x.limit_notional_cur = limit_notional_cur
        x.currency = currency
        x.__class__ = AllotmentCarried


_AllotmentCarried = twin(AllotmentCarried)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class TradeObserved:
    """A trade that the tape printed."""

    venue: str  # Code of the venue; D is off-exchange.
    instrument_id: str  # Id of the instrument; also the record's key.
    last_px: int  # Price, 1e-9 currency units.
    last_qty: int  # Quantity, smallest increments.
    eligible: bool  # True if the print counts for volume and VWAP.
    conditions: str  # Sale conditions in the letters of the tape, as far as they are known.
    event_ns: int  # The tape's time, ns since 1970 UTC.
    received_ns: int  # Time at which the gateway received it, ns since 1970 UTC.
    # Id of the print at its venue; a second print of the same id does not count. Empty if the feed
    # gives none.
    trade_id: str = ""

    def __init__(
        self,
        *,
        venue: str,
        instrument_id: str,
        last_px: int,
        last_qty: int,
        eligible: bool,
        conditions: str,
        event_ns: int,
        received_ns: int,
        trade_id: str = "",
    ) -> None:
        x: Any = self
        put(x, "__class__", _TradeObserved)
        x.venue = venue
        x.instrument_id = instrument_id
        x.last_px = last_px
        x.last_qty = last_qty
        x.eligible = eligible
        x.conditions = conditions
        x.event_ns = event_ns
        x.received_ns = received_ns
        x.trade_id = trade_id
        x.__class__ = TradeObserved


_TradeObserved = twin(TradeObserved)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class ChildCarried:
    """A child of a closed day in which an order has a part that lives on.

    A late fill, a bust or a correction of it is booked on the next day.
    """

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    child_id: str  # Id of the child.
    parent_id: str  # Id of the parent, which has ended.
    instrument_id: str  # Id of the instrument.
    side: Side  # BUY or SELL.
    venue: str  # Code of the venue.
    child_qty: int  # Quantity, smallest increments.
    limit_px: int  # Limit, 1e-9 currency units.
    epoch: int  # Membership epoch of the parent when the child was sent, count.
    routed_ns: int  # Time at which it was sent, ns since 1970 UTC.
    # Quantity that a person settled as counted by the venue and not executed, smallest increments.
    disputed_qty: int
    fills: tuple[CarriedFill, ...]  # Its fills, in the order in which they were booked.
    # The tranches that the child is for; empty where it is all for tranche 0.
    claims: tuple[Claim, ...]

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        child_id: str,
        parent_id: str,
        instrument_id: str,
        side: Side,
        venue: str,
        child_qty: int,
        limit_px: int,
        epoch: int,
        routed_ns: int,
        disputed_qty: int,
        fills: tuple[CarriedFill, ...],
        claims: tuple[Claim, ...],
    ) -> None:
        x: Any = self
        put(x, "__class__", _ChildCarried)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.child_id = child_id
        x.parent_id = parent_id
        x.instrument_id = instrument_id
        x.side = side
        x.venue = venue
        x.child_qty = child_qty
        x.limit_px = limit_px
        x.epoch = epoch
        x.routed_ns = routed_ns
        x.disputed_qty = disputed_qty
        x.fills = fills
        x.claims = claims
        x.__class__ = ChildCarried


_ChildCarried = twin(ChildCarried)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class ErrorBooked:
    """A person booked a position to the error account, to settle a break."""

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    break_id: str  # Id of the break.
    instrument_id: str  # Id of the instrument.
    # Quantity, smallest increments; positive if it was bought, negative if it was sold.
    error_qty: int
    error_px: int  # Price, 1e-9 currency units.
    set_by: str  # Code of the person.
    text: str  # Explanation.

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        break_id: str,
        instrument_id: str,
        error_qty: int,
        error_px: int,
        set_by: str,
        text: str,
    ) -> None:
        x: Any = self
        put(x, "__class__", _ErrorBooked)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.break_id = break_id
        x.instrument_id = instrument_id
        x.error_qty = error_qty
        x.error_px = error_px
        x.set_by = set_by
        x.text = text
        x.__class__ = ErrorBooked


_ErrorBooked = twin(ErrorBooked)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class ExecutionsMissing:
    """Executions of a child at work are missing.

    Its venue counts them in an acknowledgement, a bust or a correction, and has not reported them.
    """

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    child_id: str  # Id of the child.
    parent_id: str  # Id of the parent.
    # Quantity that the venue counts as executed and has not reported, from now on, smallest
    # increments; it stays exposure.
    missing_qty: int
    # The child's open quantity from now on, with the missing one, smallest increments.
    leaves_qty: int

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        child_id: str,
        parent_id: str,
        missing_qty: int,
        leaves_qty: int,
    ) -> None:
        x: Any = self
        put(x, "__class__", _ExecutionsMissing)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.child_id = child_id
        x.parent_id = parent_id
        x.missing_qty = missing_qty
        x.leaves_qty = leaves_qty
        x.__class__ = ExecutionsMissing


_ExecutionsMissing = twin(ExecutionsMissing)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class ChildStatusRequested:
    """The engine asks a venue for the state of a child that it has not answered."""

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    child_id: str  # Id of the child.
    parent_id: str  # Id of the parent.
    venue: str  # Code of the venue.
    number: int  # Which question on this silence it is, count from 1.
    unanswered_since_ns: int  # Time of the request that was not answered, ns since 1970 UTC.

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        child_id: str,
        parent_id: str,
        venue: str,
        number: int,
        unanswered_since_ns: int,
    ) -> None:
        x: Any = self
        put(x, "__class__", _ChildStatusRequested)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.child_id = child_id
        x.parent_id = parent_id
        x.venue = venue
        x.number = number
        x.unanswered_since_ns = unanswered_since_ns
        x.__class__ = ChildStatusRequested


_ChildStatusRequested = twin(ChildStatusRequested)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class OrderHeld:
    """A carried order waits: it may not be placed today yet, and keeps its quantity."""

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    order_id: str  # Id of the order.
    client_id: str  # Id of the client.
    reason: RejectReason  # The first reason that applies.
    text: str  # Value found, value expected, and action to take.
    # Value that no allotment covered, whole currency units, rounded up; 0 of every other reason.
    asked_notional_cur: int
    asked_currency: str  # Currency of asked_notional_cur, ISO 4217; empty where that is 0.

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        order_id: str,
        client_id: str,
        reason: RejectReason,
        text: str,
        asked_notional_cur: int,
        asked_currency: str,
    ) -> None:
        x: Any = self
        put(x, "__class__", _OrderHeld)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.order_id = order_id
        x.client_id = client_id
        x.reason = reason
        x.text = text
        x.asked_notional_cur = asked_notional_cur
        x.asked_currency = asked_currency
        x.__class__ = OrderHeld


_OrderHeld = twin(OrderHeld)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class SliceHeld:
    """Participation held a slice back: a client's, or the parent's own on a silent tape."""

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    parent_id: str  # Id of the parent.
    # Id of the client whose mandate permits the least; empty of a parent that waits for a silent
    # tape, which is said once.
    client_id: str
    wanted_qty: int  # Quantity of the slice without the mandate, smallest increments.
    slice_qty: int  # Quantity that is released, smallest increments; 0 if none is.
    # Executed and open at venues, smallest increments: of all the client's parents in the
    # instrument since the measurement began, or of the parent alone.
    used_qty: int
    cap_qty: int  # Most of it by the mandate, smallest increments; a lot more may go, for a start.
    # Others' eligible volume since the measurement began, or the parent's release, with the usual
    # volume while the tape is silent; smallest increments.
    market_volume_qty: int
    # The mandate's participation, or the parent's, parts per million of all volume.
    max_participation_ppm: int
    waiting_count: int  # Parents of the client that waited for their turn before, count.

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        parent_id: str,
        client_id: str,
        wanted_qty: int,
        slice_qty: int,
        used_qty: int,
        cap_qty: int,
        market_volume_qty: int,
        max_participation_ppm: int,
        waiting_count: int,
    ) -> None:
        x: Any = self
        put(x, "__class__", _SliceHeld)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.parent_id = parent_id
        x.client_id = client_id
        x.wanted_qty = wanted_qty
        x.slice_qty = slice_qty
        x.used_qty = used_qty
        x.cap_qty = cap_qty
        x.market_volume_qty = market_volume_qty
        x.max_participation_ppm = max_participation_ppm
        x.waiting_count = waiting_count
        x.__class__ = SliceHeld


_SliceHeld = twin(SliceHeld)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class InputRejected:
    """An input could not be taken; its bytes are in dlq."""

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    topic: str  # Input topic.
    position: int  # Position of the input in its partition, count from 0, without gaps.
    source: str  # Sender from the headers; empty if unknown.
    reason: InputReason  # The reason.
    text: str  # Value found, value expected, and action to take.

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        topic: str,
        position: int,
        source: str,
        reason: InputReason,
        text: str,
    ) -> None:
        x: Any = self
        put(x, "__class__", _InputRejected)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.topic = topic
        x.position = position
        x.source = source
        x.reason = reason
        x.text = text
        x.__class__ = InputRejected


_InputRejected = twin(InputRejected)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class InstrumentDefined:
    """An instrument, in force from a day on."""

    instrument_id: str  # Id of the instrument.
    symbol: str  # Ticker.
    currency: str  # ISO 4217 code.
    lot_qty: int  # Round lot, smallest increments.
    adv_qty: int  # Average daily volume before this day, smallest increments.
    daily_volatility_ppm: int  # Standard deviation of a day's return, parts per million.
    effective_day: int  # First day on which it is in force, yyyymmdd count.
    # Close of the trading day before, adjusted for what takes effect on the day, 1e-9 currency
    # units; 0 if it is not known.
    previous_close_px: int = 0
    # Id of the calendar whose sessions it trades in; empty if it trades from the open to the close
    # of the day.
    calendar_id: str = ""

    def __init__(
        self,
        *,
        instrument_id: str,
        symbol: str,
        currency: str,
        lot_qty: int,
        adv_qty: int,
        daily_volatility_ppm: int,
        effective_day: int,
        previous_close_px: int = 0,
        calendar_id: str = "",
    ) -> None:
        x: Any = self
        put(x, "__class__", _InstrumentDefined)
        x.instrument_id = instrument_id
        x.symbol = symbol
        x.currency = currency
        x.lot_qty = lot_qty
        x.adv_qty = adv_qty
        x.daily_volatility_ppm = daily_volatility_ppm
        x.effective_day = effective_day
        x.previous_close_px = previous_close_px
        x.calendar_id = calendar_id
        x.__class__ = InstrumentDefined


_InstrumentDefined = twin(InstrumentDefined)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class OrdersCrossed:
    """A buying and a selling parent traded with each other at the midpoint, without a venue."""

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    buy_parent_id: str  # The buying parent.
    sell_parent_id: str  # The selling parent.
    cross_qty: int  # Quantity, smallest increments.
    cross_px: int  # Midpoint rounded down, 1e-9 currency units.
    bid_px: int  # Consolidated best bid that the cross was priced from, 1e-9 currency units.
    bid_venue: str  # Code of the venue of that bid.
    ask_px: int  # Consolidated best ask that the cross was priced from, 1e-9 currency units.
    ask_venue: str  # Code of the venue of that ask.
    quote_age_ns: int  # Age of the older of the two quotes, ns.
    # Uncommitted quantity that could cross on the buy side, smallest increments.
    buy_consenting_qty: int
    sell_consenting_qty: int  # The same on the sell side, smallest increments.
    # Clients with orders on both sides, kept out of one side so that no client trades with itself.
    excluded_clients: tuple[str, ...]
    # Last good price, which the band of believed quotes is around, 1e-9 currency units; 0 in older
    # logs.
    good_px: int
    # Most by which a believed quote may be away from it, 1e-9 currency units; 0 in older logs.
    band_px: int

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        buy_parent_id: str,
        sell_parent_id: str,
        cross_qty: int,
        cross_px: int,
        bid_px: int,
        bid_venue: str,
        ask_px: int,
        ask_venue: str,
        quote_age_ns: int,
        buy_consenting_qty: int,
        sell_consenting_qty: int,
        excluded_clients: tuple[str, ...],
        good_px: int,
        band_px: int,
    ) -> None:
        x: Any = self
        put(x, "__class__", _OrdersCrossed)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.buy_parent_id = buy_parent_id
        x.sell_parent_id = sell_parent_id
        x.cross_qty = cross_qty
        x.cross_px = cross_px
        x.bid_px = bid_px
        x.bid_venue = bid_venue
        x.ask_px = ask_px
        x.ask_venue = ask_venue
        x.quote_age_ns = quote_age_ns
        x.buy_consenting_qty = buy_consenting_qty
        x.sell_consenting_qty = sell_consenting_qty
        x.excluded_clients = excluded_clients
        x.good_px = good_px
        x.band_px = band_px
        x.__class__ = OrdersCrossed


_OrdersCrossed = twin(OrdersCrossed)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class InstrumentCarried:
    """An instrument of this shard as it is defined when the day closes."""

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    instrument_id: str  # Id of the instrument.
    symbol: str  # Ticker.
    currency: str  # ISO 4217 code.
    lot_qty: int  # Round lot, smallest increments.
    adv_qty: int  # Average daily volume before this day, smallest increments.
    daily_volatility_ppm: int  # Standard deviation of a day's return, parts per million.
    effective_day: int  # First day on which it is in force, yyyymmdd count.
    # Close of the trading day before, adjusted for what takes effect on the day, 1e-9 currency
    # units; 0 if it is not known.
    previous_close_px: int
    # Id of the calendar whose sessions it trades in; empty if it trades from the open to the close
    # of the day.
    calendar_id: str

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        instrument_id: str,
        symbol: str,
        currency: str,
        lot_qty: int,
        adv_qty: int,
        daily_volatility_ppm: int,
        effective_day: int,
        previous_close_px: int,
        calendar_id: str,
    ) -> None:
        x: Any = self
        put(x, "__class__", _InstrumentCarried)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.instrument_id = instrument_id
        x.symbol = symbol
        x.currency = currency
        x.lot_qty = lot_qty
        x.adv_qty = adv_qty
        x.daily_volatility_ppm = daily_volatility_ppm
        x.effective_day = effective_day
        x.previous_close_px = previous_close_px
        x.calendar_id = calendar_id
        x.__class__ = InstrumentCarried


_InstrumentCarried = twin(InstrumentCarried)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class WriterKeySet:
    """The public key by which a writer of inputs signs its records is adopted, or revoked."""

    # Name of the writer, as the headers of its records state it: a source, a venue, or the person
    # of a control.
    writer: str
    topics: tuple[str, ...]  # Input topics that the writer may sign for.
    public_key: str  # Ed25519 public key, 64 hexadecimal digits.
    # Trading day from whose opening on the key is in force, yyyymmdd count; 0 for at once. It then
    # replaces the writer's earlier keys for its topics.
    from_day: int
    revoked: bool  # True takes this key from the writer at once.
    set_by: str  # Person or system that set it.
    set_ns: int  # Time at which it was set, ns since 1970 UTC.

    def __init__(
        self,
        *,
        writer: str,
        topics: tuple[str, ...],
        public_key: str,
        from_day: int,
        revoked: bool,
        set_by: str,
        set_ns: int,
    ) -> None:
        x: Any = self
        put(x, "__class__", _WriterKeySet)
        x.writer = writer
        x.topics = topics
        x.public_key = public_key
        x.from_day = from_day
        x.revoked = revoked
        x.set_by = set_by
        x.set_ns = set_ns
        x.__class__ = WriterKeySet


_WriterKeySet = twin(WriterKeySet)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class WriterKeyCarried:
    """Public key of a writer, adopted when the day closes."""

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    # Name of the writer, as the headers of its records state it: a source, a venue, or the person
    # of a control.
    writer: str
    topics: tuple[str, ...]  # Input topics that the writer may sign for.
    public_key: str  # Ed25519 public key, 64 hexadecimal digits.
    # Trading day from whose opening on the key is in force, yyyymmdd count; 0 for at once. It then
    # replaces the writer's earlier keys for its topics.
    from_day: int
    revoked: bool  # True takes this key from the writer at once.
    set_by: str  # Person or system that set it.
    set_ns: int  # Time at which it was set, ns since 1970 UTC.

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        writer: str,
        topics: tuple[str, ...],
        public_key: str,
        from_day: int,
        revoked: bool,
        set_by: str,
        set_ns: int,
    ) -> None:
        x: Any = self
        put(x, "__class__", _WriterKeyCarried)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.writer = writer
        x.topics = topics
        x.public_key = public_key
        x.from_day = from_day
        x.revoked = revoked
        x.set_by = set_by
        x.set_ns = set_ns
        x.__class__ = WriterKeyCarried


_WriterKeyCarried = twin(WriterKeyCarried)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class CalendarDefined:
    """A trading day of a calendar, with its sessions."""

    calendar_id: str  # Id of the calendar.
    time_zone: str  # IANA name of the venue-local time zone.
    day: int  # Trading day, yyyymmdd count.
    open_ns: int  # Start of the session, ns since 1970 UTC.
    close_ns: int  # End of the session, ns since 1970 UTC.
    effective_day: int  # First day on which it is in force, yyyymmdd count.
    # Sessions of the day in order of time, with breaks between them; none if it is one, from open
    # to close.
    sessions: tuple[TradingSession, ...] = ()

    def __init__(
        self,
        *,
        calendar_id: str,
        time_zone: str,
        day: int,
        open_ns: int,
        close_ns: int,
        effective_day: int,
        sessions: tuple[TradingSession, ...] = (),
    ) -> None:
        x: Any = self
        put(x, "__class__", _CalendarDefined)
        x.calendar_id = calendar_id
        x.time_zone = time_zone
        x.day = day
        x.open_ns = open_ns
        x.close_ns = close_ns
        x.effective_day = effective_day
        x.sessions = sessions
        x.__class__ = CalendarDefined


_CalendarDefined = twin(CalendarDefined)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class InstrumentHalted:
    """An instrument is halted.

    Its children are cancelled and new orders refused until a person lifts the halt.
    """

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    instrument_id: str  # Id of the instrument.
    reason: HaltReason  # The reason.
    text: str  # The reason in words.

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        instrument_id: str,
        reason: HaltReason,
        text: str,
    ) -> None:
        x: Any = self
        put(x, "__class__", _InstrumentHalted)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.instrument_id = instrument_id
        x.reason = reason
        x.text = text
        x.__class__ = InstrumentHalted


_InstrumentHalted = twin(InstrumentHalted)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class CalendarCarried:
    """A session of the calendar, as defined when the day closes."""

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    calendar_id: str  # Id of the calendar.
    time_zone: str  # IANA name of the venue-local time zone.
    day: int  # Trading day, yyyymmdd count.
    open_ns: int  # Start of the session, ns since 1970 UTC.
    close_ns: int  # End of the session, ns since 1970 UTC.
    effective_day: int  # First day on which it is in force, yyyymmdd count.
    # Sessions of the day in order of time, with breaks between them; none if it is one, from open
    # to close.
    sessions: tuple[TradingSession, ...]

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        calendar_id: str,
        time_zone: str,
        day: int,
        open_ns: int,
        close_ns: int,
        effective_day: int,
        sessions: tuple[TradingSession, ...],
    ) -> None:
        x: Any = self
        put(x, "__class__", _CalendarCarried)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.calendar_id = calendar_id
        x.time_zone = time_zone
        x.day = day
        x.open_ns = open_ns
        x.close_ns = close_ns
        x.effective_day = effective_day
        x.sessions = sessions
        x.__class__ = CalendarCarried


_CalendarCarried = twin(CalendarCarried)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class CorporateActionApplied:
    """A carried order met a corporate action, by which it is adjusted or held."""

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    order_id: str  # Id of the order.
    client_id: str  # Id of the client.
    action_id: str  # Id of the corporate action.
    instrument_id: str  # Id of the instrument.
    # Only the orders of a SPLIT can be adjusted; at any other they are held.
    kind: CorporateActionKind
    # ADJUST if its quantity and prices follow the ratio, HOLD if it waits for its client.
    handling: CorporateActionPolicy
    new_qty: int  # Quantity after a split for each old_qty before it, smallest increments.
    old_qty: int  # Quantity before a split that becomes new_qty, smallest increments.
    previous_qty: int  # Open quantity before, smallest increments.
    open_qty: int  # Open quantity from now on, smallest increments; rounded down.
    previous_px: int | None  # Limit before, 1e-9 currency units; null for MARKET.
    # Limit from now on, 1e-9 currency units, rounded to the tick in the client's favour; null for
    # MARKET.
    limit_px: int | None
    text: str  # Why it is held; empty if it is adjusted.

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        order_id: str,
        client_id: str,
        action_id: str,
        instrument_id: str,
        kind: CorporateActionKind,
        handling: CorporateActionPolicy,
        new_qty: int,
        old_qty: int,
        previous_qty: int,
        open_qty: int,
        previous_px: int | None,
        limit_px: int | None,
        text: str,
    ) -> None:
        x: Any = self
        put(x, "__class__", _CorporateActionApplied)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.order_id = order_id
        x.client_id = client_id
        x.action_id = action_id
        x.instrument_id = instrument_id
        x.kind = kind
        x.handling = handling
        x.new_qty = new_qty
        x.old_qty = old_qty
        x.previous_qty = previous_qty
        x.open_qty = open_qty
        x.previous_px = previous_px
        x.limit_px = limit_px
        x.text = text
        x.__class__ = CorporateActionApplied


_CorporateActionApplied = twin(CorporateActionApplied)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class CorporateActionCarried:
    """A corporate action of a later day, or of the year before, as a close carries it."""

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    action_id: str  # Id of the corporate action.
    instrument_id: str  # Id of the instrument.
    # Only the orders of a SPLIT can be adjusted; at any other they are held.
    kind: CorporateActionKind
    new_qty: int  # Quantity after a split for each old_qty before it, smallest increments.
    old_qty: int  # Quantity before a split that becomes new_qty, smallest increments.
    text: str  # Description for people.
    # First day on which the instrument trades after it, the ex-day, yyyymmdd count.
    effective_day: int

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        action_id: str,
        instrument_id: str,
        kind: CorporateActionKind,
        new_qty: int,
        old_qty: int,
        text: str,
        effective_day: int,
    ) -> None:
        x: Any = self
        put(x, "__class__", _CorporateActionCarried)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.action_id = action_id
        x.instrument_id = instrument_id
        x.kind = kind
        x.new_qty = new_qty
        x.old_qty = old_qty
        x.text = text
        x.effective_day = effective_day
        x.__class__ = CorporateActionCarried


_CorporateActionCarried = twin(CorporateActionCarried)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class CorporateActionDefined:
    """A split or another corporate action of an instrument."""

    action_id: str  # Id of the corporate action.
    instrument_id: str  # Id of the instrument.
    # Only the orders of a SPLIT can be adjusted; at any other they are held.
    kind: CorporateActionKind
    new_qty: int  # Quantity after a split for each old_qty before it, smallest increments.
    old_qty: int  # Quantity before a split that becomes new_qty, smallest increments.
    text: str  # Description for people.
    # First day on which the instrument trades after it, the ex-day, yyyymmdd count.
    effective_day: int

    def __init__(
        self,
        *,
        action_id: str,
        instrument_id: str,
        kind: CorporateActionKind,
        new_qty: int,
        old_qty: int,
        text: str,
        effective_day: int,
    ) -> None:
        x: Any = self
        put(x, "__class__", _CorporateActionDefined)
        x.action_id = action_id
        x.instrument_id = instrument_id
        x.kind = kind
        x.new_qty = new_qty
        x.old_qty = old_qty
        x.text = text
        x.effective_day = effective_day
        x.__class__ = CorporateActionDefined


_CorporateActionDefined = twin(CorporateActionDefined)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class ParentPaused:
    """A parent waits for its instrument to trade again; its schedule stands still."""

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    parent_id: str  # Id of the parent.
    reason: PauseReason  # Cause of the wait.
    until_ns: int  # Time from which it goes on, ns since 1970 UTC.
    parent_qty: int  # Open quantity that waits, smallest increments.

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        parent_id: str,
        reason: PauseReason,
        until_ns: int,
        parent_qty: int,
    ) -> None:
        x: Any = self
        put(x, "__class__", _ParentPaused)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.parent_id = parent_id
        x.reason = reason
        x.until_ns = until_ns
        x.parent_qty = parent_qty
        x.__class__ = ParentPaused


_ParentPaused = twin(ParentPaused)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class FeeScheduleDefined:
    """Fees of a venue; a rebate is negative."""

    venue: str  # Code of the venue.
    taker_fee_px: int  # Fee for removing, 1e-9 currency units for each smallest increment.
    maker_fee_px: int  # Fee for adding, 1e-9 currency units for each smallest increment.
    midpoint_fee_px: int  # Fee at the midpoint, 1e-9 currency units for each smallest increment.
    effective_day: int  # First day on which it is in force, yyyymmdd count.
    # Fee for removing as a part of the value, parts per million, besides the one for each
    # increment.
    taker_fee_ppm: int = 0
    # Fee for adding as a part of the value, parts per million, besides the one for each increment.
    maker_fee_ppm: int = 0
    # Fee at the midpoint as a part of the value, parts per million, besides the one for each
    # increment.
    midpoint_fee_ppm: int = 0

    def __init__(
        self,
        *,
        venue: str,
        taker_fee_px: int,
        maker_fee_px: int,
        midpoint_fee_px: int,
        effective_day: int,
        taker_fee_ppm: int = 0,
        maker_fee_ppm: int = 0,
        midpoint_fee_ppm: int = 0,
    ) -> None:
        x: Any = self
        put(x, "__class__", _FeeScheduleDefined)
        x.venue = venue
        x.taker_fee_px = taker_fee_px
        x.maker_fee_px = maker_fee_px
        x.midpoint_fee_px = midpoint_fee_px
        x.effective_day = effective_day
        x.taker_fee_ppm = taker_fee_ppm
        x.maker_fee_ppm = maker_fee_ppm
        x.midpoint_fee_ppm = midpoint_fee_ppm
        x.__class__ = FeeScheduleDefined


_FeeScheduleDefined = twin(FeeScheduleDefined)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class FeeScheduleCarried:
    """Fees of a venue when the day closes."""

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    venue: str  # Code of the venue.
    taker_fee_px: int  # Fee for removing, 1e-9 currency units for each smallest increment.
    maker_fee_px: int  # Fee for adding, 1e-9 currency units for each smallest increment.
    midpoint_fee_px: int  # Fee at the midpoint, 1e-9 currency units for each smallest increment.
    effective_day: int  # First day on which it is in force, yyyymmdd count.
    # Fee for removing as a part of the value, parts per million, besides the one for each
    # increment.
    taker_fee_ppm: int
    # Fee for adding as a part of the value, parts per million, besides the one for each increment.
    maker_fee_ppm: int
    # Fee at the midpoint as a part of the value, parts per million, besides the one for each
    # increment.
    midpoint_fee_ppm: int

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        venue: str,
        taker_fee_px: int,
        maker_fee_px: int,
        midpoint_fee_px: int,
        effective_day: int,
        taker_fee_ppm: int,
        maker_fee_ppm: int,
        midpoint_fee_ppm: int,
    ) -> None:
        x: Any = self
        put(x, "__class__", _FeeScheduleCarried)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.venue = venue
        x.taker_fee_px = taker_fee_px
        x.maker_fee_px = maker_fee_px
        x.midpoint_fee_px = midpoint_fee_px
        x.effective_day = effective_day
        x.taker_fee_ppm = taker_fee_ppm
        x.maker_fee_ppm = maker_fee_ppm
        x.midpoint_fee_ppm = midpoint_fee_ppm
        x.__class__ = FeeScheduleCarried


_FeeScheduleCarried = twin(FeeScheduleCarried)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class VolumeCurveDefined:
    """Expected volume over a session, estimated before it."""

    instrument_id: str  # Id of the instrument.
    # Bucket edges from the open in trading time, breaks left out, ns; one more than volumes.
    edges_ns: tuple[int, ...]
    # Expected volume per bucket, smallest increments; only their proportions matter.
    volumes_qty: tuple[int, ...]
    effective_day: int  # First day on which it is in force, yyyymmdd count.
    # Days whose prints it was made from, in order, yyyymmdd count; none if a person stated it.
    observed_days: tuple[int, ...] = ()
    # Relative standard error of each bucket's share of a day, parts per million; empty if it was
    # not estimated.
    errors_ppm: tuple[int, ...] = ()

    def __init__(
        self,
        *,
        instrument_id: str,
        edges_ns: tuple[int, ...],
        volumes_qty: tuple[int, ...],
        effective_day: int,
        observed_days: tuple[int, ...] = (),
        errors_ppm: tuple[int, ...] = (),
    ) -> None:
        x: Any = self
        put(x, "__class__", _VolumeCurveDefined)
        x.instrument_id = instrument_id
        x.edges_ns = edges_ns
        x.volumes_qty = volumes_qty
        x.effective_day = effective_day
        x.observed_days = observed_days
        x.errors_ppm = errors_ppm
        x.__class__ = VolumeCurveDefined


_VolumeCurveDefined = twin(VolumeCurveDefined)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class VolumeCurveCarried:
    """Expected volume of an instrument of this shard, in force when the day closes."""

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    instrument_id: str  # Id of the instrument.
    # Bucket edges from the open in trading time, breaks left out, ns; one more than volumes.
    edges_ns: tuple[int, ...]
    # Expected volume per bucket, smallest increments; only their proportions matter.
    volumes_qty: tuple[int, ...]
    effective_day: int  # First day on which it is in force, yyyymmdd count.
    # Days whose prints it was made from, in order, yyyymmdd count; none if a person stated it.
    observed_days: tuple[int, ...]
    # Relative standard error of each bucket's share of a day, parts per million; empty if it was
    # not estimated.
    errors_ppm: tuple[int, ...]

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        instrument_id: str,
        edges_ns: tuple[int, ...],
        volumes_qty: tuple[int, ...],
        effective_day: int,
        observed_days: tuple[int, ...],
        errors_ppm: tuple[int, ...],
    ) -> None:
        x: Any = self
        put(x, "__class__", _VolumeCurveCarried)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.instrument_id = instrument_id
        x.edges_ns = edges_ns
        x.volumes_qty = volumes_qty
        x.effective_day = effective_day
        x.observed_days = observed_days
        x.errors_ppm = errors_ppm
        x.__class__ = VolumeCurveCarried


_VolumeCurveCarried = twin(VolumeCurveCarried)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class ScorecardUpdated:
    """The scorecard of a venue, learned from the reports on our own children."""

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    venue: str  # Code of the venue.
    version: int  # Version from now on, count.
    samples: int  # Children that it was learned from, count.
    # Probability that a resting child of the venue is filled within a minute, shrunk to its kind,
    # parts per million; in older logs the smoothed filled part.
    fill_ppm: int
    speed_ns: int  # Time from route to first fill of a resting child, smoothed, ns.
    # Cost of a taking child against the midpoint at the fill, fees included, smoothed, 1e-3 bps; 0
    # before the first one.
    cost_millibps: int
    take_samples: int  # Taking children that the cost was learned from, count.
    kind: VenueKind  # Kind of the venue, whose other venues it is shrunk to; LIT in older logs.
    # Counts of survival and of takes: those that changed, as they are now; empty in older logs.
    cells: tuple[ScorecardCell, ...]
    # Sums of markouts: those that changed, as they are now; empty in older logs.
    markouts: tuple[ScorecardMarkout, ...]
    acks_milli: int  # Acknowledgements that a time was measured of, count in thousandths.
    acks_ns: int  # Sum of their times from route to acknowledgement, ns.
    takes_milli: int  # Takes with a fill that a time was measured of, count in thousandths.
    takes_ns: int  # Sum of their times from route to first fill, ns.
    # Counts of hidden quantity: those that changed, as they are now; empty in older logs.
    sizes: tuple[ScorecardSize, ...]

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        venue: str,
        version: int,
        samples: int,
        fill_ppm: int,
        speed_ns: int,
        cost_millibps: int,
        take_samples: int,
        kind: VenueKind,
        cells: tuple[ScorecardCell, ...],
        markouts: tuple[ScorecardMarkout, ...],
        acks_milli: int,
        acks_ns: int,
        takes_milli: int,
        takes_ns: int,
        sizes: tuple[ScorecardSize, ...],
    ) -> None:
        x: Any = self
        put(x, "__class__", _ScorecardUpdated)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.venue = venue
        x.version = version
        x.samples = samples
        x.fill_ppm = fill_ppm
        x.speed_ns = speed_ns
        x.cost_millibps = cost_millibps
        x.take_samples = take_samples
        x.kind = kind
        x.cells = cells
        x.markouts = markouts
        x.acks_milli = acks_milli
        x.acks_ns = acks_ns
        x.takes_milli = takes_milli
        x.takes_ns = takes_ns
        x.sizes = sizes
        x.__class__ = ScorecardUpdated


_ScorecardUpdated = twin(ScorecardUpdated)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class ScorecardCarried:
    """The scorecard of a venue when the day closes."""

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    venue: str  # Code of the venue.
    version: int  # Version, count.
    samples: int  # Children that it was learned from, count.
    # Probability that a resting child of the venue is filled within a minute, shrunk to its kind,
    # parts per million; in older logs the smoothed filled part.
    fill_ppm: int
    speed_ns: int  # Time from route to first fill of a resting child, smoothed, ns.
    # Cost of a taking child against the midpoint at the fill, fees included, smoothed, 1e-3 bps; 0
    # before the first one.
    cost_millibps: int
    take_samples: int  # Taking children that the cost was learned from, count.
    kind: VenueKind  # Kind of the venue, whose other venues it is shrunk to; LIT in older logs.
    # Counts of survival and of takes: all, forgotten in part; empty in older logs.
    cells: tuple[ScorecardCell, ...]
    # Sums of markouts: all, forgotten in part; empty in older logs.
    markouts: tuple[ScorecardMarkout, ...]
    acks_milli: int  # Acknowledgements that a time was measured of, count in thousandths.
    acks_ns: int  # Sum of their times from route to acknowledgement, ns.
    takes_milli: int  # Takes with a fill that a time was measured of, count in thousandths.
    takes_ns: int  # Sum of their times from route to first fill, ns.
    # Counts of hidden quantity: all, forgotten in part; empty in older logs.
    sizes: tuple[ScorecardSize, ...]

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        venue: str,
        version: int,
        samples: int,
        fill_ppm: int,
        speed_ns: int,
        cost_millibps: int,
        take_samples: int,
        kind: VenueKind,
        cells: tuple[ScorecardCell, ...],
        markouts: tuple[ScorecardMarkout, ...],
        acks_milli: int,
        acks_ns: int,
        takes_milli: int,
        takes_ns: int,
        sizes: tuple[ScorecardSize, ...],
    ) -> None:
        x: Any = self
        put(x, "__class__", _ScorecardCarried)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.venue = venue
        x.version = version
        x.samples = samples
        x.fill_ppm = fill_ppm
        x.speed_ns = speed_ns
        x.cost_millibps = cost_millibps
        x.take_samples = take_samples
        x.kind = kind
        x.cells = cells
        x.markouts = markouts
        x.acks_milli = acks_milli
        x.acks_ns = acks_ns
        x.takes_milli = takes_milli
        x.takes_ns = takes_ns
        x.sizes = sizes
        x.__class__ = ScorecardCarried


_ScorecardCarried = twin(ScorecardCarried)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class SliceReleased:
    """A part of a parent goes to the router; its id is this event's id."""

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    parent_id: str  # Id of the parent.
    slice_qty: int  # Quantity, smallest increments.
    style: Style  # Style in which the slice seeks its fills.
    router: Router  # Method that spreads the slice over venues.
    limit_px: int | None  # The parent's limit, 1e-9 currency units; null if it has none.
    # Quantity that is due now by the schedule, since the plan's base, smallest increments.
    target_qty: int
    done_qty: int  # Filled and crossed since the plan's base, smallest increments.
    open_qty: int  # Open quantity of children at venues, smallest increments.
    parent_qty: int  # Open quantity of all members, smallest increments.
    # Others' eligible volume since the release, with the usual volume while the tape is silent;
    # smallest increments.
    market_volume_qty: int
    policy_id: str  # Id of the policy in force.
    # Least of the band around the target, smallest increments; a slice takes if its tranches that
    # reach the far side are below theirs. 0 in older logs.
    lower_qty: int
    upper_qty: int  # Most of the band around the target, smallest increments; 0 in older logs.
    # The tranches that the slice is for; empty where it is all for tranche 0.
    claims: tuple[Claim, ...]
    # Id of the last recalibration that changed what this slice does; empty if none did since the
    # slice before, and in older logs.
    recalibration_id: str
    # Time for which a passive child of the slice may wait, ns; 0 if the slice takes, and in older
    # logs.
    wait_ns: int
    # Others' volume since the plan's start by which its curve is updated, with the usual volume
    # while the tape is silent, smallest increments; 0 without a curve and in older logs.
    window_volume_qty: int
    # Others' volume of the day so far by which the curve's level is judged, with the usual volume
    # while the tape is silent, smallest increments; 0 without a curve and in older logs.
    day_volume_qty: int
    # Part of a usual day's volume that the curve expects from the first print of the day until now,
    # 1e-9; 0 without a curve and in older logs.
    day_share_e9: int

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        parent_id: str,
        slice_qty: int,
        style: Style,
        router: Router,
        limit_px: int | None,
        target_qty: int,
        done_qty: int,
        open_qty: int,
        parent_qty: int,
        market_volume_qty: int,
        policy_id: str,
        lower_qty: int,
        upper_qty: int,
        claims: tuple[Claim, ...],
        recalibration_id: str,
        wait_ns: int,
        window_volume_qty: int,
        day_volume_qty: int,
        day_share_e9: int,
    ) -> None:
        x: Any = self
        put(x, "__class__", _SliceReleased)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.parent_id = parent_id
        x.slice_qty = slice_qty
        x.style = style
        x.router = router
        x.limit_px = limit_px
        x.target_qty = target_qty
        x.done_qty = done_qty
        x.open_qty = open_qty
        x.parent_qty = parent_qty
        x.market_volume_qty = market_volume_qty
        x.policy_id = policy_id
        x.lower_qty = lower_qty
        x.upper_qty = upper_qty
        x.claims = claims
        x.recalibration_id = recalibration_id
        x.wait_ns = wait_ns
        x.window_volume_qty = window_volume_qty
        x.day_volume_qty = day_volume_qty
        x.day_share_e9 = day_share_e9
        x.__class__ = SliceReleased


_SliceReleased = twin(SliceReleased)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class MemberJoined:
    """An order became a member of a parent."""

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    parent_id: str  # Id of the parent.
    order_id: str  # Id of the order.
    member_qty: int  # Quantity that the order brings to the parent, smallest increments.
    epoch: int  # Membership epoch of the parent from now on, count.
    parent_qty: int  # The parent's open quantity from now on, smallest increments.
    # The tranche's limit from now on, 1e-9 currency units; null if it has none.
    parent_limit_px: int | None
    tranche: int  # Number of the tranche in its parent, count from 0.

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        parent_id: str,
        order_id: str,
        member_qty: int,
        epoch: int,
        parent_qty: int,
        parent_limit_px: int | None,
        tranche: int,
    ) -> None:
        x: Any = self
        put(x, "__class__", _MemberJoined)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.parent_id = parent_id
        x.order_id = order_id
        x.member_qty = member_qty
        x.epoch = epoch
        x.parent_qty = parent_qty
        x.parent_limit_px = parent_limit_px
        x.tranche = tranche
        x.__class__ = MemberJoined


_MemberJoined = twin(MemberJoined)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class PlanAdopted:
    """A parent is worked by this plan from now on."""

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    parent_id: str  # Id of the parent.
    # Strategy of most of the quantity, of the first tranche where several have as much; each
    # tranche states its own.
    strategy: Strategy
    router: Router  # Chosen router.
    reason: PlanReason  # Cause of the plan.
    revision: int  # Number of this plan of the parent, count from 0.
    start_ns: int  # Start of the schedule, ns since 1970 UTC.
    end_ns: int  # End of the schedule, ns since 1970 UTC.
    interval_ns: int  # Time between two schedule points, ns.
    plan_qty: int  # Quantity the schedule spreads, smallest increments.
    # Filled and crossed when the plan began, smallest increments; targets count from here.
    base_qty: int
    # Quantity that was behind the previous schedule and is due at once, smallest increments; the
    # schedule spreads the rest.
    carry_qty: int
    # Others' volume since the release when the plan began, smallest increments.
    base_volume_qty: int
    participation_ppm: int  # POV rate of all volume, parts per million.
    max_participation_ppm: int  # Cap on our part of all volume, parts per million.
    aggressiveness_ppm: int  # Aggressiveness, parts per million: 0 only posts, 1000000 only takes.
    # Almgren-Chriss urgency of the discrete solution, 1e-9 per second; 0 is a straight line.
    kappa_e9: int
    # Policy's part of the band around the schedule at its start, smallest increments; it narrows
    # with the time that remains, and the band is a lot and two intervals' quantity at least.
    tracking_band_qty: int
    adv_qty: int  # Evidence: average daily volume, smallest increments.
    horizon_volume_qty: int  # Evidence: expected volume over the schedule, smallest increments.
    size_to_volume_ppm: int  # Evidence: quantity against that volume, parts per million.
    daily_volatility_ppm: int  # Evidence: daily volatility, parts per million.
    # Evidence: consolidated spread, 1e-9 currency units; null without a fresh two-sided market.
    spread_px: int | None
    expected_cost_millibps: int  # Evidence: expected cost against arrival, 1e-3 bps.
    cost_risk_millibps: int  # Evidence: standard deviation of that cost, 1e-3 bps.
    # Schedules of the open tranches, of which the plan's quantities are the sums; empty where the
    # parent has one tranche, whose schedule the plan is.
    tranches: tuple[TranchePlan, ...]

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        parent_id: str,
        strategy: Strategy,
        router: Router,
        reason: PlanReason,
        revision: int,
        start_ns: int,
        end_ns: int,
        interval_ns: int,
        plan_qty: int,
        base_qty: int,
        carry_qty: int,
        base_volume_qty: int,
        participation_ppm: int,
        max_participation_ppm: int,
        aggressiveness_ppm: int,
        kappa_e9: int,
        tracking_band_qty: int,
        adv_qty: int,
        horizon_volume_qty: int,
        size_to_volume_ppm: int,
        daily_volatility_ppm: int,
        spread_px: int | None,
        expected_cost_millibps: int,
        cost_risk_millibps: int,
        tranches: tuple[TranchePlan, ...],
    ) -> None:
        x: Any = self
        put(x, "__class__", _PlanAdopted)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.parent_id = parent_id
        x.strategy = strategy
        x.router = router
        x.reason = reason
        x.revision = revision
        x.start_ns = start_ns
        x.end_ns = end_ns
        x.interval_ns = interval_ns
        x.plan_qty = plan_qty
        x.base_qty = base_qty
        x.carry_qty = carry_qty
        x.base_volume_qty = base_volume_qty
        x.participation_ppm = participation_ppm
        x.max_participation_ppm = max_participation_ppm
        x.aggressiveness_ppm = aggressiveness_ppm
        x.kappa_e9 = kappa_e9
        x.tracking_band_qty = tracking_band_qty
        x.adv_qty = adv_qty
        x.horizon_volume_qty = horizon_volume_qty
        x.size_to_volume_ppm = size_to_volume_ppm
        x.daily_volatility_ppm = daily_volatility_ppm
        x.spread_px = spread_px
        x.expected_cost_millibps = expected_cost_millibps
        x.cost_risk_millibps = cost_risk_millibps
        x.tranches = tranches
        x.__class__ = PlanAdopted


_PlanAdopted = twin(PlanAdopted)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class TrancheOpened:
    """A parent takes members of constraints that none of its tranches has."""

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    parent_id: str  # Id of the parent.
    # Number of the tranche in its parent, count from 1; the parent opens with tranche 0.
    tranche: int
    # Number of the price band that the members' limits share, count; 0 if they have no limit.
    limit_band: int
    no_dark: bool  # True forbids dark venues.
    excluded_venues: tuple[str, ...]  # Codes of venues that must not be used.
    must_complete: bool  # True puts completion above cost.
    max_participation_ppm: int  # Cap on our part of all volume, parts per million.
    start_ns: int  # Earliest start, ns since 1970 UTC.
    end_ns: int  # Latest end, ns since 1970 UTC.
    window_end_ns: int  # When the aggregation window closes, ns since 1970 UTC.
    display_qty: int  # Most that rests at one venue at a time, smallest increments; 0 shows all.
    first_order_id: str  # Id of the order that opened the tranche.
    # Benchmark of the members; null is that of the parent, in the logs of before 0.3.0.
    benchmark: Benchmark | None

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        parent_id: str,
        tranche: int,
        limit_band: int,
        no_dark: bool,
        excluded_venues: tuple[str, ...],
        must_complete: bool,
        max_participation_ppm: int,
        start_ns: int,
        end_ns: int,
        window_end_ns: int,
        display_qty: int,
        first_order_id: str,
        benchmark: Benchmark | None,
    ) -> None:
        x: Any = self
        put(x, "__class__", _TrancheOpened)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.parent_id = parent_id
        x.tranche = tranche
        x.limit_band = limit_band
        x.no_dark = no_dark
        x.excluded_venues = excluded_venues
        x.must_complete = must_complete
        x.max_participation_ppm = max_participation_ppm
        x.start_ns = start_ns
        x.end_ns = end_ns
        x.window_end_ns = window_end_ns
        x.display_qty = display_qty
        x.first_order_id = first_order_id
        x.benchmark = benchmark
        x.__class__ = TrancheOpened


_TrancheOpened = twin(TrancheOpened)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class ScheduleRecalibrated:
    """Progress of a parent against schedule and benchmark, after fills, crosses and busts."""

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    parent_id: str  # Id of the parent.
    reason: RecalibrationReason  # Cause of the change in the parent's progress.
    done_qty: int  # Filled and crossed since the plan's base, smallest increments.
    open_qty: int  # Open quantity of children at venues, smallest increments.
    # Quantity that is due now by the schedule, since the plan's base, smallest increments.
    target_qty: int
    parent_qty: int  # Open quantity of all members, smallest increments.
    market_volume_qty: int  # Others' eligible volume since the release, smallest increments.
    # Average price of the venue fills, rounded down, 1e-9 currency units; null without fills.
    avg_px: int | None
    # Benchmark so far, 1e-9 currency units: others' VWAP since the release, for TWAP the mean of
    # the printed prices weighted by time, for ARRIVAL the midpoint at the release; their mean by
    # what is filled where tranches have several; null while one of them is not known.
    benchmark_px: int | None
    # Cost of the average price against the benchmark, 1e-3 bps, positive is a cost; null without
    # fills or benchmark.
    slippage_millibps: int | None
    aggressiveness_ppm: int  # Aggressiveness from now on, parts per million.
    # What the next slice does differently from the last one: it takes, waits, or waits for a
    # shorter or longer time; OTHER in older logs.
    next_slice: NextSlice
    # Time for which a passive child may wait from now on, ns; 0 if the next slice takes, and in
    # older logs.
    wait_ns: int

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        parent_id: str,
        reason: RecalibrationReason,
        done_qty: int,
        open_qty: int,
        target_qty: int,
        parent_qty: int,
        market_volume_qty: int,
        avg_px: int | None,
        benchmark_px: int | None,
        slippage_millibps: int | None,
        aggressiveness_ppm: int,
        next_slice: NextSlice,
        wait_ns: int,
    ) -> None:
        x: Any = self
        put(x, "__class__", _ScheduleRecalibrated)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.parent_id = parent_id
        x.reason = reason
        x.done_qty = done_qty
        x.open_qty = open_qty
        x.target_qty = target_qty
        x.parent_qty = parent_qty
        x.market_volume_qty = market_volume_qty
        x.avg_px = avg_px
        x.benchmark_px = benchmark_px
        x.slippage_millibps = slippage_millibps
        x.aggressiveness_ppm = aggressiveness_ppm
        x.next_slice = next_slice
        x.wait_ns = wait_ns
        x.__class__ = ScheduleRecalibrated


_ScheduleRecalibrated = twin(ScheduleRecalibrated)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class ParentReleased:
    """The aggregation window closed; what did not cross goes to the market."""

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    parent_id: str  # Id of the parent.
    reason: ReleaseReason  # Cause that closed the window.
    release_qty: int  # Quantity for the market, smallest increments.
    crossed_qty: int  # Crossed before the release, smallest increments.
    member_count: int  # Members at the release, count.
    # Midpoint at the release, 1e-9 currency units; null without a fresh two-sided market.
    arrival_mid_px: int | None
    # Eligible volume on the tape of the day up to the release, smallest increments; later volumes
    # count from here.
    market_volume_qty: int

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        parent_id: str,
        reason: ReleaseReason,
        release_qty: int,
        crossed_qty: int,
        member_count: int,
        arrival_mid_px: int | None,
        market_volume_qty: int,
    ) -> None:
        x: Any = self
        put(x, "__class__", _ParentReleased)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.parent_id = parent_id
        x.reason = reason
        x.release_qty = release_qty
        x.crossed_qty = crossed_qty
        x.member_count = member_count
        x.arrival_mid_px = arrival_mid_px
        x.market_volume_qty = market_volume_qty
        x.__class__ = ParentReleased


_ParentReleased = twin(ParentReleased)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class ParentInstructed:
    """The desk tells an open parent what to do, within its members' own words."""

    parent_id: str  # Id of the parent.
    action: ParentAction  # What it is to do.
    # The urgency by which it is worked from now on; null for another action.
    urgency: Urgency | None
    venue: str  # Code of the venue to exclude or include; empty for another action.
    set_by: str  # Person or system that set it.
    text: str  # The reason in words.
    set_ns: int  # Time at which it was set, ns since 1970 UTC.

    def __init__(
        self,
        *,
        parent_id: str,
        action: ParentAction,
        urgency: Urgency | None,
        venue: str,
        set_by: str,
        text: str,
        set_ns: int,
    ) -> None:
        x: Any = self
        put(x, "__class__", _ParentInstructed)
        x.parent_id = parent_id
        x.action = action
        x.urgency = urgency
        x.venue = venue
        x.set_by = set_by
        x.text = text
        x.set_ns = set_ns
        x.__class__ = ParentInstructed


_ParentInstructed = twin(ParentInstructed)


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class InstructionAdopted:
    """An instruction of the desk is in force for a parent from now on."""

    # Number of the event in its shard, over all stage topics, count from 0, without gaps.
    seq: int = UNSTAMPED
    at_ns: int = UNSTAMPED  # Time of the batch that decided, ns since 1970 UTC.
    # Cause of the event: an input, as topic:position, or a plan, as plan:parent_id.
    cause: str = ""
    parent_id: str  # Id of the parent.
    instrument_id: str  # Id of its instrument.
    action: ParentAction  # What the desk told it to do.
    venue: str  # Code of the venue that the action names; empty if it names none.
    pace: Pace  # How it is worked from now on.
    # The urgency by which it is worked from now on; null for its members' own.
    urgency: Urgency | None
    # Codes of the venues that the desk excludes from now on, in the order of their exclusion.
    excluded_venues: tuple[str, ...]
    parent_qty: int  # Its open quantity, smallest increments.
    exposure_qty: int  # Quantity of that at venues, smallest increments.
    set_by: str  # Person or system that set it.
    text: str  # The reason in words.

    def __init__(
        self,
        *,
        seq: int = UNSTAMPED,
        at_ns: int = UNSTAMPED,
        cause: str = "",
        parent_id: str,
        instrument_id: str,
        action: ParentAction,
        venue: str,
        pace: Pace,
        urgency: Urgency | None,
        excluded_venues: tuple[str, ...],
        parent_qty: int,
        exposure_qty: int,
        set_by: str,
        text: str,
    ) -> None:
        x: Any = self
        put(x, "__class__", _InstructionAdopted)
        x.seq = seq
        x.at_ns = at_ns
        x.cause = cause
        x.parent_id = parent_id
        x.instrument_id = instrument_id
        x.action = action
        x.venue = venue
        x.pace = pace
        x.urgency = urgency
        x.excluded_venues = excluded_venues
        x.parent_qty = parent_qty
        x.exposure_qty = exposure_qty
        x.set_by = set_by
        x.text = text
        x.__class__ = InstructionAdopted


_InstructionAdopted = twin(InstructionAdopted)


Input = (
    QuoteObserved
    | DepthObserved
    | VenueStatusObserved
    | SendStarted
    | NotSent
    | CancelRejected
    | SessionStatusObserved
    | KillSwitchSet
    | MandateSet
    | RestrictionSet
    | InstrumentHaltSet
    | SuspensionLifted
    | DayOpened
    | DayClosed
    | TickTableDefined
    | VenueDefined
    | ExecutionReported
    | BreakSettled
    | PolicySet
    | OrderSubmitted
    | OrderAmendRequested
    | OrderCancelRequested
    | RiskLimitSet
    | LimitAllotted
    | TradeObserved
    | InstrumentDefined
    | WriterKeySet
    | CalendarDefined
    | CorporateActionDefined
    | FeeScheduleDefined
    | VolumeCurveDefined
    | ParentInstructed
)
StageEvent = (
    ConfigurationAdopted
    | SuspensionSet
    | SuspensionEnded
    | ParentEnded
    | ChildAcknowledged
    | FillBusted
    | FillCorrected
    | ChildClosed
    | ChildFateUnknown
    | CancelFailed
    | CrossAllocated
    | FillReallocated
    | ParentReconciled
    | OrderResumed
    | VenueStatusCarried
    | TickTableCarried
    | VenueCarried
    | KillSwitchCarried
    | MandateCarried
    | RestrictionCarried
    | PositionsCarried
    | LogContinued
    | ChildCancelRequested
    | OrderRejected
    | OrderChangeRejected
    | FillBooked
    | BreakFlagged
    | BreakCarried
    | BreakClosed
    | ChildDoubted
    | ChildRouted
    | RouteDeferred
    | PolicyCarried
    | MemberLeft
    | ControlIgnored
    | ControlNumbersCarried
    | OrderAccepted
    | OrderChangePending
    | OrderAmended
    | OrderCancelled
    | OrderExpired
    | OrderCarried
    | ParentOpened
    | OrderStatusReported
    | MemberAmended
    | FillAllocated
    | OrderReopened
    | OrderRestated
    | ControlApplied
    | RiskLimitCarried
    | AllotmentCarried
    | ChildCarried
    | ErrorBooked
    | ExecutionsMissing
    | ChildStatusRequested
    | OrderHeld
    | SliceHeld
    | InputRejected
    | OrdersCrossed
    | InstrumentCarried
    | WriterKeyCarried
    | InstrumentHalted
    | CalendarCarried
    | CorporateActionApplied
    | CorporateActionCarried
    | ParentPaused
    | FeeScheduleCarried
    | VolumeCurveCarried
    | ScorecardUpdated
    | ScorecardCarried
    | SliceReleased
    | MemberJoined
    | PlanAdopted
    | TrancheOpened
    | ScheduleRecalibrated
    | ParentReleased
    | InstructionAdopted
)


TOPIC_OF: Final[dict[type, str]] = {
    QuoteObserved: "market-data",
    DepthObserved: "market-data",
    VenueStatusObserved: "market-data",
    SendStarted: "venue-reports",
    NotSent: "venue-reports",
    CancelRejected: "venue-reports",
    SessionStatusObserved: "venue-reports",
    KillSwitchSet: "controls",
    MandateSet: "controls",
    RestrictionSet: "controls",
    InstrumentHaltSet: "controls",
    SuspensionLifted: "controls",
    DayOpened: "controls",
    DayClosed: "controls",
    TickTableDefined: "reference",
    VenueDefined: "reference",
    ConfigurationAdopted: "ingest",
    SuspensionSet: "ingest",
    SuspensionEnded: "ingest",
    ParentEnded: "aggregation",
    ChildAcknowledged: "fills",
    FillBusted: "fills",
    FillCorrected: "fills",
    ChildClosed: "fills",
    ChildFateUnknown: "fills",
    CancelFailed: "fills",
    CrossAllocated: "allocations",
    FillReallocated: "allocations",
    ParentReconciled: "allocations",
    BatchSealed: "journal",
    OrderResumed: "ingest",
    VenueStatusCarried: "ingest",
    TickTableCarried: "ingest",
    VenueCarried: "ingest",
    KillSwitchCarried: "ingest",
    MandateCarried: "ingest",
    RestrictionCarried: "ingest",
    PositionsCarried: "ingest",
    LogContinued: "ingest",
    ChildCancelRequested: "routes",
    OrderRejected: "ingest",
    OrderChangeRejected: "ingest",
    ExecutionReported: "venue-reports",
    FillBooked: "fills",
    BreakFlagged: "fills",
    BreakCarried: "fills",
    BreakSettled: "controls",
    BreakClosed: "fills",
    ChildDoubted: "fills",
    PolicySet: "controls",
    ChildRouted: "routes",
    RouteDeferred: "routes",
    PolicyCarried: "ingest",
    MemberLeft: "aggregation",
    ControlIgnored: "ingest",
    ControlNumbersCarried: "ingest",
    OrderSubmitted: "orders",
    OrderAmendRequested: "orders",
    OrderCancelRequested: "orders",
    OrderAccepted: "ingest",
    OrderChangePending: "ingest",
    OrderAmended: "ingest",
    OrderCancelled: "ingest",
    OrderExpired: "ingest",
    OrderCarried: "ingest",
    ParentOpened: "aggregation",
    OrderStatusReported: "ingest",
    MemberAmended: "aggregation",
    FillAllocated: "allocations",
    OrderReopened: "ingest",
    OrderRestated: "ingest",
    RiskLimitSet: "controls",
    LimitAllotted: "controls",
    ControlApplied: "ingest",
    RiskLimitCarried: "ingest",
    AllotmentCarried: "ingest",
    TradeObserved: "market-data",
    ChildCarried: "fills",
    ErrorBooked: "fills",
    ExecutionsMissing: "fills",
    ChildStatusRequested: "routes",
    OrderHeld: "ingest",
    SliceHeld: "slices",
    InputRejected: "ingest",
    InstrumentDefined: "reference",
    OrdersCrossed: "aggregation",
    InstrumentCarried: "ingest",
    WriterKeySet: "controls",
    WriterKeyCarried: "ingest",
    CalendarDefined: "reference",
    InstrumentHalted: "ingest",
    CalendarCarried: "ingest",
    CorporateActionApplied: "ingest",
    CorporateActionCarried: "ingest",
    CorporateActionDefined: "reference",
    ParentPaused: "slices",
    FeeScheduleDefined: "reference",
    FeeScheduleCarried: "ingest",
    VolumeCurveDefined: "reference",
    VolumeCurveCarried: "ingest",
    ScorecardUpdated: "routes",
    ScorecardCarried: "routes",
    SliceReleased: "slices",
    MemberJoined: "aggregation",
    PlanAdopted: "slices",
    TrancheOpened: "aggregation",
    ScheduleRecalibrated: "slices",
    ParentReleased: "aggregation",
    ParentInstructed: "controls",
    InstructionAdopted: "slices",
}


def stamp(event: StageEvent, seq: int, at_ns: int, cause: str) -> None:
    """Give a fresh event its place; the shard alone calls this, once an event."""
    assert event.seq == UNSTAMPED, event
    put(event, "seq", seq)
    put(event, "at_ns", at_ns)
    put(event, "cause", cause)
