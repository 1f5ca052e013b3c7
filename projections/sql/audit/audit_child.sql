-- How did a child come about, and what became of it? One row a step, from the parent's opening on.
-- `where child_id = '...' order by step`; the orders behind it are in audit_members.
create or replace view audit_child as
with
plans as (
    select child.event_id as child_id, plan.event_id
    from child_routed as child
    asof join plan_adopted as plan
        on plan.parent_id = child.parent_id
        and plan.seq <= child.seq
),
-- The last step of each child; what the desk told its parent until then is part of its story.
lasts as (
    select child_id, max(anchor_seq) as seq
    from audit_execution
    where child_id is not null
    group by child_id
),
steps as (
    select
        child.event_id as child_id, parent.anchor_seq, parent.seq, parent.at_ns,
        parent.event, parent.event_id, parent.cause, parent.summary
    from child_routed as child
    join audit_parent as parent on parent.parent_id = child.parent_id
    join lasts on lasts.child_id = child.event_id
    left join plans on plans.child_id = child.event_id
    where (parent.event in ('ParentOpened', 'ParentReleased') and parent.seq < child.seq)
        or (parent.event = 'InstructionAdopted' and parent.seq < lasts.seq)
        or parent.event_id in (child.slice_id, plans.event_id)
    union all
    select
        child_id, anchor_seq, seq, at_ns, event, event_id, cause, summary
    from audit_execution
    where child_id is not null
)
select
    child_id,
    row_number() over (
        partition by child_id
        order by anchor_seq, seq nulls first, at_ns, cause
    ) as step,
    seq,
    at_ns,
    event,
    event_id,
    cause,
    summary
from steps;
