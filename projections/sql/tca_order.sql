-- What did each small order cost, and where did it go? One row an order; costs are positive.
-- Parts in bps of the quantity at the decision price, and they add up to is_bps: delay (decision
-- to our acceptance), aggregation (acceptance to the parent's release) and opportunity (release to
-- the last print) on the whole or the unfilled quantity, trading (release to what was paid) on
-- crosses and fills, fees. What its client withdrew does not count.
create or replace view tca_order as
with
measured as (
    select
        "order".*,
        if("order".side = 'BUY', 1, -1) as sign,
        "order".order_qty - "order".client_withdrawn_qty as wanted_qty,
        "order".crossed_qty + "order".allocated_qty as done_qty,
        "order".notional::double / ("order".crossed_qty + "order".allocated_qty) as avg_px,
        mark.decision_px as from_px,
        mark.arrival_px,
        mark.release_px,
        coalesce(mark.close_px, mark.release_px) as close_px,
        mark.interval_vwap_px
    from order_state as "order"
    join order_benchmarks as mark on mark.order_id = "order".order_id
),
costed as (
    select
        measured.*,
        from_px * wanted_qty as base,
        sign * wanted_qty * (arrival_px - from_px) as delay,
        sign * wanted_qty * (release_px - arrival_px) as aggregation,
        sign * (notional::double - done_qty * release_px) as trading,
        sign * (wanted_qty - done_qty) * (close_px - release_px) as opportunity,
        fees::double as fee
    from measured
)
select
    "order".order_id,
    "order".client_id,
    "order".cl_ord_id,
    coalesce(instrument.symbol, "order".instrument_id) as symbol,
    lower("order".side) as side,
    "order".wanted_qty as order_qty,
    "order".done_qty as quantity,
    "order".crossed_qty,
    ("order".notional::double / 1e9)::decimal(24, 4) as notional,
    ("order".avg_px / 1e9)::decimal(18, 9) as avg_price,
    ("order".from_px / 1e9)::decimal(18, 9) as decision_price,
    ("order".arrival_px / 1e9)::decimal(18, 9) as arrival_price,
    ("order".release_px / 1e9)::decimal(18, 9) as release_price,
    ("order".interval_vwap_px / 1e9)::decimal(18, 9) as interval_vwap,
    "order".sign * ("order".avg_px - "order".arrival_px) / "order".arrival_px * 1e4
        as arrival_cost_bps,
    "order".sign * ("order".avg_px - "order".interval_vwap_px) / "order".interval_vwap_px * 1e4
        as interval_vwap_cost_bps,
    ("order".delay + "order".aggregation + "order".trading + "order".opportunity + "order".fee)
        / nullif("order".base, 0) * 1e4 as is_bps,
    "order".delay / nullif("order".base, 0) * 1e4 as is_delay_bps,
    "order".aggregation / nullif("order".base, 0) * 1e4 as is_aggregation_bps,
    "order".trading / nullif("order".base, 0) * 1e4 as is_trading_bps,
    "order".opportunity / nullif("order".base, 0) * 1e4 as is_opportunity_bps,
    "order".fee / nullif("order".base, 0) * 1e4 as is_fees_bps,
    ("order".fee / 1e9)::decimal(24, 4) as fees,
    "order".parent_id
from costed as "order"
left join instruments as instrument on instrument.instrument_id = "order".instrument_id;
