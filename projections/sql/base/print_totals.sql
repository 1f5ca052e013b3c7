-- What had been printed in all up to each moment? One row an instrument and moment.
-- Own executions count where the tape shows them; market_tape leaves them out. Quantities in
-- smallest increments, notionals in 1e-9 currency units.
create or replace view print_totals as
with
moments as (
    select
        instrument_id,
        event_ns,
        sum(last_qty) as qty,
        sum(last_px::hugeint * last_qty) as notional,
        coalesce(sum(last_qty) filter (eligible), 0) as eligible_qty,
        coalesce(sum(last_px::hugeint * last_qty) filter (eligible), 0) as eligible_notional
    from prints
    group by instrument_id, event_ns
)
select
    instrument_id,
    event_ns,
    sum(qty) over life as cum_qty,
    sum(notional) over life as cum_notional,
    sum(eligible_qty) over life as cum_eligible_qty,
    sum(eligible_notional) over life as cum_eligible_notional
from moments
window life as (
    partition by instrument_id
    order by event_ns
    rows between unbounded preceding and current row
);
