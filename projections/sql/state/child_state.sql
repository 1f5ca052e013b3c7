-- How far is each child? One row a child; quantities net of busts and corrections.
create or replace view child_state as
with
lives as (
    select
        child_id,
        arg_max(open_qty, seq) as open_qty,
        arg_max(filled_qty, seq) as filled_qty
    from child_life
    group by child_id
),
fills as (
    select
        child_id,
        count(*) as fills,
        sum(last_px::hugeint * last_qty) as notional,
        sum(fee_px::hugeint * last_qty) as fees,
        min(transact_ns) filter (last_qty > 0) as first_fill_ns,
        max(transact_ns) filter (last_qty > 0) as last_fill_ns
    from fills_net
    group by child_id
),
closed as (
    select child_id, arg_max(reason, seq) as close_reason, max(at_ns) as closed_ns
    from child_closed
    group by child_id
),
asked as (
    select child_id, arg_max(reason, seq) as cancel_reason, max(at_ns) as cancel_asked_ns
    from child_cancel_requested
    where repeats = 0
    group by child_id
),
doubted as (
    select distinct child_id
    from child_doubted
),
unknown as (
    select child_id, max(seq) as seq
    from child_fate_unknown
    group by child_id
),
started as (
    select child_id, min(started_ns) as started_ns
    from send_started
    group by child_id
),
heard as (
    select child_id, max(seq) as seq
    from (
        select child_id, seq from child_acknowledged
        union all
        select child_id, seq from fill_booked
    )
    group by child_id
)
select
    child.event_id as child_id,
    child.shard,
    child.seq,
    child.parent_id,
    child.slice_id,
    child.instrument_id,
    child.side,
    child.venue,
    child.child_type,
    child.time_in_force,
    child.child_qty,
    child.limit_px,
    child.bid_px,
    child.ask_px,
    lives.filled_qty,
    lives.open_qty,
    coalesce(fills.fills, 0) as fills,
    coalesce(fills.notional, 0) as notional,  -- 1e-9 currency units.
    coalesce(fills.fees, 0) as fees,  -- 1e-9 currency units; a rebate is negative.
    case
        when closed.child_id is not null then closed.close_reason
        when lives.open_qty = 0 then 'FILLED'
        when doubted.child_id is not null then 'IN_DOUBT'
        when unknown.seq > coalesce(heard.seq, -1) then 'UNKNOWN'
        when asked.child_id is not null then 'CANCELLING'
        when lives.filled_qty > 0 then 'PARTIALLY_FILLED'
        when heard.child_id is not null then 'WORKING'
        when started.child_id is not null then 'SENT'
        else 'ROUTED'
    end as status,
    child.at_ns as routed_ns,
    started.started_ns,
    fills.first_fill_ns,
    fills.last_fill_ns,
    asked.cancel_asked_ns,
    asked.cancel_reason,
    closed.closed_ns
from child_routed as child
join lives on lives.child_id = child.event_id
left join fills on fills.child_id = child.event_id
left join closed on closed.child_id = child.event_id
left join asked on asked.child_id = child.event_id
left join doubted on doubted.child_id = child.event_id
left join unknown on unknown.child_id = child.event_id
left join heard on heard.child_id = child.event_id
left join started on started.child_id = child.event_id;
