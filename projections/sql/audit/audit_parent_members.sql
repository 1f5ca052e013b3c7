-- Which orders were members of each parent, and what did each get in it? One row a stay; an order
-- that left and joined again has two, and what it got is shown with its first.
create or replace view audit_parent_members as
with
got as (
    select
        parent_id,
        order_id,
        coalesce(sum(share_qty) filter (kind = 'CROSS'), 0)::bigint as crossed_qty,
        coalesce(sum(share_qty) filter (kind = 'FILL'), 0)::bigint as allocated_qty
    from allocations
    group by parent_id, order_id
),
stays as (
    select
        membership.*,
        row_number() over (partition by parent_id, order_id order by joined_seq) as stay
    from membership
)
select
    stays.parent_id,
    stays.order_id,
    small.source,
    small.cl_ord_id,
    small.client_id,
    stays.joined_ns,
    stays.until_ns,
    stays.member_qty,
    if(stays.stay = 1, coalesce(got.crossed_qty, 0), 0) as crossed_qty,
    if(stays.stay = 1, coalesce(got.allocated_qty, 0), 0) as allocated_qty,
    stays.joined_seq
from stays
join order_entries as small on small.order_id = stays.order_id
left join got on got.parent_id = stays.parent_id and got.order_id = stays.order_id;
