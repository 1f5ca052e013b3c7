-- Does each silence of a venue end in an answer or a break, after a bounded number of questions?
-- One row a rule. That a silent venue gets no more is a part of the rule `suspended`.
create or replace view rule_silence as
with
questions as (
    select shard, child_id, seq, number
    from child_status_requested
    union all
    select shard, child_id, seq, repeats
    from child_cancel_requested
    where repeats > 0
),
newest as (
    select shard, child_id, max(seq) as seq
    from questions
    group by shard, child_id
),
flagged as (
    select flag.child_id, flag.seq, coalesce(closed.seq, 9223372036854775807) as until_seq
    from break_flagged as flag
    left join break_closed as closed on closed.break_id = flag.event_id
    where flag.reason = 'NO_ANSWER'
),
answers as (
    select child_id, seq from child_acknowledged
    union all select child_id, seq from fill_booked
    union all select child_id, seq from child_closed where reason <> 'DAY_CLOSED'
    union all select child_id, seq from child_doubted
    union all select child_id, seq from cancel_failed
),
policies as (
    select applied.shard, applied.seq, policy.asks_max
    from control_applied as applied
    join policy_set as policy on applied.cause = 'controls:' || policy.position
    where applied.control = 'PolicySet'
    union all
    select shard, seq, asks_max
    from policy_carried
)
select
    'silence_ended' as name,
    count(*) as violations,
    'By the close, what a venue was asked again was answered, or its silence is a break.' as question
from newest
semi join (select * from batch_sealed where kind = 'CLOSE') as closed
    on closed.shard = newest.shard
    and closed.next_seq > newest.seq
anti join answers
    on answers.child_id = newest.child_id
    and answers.seq > newest.seq
anti join flagged
    on flagged.child_id = newest.child_id
    and flagged.until_seq > newest.seq
union all
select
    'asks_bounded',
    count(*),
    'For one silence no venue is asked more often than the policy allows.'
from questions
asof left join policies on policies.shard = questions.shard and policies.seq < questions.seq
where coalesce(questions.number > policies.asks_max, true);
