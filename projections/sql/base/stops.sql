-- What forbade to send, where, and from when on? One row a change; it counts for what is after seq.
-- A place is FIRM:, VENUE:code, INSTRUMENT:id, CLIENT:code or CONTROLS:; VENUE: alone is every one.
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
said as (
    select
        statuses.rule,
        statuses.shard,
        'VENUE:' || statuses.venue as place,
        sealed.first_seq - 1 as seq,
        statuses.position,
        statuses.is_on
    from statuses
    asof join sealed_inputs as sealed
        on sealed.shard = statuses.shard
        and sealed.topic = statuses.topic
        and sealed.first_position <= statuses.position
),
-- A day begins with every venue open and connected, until it is said otherwise.
reset as (
    select distinct
        said.rule,
        said.shard,
        said.place,
        closed.next_seq - 1 as seq,
        -1 as position,  -- Before whatever the new day says.
        false as is_on
    from said
    join batch_sealed as closed
        on closed.shard = said.shard
        and closed.kind = 'CLOSE'
        and closed.next_seq > said.seq + 1
)
select rule, shard, place, seq, arg_max(is_on, position) as is_on
from (from said union all from reset)
group by rule, shard, place, seq
union all
select
    'kill_switch', applied.shard, switch.scope || ':' || switch.scope_id, applied.seq,
    switch.engaged
from control_applied as applied
join kill_switch_set as switch on applied.cause = 'controls:' || switch.position
where applied.control = 'KillSwitchSet'
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
