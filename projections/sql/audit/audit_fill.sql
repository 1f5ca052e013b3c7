-- What happened to a fill or a cross? One row a step: the child's route and sending, the venue's
-- reports, the booking, the allocation and its changes. `where execution_id = '...' order by step`.
create or replace view audit_fill as
with
steps as (
    select
        fill.event_id as execution_id, step.anchor_seq, step.seq, step.at_ns, step.event,
        step.event_id, step.cause, step.summary
    from fill_booked as fill
    join audit_execution as step on step.child_id = fill.child_id
    where step.fill_id = fill.event_id
        or step.event in ('ChildRouted', 'SendStarted')
    union all
    select distinct
        crossed.event_id, step.anchor_seq, step.seq, step.at_ns, step.event, step.event_id,
        step.cause, step.summary
    from orders_crossed as crossed
    join audit_parent as step
        on step.parent_id in (crossed.buy_parent_id, crossed.sell_parent_id)
    left join cross_allocated as part on part.event_id = step.event_id
    where step.event_id = crossed.event_id
        or part.cross_id = crossed.event_id
)
select
    execution_id,
    row_number() over (
        partition by execution_id
        order by anchor_seq, seq nulls first, at_ns, cause
    ) as step,
    seq,
    at_ns,
    event,
    event_id,
    cause,
    summary
from steps;
