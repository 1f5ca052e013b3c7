-- What is each instrument called and how does it trade, as last defined? One row an instrument.
create or replace view instruments as
select
    instrument_id,
    arg_max(symbol, position) as symbol,
    arg_max(currency, position) as currency,
    arg_max(lot_qty, position) as lot_qty,
    arg_max(adv_qty, position) as adv_qty
from instrument_defined
group by instrument_id;
