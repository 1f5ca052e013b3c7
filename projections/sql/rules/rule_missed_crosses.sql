-- Does a child go out while its parent could cross inside? One row.
create or replace view rule_missed_crosses as
with
-- Children that went out while both sides of the market were fresh enough for a cross. A child that
-- takes states the age of the quote that it takes alone. It proves a fresh midpoint only where the
-- policy crosses at any age that the configuration allows a quote.
fresh as (
    select
        child.event_id as child_id,
        child.shard,
        child.seq,
        child.at_ns,
        child.parent_id,
        child.instrument_id,
        child.side,
        (child.bid_px + child.ask_px) // 2 as mid_px,  -- Floor, as a cross is priced.
        batch.first_seq
    from child_routed as child
    asof join (from batch_sealed where first_seq < next_seq) as batch
        on batch.shard = child.shard and batch.first_seq <= child.seq
    asof join policies as policy
        on policy.shard = child.shard and policy.seq < child.seq
    asof join quote_ages as configured
        on configured.shard = child.shard and configured.seq < child.seq
    where child.bid_px > 0
        and child.bid_px < child.ask_px
        and child.quote_age_ns <= policy.cross_quote_age_ns
        and (
            child.time_in_force <> 'IOC'
            or configured.quote_age_max_ns <= policy.cross_quote_age_ns
        )
),
-- The child's parent, and the opposite parents that were open then, on the same terms.
sides as (
    select
        fresh.child_id, fresh.shard, fresh.seq, fresh.first_seq, fresh.mid_px, fresh.side, fresh.at_ns,
        fresh.parent_id, true as is_own
    from fresh
    union all
    select
        fresh.child_id, fresh.shard, fresh.seq, fresh.first_seq, fresh.mid_px, other.side, fresh.at_ns,
        other.event_id, false
    from fresh
    join parent_opened as own on own.event_id = fresh.parent_id
    join parent_opened as other
        on other.shard = fresh.shard
        and other.instrument_id = fresh.instrument_id
        and other.side <> fresh.side
        and other.currency = own.currency
        and other.settlement = own.settlement
        and other.capacity = own.capacity
        and other.seq < fresh.first_seq
    left join parent_ended as ended on ended.parent_id = other.event_id
    where coalesce(ended.seq, 9223372036854775807) > fresh.seq
),
-- The clients whose orders could cross there at the midpoint, both when the batch began and when the
-- child went out. What was true at both moments was true in between, when the engine tried a cross.
-- Present is a client from its first order on: one that joined in the batch too was there then.
probes as (
    select sides.*, members.order_id, members.client_id
    from sides
    join (
        select distinct parent_id, order_id, client_id
        from crossing_spans
    ) as members on members.parent_id = sides.parent_id
),
able as materialized (
    select
        probes.child_id,
        probes.shard,
        probes.seq,
        probes.first_seq,
        probes.parent_id,
        probes.is_own,
        list(distinct probes.client_id) as present,
        list(distinct probes.client_id) filter (
            span.is_free
            and earlier.is_free
            and earlier.until_seq >= probes.first_seq
        ) as clients
    from probes
    asof join crossing_spans as span
        on span.parent_id = probes.parent_id
        and span.order_id = probes.order_id
        and span.from_seq < probes.seq
    asof left join crossing_spans as earlier
        on earlier.parent_id = probes.parent_id
        and earlier.order_id = probes.order_id
        and earlier.from_seq < probes.first_seq
    join tranches as part
        on part.parent_id = span.parent_id
        and part.tranche = span.tranche
        and part.start_ns <= probes.at_ns
        and part.end_ns > probes.at_ns
    where span.until_seq >= probes.seq
        and (
            span.limit_px is null
            or if(
                probes.side = 'BUY',
                span.limit_px >= probes.mid_px,
                span.limit_px <= probes.mid_px
            )
        )
    group by all
),
-- A parent may not cross while a change of a member waits, a control stops a member's client, or the
-- desk has paused it. A limit that came after a member may stop it; whether it does is not judged
-- here.
held_up as (
    select able.child_id, able.parent_id
    from able
    join membership as stay on stay.parent_id = able.parent_id
    join order_change_pending as asked
        on asked.order_id = stay.order_id and asked.seq < able.seq
    left join (
        select order_id, seq from order_amended
        union all
        select order_id, seq from order_cancelled
        union all
        select order_id, seq from order_expired
    ) as done
        on done.order_id = asked.order_id and done.seq > asked.seq and done.seq < able.first_seq
    where done.seq is null
    union all
    select able.child_id, able.parent_id
    from able
    join membership as stay on stay.parent_id = able.parent_id
    join order_entries as accepted on accepted.order_id = stay.order_id
    asof join (from stops where rule = 'kill_switch') as stop
        on stop.shard = able.shard
        and stop.scope = 'CLIENT:' || accepted.client_id
        and stop.seq < able.seq
    where stop.is_on
    union all
    select able.child_id, able.parent_id
    from able
    join membership as stay on stay.parent_id = able.parent_id
    join order_entries as accepted on accepted.order_id = stay.order_id
    asof join (from stops where rule = 'controls') as stop
        on stop.shard = able.shard
        and stop.scope = 'CLIENT:' || accepted.client_id
        and stop.seq < able.seq
    where stop.is_on
    union all
    select able.child_id, able.parent_id
    from able
    join membership as stay on stay.parent_id = able.parent_id
    join control_applied as applied
        on applied.shard = able.shard
        and applied.control = 'RiskLimitSet'
        and applied.seq between stay.joined_seq and able.seq
    union all
    select able.child_id, able.parent_id
    from able
    asof join instruction_adopted as instruction
        on instruction.parent_id = able.parent_id and instruction.seq < able.seq
    where instruction.pace = 'PAUSED'
),
-- The engine keeps a client with orders on both sides out of one side; this view out of both.
missed as (
    select distinct own.child_id
    from able as own
    join able as other on other.child_id = own.child_id
    where own.is_own
        and not other.is_own
        and list_filter(own.clients, lambda x: not list_contains(other.present, x)) <> []
        and list_filter(other.clients, lambda x: not list_contains(own.present, x)) <> []
        and not exists (
            select 1
            from held_up
            where held_up.child_id = own.child_id
                and held_up.parent_id in (own.parent_id, other.parent_id)
        )
)
select
    'crossed_before_routed' as name,
    count(*) as violations,
    'No child goes out while opposite, consenting interest could meet its parent inside.' as question
from missed;
