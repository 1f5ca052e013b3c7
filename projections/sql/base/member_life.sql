-- How did each member's open quantity in its parent change? One row an event and member.
create or replace view member_life as
with
changes as (
    select
        shard, parent_id, order_id, seq, 'MemberJoined' as event, member_qty as change_qty,
        tranche as said_tranche
    from member_joined
    union all
    select shard, parent_id, order_id, seq, 'MemberAmended', change_qty, tranche
    from member_amended
    union all
    select shard, parent_id, order_id, seq, 'MemberLeft', -left_qty, tranche
    from member_left
    union all
    select shard, parent_id, order_id, seq, event, had_qty - has_qty, null
    from share_life
),
lives as (
    select
        changes.*,
        coalesce(last_value(
            case event when 'MemberJoined' then true when 'MemberLeft' then false end
            ignore nulls
        ) over before, false) as is_active,
        -- Of a share, the tranche that the order is or last was in.
        coalesce(last_value(said_tranche ignore nulls) over before, 0) as tranche
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
    lives.tranche,
    lives.order_id,
    lives.seq,
    lives.event,
    lives.change_qty,
    lives.is_active,  -- After the event.
    -- The share of a member that left changes its order, not the open quantity in the parent.
    if(
        lives.event in ('FillAllocated', 'FillReallocated') and not lives.is_active,
        0,
        lives.change_qty
    ) as open_change_qty,
    sum(open_change_qty) over (
        partition by lives.parent_id, lives.order_id
        order by lives.seq
        rows between unbounded preceding and current row
    )::bigint as open_qty  -- After the event.
from lives;
