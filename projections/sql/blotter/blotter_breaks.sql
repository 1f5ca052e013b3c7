-- Which breaks are open, which explained by a report, which settled by a person? One row a break.
-- For people: prices in currency units, times of the venues' zone, ages in seconds; the oldest first.
create or replace view blotter_breaks as
with
booked as (
    select break_id, sum(error_qty)::bigint as error_qty
    from error_booked
    group by break_id
)
select
    found.break_id,
    case found.status when 'REPORTED' then 'EXPLAINED' else found.status end as status,
    found.reason,
    found.venue,
    found.child_id,
    found.exec_id,
    found.break_count,
    found.break_qty,
    (found.break_px / 1e9)::decimal(18, 9) as break_price,
    (found.age_ns / 1e9)::decimal(18, 3) as age_s,  -- To its settlement, else to now.
    strftime(
        timezone(zone.time_zone, make_timestamp_ns(found.flagged_ns)::timestamp at time zone 'UTC'),
        '%Y-%m-%d %H:%M:%S'
    ) as flagged_at,
    found.text,
    coalesce(booked.error_qty, 0) as error_qty,  -- Booked to the error account by its settlement.
    found.settled_by,
    found.explanation
from breaks as found
cross join calendar_zone as zone
left join booked on booked.break_id = found.break_id
order by found.flagged_ns, found.shard, found.seq;
