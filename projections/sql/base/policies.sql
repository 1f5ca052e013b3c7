-- Which policy was in force in which shard from when on? One row a shard and change.
create or replace view policies as
select
    applied.shard,
    applied.seq,
    policy.policy_id,
    policy.allocation_rule,
    policy.cross_quote_age_ns
from control_applied as applied
join policy_set as policy on applied.cause = 'controls:' || policy.position
where applied.control = 'PolicySet';
