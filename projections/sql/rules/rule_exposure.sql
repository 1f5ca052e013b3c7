-- Do open children and fills ever exceed their parent or slice? One row a rule.
create or replace view rule_exposure as
with
exposure_changes as (
    select parent_id, seq, exposure_change_qty - surplus_qty as excess_qty
    from child_life
    union all
    select parent_id, seq, -member_qty from member_joined
    union all
    -- A late fill of an earlier parent takes quantity of which children may be out.
    select parent_id, seq, if(fill_id = '', -change_qty, -greatest(0, change_qty))
    from member_amended
    union all
    select parent_id, seq, left_qty from member_left
    union all
    select unnest([buy_parent_id, sell_parent_id]), seq, cross_qty from orders_crossed
),
exposure_life as (
    select
        parent_id,
        seq,
        sum(excess_qty) over (
            partition by parent_id
            order by seq
            range between unbounded preceding and current row
        ) as excess_qty
    from exposure_changes
),
slice_changes as (
    select event_id as slice_id, seq, -slice_qty as excess_qty from slice_released
    union all
    select slice_id, seq, exposure_change_qty - surplus_qty from child_life
),
slice_life as (
    select
        slice_id,
        seq,
        sum(excess_qty) over (
            partition by slice_id
            order by seq
            rows between unbounded preceding and current row
        ) as excess_qty
    from slice_changes
)
select
    'parent_exposure' as name,
    count(*) as violations,
    'Open children and fills never exceed the parent, apart from a venue''s overfill.' as question
from exposure_life
where excess_qty > 0
union all
select
    'slice_exposure',
    count(*),
    'The children of a slice never exceed it, apart from a venue''s overfill.'
from slice_life
where excess_qty > 0;
