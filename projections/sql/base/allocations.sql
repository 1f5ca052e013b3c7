-- Which order got how much of each fill or cross? One row an execution and order.
-- Reallocations are applied. Prices and notionals in 1e-9 currency units.
create or replace view allocations as
with
revised as (
    select
        fill_id,
        arg_max("after", seq) as shares,
        arg_max(last_px, seq) as last_px
    from fill_reallocated
    group by fill_id
),
shared as (
    select
        part.shard,
        part.seq,
        part.at_ns,
        part.parent_id,
        'FILL' as kind,
        part.fill_id as execution_id,
        coalesce(revised.last_px, part.last_px) as px,
        revised.fill_id is not null as reallocated,
        unnest(if(revised.fill_id is null, part.shares, revised.shares)) as share
    from fills_shared as part
    left join revised on revised.fill_id = part.fill_id
    union all by name
    select
        shard,
        seq,
        at_ns,
        parent_id,
        'CROSS' as kind,
        cross_id as execution_id,
        cross_px as px,
        false as reallocated,
        unnest(shares) as share
    from cross_allocated
)
select
    shared.share.order_id as order_id,
    -- A late fill's parent may be of the log that this one goes on from.
    coalesce(parent.instrument_id, fill.instrument_id) as instrument_id,
    coalesce(parent.side, fill.side) as side,
    shared.kind,
    shared.execution_id,
    shared.share.share_qty as share_qty,
    shared.px,
    shared.px::hugeint * shared.share.share_qty as notional,  -- 1e-9 currency units.
    fill.venue,
    coalesce(fill.fee_px, 0) as fee_px,  -- For each smallest increment, 1e-9 currency units.
    shared.reallocated,
    shared.parent_id,
    shared.shard,
    shared.seq,
    shared.at_ns
from shared
left join parent_opened as parent on parent.event_id = shared.parent_id
left join fill_booked as fill on fill.event_id = shared.execution_id;
