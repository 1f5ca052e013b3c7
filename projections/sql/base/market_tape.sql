-- What had the others traded up to each moment? One row an instrument and moment.
-- Eligible prints by the tape's own time, off-exchange ones included; our fills are subtracted
-- where the configuration says that the tape shows them; rejected inputs do not count.
create or replace view market_tape as
with
changes as (
    select instrument_id, event_ns, position, last_qty, last_px
    from prints
    where eligible
    union all
    select fill.instrument_id, fill.transact_ns, null, -fill.last_qty, fill.last_px
    from fill_booked as fill
    cross join tape_setting
    where tape_setting.tape_includes_own
),
moments as (
    select
        instrument_id,
        event_ns,
        sum(last_qty)::hugeint as qty,
        sum(last_px::hugeint * last_qty) as notional,
        arg_max(last_px, position) as last_px  -- Of one time, the log's order decides.
    from changes
    group by instrument_id, event_ns
)
select
    instrument_id,
    event_ns,
    last_value(last_px ignore nulls) over life as last_px,
    sum(qty) over life as cum_qty,
    sum(notional) over life as cum_notional  -- 1e-9 currency units.
from moments
window life as (
    partition by instrument_id
    order by event_ns
    rows between unbounded preceding and current row
);
