-- Is a limit over all shards divided, and each part kept to? One row a rule.
create or replace view rule_allotments as
with
-- What each shard said that it may accept, and has accepted, after a control of a limit.
receipts as (
    select
        shard,
        seq,
        scope,
        scope_id as name,
        allotted_notional_cur as allotted_cur,
        spent_notional_cur as spent_cur,
        split_part(cause, ':', 2)::bigint as position
    from control_applied
    where control in ('RiskLimitSet', 'LimitAllotted') and cause like 'controls:%'
),
limits as (
    select distinct scope, name, position, max_day_notional_cur as limit_cur
    from limits_in_force
    where position is not null
),
moments as (
    select moments.*, limits.limit_cur, limits.position as limit_position
    from (select distinct scope, name, position from receipts) as moments
    asof join limits
        on limits.scope = moments.scope
        and limits.name = moments.name
        and limits.position <= moments.position
    where limits.limit_cur is not null
),
-- Of each shard that has applied the limit, its newest part.
parts as (
    select moments.*, receipts.allotted_cur, receipts.spent_cur
    from moments
    cross join (select distinct shard from receipts) as shards
    asof join receipts
        on receipts.shard = shards.shard
        and receipts.scope = moments.scope
        and receipts.name = moments.name
        and receipts.position <= moments.position
    where receipts.position >= moments.limit_position
),
divided as (
    select limit_cur, sum(allotted_cur) as allotted_cur, bool_or(allotted_cur > spent_cur) as has_room
    from parts
    where allotted_cur >= 0
    group by scope, name, position, limit_cur
),
-- Orders spend at their acceptance, and carried ones when they resume. An amend spends more.
spends as (
    select
        shard, seq, client_id, currency,
        order_qty::hugeint * if(
            side = 'SELL',
            greatest(coalesce(limit_px, 0), value_px),
            if(coalesce(limit_px, 0) = 0, value_px, limit_px)
        ) as notional
    from order_accepted
),
keyed as (
    select
        spends.* exclude (client_id),
        days.first_seq,
        unnest([
            {'scope': 'FIRM', 'name': spends.currency},
            {'scope': 'CLIENT', 'name': spends.client_id}
        ]) as key
    from spends
    asof join day_starts as days on days.shard = spends.shard and days.first_seq <= spends.seq
),
-- Without a part nothing is spent.
spent as (
    select keyed.*, receipts.allotted_cur
    from keyed
    asof join receipts
        on receipts.shard = keyed.shard
        and receipts.scope = keyed.key.scope
        and receipts.name = keyed.key.name
        and receipts.seq < keyed.seq
    where receipts.allotted_cur >= 0
),
running as (
    select
        *,
        sum(notional) over (
            partition by shard, first_seq, key, currency
            order by seq
            rows between unbounded preceding and current row
        ) as spent_notional
    from spent
)
select
    'allotment_sum' as name,
    count(*) as violations,
    'The parts of a limit of the day never sum to more than the limit, but for what was spent.'
        as question
from divided
where allotted_cur > limit_cur and has_room
union all
select
    'allotment_spent',
    count(*),
    'No shard accepts orders of more value in a day than its part of a limit.'
from running
where spent_notional > allotted_cur::hugeint * 1000000000;
