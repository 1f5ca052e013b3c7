-- Which orders were behind each child? One row a child and order: the members of the tranches that it
-- was routed for, with what they had open then, and others that got a share of its fills.
create or replace view audit_members as
with
present as (
    select
        child.event_id as child_id, child.seq, stay.parent_id, stay.order_id, stay.joined_ns,
        stay.member_qty, claim.tranche, claim.claim_qty
    from child_routed as child
    join child_claims as claim on claim.child_id = child.event_id
    join membership as stay
        on stay.parent_id = child.parent_id
        and stay.tranche = claim.tranche
        and stay.joined_seq < child.seq
        and coalesce(stay.until_seq, child.seq + 1) > child.seq
),
opened as (
    select present.*, coalesce(life.open_qty, 0) as open_qty
    from present
    asof left join member_life as life
        on life.parent_id = present.parent_id
        and life.order_id = present.order_id
        and life.seq <= present.seq
),
got as (
    select
        fill.child_id, share.order_id, any_value(share.parent_id) as parent_id,
        sum(share.share_qty)::bigint as share_qty
    from allocations as share
    join fill_booked as fill on fill.event_id = share.execution_id
    group by fill.child_id, share.order_id
)
select
    coalesce(opened.child_id, got.child_id) as child_id,
    small.order_id,
    small.source,
    small.cl_ord_id,
    small.client_id,
    opened.tranche,  -- Null for an order that the child was not sent for.
    opened.claim_qty,  -- The part of the child that was for the tranche.
    coalesce(opened.joined_ns, later.joined_ns) as joined_ns,
    coalesce(opened.member_qty, later.member_qty) as member_qty,  -- What it brought to the parent.
    opened.open_qty,  -- When the child was routed; null for an order that joined later.
    coalesce(got.share_qty, 0) as share_qty  -- Of the child's fills, reallocations applied.
from opened
full join got on got.child_id = opened.child_id and got.order_id = opened.order_id
join order_entries as small on small.order_id = coalesce(opened.order_id, got.order_id)
left join (
    select
        parent_id,
        order_id,
        min(joined_ns) as joined_ns,
        arg_min(member_qty, joined_seq) as member_qty
    from membership
    group by parent_id, order_id
) as later on later.parent_id = got.parent_id and later.order_id = got.order_id;
