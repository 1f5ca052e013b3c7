-- Does a member share only in what was decided while it was a member? One row a rule.
create or replace view rule_share_members as
with
-- Each member that got a part, and the event that decided the fill or the cross.
given as (
    select part.parent_id, part.order_id, execution.seq
    from share_life as part
    join (
        select event_id, seq from fill_booked
        union all
        select event_id, seq from orders_crossed
    ) as execution on execution.event_id = part.execution_id
    where part.event in ('FillAllocated', 'CrossAllocated')
    union all
    select parent_id, order_id, seq
    from share_life
    where event = 'FillReallocated' and has_qty > had_qty
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
    'No member shares in a fill or cross from before it joined.' as question
from stays
where joined_seq is null
union all
select
    'leaver',
    count(*),
    'No member shares in a fill or cross from after it left.'
from stays
where until_seq <= seq;
