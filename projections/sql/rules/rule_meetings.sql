-- Could a child meet an opposite child of our own on a venue? One row.
create or replace view rule_meetings as
with
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
    'self_trade' as name,
    count(*) as violations,
    'No child is sent where it could meet an opposite child of our own.' as question
from priced
where
    if(buy_type = 'MIDPOINT_PEG', coalesce(least(buy_limit_px, mid_px), buy_limit_px), buy_limit_px)
    >= if(
        sell_type = 'MIDPOINT_PEG',
        coalesce(greatest(sell_limit_px, mid_px), sell_limit_px),
        sell_limit_px
    );
