-- What did each route expect of its child, and what came of it? One row a child with a cell of a
-- scorecard; chances in parts per million, times in ns after the route, null where nothing happened.
create or replace view fill_forecasts as
select
    children.shard,
    children.seq,
    children.child_id,
    children.venue,
    routed.cell,
    split_part(routed.cell, ':', 1) as tactic,
    children.routed_ns,
    routed.fill_ppm,
    routed.fill_within_ns,
    routed.ends_filled_ppm,
    greatest(0, parents.end_ns - children.routed_ns) as left_ns,
    children.first_fill_ns - children.routed_ns as fill_after_ns,
    coalesce(
        children.closed_ns,
        case when children.open_qty = 0 then children.last_fill_ns end
    ) - children.routed_ns as end_after_ns,
    children.child_qty,
    children.filled_qty
from child_state as children
join child_routed as routed on routed.event_id = children.child_id
join parent_opened as parents on parents.event_id = children.parent_id
where routed.cell <> '';
