-- Which stops forbade sending, in which scope, from when on? One row a change. A change counts for
-- events after its seq. scope is FIRM:, VENUE:code, INSTRUMENT:id, CLIENT:code or CONTROLS:; VENUE:
-- alone is every venue.
create or replace view stops as
with
-- A status counts from the batch that consumed it: inputs are folded before anything is routed.
statuses as (
    select
        'venue_halted' as rule, 'market-data' as topic, shard, venue, position,
        status <> 'OPEN' as is_on
    from venue_status_observed
    union all
    select 'venue_disconnected', 'venue-reports', shard, venue, position, not up
    from session_status_observed
),
reported as (
    select
        statuses.rule,
        statuses.shard,
        'VENUE:' || statuses.venue as scope,
        sealed.first_seq - 1 as seq,
        statuses.position,
        statuses.is_on
    from statuses
    asof join sealed_inputs as sealed
        on sealed.shard = statuses.shard
        and sealed.topic = statuses.topic
        and sealed.first_position <= statuses.position
),
-- A day begins with every venue open and connected, until a report says otherwise.
reset as (
    select distinct
        reported.rule,
        reported.shard,
        reported.scope,
        closed.next_seq - 1 as seq,
        -1 as position,  -- Before any report of the new day.
        false as is_on
    from reported
    join batch_sealed as closed
        on closed.shard = reported.shard
        and closed.kind = 'CLOSE'
        and closed.next_seq > reported.seq + 1
)
select rule, shard, scope, seq, arg_max(is_on, position) as is_on
from (from reported union all from reset)
group by rule, shard, scope, seq
union all
select
    'kill_switch', applied.shard, switch.scope || ':' || switch.scope_id, applied.seq,
    switch.engaged
from control_applied as applied
join kill_switch_set as switch on applied.cause = 'controls:' || switch.position
where applied.control = 'KillSwitchSet'
union all
select
    'controls', applied.shard, 'INSTRUMENT:' || listed.instrument_id, applied.seq,
    listed.restricted
from control_applied as applied
join restriction_set as listed on applied.cause = 'controls:' || listed.position
where applied.control = 'RestrictionSet'
union all
select
    'controls', applied.shard, 'CLIENT:' || mandate.client_id, applied.seq, not mandate.active
from control_applied as applied
join mandate_set as mandate on applied.cause = 'controls:' || mandate.position
where applied.control = 'MandateSet'
union all
select 'instrument_halted', shard, 'INSTRUMENT:' || instrument_id, seq, true
from instrument_halted
union all
select 'suspended', shard, scope || ':' || scope_id, seq, true
from suspension_set
union all
select 'suspended', shard, scope || ':' || scope_id, seq, false
from suspension_ended
union all
select
    if(scope = 'INSTRUMENT', 'instrument_halted', 'suspended'), shard, scope || ':' || scope_id,
    seq, false
from control_applied
where control = 'SuspensionLifted';
