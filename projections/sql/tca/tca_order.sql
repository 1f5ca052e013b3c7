-- What did each small order cost, and in which part of its way? One row an order; costs are
-- positive. Parts in bps of the quantity at the decision price, and they add up to is_bps: delay
-- (decision to our acceptance), aggregation (acceptance to the parent's release) and opportunity
-- (release to the last print) on the whole or the unfilled quantity, trading (release to the price
-- paid) on crosses and fills, fees. Quantity that the client withdrew does not count. `+ 0.0` makes
-- the negative zero of a sale's sign a plain one.
create or replace view tca_order as
with
marked as (
    select
        small.* exclude (close_px),
        if(small.side = 'BUY', 1, -1) as sign,
        small.order_qty - small.client_withdrawn_qty as wanted_qty,
        small.crossed_qty + small.allocated_qty as done_qty,
        small.notional::double
            / nullif(small.crossed_qty + small.allocated_qty, 0) as avg_px,
        small.decision_px as from_px,
        coalesce(small.close_px, small.release_px) as close_px
    from order_benchmarks as small
),
costed as (
    select
        marked.*,
        from_px * wanted_qty as base,
        sign * wanted_qty * (arrival_px - from_px) as delay,
        sign * wanted_qty * (release_px - arrival_px) as aggregation,
        sign * (notional::double - done_qty * release_px) as trading,
        sign * (wanted_qty - done_qty) * (close_px - release_px) as opportunity,
        fees::double as fee
    from marked
)
select
    small.order_id,
    small.client_id,
    small.cl_ord_id,
    coalesce(instrument.symbol, small.instrument_id) as symbol,
    lower(small.side) as side,
    small.wanted_qty as order_qty,
    small.done_qty as quantity,
    small.crossed_qty,
    (small.notional::double / 1e9)::decimal(24, 4) as notional,
    (small.avg_px / 1e9)::decimal(18, 9) as avg_price,
    (small.from_px / 1e9)::decimal(18, 9) as decision_price,
    (small.arrival_px / 1e9)::decimal(18, 9) as arrival_price,
    (small.release_px / 1e9)::decimal(18, 9) as release_price,
    (small.interval_vwap_px / 1e9)::decimal(18, 9) as interval_vwap,
    small.sign * (small.avg_px - small.arrival_px) / small.arrival_px * 1e4 + 0.0
        as arrival_cost_bps,
    small.sign * (small.avg_px - small.interval_vwap_px) / small.interval_vwap_px * 1e4 + 0.0
        as interval_vwap_cost_bps,
    (small.delay + small.aggregation + small.trading + small.opportunity + small.fee)
        / nullif(small.base, 0) * 1e4 + 0.0 as is_bps,
    small.delay / nullif(small.base, 0) * 1e4 + 0.0 as is_delay_bps,
    small.aggregation / nullif(small.base, 0) * 1e4 + 0.0 as is_aggregation_bps,
    small.trading / nullif(small.base, 0) * 1e4 + 0.0 as is_trading_bps,
    small.opportunity / nullif(small.base, 0) * 1e4 + 0.0 as is_opportunity_bps,
    small.fee / nullif(small.base, 0) * 1e4 + 0.0 as is_fees_bps,
    (small.fee / 1e9)::decimal(24, 4) as fees,
    small.parent_id
from costed as small
left join instruments as instrument on instrument.instrument_id = small.instrument_id;
