-- When does each trading session begin and end, as last defined? One row a day.
-- From open_ns (included) to close_ns (excluded), ns since 1970 UTC.
create or replace view trading_sessions as
select
    day,
    arg_max(open_ns, position) as open_ns,
    arg_max(close_ns, position) as close_ns
from calendar_defined
group by day;
