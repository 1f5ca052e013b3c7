-- What is the result of each small order? One row an order.
-- For people: prices in currency units, times of the venues' zone.
create or replace view blotter_orders as
select
    small.order_id,
    small.source,
    small.cl_ord_id,
    small.client_id,
    coalesce(instrument.symbol, small.instrument_id) as symbol,
    lower(small.side) as side,
    small.order_qty,
    small.order_type,
    (small.limit_px / 1e9)::decimal(18, 9) as limit_price,
    small.urgency,
    small.status,
    small.crossed_qty,
    small.allocated_qty,
    small.open_qty,
    small.withdrawn_qty,
    (small.notional::double / nullif(small.crossed_qty + small.allocated_qty, 0) / 1e9)
        ::decimal(18, 9) as avg_price,  -- Null before the first execution.
    small.parent_id,
    strftime(
        timezone(zone.time_zone, make_timestamp_ns(small.accepted_ns)::timestamp at time zone 'UTC'),
        '%Y-%m-%d %H:%M:%S'
    ) as accepted_at
from order_state as small
cross join calendar_zone as zone
left join instruments as instrument on instrument.instrument_id = small.instrument_id;
