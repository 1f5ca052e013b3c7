-- How was each fill or cross divided, by order? One row an execution and order.
-- first_qty is the share as first allocated, share_qty the share now, after busts and corrections.
create or replace view audit_shares as
select
    life.execution_id,
    life.parent_id,
    small.order_id,
    small.source,
    small.cl_ord_id,
    small.client_id,
    small.side,
    arg_min(if(life.event = 'FillReallocated', life.had_qty, life.has_qty), life.seq) as first_qty,
    arg_max(life.has_qty, life.seq) as share_qty
from share_life as life
join order_entries as small on small.order_id = life.order_id
group by all;
