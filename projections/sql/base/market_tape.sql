-- What had traded in the market without us up to each moment? One row an instrument and moment.
-- Eligible prints by the tape's own time, off-exchange ones included; our fills are taken out
-- where the configuration says that the tape shows them; rejected inputs do not count.
create or replace view market_tape as
with
prints as (
    select trade.instrument_id, trade.event_ns, trade.position, trade.last_qty, trade.last_px
    from trade_observed as trade
    anti join (select * from input_rejected where topic = 'market-data') as refused
        on refused.shard = trade.shard and refused.input_position = trade.position
    where trade.eligible
    union all
    select fill.instrument_id, fill.transact_ns, null, -fill.last_qty, fill.last_px
    from fill_booked as fill, tape_setting
    where tape_setting.tape_includes_own
),
moments as (
    select
        instrument_id,
        event_ns,
        sum(last_qty)::hugeint as qty,
        sum(last_px::hugeint * last_qty) as notional,
        arg_max(last_px, position) as last_px  -- Of one time, the log's order decides.
    from prints
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
