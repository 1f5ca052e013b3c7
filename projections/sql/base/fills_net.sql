-- What is each fill after busts and corrections? One row a fill; last_qty is 0 once busted.
create or replace view fills_net as
with
corrected as (
    select fill_id, arg_max(last_qty, seq) as last_qty, arg_max(last_px, seq) as last_px
    from fill_corrected
    group by fill_id
),
busted as (
    select distinct fill_id
    from fill_busted
)
select
    fill.event_id as fill_id,
    fill.shard,
    fill.seq,
    fill.at_ns,
    fill.cause,
    fill.child_id,
    fill.parent_id,
    fill.instrument_id,
    fill.venue,
    fill.side,
    fill.exec_id,
    fill.session_day,
    if(busted.fill_id is null, coalesce(corrected.last_qty, fill.last_qty), 0) as last_qty,
    coalesce(corrected.last_px, fill.last_px) as last_px,
    fill.last_qty as booked_qty,
    fill.last_px as booked_px,
    fill.leaves_qty,
    fill.overfill_qty,
    fill.liquidity,
    fill.fee_px,
    fill.mid_px,
    fill.late,
    fill.transact_ns,
    busted.fill_id is not null as busted,
    corrected.fill_id is not null as corrected
from fill_booked as fill
left join busted on busted.fill_id = fill.event_id
left join corrected on corrected.fill_id = fill.event_id;
