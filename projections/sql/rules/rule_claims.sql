-- Is each child sent for orders whose own words allow it, and shared by them alone? One row a rule.
create or replace view rule_claims as
with
sums as (
    select child.event_id as child_id, child.child_qty, sum(claim.claim_qty) as claims_qty
    from child_routed as child
    join child_claims as claim on claim.child_id = child.event_id
    group by all
),
-- Members that shared in a fill as members of now, and the tranche that they were in.
takers as (
    select part.child_id, part.parent_id, life.tranche
    from (
        select fill.child_id, part.parent_id, part.seq, unnest(part.order_ids) as order_id
        from fill_allocated as part
        join fill_booked as fill on fill.event_id = part.fill_id
    ) as part
    asof join member_life as life
        on life.parent_id = part.parent_id
        and life.order_id = part.order_id
        and life.seq < part.seq
),
-- What a tranche had open when a child was sent for it, beyond its claims on others at least.
wanting as (
    select claim.child_id, claim.claim_qty, life.open_qty
    from child_claims as claim
    asof join tranche_life as life
        on life.parent_id = claim.parent_id
        and life.tranche = claim.tranche
        and life.seq < claim.seq
)
select
    'claims_sum' as name,
    count(*) as violations,
    'The claims on a child sum to it.' as question
from sums
where claims_qty <> child_qty
union all
select
    'claim_window',
    count(*),
    'No child is sent outside the window of an order that it is for.'
from child_routed as child
join child_claims as claim on claim.child_id = child.event_id
join tranches as part on part.parent_id = claim.parent_id and part.tranche = claim.tranche
where child.at_ns < part.start_ns or child.at_ns >= part.end_ns
union all
select
    'claim_wanted',
    count(*),
    'No claim is for more than its tranche has open.'
from wanting
where claim_qty > open_qty
union all
select
    'claim_members',
    count(*),
    'No order shares as a member in the fill of a child that was not sent for its tranche.'
from takers
anti join child_claims as claim
    on claim.child_id = takers.child_id and claim.tranche = takers.tranche;
