-- When does each trading day begin and end, as last defined? One row a day, over all its calendars.
-- From open_ns (included) to close_ns (excluded), ns since 1970 UTC; breaks between are not left out.
create or replace view trading_sessions as
select
    day,
    min(open_ns) as open_ns,
    max(close_ns) as close_ns
from (
    select
        calendar_id,
        day,
        arg_max(open_ns, position) as open_ns,
        arg_max(close_ns, position) as close_ns
    from calendar_defined
    group by calendar_id, day
)
group by day;
