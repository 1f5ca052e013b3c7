-- What happened to each child, from its route to the allocation of its fills? One row a step.
-- fill_id names the fill that a step is about, null where it is about none.
create or replace view audit_execution as
with
steps as (
    select
        parent_id, event_id as child_id, null as fill_id, shard, seq, seq as anchor_seq, at_ns,
        'ChildRouted' as event, event_id, cause,
        format(
            '{} {} to {} at {}, {}; saw {} / {}, {:.3f} s old, score {:.3f} bps',
            child_qty, child_type, venue,
            regexp_replace(format('{:.9f}', limit_px / 1e9), '0{1,7}$', ''),
            time_in_force,
            regexp_replace(format('{:.9f}', bid_px / 1e9), '0{1,7}$', ''),
            regexp_replace(format('{:.9f}', ask_px / 1e9), '0{1,7}$', ''),
            quote_age_ns / 1e9, score_millibps / 1e3
        ) as summary
    from child_routed
    union all
    select
        parent_id, child_id, null, shard, seq, seq, at_ns, 'ChildCancelRequested', event_id, cause,
        format('{} asked to cancel {} ({})', venue, child_id, reason)
    from child_cancel_requested
    union all
    select
        parent_id, child_id, null, shard, seq, seq, at_ns, 'ChildStatusRequested', event_id, cause,
        format(
            '{} asked for the state of {}, question {}; unanswered for {:.3f} s',
            venue, child_id, number, (at_ns - unanswered_since_ns) / 1e9
        )
    from child_status_requested
    union all
    select
        parent_id, child_id, null, shard, null, anchor_seq, at_ns, event, null, cause, summary
    from audit_reports
    union all
    select
        parent_id, child_id, null, shard, seq, seq, at_ns, 'ChildAcknowledged', event_id, cause,
        format('{} is at its venue', child_id)
    from child_acknowledged
    union all
    select
        parent_id, child_id, event_id, shard, seq, seq, at_ns, 'FillBooked', event_id, cause,
        format(
            '{} of {} at {} on {} ({}){}',
            last_qty, child_id,
            regexp_replace(format('{:.9f}', last_px / 1e9), '0{1,7}$', ''),
            venue, liquidity, if(late, ', late', '')
        )
    from fill_booked
    union all
    select
        parent_id, child_id, fill_id, shard, seq, seq, at_ns, 'FillBusted', event_id, cause,
        format('the venue takes back fill {} of {}', fill_id, last_qty)
    from fill_busted
    union all
    select
        parent_id, child_id, fill_id, shard, seq, seq, at_ns, 'FillCorrected', event_id, cause,
        format(
            'fill {} was {} at {}, is {} at {}',
            fill_id, previous_qty,
            regexp_replace(format('{:.9f}', previous_px / 1e9), '0{1,7}$', ''),
            last_qty,
            regexp_replace(format('{:.9f}', last_px / 1e9), '0{1,7}$', '')
        )
    from fill_corrected
    union all
    select
        parent_id, child_id, null, shard, seq, seq, at_ns, 'ChildClosed', event_id, cause,
        format(
            '{} ended {}: {} back{}', child_id, reason, returned_qty,
            if(text = '', '', '; ' || text)
        )
    from child_closed
    union all
    select
        parent_id, child_id, null, shard, seq, seq, at_ns, 'ChildFateUnknown', event_id, cause,
        format('unknown whether {} is at its venue: {}', child_id, text)
    from child_fate_unknown
    union all
    select
        parent_id, child_id, null, shard, seq, seq, at_ns, 'ExecutionsMissing', event_id, cause,
        format(
            '{} of {} are counted by its venue and not reported; {} stay open', missing_qty,
            child_id, leaves_qty
        )
    from executions_missing
    union all
    select
        parent_id, child_id, null, shard, seq, seq, at_ns, 'ChildCarried', event_id, cause,
        format('{} is carried over the close with {} fills', child_id, len(fills))
    from child_carried
    union all
    select
        parent_id, child_id, null, shard, seq, seq, at_ns, 'CancelFailed', event_id, cause,
        format('{} works on: {}', child_id, text)
    from cancel_failed
    union all
    select
        child.parent_id, flag.child_id, null, flag.shard, flag.seq, flag.seq, flag.at_ns,
        'BreakFlagged', flag.event_id, flag.cause, format('{}: {}', flag.reason, flag.text)
    from break_flagged as flag
    join child_routed as child on child.event_id = flag.child_id
    union all
    select
        part.parent_id, fill.child_id, part.fill_id, part.shard, part.seq, part.seq, part.at_ns,
        'FillAllocated', part.event_id, part.cause,
        format(
            'fill {} of {} shared among {}, {} in the error account',
            part.fill_id, part.last_qty,
            len(part.order_ids) || if(len(part.order_ids) = 1, ' order', ' orders'), part.error_qty
        )
    from fill_allocated as part
    left join fill_booked as fill on fill.event_id = part.fill_id
    union all
    select
        part.parent_id, fill.child_id, part.fill_id, part.shard, part.seq, part.seq, part.at_ns,
        'FillReallocated', part.event_id, part.cause,
        format(
            'fill {}: {} had a share, now {}',
            part.fill_id,
            len(part."before") || if(len(part."before") = 1, ' order', ' orders'),
            len(part."after") || if(len(part."after") = 1, ' order has one', ' orders have one')
        )
    from fill_reallocated as part
    left join fill_booked as fill on fill.event_id = part.fill_id
),
-- The fill that a venue's report booked, took back or corrected.
reported as (
    select shard, cause, event_id as fill_id from fill_booked
    union
    select shard, cause, fill_id from fill_busted
    union
    select shard, cause, fill_id from fill_corrected
)
select
    steps.* replace (coalesce(steps.fill_id, reported.fill_id) as fill_id)
from steps
left join reported
    on reported.shard = steps.shard
    and reported.cause = steps.cause
    and steps.fill_id is null;
