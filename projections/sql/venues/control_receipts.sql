-- Which shards and gateways have applied each control, and when? One row a control and shard or
-- gateway. A gateway answers with the position up to which it has applied the controls, so one
-- answer may cover several; the first answer at or above a control's position is its receipt.
create or replace view control_receipts as
with
answers as (
    select
        venue as gateway,
        controls_position,
        min(received_ns) as applied_ns
    from session_status_observed
    where controls_position >= 0
    group by all
),
controls as (
    select distinct control, scope, scope_id, string_split(cause, ':')[2]::bigint as position
    from control_applied
)
select
    controls.position,
    controls.control,
    controls.scope,
    controls.scope_id,
    'gateway ' || answers.gateway as applied_by,
    min(answers.applied_ns) as applied_ns
from controls
join answers on answers.controls_position >= controls.position
group by all
union all
select
    string_split(cause, ':')[2]::bigint,
    control,
    scope,
    scope_id,
    'shard ' || shard,
    at_ns
from control_applied;
