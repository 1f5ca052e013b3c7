-- How much traded at each price of a session? One row an instrument, day and price.
-- Eligible prints. cum_qty is the volume at this price or a lower one, in smallest increments.
create or replace view volume_at_price as
select
    print.instrument_id,
    session.day,
    print.last_px,
    sum(print.last_qty)::bigint as volume_qty,
    (sum(sum(print.last_qty)) over (
        partition by print.instrument_id, session.day
        order by print.last_px
    ))::bigint as cum_qty
from prints as print
join trading_sessions as session
    on session.open_ns <= print.event_ns and print.event_ns < session.close_ns
where print.eligible and print.last_qty > 0
group by print.instrument_id, session.day, print.last_px;
