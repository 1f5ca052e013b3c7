-- Which parents and orders are measured, and on what? One row a parent or order.
-- kind is PARENT or ORDER. The span goes from the release (an order: its acceptance) to the end, or
-- to the last execution while it works; until_ns is null before the first. order_qty leaves out
-- quantity that left the parent or that the client withdrew. done_qty, notional and fees are the
-- clients' executions: crosses and shares of fills, net of busts. decision_px is the price of the
-- decision, arrival_px the midpoint when trading began, final_px the last print before the end:
-- the rest is worth that. Prices and money in 1e-9 currency units; fees are positive amounts.
create or replace view tca_inputs as
with
quantities as (
    select
        parent_id,
        sum(change_qty) filter (event in ('MemberJoined', 'MemberAmended', 'MemberLeft'))::bigint
            as order_qty
    from member_life
    group by parent_id
),
executed as (
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
    parent.event_id as id,
    parent.instrument_id,
    parent.side,
    coalesce(quantities.order_qty, 0) as order_qty,
    coalesce(executed.done_qty, 0) as done_qty,
    coalesce(executed.notional, 0) as notional,
    coalesce(executed.fees, 0) as fees,
    coalesce(mark.member_decision_px, mark.member_arrival_px, mark.arrival_px) as decision_px,
    mark.arrival_px,
    coalesce(mark.close_px, mark.arrival_px)::double as final_px,
    mark.from_ns,
    mark.until_ns
from parent_opened as parent
join parent_benchmarks as mark on mark.parent_id = parent.event_id
left join quantities on quantities.parent_id = parent.event_id
left join executed on executed.parent_id = parent.event_id
union all
select
    'ORDER',
    order_id,
    instrument_id,
    side,
    order_qty - client_withdrawn_qty,
    crossed_qty + allocated_qty,
    notional,
    fees,
    decision_px,
    release_px,
    coalesce(close_px, release_px)::double,
    accepted_ns,
    until_ns
from order_benchmarks;
