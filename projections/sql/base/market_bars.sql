-- How did each instrument trade through the day? One row an instrument and five minutes.
create or replace view market_bars as
select
    instrument_id,
    event_ns // 300000000000 * 300000000000 as start_ns,
    arg_min(last_px, (event_ns, position)) as open_px,
    max(last_px) as high_px,
    min(last_px) as low_px,
    arg_max(last_px, (event_ns, position)) as close_px,
    sum(last_qty)::bigint as volume_qty,
    (sum(last_px::hugeint * last_qty) // sum(last_qty))::bigint as vwap_px,  -- Floor.
    count(*) as trades
from prints
where eligible and last_qty > 0
group by all;
