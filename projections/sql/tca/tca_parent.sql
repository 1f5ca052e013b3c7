-- What did each parent cost, against which price, and in which part of its way? One row a parent.
-- quantity to mean_child_performance_bps come from its venue fills, weighted by quantity. The
-- shortfall is on the whole quantity, against the members' prices: delay is the members' decision
-- to their arrival, aggregation their arrival to the release, trading the release to the price paid
-- (crosses too), opportunity the release to the last print for the rest. Parts in bps of the
-- quantity at the decision; costs are positive; they add up to is_bps. `+ 0.0` makes the negative
-- zero of a sale's sign a plain one.
create or replace view tca_parent as
with
children as (
    select
        child.parent_id,
        sum(child.filled_qty) as quantity,
        sum(child.notional) as notional,
        sum(child.fees) as fees,
        sum(child.filled_qty * mark.benchmark_px) / sum(child.filled_qty) as benchmark_px,
        sum(child.filled_qty * tca.performance_bps) / sum(child.filled_qty) as mean_bps
    from child_state as child
    join child_benchmarks as mark on mark.child_id = child.child_id
    join tca_child as tca on tca.child_id = child.child_id
    group by child.parent_id
),
marked as (
    select
        parent.*,
        if(parent.side = 'BUY', 1, -1) as sign,
        parent.member_qty - parent.left_qty as wanted_qty,
        parent.crossed_qty + parent.filled_qty - parent.error_qty as done_qty,
        children.quantity,
        children.notional as child_notional,
        children.notional::double / children.quantity as avg_px,
        children.benchmark_px,
        children.mean_bps,
        mark.arrival_px,
        coalesce(mark.member_arrival_px, mark.arrival_px) as member_px,
        coalesce(mark.member_decision_px, mark.member_arrival_px, mark.arrival_px) as decision_px,
        coalesce(mark.close_px, mark.arrival_px) as close_px,
        mark.market_qty,
        mark.interval_vwap_px
    from parent_state as parent
    join parent_benchmarks as mark on mark.parent_id = parent.parent_id
    left join children on children.parent_id = parent.parent_id
),
costed as (
    select
        marked.*,
        decision_px * wanted_qty as base,
        sign * wanted_qty * (member_px - decision_px) as delay,
        sign * wanted_qty * (arrival_px - member_px) as aggregation,
        sign * ((notional + crossed_notional)::double - (filled_qty + crossed_qty) * arrival_px)
            as trading,
        sign * greatest(0, wanted_qty - done_qty) * (close_px - arrival_px) as opportunity,
        fees::double as fee
    from marked
)
select
    parent.parent_id,
    coalesce(instrument.symbol, parent.instrument_id) as symbol,
    lower(parent.side) as side,
    parent.strategy,
    parent.status,
    parent.wanted_qty as order_qty,
    parent.crossed_qty,
    coalesce(parent.quantity, 0)::bigint as quantity,
    (parent.child_notional::double / 1e9)::decimal(24, 4) as notional,
    (parent.avg_px / 1e9)::decimal(18, 9) as avg_price,
    (parent.benchmark_px / 1e9)::decimal(18, 9) as avg_benchmark,
    parent.sign * (parent.benchmark_px - parent.avg_px) / parent.benchmark_px * 1e4 + 0.0
        as performance_bps,
    parent.sign * (parent.avg_px - parent.benchmark_px) / parent.benchmark_px * 1e4 + 0.0 as cost_bps,
    round(parent.sign * (parent.benchmark_px - parent.avg_px) / parent.benchmark_px * 1e4, 1) + 0.0
        as performance_bps_1dp,
    parent.mean_bps as mean_child_performance_bps,
    (parent.arrival_px / 1e9)::decimal(18, 9) as arrival_price,
    parent.sign * (parent.avg_px - parent.arrival_px) / parent.arrival_px * 1e4 + 0.0 as arrival_cost_bps,
    (parent.interval_vwap_px / 1e9)::decimal(18, 9) as interval_vwap,
    parent.sign * (parent.avg_px - parent.interval_vwap_px) / parent.interval_vwap_px * 1e4 + 0.0
        as interval_vwap_cost_bps,
    (parent.delay + parent.aggregation + parent.trading + parent.opportunity + parent.fee)
        / nullif(parent.base, 0) * 1e4 + 0.0 as is_bps,
    parent.delay / nullif(parent.base, 0) * 1e4 + 0.0 as is_delay_bps,
    parent.aggregation / nullif(parent.base, 0) * 1e4 + 0.0 as is_aggregation_bps,
    parent.trading / nullif(parent.base, 0) * 1e4 + 0.0 as is_trading_bps,
    parent.opportunity / nullif(parent.base, 0) * 1e4 + 0.0 as is_opportunity_bps,
    parent.fee / nullif(parent.base, 0) * 1e4 + 0.0 as is_fees_bps,
    (parent.fee / 1e9)::decimal(24, 4) as fees,
    100.0 * parent.quantity / nullif(parent.market_qty + parent.quantity, 0)::double
        as participation_pct  -- Of all volume: the others' and ours.
from costed as parent
left join instruments as instrument on instrument.instrument_id = parent.instrument_id;
