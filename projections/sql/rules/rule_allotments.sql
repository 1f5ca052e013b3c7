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
-- What an order was before each change of it, and the market's part of its value; a carried order
-- that waits has none.
terms as (
    select event_id as order_id, shard, seq, order_qty, limit_px
    from order_accepted
    union all
    select order_id, shard, seq, order_qty, limit_px from order_carried
    union all
    select order_id, shard, seq, order_qty, limit_px from order_amended
),
valued as (
    select event_id as order_id, seq, value_px, client_id, currency, side
    from order_accepted
    union all
    select order_id, seq, null, client_id, currency, side from order_carried
    union all
    select order_id, seq, value_px, client_id, currency, side from resumptions
),
-- Orders spend at their acceptance, and carried ones when they resume. An amend spends the rise of
-- the order's value. It is checked by the market of its moment, so that its own row is not judged.
asked as (
    select
        shard, seq, client_id, currency, side, value_px, order_qty, limit_px,
        0 as former_qty, null::bigint as former_limit_px, true as is_judged
    from order_accepted
    union all
    select shard, seq, client_id, currency, side, value_px, open_qty, limit_px, 0, null, true
    from resumptions
    union all
    select
        pending.shard, pending.seq, valued.client_id, valued.currency, valued.side,
        valued.value_px, pending.order_qty, pending.limit_px, terms.order_qty, terms.limit_px, false
    from order_change_pending as pending
    asof join terms
        on terms.order_id = pending.order_id
        and terms.seq < pending.seq
    asof join valued
        on valued.order_id = pending.order_id
        and valued.seq < pending.seq
    where valued.value_px is not null
),
spends as (
    select
        shard, seq, client_id, currency, is_judged,
        greatest(
            0,
            order_qty::hugeint * if(
                side = 'SELL',
                greatest(coalesce(limit_px, 0), value_px),
                if(coalesce(limit_px, 0) = 0, value_px, limit_px)
            )
            - former_qty::hugeint * if(
                side = 'SELL',
                greatest(coalesce(former_limit_px, 0), value_px),
                if(coalesce(former_limit_px, 0) = 0, value_px, former_limit_px)
            )
        ) as notional
    from asked
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
    'No shard accepts or resumes orders of more value in a day than its part of a limit.'
from running
where is_judged and spent_notional > allotted_cur::hugeint * 1000000000;
