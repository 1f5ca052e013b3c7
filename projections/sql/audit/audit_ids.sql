-- Which order, parent, child, fill, cross or allocation does a text name? One row a text and thing.
-- A text is an engine's id, as 3-17, or a client's cl_ord_id, alone or as SOURCE/CL_ORD_ID. Lower
-- precedence wins: an engine's id, then an accepted order's name, then a refused one's.
create or replace view audit_ids as
with
names as (
    select order_id as id, source, cl_ord_id, 1 as precedence from order_entries
    union
    select event_id, source, cl_ord_id, 2 from order_rejected
    union
    select change.order_id, small.source, change.cl_ord_id, 1
    from (
        select order_id, cl_ord_id from order_change_pending
        union
        select order_id, cl_ord_id from order_amended
        union
        select order_id, cl_ord_id from order_cancelled
    ) as change
    join order_entries as small on small.order_id = change.order_id
    where change.cl_ord_id != ''
)
select order_id as name, 0 as precedence, 'order' as kind, order_id as id from order_entries
union all
select event_id, 0, 'order', event_id from order_rejected
union all
select event_id, 0, 'parent', event_id from parent_opened
union all
select event_id, 0, 'child', event_id from child_routed
union all
select event_id, 0, 'fill', event_id from fill_booked
union all
select event_id, 0, 'cross', event_id from orders_crossed
union all
select event_id, 0, 'allocation', event_id from fill_allocated
union all
select event_id, 0, 'allocation', event_id from fill_reallocated
union all
select event_id, 0, 'allocation', event_id from cross_allocated
union all
select cl_ord_id, precedence, 'order', id from names
union all
select source || '/' || cl_ord_id, precedence, 'order', id from names;
