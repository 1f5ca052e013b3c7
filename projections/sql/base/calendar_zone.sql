-- Which time zone do the venues' clocks show? One row; UTC without a calendar.
create or replace view calendar_zone as
select coalesce(arg_max(time_zone, position), 'UTC') as time_zone
from calendar_defined;
