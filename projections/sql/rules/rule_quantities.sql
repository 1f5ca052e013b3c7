-- Do the quantities of orders and parents add up at every event? One row a rule.
create or replace view rule_quantities as
with
order_changes as (
    select
        order_id, shard, seq, cause, 'OrderAccepted' as event,
        order_qty - done_qty as change_qty
    from order_entries
    union all
    select order_id, shard, seq, cause, 'OrderAmended', order_qty - previous_qty
    from order_amended
    union all
    select order_id, shard, seq, cause, 'OrderCancelled', -withdrawn_qty
    from order_cancelled
    union all
    select order_id, shard, seq, cause, 'OrderExpired', -withdrawn_qty
    from order_expired
    union all
    select order_id, shard, seq, cause, 'OrderRestated', restated_qty
    from order_restated
    union all
    select order_id, shard, seq, cause, event, had_qty - has_qty
    from share_life
),
order_life as (
    select
        order_changes.*,
        sum(change_qty) over (
            partition by order_id
            order by seq
            rows between unbounded preceding and current row
        ) as open_qty,
        -- Quantity that one report of a bust or correction gave back, less its withdrawals.
        sum(if(event in ('FillReallocated', 'OrderCancelled'), change_qty, 0)) over (
            partition by order_id, cause
            order by seq
            rows between unbounded preceding and current row
        ) as reopened_qty,
        bool_or(event = 'FillReallocated') over (
            partition by order_id, cause
            order by seq
            rows between unbounded preceding and current row
        ) as is_reopened
    from order_changes
),
-- What each order had open at each close: after the last event before the seal that ended the day.
at_close as (
    select
        life.order_id,
        closed.next_seq,
        arg_max(life.open_qty, life.seq) as open_qty
    from order_life as life
    join batch_sealed as closed
        on closed.shard = life.shard and closed.kind = 'CLOSE' and life.seq < closed.next_seq
    group by life.order_id, closed.next_seq
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
stated as (
    select parent_id, seq, parent_qty as open_qty from member_joined
    union all
    select parent_id, seq, parent_qty from member_amended
    union all
    select parent_id, seq, parent_qty from member_left
    union all
    select parent_id, seq, returned_qty from parent_ended
)
select
    'order_conservation' as name,
    count(*) as violations,
    'No order is executed beyond its quantity; at its end, and after a bust, the whole rest is withdrawn.'
        as question
from order_life
where open_qty < 0
    or (
        event in ('OrderCancelled', 'OrderExpired')
        and if(is_reopened, reopened_qty, open_qty) <> 0
    )
union all
select
    'order_settled',
    count(*),
    'After a close no order is open but those carried to the next day.'
from at_close
anti join order_carried as carried
    on carried.order_id = at_close.order_id and carried.seq < at_close.next_seq
where at_close.open_qty > 0
union all
select
    'order_membership',
    count(*),
    'The open quantity of an order is its open quantity in its parent.'
from members_now as member
join order_state as small on small.order_id = member.order_id
anti join parent_ended as ended on ended.parent_id = member.parent_id
where member.is_active and member.open_qty <> small.open_qty
union all
select
    'parent_conservation',
    (
        select count(*) from parent_life where open_qty < 0
    ) + (
        select count(*)
        from stated
        asof left join parent_life as life
            on life.parent_id = stated.parent_id and life.seq <= stated.seq
        where coalesce(life.open_qty, 0) <> stated.open_qty
    ),
    'The open quantity that a parent states is joined - left - crossed - allocated of its members.';
