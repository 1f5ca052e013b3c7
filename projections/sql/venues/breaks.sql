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
    flag.event_id as break_id,
    flag.shard,
    flag.reason,
    flag.venue,
    flag.child_id,
    flag.exec_id,
    flag.break_qty,
    flag.break_px,
    flag.text,
    coalesce(settled.resolution, 'OPEN') as status,
    settled.settled_by,
    settled.explanation,
    flag.at_ns as flagged_ns,
    settled.settled_ns,
    coalesce(settled.settled_ns, latest.now_ns) - flag.at_ns as age_ns
from break_flagged as flag
cross join latest
left join settled on settled.break_id = flag.event_id;
