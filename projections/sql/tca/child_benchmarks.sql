-- What is each filled child measured against? One row a filled child.
-- The market's VWAP from its route (included) to its last fill (excluded), without our own fills;
-- without a print in between the midpoint at the route, else the last print before.
create or replace view child_benchmarks as
with
spans as (
    select
        child.child_id,
        child.bid_px,
        child.ask_px,
        coalesce(upto.cum_qty, 0) - coalesce(since.cum_qty, 0) as market_qty,
        coalesce(upto.cum_notional, 0) - coalesce(since.cum_notional, 0) as market_notional,
        upto.last_px
    from child_state as child
    asof left join market_tape as since
        on since.instrument_id = child.instrument_id
        and since.event_ns < child.routed_ns
    asof left join market_tape as upto
        on upto.instrument_id = child.instrument_id
        and upto.event_ns < greatest(child.last_fill_ns, child.routed_ns)
    where child.filled_qty > 0
)
select
    child_id,
    case
        when market_qty > 0 then market_notional::double / market_qty::double
        when bid_px > 0 and ask_px > 0 then (bid_px + ask_px) / 2.0
        else last_px::double
    end as benchmark_px,  -- 1e-9 currency units.
    case
        when market_qty > 0 then 'VWAP'
        when bid_px > 0 and ask_px > 0 then 'MIDPOINT_AT_ROUTE'
        when last_px is not null then 'LAST_TRADE'
        else 'NONE'
    end as benchmark_source
from spans;
