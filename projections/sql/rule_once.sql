-- Is everything done once, and nothing lost? One row a rule.
create or replace view rule_once as
with
answers as (
    select shard, cause from order_accepted
    union all
    select shard, cause from order_rejected
    union all
    select shard, cause from input_rejected
),
answered as (
    select shard, cause, count(*) as answers
    from answers
    group by shard, cause
),
reported as (
    select report.shard, report.venue, report.session_day, report.exec_id
    from execution_reported as report
    anti join (select * from input_rejected where topic = 'venue-reports') as refused
        on refused.shard = report.shard and refused.input_position = report.position
    where report.exec_type = 'TRADE'
    group by all
)
select
    'fill_once' as name,
    count(*) as violations,
    'A fill is booked once by (venue, session day, ExecID).' as question
from (
    select 1 from fill_booked group by venue, session_day, exec_id having count(*) > 1
)
union all
select
    'bust_once',
    count(*),
    'A bust is booked once by (venue, session day, ExecID), and no fill is busted twice.'
from (
    select 1
    from fill_busted as bust
    join child_routed as child on child.event_id = bust.child_id
    group by child.venue, bust.session_day, bust.exec_id having count(*) > 1
    union all
    select 1 from fill_busted group by fill_id having count(*) > 1
)
union all
select
    'correction_once',
    count(*),
    'A correction is booked once by (venue, session day, ExecID).'
from (
    select 1
    from fill_corrected as correction
    join child_routed as child on child.event_id = correction.child_id
    group by child.venue, correction.session_day, correction.exec_id having count(*) > 1
)
union all
select
    'trade_reports_booked',
    count(*),
    'Every trade that a venue reported is booked or flagged as a break.'
from reported
where
    not exists (
        select 1
        from fill_booked as fill
        where fill.venue = reported.venue
            and fill.session_day = reported.session_day
            and fill.exec_id = reported.exec_id
    )
    and not exists (
        select 1
        from break_flagged as flag
        where flag.venue = reported.venue and flag.exec_id = reported.exec_id
    )
union all
select
    'order_once',
    count(*),
    'An order is accepted once by (source, its id, day).'
from (
    select 1
    from order_accepted as accepted, calendar_zone as zone
    group by
        source,
        cl_ord_id,
        date_trunc('day', timezone(
            zone.time_zone, make_timestamp_ns(accepted.at_ns)::timestamp at time zone 'UTC'
        ))
    having count(*) > 1
)
union all
select
    'order_answered',
    count(*),
    'Every order that was submitted is accepted or refused exactly once.'
from order_submitted as asked
left join answered
    on answered.shard = asked.shard and answered.cause = 'orders:' || asked.position
where coalesce(answered.answers, 0) <> 1
union all
select
    'child_sent_once',
    count(*),
    'A child is sent to its venue once, and never if its gateway said not sent.'
from (
    select 1 from send_started group by child_id having count(*) > 1
    union all
    select 1
    from send_started
    join not_sent on not_sent.child_id = send_started.child_id
);
