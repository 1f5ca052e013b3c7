-- How much had others traded as a shard had folded it, and when was the last print? One row a change.
create or replace view others_volume as
with
changes as (
    select
        home.shard, prints.instrument_id, sealed.first_seq as seq, prints.last_qty, prints.event_ns
    from prints
    join (select distinct shard, instrument_id from child_routed) as home
        on home.instrument_id = prints.instrument_id
    asof join (select * from sealed_inputs where topic = 'market-data') as sealed
        on sealed.shard = home.shard
        and sealed.first_position <= prints.position
    where prints.eligible
    union all
    select fill.shard, fill.instrument_id, fill.seq, -fill.last_qty, null
    from fill_booked as fill
    cross join tape_setting
    where tape_setting.tape_includes_own
)
select
    shard, instrument_id, seq,
    sum(last_qty) over upto as volume_qty,
    max(event_ns) over upto as print_ns
from changes
window upto as (
    partition by shard, instrument_id
    order by seq
    range between unbounded preceding and current row
);
