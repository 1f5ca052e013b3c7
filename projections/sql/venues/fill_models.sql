-- Under which assumptions were fills simulated? One row for each, with the time of its adoption.
-- No row: the fills are those of real venues, or of paper ones. The queue is pessimistic, base or
-- optimistic; impact says whether our own fills moved the market that the log holds.
create or replace view fill_models as
select
    json_extract_string(text, '$.fill_model.queue') as queue,
    json_extract_string(text, '$.fill_model.impact')::boolean as impact,
    min(at_ns) as since_ns
from configuration_adopted
where json_extract_string(text, '$.fill_model.queue') is not null
group by queue, impact;
