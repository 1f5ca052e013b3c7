-- How far did the market move against each child before its first fill? One row a filled child.
-- From the midpoint that the route saw to the one at the first fill; null without one of them.
-- Prices in currency units; leakage_bps is of the midpoint at the route, and positive is against
-- us.
create or replace view tca_leakage as
with
firsts as (
    select child_id, arg_min({'mid': mid}, seq).mid as mid_at_first_fill
    from fill_spreads
    group by child_id
),
children as (
    select
        child.event_id as child_id,
        child.parent_id,
        child.venue,
        child.side,
        if(
            child.bid_px > 0 and child.bid_px <= child.ask_px,
            (child.bid_px + child.ask_px) / 2e9,
            null
        ) as mid_at_route,
        firsts.mid_at_first_fill
    from child_routed as child
    join firsts on firsts.child_id = child.event_id
)
select
    child_id,
    parent_id,
    venue,
    lower(side) as side,
    mid_at_route,
    mid_at_first_fill,
    if(side = 'BUY', 1, -1) * (mid_at_first_fill - mid_at_route) / mid_at_route * 1e4 + 0.0
        as leakage_bps
from children;
