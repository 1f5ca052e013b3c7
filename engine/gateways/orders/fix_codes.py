"""The codes of FIX 4.4 that reports on client orders use, and what they are of the engine's words.

A reason of the engine that FIX has no code for is the broker's option; the text says more.
"""

from enum import StrEnum

from engine.core.events import Change, RejectReason, WithdrawReason


class ExecType(StrEnum):
    """FIX tag 150."""

    NEW = "0"
    CANCELED = "4"
    REPLACED = "5"
    PENDING_CANCEL = "6"
    REJECTED = "8"
    EXPIRED = "C"
    RESTATED = "D"
    PENDING_REPLACE = "E"
    TRADE = "F"
    TRADE_CORRECT = "G"
    TRADE_CANCEL = "H"
    ORDER_STATUS = "I"


EXECUTION_REPORT, ORDER_CANCEL_REJECT = "8", "9"
NO_ORDER = "NONE"  # OrderID of a refused change of an order that is not known.
PENDING_TYPES = {
    Change.CANCEL: ExecType.PENDING_CANCEL,
    Change.AMEND: ExecType.PENDING_REPLACE,
}
CXL_REJ_RESPONSE_TO = {Change.CANCEL: "1", Change.AMEND: "2"}
BROKER_OPTION = 2
CXL_REJ_REASONS = {
    RejectReason.ORDER_ENDED: 0,  # Too late to cancel.
    RejectReason.UNKNOWN_ORDER: 1,
    RejectReason.CHANGE_PENDING: 3,
    RejectReason.DUPLICATE_ORDER: 6,
    RejectReason.OTHER: 99,
}  # VENUE_REFUSED is the exchange's option.
REFUSED_BY_US = 0
ORD_REJ_REASONS = {
    RejectReason.UNKNOWN_INSTRUMENT: 1,
    RejectReason.SESSION_CLOSED: 2,
    RejectReason.QTY_ABOVE_LIMIT: 3,
    RejectReason.NOTIONAL_ABOVE_LIMIT: 3,
    RejectReason.ALLOTMENT_EXHAUSTED: 3,
    RejectReason.POSITION_ABOVE_LIMIT: 3,
    RejectReason.NO_LIMITS: 3,  # The order exceeds a limit of nothing.
    RejectReason.DUPLICATE_ORDER: 6,
    RejectReason.WINDOW_INVALID: 11,
    RejectReason.PARTICIPATION_INVALID: 11,
    RejectReason.TIME_IN_FORCE_INVALID: 11,
    RejectReason.DISPLAY_QTY_INVALID: 11,
    RejectReason.SETTL_DATE_INVALID: 11,
    RejectReason.SALE_MARKING_INVALID: 11,
    RejectReason.QTY_MUST_BE_POSITIVE: 13,
    RejectReason.QTY_OUT_OF_RANGE: 13,
    RejectReason.UNKNOWN_CLIENT: 15,
    RejectReason.OTHER: 99,
}
CORPORATE_ACTION = 0  # ExecRestatementReason (378).
PARTIAL_DECLINE, BY_HALT, OTHER_REASON = 5, 6, 99  # The same.
RESTATEMENTS = {
    WithdrawReason.HALT: BY_HALT,
    WithdrawReason.REFUSED: OTHER_REASON,
    WithdrawReason.OTHER: OTHER_REASON,
    WithdrawReason.BUSTED: OTHER_REASON,
}
