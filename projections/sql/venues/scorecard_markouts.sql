-- What did the midpoint do after our fills at each venue, as its scorecard counts from which event
-- on? One row an event, tactic and horizon; fills in 1e-3, the sum in 1e-3 bps: positive is our way.
create or replace view scorecard_markouts as
with
stated as (
    select shard, seq, at_ns, venue, unnest(markouts) as found from scorecard_updated
    union all
    select shard, seq, at_ns, venue, unnest(markouts) as found from scorecard_carried
)
select
    shard,
    seq,
    at_ns,
    venue,
    found.tactic as tactic,
    found.horizon_s as horizon_s,
    found.fills_milli as fills_milli,
    found.sum_millibps as sum_millibps
from stated;
