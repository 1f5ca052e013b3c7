-- Is every order, child, fill, bust and correction booked once, and none lost? One row a rule.
create or replace view rule_once as
with
answers as (
    select shard, cause from order_accepted
    union all
    select shard, cause from order_rejected
    union all
    select shard, cause from order_status_reported
    union all
    select shard, cause from input_rejected
),
answered as (
    select shard, cause, count(*) as answers
    from answers
    group by shard, cause
),
reported as (
    select report.exec_type, report.shard, report.venue, report.session_day, report.exec_id
    from execution_reported as report
    anti join (select * from input_rejected where topic = 'venue-reports') as refused
        on refused.shard = report.shard and refused.input_position = report.position
    where report.exec_type in ('TRADE', 'TRADE_CANCEL', 'TRADE_CORRECT')
    group by all
),
sent as (
    select event_id as child_id, venue from child_routed
    union all
    select distinct child_id, venue from carried_in
),
booked as (
    select 'TRADE' as exec_type, venue, session_day, exec_id from fill_booked
    union all
    select 'TRADE_CANCEL', child.venue, bust.session_day, bust.exec_id
    from fill_busted as bust
    join sent as child on child.child_id = bust.child_id
    union all
    select 'TRADE_CORRECT', child.venue, correction.session_day, correction.exec_id
    from fill_corrected as correction
    join sent as child on child.child_id = correction.child_id
),
missing as (
    select reported.exec_type
    from reported
    anti join booked using (exec_type, venue, session_day, exec_id)
    anti join break_flagged as flag using (venue, exec_id)
),
-- Fills and corrections beyond the child, the limit, or what any order wanted.
excessive as (
    select fill.venue, fill.child_id, fill.exec_id, 'VENUE_OVERFILL' as reason
    from fill_booked as fill
    join fill_allocated as part on part.fill_id = fill.event_id
    where fill.overfill_qty > 0
    union all
    select fill.venue, fill.child_id, fill.exec_id, 'ERROR_ACCOUNT'
    from fill_booked as fill
    join fill_allocated as part on part.fill_id = fill.event_id
    where part.error_qty > 0 and part.child_epoch >= 0
    union all
    -- What orders that ended on an earlier day keep, though their venue has taken it back.
    select sent.venue, part.child_id, part.exec_id, 'ERROR_ACCOUNT'
    from error_changes as part
    join sent on sent.child_id = part.child_id
    where part.error_qty < least(0, part.former_error_qty)
    union all
    select done.venue, done.child_id, done.exec_id, 'PX_THROUGH_LIMIT'
    from (
        select venue, child_id, exec_id, last_px from fill_booked
        union all
        select child.venue, correction.child_id, correction.exec_id, correction.last_px
        from fill_corrected as correction
        join child_routed as child on child.event_id = correction.child_id
    ) as done
    join child_routed as child on child.event_id = done.child_id
    where if(child.side = 'BUY', done.last_px > child.limit_px, done.last_px < child.limit_px)
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
    join sent as child on child.child_id = bust.child_id
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
    join sent as child on child.child_id = correction.child_id
    group by child.venue, correction.session_day, correction.exec_id having count(*) > 1
)
union all
select
    'trade_reports_booked',
    count(*),
    'Every trade that a venue reported is booked or flagged as a break.'
from missing
where exec_type = 'TRADE'
union all
select
    'revisions_booked',
    count(*),
    'Every bust and correction that a venue reported is booked or flagged as a break.'
from missing
where exec_type <> 'TRADE'
union all
select
    'excess_flagged',
    count(*),
    'Every fill beyond its child, through the limit, or in the error account, is flagged as a break.'
from excessive
anti join break_flagged as flag using (venue, child_id, exec_id, reason)
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
    'Every order that was submitted is accepted, refused or answered with its state exactly once.'
from order_submitted as asked
left join answered
    on answered.shard = asked.shard and answered.cause = 'orders:' || asked.position
where coalesce(answered.answers, 0) <> 1
union all
select
    'child_sent_once',
    count(*),
    'A child is sent to its venue once, and never after its gateway reports it as not sent.'
from (
    select 1  -- A sender that repeats a record, unsure of the first, keeps its number.
    from send_started
    group by child_id
    having count(distinct (sender, sender_number)) > 1
    union all
    select 1
    from send_started
    join not_sent on not_sent.child_id = send_started.child_id
);
