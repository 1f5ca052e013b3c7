-- What spread did each parent pay on average? One row a parent that is filled. Fills without a
-- midpoint stay out of the averages. weighted_ columns are weighted by quantity, the others count
-- each fill once. Currency units; positive is a cost.
create or replace view parent_spreads as
select
    parent_id,
    count(*) as fills,
    count(effective) as fills_with_midpoint,
    avg(effective) as mean_effective,
    sum(effective * quantity) / sum(quantity) filter (effective is not null)
        as weighted_mean_effective,
    sum(realised * quantity) / sum(quantity) filter (realised is not null)
        as weighted_mean_realised,
    sum(impact_full * quantity) / sum(quantity) filter (impact_full is not null)
        as weighted_mean_impact_full
from fill_spreads
group by parent_id;
