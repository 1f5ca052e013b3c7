-- What was each carried order that resumed, then? One row a resumption; first_seq is its day's.
-- open_qty is what was open at the close, changed by what happened until the order resumed.
create or replace view resumptions as
with
resumed as (
    select resumed.order_id, resumed.shard, resumed.seq, resumed.value_px, days.first_seq
    from order_resumed as resumed
    asof join day_starts as days
        on days.shard = resumed.shard and days.first_seq <= resumed.seq
),
carried as (
    select
        resumed.*,
        carried.seq as carried_seq,
        carried.client_id,
        carried.currency,
        carried.side,
        carried.limit_px as carried_limit_px,
        carried.order_qty - carried.crossed_qty - carried.allocated_qty as carried_qty
    from resumed
    asof join order_carried as carried
        on carried.order_id = resumed.order_id
        and carried.seq < resumed.seq
),
changed as (
    select carried.order_id, carried.seq, sum(life.want_qty - life.done_qty) as change_qty
    from carried
    join order_life as life
        on life.order_id = carried.order_id
        and life.seq > carried.carried_seq
        and life.seq < carried.seq
    group by carried.order_id, carried.seq
)
select
    carried.* exclude (carried_seq, carried_limit_px, carried_qty),
    -- A null limit of an amend is a limit taken away.
    if(amended.seq > carried.carried_seq, amended.limit_px, carried.carried_limit_px) as limit_px,
    (carried.carried_qty + coalesce(changed.change_qty, 0))::bigint as open_qty
from carried
left join changed on changed.order_id = carried.order_id and changed.seq = carried.seq
asof left join order_amended as amended
    on amended.order_id = carried.order_id
    and amended.seq < carried.seq;
