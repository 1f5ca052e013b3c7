-- Is each child priced within its band, and sent no faster than the policy allows? One row a rule.
create or replace view rule_brakes as
with
policies as (
    select
        applied.shard,
        applied.seq,
        policy.px_band_ppm,
        policy.rate_window_ns,
        policy.parent_routes_max,
        policy.venue_routes_max
    from control_applied as applied
    join policy_set as policy on applied.cause = 'controls:' || policy.position
    where applied.control = 'PolicySet'
    union all
    select shard, seq, px_band_ppm, rate_window_ns, parent_routes_max, venue_routes_max
    from policy_carried
),
routed as (
    select child.*, policies.* exclude (shard, seq)
    from child_routed as child
    asof left join policies on policies.shard = child.shard and policies.seq < child.seq
    where child.reference_px > 0  -- It is 0 in logs of releases without the brakes.
),
-- A rate lets half of its most go at one moment, and at least one.
counted as (
    select
        count(*) over of_parent > greatest(2, max(parent_routes_max) over of_parent) as parents,
        count(*) over of_venue > greatest(2, max(venue_routes_max) over of_venue) as venues
    from routed
    window
        of_parent as (
            partition by parent_id order by at_ns
            range between rate_window_ns preceding and current row
        ),
        of_venue as (
            partition by shard, venue order by at_ns
            range between rate_window_ns preceding and current row
        )
)
select
    'price_band' as name,
    count(*) as violations,
    'No child is priced further through its reference price than the policy''s band.' as question
from routed
where if(
        side = 'BUY',
        limit_px::hugeint * 1000000 > reference_px::hugeint * (1000000 + px_band_ppm),
        limit_px::hugeint * 1000000 < reference_px::hugeint * (1000000 - px_band_ppm)
    )
union all
select
    'route_rate',
    count(*),
    'No parent sends, and no venue gets, more children in a time than the policy allows.'
from counted
where parents or venues;
