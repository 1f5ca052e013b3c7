-- Which limit was in force in which shard from when on? One row a shard, limit and change. A change
-- counts for events after its seq. The name is the currency of the firm's limit, else the id; a limit
-- of the firm without a currency, of an early release, is left out.
create or replace view limits_in_force as
with
stated as (
    select
        applied.shard, applied.seq, limits.scope, limits.scope_id, limits.currency,
        limits.max_order_qty, limits.max_order_notional_cur, limits.max_day_notional_cur,
        limits.max_position_qty, split_part(applied.cause, ':', 2)::bigint as position
    from control_applied as applied
    join risk_limit_set as limits on applied.cause = 'controls:' || limits.position
    where applied.control = 'RiskLimitSet'
    union all
    select
        shard, seq, scope, scope_id, currency, max_order_qty, max_order_notional_cur,
        max_day_notional_cur, max_position_qty, null
    from risk_limit_carried
)
select
    shard,
    seq,
    scope,
    if(scope = 'FIRM', currency, scope_id) as name,
    max_order_qty,
    max_order_notional_cur,
    max_day_notional_cur,
    max_position_qty,
    position  -- In `controls`; null where a close carried it.
from stated
where scope <> 'FIRM' or currency <> '';
