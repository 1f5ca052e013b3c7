-- What does the firm hold in its error account? One row an instrument; positive quantities are long.
create or replace view error_account as
with
first_parts as (
    select fill_id, error_qty as change_qty
    from fill_allocated
    union all
    select revised.fill_id, revised.error_qty - part.error_qty
    from (
        select fill_id, arg_max(error_qty, seq) as error_qty
        from fill_reallocated
        group by fill_id
    ) as revised
    join (
        select fill_id, error_qty from fill_allocated
        union all
        select fill_id, error_qty from carried_in where fill_id is not null
    ) as part on part.fill_id = revised.fill_id
),
fills as (
    select fill_id, instrument_id, side, last_px from fills_net
    union all
    select fill_id, instrument_id, side, last_px from carried_in where fill_id is not null
),
booked as (
    select
        fills.instrument_id,
        if(fills.side = 'BUY', 1, -1) * part.change_qty as error_qty,
        fills.last_px as error_px
    from first_parts as part
    join fills on fills.fill_id = part.fill_id
    union all
    select instrument_id, error_qty, error_px
    from error_booked
)
select
    instrument_id,
    sum(error_qty)::bigint as position_qty,
    sum(error_px::hugeint * error_qty) as paid_notional,  -- 1e-9 currency units; a sale is negative.
    count(*) as bookings
from booked
where error_qty <> 0
group by instrument_id;
