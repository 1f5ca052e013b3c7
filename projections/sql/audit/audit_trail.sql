-- How did a small order come to its allocations, or to its refusal? One row a step, from its
-- request on, with the steps of its parent while it was a member.
-- `where order_id = '...' order by step`.
create or replace view audit_trail as
with
steps as (
    select
        decided.event_id as order_id, decided.shard, null::bigint as seq,
        decided.seq as anchor_seq, asked.received_ns as at_ns, 'OrderSubmitted' as event,
        null as event_id, 'orders:' || asked.position as cause,
        format(
            '{} requests: {} {} {}', asked.source, asked.side, asked.order_qty, asked.instrument_id
        ) as summary
    from order_submitted as asked
    join (
        select event_id, shard, seq, cause from order_accepted
        union all
        select event_id, shard, seq, cause from order_rejected
    ) as decided
        on decided.shard = asked.shard
        and decided.cause = 'orders:' || asked.position
    union all
    select
        event_id, shard, seq, seq, at_ns, 'OrderRejected', event_id, cause,
        format('refused, {}: {}', reason, text)
    from order_rejected
    union all
    select
        event_id, shard, seq, seq, at_ns, 'OrderAccepted', event_id, cause,
        format(
            '{} {} {} of {}; the midpoint was {}', side, order_qty, instrument_id, client_id,
            coalesce(
                regexp_replace(format('{:.9f}', arrival_mid_px / 1e9), '0{1,7}$', ''),
                'unknown'
            )
        )
    from order_accepted
    union all
    select
        order_id, shard, seq, seq, at_ns, 'OrderChangePending', event_id, cause,
        format('{} {} waits until no child needs the quantity', change, cl_ord_id)
    from order_change_pending
    union all
    select
        order_id, shard, seq, seq, at_ns, 'OrderAmended', event_id, cause,
        format('{} becomes {}', previous_qty, order_qty)
    from order_amended
    union all
    select
        order_id, shard, seq, seq, at_ns, 'OrderCancelled', event_id, cause,
        format('{} withdrawn ({})', withdrawn_qty, if(text = '', reason, text))
    from order_cancelled
    union all
    select
        order_id, shard, seq, seq, at_ns, 'OrderExpired', event_id, cause,
        format('{} withdrawn ({})', withdrawn_qty, reason)
    from order_expired
    union all
    select
        order_id, shard, seq, seq, at_ns, 'OrderCarried', event_id, cause,
        format('{} carried over the close', order_qty - crossed_qty - allocated_qty)
    from order_carried
    union all
    select
        order_id, shard, seq, seq, at_ns, 'OrderResumed', event_id, cause,
        'passed the checks of the new day'
    from order_resumed
    union all
    select
        order_id, shard, seq, seq, at_ns, 'CorporateActionApplied', event_id, cause,
        format(
            '{} {} to {}: {} open becomes {}{}',
            action_id, old_qty, new_qty, previous_qty, open_qty, if(text = '', '', ' (' || text || ')')
        )
    from corporate_action_applied
    union all
    select
        order_id, shard, seq, seq, at_ns, 'OrderStatusReported', event_id, cause,
        format('{} was sent again: {}, {} done, {} open', cl_ord_id, ord_status, cum_qty, leaves_qty)
    from order_status_reported
    union all
    select
        refused.shard || '-' || target.seq, refused.shard, refused.seq, refused.seq, refused.at_ns,
        'OrderChangeRejected', refused.event_id, refused.cause,
        format('{} refused: {}', refused.change, refused.text)
    from order_change_rejected as refused
    join order_state as target
        on target.shard = refused.shard
        and target.source = refused.source
        and target.cl_ord_id = refused.orig_cl_ord_id
    union all
    select
        stay.order_id, audit.shard, audit.seq, audit.anchor_seq, audit.at_ns, audit.event,
        audit.event_id, audit.cause, audit.summary
    from membership as stay
    join audit_parent as audit
        on audit.parent_id = stay.parent_id
        -- The parent opens before its first member joins.
        and audit.anchor_seq >= if(audit.event = 'ParentOpened', 0, stay.joined_seq)
        and audit.anchor_seq <= coalesce(stay.until_seq, audit.anchor_seq)
    where audit.event not in ('FillAllocated', 'CrossAllocated', 'FillReallocated')
        and coalesce(audit.about_order_id, stay.order_id) = stay.order_id
    union all
    select
        order_id, shard, seq, seq, at_ns, event, event_id, cause,
        case event
            when 'FillAllocated'
                then format('{} of the {} of fill {}', has_qty, execution_qty, execution_id)
            when 'CrossAllocated'
                then format('{} of the {} of cross {}', has_qty, execution_qty, execution_id)
            else format('of fill {} the order had {}, has {} now', execution_id, had_qty, has_qty)
        end
    from share_life
    union all
    select
        result.order_id, shard, seq, seq, at_ns, 'ParentReconciled', event_id, cause,
        format(
            'of {} in this parent: {} crossed, {} allocated, {} left', result.member_qty,
            result.crossed_qty, result.allocated_qty, result.left_qty
        )
    from (select unnest(members) as result, * from parent_reconciled)
),
resubmitted as (
    select shard, position, timestamp_ms, resubmits, sender from order_submitted
    union all
    select shard, position, timestamp_ms, resubmits, sender from order_amend_requested
    union all
    select shard, position, timestamp_ms, resubmits, sender from order_cancel_requested
),
-- Requests whose bytes could not be read, and the steps that followed when they were sent again.
recovered as (
    select
        steps.order_id,
        resubmitted.*,
        string_split(resubmitted.resubmits, ':') as refused_at,
        min(steps.anchor_seq) as anchor_seq
    from resubmitted
    join steps
        on steps.shard = resubmitted.shard
        and steps.cause = 'orders:' || resubmitted.position
    where resubmitted.resubmits is not null
    group by all
),
all_steps as (
    from steps
    union all
    select
        recovered.order_id, recovered.shard, null, recovered.anchor_seq, refused.at_ns,
        'InputRejected', refused.event_id, refused.cause,
        format('from {}: {} ({})', refused.source, refused.reason, refused.text)
    from recovered
    join input_rejected as refused
        on refused.topic = recovered.refused_at[1]
        and refused.shard = try_cast(recovered.refused_at[2] as int)
        and refused.input_position = try_cast(recovered.refused_at[3] as bigint)
    union all
    select
        order_id, shard, null, anchor_seq, timestamp_ms * 1000000, 'Resubmitted', null,
        'orders:' || position,
        format('sent again from the dlq, in place of {}', resubmits)
    from recovered
)
select
    order_id,
    row_number() over (
        partition by order_id
        order by anchor_seq, seq nulls first, at_ns, cause, event_id
    ) as step,
    seq,
    at_ns,
    event,
    event_id,
    cause,
    summary
from (select distinct * from all_steps);
