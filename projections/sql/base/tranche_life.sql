-- How did each tranche's open quantity, and its claims on live children, change? One row a tranche
-- and event. A claim counts in full until its child ends, so what is free is free at least.
-- Quantities in smallest increments.
create or replace view tranche_life as
with
ends as (
    select child_id, min(seq) as seq
    from child_life
    where open_qty = 0
    group by child_id
),
changes as (
    select parent_id, tranche, seq, open_change_qty, 0 as claim_change_qty
    from member_life
    union all
    select parent_id, tranche, seq, 0, claim_qty
    from child_claims
    union all
    select claim.parent_id, claim.tranche, ends.seq, 0, -claim.claim_qty
    from child_claims as claim
    join ends on ends.child_id = claim.child_id
),
steps as (
    select
        parent_id,
        tranche,
        seq,
        sum(open_change_qty) as open_change_qty,
        sum(claim_change_qty) as claim_change_qty
    from changes
    group by parent_id, tranche, seq
)
select
    parent_id,
    tranche,
    seq,
    sum(open_change_qty) over life::bigint as open_qty,  -- After the event.
    sum(claim_change_qty) over life::bigint as claimed_qty  -- On live children, after the event.
from steps
window life as (
    partition by parent_id, tranche
    order by seq
    rows between unbounded preceding and current row
);
