-- How did each instrument trade in each session? One row an instrument and day.
-- Every print of the session counts, off-exchange and not eligible ones too, but in the columns
-- that begin with eligible_. Prices in 1e-9 currency units, quantities in smallest increments,
-- shares as fractions. half_hour_qty has one volume for each half hour from the open on.
create or replace view market_days as
with
inside as (
    select
        session.day,
        (print.event_ns - session.open_ns) // 1800000000000 as half_hour,
        print.*
    from prints as print
    join trading_sessions as session
        on session.open_ns <= print.event_ns and print.event_ns < session.close_ns
),
days as (
    select
        instrument_id,
        day,
        count(*) as trades,
        sum(last_qty)::bigint as volume_qty,
        sum(last_px::hugeint * last_qty)::double / nullif(sum(last_qty), 0)::double as vwap_px,
        max(last_px) as high_px,
        min(last_px) as low_px,
        coalesce(sum(last_qty) filter (venue = 'D'), 0)::double / nullif(sum(last_qty), 0)::double
            as off_exchange_share,  -- D is the tape's code for prints away from the exchanges.
        coalesce(sum(last_qty) filter (eligible), 0)::bigint as eligible_qty,
        arg_min(last_px, (event_ns, position)) filter (eligible) as eligible_open_px,
        max(last_px) filter (eligible) as eligible_high_px,
        min(last_px) filter (eligible) as eligible_low_px,
        arg_max(last_px, (event_ns, position)) filter (eligible) as eligible_close_px
    from inside
    group by instrument_id, day
),
half_hours as (
    select
        days.instrument_id,
        days.day,
        unnest(range((session.close_ns - session.open_ns + 1799999999999) // 1800000000000))
            as half_hour
    from days
    join trading_sessions as session on session.day = days.day
),
volumes as (
    select instrument_id, day, half_hour, sum(last_qty)::bigint as qty
    from inside
    group by instrument_id, day, half_hour
),
lists as (
    select
        half.instrument_id,
        half.day,
        list(coalesce(volume.qty, 0) order by half.half_hour) as half_hour_qty
    from half_hours as half
    left join volumes as volume
        on volume.instrument_id = half.instrument_id
        and volume.day = half.day
        and volume.half_hour = half.half_hour
    group by half.instrument_id, half.day
)
select days.*, lists.half_hour_qty
from days
join lists on lists.instrument_id = days.instrument_id and lists.day = days.day;
