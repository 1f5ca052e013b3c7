-- Which parents and orders are measured, and on what? One row a parent or order.
-- kind is PARENT or ORDER. The span goes from the release (an order: its acceptance) to the end, or
-- to the last execution while it works; until_ns is null before the first. order_qty leaves out
-- quantity that left the parent or that the client withdrew. done_qty, notional and fees are the
-- clients' executions: crosses and shares of fills, net of busts. decision_px is the price of the
-- decision, arrival_px the midpoint when trading began, final_px the last print before the end:
-- the rest is worth that. Prices and money in 1e-9 currency units; fees are positive amounts.
create or replace view tca_inputs as
with
parents as (
    select
        parent_id,
        sum(share_qty)::bigint as done_qty,
        sum(notional) as notional,
        sum(fee_px::hugeint * share_qty) as fees
    from allocations
    group by parent_id
)
select
    'PARENT' as kind,
    parent.parent_id as id,
    parent.instrument_id,
    parent.side,
    parent.member_qty - parent.left_qty as order_qty,
    coalesce(parents.done_qty, 0) as done_qty,
    coalesce(parents.notional, 0) as notional,
    coalesce(parents.fees, 0) as fees,
    coalesce(mark.member_decision_px, mark.member_arrival_px, mark.arrival_px) as decision_px,
    mark.arrival_px,
    coalesce(mark.close_px, mark.arrival_px)::double as final_px,
    coalesce(parent.released_ns, parent.opened_ns) as from_ns,
    coalesce(parent.ended_ns, parent.last_fill_ns) as until_ns
from parent_state as parent
join parent_benchmarks as mark on mark.parent_id = parent.parent_id
left join parents on parents.parent_id = parent.parent_id
union all
select
    'ORDER',
    small.order_id,
    small.instrument_id,
    small.side,
    small.order_qty - small.client_withdrawn_qty,
    small.crossed_qty + small.allocated_qty,
    small.notional,
    small.fees,
    mark.decision_px,
    mark.release_px,
    coalesce(mark.close_px, mark.release_px)::double,
    small.accepted_ns,
    coalesce(small.ended_ns, small.last_execution_ns)
from order_state as small
join order_benchmarks as mark on mark.order_id = small.order_id;
