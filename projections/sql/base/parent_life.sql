-- How did each parent's open quantity, and its part in live children, change? One row a parent and
-- event. Open quantity outside live children is free: it may be sliced, or cross inside. Quantities
-- in smallest increments.
create or replace view parent_life as
with
changes as (
    select parent_id, seq, open_change_qty, 0 as out_change_qty
    from member_life
    union all
    select parent_id, seq, 0, open_change_qty
    from child_life
),
steps as (
    select
        parent_id,
        seq,
        sum(open_change_qty) as open_change_qty,
        sum(out_change_qty) as out_change_qty
    from changes
    group by parent_id, seq
)
select
    parent_id,
    seq,
    sum(open_change_qty) over life::bigint as open_qty,  -- After the event.
    sum(out_change_qty) over life::bigint as out_qty  -- In live children, after the event.
from steps
window life as (
    partition by parent_id
    order by seq
    rows between unbounded preceding and current row
);
