-- What happened to a parent, step by step, and what led to each step? One row a step.
-- `where parent_id = '...' order by step`. Inputs have no seq; they come before what they caused.
create or replace view audit_parent as
with
steps as (
    select
        event_id as parent_id, shard, seq, seq as anchor_seq, at_ns, 'ParentOpened' as event,
        event_id, cause, null as about_order_id,
        format('{} {} by {} under policy {}', side, instrument_id, benchmark, policy_id) as summary
    from parent_opened
    union all
    select
        parent_id, shard, seq, seq, at_ns, 'TrancheOpened', event_id, cause, null,
        format(
            'tranche {}{} until {}{}{}; at most {:.1f} % of the volume',
            tranche, coalesce(' by ' || benchmark, ''),
            strftime(make_timestamp_ns(end_ns), '%H:%M:%S'), if(no_dark, ', lit only', ''),
            if(must_complete, ', to be completed', ''), max_participation_ppm / 1e4
        )
    from tranche_opened
    union all
    select
        parent_id, shard, seq, seq, at_ns, 'MemberJoined', event_id, cause, order_id,
        format(
            '{} joins tranche {} with {}; the parent has {} open',
            order_id, tranche, member_qty, parent_qty
        )
    from member_joined
    union all
    select
        parent_id, shard, seq, seq, at_ns, 'MemberAmended', event_id, cause, order_id,
        format('{} changes by {}; the parent has {} open', order_id, change_qty, parent_qty)
    from member_amended
    union all
    select
        parent_id, shard, seq, seq, at_ns, 'MemberLeft', event_id, cause, order_id,
        format(
            '{} leaves with {} ({}); the parent has {} open', order_id, left_qty, reason, parent_qty
        )
    from member_left
    union all
    select
        unnest([buy_parent_id, sell_parent_id]), shard, seq, seq, at_ns, 'OrdersCrossed', event_id,
        cause, null,
        format(
            '{} crossed at {} between {} and {}; bid {}, ask {}',
            cross_qty, regexp_replace(format('{:.9f}', cross_px / 1e9), '0{1,7}$', ''),
            buy_parent_id, sell_parent_id,
            regexp_replace(format('{:.9f}', bid_px / 1e9), '0{1,7}$', ''),
            regexp_replace(format('{:.9f}', ask_px / 1e9), '0{1,7}$', '')
        )
    from orders_crossed
    union all
    select
        parent_id, shard, seq, seq, at_ns, 'ParentReleased', event_id, cause, null,
        format(
            '{} to market by {}; {}, {} crossed before', release_qty, reason,
            member_count || if(member_count = 1, ' member', ' members'), crossed_qty
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
            'plan {}: strategy {} for {}, router {}, because {}; expected cost {:.3f} bps',
            revision, coalesce(nullif(array_to_string(list_sort(list_distinct(
                list_transform(tranches, lambda x: x.strategy))), ', '), ''), strategy),
            plan_qty, router, case reason
                when 'RELEASED' then 'the parent was released'
                when 'MEMBERS_CHANGED' then 'its members changed'
                when 'BEHIND' then 'it is behind its schedule'
                when 'COMPLETION_AT_RISK' then 'its completion is at risk'
                when 'TRANCHE_BEGAN' then 'the time of some of its orders has begun'
                when 'INSTRUCTED' then 'the desk instructed it'
                else 'of another reason'
            end, expected_cost_millibps / 1e3
        )
    from plan_adopted
    union all
    select
        parent_id, shard, seq, seq, at_ns, 'ScheduleRecalibrated', event_id, cause, null,
        format(
            'after {}: {} done, {} at venues, target {} of {}; slippage {} bps{}',
            reason, done_qty, open_qty, target_qty, parent_qty,
            coalesce(format('{:.3f}', slippage_millibps / 1e3), 'unknown'),
            if(next_slice = 'OTHER', '', '; the next slice: ' || next_slice)
        )
    from schedule_recalibrated
    union all
    select
        parent_id, shard, seq, seq, at_ns, 'SliceReleased', event_id, cause, null,
        format(
            '{} {}, router {}; band {} to {} around {}, {} done, {} at venues{}{}{}{}',
            slice_qty, style, router, lower_qty, upper_qty, target_qty, done_qty, open_qty,
            if(wait_ns = 0, '', format('; waits {} s at most', wait_ns // 1_000_000_000)),
            if(recalibration_id = '', '', format('; as {} changed it', recalibration_id)),
            if(day_share_e9 = 0, '', format(
                '; curve updated by {} traded since the plan, {} today at {} % of a usual day',
                window_volume_qty, day_volume_qty, day_share_e9 // 10_000_000
            )),
            coalesce('; for ' || list_aggregate(
                list_transform(claims, lambda x: format('{} of {}', x.claim_qty, x.tranche)),
                'string_agg', ', '
            ), '')
        )
    from slice_released
    union all
    select
        parent_id, shard, seq, seq, at_ns, 'SliceHeld', event_id, cause, null,
        format(
            '{} of {} held: all parents of {} have {}, its mandate allows {}',
            wanted_qty - slice_qty, wanted_qty, client_id, used_qty, cap_qty
        )
    from slice_held
    union all
    select
        parent_id, shard, seq, seq, at_ns, 'ParentPaused', event_id, cause, null,
        format(
            '{} open waits {} ({})',
            parent_qty,
            if(until_ns > 0, strftime(make_timestamp_ns(until_ns), 'until %Y-%m-%dT%H:%M:%SZ'),
                'for the next session'),
            reason
        )
    from parent_paused
    union all
    select parent_id, shard, seq, seq, at_ns, event, event_id, cause, null, summary
    from audit_instructions
    union all
    select
        parent_id, shard, seq, seq, at_ns, 'RouteDeferred', event_id, cause, null,
        format(
            'no venue for {} of slice {} ({})', unrouted_qty, slice_id,
            list_aggregate(
                list_transform(rejected_by_reason, lambda x: x.reason || ' ' || x.venue_count),
                'string_agg', ', '
            )
        )
    from route_deferred
    union all
    select
        parent_id, shard, seq, seq, at_ns, 'CrossAllocated', event_id, cause, null,
        format(
            'cross {} of {} shared among {}', cross_id, cross_qty,
            len(shares) || if(len(shares) = 1, ' order', ' orders')
        )
    from cross_allocated
    union all
    select
        parent_id, shard, seq, anchor_seq, at_ns, event, event_id, cause, null, summary
    from audit_execution
    union all
    select
        parent_id, shard, seq, seq, at_ns, 'ParentReconciled', event_id, cause, null,
        format('{} filled, {} crossed, {} in the error account', filled_qty, crossed_qty, error_qty)
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
