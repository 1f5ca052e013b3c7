-- On behalf of which tranches was each child sent? One row a child and tranche; quantities in
-- smallest increments.
create or replace view child_claims as
select child_id, shard, seq, parent_id, claim.tranche as tranche, claim.claim_qty as claim_qty
from (
    select
        event_id as child_id,
        shard,
        seq,
        parent_id,
        -- A child that states no claim is for its parent's only tranche.
        unnest(if(coalesce(len(claims), 0) = 0, [{'tranche': 0, 'claim_qty': child_qty}], claims)) as claim
    from child_routed
);
