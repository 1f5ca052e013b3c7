-- What did the scorecard of each venue count of hidden quantity, from which event on? One row an
-- event and tactic; 1e-3 of a child by class of lots: see engine/core/routing/dark_split.py.
create or replace view scorecard_sizes as
with
stated as (
    select shard, seq, at_ns, venue, kind, unnest(sizes) as counts from scorecard_updated
    union all
    select shard, seq, at_ns, venue, kind, unnest(sizes) as counts from scorecard_carried
)
select
    shard,
    seq,
    at_ns,
    venue,
    kind,
    counts.tactic as tactic,
    counts.at_risk_milli as at_risk_milli,
    counts.ended_milli as ended_milli
from stated;
