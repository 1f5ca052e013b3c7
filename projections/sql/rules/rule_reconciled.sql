-- Is every ended parent reconciled with its allocations? One row.
create or replace view rule_reconciled as
with
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
    'parent_reconciled' as name,
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
    ) as violations,
    'Every ended parent is reconciled: each member, and the sums, agree with its allocations.'
        as question;
