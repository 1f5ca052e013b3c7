-- Are our own fills on the recorded tape? One row, from the last configuration adopted.
create or replace view tape_setting as
select coalesce(
    arg_max(json_extract_string(text, '$.tape_includes_own')::boolean, at_ns),
    false
) as tape_includes_own
from configuration_adopted;
