-- Is the log whole? One row a rule.
create or replace view rule_log as
with
-- A log that continues another one begins above all seqs of that log.
begun as (
    select shard, seq as first_seq
    from log_continued
),
ordered as (
    select
        event.shard,
        event.seq,
        event.at_ns,
        event.cause,
        coalesce(
            lag(event.seq) over (partition by event.shard order by event.seq),
            begun.first_seq - 1,
            -1
        ) as earlier_seq
    from stage_events as event
    left join begun on begun.shard = event.shard
),
sealed as (
    select
        batch_sealed.*,
        begun.first_seq as begun_seq,
        lag(batch) over journal as earlier_batch,
        lag(next_seq) over journal as earlier_next_seq,
        lag("chain") over journal as earlier_chain,
        lag(now_ns) over journal as earlier_now_ns
    from batch_sealed
    left join begun on begun.shard = batch_sealed.shard
    window journal as (partition by batch_sealed.shard order by position)
),
consumed as (
    select
        sealed_inputs.*,
        lag(next_position, 1, 0) over (
            partition by shard, topic
            order by batch
        ) as earlier_next_position
    from sealed_inputs
),
batched as (
    select
        ordered.shard,
        ordered.seq,
        ordered.at_ns,
        ordered.cause,
        batch_sealed.batch,
        batch_sealed.now_ns,
        batch_sealed.next_seq
    from ordered
    asof left join (
        from batch_sealed
        where first_seq < next_seq  -- A batch without events shares its first_seq with the next.
    ) as batch_sealed
        on batch_sealed.shard = ordered.shard and batch_sealed.first_seq <= ordered.seq
),
caused as (
    select shard, batch, string_split(cause, ':')[1] as topic, string_split(cause, ':')[2] as position
    from (select distinct shard, batch, cause from batched)
    where cause not like 'plan:%' and cause not in ('config:', 'opening:')
)
select
    'seq_contiguous' as name,
    count(*) as violations,
    'The events of a shard are numbered without gap or repetition.' as question
from ordered
where seq <> earlier_seq + 1
union all
select
    'seals_contiguous',
    count(*),
    'Batches, their seqs and their times follow each other.'
from sealed
where batch <> coalesce(earlier_batch, -1) + 1
    or first_seq <> coalesce(earlier_next_seq, begun_seq, 0)
    or next_seq < first_seq
    or now_ns < coalesce(earlier_now_ns, now_ns)
union all
select
    'inputs_contiguous',
    count(*),
    'Every batch consumes each input from where the one before stopped.'
from consumed
where first_position <> earlier_next_position or next_position < first_position
union all
select
    'chain_linked',
    count(*),
    'Every seal names the chain of the seal before.'
from sealed
where previous_chain <> coalesce(earlier_chain, unhex(repeat('00', 32)))
union all
select
    'event_sealed',
    count(*),
    'Every event belongs to a batch and carries its time.'
from batched
where batch is null or seq >= next_seq or at_ns <> now_ns
union all
select
    'cause_sealed',
    count(*),
    'Every input that led to an event was consumed by that event''s batch.'
from caused
left join sealed_inputs as input
    on input.shard = caused.shard
    and input.batch = caused.batch
    and input.topic = caused.topic
    and try_cast(caused.position as bigint) >= input.first_position
    and try_cast(caused.position as bigint) < input.next_position
where input.batch is null;
