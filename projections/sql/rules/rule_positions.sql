-- Is every position limit kept in the worst case? One row a rule. A limit that is set during a day
-- counts what was open then, and what is executed afterwards.
create or replace view rule_positions as
with
numbered as (
    select
        *,
        lag(max_position_qty) over same as former_qty,
        lag(seq) over same as former_seq
    from limits_in_force
    window same as (partition by shard, scope, name order by seq)
),
limits as (
    select
        *,
        max(if(former_qty is null, seq, null)) over (
            partition by shard, scope, name
            order by seq
            rows between unbounded preceding and current row
        ) as since_seq  -- Since when there has been some number.
    from numbered
    where max_position_qty is not null
        or former_qty is not null
),
asked as (
    select
        'position_limit' as rule, orders.event_id, orders.shard, orders.seq, orders.side,
        orders.instrument_id, orders.client_id
    from order_accepted as orders
    union all
    select
        'position_limit', resumed.event_id, resumed.shard, resumed.seq, orders.side,
        orders.instrument_id, orders.client_id
    from order_resumed as resumed
    join order_entries as orders on orders.order_id = resumed.order_id
    union all
    select distinct
        'position_at_work', child.event_id, child.shard, child.seq, child.side,
        child.instrument_id, orders.client_id
    from child_routed as child
    join membership as stay
        on stay.parent_id = child.parent_id
        and stay.joined_seq < child.seq
        and coalesce(stay.until_seq, 9223372036854775807) > child.seq
    join order_entries as orders on orders.order_id = stay.order_id
    semi join limits on limits.shard = child.shard
),
keyed as (
    select
        asked.*,
        days.first_seq,
        unnest([
            {'scope': 'FIRM', 'name': instruments.currency},
            {'scope': 'CLIENT', 'name': asked.client_id},
            {'scope': 'INSTRUMENT', 'name': asked.instrument_id}
        ]) as key
    from asked
    join instruments on instruments.instrument_id = asked.instrument_id
    asof join day_starts as days on days.shard = asked.shard and days.first_seq <= asked.seq
),
bound as (
    select
        keyed.*,
        limits.max_position_qty,
        greatest(keyed.first_seq, limits.since_seq) as since_seq
    from keyed
    asof join limits
        on limits.shard = keyed.shard
        and limits.scope = keyed.key.scope
        and limits.name = keyed.key.name
        and limits.seq < keyed.seq
    where limits.max_position_qty is not null
        -- A child only where the limit came below the former one on that day.
        and (
            keyed.rule = 'position_limit'
            or (
                limits.seq > keyed.first_seq
                and limits.max_position_qty < coalesce(limits.former_qty, 9223372036854775807)
            )
        )
),
worst as (
    select
        bound.rule,
        bound.event_id,
        bound.max_position_qty,
        if(
            bound.side = 'BUY',
            life.buy_wanted_qty - life.sell_done_qty
                - coalesce(before.buy_done_qty, 0) + coalesce(before.sell_done_qty, 0),
            life.sell_wanted_qty - life.buy_done_qty
                - coalesce(before.sell_done_qty, 0) + coalesce(before.buy_done_qty, 0)
        ) as worst_qty
    from bound
    asof join position_life as life
        on life.shard = bound.shard
        and life.first_seq = bound.first_seq
        and life.scope = bound.key.scope
        and life.name = bound.key.name
        and life.instrument_id = bound.instrument_id
        and life.seq <= bound.seq
    asof left join position_life as before
        on before.shard = bound.shard
        and before.first_seq = bound.first_seq
        and before.scope = bound.key.scope
        and before.name = bound.key.name
        and before.instrument_id = bound.instrument_id
        and before.seq < bound.since_seq
)
select
    asked.name,
    count(distinct worst.event_id) as violations,
    asked.question
from (
    values
        (
            'position_limit',
            'No order is accepted, or resumed, by which a position could come above its limit.'
        ),
        (
            'position_at_work',
            'Nothing is sent on a side whose position could come above a limit that became lower.'
        )
) as asked (name, question)
left join worst on worst.rule = asked.name and worst.worst_qty > worst.max_position_qty
group by asked.name, asked.question;
