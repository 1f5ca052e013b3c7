-- Does a member share only in what was sent or decided while it was a member? One row a rule.
create or replace view rule_share_members as
with
-- What each fill and cross was decided by: the route of the child, as far as the log has been shared
-- by it; an early release went by the fill. Members of now get what the members of then cannot take.
executions as (
    select
        fill.event_id,
        if(part.child_epoch < 0, fill.seq, child.seq) as seq,
        part.child_epoch < 0 as is_early,
        part.other_order_ids
    from fill_booked as fill
    join fill_allocated as part on part.fill_id = fill.event_id
    join child_routed as child on child.event_id = fill.child_id
    union all
    select event_id, seq, false, []
    from orders_crossed
),
given as (
    select part.parent_id, part.order_id, execution.seq
    from share_life as part
    join executions as execution on execution.event_id = part.execution_id
    where part.event in ('FillAllocated', 'CrossAllocated')
        and not list_contains(execution.other_order_ids, part.order_id)
    union all
    select part.parent_id, part.order_id, part.seq
    from share_life as part
    join executions as execution on execution.event_id = part.execution_id
    where part.event = 'FillReallocated' and part.has_qty > part.had_qty and execution.is_early
),
stays as (
    select
        given.*,
        stay.joined_seq,
        stay.until_seq
    from given
    asof left join membership as stay
        on stay.parent_id = given.parent_id
        and stay.order_id = given.order_id
        and stay.joined_seq <= given.seq
)
select
    'late_joiner' as name,
    count(*) as violations,
    'No member shares in a cross, or in the fill of a child, from before it joined.' as question
from stays
where joined_seq is null
union all
select
    'leaver',
    count(*),
    'No member shares in a cross, or in the fill of a child, from after it left.'
from stays
where until_seq <= seq;
