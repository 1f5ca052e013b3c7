-- How good is each venue, by our own reports? One row a shard and venue; each shard learns its own.
-- fees in currency units, fill_ppm in parts per million, cost_millibps in 1e-3 bps: positive is a
-- cost.
create or replace view venue_scorecard as
with
cards as (
    select shard, venue, max_by({
        'version': version, 'samples': samples, 'fill_ppm': fill_ppm,
        'speed_ns': speed_ns, 'cost_millibps': cost_millibps, 'take_samples': take_samples
    }, seq) as card
    from (
        select shard, venue, seq, version, samples, fill_ppm, speed_ns, cost_millibps,
            take_samples
        from scorecard_updated
        union all
        select shard, venue, seq, version, samples, fill_ppm, speed_ns, cost_millibps,
            take_samples
        from scorecard_carried
    )
    group by shard, venue
),
counts as (
    select
        shard,
        venue,
        count(*) as children,
        count(*) filter (filled_qty > 0) as children_filled,
        count(*) filter (status = 'REJECTED') as children_rejected,
        sum(fills)::bigint as fills,
        sum(child_qty)::bigint as routed_qty,
        sum(filled_qty)::bigint as filled_qty,
        sum(notional) as notional,
        sum(fees) as fees,
        median(first_fill_ns - routed_ns) filter (filled_qty > 0) as fill_after_ns
    from child_state
    group by shard, venue
)
select
    counts.shard,
    counts.venue,
    coalesce(venues.name, counts.venue) as name,
    venues.kind,
    counts.children,
    counts.children_filled,
    counts.children_rejected,
    counts.fills,
    counts.routed_qty,
    counts.filled_qty,
    counts.fill_after_ns::bigint as fill_after_ns,  -- Median from route to first fill, ns.
    (counts.fees::double / 1e9)::decimal(24, 4) as fees,
    cards.card.version as version,
    cards.card.samples as samples,
    cards.card.fill_ppm as fill_ppm,
    cards.card.speed_ns as speed_ns,
    -- Cost of a taking child; null before the first fill at a known midpoint.
    case when cards.card.take_samples > 0 then cards.card.cost_millibps end as cost_millibps,
    cards.card.take_samples as take_samples
from counts
left join cards on cards.shard = counts.shard and cards.venue = counts.venue
left join venues on venues.venue = counts.venue;
