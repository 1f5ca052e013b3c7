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
    asof left join opens as opened on opened.shard = child.shard and opened.seq < child.seq
    asof join day_starts as days on days.shard = child.shard and days.first_seq <= child.seq
    where child.reference_px > 0  -- It is 0 in logs of releases in which each parent had its own.
        and not (slice.style = 'CLEANUP' and (parent.must_complete or parent.immediacy <> 'NONE'))
),
of_client as (
    select
        sent.*,
        stay.client_id,
        count(distinct stay.client_id) over (partition by sent.event_id) as clients
    from sent
    join members as stay
        on stay.parent_id = sent.parent_id
        and stay.joined_seq < sent.seq
        and coalesce(stay.until_seq, 9223372036854775807) > sent.seq
    qualify row_number() over (partition by sent.event_id, stay.client_id order by stay.order_id) = 1
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
measured as (
    select
        child.event_id,
        coalesce(executed.executed_qty, 0) + if(child.clients = 1, child.child_qty, 0) as used_qty,
        greatest(0, coalesce(now.volume_qty, 0) - coalesce(base.volume_qty, 0)) as observed_qty,
        child.at_ns - greatest(coalesce(now.print_ns, 0), coalesce(child.open_ns, 0))
            > patience.silent_ns as is_silent,
        observed_qty + if(is_silent, instruments.adv_qty, 0) as volume_qty,
        widest.rate_ppm,
        instruments.lot_qty + starts.rounding_qty as spare_qty
    from of_client as child
    join starts
        on starts.shard = child.shard
        and starts.first_seq = child.first_seq
        and starts.client_id = child.client_id
        and starts.instrument_id = child.instrument_id
    join instruments on instruments.instrument_id = child.instrument_id
    asof join widest
        on widest.shard = child.shard
        and widest.client_id = child.client_id
        and widest.seq < child.seq
    asof left join executed
        on executed.shard = child.shard
        and executed.first_seq = child.first_seq
        and executed.client_id = child.client_id
        and executed.instrument_id = child.instrument_id
        and executed.seq < child.seq
    asof left join others_volume as now
        on now.shard = child.shard
        and now.instrument_id = child.instrument_id
        and now.seq <= child.seq
    asof left join others_volume as base
        on base.shard = starts.shard
        and base.instrument_id = starts.instrument_id
        and base.seq <= starts.seq
    cross join patience
)
select
    'mandate_participation' as name,
    count(distinct event_id) as violations,
    'No client''s parents together are sent more of the volume than its mandate allows, but for '
    || 'what must complete or trades at once.' as question
from measured
where used_qty > rate_ppm::hugeint * volume_qty // (1000000 - rate_ppm) + spare_qty;
