-- What did each parent and order lose to delay, trading and opportunity (Wagner)? One row a parent
-- or order. The expanded form: delay is the whole order from the decision to the arrival price,
-- trading the executed part against the arrival price, opportunity the rest from the arrival to the
-- final price, and fees apart. The total is Perold's. Money and prices in currency units; bps of
-- order quantity * decision price; a cost is positive.
create or replace view shortfall_wagner as
with
parts as (
    select
        *,
        if(side = 'BUY', 1, -1) as sign,
        sign * done_qty * (arrival_px - decision_px) as delay_done,
        sign * (order_qty - done_qty) * (arrival_px - decision_px) as delay_rest,
        sign * (notional::double - done_qty * arrival_px) as trading,
        sign * (order_qty - done_qty) * (final_px - arrival_px) as opportunity,
        delay_done + delay_rest + trading + opportunity + fees::double as total,
        nullif(order_qty * decision_px, 0) as base
    from tca_inputs
)
select
    kind,
    id,
    order_qty,
    done_qty as filled_qty,
    (decision_px / 1e9)::decimal(18, 9) as decision_price,
    (arrival_px / 1e9)::decimal(18, 9) as arrival_price,
    (final_px / 1e9)::decimal(18, 9) as final_price,
    (notional::double / nullif(done_qty, 0) / 1e9)::decimal(18, 9) as avg_price,
    ((delay_done + delay_rest) / 1e9)::decimal(28, 9) as delay_cost,
    (delay_done / 1e9)::decimal(28, 9) as delay_filled,
    (delay_rest / 1e9)::decimal(28, 9) as delay_unfilled,
    (trading / 1e9)::decimal(28, 9) as trading_cost,
    (opportunity / 1e9)::decimal(28, 9) as opportunity_cost,
    (fees::double / 1e9)::decimal(28, 9) as fees,
    (total / 1e9)::decimal(28, 9) as total_cost,
    (delay_done + delay_rest) / base * 1e4 + 0.0 as delay_bps,
    trading / base * 1e4 + 0.0 as trading_bps,
    opportunity / base * 1e4 + 0.0 as opportunity_bps,
    fees::double / base * 1e4 + 0.0 as fees_bps,
    total / base * 1e4 + 0.0 as total_bps
from parts;
