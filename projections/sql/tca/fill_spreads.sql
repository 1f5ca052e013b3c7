-- What did each fill pay beyond the midpoint, and what became of the price after? One row a fill.
-- effective is twice the distance from the midpoint at the fill, realised from the midpoint five
-- minutes later. Their difference is published as price impact halved and whole. A crossed or one-
-- sided quote has no midpoint. Prices and spreads in currency units; effective and realised are
-- positive for a cost; markout_bps is of the price and positive when the price went the taker's
-- way.
create or replace view fill_spreads as
with
mids as (
    select
        *,
        if(side = 'BUY', 1, -1) as sign,
        last_px / 1e9 as price,
        if(bid_px <= ask_px, (bid_px + ask_px) / 2e9, null) as mid,
        if(later_bid_px <= later_ask_px, (later_bid_px + later_ask_px) / 2e9, null) as mid_later
    from fill_quotes
)
select
    fill_id,
    child_id,
    parent_id,
    instrument_id,
    venue,
    lower(side) as side,
    last_qty as quantity,
    price,
    bid_px / 1e9 as bid,
    ask_px / 1e9 as ask,
    mid,
    mid_later,
    (ask_px - bid_px) / 1e9 as quoted,
    2 * sign * (price - mid) + 0.0 as effective,
    2 * sign * (price - mid) / mid * 1e4 + 0.0 as effective_bps,
    2 * sign * (price - mid_later) + 0.0 as realised,
    sign * (mid_later - mid) + 0.0 as impact_half,
    2 * sign * (mid_later - mid) + 0.0 as impact_full,
    sign * (mid_later - price) / price * 1e4 + 0.0 as markout_bps,
    transact_ns,
    seq
from mids;
