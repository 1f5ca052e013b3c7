-- How did each filled child do against the market while it worked? One row a filled child.
-- performance_bps is positive for a saving, cost_bps for a cost. `Market` is an IOC for a parent
-- without a limit: it takes at the far touch at any price. Times are the venue's local time.
-- `+ 0.0` makes the negative zero of a sale's sign a plain one.
create or replace view tca_child as
with
marked as (
    select
        child.*,
        child.notional::double / child.filled_qty as px,  -- 1e-9 currency units.
        mark.benchmark_px,
        mark.benchmark_source,
        if(child.side = 'BUY', 1, -1)
            * (mark.benchmark_px - child.notional::double / child.filled_qty)
            / mark.benchmark_px * 1e4 + 0.0 as performance_bps
    from child_state as child
    join child_benchmarks as mark on mark.child_id = child.child_id
)
select
    child.child_id,
    strftime(
        timezone(zone.time_zone, make_timestamp_ns(child.routed_ns)::timestamp at time zone 'UTC'),
        '%H:%M:%S'
    ) as time,
    coalesce(venue.name, child.venue) as venue,
    case
        when child.child_type = 'MIDPOINT_PEG' then 'Limit (Mid-Point)'
        when child.time_in_force = 'IOC' and slice.limit_px is null then 'Market'
        else 'Limit'
    end as order_type,
    lower(child.side) as side,
    child.filled_qty as quantity,
    (child.px / 1e9)::decimal(18, 9) as price,
    (child.benchmark_px / 1e9)::decimal(18, 9) as benchmark_vwap,
    child.performance_bps,
    0.0 - child.performance_bps as cost_bps,
    round(child.performance_bps, 1) + 0.0 as performance_bps_1dp,
    (child.notional::double / 1e9)::decimal(24, 4) as notional,
    child.benchmark_source,
    coalesce(instrument.symbol, child.instrument_id) as symbol,
    (child.fees::double / 1e9)::decimal(24, 4) as fees,
    child.parent_id,
    child.routed_ns
from marked as child
cross join calendar_zone as zone
left join slice_released as slice on slice.event_id = child.slice_id
left join venues as venue on venue.venue = child.venue
left join instruments as instrument on instrument.instrument_id = child.instrument_id;
