-- Which tranches has each parent, and which constraints have their members in common? One row a
-- tranche; a parent opens with tranche 0. Quantities in smallest increments, times in ns UTC. In logs
-- of before 0.3.0 all have the parent's benchmark.
create or replace view tranches as
select
    shard, event_id as parent_id, 0 as tranche, seq, at_ns, start_ns, end_ns, no_dark,
    excluded_venues, must_complete, max_participation_ppm, display_qty, benchmark
from parent_opened
union all
select
    tranche.shard, tranche.parent_id, tranche.tranche, tranche.seq, tranche.at_ns,
    tranche.start_ns, tranche.end_ns, tranche.no_dark, tranche.excluded_venues,
    tranche.must_complete, tranche.max_participation_ppm, tranche.display_qty,
    coalesce(tranche.benchmark, parent.benchmark) as benchmark
from tranche_opened as tranche
join parent_opened as parent on parent.event_id = tranche.parent_id;
