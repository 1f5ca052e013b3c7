-- Is what is accepted and sent within the limits in force then? One row a rule.
create or replace view rule_limits as
with
-- Every limit that binds an order, as it was in force at its acceptance.
accepted as (
    select
        orders.event_id as order_id,
        orders.order_qty,
        -- A buy pays its limit at most; a sell may get more than its limit.
        orders.order_qty::hugeint * if(
            orders.side = 'SELL',
            greatest(coalesce(orders.limit_px, 0), orders.value_px),
            if(coalesce(orders.limit_px, 0) = 0, orders.value_px, orders.limit_px)
        ) as notional,
        orders.shard,
        orders.seq,
        unnest([
            {'scope': 'FIRM', 'name': orders.currency},
            {'scope': 'CLIENT', 'name': orders.client_id},
            {'scope': 'INSTRUMENT', 'name': orders.instrument_id}
        ]) as key
    from order_accepted as orders
),
bound as (
    select accepted.*, limits.* exclude (shard, seq, scope, name)
    from accepted
    asof join limits_in_force as limits
        on limits.shard = accepted.shard
        and limits.scope = accepted.key.scope
        and limits.name = accepted.key.name
        and limits.seq < accepted.seq
),
-- Limits that came below the one before them on the same day: they bind what is at work.
lowered as (
    select shard, seq, scope, name, max_order_qty
    from (
        select
            limits.*,
            days.first_seq,
            lag(max_order_qty) over same as former_qty,
            lag(days.first_seq) over same as former_first_seq
        from limits_in_force as limits
        asof join day_starts as days
            on days.shard = limits.shard and days.first_seq <= limits.seq
        window same as (partition by limits.shard, scope, name order by limits.seq)
    )
    where max_order_qty < coalesce(former_qty, 9223372036854775807)
        and position is not null
        and former_first_seq = first_seq
),
-- What each member had open when a child was sent for it. A claim is all its tranche's members'.
sent as (
    select distinct
        child.event_id as child_id, child.shard, child.seq, life.open_qty, limits.max_order_qty,
        limits.seq as limit_seq, lowered.scope, lowered.name
    from lowered
    join order_entries as orders
        on orders.shard = lowered.shard
        and lowered.name = case lowered.scope
            when 'CLIENT' then orders.client_id
            when 'INSTRUMENT' then orders.instrument_id
            else lowered.name
        end
    join membership as stay on stay.order_id = orders.order_id
    join child_routed as child
        on child.parent_id = stay.parent_id
        and child.reference_px > 0  -- It is 0 in logs of releases that did not stop orders.
        and child.seq > greatest(lowered.seq, stay.joined_seq)
        and child.seq < coalesce(stay.until_seq, 9223372036854775807)
    join child_claims as claim
        on claim.child_id = child.event_id and claim.tranche = stay.tranche
    left join instruments on instruments.instrument_id = child.instrument_id
    asof join limits_in_force as limits
        on limits.shard = child.shard
        and limits.scope = lowered.scope
        and limits.name = lowered.name
        and limits.seq < child.seq
    asof join member_life as life
        on life.parent_id = stay.parent_id
        and life.order_id = stay.order_id
        and life.seq < child.seq
    where (lowered.scope <> 'FIRM' or lowered.name = instruments.currency)
        and limits.seq = lowered.seq
)
select
    'limit_order' as name,
    count(distinct order_id) as violations,
    'No order is accepted above a limit of quantity or value that is in force.' as question
from bound
where order_qty > max_order_qty or notional > max_order_notional_cur::hugeint * 1000000000
union all
select
    'limit_at_work',
    count(distinct child_id),
    'Nothing is sent for an order whose open quantity is above a limit that became lower.'
from sent
where open_qty > max_order_qty;
