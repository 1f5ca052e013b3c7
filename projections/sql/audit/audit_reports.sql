-- What did venues and gateways report of each child? One row a report.
-- A report has no seq: anchor_seq is the seq of its first effect or, without one, of its batch.
create or replace view audit_reports as
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
            '{} reports {} {}{}: {} done, {} left{}',
            venue, exec_type, exec_id,
            if(
                last_qty > 0,
                format(
                    ': {} at {}',
                    last_qty, regexp_replace(format('{:.9f}', last_px / 1e9), '0{1,7}$', '')
                ),
                ''
            ),
            cum_qty, leaves_qty, if(text = '', '', '; ' || text)
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
)
select
    child.parent_id,
    reports.child_id,
    reports.shard,
    coalesce(effects.seq, sealed.first_seq) as anchor_seq,
    reports.at_ns,
    reports.event,
    'venue-reports:' || reports.position as cause,
    reports.summary
from reports
join child_routed as child on child.event_id = reports.child_id
left join effects
    on effects.shard = reports.shard
    and effects.cause = 'venue-reports:' || reports.position
asof left join (select * from sealed_inputs where topic = 'venue-reports') as sealed
    on sealed.shard = reports.shard
    and sealed.first_position <= reports.position;
