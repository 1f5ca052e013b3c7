-- Which part of the session's volume traded at worse prices? One row a parent or order that is
-- filled. Worse is above the average price for a buy and below it for a sale. vwap and avg_price in
-- currency units, volume in smallest increments, beaten_share as a fraction; eligible prints of the
-- session.
create or replace view volume_beaten as
with
days as (
    select
        instrument_id,
        day,
        sum(volume_qty)::bigint as volume_qty,
        sum(last_px::hugeint * volume_qty)::double / sum(volume_qty)::double as vwap_px
    from volume_at_price
    group by instrument_id, day
),
filled as (
    select
        span.kind,
        span.id,
        span.instrument_id,
        span.side,
        session.day,
        span.notional::double / span.done_qty as avg_px
    from tca_inputs as span
    asof join trading_sessions as session on session.open_ns <= span.from_ns
    where span.done_qty > 0
)
select
    filled.kind,
    filled.id,
    filled.avg_px / 1e9 as avg_price,
    days.vwap_px / 1e9 as vwap,
    days.volume_qty,
    if(
        filled.side = 'BUY',
        days.volume_qty - coalesce(upto.cum_qty, 0),
        coalesce(below.cum_qty, 0)
    )::double / days.volume_qty as beaten_share
from filled
join days on days.instrument_id = filled.instrument_id and days.day = filled.day
asof left join volume_at_price as upto
    on upto.instrument_id = filled.instrument_id
    and upto.day = filled.day
    and upto.last_px <= filled.avg_px
asof left join volume_at_price as below
    on below.instrument_id = filled.instrument_id
    and below.day = filled.day
    and below.last_px < filled.avg_px;
