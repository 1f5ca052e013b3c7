-- What do the orders of a day want and what has been executed of them, by the limits that bind them?
-- One row a change, limit and instrument; the sums of the day after it. A carried order wants from
-- its resumption on; before, what is executed of it is wanted and done at once.
create or replace view position_life as
with
-- An order is of the day of its acceptance, and of each day that a close carries it into.
present as (
    select orders.event_id as order_id, orders.shard, days.first_seq, orders.seq as placed_seq
    from order_accepted as orders
    asof join day_starts as days on days.shard = orders.shard and days.first_seq <= orders.seq
    union all
    select carried.order_id, carried.shard, days.first_seq, resumed.seq
    from order_carried as carried
    asof join day_starts as days on days.shard = carried.shard and days.first_seq > carried.seq
    left join resumptions as resumed
        on resumed.order_id = carried.order_id
        and resumed.first_seq = days.first_seq
),
of_day as (
    select life.*, days.shard, days.first_seq
    from order_life as life
    join order_entries as orders on orders.order_id = life.order_id
    asof join day_starts as days on days.shard = orders.shard and days.first_seq <= life.seq
),
placed as (
    select event_id as order_id, shard, seq, order_qty as want_qty, 0::bigint as done_qty
    from order_accepted
    union all
    select order_id, shard, seq, open_qty, 0
    from resumptions
),
changes as (
    select placed.*, days.first_seq
    from placed
    asof join day_starts as days on days.shard = placed.shard and days.first_seq <= placed.seq
    union all by name
    select
        of_day.order_id, of_day.shard, of_day.seq, of_day.done_qty, of_day.first_seq,
        if(of_day.seq > present.placed_seq, of_day.want_qty, of_day.done_qty) as want_qty
    from of_day
    join present
        on present.order_id = of_day.order_id
        and present.first_seq = of_day.first_seq
),
keyed as (
    select
        changes.*,
        orders.side,
        orders.instrument_id,
        unnest([
            {'scope': 'FIRM', 'name': instruments.currency},
            {'scope': 'CLIENT', 'name': orders.client_id},
            {'scope': 'INSTRUMENT', 'name': orders.instrument_id}
        ]) as key
    from changes
    join order_entries as orders on orders.order_id = changes.order_id
    join instruments on instruments.instrument_id = orders.instrument_id
)
select
    shard,
    first_seq,
    seq,
    key.scope as scope,
    key.name as name,
    instrument_id,
    sum(if(side = 'BUY', want_qty, 0)) over life as buy_wanted_qty,
    sum(if(side = 'SELL', want_qty, 0)) over life as sell_wanted_qty,
    sum(if(side = 'BUY', done_qty, 0)) over life as buy_done_qty,
    sum(if(side = 'SELL', done_qty, 0)) over life as sell_done_qty
from keyed
-- Only where there is such a limit.
semi join (
    select shard as limit_shard, scope, name from limits_in_force where max_position_qty is not null
) as limits
    on limits.limit_shard = keyed.shard
    and limits.scope = keyed.key.scope
    and limits.name = keyed.key.name
window life as (
    partition by shard, first_seq, key, instrument_id
    order by seq
    range between unbounded preceding and current row
);
