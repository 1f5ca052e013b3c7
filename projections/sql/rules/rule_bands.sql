-- Is each child and cross priced from quotes that were to be believed? One row a rule.
create or replace view rule_bands as
with
priced as (
    select bid_px, ask_px, good_px, band_px
    from child_routed
    where good_px > 0  -- It is 0 in logs of releases without the band.
    union all
    select bid_px, ask_px, good_px, band_px
    from orders_crossed
    where good_px > 0
)
select
    'quote_band' as name,
    count(*) as violations,
    'No child or cross is priced from a quote outside the band around the last good price.'
        as question
from priced
where (bid_px > 0 and abs(bid_px - good_px) > band_px)
    or (ask_px > 0 and abs(ask_px - good_px) > band_px)
union all
select
    'quote_band_bounded',
    count(*),
    'No such band is wider than half of the good price, so that no hundredfold is within.'
from priced
where band_px::hugeint * 2 > good_px;
