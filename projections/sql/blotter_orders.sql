-- What became of each small order? One row an order, as a person reads it.
create or replace view blotter_orders as
select
    "order".order_id,
    "order".source,
    "order".cl_ord_id,
    "order".client_id,
    coalesce(instrument.symbol, "order".instrument_id) as symbol,
    lower("order".side) as side,
    "order".order_qty,
    "order".order_type,
    ("order".limit_px / 1e9)::decimal(18, 9) as limit_price,
    "order".urgency,
    "order".status,
    "order".crossed_qty,
    "order".allocated_qty,
    "order".open_qty,
    "order".withdrawn_qty,
    ("order".notional::double / ("order".crossed_qty + "order".allocated_qty) / 1e9)
        ::decimal(18, 9) as avg_price,  -- Null while nothing is done.
    "order".parent_id,
    strftime(
        timezone(zone.time_zone, make_timestamp_ns("order".accepted_ns)::timestamp at time zone 'UTC'),
        '%Y-%m-%d %H:%M:%S'
    ) as accepted_at
from order_state as "order"
cross join calendar_zone as zone
left join instruments as instrument on instrument.instrument_id = "order".instrument_id;
