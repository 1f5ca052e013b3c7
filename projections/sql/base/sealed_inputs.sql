-- What did each batch consume of each input? One row a batch and topic.
create or replace view sealed_inputs as
select
    shard,
    batch,
    now_ns,
    first_seq,
    next_seq,
    input.topic as topic,
    input.first_position as first_position,
    input.next_position as next_position
from (
    select shard, batch, now_ns, first_seq, next_seq, unnest(inputs) as input
    from batch_sealed
);
