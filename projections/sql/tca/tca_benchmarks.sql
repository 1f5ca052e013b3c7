-- How did each parent and order do against each benchmark? One row a parent or order and benchmark.
-- DECISION, ARRIVAL (when trading began), VWAP and TWAP of its span, OPEN, CLOSE and OHLC (the mean
-- of open, high, low and close) of its session's eligible prints. Prices in currency units.
-- cost_bps is of the benchmark and positive for a cost; performance_on_order_value_bps is of order
-- quantity * decision price and positive for a saving. Both are null when nothing is filled.
create or replace view tca_benchmarks as
with
priced as (
    select
        span.kind,
        span.id,
        span.order_qty,
        span.done_qty,
        span.decision_px,
        span.arrival_px,
        if(span.side = 'BUY', 1, -1) as sign,
        span.done_notional::double / nullif(span.done_qty, 0) / 1e9 as avg_price,
        span.vwap_market,
        span.twap,
        day.eligible_open_px / 1e9 as open_price,
        day.eligible_close_px / 1e9 as close_price,
        (
            day.eligible_open_px::hugeint + day.eligible_high_px + day.eligible_low_px
            + day.eligible_close_px
        ) / 4e9 as ohlc_price
    from interval_benchmarks as span
    asof left join trading_sessions as session on session.open_ns <= span.from_ns
    left join market_days as day
        on day.instrument_id = span.instrument_id and day.day = session.day
),
listed as (
    select
        priced.*,
        unnest([
            {'name': 'DECISION', 'price': decision_px / 1e9},
            {'name': 'ARRIVAL', 'price': arrival_px / 1e9},
            {'name': 'VWAP', 'price': vwap_market},
            {'name': 'TWAP', 'price': twap},
            {'name': 'OPEN', 'price': open_price},
            {'name': 'CLOSE', 'price': close_price},
            {'name': 'OHLC', 'price': ohlc_price}
        ]) as mark
    from priced
)
select
    kind,
    id,
    mark.name as benchmark,
    mark.price as benchmark_price,
    avg_price,
    sign * (avg_price - mark.price) / mark.price * 1e4 + 0.0 as cost_bps,
    sign * (mark.price - avg_price) * done_qty
        / nullif(order_qty * decision_px / 1e9, 0) * 1e4 + 0.0 as performance_on_order_value_bps
from listed
where mark.price is not null;
