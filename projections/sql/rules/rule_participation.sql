-- Does each client keep to its mandate's participation over all of its parents? One row. The rate is
-- the widest until then, the volume the others' since the client's first parent of the day was
-- released; a lot more may go for a start, and two units of each order are the shares' rounding.
-- While the tape is silent for longer than any policy permits, the engine counts the usual volume of
-- that time; here then a whole usual day's may count as well.
create or replace view rule_participation as
with
mandates as (
    select
        applied.shard, applied.seq, mandate.client_id,
        least(mandate.max_participation_ppm, 999999) as rate_ppm
    from control_applied as applied
    join mandate_set as mandate on applied.cause = 'controls:' || mandate.position
    where applied.control = 'MandateSet'
    union all
    select shard, seq, client_id, least(max_participation_ppm, 999999)
    from mandate_carried
),
widest as (
    select
        shard, seq, client_id,
        max(rate_ppm) over (
            partition by shard, client_id
            order by seq
            rows between unbounded preceding and current row
        ) as rate_ppm
    from mandates
),
members as (
    select stay.*, orders.client_id, orders.instrument_id
    from membership as stay
    join order_entries as orders on orders.order_id = stay.order_id
),
opens as (
    select applied.shard, applied.seq, opened.open_ns
    from control_applied as applied
    join day_opened as opened on applied.cause = 'controls:' || opened.position
    where applied.control = 'DayOpened'
),
patience as (
    select coalesce(min(tape_silent_ns), 300000000000) as silent_ns
    from (
        select tape_silent_ns from policy_set
        union all
        select tape_silent_ns from policy_carried
    )
),
-- Children that the participation bounds: not what must complete, or trades at once.
sent as (
    select
        child.event_id, child.shard, child.seq, child.parent_id, child.instrument_id,
        child.child_qty, days.first_seq, child.at_ns, opened.open_ns
    from child_routed as child
    join slice_released as slice on slice.event_id = child.slice_id
    join parent_opened as parent on parent.event_id = child.parent_id
    join (
        select claim.child_id, bool_and(part.must_complete) as must_complete
        from child_claims as claim
        join tranches as part on part.parent_id = claim.parent_id and part.tranche = claim.tranche
        group by claim.child_id
    ) as terms on terms.child_id = child.event_id
    asof left join opens as opened on opened.shard = child.shard and opened.seq < child.seq
    asof join day_starts as days on days.shard = child.shard and days.first_seq <= child.seq
    where child.reference_px > 0  -- It is 0 in logs of releases in which each parent had its own.
        and not (slice.style = 'CLEANUP' and (terms.must_complete or parent.immediacy <> 'NONE'))
),
of_client as (
    select
        sent.*,
        behind.client_id,
        count(*) over (partition by sent.event_id) as clients
    from sent
    join (
        select distinct claim.child_id, stay.client_id
        from child_claims as claim
        join members as stay
            on stay.parent_id = claim.parent_id
            and stay.tranche = claim.tranche
            and stay.joined_seq < claim.seq
            and coalesce(stay.until_seq, 9223372036854775807) > claim.seq
    ) as behind on behind.child_id = sent.event_id
),
-- The shares of the orders that a child was sent for; others' late parts count for no mandate. What a
-- bust or a correction changes of a fill of an earlier day counts for none of today.
shares as (
    select
        shard, seq, unnest(order_ids) as order_id, unnest(shares_qty) as change_qty, seq as fill_seq
    from fill_allocated
    union all
    select life.shard, life.seq, life.order_id, life.has_qty - life.had_qty, fill.seq
    from share_life as life
    join fill_booked as fill on fill.event_id = life.execution_id
    where life.event = 'FillReallocated'
),
executed as (
    select
        shares.shard, days.first_seq, orders.client_id, orders.instrument_id, shares.seq,
        sum(shares.change_qty) over (
            partition by shares.shard, days.first_seq, orders.client_id, orders.instrument_id
            order by shares.seq
            range between unbounded preceding and current row
        ) as executed_qty
    from shares
    join order_entries as orders on orders.order_id = shares.order_id
    asof join day_starts as days on days.shard = shares.shard and days.first_seq <= shares.seq
    where shares.fill_seq >= days.first_seq
),
starts as (
    select
        stay.shard, days.first_seq, stay.client_id, stay.instrument_id,
        min(greatest(released.seq, stay.joined_seq)) as seq,
        2 * count(distinct stay.order_id) as rounding_qty
    from members as stay
    join parent_released as released on released.parent_id = stay.parent_id
    asof join day_starts as days on days.shard = stay.shard and days.first_seq <= stay.joined_seq
    where coalesce(stay.until_seq, 9223372036854775807) > released.seq
    group by all
),
-- The volume at each start, before the children multiply it.
begun as materialized (
    select starts.*, coalesce(base.volume_qty, 0) as base_qty
    from starts
    asof left join others_volume as base
        on base.shard = starts.shard
        and base.instrument_id = starts.instrument_id
        and base.seq <= starts.seq
),
-- One by one, as a chain of such joins takes minutes.
used as materialized (
    select child.*, coalesce(executed.executed_qty, 0) as executed_qty
    from of_client as child
    asof left join executed
        on executed.shard = child.shard
        and executed.first_seq = child.first_seq
        and executed.client_id = child.client_id
        and executed.instrument_id = child.instrument_id
        and executed.seq < child.seq
),
seen as materialized (
    select used.*, coalesce(now.volume_qty, 0) as now_qty, coalesce(now.print_ns, 0) as print_ns
    from used
    asof left join others_volume as now
        on now.shard = used.shard
        and now.instrument_id = used.instrument_id
        and now.seq <= used.seq
),
rated as materialized (
    select seen.*, widest.rate_ppm
    from seen
    asof join widest
        on widest.shard = seen.shard
        and widest.client_id = seen.client_id
        and widest.seq < seen.seq
),
measured as (
    select
        child.event_id,
        child.executed_qty + if(child.clients = 1, child.child_qty, 0) as used_qty,
        greatest(0, child.now_qty - begun.base_qty) as observed_qty,
        child.at_ns - greatest(child.print_ns, coalesce(child.open_ns, 0))
            > patience.silent_ns as is_silent,
        observed_qty + if(is_silent, instruments.adv_qty, 0) as volume_qty,
        child.rate_ppm,
        instruments.lot_qty + begun.rounding_qty as spare_qty
    from rated as child
    join begun
        on begun.shard = child.shard
        and begun.first_seq = child.first_seq
        and begun.client_id = child.client_id
        and begun.instrument_id = child.instrument_id
    join instruments on instruments.instrument_id = child.instrument_id
    cross join patience
)
select
    'mandate_participation' as name,
    count(distinct event_id) as violations,
    'No client''s parents together are sent more of the volume than its mandate allows, but for '
    || 'what must complete or trades at once.' as question
from measured
where used_qty > rate_ppm::hugeint * volume_qty // (1000000 - rate_ppm) + spare_qty;
