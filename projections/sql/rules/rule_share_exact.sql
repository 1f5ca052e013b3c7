-- Is each member less than one unit from its exact share, at every fill? One row. The share is of
-- what its tranche was given.
create or replace view rule_share_exact as
with
-- A new basis of a tranche's shares begins with each change of its members, each cross and each
-- reallocation; also one that changed no member's share, or gave some to others than members.
bases as (
    select parent_id, tranche, seq from member_life where event <> 'FillAllocated'
    union
    select part.parent_id, tranches.tranche, part.seq
    from (
        select parent_id, seq from fill_reallocated
        union all
        select parent_id, seq from fill_allocated where len(other_order_ids) > 0
    ) as part
    join tranches on tranches.parent_id = part.parent_id
),
parts as (
    select
        part.parent_id, part.seq, part.fill_id, part.child_epoch, part.order_id, part.share_qty,
        life.tranche
    from (
        select
            parent_id, seq, fill_id, child_epoch,
            unnest(order_ids) as order_id, unnest(shares_qty) as share_qty
        from fill_allocated
    ) as part
    asof join member_life as life
        on life.parent_id = part.parent_id
        and life.order_id = part.order_id
        and life.seq < part.seq
),
given as (
    select
        parent_id, tranche, seq, fill_id, any_value(child_epoch) as child_epoch,
        sum(share_qty) as given_qty
    from parts
    group by parent_id, tranche, seq, fill_id
),
based as (
    select given.*, base.seq as base_seq
    from given
    asof join bases as base
        on base.parent_id = given.parent_id
        and base.tranche = given.tranche
        and base.seq < given.seq
),
-- Bases with a fill of a child from before its last member joined: other members share in that.
mixed as (
    select distinct based.parent_id, based.tranche, based.base_seq
    from based
    join fill_booked as fill on fill.event_id = based.fill_id
    join child_routed as child on child.event_id = fill.child_id
    join member_joined as joined
        on joined.parent_id = based.parent_id
        and joined.tranche = based.tranche
        and joined.seq > child.seq
        and joined.seq <= based.base_seq
    where based.child_epoch >= 0
),
fills_on as (
    select based.*
    from based
    anti join mixed
        on mixed.parent_id = based.parent_id
        and mixed.tranche = based.tranche
        and mixed.base_seq = based.base_seq
),
running as (
    select
        fills_on.*,
        sum(given_qty) over (
            partition by parent_id, tranche, base_seq
            order by seq
            rows between unbounded preceding and current row
        ) as given_cum_qty
    from fills_on
),
weights as (
    select
        base.parent_id,
        base.tranche,
        base.base_seq,
        life.order_id,
        arg_max(life.open_qty, life.seq) as open_qty
    from (select distinct parent_id, tranche, base_seq from fills_on) as base
    join member_life as life on life.parent_id = base.parent_id and life.seq <= base.base_seq
    group by all
    having arg_max(life.is_active and life.tranche = base.tranche, life.seq)
        and arg_max(life.open_qty, life.seq) > 0
),
totals as (
    select parent_id, tranche, base_seq, sum(open_qty) as open_qty
    from weights
    group by parent_id, tranche, base_seq
),
held as (
    select
        running.given_cum_qty,
        weights.open_qty,
        totals.open_qty as total_qty,
        sum(coalesce(parts.share_qty, 0)) over (
            partition by running.parent_id, running.tranche, running.base_seq, weights.order_id
            order by running.seq
            rows between unbounded preceding and current row
        ) as held_qty
    from running
    join weights
        on weights.parent_id = running.parent_id
        and weights.tranche = running.tranche
        and weights.base_seq = running.base_seq
    join totals
        on totals.parent_id = running.parent_id
        and totals.tranche = running.tranche
        and totals.base_seq = running.base_seq
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
