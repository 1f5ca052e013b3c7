-- What did the scorecard of each venue count in each cell, from which event on? One row an event and
-- cell; 1e-3 of a child by span of time at rest: see engine/core/routing/survival.py.
create or replace view scorecard_cells as
with
stated as (
    select shard, seq, at_ns, venue, kind, unnest(cells) as counts from scorecard_updated
    union all
    select shard, seq, at_ns, venue, kind, unnest(cells) as counts from scorecard_carried
)
select
    shard,
    seq,
    at_ns,
    venue,
    kind,
    counts.cell as cell,
    counts.at_risk_milli as at_risk_milli,
    counts.filled_milli as filled_milli,
    counts.cancelled_milli as cancelled_milli
from stated;
