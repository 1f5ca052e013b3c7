-- Does each child respect its parent, tick and lot? One row a rule.
create or replace view rule_children as
with
bound as (
    select child.event_id as child_id, child.side, child.limit_px, limits.limit_px as most_px
    from child_routed as child
    join child_claims as claim on claim.child_id = child.event_id
    asof join tranche_limits as limits
        on limits.parent_id = claim.parent_id
        and limits.tranche = claim.tranche
        and limits.seq < child.seq
),
dated as (
    select
        child.event_id as child_id,
        child.instrument_id,
        child.limit_px,
        child.child_qty,
        child.venue,
        -- The trading day of its session, which may begin on the evening before; else the date.
        coalesce(
            if(child.at_ns < session.close_ns, session.day, null),
            strftime(
                timezone(
                    zone.time_zone, make_timestamp_ns(child.at_ns)::timestamp at time zone 'UTC'
                ),
                '%Y%m%d'
            )::integer
        ) as day
    from child_routed as child
    cross join calendar_zone as zone
    asof left join trading_sessions as session on session.open_ns <= child.at_ns
),
tick_tables as (
    select instrument_id, effective_day, arg_max(bands, position) as bands
    from tick_table_defined
    group by instrument_id, effective_day
),
ticked as (
    select
        dated.child_id,
        dated.limit_px,
        list_max(list_transform(
            list_filter(tick_tables.bands, lambda x: x.from_px <= dated.limit_px),
            lambda x: {'from_px': x.from_px, 'tick_px': x.tick_px}
        )).tick_px as tick_px
    from dated
    asof left join tick_tables
        on tick_tables.instrument_id = dated.instrument_id
        and tick_tables.effective_day <= dated.day
),
lots as (
    select instrument_id, effective_day, arg_max(lot_qty, position) as lot_qty
    from instrument_defined
    group by instrument_id, effective_day
),
rules as (
    select
        venue,
        effective_day,
        arg_max(odd_lots, position) as odd_lots,
        arg_max(min_qty, position) as min_qty
    from venue_defined
    group by venue, effective_day
),
sized as (
    select dated.child_qty, lots.lot_qty, rules.odd_lots, rules.min_qty
    from dated
    asof left join lots
        on lots.instrument_id = dated.instrument_id and lots.effective_day <= dated.day
    asof left join rules
        on rules.venue = dated.venue and rules.effective_day <= dated.day
),
at_end as (
    select life.child_id, arg_max(life.open_qty, life.seq) as open_qty
    from child_life as life
    join parent_ended as ended on ended.parent_id = life.parent_id and life.seq < ended.seq
    group by life.child_id
)
select
    'child_outlives_parent' as name,
    (select count(*) from at_end where open_qty > 0) + (
        select count(*)
        from child_routed as child
        join parent_ended as ended on ended.parent_id = child.parent_id and ended.seq < child.seq
    ) as violations,
    'No child is open when its parent ends, and none is sent after.' as question
union all
select
    'child_limit',
    count(distinct child_id),
    'No child is priced through the limit of an order that it is sent for.'
from bound
where if(side = 'BUY', limit_px > most_px, limit_px < most_px)
union all
select
    'child_on_tick',
    count(*),
    'Every child is priced on the tick of its price band.'
from ticked
where tick_px is null or limit_px <= 0 or limit_px % tick_px <> 0
union all
select
    'child_lot',
    count(*),
    'Every child is whole round lots, or at a venue that takes odd lots.'
from sized
where child_qty <= 0
    or lot_qty is null
    or (child_qty % lot_qty <> 0 and not coalesce(odd_lots, false))
union all
select
    'child_minimum',
    count(*),
    'No child is smaller than its venue''s minimum.'
from sized
where child_qty < min_qty;
