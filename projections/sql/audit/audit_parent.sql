-- What happened to a parent, step by step, and what led to each step? One row a step.
-- `where parent_id = '...' order by step`. Inputs have no seq; they stand before what they caused.
create or replace view audit_parent as
with
effects as (
    select shard, cause, min(seq) as seq
    from (
        select shard, cause, seq from child_acknowledged
        union all select shard, cause, seq from fill_booked
        union all select shard, cause, seq from fill_busted
        union all select shard, cause, seq from fill_corrected
        union all select shard, cause, seq from child_closed
        union all select shard, cause, seq from child_fate_unknown
        union all select shard, cause, seq from cancel_failed
        union all select shard, cause, seq from break_flagged
    )
    group by shard, cause
),
reports as (
    select
        shard, position, child_id, received_ns as at_ns, 'ExecutionReported' as event,
        format(
            '{} says {} {}: {} at {:.4f}, {} done, {} left {}',
            venue, exec_type, exec_id, last_qty, last_px / 1e9, cum_qty, leaves_qty, text
        ) as summary
    from execution_reported
    union all
    select
        shard, position, child_id, started_ns, 'SendStarted',
        format('the gateway of {} starts to send {}', venue, child_id)
    from send_started
    union all
    select
        shard, position, child_id, received_ns, 'NotSent',
        format('the gateway of {} will not send {}: {}', venue, child_id, text)
    from not_sent
    union all
    select
        shard, position, child_id, received_ns, 'CancelRejected',
        format('{} refuses to cancel {}: {}', venue, child_id, text)
    from cancel_rejected
),
steps as (
    select
        event_id as parent_id, shard, seq, seq as anchor_seq, at_ns, 'ParentOpened' as event,
        event_id, cause, null as about_order_id,
        format('{} {} under policy {}', side, instrument_id, policy_id) as summary
    from parent_opened
    union all
    select
        parent_id, shard, seq, seq, at_ns, 'MemberJoined', event_id, cause, order_id,
        format('{} joins with {}; the parent wants {}', order_id, member_qty, parent_qty)
    from member_joined
    union all
    select
        parent_id, shard, seq, seq, at_ns, 'MemberAmended', event_id, cause, order_id,
        format('{} changes by {}; the parent wants {}', order_id, change_qty, parent_qty)
    from member_amended
    union all
    select
        parent_id, shard, seq, seq, at_ns, 'MemberLeft', event_id, cause, order_id,
        format('{} leaves with {} ({}); the parent wants {}', order_id, left_qty, reason, parent_qty)
    from member_left
    union all
    select
        unnest([buy_parent_id, sell_parent_id]), shard, seq, seq, at_ns, 'OrdersCrossed', event_id,
        cause, null,
        format(
            '{} crossed at {:.4f} between {} and {}; bid {:.4f}, ask {:.4f}',
            cross_qty, cross_px / 1e9, buy_parent_id, sell_parent_id, bid_px / 1e9, ask_px / 1e9
        )
    from orders_crossed
    union all
    select
        parent_id, shard, seq, seq, at_ns, 'ParentReleased', event_id, cause, null,
        format(
            '{} to market by {}; {} members, {} crossed before',
            release_qty, reason, member_count, crossed_qty
        )
    from parent_released
    union all
    select
        parent_id, shard, seq, seq, at_ns, 'ParentEnded', event_id, cause, null,
        format(
            '{}: {} filled, {} crossed, {} returned', reason, filled_qty, crossed_qty, returned_qty
        )
    from parent_ended
    union all
    select
        parent_id, shard, seq, seq, at_ns, 'PlanAdopted', event_id, cause, null,
        format(
            'plan {}: {} of {} by {} routing ({}); expected cost {:.3f} bps',
            revision, strategy, plan_qty, router, reason, expected_cost_millibps / 1e3
        )
    from plan_adopted
    union all
    select
        parent_id, shard, seq, seq, at_ns, 'ScheduleRecalibrated', event_id, cause, null,
        format(
            'after {}: {} done, {} out, target {} of {}; slippage {} bps',
            reason, done_qty, open_qty, target_qty, parent_qty,
            coalesce((slippage_millibps / 1e3)::varchar, 'unknown')
        )
    from schedule_recalibrated
    union all
    select
        parent_id, shard, seq, seq, at_ns, 'SliceReleased', event_id, cause, null,
        format(
            '{} {} by {} routing; target {}, {} done, {} out',
            slice_qty, style, router, target_qty, done_qty, open_qty
        )
    from slice_released
    union all
    select
        parent_id, shard, seq, seq, at_ns, 'ChildRouted', event_id, cause, null,
        format(
            '{} {} to {} at {:.4f}, {}; saw {:.4f} / {:.4f}, {:.3f} s old, score {:.3f} bps',
            child_qty, child_type, venue, limit_px / 1e9, time_in_force, bid_px / 1e9,
            ask_px / 1e9, quote_age_ns / 1e9, score_millibps / 1e3
        )
    from child_routed
    union all
    select
        parent_id, shard, seq, seq, at_ns, 'RouteDeferred', event_id, cause, null,
        format('{} of slice {} found no venue', unrouted_qty, slice_id)
    from route_deferred
    union all
    select
        parent_id, shard, seq, seq, at_ns, 'ChildCancelRequested', event_id, cause, null,
        format('{} asked to cancel {} ({})', venue, child_id, reason)
    from child_cancel_requested
    union all
    select
        child.parent_id, reports.shard, null, coalesce(effects.seq, sealed.first_seq),
        reports.at_ns, reports.event, null,
        'venue-reports:' || reports.position, null, reports.summary
    from reports
    join child_routed as child on child.event_id = reports.child_id
    left join effects
        on effects.shard = reports.shard
        and effects.cause = 'venue-reports:' || reports.position
    asof left join (select * from sealed_inputs where topic = 'venue-reports') as sealed
        on sealed.shard = reports.shard
        and sealed.first_position <= reports.position
    union all
    select
        parent_id, shard, seq, seq, at_ns, 'ChildAcknowledged', event_id, cause, null,
        format('{} is at its venue', child_id)
    from child_acknowledged
    union all
    select
        parent_id, shard, seq, seq, at_ns, 'FillBooked', event_id, cause, null,
        format(
            '{} of {} at {:.4f} on {} ({}){}',
            last_qty, child_id, last_px / 1e9, venue, liquidity, if(late, ', late', '')
        )
    from fill_booked
    union all
    select
        parent_id, shard, seq, seq, at_ns, 'FillBusted', event_id, cause, null,
        format('fill {} of {} is taken back', fill_id, last_qty)
    from fill_busted
    union all
    select
        parent_id, shard, seq, seq, at_ns, 'FillCorrected', event_id, cause, null,
        format(
            'fill {} was {} at {:.4f}, is {} at {:.4f}',
            fill_id, previous_qty, previous_px / 1e9, last_qty, last_px / 1e9
        )
    from fill_corrected
    union all
    select
        parent_id, shard, seq, seq, at_ns, 'ChildClosed', event_id, cause, null,
        format('{} ended {}: {} back {}', child_id, reason, returned_qty, text)
    from child_closed
    union all
    select
        parent_id, shard, seq, seq, at_ns, 'ChildFateUnknown', event_id, cause, null,
        format('nobody knows whether {} works: {}', child_id, text)
    from child_fate_unknown
    union all
    select
        parent_id, shard, seq, seq, at_ns, 'CancelFailed', event_id, cause, null,
        format('{} works on: {}', child_id, text)
    from cancel_failed
    union all
    select
        child.parent_id, flag.shard, flag.seq, flag.seq, flag.at_ns, 'BreakFlagged', flag.event_id,
        flag.cause, null, format('{}: {}', flag.reason, flag.text)
    from break_flagged as flag
    join child_routed as child on child.event_id = flag.child_id
    union all
    select
        parent_id, shard, seq, seq, at_ns, 'FillAllocated', event_id, cause, null,
        format('fill {} of {} shared among {}, {} in error', fill_id, last_qty, len(order_ids), error_qty)
    from fill_allocated
    union all
    select
        parent_id, shard, seq, seq, at_ns, 'CrossAllocated', event_id, cause, null,
        format('cross {} of {} shared among {}', cross_id, cross_qty, len(shares))
    from cross_allocated
    union all
    select
        parent_id, shard, seq, seq, at_ns, 'FillReallocated', event_id, cause, null,
        format(
            'fill {}: {} members had a share, {} have one now', fill_id, len("before"), len("after")
        )
    from fill_reallocated
    union all
    select
        parent_id, shard, seq, seq, at_ns, 'ParentReconciled', event_id, cause, null,
        format('{} filled, {} crossed, {} in error', filled_qty, crossed_qty, error_qty)
    from parent_reconciled
)
select
    parent_id,
    row_number() over (
        partition by parent_id
        order by anchor_seq, seq nulls first, at_ns, cause
    ) as step,
    seq,
    at_ns,
    event,
    event_id,
    cause,
    summary,
    about_order_id,
    shard,
    anchor_seq
from steps;
