-- Is each internal cross fair to both sides? One row a rule.
create or replace view rule_crosses as
with
sides as (
    select
        cross_id,
        side,
        count(*) as parts,
        any_value(parent_id) as parent_id,
        any_value(cross_qty) as cross_qty,
        any_value(cross_px) as cross_px,
        sum(coalesce(list_sum(list_transform(shares, lambda x: x.share_qty)), 0)) as shared_qty
    from cross_allocated
    group by cross_id, side
),
takers as (
    select
        part.cross_id,
        part.side,
        part.parent_id,
        part.cross_px,
        part.seq,
        unnest(part.shares).order_id as order_id
    from cross_allocated as part
),
clients as (
    select takers.*, accepted.client_id, accepted.crossing_consent
    from takers
    join order_entries as accepted on accepted.order_id = takers.order_id
),
bound as (
    select part.cross_id, part.side, part.cross_px, limits.limit_px
    from takers as part
    asof join member_life as life
        on life.parent_id = part.parent_id
        and life.order_id = part.order_id
        and life.seq < part.seq
    asof join tranche_limits as limits
        on limits.parent_id = part.parent_id
        and limits.tranche = life.tranche
        and limits.seq < part.seq
)
select
    'cross_sides' as name,
    count(*) as violations,
    'Both sides of a cross are allocated once, in its quantity and at its price.' as question
from orders_crossed as made
left join sides as buy on buy.cross_id = made.event_id and buy.side = 'BUY'
left join sides as sell on sell.cross_id = made.event_id and sell.side = 'SELL'
where coalesce(buy.parts, 0) <> 1
    or coalesce(sell.parts, 0) <> 1
    or buy.parent_id <> made.buy_parent_id
    or sell.parent_id <> made.sell_parent_id
    or buy.cross_px <> made.cross_px
    or sell.cross_px <> made.cross_px
    or buy.cross_qty <> made.cross_qty
    or sell.cross_qty <> made.cross_qty
    or buy.shared_qty <> made.cross_qty
    or sell.shared_qty <> made.cross_qty
union all
select
    'cross_with_oneself',
    count(*),
    'No client is on both sides of a cross.'
from (
    select 1
    from clients
    group by cross_id, client_id
    having count(distinct side) > 1
)
union all
select
    'cross_consent',
    count(*),
    'Only orders whose clients consent are crossed.'
from clients
where not crossing_consent
union all
select
    'cross_inside',
    count(*),
    'A cross is priced at the midpoint, inside the two-sided market that it states.'
from orders_crossed
where cross_qty <= 0
    or bid_px <= 0
    or ask_px <= 0
    or cross_px < bid_px
    or cross_px > ask_px
    or cross_px <> (bid_px + ask_px) // 2  -- Floor.
union all
select
    'cross_limit',
    count(distinct cross_id),
    'No cross is priced through the limit of an order in it.'
from bound
where if(side = 'BUY', cross_px > limit_px, cross_px < limit_px)
union all
select
    'cross_quote_age',
    count(*),
    'No cross is priced from a quote older than the policy in force allows.'
from orders_crossed as made
asof left join policies as policy
    on policy.shard = made.shard and policy.seq < made.seq
where coalesce(made.quote_age_ns > policy.cross_quote_age_ns, true);
