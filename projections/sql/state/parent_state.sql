-- How far is each parent? One row a parent; quantities net of busts and corrections.
create or replace view parent_state as
with
members as (
    select
        parent_id,
        count(*) filter (event = 'MemberJoined') as joins,
        count(distinct order_id) as members,
        sum(change_qty) filter (event in ('MemberJoined', 'MemberAmended')) as member_qty,
        -- What a member that left got of a fill since, or gave back, is not what it took along.
        coalesce(sum(if(event = 'MemberLeft', -change_qty, change_qty)) filter (
            event = 'MemberLeft'
            or (event in ('FillAllocated', 'FillReallocated') and not is_active)
        ), 0) as left_qty
    from member_life
    group by parent_id
),
limits as (
    -- The loosest of its tranches'; null if one has none.
    select
        last.parent_id,
        case
            when bool_or(last.limit_px is null) then null
            when any_value(opened.side) = 'BUY' then max(last.limit_px)
            else min(last.limit_px)
        end as limit_px
    from (
        select parent_id, tranche, arg_max({'px': limit_px}, seq).px as limit_px
        from tranche_limits
        group by parent_id, tranche
    ) as last
    join parent_opened as opened on opened.event_id = last.parent_id
    group by last.parent_id
),
crossed as (
    select
        parent_id,
        sum(cross_qty) as crossed_qty,
        sum(cross_px::hugeint * cross_qty) as notional
    from cross_allocated
    group by parent_id
),
errors as (
    select part.parent_id, sum(coalesce(revised.error_qty, part.error_qty)) as error_qty
    from fill_allocated as part
    left join (
        select fill_id, arg_max(error_qty, seq) as error_qty
        from fill_reallocated
        group by fill_id
    ) as revised on revised.fill_id = part.fill_id
    group by part.parent_id
),
children as (
    select
        parent_id,
        count(*) as children,
        sum(open_qty) as exposure_qty,
        sum(filled_qty) as filled_qty,
        sum(notional) as notional,
        sum(fees) as fees,
        max(last_fill_ns) as last_fill_ns
    from child_state
    group by parent_id
),
plans as (
    select
        parent_id,
        arg_max(strategy, seq) as strategy,
        arg_max(router, seq) as router,
        count(*) as plans
    from plan_adopted
    group by parent_id
),
-- What the desk told it, as of now.
told as (
    select
        parent_id,
        arg_max(pace, seq) as pace,
        arg_max({'x': urgency}, seq).x as urgency,
        arg_max(excluded_venues, seq) as excluded_venues
    from instruction_adopted
    group by parent_id
)
select
    parent.event_id as parent_id,
    parent.shard,
    parent.seq,
    parent.instrument_id,
    parent.side,
    parent.urgency,
    parent.benchmark,
    parent.policy_id,
    limits.limit_px,
    coalesce(members.members, 0) as members,
    coalesce(parts.tranches, 0) as tranches,
    coalesce(members.member_qty, 0)::bigint as member_qty,
    coalesce(members.left_qty, 0)::bigint as left_qty,
    coalesce(crossed.crossed_qty, 0)::bigint as crossed_qty,
    coalesce(children.filled_qty, 0)::bigint as filled_qty,
    coalesce(errors.error_qty, 0)::bigint as error_qty,
    coalesce(ended.returned_qty, 0) as returned_qty,
    if(
        ended.parent_id is not null,
        0,
        coalesce(members.member_qty, 0) - coalesce(members.left_qty, 0)
        - coalesce(crossed.crossed_qty, 0)
        - (coalesce(children.filled_qty, 0) - coalesce(errors.error_qty, 0))
    )::bigint as open_qty,
    coalesce(children.exposure_qty, 0)::bigint as exposure_qty,
    coalesce(children.children, 0) as children,
    coalesce(children.notional, 0) as notional,  -- Of venue fills, 1e-9 currency units.
    coalesce(children.fees, 0) as fees,  -- 1e-9 currency units; a rebate is negative.
    coalesce(crossed.notional, 0) as crossed_notional,  -- 1e-9 currency units.
    plans.strategy,
    plans.router,
    coalesce(plans.plans, 0) as plans,
    case
        when ended.parent_id is not null then ended.reason
        when released.parent_id is not null then 'WORKING'
        else 'GATHERING'
    end as status,
    parent.at_ns as opened_ns,
    released.at_ns as released_ns,
    released.seq as released_seq,
    released.arrival_mid_px,
    children.last_fill_ns,
    ended.at_ns as ended_ns,
    coalesce(told.pace, 'PLANNED') as pace,
    coalesce(told.urgency, parent.urgency) as worked_urgency,
    coalesce(told.excluded_venues, []) as excluded_by_desk
from parent_opened as parent
left join members on members.parent_id = parent.event_id
left join limits on limits.parent_id = parent.event_id
left join (
    select parent_id, count(*) as tranches
    from tranches
    group by parent_id
) as parts on parts.parent_id = parent.event_id
left join crossed on crossed.parent_id = parent.event_id
left join errors on errors.parent_id = parent.event_id
left join children on children.parent_id = parent.event_id
left join plans on plans.parent_id = parent.event_id
left join told on told.parent_id = parent.event_id
left join parent_released as released on released.parent_id = parent.event_id
left join parent_ended as ended on ended.parent_id = parent.event_id;
