-- Does a close carry all that an order has got? One row a rule.
create or replace view rule_carried as
with
parts as (
    select shard, cause, seq, order_id, unnest(memberships).parent_id as parent_id
    from order_carried
),
shares as (
    select
        shard,
        cause,
        parent_id,
        unnest(fill.order_ids) as order_id,
        unnest(fill.shares_qty) as share_qty
    from (select shard, cause, parent_id, unnest(fills) as fill from child_carried)
),
carried as (
    select parts.shard, parts.seq, sum(shares.share_qty) as shared_qty
    from parts
    join shares
        on shares.shard = parts.shard
        and shares.cause = parts.cause
        and shares.parent_id = parts.parent_id
        and shares.order_id = parts.order_id
    group by all
)
select
    'carried_shares' as name,
    count(*) as violations,
    'What a carried order got is in the fills that are carried with it, or stated as left out.'
        as question
from order_carried as small
left join carried on carried.shard = small.shard and carried.seq = small.seq
where small.allocated_qty <> coalesce(carried.shared_qty, 0) + small.left_out_qty
    -- An early release carried no fills, and stated nothing of them.
    and (len(small.memberships) > 0 or small.left_out_qty > 0)
union all
select
    'carried_price',
    count(*),
    'The average price of a carried order and what is beyond it are of its whole life.'
from order_carried
where beyond_avg_px < 0 or beyond_avg_px >= greatest(1, crossed_qty + allocated_qty);
