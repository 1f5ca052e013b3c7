-- How far is each small order? One row an order; quantities net of busts and corrections.
-- open_qty is the rest: neither executed nor withdrawn.
create or replace view order_state as
with
amended as (
    select
        order_id,
        arg_max(order_qty, seq) as order_qty,
        arg_max({'px': limit_px}, seq).px as limit_px,  -- A null limit is a limit taken away.
        arg_max(cl_ord_id, seq) as cl_ord_id,
        arg_max(order_type, seq) filter (order_type is not null) as order_type,
        arg_max(time_in_force, seq) filter (time_in_force is not null) as time_in_force
    from order_amended
    group by order_id
),
got as (
    select
        order_id,
        coalesce(sum(share_qty) filter (kind = 'CROSS'), 0)::bigint as crossed_qty,
        coalesce(sum(share_qty) filter (kind = 'FILL'), 0)::bigint as allocated_qty,
        sum(notional) as notional,
        sum(fee_px::hugeint * share_qty) as fees,
        max(at_ns) as last_execution_ns
    from allocations
    group by order_id
),
ends as (
    select order_id, withdrawn_qty, reason, 'CANCELLED' as status, seq, at_ns
    from order_cancelled
    union all
    select order_id, withdrawn_qty, reason, 'EXPIRED', seq, at_ns
    from order_expired
),
restated as (
    -- What a late fill took of withdrawn quantity, and why that had been withdrawn.
    select part.order_id, -part.restated_qty as withdrawn_qty, ended.reason
    from order_restated as part
    asof join ends as ended on ended.order_id = part.order_id and ended.seq <= part.seq
),
withdrawn as (
    select
        order_id,
        sum(withdrawn_qty)::bigint as withdrawn_qty,
        coalesce(sum(withdrawn_qty) filter (reason = 'CLIENT'), 0)::bigint as client_withdrawn_qty,
        arg_max(status, seq) as status,
        max(at_ns) as ended_ns
    from (from ends union all by name from restated)
    group by order_id
),
stays as (
    select
        order_id,
        arg_max(parent_id, joined_seq) as parent_id,
        arg_min(parent_id, joined_seq) as first_parent_id,
        min(joined_seq) as first_joined_seq,
        bool_or(until_seq is null) as is_member
    from membership
    group by order_id
),
pending as (
    select asked.order_id, arg_max(asked.change, asked.seq) as change
    from order_change_pending as asked
    where not exists (
        select 1
        from (
            select order_id, seq from order_amended
            union all
            select order_id, seq from order_cancelled
            union all
            select order_id, seq from order_expired
        ) as done
        where done.order_id = asked.order_id and done.seq > asked.seq
    )
        and not exists (
            select 1
            from order_change_rejected as refused
            join order_entries as entry on entry.order_id = asked.order_id
            where refused.source = entry.source
                and refused.cl_ord_id = asked.cl_ord_id
                and refused.seq > asked.seq
        )
    group by asked.order_id
),
-- What busts and corrections changed of executions in another log, which order_qty leaves out.
done_before as (
    select part.order_id, sum(part.has_qty - part.had_qty)::bigint as change_qty
    from share_life as part
    where part.event = 'FillReallocated'
        and part.execution_id in (select fill_id from carried_in)
    group by part.order_id
),
entries as (
    select
        entry.order_id,
        entry.order_qty,
        entry.done_qty + coalesce(done_before.change_qty, 0) as done_qty
    from order_entries as entry
    left join done_before on done_before.order_id = entry.order_id
),
quantities as (
    select
        accepted.order_id,
        coalesce(amended.order_qty, accepted.order_qty) - accepted.done_qty as order_qty,
        coalesce(got.crossed_qty, 0) as crossed_qty,
        coalesce(got.allocated_qty, 0) as allocated_qty,
        coalesce(withdrawn.withdrawn_qty, 0) as withdrawn_qty,
        coalesce(amended.order_qty, accepted.order_qty) - accepted.done_qty
            - coalesce(got.crossed_qty, 0) - coalesce(got.allocated_qty, 0)
            - coalesce(withdrawn.withdrawn_qty, 0) as open_qty
    from entries as accepted
    left join amended on amended.order_id = accepted.order_id
    left join got on got.order_id = accepted.order_id
    left join withdrawn on withdrawn.order_id = accepted.order_id
)
select
    accepted.order_id,
    accepted.shard,
    accepted.seq,
    accepted.source,
    coalesce(amended.cl_ord_id, accepted.cl_ord_id) as cl_ord_id,
    accepted.client_id,
    accepted.instrument_id,
    accepted.side,
    coalesce(amended.order_type, accepted.order_type) as order_type,
    if(amended.order_id is null, accepted.limit_px, amended.limit_px) as limit_px,
    coalesce(amended.time_in_force, accepted.time_in_force) as time_in_force,
    accepted.urgency,
    accepted.benchmark,
    accepted.crossing_consent,
    quantities.order_qty,
    quantities.crossed_qty,
    quantities.allocated_qty,
    quantities.withdrawn_qty,
    quantities.open_qty,
    coalesce(withdrawn.client_withdrawn_qty, 0) as client_withdrawn_qty,
    coalesce(got.notional, 0) as notional,  -- Of crosses and fills, 1e-9 currency units.
    coalesce(got.fees, 0) as fees,  -- 1e-9 currency units; a rebate is negative.
    case
        -- A bust in an earlier parent reopens quantity, which is withdrawn while the rest works on.
        when withdrawn.order_id is not null and quantities.open_qty = 0 then withdrawn.status
        when quantities.order_qty = quantities.crossed_qty + quantities.allocated_qty then 'FILLED'
        when pending.order_id is not null then 'PENDING_' || pending.change
        when quantities.crossed_qty + quantities.allocated_qty > 0 then 'PARTIALLY_FILLED'
        when coalesce(stays.is_member, false) then 'WORKING'
        else 'ACCEPTED'
    end as status,
    stays.parent_id,
    stays.first_parent_id,
    stays.first_joined_seq,
    accepted.decision_px,
    accepted.arrival_mid_px,
    accepted.received_ns,
    accepted.at_ns as accepted_ns,
    got.last_execution_ns,
    case
        when quantities.open_qty = 0
            then greatest(withdrawn.ended_ns, got.last_execution_ns)  -- A null counts for nothing.
    end as ended_ns
from order_entries as accepted
join quantities on quantities.order_id = accepted.order_id
left join amended on amended.order_id = accepted.order_id
left join got on got.order_id = accepted.order_id
left join withdrawn on withdrawn.order_id = accepted.order_id
left join stays on stays.order_id = accepted.order_id
left join pending on pending.order_id = accepted.order_id;
