-- Was each child sent where and when it could be? One row a rule.
create or replace view rule_routes as
with
configured as (
    select shard, seq, json_extract_string(text, '$.quote_age_max_ns')::bigint as quote_age_max_ns
    from configuration_adopted
),
aged as (
    select child.quote_age_ns, configured.quote_age_max_ns
    from child_routed as child
    asof left join configured
        on configured.shard = child.shard and configured.seq < child.seq
),
batches as (
    select shard, batch, first_seq
    from batch_sealed
    where first_seq < next_seq  -- A batch without events shares its first_seq with the next.
),
routed as (
    select child.*, batches.batch
    from child_routed as child
    asof join batches on batches.shard = child.shard and batches.first_seq <= child.seq
),
-- A status counts from the batch that consumed it: inputs are folded before anything is routed.
statuses as (
    select
        status.shard,
        status.venue,
        sealed.batch,
        arg_max(status.status, status.position) as status
    from venue_status_observed as status
    asof join (select * from sealed_inputs where topic = 'market-data') as sealed
        on sealed.shard = status.shard and sealed.first_position <= status.position
    group by all
),
sessions as (
    select
        session.shard,
        session.venue,
        sealed.batch,
        arg_max(session.up, session.position) as up
    from session_status_observed as session
    asof join (select * from sealed_inputs where topic = 'venue-reports') as sealed
        on sealed.shard = session.shard and sealed.first_position <= session.position
    group by all
),
switches as (
    select
        applied.shard,
        applied.seq,
        switch.scope || ':' || switch.scope_id as place,
        switch.engaged
    from control_applied as applied
    join kill_switch_set as switch on applied.cause = 'controls:' || switch.position
    where applied.control = 'KillSwitchSet'
),
places as (
    select
        event_id,
        shard,
        seq,
        unnest(['FIRM:', 'VENUE:' || venue, 'INSTRUMENT:' || instrument_id]) as place
    from child_routed
),
resting as (
    select
        child.*,
        min(life.seq) filter (life.open_qty = 0) as until_seq
    from child_routed as child
    join child_life as life on life.child_id = child.event_id
    group by all
),
meetings as (
    select
        fresh.side,
        if(
            fresh.bid_px > 0 and fresh.ask_px > 0,
            (fresh.bid_px + fresh.ask_px) / 2.0,
            null
        ) as mid_px,
        fresh.limit_px as fresh_px,
        fresh.child_type as fresh_type,
        own.limit_px as own_px,
        own.child_type as own_type
    from child_routed as fresh
    join resting as own
        on own.shard = fresh.shard
        and own.instrument_id = fresh.instrument_id
        and own.venue = fresh.venue
        and own.side <> fresh.side
        and own.seq < fresh.seq
        and coalesce(own.until_seq, 9223372036854775807) > fresh.seq
),
-- A peg meets at the midpoint that the newer child saw, or at its limit if that is worse.
priced as (
    select
        if(side = 'BUY', fresh_px, own_px) as buy_limit_px,
        if(side = 'BUY', own_px, fresh_px) as sell_limit_px,
        if(side = 'BUY', fresh_type, own_type) as buy_type,
        if(side = 'BUY', own_type, fresh_type) as sell_type,
        mid_px
    from meetings
)
select
    'quote_age' as name,
    count(*) as violations,
    'No child is priced from a quote older than the configuration allows.' as question
from aged
where coalesce(quote_age_ns > quote_age_max_ns, true)
union all
select
    'through_best',
    count(*),
    'No limit child is priced through the best quote that it saw.'
from child_routed
where child_type = 'LIMIT'
    and if(side = 'BUY', ask_px > 0 and limit_px > ask_px, bid_px > 0 and limit_px < bid_px)
union all
select
    'venue_halted',
    count(*),
    'Nothing is sent to a venue that is halted or closed.'
from routed
asof join statuses
    on statuses.shard = routed.shard
    and statuses.venue = routed.venue
    and statuses.batch <= routed.batch
where statuses.status <> 'OPEN'
union all
select
    'venue_disconnected',
    count(*),
    'Nothing is sent to a venue whose session is down.'
from routed
asof join sessions
    on sessions.shard = routed.shard
    and sessions.venue = routed.venue
    and sessions.batch <= routed.batch
where not sessions.up
union all
select
    'kill_switch',
    count(*),
    'Nothing is sent while a kill switch of the firm, venue or instrument is engaged.'
from places
asof join switches
    on switches.shard = places.shard
    and switches.place = places.place
    and switches.seq < places.seq
where switches.engaged
union all
select
    'venue_permitted',
    count(*),
    'No child goes to a venue, or to the dark, where its clients forbid it.'
from child_routed as child
join parent_opened as parent on parent.event_id = child.parent_id
left join venues on venues.venue = child.venue
where list_contains(parent.excluded_venues, child.venue)
    or (parent.no_dark and venues.kind = 'DARK')
union all
select
    'self_trade',
    count(*),
    'No child is sent where it could meet an opposite child of our own.'
from priced
where
    if(buy_type = 'MIDPOINT_PEG', coalesce(least(buy_limit_px, mid_px), buy_limit_px), buy_limit_px)
    >= if(
        sell_type = 'MIDPOINT_PEG',
        coalesce(greatest(sell_limit_px, mid_px), sell_limit_px),
        sell_limit_px
    );
