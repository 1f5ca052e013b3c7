-- What is the result of each child? One row a child.
-- For people: prices in currency units, times of the venues' zone.
create or replace view blotter_children as
select
    child.child_id,
    child.parent_id,
    coalesce(instrument.symbol, child.instrument_id) as symbol,
    coalesce(venue.name, child.venue) as venue,
    lower(child.side) as side,
    child.child_type,
    child.time_in_force,
    child.child_qty,
    (child.limit_px / 1e9)::decimal(18, 9) as limit_price,
    child.status,
    child.filled_qty,
    child.open_qty,
    (child.notional::double / nullif(child.filled_qty, 0) / 1e9)::decimal(18, 9) as avg_price,
    strftime(
        timezone(zone.time_zone, make_timestamp_ns(child.routed_ns)::timestamp at time zone 'UTC'),
        '%Y-%m-%d %H:%M:%S'
    ) as routed_at
from child_state as child
cross join calendar_zone as zone
left join instruments as instrument on instrument.instrument_id = child.instrument_id
left join venues as venue on venue.venue = child.venue;
