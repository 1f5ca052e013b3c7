"""GENERATED from schemas/*.avsc by `python -m schemas --write`; edit the schemas.

Events to Avro and back, spelled out field by field: a generic walk costs several times as much
for each event, and there are a dozen events for each order.

To Avro: `text_of_*` gives the Avro body as text whose characters are the bytes, 0 to 255, so that
one f-string joins a record; the codec encodes it as Latin-1. From Avro: `from_*` takes the dict
that an Avro library read. It fills a mutable twin with the event's own slots and turns that into
the event, because a frozen dataclass pays for each field that it sets.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Final

from engine.core import events as e

Avro = dict[str, Any]

# Zigzag varints are written seven bits a byte, low bits first, all but the last with the top bit.
# ENDS has the last one or two bytes of a varint, MORE two bytes that are not the last.
ENDS: Final = tuple(chr(z) if z < 128 else chr(z & 127 | 128) + chr(z >> 7) for z in range(16_384))
MORE: Final = tuple(chr(z & 127 | 128) + chr(z >> 7 | 128) for z in range(16_384))
NONE: Final = "\x00"  # Of a union, and of an array.
SOME: Final = "\x02"


def number(n: int) -> str:
    """A long. Raises OverflowError beyond 64 bits."""
    if 0 <= n < 8_192:
        return ENDS[n << 1]
    if 0 < n < 134_217_728:  # 27 bits, and the sign's.
        return MORE[n << 1 & 16_383] + ENDS[n >> 13]
    return long_number(n)


def integer(n: int) -> str:
    """An int. Raises OverflowError beyond 32 bits."""
    if not -2_147_483_648 <= n < 2_147_483_648:
        raise OverflowError(f"{n} does not fit a 32-bit integer")
    return number(n)


@lru_cache(maxsize=4_096)  # Times and prices, which recur within a batch.
def long_number(n: int) -> str:
    """Any long, in steps of two bytes."""
    z = n << 1 if n >= 0 else ~(n << 1)
    if z >> 64:
        raise OverflowError(f"{n} does not fit a 64-bit integer")
    text = ""
    while z > 16_383:
        text += MORE[z & 16_383]
        z >>= 14
    return text + ENDS[z]


def string(s: str) -> str:
    """A string: the length of its UTF-8, then that."""
    size = len(s)
    if size < 8_192 and s.isascii():
        return ENDS[size << 1] + s
    return octets(s.encode())


def octets(b: bytes) -> str:
    """Bytes: their number, then themselves."""
    return number(len(b)) + b.decode("latin-1")


def flag(is_true: bool) -> str:  # noqa: FBT001  One value, as the others take.
    """A boolean."""
    return "\x01" if is_true else "\x00"


def many(items: Sequence[Any], text_of: Callable[[Any], str]) -> str:
    """An array: one block, and an empty one as its end."""
    if not items:
        return NONE
    return number(len(items)) + "".join(map(text_of, items)) + NONE


def numbers(items: Sequence[int]) -> str:
    """An array of longs."""
    if not items:
        return NONE
    texts = [ENDS[n << 1] if 0 <= n < 8_192 else number(n) for n in items]
    return number(len(items)) + "".join(texts) + NONE


def strings(items: Sequence[str]) -> str:
    """An array of strings; one call each costs more than the writing.

    Nothing of it is kept: the members of a parent can be any number.
    """
    if not items:
        return NONE
    texts = [
        ENDS[len(s) << 1] + s if len(s) < 8_192 and s.isascii() else octets(s.encode())
        for s in items
    ]
    return number(len(items)) + "".join(texts) + NONE


def twin(kind: type) -> Any:  # noqa: ANN401  A class that is to become `kind`.
    """A mutable class with the slots of an event."""
    return type(f"_{kind.__name__}", (), {"__slots__": kind.__dict__["__slots__"]})


VENUE_STATUS_TEXT: Final = {x: ENDS[n << 1] for n, x in enumerate(e.VenueStatus)}
VENUE_STATUS: Final = {x.value: x for x in e.VenueStatus}


CONTROL_SCOPE_TEXT: Final = {x: ENDS[n << 1] for n, x in enumerate(e.ControlScope)}
CONTROL_SCOPE: Final = {x.value: x for x in e.ControlScope}


VENUE_KIND_TEXT: Final = {x: ENDS[n << 1] for n, x in enumerate(e.VenueKind)}
VENUE_KIND: Final = {x.value: x for x in e.VenueKind}


END_REASON_TEXT: Final = {x: ENDS[n << 1] for n, x in enumerate(e.EndReason)}
END_REASON: Final = {x.value: x for x in e.EndReason}


CLOSE_REASON_TEXT: Final = {x: ENDS[n << 1] for n, x in enumerate(e.CloseReason)}
CLOSE_REASON: Final = {x.value: x for x in e.CloseReason}


SIDE_TEXT: Final = {x: ENDS[n << 1] for n, x in enumerate(e.Side)}
SIDE: Final = {x.value: x for x in e.Side}


SEAL_KIND_TEXT: Final = {x: ENDS[n << 1] for n, x in enumerate(e.SealKind)}
SEAL_KIND: Final = {x.value: x for x in e.SealKind}


CANCEL_REASON_TEXT: Final = {x: ENDS[n << 1] for n, x in enumerate(e.CancelReason)}
CANCEL_REASON: Final = {x.value: x for x in e.CancelReason}


REJECT_REASON_TEXT: Final = {x: ENDS[n << 1] for n, x in enumerate(e.RejectReason)}
REJECT_REASON: Final = {x.value: x for x in e.RejectReason}


CHANGE_TEXT: Final = {x: ENDS[n << 1] for n, x in enumerate(e.Change)}
CHANGE: Final = {x.value: x for x in e.Change}


EXEC_TYPE_TEXT: Final = {x: ENDS[n << 1] for n, x in enumerate(e.ExecType)}
EXEC_TYPE: Final = {x.value: x for x in e.ExecType}


LIQUIDITY_TEXT: Final = {x: ENDS[n << 1] for n, x in enumerate(e.Liquidity)}
LIQUIDITY: Final = {x.value: x for x in e.Liquidity}


REPORTED_SIDE_TEXT: Final = {x: ENDS[n << 1] for n, x in enumerate(e.ReportedSide)}
REPORTED_SIDE: Final = {x.value: x for x in e.ReportedSide}


BREAK_REASON_TEXT: Final = {x: ENDS[n << 1] for n, x in enumerate(e.BreakReason)}
BREAK_REASON: Final = {x.value: x for x in e.BreakReason}


BREAK_RESOLUTION_TEXT: Final = {x: ENDS[n << 1] for n, x in enumerate(e.BreakResolution)}
BREAK_RESOLUTION: Final = {x.value: x for x in e.BreakResolution}


STRATEGY_TEXT: Final = {x: ENDS[n << 1] for n, x in enumerate(e.Strategy)}
STRATEGY: Final = {x.value: x for x in e.Strategy}


ROUTER_TEXT: Final = {x: ENDS[n << 1] for n, x in enumerate(e.Router)}
ROUTER: Final = {x.value: x for x in e.Router}


ALLOCATION_RULE_TEXT: Final = {x: ENDS[n << 1] for n, x in enumerate(e.AllocationRule)}
ALLOCATION_RULE: Final = {x.value: x for x in e.AllocationRule}


HALT_ACTION_TEXT: Final = {x: ENDS[n << 1] for n, x in enumerate(e.HaltAction)}
HALT_ACTION: Final = {x.value: x for x in e.HaltAction}


CORPORATE_ACTION_POLICY_TEXT: Final = {
    x: ENDS[n << 1] for n, x in enumerate(e.CorporateActionPolicy)
}
CORPORATE_ACTION_POLICY: Final = {x.value: x for x in e.CorporateActionPolicy}


CHILD_TYPE_TEXT: Final = {x: ENDS[n << 1] for n, x in enumerate(e.ChildType)}
CHILD_TYPE: Final = {x.value: x for x in e.ChildType}


CHILD_TIME_IN_FORCE_TEXT: Final = {x: ENDS[n << 1] for n, x in enumerate(e.ChildTimeInForce)}
CHILD_TIME_IN_FORCE: Final = {x.value: x for x in e.ChildTimeInForce}


ROUTE_REASON_TEXT: Final = {x: ENDS[n << 1] for n, x in enumerate(e.RouteReason)}
ROUTE_REASON: Final = {x.value: x for x in e.RouteReason}


SALE_MARKING_TEXT: Final = {x: ENDS[n << 1] for n, x in enumerate(e.SaleMarking)}
SALE_MARKING: Final = {x.value: x for x in e.SaleMarking}


LEAVE_REASON_TEXT: Final = {x: ENDS[n << 1] for n, x in enumerate(e.LeaveReason)}
LEAVE_REASON: Final = {x.value: x for x in e.LeaveReason}


IGNORE_REASON_TEXT: Final = {x: ENDS[n << 1] for n, x in enumerate(e.IgnoreReason)}
IGNORE_REASON: Final = {x.value: x for x in e.IgnoreReason}


ORDER_TYPE_TEXT: Final = {x: ENDS[n << 1] for n, x in enumerate(e.OrderType)}
ORDER_TYPE: Final = {x.value: x for x in e.OrderType}


TIME_IN_FORCE_TEXT: Final = {x: ENDS[n << 1] for n, x in enumerate(e.TimeInForce)}
TIME_IN_FORCE: Final = {x.value: x for x in e.TimeInForce}


URGENCY_TEXT: Final = {x: ENDS[n << 1] for n, x in enumerate(e.Urgency)}
URGENCY: Final = {x.value: x for x in e.Urgency}


BENCHMARK_TEXT: Final = {x: ENDS[n << 1] for n, x in enumerate(e.Benchmark)}
BENCHMARK: Final = {x.value: x for x in e.Benchmark}


CAPACITY_TEXT: Final = {x: ENDS[n << 1] for n, x in enumerate(e.Capacity)}
CAPACITY: Final = {x.value: x for x in e.Capacity}


IMMEDIACY_TEXT: Final = {x: ENDS[n << 1] for n, x in enumerate(e.Immediacy)}
IMMEDIACY: Final = {x.value: x for x in e.Immediacy}


WITHDRAW_REASON_TEXT: Final = {x: ENDS[n << 1] for n, x in enumerate(e.WithdrawReason)}
WITHDRAW_REASON: Final = {x.value: x for x in e.WithdrawReason}


ORD_STATUS_TEXT: Final = {x: ENDS[n << 1] for n, x in enumerate(e.OrdStatus)}
ORD_STATUS: Final = {x.value: x for x in e.OrdStatus}


INPUT_REASON_TEXT: Final = {x: ENDS[n << 1] for n, x in enumerate(e.InputReason)}
INPUT_REASON: Final = {x.value: x for x in e.InputReason}


HALT_REASON_TEXT: Final = {x: ENDS[n << 1] for n, x in enumerate(e.HaltReason)}
HALT_REASON: Final = {x.value: x for x in e.HaltReason}


CORPORATE_ACTION_KIND_TEXT: Final = {x: ENDS[n << 1] for n, x in enumerate(e.CorporateActionKind)}
CORPORATE_ACTION_KIND: Final = {x.value: x for x in e.CorporateActionKind}


PAUSE_REASON_TEXT: Final = {x: ENDS[n << 1] for n, x in enumerate(e.PauseReason)}
PAUSE_REASON: Final = {x.value: x for x in e.PauseReason}


STYLE_TEXT: Final = {x: ENDS[n << 1] for n, x in enumerate(e.Style)}
STYLE: Final = {x.value: x for x in e.Style}


PLAN_REASON_TEXT: Final = {x: ENDS[n << 1] for n, x in enumerate(e.PlanReason)}
PLAN_REASON: Final = {x.value: x for x in e.PlanReason}


RECALIBRATION_REASON_TEXT: Final = {x: ENDS[n << 1] for n, x in enumerate(e.RecalibrationReason)}
RECALIBRATION_REASON: Final = {x.value: x for x in e.RecalibrationReason}


NEXT_SLICE_TEXT: Final = {x: ENDS[n << 1] for n, x in enumerate(e.NextSlice)}
NEXT_SLICE: Final = {x.value: x for x in e.NextSlice}


RELEASE_REASON_TEXT: Final = {x: ENDS[n << 1] for n, x in enumerate(e.ReleaseReason)}
RELEASE_REASON: Final = {x.value: x for x in e.ReleaseReason}


PARENT_ACTION_TEXT: Final = {x: ENDS[n << 1] for n, x in enumerate(e.ParentAction)}
PARENT_ACTION: Final = {x.value: x for x in e.ParentAction}


PACE_TEXT: Final = {x: ENDS[n << 1] for n, x in enumerate(e.Pace)}
PACE: Final = {x.value: x for x in e.Pace}


def text_of_level(x: e.Level) -> str:
    return f"{number(x.px)}{number(x.level_qty)}"


def text_of_tick_band(x: e.TickBand) -> str:
    return f"{number(x.from_px)}{number(x.tick_px)}"


def text_of_share(x: e.Share) -> str:
    return f"{string(x.order_id)}{number(x.share_qty)}"


def text_of_member_result(x: e.MemberResult) -> str:
    return (
        f"{string(x.order_id)}"
        f"{number(x.member_qty)}"
        f"{number(x.crossed_qty)}"
        f"{number(x.allocated_qty)}"
        f"{number(x.left_qty)}"
    )


def text_of_input_range(x: e.InputRange) -> str:
    return f"{string(x.topic)}{number(x.first_position)}{number(x.next_position)}{octets(x.digest)}"


def text_of_output_digest(x: e.OutputDigest) -> str:
    return f"{string(x.topic)}{number(x.record_count)}{octets(x.digest)}"


def text_of_resume_offset(x: e.ResumeOffset) -> str:
    return f"{string(x.topic)}{number(x.next_offset)}"


def text_of_topic_place(x: e.TopicPlace) -> str:
    return f"{string(x.topic)}{number(x.next_position)}"


def text_of_shard_closed(x: e.ShardClosed) -> str:
    return f"{integer(x.shard)}{number(x.batch)}{number(x.next_seq)}{octets(x.chain)}"


def text_of_candidate(x: e.Candidate) -> str:
    return (
        f"{string(x.venue)}"
        f"{number(x.score_millibps)}"
        f"{string(x.tactic)}"
        f"{number(x.fill_ppm)}"
        f"{number(x.filled_millibps)}"
        f"{number(x.adverse_millibps)}"
        f"{number(x.missed_millibps)}"
    )


def text_of_route_reason_count(x: e.RouteReasonCount) -> str:
    return f"{ROUTE_REASON_TEXT[x.reason]}{integer(x.venue_count)}"


def text_of_claim(x: e.Claim) -> str:
    return f"{integer(x.tranche)}{number(x.claim_qty)}"


def text_of_control_number(x: e.ControlNumber) -> str:
    return f"{string(x.source)}{number(x.number)}"


def text_of_stay(x: e.Stay) -> str:
    return f"{integer(x.joined_epoch)}{integer(x.left_epoch)}{integer(x.tranche)}"


def text_of_membership(x: e.Membership) -> str:
    return (
        f"{string(x.parent_id)}"
        f"{number(x.allocated_qty)}"
        f"{number(x.taken_qty)}"
        f"{many(x.stays, text_of_stay)}"
    )


def text_of_carried_execution(x: e.CarriedExecution) -> str:
    return f"{integer(x.session_day)}{string(x.exec_id)}{EXEC_TYPE_TEXT[x.exec_type]}"


def text_of_carried_fill(x: e.CarriedFill) -> str:
    return (
        f"{string(x.fill_id)}"
        f"{number(x.last_qty)}"
        f"{number(x.last_px)}"
        f"{strings(x.order_ids)}"
        f"{numbers(x.shares_qty)}"
        f"{number(x.error_qty)}"
        f"{many(x.executions, text_of_carried_execution)}"
    )


def text_of_trading_session(x: e.TradingSession) -> str:
    return f"{number(x.open_ns)}{number(x.close_ns)}"


def text_of_scorecard_cell(x: e.ScorecardCell) -> str:
    return (
        f"{string(x.cell)}"
        f"{numbers(x.at_risk_milli)}"
        f"{numbers(x.filled_milli)}"
        f"{numbers(x.cancelled_milli)}"
    )


def text_of_scorecard_markout(x: e.ScorecardMarkout) -> str:
    return f"{string(x.tactic)}{number(x.horizon_s)}{number(x.fills_milli)}{number(x.sum_millibps)}"


def text_of_scorecard_size(x: e.ScorecardSize) -> str:
    return f"{string(x.tactic)}{numbers(x.at_risk_milli)}{numbers(x.ended_milli)}"


def text_of_tranche_plan(x: e.TranchePlan) -> str:
    return (
        f"{integer(x.tranche)}"
        f"{number(x.start_ns)}"
        f"{number(x.end_ns)}"
        f"{number(x.plan_qty)}"
        f"{number(x.base_qty)}"
        f"{number(x.carry_qty)}"
        f"{number(x.base_volume_qty)}"
        f"{number(x.participation_ppm)}"
        f"{NONE if x.strategy is None else SOME + STRATEGY_TEXT[x.strategy]}"
    )


def text_of_quote_observed(x: e.QuoteObserved) -> str:
    return (
        f"{string(x.venue)}"
        f"{string(x.instrument_id)}"
        f"{number(x.bid_px)}"
        f"{number(x.bid_qty)}"
        f"{number(x.ask_px)}"
        f"{number(x.ask_qty)}"
        f"{number(x.event_ns)}"
        f"{number(x.received_ns)}"
    )


def text_of_depth_observed(x: e.DepthObserved) -> str:
    return (
        f"{string(x.venue)}"
        f"{string(x.instrument_id)}"
        f"{many(x.bids, text_of_level)}"
        f"{many(x.asks, text_of_level)}"
        f"{number(x.event_ns)}"
        f"{number(x.received_ns)}"
    )


def text_of_venue_status_observed(x: e.VenueStatusObserved) -> str:
    return f"{string(x.venue)}{VENUE_STATUS_TEXT[x.status]}{number(x.received_ns)}"


def text_of_send_started(x: e.SendStarted) -> str:
    return f"{string(x.venue)}{string(x.instrument_id)}{string(x.child_id)}{number(x.started_ns)}"


def text_of_not_sent(x: e.NotSent) -> str:
    return (
        f"{string(x.venue)}"
        f"{string(x.instrument_id)}"
        f"{string(x.child_id)}"
        f"{string(x.text)}"
        f"{number(x.received_ns)}"
    )


def text_of_cancel_rejected(x: e.CancelRejected) -> str:
    return (
        f"{string(x.venue)}"
        f"{string(x.instrument_id)}"
        f"{string(x.child_id)}"
        f"{string(x.text)}"
        f"{number(x.received_ns)}"
    )


def text_of_session_status_observed(x: e.SessionStatusObserved) -> str:
    return (
        f"{string(x.venue)}"
        f"{flag(x.up)}"
        f"{integer(x.session_day)}"
        f"{number(x.controls_position)}"
        f"{number(x.received_ns)}"
    )


def text_of_kill_switch_set(x: e.KillSwitchSet) -> str:
    return (
        f"{CONTROL_SCOPE_TEXT[x.scope]}"
        f"{string(x.scope_id)}"
        f"{flag(x.engaged)}"
        f"{string(x.set_by)}"
        f"{string(x.text)}"
        f"{number(x.set_ns)}"
    )


def text_of_mandate_set(x: e.MandateSet) -> str:
    return (
        f"{string(x.client_id)}"
        f"{flag(x.active)}"
        f"{flag(x.dark_allowed)}"
        f"{strings(x.excluded_venues)}"
        f"{flag(x.crossing_consent)}"
        f"{number(x.max_participation_ppm)}"
        f"{string(x.set_by)}"
        f"{number(x.set_ns)}"
    )


def text_of_restriction_set(x: e.RestrictionSet) -> str:
    return f"{string(x.instrument_id)}{flag(x.restricted)}{string(x.set_by)}{number(x.set_ns)}"


def text_of_instrument_halt_set(x: e.InstrumentHaltSet) -> str:
    return f"{string(x.instrument_id)}{string(x.text)}{string(x.set_by)}{number(x.set_ns)}"


def text_of_suspension_lifted(x: e.SuspensionLifted) -> str:
    return (
        f"{CONTROL_SCOPE_TEXT[x.scope]}"
        f"{string(x.scope_id)}"
        f"{string(x.set_by)}"
        f"{string(x.text)}"
        f"{number(x.set_ns)}"
    )


def text_of_day_opened(x: e.DayOpened) -> str:
    return (
        f"{integer(x.day)}{number(x.open_ns)}{number(x.close_ns)}{number(x.seed)}{number(x.set_ns)}"
    )


def text_of_day_closed(x: e.DayClosed) -> str:
    return f"{integer(x.day)}{number(x.set_ns)}"


def text_of_tick_table_defined(x: e.TickTableDefined) -> str:
    return f"{string(x.instrument_id)}{many(x.bands, text_of_tick_band)}{integer(x.effective_day)}"


def text_of_venue_defined(x: e.VenueDefined) -> str:
    return (
        f"{string(x.venue)}"
        f"{string(x.name)}"
        f"{VENUE_KIND_TEXT[x.kind]}"
        f"{flag(x.protected)}"
        f"{flag(x.posts)}"
        f"{flag(x.midpoint)}"
        f"{number(x.min_qty)}"
        f"{flag(x.odd_lots)}"
        f"{integer(x.effective_day)}"
    )


def text_of_configuration_adopted(x: e.ConfigurationAdopted) -> str:
    return f"{number(x.seq)}{number(x.at_ns)}{string(x.cause)}{string(x.text)}"


def text_of_suspension_set(x: e.SuspensionSet) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{CONTROL_SCOPE_TEXT[x.scope]}"
        f"{string(x.scope_id)}"
        f"{number(x.source_number)}"
        f"{string(x.text)}"
    )


def text_of_suspension_ended(x: e.SuspensionEnded) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{CONTROL_SCOPE_TEXT[x.scope]}"
        f"{string(x.scope_id)}"
    )


def text_of_parent_ended(x: e.ParentEnded) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{string(x.parent_id)}"
        f"{END_REASON_TEXT[x.reason]}"
        f"{number(x.filled_qty)}"
        f"{number(x.crossed_qty)}"
        f"{number(x.returned_qty)}"
    )


def text_of_child_acknowledged(x: e.ChildAcknowledged) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{string(x.child_id)}"
        f"{string(x.parent_id)}"
    )


def text_of_fill_busted(x: e.FillBusted) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{string(x.fill_id)}"
        f"{string(x.child_id)}"
        f"{string(x.parent_id)}"
        f"{string(x.exec_id)}"
        f"{integer(x.session_day)}"
        f"{number(x.last_qty)}"
        f"{number(x.last_px)}"
    )


def text_of_fill_corrected(x: e.FillCorrected) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{string(x.fill_id)}"
        f"{string(x.child_id)}"
        f"{string(x.parent_id)}"
        f"{string(x.exec_id)}"
        f"{integer(x.session_day)}"
        f"{number(x.previous_qty)}"
        f"{number(x.previous_px)}"
        f"{number(x.last_qty)}"
        f"{number(x.last_px)}"
    )


def text_of_child_closed(x: e.ChildClosed) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{string(x.child_id)}"
        f"{string(x.parent_id)}"
        f"{CLOSE_REASON_TEXT[x.reason]}"
        f"{number(x.returned_qty)}"
        f"{flag(x.unsolicited)}"
        f"{string(x.text)}"
    )


def text_of_child_fate_unknown(x: e.ChildFateUnknown) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{string(x.child_id)}"
        f"{string(x.parent_id)}"
        f"{string(x.text)}"
    )


def text_of_cancel_failed(x: e.CancelFailed) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{string(x.child_id)}"
        f"{string(x.parent_id)}"
        f"{string(x.text)}"
    )


def text_of_cross_allocated(x: e.CrossAllocated) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{string(x.cross_id)}"
        f"{string(x.parent_id)}"
        f"{SIDE_TEXT[x.side]}"
        f"{number(x.cross_qty)}"
        f"{number(x.cross_px)}"
        f"{many(x.shares, text_of_share)}"
    )


def text_of_fill_reallocated(x: e.FillReallocated) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{string(x.fill_id)}"
        f"{string(x.parent_id)}"
        f"{number(x.previous_px)}"
        f"{number(x.last_px)}"
        f"{many(x.before, text_of_share)}"
        f"{many(x.after, text_of_share)}"
        f"{number(x.error_qty)}"
    )


def text_of_parent_reconciled(x: e.ParentReconciled) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{string(x.parent_id)}"
        f"{number(x.filled_qty)}"
        f"{number(x.crossed_qty)}"
        f"{number(x.error_qty)}"
        f"{many(x.members, text_of_member_result)}"
    )


def text_of_batch_sealed(x: e.BatchSealed) -> str:
    return (
        f"{number(x.batch)}"
        f"{SEAL_KIND_TEXT[x.kind]}"
        f"{number(x.now_ns)}"
        f"{many(x.inputs, text_of_input_range)}"
        f"{number(x.first_seq)}"
        f"{number(x.next_seq)}"
        f"{many(x.outputs, text_of_output_digest)}"
        f"{strings(x.faults)}"
        f"{string(x.release)}"
        f"{string(x.python)}"
        f"{octets(x.state_hash)}"
        f"{octets(x.previous_chain)}"
        f"{octets(x.chain)}"
        f"{many(x.resume, text_of_resume_offset)}"
    )


def text_of_order_resumed(x: e.OrderResumed) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{string(x.order_id)}"
        f"{number(x.start_ns)}"
        f"{number(x.end_ns)}"
        f"{number(x.max_participation_ppm)}"
        f"{flag(x.no_dark)}"
        f"{strings(x.excluded_venues)}"
        f"{number(x.value_px)}"
    )


def text_of_venue_status_carried(x: e.VenueStatusCarried) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{string(x.venue)}"
        f"{VENUE_STATUS_TEXT[x.status]}"
        f"{NONE if x.down_since_ns is None else SOME + number(x.down_since_ns)}"
    )


def text_of_tick_table_carried(x: e.TickTableCarried) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{string(x.instrument_id)}"
        f"{many(x.bands, text_of_tick_band)}"
        f"{integer(x.effective_day)}"
    )


def text_of_venue_carried(x: e.VenueCarried) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{string(x.venue)}"
        f"{string(x.name)}"
        f"{VENUE_KIND_TEXT[x.kind]}"
        f"{flag(x.protected)}"
        f"{flag(x.posts)}"
        f"{flag(x.midpoint)}"
        f"{number(x.min_qty)}"
        f"{flag(x.odd_lots)}"
        f"{integer(x.effective_day)}"
    )


def text_of_kill_switch_carried(x: e.KillSwitchCarried) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{CONTROL_SCOPE_TEXT[x.scope]}"
        f"{string(x.scope_id)}"
        f"{string(x.text)}"
    )


def text_of_mandate_carried(x: e.MandateCarried) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{string(x.client_id)}"
        f"{flag(x.active)}"
        f"{flag(x.dark_allowed)}"
        f"{strings(x.excluded_venues)}"
        f"{flag(x.crossing_consent)}"
        f"{number(x.max_participation_ppm)}"
        f"{string(x.set_by)}"
        f"{number(x.set_ns)}"
    )


def text_of_restriction_carried(x: e.RestrictionCarried) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{string(x.instrument_id)}"
        f"{string(x.set_by)}"
    )


def text_of_positions_carried(x: e.PositionsCarried) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{many(x.inputs, text_of_topic_place)}"
        f"{many(x.outputs, text_of_topic_place)}"
    )


def text_of_log_continued(x: e.LogContinued) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{integer(x.partitions)}"
        f"{many(x.closes, text_of_shard_closed)}"
    )


def text_of_child_cancel_requested(x: e.ChildCancelRequested) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{string(x.child_id)}"
        f"{string(x.parent_id)}"
        f"{string(x.venue)}"
        f"{CANCEL_REASON_TEXT[x.reason]}"
        f"{integer(x.repeats)}"
    )


def text_of_order_rejected(x: e.OrderRejected) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{string(x.source)}"
        f"{string(x.cl_ord_id)}"
        f"{string(x.client_id)}"
        f"{string(x.instrument_id)}"
        f"{REJECT_REASON_TEXT[x.reason]}"
        f"{string(x.text)}"
        f"{number(x.asked_notional_cur)}"
        f"{string(x.asked_currency)}"
    )


def text_of_order_change_rejected(x: e.OrderChangeRejected) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{string(x.source)}"
        f"{string(x.cl_ord_id)}"
        f"{string(x.orig_cl_ord_id)}"
        f"{CHANGE_TEXT[x.change]}"
        f"{REJECT_REASON_TEXT[x.reason]}"
        f"{string(x.text)}"
        f"{number(x.asked_notional_cur)}"
        f"{string(x.client_id)}"
        f"{string(x.asked_currency)}"
    )


def text_of_execution_reported(x: e.ExecutionReported) -> str:
    return (
        f"{string(x.venue)}"
        f"{string(x.instrument_id)}"
        f"{string(x.child_id)}"
        f"{string(x.exec_id)}"
        f"{EXEC_TYPE_TEXT[x.exec_type]}"
        f"{NONE if x.exec_ref_id is None else SOME + string(x.exec_ref_id)}"
        f"{number(x.last_qty)}"
        f"{number(x.last_px)}"
        f"{number(x.cum_qty)}"
        f"{number(x.leaves_qty)}"
        f"{LIQUIDITY_TEXT[x.liquidity]}"
        f"{string(x.text)}"
        f"{integer(x.session_day)}"
        f"{number(x.transact_ns)}"
        f"{number(x.received_ns)}"
        f"{number(x.avg_px)}"
        f"{REPORTED_SIDE_TEXT[x.side]}"
    )


def text_of_fill_booked(x: e.FillBooked) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{string(x.child_id)}"
        f"{string(x.parent_id)}"
        f"{string(x.instrument_id)}"
        f"{string(x.venue)}"
        f"{SIDE_TEXT[x.side]}"
        f"{string(x.exec_id)}"
        f"{integer(x.session_day)}"
        f"{number(x.last_qty)}"
        f"{number(x.last_px)}"
        f"{number(x.cum_qty)}"
        f"{number(x.leaves_qty)}"
        f"{number(x.overfill_qty)}"
        f"{LIQUIDITY_TEXT[x.liquidity]}"
        f"{number(x.fee_px)}"
        f"{NONE if x.mid_px is None else SOME + number(x.mid_px)}"
        f"{flag(x.late)}"
        f"{number(x.transact_ns)}"
        f"{number(x.missing_qty)}"
        f"{number(x.venue_cum_qty)}"
    )


def text_of_break_flagged(x: e.BreakFlagged) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{BREAK_REASON_TEXT[x.reason]}"
        f"{string(x.venue)}"
        f"{string(x.child_id)}"
        f"{string(x.exec_id)}"
        f"{number(x.break_qty)}"
        f"{number(x.break_px)}"
        f"{string(x.text)}"
    )


def text_of_break_carried(x: e.BreakCarried) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{string(x.break_id)}"
        f"{BREAK_REASON_TEXT[x.reason]}"
        f"{string(x.venue)}"
        f"{string(x.child_id)}"
        f"{string(x.exec_id)}"
        f"{number(x.break_qty)}"
        f"{number(x.break_px)}"
        f"{number(x.break_count)}"
    )


def text_of_break_settled(x: e.BreakSettled) -> str:
    return (
        f"{string(x.break_id)}"
        f"{string(x.text)}"
        f"{string(x.set_by)}"
        f"{number(x.set_ns)}"
        f"{number(x.error_qty)}"
        f"{number(x.error_px)}"
        f"{string(x.instrument_id)}"
    )


def text_of_break_closed(x: e.BreakClosed) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{string(x.break_id)}"
        f"{string(x.child_id)}"
        f"{BREAK_RESOLUTION_TEXT[x.resolution]}"
        f"{string(x.set_by)}"
        f"{string(x.text)}"
    )


def text_of_child_doubted(x: e.ChildDoubted) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{string(x.child_id)}"
        f"{string(x.parent_id)}"
        f"{CLOSE_REASON_TEXT[x.reason]}"
        f"{number(x.returned_qty)}"
        f"{number(x.doubt_qty)}"
        f"{string(x.text)}"
    )


def text_of_policy_set(x: e.PolicySet) -> str:
    return (
        f"{string(x.policy_id)}"
        f"{number(x.window_ns)}"
        f"{integer(x.window_members)}"
        f"{number(x.window_notional_cur)}"
        f"{number(x.join_until_ppm)}"
        f"{number(x.cross_quote_age_ns)}"
        f"{STRATEGY_TEXT[x.strategy]}"
        f"{ROUTER_TEXT[x.router]}"
        f"{ALLOCATION_RULE_TEXT[x.allocation_rule]}"
        f"{number(x.interval_ns)}"
        f"{number(x.tracking_band_ppm)}"
        f"{number(x.min_slice_qty)}"
        f"{number(x.max_slice_ppm)}"
        f"{number(x.participation_ppm)}"
        f"{number(x.horizon_high_ns)}"
        f"{number(x.horizon_normal_ns)}"
        f"{number(x.risk_aversion_e12)}"
        f"{number(x.send_within_ns)}"
        f"{string(x.set_by)}"
        f"{number(x.set_ns)}"
        f"{number(x.px_band_ppm)}"
        f"{number(x.rate_window_ns)}"
        f"{integer(x.parent_routes_max)}"
        f"{integer(x.venue_routes_max)}"
        f"{integer(x.client_orders_max)}"
        f"{integer(x.client_changes_max)}"
        f"{integer(x.fruitless_max)}"
        f"{number(x.progress_ppm)}"
        f"{HALT_ACTION_TEXT[x.on_halt]}"
        f"{number(x.ack_within_ns)}"
        f"{integer(x.asks_max)}"
        f"{integer(x.impossible_px_times)}"
        f"{number(x.quote_band_ppm)}"
        f"{integer(x.quote_band_spreads)}"
        f"{number(x.quote_band_growth_ppm)}"
        f"{number(x.quote_alone_ns)}"
        f"{number(x.tape_silent_ns)}"
        f"{strings(x.signed_topics)}"
        f"{CORPORATE_ACTION_POLICY_TEXT[x.on_corporate_action]}"
        f"{number(x.linger_ns)}"
        f"{number(x.patience_ns)}"
    )


def text_of_child_routed(x: e.ChildRouted) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{string(x.slice_id)}"
        f"{string(x.parent_id)}"
        f"{string(x.instrument_id)}"
        f"{SIDE_TEXT[x.side]}"
        f"{string(x.venue)}"
        f"{number(x.child_qty)}"
        f"{CHILD_TYPE_TEXT[x.child_type]}"
        f"{number(x.limit_px)}"
        f"{CHILD_TIME_IN_FORCE_TEXT[x.time_in_force]}"
        f"{number(x.min_qty)}"
        f"{number(x.send_before_ns)}"
        f"{number(x.bid_px)}"
        f"{number(x.ask_px)}"
        f"{number(x.quote_age_ns)}"
        f"{number(x.venue_qty)}"
        f"{number(x.scorecard_version)}"
        f"{number(x.score_millibps)}"
        f"{many(x.runners_up, text_of_candidate)}"
        f"{many(x.rejected_by_reason, text_of_route_reason_count)}"
        f"{number(x.reference_px)}"
        f"{strings(x.client_ids)}"
        f"{SALE_MARKING_TEXT[x.sale_marking]}"
        f"{integer(x.settl_date)}"
        f"{number(x.good_px)}"
        f"{number(x.band_px)}"
        f"{string(x.cell)}"
        f"{number(x.fill_ppm)}"
        f"{number(x.fill_within_ns)}"
        f"{number(x.ends_filled_ppm)}"
        f"{number(x.left_qty)}"
        f"{number(x.wanted_qty)}"
        f"{many(x.claims, text_of_claim)}"
        f"{string(x.tactic)}"
        f"{number(x.filled_millibps)}"
        f"{number(x.adverse_millibps)}"
        f"{number(x.missed_millibps)}"
        f"{number(x.tail_ppm)}"
    )


def text_of_route_deferred(x: e.RouteDeferred) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{string(x.slice_id)}"
        f"{string(x.parent_id)}"
        f"{number(x.unrouted_qty)}"
        f"{many(x.rejected_by_reason, text_of_route_reason_count)}"
        f"{number(x.reference_px)}"
        f"{number(x.wanted_px)}"
        f"{number(x.held_until_ns)}"
    )


def text_of_policy_carried(x: e.PolicyCarried) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{string(x.policy_id)}"
        f"{number(x.window_ns)}"
        f"{integer(x.window_members)}"
        f"{number(x.window_notional_cur)}"
        f"{number(x.join_until_ppm)}"
        f"{number(x.cross_quote_age_ns)}"
        f"{STRATEGY_TEXT[x.strategy]}"
        f"{ROUTER_TEXT[x.router]}"
        f"{ALLOCATION_RULE_TEXT[x.allocation_rule]}"
        f"{number(x.interval_ns)}"
        f"{number(x.tracking_band_ppm)}"
        f"{number(x.min_slice_qty)}"
        f"{number(x.max_slice_ppm)}"
        f"{number(x.participation_ppm)}"
        f"{number(x.horizon_high_ns)}"
        f"{number(x.horizon_normal_ns)}"
        f"{number(x.risk_aversion_e12)}"
        f"{number(x.send_within_ns)}"
        f"{string(x.set_by)}"
        f"{number(x.set_ns)}"
        f"{number(x.px_band_ppm)}"
        f"{number(x.rate_window_ns)}"
        f"{integer(x.parent_routes_max)}"
        f"{integer(x.venue_routes_max)}"
        f"{integer(x.client_orders_max)}"
        f"{integer(x.client_changes_max)}"
        f"{integer(x.fruitless_max)}"
        f"{number(x.progress_ppm)}"
        f"{HALT_ACTION_TEXT[x.on_halt]}"
        f"{number(x.ack_within_ns)}"
        f"{integer(x.asks_max)}"
        f"{integer(x.impossible_px_times)}"
        f"{number(x.quote_band_ppm)}"
        f"{integer(x.quote_band_spreads)}"
        f"{number(x.quote_band_growth_ppm)}"
        f"{number(x.quote_alone_ns)}"
        f"{number(x.tape_silent_ns)}"
        f"{strings(x.signed_topics)}"
        f"{CORPORATE_ACTION_POLICY_TEXT[x.on_corporate_action]}"
        f"{number(x.linger_ns)}"
        f"{number(x.patience_ns)}"
    )


def text_of_member_left(x: e.MemberLeft) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{string(x.parent_id)}"
        f"{string(x.order_id)}"
        f"{number(x.left_qty)}"
        f"{LEAVE_REASON_TEXT[x.reason]}"
        f"{integer(x.epoch)}"
        f"{number(x.parent_qty)}"
        f"{NONE if x.parent_limit_px is None else SOME + number(x.parent_limit_px)}"
        f"{integer(x.tranche)}"
    )


def text_of_control_ignored(x: e.ControlIgnored) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{string(x.control)}"
        f"{IGNORE_REASON_TEXT[x.reason]}"
        f"{string(x.source)}"
        f"{number(x.number)}"
        f"{number(x.last_number)}"
        f"{integer(x.day)}"
        f"{integer(x.last_day)}"
    )


def text_of_control_numbers_carried(x: e.ControlNumbersCarried) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{many(x.numbers, text_of_control_number)}"
        f"{integer(x.closed_day)}"
    )


def text_of_order_submitted(x: e.OrderSubmitted) -> str:
    return (
        f"{string(x.source)}"
        f"{string(x.cl_ord_id)}"
        f"{string(x.client_id)}"
        f"{string(x.instrument_id)}"
        f"{SIDE_TEXT[x.side]}"
        f"{number(x.order_qty)}"
        f"{ORDER_TYPE_TEXT[x.order_type]}"
        f"{NONE if x.limit_px is None else SOME + number(x.limit_px)}"
        f"{TIME_IN_FORCE_TEXT[x.time_in_force]}"
        f"{URGENCY_TEXT[x.urgency]}"
        f"{BENCHMARK_TEXT[x.benchmark]}"
        f"{NONE if x.start_ns is None else SOME + number(x.start_ns)}"
        f"{NONE if x.end_ns is None else SOME + number(x.end_ns)}"
        f"{NONE if x.max_participation_ppm is None else SOME + number(x.max_participation_ppm)}"
        f"{flag(x.no_dark)}"
        f"{strings(x.excluded_venues)}"
        f"{NONE if x.crossing_consent is None else SOME + flag(x.crossing_consent)}"
        f"{flag(x.must_complete)}"
        f"{CAPACITY_TEXT[x.capacity]}"
        f"{string(x.settlement)}"
        f"{NONE if x.currency is None else SOME + string(x.currency)}"
        f"{NONE if x.decision_px is None else SOME + number(x.decision_px)}"
        f"{number(x.received_ns)}"
        f"{string(x.account)}"
        f"{SALE_MARKING_TEXT[x.sale_marking]}"
        f"{string(x.locate_id)}"
        f"{number(x.display_qty)}"
        f"{integer(x.settl_date)}"
        f"{IMMEDIACY_TEXT[x.immediacy]}"
        f"{flag(x.return_on_halt)}"
        f"{flag(x.poss_resend)}"
    )


def text_of_order_amend_requested(x: e.OrderAmendRequested) -> str:
    return (
        f"{string(x.source)}"
        f"{string(x.cl_ord_id)}"
        f"{string(x.orig_cl_ord_id)}"
        f"{string(x.instrument_id)}"
        f"{NONE if x.order_qty is None else SOME + number(x.order_qty)}"
        f"{NONE if x.limit_px is None else SOME + number(x.limit_px)}"
        f"{number(x.received_ns)}"
        f"{NONE if x.order_type is None else SOME + ORDER_TYPE_TEXT[x.order_type]}"
        f"{NONE if x.time_in_force is None else SOME + TIME_IN_FORCE_TEXT[x.time_in_force]}"
        f"{NONE if x.end_ns is None else SOME + number(x.end_ns)}"
        f"{NONE if x.display_qty is None else SOME + number(x.display_qty)}"
        f"{NONE if x.must_complete is None else SOME + flag(x.must_complete)}"
        f"{NONE if x.max_participation_ppm is None else SOME + number(x.max_participation_ppm)}"
        f"{NONE if x.client_id is None else SOME + string(x.client_id)}"
        f"{NONE if x.side is None else SOME + SIDE_TEXT[x.side]}"
        f"{NONE if x.account is None else SOME + string(x.account)}"
        f"{NONE if x.sale_marking is None else SOME + SALE_MARKING_TEXT[x.sale_marking]}"
        f"{NONE if x.settl_date is None else SOME + integer(x.settl_date)}"
        f"{NONE if x.immediacy is None else SOME + IMMEDIACY_TEXT[x.immediacy]}"
        f"{flag(x.poss_resend)}"
    )


def text_of_order_cancel_requested(x: e.OrderCancelRequested) -> str:
    return (
        f"{string(x.source)}"
        f"{string(x.cl_ord_id)}"
        f"{string(x.orig_cl_ord_id)}"
        f"{string(x.instrument_id)}"
        f"{number(x.received_ns)}"
        f"{flag(x.poss_resend)}"
    )


def text_of_order_accepted(x: e.OrderAccepted) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{string(x.source)}"
        f"{string(x.cl_ord_id)}"
        f"{string(x.client_id)}"
        f"{string(x.instrument_id)}"
        f"{SIDE_TEXT[x.side]}"
        f"{number(x.order_qty)}"
        f"{ORDER_TYPE_TEXT[x.order_type]}"
        f"{NONE if x.limit_px is None else SOME + number(x.limit_px)}"
        f"{TIME_IN_FORCE_TEXT[x.time_in_force]}"
        f"{URGENCY_TEXT[x.urgency]}"
        f"{BENCHMARK_TEXT[x.benchmark]}"
        f"{number(x.start_ns)}"
        f"{number(x.end_ns)}"
        f"{number(x.max_participation_ppm)}"
        f"{flag(x.no_dark)}"
        f"{strings(x.excluded_venues)}"
        f"{flag(x.crossing_consent)}"
        f"{flag(x.must_complete)}"
        f"{CAPACITY_TEXT[x.capacity]}"
        f"{string(x.settlement)}"
        f"{string(x.currency)}"
        f"{NONE if x.decision_px is None else SOME + number(x.decision_px)}"
        f"{NONE if x.arrival_mid_px is None else SOME + number(x.arrival_mid_px)}"
        f"{number(x.received_ns)}"
        f"{number(x.value_px)}"
        f"{string(x.account)}"
        f"{SALE_MARKING_TEXT[x.sale_marking]}"
        f"{string(x.locate_id)}"
        f"{number(x.display_qty)}"
        f"{integer(x.settl_date)}"
        f"{IMMEDIACY_TEXT[x.immediacy]}"
        f"{flag(x.return_on_halt)}"
    )


def text_of_order_change_pending(x: e.OrderChangePending) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{string(x.order_id)}"
        f"{string(x.cl_ord_id)}"
        f"{CHANGE_TEXT[x.change]}"
        f"{number(x.order_qty)}"
        f"{NONE if x.limit_px is None else SOME + number(x.limit_px)}"
        f"{NONE if x.order_type is None else SOME + ORDER_TYPE_TEXT[x.order_type]}"
        f"{NONE if x.time_in_force is None else SOME + TIME_IN_FORCE_TEXT[x.time_in_force]}"
        f"{NONE if x.end_ns is None else SOME + number(x.end_ns)}"
        f"{NONE if x.display_qty is None else SOME + number(x.display_qty)}"
        f"{NONE if x.must_complete is None else SOME + flag(x.must_complete)}"
        f"{NONE if x.max_participation_ppm is None else SOME + number(x.max_participation_ppm)}"
    )


def text_of_order_amended(x: e.OrderAmended) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{string(x.order_id)}"
        f"{string(x.cl_ord_id)}"
        f"{number(x.previous_qty)}"
        f"{number(x.order_qty)}"
        f"{NONE if x.limit_px is None else SOME + number(x.limit_px)}"
        f"{NONE if x.order_type is None else SOME + ORDER_TYPE_TEXT[x.order_type]}"
        f"{NONE if x.time_in_force is None else SOME + TIME_IN_FORCE_TEXT[x.time_in_force]}"
        f"{NONE if x.end_ns is None else SOME + number(x.end_ns)}"
        f"{NONE if x.display_qty is None else SOME + number(x.display_qty)}"
        f"{NONE if x.must_complete is None else SOME + flag(x.must_complete)}"
        f"{NONE if x.max_participation_ppm is None else SOME + number(x.max_participation_ppm)}"
    )


def text_of_order_cancelled(x: e.OrderCancelled) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{string(x.order_id)}"
        f"{string(x.cl_ord_id)}"
        f"{number(x.withdrawn_qty)}"
        f"{WITHDRAW_REASON_TEXT[x.reason]}"
        f"{string(x.text)}"
    )


def text_of_order_expired(x: e.OrderExpired) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{string(x.order_id)}"
        f"{number(x.withdrawn_qty)}"
        f"{WITHDRAW_REASON_TEXT[x.reason]}"
    )


def text_of_order_carried(x: e.OrderCarried) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{string(x.order_id)}"
        f"{string(x.source)}"
        f"{string(x.cl_ord_id)}"
        f"{string(x.client_id)}"
        f"{string(x.instrument_id)}"
        f"{SIDE_TEXT[x.side]}"
        f"{number(x.order_qty)}"
        f"{ORDER_TYPE_TEXT[x.order_type]}"
        f"{NONE if x.limit_px is None else SOME + number(x.limit_px)}"
        f"{TIME_IN_FORCE_TEXT[x.time_in_force]}"
        f"{URGENCY_TEXT[x.urgency]}"
        f"{BENCHMARK_TEXT[x.benchmark]}"
        f"{number(x.max_participation_ppm)}"
        f"{flag(x.no_dark)}"
        f"{strings(x.excluded_venues)}"
        f"{flag(x.crossing_consent)}"
        f"{flag(x.must_complete)}"
        f"{CAPACITY_TEXT[x.capacity]}"
        f"{string(x.settlement)}"
        f"{string(x.currency)}"
        f"{NONE if x.decision_px is None else SOME + number(x.decision_px)}"
        f"{NONE if x.arrival_mid_px is None else SOME + number(x.arrival_mid_px)}"
        f"{number(x.received_ns)}"
        f"{number(x.crossed_qty)}"
        f"{number(x.allocated_qty)}"
        f"{string(x.account)}"
        f"{SALE_MARKING_TEXT[x.sale_marking]}"
        f"{string(x.locate_id)}"
        f"{number(x.display_qty)}"
        f"{integer(x.settl_date)}"
        f"{IMMEDIACY_TEXT[x.immediacy]}"
        f"{flag(x.return_on_halt)}"
        f"{number(x.avg_px)}"
        f"{number(x.beyond_avg_px)}"
        f"{many(x.memberships, text_of_membership)}"
        f"{number(x.left_out_qty)}"
        f"{string(x.held_action_id)}"
        f"{number(x.adjusted_ns)}"
    )


def text_of_parent_opened(x: e.ParentOpened) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{string(x.instrument_id)}"
        f"{SIDE_TEXT[x.side]}"
        f"{string(x.currency)}"
        f"{URGENCY_TEXT[x.urgency]}"
        f"{BENCHMARK_TEXT[x.benchmark]}"
        f"{number(x.limit_band)}"
        f"{CAPACITY_TEXT[x.capacity]}"
        f"{string(x.settlement)}"
        f"{flag(x.no_dark)}"
        f"{strings(x.excluded_venues)}"
        f"{flag(x.must_complete)}"
        f"{number(x.max_participation_ppm)}"
        f"{number(x.start_ns)}"
        f"{number(x.end_ns)}"
        f"{number(x.window_end_ns)}"
        f"{string(x.policy_id)}"
        f"{ALLOCATION_RULE_TEXT[x.allocation_rule]}"
        f"{string(x.first_order_id)}"
        f"{SALE_MARKING_TEXT[x.sale_marking]}"
        f"{number(x.display_qty)}"
        f"{integer(x.settl_date)}"
        f"{IMMEDIACY_TEXT[x.immediacy]}"
    )


def text_of_order_status_reported(x: e.OrderStatusReported) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{string(x.order_id)}"
        f"{string(x.source)}"
        f"{string(x.cl_ord_id)}"
        f"{ORD_STATUS_TEXT[x.ord_status]}"
        f"{number(x.order_qty)}"
        f"{NONE if x.limit_px is None else SOME + number(x.limit_px)}"
        f"{number(x.cum_qty)}"
        f"{number(x.leaves_qty)}"
        f"{number(x.avg_px)}"
        f"{string(x.pending_cl_ord_id)}"
    )


def text_of_member_amended(x: e.MemberAmended) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{string(x.parent_id)}"
        f"{string(x.order_id)}"
        f"{number(x.change_qty)}"
        f"{integer(x.epoch)}"
        f"{number(x.parent_qty)}"
        f"{NONE if x.parent_limit_px is None else SOME + number(x.parent_limit_px)}"
        f"{string(x.fill_id)}"
        f"{integer(x.tranche)}"
    )


def text_of_fill_allocated(x: e.FillAllocated) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{string(x.fill_id)}"
        f"{string(x.parent_id)}"
        f"{integer(x.epoch)}"
        f"{number(x.last_qty)}"
        f"{number(x.last_px)}"
        f"{strings(x.order_ids)}"
        f"{numbers(x.shares_qty)}"
        f"{number(x.error_qty)}"
        f"{integer(x.child_epoch)}"
        f"{strings(x.other_order_ids)}"
        f"{numbers(x.other_shares_qty)}"
    )


def text_of_order_reopened(x: e.OrderReopened) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{string(x.order_id)}"
        f"{string(x.fill_id)}"
        f"{number(x.reopened_qty)}"
        f"{number(x.open_qty)}"
    )


def text_of_order_restated(x: e.OrderRestated) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{string(x.order_id)}"
        f"{string(x.fill_id)}"
        f"{number(x.restated_qty)}"
        f"{number(x.previous_withdrawn_qty)}"
        f"{number(x.withdrawn_qty)}"
    )


def text_of_risk_limit_set(x: e.RiskLimitSet) -> str:
    return (
        f"{CONTROL_SCOPE_TEXT[x.scope]}"
        f"{string(x.scope_id)}"
        f"{NONE if x.max_order_qty is None else SOME + number(x.max_order_qty)}"
        f"{NONE if x.max_order_notional_cur is None else SOME + number(x.max_order_notional_cur)}"
        f"{NONE if x.collar_ppm is None else SOME + number(x.collar_ppm)}"
        f"{string(x.set_by)}"
        f"{number(x.set_ns)}"
        f"{NONE if x.max_day_notional_cur is None else SOME + number(x.max_day_notional_cur)}"
        f"{string(x.currency)}"
        f"{NONE if x.max_position_qty is None else SOME + number(x.max_position_qty)}"
    )


def text_of_limit_allotted(x: e.LimitAllotted) -> str:
    return (
        f"{CONTROL_SCOPE_TEXT[x.scope]}"
        f"{string(x.scope_id)}"
        f"{integer(x.shard)}"
        f"{number(x.allotted_notional_cur)}"
        f"{number(x.set_ns)}"
        f"{NONE if x.limit_notional_cur is None else SOME + number(x.limit_notional_cur)}"
        f"{string(x.currency)}"
    )


def text_of_control_applied(x: e.ControlApplied) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{string(x.control)}"
        f"{CONTROL_SCOPE_TEXT[x.scope]}"
        f"{string(x.scope_id)}"
        f"{number(x.allotted_notional_cur)}"
        f"{number(x.spent_notional_cur)}"
    )


def text_of_risk_limit_carried(x: e.RiskLimitCarried) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{CONTROL_SCOPE_TEXT[x.scope]}"
        f"{string(x.scope_id)}"
        f"{NONE if x.max_order_qty is None else SOME + number(x.max_order_qty)}"
        f"{NONE if x.max_order_notional_cur is None else SOME + number(x.max_order_notional_cur)}"
        f"{NONE if x.collar_ppm is None else SOME + number(x.collar_ppm)}"
        f"{string(x.set_by)}"
        f"{number(x.set_ns)}"
        f"{NONE if x.max_day_notional_cur is None else SOME + number(x.max_day_notional_cur)}"
        f"{string(x.currency)}"
        f"{NONE if x.max_position_qty is None else SOME + number(x.max_position_qty)}"
    )


def text_of_allotment_carried(x: e.AllotmentCarried) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{CONTROL_SCOPE_TEXT[x.scope]}"
        f"{string(x.scope_id)}"
        f"{integer(x.shard)}"
        f"{number(x.allotted_notional_cur)}"
        f"{number(x.set_ns)}"
        f"{NONE if x.limit_notional_cur is None else SOME + number(x.limit_notional_cur)}"
        f"{string(x.currency)}"
    )


def text_of_trade_observed(x: e.TradeObserved) -> str:
    return (
        f"{string(x.venue)}"
        f"{string(x.instrument_id)}"
        f"{number(x.last_px)}"
        f"{number(x.last_qty)}"
        f"{flag(x.eligible)}"
        f"{string(x.conditions)}"
        f"{number(x.event_ns)}"
        f"{number(x.received_ns)}"
        f"{string(x.trade_id)}"
    )


def text_of_child_carried(x: e.ChildCarried) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{string(x.child_id)}"
        f"{string(x.parent_id)}"
        f"{string(x.instrument_id)}"
        f"{SIDE_TEXT[x.side]}"
        f"{string(x.venue)}"
        f"{number(x.child_qty)}"
        f"{number(x.limit_px)}"
        f"{integer(x.epoch)}"
        f"{number(x.routed_ns)}"
        f"{number(x.disputed_qty)}"
        f"{many(x.fills, text_of_carried_fill)}"
        f"{many(x.claims, text_of_claim)}"
    )


def text_of_error_booked(x: e.ErrorBooked) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{string(x.break_id)}"
        f"{string(x.instrument_id)}"
        f"{number(x.error_qty)}"
        f"{number(x.error_px)}"
        f"{string(x.set_by)}"
        f"{string(x.text)}"
    )


def text_of_executions_missing(x: e.ExecutionsMissing) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{string(x.child_id)}"
        f"{string(x.parent_id)}"
        f"{number(x.missing_qty)}"
        f"{number(x.leaves_qty)}"
    )


def text_of_child_status_requested(x: e.ChildStatusRequested) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{string(x.child_id)}"
        f"{string(x.parent_id)}"
        f"{string(x.venue)}"
        f"{integer(x.number)}"
        f"{number(x.unanswered_since_ns)}"
    )


def text_of_order_held(x: e.OrderHeld) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{string(x.order_id)}"
        f"{string(x.client_id)}"
        f"{REJECT_REASON_TEXT[x.reason]}"
        f"{string(x.text)}"
        f"{number(x.asked_notional_cur)}"
        f"{string(x.asked_currency)}"
    )


def text_of_slice_held(x: e.SliceHeld) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{string(x.parent_id)}"
        f"{string(x.client_id)}"
        f"{number(x.wanted_qty)}"
        f"{number(x.slice_qty)}"
        f"{number(x.used_qty)}"
        f"{number(x.cap_qty)}"
        f"{number(x.market_volume_qty)}"
        f"{number(x.max_participation_ppm)}"
        f"{number(x.waiting_count)}"
    )


def text_of_input_rejected(x: e.InputRejected) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{string(x.topic)}"
        f"{number(x.position)}"
        f"{string(x.source)}"
        f"{INPUT_REASON_TEXT[x.reason]}"
        f"{string(x.text)}"
    )


def text_of_instrument_defined(x: e.InstrumentDefined) -> str:
    return (
        f"{string(x.instrument_id)}"
        f"{string(x.symbol)}"
        f"{string(x.currency)}"
        f"{number(x.lot_qty)}"
        f"{number(x.adv_qty)}"
        f"{number(x.daily_volatility_ppm)}"
        f"{integer(x.effective_day)}"
        f"{number(x.previous_close_px)}"
        f"{string(x.calendar_id)}"
    )


def text_of_orders_crossed(x: e.OrdersCrossed) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{string(x.buy_parent_id)}"
        f"{string(x.sell_parent_id)}"
        f"{number(x.cross_qty)}"
        f"{number(x.cross_px)}"
        f"{number(x.bid_px)}"
        f"{string(x.bid_venue)}"
        f"{number(x.ask_px)}"
        f"{string(x.ask_venue)}"
        f"{number(x.quote_age_ns)}"
        f"{number(x.buy_consenting_qty)}"
        f"{number(x.sell_consenting_qty)}"
        f"{strings(x.excluded_clients)}"
        f"{number(x.good_px)}"
        f"{number(x.band_px)}"
    )


def text_of_instrument_carried(x: e.InstrumentCarried) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{string(x.instrument_id)}"
        f"{string(x.symbol)}"
        f"{string(x.currency)}"
        f"{number(x.lot_qty)}"
        f"{number(x.adv_qty)}"
        f"{number(x.daily_volatility_ppm)}"
        f"{integer(x.effective_day)}"
        f"{number(x.previous_close_px)}"
        f"{string(x.calendar_id)}"
    )


def text_of_writer_key_set(x: e.WriterKeySet) -> str:
    return (
        f"{string(x.writer)}"
        f"{strings(x.topics)}"
        f"{string(x.public_key)}"
        f"{integer(x.from_day)}"
        f"{flag(x.revoked)}"
        f"{string(x.set_by)}"
        f"{number(x.set_ns)}"
    )


def text_of_writer_key_carried(x: e.WriterKeyCarried) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{string(x.writer)}"
        f"{strings(x.topics)}"
        f"{string(x.public_key)}"
        f"{integer(x.from_day)}"
        f"{flag(x.revoked)}"
        f"{string(x.set_by)}"
        f"{number(x.set_ns)}"
    )


def text_of_calendar_defined(x: e.CalendarDefined) -> str:
    return (
        f"{string(x.calendar_id)}"
        f"{string(x.time_zone)}"
        f"{integer(x.day)}"
        f"{number(x.open_ns)}"
        f"{number(x.close_ns)}"
        f"{integer(x.effective_day)}"
        f"{many(x.sessions, text_of_trading_session)}"
    )


def text_of_instrument_halted(x: e.InstrumentHalted) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{string(x.instrument_id)}"
        f"{HALT_REASON_TEXT[x.reason]}"
        f"{string(x.text)}"
    )


def text_of_calendar_carried(x: e.CalendarCarried) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{string(x.calendar_id)}"
        f"{string(x.time_zone)}"
        f"{integer(x.day)}"
        f"{number(x.open_ns)}"
        f"{number(x.close_ns)}"
        f"{integer(x.effective_day)}"
        f"{many(x.sessions, text_of_trading_session)}"
    )


def text_of_corporate_action_applied(x: e.CorporateActionApplied) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{string(x.order_id)}"
        f"{string(x.client_id)}"
        f"{string(x.action_id)}"
        f"{string(x.instrument_id)}"
        f"{CORPORATE_ACTION_KIND_TEXT[x.kind]}"
        f"{CORPORATE_ACTION_POLICY_TEXT[x.handling]}"
        f"{number(x.new_qty)}"
        f"{number(x.old_qty)}"
        f"{number(x.previous_qty)}"
        f"{number(x.open_qty)}"
        f"{NONE if x.previous_px is None else SOME + number(x.previous_px)}"
        f"{NONE if x.limit_px is None else SOME + number(x.limit_px)}"
        f"{string(x.text)}"
    )


def text_of_corporate_action_carried(x: e.CorporateActionCarried) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{string(x.action_id)}"
        f"{string(x.instrument_id)}"
        f"{CORPORATE_ACTION_KIND_TEXT[x.kind]}"
        f"{number(x.new_qty)}"
        f"{number(x.old_qty)}"
        f"{string(x.text)}"
        f"{integer(x.effective_day)}"
    )


def text_of_corporate_action_defined(x: e.CorporateActionDefined) -> str:
    return (
        f"{string(x.action_id)}"
        f"{string(x.instrument_id)}"
        f"{CORPORATE_ACTION_KIND_TEXT[x.kind]}"
        f"{number(x.new_qty)}"
        f"{number(x.old_qty)}"
        f"{string(x.text)}"
        f"{integer(x.effective_day)}"
    )


def text_of_parent_paused(x: e.ParentPaused) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{string(x.parent_id)}"
        f"{PAUSE_REASON_TEXT[x.reason]}"
        f"{number(x.until_ns)}"
        f"{number(x.parent_qty)}"
    )


def text_of_fee_schedule_defined(x: e.FeeScheduleDefined) -> str:
    return (
        f"{string(x.venue)}"
        f"{number(x.taker_fee_px)}"
        f"{number(x.maker_fee_px)}"
        f"{number(x.midpoint_fee_px)}"
        f"{integer(x.effective_day)}"
        f"{number(x.taker_fee_ppm)}"
        f"{number(x.maker_fee_ppm)}"
        f"{number(x.midpoint_fee_ppm)}"
    )


def text_of_fee_schedule_carried(x: e.FeeScheduleCarried) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{string(x.venue)}"
        f"{number(x.taker_fee_px)}"
        f"{number(x.maker_fee_px)}"
        f"{number(x.midpoint_fee_px)}"
        f"{integer(x.effective_day)}"
        f"{number(x.taker_fee_ppm)}"
        f"{number(x.maker_fee_ppm)}"
        f"{number(x.midpoint_fee_ppm)}"
    )


def text_of_volume_curve_defined(x: e.VolumeCurveDefined) -> str:
    return (
        f"{string(x.instrument_id)}"
        f"{numbers(x.edges_ns)}"
        f"{numbers(x.volumes_qty)}"
        f"{integer(x.effective_day)}"
        f"{many(x.observed_days, integer)}"
        f"{numbers(x.errors_ppm)}"
    )


def text_of_volume_curve_carried(x: e.VolumeCurveCarried) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{string(x.instrument_id)}"
        f"{numbers(x.edges_ns)}"
        f"{numbers(x.volumes_qty)}"
        f"{integer(x.effective_day)}"
        f"{many(x.observed_days, integer)}"
        f"{numbers(x.errors_ppm)}"
    )


def text_of_scorecard_updated(x: e.ScorecardUpdated) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{string(x.venue)}"
        f"{number(x.version)}"
        f"{number(x.samples)}"
        f"{number(x.fill_ppm)}"
        f"{number(x.speed_ns)}"
        f"{number(x.cost_millibps)}"
        f"{number(x.take_samples)}"
        f"{VENUE_KIND_TEXT[x.kind]}"
        f"{many(x.cells, text_of_scorecard_cell)}"
        f"{many(x.markouts, text_of_scorecard_markout)}"
        f"{number(x.acks_milli)}"
        f"{number(x.acks_ns)}"
        f"{number(x.takes_milli)}"
        f"{number(x.takes_ns)}"
        f"{many(x.sizes, text_of_scorecard_size)}"
    )


def text_of_scorecard_carried(x: e.ScorecardCarried) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{string(x.venue)}"
        f"{number(x.version)}"
        f"{number(x.samples)}"
        f"{number(x.fill_ppm)}"
        f"{number(x.speed_ns)}"
        f"{number(x.cost_millibps)}"
        f"{number(x.take_samples)}"
        f"{VENUE_KIND_TEXT[x.kind]}"
        f"{many(x.cells, text_of_scorecard_cell)}"
        f"{many(x.markouts, text_of_scorecard_markout)}"
        f"{number(x.acks_milli)}"
        f"{number(x.acks_ns)}"
        f"{number(x.takes_milli)}"
        f"{number(x.takes_ns)}"
        f"{many(x.sizes, text_of_scorecard_size)}"
    )


def text_of_slice_released(x: e.SliceReleased) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{string(x.parent_id)}"
        f"{number(x.slice_qty)}"
        f"{STYLE_TEXT[x.style]}"
        f"{ROUTER_TEXT[x.router]}"
        f"{NONE if x.limit_px is None else SOME + number(x.limit_px)}"
        f"{number(x.target_qty)}"
        f"{number(x.done_qty)}"
        f"{number(x.open_qty)}"
        f"{number(x.parent_qty)}"
        f"{number(x.market_volume_qty)}"
        f"{string(x.policy_id)}"
        f"{number(x.lower_qty)}"
        f"{number(x.upper_qty)}"
        f"{many(x.claims, text_of_claim)}"
        f"{string(x.recalibration_id)}"
        f"{number(x.wait_ns)}"
        f"{number(x.window_volume_qty)}"
        f"{number(x.day_volume_qty)}"
        f"{number(x.day_share_e9)}"
    )


def text_of_member_joined(x: e.MemberJoined) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{string(x.parent_id)}"
        f"{string(x.order_id)}"
        f"{number(x.member_qty)}"
        f"{integer(x.epoch)}"
        f"{number(x.parent_qty)}"
        f"{NONE if x.parent_limit_px is None else SOME + number(x.parent_limit_px)}"
        f"{integer(x.tranche)}"
    )


def text_of_plan_adopted(x: e.PlanAdopted) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{string(x.parent_id)}"
        f"{STRATEGY_TEXT[x.strategy]}"
        f"{ROUTER_TEXT[x.router]}"
        f"{PLAN_REASON_TEXT[x.reason]}"
        f"{integer(x.revision)}"
        f"{number(x.start_ns)}"
        f"{number(x.end_ns)}"
        f"{number(x.interval_ns)}"
        f"{number(x.plan_qty)}"
        f"{number(x.base_qty)}"
        f"{number(x.carry_qty)}"
        f"{number(x.base_volume_qty)}"
        f"{number(x.participation_ppm)}"
        f"{number(x.max_participation_ppm)}"
        f"{number(x.aggressiveness_ppm)}"
        f"{number(x.kappa_e9)}"
        f"{number(x.tracking_band_qty)}"
        f"{number(x.adv_qty)}"
        f"{number(x.horizon_volume_qty)}"
        f"{number(x.size_to_volume_ppm)}"
        f"{number(x.daily_volatility_ppm)}"
        f"{NONE if x.spread_px is None else SOME + number(x.spread_px)}"
        f"{number(x.expected_cost_millibps)}"
        f"{number(x.cost_risk_millibps)}"
        f"{many(x.tranches, text_of_tranche_plan)}"
    )


def text_of_tranche_opened(x: e.TrancheOpened) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{string(x.parent_id)}"
        f"{integer(x.tranche)}"
        f"{number(x.limit_band)}"
        f"{flag(x.no_dark)}"
        f"{strings(x.excluded_venues)}"
        f"{flag(x.must_complete)}"
        f"{number(x.max_participation_ppm)}"
        f"{number(x.start_ns)}"
        f"{number(x.end_ns)}"
        f"{number(x.window_end_ns)}"
        f"{number(x.display_qty)}"
        f"{string(x.first_order_id)}"
        f"{NONE if x.benchmark is None else SOME + BENCHMARK_TEXT[x.benchmark]}"
    )


def text_of_schedule_recalibrated(x: e.ScheduleRecalibrated) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{string(x.parent_id)}"
        f"{RECALIBRATION_REASON_TEXT[x.reason]}"
        f"{number(x.done_qty)}"
        f"{number(x.open_qty)}"
        f"{number(x.target_qty)}"
        f"{number(x.parent_qty)}"
        f"{number(x.market_volume_qty)}"
        f"{NONE if x.avg_px is None else SOME + number(x.avg_px)}"
        f"{NONE if x.benchmark_px is None else SOME + number(x.benchmark_px)}"
        f"{NONE if x.slippage_millibps is None else SOME + number(x.slippage_millibps)}"
        f"{number(x.aggressiveness_ppm)}"
        f"{NEXT_SLICE_TEXT[x.next_slice]}"
        f"{number(x.wait_ns)}"
    )


def text_of_parent_released(x: e.ParentReleased) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{string(x.parent_id)}"
        f"{RELEASE_REASON_TEXT[x.reason]}"
        f"{number(x.release_qty)}"
        f"{number(x.crossed_qty)}"
        f"{integer(x.member_count)}"
        f"{NONE if x.arrival_mid_px is None else SOME + number(x.arrival_mid_px)}"
        f"{number(x.market_volume_qty)}"
    )


def text_of_parent_instructed(x: e.ParentInstructed) -> str:
    return (
        f"{string(x.parent_id)}"
        f"{PARENT_ACTION_TEXT[x.action]}"
        f"{NONE if x.urgency is None else SOME + URGENCY_TEXT[x.urgency]}"
        f"{string(x.venue)}"
        f"{string(x.set_by)}"
        f"{string(x.text)}"
        f"{number(x.set_ns)}"
    )


def text_of_instruction_adopted(x: e.InstructionAdopted) -> str:
    return (
        f"{number(x.seq)}"
        f"{number(x.at_ns)}"
        f"{string(x.cause)}"
        f"{string(x.parent_id)}"
        f"{string(x.instrument_id)}"
        f"{PARENT_ACTION_TEXT[x.action]}"
        f"{string(x.venue)}"
        f"{PACE_TEXT[x.pace]}"
        f"{NONE if x.urgency is None else SOME + URGENCY_TEXT[x.urgency]}"
        f"{strings(x.excluded_venues)}"
        f"{number(x.parent_qty)}"
        f"{number(x.exposure_qty)}"
        f"{string(x.set_by)}"
        f"{string(x.text)}"
    )


_Level = twin(e.Level)


def from_level(d: Avro) -> e.Level:
    x = _Level()
    x.px = d["px"]
    x.level_qty = d["level_qty"]
    x.__class__ = e.Level
    found: e.Level = x
    return found


_TickBand = twin(e.TickBand)


def from_tick_band(d: Avro) -> e.TickBand:
    x = _TickBand()
    x.from_px = d["from_px"]
    x.tick_px = d["tick_px"]
    x.__class__ = e.TickBand
    found: e.TickBand = x
    return found


_Share = twin(e.Share)


def from_share(d: Avro) -> e.Share:
    x = _Share()
    x.order_id = d["order_id"]
    x.share_qty = d["share_qty"]
    x.__class__ = e.Share
    found: e.Share = x
    return found


_MemberResult = twin(e.MemberResult)


def from_member_result(d: Avro) -> e.MemberResult:
    x = _MemberResult()
    x.order_id = d["order_id"]
    x.member_qty = d["member_qty"]
    x.crossed_qty = d["crossed_qty"]
    x.allocated_qty = d["allocated_qty"]
    x.left_qty = d["left_qty"]
    x.__class__ = e.MemberResult
    found: e.MemberResult = x
    return found


_InputRange = twin(e.InputRange)


def from_input_range(d: Avro) -> e.InputRange:
    x = _InputRange()
    x.topic = d["topic"]
    x.first_position = d["first_position"]
    x.next_position = d["next_position"]
    x.digest = d["digest"]
    x.__class__ = e.InputRange
    found: e.InputRange = x
    return found


_OutputDigest = twin(e.OutputDigest)


def from_output_digest(d: Avro) -> e.OutputDigest:
    x = _OutputDigest()
    x.topic = d["topic"]
    x.record_count = d["record_count"]
    x.digest = d["digest"]
    x.__class__ = e.OutputDigest
    found: e.OutputDigest = x
    return found


_ResumeOffset = twin(e.ResumeOffset)


def from_resume_offset(d: Avro) -> e.ResumeOffset:
    x = _ResumeOffset()
    x.topic = d["topic"]
    x.next_offset = d["next_offset"]
    x.__class__ = e.ResumeOffset
    found: e.ResumeOffset = x
    return found


_TopicPlace = twin(e.TopicPlace)


def from_topic_place(d: Avro) -> e.TopicPlace:
    x = _TopicPlace()
    x.topic = d["topic"]
    x.next_position = d["next_position"]
    x.__class__ = e.TopicPlace
    found: e.TopicPlace = x
    return found


_ShardClosed = twin(e.ShardClosed)


def from_shard_closed(d: Avro) -> e.ShardClosed:
    x = _ShardClosed()
    x.shard = d["shard"]
    x.batch = d["batch"]
    x.next_seq = d["next_seq"]
    x.chain = d["chain"]
    x.__class__ = e.ShardClosed
    found: e.ShardClosed = x
    return found


_Candidate = twin(e.Candidate)


def from_candidate(d: Avro) -> e.Candidate:
    x = _Candidate()
    x.venue = d["venue"]
    x.score_millibps = d["score_millibps"]
    x.tactic = d["tactic"]
    x.fill_ppm = d["fill_ppm"]
    x.filled_millibps = d["filled_millibps"]
    x.adverse_millibps = d["adverse_millibps"]
    x.missed_millibps = d["missed_millibps"]
    x.__class__ = e.Candidate
    found: e.Candidate = x
    return found


_RouteReasonCount = twin(e.RouteReasonCount)


def from_route_reason_count(d: Avro) -> e.RouteReasonCount:
    x = _RouteReasonCount()
    x.reason = ROUTE_REASON[d["reason"]]
    x.venue_count = d["venue_count"]
    x.__class__ = e.RouteReasonCount
    found: e.RouteReasonCount = x
    return found


_Claim = twin(e.Claim)


def from_claim(d: Avro) -> e.Claim:
    x = _Claim()
    x.tranche = d["tranche"]
    x.claim_qty = d["claim_qty"]
    x.__class__ = e.Claim
    found: e.Claim = x
    return found


_ControlNumber = twin(e.ControlNumber)


def from_control_number(d: Avro) -> e.ControlNumber:
    x = _ControlNumber()
    x.source = d["source"]
    x.number = d["number"]
    x.__class__ = e.ControlNumber
    found: e.ControlNumber = x
    return found


_Stay = twin(e.Stay)


def from_stay(d: Avro) -> e.Stay:
    x = _Stay()
    x.joined_epoch = d["joined_epoch"]
    x.left_epoch = d["left_epoch"]
    x.tranche = d["tranche"]
    x.__class__ = e.Stay
    found: e.Stay = x
    return found


_Membership = twin(e.Membership)


def from_membership(d: Avro) -> e.Membership:
    x = _Membership()
    x.parent_id = d["parent_id"]
    x.allocated_qty = d["allocated_qty"]
    x.taken_qty = d["taken_qty"]
    x.stays = tuple([from_stay(y) for y in d["stays"]])
    x.__class__ = e.Membership
    found: e.Membership = x
    return found


_CarriedExecution = twin(e.CarriedExecution)


def from_carried_execution(d: Avro) -> e.CarriedExecution:
    x = _CarriedExecution()
    x.session_day = d["session_day"]
    x.exec_id = d["exec_id"]
    x.exec_type = EXEC_TYPE[d["exec_type"]]
    x.__class__ = e.CarriedExecution
    found: e.CarriedExecution = x
    return found


_CarriedFill = twin(e.CarriedFill)


def from_carried_fill(d: Avro) -> e.CarriedFill:
    x = _CarriedFill()
    x.fill_id = d["fill_id"]
    x.last_qty = d["last_qty"]
    x.last_px = d["last_px"]
    x.order_ids = tuple(d["order_ids"])
    x.shares_qty = tuple(d["shares_qty"])
    x.error_qty = d["error_qty"]
    x.executions = tuple([from_carried_execution(y) for y in d["executions"]])
    x.__class__ = e.CarriedFill
    found: e.CarriedFill = x
    return found


_TradingSession = twin(e.TradingSession)


def from_trading_session(d: Avro) -> e.TradingSession:
    x = _TradingSession()
    x.open_ns = d["open_ns"]
    x.close_ns = d["close_ns"]
    x.__class__ = e.TradingSession
    found: e.TradingSession = x
    return found


_ScorecardCell = twin(e.ScorecardCell)


def from_scorecard_cell(d: Avro) -> e.ScorecardCell:
    x = _ScorecardCell()
    x.cell = d["cell"]
    x.at_risk_milli = tuple(d["at_risk_milli"])
    x.filled_milli = tuple(d["filled_milli"])
    x.cancelled_milli = tuple(d["cancelled_milli"])
    x.__class__ = e.ScorecardCell
    found: e.ScorecardCell = x
    return found


_ScorecardMarkout = twin(e.ScorecardMarkout)


def from_scorecard_markout(d: Avro) -> e.ScorecardMarkout:
    x = _ScorecardMarkout()
    x.tactic = d["tactic"]
    x.horizon_s = d["horizon_s"]
    x.fills_milli = d["fills_milli"]
    x.sum_millibps = d["sum_millibps"]
    x.__class__ = e.ScorecardMarkout
    found: e.ScorecardMarkout = x
    return found


_ScorecardSize = twin(e.ScorecardSize)


def from_scorecard_size(d: Avro) -> e.ScorecardSize:
    x = _ScorecardSize()
    x.tactic = d["tactic"]
    x.at_risk_milli = tuple(d["at_risk_milli"])
    x.ended_milli = tuple(d["ended_milli"])
    x.__class__ = e.ScorecardSize
    found: e.ScorecardSize = x
    return found


_TranchePlan = twin(e.TranchePlan)


def from_tranche_plan(d: Avro) -> e.TranchePlan:
    x = _TranchePlan()
    x.tranche = d["tranche"]
    x.start_ns = d["start_ns"]
    x.end_ns = d["end_ns"]
    x.plan_qty = d["plan_qty"]
    x.base_qty = d["base_qty"]
    x.carry_qty = d["carry_qty"]
    x.base_volume_qty = d["base_volume_qty"]
    x.participation_ppm = d["participation_ppm"]
    x.strategy = None if d["strategy"] is None else STRATEGY[d["strategy"]]
    x.__class__ = e.TranchePlan
    found: e.TranchePlan = x
    return found


_QuoteObserved = twin(e.QuoteObserved)


def from_quote_observed(d: Avro) -> e.QuoteObserved:
    x = _QuoteObserved()
    x.venue = d["venue"]
    x.instrument_id = d["instrument_id"]
    x.bid_px = d["bid_px"]
    x.bid_qty = d["bid_qty"]
    x.ask_px = d["ask_px"]
    x.ask_qty = d["ask_qty"]
    x.event_ns = d["event_ns"]
    x.received_ns = d["received_ns"]
    x.__class__ = e.QuoteObserved
    found: e.QuoteObserved = x
    return found


_DepthObserved = twin(e.DepthObserved)


def from_depth_observed(d: Avro) -> e.DepthObserved:
    x = _DepthObserved()
    x.venue = d["venue"]
    x.instrument_id = d["instrument_id"]
    x.bids = tuple([from_level(y) for y in d["bids"]])
    x.asks = tuple([from_level(y) for y in d["asks"]])
    x.event_ns = d["event_ns"]
    x.received_ns = d["received_ns"]
    x.__class__ = e.DepthObserved
    found: e.DepthObserved = x
    return found


_VenueStatusObserved = twin(e.VenueStatusObserved)


def from_venue_status_observed(d: Avro) -> e.VenueStatusObserved:
    x = _VenueStatusObserved()
    x.venue = d["venue"]
    x.status = VENUE_STATUS[d["status"]]
    x.received_ns = d["received_ns"]
    x.__class__ = e.VenueStatusObserved
    found: e.VenueStatusObserved = x
    return found


_SendStarted = twin(e.SendStarted)


def from_send_started(d: Avro) -> e.SendStarted:
    x = _SendStarted()
    x.venue = d["venue"]
    x.instrument_id = d["instrument_id"]
    x.child_id = d["child_id"]
    x.started_ns = d["started_ns"]
    x.__class__ = e.SendStarted
    found: e.SendStarted = x
    return found


_NotSent = twin(e.NotSent)


def from_not_sent(d: Avro) -> e.NotSent:
    x = _NotSent()
    x.venue = d["venue"]
    x.instrument_id = d["instrument_id"]
    x.child_id = d["child_id"]
    x.text = d["text"]
    x.received_ns = d["received_ns"]
    x.__class__ = e.NotSent
    found: e.NotSent = x
    return found


_CancelRejected = twin(e.CancelRejected)


def from_cancel_rejected(d: Avro) -> e.CancelRejected:
    x = _CancelRejected()
    x.venue = d["venue"]
    x.instrument_id = d["instrument_id"]
    x.child_id = d["child_id"]
    x.text = d["text"]
    x.received_ns = d["received_ns"]
    x.__class__ = e.CancelRejected
    found: e.CancelRejected = x
    return found


_SessionStatusObserved = twin(e.SessionStatusObserved)


def from_session_status_observed(d: Avro) -> e.SessionStatusObserved:
    x = _SessionStatusObserved()
    x.venue = d["venue"]
    x.up = d["up"]
    x.session_day = d["session_day"]
    x.controls_position = d["controls_position"]
    x.received_ns = d["received_ns"]
    x.__class__ = e.SessionStatusObserved
    found: e.SessionStatusObserved = x
    return found


_KillSwitchSet = twin(e.KillSwitchSet)


def from_kill_switch_set(d: Avro) -> e.KillSwitchSet:
    x = _KillSwitchSet()
    x.scope = CONTROL_SCOPE[d["scope"]]
    x.scope_id = d["scope_id"]
    x.engaged = d["engaged"]
    x.set_by = d["set_by"]
    x.text = d["text"]
    x.set_ns = d["set_ns"]
    x.__class__ = e.KillSwitchSet
    found: e.KillSwitchSet = x
    return found


_MandateSet = twin(e.MandateSet)


def from_mandate_set(d: Avro) -> e.MandateSet:
    x = _MandateSet()
    x.client_id = d["client_id"]
    x.active = d["active"]
    x.dark_allowed = d["dark_allowed"]
    x.excluded_venues = tuple(d["excluded_venues"])
    x.crossing_consent = d["crossing_consent"]
    x.max_participation_ppm = d["max_participation_ppm"]
    x.set_by = d["set_by"]
    x.set_ns = d["set_ns"]
    x.__class__ = e.MandateSet
    found: e.MandateSet = x
    return found


_RestrictionSet = twin(e.RestrictionSet)


def from_restriction_set(d: Avro) -> e.RestrictionSet:
    x = _RestrictionSet()
    x.instrument_id = d["instrument_id"]
    x.restricted = d["restricted"]
    x.set_by = d["set_by"]
    x.set_ns = d["set_ns"]
    x.__class__ = e.RestrictionSet
    found: e.RestrictionSet = x
    return found


_InstrumentHaltSet = twin(e.InstrumentHaltSet)


def from_instrument_halt_set(d: Avro) -> e.InstrumentHaltSet:
    x = _InstrumentHaltSet()
    x.instrument_id = d["instrument_id"]
    x.text = d["text"]
    x.set_by = d["set_by"]
    x.set_ns = d["set_ns"]
    x.__class__ = e.InstrumentHaltSet
    found: e.InstrumentHaltSet = x
    return found


_SuspensionLifted = twin(e.SuspensionLifted)


def from_suspension_lifted(d: Avro) -> e.SuspensionLifted:
    x = _SuspensionLifted()
    x.scope = CONTROL_SCOPE[d["scope"]]
    x.scope_id = d["scope_id"]
    x.set_by = d["set_by"]
    x.text = d["text"]
    x.set_ns = d["set_ns"]
    x.__class__ = e.SuspensionLifted
    found: e.SuspensionLifted = x
    return found


_DayOpened = twin(e.DayOpened)


def from_day_opened(d: Avro) -> e.DayOpened:
    x = _DayOpened()
    x.day = d["day"]
    x.open_ns = d["open_ns"]
    x.close_ns = d["close_ns"]
    x.seed = d["seed"]
    x.set_ns = d["set_ns"]
    x.__class__ = e.DayOpened
    found: e.DayOpened = x
    return found


_DayClosed = twin(e.DayClosed)


def from_day_closed(d: Avro) -> e.DayClosed:
    x = _DayClosed()
    x.day = d["day"]
    x.set_ns = d["set_ns"]
    x.__class__ = e.DayClosed
    found: e.DayClosed = x
    return found


_TickTableDefined = twin(e.TickTableDefined)


def from_tick_table_defined(d: Avro) -> e.TickTableDefined:
    x = _TickTableDefined()
    x.instrument_id = d["instrument_id"]
    x.bands = tuple([from_tick_band(y) for y in d["bands"]])
    x.effective_day = d["effective_day"]
    x.__class__ = e.TickTableDefined
    found: e.TickTableDefined = x
    return found


_VenueDefined = twin(e.VenueDefined)


def from_venue_defined(d: Avro) -> e.VenueDefined:
    x = _VenueDefined()
    x.venue = d["venue"]
    x.name = d["name"]
    x.kind = VENUE_KIND[d["kind"]]
    x.protected = d["protected"]
    x.posts = d["posts"]
    x.midpoint = d["midpoint"]
    x.min_qty = d["min_qty"]
    x.odd_lots = d["odd_lots"]
    x.effective_day = d["effective_day"]
    x.__class__ = e.VenueDefined
    found: e.VenueDefined = x
    return found


_ConfigurationAdopted = twin(e.ConfigurationAdopted)


def from_configuration_adopted(d: Avro) -> e.ConfigurationAdopted:
    x = _ConfigurationAdopted()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.text = d["text"]
    x.__class__ = e.ConfigurationAdopted
    found: e.ConfigurationAdopted = x
    return found


_SuspensionSet = twin(e.SuspensionSet)


def from_suspension_set(d: Avro) -> e.SuspensionSet:
    x = _SuspensionSet()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.scope = CONTROL_SCOPE[d["scope"]]
    x.scope_id = d["scope_id"]
    x.source_number = d["source_number"]
    x.text = d["text"]
    x.__class__ = e.SuspensionSet
    found: e.SuspensionSet = x
    return found


_SuspensionEnded = twin(e.SuspensionEnded)


def from_suspension_ended(d: Avro) -> e.SuspensionEnded:
    x = _SuspensionEnded()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.scope = CONTROL_SCOPE[d["scope"]]
    x.scope_id = d["scope_id"]
    x.__class__ = e.SuspensionEnded
    found: e.SuspensionEnded = x
    return found


_ParentEnded = twin(e.ParentEnded)


def from_parent_ended(d: Avro) -> e.ParentEnded:
    x = _ParentEnded()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.parent_id = d["parent_id"]
    x.reason = END_REASON[d["reason"]]
    x.filled_qty = d["filled_qty"]
    x.crossed_qty = d["crossed_qty"]
    x.returned_qty = d["returned_qty"]
    x.__class__ = e.ParentEnded
    found: e.ParentEnded = x
    return found


_ChildAcknowledged = twin(e.ChildAcknowledged)


def from_child_acknowledged(d: Avro) -> e.ChildAcknowledged:
    x = _ChildAcknowledged()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.child_id = d["child_id"]
    x.parent_id = d["parent_id"]
    x.__class__ = e.ChildAcknowledged
    found: e.ChildAcknowledged = x
    return found


_FillBusted = twin(e.FillBusted)


def from_fill_busted(d: Avro) -> e.FillBusted:
    x = _FillBusted()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.fill_id = d["fill_id"]
    x.child_id = d["child_id"]
    x.parent_id = d["parent_id"]
    x.exec_id = d["exec_id"]
    x.session_day = d["session_day"]
    x.last_qty = d["last_qty"]
    x.last_px = d["last_px"]
    x.__class__ = e.FillBusted
    found: e.FillBusted = x
    return found


_FillCorrected = twin(e.FillCorrected)


def from_fill_corrected(d: Avro) -> e.FillCorrected:
    x = _FillCorrected()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.fill_id = d["fill_id"]
    x.child_id = d["child_id"]
    x.parent_id = d["parent_id"]
    x.exec_id = d["exec_id"]
    x.session_day = d["session_day"]
    x.previous_qty = d["previous_qty"]
    x.previous_px = d["previous_px"]
    x.last_qty = d["last_qty"]
    x.last_px = d["last_px"]
    x.__class__ = e.FillCorrected
    found: e.FillCorrected = x
    return found


_ChildClosed = twin(e.ChildClosed)


def from_child_closed(d: Avro) -> e.ChildClosed:
    x = _ChildClosed()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.child_id = d["child_id"]
    x.parent_id = d["parent_id"]
    x.reason = CLOSE_REASON[d["reason"]]
    x.returned_qty = d["returned_qty"]
    x.unsolicited = d["unsolicited"]
    x.text = d["text"]
    x.__class__ = e.ChildClosed
    found: e.ChildClosed = x
    return found


_ChildFateUnknown = twin(e.ChildFateUnknown)


def from_child_fate_unknown(d: Avro) -> e.ChildFateUnknown:
    x = _ChildFateUnknown()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.child_id = d["child_id"]
    x.parent_id = d["parent_id"]
    x.text = d["text"]
    x.__class__ = e.ChildFateUnknown
    found: e.ChildFateUnknown = x
    return found


_CancelFailed = twin(e.CancelFailed)


def from_cancel_failed(d: Avro) -> e.CancelFailed:
    x = _CancelFailed()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.child_id = d["child_id"]
    x.parent_id = d["parent_id"]
    x.text = d["text"]
    x.__class__ = e.CancelFailed
    found: e.CancelFailed = x
    return found


_CrossAllocated = twin(e.CrossAllocated)


def from_cross_allocated(d: Avro) -> e.CrossAllocated:
    x = _CrossAllocated()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.cross_id = d["cross_id"]
    x.parent_id = d["parent_id"]
    x.side = SIDE[d["side"]]
    x.cross_qty = d["cross_qty"]
    x.cross_px = d["cross_px"]
    x.shares = tuple([from_share(y) for y in d["shares"]])
    x.__class__ = e.CrossAllocated
    found: e.CrossAllocated = x
    return found


_FillReallocated = twin(e.FillReallocated)


def from_fill_reallocated(d: Avro) -> e.FillReallocated:
    x = _FillReallocated()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.fill_id = d["fill_id"]
    x.parent_id = d["parent_id"]
    x.previous_px = d["previous_px"]
    x.last_px = d["last_px"]
    x.before = tuple([from_share(y) for y in d["before"]])
    x.after = tuple([from_share(y) for y in d["after"]])
    x.error_qty = d["error_qty"]
    x.__class__ = e.FillReallocated
    found: e.FillReallocated = x
    return found


_ParentReconciled = twin(e.ParentReconciled)


def from_parent_reconciled(d: Avro) -> e.ParentReconciled:
    x = _ParentReconciled()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.parent_id = d["parent_id"]
    x.filled_qty = d["filled_qty"]
    x.crossed_qty = d["crossed_qty"]
    x.error_qty = d["error_qty"]
    x.members = tuple([from_member_result(y) for y in d["members"]])
    x.__class__ = e.ParentReconciled
    found: e.ParentReconciled = x
    return found


_BatchSealed = twin(e.BatchSealed)


def from_batch_sealed(d: Avro) -> e.BatchSealed:
    x = _BatchSealed()
    x.batch = d["batch"]
    x.kind = SEAL_KIND[d["kind"]]
    x.now_ns = d["now_ns"]
    x.inputs = tuple([from_input_range(y) for y in d["inputs"]])
    x.first_seq = d["first_seq"]
    x.next_seq = d["next_seq"]
    x.outputs = tuple([from_output_digest(y) for y in d["outputs"]])
    x.faults = tuple(d["faults"])
    x.release = d["release"]
    x.python = d["python"]
    x.state_hash = d["state_hash"]
    x.previous_chain = d["previous_chain"]
    x.chain = d["chain"]
    x.resume = tuple([from_resume_offset(y) for y in d["resume"]])
    x.__class__ = e.BatchSealed
    found: e.BatchSealed = x
    return found


_OrderResumed = twin(e.OrderResumed)


def from_order_resumed(d: Avro) -> e.OrderResumed:
    x = _OrderResumed()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.order_id = d["order_id"]
    x.start_ns = d["start_ns"]
    x.end_ns = d["end_ns"]
    x.max_participation_ppm = d["max_participation_ppm"]
    x.no_dark = d["no_dark"]
    x.excluded_venues = tuple(d["excluded_venues"])
    x.value_px = d["value_px"]
    x.__class__ = e.OrderResumed
    found: e.OrderResumed = x
    return found


_VenueStatusCarried = twin(e.VenueStatusCarried)


def from_venue_status_carried(d: Avro) -> e.VenueStatusCarried:
    x = _VenueStatusCarried()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.venue = d["venue"]
    x.status = VENUE_STATUS[d["status"]]
    x.down_since_ns = d["down_since_ns"]
    x.__class__ = e.VenueStatusCarried
    found: e.VenueStatusCarried = x
    return found


_TickTableCarried = twin(e.TickTableCarried)


def from_tick_table_carried(d: Avro) -> e.TickTableCarried:
    x = _TickTableCarried()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.instrument_id = d["instrument_id"]
    x.bands = tuple([from_tick_band(y) for y in d["bands"]])
    x.effective_day = d["effective_day"]
    x.__class__ = e.TickTableCarried
    found: e.TickTableCarried = x
    return found


_VenueCarried = twin(e.VenueCarried)


def from_venue_carried(d: Avro) -> e.VenueCarried:
    x = _VenueCarried()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.venue = d["venue"]
    x.name = d["name"]
    x.kind = VENUE_KIND[d["kind"]]
    x.protected = d["protected"]
    x.posts = d["posts"]
    x.midpoint = d["midpoint"]
    x.min_qty = d["min_qty"]
    x.odd_lots = d["odd_lots"]
    x.effective_day = d["effective_day"]
    x.__class__ = e.VenueCarried
    found: e.VenueCarried = x
    return found


_KillSwitchCarried = twin(e.KillSwitchCarried)


def from_kill_switch_carried(d: Avro) -> e.KillSwitchCarried:
    x = _KillSwitchCarried()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.scope = CONTROL_SCOPE[d["scope"]]
    x.scope_id = d["scope_id"]
    x.text = d["text"]
    x.__class__ = e.KillSwitchCarried
    found: e.KillSwitchCarried = x
    return found


_MandateCarried = twin(e.MandateCarried)


def from_mandate_carried(d: Avro) -> e.MandateCarried:
    x = _MandateCarried()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.client_id = d["client_id"]
    x.active = d["active"]
    x.dark_allowed = d["dark_allowed"]
    x.excluded_venues = tuple(d["excluded_venues"])
    x.crossing_consent = d["crossing_consent"]
    x.max_participation_ppm = d["max_participation_ppm"]
    x.set_by = d["set_by"]
    x.set_ns = d["set_ns"]
    x.__class__ = e.MandateCarried
    found: e.MandateCarried = x
    return found


_RestrictionCarried = twin(e.RestrictionCarried)


def from_restriction_carried(d: Avro) -> e.RestrictionCarried:
    x = _RestrictionCarried()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.instrument_id = d["instrument_id"]
    x.set_by = d["set_by"]
    x.__class__ = e.RestrictionCarried
    found: e.RestrictionCarried = x
    return found


_PositionsCarried = twin(e.PositionsCarried)


def from_positions_carried(d: Avro) -> e.PositionsCarried:
    x = _PositionsCarried()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.inputs = tuple([from_topic_place(y) for y in d["inputs"]])
    x.outputs = tuple([from_topic_place(y) for y in d["outputs"]])
    x.__class__ = e.PositionsCarried
    found: e.PositionsCarried = x
    return found


_LogContinued = twin(e.LogContinued)


def from_log_continued(d: Avro) -> e.LogContinued:
    x = _LogContinued()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.partitions = d["partitions"]
    x.closes = tuple([from_shard_closed(y) for y in d["closes"]])
    x.__class__ = e.LogContinued
    found: e.LogContinued = x
    return found


_ChildCancelRequested = twin(e.ChildCancelRequested)


def from_child_cancel_requested(d: Avro) -> e.ChildCancelRequested:
    x = _ChildCancelRequested()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.child_id = d["child_id"]
    x.parent_id = d["parent_id"]
    x.venue = d["venue"]
    x.reason = CANCEL_REASON[d["reason"]]
    x.repeats = d["repeats"]
    x.__class__ = e.ChildCancelRequested
    found: e.ChildCancelRequested = x
    return found


_OrderRejected = twin(e.OrderRejected)


def from_order_rejected(d: Avro) -> e.OrderRejected:
    x = _OrderRejected()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.source = d["source"]
    x.cl_ord_id = d["cl_ord_id"]
    x.client_id = d["client_id"]
    x.instrument_id = d["instrument_id"]
    x.reason = REJECT_REASON[d["reason"]]
    x.text = d["text"]
    x.asked_notional_cur = d["asked_notional_cur"]
    x.asked_currency = d["asked_currency"]
    x.__class__ = e.OrderRejected
    found: e.OrderRejected = x
    return found


_OrderChangeRejected = twin(e.OrderChangeRejected)


def from_order_change_rejected(d: Avro) -> e.OrderChangeRejected:
    x = _OrderChangeRejected()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.source = d["source"]
    x.cl_ord_id = d["cl_ord_id"]
    x.orig_cl_ord_id = d["orig_cl_ord_id"]
    x.change = CHANGE[d["change"]]
    x.reason = REJECT_REASON[d["reason"]]
    x.text = d["text"]
    x.asked_notional_cur = d["asked_notional_cur"]
    x.client_id = d["client_id"]
    x.asked_currency = d["asked_currency"]
    x.__class__ = e.OrderChangeRejected
    found: e.OrderChangeRejected = x
    return found


_ExecutionReported = twin(e.ExecutionReported)


def from_execution_reported(d: Avro) -> e.ExecutionReported:
    x = _ExecutionReported()
    x.venue = d["venue"]
    x.instrument_id = d["instrument_id"]
    x.child_id = d["child_id"]
    x.exec_id = d["exec_id"]
    x.exec_type = EXEC_TYPE[d["exec_type"]]
    x.exec_ref_id = d["exec_ref_id"]
    x.last_qty = d["last_qty"]
    x.last_px = d["last_px"]
    x.cum_qty = d["cum_qty"]
    x.leaves_qty = d["leaves_qty"]
    x.liquidity = LIQUIDITY[d["liquidity"]]
    x.text = d["text"]
    x.session_day = d["session_day"]
    x.transact_ns = d["transact_ns"]
    x.received_ns = d["received_ns"]
    x.avg_px = d["avg_px"]
    x.side = REPORTED_SIDE[d["side"]]
    x.__class__ = e.ExecutionReported
    found: e.ExecutionReported = x
    return found


_FillBooked = twin(e.FillBooked)


def from_fill_booked(d: Avro) -> e.FillBooked:
    x = _FillBooked()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.child_id = d["child_id"]
    x.parent_id = d["parent_id"]
    x.instrument_id = d["instrument_id"]
    x.venue = d["venue"]
    x.side = SIDE[d["side"]]
    x.exec_id = d["exec_id"]
    x.session_day = d["session_day"]
    x.last_qty = d["last_qty"]
    x.last_px = d["last_px"]
    x.cum_qty = d["cum_qty"]
    x.leaves_qty = d["leaves_qty"]
    x.overfill_qty = d["overfill_qty"]
    x.liquidity = LIQUIDITY[d["liquidity"]]
    x.fee_px = d["fee_px"]
    x.mid_px = d["mid_px"]
    x.late = d["late"]
    x.transact_ns = d["transact_ns"]
    x.missing_qty = d["missing_qty"]
    x.venue_cum_qty = d["venue_cum_qty"]
    x.__class__ = e.FillBooked
    found: e.FillBooked = x
    return found


_BreakFlagged = twin(e.BreakFlagged)


def from_break_flagged(d: Avro) -> e.BreakFlagged:
    x = _BreakFlagged()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.reason = BREAK_REASON[d["reason"]]
    x.venue = d["venue"]
    x.child_id = d["child_id"]
    x.exec_id = d["exec_id"]
    x.break_qty = d["break_qty"]
    x.break_px = d["break_px"]
    x.text = d["text"]
    x.__class__ = e.BreakFlagged
    found: e.BreakFlagged = x
    return found


_BreakCarried = twin(e.BreakCarried)


def from_break_carried(d: Avro) -> e.BreakCarried:
    x = _BreakCarried()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.break_id = d["break_id"]
    x.reason = BREAK_REASON[d["reason"]]
    x.venue = d["venue"]
    x.child_id = d["child_id"]
    x.exec_id = d["exec_id"]
    x.break_qty = d["break_qty"]
    x.break_px = d["break_px"]
    x.break_count = d["break_count"]
    x.__class__ = e.BreakCarried
    found: e.BreakCarried = x
    return found


_BreakSettled = twin(e.BreakSettled)


def from_break_settled(d: Avro) -> e.BreakSettled:
    x = _BreakSettled()
    x.break_id = d["break_id"]
    x.text = d["text"]
    x.set_by = d["set_by"]
    x.set_ns = d["set_ns"]
    x.error_qty = d["error_qty"]
    x.error_px = d["error_px"]
    x.instrument_id = d["instrument_id"]
    x.__class__ = e.BreakSettled
    found: e.BreakSettled = x
    return found


_BreakClosed = twin(e.BreakClosed)


def from_break_closed(d: Avro) -> e.BreakClosed:
    x = _BreakClosed()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.break_id = d["break_id"]
    x.child_id = d["child_id"]
    x.resolution = BREAK_RESOLUTION[d["resolution"]]
    x.set_by = d["set_by"]
    x.text = d["text"]
    x.__class__ = e.BreakClosed
    found: e.BreakClosed = x
    return found


_ChildDoubted = twin(e.ChildDoubted)


def from_child_doubted(d: Avro) -> e.ChildDoubted:
    x = _ChildDoubted()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.child_id = d["child_id"]
    x.parent_id = d["parent_id"]
    x.reason = CLOSE_REASON[d["reason"]]
    x.returned_qty = d["returned_qty"]
    x.doubt_qty = d["doubt_qty"]
    x.text = d["text"]
    x.__class__ = e.ChildDoubted
    found: e.ChildDoubted = x
    return found


_PolicySet = twin(e.PolicySet)


def from_policy_set(d: Avro) -> e.PolicySet:
    x = _PolicySet()
    x.policy_id = d["policy_id"]
    x.window_ns = d["window_ns"]
    x.window_members = d["window_members"]
    x.window_notional_cur = d["window_notional_cur"]
    x.join_until_ppm = d["join_until_ppm"]
    x.cross_quote_age_ns = d["cross_quote_age_ns"]
    x.strategy = STRATEGY[d["strategy"]]
    x.router = ROUTER[d["router"]]
    x.allocation_rule = ALLOCATION_RULE[d["allocation_rule"]]
    x.interval_ns = d["interval_ns"]
    x.tracking_band_ppm = d["tracking_band_ppm"]
    x.min_slice_qty = d["min_slice_qty"]
    x.max_slice_ppm = d["max_slice_ppm"]
    x.participation_ppm = d["participation_ppm"]
    x.horizon_high_ns = d["horizon_high_ns"]
    x.horizon_normal_ns = d["horizon_normal_ns"]
    x.risk_aversion_e12 = d["risk_aversion_e12"]
    x.send_within_ns = d["send_within_ns"]
    x.set_by = d["set_by"]
    x.set_ns = d["set_ns"]
    x.px_band_ppm = d["px_band_ppm"]
    x.rate_window_ns = d["rate_window_ns"]
    x.parent_routes_max = d["parent_routes_max"]
    x.venue_routes_max = d["venue_routes_max"]
    x.client_orders_max = d["client_orders_max"]
    x.client_changes_max = d["client_changes_max"]
    x.fruitless_max = d["fruitless_max"]
    x.progress_ppm = d["progress_ppm"]
    x.on_halt = HALT_ACTION[d["on_halt"]]
    x.ack_within_ns = d["ack_within_ns"]
    x.asks_max = d["asks_max"]
    x.impossible_px_times = d["impossible_px_times"]
    x.quote_band_ppm = d["quote_band_ppm"]
    x.quote_band_spreads = d["quote_band_spreads"]
    x.quote_band_growth_ppm = d["quote_band_growth_ppm"]
    x.quote_alone_ns = d["quote_alone_ns"]
    x.tape_silent_ns = d["tape_silent_ns"]
    x.signed_topics = tuple(d["signed_topics"])
    x.on_corporate_action = CORPORATE_ACTION_POLICY[d["on_corporate_action"]]
    x.linger_ns = d["linger_ns"]
    x.patience_ns = d["patience_ns"]
    x.__class__ = e.PolicySet
    found: e.PolicySet = x
    return found


_ChildRouted = twin(e.ChildRouted)


def from_child_routed(d: Avro) -> e.ChildRouted:
    x = _ChildRouted()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.slice_id = d["slice_id"]
    x.parent_id = d["parent_id"]
    x.instrument_id = d["instrument_id"]
    x.side = SIDE[d["side"]]
    x.venue = d["venue"]
    x.child_qty = d["child_qty"]
    x.child_type = CHILD_TYPE[d["child_type"]]
    x.limit_px = d["limit_px"]
    x.time_in_force = CHILD_TIME_IN_FORCE[d["time_in_force"]]
    x.min_qty = d["min_qty"]
    x.send_before_ns = d["send_before_ns"]
    x.bid_px = d["bid_px"]
    x.ask_px = d["ask_px"]
    x.quote_age_ns = d["quote_age_ns"]
    x.venue_qty = d["venue_qty"]
    x.scorecard_version = d["scorecard_version"]
    x.score_millibps = d["score_millibps"]
    x.runners_up = tuple([from_candidate(y) for y in d["runners_up"]])
    x.rejected_by_reason = tuple([from_route_reason_count(y) for y in d["rejected_by_reason"]])
    x.reference_px = d["reference_px"]
    x.client_ids = tuple(d["client_ids"])
    x.sale_marking = SALE_MARKING[d["sale_marking"]]
    x.settl_date = d["settl_date"]
    x.good_px = d["good_px"]
    x.band_px = d["band_px"]
    x.cell = d["cell"]
    x.fill_ppm = d["fill_ppm"]
    x.fill_within_ns = d["fill_within_ns"]
    x.ends_filled_ppm = d["ends_filled_ppm"]
    x.left_qty = d["left_qty"]
    x.wanted_qty = d["wanted_qty"]
    x.claims = tuple([from_claim(y) for y in d["claims"]])
    x.tactic = d["tactic"]
    x.filled_millibps = d["filled_millibps"]
    x.adverse_millibps = d["adverse_millibps"]
    x.missed_millibps = d["missed_millibps"]
    x.tail_ppm = d["tail_ppm"]
    x.__class__ = e.ChildRouted
    found: e.ChildRouted = x
    return found


_RouteDeferred = twin(e.RouteDeferred)


def from_route_deferred(d: Avro) -> e.RouteDeferred:
    x = _RouteDeferred()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.slice_id = d["slice_id"]
    x.parent_id = d["parent_id"]
    x.unrouted_qty = d["unrouted_qty"]
    x.rejected_by_reason = tuple([from_route_reason_count(y) for y in d["rejected_by_reason"]])
    x.reference_px = d["reference_px"]
    x.wanted_px = d["wanted_px"]
    x.held_until_ns = d["held_until_ns"]
    x.__class__ = e.RouteDeferred
    found: e.RouteDeferred = x
    return found


_PolicyCarried = twin(e.PolicyCarried)


def from_policy_carried(d: Avro) -> e.PolicyCarried:
    x = _PolicyCarried()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.policy_id = d["policy_id"]
    x.window_ns = d["window_ns"]
    x.window_members = d["window_members"]
    x.window_notional_cur = d["window_notional_cur"]
    x.join_until_ppm = d["join_until_ppm"]
    x.cross_quote_age_ns = d["cross_quote_age_ns"]
    x.strategy = STRATEGY[d["strategy"]]
    x.router = ROUTER[d["router"]]
    x.allocation_rule = ALLOCATION_RULE[d["allocation_rule"]]
    x.interval_ns = d["interval_ns"]
    x.tracking_band_ppm = d["tracking_band_ppm"]
    x.min_slice_qty = d["min_slice_qty"]
    x.max_slice_ppm = d["max_slice_ppm"]
    x.participation_ppm = d["participation_ppm"]
    x.horizon_high_ns = d["horizon_high_ns"]
    x.horizon_normal_ns = d["horizon_normal_ns"]
    x.risk_aversion_e12 = d["risk_aversion_e12"]
    x.send_within_ns = d["send_within_ns"]
    x.set_by = d["set_by"]
    x.set_ns = d["set_ns"]
    x.px_band_ppm = d["px_band_ppm"]
    x.rate_window_ns = d["rate_window_ns"]
    x.parent_routes_max = d["parent_routes_max"]
    x.venue_routes_max = d["venue_routes_max"]
    x.client_orders_max = d["client_orders_max"]
    x.client_changes_max = d["client_changes_max"]
    x.fruitless_max = d["fruitless_max"]
    x.progress_ppm = d["progress_ppm"]
    x.on_halt = HALT_ACTION[d["on_halt"]]
    x.ack_within_ns = d["ack_within_ns"]
    x.asks_max = d["asks_max"]
    x.impossible_px_times = d["impossible_px_times"]
    x.quote_band_ppm = d["quote_band_ppm"]
    x.quote_band_spreads = d["quote_band_spreads"]
    x.quote_band_growth_ppm = d["quote_band_growth_ppm"]
    x.quote_alone_ns = d["quote_alone_ns"]
    x.tape_silent_ns = d["tape_silent_ns"]
    x.signed_topics = tuple(d["signed_topics"])
    x.on_corporate_action = CORPORATE_ACTION_POLICY[d["on_corporate_action"]]
    x.linger_ns = d["linger_ns"]
    x.patience_ns = d["patience_ns"]
    x.__class__ = e.PolicyCarried
    found: e.PolicyCarried = x
    return found


_MemberLeft = twin(e.MemberLeft)


def from_member_left(d: Avro) -> e.MemberLeft:
    x = _MemberLeft()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.parent_id = d["parent_id"]
    x.order_id = d["order_id"]
    x.left_qty = d["left_qty"]
    x.reason = LEAVE_REASON[d["reason"]]
    x.epoch = d["epoch"]
    x.parent_qty = d["parent_qty"]
    x.parent_limit_px = d["parent_limit_px"]
    x.tranche = d["tranche"]
    x.__class__ = e.MemberLeft
    found: e.MemberLeft = x
    return found


_ControlIgnored = twin(e.ControlIgnored)


def from_control_ignored(d: Avro) -> e.ControlIgnored:
    x = _ControlIgnored()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.control = d["control"]
    x.reason = IGNORE_REASON[d["reason"]]
    x.source = d["source"]
    x.number = d["number"]
    x.last_number = d["last_number"]
    x.day = d["day"]
    x.last_day = d["last_day"]
    x.__class__ = e.ControlIgnored
    found: e.ControlIgnored = x
    return found


_ControlNumbersCarried = twin(e.ControlNumbersCarried)


def from_control_numbers_carried(d: Avro) -> e.ControlNumbersCarried:
    x = _ControlNumbersCarried()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.numbers = tuple([from_control_number(y) for y in d["numbers"]])
    x.closed_day = d["closed_day"]
    x.__class__ = e.ControlNumbersCarried
    found: e.ControlNumbersCarried = x
    return found


_OrderSubmitted = twin(e.OrderSubmitted)


def from_order_submitted(d: Avro) -> e.OrderSubmitted:
    x = _OrderSubmitted()
    x.source = d["source"]
    x.cl_ord_id = d["cl_ord_id"]
    x.client_id = d["client_id"]
    x.instrument_id = d["instrument_id"]
    x.side = SIDE[d["side"]]
    x.order_qty = d["order_qty"]
    x.order_type = ORDER_TYPE[d["order_type"]]
    x.limit_px = d["limit_px"]
    x.time_in_force = TIME_IN_FORCE[d["time_in_force"]]
    x.urgency = URGENCY[d["urgency"]]
    x.benchmark = BENCHMARK[d["benchmark"]]
    x.start_ns = d["start_ns"]
    x.end_ns = d["end_ns"]
    x.max_participation_ppm = d["max_participation_ppm"]
    x.no_dark = d["no_dark"]
    x.excluded_venues = tuple(d["excluded_venues"])
    x.crossing_consent = d["crossing_consent"]
    x.must_complete = d["must_complete"]
    x.capacity = CAPACITY[d["capacity"]]
    x.settlement = d["settlement"]
    x.currency = d["currency"]
    x.decision_px = d["decision_px"]
    x.received_ns = d["received_ns"]
    x.account = d["account"]
    x.sale_marking = SALE_MARKING[d["sale_marking"]]
    x.locate_id = d["locate_id"]
    x.display_qty = d["display_qty"]
    x.settl_date = d["settl_date"]
    x.immediacy = IMMEDIACY[d["immediacy"]]
    x.return_on_halt = d["return_on_halt"]
    x.poss_resend = d["poss_resend"]
    x.__class__ = e.OrderSubmitted
    found: e.OrderSubmitted = x
    return found


_OrderAmendRequested = twin(e.OrderAmendRequested)


def from_order_amend_requested(d: Avro) -> e.OrderAmendRequested:
    x = _OrderAmendRequested()
    x.source = d["source"]
    x.cl_ord_id = d["cl_ord_id"]
    x.orig_cl_ord_id = d["orig_cl_ord_id"]
    x.instrument_id = d["instrument_id"]
    x.order_qty = d["order_qty"]
    x.limit_px = d["limit_px"]
    x.received_ns = d["received_ns"]
    x.order_type = None if d["order_type"] is None else ORDER_TYPE[d["order_type"]]
    x.time_in_force = None if d["time_in_force"] is None else TIME_IN_FORCE[d["time_in_force"]]
    x.end_ns = d["end_ns"]
    x.display_qty = d["display_qty"]
    x.must_complete = d["must_complete"]
    x.max_participation_ppm = d["max_participation_ppm"]
    x.client_id = d["client_id"]
    x.side = None if d["side"] is None else SIDE[d["side"]]
    x.account = d["account"]
    x.sale_marking = None if d["sale_marking"] is None else SALE_MARKING[d["sale_marking"]]
    x.settl_date = d["settl_date"]
    x.immediacy = None if d["immediacy"] is None else IMMEDIACY[d["immediacy"]]
    x.poss_resend = d["poss_resend"]
    x.__class__ = e.OrderAmendRequested
    found: e.OrderAmendRequested = x
    return found


_OrderCancelRequested = twin(e.OrderCancelRequested)


def from_order_cancel_requested(d: Avro) -> e.OrderCancelRequested:
    x = _OrderCancelRequested()
    x.source = d["source"]
    x.cl_ord_id = d["cl_ord_id"]
    x.orig_cl_ord_id = d["orig_cl_ord_id"]
    x.instrument_id = d["instrument_id"]
    x.received_ns = d["received_ns"]
    x.poss_resend = d["poss_resend"]
    x.__class__ = e.OrderCancelRequested
    found: e.OrderCancelRequested = x
    return found


_OrderAccepted = twin(e.OrderAccepted)


def from_order_accepted(d: Avro) -> e.OrderAccepted:
    x = _OrderAccepted()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.source = d["source"]
    x.cl_ord_id = d["cl_ord_id"]
    x.client_id = d["client_id"]
    x.instrument_id = d["instrument_id"]
    x.side = SIDE[d["side"]]
    x.order_qty = d["order_qty"]
    x.order_type = ORDER_TYPE[d["order_type"]]
    x.limit_px = d["limit_px"]
    x.time_in_force = TIME_IN_FORCE[d["time_in_force"]]
    x.urgency = URGENCY[d["urgency"]]
    x.benchmark = BENCHMARK[d["benchmark"]]
    x.start_ns = d["start_ns"]
    x.end_ns = d["end_ns"]
    x.max_participation_ppm = d["max_participation_ppm"]
    x.no_dark = d["no_dark"]
    x.excluded_venues = tuple(d["excluded_venues"])
    x.crossing_consent = d["crossing_consent"]
    x.must_complete = d["must_complete"]
    x.capacity = CAPACITY[d["capacity"]]
    x.settlement = d["settlement"]
    x.currency = d["currency"]
    x.decision_px = d["decision_px"]
    x.arrival_mid_px = d["arrival_mid_px"]
    x.received_ns = d["received_ns"]
    x.value_px = d["value_px"]
    x.account = d["account"]
    x.sale_marking = SALE_MARKING[d["sale_marking"]]
    x.locate_id = d["locate_id"]
    x.display_qty = d["display_qty"]
    x.settl_date = d["settl_date"]
    x.immediacy = IMMEDIACY[d["immediacy"]]
    x.return_on_halt = d["return_on_halt"]
    x.__class__ = e.OrderAccepted
    found: e.OrderAccepted = x
    return found


_OrderChangePending = twin(e.OrderChangePending)


def from_order_change_pending(d: Avro) -> e.OrderChangePending:
    x = _OrderChangePending()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.order_id = d["order_id"]
    x.cl_ord_id = d["cl_ord_id"]
    x.change = CHANGE[d["change"]]
    x.order_qty = d["order_qty"]
    x.limit_px = d["limit_px"]
    x.order_type = None if d["order_type"] is None else ORDER_TYPE[d["order_type"]]
    x.time_in_force = None if d["time_in_force"] is None else TIME_IN_FORCE[d["time_in_force"]]
    x.end_ns = d["end_ns"]
    x.display_qty = d["display_qty"]
    x.must_complete = d["must_complete"]
    x.max_participation_ppm = d["max_participation_ppm"]
    x.__class__ = e.OrderChangePending
    found: e.OrderChangePending = x
    return found


_OrderAmended = twin(e.OrderAmended)


def from_order_amended(d: Avro) -> e.OrderAmended:
    x = _OrderAmended()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.order_id = d["order_id"]
    x.cl_ord_id = d["cl_ord_id"]
    x.previous_qty = d["previous_qty"]
    x.order_qty = d["order_qty"]
    x.limit_px = d["limit_px"]
    x.order_type = None if d["order_type"] is None else ORDER_TYPE[d["order_type"]]
    x.time_in_force = None if d["time_in_force"] is None else TIME_IN_FORCE[d["time_in_force"]]
    x.end_ns = d["end_ns"]
    x.display_qty = d["display_qty"]
    x.must_complete = d["must_complete"]
    x.max_participation_ppm = d["max_participation_ppm"]
    x.__class__ = e.OrderAmended
    found: e.OrderAmended = x
    return found


_OrderCancelled = twin(e.OrderCancelled)


def from_order_cancelled(d: Avro) -> e.OrderCancelled:
    x = _OrderCancelled()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.order_id = d["order_id"]
    x.cl_ord_id = d["cl_ord_id"]
    x.withdrawn_qty = d["withdrawn_qty"]
    x.reason = WITHDRAW_REASON[d["reason"]]
    x.text = d["text"]
    x.__class__ = e.OrderCancelled
    found: e.OrderCancelled = x
    return found


_OrderExpired = twin(e.OrderExpired)


def from_order_expired(d: Avro) -> e.OrderExpired:
    x = _OrderExpired()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.order_id = d["order_id"]
    x.withdrawn_qty = d["withdrawn_qty"]
    x.reason = WITHDRAW_REASON[d["reason"]]
    x.__class__ = e.OrderExpired
    found: e.OrderExpired = x
    return found


_OrderCarried = twin(e.OrderCarried)


def from_order_carried(d: Avro) -> e.OrderCarried:
    x = _OrderCarried()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.order_id = d["order_id"]
    x.source = d["source"]
    x.cl_ord_id = d["cl_ord_id"]
    x.client_id = d["client_id"]
    x.instrument_id = d["instrument_id"]
    x.side = SIDE[d["side"]]
    x.order_qty = d["order_qty"]
    x.order_type = ORDER_TYPE[d["order_type"]]
    x.limit_px = d["limit_px"]
    x.time_in_force = TIME_IN_FORCE[d["time_in_force"]]
    x.urgency = URGENCY[d["urgency"]]
    x.benchmark = BENCHMARK[d["benchmark"]]
    x.max_participation_ppm = d["max_participation_ppm"]
    x.no_dark = d["no_dark"]
    x.excluded_venues = tuple(d["excluded_venues"])
    x.crossing_consent = d["crossing_consent"]
    x.must_complete = d["must_complete"]
    x.capacity = CAPACITY[d["capacity"]]
    x.settlement = d["settlement"]
    x.currency = d["currency"]
    x.decision_px = d["decision_px"]
    x.arrival_mid_px = d["arrival_mid_px"]
    x.received_ns = d["received_ns"]
    x.crossed_qty = d["crossed_qty"]
    x.allocated_qty = d["allocated_qty"]
    x.account = d["account"]
    x.sale_marking = SALE_MARKING[d["sale_marking"]]
    x.locate_id = d["locate_id"]
    x.display_qty = d["display_qty"]
    x.settl_date = d["settl_date"]
    x.immediacy = IMMEDIACY[d["immediacy"]]
    x.return_on_halt = d["return_on_halt"]
    x.avg_px = d["avg_px"]
    x.beyond_avg_px = d["beyond_avg_px"]
    x.memberships = tuple([from_membership(y) for y in d["memberships"]])
    x.left_out_qty = d["left_out_qty"]
    x.held_action_id = d["held_action_id"]
    x.adjusted_ns = d["adjusted_ns"]
    x.__class__ = e.OrderCarried
    found: e.OrderCarried = x
    return found


_ParentOpened = twin(e.ParentOpened)


def from_parent_opened(d: Avro) -> e.ParentOpened:
    x = _ParentOpened()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.instrument_id = d["instrument_id"]
    x.side = SIDE[d["side"]]
    x.currency = d["currency"]
    x.urgency = URGENCY[d["urgency"]]
    x.benchmark = BENCHMARK[d["benchmark"]]
    x.limit_band = d["limit_band"]
    x.capacity = CAPACITY[d["capacity"]]
    x.settlement = d["settlement"]
    x.no_dark = d["no_dark"]
    x.excluded_venues = tuple(d["excluded_venues"])
    x.must_complete = d["must_complete"]
    x.max_participation_ppm = d["max_participation_ppm"]
    x.start_ns = d["start_ns"]
    x.end_ns = d["end_ns"]
    x.window_end_ns = d["window_end_ns"]
    x.policy_id = d["policy_id"]
    x.allocation_rule = ALLOCATION_RULE[d["allocation_rule"]]
    x.first_order_id = d["first_order_id"]
    x.sale_marking = SALE_MARKING[d["sale_marking"]]
    x.display_qty = d["display_qty"]
    x.settl_date = d["settl_date"]
    x.immediacy = IMMEDIACY[d["immediacy"]]
    x.__class__ = e.ParentOpened
    found: e.ParentOpened = x
    return found


_OrderStatusReported = twin(e.OrderStatusReported)


def from_order_status_reported(d: Avro) -> e.OrderStatusReported:
    x = _OrderStatusReported()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.order_id = d["order_id"]
    x.source = d["source"]
    x.cl_ord_id = d["cl_ord_id"]
    x.ord_status = ORD_STATUS[d["ord_status"]]
    x.order_qty = d["order_qty"]
    x.limit_px = d["limit_px"]
    x.cum_qty = d["cum_qty"]
    x.leaves_qty = d["leaves_qty"]
    x.avg_px = d["avg_px"]
    x.pending_cl_ord_id = d["pending_cl_ord_id"]
    x.__class__ = e.OrderStatusReported
    found: e.OrderStatusReported = x
    return found


_MemberAmended = twin(e.MemberAmended)


def from_member_amended(d: Avro) -> e.MemberAmended:
    x = _MemberAmended()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.parent_id = d["parent_id"]
    x.order_id = d["order_id"]
    x.change_qty = d["change_qty"]
    x.epoch = d["epoch"]
    x.parent_qty = d["parent_qty"]
    x.parent_limit_px = d["parent_limit_px"]
    x.fill_id = d["fill_id"]
    x.tranche = d["tranche"]
    x.__class__ = e.MemberAmended
    found: e.MemberAmended = x
    return found


_FillAllocated = twin(e.FillAllocated)


def from_fill_allocated(d: Avro) -> e.FillAllocated:
    x = _FillAllocated()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.fill_id = d["fill_id"]
    x.parent_id = d["parent_id"]
    x.epoch = d["epoch"]
    x.last_qty = d["last_qty"]
    x.last_px = d["last_px"]
    x.order_ids = tuple(d["order_ids"])
    x.shares_qty = tuple(d["shares_qty"])
    x.error_qty = d["error_qty"]
    x.child_epoch = d["child_epoch"]
    x.other_order_ids = tuple(d["other_order_ids"])
    x.other_shares_qty = tuple(d["other_shares_qty"])
    x.__class__ = e.FillAllocated
    found: e.FillAllocated = x
    return found


_OrderReopened = twin(e.OrderReopened)


def from_order_reopened(d: Avro) -> e.OrderReopened:
    x = _OrderReopened()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.order_id = d["order_id"]
    x.fill_id = d["fill_id"]
    x.reopened_qty = d["reopened_qty"]
    x.open_qty = d["open_qty"]
    x.__class__ = e.OrderReopened
    found: e.OrderReopened = x
    return found


_OrderRestated = twin(e.OrderRestated)


def from_order_restated(d: Avro) -> e.OrderRestated:
    x = _OrderRestated()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.order_id = d["order_id"]
    x.fill_id = d["fill_id"]
    x.restated_qty = d["restated_qty"]
    x.previous_withdrawn_qty = d["previous_withdrawn_qty"]
    x.withdrawn_qty = d["withdrawn_qty"]
    x.__class__ = e.OrderRestated
    found: e.OrderRestated = x
    return found


_RiskLimitSet = twin(e.RiskLimitSet)


def from_risk_limit_set(d: Avro) -> e.RiskLimitSet:
    x = _RiskLimitSet()
    x.scope = CONTROL_SCOPE[d["scope"]]
    x.scope_id = d["scope_id"]
    x.max_order_qty = d["max_order_qty"]
    x.max_order_notional_cur = d["max_order_notional_cur"]
    x.collar_ppm = d["collar_ppm"]
    x.set_by = d["set_by"]
    x.set_ns = d["set_ns"]
    x.max_day_notional_cur = d["max_day_notional_cur"]
    x.currency = d["currency"]
    x.max_position_qty = d["max_position_qty"]
    x.__class__ = e.RiskLimitSet
    found: e.RiskLimitSet = x
    return found


_LimitAllotted = twin(e.LimitAllotted)


def from_limit_allotted(d: Avro) -> e.LimitAllotted:
    x = _LimitAllotted()
    x.scope = CONTROL_SCOPE[d["scope"]]
    x.scope_id = d["scope_id"]
    x.shard = d["shard"]
    x.allotted_notional_cur = d["allotted_notional_cur"]
    x.set_ns = d["set_ns"]
    x.limit_notional_cur = d["limit_notional_cur"]
    x.currency = d["currency"]
    x.__class__ = e.LimitAllotted
    found: e.LimitAllotted = x
    return found


_ControlApplied = twin(e.ControlApplied)


def from_control_applied(d: Avro) -> e.ControlApplied:
    x = _ControlApplied()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.control = d["control"]
    x.scope = CONTROL_SCOPE[d["scope"]]
    x.scope_id = d["scope_id"]
    x.allotted_notional_cur = d["allotted_notional_cur"]
    x.spent_notional_cur = d["spent_notional_cur"]
    x.__class__ = e.ControlApplied
    found: e.ControlApplied = x
    return found


_RiskLimitCarried = twin(e.RiskLimitCarried)


def from_risk_limit_carried(d: Avro) -> e.RiskLimitCarried:
    x = _RiskLimitCarried()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.scope = CONTROL_SCOPE[d["scope"]]
    x.scope_id = d["scope_id"]
    x.max_order_qty = d["max_order_qty"]
    x.max_order_notional_cur = d["max_order_notional_cur"]
    x.collar_ppm = d["collar_ppm"]
    x.set_by = d["set_by"]
    x.set_ns = d["set_ns"]
    x.max_day_notional_cur = d["max_day_notional_cur"]
    x.currency = d["currency"]
    x.max_position_qty = d["max_position_qty"]
    x.__class__ = e.RiskLimitCarried
    found: e.RiskLimitCarried = x
    return found


_AllotmentCarried = twin(e.AllotmentCarried)


def from_allotment_carried(d: Avro) -> e.AllotmentCarried:
    x = _AllotmentCarried()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.scope = CONTROL_SCOPE[d["scope"]]
    x.scope_id = d["scope_id"]
    x.shard = d["shard"]
    x.allotted_notional_cur = d["allotted_notional_cur"]
    x.set_ns = d["set_ns"]
    x.limit_notional_cur = d["limit_notional_cur"]
    x.currency = d["currency"]
    x.__class__ = e.AllotmentCarried
    found: e.AllotmentCarried = x
    return found


_TradeObserved = twin(e.TradeObserved)


def from_trade_observed(d: Avro) -> e.TradeObserved:
    x = _TradeObserved()
    x.venue = d["venue"]
    x.instrument_id = d["instrument_id"]
    x.last_px = d["last_px"]
    x.last_qty = d["last_qty"]
    x.eligible = d["eligible"]
    x.conditions = d["conditions"]
    x.event_ns = d["event_ns"]
    x.received_ns = d["received_ns"]
    x.trade_id = d["trade_id"]
    x.__class__ = e.TradeObserved
    found: e.TradeObserved = x
    return found


_ChildCarried = twin(e.ChildCarried)


def from_child_carried(d: Avro) -> e.ChildCarried:
    x = _ChildCarried()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.child_id = d["child_id"]
    x.parent_id = d["parent_id"]
    x.instrument_id = d["instrument_id"]
    x.side = SIDE[d["side"]]
    x.venue = d["venue"]
    x.child_qty = d["child_qty"]
    x.limit_px = d["limit_px"]
    x.epoch = d["epoch"]
    x.routed_ns = d["routed_ns"]
    x.disputed_qty = d["disputed_qty"]
    x.fills = tuple([from_carried_fill(y) for y in d["fills"]])
    x.claims = tuple([from_claim(y) for y in d["claims"]])
    x.__class__ = e.ChildCarried
    found: e.ChildCarried = x
    return found


_ErrorBooked = twin(e.ErrorBooked)


def from_error_booked(d: Avro) -> e.ErrorBooked:
    x = _ErrorBooked()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.break_id = d["break_id"]
    x.instrument_id = d["instrument_id"]
    x.error_qty = d["error_qty"]
    x.error_px = d["error_px"]
    x.set_by = d["set_by"]
    x.text = d["text"]
    x.__class__ = e.ErrorBooked
    found: e.ErrorBooked = x
    return found


_ExecutionsMissing = twin(e.ExecutionsMissing)


def from_executions_missing(d: Avro) -> e.ExecutionsMissing:
    x = _ExecutionsMissing()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.child_id = d["child_id"]
    x.parent_id = d["parent_id"]
    x.missing_qty = d["missing_qty"]
    x.leaves_qty = d["leaves_qty"]
    x.__class__ = e.ExecutionsMissing
    found: e.ExecutionsMissing = x
    return found


_ChildStatusRequested = twin(e.ChildStatusRequested)


def from_child_status_requested(d: Avro) -> e.ChildStatusRequested:
    x = _ChildStatusRequested()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.child_id = d["child_id"]
    x.parent_id = d["parent_id"]
    x.venue = d["venue"]
    x.number = d["number"]
    x.unanswered_since_ns = d["unanswered_since_ns"]
    x.__class__ = e.ChildStatusRequested
    found: e.ChildStatusRequested = x
    return found


_OrderHeld = twin(e.OrderHeld)


def from_order_held(d: Avro) -> e.OrderHeld:
    x = _OrderHeld()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.order_id = d["order_id"]
    x.client_id = d["client_id"]
    x.reason = REJECT_REASON[d["reason"]]
    x.text = d["text"]
    x.asked_notional_cur = d["asked_notional_cur"]
    x.asked_currency = d["asked_currency"]
    x.__class__ = e.OrderHeld
    found: e.OrderHeld = x
    return found


_SliceHeld = twin(e.SliceHeld)


def from_slice_held(d: Avro) -> e.SliceHeld:
    x = _SliceHeld()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.parent_id = d["parent_id"]
    x.client_id = d["client_id"]
    x.wanted_qty = d["wanted_qty"]
    x.slice_qty = d["slice_qty"]
    x.used_qty = d["used_qty"]
    x.cap_qty = d["cap_qty"]
    x.market_volume_qty = d["market_volume_qty"]
    x.max_participation_ppm = d["max_participation_ppm"]
    x.waiting_count = d["waiting_count"]
    x.__class__ = e.SliceHeld
    found: e.SliceHeld = x
    return found


_InputRejected = twin(e.InputRejected)


def from_input_rejected(d: Avro) -> e.InputRejected:
    x = _InputRejected()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.topic = d["topic"]
    x.position = d["position"]
    x.source = d["source"]
    x.reason = INPUT_REASON[d["reason"]]
    x.text = d["text"]
    x.__class__ = e.InputRejected
    found: e.InputRejected = x
    return found


_InstrumentDefined = twin(e.InstrumentDefined)


def from_instrument_defined(d: Avro) -> e.InstrumentDefined:
    x = _InstrumentDefined()
    x.instrument_id = d["instrument_id"]
    x.symbol = d["symbol"]
    x.currency = d["currency"]
    x.lot_qty = d["lot_qty"]
    x.adv_qty = d["adv_qty"]
    x.daily_volatility_ppm = d["daily_volatility_ppm"]
    x.effective_day = d["effective_day"]
    x.previous_close_px = d["previous_close_px"]
    x.calendar_id = d["calendar_id"]
    x.__class__ = e.InstrumentDefined
    found: e.InstrumentDefined = x
    return found


_OrdersCrossed = twin(e.OrdersCrossed)


def from_orders_crossed(d: Avro) -> e.OrdersCrossed:
    x = _OrdersCrossed()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.buy_parent_id = d["buy_parent_id"]
    x.sell_parent_id = d["sell_parent_id"]
    x.cross_qty = d["cross_qty"]
    x.cross_px = d["cross_px"]
    x.bid_px = d["bid_px"]
    x.bid_venue = d["bid_venue"]
    x.ask_px = d["ask_px"]
    x.ask_venue = d["ask_venue"]
    x.quote_age_ns = d["quote_age_ns"]
    x.buy_consenting_qty = d["buy_consenting_qty"]
    x.sell_consenting_qty = d["sell_consenting_qty"]
    x.excluded_clients = tuple(d["excluded_clients"])
    x.good_px = d["good_px"]
    x.band_px = d["band_px"]
    x.__class__ = e.OrdersCrossed
    found: e.OrdersCrossed = x
    return found


_InstrumentCarried = twin(e.InstrumentCarried)


def from_instrument_carried(d: Avro) -> e.InstrumentCarried:
    x = _InstrumentCarried()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.instrument_id = d["instrument_id"]
    x.symbol = d["symbol"]
    x.currency = d["currency"]
    x.lot_qty = d["lot_qty"]
    x.adv_qty = d["adv_qty"]
    x.daily_volatility_ppm = d["daily_volatility_ppm"]
    x.effective_day = d["effective_day"]
    x.previous_close_px = d["previous_close_px"]
    x.calendar_id = d["calendar_id"]
    x.__class__ = e.InstrumentCarried
    found: e.InstrumentCarried = x
    return found


_WriterKeySet = twin(e.WriterKeySet)


def from_writer_key_set(d: Avro) -> e.WriterKeySet:
    x = _WriterKeySet()
    x.writer = d["writer"]
    x.topics = tuple(d["topics"])
    x.public_key = d["public_key"]
    x.from_day = d["from_day"]
    x.revoked = d["revoked"]
    x.set_by = d["set_by"]
    x.set_ns = d["set_ns"]
    x.__class__ = e.WriterKeySet
    found: e.WriterKeySet = x
    return found


_WriterKeyCarried = twin(e.WriterKeyCarried)


def from_writer_key_carried(d: Avro) -> e.WriterKeyCarried:
    x = _WriterKeyCarried()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.writer = d["writer"]
    x.topics = tuple(d["topics"])
    x.public_key = d["public_key"]
    x.from_day = d["from_day"]
    x.revoked = d["revoked"]
    x.set_by = d["set_by"]
    x.set_ns = d["set_ns"]
    x.__class__ = e.WriterKeyCarried
    found: e.WriterKeyCarried = x
    return found


_CalendarDefined = twin(e.CalendarDefined)


def from_calendar_defined(d: Avro) -> e.CalendarDefined:
    x = _CalendarDefined()
    x.calendar_id = d["calendar_id"]
    x.time_zone = d["time_zone"]
    x.day = d["day"]
    x.open_ns = d["open_ns"]
    x.close_ns = d["close_ns"]
    x.effective_day = d["effective_day"]
    x.sessions = tuple([from_trading_session(y) for y in d["sessions"]])
    x.__class__ = e.CalendarDefined
    found: e.CalendarDefined = x
    return found


_InstrumentHalted = twin(e.InstrumentHalted)


def from_instrument_halted(d: Avro) -> e.InstrumentHalted:
    x = _InstrumentHalted()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.instrument_id = d["instrument_id"]
    x.reason = HALT_REASON[d["reason"]]
    x.text = d["text"]
    x.__class__ = e.InstrumentHalted
    found: e.InstrumentHalted = x
    return found


_CalendarCarried = twin(e.CalendarCarried)


def from_calendar_carried(d: Avro) -> e.CalendarCarried:
    x = _CalendarCarried()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.calendar_id = d["calendar_id"]
    x.time_zone = d["time_zone"]
    x.day = d["day"]
    x.open_ns = d["open_ns"]
    x.close_ns = d["close_ns"]
    x.effective_day = d["effective_day"]
    x.sessions = tuple([from_trading_session(y) for y in d["sessions"]])
    x.__class__ = e.CalendarCarried
    found: e.CalendarCarried = x
    return found


_CorporateActionApplied = twin(e.CorporateActionApplied)


def from_corporate_action_applied(d: Avro) -> e.CorporateActionApplied:
    x = _CorporateActionApplied()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.order_id = d["order_id"]
    x.client_id = d["client_id"]
    x.action_id = d["action_id"]
    x.instrument_id = d["instrument_id"]
    x.kind = CORPORATE_ACTION_KIND[d["kind"]]
    x.handling = CORPORATE_ACTION_POLICY[d["handling"]]
    x.new_qty = d["new_qty"]
    x.old_qty = d["old_qty"]
    x.previous_qty = d["previous_qty"]
    x.open_qty = d["open_qty"]
    x.previous_px = d["previous_px"]
    x.limit_px = d["limit_px"]
    x.text = d["text"]
    x.__class__ = e.CorporateActionApplied
    found: e.CorporateActionApplied = x
    return found


_CorporateActionCarried = twin(e.CorporateActionCarried)


def from_corporate_action_carried(d: Avro) -> e.CorporateActionCarried:
    x = _CorporateActionCarried()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.action_id = d["action_id"]
    x.instrument_id = d["instrument_id"]
    x.kind = CORPORATE_ACTION_KIND[d["kind"]]
    x.new_qty = d["new_qty"]
    x.old_qty = d["old_qty"]
    x.text = d["text"]
    x.effective_day = d["effective_day"]
    x.__class__ = e.CorporateActionCarried
    found: e.CorporateActionCarried = x
    return found


_CorporateActionDefined = twin(e.CorporateActionDefined)


def from_corporate_action_defined(d: Avro) -> e.CorporateActionDefined:
    x = _CorporateActionDefined()
    x.action_id = d["action_id"]
    x.instrument_id = d["instrument_id"]
    x.kind = CORPORATE_ACTION_KIND[d["kind"]]
    x.new_qty = d["new_qty"]
    x.old_qty = d["old_qty"]
    x.text = d["text"]
    x.effective_day = d["effective_day"]
    x.__class__ = e.CorporateActionDefined
    found: e.CorporateActionDefined = x
    return found


_ParentPaused = twin(e.ParentPaused)


def from_parent_paused(d: Avro) -> e.ParentPaused:
    x = _ParentPaused()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.parent_id = d["parent_id"]
    x.reason = PAUSE_REASON[d["reason"]]
    x.until_ns = d["until_ns"]
    x.parent_qty = d["parent_qty"]
    x.__class__ = e.ParentPaused
    found: e.ParentPaused = x
    return found


_FeeScheduleDefined = twin(e.FeeScheduleDefined)


def from_fee_schedule_defined(d: Avro) -> e.FeeScheduleDefined:
    x = _FeeScheduleDefined()
    x.venue = d["venue"]
    x.taker_fee_px = d["taker_fee_px"]
    x.maker_fee_px = d["maker_fee_px"]
    x.midpoint_fee_px = d["midpoint_fee_px"]
    x.effective_day = d["effective_day"]
    x.taker_fee_ppm = d["taker_fee_ppm"]
    x.maker_fee_ppm = d["maker_fee_ppm"]
    x.midpoint_fee_ppm = d["midpoint_fee_ppm"]
    x.__class__ = e.FeeScheduleDefined
    found: e.FeeScheduleDefined = x
    return found


_FeeScheduleCarried = twin(e.FeeScheduleCarried)


def from_fee_schedule_carried(d: Avro) -> e.FeeScheduleCarried:
    x = _FeeScheduleCarried()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.venue = d["venue"]
    x.taker_fee_px = d["taker_fee_px"]
    x.maker_fee_px = d["maker_fee_px"]
    x.midpoint_fee_px = d["midpoint_fee_px"]
    x.effective_day = d["effective_day"]
    x.taker_fee_ppm = d["taker_fee_ppm"]
    x.maker_fee_ppm = d["maker_fee_ppm"]
    x.midpoint_fee_ppm = d["midpoint_fee_ppm"]
    x.__class__ = e.FeeScheduleCarried
    found: e.FeeScheduleCarried = x
    return found


_VolumeCurveDefined = twin(e.VolumeCurveDefined)


def from_volume_curve_defined(d: Avro) -> e.VolumeCurveDefined:
    x = _VolumeCurveDefined()
    x.instrument_id = d["instrument_id"]
    x.edges_ns = tuple(d["edges_ns"])
    x.volumes_qty = tuple(d["volumes_qty"])
    x.effective_day = d["effective_day"]
    x.observed_days = tuple(d["observed_days"])
    x.errors_ppm = tuple(d["errors_ppm"])
    x.__class__ = e.VolumeCurveDefined
    found: e.VolumeCurveDefined = x
    return found


_VolumeCurveCarried = twin(e.VolumeCurveCarried)


def from_volume_curve_carried(d: Avro) -> e.VolumeCurveCarried:
    x = _VolumeCurveCarried()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.instrument_id = d["instrument_id"]
    x.edges_ns = tuple(d["edges_ns"])
    x.volumes_qty = tuple(d["volumes_qty"])
    x.effective_day = d["effective_day"]
    x.observed_days = tuple(d["observed_days"])
    x.errors_ppm = tuple(d["errors_ppm"])
    x.__class__ = e.VolumeCurveCarried
    found: e.VolumeCurveCarried = x
    return found


_ScorecardUpdated = twin(e.ScorecardUpdated)


def from_scorecard_updated(d: Avro) -> e.ScorecardUpdated:
    x = _ScorecardUpdated()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.venue = d["venue"]
    x.version = d["version"]
    x.samples = d["samples"]
    x.fill_ppm = d["fill_ppm"]
    x.speed_ns = d["speed_ns"]
    x.cost_millibps = d["cost_millibps"]
    x.take_samples = d["take_samples"]
    x.kind = VENUE_KIND[d["kind"]]
    x.cells = tuple([from_scorecard_cell(y) for y in d["cells"]])
    x.markouts = tuple([from_scorecard_markout(y) for y in d["markouts"]])
    x.acks_milli = d["acks_milli"]
    x.acks_ns = d["acks_ns"]
    x.takes_milli = d["takes_milli"]
    x.takes_ns = d["takes_ns"]
    x.sizes = tuple([from_scorecard_size(y) for y in d["sizes"]])
    x.__class__ = e.ScorecardUpdated
    found: e.ScorecardUpdated = x
    return found


_ScorecardCarried = twin(e.ScorecardCarried)


def from_scorecard_carried(d: Avro) -> e.ScorecardCarried:
    x = _ScorecardCarried()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.venue = d["venue"]
    x.version = d["version"]
    x.samples = d["samples"]
    x.fill_ppm = d["fill_ppm"]
    x.speed_ns = d["speed_ns"]
    x.cost_millibps = d["cost_millibps"]
    x.take_samples = d["take_samples"]
    x.kind = VENUE_KIND[d["kind"]]
    x.cells = tuple([from_scorecard_cell(y) for y in d["cells"]])
    x.markouts = tuple([from_scorecard_markout(y) for y in d["markouts"]])
    x.acks_milli = d["acks_milli"]
    x.acks_ns = d["acks_ns"]
    x.takes_milli = d["takes_milli"]
    x.takes_ns = d["takes_ns"]
    x.sizes = tuple([from_scorecard_size(y) for y in d["sizes"]])
    x.__class__ = e.ScorecardCarried
    found: e.ScorecardCarried = x
    return found


_SliceReleased = twin(e.SliceReleased)


def from_slice_released(d: Avro) -> e.SliceReleased:
    x = _SliceReleased()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.parent_id = d["parent_id"]
    x.slice_qty = d["slice_qty"]
    x.style = STYLE[d["style"]]
    x.router = ROUTER[d["router"]]
    x.limit_px = d["limit_px"]
    x.target_qty = d["target_qty"]
    x.done_qty = d["done_qty"]
    x.open_qty = d["open_qty"]
    x.parent_qty = d["parent_qty"]
    x.market_volume_qty = d["market_volume_qty"]
    x.policy_id = d["policy_id"]
    x.lower_qty = d["lower_qty"]
    x.upper_qty = d["upper_qty"]
    x.claims = tuple([from_claim(y) for y in d["claims"]])
    x.recalibration_id = d["recalibration_id"]
    x.wait_ns = d["wait_ns"]
    x.window_volume_qty = d["window_volume_qty"]
    x.day_volume_qty = d["day_volume_qty"]
    x.day_share_e9 = d["day_share_e9"]
    x.__class__ = e.SliceReleased
    found: e.SliceReleased = x
    return found


_MemberJoined = twin(e.MemberJoined)


def from_member_joined(d: Avro) -> e.MemberJoined:
    x = _MemberJoined()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.parent_id = d["parent_id"]
    x.order_id = d["order_id"]
    x.member_qty = d["member_qty"]
    x.epoch = d["epoch"]
    x.parent_qty = d["parent_qty"]
    x.parent_limit_px = d["parent_limit_px"]
    x.tranche = d["tranche"]
    x.__class__ = e.MemberJoined
    found: e.MemberJoined = x
    return found


_PlanAdopted = twin(e.PlanAdopted)


def from_plan_adopted(d: Avro) -> e.PlanAdopted:
    x = _PlanAdopted()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.parent_id = d["parent_id"]
    x.strategy = STRATEGY[d["strategy"]]
    x.router = ROUTER[d["router"]]
    x.reason = PLAN_REASON[d["reason"]]
    x.revision = d["revision"]
    x.start_ns = d["start_ns"]
    x.end_ns = d["end_ns"]
    x.interval_ns = d["interval_ns"]
    x.plan_qty = d["plan_qty"]
    x.base_qty = d["base_qty"]
    x.carry_qty = d["carry_qty"]
    x.base_volume_qty = d["base_volume_qty"]
    x.participation_ppm = d["participation_ppm"]
    x.max_participation_ppm = d["max_participation_ppm"]
    x.aggressiveness_ppm = d["aggressiveness_ppm"]
    x.kappa_e9 = d["kappa_e9"]
    x.tracking_band_qty = d["tracking_band_qty"]
    x.adv_qty = d["adv_qty"]
    x.horizon_volume_qty = d["horizon_volume_qty"]
    x.size_to_volume_ppm = d["size_to_volume_ppm"]
    x.daily_volatility_ppm = d["daily_volatility_ppm"]
    x.spread_px = d["spread_px"]
    x.expected_cost_millibps = d["expected_cost_millibps"]
    x.cost_risk_millibps = d["cost_risk_millibps"]
    x.tranches = tuple([from_tranche_plan(y) for y in d["tranches"]])
    x.__class__ = e.PlanAdopted
    found: e.PlanAdopted = x
    return found


_TrancheOpened = twin(e.TrancheOpened)


def from_tranche_opened(d: Avro) -> e.TrancheOpened:
    x = _TrancheOpened()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.parent_id = d["parent_id"]
    x.tranche = d["tranche"]
    x.limit_band = d["limit_band"]
    x.no_dark = d["no_dark"]
    x.excluded_venues = tuple(d["excluded_venues"])
    x.must_complete = d["must_complete"]
    x.max_participation_ppm = d["max_participation_ppm"]
    x.start_ns = d["start_ns"]
    x.end_ns = d["end_ns"]
    x.window_end_ns = d["window_end_ns"]
    x.display_qty = d["display_qty"]
    x.first_order_id = d["first_order_id"]
    x.benchmark = None if d["benchmark"] is None else BENCHMARK[d["benchmark"]]
    x.__class__ = e.TrancheOpened
    found: e.TrancheOpened = x
    return found


_ScheduleRecalibrated = twin(e.ScheduleRecalibrated)


def from_schedule_recalibrated(d: Avro) -> e.ScheduleRecalibrated:
    x = _ScheduleRecalibrated()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.parent_id = d["parent_id"]
    x.reason = RECALIBRATION_REASON[d["reason"]]
    x.done_qty = d["done_qty"]
    x.open_qty = d["open_qty"]
    x.target_qty = d["target_qty"]
    x.parent_qty = d["parent_qty"]
    x.market_volume_qty = d["market_volume_qty"]
    x.avg_px = d["avg_px"]
    x.benchmark_px = d["benchmark_px"]
    x.slippage_millibps = d["slippage_millibps"]
    x.aggressiveness_ppm = d["aggressiveness_ppm"]
    x.next_slice = NEXT_SLICE[d["next_slice"]]
    x.wait_ns = d["wait_ns"]
    x.__class__ = e.ScheduleRecalibrated
    found: e.ScheduleRecalibrated = x
    return found


_ParentReleased = twin(e.ParentReleased)


def from_parent_released(d: Avro) -> e.ParentReleased:
    x = _ParentReleased()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.parent_id = d["parent_id"]
    x.reason = RELEASE_REASON[d["reason"]]
    x.release_qty = d["release_qty"]
    x.crossed_qty = d["crossed_qty"]
    x.member_count = d["member_count"]
    x.arrival_mid_px = d["arrival_mid_px"]
    x.market_volume_qty = d["market_volume_qty"]
    x.__class__ = e.ParentReleased
    found: e.ParentReleased = x
    return found


_ParentInstructed = twin(e.ParentInstructed)


def from_parent_instructed(d: Avro) -> e.ParentInstructed:
    x = _ParentInstructed()
    x.parent_id = d["parent_id"]
    x.action = PARENT_ACTION[d["action"]]
    x.urgency = None if d["urgency"] is None else URGENCY[d["urgency"]]
    x.venue = d["venue"]
    x.set_by = d["set_by"]
    x.text = d["text"]
    x.set_ns = d["set_ns"]
    x.__class__ = e.ParentInstructed
    found: e.ParentInstructed = x
    return found


_InstructionAdopted = twin(e.InstructionAdopted)


def from_instruction_adopted(d: Avro) -> e.InstructionAdopted:
    x = _InstructionAdopted()
    x.seq = d["seq"]
    x.at_ns = d["at_ns"]
    x.cause = d["cause"]
    x.parent_id = d["parent_id"]
    x.instrument_id = d["instrument_id"]
    x.action = PARENT_ACTION[d["action"]]
    x.venue = d["venue"]
    x.pace = PACE[d["pace"]]
    x.urgency = None if d["urgency"] is None else URGENCY[d["urgency"]]
    x.excluded_venues = tuple(d["excluded_venues"])
    x.parent_qty = d["parent_qty"]
    x.exposure_qty = d["exposure_qty"]
    x.set_by = d["set_by"]
    x.text = d["text"]
    x.__class__ = e.InstructionAdopted
    found: e.InstructionAdopted = x
    return found


TO_TEXT: Final[dict[type, Callable[[Any], str]]] = {
    e.QuoteObserved: text_of_quote_observed,
    e.DepthObserved: text_of_depth_observed,
    e.VenueStatusObserved: text_of_venue_status_observed,
    e.SendStarted: text_of_send_started,
    e.NotSent: text_of_not_sent,
    e.CancelRejected: text_of_cancel_rejected,
    e.SessionStatusObserved: text_of_session_status_observed,
    e.KillSwitchSet: text_of_kill_switch_set,
    e.MandateSet: text_of_mandate_set,
    e.RestrictionSet: text_of_restriction_set,
    e.InstrumentHaltSet: text_of_instrument_halt_set,
    e.SuspensionLifted: text_of_suspension_lifted,
    e.DayOpened: text_of_day_opened,
    e.DayClosed: text_of_day_closed,
    e.TickTableDefined: text_of_tick_table_defined,
    e.VenueDefined: text_of_venue_defined,
    e.ConfigurationAdopted: text_of_configuration_adopted,
    e.SuspensionSet: text_of_suspension_set,
    e.SuspensionEnded: text_of_suspension_ended,
    e.ParentEnded: text_of_parent_ended,
    e.ChildAcknowledged: text_of_child_acknowledged,
    e.FillBusted: text_of_fill_busted,
    e.FillCorrected: text_of_fill_corrected,
    e.ChildClosed: text_of_child_closed,
    e.ChildFateUnknown: text_of_child_fate_unknown,
    e.CancelFailed: text_of_cancel_failed,
    e.CrossAllocated: text_of_cross_allocated,
    e.FillReallocated: text_of_fill_reallocated,
    e.ParentReconciled: text_of_parent_reconciled,
    e.BatchSealed: text_of_batch_sealed,
    e.OrderResumed: text_of_order_resumed,
    e.VenueStatusCarried: text_of_venue_status_carried,
    e.TickTableCarried: text_of_tick_table_carried,
    e.VenueCarried: text_of_venue_carried,
    e.KillSwitchCarried: text_of_kill_switch_carried,
    e.MandateCarried: text_of_mandate_carried,
    e.RestrictionCarried: text_of_restriction_carried,
    e.PositionsCarried: text_of_positions_carried,
    e.LogContinued: text_of_log_continued,
    e.ChildCancelRequested: text_of_child_cancel_requested,
    e.OrderRejected: text_of_order_rejected,
    e.OrderChangeRejected: text_of_order_change_rejected,
    e.ExecutionReported: text_of_execution_reported,
    e.FillBooked: text_of_fill_booked,
    e.BreakFlagged: text_of_break_flagged,
    e.BreakCarried: text_of_break_carried,
    e.BreakSettled: text_of_break_settled,
    e.BreakClosed: text_of_break_closed,
    e.ChildDoubted: text_of_child_doubted,
    e.PolicySet: text_of_policy_set,
    e.ChildRouted: text_of_child_routed,
    e.RouteDeferred: text_of_route_deferred,
    e.PolicyCarried: text_of_policy_carried,
    e.MemberLeft: text_of_member_left,
    e.ControlIgnored: text_of_control_ignored,
    e.ControlNumbersCarried: text_of_control_numbers_carried,
    e.OrderSubmitted: text_of_order_submitted,
    e.OrderAmendRequested: text_of_order_amend_requested,
    e.OrderCancelRequested: text_of_order_cancel_requested,
    e.OrderAccepted: text_of_order_accepted,
    e.OrderChangePending: text_of_order_change_pending,
    e.OrderAmended: text_of_order_amended,
    e.OrderCancelled: text_of_order_cancelled,
    e.OrderExpired: text_of_order_expired,
    e.OrderCarried: text_of_order_carried,
    e.ParentOpened: text_of_parent_opened,
    e.OrderStatusReported: text_of_order_status_reported,
    e.MemberAmended: text_of_member_amended,
    e.FillAllocated: text_of_fill_allocated,
    e.OrderReopened: text_of_order_reopened,
    e.OrderRestated: text_of_order_restated,
    e.RiskLimitSet: text_of_risk_limit_set,
    e.LimitAllotted: text_of_limit_allotted,
    e.ControlApplied: text_of_control_applied,
    e.RiskLimitCarried: text_of_risk_limit_carried,
    e.AllotmentCarried: text_of_allotment_carried,
    e.TradeObserved: text_of_trade_observed,
    e.ChildCarried: text_of_child_carried,
    e.ErrorBooked: text_of_error_booked,
    e.ExecutionsMissing: text_of_executions_missing,
    e.ChildStatusRequested: text_of_child_status_requested,
    e.OrderHeld: text_of_order_held,
    e.SliceHeld: text_of_slice_held,
    e.InputRejected: text_of_input_rejected,
    e.InstrumentDefined: text_of_instrument_defined,
    e.OrdersCrossed: text_of_orders_crossed,
    e.InstrumentCarried: text_of_instrument_carried,
    e.WriterKeySet: text_of_writer_key_set,
    e.WriterKeyCarried: text_of_writer_key_carried,
    e.CalendarDefined: text_of_calendar_defined,
    e.InstrumentHalted: text_of_instrument_halted,
    e.CalendarCarried: text_of_calendar_carried,
    e.CorporateActionApplied: text_of_corporate_action_applied,
    e.CorporateActionCarried: text_of_corporate_action_carried,
    e.CorporateActionDefined: text_of_corporate_action_defined,
    e.ParentPaused: text_of_parent_paused,
    e.FeeScheduleDefined: text_of_fee_schedule_defined,
    e.FeeScheduleCarried: text_of_fee_schedule_carried,
    e.VolumeCurveDefined: text_of_volume_curve_defined,
    e.VolumeCurveCarried: text_of_volume_curve_carried,
    e.ScorecardUpdated: text_of_scorecard_updated,
    e.ScorecardCarried: text_of_scorecard_carried,
    e.SliceReleased: text_of_slice_released,
    e.MemberJoined: text_of_member_joined,
    e.PlanAdopted: text_of_plan_adopted,
    e.TrancheOpened: text_of_tranche_opened,
    e.ScheduleRecalibrated: text_of_schedule_recalibrated,
    e.ParentReleased: text_of_parent_released,
    e.ParentInstructed: text_of_parent_instructed,
    e.InstructionAdopted: text_of_instruction_adopted,
}


FROM_AVRO: Final[dict[type, Callable[[Avro], Any]]] = {
    e.QuoteObserved: from_quote_observed,
    e.DepthObserved: from_depth_observed,
    e.VenueStatusObserved: from_venue_status_observed,
    e.SendStarted: from_send_started,
    e.NotSent: from_not_sent,
    e.CancelRejected: from_cancel_rejected,
    e.SessionStatusObserved: from_session_status_observed,
    e.KillSwitchSet: from_kill_switch_set,
    e.MandateSet: from_mandate_set,
    e.RestrictionSet: from_restriction_set,
    e.InstrumentHaltSet: from_instrument_halt_set,
    e.SuspensionLifted: from_suspension_lifted,
    e.DayOpened: from_day_opened,
    e.DayClosed: from_day_closed,
    e.TickTableDefined: from_tick_table_defined,
    e.VenueDefined: from_venue_defined,
    e.ConfigurationAdopted: from_configuration_adopted,
    e.SuspensionSet: from_suspension_set,
    e.SuspensionEnded: from_suspension_ended,
    e.ParentEnded: from_parent_ended,
    e.ChildAcknowledged: from_child_acknowledged,
    e.FillBusted: from_fill_busted,
    e.FillCorrected: from_fill_corrected,
    e.ChildClosed: from_child_closed,
    e.ChildFateUnknown: from_child_fate_unknown,
    e.CancelFailed: from_cancel_failed,
    e.CrossAllocated: from_cross_allocated,
    e.FillReallocated: from_fill_reallocated,
    e.ParentReconciled: from_parent_reconciled,
    e.BatchSealed: from_batch_sealed,
    e.OrderResumed: from_order_resumed,
    e.VenueStatusCarried: from_venue_status_carried,
    e.TickTableCarried: from_tick_table_carried,
    e.VenueCarried: from_venue_carried,
    e.KillSwitchCarried: from_kill_switch_carried,
    e.MandateCarried: from_mandate_carried,
    e.RestrictionCarried: from_restriction_carried,
    e.PositionsCarried: from_positions_carried,
    e.LogContinued: from_log_continued,
    e.ChildCancelRequested: from_child_cancel_requested,
    e.OrderRejected: from_order_rejected,
    e.OrderChangeRejected: from_order_change_rejected,
    e.ExecutionReported: from_execution_reported,
    e.FillBooked: from_fill_booked,
    e.BreakFlagged: from_break_flagged,
    e.BreakCarried: from_break_carried,
    e.BreakSettled: from_break_settled,
    e.BreakClosed: from_break_closed,
    e.ChildDoubted: from_child_doubted,
    e.PolicySet: from_policy_set,
    e.ChildRouted: from_child_routed,
    e.RouteDeferred: from_route_deferred,
    e.PolicyCarried: from_policy_carried,
    e.MemberLeft: from_member_left,
    e.ControlIgnored: from_control_ignored,
    e.ControlNumbersCarried: from_control_numbers_carried,
    e.OrderSubmitted: from_order_submitted,
    e.OrderAmendRequested: from_order_amend_requested,
    e.OrderCancelRequested: from_order_cancel_requested,
    e.OrderAccepted: from_order_accepted,
    e.OrderChangePending: from_order_change_pending,
    e.OrderAmended: from_order_amended,
    e.OrderCancelled: from_order_cancelled,
    e.OrderExpired: from_order_expired,
    e.OrderCarried: from_order_carried,
    e.ParentOpened: from_parent_opened,
    e.OrderStatusReported: from_order_status_reported,
    e.MemberAmended: from_member_amended,
    e.FillAllocated: from_fill_allocated,
    e.OrderReopened: from_order_reopened,
    e.OrderRestated: from_order_restated,
    e.RiskLimitSet: from_risk_limit_set,
    e.LimitAllotted: from_limit_allotted,
    e.ControlApplied: from_control_applied,
    e.RiskLimitCarried: from_risk_limit_carried,
    e.AllotmentCarried: from_allotment_carried,
    e.TradeObserved: from_trade_observed,
    e.ChildCarried: from_child_carried,
    e.ErrorBooked: from_error_booked,
    e.ExecutionsMissing: from_executions_missing,
    e.ChildStatusRequested: from_child_status_requested,
    e.OrderHeld: from_order_held,
    e.SliceHeld: from_slice_held,
    e.InputRejected: from_input_rejected,
    e.InstrumentDefined: from_instrument_defined,
    e.OrdersCrossed: from_orders_crossed,
    e.InstrumentCarried: from_instrument_carried,
    e.WriterKeySet: from_writer_key_set,
    e.WriterKeyCarried: from_writer_key_carried,
    e.CalendarDefined: from_calendar_defined,
    e.InstrumentHalted: from_instrument_halted,
    e.CalendarCarried: from_calendar_carried,
    e.CorporateActionApplied: from_corporate_action_applied,
    e.CorporateActionCarried: from_corporate_action_carried,
    e.CorporateActionDefined: from_corporate_action_defined,
    e.ParentPaused: from_parent_paused,
    e.FeeScheduleDefined: from_fee_schedule_defined,
    e.FeeScheduleCarried: from_fee_schedule_carried,
    e.VolumeCurveDefined: from_volume_curve_defined,
    e.VolumeCurveCarried: from_volume_curve_carried,
    e.ScorecardUpdated: from_scorecard_updated,
    e.ScorecardCarried: from_scorecard_carried,
    e.SliceReleased: from_slice_released,
    e.MemberJoined: from_member_joined,
    e.PlanAdopted: from_plan_adopted,
    e.TrancheOpened: from_tranche_opened,
    e.ScheduleRecalibrated: from_schedule_recalibrated,
    e.ParentReleased: from_parent_released,
    e.ParentInstructed: from_parent_instructed,
    e.InstructionAdopted: from_instruction_adopted,
}
