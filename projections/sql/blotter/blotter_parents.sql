-- What is the result of each parent? One row a parent.
-- For people: prices in currency units, times of the venues' zone.
create or replace view blotter_parents as
select
    parent.parent_id,
    coalesce(instrument.symbol, parent.instrument_id) as symbol,
    lower(parent.side) as side,
    parent.status,
    parent.strategy,
    parent.router,
    parent.members,
    parent.tranches,
    parent.member_qty,
    parent.left_qty,
    parent.crossed_qty,
    parent.filled_qty,
    parent.open_qty,
    parent.returned_qty,
    parent.error_qty,
    parent.exposure_qty,
    parent.children,
    (parent.limit_px / 1e9)::decimal(18, 9) as limit_price,
    (parent.notional::double / nullif(parent.filled_qty, 0) / 1e9)::decimal(18, 9) as avg_price,
    (parent.arrival_mid_px / 1e9)::decimal(18, 9) as arrival_price,
    strftime(
        timezone(zone.time_zone, make_timestamp_ns(parent.opened_ns)::timestamp at time zone 'UTC'),
        '%Y-%m-%d %H:%M:%S'
    ) as opened_at,
    -- As the desk has it worked now: planned, paused or completing; null once it has ended.
    if(parent.ended_ns is null, lower(parent.pace), null) as pace,
    lower(parent.worked_urgency) as urgency,
    array_to_string(parent.excluded_by_desk, ' ') as excluded_by_desk
from parent_state as parent
cross join calendar_zone as zone
left join instruments as instrument on instrument.instrument_id = parent.instrument_id;
