-- How did what each member had open of its parent change? One row an event and member.
create or replace view member_life as
with
changes as (
    select shard, parent_id, order_id, seq, 'MemberJoined' as event, member_qty as change_qty
    from member_joined
    union all
    select shard, parent_id, order_id, seq, 'MemberAmended', change_qty
    from member_amended
    union all
    select shard, parent_id, order_id, seq, 'MemberLeft', -left_qty
    from member_left
    union all
    select shard, parent_id, share.order_id, seq, 'FillAllocated', -share.share_qty
    from (select shard, parent_id, seq, unnest(shares) as share from fills_shared)
    union all
    select shard, parent_id, share.order_id, seq, 'CrossAllocated', -share.share_qty
    from (select shard, parent_id, seq, unnest(shares) as share from cross_allocated)
    union all
    select shard, parent_id, share.order_id, seq, 'FillReallocated', sum(share.share_qty)
    from (
        select shard, parent_id, seq, unnest("before") as share from fill_reallocated
        union all
        select
            shard,
            parent_id,
            seq,
            unnest(list_transform(
                "after",
                lambda x: {'order_id': x.order_id, 'share_qty': -x.share_qty}
            )) as share
        from fill_reallocated
    )
    group by all
),
lives as (
    select
        changes.*,
        last_value(
            case event when 'MemberJoined' then true when 'MemberLeft' then false end
            ignore nulls
        ) over before as is_active
    from changes
    window before as (
        partition by parent_id, order_id
        order by seq
        rows between unbounded preceding and current row
    )
)
select
    lives.shard,
    lives.parent_id,
    lives.order_id,
    lives.seq,
    lives.event,
    lives.change_qty,
    coalesce(lives.is_active, false) as is_active,  -- After the event.
    -- What somebody who left gets back is left with the order, not open in the parent.
    sum(if(
        lives.event = 'FillReallocated' and not coalesce(lives.is_active, false),
        0,
        lives.change_qty
    )) over (
        partition by lives.parent_id, lives.order_id
        order by lives.seq
        rows between unbounded preceding and current row
    )::bigint as open_qty  -- After the event.
from lives;
