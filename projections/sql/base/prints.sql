-- Which prints are on the tape? One row a print; prints that the engine rejected are left out.
-- Own executions are among them where the tape shows them (tape_setting).
create or replace view prints as
select
    trade.instrument_id,
    trade.event_ns,
    trade.position,
    trade.venue,
    trade.last_px,
    trade.last_qty,
    trade.eligible
from trade_observed as trade
anti join (select * from input_rejected where topic = 'market-data') as refused
    on refused.shard = trade.shard and refused.input_position = trade.position;
