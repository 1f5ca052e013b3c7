-- What was each member's share of each fill or cross, before and after? One row an event and
-- member.
create or replace view share_life as
with
first_shares as (
    select
        shard, parent_id, seq, at_ns, event_id, cause, 'FillAllocated' as event,
        fill_id as execution_id, last_qty as execution_qty, unnest(shares) as share
    from fills_shared
    union all
    select
        shard, parent_id, seq, at_ns, event_id, cause, 'CrossAllocated',
        cross_id, cross_qty, unnest(shares)
    from cross_allocated
),
revised as (
    select *, unnest("before") as share, false as is_after
    from fill_reallocated
    union all
    select *, unnest("after"), true
    from fill_reallocated
)
select
    shard, parent_id, share.order_id as order_id, seq, at_ns, event_id, cause, event, execution_id,
    execution_qty, 0 as had_qty, share.share_qty as has_qty
from first_shares
union all
select
    shard, parent_id, share.order_id, seq, at_ns, event_id, cause, 'FillReallocated', fill_id,
    null,  -- The fill's net quantity is in fills_net.
    coalesce(sum(share.share_qty) filter (not is_after), 0)::bigint,
    coalesce(sum(share.share_qty) filter (is_after), 0)::bigint
from revised
group by shard, parent_id, share.order_id, seq, at_ns, event_id, cause, fill_id;
