"""GENERATED from schemas/*.avsc by `python -m schemas --write`; edit the schemas.

Conversions between events and the dicts that an Avro library reads and writes, spelled
out because a generic walk costs several times as much for each event.
"""

# mypy: disable-error-code=no-any-return
from collections.abc import Callable
from typing import Any, Final

from engine.core import events as e

Avro = dict[str, Any]


def to_level(x: e.Level) -> Avro:
    return {
        "px": x.px,
        "level_qty": x.level_qty,
    }


def to_tick_band(x: e.TickBand) -> Avro:
    return {
        "from_px": x.from_px,
        "tick_px": x.tick_px,
    }


def to_candidate(x: e.Candidate) -> Avro:
    return {
        "venue": x.venue,
        "score_millibps": x.score_millibps,
    }


def to_route_reason_count(x: e.RouteReasonCount) -> Avro:
    return {
        "reason": x.reason,
        "venue_count": x.venue_count,
    }


def to_share(x: e.Share) -> Avro:
    return {
        "order_id": x.order_id,
        "share_qty": x.share_qty,
    }


def to_member_result(x: e.MemberResult) -> Avro:
    return {
        "order_id": x.order_id,
        "member_qty": x.member_qty,
        "crossed_qty": x.crossed_qty,
        "allocated_qty": x.allocated_qty,
        "left_qty": x.left_qty,
    }


def to_input_range(x: e.InputRange) -> Avro:
    return {
        "topic": x.topic,
        "first_position": x.first_position,
        "next_position": x.next_position,
        "digest": x.digest,
    }


def to_output_digest(x: e.OutputDigest) -> Avro:
    return {
        "topic": x.topic,
        "record_count": x.record_count,
        "digest": x.digest,
    }


def to_resume_offset(x: e.ResumeOffset) -> Avro:
    return {
        "topic": x.topic,
        "next_offset": x.next_offset,
    }


def to_order_submitted(x: e.OrderSubmitted) -> Avro:
    return {
        "source": x.source,
        "cl_ord_id": x.cl_ord_id,
        "client_id": x.client_id,
        "instrument_id": x.instrument_id,
        "side": x.side,
        "order_qty": x.order_qty,
        "order_type": x.order_type,
        "limit_px": x.limit_px,
        "time_in_force": x.time_in_force,
        "urgency": x.urgency,
        "benchmark": x.benchmark,
        "start_ns": x.start_ns,
        "end_ns": x.end_ns,
        "max_participation_ppm": x.max_participation_ppm,
        "no_dark": x.no_dark,
        "excluded_venues": x.excluded_venues,
        "crossing_consent": x.crossing_consent,
        "must_complete": x.must_complete,
        "capacity": x.capacity,
        "settlement": x.settlement,
        "currency": x.currency,
        "decision_px": x.decision_px,
        "received_ns": x.received_ns,
    }


def to_order_amend_requested(x: e.OrderAmendRequested) -> Avro:
    return {
        "source": x.source,
        "cl_ord_id": x.cl_ord_id,
        "orig_cl_ord_id": x.orig_cl_ord_id,
        "instrument_id": x.instrument_id,
        "order_qty": x.order_qty,
        "limit_px": x.limit_px,
        "received_ns": x.received_ns,
    }


def to_order_cancel_requested(x: e.OrderCancelRequested) -> Avro:
    return {
        "source": x.source,
        "cl_ord_id": x.cl_ord_id,
        "orig_cl_ord_id": x.orig_cl_ord_id,
        "instrument_id": x.instrument_id,
        "received_ns": x.received_ns,
    }


def to_quote_observed(x: e.QuoteObserved) -> Avro:
    return {
        "venue": x.venue,
        "instrument_id": x.instrument_id,
        "bid_px": x.bid_px,
        "bid_qty": x.bid_qty,
        "ask_px": x.ask_px,
        "ask_qty": x.ask_qty,
        "event_ns": x.event_ns,
        "received_ns": x.received_ns,
    }


def to_depth_observed(x: e.DepthObserved) -> Avro:
    return {
        "venue": x.venue,
        "instrument_id": x.instrument_id,
        "bids": [to_level(item) for item in x.bids],
        "asks": [to_level(item) for item in x.asks],
        "event_ns": x.event_ns,
        "received_ns": x.received_ns,
    }


def to_trade_observed(x: e.TradeObserved) -> Avro:
    return {
        "venue": x.venue,
        "instrument_id": x.instrument_id,
        "last_px": x.last_px,
        "last_qty": x.last_qty,
        "eligible": x.eligible,
        "conditions": x.conditions,
        "event_ns": x.event_ns,
        "received_ns": x.received_ns,
    }


def to_venue_status_observed(x: e.VenueStatusObserved) -> Avro:
    return {
        "venue": x.venue,
        "status": x.status,
        "received_ns": x.received_ns,
    }


def to_send_started(x: e.SendStarted) -> Avro:
    return {
        "venue": x.venue,
        "instrument_id": x.instrument_id,
        "child_id": x.child_id,
        "started_ns": x.started_ns,
    }


def to_not_sent(x: e.NotSent) -> Avro:
    return {
        "venue": x.venue,
        "instrument_id": x.instrument_id,
        "child_id": x.child_id,
        "text": x.text,
        "received_ns": x.received_ns,
    }


def to_execution_reported(x: e.ExecutionReported) -> Avro:
    return {
        "venue": x.venue,
        "instrument_id": x.instrument_id,
        "child_id": x.child_id,
        "exec_id": x.exec_id,
        "exec_type": x.exec_type,
        "exec_ref_id": x.exec_ref_id,
        "last_qty": x.last_qty,
        "last_px": x.last_px,
        "cum_qty": x.cum_qty,
        "leaves_qty": x.leaves_qty,
        "liquidity": x.liquidity,
        "text": x.text,
        "session_day": x.session_day,
        "transact_ns": x.transact_ns,
        "received_ns": x.received_ns,
    }


def to_cancel_rejected(x: e.CancelRejected) -> Avro:
    return {
        "venue": x.venue,
        "instrument_id": x.instrument_id,
        "child_id": x.child_id,
        "text": x.text,
        "received_ns": x.received_ns,
    }


def to_session_status_observed(x: e.SessionStatusObserved) -> Avro:
    return {
        "venue": x.venue,
        "up": x.up,
        "session_day": x.session_day,
        "received_ns": x.received_ns,
    }


def to_kill_switch_set(x: e.KillSwitchSet) -> Avro:
    return {
        "scope": x.scope,
        "scope_id": x.scope_id,
        "engaged": x.engaged,
        "set_by": x.set_by,
        "text": x.text,
        "set_ns": x.set_ns,
    }


def to_risk_limit_set(x: e.RiskLimitSet) -> Avro:
    return {
        "scope": x.scope,
        "scope_id": x.scope_id,
        "max_order_qty": x.max_order_qty,
        "max_order_notional_cur": x.max_order_notional_cur,
        "collar_ppm": x.collar_ppm,
        "set_by": x.set_by,
        "set_ns": x.set_ns,
    }


def to_limit_allotted(x: e.LimitAllotted) -> Avro:
    return {
        "scope": x.scope,
        "scope_id": x.scope_id,
        "shard": x.shard,
        "allotted_notional_cur": x.allotted_notional_cur,
        "set_ns": x.set_ns,
    }


def to_mandate_set(x: e.MandateSet) -> Avro:
    return {
        "client_id": x.client_id,
        "active": x.active,
        "dark_allowed": x.dark_allowed,
        "excluded_venues": x.excluded_venues,
        "crossing_consent": x.crossing_consent,
        "max_participation_ppm": x.max_participation_ppm,
        "set_by": x.set_by,
        "set_ns": x.set_ns,
    }


def to_policy_set(x: e.PolicySet) -> Avro:
    return {
        "policy_id": x.policy_id,
        "window_ns": x.window_ns,
        "window_members": x.window_members,
        "window_notional_cur": x.window_notional_cur,
        "join_until_ppm": x.join_until_ppm,
        "cross_quote_age_ns": x.cross_quote_age_ns,
        "strategy": x.strategy,
        "router": x.router,
        "allocation_rule": x.allocation_rule,
        "interval_ns": x.interval_ns,
        "tracking_band_ppm": x.tracking_band_ppm,
        "min_slice_qty": x.min_slice_qty,
        "max_slice_ppm": x.max_slice_ppm,
        "participation_ppm": x.participation_ppm,
        "horizon_high_ns": x.horizon_high_ns,
        "horizon_normal_ns": x.horizon_normal_ns,
        "risk_aversion_e12": x.risk_aversion_e12,
        "send_within_ns": x.send_within_ns,
        "set_by": x.set_by,
        "set_ns": x.set_ns,
    }


def to_restriction_set(x: e.RestrictionSet) -> Avro:
    return {
        "instrument_id": x.instrument_id,
        "restricted": x.restricted,
        "set_by": x.set_by,
        "set_ns": x.set_ns,
    }


def to_instrument_halt_set(x: e.InstrumentHaltSet) -> Avro:
    return {
        "instrument_id": x.instrument_id,
        "text": x.text,
        "set_by": x.set_by,
        "set_ns": x.set_ns,
    }


def to_suspension_lifted(x: e.SuspensionLifted) -> Avro:
    return {
        "scope": x.scope,
        "scope_id": x.scope_id,
        "set_by": x.set_by,
        "text": x.text,
        "set_ns": x.set_ns,
    }


def to_day_opened(x: e.DayOpened) -> Avro:
    return {
        "day": x.day,
        "open_ns": x.open_ns,
        "close_ns": x.close_ns,
        "seed": x.seed,
        "set_ns": x.set_ns,
    }


def to_day_closed(x: e.DayClosed) -> Avro:
    return {
        "day": x.day,
        "set_ns": x.set_ns,
    }


def to_instrument_defined(x: e.InstrumentDefined) -> Avro:
    return {
        "instrument_id": x.instrument_id,
        "symbol": x.symbol,
        "currency": x.currency,
        "lot_qty": x.lot_qty,
        "adv_qty": x.adv_qty,
        "daily_volatility_ppm": x.daily_volatility_ppm,
        "effective_day": x.effective_day,
    }


def to_tick_table_defined(x: e.TickTableDefined) -> Avro:
    return {
        "instrument_id": x.instrument_id,
        "bands": [to_tick_band(item) for item in x.bands],
        "effective_day": x.effective_day,
    }


def to_venue_defined(x: e.VenueDefined) -> Avro:
    return {
        "venue": x.venue,
        "name": x.name,
        "kind": x.kind,
        "protected": x.protected,
        "posts": x.posts,
        "midpoint": x.midpoint,
        "min_qty": x.min_qty,
        "odd_lots": x.odd_lots,
        "effective_day": x.effective_day,
    }


def to_fee_schedule_defined(x: e.FeeScheduleDefined) -> Avro:
    return {
        "venue": x.venue,
        "taker_fee_px": x.taker_fee_px,
        "maker_fee_px": x.maker_fee_px,
        "midpoint_fee_px": x.midpoint_fee_px,
        "effective_day": x.effective_day,
    }


def to_calendar_defined(x: e.CalendarDefined) -> Avro:
    return {
        "calendar_id": x.calendar_id,
        "time_zone": x.time_zone,
        "day": x.day,
        "open_ns": x.open_ns,
        "close_ns": x.close_ns,
        "effective_day": x.effective_day,
    }


def to_volume_curve_defined(x: e.VolumeCurveDefined) -> Avro:
    return {
        "instrument_id": x.instrument_id,
        "edges_ns": x.edges_ns,
        "volumes_qty": x.volumes_qty,
        "effective_day": x.effective_day,
    }


def to_order_accepted(x: e.OrderAccepted) -> Avro:
    return {
        "seq": x.seq,
        "at_ns": x.at_ns,
        "cause": x.cause,
        "source": x.source,
        "cl_ord_id": x.cl_ord_id,
        "client_id": x.client_id,
        "instrument_id": x.instrument_id,
        "side": x.side,
        "order_qty": x.order_qty,
        "order_type": x.order_type,
        "limit_px": x.limit_px,
        "time_in_force": x.time_in_force,
        "urgency": x.urgency,
        "benchmark": x.benchmark,
        "start_ns": x.start_ns,
        "end_ns": x.end_ns,
        "max_participation_ppm": x.max_participation_ppm,
        "no_dark": x.no_dark,
        "excluded_venues": x.excluded_venues,
        "crossing_consent": x.crossing_consent,
        "must_complete": x.must_complete,
        "capacity": x.capacity,
        "settlement": x.settlement,
        "currency": x.currency,
        "decision_px": x.decision_px,
        "arrival_mid_px": x.arrival_mid_px,
        "received_ns": x.received_ns,
    }


def to_order_rejected(x: e.OrderRejected) -> Avro:
    return {
        "seq": x.seq,
        "at_ns": x.at_ns,
        "cause": x.cause,
        "source": x.source,
        "cl_ord_id": x.cl_ord_id,
        "client_id": x.client_id,
        "instrument_id": x.instrument_id,
        "reason": x.reason,
        "text": x.text,
    }


def to_order_change_pending(x: e.OrderChangePending) -> Avro:
    return {
        "seq": x.seq,
        "at_ns": x.at_ns,
        "cause": x.cause,
        "order_id": x.order_id,
        "cl_ord_id": x.cl_ord_id,
        "change": x.change,
        "order_qty": x.order_qty,
        "limit_px": x.limit_px,
    }


def to_order_amended(x: e.OrderAmended) -> Avro:
    return {
        "seq": x.seq,
        "at_ns": x.at_ns,
        "cause": x.cause,
        "order_id": x.order_id,
        "cl_ord_id": x.cl_ord_id,
        "previous_qty": x.previous_qty,
        "order_qty": x.order_qty,
        "limit_px": x.limit_px,
    }


def to_order_cancelled(x: e.OrderCancelled) -> Avro:
    return {
        "seq": x.seq,
        "at_ns": x.at_ns,
        "cause": x.cause,
        "order_id": x.order_id,
        "cl_ord_id": x.cl_ord_id,
        "withdrawn_qty": x.withdrawn_qty,
        "reason": x.reason,
    }


def to_order_expired(x: e.OrderExpired) -> Avro:
    return {
        "seq": x.seq,
        "at_ns": x.at_ns,
        "cause": x.cause,
        "order_id": x.order_id,
        "withdrawn_qty": x.withdrawn_qty,
        "reason": x.reason,
    }


def to_order_change_rejected(x: e.OrderChangeRejected) -> Avro:
    return {
        "seq": x.seq,
        "at_ns": x.at_ns,
        "cause": x.cause,
        "source": x.source,
        "cl_ord_id": x.cl_ord_id,
        "orig_cl_ord_id": x.orig_cl_ord_id,
        "change": x.change,
        "reason": x.reason,
        "text": x.text,
    }


def to_order_carried(x: e.OrderCarried) -> Avro:
    return {
        "seq": x.seq,
        "at_ns": x.at_ns,
        "cause": x.cause,
        "order_id": x.order_id,
        "source": x.source,
        "cl_ord_id": x.cl_ord_id,
        "client_id": x.client_id,
        "instrument_id": x.instrument_id,
        "side": x.side,
        "order_qty": x.order_qty,
        "order_type": x.order_type,
        "limit_px": x.limit_px,
        "time_in_force": x.time_in_force,
        "urgency": x.urgency,
        "benchmark": x.benchmark,
        "max_participation_ppm": x.max_participation_ppm,
        "no_dark": x.no_dark,
        "excluded_venues": x.excluded_venues,
        "crossing_consent": x.crossing_consent,
        "must_complete": x.must_complete,
        "capacity": x.capacity,
        "settlement": x.settlement,
        "currency": x.currency,
        "decision_px": x.decision_px,
        "arrival_mid_px": x.arrival_mid_px,
        "received_ns": x.received_ns,
        "crossed_qty": x.crossed_qty,
        "allocated_qty": x.allocated_qty,
    }


def to_control_applied(x: e.ControlApplied) -> Avro:
    return {
        "seq": x.seq,
        "at_ns": x.at_ns,
        "cause": x.cause,
        "control": x.control,
        "scope": x.scope,
        "scope_id": x.scope_id,
    }


def to_configuration_adopted(x: e.ConfigurationAdopted) -> Avro:
    return {
        "seq": x.seq,
        "at_ns": x.at_ns,
        "cause": x.cause,
        "text": x.text,
    }


def to_input_rejected(x: e.InputRejected) -> Avro:
    return {
        "seq": x.seq,
        "at_ns": x.at_ns,
        "cause": x.cause,
        "topic": x.topic,
        "position": x.position,
        "source": x.source,
        "reason": x.reason,
        "text": x.text,
    }


def to_instrument_halted(x: e.InstrumentHalted) -> Avro:
    return {
        "seq": x.seq,
        "at_ns": x.at_ns,
        "cause": x.cause,
        "instrument_id": x.instrument_id,
        "reason": x.reason,
        "text": x.text,
    }


def to_suspension_set(x: e.SuspensionSet) -> Avro:
    return {
        "seq": x.seq,
        "at_ns": x.at_ns,
        "cause": x.cause,
        "scope": x.scope,
        "scope_id": x.scope_id,
        "source_number": x.source_number,
        "text": x.text,
    }


def to_suspension_ended(x: e.SuspensionEnded) -> Avro:
    return {
        "seq": x.seq,
        "at_ns": x.at_ns,
        "cause": x.cause,
        "scope": x.scope,
        "scope_id": x.scope_id,
    }


def to_parent_opened(x: e.ParentOpened) -> Avro:
    return {
        "seq": x.seq,
        "at_ns": x.at_ns,
        "cause": x.cause,
        "instrument_id": x.instrument_id,
        "side": x.side,
        "currency": x.currency,
        "urgency": x.urgency,
        "benchmark": x.benchmark,
        "limit_band": x.limit_band,
        "capacity": x.capacity,
        "settlement": x.settlement,
        "no_dark": x.no_dark,
        "excluded_venues": x.excluded_venues,
        "must_complete": x.must_complete,
        "max_participation_ppm": x.max_participation_ppm,
        "start_ns": x.start_ns,
        "end_ns": x.end_ns,
        "window_end_ns": x.window_end_ns,
        "policy_id": x.policy_id,
        "allocation_rule": x.allocation_rule,
        "first_order_id": x.first_order_id,
    }


def to_member_joined(x: e.MemberJoined) -> Avro:
    return {
        "seq": x.seq,
        "at_ns": x.at_ns,
        "cause": x.cause,
        "parent_id": x.parent_id,
        "order_id": x.order_id,
        "member_qty": x.member_qty,
        "epoch": x.epoch,
        "parent_qty": x.parent_qty,
        "parent_limit_px": x.parent_limit_px,
    }


def to_member_amended(x: e.MemberAmended) -> Avro:
    return {
        "seq": x.seq,
        "at_ns": x.at_ns,
        "cause": x.cause,
        "parent_id": x.parent_id,
        "order_id": x.order_id,
        "change_qty": x.change_qty,
        "epoch": x.epoch,
        "parent_qty": x.parent_qty,
        "parent_limit_px": x.parent_limit_px,
    }


def to_member_left(x: e.MemberLeft) -> Avro:
    return {
        "seq": x.seq,
        "at_ns": x.at_ns,
        "cause": x.cause,
        "parent_id": x.parent_id,
        "order_id": x.order_id,
        "left_qty": x.left_qty,
        "reason": x.reason,
        "epoch": x.epoch,
        "parent_qty": x.parent_qty,
        "parent_limit_px": x.parent_limit_px,
    }


def to_orders_crossed(x: e.OrdersCrossed) -> Avro:
    return {
        "seq": x.seq,
        "at_ns": x.at_ns,
        "cause": x.cause,
        "buy_parent_id": x.buy_parent_id,
        "sell_parent_id": x.sell_parent_id,
        "cross_qty": x.cross_qty,
        "cross_px": x.cross_px,
        "bid_px": x.bid_px,
        "bid_venue": x.bid_venue,
        "ask_px": x.ask_px,
        "ask_venue": x.ask_venue,
        "quote_age_ns": x.quote_age_ns,
        "buy_consenting_qty": x.buy_consenting_qty,
        "sell_consenting_qty": x.sell_consenting_qty,
        "excluded_clients": x.excluded_clients,
    }


def to_parent_released(x: e.ParentReleased) -> Avro:
    return {
        "seq": x.seq,
        "at_ns": x.at_ns,
        "cause": x.cause,
        "parent_id": x.parent_id,
        "reason": x.reason,
        "release_qty": x.release_qty,
        "crossed_qty": x.crossed_qty,
        "member_count": x.member_count,
        "arrival_mid_px": x.arrival_mid_px,
        "market_volume_qty": x.market_volume_qty,
    }


def to_parent_ended(x: e.ParentEnded) -> Avro:
    return {
        "seq": x.seq,
        "at_ns": x.at_ns,
        "cause": x.cause,
        "parent_id": x.parent_id,
        "reason": x.reason,
        "filled_qty": x.filled_qty,
        "crossed_qty": x.crossed_qty,
        "returned_qty": x.returned_qty,
    }


def to_plan_adopted(x: e.PlanAdopted) -> Avro:
    return {
        "seq": x.seq,
        "at_ns": x.at_ns,
        "cause": x.cause,
        "parent_id": x.parent_id,
        "strategy": x.strategy,
        "router": x.router,
        "reason": x.reason,
        "revision": x.revision,
        "start_ns": x.start_ns,
        "end_ns": x.end_ns,
        "interval_ns": x.interval_ns,
        "plan_qty": x.plan_qty,
        "base_qty": x.base_qty,
        "carry_qty": x.carry_qty,
        "base_volume_qty": x.base_volume_qty,
        "participation_ppm": x.participation_ppm,
        "max_participation_ppm": x.max_participation_ppm,
        "aggressiveness_ppm": x.aggressiveness_ppm,
        "kappa_e9": x.kappa_e9,
        "tracking_band_qty": x.tracking_band_qty,
        "adv_qty": x.adv_qty,
        "horizon_volume_qty": x.horizon_volume_qty,
        "size_to_volume_ppm": x.size_to_volume_ppm,
        "daily_volatility_ppm": x.daily_volatility_ppm,
        "spread_px": x.spread_px,
        "expected_cost_millibps": x.expected_cost_millibps,
        "cost_risk_millibps": x.cost_risk_millibps,
    }


def to_schedule_recalibrated(x: e.ScheduleRecalibrated) -> Avro:
    return {
        "seq": x.seq,
        "at_ns": x.at_ns,
        "cause": x.cause,
        "parent_id": x.parent_id,
        "reason": x.reason,
        "done_qty": x.done_qty,
        "open_qty": x.open_qty,
        "target_qty": x.target_qty,
        "parent_qty": x.parent_qty,
        "market_volume_qty": x.market_volume_qty,
        "avg_px": x.avg_px,
        "benchmark_px": x.benchmark_px,
        "slippage_millibps": x.slippage_millibps,
        "aggressiveness_ppm": x.aggressiveness_ppm,
    }


def to_slice_released(x: e.SliceReleased) -> Avro:
    return {
        "seq": x.seq,
        "at_ns": x.at_ns,
        "cause": x.cause,
        "parent_id": x.parent_id,
        "slice_qty": x.slice_qty,
        "style": x.style,
        "router": x.router,
        "limit_px": x.limit_px,
        "target_qty": x.target_qty,
        "done_qty": x.done_qty,
        "open_qty": x.open_qty,
        "parent_qty": x.parent_qty,
        "market_volume_qty": x.market_volume_qty,
        "policy_id": x.policy_id,
    }


def to_child_routed(x: e.ChildRouted) -> Avro:
    return {
        "seq": x.seq,
        "at_ns": x.at_ns,
        "cause": x.cause,
        "slice_id": x.slice_id,
        "parent_id": x.parent_id,
        "instrument_id": x.instrument_id,
        "side": x.side,
        "venue": x.venue,
        "child_qty": x.child_qty,
        "child_type": x.child_type,
        "limit_px": x.limit_px,
        "time_in_force": x.time_in_force,
        "min_qty": x.min_qty,
        "send_before_ns": x.send_before_ns,
        "bid_px": x.bid_px,
        "ask_px": x.ask_px,
        "quote_age_ns": x.quote_age_ns,
        "venue_qty": x.venue_qty,
        "scorecard_version": x.scorecard_version,
        "score_millibps": x.score_millibps,
        "runners_up": [to_candidate(item) for item in x.runners_up],
        "rejected_by_reason": [to_route_reason_count(item) for item in x.rejected_by_reason],
    }


def to_route_deferred(x: e.RouteDeferred) -> Avro:
    return {
        "seq": x.seq,
        "at_ns": x.at_ns,
        "cause": x.cause,
        "slice_id": x.slice_id,
        "parent_id": x.parent_id,
        "unrouted_qty": x.unrouted_qty,
        "rejected_by_reason": [to_route_reason_count(item) for item in x.rejected_by_reason],
    }


def to_child_cancel_requested(x: e.ChildCancelRequested) -> Avro:
    return {
        "seq": x.seq,
        "at_ns": x.at_ns,
        "cause": x.cause,
        "child_id": x.child_id,
        "parent_id": x.parent_id,
        "venue": x.venue,
        "reason": x.reason,
    }


def to_scorecard_updated(x: e.ScorecardUpdated) -> Avro:
    return {
        "seq": x.seq,
        "at_ns": x.at_ns,
        "cause": x.cause,
        "venue": x.venue,
        "version": x.version,
        "samples": x.samples,
        "fill_ppm": x.fill_ppm,
        "speed_ns": x.speed_ns,
        "cost_millibps": x.cost_millibps,
    }


def to_scorecard_carried(x: e.ScorecardCarried) -> Avro:
    return {
        "seq": x.seq,
        "at_ns": x.at_ns,
        "cause": x.cause,
        "venue": x.venue,
        "version": x.version,
        "samples": x.samples,
        "fill_ppm": x.fill_ppm,
        "speed_ns": x.speed_ns,
        "cost_millibps": x.cost_millibps,
    }


def to_child_acknowledged(x: e.ChildAcknowledged) -> Avro:
    return {
        "seq": x.seq,
        "at_ns": x.at_ns,
        "cause": x.cause,
        "child_id": x.child_id,
        "parent_id": x.parent_id,
    }


def to_fill_booked(x: e.FillBooked) -> Avro:
    return {
        "seq": x.seq,
        "at_ns": x.at_ns,
        "cause": x.cause,
        "child_id": x.child_id,
        "parent_id": x.parent_id,
        "instrument_id": x.instrument_id,
        "venue": x.venue,
        "side": x.side,
        "exec_id": x.exec_id,
        "session_day": x.session_day,
        "last_qty": x.last_qty,
        "last_px": x.last_px,
        "cum_qty": x.cum_qty,
        "leaves_qty": x.leaves_qty,
        "overfill_qty": x.overfill_qty,
        "liquidity": x.liquidity,
        "fee_px": x.fee_px,
        "mid_px": x.mid_px,
        "late": x.late,
        "transact_ns": x.transact_ns,
    }


def to_fill_busted(x: e.FillBusted) -> Avro:
    return {
        "seq": x.seq,
        "at_ns": x.at_ns,
        "cause": x.cause,
        "fill_id": x.fill_id,
        "child_id": x.child_id,
        "parent_id": x.parent_id,
        "exec_id": x.exec_id,
        "session_day": x.session_day,
        "last_qty": x.last_qty,
        "last_px": x.last_px,
    }


def to_fill_corrected(x: e.FillCorrected) -> Avro:
    return {
        "seq": x.seq,
        "at_ns": x.at_ns,
        "cause": x.cause,
        "fill_id": x.fill_id,
        "child_id": x.child_id,
        "parent_id": x.parent_id,
        "exec_id": x.exec_id,
        "session_day": x.session_day,
        "previous_qty": x.previous_qty,
        "previous_px": x.previous_px,
        "last_qty": x.last_qty,
        "last_px": x.last_px,
    }


def to_child_closed(x: e.ChildClosed) -> Avro:
    return {
        "seq": x.seq,
        "at_ns": x.at_ns,
        "cause": x.cause,
        "child_id": x.child_id,
        "parent_id": x.parent_id,
        "reason": x.reason,
        "returned_qty": x.returned_qty,
        "unsolicited": x.unsolicited,
        "text": x.text,
    }


def to_child_fate_unknown(x: e.ChildFateUnknown) -> Avro:
    return {
        "seq": x.seq,
        "at_ns": x.at_ns,
        "cause": x.cause,
        "child_id": x.child_id,
        "parent_id": x.parent_id,
        "text": x.text,
    }


def to_cancel_failed(x: e.CancelFailed) -> Avro:
    return {
        "seq": x.seq,
        "at_ns": x.at_ns,
        "cause": x.cause,
        "child_id": x.child_id,
        "parent_id": x.parent_id,
        "text": x.text,
    }


def to_break_flagged(x: e.BreakFlagged) -> Avro:
    return {
        "seq": x.seq,
        "at_ns": x.at_ns,
        "cause": x.cause,
        "reason": x.reason,
        "venue": x.venue,
        "child_id": x.child_id,
        "exec_id": x.exec_id,
        "break_qty": x.break_qty,
        "break_px": x.break_px,
        "text": x.text,
    }


def to_break_carried(x: e.BreakCarried) -> Avro:
    return {
        "seq": x.seq,
        "at_ns": x.at_ns,
        "cause": x.cause,
        "break_id": x.break_id,
        "reason": x.reason,
        "venue": x.venue,
        "child_id": x.child_id,
        "exec_id": x.exec_id,
        "break_qty": x.break_qty,
        "break_px": x.break_px,
    }


def to_fill_allocated(x: e.FillAllocated) -> Avro:
    return {
        "seq": x.seq,
        "at_ns": x.at_ns,
        "cause": x.cause,
        "fill_id": x.fill_id,
        "parent_id": x.parent_id,
        "epoch": x.epoch,
        "last_qty": x.last_qty,
        "last_px": x.last_px,
        "shares": [to_share(item) for item in x.shares],
        "error_qty": x.error_qty,
    }


def to_cross_allocated(x: e.CrossAllocated) -> Avro:
    return {
        "seq": x.seq,
        "at_ns": x.at_ns,
        "cause": x.cause,
        "cross_id": x.cross_id,
        "parent_id": x.parent_id,
        "side": x.side,
        "cross_qty": x.cross_qty,
        "cross_px": x.cross_px,
        "shares": [to_share(item) for item in x.shares],
    }


def to_fill_reallocated(x: e.FillReallocated) -> Avro:
    return {
        "seq": x.seq,
        "at_ns": x.at_ns,
        "cause": x.cause,
        "fill_id": x.fill_id,
        "parent_id": x.parent_id,
        "previous_px": x.previous_px,
        "last_px": x.last_px,
        "before": [to_share(item) for item in x.before],
        "after": [to_share(item) for item in x.after],
        "error_qty": x.error_qty,
    }


def to_parent_reconciled(x: e.ParentReconciled) -> Avro:
    return {
        "seq": x.seq,
        "at_ns": x.at_ns,
        "cause": x.cause,
        "parent_id": x.parent_id,
        "filled_qty": x.filled_qty,
        "crossed_qty": x.crossed_qty,
        "error_qty": x.error_qty,
        "members": [to_member_result(item) for item in x.members],
    }


def to_batch_sealed(x: e.BatchSealed) -> Avro:
    return {
        "batch": x.batch,
        "kind": x.kind,
        "now_ns": x.now_ns,
        "inputs": [to_input_range(item) for item in x.inputs],
        "first_seq": x.first_seq,
        "next_seq": x.next_seq,
        "outputs": [to_output_digest(item) for item in x.outputs],
        "faults": x.faults,
        "release": x.release,
        "python": x.python,
        "previous_chain": x.previous_chain,
        "chain": x.chain,
        "resume": [to_resume_offset(item) for item in x.resume],
    }


def from_level(d: Avro) -> e.Level:
    return e.Level(**d)


def from_tick_band(d: Avro) -> e.TickBand:
    return e.TickBand(**d)


def from_candidate(d: Avro) -> e.Candidate:
    return e.Candidate(**d)


def from_route_reason_count(d: Avro) -> e.RouteReasonCount:
    d["reason"] = e.RouteReason(d["reason"])
    return e.RouteReasonCount(**d)


def from_share(d: Avro) -> e.Share:
    return e.Share(**d)


def from_member_result(d: Avro) -> e.MemberResult:
    return e.MemberResult(**d)


def from_input_range(d: Avro) -> e.InputRange:
    return e.InputRange(**d)


def from_output_digest(d: Avro) -> e.OutputDigest:
    return e.OutputDigest(**d)


def from_resume_offset(d: Avro) -> e.ResumeOffset:
    return e.ResumeOffset(**d)


def from_order_submitted(d: Avro) -> e.OrderSubmitted:
    d["side"] = e.Side(d["side"])
    d["order_type"] = e.OrderType(d["order_type"])
    d["time_in_force"] = e.TimeInForce(d["time_in_force"])
    d["urgency"] = e.Urgency(d["urgency"])
    d["benchmark"] = e.Benchmark(d["benchmark"])
    d["excluded_venues"] = tuple(d["excluded_venues"])
    d["capacity"] = e.Capacity(d["capacity"])
    return e.OrderSubmitted(**d)


def from_order_amend_requested(d: Avro) -> e.OrderAmendRequested:
    return e.OrderAmendRequested(**d)


def from_order_cancel_requested(d: Avro) -> e.OrderCancelRequested:
    return e.OrderCancelRequested(**d)


def from_quote_observed(d: Avro) -> e.QuoteObserved:
    return e.QuoteObserved(**d)


def from_depth_observed(d: Avro) -> e.DepthObserved:
    d["bids"] = tuple(from_level(item) for item in d["bids"])
    d["asks"] = tuple(from_level(item) for item in d["asks"])
    return e.DepthObserved(**d)


def from_trade_observed(d: Avro) -> e.TradeObserved:
    return e.TradeObserved(**d)


def from_venue_status_observed(d: Avro) -> e.VenueStatusObserved:
    d["status"] = e.VenueStatus(d["status"])
    return e.VenueStatusObserved(**d)


def from_send_started(d: Avro) -> e.SendStarted:
    return e.SendStarted(**d)


def from_not_sent(d: Avro) -> e.NotSent:
    return e.NotSent(**d)


def from_execution_reported(d: Avro) -> e.ExecutionReported:
    d["exec_type"] = e.ExecType(d["exec_type"])
    d["liquidity"] = e.Liquidity(d["liquidity"])
    return e.ExecutionReported(**d)


def from_cancel_rejected(d: Avro) -> e.CancelRejected:
    return e.CancelRejected(**d)


def from_session_status_observed(d: Avro) -> e.SessionStatusObserved:
    return e.SessionStatusObserved(**d)


def from_kill_switch_set(d: Avro) -> e.KillSwitchSet:
    d["scope"] = e.ControlScope(d["scope"])
    return e.KillSwitchSet(**d)


def from_risk_limit_set(d: Avro) -> e.RiskLimitSet:
    d["scope"] = e.ControlScope(d["scope"])
    return e.RiskLimitSet(**d)


def from_limit_allotted(d: Avro) -> e.LimitAllotted:
    d["scope"] = e.ControlScope(d["scope"])
    return e.LimitAllotted(**d)


def from_mandate_set(d: Avro) -> e.MandateSet:
    d["excluded_venues"] = tuple(d["excluded_venues"])
    return e.MandateSet(**d)


def from_policy_set(d: Avro) -> e.PolicySet:
    d["strategy"] = e.Strategy(d["strategy"])
    d["router"] = e.Router(d["router"])
    d["allocation_rule"] = e.AllocationRule(d["allocation_rule"])
    return e.PolicySet(**d)


def from_restriction_set(d: Avro) -> e.RestrictionSet:
    return e.RestrictionSet(**d)


def from_instrument_halt_set(d: Avro) -> e.InstrumentHaltSet:
    return e.InstrumentHaltSet(**d)


def from_suspension_lifted(d: Avro) -> e.SuspensionLifted:
    d["scope"] = e.ControlScope(d["scope"])
    return e.SuspensionLifted(**d)


def from_day_opened(d: Avro) -> e.DayOpened:
    return e.DayOpened(**d)


def from_day_closed(d: Avro) -> e.DayClosed:
    return e.DayClosed(**d)


def from_instrument_defined(d: Avro) -> e.InstrumentDefined:
    return e.InstrumentDefined(**d)


def from_tick_table_defined(d: Avro) -> e.TickTableDefined:
    d["bands"] = tuple(from_tick_band(item) for item in d["bands"])
    return e.TickTableDefined(**d)


def from_venue_defined(d: Avro) -> e.VenueDefined:
    d["kind"] = e.VenueKind(d["kind"])
    return e.VenueDefined(**d)


def from_fee_schedule_defined(d: Avro) -> e.FeeScheduleDefined:
    return e.FeeScheduleDefined(**d)


def from_calendar_defined(d: Avro) -> e.CalendarDefined:
    return e.CalendarDefined(**d)


def from_volume_curve_defined(d: Avro) -> e.VolumeCurveDefined:
    d["edges_ns"] = tuple(d["edges_ns"])
    d["volumes_qty"] = tuple(d["volumes_qty"])
    return e.VolumeCurveDefined(**d)


def from_order_accepted(d: Avro) -> e.OrderAccepted:
    d["side"] = e.Side(d["side"])
    d["order_type"] = e.OrderType(d["order_type"])
    d["time_in_force"] = e.TimeInForce(d["time_in_force"])
    d["urgency"] = e.Urgency(d["urgency"])
    d["benchmark"] = e.Benchmark(d["benchmark"])
    d["excluded_venues"] = tuple(d["excluded_venues"])
    d["capacity"] = e.Capacity(d["capacity"])
    return e.OrderAccepted(**d)


def from_order_rejected(d: Avro) -> e.OrderRejected:
    d["reason"] = e.RejectReason(d["reason"])
    return e.OrderRejected(**d)


def from_order_change_pending(d: Avro) -> e.OrderChangePending:
    d["change"] = e.Change(d["change"])
    return e.OrderChangePending(**d)


def from_order_amended(d: Avro) -> e.OrderAmended:
    return e.OrderAmended(**d)


def from_order_cancelled(d: Avro) -> e.OrderCancelled:
    d["reason"] = e.WithdrawReason(d["reason"])
    return e.OrderCancelled(**d)


def from_order_expired(d: Avro) -> e.OrderExpired:
    d["reason"] = e.WithdrawReason(d["reason"])
    return e.OrderExpired(**d)


def from_order_change_rejected(d: Avro) -> e.OrderChangeRejected:
    d["change"] = e.Change(d["change"])
    d["reason"] = e.RejectReason(d["reason"])
    return e.OrderChangeRejected(**d)


def from_order_carried(d: Avro) -> e.OrderCarried:
    d["side"] = e.Side(d["side"])
    d["order_type"] = e.OrderType(d["order_type"])
    d["time_in_force"] = e.TimeInForce(d["time_in_force"])
    d["urgency"] = e.Urgency(d["urgency"])
    d["benchmark"] = e.Benchmark(d["benchmark"])
    d["excluded_venues"] = tuple(d["excluded_venues"])
    d["capacity"] = e.Capacity(d["capacity"])
    return e.OrderCarried(**d)


def from_control_applied(d: Avro) -> e.ControlApplied:
    d["scope"] = e.ControlScope(d["scope"])
    return e.ControlApplied(**d)


def from_configuration_adopted(d: Avro) -> e.ConfigurationAdopted:
    return e.ConfigurationAdopted(**d)


def from_input_rejected(d: Avro) -> e.InputRejected:
    d["reason"] = e.InputReason(d["reason"])
    return e.InputRejected(**d)


def from_instrument_halted(d: Avro) -> e.InstrumentHalted:
    d["reason"] = e.HaltReason(d["reason"])
    return e.InstrumentHalted(**d)


def from_suspension_set(d: Avro) -> e.SuspensionSet:
    d["scope"] = e.ControlScope(d["scope"])
    return e.SuspensionSet(**d)


def from_suspension_ended(d: Avro) -> e.SuspensionEnded:
    d["scope"] = e.ControlScope(d["scope"])
    return e.SuspensionEnded(**d)


def from_parent_opened(d: Avro) -> e.ParentOpened:
    d["side"] = e.Side(d["side"])
    d["urgency"] = e.Urgency(d["urgency"])
    d["benchmark"] = e.Benchmark(d["benchmark"])
    d["capacity"] = e.Capacity(d["capacity"])
    d["excluded_venues"] = tuple(d["excluded_venues"])
    d["allocation_rule"] = e.AllocationRule(d["allocation_rule"])
    return e.ParentOpened(**d)


def from_member_joined(d: Avro) -> e.MemberJoined:
    return e.MemberJoined(**d)


def from_member_amended(d: Avro) -> e.MemberAmended:
    return e.MemberAmended(**d)


def from_member_left(d: Avro) -> e.MemberLeft:
    d["reason"] = e.LeaveReason(d["reason"])
    return e.MemberLeft(**d)


def from_orders_crossed(d: Avro) -> e.OrdersCrossed:
    d["excluded_clients"] = tuple(d["excluded_clients"])
    return e.OrdersCrossed(**d)


def from_parent_released(d: Avro) -> e.ParentReleased:
    d["reason"] = e.ReleaseReason(d["reason"])
    return e.ParentReleased(**d)


def from_parent_ended(d: Avro) -> e.ParentEnded:
    d["reason"] = e.EndReason(d["reason"])
    return e.ParentEnded(**d)


def from_plan_adopted(d: Avro) -> e.PlanAdopted:
    d["strategy"] = e.Strategy(d["strategy"])
    d["router"] = e.Router(d["router"])
    d["reason"] = e.PlanReason(d["reason"])
    return e.PlanAdopted(**d)


def from_schedule_recalibrated(d: Avro) -> e.ScheduleRecalibrated:
    d["reason"] = e.RecalibrationReason(d["reason"])
    return e.ScheduleRecalibrated(**d)


def from_slice_released(d: Avro) -> e.SliceReleased:
    d["style"] = e.Style(d["style"])
    d["router"] = e.Router(d["router"])
    return e.SliceReleased(**d)


def from_child_routed(d: Avro) -> e.ChildRouted:
    d["side"] = e.Side(d["side"])
    d["child_type"] = e.ChildType(d["child_type"])
    d["time_in_force"] = e.ChildTimeInForce(d["time_in_force"])
    d["runners_up"] = tuple(from_candidate(item) for item in d["runners_up"])
    d["rejected_by_reason"] = tuple(
        from_route_reason_count(item) for item in d["rejected_by_reason"]
    )
    return e.ChildRouted(**d)


def from_route_deferred(d: Avro) -> e.RouteDeferred:
    d["rejected_by_reason"] = tuple(
        from_route_reason_count(item) for item in d["rejected_by_reason"]
    )
    return e.RouteDeferred(**d)


def from_child_cancel_requested(d: Avro) -> e.ChildCancelRequested:
    d["reason"] = e.CancelReason(d["reason"])
    return e.ChildCancelRequested(**d)


def from_scorecard_updated(d: Avro) -> e.ScorecardUpdated:
    return e.ScorecardUpdated(**d)


def from_scorecard_carried(d: Avro) -> e.ScorecardCarried:
    return e.ScorecardCarried(**d)


def from_child_acknowledged(d: Avro) -> e.ChildAcknowledged:
    return e.ChildAcknowledged(**d)


def from_fill_booked(d: Avro) -> e.FillBooked:
    d["side"] = e.Side(d["side"])
    d["liquidity"] = e.Liquidity(d["liquidity"])
    return e.FillBooked(**d)


def from_fill_busted(d: Avro) -> e.FillBusted:
    return e.FillBusted(**d)


def from_fill_corrected(d: Avro) -> e.FillCorrected:
    return e.FillCorrected(**d)


def from_child_closed(d: Avro) -> e.ChildClosed:
    d["reason"] = e.CloseReason(d["reason"])
    return e.ChildClosed(**d)


def from_child_fate_unknown(d: Avro) -> e.ChildFateUnknown:
    return e.ChildFateUnknown(**d)


def from_cancel_failed(d: Avro) -> e.CancelFailed:
    return e.CancelFailed(**d)


def from_break_flagged(d: Avro) -> e.BreakFlagged:
    d["reason"] = e.BreakReason(d["reason"])
    return e.BreakFlagged(**d)


def from_break_carried(d: Avro) -> e.BreakCarried:
    d["reason"] = e.BreakReason(d["reason"])
    return e.BreakCarried(**d)


def from_fill_allocated(d: Avro) -> e.FillAllocated:
    d["shares"] = tuple(from_share(item) for item in d["shares"])
    return e.FillAllocated(**d)


def from_cross_allocated(d: Avro) -> e.CrossAllocated:
    d["side"] = e.Side(d["side"])
    d["shares"] = tuple(from_share(item) for item in d["shares"])
    return e.CrossAllocated(**d)


def from_fill_reallocated(d: Avro) -> e.FillReallocated:
    d["before"] = tuple(from_share(item) for item in d["before"])
    d["after"] = tuple(from_share(item) for item in d["after"])
    return e.FillReallocated(**d)


def from_parent_reconciled(d: Avro) -> e.ParentReconciled:
    d["members"] = tuple(from_member_result(item) for item in d["members"])
    return e.ParentReconciled(**d)


def from_batch_sealed(d: Avro) -> e.BatchSealed:
    d["kind"] = e.SealKind(d["kind"])
    d["inputs"] = tuple(from_input_range(item) for item in d["inputs"])
    d["outputs"] = tuple(from_output_digest(item) for item in d["outputs"])
    d["faults"] = tuple(d["faults"])
    d["resume"] = tuple(from_resume_offset(item) for item in d["resume"])
    return e.BatchSealed(**d)


TO_AVRO: Final[dict[type, Callable[[Any], Avro]]] = {
    e.OrderSubmitted: to_order_submitted,
    e.OrderAmendRequested: to_order_amend_requested,
    e.OrderCancelRequested: to_order_cancel_requested,
    e.QuoteObserved: to_quote_observed,
    e.DepthObserved: to_depth_observed,
    e.TradeObserved: to_trade_observed,
    e.VenueStatusObserved: to_venue_status_observed,
    e.SendStarted: to_send_started,
    e.NotSent: to_not_sent,
    e.ExecutionReported: to_execution_reported,
    e.CancelRejected: to_cancel_rejected,
    e.SessionStatusObserved: to_session_status_observed,
    e.KillSwitchSet: to_kill_switch_set,
    e.RiskLimitSet: to_risk_limit_set,
    e.LimitAllotted: to_limit_allotted,
    e.MandateSet: to_mandate_set,
    e.PolicySet: to_policy_set,
    e.RestrictionSet: to_restriction_set,
    e.InstrumentHaltSet: to_instrument_halt_set,
    e.SuspensionLifted: to_suspension_lifted,
    e.DayOpened: to_day_opened,
    e.DayClosed: to_day_closed,
    e.InstrumentDefined: to_instrument_defined,
    e.TickTableDefined: to_tick_table_defined,
    e.VenueDefined: to_venue_defined,
    e.FeeScheduleDefined: to_fee_schedule_defined,
    e.CalendarDefined: to_calendar_defined,
    e.VolumeCurveDefined: to_volume_curve_defined,
    e.OrderAccepted: to_order_accepted,
    e.OrderRejected: to_order_rejected,
    e.OrderChangePending: to_order_change_pending,
    e.OrderAmended: to_order_amended,
    e.OrderCancelled: to_order_cancelled,
    e.OrderExpired: to_order_expired,
    e.OrderChangeRejected: to_order_change_rejected,
    e.OrderCarried: to_order_carried,
    e.ControlApplied: to_control_applied,
    e.ConfigurationAdopted: to_configuration_adopted,
    e.InputRejected: to_input_rejected,
    e.InstrumentHalted: to_instrument_halted,
    e.SuspensionSet: to_suspension_set,
    e.SuspensionEnded: to_suspension_ended,
    e.ParentOpened: to_parent_opened,
    e.MemberJoined: to_member_joined,
    e.MemberAmended: to_member_amended,
    e.MemberLeft: to_member_left,
    e.OrdersCrossed: to_orders_crossed,
    e.ParentReleased: to_parent_released,
    e.ParentEnded: to_parent_ended,
    e.PlanAdopted: to_plan_adopted,
    e.ScheduleRecalibrated: to_schedule_recalibrated,
    e.SliceReleased: to_slice_released,
    e.ChildRouted: to_child_routed,
    e.RouteDeferred: to_route_deferred,
    e.ChildCancelRequested: to_child_cancel_requested,
    e.ScorecardUpdated: to_scorecard_updated,
    e.ScorecardCarried: to_scorecard_carried,
    e.ChildAcknowledged: to_child_acknowledged,
    e.FillBooked: to_fill_booked,
    e.FillBusted: to_fill_busted,
    e.FillCorrected: to_fill_corrected,
    e.ChildClosed: to_child_closed,
    e.ChildFateUnknown: to_child_fate_unknown,
    e.CancelFailed: to_cancel_failed,
    e.BreakFlagged: to_break_flagged,
    e.BreakCarried: to_break_carried,
    e.FillAllocated: to_fill_allocated,
    e.CrossAllocated: to_cross_allocated,
    e.FillReallocated: to_fill_reallocated,
    e.ParentReconciled: to_parent_reconciled,
    e.BatchSealed: to_batch_sealed,
}


FROM_AVRO: Final[dict[type, Callable[[Avro], Any]]] = {
    e.OrderSubmitted: from_order_submitted,
    e.OrderAmendRequested: from_order_amend_requested,
    e.OrderCancelRequested: from_order_cancel_requested,
    e.QuoteObserved: from_quote_observed,
    e.DepthObserved: from_depth_observed,
    e.TradeObserved: from_trade_observed,
    e.VenueStatusObserved: from_venue_status_observed,
    e.SendStarted: from_send_started,
    e.NotSent: from_not_sent,
    e.ExecutionReported: from_execution_reported,
    e.CancelRejected: from_cancel_rejected,
    e.SessionStatusObserved: from_session_status_observed,
    e.KillSwitchSet: from_kill_switch_set,
    e.RiskLimitSet: from_risk_limit_set,
    e.LimitAllotted: from_limit_allotted,
    e.MandateSet: from_mandate_set,
    e.PolicySet: from_policy_set,
    e.RestrictionSet: from_restriction_set,
    e.InstrumentHaltSet: from_instrument_halt_set,
    e.SuspensionLifted: from_suspension_lifted,
    e.DayOpened: from_day_opened,
    e.DayClosed: from_day_closed,
    e.InstrumentDefined: from_instrument_defined,
    e.TickTableDefined: from_tick_table_defined,
    e.VenueDefined: from_venue_defined,
    e.FeeScheduleDefined: from_fee_schedule_defined,
    e.CalendarDefined: from_calendar_defined,
    e.VolumeCurveDefined: from_volume_curve_defined,
    e.OrderAccepted: from_order_accepted,
    e.OrderRejected: from_order_rejected,
    e.OrderChangePending: from_order_change_pending,
    e.OrderAmended: from_order_amended,
    e.OrderCancelled: from_order_cancelled,
    e.OrderExpired: from_order_expired,
    e.OrderChangeRejected: from_order_change_rejected,
    e.OrderCarried: from_order_carried,
    e.ControlApplied: from_control_applied,
    e.ConfigurationAdopted: from_configuration_adopted,
    e.InputRejected: from_input_rejected,
    e.InstrumentHalted: from_instrument_halted,
    e.SuspensionSet: from_suspension_set,
    e.SuspensionEnded: from_suspension_ended,
    e.ParentOpened: from_parent_opened,
    e.MemberJoined: from_member_joined,
    e.MemberAmended: from_member_amended,
    e.MemberLeft: from_member_left,
    e.OrdersCrossed: from_orders_crossed,
    e.ParentReleased: from_parent_released,
    e.ParentEnded: from_parent_ended,
    e.PlanAdopted: from_plan_adopted,
    e.ScheduleRecalibrated: from_schedule_recalibrated,
    e.SliceReleased: from_slice_released,
    e.ChildRouted: from_child_routed,
    e.RouteDeferred: from_route_deferred,
    e.ChildCancelRequested: from_child_cancel_requested,
    e.ScorecardUpdated: from_scorecard_updated,
    e.ScorecardCarried: from_scorecard_carried,
    e.ChildAcknowledged: from_child_acknowledged,
    e.FillBooked: from_fill_booked,
    e.FillBusted: from_fill_busted,
    e.FillCorrected: from_fill_corrected,
    e.ChildClosed: from_child_closed,
    e.ChildFateUnknown: from_child_fate_unknown,
    e.CancelFailed: from_cancel_failed,
    e.BreakFlagged: from_break_flagged,
    e.BreakCarried: from_break_carried,
    e.FillAllocated: from_fill_allocated,
    e.CrossAllocated: from_cross_allocated,
    e.FillReallocated: from_fill_reallocated,
    e.ParentReconciled: from_parent_reconciled,
    e.BatchSealed: from_batch_sealed,
}
