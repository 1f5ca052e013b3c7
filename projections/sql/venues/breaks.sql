-- Which breaks are open, how old are they, and who has settled the others? One row a break.
create or replace view breaks as
with
latest as (
    select max(now_ns) as now_ns
    from batch_sealed
),
settled as (
    select
        break_id,
        arg_max(resolution, seq) as resolution,
        arg_max(set_by, seq) as settled_by,
        arg_max(text, seq) as explanation,
        max(at_ns) as settled_ns
    from break_closed
    group by break_id
)
select
    flag.break_id,
    flag.shard,
    flag.seq,
    flag.reason,
    flag.venue,
    flag.child_id,
    flag.exec_id,
    flag.break_qty,
    flag.break_px,
    flag.break_count,  -- More than one is a venue's breaks of a kind that are kept as one.
    flag.text,
    coalesce(settled.resolution, 'OPEN') as status,
    settled.settled_by,
    settled.explanation,
    flag.at_ns as flagged_ns,
    settled.settled_ns,
    coalesce(settled.settled_ns, latest.now_ns) - flag.at_ns as age_ns
from (
    select
        event_id as break_id, shard, seq, at_ns, reason, venue, child_id, exec_id, break_qty,
        break_px, 1 as break_count, text
    from break_flagged
    union all by name
    -- Of the log that this one goes on from; its text is there.
    select
        break_id, shard, seq, at_ns, reason, venue, child_id, exec_id, break_qty, break_px,
        break_count, '' as text
    from break_carried
    where cause = 'opening:'
) as flag
cross join latest
left join settled on settled.break_id = flag.break_id;
