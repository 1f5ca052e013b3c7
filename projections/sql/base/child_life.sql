-- How did each child's open and filled quantity change? One row an event; quantities after it.
create or replace view child_life as
with
steps as (
    select
        shard, event_id as child_id, seq, 'ChildRouted' as event,
        child_qty as open_now_qty, 0 as fill_qty
    from child_routed
    union all
    select shard, child_id, seq, 'FillBooked', leaves_qty, last_qty
    from fill_booked
    union all
    select shard, child_id, seq, 'ChildDoubted', doubt_qty, 0
    from child_doubted
    union all
    select shard, child_id, seq, 'ExecutionsMissing', leaves_qty, 0
    from executions_missing
    union all
    select shard, child_id, seq, 'ChildClosed', 0, 0
    from child_closed
    union all
    select shard, child_id, seq, 'FillBusted', null, -last_qty
    from fill_busted
    union all
    select shard, child_id, seq, 'FillCorrected', null, last_qty - previous_qty
    from fill_corrected
),
running as (
    select
        steps.*,
        last_value(open_now_qty ignore nulls) over life as open_qty,
        sum(fill_qty) over life as filled_qty
    from steps
    window life as (
        partition by child_id
        order by seq
        rows between unbounded preceding and current row
    )
),
changes as (
    select
        running.*,
        open_qty - lag(open_qty, 1, 0) over (partition by child_id order by seq) as open_change_qty
    from running
)
select
    changes.shard,
    changes.child_id,
    child.parent_id,
    child.slice_id,
    changes.seq,
    changes.event,
    changes.open_qty,
    changes.filled_qty::bigint as filled_qty,
    changes.open_change_qty,
    (changes.open_change_qty + changes.fill_qty)::bigint as exposure_change_qty,
    -- A venue's fill beyond the child's open quantity: the engine did not decide it.
    if(
        changes.event in ('FillBooked', 'FillCorrected'),
        greatest(0, changes.open_change_qty + changes.fill_qty),
        0
    )::bigint as surplus_qty
from changes
join child_routed as child on child.event_id = changes.child_id;
