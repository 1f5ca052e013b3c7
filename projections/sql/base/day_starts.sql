-- From which event on is it which day of the shard? One row a shard and day, the first one too.
create or replace view day_starts as
select shard, next_seq as first_seq
from batch_sealed
where kind = 'CLOSE'
union
select shard, min(first_seq)
from batch_sealed
group by shard;
