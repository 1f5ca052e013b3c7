-- Is each member less than one unit from its exact share, at every fill? One row.
create or replace view rule_share_exact as
with
-- A new basis of the shares begins with each change of membership, cross or reallocation.
bases as (
    select parent_id, seq from member_life where event <> 'FillAllocated'
    union
    select parent_id, seq from fill_reallocated  -- Also one that changed no member's share.
),
-- Bases with a fill of a child from before its last member joined: other members share in that.
mixed as (
    select distinct base.parent_id, base.seq
    from fill_allocated as part
    join fill_booked as fill on fill.event_id = part.fill_id
    join child_routed as child on child.event_id = fill.child_id
    asof join bases as base on base.parent_id = part.parent_id and base.seq < part.seq
    join member_joined as joined
        on joined.parent_id = part.parent_id
        and joined.seq > child.seq
        and joined.seq <= base.seq
    where part.child_epoch >= 0
),
fills_on as (
    select
        part.parent_id,
        part.seq,
        coalesce(list_sum(part.shares_qty), 0) as given_qty,
        base.seq as base_seq
    from fill_allocated as part
    asof join bases as base on base.parent_id = part.parent_id and base.seq < part.seq
    anti join mixed on mixed.parent_id = base.parent_id and mixed.seq = base.seq
),
running as (
    select
        fills_on.*,
        sum(given_qty) over (
            partition by parent_id, base_seq
            order by seq
            rows between unbounded preceding and current row
        ) as given_cum_qty
    from fills_on
),
weights as (
    select
        base.parent_id,
        base.seq as base_seq,
        life.order_id,
        arg_max(life.open_qty, life.seq) as open_qty
    from (select distinct parent_id, base_seq as seq from fills_on) as base
    join member_life as life on life.parent_id = base.parent_id and life.seq <= base.seq
    group by all
    having arg_max(life.is_active, life.seq) and arg_max(life.open_qty, life.seq) > 0
),
totals as (
    select parent_id, base_seq, sum(open_qty) as open_qty
    from weights
    group by parent_id, base_seq
),
parts as (
    select parent_id, seq, unnest(order_ids) as order_id, unnest(shares_qty) as share_qty
    from fill_allocated
),
held as (
    select
        running.given_cum_qty,
        weights.open_qty,
        totals.open_qty as total_qty,
        sum(coalesce(parts.share_qty, 0)) over (
            partition by running.parent_id, running.base_seq, weights.order_id
            order by running.seq
            rows between unbounded preceding and current row
        ) as held_qty
    from running
    join weights
        on weights.parent_id = running.parent_id and weights.base_seq = running.base_seq
    join totals
        on totals.parent_id = running.parent_id and totals.base_seq = running.base_seq
    left join parts
        on parts.parent_id = running.parent_id
        and parts.seq = running.seq
        and parts.order_id = weights.order_id
)
select
    'share_exact' as name,
    count(*) as violations,
    'Every member is less than one unit from its exact share at every fill.' as question
from held
-- |held - given * weight / total| >= 1, without dividing.
where abs(held_qty * total_qty - given_cum_qty::hugeint * open_qty) >= total_qty;
