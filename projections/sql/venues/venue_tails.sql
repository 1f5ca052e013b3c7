-- How likely does each venue hide so many lots, by what our pegs were sent and filled? One row a
-- shard, venue, tactic and number of lots. Kaplan and Meier's tail of censored sizes, before it leans
-- on other venues; null where no peg was sent so much. Counts are lots in 1e-3 of a child: those that
-- were sent for another lot after more than `above_lots`, and the children that found none.
create or replace view venue_tails as
with
latest as (
    select shard, venue, kind, tactic, at_risk_milli, ended_milli
    from scorecard_sizes
    qualify row_number() over (partition by shard, venue, tactic order by seq desc) = 1
),
classes as (
    select
        shard,
        venue,
        kind,
        tactic,
        unnest([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 15, 20, 30, 50, 100]) as above_lots,
        unnest([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 15, 20, 30, 50, 100, 200]) as lots,
        unnest(at_risk_milli) as at_risk_milli,
        unnest(ended_milli) as ended_milli
    from latest
)
select
    shard,
    venue,
    kind,
    tactic,
    above_lots,
    lots,
    at_risk_milli,
    ended_milli,
    -- In a class of several lots one hazard holds for each.
    case when min(at_risk_milli) over smaller > 0 then
        product((1 - ended_milli / at_risk_milli) ** (lots - above_lots)) over smaller
    end as tail
from classes
window smaller as (partition by shard, venue, tactic order by lots);
