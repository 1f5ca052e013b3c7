-- Does the log agree with each venue's own count, or say that it does not? One row a rule.
create or replace view rule_reconciliation as
with
counts as (
    select report.child_id, report.cum_qty, report.position
    from execution_reported as report
    anti join (select * from input_rejected where topic = 'venue-reports') as refused
        on refused.shard = report.shard and refused.input_position = report.position
    -- A count of 0 beside an execution is one that the venue does not give; after a bust it is true.
    where (report.cum_qty > 0 or report.exec_type in ('TRADE_CANCEL', 'TRADE_CORRECT'))
        and report.exec_type in (
            'NEW', 'TRADE', 'TRADE_CANCEL', 'TRADE_CORRECT', 'CANCELED', 'EXPIRED', 'REJECTED',
            'DONE_FOR_DAY', 'STATUS', 'UNKNOWN', 'UNKNOWN_ORDER'
        )
),
newest as (
    select child_id, arg_max(cum_qty, position) as cum_qty
    from counts
    group by child_id
),
gaps as (
    select child.child_id
    from newest
    join child_state as child on child.child_id = newest.child_id
    -- A route of an early release, which did not compare, has no reference price.
    join child_routed as route on route.event_id = newest.child_id and route.reference_px > 0
    anti join break_flagged as flag
        on flag.child_id = newest.child_id
        and flag.reason in ('CUM_QTY_GAP', 'UNKNOWN_CHILD', 'EXECUTION_CONFLICT')
    where newest.cum_qty > child.filled_qty
),
contents as (
    select venue, session_day, exec_id
    from execution_reported
    where exec_type = 'TRADE'
    group by venue, session_day, exec_id
    having count(distinct (child_id, last_qty, last_px)) > 1
)
select
    'venue_count' as name,
    count(*) as violations,
    'What a venue counts as executed was booked, or is flagged as missing.' as question
from gaps
union all
select
    'execution_identity',
    count(*),
    'Two executions under one id are flagged as a break.'
from contents
anti join break_flagged as flag
    on flag.venue = contents.venue
    and flag.exec_id = contents.exec_id
    and flag.reason in ('EXECUTION_CONFLICT', 'UNKNOWN_CHILD', 'INVALID_REPORT');
