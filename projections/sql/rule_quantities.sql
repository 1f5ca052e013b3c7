-- Do quantities add up at every event? One row a rule.
create or replace view rule_quantities as
with
order_changes as (
    select event_id as order_id, shard, seq, 'OrderAccepted' as event, order_qty as change_qty
    from order_accepted
    union all
    select order_id, shard, seq, 'OrderAmended', order_qty - previous_qty
    from order_amended
    union all
    select order_id, shard, seq, 'OrderCancelled', -withdrawn_qty
    from order_cancelled
    union all
    select order_id, shard, seq, 'OrderExpired', -withdrawn_qty
    from order_expired
    union all
    select order_id, shard, seq, event, change_qty
    from member_life
    where event in ('FillAllocated', 'CrossAllocated', 'FillReallocated')
),
order_life as (
    select
        order_changes.*,
        sum(change_qty) over (
            partition by order_id
            order by seq
            rows between unbounded preceding and current row
        ) as open_qty
    from order_changes
),
members_now as (
    select
        order_id,
        parent_id,
        arg_max(open_qty, seq) as open_qty,
        arg_max(is_active, seq) as is_active
    from member_life
    group by order_id, parent_id
),
parent_changes as (
    select
        parent_id,
        seq,
        sum(if(event = 'FillReallocated' and not is_active, 0, change_qty)) as change_qty,
        null::bigint as stated_qty
    from member_life
    group by parent_id, seq
    union all
    select parent_id, seq, 0, parent_qty from member_joined
    union all
    select parent_id, seq, 0, parent_qty from member_amended
    union all
    select parent_id, seq, 0, parent_qty from member_left
    union all
    select parent_id, seq, 0, returned_qty from parent_ended
),
parent_life as (
    select
        parent_changes.*,
        sum(change_qty) over (
            partition by parent_id
            order by seq
            range between unbounded preceding and current row
        ) as open_qty
    from parent_changes
),
exposure_changes as (
    select parent_id, seq, exposure_change_qty - surplus_qty as excess_qty
    from child_life
    union all
    select parent_id, seq, -member_qty from member_joined
    union all
    select parent_id, seq, -change_qty from member_amended
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
),
reconciled as (
    select
        parent_id,
        seq,
        filled_qty,
        crossed_qty,
        error_qty,
        members,
        list_sum(list_transform(members, lambda x: x.allocated_qty)) as allocated_qty,
        list_sum(list_transform(members, lambda x: x.crossed_qty)) as member_crossed_qty
    from parent_reconciled
),
results as (
    select parent_id, seq, unnest(members) as result
    from parent_reconciled
),
got as (
    select
        results.parent_id,
        results.result.order_id as order_id,
        -sum(life.change_qty) filter (life.event in ('FillAllocated', 'FillReallocated'))
            as allocated_qty,
        -sum(life.change_qty) filter (life.event = 'CrossAllocated') as crossed_qty
    from results
    join member_life as life
        on life.parent_id = results.parent_id
        and life.order_id = results.result.order_id
        and life.seq < results.seq
    group by all
)
select
    'order_conservation' as name,
    count(*) as violations,
    'An order is never done beyond its quantity, and nothing is open once it was withdrawn.'
        as question
from order_life
where open_qty < 0
    or (event in ('OrderCancelled', 'OrderExpired') and open_qty <> 0)
union all
select
    'order_membership',
    count(*),
    'What an order has open is what its parent has open for it.'
from members_now as member
join order_state as small on small.order_id = member.order_id
anti join parent_ended as ended on ended.parent_id = member.parent_id
where member.is_active and member.open_qty <> small.open_qty
union all
select
    'parent_conservation',
    count(*),
    'What a parent says it has open is brought - left - crossed - allocated of its members.'
from parent_life
where open_qty < 0 or open_qty <> stated_qty
union all
select
    'parent_exposure',
    count(*),
    'Open children and fills never exceed the parent, but for what a venue overfilled.'
from exposure_life
where excess_qty > 0
union all
select
    'slice_exposure',
    count(*),
    'The children of a slice never exceed it, but for what a venue overfilled.'
from slice_life
where excess_qty > 0
union all
select
    'parent_reconciled',
    (
        select count(*)
        from reconciled
        where allocated_qty + error_qty <> filled_qty or member_crossed_qty <> crossed_qty
    ) + (
        select count(*)
        from results
        left join got
            on got.parent_id = results.parent_id and got.order_id = results.result.order_id
        where results.result.allocated_qty <> coalesce(got.allocated_qty, 0)
            or results.result.crossed_qty <> coalesce(got.crossed_qty, 0)
            or results.result.member_qty <> results.result.crossed_qty
                + results.result.allocated_qty + results.result.left_qty
    ) + (
        select count(*)
        from parent_ended as ended
        anti join parent_reconciled as done on done.parent_id = ended.parent_id
    ),
    'Every ended parent is reconciled: each member, and the sums, agree with its allocations.';
