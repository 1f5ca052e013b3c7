-- What did each bust and correction leave of a fill in the error account, and what was there before?
create or replace view error_changes as
select change.child_id, change.exec_id, part.error_qty, part.former_error_qty
from (
    select
        fill_id, shard, cause, error_qty,
        lag(error_qty, 1, 0) over (partition by fill_id order by seq) as former_error_qty
    from (
        select fill_id, shard, cause, seq, error_qty from fill_allocated
        union all
        select fill_id, shard, cause, seq, error_qty from fill_reallocated
    )
) as part
join (
    select fill_id, shard, cause, child_id, exec_id from fill_busted
    union all
    select fill_id, shard, cause, child_id, exec_id from fill_corrected
) as change
    on change.fill_id = part.fill_id
    and change.shard = part.shard
    and change.cause = part.cause;
