-- Is each instruction of the desk kept? One row a rule.
create or replace view rule_instructions as
with
-- What leaves a parent: its children, and its crosses on either side.
sent as (
    select shard, seq, event_id, parent_id, venue
    from child_routed
    union all
    select shard, seq, event_id, unnest([buy_parent_id, sell_parent_id]), null
    from orders_crossed
),
told as (
    select sent.event_id, sent.venue, instruction.pace, instruction.excluded_venues
    from sent
    asof join instruction_adopted as instruction
        on instruction.parent_id = sent.parent_id and instruction.seq < sent.seq
),
joined as (
    select joins.event_id
    from member_joined as joins
    asof join instruction_adopted as instruction
        on instruction.parent_id = joins.parent_id and instruction.seq < joins.seq
    anti join member_joined as before
        on before.parent_id = joins.parent_id
        and before.order_id = joins.order_id
        and before.seq < joins.seq
    where instruction.pace <> 'PLANNED'
        or instruction.urgency is not null
        or len(instruction.excluded_venues) > 0
)
select
    'paused_parent' as name,
    count(distinct event_id) as violations,
    'Nothing is sent, and nothing crosses, for a parent that the desk has paused.' as question
from told
where pace = 'PAUSED'
union all
select
    'excluded_by_desk',
    count(*),
    'No child goes to a venue that the desk has excluded for its parent.'
from told
where list_contains(excluded_venues, venue)
union all
select
    'instructed_members',
    count(*),
    'No order joins a parent under instruction of the desk that it was not a member of.'
from joined;
