-- How did each order come into this log? One row an order: accepted, or carried in from another
-- log. Executions in that log belong to it: here the order is for the rest.
create or replace view order_entries as
select
    event_id as order_id, shard, seq, at_ns, cause, source, cl_ord_id, client_id, instrument_id,
    side, order_qty, order_type, limit_px, time_in_force, urgency, benchmark, crossing_consent,
    decision_px, arrival_mid_px, received_ns, 0::bigint as done_qty
from order_accepted
union all by name
select
    order_id, shard, seq, at_ns, cause, source, cl_ord_id, client_id, instrument_id,
    side, order_qty, order_type, limit_px, time_in_force, urgency, benchmark, crossing_consent,
    decision_px, arrival_mid_px, received_ns, crossed_qty + allocated_qty as done_qty
from order_carried
where cause = 'opening:';
