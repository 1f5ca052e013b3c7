-- What did each parent and order lose against the decision price (Perold)? One row a parent or
-- order. execution is the executed part against the decision price, opportunity the rest from the
-- decision to the final price, and fees apart. total = execution + opportunity + fees = paper gain
-- - actual gain. Money and prices in currency units; bps of order quantity * decision price; a cost
-- is positive. With nothing filled avg_price is null and the total is the opportunity alone.
create or replace view shortfall_perold as
with
parts as (
    select
        *,
        if(side = 'BUY', 1, -1) as sign,
        sign * (notional::double - done_qty * decision_px) as execution,
        sign * (order_qty - done_qty) * (final_px - decision_px) as opportunity,
        sign * order_qty * (final_px - decision_px) as paper,
        sign * (done_qty * final_px - notional::double) - fees::double as actual
    from tca_inputs
)
select
    kind,
    id,
    order_qty,
    done_qty as filled_qty,
    (decision_px / 1e9)::decimal(18, 9) as decision_price,
    (final_px / 1e9)::decimal(18, 9) as final_price,
    (notional::double / nullif(done_qty, 0) / 1e9)::decimal(18, 9) as avg_price,
    (execution / 1e9)::decimal(28, 9) as execution_cost,
    (opportunity / 1e9)::decimal(28, 9) as opportunity_cost,
    (fees::double / 1e9)::decimal(28, 9) as fees,
    ((execution + opportunity + fees::double) / 1e9)::decimal(28, 9) as total_cost,
    (execution + opportunity + fees::double) / nullif(order_qty * decision_px, 0) * 1e4 + 0.0
        as total_bps,
    (paper / 1e9)::decimal(28, 9) as paper_pnl,
    (actual / 1e9)::decimal(28, 9) as actual_pnl
from parts;
