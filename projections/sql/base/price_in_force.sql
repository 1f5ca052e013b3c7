-- Which price was in force from each moment on? One row an instrument and moment of the tape.
-- The price of a print holds until the next print. px_ns adds up price (1e-9 currency units) times
-- the nanoseconds that it was in force, up to the moment: the difference of two is an integral.
create or replace view price_in_force as
with
moments as (
    select
        instrument_id,
        event_ns,
        last_px,
        lag(last_px) over life * (event_ns - lag(event_ns) over life)::hugeint as px_ns
    from market_tape
    where last_px is not null
    window life as (partition by instrument_id order by event_ns)
)
select
    instrument_id,
    event_ns,
    last_px,
    coalesce(sum(px_ns) over (
        partition by instrument_id
        order by event_ns
        rows between unbounded preceding and current row
    ), 0) as px_ns
from moments;
