-- How old may a quote be and still count, from when on? One row a shard and configuration.
create or replace view quote_ages as
select shard, seq, json_extract_string(text, '$.quote_age_max_ns')::bigint as quote_age_max_ns
from configuration_adopted;
