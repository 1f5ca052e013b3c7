-- What were the best bid and ask of all venues at each fill, and five minutes later? One row a
-- fill. As the engine sees the market: the last quote of each protected venue before the moment
-- counts, unless it is older than the configuration allows, or a newer quote of another venue locks
-- or crosses it. A side without a quote is null. Five minutes are the horizon of SEC Rule 605. Net
-- of busts and corrections; prices in 1e-9 currency units.
create or replace view fill_quotes as
with
quotes as (
    select
        quote.instrument_id,
        quote.venue,
        quote.event_ns,
        arg_max(quote.bid_px, quote.position) as bid_px,
        arg_max(quote.ask_px, quote.position) as ask_px,
        max(quote.position) as position
    from quote_observed as quote
    anti join (select * from venues where not protected) as unprotected
        on unprotected.venue = quote.venue
    anti join (select * from input_rejected where topic = 'market-data') as refused
        on refused.shard = quote.shard and refused.input_position = quote.position
    group by quote.instrument_id, quote.venue, quote.event_ns
),
quoting as (
    select distinct instrument_id, venue from quotes
),
fills as (
    select fill.*, coalesce(configured.quote_age_max_ns, 9223372036854775807) as age_max_ns
    from fills_net as fill
    asof left join quote_ages as configured
        on configured.shard = fill.shard and configured.seq < fill.seq
    where fill.last_qty > 0
),
moments as (
    select fill_id, instrument_id, transact_ns as at_ns, age_max_ns, false as is_later
    from fills
    union all
    select fill_id, instrument_id, transact_ns + 300000000000, age_max_ns, true
    from fills
),
seen as (
    select
        moment.fill_id,
        moment.is_later,
        quote.venue,
        quote.position,
        nullif(quote.bid_px, 0) as bid_px,
        nullif(quote.ask_px, 0) as ask_px
    from moments as moment
    join quoting on quoting.instrument_id = moment.instrument_id
    asof join quotes as quote
        on quote.instrument_id = quoting.instrument_id
        and quote.venue = quoting.venue
        and quote.event_ns < moment.at_ns
    where moment.at_ns - quote.event_ns <= moment.age_max_ns
),
evicted as (
    select distinct old.fill_id, old.is_later, old.venue
    from seen as old
    join seen as newer
        on newer.fill_id = old.fill_id
        and newer.is_later = old.is_later
        and newer.position > old.position
        and (newer.bid_px >= old.ask_px or newer.ask_px <= old.bid_px)
),
best as (
    select
        fill_id,
        max(bid_px) filter (not is_later) as bid_px,
        min(ask_px) filter (not is_later) as ask_px,
        max(bid_px) filter (is_later) as later_bid_px,
        min(ask_px) filter (is_later) as later_ask_px
    from seen
    anti join evicted using (fill_id, is_later, venue)
    group by fill_id
)
select
    fill.fill_id,
    fill.seq,
    fill.child_id,
    fill.parent_id,
    fill.instrument_id,
    fill.venue,
    fill.side,
    fill.last_px,
    fill.last_qty,
    fill.transact_ns,
    best.bid_px,
    best.ask_px,
    best.later_bid_px,
    best.later_ask_px
from fills as fill
left join best on best.fill_id = fill.fill_id;
