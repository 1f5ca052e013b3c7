-- How fast does each venue answer, as its scorecard counts from which event on? One row an event;
-- sums in ns of acks and of first fills of takes, which are counted in thousandths.
create or replace view scorecard_latencies as
select shard, seq, at_ns, venue, kind, samples, acks_milli, acks_ns, takes_milli, takes_ns
from scorecard_updated
union all
select shard, seq, at_ns, venue, kind, samples, acks_milli, acks_ns, takes_milli, takes_ns
from scorecard_carried;
