-- Is nothing sent of what is held? One row a rule.
create or replace view rule_held as
with
batches as (
    select shard, batch, first_seq, next_seq
    from batch_sealed
),
slice_holds as (
    select held.*, batches.batch
    from slice_held as held
    asof join batches on batches.shard = held.shard and batches.first_seq <= held.seq
),
slices as (
    select slice.shard, slice.parent_id, batches.batch, sum(slice.slice_qty) as slice_qty
    from slice_released as slice
    asof join batches on batches.shard = slice.shard and batches.first_seq <= slice.seq
    group by slice.shard, slice.parent_id, batches.batch
)
select
    'order_held' as name,
    count(distinct child.event_id) as violations,
    'Nothing is sent for a carried order from its hold until it resumes.' as question
from child_routed as child
join membership as stay
    on stay.parent_id = child.parent_id
    and stay.joined_seq < child.seq
    and coalesce(stay.until_seq, 9223372036854775807) > child.seq
asof join order_held as held
    on held.order_id = stay.order_id
    and held.seq < child.seq
anti join order_resumed as resumed
    on resumed.order_id = stay.order_id
    and resumed.seq > held.seq
    and resumed.seq < child.seq
union all
select
    'slice_held',
    count(*),
    'Of a parent that is held for its client''s participation no more goes than the hold says.'
from slice_holds as held
join slices
    on slices.shard = held.shard
    and slices.parent_id = held.parent_id
    and slices.batch = held.batch
where slices.slice_qty > held.slice_qty;
