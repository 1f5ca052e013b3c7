-- What is each instrument called and how does it trade? One row an instrument: of its records the one
-- in force on the newest day that opened, which decision 0041 defines; before the first, the newest.
create or replace view instruments as
select instrument_id, symbol, currency, lot_qty, adv_qty
from instrument_defined
where effective_day <= coalesce((select max(day) from day_opened), 99991231)
qualify row_number() over (
    partition by instrument_id
    order by effective_day desc, position desc
) = 1;
